// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_user_port.c - the system calls of the port to userspace
 *
 * A filter of system calls refuses a command of membarrier(2), as a sandbox does. Each
 * test is a process of its own.
 */
#include "../kselftest_harness.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <vmalloc/port.h>

#include "machine.h"

#define NO_FILTER	"this machine has no filters of system calls"

#define QUERY		0
#define EXPEDITED	8
#define REGISTER	16

#define WORD(member, n)	((uint32_t)offsetof(struct seccomp_data, member) + 4 * (n))
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define LOW		1
#else
#define LOW		0
#endif

static int install_filter(struct sock_filter *filter, size_t nr)
{
	const struct sock_fprog prog = {
		.len = (unsigned short)nr, .filter = filter,
	};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog);
}

/* Let @command of membarrier(2) fail with @error, or return 0 if that is 0 */
static int refuse(uint32_t command, uint16_t error)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, WORD(nr, 0)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_membarrier, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, WORD(args[0], LOW)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, command, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	return install_filter(filter, NR(filter));
}

/*
 * The port makes system calls where membarrier(2) has one of these numbers: on x86-64, on
 * i386, and on arm64 and riscv64.
 */
#define PORT_CALLS \
	(SYS_membarrier == 324 || SYS_membarrier == 375 || SYS_membarrier == 283)

static bool has_barrier(void)
{
	long commands = syscall(SYS_membarrier, QUERY, 0);

	return PORT_CALLS && commands > 0 && commands & EXPEDITED && commands & REGISTER;
}

/* The port has the barrier where it exists, and again when it is asked again. */
TEST(barrier_where_it_exists)
{
	EXPECT_EQ(has_barrier(), vmr_port_barrier_init());
	EXPECT_EQ(has_barrier(), vmr_port_barrier_init());
	EXPECT_EQ(has_barrier(), vmr_port_barrier_all());
}

/* Without one of the commands, lookups and drains have full barriers. */
static int full_barriers(void)
{
	struct probe p;
	int ret = machine_up();

	if (!ret && m.manager.asymmetric)
		ret = -1;
	if (!ret)
		ret = probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000);
	if (!ret && responder(VMR_MMIO, 0x1000) != &p.region[0])
		ret = -2;
	if (!ret && vmr_device_unregister(&m.manager, &p.dev) != 1)
		ret = -3;
	return ret ? ret : vmr_device_drain(&m.manager, &p.dev);
}

TEST(barrier_query_refused)
{
	if (refuse(QUERY, EPERM))
		SKIP(return, NO_FILTER);
	EXPECT_EQ(0, full_barriers());
}

TEST(barrier_without_the_commands)
{
	if (refuse(QUERY, 0))
		SKIP(return, NO_FILTER);
	EXPECT_EQ(0, full_barriers());
}

TEST(barrier_registration_refused)
{
	if (refuse(REGISTER, EPERM))
		SKIP(return, NO_FILTER);
	EXPECT_EQ(0, full_barriers());
}

TEST(barrier_probe_refused)
{
	if (refuse(EXPEDITED, EPERM))
		SKIP(return, NO_FILTER);
	EXPECT_EQ(0, full_barriers());
	ASSERT_EQ(0, vmr_reader_detach(&m.reader));
	EXPECT_EQ(-EOPNOTSUPP, vmr_manager_set_asymmetric(&m.manager, true));
}

static struct vmr_reader second;
static unsigned int sleeps;

/* While the port sleeps, the other holder of the readers' lock leaves it */
static void unlock_readers(int signal)
{
	(void)signal;
	sleeps++;
	__atomic_store_n(&m.manager.readers_lock, 0, __ATOMIC_RELEASE);
}

/* Let each nanosleep(2) be a SIGSYS instead */
static int trap_sleep(void)
{
#ifdef SYS_nanosleep
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, WORD(nr, 0)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_nanosleep, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	signal(SIGSYS, unlock_readers);
	return install_filter(filter, NR(filter));
#else
	return -1;
#endif
}

/* A reader is attached and detached only while no other thread has the list. */
TEST(readers_locked_by_another_thread)
{
	ASSERT_EQ(0, machine_up());
	if (!PORT_CALLS || trap_sleep())
		SKIP(return, NO_FILTER);
	m.manager.readers_lock = 1;
	EXPECT_EQ(0, vmr_reader_attach(&m.manager, &second));
	EXPECT_EQ(1U, sleeps);
	m.manager.readers_lock = 1;
	EXPECT_EQ(0, vmr_reader_detach(&second));
	EXPECT_EQ(2U, sleeps);
}

/* A filter that comes later than the manager lets a drain fail, and never falls back. */
TEST(barrier_refused_later)
{
	struct probe p;

	ASSERT_EQ(0, machine_up());
	if (!m.manager.asymmetric)
		SKIP(return, "the port has no barrier for all CPUs here");
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &p.dev));
	EXPECT_EQ(0, vmr_device_try_drain(&m.manager, &p.dev));
	if (refuse(EXPEDITED, EPERM))
		SKIP(return, NO_FILTER);
	EXPECT_EQ(-EPERM, vmr_device_try_drain(&m.manager, &p.dev));
	EXPECT_EQ(-EPERM, vmr_device_drain(&m.manager, &p.dev));
	EXPECT_TRUE(m.manager.asymmetric);
}

TEST_HARNESS_MAIN

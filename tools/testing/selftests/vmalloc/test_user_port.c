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
	const struct sock_fprog prog = { .len = NR(filter), .filter = filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog);
}

/* The processors on which the port makes system calls, with a kernel that has these */
static bool has_barrier(void)
{
#if (defined(__x86_64__) && !defined(__ILP32__)) || defined(__i386__) || \
	defined(__aarch64__) || (defined(__riscv) && __riscv_xlen == 64)
	long commands = syscall(SYS_membarrier, QUERY, 0);

	return commands > 0 && commands & EXPEDITED && commands & REGISTER;
#else
	return false;
#endif
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

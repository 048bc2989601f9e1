// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * user.c - port to userspace, without a libc
 *
 * The scheduler may stop a writer inside a write section. A reader that has spun
 * for some microseconds therefore sleeps, by a system call of its own: with a
 * higher real-time priority on the same CPU it would keep the writer out for ever.
 */
#include <vmalloc/port.h>

#include "base/base.h"

#define SPINS_BEFORE_SLEEP	512
#define SLEEP_NS		50000

struct port_timespec {
	long	seconds;
	long	nanoseconds;
};

#if defined(__linux__) && defined(__x86_64__) && !defined(__ILP32__)

static void port_sleep(const struct port_timespec *time)
{
	long ret = 35;		/* nanosleep */

	__asm__ volatile("syscall"
			 : "+a" (ret) : "D" (time), "S" (0L)
			 : "rcx", "r11", "memory");
}

#elif defined(__linux__) && defined(__i386__)

/* %ebx holds the data pointer of position-independent code */
static void port_sleep(const struct port_timespec *time)
{
	long ret = 162;		/* nanosleep */

	__asm__ volatile("xchg %%ebx, %%esi\n\tint $0x80\n\txchg %%ebx, %%esi"
			 : "+a" (ret) : "S" (time), "c" (0L) : "memory");
}

#elif defined(__linux__) && defined(__aarch64__)

static void port_sleep(const struct port_timespec *time)
{
	register long nr __asm__("x8") = 101;	/* nanosleep */
	register long x0 __asm__("x0") = (long)time;
	register long x1 __asm__("x1") = 0;

	__asm__ volatile("svc #0" : "+r" (x0) : "r" (nr), "r" (x1) : "memory");
}

#elif defined(__linux__) && defined(__riscv) && __riscv_xlen == 64

static void port_sleep(const struct port_timespec *time)
{
	register long nr __asm__("a7") = 101;	/* nanosleep */
	register long a0 __asm__("a0") = (long)time;
	register long a1 __asm__("a1") = 0;

	__asm__ volatile("ecall" : "+r" (a0) : "r" (nr), "r" (a1) : "memory");
}

#else

/* A machine without this call spins: there priorities decide, see port.h */
static void port_sleep(const struct port_timespec *time)
{
	(void)time;
	cpu_relax();
}

#endif

unsigned long vmr_port_write_begin(void)
{
	return 0;
}

void vmr_port_write_end(unsigned long state)
{
	(void)state;
}

void vmr_port_reader_wait(unsigned int spins)
{
	const struct port_timespec time = { .nanoseconds = SLEEP_NS };

	if (spins < SPINS_BEFORE_SLEEP)
		cpu_relax();
	else
		port_sleep(&time);
}

void vmr_port_drain_wait(void)
{
	cpu_relax();
}

uintptr_t vmr_port_thread_id(void)
{
	return (uintptr_t)__builtin_thread_pointer();
}

/* A program may define its own beside the other functions of this file. */
__attribute__((__weak__)) void
vmr_port_assert_failed(const char *what) /* LCOV_EXCL_LINE: as below */
{
	(void)what;		/* LCOV_EXCL_LINE: it ends the program */
	__builtin_trap();	/* LCOV_EXCL_LINE: the same */
}

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

/* Commands of membarrier(2) */
#define MEMBARRIER_QUERY	0
#define MEMBARRIER_EXPEDITED	8
#define MEMBARRIER_REGISTER	16

struct port_timespec {
	long	seconds;
	long	nanoseconds;
};

#if defined(__linux__) && defined(__x86_64__) && !defined(__ILP32__)

#define SYSCALL_NANOSLEEP	35
#define SYSCALL_MEMBARRIER	324

static long port_syscall(long nr, long arg0)
{
	__asm__ volatile("syscall"
			 : "+a" (nr) : "D" (arg0), "S" (0L)
			 : "rcx", "r11", "memory");
	return nr;
}

#elif defined(__linux__) && defined(__i386__)

#define SYSCALL_NANOSLEEP	162
#define SYSCALL_MEMBARRIER	375

/* %ebx holds the data pointer of position-independent code */
static long port_syscall(long nr, long arg0)
{
	__asm__ volatile("xchg %%ebx, %%esi\n\tint $0x80\n\txchg %%ebx, %%esi"
			 : "+a" (nr) : "S" (arg0), "c" (0L) : "memory");
	return nr;
}

#elif defined(__linux__) && defined(__aarch64__)

#define SYSCALL_NANOSLEEP	101
#define SYSCALL_MEMBARRIER	283

static long port_syscall(long nr, long arg0)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = arg0;
	register long x1 __asm__("x1") = 0;

	__asm__ volatile("svc #0" : "+r" (x0) : "r" (x8), "r" (x1) : "memory");
	return x0;
}

#elif defined(__linux__) && defined(__riscv) && __riscv_xlen == 64

#define SYSCALL_NANOSLEEP	101
#define SYSCALL_MEMBARRIER	283

static long port_syscall(long nr, long arg0)
{
	register long a7 __asm__("a7") = nr;
	register long a0 __asm__("a0") = arg0;
	register long a1 __asm__("a1") = 0;

	__asm__ volatile("ecall" : "+r" (a0) : "r" (a7), "r" (a1) : "memory");
	return a0;
}

#endif

#ifdef SYSCALL_NANOSLEEP

static void port_sleep(void)
{
	const struct port_timespec time = { .nanoseconds = SLEEP_NS };

	port_syscall(SYSCALL_NANOSLEEP, (long)&time);
}

static long port_membarrier(long command)
{
	return port_syscall(SYSCALL_MEMBARRIER, command);
}

#else

/* A machine without these calls spins: there priorities decide, see port.h */
static void port_sleep(void)
{
	cpu_relax();
}

static long port_membarrier(long command)
{
	(void)command;
	return -1;
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
	if (spins < SPINS_BEFORE_SLEEP)
		cpu_relax();
	else
		port_sleep();
}

void vmr_port_drain_wait(void)
{
	cpu_relax();
}

uintptr_t vmr_port_thread_id(void)
{
#if defined(__powerpc__) && !defined(__LP64__)
	uintptr_t thread;

	/* gcc has no builtin here. The ABI keeps the pointer in this register. */
	__asm__("mr %0, 2" : "=r"(thread));
	return thread;
#else
	return (uintptr_t)__builtin_thread_pointer();
#endif
}

bool vmr_port_barrier_init(void)
{
	const long needed = MEMBARRIER_EXPEDITED | MEMBARRIER_REGISTER;
	long commands = port_membarrier(MEMBARRIER_QUERY);

	return commands >= 0 && (commands & needed) == needed &&
	       !port_membarrier(MEMBARRIER_REGISTER) && vmr_port_barrier_all();
}

bool vmr_port_barrier_all(void)
{
	return !port_membarrier(MEMBARRIER_EXPEDITED);
}

/* A program may define its own beside the other functions of this file. */
__attribute__((__weak__)) void
vmr_port_assert_failed(const char *what) /* LCOV_EXCL_LINE: as below */
{
	(void)what;		/* LCOV_EXCL_LINE: it ends the program */
	__builtin_trap();	/* LCOV_EXCL_LINE: the same */
}

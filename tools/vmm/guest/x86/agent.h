/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * agent.h - system calls of x86-64, and an I/O port to talk through
 */
#ifndef VMM_AGENT_X86_H
#define VMM_AGENT_X86_H

#define AGENT_PORT	0x420
#define AGENT_ENTRY	__attribute__((__force_align_arg_pointer__))

static long call6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8),
			   "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

static long call(long nr, long a, long b, long c, long d, long e)
{
	return call6(nr, a, b, c, d, e, 0);
}

static void open_port(void)
{
	call(__NR_iopl, 3, 0, 0, 0, 0);
}

static void say_bytes(const char *bytes, size_t size)
{
	__asm__ volatile("rep outsb"
			 : "+S"(bytes), "+c"(size)
			 : "d"(AGENT_PORT)
			 : "memory");
}

static uint8_t hear(void)
{
	uint8_t byte;

	__asm__ volatile("inb %w1, %0" : "=a"(byte) : "d"(AGENT_PORT));
	return byte;
}

#endif /* VMM_AGENT_X86_H */

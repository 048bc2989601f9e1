// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/* riscv64.c - the start, in machine mode, and semihosting for all output */
#include "firmware.h"

void start(void);
void unexpected(void);

__asm__(".section .entry, \"ax\"\n"
	".globl entry\n"
	"entry:\n"
	"	la sp, stack_top\n"
	"	la t0, trap\n"
	"	csrw mtvec, t0\n"
	"	j start\n"
	".balign 4\n"
	"trap:\n"
	"	j unexpected\n"
	".previous\n");

void unexpected(void)
{
	firmware_fault("a trap without a handler");
}

/* The two instructions around the ebreak mark a semihosting call. */
long firmware_semihost(long op, const void *arg)
{
	register long a0 __asm__("a0") = op;
	register const void *a1 __asm__("a1") = arg;

	__asm__ volatile(".option push\n"
			 ".option norvc\n"
			 ".balign 16\n"
			 "	slli x0, x0, 0x1f\n"
			 "	ebreak\n"
			 "	srai x0, x0, 7\n"
			 ".option pop\n"
			 : "+r" (a0) : "r" (a1) : "memory");
	return a0;
}

void start(void)
{
	firmware_main();
}

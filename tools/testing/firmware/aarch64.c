// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * aarch64.c - the start, with the MMU off, and semihosting for all output
 *
 * The vector table has sixteen entries of 128 bytes. All lead to one handler.
 */
#include "firmware.h"

void start(void);
void unexpected(void);

__asm__(".section .vectors, \"ax\"\n"
	".balign 2048\n"
	"vectors:\n"
	".rept 16\n"
	"	b unexpected\n"
	"	.balign 128\n"
	".endr\n"
	".globl entry\n"
	"entry:\n"
	"	ldr x0, =stack_top\n"
	"	mov sp, x0\n"
	"	ldr x0, =vectors\n"
	"	msr vbar_el1, x0\n"
	"	b start\n"
	"	.ltorg\n"
	".previous\n");

void unexpected(void)
{
	firmware_fault("an exception without a handler");
}

long firmware_semihost(long op, const void *arg)
{
	register long x0 __asm__("x0") = op;
	register const void *x1 __asm__("x1") = arg;

	__asm__ volatile("hlt 0xf000" : "+r" (x0) : "r" (x1) : "memory");
	return x0;
}

void start(void)
{
	firmware_main();
}

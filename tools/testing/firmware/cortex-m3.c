// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * cortex-m3.c - the start, and semihosting for all output
 *
 * QEMU loads .data to its run address and clears memory.
 */
#include "firmware.h"

void start(void);

static void unexpected(void)
{
	firmware_fault("an exception without a handler");
}

void __attribute__((__weak__)) systick(void)
{
	unexpected();
}

typedef void vector(void);

__attribute__((__used__, __section__(".vectors")))
static vector *const vectors[16] = {
	(vector *)stack_top, start,
	[2 ... 14] = unexpected,
	[15] = systick,
};

long firmware_semihost(long op, const void *arg)
{
	register long r0 __asm__("r0") = op;
	register const void *r1 __asm__("r1") = arg;

	__asm__ volatile("bkpt 0xab" : "+r" (r0) : "r" (r1) : "memory");
	return r0;
}

void start(void)
{
	firmware_main();
}

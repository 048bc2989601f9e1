// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * Start-up, console, timer, and the three functions that a compiler expects of
 * every program: memcpy(), memset() and memcmp()
 */
#include <stddef.h>
#include <stdint.h>

#include "board.h"

#define SYST_CSR	(*(volatile uint32_t *)0xe000e010)
#define SYST_RVR	(*(volatile uint32_t *)0xe000e014)
#define SYST_CVR	(*(volatile uint32_t *)0xe000e018)

#define SEMIHOSTING_WRITE0	0x04
#define SEMIHOSTING_EXIT	0x18
#define EXIT_GOOD		0x20026
#define EXIT_BAD		0x20023

static void semihosting(uint32_t operation, uint32_t argument)
{
	register uint32_t r0 __asm__("r0") = operation;
	register uint32_t r1 __asm__("r1") = argument;

	__asm__ volatile("bkpt 0xab" : "+r" (r0) : "r" (r1) : "memory");
}

void board_print(const char *text)
{
	semihosting(SEMIHOSTING_WRITE0, (uint32_t)text);
}

void board_start_ticks(uint32_t cycles)
{
	SYST_RVR = cycles - 1;
	SYST_CVR = 0;
	SYST_CSR = 7;	/* the processor's clock, interrupt, on */
}

void board_stop_ticks(void)
{
	SYST_CSR = 0;
}

void board_exit(int failed)
{
	semihosting(SEMIHOSTING_EXIT, failed ? EXIT_BAD : EXIT_GOOD);
	for (;;)
		;
}

void reset(void)
{
	uint32_t *from = data_load, *to;

	for (to = data_start; to < data_end; to++)
		*to = *from++;
	for (to = bss_start; to < bss_end; to++)
		*to = 0;
	board_exit(main());
}

static void unexpected(void)
{
	board_print("an exception without a handler\n");
	board_exit(1);
}

/* A program with a scheduler has a handler of its own. */
__attribute__((__weak__)) void pendsv_handler(void)
{
	unexpected();
}

__attribute__((__section__(".vectors"), __used__))
static void (*const vectors[16])(void) = {
	[0] = (void (*)(void))stack_top,
	[1] = reset,
	[2] = unexpected, [3] = unexpected, [4] = unexpected,
	[5] = unexpected, [6] = unexpected,
	[14] = pendsv_handler, [15] = tick_handler,
};

void *memcpy(void *to, const void *from, size_t size)
{
	const char *f = from;
	char *t = to;

	while (size--)
		*t++ = *f++;
	return to;
}

void *memset(void *to, int byte, size_t size)
{
	char *t = to;

	while (size--)
		*t++ = (char)byte;
	return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const unsigned char *x = a, *y = b;

	for (; size; size--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

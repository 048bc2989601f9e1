// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * kernel.c - a small kernel that shows whether a restored machine goes on
 *
 * It moves two BARs in each step, one of registers and one of memory, and makes a sum of
 * what it reads there. In the middle it waits for a card in a slot: at that time the
 * machine is saved, and another process goes on. The sum at the end is always the same.
 * While it waits it sends back what comes over the serial line.
 * It needs no paging and no interrupts, so that each KVM runs it.
 */
#include "guest.h"

#include "../devices/testdev_pattern.h"

#define SERIAL		0x3f8
#define SERIAL_ENABLE	(SERIAL + 1)
#define SERIAL_REASON	(SERIAL + 2)
#define SERIAL_STATUS	(SERIAL + 5)
#define RECEIVED	0x01
#define REASON_RECEIVED	0x04

#define POWER		0x605
#define POWER_OFF	0x34

#define REGISTERS	0x10	/* 00:02.0, whose BAR 0 has registers */
#define REGISTERS_ID	0x0001
#define MEMORY		0x28	/* 00:05.0, whose BAR 0 has memory */
#define PORT		0xc8	/* 00:19.0, a root port with a slot */

#define CAPABILITIES	0x34
#define CAP_EXPRESS	0x10
#define SLOT_STATUS	0x18	/* in the upper half of these four bytes */
#define CARD_PRESENT	0x00400000

#define REGISTERS_BASE	0xe0000000
#define REGISTERS_SIZE	0x20000
#define MEMORY_BASE	0xe8000000
#define MEMORY_SIZE	0x1000000
#define MEMORY_STRIDE	4084

#define STEPS		203	/* before the middle, and after it */

static void say(const char *text)
{
	while (*text)
		out8(SERIAL, (uint8_t)*text++);
}

static void say_number(uint32_t number)
{
	unsigned int shift;

	for (shift = 32; shift; shift -= 4)
		out8(SERIAL, (uint8_t)"0123456789abcdef"[number >> (shift - 4) &
							 0xf]);
	out8(SERIAL, '\n');
}

static void end(const char *what, uint32_t number)
{
	say(what);
	say_number(number);
	for (;;)
		out8(POWER, POWER_OFF);
}

static uint32_t registers_at(uint32_t step)
{
	return REGISTERS_BASE + step % 8 * REGISTERS_SIZE;
}

/* Where the memory has a word of step @n, in step @step */
static uint32_t memory_at(uint32_t step, uint32_t n)
{
	return MEMORY_BASE + step % 4 * MEMORY_SIZE + n * MEMORY_STRIDE;
}

/* Move both BARs, write a word, and read both. Return the new sum */
static uint32_t do_step(uint32_t step, uint32_t sum)
{
	uint32_t offset = step * 97, i;
	uint8_t byte;

	config_write(REGISTERS, PCI_BARS, registers_at(step));
	config_write(MEMORY, PCI_BARS, memory_at(step, 0));
	byte = read8(registers_at(step) + offset);
	if (byte != testdev_pattern(REGISTERS_ID, 0, offset))
		end("failed: registers at step ", step);
	write32(memory_at(step, step), sum + step);
	for (i = 1; i <= step; i++)
		sum = sum * 31 + read32(memory_at(step, i)) + byte;
	return sum;
}

/* The offset of the Express capability of the port */
static uint32_t find_express(void)
{
	uint32_t at = config_read(PORT, CAPABILITIES) & 0xff, value;

	while (at) {
		value = config_read(PORT, at);
		if ((value & 0xff) == CAP_EXPRESS)
			return at;
		at = value >> 8 & 0xff;
	}
	end("failed: the port has no slot ", 0);
	return 0;
}

/* Send back a byte that has come; the line has a reason for an interrupt until then. */
static void answer(void)
{
	if (!(in8(SERIAL_STATUS) & RECEIVED))
		return;
	if (in8(SERIAL_REASON) != REASON_RECEIVED)
		end("failed: a byte without a reason ", in8(SERIAL_REASON));
	out8(SERIAL, in8(SERIAL));
}

void guest_main(void);

void guest_main(void)
{
	uint32_t step, express = find_express(), sum = 1;

	config_write(REGISTERS, PCI_COMMAND, COMMAND_MEMORY);
	config_write(MEMORY, PCI_COMMAND, COMMAND_MEMORY);
	for (step = 1; step <= STEPS; step++)
		sum = do_step(step, sum);
	say("half: ");
	say_number(sum);
	out8(SERIAL_ENABLE, RECEIVED);
	while (!(config_read(PORT, express + SLOT_STATUS) & CARD_PRESENT))
		answer();
	for (; step <= 2 * STEPS; step++)
		sum = do_step(step, sum);
	end("sum: ", sum);
}

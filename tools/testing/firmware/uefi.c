// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * uefi.c - the tests as a UEFI application
 *
 * What they print goes to the machine's debug console, since the firmware's own
 * console is full of what moves a cursor. How it went is said to QEMU's device for
 * that, and the firmware never gets to see the end.
 */
#include "firmware.h"

#define CONSOLE	0xe9
#define EXIT	0xf4

/* UEFI's table of services, as far as it is used */
typedef uint64_t __attribute__((__ms_abi__))
watchdog_fn(uint64_t seconds, uint64_t code, uint64_t size, void *data);

struct boot_services {
	char		before[0x100];
	watchdog_fn	*set_watchdog_timer;
};

struct system_table {
	char				before[0x60];
	const struct boot_services	*boot;
};

void start(const struct system_table *table);

static void out(uint16_t port, uint8_t byte)
{
	__asm__ volatile("outb %0, %1" : : "a" (byte), "Nd" (port));
}

void harness_write(const char *text, size_t length)
{
	while (length--)
		out(CONSOLE, *text++);
}

/* QEMU ends with twice this and one. */
void firmware_exit(int status)
{
	for (;;)
		out(EXIT, status ? 1 : 0x10);
}

void start(const struct system_table *table)
{
	/* It would reset the machine after five minutes. */
	table->boot->set_watchdog_timer(0, 0, 0, NULL);
	firmware_main();
}

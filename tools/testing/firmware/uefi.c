// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * uefi.c - the tests as a UEFI application
 *
 * The output goes to QEMU's debug console, because the firmware's console contains
 * cursor movements. The exit status goes to QEMU's isa-debug-exit. The application
 * does not return to the firmware.
 */
#include "firmware.h"

#define CONSOLE	0xe9
#define EXIT	0xf4

/* The parts of UEFI's table of services that are used */
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

/* QEMU exits with (status << 1) | 1. */
void firmware_exit(int status)
{
	for (;;)
		out(EXIT, status ? 1 : 0x10);
}

void start(const struct system_table *table)
{
	/* The watchdog resets the machine after five minutes. */
	table->boot->set_watchdog_timer(0, 0, 0, NULL);
	firmware_main();
}

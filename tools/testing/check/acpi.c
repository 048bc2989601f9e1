// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * acpi.c - write the ACPI tables of a PC, each into a file of its own
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "acpi_board.h"

#define BASE	0xe0000

static uint8_t buf[16384];

static int write_table(const char *dir, const uint8_t *table)
{
	size_t size = number(table + 4, 4);
	char path[4096];
	FILE *file;
	int ret;

	snprintf(path, sizeof(path), "%s/%.4s.aml", dir, table);
	file = fopen(path, "wb");
	if (!file)
		return -1;
	ret = fwrite(table, 1, size, file) == size ? 0 : -1;
	return fclose(file) ? -1 : ret;
}

int main(int argc, char **argv)
{
	const struct vmr_acpi_host host = {
		.name = "PCI0", .last_bus = 255, .ecam = &ecam,
		.config_ports = &conf1.ports, .gsi = { 16, 17, 18, 19 },
		.osc_control = VMR_ACPI_OSC_HOTPLUG | VMR_ACPI_OSC_CAPABILITY,
	};
	const struct vmr_acpi_device devices[] = {
		{ "BRD0", "PNP0C02", &board },
		{ "BRD1", "VMR00001", &board },
	};
	const struct vmr_acpi acpi = {
		.manager = &manager, .oem_id = "VMR   ",
		.oem_table_id = "CHECK   ", .nr_cpus = 4,
		.lapic = &layout.reserved[2], .ioapic = &layout.reserved[0],
		.sci = 9, .pm_event = &event, .pm_control = &control,
		.hosts = &host, .nr_hosts = 1, .devices = devices,
		.nr_devices = 2,
	};
	const uint8_t *xsdt, *fadt;
	size_t used, i;

	if (argc != 2 || machine_up() ||
	    vmr_acpi_encode(&acpi, BASE, buf, sizeof(buf), &used))
		return 1;
	xsdt = buf + (number(buf + 24, 8) - BASE);
	if (write_table(argv[1], xsdt))
		return 1;
	for (i = 36; i < number(xsdt + 4, 4); i += 8)
		if (write_table(argv[1], buf + (number(xsdt + i, 8) - BASE)))
			return 1;
	fadt = buf + (number(xsdt + 36, 8) - BASE);
	if (write_table(argv[1], buf + (number(fadt + 36, 4) - BASE)) ||
	    write_table(argv[1], buf + (number(fadt + 140, 8) - BASE)))
		return 1;
	return 0;
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * acpi.c - write the ACPI tables of a PC, each into a file of its own
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <vmalloc/vmalloc.h>

#define BASE	0xe0000

static struct vmr_system sys;
static struct vmr_layout layout;
static struct vmr_manager manager;
static struct vmr_pci_conf1 conf1;
static struct vmr_device board;
static struct vmr_region ecam, event, control;
static struct vmr_range irq;
static struct vmr_constraint constraints[4];
static struct vmr_resource resources[4];
static uint8_t buf[16384];

static uint64_t number(const uint8_t *bytes, unsigned int size)
{
	uint64_t value = 0;

	while (size--)
		value = value << 8 | bytes[size];
	return value;
}

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

static int board_up(void)
{
	static const struct vmr_device_ops ops;

	board.ops = &ops;
	board.name = "board";
	vmr_region_init(&ecam, VMR_MMIO, VMR_REGION_TRAPPED, 0x10000000, 0,
			"ECAM");
	vmr_region_init(&event, VMR_PIO, VMR_REGION_TRAPPED, 4, 1, "events");
	vmr_region_init(&control, VMR_PIO, VMR_REGION_TRAPPED, 2, 2, "control");
	vmr_device_add_region(&board, &ecam);
	vmr_device_add_region(&board, &event);
	vmr_device_add_region(&board, &control);
	vmr_constraint_init_fixed(&constraints[0], VMR_KIND_MMIO, 0xe8000000,
				  0x10000000, &ecam.range);
	vmr_constraint_init_fixed(&constraints[1], VMR_KIND_PIO, 0x600, 4,
				  &event.range);
	vmr_constraint_init_fixed(&constraints[2], VMR_KIND_PIO, 0x604, 2,
				  &control.range);
	vmr_constraint_init_fixed(&constraints[3], VMR_KIND_IRQ, 4, 1, &irq);
	board.constraints = constraints;
	board.nr_constraints = 4;
	vmr_resource_set_init(&board.resources, resources, 4);
	return vmr_device_register(&manager, &board, NULL, NULL);
}

static int machine_up(void)
{
	struct vmr_layout_config config;
	int err;

	err = vmr_layout_x86_64(&config, 8ULL << 30, 0, 0);
	if (!err)
		err = vmr_layout_init(&layout, &sys, &config, NULL);
	if (!err)
		err = vmr_manager_init(&manager, &sys);
	if (!err)
		err = board_up();
	return err ? err : vmr_pci_conf1_register(&conf1, &manager, NULL);
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

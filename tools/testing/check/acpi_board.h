/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * acpi_board.h - a PC with a board at fixed addresses, whose ACPI tables are encoded
 *
 * For one source file of a program.
 */
#ifndef ACPI_BOARD_H
#define ACPI_BOARD_H

#include <vmalloc/vmalloc.h>

static struct vmr_system sys;
static struct vmr_layout layout;
static struct vmr_manager manager;
static struct vmr_pci_conf1 conf1;
static struct vmr_device board;
static struct vmr_region ecam, event, control;
static struct vmr_range irq;
static struct vmr_constraint constraints[4];
static struct vmr_resource resources[4];

/* A number of a table */
static uint64_t number(const uint8_t *bytes, unsigned int size)
{
	uint64_t value = 0;

	while (size--)
		value = value << 8 | bytes[size];
	return value;
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

#endif /* ACPI_BOARD_H */

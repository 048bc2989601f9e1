// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * board.c - the PC that boots a kernel
 */
#include <string.h>

#include "../../vmm.h"

const struct board board = {
	.has_ports	= true,
	.has_msi_ids	= false,
	.has_firmware	= true,
	.has_snapshots	= true,
	.numbers_anew	= false,
	.keeps		= true,
	.first_pci_line	= 16,	/* behind the lines of ISA */
	.root_bus	= "PCI Bus 0000:00",
};

/*
 * On a machine with a Q35 SeaBIOS places the configuration space at the first address,
 * and assigns the addresses from the second one up to the third one to the functions.
 */
#define FIRMWARE_ECAM		0xb0000000ULL
#define FIRMWARE_WINDOW		0xc0000000ULL
#define FIRMWARE_PLATFORM	0xfec00000ULL

static int firmware_register(struct vmm *vmm)
{
	if (!vmm->config.firmware_size)
		return 0;
	return debugcon_register(vmm) || fw_cfg_register(vmm) ? -1 : 0;
}

/*
 * KVM serves the timer and the interrupt controllers, whose addresses the devices here
 * own.
 */
device_register *const board_devices[] = {
	ram_register, cmos_register, pit_register, pic_register, serial_register,
	i8042_register, scratch_regs_register, acpi_pm_register,
	agent_port_register, pci_lines_register, pci_register,
	virtio_register, firmware_register, NULL,
};

/* The same areas, with the memory that has no place any more above 4 GiB */
static void adapt(struct vmr_layout_config *layout)
{
	size_t i;

	if (layout->ram[0].last >= FIRMWARE_ECAM)
		layout->ram[0].last = FIRMWARE_ECAM - 1;
	for (i = 0; i < layout->nr_windows; i++) {
		if (layout->windows[i].span.last >= 4 * GIB)
			continue;
		layout->windows[i].span.start = FIRMWARE_WINDOW;
		layout->windows[i].span.last = FIRMWARE_PLATFORM - 1;
	}
	for (i = 0; i < layout->nr_platform; i++) {
		if (strcmp(layout->platform[i].name, "ecam")) {
			layout->platform[i].start = FIRMWARE_PLATFORM;
			continue;
		}
		layout->platform[i].start = FIRMWARE_ECAM;
		layout->platform[i].last = FIRMWARE_WINDOW - 1;
	}
}

int board_layout(struct vmm *vmm)
{
	struct vmm_config *config = &vmm->config;
	struct vmr_layout_config layout;
	struct vmr_span ram[VMR_LAYOUT_MAX_RAM] = { { .start = 0 } };
	uint64_t memory = vmm->kernel->memory;
	int err;

	if (config->firmware_size && memory > FIRMWARE_ECAM)
		memory += FIRMWARE_WINDOW - FIRMWARE_ECAM;
	err = vmr_layout_x86_64(&layout, memory, 0, config->phys_bits);
	if (!err && config->firmware_size)
		adapt(&layout);
	if (!err) {
		layout.slot_last = config->nr_slots - 1;
		err = vmr_layout_init(&vmm->layout, &vmm->sys, &layout, NULL);
	}
	if (!err)
		layout_reserved(vmm, &layout);
	if (!err)
		err = vmr_layout_ram(&layout, vmm->kernel->memory, ram);
	if (err < 0)
		return err;
	config->ram_low = ram[0].last + 1;
	config->ram_high = err > 1 ? ram[1].last - ram[1].start + 1 : 0;
	return 0;
}

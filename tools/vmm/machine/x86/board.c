// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * board.c - the PC that boots a kernel
 */
#include "../../vmm.h"

const struct board board = {
	.has_ports	= true,
	.has_msi_ids	= false,
	.has_snapshots	= true,
	.numbers_anew	= false,
	.keeps		= true,
	.first_pci_line	= 16,	/* behind the lines of ISA */
	.root_bus	= "PCI Bus 0000:00",
};

/*
 * KVM serves the timer and the interrupt controllers, whose addresses the devices here
 * own.
 */
device_register *const board_devices[] = {
	ram_register, cmos_register, pit_register, pic_register, serial_register,
	i8042_register, scratch_regs_register, acpi_pm_register,
	agent_port_register, pci_lines_register, pci_register,
	virtio_register, NULL,
};

int board_layout(struct vmm *vmm)
{
	struct vmm_config *config = &vmm->config;
	struct vmr_layout_config layout;
	struct vmr_span ram[VMR_LAYOUT_MAX_RAM] = { { .start = 0 } };
	int err;

	err = vmr_layout_x86_64(&layout, vmm->kernel->memory, 0,
				config->phys_bits);
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

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * board.c - an arm64 machine of PCI Express, a serial port and no more
 *
 * The library places the devices, since the guest reads their addresses from the
 * device tree. The window for 32-bit BARs has bus addresses of its own.
 */
#include "../../vmm.h"
#include "board.h"

#define FIRST_PCI_LINE		32	/* the first shared interrupt of the GIC */
#define RESERVED_RAM		MIB
#define LAST_PORT		0xffff
#define BUS_OFFSET		(256 * MIB)

/* The last part of the memory belongs to the machine: it has the device tree. */
static int memory_register(struct vmm *vmm)
{
	uint64_t start = vmm_pool(vmm, "memory")->start;
	uint64_t size = vmm->kernel->memory - RESERVED_RAM;

	ram_begin(vmm);
	ram_bank(vmm, start, size, "RAM", false);
	ram_bank(vmm, start + size, RESERVED_RAM, RESERVED_MEMORY, false);
	return ram_end(vmm);
}

/* The addresses at which the processors have the I/O ports */
static int io_window_register(struct vmm *vmm)
{
	const struct vmr_pool *pool = vmm_pool(vmm, "io ports");
	int err;

	vmr_region_init(&vmm->io_window, VMR_MMIO, VMR_REGION_RESERVED,
			pool->last - pool->start + 1, 0, "I/O ports");
	err = vmr_reserve(&vmm->sys.mmio, &vmm->io_window.range, pool->start,
			  pool->last, NULL);
	if (err)
		vmm_err("I/O ports: %s", vmr_strerror(err));
	return err;
}

static void add_window(struct vmr_pci_window *windows, unsigned int *nr,
		       const struct vmr_pool *pool, uint64_t offset)
{
	if (!pool)
		return;
	windows[(*nr)++] = (struct vmr_pci_window) {
		.io		= VMR_MMIO,
		.flags		= offset ? 0 : VMR_PREFETCHABLE,
		.start		= pool->start,
		.last		= pool->last,
		.bus_start	= pool->start + offset,
		.name		= pool->name,
	};
}

static unsigned int windows(const struct vmm *vmm,
			    struct vmr_pci_window *windows)
{
	unsigned int nr = 0;

	windows[nr++] = (struct vmr_pci_window) {
		.io	= VMR_PIO,
		.last	= LAST_PORT,
		.name	= "ports",
	};
	add_window(windows, &nr, vmm_pool(vmm, "mmio32"), BUS_OFFSET);
	add_window(windows, &nr, vmm_pool(vmm, "mmio64"), 0);
	return nr;
}

const struct board board = {
	.has_ports	= false,
	.has_msi_ids	= true,
	.numbers_anew	= true,
	.keeps		= false,
	.first_pci_line	= FIRST_PCI_LINE,
	.root_bus	= "pcie@",
	.windows	= windows,
};

device_register *const board_devices[] = {
	memory_register, pci_lines_register, serial_register,
	agent_port_register, io_window_register, express_register,
	pci_bridge_register, testdevs_register, q35_ports_register,
	vfcard_register, slot_cards_init, virtio_register, NULL,
};

int board_layout(struct vmm *vmm)
{
	struct vmr_layout_config layout;
	int err;

	err = vmr_layout_arm64(&layout, vmm->kernel->memory, 0,
			       vmm->config.phys_bits);
	if (!err) {
		layout.slot_last = vmm->config.nr_slots - 1;
		err = vmr_layout_init(&vmm->layout, &vmm->sys, &layout, NULL);
	}
	return err;
}

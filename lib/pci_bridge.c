// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * pci_bridge.c - PCI-to-PCI bridges: windows that follow their registers
 *
 * A window is open if its base is not above its limit and the command register
 * has decoding on for its kind. It takes the addresses that its registers say, in
 * the space that the bridge is in; one onto occupied addresses waits as a claim,
 * as a BAR does.
 */
#include "pci.h"

#define REG_BUS_NUMBERS	0x18
#define REG_IO_BASE	0x1c
#define REG_IO_LIMIT	0x1d
#define REG_MEM_BASE	0x20
#define REG_MEM_LIMIT	0x22
#define REG_PREF_BASE	0x24
#define REG_PREF_LIMIT	0x26
#define REG_PREF_UPPER	0x28
#define REG_LIMIT_UPPER	0x2c
#define REGISTERS_END	0x30
#define REG_CONTROL	0x3e

#define IO_MASK		0xf0
#define MEM_MASK	0xfff0
#define PREF_64BIT	0x01
#define CONTROL_WRITABLE 0x000f	/* parity, SERR#, ISA, VGA: no model behind */

#define GRAIN_IO	0xfff
#define GRAIN_MEM	0xfffff

static uint64_t mem_base(const uint8_t *config, uint32_t reg)
{
	return (uint64_t)(get_le16(&config[reg]) & MEM_MASK) << 16;
}

struct vmr_region *vmr_pci_window_placement(struct vmr_pci_function *fn,
					    const uint8_t *config,
					    unsigned int index,
					    struct vmr_placement *placement)
{
	struct vmr_region *windows[VMR_PCI_WINDOWS] = {
		&fn->bridge->io, &fn->bridge->mem, &fn->bridge->pref,
	};
	uint32_t decode = COMMAND_MEMORY;

	switch (index) {
	case 0:
		decode = COMMAND_IO;
		placement->start = (uint64_t)(config[REG_IO_BASE] & IO_MASK) << 8;
		placement->last = (uint64_t)(config[REG_IO_LIMIT] & IO_MASK) << 8 |
			     GRAIN_IO;
		break;
	case 1:
		placement->start = mem_base(config, REG_MEM_BASE);
		placement->last = mem_base(config, REG_MEM_LIMIT) | GRAIN_MEM;
		break;
	default:
		placement->start = mem_base(config, REG_PREF_BASE) |
			      (uint64_t)get_le32(&config[REG_PREF_UPPER]) << 32;
		placement->last = mem_base(config, REG_PREF_LIMIT) | GRAIN_MEM |
			     (uint64_t)get_le32(&config[REG_LIMIT_UPPER]) << 32;
	}
	placement->state = get_le16(&config[REG_COMMAND]) & decode &&
		      placement->start <= placement->last ? VMR_LIVE : VMR_FREE;
	return windows[index];
}

static void bridge_update_windows(struct vmr_pci_function *fn,
				  struct vmr_pci_reg_block *reg_block)
{
	(void)reg_block;
	vmr_pci_update_mappings(fn, (1u << VMR_PCI_WINDOWS) - 1,
				vmr_pci_window_placement);
}

/* Bases above limits: every window is closed */
static void bridge_reset_windows(struct vmr_pci_function *fn,
				 struct vmr_pci_reg_block *reg_block)
{
	(void)reg_block;
	fn->config[REG_IO_BASE] = IO_MASK;
	put_le16(&fn->config[REG_MEM_BASE], MEM_MASK);
	put_le16(&fn->config[REG_PREF_BASE], MEM_MASK | PREF_64BIT);
}

static void bridge_init_registers(struct vmr_pci_function *fn)
{
	put_le32(&fn->wmask[REG_BUS_NUMBERS], 0xffffff);
	fn->wmask[REG_IO_BASE] = IO_MASK;
	fn->wmask[REG_IO_LIMIT] = IO_MASK;
	put_le16(&fn->wmask[REG_MEM_BASE], MEM_MASK);
	put_le16(&fn->wmask[REG_MEM_LIMIT], MEM_MASK);
	put_le16(&fn->wmask[REG_PREF_BASE], MEM_MASK);
	put_le16(&fn->wmask[REG_PREF_LIMIT], MEM_MASK);
	put_le32(&fn->wmask[REG_PREF_UPPER], 0xffffffff);
	put_le32(&fn->wmask[REG_LIMIT_UPPER], 0xffffffff);
	put_le16(&fn->wmask[REG_CONTROL], CONTROL_WRITABLE);
	put_le16(&fn->config[REG_PREF_LIMIT], PREF_64BIT);
	fn->config[REG_HEADER] |= 1;
}

int vmr_pci_bridge_init(struct vmr_pci_bridge *bridge,
			struct vmr_manager *manager,
			const struct vmr_pci_ids *ids,
			const struct vmr_device_ops *ops, const char *name)
{
	struct vmr_pci_function *fn;
	int ret;

	if (!bridge || !manager)
		return -EINVAL;
	fn = &bridge->fn;
	fn->bridge = bridge;
	ret = vmr_pci_function_init(fn, ids, ops, name);
	if (ret) {
		fn->bridge = NULL;
		return ret;
	}
	bridge_init_registers(fn);
	vmr_pci_add_reg_block(fn, &bridge->reg_block, REG_BUS_NUMBERS,
			      REGISTERS_END - REG_BUS_NUMBERS);
	bridge->reg_block.write = bridge_update_windows;
	bridge->reg_block.reset = bridge_reset_windows;
	bridge_reset_windows(fn, &bridge->reg_block);

	vmr_bus_init(&bridge->bus, manager, &fn->dev);
	vmr_id_pool_init(&bridge->devfns, 0, 0xff);
	vmr_region_init(&bridge->io, VMR_PIO, VMR_REGION_WINDOW,
			GRAIN_IO + 1, VMR_PCI_NR_BARS, "I/O window");
	vmr_region_init(&bridge->mem, VMR_MMIO, VMR_REGION_WINDOW,
			GRAIN_MEM + 1, VMR_PCI_NR_BARS + 1, "memory window");
	vmr_region_init(&bridge->pref, VMR_MMIO, VMR_REGION_WINDOW,
			GRAIN_MEM + 1, VMR_PCI_NR_BARS + 2,
			"prefetchable window");
	bridge->pref.prefetchable = true;
	vmr_device_add_region(&fn->dev, &bridge->io);
	vmr_device_add_region(&fn->dev, &bridge->mem);
	vmr_device_add_region(&fn->dev, &bridge->pref);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_bridge_init);

int vmr_pci_bridge_plug(struct vmr_pci_bridge *bridge,
			struct vmr_pci_function *fn, uint32_t device)
{
	if (!bridge || !fn)
		return -EINVAL;
	if (fn->manager)
		return -EEXIST;
	if (!bridge->fn.manager)
		return -ENOENT;
	return vmr_pci_plug_at(bridge->fn.manager, fn, bridge, device);
}
EXPORT_SYMBOL_GPL(vmr_pci_bridge_plug);

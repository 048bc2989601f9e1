// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * bridge.c - PCI-to-PCI bridges
 *
 * A window is open if its base is not above its limit and the command register
 * enables decoding for its kind. An open window takes the addresses in its
 * registers, in the space that the bridge is in. If they are in use, the window
 * claims them, as a BAR does.
 */
#include "pci.h"

/* These bits read back what the guest wrote and have no effect */
#define BRIDGE_CTL_WRITABLE \
	(PCI_BRIDGE_CTL_PARITY | PCI_BRIDGE_CTL_SERR | PCI_BRIDGE_CTL_ISA | \
	 PCI_BRIDGE_CTL_VGA)

/* Windows begin and end at multiples of these */
#define IO_WINDOW_ALIGN		0x1000
#define MEM_WINDOW_ALIGN	0x100000

/* Also for the lower half of the prefetchable window, which has the same mask */
static uint64_t mem_base(const uint8_t *config, uint32_t reg)
{
	return (uint64_t)(get_le16(&config[reg]) &
			  (uint16_t)PCI_MEMORY_RANGE_MASK)
	       << 16;
}

struct vmr_region *vmr_pci_window_placement(struct vmr_pci_function *fn,
					    const uint8_t *config,
					    unsigned int index,
					    struct vmr_placement *placement)
{
	struct vmr_region *windows[VMR_PCI_NR_WINDOWS] = {
		&fn->bridge->io, &fn->bridge->mem, &fn->bridge->pref,
	};
	uint32_t decode = PCI_COMMAND_MEMORY;

	switch (index) {
	case 0:
		decode = PCI_COMMAND_IO;
		placement->start = (uint64_t)(config[PCI_IO_BASE] &
					      (uint8_t)PCI_IO_RANGE_MASK)
				   << 8;
		placement->last = (uint64_t)(config[PCI_IO_LIMIT] &
					     (uint8_t)PCI_IO_RANGE_MASK)
					  << 8 |
				  (IO_WINDOW_ALIGN - 1);
		break;
	case 1:
		placement->start = mem_base(config, PCI_MEMORY_BASE);
		placement->last = mem_base(config, PCI_MEMORY_LIMIT) |
				  (MEM_WINDOW_ALIGN - 1);
		break;
	default:
		placement->start =
			mem_base(config, PCI_PREF_MEMORY_BASE) |
			(uint64_t)get_le32(&config[PCI_PREF_BASE_UPPER32])
				<< 32;
		placement->last =
			mem_base(config, PCI_PREF_MEMORY_LIMIT) |
			(MEM_WINDOW_ALIGN - 1) |
			(uint64_t)get_le32(&config[PCI_PREF_LIMIT_UPPER32])
				<< 32;
	}
	placement->state = get_le16(&config[PCI_COMMAND]) & decode &&
				   placement->start <= placement->last ?
				   VMR_LIVE :
				   VMR_FREE;
	return windows[index];
}

static struct vmr_region *get_window_placement(struct vmr_device *dev,
					       unsigned int index,
					       struct vmr_placement *placement)
{
	struct vmr_pci_function *fn =
		container_of(dev, struct vmr_pci_function, dev);

	return vmr_pci_window_placement(fn, fn->config, index, placement);
}

static void bridge_update_windows(struct vmr_pci_function *fn,
				  struct vmr_pci_reg_block *reg_block)
{
	(void)reg_block;
	/* A listener may have unplugged the bridge during an earlier change */
	if (fn->manager)
		vmr_device_update_placements(fn->manager, &fn->dev,
					     (1u << VMR_PCI_NR_WINDOWS) - 1,
					     get_window_placement);
}

/* Close every window: the bases are above the limits */
static void bridge_reset_windows(struct vmr_pci_function *fn,
				 struct vmr_pci_reg_block *reg_block)
{
	(void)reg_block;
	fn->config[PCI_IO_BASE] = (uint8_t)PCI_IO_RANGE_MASK;
	put_le16(&fn->config[PCI_MEMORY_BASE], (uint16_t)PCI_MEMORY_RANGE_MASK);
	put_le16(&fn->config[PCI_PREF_MEMORY_BASE],
		 (uint16_t)PCI_PREF_RANGE_MASK | PCI_PREF_RANGE_TYPE_64);
}

static void bridge_init_registers(struct vmr_pci_function *fn)
{
	put_le32(&fn->wmask[PCI_PRIMARY_BUS], 0xffffff);
	fn->wmask[PCI_IO_BASE] = (uint8_t)PCI_IO_RANGE_MASK;
	fn->wmask[PCI_IO_LIMIT] = (uint8_t)PCI_IO_RANGE_MASK;
	put_le16(&fn->wmask[PCI_MEMORY_BASE], (uint16_t)PCI_MEMORY_RANGE_MASK);
	put_le16(&fn->wmask[PCI_MEMORY_LIMIT], (uint16_t)PCI_MEMORY_RANGE_MASK);
	put_le16(&fn->wmask[PCI_PREF_MEMORY_BASE],
		 (uint16_t)PCI_PREF_RANGE_MASK);
	put_le16(&fn->wmask[PCI_PREF_MEMORY_LIMIT],
		 (uint16_t)PCI_PREF_RANGE_MASK);
	put_le32(&fn->wmask[PCI_PREF_BASE_UPPER32], 0xffffffff);
	put_le32(&fn->wmask[PCI_PREF_LIMIT_UPPER32], 0xffffffff);
	put_le16(&fn->wmask[PCI_BRIDGE_CONTROL], BRIDGE_CTL_WRITABLE);
	put_le16(&fn->config[PCI_PREF_MEMORY_LIMIT], PCI_PREF_RANGE_TYPE_64);
	fn->config[PCI_HEADER_TYPE] |= PCI_HEADER_TYPE_BRIDGE;
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
	vmr_pci_add_reg_block(fn, &bridge->reg_block, PCI_PRIMARY_BUS,
			      PCI_IO_BASE_UPPER16 - PCI_PRIMARY_BUS);
	bridge->reg_block.write = bridge_update_windows;
	bridge->reg_block.reset = bridge_reset_windows;
	bridge_reset_windows(fn, &bridge->reg_block);

	vmr_bus_init(&bridge->bus, manager, &fn->dev);
	vmr_id_pool_init(&bridge->devfns, 0, 0xff);
	bridge->devfns.space.type = VMR_TYPE_PCI_FUNCTION;
	vmr_region_init(&bridge->io, VMR_PIO, VMR_REGION_WINDOW,
			IO_WINDOW_ALIGN, VMR_PCI_NR_BARS, "I/O window");
	vmr_region_init(&bridge->mem, VMR_MMIO, VMR_REGION_WINDOW,
			MEM_WINDOW_ALIGN, VMR_PCI_NR_BARS + 1, "memory window");
	vmr_region_init(&bridge->pref, VMR_MMIO, VMR_REGION_WINDOW,
			MEM_WINDOW_ALIGN, VMR_PCI_NR_BARS + 2,
			"prefetchable window");
	bridge->pref.prefetchable = true;
	bridge->io.by_registers = true;
	bridge->mem.by_registers = true;
	bridge->pref.by_registers = true;
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

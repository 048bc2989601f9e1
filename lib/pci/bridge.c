// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * bridge.c - PCI-to-PCI bridges
 *
 * The bus numbers are where lookup.c searches, and the windows are where window.c puts
 * them. Both follow the registers after each write and each reset.
 */
#include "pci.h"

/*
 * Bits of PCI_BRIDGE_CONTROL that <linux/pci_regs.h> does not name: the discard timers,
 * and the bit that reports them
 */
#define BRIDGE_CTL_DISCARD_TIMERS	0xb00
#define BRIDGE_CTL_DISCARD_STATUS	0x400

/*
 * The bits that read back what the guest wrote. VGA 16-bit decode (0x10) is not among
 * them: it selects whether aliases are forwarded, and they never are.
 */
#define BRIDGE_CTL_WRITABLE \
	(PCI_BRIDGE_CTL_PARITY | PCI_BRIDGE_CTL_SERR | PCI_BRIDGE_CTL_ISA | \
	 PCI_BRIDGE_CTL_VGA | PCI_BRIDGE_CTL_MASTER_ABORT | \
	 PCI_BRIDGE_CTL_BUS_RESET | PCI_BRIDGE_CTL_FAST_BACK | \
	 BRIDGE_CTL_DISCARD_TIMERS)

/* The registers of bridges, from the bus numbers to the end of the header */
#define BLOCK_START	PCI_PRIMARY_BUS
#define BLOCK_SIZE	(PCI_STD_HEADER_SIZEOF - BLOCK_START)

/* The reset values close every window: the bases are above the limits */
static const uint8_t reset_values[BLOCK_SIZE] = {
	[PCI_IO_BASE - BLOCK_START] = 0xf0,
	[PCI_MEMORY_BASE - BLOCK_START] = 0xf0,
	[PCI_MEMORY_BASE + 1 - BLOCK_START] = 0xff,
	[PCI_PREF_MEMORY_BASE - BLOCK_START] = 0xf0 | PCI_PREF_RANGE_TYPE_64,
	[PCI_PREF_MEMORY_BASE + 1 - BLOCK_START] = 0xff,
	[PCI_PREF_MEMORY_LIMIT - BLOCK_START] = PCI_PREF_RANGE_TYPE_64,
};

static void bridge_written(struct vmr_pci_function *fn,
			   struct vmr_pci_reg_block *reg_block,
			   const struct vmr_pci_write *write)
{
	struct vmr_pci_bridge *bridge = fn->bridge;
	unsigned int shift = 8 * (PCI_BRIDGE_CONTROL - write->offset);

	(void)reg_block;
	vmr_pci_update_windows(bridge);
	vmr_pci_update_numbers(bridge);
	if (fn->manager && vmr_pci_writes(write, PCI_BRIDGE_CONTROL, 1) &&
	    write->new_value >> shift & ~(write->old_value >> shift) &
		    PCI_BRIDGE_CTL_BUS_RESET)
		vmr_pci_reset_behind(bridge);
}

static void bridge_reset(struct vmr_pci_function *fn,
			 struct vmr_pci_reg_block *reg_block)
{
	(void)reg_block;
	vmr_pci_update_windows(fn->bridge);
	vmr_pci_update_numbers(fn->bridge);
}

static void bridge_restored(struct vmr_pci_function *fn,
			    struct vmr_pci_reg_block *reg_block)
{
	(void)reg_block;
	vmr_pci_update_numbers(fn->bridge);
}

static void bridge_remove(struct vmr_pci_function *fn,
			  struct vmr_pci_reg_block *reg_block)
{
	(void)reg_block;
	vmr_pci_remove_numbers(fn->bridge);
}

static void init_registers(struct vmr_pci_function *fn)
{
	uint8_t *wmask = fn->wmask;
	uint32_t i;

	for (i = 0; i < BLOCK_SIZE; i++)
		fn->config[BLOCK_START + i] |= reset_values[i];
	put_le32(&wmask[PCI_PRIMARY_BUS], 0xffffffff);
	wmask[PCI_IO_BASE] = (uint8_t)PCI_IO_RANGE_MASK;
	wmask[PCI_IO_LIMIT] = (uint8_t)PCI_IO_RANGE_MASK;
	put_le16(&fn->w1cmask[PCI_SEC_STATUS], VMR_PCI_STATUS_W1C);
	put_le16(&wmask[PCI_MEMORY_BASE], (uint16_t)PCI_MEMORY_RANGE_MASK);
	put_le16(&wmask[PCI_MEMORY_LIMIT], (uint16_t)PCI_MEMORY_RANGE_MASK);
	put_le16(&wmask[PCI_PREF_MEMORY_BASE], (uint16_t)PCI_PREF_RANGE_MASK);
	put_le16(&wmask[PCI_PREF_MEMORY_LIMIT], (uint16_t)PCI_PREF_RANGE_MASK);
	put_le32(&wmask[PCI_PREF_BASE_UPPER32], 0xffffffff);
	put_le32(&wmask[PCI_PREF_LIMIT_UPPER32], 0xffffffff);
	put_le16(&wmask[PCI_BRIDGE_CONTROL], BRIDGE_CTL_WRITABLE);
	put_le16(&fn->w1cmask[PCI_BRIDGE_CONTROL], BRIDGE_CTL_DISCARD_STATUS);
	fn->config[PCI_HEADER_TYPE] |= PCI_HEADER_TYPE_BRIDGE;
}

static void init_bridge(struct vmr_pci_bridge *bridge,
			struct vmr_manager *manager)
{
	struct vmr_pci_function *fn = &bridge->fn;

	init_registers(fn);
	vmr_pci_add_reg_block(fn, &bridge->reg_block, BLOCK_START, BLOCK_SIZE);
	bridge->reg_block.contents = reset_values;
	bridge->reg_block.write = bridge_written;
	bridge->reg_block.reset = bridge_reset;
	bridge->reg_block.restored = bridge_restored;
	bridge->reg_block.remove = bridge_remove;
	vmr_bus_init(&bridge->bus, manager, &fn->dev);
	/* A function has a number below 256, its VFs may be on later buses */
	vmr_id_pool_init(&bridge->devfns, 0, 0xffff);
	bridge->devfns.space.type = VMR_TYPE_PCI_FUNCTION;
	vmr_space_init(&bridge->bridges, 0, 0xff);
	vmr_pci_add_windows(bridge);
}

/* With 4096 bytes of registers in @space, or 256 of its own if that is NULL */
static int init(struct vmr_pci_bridge *bridge,
		struct vmr_pci_express_config_space *space,
		struct vmr_manager *manager, const struct vmr_pci_ids *ids,
		const struct vmr_device_ops *ops, const char *name)
{
	struct vmr_pci_function *fn;
	int ret;

	if (!bridge || !manager)
		return -EINVAL;
	fn = &bridge->fn;
	fn->bridge = bridge;
	ret = vmr_pci_init_function(fn, space, ids, ops, name);
	if (ret)
		fn->bridge = NULL;
	else
		init_bridge(bridge, manager);
	return ret;
}

int vmr_pci_bridge_init(struct vmr_pci_bridge *bridge,
			struct vmr_manager *manager,
			const struct vmr_pci_ids *ids,
			const struct vmr_device_ops *ops, const char *name)
{
	return init(bridge, NULL, manager, ids, ops, name);
}
EXPORT_SYMBOL_GPL(vmr_pci_bridge_init);

int vmr_pci_bridge_init_express(struct vmr_pci_bridge *bridge,
				struct vmr_pci_express_config_space *space,
				struct vmr_manager *manager,
				const struct vmr_pci_ids *ids,
				const struct vmr_device_ops *ops,
				const char *name)
{
	return space ? init(bridge, space, manager, ids, ops, name) : -EINVAL;
}
EXPORT_SYMBOL_GPL(vmr_pci_bridge_init_express);

int vmr_pci_bridge_plug(struct vmr_pci_bridge *bridge,
			struct vmr_pci_function *fn, uint32_t devfn)
{
	if (!bridge || !fn || fn->pf)
		return -EINVAL;
	if (fn->manager)
		return -EEXIST;
	if (!bridge->fn.manager)
		return -ENOENT;
	return vmr_pci_plug_devfn(bridge->fn.manager, bridge->fn.host, bridge,
				  fn, devfn);
}
EXPORT_SYMBOL_GPL(vmr_pci_bridge_plug);

int vmr_pci_bridge_plug_card(struct vmr_pci_bridge *bridge,
			     struct vmr_pci_function *const *fns,
			     unsigned int nr, uint32_t device)
{
	if (!bridge)
		return -EINVAL;
	return vmr_pci_plug_card_at(bridge->fn.manager, bridge->fn.host, bridge,
				    fns, nr, device);
}
EXPORT_SYMBOL_GPL(vmr_pci_bridge_plug_card);

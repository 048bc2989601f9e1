// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * function.c - plug, unplug and find functions
 *
 * Functions at the root are in the @pci_bdfs of the system, functions behind a
 * bridge in the @devfns of the bridge.
 */
#include "pci.h"

int vmr_pci_function_init(struct vmr_pci_function *fn,
			  const struct vmr_pci_ids *ids,
			  const struct vmr_device_ops *ops, const char *name)
{
	if (!fn || !ids || !ops || ids->irq_pin > 4)
		return -EINVAL;
	vmr_range_set_type(&fn->address, VMR_TYPE_PCI_FUNCTION);
	fn->dev.ops = ops;
	fn->dev.name = name;
	put_le16(&fn->config[PCI_VENDOR_ID], ids->vendor);
	put_le16(&fn->config[PCI_DEVICE_ID], ids->device);
	put_le32(&fn->config[PCI_REVISION_ID],
		 ids->class_code << 8 | ids->revision);
	fn->config[PCI_HEADER_TYPE] = ids->header_type;
	if (!fn->bridge) {
		put_le16(&fn->config[PCI_SUBSYSTEM_VENDOR_ID], ids->subvendor);
		put_le16(&fn->config[PCI_SUBSYSTEM_ID], ids->subdevice);
	}
	fn->config[PCI_INTERRUPT_PIN] = ids->irq_pin;
	put_le16(&fn->wmask[PCI_COMMAND], VMR_PCI_COMMAND_WRITABLE);
	fn->wmask[PCI_CACHE_LINE_SIZE] = 0xff;
	fn->wmask[PCI_LATENCY_TIMER] = 0xff;
	fn->wmask[PCI_INTERRUPT_LINE] = 0xff;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_function_init);

static void clear_writable(struct vmr_pci_function *fn, uint32_t offset,
			   uint32_t size)
{
	for (; size--; offset++)
		fn->config[offset] &= ~fn->wmask[offset];
}

/* Reset the registers that determine addresses and vectors */
static void reset_registers(struct vmr_pci_function *fn)
{
	struct vmr_pci_reg_block *reg_block;

	clear_writable(fn, PCI_COMMAND, 2);
	clear_writable(fn, PCI_BASE_ADDRESS_0, 4 * vmr_pci_nr_bar_regs(fn));
	clear_writable(fn, vmr_pci_bar_reg(fn, VMR_PCI_ROM), 4);
	for (reg_block = fn->reg_blocks; reg_block;
	     reg_block = reg_block->next) {
		clear_writable(fn, reg_block->offset, reg_block->size);
		if (reg_block->reset)
			reg_block->reset(fn, reg_block);
	}
}

static struct vmr_id_pool *function_id_pool(struct vmr_manager *manager,
					    struct vmr_pci_bridge *upstream)
{
	return upstream ? &upstream->devfns : &manager->sys->pci_bdfs;
}

int vmr_pci_plug_at(struct vmr_manager *manager, struct vmr_pci_function *fn,
		    struct vmr_pci_bridge *upstream, uint32_t address)
{
	struct vmr_id_pool *ids;
	uint64_t watermark;
	int ret;

	if (!manager || !fn)
		return -EINVAL;
	if (fn->manager)
		return -EEXIST;
	ids = function_id_pool(manager, upstream);
	watermark = ids->high_watermark;
	ret = vmr_id_reserve(ids, &fn->address, address, NULL);
	if (ret)
		return ret;
	/* A failure below must not change the watermark */
	ids->high_watermark = watermark;
	reset_registers(fn);
	fn->manager = manager;
	fn->upstream_bridge = upstream;
	fn->dev.parent_bus = upstream ? &upstream->bus : NULL;
	ret = vmr_device_register(manager, &fn->dev, NULL, NULL);
	if (!ret) {
		vmr_id_raise_watermark(ids, &fn->address);
		return 0;
	}
	fn->manager = NULL;
	fn->upstream_bridge = NULL;
	fn->dev.parent_bus = NULL;
	vmr_id_free_range(ids, &fn->address);
	return ret;
}

int vmr_pci_plug(struct vmr_manager *manager, struct vmr_pci_function *fn,
		 uint32_t address)
{
	return vmr_pci_plug_at(manager, fn, NULL, address);
}
EXPORT_SYMBOL_GPL(vmr_pci_plug);

int vmr_pci_register_restored(struct vmr_manager *manager,
			      struct vmr_pci_function *fn, size_t *failed)
{
	struct vmr_bus *parent;
	struct vmr_id_pool *ids;
	int ret;

	if (!manager || !fn)
		return -EINVAL;
	if (fn->manager)
		return -EEXIST;
	ids = function_id_pool(manager, fn->upstream_bridge);
	if (vmr_range_state(&fn->address) != VMR_LIVE ||
	    !vmr_in_space(&ids->space, &fn->address))
		return -ENOENT;
	parent = fn->dev.parent_bus;
	fn->manager = manager;
	fn->dev.parent_bus = fn->upstream_bridge ? &fn->upstream_bridge->bus :
						   NULL;
	ret = vmr_device_register_restored(manager, &fn->dev, failed);
	if (ret) {
		fn->manager = NULL;
		fn->dev.parent_bus = parent;
	}
	return ret;
}
EXPORT_SYMBOL_GPL(vmr_pci_register_restored);

int vmr_pci_unplug(struct vmr_pci_function *fn)
{
	struct vmr_manager *manager;
	struct vmr_pci_reg_block *reg_block;
	int ret;

	if (!fn)
		return -EINVAL;
	manager = fn->manager;
	if (!manager)
		return -ENOENT;
	if (fn->dev.transaction ||
	    (fn->dev.subordinate && fn->dev.subordinate->nr_devices))
		return -EBUSY;
	/* Listeners must not find vectors of an unregistered function */
	for (reg_block = fn->reg_blocks; reg_block; reg_block = reg_block->next)
		if (reg_block->remove)
			reg_block->remove(fn, reg_block);
	fn->manager = NULL;
	vmr_id_free_range(function_id_pool(manager, fn->upstream_bridge),
			  &fn->address);
	ret = vmr_device_unregister(manager, &fn->dev);
	VMR_ASSERT(ret >= 0 || ret == -ENOENT);
	fn->upstream_bridge = NULL;
	fn->dev.parent_bus = NULL;
	/* Here, since a later call of vmr_pci_plug() that fails undoes no reset */
	reset_registers(fn);
	/* The caller may have unregistered the device: no region was mapped */
	return ret == -ENOENT ? 0 : ret;
}
EXPORT_SYMBOL_GPL(vmr_pci_unplug);

static struct vmr_pci_function *to_function(struct vmr_range *range)
{
	return range ? container_of(range, struct vmr_pci_function, address) :
		       NULL;
}

/* Find the bridge on the bus @parent that leads to @bus by its bus numbers */
static struct vmr_pci_bridge *find_bridge_to_bus(const struct vmr_id_pool *ids,
						 uint32_t parent, uint32_t bus)
{
	struct vmr_range *range;

	vmr_for_each_range(range, &ids->space) {
		const struct vmr_pci_function *fn = to_function(range);

		if (fn->bridge && fn->config[PCI_SECONDARY_BUS] > parent &&
		    fn->config[PCI_SECONDARY_BUS] <= bus &&
		    fn->config[PCI_SUBORDINATE_BUS] >= bus)
			return fn->bridge;
	}
	return NULL;
}

struct vmr_pci_function *
vmr_pci_find_function(const struct vmr_manager *manager, uint32_t address)
{
	uint32_t bus = address >> 8 & 0xff, parent = 0;
	struct vmr_pci_bridge *bridge;
	const struct vmr_id_pool *ids;
	struct vmr_range *range;

	if (!manager)
		return NULL;
	ids = &manager->sys->pci_bdfs;
	range = vmr_id_find(ids, address);
	/* The loop ends: @parent increases, and a bus number is at most 255 */
	while (!range && (bridge = find_bridge_to_bus(ids, parent, bus))) {
		ids = &bridge->devfns;
		parent = bridge->fn.config[PCI_SECONDARY_BUS];
		if (parent == bus)
			return to_function(vmr_id_find(ids, address & 0xff));
	}
	return to_function(range);
}
EXPORT_SYMBOL_GPL(vmr_pci_find_function);

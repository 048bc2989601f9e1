// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * function.c - PCI functions: plugging, unplugging, finding
 */
#include "pci.h"

int vmr_pci_function_init(struct vmr_pci_function *fn,
			  const struct vmr_pci_ids *ids,
			  const struct vmr_device_ops *ops, const char *name)
{
	if (!fn || !ids || !ops || ids->irq_pin > 4)
		return -EINVAL;
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

/* What a reset leaves of the registers that places and vectors follow */
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
					    struct vmr_pci_bridge *behind)
{
	return behind ? &behind->devfns : &manager->sys->pci_bdfs;
}

int vmr_pci_plug_at(struct vmr_manager *manager, struct vmr_pci_function *fn,
		    struct vmr_pci_bridge *behind, uint32_t address)
{
	struct vmr_id_pool *ids;
	uint64_t issued;
	int ret;

	if (!manager || !fn)
		return -EINVAL;
	if (fn->manager)
		return -EEXIST;
	ids = function_id_pool(manager, behind);
	issued = ids->high_watermark;
	ret = vmr_id_reserve(ids, &fn->address, address, NULL);
	if (ret)
		return ret;
	/* As vmr_watermarks_swap() has it */
	ids->high_watermark = issued;
	reset_registers(fn);
	fn->manager = manager;
	fn->upstream_bridge = behind;
	fn->dev.parent_bus = behind ? &behind->bus : NULL;
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
	/* Vectors first, so that listeners find none of the function's left */
	if (fn->dev.transaction ||
	    (fn->dev.subordinate && fn->dev.subordinate->nr_devices))
		return -EBUSY;
	for (reg_block = fn->reg_blocks; reg_block; reg_block = reg_block->next)
		if (reg_block->remove)
			reg_block->remove(fn, reg_block);
	fn->manager = NULL;
	vmr_id_free_range(function_id_pool(manager, fn->upstream_bridge),
			  &fn->address);
	ret = vmr_device_unregister(manager, &fn->dev);
	fn->upstream_bridge = NULL;
	fn->dev.parent_bus = NULL;
	/* Now, so that a later plugging that fails has nothing to undo */
	reset_registers(fn);
	/* The caller may have unlinked the device by itself: then none was */
	return ret == -ENOENT ? 0 : ret;
}
EXPORT_SYMBOL_GPL(vmr_pci_unplug);

static struct vmr_pci_function *to_function(struct vmr_range *range)
{
	return range ? container_of(range, struct vmr_pci_function, address) :
		       NULL;
}

/* The bridge among some functions that leads on to a bus; @own is their bus */
static struct vmr_pci_bridge *find_bridge_to_bus(const struct vmr_id_pool *ids,
						 uint32_t own, uint32_t bus)
{
	struct vmr_range *range;

	vmr_for_each_range(range, &ids->space) {
		const struct vmr_pci_function *fn = to_function(range);

		if (fn->bridge && fn->config[PCI_SECONDARY_BUS] > own &&
		    fn->config[PCI_SECONDARY_BUS] <= bus &&
		    fn->config[PCI_SUBORDINATE_BUS] >= bus)
			return fn->bridge;
	}
	return NULL;
}

struct vmr_pci_function *
vmr_pci_find_function(const struct vmr_manager *manager, uint32_t address)
{
	uint32_t bus = address >> 8 & 0xff, own = 0;
	struct vmr_pci_bridge *bridge;
	const struct vmr_id_pool *ids;
	struct vmr_range *range;

	if (!manager)
		return NULL;
	ids = &manager->sys->pci_bdfs;
	range = vmr_id_find(ids, address);
	/* Bus numbers rise on the way, so the way has an end */
	while (!range && (bridge = find_bridge_to_bus(ids, own, bus))) {
		ids = &bridge->devfns;
		own = bridge->fn.config[PCI_SECONDARY_BUS];
		if (own == bus)
			return to_function(vmr_id_find(ids, address & 0xff));
	}
	return to_function(range);
}
EXPORT_SYMBOL_GPL(vmr_pci_find_function);

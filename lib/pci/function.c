// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * function.c - initialise, plug and unplug functions
 *
 * Functions at the root are in the @pci_bdfs of the system, functions behind a
 * bridge in the @devfns of the bridge.
 */
#include "pci.h"

#include "range/engine.h"

static void init_ids(struct vmr_pci_function *fn, const struct vmr_pci_ids *ids)
{
	uint8_t *config = fn->config;

	put_le16(&config[PCI_VENDOR_ID], ids->vendor);
	put_le16(&config[PCI_DEVICE_ID], ids->device);
	put_le32(&config[PCI_REVISION_ID],
		 ids->class_code << 8 | ids->revision);
	config[PCI_HEADER_TYPE] = ids->header_type;
	config[PCI_INTERRUPT_PIN] = ids->irq_pin;
	if (fn->bridge)
		return;
	put_le16(&config[PCI_SUBSYSTEM_VENDOR_ID], ids->subvendor);
	put_le16(&config[PCI_SUBSYSTEM_ID], ids->subdevice);
}

/* 4096 bytes of registers in @space, or 256 of the function's own if it is NULL */
static void init_registers(struct vmr_pci_function *fn,
			   struct vmr_pci_express_config_space *space)
{
	fn->config = space ? space->config : fn->conventional.config;
	fn->wmask = space ? space->wmask : fn->conventional.wmask;
	fn->w1cmask = space ? space->w1cmask : fn->conventional.w1cmask;
	fn->config_size = space ? VMR_PCI_EXPRESS_CONFIG_SIZE :
				  VMR_PCI_CONFIG_SIZE;
	put_le16(&fn->wmask[PCI_COMMAND], VMR_PCI_COMMAND_WRITABLE);
	put_le16(&fn->w1cmask[PCI_STATUS], VMR_PCI_STATUS_W1C);
	fn->wmask[PCI_CACHE_LINE_SIZE] = 0xff;
	fn->wmask[PCI_INTERRUPT_LINE] = 0xff;
}

int vmr_pci_init_function(struct vmr_pci_function *fn,
			  struct vmr_pci_express_config_space *space,
			  const struct vmr_pci_ids *ids,
			  const struct vmr_device_ops *ops, const char *name)
{
	if (!fn || !ids || !ops || ids->irq_pin > 4 ||
	    ids->header_type & ~VMR_PCI_MULTIFUNCTION)
		return -EINVAL;
	fn->dev.ops = ops;
	fn->dev.name = name;
	init_registers(fn, space);
	init_ids(fn, ids);
	vmr_range_set_type(&fn->address, VMR_TYPE_PCI_FUNCTION);
	return 0;
}

int vmr_pci_function_init(struct vmr_pci_function *fn,
			  const struct vmr_pci_ids *ids,
			  const struct vmr_device_ops *ops, const char *name)
{
	return vmr_pci_init_function(fn, NULL, ids, ops, name);
}
EXPORT_SYMBOL_GPL(vmr_pci_function_init);

int vmr_pci_function_init_express(struct vmr_pci_function *fn,
				  struct vmr_pci_express_config_space *space,
				  const struct vmr_pci_ids *ids,
				  const struct vmr_device_ops *ops,
				  const char *name)
{
	return space ? vmr_pci_init_function(fn, space, ids, ops, name) : -EINVAL;
}
EXPORT_SYMBOL_GPL(vmr_pci_function_init_express);

int vmr_pci_endpoint_init(struct vmr_pci_endpoint *endpoint,
			  const struct vmr_pci_ids *ids,
			  const struct vmr_device_ops *ops, const char *name)
{
	int ret;

	if (!endpoint)
		return -EINVAL;
	ret = vmr_pci_function_init_express(&endpoint->fn, &endpoint->space,
					    ids, ops, name);
	return ret ? ret : vmr_pci_add_express(&endpoint->fn, &endpoint->express,
					       VMR_PCI_EXPRESS_ENDPOINT);
}
EXPORT_SYMBOL_GPL(vmr_pci_endpoint_init);

/* The owner may hold the address already: it is accepted where it is */
static int take_address(struct vmr_id_pool *ids, struct vmr_pci_function *fn,
			uint32_t address, bool *reserved)
{
	uint64_t watermark = ids->high_watermark;
	int ret;

	*reserved = !(vmr_in_space(&ids->space, &fn->address) &&
		      vmr_range_state(&fn->address) == VMR_LIVE &&
		      fn->address.start == address);
	if (!*reserved)
		return 0;
	ret = vmr_id_reserve(ids, &fn->address, address, NULL);
	/* A failure to plug must not change the watermark */
	ids->high_watermark = watermark;
	return ret;
}

bool vmr_pci_devfn_allowed(const struct vmr_pci_function *fn,
			   const struct vmr_pci_bridge *upstream, uint32_t devfn)
{
	if (!upstream || fn->pf || devfn < VMR_PCI_FUNCTIONS)
		return true;
	return devfn <= 0xff && (!vmr_pci_has_one_device(upstream) || fn->ari);
}

/*
 * Functions at the root are on the first bus of the host bridge above them. Virtual
 * functions may be on others.
 */
bool vmr_pci_address_fits(const struct vmr_pci_function *fn,
			  const struct vmr_pci_host *host, uint64_t address)
{
	if (fn->upstream_bridge || fn->pf)
		return vmr_pci_devfn_allowed(fn, fn->upstream_bridge,
					     (uint32_t)address);
	return !host || host->bus_start == (address >> 8 & 0xff);
}

/* Undo what prepare_blocks() has done for the blocks before @end */
static void undo_blocks(struct vmr_pci_function *fn,
			const struct vmr_pci_reg_block *end)
{
	struct vmr_pci_reg_block *reg_block;

	for (reg_block = fn->reg_blocks; reg_block != end;
	     reg_block = reg_block->next)
		if (reg_block->undo_plug)
			reg_block->undo_plug(fn, reg_block);
}

/* A block that fails has undone what it did */
static int prepare_blocks(struct vmr_pci_function *fn)
{
	struct vmr_pci_reg_block *reg_block;
	int ret;

	for (reg_block = fn->reg_blocks; reg_block;
	     reg_block = reg_block->next) {
		ret = reg_block->plug ? reg_block->plug(fn, reg_block) : 0;
		if (ret) {
			undo_blocks(fn, reg_block);
			return ret;
		}
	}
	return 0;
}

/* While functions are below them, the host bridge and the bridge must remain */
static void enter(struct vmr_pci_function *fn)
{
	if (fn->msix)
		WRITE_ONCE(fn->msix->lock, fn->host ? fn->host->lock : NULL);
	if (fn->host)
		fn->host->nr_functions++;
	if (fn->upstream_bridge)
		vmr_bus_hold(&fn->upstream_bridge->bus);
}

static void free_address(struct vmr_id_pool *ids, struct vmr_pci_function *fn)
{
	if (fn->address_reserved)
		vmr_id_free_range(ids, &fn->address);
}

/* @fn is not plugged */
int vmr_pci_attach(struct vmr_manager *manager, struct vmr_pci_function *fn,
		   struct vmr_pci_host *host, struct vmr_pci_bridge *upstream,
		   uint32_t address)
{
	struct vmr_id_pool *ids = vmr_pci_devfns(manager, upstream);
	int ret;

	if (!vmr_pci_devfn_allowed(fn, upstream, address))
		return -ERANGE;
	ret = take_address(ids, fn, address, &fn->address_reserved);
	if (ret)
		return ret;
	ret = prepare_blocks(fn);
	if (ret) {
		free_address(ids, fn);
		return ret;
	}
	vmr_pci_reset_registers(fn, VMR_PCI_RESET_BUS);
	vmr_pci_update_sizes(fn);
	fn->manager = manager;
	fn->host = host;
	fn->upstream_bridge = upstream;
	fn->dev.parent_bus = upstream ? &upstream->bus : NULL;
	enter(fn);
	return 0;
}

static void leave(struct vmr_pci_function *fn)
{
	if (fn->upstream_bridge)
		vmr_bus_release(&fn->upstream_bridge->bus);
	if (fn->host)
		fn->host->nr_functions--;
	fn->manager = NULL;
	/* A write of the MSI-X table may load it meanwhile */
	WRITE_ONCE(fn->host, NULL);
}

/* Undo vmr_pci_attach() of a function that was not registered */
void vmr_pci_detach(struct vmr_pci_function *fn)
{
	struct vmr_id_pool *ids = vmr_pci_devfns(fn->manager,
						 fn->upstream_bridge);

	undo_blocks(fn, NULL);
	leave(fn);
	fn->upstream_bridge = NULL;
	fn->dev.parent_bus = NULL;
	free_address(ids, fn);
}

void vmr_pci_attached(struct vmr_pci_function *fn)
{
	vmr_id_raise_watermark(vmr_pci_devfns(fn->manager, fn->upstream_bridge),
			       &fn->address);
	vmr_pci_ari_update(fn);
}

int vmr_pci_plug_at(struct vmr_manager *manager, struct vmr_pci_function *fn,
		    struct vmr_pci_host *host, struct vmr_pci_bridge *upstream,
		    uint32_t address)
{
	int ret = vmr_pci_attach(manager, fn, host, upstream, address);

	if (ret)
		return ret;
	ret = vmr_device_register(manager, &fn->dev, NULL, NULL);
	if (ret) {
		vmr_pci_detach(fn);
		return ret;
	}
	vmr_pci_attached(fn);
	vmr_pci_bus_changed(upstream);
	return 0;
}

int vmr_pci_plug(struct vmr_manager *manager, struct vmr_pci_function *fn,
		 uint32_t address)
{
	struct vmr_pci_host *host;
	uint32_t bus = address >> 8 & 0xff;

	if (!manager || !fn || fn->pf)
		return -EINVAL;
	if (fn->manager)
		return -EEXIST;
	host = vmr_pci_find_host(manager, address >> 16, bus);
	if (host && host->bus_start != bus)
		return -ERANGE;
	return vmr_pci_plug_at(manager, fn, host, NULL, address);
}
EXPORT_SYMBOL_GPL(vmr_pci_plug);

/* All vectors that are held count before one that waits is requested: none counts yet */
static void count_vectors(struct vmr_pci_function *fn)
{
	const struct vmr_pci_msix *msix = fn->msix;
	const struct vmr_range *range;
	uint32_t i;

	if (fn->msi && fn->msi->range.node.link) {
		range = &fn->msi->range;
		fn->nr_vectors = (uint32_t)(range->last - range->start + 1);
	}
	for (i = 0; msix && i < msix->nr; i++)
		fn->nr_vectors += !!msix->entries[i].range.node.link;
}

/* The vectors, the level of the pin, and the place of a BAR that is being sized */
static void function_restored(struct vmr_pci_function *fn)
{
	struct vmr_pci_reg_block *reg_block;
	struct vmr_pci_bar *bar;
	unsigned int i;

	count_vectors(fn);
	fn->vf_unpowered = !vmr_pci_powered(fn, fn->config);
	for (i = 0; i < vmr_pci_nr_bars(fn); i++) {
		bar = vmr_pci_bar(fn, i);
		bar->has_old_start = vmr_range_state(&bar->region.range) !=
				     VMR_FREE;
		bar->old_start = bar->region.range.start;
	}
	/* A callback may unplug the function */
	for (reg_block = fn->reg_blocks; fn->manager && reg_block;
	     reg_block = reg_block->next)
		if (reg_block->restored)
			reg_block->restored(fn, reg_block);
	if (fn->manager)
		vmr_pci_intx_update(fn);
}

/* The host bridge above a function whose address is restored */
static struct vmr_pci_host *restored_host(struct vmr_manager *manager,
					  const struct vmr_pci_function *fn)
{
	uint32_t address = vmr_id_value(&fn->address);

	if (fn->upstream_bridge)
		return fn->upstream_bridge->fn.host;
	return vmr_pci_find_host(manager, address >> 16, address >> 8 & 0xff);
}

static int check_restored(struct vmr_manager *manager,
			  const struct vmr_pci_function *fn)
{
	struct vmr_id_pool *ids;

	if (fn->manager)
		return -EEXIST;
	if (fn->pf && !fn->pf->manager)
		return -ENOENT;
	ids = vmr_pci_devfns(manager, fn->upstream_bridge);
	if (vmr_range_state(&fn->address) != VMR_LIVE ||
	    !vmr_in_space(&ids->space, &fn->address) ||
	    fn->address.start != fn->address.last ||
	    (fn->upstream_bridge && !fn->upstream_bridge->fn.manager))
		return -ENOENT;
	if (!vmr_pci_address_fits(fn, restored_host(manager, fn),
				  fn->address.start))
		return -ERANGE;
	return 0;
}

int vmr_pci_register_restored(struct vmr_manager *manager,
			      struct vmr_pci_function *fn, size_t *failed)
{
	struct vmr_pci_bridge *old_upstream;
	struct vmr_pci_host *old_host;
	struct vmr_bus *old_parent;
	int ret;

	if (!manager || !fn)
		return -EINVAL;
	old_upstream = fn->upstream_bridge;
	if (fn->pf)
		fn->upstream_bridge = fn->pf->upstream_bridge;
	ret = check_restored(manager, fn);
	if (!ret)
		ret = prepare_blocks(fn);
	if (ret) {
		fn->upstream_bridge = old_upstream;
		return ret;
	}
	old_parent = fn->dev.parent_bus;
	old_host = fn->host;
	fn->manager = manager;
	fn->host = restored_host(manager, fn);
	fn->dev.parent_bus = fn->upstream_bridge ? &fn->upstream_bridge->bus :
						   NULL;
	enter(fn);
	ret = vmr_device_register_restored(manager, &fn->dev, failed);
	if (!ret) {
		vmr_pci_ari_update(fn);
		function_restored(fn);
		vmr_pci_bus_changed(fn->upstream_bridge);
		return 0;
	}
	undo_blocks(fn, NULL);
	leave(fn);
	fn->host = old_host;
	fn->upstream_bridge = old_upstream;
	fn->dev.parent_bus = old_parent;
	return ret;
}
EXPORT_SYMBOL_GPL(vmr_pci_register_restored);

/* Free what the function holds besides its regions and its address */
static void release_resources(struct vmr_pci_function *fn)
{
	struct vmr_pci_reg_block *reg_block;

	fn->intx_level = false;
	vmr_pci_intx_update(fn);
	for (reg_block = fn->reg_blocks; reg_block; reg_block = reg_block->next)
		if (reg_block->remove)
			reg_block->remove(fn, reg_block);
}

bool vmr_pci_unplug_begin(struct vmr_pci_function *fn)
{
	/* Listeners must not find vectors of an unregistered function */
	release_resources(fn);
	/* A callback for a vector may have unplugged it */
	if (!fn->manager)
		return false;
	vmr_id_free_range(vmr_pci_devfns(fn->manager, fn->upstream_bridge),
			  &fn->address);
	leave(fn);
	return true;
}

void vmr_pci_unplug_end(struct vmr_pci_function *fn)
{
	vmr_pci_ari_update(fn);
	fn->upstream_bridge = NULL;
	fn->dev.parent_bus = NULL;
	/* Here, since a later call of vmr_pci_plug() that fails undoes no reset */
	vmr_pci_reset_registers(fn, VMR_PCI_RESET_BUS);
	vmr_pci_update_sizes(fn);
	if (fn->multifunction)
		fn->config[PCI_HEADER_TYPE] &= PCI_HEADER_TYPE_MASK;
	fn->multifunction = false;
}

/* All addresses and devices behind a bridge are those of plugged functions */
static bool only_functions_behind(const struct vmr_pci_bridge *bridge)
{
	const struct vmr_pci_function *fn;
	size_t nr_registered = 0;
	struct vmr_range *range;

	for (range = vmr_first_range(&bridge->devfns.space); range;
	     range = vmr_next_range(range)) {
		fn = vmr_pci_to_function(range);
		if (!fn->manager)
			return false;
		nr_registered += vmr_device_is_registered(&fn->dev);
	}
	return bridge->bus.nr_devices == nr_registered;
}

bool vmr_pci_can_unplug(const struct vmr_pci_function *fn)
{
	return !fn->dev.transaction && !(fn->sriov && fn->sriov->busy) &&
	       (!fn->bridge || only_functions_behind(fn->bridge));
}

int vmr_pci_unplug(struct vmr_pci_function *fn)
{
	struct vmr_pci_bridge *upstream;
	struct vmr_manager *manager;
	int ret;

	if (!fn)
		return -EINVAL;
	manager = fn->manager;
	if (!manager)
		return -ENOENT;
	if (fn->dev.transaction || fn->pf || (fn->sriov && fn->sriov->busy) ||
	    (fn->bridge && fn->bridge->devfns.space.nr_ranges) ||
	    vmr_bus_in_use(fn->dev.subordinate))
		return -EBUSY;
	upstream = fn->upstream_bridge;
	if (!vmr_pci_unplug_begin(fn))
		return 0;
	ret = vmr_device_unregister(manager, &fn->dev);
	VMR_ASSERT(ret >= 0 || ret == -ENOENT);
	vmr_pci_unplug_end(fn);
	vmr_pci_bus_changed(upstream);
	/* The caller may have unregistered the device: no region was mapped */
	return ret == -ENOENT ? 0 : ret;
}
EXPORT_SYMBOL_GPL(vmr_pci_unplug);

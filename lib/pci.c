// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * pci.c - PCI functions: what a guest writes to BARs becomes moves
 *
 * The registers are kept as bytes in guest memory order and are the only state:
 * after each write that touches a BAR or the command register, the regions are
 * put where the registers say.
 */
#include "pci.h"

#define CONF1_PORT	0xcf8
#define CONF1_NR_PORTS		8
#define CONFIG_ADDRESS_ENABLE	0x80000000u

static uint32_t bar_reg(const struct vmr_pci_function *fn, unsigned int index)
{
	if (index == VMR_PCI_ROM)
		return fn->bridge ? REG_BRIDGE_ROM : REG_ROM;
	return REG_BARS + 4 * index;
}

/* All the address bits that the BAR's registers have */
static uint64_t bar_mask(const struct vmr_pci_bar *bar)
{
	uint64_t mask = ~(bar->region.size - 1);

	return bar->type == VMR_PCI_BAR_MEM64 ? mask : mask & 0xffffffffu;
}

static uint64_t bar_value(const struct vmr_pci_function *fn,
			  const uint8_t *config, unsigned int index)
{
	const struct vmr_pci_bar *bar = &fn->bars[index];
	uint32_t reg = bar_reg(fn, index);
	uint64_t value = get_le32(&config[reg]);

	if (bar->type == VMR_PCI_BAR_MEM64)
		value |= (uint64_t)get_le32(&config[reg + 4]) << 32;
	return value & bar_mask(bar);
}

/*
 * Whether the registers hold an address and not a step of sizing. A 64-bit BAR
 * that is being sized has for a moment ones in the lower half below a zero upper
 * half: that is the end of the 32-bit space, where no BAR lives either.
 */
static bool bar_has_address(const struct vmr_pci_function *fn,
			    const uint8_t *config, unsigned int index,
			    uint64_t *addr)
{
	uint64_t mask = bar_mask(&fn->bars[index]);

	*addr = bar_value(fn, config, index);
	return *addr && *addr != mask && *addr != (mask & 0xffffffffu);
}

static bool bar_decodes(const struct vmr_pci_function *fn,
			const uint8_t *config, unsigned int index)
{
	uint32_t command = get_le16(&config[REG_COMMAND]);

	switch (fn->bars[index].type) {
	case VMR_PCI_BAR_IO:
		return command & COMMAND_IO;
	case VMR_PCI_BAR_ROM:
		return command & COMMAND_MEMORY &&
		       config[bar_reg(fn, index)] & ROM_ENABLE;
	default:
		return command & COMMAND_MEMORY;
	}
}

struct vmr_region *vmr_pci_bar_placement(struct vmr_pci_function *fn,
					 const uint8_t *config,
					 unsigned int index,
					 struct vmr_placement *placement)
{
	struct vmr_region *region = &fn->bars[index].region;

	placement->state = VMR_FREE;
	placement->start = 0;
	if (fn->bars[index].type != VMR_PCI_BAR_NONE &&
	    bar_has_address(fn, config, index, &placement->start))
		placement->state = bar_decodes(fn, config, index) ? VMR_LIVE :
								    VMR_PARKED;
	placement->last = placement->start + (region->size - 1);
	return region;
}

static bool readonly_bytes_match(const struct vmr_pci_function *fn,
				 const uint8_t *config, uint32_t offset,
				 uint32_t size)
{
	for (; size--; offset++)
		if ((config[offset] ^ fn->config[offset]) & ~fn->wmask[offset])
			return false;
	return true;
}

/*
 * What is read-only in the header says what the function is, but for the status
 * register: it tells what happened to it. The model acts on what is in the parts.
 * The rest is the owner's business.
 */
bool vmr_pci_config_matches(const struct vmr_pci_function *fn,
			    const uint8_t *config)
{
	const struct vmr_pci_reg_block *reg_block;

	if (!readonly_bytes_match(fn, config, 0, REG_STATUS) ||
	    !readonly_bytes_match(fn, config, REG_REVISION,
				  HEADER_SIZE - REG_REVISION))
		return false;
	for (reg_block = fn->reg_blocks; reg_block; reg_block = reg_block->next)
		if (!readonly_bytes_match(fn, config, reg_block->offset,
					  reg_block->size))
			return false;
	return true;
}

/* Not what the registers say but what came of it: outside the domain is nowhere */
bool vmr_pci_bar_addr(const struct vmr_pci_function *fn, unsigned int index,
		      uint64_t *addr)
{
	const struct vmr_range *range;

	if (!fn || index >= VMR_PCI_NR_BARS || !addr)
		return false;
	range = &fn->bars[index].region.range;
	if (vmr_range_state(range) != VMR_LIVE &&
	    vmr_range_state(range) != VMR_CLAIMED)
		return false;
	*addr = range->start;
	return true;
}
EXPORT_SYMBOL_GPL(vmr_pci_bar_addr);

/*
 * All in one write section: a BAR that is about to leave has no time to inherit
 * the place of another that does, and no lookup sees one half of the function on
 * and the other off.
 */
void vmr_pci_update_mappings(struct vmr_pci_function *fn, uint32_t mask,
			     struct vmr_region *(*get_placement)(
				     struct vmr_pci_function *fn,
				     const uint8_t *config, unsigned int index,
				     struct vmr_placement *placement))
{
	struct vmr_manager *manager = fn->manager;
	const uint8_t *config = fn->config;
	struct vmr_region *region;
	struct vmr_placement placement;
	unsigned int i;

	/* Who was told of an earlier change may have unplugged the function */
	if (!manager || !vmr_manager_has_device(manager, &fn->dev))
		return;
	for (i = 0; mask >> i; i++) {
		region = get_placement(fn, config, i, &placement);
		if (vmr_region_is_placed(region, &placement))
			mask &= ~(1u << i);
		else if (mask & 1u << i)
			vmr_notify_queue(manager, region);
	}
	if (!mask)
		return;
	vmr_seqcount_write_begin(&manager->sys->seq);
	for (i = 0; mask >> i; i++) {
		region = get_placement(fn, config, i, &placement);
		if (mask & 1u << i)
			vmr_free(vmr_region_space(manager, region),
				 &region->range);
	}
	vmr_settle_for_devices(manager, &fn->dev);
	for (i = 0; mask >> i; i++) {
		region = get_placement(fn, config, i, &placement);
		if (mask & 1u << i)
			vmr_region_set_placement(manager, region, &placement);
	}
	vmr_seqcount_write_end(&manager->sys->seq);
	vmr_notify_flush(manager);
}

int vmr_pci_function_init(struct vmr_pci_function *fn,
			  const struct vmr_pci_ids *ids,
			  const struct vmr_device_ops *ops, const char *name)
{
	if (!fn || !ids || !ops || ids->irq_pin > 4)
		return -EINVAL;
	fn->dev.ops = ops;
	fn->dev.name = name;
	put_le16(&fn->config[REG_VENDOR], ids->vendor);
	put_le16(&fn->config[REG_DEVICE], ids->device);
	put_le32(&fn->config[REG_REVISION],
		 ids->class_code << 8 | ids->revision);
	fn->config[REG_HEADER] = ids->header_type;
	if (!fn->bridge) {
		put_le16(&fn->config[REG_SUBVENDOR], ids->subvendor);
		put_le16(&fn->config[REG_SUBDEVICE], ids->subdevice);
	}
	fn->config[REG_IRQ_PIN] = ids->irq_pin;
	put_le16(&fn->wmask[REG_COMMAND], COMMAND_WRITABLE);
	fn->wmask[REG_CACHE_LINE] = 0xff;
	fn->wmask[REG_LATENCY] = 0xff;
	fn->wmask[REG_IRQ_LINE] = 0xff;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_function_init);

static bool bar_size_ok(unsigned int index, enum vmr_pci_bar_type type,
			uint64_t size)
{
	/* The least and the largest, by their logarithms */
	static const uint8_t sizes[][2] = {
		[VMR_PCI_BAR_IO] = { 2, 8 },
		[VMR_PCI_BAR_MEM32] = { 4, 30 },
		[VMR_PCI_BAR_MEM64] = { 4, 62 },
		[VMR_PCI_BAR_ROM] = { 11, 24 },
	};
	unsigned int log = fls64(size) - 1;

	return type > VMR_PCI_BAR_NONE && type <= VMR_PCI_BAR_ROM && is_pow2(size) &&
	       (index == VMR_PCI_ROM) == (type == VMR_PCI_BAR_ROM) &&
	       log >= sizes[type][0] && log <= sizes[type][1];
}

/* How many BAR registers there are in front of the other ones of the header */
static unsigned int nr_bar_regs(const struct vmr_pci_function *fn)
{
	return fn->bridge ? 2 : 6;
}

/* A register that is free has nothing writable and is not a BAR's */
static bool bar_in_use(const struct vmr_pci_function *fn, unsigned int index)
{
	return fn->bars[index].type != VMR_PCI_BAR_NONE ||
	       (index && index < VMR_PCI_ROM &&
		fn->bars[index - 1].type == VMR_PCI_BAR_MEM64);
}

int vmr_pci_add_bar(struct vmr_pci_function *fn, unsigned int index,
		    enum vmr_pci_bar_type type, bool prefetchable,
		    uint64_t size, const char *tag)
{
	struct vmr_pci_bar *bar;
	unsigned int last_reg;
	uint64_t mask;
	uint32_t reg;
	int ret;

	if (!fn || !bar_size_ok(index, type, size))
		return -EINVAL;
	last_reg = type == VMR_PCI_BAR_MEM64 ? index + 1 : index;
	if (index != VMR_PCI_ROM && last_reg >= nr_bar_regs(fn))
		return -EINVAL;
	if (bar_in_use(fn, index) ||
	    (type == VMR_PCI_BAR_MEM64 && bar_in_use(fn, index + 1)))
		return -EEXIST;
	if (fn->manager)
		return -EBUSY;
	bar = &fn->bars[index];
	vmr_region_init(&bar->region,
			type == VMR_PCI_BAR_IO ? VMR_PIO : VMR_MMIO,
			VMR_REGION_TRAPPED, size, index, tag);
	ret = vmr_device_add_region(&fn->dev, &bar->region);
	if (ret)		/* LCOV_EXCL_BR_LINE: a region like any other */
		return ret;	/* LCOV_EXCL_LINE: the same */
	bar->type = type;
	bar->prefetchable = prefetchable;
	bar->region.prefetchable = prefetchable;

	reg = bar_reg(fn, index);
	mask = bar_mask(bar);
	put_le32(&fn->wmask[reg], (uint32_t)mask);
	if (type == VMR_PCI_BAR_IO)
		fn->config[reg] = BAR_IO;
	else if (type == VMR_PCI_BAR_ROM)
		fn->wmask[reg] |= ROM_ENABLE;
	else
		fn->config[reg] = (type == VMR_PCI_BAR_MEM64 ? BAR_64BIT : 0) |
				  (prefetchable ? BAR_PREFETCH : 0);
	if (type == VMR_PCI_BAR_MEM64)
		put_le32(&fn->wmask[reg + 4], (uint32_t)(mask >> 32));
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_add_bar);

int vmr_pci_add_reg_block(struct vmr_pci_function *fn,
			  struct vmr_pci_reg_block *reg_block, uint32_t offset,
			  uint32_t size)
{
	const struct vmr_pci_reg_block *other;

	for (other = fn->reg_blocks; other; other = other->next)
		if (other == reg_block ||
		    (offset < other->offset + other->size &&
		     other->offset < offset + size))
			return -EEXIST;
	if (fn->manager)
		return -EBUSY;
	reg_block->offset = offset;
	reg_block->size = size;
	reg_block->next = fn->reg_blocks;
	fn->reg_blocks = reg_block;
	return 0;
}

void vmr_pci_add_capability(struct vmr_pci_function *fn,
			    struct vmr_pci_reg_block *reg_block, uint8_t id)
{
	fn->config[reg_block->offset] = id;
	fn->config[reg_block->offset + 1] = fn->config[REG_CAPABILITIES];
	fn->config[REG_CAPABILITIES] = (uint8_t)reg_block->offset;
	fn->config[REG_STATUS] |= STATUS_CAPABILITIES;
}

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

	clear_writable(fn, REG_COMMAND, 2);
	clear_writable(fn, REG_BARS, 4 * nr_bar_regs(fn));
	clear_writable(fn, bar_reg(fn, VMR_PCI_ROM), 4);
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

		if (fn->bridge && fn->config[REG_SECONDARY] > own &&
		    fn->config[REG_SECONDARY] <= bus &&
		    fn->config[REG_SUBORDINATE] >= bus)
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
		own = bridge->fn.config[REG_SECONDARY];
		if (own == bus)
			return to_function(vmr_id_find(ids, address & 0xff));
	}
	return to_function(range);
}
EXPORT_SYMBOL_GPL(vmr_pci_find_function);

static int check_access(uint32_t offset, uint32_t width)
{
	if (width != 1 && width != 2 && width != 4)
		return -EMSGSIZE;
	if (offset > VMR_PCI_CONFIG_SIZE - width)
		return -ERANGE;
	return 0;
}

int vmr_pci_config_read(const struct vmr_pci_function *fn, uint32_t offset,
			void *data, uint32_t width)
{
	int ret;

	if (!fn || !data)
		return -EINVAL;
	ret = check_access(offset, width);
	if (ret)
		memset(data, 0xff, width);
	else
		memcpy(data, &fn->config[offset], width);
	return ret;
}
EXPORT_SYMBOL_GPL(vmr_pci_config_read);

static bool overlaps_register(uint32_t offset, uint32_t width, uint32_t reg,
			      uint32_t size)
{
	return offset < reg + size && reg < offset + width;
}

int vmr_pci_config_write(struct vmr_pci_function *fn, uint32_t offset,
			 const void *data, uint32_t width)
{
	const uint8_t *bytes = data;
	struct vmr_pci_reg_block *reg_block;
	uint32_t i, mask = 0;
	bool command;
	int ret;

	if (!fn || !data)
		return -EINVAL;
	ret = check_access(offset, width);
	if (ret)
		return ret;
	if (!fn->manager)
		return -ENOENT;
	for (i = 0; i < width; i++) {
		uint8_t *byte = &fn->config[offset + i];
		uint8_t writable = fn->wmask[offset + i];

		*byte = (*byte & ~writable) | (bytes[i] & writable);
	}

	command = overlaps_register(offset, width, REG_COMMAND, 2);
	for (i = 0; i < VMR_PCI_NR_BARS; i++)
		if (command ||
		    overlaps_register(
			    offset, width, bar_reg(fn, i),
			    fn->bars[i].type == VMR_PCI_BAR_MEM64 ? 8 : 4))
			mask |= 1u << i;
	vmr_pci_update_mappings(fn, mask, vmr_pci_bar_placement);
	for (reg_block = fn->reg_blocks; reg_block; reg_block = reg_block->next)
		if (command ||
		    overlaps_register(offset, width, reg_block->offset,
				      reg_block->size))
			reg_block->write(fn, reg_block);
	/* Who was told of all that may have unplugged the function */
	if (fn->manager && fn->ops && fn->ops->config_written)
		fn->ops->config_written(fn, offset, width);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_config_write);

/*
 * Configuration mechanism #1
 */

static struct vmr_pci_conf1 *to_conf1(struct vmr_device *dev)
{
	return container_of(dev, struct vmr_pci_conf1, dev);
}

/* The function and register that the data ports lead to */
static struct vmr_pci_function *conf1_target(const struct vmr_pci_conf1 *host,
					     uint64_t offset, uint32_t *reg)
{
	if (offset < 4 || !(host->config_address & CONFIG_ADDRESS_ENABLE))
		return NULL;
	*reg = (host->config_address & 0xfc) + (uint32_t)(offset - 4);
	return vmr_pci_find_function(host->manager,
				     host->config_address >> 8 & 0xffff);
}

static void conf1_read_one(struct vmr_pci_conf1 *host, uint64_t offset,
			   uint8_t *data, uint32_t width)
{
	struct vmr_pci_function *fn;
	uint32_t reg;

	memset(data, 0xff, width);
	if (offset == 0 && width == 4) {
		put_le32(data, host->config_address);
		return;
	}
	fn = conf1_target(host, offset, &reg);
	if (fn)
		vmr_pci_config_read(fn, reg, data, width);
}

static void conf1_write_one(struct vmr_pci_conf1 *host, uint64_t offset,
			    const uint8_t *data, uint32_t width)
{
	struct vmr_pci_function *fn;
	uint32_t reg;

	if (offset == 0 && width == 4) {
		host->config_address = get_le32(data) & ~0x7f000003u;
		return;
	}
	if (offset == 1 && width == 1 && host->reset) {
		host->reset(host, *data);
		return;
	}
	fn = conf1_target(host, offset, &reg);
	if (fn)
		vmr_pci_config_write(fn, reg, data, width);
}

static void conf1_lock(struct vmr_pci_conf1 *host)
{
	if (host->lock)
		host->lock->lock(host->lock);
}

static void conf1_unlock(struct vmr_pci_conf1 *host)
{
	if (host->lock)
		host->lock->unlock(host->lock);
}

static void conf1_read(struct vmr_device *dev, const struct vmr_access *access,
		       void *data)
{
	struct vmr_pci_conf1 *host = to_conf1(dev);
	uint8_t *bytes = data;
	uint32_t i;

	conf1_lock(host);
	for (i = 0; i < access->count; i++, bytes += access->width)
		conf1_read_one(host, access->offset, bytes, access->width);
	conf1_unlock(host);
}

static void conf1_write(struct vmr_device *dev, const struct vmr_access *access,
			const void *data)
{
	struct vmr_pci_conf1 *host = to_conf1(dev);
	const uint8_t *bytes = data;
	uint32_t i;

	conf1_lock(host);
	for (i = 0; i < access->count; i++, bytes += access->width)
		conf1_write_one(host, access->offset, bytes, access->width);
	conf1_unlock(host);
}

static const struct vmr_device_ops conf1_ops = {
	.read = conf1_read,
	.write = conf1_write,
};

int vmr_pci_conf1_init(struct vmr_pci_conf1 *host, struct vmr_manager *manager,
		       struct vmr_lock_ops *lock)
{
	int ret;

	if (!host || !manager)
		return -EINVAL;
	if (host->dev.state != VMR_DEVICE_UNREGISTERED)
		return -EEXIST;
	host->manager = manager;
	host->lock = lock;
	host->dev.ops = &conf1_ops;
	host->dev.name = "pci-host";
	if (!host->ports.device) {
		vmr_region_init(&host->ports, VMR_PIO, VMR_REGION_TRAPPED,
				CONF1_NR_PORTS, 0, "PCI conf1");
		ret = vmr_device_add_region(&host->dev, &host->ports);
		if (ret) /* LCOV_EXCL_BR_LINE: nobody else has them */
			return ret;	/* LCOV_EXCL_LINE: the same */
	}
	vmr_constraint_init_fixed(&host->port_constraint, VMR_KIND_PIO,
				  CONF1_PORT, CONF1_NR_PORTS,
				  &host->ports.range);
	host->dev.constraints = &host->port_constraint;
	host->dev.nr_constraints = 1;
	vmr_resource_set_init(&host->dev.resources, &host->port_resource, 1);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_conf1_init);

int vmr_pci_conf1_register(struct vmr_pci_conf1 *host,
			   struct vmr_manager *manager,
			   struct vmr_lock_ops *lock)
{
	int ret = vmr_pci_conf1_init(host, manager, lock);

	return ret ? ret : vmr_device_register(manager, &host->dev, NULL, NULL);
}
EXPORT_SYMBOL_GPL(vmr_pci_conf1_register);

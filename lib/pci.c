// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * pci.c - PCI functions: what a guest writes to BARs becomes moves
 *
 * The registers are kept as bytes in guest memory order and are the only state:
 * after each write that touches a BAR or the command register, the regions are
 * put where the registers say.
 */
#include "pci.h"

#define PORT_ADDRESS	0xcf8
#define PORTS		8
#define LATCH_ENABLE	0x80000000u

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
	uint64_t value = get32(&config[reg]);

	if (bar->type == VMR_PCI_BAR_MEM64)
		value |= (uint64_t)get32(&config[reg + 4]) << 32;
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
	uint32_t command = get16(&config[REG_COMMAND]);

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

struct vmr_region *vmr_pci_bar_goal(struct vmr_pci_function *fn,
				    const uint8_t *config, unsigned int index,
				    struct vmr_goal *goal)
{
	struct vmr_region *region = &fn->bars[index].region;

	goal->state = VMR_FREE;
	goal->start = 0;
	if (fn->bars[index].type != VMR_PCI_BAR_NONE &&
	    bar_has_address(fn, config, index, &goal->start))
		goal->state = bar_decodes(fn, config, index) ? VMR_LIVE :
							       VMR_PARKED;
	goal->last = goal->start + (region->size - 1);
	return region;
}

static bool same_fixed(const struct vmr_pci_function *fn,
		       const uint8_t *config, uint32_t offset, uint32_t size)
{
	for (; size--; offset++)
		if ((config[offset] ^ fn->config[offset]) &
		    ~fn->wmask[offset])
			return false;
	return true;
}

/*
 * What is read-only in the header says what the function is, but for the status
 * register: it tells what happened to it. The model acts on what is in the parts.
 * The rest is the owner's business.
 */
bool vmr_pci_config_fits(const struct vmr_pci_function *fn,
			 const uint8_t *config)
{
	const struct vmr_pci_reg_block *part;

	if (!same_fixed(fn, config, 0, REG_STATUS) ||
	    !same_fixed(fn, config, REG_REVISION, HEADER_SIZE - REG_REVISION))
		return false;
	for (part = fn->reg_blocks; part; part = part->next)
		if (!same_fixed(fn, config, part->offset, part->size))
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
void vmr_pci_follow(struct vmr_pci_function *fn, uint32_t which,
		    struct vmr_region *(*where)(struct vmr_pci_function *fn,
						const uint8_t *config,
						unsigned int index,
						struct vmr_goal *goal))
{
	struct vmr_manager *manager = fn->manager;
	const uint8_t *config = fn->config;
	struct vmr_region *region;
	struct vmr_goal goal;
	unsigned int i;

	/* Who was told of an earlier change may have unplugged the function */
	if (!manager || !present_in(manager, &fn->dev))
		return;
	for (i = 0; which >> i; i++) {
		region = where(fn, config, i, &goal);
		if (vmr_is_there(region, &goal))
			which &= ~(1u << i);
		else if (which & 1u << i)
			vmr_note(manager, region);
	}
	if (!which)
		return;
	vmr_seqcount_write_begin(&manager->sys->seq);
	for (i = 0; which >> i; i++) {
		region = where(fn, config, i, &goal);
		if (which & 1u << i)
			vmr_free(vmr_region_space(manager, region),
				 &region->range);
	}
	vmr_bequeath(manager, &fn->dev);
	for (i = 0; which >> i; i++) {
		region = where(fn, config, i, &goal);
		if (which & 1u << i)
			vmr_put(manager, region, &goal);
	}
	vmr_seqcount_write_end(&manager->sys->seq);
	vmr_tell_all(manager);
}

int vmr_pci_function_init(struct vmr_pci_function *fn,
			  const struct vmr_pci_ids *ids,
			  const struct vmr_device_ops *ops, const char *name)
{
	if (!fn || !ids || !ops || ids->irq_pin > 4)
		return -EINVAL;
	fn->dev.ops = ops;
	fn->dev.name = name;
	put16(&fn->config[REG_VENDOR], ids->vendor);
	put16(&fn->config[REG_DEVICE], ids->device);
	put32(&fn->config[REG_REVISION],
	      ids->class_code << 8 | ids->revision);
	fn->config[REG_HEADER] = ids->header_type;
	if (!fn->bridge) {
		put16(&fn->config[REG_SUBVENDOR], ids->subvendor);
		put16(&fn->config[REG_SUBDEVICE], ids->subdevice);
	}
	fn->config[REG_IRQ_PIN] = ids->irq_pin;
	put16(&fn->wmask[REG_COMMAND], COMMAND_WRITABLE);
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
	vmr_region_init(&bar->region, type == VMR_PCI_BAR_IO ? VMR_PIO : VMR_MMIO,
			VMR_REGION_TRAPPED, size, index, tag);
	ret = vmr_device_add_region(&fn->dev, &bar->region);
	if (ret)		/* LCOV_EXCL_BR_LINE: a region like any other */
		return ret;	/* LCOV_EXCL_LINE: the same */
	bar->type = type;
	bar->prefetchable = prefetchable;
	bar->region.prefetchable = prefetchable;

	reg = bar_reg(fn, index);
	mask = bar_mask(bar);
	put32(&fn->wmask[reg], (uint32_t)mask);
	if (type == VMR_PCI_BAR_IO)
		fn->config[reg] = BAR_IO;
	else if (type == VMR_PCI_BAR_ROM)
		fn->wmask[reg] |= ROM_ENABLE;
	else
		fn->config[reg] = (type == VMR_PCI_BAR_MEM64 ? BAR_64BIT : 0) |
				  (prefetchable ? BAR_PREFETCH : 0);
	if (type == VMR_PCI_BAR_MEM64)
		put32(&fn->wmask[reg + 4], (uint32_t)(mask >> 32));
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_add_bar);

int vmr_pci_add_part(struct vmr_pci_function *fn, struct vmr_pci_reg_block *part,
		     uint32_t offset, uint32_t size)
{
	const struct vmr_pci_reg_block *other;

	for (other = fn->reg_blocks; other; other = other->next)
		if (other == part || (offset < other->offset + other->size &&
				      other->offset < offset + size))
			return -EEXIST;
	if (fn->manager)
		return -EBUSY;
	part->offset = offset;
	part->size = size;
	part->next = fn->reg_blocks;
	fn->reg_blocks = part;
	return 0;
}

void vmr_pci_add_capability(struct vmr_pci_function *fn,
			    struct vmr_pci_reg_block *part, uint8_t id)
{
	fn->config[part->offset] = id;
	fn->config[part->offset + 1] = fn->config[REG_CAPABILITIES];
	fn->config[REG_CAPABILITIES] = (uint8_t)part->offset;
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
	struct vmr_pci_reg_block *part;

	clear_writable(fn, REG_COMMAND, 2);
	clear_writable(fn, REG_BARS, 4 * nr_bar_regs(fn));
	clear_writable(fn, bar_reg(fn, VMR_PCI_ROM), 4);
	for (part = fn->reg_blocks; part; part = part->next) {
		clear_writable(fn, part->offset, part->size);
		if (part->reset)
			part->reset(fn, part);
	}
}

static struct vmr_id_pool *addresses(struct vmr_manager *manager,
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
	ids = addresses(manager, behind);
	issued = ids->high_watermark;
	ret = vmr_id_reserve(ids, &fn->address, address, NULL);
	if (ret)
		return ret;
	/* As vmr_marks_swap() has it */
	ids->high_watermark = issued;
	reset_registers(fn);
	fn->manager = manager;
	fn->upstream_bridge = behind;
	fn->dev.parent_bus = behind ? &behind->bus : NULL;
	ret = vmr_device_register(manager, &fn->dev, NULL, NULL);
	if (!ret) {
		vmr_id_issued(ids, &fn->address);
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

int vmr_pci_register_restored(struct vmr_manager *manager, struct vmr_pci_function *fn,
		  size_t *failed)
{
	struct vmr_bus *parent;
	struct vmr_id_pool *ids;
	int ret;

	if (!manager || !fn)
		return -EINVAL;
	if (fn->manager)
		return -EEXIST;
	ids = addresses(manager, fn->upstream_bridge);
	if (vmr_range_state(&fn->address) != VMR_LIVE ||
	    !vmr_in_space(&ids->space, &fn->address))
		return -ENOENT;
	parent = fn->dev.parent_bus;
	fn->manager = manager;
	fn->dev.parent_bus = fn->upstream_bridge ? &fn->upstream_bridge->bus : NULL;
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
	struct vmr_pci_reg_block *part;
	int ret;

	if (!fn)
		return -EINVAL;
	manager = fn->manager;
	if (!manager)
		return -ENOENT;
	/* Vectors first, so that listeners find none of the function's left */
	if (fn->dev.transaction || (fn->dev.subordinate && fn->dev.subordinate->nr_devices))
		return -EBUSY;
	for (part = fn->reg_blocks; part; part = part->next)
		if (part->remove)
			part->remove(fn, part);
	fn->manager = NULL;
	vmr_id_free_range(addresses(manager, fn->upstream_bridge), &fn->address);
	ret = vmr_device_unregister(manager, &fn->dev);
	fn->upstream_bridge = NULL;
	fn->dev.parent_bus = NULL;
	/* Now, so that a later plugging that fails has nothing to undo */
	reset_registers(fn);
	/* The caller may have unlinked the device by itself: then none was */
	return ret == -ENOENT ? 0 : ret;
}
EXPORT_SYMBOL_GPL(vmr_pci_unplug);

static struct vmr_pci_function *function_of(struct vmr_range *range)
{
	return range ? container_of(range, struct vmr_pci_function, address) :
		       NULL;
}

/* The bridge among some functions that leads on to a bus; @own is their bus */
static struct vmr_pci_bridge *towards(const struct vmr_id_pool *ids, uint32_t own,
				      uint32_t bus)
{
	struct vmr_range *range;

	vmr_for_each_range(range, &ids->space) {
		const struct vmr_pci_function *fn = function_of(range);

		if (fn->bridge && fn->config[REG_SECONDARY] > own &&
		    fn->config[REG_SECONDARY] <= bus &&
		    fn->config[REG_SUBORDINATE] >= bus)
			return fn->bridge;
	}
	return NULL;
}

struct vmr_pci_function *vmr_pci_find_function(const struct vmr_manager *manager,
					     uint32_t address)
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
	while (!range && (bridge = towards(ids, own, bus))) {
		ids = &bridge->devfns;
		own = bridge->fn.config[REG_SECONDARY];
		if (own == bus)
			return function_of(vmr_id_find(ids, address & 0xff));
	}
	return function_of(range);
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

static bool touches(uint32_t offset, uint32_t width, uint32_t reg, uint32_t size)
{
	return offset < reg + size && reg < offset + width;
}

int vmr_pci_config_write(struct vmr_pci_function *fn, uint32_t offset,
			 const void *data, uint32_t width)
{
	const uint8_t *bytes = data;
	struct vmr_pci_reg_block *part;
	uint32_t i, which = 0;
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

	command = touches(offset, width, REG_COMMAND, 2);
	for (i = 0; i < VMR_PCI_NR_BARS; i++)
		if (command ||
		    touches(offset, width, bar_reg(fn, i),
			    fn->bars[i].type == VMR_PCI_BAR_MEM64 ? 8 : 4))
			which |= 1u << i;
	vmr_pci_follow(fn, which, vmr_pci_bar_goal);
	for (part = fn->reg_blocks; part; part = part->next)
		if (command ||
		    touches(offset, width, part->offset, part->size))
			part->write(fn, part);
	/* Who was told of all that may have unplugged the function */
	if (fn->manager && fn->ops && fn->ops->config_written)
		fn->ops->config_written(fn, offset, width);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_config_write);

/*
 * Configuration mechanism #1
 */

static struct vmr_pci_conf1 *host_of(struct vmr_device *dev)
{
	return container_of(dev, struct vmr_pci_conf1, dev);
}

/* The function and register that the data ports lead to */
static struct vmr_pci_function *latched(const struct vmr_pci_conf1 *host,
					uint64_t offset, uint32_t *reg)
{
	if (offset < 4 || !(host->config_address & LATCH_ENABLE))
		return NULL;
	*reg = (host->config_address & 0xfc) + (uint32_t)(offset - 4);
	return vmr_pci_find_function(host->manager,
				   host->config_address >> 8 & 0xffff);
}

static void host_read_one(struct vmr_pci_conf1 *host, uint64_t offset,
			  uint8_t *data, uint32_t width)
{
	struct vmr_pci_function *fn;
	uint32_t reg;

	memset(data, 0xff, width);
	if (offset == 0 && width == 4) {
		put32(data, host->config_address);
		return;
	}
	fn = latched(host, offset, &reg);
	if (fn)
		vmr_pci_config_read(fn, reg, data, width);
}

static void host_write_one(struct vmr_pci_conf1 *host, uint64_t offset,
			   const uint8_t *data, uint32_t width)
{
	struct vmr_pci_function *fn;
	uint32_t reg;

	if (offset == 0 && width == 4) {
		host->config_address = get32(data) & ~0x7f000003u;
		return;
	}
	if (offset == 1 && width == 1 && host->reset) {
		host->reset(host, *data);
		return;
	}
	fn = latched(host, offset, &reg);
	if (fn)
		vmr_pci_config_write(fn, reg, data, width);
}

static void host_lock(struct vmr_pci_conf1 *host)
{
	if (host->lock)
		host->lock->lock(host->lock);
}

static void host_unlock(struct vmr_pci_conf1 *host)
{
	if (host->lock)
		host->lock->unlock(host->lock);
}

static void host_read(struct vmr_device *dev, const struct vmr_access *access,
		      void *data)
{
	struct vmr_pci_conf1 *host = host_of(dev);
	uint8_t *bytes = data;
	uint32_t i;

	host_lock(host);
	for (i = 0; i < access->count; i++, bytes += access->width)
		host_read_one(host, access->offset, bytes, access->width);
	host_unlock(host);
}

static void host_write(struct vmr_device *dev, const struct vmr_access *access,
		       const void *data)
{
	struct vmr_pci_conf1 *host = host_of(dev);
	const uint8_t *bytes = data;
	uint32_t i;

	host_lock(host);
	for (i = 0; i < access->count; i++, bytes += access->width)
		host_write_one(host, access->offset, bytes, access->width);
	host_unlock(host);
}

static const struct vmr_device_ops host_ops = {
	.read = host_read,
	.write = host_write,
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
	host->dev.ops = &host_ops;
	host->dev.name = "pci-host";
	if (!host->ports.device) {
		vmr_region_init(&host->ports, VMR_PIO, VMR_REGION_TRAPPED,
				PORTS, 0, "PCI conf1");
		ret = vmr_device_add_region(&host->dev, &host->ports);
		if (ret)		/* LCOV_EXCL_BR_LINE: nobody else has them */
			return ret;	/* LCOV_EXCL_LINE: the same */
	}
	vmr_constraint_init_fixed(&host->port_constraint, VMR_KIND_PIO, PORT_ADDRESS,
			  PORTS, &host->ports.range);
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

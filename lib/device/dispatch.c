// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * dispatch.c - dispatching accesses to devices
 *
 * A lookup uses the reader's lookup cache first, and searches the trees if the
 * cache has no valid entry. The top of reader.h explains why both are safe
 * beside the update side.
 */
#include "reader.h"
#include "trace.h"

#define MAX_WIDTH	8

/* Copy a value whose address in guest-visible memory, @to or @from, is aligned */
#define copy_once(type, to, from, host) \
	do { \
		type value_; \
		if ((from) == (host)) { \
			value_ = READ_ONCE(*(const type *)(from)); \
			memcpy((to), &value_, sizeof(value_)); \
		} else { \
			memcpy(&value_, (from), sizeof(value_)); \
			WRITE_ONCE(*(type *)(to), value_); \
		} \
	} while (0)

/*
 * The subregion that contains @offset, or NULL. @first and @last receive the offsets
 * between the subregions around @offset, or those of the one that contains it.
 */
static struct vmr_region *subregion_at(const struct vmr_region *region,
				       uint64_t offset, uint64_t *first,
				       uint64_t *last)
{
	const struct vmr_node *node = region->subregion_root;
	struct vmr_region *subregion;

	while (node) {
		subregion = container_of((struct vmr_node *)node,
					 struct vmr_region, subregion_node);
		if (offset < subregion->offset) {
			*last = subregion->offset - 1;
			node = node->left;
		} else if (offset - subregion->offset >= subregion->size) {
			*first = subregion->offset + subregion->size;
			node = node->right;
		} else {
			*first = subregion->offset;
			*last = *first + (subregion->size - 1);
			return subregion;
		}
	}
	return NULL;
}

/* Whether an access to memory outside the subregions is served */
static bool memory_serves(const struct vmr_dispatch *target,
			  const struct vmr_region *region, bool write)
{
	const struct vmr_device_ops *ops = target->dev->ops;

	return region->host || (write ? !!ops->write : !!ops->read);
}

/*
 * Fill in @target for an access to @region, which is at [@start, @last]. In a
 * memory region, the target is the subregion at @addr, or else the memory itself.
 */
static inline int resolve_access(struct vmr_dispatch *target,
				 struct vmr_region *region, uint64_t start,
				 uint64_t last, uint64_t addr)
{
	uint64_t offset = addr - start;
	uint64_t left = last - addr;	/* bytes after the first */
	uint64_t part_first = 0, part_last = last - start;
	struct vmr_region *part;

	VMR_ASSERT(addr >= start && addr <= last);
	target->dev = region->device;
	target->host = NULL;
	if (region->type == VMR_REGION_MEMORY) {
		part = subregion_at(region, offset, &part_first, &part_last);
		left = part_last - offset;
		if (part) {
			region = part;
			start += part->offset;
			offset -= part->offset;
		} else if (!memory_serves(target, region, target->write)) {
			return -ENXIO;
		} else if (!(target->write && region->read_only)) {
			target->host = region->host;
		}
	} else if (region->type != VMR_REGION_TRAPPED) {
		return -ENXIO;
	}
	if (left < target->access.width - 1)
		return -ENXIO;
	target->access.region = region;
	target->access.base = start;
	target->access.offset = offset;
	return 0;
}

static bool access_width_valid(enum vmr_io io, uint32_t width, uint32_t count)
{
	if (!count)
		return false;
	if (io == VMR_PIO)
		return width == 1 || width == 2 || width == 4 || width == 8;
	return width >= 1 && width <= MAX_WIDTH;
}

/*
 * The slot is the exclusive or of all groups of six bits of the page number.
 * Neighbours whose size is a power of two, such as BARs, get different slots.
 */
static struct vmr_cache_entry *cache_slot(struct vmr_reader *reader,
					  enum vmr_io io, uint64_t addr)
{
	uint64_t key = addr >> (io == VMR_PIO ? 3 : 12);

	static_assert(VMR_LOOKUP_CACHE_SIZE == 1 << 6);
	key ^= key >> 24;
	key ^= key >> 12;
	key ^= key >> 6;
	return &reader->cache[key % VMR_LOOKUP_CACHE_SIZE];
}

/* The sum of the generations in up to four slots, one in each byte */
static inline uint32_t
cache_generation_sum(const struct vmr_generations *generations,
		     uint32_t gen_slots)
{
	uint32_t sum = READ_ONCE(generations->gen[gen_slots & 0xff]);

	while (gen_slots >>= 8)
		sum += READ_ONCE(generations->gen[gen_slots & 0xff]);
	return sum;
}

static void cache_flush(struct vmr_reader *reader, uint32_t rollover)
{
	memset(reader->cache, 0, sizeof(reader->cache));
	reader->rollover = rollover;
}

/*
 * Look up @addr in the cache; -EAGAIN if @entry is not valid for it. This loads
 * neither the range nor the state of the device, whose cache lines the update
 * side stores to.
 */
static int lookup_cached(struct vmr_reader *reader,
			 const struct vmr_cache_entry *entry, enum vmr_io io,
			 uint64_t addr, struct vmr_dispatch *target)
{
	const struct vmr_generations *generations =
		&reader->manager->sys->generations;
	uint32_t rollover;

	if (cache_generation_sum(generations, entry->gen_slots) !=
	    entry->gen_sum)
		return -EAGAIN;
	/*
	 * Orders the loads of the generations before that of the rollover.
	 * Pairs with smp_wmb() in vmr_generation_bump().
	 */
	smp_rmb();
	rollover = READ_ONCE(generations->rollover);
	if (rollover != reader->rollover)
		cache_flush(reader, rollover);
	if (!entry->region || addr < entry->start || addr > entry->last ||
	    entry->region->io != io)
		return -EAGAIN;
	return resolve_access(target, entry->region, entry->start, entry->last,
			      addr);
}

/*
 * Look up @addr in the trees, from the root through windows to any depth, and
 * fill in @entry. -EAGAIN if a write section interfered; the caller repeats.
 *
 * Loop invariant: [@lo, @hi] is the intersection of all windows on the path,
 * and @gen_slots has their generation slots.
 *
 * The sequence is validated twice in each step: before the range that was found
 * is dereferenced, and after its members were loaded. The device, type and
 * subregions of a registered region are constant, and valid until the drain.
 *
 * Not inline: it needs all registers, and a cache hit would save and restore
 * them.
 */
static noinline int lookup_tree(const struct vmr_reader *reader,
				struct vmr_cache_entry *entry, enum vmr_io io,
				uint64_t addr, struct vmr_dispatch *target)
{
	const struct vmr_system *sys = reader->manager->sys;
	const struct vmr_space *space = vmr_manager_space(reader->manager, io);
	uint32_t sequence = vmr_seqcount_read_begin(&sys->seq), gen_sum;
	uint32_t gen_slots = 0, path_too_long = 0;
	uint64_t lo = 0, hi = VMR_ADDR_MAX, start, last;
	bool isa = false, window_isa, registered;
	struct vmr_region *region;
	struct vmr_range *range;

	for (;;) {
		range = vmr_find_raw(space, addr);
		if (vmr_seqcount_read_retry(&sys->seq, sequence))
			return -EAGAIN;
		if (!range)
			return -ENXIO;
		region = vmr_to_region(range);
		start = READ_ONCE(range->start);
		last = READ_ONCE(range->last);
		registered = region->device &&
			     vmr_device_is_registered(region->device);
		window_isa = READ_ONCE(region->isa_enable);
		path_too_long |= gen_slots >> 24;
		gen_slots = gen_slots << 8 | vmr_generation_slot(range);
		gen_sum = cache_generation_sum(&sys->generations, gen_slots);
		if (vmr_seqcount_read_retry(&sys->seq, sequence))
			return -EAGAIN;
		if (!registered)
			return -ENXIO;
		if (region->type != VMR_REGION_WINDOW)
			break;
		lo = max(lo, start);
		hi = min(hi, last);
		isa = isa || window_isa;
		VMR_ASSERT(region->device->subordinate);
		space = vmr_bus_space(region->device->subordinate, io);
	}
	if (start < lo || last > hi || (isa && !vmr_isa_forwards(start, last)))
		return -ENXIO;
	if (!path_too_long)
		*entry = (struct vmr_cache_entry) {
			.start = start,
			.last = last,
			.region = region,
			.gen_slots = gen_slots,
			.gen_sum = gen_sum,
		};
	return resolve_access(target, region, start, last, addr);
}

/*
 * Whether a callback of the device that would answer is on the stack of this
 * reader already, at any depth
 */
static noinline bool is_inside(const struct vmr_reader *reader,
			       const struct vmr_device *dev)
{
	const struct vmr_dispatch *outer = reader->innermost;

	for (; outer; outer = outer->outer)
		if (outer->dev == dev)
			return true;
	return false;
}

/*
 * Look up the device at @addr and begin its callback. On success the caller
 * calls reader_callback_end() after the callback.
 */
static inline int lookup_device(struct vmr_reader *reader, enum vmr_io io,
				uint64_t addr, struct vmr_dispatch *target)
{
	struct vmr_cache_entry *entry = cache_slot(reader, io, addr);
	int ret;

	target->outer_thread = reader->thread;
	reader_lookup_begin(reader);
	ret = lookup_cached(reader, entry, io, addr, target);
	while (ret == -EAGAIN)
		ret = lookup_tree(reader, entry, io, addr, target);
	if (!ret && reader->innermost && !target->host &&
	    !target->dev->reentrant && is_inside(reader, target->dev))
		ret = -ELOOP;
	if (ret) {
		/*
		 * Orders the loads of the search before the end of the lookup.
		 * Pairs with the load-acquire of @epoch in reader_may_access().
		 */
		smp_store_release(&reader->epoch, 0);
		reader_restore_thread(reader, target->outer_thread);
		vmr_trace_dispatch_miss(reader, addr, ret);
		return ret;
	}
	target->access.reader = reader;
	reader_callback_begin(reader, target);
	vmr_trace_dispatch(reader, target->dev, &target->access);
	return 0;
}

static int dispatch_lookup(struct vmr_reader *reader, enum vmr_io io,
			   uint64_t addr, uint32_t width, uint32_t count,
			   struct vmr_dispatch *target)
{
	if (!access_width_valid(io, width, count))
		return -EMSGSIZE;
	target->access.width = width;
	target->access.count = count;
	return lookup_device(reader, io, addr, target);
}

static bool dispatch_args_invalid(const struct vmr_reader *reader,
				  enum vmr_io io, const void *data)
{
	return !reader || !reader->manager || !data ||
	       (io != VMR_PIO && io != VMR_MMIO);
}

/* Copy one access. If its width can be loaded at once from @from, it is. */
static void copy_access(void *to, const void *from, uint32_t width,
			const void *host)
{
	if (!vmr_is_pow2(width) || (uintptr_t)host & (width - 1)) {
		memcpy(to, from, width);
		return;
	}
	switch (width) {
	case 1:
		copy_once(uint8_t, to, from, host);
		break;
	case 2:
		copy_once(uint16_t, to, from, host);
		break;
	case 4:
		copy_once(uint32_t, to, from, host);
		break;
	default:
		copy_once(uint64_t, to, from, host);
	}
}

static noinline void read_host(const struct vmr_dispatch *target, void *data)
{
	const uint8_t *host = (uint8_t *)target->host + target->access.offset;
	uint32_t width = target->access.width, i;

	for (i = 0; i < target->access.count; i++)
		copy_access((uint8_t *)data + (size_t)width * i, host, width,
			    host);
}

static noinline void write_host(const struct vmr_dispatch *target,
				const void *data)
{
	uint8_t *host = (uint8_t *)target->host + target->access.offset;
	uint32_t width = target->access.width, i;

	for (i = 0; i < target->access.count; i++)
		copy_access(host, (const uint8_t *)data + (size_t)width * i,
			    width, host);
}

int vmr_read(struct vmr_reader *reader, enum vmr_io io, uint64_t addr,
	     void *data, uint32_t width, uint32_t count)
{
	struct vmr_change change = { .type = VMR_CHANGE_NONE };
	struct vmr_dispatch target;
	int ret;

	if (dispatch_args_invalid(reader, io, data))
		return -EINVAL;
	target.access.change = &change;
	target.write = false;
	ret = dispatch_lookup(reader, io, addr, width, count, &target);
	if (ret) {
		/* A width that no bus has says nothing about @data */
		if (width <= MAX_WIDTH)
			memset(data, 0xff, (size_t)width * count);
		return ret;
	}
	if (target.host)
		read_host(&target, data);
	else if (target.dev->ops->read)
		target.dev->ops->read(target.dev, &target.access, data);
	else
		memset(data, 0xff, (size_t)width * count);
	reader_callback_end(reader, &target);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_read);

int vmr_write_change(struct vmr_reader *reader, enum vmr_io io, uint64_t addr,
		     const void *data, uint32_t width, uint32_t count,
		     struct vmr_change *change)
{
	struct vmr_dispatch target;
	int ret;

	if (dispatch_args_invalid(reader, io, data) || !change)
		return -EINVAL;
	target.write = true;
	ret = dispatch_lookup(reader, io, addr, width, count, &target);
	if (ret)
		return ret;
	*change = (struct vmr_change) { .type = VMR_CHANGE_NONE };
	target.access.change = change;
	if (target.host)
		write_host(&target, data);
	else if (target.dev->ops->write)
		target.dev->ops->write(target.dev, &target.access, data);
	reader_callback_end(reader, &target);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_write_change);

int vmr_write(struct vmr_reader *reader, enum vmr_io io, uint64_t addr,
	      const void *data, uint32_t width, uint32_t count)
{
	struct vmr_change discarded;

	return vmr_write_change(reader, io, addr, data, width, count,
				&discarded);
}
EXPORT_SYMBOL_GPL(vmr_write);

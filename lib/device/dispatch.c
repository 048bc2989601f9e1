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

struct dispatch_target {
	struct vmr_device	*dev;
	struct vmr_access	access;
};

/* The subregion of a memory region that contains @offset, or NULL */
static struct vmr_region *subregion_at(struct vmr_region *region,
				       uint64_t offset)
{
	struct vmr_region *subregion;

	for (subregion = region->subregions; subregion;
	     subregion = subregion->next)
		if (offset >= subregion->offset &&
		    offset - subregion->offset < subregion->size)
			return subregion;
	return NULL;
}

/*
 * Fill in @target for an access to @region, which is at [@start, @last]. In a
 * memory region, the target is the subregion at @addr.
 */
static inline int resolve_access(struct dispatch_target *target,
				 struct vmr_region *region, uint64_t start,
				 uint64_t last, uint64_t addr, uint32_t width)
{
	uint64_t offset = addr - start;
	uint64_t left = last - addr;	/* bytes after the first */

	VMR_ASSERT(addr >= start && addr <= last);
	target->dev = region->device;
	if (region->type == VMR_REGION_MEMORY) {
		region = subregion_at(region, offset);
		if (!region)
			return -ENXIO;
		start += region->offset;
		offset -= region->offset;
		left = region->size - 1 - offset;
	} else if (region->type != VMR_REGION_TRAPPED) {
		return -ENXIO;
	}
	if (left < width - 1)
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
		return width == 1 || width == 2 || width == 4;
	return width >= 1 && width <= 8;
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
			 uint64_t addr, uint32_t width,
			 struct dispatch_target *target)
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
			      addr, width);
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
				uint64_t addr, uint32_t width,
				struct dispatch_target *target)
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
	return resolve_access(target, region, start, last, addr, width);
}

/*
 * Look up the device at @addr and begin its callback. On success the caller
 * calls reader_callback_end() after the callback.
 */
static inline int lookup_device(struct vmr_reader *reader, enum vmr_io io,
				uint64_t addr, uint32_t width,
				struct dispatch_target *target)
{
	struct vmr_cache_entry *entry = cache_slot(reader, io, addr);
	int ret;

	reader_lookup_begin(reader);
	ret = lookup_cached(reader, entry, io, addr, width, target);
	while (ret == -EAGAIN)
		ret = lookup_tree(reader, entry, io, addr, width, target);
	if (ret) {
		/*
		 * Orders the loads of the search before the end of the lookup.
		 * Pairs with the load-acquire of @epoch in reader_may_access().
		 */
		smp_store_release(&reader->epoch, 0);
		vmr_trace_dispatch_miss(reader, addr, ret);
		return ret;
	}
	target->access.reader = reader;
	reader_callback_begin(reader, target->dev);
	vmr_trace_dispatch(reader, target->dev, &target->access);
	return 0;
}

static int dispatch_lookup(struct vmr_reader *reader, enum vmr_io io,
			   uint64_t addr, uint32_t width, uint32_t count,
			   struct dispatch_target *target)
{
	if (!access_width_valid(io, width, count))
		return -EMSGSIZE;
	target->access.width = width;
	target->access.count = count;
	return lookup_device(reader, io, addr, width, target);
}

static bool dispatch_args_invalid(const struct vmr_reader *reader,
				  enum vmr_io io, const void *data)
{
	return !reader || !reader->manager || !data ||
	       (io != VMR_PIO && io != VMR_MMIO);
}

int vmr_read(struct vmr_reader *reader, enum vmr_io io, uint64_t addr,
	     void *data, uint32_t width, uint32_t count)
{
	struct vmr_change change = { .type = VMR_CHANGE_NONE };
	struct dispatch_target target;
	int ret;

	if (dispatch_args_invalid(reader, io, data))
		return -EINVAL;
	target.access.change = &change;
	ret = dispatch_lookup(reader, io, addr, width, count, &target);
	if (ret) {
		memset(data, 0xff, (size_t)width * count);
		return ret;
	}
	if (target.dev->ops->read)
		target.dev->ops->read(target.dev, &target.access, data);
	else
		memset(data, 0xff, (size_t)width * count);
	reader_callback_end(reader);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_read);

int vmr_write_change(struct vmr_reader *reader, enum vmr_io io, uint64_t addr,
		     const void *data, uint32_t width, uint32_t count,
		     struct vmr_change *change)
{
	struct dispatch_target target;
	int ret;

	if (dispatch_args_invalid(reader, io, data) || !change)
		return -EINVAL;
	ret = dispatch_lookup(reader, io, addr, width, count, &target);
	if (ret)
		return ret;
	*change = (struct vmr_change) { .type = VMR_CHANGE_NONE };
	target.access.change = change;
	if (target.dev->ops->write)
		target.dev->ops->write(target.dev, &target.access, data);
	reader_callback_end(reader);
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

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

#define ENTRY_HIT	1
#define ENTRY_PIO	2

static inline unsigned int entry_flags(const struct vmr_cache_entry *entry)
{
	return (uintptr_t)entry->region & (ENTRY_HIT | ENTRY_PIO);
}

static inline struct vmr_region *entry_region(const struct vmr_cache_entry *entry)
{
	return (struct vmr_region *)(entry->region - entry_flags(entry));
}

/* A set of a lookup cache is chosen by these bits of an address and those above */
static inline unsigned int cache_shift(bool pio)
{
	return pio ? 3 : 12;
}

/*
 * The subregion that contains @offset, or NULL. @first and @last receive the offsets
 * between the subregions around @offset, or those of the one that contains it. @last is
 * at first the last offset of the region: where a region was made smaller, its end may
 * cut a subregion.
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
			*last = min(*last, subregion->offset - 1);
			node = node->left;
		} else if (offset - subregion->offset >= subregion->size) {
			*first = subregion->offset + subregion->size;
			node = node->right;
		} else {
			*first = subregion->offset;
			*last = min(*last, *first + (subregion->size - 1));
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
 * Fill in @target for an access to a memory region: the target is the subregion at
 * @addr, or else the memory itself. @entry becomes that of the subregion, if this has
 * addresses in enough sets. Entries of many small subregions would replace each other,
 * where the one of the memory serves all.
 */
static noinline int resolve_memory(struct vmr_dispatch *target,
				   struct vmr_cache_entry *entry, uint64_t addr)
{
	struct vmr_region *region = entry_region(entry), *part;
	uint64_t offset = addr - entry->start;
	uint64_t first = 0, last = entry->last - entry->start;

	if (region->type != VMR_REGION_MEMORY)
		return -ENXIO;
	part = subregion_at(region, offset, &first, &last);
	target->access.region = part ? part : region;
	target->access.base = entry->start + (part ? first : 0);
	target->access.offset = addr - target->access.base;
	if (part && part->size >> cache_shift(entry_flags(entry) & ENTRY_PIO)) {
		entry->last = entry->start + last;
		entry->start += first;
		entry->region = (char *)part + entry_flags(entry);
		entry->generation = part->generation;
	} else if (!part) {
		if (!memory_serves(target, region, target->write))
			return -ENXIO;
		if (!(target->write && region->read_only))
			target->host = region->host;
	}
	return last - offset < target->access.width - 1 ? -ENXIO : 0;
}

/*
 * Fill in @target for an access to the region or subregion of @entry, which contains
 * @addr. A subregion is trapped, whatever its type is.
 */
static inline int resolve_access(struct vmr_dispatch *target,
				 struct vmr_cache_entry *entry, uint64_t addr)
{
	struct vmr_region *region = entry_region(entry);

	VMR_ASSERT(addr >= entry->start && addr <= entry->last);
	target->dev = region->device;
	target->host = NULL;
	if (unlikely(region->type != VMR_REGION_TRAPPED &&
		     !region->is_subregion))
		return resolve_memory(target, entry, addr);
	target->access.region = region;
	target->access.base = entry->start;
	target->access.offset = addr - entry->start;
	return entry->last - addr < target->access.width - 1 ? -ENXIO : 0;
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
 * The set of an address, or NULL without a cache: the exclusive or of the lowest eight
 * groups of @set_bits bits of the page number. Neighbours whose size is a power of two, such as
 * BARs, are distributed evenly. A set that does not exist is that without its upper bit.
 */
static inline struct vmr_cache_set *cache_set(const struct vmr_reader *reader,
					      enum vmr_io io, uint64_t addr)
{
	uint64_t key = addr >> cache_shift(io == VMR_PIO);
	unsigned int bits = reader->set_bits;
	uint32_t index;

	if (!reader->nr_sets)
		return NULL;
	key ^= key >> 4 * bits;
	key ^= key >> 2 * bits;
	key ^= key >> bits;
	index = (uint32_t)key & ((1u << bits) - 1);
	if (index >= reader->nr_sets)
		index &= (1u << (bits - 1)) - 1;
	return &reader->cache[index];
}

/* The entry of @set that contains @addr, or NULL */
static inline struct vmr_cache_entry *cache_entry(struct vmr_cache_set *set,
						  enum vmr_io io, uint64_t addr)
{
	unsigned int kind = io == VMR_PIO ? ENTRY_PIO : 0;
	unsigned int i;

	for (i = 0; i < VMR_CACHE_WAYS; i++) {
		struct vmr_cache_entry *entry = &set->entries[i];

		if (addr >= entry->start && addr <= entry->last &&
		    entry->region && (entry_flags(entry) & ENTRY_PIO) == kind)
			return entry;
	}
	return NULL;
}

/*
 * Where to store the result of a lookup: in @set, or in @unused. A new address gets the
 * second entry. The first one is replaced only by a second one that was hit, so that
 * addresses which pass by once, as a scan does, never replace it. An entry that was hit
 * stays for one more call.
 */
static struct vmr_cache_entry *cache_victim(struct vmr_cache_set *set,
					    struct vmr_cache_entry *unused)
{
	struct vmr_cache_entry *first = &set->entries[0];
	struct vmr_cache_entry *second = &set->entries[1];

	static_assert(VMR_CACHE_WAYS == 2);
	if (!first->region)
		return first;
	if (!(entry_flags(second) & ENTRY_HIT))
		return second;
	second->region -= ENTRY_HIT;
	if (entry_flags(first) & ENTRY_HIT) {
		first->region -= ENTRY_HIT;
		return unused;
	}
	*first = *second;
	return second;
}

/* The sum of the generations in up to four slots, one in each byte, modulo 2^16 */
static inline uint16_t
cache_generation_sum(const struct vmr_generations *generations,
		     uint32_t gen_slots)
{
	uint32_t sum = READ_ONCE(generations->gen[gen_slots & 0xff]);

	while (gen_slots >>= 8)
		sum += READ_ONCE(generations->gen[gen_slots & 0xff]);
	return (uint16_t)sum;
}

/* Whether a generation that was loaded before may repeat; then flush the cache */
static inline bool cache_is_old(struct vmr_reader *reader)
{
	uint32_t rollover;

	/*
	 * Orders the loads of the generations before that of the rollover.
	 * Pairs with smp_wmb() in vmr_generation_roll_over().
	 */
	smp_rmb();
	rollover = READ_ONCE(reader->manager->sys->generations.rollover);
	if (likely(rollover == reader->rollover))
		return false;
	memset(reader->cache, 0, sizeof(*reader->cache) * reader->nr_sets);
	reader->rollover = rollover;
	return true;
}

/*
 * Look up @addr in @set; -EAGAIN if no valid entry contains it. The region of an entry
 * is valid memory only if the sum of the slots is that of the entry and the rollover
 * too. This loads neither the range nor the state of the device, whose cache lines the
 * update side stores to.
 */
static inline int lookup_cached(struct vmr_reader *reader,
				struct vmr_cache_set *set, enum vmr_io io,
				uint64_t addr, struct vmr_dispatch *target)
{
	const struct vmr_generations *generations =
		&reader->manager->sys->generations;
	struct vmr_cache_entry *entry = cache_entry(set, io, addr);

	if (!entry)
		return -EAGAIN;
	if (cache_generation_sum(generations, entry->gen_slots) !=
	    entry->gen_sum) {
		entry->region = NULL;
		return -EAGAIN;
	}
	if (cache_is_old(reader))
		return -EAGAIN;
	if (READ_ONCE(entry_region(entry)->generation) != entry->generation) {
		entry->region = NULL;
		return -EAGAIN;
	}
	if (cache_is_old(reader))
		return -EAGAIN;
	if (!(entry_flags(entry) & ENTRY_HIT))
		entry->region += ENTRY_HIT;
	return resolve_access(target, entry, addr);
}

/* Add a range to the path of a lookup; false if an entry has no slot for it */
static inline bool path_add(const struct vmr_generations *generations,
			    const struct vmr_range *range, uint32_t *gen_slots,
			    uint32_t *gen_sum)
{
	uint32_t slot = vmr_generation_slot(range);
	bool fits = !(*gen_slots >> 24);

	*gen_slots = *gen_slots << 8 | slot;
	*gen_sum += READ_ONCE(generations->gen[slot]);
	return fits;
}

/*
 * Look up @addr in the trees, from the root through windows to any depth, and
 * fill in an entry of @set, if there is one. -EAGAIN if a write section interfered; the
 * caller repeats.
 *
 * Loop invariant: [@lo, @hi] is the intersection of all windows on the path,
 * and @gen_slots has their generation slots, if there is a set.
 *
 * The sequence is validated twice in each step: before the range that was found
 * is dereferenced, and after its members were loaded. The device, type and
 * subregions of a registered region are constant, and valid until the drain.
 *
 * Not inline: it needs all registers, and a cache hit would save and restore
 * them.
 */
static noinline int lookup_tree(const struct vmr_reader *reader,
				struct vmr_cache_set *set, enum vmr_io io,
				uint64_t addr, struct vmr_dispatch *target)
{
	const struct vmr_system *sys = reader->manager->sys;
	const struct vmr_space *space = vmr_manager_space(reader->manager, io);
	uint32_t sequence = vmr_seqcount_read_begin(&sys->seq);
	uint32_t gen_slots = 0, gen_sum = 0, generation;
	uint64_t lo = 0, hi = VMR_ADDR_MAX, start, last;
	bool isa = false, window_isa, registered;
	struct vmr_cache_entry *entry, unused;
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
		if (set && !path_add(&sys->generations, range, &gen_slots,
				     &gen_sum))
			set = NULL;
		generation = READ_ONCE(region->generation);
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
	entry = set ? cache_victim(set, &unused) : &unused;
	*entry = (struct vmr_cache_entry) {
		.start = start,
		.last = last,
		.region = (char *)region + (io == VMR_PIO ? ENTRY_PIO : 0),
		.gen_slots = gen_slots,
		.gen_sum = (uint16_t)gen_sum, .generation = (uint16_t)generation,
	};
	return resolve_access(target, entry, addr);
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
	struct vmr_cache_set *set = cache_set(reader, io, addr);
	int ret = -EAGAIN;

	target->outer_thread = reader->thread;
	reader_lookup_begin(reader);
	if (set)
		ret = lookup_cached(reader, set, io, addr, target);
	while (ret == -EAGAIN)
		ret = lookup_tree(reader, set, io, addr, target);
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
		vmr_read_host(&target, data);
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
		vmr_write_host(&target, data);
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

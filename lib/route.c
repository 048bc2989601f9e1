// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * route.c - readers: routing exits to devices, and waiting until they are out
 *
 * How a reader and the removal of a device get along:
 *
 * A reader that looks something up first stores the manager's epoch in its own
 * struct, then a full barrier, then it walks. Whoever unlinks a device takes it
 * out of the tree, then raises the epoch, and remembers the new value in the
 * device. A drain looks, after a full barrier, at each reader's epoch:
 *
 *  - It sees one older than the unlinking: that lookup may have found the device,
 *    so the drain waits.
 *  - It sees one that is not older: the reader had read the raised epoch, with
 *    acquire, and so sees what was done before that. Its walk cannot find the
 *    device.
 *  - It sees none, since the reader's store was not there yet. Each side has
 *    stored one thing, then a full barrier, then loaded what the other stored: at
 *    least one of them sees the other's store. The drain does not, so the walk
 *    behind the reader's barrier sees the tree without the device.
 *  - It sees none, since the lookup is over. Once the reader knows the device and
 *    has validated that, it names it in @inside, counts @depth up, and only then
 *    clears its epoch, with release. The drain, which reads the epoch with
 *    acquire and first, sees the name.
 *
 * Counting @depth down, with release, is the reader's last act in the device. All
 * that a drain reads of a reader it reads with acquire, and all of it was stored
 * with release: whichever value lets it pass, it was stored after the callback had
 * ended, so what the callback did is over for who drained, too.
 *
 * So a drain waits for lookups that are as old as the device was and for
 * callbacks of this very device, never for a callback of another one, but for
 * those nested deeper than there are names.
 *
 * A guest's exits go to few places, so a reader remembers where the last ones
 * went. That stays true until the region, or a window on the way to it, leaves its
 * place, and departures are counted before they can be seen. If the counts, read
 * behind the full barrier, still are the same, then it is true now, as if the walk
 * had been made anew; and what was not unlinked before the reader's epoch could be
 * seen is there until the drain. What other regions do makes no difference, so a
 * reader goes on beside a writer that never pauses. A set of moves is one step for
 * it all the same: whoever has seen one of them has seen its section closed, and
 * in that all departures of the set were counted.
 *
 * A count comes round after 2^32 departures, in which a reader may have slept, so
 * with each 2^26th an rollover ends, and with it all that is remembered. A sum of counts
 * cannot come round within one.
 *
 * tools/testing/spin has a model of this, and of the lookups, that is checked in
 * all its states, and that fails without any of these steps.
 */
#include "device.h"

#include <linux/atomic.h>

#include "port/lockdep.h"
#include "trace.h"

/* Held for a few loads and stores only, so that nobody waits for long */
static unsigned long readers_lock(struct vmr_manager *manager)
{
	unsigned long state = vmr_port_write_begin();

	/* pairs with the release in readers_unlock() */
	while (xchg_acquire(&manager->readers_lock, 1))
		vmr_port_spin_relax();
	return state;
}

static void readers_unlock(struct vmr_manager *manager, unsigned long state)
{
	/* pairs with the acquire in readers_lock() */
	smp_store_release(&manager->readers_lock, 0);
	vmr_port_write_end(state);
}

int vmr_reader_attach(struct vmr_manager *manager, struct vmr_reader *reader)
{
	unsigned long state;

	if (!manager || !reader)
		return -EINVAL;
	if (reader->manager)
		return -EEXIST;
	state = readers_lock(manager);
	memset(reader, 0, sizeof(*reader));
	reader->manager = manager;
	reader->next = manager->readers;
	manager->readers = reader;
	readers_unlock(manager, state);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_reader_attach);

int vmr_reader_detach(struct vmr_reader *reader)
{
	struct vmr_manager *manager;
	struct vmr_reader **at;
	unsigned long state;

	if (!reader)
		return -EINVAL;
	manager = reader->manager;
	if (!manager)
		return -ENOENT;
	/*
	 * No drain will look at this reader, so it is here that what it did is
	 * seen to be over: pairs with the releases in reader_callback_begin() and reader_callback_end().
	 */
	if (smp_load_acquire(&reader->epoch))
		return -EDEADLK;
	/* as well */
	if (smp_load_acquire(&reader->depth))
		return -EDEADLK;
	state = readers_lock(manager);
	for (at = &manager->readers; *at != reader; at = &(*at)->next)
		;
	*at = reader->next;
	reader->manager = NULL;
	readers_unlock(manager, state);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_reader_detach);

/* Whether a reader may be inside the device, or about to be */
static bool reader_may_access(struct vmr_reader *reader,
			      const struct vmr_device *dev)
{
	unsigned long epoch;
	uint32_t depth, i;

	/* pairs with the release in reader_callback_begin(): first the epoch, then the names */
	epoch = smp_load_acquire(&reader->epoch);
	if (epoch && (long)(epoch - dev->retire_epoch) < 0)
		return true;
	/* pairs with the release in reader_callback_end(): the callback is over */
	depth = smp_load_acquire(&reader->depth);
	if (depth > VMR_READER_HAZARDS)
		return true;
	for (i = 0; i < depth; i++)
		/* or a later name says so: pairs with the release in reader_callback_begin() */
		if (smp_load_acquire(&reader->hazards[i]) == dev)
			return true;
	return false;
}

static int poll_drain(struct vmr_manager *manager, const struct vmr_device *dev,
		      bool check_self)
{
	struct vmr_reader *reader;
	unsigned long state;
	int ret = 0;

	if (!manager || !dev)
		return -EINVAL;
	if (READ_ONCE(dev->state) != VMR_DEVICE_UNREGISTERED)
		return -EBUSY;
	smp_mb(); /* pairs with the one in reader_lookup_begin() */
	state = readers_lock(manager);
	for (reader = manager->readers; reader; reader = reader->next) {
		if (reader_may_access(reader, dev))
			ret = -EAGAIN;
		/* pairs with reader_callback_begin(), which comes after the owner is stored */
		if (check_self && smp_load_acquire(&reader->depth) &&
		    READ_ONCE(reader->thread) == vmr_port_thread_id()) {
			ret = -EDEADLK;
			break;
		}
	}
	readers_unlock(manager, state);
	return ret;
}

int vmr_device_try_drain(struct vmr_manager *manager,
			 const struct vmr_device *dev)
{
	int ret = poll_drain(manager, dev, false);

	vmr_trace_drain(manager, dev, ret);
	return ret;
}
EXPORT_SYMBOL_GPL(vmr_device_try_drain);

int vmr_device_drain(struct vmr_manager *manager, const struct vmr_device *dev)
{
	int ret;

	while ((ret = poll_drain(manager, dev, true)) == -EAGAIN) {
		vmr_lockdep_drain();
		vmr_port_drain_wait();
	}
	if (!ret)
		vmr_lockdep_drain();
	vmr_trace_drain(manager, dev, ret);
	return ret;
}
EXPORT_SYMBOL_GPL(vmr_device_drain);

/*
 * Routing
 */

struct dispatch_target {
	struct vmr_device	*dev;
	struct vmr_access	access;
};

static void reader_lookup_begin(struct vmr_reader *reader)
{
	unsigned long now;

	vmr_lockdep_lookup();
	WRITE_ONCE(reader->thread, vmr_port_thread_id());
	/* pairs with the release in vmr_device_retire() */
	now = smp_load_acquire(&reader->manager->epoch);
	/* pairs with the acquire in reader_may_access() */
	smp_store_release(&reader->epoch, now);
	smp_mb(); /* pairs with the one in poll_drain() */
}

static void reader_callback_begin(struct vmr_reader *reader,
				  struct vmr_device *dev)
{
	uint32_t depth = reader->depth;

	vmr_lockdep_callback_begin();
	if (depth < VMR_READER_HAZARDS)
		/* this and the next two pair with reader_may_access() */
		smp_store_release(&reader->hazards[depth], dev);
	/* after the name */
	smp_store_release(&reader->depth, depth + 1);
	/* after both */
	smp_store_release(&reader->epoch, 0);
}

static void reader_callback_end(struct vmr_reader *reader)
{
	/* after all that the callback did; pairs with reader_may_access() */
	smp_store_release(&reader->depth, reader->depth - 1);
	vmr_lockdep_callback_end();
}

/* The trapped part of a memory region that holds the offset */
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

/* The access as the device, or the part that traps, sees it */
static inline int resolve_access(struct dispatch_target *target,
				 struct vmr_region *region, uint64_t start,
				 uint64_t last, uint64_t addr, uint32_t width)
{
	uint64_t offset = addr - start;
	uint64_t left = last - addr;	/* behind the first byte */

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
 * The digits of the page's number to the base 64, summed without a carry: neighbours
 * of any size that is a power of two, as BARs are, have hints of their own.
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

/* The departures of all on the way */
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
 * Ask the region that the hint names; -EAGAIN if the tree has to be asked. Neither
 * its range nor its device's state, which others write, need be looked at.
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
	smp_rmb();	/* pairs with the one in depart() */
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
 * Follow an address from the root to the region that answers, through windows to
 * any depth. What is found in a tree is used only once the count says that it was
 * true, and what is read of it then is asked for once more: -EAGAIN sends the
 * reader round again. A region's device, type and windows do not change while it
 * is registered, and are there until the drain.
 *
 * Apart, since it needs all registers, and a hit would save and restore them.
 */
static noinline int lookup_tree(const struct vmr_reader *reader,
				struct vmr_cache_entry *entry, enum vmr_io io,
				uint64_t addr, uint32_t width,
				struct dispatch_target *target)
{
	const struct vmr_system *sys = reader->manager->sys;
	const struct vmr_space *space = manager_space(reader->manager, io);
	uint32_t count = vmr_seqcount_read_begin(&sys->seq), gen_sum;
	uint32_t gen_slots = 0, path_too_long = 0;
	uint64_t lo = 0, hi = VMR_ADDR_MAX, start, last;
	bool prefetchable = false, registered;
	struct vmr_region *region;
	struct vmr_range *range;

	for (;;) {
		range = vmr_find_raw(space, addr);
		if (vmr_seqcount_read_retry(&sys->seq, count))
			return -EAGAIN;
		if (!range)
			return -ENXIO;
		region = to_region(range);
		start = READ_ONCE(range->start);
		last = READ_ONCE(range->last);
		registered = region->device &&
			     vmr_device_is_registered(region->device);
		path_too_long |= gen_slots >> 24;
		gen_slots = gen_slots << 8 | vmr_generation_slot(range);
		gen_sum = cache_generation_sum(&sys->generations, gen_slots);
		if (vmr_seqcount_read_retry(&sys->seq, count))
			return -EAGAIN;
		if (!registered)
			return -ENXIO;
		if (region->type != VMR_REGION_WINDOW)
			break;
		lo = max(lo, start);
		hi = min(hi, last);
		prefetchable = prefetchable || region->prefetchable;
		space = bus_space(region->device->subordinate, io);
	}
	if (start < lo || last > hi || (prefetchable && !region->prefetchable))
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

/* Find who answers, and step inside */
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
		/* after the walk; pairs with reader_may_access() */
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
	struct vmr_change lost;

	return vmr_write_change(reader, io, addr, data, width, count, &lost);
}
EXPORT_SYMBOL_GPL(vmr_write);

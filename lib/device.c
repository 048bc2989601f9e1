// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * device.c - devices, their regions, and the routing of exits to them
 *
 * How a reader and the removal of a device get along:
 *
 * A reader that looks something up first stores the manager's epoch in its own
 * struct, then a full barrier, then it walks. Whoever unlinks a device takes it
 * out of the tree, then raises the epoch, and remembers the new value in the
 * device. A drain looks, after a full barrier, at each reader's epoch. If it sees
 * none, or one that is not older than the unlinking, the walk that belongs to it
 * cannot find the device: either the reader's store was not there yet, and then
 * its barrier orders its walk behind the unlinking; or the reader read the raised
 * epoch with acquire, and so sees what was done before that.
 *
 * Once the reader knows the device and has validated that, it names it in
 * @inside, counts @depth up, and only then clears its epoch, with release. A drain
 * that does not see the epoch any more sees the name. Counting @depth down, with
 * release, is the reader's last act in the device.
 *
 * So a drain waits for lookups that are as old as the device was and for
 * callbacks of this very device, never for a callback of another one.
 */
#include "internal.h"

#include <linux/atomic.h>

#include <vmalloc/device.h>

static struct vmr_region *region_of(struct vmr_range *range)
{
	return container_of(range, struct vmr_region, range);
}

static struct vmr_space *space_of(const struct vmr_manager *manager,
				  enum vmr_io io)
{
	switch (io) {
	case VMR_PIO:
		return &manager->sys->pio;
	case VMR_MMIO:
		return &manager->sys->mmio;
	default:
		return NULL;
	}
}

static bool present(const struct vmr_device *dev)
{
	return dev->state == VMR_DEVICE_PRESENT;
}

int vmr_manager_init(struct vmr_manager *manager, struct vmr_system *sys)
{
	if (!manager || !sys)
		return -EINVAL;
	memset(manager, 0, sizeof(*manager));
	manager->sys = sys;
	manager->epoch = 1;
	INIT_LIST_HEAD(to_list(&manager->devices));
	INIT_LIST_HEAD(to_list(&manager->listeners));
	INIT_LIST_HEAD(to_list(&manager->changed));
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_manager_init);

/* An entry of a list is in one if its links are not zero */
static void list_out(struct vmr_list *entry)
{
	list_del(to_list(entry));
	entry->next = NULL;
	entry->prev = NULL;
}

/*
 * Being told
 */

static struct vmr_place place_of(const struct vmr_region *region)
{
	struct vmr_place place = { .visible = false };

	if (vmr_range_state(&region->range) == VMR_LIVE && region->device &&
	    present(region->device))
		place = (struct vmr_place) {
			.visible = true,
			.start = region->range.start,
			.last = region->range.last,
		};
	return place;
}

static bool same_place(const struct vmr_place *a, const struct vmr_place *b)
{
	if (a->visible != b->visible)
		return false;
	return !a->visible || (a->start == b->start && a->last == b->last);
}

/* Remember what a region was, before its first change since the last report */
static void changes_from(struct vmr_manager *manager, struct vmr_region *region,
			 struct vmr_place was)
{
	if (region->changed.next)
		return;
	region->was = was;
	list_add_tail(to_list(&region->changed), to_list(&manager->changed));
}

static void changes(struct vmr_manager *manager, struct vmr_region *region)
{
	changes_from(manager, region, place_of(region));
}

static void tell(struct vmr_manager *manager, struct vmr_region *region,
		 const struct vmr_place *old, const struct vmr_place *new)
{
	struct list_head *pos, *next;

	list_for_each_safe(pos, next, to_list(&manager->listeners)) {
		struct vmr_listener *listener =
			container_of((struct vmr_list *)pos,
				     struct vmr_listener, link);

		listener->moved(listener, region, old, new);
	}
}

/*
 * Report what changed. A listener may call writers: their changes are queued
 * behind the ones that are still to be told, and all are told before that call
 * returns, so that everybody hears of them in the order in which they happened.
 */
static void tell_all(struct vmr_manager *manager)
{
	struct list_head *queue = to_list(&manager->changed);

	while (!list_empty(queue)) {
		struct vmr_region *region =
			container_of((struct vmr_list *)queue->next,
				     struct vmr_region, changed);
		struct vmr_place old = region->was;
		struct vmr_place new = place_of(region);

		list_out(&region->changed);
		if (!same_place(&old, &new))
			tell(manager, region, &old, &new);
	}
}

int vmr_listen(struct vmr_manager *manager, struct vmr_listener *listener)
{
	if (!manager || !listener || !listener->moved)
		return -EINVAL;
	if (listener->link.next)
		return -EEXIST;
	list_add_tail(to_list(&listener->link), to_list(&manager->listeners));
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_listen);

int vmr_unlisten(struct vmr_manager *manager, struct vmr_listener *listener)
{
	if (!manager || !listener)
		return -EINVAL;
	if (!listener->link.next)
		return -ENOENT;
	list_out(&listener->link);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_unlisten);

/*
 * Placing regions
 */

void vmr_region_init(struct vmr_region *region, enum vmr_io io,
		     enum vmr_region_type type, uint64_t size, uint32_t index,
		     const char *tag)
{
	region->io = io;
	region->type = type;
	region->size = size;
	region->index = index;
	region->tag = tag;
}
EXPORT_SYMBOL_GPL(vmr_region_init);

/* Let claims have what became free; the oldest first, one after the other */
static void settle(struct vmr_manager *manager, struct vmr_space *space,
		   uint64_t start, uint64_t last)
{
	const struct vmr_place hidden = { .visible = false };
	struct vmr_range *range;

	while ((range = vmr_settle(space, start, last)))
		changes_from(manager, region_of(range), hidden);
}

static int check_region(struct vmr_manager *manager, struct vmr_region *region,
			struct vmr_space **space)
{
	if (!manager || !region)
		return -EINVAL;
	*space = space_of(manager, region->io);
	if (!*space || !region->device || !present(region->device))
		return -ENOENT;
	return 0;
}

/*
 * Take a region from where it is to where @act puts it, and let claims have the
 * place that it leaves. @act may find nothing to do.
 */
static void relocate(struct vmr_manager *manager, struct vmr_region *region,
		     struct vmr_space *space, uint64_t start,
		     int (*act)(struct vmr_space *space,
				struct vmr_range *range, uint64_t start,
				uint64_t last))
{
	bool live = vmr_range_state(&region->range) == VMR_LIVE;
	uint64_t old_start = region->range.start;
	uint64_t old_last = region->range.last;
	uint64_t last = start + (region->size - 1);

	changes(manager, region);
	vmr_write_begin(space->seq);
	if (!act || last < start || act(space, &region->range, start, last))
		vmr_free(space, &region->range);
	if (live)
		settle(manager, space, old_start, old_last);
	if (vmr_range_state(&region->range) == VMR_CLAIMED)
		settle(manager, space, start, last);
	vmr_write_end(space->seq);
	tell_all(manager);
}

int vmr_region_program(struct vmr_manager *manager, struct vmr_region *region,
		       uint64_t start)
{
	enum vmr_state state;
	struct vmr_space *space;
	int ret = check_region(manager, region, &space);

	if (ret)
		return ret;
	state = vmr_range_state(&region->range);
	/* A write that changes nothing is no new claim */
	if ((state == VMR_LIVE || state == VMR_CLAIMED) &&
	    region->range.start == start)
		return 0;
	relocate(manager, region, space, start, vmr_claim);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_region_program);

int vmr_region_park(struct vmr_manager *manager, struct vmr_region *region,
		    uint64_t start)
{
	struct vmr_space *space;
	int ret = check_region(manager, region, &space);

	if (!ret)
		relocate(manager, region, space, start, vmr_park);
	return ret;
}
EXPORT_SYMBOL_GPL(vmr_region_park);

int vmr_region_unmap(struct vmr_manager *manager, struct vmr_region *region)
{
	struct vmr_space *space;
	int ret = check_region(manager, region, &space);

	if (!ret)
		relocate(manager, region, space, 0, NULL);
	return ret;
}
EXPORT_SYMBOL_GPL(vmr_region_unmap);

int vmr_region_place(struct vmr_manager *manager, struct vmr_region *region,
		     uint64_t start, struct vmr_range **conflict)
{
	struct vmr_range *in_way;
	struct vmr_space *space;
	uint64_t last;
	int ret = check_region(manager, region, &space);

	if (ret)
		return ret;
	last = start + (region->size - 1);
	if (last < start)
		return -EOVERFLOW;
	if (start < space->start || last > space->last)
		return -ERANGE;
	in_way = vmr_find_overlap(space, start, last);
	if (in_way == &region->range)
		in_way = vmr_next_range(in_way);
	if (in_way && in_way->start <= last) {
		if (conflict)
			*conflict = in_way;
		return -EBUSY;
	}
	/* An exact request goes before the claims of others */
	if (vmr_range_state(&region->range) == VMR_LIVE) {
		uint64_t old_start = region->range.start;
		uint64_t old_last = region->range.last;

		changes(manager, region);
		vmr_write_begin(space->seq);
		vmr_move(space, &region->range, start, NULL);
		settle(manager, space, old_start, old_last);
		vmr_write_end(space->seq);
	} else {
		changes(manager, region);
		vmr_write_begin(space->seq);
		vmr_free(space, &region->range);
		vmr_reserve(space, &region->range, start, last, NULL);
		vmr_write_end(space->seq);
	}
	tell_all(manager);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_region_place);

struct vmr_region *vmr_region_at(const struct vmr_manager *manager,
				 enum vmr_io io, uint64_t addr)
{
	struct vmr_space *space = manager ? space_of(manager, io) : NULL;
	struct vmr_range *range = vmr_find(space, addr);

	return range ? region_of(range) : NULL;
}
EXPORT_SYMBOL_GPL(vmr_region_at);

/*
 * Registering and unlinking
 */

int vmr_add_region(struct vmr_device *dev, struct vmr_region *region)
{
	struct vmr_region **end;

	if (!dev || !region || !region->size)
		return -EINVAL;
	if (region->device || region->range.node.link)
		return -EEXIST;
	if (present(dev))
		return -EBUSY;
	for (end = &dev->regions; *end; end = &(*end)->next)
		;
	*end = region;
	region->next = NULL;
	region->device = dev;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_add_region);

int vmr_add_part(struct vmr_region *region, struct vmr_region *part)
{
	struct vmr_region *other;

	if (!region || !part || !part->size ||
	    region->type != VMR_REGION_MEMORY)
		return -EINVAL;
	if (part->device)
		return -EEXIST;
	if (part->offset >= region->size ||
	    part->size > region->size - part->offset)
		return -ERANGE;
	if (region->device && present(region->device))
		return -EBUSY;
	for (other = region->parts; other; other = other->next)
		if (part->offset < other->offset + other->size &&
		    other->offset < part->offset + part->size)
			return -EBUSY;
	part->device = region->device;
	part->next = region->parts;
	region->parts = part;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_add_part);

/* The region of @dev that a constraint's range is in */
static const struct vmr_region *own_region(const struct vmr_device *dev,
					   const struct vmr_range *range)
{
	const struct vmr_region *region;

	for (region = dev->regions; region; region = region->next)
		if (&region->range == range)
			return region;
	return NULL;
}

static bool constraint_fits(const struct vmr_device *dev,
			    const struct vmr_constraint *c)
{
	const struct vmr_region *region = own_region(dev, c->range);

	switch (c->kind) {
	case VMR_KIND_PIO:
		return region && region->size == c->req.size &&
		       region->io == VMR_PIO;
	case VMR_KIND_MMIO:
	case VMR_KIND_MEM:
		return region && region->size == c->req.size &&
		       region->io == VMR_MMIO;
	case VMR_KIND_DEVICE:
	case VMR_KIND_PCI:
		return false;	/* every one of these leads to its owner */
	default:
		return !region;
	}
}

static int check_device(const struct vmr_device *dev, size_t *failed)
{
	const struct vmr_region *region;
	size_t i;

	for (region = dev->regions; region; region = region->next)
		if (region->range.node.link)
			return -EEXIST;
	if (dev->nr_constraints && (!dev->constraints ||
	    !dev->resources.entries))
		return -EINVAL;
	for (i = 0; i < dev->nr_constraints; i++)
		if (!constraint_fits(dev, &dev->constraints[i])) {
			if (failed)
				*failed = i;
			return -EINVAL;
		}
	return 0;
}

/* Give back what was granted: all but the device id */
static void release_all(struct vmr_manager *manager, struct vmr_device *dev)
{
	struct vmr_region *region;

	for (region = dev->regions; region; region = region->next)
		vmr_free(space_of(manager, region->io), &region->range);
	vmr_system_release(manager->sys, &dev->resources);
}

int vmr_register(struct vmr_manager *manager, struct vmr_device *dev,
		 size_t *failed, struct vmr_range **conflict)
{
	struct vmr_region *region;
	struct vmr_marks marks;
	int ret;

	if (!manager || !dev || !dev->ops)
		return -EINVAL;
	if (present(dev) || dev->id.node.link)
		return -EEXIST;
	ret = check_device(dev, failed);
	if (ret)
		return ret;

	vmr_marks_save(manager->sys, &marks);
	ret = vmr_id_alloc(&manager->sys->ids, &dev->id);
	if (ret) {
		if (failed)
			*failed = dev->nr_constraints;
		return ret;
	}
	ret = vmr_system_grant(manager->sys, dev->constraints,
			       dev->nr_constraints, &dev->resources, failed,
			       conflict);
	if (ret)
		goto give_id_back;
	/* The ranges are linked, but nothing answers before the state says so */
	if (dev->ops->set_resources)
		ret = dev->ops->set_resources(dev, &dev->resources);
	if (ret) {
		release_all(manager, dev);
		goto give_id_back;
	}
	for (region = dev->regions; region; region = region->next)
		changes(manager, region);
	list_add_tail(to_list(&dev->link), to_list(&manager->devices));
	smp_store_release(&dev->state, VMR_DEVICE_PRESENT);
	tell_all(manager);
	return 0;

give_id_back:
	vmr_id_release(&manager->sys->ids, &dev->id);
	vmr_marks_restore(manager->sys, &marks);
	return ret;
}
EXPORT_SYMBOL_GPL(vmr_register);

int vmr_unlink(struct vmr_manager *manager, struct vmr_device *dev)
{
	struct vmr_region *region;
	int visible = 0;

	if (!manager || !dev)
		return -EINVAL;
	if (!present(dev))
		return -ENOENT;
	for (region = dev->regions; region; region = region->next) {
		changes(manager, region);
		visible += place_of(region).visible;
	}

	vmr_write_begin(&manager->sys->seq);
	WRITE_ONCE(dev->state, VMR_DEVICE_ABSENT);
	release_all(manager, dev);
	for (region = dev->regions; region; region = region->next)
		settle(manager, space_of(manager, region->io),
		       region->range.start, region->range.last);
	vmr_write_end(&manager->sys->seq);

	vmr_id_release(&manager->sys->ids, &dev->id);
	list_out(&dev->link);
	/* 0 would say "no lookup", so the epoch leaves it out when it wraps */
	dev->unlinked = manager->epoch + 1 ? manager->epoch + 1 : 1;
	smp_store_release(&manager->epoch, dev->unlinked);
	tell_all(manager);
	return visible;
}
EXPORT_SYMBOL_GPL(vmr_unlink);

int vmr_unlink_at(struct vmr_manager *manager, enum vmr_io io, uint64_t addr,
		  struct vmr_device **dev)
{
	struct vmr_region *region;
	struct vmr_device *found;
	int ret;

	if (!manager)
		return -EINVAL;
	region = vmr_region_at(manager, io, addr);
	if (!region || !region->device)
		return -ENOENT;
	found = region->device;
	ret = vmr_unlink(manager, found);
	if (ret >= 0 && dev)
		*dev = found;
	return ret;
}
EXPORT_SYMBOL_GPL(vmr_unlink_at);

struct vmr_device *vmr_device_by_id(const struct vmr_manager *manager,
				    uint32_t id)
{
	struct vmr_range *range;

	range = manager ? vmr_id_find(&manager->sys->ids, id) : NULL;
	return range ? container_of(range, struct vmr_device, id) : NULL;
}
EXPORT_SYMBOL_GPL(vmr_device_by_id);

struct vmr_device *vmr_next_device(const struct vmr_manager *manager,
				   const struct vmr_device *prev)
{
	const struct vmr_list *next;

	if (!manager)
		return NULL;
	next = prev ? prev->link.next : manager->devices.next;
	if (next == &manager->devices)
		return NULL;
	return container_of((struct vmr_list *)next, struct vmr_device, link);
}
EXPORT_SYMBOL_GPL(vmr_next_device);

static bool same_name(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

struct vmr_device *vmr_device_by_name(const struct vmr_manager *manager,
				      const char *name)
{
	struct vmr_device *dev = NULL;

	if (!name)
		return NULL;
	while ((dev = vmr_next_device(manager, dev)))
		if (dev->name && same_name(dev->name, name))
			return dev;
	return NULL;
}
EXPORT_SYMBOL_GPL(vmr_device_by_name);

/*
 * Readers
 */

/* Held for a few loads and stores only, so that nobody waits for long */
static unsigned long readers_lock(struct vmr_manager *manager)
{
	unsigned long state = vmr_port_write_begin();

	while (xchg_acquire(&manager->readers_busy, 1))
		vmr_port_relax();
	return state;
}

static void readers_unlock(struct vmr_manager *manager, unsigned long state)
{
	smp_store_release(&manager->readers_busy, 0);
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
	if (READ_ONCE(reader->epoch) || READ_ONCE(reader->depth))
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
static bool may_be_inside(struct vmr_reader *reader,
			  const struct vmr_device *dev)
{
	unsigned long epoch = smp_load_acquire(&reader->epoch);
	uint32_t depth, i;

	if (epoch && (long)(epoch - dev->unlinked) < 0)
		return true;
	depth = smp_load_acquire(&reader->depth);
	if (depth > VMR_READER_NESTING)
		return true;
	for (i = 0; i < depth; i++)
		if (READ_ONCE(reader->inside[i]) == dev)
			return true;
	return false;
}

static int drained(struct vmr_manager *manager, const struct vmr_device *dev,
		   bool waits)
{
	struct vmr_reader *reader;
	unsigned long state;
	int ret = 0;

	if (!manager || !dev)
		return -EINVAL;
	if (READ_ONCE(dev->state) != VMR_DEVICE_ABSENT)
		return -EBUSY;
	smp_mb();	/* pairs with the one in lookup_begin() */
	state = readers_lock(manager);
	for (reader = manager->readers; reader; reader = reader->next) {
		if (may_be_inside(reader, dev))
			ret = -EAGAIN;
		if (waits && READ_ONCE(reader->depth) &&
		    READ_ONCE(reader->owner) == vmr_port_self()) {
			ret = -EDEADLK;
			break;
		}
	}
	readers_unlock(manager, state);
	return ret;
}

int vmr_drained(struct vmr_manager *manager, const struct vmr_device *dev)
{
	return drained(manager, dev, false);
}
EXPORT_SYMBOL_GPL(vmr_drained);

int vmr_drain(struct vmr_manager *manager, const struct vmr_device *dev)
{
	int ret;

	while ((ret = drained(manager, dev, true)) == -EAGAIN)
		vmr_port_relax();
	return ret;
}
EXPORT_SYMBOL_GPL(vmr_drain);

/*
 * Routing
 */

struct hit {
	struct vmr_device	*dev;
	struct vmr_access	access;
};

static void lookup_begin(struct vmr_reader *reader)
{
	WRITE_ONCE(reader->owner, vmr_port_self());
	WRITE_ONCE(reader->epoch, smp_load_acquire(&reader->manager->epoch));
	smp_mb();	/* pairs with the one in drained() */
}

/* A lookup that found nothing is over */
static int lookup_miss(struct vmr_reader *reader)
{
	smp_store_release(&reader->epoch, 0);
	return -ENXIO;
}

static void enter(struct vmr_reader *reader, struct vmr_device *dev)
{
	uint32_t depth = reader->depth;

	if (depth < VMR_READER_NESTING)
		WRITE_ONCE(reader->inside[depth], dev);
	smp_store_release(&reader->depth, depth + 1);
	smp_store_release(&reader->epoch, 0);
}

static void leave(struct vmr_reader *reader)
{
	smp_store_release(&reader->depth, reader->depth - 1);
}

/* The trapped part of a memory region that holds the offset */
static struct vmr_region *part_at(struct vmr_region *region, uint64_t offset)
{
	struct vmr_region *part;

	for (part = region->parts; part; part = part->next)
		if (offset >= part->offset &&
		    offset - part->offset < part->size)
			return part;
	return NULL;
}

static bool width_ok(enum vmr_io io, uint32_t width, uint32_t count)
{
	if (!count)
		return false;
	if (io == VMR_PIO)
		return width == 1 || width == 2 || width == 4;
	return width >= 1 && width <= 8;
}

/* Find who answers, and step inside */
static int find_device(struct vmr_reader *reader, enum vmr_io io, uint64_t addr,
		       uint32_t width, struct hit *hit)
{
	struct vmr_space *space = space_of(reader->manager, io);
	struct vmr_region *region;
	struct vmr_range *range;
	uint64_t base, offset, size;
	uint32_t count;

	lookup_begin(reader);
	do {
		base = 0;
		count = vmr_read_begin(space->seq);
		range = vmr_walk(space, addr);
		if (range)
			base = READ_ONCE(range->start);
	} while (vmr_read_retry(space->seq, count));
	if (!range)
		return lookup_miss(reader);

	region = region_of(range);
	offset = addr - base;
	size = region->size;
	if (!region->device ||
	    smp_load_acquire(&region->device->state) != VMR_DEVICE_PRESENT)
		return lookup_miss(reader);
	if (region->type == VMR_REGION_MEMORY) {
		region = part_at(region, offset);
		if (!region)
			return lookup_miss(reader);
		base += region->offset;
		offset -= region->offset;
		size = region->size;
	} else if (region->type != VMR_REGION_TRAPPED) {
		return lookup_miss(reader);
	}
	if (size - offset < width)
		return lookup_miss(reader);

	hit->dev = region_of(range)->device;
	hit->access.region = region;
	hit->access.reader = reader;
	hit->access.base = base;
	hit->access.offset = offset;
	enter(reader, hit->dev);
	return 0;
}

static int route(struct vmr_reader *reader, enum vmr_io io, uint64_t addr,
		 uint32_t width, uint32_t count, struct hit *hit)
{
	if (!width_ok(io, width, count))
		return -EMSGSIZE;
	hit->access.width = width;
	hit->access.count = count;
	return find_device(reader, io, addr, width, hit);
}

static bool bad_call(const struct vmr_reader *reader, enum vmr_io io,
		     const void *data)
{
	return !reader || !reader->manager || !data ||
	       (io != VMR_PIO && io != VMR_MMIO);
}

int vmr_read(struct vmr_reader *reader, enum vmr_io io, uint64_t addr,
	     void *data, uint32_t width, uint32_t count)
{
	struct hit hit;
	int ret;

	if (bad_call(reader, io, data))
		return -EINVAL;
	ret = route(reader, io, addr, width, count, &hit);
	if (ret) {
		memset(data, 0xff, (size_t)width * count);
		return ret;
	}
	if (hit.dev->ops->read)
		hit.dev->ops->read(hit.dev, &hit.access, data);
	else
		memset(data, 0xff, (size_t)width * count);
	leave(reader);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_read);

int vmr_write(struct vmr_reader *reader, enum vmr_io io, uint64_t addr,
	      const void *data, uint32_t width, uint32_t count)
{
	struct hit hit;
	int ret;

	if (bad_call(reader, io, data))
		return -EINVAL;
	ret = route(reader, io, addr, width, count, &hit);
	if (ret)
		return ret;
	if (hit.dev->ops->write)
		hit.dev->ops->write(hit.dev, &hit.access, data);
	leave(reader);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_write);

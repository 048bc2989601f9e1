// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * device.c - devices, their regions, and the routing of exits to them
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
 * tools/testing/spin has a model of this, and of the lookups, that is checked in
 * all its states, and that fails without any of these steps.
 */
#include "internal.h"

#include <linux/atomic.h>

#include <vmalloc/device.h>

#include "trace.h"

static struct vmr_region *region_of(struct vmr_range *range)
{
	return container_of(range, struct vmr_region, range);
}

static struct vmr_space *root_space(const struct vmr_manager *manager,
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

static struct vmr_space *bus_space(struct vmr_bus *bus, enum vmr_io io)
{
	return io == VMR_PIO ? &bus->pio : &bus->mmio;
}

/* The space that a device's regions are in */
static struct vmr_space *space_of(const struct vmr_manager *manager,
				  const struct vmr_device *dev, enum vmr_io io)
{
	return dev->parent ? bus_space(dev->parent, io) :
			     root_space(manager, io);
}

/* Readers ask too, and see all that was done before the state said so */
static bool present(const struct vmr_device *dev)
{
	/* pairs with the releases in publish() and change_sides() */
	return smp_load_acquire(&dev->state) >= VMR_DEVICE_PRESENT;
}

/* Registered, and with this manager: no other has its id */
static bool present_in(const struct vmr_manager *manager,
		       const struct vmr_device *dev)
{
	return present(dev) && vmr_in_space(&manager->sys->ids.space, &dev->id);
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

/* The window of a bus that has all of a region inside and is of its type */
static const struct vmr_region *window_around(const struct vmr_bus *bus,
					      const struct vmr_region *region)
{
	const struct vmr_region *w;

	for (w = bus->dev->regions; w; w = w->next)
		if (w->type == VMR_REGION_WINDOW && w->io == region->io &&
		    vmr_range_state(&w->range) == VMR_LIVE &&
		    w->range.start <= region->range.start &&
		    w->range.last >= region->range.last &&
		    (region->prefetchable || !w->prefetchable))
			return w;
	return NULL;
}

/* Whether every bus above has a window around a region of @dev's */
static bool inside_windows(const struct vmr_device *dev,
			   const struct vmr_region *region)
{
	for (; dev->parent; dev = dev->parent->dev)
		if (!window_around(dev->parent, region))
			return false;
	return true;
}

static bool all_present(const struct vmr_device *dev)
{
	for (; dev->parent; dev = dev->parent->dev)
		if (!present(dev))
			return false;
	return present(dev);
}

struct vmr_place vmr_region_visible(const struct vmr_region *region)
{
	const struct vmr_device *dev = region ? region->device : NULL;

	if (!dev || vmr_range_state(&region->range) != VMR_LIVE ||
	    !all_present(dev) || !inside_windows(dev, region))
		return (struct vmr_place) { .visible = false };
	return (struct vmr_place) {
		.visible = true,
		.start = region->range.start,
		.last = region->range.last,
	};
}
EXPORT_SYMBOL_GPL(vmr_region_visible);

static bool same_place(const struct vmr_place *a, const struct vmr_place *b)
{
	if (a->visible != b->visible)
		return false;
	return !a->visible || (a->start == b->start && a->last == b->last);
}

static bool is_below(const struct vmr_device *dev, const struct vmr_bus *bus)
{
	const struct vmr_bus *up;

	for (up = dev->parent; up; up = up->dev->parent)
		if (up == bus)
			return true;
	return false;
}

/* Remember what a region was, before its first change since the last report */
static void remember(struct vmr_manager *manager, struct vmr_region *region)
{
	if (region->changed.next)
		return;
	region->was = vmr_region_visible(region);
	region->told_leaving = false;
	list_add_tail(to_list(&region->changed), to_list(&manager->changed));
}

/* With a window changes the visibility of all that is behind it */
static void changes(struct vmr_manager *manager, struct vmr_region *region)
{
	struct vmr_device *dev = NULL;
	struct vmr_region *behind;

	remember(manager, region);
	if (region->type != VMR_REGION_WINDOW)
		return;
	while ((dev = vmr_next_device(manager, dev)))
		if (is_below(dev, region->device->bus))
			for (behind = dev->regions; behind;
			     behind = behind->next)
				remember(manager, behind);
}

static struct vmr_listener *listener_of(struct list_head *pos)
{
	return container_of((struct vmr_list *)pos, struct vmr_listener, link);
}

static struct vmr_region *changed_region(struct list_head *pos)
{
	return container_of((struct vmr_list *)pos, struct vmr_region, changed);
}

/* What is being told, and who is told next */
struct vmr_report {
	struct vmr_region	*region;
	struct vmr_place	old;
	struct vmr_place	new;
	struct list_head	*next;
};

static void tell(struct vmr_manager *manager, struct vmr_report *report)
{
	while (report->next != to_list(&manager->listeners)) {
		struct vmr_listener *listener = listener_of(report->next);

		report->next = report->next->next;
		listener->moved(listener, report->region, &report->old,
				&report->new);
	}
}

static void tell_leaving(struct vmr_manager *manager)
{
	struct list_head *pos, *at;

	list_for_each(pos, to_list(&manager->changed)) {
		struct vmr_region *region = changed_region(pos);
		struct vmr_place new = vmr_region_visible(region);

		if (region->told_leaving || !region->was.visible ||
		    same_place(&region->was, &new))
			continue;
		region->told_leaving = true;
		list_for_each(at, to_list(&manager->listeners))
			if (listener_of(at)->leaving)
				listener_of(at)->leaving(listener_of(at),
							 region, &region->was);
	}
}

/*
 * Report what changed. A listener may call writers: their changes are queued
 * behind the ones that are still to be told, and all are told before that call
 * returns, beginning with the one that this listener has just been told and
 * others have not. So everybody hears of them in the order in which they happened.
 */
static void tell_all(struct vmr_manager *manager)
{
	struct list_head *queue = to_list(&manager->changed);
	struct vmr_report *outer = manager->report;
	struct vmr_report report;

	if (outer)
		tell(manager, outer);
	while (!list_empty(queue)) {
		tell_leaving(manager);
		report.region = changed_region(queue->next);
		report.old = report.region->was;
		report.new = vmr_region_visible(report.region);
		report.next = to_list(&manager->listeners)->next;
		list_out(&report.region->changed);
		/* Who was told that it leaves is told where it is in any case */
		if (!report.region->told_leaving &&
		    same_place(&report.old, &report.new))
			continue;
		manager->report = &report;
		tell(manager, &report);
	}
	manager->report = outer;
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

/*
 * Claims have what became free; the oldest first, one after the other. Where
 * several places became free at once, the next is the oldest of all of them.
 */
struct heir {
	struct vmr_space	*space;
	struct vmr_range	*range;
};

static void consider(struct heir *heir, struct vmr_space *space, uint64_t start,
		     uint64_t last)
{
	struct vmr_range *range = vmr_settle_next(space, start, last);

	if (range && (!heir->range || range->ticket < heir->range->ticket))
		*heir = (struct heir) { .space = space, .range = range };
}

static bool inherit(struct vmr_manager *manager, const struct heir *heir)
{
	if (!heir->range)
		return false;
	changes(manager, region_of(heir->range));
	vmr_settle_take(heir->space, heir->range);
	return true;
}

static void settle(struct vmr_manager *manager, struct vmr_space *space,
		   uint64_t start, uint64_t last)
{
	struct heir heir;

	do {
		heir.range = NULL;
		consider(&heir, space, start, last);
	} while (inherit(manager, &heir));
}

static int check_region(struct vmr_manager *manager, struct vmr_region *region,
			struct vmr_space **space)
{
	if (!manager || !region)
		return -EINVAL;
	*space = vmr_region_space(manager, region);
	return *space && present_in(manager, region->device) ? 0 : -ENOENT;
}

struct vmr_space *vmr_region_space(const struct vmr_manager *manager,
				   const struct vmr_region *region)
{
	if (!manager || !region || !region->device)
		return NULL;
	return space_of(manager, region->device, region->io);
}
EXPORT_SYMBOL_GPL(vmr_region_space);

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

	if (ret == -EINVAL)
		return ret;
	last = start + (region->size - 1);
	if (last < start)
		return -EOVERFLOW;
	if (ret)
		return ret;
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

int vmr_window_program(struct vmr_manager *manager, struct vmr_region *window,
		       uint64_t start, uint64_t last)
{
	enum vmr_state state;
	struct vmr_space *space;
	int ret = check_region(manager, window, &space);

	if (ret == -EINVAL || start > last ||
	    window->type != VMR_REGION_WINDOW)
		return -EINVAL;
	if (ret)
		return ret;
	state = vmr_range_state(&window->range);
	if ((state == VMR_LIVE || state == VMR_CLAIMED) &&
	    window->range.start == start && window->range.last == last)
		return 0;
	window->size = last - start + 1;
	relocate(manager, window, space, start, vmr_claim);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_window_program);

/* Let claims have what a set of moves left */
static void settle_steps(struct vmr_manager *manager,
			 const struct vmr_step *steps, size_t nr)
{
	struct heir heir;
	size_t i;

	do {
		heir.range = NULL;
		for (i = 0; i < nr; i++) {
			const struct vmr_range *range = steps[i].range;

			consider(&heir, steps[i].space, steps[i].from,
				 steps[i].from + (range->last - range->start));
		}
	} while (inherit(manager, &heir));
}

static bool overflows(const struct vmr_step *step)
{
	return region_of(step->range)->size - 1 > VMR_MAX - step->start;
}

int vmr_region_move_set(struct vmr_manager *manager, struct vmr_step *steps,
			size_t nr, size_t *failed,
			struct vmr_range **conflict)
{
	struct vmr_seq *seq;
	size_t i;
	int ret;

	if (!manager || !steps || !nr)
		return -EINVAL;
	for (i = 0; i < nr; i++) {
		ret = steps[i].range ?
			check_region(manager, region_of(steps[i].range),
				     &steps[i].space) : -EINVAL;
		if (ret == -ENOENT && overflows(&steps[i]))
			ret = -EOVERFLOW;
		if (ret) {
			if (failed)
				*failed = i;
			return ret;
		}
		steps[i].to = steps[i].space;
	}
	/* Regions that do not move in the end are not reported */
	for (i = 0; i < nr; i++)
		changes(manager, region_of(steps[i].range));

	seq = &manager->sys->seq;
	vmr_write_begin(seq);
	ret = vmr_move_set(steps, nr, failed, conflict);
	if (!ret)
		settle_steps(manager, steps, nr);
	vmr_write_end(seq);
	tell_all(manager);
	return ret;
}
EXPORT_SYMBOL_GPL(vmr_region_move_set);

struct vmr_region *vmr_region_at(const struct vmr_manager *manager,
				 enum vmr_io io, uint64_t addr)
{
	struct vmr_space *space = manager ? root_space(manager, io) : NULL;
	struct vmr_region *region;
	struct vmr_range *range;

	while ((range = vmr_find(space, addr))) {
		region = region_of(range);
		if (region->type != VMR_REGION_WINDOW)
			return region;
		space = bus_space(region->device->bus, io);
	}
	return NULL;
}
EXPORT_SYMBOL_GPL(vmr_region_at);

/*
 * Registering and unlinking
 */

int vmr_bus_init(struct vmr_bus *bus, struct vmr_manager *manager,
		 struct vmr_device *dev)
{
	if (!bus || !manager || !dev)
		return -EINVAL;
	if (dev->state != VMR_DEVICE_ABSENT)
		return -EBUSY;
	memset(bus, 0, sizeof(*bus));
	vmr_space_init(&bus->pio, 0, manager->sys->pio.last);
	vmr_space_init(&bus->mmio, 0, manager->sys->mmio.last);
	vmr_space_share(&bus->pio, &manager->sys->seq);
	vmr_space_share(&bus->mmio, &manager->sys->seq);
	bus->dev = dev;
	dev->bus = bus;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_bus_init);

int vmr_add_region(struct vmr_device *dev, struct vmr_region *region)
{
	struct vmr_region **end, *part;

	if (!dev || !region || !region->size)
		return -EINVAL;
	if (region->device || region->range.node.link)
		return -EEXIST;
	if (dev->state != VMR_DEVICE_ABSENT)
		return -EBUSY;
	for (end = &dev->regions; *end; end = &(*end)->next)
		;
	*end = region;
	region->next = NULL;
	region->device = dev;
	for (part = region->parts; part; part = part->next)
		part->device = dev;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_add_region);

int vmr_add_part(struct vmr_region *region, struct vmr_region *part)
{
	struct vmr_region *other;

	if (!region || !part || !part->size ||
	    region->type != VMR_REGION_MEMORY)
		return -EINVAL;
	for (other = region->parts; other; other = other->next)
		if (other == part)
			return -EEXIST;
	if (part->device)
		return -EEXIST;
	if (part->offset >= region->size ||
	    part->size > region->size - part->offset)
		return -ERANGE;
	if (region->device && region->device->state != VMR_DEVICE_ABSENT)
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
		/* In a window of another type it would never answer */
		if (dev->parent && region && !region->prefetchable &&
		    c->flags & VMR_PREFETCHABLE)
			return false;
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

	if (dev->nr_constraints &&
	    (!dev->constraints || !dev->resources.entries))
		return -EINVAL;
	for (region = dev->regions; region; region = region->next)
		if (region->type == VMR_REGION_WINDOW && !dev->bus)
			return -EINVAL;
	for (i = 0; i < dev->nr_constraints; i++)
		if (!constraint_fits(dev, &dev->constraints[i])) {
			if (failed)
				*failed = i;
			return -EINVAL;
		}
	return 0;
}

static bool any_region_linked(const struct vmr_device *dev)
{
	const struct vmr_region *region;

	for (region = dev->regions; region; region = region->next)
		if (region->range.node.link)
			return true;
	return false;
}

static bool parent_ok(const struct vmr_device *dev,
		      const struct vmr_transaction *t)
{
	const struct vmr_device *up = dev->parent ? dev->parent->dev : NULL;

	if (!up)
		return true;
	/* What a transaction takes away is as good as gone, what it adds, there */
	return up->transaction ? up->transaction == t && !present(up) :
				 present(up);
}

/*
 * A window of a bus as a place to put devices on it. The bus may be a part of the
 * transaction that the device is a part of, and then is not visible yet.
 */
static void add_window(struct vmr_bus *bus, struct vmr_io_view *view,
		       const struct vmr_region *w)
{
	if (vmr_range_state(&w->range) != VMR_LIVE ||
	    !inside_windows(bus->dev, w) || view->nr_pools == VMR_BUS_WINDOWS)
		return;
	view->pools[view->nr_pools++] = (struct vmr_system_pool) {
		.pool = {
			.space = bus_space(bus, w->io),
			.start = w->range.start,
			.last = w->range.last,
			.align = 1,
			.policy = VMR_FIRST,
			.name = w->tag,
		},
		.kinds = w->io == VMR_PIO ? 1u << VMR_KIND_PIO :
			 1u << VMR_KIND_MMIO | 1u << VMR_KIND_MEM,
		.flags = (w->prefetchable ? VMR_PREFETCHABLE : 0) |
			 (w->range.start >> 32 ? VMR_64BIT : 0),
	};
}

/* Prefetchable windows first: who may use one leaves the others alone */
static struct vmr_io_view *view_of(const struct vmr_device *dev,
				   struct vmr_io_view *view)
{
	struct vmr_bus *bus = dev->parent;
	const struct vmr_region *w;
	int pref;

	if (!bus)
		return NULL;
	view->pio = &bus->pio;
	view->mmio = &bus->mmio;
	view->pools = bus->pools;
	view->nr_pools = 0;
	for (pref = 1; pref >= 0; pref--)
		for (w = bus->dev->regions; w; w = w->next)
			if (w->type == VMR_REGION_WINDOW &&
			    w->prefetchable == pref)
				add_window(bus, view, w);
	return view;
}

/* Take back all that a device holds in the spaces: all but the device id */
static void release_all(struct vmr_manager *manager, struct vmr_device *dev)
{
	struct vmr_region *region;

	for (region = dev->regions; region; region = region->next)
		vmr_free(space_of(manager, dev, region->io), &region->range);
	vmr_system_release(manager->sys, &dev->resources);
}

/*
 * In the write section in which it was released: others may have the places of
 * @dev, and of those behind it in its transaction
 */
static void bequeath(struct vmr_manager *manager, struct vmr_device *dev)
{
	struct vmr_region *region;
	struct vmr_device *d;
	struct heir heir;

	do {
		heir.range = NULL;
		for (d = dev; d; d = d->next_in_transaction)
			for (region = d->regions; region; region = region->next)
				consider(&heir,
					 space_of(manager, d, region->io),
					 region->range.start,
					 region->range.last);
	} while (inherit(manager, &heir));
}

/* Give back what was granted and never visible */
static void renounce(struct vmr_manager *manager, struct vmr_device *dev)
{
	struct vmr_device *d;

	vmr_write_begin(&manager->sys->seq);
	for (d = dev; d; d = d->next_in_transaction)
		release_all(manager, d);
	bequeath(manager, dev);
	vmr_write_end(&manager->sys->seq);
}

/*
 * The device's ranges are in no tree any more: the time for the drain. 0 would say
 * "no lookup", so the epoch leaves it out when it wraps.
 */
static void retire(struct vmr_manager *manager, struct vmr_device *dev)
{
	dev->unlinked = manager->epoch + 1 ? manager->epoch + 1 : 1;
	/* pairs with the acquire in lookup_begin() */
	smp_store_release(&manager->epoch, dev->unlinked);
}

/* All of a registration but making it visible */
static int prepare(struct vmr_manager *manager, struct vmr_device *dev,
		   const struct vmr_transaction *t, size_t *failed,
		   struct vmr_range **conflict)
{
	struct vmr_io_view view;
	struct vmr_marks marks;
	int ret;

	if (!manager || !dev || !dev->ops)
		return -EINVAL;
	ret = check_device(dev, failed);
	if (ret)
		return ret;
	if (dev->state != VMR_DEVICE_ABSENT || dev->id.node.link ||
	    any_region_linked(dev))
		return -EEXIST;
	if (!parent_ok(dev, t))
		return -ENOENT;

	/* The id comes last: a grant says first what makes no sense */
	vmr_marks_save(manager->sys, &marks);
	ret = vmr_grant_seen(manager->sys, view_of(dev, &view),
			     dev->constraints, dev->nr_constraints,
			     &dev->resources, failed, conflict);
	if (ret)
		goto retire;
	ret = vmr_id_alloc(&manager->sys->ids, &dev->id);
	if (ret) {
		if (failed)
			*failed = dev->nr_constraints;
		goto take_back;
	}
	/* The ranges are linked, but nothing answers before the state says so */
	if (dev->ops->set_resources)
		ret = dev->ops->set_resources(dev, &dev->resources);
	if (!ret)
		return 0;
	vmr_id_release(&manager->sys->ids, &dev->id);
take_back:
	renounce(manager, dev);
	vmr_marks_restore(manager->sys, &marks);
	tell_all(manager);	/* of what @set_resources let happen */
retire:
	/* Nobody was let in, but lookups may have come by its ranges */
	retire(manager, dev);
	return ret;
}

static void put_on_bus(struct vmr_device *dev)
{
	if (dev->parent)
		dev->parent->nr_devices++;
}

static void take_off_bus(struct vmr_device *dev)
{
	if (dev->parent)
		dev->parent->nr_devices--;
}

/* Note who is to be told, and put the device in the list */
static void announce(struct vmr_manager *manager, struct vmr_device *dev)
{
	struct vmr_region *region;

	for (region = dev->regions; region; region = region->next)
		changes(manager, region);
	list_add_tail(to_list(&dev->link), to_list(&manager->devices));
}

static void publish(struct vmr_manager *manager, struct vmr_device *dev)
{
	announce(manager, dev);
	vmr_write_begin(&manager->sys->seq);
	/* after what @set_resources did; pairs with present() */
	smp_store_release(&dev->state, VMR_DEVICE_PRESENT);
	vmr_write_end(&manager->sys->seq);
	vmr_trace_register(manager, dev);
	tell_all(manager);
}

int vmr_register(struct vmr_manager *manager, struct vmr_device *dev,
		 size_t *failed, struct vmr_range **conflict)
{
	int ret = prepare(manager, dev, NULL, failed, conflict);

	if (ret)
		return ret;
	put_on_bus(dev);
	publish(manager, dev);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_register);

static bool live_in(const struct vmr_space *space,
		    const struct vmr_range *range)
{
	return vmr_range_state(range) == VMR_LIVE &&
	       vmr_in_space(space, range);
}

/* The space that a constraint of a device is granted in */
static struct vmr_space *constraint_space(struct vmr_manager *manager,
					  const struct vmr_device *dev,
					  const struct vmr_constraint *c)
{
	switch (c->kind) {
	case VMR_KIND_PIO:
		return space_of(manager, dev, VMR_PIO);
	case VMR_KIND_MMIO:
	case VMR_KIND_MEM:
		return space_of(manager, dev, VMR_MMIO);
	default:
		return vmr_system_space(manager->sys, c->kind);
	}
}

static int check_live(struct vmr_manager *manager, struct vmr_device *dev,
		      size_t *failed)
{
	size_t i;

	for (i = 0; i < dev->nr_constraints; i++) {
		const struct vmr_constraint *c = &dev->constraints[i];

		if (!vmr_is_granted(constraint_space(manager, dev, c), c) ||
		    c->range->last - c->range->start != c->req.size - 1)
			break;
	}
	if (i == dev->nr_constraints &&
	    live_in(&manager->sys->ids.space, &dev->id))
		return 0;
	if (failed)
		*failed = i;
	return -ENOENT;
}

int vmr_adopt(struct vmr_manager *manager, struct vmr_device *dev,
	      size_t *failed)
{
	int ret;

	if (!manager || !dev || !dev->ops)
		return -EINVAL;
	ret = check_device(dev, failed);
	if (ret)
		return ret;
	if (dev->resources.max < dev->nr_constraints)
		return -EINVAL;
	if (dev->state != VMR_DEVICE_ABSENT)
		return -EEXIST;
	if (!parent_ok(dev, NULL))
		return -ENOENT;
	ret = check_live(manager, dev, failed);
	if (ret)
		return ret;
	vmr_describe_all(dev->constraints, dev->nr_constraints,
			 &dev->resources);
	if (dev->ops->set_resources)
		ret = dev->ops->set_resources(dev, &dev->resources);
	if (ret) {
		dev->resources.nr = 0;
		return ret;
	}
	put_on_bus(dev);
	publish(manager, dev);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_adopt);

/* Count what is visible of a device, and note who is to be told that it goes */
static int foretell(struct vmr_manager *manager, struct vmr_device *dev)
{
	struct vmr_region *region;
	int visible = 0;

	for (region = dev->regions; region; region = region->next) {
		visible += vmr_region_visible(region).visible;
		changes(manager, region);
	}
	return visible;
}

/* In a write section: the device answers no more and holds nothing */
static void hide(struct vmr_manager *manager, struct vmr_device *dev)
{
	WRITE_ONCE(dev->state, VMR_DEVICE_ABSENT);
	release_all(manager, dev);
}

/* After it: what only the writer's side knows, and the time for the drain */
static void forget(struct vmr_manager *manager, struct vmr_device *dev)
{
	vmr_id_release(&manager->sys->ids, &dev->id);
	list_out(&dev->link);
	take_off_bus(dev);
	retire(manager, dev);
	vmr_trace_unlink(manager, dev);
}

int vmr_unlink(struct vmr_manager *manager, struct vmr_device *dev)
{
	int visible;

	if (!manager || !dev)
		return -EINVAL;
	if (dev->transaction || (dev->bus && dev->bus->nr_devices))
		return -EBUSY;
	if (!present_in(manager, dev))
		return -ENOENT;
	visible = foretell(manager, dev);
	vmr_write_begin(&manager->sys->seq);
	hide(manager, dev);
	bequeath(manager, dev);
	vmr_write_end(&manager->sys->seq);
	forget(manager, dev);
	tell_all(manager);
	return visible;
}
EXPORT_SYMBOL_GPL(vmr_unlink);

int vmr_request_removal(struct vmr_manager *manager, struct vmr_device *dev)
{
	if (!manager || !dev)
		return -EINVAL;
	if (!present_in(manager, dev))
		return -ENOENT;
	if (dev->state == VMR_DEVICE_LEAVING)
		return -EALREADY;
	WRITE_ONCE(dev->state, VMR_DEVICE_LEAVING);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_request_removal);

int vmr_cancel_removal(struct vmr_manager *manager, struct vmr_device *dev)
{
	if (!manager || !dev)
		return -EINVAL;
	if (dev->state != VMR_DEVICE_LEAVING || !present_in(manager, dev))
		return -ENOENT;
	WRITE_ONCE(dev->state, VMR_DEVICE_PRESENT);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_cancel_removal);

/*
 * Transactions
 *
 * A device that is added is granted at once, so that the commit cannot fail. It
 * and one that is to be removed change sides in the one write section of the
 * commit.
 */

int vmr_begin(struct vmr_manager *manager, struct vmr_transaction *transaction)
{
	if (!manager || !transaction)
		return -EINVAL;
	transaction->manager = manager;
	transaction->adds = NULL;
	transaction->removes = NULL;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_begin);

static void join(struct vmr_transaction *t, struct vmr_device **list,
		 struct vmr_device *dev)
{
	while (*list)
		list = &(*list)->next_in_transaction;
	*list = dev;
	dev->transaction = t;
	dev->next_in_transaction = NULL;
}

static struct vmr_device *part(struct vmr_device **list)
{
	struct vmr_device *dev = *list;

	*list = dev->next_in_transaction;
	dev->transaction = NULL;
	dev->next_in_transaction = NULL;
	return dev;
}

int vmr_transaction_add(struct vmr_transaction *transaction,
			struct vmr_device *dev, size_t *failed,
			struct vmr_range **conflict)
{
	int ret;

	if (!transaction || !transaction->manager)
		return -EINVAL;
	ret = prepare(transaction->manager, dev, transaction, failed,
		      conflict);
	if (ret)
		return ret;
	WRITE_ONCE(dev->state, VMR_DEVICE_GRANTED);
	put_on_bus(dev);
	join(transaction, &transaction->adds, dev);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_transaction_add);

static size_t leaving_with(const struct vmr_transaction *t,
			   const struct vmr_bus *bus)
{
	const struct vmr_device *dev;
	size_t nr = 0;

	for (dev = t->removes; dev; dev = dev->next_in_transaction)
		nr += dev->parent == bus;
	return nr;
}

int vmr_transaction_remove(struct vmr_transaction *transaction,
			   struct vmr_device *dev)
{
	if (!transaction || !transaction->manager || !dev)
		return -EINVAL;
	if (dev->transaction || (dev->bus && dev->bus->nr_devices !=
				 leaving_with(transaction, dev->bus)))
		return -EBUSY;
	if (!present_in(transaction->manager, dev))
		return -ENOENT;
	join(transaction, &transaction->removes, dev);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_transaction_remove);

static void change_sides(const struct vmr_transaction *t)
{
	struct vmr_device *dev;

	for (dev = t->removes; dev; dev = dev->next_in_transaction)
		hide(t->manager, dev);
	for (dev = t->adds; dev; dev = dev->next_in_transaction)
		/* as in publish() */
		smp_store_release(&dev->state, VMR_DEVICE_PRESENT);
	bequeath(t->manager, t->removes);
}

int vmr_commit(struct vmr_transaction *transaction)
{
	struct vmr_manager *manager;
	struct vmr_device *dev;

	if (!transaction || !transaction->manager)
		return -EINVAL;
	manager = transaction->manager;
	for (dev = transaction->removes; dev; dev = dev->next_in_transaction)
		foretell(manager, dev);
	for (dev = transaction->adds; dev; dev = dev->next_in_transaction)
		announce(manager, dev);

	vmr_write_begin(&manager->sys->seq);
	change_sides(transaction);
	vmr_write_end(&manager->sys->seq);

	while (transaction->adds)
		vmr_trace_register(manager, part(&transaction->adds));
	while (transaction->removes)
		forget(manager, part(&transaction->removes));
	transaction->manager = NULL;
	tell_all(manager);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_commit);

int vmr_cancel(struct vmr_transaction *transaction)
{
	struct vmr_manager *manager;
	struct vmr_device *dev;

	if (!transaction || !transaction->manager)
		return -EINVAL;
	manager = transaction->manager;
	while (transaction->removes)
		part(&transaction->removes);
	renounce(manager, transaction->adds);
	while (transaction->adds) {
		dev = part(&transaction->adds);
		take_off_bus(dev);
		vmr_id_release(&manager->sys->ids, &dev->id);
		WRITE_ONCE(dev->state, VMR_DEVICE_ABSENT);
		retire(manager, dev);
	}
	transaction->manager = NULL;
	tell_all(manager);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_cancel);

/*
 * Changes that a write brought about
 */

static struct vmr_ids *irqs_of(struct vmr_manager *manager,
			       const struct vmr_change *change)
{
	struct vmr_system *sys = manager->sys;

	return change->vector && sys->has_vectors ? &sys->vectors : &sys->irqs;
}

int vmr_apply_change(struct vmr_manager *manager,
		     const struct vmr_change *change,
		     struct vmr_range **conflict)
{
	if (!manager || !change)
		return -EINVAL;
	switch (change->type) {
	case VMR_CHANGE_NONE:
		return 0;
	case VMR_CHANGE_IRQ_TAKEN:
		return vmr_id_alloc_at(irqs_of(manager, change), change->range,
				       change->irq, conflict);
	case VMR_CHANGE_IRQ_RELEASED:
		return vmr_id_release(irqs_of(manager, change), change->range);
	case VMR_CHANGE_MOVED:
		return vmr_region_program(manager, change->region,
					  change->start);
	case VMR_CHANGE_UNMAPPED:
		return vmr_region_unmap(manager, change->region);
	default:
		return -EINVAL;
	}
}
EXPORT_SYMBOL_GPL(vmr_apply_change);

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
	if (!next || next == &manager->devices)
		return NULL;
	return container_of((struct vmr_list *)next, struct vmr_device, link);
}
EXPORT_SYMBOL_GPL(vmr_next_device);

struct vmr_device *vmr_next_on_bus(const struct vmr_manager *manager,
				   const struct vmr_bus *bus,
				   const struct vmr_device *prev)
{
	struct vmr_device *dev = vmr_next_device(manager, prev);

	while (dev && dev->parent != bus)
		dev = vmr_next_device(manager, dev);
	return dev;
}
EXPORT_SYMBOL_GPL(vmr_next_on_bus);

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

	/* pairs with the release in readers_unlock() */
	while (xchg_acquire(&manager->readers_busy, 1))
		vmr_port_relax();
	return state;
}

static void readers_unlock(struct vmr_manager *manager, unsigned long state)
{
	/* pairs with the acquire in readers_lock() */
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
	/*
	 * No drain will look at this reader, so it is here that what it did is
	 * seen to be over: pairs with the releases in enter() and leave().
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
static bool may_be_inside(struct vmr_reader *reader,
			  const struct vmr_device *dev)
{
	unsigned long epoch;
	uint32_t depth, i;

	/* pairs with the release in enter(): first the epoch, then the names */
	epoch = smp_load_acquire(&reader->epoch);
	if (epoch && (long)(epoch - dev->unlinked) < 0)
		return true;
	/* pairs with the release in leave(): the callback is over */
	depth = smp_load_acquire(&reader->depth);
	if (depth > VMR_READER_NESTING)
		return true;
	for (i = 0; i < depth; i++)
		/* or a later name says so: pairs with the release in enter() */
		if (smp_load_acquire(&reader->inside[i]) == dev)
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
		/* pairs with enter(), which comes after the owner is stored */
		if (waits && smp_load_acquire(&reader->depth) &&
		    READ_ONCE(reader->owner) == vmr_port_self()) {
			ret = -EDEADLK;
			break;
		}
	}
	readers_unlock(manager, state);
	if (!ret)
		vmr_trace_drain(manager, dev);
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
	unsigned long now;

	WRITE_ONCE(reader->owner, vmr_port_self());
	/* pairs with the release in retire() */
	now = smp_load_acquire(&reader->manager->epoch);
	/* pairs with the acquire in may_be_inside() */
	smp_store_release(&reader->epoch, now);
	smp_mb();	/* pairs with the one in drained() */
}

static void enter(struct vmr_reader *reader, struct vmr_device *dev)
{
	uint32_t depth = reader->depth;

	if (depth < VMR_READER_NESTING)
		/* this and the next two pair with may_be_inside() */
		smp_store_release(&reader->inside[depth], dev);
	/* after the name */
	smp_store_release(&reader->depth, depth + 1);
	/* after both */
	smp_store_release(&reader->epoch, 0);
}

static void leave(struct vmr_reader *reader)
{
	/* after all that the callback did; pairs with may_be_inside() */
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

/* The access as the device, or the part that traps, sees it */
static int answer(struct hit *hit, struct vmr_region *region, uint64_t start,
		  uint64_t last, uint64_t addr, uint32_t width)
{
	uint64_t offset = addr - start;
	uint64_t left = last - addr;	/* behind the first byte */

	hit->dev = region->device;
	if (region->type == VMR_REGION_MEMORY) {
		region = part_at(region, offset);
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
	hit->access.region = region;
	hit->access.base = start;
	hit->access.offset = offset;
	return 0;
}

static bool width_ok(enum vmr_io io, uint32_t width, uint32_t count)
{
	if (!count)
		return false;
	if (io == VMR_PIO)
		return width == 1 || width == 2 || width == 4;
	return width >= 1 && width <= 8;
}

/*
 * Follow an address from the root to the region that answers, through windows to
 * any depth. What is found in a tree is used only once the count says that it was
 * true, and what is read of it then is asked for once more: -EAGAIN sends the
 * reader round again. A region's device, type and windows do not change while it
 * is registered, and are there until the drain.
 */
static int follow(const struct vmr_reader *reader, enum vmr_io io,
		  uint64_t addr, uint32_t width, struct hit *hit)
{
	const struct vmr_seq *seq = &reader->manager->sys->seq;
	const struct vmr_space *space = root_space(reader->manager, io);
	uint32_t count = vmr_read_begin(seq);
	uint64_t lo = 0, hi = VMR_MAX, start, last;
	bool prefetchable = false, visible;
	struct vmr_region *region;
	struct vmr_range *range;

	for (;;) {
		range = vmr_walk(space, addr);
		if (vmr_read_retry(seq, count))
			return -EAGAIN;
		if (!range)
			return -ENXIO;
		region = region_of(range);
		start = READ_ONCE(range->start);
		last = READ_ONCE(range->last);
		visible = region->device && present(region->device);
		if (vmr_read_retry(seq, count))
			return -EAGAIN;
		if (!visible)
			return -ENXIO;
		if (region->type != VMR_REGION_WINDOW)
			break;
		lo = max(lo, start);
		hi = min(hi, last);
		prefetchable = prefetchable || region->prefetchable;
		space = bus_space(region->device->bus, io);
	}
	if (start < lo || last > hi || (prefetchable && !region->prefetchable))
		return -ENXIO;
	return answer(hit, region, start, last, addr, width);
}

/* Find who answers, and step inside */
static int find_device(struct vmr_reader *reader, enum vmr_io io, uint64_t addr,
		       uint32_t width, struct hit *hit)
{
	int ret;

	lookup_begin(reader);
	do {
		ret = follow(reader, io, addr, width, hit);
	} while (ret == -EAGAIN);
	if (ret) {
		/* after the walk; pairs with may_be_inside() */
		smp_store_release(&reader->epoch, 0);
		vmr_trace_route_miss(reader, io, addr, width, ret);
		return ret;
	}
	hit->access.reader = reader;
	enter(reader, hit->dev);
	vmr_trace_route_hit(reader, hit->dev, io, addr, width);
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
	struct vmr_change change = { .type = VMR_CHANGE_NONE };
	struct hit hit;
	int ret;

	if (bad_call(reader, io, data))
		return -EINVAL;
	hit.access.change = &change;
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

int vmr_write_change(struct vmr_reader *reader, enum vmr_io io, uint64_t addr,
		     const void *data, uint32_t width, uint32_t count,
		     struct vmr_change *change)
{
	struct hit hit;
	int ret;

	if (bad_call(reader, io, data) || !change)
		return -EINVAL;
	ret = route(reader, io, addr, width, count, &hit);
	if (ret)
		return ret;
	*change = (struct vmr_change) { .type = VMR_CHANGE_NONE };
	hit.access.change = change;
	if (hit.dev->ops->write)
		hit.dev->ops->write(hit.dev, &hit.access, data);
	leave(reader);
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

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * changes.c - who is told of a change, and who inherits what became free
 */
#include "device.h"

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
	    !all_present(dev) || !vmr_inside_windows(dev, region))
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
static void note(struct vmr_manager *manager, struct vmr_region *region)
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

void vmr_foresee(struct vmr_manager *manager, struct vmr_space *space,
		 uint64_t start, uint64_t last)
{
	struct vmr_range *range = vmr_first_claim(space, start, last);

	for (; range; range = vmr_next_claim(range, start, last))
		if (region_of(range)->type == VMR_REGION_WINDOW)
			note(manager, region_of(range));
}

void vmr_note(struct vmr_manager *manager, struct vmr_region *region)
{
	note(manager, region);
	if (vmr_range_state(&region->range) == VMR_LIVE)
		vmr_foresee(manager, vmr_region_space(manager, region),
			    region->range.start, region->range.last);
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
void vmr_tell_all(struct vmr_manager *manager)
{
	struct list_head *queue = to_list(&manager->changed);
	struct vmr_report *outer = manager->report;
	struct vmr_report report;

	if (outer)
		tell(manager, outer);
	/* Once: what a listener adds is told before its call returns */
	tell_leaving(manager);
	while (!list_empty(queue)) {
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
 * Claims
 */

void vmr_consider(struct vmr_heir *heir, struct vmr_space *space,
		  uint64_t start, uint64_t last)
{
	struct vmr_range *range = vmr_settle_next(space, start, last);

	if (range && (!heir->range || range->ticket < heir->range->ticket))
		*heir = (struct vmr_heir) { .space = space, .range = range };
}

bool vmr_inherit(struct vmr_manager *manager, const struct vmr_heir *heir)
{
	if (!heir->range)
		return false;
	remember(manager, region_of(heir->range));
	vmr_settle_take(heir->space, heir->range);
	return true;
}

void vmr_bequeath_place(struct vmr_manager *manager, struct vmr_space *space,
			uint64_t start, uint64_t last)
{
	struct vmr_heir heir;

	do {
		heir.range = NULL;
		vmr_consider(&heir, space, start, last);
	} while (vmr_inherit(manager, &heir));
}

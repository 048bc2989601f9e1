// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * changes.c - who is told of a change, and who inherits what became free
 */
#include "device.h"

static bool all_present(const struct vmr_device *dev)
{
	for (; dev->parent_bus; dev = dev->parent_bus->bridge)
		if (!present(dev))
			return false;
	return present(dev);
}

struct vmr_mapping vmr_region_mapping(const struct vmr_region *region)
{
	const struct vmr_device *dev = region ? region->device : NULL;

	if (!dev || vmr_range_state(&region->range) != VMR_LIVE ||
	    !all_present(dev) || !vmr_inside_windows(dev, region))
		return (struct vmr_mapping) { .mapped = false };
	return (struct vmr_mapping) {
		.mapped = true,
		.start = region->range.start,
		.last = region->range.last,
	};
}
EXPORT_SYMBOL_GPL(vmr_region_mapping);

static bool same_place(const struct vmr_mapping *a, const struct vmr_mapping *b)
{
	if (a->mapped != b->mapped)
		return false;
	return !a->mapped || (a->start == b->start && a->last == b->last);
}

static bool is_below(const struct vmr_device *dev, const struct vmr_bus *bus)
{
	const struct vmr_bus *up;

	for (up = dev->parent_bus; up; up = up->bridge->parent_bus)
		if (up == bus)
			return true;
	return false;
}

/* Remember what a region was, before its first change since the last report */
static void remember(struct vmr_manager *manager, struct vmr_region *region)
{
	if (region->notify_link.next)
		return;
	region->notified_mapping = vmr_region_mapping(region);
	region->del_notified = false;
	list_add_tail(to_list(&region->notify_link), to_list(&manager->notify_queue));
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
		if (is_below(dev, region->device->subordinate))
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
	return container_of((struct vmr_list *)pos, struct vmr_region, notify_link);
}

/* What is being told, and who is told next */
struct vmr_notification {
	struct vmr_region	*region;
	struct vmr_mapping	old;
	struct vmr_mapping	new;
	struct list_head	*next;
};

static void tell(struct vmr_manager *manager, struct vmr_notification *report)
{
	while (report->next != to_list(&manager->listeners)) {
		struct vmr_listener *listener = listener_of(report->next);

		report->next = report->next->next;
		listener->region_changed(listener, report->region, &report->old,
				&report->new);
	}
}

static void tell_leaving(struct vmr_manager *manager)
{
	struct list_head *pos, *at;

	list_for_each(pos, to_list(&manager->notify_queue)) {
		struct vmr_region *region = changed_region(pos);
		struct vmr_mapping new = vmr_region_mapping(region);

		if (region->del_notified || !region->notified_mapping.mapped ||
		    same_place(&region->notified_mapping, &new))
			continue;
		region->del_notified = true;
		list_for_each(at, to_list(&manager->listeners))
			if (listener_of(at)->region_del)
				listener_of(at)->region_del(listener_of(at),
							 region, &region->notified_mapping);
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
	struct list_head *queue = to_list(&manager->notify_queue);
	struct vmr_notification *outer = manager->notifying;
	struct vmr_notification report;

	if (outer)
		tell(manager, outer);
	/* Once: what a listener adds is told before its call returns */
	tell_leaving(manager);
	while (!list_empty(queue)) {
		report.region = changed_region(queue->next);
		report.old = report.region->notified_mapping;
		report.new = vmr_region_mapping(report.region);
		report.next = to_list(&manager->listeners)->next;
		list_out(&report.region->notify_link);
		/* Who was told that it leaves is told where it is in any case */
		if (!report.region->del_notified &&
		    same_place(&report.old, &report.new))
			continue;
		manager->notifying = &report;
		tell(manager, &report);
	}
	manager->notifying = outer;
}

int vmr_listener_register(struct vmr_manager *manager, struct vmr_listener *listener)
{
	if (!manager || !listener || !listener->region_changed)
		return -EINVAL;
	if (listener->link.next)
		return -EEXIST;
	list_add_tail(to_list(&listener->link), to_list(&manager->listeners));
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_listener_register);

int vmr_listener_unregister(struct vmr_manager *manager, struct vmr_listener *listener)
{
	if (!manager || !listener)
		return -EINVAL;
	if (!listener->link.next)
		return -ENOENT;
	list_out(&listener->link);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_listener_unregister);

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

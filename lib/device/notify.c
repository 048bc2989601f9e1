// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * notify.c - listeners and their notifications
 */
#include "device.h"

static bool same_mapping(const struct vmr_mapping *a,
			 const struct vmr_mapping *b)
{
	if (a->mapped != b->mapped)
		return false;
	return !a->mapped || (a->start == b->start && a->last == b->last);
}

/* A region that is queued already keeps its oldest mapping */
void vmr_notify_queue_region(struct vmr_manager *manager,
			     struct vmr_region *region)
{
	if (region->notify_link.next ||
	    list_empty(vmr_to_list(&manager->listeners)))
		return;
	region->notified_mapping = vmr_region_mapping(region);
	region->del_notified = false;
	list_add_tail(vmr_to_list(&region->notify_link),
		      vmr_to_list(&manager->notify_queue));
}

/*
 * A change of a window may change the mapping of every region behind it. A window
 * that this change has queued already has all of them queued, so that none is
 * visited twice. In a call by a listener, the queue may be that of an outer change.
 */
static void notify_queue_subtree(struct vmr_manager *manager,
				 struct vmr_region *region)
{
	bool queued = region->notify_link.next && !manager->notifying;
	struct vmr_bus *bus = region->device->subordinate;
	struct vmr_device *dev = NULL;
	struct vmr_region *behind;

	vmr_notify_queue_region(manager, region);
	if (region->type != VMR_REGION_WINDOW || queued)
		return;
	VMR_ASSERT(bus);
	while ((dev = vmr_next_device_behind(manager, bus, dev)))
		for (behind = dev->regions; behind; behind = behind->next)
			vmr_notify_queue_region(manager, behind);
}

void vmr_notify_queue(struct vmr_manager *manager, struct vmr_region *region)
{
	if (list_empty(vmr_to_list(&manager->listeners)))
		return;
	notify_queue_subtree(manager, region);
	if (vmr_range_state(&region->range) == VMR_LIVE)
		manager->free_notifier.before(&manager->free_notifier,
					      vmr_region_space(manager, region),
					      region->range.start,
					      region->range.last);
}

static struct vmr_listener *to_listener(struct list_head *pos)
{
	return container_of((struct vmr_list *)pos, struct vmr_listener, link);
}

static struct vmr_region *to_queued_region(struct list_head *pos)
{
	return container_of((struct vmr_list *)pos, struct vmr_region,
			    notify_link);
}

/* A notification in progress; @next is the next listener to call */
struct vmr_notification {
	struct vmr_region	*region;
	struct vmr_mapping	old;
	struct vmr_mapping	new;
	struct list_head	*next;
};

/* A listener may unregister itself, so @next advances before the call */
static void notify_listeners(struct vmr_manager *manager,
			     struct vmr_notification *notification)
{
	while (notification->next != vmr_to_list(&manager->listeners)) {
		struct vmr_listener *listener = to_listener(notification->next);

		notification->next = notification->next->next;
		listener->region_changed(listener, notification->region,
					 &notification->old,
					 &notification->new);
	}
}

/* Call region_del() once for each queued region that left its mapping */
static void notify_region_del(struct vmr_manager *manager)
{
	struct list_head *pos, *at;

	list_for_each(pos, vmr_to_list(&manager->notify_queue)) {
		struct vmr_region *region = to_queued_region(pos);
		struct vmr_mapping new = vmr_region_mapping(region);

		if (region->del_notified || !region->notified_mapping.mapped ||
		    same_mapping(&region->notified_mapping, &new))
			continue;
		region->del_notified = true;
		list_for_each(at, vmr_to_list(&manager->listeners))
			if (to_listener(at)->region_del)
				to_listener(at)->region_del(to_listener(at), region,
							    &region->notified_mapping);
	}
}

/*
 * Deliver the queued notifications. A listener may call update-side functions.
 * Such a nested call appends its notifications and delivers the whole queue
 * before it returns, beginning with the notification in progress. All listeners
 * therefore observe the changes in the order in which they were made.
 */
static void deliver(struct vmr_free_notifier *notifier)
{
	struct vmr_manager *manager = vmr_to_manager(notifier);
	struct list_head *queue = vmr_to_list(&manager->notify_queue);
	struct vmr_notification *outer = manager->notifying;
	struct vmr_notification notification;

	vmr_serve_freed_vectors(manager);
	if (outer)
		notify_listeners(manager, outer);
	/* Once is enough: a nested call delivers what it appends. */
	notify_region_del(manager);
	while (!list_empty(queue)) {
		notification.region = to_queued_region(queue->next);
		notification.old = notification.region->notified_mapping;
		notification.new = vmr_region_mapping(notification.region);
		notification.next = vmr_to_list(&manager->listeners)->next;
		vmr_list_unlink(&notification.region->notify_link);
		/* After region_del(), region_changed() follows in any case. */
		if (!notification.region->del_notified &&
		    same_mapping(&notification.old, &notification.new))
			continue;
		manager->notifying = &notification;
		notify_listeners(manager, &notification);
	}
	manager->notifying = outer;
}

/* Queue the windows whose claims may be settled for addresses that the system frees */
static void queue_claims(struct vmr_free_notifier *notifier,
			 struct vmr_space *space, uint64_t start, uint64_t last)
{
	struct vmr_range *range = vmr_first_claim(space, start, last);

	for (; range; range = vmr_next_claim(range, start, last))
		if (vmr_to_region(range)->type == VMR_REGION_WINDOW)
			notify_queue_subtree(vmr_to_manager(notifier),
					     vmr_to_region(range));
}

int vmr_listener_register(struct vmr_manager *manager,
			  struct vmr_listener *listener)
{
	if (!manager || !listener || !listener->region_changed)
		return -EINVAL;
	if (listener->link.next)
		return -EEXIST;
	manager->free_notifier.before = queue_claims;
	manager->free_notifier.after = deliver;
	listener->manager = manager;
	list_add_tail(vmr_to_list(&listener->link),
		      vmr_to_list(&manager->listeners));
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_listener_register);

int vmr_listener_unregister(struct vmr_manager *manager,
			    struct vmr_listener *listener)
{
	if (!manager || !listener)
		return -EINVAL;
	if (!listener->link.next || listener->manager != manager)
		return -ENOENT;
	vmr_list_unlink(&listener->link);
	listener->manager = NULL;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_listener_unregister);

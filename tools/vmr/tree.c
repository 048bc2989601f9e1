// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * tree.c - the tree of bridges, and the resources on each level of it
 */
#include <string.h>

#include "place.h"

/* Functions that are selected, below the bridges that are */
void link_children(struct plan *plan)
{
	struct plan_device *device, *up;

	for_each_device(device, plan) {
		device->first_child = NULL;
		device->last_child = NULL;
		device->next_child = NULL;
	}
	for_each_device(device, plan) {
		device->depth = 0;
		for (up = device->behind; up; up = up->behind)
			device->depth++;
		up = device->behind;
		if (!up || device->excluded)
			continue;
		if (up->last_child)
			up->last_child->next_child = device;
		else
			up->first_child = device;
		up->last_child = device;
	}
}

/* The next below @top, parents before children; NULL after the last */
struct plan_device *next_below(struct plan_device *at,
			       const struct plan_device *top)
{
	if (at->first_child)
		return at->first_child;
	while (at != top && !at->next_child)
		at = at->behind;
	return at == top ? NULL : at->next_child;
}

bool is_in(const struct plan_device *device, bool failed_too)
{
	for (; device; device = device->behind)
		if (device->excluded || device->held ||
		    (device->failed && !failed_too))
			return false;
	return true;
}

/* Which window of a bridge a resource belongs in */
unsigned int window_of(const struct plan_resource *resource)
{
	const uint32_t pref = VMR_64BIT | VMR_PREFETCHABLE;

	if (resource->kind == VMR_KIND_PIO)
		return 0;
	return (resource->flags & pref) == pref ? 2 : 1;
}

/* Describe a resource for the library; the size of a window is known already */
static void init_item(struct plan_resource *resource)
{
	struct vmr_pci_item *item = &resource->item;

	if (resource->window)
		return;
	memset(item, 0, sizeof(*item));
	item->size = resource->size;
	item->align = resource->align;
	item->flags = resource->flags;
	item->io = resource->kind == VMR_KIND_PIO ? VMR_PIO : VMR_MMIO;
	/* In either order of a window's contents, the start is aligned */
	if (!resource->platform && item->size < item->align)
		item->size = item->align;
}

struct list {
	struct vmr_pci_item	*first;
	struct vmr_pci_item	**end;
};

static void push_items(struct list *list, struct plan_device *device,
		       unsigned int window)
{
	struct plan_resource *resource;

	for_each_resource(resource, device) {
		if (!is_address(resource->kind) ||
		    (window < NR_WINDOWS && window_of(resource) != window))
			continue;
		init_item(resource);
		resource->device = device;
		resource->item.next = NULL;
		*list->end = &resource->item;
		list->end = &resource->item.next;
	}
}

/* The addresses at the roots in the order of the input */
struct vmr_pci_item *list_root_items(struct plan *plan, bool failed_too)
{
	struct list list = { .end = &list.first };
	struct plan_device *device;

	for_each_device(device, plan)
		if (!device->behind && is_in(device, failed_too))
			push_items(&list, device, NR_WINDOWS);
	return list.first;
}

/* The same directly behind a bridge, for one of its windows */
struct vmr_pci_item *list_window_items(struct plan_device *bridge,
				       unsigned int window, bool failed_too)
{
	struct list list = { .end = &list.first };
	struct plan_device *device;

	for_each_child(device, bridge)
		if (!device->held && (failed_too || !device->failed))
			push_items(&list, device, window);
	return list.first;
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * tree.c - the tree of bridges, and the resources on each level of it
 */
#include <stdlib.h>

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

static int compare(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->resource->fixed != y->resource->fixed)
		return x->resource->fixed ? -1 : 1;
	if (x->resource->align != y->resource->align)
		return x->resource->align > y->resource->align ? -1 : 1;
	if (x->resource->size != y->resource->size)
		return x->resource->size > y->resource->size ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static void push_items(struct items *items, size_t *max,
		       struct plan_device *device, unsigned int window)
{
	struct plan_resource *resource;
	struct item *list;

	for_each_resource(resource, device) {
		if (!is_address(resource->kind) ||
		    (window < NR_WINDOWS && window_of(resource) != window))
			continue;
		if (items->nr == *max) {
			*max = *max ? 2 * *max : 64;
			list = realloc(items->list, *max * sizeof(*list));
			items->list = xcheck(list);
		}
		items->list[items->nr] = (struct item) {
			device, resource, items->nr,
		};
		items->nr++;
	}
}

/* The addresses at the roots, the most aligned and largest first */
struct items list_root_items(struct plan *plan, bool failed_too)
{
	struct items items = { NULL, 0 };
	struct plan_device *device;
	size_t max = 0;

	for_each_device(device, plan)
		if (!device->behind && is_in(device, failed_too))
			push_items(&items, &max, device, NR_WINDOWS);
	if (items.nr)
		qsort(items.list, items.nr, sizeof(*items.list), compare);
	return items;
}

/* The same directly behind a bridge, for one of its windows */
struct items list_window_items(struct plan_device *bridge, unsigned int window,
			       bool failed_too)
{
	struct items items = { NULL, 0 };
	struct plan_device *device;
	size_t max = 0;

	for_each_child(device, bridge)
		if (!device->held && (failed_too || !device->failed))
			push_items(&items, &max, device, window);
	if (items.nr)
		qsort(items.list, items.nr, sizeof(*items.list), compare);
	return items;
}

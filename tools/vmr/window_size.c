// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * window_size.c - the sizes of bridge windows, from the innermost bridge outwards
 *
 * A window is as large as the resources behind its bridge make it. Memory that is
 * 64-bit and prefetchable is in the prefetchable window. All other memory is in the
 * window below 4 GiB.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "place.h"

#define GRAIN_MEM	0x100000ull	/* of a bridge's windows */
#define GRAIN_IO	0x1000ull

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

bool is_in(const struct plan_device *device, bool failed_too)
{
	for (; device; device = device->behind)
		if (device->excluded || (device->failed && !failed_too))
			return false;
	return true;
}

/* The window of a bridge that a resource belongs to */
unsigned int window_of(const struct plan_resource *resource)
{
	const uint32_t pref = VMR_64BIT | VMR_PREFETCHABLE;

	if (resource->kind == VMR_KIND_PIO)
		return 0;
	return (resource->flags & pref) == pref ? 2 : 1;
}

/* The address resources directly behind a bridge, or at the root */
struct items list_items(struct plan *plan, const struct plan_device *bridge,
			bool failed_too)
{
	struct items items = { NULL, 0 };
	struct plan_device *device;
	size_t i, max = 0;

	for_each_device(device, plan)
		if (device->behind == bridge && is_in(device, failed_too))
			max += device->nr;
	items.list = xcheck(calloc(max + 1, sizeof(*items.list)));
	for_each_device(device, plan) {
		if (device->behind != bridge || !is_in(device, failed_too))
			continue;
		for (i = 0; i < device->nr; i++) {
			if (!is_address(device->requested[i].kind))
				continue;
			items.list[items.nr] = (struct item) {
				device,
				&device->requested[i],
				items.nr,
			};
			items.nr++;
		}
	}
	qsort(items.list, items.nr, sizeof(*items.list), compare);
	return items;
}

static uint64_t round_up(uint64_t n, uint64_t grain)
{
	return (n + grain - 1) & ~(grain - 1);
}

static void add_window(struct plan_device *bridge, unsigned int window,
		       uint64_t size, uint64_t align)
{
	static const char *const labels[NR_WINDOWS] = {
		"i/o window", "window", "prefetchable window",
	};
	uint64_t grain = window ? GRAIN_MEM : GRAIN_IO;
	struct plan_resource *resource;

	resource = push_resource(bridge, window ? VMR_KIND_MMIO : VMR_KIND_PIO,
				 round_up(size, grain), bridge->line);
	resource->align = align > grain ? align : grain;
	resource->window = true;
	if (window == 2)
		resource->flags = VMR_64BIT | VMR_PREFETCHABLE;
	snprintf(resource->name, sizeof(resource->name), "%s", labels[window]);
}

/* How much room the items of one window take, packed; 0 if there are none */
static uint64_t packed_size(const struct items *items, unsigned int window,
			    uint64_t *align)
{
	struct vmr_space space;
	uint64_t size = 0;
	size_t i;

	*align = 1;
	vmr_space_init(&space, 0, VMR_ADDR_MAX);
	for (i = 0; i < items->nr; i++) {
		struct plan_resource *resource = items->list[i].resource;
		struct vmr_request req =
			VMR_REQUEST(resource->size, resource->align);

		if (window_of(resource) != window)
			continue;
		memset(&resource->region, 0, sizeof(resource->region));
		if (vmr_alloc(&space, &resource->region.range, &req, NULL))
			return VMR_ADDR_MAX & ~(GRAIN_MEM - 1);
		if (resource->region.range.last >= size)
			size = resource->region.range.last + 1;
		if (resource->align > *align)
			*align = resource->align;
	}
	return size;
}

static void size_windows(struct plan *plan, struct plan_device *bridge,
			 bool failed_too)
{
	struct items items;
	unsigned int i;

	while (bridge->nr && bridge->requested[bridge->nr - 1].window)
		bridge->nr--;
	items = list_items(plan, bridge, failed_too);
	for (i = 0; i < NR_WINDOWS; i++) {
		uint64_t align, size = packed_size(&items, i, &align);

		if (size)
			add_window(bridge, i, size, align);
	}
	free(items.list);
}

unsigned int max_depth(const struct plan *plan)
{
	const struct plan_device *device;
	unsigned int depth = 0;

	for_each_device(device, plan)
		if (device->depth > depth)
			depth = device->depth;
	return depth;
}

/* From the innermost bridges outwards: their windows are in others' */
void size_all_windows(struct plan *plan, bool failed_too)
{
	unsigned int depth = max_depth(plan) + 1;
	struct plan_device *device;

	while (depth--)
		for_each_device(device, plan)
			if (device->is_bridge && device->depth == depth &&
			    is_in(device, failed_too))
				size_windows(plan, device, failed_too);
}

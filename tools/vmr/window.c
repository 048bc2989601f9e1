// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * window.c - the sizes of bridge windows, from the innermost bridge outwards
 *
 * A window is as large as the resources behind its bridge make it, or as the user
 * reserves. Memory that is 64-bit and prefetchable is in the prefetchable window. All
 * other memory is in the window below 4 GiB.
 */
#include <stdlib.h>
#include <string.h>

#include "place.h"

#define GRAIN_MEM	0x100000ull	/* of a bridge's windows */
#define GRAIN_IO	0x1000ull

static uint64_t round_up(uint64_t n, uint64_t grain)
{
	return n > VMR_ADDR_MAX - grain ? ~(grain - 1) :
					  (n + grain - 1) & ~(grain - 1);
}

static bool pack_one(struct vmr_space *space, struct plan_resource *r,
		     uint64_t from)
{
	struct vmr_request req = VMR_REQUEST(r->size, r->align);
	struct vmr_pool pool;
	uint64_t start;

	memset(&r->region, 0, sizeof(r->region));
	r->mirrored_below = false;
	if (!has_phase(r)) {
		if (vmr_alloc(space, &r->region.range, &req, NULL))
			return false;
	} else {
		if (vmr_pool_init_span(&pool, space, from, VMR_ADDR_MAX, NULL) ||
		    !find_phase(&pool, r, false, &start, &r->mirrored_below) ||
		    vmr_reserve(space, &r->region.range, start,
				start + (r->size - 1), NULL))
			return false;
	}
	r->offset = r->region.range.start - from;
	return true;
}

/* Pack the items from @from upwards. The size, or 0 if they are too large. */
static uint64_t pack(const struct items *items, uint64_t from)
{
	struct vmr_space space;
	uint64_t size = 0;
	size_t i;

	vmr_space_init(&space, from, VMR_ADDR_MAX);
	for (i = 0; i < items->nr; i++) {
		struct plan_resource *r = items->list[i].resource;

		if (!pack_one(&space, r, from))
			return 0;
		if (r->offset + r->size > size)
			size = r->offset + r->size;
	}
	return size;
}

/*
 * The first item in its own order, or in reverse: the latter leaves less unused
 * between it and the second.
 */
static void pack_best(const struct items *items, struct plan_resource *window,
		      uint64_t grain)
{
	const struct plan_resource *first = items->list[0].resource;
	uint64_t from = 0, other, sizes[2];

	sizes[0] = pack(items, from);
	other = has_phase(first) ? phase_of(first, true) : 0;
	if (other && !(other & (grain - 1))) {
		sizes[1] = pack(items, other);
		if (sizes[1] && (!sizes[0] || sizes[1] < sizes[0]))
			from = other;
		else
			pack(items, 0);
		sizes[0] = sizes[from != 0];
	}
	window->phase = from;
	window->size = sizes[0] ? round_up(sizes[0], grain) : ~(grain - 1);
}

static void add_reserve(struct plan_resource *window, uint64_t reserve,
			uint64_t grain)
{
	uint64_t align = reserve;

	if (!reserve)
		return;
	while (align & (align - 1))
		align &= align - 1;
	if (window->align < align)
		window->align = align;
	if (window->size < round_up(reserve, grain))
		window->size = round_up(reserve, grain);
}

void size_window(struct plan_device *bridge, unsigned int w, bool failed_too)
{
	struct items items = list_window_items(bridge, w, failed_too);
	struct plan_resource *window = &bridge->requested[w];
	uint64_t grain = w ? GRAIN_MEM : GRAIN_IO;

	window->size = 0;
	window->phase = 0;
	window->align = grain;
	window->mirrored = false;
	if (items.nr) {
		if (items.list[0].resource->align > grain)
			window->align = items.list[0].resource->align;
		pack_best(&items, window, grain);
	}
	add_reserve(window, bridge->reserve[w], grain);
	free(items.list);
}

/* From the innermost bridges outwards: their windows are in the others'. */
void size_windows_below(struct plan_device *top, unsigned int window,
			bool failed_too)
{
	struct plan_device *at, **list = NULL;
	size_t nr = 0, max = 0;

	for (at = top; at; at = next_below(at, top)) {
		if (!at->is_bridge)
			continue;
		if (nr == max) {
			max = max ? 2 * max : 16;
			list = xcheck(realloc(list, max * sizeof(*list)));
		}
		list[nr++] = at;
	}
	while (nr--)
		size_window(list[nr], window, failed_too);
	free(list);
}

void size_all_windows(struct plan *plan, bool failed_too)
{
	struct plan_device *device;
	unsigned int w;

	for_each_device(device, plan)
		if (device->is_bridge && !device->behind && !device->excluded)
			for (w = 0; w < NR_WINDOWS; w++)
				size_windows_below(device, w, failed_too);
}

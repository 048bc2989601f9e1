// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * map.c - the addresses of the finished machine, sorted
 */
#include <stdlib.h>

#include "place.h"

static void push(struct map *map, size_t *max, struct map_entry entry)
{
	if (map->nr == *max) {
		*max = *max ? 2 * *max : 64;
		map->list = xcheck(realloc(map->list,
					   *max * sizeof(*map->list)));
	}
	map->list[map->nr++] = entry;
}

/* A window is directly before what is in it. */
static int compare(const void *a, const void *b)
{
	const struct map_entry *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	if (x->depth != y->depth)
		return x->depth < y->depth ? -1 : 1;
	return x->last > y->last ? -1 : x->last < y->last;
}

bool is_placed(const struct plan_device *device)
{
	return is_in(device, false);
}

static void push_machine(struct plan *plan, struct map *map, size_t *max)
{
	size_t i;

	for (i = 0; i < plan->nr_ram; i++)
		push(map, max, (struct map_entry) {
			.start = plan->ram_regions[i].range.start,
			.last = plan->ram_regions[i].range.last,
			.name = plan->ram_regions[i].name, .memory = true,
		});
	for (i = 0; i < plan->config.nr_reserved; i++)
		push(map, max, (struct map_entry) {
			.start = plan->config.reserved[i].start,
			.last = plan->config.reserved[i].last,
			.name = plan->config.reserved[i].name,
		});
}

struct map make_map(struct plan *plan, uint32_t kind)
{
	struct map map = { NULL, 0 };
	struct plan_resource *resource;
	struct plan_device *device;
	size_t max = 0;

	if (kind == VMR_KIND_MMIO)
		push_machine(plan, &map, &max);
	for_each_device(device, plan) {
		if (!is_placed(device))
			continue;
		for_each_resource(resource, device) {
			const struct vmr_range *range = &resource->region.range;

			if (resource->kind != kind)
				continue;
			push(&map, &max, (struct map_entry) {
				.start = range->start, .last = range->last,
				.depth = device->depth, .device = device,
				.resource = resource,
			});
		}
	}
	if (map.nr)
		qsort(map.list, map.nr, sizeof(*map.list), compare);
	return map;
}

/*
 * The name of the window of the machine that free addresses are in, or NULL. @last
 * becomes the end of that window, or the address before the next one.
 */
const char *free_name(const struct plan *plan, uint32_t kind, uint64_t start,
		      uint64_t *last)
{
	const char *name = NULL;
	size_t i;

	for (i = 0; i < plan->sys.nr_pools; i++) {
		const struct vmr_system_pool *pool = &plan->sys.pools[i];

		if (!(pool->kinds & 1u << kind))
			continue;
		if (pool->pool.start > start && pool->pool.start <= *last)
			*last = pool->pool.start - 1;
		if (pool->pool.start > start || pool->pool.last < start)
			continue;
		if (pool->pool.last < *last)
			*last = pool->pool.last;
		if (!name)
			name = pool->pool.name;
	}
	return name;
}

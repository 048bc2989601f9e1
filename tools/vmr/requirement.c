// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * requirement.c - the smallest window and address width for a plan
 */
#include <stdlib.h>
#include <string.h>

#include "place.h"

/* As the pools: where what may be above 4 GiB is tried first */
static size_t requirement_of(const struct plan_resource *resource)
{
	if (resource->kind == VMR_KIND_PIO)
		return 2;
	return resource->flags & VMR_64BIT ? 0 : 1;
}

const struct vmr_system_pool *pool_of_requirement(const struct plan *plan,
						  size_t i)
{
	static const uint32_t flags[NR_REQUIREMENTS] = { VMR_64BIT, 0, 0 };
	const uint32_t kind = i == 2 ? VMR_KIND_PIO : VMR_KIND_MMIO;
	size_t p;

	for (p = 0; p < plan->sys.nr_pools; p++) {
		const struct vmr_system_pool *pool = &plan->sys.pools[p];

		if (pool->kinds & 1u << kind &&
		    (pool->flags & (VMR_64BIT | VMR_PLATFORM)) == flags[i])
			return pool;
	}
	return NULL;
}

static uint32_t bits_of(uint64_t n)
{
	uint32_t bits = 0;

	for (; n; n >>= 1)
		bits++;
	return bits;
}

static void reserve_holes(const struct plan *plan, struct vmr_space *space,
			  struct vmr_range *holes)
{
	size_t i;

	memset(holes, 0, VMR_LAYOUT_MAX_RESERVED * sizeof(*holes));
	for (i = 0; i < plan->config.nr_reserved; i++)
		vmr_reserve(space, &holes[i], plan->config.reserved[i].start,
			    plan->config.reserved[i].last, NULL);
}

static struct window_requirement begin_requirement(const struct plan *plan,
						   size_t i)
{
	static const char *const names[NR_REQUIREMENTS] = {
		"mmio64", "mmio32", "ports",
	};
	const struct vmr_system_pool *pool = pool_of_requirement(plan, i);
	struct window_requirement requirement = {
		.name = names[i], .has = pool,
	};

	if (pool) {
		requirement.start = pool->pool.start;
		requirement.name = pool->pool.name;
	} else if (!i) {
		requirement.start = FOUR_GIB;
	}
	requirement.last = requirement.start;
	return requirement;
}

/* In a window without an end, from the bottom up */
static void measure_window(struct plan *plan, struct vmr_pci_item *list,
			   size_t i)
{
	const struct vmr_system_pool *pool = pool_of_requirement(plan, i);
	struct window_requirement *requirement = &plan->requirements[i];
	struct vmr_range holes[VMR_LAYOUT_MAX_RESERVED];
	const struct vmr_pci_item *beside = NULL;
	struct vmr_pci_item *item;
	struct vmr_space space;
	struct vmr_pool from;

	*requirement = begin_requirement(plan, i);
	vmr_space_init(&space, requirement->start, VMR_ADDR_MAX);
	vmr_pool_init_span(&from, &space, requirement->start, VMR_ADDR_MAX, NULL);
	if (i != 2)
		reserve_holes(plan, &space, holes);
	for (item = list; item; item = item->next) {
		const struct plan_resource *r = resource_of(item);

		if (r->fixed || requirement_of(r) != i ||
		    r->flags & VMR_PLATFORM)
			continue;
		requirement->any = true;
		memset(&item->range, 0, sizeof(item->range));
		if (vmr_pci_place_in_pool(&from, item, beside))
			requirement->last = VMR_ADDR_MAX;
		else if (item->range.last > requirement->last)
			requirement->last = item->range.last;
		if (item->window)
			beside = item;
	}
	for (item = list; item; item = item->next)
		memset(&item->range, 0, sizeof(item->range));
	requirement->does = !requirement->any ||
			    (pool && requirement->last <= pool->pool.last);
	requirement->bits = bits_of(requirement->last);
}

void measure_windows(struct plan *plan)
{
	struct vmr_pci_item *list;
	size_t i;

	size_all_windows(plan, true);
	list = vmr_pci_sort_items(list_root_items(plan, true));
	for (i = 0; i < NR_REQUIREMENTS; i++)
		measure_window(plan, list, i);
}

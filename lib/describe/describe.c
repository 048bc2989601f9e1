// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * describe.c - walk the fixed regions and the windows of a machine
 */
#include "base/base.h"
#include "base/unaligned.h"

#include <vmalloc/describe.h>

static const struct vmr_region *to_region(const struct vmr_range *range)
{
	return container_of(range, struct vmr_region, range);
}

/* The guest places a region that no constraint names, such as a BAR. */
static bool is_fixed(const struct vmr_region *region)
{
	const struct vmr_device *dev = region->device;
	size_t i;

	if (!dev)
		return true;
	for (i = 0; i < dev->nr_constraints; i++)
		if (dev->constraints[i].range == &region->range)
			return true;
	return false;
}

/* The first fixed region with an address in [start, last] */
static const struct vmr_region *first_fixed(const struct vmr_space *space,
					    uint64_t start, uint64_t last)
{
	const struct vmr_range *range = vmr_find_overlap(space, start, last);

	while (range && range->start <= last) {
		if (is_fixed(to_region(range)))
			return to_region(range);
		range = vmr_next_range(range);
	}
	return NULL;
}

const struct vmr_region *
vmr_describe_next_fixed(const struct vmr_manager *manager, enum vmr_io io,
			const struct vmr_region *prev)
{
	const struct vmr_space *space;
	uint64_t start;

	if (!manager)
		return NULL;
	space = io == VMR_PIO ? &manager->sys->pio : &manager->sys->mmio;
	start = space->start;
	if (prev) {
		if (prev->range.last >= space->last)
			return NULL;
		start = prev->range.last + 1;
	}
	return first_fixed(space, start, space->last);
}
EXPORT_SYMBOL_GPL(vmr_describe_next_fixed);

bool vmr_describe_next_part(const struct vmr_pool *pool, struct vmr_span *part)
{
	const struct vmr_region *fixed;
	uint64_t start = pool->start;

	if (part->start <= part->last) {
		if (part->last >= pool->last)
			return false;
		start = part->last + 1;
	}
	while ((fixed = first_fixed(pool->space, start, pool->last))) {
		if (fixed->range.start > start)
			break;
		if (fixed->range.last >= pool->last)
			return false;
		start = fixed->range.last + 1;
	}
	part->start = start;
	part->last = fixed ? fixed->range.start - 1 : pool->last;
	part->name = pool->name;
	return true;
}
EXPORT_SYMBOL_GPL(vmr_describe_next_part);

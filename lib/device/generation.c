// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * generation.c - which generations the changes of a region increment
 *
 * The top of reader.h explains what the generations are for. The engine increments the
 * slot of each range that leaves its addresses. That is right for any range, and it
 * invalidates the cached lookups of all ranges that share the slot. The device layer
 * therefore counts its regions itself, while the engine does not count.
 */
#include "device.h"
#include "range/seqcount.h"

/*
 * Whether the slot of a region counts its changes. It does for a window, which has no
 * cached lookup of its own, and if a cached lookup may name a subregion, whose own
 * generation is constant.
 */
static bool uses_slot(const struct vmr_region *region)
{
	return region->type == VMR_REGION_WINDOW || region->subregion_root;
}

void vmr_generation_count(struct vmr_system *sys, struct vmr_region *region)
{
	struct vmr_generations *generations = &sys->generations;

	VMR_ASSERT(sys->seq.nesting);
	sys->seq.generations = NULL;
	if (uses_slot(region)) {
		vmr_generation_bump(generations, &region->range);
		return;
	}
	if (region->generation == U16_MAX)
		vmr_generation_roll_over(generations);
	WRITE_ONCE(region->generation, (uint16_t)(region->generation + 1));
}

void vmr_generation_counted(struct vmr_system *sys)
{
	sys->seq.generations = &sys->generations;
}

void vmr_region_free(struct vmr_manager *manager, struct vmr_region *region)
{
	struct vmr_space *space = vmr_device_space(manager, region->device,
						   region->io);

	region->was_live = vmr_range_state(&region->range) == VMR_LIVE;
	vmr_generation_count(manager->sys, region);
	vmr_free(space, &region->range);
	vmr_generation_counted(manager->sys);
}

/* A region that is not live may have cached lookups of before */
void vmr_generation_count_device(struct vmr_system *sys,
				 const struct vmr_device *dev)
{
	const struct vmr_region *region;

	VMR_ASSERT(sys->seq.nesting);
	for (region = dev->regions; region; region = region->next)
		vmr_generation_bump(&sys->generations, &region->range);
}

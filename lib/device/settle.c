// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * settle.c - settling the claims of regions
 *
 * A change that frees several intervals collects the claims of all of them first,
 * and then settles them space by space. No claim is tested twice for one change.
 */
#include "device.h"

void vmr_settle_collected(struct vmr_manager *manager, struct vmr_space *space)
{
	struct vmr_range *range, *behind;

	VMR_ASSERT(space->seq->nesting);
	while ((range = vmr_settle_next(space, &behind))) {
		vmr_notify_queue_region(manager, vmr_to_region(range));
		vmr_settle_claim(space, range, behind);
	}
}

void vmr_settle_in(struct vmr_manager *manager, struct vmr_space *space,
		   uint64_t start, uint64_t last)
{
	if (vmr_settle_collect_one(space, start, last))
		vmr_settle_collected(manager, space);
}

static void collect_for(struct vmr_manager *manager,
			const struct vmr_device *dev)
{
	const struct vmr_region *region;

	for (region = dev->regions; region; region = region->next)
		if (region->was_live)
			vmr_settle_collect(vmr_device_space(manager, dev,
							    region->io),
					   region->range.start,
					   region->range.last);
}

static void settle_for(struct vmr_manager *manager,
		       const struct vmr_device *dev)
{
	struct vmr_region *region;

	for (region = dev->regions; region; region = region->next) {
		if (region->was_live)
			vmr_settle_collected(manager,
					     vmr_device_space(manager, dev,
							      region->io));
		region->was_live = false;
	}
}

void vmr_settle_for_devices(struct vmr_manager *manager,
			    const struct vmr_device *first,
			    const struct vmr_device *other)
{
	const struct vmr_device *dev;

	for (dev = first; dev; dev = dev->next_in_transaction)
		collect_for(manager, dev);
	if (other)
		collect_for(manager, other);
	for (dev = first; dev; dev = dev->next_in_transaction)
		settle_for(manager, dev);
	if (other)
		settle_for(manager, other);
}

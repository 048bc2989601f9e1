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

/*
 * Settle the claims for the addresses that @dev left, and the devices after it
 * in its transaction. In the write section that freed them.
 */
void vmr_settle_for_devices(struct vmr_manager *manager, struct vmr_device *dev)
{
	struct vmr_region *region;
	struct vmr_device *d;

	for (d = dev; d; d = d->next_in_transaction)
		for (region = d->regions; region; region = region->next)
			if (region->was_live)
				vmr_settle_collect(vmr_device_space(manager, d,
								    region->io),
						   region->range.start,
						   region->range.last);
	for (d = dev; d; d = d->next_in_transaction)
		for (region = d->regions; region; region = region->next) {
			if (region->was_live)
				vmr_settle_collected(manager,
						     vmr_device_space(manager, d,
								      region->io));
			region->was_live = false;
		}
}

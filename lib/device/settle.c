// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * settle.c - claims of regions that can go live
 */
#include "device.h"

/*
 * Claims
 */

void vmr_claim_ref_oldest(struct vmr_claim_ref *claim, struct vmr_space *space,
			  uint64_t start, uint64_t last)
{
	struct vmr_range *range = vmr_oldest_settleable(space, start, last);

	if (range && (!claim->range || range->ticket < claim->range->ticket))
		*claim = (struct vmr_claim_ref) { .space = space,
						 .range = range };
}

bool vmr_claim_ref_settle(struct vmr_manager *manager,
			  const struct vmr_claim_ref *claim)
{
	if (!claim->range)
		return false;
	vmr_notify_queue_region(manager, vmr_to_region(claim->range));
	vmr_settle_claim(claim->space, claim->range);
	return true;
}

void vmr_settle_in(struct vmr_manager *manager, struct vmr_space *space,
		   uint64_t start, uint64_t last)
{
	struct vmr_claim_ref claim;

	do {
		claim.range = NULL;
		vmr_claim_ref_oldest(&claim, space, start, last);
	} while (vmr_claim_ref_settle(manager, &claim));
}

/*
 * In the write section in which it was released: others may have the places of
 * @dev, and of those behind it in its transaction
 */
void vmr_settle_for_devices(struct vmr_manager *manager, struct vmr_device *dev)
{
	struct vmr_region *region;
	struct vmr_device *d;
	struct vmr_claim_ref claim;

	do {
		claim.range = NULL;
		for (d = dev; d; d = d->next_in_transaction)
			for (region = d->regions; region; region = region->next)
				vmr_claim_ref_oldest(
					&claim,
					vmr_device_space(manager, d,
							 region->io),
					region->range.start,
					region->range.last);
	} while (vmr_claim_ref_settle(manager, &claim));
}

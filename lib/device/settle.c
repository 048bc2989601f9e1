// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * settle.c - settling the claims of regions
 */
#include "device.h"

/* Replace @claim by the oldest claim in [@start, @last] if that is older */
void vmr_claim_ref_oldest(struct vmr_claim_ref *claim, struct vmr_space *space,
			  uint64_t start, uint64_t last)
{
	struct vmr_range *range = vmr_oldest_settleable(space, start, last);

	if (range && (!claim->range || range->ticket < claim->range->ticket))
		*claim = (struct vmr_claim_ref) { .space = space,
						 .range = range };
}

/* Returns false if there is no claim */
bool vmr_claim_ref_settle(struct vmr_manager *manager,
			  const struct vmr_claim_ref *claim)
{
	if (!claim->range)
		return false;
	VMR_ASSERT(claim->space->seq->nesting);
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
 * Settle the claims for the addresses that @dev left, and the devices after it
 * in its transaction. In the write section that freed them.
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
				vmr_claim_ref_oldest(&claim,
						     vmr_device_space(manager, d,
								      region->io),
						     region->range.start,
						     region->range.last);
	} while (vmr_claim_ref_settle(manager, &claim));
}

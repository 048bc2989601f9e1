/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * placement.h - placements of regions, for layers that have registers
 */
#ifndef VMR_LIB_DEVICE_PLACEMENT_H
#define VMR_LIB_DEVICE_PLACEMENT_H

#include "device/device.h"

/*
 * The placements of the regions of a device whose bit in @mask is set. @get fills in
 * the placement of the @index-th region, and returns the region.
 */
struct vmr_placements {
	struct vmr_device	*dev;
	uint32_t		mask;
	struct vmr_region *(*get)(struct vmr_device *dev, unsigned int index,
				  struct vmr_placement *placement);
};

/*
 * placement.c: move the regions to their placements, in one write section. Does nothing
 * if the device is not registered with @manager.
 */
void vmr_device_update_placements(struct vmr_manager *manager,
				  const struct vmr_placements *placements);

/*
 * placement.c: the steps of it. The first queues the notifications, and returns whether
 * a region moves. The others follow if one does, in the write section. Claims are
 * settled between them.
 */
bool vmr_placements_prepare(struct vmr_manager *manager,
			    const struct vmr_placements *placements);
void vmr_placements_free(struct vmr_manager *manager,
			 const struct vmr_placements *placements);
void vmr_placements_apply(struct vmr_manager *manager,
			  const struct vmr_placements *placements);

/*
 * transaction.c: vmr_transaction_commit(), and vmr_device_update_placements() for a
 * device that is no part of the transaction, in one write section
 */
void vmr_transaction_commit_and_place(struct vmr_transaction *transaction,
				      const struct vmr_placements *placements);

#endif /* VMR_LIB_DEVICE_PLACEMENT_H */

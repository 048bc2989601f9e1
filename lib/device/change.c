// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * change.c - changes of resources that a write callback requests
 */
#include "device.h"

static struct vmr_id_pool *change_id_pool(struct vmr_manager *manager,
					  const struct vmr_change *change)
{
	struct vmr_system *sys = manager->sys;

	return change->vector && sys->separate_msi_vectors ? &sys->msi_vectors :
							     &sys->irqs;
}

int vmr_change_apply(struct vmr_manager *manager,
		     const struct vmr_change *change,
		     struct vmr_range **conflict)
{
	if (!manager || !change)
		return -EINVAL;
	switch (change->type) {
	case VMR_CHANGE_NONE:
		return 0;
	case VMR_CHANGE_IRQ_TAKEN:
		return vmr_id_reserve(change_id_pool(manager, change),
				      change->range, change->irq, conflict);
	case VMR_CHANGE_IRQ_RELEASED:
		return vmr_id_free_range(change_id_pool(manager, change),
					 change->range);
	case VMR_CHANGE_MOVED:
		return vmr_region_program(manager, change->region,
					  change->start);
	case VMR_CHANGE_UNMAPPED:
		return vmr_region_unmap(manager, change->region);
	default:
		return -EINVAL;
	}
}
EXPORT_SYMBOL_GPL(vmr_change_apply);

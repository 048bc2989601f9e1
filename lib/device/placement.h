/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * placement.h - placements of regions, for layers that have registers
 */
#ifndef VMR_LIB_DEVICE_PLACEMENT_H
#define VMR_LIB_DEVICE_PLACEMENT_H

#include "device/device.h"

/* Fill in the placement of the @index-th region of @dev, and return the region */
typedef struct vmr_region *vmr_get_placement_t(struct vmr_device *dev,
					       unsigned int index,
					       struct vmr_placement *placement);

/*
 * Move the regions whose bit in @mask is set to their placements, in one write
 * section. Does nothing if the device is not registered with @manager.
 */
void vmr_device_update_placements(struct vmr_manager *manager,
				  struct vmr_device *dev, uint32_t mask,
				  vmr_get_placement_t *get_placement);

#endif /* VMR_LIB_DEVICE_PLACEMENT_H */

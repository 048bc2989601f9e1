/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * placement.h - placements of regions, for layers that have registers
 */
#ifndef VMR_LIB_DEVICE_PLACEMENT_H
#define VMR_LIB_DEVICE_PLACEMENT_H

#include "device/device.h"

/*
 * Move the regions whose bit in @mask is set to their placements, in one write
 * section. @get_placement fills in the placement of the @index-th region of @dev,
 * and returns the region. Does nothing if the device is not registered with @manager.
 */
void vmr_device_update_placements(struct vmr_manager *manager,
				  struct vmr_device *dev, uint32_t mask,
				  struct vmr_region *(*get_placement)(struct vmr_device *dev,
								      unsigned int index,
								      struct vmr_placement *placement));

#endif /* VMR_LIB_DEVICE_PLACEMENT_H */

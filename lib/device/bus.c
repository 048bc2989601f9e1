// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * bus.c - buses, and the accesses that their windows forward
 */
#include "device.h"

/* Whether a live window of @bus forwards all addresses of @region */
static bool bus_forwards(const struct vmr_bus *bus,
			 const struct vmr_region *region)
{
	const struct vmr_space *space =
		vmr_device_space(bus->manager, bus->bridge, region->io);
	const struct vmr_range *range = vmr_find(space, region->range.start);
	const struct vmr_region *w;

	if (!range || range->last < region->range.last)
		return false;
	w = vmr_to_region((struct vmr_range *)range);
	return w->type == VMR_REGION_WINDOW && w->device == bus->bridge &&
	       (region->prefetchable || !w->prefetchable);
}

bool vmr_region_is_forwarded(const struct vmr_device *dev,
			     const struct vmr_region *region)
{
	for (; dev->parent_bus; dev = dev->parent_bus->bridge)
		if (!bus_forwards(dev->parent_bus, region))
			return false;
	return true;
}

int vmr_bus_init(struct vmr_bus *bus, struct vmr_manager *manager,
		 struct vmr_device *dev)
{
	if (!bus || !manager || !dev)
		return -EINVAL;
	if (dev->state != VMR_DEVICE_UNREGISTERED)
		return -EBUSY;
	memset(bus, 0, sizeof(*bus));
	vmr_space_init(&bus->pio, 0, manager->sys->pio.last);
	vmr_space_init(&bus->mmio, 0, manager->sys->mmio.last);
	vmr_space_set_seqcount(&bus->pio, &manager->sys->seq);
	vmr_space_set_seqcount(&bus->mmio, &manager->sys->seq);
	bus->manager = manager;
	INIT_LIST_HEAD(vmr_to_list(&bus->devices));
	bus->bridge = dev;
	dev->subordinate = bus;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_bus_init);

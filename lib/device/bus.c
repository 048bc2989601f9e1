// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * bus.c - buses, and the accesses that their windows forward
 */
#include "device.h"

/*
 * The live window of @bus that forwards all addresses of @region, or NULL. The types of
 * windows do not matter: a bridge forwards by address.
 */
const struct vmr_region *vmr_bus_find_window(const struct vmr_bus *bus,
					     const struct vmr_region *region)
{
	const struct vmr_space *space =
		vmr_device_space(bus->manager, bus->bridge, region->io);
	const struct vmr_range *range = vmr_find(space, region->range.start);
	const struct vmr_region *w;

	if (!range || range->last < region->range.last)
		return NULL;
	w = vmr_to_region((struct vmr_range *)range);
	if (w->type != VMR_REGION_WINDOW || w->device != bus->bridge)
		return NULL;
	return !w->isa_enable || vmr_isa_forwards(region->range.start,
						  region->range.last) ? w :
									NULL;
}

bool vmr_region_is_forwarded(const struct vmr_device *dev,
			     const struct vmr_region *region)
{
	for (; dev->parent_bus; dev = dev->parent_bus->bridge)
		if (!vmr_bus_find_window(dev->parent_bus, region))
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

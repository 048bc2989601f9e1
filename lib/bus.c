// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * bus.c - buses: windows, and placing devices behind them
 */
#include "device.h"

/* The window of a bus that has all of a region inside and is of its type */
static const struct vmr_region *bus_find_window(const struct vmr_bus *bus,
						const struct vmr_region *region)
{
	const struct vmr_region *w;

	for (w = bus->bridge->regions; w; w = w->next)
		if (w->type == VMR_REGION_WINDOW && w->io == region->io &&
		    vmr_range_state(&w->range) == VMR_LIVE &&
		    w->range.start <= region->range.start &&
		    w->range.last >= region->range.last &&
		    (region->prefetchable || !w->prefetchable))
			return w;
	return NULL;
}

/* Whether every bus above has a window around a region of @dev's */
bool vmr_region_is_forwarded(const struct vmr_device *dev,
			     const struct vmr_region *region)
{
	for (; dev->parent_bus; dev = dev->parent_bus->bridge)
		if (!bus_find_window(dev->parent_bus, region))
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
	bus->bridge = dev;
	dev->subordinate = bus;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_bus_init);

/*
 * A window of a bus as a place to put devices on it. The bus may be a part of the
 * transaction that the device is a part of, and then is not visible yet.
 */
static void pool_set_add_window(struct vmr_bus *bus, struct vmr_pool_set *set,
				const struct vmr_region *w)
{
	if (vmr_range_state(&w->range) != VMR_LIVE ||
	    !vmr_region_is_forwarded(bus->bridge, w) ||
	    set->nr_pools == VMR_BUS_MAX_WINDOWS)
		return;
	set->pools[set->nr_pools++] = (struct vmr_system_pool) {
		.pool = {
			.space = bus_space(bus, w->io),
			.start = w->range.start,
			.last = w->range.last,
			.align = 1,
			.policy = VMR_FIRST,
			.name = w->name,
		},
		.kinds = w->io == VMR_PIO ? 1u << VMR_KIND_PIO :
			 1u << VMR_KIND_MMIO | 1u << VMR_KIND_MEM,
		.flags = (w->prefetchable ? VMR_PREFETCHABLE : 0) |
			 (w->range.start >> 32 ? VMR_64BIT : 0),
	};
}

/* Prefetchable windows first: who may use one leaves the others alone */
struct vmr_pool_set *vmr_bus_pool_set(const struct vmr_device *dev,
				      struct vmr_pool_set *set)
{
	struct vmr_bus *bus = dev->parent_bus;
	const struct vmr_region *w;
	int pref;

	if (!bus)
		return NULL;
	set->pio = &bus->pio;
	set->mmio = &bus->mmio;
	set->pools = bus->pools;
	set->nr_pools = 0;
	for (pref = 1; pref >= 0; pref--)
		for (w = bus->bridge->regions; w; w = w->next)
			if (w->type == VMR_REGION_WINDOW &&
			    w->prefetchable == pref)
				pool_set_add_window(bus, set, w);
	return set;
}

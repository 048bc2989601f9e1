// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * bus_pools.c - the windows of a bus as pools for the devices behind it
 */
#include "device.h"

/* Whether @w or a window above that forwards it is prefetchable */
static bool in_prefetchable(const struct vmr_bus *bus,
			    const struct vmr_region *w)
{
	const struct vmr_region *window = w;

	for (; !window->prefetchable; window = vmr_bus_find_window(bus, w)) {
		bus = bus->bridge->parent_bus;
		if (!bus)
			return false;
	}
	return true;
}

/*
 * Add a window to the pools if it is live and all buses above forward it. The
 * bridge need not be registered: the transaction that adds a device may add its
 * bridge too.
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
			.space = vmr_bus_space(bus, w->io),
			.start = w->range.start,
			.last = w->range.last,
			.align = 1,
			.policy = VMR_FIRST,
			.name = w->name,
		},
		.kinds = w->io == VMR_PIO ? 1u << VMR_KIND_PIO :
			 1u << VMR_KIND_MMIO | 1u << VMR_KIND_MEM,
		.flags = (in_prefetchable(bus, w) ? VMR_PREFETCHABLE : 0) |
			 (w->range.start >> 32 ? VMR_64BIT : 0),
	};
}

/* Prefetchable windows come first: other regions cannot use them */
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
			    !w->no_placement && w->prefetchable == pref)
				pool_set_add_window(bus, set, w);
	return set;
}

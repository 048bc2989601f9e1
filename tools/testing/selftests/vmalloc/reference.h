/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * reference.h - dispatch by a linear search of all regions
 *
 * Written from the rules for windows in device.h. It uses only the range and the state of
 * each region of the library, and whether a window has the ISA enable bit.
 */
#ifndef VMR_TEST_REFERENCE_H
#define VMR_TEST_REFERENCE_H

#include "machine.h"

#define NAIVE_DEPTH	16

static struct {
	struct vmr_region	*region[160];
	size_t			nr;
} naive;

/* Add all regions of a device, registered or not. */
static inline void naive_add(struct vmr_device *dev)
{
	struct vmr_region *region;

	for (region = dev->regions; region; region = region->next)
		if (naive.nr < NR(naive.region))
			naive.region[naive.nr++] = region;
}

static inline bool naive_live(const struct vmr_region *region)
{
	return region->device->state >= VMR_DEVICE_REGISTERED &&
	       state_of(region) == VMR_LIVE;
}

/* Return: the region at @addr on @bus, or at the root if @bus is NULL. */
static inline struct vmr_region *naive_at(const struct vmr_bus *bus,
					  enum vmr_io io, uint64_t addr)
{
	size_t i;

	for (i = 0; i < naive.nr; i++) {
		struct vmr_region *region = naive.region[i];

		if (region->io == io && region->device->parent_bus == bus &&
		    naive_live(region) && region->range.start <= addr &&
		    region->range.last >= addr)
			return region;
	}
	return NULL;
}

/* Does @window forward all accesses to @region? */
static inline bool naive_through(const struct vmr_region *window,
				 const struct vmr_region *region)
{
	uint64_t start = region->range.start, last = region->range.last;

	/* With ISA enable the lowest 256 of each 1024 ports are forwarded. */
	return start >= window->range.start && last <= window->range.last &&
	       (!window->isa_enable ||
		(start / 1024 == last / 1024 && last % 1024 < 256));
}

/* Return: the region that an access to @addr reaches from the root, or NULL. */
static inline struct vmr_region *naive_route(enum vmr_io io, uint64_t addr)
{
	const struct vmr_region *windows[NAIVE_DEPTH];
	const struct vmr_bus *bus = NULL;
	struct vmr_region *region;
	size_t nr = 0;

	while ((region = naive_at(bus, io, addr))) {
		if (region->type != VMR_REGION_WINDOW || nr == NAIVE_DEPTH)
			break;
		windows[nr++] = region;
		bus = region->device->subordinate;
	}
	while (region && nr--)
		if (!naive_through(windows[nr], region))
			return NULL;
	return region;
}

/* Is @region, which may be a window, mapped? Checks the windows from the bottom up. */
static inline bool naive_visible(const struct vmr_region *region)
{
	const struct vmr_bus *bus = region->device->parent_bus;
	const struct vmr_region *w;

	if (!naive_live(region))
		return false;
	for (; bus; bus = bus->bridge->parent_bus) {
		w = naive_at(bus->bridge->parent_bus, (enum vmr_io)region->io,
			     region->range.start);
		if (!w || w->type != VMR_REGION_WINDOW ||
		    w->device != bus->bridge || !naive_through(w, region))
			return false;
	}
	return true;
}

/*
 * Return: the region or subregion of an access, NULL for -ENXIO. The device of a memory
 * region has callbacks.
 */
static inline struct vmr_region *naive_access(enum vmr_io io, uint64_t addr,
					      uint32_t width)
{
	struct vmr_region *region = naive_route(io, addr), *sub;
	uint64_t offset;

	if (!region || width - 1 > region->range.last - addr)
		return NULL;
	if (region->type == VMR_REGION_TRAPPED)
		return region;
	if (region->type != VMR_REGION_MEMORY)
		return NULL;
	offset = addr - region->range.start;
	for (sub = region->subregions; sub; sub = sub->next) {
		if (offset >= sub->offset &&
		    offset + width <= sub->offset + sub->size)
			return sub;
		/* An access with bytes inside and outside has no answer. */
		if (offset < sub->offset + sub->size &&
		    sub->offset < offset + width)
			return NULL;
	}
	return region;
}

#endif /* VMR_TEST_REFERENCE_H */

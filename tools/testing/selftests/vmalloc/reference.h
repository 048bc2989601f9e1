/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * reference.h - who answers where, worked out by looking at every region there is
 *
 * Written from what device.h says of windows. Of the library it uses only the
 * place and the state of each region.
 */
#ifndef VMR_TEST_REFERENCE_H
#define VMR_TEST_REFERENCE_H

#include "machine.h"

#define NAIVE_DEPTH	16

static struct {
	struct vmr_region	*region[160];
	size_t			nr;
} naive;

/* Every region of a device that is, was or will be registered. */
static inline void naive_add(struct vmr_device *dev)
{
	struct vmr_region *region;

	for (region = dev->regions; region; region = region->next)
		if (naive.nr < NR(naive.region))
			naive.region[naive.nr++] = region;
}

static inline bool naive_live(const struct vmr_region *region)
{
	return region->device->state >= VMR_DEVICE_PRESENT &&
	       state_of(region) == VMR_LIVE;
}

/* The region at @addr on @bus, or at the root. */
static inline struct vmr_region *naive_at(const struct vmr_bus *bus,
					  enum vmr_io io, uint64_t addr)
{
	size_t i;

	for (i = 0; i < naive.nr; i++) {
		struct vmr_region *region = naive.region[i];

		if (region->io == io && region->device->parent == bus &&
		    naive_live(region) && region->range.start <= addr &&
		    region->range.last >= addr)
			return region;
	}
	return NULL;
}

/* Whether what is behind a window is inside it and of its type. */
static inline bool naive_through(const struct vmr_region *window,
				 const struct vmr_region *region)
{
	return region->range.start >= window->range.start &&
	       region->range.last <= window->range.last &&
	       (region->prefetchable || !window->prefetchable);
}

/* Who has @addr, from the root down: NULL if nobody can be reached. */
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
		bus = region->device->bus;
	}
	while (region && nr--)
		if (!naive_through(windows[nr], region))
			return NULL;
	return region;
}

/* Whether a region, a window too, is inside windows from the bottom up. */
static inline bool naive_visible(const struct vmr_region *region)
{
	const struct vmr_bus *bus = region->device->parent;
	const struct vmr_region *w;

	if (!naive_live(region))
		return false;
	for (; bus; bus = bus->dev->parent) {
		w = naive_at(bus->dev->parent, (enum vmr_io)region->io,
			     region->range.start);
		if (!w || w->type != VMR_REGION_WINDOW ||
		    w->device != bus->dev || !naive_through(w, region))
			return false;
	}
	return true;
}

/* The region or part that answers an access, NULL if it is -ENXIO. */
static inline struct vmr_region *naive_access(enum vmr_io io, uint64_t addr,
					      uint32_t width)
{
	struct vmr_region *region = naive_route(io, addr), *part;
	uint64_t offset;

	if (!region || width - 1 > region->range.last - addr)
		return NULL;
	if (region->type == VMR_REGION_TRAPPED)
		return region;
	if (region->type != VMR_REGION_MEMORY)
		return NULL;
	offset = addr - region->range.start;
	for (part = region->parts; part; part = part->next)
		if (offset >= part->offset &&
		    offset + width <= part->offset + part->size)
			return part;
	return NULL;
}

#endif /* VMR_TEST_REFERENCE_H */

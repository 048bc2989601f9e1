/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * bus.h - buses in the machine of machine.h
 */
#ifndef VMR_TEST_BUS_H
#define VMR_TEST_BUS_H

#include <stdlib.h>

#include "machine.h"

/* A bus whose windows are the regions of a probe. */
struct bridge_dev {
	struct probe	p;
	struct vmr_bus	bus;
};

static inline int hub_init(struct bridge_dev *h, const char *name,
			   struct vmr_bus *parent)
{
	probe_init(&h->p, name);
	h->p.dev.parent_bus = parent;
	return vmr_bus_init(&h->bus, &m.manager, &h->p.dev);
}

/* A closed window. */
static inline int hub_window(struct bridge_dev *h, unsigned int index, enum vmr_io io,
			     bool prefetchable)
{
	int ret = probe_region(&h->p, index, io, VMR_REGION_WINDOW, 0x1000);

	h->p.region[index].prefetchable = prefetchable;
	return ret;
}

static inline int hub_open(struct bridge_dev *h, unsigned int index, uint64_t start,
			   uint64_t last)
{
	return vmr_window_program(&m.manager, &h->p.region[index], start, last);
}

/* The windows of a registered bus, closed: ports, memory, prefetchable memory. */
enum { PORTS, MEMORY, PREFETCH };

static inline int hub_up(struct bridge_dev *h, const char *name,
			 struct vmr_bus *parent)
{
	int ret = hub_init(h, name, parent);

	if (!ret)
		ret = hub_window(h, PORTS, VMR_PIO, false);
	if (!ret)
		ret = hub_window(h, MEMORY, VMR_MMIO, false);
	if (!ret)
		ret = hub_window(h, PREFETCH, VMR_MMIO, true);
	return ret ? ret : vmr_device_register(&m.manager, &h->p.dev, NULL, NULL);
}

/* A device with one region on a bus, registered and unmapped. */
static inline int leaf_up(struct probe *p, const char *name,
			  struct vmr_bus *parent, enum vmr_io io, uint64_t size,
			  bool prefetchable)
{
	int ret;

	probe_init(p, name);
	p->dev.parent_bus = parent;
	ret = probe_region(p, 0, io, VMR_REGION_TRAPPED, size);
	p->region[0].prefetchable = prefetchable;
	return ret ? ret : vmr_device_register(&m.manager, &p->dev, NULL, NULL);
}

static inline int program(struct vmr_region *region, uint64_t start)
{
	return vmr_region_program(&m.manager, region, start);
}

/* As leaf_up(), and live at @start in the space of its bus. */
static inline int leaf_at(struct probe *p, const char *name,
			  struct vmr_bus *parent, enum vmr_io io,
			  uint64_t start, uint64_t size, bool prefetchable)
{
	int ret = leaf_up(p, name, parent, io, size, prefetchable);

	return ret ? ret : program(&p->region[0], start);
}

/* @region is not mapped, neither by dispatch nor by vmr_region_mapping(). */
static inline int is_hidden(const struct vmr_region *region)
{
	enum vmr_io io = (enum vmr_io)region->io;

	return !vmr_region_mapping(region).mapped &&
	       responder(io, region->range.start) != region &&
	       responder(io, region->range.last) != region;
}

#define EXPECT_HIDDEN(region) \
	EXPECT_TRUE(is_hidden(region)) { \
		TH_LOG("%s is mapped", #region); \
	}

/* @region is mapped at @start, by dispatch and by vmr_region_mapping(). */
#define EXPECT_SEEN(region, start) \
	do { \
		EXPECT_ANSWERS(region, start); \
		EXPECT_TRUE(vmr_region_mapping(region).mapped); \
	} while (0)

/* Pseudo-random numbers, equal on every machine for one seed. */
static uint64_t chance_state;

static inline uint64_t chance(void)
{
	/* xorshift64* of Vigna, 2016 */
	chance_state ^= chance_state >> 12;
	chance_state ^= chance_state << 25;
	chance_state ^= chance_state >> 27;
	return chance_state * 0x2545f4914f6cdd1dull;
}

/* Return: a number in [0, @n - 1]. */
static inline uint32_t dice(uint32_t n)
{
	return (uint32_t)((chance() >> 32) * n >> 32);
}

static inline unsigned long env_number(const char *name, unsigned long def)
{
	const char *text = getenv(name);

	return text && *text ? strtoul(text, NULL, 0) : def;
}

#endif /* VMR_TEST_BUS_H */

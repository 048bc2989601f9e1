/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * route.h - the workloads that dispatch accesses to devices
 */
#ifndef BENCH_ROUTE_H
#define BENCH_ROUTE_H

#include <string.h>

#include "bench.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ROUTE_BASE	0xd0000000ULL
#define ROUTE_STRIDE	(2 * BENCH_PAGE)	/* every second page is free */
#define ROUTE_REGISTERS	0x200ULL	/* at the start of a page, as for virtio */
#define ROUTE_DATA	65536			/* of one access, at most */
#define ROUTE_THREADS	2
#define ROUTE_RESTLESS	16	/* devices that move or are hot-plugged in the free pages */

/**
 * struct route_region - addresses of a device
 * @start: first address
 * @size: number of addresses
 * @mmio: a guest physical address; else a port
 */
struct route_region {
	uint64_t	start;
	uint64_t	size;
	bool		mmio;
};

/**
 * struct route_access - one access of a recorded trace
 * @addr: first address
 * @region: index of the region at @addr
 * @width: bytes at a time
 * @count: repetitions
 * @mmio: as in the region
 * @write: a write; else a read
 */
struct route_access {
	uint64_t	addr;
	uint32_t	region;
	uint32_t	count;
	uint8_t		width;
	bool		mmio;
	bool		write;
};

/**
 * struct route_map - the machine and the accesses of its guest
 * @regions: one for each device; without a trace device i has the page at
 *	ROUTE_BASE + i * ROUTE_STRIDE
 * @nr: number of @regions
 * @accesses: the trace; NULL for reads of random devices
 * @nr_accesses: number of @accesses
 */
struct route_map {
	struct route_region	*regions;
	size_t			nr;
	struct route_access	*accesses;
	size_t			nr_accesses;
};

/**
 * struct route_impl - an implementation of dispatch
 * @name: name in the results
 * @create: create the machine, with ROUTE_RESTLESS more devices if it has no trace
 * @destroy: destroy it
 * @run: one of ROUTE_THREADS threads dispatches run->ops accesses
 * @disturb: move or hot-plug a restless device, on another thread than @run
 * @enter: called by a thread before its first @run or @disturb; may be NULL
 * @leave: called by a thread after its last one; may be NULL
 */
struct route_impl {
	const char	*name;
	void		*(*create)(const struct route_map *map);
	void		(*destroy)(void *state);
	void		(*run)(void *state, unsigned int thread,
			       struct bench_run *run);
	void		(*disturb)(void *state, uint64_t *rng);
	void		(*enter)(void *state);
	void		(*leave)(void *state);
};

/* A map without a trace, or the trace in a file */
void route_map_make(struct route_map *map, size_t nr);
void route_map_load(struct route_map *map, const char *path);
void route_map_free(struct route_map *map);

/* The read of all devices. The data depend on the device and the offset. */
static inline uint32_t route_value(uint32_t index, uint64_t offset)
{
	return (index * 0x9e3779b1u) ^ (uint32_t)offset;
}

static inline void route_answer(uint32_t index, uint64_t offset, void *data,
				uint32_t size)
{
	uint32_t value = route_value(index, offset);

	if (size == sizeof(value))
		memcpy(data, &value, sizeof(value));
	else
		memset(data, (int)value, size);
}

/**
 * struct route_device - a device of the peers
 * @read: fill in data
 * @write: take data
 * @index: number of the device
 * @state: padding to the size of this library's devices, for equal distances
 */
struct route_device {
	void		(*read)(struct route_device *dev, uint64_t offset,
				void *data, uint32_t size);
	void		(*write)(struct route_device *dev, uint64_t offset,
				 const void *data, uint32_t size);
	uint32_t	index;
	uint8_t		state[488];
};

struct route_device *route_devices(size_t nr);

/* A random page without a device of the map */
static inline uint64_t route_free_page(const struct route_map *map,
				       uint64_t *rng)
{
	return ROUTE_BASE + bench_below(rng, map->nr + ROUTE_RESTLESS) *
	       ROUTE_STRIDE + BENCH_PAGE;
}

extern const struct route_impl vmalloc_route, vmalloc_route_bare, mutex_route,
	rwlock_route,
	rcu_route;

#ifdef __cplusplus
}
#endif

#endif /* BENCH_ROUTE_H */

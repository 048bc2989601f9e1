/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * pool.h - pools: views of bounds and policy on a space
 */
#ifndef VMALLOC_POOL_H
#define VMALLOC_POOL_H

#include <vmalloc/range.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * DOC: Overview
 *
 * A pool says where in a space one kind of request is placed, with which alignment
 * and by which policy: "MMIO below 4 GiB, from the top down", "I/O ports". Several
 * pools may be views on one space and may overlap: a range that is allocated
 * through one of them is allocated for all.
 *
 * Functions take (start, size). A pool over a whole space is the usual address
 * allocator of a VMM: base and end, allocate(size, align, policy), free(range).
 *
 * Ranges are embedded in their owners, see range.h. A pool has no tree of its own
 * and needs no memory beyond struct vmr_pool.
 *
 * All functions belong to the update side, see range.h. They cost what the
 * functions of range.h cost, however many pools a space has.
 */

/**
 * struct vmr_pool - bounds, alignment and policy on a space
 * @space: the space of the ranges
 * @start: first address of the pool
 * @last: last address, inclusive
 * @align: alignment of requests without one, a power of two
 * @policy: policy of requests with %VMR_DEFAULT
 * @name: name in maps and messages; may be NULL
 */
struct vmr_pool {
	struct vmr_space	*space;
	uint64_t		start;
	uint64_t		last;
	uint64_t		align;
	enum vmr_policy		policy;
	const char		*name;
};

/**
 * vmr_pool_init - initialise a pool of @size addresses from @start
 * @pool: the pool
 * @space: an initialised space
 * @start: first address
 * @size: number of addresses
 * @name: name in maps and messages; may be NULL
 *
 * Sets alignment 1 and %VMR_FIRST. The caller may change both in @pool.
 *
 * Return: 0, or
 *  - -EINVAL: @pool or @space is NULL, or @size is 0;
 *  - -EOVERFLOW: the pool would end above 2^64-1;
 *  - -ERANGE: an address is outside the space.
 */
int vmr_pool_init(struct vmr_pool *pool, struct vmr_space *space,
		  uint64_t start, uint64_t size, const char *name);

/**
 * vmr_pool_init_span - initialise a pool of the addresses [@start, @last]
 * @pool: the pool
 * @space: an initialised space
 * @start: first address
 * @last: last address, inclusive; @last of @space for the rest of the space
 * @name: name in maps and messages; may be NULL
 *
 * As vmr_pool_init(), for a pool whose size can be 2^64.
 *
 * Return: 0, or
 *  - -EINVAL: @pool or @space is NULL, or @start is above @last;
 *  - -ERANGE: an address is outside the space.
 */
int vmr_pool_init_span(struct vmr_pool *pool, struct vmr_space *space,
		       uint64_t start, uint64_t last, const char *name);

/**
 * vmr_pool_alloc - allocate from a pool
 * @pool: the pool
 * @range: the range to link, in no space
 * @size: number of addresses
 * @align: alignment, a power of two; 0 for that of the pool
 * @policy: VMR_FIRST, VMR_LAST, VMR_BEST, or VMR_DEFAULT for that of the pool
 *
 * Return: 0 and the addresses in @range, or
 *  - -EINVAL: a pointer is NULL, @size is 0, @align is no power of two, or
 *    @policy is not one of these;
 *  - -EEXIST: @range is in a space already;
 *  - -ENOSPC: no gap of the pool satisfies the request.
 */
int vmr_pool_alloc(struct vmr_pool *pool, struct vmr_range *range,
		   uint64_t size, uint64_t align, enum vmr_policy policy);

/**
 * vmr_pool_reserve - allocate exactly [start, start + size - 1] from a pool
 * @pool: the pool
 * @range: the range to link, in no space
 * @start: first address
 * @size: number of addresses
 * @align: alignment of @start, a power of two; 0 for that of the pool
 * @conflict: receives the lowest overlapping range on -EBUSY, may be NULL
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, @size is 0, @align is no power of two, or
 *    @start is not aligned;
 *  - -EOVERFLOW: the range would end above 2^64-1;
 *  - -EEXIST: @range is in a space already;
 *  - -ERANGE: an address is outside the pool;
 *  - -EBUSY: an address is in use.
 */
int vmr_pool_reserve(struct vmr_pool *pool, struct vmr_range *range,
		     uint64_t start, uint64_t size, uint64_t align,
		      struct vmr_range **conflict);

/**
 * vmr_pool_request - allocate by a request within the bounds of a pool
 * @pool: the pool
 * @range: the range to link, in no space
 * @req: the request; its bounds are cut to those of the pool. Alignment 0 and
 *	%VMR_DEFAULT stand for those of the pool
 * @conflict: receives the lowest overlapping range on -EBUSY, may be NULL
 *
 * Return: as vmr_alloc(), with the pool in place of the space.
 */
int vmr_pool_request(struct vmr_pool *pool, struct vmr_range *range,
		     const struct vmr_request *req,
		     struct vmr_range **conflict);

/**
 * vmr_pool_free - free the range that is exactly [start, start + size - 1]
 * @pool: the pool
 * @start: first address
 * @size: number of addresses
 * @freed: receives the range, may be NULL
 *
 * vmr_free() frees a range without a lookup.
 *
 * Return: 0, or
 *  - -EINVAL: @pool is NULL or @size is 0;
 *  - -EOVERFLOW: the range would end above 2^64-1;
 *  - -ERANGE: an address is outside the pool;
 *  - -ENOENT: no live range has exactly these addresses.
 */
int vmr_pool_free(struct vmr_pool *pool, uint64_t start, uint64_t size,
		  struct vmr_range **freed);

/**
 * vmr_pool_free_containing - free the range that holds an address
 * @pool: the pool
 * @addr: any address of the range
 * @freed: receives the range, may be NULL
 *
 * Return: 0, or
 *  - -EINVAL: @pool is NULL;
 *  - -ERANGE: @addr, or another address of its range, is outside the pool;
 *  - -ENOENT: @addr is free.
 */
int vmr_pool_free_containing(struct vmr_pool *pool, uint64_t addr,
			     struct vmr_range **freed);

/**
 * vmr_pool_highest_free - find the highest free address of a pool
 * @pool: the pool
 * @addr: receives the address
 *
 * Return: 0, -EINVAL if a pointer is NULL, -ENOSPC if the pool is full.
 */
int vmr_pool_highest_free(const struct vmr_pool *pool, uint64_t *addr);

/**
 * vmr_range_offset_to_addr - convert an offset in a live range to an address
 * @range: a live range
 * @offset: offset of an interval from the first address of @range
 * @size: number of addresses of the interval
 * @addr: receives the first address of the interval
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL or @size is 0;
 *  - -EOVERFLOW: @offset + @size - 1 is above 2^64-1;
 *  - -ENOENT: @range is not live;
 *  - -ERANGE: the interval is not inside @range.
 */
int vmr_range_offset_to_addr(const struct vmr_range *range, uint64_t offset,
			     uint64_t size, uint64_t *addr);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_POOL_H */

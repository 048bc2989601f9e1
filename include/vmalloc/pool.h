/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * pool.h - pools: views of bounds and policy on a space
 *
 * A pool says where in a space, at what alignment and in what order one kind of
 * request is placed: "MMIO below 4 GiB, from the top down", "I/O ports". Several
 * pools may lie on one space, and overlap: what is allocated through one is
 * taken for all. A pool holds no tree, so it costs nothing to have many, and a
 * range may move from one to another.
 *
 * Ranges are given as (start, size) here. A pool that spans a whole space is the
 * usual address allocator of a VMM: base and end, allocate(size, align, policy),
 * free(range).
 *
 * Locking: as in range.h; all of this is the writer's side.
 */
#ifndef VMALLOC_POOL_H
#define VMALLOC_POOL_H

#include <vmalloc/range.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct vmr_pool - a view on a space
 * @space: where the ranges are
 * @start: first address of the pool
 * @last: last address, included
 * @align: alignment of requests that name none, a power of two
 * @policy: policy of requests that name none
 * @name: what it is for, in maps and messages; may be NULL
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
 * vmr_pool_init - make a pool of `size` addresses from `start`
 * @pool: the pool
 * @space: an initialised space
 * @start: first address
 * @size: number of addresses; 0 stands for all up to the end of the space
 * @name: name for people, or NULL
 *
 * Alignment 1 and first fit, until the caller writes others into @pool.
 *
 * Return: 0, or
 *  - -EINVAL: @pool or @space is NULL;
 *  - -EOVERFLOW: the pool would end above 2^64-1;
 *  - -ERANGE: part of it is outside the space.
 */
int vmr_pool_init(struct vmr_pool *pool, struct vmr_space *space,
		  uint64_t start, uint64_t size, const char *name);

/**
 * vmr_pool_alloc - allocate from a pool
 * @pool: the pool
 * @range: the node to link, unallocated
 * @size: number of addresses
 * @align: alignment, a power of two; 0 for the pool's
 * @policy: VMR_FIRST, VMR_LAST, VMR_BEST, or VMR_DEFAULT for the pool's
 *
 * Return: 0 and the place in @range, or
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
 * @range: the node to link, unallocated
 * @start: first address
 * @size: number of addresses
 * @align: what @start must be a multiple of, a power of two; 0 for the pool's
 * @conflict: where to store the lowest range in the way on -EBUSY, or NULL
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, @size is 0, @align is no power of two, or
 *    @start is not aligned;
 *  - -EOVERFLOW: the range would end above 2^64-1;
 *  - -EEXIST: @range is in a space already;
 *  - -ERANGE: part of the place is outside the pool;
 *  - -EBUSY: part of it is taken.
 */
int vmr_pool_reserve(struct vmr_pool *pool, struct vmr_range *range,
		      uint64_t start, uint64_t size, uint64_t align,
		      struct vmr_range **conflict);

/**
 * vmr_pool_request - allocate under any constraint within the pool's bounds
 * @pool: the pool
 * @range: the node to link, unallocated
 * @req: the request; its bounds are narrowed to the pool's, alignment 0 and
 *	VMR_DEFAULT stand for the pool's own
 * @conflict: where to store the lowest range in the way on -EBUSY, or NULL
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
 * @freed: where to store the range, or NULL
 *
 * vmr_free() does the same by node, and cannot miss.
 *
 * Return: 0, or
 *  - -EINVAL: @pool is NULL or @size is 0;
 *  - -EOVERFLOW: the range would end above 2^64-1;
 *  - -ERANGE: part of it is outside the pool;
 *  - -ENOENT: no live range is exactly there.
 */
int vmr_pool_free(struct vmr_pool *pool, uint64_t start, uint64_t size,
		  struct vmr_range **freed);

/**
 * vmr_pool_free_containing - free the range that holds an address
 * @pool: the pool
 * @addr: any address of the range
 * @freed: where to store the range, or NULL
 *
 * Return: 0, or
 *  - -EINVAL: @pool is NULL;
 *  - -ERANGE: @addr is outside the pool;
 *  - -ENOENT: @addr is free.
 */
int vmr_pool_free_containing(struct vmr_pool *pool, uint64_t addr,
			     struct vmr_range **freed);

/**
 * vmr_pool_highest_free - the highest free address of a pool
 * @pool: the pool
 * @addr: where to store it
 *
 * Return: 0, -EINVAL if a pointer is NULL, -ENOSPC if the pool is full.
 */
int vmr_pool_highest_free(const struct vmr_pool *pool, uint64_t *addr);

/**
 * vmr_range_offset_to_addr - the address of a part of a live range
 * @range: a live range
 * @offset: of the part's first address from the range's
 * @size: of the part
 * @addr: where to store the part's first address
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL or @size is 0;
 *  - -EOVERFLOW: @offset + @size - 1 is above 2^64-1;
 *  - -ENOENT: @range is not live;
 *  - -ERANGE: the part is not all inside the range.
 */
int vmr_range_offset_to_addr(const struct vmr_range *range, uint64_t offset,
		       uint64_t size, uint64_t *addr);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_POOL_H */

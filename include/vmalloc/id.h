/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * id.h - unique numbers, single or in blocks
 */
#ifndef VMALLOC_ID_H
#define VMALLOC_ID_H

#include <vmalloc/range.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * DOC: Overview
 *
 * An id pool allocates 32-bit numbers from [base, last], both inclusive, the
 * smallest free one first: IRQ lines, GSIs, MSI vectors, memory slots, device ids.
 *
 * An id is a range of the engine, embedded in its owner. container_of() leads from
 * the id to the owner without a further table::
 *
 *	struct my_dev { struct vmr_range id; ... };
 *
 *	vmr_id_alloc(&ids, &dev->id);
 *	...
 *	range = vmr_id_find(&ids, 7);
 *	dev = container_of(range, struct my_dev, id);
 *
 * The library allocates no memory. All functions belong to the update side, see
 * range.h: also vmr_id_find() and vmr_id_is_allocated(), which no other thread may call
 * while an id is allocated or freed. A pool may be a view on the space of an id pool;
 * vmr_id_free() then frees what the pool allocated. With n allocated ids or blocks,
 * the calls visit O(log n) nodes, as those of range.h.
 */

/**
 * struct vmr_id_pool - a pool of ids
 * @space: the allocated ids
 * @high_watermark: one more than the highest id ever allocated, at first 0; it
 *	never decreases
 *
 * A struct vmr_pool on @space allocates ids too. vmr_id_free() frees these as others.
 * They raise the watermark while they are allocated, and for good when a call of this
 * header frees them.
 */
struct vmr_id_pool {
	struct vmr_space	space;
	uint64_t		high_watermark;
};

/**
 * vmr_id_value - get the id of a range
 * @range: a live range of a struct vmr_id_pool
 *
 * Return: the id, or the lowest id of a block.
 */
static inline uint32_t vmr_id_value(const struct vmr_range *range)
{
	return (uint32_t)range->start;
}

/**
 * vmr_id_pool_init - initialise a pool of free ids
 * @ids: the pool
 * @base: lowest id
 * @last: highest id, inclusive
 *
 * Return: 0, or -EINVAL if @ids is NULL or @base is above @last.
 */
int vmr_id_pool_init(struct vmr_id_pool *ids, uint32_t base, uint32_t last);

/**
 * vmr_id_alloc - allocate the smallest free id
 * @ids: the pool
 * @range: the range to link, in no space
 *
 * Return: 0, and vmr_id_value(@range) returns the id, or
 *  - -EINVAL: a pointer is NULL;
 *  - -EEXIST: @range is in a space already;
 *  - -ENOSPC: no id is free.
 */
int vmr_id_alloc(struct vmr_id_pool *ids, struct vmr_range *range);

/**
 * vmr_id_reserve - allocate one id by its number
 * @ids: the pool
 * @range: the range to link, in no space
 * @id: the number
 * @conflict: receives the range that holds @id on -EBUSY, may be NULL
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL;
 *  - -EEXIST: @range is in a space already;
 *  - -ERANGE: @id is outside the pool;
 *  - -EBUSY: @id is in use.
 */
int vmr_id_reserve(struct vmr_id_pool *ids, struct vmr_range *range, uint32_t id,
		   struct vmr_range **conflict);

/**
 * vmr_id_alloc_block - allocate consecutive ids by a request
 * @ids: the pool
 * @range: the range to link, in no space
 * @req: count (as size), alignment, bounds and policy. A block of MSI vectors has a
 *	power of two as size and as alignment, other blocks have alignment 1
 * @conflict: receives the lowest overlapping range on -EBUSY, may be NULL
 *
 * Return: as vmr_alloc(); -EOVERFLOW if an exact block would end above 2^32-1.
 */
int vmr_id_alloc_block(struct vmr_id_pool *ids, struct vmr_range *range,
		       const struct vmr_request *req,
		       struct vmr_range **conflict);

/**
 * vmr_id_free - free one id by its number
 * @ids: the pool
 * @id: the number
 * @freed: receives the range of the id, may be NULL
 *
 * Return: 0, or
 *  - -EINVAL: @ids is NULL;
 *  - -ERANGE: @id is outside the pool;
 *  - -ENOENT: @id is above the highest id ever allocated, or inside a block;
 *  - -EALREADY: @id is at or below that id and is free.
 */
int vmr_id_free(struct vmr_id_pool *ids, uint32_t id, struct vmr_range **freed);

/**
 * vmr_id_free_block - free a whole block of ids by its numbers
 * @ids: the pool
 * @id: the lowest id of the block
 * @count: number of ids
 * @freed: receives the range of the block, may be NULL
 *
 * Return: 0, or
 *  - -EINVAL: @ids is NULL or @count is 0;
 *  - -EOVERFLOW: the block would end above 2^32-1;
 *  - -ERANGE: an id is outside the pool;
 *  - -ENOENT: @id is above the highest id ever allocated, or an id of the block is
 *    in use and the block is not exactly one allocated block;
 *  - -EALREADY: @id is at or below that id and all ids of the block are free.
 */
int vmr_id_free_block(struct vmr_id_pool *ids, uint32_t id, uint32_t count,
		      struct vmr_range **freed);

/**
 * vmr_id_free_range - free the id or block of a range
 * @ids: the pool
 * @range: the range
 *
 * Return: 0; -EINVAL if a pointer is NULL; -ENOENT if @range is not in @ids.
 */
int vmr_id_free_range(struct vmr_id_pool *ids, struct vmr_range *range);

/**
 * vmr_id_find - find the range that holds an id
 * @ids: the pool
 * @id: the number
 *
 * Return: the range of @id or of the block with @id; NULL if @id is free.
 */
struct vmr_range *vmr_id_find(const struct vmr_id_pool *ids, uint32_t id);

/**
 * vmr_id_is_allocated - test whether an id is in use
 * @ids: the pool
 * @id: the number
 *
 * Return: true if @id is in use.
 */
bool vmr_id_is_allocated(const struct vmr_id_pool *ids, uint32_t id);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_ID_H */

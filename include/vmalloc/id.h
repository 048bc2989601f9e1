/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * id.h - unique numbers, alone or in blocks
 *
 * IRQ lines, GSIs, MSI vectors, memory slots, device ids: 32-bit numbers from
 * [base, last], the smallest free one first. An id is a range of the engine, held
 * by a node inside its owner, so the id leads to its owner through
 * container_of() and no table beside is needed:
 *
 *	struct my_dev { struct vmr_range id; ... };
 *
 *	vmr_id_alloc(&ids, &dev->id);
 *	...
 *	range = vmr_id_find(&ids, 7);
 *	dev = container_of(range, struct my_dev, id);
 *
 * Locking: as in range.h.
 */
#ifndef VMALLOC_ID_H
#define VMALLOC_ID_H

#include <vmalloc/range.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct vmr_id_pool - a pool of ids
 * @space: the ids in use
 * @high_watermark: one more than the highest id ever handed out, 0 if none was; it never
 *	falls
 */
struct vmr_id_pool {
	struct vmr_space	space;
	uint64_t		high_watermark;
};

/**
 * vmr_id_value - the number that a range stands for
 * @range: a live range of a struct vmr_id_pool
 *
 * Return: the id, or the lowest of a block.
 */
static inline uint32_t vmr_id_value(const struct vmr_range *range)
{
	return (uint32_t)range->start;
}

/**
 * vmr_id_pool_init - make a pool of free ids
 * @ids: the pool
 * @base: lowest id
 * @last: highest id, included
 *
 * Return: 0, or -EINVAL if @ids is NULL or @base is above @last.
 */
int vmr_id_pool_init(struct vmr_id_pool *ids, uint32_t base, uint32_t last);

/**
 * vmr_id_alloc - allocate the smallest free id
 * @ids: the pool
 * @range: the node to link, unallocated
 *
 * Return: 0 and the id by vmr_id_value(@range), or
 *  - -EINVAL: a pointer is NULL;
 *  - -EEXIST: @range is in a space already;
 *  - -ENOSPC: no id is free.
 */
int vmr_id_alloc(struct vmr_id_pool *ids, struct vmr_range *range);

/**
 * vmr_id_reserve - allocate one id by its number
 * @ids: the pool
 * @range: the node to link, unallocated
 * @id: the number
 * @conflict: where to store the range that has the id on -EBUSY, or NULL
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL;
 *  - -EEXIST: @range is in a space already;
 *  - -ERANGE: @id is not managed;
 *  - -EBUSY: @id is taken.
 */
int vmr_id_reserve(struct vmr_id_pool *ids, struct vmr_range *range, uint32_t id,
		    struct vmr_range **conflict);

/**
 * vmr_id_alloc_block - allocate consecutive ids under a constraint
 * @ids: the pool
 * @range: the node to link, unallocated
 * @req: count (as size), alignment, bounds and policy; a block of MSI vectors is
 *	a power of two aligned to itself, others have alignment 1
 * @conflict: where to store the lowest range in the way on -EBUSY, or NULL
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
 * @freed: where to store the range that had it, or NULL
 *
 * Return: 0, or
 *  - -EINVAL: @ids is NULL;
 *  - -ERANGE: @id is not managed;
 *  - -ENOENT: @id is above the highest ever handed out, or inside a block;
 *  - -EALREADY: @id is at or below that one and is free now.
 */
int vmr_id_free(struct vmr_id_pool *ids, uint32_t id, struct vmr_range **freed);

/**
 * vmr_id_free_block - free a block of ids, whole, by its numbers
 * @ids: the pool
 * @id: the lowest of them
 * @count: how many
 * @freed: where to store the range that had them, or NULL
 *
 * Return: 0, or
 *  - -EINVAL: @ids is NULL or @count is 0;
 *  - -EOVERFLOW: the block would end above 2^32-1;
 *  - -ERANGE: part of it is not managed;
 *  - -ENOENT: @id is above the highest ever handed out, or part of the block is
 *    taken and it is not exactly one allocated block;
 *  - -EALREADY: @id is at or below that one and all of the block is free now.
 */
int vmr_id_free_block(struct vmr_id_pool *ids, uint32_t id, uint32_t count,
		      struct vmr_range **freed);

/**
 * vmr_id_free_range - free an id or a block by its node
 * @ids: the pool
 * @range: the node
 *
 * Return: 0; -EINVAL if a pointer is NULL; -ENOENT if @range is not in @ids.
 */
int vmr_id_free_range(struct vmr_id_pool *ids, struct vmr_range *range);

/**
 * vmr_id_find - the range that has an id
 * @ids: the pool
 * @id: the number
 *
 * Return: the range, alone or a block that contains @id; NULL if it is free.
 */
struct vmr_range *vmr_id_find(const struct vmr_id_pool *ids, uint32_t id);

/**
 * vmr_id_is_allocated - whether an id is taken
 * @ids: the pool
 * @id: the number
 *
 * Return: true if it is.
 */
bool vmr_id_is_allocated(const struct vmr_id_pool *ids, uint32_t id);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_ID_H */

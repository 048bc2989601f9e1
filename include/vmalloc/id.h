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
 *  - -EINVAL: @ids are those of devices or of PCI functions, and @range is of another
 *    type;
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
 *  - -EINVAL, -EEXIST: as vmr_id_alloc();
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

/**
 * DOC: Ids in a table
 *
 * A struct vmr_id_table allocates single ids faster than a pool, from arrays in the
 * caller's memory. One array leads from each id to a pointer of the caller, its owner.
 * The other holds which ids are free: 64 in each word, above these a bit for each word
 * with a free id, and so on up to one word::
 *
 *	static void *owners[256];
 *	static uint64_t words[VMR_ID_TABLE_WORDS(256)];
 *	struct vmr_id_table table;
 *
 *	vmr_id_table_init(&table, 0, 255, owners, words);
 *	vmr_id_table_alloc(&table, dev, &id);
 *	...
 *	dev = vmr_id_table_find(&table, id);
 *
 * Each call touches one entry of @owners and at most two words for each level, of which
 * there is one for each power of 64 ids. A table has no blocks and is in no snapshot. All
 * functions belong to the update side; vmr_id_table_find() may be called by several
 * threads while no other function is.
 */

#define VMR_ID_TABLE_LEVELS	6	/* 64^6 is above 2^32 */

/**
 * VMR_ID_TABLE_WORDS() - the number of words that a table of ids needs
 * @nr_: number of ids, from 1 to 2^32; a constant expression gives another one
 */
#define VMR_ID_TABLE_WORDS(nr_) \
	((((uint64_t)(nr_) - 1) >> 6) + (((uint64_t)(nr_) - 1) >> 12) + \
	 (((uint64_t)(nr_) - 1) >> 18) + (((uint64_t)(nr_) - 1) >> 24) + \
	 (((uint64_t)(nr_) - 1) >> 30) + VMR_ID_TABLE_LEVELS)

/**
 * struct vmr_id_table - ids with owners, in arrays of the caller
 * @base: lowest id
 * @last: highest id, inclusive
 * @owners: the owner of each id from @base, NULL if the id is free
 * @nr_ids: number of allocated ids
 * @high_watermark: one more than the highest id ever allocated, at first 0; it never
 *	decreases
 */
struct vmr_id_table {
	uint32_t	base;
	uint32_t	last;
	void		**owners;
	uint64_t	nr_ids;
	uint64_t	high_watermark;
	/* private: the words of each level, the ids first, and the number of levels */
	uint64_t	*level[VMR_ID_TABLE_LEVELS];
	uint32_t	nr_levels;
};

/**
 * vmr_id_table_init - initialise a table of free ids
 * @table: the table
 * @base: lowest id
 * @last: highest id, inclusive
 * @owners: an array with an entry for each id
 * @words: an array of VMR_ID_TABLE_WORDS() words for as many ids
 *
 * Writes both arrays. They belong to the table as long as it is used.
 *
 * Return: 0, or -EINVAL if a pointer is NULL or @base is above @last.
 */
int vmr_id_table_init(struct vmr_id_table *table, uint32_t base, uint32_t last,
		      void **owners, uint64_t *words);

/**
 * vmr_id_table_alloc - allocate the smallest free id
 * @table: the table
 * @owner: what vmr_id_table_find() returns for the id
 * @id: receives the id
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL;
 *  - -ENOSPC: no id is free.
 */
int vmr_id_table_alloc(struct vmr_id_table *table, void *owner, uint32_t *id);

/**
 * vmr_id_table_reserve - allocate one id by its number
 * @table: the table
 * @owner: what vmr_id_table_find() returns for the id
 * @id: the number
 * @conflict: receives the owner of @id on -EBUSY, may be NULL
 *
 * Return: 0, or
 *  - -EINVAL: @table or @owner is NULL;
 *  - -ERANGE: @id is outside the table;
 *  - -EBUSY: @id is in use.
 */
int vmr_id_table_reserve(struct vmr_id_table *table, void *owner, uint32_t id,
			 void **conflict);

/**
 * vmr_id_table_free - free one id by its number
 * @table: the table
 * @id: the number
 * @freed: receives the owner of the id, may be NULL
 *
 * Return: 0, or
 *  - -EINVAL: @table is NULL;
 *  - -ERANGE: @id is outside the table;
 *  - -ENOENT: @id is above the highest id ever allocated;
 *  - -EALREADY: @id is at or below that id and is free.
 */
int vmr_id_table_free(struct vmr_id_table *table, uint32_t id, void **freed);

/**
 * vmr_id_table_find - find the owner of an id
 * @table: the table
 * @id: the number
 *
 * Return: the owner of @id; NULL if @id is free or outside the table, or @table is NULL.
 */
static inline void *vmr_id_table_find(const struct vmr_id_table *table,
				      uint32_t id)
{
	if (!table || id < table->base || id > table->last)
		return NULL;
	return table->owners[id - table->base];
}

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_ID_H */

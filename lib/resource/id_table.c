// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * id_table.c - ids in arrays of the caller
 *
 * Bit i of level 0 is set if id i is free. Bit i of a level above is set if word i of
 * the level below has a set bit. The highest level is one word.
 */
#include "resource.h"

/* Set all bits of @nr ids or words below, and return the number of words */
static uint64_t fill_level(uint64_t *words, uint64_t nr)
{
	uint64_t nr_words = (nr + 63) >> 6, i;

	for (i = 0; i < nr_words; i++)
		words[i] = ~0ull;
	if (nr & 63)
		words[nr_words - 1] = ~0ull >> (64 - (nr & 63));
	return nr_words;
}

int vmr_id_table_init(struct vmr_id_table *table, uint32_t base, uint32_t last,
		      void **owners, uint64_t *words)
{
	uint64_t nr = (uint64_t)last - base + 1, i;

	if (!table || !owners || !words || base > last)
		return -EINVAL;
	memset(table, 0, sizeof(*table));
	table->base = base;
	table->last = last;
	table->owners = owners;
	for (i = 0; i < nr; i++)
		owners[i] = NULL;
	do {
		VMR_ASSERT(table->nr_levels < VMR_ID_TABLE_LEVELS);
		table->level[table->nr_levels++] = words;
		nr = fill_level(words, nr);
		words += nr;
	} while (nr > 1);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_id_table_init);

/* Mark a free id as allocated. A word without set bits clears its bit above. */
static void take(struct vmr_id_table *table, uint32_t index, void *owner)
{
	uint32_t i = index, level;

	table->owners[index] = owner;
	table->nr_ids++;
	if (table->high_watermark <= (uint64_t)table->base + index)
		table->high_watermark = (uint64_t)table->base + index + 1;
	for (level = 0; level < table->nr_levels; level++, i >>= 6) {
		table->level[level][i >> 6] &= ~(1ull << (i & 63));
		if (table->level[level][i >> 6])
			return;
	}
}

int vmr_id_table_alloc(struct vmr_id_table *table, void *owner, uint32_t *id)
{
	uint32_t index = 0, level;
	uint64_t word;

	if (!table || !owner || !id)
		return -EINVAL;
	if (!table->level[table->nr_levels - 1][0])
		return -ENOSPC;
	for (level = table->nr_levels; level--;) {
		word = table->level[level][index];
		index = index << 6 | vmr_log2(word & -word);
	}
	take(table, index, owner);
	*id = table->base + index;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_id_table_alloc);

int vmr_id_table_reserve(struct vmr_id_table *table, void *owner, uint32_t id,
			 void **conflict)
{
	if (!table || !owner)
		return -EINVAL;
	if (id < table->base || id > table->last)
		return -ERANGE;
	if (table->owners[id - table->base]) {
		if (conflict)
			*conflict = table->owners[id - table->base];
		return -EBUSY;
	}
	take(table, id - table->base, owner);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_id_table_reserve);

int vmr_id_table_free(struct vmr_id_table *table, uint32_t id, void **freed)
{
	uint64_t *word, old;
	uint32_t i, level;
	void *owner;

	if (!table)
		return -EINVAL;
	if (id < table->base || id > table->last)
		return -ERANGE;
	if (id >= table->high_watermark)
		return -ENOENT;
	i = id - table->base;
	owner = table->owners[i];
	if (!owner)
		return -EALREADY;
	table->owners[i] = NULL;
	table->nr_ids--;
	for (level = 0; level < table->nr_levels; level++, i >>= 6) {
		word = &table->level[level][i >> 6];
		old = *word;
		*word |= 1ull << (i & 63);
		if (old)
			break;
	}
	if (freed)
		*freed = owner;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_id_table_free);

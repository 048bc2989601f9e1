// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * vmalloc_id_table.c - ids that lead to their owners, with a table of this library
 */
#include <stdlib.h>

#include <vmalloc/id.h>

#include "impls.h"

struct owner {
	uint32_t	id;
	bool		used;
};

struct ids {
	struct vmr_id_table	table;
	size_t		n;	/* half of them are in use */
	struct owner	*owners;
	uint32_t	*id_of;
	void		**by_id;
	uint64_t	*words;
};

static void ids_init(struct ids *s)
{
	free(s->by_id);
	free(s->words);
	s->by_id = calloc(s->n, sizeof(*s->by_id));
	s->words = calloc(VMR_ID_TABLE_WORDS(s->n), sizeof(*s->words));
	if (vmr_id_table_init(&s->table, 0, s->n - 1, s->by_id, s->words))
		bench_fail("no memory");
}

static inline struct owner *ids_find(struct ids *s, uint32_t id)
{
	return vmr_id_table_find(&s->table, id);
}

static inline bool ids_take(struct ids *s, struct owner *owner)
{
	owner->used = !vmr_id_table_alloc(&s->table, owner, &owner->id);
	return owner->used;
}

static inline bool ids_give(struct ids *s, struct owner *owner)
{
	if (!owner->used)
		return false;
	owner->used = false;
	return !vmr_id_table_free(&s->table, owner->id, NULL);
}

static inline uint32_t ids_of(const struct owner *owner)
{
	return owner->id;
}

#include "id_loops.h"

static void id_destroy(void *state)
{
	struct ids *s = state;

	free(s->owners);
	free(s->id_of);
	free(s->by_id);
	free(s->words);
	free(s);
}

const struct bench_impl vmalloc_table_id_churn = {
	.name = "vmalloc with a table", .create = id_create, .destroy = id_destroy,
	.setup = id_setup, .run = id_run, .places = id_places,
	.check = id_check,
};

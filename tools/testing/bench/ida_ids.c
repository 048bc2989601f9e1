// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * ida_ids.c - ids that lead to their owners, with the kernel's IDA for the numbers and
 * an xarray for the owners
 */
#include <linux/idr.h>
#include <linux/xarray.h>

#include "bench.h"
#include "impls.h"

struct kmem_cache *radix_tree_node_cachep;

/* Freed nodes go to a list, as to the caches of a CPU. */
static struct xa_node *spare;

void *kmem_cache_alloc_lru(struct kmem_cache *cache, struct list_lru *lru,
			   gfp_t gfp)
{
	struct xa_node *node = spare;

	if (!node)
		return calloc(1, sizeof(*node));
	spare = node->parent;
	memset(node, 0, sizeof(*node));
	return node;
}

void radix_tree_node_rcu_free(struct rcu_head *head)
{
	struct xa_node *node = container_of(head, struct xa_node, rcu_head);

	node->parent = spare;
	spare = node;
}

struct owner {
	uint32_t	id;
	bool		has_id;
};

struct ids {
	struct ida	ida;
	struct xarray	owner_of;
	size_t		n;	/* half of them are in use */
	struct owner	*owners;
	uint32_t	*id_of;
};

/* Zeroed, or with the contents of an earlier run */
static void ids_init(struct ids *s)
{
	ida_destroy(&s->ida);
	xa_destroy(&s->owner_of);
	ida_init(&s->ida);
	xa_init(&s->owner_of);
}

static inline struct owner *ids_find(struct ids *s, uint32_t id)
{
	return xa_load(&s->owner_of, id);
}

static inline bool ids_take(struct ids *s, struct owner *owner)
{
	int id = ida_alloc_max(&s->ida, s->n - 1, GFP_KERNEL);

	if (id < 0 || xa_err(xa_store(&s->owner_of, id, owner, GFP_KERNEL)))
		return false;
	owner->id = id;
	owner->has_id = true;
	return true;
}

static inline bool ids_give(struct ids *s, struct owner *owner)
{
	if (!owner->has_id || xa_erase(&s->owner_of, owner->id) != owner)
		return false;
	ida_free(&s->ida, owner->id);
	owner->has_id = false;
	return true;
}

static inline uint32_t ids_of(const struct owner *owner)
{
	return owner->id;
}

#include "id_loops.h"

static void id_destroy(void *state)
{
	struct ids *s = state;

	ida_destroy(&s->ida);
	xa_destroy(&s->owner_of);
	free(s->owners);
	free(s->id_of);
	free(s);
}

const struct bench_impl ida_id_churn = {
	.name = "ida+xarray", .create = id_create, .destroy = id_destroy,
	.setup = id_setup, .run = id_run, .places = id_places,
	.check = id_check,
};

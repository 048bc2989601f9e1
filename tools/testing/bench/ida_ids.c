// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * ida_ids.c - ids that lead to their owners with what the kernel has for it: an IDA
 * for the numbers, an xarray for the owners
 */
#include <linux/idr.h>
#include <linux/xarray.h>

#include "bench.h"
#include "impls.h"

struct kmem_cache *radix_tree_node_cachep;

/* Nodes go back to a list, as they would to the caches of a CPU */
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

struct id_state {
	struct ida	ida;
	struct xarray	owner_of;
	size_t		n;	/* half of them are in use */
	struct owner	*owners;
	uint32_t	*id_of;
};

static void *id_create(size_t n)
{
	struct id_state *s = calloc(1, sizeof(*s));

	s->n = n;
	s->owners = calloc(n, sizeof(*s->owners));
	s->id_of = calloc(n, sizeof(*s->id_of));
	if (!s->owners || !s->id_of)
		bench_fail("no memory");
	ida_init(&s->ida);
	xa_init(&s->owner_of);
	return s;
}

static void id_destroy(void *state)
{
	struct id_state *s = state;

	ida_destroy(&s->ida);
	xa_destroy(&s->owner_of);
	free(s->owners);
	free(s->id_of);
	free(s);
}

static bool take(struct id_state *s, struct owner *owner)
{
	int id = ida_alloc_max(&s->ida, s->n - 1, GFP_KERNEL);

	if (id < 0 || xa_err(xa_store(&s->owner_of, id, owner, GFP_KERNEL)))
		return false;
	owner->id = id;
	owner->has_id = true;
	return true;
}

static bool give_back(struct id_state *s, struct owner *owner)
{
	if (xa_erase(&s->owner_of, owner->id) != owner)
		return false;
	ida_free(&s->ida, owner->id);
	owner->has_id = false;
	return true;
}

static void id_setup(void *state, const struct bench_place *places)
{
	struct id_state *s = state;
	uint64_t rng = BENCH_SEED;
	size_t i, k, left;

	ida_destroy(&s->ida);
	xa_destroy(&s->owner_of);
	for (i = 0; i < s->n; i++)
		if (!take(s, &s->owners[i]))
			bench_fail("ida: setup");
	/* The same half goes wherever the same numbers come */
	for (left = s->n; left > s->n / 2; ) {
		k = bench_below(&rng, s->n);
		if (s->owners[k].has_id)
			left -= give_back(s, &s->owners[k]);
	}
	for (i = k = 0; i < s->n; i++)
		if (s->owners[i].has_id)
			s->id_of[k++] = i;
}

static void id_run(void *state, struct bench_run *run)
{
	struct id_state *s = state;
	uint64_t rng = run->rng, sum = run->sum, k;
	uint64_t begin = bench_now();
	struct owner *owner;
	uint32_t *id;

	for (k = 0; k < run->ops; k++) {
		id = &s->id_of[bench_below(&rng, s->n / 2)];
		owner = xa_load(&s->owner_of, *id);
		if (!owner || !give_back(s, owner) || !take(s, owner))
			bench_fail("ida: id %u", *id);
		*id = owner->id;
		sum = bench_fold(sum, *id);
	}
	run->ns = bench_now() - begin;
	run->rng = rng;
	run->sum = sum;
}

static size_t id_places(void *state, struct bench_place *places)
{
	struct id_state *s = state;
	size_t i;

	for (i = 0; i < s->n / 2; i++)
		places[i] = (struct bench_place) { s->id_of[i], 1 };
	return s->n / 2;
}

static void id_check(void *state)
{
	struct id_state *s = state;
	struct owner *owner;
	size_t i;

	for (i = 0; i < s->n / 2; i++) {
		owner = xa_load(&s->owner_of, s->id_of[i]);
		if (!owner || owner->id != s->id_of[i])
			bench_fail("ida: %u is lost", s->id_of[i]);
	}
}

const struct bench_impl ida_id_churn = {
	.name = "ida+xarray", .create = id_create, .destroy = id_destroy,
	.setup = id_setup, .run = id_run, .places = id_places,
	.check = id_check,
};

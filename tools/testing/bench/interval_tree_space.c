// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * interval_tree_space.c - lookup, fixed requests and moves with the kernel's interval
 * tree. The tree does not record gaps, so it has no automatic placement.
 */
#include <linux/interval_tree.h>

#include "bench.h"
#include "impls.h"

#define IMPL	"interval_tree"

struct space {
	struct rb_root_cached	root;
	size_t			n;
	void			*memory;
	uint32_t		*pages;
	struct bench_place	*asked;
};

static inline struct interval_tree_node *node(struct space *s, size_t i)
{
	return (struct interval_tree_node *)s->memory + i;
}

static inline size_t space_bytes(size_t n)
{
	return n * sizeof(struct interval_tree_node);
}

static inline void space_init(struct space *s, uint64_t last)
{
	s->root = RB_ROOT_CACHED;
}

static inline bool space_alloc(struct space *s, size_t i, uint64_t size,
			       int policy, uint64_t min, uint64_t max)
{
	return false;
}

static inline bool space_reserve(struct space *s, size_t i, uint64_t start,
				 uint64_t size)
{
	if (interval_tree_iter_first(&s->root, start, start + size - 1))
		return false;
	node(s, i)->start = start;
	node(s, i)->last = start + size - 1;
	interval_tree_insert(node(s, i), &s->root);
	return true;
}

static inline void space_free(struct space *s, size_t i)
{
	interval_tree_remove(node(s, i), &s->root);
}

static inline bool space_move(struct space *s, size_t i, uint64_t start,
			      uint64_t size)
{
	space_free(s, i);
	return space_reserve(s, i, start, size);
}

static inline size_t space_find(struct space *s, uint64_t addr)
{
	return interval_tree_iter_first(&s->root, addr, addr) -
	       (struct interval_tree_node *)s->memory;
}

static inline uint64_t space_start(struct space *s, size_t i)
{
	return node(s, i)->start;
}

static inline uint64_t space_size(struct space *s, size_t i)
{
	return node(s, i)->last - node(s, i)->start + 1;
}

#include "workloads.h"

const struct bench_impl interval_tree_exact = WORKLOAD(exact, setup_half);
const struct bench_impl interval_tree_move = WORKLOAD(move, setup_half);
const struct bench_impl interval_tree_lookup = WORKLOAD(lookup, setup_half);
const size_t interval_tree_node_bytes = sizeof(struct interval_tree_node);

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * verify.h - check all invariants of a space
 *
 * Written from range.h and the definition of a red-black tree, independent of the code of
 * the library. Slow and recursive.
 */
#ifndef VMR_TEST_VERIFY_H
#define VMR_TEST_VERIFY_H

#include <stddef.h>
#include <stdint.h>

#include <vmalloc/range.h>

#include "requires.h"

#define VERIFY_OK	"valid"

struct verify {
	const struct vmr_space	*space;
	const char		*what;	/* the first error */
	const struct vmr_range	*prev;	/* the range visited before, in order */
	const struct vmr_range	*lowest;
	uint64_t		used;
	size_t			nr;
	enum vmr_state		inactive;	/* of the tree */
};

/* The augmented values of a subtree, computed anew. */
struct verify_sums {
	uint64_t	max_gap;
	uint64_t	orders;
	uint64_t	reach;
};

static inline const struct vmr_range *verify_range(const struct vmr_node *node)
{
	return (const struct vmr_range *)
		((const char *)node - offsetof(struct vmr_range, node));
}

static inline const struct vmr_node *verify_parent(const struct vmr_node *node)
{
	return (const struct vmr_node *)(node->link & ~3UL);
}

static inline int verify_is_black(const struct vmr_node *node)
{
	return !node || (node->link & 1);
}

/* The largest k such that an aligned block of 2^k lies inside [start, last]. */
static inline int verify_order(uint64_t start, uint64_t last)
{
	int k;

	for (k = 63; k > 0; k--) {
		uint64_t block = (uint64_t)1 << k;
		uint64_t first = (start + block - 1) & ~(block - 1);

		if (first < start)	/* wrapped */
			continue;
		if (first <= last && last - first >= block - 1)
			break;
	}
	return k;
}

static inline int verify_fail(struct verify *v, const char *what)
{
	if (!v->what)
		v->what = what;
	return -1;
}

static inline int verify_live(struct verify *v, const struct vmr_range *range,
			      struct verify_sums *own)
{
	const struct vmr_space *space = v->space;
	uint64_t from = range->start;

	if (range->start > range->last)
		return verify_fail(v, "a live range is reversed");
	if (range->start < space->start || range->last > space->last)
		return verify_fail(v, "a live range is outside the space");
	if (v->prev) {
		if (v->prev->last >= range->start)
			return verify_fail(v, "live ranges overlap");
		from = v->prev->last + 1;
	}
	own->max_gap = range->start - from;
	own->orders = 0;
	if (own->max_gap)
		own->orders = (uint64_t)1 << verify_order(from, range->start - 1);
	if (range->gap != own->max_gap)
		return verify_fail(v, "gap of a range is wrong");
	if (vmr_range_state(range) != VMR_LIVE)
		return verify_fail(v, "state of a live range is wrong");
	v->used += range->last - range->start + 1;
	return 0;
}

static inline int verify_claim(struct verify *v, const struct vmr_range *range,
			       struct verify_sums *own)
{
	const struct vmr_space *space = v->space;
	enum vmr_state state = vmr_range_state(range);

	if (range->start > range->last)
		return verify_fail(v, "a claim is reversed");
	if (range->start < space->start || range->last > space->last)
		return verify_fail(v, "a claim is outside the space");
	if (v->prev && v->prev->start > range->start)
		return verify_fail(v, "claims are not ordered");
	if (!(range->ticket >> 63))
		return verify_fail(v, "a claim looks like a live range");
	if (range->space_ref != (uintptr_t)space >> 1)
		return verify_fail(v, "a claim refers to another space");
	if (state != v->inactive)
		return verify_fail(v, "a claim is in the wrong tree");
	own->reach = range->last;
	return 0;
}

/* Return: the number of black nodes down to a leaf, or -1. */
static inline int verify_subtree(struct verify *v, const struct vmr_node *node,
				 const struct vmr_node *parent, int claims,
				 int depth, struct verify_sums *sums)
{
	struct verify_sums left = { 0 }, right = { 0 }, own = { 0 };
	const struct vmr_range *range;
	int l = 0, r = 0;

	*sums = own;
	if (!node)
		return 0;
	range = verify_range(node);
	/* Twice the binary logarithm of the largest possible memory. */
	if (depth > 128)
		return verify_fail(v, "tree is too deep or has a cycle");
	if (!node->link)
		return verify_fail(v, "a linked node has no link");
	if (verify_parent(node) != parent)
		return verify_fail(v, "parent of a node is wrong");
	if (!verify_is_black(node) && (!parent || !verify_is_black(parent)))
		return verify_fail(v, "red node is the root or the child of a red node");

	l = verify_subtree(v, node->left, node, claims, depth + 1, &left);
	if (l < 0)
		return l;
	if ((claims ? verify_claim : verify_live)(v, range, &own))
		return -1;
	if (!v->prev)
		v->lowest = range;
	v->prev = range;
	v->nr++;
	r = verify_subtree(v, node->right, node, claims, depth + 1, &right);
	if (r < 0)
		return r;
	if (l != r)
		return verify_fail(v, "black heights differ");

	if (left.max_gap > own.max_gap)
		own.max_gap = left.max_gap;
	if (right.max_gap > own.max_gap)
		own.max_gap = right.max_gap;
	own.orders |= left.orders | right.orders;
	if (left.reach > own.reach)
		own.reach = left.reach;
	if (right.reach > own.reach)
		own.reach = right.reach;
	*sums = own;
	if (claims) {
		if (range->subtree_last != own.reach)
			return verify_fail(v, "subtree_last is wrong");
	} else {
		if (range->subtree_orders != own.orders)
			return verify_fail(v, "subtree_orders is wrong");
		if (own.orders ? range->subtree_max_gap != own.max_gap :
				 range->subtree_max_gap &&
				 range->subtree_max_gap != (uintptr_t)v->space)
			return verify_fail(v, "subtree_max_gap is wrong");
	}
	return l + verify_is_black(node);
}

/* Return: VERIFY_OK, or the first error of @space. */
static inline const char *verify_space(const struct vmr_space *space)
{
	struct verify v = { .space = space };
	struct verify_sums sums;
	struct vmr_gap gap;

	/* A search applies the deferred update of the last free. */
	vmr_largest_gap(space, &gap);
	if (verify_subtree(&v, space->root, NULL, 0, 0, &sums) < 0)
		return v.what;
	if (v.nr != space->nr_ranges)
		return "the number of ranges is wrong";
	if (v.used != space->used)
		return "the number of used addresses is wrong";
	if (v.prev != space->highest)
		return "the highest range is wrong";
	if (v.lowest != space->lowest)
		return "the lowest range is wrong";

	/* An iteration ends the test of claims. */
	vmr_first_claim(space, space->start, space->last);
	if (space->settling.list)
		return "claims are under test";
	v.prev = NULL;
	v.nr = 0;
	v.inactive = VMR_CLAIMED;
	if (verify_subtree(&v, space->claims, NULL, 1, 0, &sums) < 0)
		return v.what;
	v.prev = NULL;
	v.inactive = VMR_PARKED;
	if (verify_subtree(&v, space->parked, NULL, 1, 0, &sums) < 0)
		return v.what;
	if (v.nr != space->nr_claims)
		return "the number of claims is wrong";
	if (!space->seq || (space->seq->sequence & 1) || space->seq->nesting)
		return "write section is open";
	return VERIFY_OK;
}

#endif /* VMR_TEST_VERIFY_H */

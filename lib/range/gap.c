// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * gap.c - iterating over gaps
 */
#include "range.h"

/* A search that any gap satisfies. Applies the deferred update: 2 holds. */
static struct vmr_gap_search search_any_gap(const struct vmr_space *space)
{
	vmr_propagate_deferred((struct vmr_space *)space);
	return (struct vmr_gap_search) {
		.space = (struct vmr_space *)space,
		.size = 1,
		.align = 1,
		.orders = ~0ull,
		.min = space->start,
		.max = space->last,
	};
}

/* Store the gap in front of @next, the last gap if @next is NULL */
static bool fill_gap(const struct vmr_gap_search *s, struct vmr_range *next,
		     struct vmr_gap *gap)
{
	uint64_t lo, hi;

	if (!vmr_clip_gap(s, next, &lo, &hi))
		return false;
	gap->start = lo;
	gap->last = hi;
	gap->next = next;
	return true;
}

bool vmr_first_gap(const struct vmr_space *space, struct vmr_gap *gap)
{
	struct vmr_gap_search s = search_any_gap(space);

	return fill_gap(&s,
			vmr_has_first_gap(space) ? space->lowest :
					       vmr_first_candidate(&s, true),
			gap);
}
EXPORT_SYMBOL_GPL(vmr_first_gap);

bool vmr_next_gap(const struct vmr_space *space, struct vmr_gap *gap)
{
	struct vmr_gap_search s = search_any_gap(space);

	return gap->next &&
	       fill_gap(&s, vmr_next_candidate(&s, gap->next, true), gap);
}
EXPORT_SYMBOL_GPL(vmr_next_gap);

bool vmr_last_gap_at_or_below(const struct vmr_space *space, uint64_t addr,
			      struct vmr_gap *gap)
{
	struct vmr_gap_search s = search_any_gap(space);
	struct vmr_range *range;

	if (addr < space->start)
		return false;
	if (vmr_has_last_gap(space) && vmr_gap_start(space, NULL) <= addr)
		return fill_gap(&s, NULL, gap);
	s.max = addr;
	range = vmr_first_candidate(&s, false);
	s.max = space->last;
	if (!range && vmr_has_first_gap(space))
		range = space->lowest;
	if (!range)
		return false;
	return fill_gap(&s, range, gap);
}
EXPORT_SYMBOL_GPL(vmr_last_gap_at_or_below);

bool vmr_largest_gap(const struct vmr_space *space, struct vmr_gap *gap)
{
	struct vmr_gap_search s = search_any_gap(space);
	struct vmr_range *next = NULL, *root;
	uint64_t most;

	if (!space->root)
		return fill_gap(&s, NULL, gap);
	root = vmr_to_range(vmr_space_root(space));
	most = space->last - space->highest->last;
	if (root->subtree_orders && root->subtree_max_gap >= most) {
		most = root->subtree_max_gap;
		s.size = most;
		next = vmr_first_candidate(&s, true);
	}
	if (space->lowest->start - space->start >= most)
		next = space->lowest;
	return fill_gap(&s, next, gap);
}
EXPORT_SYMBOL_GPL(vmr_largest_gap);

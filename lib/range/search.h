/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * search.h - the search for a gap
 *
 * The descent is guided by natural orders. A gap holds a naturally aligned block of
 * 2^k addresses if and only if its order is at least k. For such a block, each
 * subtree with bit k or a higher one in subtree_orders has a gap that fits, and the
 * descent never turns back. For other requests subtree_orders and subtree_max_gap
 * only exclude subtrees, and the gaps of the others are tried.
 *
 * The tree does not have three kinds of gaps: the first and the last gap of the
 * space, and the gap of the deferred update (tree.c), which its ancestors do not
 * hold. Each search tries these on their own.
 *
 * This is a header, so that the compiler joins the search with the insertion that
 * follows it. Only range.c includes it.
 */
#ifndef VMR_LIB_RANGE_SEARCH_H
#define VMR_LIB_RANGE_SEARCH_H

#include "range/range.h"

/*
 * The lowest natural order of a gap that can hold the request. @size addresses at
 * any address contain an aligned block of at least a quarter of @size. @size
 * addresses from an aligned address contain a block of min(@size, @align), rounded
 * down to a power of two.
 */
static inline unsigned int min_order(uint64_t size, /* LCOV_EXCL_BR_LINE: not 0 */
			      uint64_t align)
{
	unsigned int log = fls64(size) - 1;
	unsigned int any = size & (size + 1) ? log - 1 : log;

	return max(any, min(log, (unsigned int)fls64(align) - 1)); /* LCOV_EXCL_BR_LINE: not 0 */
}

static inline bool subtree_may_fit(const struct vmr_gap_search *s,
				   const struct rb_node *rb)
{
	return rb && (vmr_to_range(rb)->subtree_orders & s->orders) &&
	       vmr_to_range(rb)->subtree_max_gap >= s->size;
}

/* Whether the request fits in the node's own gap, without bounds and claims */
static inline bool gap_fits(const struct vmr_gap_search *s, const struct rb_node *rb)
{
	uint64_t gap = vmr_to_range(rb)->gap;
	uint64_t lo = vmr_to_range(rb)->start - gap;

	return gap >= s->size && gap - s->size >= (-lo & (s->align - 1)) &&
	       (!s->exact_order ||
		(vmr_gap_order_bit(vmr_to_range(rb)) & s->orders));
}

/* Whether the gap of @range and all gaps before it in search order are out of bounds */
static inline bool gap_outside_bounds(const struct vmr_gap_search *s,
				      const struct vmr_range *range, bool ascending)
{
	return ascending ? range->start <= s->min :
			   range->start - range->gap > s->max;
}

/*
 * The next node behind @rb in search order whose own gap fits and is partly within
 * the bounds. If @into, the first such node of the subtree at @rb, or the next
 * behind the subtree.
 */
static inline struct vmr_range *
next_candidate_from(const struct vmr_gap_search *s, struct rb_node *rb,
		    bool into, bool ascending)
{
	struct rb_node *from = rb;

	/* A gap behind the bounds is before them in the other direction */
	while (into || !gap_outside_bounds(s, vmr_to_range(rb), !ascending)) {
		if (!into)
			from = vmr_rb_child(rb, ascending);
		into = false;
		if (subtree_may_fit(s, from)) {
			rb = from;
			while (!gap_outside_bounds(s, vmr_to_range(rb),
						   ascending) &&
			       subtree_may_fit(s, vmr_rb_child(rb, !ascending)))
				rb = vmr_rb_child(rb, !ascending);
		} else {
			do {
				from = rb;
				rb = rb_parent(rb);
				if (!rb)
					return NULL;
			} while (vmr_rb_child(rb, ascending) == from);
		}
		if (gap_fits(s, rb) &&
		    !gap_outside_bounds(s, vmr_to_range(rb), ascending))
			return gap_outside_bounds(s, vmr_to_range(rb),
						  !ascending) ?
				       NULL :
				       vmr_to_range(rb);
	}
	return NULL;
}

static inline struct vmr_range *
first_candidate(const struct vmr_gap_search *s, bool ascending)
{
	struct rb_node *root = vmr_space_root(s->space);

	return subtree_may_fit(s, root) ?
		       next_candidate_from(s, root, true, ascending) :
		       NULL;
}

static inline struct vmr_range *
next_candidate(const struct vmr_gap_search *s, const struct vmr_range *range,
	       bool ascending)
{
	return next_candidate_from(s, vmr_to_rb(range), false, ascending);
}

/* Try the gap in front of @next, from its lowest or its highest address */
static inline bool try_gap(struct vmr_gap_search *s, struct vmr_range *next,
			   bool ascending)
{
	uint64_t addr;

	if (!vmr_clip_gap(s, next, &s->lo, &s->hi) ||
	    !vmr_place_in_gap(s, ascending, &addr))
		return false;
	if (s->space->nr_claims)
		return vmr_place_beside_claims(s, next, ascending);
	vmr_set_found(s, addr, next);
	return true;
}

/* Move the bound past the range that covers the rest of a gap */
static inline bool skip_beyond(struct vmr_gap_search *s, bool ascending)
{
	const struct vmr_range *beyond = s->beyond;

	s->beyond = NULL;
	if (ascending ? beyond->last >= s->max : beyond->start <= s->min)
		return false;
	if (ascending)
		s->min = beyond->last + 1;
	else
		s->max = beyond->start - 1;
	return true;
}

/*
 * Try the gaps of the tree from that of @range, the first candidate. An inactive
 * range that covers the rest of a gap moves the bound of the search, so that the
 * gaps below it are skipped by one descent. Each inactive range is met once: the
 * search never returns to its addresses.
 */
static inline bool search_candidates(struct vmr_gap_search *s,
				     struct vmr_range *range, bool ascending)
{
	const uint64_t min = s->min, max = s->max;
	bool found = false;

	s->beyond = NULL;
	while (range) {
		found = try_gap(s, range, ascending);
		if (found)
			break;
		if (!s->beyond)
			range = next_candidate(s, range, ascending);
		else if (skip_beyond(s, ascending))
			range = first_candidate(s, ascending);
		else
			break;
	}
	s->min = min;
	s->max = max;
	return found;
}

/* Try the gaps of the tree */
static inline bool search_tree(struct vmr_gap_search *s, bool ascending)
{
	struct vmr_range *range = first_candidate(s, ascending);

	return range && search_candidates(s, range, ascending);
}

/*
 * If the gap of the deferred update fits, the bounds shrink to the addresses that
 * precede the result: only these are better.
 */
static inline bool search_low_or_high(struct vmr_gap_search *s, bool ascending)
{
	const struct vmr_space *space = s->space;
	bool found = false;

	if (ascending ? vmr_has_first_gap(space) &&
	    try_gap(s, space->lowest, ascending) :
			vmr_has_last_gap(space) && try_gap(s, NULL, ascending))
		return true;
	if (space->deferred.range &&
	    try_gap(s, space->deferred.range, ascending)) {
		found = true;
		if (ascending)
			s->max = s->found_addr;
		else
			s->min = s->found_addr;
	}
	return search_tree(s, ascending) || found ||
	       try_gap(s, ascending ? NULL : space->lowest, ascending);
}

/*
 * The natural order of a gap within the bounds, as a bit; 0 if it is outside. @log is
 * the order plus 1, or 0.
 */
static inline uint64_t clipped_gap_order(const struct vmr_gap_search *s,
					 const struct vmr_range *next,
					 uint8_t *log)
{
	uint64_t lo, hi, bit;

	*log = 0;
	if (!vmr_clip_gap(s, next, &lo, &hi))
		return 0;
	bit = vmr_natural_order_bit(lo, hi);
	*log = vmr_log2(bit) + 1;
	return bit;
}

/*
 * Search one order after the other, from the lowest. The at most five special gaps
 * are tried on their own: a bound that cuts a gap lowers its order, and the tree
 * does not have the gaps at the ends and the deferred one. Index 0 is the last gap.
 */
static inline bool search_best(struct vmr_gap_search *s)
{
	const struct vmr_space *space = s->space;
	uint64_t requested = s->orders, least = requested & -requested;
	struct vmr_range *special[5] = { NULL };
	unsigned int first = 1, nr = 1, i;
	uint8_t order[5];	/* plus 1, or 0 */
	uint64_t left = 0;
	bool found;

	if (vmr_has_first_gap(space))
		special[nr++] = space->lowest;
	if (space->deferred.range)
		special[nr++] = space->deferred.range;
	if (s->min > space->start)
		special[nr++] = vmr_first_starting_above(space, s->min);
	if (s->max < space->last)
		special[nr++] = vmr_first_starting_above(space, s->max);
	if (space->root)
		left = vmr_to_range(vmr_space_root(space))->subtree_orders;
	for (i = first; i < nr; i++)
		left |= clipped_gap_order(s, special[i], &order[i]);

	VMR_ASSERT(nr <= ARRAY_SIZE(special));
	s->exact_order = true;
	for (left &= requested;; left &= ~s->orders) {
		/* Try the last gap once no gap before it has the least order */
		if (first && !(left & least)) {
			first = 0;
			left |= clipped_gap_order(s, NULL, order) & requested;
		}
		if (!left)
			return false;
		s->orders = left & -left;
		s->pass++;
		found = search_tree(s, true);
		for (i = first; i < nr; i++) {
			if (found)
				s->max = s->found_addr;
			if (order[i] == vmr_log2(s->orders) + 1 &&
			    try_gap(s, special[i], true))
				found = true;
		}
		if (found)
			return true;
	}
}

/*
 * The deferred gap, if it is the best one: it has the least order, which no other gap
 * has. A space that is nearly full often has this gap only.
 */
static inline bool best_is_deferred(struct vmr_gap_search *s)
{
	const struct vmr_space *space = s->space;
	struct vmr_range *next = space->deferred.range;
	uint64_t least = s->orders & -s->orders;

	return next && vmr_gap_order_bit(next) == least &&
	       !(vmr_to_range(vmr_space_root(space))->subtree_orders & least) &&
	       s->min == space->start && s->max == space->last &&
	       !vmr_has_first_gap(space) && !space->nr_claims &&
	       try_gap(s, next, true);
}

static inline bool search_aligned(struct vmr_gap_search *s, uint64_t align)
{
	s->pass++;
	s->align = align;
	s->exact_order = false;
	s->orders = vmr_is_pow2(s->size) && align >= s->size ?
			    -s->size :
			    ~0ull << min_order(s->size, align);
	return s->policy == VMR_BEST ?
		       (VMR_FOR_SPEED && best_is_deferred(s)) || search_best(s) :
		       search_low_or_high(s, s->policy == VMR_FIRST);
}

/*
 * Find a gap, first with the alignment @prefer. The caller sets the space, the size, the
 * alignment, the bounds and the policy of @s. Addresses of parked ranges are used only
 * if no other gap fits.
 */
static inline bool vmr_search(struct vmr_gap_search *s, uint64_t prefer)
{
	const uint64_t align = s->align;

	VMR_ASSERT(s->size && vmr_is_pow2(align));
	VMR_ASSERT(s->min >= s->space->start && s->max <= s->space->last);
	if (s->space->settling.list)
		vmr_settle_close(s->space);
	s->pass = 0;
	s->fallback_pass = 0;
	if (prefer > align && search_aligned(s, prefer))
		return true;
	if (search_aligned(s, align))
		return true;
	if (!s->fallback_pass)
		return false;
	s->found_addr = s->fallback;
	s->found_next = s->fallback_next;
	return true;
}

/*
 * The range behind the lowest free address of a space without claims, or NULL for the
 * last gap. Each subtree with a gap has an order, and the deferred update only adds
 * gaps, so the descent never turns back.
 */
static inline struct vmr_range *vmr_lowest_gap(const struct vmr_space *space)
{
	struct vmr_range *deferred = space->deferred.range;
	const struct rb_node *rb = vmr_space_root(space);

	if (vmr_has_first_gap(space))
		return space->lowest;
	if (!rb || !vmr_to_range(rb)->subtree_orders)
		return deferred;
	for (;;) {
		if (rb->rb_left && vmr_to_range(rb->rb_left)->subtree_orders)
			rb = rb->rb_left;
		else if (!vmr_to_range(rb)->gap)
			rb = rb->rb_right;
		else
			break;
	}
	if (deferred && deferred->start < vmr_to_range(rb)->start)
		return deferred;
	return vmr_to_range(rb);
}

#endif /* VMR_LIB_RANGE_SEARCH_H */

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * search.c - the search for a gap
 */
#include "range.h"

/*
 * The lowest order that a gap for the request can have: @size addresses anywhere
 * contain an aligned block of about half of that, and an aligned start followed
 * by @size addresses contains one of the lesser of the two.
 */
static unsigned int min_order(uint64_t size, /* LCOV_EXCL_BR_LINE: not 0 */
			      uint64_t align)
{
	unsigned int log = fls64(size) - 1;
	unsigned int any = size & (size + 1) ? log - 1 : log;

	return max(any, min(log, (unsigned int)fls64(align) -
					 1)); /* LCOV_EXCL_BR_LINE: not 0 */
}

static bool subtree_may_fit(const struct vmr_gap_search *s,
			    const struct rb_node *rb)
{
	return rb && (vmr_to_range(rb)->subtree_orders & s->orders) &&
	       vmr_to_range(rb)->subtree_max_gap >= s->size;
}

/* The node's own gap: whether the request fits into it, bounds and claims aside */
static bool gap_fits(const struct vmr_gap_search *s, const struct rb_node *rb)
{
	uint64_t gap = vmr_to_range(rb)->gap;
	uint64_t lo = vmr_to_range(rb)->start - gap;

	return gap >= s->size && gap - s->size >= (-lo & (s->align - 1)) &&
	       (!s->exact_order ||
		(vmr_gap_order_bit(vmr_to_range(rb)) & s->orders));
}

/* Whether no address of a node's gap is within the bounds, nor any before it */
static bool gap_outside_bounds(const struct vmr_gap_search *s,
			       const struct vmr_range *range, bool ascending)
{
	return ascending ? range->start <= s->min :
			   range->start - range->gap > s->max;
}

/*
 * The next node behind @rb (with @into: in the subtree at @rb), going up or down by
 * address, whose own gap is worth a look and within the bounds in part
 */
static struct vmr_range *next_candidate_from(const struct vmr_gap_search *s,
					     struct rb_node *rb, bool into,
					     bool ascending)
{
	struct rb_node *from = rb;

	/* Behind the bounds this way is before them the other way */
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

struct vmr_range *vmr_first_candidate(const struct vmr_gap_search *s,
					 bool ascending)
{
	struct rb_node *root = vmr_space_root(s->space);

	return subtree_may_fit(s, root) ?
		       next_candidate_from(s, root, true, ascending) :
		       NULL;
}

struct vmr_range *vmr_next_candidate(const struct vmr_gap_search *s,
					const struct vmr_range *range,
					bool ascending)
{
	return next_candidate_from(s, vmr_to_rb(range), false, ascending);
}

/* A claimed range, or a parked one if that is to be kept off too */
static struct vmr_range *find_blocking(const struct vmr_gap_search *s,
				       uint64_t start, uint64_t last)
{
	struct vmr_range *range = vmr_first_claim(s->space, start, last);

	while (range && !s->avoid_parked && (range->ticket & VMR_TICKET_PARKED))
		range = vmr_next_claim(range, start, last);
	return range;
}

/* Place the request in a gap, from the bottom or from the top */
static inline bool try_gap(struct vmr_gap_search *s, struct vmr_range *next,
			   bool ascending)
{
	struct vmr_range *blocker;
	uint64_t lo, hi, at;

	if (!vmr_clip_gap(s, next, &lo, &hi))
		return false;
	do {
		if (hi - lo < s->size - 1)
			return false;
		at = ascending ? lo + (s->align - 1) : hi - (s->size - 1);
		at &= ~(s->align - 1);
		if (at < lo || at > hi - (s->size - 1))
			return false;
		blocker = s->space->nr_claims ?
				  find_blocking(s, at, at + s->size - 1) :
				  NULL;
		if (!blocker) {
			s->found_addr = at;
			s->found_next = next;
			return true;
		}
		if (ascending ? blocker->last == VMR_ADDR_MAX :
				blocker->start == 0)
			return false;
		if (ascending)
			lo = blocker->last + 1;
		else
			hi = blocker->start - 1;
	} while (lo <= hi);
	return false;
}

static inline bool search_tree(struct vmr_gap_search *s, bool ascending)
{
	struct vmr_range *range;

	for (range = vmr_first_candidate(s, ascending); range;
	     range = vmr_next_candidate(s, range, ascending))
		if (try_gap(s, range, ascending))
			return true;
	return false;
}

/*
 * The gaps at the ends and the one that the tree has not been told of are tried by
 * themselves. Where the late one will do, only what lies before it is better.
 */
static bool search_low_or_high(struct vmr_gap_search *s, bool ascending)
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

/* The order of what the bounds leave of a gap, as a bit; 0 if nothing */
static uint64_t clipped_gap_order(const struct vmr_gap_search *s,
				  const struct vmr_range *next)
{
	uint64_t lo, hi;

	if (!vmr_clip_gap(s, next, &lo, &hi))
		return 0;
	return 1ull << vmr_natural_order(lo, hi);
}

/*
 * One order after the other. What a bound cuts off makes a gap's order a lower one
 * than the tree knows; those at the ends and the late one it does not know at all.
 * So these are asked for one by one.
 */
static bool search_best(struct vmr_gap_search *s)
{
	const struct vmr_space *space = s->space;
	uint64_t requested = s->orders, least = requested & -requested;
	uint64_t order[5], left = 0;
	struct vmr_range *special[5] = { NULL };
	unsigned int first = 1, nr = 1, i;
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
	for (i = first; i < nr; i++) {
		order[i] = clipped_gap_order(s, special[i]);
		left |= order[i];
	}

	s->exact_order = true;
	for (left &= requested;; left &= ~s->orders) {
		/* No gap in front of the last one has the least order */
		if (first && !(left & least)) {
			first = 0;
			order[0] = clipped_gap_order(s, NULL);
			left |= order[0] & requested;
		}
		if (!left)
			return false;
		s->orders = left & -left;
		found = search_tree(s, true);
		for (i = first; i < nr; i++) {
			if (found)
				s->max = s->found_addr;
			if (order[i] == s->orders &&
			    try_gap(s, special[i], true))
				found = true;
		}
		if (found)
			return true;
	}
}

static bool search_aligned(struct vmr_gap_search *s, enum vmr_policy policy,
			   uint64_t align)
{
	s->align = align;
	s->exact_order = false;
	s->orders = vmr_is_pow2(s->size) && align >= s->size ?
			    -s->size :
			    ~0ull << min_order(s->size, align);
	return policy == VMR_BEST ? search_best(s) :
				    search_low_or_high(s, policy == VMR_FIRST);
}

static inline bool search_preferred(struct vmr_gap_search *s,
				    const struct vmr_request *req)
{
	return (req->prefer_align > req->align &&
		search_aligned(s, req->policy, req->prefer_align)) ||
	       search_aligned(s, req->policy, req->align);
}

/* Parked places are given away only where nothing else is left */
bool vmr_search(struct vmr_gap_search *s, const struct vmr_request *req)
{
	s->avoid_parked = true;
	if (search_preferred(s, req))
		return true;
	s->avoid_parked = false;
	return s->space->nr_claims && search_preferred(s, req);
}

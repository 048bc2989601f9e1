// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * settling.c - settling claims
 *
 * Addresses that became free are given to the claims that wait for them, the oldest
 * first. A change collects the claims that overlap the addresses, for each interval
 * that it freed, and then tests each claim once: its addresses are free, or it stays
 * a claim.
 *
 * A collected claim stays in the tree of claims. It has a mark in its ticket, and
 * space_ref links it to the next one. The list is sorted before the first test. The
 * test finds the place in the tree of live ranges at which the claim is linked.
 *
 * The list is empty but between the calls of one loop over vmr_settle(). Any other
 * function that needs the claims first discards the rest of it.
 */
#include "range.h"
#include "trace.h"

/*
 * List i joins 2^i runs, and the last one all others: until there are 2^27 claims, this
 * costs each of them less than log2 n steps.
 */
enum { NR_LISTS = 24 };

static void set_next_collected(struct vmr_range *range,
			       const struct vmr_range *next)
{
	range->space_ref = (uintptr_t)next >> 1;
}

static struct vmr_range *pop(struct vmr_range **list)
{
	struct vmr_range *range = *list;

	*list = vmr_next_collected(range);
	return range;
}

static void push(struct vmr_range **list, struct vmr_range *range)
{
	set_next_collected(range, *list);
	*list = range;
}

/*
 * Collect the claims that overlap [start, last]. If another interval follows, its walk
 * must not pass these claims again: @exclude removes from subtree_last those that are
 * not inside of this interval. The intervals are disjoint.
 */
static void collect(struct vmr_space *space, uint64_t start, uint64_t last,
		    bool exclude)
{
	struct vmr_range *range, *next;

	for (range = vmr_first_claimed(space, start, last); range; range = next) {
		next = vmr_next_overlap(range, start, last);
		if (vmr_is_collected(range))
			continue;
		range->ticket |= VMR_TICKET_COLLECTED;
		if (exclude && (range->start < start || range->last > last)) {
			range->ticket |= VMR_TICKET_EXCLUDED;
			vmr_claim_propagate(vmr_to_rb(range), NULL);
		}
		push(&space->settling.list, range);
	}
	space->settling.is_sorted = false;
}

void vmr_settle_collect(struct vmr_space *space, uint64_t start, uint64_t last)
{
	collect(space, start, last, true);
}

bool vmr_settle_collect_one(struct vmr_space *space, uint64_t start,
			    uint64_t last)
{
	collect(space, start, last, false);
	return space->settling.list;
}

static bool is_older(const struct vmr_range *range, const struct vmr_range *other)
{
	return (range->ticket | VMR_TICKET_EXCLUDED) <
	       (other->ticket | VMR_TICKET_EXCLUDED);
}

/*
 * Take the claims at the front that become younger towards the front, and return
 * them from the oldest. Claims that were made by ascending address are one such run.
 */
static struct vmr_range *pop_run(struct vmr_range **list)
{
	struct vmr_range *run = pop(list);

	set_next_collected(run, NULL);
	while (*list && is_older(*list, run))
		push(&run, pop(list));
	return run;
}

static struct vmr_range *pop_older(struct vmr_range **a, struct vmr_range **b)
{
	return is_older(*a, *b) ? pop(a) : pop(b);
}

/* Join two lists that are not empty */
static struct vmr_range *merge(struct vmr_range *a, struct vmr_range *b)
{
	struct vmr_range *first = pop_older(&a, &b), *last = first, *range;

	while (a && b) {
		range = pop_older(&a, &b);
		set_next_collected(last, range);
		last = range;
	}
	set_next_collected(last, a ? a : b);
	return first;
}

/* Sort the collected claims from the oldest to the youngest */
static void sort(struct vmr_space *space)
{
	struct vmr_range *lists[NR_LISTS] = { NULL }, *list;
	unsigned int i;

	while (space->settling.list) {
		list = pop_run(&space->settling.list);
		for (i = 0; lists[i]; i++) {
			list = merge(lists[i], list);
			lists[i] = NULL;
			if (i == NR_LISTS - 1)	/* LCOV_EXCL_BR_LINE: 2^24 runs */
				break;		/* LCOV_EXCL_LINE: the same */
		}
		lists[i] = list;
	}
	for (i = 0, list = NULL; i < NR_LISTS; i++) {
		if (lists[i])
			list = list ? merge(lists[i], list) : lists[i];
	}
	space->settling.list = list;
	space->settling.is_sorted = true;
	space->settling.is_blocked = false;
}

static void set_blocked(struct vmr_space *space, const struct vmr_range *range)
{
	space->settling.blocked_start = range->start;
	space->settling.blocked_last = range->last;
	space->settling.is_blocked = true;
}

/*
 * Whether the addresses of a claim are free; then *behind is the live range behind
 * them. Many claims may wait for one place: the addresses that blocked the last
 * test, or were settled after it, need no search.
 */
static bool is_free(struct vmr_space *space, const struct vmr_range *range,
		    struct vmr_range **behind)
{
	if (space->settling.is_blocked &&
	    range->start <= space->settling.blocked_last &&
	    range->last >= space->settling.blocked_start)
		return false;
	*behind = vmr_first_ending_at_or_above(space, range->start);
	if (!*behind || (*behind)->start > range->last)
		return true;
	set_blocked(space, *behind);
	return false;
}

struct vmr_range *vmr_settle_next(struct vmr_space *space,
				  struct vmr_range **behind)
{
	struct vmr_range *range;

	if (!space->settling.is_sorted)
		sort(space);
	while (space->settling.list) {
		range = pop(&space->settling.list);
		if (is_free(space, range, behind)) {
			vmr_unlink_inactive(space, range);
			return range;
		}
		vmr_release_claim(space, range);
	}
	vmr_settle_discard(space);
	return NULL;
}

void vmr_settle_claim(struct vmr_space *space, struct vmr_range *range,
		      struct vmr_range *behind)
{
	VMR_ASSERT(!range->node.link && space->nr_claims);
	vmr_section_begin(space->seq);
	vmr_tree_insert(space, range, range->start, range->last, behind);
	space->nr_claims--;
	set_blocked(space, range);
	vmr_section_end(space->seq);
	vmr_trace_settle(space, range);
}

struct vmr_range *vmr_settle(struct vmr_space *space, uint64_t start,
			     uint64_t last)
{
	struct vmr_range *range, *behind;

	if (!space || start > last)
		return NULL;
	if (!space->settling.is_open || space->settling.start != start ||
	    space->settling.last != last) {
		vmr_settle_close(space);
		if (!vmr_settle_collect_one(space, start, last))
			return NULL;
		space->settling.start = start;
		space->settling.last = last;
		space->settling.is_open = true;
	}
	if (!space->settling.list)
		return NULL;
	vmr_section_begin(space->seq);
	range = vmr_settle_next(space, &behind);
	if (range)
		vmr_settle_claim(space, range, behind);
	vmr_section_end(space->seq);
	return range;
}
EXPORT_SYMBOL_GPL(vmr_settle);

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * claim.c - claimed and parked ranges, and settling claims
 *
 * Claimed and parked ranges are in two rbtrees, each ordered by the wanted first
 * address. They may overlap each other and live ranges. Each node has the highest
 * last address of its subtree (invariant 5 of struct vmr_range), as in an interval
 * tree: a search for an overlap skips each subtree that ends below it. There are
 * two trees because a search that may use the addresses of parked ranges must not
 * pass over them one by one to find the claims.
 *
 * The ticket orders claims by age. A claim that is collected for a test
 * (settling.c) stays in the tree, and subtree_last need not count it.
 */
#include "range.h"
#include "trace.h"

/*
 * Restore 5 for @range from its children, without @range if it is collected. Returns
 * whether the value changed.
 */
static bool subtree_last_update(struct vmr_range *range)
{
	struct rb_node *left = vmr_to_rb(range)->rb_left;
	struct rb_node *right = vmr_to_rb(range)->rb_right;
	bool excluded = range->ticket & VMR_TICKET_EXCLUDED;
	uint64_t subtree_last = excluded ? 0 : range->last;

	VMR_ASSERT(vmr_is_inactive(range));	/* 4 */
	if (left)
		subtree_last = max(subtree_last,
				   vmr_to_range(left)->subtree_last);
	if (right)
		subtree_last = max(subtree_last,
				   vmr_to_range(right)->subtree_last);
	if (subtree_last == range->subtree_last)
		return false;
	range->subtree_last = subtree_last;
	return true;
}

void vmr_claim_propagate(struct rb_node *rb, struct rb_node *stop)
{
	while (rb != stop && subtree_last_update(vmr_to_range(rb)))
		rb = rb_parent(rb);
}

static void claim_augment_copy(struct rb_node *old, struct rb_node *new)
{
	vmr_to_range(new)->subtree_last = vmr_to_range(old)->subtree_last;
}

static void claim_augment_rotate(struct rb_node *old, struct rb_node *new)
{
	claim_augment_copy(old, new);
	subtree_last_update(vmr_to_range(old));
}

static const struct rb_augment_callbacks claim_augment = {
	.propagate = vmr_claim_propagate,
	.copy = claim_augment_copy,
	.rotate = claim_augment_rotate,
};

static struct vmr_node **inactive_root(struct vmr_space *space, uint64_t ticket)
{
	return ticket & VMR_TICKET_PARKED ? &space->parked : &space->claims;
}

/* By address, and among equal addresses by age */
static bool precedes_claim(const struct vmr_range *range,
			   const struct vmr_range *other)
{
	if (range->start != other->start)
		return range->start < other->start;
	return range->ticket < other->ticket;
}

/* Make a range that is in no tree an inactive one */
static void insert_inactive(struct vmr_space *space, struct vmr_range *range,
			    uint64_t start, uint64_t last, uint64_t ticket)
{
	struct vmr_node **root = inactive_root(space, ticket);
	struct rb_node **link = &vmr_to_root(root)->rb_node;
	struct rb_node *parent = NULL;

	VMR_ASSERT(!range->node.link);	/* 6 */
	WRITE_ONCE(range->start, start);
	WRITE_ONCE(range->last, last);
	range->ticket = ticket | VMR_TICKET_INACTIVE;
	range->space_ref = vmr_space_ref(space);
	range->subtree_last = last;
	while (*link) {
		parent = *link;
		link = precedes_claim(range, vmr_to_range(parent)) ?
			       &parent->rb_left : &parent->rb_right;
	}
	vmr_link_node(vmr_to_rb(range), parent, link);
	vmr_claim_propagate(parent, NULL);
	rb_insert_augmented(vmr_to_rb(range), vmr_to_root(root), &claim_augment);
	VMR_ASSERT(vmr_is_inactive(range));	/* 4 */
	space->nr_claims++;
}

void vmr_unlink_inactive(struct vmr_space *space, struct vmr_range *range)
{
	vmr_erase_node(vmr_to_rb(range),
		       vmr_to_root(inactive_root(space, range->ticket)),
		       &claim_augment);
	vmr_clear_node(space, range);
}

/* Restores 5 for the ancestors, which may lack the claim */
void vmr_release_claim(struct vmr_space *space, struct vmr_range *range)
{
	struct rb_node *rb = vmr_to_rb(range);

	range->ticket &= ~(VMR_TICKET_COLLECTED | VMR_TICKET_EXCLUDED);
	range->space_ref = vmr_space_ref(space);
	for (; rb && vmr_to_range(rb)->subtree_last < range->last;
	     rb = rb_parent(rb))
		vmr_to_range(rb)->subtree_last = range->last;
}

void vmr_settle_discard(struct vmr_space *space)
{
	struct vmr_range *range = space->settling.list, *next;

	for (; range; range = next) {
		next = vmr_next_collected(range);
		vmr_release_claim(space, range);
	}
	memset(&space->settling, 0, sizeof(space->settling));
}

void vmr_erase_inactive(struct vmr_space *space, struct vmr_range *range)
{
	VMR_ASSERT(!space->settling.list);
	VMR_ASSERT(space->nr_claims);
	vmr_unlink_inactive(space, range);
	space->nr_claims--;
}

static int make_inactive(struct vmr_space *space, struct vmr_range *range,
			 uint64_t start, uint64_t last, uint64_t flag)
{
	if (!space || !range || start > last)
		return -EINVAL;
	if (!range->node.link && !vmr_type_fits(space, range))
		return -EINVAL;
	if (range->node.link && !vmr_in_space(space, range))
		return -EEXIST;
	if (start < space->start || last > space->last)
		return -ERANGE;
	vmr_section_begin(space->seq);
	space->settling.is_open = false;
	vmr_settle_close(space);
	if (range->node.link)
		vmr_erase_linked(space, range);
	insert_inactive(space, range, start, last, ++space->last_ticket | flag);
	vmr_section_end(space->seq);
	vmr_trace_claim(space, range);
	return 0;
}

int vmr_claim(struct vmr_space *space, struct vmr_range *range, uint64_t start,
	      uint64_t last)
{
	return make_inactive(space, range, start, last, 0);
}
EXPORT_SYMBOL_GPL(vmr_claim);

int vmr_park(struct vmr_space *space, struct vmr_range *range, uint64_t start,
	     uint64_t last)
{
	return make_inactive(space, range, start, last, VMR_TICKET_PARKED);
}
EXPORT_SYMBOL_GPL(vmr_park);

/*
 * The lowest range in the subtree at @rb that overlaps [start, last]. Loop
 * invariant: if the subtree that was entered has such a range, the lowest one is in
 * the subtree at @rb.
 */
static struct vmr_range *first_overlap(const struct rb_node *rb,
				       uint64_t start, uint64_t last)
{
	while (rb && vmr_to_range(rb)->subtree_last >= start) {
		if (rb->rb_left &&
		    vmr_to_range(rb->rb_left)->subtree_last >= start)
			rb = rb->rb_left;
		else if (vmr_to_range(rb)->start > last)
			return NULL;
		else if (vmr_to_range(rb)->last < start)
			rb = rb->rb_right;
		else
			return vmr_to_range(rb);
	}
	return NULL;
}

struct vmr_range *vmr_first_claimed(const struct vmr_space *space,
				    uint64_t start, uint64_t last)
{
	return first_overlap((const struct rb_node *)space->claims, start,
			     last);
}

static struct vmr_range *first_parked(const struct vmr_space *space,
				      uint64_t start, uint64_t last)
{
	return first_overlap((const struct rb_node *)space->parked, start,
			     last);
}

struct vmr_range *vmr_next_overlap(const struct vmr_range *range,
				   uint64_t start, uint64_t last)
{
	const struct rb_node *rb = vmr_to_rb(range), *from;

	for (;;) {
		if (rb->rb_right &&
		    vmr_to_range(rb->rb_right)->subtree_last >= start)
			return first_overlap(rb->rb_right, start, last);
		do {
			from = rb;
			rb = rb_parent(rb);
			if (!rb)
				return NULL;
		} while (rb->rb_right == from);
		if (vmr_to_range(rb)->start > last)
			return NULL;
		if (vmr_to_range(rb)->last >= start)
			return vmr_to_range(rb);
	}
}

void vmr_restore_claim(struct vmr_space *space, struct vmr_range *range,
		       uint64_t start, uint64_t last, uint64_t age)
{
	insert_inactive(space, range, start, last,
			age ? age : VMR_TICKET_PARKED);
	space->last_ticket = max(space->last_ticket, age);
}

/*
 * The first range of the other tree, at @rb, that overlaps [start, last] and comes
 * behind @range. A range that comes before @range and overlaps was the result of an
 * earlier call, so that the order alone decides how to descend.
 */
static struct vmr_range *first_overlap_behind(const struct rb_node *rb,
					      const struct vmr_range *range,
					      uint64_t start, uint64_t last)
{
	bool parked = range->ticket & VMR_TICKET_PARKED;
	struct vmr_range *found = NULL;

	while (rb) {
		uint64_t other = vmr_to_range(rb)->start;
		bool before = parked ? other <= range->start :
				       other < range->start;

		found = before ? found : vmr_to_range(rb);
		rb = vmr_rb_child(rb, before);
	}
	if (!found || found->start > last)
		return NULL;
	return found->last >= start ? found : vmr_next_overlap(found, start, last);
}

/* Of two ranges the one with the lower wanted address, the first among equals */
static struct vmr_range *lower(struct vmr_range *claimed,
			       struct vmr_range *parked)
{
	if (!claimed || !parked)
		return claimed ? claimed : parked;
	return parked->start < claimed->start ? parked : claimed;
}

struct vmr_range *vmr_first_claim(const struct vmr_space *space, uint64_t start,
				  uint64_t last)
{
	if (!space || start > last)
		return NULL;
	vmr_settle_close((struct vmr_space *)space);
	return lower(vmr_first_claimed(space, start, last),
		     first_parked(space, start, last));
}
EXPORT_SYMBOL_GPL(vmr_first_claim);

/* In the order of wanted addresses; among equal ones claims precede parked ranges */
struct vmr_range *vmr_next_claim(const struct vmr_range *range, uint64_t start,
				 uint64_t last)
{
	const struct vmr_space *space = vmr_referred_space(range);
	bool parked = range->ticket & VMR_TICKET_PARKED;
	struct vmr_range *same = vmr_next_overlap(range, start, last), *other;

	other = first_overlap_behind((const struct rb_node *)
				     (parked ? space->claims : space->parked),
				     range, start, last);
	return parked ? lower(other, same) : lower(same, other);
}
EXPORT_SYMBOL_GPL(vmr_next_claim);

/* Only parked ranges want a part of the place at @addr. Record the best such one. */
static void set_fallback(struct vmr_gap_search *s, struct vmr_range *next,
			 uint64_t addr, bool ascending)
{
	if (s->fallback_pass &&
	    (s->fallback_pass != s->pass ||
	     (ascending ? addr >= s->fallback : addr <= s->fallback)))
		return;
	s->fallback = addr;
	s->fallback_next = next;
	s->fallback_pass = s->pass;
}

/*
 * The inactive range that the place at @addr has to avoid. Claims come first: until
 * there is a fallback, a search that would accept the addresses of parked ranges
 * takes the same steps.
 */
static const struct vmr_range *find_blocking(struct vmr_gap_search *s,
					     struct vmr_range *next,
					     uint64_t addr, bool ascending)
{
	uint64_t last = addr + (s->size - 1);
	const struct vmr_range *blocker = vmr_first_claimed(s->space, addr, last);

	if (blocker)
		return blocker;
	blocker = first_parked(s->space, addr, last);
	if (blocker)
		set_fallback(s, next, addr, ascending);
	return blocker;
}

bool vmr_place_beside_claims(struct vmr_gap_search *s, struct vmr_range *next,
			     bool ascending)
{
	const struct vmr_range *blocker;
	uint64_t addr;

	/* Loop invariant: no address of the gap outside [lo, hi] can be used */
	while (vmr_place_in_gap(s, ascending, &addr)) {
		blocker = find_blocking(s, next, addr, ascending);
		if (!blocker) {
			vmr_set_found(s, addr, next);
			return true;
		}
		if (ascending ? blocker->last >= s->hi :
				blocker->start <= s->lo) {
			s->beyond = blocker;
			return false;
		}
		if (ascending)
			s->lo = blocker->last + 1;
		else
			s->hi = blocker->start - 1;
	}
	return false;
}

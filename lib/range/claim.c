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
 * The ticket orders claims by age.
 *
 * Settling: addresses that became free are given to the claims that wait for them,
 * the oldest first. vmr_settle_collect() moves the claims that overlap the
 * addresses into a third tree, ordered by ticket. vmr_settle_next() takes them out
 * again from the oldest and tests each once: its addresses are free, or it returns
 * to the tree of claims. A change that frees k intervals collects for each of them
 * and then settles, so that no claim is tested twice for one change. For a single
 * interval vmr_settle_collect_one() leaves the claims that cannot be settled where
 * they are.
 *
 * The third tree is empty but between the calls of one loop over vmr_settle(). Any
 * other function that needs the claims first returns the rest of it.
 */
#include "range.h"
#include "trace.h"

/* Restore 5 for @range from its children. Returns whether the value changed. */
static bool subtree_last_update(struct vmr_range *range)
{
	struct rb_node *left = vmr_to_rb(range)->rb_left;
	struct rb_node *right = vmr_to_rb(range)->rb_right;
	uint64_t subtree_last = range->last;

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

static void claim_augment_propagate(struct rb_node *rb, struct rb_node *stop)
{
	while (rb != stop && subtree_last_update(vmr_to_range(rb)))
		rb = rb_parent(rb);
}

static void claim_augment_rotate(struct rb_node *old, struct rb_node *new)
{
	vmr_augment_copy(old, new);
	subtree_last_update(vmr_to_range(old));
}

static const struct rb_augment_callbacks claim_augment = {
	.propagate = claim_augment_propagate,
	.copy = vmr_augment_copy,
	.rotate = claim_augment_rotate,
};

static struct rb_root *inactive_root(struct vmr_space *space, uint64_t ticket)
{
	return vmr_to_root(ticket & VMR_TICKET_PARKED ? &space->parked :
							&space->claims);
}

/* Whether a range at @start precedes @other; of equal addresses the older one does */
static bool precedes_claim(uint64_t start, uint64_t ticket,
			   const struct vmr_range *other)
{
	return start < other->start ||
	       (start == other->start && ticket < other->ticket);
}

/* Link a range that is in no tree as inactive; does not count it */
static void insert_inactive(struct vmr_space *space, struct vmr_range *range,
			    uint64_t start, uint64_t last, uint64_t ticket)
{
	struct rb_root *root = inactive_root(space, ticket);
	struct rb_node **link = &root->rb_node;
	struct rb_node *parent = NULL;

	VMR_ASSERT(!range->node.link);	/* 6 */
	ticket |= VMR_TICKET_INACTIVE;
	WRITE_ONCE(range->start, start);
	WRITE_ONCE(range->last, last);
	range->ticket = ticket;
	range->space_ref = vmr_space_ref(space);
	range->subtree_last = last;
	while (*link) {
		parent = *link;
		link = precedes_claim(start, ticket, vmr_to_range(parent)) ?
			       &parent->rb_left : &parent->rb_right;
	}
	vmr_link_node(vmr_to_rb(range), parent, link);
	claim_augment_propagate(parent, NULL);
	rb_insert_augmented(vmr_to_rb(range), root, &claim_augment);
	VMR_ASSERT(vmr_is_inactive(range));	/* 4 */
}

/* Unlink an inactive range; does not count it */
static void erase_inactive(struct vmr_space *space, struct vmr_range *range)
{
	vmr_erase_node(vmr_to_rb(range), inactive_root(space, range->ticket),
		       &claim_augment);
}

/* The first claim in the tree of claims under test */
static struct vmr_range *oldest_under_test(const struct vmr_space *space)
{
	struct rb_node *rb =
		rb_first(vmr_to_root((struct vmr_node **)&space->settling.root));

	return rb ? vmr_to_range(rb) : NULL;
}

static void insert_under_test(struct vmr_space *space, struct vmr_range *range,
			      uint64_t ticket)
{
	struct rb_node **link = &vmr_to_root(&space->settling.root)->rb_node;
	struct rb_node *parent = NULL;

	range->ticket = ticket;
	range->space_ref = vmr_space_ref(space);
	while (*link) {
		parent = *link;
		link = ticket < vmr_to_range(parent)->ticket ?
			       &parent->rb_left : &parent->rb_right;
	}
	vmr_link_node(vmr_to_rb(range), parent, link);
	rb_insert_color(vmr_to_rb(range), vmr_to_root(&space->settling.root));
}

/* Unlink a claim under test, and return its ticket */
static uint64_t erase_under_test(struct vmr_space *space,
				 struct vmr_range *range)
{
	uint64_t ticket = range->ticket;

	rb_erase(vmr_to_rb(range), vmr_to_root(&space->settling.root));
	vmr_clear_node(range);
	return ticket;
}

void vmr_settle_close(struct vmr_space *space)
{
	struct vmr_range *range;

	space->settling.is_open = false;
	while ((range = oldest_under_test(space)))
		insert_inactive(space, range, range->start, range->last,
				erase_under_test(space, range));
}

void vmr_erase_linked(struct vmr_space *space, struct vmr_range *range)
{
	vmr_settle_close(space);
	if (!vmr_is_inactive(range)) {
		vmr_tree_erase(space, range);
		return;
	}
	VMR_ASSERT(space->nr_claims);
	erase_inactive(space, range);
	range->type = space->type;
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
	vmr_settle_close(space);
	if (range->node.link)
		vmr_erase_linked(space, range);
	insert_inactive(space, range, start, last, ++space->last_ticket | flag);
	space->nr_claims++;
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

static void collect(struct vmr_space *space, struct vmr_range *range)
{
	uint64_t ticket = range->ticket;

	erase_inactive(space, range);
	insert_under_test(space, range, ticket);
}

void vmr_settle_collect(struct vmr_space *space, uint64_t start, uint64_t last)
{
	struct vmr_range *range, *next;

	for (range = vmr_first_claimed(space, start, last); range;
	     range = next) {
		next = vmr_next_overlap(range, start, last);
		collect(space, range);
	}
}

bool vmr_settle_collect_one(struct vmr_space *space, uint64_t start,
			    uint64_t last)
{
	struct vmr_range *range, *next;

	for (range = vmr_first_claimed(space, start, last); range;
	     range = next) {
		next = vmr_next_overlap(range, start, last);
		if (!vmr_find_overlap(space, range->start, range->last))
			collect(space, range);
	}
	return space->settling.root;
}

struct vmr_range *vmr_settle_next(struct vmr_space *space)
{
	struct vmr_range *range;
	uint64_t ticket;

	while ((range = oldest_under_test(space))) {
		ticket = erase_under_test(space, range);
		if (!vmr_find_overlap(space, range->start, range->last))
			return range;
		insert_inactive(space, range, range->start, range->last,
				ticket);
	}
	return NULL;
}

void vmr_settle_claim(struct vmr_space *space, struct vmr_range *range)
{
	VMR_ASSERT(!range->node.link && space->nr_claims);
	vmr_section_begin(space->seq);
	vmr_tree_insert_at(space, range, range->start);
	space->nr_claims--;
	vmr_section_end(space->seq);
	vmr_trace_settle(space, range);
}

struct vmr_range *vmr_settle(struct vmr_space *space, uint64_t start,
			     uint64_t last)
{
	struct vmr_range *range;

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
	if (!space->settling.root)
		return NULL;
	vmr_section_begin(space->seq);
	range = vmr_settle_next(space);
	if (range)
		vmr_settle_claim(space, range);
	vmr_section_end(space->seq);
	return range;
}
EXPORT_SYMBOL_GPL(vmr_settle);

void vmr_restore_claim(struct vmr_space *space, struct vmr_range *range,
		       uint64_t start, uint64_t last, uint64_t age)
{
	insert_inactive(space, range, start, last,
			age ? age : VMR_TICKET_PARKED);
	space->nr_claims++;
	space->last_ticket = max(space->last_ticket, age);
}

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

struct vmr_range *vmr_first_parked(const struct vmr_space *space,
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

/*
 * The first range of the tree at @rb that overlaps [start, last] and whose wanted
 * address is at or above @from. A range that starts below @from overlaps the result
 * of an earlier call, so that the bound alone decides how to descend.
 */
static struct vmr_range *first_overlap_from(const struct rb_node *rb,
					    uint64_t from, uint64_t start,
					    uint64_t last)
{
	const struct rb_node *found = NULL;
	struct vmr_range *range;

	while (rb) {
		bool below = vmr_to_range(rb)->start < from;

		found = below ? found : rb;
		rb = vmr_rb_child(rb, below);
	}
	if (!found || vmr_to_range(found)->start > last)
		return NULL;
	range = vmr_to_range(found);
	return range->last >= start ? range :
				      vmr_next_overlap(range, start, last);
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
		     vmr_first_parked(space, start, last));
}
EXPORT_SYMBOL_GPL(vmr_first_claim);

/* In the order of wanted addresses; among equal ones claims precede parked ranges */
struct vmr_range *vmr_next_claim(const struct vmr_range *range, uint64_t start,
				 uint64_t last)
{
	const struct vmr_space *space = vmr_referred_space(range);
	struct vmr_range *same = vmr_next_overlap(range, start, last);

	if (range->ticket & VMR_TICKET_PARKED)
		return lower(range->start == VMR_ADDR_MAX ? NULL :
			     first_overlap_from((const struct rb_node *)space->claims,
						range->start + 1, start, last), same);
	return lower(same,
		     first_overlap_from((const struct rb_node *)space->parked,
					range->start, start, last));
}
EXPORT_SYMBOL_GPL(vmr_next_claim);

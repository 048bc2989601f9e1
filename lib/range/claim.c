// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * claim.c - claimed and parked ranges, and settling claims
 *
 * Inactive ranges are in an rbtree of their own, ordered by the wanted first
 * address. They may overlap each other and live ranges. Each node has the highest
 * last address of its subtree (invariant 5 of struct vmr_range), as in an interval
 * tree: a search for an overlap skips each subtree that ends below it.
 *
 * The ticket orders claims by age. Its bit 63 marks a parked range, which
 * vmr_settle() skips.
 */
#include "range.h"
#include "trace.h"

/* Restore 5 for @range from its children. Returns whether the value changed. */
static bool subtree_last_update(struct vmr_range *range)
{
	struct rb_node *left = vmr_to_rb(range)->rb_left;
	struct rb_node *right = vmr_to_rb(range)->rb_right;
	uint64_t subtree_last = range->last;

	VMR_ASSERT(!range->must_be_zero);	/* 4 */
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

static void insert_inactive(struct vmr_space *space, struct vmr_range *range,
			    uint64_t start, uint64_t last, uint64_t ticket)
{
	struct rb_node **link = &vmr_to_root(&space->claims)->rb_node;
	struct rb_node *parent = NULL;

	VMR_ASSERT(!range->node.link);	/* 6 */
	VMR_ASSERT(ticket);		/* 4 */
	WRITE_ONCE(range->start, start);
	WRITE_ONCE(range->last, last);
	range->ticket = ticket;
	range->must_be_zero = 0;
	range->subtree_last = last;
	while (*link) {
		parent = *link;
		link = start < vmr_to_range(parent)->start ? &parent->rb_left :
							 &parent->rb_right;
	}
	vmr_link_node(vmr_to_rb(range), parent, link);
	claim_augment_propagate(parent, NULL);
	rb_insert_augmented(vmr_to_rb(range), vmr_to_root(&space->claims),
			    &claim_augment);
	VMR_ASSERT(vmr_is_inactive(range));	/* 4 */
	space->nr_claims++;
}

void vmr_erase_linked(struct vmr_space *space, struct vmr_range *range)
{
	if (!vmr_is_inactive(range)) {
		vmr_tree_erase(space, range);
		return;
	}
	VMR_ASSERT(space->nr_claims);
	vmr_erase_node(vmr_to_rb(range), vmr_to_root(&space->claims),
		       &claim_augment);
	space->nr_claims--;
}

static int make_inactive(struct vmr_space *space, struct vmr_range *range,
			 uint64_t start, uint64_t last, uint64_t flag)
{
	if (!space || !range || start > last)
		return -EINVAL;
	if (range->node.link && !vmr_in_space(space, range))
		return -EEXIST;
	if (start < space->start || last > space->last)
		return -ERANGE;
	vmr_section_begin(space->seq);
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

struct vmr_range *vmr_oldest_settleable(struct vmr_space *space, uint64_t start,
					uint64_t last)
{
	struct vmr_range *oldest = NULL, *range;

	for (range = vmr_first_claim(space, start, last); range;
	     range = vmr_next_claim(range, start, last)) {
		if (range->ticket & VMR_TICKET_PARKED ||
		    (oldest && oldest->ticket < range->ticket) ||
		    vmr_find_overlap(space, range->start, range->last))
			continue;
		oldest = range;
	}
	return oldest;
}

void vmr_settle_claim(struct vmr_space *space, struct vmr_range *range)
{
	VMR_ASSERT(vmr_range_state(range) == VMR_CLAIMED);
	vmr_section_begin(space->seq);
	vmr_erase_linked(space, range);
	vmr_tree_insert_at(space, range, range->start);
	vmr_section_end(space->seq);
	vmr_trace_settle(space, range);
}

struct vmr_range *vmr_settle(struct vmr_space *space, uint64_t start,
			     uint64_t last)
{
	struct vmr_range *range = vmr_oldest_settleable(space, start, last);

	if (range)
		vmr_settle_claim(space, range);
	return range;
}
EXPORT_SYMBOL_GPL(vmr_settle);

void vmr_restore_claim(struct vmr_space *space, struct vmr_range *range,
		       uint64_t start, uint64_t last, uint64_t age)
{
	insert_inactive(space, range, start, last,
			age ? age : VMR_TICKET_PARKED);
	space->last_ticket = max(space->last_ticket, age);
}

/*
 * The lowest range in the subtree at @rb that overlaps [start, last]. Loop
 * invariant: if the subtree that was entered has such a range, the lowest one is in
 * the subtree at @rb.
 */
static struct vmr_range *first_inactive_in_subtree(const struct rb_node *rb,
						   uint64_t start,
						   uint64_t last)
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

struct vmr_range *vmr_first_claim(const struct vmr_space *space, uint64_t start,
				  uint64_t last)
{
	if (!space || start > last)
		return NULL;
	return first_inactive_in_subtree((const struct rb_node *)space->claims,
					 start, last);
}
EXPORT_SYMBOL_GPL(vmr_first_claim);

struct vmr_range *vmr_next_claim(const struct vmr_range *range, uint64_t start,
				 uint64_t last)
{
	const struct rb_node *rb = vmr_to_rb(range), *from;

	for (;;) {
		if (rb->rb_right &&
		    vmr_to_range(rb->rb_right)->subtree_last >= start)
			return first_inactive_in_subtree(rb->rb_right, start,
							 last);
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
EXPORT_SYMBOL_GPL(vmr_next_claim);

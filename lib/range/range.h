/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * range.h - what the files of the range layer share
 *
 * The order of the files, each of which calls only those before it: tree, space,
 * claim, settling, search, range and gap. The invariants of a range are numbered at struct
 * vmr_range in <vmalloc/range.h>.
 *
 * The small functions are inline because every allocation or lookup calls them.
 */
#ifndef VMR_LIB_RANGE_RANGE_H
#define VMR_LIB_RANGE_RANGE_H

#include <linux/rbtree_augmented.h>

#include "range/engine.h"
#include "range/seqcount.h"

/* The bits of a ticket beside the age */
#define VMR_TICKET_INACTIVE	BIT_ULL(63)	/* set in every ticket */
#define VMR_TICKET_PARKED	BIT_ULL(62)	/* parked, else claimed */
#define VMR_TICKET_COLLECTED	BIT_ULL(61)	/* claimed, in the list of settling.c */
#define VMR_TICKET_EXCLUDED	BIT_ULL(60)	/* the same, and not in subtree_last */
#define VMR_GAP_MAX_ORDER_BIT	BIT_ULL(63)	/* order 64 counts as 63 */

static_assert(sizeof(struct vmr_node) == sizeof(struct rb_node));

static inline struct vmr_range *vmr_to_range(const struct rb_node *rb)
{
	return container_of((struct vmr_node *)rb, struct vmr_range, node);
}

static inline struct rb_node *vmr_to_rb(const struct vmr_range *range)
{
	return (struct rb_node *)&range->node;
}

static inline struct rb_root *vmr_to_root(struct vmr_node **root)
{
	return (struct rb_root *)root;
}

static inline struct rb_node *vmr_space_root(const struct vmr_space *space)
{
	return (struct rb_node *)space->root;
}

/*
 * The link is addressed by its offset. A descent then has no branch, which the
 * processor would mispredict at every second node.
 */
static inline struct rb_node **vmr_rb_link(const struct rb_node *rb, bool right)
{
	return (struct rb_node **)((char *)rb +
				   (right ? offsetof(struct rb_node, rb_right) :
					    offsetof(struct rb_node, rb_left)));
}

static inline struct rb_node *vmr_rb_child(const struct rb_node *rb, bool right)
{
	return *vmr_rb_link(rb, right);
}

/* Claimed or parked; valid for a range that is in a tree (invariant 4) */
static inline bool vmr_is_inactive(const struct vmr_range *range)
{
	return range->gap > range->subtree_max_gap;
}

/* In the list of claims to test; valid for an inactive range */
static inline bool vmr_is_collected(const struct vmr_range *range)
{
	return range->ticket & VMR_TICKET_COLLECTED;
}

/* The next claim in this list */
static inline struct vmr_range *vmr_next_collected(const struct vmr_range *range)
{
	return (struct vmr_range *)(uintptr_t)(range->space_ref << 1);
}

/* The highest bit of a number that is not 0 */
static VMR_INLINE_FOR_SPEED uint64_t vmr_highest_bit(uint64_t n)
{
	return 1ull << vmr_log2(n);
}

/*
 * The natural order of the gap [lo, hi], as a bit. The highest bit in which @lo and the
 * end differ is the order of the coarsest boundary inside the gap. The largest aligned
 * block ends or begins there.
 */
static inline uint64_t vmr_natural_order_bit(uint64_t lo, uint64_t hi)
{
	uint64_t end = hi + 1;		/* 0 means 2^64 */
	uint64_t mid = 0, block;

	VMR_ASSERT(lo <= hi);
	if (end)
		mid = end & -vmr_highest_bit(lo ^ end);
	block = max(mid - lo, end - mid);
	return block ? vmr_highest_bit(block) : VMR_GAP_MAX_ORDER_BIT;
}

/* The natural order of the gap in front of @range as a bit, 0 without a gap */
static inline uint64_t vmr_gap_order_bit(const struct vmr_range *range)
{
	if (!range->gap)
		return 0;
	return vmr_natural_order_bit(range->start - range->gap,
				     range->start - 1);
}

/*
 * The first address of the gap in front of @next, or of the last gap if @next is
 * NULL. The gaps at both ends belong to the space (invariant 1).
 */
static inline uint64_t vmr_gap_start(const struct vmr_space *space,
				     const struct vmr_range *next)
{
	if (next == space->lowest)
		return space->start;
	return next ? next->start - next->gap : space->highest->last + 1;
}

static inline bool vmr_has_first_gap(const struct vmr_space *space)
{
	return space->lowest && space->lowest->start > space->start;
}

static inline bool vmr_has_last_gap(const struct vmr_space *space)
{
	return !space->highest || space->highest->last < space->last;
}

/* The value of subtree_max_gap in a subtree without a gap (invariant 3) */
static inline uint64_t vmr_space_tag(const struct vmr_space *space)
{
	return (uintptr_t)space;
}

/* An inactive range holds half of the address of its space (4) */
static inline uint64_t vmr_space_ref(const struct vmr_space *space)
{
	return (uintptr_t)space >> 1;
}

static inline struct vmr_space *vmr_referred_space(const struct vmr_range *range)
{
	return (struct vmr_space *)(uintptr_t)(range->space_ref << 1);
}

/* Make a range that was just removed a free one (6) */
static inline void vmr_clear_node(const struct vmr_space *space,
				  struct vmr_range *range)
{
	struct rb_node *rb = vmr_to_rb(range);

	rb->__rb_parent_color = 0;
	WRITE_ONCE(rb->rb_left, NULL);
	WRITE_ONCE(rb->rb_right, NULL);
	range->type = space->type;
	range->subtree_max_gap = 0;
	range->subtree_orders = 0;
}

/* tree.c: the tree of live ranges, and functions that serve all trees */
void vmr_link_node(struct rb_node *rb, struct rb_node *parent,
		   struct rb_node **link);
void vmr_propagate_deferred(struct vmr_space *space);
void vmr_tree_insert(struct vmr_space *space, struct vmr_range *range,
		     uint64_t start, uint64_t last, struct vmr_range *next);
void vmr_tree_insert_at(struct vmr_space *space, struct vmr_range *range,
			uint64_t start);
void vmr_tree_erase(struct vmr_space *space, struct vmr_range *range);

/* The lowest range that starts above @addr */
struct vmr_range *vmr_first_starting_above(const struct vmr_space *space,
					   uint64_t addr);

/*
 * The lowest range that ends at or above @start. If a request for @start overlaps
 * ranges, this one is the lowest conflict. Else it is the range behind the request.
 */
struct vmr_range *vmr_first_ending_at_or_above(const struct vmr_space *space,
					       uint64_t start);

/* space.c: whether the root of a range's tree is one of @space */
bool vmr_leads_to_root(const struct vmr_space *space,
		       const struct vmr_range *range);

/* Whether a tree of @space begins with a node */
static inline bool vmr_is_root(const struct vmr_space *space,
			       const struct rb_node *rb)
{
	const struct vmr_node *node = (const struct vmr_node *)rb;

	return node == space->root || node == space->claims ||
	       node == space->parked;
}

/*
 * Whether the node above links to a range, or its tree begins with it. A copy of a
 * range is not linked so, nor is a range whose memory was moved.
 */
static inline bool vmr_is_linked(const struct vmr_space *space,
				 const struct vmr_range *range)
{
	const struct rb_node *rb = vmr_to_rb(range), *parent = rb_parent(rb);

	if (parent)
		return parent->rb_left == rb || parent->rb_right == rb;
	return vmr_is_root(space, rb);
}

/*
 * vmr_in_space(), inline. An inactive range and a subtree without a gap name their
 * space (4, 3). A range of a space that was initialised again passes for one of it
 * here: only debug builds climb to the root in any case.
 */
static inline bool vmr_is_in_space(const struct vmr_space *space,
				   const struct vmr_range *range)
{
	bool in;

	if (!range->node.link || !vmr_is_linked(space, range))
		return false;
	if (vmr_is_inactive(range) && !vmr_is_collected(range))
		in = range->space_ref == vmr_space_ref(space);
	else if (!range->subtree_orders && range->subtree_max_gap)
		in = range->subtree_max_gap == vmr_space_tag(space);
	else
		return vmr_leads_to_root(space, range);
	if (VMR_IS_MISUSE(in && !vmr_leads_to_root(space, range)))
		return false;
	return in;
}

/*
 * claim.c: end the test of a collected claim, which is out of the list, or of all claims
 * in the list
 */
void vmr_release_claim(struct vmr_space *space, struct vmr_range *range);
void vmr_settle_discard(struct vmr_space *space);

static inline void vmr_settle_close(struct vmr_space *space)
{
	if (space->settling.list)
		vmr_settle_discard(space);
}

/* claim.c: recompute subtree_last from @rb upwards, while it changes */
void vmr_claim_propagate(struct rb_node *rb, struct rb_node *stop);

/*
 * claim.c: the claim that overlaps [start, last] and comes first in its tree, and the
 * next one of the same tree behind @range
 */
struct vmr_range *vmr_first_claimed(const struct vmr_space *space,
				    uint64_t start, uint64_t last);
struct vmr_range *vmr_next_overlap(const struct vmr_range *range,
				   uint64_t start, uint64_t last);

/* claim.c: unlink an inactive range; does not count it */
void vmr_unlink_inactive(struct vmr_space *space, struct vmr_range *range);

/* claim.c: remove an inactive range from its tree; no claims are collected */
void vmr_erase_inactive(struct vmr_space *space, struct vmr_range *range);

/* Remove a range from its tree, live or inactive */
static inline void vmr_erase_linked(struct vmr_space *space,
				    struct vmr_range *range)
{
	vmr_settle_close(space);
	if (vmr_is_inactive(range))
		vmr_erase_inactive(space, range);
	else
		vmr_tree_erase(space, range);
}

/*
 * range.c: the first range of the tree, and the next one behind @range, whose gap
 * fits without claims and is partly within the bounds
 */
struct vmr_range *vmr_first_candidate(const struct vmr_gap_search *s,
				      bool ascending);
struct vmr_range *vmr_next_candidate(const struct vmr_gap_search *s,
				     const struct vmr_range *range,
				     bool ascending);

/* Clip the gap in front of @next to the bounds; false if nothing is left */
static inline bool vmr_clip_gap(const struct vmr_gap_search *s,
				const struct vmr_range *next, uint64_t *lo,
				uint64_t *hi)
{
	uint64_t start = vmr_gap_start(s->space, next);

	if (next ? start == next->start : !vmr_has_last_gap(s->space))
		return false;
	*lo = max(start, s->min);
	*hi = min(next ? next->start - 1 : s->space->last, s->max);
	return *lo <= *hi;
}

/*
 * The first aligned address in search order at which the request fits in [lo, hi],
 * without claims; false if there is none
 */
static inline bool vmr_place_in_gap(const struct vmr_gap_search *s,
				    bool ascending, uint64_t *addr)
{
	uint64_t highest = s->hi - (s->size - 1);
	uint64_t skip = (ascending ? -s->lo : highest) & (s->align - 1);

	if (s->hi - s->lo < s->size - 1 || highest - s->lo < skip)
		return false;
	*addr = ascending ? s->lo + skip : highest - skip;
	return true;
}

static inline void vmr_set_found(struct vmr_gap_search *s, uint64_t addr,
				 struct vmr_range *next)
{
	VMR_ASSERT(!(addr & (s->align - 1)));
	VMR_ASSERT(addr >= s->min && s->max - addr >= s->size - 1);
	s->found_addr = addr;
	s->found_next = next;
}

/*
 * claim.c: try the part [lo, hi] of the gap in front of @next, and avoid the addresses
 * that inactive ranges want
 */
bool vmr_place_beside_claims(struct vmr_gap_search *s, struct vmr_range *next,
			     bool ascending);

#endif /* VMR_LIB_RANGE_RANGE_H */

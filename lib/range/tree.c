// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * tree.c - the tree of live ranges
 *
 * An rbtree ordered by address, augmented with the largest gap and the natural
 * orders of all gaps of each subtree. The numbers are those of the invariants of
 * struct vmr_range. The gaps at both ends belong to the space. A space that fills
 * from one end, as most do, therefore has a tree without gaps.
 *
 * Deferred update: addresses that are freed are often allocated again at once.
 * vmr_tree_erase() therefore stores the larger gap in the next range N, but does
 * not propagate it. The space records N and its values of before, which all
 * ancestors of N still hold. Invariant 2 does not hold for these ancestors.
 *
 *	free X, between P and N:
 *
 *	    +---+   +-----+   +---+           +---+           +---+
 *	    | P |   |  X  |   | N |    -->    | P |    gap    | N |
 *	    +---+   +-----+   +---+           +---+           +---+
 *	                                        deferred.range = N
 *
 *	1. allocate X again: the gap of N is old_gap again, and N gets its old
 *	   values back. The ancestors hold the correct values: no propagation.
 *
 *	2. allocate Y elsewhere, or free another range: propagate first.
 *
 *	          A   <- old values          A   <- propagated
 *	         /                          /
 *	        N     <- new gap    -->    N
 *
 * The next change or search by another file calls vmr_propagate_deferred(), which
 * restores 2, or tests the gap of N on its own (search.h).
 *
 * Space tag: a subtree without a gap needs no largest gap. The word then holds the
 * address of the space (3), and vmr_in_space() does not climb to the root.
 */
#include "range.h"

/*
 * Recompute the augmented values of @range from its children, which restores 2 for
 * it. Returns whether they changed. Without a gap the word keeps its tag (3).
 */
static bool gap_augment_update(struct vmr_range *range)
{
	const struct rb_node *below[2] = { vmr_to_rb(range)->rb_left,
					   vmr_to_rb(range)->rb_right };
	uint64_t max_gap = range->gap;
	uint64_t orders = vmr_gap_order_bit(range);
	int i;

	for (i = 0; i < 2; i++) {
		if (!below[i] || !vmr_to_range(below[i])->subtree_orders)
			continue;
		max_gap = max(max_gap, vmr_to_range(below[i])->subtree_max_gap);
		orders |= vmr_to_range(below[i])->subtree_orders;
	}
	VMR_ASSERT(orders ? max_gap : !max_gap);	/* 3 */
	if (orders == range->subtree_orders &&
	    (!orders || max_gap == range->subtree_max_gap))
		return false;
	range->subtree_max_gap = max_gap;
	range->subtree_orders = orders;
	return true;
}

static void gap_augment_propagate(struct rb_node *rb, struct rb_node *stop)
{
	while (rb != stop && gap_augment_update(vmr_to_range(rb)))
		rb = rb_parent(rb);
}

/*
 * Propagate after a removal or a rotation. Neither makes a gap. A node without a
 * gap in its subtree ends the walk, and its children, which may miss the cache,
 * are not read.
 */
static void gap_augment_propagate_shrink(struct rb_node *rb,
					 struct rb_node *stop)
{
	while (rb != stop && vmr_to_range(rb)->subtree_orders &&
	       gap_augment_update(vmr_to_range(rb)))
		rb = rb_parent(rb);
}

/*
 * Propagate a gap that was added below @rb while none was removed. The other
 * children, which may miss the cache, are not read.
 */
static void gap_augment_propagate_grow(struct rb_node *rb,
				       const struct rb_node *stop,
				       uint64_t max_gap, uint64_t orders)
{
	struct vmr_range *range;

	for (; rb != stop; rb = rb_parent(rb)) {
		range = vmr_to_range(rb);
		if (!(orders & ~range->subtree_orders) &&
		    max_gap <= range->subtree_max_gap)
			return;
		range->subtree_max_gap =
			range->subtree_orders ?
				max(range->subtree_max_gap, max_gap) :
				max_gap;
		range->subtree_orders |= orders;
	}
}

static void gap_augment_copy(struct rb_node *old, struct rb_node *new)
{
	vmr_to_range(new)->subtree_max_gap = vmr_to_range(old)->subtree_max_gap;
	vmr_to_range(new)->subtree_orders = vmr_to_range(old)->subtree_orders;
}

static void gap_augment_rotate(struct rb_node *old, struct rb_node *new)
{
	gap_augment_copy(old, new);
	if (vmr_to_range(old)->subtree_orders)
		gap_augment_update(vmr_to_range(old));
}

static const struct rb_augment_callbacks gap_augment = {
	.propagate = gap_augment_propagate_shrink,
	.copy = gap_augment_copy,
	.rotate = gap_augment_rotate,
};

/*
 * Link @rb as a leaf. A reader can walk through a node that is being linked or was
 * just removed. The members that it loads are therefore stored with WRITE_ONCE(),
 * and the link to the new node is stored last.
 */
void vmr_link_node(struct rb_node *rb, struct rb_node *parent,
		   struct rb_node **link)
{
	VMR_ASSERT(!*link);
	rb->__rb_parent_color = (unsigned long)parent;
	WRITE_ONCE(rb->rb_left, NULL);
	WRITE_ONCE(rb->rb_right, NULL);
	/* orders the stores above before it; pairs with the loads in vmr_find_raw() */
	smp_store_release(link, rb);
}

void vmr_erase_node(struct rb_node *rb, struct rb_root *root,
		    const struct rb_augment_callbacks *augment)
{
	rb_erase_augmented(rb, root, augment);
}

static void plain_propagate(struct rb_node *rb, struct rb_node *stop)
{
	(void)rb;
	(void)stop;
}

static void plain_copy(struct rb_node *old, struct rb_node *new)
{
	(void)old;
	(void)new;
}

static const struct rb_augment_callbacks plain_augment = {
	.propagate = plain_propagate,
	.copy = plain_copy,
	.rotate = plain_copy,
};

void vmr_plain_insert(struct rb_node *rb, struct rb_root *root)
{
	rb_insert_augmented(rb, root, &plain_augment);
}

void vmr_plain_erase(struct rb_node *rb, struct rb_root *root)
{
	vmr_erase_node(rb, root, &plain_augment);
}

struct vmr_range *vmr_first_starting_above(const struct vmr_space *space,
					   uint64_t addr)
{
	struct rb_node *rb = vmr_space_root(space);
	struct vmr_range *found = NULL;
	bool above;

	for (; rb; rb = vmr_rb_child(rb, !above)) {
		above = vmr_to_range(rb)->start > addr;
		found = above ? vmr_to_range(rb) : found;
	}
	return found;
}

struct vmr_range *vmr_first_ending_at_or_above(const struct vmr_space *space,
					       uint64_t start)
{
	struct rb_node *rb = vmr_space_root(space);
	struct vmr_range *found = space->deferred.range;
	bool below;

	/* The addresses that were freed last are often allocated next */
	if (found && start < found->start && found->start - start <= found->gap)
		return found;
	for (found = NULL; rb; rb = vmr_rb_child(rb, below)) {
		below = vmr_to_range(rb)->last < start;
		found = below ? found : vmr_to_range(rb);
	}
	return found;
}

/* Link a new leaf directly in front of @next, at the end if @next is NULL */
static struct rb_node *link_before(struct vmr_space *space, struct rb_node *rb,
				   struct vmr_range *next)
{
	struct rb_node *parent = next ? vmr_to_rb(next)->rb_left : NULL;

	if (parent) {
		while (parent->rb_right)
			parent = parent->rb_right;
	} else if (next) {
		vmr_link_node(rb, vmr_to_rb(next), &vmr_to_rb(next)->rb_left);
		return vmr_to_rb(next);
	} else if (space->highest) {
		parent = vmr_to_rb(space->highest);
	} else {
		vmr_link_node(rb, NULL, &vmr_to_root(&space->root)->rb_node);
		return NULL;
	}
	vmr_link_node(rb, parent, &parent->rb_right);
	return parent;
}

/*
 * Apply the deferred update, which restores 2 for the ancestors. If there was a gap
 * before, its order may have to be cleared: only a full propagation does that.
 */
void vmr_propagate_deferred(struct vmr_space *space)
{
	struct vmr_range *range = space->deferred.range;

	if (!range)
		return;
	VMR_ASSERT(range->node.link && !vmr_is_inactive(range));	/* 4, 6 */
	VMR_ASSERT(range != space->lowest);	/* 1 */
	if (space->deferred.old_gap)
		gap_augment_propagate(rb_parent(vmr_to_rb(range)), NULL);
	else
		gap_augment_propagate_grow(rb_parent(vmr_to_rb(range)), NULL,
					   range->subtree_max_gap,
					   range->subtree_orders);
	space->deferred.range = NULL;
}

/*
 * Enlarge the gap in front of @range by @gained and defer the propagation. Holds 2
 * for @range, but not for its ancestors until vmr_propagate_deferred().
 */
static void gap_grow_deferred(struct vmr_space *space, struct vmr_range *range,
			      uint64_t gained)
{
	VMR_ASSERT(!space->deferred.range);
	VMR_ASSERT(range != space->lowest);	/* 1 */
	space->deferred.range = range;
	space->deferred.old_gap = range->gap;
	space->deferred.old_max_gap = range->subtree_max_gap;
	space->deferred.old_orders = range->subtree_orders;
	range->gap += gained;
	if (space->deferred.old_gap) {
		gap_augment_update(range);
	} else {
		/* The children, which may miss the cache, are not read */
		if (!range->subtree_orders ||
		    range->subtree_max_gap < range->gap)
			range->subtree_max_gap = range->gap;
		range->subtree_orders |= vmr_gap_order_bit(range);
	}
}

/*
 * Shrink the gap in front of @range after @new was linked below it. If @new fills
 * exactly the addresses that the last free left, the old values are correct again
 * and nothing is propagated.
 */
static void gap_shrink(struct vmr_space *space, struct vmr_range *range,
		       const struct vmr_range *new)
{
	VMR_ASSERT(new->last < range->start);
	range->gap = range->start - 1 - new->last;
	if (range != space->deferred.range) {
		gap_augment_propagate(vmr_to_rb(range), NULL);
	} else if (!new->gap && range->gap == space->deferred.old_gap) {
		range->subtree_max_gap = space->deferred.old_max_gap;
		range->subtree_orders = space->deferred.old_orders;
		space->deferred.range = NULL;
	} else {
		gap_augment_update(range);
		vmr_propagate_deferred(space);
	}
}

/*
 * Make @range live at [start, last], inside the gap in front of @next. All
 * ancestors are updated before the tree is balanced: rb_insert_augmented()
 * requires 2.
 */
void vmr_tree_insert(struct vmr_space *space, struct vmr_range *range,
		     uint64_t start, uint64_t last, struct vmr_range *next)
{
	struct rb_node *parent;

	VMR_ASSERT(!range->node.link);	/* 6 */
	VMR_ASSERT(start <= last && start >= vmr_gap_start(space, next));
	VMR_ASSERT(last <= (next ? next->start - 1 : space->last));
	if (!next || space->deferred.range != next)
		vmr_propagate_deferred(space);
	range->gap = 0;
	if (next == space->lowest)
		space->lowest = range;
	else
		range->gap = start - vmr_gap_start(space, next);
	WRITE_ONCE(range->start, start);
	WRITE_ONCE(range->last, last);
	range->subtree_max_gap = range->gap ? range->gap : vmr_space_tag(space);
	range->subtree_orders = vmr_gap_order_bit(range);

	parent = link_before(space, vmr_to_rb(range), next);
	if (range->gap)
		gap_augment_propagate_grow(parent,
					   next ? vmr_to_rb(next) : NULL,
					   range->gap, range->subtree_orders);
	if (next)
		gap_shrink(space, next, range);
	else
		space->highest = range;
	rb_insert_augmented(vmr_to_rb(range), vmr_to_root(&space->root),
			    &gap_augment);
	VMR_ASSERT(!vmr_is_inactive(range));	/* 4 */
	space->used += last - start + 1;
	space->nr_ranges++;
}

void vmr_tree_insert_at(struct vmr_space *space, struct vmr_range *range,
			uint64_t start)
{
	vmr_tree_insert(space, range, start,
			start + (range->last - range->start),
			vmr_first_starting_above(space, start));
}

void vmr_tree_erase(struct vmr_space *space, struct vmr_range *range)
{
	struct vmr_range *next = vmr_next_range(range);
	uint64_t length = range->last - range->start + 1;
	uint64_t gained = range->gap + length;

	VMR_ASSERT(range->node.link && !vmr_is_inactive(range));	/* 4, 6 */
	VMR_ASSERT(space->nr_ranges);
	if (space->seq->generations)
		vmr_generation_bump(space->seq->generations, range);
	if (!next)
		space->highest = vmr_prev_range(range);
	vmr_propagate_deferred(space);
	vmr_erase_node(vmr_to_rb(range), vmr_to_root(&space->root),
		       &gap_augment);
	vmr_clear_node(space, range);
	space->settling.is_open = false;
	if (range == space->lowest) {
		space->lowest = next;
		if (next) {
			next->gap = 0;
			gap_augment_propagate_shrink(vmr_to_rb(next), NULL);
		}
	} else if (next) {
		gap_grow_deferred(space, next, gained);
	}
	space->used -= length;
	space->nr_ranges--;
}

void vmr_restore_live(struct vmr_space *space, struct vmr_range *range,
		      uint64_t start, uint64_t last)
{
	vmr_tree_insert(space, range, start, last, NULL);
}

struct vmr_range *vmr_first_range(const struct vmr_space *space)
{
	return space ? space->lowest : NULL;
}
EXPORT_SYMBOL_GPL(vmr_first_range);

struct vmr_range *vmr_last_range(const struct vmr_space *space)
{
	return space ? space->highest : NULL;
}
EXPORT_SYMBOL_GPL(vmr_last_range);

struct vmr_range *vmr_next_range(const struct vmr_range *range)
{
	struct rb_node *rb = rb_next(vmr_to_rb(range));

	return rb ? vmr_to_range(rb) : NULL;
}
EXPORT_SYMBOL_GPL(vmr_next_range);

struct vmr_range *vmr_prev_range(const struct vmr_range *range)
{
	struct rb_node *rb = rb_prev(vmr_to_rb(range));

	return rb ? vmr_to_range(rb) : NULL;
}
EXPORT_SYMBOL_GPL(vmr_prev_range);

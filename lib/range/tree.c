// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * tree.c - the tree of live ranges
 */
#include "range.h"

/* What a node says of its subtree; whether that is news to the node above */
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
 * Where there was no gap below a node, taking one out or turning the tree makes
 * none. So the children, which may be far, need no look.
 */
static void gap_augment_propagate_shrink(struct rb_node *rb,
					 struct rb_node *stop)
{
	while (rb != stop && vmr_to_range(rb)->subtree_orders &&
	       gap_augment_update(vmr_to_range(rb)))
		rb = rb_parent(rb);
}

/*
 * Where a gap came into a subtree and none went, those above need not ask their other
 * child, which may be far.
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

/* Serves both trees: in a claim these words are @never and @reach */
void vmr_augment_copy(struct rb_node *old, struct rb_node *new)
{
	vmr_to_range(new)->subtree_max_gap = vmr_to_range(old)->subtree_max_gap;
	vmr_to_range(new)->subtree_orders = vmr_to_range(old)->subtree_orders;
}

static void gap_augment_rotate(struct rb_node *old, struct rb_node *new)
{
	vmr_augment_copy(old, new);
	if (vmr_to_range(old)->subtree_orders)
		gap_augment_update(vmr_to_range(old));
}

static const struct rb_augment_callbacks gap_augment = {
	.propagate = gap_augment_propagate_shrink,
	.copy = vmr_augment_copy,
	.rotate = gap_augment_rotate,
};

/*
 * Readers may walk through a node that is being linked or was just taken out, so
 * what they read of it is written whole, and the link to a new node is the last
 * store.
 */
void vmr_link_node(struct rb_node *rb, struct rb_node *parent,
		      struct rb_node **link)
{
	rb->__rb_parent_color = (unsigned long)parent;
	WRITE_ONCE(rb->rb_left, NULL);
	WRITE_ONCE(rb->rb_right, NULL);
	/* pairs with the loads in vmr_find_raw() */
	smp_store_release(link, rb);
}

void vmr_erase_node(struct rb_node *rb, struct rb_root *root,
		       const struct rb_augment_callbacks *augment)
{
	rb_erase_augmented(rb, root, augment);
	rb->__rb_parent_color = 0;
	WRITE_ONCE(rb->rb_left, NULL);
	WRITE_ONCE(rb->rb_right, NULL);
	vmr_to_range(rb)->gap = 0;
	vmr_to_range(rb)->subtree_max_gap = 0;
	vmr_to_range(rb)->subtree_orders = 0;
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

/*
 * The lowest range that does not end below @start: it is in the way of a place
 * that begins there and reaches it, and behind one that does not
 */
struct vmr_range *vmr_first_ending_at_or_above(const struct vmr_space *space,
						  uint64_t start)
{
	struct rb_node *rb = vmr_space_root(space);
	struct vmr_range *found = space->deferred.range;
	bool below;

	/* What was freed last is where much goes back to */
	if (found && start < found->start && found->start - start <= found->gap)
		return found;
	for (found = NULL; rb; rb = vmr_rb_child(rb, below)) {
		below = vmr_to_range(rb)->last < start;
		found = below ? found : vmr_to_range(rb);
	}
	return found;
}

/*
 * Link a new leaf in front of @next, or behind all if that is NULL; no node of the
 * tree is in between
 */
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
 * Tell the nodes above of the gap that the last free left. If there was one before
 * they may have to unlearn its order.
 */
void vmr_propagate_deferred(struct vmr_space *space)
{
	struct vmr_range *late = space->deferred.range;

	if (!late)
		return;
	if (space->deferred.old_gap)
		gap_augment_propagate(rb_parent(vmr_to_rb(late)), NULL);
	else
		gap_augment_propagate_grow(rb_parent(vmr_to_rb(late)), NULL,
					   late->subtree_max_gap,
					   late->subtree_orders);
	space->deferred.range = NULL;
}

/* The last free has made the gap in front of @range larger: tell nobody yet */
static void gap_grow_deferred(struct vmr_space *space, struct vmr_range *range,
			      uint64_t gained)
{
	space->deferred.range = range;
	space->deferred.old_gap = range->gap;
	space->deferred.old_max_gap = range->subtree_max_gap;
	space->deferred.old_orders = range->subtree_orders;
	range->gap += gained;
	if (space->deferred.old_gap) {
		gap_augment_update(range);
	} else {
		/* Without a look at the children, which may be far */
		if (!range->subtree_orders ||
		    range->subtree_max_gap < range->gap)
			range->subtree_max_gap = range->gap;
		range->subtree_orders |= vmr_gap_order_bit(range);
	}
}

/*
 * The gap in front of @range, @late or not, was made smaller by @new, which was
 * linked below it. Most often what a free left is filled again just so.
 */
static void gap_shrink(struct vmr_space *space, struct vmr_range *range,
		       const struct vmr_range *new)
{
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
 * Make @range live at a place inside the gap in front of @next. All nodes above
 * are made right before the tree is balanced, as rb_insert_augmented() wants.
 */
void vmr_tree_insert(struct vmr_space *space, struct vmr_range *range,
			 uint64_t start, uint64_t last, struct vmr_range *next)
{
	struct rb_node *parent;

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

	if (space->seq->generations)
		vmr_generation_bump(space->seq->generations, range);
	if (!next)
		space->highest = vmr_prev_range(range);
	vmr_propagate_deferred(space);
	vmr_erase_node(vmr_to_rb(range), vmr_to_root(&space->root),
		       &gap_augment);
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

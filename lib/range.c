// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * range.c - the engine: one tree that allocates and routes
 *
 * Live ranges are in an rbtree ordered by address. Each node carries the gap in
 * front of it and, for its subtree, the largest gap and a mask of the natural
 * orders of all gaps. The gaps at both ends are the space's own, so that a space
 * which fills from an end, as most do, has a tree without gaps.
 *
 * The order of a gap is what a search steers by. A gap holds a naturally aligned
 * block of 2^k exactly if its order is at least k, so for such a block a subtree
 * whose mask has bit k or a higher one has a place, and the descent never turns
 * back. For other requests the mask and the largest gap tell what is worth a
 * look.
 *
 * What is freed is often allocated again at once. So the gap that a free leaves is
 * told to the nodes above only before the tree is changed or searched in another
 * way; until then the space remembers the one node that it is in front of, and what
 * those above were told of it, which is true again if the gap is filled as it was.
 *
 * A subtree without a gap needs no largest one; the word then says which space the
 * range is in. Else that takes a climb to the root.
 *
 * Claimed and parked ranges are in a tree of their own, ordered by the wanted
 * address, with the highest end in each subtree.
 *
 * The functions that are inline are those that every allocation goes through.
 */
#include "internal.h"
#include "trace.h"

#define TICKET_PARKED		BIT_ULL(63)	/* in a ticket: waits for nothing */
#define GAP_MAX_ORDER	63		/* order 64 counts as 63 */

static struct vmr_range *to_range(const struct rb_node *rb)
{
	return container_of((struct vmr_node *)rb, struct vmr_range, node);
}

static struct rb_node *rb_node_of(const struct vmr_range *range)
{
	return (struct rb_node *)&range->node;
}

static struct rb_root *root_of(struct vmr_node **root)
{
	return (struct rb_root *)root;
}

static struct rb_node *space_root(const struct vmr_space *space)
{
	return (struct rb_node *)space->root;
}

/*
 * By its offset, so that a descent need not foretell which way it goes: half of
 * the guesses would be wrong
 */
static struct rb_node **link_of(const struct rb_node *rb, bool right)
{
	return (struct rb_node **)((char *)rb +
				   (right ? offsetof(struct rb_node, rb_right) :
					    offsetof(struct rb_node, rb_left)));
}

static struct rb_node *child(const struct rb_node *rb, bool right)
{
	return *link_of(rb, right);
}

static bool is_inactive(const struct vmr_range *range)
{
	return range->gap > range->subtree_max_gap;
}

/*
 * The highest bit in which @lo and the end differ is the order of the coarsest
 * boundary inside the gap: the largest block ends or begins there.
 */
static unsigned int natural_order(uint64_t lo, uint64_t hi)
{
	uint64_t end = hi + 1;		/* 0 stands for 2^64 */
	uint64_t mid = 0, block;

	if (end)
		mid = end & ~0ull << (fls64(lo ^ end) -
				      1); /* LCOV_EXCL_BR_LINE: not 0 */
	block = max(mid - lo, end - mid);
	return block ? fls64(block) - 1 : GAP_MAX_ORDER;
}

static inline uint64_t order_bit(const struct vmr_range *range)
{
	if (!range->gap)
		return 0;
	return 1ull << natural_order(range->start - range->gap,
				     range->start - 1);
}

/* What a node says of its subtree; whether that is news to the node above */
static bool gap_augment_update(struct vmr_range *range)
{
	const struct rb_node *below[2] = { rb_node_of(range)->rb_left,
					   rb_node_of(range)->rb_right };
	uint64_t max_gap = range->gap;
	uint64_t orders = order_bit(range);
	int i;

	for (i = 0; i < 2; i++) {
		if (!below[i] || !to_range(below[i])->subtree_orders)
			continue;
		max_gap = max(max_gap, to_range(below[i])->subtree_max_gap);
		orders |= to_range(below[i])->subtree_orders;
	}
	if (orders == range->subtree_orders &&
	    (!orders || max_gap == range->subtree_max_gap))
		return false;
	range->subtree_max_gap = max_gap;
	range->subtree_orders = orders;
	return true;
}

static bool subtree_last_update(struct vmr_range *range)
{
	struct rb_node *left = rb_node_of(range)->rb_left;
	struct rb_node *right = rb_node_of(range)->rb_right;
	uint64_t reach = range->last;

	if (left)
		reach = max(reach, to_range(left)->subtree_last);
	if (right)
		reach = max(reach, to_range(right)->subtree_last);
	if (reach == range->subtree_last)
		return false;
	range->subtree_last = reach;
	return true;
}

static void gap_augment_propagate(struct rb_node *rb, struct rb_node *stop)
{
	while (rb != stop && gap_augment_update(to_range(rb)))
		rb = rb_parent(rb);
}

/*
 * Where there was no gap below a node, taking one out or turning the tree makes
 * none. So the children, which may be far, need no look.
 */
static void gap_augment_propagate_shrink(struct rb_node *rb,
					 struct rb_node *stop)
{
	while (rb != stop && to_range(rb)->subtree_orders &&
	       gap_augment_update(to_range(rb)))
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
		range = to_range(rb);
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

static void claim_augment_propagate(struct rb_node *rb, struct rb_node *stop)
{
	while (rb != stop && subtree_last_update(to_range(rb)))
		rb = rb_parent(rb);
}

/* Serves both trees: in a claim these words are @never and @reach */
static void augment_copy(struct rb_node *old, struct rb_node *new)
{
	to_range(new)->subtree_max_gap = to_range(old)->subtree_max_gap;
	to_range(new)->subtree_orders = to_range(old)->subtree_orders;
}

static void gap_augment_rotate(struct rb_node *old, struct rb_node *new)
{
	augment_copy(old, new);
	if (to_range(old)->subtree_orders)
		gap_augment_update(to_range(old));
}

static void claim_augment_rotate(struct rb_node *old, struct rb_node *new)
{
	augment_copy(old, new);
	subtree_last_update(to_range(old));
}

static const struct rb_augment_callbacks gap_augment = {
	.propagate = gap_augment_propagate_shrink,
	.copy = augment_copy,
	.rotate = gap_augment_rotate,
};

static const struct rb_augment_callbacks claim_augment = {
	.propagate = claim_augment_propagate,
	.copy = augment_copy,
	.rotate = claim_augment_rotate,
};

/*
 * Readers may walk through a node that is being linked or was just taken out, so
 * what they read of it is written whole, and the link to a new node is the last
 * store.
 */
static void link_node(struct rb_node *rb, struct rb_node *parent,
		      struct rb_node **link)
{
	rb->__rb_parent_color = (unsigned long)parent;
	WRITE_ONCE(rb->rb_left, NULL);
	WRITE_ONCE(rb->rb_right, NULL);
	/* pairs with the loads in vmr_find_raw() */
	smp_store_release(link, rb);
}

static void erase_node(struct rb_node *rb, struct rb_root *root,
		       const struct rb_augment_callbacks *augment)
{
	rb_erase_augmented(rb, root, augment);
	rb->__rb_parent_color = 0;
	WRITE_ONCE(rb->rb_left, NULL);
	WRITE_ONCE(rb->rb_right, NULL);
	to_range(rb)->gap = 0;
	to_range(rb)->subtree_max_gap = 0;
	to_range(rb)->subtree_orders = 0;
}

static struct vmr_range *first_starting_above(const struct vmr_space *space,
					      uint64_t addr)
{
	struct rb_node *rb = space_root(space);
	struct vmr_range *found = NULL;
	bool above;

	for (; rb; rb = child(rb, !above)) {
		above = to_range(rb)->start > addr;
		found = above ? to_range(rb) : found;
	}
	return found;
}

/*
 * First address of the gap in front of @next, NULL for the last gap. The gaps at
 * both ends are the space's own: no node knows them.
 */
static uint64_t gap_start(const struct vmr_space *space,
			  const struct vmr_range *next)
{
	if (next == space->lowest)
		return space->start;
	return next ? next->start - next->gap : space->highest->last + 1;
}

static bool has_first_gap(const struct vmr_space *space)
{
	return space->lowest && space->lowest->start > space->start;
}

static bool has_last_gap(const struct vmr_space *space)
{
	return !space->highest || space->highest->last < space->last;
}

/*
 * Link a new leaf in front of @next, or behind all if that is NULL; no node of the
 * tree is in between
 */
static struct rb_node *link_before(struct vmr_space *space, struct rb_node *rb,
				   struct vmr_range *next)
{
	struct rb_node *parent = next ? rb_node_of(next)->rb_left : NULL;

	if (parent) {
		while (parent->rb_right)
			parent = parent->rb_right;
	} else if (next) {
		link_node(rb, rb_node_of(next), &rb_node_of(next)->rb_left);
		return rb_node_of(next);
	} else if (space->highest) {
		parent = rb_node_of(space->highest);
	} else {
		link_node(rb, NULL, &root_of(&space->root)->rb_node);
		return NULL;
	}
	link_node(rb, parent, &parent->rb_right);
	return parent;
}

/* What a range without a gap in its subtree has in place of @max_gap, or 0 */
static uint64_t space_tag(const struct vmr_space *space)
{
	return (uintptr_t)space;
}

/*
 * Tell the nodes above of the gap that the last free left. If there was one before
 * they may have to unlearn its order.
 */
static void propagate_deferred(struct vmr_space *space)
{
	struct vmr_range *late = space->deferred.range;

	if (!late)
		return;
	if (space->deferred.old_gap)
		gap_augment_propagate(rb_parent(rb_node_of(late)), NULL);
	else
		gap_augment_propagate_grow(rb_parent(rb_node_of(late)), NULL,
					   late->subtree_max_gap,
					   late->subtree_orders);
	space->deferred.range = NULL;
}

/* A search does not change what a caller sees of the space */
static void propagate_deferred_const(const struct vmr_space *space)
{
	propagate_deferred((struct vmr_space *)space);
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
		range->subtree_orders |= order_bit(range);
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
		gap_augment_propagate(rb_node_of(range), NULL);
	} else if (!new->gap && range->gap == space->deferred.old_gap) {
		range->subtree_max_gap = space->deferred.old_max_gap;
		range->subtree_orders = space->deferred.old_orders;
		space->deferred.range = NULL;
	} else {
		gap_augment_update(range);
		propagate_deferred(space);
	}
}

/*
 * Make @range live at a place inside the gap in front of @next. All nodes above
 * are made right before the tree is balanced, as rb_insert_augmented() wants.
 */
static void insert_range(struct vmr_space *space, struct vmr_range *range,
			 uint64_t start, uint64_t last, struct vmr_range *next)
{
	struct rb_node *parent;

	if (!next || space->deferred.range != next)
		propagate_deferred(space);
	range->gap = 0;
	if (next == space->lowest)
		space->lowest = range;
	else
		range->gap = start - gap_start(space, next);
	WRITE_ONCE(range->start, start);
	WRITE_ONCE(range->last, last);
	range->subtree_max_gap = range->gap ? range->gap : space_tag(space);
	range->subtree_orders = order_bit(range);

	parent = link_before(space, rb_node_of(range), next);
	if (range->gap)
		gap_augment_propagate_grow(parent,
					   next ? rb_node_of(next) : NULL,
					   range->gap, range->subtree_orders);
	if (next)
		gap_shrink(space, next, range);
	else
		space->highest = range;
	rb_insert_augmented(rb_node_of(range), root_of(&space->root),
			    &gap_augment);
	space->used += last - start + 1;
	space->nr_ranges++;
}

/*
 * Who remembers where the range was is not to believe it any more, once it can have
 * seen that the section is closed. The era goes before the count.
 */
static void generation_bump(struct vmr_generations *generations,
			    const struct vmr_range *range)
{
	uint32_t *count = &generations->gen[vmr_generation_slot(range)];

	if (!((*count + 1) % (1u << 26))) {
		WRITE_ONCE(generations->rollover, generations->rollover + 1);
		smp_wmb();	/* pairs with the one in ask_hint() */
	}
	WRITE_ONCE(*count, *count + 1);
}

static void erase_range(struct vmr_space *space, struct vmr_range *range)
{
	struct vmr_range *next = vmr_next_range(range);
	uint64_t length = range->last - range->start + 1;
	uint64_t gained = range->gap + length;

	if (space->seq->generations)
		generation_bump(space->seq->generations, range);
	if (!next)
		space->highest = vmr_prev_range(range);
	propagate_deferred(space);
	erase_node(rb_node_of(range), root_of(&space->root), &gap_augment);
	if (range == space->lowest) {
		space->lowest = next;
		if (next) {
			next->gap = 0;
			gap_augment_propagate_shrink(rb_node_of(next), NULL);
		}
	} else if (next) {
		gap_grow_deferred(space, next, gained);
	}
	space->used -= length;
	space->nr_ranges--;
}

static void insert_inactive(struct vmr_space *space, struct vmr_range *range,
			    uint64_t start, uint64_t last, uint64_t ticket)
{
	struct rb_node **link = &root_of(&space->claims)->rb_node;
	struct rb_node *parent = NULL;

	WRITE_ONCE(range->start, start);
	WRITE_ONCE(range->last, last);
	range->ticket = ticket;
	range->must_be_zero = 0;
	range->subtree_last = last;
	while (*link) {
		parent = *link;
		link = start < to_range(parent)->start ? &parent->rb_left :
							 &parent->rb_right;
	}
	link_node(rb_node_of(range), parent, link);
	claim_augment_propagate(parent, NULL);
	rb_insert_augmented(rb_node_of(range), root_of(&space->claims),
			    &claim_augment);
	space->nr_claims++;
}

/* Take a linked range out of whichever tree it is in */
static void erase_linked(struct vmr_space *space, struct vmr_range *range)
{
	if (!is_inactive(range)) {
		erase_range(space, range);
		return;
	}
	erase_node(rb_node_of(range), root_of(&space->claims), &claim_augment);
	space->nr_claims--;
}

/*
 * The search for a place
 */

struct gap_search {
	const struct vmr_space	*space;
	uint64_t		size;
	uint64_t		align;
	uint64_t		min;	/* inside the space */
	uint64_t		max;
	uint64_t		orders;	/* of the gaps worth a look */
	bool			avoid_parked;	/* keep off parked ranges too */
	bool			exact_order;	/* @orders is one, and none will do else */
	uint64_t		at;	/* the place found */
	struct vmr_range	*next;	/* and the range behind its gap */
};

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

static bool subtree_may_fit(const struct gap_search *s,
			    const struct rb_node *rb)
{
	return rb && (to_range(rb)->subtree_orders & s->orders) &&
	       to_range(rb)->subtree_max_gap >= s->size;
}

/* The node's own gap: whether the request fits into it, bounds and claims aside */
static bool gap_fits(const struct gap_search *s, const struct rb_node *rb)
{
	uint64_t gap = to_range(rb)->gap;
	uint64_t lo = to_range(rb)->start - gap;

	return gap >= s->size && gap - s->size >= (-lo & (s->align - 1)) &&
	       (!s->exact_order || (order_bit(to_range(rb)) & s->orders));
}

/* Whether no address of a node's gap is within the bounds, nor any before it */
static bool gap_outside_bounds(const struct gap_search *s,
			       const struct vmr_range *range, bool ascending)
{
	return ascending ? range->start <= s->min :
			   range->start - range->gap > s->max;
}

/*
 * The next node behind @rb (with @into: in the subtree at @rb), going up or down by
 * address, whose own gap is worth a look and within the bounds in part
 */
static struct vmr_range *next_candidate_from(const struct gap_search *s,
					     struct rb_node *rb, bool into,
					     bool ascending)
{
	struct rb_node *from = rb;

	/* Behind the bounds this way is before them the other way */
	while (into || !gap_outside_bounds(s, to_range(rb), !ascending)) {
		if (!into)
			from = child(rb, ascending);
		into = false;
		if (subtree_may_fit(s, from)) {
			rb = from;
			while (!gap_outside_bounds(s, to_range(rb),
						   ascending) &&
			       subtree_may_fit(s, child(rb, !ascending)))
				rb = child(rb, !ascending);
		} else {
			do {
				from = rb;
				rb = rb_parent(rb);
				if (!rb)
					return NULL;
			} while (child(rb, ascending) == from);
		}
		if (gap_fits(s, rb) &&
		    !gap_outside_bounds(s, to_range(rb), ascending))
			return gap_outside_bounds(s, to_range(rb), !ascending) ?
				       NULL :
				       to_range(rb);
	}
	return NULL;
}

static struct vmr_range *first_candidate(const struct gap_search *s,
					 bool ascending)
{
	struct rb_node *root = space_root(s->space);

	return subtree_may_fit(s, root) ?
		       next_candidate_from(s, root, true, ascending) :
		       NULL;
}

static struct vmr_range *next_candidate(const struct gap_search *s,
					const struct vmr_range *range,
					bool ascending)
{
	return next_candidate_from(s, rb_node_of(range), false, ascending);
}

/* A claimed range, or a parked one if that is to be kept off too */
static struct vmr_range *find_blocking(const struct gap_search *s,
				       uint64_t start, uint64_t last)
{
	struct vmr_range *range = vmr_first_claim(s->space, start, last);

	while (range && !s->avoid_parked && (range->ticket & TICKET_PARKED))
		range = vmr_next_claim(range, start, last);
	return range;
}

/* The gap in front of @next, cut to the bounds; false if nothing is left */
static inline bool clip_gap(const struct gap_search *s,
			    const struct vmr_range *next, uint64_t *lo,
			    uint64_t *hi)
{
	uint64_t start = gap_start(s->space, next);

	if (next ? start == next->start : !has_last_gap(s->space))
		return false;
	*lo = max(start, s->min);
	*hi = min(next ? next->start - 1 : s->space->last, s->max);
	return *lo <= *hi;
}

/* Place the request in a gap, from the bottom or from the top */
static inline bool try_gap(struct gap_search *s, struct vmr_range *next,
			   bool ascending)
{
	struct vmr_range *blocker;
	uint64_t lo, hi, at;

	if (!clip_gap(s, next, &lo, &hi))
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
			s->at = at;
			s->next = next;
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

static inline bool search_tree(struct gap_search *s, bool ascending)
{
	struct vmr_range *range;

	for (range = first_candidate(s, ascending); range;
	     range = next_candidate(s, range, ascending))
		if (try_gap(s, range, ascending))
			return true;
	return false;
}

/*
 * The gaps at the ends and the one that the tree has not been told of are tried by
 * themselves. Where the late one will do, only what lies before it is better.
 */
static bool search_low_or_high(struct gap_search *s, bool ascending)
{
	const struct vmr_space *space = s->space;
	bool found = false;

	if (ascending ? has_first_gap(space) &&
				try_gap(s, space->lowest, ascending) :
			has_last_gap(space) && try_gap(s, NULL, ascending))
		return true;
	if (space->deferred.range &&
	    try_gap(s, space->deferred.range, ascending)) {
		found = true;
		if (ascending)
			s->max = s->at;
		else
			s->min = s->at;
	}
	return search_tree(s, ascending) || found ||
	       try_gap(s, ascending ? NULL : space->lowest, ascending);
}

/* The order of what the bounds leave of a gap, as a bit; 0 if nothing */
static uint64_t clipped_gap_order(const struct gap_search *s,
				  const struct vmr_range *next)
{
	uint64_t lo, hi;

	if (!clip_gap(s, next, &lo, &hi))
		return 0;
	return 1ull << natural_order(lo, hi);
}

/*
 * One order after the other. What a bound cuts off makes a gap's order a lower one
 * than the tree knows; those at the ends and the late one it does not know at all.
 * So these are asked for one by one.
 */
static bool search_best(struct gap_search *s)
{
	const struct vmr_space *space = s->space;
	uint64_t requested = s->orders, least = requested & -requested;
	uint64_t order[5], left = 0;
	struct vmr_range *special[5] = { NULL };
	unsigned int first = 1, nr = 1, i;
	bool found;

	if (has_first_gap(space))
		special[nr++] = space->lowest;
	if (space->deferred.range)
		special[nr++] = space->deferred.range;
	if (s->min > space->start)
		special[nr++] = first_starting_above(space, s->min);
	if (s->max < space->last)
		special[nr++] = first_starting_above(space, s->max);
	if (space->root)
		left = to_range(space_root(space))->subtree_orders;
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
				s->max = s->at;
			if (order[i] == s->orders &&
			    try_gap(s, special[i], true))
				found = true;
		}
		if (found)
			return true;
	}
}

static bool search_aligned(struct gap_search *s, enum vmr_policy policy,
			   uint64_t align)
{
	s->align = align;
	s->exact_order = false;
	s->orders = is_pow2(s->size) && align >= s->size ?
			    -s->size :
			    ~0ull << min_order(s->size, align);
	return policy == VMR_BEST ? search_best(s) :
				    search_low_or_high(s, policy == VMR_FIRST);
}

static inline bool search_preferred(struct gap_search *s,
				    const struct vmr_request *req)
{
	return (req->prefer_align > req->align &&
		search_aligned(s, req->policy, req->prefer_align)) ||
	       search_aligned(s, req->policy, req->align);
}

/* Parked places are given away only where nothing else is left */
static bool search_space(struct gap_search *s, const struct vmr_request *req)
{
	s->avoid_parked = true;
	if (search_preferred(s, req))
		return true;
	s->avoid_parked = false;
	return s->space->nr_claims && search_preferred(s, req);
}

/*
 * The calls
 */

int vmr_space_init(struct vmr_space *space, uint64_t start, uint64_t last)
{
	if (!space || start > last)
		return -EINVAL;
	memset(space, 0, sizeof(*space));
	space->start = start;
	space->last = last;
	space->seq = &space->own_seq;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_space_init);

int vmr_space_set_seqcount(struct vmr_space *space, struct vmr_seqcount *seq)
{
	if (!space)
		return -EINVAL;
	if (space->nr_ranges || space->nr_claims)
		return -EBUSY;
	space->seq = seq ? seq : &space->own_seq;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_space_set_seqcount);

static inline void write_begin(struct vmr_seqcount *seq)
{
	if (seq->nesting++)
		return;
	seq->flags = vmr_port_write_begin();
	WRITE_ONCE(seq->sequence, seq->sequence + 1);
	smp_wmb(); /* pairs with the one in vmr_seqcount_read_retry() */
}

void vmr_seqcount_write_begin(struct vmr_seqcount *seq)
{
	write_begin(seq);
}
EXPORT_SYMBOL_GPL(vmr_seqcount_write_begin);

static inline void write_end(struct vmr_seqcount *seq)
{
	unsigned long state = seq->flags;

	if (--seq->nesting)
		return;
	/* pairs with the acquire in vmr_seqcount_read_begin() */
	smp_store_release(&seq->sequence, seq->sequence + 1);
	vmr_port_write_end(state);
}

void vmr_seqcount_write_end(struct vmr_seqcount *seq)
{
	write_end(seq);
}
EXPORT_SYMBOL_GPL(vmr_seqcount_write_end);

enum vmr_state vmr_range_state(const struct vmr_range *range)
{
	if (!range || !range->node.link)
		return VMR_FREE;
	if (!is_inactive(range))
		return VMR_LIVE;
	return range->ticket & TICKET_PARKED ? VMR_PARKED : VMR_CLAIMED;
}
EXPORT_SYMBOL_GPL(vmr_range_state);

static bool is_in_tree(const struct vmr_space *space, const struct rb_node *rb,
		       bool claim)
{
	const struct rb_node *ascending;

	while ((ascending = rb_parent(rb)))
		rb = ascending;
	return rb == (const struct rb_node *)(claim ? space->claims :
						      space->root);
}

static inline bool in_space(const struct vmr_space *space,
			    const struct vmr_range *range)
{
	if (!range->node.link)
		return false;
	if (!is_inactive(range) && !range->subtree_orders &&
	    range->subtree_max_gap)
		return range->subtree_max_gap == space_tag(space);
	return is_in_tree(space, rb_node_of(range), is_inactive(range));
}

bool vmr_in_space(const struct vmr_space *space, const struct vmr_range *range)
{
	return space && range && in_space(space, range);
}
EXPORT_SYMBOL_GPL(vmr_in_space);

/*
 * The lowest range that does not end below @start: it is in the way of a place
 * that begins there and reaches it, and behind one that does not
 */
static struct vmr_range *first_ending_at_or_above(const struct vmr_space *space,
						  uint64_t start)
{
	struct rb_node *rb = space_root(space);
	struct vmr_range *found = space->deferred.range;
	bool below;

	/* What was freed last is where much goes back to */
	if (found && start < found->start && found->start - start <= found->gap)
		return found;
	for (found = NULL; rb; rb = child(rb, below)) {
		below = to_range(rb)->last < start;
		found = below ? found : to_range(rb);
	}
	return found;
}

/* The place is inside the space: take it, or say what is in the way */
static int reserve_checked(struct vmr_space *space, struct vmr_range *range,
			   uint64_t start, uint64_t last,
			   struct vmr_range **conflict)
{
	struct vmr_range *next = first_ending_at_or_above(space, start);

	if (next && next->start <= last) {
		if (conflict)
			*conflict = next;
		return -EBUSY;
	}
	write_begin(space->seq);
	insert_range(space, range, start, last, next);
	write_end(space->seq);
	vmr_trace_alloc(space, range);
	return 0;
}

static int check_request(const struct vmr_request *req, uint64_t domain)
{
	if (!req->size || !is_pow2(req->align) || req->min > req->max)
		return -EINVAL;
	if (req->prefer_align && !is_pow2(req->prefer_align))
		return -EINVAL;
	switch (req->policy) {
	case VMR_FIRST:
	case VMR_LAST:
	case VMR_BEST:
		return 0;
	case VMR_EXACT:
		if (req->addr & (req->align - 1))
			return -EINVAL;
		if (req->addr > domain || req->size - 1 > domain - req->addr)
			return -EOVERFLOW;
		return 0;
	default:
		return -EINVAL;
	}
}

int vmr_alloc_bounded(struct vmr_space *space, const struct vmr_bounds *part,
		      struct vmr_range *range, const struct vmr_request *req,
		      struct vmr_range **conflict)
{
	struct gap_search s;
	uint64_t last;
	int ret;

	ret = check_request(req, part ? part->domain : VMR_ADDR_MAX);
	if (ret)
		return ret;
	if (range->node.link)
		return -EEXIST;
	s.space = space;
	s.size = req->size;
	s.min = max(req->min, part ? part->start : space->start);
	s.max = min(req->max, part ? part->last : space->last);
	if (s.min > s.max)
		return -ERANGE;
	if (req->policy == VMR_EXACT) {
		last = req->addr + (req->size - 1);
		if (req->addr < s.min || last > s.max)
			return -ERANGE;
		return reserve_checked(space, range, req->addr, last, conflict);
	}
	if (!search_space(&s, req))
		return -ENOSPC;
	write_begin(space->seq);
	insert_range(space, range, s.at, s.at + (s.size - 1), s.next);
	write_end(space->seq);
	vmr_trace_alloc(space, range);
	return 0;
}

int vmr_alloc(struct vmr_space *space, struct vmr_range *range,
	      const struct vmr_request *req, struct vmr_range **conflict)
{
	if (!space || !range || !req)
		return -EINVAL;
	return vmr_alloc_bounded(space, NULL, range, req, conflict);
}
EXPORT_SYMBOL_GPL(vmr_alloc);

int vmr_reserve(struct vmr_space *space, struct vmr_range *range,
		uint64_t start, uint64_t last, struct vmr_range **conflict)
{
	if (!space || !range || start > last)
		return -EINVAL;
	if (range->node.link)
		return -EEXIST;
	if (start < space->start || last > space->last)
		return -ERANGE;
	return reserve_checked(space, range, start, last, conflict);
}
EXPORT_SYMBOL_GPL(vmr_reserve);

/* What a range's new place asks for, before it is known to be free */
static int check_move(const struct vmr_space *space,
		      const struct vmr_range *range,
		      const struct vmr_space *to, uint64_t start)
{
	uint64_t last = start + (range->last - range->start);

	if (last < start)
		return -EOVERFLOW;
	if (vmr_range_state(range) != VMR_LIVE || !vmr_in_space(space, range))
		return -ENOENT;
	if (start < to->start || last > to->last)
		return -ERANGE;
	return 0;
}

int vmr_move(struct vmr_space *space, struct vmr_range *range, uint64_t start,
	     struct vmr_range **conflict)
{
	struct vmr_range *next;
	uint64_t last;
	int ret;

	if (!space || !range)
		return -EINVAL;
	ret = check_move(space, range, space, start);
	if (ret)
		return ret;
	last = start + (range->last - range->start);
	next = first_ending_at_or_above(space, start);
	if (next == range)
		next = vmr_next_range(range);
	if (next && next->start <= last) {
		if (conflict)
			*conflict = next;
		return -EBUSY;
	}
	if (start == range->start)
		return 0;
	vmr_trace_move(space, range, start);
	write_begin(space->seq);
	erase_range(space, range);
	insert_range(space, range, start, last, next);
	write_end(space->seq);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_move);

/* What is wrong with a step, those before it being out of their spaces */
static int check_move_op(const struct vmr_move_op *steps, size_t i)
{
	const struct vmr_move_op *s = &steps[i];
	size_t j;

	if (!s->space || !s->range || !s->to_space)
		return -EINVAL;
	if (s->space->seq != steps[0].space->seq ||
	    s->to_space->seq != steps[0].space->seq)
		return -EINVAL;
	if (!s->range->node.link)
		for (j = 0; j < i; j++)
			if (steps[j].range == s->range)
				return -EINVAL;
	return check_move(s->space, s->range, s->to_space, s->start);
}

static void insert_range_at(struct vmr_space *space, struct vmr_range *range,
			    uint64_t start)
{
	insert_range(space, range, start, start + (range->last - range->start),
		     first_starting_above(space, start));
}

int vmr_move_bulk(struct vmr_move_op *steps, size_t nr, size_t *failed,
		  struct vmr_range **conflict)
{
	struct vmr_range *blocker = NULL;
	size_t out, in = 0;
	struct vmr_seqcount *seq;
	int ret;

	if (!steps || !nr)
		return -EINVAL;
	ret = check_move_op(steps, 0);
	if (ret) {
		if (failed)
			*failed = 0;
		return ret;
	}

	seq = steps[0].space->seq;
	write_begin(seq);
	for (out = 0; out < nr; out++) {
		ret = check_move_op(steps, out);
		if (ret)
			goto undo;
		steps[out].old_start = steps[out].range->start;
		erase_range(steps[out].space, steps[out].range);
	}
	for (; in < nr; in++) {
		struct vmr_move_op *s = &steps[in];

		blocker = vmr_find_overlap(
			s->to_space, s->start,
			s->start + (s->range->last - s->range->start));
		if (blocker) {
			ret = -EBUSY;
			goto undo;
		}
		insert_range_at(s->to_space, s->range, s->start);
	}
	write_end(seq);
	vmr_trace_move_bulk(steps, nr);
	return 0;

undo:
	if (failed)
		*failed = blocker ? in : out;
	if (blocker && conflict)
		*conflict = blocker;
	while (in--)
		erase_range(steps[in].to_space, steps[in].range);
	while (out--)
		insert_range_at(steps[out].space, steps[out].range,
				steps[out].old_start);
	write_end(seq);
	return ret;
}
EXPORT_SYMBOL_GPL(vmr_move_bulk);

int vmr_free(struct vmr_space *space, struct vmr_range *range)
{
	if (!space || !range)
		return -EINVAL;
	if (!in_space(space, range)) {
		VMR_ASSERT(!range->node.link);	/* another space's */
		return -ENOENT;
	}
	write_begin(space->seq);
	erase_linked(space, range);
	write_end(space->seq);
	vmr_trace_free(space, range);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_free);

int vmr_free_at(struct vmr_space *space, uint64_t start, uint64_t size,
		struct vmr_range **freed)
{
	struct vmr_range *range;
	uint64_t last = start + (size - 1);

	if (!space || !size)
		return -EINVAL;
	if (last < start)
		return -EOVERFLOW;
	if (start < space->start || last > space->last)
		return -ERANGE;
	range = vmr_find(space, start);
	if (!range || range->start != start || range->last != last)
		return -ENOENT;
	write_begin(space->seq);
	erase_range(space, range);
	write_end(space->seq);
	vmr_trace_free(space, range);
	if (freed)
		*freed = range;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_free_at);

/*
 * Down to a leaf, though what is found may be on the way: to ask at each node
 * whether it is that one costs more than the level it would spare
 */
struct vmr_range *vmr_find_raw(const struct vmr_space *space, uint64_t addr)
{
	struct rb_node *rb =
		rcu_dereference_raw(root_of((void *)&space->root)->rb_node);
	struct vmr_range *found = NULL;
	bool right;

	while (rb) {
		right = addr >= READ_ONCE(to_range(rb)->start);
		found = right ? to_range(rb) : found;
		rb = rcu_dereference_raw(*link_of(rb, right));
	}
	return found && addr <= READ_ONCE(found->last) ? found : NULL;
}

struct vmr_range *vmr_find(const struct vmr_space *space, uint64_t addr)
{
	return space ? vmr_find_raw(space, addr) : NULL;
}
EXPORT_SYMBOL_GPL(vmr_find);

struct vmr_range *vmr_find_lockless(const struct vmr_space *space,
				    uint64_t addr, uint64_t *start,
				    uint64_t *last)
{
	struct vmr_range *range;
	uint64_t from = 0, to = 0;
	uint32_t count;

	if (!space)
		return NULL;
	do {
		count = vmr_seqcount_read_begin(space->seq);
		range = vmr_find_raw(space, addr);
		if (range) {
			from = READ_ONCE(range->start);
			to = READ_ONCE(range->last);
		}
	} while (vmr_seqcount_read_retry(space->seq, count));
	if (range && start)
		*start = from;
	if (range && last)
		*last = to;
	return range;
}
EXPORT_SYMBOL_GPL(vmr_find_lockless);

struct vmr_range *vmr_find_overlap(const struct vmr_space *space,
				   uint64_t start, uint64_t last)
{
	struct vmr_range *found;

	if (!space || start > last)
		return NULL;
	found = first_ending_at_or_above(space, start);
	return found && found->start <= last ? found : NULL;
}
EXPORT_SYMBOL_GPL(vmr_find_overlap);

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
	struct rb_node *rb = rb_next(rb_node_of(range));

	return rb ? to_range(rb) : NULL;
}
EXPORT_SYMBOL_GPL(vmr_next_range);

struct vmr_range *vmr_prev_range(const struct vmr_range *range)
{
	struct rb_node *rb = rb_prev(rb_node_of(range));

	return rb ? to_range(rb) : NULL;
}
EXPORT_SYMBOL_GPL(vmr_prev_range);

/* Any gap at all */
static struct gap_search search_any_gap(const struct vmr_space *space)
{
	propagate_deferred_const(space);
	return (struct gap_search) {
		.space = space,
		.size = 1,
		.align = 1,
		.orders = ~0ull,
		.min = space->start,
		.max = space->last,
	};
}

static bool fill_gap(const struct gap_search *s, struct vmr_range *next,
		     struct vmr_gap *gap)
{
	uint64_t lo, hi;

	if (!clip_gap(s, next, &lo, &hi))
		return false;
	gap->start = lo;
	gap->last = hi;
	gap->next = next;
	return true;
}

bool vmr_first_gap(const struct vmr_space *space, struct vmr_gap *gap)
{
	struct gap_search s = search_any_gap(space);

	return fill_gap(&s,
			has_first_gap(space) ? space->lowest :
					       first_candidate(&s, true),
			gap);
}
EXPORT_SYMBOL_GPL(vmr_first_gap);

bool vmr_next_gap(const struct vmr_space *space, struct vmr_gap *gap)
{
	struct gap_search s = search_any_gap(space);

	return gap->next &&
	       fill_gap(&s, next_candidate(&s, gap->next, true), gap);
}
EXPORT_SYMBOL_GPL(vmr_next_gap);

bool vmr_last_gap_at_or_below(const struct vmr_space *space, uint64_t addr,
			      struct vmr_gap *gap)
{
	struct gap_search s = search_any_gap(space);
	struct vmr_range *range;

	if (addr < space->start)
		return false;
	if (has_last_gap(space) && gap_start(space, NULL) <= addr)
		return fill_gap(&s, NULL, gap);
	s.max = addr;
	range = first_candidate(&s, false);
	s.max = space->last;
	if (!range && has_first_gap(space))
		range = space->lowest;
	if (!range)
		return false;
	return fill_gap(&s, range, gap);
}
EXPORT_SYMBOL_GPL(vmr_last_gap_at_or_below);

bool vmr_largest_gap(const struct vmr_space *space, struct vmr_gap *gap)
{
	struct gap_search s = search_any_gap(space);
	struct vmr_range *next = NULL, *root;
	uint64_t most;

	if (!space->root)
		return fill_gap(&s, NULL, gap);
	root = to_range(space_root(space));
	most = space->last - space->highest->last;
	if (root->subtree_orders && root->subtree_max_gap >= most) {
		most = root->subtree_max_gap;
		s.size = most;
		next = first_candidate(&s, true);
	}
	if (space->lowest->start - space->start >= most)
		next = space->lowest;
	return fill_gap(&s, next, gap);
}
EXPORT_SYMBOL_GPL(vmr_largest_gap);

struct vmr_total vmr_space_used(const struct vmr_space *space)
{
	return (struct vmr_total) {
		.low = space->used,
		.high = space->root && !space->used,
	};
}
EXPORT_SYMBOL_GPL(vmr_space_used);

struct vmr_total vmr_space_unused(const struct vmr_space *space)
{
	uint64_t size = space->last - space->start + 1;	/* modulo 2^64 */

	return (struct vmr_total) {
		.low = size - space->used,
		.high = !size && !space->root,
	};
}
EXPORT_SYMBOL_GPL(vmr_space_unused);

/* Claims */

static int make_inactive(struct vmr_space *space, struct vmr_range *range,
			 uint64_t start, uint64_t last, uint64_t flag)
{
	if (!space || !range || start > last)
		return -EINVAL;
	if (range->node.link && !vmr_in_space(space, range))
		return -EEXIST;
	if (start < space->start || last > space->last)
		return -ERANGE;
	write_begin(space->seq);
	if (range->node.link)
		erase_linked(space, range);
	insert_inactive(space, range, start, last, ++space->last_ticket | flag);
	write_end(space->seq);
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
	return make_inactive(space, range, start, last, TICKET_PARKED);
}
EXPORT_SYMBOL_GPL(vmr_park);

struct vmr_range *vmr_oldest_settleable(struct vmr_space *space, uint64_t start,
					uint64_t last)
{
	struct vmr_range *oldest = NULL, *range;

	for (range = vmr_first_claim(space, start, last); range;
	     range = vmr_next_claim(range, start, last)) {
		if (range->ticket & TICKET_PARKED ||
		    (oldest && oldest->ticket < range->ticket) ||
		    vmr_find_overlap(space, range->start, range->last))
			continue;
		oldest = range;
	}
	return oldest;
}

void vmr_settle_claim(struct vmr_space *space, struct vmr_range *range)
{
	write_begin(space->seq);
	erase_linked(space, range);
	insert_range_at(space, range, range->start);
	write_end(space->seq);
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

void vmr_restore_live(struct vmr_space *space, struct vmr_range *range,
		      uint64_t start, uint64_t last)
{
	insert_range(space, range, start, last, NULL);
}

void vmr_restore_claim(struct vmr_space *space, struct vmr_range *range,
		       uint64_t start, uint64_t last, uint64_t age)
{
	insert_inactive(space, range, start, last, age ? age : TICKET_PARKED);
	space->last_ticket = max(space->last_ticket, age);
}

/* The lowest in the subtree at @rb, which reaches @start */
static struct vmr_range *first_inactive_in_subtree(const struct rb_node *rb,
						   uint64_t start,
						   uint64_t last)
{
	while (rb && to_range(rb)->subtree_last >= start) {
		if (rb->rb_left && to_range(rb->rb_left)->subtree_last >= start)
			rb = rb->rb_left;
		else if (to_range(rb)->start > last)
			return NULL;
		else if (to_range(rb)->last < start)
			rb = rb->rb_right;
		else
			return to_range(rb);
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
	const struct rb_node *rb = rb_node_of(range), *from;

	for (;;) {
		if (rb->rb_right &&
		    to_range(rb->rb_right)->subtree_last >= start)
			return first_inactive_in_subtree(rb->rb_right, start,
							 last);
		do {
			from = rb;
			rb = rb_parent(rb);
			if (!rb)
				return NULL;
		} while (rb->rb_right == from);
		if (to_range(rb)->start > last)
			return NULL;
		if (to_range(rb)->last >= start)
			return to_range(rb);
	}
}
EXPORT_SYMBOL_GPL(vmr_next_claim);

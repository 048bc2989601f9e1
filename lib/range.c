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

#define PARKED		BIT_ULL(63)	/* in a ticket: waits for nothing */
#define TOP_ORDER	63		/* order 64 counts as 63 */

static struct vmr_range *range_of(const struct rb_node *rb)
{
	return container_of((struct vmr_node *)rb, struct vmr_range, node);
}

static struct rb_node *node_of(const struct vmr_range *range)
{
	return (struct rb_node *)&range->node;
}

static struct rb_root *root_of(struct vmr_node **root)
{
	return (struct rb_root *)root;
}

static struct rb_node *live_root(const struct vmr_space *space)
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

static bool is_claim(const struct vmr_range *range)
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
		mid = end & ~0ull << (fls64(lo ^ end) - 1); /* LCOV_EXCL_BR_LINE: not 0 */
	block = max(mid - lo, end - mid);
	return block ? fls64(block) - 1 : TOP_ORDER;
}

static inline uint64_t order_bit(const struct vmr_range *range)
{
	if (!range->gap)
		return 0;
	return 1ull << natural_order(range->start - range->gap,
				     range->start - 1);
}

/* What a node says of its subtree; whether that is news to the node above */
static bool refresh_gaps(struct vmr_range *range)
{
	const struct rb_node *below[2] = { node_of(range)->rb_left,
					   node_of(range)->rb_right };
	uint64_t max_gap = range->gap;
	uint64_t orders = order_bit(range);
	int i;

	for (i = 0; i < 2; i++) {
		if (!below[i] || !range_of(below[i])->subtree_orders)
			continue;
		max_gap = max(max_gap, range_of(below[i])->subtree_max_gap);
		orders |= range_of(below[i])->subtree_orders;
	}
	if (orders == range->subtree_orders && (!orders || max_gap == range->subtree_max_gap))
		return false;
	range->subtree_max_gap = max_gap;
	range->subtree_orders = orders;
	return true;
}

static bool refresh_reach(struct vmr_range *range)
{
	struct rb_node *left = node_of(range)->rb_left;
	struct rb_node *right = node_of(range)->rb_right;
	uint64_t reach = range->last;

	if (left)
		reach = max(reach, range_of(left)->subtree_last);
	if (right)
		reach = max(reach, range_of(right)->subtree_last);
	if (reach == range->subtree_last)
		return false;
	range->subtree_last = reach;
	return true;
}

static void gaps_propagate(struct rb_node *rb, struct rb_node *stop)
{
	while (rb != stop && refresh_gaps(range_of(rb)))
		rb = rb_parent(rb);
}

/*
 * Where there was no gap below a node, taking one out or turning the tree makes
 * none. So the children, which may be far, need no look.
 */
static void gaps_lost(struct rb_node *rb, struct rb_node *stop)
{
	while (rb != stop && range_of(rb)->subtree_orders && refresh_gaps(range_of(rb)))
		rb = rb_parent(rb);
}

/*
 * Where a gap came into a subtree and none went, those above need not ask their other
 * child, which may be far.
 */
static void gaps_gained(struct rb_node *rb, const struct rb_node *stop,
			uint64_t max_gap, uint64_t orders)
{
	struct vmr_range *range;

	for (; rb != stop; rb = rb_parent(rb)) {
		range = range_of(rb);
		if (!(orders & ~range->subtree_orders) && max_gap <= range->subtree_max_gap)
			return;
		range->subtree_max_gap = range->subtree_orders ? max(range->subtree_max_gap, max_gap) :
						 max_gap;
		range->subtree_orders |= orders;
	}
}

static void reach_propagate(struct rb_node *rb, struct rb_node *stop)
{
	while (rb != stop && refresh_reach(range_of(rb)))
		rb = rb_parent(rb);
}

/* Serves both trees: in a claim these words are @never and @reach */
static void summary_copy(struct rb_node *old, struct rb_node *new)
{
	range_of(new)->subtree_max_gap = range_of(old)->subtree_max_gap;
	range_of(new)->subtree_orders = range_of(old)->subtree_orders;
}

static void gaps_rotate(struct rb_node *old, struct rb_node *new)
{
	summary_copy(old, new);
	if (range_of(old)->subtree_orders)
		refresh_gaps(range_of(old));
}

static void reach_rotate(struct rb_node *old, struct rb_node *new)
{
	summary_copy(old, new);
	refresh_reach(range_of(old));
}

static const struct rb_augment_callbacks gaps = {
	.propagate = gaps_lost,
	.copy = summary_copy,
	.rotate = gaps_rotate,
};

static const struct rb_augment_callbacks reaches = {
	.propagate = reach_propagate,
	.copy = summary_copy,
	.rotate = reach_rotate,
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
	/* pairs with the loads in vmr_walk() */
	smp_store_release(link, rb);
}

static void erase_node(struct rb_node *rb, struct rb_root *root,
		       const struct rb_augment_callbacks *augment)
{
	rb_erase_augmented(rb, root, augment);
	rb->__rb_parent_color = 0;
	WRITE_ONCE(rb->rb_left, NULL);
	WRITE_ONCE(rb->rb_right, NULL);
	range_of(rb)->gap = 0;
	range_of(rb)->subtree_max_gap = 0;
	range_of(rb)->subtree_orders = 0;
}

static struct vmr_range *first_above(const struct vmr_space *space,
				     uint64_t addr)
{
	struct rb_node *rb = live_root(space);
	struct vmr_range *found = NULL;
	bool above;

	for (; rb; rb = child(rb, !above)) {
		above = range_of(rb)->start > addr;
		found = above ? range_of(rb) : found;
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
	struct rb_node *parent = next ? node_of(next)->rb_left : NULL;

	if (parent) {
		while (parent->rb_right)
			parent = parent->rb_right;
	} else if (next) {
		link_node(rb, node_of(next), &node_of(next)->rb_left);
		return node_of(next);
	} else if (space->highest) {
		parent = node_of(space->highest);
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
static void tell_late(struct vmr_space *space)
{
	struct vmr_range *late = space->deferred.range;

	if (!late)
		return;
	if (space->deferred.old_gap)
		gaps_propagate(rb_parent(node_of(late)), NULL);
	else
		gaps_gained(rb_parent(node_of(late)), NULL, late->subtree_max_gap,
			    late->subtree_orders);
	space->deferred.range = NULL;
}

/* A search does not change what a caller sees of the space */
static void tell_late_const(const struct vmr_space *space)
{
	tell_late((struct vmr_space *)space);
}

/* The last free has made the gap in front of @range larger: tell nobody yet */
static void grow_gap(struct vmr_space *space, struct vmr_range *range,
		     uint64_t gained)
{
	space->deferred.range = range;
	space->deferred.old_gap = range->gap;
	space->deferred.old_max_gap = range->subtree_max_gap;
	space->deferred.old_orders = range->subtree_orders;
	range->gap += gained;
	if (space->deferred.old_gap) {
		refresh_gaps(range);
	} else {
		/* Without a look at the children, which may be far */
		if (!range->subtree_orders || range->subtree_max_gap < range->gap)
			range->subtree_max_gap = range->gap;
		range->subtree_orders |= order_bit(range);
	}
}

/*
 * The gap in front of @range, @late or not, was made smaller by @new, which was
 * linked below it. Most often what a free left is filled again just so.
 */
static void shrink_gap(struct vmr_space *space, struct vmr_range *range,
		       const struct vmr_range *new)
{
	range->gap = range->start - 1 - new->last;
	if (range != space->deferred.range) {
		gaps_propagate(node_of(range), NULL);
	} else if (!new->gap && range->gap == space->deferred.old_gap) {
		range->subtree_max_gap = space->deferred.old_max_gap;
		range->subtree_orders = space->deferred.old_orders;
		space->deferred.range = NULL;
	} else {
		refresh_gaps(range);
		tell_late(space);
	}
}

/*
 * Make @range live at a place inside the gap in front of @next. All nodes above
 * are made right before the tree is balanced, as rb_insert_augmented() wants.
 */
static void insert_live(struct vmr_space *space, struct vmr_range *range,
			uint64_t start, uint64_t last, struct vmr_range *next)
{
	struct rb_node *parent;

	if (!next || space->deferred.range != next)
		tell_late(space);
	range->gap = 0;
	if (next == space->lowest)
		space->lowest = range;
	else
		range->gap = start - gap_start(space, next);
	WRITE_ONCE(range->start, start);
	WRITE_ONCE(range->last, last);
	range->subtree_max_gap = range->gap ? range->gap : space_tag(space);
	range->subtree_orders = order_bit(range);

	parent = link_before(space, node_of(range), next);
	if (range->gap)
		gaps_gained(parent, next ? node_of(next) : NULL, range->gap,
			    range->subtree_orders);
	if (next)
		shrink_gap(space, next, range);
	else
		space->highest = range;
	rb_insert_augmented(node_of(range), root_of(&space->root), &gaps);
	space->used += last - start + 1;
	space->nr_ranges++;
}

/*
 * Who remembers where the range was is not to believe it any more, once it can have
 * seen that the section is closed. The era goes before the count.
 */
static void depart(struct vmr_generations *departures,
		   const struct vmr_range *range)
{
	uint32_t *count = &departures->gen[vmr_generation_slot(range)];

	if (!((*count + 1) % (1u << 26))) {
		WRITE_ONCE(departures->rollover, departures->rollover + 1);
		smp_wmb();	/* pairs with the one in ask_hint() */
	}
	WRITE_ONCE(*count, *count + 1);
}

static void erase_live(struct vmr_space *space, struct vmr_range *range)
{
	struct vmr_range *next = vmr_next_range(range);
	uint64_t length = range->last - range->start + 1;
	uint64_t gained = range->gap + length;

	if (space->seq->generations)
		depart(space->seq->generations, range);
	if (!next)
		space->highest = vmr_prev_range(range);
	tell_late(space);
	erase_node(node_of(range), root_of(&space->root), &gaps);
	if (range == space->lowest) {
		space->lowest = next;
		if (next) {
			next->gap = 0;
			gaps_lost(node_of(next), NULL);
		}
	} else if (next) {
		grow_gap(space, next, gained);
	}
	space->used -= length;
	space->nr_ranges--;
}

static void insert_claim(struct vmr_space *space, struct vmr_range *range,
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
		link = start < range_of(parent)->start ? &parent->rb_left :
							 &parent->rb_right;
	}
	link_node(node_of(range), parent, link);
	reach_propagate(parent, NULL);
	rb_insert_augmented(node_of(range), root_of(&space->claims), &reaches);
	space->nr_claims++;
}

/* Take a linked range out of whichever tree it is in */
static void remove_any(struct vmr_space *space, struct vmr_range *range)
{
	if (!is_claim(range)) {
		erase_live(space, range);
		return;
	}
	erase_node(node_of(range), root_of(&space->claims), &reaches);
	space->nr_claims--;
}

/*
 * The search for a place
 */

struct search {
	const struct vmr_space	*space;
	uint64_t		size;
	uint64_t		align;
	uint64_t		min;	/* inside the space */
	uint64_t		max;
	uint64_t		orders;	/* of the gaps worth a look */
	bool			soft;	/* keep off parked ranges too */
	bool			one_order;	/* @orders is one, and none will do else */
	uint64_t		at;	/* the place found */
	struct vmr_range	*next;	/* and the range behind its gap */
};

/*
 * The lowest order that a gap for the request can have: @size addresses anywhere
 * contain an aligned block of about half of that, and an aligned start followed
 * by @size addresses contains one of the lesser of the two.
 */
static unsigned int least_order(uint64_t size, /* LCOV_EXCL_BR_LINE: not 0 */
				uint64_t align)
{
	unsigned int log = fls64(size) - 1;
	unsigned int any = size & (size + 1) ? log - 1 : log;

	return max(any, min(log, (unsigned int)fls64(align) - 1)); /* LCOV_EXCL_BR_LINE: not 0 */
}

static bool worth(const struct search *s, const struct rb_node *rb)
{
	return rb && (range_of(rb)->subtree_orders & s->orders) &&
	       range_of(rb)->subtree_max_gap >= s->size;
}

/* The node's own gap: whether the request fits into it, bounds and claims aside */
static bool own_worth(const struct search *s, const struct rb_node *rb)
{
	uint64_t gap = range_of(rb)->gap;
	uint64_t lo = range_of(rb)->start - gap;

	return gap >= s->size && gap - s->size >= (-lo & (s->align - 1)) &&
	       (!s->one_order || (order_bit(range_of(rb)) & s->orders));
}

/* Whether no address of a node's gap is within the bounds, nor any before it */
static bool before(const struct search *s, const struct vmr_range *range,
		   bool up)
{
	return up ? range->start <= s->min : range->start - range->gap > s->max;
}

/*
 * The next node behind @rb (with @into: in the subtree at @rb), going up or down by
 * address, whose own gap is worth a look and within the bounds in part
 */
static struct vmr_range *walk(const struct search *s, struct rb_node *rb,
			      bool into, bool up)
{
	struct rb_node *from = rb;

	/* Behind the bounds this way is before them the other way */
	while (into || !before(s, range_of(rb), !up)) {
		if (!into)
			from = child(rb, up);
		into = false;
		if (worth(s, from)) {
			rb = from;
			while (!before(s, range_of(rb), up) &&
			       worth(s, child(rb, !up)))
				rb = child(rb, !up);
		} else {
			do {
				from = rb;
				rb = rb_parent(rb);
				if (!rb)
					return NULL;
			} while (child(rb, up) == from);
		}
		if (own_worth(s, rb) && !before(s, range_of(rb), up))
			return before(s, range_of(rb), !up) ? NULL : range_of(rb);
	}
	return NULL;
}

static struct vmr_range *first_worth(const struct search *s, bool up)
{
	struct rb_node *root = live_root(s->space);

	return worth(s, root) ? walk(s, root, true, up) : NULL;
}

static struct vmr_range *next_worth(const struct search *s,
				    const struct vmr_range *range, bool up)
{
	return walk(s, node_of(range), false, up);
}

/* A claimed range, or a parked one if that is to be kept off too */
static struct vmr_range *avoided(const struct search *s, uint64_t start,
				 uint64_t last)
{
	struct vmr_range *range = vmr_first_claim(s->space, start, last);

	while (range && !s->soft && (range->ticket & PARKED))
		range = vmr_next_claim(range, start, last);
	return range;
}

/* The gap in front of @next, cut to the bounds; false if nothing is left */
static inline bool cut_gap(const struct search *s,
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
static inline bool try_gap(struct search *s, struct vmr_range *next, bool up)
{
	struct vmr_range *in_way;
	uint64_t lo, hi, at;

	if (!cut_gap(s, next, &lo, &hi))
		return false;
	do {
		if (hi - lo < s->size - 1)
			return false;
		at = up ? lo + (s->align - 1) : hi - (s->size - 1);
		at &= ~(s->align - 1);
		if (at < lo || at > hi - (s->size - 1))
			return false;
		in_way = s->space->nr_claims ?
			 avoided(s, at, at + s->size - 1) : NULL;
		if (!in_way) {
			s->at = at;
			s->next = next;
			return true;
		}
		if (up ? in_way->last == VMR_ADDR_MAX : in_way->start == 0)
			return false;
		if (up)
			lo = in_way->last + 1;
		else
			hi = in_way->start - 1;
	} while (lo <= hi);
	return false;
}

static inline bool fit_in_tree(struct search *s, bool up)
{
	struct vmr_range *range;

	for (range = first_worth(s, up); range; range = next_worth(s, range, up))
		if (try_gap(s, range, up))
			return true;
	return false;
}

/*
 * The gaps at the ends and the one that the tree has not been told of are tried by
 * themselves. Where the late one will do, only what lies before it is better.
 */
static bool fit_next(struct search *s, bool up)
{
	const struct vmr_space *space = s->space;
	bool found = false;

	if (up ? has_first_gap(space) && try_gap(s, space->lowest, up) :
		 has_last_gap(space) && try_gap(s, NULL, up))
		return true;
	if (space->deferred.range && try_gap(s, space->deferred.range, up)) {
		found = true;
		if (up)
			s->max = s->at;
		else
			s->min = s->at;
	}
	return fit_in_tree(s, up) || found ||
	       try_gap(s, up ? NULL : space->lowest, up);
}

/* The order of what the bounds leave of a gap, as a bit; 0 if nothing */
static uint64_t cut_order(const struct search *s, const struct vmr_range *next)
{
	uint64_t lo, hi;

	if (!cut_gap(s, next, &lo, &hi))
		return 0;
	return 1ull << natural_order(lo, hi);
}

/*
 * One order after the other. What a bound cuts off makes a gap's order a lower one
 * than the tree knows; those at the ends and the late one it does not know at all.
 * So these are asked for one by one.
 */
static bool fit_best(struct search *s)
{
	const struct vmr_space *space = s->space;
	uint64_t wanted = s->orders, least = wanted & -wanted;
	uint64_t order[5], left = 0;
	struct vmr_range *odd[5] = { NULL };
	unsigned int first = 1, nr = 1, i;
	bool found;

	if (has_first_gap(space))
		odd[nr++] = space->lowest;
	if (space->deferred.range)
		odd[nr++] = space->deferred.range;
	if (s->min > space->start)
		odd[nr++] = first_above(space, s->min);
	if (s->max < space->last)
		odd[nr++] = first_above(space, s->max);
	if (space->root)
		left = range_of(live_root(space))->subtree_orders;
	for (i = first; i < nr; i++) {
		order[i] = cut_order(s, odd[i]);
		left |= order[i];
	}

	s->one_order = true;
	for (left &= wanted; ; left &= ~s->orders) {
		/* No gap in front of the last one has the least order */
		if (first && !(left & least)) {
			first = 0;
			order[0] = cut_order(s, NULL);
			left |= order[0] & wanted;
		}
		if (!left)
			return false;
		s->orders = left & -left;
		found = fit_in_tree(s, true);
		for (i = first; i < nr; i++) {
			if (found)
				s->max = s->at;
			if (order[i] == s->orders && try_gap(s, odd[i], true))
				found = true;
		}
		if (found)
			return true;
	}
}

static bool fit_aligned(struct search *s, enum vmr_policy policy,
			uint64_t align)
{
	s->align = align;
	s->one_order = false;
	s->orders = is_pow2(s->size) && align >= s->size ?
		    -s->size : ~0ull << least_order(s->size, align);
	return policy == VMR_BEST ? fit_best(s) :
				    fit_next(s, policy == VMR_FIRST);
}

static inline bool fit(struct search *s, const struct vmr_request *req)
{
	return (req->prefer_align > req->align &&
		fit_aligned(s, req->policy, req->prefer_align)) ||
	       fit_aligned(s, req->policy, req->align);
}

/* Parked places are given away only where nothing else is left */
static bool find_place(struct search *s, const struct vmr_request *req)
{
	s->soft = true;
	if (fit(s, req))
		return true;
	s->soft = false;
	return s->space->nr_claims && fit(s, req);
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
	smp_wmb();	/* pairs with the one in vmr_seqcount_read_retry() */
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
	if (!is_claim(range))
		return VMR_LIVE;
	return range->ticket & PARKED ? VMR_PARKED : VMR_CLAIMED;
}
EXPORT_SYMBOL_GPL(vmr_range_state);

static bool leads_to_root(const struct vmr_space *space,
			  const struct rb_node *rb, bool claim)
{
	const struct rb_node *up;

	while ((up = rb_parent(rb)))
		rb = up;
	return rb == (const struct rb_node *)(claim ? space->claims :
						      space->root);
}

static inline bool in_space(const struct vmr_space *space,
			    const struct vmr_range *range)
{
	if (!range->node.link)
		return false;
	if (!is_claim(range) && !range->subtree_orders && range->subtree_max_gap)
		return range->subtree_max_gap == space_tag(space);
	return leads_to_root(space, node_of(range), is_claim(range));
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
static struct vmr_range *first_not_below(const struct vmr_space *space,
					 uint64_t start)
{
	struct rb_node *rb = live_root(space);
	struct vmr_range *found = space->deferred.range;
	bool below;

	/* What was freed last is where much goes back to */
	if (found && start < found->start && found->start - start <= found->gap)
		return found;
	for (found = NULL; rb; rb = child(rb, below)) {
		below = range_of(rb)->last < start;
		found = below ? found : range_of(rb);
	}
	return found;
}

/* The place is inside the space: take it, or say what is in the way */
static int take(struct vmr_space *space, struct vmr_range *range,
		uint64_t start, uint64_t last, struct vmr_range **conflict)
{
	struct vmr_range *next = first_not_below(space, start);

	if (next && next->start <= last) {
		if (conflict)
			*conflict = next;
		return -EBUSY;
	}
	write_begin(space->seq);
	insert_live(space, range, start, last, next);
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

int vmr_alloc_in(struct vmr_space *space, const struct vmr_part *part,
		 struct vmr_range *range, const struct vmr_request *req,
		 struct vmr_range **conflict)
{
	struct search s;
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
		return take(space, range, req->addr, last, conflict);
	}
	if (!find_place(&s, req))
		return -ENOSPC;
	write_begin(space->seq);
	insert_live(space, range, s.at, s.at + (s.size - 1), s.next);
	write_end(space->seq);
	vmr_trace_alloc(space, range);
	return 0;
}

int vmr_alloc(struct vmr_space *space, struct vmr_range *range,
	      const struct vmr_request *req, struct vmr_range **conflict)
{
	if (!space || !range || !req)
		return -EINVAL;
	return vmr_alloc_in(space, NULL, range, req, conflict);
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
	return take(space, range, start, last, conflict);
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
	next = first_not_below(space, start);
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
	erase_live(space, range);
	insert_live(space, range, start, last, next);
	write_end(space->seq);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_move);

/* What is wrong with a step, those before it being out of their spaces */
static int check_step(const struct vmr_move_op *steps, size_t i)
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

static void put(struct vmr_space *space, struct vmr_range *range,
		uint64_t start)
{
	insert_live(space, range, start, start + (range->last - range->start),
		    first_above(space, start));
}

int vmr_move_bulk(struct vmr_move_op *steps, size_t nr, size_t *failed,
		 struct vmr_range **conflict)
{
	struct vmr_range *in_way = NULL;
	size_t out, in = 0;
	struct vmr_seqcount *seq;
	int ret;

	if (!steps || !nr)
		return -EINVAL;
	ret = check_step(steps, 0);
	if (ret) {
		if (failed)
			*failed = 0;
		return ret;
	}

	seq = steps[0].space->seq;
	write_begin(seq);
	for (out = 0; out < nr; out++) {
		ret = check_step(steps, out);
		if (ret)
			goto undo;
		steps[out].old_start = steps[out].range->start;
		erase_live(steps[out].space, steps[out].range);
	}
	for (; in < nr; in++) {
		struct vmr_move_op *s = &steps[in];

		in_way = vmr_find_overlap(s->to_space, s->start, s->start +
					  (s->range->last - s->range->start));
		if (in_way) {
			ret = -EBUSY;
			goto undo;
		}
		put(s->to_space, s->range, s->start);
	}
	write_end(seq);
	vmr_trace_move_bulk(steps, nr);
	return 0;

undo:
	if (failed)
		*failed = in_way ? in : out;
	if (in_way && conflict)
		*conflict = in_way;
	while (in--)
		erase_live(steps[in].to_space, steps[in].range);
	while (out--)
		put(steps[out].space, steps[out].range, steps[out].old_start);
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
	remove_any(space, range);
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
	erase_live(space, range);
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
struct vmr_range *vmr_walk(const struct vmr_space *space, uint64_t addr)
{
	struct rb_node *rb =
		rcu_dereference_raw(root_of((void *)&space->root)->rb_node);
	struct vmr_range *found = NULL;
	bool right;

	while (rb) {
		right = addr >= READ_ONCE(range_of(rb)->start);
		found = right ? range_of(rb) : found;
		rb = rcu_dereference_raw(*link_of(rb, right));
	}
	return found && addr <= READ_ONCE(found->last) ? found : NULL;
}

struct vmr_range *vmr_find(const struct vmr_space *space, uint64_t addr)
{
	return space ? vmr_walk(space, addr) : NULL;
}
EXPORT_SYMBOL_GPL(vmr_find);

struct vmr_range *vmr_find_lockless(const struct vmr_space *space, uint64_t addr,
			     uint64_t *start, uint64_t *last)
{
	struct vmr_range *range;
	uint64_t from = 0, to = 0;
	uint32_t count;

	if (!space)
		return NULL;
	do {
		count = vmr_seqcount_read_begin(space->seq);
		range = vmr_walk(space, addr);
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
	found = first_not_below(space, start);
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
	struct rb_node *rb = rb_next(node_of(range));

	return rb ? range_of(rb) : NULL;
}
EXPORT_SYMBOL_GPL(vmr_next_range);

struct vmr_range *vmr_prev_range(const struct vmr_range *range)
{
	struct rb_node *rb = rb_prev(node_of(range));

	return rb ? range_of(rb) : NULL;
}
EXPORT_SYMBOL_GPL(vmr_prev_range);

/* Any gap at all */
static struct search any_gap(const struct vmr_space *space)
{
	tell_late_const(space);
	return (struct search) {
		.space = space, .size = 1, .align = 1, .orders = ~0ull,
		.min = space->start, .max = space->last,
	};
}

static bool report_gap(const struct search *s, struct vmr_range *next,
		       struct vmr_gap *gap)
{
	uint64_t lo, hi;

	if (!cut_gap(s, next, &lo, &hi))
		return false;
	gap->start = lo;
	gap->last = hi;
	gap->next = next;
	return true;
}

bool vmr_first_gap(const struct vmr_space *space, struct vmr_gap *gap)
{
	struct search s = any_gap(space);

	return report_gap(&s, has_first_gap(space) ? space->lowest :
						     first_worth(&s, true), gap);
}
EXPORT_SYMBOL_GPL(vmr_first_gap);

bool vmr_next_gap(const struct vmr_space *space, struct vmr_gap *gap)
{
	struct search s = any_gap(space);

	return gap->next &&
	       report_gap(&s, next_worth(&s, gap->next, true), gap);
}
EXPORT_SYMBOL_GPL(vmr_next_gap);

bool vmr_last_gap_at_or_below(const struct vmr_space *space, uint64_t addr,
		   struct vmr_gap *gap)
{
	struct search s = any_gap(space);
	struct vmr_range *range;

	if (addr < space->start)
		return false;
	if (has_last_gap(space) && gap_start(space, NULL) <= addr)
		return report_gap(&s, NULL, gap);
	s.max = addr;
	range = first_worth(&s, false);
	s.max = space->last;
	if (!range && has_first_gap(space))
		range = space->lowest;
	if (!range)
		return false;
	return report_gap(&s, range, gap);
}
EXPORT_SYMBOL_GPL(vmr_last_gap_at_or_below);

bool vmr_largest_gap(const struct vmr_space *space, struct vmr_gap *gap)
{
	struct search s = any_gap(space);
	struct vmr_range *next = NULL, *root;
	uint64_t most;

	if (!space->root)
		return report_gap(&s, NULL, gap);
	root = range_of(live_root(space));
	most = space->last - space->highest->last;
	if (root->subtree_orders && root->subtree_max_gap >= most) {
		most = root->subtree_max_gap;
		s.size = most;
		next = first_worth(&s, true);
	}
	if (space->lowest->start - space->start >= most)
		next = space->lowest;
	return report_gap(&s, next, gap);
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

static int set_aside(struct vmr_space *space, struct vmr_range *range,
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
		remove_any(space, range);
	insert_claim(space, range, start, last, ++space->last_ticket | flag);
	write_end(space->seq);
	vmr_trace_claim(space, range);
	return 0;
}

int vmr_claim(struct vmr_space *space, struct vmr_range *range, uint64_t start,
	      uint64_t last)
{
	return set_aside(space, range, start, last, 0);
}
EXPORT_SYMBOL_GPL(vmr_claim);

int vmr_park(struct vmr_space *space, struct vmr_range *range, uint64_t start,
	     uint64_t last)
{
	return set_aside(space, range, start, last, PARKED);
}
EXPORT_SYMBOL_GPL(vmr_park);

struct vmr_range *vmr_settle_next(struct vmr_space *space, uint64_t start,
				  uint64_t last)
{
	struct vmr_range *oldest = NULL, *range;

	for (range = vmr_first_claim(space, start, last); range;
	     range = vmr_next_claim(range, start, last)) {
		if (range->ticket & PARKED ||
		    (oldest && oldest->ticket < range->ticket) ||
		    vmr_find_overlap(space, range->start, range->last))
			continue;
		oldest = range;
	}
	return oldest;
}

void vmr_settle_take(struct vmr_space *space, struct vmr_range *range)
{
	write_begin(space->seq);
	remove_any(space, range);
	put(space, range, range->start);
	write_end(space->seq);
	vmr_trace_settle(space, range);
}

struct vmr_range *vmr_settle(struct vmr_space *space, uint64_t start,
			     uint64_t last)
{
	struct vmr_range *range = vmr_settle_next(space, start, last);

	if (range)
		vmr_settle_take(space, range);
	return range;
}
EXPORT_SYMBOL_GPL(vmr_settle);

void vmr_restore_live(struct vmr_space *space, struct vmr_range *range,
		      uint64_t start, uint64_t last)
{
	insert_live(space, range, start, last, NULL);
}

void vmr_restore_claim(struct vmr_space *space, struct vmr_range *range,
		       uint64_t start, uint64_t last, uint64_t age)
{
	insert_claim(space, range, start, last, age ? age : PARKED);
	space->last_ticket = max(space->last_ticket, age);
}

/* The lowest in the subtree at @rb, which reaches @start */
static struct vmr_range *lowest_claim(const struct rb_node *rb, uint64_t start,
				      uint64_t last)
{
	while (rb && range_of(rb)->subtree_last >= start) {
		if (rb->rb_left && range_of(rb->rb_left)->subtree_last >= start)
			rb = rb->rb_left;
		else if (range_of(rb)->start > last)
			return NULL;
		else if (range_of(rb)->last < start)
			rb = rb->rb_right;
		else
			return range_of(rb);
	}
	return NULL;
}

struct vmr_range *vmr_first_claim(const struct vmr_space *space, uint64_t start,
				  uint64_t last)
{
	if (!space || start > last)
		return NULL;
	return lowest_claim((const struct rb_node *)space->claims, start, last);
}
EXPORT_SYMBOL_GPL(vmr_first_claim);

struct vmr_range *vmr_next_claim(const struct vmr_range *range, uint64_t start,
				 uint64_t last)
{
	const struct rb_node *rb = node_of(range), *from;

	for (;;) {
		if (rb->rb_right && range_of(rb->rb_right)->subtree_last >= start)
			return lowest_claim(rb->rb_right, start, last);
		do {
			from = rb;
			rb = rb_parent(rb);
			if (!rb)
				return NULL;
		} while (rb->rb_right == from);
		if (range_of(rb)->start > last)
			return NULL;
		if (range_of(rb)->last >= start)
			return range_of(rb);
	}
}
EXPORT_SYMBOL_GPL(vmr_next_claim);

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * range.c - the engine: one tree that allocates and routes
 *
 * Live ranges are in an rbtree ordered by address. Each node carries the gap in
 * front of it and, for its subtree, the largest gap and a mask of the natural
 * orders of all gaps. The gap behind the last range is the space's own.
 *
 * The order of a gap is what a search steers by. A gap holds a naturally aligned
 * block of 2^k exactly if its order is at least k, so for such a block a subtree
 * whose mask has bit k or a higher one has a place, and the descent never turns
 * back. For other requests the mask and the largest gap tell what is worth a
 * look.
 *
 * What is freed is often allocated again at once. So the gap that a free leaves is
 * told to the nodes above only before the tree is changed or searched in another
 * way; until then the space remembers the one node that it is in front of. That
 * node itself knows; those above are as if its gap had not grown.
 *
 * Claimed and parked ranges are in a tree of their own, ordered by the wanted
 * address, with the highest end in each subtree.
 */
#include "internal.h"

#define PARKED		BIT_ULL(63)	/* in a ticket: waits for nothing */
#define MAX_ORDER	63		/* order 64 counts as 63 */

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

static bool is_claim(const struct vmr_range *range)
{
	return range->gap > range->max_gap;
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
		mid = end & ~0ull << (fls64(lo ^ end) - 1);
	block = max(mid - lo, end - mid);
	return block ? fls64(block) - 1 : MAX_ORDER;
}

static uint64_t order_bit(const struct vmr_range *range)
{
	if (!range->gap)
		return 0;
	return 1ull << natural_order(range->start - range->gap,
				     range->start - 1);
}

/* What a node says of its subtree; whether that is news to the node above */
static bool refresh_gaps(struct vmr_range *range)
{
	struct rb_node *child[2] = { node_of(range)->rb_left,
				     node_of(range)->rb_right };
	uint64_t max_gap = range->gap;
	uint64_t orders = order_bit(range);
	int i;

	for (i = 0; i < 2; i++) {
		if (!child[i])
			continue;
		max_gap = max(max_gap, range_of(child[i])->max_gap);
		orders |= range_of(child[i])->orders;
	}
	if (max_gap == range->max_gap && orders == range->orders)
		return false;
	range->max_gap = max_gap;
	range->orders = orders;
	return true;
}

static bool refresh_reach(struct vmr_range *range)
{
	struct rb_node *left = node_of(range)->rb_left;
	struct rb_node *right = node_of(range)->rb_right;
	uint64_t reach = range->last;

	if (left)
		reach = max(reach, range_of(left)->reach);
	if (right)
		reach = max(reach, range_of(right)->reach);
	if (reach == range->reach)
		return false;
	range->reach = reach;
	return true;
}

static void gaps_propagate(struct rb_node *rb, struct rb_node *stop)
{
	while (rb != stop && refresh_gaps(range_of(rb)))
		rb = rb_parent(rb);
}

static void reach_propagate(struct rb_node *rb, struct rb_node *stop)
{
	while (rb != stop && refresh_reach(range_of(rb)))
		rb = rb_parent(rb);
}

/* Serves both trees: in a claim these words are @never and @reach */
static void summary_copy(struct rb_node *old, struct rb_node *new)
{
	range_of(new)->max_gap = range_of(old)->max_gap;
	range_of(new)->orders = range_of(old)->orders;
}

static void gaps_rotate(struct rb_node *old, struct rb_node *new)
{
	summary_copy(old, new);
	refresh_gaps(range_of(old));
}

static void reach_rotate(struct rb_node *old, struct rb_node *new)
{
	summary_copy(old, new);
	refresh_reach(range_of(old));
}

static const struct rb_augment_callbacks gaps = {
	.propagate = gaps_propagate,
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
	range_of(rb)->max_gap = 0;
	range_of(rb)->orders = 0;
}

static struct vmr_range *first_above(const struct vmr_space *space,
				     uint64_t addr)
{
	struct rb_node *rb = live_root(space);
	struct vmr_range *found = NULL;

	while (rb) {
		if (range_of(rb)->start > addr) {
			found = range_of(rb);
			rb = rb->rb_left;
		} else {
			rb = rb->rb_right;
		}
	}
	return found;
}

/* First address of the gap in front of @next, which is NULL for the last gap */
static uint64_t gap_start(const struct vmr_space *space,
			  const struct vmr_range *next)
{
	if (next)
		return next->start - next->gap;
	return space->root ? space->top + 1 : space->start;
}

static bool has_last_gap(const struct vmr_space *space)
{
	return !space->root || space->top < space->last;
}

/* Link a new leaf in front of @next; no node of the tree is in between */
static struct rb_node *link_before(struct vmr_space *space, struct rb_node *rb,
				   struct rb_node *next)
{
	struct rb_node *parent = next ? next->rb_left : live_root(space);

	if (!parent) {
		link_node(rb, next, next ? &next->rb_left :
					   &root_of(&space->root)->rb_node);
		return next;
	}
	while (parent->rb_right)
		parent = parent->rb_right;
	link_node(rb, parent, &parent->rb_right);
	return parent;
}

/* Tell the nodes above of the gap that the last free left */
static void tell_late(struct vmr_space *space)
{
	if (!space->late)
		return;
	gaps_propagate(rb_parent(node_of(space->late)), NULL);
	space->late = NULL;
}

/* A search does not change what a caller sees of the space */
static void tell_late_const(const struct vmr_space *space)
{
	tell_late((struct vmr_space *)space);
}

/*
 * Make @range live at a place inside the gap in front of @next. All nodes above
 * are made right before the tree is balanced, as rb_insert_augmented() wants.
 */
static void insert_live(struct vmr_space *space, struct vmr_range *range,
			uint64_t start, uint64_t last, struct vmr_range *next)
{
	struct rb_node *above = next ? node_of(next) : NULL;
	struct rb_node *parent;
	bool was_late = false;

	if (next && space->late == next)
		was_late = true;
	else
		tell_late(space);
	range->gap = start - gap_start(space, next);
	WRITE_ONCE(range->start, start);
	WRITE_ONCE(range->last, last);
	range->max_gap = range->gap;
	range->orders = order_bit(range);
	if (next)
		next->gap = next->start - 1 - last;
	else
		space->top = last;

	parent = link_before(space, node_of(range), above);
	gaps_propagate(parent, above);
	if (was_late) {
		/* Whether or not this is news to it, it is to those above */
		refresh_gaps(next);
		tell_late(space);
	} else {
		gaps_propagate(above, NULL);
	}
	rb_insert_augmented(node_of(range), root_of(&space->root), &gaps);
	space->used += last - start + 1;
	space->nr_ranges++;
}

static void erase_live(struct vmr_space *space, struct vmr_range *range)
{
	struct vmr_range *next = vmr_next_range(range);
	struct vmr_range *prev;
	uint64_t gained = range->gap + (range->last - range->start) + 1;

	if (!next) {
		prev = vmr_prev_range(range);
		space->top = prev ? prev->last : 0;
	}
	tell_late(space);
	erase_node(node_of(range), root_of(&space->root), &gaps);
	if (next) {
		next->gap += gained;
		if (refresh_gaps(next))
			space->late = next;
	}
	space->used -= range->last - range->start + 1;
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
	range->never = 0;
	range->reach = last;
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

/* Take a range out of whichever tree it is in */
static void remove_any(struct vmr_space *space, struct vmr_range *range)
{
	switch (vmr_range_state(range)) {
	case VMR_FREE:
		break;
	case VMR_LIVE:
		erase_live(space, range);
		break;
	default:
		erase_node(node_of(range), root_of(&space->claims), &reaches);
		space->nr_claims--;
	}
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
	uint64_t		at;	/* the place found */
	struct vmr_range	*next;	/* and the range behind its gap */
};

/*
 * The lowest order that a gap for the request can have: @size addresses anywhere
 * contain an aligned block of about half of that, and an aligned start followed
 * by @size addresses contains one of the lesser of the two.
 */
static unsigned int least_order(uint64_t size, uint64_t align)
{
	unsigned int log = fls64(size) - 1;
	unsigned int any = (size & (size + 1)) && log ? log - 1 : log;

	return max(any, min(log, (unsigned int)fls64(align) - 1));
}

static bool worth(const struct search *s, const struct rb_node *rb)
{
	return rb && range_of(rb)->max_gap >= s->size &&
	       (range_of(rb)->orders & s->orders);
}

static bool own_worth(const struct search *s, const struct rb_node *rb)
{
	return range_of(rb)->gap >= s->size &&
	       (order_bit(range_of(rb)) & s->orders);
}

static struct rb_node *child(const struct rb_node *rb, bool right)
{
	return right ? rb->rb_right : rb->rb_left;
}

/* The next node, going up or down by address, whose own gap is worth a look */
static struct vmr_range *step(const struct search *s, struct rb_node *rb,
			      bool up)
{
	struct rb_node *from;

	do {
		from = child(rb, up);
		if (worth(s, from)) {
			for (rb = from; worth(s, child(rb, !up)); )
				rb = child(rb, !up);
			continue;
		}
		do {
			from = rb;
			rb = rb_parent(rb);
			if (!rb)
				return NULL;
		} while (child(rb, up) == from);
	} while (!own_worth(s, rb));
	return range_of(rb);
}

/* The first such node of all, from the lowest or highest address */
static struct vmr_range *begin(const struct search *s, bool up)
{
	struct rb_node *rb = live_root(s->space);

	if (!worth(s, rb))
		return NULL;
	while (worth(s, child(rb, !up)))
		rb = child(rb, !up);
	return own_worth(s, rb) ? range_of(rb) : step(s, rb, up);
}

static struct vmr_range *advance(const struct search *s,
				 struct vmr_range *range, bool up)
{
	return range ? step(s, node_of(range), up) : begin(s, up);
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

/* Place the request in [lo, hi], from the bottom or from the top */
static bool place(struct search *s, uint64_t lo, uint64_t hi, bool up)
{
	struct vmr_range *in_way;
	uint64_t at;

	while (lo <= hi && hi - lo >= s->size - 1) {
		if (up) {
			at = (lo + s->align - 1) & ~(s->align - 1);
			if (at < lo || at > hi || hi - at < s->size - 1)
				return false;
		} else {
			at = (hi - (s->size - 1)) & ~(s->align - 1);
			if (at < lo)
				return false;
		}
		in_way = avoided(s, at, at + s->size - 1);
		if (!in_way) {
			s->at = at;
			return true;
		}
		if (up ? in_way->last == VMR_MAX : in_way->start == 0)
			return false;
		if (up)
			lo = in_way->last + 1;
		else
			hi = in_way->start - 1;
	}
	return false;
}

/* The gap in front of @next, cut to the bounds; false if nothing is left */
static bool cut_gap(const struct search *s, const struct vmr_range *next,
		    uint64_t *lo, uint64_t *hi)
{
	if (next ? !next->gap : !has_last_gap(s->space))
		return false;
	*lo = max(gap_start(s->space, next), s->min);
	*hi = min(next ? next->start - 1 : s->space->last, s->max);
	return *lo <= *hi;
}

static bool try_gap(struct search *s, struct vmr_range *next, bool up)
{
	uint64_t lo, hi;

	if (!cut_gap(s, next, &lo, &hi) || !place(s, lo, hi, up))
		return false;
	s->next = next;
	return true;
}

/* The gap that the tree has not been told of may be the better one */
static bool fit_late(struct search *s, bool found, bool up)
{
	struct search late = *s;

	if (!late.space->late || !try_gap(&late, late.space->late, up) ||
	    (found && (up ? s->at < late.at : s->at > late.at)))
		return found;
	*s = late;
	return true;
}

static bool fit_first(struct search *s)
{
	struct vmr_range *range = NULL;

	if (s->min > s->space->start) {
		range = first_above(s->space, s->min);
		if (!range)
			return try_gap(s, NULL, true);
		if (try_gap(s, range, true))
			return true;
	}
	while ((range = advance(s, range, true)) &&
	       gap_start(s->space, range) <= s->max)
		if (try_gap(s, range, true))
			return true;
	return !range && try_gap(s, NULL, true);
}

static bool fit_last(struct search *s)
{
	struct vmr_range *range = NULL;

	if (try_gap(s, NULL, false))
		return true;
	if (s->space->root && s->max < s->space->top) {
		range = first_above(s->space, s->max);
		if (range && try_gap(s, range, false))
			return true;
	}
	while ((range = advance(s, range, false)) && range->start > s->min)
		if (try_gap(s, range, false))
			return true;
	return false;
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
 * The lowest gap of one order that will do. Only the gaps that a bound cuts, in
 * front of @low and of @high, have another order than the tree knows.
 */
static bool fit_order(struct search *s, struct vmr_range *low,
		      struct vmr_range *high)
{
	struct vmr_range *range = low;

	if (low && cut_order(s, low) == s->orders && try_gap(s, low, true))
		return true;
	while ((!low || low != high) && (range = advance(s, range, true)) &&
	       range != high && gap_start(s->space, range) <= s->max)
		if (try_gap(s, range, true))
			return true;
	if (high && high != low && cut_order(s, high) == s->orders &&
	    try_gap(s, high, true))
		return true;
	return cut_order(s, NULL) == s->orders && try_gap(s, NULL, true);
}

static bool fit_best(struct search *s)
{
	const struct vmr_space *space = s->space;
	struct vmr_range *low = NULL, *high = NULL;
	uint64_t left = cut_order(s, NULL);
	bool only_last_gap = !space->root, found;

	if (space->root && s->min > space->start) {
		low = first_above(space, s->min);
		only_last_gap = !low;
	}
	if (space->root && s->max < space->top)
		high = first_above(space, s->max);
	if (!only_last_gap)
		left |= range_of(live_root(space))->orders;
	if (low)
		left |= cut_order(s, low);
	if (high)
		left |= cut_order(s, high);
	if (space->late)
		left |= cut_order(s, space->late);

	for (left &= s->orders; left; left &= left - 1) {
		s->orders = left & -left;
		found = only_last_gap ? try_gap(s, NULL, true) :
					fit_order(s, low, high);
		if (space->late && cut_order(s, space->late) == s->orders)
			found = fit_late(s, found, true);
		if (found)
			return true;
	}
	return false;
}

static bool fit(struct search *s, enum vmr_policy policy, uint64_t align,
		bool soft)
{
	s->align = align;
	s->orders = ~0ull << least_order(s->size, align);
	s->soft = soft;
	switch (policy) {
	case VMR_LAST:
		return fit_late(s, fit_last(s), false);
	case VMR_BEST:
		return fit_best(s);
	default:
		return fit_late(s, fit_first(s), true);
	}
}

/* Parked places are given away only where nothing else is left */
static bool find_place(struct search *s, const struct vmr_request *req)
{
	int soft;

	for (soft = 1; soft >= (s->space->nr_claims ? 0 : 1); soft--) {
		if (req->prefer_align > req->align &&
		    fit(s, req->policy, req->prefer_align, soft))
			return true;
		if (fit(s, req->policy, req->align, soft))
			return true;
	}
	return false;
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

int vmr_space_share(struct vmr_space *space, struct vmr_seq *seq)
{
	if (!space)
		return -EINVAL;
	if (space->nr_ranges || space->nr_claims)
		return -EBUSY;
	space->seq = seq ? seq : &space->own_seq;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_space_share);

void vmr_write_begin(struct vmr_seq *seq)
{
	if (seq->depth++)
		return;
	seq->state = vmr_port_write_begin();
	WRITE_ONCE(seq->count, seq->count + 1);
	smp_wmb();	/* pairs with the one in vmr_read_retry() */
}
EXPORT_SYMBOL_GPL(vmr_write_begin);

void vmr_write_end(struct vmr_seq *seq)
{
	unsigned long state = seq->state;

	if (--seq->depth)
		return;
	/* pairs with the acquire in vmr_read_begin() */
	smp_store_release(&seq->count, seq->count + 1);
	vmr_port_write_end(state);
}
EXPORT_SYMBOL_GPL(vmr_write_end);

enum vmr_state vmr_range_state(const struct vmr_range *range)
{
	if (!range || !range->node.link)
		return VMR_FREE;
	if (!is_claim(range))
		return VMR_LIVE;
	return range->ticket & PARKED ? VMR_PARKED : VMR_CLAIMED;
}
EXPORT_SYMBOL_GPL(vmr_range_state);

bool vmr_in_space(const struct vmr_space *space, const struct vmr_range *range)
{
	const struct rb_node *rb, *up;

	if (!space || !range || !range->node.link)
		return false;
	for (rb = node_of(range); (up = rb_parent(rb)); )
		rb = up;
	return rb == (const struct rb_node *)(is_claim(range) ? space->claims :
								space->root);
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
	struct vmr_range *found = NULL;

	while (rb) {
		if (range_of(rb)->last >= start) {
			found = range_of(rb);
			rb = rb->rb_left;
		} else {
			rb = rb->rb_right;
		}
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
	vmr_write_begin(space->seq);
	insert_live(space, range, start, last, next);
	vmr_write_end(space->seq);
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

	ret = check_request(req, part->domain);
	if (ret)
		return ret;
	if (range->node.link)
		return -EEXIST;
	s.space = space;
	s.size = req->size;
	s.min = max(req->min, part->start);
	s.max = min(req->max, part->last);
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
	vmr_write_begin(space->seq);
	insert_live(space, range, s.at, s.at + (s.size - 1), s.next);
	vmr_write_end(space->seq);
	return 0;
}

int vmr_alloc(struct vmr_space *space, struct vmr_range *range,
	      const struct vmr_request *req, struct vmr_range **conflict)
{
	if (!space || !range || !req)
		return -EINVAL;
	return vmr_alloc_in(space, &(struct vmr_part) {
		.start = space->start, .last = space->last, .domain = VMR_MAX,
	}, range, req, conflict);
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
	vmr_write_begin(space->seq);
	erase_live(space, range);
	insert_live(space, range, start, last, next);
	vmr_write_end(space->seq);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_move);

/* What is wrong with a step, those before it being out of their spaces */
static int check_step(const struct vmr_step *steps, size_t i)
{
	const struct vmr_step *s = &steps[i];
	size_t j;

	if (!s->space || !s->range || !s->to)
		return -EINVAL;
	if (s->space->seq != steps[0].space->seq ||
	    s->to->seq != steps[0].space->seq)
		return -EINVAL;
	if (!s->range->node.link)
		for (j = 0; j < i; j++)
			if (steps[j].range == s->range)
				return -EINVAL;
	return check_move(s->space, s->range, s->to, s->start);
}

static void put(struct vmr_space *space, struct vmr_range *range,
		uint64_t start)
{
	insert_live(space, range, start, start + (range->last - range->start),
		    first_above(space, start));
}

int vmr_move_set(struct vmr_step *steps, size_t nr, size_t *failed,
		 struct vmr_range **conflict)
{
	struct vmr_range *in_way = NULL;
	size_t out, in = 0;
	struct vmr_seq *seq;
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
	vmr_write_begin(seq);
	for (out = 0; out < nr; out++) {
		ret = check_step(steps, out);
		if (ret)
			goto undo;
		steps[out].from = steps[out].range->start;
		erase_live(steps[out].space, steps[out].range);
	}
	for (; in < nr; in++) {
		struct vmr_step *s = &steps[in];

		in_way = vmr_find_overlap(s->to, s->start, s->start +
					  (s->range->last - s->range->start));
		if (in_way) {
			ret = -EBUSY;
			goto undo;
		}
		put(s->to, s->range, s->start);
	}
	vmr_write_end(seq);
	return 0;

undo:
	if (failed)
		*failed = in_way ? in : out;
	if (in_way && conflict)
		*conflict = in_way;
	while (in--)
		erase_live(steps[in].to, steps[in].range);
	while (out--)
		put(steps[out].space, steps[out].range, steps[out].from);
	vmr_write_end(seq);
	return ret;
}
EXPORT_SYMBOL_GPL(vmr_move_set);

int vmr_free(struct vmr_space *space, struct vmr_range *range)
{
	if (!space || !range)
		return -EINVAL;
	if (!vmr_in_space(space, range)) {
		VMR_ASSERT(!range->node.link);	/* another space's */
		return -ENOENT;
	}
	vmr_write_begin(space->seq);
	remove_any(space, range);
	vmr_write_end(space->seq);
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
	vmr_write_begin(space->seq);
	erase_live(space, range);
	vmr_write_end(space->seq);
	if (freed)
		*freed = range;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_free_at);

struct vmr_range *vmr_walk(const struct vmr_space *space, uint64_t addr)
{
	struct rb_node *rb =
		rcu_dereference_raw(root_of((void *)&space->root)->rb_node);

	while (rb) {
		struct vmr_range *range = range_of(rb);

		if (addr < READ_ONCE(range->start))
			rb = rcu_dereference_raw(rb->rb_left);
		else if (addr > READ_ONCE(range->last))
			rb = rcu_dereference_raw(rb->rb_right);
		else
			return range;
	}
	return NULL;
}

struct vmr_range *vmr_find(const struct vmr_space *space, uint64_t addr)
{
	return space ? vmr_walk(space, addr) : NULL;
}
EXPORT_SYMBOL_GPL(vmr_find);

struct vmr_range *vmr_lookup(const struct vmr_space *space, uint64_t addr,
			     uint64_t *start, uint64_t *last)
{
	struct vmr_range *range;
	uint64_t from = 0, to = 0;
	uint32_t count;

	if (!space)
		return NULL;
	do {
		count = vmr_read_begin(space->seq);
		range = vmr_walk(space, addr);
		if (range) {
			from = READ_ONCE(range->start);
			to = READ_ONCE(range->last);
		}
	} while (vmr_read_retry(space->seq, count));
	if (range && start)
		*start = from;
	if (range && last)
		*last = to;
	return range;
}
EXPORT_SYMBOL_GPL(vmr_lookup);

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
	struct rb_node *rb = space ? live_root(space) : NULL;

	while (rb && rb->rb_left)
		rb = rb->rb_left;
	return rb ? range_of(rb) : NULL;
}
EXPORT_SYMBOL_GPL(vmr_first_range);

struct vmr_range *vmr_last_range(const struct vmr_space *space)
{
	struct rb_node *rb = space ? live_root(space) : NULL;

	while (rb && rb->rb_right)
		rb = rb->rb_right;
	return rb ? range_of(rb) : NULL;
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
		.space = space, .size = 1, .orders = ~0ull,
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

	return report_gap(&s, begin(&s, true), gap);
}
EXPORT_SYMBOL_GPL(vmr_first_gap);

bool vmr_next_gap(const struct vmr_space *space, struct vmr_gap *gap)
{
	struct search s = any_gap(space);

	return gap->next &&
	       report_gap(&s, step(&s, node_of(gap->next), true), gap);
}
EXPORT_SYMBOL_GPL(vmr_next_gap);

bool vmr_gap_below(const struct vmr_space *space, uint64_t addr,
		   struct vmr_gap *gap)
{
	struct search s = any_gap(space);
	struct vmr_range *range;

	if (addr < space->start)
		return false;
	if (has_last_gap(space) && gap_start(space, NULL) <= addr)
		return report_gap(&s, NULL, gap);
	range = first_above(space, addr);
	if (range && range->gap && gap_start(space, range) <= addr)
		return report_gap(&s, range, gap);
	range = advance(&s, range, false);
	return range && report_gap(&s, range, gap);
}
EXPORT_SYMBOL_GPL(vmr_gap_below);

bool vmr_largest_gap(const struct vmr_space *space, struct vmr_gap *gap)
{
	struct search s = any_gap(space);
	uint64_t last_gap = VMR_MAX;
	struct vmr_range *range = NULL;

	if (space->root) {
		last_gap = space->last - space->top;
		s.size = range_of(live_root(space))->max_gap;
	}
	if (s.size && last_gap <= s.size)
		range = begin(&s, true);
	return report_gap(&s, range, gap);
}
EXPORT_SYMBOL_GPL(vmr_largest_gap);

struct vmr_total vmr_used(const struct vmr_space *space)
{
	return (struct vmr_total) {
		.low = space->used,
		.high = space->root && !space->used,
	};
}
EXPORT_SYMBOL_GPL(vmr_used);

struct vmr_total vmr_unused(const struct vmr_space *space)
{
	uint64_t size = space->last - space->start + 1;	/* modulo 2^64 */

	return (struct vmr_total) {
		.low = size - space->used,
		.high = !size && !space->root,
	};
}
EXPORT_SYMBOL_GPL(vmr_unused);

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
	vmr_write_begin(space->seq);
	remove_any(space, range);
	insert_claim(space, range, start, last, ++space->tickets | flag);
	vmr_write_end(space->seq);
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
	vmr_write_begin(space->seq);
	remove_any(space, range);
	put(space, range, range->start);
	vmr_write_end(space->seq);
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
	space->tickets = max(space->tickets, age);
}

/* The lowest in the subtree at @rb, which reaches @start */
static struct vmr_range *lowest_claim(const struct rb_node *rb, uint64_t start,
				      uint64_t last)
{
	while (rb && range_of(rb)->reach >= start) {
		if (rb->rb_left && range_of(rb->rb_left)->reach >= start)
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
		if (rb->rb_right && range_of(rb->rb_right)->reach >= start)
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

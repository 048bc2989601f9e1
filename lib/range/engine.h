/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * engine.h - functions of the range layer for the layers above, not public
 */
#ifndef VMR_LIB_RANGE_ENGINE_H
#define VMR_LIB_RANGE_ENGINE_H

#include "base/base.h"

#include <vmalloc/range.h>

struct rb_node;
struct rb_root;
struct rb_augment_callbacks;

/*
 * tree.c: remove a node from a tree of any layer, and balance a plain tree after
 * rb_link_node(). The library has one copy of the balancing: rb_insert_color() and
 * rb_erase() are a second one.
 */
void vmr_erase_node(struct rb_node *rb, struct rb_root *root,
		    const struct rb_augment_callbacks *augment);
void vmr_plain_insert(struct rb_node *rb, struct rb_root *root);
void vmr_plain_erase(struct rb_node *rb, struct rb_root *root);

/*
 * Find the live range at @addr without a lock. The walk ends even while a writer
 * changes the tree. The result is valid only if vmr_seqcount_read_retry() returns
 * false afterwards.
 */
struct vmr_range *vmr_find_raw(const struct vmr_space *space, uint64_t addr);

/*
 * Settle the claims that wait for addresses that became free, inside one write
 * section. The caller calls vmr_settle_collect() for each interval that became
 * free, then vmr_settle_next() and vmr_settle_claim() until there are no more. The
 * former returns the oldest collected claim whose addresses are free, in no tree,
 * and stores the live range behind them, or NULL; the latter makes the claim live in
 * front of it. Nothing else may use the space in between.
 */
void vmr_settle_collect(struct vmr_space *space, uint64_t start, uint64_t last);

/* The same for a change that frees one interval; returns false if no claim fits */
bool vmr_settle_collect_one(struct vmr_space *space, uint64_t start,
			    uint64_t last);
struct vmr_range *vmr_settle_next(struct vmr_space *space,
				  struct vmr_range **behind);
void vmr_settle_claim(struct vmr_space *space, struct vmr_range *range,
		      struct vmr_range *behind);

/*
 * Domains whose ranges lead to their owners. A space with a type accepts only
 * ranges of that type, which the owner's layer gives to a range in no space.
 */
#define VMR_TYPE_PCI_FUNCTION	1
#define VMR_TYPE_DEVICE		2

static inline void vmr_range_set_type(struct vmr_range *range, uint64_t type)
{
	VMR_ASSERT(!range->node.link);
	range->type = type;
}

/* Whether a free range may enter a space */
static inline bool vmr_type_fits(const struct vmr_space *space,
				 const struct vmr_range *range)
{
	return !space->type || range->type == space->type;
}

/**
 * struct vmr_gap_search - one search for a gap
 * @space: the space
 * @size: number of addresses, at least 1
 * @align: the first address is a multiple of this power of two
 * @min: lowest permitted address, inside the space
 * @max: highest permitted address, inclusive, inside the space
 * @orders: the orders of gaps that may fit, one bit each
 * @policy: which gap is found
 * @is_32bit: whether no space of the kind has an address above 2^32-1
 * @exact_order: whether a gap must have the one order in @orders
 * @lo: the lowest address of the gap that is tried which can be used
 * @hi: the highest one
 * @found_addr: the result: the first address
 * @found_next: the result: the range behind the gap, NULL for the last gap
 * @beyond: the inactive range that covers the rest of a gap that was tried, or NULL
 * @fallback: the first address found of which only parked ranges want a part
 * @fallback_next: the range behind its gap
 * @fallback_pass: @pass when it was found; 0 if there is none
 * @pass: counts from 1 the passes over the gaps, each with its orders and alignment
 */
struct vmr_gap_search {
	struct vmr_space	*space;
	uint64_t		size;
	uint64_t		align;
	uint64_t		min;
	uint64_t		max;
	uint64_t		orders;
	uint64_t		lo;
	uint64_t		hi;
	uint64_t		found_addr;
	struct vmr_range	*found_next;
	const struct vmr_range	*beyond;
	uint64_t		fallback;
	struct vmr_range	*fallback_next;
	enum vmr_policy		policy;
	bool			is_32bit;
	bool			exact_order;
	uint8_t			fallback_pass;
	uint8_t			pass;
};

/*
 * Begin a search of [start, last] in @space. A request with the alignment 0 or the policy
 * VMR_DEFAULT gets @align or @policy. The caller sets @is_32bit.
 */
static inline void vmr_begin_search(struct vmr_gap_search *s, struct vmr_space *space,
				    uint64_t start, uint64_t last,
				    const struct vmr_request *req, uint64_t align,
				    enum vmr_policy policy)
{
	s->space = space;
	s->size = req->size;
	s->align = req->align ? req->align : align;
	s->policy = req->policy != VMR_DEFAULT ? req->policy : policy;
	s->min = max(req->min, start);
	s->max = min(req->max, last);
}

/* vmr_alloc() by a search that was begun for @req */
int vmr_alloc_search(struct vmr_gap_search *s, struct vmr_range *range,
		     const struct vmr_request *req, struct vmr_range **conflict);

/* Allocate the lowest free address, as vmr_alloc() of one address with first fit */
int vmr_alloc_lowest(struct vmr_space *space, struct vmr_range *range);

/*
 * Link a free range at the addresses that a snapshot has. The caller has opened a
 * write section and restores live ranges by ascending address. @age is the rank of
 * the claim in its space: 1 is the oldest, 0 parks the range.
 */
void vmr_restore_live(struct vmr_space *space, struct vmr_range *range,
		      uint64_t start, uint64_t last);
void vmr_restore_claim(struct vmr_space *space, struct vmr_range *range,
		       uint64_t start, uint64_t last, uint64_t age);

#endif /* VMR_LIB_RANGE_ENGINE_H */

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

/*
 * The part [start, last] of a space, in a domain that ends at addr_max, inclusive. A
 * request with the alignment 0 or the policy VMR_DEFAULT gets those of the part.
 */
struct vmr_bounds {
	uint64_t	start;
	uint64_t	last;
	uint64_t	addr_max;
	uint64_t	align;
	enum vmr_policy	policy;
};

/* vmr_alloc() inside @bounds; NULL means the whole space */
int vmr_alloc_bounded(struct vmr_space *space, const struct vmr_bounds *bounds,
		      struct vmr_range *range, const struct vmr_request *req,
		      struct vmr_range **conflict);

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

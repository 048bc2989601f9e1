/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * engine.h - functions of the range layer for the layers above, not public
 */
#ifndef VMR_LIB_RANGE_ENGINE_H
#define VMR_LIB_RANGE_ENGINE_H

#include "base/base.h"

#include <vmalloc/range.h>

/*
 * Find the live range at @addr without a lock. The walk ends even while a writer
 * changes the tree. The result is valid only if vmr_seqcount_read_retry() returns
 * false afterwards.
 */
struct vmr_range *vmr_find_raw(const struct vmr_space *space, uint64_t addr);

/* The two halves of vmr_settle(): find the claim, make it live */
struct vmr_range *vmr_oldest_settleable(struct vmr_space *space, uint64_t start,
					uint64_t last);
void vmr_settle_claim(struct vmr_space *space, struct vmr_range *range);

/* The part [start, last] of a space, in a domain that ends at addr_max, inclusive */
struct vmr_bounds {
	uint64_t	start;
	uint64_t	last;
	uint64_t	addr_max;
};

/* vmr_alloc() inside @bounds; NULL means the whole space */
int vmr_alloc_bounded(struct vmr_space *space, const struct vmr_bounds *bounds,
		      struct vmr_range *range, const struct vmr_request *req,
		      struct vmr_range **conflict);

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

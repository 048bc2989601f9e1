/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * engine.h - what the range layer offers to the layers above, beyond its public
 * header
 */
#ifndef VMR_LIB_RANGE_ENGINE_H
#define VMR_LIB_RANGE_ENGINE_H

#include "base/base.h"

#include <vmalloc/range.h>

/*
 * The walk of a reader. Beside a writer it ends, and its result is valid only if
 * vmr_seqcount_read_retry() then returns false.
 */
struct vmr_range *vmr_find_raw(const struct vmr_space *space, uint64_t addr);

/* The two halves of vmr_settle() */
struct vmr_range *vmr_oldest_settleable(struct vmr_space *space, uint64_t start,
					uint64_t last);
void vmr_settle_claim(struct vmr_space *space, struct vmr_range *range);

/* The part [start, last] of a space, in a domain that ends at @addr_max */
struct vmr_bounds {
	uint64_t	start;
	uint64_t	last;
	uint64_t	addr_max;
};

/* vmr_alloc() inside @bounds; NULL stands for the whole space */
int vmr_alloc_bounded(struct vmr_space *space, const struct vmr_bounds *bounds,
		      struct vmr_range *range, const struct vmr_request *req,
		      struct vmr_range **conflict);

/*
 * Link an unlinked node as a snapshot describes it, inside a write section. Live
 * ranges come by ascending address. @age counts the claims of the space from 1,
 * the oldest; 0 parks the range.
 */
void vmr_restore_live(struct vmr_space *space, struct vmr_range *range,
		      uint64_t start, uint64_t last);
void vmr_restore_claim(struct vmr_space *space, struct vmr_range *range,
		       uint64_t start, uint64_t last, uint64_t age);

#endif /* VMR_LIB_RANGE_ENGINE_H */

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * trace.h - the probe points of the range layer
 */
#ifndef VMR_LIB_RANGE_TRACE_H
#define VMR_LIB_RANGE_TRACE_H

#include <vmalloc/range.h>

#if defined(__KERNEL__)

#include "port/trace_range.h"

#define VMR_PROBE_RANGE(point) \
	static inline void vmr_trace_##point(const struct vmr_space *space, \
					    const struct vmr_range *range) \
	{ trace_vmr_##point(space, range); }
#define vmr_trace_move		trace_vmr_move
#define vmr_trace_move_bulk	trace_vmr_move_bulk

#else

#include "base/probe.h"

#define VMR_PROBE_RANGE(point) \
	static inline void vmr_trace_##point(const struct vmr_space *space, \
					    const struct vmr_range *range) \
	{ \
		(void)space; \
		(void)range; \
		VMR_PROBE(point, "8@%0 8@%1 8@%2 8@%3", VMR_ARG_VALUE(space), \
			  VMR_ARG_VALUE(range), VMR_ARG_MEM(range->start), \
			  VMR_ARG_MEM(range->last)); \
	}

/* A move from range->start to @to, directly before it is made */
static inline void vmr_trace_move(const struct vmr_space *space,
				  const struct vmr_range *range, uint64_t to)
{
	(void)space;
	(void)range;
	(void)to;
	VMR_PROBE(move, "8@%0 8@%1 8@%2 8@%3", VMR_ARG_VALUE(space),
		  VMR_ARG_VALUE(range), VMR_ARG_MEM(range->start),
		  VMR_ARG_VALUE(to));
}

/* All moves are made */
static inline void vmr_trace_move_bulk(const struct vmr_move_op *steps, size_t nr)
{
	(void)steps;
	(void)nr;
	VMR_PROBE(move_bulk, "8@%0 8@%1", VMR_ARG_VALUE(steps),
		  VMR_ARG_VALUE(nr));
}

#endif /* __KERNEL__ */

VMR_PROBE_RANGE(alloc)		/* @range was allocated and is live */
VMR_PROBE_RANGE(free)		/* @range is in no tree, start and last are unchanged */
VMR_PROBE_RANGE(claim)		/* @range is claimed or parked */
VMR_PROBE_RANGE(settle)		/* @range was claimed and is live */

#endif /* VMR_LIB_RANGE_TRACE_H */

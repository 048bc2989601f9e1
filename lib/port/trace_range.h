/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * trace_range.h - tracepoints of the range layer
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vmr
#undef TRACE_SYSTEM_VAR
#define TRACE_SYSTEM_VAR vmr_trace_range

#if !defined(VMR_TRACE_RANGE_H) || defined(TRACE_HEADER_MULTI_READ)
#define VMR_TRACE_RANGE_H

#include <linux/tracepoint.h>

#include <vmalloc/range.h>

DECLARE_EVENT_CLASS(vmr_range_event,
	TP_PROTO(const struct vmr_space *space, const struct vmr_range *range),
	TP_ARGS(space, range),
	TP_STRUCT__entry(
		__field(const void *, space)
		__field(const void *, range)
		__field(u64, start)
		__field(u64, last)
	),
	TP_fast_assign(
		__entry->space = space;
		__entry->range = range;
		__entry->start = range->start;
		__entry->last = range->last;
	),
	TP_printk("space=%p range=%p start=%#llx last=%#llx",
		  __entry->space, __entry->range, __entry->start,
		  __entry->last)
);

#define VMR_RANGE_EVENT(name) \
	DEFINE_EVENT(vmr_range_event, name, \
		TP_PROTO(const struct vmr_space *space, \
			 const struct vmr_range *range), \
		TP_ARGS(space, range))

VMR_RANGE_EVENT(vmr_alloc);
VMR_RANGE_EVENT(vmr_free);
VMR_RANGE_EVENT(vmr_claim);
VMR_RANGE_EVENT(vmr_settle);

TRACE_EVENT(vmr_move,
	TP_PROTO(const struct vmr_space *space, const struct vmr_range *range,
		 u64 to),
	TP_ARGS(space, range, to),
	TP_STRUCT__entry(
		__field(const void *, space)
		__field(const void *, range)
		__field(u64, from)
		__field(u64, to)
	),
	TP_fast_assign(
		__entry->space = space;
		__entry->range = range;
		__entry->from = range->start;
		__entry->to = to;
	),
	TP_printk("space=%p range=%p from=%#llx to=%#llx", __entry->space,
		  __entry->range, __entry->from, __entry->to)
);

TRACE_EVENT(vmr_move_bulk,
	TP_PROTO(const struct vmr_move_op *steps, size_t nr),
	TP_ARGS(steps, nr),
	TP_STRUCT__entry(
		__field(const void *, steps)
		__field(size_t, nr)
	),
	TP_fast_assign(
		__entry->steps = steps;
		__entry->nr = nr;
	),
	TP_printk("steps=%p nr=%zu", __entry->steps, __entry->nr)
);

#endif /* VMR_TRACE_RANGE_H */

#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH port
#define TRACE_INCLUDE_FILE trace_range
#include <trace/define_trace.h>

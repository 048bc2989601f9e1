/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * trace_events.h - the kernel's tracepoints: events/vmr in tracefs
 *
 * Read several times, by <trace/define_trace.h>; lib/trace.h says when each comes.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vmr

#if !defined(VMR_TRACE_EVENTS_H) || defined(TRACE_HEADER_MULTI_READ)
#define VMR_TRACE_EVENTS_H

#include <linux/string.h>
#include <linux/tracepoint.h>

#include <vmalloc/device.h>

#define VMR_EVENT_NAME_LEN	32	/* bytes of a device's name that are kept */

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

DECLARE_EVENT_CLASS(vmr_device,
	TP_PROTO(const struct vmr_manager *manager,
		 const struct vmr_device *dev),
	TP_ARGS(manager, dev),
	TP_STRUCT__entry(
		__field(const void *, manager)
		__field(const void *, dev)
		__array(char, name, VMR_EVENT_NAME_LEN)
	),
	TP_fast_assign(
		__entry->manager = manager;
		__entry->dev = dev;
		strscpy(__entry->name, dev->name ? dev->name : "device",
			VMR_EVENT_NAME_LEN);
	),
	TP_printk("manager=%p dev=%p name=%s", __entry->manager, __entry->dev,
		  __entry->name)
);

#define VMR_DEVICE_EVENT(name) \
	DEFINE_EVENT(vmr_device, name, \
		TP_PROTO(const struct vmr_manager *manager, \
			 const struct vmr_device *dev), \
		TP_ARGS(manager, dev))

VMR_DEVICE_EVENT(vmr_register);
VMR_DEVICE_EVENT(vmr_unregister);

TRACE_EVENT(vmr_drain,
	TP_PROTO(const struct vmr_manager *manager,
		 const struct vmr_device *dev, int error),
	TP_ARGS(manager, dev, error),
	TP_STRUCT__entry(
		__field(const void *, manager)
		__field(const void *, dev)
		__field(int, error)
	),
	TP_fast_assign(
		__entry->manager = manager;
		__entry->dev = dev;
		__entry->error = error;
	),
	TP_printk("manager=%p dev=%p error=%d", __entry->manager,
		  __entry->dev, __entry->error)
);

TRACE_EVENT(vmr_dispatch,
	TP_PROTO(const struct vmr_reader *reader, const struct vmr_device *dev,
		 const struct vmr_access *access),
	TP_ARGS(reader, dev, access),
	TP_STRUCT__entry(
		__field(const void *, reader)
		__field(const void *, dev)
		__field(const void *, region)
		__field(u64, base)
		__field(u64, offset)
		__field(u32, width)
	),
	TP_fast_assign(
		__entry->reader = reader;
		__entry->dev = dev;
		__entry->region = access->region;
		__entry->base = access->base;
		__entry->offset = access->offset;
		__entry->width = access->width;
	),
	TP_printk("reader=%p dev=%p region=%p addr=%#llx+%#llx width=%u",
		  __entry->reader, __entry->dev, __entry->region,
		  __entry->base, __entry->offset, __entry->width)
);

TRACE_EVENT(vmr_dispatch_miss,
	TP_PROTO(const struct vmr_reader *reader, u64 addr, int error),
	TP_ARGS(reader, addr, error),
	TP_STRUCT__entry(
		__field(const void *, reader)
		__field(u64, addr)
		__field(int, error)
	),
	TP_fast_assign(
		__entry->reader = reader;
		__entry->addr = addr;
		__entry->error = error;
	),
	TP_printk("reader=%p addr=%#llx error=%d", __entry->reader,
		  __entry->addr, __entry->error)
);

#endif /* VMR_TRACE_EVENTS_H */

#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH port
#define TRACE_INCLUDE_FILE trace_events
#include <trace/define_trace.h>

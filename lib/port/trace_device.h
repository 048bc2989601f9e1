/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * trace_device.h - tracepoints of the device layer
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vmr
#undef TRACE_SYSTEM_VAR
#define TRACE_SYSTEM_VAR vmr_trace_device

#if !defined(VMR_TRACE_DEVICE_H) || defined(TRACE_HEADER_MULTI_READ)
#define VMR_TRACE_DEVICE_H

#include <linux/string.h>
#include <linux/tracepoint.h>

#include <vmalloc/device.h>

#define VMR_EVENT_NAME_LEN	32	/* bytes of a device's name, with the NUL */

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

#endif /* VMR_TRACE_DEVICE_H */

#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH port
#define TRACE_INCLUDE_FILE trace_device
#include <trace/define_trace.h>

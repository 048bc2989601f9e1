/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * trace.h - the probe points of the device layer
 */
#ifndef VMR_LIB_DEVICE_TRACE_H
#define VMR_LIB_DEVICE_TRACE_H

#include <vmalloc/device.h>

#if defined(__KERNEL__)

#include "port/trace_device.h"

#define VMR_PROBE_DEVICE(point) \
	static inline void vmr_trace_##point(const struct vmr_manager *manager, \
					    const struct vmr_device *dev) \
	{ trace_vmr_##point(manager, dev); }
#define vmr_trace_drain		trace_vmr_drain
#define vmr_trace_dispatch	trace_vmr_dispatch
#define vmr_trace_dispatch_miss	trace_vmr_dispatch_miss

#else

#include "base/probe.h"

#define VMR_PROBE_DEVICE(point) \
	static inline void vmr_trace_##point(const struct vmr_manager *manager, \
					    const struct vmr_device *dev) \
	{ \
		(void)manager; \
		(void)dev; \
		VMR_PROBE(point, "8@%0 8@%1 8@%2", VMR_ARG_VALUE(manager), \
			  VMR_ARG_VALUE(dev), VMR_ARG_MEM(dev->name)); \
	}

/* A drain of @dev was checked or has ended, with the result @error */
static inline void vmr_trace_drain(const struct vmr_manager *manager,
				   const struct vmr_device *dev, int error)
{
	(void)manager;
	(void)dev;
	(void)error;
	VMR_PROBE(drain, "8@%0 8@%1 -4@%2", VMR_ARG_VALUE(manager),
		  VMR_ARG_VALUE(dev), VMR_ARG_VALUE(error));
}

/* An access was dispatched to @dev; its callback follows */
static inline void vmr_trace_dispatch(const struct vmr_reader *reader,
				      const struct vmr_device *dev,
				      const struct vmr_access *access)
{
	(void)reader;
	(void)dev;
	(void)access;
	VMR_PROBE(dispatch, "8@%0 8@%1 8@%2 8@%3 8@%4 4@%5",
		  VMR_ARG_VALUE(reader), VMR_ARG_VALUE(dev),
		  VMR_ARG_MEM(access->region), VMR_ARG_MEM(access->base),
		  VMR_ARG_MEM(access->offset), VMR_ARG_MEM(access->width));
}

/* No device answers the access at @addr; @error is the reason */
static inline void vmr_trace_dispatch_miss(const struct vmr_reader *reader,
					   uint64_t addr, int error)
{
	(void)reader;
	(void)addr;
	(void)error;
	VMR_PROBE(dispatch_miss, "8@%0 8@%1 -4@%2", VMR_ARG_VALUE(reader),
		  VMR_ARG_VALUE(addr), VMR_ARG_VALUE(error));
}

#endif /* __KERNEL__ */

VMR_PROBE_DEVICE(register)	/* @dev is registered */
VMR_PROBE_DEVICE(unregister)	/* @dev is unregistered */

#endif /* VMR_LIB_DEVICE_TRACE_H */

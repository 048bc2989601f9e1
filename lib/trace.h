/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * trace.h - points at which somebody may look on
 *
 * In userspace a point is one nop and a note in the object that says where it is
 * and where its arguments are, in the format of SystemTap's <sys/sdt.h>, which gdb,
 * perf, bpftrace and others read. In the kernel it is a tracepoint. In firmware,
 * and wherever VMR_PROBES is not defined, it is nothing.
 *
 * An argument is something that is at hand: a note can name a register, a constant
 * or a place in memory, and nothing is computed for it.
 */
#ifndef VMR_TRACE_H
#define VMR_TRACE_H

#include <vmalloc/device.h>

#if defined(__KERNEL__)

#include "port/trace_events.h"

#define VMR_PROBE_RANGE(point) \
	static inline void vmr_trace_##point(const struct vmr_space *space, \
					    const struct vmr_range *range) \
	{ trace_vmr_##point(space, range); }
#define VMR_PROBE_DEVICE(point) \
	static inline void vmr_trace_##point(const struct vmr_manager *manager, \
					    const struct vmr_device *dev) \
	{ trace_vmr_##point(manager, dev); }
#define vmr_trace_move		trace_vmr_move
#define vmr_trace_move_bulk	trace_vmr_move_bulk
#define vmr_trace_drain		trace_vmr_drain
#define vmr_trace_dispatch	trace_vmr_dispatch
#define vmr_trace_dispatch_miss	trace_vmr_dispatch_miss

#else

#if defined(VMR_PROBES) && defined(__ELF__) && defined(__LP64__) && \
	(defined(__x86_64__) || defined(__aarch64__) || defined(__riscv))

/*
 * A note has the addresses of the nop and of a byte in a section of its own, by
 * which a reader sees that a file was relocated behind its back; then the names
 * and the arguments, each with its size.
 */
#define VMR_PROBE(name, args, ...) \
({ \
	__asm__ volatile inline( \
		"990:	nop\n" \
		"	.pushsection .note.stapsdt, \"\", \"note\"\n" \
		"	.balign	4\n" \
		"	.4byte	992f - 991f, 994f - 993f, 3\n" \
		"991:	.asciz	\"stapsdt\"\n" \
		"992:	.balign	4\n" \
		"993:	.8byte	990b, vmr_probe_base, 0\n" \
		"	.asciz	\"vmr\"\n" \
		"	.asciz	\"" #name "\"\n" \
		"	.asciz	\"" args "\"\n" \
		"994:	.balign	4\n" \
		"	.popsection\n" \
		"	.ifndef	vmr_probe_base\n" \
		"	.pushsection .stapsdt.base, \"aG\", \"progbits\", " \
				".stapsdt.base, comdat\n" \
		"	.weak	vmr_probe_base\n" \
		"	.hidden	vmr_probe_base\n" \
		"vmr_probe_base: .space 1\n" \
		"	.size	vmr_probe_base, 1\n" \
		"	.popsection\n" \
		"	.endif\n" \
		: : __VA_ARGS__); \
})

/*
 * A value that is at hand, for which clang would store a register to memory if
 * that were allowed; and one that is in memory.
 */
#ifdef __clang__
#define VMR_ARG_VALUE	"nr"
#else
#define VMR_ARG_VALUE	"nor"
#endif
#define VMR_ARG_MEM	"o"

#else

#define VMR_PROBE(...)	do { } while (0)

#endif

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
#define VMR_PROBE_DEVICE(point) \
	static inline void vmr_trace_##point(const struct vmr_manager *manager, \
					    const struct vmr_device *dev) \
	{ \
		(void)manager; \
		(void)dev; \
		VMR_PROBE(point, "8@%0 8@%1 8@%2", VMR_ARG_VALUE(manager), \
			  VMR_ARG_VALUE(dev), VMR_ARG_MEM(dev->name)); \
	}

/* From range->start to @to; a move that cannot fail any more */
static inline void vmr_trace_move(const struct vmr_space *space,
				  const struct vmr_range *range, uint64_t to)
{
	(void)space;
	(void)range;
	(void)to;
	VMR_PROBE(move, "8@%0 8@%1 8@%2 8@%3", VMR_ARG_VALUE(space), VMR_ARG_VALUE(range),
		  VMR_ARG_MEM(range->start), VMR_ARG_VALUE(to));
}

/* The moves have been made */
static inline void vmr_trace_move_bulk(const struct vmr_move_op *steps, size_t nr)
{
	(void)steps;
	(void)nr;
	VMR_PROBE(move_bulk, "8@%0 8@%1", VMR_ARG_VALUE(steps), VMR_ARG_VALUE(nr));
}

/* Somebody has asked whether readers are inside: 0 says that nobody is */
static inline void vmr_trace_drain(const struct vmr_manager *manager,
				   const struct vmr_device *dev, int error)
{
	(void)manager;
	(void)dev;
	(void)error;
	VMR_PROBE(drain, "8@%0 8@%1 -4@%2", VMR_ARG_VALUE(manager), VMR_ARG_VALUE(dev),
		  VMR_ARG_VALUE(error));
}

/* An exit has found its device, which is about to be called */
static inline void vmr_trace_dispatch(const struct vmr_reader *reader,
				       const struct vmr_device *dev,
				       const struct vmr_access *access)
{
	(void)reader;
	(void)dev;
	(void)access;
	VMR_PROBE(dispatch, "8@%0 8@%1 8@%2 8@%3 8@%4 4@%5",
		  VMR_ARG_VALUE(reader), VMR_ARG_VALUE(dev), VMR_ARG_MEM(access->region),
		  VMR_ARG_MEM(access->base), VMR_ARG_MEM(access->offset),
		  VMR_ARG_MEM(access->width));
}

/* Nothing answers, for the reason @error */
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

VMR_PROBE_RANGE(alloc)		/* @range is live, by any call but a move */
VMR_PROBE_RANGE(free)		/* it is in no tree, and says where it was */
VMR_PROBE_RANGE(claim)		/* claimed or parked: it wants what it says */
VMR_PROBE_RANGE(settle)		/* a claim has become live */

VMR_PROBE_DEVICE(register)	/* @dev is visible */
VMR_PROBE_DEVICE(unregister)	/* @dev is not any more */

#endif /* VMR_TRACE_H */

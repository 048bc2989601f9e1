/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * trace.h - the accesses of a run, and files with all of them
 */
#ifndef VMM_TRACE_H
#define VMM_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include <vmalloc/vmalloc.h>

enum vmm_machine {
	MACHINE_PC,		/* with an 82440FX */
	MACHINE_Q35,
};

/**
 * struct vmm_config - what makes two machines the same
 * @machine: enum vmm_machine
 * @ram_low: bytes of memory below 4 GiB
 * @ram_high: bytes of memory from 4 GiB up
 * @firmware_size: bytes of flash below 4 GiB
 * @phys_bits: width of a guest physical address
 * @nr_slots: memory slots that KVM has
 *
 * A trace begins with it, since a replay has no KVM to ask.
 */
struct vmm_config {
	uint32_t	machine;
	uint64_t	ram_low;
	uint64_t	ram_high;
	uint64_t	firmware_size;
	uint32_t	phys_bits;
	uint32_t	nr_slots;
};

/**
 * struct vmm_exit - an access of the guest's, as KVM reports it
 * @data: @width * @count bytes, to be filled in by a read
 */
struct vmm_exit {
	enum vmr_io	io;
	bool		write;
	uint64_t	addr;
	uint32_t	width;
	uint32_t	count;
	void		*data;
};

struct trace;

/* trace.c: see there for the format */
struct trace *trace_create(const char *path, const struct vmm_config *config);
void trace_put(struct trace *trace, const struct vmm_exit *exit);
int trace_finish(struct trace *trace);
struct trace *trace_open(const char *path, struct vmm_config *config);
int trace_get(struct trace *trace, struct vmm_exit *exit);
void trace_close(struct trace *trace);

#endif /* VMM_TRACE_H */

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * dispatch.h - readers, and the accesses that they dispatch
 */
#ifndef VMALLOC_DISPATCH_H
#define VMALLOC_DISPATCH_H

#include <vmalloc/region.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vmr_device;
struct vmr_manager;
struct vmr_reader;

/**
 * struct vmr_access - an access as a device sees it
 * @region: the region, or the part of one, that was hit
 * @reader: the reader that routes it, for nested accesses
 * @base: first address of the region when the access was routed; it may have
 *	moved since
 * @offset: first byte of the access, counted from @base
 * @width: bytes at a time
 * @count: how often; more than 1 only for string I/O, which goes to one port
 *	again and again
 * @change: where a write may say that it changes a resource; never NULL
 */
struct vmr_access {
	struct vmr_region	*region;
	struct vmr_reader	*reader;
	uint64_t		base;
	uint64_t		offset;
	uint32_t		width;
	uint32_t		count;
	struct vmr_change	*change;
};

#define VMR_READER_HAZARDS	6
#define VMR_LOOKUP_CACHE_SIZE	64

/**
 * struct vmr_cache_entry - a region that answered a reader lately
 * @region: the region; private
 * @gen_slots: which counts of departures it and the windows on the way to it are among,
 *	a byte for each: what is behind more than three is not remembered; private
 * @gen_sum: the sum of these counts when it answered; private
 *
 * @start: where it answered; private
 * @last: its last address; private
 *
 * While the sum is what it was the region answers there still.
 */
struct vmr_cache_entry {
	uint64_t		start;
	uint64_t		last;
	struct vmr_region	*region;
	uint32_t		gen_slots;
	uint32_t		gen_sum;
};

/**
 * struct vmr_reader - one thread's way into the devices
 * @manager: what it is attached to; private
 * @next: next attached reader; private
 * @epoch: when the lookup that is going on began, 0 if there is none; private
 * @thread: who is in the call, as the port layer tells; private
 * @depth: nested calls; private
 * @rollover: of the departures, when @cache was last empty; private
 * @hazards: the devices whose callbacks are running; deeper ones than that count
 *	as inside every device; private
 * @cache: where exits went lately, by address; private
 *
 * Zeroed memory is a valid reader that is not attached. Two readers should not
 * share a cache line.
 */
struct vmr_reader {
	struct vmr_manager	*manager;
	struct vmr_reader	*next;
	unsigned long		epoch;
	uintptr_t		thread;
	uint32_t		depth;
	uint32_t		rollover;
	struct vmr_device	*hazards[VMR_READER_HAZARDS];
	struct vmr_cache_entry		cache[VMR_LOOKUP_CACHE_SIZE];
};

/**
 * vmr_reader_attach - let a reader route exits
 * @manager: the manager
 * @reader: zeroed or detached
 *
 * Context: the writer's side.
 * Return: 0; -EINVAL if a pointer is NULL; -EEXIST if @reader is attached.
 */
int vmr_reader_attach(struct vmr_manager *manager, struct vmr_reader *reader);

/**
 * vmr_reader_detach - let a reader go; its memory is the caller's again
 * @reader: the reader
 *
 * Context: the writer's side.
 * Return: 0; -EINVAL if @reader is NULL; -ENOENT if it is not attached;
 * -EDEADLK if it is in a call.
 */
int vmr_reader_detach(struct vmr_reader *reader);

/**
 * vmr_read - route a read
 * @reader: the calling thread's reader
 * @io: VMR_PIO or VMR_MMIO
 * @addr: first address
 * @data: where to store @width * @count bytes, in guest memory order
 * @width: bytes at a time: 1, 2 or 4 for PIO, 1 to 8 for MMIO
 * @count: how often; 1 except for string I/O
 *
 * All @width bytes must lie in one region. Whatever it returns but -EINVAL, @data
 * is defined: on failure all its bytes are 0xff.
 *
 * Context: any thread, one at a time for each reader.
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, @reader is not attached, or @io is neither;
 *  - -EMSGSIZE: @width is not one of the bus, or @count is 0;
 *  - -ENXIO: no device answers, or the access leaves its region or the domain.
 */
int vmr_read(struct vmr_reader *reader, enum vmr_io io, uint64_t addr,
	     void *data, uint32_t width, uint32_t count);

/**
 * vmr_write - route a write
 * @reader: the calling thread's reader
 * @io: VMR_PIO or VMR_MMIO
 * @addr: first address
 * @data: @width * @count bytes in guest memory order
 * @width: bytes at a time: 1, 2 or 4 for PIO, 1 to 8 for MMIO
 * @count: how often; 1 except for string I/O
 *
 * Context: as vmr_read().
 * Return: as vmr_read().
 */
int vmr_write(struct vmr_reader *reader, enum vmr_io io, uint64_t addr,
	      const void *data, uint32_t width, uint32_t count);

/**
 * vmr_write_change - vmr_write() for devices that change resources
 * @reader: as for vmr_write()
 * @io: as for vmr_write()
 * @addr: as for vmr_write()
 * @data: as for vmr_write()
 * @width: as for vmr_write()
 * @count: as for vmr_write()
 * @change: where to store what the write changed, VMR_CHANGE_NONE if nothing; to
 *	be applied with vmr_change_apply()
 *
 * Context: as vmr_read().
 * Return: as vmr_read(); -EINVAL also if @change is NULL.
 */
int vmr_write_change(struct vmr_reader *reader, enum vmr_io io, uint64_t addr,
		     const void *data, uint32_t width, uint32_t count,
		     struct vmr_change *change);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_DISPATCH_H */

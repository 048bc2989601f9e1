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
struct vmr_dispatch;
struct vmr_manager;
struct vmr_reader;

/**
 * DOC: Overview
 *
 * A guest's access to an I/O port or a guest physical address is dispatched:
 * vmr_read() and vmr_write() look up the region at the address and call its
 * device. A reader is the context in which one thread dispatches accesses.
 *
 * Embedding: the caller owns one struct vmr_reader for each thread. The library
 * allocates no memory. A reader may have a lookup cache of any size, also in memory of
 * the caller, see vmr_reader_set_cache().
 *
 * Locking: dispatch is the read side. It takes no lock, stores nothing that
 * other readers store, and waits at most for an open write section, in
 * vmr_port_reader_wait() of port.h. It must not run in a signal handler, or
 * another context, that can interrupt an update-side call: it would wait for
 * the call that it interrupted, and the library does not detect this. A callback
 * may dispatch a nested access with its reader. It may call update-side
 * functions if the caller's lock permits. Attaching and detaching readers is
 * update side.
 *
 * Nesting: an access that a device's callback sends back into the same device,
 * directly or through other devices, is refused with -ELOOP, unless the device
 * has set @reentrant.
 *
 * Memory: an access to a region of type VMR_REGION_MEMORY outside its subregions
 * is served from the memory that the region names, else by the callbacks of its
 * device.
 *
 * Cost: O(1) for an address in the lookup cache of the reader, and O(log n) in
 * each space on the path otherwise; then O(log k) in a region with k subregions. A
 * subregion of at least a page, or 8 ports, has entries of its own in the lookup cache:
 * a hit of one takes O(1). A nested access also passes the accesses around it. A hit
 * loads one line of 64 bytes of the reader, one of its cache, one of generations, and
 * those of the region or subregion and the device.
 */

/**
 * struct vmr_access - an access as a device sees it
 * @region: the region or subregion at the address
 * @reader: the reader that dispatches the access, for nested accesses
 * @base: first address of @region at dispatch; it may have moved since
 * @offset: first byte of the access, relative to @base
 * @width: bytes at a time
 * @count: number of repetitions; more than 1 only for string I/O, which
 *	accesses one port repeatedly
 * @change: where a write requests a change of a resource; never NULL
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
#define VMR_CACHE_WAYS		2
#define VMR_CACHE_SETS_MAX	32768

/**
 * struct vmr_cache_entry - a recent result of a lookup
 *
 * The result is valid while the sum of the generations in the slots of the path is
 * unchanged, the generation of the region, and the rollover. Only the reader's thread
 * accesses it.
 */
struct vmr_cache_entry {
	/* private: first and last address of the region */
	uint64_t		start;
	uint64_t		last;
	/*
	 * The region, NULL in an empty entry. Bit 0 of the address is set by a hit: the
	 * entry is not replaced the next time. Bit 1 is set for a port.
	 */
	char			*region;
	/*
	 * Generation slots of the region and of the windows on the path, one
	 * byte each. A path through more than three windows is not cached.
	 */
	uint32_t		gen_slots;
	/* sum of the generations in these slots at the lookup, modulo 2^16 */
	uint16_t		gen_sum;
	/* generation of the region at the lookup */
	uint16_t		generation;
};

/**
 * struct vmr_cache_set - the entries of a lookup cache for some addresses
 *
 * Has 64 bytes, and should have an address that is a multiple of 64.
 */
struct vmr_cache_set {
	/* private: */
	struct vmr_cache_entry	entries[VMR_CACHE_WAYS];
};

/**
 * struct vmr_reader - the context in which one thread dispatches accesses
 *
 * Zeroed memory is a valid reader that is not attached. Two readers should not
 * share a line of 64 bytes, and a reader should have an address that is a multiple
 * of 64: a lookup then touches its first line alone.
 */
struct vmr_reader {
	/* private: */
	/*
	 * The update side stores @manager and @next with readers_lock held. The
	 * reader's thread loads @manager. A drain loads @next with the lock held.
	 */
	struct vmr_manager	*manager;
	/*
	 * The reader's thread stores @epoch, @thread, @depth and @hazards, and
	 * a drain loads them.
	 *
	 * @epoch: the manager's epoch when the lookup in progress began, 0 if
	 * none. The thread clears it with release, after it has stored @hazards
	 * and @depth. A drain loads it with acquire, before it loads these.
	 */
	unsigned long		epoch;
	/*
	 * Thread id from the port layer, stored before @depth is incremented. A
	 * nested access restores the former one when it ends.
	 */
	uintptr_t		thread;
	/* the innermost access whose callback runs; only for the thread */
	struct vmr_dispatch	*innermost;
	/* recent lookups by address, or NULL; only for the thread */
	struct vmr_cache_set	*cache;
	uint32_t		nr_sets;
	uint32_t		set_bits;	/* of the number of a set */
	/* the rollover for which @cache is valid; only for the thread */
	uint32_t		rollover;
	/* nested callbacks; stored with release, loaded with acquire */
	uint32_t		depth;
	/*
	 * Devices whose callbacks run, stored with release before @depth. A
	 * deeper callback counts as an access to every device.
	 */
	struct vmr_device	*hazards[VMR_READER_HAZARDS];
	struct vmr_reader	*next;
};

/**
 * vmr_reader_attach - attach a reader to a manager
 * @manager: the manager
 * @reader: zeroed or detached
 *
 * The reader has no lookup cache until vmr_reader_set_cache().
 *
 * Walks the readers of @manager. If the memory of an attached reader was zeroed,
 * the call fails, and a debug build reports it: the readers that were attached
 * before it are lost. A reader that another manager has and that was zeroed is
 * not detected.
 *
 * Context: update side.
 * Return: 0; -EINVAL if a pointer is NULL; -EEXIST if @reader is attached.
 */
int vmr_reader_attach(struct vmr_manager *manager, struct vmr_reader *reader);

/**
 * vmr_reader_detach - detach a reader from its manager
 * @reader: the reader; the caller may reuse its memory
 *
 * Walks the readers of the manager.
 *
 * Context: update side.
 * Return: 0; -EINVAL if @reader is NULL; -ENOENT if it is not attached, as a copy
 * of a reader is not; -EDEADLK if it is in a call.
 */
int vmr_reader_detach(struct vmr_reader *reader);

/**
 * vmr_reader_set_cache - give a reader memory for recent lookups
 * @reader: an attached reader
 * @cache: @nr sets, or NULL for no cache; they belong to this reader until the next
 *	call of this function, or until the reader is detached
 * @nr: number of sets, any number up to VMR_CACHE_SETS_MAX, best a power of two; 0 if
 *	@cache is NULL
 *
 * Clears the sets. An address has one set, in which it competes with others for
 * VMR_CACHE_WAYS entries. An address that is accessed once does not replace an entry
 * that was hit and is the first of its set. With as many entries as there are
 * regions that the guest accesses often, most accesses hit.
 *
 * Context: the reader's thread, or while it is in no call.
 * Return: 0, or
 *  - -EINVAL: @reader is NULL, or one of @cache and @nr is 0 and the other is not, or
 *    @nr is too large;
 *  - -ENOENT: @reader is not attached;
 *  - -EDEADLK: @reader is in a call.
 */
int vmr_reader_set_cache(struct vmr_reader *reader, struct vmr_cache_set *cache,
			 uint32_t nr);

/**
 * vmr_read - dispatch a read
 * @reader: the calling thread's reader
 * @io: VMR_PIO or VMR_MMIO
 * @addr: first address
 * @data: where to store @width * @count bytes, in guest memory order
 * @width: bytes at a time: 1, 2, 4 or 8 for PIO, 1 to 8 for MMIO. 8 is for ports
 *	that are mapped into memory, as on arm64
 * @count: number of repetitions; 1 except for string I/O
 *
 * All @width bytes must be in one region or subregion, or between two of its
 * subregions. On every error but -EINVAL, all bytes of @data are set to 0xff. If
 * @width is one that no bus has, 0 or above 8, @data is unchanged.
 *
 * Context: any thread, one call at a time for each reader.
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, @reader is not attached, or @io is neither;
 *  - -EMSGSIZE: @width is not one of the bus, or @count is 0;
 *  - -ENXIO: no device answers, or the access leaves its region or the domain;
 *  - -ELOOP: a callback of the device that would answer runs already, in this
 *    access or around it, and the device is not reentrant.
 */
int vmr_read(struct vmr_reader *reader, enum vmr_io io, uint64_t addr,
	     void *data, uint32_t width, uint32_t count);

/**
 * vmr_write - dispatch a write
 * @reader: the calling thread's reader
 * @io: VMR_PIO or VMR_MMIO
 * @addr: first address
 * @data: @width * @count bytes in guest memory order
 * @width: as for vmr_read()
 * @count: number of repetitions; 1 except for string I/O
 *
 * Context: as vmr_read().
 * Return: as vmr_read().
 */
int vmr_write(struct vmr_reader *reader, enum vmr_io io, uint64_t addr,
	      const void *data, uint32_t width, uint32_t count);

/**
 * vmr_read_le - dispatch a read of a little-endian number
 * @reader: as for vmr_read()
 * @io: as for vmr_read()
 * @addr: as for vmr_read()
 * @width: as for vmr_read()
 *
 * For registers of PCI and of most devices, on hosts of either byte order.
 *
 * Context: as vmr_read().
 * Return: the number; if vmr_read() fails, @width bytes of ones, of which there are
 * eight if @width is one that no bus has.
 */
static inline uint64_t vmr_read_le(struct vmr_reader *reader, enum vmr_io io,
				   uint64_t addr, uint32_t width)
{
	uint8_t data[8] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	uint64_t value = 0;
	uint32_t i;

	vmr_read(reader, io, addr, data, width, 1);
	for (i = 0; i < (width - 1 < 8 ? width : 8); i++)
		value |= (uint64_t)data[i] << 8 * i;
	return value;
}

/**
 * vmr_write_le - dispatch a write of a little-endian number
 * @reader: as for vmr_write()
 * @io: as for vmr_write()
 * @addr: as for vmr_write()
 * @value: the number, of whose bytes the lowest @width are written
 * @width: as for vmr_write()
 *
 * Context: as vmr_read().
 * Return: as vmr_write().
 */
static inline int vmr_write_le(struct vmr_reader *reader, enum vmr_io io,
			       uint64_t addr, uint64_t value, uint32_t width)
{
	uint8_t data[8];
	uint32_t i;

	for (i = 0; i < 8; i++)
		data[i] = (uint8_t)(value >> 8 * i);
	return vmr_write(reader, io, addr, data, width, 1);
}

/**
 * vmr_write_change - dispatch a write that may change resources
 * @reader: as for vmr_write()
 * @io: as for vmr_write()
 * @addr: as for vmr_write()
 * @data: as for vmr_write()
 * @width: as for vmr_write()
 * @count: as for vmr_write()
 * @change: where to store the change that the write requests, VMR_CHANGE_NONE
 *	if none; the caller applies it with vmr_change_apply(). Unchanged after an
 *	error
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

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * reader.h - the read side: how a lookup and the drain of a device interact
 *
 * The update side unregisters a device in two steps:
 *
 *  U1. It removes the device's ranges from the tree.
 *  U2. It increments the manager's epoch, and records the new value in the
 *	device as @retire_epoch (vmr_device_retire()).
 *
 * A reader dispatches an access in five steps:
 *
 *  R1. It loads the manager's epoch and stores it in its own @epoch.
 *  R2. It executes a full barrier, or a compiler barrier if the manager's barriers are
 *	asymmetric.
 *  R3. It searches the tree and validates the result.
 *  R4. It stores the device in @hazards, increments @depth, and clears @epoch.
 *  R5. It calls the device, and then decrements @depth.
 *
 * A drain follows U2. It executes a full barrier, with asymmetric barriers on the CPUs
 * of all readers, and then loads @epoch, @depth and @hazards of each reader, in this
 * order. It finds one of four cases:
 *
 *  - @epoch is older than @retire_epoch. The lookup may have found the device,
 *    so the drain waits.
 *  - @epoch is not older. The reader's load in R1 observed U2 with acquire, and
 *    therefore observes U1. Its search cannot find the device.
 *  - @epoch is 0, because the drain does not observe the store in R1. Both
 *    sides store, execute a full barrier, and then load what the other side
 *    stored, so at least one side observes the other's store. Here the drain
 *    does not, so R3 observes U1. With asymmetric barriers, the barrier that the
 *    drain executes on the reader's CPU is after the store in R1, which the drain then
 *    observes, or before it, and then R3 is after it too and observes U1.
 *  - @epoch is 0, because the lookup is over. R4 stores the hazard and @depth
 *    before it clears @epoch with release. The drain loads @epoch first, with
 *    acquire, and therefore observes the hazard.
 *
 * The store-release of @depth in R5 is the reader's last access to the device.
 * The drain loads @depth with acquire. If it observes the new value, all
 * accesses of the callback happened before.
 *
 * A drain waits for one device, as synchronize_irq() waits for one interrupt:
 * for the lookups that began before U2, and for the callbacks of this device.
 * It waits for other callbacks only if they are nested deeper than
 * VMR_READER_HAZARDS.
 *
 * The lookup cache: most accesses of a guest go to few addresses, so a reader
 * keeps recent results. A result is valid until its region, or a window on the
 * path, leaves its addresses. The update side increments the generation of such
 * a range before the end of its write section. If R3 observes an unchanged sum
 * of the generations on the path, the result is what a new search would return.
 * The device was then registered after R1, so its drain waits for this reader.
 * Changes of other regions leave the sum as it is, unless they share a
 * generation slot. A bulk move is still atomic for lookups: a reader that
 * observes one of its moves observes the end of the write section, and with it
 * all generations of the set.
 *
 * A generation repeats after 2^32 increments, and a reader may sleep that long.
 * The rollover changes at least once in 2^26 increments of a generation, and
 * then each reader flushes its cache. A sum of generations cannot repeat
 * sooner.
 *
 * tools/testing/spin has a model of the lookups and the drain. It is checked in
 * all its states, and fails without any one of these steps.
 */
#ifndef VMR_LIB_DEVICE_READER_H
#define VMR_LIB_DEVICE_READER_H

#include "base/lockdep.h"
#include "device/device.h"
#include "range/seqcount.h"

/*
 * An access in progress, on the stack of its call. The accesses whose callbacks run
 * are linked from the reader's innermost one outwards.
 */
struct vmr_dispatch {
	struct vmr_device	*dev;
	struct vmr_access	access;
	void			*host;		/* memory that serves it, or NULL */
	bool			write;
	struct vmr_dispatch	*outer;
	uintptr_t		outer_thread;	/* of the access around it */
};

/* R1 and R2 */
static inline void reader_lookup_begin(struct vmr_reader *reader)
{
	unsigned long now;

	VMR_ASSERT(!reader->epoch);
	vmr_lockdep_lookup();
	WRITE_ONCE(reader->thread, vmr_port_thread_id());
	/*
	 * Orders U1 before the search, if this observes U2. Pairs with the
	 * store-release in vmr_device_retire().
	 */
	now = smp_load_acquire(&reader->manager->epoch);
	VMR_ASSERT(now);
	/*
	 * Orders the reader's earlier callbacks before the new epoch. Pairs
	 * with the load-acquire of @epoch in reader_may_access().
	 */
	smp_store_release(&reader->epoch, now);
	/*
	 * Orders the store of @epoch before the loads of the search. Pairs with
	 * the barriers in begin_drain().
	 */
	if (likely(reader->manager->asymmetric)) {
		barrier();
		return;
	}
	/* pairs with that of begin_drain() */
	smp_mb();
}

/* R4 */
static inline void reader_callback_begin(struct vmr_reader *reader,
					 struct vmr_dispatch *access)
{
	struct vmr_device *dev = access->dev;
	uint32_t depth = reader->depth;

	access->outer = reader->innermost;
	reader->innermost = access;
	vmr_lockdep_callback_begin();
	if (depth < VMR_READER_HAZARDS)
		/*
		 * Orders the callback that had this slot before, if any. Pairs
		 * with the load-acquire of @hazards in reader_may_access().
		 */
		smp_store_release(&reader->hazards[depth], dev);
	/*
	 * Orders the stores of @hazards and @thread before @depth. Pairs with
	 * the load-acquire of @depth in reader_may_access() and poll_drain().
	 */
	smp_store_release(&reader->depth, depth + 1);
	/*
	 * Orders the stores of @hazards and @depth before the end of the
	 * lookup. Pairs with the load-acquire of @epoch in reader_may_access().
	 */
	smp_store_release(&reader->epoch, 0);
}

/*
 * The access around a nested one may run on another thread, which gets its name
 * back: a drain takes the thread in @thread to be inside the callback.
 */
static inline void reader_restore_thread(struct vmr_reader *reader,
					 uintptr_t thread)
{
	if (reader->innermost)
		WRITE_ONCE(reader->thread, thread);
}

/* The end of R5 */
static inline void reader_callback_end(struct vmr_reader *reader,
				       const struct vmr_dispatch *access)
{
	VMR_ASSERT(reader->depth && reader->innermost == access);
	reader->innermost = access->outer;
	reader_restore_thread(reader, access->outer_thread);
	/*
	 * Orders all accesses of the callback before its end. Pairs with the
	 * load-acquire of @depth in reader_may_access().
	 */
	smp_store_release(&reader->depth, reader->depth - 1);
	vmr_lockdep_callback_end();
}

/* copy.c: copy an access between @data and the memory of its region */
void vmr_read_host(const struct vmr_dispatch *target, void *data);
void vmr_write_host(const struct vmr_dispatch *target, const void *data);

#endif /* VMR_LIB_DEVICE_READER_H */

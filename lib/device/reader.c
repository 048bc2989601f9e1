// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * reader.c - readers, and the drain that waits for them
 */
#include "reader.h"
#include "trace.h"

#include <linux/atomic.h>

/*
 * Protects the list of readers. It is held for a few loads and stores only, so
 * a drain on any thread may spin on it.
 */
static unsigned long readers_lock(struct vmr_manager *manager)
{
	unsigned long state = vmr_port_write_begin();
	unsigned int spins = 0;

	/*
	 * Orders the previous holder's stores to the list before the accesses
	 * of this one. Pairs with the store-release in readers_unlock().
	 */
	while (xchg_acquire(&manager->readers_lock, 1)) {
		vmr_port_reader_wait(spins);
		spins += spins + 1 > spins;
	}
	return state;
}

static void readers_unlock(struct vmr_manager *manager, unsigned long state)
{
	/*
	 * Orders the stores to the list before the unlock. Pairs with
	 * xchg_acquire() in readers_lock().
	 */
	smp_store_release(&manager->readers_lock, 0);
	vmr_port_write_end(state);
}

/* The link to a reader, or the last link if it is not attached */
static struct vmr_reader **find_reader(struct vmr_manager *manager,
				       const struct vmr_reader *reader)
{
	struct vmr_reader **at;

	for (at = &manager->readers; *at && *at != reader; at = &(*at)->next)
		;
	return at;
}

int vmr_reader_attach(struct vmr_manager *manager, struct vmr_reader *reader)
{
	unsigned long state;

	if (!manager || !reader)
		return -EINVAL;
	if (reader->manager)
		return -EEXIST;
	state = readers_lock(manager);
	if (*find_reader(manager, reader)) {
		readers_unlock(manager, state);
		VMR_ASSERT(!"the memory of an attached reader was zeroed");
		return -EEXIST;
	}
	memset(reader, 0, sizeof(*reader));
	reader->manager = manager;
	reader->next = manager->readers;
	manager->readers = reader;
	readers_unlock(manager, state);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_reader_attach);

int vmr_reader_detach(struct vmr_reader *reader)
{
	struct vmr_manager *manager;
	struct vmr_reader **at;
	unsigned long state;

	if (!reader)
		return -EINVAL;
	manager = reader->manager;
	if (!manager)
		return -ENOENT;
	/*
	 * A later drain does not see this reader, so its callbacks must happen
	 * before the detach. Pairs with the store-release of @epoch in
	 * reader_callback_begin().
	 */
	if (smp_load_acquire(&reader->epoch))
		return -EDEADLK;
	/* Pairs with the store-release in reader_callback_end(). */
	if (smp_load_acquire(&reader->depth))
		return -EDEADLK;
	state = readers_lock(manager);
	at = find_reader(manager, reader);
	if (!*at) {
		readers_unlock(manager, state);
		return -ENOENT;
	}
	*at = reader->next;
	reader->manager = NULL;
	readers_unlock(manager, state);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_reader_detach);

int vmr_reader_set_cache(struct vmr_reader *reader, struct vmr_cache_set *cache,
			 uint32_t nr)
{
	if (!reader || !cache != !nr || nr > VMR_CACHE_SETS_MAX)
		return -EINVAL;
	if (!reader->manager)
		return -ENOENT;
	if (reader->depth)
		return -EDEADLK;
	if (nr)
		memset(cache, 0, sizeof(*cache) * nr);
	reader->cache = cache;
	reader->nr_sets = nr;
	reader->set_bits = nr > 1 ? vmr_log2(nr - 1) + 1 : 0;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_reader_set_cache);

/* Whether a reader calls the device, or may be about to call it */
static bool reader_may_access(struct vmr_reader *reader,
			      const struct vmr_device *dev)
{
	unsigned long epoch;
	uint32_t depth, i;

	/*
	 * Orders the load of @epoch before those of @depth and @hazards. Pairs
	 * with the store-release of @epoch in reader_callback_begin().
	 */
	epoch = smp_load_acquire(&reader->epoch);
	if (epoch && (long)(epoch - dev->retire_epoch) < 0)
		return true;
	/*
	 * Orders the accesses of an ended callback before the end of the drain.
	 * Pairs with the store-release of @depth in reader_callback_end().
	 */
	depth = smp_load_acquire(&reader->depth);
	if (depth > VMR_READER_HAZARDS)
		return true;
	for (i = 0; i < depth; i++)
		/*
		 * A later hazard in this slot shows that the callback ended.
		 * Pairs with the store-release in reader_callback_begin().
		 */
		if (smp_load_acquire(&reader->hazards[i]) == dev)
			return true;
	return false;
}

static int check_drain(const struct vmr_manager *manager,
		       const struct vmr_device *dev)
{
	if (dev->manager && dev->manager != manager)
		return -ENOENT;
	return READ_ONCE(dev->state) == VMR_DEVICE_UNREGISTERED ? 0 : -EBUSY;
}

/*
 * Orders the unregistration before the loads of the readers' epochs, once for all polls
 * of a drain: a lookup whose epoch the first poll does not observe cannot find the
 * device. Pairs with the barrier in reader_lookup_begin(). With asymmetric barriers the
 * lookups have a compiler barrier there, and the full one is executed for them here.
 */
static int begin_drain(struct vmr_manager *manager, const struct vmr_device *dev)
{
	int ret;

	if (!manager || !dev)
		return -EINVAL;
	ret = check_drain(manager, dev);
	if (ret)
		return ret;
	/* pairs with that of reader_lookup_begin() */
	smp_mb();
	return manager->asymmetric && !vmr_port_barrier_all() ? -EPERM : 0;
}

/*
 * Check once whether @dev is drained. With @check_self, -EDEADLK if the calling
 * thread is inside a callback, which the drain would wait for.
 */
static int poll_drain(struct vmr_manager *manager, const struct vmr_device *dev,
		      bool check_self)
{
	struct vmr_reader *reader;
	unsigned long state;
	int ret = 0;

	state = readers_lock(manager);
	for (reader = manager->readers; reader; reader = reader->next) {
		if (reader_may_access(reader, dev))
			ret = -EAGAIN;
		/*
		 * Orders the load of @depth before that of @thread. Pairs with
		 * the store-release of @depth in reader_callback_begin().
		 */
		if (check_self && smp_load_acquire(&reader->depth) &&
		    READ_ONCE(reader->thread) == vmr_port_thread_id()) {
			ret = -EDEADLK;
			break;
		}
	}
	readers_unlock(manager, state);
	return ret;
}

int vmr_device_try_drain(struct vmr_manager *manager,
			 const struct vmr_device *dev)
{
	int ret = begin_drain(manager, dev);

	if (!ret)
		ret = poll_drain(manager, dev, false);
	vmr_trace_drain(manager, dev, ret);
	return ret;
}
EXPORT_SYMBOL_GPL(vmr_device_try_drain);

int vmr_device_drain(struct vmr_manager *manager, const struct vmr_device *dev)
{
	int ret = begin_drain(manager, dev);

	while (!ret && (ret = poll_drain(manager, dev, true)) == -EAGAIN) {
		vmr_lockdep_drain();
		vmr_port_drain_wait();
		ret = check_drain(manager, dev);
	}
	if (!ret)
		vmr_lockdep_drain();
	vmr_trace_drain(manager, dev, ret);
	return ret;
}
EXPORT_SYMBOL_GPL(vmr_device_drain);

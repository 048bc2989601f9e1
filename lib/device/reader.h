/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * reader.h - the read side: how a lookup and the drain of a device interact
 */
#ifndef VMR_LIB_DEVICE_READER_H
#define VMR_LIB_DEVICE_READER_H

#include "base/lockdep.h"
#include "device/device.h"
#include "range/seqcount.h"

static inline void reader_lookup_begin(struct vmr_reader *reader)
{
	unsigned long now;

	vmr_lockdep_lookup();
	WRITE_ONCE(reader->thread, vmr_port_thread_id());
	/* pairs with the release in vmr_device_retire() */
	now = smp_load_acquire(&reader->manager->epoch);
	/* pairs with the acquire in reader_may_access() */
	smp_store_release(&reader->epoch, now);
	smp_mb(); /* pairs with the one in poll_drain() */
}

static inline void reader_callback_begin(struct vmr_reader *reader,
				  struct vmr_device *dev)
{
	uint32_t depth = reader->depth;

	vmr_lockdep_callback_begin();
	if (depth < VMR_READER_HAZARDS)
		/* this and the next two pair with reader_may_access() */
		smp_store_release(&reader->hazards[depth], dev);
	/* after the name */
	smp_store_release(&reader->depth, depth + 1);
	/* after both */
	smp_store_release(&reader->epoch, 0);
}

static inline void reader_callback_end(struct vmr_reader *reader)
{
	/* after all that the callback did; pairs with reader_may_access() */
	smp_store_release(&reader->depth, reader->depth - 1);
	vmr_lockdep_callback_end();
}

#endif /* VMR_LIB_DEVICE_READER_H */

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * call.h - a read by a thread of its own, and flags between threads
 */
#ifndef VMR_TEST_CALL_H
#define VMR_TEST_CALL_H

#include <pthread.h>
#include <sched.h>

#include "machine.h"

static inline void wait_for(const unsigned int *flag, unsigned int value)
{
	while (__atomic_load_n(flag, __ATOMIC_ACQUIRE) != value)
		sched_yield();
}

static inline void set_flag(unsigned int *flag, unsigned int value)
{
	__atomic_store_n(flag, value, __ATOMIC_RELEASE);
}

static inline unsigned int get_flag(const unsigned int *flag)
{
	return __atomic_load_n(flag, __ATOMIC_ACQUIRE);
}

struct call {
	struct vmr_reader	reader;
	uint64_t		addr;
	int			ret;
	uint8_t			data;
};

static inline void *call_thread(void *arg)
{
	struct call *call = arg;

	call->ret = vmr_read(&call->reader, VMR_MMIO, call->addr, &call->data,
			     1, 1);
	return NULL;
}

/* Wait for the reader's lookup to begin; the open write section blocks it. */
static inline void wait_for_lookup(const struct vmr_reader *reader)
{
	while (!__atomic_load_n(&reader->epoch, __ATOMIC_ACQUIRE))
		sched_yield();
}

#endif /* VMR_TEST_CALL_H */

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * The part of RCU that rbtree.h and rbtree.c use: publishing a pointer and
 * following one. There are no grace periods here; the library's own drain decides
 * how long a node lives.
 */
#ifndef VMR_SHIM_LINUX_RCUPDATE_H
#define VMR_SHIM_LINUX_RCUPDATE_H

#include <asm/barrier.h>
/* Here because rbtree.h includes this header before it declares anything. */
#include <vmr_rbtree_names.h>

#define __rcu
#define rcu_assign_pointer(p, v)	smp_store_release(&(p), (v))
/* Acquire: C11's consume is not implemented, and relaxed promises too little. */
#ifdef VMR_TEST_YIELD_IN_LOOKUP
/*
 * For tests: now and then a thread lets others run before it follows a link, so
 * that whole changes fall into a walk that takes a few nanoseconds else.
 */
int sched_yield(void);

static inline void slow_walk(void)
{
	static __thread unsigned int links;

	if (!(++links % VMR_TEST_YIELD_IN_LOOKUP))
		sched_yield();
}

#define rcu_dereference_raw(p)	(slow_walk(), smp_load_acquire(&(p)))
#else
#define rcu_dereference_raw(p)		smp_load_acquire(&(p))
#endif
#define RCU_INIT_POINTER(p, v)		WRITE_ONCE(p, v)

#endif /* VMR_SHIM_LINUX_RCUPDATE_H */

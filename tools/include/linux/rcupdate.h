/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * The part of RCU that rbtree.h and rbtree.c use: publish a pointer and follow it.
 * There are no grace periods. The drain of the library guarantees that a node
 * exists while readers can reach it.
 */
#ifndef VMR_SHIM_LINUX_RCUPDATE_H
#define VMR_SHIM_LINUX_RCUPDATE_H

#include <asm/barrier.h>
/* Included here because rbtree.h includes this header before its declarations */
#include <vmr_rbtree_names.h>

#define __rcu
#define rcu_assign_pointer(p, v)	smp_store_release(&(p), (v))
/* Acquire: compilers do not implement consume, and relaxed is too weak */
#ifdef VMR_TEST_YIELD_IN_LOOKUP
/*
 * For tests: at every VMR_TEST_YIELD_IN_LOOKUP-th link a thread yields. Other threads can then
 * make whole changes during a walk, which otherwise takes a few nanoseconds.
 */
int sched_yield(void);

static inline void yield_in_lookup(void)
{
	static __thread unsigned int links;

	if (!(++links % VMR_TEST_YIELD_IN_LOOKUP))
		sched_yield();
}

#define rcu_dereference_raw(p)	(yield_in_lookup(), smp_load_acquire(&(p)))
#else
#define rcu_dereference_raw(p)		smp_load_acquire(&(p))
#endif
#define RCU_INIT_POINTER(p, v)		WRITE_ONCE(p, v)

#endif /* VMR_SHIM_LINUX_RCUPDATE_H */

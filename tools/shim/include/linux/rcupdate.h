/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * What rbtree.h and rbtree.c use of RCU: publishing a pointer and following
 * one. There are no grace periods here; how long a node lives is the business
 * of the library's own drain.
 */
#ifndef VMR_SHIM_LINUX_RCUPDATE_H
#define VMR_SHIM_LINUX_RCUPDATE_H

#include <asm/barrier.h>
/* Here because rbtree.h includes this header before it declares anything. */
#include <vmr_rbtree_names.h>

#define __rcu
#define rcu_assign_pointer(p, v)	smp_store_release(&(p), (v))
/* Acquire: C11's consume is not implemented, and relaxed promises too little. */
#define rcu_dereference_raw(p)		smp_load_acquire(&(p))
#define RCU_INIT_POINTER(p, v)		WRITE_ONCE(p, v)

#endif /* VMR_SHIM_LINUX_RCUPDATE_H */

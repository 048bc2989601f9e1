/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * The kernel's memory ordering by C11 fences. The fences order more than smp_rmb()
 * and smp_wmb() require. On x86 both are compiler barriers.
 */
#ifndef VMR_SHIM_ASM_BARRIER_H
#define VMR_SHIM_ASM_BARRIER_H

#include <linux/compiler.h>

/*
 * ThreadSanitizer does not model fences, and gcc warns about each. Here they order
 * only atomic accesses, for which ThreadSanitizer reports no race.
 */
#if defined(__SANITIZE_THREAD__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wtsan"
#endif

#ifdef __CHECKER__
#define smp_mb()			barrier()
#define smp_rmb()			barrier()
#define smp_wmb()			barrier()
#define smp_load_acquire(p)		READ_ONCE(*(p))
#define smp_store_release(p, val)	WRITE_ONCE(*(p), val)
#else
#define smp_mb()		__atomic_thread_fence(__ATOMIC_SEQ_CST)
#define smp_rmb()		__atomic_thread_fence(__ATOMIC_ACQUIRE)
#define smp_wmb()		__atomic_thread_fence(__ATOMIC_RELEASE)
#define smp_load_acquire(p)	__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define smp_store_release(p, val) \
	__atomic_store_n(p, val, __ATOMIC_RELEASE)
#endif

#define smp_store_mb(var, value) \
	do { WRITE_ONCE(var, value); smp_mb(); } while (0)

#endif /* VMR_SHIM_ASM_BARRIER_H */

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
#ifndef VMR_SHIM_LINUX_ATOMIC_H
#define VMR_SHIM_LINUX_ATOMIC_H

#ifdef __CHECKER__
#define xchg_acquire(ptr, val) \
	({ __typeof__(*(ptr)) xchg_old_ = *(ptr); *(ptr) = (val); xchg_old_; })
#define xchg(ptr, val)		xchg_acquire(ptr, val)
#define cmpxchg(ptr, old, new) \
	({ \
		__typeof__(*(ptr)) cmpxchg_old_ = *(ptr); \
		if (cmpxchg_old_ == (old)) \
			*(ptr) = (new); \
		cmpxchg_old_; \
	})
#else
#define xchg_acquire(ptr, val) \
	__atomic_exchange_n((ptr), (val), __ATOMIC_ACQUIRE)
/* Fully ordered, as the kernel's are. cmpxchg() returns the value of before. */
#define xchg(ptr, val) \
	__atomic_exchange_n((ptr), (val), __ATOMIC_SEQ_CST)
#define cmpxchg(ptr, old, new) \
	({ \
		__typeof__(*(ptr)) cmpxchg_old_ = (old); \
		__atomic_compare_exchange_n((ptr), &cmpxchg_old_, (new), 0, \
					    __ATOMIC_SEQ_CST, \
					    __ATOMIC_SEQ_CST); \
		cmpxchg_old_; \
	})
#endif

#endif /* VMR_SHIM_LINUX_ATOMIC_H */

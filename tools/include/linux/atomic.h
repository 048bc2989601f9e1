/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
#ifndef VMR_SHIM_LINUX_ATOMIC_H
#define VMR_SHIM_LINUX_ATOMIC_H

#ifdef __CHECKER__
#define xchg_acquire(ptr, val) \
	({ __typeof__(*(ptr)) xchg_old_ = *(ptr); *(ptr) = (val); xchg_old_; })
#else
#define xchg_acquire(ptr, val) \
	__atomic_exchange_n((ptr), (val), __ATOMIC_ACQUIRE)
#endif

#endif /* VMR_SHIM_LINUX_ATOMIC_H */

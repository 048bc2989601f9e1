/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * drd.h - annotations of atomics for valgrind's DRD, which supports locks alone
 *
 * Included in front of everything. DRD ignores an object from its first atomic access
 * on. The annotations order a release before the acquire that observes it.
 */
#ifndef VMR_CHECK_DRD_H
#define VMR_CHECK_DRD_H

#include <drd.h>

#define __atomic_load_n(p, order) \
	__extension__({ \
		__auto_type p_ = (p); \
		DRD_IGNORE_VAR(*p_); \
		__auto_type v_ = __atomic_load_n(p_, order); \
		if ((order) != __ATOMIC_RELAXED) \
			ANNOTATE_HAPPENS_AFTER(p_); \
		v_; \
	})

#define __atomic_store_n(p, value, order) \
	__extension__({ \
		__auto_type p_ = (p); \
		DRD_IGNORE_VAR(*p_); \
		if ((order) != __ATOMIC_RELAXED) \
			ANNOTATE_HAPPENS_BEFORE(p_); \
		__atomic_store_n(p_, value, order); \
	})

/* Of a lock, and of counts: each comes behind the one before. */
#define __atomic_exchange_n(p, value, order) \
	__extension__({ \
		__auto_type x_ = (p); \
		DRD_IGNORE_VAR(*x_); \
		__auto_type was_ = __atomic_exchange_n(x_, value, order); \
		ANNOTATE_HAPPENS_AFTER(x_); \
		was_; \
	})

#define __atomic_fetch_add(p, value, order) \
	__extension__({ \
		__auto_type p_ = (p); \
		DRD_IGNORE_VAR(*p_); \
		ANNOTATE_HAPPENS_BEFORE(p_); \
		__auto_type was_ = __atomic_fetch_add(p_, value, order); \
		ANNOTATE_HAPPENS_AFTER(p_); \
		was_; \
	})

#endif /* VMR_CHECK_DRD_H */

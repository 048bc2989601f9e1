/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * drd.h - what atomics mean, for valgrind's DRD, which knows locks alone
 *
 * Included in front of everything. What is accessed atomically is none of DRD's
 * business from then on; that a release comes before the acquire that sees it is
 * what it has to know of the rest.
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

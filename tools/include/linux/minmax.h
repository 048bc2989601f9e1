/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
#ifndef VMR_SHIM_LINUX_MINMAX_H
#define VMR_SHIM_LINUX_MINMAX_H

#include <linux/compiler.h>

#define min_t(type, a, b) \
	__extension__ ({ \
		type min_a_ = (a); \
		type min_b_ = (b); \
		min_a_ < min_b_ ? min_a_ : min_b_; \
	})
#define max_t(type, a, b) \
	__extension__ ({ \
		type max_a_ = (a); \
		type max_b_ = (b); \
		max_a_ > max_b_ ? max_a_ : max_b_; \
	})

/* A comparison of different types does not compile, as in the kernel */
#define vmr_shim_same_type(a, b) \
	__builtin_types_compatible_p(__typeof__((a) + 0), __typeof__((b) + 0))
#define min(a, b) \
	__extension__ ({ \
		_Static_assert(vmr_shim_same_type(a, b), "min() of two types"); \
		min_t(__typeof__((a) + 0), a, b); \
	})
#define max(a, b) \
	__extension__ ({ \
		_Static_assert(vmr_shim_same_type(a, b), "max() of two types"); \
		max_t(__typeof__((a) + 0), a, b); \
	})

#define swap(a, b) \
	do { \
		__typeof__(a) swap_tmp_ = (a); \
		(a) = (b); \
		(b) = swap_tmp_; \
	} while (0)

#endif /* VMR_SHIM_LINUX_MINMAX_H */

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* @a must be a power of two. ALIGN() may wrap: callers check first. */
#ifndef VMR_SHIM_LINUX_ALIGN_H
#define VMR_SHIM_LINUX_ALIGN_H

#define ALIGN_DOWN(x, a)	((x) & ~((__typeof__(x))(a) - 1))
#define ALIGN(x, a)		ALIGN_DOWN((x) + ((__typeof__(x))(a) - 1), a)
#define IS_ALIGNED(x, a)	(((x) & ((__typeof__(x))(a) - 1)) == 0)

#endif /* VMR_SHIM_LINUX_ALIGN_H */

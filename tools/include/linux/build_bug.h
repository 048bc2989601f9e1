/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
#ifndef VMR_SHIM_LINUX_BUILD_BUG_H
#define VMR_SHIM_LINUX_BUILD_BUG_H

#define BUILD_BUG_ON_ZERO(e)	((int)sizeof(char[1 - 2 * !!(e)]) - 1)
#define BUILD_BUG_ON(cond)	((void)BUILD_BUG_ON_ZERO(cond))

/* The message is optional, as in the kernel and in C23 */
#define static_assert(expr, ...)	vmr_shim_assert(expr, ##__VA_ARGS__, #expr)
#define vmr_shim_assert(expr, msg, ...)	_Static_assert(expr, msg)

#endif /* VMR_SHIM_LINUX_BUILD_BUG_H */

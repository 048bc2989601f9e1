/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
#ifndef VMR_SHIM_LINUX_LOG2_H
#define VMR_SHIM_LINUX_LOG2_H

#include <linux/bitops.h>

/* In the kernel ilog2() is also a constant expression; not needed here */
static __always_inline int ilog2(u64 n)
{
	return fls64(n) - 1;
}

static __always_inline bool is_power_of_2(unsigned long n)
{
	return n != 0 && (n & (n - 1)) == 0;
}

#endif /* VMR_SHIM_LINUX_LOG2_H */

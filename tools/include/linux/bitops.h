/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * fls(), fls64() and ffs() number bits from 1 and return 0 for 0. Functions with
 * underscores number bits from 0, and their argument must not be 0.
 */
#ifndef VMR_SHIM_LINUX_BITOPS_H
#define VMR_SHIM_LINUX_BITOPS_H

#include <linux/bits.h>
#include <linux/compiler.h>

static __always_inline unsigned long __fls(unsigned long word)
{
	return BITS_PER_LONG - 1 - __builtin_clzl(word);
}

static __always_inline unsigned long __ffs(unsigned long word)
{
	return __builtin_ctzl(word);
}

static __always_inline unsigned int __ffs64(u64 word)
{
	return __builtin_ctzll(word);
}

static __always_inline int fls(unsigned int x)
{
	return x ? 32 - __builtin_clz(x) : 0;
}

static __always_inline int fls64(u64 x)
{
	return x ? 64 - __builtin_clzll(x) : 0;
}

static __always_inline int ffs(int x)
{
	return __builtin_ffs(x);
}

static __always_inline unsigned int hweight32(u32 w)
{
	unsigned int n = 0;

	/* Not the builtin: without -mpopcnt it calls libgcc */
	for (; w; w &= w - 1)
		n++;
	return n;
}

static __always_inline unsigned int hweight64(u64 w)
{
	return hweight32((u32)w) + hweight32((u32)(w >> 32));
}

#endif /* VMR_SHIM_LINUX_BITOPS_H */

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Definitions for the peers from the kernel, in addition to the library's own shims.
 * The compiler includes this file first. Costs of the kernel's environment (disabled
 * interrupts, locks, atomic bit operations) are missing here, in favour of the peers.
 */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

/* The peers have an rbtree of their own, under its own names. */
#define VMR_RBTREE_NAMES_H

#include <linux/bits.h>
#include <linux/bitops.h>
#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/rcupdate.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <linux/types.h>

void abort(void) __attribute__((__noreturn__));

#define BUILD_BUG_ON_INVALID(e)	((void)sizeof((long)(e)))
#define WARN(cond, ...)		({ if (cond) abort(); false; })

static inline void __set_bit(unsigned long nr, unsigned long *addr)
{
	addr[nr / BITS_PER_LONG] |= 1ul << nr % BITS_PER_LONG;
}

static inline void __clear_bit(unsigned long nr, unsigned long *addr)
{
	addr[nr / BITS_PER_LONG] &= ~(1ul << nr % BITS_PER_LONG);
}

static inline bool test_bit(unsigned long nr, const unsigned long *addr)
{
	return addr[nr / BITS_PER_LONG] >> nr % BITS_PER_LONG & 1;
}

#define clear_bit_unlock(nr, addr)	__clear_bit(nr, addr)

static inline u64 div64_u64_rem(u64 n, u64 d, u64 *rem)
{
	*rem = n % d;
	return n / d;
}

/* Compiled but never called */
struct drm_printer;
#define drm_printf(p, ...)	((void)(p))

#endif /* BENCH_PEER_H */

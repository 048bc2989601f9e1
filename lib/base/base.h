/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * base.h - kernel headers, assertions and casts of links
 */
#ifndef VMR_LIB_BASE_H
#define VMR_LIB_BASE_H

#include <linux/bitops.h>
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/processor.h>
#include <linux/string.h>
#include <linux/types.h>
#include <asm/barrier.h>

#include <vmalloc/port.h>
#include <vmalloc/types.h>

/* A debug build evaluates the condition, a release build only parses it */
#ifdef VMR_DEBUG
#define VMR_ASSERT(cond) \
	do { if (!(cond)) vmr_port_assert_failed(#cond); } while (0)
/* A misuse that only a debug build can afford to look for: it is reported and refused */
#define VMR_IS_MISUSE(cond) \
	((cond) ? (vmr_port_assert_failed(#cond), true) : false)
#else
#define VMR_ASSERT(cond)	((void)sizeof(!(cond)))
#define VMR_IS_MISUSE(cond)	((void)sizeof(!(cond)), false)
#endif

/*
 * The public links are the kernel's structs under other names. The library is
 * compiled with -fno-strict-aliasing, as the kernel is.
 */
static_assert(sizeof(struct vmr_list) == sizeof(struct list_head));

static inline struct list_head *vmr_to_list(struct vmr_list *list)
{
	return (struct list_head *)list;
}

/* Remove an entry from its list. Both links of an entry in no list are NULL. */
static inline void vmr_list_unlink(struct vmr_list *entry)
{
	list_del(vmr_to_list(entry));
	entry->next = NULL;
	entry->prev = NULL;
}

/*
 * Where the compiler optimises for size, a function has one copy and a short cut is left
 * out, with the same results.
 */
#ifdef __OPTIMIZE_SIZE__
#define VMR_FOR_SPEED		0
#define VMR_INLINE_FOR_SPEED	noinline
#else
#define VMR_FOR_SPEED		1
#define VMR_INLINE_FOR_SPEED	inline
#endif

static inline bool vmr_is_pow2(uint64_t n)
{
	return n && !(n & (n - 1));
}

/* The exponent of the largest power of two in @n, which is not 0 */
static inline unsigned int vmr_log2(uint64_t n) /* LCOV_EXCL_BR_LINE: not 0 */
{
	return fls64(n) - 1;
}

#endif /* VMR_LIB_BASE_H */

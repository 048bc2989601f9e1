/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
#ifndef VMR_SHIM_LINUX_COMPILER_H
#define VMR_SHIM_LINUX_COMPILER_H

#include <linux/types.h>

#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)

/* Some libc headers define it too */
#undef __always_inline
#define __always_inline		inline __attribute__((__always_inline__))
#define noinline		__attribute__((__noinline__))
#define __maybe_unused		__attribute__((__unused__))
#define __must_check		__attribute__((__warn_unused_result__))
#define __packed		__attribute__((__packed__))
#define __aligned(x)		__attribute__((__aligned__(x)))
#define __cold			__attribute__((__cold__))
#define __used			__attribute__((__used__))
#define fallthrough		__attribute__((__fallthrough__))

#define __force
#define __user

#define barrier()		__asm__ __volatile__("" : : : "memory")
#define unreachable()		__builtin_unreachable()

/*
 * Links of trees are stored with release for ThreadSanitizer, which does not model
 * barriers. Lockless readers follow these links. The barrier that opens a write
 * section orders earlier stores to the node before them.
 */
struct rb_node;
#define once_order_(x) \
	(__builtin_types_compatible_p(__typeof__(x), struct rb_node *) ? \
	 __ATOMIC_RELEASE : __ATOMIC_RELAXED)

/*
 * Relaxed atomics, not volatile: in C11 a data race is undefined even with
 * volatile, and ThreadSanitizer reports it. An object wider than a machine word may tear, as
 * in the kernel; an atomic access would call libatomic. Lockless readers of such
 * objects validate against a sequence count. Some versions of sparse have no
 * __atomic builtins and get volatile accesses.
 */
#ifdef __CHECKER__
#define READ_ONCE(x)		(*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, val) \
	do { *(volatile __typeof__(x) *)&(x) = (val); } while (0)
#else
#define READ_ONCE(x) \
	__builtin_choose_expr(sizeof(x) <= sizeof(long), \
			      __atomic_load_n(&(x), __ATOMIC_RELAXED), \
			      *(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, val) \
	__builtin_choose_expr(sizeof(x) <= sizeof(long), \
			      __atomic_store_n(&(x), (val), once_order_(x)), \
			      (void)(*(volatile __typeof__(x) *)&(x) = (val)))
#endif

#define data_race(expr)		(expr)

#endif /* VMR_SHIM_LINUX_COMPILER_H */

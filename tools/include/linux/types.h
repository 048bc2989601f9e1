/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * The kernel's short type names, from the freestanding headers of the compiler.
 *
 * u64 is uint64_t here and unsigned long long in the kernel. Code for both must not
 * print a u64 and must not convert a pointer to it.
 */
#ifndef VMR_SHIM_LINUX_TYPES_H
#define VMR_SHIM_LINUX_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

/* list.h has the functions for these types, but does not define them */
struct list_head {
	struct list_head *next, *prev;
};

struct hlist_node {
	struct hlist_node *next, **pprev;
};

struct hlist_head {
	struct hlist_node *first;
};

#endif /* VMR_SHIM_LINUX_TYPES_H */

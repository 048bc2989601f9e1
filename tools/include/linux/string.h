/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * The library may call only the four functions that a compiler may call without a
 * libc. The macros use builtins: else a freestanding compilation would call a
 * function to copy eight bytes.
 */
#ifndef VMR_SHIM_LINUX_STRING_H
#define VMR_SHIM_LINUX_STRING_H

#include <stddef.h>

void *memset(void *s, int c, size_t n);
void *memcpy(void *dest, const void *src, size_t n);
void *memmove(void *dest, const void *src, size_t n);
int memcmp(const void *s1, const void *s2, size_t n);

#define memset(s, c, n)		__builtin_memset(s, c, n)
#define memcpy(d, s, n)		__builtin_memcpy(d, s, n)
#define memmove(d, s, n)	__builtin_memmove(d, s, n)
#define memcmp(a, b, n)		__builtin_memcmp(a, b, n)

#endif /* VMR_SHIM_LINUX_STRING_H */

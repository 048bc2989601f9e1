/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
#ifndef VMR_SHIM_LINUX_LIMITS_H
#define VMR_SHIM_LINUX_LIMITS_H

#include <stdint.h>

#define U8_MAX		UINT8_MAX
#define U16_MAX		UINT16_MAX
#define U32_MAX		UINT32_MAX
#define U64_MAX		UINT64_MAX
#define S32_MAX		INT32_MAX
#define S32_MIN		INT32_MIN
#define S64_MAX		INT64_MAX
#define S64_MIN		INT64_MIN

/* Defined by the compiler if there is no libc */
#ifndef INT_MAX
#define INT_MAX		__INT_MAX__
#define UINT_MAX	(INT_MAX * 2U + 1U)
#define ULONG_MAX	(__LONG_MAX__ * 2UL + 1UL)
#endif

#endif /* VMR_SHIM_LINUX_LIMITS_H */

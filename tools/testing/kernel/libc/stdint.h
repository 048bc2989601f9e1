/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* stdint.h - the kernel has these types under these names */
#ifndef VMR_TEST_STDINT_H
#define VMR_TEST_STDINT_H

#include <linux/limits.h>
#include <linux/types.h>

#define INT32_MIN	S32_MIN
#define INT32_MAX	S32_MAX
#define UINT8_MAX	U8_MAX
#define UINT16_MAX	U16_MAX
#define UINT32_MAX	U32_MAX
#define UINT64_MAX	U64_MAX
#define UINT64_C(n)	n ## ull

#endif /* VMR_TEST_STDINT_H */

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * unaligned.h - load and store unaligned little-endian numbers
 *
 * On a little-endian machine with unaligned loads, a copy of constant size is one
 * instruction.
 */
#ifndef VMR_LIB_BASE_UNALIGNED_H
#define VMR_LIB_BASE_UNALIGNED_H

#include "base/base.h"

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define VMR_LE(bits, x)		__builtin_bswap##bits(x)
#else
#define VMR_LE(bits, x)		((uint##bits##_t)(x))
#endif

static __always_inline uint16_t get_le16(const uint8_t *bytes)
{
	uint16_t value;

	memcpy(&value, bytes, sizeof(value));
	return VMR_LE(16, value);
}

static __always_inline uint32_t get_le32(const uint8_t *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return VMR_LE(32, value);
}

static __always_inline uint64_t get_le64(const uint8_t *bytes)
{
	uint64_t value;

	memcpy(&value, bytes, sizeof(value));
	return VMR_LE(64, value);
}

static __always_inline void put_le16(uint8_t *bytes, uint16_t value)
{
	value = VMR_LE(16, value);
	memcpy(bytes, &value, sizeof(value));
}

static __always_inline void put_le32(uint8_t *bytes, uint32_t value)
{
	value = VMR_LE(32, value);
	memcpy(bytes, &value, sizeof(value));
}

static __always_inline void put_le64(uint8_t *bytes, uint64_t value)
{
	value = VMR_LE(64, value);
	memcpy(bytes, &value, sizeof(value));
}

#endif /* VMR_LIB_BASE_UNALIGNED_H */

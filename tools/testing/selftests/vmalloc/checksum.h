/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * checksum.h - make a changed snapshot one with a valid checksum
 */
#ifndef VMR_TEST_CHECKSUM_H
#define VMR_TEST_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

static inline uint32_t crc32c(const uint8_t *p, size_t size)
{
	uint32_t crc = 0xffffffff;
	int bit;

	while (size--) {
		crc ^= *p++;
		for (bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0x82f63b78 : crc >> 1;
	}
	return ~crc;
}

/* The last four bytes are the checksum of the others */
static inline void fix_checksum(uint8_t *p, size_t size)
{
	uint32_t crc, i;

	if (size < 4)
		return;
	crc = crc32c(p, size - 4);
	for (i = 0; i < 4; i++)
		p[size - 4 + i] = (uint8_t)(crc >> 8 * i);
}

#endif /* VMR_TEST_CHECKSUM_H */

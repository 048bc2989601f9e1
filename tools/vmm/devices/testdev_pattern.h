/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * testdev_pattern.h - the values of the registers of test devices
 *
 * The VMM returns these values, and the guest program expects them. A value depends
 * on the device, the BAR and the offset.
 */
#ifndef TESTDEV_PATTERN_H
#define TESTDEV_PATTERN_H

#include <stdint.h>

/* The value of the byte at @offset of a BAR of the device with device id @id */
static inline uint8_t testdev_pattern(uint32_t id, uint32_t bar,
				      uint64_t offset)
{
	uint64_t hash = ((uint64_t)id << 8 | bar) * 0x9e3779b97f4a7c15ULL;

	hash = (hash ^ offset) * 0xbf58476d1ce4e5b9ULL;
	return (uint8_t)(hash >> 56);
}

#endif /* TESTDEV_PATTERN_H */

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * copy.c - copying between an access and the memory of a region
 */
#include "reader.h"

/* Copy a value whose address in guest-visible memory, @to or @from, is aligned */
#define copy_once(type, to, from, host) \
	do { \
		type value_; \
		if ((from) == (host)) { \
			value_ = READ_ONCE(*(const type *)(from)); \
			memcpy((to), &value_, sizeof(value_)); \
		} else { \
			memcpy(&value_, (from), sizeof(value_)); \
			WRITE_ONCE(*(type *)(to), value_); \
		} \
	} while (0)

/* Copy one access. If its width can be loaded at once from @from, it is. */
static void copy_access(void *to, const void *from, uint32_t width,
			const void *host)
{
	if (!vmr_is_pow2(width) || (uintptr_t)host & (width - 1)) {
		memcpy(to, from, width);
		return;
	}
	switch (width) {
	case 1:
		copy_once(uint8_t, to, from, host);
		break;
	case 2:
		copy_once(uint16_t, to, from, host);
		break;
	case 4:
		copy_once(uint32_t, to, from, host);
		break;
	default:
		copy_once(uint64_t, to, from, host);
	}
}

void vmr_read_host(const struct vmr_dispatch *target, void *data)
{
	const uint8_t *host = (uint8_t *)target->host + target->access.offset;
	uint32_t width = target->access.width, i;

	for (i = 0; i < target->access.count; i++)
		copy_access((uint8_t *)data + (size_t)width * i, host, width,
			    host);
}

void vmr_write_host(const struct vmr_dispatch *target, const void *data)
{
	uint8_t *host = (uint8_t *)target->host + target->access.offset;
	uint32_t width = target->access.width, i;

	for (i = 0; i < target->access.count; i++)
		copy_access(host, (const uint8_t *)data + (size_t)width * i,
			    width, host);
}

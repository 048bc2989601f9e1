// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * encoder.c - write bytes and little-endian numbers
 */
#include "describe/encoder.h"

#include "base/unaligned.h"

void vmr_put_bytes(struct vmr_encoder *out, const void *bytes, size_t size)
{
	if (out->buf)
		memcpy(out->buf + out->len, bytes, size);
	out->len += size;
}

void vmr_put_zeroes(struct vmr_encoder *out, size_t size)
{
	if (out->buf)
		memset(out->buf + out->len, 0, size);
	out->len += size;
}

void vmr_put8(struct vmr_encoder *out, uint8_t value)
{
	vmr_put_bytes(out, &value, sizeof(value));
}

void vmr_put16(struct vmr_encoder *out, uint16_t value)
{
	uint8_t bytes[2];

	put_le16(bytes, value);
	vmr_put_bytes(out, bytes, sizeof(bytes));
}

void vmr_put32(struct vmr_encoder *out, uint32_t value)
{
	uint8_t bytes[4];

	put_le32(bytes, value);
	vmr_put_bytes(out, bytes, sizeof(bytes));
}

void vmr_put64(struct vmr_encoder *out, uint64_t value)
{
	uint8_t bytes[8];

	put_le64(bytes, value);
	vmr_put_bytes(out, bytes, sizeof(bytes));
}

/* Store at @at the byte with which the @size bytes from @start add up to 0. */
void vmr_put_checksum(struct vmr_encoder *out, size_t start, size_t size,
		      size_t at)
{
	uint8_t sum = 0;
	size_t i;

	if (!out->buf)
		return;
	out->buf[at] = 0;
	for (i = start; i < start + size; i++)
		sum += out->buf[i];
	out->buf[at] = -sum;
}

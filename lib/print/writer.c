// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * writer.c - format lines and numbers without a C library
 */
#include "writer.h"

void vmr_write_char(struct vmr_line_writer *out, char c)
{
	if (out->len + 1 < out->size) {
		out->buf[out->len] = c;
		out->buf[out->len + 1] = 0;
	}
	out->len++;
}

void vmr_write_string(struct vmr_line_writer *out, const char *s)
{
	while (*s)
		vmr_write_char(out, *s++);
}

/* Decimal. An id has 32 bits, which every machine can divide */
void vmr_write_id(struct vmr_line_writer *out, uint32_t n)
{
	uint32_t unit = 1;

	while (n / unit >= 10)
		unit *= 10;
	for (; unit; unit /= 10)
		vmr_write_char(out, '0' + n / unit % 10);
}

void vmr_write_number(struct vmr_line_writer *out, uint64_t n)
{
	unsigned int left, digit;
	bool significant = false;

	if (out->kind == VMR_PRINT_IDS) {
		vmr_write_id(out, n);
		return;
	}
	for (left = 16; left; left--, n <<= 4) {
		digit = n >> 60;
		significant = significant || digit || left <= out->digits;
		if (significant)
			vmr_write_char(out, "0123456789abcdef"[digit]);
	}
}

/* A number of addresses, up to 2^64, without leading zeroes */
void vmr_write_total(struct vmr_line_writer *out, struct vmr_total total)
{
	const enum vmr_print_kind kind = out->kind;
	const unsigned int digits = out->digits;

	out->kind = VMR_PRINT_ADDRESSES;
	out->digits = total.high ? 16 : 1;
	vmr_write_string(out, total.high ? "0x1" : "0x");
	vmr_write_number(out, total.low);
	out->kind = kind;
	out->digits = digits;
}

void vmr_write_span(struct vmr_line_writer *out, uint64_t start, uint64_t last)
{
	vmr_write_number(out, start);
	if (out->kind != VMR_PRINT_IDS || start != last) {
		vmr_write_char(out, '-');
		vmr_write_number(out, last);
	}
}

void vmr_write_prefix(struct vmr_line_writer *out, uint64_t start,
		      uint64_t last)
{
	vmr_write_span(out, start, last);
	vmr_write_string(out, " : ");
}

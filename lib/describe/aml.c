// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * aml.c - write ACPI machine language
 */
#include "describe/encoder.h"

#include "base/unaligned.h"

#define PKG_LENGTH_SIZE	3	/* up to 1 MiB */
#define EISA_ID_LENGTH	7

/*
 * Begin a package of terms. Its length is known at its end, and has the same number
 * of bytes for every package.
 */
size_t vmr_aml_begin(struct vmr_encoder *out, uint8_t op)
{
	size_t start;

	vmr_put8(out, op);
	start = out->len;
	vmr_put_zeroes(out, PKG_LENGTH_SIZE);
	return start;
}

size_t vmr_aml_begin_device(struct vmr_encoder *out, const char *name)
{
	size_t start;

	vmr_put8(out, AML_EXT);
	start = vmr_aml_begin(out, AML_EXT_DEVICE);
	vmr_put_bytes(out, name, 4);
	return start;
}

/* The first byte has the number of further bytes and the lowest four bits. */
void vmr_aml_end(struct vmr_encoder *out, size_t start)
{
	size_t size = out->len - start;

	if (!out->buf)
		return;
	out->buf[start] = (PKG_LENGTH_SIZE - 1) << 6 | (size & 0xf);
	put_le16(out->buf + start + 1, size >> 4);
}

void vmr_aml_string(struct vmr_encoder *out, const char *string)
{
	vmr_put8(out, AML_STRING);
	while (*string)
		vmr_put8(out, *string++);
	vmr_put8(out, 0);
}

void vmr_aml_number(struct vmr_encoder *out, uint32_t value)
{
	if (value <= 1) {
		vmr_put8(out, value ? AML_ONE : AML_ZERO);
	} else if (value <= 0xff) {
		vmr_put8(out, AML_BYTE);
		vmr_put8(out, value);
	} else if (value <= 0xffff) {
		vmr_put8(out, AML_WORD);
		vmr_put16(out, value);
	} else {
		vmr_put8(out, AML_DWORD);
		vmr_put32(out, value);
	}
}

/* Begin the definition of an object; its value follows. */
void vmr_aml_name(struct vmr_encoder *out, const char *name)
{
	vmr_put8(out, AML_NAME);
	vmr_put_bytes(out, name, 4);
}

void vmr_aml_name_number(struct vmr_encoder *out, const char *name,
			 uint32_t value)
{
	vmr_aml_name(out, name);
	vmr_aml_number(out, value);
}

static uint32_t hex_digit(char c)
{
	return c <= '9' ? c - '0' : c - 'A' + 10;
}

static bool is_eisa_id(const char *id)
{
	unsigned int i;

	for (i = 0; i < EISA_ID_LENGTH; i++)
		if (!id[i])
			return false;
	return !id[i];
}

/*
 * An id of three letters and four digits has five bits for a letter and four for a
 * digit, the highest byte first. Other ids are strings.
 */
void vmr_aml_name_id(struct vmr_encoder *out, const char *name, const char *id)
{
	uint32_t value;
	unsigned int i;

	vmr_aml_name(out, name);
	if (!is_eisa_id(id)) {
		vmr_aml_string(out, id);
		return;
	}
	value = (id[0] & 0x1fu) << 10 | (id[1] & 0x1fu) << 5 | (id[2] & 0x1fu);
	for (i = 3; i < EISA_ID_LENGTH; i++)
		value = value << 4 | hex_digit(id[i]);
	vmr_put8(out, AML_DWORD);
	vmr_put32(out, __builtin_bswap32(value));
}

/* The length of the buffer is a word, which is written at the end. */
size_t vmr_aml_begin_resources(struct vmr_encoder *out)
{
	size_t start;

	vmr_aml_name(out, "_CRS");
	start = vmr_aml_begin(out, AML_BUFFER);
	vmr_put8(out, AML_WORD);
	vmr_put16(out, 0);
	return start;
}

void vmr_aml_end_resources(struct vmr_encoder *out, size_t start)
{
	size_t size_at = start + PKG_LENGTH_SIZE + 1;

	vmr_put8(out, 0x79);	/* end tag, with a checksum that is not used */
	vmr_put8(out, 0);
	if (out->buf)
		put_le16(out->buf + size_at, out->len - (size_at + 2));
	vmr_aml_end(out, start);
}

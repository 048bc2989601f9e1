/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * encoder.h - write little-endian numbers, AML and resource descriptors
 */
#ifndef VMR_LIB_DESCRIBE_ENCODER_H
#define VMR_LIB_DESCRIBE_ENCODER_H

#include "base/base.h"

#include <vmalloc/acpi.h>

/**
 * struct vmr_encoder - a buffer that is being filled
 * @buf: the buffer; NULL if only the length is wanted
 * @len: bytes written so far
 */
struct vmr_encoder {
	uint8_t	*buf;
	size_t	len;
};

/* encoder.c */
void vmr_put_bytes(struct vmr_encoder *out, const void *bytes, size_t size);
void vmr_put_zeroes(struct vmr_encoder *out, size_t size);
void vmr_put8(struct vmr_encoder *out, uint8_t value);
void vmr_put16(struct vmr_encoder *out, uint16_t value);
void vmr_put32(struct vmr_encoder *out, uint32_t value);
void vmr_put64(struct vmr_encoder *out, uint64_t value);
void vmr_put_checksum(struct vmr_encoder *out, size_t start, size_t size,
		      size_t at);

/* Opcodes of ACPI machine language, section 20.3 of the specification */
enum {
	AML_ZERO		= 0x00,
	AML_ONE			= 0x01,
	AML_NAME		= 0x08,
	AML_BYTE		= 0x0a,
	AML_WORD		= 0x0b,
	AML_DWORD		= 0x0c,
	AML_STRING		= 0x0d,
	AML_SCOPE		= 0x10,
	AML_BUFFER		= 0x11,
	AML_PACKAGE		= 0x12,
	AML_METHOD		= 0x14,
	AML_EXT			= 0x5b,
	AML_ROOT		= 0x5c,
	AML_LOCAL0		= 0x60,
	AML_ARG0		= 0x68,
	AML_ARG1		= 0x69,
	AML_ARG3		= 0x6b,
	AML_STORE		= 0x70,
	AML_AND			= 0x7b,
	AML_OR			= 0x7d,
	AML_EXT_DEVICE		= 0x82,	/* behind AML_EXT */
	AML_CREATE_DWORD_FIELD	= 0x8a,
	AML_NOT			= 0x92,
	AML_EQUAL		= 0x93,
	AML_IF			= 0xa0,
	AML_RETURN		= 0xa4,
};

/* aml.c */
size_t vmr_aml_begin(struct vmr_encoder *out, uint8_t op);
size_t vmr_aml_begin_device(struct vmr_encoder *out, const char *name);
void vmr_aml_end(struct vmr_encoder *out, size_t start);
void vmr_aml_string(struct vmr_encoder *out, const char *string);
void vmr_aml_number(struct vmr_encoder *out, uint32_t value);
void vmr_aml_name(struct vmr_encoder *out, const char *name);
void vmr_aml_name_number(struct vmr_encoder *out, const char *name,
			 uint32_t value);
void vmr_aml_name_id(struct vmr_encoder *out, const char *name,
		     const char *id);
size_t vmr_aml_begin_resources(struct vmr_encoder *out);
void vmr_aml_end_resources(struct vmr_encoder *out, size_t start);

/* The kind of a window of a host bridge */
enum vmr_window_type {
	VMR_WINDOW_MEMORY,
	VMR_WINDOW_PORTS,
	VMR_WINDOW_BUSES,
};

/* descriptor.c */
void vmr_put_window(struct vmr_encoder *out, enum vmr_window_type type,
		    uint64_t start, uint64_t last, bool prefetchable);
void vmr_put_ports(struct vmr_encoder *out, uint64_t start, uint64_t last);
void vmr_put_memory(struct vmr_encoder *out, uint64_t start, uint64_t last);
void vmr_put_interrupt(struct vmr_encoder *out, uint32_t gsi, bool shared);

/* dsdt.c */
void vmr_put_dsdt(struct vmr_encoder *out, const struct vmr_acpi *acpi);

#endif /* VMR_LIB_DESCRIBE_ENCODER_H */

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * writer.h - format a line in a buffer of the caller
 */
#ifndef VMR_LIB_PRINT_WRITER_H
#define VMR_LIB_PRINT_WRITER_H

#include "base/base.h"

#include <vmalloc/print.h>

/* The contents of a space */
enum vmr_print_kind {
	VMR_PRINT_REGIONS,
	VMR_PRINT_ADDRESSES,
	VMR_PRINT_IDS,
};

/**
 * struct vmr_line_writer - a line that is being written
 * @printer: the caller's printer
 * @buf: the line
 * @size: size of @buf in bytes
 * @len: length of the whole text, including what does not fit, in bytes
 * @depth: indentation of the whole text, in levels
 * @level: number of windows that contain the ranges of the line
 * @kind: contents of the space
 * @digits: least number of digits of an address
 */
struct vmr_line_writer {
	const struct vmr_printer	*printer;
	char				*buf;
	size_t				size;
	size_t				len;
	unsigned int			depth;
	unsigned int			level;
	enum vmr_print_kind		kind;
	unsigned int			digits;
};

void vmr_write_char(struct vmr_line_writer *out, char c);
void vmr_write_string(struct vmr_line_writer *out, const char *s);
void vmr_write_id(struct vmr_line_writer *out, uint32_t n);
void vmr_write_number(struct vmr_line_writer *out, uint64_t n);
void vmr_write_total(struct vmr_line_writer *out, struct vmr_total total);
void vmr_write_span(struct vmr_line_writer *out, uint64_t start, uint64_t last);
void vmr_write_prefix(struct vmr_line_writer *out, uint64_t start,
		      uint64_t last);

#endif /* VMR_LIB_PRINT_WRITER_H */

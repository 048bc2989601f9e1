/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * writer.h - lines of text in a caller's buffer
 */
#ifndef VMR_LIB_PRINT_WRITER_H
#define VMR_LIB_PRINT_WRITER_H

#include "base/base.h"

#include <vmalloc/print.h>

/* What the ranges of a space are */
enum vmr_print_kind {
	VMR_PRINT_REGIONS,
	VMR_PRINT_ADDRESSES,
	VMR_PRINT_IDS,
};

/**
 * struct vmr_line_writer - writes one line
 * @printer: the caller's printer
 * @buf: the line
 * @size: bytes of @buf
 * @len: length of the whole text, including what does not fit
 * @depth: indentation of the whole text
 * @level: number of windows above the line
 * @kind: what the ranges are
 * @digits: least number of digits of an address
 */
struct vmr_line_writer {
	const struct vmr_printer	*printer;
	char			*buf;
	size_t			size;
	size_t			len;
	unsigned int		depth;
	unsigned int		level;
	enum vmr_print_kind	kind;
	unsigned int		digits;
};

void vmr_write_char(struct vmr_line_writer *out, char c);
void vmr_write_string(struct vmr_line_writer *out, const char *s);
void vmr_write_id(struct vmr_line_writer *out, uint32_t n);
void vmr_write_number(struct vmr_line_writer *out, uint64_t n);
void vmr_write_total(struct vmr_line_writer *out, struct vmr_total total);
void vmr_write_span(struct vmr_line_writer *out, uint64_t start,
		     uint64_t last);
void vmr_write_prefix(struct vmr_line_writer *out, uint64_t start,
		      uint64_t last);

#endif /* VMR_LIB_PRINT_WRITER_H */

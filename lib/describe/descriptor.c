// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * descriptor.c - resource descriptors of ACPI, section 6.4 of the specification
 */
#include "describe/encoder.h"

enum {
	IO_PORTS	= 0x47,
	FIXED_MEMORY	= 0x86,
	DWORD_SPACE	= 0x87,
	WORD_SPACE	= 0x88,
	INTERRUPT	= 0x89,
	QWORD_SPACE	= 0x8a,
};

#define DECODE_16_BITS	0x01
#define WRITABLE	0x01
#define PREFETCHABLE	0x06	/* in the flags of memory */
#define ENTIRE_RANGE	0x03	/* in the flags of ports */
#define PRODUCER_FIXED	0x0c	/* forwards; both ends are fixed */
#define CONSUMER	0x01
#define CONSUMER_FIXED	0x0d
#define IRQ_EDGE	0x02
#define IRQ_SHARED	0x08

/* Write a number of the width of the descriptor. */
static void put_wide(struct vmr_encoder *out, uint8_t descriptor,
		     uint64_t value)
{
	if (descriptor == WORD_SPACE)
		vmr_put16(out, value);
	else if (descriptor == DWORD_SPACE)
		vmr_put32(out, value);
	else
		vmr_put64(out, value);
}

static void put_space(struct vmr_encoder *out, enum vmr_window_type type,
		      uint8_t flags, uint8_t type_flags, uint64_t start,
		      uint64_t last)
{
	uint8_t descriptor = WORD_SPACE;
	uint16_t width = 2;

	if (type == VMR_WINDOW_MEMORY) {
		descriptor = last >> 32 ? QWORD_SPACE : DWORD_SPACE;
		width = last >> 32 ? 8 : 4;
	}
	vmr_put8(out, descriptor);
	vmr_put16(out, 3 + 5 * width);
	vmr_put8(out, type);
	vmr_put8(out, flags);
	vmr_put8(out, type_flags);
	put_wide(out, descriptor, 0);	/* granularity */
	put_wide(out, descriptor, start);
	put_wide(out, descriptor, last);
	put_wide(out, descriptor, 0);	/* offset */
	put_wide(out, descriptor, last - start + 1);
}

void vmr_put_window(struct vmr_encoder *out, enum vmr_window_type type,
		    uint64_t start, uint64_t last, bool prefetchable)
{
	uint8_t type_flags = 0;

	if (type == VMR_WINDOW_MEMORY)
		type_flags = WRITABLE | (prefetchable ? PREFETCHABLE : 0);
	else if (type == VMR_WINDOW_PORTS)
		type_flags = ENTIRE_RANGE;
	put_space(out, type, PRODUCER_FIXED, type_flags, start, last);
}

/* The short form has eight bits for the number of ports. */
void vmr_put_ports(struct vmr_encoder *out, uint64_t start, uint64_t last)
{
	if (last - start + 1 > 0xff) {
		put_space(out, VMR_WINDOW_PORTS, CONSUMER_FIXED, ENTIRE_RANGE,
			  start, last);
		return;
	}
	vmr_put8(out, IO_PORTS);
	vmr_put8(out, DECODE_16_BITS);
	vmr_put16(out, start);
	vmr_put16(out, start);
	vmr_put8(out, 1);		/* alignment */
	vmr_put8(out, last - start + 1);
}

void vmr_put_memory(struct vmr_encoder *out, uint64_t start, uint64_t last)
{
	if (last >> 32) {
		put_space(out, VMR_WINDOW_MEMORY, CONSUMER_FIXED, WRITABLE,
			  start, last);
		return;
	}
	vmr_put8(out, FIXED_MEMORY);
	vmr_put16(out, 9);
	vmr_put8(out, WRITABLE);
	vmr_put32(out, start);
	vmr_put32(out, last - start + 1);
}

/* A shared line is level-triggered, one of a single device edge-triggered. */
void vmr_put_interrupt(struct vmr_encoder *out, uint32_t gsi, bool shared)
{
	vmr_put8(out, INTERRUPT);
	vmr_put16(out, 6);
	vmr_put8(out, CONSUMER | (shared ? IRQ_SHARED : IRQ_EDGE));
	vmr_put8(out, 1);
	vmr_put32(out, gsi);
}

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * differences.h - the list of what differs by intent
 */
#ifndef VMR_QEMU_DIFFERENCES_H
#define VMR_QEMU_DIFFERENCES_H

#include "machine.h"

#define MAX_DIFFERENCES	64
#define MAX_BITS	12
#define MAX_PROOF	24

/* Where the registers of a difference are */
enum place {
	PLACE_HEADER,		/* of any function */
	PLACE_BRIDGE,		/* the header of a bridge */
	PLACE_CAPABILITY,
	PLACE_EXTENDED,
	PLACE_OTHER,		/* outside the header and of all capabilities */
};

enum filter {
	FILTER_NONE,
	FILTER_CONVENTIONAL,	/* no PCI Express, or its bridge to PCI */
	FILTER_INTEGRATED,	/* integrated into the root complex */
	FILTER_PORT,		/* ports of PCI Express */
	FILTER_VIRTUAL,		/* virtual functions */
	NR_FILTERS,
};

/**
 * struct bits - bits that may differ
 * @place: where the register is
 * @id: the capability
 * @offset: the offset in there
 * @mask: the bits, as a little-endian number
 * @unwritten: only as long as the guest has not written the register
 * @filter: the functions that have it
 */
struct bits {
	enum place	place;
	uint32_t	id, offset, mask;
	bool		unwritten;
	enum filter	filter;
};

/**
 * struct difference - something that differs by intent
 * @name: its name
 * @bits: the bits of registers; none if it is a rule
 * @off: whether it is not accepted in this run
 * @proof: the topology that shows it
 * @steps: the steps that show it
 */
struct difference {
	char		name[32];
	struct bits	bits[MAX_BITS];
	unsigned int	nr_bits;
	bool		off;
	char		proof[32];
	char		*steps[MAX_PROOF];
	unsigned int	nr_steps;
};

extern struct difference differences[MAX_DIFFERENCES];
extern unsigned int nr_differences;

void differences_read(const char *path);
struct difference *difference_find(const char *name);

/* Whether a rule is accepted. An unknown one is a failure of the harness. */
bool difference_accepted(const char *rule);

/* The bits that may differ: always, and until they are written */
void differences_of(const struct node *node, uint8_t *always,
		    uint8_t *unwritten);

#endif /* VMR_QEMU_DIFFERENCES_H */

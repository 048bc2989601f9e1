/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * capability.h - the capabilities of a function as it was learned
 */
#ifndef VMR_QEMU_CAPABILITY_H
#define VMR_QEMU_CAPABILITY_H

#include "machine.h"

/* A capability; all zero before the first */
struct cap {
	bool		extended;
	uint32_t	id;
	uint32_t	version;
	uint32_t	offset;
	uint32_t	size;
};

/* Whether there is a capability @id in the first 256 bytes, and its offset */
uint32_t capability_find(const uint8_t *config, uint32_t id);

/* The offset of an extended capability, 0 if there is none */
uint32_t capability_find_extended(const struct node *node, uint32_t id);

/* The next capability, the extended ones last */
bool capability_next(const struct node *node, struct cap *cap);

/* Whether the library has its own code for it */
bool capability_known(const struct node *node, const struct cap *cap);

/* The offset of the register of a BAR */
unsigned int capability_bar_register(const struct node *node,
				     unsigned int index);

/* Whether a BAR has the table of MSI-X or the pending bits */
bool capability_is_table(const struct node *node, unsigned int index);

#endif /* VMR_QEMU_CAPABILITY_H */

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * compare.h - comparing both sides
 */
#ifndef VMR_QEMU_COMPARE_H
#define VMR_QEMU_COMPARE_H

#include "machine.h"

/* Prepare for a new machine */
void compare_init(void);

/*
 * Read all registers of both sides, and both maps, and compare. @turn selects what is
 * not read each time: addresses without a function, and the rest of extended space.
 * @verbose prints what differs. Returns the number of differences.
 */
unsigned int compare_all(unsigned int turn, bool verbose);

/* Whether the bus numbers of the bridges lead to @bus in one way only */
bool compare_bus_is_clear(uint32_t bus);

/* Whether at the last comparison both sides had this BAR at @addr */
bool compare_agrees(enum vmr_io io, uint64_t addr, const struct node *node,
		    unsigned int bar);

/* Print one difference */
void compare_report(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

extern uint64_t registers_read;

#endif /* VMR_QEMU_COMPARE_H */

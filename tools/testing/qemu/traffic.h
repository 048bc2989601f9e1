/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * traffic.h - what a guest does, in steps
 *
 * A step names its function by the id in the topology. It does nothing if the guest
 * cannot reach the function, or if the two sides find different ones by intent.
 */
#ifndef VMR_QEMU_TRAFFIC_H
#define VMR_QEMU_TRAFFIC_H

#include "machine.h"

enum step_kind {
	STEP_ECAM,	/* write a register through ECAM */
	STEP_PORT,	/* write a register through the ports */
	STEP_READ,	/* read a register through the ports, and compare */
	STEP_TABLE,	/* write to the table of MSI-X */
	STEP_RESET,	/* reset the machine */
	STEP_PLUG,
	STEP_UNPLUG,
	NR_STEP_KINDS,
};

struct step {
	enum step_kind	kind;
	unsigned int	node;
	uint32_t	offset, width;
	uint64_t	value;
};

/* Text of a step, and the step of a text */
void step_print(const struct step *step, char *text, size_t size);
void step_parse(const char *text, struct step *step);

/* Do it on both sides. Returns the number of differences that it shows itself. */
unsigned int step_run(const struct step *step, bool verbose);

/* Numbers that a seed determines */
struct random {
	uint64_t	state;
};

uint32_t random_next(struct random *r);

static inline uint32_t random_below(struct random *r, uint32_t limit)
{
	return random_next(r) % limit;
}

static inline bool random_percent(struct random *r, uint32_t percent)
{
	return random_below(r, 100) < percent;
}

/* generate.c: begin with a machine that was reset; the next step of a guest */
void generate_begin(struct random *r);
void generate_step(struct random *r, struct step *step);

#endif /* VMR_QEMU_TRAFFIC_H */

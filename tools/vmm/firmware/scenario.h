/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * scenario.h - the changes of the machine while the guest runs
 */
#ifndef VMM_SCENARIO_H
#define VMM_SCENARIO_H

#include <stdbool.h>
#include <stdint.h>

#include <vmalloc/vmalloc.h>

struct vmm;

#define SCENARIO_SPACES	5

/**
 * struct scenario - what happens to the machine while the guest runs
 * @step: what comes next
 * @due: when, in exits
 * @restore: the guest wants the machine to be saved and restored now
 * @running: the firmware has come so far that it can begin
 * @room: a place in a space while it is chosen
 * @places: addresses of the BARs of the plugged device
 * @used: what it has of each space
 */
struct scenario {
	unsigned int		step;
	uint64_t		due;
	bool			restore;
	bool			running;
	struct vmr_region	room;
	uint64_t		places[VMR_PCI_NR_BARS];
	uint64_t		used[SCENARIO_SPACES];
};

/**
 * struct guest_program - the guest program that runs after the firmware
 * @started: it has been
 * @text: where what it says begins in the log
 * @passed: checks of its own that passed, by what it says
 * @failed: those that did not
 */
struct guest_program {
	bool		started;
	size_t		text;
	unsigned int	passed;
	unsigned int	failed;
};

#define HOT_ADDRESS		VMR_PCI_BDF(0, 8, 0)

/* scenario.c */
void scenario_step(struct vmm **machine);
void scenario_end(struct vmm *vmm);

/* slot_scenario.c: return NULL, or the fault */
const char *slot_scenario_add(struct vmm *vmm);
const char *slot_scenario_ask(struct vmm *vmm);
const char *slot_scenario_let_go(struct vmm *vmm);

/* guest_program.c */
#define PROGRAM_ADDRESS		MIB
#define PROGRAM_LIMIT		MIB
void program_begin(struct vmm *vmm);
void program_end(struct vmm *vmm);

#endif /* VMM_SCENARIO_H */

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * control.h - changes of a machine from outside, and the comparison with its guest
 */
#ifndef VMM_CONTROL_H
#define VMM_CONTROL_H

#include "../vmm.h"

#define MAX_ASSIGNED	256
#define NR_COMPARED	(NR_FUNCTIONS + IRQDEV_NR_VFS)
#define NR_RESOURCES	17	/* of a function in Linux: BARs, those of VFs, windows */

struct span {
	uint64_t	start;
	uint64_t	last;
};

/**
 * struct comparison - what Linux reports, compared with the map
 * @compared: resources compared
 * @differ: those that are different
 * @moves: BARs and windows that were elsewhere in the comparison before
 * @plugs: functions that were plugged
 * @reboots: times that the guest has booted again
 * @quiet: comparisons without a difference say nothing
 * @interrupts: interrupts that the guest has counted
 * @functions: the functions that have been compared
 * @seen: the resources of each that the guest has reported, a bit for each
 * @places: their addresses in the comparison before
 * @ram: bytes of RAM that Linux has, if firmware has changed the memory map
 * @assigned: what Linux has assigned of ports and of memory
 * @nr_assigned: the number of both
 */
struct comparison {
	struct vmm	*vmm;
	unsigned int	compared;
	unsigned int	differ;
	unsigned int	moves;
	unsigned int	plugs;
	unsigned int	reboots;
	bool		quiet;
	uint64_t	interrupts;
	const struct vmr_pci_function *functions[NR_COMPARED];
	uint32_t	seen[NR_COMPARED];
	uint64_t	places[NR_COMPARED][NR_RESOURCES];
	uint64_t	ram;
	struct span	assigned[2][MAX_ASSIGNED];
	unsigned int	nr_assigned[2];
};

/* commands.c */

/**
 * commands_serve - run the commands of a stream until it ends
 * @vmm: the machine
 * @in: a command in each line. A line that is too long, that has a byte of value 0 or
 *	that the end of the stream cuts off is not run.
 * @out: the answer to each line but the one that is cut off. It ends in a line with "ok",
 *	or with "error:" and a reason.
 *
 * Return: false if an answer could not be written
 */
bool commands_serve(struct vmm *vmm, FILE *in, FILE *out);

/* compare.c */
void compare_report(struct comparison *c, char *report);

/* keep.c */
void compare_assigned(struct comparison *c);

/* verify.c */
int remove_bridges(struct vmm *vmm);
int guest_command(struct vmm *vmm, const char *fmt, ...)
	__attribute__((__format__(__printf__, 2, 3)));
int guest_compare(struct comparison *c, const char *step);
int guest_reboot(struct comparison *c);
bool guest_has_slots(struct comparison *c);
bool guest_has_vfs(struct comparison *c);
int compare_disk(struct comparison *c);
int move_cycle(struct comparison *c);

/* interrupt_steps.c */
int interrupt_steps(struct comparison *c);

/* slot_steps.c */
int slot_steps(struct comparison *c);
int slot_round(struct comparison *c, unsigned int round);
int slots_before_snapshot(struct comparison *c);
int slot_after_restore(struct comparison *c);
int slots_after_restore(struct comparison *c);

/* long_steps.c */
int long_steps(struct comparison *c);

/* snapshot_steps.c */
const char *snapshot_save(struct vmm *vmm, const char *path);
int steps_before_snapshot(struct comparison *c);
int steps_after_restore(struct comparison *c);

/* vf_steps.c */
int vf_steps(struct comparison *c);
int vfs_before_snapshot(struct comparison *c);
int vfs_after_restore(struct comparison *c);

/* hotplug.c */
int function_plug(struct vmm *vmm, struct vmr_pci_function *fn,
		  uint32_t address);
int function_unplug(struct vmm *vmm, struct vmr_pci_function *fn);
struct vmr_pci_port *slot_port(struct vmm *vmm, unsigned int number);
int slot_plug(struct vmm *vmm, unsigned int number);
int slot_request_removal(struct vmm *vmm, unsigned int number);
int slot_unplug(struct vmm *vmm, unsigned int number);
enum vmr_pci_slot_state slot_state(struct vmm *vmm, unsigned int number);
/* The guest has switched power and power indicator of the slot off */
bool slot_is_off(struct vmm *vmm, unsigned int number);

#endif /* VMM_CONTROL_H */

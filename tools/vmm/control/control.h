/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * control.h - changes of a machine from outside, and the comparison with its guest
 */
#ifndef VMM_CONTROL_H
#define VMM_CONTROL_H

#include "../vmm.h"

/**
 * struct comparison - what Linux reports, compared with the map
 * @compared: resources compared
 * @differ: those that are different
 * @moves: BARs that were elsewhere in the comparison before
 * @plugs: functions that were plugged
 * @interrupts: interrupts that the guest has counted
 * @functions: the functions that have been compared
 * @seen: the BARs of each that the guest has reported, a bit for each
 * @places: the addresses of the BARs in the comparison before
 */
struct comparison {
	struct vmm	*vmm;
	unsigned int	compared;
	unsigned int	differ;
	unsigned int	moves;
	unsigned int	plugs;
	uint64_t	interrupts;
	const struct vmr_pci_function *functions[NR_FUNCTIONS];
	uint32_t	seen[NR_FUNCTIONS];
	uint64_t	places[NR_FUNCTIONS][VMR_PCI_NR_BARS];
};

/* compare.c */
void compare_report(struct comparison *c, char *report);

/* hotplug.c */
int function_plug(struct vmm *vmm, struct vmr_pci_function *fn,
		  uint32_t address);
int function_unplug(struct vmm *vmm, struct vmr_pci_function *fn);

#endif /* VMM_CONTROL_H */

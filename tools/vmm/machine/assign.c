// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * assign.c - bus numbers and addresses of a machine that boots a kernel
 *
 * There is no firmware in this machine, so the library does what firmware does. Linux on
 * a PC keeps the numbers and addresses. On arm64 it does if the device tree asks for it.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <vmalloc/pci_assign.h>

#include "../vmm.h"

static void report_failure(const struct vmr_pci_assignment *assign, int err)
{
	char text[VMR_PCI_ADDRESS_TEXT];

	if (err != -ENOSPC || !assign->fn) {
		vmm_err("PCI cannot be assigned: %s", vmr_strerror(err));
		return;
	}
	vmr_pci_format_address(vmr_pci_function_address(assign->fn), text);
	vmm_err("PCI: %s has no place for %#" PRIx64
		" addresses; addresses up to %#" PRIx64 " would do",
		text, assign->size, assign->last_needed);
}

/* Assign with memory for as many functions as there are now. */
static int assign_all(struct vmm *vmm, struct vmr_pci_assignment *assign)
{
	int err = vmr_pci_assign_count(&vmm->manager, assign);

	if (err)
		return err;
	assign->max_items = assign->nr_items;
	assign->max_buses = assign->nr_buses;
	assign->items = calloc(assign->max_items + 1, sizeof(*assign->items));
	assign->buses = calloc(assign->max_buses + 1, sizeof(*assign->buses));
	if (assign->items && assign->buses)
		err = vmr_pci_assign(&vmm->manager, assign);
	else
		err = -ENOSPC;
	free(assign->items);
	free(assign->buses);
	return err;
}

/*
 * Keep a copy of the registers, which is compared with those that the guest leaves. The
 * caller holds the lock of the PCI functions.
 */
void machine_note_assigned(struct vmm *vmm)
{
	unsigned int i;

	vmm->nr_assigned = vmm->nr_functions;
	for (i = 0; i < vmm->nr_functions; i++) {
		vmm->assigned[i].fn = vmm->functions[i];
		memcpy(vmm->assigned[i].header, vmm->functions[i]->config,
		       sizeof(vmm->assigned[i].header));
	}
}

/* No processor of the guest runs. */
int machine_assign(struct vmm *vmm)
{
	struct vmr_pci_assignment assign = { 0 };
	int err;

	vmm->pci_lock.lock(&vmm->pci_lock);
	err = assign_all(vmm, &assign);
	machine_note_assigned(vmm);
	vmm->pci_lock.unlock(&vmm->pci_lock);
	if (err)
		report_failure(&assign, err);
	return err;
}

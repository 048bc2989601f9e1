// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * hotplug.c - plug and unplug a device while the guest runs
 */
#include "control.h"

int function_plug(struct vmm *vmm, struct vmr_pci_function *fn,
		  uint32_t address)
{
	int err = -EEXIST;

	vmm->pci_lock.lock(&vmm->pci_lock);
	if (!fn->manager)
		err = pci_plug(vmm, fn, NULL, address);
	vmm->pci_lock.unlock(&vmm->pci_lock);
	return err;
}

static void forget(struct vmm *vmm, const struct vmr_pci_function *fn)
{
	unsigned int i, n = 0;

	for (i = 0; i < vmm->nr_functions; i++)
		if (vmm->functions[i] != fn)
			vmm->functions[n++] = vmm->functions[i];
	vmm->nr_functions = n;
}

/* Return when no processor is inside the device. */
int function_unplug(struct vmm *vmm, struct vmr_pci_function *fn)
{
	int err = -ENOENT;

	vmm->pci_lock.lock(&vmm->pci_lock);
	if (fn->manager)
		err = vmr_pci_unplug(fn);
	if (err >= 0)
		forget(vmm, fn);
	vmm->pci_lock.unlock(&vmm->pci_lock);
	return err < 0 ? err : vmr_device_drain(&vmm->manager, &fn->dev);
}

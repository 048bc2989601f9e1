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

/* Return when no processor is inside the device. */
int function_unplug(struct vmm *vmm, struct vmr_pci_function *fn)
{
	int err = -ENOENT;

	vmm->pci_lock.lock(&vmm->pci_lock);
	if (fn->manager)
		err = vmr_pci_unplug(fn);
	if (err >= 0)
		pci_forget(vmm, fn);
	vmm->pci_lock.unlock(&vmm->pci_lock);
	return err < 0 ? err : vmr_device_drain(&vmm->manager, &fn->dev);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * hotplug.c - plug and unplug a device while the guest runs
 */
#include <linux/pci_regs.h>

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

/*
 * Slots, by the number on them
 */

/* The port that has the slot, or NULL */
struct vmr_pci_port *slot_port(struct vmm *vmm, unsigned int number)
{
	struct vmr_pci_port *port;

	if (!number || number > Q35_NR_PORTS)
		return NULL;
	port = &vmm->q35.ports[number - 1];
	return vmr_pci_slot_get_state(port) == VMR_PCI_SLOT_NONE ? NULL : port;
}

/* A card that was pulled may still have a processor inside. */
int slot_plug(struct vmm *vmm, unsigned int number)
{
	struct vmr_pci_port *port = slot_port(vmm, number);
	struct vmr_pci_function *fn;
	int err = 0;

	if (!port)
		return -EOPNOTSUPP;
	fn = &vmm->q35.cards[number - 1].fn;
	if (!fn->manager)
		err = vmr_device_drain(&vmm->manager, &fn->dev);
	if (err && err != -ENOENT)
		return err;
	vmm->pci_lock.lock(&vmm->pci_lock);
	err = vmr_pci_slot_add(port, &fn, 1);
	if (!err)
		vmm->functions[vmm->nr_functions++] = fn;
	vmm->pci_lock.unlock(&vmm->pci_lock);
	return err;
}

int slot_request_removal(struct vmm *vmm, unsigned int number)
{
	struct vmr_pci_port *port = slot_port(vmm, number);
	int err;

	if (!port)
		return -EOPNOTSUPP;
	vmm->pci_lock.lock(&vmm->pci_lock);
	err = vmr_pci_slot_request_removal(port);
	vmm->pci_lock.unlock(&vmm->pci_lock);
	return err;
}

/* Only the cards of this program: nothing is behind them. */
int slot_unplug(struct vmm *vmm, unsigned int number)
{
	struct vmr_pci_port *port = slot_port(vmm, number);
	struct vmr_pci_function *fn;
	int err = -ENOENT;

	if (!port)
		return -EOPNOTSUPP;
	fn = &vmm->q35.cards[number - 1].fn;
	vmm->pci_lock.lock(&vmm->pci_lock);
	if (fn->manager)
		err = vmr_pci_slot_pull(port);
	if (!err)
		pci_forget(vmm, fn);
	vmm->pci_lock.unlock(&vmm->pci_lock);
	return err ? err : vmr_device_drain(&vmm->manager, &fn->dev);
}

enum vmr_pci_slot_state slot_state(struct vmm *vmm, unsigned int number)
{
	struct vmr_pci_port *port = slot_port(vmm, number);
	enum vmr_pci_slot_state state;

	vmm->pci_lock.lock_shared(&vmm->pci_lock);
	state = vmr_pci_slot_get_state(port);
	vmm->pci_lock.unlock_shared(&vmm->pci_lock);
	return state;
}

bool slot_is_off(struct vmm *vmm, unsigned int number)
{
	const unsigned int off = PCI_EXP_SLTCTL_PCC | PCI_EXP_SLTCTL_PWR_IND_OFF;
	struct vmr_pci_port *port = slot_port(vmm, number);
	uint32_t at = port->express.reg_block.offset + PCI_EXP_SLTCTL;
	uint8_t control[2];

	vmm->pci_lock.lock_shared(&vmm->pci_lock);
	vmr_pci_config_read(&port->bridge.fn, at, control, 2);
	vmm->pci_lock.unlock_shared(&vmm->pci_lock);
	return ((control[0] | control[1] << 8) & off) == off;
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * reset.c - reset a machine that boots a kernel
 *
 * Its devices and its processors take the state of the moment when it was switched on.
 * Cards that were plugged meanwhile stay.
 */
#include <stdlib.h>
#include <string.h>

#include "../vmm.h"

/* The registers of a platform device are what follows in its struct. */
#define REGISTERS(device, check_fn) { \
	&(device)->platform + 1, \
	sizeof(*(device)) - sizeof((device)->platform), check_fn }

/* The registers of devices that are no PCI functions. Return their number */
unsigned int machine_registers(struct vmm *vmm,
			       struct device_registers regs[MAX_REGISTERS])
{
	const struct device_registers all[] = {
		REGISTERS(&vmm->cmos, cmos_check),
		REGISTERS(&vmm->pit, pit_check),
		REGISTERS(&vmm->pic, pic_check),
		REGISTERS(&vmm->serial, serial_check),
		REGISTERS(&vmm->i8042, i8042_check),
		REGISTERS(&vmm->acpi_pm, NULL),
		{ &vmm->fw_cfg.selected, FW_CFG_REGISTERS, NULL },
		{ &vmm->pci_host.config_address,
		  sizeof(vmm->pci_host.config_address), NULL },
	};
	unsigned int i, n = ARRAY_SIZE(all);

	memcpy(regs, all, sizeof(all));
	for (i = 0; i < NR_SCRATCH_REGS; i++)
		regs[n++] = (struct device_registers)
			REGISTERS(&vmm->scratch_regs[i], NULL);
	return n;
}

/* The bytes of all registers */
size_t machine_registers_size(struct vmm *vmm)
{
	struct device_registers regs[MAX_REGISTERS];
	unsigned int i, n = machine_registers(vmm, regs);
	size_t size = 0;

	for (i = 0; i < n; i++)
		size += regs[i].size;
	return size;
}

static void copy_registers(struct vmm *vmm, uint8_t *bytes, bool save)
{
	struct device_registers regs[MAX_REGISTERS];
	unsigned int i, n = machine_registers(vmm, regs);

	for (i = 0; i < n; i++) {
		if (save)
			memcpy(bytes, regs[i].bytes, regs[i].size);
		else
			memcpy(regs[i].bytes, bytes, regs[i].size);
		bytes += regs[i].size;
	}
}

/* Note the state of a machine that was just switched on, if KVM can give it. */
int machine_switched_on(struct vmm *vmm)
{
	if (!kvm_state_size(vmm))
		return 0;
	vmm->first_registers = malloc(machine_registers_size(vmm));
	vmm->first_state = malloc(kvm_state_size(vmm));
	if (!vmm->first_registers || !vmm->first_state) {
		vmm_err("no memory");
		return -1;
	}
	copy_registers(vmm, vmm->first_registers, true);
	return kvm_get_state(vmm, vmm->first_state);
}

/* Whether machine_reset() is possible, and the kernel can be loaded again */
bool machine_has_reset(const struct vmm *vmm)
{
	return vmm->first_state && vmm->kernel->image;
}

/* No processor runs. */
int machine_reset(struct vmm *vmm)
{
	int err;

	vmm->pci_lock.lock(&vmm->pci_lock);
	err = vmr_pci_host_reset(&vmm->pci_root);
	vmm->pci_lock.unlock(&vmm->pci_lock);
	if (err) {
		vmm_err("reset: %s", vmr_strerror(err));
		return err;
	}
	copy_registers(vmm, vmm->first_registers, false);
	agent_forget(vmm);
	return kvm_set_state(vmm, vmm->first_state, false);
}

void machine_switched_off(struct vmm *vmm)
{
	free(vmm->first_registers);
	free(vmm->first_state);
	free(vmm->restored_items);
	vmm->first_registers = NULL;
	vmm->first_state = NULL;
	vmm->restored_items = NULL;
}

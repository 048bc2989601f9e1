// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * slot_scenario.c - a card comes into a slot and goes, while the guest runs
 *
 * No driver of the guest controls the slot, so that the card has power at once. The
 * last step writes what a driver writes when it lets a card go.
 */
#include <linux/pci_regs.h>

#include "../vmm.h"

#define CARD_VALUE	(Q35_CARD_BYTE * 0x01010101u)

static void write_register(struct vmr_pci_function *fn, uint32_t reg,
			   uint32_t value, uint32_t width)
{
	const uint8_t bytes[4] = { (uint8_t)value, (uint8_t)(value >> 8),
				   (uint8_t)(value >> 16),
				   (uint8_t)(value >> 24) };

	vmr_pci_config_write(fn, reg, bytes, width);
}

/* The beginning of the window that the firmware keeps for cards, 0 if it is closed */
static uint32_t window_start(const struct vmr_pci_function *fn)
{
	uint32_t base = fn->config[PCI_MEMORY_BASE + 1] << 8 |
			fn->config[PCI_MEMORY_BASE];
	uint32_t limit = fn->config[PCI_MEMORY_LIMIT + 1] << 8 |
			 fn->config[PCI_MEMORY_LIMIT];

	return base <= limit ? base << 16 : 0;
}

static bool answers(struct vmm *vmm)
{
	uint8_t b[4] = { 0 };
	uint32_t value;

	vmr_read(&vmm->checker.reader, VMR_MMIO,
		 window_start(&q35_slot(vmm)->bridge.fn), b, 4, 1);
	value = b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 |
		(uint32_t)b[3] << 24;
	return value == CARD_VALUE;
}

/* By the number that the firmware gave the bus */
static bool is_found(struct vmm *vmm)
{
	uint8_t bus = q35_slot(vmm)->bridge.fn.config[PCI_SECONDARY_BUS];

	return vmr_pci_find_function(&vmm->manager, VMR_PCI_BDF(bus, 0, 0)) ==
	       &vmm->q35.slot_card;
}

static const char *add_locked(struct vmm *vmm)
{
	struct vmr_pci_function *fn = &vmm->q35.slot_card;
	struct vmr_pci_port *port = q35_slot(vmm);
	uint32_t start = window_start(&port->bridge.fn);
	int err;

	if (!start)
		return "the firmware keeps no window for the slot";
	err = vmr_pci_slot_add(port, &fn, 1);
	if (err)
		return vmr_strerror(err);
	vmm->functions[vmm->nr_functions++] = fn;
	if (vmr_pci_slot_get_state(port) != VMR_PCI_SLOT_ON || !is_found(vmm))
		return "the guest does not find it";
	write_register(fn, PCI_BASE_ADDRESS_0, start, 4);
	write_register(fn, PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
	return answers(vmm) ? NULL : "it does not answer";
}

static const char *ask_locked(struct vmm *vmm)
{
	struct vmr_pci_port *port = q35_slot(vmm);
	int first = vmr_pci_slot_request_removal(port);

	if (first)
		return vmr_strerror(first);
	if (vmr_pci_slot_request_removal(port) != -EALREADY)
		return "it can be asked twice";
	return answers(vmm) ? NULL : "it does not answer any more";
}

static const char *let_go_locked(struct vmm *vmm)
{
	struct vmr_pci_port *port = q35_slot(vmm);
	struct vmr_pci_function *fn = &port->bridge.fn;
	uint32_t express = port->express.reg_block.offset;

	if (vmr_pci_slot_get_state(port) != VMR_PCI_SLOT_REMOVAL_REQUESTED)
		return "the request is gone";
	write_register(fn, express + PCI_EXP_SLTCTL,
		       PCI_EXP_SLTCTL_PWR_OFF | PCI_EXP_SLTCTL_PWR_IND_OFF |
			       PCI_EXP_SLTCTL_ATTN_IND_OFF, 2);
	if (vmr_pci_slot_get_state(port) != VMR_PCI_SLOT_EMPTY)
		return "it was not pulled";
	return is_found(vmm) || answers(vmm) ? "it left something behind" : NULL;
}

static const char *locked(struct vmm *vmm, const char *(*step)(struct vmm *vmm))
{
	const char *fault;

	vmm->pci_lock.lock(&vmm->pci_lock);
	fault = step(vmm);
	vmm->pci_lock.unlock(&vmm->pci_lock);
	return fault;
}

const char *slot_scenario_add(struct vmm *vmm)
{
	return locked(vmm, add_locked);
}

const char *slot_scenario_ask(struct vmm *vmm)
{
	return locked(vmm, ask_locked);
}

/* Outside the lock: a reader inside the card might wait for it. */
const char *slot_scenario_let_go(struct vmm *vmm)
{
	const char *fault = locked(vmm, let_go_locked);
	int err = vmr_device_drain(&vmm->manager, &vmm->q35.slot_card.dev);

	return fault || !err ? fault : vmr_strerror(err);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * keep.c - whether Linux has kept the numbers and addresses that it has found
 */
#include <linux/pci_regs.h>
#include <string.h>

#include "control.h"

/* A register with a number or an address, and the bits of it that are compared */
struct place_register {
	uint8_t		offset;
	uint32_t	mask;
};

/* Linux writes the register of a ROM when it enables the ROM. */
static const struct place_register of_function[] = {
	{ PCI_BASE_ADDRESS_0, ~0u }, { PCI_BASE_ADDRESS_1, ~0u },
	{ PCI_BASE_ADDRESS_2, ~0u }, { PCI_BASE_ADDRESS_3, ~0u },
	{ PCI_BASE_ADDRESS_4, ~0u }, { PCI_BASE_ADDRESS_5, ~0u },
};

static const struct place_register of_bridge[] = {
	{ PCI_BASE_ADDRESS_0, ~0u }, { PCI_BASE_ADDRESS_1, ~0u },
	{ PCI_PRIMARY_BUS, 0xffffff }, { PCI_IO_BASE, 0xffff },
	{ PCI_MEMORY_BASE, ~0u }, { PCI_PREF_MEMORY_BASE, ~0u },
	{ PCI_PREF_BASE_UPPER32, ~0u }, { PCI_PREF_LIMIT_UPPER32, ~0u },
};

static uint32_t value_of(const uint8_t *header, const struct place_register *reg)
{
	return ((uint32_t)header[reg->offset] |
		(uint32_t)header[reg->offset + 1] << 8 |
		(uint32_t)header[reg->offset + 2] << 16 |
		(uint32_t)header[reg->offset + 3] << 24) & reg->mask;
}

/* Whether a register is of a window that has no addresses: its last is in front of it */
static bool is_closed(const struct vmr_pci_function *fn,
		      const struct place_register *reg, uint32_t value)
{
	if (!fn->bridge)
		return false;
	if (reg->offset == PCI_IO_BASE)
		return (value & 0xf0) > (value >> 8 & 0xf0);
	if (reg->offset == PCI_MEMORY_BASE || reg->offset == PCI_PREF_MEMORY_BASE)
		return (value & 0xfff0) > (value >> 16 & 0xfff0);
	return false;
}

/* Count the registers in use, and return how many of them have changed. */
static unsigned int compare_header(const struct assigned_header *assigned,
				   bool say, unsigned int *compared)
{
	const struct vmr_pci_function *fn = assigned->fn;
	const struct place_register *reg = fn->bridge ? of_bridge : of_function;
	const struct place_register *end = fn->bridge ?
			of_bridge + ARRAY_SIZE(of_bridge) :
			of_function + ARRAY_SIZE(of_function);
	unsigned int changed = 0;
	uint32_t old, now;

	for (; reg < end; reg++) {
		old = value_of(assigned->header, reg);
		now = value_of(fn->config, reg);
		/* Linux may assign addresses to a closed window. */
		if ((!old && !now) || is_closed(fn, reg, old))
			continue;
		(*compared)++;
		if (old == now)
			continue;
		changed++;
		if (say)
			printf("differs: %s: register %#x was assigned %#x and is %#x\n",
			       fn->dev.name, reg->offset, old, now);
	}
	return changed;
}

/*
 * Compare with what machine_assign(), or the firmware, has written. A change is a
 * difference if Linux had to keep it; pci= on its command line lets it do otherwise.
 */
void compare_assigned(struct comparison *c)
{
	const struct vmm *vmm = c->vmm;
	bool must = (vmm->keep || board.keeps) &&
		    !strstr(vmm->kernel->append, "pci=");
	unsigned int i, compared = 0, changed = 0;

	c->vmm->pci_lock.lock(&c->vmm->pci_lock);
	for (i = 0; i < vmm->nr_assigned; i++)
		changed += compare_header(&vmm->assigned[i], must, &compared);
	c->vmm->pci_lock.unlock(&c->vmm->pci_lock);
	if (must)
		c->differ += changed;
	if (!c->quiet || (must && changed))
		printf("linux: of %u registers of the assignment Linux has changed %u\n",
		       compared, changed);
	fflush(stdout);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * q35_check.c - compare the registers of all functions with what the library does
 *
 * The registers are read as a guest reads them, through the ECAM that the firmware
 * has placed and through the ports. From them alone the check computes where each BAR
 * must be and to which line each pin must lead.
 */
#include <string.h>

#include "../vmm.h"

#define PCI_COMMAND	0x04
#define PCI_HEADER	0x0c
#define PCI_BARS	0x10
#define PCI_ROM		0x30
#define PCI_INTERRUPT	0x3c
#define COMMAND_IO	0x1
#define COMMAND_MEMORY	0x2
#define BAR_IO		0x1
#define BAR_64BIT	0x4
#define MSI_ENABLE	0x00010000
#define MSI_FOUR	0x00200000
#define MSI_ADDRESS	4
#define MSI_DATA	12
#define MSI_VECTORS	4
#define ONES		0xffffffffu

/* The results of the check */
struct found {
	unsigned int	functions;
	unsigned int	bars;
	unsigned int	vectors;
	unsigned int	lines;
	unsigned int	faults;
};

static void wrong(struct found *found, uint32_t address, const char *what)
{
	found->faults++;
	printf("check: %02x:%02x.%x: %s\n", address >> 8, address >> 3 & 0x1f,
	       address & 7, what);
}

/* By the address of the ECAM that the host bridge of the guest names */
static uint32_t ecam_read(struct vmm *vmm, uint32_t address, uint32_t reg)
{
	const uint8_t *config = vmm->q35.mch.config;
	uint64_t base = (uint64_t)(config[0x63] & 0xf0) << 24 |
			(uint64_t)config[0x64] << 32;
	uint8_t b[4] = { 0 };

	vmr_read(&vmm->checker.reader, VMR_MMIO,
		 base + ((uint64_t)address << 12) + reg, b, 4, 1);
	return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 |
	       (uint32_t)b[3] << 24;
}

/* Where the registers say that a BAR is; false if it is nowhere */
static bool bar_place(struct vmm *vmm, uint32_t address, unsigned int bar,
		      uint64_t *start)
{
	uint32_t command = ecam_read(vmm, address, PCI_COMMAND);
	uint32_t low;

	if (bar == VMR_PCI_ROM) {
		low = ecam_read(vmm, address, PCI_ROM);
		*start = low & ~0x7ffu;
		return low & 1 && command & COMMAND_MEMORY;
	}
	low = ecam_read(vmm, address, PCI_BARS + 4 * bar);
	if (low & BAR_IO) {
		*start = low & ~0x3u;
		return command & COMMAND_IO;
	}
	*start = low & ~0xfu;
	if (low & BAR_64BIT)
		*start |= (uint64_t)ecam_read(vmm, address,
					      PCI_BARS + 4 * bar + 4) << 32;
	return command & COMMAND_MEMORY;
}

/* Windows in front of it are looked through. */
static bool is_at(struct vmm *vmm, const struct vmr_region *region,
		  uint64_t addr)
{
	return vmr_find_region(&vmm->manager, (enum vmr_io)region->io, addr) ==
	       region;
}

static void check_bars(struct vmm *vmm, const struct vmr_pci_function *fn,
		       struct found *found)
{
	uint32_t address = vmr_pci_function_address(fn);
	const struct vmr_region *region;
	uint64_t start, place;
	unsigned int i;

	for (i = 0; i < VMR_PCI_NR_BARS; i++) {
		if (fn->bars[i].type == VMR_PCI_BAR_NONE)
			continue;
		region = &fn->bars[i].region;
		if (!bar_place(vmm, address, i, &start)) {
			if (vmr_pci_bar_addr(fn, i, &place))
				wrong(found, address, "a BAR that is off answers");
		} else if (!start || !is_at(vmm, region, start) ||
			   !is_at(vmm, region, start + region->size - 1)) {
			wrong(found, address, "a BAR is not where it says");
		} else {
			found->bars++;
		}
	}
}

/* The contents by both ways are those that the function has. */
static void check_config(struct vmm *vmm, const struct vmr_pci_function *fn,
			 struct found *found)
{
	uint32_t address = vmr_pci_function_address(fn);
	uint32_t reg;

	for (reg = 0; reg < VMR_PCI_CONFIG_SIZE; reg += 4)
		if (ecam_read(vmm, address, reg) !=
		    config_read(&vmm->checker, address, reg)) {
			wrong(found, address, "ECAM and ports differ");
			return;
		}
	if (fn->config_size == VMR_PCI_CONFIG_SIZE &&
	    ecam_read(vmm, address, VMR_PCI_CONFIG_SIZE) != ONES)
		wrong(found, address, "it has more registers than there are");
	found->functions++;
}

/* The firmware wrote the line that it thinks the pin leads to. */
static void check_line(struct vmm *vmm, const struct vmr_pci_function *fn,
		       struct found *found)
{
	uint32_t address = vmr_pci_function_address(fn);
	uint32_t reg = ecam_read(vmm, address, PCI_INTERRUPT);
	uint32_t line;

	if (!(reg & 0xff00))
		return;
	if (vmr_pci_intx_get_line(fn, &line) || line != (reg & 0xff))
		wrong(found, address, "the pin leads to another line");
	else
		found->lines++;
}

/* Raise the vector that a driver would enable. Return: what is wrong, or NULL */
static const char *check_vector(struct vmm *vmm, struct irqdev *irqdev,
				uint32_t entry)
{
	struct vmr_pci_function *fn = &irqdev->fn;
	uint32_t count = irqdev->state.count;
	struct vmr_pci_message message;

	if (vmr_pci_get_message(fn, entry, &message) ||
	    message.data != (irqdev->device << 8 | entry))
		return "a message is not what was written";
	if (vmr_range_state(&irqdev->entries[entry].range) != VMR_LIVE)
		return "an enabled vector has no number";
	if (!vmr_find_overlap(&vmm->sys.irqs.space,
			      irqdev->entries[entry].range.start,
			      irqdev->entries[entry].range.last))
		return "the number of a vector is free";
	if (vmr_pci_notify(fn, entry) || irqdev->state.count != count + 1 ||
	    irqdev->state.vector != entry ||
	    irqdev->state.data != message.data)
		return "a message was not sent";
	return NULL;
}

static void put(uint8_t bytes[4], uint32_t value)
{
	bytes[0] = (uint8_t)value;
	bytes[1] = (uint8_t)(value >> 8);
	bytes[2] = (uint8_t)(value >> 16);
	bytes[3] = (uint8_t)(value >> 24);
}

/* Write a register of the table as the guest does */
static void table_write(struct vmm *vmm, uint64_t addr, uint32_t value)
{
	uint8_t bytes[4];

	put(bytes, value);
	vmr_write(&vmm->checker.reader, VMR_MMIO, addr, bytes, 4, 1);
}

/* Enable all entries, raise each one, and disable MSI-X. */
static void check_vectors(struct vmm *vmm, struct irqdev *irqdev,
			  struct found *found)
{
	uint32_t address = vmr_pci_function_address(&irqdev->fn);
	struct irqdev_state state = irqdev->state;
	uint32_t reg = irqdev->msix.reg_block.offset, control, i;
	const char *fault;
	uint64_t start;

	if (!irqdev->nr_entries || !bar_place(vmm, address, 0, &start))
		return;
	control = config_read(&vmm->checker, address, reg);
	config_write(&vmm->checker, control | 0x80000000u);
	for (i = 0; i < irqdev->nr_entries; i++) {
		start += i ? 16 : IRQDEV_TABLE;
		table_write(vmm, start, 0xfee00000);
		table_write(vmm, start + 8, irqdev->device << 8 | i);
		table_write(vmm, start + 12, 0);
		fault = check_vector(vmm, irqdev, i);
		if (fault)
			wrong(found, address, fault);
		else
			found->vectors++;
		table_write(vmm, start + 12, 1);
	}
	config_read(&vmm->checker, address, reg);
	config_write(&vmm->checker, control);
	for (i = 0; i < irqdev->nr_entries; i++)
		if (vmr_range_state(&irqdev->entries[i].range) != VMR_FREE)
			wrong(found, address, "a vector that is off has a number");
	irqdev->state = state;
}

static void config_set(struct vmm *vmm, uint32_t address, uint32_t reg,
		       uint32_t value)
{
	config_read(&vmm->checker, address, reg);
	config_write(&vmm->checker, value);
}

/* Enable all vectors of MSI, raise each one, and disable MSI. */
static void check_msi(struct vmm *vmm, struct irqdev *irqdev,
		      struct found *found)
{
	uint32_t address = vmr_pci_function_address(&irqdev->fn);
	uint32_t reg = irqdev->msi.reg_block.offset, i;
	uint32_t data = irqdev->device << 4;
	struct irqdev_state state = irqdev->state;
	const struct vmr_range *range = &irqdev->msi.range;

	if (!reg)
		return;
	config_set(vmm, address, reg + MSI_ADDRESS, 0xfee00000);
	config_set(vmm, address, reg + MSI_DATA, data);
	config_set(vmm, address, reg, MSI_ENABLE | MSI_FOUR);
	if (vmr_range_state(range) != VMR_LIVE ||
	    range->last - range->start != MSI_VECTORS - 1)
		wrong(found, address, "four vectors do not have four numbers");
	for (i = 0; i < MSI_VECTORS; i++) {
		if (vmr_pci_notify(&irqdev->fn, i) ||
		    irqdev->state.count != state.count + i + 1 ||
		    irqdev->state.address != 0xfee00000 ||
		    irqdev->state.data != (data | i))
			wrong(found, address, "a message was not sent");
		else
			found->vectors++;
	}
	config_set(vmm, address, reg, 0);
	if (vmr_range_state(range) != VMR_FREE)
		wrong(found, address, "vectors that are off have numbers");
	config_set(vmm, address, reg + MSI_ADDRESS, 0);
	config_set(vmm, address, reg + MSI_DATA, 0);
	irqdev->state = state;
}

static void check_host(struct vmm *vmm, const struct vmr_pci_host *host,
		       struct found *found)
{
	const struct vmr_pci_function *fn = NULL;

	while ((fn = vmr_pci_next_function(host, NULL, fn))) {
		check_config(vmm, fn, found);
		check_bars(vmm, fn, found);
		check_line(vmm, fn, found);
	}
}

/* The BARs of the test devices are counted elsewhere. */
static void count_bars(struct vmm *vmm)
{
	const struct vmr_pci_function *fn;
	unsigned int i, bar;
	uint64_t start;

	for (i = 0; i < NR_IRQDEVS; i++) {
		fn = &vmm->q35.irqdevs[i].fn;
		for (bar = 0; bar < VMR_PCI_NR_BARS; bar++) {
			if (fn->bars[bar].type == VMR_PCI_BAR_NONE)
				continue;
			vmm->implemented++;
			if (vmr_pci_bar_addr(fn, bar, &start))
				vmm->programmed++;
		}
	}
}

void q35_selfcheck(struct vmm *vmm)
{
	struct found found = { 0 };
	unsigned int i;

	check_host(vmm, &vmm->pci_root, &found);
	check_host(vmm, &vmm->q35.far, &found);
	for (i = 0; i < NR_IRQDEVS; i++) {
		check_vectors(vmm, &vmm->q35.irqdevs[i], &found);
		check_msi(vmm, &vmm->q35.irqdevs[i], &found);
	}
	count_bars(vmm);
	if (found.functions != vmm->nr_functions) {
		printf("check: %u functions are plugged\n", vmm->nr_functions);
		found.faults++;
	}
	vmm->misdispatched += found.faults;
	printf("check: %u functions through ECAM and ports, ",
	       found.functions);
	printf("%u BARs where their registers say, %u vectors, %u pins\n",
	       found.bars, found.vectors, found.lines);
}

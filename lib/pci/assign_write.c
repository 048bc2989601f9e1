// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * assign_write.c - the registers of an assignment, written as a guest writes them
 *
 * All functions that change are switched off first: the new place of one may be the
 * old place of another.
 */
#include "assign.h"

#define DECODE		(PCI_COMMAND_IO | PCI_COMMAND_MEMORY)

static void write_reg(struct vmr_pci_function *fn, uint32_t offset,
		      uint32_t value, uint32_t width)
{
	uint8_t bytes[4];

	put_le32(bytes, value);
	vmr_pci_config_write(fn, offset, bytes, width);
}

static void set_command(struct vmr_pci_function *fn, uint32_t clear,
			uint32_t set)
{
	uint32_t old = vmr_pci_command(fn->config);
	uint32_t new_value = (old & ~clear) | set;

	if (new_value != old)
		write_reg(fn, PCI_COMMAND, new_value, 2);
}

/* The number of the registers of a BAR that gets another size */
static bool find_resize(const struct vmr_pci_assignment *a,
			const struct vmr_pci_item *item, uint32_t *entry)
{
	const struct vmr_pci_rebar *rebar = item->fn->rebar;
	const uint8_t *cap;
	uint32_t i;

	if (!(a->flags & VMR_PCI_ASSIGN_LARGEST) || !rebar)
		return false;
	cap = &item->fn->config[rebar->reg_block.offset];
	for (i = 0; i < rebar->nr; i++)
		if (rebar->bars[i].index == item->index) {
			*entry = i;
			return vmr_log2(vmr_pci_rebar_size(cap, i)) !=
			       vmr_log2(rebar->bars[i].sizes);
		}
	return false;
}

static void write_size(const struct vmr_pci_assignment *a,
		       const struct vmr_pci_item *item)
{
	const struct vmr_pci_rebar *rebar = item->fn->rebar;
	uint32_t entry;

	if (find_resize(a, item, &entry))
		write_reg(item->fn, rebar->reg_block.offset +
				    vmr_pci_rebar_size_reg(entry),
			  vmr_log2(rebar->bars[entry].sizes) -
				  VMR_PCI_REBAR_SHIFT, 1);
}

static bool bar_changes(const struct vmr_pci_assignment *a,
			const struct vmr_pci_item *item)
{
	uint32_t entry;

	return !item->kept || find_resize(a, item, &entry);
}

static void write_bar(const struct vmr_pci_item *item)
{
	struct vmr_pci_function *fn = item->fn;
	const struct vmr_pci_bar *bar = vmr_pci_bar(fn, item->index);
	uint32_t reg = vmr_pci_bar_reg(fn, item->index);
	uint64_t addr = item->start - item->bus_offset;

	if (bar->type == VMR_PCI_BAR_ROM)
		addr |= fn->config[reg] & PCI_ROM_ADDRESS_ENABLE;
	write_reg(fn, reg, (uint32_t)addr, 4);
	if (bar->type == VMR_PCI_BAR_MEM64)
		write_reg(fn, reg + 4, (uint32_t)(addr >> 32), 4);
}

/* The registers of the windows, from PCI_IO_BASE on */
struct window_registers {
	uint32_t	io;		/* 16 bits */
	uint32_t	mem;
	uint32_t	pref;
	uint32_t	pref_base_high;
	uint32_t	pref_limit_high;
};

/* Base and limit of a window in its unit, as the two halves of a register */
static uint32_t base_and_limit(uint64_t base, uint64_t limit)
{
	return (uint32_t)(base >> 16 & 0xfff0) |
	       (uint32_t)(limit & 0xfff00000);
}

/* A window without addresses has a base above its limit */
static void get_span(const struct vmr_pci_item *window, uint64_t closed,
		     uint64_t *base, uint64_t *limit)
{
	*base = closed;
	*limit = 0;
	if (!window->size)
		return;
	*base = window->start - window->bus_offset;
	*limit = *base + (window->size - 1);
}

static struct window_registers
registers_of(const struct vmr_pci_assign_bus *bus)
{
	const struct vmr_pci_item *windows = bus->windows;
	struct window_registers regs;
	uint64_t base, limit;

	get_span(&windows[VMR_PCI_ASSIGN_IO], 0xf000, &base, &limit);
	regs.io = (uint32_t)(base >> 8 & 0xf0) | (uint32_t)(limit & 0xf000);
	get_span(&windows[VMR_PCI_ASSIGN_MEM], 0xfff00000, &base, &limit);
	regs.mem = base_and_limit(base, limit);
	get_span(&windows[VMR_PCI_ASSIGN_PREF], 0xfff00000, &base, &limit);
	regs.pref = base_and_limit(base, limit);
	regs.pref_base_high = (uint32_t)(base >> 32);
	regs.pref_limit_high = (uint32_t)(limit >> 32);
	return regs;
}

/* The writable bits of the registers, as registers_of() */
static bool windows_change(const struct vmr_pci_assign_bus *bus)
{
	const uint8_t *config = bus->bridge->fn.config;
	struct window_registers regs = registers_of(bus);

	return (get_le16(&config[PCI_IO_BASE]) & 0xf0f0) != regs.io ||
	       (get_le32(&config[PCI_MEMORY_BASE]) & 0xfff0fff0) != regs.mem ||
	       (get_le32(&config[PCI_PREF_MEMORY_BASE]) & 0xfff0fff0) !=
		       regs.pref ||
	       get_le32(&config[PCI_PREF_BASE_UPPER32]) != regs.pref_base_high ||
	       get_le32(&config[PCI_PREF_LIMIT_UPPER32]) != regs.pref_limit_high;
}

static void write_windows(const struct vmr_pci_assign_bus *bus)
{
	struct vmr_pci_function *fn = &bus->bridge->fn;
	struct window_registers regs = registers_of(bus);

	write_reg(fn, PCI_IO_BASE, regs.io, 2);
	write_reg(fn, PCI_MEMORY_BASE, regs.mem, 4);
	write_reg(fn, PCI_PREF_MEMORY_BASE, regs.pref, 4);
	write_reg(fn, PCI_PREF_BASE_UPPER32, regs.pref_base_high, 4);
	write_reg(fn, PCI_PREF_LIMIT_UPPER32, regs.pref_limit_high, 4);
}

static void write_numbers(const struct vmr_pci_assign_bus *bus)
{
	struct vmr_pci_function *fn = &bus->bridge->fn;
	uint32_t primary = bus->parent->bridge ? bus->parent->secondary :
						 bus->host->bus_start;
	uint32_t old = get_le32(&fn->config[PCI_PRIMARY_BUS]);
	uint32_t numbers = primary | bus->secondary << 8 |
			   bus->subordinate << 16 | (old & 0xff000000);

	if (numbers != old)
		write_reg(fn, PCI_PRIMARY_BUS, numbers, 4);
}

/* Without decoding, the registers take any values in any order */
static void write_bridges(struct vmr_pci_assignment *a)
{
	size_t i;

	for (i = 0; i < a->nr_buses; i++) {
		if (!a->buses[i].bridge)
			continue;
		write_numbers(&a->buses[i]);
		if (windows_change(&a->buses[i]))
			write_windows(&a->buses[i]);
	}
}

static void decode_off(struct vmr_pci_assignment *a)
{
	size_t i;

	for (i = 0; i < a->nr_bars; i++)
		if (bar_changes(a, &a->items[i]))
			set_command(a->items[i].fn, DECODE, 0);
	for (i = 0; i < a->nr_buses; i++)
		if (a->buses[i].bridge && windows_change(&a->buses[i]))
			set_command(&a->buses[i].bridge->fn, DECODE, 0);
}

static void decode_on(struct vmr_pci_assignment *a)
{
	size_t i;

	for (i = 0; i < a->nr_buses; i++)
		if (a->buses[i].bridge)
			set_command(&a->buses[i].bridge->fn, 0,
				    DECODE | PCI_COMMAND_MASTER);
	for (i = 0; i < a->nr_bars; i++)
		if (a->items[i].index < VMR_PCI_NR_BARS)
			set_command(a->items[i].fn, 0,
				    a->items[i].io == VMR_PIO ?
				    PCI_COMMAND_IO : PCI_COMMAND_MEMORY);
}

void vmr_pci_assign_write(struct vmr_pci_assignment *a)
{
	size_t i;

	decode_off(a);
	write_bridges(a);
	for (i = 0; i < a->nr_bars; i++) {
		if (!bar_changes(a, &a->items[i]))
			continue;
		write_size(a, &a->items[i]);
		write_bar(&a->items[i]);
	}
	decode_on(a);
}

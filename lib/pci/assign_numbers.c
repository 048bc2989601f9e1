// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * assign_numbers.c - bus numbers, depth first
 *
 * The buses of the caller are in the order of a depth-first walk: a root bus, then
 * each bridge, followed by the bridges behind it.
 */
#include "assign.h"

/* More than any segment has, so that sums of a reserve do not wrap */
#define TOO_MANY	((uint32_t)0x10000)

static bool open_bus(struct vmr_pci_assign_bus *bus, uint32_t *next, bool keep)
{
	bus->secondary = keep ? bus->bridge->fn.config[PCI_SECONDARY_BUS] :
				*next;
	if (bus->secondary < *next)
		return false;
	*next = bus->secondary + 1 + bus->vf_buses;
	return true;
}

/* All behind a bridge has numbers: add room for what comes later */
static bool close_bus(struct vmr_pci_assign_bus *bus, uint32_t *next, bool keep)
{
	uint32_t reserve = min(bus->bridge->reserve.buses, TOO_MANY);
	uint32_t least = max(*next - 1, bus->secondary + reserve - 1);

	bus->subordinate = keep ? bus->bridge->fn.config[PCI_SUBORDINATE_BUS] :
				  least;
	if (bus->subordinate < least)
		return false;
	*next = bus->subordinate + 1;
	return true;
}

/* Number the buses below @root, or take the numbers of the registers */
static bool number_below(struct vmr_pci_assign_bus *root,
			 const struct vmr_pci_assign_bus *end, bool keep)
{
	struct vmr_pci_assign_bus *at = root, *bus;
	uint32_t next = root->host->bus_start + 1;

	for (bus = root + 1; bus < end; bus++) {
		for (; at != bus->parent; at = at->parent)
			if (!close_bus(at, &next, keep))
				return false;
		if (!open_bus(bus, &next, keep))
			return false;
		at = bus;
	}
	for (; at != root; at = at->parent)
		if (!close_bus(at, &next, keep))
			return false;
	root->subordinate = next - 1;
	return next - 1 <= root->host->bus_last;
}

/* The first bridge without a number, or the innermost that needs too many */
static void fail_numbers(struct vmr_pci_assignment *a,
			 const struct vmr_pci_assign_bus *root,
			 const struct vmr_pci_assign_bus *end)
{
	const uint32_t bus_last = root->host->bus_last;
	const struct vmr_pci_assign_bus *bus;

	for (bus = root + 1; bus < end; bus++) {
		if (bus->subordinate <= bus_last)
			continue;
		a->fn = &bus->bridge->fn;
		a->size = bus->subordinate - bus->secondary + 1;
		if (bus->secondary > bus_last)
			break;
	}
	a->index = VMR_PCI_ASSIGN_BUSES;
	a->missing = root->subordinate - bus_last;
	a->largest_gap = 0;
	a->last_needed = root->subordinate;
}

int vmr_pci_assign_numbers(struct vmr_pci_assignment *a)
{
	struct vmr_pci_assign_bus *root, *next;
	size_t i = 0;

	while (i < a->nr_buses) {
		root = &a->buses[i];
		while (++i < a->nr_buses && a->buses[i].bridge)
			;
		next = a->buses + i;
		if (number_below(root, next, true) ||
		    number_below(root, next, false))
			continue;
		fail_numbers(a, root, next);
		return -ENOSPC;
	}
	return 0;
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * slots.c - PCI addresses: buses depth first, devices in the order of the input
 *
 * Device 0 of a root bus is the host bridge. The functions of a device share its
 * number. Those of a host keep theirs if function 0 is among them.
 */
#include <string.h>

#include "place.h"

#define NR_SLOTS	32

/* A device at a root with platform resources only is no PCI device. */
static bool is_pci(const struct plan_device *device)
{
	const struct plan_resource *resource;

	if (!device->nr || device->is_bridge || device->behind)
		return true;
	for_each_resource(resource, device)
		if (!resource->platform)
			return true;
	return false;
}

static void number_functions(struct plan_device *lead, uint32_t address)
{
	bool keep = lead->on_host && !(lead->address & 7);
	struct plan_device *fn;
	uint32_t nr = 0;

	for_each_function(fn, lead) {
		fn->has_address = true;
		fn->pci = address | (keep ? fn->address & 7 : nr);
		nr++;
	}
}

static void number_slot(struct plan_device *device, uint32_t segment,
			uint32_t bus, unsigned int *slot)
{
	if (device->lead != device || !is_pci(device))
		return;
	if (*slot == NR_SLOTS)
		fail(device, NULL, -ENOSPC,
		     "bus %u has no slot left; behind bridges there are more",
		     bus);
	else
		number_functions(device,
				 segment << 16 | bus << 8 | (*slot)++ << 3);
}

static bool take_bus(struct plan *plan, struct plan_device *bridge)
{
	struct plan_host *host = &plan->hosts[bridge->host];

	if (host->next_bus > host->last_bus) {
		fail(bridge, NULL, -ENOSPC,
		     "its host bridge has no bus number left of %u to %u",
		     host->first_bus, host->last_bus);
		return false;
	}
	bridge->bus_number = host->next_bus++;
	bridge->last_bus = bridge->bus_number;
	return true;
}

/* Behind a bridge whose subtree is complete: room for what is plugged in later */
static void close_bridge(struct plan *plan, struct plan_device *bridge)
{
	struct plan_host *host = &plan->hosts[bridge->host];
	uint32_t need = bridge->bus_number + bridge->reserve_buses;

	if (host->next_bus < need)
		host->next_bus = need;
	if (host->next_bus > host->last_bus + 1)
		fail(bridge, NULL, -ENOSPC,
		     "%u bus numbers are more than its host bridge has left",
		     bridge->reserve_buses);
	bridge->last_bus = host->next_bus - 1;
}

static void open_bridge(struct plan *plan, struct plan_device *bridge)
{
	struct plan_device *child;
	unsigned int slot = 0;

	if (bridge->failed || !take_bus(plan, bridge))
		return;
	for_each_child(child, bridge)
		number_slot(child, plan->hosts[bridge->host].segment,
			    bridge->bus_number, &slot);
}

static void number_below(struct plan *plan, struct plan_device *top)
{
	struct plan_device *at = top, *next;

	for (;;) {
		if (at->is_bridge && is_in(at, false))
			open_bridge(plan, at);
		next = is_in(at, false) ? at->first_child : NULL;
		while (!next) {
			if (at->is_bridge && is_in(at, false))
				close_bridge(plan, at);
			if (at == top)
				return;
			next = at->next_child;
			at = next ? at : at->behind;
		}
		at = next;
	}
}

void number_devices(struct plan *plan)
{
	unsigned int slots[MAX_HOSTS];
	struct plan_device *device;
	size_t i;

	for (i = 0; i < plan->nr_hosts; i++) {
		plan->hosts[i].next_bus = plan->hosts[i].first_bus + 1;
		slots[i] = 1;
	}
	for_each_device(device, plan)
		device->has_address = false;
	for_each_device(device, plan) {
		if (device->behind || !is_in(device, false))
			continue;
		number_slot(device, plan->hosts[device->host].segment,
			    plan->hosts[device->host].first_bus,
			    &slots[device->host]);
	}
	for_each_device(device, plan)
		if (!device->behind && device->is_bridge &&
		    is_in(device, false))
			number_below(plan, device);
}

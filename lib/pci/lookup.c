// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * lookup.c - finding functions, bridges and host bridges
 *
 * The @pci_buses of the system are the bus numbers of all segments, segment << 8 |
 * bus. A host bridge is live on its buses. A bridge at the root is parked on the
 * buses that its registers name, a bridge behind another one in the @bridges of
 * that. A lookup finds the bridges that lead to a bus by the overlap.
 */
#include "pci.h"

struct vmr_pci_host *vmr_pci_host_of_bus(const struct vmr_system *sys,
					 uint64_t number)
{
	struct vmr_range *range = vmr_find(&sys->pci_buses, number);

	return range ? container_of(range, struct vmr_pci_host, buses) : NULL;
}

struct vmr_pci_host *vmr_pci_find_host(const struct vmr_manager *manager,
				       uint32_t segment, uint32_t bus)
{
	if (!manager || segment > 0xffff || bus > 0xff)
		return NULL;
	return vmr_pci_host_of_bus(manager->sys, segment << 8 | bus);
}
EXPORT_SYMBOL_GPL(vmr_pci_find_host);

struct vmr_id_pool *vmr_pci_devfns(const struct vmr_manager *manager,
				   const struct vmr_pci_bridge *bridge)
{
	return bridge ? &((struct vmr_pci_bridge *)bridge)->devfns :
			&manager->sys->pci_bdfs;
}

const struct vmr_space *vmr_pci_space(const struct vmr_pci_function *fn,
				      const struct vmr_system *sys,
				      enum vmr_io io)
{
	if (fn->upstream_bridge)
		return vmr_bus_space(&fn->upstream_bridge->bus, io);
	return io == VMR_PIO ? &sys->pio : &sys->mmio;
}

/* Where the bus numbers of a bridge are recorded, and the number of bus 0 there */
static struct vmr_space *numbers_space(const struct vmr_pci_bridge *bridge,
				       uint64_t *base)
{
	const struct vmr_pci_function *fn = &bridge->fn;

	*base = 0;
	if (fn->upstream_bridge)
		return &fn->upstream_bridge->bridges;
	*base = fn->address.start >> 16 << 8;
	return &fn->manager->sys->pci_buses;
}

void vmr_pci_remove_numbers(struct vmr_pci_bridge *bridge)
{
	uint64_t base;

	vmr_free(numbers_space(bridge, &base), &bridge->numbers);
}

/* The bus range of the host bridge bounds what a bridge leads to */
void vmr_pci_update_numbers(struct vmr_pci_bridge *bridge)
{
	const struct vmr_pci_host *host = bridge->fn.host;
	uint32_t first = bridge->fn.config[PCI_SECONDARY_BUS];
	uint32_t last = bridge->fn.config[PCI_SUBORDINATE_BUS];
	struct vmr_space *space;
	uint64_t base;

	if (!bridge->fn.manager)
		return;
	space = numbers_space(bridge, &base);
	if (host)
		last = min(last, host->bus_last);
	if (first > last || first <= (host ? host->bus_start : 0)) {
		vmr_free(space, &bridge->numbers);
		return;
	}
	if (vmr_range_state(&bridge->numbers) != VMR_PARKED ||
	    bridge->numbers.start != base + first ||
	    bridge->numbers.last != base + last)
		vmr_park(space, &bridge->numbers, base + first, base + last);
}

/* The function at an address, unless its owner holds the address only */
static struct vmr_pci_function *plugged_at(const struct vmr_id_pool *ids,
					   uint32_t id)
{
	struct vmr_pci_function *fn = vmr_pci_to_function(vmr_id_find(ids, id));

	return fn && fn->manager ? fn : NULL;
}

static struct vmr_pci_bridge *to_bridge(struct vmr_range *range)
{
	return container_of(range, struct vmr_pci_bridge, numbers);
}

/*
 * The bridge in @space and below @host that leads to @bus, on a bus numbered @parent:
 * the one with the lowest secondary bus number, and of equal ones the lowest on the
 * bus. At most 256 bridges are on a bus.
 */
static struct vmr_pci_bridge *bridge_to_bus(const struct vmr_space *space,
					    const struct vmr_pci_host *host,
					    uint64_t base, uint32_t parent,
					    uint32_t bus)
{
	struct vmr_pci_bridge *found = NULL, *bridge;
	struct vmr_range *range;

	for (range = vmr_first_claim(space, base + bus, base + bus); range;
	     range = vmr_next_claim(range, base + bus, base + bus)) {
		if (found && range->start > found->numbers.start)
			break;
		bridge = to_bridge(range);
		if (range->start > base + parent && bridge->fn.host == host &&
		    (!found || bridge->fn.address.start < found->fn.address.start))
			found = bridge;
	}
	return found;
}

/* A link leads to device 0 */
static struct vmr_pci_function *forwarded_to(const struct vmr_pci_bridge *bridge,
					     uint32_t devfn)
{
	if (devfn >= VMR_PCI_FUNCTIONS && vmr_pci_has_one_device(bridge) &&
	    !vmr_pci_ari_forwards(bridge))
		return NULL;
	return plugged_at(&bridge->devfns, devfn);
}

/* The loop ends: @parent increases, and a bus number is at most 255 */
static struct vmr_pci_function *find_behind(const struct vmr_manager *manager,
					    const struct vmr_pci_host *host,
					    uint32_t address)
{
	const struct vmr_space *space = &manager->sys->pci_buses;
	uint32_t parent = host ? host->bus_start : 0;
	uint64_t base = address >> 16 << 8;
	uint32_t bus = address >> 8 & 0xff;
	struct vmr_pci_bridge *bridge, *last = NULL;

	while ((bridge = bridge_to_bus(space, host, base, parent, bus))) {
		if (vmr_pci_link_down(bridge))
			return NULL;
		parent = bridge->fn.config[PCI_SECONDARY_BUS];
		if (parent == bus)
			return forwarded_to(bridge, address & 0xff);
		space = &bridge->bridges;
		base = 0;
		last = bridge;
	}
	/* VFs may be on later buses than the secondary one */
	return last ? plugged_at(&last->devfns, (bus - parent) << 8 |
							(address & 0xff)) :
		      NULL;
}

struct vmr_pci_function *
vmr_pci_find_function(const struct vmr_manager *manager, uint32_t address)
{
	const struct vmr_pci_host *host;
	struct vmr_pci_function *fn;
	uint32_t bus = address >> 8 & 0xff;

	if (!manager)
		return NULL;
	host = vmr_pci_find_host(manager, address >> 16, bus);
	if (!host || host->bus_start == bus) {
		fn = plugged_at(&manager->sys->pci_bdfs, address);
		if (fn || host)
			return fn;
	}
	return find_behind(manager, host, address);
}
EXPORT_SYMBOL_GPL(vmr_pci_find_function);

uint32_t vmr_pci_function_address(const struct vmr_pci_function *fn)
{
	const struct vmr_pci_function *root = fn;
	uint32_t bus;

	if (!fn->upstream_bridge)
		return (uint32_t)fn->address.start;
	while (root->upstream_bridge)
		root = &root->upstream_bridge->fn;
	bus = fn->upstream_bridge->fn.config[PCI_SECONDARY_BUS] +
	      ((uint32_t)fn->address.start >> 8);
	return ((uint32_t)root->address.start & 0xffff0000u) | bus << 8 |
	       vmr_pci_devfn(fn);
}
EXPORT_SYMBOL_GPL(vmr_pci_function_address);

/* The first address from @range on whose function is plugged */
static struct vmr_range *plugged_from(struct vmr_range *range)
{
	while (range && !vmr_pci_to_function(range)->manager)
		range = vmr_next_range(range);
	return range;
}

static struct vmr_range *first_behind(const struct vmr_pci_bridge *bridge)
{
	return plugged_from(vmr_first_range(&bridge->devfns.space));
}

/* The first function at or behind @range that is below @host, on the root bus */
static struct vmr_pci_function *first_on_root(const struct vmr_pci_host *host,
					      struct vmr_range *range)
{
	uint64_t start = (uint64_t)host->segment << 16 | host->bus_start << 8;

	if (!range)
		range = vmr_find_overlap(&host->manager->sys->pci_bdfs.space,
					 start, start | 0xff);
	range = plugged_from(range);
	return range && range->start <= (start | 0xff) ?
		       vmr_pci_to_function(range) : NULL;
}

struct vmr_pci_function *
vmr_pci_next_function(const struct vmr_pci_host *host,
		      const struct vmr_pci_bridge *below,
		      const struct vmr_pci_function *prev)
{
	struct vmr_range *next;

	if (!below && (!host || !host->manager))
		return NULL;
	if (!prev)
		return below ? vmr_pci_to_function(first_behind(below)) :
			       first_on_root(host, NULL);
	next = prev->bridge ? first_behind(prev->bridge) : NULL;
	/* Else the next one on its bus, or on that of the nearest bridge above */
	while (!next) {
		next = plugged_from(vmr_next_range(&prev->address));
		if (!prev->upstream_bridge)
			return next ? first_on_root(host, next) : NULL;
		if (!next && prev->upstream_bridge == below)
			return NULL;
		prev = &prev->upstream_bridge->fn;
	}
	return vmr_pci_to_function(next);
}
EXPORT_SYMBOL_GPL(vmr_pci_next_function);

bool vmr_pci_clip_to_cpu(const struct vmr_pci_function *fn, enum vmr_io io,
			 uint64_t start, uint64_t *last, uint64_t *addr)
{
	const struct vmr_pci_host *host = fn->host;
	unsigned int i;

	*addr = start;
	if (!host || !host->translates)
		return true;
	for (i = 0; i < host->nr_windows; i++) {
		const struct vmr_pci_window *w = &host->windows[i];
		uint64_t offset = start - w->bus_start;

		if (w->io != io || start < w->bus_start ||
		    offset > w->last - w->start)
			continue;
		*addr = w->start + offset;
		*last = min(*last, w->bus_start + (w->last - w->start));
		return true;
	}
	return false;
}

bool vmr_pci_to_cpu(const struct vmr_pci_function *fn, enum vmr_io io,
		    uint64_t bus_addr, uint64_t size, uint64_t *addr)
{
	uint64_t last = bus_addr + (size - 1);

	return vmr_pci_clip_to_cpu(fn, io, bus_addr, &last, addr) &&
	       last == bus_addr + (size - 1);
}

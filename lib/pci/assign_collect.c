// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * assign_collect.c - what there is to assign, and what is in the way
 *
 * The items of the caller are the BARs in the order of the functions, and behind them
 * the obstacles: ranges that no BAR and no window has.
 */
#include "assign.h"

static struct vmr_pci_function *to_function(const struct vmr_region *region)
{
	return container_of(region->device, struct vmr_pci_function, dev);
}

/* A BAR or a window below a host bridge is assigned itself. */
static bool is_obstacle(const struct vmr_range *range)
{
	const struct vmr_region *region =
		container_of(range, struct vmr_region, range);

	return !region->by_registers || !to_function(region)->host;
}

static size_t count_obstacles(const struct vmr_space *space)
{
	struct vmr_range *range;
	size_t nr = 0;

	vmr_for_each_range(range, space)
		nr += is_obstacle(range);
	return nr;
}

static void copy_obstacles(struct vmr_pci_assignment *a,
			   const struct vmr_space *space, enum vmr_io io)
{
	struct vmr_range *range;

	vmr_for_each_range(range, space) {
		struct vmr_pci_item *item = &a->items[a->nr_items];

		if (!is_obstacle(range))
			continue;
		memset(item, 0, sizeof(*item));
		item->io = io;
		item->start = range->start;
		item->size = range->last - range->start + 1;
		a->nr_items++;
	}
}

void vmr_pci_clear_taken(struct vmr_pci_assignment *a)
{
	size_t i;

	vmr_space_init(&a->mmio, a->mmio.start, a->mmio.last);
	vmr_space_init(&a->pio, a->pio.start, a->pio.last);
	for (i = 0; i < a->nr_items; i++)
		memset(&a->items[i].range, 0, sizeof(a->items[i].range));
	for (i = 0; i < 3 * a->nr_buses; i++)
		memset(&a->buses[i / 3].windows[i % 3].range, 0,
		       sizeof(struct vmr_range));
	for (i = a->nr_bars; i < a->nr_items; i++) {
		struct vmr_pci_item *item = &a->items[i];

		/* All of the domain has the size 0 */
		vmr_reserve(vmr_pci_taken(a, item->io), &item->range,
			    item->start, item->start + (item->size - 1), NULL);
	}
}

static bool has_bar(const struct vmr_pci_function *fn, unsigned int i)
{
	return vmr_pci_bar(fn, i)->type != VMR_PCI_BAR_NONE;
}

static unsigned int count_bars(const struct vmr_pci_function *fn)
{
	unsigned int i, nr = 0;

	for (i = 0; i < vmr_pci_nr_bars(fn); i++)
		nr += has_bar(fn, i);
	return nr;
}

/* The largest size of a resizable BAR, or the present one */
static uint64_t size_of(const struct vmr_pci_assignment *a,
			const struct vmr_pci_function *fn, unsigned int index)
{
	const struct vmr_pci_rebar *rebar = fn->rebar;
	uint32_t i;

	if (a->flags & VMR_PCI_ASSIGN_LARGEST && rebar)
		for (i = 0; i < rebar->nr; i++)
			if (rebar->bars[i].index == index)
				return 1ull << vmr_log2(rebar->bars[i].sizes);
	return vmr_pci_bar_span(fn, fn->config, index);
}

static void init_item(const struct vmr_pci_assignment *a, struct vmr_pci_item *item,
		      struct vmr_pci_function *fn, unsigned int index)
{
	const struct vmr_pci_bar *bar = vmr_pci_bar(fn, index);

	memset(item, 0, sizeof(*item));
	item->fn = fn;
	item->index = (uint8_t)index;
	item->size = size_of(a, fn, index);
	item->align = index < VMR_PCI_NR_BARS ?
			      item->size :
			      vmr_pci_bar_size(fn, fn->config, index);
	item->io = bar->type == VMR_PCI_BAR_IO ? VMR_PIO : VMR_MMIO;
	if (bar->type == VMR_PCI_BAR_MEM64)
		item->flags |= VMR_64BIT;
	if (bar->prefetchable)
		item->flags |= VMR_PREFETCHABLE;
	/* The rest of the page is part of it */
	if (item->io == VMR_MMIO && item->align < a->page_size) {
		item->align = a->page_size;
		item->size = (item->size + a->page_size - 1) &
			     ~(a->page_size - 1);
	}
}

static void add_items(struct vmr_pci_assignment *a, struct vmr_pci_assign_bus *bus,
		      struct vmr_pci_function *fn)
{
	unsigned int i;

	for (i = 0; i < vmr_pci_nr_bars(fn); i++) {
		if (!has_bar(fn, i))
			continue;
		init_item(a, &a->items[a->nr_items], fn, i);
		a->items[a->nr_items++].bus = bus;
	}
}

/* The bus numbers behind that of a PF which its VFs take */
static uint32_t vf_buses(const struct vmr_pci_function *fn)
{
	return fn->sriov ? (uint32_t)(vmr_pci_vf_address(fn->sriov,
					vmr_pci_devfn(fn),
					fn->sriov->total_vfs - 1) >> 8) : 0;
}

static void init_window(struct vmr_pci_item *window,
			struct vmr_pci_assign_bus *bus, unsigned int w)
{
	window->window = true;
	window->io = w == VMR_PCI_ASSIGN_IO ? VMR_PIO : VMR_MMIO;
	if (w == VMR_PCI_ASSIGN_PREF)
		window->flags = VMR_64BIT | VMR_PREFETCHABLE;
	window->index = (uint8_t)VMR_PCI_ASSIGN_WINDOW(w);
	window->fn = &bus->bridge->fn;
	window->bus = bus->parent;
}

static struct vmr_pci_assign_bus *add_bus(struct vmr_pci_assignment *a,
					  struct vmr_pci_host *host,
					  struct vmr_pci_assign_bus *parent,
					  struct vmr_pci_bridge *bridge)
{
	struct vmr_pci_assign_bus *bus = &a->buses[a->nr_buses++];
	unsigned int w;

	memset(bus, 0, sizeof(*bus));
	bus->host = host;
	bus->bridge = bridge;
	bus->parent = parent;
	if (!bridge)
		return bus;
	bus->top = parent->bridge ? parent->top : bus;
	for (w = 0; w < VMR_PCI_ASSIGN_WINDOWS; w++)
		init_window(&bus->windows[w], bus, w);
	return bus;
}

static void collect_below(struct vmr_pci_assignment *a, struct vmr_pci_host *host)
{
	struct vmr_pci_assign_bus *bus = add_bus(a, host, NULL, NULL);
	struct vmr_pci_function *fn = NULL;

	while ((fn = vmr_pci_next_function(host, NULL, fn))) {
		if (fn->pf)
			continue;
		while (bus->bridge != fn->upstream_bridge)
			bus = bus->parent;
		add_items(a, bus, fn);
		bus->vf_buses = max(bus->vf_buses, vf_buses(fn));
		if (fn->bridge)
			bus = add_bus(a, host, bus, fn->bridge);
	}
}

static struct vmr_pci_host *to_host(struct vmr_range *range)
{
	return container_of(range, struct vmr_pci_host, buses);
}

void vmr_pci_collect(struct vmr_pci_assignment *a,
		     const struct vmr_manager *manager)
{
	const struct vmr_system *sys = manager->sys;
	struct vmr_range *range;

	a->sys = sys;
	a->nr_items = 0;
	a->nr_buses = 0;
	vmr_for_each_range(range, &sys->pci_buses)
		collect_below(a, to_host(range));
	a->nr_bars = a->nr_items;
	copy_obstacles(a, &sys->mmio, VMR_MMIO);
	copy_obstacles(a, &sys->pio, VMR_PIO);
	vmr_space_init(&a->mmio, sys->mmio.start, sys->mmio.last);
	vmr_space_init(&a->pio, sys->pio.start, sys->pio.last);
}

int vmr_pci_assign_count(const struct vmr_manager *manager,
			 struct vmr_pci_assignment *assign)
{
	struct vmr_pci_function *fn;
	struct vmr_range *range;

	if (!manager || !assign)
		return -EINVAL;
	assign->nr_items = count_obstacles(&manager->sys->mmio) +
			   count_obstacles(&manager->sys->pio);
	assign->nr_buses = 0;
	vmr_for_each_range(range, &manager->sys->pci_buses) {
		assign->nr_buses++;
		fn = NULL;
		while ((fn = vmr_pci_next_function(to_host(range), NULL, fn))) {
			if (fn->pf)
				continue;
			assign->nr_buses += !!fn->bridge;
			assign->nr_items += count_bars(fn);
		}
	}
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_assign_count);

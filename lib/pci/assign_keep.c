// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * assign_keep.c - items that stay where the registers say, and the sizes of the others
 *
 * A window at the root stays with all that is in it, or it is sized anew with all that
 * is in it. A window that stays may get more contents, as far as they fit.
 */
#include "assign.h"

static bool is_root(const struct vmr_pci_assign_bus *bus)
{
	return !bus->bridge;
}

/* The place of a BAR by its registers, in CPU addresses */
static bool bar_place(const struct vmr_pci_item *item, uint64_t *start)
{
	struct vmr_pci_function *fn = item->fn;
	struct vmr_placement placement;

	if (vmr_pci_bar_sizing(fn, fn->sizing, item->index))
		return false;
	vmr_pci_bar_placement(fn, fn->config, item->index, &placement);
	*start = placement.start;
	return placement.state != VMR_FREE &&
	       !(placement.start & (item->align - 1));
}

/* That of a window, with its size */
static bool window_place(struct vmr_pci_item *window, uint64_t *start)
{
	struct vmr_pci_function *fn = window->fn;
	uint64_t first, last;

	vmr_pci_read_window(fn->config, window->index -
				VMR_PCI_ASSIGN_WINDOW(0), &first, &last);
	if (first > last ||
	    !vmr_pci_to_cpu(fn, (enum vmr_io)window->io, first,
			    last - first + 1, start))
		return false;
	window->size = last - first + 1;
	window->bus_offset = *start - first;
	return true;
}

static bool reserve(struct vmr_space *space, struct vmr_pci_item *item,
		    uint64_t start)
{
	if (vmr_reserve(space, &item->range, start, start + (item->size - 1),
			NULL))
		return false;
	item->start = start;
	item->kept = true;
	return true;
}

/* Of the BARs on a bus, those whose place is free in @space stay */
static void keep_bars(struct vmr_pci_assignment *a, struct vmr_pci_item *list,
		      struct vmr_space *inside)
{
	struct vmr_pci_item *item;
	uint64_t start;

	for (item = list; item; item = item->next)
		if (!item->window && bar_place(item, &start) &&
		    (inside || vmr_pci_pools_allow(&a->pools, item, start)))
			reserve(inside ? inside :
				vmr_pci_taken(a, (enum vmr_io)item->io),
				item, start);
}

/* Of the windows of a bridge at the root, those whose place is free stay */
static void keep_windows(struct vmr_pci_assignment *a,
			 struct vmr_pci_assign_bus *bus)
{
	unsigned int w;
	uint64_t start;

	for (w = 0; w < VMR_PCI_ASSIGN_WINDOWS; w++) {
		struct vmr_pci_item *window = &bus->windows[w];

		window->align = 1;
		bus->fresh[w] = !window_place(window, &start) ||
				!vmr_pci_pools_allow(&a->pools, window, start) ||
				!reserve(vmr_pci_taken(a, (enum vmr_io)window->io),
					 window, start);
	}
}

static void keep_roots(struct vmr_pci_assignment *a)
{
	size_t i;

	for (i = 0; i < a->nr_buses; i++) {
		struct vmr_pci_assign_bus *bus = &a->buses[i];

		if (is_root(bus)) {
			vmr_pci_pools_init(&a->pools, a->sys, bus->host,
					   &a->mmio, &a->pio);
			keep_bars(a, bus->items, NULL);
		} else if (bus->top == bus) {
			keep_windows(a, bus);
		}
	}
}

/* Place the contents in an open window: what stays, and the others beside it */
static bool fill(struct vmr_pci_assignment *a, struct vmr_pci_item *window)
{
	struct vmr_space *space = &a->window;
	const struct vmr_pool pool = {
		.space = space, .start = window->start,
		.last = window->start + (window->size - 1),
		.policy = VMR_FIRST,
	};
	struct vmr_pci_item *item;
	bool fits = true;

	vmr_space_init(space, pool.start, pool.last);
	for (item = window->contents; item; item = item->next)
		if (item->window && item->kept)
			fits &= reserve(space, item, item->start);
	keep_bars(a, window->contents, space);
	window->contents = vmr_pci_sort_items(window->contents);
	for (item = window->contents; item && fits; item = item->next) {
		item->bus_offset = window->bus_offset;
		if (!item->kept)
			fits = !(window->bus_offset & (item->align - 1)) &&
			       !vmr_pci_place_in_pool(&pool, item, NULL);
	}
	for (item = window->contents; item; item = item->next)
		memset(&item->range, 0, sizeof(item->range));
	return fits;
}

/* Whether a window and what is in it stay, or it was closed and gets a size */
static bool keep_inside(struct vmr_pci_assignment *a, struct vmr_pci_assign_bus *bus,
			unsigned int w)
{
	struct vmr_pci_item *window = &bus->windows[w], *item;
	uint64_t least = vmr_pci_reserve_of(bus, w);

	if (bus->top != bus)
		window->kept = window_place(window, &window->start);
	if (window->kept)
		return window->size >= least && fill(a, window);
	for (item = window->contents; item; item = item->next)
		if (item->kept)
			return false;
	vmr_pci_size_window_in(&a->window, window, least);
	return true;
}

static void push_window(struct vmr_pci_assign_bus *bus, unsigned int w)
{
	if (bus->windows[w].size)
		vmr_pci_push(vmr_pci_list_of(bus->parent, w), &bus->windows[w]);
}

static void keep_all(struct vmr_pci_assignment *a)
{
	size_t i;
	unsigned int w;

	for (i = a->nr_buses; i--;) {
		struct vmr_pci_assign_bus *bus = &a->buses[i], *top = bus->top;

		if (is_root(bus))
			continue;
		for (w = 0; w < VMR_PCI_ASSIGN_WINDOWS; w++) {
			if (top->fresh[w])
				continue;
			if (keep_inside(a, bus, w)) {
				push_window(bus, w);
				continue;
			}
			top->fresh[w] = true;
			vmr_free(vmr_pci_taken(a, (enum vmr_io)top->windows[w].io),
				 &top->windows[w].range);
		}
	}
}

/* Empty the lists of the windows that are sized anew, or of all buses */
static void clear_lists(struct vmr_pci_assignment *a, bool all)
{
	size_t i;
	unsigned int w;

	for (i = 0; i < a->nr_buses; i++) {
		struct vmr_pci_assign_bus *bus = &a->buses[i];

		if (is_root(bus)) {
			if (all)
				bus->items = NULL;
			continue;
		}
		for (w = 0; w < VMR_PCI_ASSIGN_WINDOWS; w++) {
			if (all)
				bus->fresh[w] = true;
			if (!all && !bus->top->fresh[w])
				continue;
			bus->windows[w].contents = NULL;
			bus->windows[w].kept = false;
		}
	}
}

/* Put the BARs into the lists that clear_lists() has emptied */
static void push_bars(struct vmr_pci_assignment *a, bool all)
{
	size_t i;

	for (i = a->nr_bars; i--;) {
		struct vmr_pci_item *item = &a->items[i];
		unsigned int w = vmr_pci_window_of(item);

		if (!all && (is_root(item->bus) || !item->bus->top->fresh[w]))
			continue;
		item->kept = false;
		vmr_pci_push(vmr_pci_list_of(item->bus, w), item);
	}
}

static void size_fresh(struct vmr_pci_assignment *a)
{
	size_t i;
	unsigned int w;

	for (i = a->nr_buses; i--;) {
		struct vmr_pci_assign_bus *bus = &a->buses[i];

		for (w = 0; w < VMR_PCI_ASSIGN_WINDOWS; w++) {
			if (is_root(bus) || !bus->top->fresh[w])
				continue;
			vmr_pci_size_window_in(&a->window, &bus->windows[w],
					       vmr_pci_reserve_of(bus, w));
			push_window(bus, w);
		}
	}
}

void vmr_pci_size_all(struct vmr_pci_assignment *a, bool keep)
{
	clear_lists(a, true);
	push_bars(a, true);
	if (keep) {
		keep_roots(a);
		keep_all(a);
		clear_lists(a, false);
		push_bars(a, false);
	}
	size_fresh(a);
}

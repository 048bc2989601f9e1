// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * assign_window.c - the sizes of the windows of bridges, and what is where in them
 */
#include "assign.h"

/* Sorted lists of 2^i items while sorting */
#define SORT_LEVELS	64

static bool precedes(const struct vmr_pci_item *a, const struct vmr_pci_item *b)
{
	return a->align != b->align ? a->align > b->align : a->size > b->size;
}

/* Of equal items that of @first comes first */
static struct vmr_pci_item *merge(struct vmr_pci_item *first,
				  struct vmr_pci_item *second)
{
	struct vmr_pci_item *list = NULL, **end = &list;

	while (first && second) {
		struct vmr_pci_item **from =
			precedes(second, first) ? &second : &first;

		*end = *from;
		end = &(*from)->next;
		*from = *end;
	}
	*end = first ? first : second;
	return list;
}

struct vmr_pci_item *vmr_pci_sort_items(struct vmr_pci_item *list)
{
	struct vmr_pci_item *levels[SORT_LEVELS] = { NULL }, *run, *next;
	unsigned int i;

	for (; list; list = next) {
		next = list->next;
		run = list;
		run->next = NULL;
		for (i = 0; levels[i]; i++) {
			run = merge(levels[i], run);
			levels[i] = NULL;
		}
		levels[i] = run;
	}
	for (run = NULL, i = 0; i < SORT_LEVELS; i++)
		run = merge(levels[i], run);
	return run;
}
EXPORT_SYMBOL_GPL(vmr_pci_sort_items);

unsigned int vmr_pci_window_of(const struct vmr_pci_item *item)
{
	const uint32_t pref = VMR_64BIT | VMR_PREFETCHABLE;

	if (item->io == VMR_PIO)
		return VMR_PCI_ASSIGN_IO;
	return (item->flags & pref) == pref ? VMR_PCI_ASSIGN_PREF :
					      VMR_PCI_ASSIGN_MEM;
}
EXPORT_SYMBOL_GPL(vmr_pci_window_of);

static uint64_t whole_grains(uint64_t n, uint64_t grain)
{
	return n > VMR_ADDR_MAX - grain ? ~(grain - 1) :
					  (n + grain - 1) & ~(grain - 1);
}

/* Pack the contents from @from upwards. The size, VMR_ADDR_MAX if they are too large */
static uint64_t pack(const struct vmr_pci_item *window, uint64_t from)
{
	struct vmr_space space;
	const struct vmr_pool pool = {
		.space = &space, .start = from, .last = VMR_ADDR_MAX,
		.policy = VMR_FIRST,
	};
	const struct vmr_pci_item *beside = NULL;
	struct vmr_pci_item *item;
	uint64_t size = 0;

	vmr_space_init(&space, from, VMR_ADDR_MAX);
	for (item = window->contents; item; item = item->next) {
		if (vmr_pci_place_in_pool(&pool, item, beside)) {
			size = VMR_ADDR_MAX;
			break;
		}
		item->offset = item->start - from;
		item->mirrored_below = item->mirrored;
		size = max(size, item->offset + item->size);
		if (item->window)
			beside = item;
	}
	for (item = window->contents; item; item = item->next)
		memset(&item->range, 0, sizeof(item->range));
	return size;
}

/*
 * The first item in its own order, or in reverse: the latter leaves less unused
 * between it and the second.
 */
static void pack_best(struct vmr_pci_item *window, uint64_t grain)
{
	const struct vmr_pci_item *first = window->contents;
	uint64_t other = first->window ? vmr_pci_phase(first, true) : 0;
	uint64_t size = pack(window, 0), size_other;

	if (other) {
		size_other = pack(window, other);
		if (size_other < size)
			window->phase = other;
		else
			pack(window, 0);
		size = min(size, size_other);
	}
	window->size = whole_grains(size, grain);
}

void vmr_pci_size_window(struct vmr_pci_item *window, uint64_t reserve)
{
	uint64_t grain = window->io == VMR_PIO ? VMR_PCI_IO_GRAIN :
						 VMR_PCI_MEM_GRAIN;

	window->window = true;
	window->size = 0;
	window->phase = 0;
	window->align = grain;
	window->mirrored = false;
	window->contents = vmr_pci_sort_items(window->contents);
	if (window->contents) {
		window->align = max(grain, window->contents->align);
		pack_best(window, grain);
	}
	if (!reserve)
		return;
	window->align = max(window->align, reserve & -reserve);
	window->size = max(window->size, whole_grains(reserve, grain));
}
EXPORT_SYMBOL_GPL(vmr_pci_size_window);

void vmr_pci_place_contents(const struct vmr_pci_item *window)
{
	struct vmr_pci_item *item;

	for (item = window->contents; item; item = item->next) {
		item->start = window->start +
			      (window->mirrored ?
			       window->size - item->offset - item->size :
			       item->offset);
		item->bus_offset = window->bus_offset;
		item->mirrored = window->mirrored ^ item->mirrored_below;
	}
}
EXPORT_SYMBOL_GPL(vmr_pci_place_contents);

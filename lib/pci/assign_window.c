// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * assign_window.c - the sizes of the windows of bridges, and what is where in them
 */
#include "assign.h"

static bool precedes(const struct vmr_pci_item *a, const struct vmr_pci_item *b)
{
	return a->align != b->align ? a->align > b->align : a->size > b->size;
}

/* Whether the next item comes from the second run. Of equal items the first does. */
static bool take_second(const struct vmr_pci_item *first, size_t nr_first,
			const struct vmr_pci_item *second, size_t nr_second)
{
	return !nr_first ||
	       (second && nr_second && precedes(second, first));
}

/*
 * Merge the run of @width items at @first with the one behind it. Returns what is
 * behind both, and moves @end to the link of the last item.
 */
static struct vmr_pci_item *merge_runs(struct vmr_pci_item *first, size_t width,
				       struct vmr_pci_item ***end)
{
	struct vmr_pci_item *second = first, **from;
	size_t nr_first = 0, nr_second = width;

	for (; nr_first < width && second; nr_first++)
		second = second->next;
	while (nr_first || (nr_second && second)) {
		if (take_second(first, nr_first, second, nr_second)) {
			from = &second;
			nr_second--;
		} else {
			from = &first;
			nr_first--;
		}
		**end = *from;
		*end = &(*from)->next;
		*from = **end;
	}
	return second;
}

/* Runs of a power of two items, in the list itself: no memory beside it is needed */
struct vmr_pci_item *vmr_pci_sort_items(struct vmr_pci_item *list)
{
	struct vmr_pci_item *rest, **end;
	bool sorted = !list;
	size_t width;

	for (width = 1; !sorted; width *= 2) {
		rest = list;
		end = &list;
		sorted = true;
		while ((rest = merge_runs(rest, width, &end)))
			sorted = false;
		*end = NULL;
	}
	return list;
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
static uint64_t pack(struct vmr_space *space, const struct vmr_pci_item *window,
		     uint64_t from)
{
	const struct vmr_pool pool = {
		.space = space, .start = from, .last = VMR_ADDR_MAX,
		.policy = VMR_FIRST,
	};
	const struct vmr_pci_item *beside = NULL;
	struct vmr_pci_item *item;
	uint64_t size = 0;

	vmr_space_init(space, from, VMR_ADDR_MAX);
	for (item = window->contents; item; item = item->next) {
		if (vmr_pci_place_in_pool(&pool, item, beside)) {
			size = VMR_ADDR_MAX;
			break;
		}
		item->offset = item->start - from;
		item->mirrored_below = item->mirrored;
		size = max(size, vmr_pci_add_sizes(item->offset, item->size));
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
static void pack_best(struct vmr_space *space, struct vmr_pci_item *window,
		      uint64_t grain)
{
	const struct vmr_pci_item *first = window->contents;
	uint64_t other = first->window ? vmr_pci_phase(first, true) : 0;
	uint64_t size = pack(space, window, 0), size_other;

	if (other) {
		size_other = pack(space, window, other);
		if (size_other < size)
			window->phase = other;
		else
			pack(space, window, 0);
		size = min(size, size_other);
	}
	window->size = whole_grains(size, grain);
}

/*
 * In reverse order an item starts where its last address was. With a size that is a
 * multiple of its alignment it is aligned there too.
 */
static void align_sizes(struct vmr_pci_item *item)
{
	for (; item; item = item->next)
		if (!item->window)
			item->size = whole_grains(item->size, item->align);
}

void vmr_pci_size_window_in(struct vmr_space *space, struct vmr_pci_item *window,
			    uint64_t reserve)
{
	uint64_t grain = window->io == VMR_PIO ? VMR_PCI_IO_GRAIN :
						 VMR_PCI_MEM_GRAIN;

	window->window = true;
	window->size = 0;
	window->phase = 0;
	window->align = grain;
	window->mirrored = false;
	align_sizes(window->contents);
	window->contents = vmr_pci_sort_items(window->contents);
	if (window->contents) {
		window->align = max(grain, window->contents->align);
		pack_best(space, window, grain);
	}
	if (!reserve)
		return;
	window->align = max(window->align, reserve & -reserve);
	window->size = max(window->size, whole_grains(reserve, grain));
}

void vmr_pci_size_window(struct vmr_pci_item *window, uint64_t reserve)
{
	struct vmr_space space;

	vmr_pci_size_window_in(&space, window, reserve);
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

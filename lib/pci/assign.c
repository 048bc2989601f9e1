// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * assign.c - bus numbers and addresses for a guest without firmware
 *
 * The result is computed in a copy of the address domains, which is in memory of the
 * caller. Registers are written when all of it is known.
 */
#include "assign.h"

/* Whether the same pools are what two items lack */
static bool same_kind(const struct vmr_pci_item *a, const struct vmr_pci_item *b)
{
	return a->io == b->io && !((a->flags ^ b->flags) & VMR_64BIT);
}

static uint64_t largest_gap(const struct vmr_pool *pool)
{
	uint64_t start, last, largest = 0;
	struct vmr_gap gap;

	vmr_for_each_gap(&gap, pool->space) {
		start = max(gap.start, pool->start);
		last = min(gap.last, pool->last);
		if (start <= last)
			largest = max(largest, last - start + 1);
	}
	return largest;
}

static const struct vmr_pool *pool_for(const struct vmr_pci_pools *pools,
				       const struct vmr_pci_item *item)
{
	size_t i;

	for (i = 0; i < pools->nr; i++)
		if (vmr_pci_pool_serves(pools, i, item))
			return &pools->list[i].pool;
	return NULL;
}

/*
 * The last address of a pool that begins as that of @failed, and in which all items
 * of its kind have a place
 */
static uint64_t last_needed(struct vmr_pci_assignment *a,
			    const struct vmr_pci_assign_bus *root,
			    const struct vmr_pci_item *failed)
{
	const struct vmr_pool *first = pool_for(&a->pools, failed);
	struct vmr_pool pool;
	const struct vmr_pci_item *beside = NULL;
	struct vmr_pci_item *item;
	uint64_t last = 0;

	if (!first)
		return 0;
	pool = *first;
	pool.policy = VMR_FIRST;
	pool.last = VMR_ADDR_MAX;
	a->mmio.last = VMR_ADDR_MAX;
	a->pio.last = VMR_ADDR_MAX;
	vmr_pci_clear_taken(a);
	for (item = root->items; item; item = item->next) {
		if (!same_kind(item, failed))
			continue;
		if (vmr_pci_place_in_pool(&pool, item, beside))
			return VMR_ADDR_MAX;
		last = max(last, item->range.last);
		if (item->window)
			beside = item;
	}
	return last;
}

/* Apart from its caller, so that an assignment needs less stack */
static noinline void fail_item(struct vmr_pci_assignment *a,
			       const struct vmr_pci_assign_bus *root,
			       struct vmr_pci_item *failed)
{
	struct vmr_pci_item *item;
	uint64_t gap = 0;
	size_t i;

	a->fn = failed->fn;
	a->index = failed->index;
	a->size = failed->size;
	a->missing = failed->size;
	for (i = 0; i < a->pools.nr; i++)
		if (vmr_pci_pool_serves(&a->pools, i, failed))
			gap = max(gap, largest_gap(&a->pools.list[i].pool));
	a->largest_gap = gap;
	for (item = failed->next; item; item = item->next)
		if (vmr_pci_place_item(&a->pools, item) &&
		    same_kind(item, failed))
			a->missing = vmr_pci_add_sizes(a->missing, item->size);
	a->last_needed = last_needed(a, root, failed);
}

/* The item that has no place, or NULL */
static struct vmr_pci_item *place_root(struct vmr_pci_assignment *a,
				       struct vmr_pci_assign_bus *root)
{
	struct vmr_pci_item *item;

	vmr_pci_pools_init(&a->pools, a->sys, root->host, &a->mmio, &a->pio);
	root->items = vmr_pci_sort_items(root->items);
	for (item = root->items; item; item = item->next)
		if (!item->kept && vmr_pci_place_item(&a->pools, item))
			return item;
	return NULL;
}

static int attempt(struct vmr_pci_assignment *a, bool keep)
{
	struct vmr_pci_item *failed;
	size_t i;
	unsigned int w;

	vmr_pci_clear_taken(a);
	vmr_pci_size_all(a, keep);
	for (i = 0; i < a->nr_buses; i++) {
		struct vmr_pci_assign_bus *bus = &a->buses[i];

		if (!bus->bridge) {
			failed = place_root(a, bus);
			if (failed && !keep)
				fail_item(a, bus, failed);
			if (failed)
				return -ENOSPC;
			continue;
		}
		for (w = 0; w < VMR_PCI_ASSIGN_WINDOWS; w++)
			if (!bus->windows[w].kept)
				vmr_pci_place_contents(&bus->windows[w]);
	}
	return 0;
}

int vmr_pci_assign(struct vmr_manager *manager, struct vmr_pci_assignment *assign)
{
	int ret;

	if (!manager || !assign || assign->flags & ~VMR_PCI_ASSIGN_LARGEST ||
	    assign->page_size & (assign->page_size - 1) ||
	    (assign->max_items && !assign->items) ||
	    (assign->max_buses && !assign->buses))
		return -EINVAL;
	vmr_pci_assign_count(manager, assign);
	if (assign->nr_items > assign->max_items ||
	    assign->nr_buses > assign->max_buses)
		return -ERANGE;
	vmr_pci_collect(assign, manager);
	ret = vmr_pci_assign_numbers(assign);
	if (ret)
		return ret;
	if (attempt(assign, true))
		ret = attempt(assign, false);
	if (!ret)
		vmr_pci_assign_write(assign);
	return ret;
}
EXPORT_SYMBOL_GPL(vmr_pci_assign);

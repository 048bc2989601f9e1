// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * assign_pools.c - the pools for the items below a host bridge
 *
 * A pool is on one side of 4 GiB in bus addresses. Bus address 0 and the last one of
 * 32 or 64 bits are in none: a BAR that began or ended there would have no address.
 *
 * Ports below 0x1000 are tried last. Devices of ISA and IDE controllers in compatibility
 * mode answer there without a BAR.
 */
#include "assign.h"

#define LAST_32		0xffffffffull
#define FIRST_PCI_PORT	0x1000

static bool has_window(const struct vmr_pci_host *host, enum vmr_io io)
{
	unsigned int i;

	for (i = 0; host && i < host->nr_windows; i++)
		if (host->windows[i].io == io)
			return true;
	return false;
}

/* Add the part of a pool that is in its space, and in [@from, @to] on the bus */
static void add_part(struct vmr_pci_pools *pools,
		     const struct vmr_system_pool *pool, uint64_t offset,
		     uint64_t from, uint64_t to)
{
	const struct vmr_space *space = pool->pool.space;
	uint64_t first = pool->pool.start - offset;
	uint64_t last = pool->pool.last - offset;
	struct vmr_system_pool *part = &pools->list[pools->nr];

	first = max(first, from);
	last = min(last, to);
	if (first > last || first + offset > space->last ||
	    last + offset < space->start)
		return;
	*part = *pool;
	part->pool.start = max(first + offset, space->start);
	part->pool.last = min(last + offset, space->last);
	if (from > LAST_32)
		part->flags |= VMR_64BIT;
	pools->offsets[pools->nr++] = offset;
}

/* Above 4 GiB first, since others may only be below */
static void add_first(struct vmr_pci_pools *pools, enum vmr_io io,
		      const struct vmr_system_pool *pool, uint64_t offset)
{
	if (io == VMR_PIO)
		add_part(pools, pool, offset, FIRST_PCI_PORT, LAST_32 - 1);
	else
		add_part(pools, pool, offset, LAST_32 + 1, VMR_ADDR_MAX - 1);
}

static void add_second(struct vmr_pci_pools *pools, enum vmr_io io,
		       const struct vmr_system_pool *pool, uint64_t offset)
{
	add_part(pools, pool, offset, 1,
		 io == VMR_PIO ? FIRST_PCI_PORT - 1 : LAST_32 - 1);
}

/* Prefetchable windows first, and of those the ones above 4 GiB */
static void add_windows(struct vmr_pci_pools *pools,
			const struct vmr_pci_host *host, enum vmr_io io,
			struct vmr_space *space)
{
	unsigned int i, pass;

	for (pass = 0; pass < 4; pass++) {
		for (i = 0; i < host->nr_windows; i++) {
			const struct vmr_pci_window *w = &host->windows[i];
			struct vmr_system_pool pool = {
				.pool = {
					.space = space, .start = w->start,
					.last = w->last, .align = 1,
					.policy = VMR_FIRST, .name = w->name,
				},
				.kinds = 1u << (io == VMR_PIO ? VMR_KIND_PIO :
						VMR_KIND_MMIO),
				.flags = w->flags,
			};

			bool pref = w->flags & VMR_PREFETCHABLE;
			bool wanted = pass < 2;

			if (w->io != io || pref != wanted)
				continue;
			(pass & 1 ? add_second : add_first)(pools, io, &pool,
							    w->start - w->bus_start);
		}
	}
}

static void add_pools(struct vmr_pci_pools *pools, const struct vmr_system *sys,
		      enum vmr_io io, struct vmr_space *space)
{
	const uint32_t kind = io == VMR_PIO ? VMR_KIND_PIO : VMR_KIND_MMIO;
	size_t i;

	for (i = 0; i < sys->nr_pools; i++) {
		struct vmr_system_pool pool = sys->pools[i];

		if (!(pool.kinds & 1u << kind))
			continue;
		pool.pool.space = space;
		pool.kinds = 1u << kind;
		add_first(pools, io, &pool, 0);
		add_second(pools, io, &pool, 0);
	}
}

int vmr_pci_pools_init(struct vmr_pci_pools *pools,
		       const struct vmr_system *sys,
		       const struct vmr_pci_host *host, struct vmr_space *mmio,
		       struct vmr_space *pio)
{
	if (!pools || !sys || !mmio || !pio)
		return -EINVAL;
	pools->nr = 0;
	pools->last = NULL;
	if (has_window(host, VMR_MMIO))
		add_windows(pools, host, VMR_MMIO, mmio);
	else
		add_pools(pools, sys, VMR_MMIO, mmio);
	if (has_window(host, VMR_PIO))
		add_windows(pools, host, VMR_PIO, pio);
	else
		add_pools(pools, sys, VMR_PIO, pio);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_pools_init);

bool vmr_pci_pool_serves(const struct vmr_pci_pools *pools, size_t i,
			 const struct vmr_pci_item *item)
{
	const struct vmr_system_pool *pool = &pools->list[i];
	const uint32_t kind = item->io == VMR_PIO ? VMR_KIND_PIO :
						    VMR_KIND_MMIO;

	return pool->kinds & 1u << kind && !(pool->flags & ~item->flags) &&
	       !(pools->offsets[i] & (item->align - 1));
}

int vmr_pci_place_item(struct vmr_pci_pools *pools, struct vmr_pci_item *item)
{
	size_t i;

	for (i = 0; i < pools->nr; i++) {
		if (!vmr_pci_pool_serves(pools, i, item) ||
		    vmr_pci_place_in_pool(&pools->list[i].pool, item,
					  pools->last))
			continue;
		item->bus_offset = pools->offsets[i];
		if (item->window)
			pools->last = item;
		return 0;
	}
	return -ENOSPC;
}
EXPORT_SYMBOL_GPL(vmr_pci_place_item);

bool vmr_pci_pools_allow(const struct vmr_pci_pools *pools,
			 const struct vmr_pci_item *item, uint64_t start)
{
	size_t i;

	for (i = 0; i < pools->nr; i++) {
		const struct vmr_pool *pool = &pools->list[i].pool;

		if (vmr_pci_pool_serves(pools, i, item) &&
		    start >= pool->start && start <= pool->last &&
		    item->size - 1 <= pool->last - start)
			return true;
	}
	return false;
}

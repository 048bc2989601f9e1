// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * system.c - the spaces, id pools and pools of one machine
 */
#include "system.h"

#define PIO_LAST	0xffff

int vmr_system_init(struct vmr_system *sys,
		    const struct vmr_system_limits *limits)
{
	if (!sys || !limits)
		return -EINVAL;
	memset(sys, 0, sizeof(*sys));
	sys->seq.generations = &sys->generations;
	vmr_space_init(&sys->pio, 0, PIO_LAST);
	vmr_space_init(&sys->mmio, 0, limits->mmio_last);
	vmr_space_set_seqcount(&sys->pio, &sys->seq);
	vmr_space_set_seqcount(&sys->mmio, &sys->seq);
	vmr_space_init(&sys->pci_buses, 0, 0xffffff);
	vmr_id_pool_init(&sys->irqs, 0, limits->irq_last);
	vmr_id_pool_init(&sys->mem_slots, 0, limits->slot_last);
	vmr_id_pool_init(&sys->pci_bdfs, 0, limits->pci_last);
	vmr_id_pool_init(&sys->device_ids, 0, limits->id_last);
	vmr_id_pool_init(&sys->msi_vectors, 0, limits->msi_vector_last);
	sys->pci_bdfs.space.type = VMR_TYPE_PCI_FUNCTION;
	sys->device_ids.space.type = VMR_TYPE_DEVICE;
	INIT_LIST_HEAD(vmr_to_list(&sys->shared_irqs));
	sys->separate_msi_vectors = limits->msi_vector_last;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_system_init);

struct vmr_id_pool *vmr_kind_id_pool(struct vmr_system *sys, uint32_t kind)
{
	switch (kind) {
	case VMR_KIND_IRQ:
		return &sys->irqs;
	case VMR_KIND_MSI:
	case VMR_KIND_MSIX:
	case VMR_KIND_MSI_GENERIC:
		return sys->separate_msi_vectors ? &sys->msi_vectors :
						   &sys->irqs;
	case VMR_KIND_MEM_SLOT:
		return &sys->mem_slots;
	case VMR_KIND_PCI_BDF:
		return &sys->pci_bdfs;
	case VMR_KIND_DEVICE_ID:
		return &sys->device_ids;
	default:
		return NULL;
	}
}

struct vmr_space *vmr_system_space(struct vmr_system *sys, uint32_t kind)
{
	struct vmr_id_pool *ids;

	if (!sys)
		return NULL;
	switch (kind) {
	case VMR_KIND_PIO:
		return &sys->pio;
	case VMR_KIND_MMIO:
	case VMR_KIND_MEM:
		return &sys->mmio;
	default:
		ids = vmr_kind_id_pool(sys, kind);
		return ids ? &ids->space : NULL;
	}
}
EXPORT_SYMBOL_GPL(vmr_system_space);

bool vmr_pool_matches(const struct vmr_system_pool *pool,
		      const struct vmr_constraint *c)
{
	uint32_t allowed = c->flags;

	/* Only automatic placement must avoid the addresses of fixed devices */
	if (c->request.policy == VMR_EXACT)
		allowed |= VMR_PLATFORM;
	return pool->kinds & 1u << c->kind && !(pool->flags & ~allowed);
}

/* The space of all kinds of a pool, NULL if they have no common space */
static struct vmr_space *common_space(struct vmr_system *sys, uint32_t kinds)
{
	struct vmr_space *space = NULL;
	uint32_t kind;

	for (kind = 0; kind < 32; kind++) {
		if (!(kinds & 1u << kind))
			continue;
		if (space && vmr_system_space(sys, kind) != space)
			return NULL;
		space = vmr_system_space(sys, kind);
		if (!space)
			return NULL;
	}
	return space;
}

int vmr_system_add_pool(struct vmr_system *sys,
			const struct vmr_system_pool *pool)
{
	struct vmr_space *space;

	if (!sys || !pool || !vmr_is_pow2(pool->pool.align) ||
	    pool->pool.policy > VMR_BEST || pool->pool.start > pool->pool.last)
		return -EINVAL;
	space = common_space(sys, pool->kinds);
	if (!space || space == &sys->device_ids.space)
		return -EINVAL;
	/* Every space of a system begins at 0. */
	if (pool->pool.last > space->last)
		return -ERANGE;
	if (sys->nr_pools == VMR_SYSTEM_MAX_POOLS)
		return -ENOSPC;
	sys->pools[sys->nr_pools] = *pool;
	sys->pools[sys->nr_pools++].pool.space = space;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_system_add_pool);

void vmr_watermarks_save(const struct vmr_system *sys,
			 struct vmr_watermarks *marks)
{
	marks->irqs = sys->irqs.high_watermark;
	marks->mem_slots = sys->mem_slots.high_watermark;
	marks->pci_bdfs = sys->pci_bdfs.high_watermark;
	marks->device_ids = sys->device_ids.high_watermark;
	marks->msi_vectors = sys->msi_vectors.high_watermark;
}

void vmr_watermarks_restore(struct vmr_system *sys,
			    const struct vmr_watermarks *marks)
{
	sys->irqs.high_watermark = marks->irqs;
	sys->mem_slots.high_watermark = marks->mem_slots;
	sys->pci_bdfs.high_watermark = marks->pci_bdfs;
	sys->device_ids.high_watermark = marks->device_ids;
	sys->msi_vectors.high_watermark = marks->msi_vectors;
}

void vmr_watermarks_swap(struct vmr_system *sys, struct vmr_watermarks *marks)
{
	struct vmr_watermarks now;

	vmr_watermarks_save(sys, &now);
	vmr_watermarks_restore(sys, marks);
	*marks = now;
}

void vmr_watermarks_raise(struct vmr_system *sys,
			  const struct vmr_watermarks *marks)
{
	sys->irqs.high_watermark = max(sys->irqs.high_watermark, marks->irqs);
	sys->mem_slots.high_watermark =
		max(sys->mem_slots.high_watermark, marks->mem_slots);
	sys->pci_bdfs.high_watermark =
		max(sys->pci_bdfs.high_watermark, marks->pci_bdfs);
	sys->device_ids.high_watermark =
		max(sys->device_ids.high_watermark, marks->device_ids);
	sys->msi_vectors.high_watermark =
		max(sys->msi_vectors.high_watermark, marks->msi_vectors);
}

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * system.h - functions of the system for its own files and the layers above
 */
#ifndef VMR_LIB_RESOURCE_SYSTEM_H
#define VMR_LIB_RESOURCE_SYSTEM_H

#include "resource/resource.h"

#include <vmalloc/system.h>

/*
 * The spaces and pools for a device behind a bus. The pools are the windows of the
 * bus and replace those of the system.
 */
struct vmr_pool_set {
	struct vmr_space	*pio;
	struct vmr_space	*mmio;
	struct vmr_system_pool	*pools;
	size_t			nr_pools;
};

/* Free the I/O addresses among @nr resources as one change, with the free notifier */
void vmr_system_free_io(struct vmr_system *sys, const struct vmr_resource *res,
			size_t nr);

/*
 * The watermarks of all id pools. A call that allocates ids and then fails restores
 * them.
 */
struct vmr_watermarks {
	uint64_t	irqs;
	uint64_t	mem_slots;
	uint64_t	pci_bdfs;
	uint64_t	device_ids;
	uint64_t	msi_vectors;
};

void vmr_watermarks_save(const struct vmr_system *sys,
			 struct vmr_watermarks *marks);
void vmr_watermarks_restore(struct vmr_system *sys,
			    const struct vmr_watermarks *marks);

/*
 * A callback may allocate ids and then fail. The caller exchanges the current and
 * the saved watermarks before it calls back, so that a failure reverts the
 * watermarks of its own allocations and keeps those of the callback.
 */
void vmr_watermarks_swap(struct vmr_system *sys, struct vmr_watermarks *marks);
void vmr_watermarks_raise(struct vmr_system *sys,
			  const struct vmr_watermarks *marks);

/*
 * vmr_system_alloc_resources() for a device behind a bus. @view is NULL at the
 * root. @marks receives the watermarks from before the call.
 */
int vmr_system_alloc_in(struct vmr_system *sys,
			const struct vmr_pool_set *view,
			const struct vmr_constraint *constraints, size_t nr,
			struct vmr_resource_set *set,
			struct vmr_watermarks *marks, size_t *failed,
			struct vmr_range **conflict);

/* Allocate one valid constraint, whose range is in no space */
int vmr_system_alloc_one(struct vmr_system *sys,
			 const struct vmr_pool_set *view,
			 const struct vmr_constraint *c,
			 struct vmr_range **conflict);

/* Whether the range of a constraint is live in @space or shares a line */
bool vmr_constraint_is_allocated(const struct vmr_space *space,
				 const struct vmr_constraint *c);

/* The id pool of a kind, NULL for kinds that are not ids */
struct vmr_id_pool *vmr_kind_id_pool(struct vmr_system *sys, uint32_t kind);

/* Whether a pool serves a constraint of this kind, with these flags and policy */
bool vmr_pool_matches(const struct vmr_system_pool *pool,
		      const struct vmr_constraint *c);

/*
 * Try the requests for vectors that wait, if any has waited. In a write section, the
 * system records that it is to be done, and the caller does it after the section.
 */
static inline void vmr_system_serve_vectors(struct vmr_system *sys)
{
	if (sys->serve_vectors)
		sys->serve_vectors(sys);
}

/* irq_share.c */
static inline bool vmr_is_irq_share(uint32_t kind, uint32_t flags)
{
	return kind == VMR_KIND_IRQ && flags & VMR_SHARED;
}

static inline struct vmr_irq_share *vmr_to_irq_share(struct vmr_range *range)
{
	return container_of(range, struct vmr_irq_share, range);
}

bool vmr_irq_share_invalid(const struct vmr_constraint *c);
void vmr_irq_share_attach(struct vmr_shared_irq *line,
			  struct vmr_irq_share *share, struct list_head *behind,
			  const char *name);
void vmr_irq_share_detach(struct vmr_irq_share *share);
int vmr_irq_share_alloc(struct vmr_system *sys, const struct vmr_constraint *c,
			struct vmr_range **conflict);

#endif /* VMR_LIB_RESOURCE_SYSTEM_H */

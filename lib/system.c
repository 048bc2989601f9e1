// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * system.c - every space and id pool of one virtual machine
 */
#include "internal.h"

#include <vmalloc/system.h>

#define PIO_LAST	0xffff

int vmr_system_init(struct vmr_system *sys, const struct vmr_limits *limits)
{
	if (!sys || !limits)
		return -EINVAL;
	memset(sys, 0, sizeof(*sys));
	vmr_space_init(&sys->pio, 0, PIO_LAST);
	vmr_space_init(&sys->mmio, 0, limits->mmio_last);
	vmr_space_share(&sys->pio, &sys->seq);
	vmr_space_share(&sys->mmio, &sys->seq);
	vmr_ids_init(&sys->irqs, 0, limits->irq_last);
	vmr_ids_init(&sys->slots, 0, limits->slot_last);
	vmr_ids_init(&sys->pci, 0, limits->pci_last);
	vmr_ids_init(&sys->ids, 0, limits->id_last);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_system_init);

/* The id pool that a kind comes from, NULL for addresses */
static struct vmr_ids *ids_of_kind(struct vmr_system *sys, uint32_t kind)
{
	switch (kind) {
	case VMR_KIND_IRQ:
	case VMR_KIND_MSI:
	case VMR_KIND_MSIX:
	case VMR_KIND_GENERIC_IRQ:
		return &sys->irqs;
	case VMR_KIND_MEM_SLOT:
		return &sys->slots;
	case VMR_KIND_PCI:
		return &sys->pci;
	case VMR_KIND_DEVICE:
		return &sys->ids;
	default:
		return NULL;
	}
}

struct vmr_space *vmr_system_space(struct vmr_system *sys, uint32_t kind)
{
	struct vmr_ids *ids;

	if (!sys)
		return NULL;
	switch (kind) {
	case VMR_KIND_PIO:
		return &sys->pio;
	case VMR_KIND_MMIO:
	case VMR_KIND_MEM:
		return &sys->mmio;
	default:
		ids = ids_of_kind(sys, kind);
		return ids ? &ids->space : NULL;
	}
}
EXPORT_SYMBOL_GPL(vmr_system_space);

static bool serves(const struct vmr_system_pool *pool,
		   const struct vmr_constraint *c)
{
	return pool->kinds & 1u << c->kind && !(pool->flags & ~c->flags);
}

/* The space that all the kinds of a pool are in, NULL if there is none */
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

	if (!sys || !pool || !is_pow2(pool->pool.align) ||
	    pool->pool.policy > VMR_BEST || pool->pool.start > pool->pool.last)
		return -EINVAL;
	space = common_space(sys, pool->kinds);
	if (!space)
		return -EINVAL;
	if (pool->pool.start < space->start || pool->pool.last > space->last)
		return -ERANGE;
	if (sys->nr_pools == VMR_SYSTEM_POOLS)
		return -ENOSPC;
	sys->pools[sys->nr_pools] = *pool;
	sys->pools[sys->nr_pools++].pool.space = space;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_system_add_pool);

static int grant_from(struct vmr_system *sys, struct vmr_pool *pool,
		      const struct vmr_constraint *c,
		      struct vmr_range **conflict)
{
	struct vmr_ids *ids = ids_of_kind(sys, c->kind);
	struct vmr_request req = c->req;

	if (!ids)
		return vmr_pool_request(pool, c->range, &req, conflict);
	if (!req.align)
		req.align = pool->align;
	if (req.policy == VMR_DEFAULT)
		req.policy = pool->policy;
	return vmr_id_alloc_in(ids, pool->start, pool->last, c->range, &req,
			       conflict);
}

/* What several pools answered: the most telling goes before the others */
static int worse(int a, int b)
{
	static const int rank[] = { -ERANGE, -ENOSPC, -EBUSY };
	size_t i, ra = ARRAY_SIZE(rank), rb = ARRAY_SIZE(rank);

	for (i = 0; i < ARRAY_SIZE(rank); i++) {
		if (rank[i] == a)
			ra = i;
		if (rank[i] == b)
			rb = i;
	}
	return a && ra >= rb ? a : b;
}

static bool is_io(uint32_t kind)
{
	return kind == VMR_KIND_PIO || kind == VMR_KIND_MMIO ||
	       kind == VMR_KIND_MEM;
}

/* The space that a constraint is granted in, seen from where the device is */
static struct vmr_space *space_seen(struct vmr_system *sys,
				    const struct vmr_io_view *view,
				    uint32_t kind)
{
	if (!view || !is_io(kind))
		return vmr_system_space(sys, kind);
	return kind == VMR_KIND_PIO ? view->pio : view->mmio;
}

/* Without a pool of its kind a constraint has all of the domain */
static int grant_anywhere(struct vmr_system *sys,
			  const struct vmr_constraint *c,
			  struct vmr_range **conflict)
{
	struct vmr_space *space = vmr_system_space(sys, c->kind);
	struct vmr_pool all;

	vmr_pool_init(&all, space, space->start, 0, NULL);
	return grant_from(sys, &all, c, conflict);
}

static int grant_one(struct vmr_system *sys, const struct vmr_io_view *view,
		     const struct vmr_constraint *c,
		     struct vmr_range **conflict)
{
	bool on_bus = view && is_io(c->kind);
	struct vmr_system_pool *pools = on_bus ? view->pools : sys->pools;
	size_t nr = on_bus ? view->nr_pools : sys->nr_pools;
	bool any = on_bus;
	int ret = 0, err;
	size_t i;

	for (i = 0; i < nr; i++) {
		any = any || pools[i].kinds & 1u << c->kind;
		if (!serves(&pools[i], c))
			continue;
		err = grant_from(sys, &pools[i].pool, c, conflict);
		if (!err)
			return 0;
		ret = worse(ret, err);
	}
	if (!any)
		return grant_anywhere(sys, c, conflict);
	return ret ? ret : -ENOSPC;
}

/* Whether @a is to be granted before @b: fixed, then by alignment, then size */
static bool goes_before(const struct vmr_constraint *a,
			const struct vmr_constraint *b)
{
	bool a_fixed = a->req.policy == VMR_EXACT;
	bool b_fixed = b->req.policy == VMR_EXACT;

	if (a_fixed != b_fixed)
		return a_fixed;
	if (a->req.align != b->req.align)
		return a->req.align > b->req.align;
	return a->req.size > b->req.size;
}

/* Who is next: among those whose range is in no space yet */
static const struct vmr_constraint *next_to_grant(const struct vmr_constraint *c,
						  size_t nr)
{
	const struct vmr_constraint *best = NULL;
	size_t i;

	for (i = 0; i < nr; i++)
		if (!c[i].range->node.link &&
		    (!best || goes_before(&c[i], best)))
			best = &c[i];
	return best;
}

static int check_constraints(struct vmr_system *sys,
			     const struct vmr_constraint *c, size_t nr,
			     size_t *failed)
{
	size_t i, j;
	int ret = 0;

	for (i = 0; i < nr && !ret; i++) {
		if (!c[i].range || !vmr_system_space(sys, c[i].kind))
			ret = -EINVAL;
		for (j = 0; j < i && !ret; j++)
			if (c[j].range == c[i].range)
				ret = -EINVAL;
		if (!ret && c[i].range->node.link)
			ret = -EEXIST;
		if (ret && failed)
			*failed = i;
	}
	return ret;
}

static void ungrant(struct vmr_system *sys, const struct vmr_io_view *view,
		    const struct vmr_constraint *c)
{
	vmr_free(space_seen(sys, view, c->kind), c->range);
}

void vmr_describe_all(const struct vmr_constraint *c, size_t nr,
		      struct vmr_resource_set *set)
{
	size_t i;

	for (i = 0; i < nr; i++)
		set->entries[i] = (struct vmr_resource) {
			.kind = c[i].kind,
			.flags = c[i].flags,
			.start = c[i].range->start,
			.last = c[i].range->last,
			.range = c[i].range,
			.tag = c[i].tag,
		};
	set->nr = nr;
}

void vmr_marks_save(const struct vmr_system *sys, struct vmr_marks *marks)
{
	marks->irqs = sys->irqs.issued;
	marks->slots = sys->slots.issued;
	marks->pci = sys->pci.issued;
	marks->ids = sys->ids.issued;
}

void vmr_marks_restore(struct vmr_system *sys, const struct vmr_marks *marks)
{
	sys->irqs.issued = marks->irqs;
	sys->slots.issued = marks->slots;
	sys->pci.issued = marks->pci;
	sys->ids.issued = marks->ids;
}

int vmr_grant_seen(struct vmr_system *sys, const struct vmr_io_view *view,
		   const struct vmr_constraint *constraints, size_t nr,
		   struct vmr_resource_set *set, size_t *failed,
		   struct vmr_range **conflict)
{
	const struct vmr_constraint *c;
	struct vmr_marks marks;
	size_t i;
	int ret;

	if (!sys || (nr && !constraints) || !set || set->max < nr ||
	    (nr && !set->entries))
		return -EINVAL;
	ret = check_constraints(sys, constraints, nr, failed);
	if (ret)
		return ret;
	vmr_marks_save(sys, &marks);
	while ((c = next_to_grant(constraints, nr))) {
		ret = grant_one(sys, view, c, conflict);
		if (!ret)
			continue;
		if (failed)
			*failed = c - constraints;
		for (i = 0; i < nr; i++)
			ungrant(sys, view, &constraints[i]);
		vmr_marks_restore(sys, &marks);
		return ret;
	}
	vmr_describe_all(constraints, nr, set);
	return 0;
}

int vmr_system_grant(struct vmr_system *sys,
		     const struct vmr_constraint *constraints, size_t nr,
		     struct vmr_resource_set *set, size_t *failed,
		     struct vmr_range **conflict)
{
	return vmr_grant_seen(sys, NULL, constraints, nr, set, failed,
			      conflict);
}
EXPORT_SYMBOL_GPL(vmr_system_grant);

void vmr_system_release(struct vmr_system *sys, struct vmr_resource_set *set)
{
	size_t i;

	for (i = 0; i < set->nr; i++)
		if (set->entries[i].range)
			vmr_free(vmr_system_space(sys, set->entries[i].kind),
				 set->entries[i].range);
	set->nr = 0;
}
EXPORT_SYMBOL_GPL(vmr_system_release);

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * system.c - every space and id pool of one virtual machine
 */
#include "internal.h"

#include <vmalloc/system.h>

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
	vmr_id_pool_init(&sys->irqs, 0, limits->irq_last);
	vmr_id_pool_init(&sys->mem_slots, 0, limits->slot_last);
	vmr_id_pool_init(&sys->pci_bdfs, 0, limits->pci_last);
	vmr_id_pool_init(&sys->device_ids, 0, limits->id_last);
	vmr_id_pool_init(&sys->msi_vectors, 0, limits->msi_vector_last);
	sys->separate_msi_vectors = limits->msi_vector_last;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_system_init);

/* The id pool that a kind comes from, NULL for addresses */
static struct vmr_id_pool *kind_id_pool(struct vmr_system *sys, uint32_t kind)
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
		ids = kind_id_pool(sys, kind);
		return ids ? &ids->space : NULL;
	}
}
EXPORT_SYMBOL_GPL(vmr_system_space);

static bool pool_matches(const struct vmr_system_pool *pool,
			 const struct vmr_constraint *c)
{
	uint32_t allowed = c->flags;

	/* Only automatic placement has to be kept off the machine's own places */
	if (c->request.policy == VMR_EXACT)
		allowed |= VMR_PLATFORM;
	return pool->kinds & 1u << c->kind && !(pool->flags & ~allowed);
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

/*
 * Shared interrupt lines
 *
 * A sharer's node is in no tree. While it shares it looks like the only node of
 * one, black and without a parent, so that whoever asks is told that it is in
 * use, and nobody finds it in a space.
 */

#define NODE_DETACHED	1ul

static bool is_irq_share(uint32_t kind, uint32_t flags)
{
	return kind == VMR_KIND_IRQ && flags & VMR_SHARED;
}

static struct vmr_irq_share *to_irq_share(struct vmr_range *range)
{
	return container_of(range, struct vmr_irq_share, range);
}

static void irq_share_attach(struct vmr_shared_irq *line,
			     struct vmr_irq_share *share,
			     struct list_head *behind, const char *tag)
{
	share->range.node.link = NODE_DETACHED;
	share->range.start = line->range.start;
	share->range.last = line->range.last;
	share->irq = line;
	share->name = tag;
	list_add(to_list(&share->link), behind);
	line->nr_sharers++;
}

static void irq_share_detach(struct vmr_irq_share *share)
{
	if (!share->irq)
		return;
	share->irq->nr_sharers--;
	list_del(to_list(&share->link));
	share->link.next = NULL;
	share->link.prev = NULL;
	share->irq = NULL;
	share->name = NULL;
	share->range.node.link = 0;
}

/* -EINVAL is found before anything is granted, the rest when it is its turn */
static bool irq_share_invalid(const struct vmr_constraint *c)
{
	const struct vmr_request *req = &c->request;

	if (!(c->flags & VMR_SHARED))
		return false;
	return c->kind != VMR_KIND_IRQ || req->size != 1 ||
	       (req->align && !is_pow2(req->align)) || req->min > req->max ||
	       req->policy > VMR_DEFAULT || (req->policy == VMR_EXACT &&
	       req->align && req->addr & (req->align - 1));
}

static struct vmr_shared_irq *find_shared_irq(const struct vmr_system *sys,
					      uint64_t irq)
{
	struct vmr_shared_irq *line = sys->shared_irqs;

	while (line && line->range.start != irq)
		line = line->next;
	return line;
}

static int find_fixed_irq(struct vmr_system *sys, const struct vmr_request *req,
			  struct vmr_shared_irq **line,
			  struct vmr_range **conflict)
{
	struct vmr_range *holder;

	if (req->addr > (uint32_t)-1)
		return -EOVERFLOW;
	if (req->addr > sys->irqs.space.last || req->addr < req->min ||
	    req->addr > req->max)
		return -ERANGE;
	*line = find_shared_irq(sys, req->addr);
	if (*line)
		return 0;
	holder = vmr_id_find(&sys->irqs, req->addr);
	if (!holder)
		return -ENOENT;
	*conflict = holder;
	return -EBUSY;
}

static bool irq_less_shared(const struct vmr_shared_irq *line,
			    const struct vmr_shared_irq *best)
{
	if (!best || line->nr_sharers != best->nr_sharers)
		return !best || line->nr_sharers < best->nr_sharers;
	return line->range.start < best->range.start;
}

static int find_least_shared_irq(struct vmr_system *sys,
				 const struct vmr_request *req,
				 struct vmr_shared_irq **best)
{
	struct vmr_shared_irq *line;

	*best = NULL;
	for (line = sys->shared_irqs; line; line = line->next) {
		uint64_t irq = line->range.start;

		if (irq < req->min || irq > req->max ||
		    (req->align && irq & (req->align - 1)))
			continue;
		if (irq_less_shared(line, *best))
			*best = line;
	}
	return *best ? 0 : -ENOSPC;
}

static int alloc_irq_share(struct vmr_system *sys,
			   const struct vmr_constraint *c,
			   struct vmr_range **conflict)
{
	struct vmr_shared_irq *line;
	int ret;

	if (c->request.policy == VMR_EXACT)
		ret = find_fixed_irq(sys, &c->request, &line, conflict);
	else
		ret = find_least_shared_irq(sys, &c->request, &line);
	if (!ret)
		irq_share_attach(line, to_irq_share(c->range),
				 to_list(&line->sharers)->prev, c->name);
	return ret;
}

int vmr_system_add_shared_irq(struct vmr_system *sys,
			      struct vmr_shared_irq *line, uint32_t irq,
			      const char *name, struct vmr_range **conflict)
{
	struct vmr_shared_irq **end;
	bool has_it;
	int ret;

	if (!sys || !line)
		return -EINVAL;
	has_it = vmr_id_find(&sys->irqs, irq) == &line->range &&
		 line->range.start == line->range.last;
	if (line->sharers.next || (line->range.node.link && !has_it))
		return -EEXIST;
	if (!has_it) {
		ret = vmr_id_reserve(&sys->irqs, &line->range, irq, conflict);
		if (ret)
			return ret;
	}
	line->name = name;
	line->nr_sharers = 0;
	line->next = NULL;
	INIT_LIST_HEAD(to_list(&line->sharers));
	for (end = &sys->shared_irqs; *end; end = &(*end)->next)
		;
	*end = line;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_system_add_shared_irq);

int vmr_system_remove_shared_irq(struct vmr_system *sys,
				 struct vmr_shared_irq *line)
{
	struct vmr_shared_irq **at;

	if (!sys || !line)
		return -EINVAL;
	for (at = &sys->shared_irqs; *at != line; at = &(*at)->next)
		if (!*at)
			return -ENOENT;
	if (line->nr_sharers)
		return -EBUSY;
	*at = line->next;
	line->next = NULL;
	line->sharers.next = NULL;
	line->sharers.prev = NULL;
	vmr_id_free_range(&sys->irqs, &line->range);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_system_remove_shared_irq);

struct vmr_shared_irq *vmr_next_shared_irq(const struct vmr_system *sys,
					   const struct vmr_shared_irq *prev)
{
	if (prev)
		return prev->next;
	return sys ? sys->shared_irqs : NULL;
}
EXPORT_SYMBOL_GPL(vmr_next_shared_irq);

struct vmr_irq_share *vmr_next_irq_share(const struct vmr_shared_irq *line,
					 const struct vmr_irq_share *prev)
{
	const struct vmr_list *next;

	if (!line || !line->sharers.next)
		return NULL;
	next = prev ? prev->link.next : line->sharers.next;
	if (next == &line->sharers)
		return NULL;
	return container_of((struct vmr_list *)next, struct vmr_irq_share,
			    link);
}
EXPORT_SYMBOL_GPL(vmr_next_irq_share);

/*
 * Granting
 */

static int alloc_from_pool(struct vmr_system *sys, const struct vmr_pool *pool,
			   const struct vmr_constraint *c,
			   struct vmr_range **conflict)
{
	struct vmr_id_pool *ids = kind_id_pool(sys, c->kind);
	const struct vmr_bounds part = {
		.start = pool->start, .last = pool->last,
		.domain = ids ? (uint32_t)-1 : VMR_ADDR_MAX,
	};
	struct vmr_request req = c->request;
	int ret;

	if (!req.align)
		req.align = pool->align;
	if (req.policy == VMR_DEFAULT)
		req.policy = pool->policy;
	ret = vmr_alloc_bounded(pool->space, &part, c->range, &req, conflict);
	if (!ret && ids)
		vmr_id_raise_watermark(ids, c->range);
	return ret;
}

/* What several pools answered: the most telling goes before the others */
static int error_rank(int err)
{
	switch (err) {
	case 0:
		return 0;
	case -ERANGE:
		return 1;
	case -ENOSPC:
		return 2;
	case -EBUSY:
		return 3;
	default:
		return 4;
	}
}

static bool is_io(uint32_t kind)
{
	return kind == VMR_KIND_PIO || kind == VMR_KIND_MMIO ||
	       kind == VMR_KIND_MEM;
}

/* The space that a constraint is granted in, seen from where the device is */
static struct vmr_space *kind_space(struct vmr_system *sys,
				    const struct vmr_pool_set *view,
				    uint32_t kind)
{
	if (!view || !is_io(kind))
		return vmr_system_space(sys, kind);
	return kind == VMR_KIND_PIO ? view->pio : view->mmio;
}

/* Without a pool of its kind a constraint has all of the domain */
static int alloc_from_space(struct vmr_system *sys,
			    const struct vmr_constraint *c,
			    struct vmr_range **conflict)
{
	struct vmr_space *space = vmr_system_space(sys, c->kind);
	const struct vmr_pool all = {
		.space = space, .start = space->start, .last = space->last,
		.align = 1, .policy = VMR_FIRST,
	};

	return alloc_from_pool(sys, &all, c, conflict);
}

static int alloc_from_pools(struct vmr_system *sys,
			    const struct vmr_pool_set *view,
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
		if (!pool_matches(&pools[i], c))
			continue;
		err = alloc_from_pool(sys, &pools[i].pool, c, conflict);
		if (!err)
			return 0;
		if (error_rank(err) > error_rank(ret))
			ret = err;
	}
	if (!any)
		return alloc_from_space(sys, c, conflict);
	return ret ? ret : -ENOSPC;
}

int vmr_system_alloc_one(struct vmr_system *sys,
			 const struct vmr_pool_set *view,
			 const struct vmr_constraint *c,
			 struct vmr_range **conflict)
{
	struct vmr_range *in_way = NULL;
	int ret;

	if (is_irq_share(c->kind, c->flags))
		ret = alloc_irq_share(sys, c, &in_way);
	else
		ret = alloc_from_pools(sys, view, c, &in_way);
	if (ret == -EBUSY && conflict)
		*conflict = in_way;
	return ret;
}

void vmr_system_free_range(struct vmr_system *sys, struct vmr_space *space,
			   struct vmr_range *range)
{
	if (!vmr_free(space, range) && space->seq == &sys->seq && sys->vacated)
		sys->vacated(sys->manager, space, range->start, range->last);
}

static void free_constraint(struct vmr_space *space,
			    const struct vmr_constraint *c)
{
	if (is_irq_share(c->kind, c->flags))
		irq_share_detach(to_irq_share(c->range));
	else
		vmr_free(space, c->range);
}

/* Whether @a is to be granted before @b: fixed, then by alignment, then size */
static bool constraint_precedes(const struct vmr_constraint *a,
				const struct vmr_constraint *b)
{
	bool a_fixed = a->request.policy == VMR_EXACT;
	bool b_fixed = b->request.policy == VMR_EXACT;

	if (a_fixed != b_fixed)
		return a_fixed;
	if (a->request.align != b->request.align)
		return a->request.align > b->request.align;
	return a->request.size > b->request.size;
}

/* Who is next: among those whose range is in no space yet */
static const struct vmr_constraint *
next_constraint(const struct vmr_constraint *c, size_t nr)
{
	const struct vmr_constraint *best = NULL;
	size_t i;

	for (i = 0; i < nr; i++)
		if (!c[i].range->node.link &&
		    (!best || constraint_precedes(&c[i], best)))
			best = &c[i];
	return best;
}

static bool constraint_invalid(struct vmr_system *sys,
			       const struct vmr_constraint *c)
{
	return !c->range || !vmr_system_space(sys, c->kind) ||
	       irq_share_invalid(c);
}

static int check_constraints(struct vmr_system *sys,
			     const struct vmr_constraint *c, size_t nr,
			     size_t *failed)
{
	size_t i, j;
	int ret = 0;

	/* First all that makes no sense, then what is in use */
	for (i = 0; i < nr && !ret; i++) {
		if (constraint_invalid(sys, &c[i]))
			ret = -EINVAL;
		for (j = 0; j < i && !ret; j++)
			if (c[j].range == c[i].range)
				ret = -EINVAL;
	}
	if (!ret)
		for (i = 0; i < nr && !ret; i++)
			if (c[i].range->node.link)
				ret = -EEXIST;
	if (ret && failed)
		*failed = i - 1;
	return ret;
}

void vmr_watermarks_save(const struct vmr_system *sys,
			 struct vmr_watermarks *marks)
{
	marks->irqs = sys->irqs.high_watermark;
	marks->slots = sys->mem_slots.high_watermark;
	marks->pci = sys->pci_bdfs.high_watermark;
	marks->ids = sys->device_ids.high_watermark;
	marks->vectors = sys->msi_vectors.high_watermark;
}

void vmr_watermarks_restore(struct vmr_system *sys,
			    const struct vmr_watermarks *marks)
{
	sys->irqs.high_watermark = marks->irqs;
	sys->mem_slots.high_watermark = marks->slots;
	sys->pci_bdfs.high_watermark = marks->pci;
	sys->device_ids.high_watermark = marks->ids;
	sys->msi_vectors.high_watermark = marks->vectors;
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
		max(sys->mem_slots.high_watermark, marks->slots);
	sys->pci_bdfs.high_watermark =
		max(sys->pci_bdfs.high_watermark, marks->pci);
	sys->device_ids.high_watermark =
		max(sys->device_ids.high_watermark, marks->ids);
	sys->msi_vectors.high_watermark =
		max(sys->msi_vectors.high_watermark, marks->vectors);
}

int vmr_system_alloc_in(struct vmr_system *sys, const struct vmr_pool_set *view,
			const struct vmr_constraint *constraints, size_t nr,
			struct vmr_resource_set *set,
			struct vmr_watermarks *marks, size_t *failed,
			struct vmr_range **conflict)
{
	const struct vmr_constraint *c;
	size_t i;
	int ret;

	if (!sys || (nr && !constraints) || !set || set->max < nr ||
	    (nr && !set->entries))
		return -EINVAL;
	ret = check_constraints(sys, constraints, nr, failed);
	if (ret)
		return ret;
	vmr_watermarks_save(sys, marks);
	while ((c = next_constraint(constraints, nr))) {
		ret = vmr_system_alloc_one(sys, view, c, conflict);
		if (!ret)
			continue;
		if (failed)
			*failed = c - constraints;
		for (i = 0; i < nr; i++)
			free_constraint(kind_space(sys, view,
						   constraints[i].kind),
					&constraints[i]);
		vmr_watermarks_restore(sys, marks);
		return ret;
	}
	vmr_resource_set_fill(constraints, nr, set);
	return 0;
}

int vmr_system_alloc_resources(struct vmr_system *sys,
			       const struct vmr_constraint *constraints,
			       size_t nr, struct vmr_resource_set *set,
			       size_t *failed, struct vmr_range **conflict)
{
	struct vmr_watermarks marks;

	return vmr_system_alloc_in(sys, NULL, constraints, nr, set, &marks,
				   failed, conflict);
}
EXPORT_SYMBOL_GPL(vmr_system_alloc_resources);

void vmr_system_free_resources(struct vmr_system *sys,
			       struct vmr_resource_set *set)
{
	const struct vmr_resource *res = set->entries;

	for (; set->nr; set->nr--, res++) {
		if (is_irq_share(res->kind, res->flags))
			irq_share_detach(to_irq_share(res->range));
		else if (res->range)
			vmr_system_free_range(sys,
					      vmr_system_space(sys, res->kind),
					      res->range);
	}
}
EXPORT_SYMBOL_GPL(vmr_system_free_resources);

static bool range_is_allocated(const struct vmr_space *space,
			       struct vmr_range *range, bool shared)
{
	if (shared)
		return to_irq_share(range)->irq;
	return vmr_range_state(range) == VMR_LIVE && vmr_in_space(space, range);
}

bool vmr_constraint_is_allocated(const struct vmr_space *space,
				 const struct vmr_constraint *c)
{
	return range_is_allocated(space, c->range,
				  is_irq_share(c->kind, c->flags));
}

/* Take a range away, grant it anew, and put it back where it was if that fails */
static int realloc_constraint(struct vmr_system *sys,
			      const struct vmr_resource *old,
			      const struct vmr_constraint *c,
			      struct vmr_range **conflict)
{
	struct vmr_space *space = vmr_system_space(sys, old->kind);
	bool shared = is_irq_share(old->kind, old->flags);
	struct vmr_irq_share *share = to_irq_share(c->range);
	uint64_t start = c->range->start, last = c->range->last;
	struct vmr_shared_irq *line = NULL;
	struct list_head *behind = NULL;
	const char *tag = NULL;
	int ret;

	if (!range_is_allocated(space, c->range, shared))
		return -ENOENT;
	vmr_seqcount_write_begin(space->seq);
	if (shared) {
		line = share->irq;
		behind = to_list(&share->link)->prev;
		tag = share->name;
		irq_share_detach(share);
	} else {
		vmr_free(space, c->range);
	}
	ret = vmr_system_alloc_one(sys, NULL, c, conflict);
	if (ret && shared)
		irq_share_attach(line, share, behind, tag);
	else if (ret)
		vmr_reserve(space, c->range, start, last, NULL);
	vmr_seqcount_write_end(space->seq);
	if (!ret && is_io(old->kind) && sys->vacated)
		sys->vacated(sys->manager, space, start, last);
	return ret;
}

int vmr_system_update_resource(struct vmr_system *sys, struct vmr_resource *res,
			       const struct vmr_constraint *c,
			       struct vmr_range **conflict)
{
	int ret;

	if (!sys || !res || !c || constraint_invalid(sys, c) ||
	    c->kind != res->kind || (res->range && res->range != c->range))
		return -EINVAL;
	if (c->range->node.link)
		ret = res->range ? realloc_constraint(sys, res, c, conflict) :
				   -EEXIST;
	else
		ret = vmr_system_alloc_one(sys, NULL, c, conflict);
	if (!ret)
		vmr_resource_from_constraint(res, c);
	return ret;
}
EXPORT_SYMBOL_GPL(vmr_system_update_resource);

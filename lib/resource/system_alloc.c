// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * system_alloc.c - allocate all resources of a device, or none
 */
#include "system.h"

/* Of the errors of several pools, the one with the highest rank is returned */
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

/* The space of a kind for a device behind the bus of @view, or at the root */
static struct vmr_space *kind_space(struct vmr_system *sys,
				    const struct vmr_pool_set *view,
				    uint32_t kind)
{
	if (!view || !is_io(kind))
		return vmr_system_space(sys, kind);
	return kind == VMR_KIND_PIO ? view->pio : view->mmio;
}

/*
 * Begin the search of the pool of number *@next, or of the first behind it that serves
 * the constraint, and move *@next behind it. The last search is that of the whole domain
 * of the kind, if no pool has the kind. Apart from the searches, which go deep.
 */
static noinline bool next_search(struct vmr_gap_search *s, struct vmr_system *sys,
				 const struct vmr_pool_set *view,
				 const struct vmr_constraint *c, size_t *next)
{
	bool on_bus = view && is_io(c->kind);
	const struct vmr_system_pool *pools = on_bus ? view->pools : sys->pools;
	size_t nr = on_bus ? view->nr_pools : sys->nr_pools, i;
	const struct vmr_pool *pool = NULL;
	struct vmr_space *space;
	bool whole = !on_bus && !*next;

	for (i = *next; i < nr && !pool; i++) {
		if (pools[i].kinds & 1u << c->kind)
			whole = false;
		if (vmr_pool_matches(&pools[i], c))
			pool = &pools[i].pool;
	}
	*next = pool ? i : nr + 1;
	if (!pool && !whole)
		return false;
	space = pool ? pool->space : vmr_system_space(sys, c->kind);
	vmr_begin_search(s, space, pool ? pool->start : space->start,
			 pool ? pool->last : space->last, &c->request,
			 pool ? pool->align : 1, pool ? pool->policy : VMR_FIRST);
	s->is_32bit = vmr_kind_id_pool(sys, c->kind);
	return true;
}

static int alloc_from_pools(struct vmr_system *sys,
			    const struct vmr_pool_set *view,
			    const struct vmr_constraint *c,
			    struct vmr_range **conflict)
{
	struct vmr_gap_search s;
	int ret = 0, err;
	size_t next = 0;

	while (next_search(&s, sys, view, c, &next)) {
		err = vmr_alloc_search(&s, c->range, &c->request, conflict);
		if (!err && s.is_32bit)
			vmr_id_raise_watermark(vmr_kind_id_pool(sys, c->kind),
					       c->range);
		if (!err)
			return 0;
		if (error_rank(err) > error_rank(ret))
			ret = err;
	}
	return ret ? ret : -ENOSPC;
}

int vmr_system_alloc_one(struct vmr_system *sys,
			 const struct vmr_pool_set *view,
			 const struct vmr_constraint *c,
			 struct vmr_range **conflict)
{
	struct vmr_range *overlap = NULL;
	int ret;

	VMR_ASSERT(!c->range->node.link);
	if (vmr_is_irq_share(c->kind, c->flags))
		ret = vmr_irq_share_alloc(sys, c, &overlap);
	else
		ret = alloc_from_pools(sys, view, c, &overlap);
	if (ret == -EBUSY && conflict)
		*conflict = overlap;
	return ret;
}

static void free_constraint(struct vmr_space *space,
			    const struct vmr_constraint *c)
{
	if (vmr_is_irq_share(c->kind, c->flags))
		vmr_irq_share_detach(vmr_to_irq_share(c->range));
	else
		vmr_free(space, c->range);
}

/* Whether @a is allocated before @b: fixed first, then by alignment and size */
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

/*
 * The constraints are sorted as a list of indices, each plus 1, with 0 for its end.
 * The links are in words of the ranges that a range in no space does not use:
 * @space_ref has the next index, @subtree_last the own one until the list is sorted.
 */
static const struct vmr_constraint *
at_index(const struct vmr_constraint *c, uint64_t index)
{
	return &c[index - 1];
}

/* Merge two sorted lists. Among equals those of @a come first. */
static uint64_t merge_lists(const struct vmr_constraint *c, uint64_t a,
			    uint64_t b)
{
	uint64_t first = 0, *end = &first;

	while (a && b) {
		if (constraint_precedes(at_index(c, b), at_index(c, a))) {
			*end = b;
			end = &at_index(c, b)->range->space_ref;
			b = *end;
		} else {
			*end = a;
			end = &at_index(c, a)->range->space_ref;
			a = *end;
		}
	}
	*end = a ? a : b;
	return first;
}

/*
 * Sort the constraints in the order of allocation, in O(nr log nr). The range of the
 * first of @width constraints has the first index of their sorted list. Apart from its
 * caller, so that an allocation needs less stack.
 */
static noinline uint64_t sort_constraints(const struct vmr_constraint *c, size_t nr)
{
	size_t width, i;

	for (i = 0; i < nr; i++)
		c[i].range->space_ref = 0;
	for (width = 1; width < nr; width *= 2)
		for (i = 0; i + width < nr; i += 2 * width)
			c[i].range->subtree_last =
				merge_lists(c, c[i].range->subtree_last,
					    c[i + width].range->subtree_last);
	return nr ? c->range->subtree_last : 0;
}

/* Return the words of the ranges that are in no space to 0 */
static void clear_links(const struct vmr_constraint *c, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (c[i].range && !c[i].range->node.link) {
			c[i].range->space_ref = 0;
			c[i].range->subtree_last = 0;
		}
}

static bool constraint_invalid(struct vmr_system *sys,
			       const struct vmr_constraint *c)
{
	const struct vmr_space *space = vmr_system_space(sys, c->kind);

	if (!c->range || !space || c->kind == VMR_KIND_DEVICE_ID)
		return true;
	/* Only the ranges of functions may enter their domain */
	if (!c->range->node.link && !vmr_type_fits(space, c->range))
		return true;
	return (c->kind == VMR_KIND_MSI && !vmr_is_pow2(c->request.size)) ||
	       vmr_irq_share_invalid(c);
}

/*
 * A range records the index of its constraint. A later constraint with the same
 * range finds it there. The array decides, since the word may be older than the call.
 */
static bool is_duplicate(const struct vmr_constraint *c, size_t i)
{
	uint64_t index = c[i].range->subtree_last;

	if (c[i].range->node.link)
		return false;
	if (index && index <= i && at_index(c, index)->range == c[i].range)
		return true;
	c[i].range->subtree_last = i + 1;
	return false;
}

static int check_constraints(struct vmr_system *sys,
			     const struct vmr_constraint *c, size_t nr,
			     size_t *failed)
{
	size_t i;
	int ret = 0;

	/* -EINVAL of any constraint precedes -EEXIST of any */
	for (i = 0; i < nr && !ret; i++)
		if (constraint_invalid(sys, &c[i]) || is_duplicate(c, i))
			ret = -EINVAL;
	if (ret)
		clear_links(c, i);
	for (i = ret ? i : 0; i < nr && !ret; i++)
		if (c[i].range->node.link)
			ret = -EEXIST;
	if (ret == -EEXIST)
		clear_links(c, nr);
	if (ret && failed)
		*failed = i - 1;
	return ret;
}

/* Allocate the constraints of a sorted list; returns the index of one that failed */
static uint64_t alloc_list(struct vmr_system *sys,
			   const struct vmr_pool_set *view,
			   const struct vmr_constraint *c, uint64_t list,
			   int *ret, struct vmr_range **conflict)
{
	uint64_t next;

	for (; list; list = next) {
		next = at_index(c, list)->range->space_ref;
		*ret = vmr_system_alloc_one(sys, view, at_index(c, list),
					    conflict);
		if (*ret)
			break;
	}
	return list;
}

int vmr_system_alloc_in(struct vmr_system *sys, const struct vmr_pool_set *view,
			const struct vmr_constraint *constraints, size_t nr,
			struct vmr_resource_set *set,
			struct vmr_watermarks *marks, size_t *failed,
			struct vmr_range **conflict)
{
	const struct vmr_constraint *c;
	uint64_t index;
	int ret;

	if (!sys || (nr && !constraints) || !set || set->max < nr ||
	    (nr && !set->entries))
		return -EINVAL;
	ret = check_constraints(sys, constraints, nr, failed);
	if (ret)
		return ret;
	vmr_watermarks_save(sys, marks);
	index = alloc_list(sys, view, constraints,
			   sort_constraints(constraints, nr), &ret, conflict);
	if (!index) {
		vmr_resource_set_fill(constraints, nr, set);
		return 0;
	}
	if (failed)
		*failed = index - 1;
	clear_links(constraints, nr);
	for (c = constraints; c < constraints + nr; c++)
		free_constraint(kind_space(sys, view, c->kind), c);
	vmr_watermarks_restore(sys, marks);
	return ret;
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

static bool notifies(const struct vmr_system *sys, const struct vmr_space *space)
{
	return space->seq == &sys->seq && sys->free_notifier;
}

/* The I/O space that a resource holds addresses of, or NULL */
static struct vmr_space *io_space(struct vmr_system *sys,
				  const struct vmr_resource *res)
{
	return is_io(res->kind) && res->range ?
		       vmr_system_space(sys, res->kind) : NULL;
}

/* In one section: free the addresses of each range, then settle the claims for all */
static void free_and_settle(struct vmr_system *sys, const struct vmr_resource *res,
			    size_t nr)
{
	struct vmr_space *space;
	size_t i;

	for (i = 0; i < nr; i++)
		vmr_free(io_space(sys, &res[i]), res[i].range);
	if (!sys->free_notifier)
		return;
	for (i = 0; i < nr; i++) {
		space = io_space(sys, &res[i]);
		if (space)
			vmr_settle_collect(space, res[i].range->start,
					   res[i].range->last);
	}
	sys->free_notifier->settle(sys->free_notifier, &sys->pio);
	sys->free_notifier->settle(sys->free_notifier, &sys->mmio);
}

void vmr_system_free_io(struct vmr_system *sys, const struct vmr_resource *res,
			size_t nr)
{
	struct vmr_space *space;
	bool any = false;
	size_t i;

	for (i = 0; i < nr; i++) {
		space = io_space(sys, &res[i]);
		/* The device layer has freed the regions of a device already */
		if (!vmr_in_space(space, res[i].range))
			continue;
		any = true;
		if (sys->free_notifier)
			sys->free_notifier->before(sys->free_notifier, space,
						   res[i].range->start,
						   res[i].range->last);
	}
	if (!any)
		return;
	vmr_seqcount_write_begin(&sys->seq);
	free_and_settle(sys, res, nr);
	vmr_seqcount_write_end(&sys->seq);
	if (sys->free_notifier)
		sys->free_notifier->after(sys->free_notifier);
}

void vmr_system_free_resources(struct vmr_system *sys,
			       struct vmr_resource_set *set)
{
	const struct vmr_resource *res = set->entries;
	struct vmr_space *space;

	vmr_system_free_io(sys, set->entries, set->nr);
	for (; set->nr; set->nr--, res++) {
		space = vmr_system_space(sys, res->kind);
		if (vmr_is_irq_share(res->kind, res->flags))
			vmr_irq_share_detach(vmr_to_irq_share(res->range));
		else if (res->range && !is_io(res->kind) &&
			 !vmr_free(space, res->range) &&
			 space == vmr_system_space(sys, VMR_KIND_MSI))
			vmr_system_serve_vectors(sys);
	}
}
EXPORT_SYMBOL_GPL(vmr_system_free_resources);

static bool range_is_allocated(const struct vmr_space *space,
			       struct vmr_range *range, bool shared)
{
	if (shared)
		return vmr_to_irq_share(range)->irq;
	return vmr_range_state(range) == VMR_LIVE && vmr_in_space(space, range);
}

bool vmr_constraint_is_allocated(const struct vmr_space *space,
				 const struct vmr_constraint *c)
{
	return range_is_allocated(space, c->range,
				  vmr_is_irq_share(c->kind, c->flags));
}

/* Free a range and allocate it again. On failure, restore its addresses. */
static int realloc_constraint(struct vmr_system *sys,
			      const struct vmr_resource *old,
			      const struct vmr_constraint *c,
			      struct vmr_range **conflict)
{
	struct vmr_space *space = vmr_system_space(sys, old->kind);
	bool shared = vmr_is_irq_share(old->kind, old->flags);
	struct vmr_irq_share *share = vmr_to_irq_share(c->range);
	uint64_t start = c->range->start, last = c->range->last;
	struct vmr_shared_irq *line = NULL;
	struct list_head *behind = NULL;
	const char *name = NULL;
	int ret;

	if (!range_is_allocated(space, c->range, shared))
		return -ENOENT;
	if (notifies(sys, space))
		sys->free_notifier->before(sys->free_notifier, space, start,
					   last);
	vmr_seqcount_write_begin(space->seq);
	if (shared) {
		line = share->irq;
		behind = vmr_to_list(&share->link)->prev;
		name = share->name;
		vmr_irq_share_detach(share);
	} else {
		vmr_free(space, c->range);
	}
	ret = vmr_system_alloc_one(sys, NULL, c, conflict);
	if (ret && shared)
		vmr_irq_share_attach(line, share, behind, name);
	else if (ret)
		vmr_reserve(space, c->range, start, last, NULL);
	VMR_ASSERT(range_is_allocated(space, c->range, shared) ||
		   vmr_is_irq_share(c->kind, c->flags) != shared);
	if (!ret && notifies(sys, space)) {
		vmr_settle_collect(space, start, last);
		sys->free_notifier->settle(sys->free_notifier, space);
	}
	vmr_seqcount_write_end(space->seq);
	if (notifies(sys, space))
		sys->free_notifier->after(sys->free_notifier);
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

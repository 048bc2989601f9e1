// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * resource.c - constraints, resources, and the interface of who grants them
 */
#include "internal.h"

#include <vmalloc/resource.h>

static uint64_t default_align(uint32_t kind, uint64_t size)
{
	switch (kind) {
	case VMR_KIND_MMIO:
	case VMR_KIND_MEM:
		return 0x1000;
	case VMR_KIND_MSI:
		return size;
	default:
		return 1;
	}
}

void vmr_constraint_within(struct vmr_constraint *c, uint32_t kind,
			   uint64_t size, uint64_t align, uint64_t min,
			   uint64_t max, struct vmr_range *range)
{
	*c = (struct vmr_constraint) {
		.kind = kind,
		.req = {
			.size = size,
			.align = align,
			.min = min,
			.max = max,
			.policy = VMR_DEFAULT,
		},
		.range = range,
	};
}
EXPORT_SYMBOL_GPL(vmr_constraint_within);

void vmr_constraint_init(struct vmr_constraint *c, uint32_t kind, uint64_t size,
			 struct vmr_range *range)
{
	vmr_constraint_within(c, kind, size, default_align(kind, size), 0,
			      VMR_MAX, range);
}
EXPORT_SYMBOL_GPL(vmr_constraint_init);

void vmr_constraint_at(struct vmr_constraint *c, uint32_t kind, uint64_t start,
		       uint64_t size, struct vmr_range *range)
{
	vmr_constraint_within(c, kind, size, 1, 0, VMR_MAX, range);
	c->req.policy = VMR_EXACT;
	c->req.addr = start;
}
EXPORT_SYMBOL_GPL(vmr_constraint_at);

void vmr_set_init(struct vmr_resource_set *set, struct vmr_resource *entries,
		  size_t max)
{
	set->entries = entries;
	set->nr = 0;
	set->max = max;
}
EXPORT_SYMBOL_GPL(vmr_set_init);

int vmr_set_append(struct vmr_resource_set *set,
		   const struct vmr_resource *res)
{
	if (!set || !res)
		return -EINVAL;
	if (set->nr >= set->max)
		return -ENOSPC;
	set->entries[set->nr++] = *res;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_set_append);

int vmr_set_append_mac(struct vmr_resource_set *set, const uint8_t mac[6])
{
	struct vmr_resource res = { .kind = VMR_KIND_MAC };

	if (!mac)
		return -EINVAL;
	memcpy(res.mac, mac, 6);
	return vmr_set_append(set, &res);
}
EXPORT_SYMBOL_GPL(vmr_set_append_mac);

const struct vmr_resource *vmr_set_next(const struct vmr_resource_set *set,
					uint32_t kind,
					const struct vmr_resource *prev)
{
	const struct vmr_resource *res, *end;

	if (!set || !set->nr)
		return NULL;
	end = set->entries + set->nr;
	for (res = prev ? prev + 1 : set->entries; res < end; res++)
		if (res->kind == kind)
			return res;
	return NULL;
}
EXPORT_SYMBOL_GPL(vmr_set_next);

/* What the node of a granted constraint says that was granted */
static void describe(struct vmr_resource *res, const struct vmr_constraint *c)
{
	*res = (struct vmr_resource) {
		.kind = c->kind,
		.flags = c->flags,
		.start = c->range->start,
		.last = c->range->last,
		.range = c->range,
		.tag = c->tag,
	};
}

/*
 * Replace a live range by what @again() allocates for it, in one write section:
 * the old place counts as free, and comes back if there is no new one. One that is
 * in no space has nothing to be replaced.
 */
static int replace(struct vmr_space *space, struct vmr_range *range,
		   int (*again)(struct vmr_allocator *a,
				const struct vmr_constraint *c,
				struct vmr_range **conflict),
		   struct vmr_allocator *a, const struct vmr_constraint *c,
		   struct vmr_range **conflict)
{
	uint64_t start = range->start, last = range->last;
	int ret;

	if (vmr_range_state(range) == VMR_FREE)
		return again(a, c, conflict);
	if (vmr_range_state(range) != VMR_LIVE || !vmr_in_space(space, range))
		return -ENOENT;
	vmr_write_begin(space->seq);
	vmr_free(space, range);
	ret = again(a, c, conflict);
	if (ret)
		vmr_reserve(space, range, start, last, NULL);
	vmr_write_end(space->seq);
	return ret;
}

static struct vmr_pool *pool_of(struct vmr_allocator *a)
{
	return container_of(a, struct vmr_pool_allocator, allocator)->pool;
}

static int pool_grant(struct vmr_allocator *a, const struct vmr_constraint *c,
		      struct vmr_range **conflict)
{
	return vmr_pool_request(pool_of(a), c->range, &c->req, conflict);
}

static int pool_allocate(struct vmr_allocator *a,
			 const struct vmr_constraint *c,
			 struct vmr_resource *res, struct vmr_range **conflict)
{
	int ret = pool_grant(a, c, conflict);

	if (!ret)
		describe(res, c);
	return ret;
}

static int pool_free(struct vmr_allocator *a, struct vmr_resource *res)
{
	return vmr_free(pool_of(a)->space, res->range);
}

static int pool_update(struct vmr_allocator *a, struct vmr_resource *res,
		       const struct vmr_constraint *c,
		       struct vmr_range **conflict)
{
	int ret = replace(pool_of(a)->space, c->range, pool_grant, a, c,
			  conflict);

	if (!ret)
		describe(res, c);
	return ret;
}

static const struct vmr_allocator_ops pool_ops = {
	.allocate = pool_allocate,
	.free = pool_free,
	.update = pool_update,
};

void vmr_pool_allocator_init(struct vmr_pool_allocator *a,
			     struct vmr_pool *pool)
{
	a->allocator.ops = &pool_ops;
	a->pool = pool;
}
EXPORT_SYMBOL_GPL(vmr_pool_allocator_init);

static struct vmr_ids *ids_of(struct vmr_allocator *a)
{
	return container_of(a, struct vmr_id_allocator, allocator)->ids;
}

static int id_grant(struct vmr_allocator *a, const struct vmr_constraint *c,
		    struct vmr_range **conflict)
{
	struct vmr_request req = c->req;

	if (!req.align)
		req.align = 1;
	if (req.policy == VMR_DEFAULT)
		req.policy = VMR_FIRST;
	return vmr_id_alloc_block(ids_of(a), c->range, &req, conflict);
}

static int id_allocate(struct vmr_allocator *a, const struct vmr_constraint *c,
		       struct vmr_resource *res, struct vmr_range **conflict)
{
	int ret = id_grant(a, c, conflict);

	if (!ret)
		describe(res, c);
	return ret;
}

static int id_free(struct vmr_allocator *a, struct vmr_resource *res)
{
	return vmr_id_release(ids_of(a), res->range);
}

static int id_update(struct vmr_allocator *a, struct vmr_resource *res,
		     const struct vmr_constraint *c,
		     struct vmr_range **conflict)
{
	int ret = replace(&ids_of(a)->space, c->range, id_grant, a, c,
			  conflict);

	if (!ret)
		describe(res, c);
	return ret;
}

static const struct vmr_allocator_ops id_ops = {
	.allocate = id_allocate,
	.free = id_free,
	.update = id_update,
};

void vmr_id_allocator_init(struct vmr_id_allocator *a, struct vmr_ids *ids)
{
	a->allocator.ops = &id_ops;
	a->ids = ids;
}
EXPORT_SYMBOL_GPL(vmr_id_allocator_init);

int vmr_allocate(struct vmr_allocator *allocator,
		 const struct vmr_constraint *c, struct vmr_resource *res,
		 struct vmr_range **conflict)
{
	if (!allocator || !c || !c->range || !res)
		return -EINVAL;
	if (!allocator->ops || !allocator->ops->allocate)
		return -EOPNOTSUPP;
	return allocator->ops->allocate(allocator, c, res, conflict);
}
EXPORT_SYMBOL_GPL(vmr_allocate);

int vmr_release(struct vmr_allocator *allocator, struct vmr_resource *res)
{
	if (!allocator || !res || !res->range)
		return -EINVAL;
	if (!allocator->ops || !allocator->ops->free)
		return -EOPNOTSUPP;
	return allocator->ops->free(allocator, res);
}
EXPORT_SYMBOL_GPL(vmr_release);

int vmr_update(struct vmr_allocator *allocator, struct vmr_resource *res,
	       const struct vmr_constraint *c, struct vmr_range **conflict)
{
	if (!allocator || !res || !c || !c->range)
		return -EINVAL;
	if (res->range != c->range)
		return -EINVAL;
	if (!allocator->ops || !allocator->ops->update)
		return -EOPNOTSUPP;
	return allocator->ops->update(allocator, res, c, conflict);
}
EXPORT_SYMBOL_GPL(vmr_update);

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * allocator.c - the allocator interface, over pools and over ids
 */
#include "resource.h"

static int fill_resource(int ret, struct vmr_resource *res,
			 const struct vmr_constraint *c)
{
	if (!ret)
		vmr_resource_from_constraint(res, c);
	return ret;
}

/*
 * Free a live range and allocate it again with @alloc_fn(), in one write section.
 * On failure, restore its addresses. A free range is only allocated.
 */
static int realloc_range(struct vmr_space *space,
			 int (*alloc_fn)(struct vmr_allocator *a,
					 const struct vmr_constraint *c,
					 struct vmr_range **conflict),
			 struct vmr_allocator *a,
			 const struct vmr_constraint *c,
			 struct vmr_range **conflict)
{
	struct vmr_range *range = c->range;
	uint64_t start = range->start, last = range->last;
	int ret;

	if (vmr_range_state(range) == VMR_FREE)
		return alloc_fn(a, c, conflict);
	if (vmr_range_state(range) != VMR_LIVE || !vmr_in_space(space, range))
		return -ENOENT;
	vmr_seqcount_write_begin(space->seq);
	vmr_free(space, range);
	ret = alloc_fn(a, c, conflict);
	if (ret)
		vmr_reserve(space, range, start, last, NULL);
	VMR_ASSERT(vmr_range_state(range) == VMR_LIVE);
	vmr_seqcount_write_end(space->seq);
	return ret;
}

static struct vmr_pool *pool_of(struct vmr_allocator *a)
{
	return container_of(a, struct vmr_pool_allocator, allocator)->pool;
}

static int pool_alloc_range(struct vmr_allocator *a,
			    const struct vmr_constraint *c,
			    struct vmr_range **conflict)
{
	return vmr_pool_request(pool_of(a), c->range, &c->request, conflict);
}

static int pool_alloc(struct vmr_allocator *a, const struct vmr_constraint *c,
		      struct vmr_resource *res, struct vmr_range **conflict)
{
	return fill_resource(pool_alloc_range(a, c, conflict), res, c);
}

static int pool_free(struct vmr_allocator *a, struct vmr_resource *res)
{
	return vmr_free(pool_of(a)->space, res->range);
}

static int pool_update(struct vmr_allocator *a, struct vmr_resource *res,
		       const struct vmr_constraint *c,
		       struct vmr_range **conflict)
{
	return fill_resource(realloc_range(pool_of(a)->space,
					   pool_alloc_range, a, c, conflict),
			     res, c);
}

static const struct vmr_allocator_ops pool_ops = {
	.alloc = pool_alloc,
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

static struct vmr_id_pool *ids_of(struct vmr_allocator *a)
{
	return container_of(a, struct vmr_id_allocator, allocator)->ids;
}

static int id_alloc_range(struct vmr_allocator *a,
			  const struct vmr_constraint *c,
			  struct vmr_range **conflict)
{
	struct vmr_request req = c->request;

	if (!req.align)
		req.align = 1;
	if (req.policy == VMR_DEFAULT)
		req.policy = VMR_FIRST;
	return vmr_id_alloc_block(ids_of(a), c->range, &req, conflict);
}

static int id_alloc(struct vmr_allocator *a, const struct vmr_constraint *c,
		    struct vmr_resource *res, struct vmr_range **conflict)
{
	return fill_resource(id_alloc_range(a, c, conflict), res, c);
}

static int id_free(struct vmr_allocator *a, struct vmr_resource *res)
{
	return vmr_id_free_range(ids_of(a), res->range);
}

static int id_update(struct vmr_allocator *a, struct vmr_resource *res,
		     const struct vmr_constraint *c,
		     struct vmr_range **conflict)
{
	return fill_resource(realloc_range(&ids_of(a)->space, id_alloc_range,
					   a, c, conflict),
			     res, c);
}

static const struct vmr_allocator_ops id_ops = {
	.alloc = id_alloc,
	.free = id_free,
	.update = id_update,
};

void vmr_id_allocator_init(struct vmr_id_allocator *a, struct vmr_id_pool *ids)
{
	a->allocator.ops = &id_ops;
	a->ids = ids;
}
EXPORT_SYMBOL_GPL(vmr_id_allocator_init);

int vmr_allocator_alloc(struct vmr_allocator *allocator,
			const struct vmr_constraint *c,
			struct vmr_resource *res, struct vmr_range **conflict)
{
	if (!allocator || !c || !c->range || !res)
		return -EINVAL;
	if (!allocator->ops || !allocator->ops->alloc)
		return -EOPNOTSUPP;
	return allocator->ops->alloc(allocator, c, res, conflict);
}
EXPORT_SYMBOL_GPL(vmr_allocator_alloc);

int vmr_allocator_free(struct vmr_allocator *allocator,
		       struct vmr_resource *res)
{
	if (!allocator || !res || !res->range)
		return -EINVAL;
	if (!allocator->ops || !allocator->ops->free)
		return -EOPNOTSUPP;
	return allocator->ops->free(allocator, res);
}
EXPORT_SYMBOL_GPL(vmr_allocator_free);

int vmr_allocator_update(struct vmr_allocator *allocator,
			 struct vmr_resource *res,
			 const struct vmr_constraint *c,
			 struct vmr_range **conflict)
{
	if (!allocator || !res || !c || !c->range)
		return -EINVAL;
	if (res->range != c->range)
		return -EINVAL;
	if (!allocator->ops || !allocator->ops->update)
		return -EOPNOTSUPP;
	return allocator->ops->update(allocator, res, c, conflict);
}
EXPORT_SYMBOL_GPL(vmr_allocator_update);

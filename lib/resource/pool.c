// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * pool.c - pools: views of bounds, alignment and policy on a space
 */
#include "resource.h"

int vmr_pool_init(struct vmr_pool *pool, struct vmr_space *space,
		  uint64_t start, uint64_t size, const char *name)
{
	if (!pool || !space || !size)
		return -EINVAL;
	if (start + (size - 1) < start)
		return -EOVERFLOW;
	return vmr_pool_init_span(pool, space, start, start + (size - 1), name);
}
EXPORT_SYMBOL_GPL(vmr_pool_init);

int vmr_pool_init_span(struct vmr_pool *pool, struct vmr_space *space,
		       uint64_t start, uint64_t last, const char *name)
{
	if (!pool || !space || start > last)
		return -EINVAL;
	if (start < space->start || last > space->last)
		return -ERANGE;
	*pool = (struct vmr_pool) {
		.space = space,
		.start = start,
		.last = last,
		.align = 1,
		.policy = VMR_FIRST,
		.name = name,
	};
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pool_init_span);

int vmr_pool_request(struct vmr_pool *pool, struct vmr_range *range,
		     const struct vmr_request *req,
		     struct vmr_range **conflict)
{
	struct vmr_gap_search s;

	if (!pool || !range || !req)
		return -EINVAL;
	vmr_begin_search(&s, pool->space, pool->start, pool->last, req,
			 pool->align, pool->policy);
	s.is_32bit = false;
	return vmr_alloc_search(&s, range, req, conflict);
}
EXPORT_SYMBOL_GPL(vmr_pool_request);

int vmr_pool_alloc(struct vmr_pool *pool, struct vmr_range *range,
		   uint64_t size, uint64_t align, enum vmr_policy policy)
{
	struct vmr_request req = VMR_REQUEST(size, align);

	if (policy == VMR_EXACT)
		return -EINVAL;
	req.policy = policy;
	return vmr_pool_request(pool, range, &req, NULL);
}
EXPORT_SYMBOL_GPL(vmr_pool_alloc);

int vmr_pool_reserve(struct vmr_pool *pool, struct vmr_range *range,
		     uint64_t start, uint64_t size, uint64_t align,
		     struct vmr_range **conflict)
{
	struct vmr_request req = VMR_REQUEST(size, align);

	req.policy = VMR_EXACT;
	req.addr = start;
	return vmr_pool_request(pool, range, &req, conflict);
}
EXPORT_SYMBOL_GPL(vmr_pool_reserve);

int vmr_pool_free(struct vmr_pool *pool, uint64_t start, uint64_t size,
		  struct vmr_range **freed)
{
	if (!pool || !size)
		return -EINVAL;
	if (start + (size - 1) < start)
		return -EOVERFLOW;
	if (start < pool->start || start + (size - 1) > pool->last)
		return -ERANGE;
	return vmr_free_at(pool->space, start, size, freed);
}
EXPORT_SYMBOL_GPL(vmr_pool_free);

int vmr_pool_free_containing(struct vmr_pool *pool, uint64_t addr,
			     struct vmr_range **freed)
{
	struct vmr_range *range;
	int ret;

	if (!pool)
		return -EINVAL;
	if (addr < pool->start || addr > pool->last)
		return -ERANGE;
	range = vmr_find(pool->space, addr);
	if (!range)
		return -ENOENT;
	if (range->start < pool->start || range->last > pool->last)
		return -ERANGE;
	ret = vmr_free(pool->space, range);
	if (!ret && freed)	/* LCOV_EXCL_BR_LINE: what is found is freed */
		*freed = range;
	return ret;
}
EXPORT_SYMBOL_GPL(vmr_pool_free_containing);

int vmr_pool_highest_free(const struct vmr_pool *pool, uint64_t *addr)
{
	struct vmr_gap gap;

	if (!pool || !addr)
		return -EINVAL;
	if (!vmr_last_gap_at_or_below(pool->space, pool->last, &gap) ||
	    gap.last < pool->start)
		return -ENOSPC;
	*addr = min(gap.last, pool->last);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pool_highest_free);

int vmr_range_offset_to_addr(const struct vmr_range *range, uint64_t offset,
			     uint64_t size, uint64_t *addr)
{
	if (!range || !size || !addr)
		return -EINVAL;
	if (offset + (size - 1) < offset)
		return -EOVERFLOW;
	if (vmr_range_state(range) != VMR_LIVE)
		return -ENOENT;
	if (offset + (size - 1) > range->last - range->start)
		return -ERANGE;
	*addr = range->start + offset;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_range_offset_to_addr);

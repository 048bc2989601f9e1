// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * id.c - ids: ranges of one or more numbers
 *
 * The watermark separates an id that was never allocated (-ENOENT) from one that
 * was freed (-EALREADY).
 */
#include "resource.h"

#define ID_MAX	((uint64_t)(uint32_t)-1)

void vmr_id_raise_watermark(struct vmr_id_pool *ids,
			    const struct vmr_range *range)
{
	VMR_ASSERT(range->last <= ID_MAX);
	if (ids->high_watermark <= range->last)
		ids->high_watermark = range->last + 1;
}

static int id_allocated(struct vmr_id_pool *ids, const struct vmr_range *range,
			int ret)
{
	if (!ret)
		vmr_id_raise_watermark(ids, range);
	return ret;
}

int vmr_id_pool_init(struct vmr_id_pool *ids, uint32_t base, uint32_t last)
{
	if (!ids || base > last)
		return -EINVAL;
	ids->high_watermark = 0;
	return vmr_space_init(&ids->space, base, last);
}
EXPORT_SYMBOL_GPL(vmr_id_pool_init);

int vmr_id_alloc(struct vmr_id_pool *ids, struct vmr_range *range)
{
	if (!ids || !range)
		return -EINVAL;
	return id_allocated(ids, range, vmr_alloc_lowest(&ids->space, range));
}
EXPORT_SYMBOL_GPL(vmr_id_alloc);

int vmr_id_reserve(struct vmr_id_pool *ids, struct vmr_range *range,
		   uint32_t id, struct vmr_range **conflict)
{
	if (!ids)
		return -EINVAL;
	return id_allocated(ids, range,
			    vmr_reserve(&ids->space, range, id, id, conflict));
}
EXPORT_SYMBOL_GPL(vmr_id_reserve);

int vmr_id_alloc_block(struct vmr_id_pool *ids, struct vmr_range *range,
		       const struct vmr_request *req,
		       struct vmr_range **conflict)
{
	struct vmr_gap_search s;

	if (!ids || !range || !req)
		return -EINVAL;
	vmr_begin_search(&s, &ids->space, ids->space.start, ids->space.last, req,
			 0, VMR_DEFAULT);
	s.is_32bit = true;
	return id_allocated(ids, range,
			    vmr_alloc_search(&s, range, req, conflict));
}
EXPORT_SYMBOL_GPL(vmr_id_alloc_block);

int vmr_id_free(struct vmr_id_pool *ids, uint32_t id, struct vmr_range **freed)
{
	return vmr_id_free_block(ids, id, 1, freed);
}
EXPORT_SYMBOL_GPL(vmr_id_free);

/*
 * The watermark, raised to ids that were allocated in the space directly, such as
 * by a pool
 */
static uint64_t effective_watermark(const struct vmr_id_pool *ids)
{
	const struct vmr_range *top = vmr_last_range(&ids->space);

	return top ? max(ids->high_watermark, top->last + 1) :
		     ids->high_watermark;
}

int vmr_id_free_block(struct vmr_id_pool *ids, uint32_t id, uint32_t count,
		      struct vmr_range **freed)
{
	uint64_t last = (uint64_t)id + count - 1;
	struct vmr_range *range;

	if (!ids || !count)
		return -EINVAL;
	if (last > ID_MAX)
		return -EOVERFLOW;
	if (id < ids->space.start || last > ids->space.last)
		return -ERANGE;
	if (id >= effective_watermark(ids))
		return -ENOENT;
	range = vmr_find_overlap(&ids->space, id, last);
	if (!range)
		return -EALREADY;
	if (range->start != id || range->last != last)
		return -ENOENT;
	vmr_id_raise_watermark(ids, range);
	vmr_free(&ids->space, range);
	if (freed)
		*freed = range;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_id_free_block);

int vmr_id_free_range(struct vmr_id_pool *ids, struct vmr_range *range)
{
	if (!ids)
		return -EINVAL;
	return vmr_free(&ids->space, range);
}
EXPORT_SYMBOL_GPL(vmr_id_free_range);

struct vmr_range *vmr_id_find(const struct vmr_id_pool *ids, uint32_t id)
{
	return ids ? vmr_find(&ids->space, id) : NULL;
}
EXPORT_SYMBOL_GPL(vmr_id_find);

bool vmr_id_is_allocated(const struct vmr_id_pool *ids, uint32_t id)
{
	return vmr_id_find(ids, id);
}
EXPORT_SYMBOL_GPL(vmr_id_is_allocated);

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * placement.c - moving the regions of registered devices
 */
#include "placement.h"

static int region_check_args(struct vmr_manager *manager,
			     struct vmr_region *region,
			     struct vmr_space **space)
{
	if (!manager || !region || region->is_subregion)
		return -EINVAL;
	*space = vmr_region_space(manager, region);
	return *space && vmr_manager_has_device(manager, region->device) ?
		       0 :
		       -ENOENT;
}

/*
 * A claim counts as placed: a write that changes nothing must not renew the
 * claim, which would lose its age.
 */
static bool region_is_placed(const struct vmr_region *region,
			     const struct vmr_placement *placement)
{
	enum vmr_state state = vmr_range_state(&region->range);

	if (state == VMR_CLAIMED)
		state = VMR_LIVE;
	return state == placement->state &&
	       region->isa_enable == placement->isa_enable &&
	       (state == VMR_FREE || (region->range.start == placement->start &&
				      region->range.last == placement->last));
}

/*
 * Place a region that is free. If its addresses are free too, no claim waits for
 * them: it would have been settled when they became free.
 */
static void region_set_placement(struct vmr_manager *manager,
				 struct vmr_region *region,
				 const struct vmr_placement *placement)
{
	struct vmr_space *space = vmr_region_space(manager, region);

	VMR_ASSERT(vmr_range_state(&region->range) == VMR_FREE);
	WRITE_ONCE(region->isa_enable, placement->isa_enable);
	if (region->type == VMR_REGION_WINDOW && placement->state != VMR_FREE)
		region->size = placement->last - placement->start + 1;
	if (placement->state == VMR_PARKED)
		vmr_park(space, &region->range, placement->start,
			 placement->last);
	else if (placement->state == VMR_LIVE &&
		 vmr_reserve(space, &region->range, placement->start,
			     placement->last, NULL) == -EBUSY)
		vmr_claim(space, &region->range, placement->start,
			  placement->last);
}

/*
 * Claims for the old addresses are settled before the region is placed. They
 * come first if the old and the new addresses overlap.
 */
static int region_update_placement(struct vmr_manager *manager,
				   struct vmr_region *region,
				   enum vmr_state state, uint64_t start)
{
	struct vmr_placement placement = { .state = state, .start = start };
	struct vmr_space *space;
	int ret = region_check_args(manager, region, &space);

	if (ret)
		return ret;
	placement.last = start + (region->size - 1);
	if (region_is_placed(region, &placement))
		return 0;
	vmr_notify_queue(manager, region);
	vmr_seqcount_write_begin(space->seq);
	vmr_region_free(manager, region);
	if (region->was_live)
		vmr_settle_in(manager, space, region->range.start,
			      region->range.last);
	region->was_live = false;
	region_set_placement(manager, region, &placement);
	vmr_seqcount_write_end(space->seq);
	vmr_notify_flush(manager);
	return 0;
}

int vmr_region_program(struct vmr_manager *manager, struct vmr_region *region,
		       uint64_t start)
{
	return region_update_placement(manager, region, VMR_LIVE, start);
}
EXPORT_SYMBOL_GPL(vmr_region_program);

int vmr_region_park(struct vmr_manager *manager, struct vmr_region *region,
		    uint64_t start)
{
	return region_update_placement(manager, region, VMR_PARKED, start);
}
EXPORT_SYMBOL_GPL(vmr_region_park);

int vmr_region_unmap(struct vmr_manager *manager, struct vmr_region *region)
{
	return region_update_placement(manager, region, VMR_FREE, 0);
}
EXPORT_SYMBOL_GPL(vmr_region_unmap);

int vmr_region_move(struct vmr_manager *manager, struct vmr_region *region,
		    uint64_t start, struct vmr_range **conflict)
{
	uint64_t last, old_start, old_last;
	struct vmr_range *blocker;
	bool was_live;
	struct vmr_space *space;
	int ret = region_check_args(manager, region, &space);

	if (ret == -EINVAL)
		return ret;
	last = start + (region->size - 1);
	if (last < start)
		return -EOVERFLOW;
	if (ret)
		return ret;
	/* Regions are in spaces that begin at 0. */
	if (last > space->last)
		return -ERANGE;
	blocker = vmr_find_overlap(space, start, last);
	if (blocker == &region->range)
		blocker = vmr_next_range(blocker);
	if (blocker && blocker->start <= last) {
		if (conflict)
			*conflict = blocker;
		return -EBUSY;
	}
	old_start = region->range.start;
	old_last = region->range.last;
	vmr_notify_queue(manager, region);
	vmr_seqcount_write_begin(space->seq);
	/* A fixed request comes before the claims for the same addresses. */
	was_live = vmr_range_state(&region->range) == VMR_LIVE;
	if (was_live) {
		vmr_generation_count(manager->sys, region);
		vmr_move(space, &region->range, start, NULL);
		vmr_generation_counted(manager->sys);
		vmr_settle_in(manager, space, old_start, old_last);
	} else {
		vmr_free(space, &region->range);
		vmr_reserve(space, &region->range, start, last, NULL);
	}
	vmr_seqcount_write_end(space->seq);
	vmr_notify_flush(manager);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_region_move);

int vmr_window_program(struct vmr_manager *manager, struct vmr_region *window,
		       uint64_t start, uint64_t last)
{
	struct vmr_space *space;
	int ret = region_check_args(manager, window, &space);

	if (ret == -EINVAL || start > last ||
	    window->type != VMR_REGION_WINDOW)
		return -EINVAL;
	if (ret)
		return ret;
	window->size = last - start + 1;
	return vmr_region_program(manager, window, start);
}
EXPORT_SYMBOL_GPL(vmr_window_program);

/* Settle the claims for all addresses that a bulk move left */
static void settle_after_moves(struct vmr_manager *manager,
			       const struct vmr_move_op *steps, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		vmr_settle_collect(steps[i].space, steps[i].old_start,
				   steps[i].old_start +
					   (steps[i].range->last -
					    steps[i].range->start));
	for (i = 0; i < nr; i++)
		vmr_settle_collected(manager, steps[i].space);
}

static bool move_op_overflows(const struct vmr_move_op *step)
{
	return vmr_to_region(step->range)->size - 1 >
	       VMR_ADDR_MAX - step->start;
}

int vmr_region_move_bulk(struct vmr_manager *manager, struct vmr_move_op *steps,
			 size_t nr, size_t *failed, struct vmr_range **conflict)
{
	struct vmr_seqcount *seq;
	size_t i;
	int ret;

	if (!manager || !steps || !nr)
		return -EINVAL;
	for (i = 0; i < nr; i++) {
		ret = steps[i].range ?
			      region_check_args(manager,
						vmr_to_region(steps[i].range),
						&steps[i].space) :
			      -EINVAL;
		if (ret == -ENOENT && move_op_overflows(&steps[i]))
			ret = -EOVERFLOW;
		if (ret) {
			if (failed)
				*failed = i;
			return ret;
		}
		steps[i].to_space = steps[i].space;
	}
	/* The delivery skips regions whose mapping did not change. */
	for (i = 0; i < nr; i++)
		vmr_notify_queue(manager, vmr_to_region(steps[i].range));

	seq = &manager->sys->seq;
	vmr_seqcount_write_begin(seq);
	for (i = 0; i < nr; i++)
		vmr_generation_count(manager->sys,
				     vmr_to_region(steps[i].range));
	ret = vmr_move_bulk(steps, nr, failed, conflict);
	vmr_generation_counted(manager->sys);
	if (!ret)
		settle_after_moves(manager, steps, nr);
	vmr_seqcount_write_end(seq);
	vmr_notify_flush(manager);
	return ret;
}
EXPORT_SYMBOL_GPL(vmr_region_move_bulk);

/*
 * The steps of a change that places several regions of a device. All regions are
 * freed before any is placed. A region can therefore move to the addresses that
 * another one leaves, and lookups observe all placements or none. The mark of a
 * region says that it takes part.
 */
static bool placement_prepare(struct vmr_manager *manager,
			      struct vmr_region *region,
			      const struct vmr_placement *placement)
{
	region->mark = !region_is_placed(region, placement);
	if (region->mark)
		vmr_notify_queue(manager, region);
	return region->mark;
}

static void placement_free(struct vmr_manager *manager,
			   struct vmr_region *region)
{
	if (region->mark)
		vmr_region_free(manager, region);
}

static void placement_apply(struct vmr_manager *manager,
			    struct vmr_region *region,
			    const struct vmr_placement *placement)
{
	if (region->mark)
		region_set_placement(manager, region, placement);
	region->mark = false;
}

static struct vmr_region *get_lowest(const struct vmr_placements *p, uint32_t mask,
				     struct vmr_placement *placement)
{
	return p->get(p->dev, vmr_log2(mask & -mask), placement);
}

bool vmr_placements_prepare(struct vmr_manager *manager,
			    const struct vmr_placements *p)
{
	struct vmr_placement placement;
	struct vmr_region *region;
	bool any = false;
	uint32_t mask;

	if (!vmr_manager_has_device(manager, p->dev))
		return false;
	for (mask = p->mask; mask; mask &= mask - 1) {
		region = get_lowest(p, mask, &placement);
		any |= placement_prepare(manager, region, &placement);
	}
	return any;
}

void vmr_placements_free(struct vmr_manager *manager,
			 const struct vmr_placements *p)
{
	struct vmr_placement placement;
	uint32_t mask;

	for (mask = p->mask; mask; mask &= mask - 1)
		placement_free(manager, get_lowest(p, mask, &placement));
}

void vmr_placements_apply(struct vmr_manager *manager,
			  const struct vmr_placements *p)
{
	struct vmr_placement placement;
	struct vmr_region *region;
	uint32_t mask;

	for (mask = p->mask; mask; mask &= mask - 1) {
		region = get_lowest(p, mask, &placement);
		placement_apply(manager, region, &placement);
	}
}

void vmr_device_update_placements(struct vmr_manager *manager,
				  const struct vmr_placements *placements)
{
	if (!vmr_placements_prepare(manager, placements))
		return;
	vmr_seqcount_write_begin(&manager->sys->seq);
	vmr_placements_free(manager, placements);
	vmr_settle_for_devices(manager, NULL, placements->dev);
	vmr_placements_apply(manager, placements);
	vmr_seqcount_write_end(&manager->sys->seq);
	vmr_notify_flush(manager);
}

static bool program_op_invalid(const struct vmr_device *dev,
			       const struct vmr_program_op *op)
{
	const struct vmr_region *region = op->region;

	if (!region || region->device != dev || region->is_subregion ||
	    region->mark)
		return true;
	if (op->placement.state == VMR_FREE)
		return false;
	return (op->placement.state != VMR_LIVE &&
		op->placement.state != VMR_PARKED) ||
	       (region->type == VMR_REGION_WINDOW &&
		op->placement.start > op->placement.last);
}

/* The placement of a region that is no window has the region's size */
static struct vmr_placement program_op_placement(const struct vmr_program_op *op)
{
	struct vmr_placement placement = op->placement;

	if (op->region->type != VMR_REGION_WINDOW)
		placement.last = placement.start + (op->region->size - 1);
	return placement;
}

/* Check all regions, with a mark on those that are named already */
static int check_program_ops(struct vmr_device *dev,
			     const struct vmr_program_op *ops, size_t nr,
			     size_t *failed)
{
	size_t i, j;

	for (i = 0; i < nr && !program_op_invalid(dev, &ops[i]); i++)
		ops[i].region->mark = true;
	for (j = 0; j < i; j++)
		ops[j].region->mark = false;
	if (i == nr)
		return 0;
	if (failed)
		*failed = i;
	return -EINVAL;
}

int vmr_region_program_bulk(struct vmr_manager *manager, struct vmr_device *dev,
			    const struct vmr_program_op *ops, size_t nr,
			    size_t *failed)
{
	struct vmr_placement placement;
	bool any = false;
	size_t i;

	if (!manager || !dev || !ops || !nr ||
	    check_program_ops(dev, ops, nr, failed))
		return -EINVAL;
	if (!vmr_manager_has_device(manager, dev))
		return -ENOENT;
	for (i = 0; i < nr; i++) {
		placement = program_op_placement(&ops[i]);
		any |= placement_prepare(manager, ops[i].region, &placement);
	}
	if (!any)
		return 0;
	vmr_seqcount_write_begin(&manager->sys->seq);
	for (i = 0; i < nr; i++)
		placement_free(manager, ops[i].region);
	vmr_settle_for_devices(manager, NULL, dev);
	for (i = 0; i < nr; i++) {
		placement = program_op_placement(&ops[i]);
		placement_apply(manager, ops[i].region, &placement);
	}
	vmr_seqcount_write_end(&manager->sys->seq);
	vmr_notify_flush(manager);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_region_program_bulk);

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * device_restore.c - registering devices whose ranges a snapshot restored
 */
#include "device.h"

static bool is_live_in(const struct vmr_space *space,
		       const struct vmr_range *range)
{
	return vmr_range_state(range) == VMR_LIVE &&
	       vmr_in_space(space, range);
}

/* The space that the range of a constraint is in */
static struct vmr_space *constraint_space(struct vmr_manager *manager,
					  const struct vmr_device *dev,
					  const struct vmr_constraint *c)
{
	switch (c->kind) {
	case VMR_KIND_PIO:
		return vmr_device_space(manager, dev, VMR_PIO);
	case VMR_KIND_MMIO:
	case VMR_KIND_MEM:
		return vmr_device_space(manager, dev, VMR_MMIO);
	default:
		return vmr_system_space(manager->sys, c->kind);
	}
}

/*
 * The guest may have moved or unmapped a region, but a region has one size, and is in
 * the spaces of its device only. Accesses are checked against the range.
 */
static bool regions_fit(const struct vmr_manager *manager,
			const struct vmr_device *dev)
{
	const struct vmr_region *r;

	for (r = dev->regions; r; r = r->next) {
		const struct vmr_range *range = &r->range;

		if (!range->node.link)
			continue;
		if (!vmr_in_space(vmr_device_space(manager, dev,
						   (enum vmr_io)r->io), range))
			return false;
		if (r->type != VMR_REGION_WINDOW &&
		    range->last - range->start != r->size - 1)
			return false;
	}
	return true;
}

/* @failed receives the index of the first range that is not live */
static int check_restored_ranges(struct vmr_manager *manager,
				 struct vmr_device *dev, size_t *failed)
{
	size_t i;

	for (i = 0; i < dev->nr_constraints; i++) {
		const struct vmr_constraint *c = &dev->constraints[i];

		/* The guest may have moved or unmapped a region granted parked */
		if (c->flags & VMR_GRANT_PARKED)
			continue;
		if (!vmr_constraint_is_allocated(constraint_space(manager, dev, c),
						 c) ||
		    c->range->last - c->range->start != c->request.size - 1)
			break;
	}
	if (i == dev->nr_constraints &&
	    is_live_in(&manager->sys->device_ids.space, &dev->id) &&
	    dev->id.start == dev->id.last)
		return regions_fit(manager, dev) ? 0 : -ENOENT;
	if (failed)
		*failed = i;
	return -ENOENT;
}

int vmr_device_reserve_id(struct vmr_manager *manager, struct vmr_device *dev,
			  uint32_t id, struct vmr_range **conflict)
{
	if (!manager || !dev)
		return -EINVAL;
	if (dev->id.node.link)
		return -EEXIST;
	vmr_range_set_type(&dev->id, VMR_TYPE_DEVICE);
	return vmr_id_reserve(&manager->sys->device_ids, &dev->id, id,
			      conflict);
}
EXPORT_SYMBOL_GPL(vmr_device_reserve_id);

int vmr_device_register_restored(struct vmr_manager *manager,
				 struct vmr_device *dev, size_t *failed)
{
	bool removal;
	int ret;

	if (!manager || !dev || !dev->ops)
		return -EINVAL;
	ret = vmr_device_check(manager, dev, failed);
	if (ret)
		return ret;
	if (!vmr_device_parent_registered(manager, dev, NULL))
		return -ENOENT;
	ret = check_restored_ranges(manager, dev, failed);
	if (ret)
		return ret;
	vmr_resource_set_fill(dev->constraints, dev->nr_constraints,
			      &dev->resources);
	dev->manager = manager;
	ret = vmr_device_set_resources(dev);
	if (ret) {
		dev->resources.nr = 0;
		return ret;
	}
	removal = dev->removal_restored;
	dev->removal_restored = false;
	vmr_device_publish(manager, dev);
	/* A listener can have unregistered the device, or requested its removal */
	if (removal)
		vmr_device_request_removal(manager, dev);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_device_register_restored);

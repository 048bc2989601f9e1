// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * adopt.c - registering devices whose places a restore has put back
 */
#include "device.h"

static bool live_in(const struct vmr_space *space,
		    const struct vmr_range *range)
{
	return vmr_range_state(range) == VMR_LIVE &&
	       vmr_in_space(space, range);
}

/* The space that a constraint of a device is granted in */
static struct vmr_space *constraint_space(struct vmr_manager *manager,
					  const struct vmr_device *dev,
					  const struct vmr_constraint *c)
{
	switch (c->kind) {
	case VMR_KIND_PIO:
		return space_of(manager, dev, VMR_PIO);
	case VMR_KIND_MMIO:
	case VMR_KIND_MEM:
		return space_of(manager, dev, VMR_MMIO);
	default:
		return vmr_system_space(manager->sys, c->kind);
	}
}

static int check_live(struct vmr_manager *manager, struct vmr_device *dev,
		      size_t *failed)
{
	size_t i;

	for (i = 0; i < dev->nr_constraints; i++) {
		const struct vmr_constraint *c = &dev->constraints[i];

		if (!vmr_is_granted(constraint_space(manager, dev, c), c) ||
		    c->range->last - c->range->start != c->request.size - 1)
			break;
	}
	if (i == dev->nr_constraints &&
	    live_in(&manager->sys->device_ids.space, &dev->id))
		return 0;
	if (failed)
		*failed = i;
	return -ENOENT;
}

int vmr_device_register_restored(struct vmr_manager *manager, struct vmr_device *dev,
	      size_t *failed)
{
	int ret;

	if (!manager || !dev || !dev->ops)
		return -EINVAL;
	ret = vmr_check_device(dev, failed);
	if (ret)
		return ret;
	if (dev->resources.max < dev->nr_constraints)
		return -EINVAL;
	if (dev->state != VMR_DEVICE_UNREGISTERED)
		return -EEXIST;
	if (!vmr_parent_ok(dev, NULL))
		return -ENOENT;
	ret = check_live(manager, dev, failed);
	if (ret)
		return ret;
	vmr_describe_all(dev->constraints, dev->nr_constraints,
			 &dev->resources);
	if (dev->ops->set_resources)
		ret = dev->ops->set_resources(dev, &dev->resources);
	if (ret) {
		dev->resources.nr = 0;
		return ret;
	}
	put_on_bus(dev);
	vmr_publish(manager, dev);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_device_register_restored);

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * check.c - what a registration requires of a device
 *
 * A constraint names a range, and only a range of a region may be taken for one.
 * While a device is checked, a range of its regions that is in no space holds its
 * own address in a word that is otherwise 0. A range in the device's space is that of a
 * region in any case. Each constraint is therefore checked without a search.
 */
#include "device.h"

static void mark_regions(const struct vmr_device *dev)
{
	struct vmr_region *region;

	for (region = dev->regions; region; region = region->next) {
		if (!region->range.node.link)
			region->range.space_ref = (uintptr_t)&region->range;
		region->mark = false;
	}
}

static void unmark_regions(const struct vmr_device *dev)
{
	struct vmr_region *region;

	for (region = dev->regions; region; region = region->next) {
		if (!region->range.node.link)
			region->range.space_ref = 0;
		region->mark = false;
	}
}

/* Whether a range is in a space that @dev has no regions in */
static bool is_elsewhere(const struct vmr_manager *manager,
			 const struct vmr_device *dev,
			 const struct vmr_range *range)
{
	return range->node.link &&
	       !vmr_in_space(vmr_device_space(manager, dev, VMR_PIO), range) &&
	       !vmr_in_space(vmr_device_space(manager, dev, VMR_MMIO), range);
}

/* The region of @dev whose range is @range, or NULL */
static struct vmr_region *find_region(const struct vmr_device *dev,
				      struct vmr_range *range)
{
	struct vmr_region *region;

	if (!range->node.link && range->space_ref != (uintptr_t)range)
		return NULL;
	region = vmr_to_region(range);
	return region->device == dev ? region : NULL;
}

static bool io_constraint_valid(const struct vmr_device *dev,
				const struct vmr_constraint *c,
				struct vmr_region *region, enum vmr_io io)
{
	/* Two constraints must not name one region */
	if (!region || region->mark)
		return false;
	region->mark = true;
	if (region->by_registers)
		return false;
	/* Only a prefetchable region is placed in a prefetchable window */
	if (io == VMR_MMIO && dev->parent_bus && !region->prefetchable &&
	    c->flags & VMR_PREFETCHABLE)
		return false;
	return region->size == c->request.size && region->io == io;
}

static bool constraint_valid(const struct vmr_manager *manager,
			     const struct vmr_device *dev,
			     const struct vmr_constraint *c)
{
	struct vmr_region *region = NULL;
	bool elsewhere = false;

	if (c->range) {
		elsewhere = is_elsewhere(manager, dev, c->range);
		if (!elsewhere)
			region = find_region(dev, c->range);
	}
	switch (c->kind) {
	case VMR_KIND_PIO:
		return elsewhere || /* the caller finds it in use */
		       io_constraint_valid(dev, c, region, VMR_PIO);
	case VMR_KIND_MMIO:
	case VMR_KIND_MEM:
		return elsewhere ||
		       io_constraint_valid(dev, c, region, VMR_MMIO);
	case VMR_KIND_DEVICE_ID:
	case VMR_KIND_PCI_BDF:
		return false;	/* the library finds the owner by these */
	default:
		return !region && !(c->flags & VMR_GRANT_PARKED);
	}
}

int vmr_device_check(const struct vmr_manager *manager,
		     const struct vmr_device *dev, size_t *failed)
{
	const struct vmr_region *region;
	size_t i;

	if (dev->nr_constraints &&
	    (!dev->constraints || !dev->resources.entries ||
	     dev->resources.max < dev->nr_constraints))
		return -EINVAL;
	for (region = dev->regions; region; region = region->next)
		if (region->type == VMR_REGION_WINDOW && !dev->subordinate)
			return -EINVAL;
	mark_regions(dev);
	for (i = 0; i < dev->nr_constraints; i++)
		if (!constraint_valid(manager, dev, &dev->constraints[i]))
			break;
	unmark_regions(dev);
	if (i == dev->nr_constraints)
		return dev->state == VMR_DEVICE_UNREGISTERED ? 0 : -EEXIST;
	if (failed)
		*failed = i;
	return -EINVAL;
}

bool vmr_device_parent_registered(const struct vmr_manager *manager,
				  const struct vmr_device *dev,
				  const struct vmr_transaction *t)
{
	const struct vmr_device *up =
		dev->parent_bus ? dev->parent_bus->bridge : NULL;

	if (!up)
		return true;
	if (up->manager != manager)
		return false;
	/*
	 * A bridge that @t adds counts as registered for @t. A bridge that any
	 * transaction removes counts as unregistered.
	 */
	return up->transaction ?
		       up->transaction == t && !vmr_device_is_registered(up) :
		       vmr_device_is_registered(up);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * region.c - regions and subregions
 */
#include <linux/rbtree.h>

#include "device.h"

void vmr_region_init(struct vmr_region *region, enum vmr_io io,
		     enum vmr_region_type type, uint64_t size, uint32_t index,
		     const char *name)
{
	region->io = io;
	region->type = type;
	region->size = size;
	region->index = index;
	region->name = name;
}
EXPORT_SYMBOL_GPL(vmr_region_init);

struct vmr_space *vmr_region_space(const struct vmr_manager *manager,
				   const struct vmr_region *region)
{
	const struct vmr_device *dev = region ? region->device : NULL;

	if (!manager || !dev ||
	    (vmr_device_is_registered(dev) && dev->manager != manager))
		return NULL;
	return vmr_device_space(manager, dev, region->io);
}
EXPORT_SYMBOL_GPL(vmr_region_space);

int vmr_device_add_region(struct vmr_device *dev, struct vmr_region *region)
{
	struct vmr_region *subregion;

	if (!dev || !region || !region->size)
		return -EINVAL;
	if (region->device || region->range.node.link || region->is_subregion)
		return -EEXIST;
	if (dev->state != VMR_DEVICE_UNREGISTERED)
		return -EBUSY;
	if (dev->last_region)
		dev->last_region->next = region;
	else
		dev->regions = region;
	dev->last_region = region;
	region->next = NULL;
	region->device = dev;
	for (subregion = region->subregions; subregion;
	     subregion = subregion->next)
		subregion->device = dev;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_device_add_region);

static struct vmr_region *to_subregion(const struct rb_node *rb)
{
	return container_of((struct vmr_node *)rb, struct vmr_region,
			    subregion_node);
}

/*
 * Link a subregion into the tree, which is ordered by offset. Returns false if it
 * overlaps another one: since the others are disjoint, one of them is met on the way.
 */
static bool link_subregion(struct vmr_region *region,
			   struct vmr_region *subregion)
{
	struct rb_root *root = (struct rb_root *)&region->subregion_root;
	struct rb_node **link = &root->rb_node, *parent = NULL;
	struct rb_node *rb = (struct rb_node *)&subregion->subregion_node;
	const struct vmr_region *other;

	while (*link) {
		parent = *link;
		other = to_subregion(parent);
		if (subregion->offset + (subregion->size - 1) < other->offset)
			link = &parent->rb_left;
		else if (subregion->offset >
			 other->offset + (other->size - 1))
			link = &parent->rb_right;
		else
			return false;
	}
	rb_link_node(rb, parent, link);
	vmr_plain_insert(rb, root);
	return true;
}

int vmr_region_add_subregion(struct vmr_region *region,
			     struct vmr_region *subregion)
{
	if (!region || !subregion || subregion == region || !subregion->size ||
	    region->type != VMR_REGION_MEMORY)
		return -EINVAL;
	if (subregion->device || subregion->is_subregion)
		return -EEXIST;
	if (subregion->offset >= region->size ||
	    subregion->size > region->size - subregion->offset)
		return -ERANGE;
	if (region->device && region->device->state != VMR_DEVICE_UNREGISTERED)
		return -EBUSY;
	if (!link_subregion(region, subregion))
		return -EBUSY;
	subregion->is_subregion = true;
	subregion->device = region->device;
	subregion->next = region->subregions;
	region->subregions = subregion;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_region_add_subregion);

void vmr_region_remove_last_subregion(struct vmr_region *region)
{
	struct vmr_region *subregion = region->subregions;

	vmr_plain_erase((struct rb_node *)&subregion->subregion_node,
			(struct rb_root *)&region->subregion_root);
	region->subregions = subregion->next;
	subregion->next = NULL;
	subregion->device = NULL;
	subregion->is_subregion = false;
}

/* Whether the device and all bridges above it are registered */
static bool path_registered(const struct vmr_device *dev)
{
	for (; dev->parent_bus; dev = dev->parent_bus->bridge)
		if (!vmr_device_is_registered(dev))
			return false;
	return vmr_device_is_registered(dev);
}

struct vmr_mapping vmr_region_mapping(const struct vmr_region *region)
{
	const struct vmr_device *dev = region ? region->device : NULL;

	if (!dev || vmr_range_state(&region->range) != VMR_LIVE ||
	    !path_registered(dev) || !vmr_region_is_forwarded(dev, region))
		return (struct vmr_mapping) { .mapped = false };
	return (struct vmr_mapping) {
		.mapped = true,
		.start = region->range.start,
		.last = region->range.last,
	};
}
EXPORT_SYMBOL_GPL(vmr_region_mapping);

int vmr_region_reserve(struct vmr_system *sys, struct vmr_region *region,
		       enum vmr_io io, const struct vmr_span *span,
		       struct vmr_range **conflict)
{
	int ret;

	if (!sys || !region || !span || span->start > span->last ||
	    (io != VMR_PIO && io != VMR_MMIO))
		return -EINVAL;
	if (region->device)
		return -EEXIST;
	/* A lookup must not find the range of a partly initialised region. */
	vmr_seqcount_write_begin(&sys->seq);
	ret = vmr_reserve(io == VMR_PIO ? &sys->pio : &sys->mmio,
			  &region->range, span->start, span->last, conflict);
	if (!ret)
		vmr_region_init(region, io, VMR_REGION_RESERVED,
				span->last - span->start + 1, 0, span->name);
	vmr_seqcount_write_end(&sys->seq);
	return ret;
}
EXPORT_SYMBOL_GPL(vmr_region_reserve);

int vmr_region_unreserve(struct vmr_system *sys, struct vmr_region *region)
{
	struct vmr_resource res = { .kind = VMR_KIND_MMIO };

	if (!sys || !region)
		return -EINVAL;
	if (region->io == VMR_PIO)
		res.kind = VMR_KIND_PIO;
	res.range = &region->range;
	if (region->device || region->type != VMR_REGION_RESERVED ||
	    !vmr_in_space(vmr_system_space(sys, res.kind), res.range))
		return -ENOENT;
	vmr_system_free_io(sys, &res, 1);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_region_unreserve);

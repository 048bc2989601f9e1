// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * find.c - finding devices and regions
 */
#include "device.h"

struct vmr_device *vmr_find_device_by_id(const struct vmr_manager *manager,
					 uint32_t id)
{
	struct vmr_range *range;

	range = manager ? vmr_id_find(&manager->sys->device_ids, id) : NULL;
	return range ? container_of(range, struct vmr_device, id) : NULL;
}
EXPORT_SYMBOL_GPL(vmr_find_device_by_id);

struct vmr_device *vmr_next_device(const struct vmr_manager *manager,
				   const struct vmr_device *prev)
{
	const struct vmr_list *next;

	if (!manager)
		return NULL;
	next = prev ? prev->link.next : manager->devices.next;
	if (!next || next == &manager->devices)
		return NULL;
	return container_of((struct vmr_list *)next, struct vmr_device, link);
}
EXPORT_SYMBOL_GPL(vmr_next_device);

struct vmr_device *vmr_next_device_on_bus(const struct vmr_manager *manager,
					  const struct vmr_bus *bus,
					  const struct vmr_device *prev)
{
	struct vmr_device *dev = vmr_next_device(manager, prev);

	while (dev && dev->parent_bus != bus)
		dev = vmr_next_device(manager, dev);
	return dev;
}
EXPORT_SYMBOL_GPL(vmr_next_device_on_bus);

static bool names_equal(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

struct vmr_device *vmr_find_device_by_name(const struct vmr_manager *manager,
					   const char *name)
{
	struct vmr_device *dev = NULL;

	if (!name)
		return NULL;
	while ((dev = vmr_next_device(manager, dev)))
		if (dev->name && names_equal(dev->name, name))
			return dev;
	return NULL;
}
EXPORT_SYMBOL_GPL(vmr_find_device_by_name);

struct vmr_region *vmr_find_region(const struct vmr_manager *manager,
				   enum vmr_io io, uint64_t addr)
{
	struct vmr_space *space = manager ? vmr_manager_space(manager, io) :
					    NULL;
	struct vmr_region *region;
	struct vmr_range *range;

	while ((range = vmr_find(space, addr))) {
		region = vmr_to_region(range);
		if (region->type != VMR_REGION_WINDOW)
			return region;
		space = vmr_bus_space(region->device->subordinate, io);
	}
	return NULL;
}
EXPORT_SYMBOL_GPL(vmr_find_region);

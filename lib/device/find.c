// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * find.c - finding devices and regions
 */
#include <linux/rbtree.h>

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
	struct list_head *devices, *next;

	if (!manager)
		return NULL;
	devices = vmr_bus_devices(manager, bus);
	next = prev ? vmr_to_list((struct vmr_list *)&prev->bus_link)->next :
		      devices->next;
	if (!next || next == devices)
		return NULL;
	return container_of((struct vmr_list *)next, struct vmr_device,
			    bus_link);
}
EXPORT_SYMBOL_GPL(vmr_next_device_on_bus);

struct vmr_device *vmr_next_device_behind(const struct vmr_manager *manager,
					  const struct vmr_bus *bus,
					  struct vmr_device *dev)
{
	struct vmr_device *next;

	if (!dev)
		return vmr_next_device_on_bus(manager, bus, NULL);
	next = dev->subordinate ?
		       vmr_next_device_on_bus(manager, dev->subordinate, NULL) :
		       NULL;
	while (!next) {
		next = vmr_next_device_on_bus(manager, dev->parent_bus, dev);
		if (next || dev->parent_bus == bus)
			break;
		dev = dev->parent_bus->bridge;
	}
	return next;
}

static struct vmr_device *named_device(const struct rb_node *rb)
{
	return container_of((struct vmr_node *)rb, struct vmr_device,
			    name_node);
}

static int compare_names(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (unsigned char)*a - (unsigned char)*b;
}

static void add_name(struct vmr_manager *manager, struct vmr_device *dev)
{
	struct rb_root *root = (struct rb_root *)&manager->names;
	struct rb_node **link = &root->rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		/* Behind the devices with the same name, which are older */
		link = compare_names(dev->name, named_device(parent)->name) < 0 ?
			       &parent->rb_left : &parent->rb_right;
	}
	rb_link_node((struct rb_node *)&dev->name_node, parent, link);
	vmr_plain_insert((struct rb_node *)&dev->name_node, root);
}

void vmr_manager_add_device(struct vmr_manager *manager,
			    struct vmr_device *dev)
{
	list_add_tail(vmr_to_list(&dev->link), vmr_to_list(&manager->devices));
	list_add_tail(vmr_to_list(&dev->bus_link),
		      vmr_bus_devices(manager, dev->parent_bus));
	if (dev->name)
		add_name(manager, dev);
}

void vmr_manager_remove_device(struct vmr_manager *manager,
			       struct vmr_device *dev)
{
	vmr_list_unlink(&dev->link);
	vmr_list_unlink(&dev->bus_link);
	if (dev->name)
		vmr_plain_erase((struct rb_node *)&dev->name_node,
				(struct rb_root *)&manager->names);
}

struct vmr_device *vmr_find_device_by_name(const struct vmr_manager *manager,
					   const char *name)
{
	const struct rb_node *rb;
	struct vmr_device *found = NULL;
	int order;

	if (!manager || !name)
		return NULL;
	rb = (const struct rb_node *)manager->names;
	while (rb) {
		order = compare_names(name, named_device(rb)->name);
		if (!order)
			found = named_device(rb);
		rb = order > 0 ? rb->rb_right : rb->rb_left;
	}
	return found;
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

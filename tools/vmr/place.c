// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * place.c - give each resource a place, through the library
 *
 * The largest and most aligned resources go first, whichever device they belong
 * to: powers of two leave no gaps between them in that order. If one resource of a
 * device fails, the device has none. All others are then placed anew without it,
 * until the rest fits. The library allocates nothing, so a new attempt just
 * initialises its objects.
 */
#include <stdlib.h>
#include <string.h>

#include "place.h"

struct vmr_range *range_of_resource(struct plan_resource *resource)
{
	if (is_address(resource->kind))
		return &resource->region.range;
	return resource->flags & VMR_SHARED ? &resource->sharer.range :
					      &resource->numbers;
}

static struct vmr_constraint constraint_of(struct plan_resource *resource)
{
	struct vmr_constraint c;

	vmr_constraint_init(&c, resource->kind, resource->size,
			    range_of_resource(resource));
	c.flags = resource->flags;
	c.name = resource->name;
	c.request.align = resource->align;
	c.request.policy = VMR_DEFAULT;
	if (resource->fixed) {
		c.request.policy = VMR_EXACT;
		c.request.addr = resource->addr;
	}
	if (resource->window && !(resource->flags & VMR_64BIT))
		c.request.max = resource->kind == VMR_KIND_PIO ? 0xffff :
								 FOUR_GIB - 1;
	return c;
}

/* Initialise all objects of a device for a new attempt */
static void prepare(struct plan *plan, struct plan_device *device)
{
	struct plan_resource *resource;
	size_t i;

	memset(&device->dev, 0, sizeof(device->dev));
	memset(&device->bus, 0, sizeof(device->bus));
	memset(&device->pci, 0, sizeof(device->pci));
	device->dev.ops = &no_ops;
	device->dev.name = device->name;
	if (device->behind)
		device->dev.parent_bus = &device->behind->bus;
	if (device->is_bridge)
		vmr_bus_init(&device->bus, &plan->manager, &device->dev);
	for (i = 0; i < device->nr; i++) {
		resource = &device->requested[i];
		memset(&resource->region, 0, sizeof(resource->region));
		memset(&resource->numbers, 0, sizeof(resource->numbers));
		memset(&resource->sharer, 0, sizeof(resource->sharer));
		if (!is_address(resource->kind))
			continue;
		vmr_region_init(&resource->region,
				resource->kind == VMR_KIND_PIO ? VMR_PIO :
								 VMR_MMIO,
				resource->window ? VMR_REGION_WINDOW :
						   VMR_REGION_TRAPPED,
				resource->size, i, resource->name);
		resource->region.prefetchable = resource->flags &
						VMR_PREFETCHABLE;
		vmr_device_add_region(&device->dev, &resource->region);
	}
}

static int grant(struct plan *plan, struct plan_resource *resource,
		 struct vmr_range **conflict)
{
	struct vmr_constraint c = constraint_of(resource);
	struct vmr_resource_set set;
	struct vmr_resource res;

	vmr_resource_set_init(&set, &res, 1);
	return vmr_system_alloc_resources(&plan->sys, &c, 1, &set, NULL,
					  conflict);
}

static struct plan_resource *find_window(struct plan_device *bridge,
					 unsigned int window)
{
	size_t i;

	for (i = 0; i < bridge->nr; i++)
		if (bridge->requested[i].window &&
		    window_of(&bridge->requested[i]) == window)
			return &bridge->requested[i];
	return NULL;
}

/* Behind a bridge: in the window that was made for it */
static int place_behind(struct plan_device *bridge,
			struct plan_resource *resource,
			struct vmr_range **conflict)
{
	struct plan_resource *window = find_window(bridge, window_of(resource));
	struct vmr_request req = VMR_REQUEST(resource->size, resource->align);
	struct vmr_pool pool;
	int ret;

	ret = vmr_pool_init(&pool,
			    resource->kind == VMR_KIND_PIO ? &bridge->bus.pio :
							     &bridge->bus.mmio,
			    window->region.range.start, window->size,
			    window->name);
	if (ret)
		return ret;
	return vmr_pool_request(&pool, range_of_resource(resource), &req,
				conflict);
}

static int place_item(struct plan *plan, struct plan_device *bridge,
		      const struct item *item, struct vmr_range **conflict)
{
	*conflict = NULL;
	if (bridge)
		return place_behind(bridge, item->resource, conflict);
	return grant(plan, item->resource, conflict);
}

/* Free the addresses of a device that failed, for those behind it in the list */
static void free_resources(struct plan *plan, struct plan_device *device)
{
	struct vmr_region *region;
	size_t i;

	for (i = 0; i < device->nr; i++) {
		region = &device->requested[i].region;
		if (is_address(device->requested[i].kind))
			vmr_free(region->io == VMR_PIO ?
				 &plan->sys.pio : &plan->sys.mmio,
				 &region->range);
	}
}

static bool same_resources(const struct plan_resource *a,
			   const struct plan_resource *b)
{
	return a->kind == b->kind && a->size == b->size &&
	       a->align == b->align && a->flags == b->flags && !a->fixed &&
	       !b->fixed;
}

/*
 * If one of many equal resources fails, the others fail too, and one pass marks them
 * all. A different resource that fails is left to the next attempt.
 */
static bool place_level(struct plan *plan, struct plan_device *bridge)
{
	struct items items = list_items(plan, bridge, false);
	const struct plan_resource *failed = NULL;
	struct vmr_range *conflict;
	size_t i;
	int err;

	for (i = 0; i < items.nr; i++) {
		const struct item *item = &items.list[i];

		if (item->device->failed)
			continue;
		err = place_item(plan, bridge, item, &conflict);
		if (!err)
			continue;
		if (failed && !same_resources(failed, item->resource))
			break;
		failed = item->resource;
		fail_to_place(plan, item->device, item->resource, err,
			      conflict);
		if (bridge)
			break;
		free_resources(plan, item->device);
	}
	free(items.list);
	return !failed;
}

static bool place_all_levels(struct plan *plan)
{
	unsigned int depth, deepest = max_depth(plan);
	struct plan_device *device;

	if (!place_level(plan, NULL))
		return false;
	for (depth = 0; depth <= deepest; depth++)
		for_each_device(device, plan)
			if (device->is_bridge && device->depth == depth &&
			    is_in(device, false) && !place_level(plan, device))
				return false;
	return true;
}

/* A device at the root with platform resources only is no PCI device */
static bool has_pci_address(const struct plan_device *device)
{
	size_t i;

	if (!device->nr || device->is_bridge || device->behind)
		return true;
	for (i = 0; i < device->nr; i++)
		if (!device->requested[i].platform)
			return true;
	return false;
}

/* Behind a bridge there is a bus of its own; at the root there is bus 0 */
static bool place_address(struct plan *plan, struct plan_device *device)
{
	const uint32_t bus = device->behind ? device->behind->bus_number : 0;
	struct vmr_resource_set set;
	struct vmr_constraint c;
	struct vmr_resource res;
	int err;

	vmr_constraint_init_bounded(&c, VMR_KIND_PCI_BDF, 1, 8,
				    VMR_PCI_BDF(bus, 0, 0),
				    VMR_PCI_BDF(bus, 31, 7), &device->pci);
	vmr_resource_set_init(&set, &res, 1);
	err = vmr_system_alloc_resources(&plan->sys, &c, 1, &set, NULL, NULL);
	if (err)
		fail(device, NULL, err, "bus %u has no slot left", bus);
	return !err;
}

static bool place_addresses(struct plan *plan)
{
	unsigned int depth, deepest = max_depth(plan);
	struct plan_device *device;
	uint32_t bus = 0;

	for (depth = 0; depth <= deepest; depth++) {
		for_each_device(device, plan) {
			if (device->depth != depth || !is_in(device, false))
				continue;
			if (has_pci_address(device) &&
			    !place_address(plan, device))
				return false;
			if (!device->is_bridge)
				continue;
			device->bus_number = ++bus;
			if (bus >= plan->config.buses) {
				fail(device, NULL, -ENOSPC,
				     "there are no more than %u buses",
				     plan->config.buses);
				return false;
			}
		}
	}
	return true;
}

static bool place_numbers_of(struct plan *plan, struct plan_device *device)
{
	struct vmr_range *conflict;
	struct plan_resource *resource;
	size_t i;
	int err;

	for (i = 0; i < device->nr; i++) {
		resource = &device->requested[i];
		conflict = NULL;
		if (is_address(resource->kind))
			continue;
		err = grant(plan, resource, &conflict);
		if (!err)
			continue;
		fail_to_place(plan, device, resource, err, conflict);
		return false;
	}
	return true;
}

static bool place_numbers(struct plan *plan)
{
	struct plan_device *device;

	for_each_device(device, plan)
		if (is_in(device, false) && !place_numbers_of(plan, device))
			return false;
	return true;
}

/* Register a device that has all its resources */
static bool adopt(struct plan *plan, struct plan_device *device)
{
	size_t i;
	int err;

	free(device->constraints);
	free(device->resources);
	device->constraints =
		xcheck(calloc(device->nr + 1, sizeof(*device->constraints)));
	device->resources =
		xcheck(calloc(device->nr + 1, sizeof(*device->resources)));
	for (i = 0; i < device->nr; i++)
		device->constraints[i] = constraint_of(&device->requested[i]);
	device->dev.constraints = device->constraints;
	device->dev.nr_constraints = device->nr;
	vmr_resource_set_init(&device->dev.resources, device->resources,
			      device->nr);
	err = vmr_id_alloc(&plan->sys.device_ids, &device->dev.id);
	if (!err)
		err = vmr_device_register_restored(&plan->manager, &device->dev,
						   NULL);
	if (err)
		fail(device, NULL, err, "%s", vmr_strerror(err));
	return !err;
}

static bool adopt_all(struct plan *plan)
{
	unsigned int depth, deepest = max_depth(plan);
	struct plan_device *device;

	for (depth = 0; depth <= deepest; depth++)
		for_each_device(device, plan)
			if (device->depth == depth && is_in(device, false) &&
			    !adopt(plan, device))
				return false;
	return true;
}

static bool place_all(struct plan *plan, uint32_t bits)
{
	struct plan_device *device;

	if (make_machine(plan, bits, NULL))
		return false;
	fill_memory(plan);
	share_lines(plan);
	size_all_windows(plan, false);
	for_each_device(device, plan)
		prepare(plan, device);
	return place_all_levels(plan) && place_addresses(plan) &&
	       place_numbers(plan) && adopt_all(plan);
}

static bool any_failed(const struct plan *plan)
{
	const struct plan_device *device;

	for_each_device(device, plan)
		if (device->failed)
			return true;
	return false;
}

static void clear_failures(struct plan *plan)
{
	struct plan_device *device;

	for_each_device(device, plan) {
		device->failed = false;
		free(device->why);
		device->why = NULL;
	}
}

/* The width of an address is what most often is too small */
static void find_bits(struct plan *plan)
{
	uint32_t bits = plan->config.phys_bits;

	if (plan->machine.windows.nr || !strcmp(plan->machine.name, "custom"))
		return;
	if (plan->requirements[0].bits > bits)
		bits = plan->requirements[0].bits;
	for (; bits <= 64; bits++) {
		clear_failures(plan);
		if (place_all(plan, bits)) {
			plan->bits_needed = bits;
			return;
		}
	}
}

static void place_what_fits(struct plan *plan)
{
	clear_failures(plan);
	while (!place_all(plan, plan->machine.bits) && any_failed(plan))
		;
}

bool place_plan(struct plan *plan)
{
	bool fits;

	clear_failures(plan);
	place_all(plan, plan->machine.bits);
	fits = !any_failed(plan);
	measure_windows(plan);
	if (fits)
		plan->bits_needed = plan->config.phys_bits;
	else
		find_bits(plan);
	place_what_fits(plan);
	return fits;
}

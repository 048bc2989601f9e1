// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * assign.c - give each resource a place, through the library
 *
 * The library places BARs and windows by the steps of vmr_pci_assign(): a VMM that calls
 * that gets the same places. A VMM needs a place for all; a plan also says which devices
 * have one. If one resource of a device fails, the device has none. A window of a bridge
 * is made smaller until it has a place.
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
	return c;
}

/* Below the host's page size, a BAR takes a page of its own. */
static void space_by_page(const struct plan *plan,
			  struct plan_resource *resource)
{
	if (plan->machine.page && resource->kind == VMR_KIND_MMIO &&
	    !resource->window && !resource->platform &&
	    resource->align < plan->machine.page)
		resource->align = plan->machine.page;
}

/* Initialise all objects of a device for a new attempt */
static void prepare(struct plan *plan, struct plan_device *device)
{
	struct plan_resource *resource;

	memset(&device->dev, 0, sizeof(device->dev));
	memset(&device->bus, 0, sizeof(device->bus));
	device->dev.ops = &no_ops;
	device->dev.name = device->name;
	device->held = false;
	if (device->behind)
		device->dev.parent_bus = &device->behind->bus;
	if (device->is_bridge)
		vmr_bus_init(&device->bus, &plan->manager, &device->dev);
	for_each_resource(resource, device)
		space_by_page(plan, resource);
}

static void prepare_ranges(struct plan_device *device)
{
	struct plan_resource *resource;
	unsigned int i = 0;

	for_each_resource(resource, device) {
		memset(&resource->region, 0, sizeof(resource->region));
		memset(&resource->numbers, 0, sizeof(resource->numbers));
		memset(&resource->sharer, 0, sizeof(resource->sharer));
		resource->pool = NULL;
		if (!is_address(resource->kind))
			continue;
		vmr_region_init(&resource->region,
				resource->kind == VMR_KIND_PIO ? VMR_PIO :
								 VMR_MMIO,
				resource->window ? VMR_REGION_WINDOW :
						   VMR_REGION_TRAPPED,
				resource->size, i++, resource->name);
		resource->region.prefetchable = resource->flags &
						VMR_PREFETCHABLE;
	}
}

static struct vmr_space *space_of(struct plan *plan,
				  const struct plan_resource *resource)
{
	return resource->kind == VMR_KIND_PIO ? &plan->sys.pio : &plan->sys.mmio;
}

/* Whether the library has a place for a BAR or a window */
bool find_place(struct plan *plan, struct plan_resource *resource)
{
	const struct vmr_pci_item *last = plan->pools.last;

	memset(&resource->item.range, 0, sizeof(resource->item.range));
	if (vmr_pci_place_item(&plan->pools, &resource->item))
		return false;
	vmr_free(space_of(plan, resource), &resource->item.range);
	plan->pools.last = last;
	return true;
}

static bool may_use(const struct vmr_system_pool *pool,
		    const struct plan_resource *resource)
{
	return pool->kinds & 1u << resource->kind &&
	       !(pool->flags & ~resource->flags);
}

static void name_pool(const struct plan *plan, struct plan_resource *resource)
{
	uint64_t start = resource->region.range.start;
	size_t i;

	for (i = 0; i < plan->sys.nr_pools; i++) {
		const struct vmr_system_pool *pool = &plan->sys.pools[i];

		if (may_use(pool, resource) && start >= pool->pool.start &&
		    start <= pool->pool.last) {
			resource->pool = pool->pool.name;
			return;
		}
	}
}

static int grant(struct plan *plan, struct plan_resource *resource,
		 struct vmr_range **conflict)
{
	struct vmr_constraint c = constraint_of(resource);
	struct vmr_resource_set set;
	struct vmr_resource res;
	int err;

	*conflict = NULL;
	if (!resource->fixed && !resource->platform) {
		if (!find_place(plan, resource))
			return -ENOSPC;
		c.request.policy = VMR_EXACT;
		c.request.addr = resource->item.start;
		c.request.align = 1;
	}
	vmr_resource_set_init(&set, &res, 1);
	err = vmr_system_alloc_resources(&plan->sys, &c, 1, &set, NULL,
					 conflict);
	if (err)
		return err;
	resource->mirrored = resource->item.mirrored;
	if (resource->window)
		plan->pools.last = &resource->item;
	name_pool(plan, resource);
	return 0;
}

/* Free the addresses of a device that failed, for those behind it in the list */
static void free_addresses(struct plan *plan, struct plan_device *device)
{
	struct plan_resource *resource;
	struct plan_device *fn;

	for_each_function(fn, device)
		for_each_resource(resource, fn)
			if (is_address(resource->kind))
				vmr_free(resource->kind == VMR_KIND_PIO ?
					 &plan->sys.pio : &plan->sys.mmio,
					 &resource->region.range);
}

static void place_root_item(struct plan *plan, struct vmr_pci_item *item)
{
	struct plan_resource *resource = resource_of(item);
	struct plan_device *device = resource->device;
	struct vmr_range *conflict;
	int err = grant(plan, resource, &conflict);

	if (err == -ENOSPC && resource->window &&
	    shrink_window(plan, device, resource)) {
		if (!resource->size)
			return;
		resource->region.size = resource->size;
		err = grant(plan, resource, &conflict);
	}
	if (!err)
		return;
	fail_to_place(plan, device, resource, err, conflict);
	free_addresses(plan, device);
}

/* The fixed addresses first, so that nothing else takes them */
static void place_roots(struct plan *plan)
{
	struct vmr_pci_item *list = vmr_pci_sort_items(list_root_items(plan,
								       false));
	struct vmr_pci_item *item, *next;
	size_t nr = 0, i;
	int fixed;

	for (item = list; item; item = item->next)
		nr++;
	for (fixed = 1; fixed >= 0; fixed--) {
		for (item = list, i = 0; item; item = next, i++) {
			/* A window that is made smaller becomes a new item */
			next = item->next;
			if (resource_of(item)->fixed != fixed)
				continue;
			progress(plan, "placing", i, nr);
			if (!resource_of(item)->device->failed)
				place_root_item(plan, item);
		}
	}
}

static void place_contents(struct plan_device *bridge)
{
	unsigned int w;

	for (w = 0; w < NR_WINDOWS; w++)
		if (bridge->requested[w].size)
			vmr_pci_place_contents(&bridge->requested[w].item);
}

/* Behind a bridge: where the library puts the contents of its windows */
static void place_behind(struct plan_device *bridge, struct plan_device *child)
{
	struct plan_resource *resource;

	for_each_resource(resource, child) {
		uint64_t start = resource->item.start;

		if (!is_address(resource->kind))
			continue;
		resource->mirrored = resource->item.mirrored;
		resource->pool = bridge->requested[window_of(resource)].pool;
		if (vmr_reserve(resource->kind == VMR_KIND_PIO ?
				&bridge->bus.pio : &bridge->bus.mmio,
				&resource->region.range, start,
				start + (resource->size - 1), NULL)) {
			fail(child, resource, -EBUSY,
			     "its place in the window is taken");
			return;
		}
	}
}

static void place_below(struct plan_device *top)
{
	struct plan_device *at;

	for (at = top; at; at = next_below(at, top)) {
		if (!is_in(at, false))
			continue;
		if (at != top) {
			prepare_ranges(at);
			place_behind(at->behind, at);
		}
		if (at->is_bridge)
			place_contents(at);
	}
}

/* All numbers of a device, or none of them */
static void place_numbers(struct plan *plan, struct plan_device *lead)
{
	struct vmr_constraint list[64];
	struct plan_resource *of[64], *resource;
	struct vmr_resource got[64];
	struct vmr_resource_set set;
	struct vmr_range *conflict = NULL;
	struct plan_device *fn;
	size_t nr = 0, bad = 0;
	int err;

	for_each_function(fn, lead) {
		for_each_resource(resource, fn) {
			if (is_address(resource->kind) || nr == NR(list))
				continue;
			of[nr] = resource;
			list[nr++] = constraint_of(resource);
		}
	}
	if (!nr)
		return;
	vmr_resource_set_init(&set, got, nr);
	err = vmr_system_alloc_resources(&plan->sys, list, nr, &set, &bad,
					 &conflict);
	if (err)
		fail_to_place(plan, lead, of[bad < nr ? bad : 0], err,
			      conflict);
}

bool assign_plan(struct plan *plan, uint32_t bits)
{
	struct plan_device *device;
	bool fits = true;

	if (make_machine(plan, bits, NULL))
		return false;
	fill_memory(plan);
	share_lines(plan);
	for_each_device(device, plan)
		prepare(plan, device);
	vmr_pci_pools_init(&plan->pools, &plan->sys, NULL, &plan->sys.mmio,
			   &plan->sys.pio);
	number_devices(plan);
	size_all_windows(plan, false);
	for_each_device(device, plan)
		prepare_ranges(device);
	place_roots(plan);
	for_each_device(device, plan)
		if (device->is_bridge && !device->behind &&
		    is_in(device, false))
			place_below(device);
	for_each_device(device, plan)
		if (device->lead == device && is_in(device, false))
			place_numbers(plan, device);
	for_each_device(device, plan)
		fits &= device->excluded || !device->failed;
	return fits;
}

static void clear_failures(struct plan *plan)
{
	struct plan_device *device;

	for_each_device(device, plan) {
		device->failed = false;
		device->failed_resource = NULL;
		free(device->why);
		device->why = NULL;
	}
}

static bool attempt(struct plan *plan, uint32_t bits)
{
	clear_failures(plan);
	return assign_plan(plan, bits);
}

/* Whether more addresses are what some device lacks */
static bool lacks_addresses(const struct plan *plan)
{
	const struct plan_device *device;

	for_each_device(device, plan)
		if (device->failed && !device->excluded &&
		    (!device->failed_resource ||
		     device->failed_resource->kind != VMR_KIND_MMIO ||
		     !(device->failed_resource->flags & VMR_64BIT)))
			return false;
	return true;
}

/* The width of an address is what most often is too small. */
static void find_bits(struct plan *plan)
{
	uint32_t bits = plan->config.phys_bits + 1;

	if (plan->machine.windows.nr || !strcmp(plan->machine.name, "custom") ||
	    !lacks_addresses(plan))
		return;
	if (plan->requirements[0].bits > bits + 1)
		bits = plan->requirements[0].bits - 1;
	for (; bits <= 64; bits++) {
		if (attempt(plan, bits)) {
			plan->bits_needed = bits;
			return;
		}
	}
}

static const char reserved_by_amd[] =
	"which AMD's processors reserve: --amd leaves that free";

/* A plan for another processor may be wrong on one of AMD's. */
static void warn_of_hole(struct plan *plan)
{
	struct plan_resource *resource;
	struct plan_device *device;

	if (plan->machine.amd || strcmp(plan->machine.name, "x86-64"))
		return;
	for_each_device(device, plan) {
		if (device->behind || !is_in(device, false))
			continue;
		for_each_resource(resource, device) {
			const struct vmr_range *range = &resource->region.range;

			if (resource->kind != VMR_KIND_MMIO ||
			    range->last < HT_HOLE_START ||
			    range->start > HT_HOLE_LAST)
				continue;
			add_note(plan, xprintf("%s is in 0xfd00000000-0xffffffffff, %s",
					       device->name, reserved_by_amd));
			return;
		}
	}
}

bool place_plan(struct plan *plan)
{
	bool fits = attempt(plan, plan->machine.bits);

	if (fits)
		plan->bits_needed = plan->config.phys_bits;
	measure_windows(plan);
	if (!fits)
		find_bits(plan);
	/* Once more without the devices that have no place, for tight windows */
	if (!attempt(plan, plan->machine.bits))
		assign_plan(plan, plan->machine.bits);
	warn_of_hole(plan);
	end_progress();
	return fits;
}

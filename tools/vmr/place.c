// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * place.c - give everything a place, through the library
 *
 * What is largest and most aligned goes first, whosever it is: packed in that
 * order, powers of two leave no gaps between them. A device whose resources are
 * not all to be had has none; then all is placed anew without it, until what is
 * left fits. The library allocates nothing, so that beginning anew is to forget
 * what there was.
 *
 * A bridge's windows are as large as what is behind it makes them, from the
 * innermost bridge outwards. Memory that is 64-bit and prefetchable is in the
 * prefetchable window, all else in the other one, which is below 4 GiB, as bridges
 * are.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "vmr.h"

#define GRAIN_MEM	0x100000ull	/* of a bridge's windows */
#define GRAIN_IO	0x1000ull
#define FOUR_GIB	0x100000000ull
#define LINE_MAX_IDS	4095

/* One thing's want, in a list to be placed */
struct item {
	struct plan_device	*device;
	struct plan_resource	*resource;
	size_t		order;
};

struct items {
	struct item	*list;
	size_t		nr;
};

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

/*
 * The machine
 */

static void describe_custom(struct vmr_layout_config *config, uint32_t bits)
{
	*config = (struct vmr_layout_config) {
		.phys_bits = bits ? bits : 39,
		.io_ports = { 0x1000, 0xffff, "ports" },
		.nr_segments = 1,
		.buses = 256,
		.irq_inputs = { { 0, 23, "ioapic" } },
		.nr_irq_inputs = 1,
		.irq_lines = { 5, 23, "irq" },
		.msi_vectors = { 24, LINE_MAX_IDS, "gsi" },
		.slot_last = 508,
		.id_last = 0xffff,
	};
}

static int describe_ready(struct vmr_layout_config *config,
			  const struct machine *m, uint32_t bits)
{
	if (!strcmp(m->name, "arm64"))
		return vmr_layout_arm64(config, m->ram, m->ram_max, bits);
	if (!strcmp(m->name, "riscv64"))
		return vmr_layout_riscv64(config, m->ram, m->ram_max, bits);
	return vmr_layout_x86_64(config, m->ram, m->ram_max, bits);
}

static void copy_spans(const struct config_spans *from, struct vmr_span *to,
		       size_t *nr)
{
	size_t i;

	if (!from->nr)
		return;
	for (i = 0; i < from->nr; i++)
		to[i] = from->list[i].span;
	*nr = from->nr;
}

static void take_config_spans(struct vmr_layout_config *config,
			      const struct machine *m)
{
	size_t i;

	copy_spans(&m->memory, config->ram, &config->nr_ram);
	copy_spans(&m->platform, config->platform, &config->nr_platform);
	for (i = 0; i < m->windows.nr; i++) {
		const struct config_span *w = &m->windows.list[i];

		config->windows[i] = (struct vmr_layout_window) {
			.span = w->span,
			.flags = w->flags,
			.policy = w->policy,
			.align = VMR_WINDOW_ALIGN_32,
		};
		config->nr_windows = i + 1;
	}
	for (i = 0; i < m->holes.nr; i++)
		config->reserved[config->nr_reserved++] = m->holes.list[i].span;
	if (m->ports.nr)
		config->io_ports = m->ports.list[0].span;
}

static unsigned int line_of(const struct config_spans *spans,
			    const struct vmr_span *bad)
{
	size_t i;

	for (i = 0; i < spans->nr; i++)
		if (spans->list[i].span.start == bad->start &&
		    spans->list[i].span.last == bad->last)
			return spans->list[i].line;
	return 0;
}

static void bad_machine(struct plan *plan, const struct vmr_span *bad, int err)
{
	const struct machine *m = &plan->machine;
	const struct config_spans *sorts[] = {
		&m->memory, &m->windows, &m->platform, &m->holes, &m->ports,
	};
	unsigned int line = 0;
	size_t i;

	for (i = 0; i < NR(sorts) && bad && !line; i++)
		line = line_of(sorts[i], bad);
	if (line)
		bad_input(plan, m->file, line, "%s: %s", bad->name,
			  err == -ERANGE ? "not all of it is an address" :
			  err == -EBUSY ? "part of it is another's" :
			  vmr_strerror(err));
	else if (bad)
		fprintf(stderr, "vmr: machine: %s at 0x%llx: %s\n",
			bad->name ? bad->name : "?",
			(unsigned long long)bad->start, vmr_strerror(err));
	else
		fprintf(stderr, "vmr: machine %s: %s\n", m->name,
			vmr_strerror(err));
	plan->errors += !line;
}

static int make_machine(struct plan *plan, uint32_t bits,
			const struct vmr_span **bad)
{
	struct machine *m = &plan->machine;
	int err = 0;

	if (!strcmp(m->name, "custom"))
		describe_custom(&plan->config, bits);
	else
		err = describe_ready(&plan->config, m, bits);
	if (err)
		return err;
	take_config_spans(&plan->config, m);
	memset(&plan->layout, 0, sizeof(plan->layout));
	err = vmr_layout_init(&plan->layout, &plan->sys, &plan->config, bad);
	if (!err)
		vmr_manager_init(&plan->manager, &plan->sys);
	return err;
}

/* So that what is wrong with it is told once, and with the line */
bool describe_machine(struct plan *plan, uint32_t bits)
{
	const struct vmr_span *bad = NULL;
	struct vmr_span pieces[VMR_LAYOUT_MAX_RAM];
	int err = make_machine(plan, bits, &bad);

	if (err == -ENOSPC && !bad) {
		fprintf(stderr, "vmr: %s has no room for %s of memory",
			plan->machine.name, size_text(plan->machine.ram_max ?
			plan->machine.ram_max : plan->machine.ram));
		if (bits)
			fprintf(stderr, " with %u-bit addresses", bits);
		fputc('\n', stderr);
		plan->errors++;
	} else if (err) {
		bad_machine(plan, bad, err);
	} else if (plan->config.nr_ram &&
		   vmr_layout_ram(&plan->config, plan->machine.ram,
				  pieces) < 0) {
		fprintf(stderr,
			"vmr: the machine's areas have no room for %s of "
			"memory\n",
			size_text(plan->machine.ram));
		plan->errors++;
	}
	return !plan->errors;
}

static const struct vmr_device_ops no_ops;

static void fill_memory(struct plan *plan)
{
	struct vmr_span pieces[VMR_LAYOUT_MAX_RAM];
	struct vmr_device *dev = &plan->ram;
	int i, nr = 0;

	memset(dev, 0, sizeof(*dev));
	memset(plan->ram_regions, 0, sizeof(plan->ram_regions));
	if (plan->config.nr_ram)
		nr = vmr_layout_ram(&plan->config, plan->machine.ram, pieces);
	if (nr <= 0)
		return;
	dev->ops = &no_ops;
	dev->name = "ram";
	for (i = 0; i < nr; i++) {
		uint64_t size = pieces[i].last - pieces[i].start + 1;

		vmr_region_init(&plan->ram_regions[i], VMR_MMIO,
				VMR_REGION_MEMORY, size, i, pieces[i].name);
		vmr_device_add_region(dev, &plan->ram_regions[i]);
		vmr_constraint_init_fixed(&plan->ram_constraints[i],
					  VMR_KIND_MEM, pieces[i].start, size,
					  &plan->ram_regions[i].range);
	}
	dev->constraints = plan->ram_constraints;
	dev->nr_constraints = nr;
	vmr_resource_set_init(&dev->resources, plan->ram_resources, nr);
	vmr_device_register(&plan->manager, dev, NULL, NULL);
}

/* Lines that devices with a pin share: the highest there are */
static void share_lines(struct plan *plan)
{
	static const char *const names[NR_INTX] = {
		"intx d", "intx c", "intx b", "intx a",
	};
	const struct vmr_span *lines = &plan->config.irq_lines;
	uint32_t i;

	memset(plan->intx, 0, sizeof(plan->intx));
	for (i = 0; i < NR_INTX && lines->last - lines->start >= i; i++)
		vmr_system_add_shared_irq(&plan->sys, &plan->intx[i],
					  lines->last - i, names[i], NULL);
}

/*
 * Lists
 */

static int compare(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->resource->fixed != y->resource->fixed)
		return x->resource->fixed ? -1 : 1;
	if (x->resource->align != y->resource->align)
		return x->resource->align > y->resource->align ? -1 : 1;
	if (x->resource->size != y->resource->size)
		return x->resource->size > y->resource->size ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static bool is_in(const struct plan_device *device, bool failed_too)
{
	for (; device; device = device->behind)
		if (device->excluded || (device->failed && !failed_too))
			return false;
	return true;
}

/* Which window of a bridge a want would be in */
static unsigned int window_of(const struct plan_resource *resource)
{
	const uint32_t pref = VMR_64BIT | VMR_PREFETCHABLE;

	if (resource->kind == VMR_KIND_PIO)
		return 0;
	return (resource->flags & pref) == pref ? 2 : 1;
}

/* The addresses wanted directly behind a bridge, or at the root */
static struct items
list_items(struct plan *plan, const struct plan_device *bridge, bool failed_too)
{
	struct items items = { NULL, 0 };
	struct plan_device *device;
	size_t i, max = 0;

	for_each_device(device, plan)
		if (device->behind == bridge && is_in(device, failed_too))
			max += device->nr;
	items.list = xcheck(calloc(max + 1, sizeof(*items.list)));
	for_each_device(device, plan) {
		if (device->behind != bridge || !is_in(device, failed_too))
			continue;
		for (i = 0; i < device->nr; i++) {
			if (!is_address(device->requested[i].kind))
				continue;
			items.list[items.nr] = (struct item) {
				device,
				&device->requested[i],
				items.nr,
			};
			items.nr++;
		}
	}
	qsort(items.list, items.nr, sizeof(*items.list), compare);
	return items;
}

/*
 * Bridges
 */

static uint64_t round_up(uint64_t n, uint64_t grain)
{
	return (n + grain - 1) & ~(grain - 1);
}

static void add_window(struct plan_device *bridge, unsigned int window,
		       uint64_t size, uint64_t align)
{
	static const char *const labels[NR_WINDOWS] = {
		"i/o window", "window", "prefetchable window",
	};
	uint64_t grain = window ? GRAIN_MEM : GRAIN_IO;
	struct plan_resource *resource;

	resource = push_resource(bridge, window ? VMR_KIND_MMIO : VMR_KIND_PIO,
			 round_up(size, grain), bridge->line);
	resource->align = align > grain ? align : grain;
	resource->window = true;
	if (window == 2)
		resource->flags = VMR_64BIT | VMR_PREFETCHABLE;
	snprintf(resource->name, sizeof(resource->name), "%s", labels[window]);
}

/* How much room the items of one window take, packed; 0 if there are none */
static uint64_t packed_size(const struct items *items, unsigned int window,
			    uint64_t *align)
{
	struct vmr_space space;
	uint64_t size = 0;
	size_t i;

	*align = 1;
	vmr_space_init(&space, 0, VMR_ADDR_MAX);
	for (i = 0; i < items->nr; i++) {
		struct plan_resource *resource = items->list[i].resource;
		struct vmr_request req =
			VMR_REQUEST(resource->size, resource->align);

		if (window_of(resource) != window)
			continue;
		memset(&resource->region, 0, sizeof(resource->region));
		if (vmr_alloc(&space, &resource->region.range, &req, NULL))
			return VMR_ADDR_MAX & ~(GRAIN_MEM - 1);
		if (resource->region.range.last >= size)
			size = resource->region.range.last + 1;
		if (resource->align > *align)
			*align = resource->align;
	}
	return size;
}

static void size_windows(struct plan *plan, struct plan_device *bridge,
			 bool failed_too)
{
	struct items items;
	unsigned int i;

	while (bridge->nr && bridge->requested[bridge->nr - 1].window)
		bridge->nr--;
	items = list_items(plan, bridge, failed_too);
	for (i = 0; i < NR_WINDOWS; i++) {
		uint64_t align, size = packed_size(&items, i, &align);

		if (size)
			add_window(bridge, i, size, align);
	}
	free(items.list);
}

static unsigned int max_depth(const struct plan *plan)
{
	const struct plan_device *device;
	unsigned int depth = 0;

	for_each_device(device, plan)
		if (device->depth > depth)
			depth = device->depth;
	return depth;
}

/* From the innermost bridges outwards: their windows are in others' */
static void size_all_windows(struct plan *plan, bool failed_too)
{
	unsigned int depth = max_depth(plan) + 1;
	struct plan_device *device;

	while (depth--)
		for_each_device(device, plan)
			if (device->is_bridge && device->depth == depth &&
			    is_in(device, failed_too))
				size_windows(plan, device, failed_too);
}

/*
 * Failing
 */

static void fail(struct plan_device *device,
		 const struct plan_resource *resource, int error,
		 const char *format, ...) __attribute__((format(printf, 4, 5)));

static void fail(struct plan_device *device,
		 const struct plan_resource *resource, int error,
		 const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	device->failed = true;
	device->error = error;
	device->failed_resource = resource;
	free(device->why);
	device->why = xcheck(strdup(text));
}

static bool may_use(const struct vmr_system_pool *pool,
		    const struct plan_resource *resource)
{
	return pool->kinds & 1u << resource->kind &&
	       !(pool->flags & ~resource->flags);
}

static void largest_in(const struct vmr_pool *pool, struct vmr_gap *largest)
{
	struct vmr_gap gap;
	bool any = false;

	memset(largest, 0, sizeof(*largest));
	vmr_for_each_gap(&gap, pool->space) {
		uint64_t start = gap.start > pool->start ? gap.start :
							   pool->start;
		uint64_t last = gap.last < pool->last ? gap.last : pool->last;

		if (start > last || (any && last - start <=
				     largest->last - largest->start))
			continue;
		any = true;
		largest->start = start;
		largest->last = last;
	}
}

/* Why no window will do: what each of them has */
static void fail_for_space(struct plan *plan, struct plan_device *device,
			   const struct plan_resource *resource)
{
	char text[384] = "";
	size_t i, len = 0;

	for (i = 0; i < plan->sys.nr_pools; i++) {
		const struct vmr_system_pool *pool = &plan->sys.pools[i];
		struct vmr_gap gap;
		const char *reason = "too short";

		if (!may_use(pool, resource) || len > sizeof(text) - 100)
			continue;
		largest_in(&pool->pool, &gap);
		if (gap.last - gap.start >= resource->size - 1 && gap.last)
			reason = "not aligned";
		len += snprintf(text + len, sizeof(text) - len,
				"%s%s has %s in one piece, %s",
				len ? "; " : "", pool->pool.name ?
				pool->pool.name : "?",
				gap.last ? size_text(gap.last - gap.start + 1) :
					   "nothing", reason);
	}
	fail(device, resource, -ENOSPC, "%s",
	     len ? text : "no window is for it");
}

static void fail_to_place(struct plan *plan, struct plan_device *device,
			  const struct plan_resource *resource, int err,
			  const struct vmr_range *conflict)
{
	char text[VMR_PRINT_MAX_LINE];

	if (err == -ENOSPC || (err == -ERANGE && !resource->fixed)) {
		fail_for_space(plan, device, resource);
	} else if (err == -EBUSY && conflict) {
		vmr_format_range(&plan->manager, resource->kind, conflict, text,
				 sizeof(text));
		fail(device, resource, err, "in the way is %s", text);
	} else if (err == -ERANGE) {
		fail(device, resource, err, "0x%llx is outside of the machine",
		     (unsigned long long)resource->addr);
	} else {
		fail(device, resource, err, "%s", vmr_strerror(err));
	}
}

/*
 * One try
 */

/* All that the library knew of a thing is forgotten */
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

	vmr_pool_init(&pool,
		      resource->kind == VMR_KIND_PIO ? &bridge->bus.pio :
						       &bridge->bus.mmio,
		      window->region.range.start, window->size, window->name);
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

/* What failed has nothing, also for those behind it in the list */
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
 * Of many that are alike the others fail too, and need not be tried anew one by
 * one. What fails in another way is left to the next try.
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

/* What has nothing but fixed or platform resources is no PCI device */
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

/* It has all its places: make it a device that the machine knows */
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

/*
 * What would do
 */

/* As the pools: where what may be above 4 GiB is tried first */
static size_t requirement_of(const struct plan_resource *resource)
{
	if (resource->kind == VMR_KIND_PIO)
		return 2;
	return resource->flags & VMR_64BIT ? 0 : 1;
}

const struct vmr_system_pool *pool_of_requirement(const struct plan *plan,
						  size_t i)
{
	static const uint32_t flags[NR_REQUIREMENTS] = { VMR_64BIT, 0, 0 };
	const uint32_t kind = i == 2 ? VMR_KIND_PIO : VMR_KIND_MMIO;
	size_t p;

	for (p = 0; p < plan->sys.nr_pools; p++) {
		const struct vmr_system_pool *pool = &plan->sys.pools[p];

		if (pool->kinds & 1u << kind &&
		    (pool->flags & (VMR_64BIT | VMR_PLATFORM)) == flags[i])
			return pool;
	}
	return NULL;
}

static uint32_t bits_of(uint64_t n)
{
	uint32_t bits = 0;

	for (; n; n >>= 1)
		bits++;
	return bits;
}

static void reserve_holes(const struct plan *plan, struct vmr_space *space,
			  struct vmr_range *holes)
{
	size_t i;

	memset(holes, 0, VMR_LAYOUT_MAX_RESERVED * sizeof(*holes));
	for (i = 0; i < plan->config.nr_reserved; i++)
		vmr_reserve(space, &holes[i], plan->config.reserved[i].start,
			    plan->config.reserved[i].last, NULL);
}

/* Place from the bottom up in a window without an end, and see how far it goes */
static void measure_window(struct plan *plan, const struct items *items,
			   size_t i)
{
	static const char *const names[NR_REQUIREMENTS] = {
		"mmio64", "mmio32", "ports",
	};
	const struct vmr_system_pool *pool = pool_of_requirement(plan, i);
	struct window_requirement *requirement = &plan->requirements[i];
	struct vmr_range holes[VMR_LAYOUT_MAX_RESERVED];
	struct vmr_space space;
	size_t j;

	*requirement = (struct window_requirement) { .name = names[i], .has = pool };
	if (pool) {
		requirement->start = pool->pool.start;
		requirement->name = pool->pool.name;
	} else if (!i) {
		requirement->start = FOUR_GIB;
	}
	requirement->last = requirement->start;
	vmr_space_init(&space, requirement->start, VMR_ADDR_MAX);
	if (i != 2)
		reserve_holes(plan, &space, holes);
	for (j = 0; j < items->nr; j++) {
		struct plan_resource *resource = items->list[j].resource;
		struct vmr_request req = VMR_REQUEST(resource->size, resource->align);

		if (resource->fixed || requirement_of(resource) != i ||
		    resource->flags & VMR_PLATFORM)
			continue;
		memset(&resource->region, 0, sizeof(resource->region));
		requirement->any = true;
		if (vmr_alloc(&space, &resource->region.range, &req, NULL))
			requirement->last = VMR_ADDR_MAX;
		else if (resource->region.range.last > requirement->last)
			requirement->last = resource->region.range.last;
	}
	requirement->does = !requirement->any || (pool && requirement->last <= pool->pool.last);
	requirement->bits = bits_of(requirement->last);
}

static void measure_windows(struct plan *plan)
{
	struct items items;
	size_t i;

	size_all_windows(plan, true);
	items = list_items(plan, NULL, true);
	for (i = 0; i < NR_REQUIREMENTS; i++)
		measure_window(plan, &items, i);
	free(items.list);
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

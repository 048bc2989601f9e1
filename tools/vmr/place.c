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
	struct thing	*thing;
	struct want	*want;
	size_t		order;
};

struct items {
	struct item	*list;
	size_t		nr;
};

struct vmr_range *range_of_want(struct want *want)
{
	if (is_address(want->kind))
		return &want->region.range;
	return want->flags & VMR_SHARED ? &want->sharer.range : &want->numbers;
}

static struct vmr_constraint constraint_of(struct want *want)
{
	struct vmr_constraint c;

	vmr_constraint_init(&c, want->kind, want->size, range_of_want(want));
	c.flags = want->flags;
	c.name = want->label;
	c.request.align = want->align;
	c.request.policy = VMR_DEFAULT;
	if (want->fixed) {
		c.request.policy = VMR_EXACT;
		c.request.addr = want->at;
	}
	if (want->window && !(want->flags & VMR_64BIT))
		c.request.max = want->kind == VMR_KIND_PIO ? 0xffff :
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

static void take_spans(const struct spans *from, struct vmr_span *to,
		       size_t *nr)
{
	size_t i;

	if (!from->nr)
		return;
	for (i = 0; i < from->nr; i++)
		to[i] = from->list[i].span;
	*nr = from->nr;
}

static void take_given(struct vmr_layout_config *config,
		       const struct machine *m)
{
	size_t i;

	take_spans(&m->memory, config->ram, &config->nr_ram);
	take_spans(&m->platform, config->platform, &config->nr_platform);
	for (i = 0; i < m->windows.nr; i++) {
		const struct given *w = &m->windows.list[i];

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

static unsigned int line_of(const struct spans *spans,
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
	const struct spans *sorts[] = {
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
	take_given(&plan->config, m);
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
	memset(plan->pieces, 0, sizeof(plan->pieces));
	if (plan->config.nr_ram)
		nr = vmr_layout_ram(&plan->config, plan->machine.ram, pieces);
	if (nr <= 0)
		return;
	dev->ops = &no_ops;
	dev->name = "ram";
	for (i = 0; i < nr; i++) {
		uint64_t size = pieces[i].last - pieces[i].start + 1;

		vmr_region_init(&plan->pieces[i], VMR_MMIO, VMR_REGION_MEMORY,
				size, i, pieces[i].name);
		vmr_device_add_region(dev, &plan->pieces[i]);
		vmr_constraint_init_fixed(&plan->pieces_wanted[i], VMR_KIND_MEM,
					  pieces[i].start, size,
					  &plan->pieces[i].range);
	}
	dev->constraints = plan->pieces_wanted;
	dev->nr_constraints = nr;
	vmr_resource_set_init(&dev->resources, plan->pieces_had, nr);
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

	if (x->want->fixed != y->want->fixed)
		return x->want->fixed ? -1 : 1;
	if (x->want->align != y->want->align)
		return x->want->align > y->want->align ? -1 : 1;
	if (x->want->size != y->want->size)
		return x->want->size > y->want->size ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static bool is_in(const struct thing *thing, bool failed_too)
{
	for (; thing; thing = thing->behind)
		if (thing->left_out || (thing->failed && !failed_too))
			return false;
	return true;
}

/* Which window of a bridge a want would be in */
static unsigned int window_of(const struct want *want)
{
	const uint32_t pref = VMR_64BIT | VMR_PREFETCHABLE;

	if (want->kind == VMR_KIND_PIO)
		return 0;
	return (want->flags & pref) == pref ? 2 : 1;
}

/* The addresses wanted directly behind a bridge, or at the root */
static struct items list_items(struct plan *plan, const struct thing *bridge,
			       bool failed_too)
{
	struct items items = { NULL, 0 };
	struct thing *thing;
	size_t i, max = 0;

	for_each_thing(thing, plan)
		if (thing->behind == bridge && is_in(thing, failed_too))
			max += thing->nr;
	items.list = must(calloc(max + 1, sizeof(*items.list)));
	for_each_thing(thing, plan) {
		if (thing->behind != bridge || !is_in(thing, failed_too))
			continue;
		for (i = 0; i < thing->nr; i++) {
			if (!is_address(thing->wants[i].kind))
				continue;
			items.list[items.nr] = (struct item) {
				thing, &thing->wants[i], items.nr,
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

static void add_window(struct thing *bridge, unsigned int window,
		       uint64_t size, uint64_t align)
{
	static const char *const labels[NR_WINDOWS] = {
		"i/o window", "window", "prefetchable window",
	};
	uint64_t grain = window ? GRAIN_MEM : GRAIN_IO;
	struct want *want;

	want = push_want(bridge, window ? VMR_KIND_MMIO : VMR_KIND_PIO,
			 round_up(size, grain), bridge->line);
	want->align = align > grain ? align : grain;
	want->window = true;
	if (window == 2)
		want->flags = VMR_64BIT | VMR_PREFETCHABLE;
	snprintf(want->label, sizeof(want->label), "%s", labels[window]);
}

/* How much room the items of one window take, packed; 0 if there are none */
static uint64_t packed(const struct items *items, unsigned int window,
		       uint64_t *align)
{
	struct vmr_space space;
	uint64_t size = 0;
	size_t i;

	*align = 1;
	vmr_space_init(&space, 0, VMR_ADDR_MAX);
	for (i = 0; i < items->nr; i++) {
		struct want *want = items->list[i].want;
		struct vmr_request req = VMR_REQUEST(want->size, want->align);

		if (window_of(want) != window)
			continue;
		memset(&want->region, 0, sizeof(want->region));
		if (vmr_alloc(&space, &want->region.range, &req, NULL))
			return VMR_ADDR_MAX & ~(GRAIN_MEM - 1);
		if (want->region.range.last >= size)
			size = want->region.range.last + 1;
		if (want->align > *align)
			*align = want->align;
	}
	return size;
}

static void size_windows(struct plan *plan, struct thing *bridge,
			 bool failed_too)
{
	struct items items;
	unsigned int i;

	while (bridge->nr && bridge->wants[bridge->nr - 1].window)
		bridge->nr--;
	items = list_items(plan, bridge, failed_too);
	for (i = 0; i < NR_WINDOWS; i++) {
		uint64_t align, size = packed(&items, i, &align);

		if (size)
			add_window(bridge, i, size, align);
	}
	free(items.list);
}

static unsigned int max_depth(const struct plan *plan)
{
	const struct thing *thing;
	unsigned int depth = 0;

	for_each_thing(thing, plan)
		if (thing->depth > depth)
			depth = thing->depth;
	return depth;
}

/* From the innermost bridges outwards: their windows are in others' */
static void size_all_windows(struct plan *plan, bool failed_too)
{
	unsigned int depth = max_depth(plan) + 1;
	struct thing *thing;

	while (depth--)
		for_each_thing(thing, plan)
			if (thing->is_bridge && thing->depth == depth &&
			    is_in(thing, failed_too))
				size_windows(plan, thing, failed_too);
}

/*
 * Failing
 */

static void fail(struct thing *thing, const struct want *want, int error,
		 const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static void fail(struct thing *thing, const struct want *want, int error,
		 const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	thing->failed = true;
	thing->error = error;
	thing->at_fault = want;
	free(thing->why);
	thing->why = must(strdup(text));
}

static bool may_use(const struct vmr_system_pool *pool,
		    const struct want *want)
{
	return pool->kinds & 1u << want->kind &&
	       !(pool->flags & ~want->flags);
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
static void fail_for_space(struct plan *plan, struct thing *thing,
			   const struct want *want)
{
	char text[384] = "";
	size_t i, len = 0;

	for (i = 0; i < plan->sys.nr_pools; i++) {
		const struct vmr_system_pool *pool = &plan->sys.pools[i];
		struct vmr_gap gap;
		const char *reason = "too short";

		if (!may_use(pool, want) || len > sizeof(text) - 100)
			continue;
		largest_in(&pool->pool, &gap);
		if (gap.last - gap.start >= want->size - 1 && gap.last)
			reason = "not aligned";
		len += snprintf(text + len, sizeof(text) - len,
				"%s%s has %s in one piece, %s",
				len ? "; " : "", pool->pool.name ?
				pool->pool.name : "?",
				gap.last ? size_text(gap.last - gap.start + 1) :
					   "nothing", reason);
	}
	fail(thing, want, -ENOSPC, "%s", len ? text : "no window is for it");
}

static void fail_to_place(struct plan *plan, struct thing *thing,
			  const struct want *want, int err,
			  const struct vmr_range *conflict)
{
	char text[VMR_PRINT_MAX_LINE];

	if (err == -ENOSPC || (err == -ERANGE && !want->fixed)) {
		fail_for_space(plan, thing, want);
	} else if (err == -EBUSY && conflict) {
		vmr_format_range(&plan->manager, want->kind, conflict, text,
				 sizeof(text));
		fail(thing, want, err, "in the way is %s", text);
	} else if (err == -ERANGE) {
		fail(thing, want, err, "0x%llx is outside of the machine",
		     (unsigned long long)want->at);
	} else {
		fail(thing, want, err, "%s", vmr_strerror(err));
	}
}

/*
 * One try
 */

/* All that the library knew of a thing is forgotten */
static void prepare(struct plan *plan, struct thing *thing)
{
	struct want *want;
	size_t i;

	memset(&thing->dev, 0, sizeof(thing->dev));
	memset(&thing->bus, 0, sizeof(thing->bus));
	memset(&thing->pci, 0, sizeof(thing->pci));
	thing->dev.ops = &no_ops;
	thing->dev.name = thing->name;
	if (thing->behind)
		thing->dev.parent_bus = &thing->behind->bus;
	if (thing->is_bridge)
		vmr_bus_init(&thing->bus, &plan->manager, &thing->dev);
	for (i = 0; i < thing->nr; i++) {
		want = &thing->wants[i];
		memset(&want->region, 0, sizeof(want->region));
		memset(&want->numbers, 0, sizeof(want->numbers));
		memset(&want->sharer, 0, sizeof(want->sharer));
		if (!is_address(want->kind))
			continue;
		vmr_region_init(&want->region, want->kind == VMR_KIND_PIO ?
				VMR_PIO : VMR_MMIO, want->window ?
				VMR_REGION_WINDOW : VMR_REGION_TRAPPED,
				want->size, i, want->label);
		want->region.prefetchable = want->flags & VMR_PREFETCHABLE;
		vmr_device_add_region(&thing->dev, &want->region);
	}
}

static int grant(struct plan *plan, struct want *want,
		 struct vmr_range **conflict)
{
	struct vmr_constraint c = constraint_of(want);
	struct vmr_resource_set set;
	struct vmr_resource res;

	vmr_resource_set_init(&set, &res, 1);
	return vmr_system_alloc_resources(&plan->sys, &c, 1, &set, NULL,
					  conflict);
}

static struct want *find_window(struct thing *bridge, unsigned int window)
{
	size_t i;

	for (i = 0; i < bridge->nr; i++)
		if (bridge->wants[i].window &&
		    window_of(&bridge->wants[i]) == window)
			return &bridge->wants[i];
	return NULL;
}

/* Behind a bridge: in the window that was made for it */
static int place_behind(struct thing *bridge, struct want *want,
			struct vmr_range **conflict)
{
	struct want *window = find_window(bridge, window_of(want));
	struct vmr_request req = VMR_REQUEST(want->size, want->align);
	struct vmr_pool pool;

	vmr_pool_init(&pool, want->kind == VMR_KIND_PIO ? &bridge->bus.pio :
		      &bridge->bus.mmio, window->region.range.start,
		      window->size, window->label);
	return vmr_pool_request(&pool, range_of_want(want), &req, conflict);
}

static int place_item(struct plan *plan, struct thing *bridge,
		      const struct item *item, struct vmr_range **conflict)
{
	*conflict = NULL;
	if (bridge)
		return place_behind(bridge, item->want, conflict);
	return grant(plan, item->want, conflict);
}

/* What failed has nothing, also for those behind it in the list */
static void give_back(struct plan *plan, struct thing *thing)
{
	struct vmr_region *region;
	size_t i;

	for (i = 0; i < thing->nr; i++) {
		region = &thing->wants[i].region;
		if (is_address(thing->wants[i].kind))
			vmr_free(region->io == VMR_PIO ?
				 &plan->sys.pio : &plan->sys.mmio,
				 &region->range);
	}
}

static bool alike(const struct want *a, const struct want *b)
{
	return a->kind == b->kind && a->size == b->size &&
	       a->align == b->align && a->flags == b->flags && !a->fixed &&
	       !b->fixed;
}

/*
 * Of many that are alike the others fail too, and need not be tried anew one by
 * one. What fails in another way is left to the next try.
 */
static bool place_level(struct plan *plan, struct thing *bridge)
{
	struct items items = list_items(plan, bridge, false);
	const struct want *failed = NULL;
	struct vmr_range *conflict;
	size_t i;
	int err;

	for (i = 0; i < items.nr; i++) {
		const struct item *item = &items.list[i];

		if (item->thing->failed)
			continue;
		err = place_item(plan, bridge, item, &conflict);
		if (!err)
			continue;
		if (failed && !alike(failed, item->want))
			break;
		failed = item->want;
		fail_to_place(plan, item->thing, item->want, err, conflict);
		if (bridge)
			break;
		give_back(plan, item->thing);
	}
	free(items.list);
	return !failed;
}

static bool place_all_levels(struct plan *plan)
{
	unsigned int depth, deepest = max_depth(plan);
	struct thing *thing;

	if (!place_level(plan, NULL))
		return false;
	for (depth = 0; depth <= deepest; depth++)
		for_each_thing(thing, plan)
			if (thing->is_bridge && thing->depth == depth &&
			    is_in(thing, false) && !place_level(plan, thing))
				return false;
	return true;
}

/* What has nothing but fixed or platform resources is no PCI device */
static bool has_pci_address(const struct thing *thing)
{
	size_t i;

	if (!thing->nr || thing->is_bridge || thing->behind)
		return true;
	for (i = 0; i < thing->nr; i++)
		if (!thing->wants[i].platform)
			return true;
	return false;
}

/* Behind a bridge there is a bus of its own; at the root there is bus 0 */
static bool place_address(struct plan *plan, struct thing *thing)
{
	const uint32_t bus = thing->behind ? thing->behind->bus_number : 0;
	struct vmr_resource_set set;
	struct vmr_constraint c;
	struct vmr_resource res;
	int err;

	vmr_constraint_init_bounded(&c, VMR_KIND_PCI_BDF, 1, 8,
				    VMR_PCI_BDF(bus, 0, 0),
				    VMR_PCI_BDF(bus, 31, 7), &thing->pci);
	vmr_resource_set_init(&set, &res, 1);
	err = vmr_system_alloc_resources(&plan->sys, &c, 1, &set, NULL, NULL);
	if (err)
		fail(thing, NULL, err, "bus %u has no slot left", bus);
	return !err;
}

static bool place_addresses(struct plan *plan)
{
	unsigned int depth, deepest = max_depth(plan);
	struct thing *thing;
	uint32_t bus = 0;

	for (depth = 0; depth <= deepest; depth++) {
		for_each_thing(thing, plan) {
			if (thing->depth != depth || !is_in(thing, false))
				continue;
			if (has_pci_address(thing) &&
			    !place_address(plan, thing))
				return false;
			if (!thing->is_bridge)
				continue;
			thing->bus_number = ++bus;
			if (bus >= plan->config.buses) {
				fail(thing, NULL, -ENOSPC,
				     "there are no more than %u buses",
				     plan->config.buses);
				return false;
			}
		}
	}
	return true;
}

static bool place_numbers_of(struct plan *plan, struct thing *thing)
{
	struct vmr_range *conflict;
	struct want *want;
	size_t i;
	int err;

	for (i = 0; i < thing->nr; i++) {
		want = &thing->wants[i];
		conflict = NULL;
		if (is_address(want->kind))
			continue;
		err = grant(plan, want, &conflict);
		if (!err)
			continue;
		fail_to_place(plan, thing, want, err, conflict);
		return false;
	}
	return true;
}

static bool place_numbers(struct plan *plan)
{
	struct thing *thing;

	for_each_thing(thing, plan)
		if (is_in(thing, false) && !place_numbers_of(plan, thing))
			return false;
	return true;
}

/* It has all its places: make it a device that the machine knows */
static bool adopt(struct plan *plan, struct thing *thing)
{
	size_t i;
	int err;

	free(thing->constraints);
	free(thing->resources);
	thing->constraints = must(calloc(thing->nr + 1,
					 sizeof(*thing->constraints)));
	thing->resources = must(calloc(thing->nr + 1,
				       sizeof(*thing->resources)));
	for (i = 0; i < thing->nr; i++)
		thing->constraints[i] = constraint_of(&thing->wants[i]);
	thing->dev.constraints = thing->constraints;
	thing->dev.nr_constraints = thing->nr;
	vmr_resource_set_init(&thing->dev.resources, thing->resources,
			      thing->nr);
	err = vmr_id_alloc(&plan->sys.device_ids, &thing->dev.id);
	if (!err)
		err = vmr_device_register_restored(&plan->manager, &thing->dev,
						   NULL);
	if (err)
		fail(thing, NULL, err, "%s", vmr_strerror(err));
	return !err;
}

static bool adopt_all(struct plan *plan)
{
	unsigned int depth, deepest = max_depth(plan);
	struct thing *thing;

	for (depth = 0; depth <= deepest; depth++)
		for_each_thing(thing, plan)
			if (thing->depth == depth && is_in(thing, false) &&
			    !adopt(plan, thing))
				return false;
	return true;
}

static bool try_all(struct plan *plan, uint32_t bits)
{
	struct thing *thing;

	if (make_machine(plan, bits, NULL))
		return false;
	fill_memory(plan);
	share_lines(plan);
	size_all_windows(plan, false);
	for_each_thing(thing, plan)
		prepare(plan, thing);
	return place_all_levels(plan) && place_addresses(plan) &&
	       place_numbers(plan) && adopt_all(plan);
}

/*
 * What would do
 */

/* As the pools: where what may be above 4 GiB is tried first */
static size_t need_of(const struct want *want)
{
	if (want->kind == VMR_KIND_PIO)
		return 2;
	return want->flags & VMR_64BIT ? 0 : 1;
}

const struct vmr_system_pool *pool_of_need(const struct plan *plan, size_t i)
{
	static const uint32_t flags[NR_NEEDS] = { VMR_64BIT, 0, 0 };
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
static void measure(struct plan *plan, const struct items *items, size_t i)
{
	static const char *const names[NR_NEEDS] = {
		"mmio64", "mmio32", "ports",
	};
	const struct vmr_system_pool *pool = pool_of_need(plan, i);
	struct need *need = &plan->needs[i];
	struct vmr_range holes[VMR_LAYOUT_MAX_RESERVED];
	struct vmr_space space;
	size_t j;

	*need = (struct need) { .name = names[i], .has = pool };
	if (pool) {
		need->start = pool->pool.start;
		need->name = pool->pool.name;
	} else if (!i) {
		need->start = FOUR_GIB;
	}
	need->last = need->start;
	vmr_space_init(&space, need->start, VMR_ADDR_MAX);
	if (i != 2)
		reserve_holes(plan, &space, holes);
	for (j = 0; j < items->nr; j++) {
		struct want *want = items->list[j].want;
		struct vmr_request req = VMR_REQUEST(want->size, want->align);

		if (want->fixed || need_of(want) != i ||
		    want->flags & VMR_PLATFORM)
			continue;
		memset(&want->region, 0, sizeof(want->region));
		need->any = true;
		if (vmr_alloc(&space, &want->region.range, &req, NULL))
			need->last = VMR_ADDR_MAX;
		else if (want->region.range.last > need->last)
			need->last = want->region.range.last;
	}
	need->does = !need->any || (pool && need->last <= pool->pool.last);
	need->bits = bits_of(need->last);
}

static void measure_all(struct plan *plan)
{
	struct items items;
	size_t i;

	size_all_windows(plan, true);
	items = list_items(plan, NULL, true);
	for (i = 0; i < NR_NEEDS; i++)
		measure(plan, &items, i);
	free(items.list);
}

static bool any_failed(const struct plan *plan)
{
	const struct thing *thing;

	for_each_thing(thing, plan)
		if (thing->failed)
			return true;
	return false;
}

static void forgive(struct plan *plan)
{
	struct thing *thing;

	for_each_thing(thing, plan) {
		thing->failed = false;
		free(thing->why);
		thing->why = NULL;
	}
}

/* The width of an address is what most often is too small */
static void find_bits(struct plan *plan)
{
	uint32_t bits = plan->config.phys_bits;

	if (plan->machine.windows.nr || !strcmp(plan->machine.name, "custom"))
		return;
	if (plan->needs[0].bits > bits)
		bits = plan->needs[0].bits;
	for (; bits <= 64; bits++) {
		forgive(plan);
		if (try_all(plan, bits)) {
			plan->bits_needed = bits;
			return;
		}
	}
}

static void place_what_fits(struct plan *plan)
{
	forgive(plan);
	while (!try_all(plan, plan->machine.bits) && any_failed(plan))
		;
}

bool place_plan(struct plan *plan)
{
	bool fits;

	forgive(plan);
	try_all(plan, plan->machine.bits);
	fits = !any_failed(plan);
	measure_all(plan);
	if (fits)
		plan->bits_needed = plan->config.phys_bits;
	else
		find_bits(plan);
	place_what_fits(plan);
	return fits;
}

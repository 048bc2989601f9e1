// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * print.c - the ranges of a machine as text
 *
 * The walk descends into windows and returns without recursion. Each level stores
 * its window. The containing window is found from there, because the walk descends
 * only into windows that lie inside a window.
 */
#include "writer.h"

#define PIO_DIGITS	4
#define MMIO_DIGITS	8

static struct vmr_region *to_print_region(const struct vmr_range *range)
{
	return container_of((struct vmr_range *)range, struct vmr_region,
			    range);
}

static const struct vmr_system *
printer_system(const struct vmr_printer *printer)
{
	return printer->manager ? printer->manager->sys : printer->sys;
}

static void write_device(struct vmr_line_writer *out,
			 const struct vmr_device *dev, const char *name)
{
	if (dev) {
		vmr_write_string(out, dev->name ? dev->name : "device");
		if (!name)
			return;
		vmr_write_string(out, ": ");
	}
	vmr_write_string(out, name ? name : "?");
}

/* Write the device whose resource or id is @range; false if there is none */
static bool write_owner_device(struct vmr_line_writer *out,
			       const struct vmr_range *range)
{
	const struct vmr_device *dev = NULL;
	const struct vmr_resource_set *set;
	size_t i;

	while ((dev = vmr_next_device(out->printer->manager, dev))) {
		set = &dev->resources;
		i = 0;
		while (i < set->nr && set->entries[i].range != range)
			i++;
		if (i < set->nr)
			write_device(out, dev, set->entries[i].name);
		else if (range == &dev->id)
			write_device(out, dev, NULL);
		else
			continue;
		return true;
	}
	return false;
}

static const struct vmr_shared_irq *
find_shared(const struct vmr_line_writer *out,
	    const struct vmr_range *range)
{
	const struct vmr_shared_irq *line = NULL;

	do {
		line = vmr_next_shared_irq(printer_system(out->printer), line);
	} while (line && &line->range != range);
	return line;
}

static void write_owner(struct vmr_line_writer *out,
			const struct vmr_range *range)
{
	const struct vmr_printer *printer = out->printer;
	const struct vmr_shared_irq *line;
	const char *name;

	if (out->kind == VMR_PRINT_REGIONS) {
		write_device(out, to_print_region(range)->device,
			     to_print_region(range)->name);
		return;
	}
	name = printer->name ? printer->name(printer->arg, range) : NULL;
	if (!name && write_owner_device(out, range))
		return;
	if (!name) {
		line = find_shared(out, range);
		if (line)
			name = line->name ? line->name : "shared";
	}
	write_device(out, NULL, name);
}

/* Write the type of a region that does not trap, and whether it is unmapped */
static void write_region_flags(struct vmr_line_writer *out,
			       const struct vmr_region *region)
{
	static const char types[][12] = {
		[VMR_REGION_TRAPPED] = "",
		[VMR_REGION_MEMORY] = " (memory)",
		[VMR_REGION_RESERVED] = " (reserved)",
		[VMR_REGION_WINDOW] = " (window)",
	};

	if (region->type < ARRAY_SIZE(types))
		vmr_write_string(out, types[region->type]);
	if (region->device && !vmr_region_mapping(region).mapped)
		vmr_write_string(out, " (not visible)");
}

static void write_range(struct vmr_line_writer *out,
			const struct vmr_range *range)
{
	vmr_write_prefix(out, range->start, range->last);
	write_owner(out, range);
	if (out->kind == VMR_PRINT_REGIONS &&
	    vmr_range_state(range) < VMR_CLAIMED)
		write_region_flags(out, to_print_region(range));
}

static void line_begin(struct vmr_line_writer *out)
{
	unsigned int i = out->depth + out->level;

	out->len = 0;
	out->buf[0] = 0;
	while (i--)
		vmr_write_string(out, "  ");
}

static void line_end(struct vmr_line_writer *out)
{
	out->printer->line(out->printer->arg, out->buf);
}

/* Print the shares of an interrupt line; other ranges have none */
static void print_shares(struct vmr_line_writer *out,
			 const struct vmr_range *range)
{
	const struct vmr_shared_irq *irq = find_shared(out, range);
	const struct vmr_irq_share *share = NULL;

	while ((share = vmr_next_irq_share(irq, share))) {
		line_begin(out);
		vmr_write_string(out, "  shared by ");
		if (!write_owner_device(out, &share->range))
			write_device(out, NULL, share->name);
		line_end(out);
	}
}

/**
 * struct print_walk - a walk over a space and the spaces behind its windows
 * @out: the current line
 * @top: the space where the walk begins
 * @space: the space of this level
 * @window: the window of this level, NULL at the top
 * @last: last address of this level
 * @at: first address that is not printed yet
 * @more: whether [@at, @last] is not empty
 */
struct print_walk {
	struct vmr_line_writer	out;
	const struct vmr_space	*top;
	const struct vmr_space	*space;
	const struct vmr_region	*window;
	uint64_t		last;
	uint64_t		at;
	bool			more;
};

/*
 * The pool of the addresses from w->at, or NULL; reduces *last to the last address
 * with the same result
 */
static const struct vmr_pool *pool_at(const struct print_walk *w,
				      uint64_t *last)
{
	const struct vmr_system *sys = printer_system(w->out.printer);
	const struct vmr_pool *pool;
	uint64_t gap_last = *last;
	size_t i;

	for (i = 0; sys && i < sys->nr_pools; i++) {
		pool = &sys->pools[i].pool;
		if (pool->space != w->space || pool->last < w->at)
			continue;
		if (pool->start <= w->at) {
			*last = min(gap_last, pool->last);
			return pool;
		}
		*last = min(*last, pool->start - 1);
	}
	return NULL;
}

static void advance_past(struct print_walk *w, uint64_t last)
{
	w->at = last + 1;
	w->more = last < w->last;
}

/* Print the gap from w->at to @last, a line for each pool */
static void print_gap(struct print_walk *w, uint64_t last)
{
	struct vmr_line_writer *out = &w->out;
	const struct vmr_pool *pool;
	uint64_t pool_last;

	if (!(out->printer->flags & VMR_PRINT_GAPS))
		return;
	while (w->more && w->at <= last) {
		pool_last = last;
		pool = pool_at(w, &pool_last);
		line_begin(out);
		vmr_write_prefix(out, w->at, pool_last);
		vmr_write_string(out, "free");
		if (pool && pool->name) {
			vmr_write_string(out, ", ");
			vmr_write_string(out, pool->name);
		}
		line_end(out);
		advance_past(w, pool_last);
	}
}

static void print_claims(struct print_walk *w, uint64_t start)
{
	struct vmr_line_writer *out = &w->out;
	const struct vmr_range *range, *conflict;
	bool parked;

	if (!(out->printer->flags & VMR_PRINT_CLAIMS))
		return;
	for (range = vmr_first_claim(w->space, start, w->last); range;
	     range = vmr_next_claim(range, start, w->last)) {
		line_begin(out);
		write_range(out, range);
		parked = vmr_range_state(range) == VMR_PARKED;
		vmr_write_string(out, parked ? ", parked" : ", claimed");
		conflict = vmr_find_overlap(w->space, range->start,
					    range->last);
		if (conflict &&
		    !parked) { /* LCOV_EXCL_BR_LINE: a claim has a conflict */
			vmr_write_string(out, ", waits for ");
			write_owner(out, conflict);
		}
		line_end(out);
	}
}

/* Print the numbers of used and free addresses, and the largest gap */
static void print_totals(struct print_walk *w)
{
	struct vmr_line_writer *out = &w->out;
	struct vmr_gap gap;

	if (!(out->printer->flags & VMR_PRINT_TOTALS))
		return;
	line_begin(out);
	vmr_write_string(out, "used ");
	vmr_write_total(out, vmr_space_used(w->space));
	vmr_write_string(out, ", free ");
	vmr_write_total(out, vmr_space_unused(w->space));
	if (vmr_largest_gap(w->space, &gap)) {
		vmr_write_string(out, ", largest gap ");
		vmr_write_span(out, gap.start, gap.last);
	}
	line_end(out);
}

/* The window that contains @inner, of the bridge of the bus that @inner is on */
static const struct vmr_region *
window_containing(const struct vmr_region *inner)
{
	const struct vmr_region *outer;

	for (outer = inner->device->parent_bus->bridge->regions;
	     outer; /* LCOV_EXCL_BR_LINE: the walk descended through one */
	     outer = outer->next)
		if (outer->type == VMR_REGION_WINDOW &&
		    outer->io == inner->io &&
		    vmr_range_state(&outer->range) == VMR_LIVE &&
		    outer->range.start <= inner->range.start &&
		    outer->range.last >= inner->range.last)
			break;
	VMR_ASSERT(outer);
	return outer;
}

static uint64_t level_enter(struct print_walk *w,
			    const struct vmr_region *window)
{
	w->window = window;
	if (!window) {
		w->space = w->top;
		w->last = w->top->last;
		return w->top->start;
	}
	w->space = window->io == VMR_PIO ? &window->device->subordinate->pio :
					   &window->device->subordinate->mmio;
	w->last = window->range.last;
	return window->range.start;
}

static void level_begin(struct print_walk *w, const struct vmr_region *window)
{
	w->at = level_enter(w, window);
	w->more = true;
}

static bool descends_into(const struct print_walk *w,
			  const struct vmr_region *region)
{
	return w->out.kind == VMR_PRINT_REGIONS &&
	       !(w->out.printer->flags & VMR_PRINT_FLAT) &&
	       region->type == VMR_REGION_WINDOW && region->device &&
	       region->device->subordinate && region->range.start >= w->at &&
	       region->range.last <= w->last;
}

static void print_range(struct print_walk *w, const struct vmr_range *range)
{
	if (range->start > w->at)
		print_gap(w, range->start - 1);
	line_begin(&w->out);
	write_range(&w->out, range);
	line_end(&w->out);
	if (w->out.kind == VMR_PRINT_IDS)
		print_shares(&w->out, range);
	if (descends_into(w, to_print_region(range))) {
		w->out.level++;
		level_begin(w, to_print_region(range));
	} else {
		advance_past(w, range->last);
	}
}

/* Finish this level and continue above it; false at the top */
static bool level_end(struct print_walk *w)
{
	const struct vmr_region *window = w->window;

	print_gap(w, w->last);
	print_claims(w, window ? window->range.start : w->top->start);
	if (!window) {
		print_totals(w);
		return false;
	}
	level_enter(w, --w->out.level ? window_containing(window) : NULL);
	advance_past(w, window->range.last);
	return true;
}

static int print_space(const struct vmr_printer *printer,
		       const struct vmr_space *space,
		       enum vmr_print_kind kind, const char *title)
{
	char buf[VMR_PRINT_MAX_LINE];
	struct print_walk w = {
		.out = {
			.printer = printer, .buf = buf, .size = sizeof(buf),
			.kind = kind, .digits = PIO_DIGITS,
		},
		.top = space,
	};
	const struct vmr_range *range;
	uint64_t n;

	if (!printer || !printer->line || !space)
		return -EINVAL;
	for (n = space->last >> 4 * PIO_DIGITS; n; n >>= 4)
		w.out.digits++;
	w.out.depth = printer->depth;
	if (title) {
		line_begin(&w.out);
		vmr_write_string(&w.out, title);
		line_end(&w.out);
		w.out.depth++;
	}
	level_begin(&w, NULL);
	do {
		while (w.more && (range = vmr_find_overlap(w.space, w.at,
							   w.last)))
			print_range(&w, range);
	} while (level_end(&w));
	return 0;
}

int vmr_print_regions(const struct vmr_printer *printer,
		      const struct vmr_space *space)
{
	return print_space(printer, space, VMR_PRINT_REGIONS, NULL);
}
EXPORT_SYMBOL_GPL(vmr_print_regions);

int vmr_print_space(const struct vmr_printer *printer,
		    const struct vmr_space *space)
{
	return print_space(printer, space, VMR_PRINT_ADDRESSES, NULL);
}
EXPORT_SYMBOL_GPL(vmr_print_space);

int vmr_print_ids(const struct vmr_printer *printer,
		  const struct vmr_id_pool *ids)
{
	return print_space(printer, ids ? &ids->space : NULL, VMR_PRINT_IDS,
			   NULL);
}
EXPORT_SYMBOL_GPL(vmr_print_ids);

/* The titles of the sections, each followed by a 0 */
static const char titles[] =
	"i/o ports\0"
	"guest physical addresses\0"
	"interrupts\0"
	"interrupt vectors\0"
	"memory slots\0"
	"pci addresses\0"
	"devices";

static const struct section {
	uint16_t	space;
	uint16_t	kind;
} sections[] = {
	{ offsetof(struct vmr_system, pio), VMR_PRINT_REGIONS },
	{ offsetof(struct vmr_system, mmio), VMR_PRINT_REGIONS },
	{ offsetof(struct vmr_system, irqs.space), VMR_PRINT_IDS },
	{ offsetof(struct vmr_system, msi_vectors.space), VMR_PRINT_IDS },
	{ offsetof(struct vmr_system, mem_slots.space), VMR_PRINT_IDS },
	{ offsetof(struct vmr_system, pci_bdfs.space), VMR_PRINT_ADDRESSES },
	{ offsetof(struct vmr_system, device_ids.space), VMR_PRINT_IDS },
};

int vmr_print_system(const struct vmr_printer *printer)
{
	const struct section *s = sections;
	const char *title = titles;
	const struct vmr_system *sys;
	const void *space;

	if (!printer || !printer->line || !printer->manager)
		return -EINVAL;
	sys = printer->manager->sys;
	for (; s < sections + ARRAY_SIZE(sections); s++) {
		space = (const char *)sys + s->space;
		if (space != &sys->msi_vectors.space ||
		    sys->separate_msi_vectors)
			print_space(printer, space, s->kind, title);
		while (*title++)
			;
	}
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_print_system);

size_t vmr_format_range(const struct vmr_manager *manager, uint32_t kind,
			const struct vmr_range *range, char *buf, size_t size)
{
	const struct vmr_printer printer = { .manager = manager };
	struct vmr_line_writer out = {
		.printer = &printer, .buf = buf, .size = size,
		.kind = VMR_PRINT_IDS,
	};

	if (size)
		buf[0] = 0;
	if (!range)
		return 0;
	if (kind <= VMR_KIND_MEM) {
		out.kind = VMR_PRINT_REGIONS;
		out.digits = kind == VMR_KIND_PIO ? PIO_DIGITS : MMIO_DIGITS;
	}
	write_range(&out, range);
	return out.len;
}
EXPORT_SYMBOL_GPL(vmr_format_range);

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * map.c - what is where, as text for people
 *
 * Small rather than fast: firmware has it too.
 */
#include "internal.h"

#include <vmalloc/print.h>

#define PIO_DIGITS	4
#define MMIO_DIGITS	8

/* What the ranges of a space are to the map of it */
enum print_kind {
	PRINT_REGIONS,
	PRINT_ADDRESSES,
	PRINT_IDS,
};

/* What writes a line, without a libc */
struct line_writer {
	const struct vmr_printer	*map;
	char			*buf;
	size_t			size;
	size_t			len;	/* of all text, cut or not */
	unsigned int		depth;	/* of all text */
	unsigned int		level;	/* windows above the line */
	enum print_kind		print_kind;
	unsigned int		digits;	/* at least, of an address */
};

static void write_char(struct line_writer *line_writer, char c)
{
	if (line_writer->len + 1 < line_writer->size) {
		line_writer->buf[line_writer->len] = c;
		line_writer->buf[line_writer->len + 1] = 0;
	}
	line_writer->len++;
}

static void write_string(struct line_writer *line_writer, const char *s)
{
	while (*s)
		write_char(line_writer, *s++);
}

/* Ids are decimal, and have 32 bits, which every machine can divide */
static void write_id(struct line_writer *line_writer, uint32_t n)
{
	uint32_t unit = 1;

	while (n / unit >= 10)
		unit *= 10;
	for (; unit; unit /= 10)
		write_char(line_writer, '0' + n / unit % 10);
}

static void write_number(struct line_writer *line_writer, uint64_t n)
{
	unsigned int left, digit;
	bool begun = false;

	if (line_writer->print_kind == PRINT_IDS) {
		write_id(line_writer, n);
		return;
	}
	for (left = 16; left; left--, n <<= 4) {
		digit = n >> 60;
		begun = begun || digit || left <= line_writer->digits;
		if (begun)
			write_char(line_writer, "0123456789abcdef"[digit]);
	}
}

/* A count, which may be 2^64, as short as it is */
static void put_total(struct line_writer *line_writer, struct vmr_total total)
{
	const enum print_kind print_kind = line_writer->print_kind;
	const unsigned int digits = line_writer->digits;

	line_writer->print_kind = PRINT_ADDRESSES;
	line_writer->digits = total.high ? 16 : 1;
	write_string(line_writer, total.high ? "0x1" : "0x");
	write_number(line_writer, total.low);
	line_writer->print_kind = print_kind;
	line_writer->digits = digits;
}

static void put_span(struct line_writer *line_writer, uint64_t start,
		     uint64_t last)
{
	write_number(line_writer, start);
	if (line_writer->print_kind != PRINT_IDS || start != last) {
		write_char(line_writer, '-');
		write_number(line_writer, last);
	}
}

static void put_place(struct line_writer *line_writer, uint64_t start,
		      uint64_t last)
{
	put_span(line_writer, start, last);
	write_string(line_writer, " : ");
}

/*
 * Who
 */

static struct vmr_region *to_print_region(const struct vmr_range *range)
{
	return container_of((struct vmr_range *)range, struct vmr_region,
			    range);
}

static const struct vmr_system *sys_of(const struct vmr_printer *map)
{
	return map->manager ? map->manager->sys : map->sys;
}

static void put_device(struct line_writer *line_writer,
		       const struct vmr_device *dev, const char *tag)
{
	if (dev) {
		write_string(line_writer, dev->name ? dev->name : "device");
		if (!tag)
			return;
		write_string(line_writer, ": ");
	}
	write_string(line_writer, tag ? tag : "?");
}

/* By the device that was granted it */
static bool write_holder(struct line_writer *line_writer,
			 const struct vmr_range *range)
{
	const struct vmr_device *dev = NULL;
	const struct vmr_resource *res;

	while ((dev = vmr_next_device(line_writer->map->manager, dev))) {
		res = dev->resources.entries;
		while (res < dev->resources.entries + dev->resources.nr &&
		       res->range != range)
			res++;
		if (res < dev->resources.entries + dev->resources.nr)
			put_device(line_writer, dev, res->name);
		else if (range == &dev->id)
			put_device(line_writer, dev, NULL);
		else
			continue;
		return true;
	}
	return false;
}

static const struct vmr_shared_irq *
find_shared(const struct line_writer *line_writer,
	    const struct vmr_range *range)
{
	const struct vmr_shared_irq *line = NULL;

	do {
		line = vmr_next_shared_irq(sys_of(line_writer->map), line);
	} while (line && &line->range != range);
	return line;
}

static void put_owner(struct line_writer *line_writer,
		      const struct vmr_range *range)
{
	const struct vmr_printer *map = line_writer->map;
	const struct vmr_shared_irq *line;
	const char *tag;

	if (line_writer->print_kind == PRINT_REGIONS) {
		put_device(line_writer, to_print_region(range)->device,
			   to_print_region(range)->name);
		return;
	}
	tag = map->name ? map->name(map->arg, range) : NULL;
	if (!tag && write_holder(line_writer, range))
		return;
	if (!tag) {
		line = find_shared(line_writer, range);
		if (line)
			tag = line->name ? line->name : "shared";
	}
	put_device(line_writer, NULL, tag);
}

/* What kind of region it is, where that is no matter of course */
static void write_region_flags(struct line_writer *line_writer,
			       const struct vmr_region *region)
{
	static const char types[][12] = {
		[VMR_REGION_TRAPPED] = "",
		[VMR_REGION_MEMORY] = " (memory)",
		[VMR_REGION_RESERVED] = " (reserved)",
		[VMR_REGION_WINDOW] = " (window)",
	};

	if (region->type < ARRAY_SIZE(types))
		write_string(line_writer, types[region->type]);
	if (region->device && !vmr_region_mapping(region).mapped)
		write_string(line_writer, " (not visible)");
}

static void put_range(struct line_writer *line_writer,
		      const struct vmr_range *range)
{
	put_place(line_writer, range->start, range->last);
	put_owner(line_writer, range);
	if (line_writer->print_kind == PRINT_REGIONS &&
	    vmr_range_state(range) < VMR_CLAIMED)
		write_region_flags(line_writer, to_print_region(range));
}

/*
 * Lines
 */

static void begin(struct line_writer *line_writer)
{
	unsigned int i = line_writer->depth + line_writer->level;

	line_writer->len = 0;
	line_writer->buf[0] = 0;
	while (i--)
		write_string(line_writer, "  ");
}

static void end(struct line_writer *line_writer)
{
	line_writer->map->line(line_writer->map->arg, line_writer->buf);
}

/* The devices that share an interrupt line, if it is one */
static void map_sharers(struct line_writer *line_writer,
			const struct vmr_range *range)
{
	const struct vmr_shared_irq *irq = find_shared(line_writer, range);
	const struct vmr_irq_share *sharer = NULL;

	while ((sharer = vmr_next_irq_share(irq, sharer))) {
		begin(line_writer);
		write_string(line_writer, "  shared by ");
		if (!write_holder(line_writer, &sharer->range))
			put_device(line_writer, NULL, sharer->name);
		end(line_writer);
	}
}

/*
 * The walk
 *
 * Down into windows and up again without recursion: which window a level is
 * behind is known, and from a window to the one around it there is a way, since
 * only windows that lie inside another are gone down into.
 */

struct print_walk {
	struct line_writer			line_writer;
	const struct vmr_space		*top;
	const struct vmr_space		*space;
	const struct vmr_region		*window;	/* NULL at the top */
	uint64_t			last;	/* of this level */
	uint64_t			at;	/* first address still to tell of */
	bool				more;	/* whether there is one */
};

/* The pool that a place begins in; @last is cut to where that may be another */
static const struct vmr_pool *pool_at(const struct print_walk *w,
				      uint64_t *last)
{
	const struct vmr_system *sys = sys_of(w->line_writer.map);
	const struct vmr_pool *pool;
	uint64_t whole = *last;
	size_t i;

	for (i = 0; sys && i < sys->nr_pools; i++) {
		pool = &sys->pools[i].pool;
		if (pool->space != w->space || pool->last < w->at)
			continue;
		if (pool->start <= w->at) {
			*last = min(whole, pool->last);
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

/* What is free up to @last, if anything */
static void map_gap(struct print_walk *w, uint64_t last)
{
	struct line_writer *line_writer = &w->line_writer;
	const struct vmr_pool *pool;
	uint64_t to;

	if (!(line_writer->map->flags & VMR_PRINT_GAPS))
		return;
	while (w->more && w->at <= last) {
		to = last;
		pool = pool_at(w, &to);
		begin(line_writer);
		put_place(line_writer, w->at, to);
		write_string(line_writer, "free");
		if (pool && pool->name) {
			write_string(line_writer, ", ");
			write_string(line_writer, pool->name);
		}
		end(line_writer);
		advance_past(w, to);
	}
}

static void map_claims(struct print_walk *w, uint64_t start)
{
	struct line_writer *line_writer = &w->line_writer;
	const struct vmr_range *range, *holder;
	bool parked;

	if (!(line_writer->map->flags & VMR_PRINT_CLAIMS))
		return;
	for (range = vmr_first_claim(w->space, start, w->last); range;
	     range = vmr_next_claim(range, start, w->last)) {
		begin(line_writer);
		put_range(line_writer, range);
		parked = vmr_range_state(range) == VMR_PARKED;
		write_string(line_writer, parked ? ", parked" : ", claimed");
		holder = vmr_find_overlap(w->space, range->start, range->last);
		if (holder &&
		    !parked) { /* LCOV_EXCL_BR_LINE: claims wait for one */
			write_string(line_writer, ", waits for ");
			put_owner(line_writer, holder);
		}
		end(line_writer);
	}
}

/* How much is left, and how much of that in one piece */
static void map_totals(struct print_walk *w)
{
	struct line_writer *line_writer = &w->line_writer;
	struct vmr_gap gap;

	if (!(line_writer->map->flags & VMR_PRINT_TOTALS))
		return;
	begin(line_writer);
	write_string(line_writer, "used ");
	put_total(line_writer, vmr_space_used(w->space));
	write_string(line_writer, ", free ");
	put_total(line_writer, vmr_space_unused(w->space));
	if (vmr_largest_gap(w->space, &gap)) {
		write_string(line_writer, ", largest gap ");
		put_span(line_writer, gap.start, gap.last);
	}
	end(line_writer);
}

/* The window of the bus that @inner's device is on, around it */
static const struct vmr_region *
window_containing(const struct vmr_region *inner)
{
	const struct vmr_region *outer;

	for (outer = inner->device->parent_bus->bridge->regions;
	     outer; /* LCOV_EXCL_BR_LINE: one of them led here */
	     outer = outer->next)
		if (outer->type == VMR_REGION_WINDOW &&
		    outer->io == inner->io &&
		    vmr_range_state(&outer->range) == VMR_LIVE &&
		    outer->range.start <= inner->range.start &&
		    outer->range.last >= inner->range.last)
			break;
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
	return w->line_writer.print_kind == PRINT_REGIONS &&
	       !(w->line_writer.map->flags & VMR_PRINT_FLAT) &&
	       region->type == VMR_REGION_WINDOW && region->device &&
	       region->device->subordinate && region->range.start >= w->at &&
	       region->range.last <= w->last;
}

static void map_range(struct print_walk *w, const struct vmr_range *range)
{
	if (range->start > w->at)
		map_gap(w, range->start - 1);
	begin(&w->line_writer);
	put_range(&w->line_writer, range);
	end(&w->line_writer);
	if (w->line_writer.print_kind == PRINT_IDS)
		map_sharers(&w->line_writer, range);
	if (descends_into(w, to_print_region(range))) {
		w->line_writer.level++;
		level_begin(w, to_print_region(range));
	} else {
		advance_past(w, range->last);
	}
}

/* A level is over; whether there is one above */
static bool level_end(struct print_walk *w)
{
	const struct vmr_region *window = w->window;

	map_gap(w, w->last);
	map_claims(w, window ? window->range.start : w->top->start);
	if (!window) {
		map_totals(w);
		return false;
	}
	level_enter(w,
		    --w->line_writer.level ? window_containing(window) : NULL);
	advance_past(w, window->range.last);
	return true;
}

static int print_space(const struct vmr_printer *map,
		       const struct vmr_space *space,
		       enum print_kind print_kind, const char *title)
{
	char buf[VMR_PRINT_MAX_LINE];
	struct print_walk w = {
		.line_writer = {
			.map = map, .buf = buf, .size = sizeof(buf),
			.print_kind = print_kind, .digits = PIO_DIGITS,
		},
		.top = space,
	};
	const struct vmr_range *range;
	uint64_t n;

	if (!map || !map->line || !space)
		return -EINVAL;
	for (n = space->last >> 4 * PIO_DIGITS; n; n >>= 4)
		w.line_writer.digits++;
	w.line_writer.depth = map->depth;
	if (title) {
		begin(&w.line_writer);
		write_string(&w.line_writer, title);
		end(&w.line_writer);
		w.line_writer.depth++;
	}
	level_begin(&w, NULL);
	do {
		while (w.more && (range = vmr_find_overlap(w.space, w.at,
							   w.last)))
			map_range(&w, range);
	} while (level_end(&w));
	return 0;
}

int vmr_print_regions(const struct vmr_printer *map,
		      const struct vmr_space *space)
{
	return print_space(map, space, PRINT_REGIONS, NULL);
}
EXPORT_SYMBOL_GPL(vmr_print_regions);

int vmr_print_space(const struct vmr_printer *map,
		    const struct vmr_space *space)
{
	return print_space(map, space, PRINT_ADDRESSES, NULL);
}
EXPORT_SYMBOL_GPL(vmr_print_space);

int vmr_print_ids(const struct vmr_printer *map, const struct vmr_id_pool *ids)
{
	return print_space(map, ids ? &ids->space : NULL, PRINT_IDS, NULL);
}
EXPORT_SYMBOL_GPL(vmr_print_ids);

/* The titles of the sections, one behind the other */
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
	uint16_t	print_kind;
} sections[] = {
	{ offsetof(struct vmr_system, pio), PRINT_REGIONS },
	{ offsetof(struct vmr_system, mmio), PRINT_REGIONS },
	{ offsetof(struct vmr_system, irqs.space), PRINT_IDS },
	{ offsetof(struct vmr_system, msi_vectors.space), PRINT_IDS },
	{ offsetof(struct vmr_system, mem_slots.space), PRINT_IDS },
	{ offsetof(struct vmr_system, pci_bdfs.space), PRINT_ADDRESSES },
	{ offsetof(struct vmr_system, device_ids.space), PRINT_IDS },
};

int vmr_print_system(const struct vmr_printer *map)
{
	const struct section *s = sections;
	const char *title = titles;
	const struct vmr_system *sys;
	const void *space;

	if (!map || !map->line || !map->manager)
		return -EINVAL;
	sys = map->manager->sys;
	for (; s < sections + ARRAY_SIZE(sections); s++) {
		space = (const char *)sys + s->space;
		if (space != &sys->msi_vectors.space ||
		    sys->separate_msi_vectors)
			print_space(map, space, s->print_kind, title);
		while (*title++)
			;
	}
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_print_system);

size_t vmr_format_range(const struct vmr_manager *manager, uint32_t kind,
			const struct vmr_range *range, char *buf, size_t size)
{
	const struct vmr_printer map = { .manager = manager };
	struct line_writer line_writer = {
		.map = &map, .buf = buf, .size = size, .print_kind = PRINT_IDS
	};

	if (size)
		buf[0] = 0;
	if (!range)
		return 0;
	if (kind <= VMR_KIND_MEM) {
		line_writer.print_kind = PRINT_REGIONS;
		line_writer.digits = kind == VMR_KIND_PIO ? PIO_DIGITS :
							    MMIO_DIGITS;
	}
	put_range(&line_writer, range);
	return line_writer.len;
}
EXPORT_SYMBOL_GPL(vmr_format_range);

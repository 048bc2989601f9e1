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
enum sort {
	REGIONS,
	ADDRESSES,
	IDS,
};

/* What writes a line, without a libc */
struct pen {
	const struct vmr_printer	*map;
	char			*buf;
	size_t			size;
	size_t			len;	/* of all text, cut or not */
	unsigned int		depth;	/* of all text */
	unsigned int		level;	/* windows above the line */
	enum sort		sort;
	unsigned int		digits;	/* at least, of an address */
};

static void put_char(struct pen *pen, char c)
{
	if (pen->len + 1 < pen->size) {
		pen->buf[pen->len] = c;
		pen->buf[pen->len + 1] = 0;
	}
	pen->len++;
}

static void put(struct pen *pen, const char *s)
{
	while (*s)
		put_char(pen, *s++);
}

/* Ids are decimal, and have 32 bits, which every machine can divide */
static void put_id(struct pen *pen, uint32_t n)
{
	uint32_t unit = 1;

	while (n / unit >= 10)
		unit *= 10;
	for (; unit; unit /= 10)
		put_char(pen, '0' + n / unit % 10);
}

static void put_number(struct pen *pen, uint64_t n)
{
	unsigned int left, digit;
	bool begun = false;

	if (pen->sort == IDS) {
		put_id(pen, n);
		return;
	}
	for (left = 16; left; left--, n <<= 4) {
		digit = n >> 60;
		begun = begun || digit || left <= pen->digits;
		if (begun)
			put_char(pen, "0123456789abcdef"[digit]);
	}
}

/* A count, which may be 2^64, as short as it is */
static void put_total(struct pen *pen, struct vmr_total total)
{
	const enum sort sort = pen->sort;
	const unsigned int digits = pen->digits;

	pen->sort = ADDRESSES;
	pen->digits = total.high ? 16 : 1;
	put(pen, total.high ? "0x1" : "0x");
	put_number(pen, total.low);
	pen->sort = sort;
	pen->digits = digits;
}

static void put_span(struct pen *pen, uint64_t start, uint64_t last)
{
	put_number(pen, start);
	if (pen->sort != IDS || start != last) {
		put_char(pen, '-');
		put_number(pen, last);
	}
}

static void put_place(struct pen *pen, uint64_t start, uint64_t last)
{
	put_span(pen, start, last);
	put(pen, " : ");
}

/*
 * Who
 */

static struct vmr_region *region_of(const struct vmr_range *range)
{
	return container_of((struct vmr_range *)range, struct vmr_region,
			    range);
}

static const struct vmr_system *sys_of(const struct vmr_printer *map)
{
	return map->manager ? map->manager->sys : map->sys;
}

static void put_device(struct pen *pen, const struct vmr_device *dev,
		       const char *tag)
{
	if (dev) {
		put(pen, dev->name ? dev->name : "device");
		if (!tag)
			return;
		put(pen, ": ");
	}
	put(pen, tag ? tag : "?");
}

/* By the device that was granted it */
static bool put_grant(struct pen *pen, const struct vmr_range *range)
{
	const struct vmr_device *dev = NULL;
	const struct vmr_resource *res;

	while ((dev = vmr_next_device(pen->map->manager, dev))) {
		res = dev->resources.entries;
		while (res < dev->resources.entries + dev->resources.nr &&
		       res->range != range)
			res++;
		if (res < dev->resources.entries + dev->resources.nr)
			put_device(pen, dev, res->name);
		else if (range == &dev->id)
			put_device(pen, dev, NULL);
		else
			continue;
		return true;
	}
	return false;
}

static const struct vmr_shared_irq *find_shared(const struct pen *pen,
						const struct vmr_range *range)
{
	const struct vmr_shared_irq *line = NULL;

	do {
		line = vmr_next_shared_irq(sys_of(pen->map), line);
	} while (line && &line->range != range);
	return line;
}

static void put_owner(struct pen *pen, const struct vmr_range *range)
{
	const struct vmr_printer *map = pen->map;
	const struct vmr_shared_irq *line;
	const char *tag;

	if (pen->sort == REGIONS) {
		put_device(pen, region_of(range)->device,
			   region_of(range)->name);
		return;
	}
	tag = map->name ? map->name(map->arg, range) : NULL;
	if (!tag && put_grant(pen, range))
		return;
	if (!tag) {
		line = find_shared(pen, range);
		if (line)
			tag = line->name ? line->name : "shared";
	}
	put_device(pen, NULL, tag);
}

/* What kind of region it is, where that is no matter of course */
static void put_notes(struct pen *pen, const struct vmr_region *region)
{
	static const char types[][12] = {
		[VMR_REGION_TRAPPED] = "",
		[VMR_REGION_MEMORY] = " (memory)",
		[VMR_REGION_RESERVED] = " (reserved)",
		[VMR_REGION_WINDOW] = " (window)",
	};

	if (region->type < ARRAY_SIZE(types))
		put(pen, types[region->type]);
	if (region->device && !vmr_region_mapping(region).mapped)
		put(pen, " (not visible)");
}

static void put_range(struct pen *pen, const struct vmr_range *range)
{
	put_place(pen, range->start, range->last);
	put_owner(pen, range);
	if (pen->sort == REGIONS && vmr_range_state(range) < VMR_CLAIMED)
		put_notes(pen, region_of(range));
}

/*
 * Lines
 */

static void begin(struct pen *pen)
{
	unsigned int i = pen->depth + pen->level;

	pen->len = 0;
	pen->buf[0] = 0;
	while (i--)
		put(pen, "  ");
}

static void end(struct pen *pen)
{
	pen->map->line(pen->map->arg, pen->buf);
}

/* The devices that share an interrupt line, if it is one */
static void map_sharers(struct pen *pen, const struct vmr_range *range)
{
	const struct vmr_shared_irq *irq = find_shared(pen, range);
	const struct vmr_irq_share *sharer = NULL;

	while ((sharer = vmr_next_irq_share(irq, sharer))) {
		begin(pen);
		put(pen, "  shared by ");
		if (!put_grant(pen, &sharer->range))
			put_device(pen, NULL, sharer->name);
		end(pen);
	}
}

/*
 * The walk
 *
 * Down into windows and up again without recursion: which window a level is
 * behind is known, and from a window to the one around it there is a way, since
 * only windows that lie inside another are gone down into.
 */

struct walk {
	struct pen			pen;
	const struct vmr_space		*top;
	const struct vmr_space		*space;
	const struct vmr_region		*window;	/* NULL at the top */
	uint64_t			last;	/* of this level */
	uint64_t			at;	/* first address still to tell of */
	bool				more;	/* whether there is one */
};

/* The pool that a place begins in; @last is cut to where that may be another */
static const struct vmr_pool *pool_at(const struct walk *w, uint64_t *last)
{
	const struct vmr_system *sys = sys_of(w->pen.map);
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

static void pass(struct walk *w, uint64_t last)
{
	w->at = last + 1;
	w->more = last < w->last;
}

/* What is free up to @last, if anything */
static void map_gap(struct walk *w, uint64_t last)
{
	struct pen *pen = &w->pen;
	const struct vmr_pool *pool;
	uint64_t to;

	if (!(pen->map->flags & VMR_PRINT_GAPS))
		return;
	while (w->more && w->at <= last) {
		to = last;
		pool = pool_at(w, &to);
		begin(pen);
		put_place(pen, w->at, to);
		put(pen, "free");
		if (pool && pool->name) {
			put(pen, ", ");
			put(pen, pool->name);
		}
		end(pen);
		pass(w, to);
	}
}

static void map_claims(struct walk *w, uint64_t start)
{
	struct pen *pen = &w->pen;
	const struct vmr_range *range, *holder;
	bool parked;

	if (!(pen->map->flags & VMR_PRINT_CLAIMS))
		return;
	for (range = vmr_first_claim(w->space, start, w->last); range;
	     range = vmr_next_claim(range, start, w->last)) {
		begin(pen);
		put_range(pen, range);
		parked = vmr_range_state(range) == VMR_PARKED;
		put(pen, parked ? ", parked" : ", claimed");
		holder = vmr_find_overlap(w->space, range->start, range->last);
		if (holder && !parked) { /* LCOV_EXCL_BR_LINE: claims wait for one */
			put(pen, ", waits for ");
			put_owner(pen, holder);
		}
		end(pen);
	}
}

/* How much is left, and how much of that in one piece */
static void map_totals(struct walk *w)
{
	struct pen *pen = &w->pen;
	struct vmr_gap gap;

	if (!(pen->map->flags & VMR_PRINT_TOTALS))
		return;
	begin(pen);
	put(pen, "used ");
	put_total(pen, vmr_space_used(w->space));
	put(pen, ", free ");
	put_total(pen, vmr_space_unused(w->space));
	if (vmr_largest_gap(w->space, &gap)) {
		put(pen, ", largest gap ");
		put_span(pen, gap.start, gap.last);
	}
	end(pen);
}

/* The window of the bus that @inner's device is on, around it */
static const struct vmr_region *window_around(const struct vmr_region *inner)
{
	const struct vmr_region *outer;

	for (outer = inner->device->parent_bus->bridge->regions;
	     outer;		/* LCOV_EXCL_BR_LINE: one of them led here */
	     outer = outer->next)
		if (outer->type == VMR_REGION_WINDOW && outer->io == inner->io &&
		    vmr_range_state(&outer->range) == VMR_LIVE &&
		    outer->range.start <= inner->range.start &&
		    outer->range.last >= inner->range.last)
			break;
	return outer;
}

static uint64_t enter(struct walk *w, const struct vmr_region *window)
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

static void begin_level(struct walk *w, const struct vmr_region *window)
{
	w->at = enter(w, window);
	w->more = true;
}

static bool leads_on(const struct walk *w, const struct vmr_region *region)
{
	return w->pen.sort == REGIONS && !(w->pen.map->flags & VMR_PRINT_FLAT) &&
	       region->type == VMR_REGION_WINDOW && region->device &&
	       region->device->subordinate && region->range.start >= w->at &&
	       region->range.last <= w->last;
}

static void map_range(struct walk *w, const struct vmr_range *range)
{
	if (range->start > w->at)
		map_gap(w, range->start - 1);
	begin(&w->pen);
	put_range(&w->pen, range);
	end(&w->pen);
	if (w->pen.sort == IDS)
		map_sharers(&w->pen, range);
	if (leads_on(w, region_of(range))) {
		w->pen.level++;
		begin_level(w, region_of(range));
	} else {
		pass(w, range->last);
	}
}

/* A level is over; whether there is one above */
static bool leave(struct walk *w)
{
	const struct vmr_region *window = w->window;

	map_gap(w, w->last);
	map_claims(w, window ? window->range.start : w->top->start);
	if (!window) {
		map_totals(w);
		return false;
	}
	enter(w, --w->pen.level ? window_around(window) : NULL);
	pass(w, window->range.last);
	return true;
}

static int map_any(const struct vmr_printer *map, const struct vmr_space *space,
		   enum sort sort, const char *title)
{
	char buf[VMR_PRINT_MAX_LINE];
	struct walk w = {
		.pen = {
			.map = map, .buf = buf, .size = sizeof(buf),
			.sort = sort, .digits = PIO_DIGITS,
		},
		.top = space,
	};
	const struct vmr_range *range;
	uint64_t n;

	if (!map || !map->line || !space)
		return -EINVAL;
	for (n = space->last >> 4 * PIO_DIGITS; n; n >>= 4)
		w.pen.digits++;
	w.pen.depth = map->depth;
	if (title) {
		begin(&w.pen);
		put(&w.pen, title);
		end(&w.pen);
		w.pen.depth++;
	}
	begin_level(&w, NULL);
	do {
		while (w.more && (range = vmr_find_overlap(w.space, w.at,
							   w.last)))
			map_range(&w, range);
	} while (leave(&w));
	return 0;
}

int vmr_print_regions(const struct vmr_printer *map, const struct vmr_space *space)
{
	return map_any(map, space, REGIONS, NULL);
}
EXPORT_SYMBOL_GPL(vmr_print_regions);

int vmr_print_space(const struct vmr_printer *map, const struct vmr_space *space)
{
	return map_any(map, space, ADDRESSES, NULL);
}
EXPORT_SYMBOL_GPL(vmr_print_space);

int vmr_print_ids(const struct vmr_printer *map, const struct vmr_id_pool *ids)
{
	return map_any(map, ids ? &ids->space : NULL, IDS, NULL);
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
	uint16_t	sort;
} sections[] = {
	{ offsetof(struct vmr_system, pio), REGIONS },
	{ offsetof(struct vmr_system, mmio), REGIONS },
	{ offsetof(struct vmr_system, irqs.space), IDS },
	{ offsetof(struct vmr_system, msi_vectors.space), IDS },
	{ offsetof(struct vmr_system, mem_slots.space), IDS },
	{ offsetof(struct vmr_system, pci_bdfs.space), ADDRESSES },
	{ offsetof(struct vmr_system, device_ids.space), IDS },
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
		if (space != &sys->msi_vectors.space || sys->separate_msi_vectors)
			map_any(map, space, s->sort, title);
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
	struct pen pen = { .map = &map, .buf = buf, .size = size, .sort = IDS };

	if (size)
		buf[0] = 0;
	if (!range)
		return 0;
	if (kind <= VMR_KIND_MEM) {
		pen.sort = REGIONS;
		pen.digits = kind == VMR_KIND_PIO ? PIO_DIGITS : MMIO_DIGITS;
	}
	put_range(&pen, range);
	return pen.len;
}
EXPORT_SYMBOL_GPL(vmr_format_range);

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * map.c - what is where, as text for people
 */
#include "internal.h"

#include <vmalloc/map.h>

#define PIO_DIGITS	4
#define MMIO_DIGITS	8

/*
 * Text, without a libc
 */

struct text {
	char	*buf;
	size_t	size;
	size_t	len;	/* of all that was put, whether it fitted or not */
};

static void put_char(struct text *t, char c)
{
	if (t->len + 1 < t->size) {
		t->buf[t->len] = c;
		t->buf[t->len + 1] = 0;
	}
	t->len++;
}

static void put(struct text *t, const char *s)
{
	while (*s)
		put_char(t, *s++);
}

static unsigned int hex_digits(uint64_t n)
{
	unsigned int digits = 1;

	while (n >>= 4)
		digits++;
	return digits;
}

static void put_hex(struct text *t, uint64_t n, unsigned int digits)
{
	digits = max(digits, hex_digits(n));
	while (digits--)
		put_char(t, "0123456789abcdef"[n >> 4 * digits & 0xf]);
}

/* Ids have 32 bits, which every machine can divide */
static void put_decimal(struct text *t, uint32_t n)
{
	uint32_t unit = 1;

	while (n / unit >= 10)
		unit *= 10;
	for (; unit; unit /= 10)
		put_char(t, '0' + n / unit % 10);
}

/*
 * Who
 */

/* What the ranges of a space are to the map of it */
enum sort {
	REGIONS,
	ADDRESSES,
	IDS,
};

struct level {
	const struct vmr_map	*map;
	enum sort		sort;
	unsigned int		digits;
	unsigned int		depth;
};

static struct vmr_region *region_of(const struct vmr_range *range)
{
	return container_of((struct vmr_range *)range, struct vmr_region,
			    range);
}

static void put_device(struct text *t, const struct vmr_device *dev,
		       const char *tag)
{
	if (dev)
		put(t, dev->name ? dev->name : "device");
	if (dev && tag)
		put(t, ": ");
	if (tag)
		put(t, tag);
	if (!dev && !tag)
		put(t, "?");
}

static const struct vmr_system *sys_of(const struct vmr_map *map)
{
	return map->manager ? map->manager->sys : map->sys;
}

/* The device that was granted a range */
static const struct vmr_device *find_owner(const struct vmr_manager *manager,
					   const struct vmr_range *range,
					   const char **tag)
{
	const struct vmr_device *dev = NULL;
	size_t i;

	while ((dev = vmr_next_device(manager, dev))) {
		if (range == &dev->id)
			return dev;
		for (i = 0; i < dev->resources.nr; i++) {
			if (dev->resources.entries[i].range != range)
				continue;
			*tag = dev->resources.entries[i].tag;
			return dev;
		}
	}
	return NULL;
}

static const struct vmr_shared_irq *find_shared(const struct vmr_system *sys,
						const struct vmr_range *range)
{
	const struct vmr_shared_irq *line = NULL;

	while ((line = vmr_next_shared_irq(sys, line)))
		if (&line->range == range)
			return line;
	return NULL;
}

static void put_owner(struct text *t, const struct level *l,
		      const struct vmr_range *range)
{
	const struct vmr_shared_irq *line;
	const struct vmr_device *dev;
	const char *tag = NULL;

	if (l->sort == REGIONS) {
		put_device(t, region_of(range)->device, region_of(range)->tag);
		return;
	}
	if (l->map->name)
		tag = l->map->name(l->map->arg, range);
	if (tag) {
		put(t, tag);
		return;
	}
	dev = find_owner(l->map->manager, range, &tag);
	line = find_shared(sys_of(l->map), range);
	if (!dev && line)
		tag = line->name ? line->name : "shared";
	put_device(t, dev, tag);
}

/* What kind of region it is, where that is no matter of course */
static void put_region_notes(struct text *t, const struct vmr_region *region)
{
	static const char *const types[] = {
		[VMR_REGION_MEMORY] = " (memory)",
		[VMR_REGION_RESERVED] = " (reserved)",
		[VMR_REGION_WINDOW] = " (window)",
	};

	if (region->type < ARRAY_SIZE(types) && types[region->type])
		put(t, types[region->type]);
	if (region->device && !vmr_region_visible(region).visible)
		put(t, " (not visible)");
}

static void put_place(struct text *t, const struct level *l, uint64_t start,
		      uint64_t last)
{
	if (l->sort != IDS) {
		put_hex(t, start, l->digits);
		put_char(t, '-');
		put_hex(t, last, l->digits);
	} else {
		put_decimal(t, start);
		if (last != start) {
			put_char(t, '-');
			put_decimal(t, last);
		}
	}
	put(t, " : ");
}

/*
 * Lines
 */

struct line {
	struct text	text;
	char		buf[VMR_MAP_LINE];
};

static struct text *line_begin(struct line *line, const struct level *l)
{
	unsigned int i;

	line->buf[0] = 0;
	line->text = (struct text) {
		.buf = line->buf, .size = sizeof(line->buf),
	};
	for (i = 0; i < l->map->depth + l->depth; i++)
		put(&line->text, "  ");
	return &line->text;
}

static void line_end(struct line *line, const struct level *l)
{
	l->map->line(l->map->arg, line->buf);
}

static void map_title(const struct level *l, const char *title)
{
	struct line line;

	put(line_begin(&line, l), title);
	line_end(&line, l);
}

static void map_range(const struct level *l, const struct vmr_range *range)
{
	struct line line;
	struct text *t = line_begin(&line, l);

	put_place(t, l, range->start, range->last);
	put_owner(t, l, range);
	if (l->sort == REGIONS)
		put_region_notes(t, region_of(range));
	line_end(&line, l);
}

/* The devices that share an interrupt line, if it is one */
static void map_sharers(const struct level *l, const struct vmr_range *range)
{
	const struct vmr_shared_irq *irq = find_shared(sys_of(l->map), range);
	const struct vmr_sharer *sharer = NULL;
	struct level below = *l;
	struct line line;
	struct text *t;

	below.depth++;
	while ((sharer = vmr_next_sharer(irq, sharer))) {
		const char *tag = sharer->tag;
		const struct vmr_device *dev;

		dev = find_owner(l->map->manager, &sharer->range, &tag);
		t = line_begin(&line, &below);
		put(t, "shared by ");
		put_device(t, dev, tag);
		line_end(&line, &below);
	}
}

static void map_claim(const struct level *l, const struct vmr_space *space,
		      const struct vmr_range *range)
{
	const struct vmr_range *holder;
	struct line line;
	struct text *t = line_begin(&line, l);

	put_place(t, l, range->start, range->last);
	put_owner(t, l, range);
	if (vmr_range_state(range) == VMR_PARKED) {
		put(t, ", parked");
	} else {
		put(t, ", claimed");
		holder = vmr_find_overlap(space, range->start, range->last);
		if (holder) {
			put(t, ", waits for ");
			put_owner(t, l, holder);
		}
	}
	line_end(&line, l);
}

static void map_claims(const struct level *l, const struct vmr_space *space,
		       uint64_t start, uint64_t last)
{
	const struct vmr_range *range;

	if (!(l->map->flags & VMR_MAP_CLAIMS))
		return;
	for (range = vmr_first_claim(space, start, last); range;
	     range = vmr_next_claim(range, start, last))
		map_claim(l, space, range);
}

/* The pool that an address is in; @last is cut to where that may be another */
static const struct vmr_pool *pool_at(const struct vmr_system *sys,
				      const struct vmr_space *space,
				      uint64_t addr, uint64_t *last)
{
	const struct vmr_pool *pool;
	size_t i;

	for (i = 0; sys && i < sys->nr_pools; i++) {
		pool = &sys->pools[i].pool;
		if (pool->space != space || pool->last < addr)
			continue;
		if (pool->start <= addr) {
			*last = min(*last, pool->last);
			return pool;
		}
	}
	for (i = 0; sys && i < sys->nr_pools; i++) {
		pool = &sys->pools[i].pool;
		if (pool->space == space && pool->start > addr)
			*last = min(*last, pool->start - 1);
	}
	return NULL;
}

static void map_gap(const struct level *l, const struct vmr_space *space,
		    uint64_t start, uint64_t last)
{
	const struct vmr_pool *pool;
	struct line line;
	struct text *t;
	uint64_t end;

	if (!(l->map->flags & VMR_MAP_GAPS))
		return;
	for (;;) {
		end = last;
		pool = pool_at(sys_of(l->map), space, start, &end);
		t = line_begin(&line, l);
		put_place(t, l, start, end);
		put(t, "free");
		if (pool && pool->name) {
			put(t, ", ");
			put(t, pool->name);
		}
		line_end(&line, l);
		if (end == last)
			break;
		start = end + 1;
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
	struct level			level;
	const struct vmr_space		*top;
	const struct vmr_space		*space;
	const struct vmr_region		*window;	/* NULL at the top */
	const struct vmr_range		*range;		/* the next */
	uint64_t			start;		/* of this level */
	uint64_t			last;
	uint64_t			at;	/* first address still to tell of */
	bool				more;	/* whether there is one */
};

static const struct vmr_space *space_behind(const struct vmr_region *window)
{
	const struct vmr_bus *bus = window->device->bus;

	return window->io == VMR_PIO ? &bus->pio : &bus->mmio;
}

static bool around(const struct vmr_region *outer,
		   const struct vmr_region *inner)
{
	return outer->type == VMR_REGION_WINDOW && outer->io == inner->io &&
	       vmr_range_state(&outer->range) == VMR_LIVE &&
	       outer->range.start <= inner->range.start &&
	       outer->range.last >= inner->range.last;
}

/* The window of the bus that @inner's device is on, around it */
static const struct vmr_region *window_around(const struct vmr_region *inner)
{
	const struct vmr_region *region =
		inner->device->parent->dev->regions;

	while (region && !around(region, inner))
		region = region->next;
	return region;
}

static void enter_level(struct walk *w, const struct vmr_region *window)
{
	w->window = window;
	w->space = window ? space_behind(window) : w->top;
	w->start = window ? window->range.start : w->top->start;
	w->last = window ? window->range.last : w->top->last;
}

static void begin_level(struct walk *w, const struct vmr_region *window)
{
	enter_level(w, window);
	w->range = vmr_find_overlap(w->space, w->start, w->last);
	w->at = w->start;
	w->more = true;
}

static void pass(struct walk *w, const struct vmr_range *range)
{
	w->at = range->last + 1;
	w->more = range->last < w->last;
	w->range = vmr_next_range(range);
}

static bool leads_on(const struct walk *w, const struct vmr_range *range)
{
	const struct vmr_region *region = region_of(range);

	return w->level.sort == REGIONS &&
	       !(w->level.map->flags & VMR_MAP_FLAT) &&
	       region->type == VMR_REGION_WINDOW && region->device &&
	       region->device->bus && range->start >= w->start &&
	       range->last <= w->last;
}

static void walk_range(struct walk *w)
{
	const struct vmr_range *range = w->range;

	if (range->start > w->at)
		map_gap(&w->level, w->space, w->at, range->start - 1);
	map_range(&w->level, range);
	if (w->level.sort == IDS)
		map_sharers(&w->level, range);
	if (leads_on(w, range)) {
		w->level.depth++;
		begin_level(w, region_of(range));
	} else {
		pass(w, range);
	}
}

/* A level is over; whether there is one above */
static bool walk_up(struct walk *w)
{
	const struct vmr_region *window = w->window;

	if (w->more)
		map_gap(&w->level, w->space, w->at, w->last);
	map_claims(&w->level, w->space, w->start, w->last);
	if (!window)
		return false;
	w->level.depth--;
	enter_level(w, w->level.depth ? window_around(window) : NULL);
	pass(w, &window->range);
	return true;
}

static int map_any(const struct vmr_map *map, const struct vmr_space *space,
		   enum sort sort, unsigned int digits)
{
	struct walk w = {
		.level = { .map = map, .sort = sort, .digits = digits },
		.top = space,
	};

	if (!map || !map->line || !space)
		return -EINVAL;
	begin_level(&w, NULL);
	do {
		while (w.range && w.range->start <= w.last)
			walk_range(&w);
	} while (walk_up(&w));
	return 0;
}

static unsigned int digits_of(const struct vmr_space *space)
{
	unsigned int digits = space ? hex_digits(space->last) : 0;

	return digits < PIO_DIGITS ? PIO_DIGITS : digits;
}

int vmr_map_regions(const struct vmr_map *map, const struct vmr_space *space)
{
	return map_any(map, space, REGIONS, digits_of(space));
}
EXPORT_SYMBOL_GPL(vmr_map_regions);

int vmr_map_space(const struct vmr_map *map, const struct vmr_space *space)
{
	return map_any(map, space, ADDRESSES, digits_of(space));
}
EXPORT_SYMBOL_GPL(vmr_map_space);

int vmr_map_ids(const struct vmr_map *map, const struct vmr_ids *ids)
{
	return map_any(map, ids ? &ids->space : NULL, IDS, 0);
}
EXPORT_SYMBOL_GPL(vmr_map_ids);

static void map_section(const struct vmr_map *map, const char *title,
			const struct vmr_space *space, enum sort sort)
{
	const struct level level = { .map = map };
	struct vmr_map below = *map;

	map_title(&level, title);
	below.depth++;
	map_any(&below, space, sort, digits_of(space));
}

int vmr_map_system(const struct vmr_map *map)
{
	const struct vmr_system *sys;

	if (!map || !map->line || !map->manager)
		return -EINVAL;
	sys = map->manager->sys;
	map_section(map, "i/o ports", &sys->pio, REGIONS);
	map_section(map, "guest physical addresses", &sys->mmio, REGIONS);
	map_section(map, "interrupts", &sys->irqs.space, IDS);
	if (sys->has_vectors)
		map_section(map, "interrupt vectors", &sys->vectors.space, IDS);
	map_section(map, "memory slots", &sys->slots.space, IDS);
	map_section(map, "pci addresses", &sys->pci.space, ADDRESSES);
	map_section(map, "devices", &sys->ids.space, IDS);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_map_system);

size_t vmr_describe_range(const struct vmr_manager *manager, uint32_t kind,
			  const struct vmr_range *range, char *buf, size_t size)
{
	const struct vmr_map map = { .manager = manager };
	struct level l = { .map = &map, .sort = IDS };
	struct text t = { .buf = buf, .size = size };

	if (size)
		buf[0] = 0;
	if (!range)
		return 0;
	if (kind == VMR_KIND_PIO || kind == VMR_KIND_MMIO ||
	    kind == VMR_KIND_MEM) {
		l.sort = REGIONS;
		l.digits = kind == VMR_KIND_PIO ? PIO_DIGITS : MMIO_DIGITS;
	}
	put_place(&t, &l, range->start, range->last);
	put_owner(&t, &l, range);
	if (l.sort == REGIONS)
		put_region_notes(&t, region_of(range));
	return t.len;
}
EXPORT_SYMBOL_GPL(vmr_describe_range);

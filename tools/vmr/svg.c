// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * svg.c - a drawing of a machine's guest physical addresses
 *
 * The highest address is at the top. The height of a box is logarithmic in the size
 * of its range. Devices behind a bridge are inside the bridge's window. A colour says
 * what sort of memory a box is.
 */
#include <stdlib.h>
#include <string.h>

#include "vmr.h"

#define MARGIN		20
#define TITLE		58
#define LEFT		150	/* room for addresses */
#define WIDTH		440	/* of the boxes */
#define INSET		12	/* of a box in a window */
#define HEAD		20	/* of a window, for its name */
#define LEAST_LOG	12	/* a smaller box is as tall as a page */
#define FONT		11
#define LINE		16
#define BOX		16	/* height of a page */

enum sort {
	SORT_MEMORY,
	SORT_RESERVED,
	SORT_WINDOW,
	SORT_PREFETCHABLE,
	SORT_64BIT,
	SORT_32BIT,
	SORT_PLATFORM,
	SORT_FREE,
	NR_SORTS,
};

static const struct {
	const char	*colour;
	const char	*name;
} sorts[NR_SORTS] = {
	[SORT_MEMORY] = { "#c6dbef", "memory" },
	[SORT_RESERVED] = { "#d9d9d9", "reserved" },
	[SORT_WINDOW] = { "#f5f5f5", "window of a bridge" },
	[SORT_PREFETCHABLE] = { "#c7e9c0", "BAR, 64-bit prefetchable" },
	[SORT_64BIT] = { "#fff7bc", "BAR, 64-bit" },
	[SORT_32BIT] = { "#fdd0a2", "BAR or ROM, 32-bit" },
	[SORT_PLATFORM] = { "#dadaeb", "platform" },
	[SORT_FREE] = { "#ffffff", "free" },
};

/* A box of the drawing: an entry of the map, or free addresses */
struct box {
	const struct map_entry	*entry;
	uint64_t		start;
	uint64_t		last;
	unsigned int		depth;
	size_t			inside;	/* number of entries in it */
	unsigned int		height;
};

struct drawing {
	struct plan	*plan;
	FILE		*out;
	struct box	*boxes;
	size_t		nr;
	size_t		max;
};

static void put_text(FILE *out, const char *text)
{
	for (; *text; text++) {
		unsigned char c = *text;

		if (c == '<')
			fputs("&lt;", out);
		else if (c == '&')
			fputs("&amp;", out);
		else if (c == '>')
			fputs("&gt;", out);
		else
			fputc(c < 0x20 || c > 0x7e ? '?' : c, out);
	}
}

static enum sort sort_of(const struct box *box)
{
	const struct plan_resource *r;

	if (!box->entry)
		return SORT_FREE;
	if (box->entry->memory)
		return SORT_MEMORY;
	if (!box->entry->device)
		return SORT_RESERVED;
	r = box->entry->resource;
	if (r->window)
		return SORT_WINDOW;
	if (r->platform)
		return SORT_PLATFORM;
	if (!(r->flags & VMR_64BIT))
		return SORT_32BIT;
	return r->flags & VMR_PREFETCHABLE ? SORT_PREFETCHABLE : SORT_64BIT;
}

static unsigned int box_height(uint64_t start, uint64_t last)
{
	uint64_t size = last - start;
	unsigned int log = 0;

	while (log < 63 && size >> (log + 1))
		log++;
	return BOX + (log > LEAST_LOG ? log - LEAST_LOG : 0);
}

static void push_box(struct drawing *d, const struct map_entry *entry,
		     uint64_t start, uint64_t last, unsigned int depth)
{
	if (d->nr == d->max) {
		d->max = d->max ? 2 * d->max : 64;
		d->boxes = xcheck(realloc(d->boxes,
					  d->max * sizeof(*d->boxes)));
	}
	d->boxes[d->nr++] = (struct box) {
		entry, start, last, depth, 0, box_height(start, last),
	};
}

static void push_gap(struct drawing *d, uint64_t start, uint64_t last)
{
	uint64_t end;

	for (;;) {
		end = last;
		free_name(d->plan, VMR_KIND_MMIO, start, &end);
		push_box(d, NULL, start, end, 0);
		if (end == last)
			return;
		start = end + 1;
	}
}

/* Boxes for the entries and for the gaps between those at the roots */
static void make_boxes(struct drawing *d, const struct map *map)
{
	const struct vmr_space *space = &d->plan->sys.mmio;
	uint64_t next = space->start;
	bool to_end = true;
	size_t i;

	for (i = 0; i < map->nr; i++) {
		const struct map_entry *e = &map->list[i];

		if (!e->depth && e->start > next)
			push_gap(d, next, e->start - 1);
		push_box(d, e, e->start, e->last, e->depth);
		if (!e->depth) {
			next = e->last + 1;
			to_end = e->last < space->last;
		}
	}
	if (to_end)
		push_gap(d, next, space->last);
}

/* A window is as tall as its contents; from the innermost outwards */
static void size_boxes(struct drawing *d)
{
	size_t i = d->nr, j;

	while (i--) {
		struct box *box = &d->boxes[i];
		unsigned int inner = 0;

		for (j = i + 1; j < d->nr && d->boxes[j].depth > box->depth;
		     j += 1 + d->boxes[j].inside)
			inner += d->boxes[j].height;
		box->inside = j - i - 1;
		if (box->inside)
			box->height = HEAD + inner + INSET / 2;
	}
}

static void put_label(const struct drawing *d, const struct box *box)
{
	const struct map_entry *e = box->entry;
	uint64_t last = box->last;
	const char *name;

	if (!e) {
		name = free_name(d->plan, VMR_KIND_MMIO, box->start, &last);
		fputs(name ? "free, " : "free", d->out);
		put_text(d->out, name ? name : "");
		return;
	}
	if (e->device) {
		put_text(d->out, e->device->name);
		fputs(": ", d->out);
		put_text(d->out, e->resource->name);
	} else {
		put_text(d->out, e->name ? e->name : "memory");
	}
}

static void draw_box(const struct drawing *d, const struct box *box,
		     unsigned int y)
{
	const unsigned int inset = box->depth * INSET;
	const unsigned int x = MARGIN + LEFT + inset;
	const unsigned int text = y + (box->inside ? HEAD - 7 :
				       box->height / 2 + 4);

	fprintf(d->out, "<rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\"", x,
		y, WIDTH - 2 * inset, box->height);
	fprintf(d->out, " fill=\"%s\" stroke=\"#555\" stroke-width=\"0.5\"/>\n",
		sorts[sort_of(box)].colour);
	fprintf(d->out, "<text x=\"%u\" y=\"%u\">", x + 6, text);
	put_label(d, box);
	fprintf(d->out, "</text>\n<text x=\"%u\" y=\"%u\" text-anchor=\"end\">%s</text>\n",
		x + WIDTH - 2 * inset - 6, text,
		size_text(box->last - box->start + 1));
	if (box->inside)
		return;
	fprintf(d->out, "<text x=\"%u\" y=\"%u\" text-anchor=\"end\"",
		MARGIN + LEFT - 6, y + box->height - 2);
	fprintf(d->out, " font-family=\"monospace\">%llx</text>\n",
		(unsigned long long)box->start);
}

/* Boxes are in ascending order; each level is drawn downwards from its end. */
static void draw_boxes(const struct drawing *d, unsigned int bottom)
{
	unsigned int *ends = xcheck(calloc(d->nr + 2, sizeof(*ends)));
	size_t i;

	ends[0] = bottom;
	for (i = 0; i < d->nr; i++) {
		const struct box *box = &d->boxes[i];

		ends[box->depth] -= box->height;
		draw_box(d, box, ends[box->depth]);
		ends[box->depth + 1] = ends[box->depth] + box->height -
				       INSET / 2;
	}
	free(ends);
}

static unsigned int failed_count(const struct plan *plan)
{
	const struct plan_device *device;
	unsigned int nr = 0;

	for_each_device(device, plan)
		nr += !device->excluded && !is_placed(device);
	return nr;
}

static void draw_failed(const struct plan *plan, unsigned int y, FILE *out)
{
	const struct plan_device *device;

	for_each_device(device, plan) {
		if (device->excluded || is_placed(device))
			continue;
		fprintf(out,
			"<text x=\"%u\" y=\"%u\" fill=\"#b00\">not placed: ",
			MARGIN, y);
		put_text(out, device->name);
		if (device->failed && device->failed_resource) {
			fputs(", ", out);
			put_text(out, device->failed_resource->name);
			fprintf(out, " of %s",
				size_text(device->failed_resource->size));
		}
		fputs("</text>\n", out);
		y += LINE;
	}
}

static void draw_legend(unsigned int y, FILE *out)
{
	unsigned int i;

	for (i = 0; i < NR_SORTS; i++, y += LINE) {
		fprintf(out, "<rect x=\"%u\" y=\"%u\" width=\"12\" height=\"12\"",
			MARGIN, y);
		fprintf(out, " fill=\"%s\" stroke=\"#555\" stroke-width=\"0.5\"/>\n",
			sorts[i].colour);
		fprintf(out, "<text x=\"%u\" y=\"%u\">%s</text>\n",
			MARGIN + 18, y + 10, sorts[i].name);
	}
}

/* How tall boxes of some sizes are, on their own */
static void draw_scale(unsigned int y, FILE *out)
{
	static const uint64_t sizes[] = {
		1ull << 12, 1ull << 20, 1ull << 30, 1ull << 40,
	};
	unsigned int x = MARGIN + LEFT + 60, i;

	fprintf(out, "<text x=\"%u\" y=\"%u\">scale: a pixel for each doubling</text>\n",
		x, y + 10);
	for (i = 0; i < NR(sizes); i++, x += 70) {
		unsigned int height = box_height(0, sizes[i] - 1);

		fprintf(out, "<rect x=\"%u\" y=\"%u\" width=\"12\" height=\"%u\"", x,
			y + LINE, height);
		fputs(" fill=\"#ffffff\" stroke=\"#555\" stroke-width=\"0.5\"/>\n",
		      out);
		fprintf(out, "<text x=\"%u\" y=\"%u\">%s</text>\n", x + 16,
			y + LINE + 11, size_text(sizes[i]));
	}
}

static void draw_head(const struct plan *plan, unsigned int width,
		      unsigned int height, FILE *out)
{
	static const char *const colours[] = { "#060", "#b00", "#000", "#850" };
	char *verdict = verdict_text(plan);

	fputs("<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\"", out);
	fputs(" aria-labelledby=\"title desc\"", out);
	fprintf(out, " width=\"%u\" height=\"%u\" viewBox=\"0 0 %u %u\"", width,
		height, width, height);
	fprintf(out, " font-family=\"sans-serif\" font-size=\"%u\">\n", FONT);
	fputs("<title id=\"title\">", out);
	put_text(out, verdict);
	fputs("</title>\n<desc id=\"desc\">", out);
	fprintf(out, "The guest physical addresses of a machine of type %s with ",
		plan->machine.name);
	fprintf(out, "%u-bit addresses and %s of memory, the highest at the top: ",
		plan->config.phys_bits, size_text(plan->machine.ram));
	put_text(out, "memory, reserved addresses, the BARs of the devices, and gaps.");
	fprintf(out, "</desc>\n<rect width=\"%u\" height=\"%u\" fill=\"#fff\"/>\n",
		width, height);
	fprintf(out, "<text x=\"%u\" y=\"%u\" font-size=\"14\"", MARGIN,
		MARGIN + 4);
	fprintf(out, " font-weight=\"bold\" fill=\"%s\">",
		colours[verdict_of(plan)]);
	put_text(out, verdict);
	fprintf(out, "</text>\n<text x=\"%u\" y=\"%u\" font-size=\"12\">",
		MARGIN, MARGIN + 24);
	fprintf(out, "%s, %u-bit addresses, %s of memory</text>\n",
		plan->machine.name, plan->config.phys_bits,
		size_text(plan->machine.ram));
	free(verdict);
}

void show_svg(struct plan *plan, FILE *out)
{
	struct drawing d = { .plan = plan, .out = out };
	struct map map = make_map(plan, VMR_KIND_MMIO);
	unsigned int heights = 0, failed = failed_count(plan) * LINE;
	size_t i;

	make_boxes(&d, &map);
	size_boxes(&d);
	for (i = 0; i < d.nr; i++)
		if (!d.boxes[i].depth)
			heights += d.boxes[i].height;
	draw_head(plan, 2 * MARGIN + LEFT + WIDTH, TITLE + heights + failed +
		  NR_SORTS * LINE + 3 * MARGIN, out);
	draw_boxes(&d, TITLE + heights);
	draw_failed(plan, TITLE + heights + MARGIN, out);
	draw_legend(TITLE + heights + failed + MARGIN, out);
	draw_scale(TITLE + heights + failed + MARGIN, out);
	fputs("</svg>\n", out);
	free(d.boxes);
	free(map.list);
}

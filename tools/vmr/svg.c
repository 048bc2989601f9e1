// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * svg.c - a drawing of a machine's guest physical addresses
 *
 * The highest address is at the top. The height of a box is logarithmic in the size
 * of its range. Devices behind a bridge are inside the bridge's window.
 */
#include <stdlib.h>
#include <string.h>

#include "vmr.h"

#define MARGIN		20
#define TITLE		34
#define LEFT		150	/* room for addresses */
#define WIDTH		440	/* of the boxes */
#define INSET		12	/* of what is inside a window */
#define HEAD		20	/* of a window, for its name */
#define LEAST_LOG	12	/* what is smaller is as tall as a page */
#define FONT		11

/* A level of the map: a space, or the part of one that a window shows */
struct level {
	const struct vmr_space	*space;
	uint64_t		start;
	uint64_t		last;
	unsigned int		depth;
};

/* Something on a level: a range, or free addresses if there is none */
struct box {
	const struct vmr_region	*region;
	uint64_t		start;
	uint64_t		last;
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

static const struct vmr_region *region_of(const struct vmr_range *range)
{
	return (const void *)((const char *)range -
			      offsetof(struct vmr_region, range));
}

static struct level level_behind(const struct box *box, unsigned int depth)
{
	return (struct level) {
		.space = &box->region->device->subordinate->mmio,
		.start = box->start,
		.last = box->last,
		.depth = depth + 1,
	};
}

/* The range or gap at or directly below an address */
static struct box box_at(const struct level *level, uint64_t addr)
{
	struct vmr_range *range = vmr_find(level->space, addr);
	struct vmr_gap gap;

	if (range)
		return (struct box) {
			region_of(range), range->start, range->last,
		};
	if (!vmr_last_gap_at_or_below(level->space, addr, &gap) ||
	    gap.last < addr)
		return (struct box) { NULL, level->start, addr };
	return (struct box) {
		NULL, gap.start > level->start ? gap.start : level->start, addr,
	};
}

static bool is_window(const struct box *box)
{
	return box->region && box->region->type == VMR_REGION_WINDOW;
}

static unsigned int box_height(const struct box *box)
{
	uint64_t size = box->last - box->start;
	unsigned int log = 0;

	while (log < 63 && size >> (log + 1))
		log++;
	return 16 + (log > LEAST_LOG ? log - LEAST_LOG : 0);
}

static unsigned int full_height(const struct box *box, unsigned int depth);

static unsigned int level_height(const struct level *level)
{
	unsigned int height = 0;
	uint64_t addr = level->last;
	struct box box;

	for (;;) {
		box = box_at(level, addr);
		height += full_height(&box, level->depth);
		if (box.start <= level->start)
			return height;
		addr = box.start - 1;
	}
}

static unsigned int full_height(const struct box *box, unsigned int depth)
{
	struct level inside;

	if (!is_window(box))
		return box_height(box);
	inside = level_behind(box, depth);
	return HEAD + level_height(&inside) + INSET / 2;
}

/* One colour to a device, the same for all of its regions */
static const char *colour_of(const struct plan *plan, const struct box *box)
{
	static const char *const colours[] = {
		"#fdd0a2", "#c7e9c0", "#dadaeb", "#fcc5c0", "#fff7bc",
		"#ccebc5", "#d9d9f3", "#f7d4e4",
	};
	const struct plan_device *device;
	size_t i = 0;

	if (!box->region)
		return "#ffffff";
	if (box->region->type == VMR_REGION_MEMORY)
		return "#c6dbef";
	if (box->region->type == VMR_REGION_RESERVED)
		return "#d9d9d9";
	if (is_window(box))
		return "#f5f5f5";
	for_each_device(device, plan) {
		if (&device->dev == box->region->device)
			break;
		i++;
	}
	return colours[i % NR(colours)];
}

static void put_label(const struct plan *plan, const struct level *level,
		      const struct box *box, FILE *out)
{
	const struct vmr_region *region = box->region;
	uint64_t last;
	size_t i;

	if (region) {
		if (region->device)
			put_text(out, region->device->name);
		if (region->device && region->name)
			fputs(": ", out);
		if (region->name)
			put_text(out, region->name);
		return;
	}
	fputs("free", out);
	for (i = 0; !level->depth && i < plan->sys.nr_pools; i++) {
		const struct vmr_pool *pool = &plan->sys.pools[i].pool;

		last = pool->last < box->last ? pool->last : box->last;
		if (pool->space == level->space && pool->name &&
		    pool->start <= last && last >= box->start &&
		    plan->sys.pools[i].kinds & 1u << VMR_KIND_MMIO) {
			fputs(", ", out);
			put_text(out, pool->name);
		}
	}
}

static void draw_box(const struct plan *plan, const struct level *level,
		     const struct box *box, unsigned int y, unsigned int height,
		     FILE *out)
{
	const unsigned int inset = level->depth * INSET;
	const unsigned int x = MARGIN + LEFT + inset;
	const unsigned int text = is_window(box) ? y + HEAD - 6 :
						   y + height / 2 + 4;

	fprintf(out, "<rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\"", x, y,
		WIDTH - 2 * inset, height);
	fprintf(out, " fill=\"%s\" stroke=\"#555\"%s/>\n",
		colour_of(plan, box),
		box->region ? "" : " stroke-dasharray=\"3 3\"");
	fprintf(out, "<text x=\"%u\" y=\"%u\"%s>", x + 6, text,
		box->region ? "" : " fill=\"#888\"");
	put_label(plan, level, box, out);
	fputs("</text>\n", out);
	fprintf(out,
		"<text x=\"%u\" y=\"%u\" text-anchor=\"end\"%s>%s</text>\n",
		x + WIDTH - 2 * inset - 6, text,
		box->region ? "" : " fill=\"#888\"",
		size_text(box->last - box->start + 1));
	if (is_window(box))
		return;
	fprintf(out, "<text x=\"%u\" y=\"%u\" text-anchor=\"end\"",
		MARGIN + LEFT - 6, y + height - 2);
	fprintf(out, " font-family=\"monospace\">%llx</text>\n",
		(unsigned long long)box->start);
}

static void draw_level(const struct plan *plan, const struct level *level,
		       unsigned int y, FILE *out)
{
	uint64_t addr = level->last;
	struct level inside;
	struct box box;
	unsigned int height;

	for (;;) {
		box = box_at(level, addr);
		height = full_height(&box, level->depth);
		draw_box(plan, level, &box, y, height, out);
		if (is_window(&box)) {
			inside = level_behind(&box, level->depth);
			draw_level(plan, &inside, y + HEAD, out);
		}
		y += height;
		if (box.start <= level->start)
			return;
		addr = box.start - 1;
	}
}

static bool is_placed(const struct plan_device *device)
{
	for (; device; device = device->behind)
		if (device->failed)
			return false;
	return true;
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
		y += 16;
	}
}

void show_svg(struct plan *plan, FILE *out)
{
	const struct level root = {
		.space = &plan->sys.mmio, .start = plan->sys.mmio.start,
		.last = plan->sys.mmio.last,
	};
	const unsigned int map = level_height(&root);
	const unsigned int width = 2 * MARGIN + LEFT + WIDTH;
	unsigned int height = TITLE + map + 2 * MARGIN;
	const struct plan_device *device;

	for_each_device(device, plan)
		if (!device->excluded && !is_placed(device))
			height += 16;
	fputs("<svg xmlns=\"http://www.w3.org/2000/svg\"", out);
	fprintf(out, " width=\"%u\" height=\"%u\" viewBox=\"0 0 %u %u\"", width,
		height, width, height);
	fprintf(out, " font-family=\"sans-serif\" font-size=\"%u\">\n", FONT);
	fprintf(out, "<rect width=\"%u\" height=\"%u\" fill=\"#fff\"/>\n", width,
		height);
	fprintf(out, "<text x=\"%u\" y=\"%u\" font-size=\"14\">", MARGIN,
		MARGIN + 4);
	fprintf(out, "%s, %u-bit addresses, %s of memory</text>\n",
		plan->machine.name, plan->config.phys_bits,
		size_text(plan->machine.ram));
	draw_level(plan, &root, TITLE, out);
	draw_failed(plan, TITLE + map + MARGIN, out);
	fputs("</svg>\n", out);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * print_text.c - a plan as text: the verdict, what is missing, then the map
 */
#include <stdlib.h>
#include <string.h>

#include "vmr.h"

/* Break a line at blanks; further lines are indented. */
void put_wrapped(FILE *out, unsigned int width, unsigned int indent,
		 const char *text)
{
	size_t len = strlen(text), room = width, cut;

	for (;;) {
		if (len <= room) {
			fprintf(out, "%s\n", text);
			return;
		}
		for (cut = room; cut && text[cut] != ' '; cut--)
			;
		if (cut <= strspn(text, " "))
			cut = room + strcspn(text + room, " ");
		fprintf(out, "%.*s\n", (int)cut, text);
		text += cut + strspn(text + cut, " ");
		len = strlen(text);
		if (!len)
			return;
		fprintf(out, "%*s", (int)indent, "");
		room = width > indent + 20 ? width - indent : 20;
	}
}

static void put_line(FILE *out, unsigned int width, unsigned int indent,
		     char *text)
{
	put_wrapped(out, width, indent, text);
	free(text);
}

/* The largest unit in which each size of a column is a whole number */
static unsigned int unit_of(const struct map *map)
{
	uint64_t all = 0;
	unsigned int unit = 0;
	size_t i;

	for (i = 0; i < map->nr; i++)
		all |= map->list[i].last - map->list[i].start + 1;
	while (unit < 3 && all && !(all & ((1024ull << 10 * unit) - 1)))
		unit++;
	return unit;
}

static void group_digits(uint64_t n, char *text, size_t size)
{
	char digits[24];
	size_t len, i, at = 0;

	len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);
	for (i = 0; i < len && at + 2 < size; i++) {
		if (i && (len - i) % 3 == 0)
			text[at++] = ',';
		text[at++] = digits[i];
	}
	text[at] = 0;
}

struct columns {
	FILE		*out;
	unsigned int	width;
	unsigned int	digits;
	unsigned int	unit;
};

static void put_row(const struct columns *c, uint64_t start, uint64_t last,
		    unsigned int depth, const char *label)
{
	uint64_t size = last - start + 1;
	char number[32];
	char *row;

	group_digits(size ? size >> 10 * c->unit : 1ull << (64 - 10 * c->unit),
		     number, sizeof(number));
	row = xprintf("  %0*llx-%0*llx %15s  %*s%s", (int)c->digits,
		      (unsigned long long)start, (int)c->digits,
		      (unsigned long long)last, number, (int)(2 * depth), "",
		      label);
	put_line(c->out, c->width, 2 * c->digits + 23 + 2 * depth, row);
}

static char *label_of(const struct map_entry *e)
{
	if (e->memory)
		return xprintf("ram: %s", e->name ? e->name : "memory");
	if (!e->device)
		return xprintf("%s (reserved)", e->name ? e->name : "?");
	return xprintf("%s: %s", e->device->name, e->resource->name);
}

static void put_gap(const struct plan *plan, const struct columns *c,
		    uint32_t kind, uint64_t start, uint64_t last)
{
	uint64_t end;

	for (;;) {
		const char *name;
		char *label;

		end = last;
		name = free_name(plan, kind, start, &end);
		label = name ? xprintf("free, %s", name) : xprintf("free");
		put_row(c, start, end, 0, label);
		free(label);
		if (end == last)
			return;
		start = end + 1;
	}
}

static void show_map(struct plan *plan, FILE *out, uint32_t kind,
		     const struct text_options *o)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB" };
	const struct vmr_space *space = kind == VMR_KIND_PIO ? &plan->sys.pio :
							       &plan->sys.mmio;
	struct map map = make_map(plan, kind);
	struct columns c = { out, o->width, kind == VMR_KIND_PIO ? 4 : 10,
			     kind == VMR_KIND_PIO ? 0 : unit_of(&map) };
	uint64_t next = space->start;
	bool to_end = true;
	size_t i;

	while (c.digits < 16 && space->last >> 4 * c.digits)
		c.digits++;
	if (map.nr || o->gaps) {
		fprintf(out, "%-*s%s\n", (int)(2 * c.digits + 19 -
					       strlen(units[c.unit])),
			kind == VMR_KIND_PIO ? "i/o ports" :
					       "guest physical addresses",
			kind == VMR_KIND_PIO ? "ports" : units[c.unit]);
	}
	for (i = 0; i < map.nr; i++) {
		const struct map_entry *e = &map.list[i];
		char *label = label_of(e);

		if (!e->depth && o->gaps && e->start > next)
			put_gap(plan, &c, kind, next, e->start - 1);
		put_row(&c, e->start, e->last, e->depth, label);
		free(label);
		if (!e->depth) {
			next = e->last + 1;
			to_end = e->last < space->last;
		}
	}
	if (o->gaps && to_end)
		put_gap(plan, &c, kind, next, space->last);
	free(map.list);
}

static void show_interrupts(struct plan *plan, FILE *out)
{
	struct plan_resource *resource;
	struct plan_device *device;
	bool any = false;

	for_each_device(device, plan) {
		if (!is_placed(device))
			continue;
		for_each_resource(resource, device) {
			const struct vmr_range *range;
			unsigned long long first;

			if (is_address(resource->kind))
				continue;
			if (!any)
				fputs("interrupts\n", out);
			any = true;
			range = resource->flags & VMR_SHARED ?
				&resource->sharer.irq->range :
				range_of_resource(resource);
			first = range->start;
			fprintf(out, "  %4llu-%-4llu  %s: %s\n", first,
				(unsigned long long)range->last, device->name,
				resource->name);
		}
	}
}

void pci_text(char *text, size_t size, uint32_t pci)
{
	if (pci >> 16)
		snprintf(text, size, "%04x:%02x:%02x.%x", pci >> 16,
			 pci >> 8 & 255, pci >> 3 & 31, pci & 7);
	else
		snprintf(text, size, "%02x:%02x.%x", pci >> 8 & 255,
			 pci >> 3 & 31, pci & 7);
}

static void show_pci(const struct plan *plan, FILE *out, unsigned int width)
{
	const struct plan_device *device;
	char address[24];
	bool any = false;

	for_each_device(device, plan) {
		char *buses = NULL;

		if (!is_placed(device) || !device->has_address)
			continue;
		if (!any)
			fputs("pci addresses\n", out);
		any = true;
		pci_text(address, sizeof(address), device->pci);
		if (device->is_bridge && device->last_bus > device->bus_number)
			buses = xprintf(" (bridge to buses %02x to %02x)",
					device->bus_number, device->last_bus);
		else if (device->is_bridge)
			buses = xprintf(" (bridge to bus %02x)",
					device->bus_number);
		put_line(out, width, 12,
			 xprintf("  %s  %s%s%s%s", address, device->name,
				 buses ? buses : "", device->what ? ", " : "",
				 device->what ? device->what : ""));
		free(buses);
	}
}

static char *resource_text(const struct plan_resource *r)
{
	const bool aligned = r->align > 1 && r->align != r->size && !r->fixed;
	char *size, *text;

	if (r->kind == VMR_KIND_MMIO)
		size = xprintf(", %s%s%s", size_text(r->size),
			       r->flags & VMR_64BIT ? ", 64-bit" : "",
			       r->flags & VMR_PREFETCHABLE ? ", prefetchable" :
							     "");
	else if (r->kind == VMR_KIND_PIO)
		size = xprintf(", %llu ports", (unsigned long long)r->size);
	else
		size = r->size > 1 ? xprintf(", %llu of them",
					     (unsigned long long)r->size) :
				     xprintf("%s", "");
	text = xprintf("%s%s%s%s", r->name, size,
		       aligned ? ", aligned to " : "",
		       aligned ? size_text(r->align) : "");
	free(size);
	return text;
}

static void show_failed(const struct plan *plan, FILE *out, unsigned int width)
{
	const struct plan_device *device, *up;
	bool any = false;

	for_each_device(device, plan) {
		char *what = NULL;

		for (up = device; up && !up->failed; up = up->behind)
			;
		if (!up || device->excluded)
			continue;
		if (!any)
			fputs("not placed\n", out);
		any = true;
		if (up == device && device->failed_resource)
			what = resource_text(device->failed_resource);
		put_line(out, width, 4,
			 xprintf("  %s (%s:%u): %s%s%s", device->name,
				 device->file, device->line, what ? what : "",
				 what ? ": " : "", up == device ? device->why :
				 "its bridge has no place"));
		free(what);
	}
}

static void show_requirement(const struct plan *plan, size_t i, FILE *out,
			     unsigned int width)
{
	const struct window_requirement *r = &plan->requirements[i];
	uint64_t size = r->last - r->start + 1;
	char *text, *ends;

	ends = !r->has ? xprintf("; the machine has none") :
	       r->does ? xprintf("%s", "") :
	       xprintf("; the machine's ends at 0x%llx",
		       (unsigned long long)
		       pool_of_requirement(plan, i)->pool.last);
	text = i == 2 ? xprintf("%llu ports", (unsigned long long)size) :
	       i ? xprintf("%s", size_text(size)) :
	       xprintf("%s, %u-bit addresses", size_text(size), r->bits);
	put_line(out, width, 4,
		 xprintf("  %s: 0x%llx-0x%llx, %s%s", r->name,
			 (unsigned long long)r->start,
			 (unsigned long long)r->last, text, ends));
	free(text);
	free(ends);
}

static void show_requirements(const struct plan *plan, FILE *out,
			      unsigned int width)
{
	size_t i;

	fputs("smallest windows that would do\n", out);
	for (i = 0; i < NR(plan->requirements); i++)
		if (plan->requirements[i].any)
			show_requirement(plan, i, out, width);
}

static void show_verdict(const struct plan *plan, FILE *out,
			 const struct text_options *o)
{
	enum verdict verdict = verdict_of(plan);
	const char *colour = verdict == VERDICT_FITS ? "32" :
			     verdict == VERDICT_DOES_NOT ? "31" : "33";
	char *text = verdict_text(plan);

	if (o->colour)
		fprintf(out, "\33[1;%sm%s\33[0m\n", colour, text);
	else
		fprintf(out, "%s\n", text);
	free(text);
}

static void show_one_unknown(FILE *out, unsigned int width, const char *of,
			     const char *file, const struct plan_unknown *u)
{
	put_line(out, width, 4, xprintf("  %s: %s (%s:%u); shown by: %s", of,
					u->what, file, u->line, u->command));
}

static void show_unknown(const struct plan *plan, FILE *out,
			 unsigned int width)
{
	const struct plan_device *device;
	bool any = plan->nr_unknown;
	size_t i;

	if (any)
		fputs("missing\n", out);
	for (i = 0; i < plan->nr_unknown; i++)
		show_one_unknown(out, width, plan->unknown_file,
				 plan->unknown_file, &plan->unknown[i]);
	for_each_device(device, plan) {
		for (i = 0; i < device->nr_unknown && !device->excluded; i++) {
			if (!any)
				fputs("missing\n", out);
			any = true;
			show_one_unknown(out, width, device->name,
					 device->file, &device->unknown[i]);
		}
	}
}

static void show_remarks(const struct plan *plan, FILE *out,
			 unsigned int width)
{
	size_t i;

	for (i = 0; i < plan->nr_notes; i++)
		put_line(out, width, 4, xprintf("note: %s", plan->notes[i]));
	if (!plan->skipped)
		return;
	put_line(out, width, 4,
		 xprintf("skipped: %zu line%s without meaning to a plan, the first is %s:%u: %s",
			 plan->skipped, plan->skipped > 1 ? "s" : "",
			 plan->skipped_file, plan->skipped_line,
			 plan->skipped_text));
}

void show_text(struct plan *plan, FILE *out, const struct text_options *o)
{
	show_verdict(plan, out, o);
	fprintf(out, "%s, %u-bit addresses, %s of memory\n",
		plan->machine.name, plan->config.phys_bits,
		size_text(plan->machine.ram));
	show_unknown(plan, out, o->width);
	show_remarks(plan, out, o->width);
	show_map(plan, out, VMR_KIND_MMIO, o);
	show_map(plan, out, VMR_KIND_PIO, o);
	if (o->gaps)
		show_interrupts(plan, out);
	show_pci(plan, out, o->width);
	show_failed(plan, out, o->width);
	if (count_devices(plan).devices)
		show_requirements(plan, out, o->width);
	if (o->explain)
		show_explanation(plan, out, o->width);
	if (o->vmm) {
		fprintf(out, "options for %s\n", o->vmm);
		show_vmm_options(plan, o->vmm, out);
	}
}

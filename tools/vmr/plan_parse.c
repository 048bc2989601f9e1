// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * plan_parse.c - the planner's own files: a machine and devices, a statement to a line
 */
#include <stdlib.h>
#include <string.h>

#include "vmr.h"

#define MAX_WORDS	16
#define MAX_COUNT	1024

/* Where the reader is, and which devices the next statements are about */
struct reader {
	struct plan	*plan;
	const char	*file;
	unsigned int	line;
	size_t		nr;
	char		*words[MAX_WORDS + 1];
	struct plan_device	*group;
	size_t		count;
};

#define complain(r, ...) bad_input((r)->plan, (r)->file, (r)->line, __VA_ARGS__)

bool read_line(struct plan *plan, FILE *in, const char *name,
	       unsigned int line, char *text)
{
	size_t len;
	int c;

	if (!fgets(text, MAX_LINE, in))
		return false;
	len = strlen(text);
	if (len && text[len - 1] == '\n') {
		text[--len] = 0;
		if (len && text[len - 1] == '\r')
			text[len - 1] = 0;
		return true;
	}
	if (len < MAX_LINE - 1 && feof(in))
		return true;
	bad_input(plan, name, line, len < MAX_LINE - 1 ?
		  "the line has a 0 in it" : "the line is too long");
	while ((c = getc(in)) != EOF && c != '\n')
		;
	text[0] = 0;
	return true;
}

static bool number(struct reader *r, size_t i, const char *of, uint64_t *n)
{
	if (i >= r->nr)
		complain(r, "%s: the %s is missing", r->words[0], of);
	else if (!parse_number(r->words[i], n))
		complain(r, "\"%s\" is no %s", r->words[i], of);
	else
		return true;
	return false;
}

static bool number_to(struct reader *r, size_t i, const char *of, uint64_t min,
		      uint64_t max, uint64_t *n)
{
	if (!number(r, i, of, n))
		return false;
	if (*n >= min && *n <= max)
		return true;
	complain(r, "the %s is %llu to %llu, not %llu", of,
		 (unsigned long long)min, (unsigned long long)max,
		 (unsigned long long)*n);
	return false;
}

static bool size_pow2(struct reader *r, size_t i, uint64_t min, uint64_t max,
		      uint64_t *size)
{
	if (!number(r, i, "size", size))
		return false;
	if (is_pow2(*size) && *size >= min && *size <= max)
		return true;
	complain(r, "a %s is a power of two from %s to %s, not %s",
		 r->words[0], size_text(min), size_text(max), r->words[i]);
	return false;
}

static bool no_more(struct reader *r, size_t i)
{
	if (i >= r->nr)
		return true;
	complain(r, "%s: \"%s\" is not understood", r->words[0], r->words[i]);
	return false;
}

/*
 * The machine
 */

static void read_machine(struct reader *r)
{
	static const char *const known[] = {
		"x86-64", "arm64", "riscv64", "custom",
	};
	size_t i;

	if (r->nr < 2) {
		complain(r, "machine: its name is missing");
		return;
	}
	for (i = 0; i < NR(known); i++) {
		if (!strcmp(r->words[1], known[i])) {
			r->plan->machine.name = known[i];
			no_more(r, 2);
			return;
		}
	}
	complain(r, "\"%s\" is no machine: x86-64, arm64, riscv64 or custom",
		 r->words[1]);
}

static void read_memory(struct reader *r)
{
	struct machine *m = &r->plan->machine;
	uint64_t max = 0;

	if (!number_to(r, 1, "size", 1, VMR_ADDR_MAX, &m->ram) || r->nr < 3)
		return;
	if (strcmp(r->words[2], "max")) {
		no_more(r, 2);
	} else if (number_to(r, 3, "size", 1, VMR_ADDR_MAX, &max) &&
		   no_more(r, 4)) {
		if (max < m->ram)
			complain(r, "memory: less at most than there is");
		else
			m->ram_max = max;
	}
}

static void read_bits(struct reader *r)
{
	uint64_t bits;

	if (number_to(r, 1, "number of bits", 33, 64, &bits) && no_more(r, 2))
		r->plan->machine.bits = bits;
}

static struct config_span *
new_span(struct reader *r, struct config_spans *spans, size_t max, bool named)
{
	size_t at = named ? 2 : 1;
	struct config_span *given;

	if (r->nr <= at) {
		complain(r, named ? "%s: it takes a name and FIRST-LAST" :
				    "%s: FIRST-LAST is missing", r->words[0]);
		return NULL;
	}
	if (spans->nr == max) {
		complain(r, "there is no room for more than %zu of %s", max,
			 r->words[0]);
		return NULL;
	}
	given = &spans->list[spans->nr];
	memset(given, 0, sizeof(*given));
	if (!parse_span(r->words[at], &given->span)) {
		complain(r, "\"%s\" is no FIRST-LAST or FIRST+SIZE",
			 r->words[at]);
		return NULL;
	}
	given->span.name = xcheck(strdup(r->words[named ? 1 : 0]));
	given->line = r->line;
	spans->nr++;
	r->plan->machine.file = r->file;
	return given;
}

static void read_window(struct reader *r)
{
	struct config_span *given = new_span(r, &r->plan->machine.windows,
					     VMR_LAYOUT_MAX_WINDOWS, true);
	size_t i;

	if (!given)
		return;
	given->policy = VMR_LAST;
	for (i = 3; i < r->nr; i++) {
		if (!strcmp(r->words[i], "64bit"))
			given->flags |= VMR_64BIT;
		else if (!strcmp(r->words[i], "prefetchable"))
			given->flags |= VMR_PREFETCHABLE;
		else if (!strcmp(r->words[i], "bottom-up"))
			given->policy = VMR_FIRST;
		else
			no_more(r, i);
	}
}

static void read_ram(struct reader *r)
{
	if (new_span(r, &r->plan->machine.memory, VMR_LAYOUT_MAX_RAM, true))
		no_more(r, 3);
}

static void read_platform(struct reader *r)
{
	if (new_span(r, &r->plan->machine.platform, VMR_LAYOUT_MAX_PLATFORM,
		     true))
		no_more(r, 3);
}

/* A ready-made machine has some holes already */
static void read_hole(struct reader *r)
{
	if (new_span(r, &r->plan->machine.holes, VMR_LAYOUT_MAX_RESERVED - 4,
		     true))
		no_more(r, 3);
}

static void read_ports(struct reader *r)
{
	if (new_span(r, &r->plan->machine.ports, 1, false))
		no_more(r, 2);
}

/*
 * The devices
 */

/* The bridge that the i-th of a group is behind: a group too, or one for all */
static struct plan_device *bridge_for(struct reader *r, const char *name,
				      size_t i)
{
	struct plan_device *bridge = find_device(r->plan, name);
	char numbered[80];

	if (!bridge) {
		snprintf(numbered, sizeof(numbered), "%s%zu", name, i);
		bridge = find_device(r->plan, numbered);
	}
	if (bridge && bridge->is_bridge)
		return bridge;
	complain(r, "there is no bridge %s above", name);
	return NULL;
}

static bool read_options(struct reader *r, uint64_t *count, const char **on)
{
	size_t i = 2;

	*count = 0;
	*on = NULL;
	while (i < r->nr) {
		if (!strcmp(r->words[i], "count")) {
			if (!number_to(r, i + 1, "count", 1, MAX_COUNT, count))
				return false;
		} else if (!strcmp(r->words[i], "on")) {
			if (i + 1 == r->nr) {
				complain(r, "on which bridge?");
				return false;
			}
			*on = r->words[i + 1];
		} else {
			return no_more(r, i);
		}
		i += 2;
	}
	return true;
}

static void read_devices(struct reader *r, bool is_bridge)
{
	struct plan_device *device;
	char name[80];
	uint64_t count, i;
	const char *on;

	r->group = NULL;
	r->count = 0;
	if (r->nr < 2) {
		complain(r, "%s: its name is missing", r->words[0]);
		return;
	}
	if (strlen(r->words[1]) > 63) {
		complain(r, "a name has at most 63 bytes");
		return;
	}
	if (!read_options(r, &count, &on))
		return;
	for (i = 0; i < (count ? count : 1); i++) {
		struct plan_device *bridge = on ? bridge_for(r, on, i) : NULL;

		if (on && !bridge)
			return;
		snprintf(name, sizeof(name), count ? "%s%llu" : "%s",
			 r->words[1], (unsigned long long)i);
		device = add_device(r->plan, name, r->file, r->line);
		device->is_bridge = is_bridge;
		device->behind = bridge;
		device->depth = bridge ? bridge->depth + 1 : 0;
		if (!r->group)
			r->group = device;
		r->count++;
	}
}

static void read_device(struct reader *r)
{
	read_devices(r, false);
}

static void read_bridge(struct reader *r)
{
	read_devices(r, true);
}

/* Give each of the group a resource, by the pattern that has been read */
static void submit(struct reader *r, const struct plan_resource *pattern)
{
	struct plan_device *device = r->group;
	struct plan_resource *w;
	size_t i;

	for (i = 0; i < r->count; i++, device = device->next) {
		w = add_resource(r->plan, device, pattern->kind, pattern->size,
				 r->line);
		*w = *pattern;
		w->line = r->line;
	}
	if (pattern->fixed && (r->count > 1 || r->group->behind))
		complain(r, "a fixed place is for one device, at the root");
}

static bool label_taken(struct reader *r, const char *label)
{
	size_t i;

	for (i = 0; i < r->group->nr; i++)
		if (!strcmp(r->group->requested[i].name, label))
			return true;
	return false;
}

static bool new_label(struct reader *r, struct plan_resource *w,
		      const char *label)
{
	if (label_taken(r, label)) {
		complain(r, "%s has a %s already", r->group->name, label);
		return false;
	}
	snprintf(w->name, sizeof(w->name), "%s", label);
	return true;
}

static bool bar_label(struct reader *r, struct plan_resource *w, uint64_t index)
{
	char label[24];

	snprintf(label, sizeof(label), "bar%llu", (unsigned long long)index);
	return new_label(r, w, label);
}

static void read_bar(struct reader *r)
{
	struct plan_resource w = { .kind = VMR_KIND_MMIO };
	uint64_t index;
	size_t i;

	if (!number_to(r, 1, "BAR number", 0, 5, &index) ||
	    !size_pow2(r, 2, 16, 1ull << 62, &w.size))
		return;
	for (i = 3; i < r->nr; i++) {
		if (!strcmp(r->words[i], "64bit"))
			w.flags |= VMR_64BIT;
		else if (!strcmp(r->words[i], "prefetchable"))
			w.flags |= VMR_PREFETCHABLE;
		else if (!no_more(r, i))
			return;
	}
	if (!(w.flags & VMR_64BIT) && w.size > 1ull << 31) {
		complain(r, "a BAR of %s has to be 64bit", r->words[2]);
		return;
	}
	w.align = w.size;
	if (bar_label(r, &w, index))
		submit(r, &w);
}

static void read_io(struct reader *r)
{
	struct plan_resource w = { .kind = VMR_KIND_PIO };
	uint64_t index;

	if (!number_to(r, 1, "BAR number", 0, 5, &index) ||
	    !size_pow2(r, 2, 4, 1 << 16, &w.size) || !no_more(r, 3))
		return;
	w.align = w.size;
	if (bar_label(r, &w, index))
		submit(r, &w);
}

static void read_rom(struct reader *r)
{
	struct plan_resource w = { .kind = VMR_KIND_MMIO };

	if (!size_pow2(r, 1, 2048, 1 << 24, &w.size) || !no_more(r, 2))
		return;
	w.align = w.size;
	if (new_label(r, &w, "rom"))
		submit(r, &w);
}

/* An area that is no BAR: of any size, and with an optional fixed address */
static void read_area(struct reader *r, struct plan_resource *w, uint64_t last)
{
	size_t i;

	if (!number_to(r, 1, "size", 1, last, &w->size))
		return;
	for (i = 2; i < r->nr; i += 2) {
		if (!strcmp(r->words[i], "at")) {
			if (!number_to(r, i + 1, "address", 0,
				       last - (w->size - 1), &w->addr))
				return;
			w->fixed = true;
		} else if (!strcmp(r->words[i], "align")) {
			if (!number(r, i + 1, "alignment", &w->align))
				return;
			if (!is_pow2(w->align)) {
				complain(r, "an alignment is a power of two");
				return;
			}
		} else if (!no_more(r, i)) {
			return;
		}
	}
	if (w->fixed)
		w->align = 1;
	w->platform = true;
	snprintf(w->name, sizeof(w->name), "%s%zu", r->words[0], r->group->nr);
	submit(r, w);
}

static void read_mmio(struct reader *r)
{
	struct plan_resource w = {
		.kind = VMR_KIND_MMIO, .align = 0x1000, .flags = VMR_PLATFORM,
	};

	read_area(r, &w, VMR_ADDR_MAX);
}

static void read_pio(struct reader *r)
{
	struct plan_resource w = { .kind = VMR_KIND_PIO, .align = 1 };

	read_area(r, &w, 0xffff);
}

static void read_vectors(struct reader *r)
{
	struct plan_resource w = { .align = 1 };
	bool msi = !strcmp(r->words[0], "msi");

	if (!number_to(r, 1, "number of vectors", 1, msi ? 32 : 2048,
		       &w.size) || !no_more(r, 2))
		return;
	if (msi && !is_pow2(w.size)) {
		complain(r, "msi: a power of two, not %s", r->words[1]);
		return;
	}
	w.kind = msi ? VMR_KIND_MSI : VMR_KIND_MSIX;
	if (msi)
		w.align = w.size;
	if (new_label(r, &w, r->words[0]))
		submit(r, &w);
}

static void read_pin(struct reader *r)
{
	struct plan_resource w = {
		.kind = VMR_KIND_IRQ, .flags = VMR_SHARED, .size = 1,
		.align = 1,
	};

	if (no_more(r, 1) && new_label(r, &w, "pin"))
		submit(r, &w);
}

static void read_irq(struct reader *r)
{
	struct plan_resource w = {
		.kind = VMR_KIND_IRQ, .size = 1, .align = 1, .fixed = true,
		.platform = true,
	};

	if (number_to(r, 1, "line", 0, 0xffff, &w.addr) && no_more(r, 2) &&
	    new_label(r, &w, "irq"))
		submit(r, &w);
}

static const struct statement {
	const char	*word;
	void		(*read)(struct reader *r);
	bool		of_device;
} statements[] = {
	{ "machine", read_machine, false },
	{ "memory", read_memory, false },
	{ "bits", read_bits, false },
	{ "ram", read_ram, false },
	{ "window", read_window, false },
	{ "platform", read_platform, false },
	{ "hole", read_hole, false },
	{ "ports", read_ports, false },
	{ "device", read_device, false },
	{ "bridge", read_bridge, false },
	{ "bar", read_bar, true },
	{ "io", read_io, true },
	{ "rom", read_rom, true },
	{ "mmio", read_mmio, true },
	{ "pio", read_pio, true },
	{ "msi", read_vectors, true },
	{ "msix", read_vectors, true },
	{ "pin", read_pin, true },
	{ "irq", read_irq, true },
};

static void read_statement(struct reader *r)
{
	const struct statement *s = statements;

	while (s < statements + NR(statements) &&
	       strcmp(s->word, r->words[0]))
		s++;
	if (s == statements + NR(statements)) {
		complain(r, "\"%s\" is no statement", r->words[0]);
		return;
	}
	if (s->of_device && !r->group)
		complain(r, "%s: of which device?", r->words[0]);
	else
		s->read(r);
}

static void split(struct reader *r, char *text)
{
	char *word, *rest = NULL;

	r->nr = 0;
	text[strcspn(text, "#")] = 0;
	for (word = strtok_r(text, " \t", &rest); word;
	     word = strtok_r(NULL, " \t", &rest)) {
		if (r->nr == MAX_WORDS) {
			complain(r, "more than %d words", MAX_WORDS);
			r->nr = 0;
			return;
		}
		r->words[r->nr++] = word;
	}
}

void read_plan(struct plan *plan, FILE *in, const char *name)
{
	struct reader r = { .plan = plan, .file = name };
	char text[MAX_LINE];

	while (read_line(plan, in, name, ++r.line, text)) {
		split(&r, text);
		if (r.nr)
			read_statement(&r);
	}
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * plan_resource.c - the statements about the resources of a device
 */
#include <string.h>

#include "plan_parse.h"

/* Give each of the group a resource, by the pattern that has been read */
static void submit(struct parser *p, const struct plan_resource *pattern)
{
	struct plan_resource *w;
	size_t i;

	for (i = 0; i < p->count; i++) {
		w = add_resource(p->group[i], pattern->kind, pattern->size,
				 p->line);
		*w = *pattern;
		w->line = p->line;
	}
	if (pattern->fixed && (p->count > 1 || p->group[0]->behind))
		complain(p, 0, "a fixed place is for one device, at the root");
}

static bool new_label(struct parser *p, struct plan_resource *w,
		      const char *label)
{
	const struct plan_resource *other;

	for_each_resource(other, p->group[0]) {
		if (!strcmp(other->name, label)) {
			complain(p, 0, "%s has a %s already",
				 p->group[0]->name, label);
			return false;
		}
	}
	snprintf(w->name, sizeof(w->name), "%s", label);
	return true;
}

static const struct plan_resource *find_bar(const struct plan_device *device,
					    const char *prefix, uint64_t index)
{
	const struct plan_resource *bar;
	char label[32];

	snprintf(label, sizeof(label), "%s%llu", prefix,
		 (unsigned long long)index);
	for_each_resource(bar, device)
		if (!strcmp(bar->name, label))
			return bar;
	return NULL;
}

/* A 64-bit BAR takes two of the six registers. */
static bool registers_free(struct parser *p, const char *prefix,
			   uint64_t index, bool wide)
{
	const struct plan_resource *below =
		index ? find_bar(p->group[0], prefix, index - 1) : NULL;

	if (wide && index == NR_BARS - 1)
		complain(p, 1, "a 64-bit BAR takes two registers, and %llu is the last",
			 (unsigned long long)index);
	else if (below && below->flags & VMR_64BIT)
		complain(p, 1, "BAR %llu is the upper half of the 64-bit BAR %llu",
			 (unsigned long long)index,
			 (unsigned long long)index - 1);
	else if (wide && find_bar(p->group[0], prefix, index + 1))
		complain(p, 1, "a 64-bit BAR takes two registers, and %llu is taken",
			 (unsigned long long)index + 1);
	else
		return true;
	return false;
}

static bool bar_label(struct parser *p, struct plan_resource *w,
		      const char *prefix, uint64_t index)
{
	char label[24];

	snprintf(label, sizeof(label), "%s%llu", prefix,
		 (unsigned long long)index);
	return new_label(p, w, label) &&
	       registers_free(p, prefix, index, w->flags & VMR_64BIT);
}

static bool read_bar(struct parser *p, struct plan_resource *w,
		     uint64_t *index)
{
	size_t i;

	if (!number_to(p, 1, "BAR number", 0, NR_BARS - 1, index) ||
	    !size_pow2(p, 2, 16, 1ull << 62, &w->size))
		return false;
	for (i = 3; i < p->nr; i++) {
		if (word_is(p, i, "64bit"))
			w->flags |= VMR_64BIT;
		else if (word_is(p, i, "prefetchable"))
			w->flags |= VMR_PREFETCHABLE;
		else if (!no_more(p, i))
			return false;
	}
	w->align = w->size;
	if (w->flags & VMR_64BIT || w->size <= 1ull << 30)
		return true;
	complain(p, 2, "a BAR of %s has to be 64bit", p->words[2]);
	return false;
}

void parse_bar(struct parser *p)
{
	struct plan_resource w = { .kind = VMR_KIND_MMIO };
	uint64_t index;

	if (read_bar(p, &w, &index) && bar_label(p, &w, "bar", index))
		submit(p, &w);
}

void parse_io(struct parser *p)
{
	struct plan_resource w = { .kind = VMR_KIND_PIO };
	uint64_t index;

	if (!number_to(p, 1, "BAR number", 0, NR_BARS - 1, &index) ||
	    !size_pow2(p, 2, 4, 256, &w.size) || !no_more(p, 3))
		return;
	w.align = w.size;
	if (bar_label(p, &w, "bar", index))
		submit(p, &w);
}

void parse_rom(struct parser *p)
{
	struct plan_resource w = { .kind = VMR_KIND_MMIO };

	if (!size_pow2(p, 1, 2048, 1 << 24, &w.size) || !no_more(p, 2))
		return;
	w.align = w.size;
	if (new_label(p, &w, "rom"))
		submit(p, &w);
}

/* An area that is no BAR: of any size, and with an optional fixed address */
static void parse_area(struct parser *p, struct plan_resource *w, uint64_t last)
{
	size_t i;

	if (!number_to(p, 1, "size", 1, last, &w->size))
		return;
	for (i = 2; i < p->nr; i += 2) {
		if (word_is(p, i, "at")) {
			if (!number_to(p, i + 1, "address", 0,
				       last - (w->size - 1), &w->addr))
				return;
			w->fixed = true;
		} else if (word_is(p, i, "align")) {
			if (!number(p, i + 1, "alignment", &w->align))
				return;
			if (!is_pow2(w->align)) {
				complain(p, i + 1, "an alignment is a power of two");
				return;
			}
		} else if (!no_more(p, i)) {
			return;
		}
	}
	if (w->fixed)
		w->align = 1;
	w->platform = true;
	snprintf(w->name, sizeof(w->name), "%s%zu", p->words[0],
		 p->group[0]->nr);
	submit(p, w);
}

void parse_mmio(struct parser *p)
{
	struct plan_resource w = {
		.kind = VMR_KIND_MMIO, .align = 0x1000, .flags = VMR_PLATFORM,
	};

	parse_area(p, &w, VMR_ADDR_MAX);
}

void parse_pio(struct parser *p)
{
	struct plan_resource w = { .kind = VMR_KIND_PIO, .align = 1 };

	parse_area(p, &w, 0xffff);
}

void parse_vectors(struct parser *p)
{
	struct plan_resource w = { .align = 1 };
	bool msi = word_is(p, 0, "msi");

	if (!number_to(p, 1, "number of vectors", 1, msi ? 32 : 2048,
		       &w.size) || !no_more(p, 2))
		return;
	if (msi && !is_pow2(w.size)) {
		complain(p, 1, "msi: a power of two, not %s", p->words[1]);
		return;
	}
	w.kind = msi ? VMR_KIND_MSI : VMR_KIND_MSIX;
	if (msi)
		w.align = w.size;
	if (new_label(p, &w, p->words[0]))
		submit(p, &w);
}

void parse_pin(struct parser *p)
{
	struct plan_resource w = {
		.kind = VMR_KIND_IRQ, .flags = VMR_SHARED, .size = 1,
		.align = 1,
	};

	if (no_more(p, 1) && new_label(p, &w, "pin"))
		submit(p, &w);
}

void parse_irq(struct parser *p)
{
	struct plan_resource w = {
		.kind = VMR_KIND_IRQ, .size = 1, .align = 1, .fixed = true,
		.platform = true,
	};

	if (number_to(p, 1, "line", 0, 0xffff, &w.addr) && no_more(p, 2) &&
	    new_label(p, &w, "irq"))
		submit(p, &w);
}

void parse_vfs(struct parser *p)
{
	uint64_t vfs;
	size_t i;

	if (!number_to(p, 1, "number of virtual functions", 1, 65535, &vfs) ||
	    !no_more(p, 2))
		return;
	for (i = 0; i < p->count; i++)
		p->group[i]->vfs = vfs;
}

/* One block with the BARs of all virtual functions, aligned to the size of one */
void parse_vf_bar(struct parser *p)
{
	struct plan_resource w = { .kind = VMR_KIND_MMIO };
	uint64_t index, vfs = p->group[0]->vfs;

	if (!read_bar(p, &w, &index))
		return;
	if (!vfs) {
		complain(p, 0, "vf-bar: say before how many: vfs N");
		return;
	}
	if (w.size > VMR_ADDR_MAX / vfs) {
		complain(p, 2, "%llu times %s is more than there are addresses",
			 (unsigned long long)vfs, p->words[2]);
		return;
	}
	w.size *= vfs;
	if (bar_label(p, &w, "vf bar", index))
		submit(p, &w);
}

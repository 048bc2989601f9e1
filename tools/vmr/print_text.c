// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * print_text.c - a plan as text
 */
#include <stdlib.h>
#include <string.h>

#include "vmr.h"

struct count count_devices(const struct plan *plan)
{
	struct count count = { 0, 0 };
	const struct thing *thing, *up;

	for_each_thing(thing, plan) {
		if (thing->left_out || thing->is_bridge)
			continue;
		count.devices++;
		for (up = thing; up && !up->failed; up = up->behind)
			;
		count.placed += !up;
	}
	return count;
}

static void put_line(void *arg, const char *text)
{
	fprintf(arg, "%s\n", text);
}

static void show_maps(struct plan *plan, FILE *out, bool gaps)
{
	const struct vmr_printer map = {
		.line = put_line, .arg = out, .depth = 1,
		.flags = gaps ? VMR_PRINT_GAPS | VMR_PRINT_TOTALS : 0, .manager = &plan->manager,
	};

	fputs("guest physical addresses\n", out);
	vmr_print_regions(&map, &plan->sys.mmio);
	if (vmr_first_range(&plan->sys.pio) || gaps) {
		fputs("i/o ports\n", out);
		vmr_print_regions(&map, &plan->sys.pio);
	}
	if (!gaps)
		return;
	fputs("interrupts\n", out);
	vmr_print_ids(&map, &plan->sys.irqs);
	if (!plan->sys.separate_msi_vectors)
		return;
	fputs("interrupt vectors\n", out);
	vmr_print_ids(&map, &plan->sys.msi_vectors);
}

static void show_pci(const struct plan *plan, FILE *out)
{
	const struct thing *thing;
	bool any = false;

	for_each_thing(thing, plan) {
		if (vmr_range_state(&thing->pci) != VMR_LIVE)
			continue;
		if (!any)
			fputs("pci addresses\n", out);
		any = true;
		fprintf(out, "  %02x:%02x.%x : %s",
			vmr_id_value(&thing->pci) >> 8,
			vmr_id_value(&thing->pci) >> 3 & 0x1f,
			vmr_id_value(&thing->pci) & 7, thing->name);
		if (thing->is_bridge)
			fprintf(out, " (bridge to bus %02x)",
				thing->bus_number);
		if (thing->what)
			fprintf(out, ", %s", thing->what);
		fputc('\n', out);
	}
}

static void show_want(const struct want *want, FILE *out)
{
	fputs(want->label, out);
	if (want->kind == VMR_KIND_MMIO) {
		fprintf(out, ", %s", size_text(want->size));
		if (want->flags & VMR_64BIT)
			fputs(", 64-bit", out);
		if (want->flags & VMR_PREFETCHABLE)
			fputs(", prefetchable", out);
	} else if (want->kind == VMR_KIND_PIO) {
		fprintf(out, ", %llu ports", (unsigned long long)want->size);
	} else if (want->size > 1) {
		fprintf(out, ", %llu of them", (unsigned long long)want->size);
	}
	if (want->align > 1 && want->align != want->size)
		fprintf(out, ", aligned to %s", size_text(want->align));
	if (want->fixed)
		fprintf(out, ", at 0x%llx", (unsigned long long)want->at);
}

static void show_failed(const struct plan *plan, FILE *out)
{
	const struct thing *thing, *up;
	bool any = false;

	for_each_thing(thing, plan) {
		for (up = thing; up && !up->failed; up = up->behind)
			;
		if (!up || thing->left_out)
			continue;
		if (!any)
			fputs("not placed\n", out);
		any = true;
		fprintf(out, "  %s (%s:%u): ", thing->name, thing->file,
			thing->line);
		if (up != thing) {
			fprintf(out, "behind %s\n", up->name);
			continue;
		}
		if (thing->at_fault) {
			show_want(thing->at_fault, out);
			fputs(": ", out);
		}
		fprintf(out, "%s\n", thing->why);
	}
}

static void show_needs(const struct plan *plan, FILE *out)
{
	size_t i;

	fputs("smallest windows that would do\n", out);
	for (i = 0; i < NR(plan->needs); i++) {
		const struct need *need = &plan->needs[i];

		if (!need->any)
			continue;
		fprintf(out, "  %s: 0x%llx-0x%llx, ", need->name,
			(unsigned long long)need->start,
			(unsigned long long)need->last);
		if (i == 2)
			fprintf(out, "%llu ports", (unsigned long long)
				(need->last - need->start + 1));
		else
			fprintf(out, "%s",
				size_text(need->last - need->start + 1));
		if (i == 0)
			fprintf(out, ", %u-bit addresses", need->bits);
		if (!need->has)
			fputs("; the machine has none", out);
		else if (!need->does)
			fprintf(out, "; the machine's ends at 0x%llx",
				(unsigned long long)
				pool_of_need(plan, i)->pool.last);
		fputc('\n', out);
	}
}

static void show_verdict(const struct plan *plan, FILE *out)
{
	const struct count count = count_devices(plan);

	if (!count.devices) {
		fputs("no devices to place\n", out);
		return;
	}
	fprintf(out, "%zu of %zu devices fit", count.placed, count.devices);
	if (count.placed != count.devices && plan->bits_needed)
		fprintf(out, "; with %u-bit addresses all would",
			plan->bits_needed);
	fputc('\n', out);
}

void show_text(struct plan *plan, FILE *out, bool gaps)
{
	fprintf(out, "%s, %u-bit addresses, %s of memory\n",
		plan->machine.name, plan->config.phys_bits,
		size_text(plan->machine.ram));
	show_maps(plan, out, gaps);
	show_pci(plan, out);
	show_failed(plan, out);
	if (count_devices(plan).devices)
		show_needs(plan, out);
	show_verdict(plan, out);
}

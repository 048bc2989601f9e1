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
	const struct plan_device *device, *up;

	for_each_device(device, plan) {
		if (device->excluded || device->is_bridge)
			continue;
		count.devices++;
		for (up = device; up && !up->failed; up = up->behind)
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
	const struct plan_device *device;
	bool any = false;

	for_each_device(device, plan) {
		if (vmr_range_state(&device->pci) != VMR_LIVE)
			continue;
		if (!any)
			fputs("pci addresses\n", out);
		any = true;
		fprintf(out, "  %02x:%02x.%x : %s",
			vmr_id_value(&device->pci) >> 8,
			vmr_id_value(&device->pci) >> 3 & 0x1f,
			vmr_id_value(&device->pci) & 7, device->name);
		if (device->is_bridge)
			fprintf(out, " (bridge to bus %02x)",
				device->bus_number);
		if (device->what)
			fprintf(out, ", %s", device->what);
		fputc('\n', out);
	}
}

static void show_resource(const struct plan_resource *resource, FILE *out)
{
	fputs(resource->name, out);
	if (resource->kind == VMR_KIND_MMIO) {
		fprintf(out, ", %s", size_text(resource->size));
		if (resource->flags & VMR_64BIT)
			fputs(", 64-bit", out);
		if (resource->flags & VMR_PREFETCHABLE)
			fputs(", prefetchable", out);
	} else if (resource->kind == VMR_KIND_PIO) {
		fprintf(out, ", %llu ports",
			(unsigned long long)resource->size);
	} else if (resource->size > 1) {
		fprintf(out, ", %llu of them",
			(unsigned long long)resource->size);
	}
	if (resource->align > 1 && resource->align != resource->size)
		fprintf(out, ", aligned to %s", size_text(resource->align));
	if (resource->fixed)
		fprintf(out, ", at 0x%llx", (unsigned long long)resource->addr);
}

static void show_failed(const struct plan *plan, FILE *out)
{
	const struct plan_device *device, *up;
	bool any = false;

	for_each_device(device, plan) {
		for (up = device; up && !up->failed; up = up->behind)
			;
		if (!up || device->excluded)
			continue;
		if (!any)
			fputs("not placed\n", out);
		any = true;
		fprintf(out, "  %s (%s:%u): ", device->name, device->file,
			device->line);
		if (up != device) {
			fprintf(out, "behind %s\n", up->name);
			continue;
		}
		if (device->failed_resource) {
			show_resource(device->failed_resource, out);
			fputs(": ", out);
		}
		fprintf(out, "%s\n", device->why);
	}
}

static void show_requirements(const struct plan *plan, FILE *out)
{
	size_t i;

	fputs("smallest windows that would do\n", out);
	for (i = 0; i < NR(plan->requirements); i++) {
		const struct window_requirement *requirement =
			&plan->requirements[i];

		if (!requirement->any)
			continue;
		fprintf(out, "  %s: 0x%llx-0x%llx, ", requirement->name,
			(unsigned long long)requirement->start,
			(unsigned long long)requirement->last);
		if (i == 2)
			fprintf(out, "%llu ports",
				(unsigned long long)(requirement->last -
						     requirement->start + 1));
		else
			fprintf(out, "%s",
				size_text(requirement->last -
					  requirement->start + 1));
		if (i == 0)
			fprintf(out, ", %u-bit addresses", requirement->bits);
		if (!requirement->has)
			fputs("; the machine has none", out);
		else if (!requirement->does)
			fprintf(out, "; the machine's ends at 0x%llx",
				(unsigned long long)pool_of_requirement(plan, i)
					->pool.last);
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
		show_requirements(plan, out);
	show_verdict(plan, out);
}

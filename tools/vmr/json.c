// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * json.c - a plan for scripts
 *
 * Addresses are strings with 0x, since what reads JSON often has numbers of 53
 * bits; sizes too.
 */
#include <stdlib.h>
#include <string.h>

#include "vmr.h"

static void put_string(FILE *out, const char *text)
{
	const unsigned char *c;

	fputc('"', out);
	for (c = (const unsigned char *)text; *c; c++) {
		if (*c == '"' || *c == '\\')
			fprintf(out, "\\%c", *c);
		else if (*c < 0x20 || *c > 0x7e)
			fprintf(out, "\\u%04x", *c);
		else
			fputc(*c, out);
	}
	fputc('"', out);
}

static void put_key(FILE *out, const char *key)
{
	put_string(out, key);
	fputs(": ", out);
}

static void put_hex(FILE *out, const char *key, uint64_t n)
{
	put_key(out, key);
	fprintf(out, "\"0x%llx\"", (unsigned long long)n);
}

static void put_bool(FILE *out, const char *key, bool value)
{
	put_key(out, key);
	fputs(value ? "true" : "false", out);
}

static const char *kind_name(uint32_t kind)
{
	switch (kind) {
	case VMR_KIND_PIO:
		return "pio";
	case VMR_KIND_MMIO:
		return "mmio";
	case VMR_KIND_IRQ:
		return "irq";
	case VMR_KIND_MSI:
		return "msi";
	default:
		return "msix";
	}
}

static void put_resource(FILE *out, struct plan_resource *resource, bool placed)
{
	const struct vmr_range *range = resource->flags & VMR_SHARED &&
		placed && resource->sharer.irq ? &resource->sharer.irq->range :
		range_of_resource(resource);

	fputs("        { ", out);
	put_key(out, "what");
	put_string(out, resource->name);
	fputs(", ", out);
	put_key(out, "kind");
	put_string(out, kind_name(resource->kind));
	fputs(", ", out);
	put_hex(out, "size", resource->size);
	fputs(", ", out);
	put_hex(out, "align", !resource->window ? resource->align :
		resource->kind == VMR_KIND_PIO ? 0x1000 : 0x100000);
	fputs(", ", out);
	fprintf(out, "\"line\": %u, ", resource->line);
	put_bool(out, "64bit", resource->flags & VMR_64BIT);
	fputs(", ", out);
	put_bool(out, "prefetchable", resource->flags & VMR_PREFETCHABLE);
	if (placed) {
		if (resource->pool) {
			fputs(", ", out);
			put_key(out, "in");
			put_string(out, resource->pool);
		}
		fputs(", ", out);
		put_hex(out, "start", range->start);
		fputs(", ", out);
		put_hex(out, "last", range->last);
	}
	fputs(" }", out);
}

static void put_failure(FILE *out, const struct plan_device *device)
{
	const struct plan_device *up = device;

	while (up && !up->failed)
		up = up->behind;
	if (!up)
		return;
	fputs(",\n      ", out);
	put_key(out, "error");
	put_string(out, vmr_strerror(up->error));
	fputs(",\n      ", out);
	put_key(out, "why");
	put_string(out, up->why);
	if (up->failed_resource) {
		fputs(",\n      ", out);
		put_key(out, "failed");
		put_string(out, up->failed_resource->name);
	}
	if (up != device) {
		fputs(",\n      ", out);
		put_key(out, "failed_bridge");
		put_string(out, up->name);
	}
}

static void put_unknown(FILE *out, const char *file,
			const struct plan_unknown *unknown, size_t nr)
{
	size_t i;

	fputs("[", out);
	for (i = 0; i < nr; i++) {
		fputs(i ? ", { " : "{ ", out);
		put_key(out, "what");
		put_string(out, unknown[i].what);
		fputs(", ", out);
		put_key(out, "file");
		put_string(out, file ? file : "");
		fprintf(out, ", \"line\": %u, ", unknown[i].line);
		put_key(out, "command");
		put_string(out, unknown[i].command);
		fputs(" }", out);
	}
	fputs("]", out);
}

static void put_member(FILE *out, const char *key, const char *value)
{
	fputs(",\n      ", out);
	put_key(out, key);
	put_string(out, value);
}

static void put_identity(FILE *out, const struct plan_device *device)
{
	char address[24];

	put_key(out, "name");
	put_string(out, device->name);
	if (device->what)
		put_member(out, "description", device->what);
	put_member(out, "file", device->file);
	fprintf(out, ",\n      \"line\": %u,\n      ", device->line);
	put_bool(out, "bridge", device->is_bridge);
	if (device->behind)
		put_member(out, "behind", device->behind->name);
	if (device->lead != device)
		put_member(out, "function_of", device->lead->name);
	if (device->on_host) {
		snprintf(address, sizeof(address), "%04x:%02x:%02x.%x",
			 device->segment & 0xffff, device->address >> 8,
			 device->address >> 3 & 31, device->address & 7);
		put_member(out, "host_address", address);
	}
}

static void put_device(FILE *out, struct plan_device *device)
{
	bool placed = is_placed(device), any = false;
	struct plan_resource *resource;
	char address[24];

	fputs("    {\n      ", out);
	put_identity(out, device);
	fputs(",\n      ", out);
	put_bool(out, "placed", placed);
	if (placed && device->has_address) {
		pci_text(address, sizeof(address), device->pci);
		put_member(out, "pci", address);
	}
	if (placed && device->is_bridge)
		fprintf(out, ",\n      \"buses\": [%u, %u]",
			device->bus_number, device->last_bus);
	if (!placed)
		put_failure(out, device);
	if (device->vfs)
		fprintf(out, ",\n      \"virtual_functions\": %llu",
			(unsigned long long)device->vfs);
	fputs(",\n      \"missing\": ", out);
	put_unknown(out, device->file, device->unknown, device->nr_unknown);
	fputs(",\n      \"resources\": [", out);
	for_each_resource(resource, device) {
		fputs(any ? ",\n" : "\n", out);
		any = true;
		put_resource(out, resource, placed);
	}
	fputs(any ? "\n      ]\n    }" : "]\n    }", out);
}

static void put_requirements(const struct plan *plan, FILE *out)
{
	bool any = false;
	size_t i;

	fputs("  \"smallest\": [", out);
	for (i = 0; i < NR(plan->requirements); i++) {
		const struct window_requirement *requirement =
			&plan->requirements[i];

		if (!requirement->any)
			continue;
		fputs(any ? ",\n    { " : "\n    { ", out);
		any = true;
		put_key(out, "window");
		put_string(out, requirement->name);
		fputs(", ", out);
		put_hex(out, "start", requirement->start);
		fputs(", ", out);
		put_hex(out, "last", requirement->last);
		fputs(", ", out);
		put_key(out, "address_bits");
		fprintf(out, "%u, ", requirement->bits);
		put_bool(out, "have", requirement->has && requirement->does);
		fputs(" }", out);
	}
	fputs(any ? "\n  ]" : "]", out);
}

static void put_answer(FILE *out, const struct plan *plan)
{
	const struct count count = count_devices(plan);
	enum verdict verdict = verdict_of(plan);
	char *text = verdict_text(plan);

	put_key(out, "verdict");
	put_string(out, verdict_word(verdict));
	fprintf(out, ",\n  \"status\": %d,\n  ", verdict);
	put_key(out, "text");
	put_string(out, text);
	free(text);
	fputs(",\n  ", out);
	put_key(out, "machine");
	put_string(out, plan->machine.name);
	fprintf(out, ",\n  \"address_bits\": %u,\n  ", plan->config.phys_bits);
	put_hex(out, "memory", plan->machine.ram);
	fprintf(out, ",\n  \"devices_asked\": %zu", count.devices);
	fprintf(out, ",\n  \"devices_placed\": %zu", count.placed);
	fprintf(out, ",\n  \"devices_unknown\": %zu,\n  ", count.unknown);
	put_bool(out, "fits", verdict == VERDICT_FITS);
	fprintf(out, ",\n  \"address_bits_needed\": ");
	if (plan->bits_needed)
		fprintf(out, "%u", plan->bits_needed);
	else
		fputs("null", out);
	fputs(",\n", out);
}

static void put_remarks(FILE *out, const struct plan *plan)
{
	size_t i;

	fputs("  \"missing\": ", out);
	put_unknown(out, plan->unknown_file, plan->unknown, plan->nr_unknown);
	fprintf(out, ",\n  \"skipped_lines\": %zu,\n  \"notes\": [",
		plan->skipped);
	for (i = 0; i < plan->nr_notes; i++) {
		fputs(i ? ", " : "", out);
		put_string(out, plan->notes[i]);
	}
	fputs("],\n", out);
}

static void put_memory(FILE *out, const struct plan *plan)
{
	size_t i;

	fputs("  \"ram\": [", out);
	for (i = 0; i < plan->nr_ram; i++) {
		fputs(i ? ", { " : "{ ", out);
		put_hex(out, "start", plan->ram_regions[i].range.start);
		fputs(", ", out);
		put_hex(out, "last", plan->ram_regions[i].range.last);
		fputs(" }", out);
	}
	fputs("],\n", out);
}

void show_json(struct plan *plan, FILE *out)
{
	struct plan_device *device;
	bool any = false;

	fputs("{\n  ", out);
	put_answer(out, plan);
	put_remarks(out, plan);
	put_memory(out, plan);
	put_requirements(plan, out);
	fputs(",\n  \"devices\": [", out);
	for_each_device(device, plan) {
		if (device->excluded)
			continue;
		fputs(any ? ",\n" : "\n", out);
		any = true;
		put_device(out, device);
	}
	fputs(any ? "\n  ]\n}\n" : "]\n}\n", out);
}

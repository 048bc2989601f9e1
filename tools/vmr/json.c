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
	const struct vmr_range *range = range_of_resource(resource);

	fputs("        { ", out);
	put_key(out, "what");
	put_string(out, resource->name);
	fputs(", ", out);
	put_key(out, "kind");
	put_string(out, kind_name(resource->kind));
	fputs(", ", out);
	put_hex(out, "size", resource->size);
	fputs(", ", out);
	put_hex(out, "align", resource->align);
	fputs(", ", out);
	put_bool(out, "64bit", resource->flags & VMR_64BIT);
	fputs(", ", out);
	put_bool(out, "prefetchable", resource->flags & VMR_PREFETCHABLE);
	if (placed) {
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

	while (!up->failed)
		up = up->behind;
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

static void put_device(FILE *out, struct plan_device *device)
{
	bool placed = device->dev.link.next;
	char address[16];
	size_t i;

	fputs("    {\n      ", out);
	put_key(out, "name");
	put_string(out, device->name);
	if (device->what) {
		fputs(",\n      ", out);
		put_key(out, "description");
		put_string(out, device->what);
	}
	fputs(",\n      ", out);
	put_bool(out, "bridge", device->is_bridge);
	if (device->behind) {
		fputs(",\n      ", out);
		put_key(out, "behind");
		put_string(out, device->behind->name);
	}
	fputs(",\n      ", out);
	put_bool(out, "placed", placed);
	if (placed && vmr_range_state(&device->pci) == VMR_LIVE) {
		uint32_t pci = vmr_id_value(&device->pci);

		snprintf(address, sizeof(address), "%02x:%02x.%x", pci >> 8,
			 pci >> 3 & 0x1f, pci & 7);
		fputs(",\n      ", out);
		put_key(out, "pci");
		put_string(out, address);
	} else if (!placed) {
		put_failure(out, device);
	}
	fputs(",\n      \"resources\": [", out);
	for (i = 0; i < device->nr; i++) {
		fputs(i ? ",\n" : "\n", out);
		put_resource(out, &device->requested[i], placed);
	}
	fputs(device->nr ? "\n      ]\n    }" : "]\n    }", out);
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

void show_json(struct plan *plan, FILE *out)
{
	const struct count count = count_devices(plan);
	struct plan_device *device;
	bool any = false;

	fputs("{\n  ", out);
	put_key(out, "machine");
	put_string(out, plan->machine.name);
	fprintf(out, ",\n  \"address_bits\": %u,\n  ", plan->config.phys_bits);
	put_hex(out, "memory", plan->machine.ram);
	fprintf(out, ",\n  \"devices_asked\": %zu", count.devices);
	fprintf(out, ",\n  \"devices_placed\": %zu,\n  ", count.placed);
	put_bool(out, "fits", count.devices == count.placed);
	fprintf(out, ",\n  \"address_bits_needed\": ");
	if (plan->bits_needed)
		fprintf(out, "%u", plan->bits_needed);
	else
		fputs("null", out);
	fputs(",\n", out);
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

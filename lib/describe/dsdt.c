// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * dsdt.c - the objects of the machine in ACPI machine language
 */
#include "describe/encoder.h"

#define NR_DEVICES	32	/* of a bus */
#define NR_PINS		4

#define OSC_UNKNOWN_UUID	0x04
#define OSC_UNKNOWN_REVISION	0x08
#define OSC_MASKED		0x10

/* 33DB4D5B-1FF7-401C-9657-7441C03DD766: control of PCI Express, as bytes */
static const uint8_t osc_uuid[16] = {
	0x5b, 0x4d, 0xdb, 0x33, 0xf7, 0x1f, 0x1c, 0x40,
	0x96, 0x57, 0x74, 0x41, 0xc0, 0x3d, 0xd7, 0x66,
};

/* Whether a pool has addresses for a window of a host bridge */
static bool is_window(const struct vmr_acpi_host *host,
		      const struct vmr_system_pool *pool, size_t index)
{
	if (!(pool->kinds & (1u << VMR_KIND_PIO | 1u << VMR_KIND_MMIO)))
		return false;
	if (host->pools)
		return host->pools >> index & 1;
	return !(pool->flags & VMR_PLATFORM);
}

static void put_windows(struct vmr_encoder *out, const struct vmr_system *sys,
			const struct vmr_acpi_host *host)
{
	const struct vmr_system_pool *pool;
	struct vmr_span part;
	size_t i;

	for (i = 0; i < sys->nr_pools; i++) {
		pool = &sys->pools[i];
		if (!is_window(host, pool, i))
			continue;
		part = (struct vmr_span){ .start = 1, .last = 0 };
		while (vmr_describe_next_part(&pool->pool, &part))
			vmr_put_window(out,
				       pool->kinds & 1u << VMR_KIND_PIO ?
					       VMR_WINDOW_PORTS :
					       VMR_WINDOW_MEMORY,
				       part.start, part.last,
				       pool->flags & VMR_PREFETCHABLE);
	}
}

static void put_host_resources(struct vmr_encoder *out,
			       const struct vmr_system *sys,
			       const struct vmr_acpi_host *host)
{
	size_t start = vmr_aml_begin_resources(out);

	vmr_put_window(out, VMR_WINDOW_BUSES, host->first_bus, host->last_bus,
		       false);
	if (host->config_ports)
		vmr_put_ports(out, host->config_ports->range.start,
			      host->config_ports->range.last);
	put_windows(out, sys, host);
	vmr_aml_end_resources(out, start);
}

static void put_route(struct vmr_encoder *out, unsigned int device,
		      unsigned int pin, uint32_t gsi)
{
	size_t start = vmr_aml_begin(out, AML_PACKAGE);

	vmr_put8(out, 4);
	vmr_aml_number(out, device << 16 | 0xffff);
	vmr_aml_number(out, pin);
	vmr_aml_number(out, 0);		/* the line is no device's */
	vmr_aml_number(out, gsi);
	vmr_aml_end(out, start);
}

static void put_routes(struct vmr_encoder *out,
		       const struct vmr_acpi_host *host)
{
	unsigned int device, pin;
	size_t start;

	vmr_aml_name(out, "_PRT");
	start = vmr_aml_begin(out, AML_PACKAGE);
	vmr_put8(out, NR_DEVICES * NR_PINS);
	for (device = 0; device < NR_DEVICES; device++)
		for (pin = 0; pin < NR_PINS; pin++)
			put_route(out, device, pin,
				  host->gsi[(device + pin) % NR_PINS]);
	vmr_aml_end(out, start);
}

/* Name a double word of the argument with the guest's request. */
static void put_field(struct vmr_encoder *out, uint32_t offset,
		      const char *name)
{
	vmr_put8(out, AML_CREATE_DWORD_FIELD);
	vmr_put8(out, AML_ARG3);
	vmr_aml_number(out, offset);
	vmr_put_bytes(out, name, 4);
}

/* @op is AML_AND or AML_OR. */
static void put_update(struct vmr_encoder *out, uint8_t op, const char *name,
		       uint32_t value)
{
	vmr_put8(out, op);
	vmr_put_bytes(out, name, 4);
	vmr_aml_number(out, value);
	vmr_put_bytes(out, name, 4);
}

/* Refuse an unknown revision, and mask what the host bridge keeps. */
static void put_osc_request(struct vmr_encoder *out, uint32_t control)
{
	size_t start;

	start = vmr_aml_begin(out, AML_IF);
	vmr_put8(out, AML_NOT);
	vmr_put8(out, AML_EQUAL);
	vmr_put8(out, AML_ARG1);
	vmr_put8(out, AML_ONE);
	put_update(out, AML_OR, "CDW1", OSC_UNKNOWN_REVISION);
	vmr_aml_end(out, start);

	put_field(out, 8, "CDW3");
	vmr_put8(out, AML_STORE);
	vmr_put_bytes(out, "CDW3", 4);
	vmr_put8(out, AML_LOCAL0);
	put_update(out, AML_AND, "CDW3", control);

	start = vmr_aml_begin(out, AML_IF);
	vmr_put8(out, AML_NOT);
	vmr_put8(out, AML_EQUAL);
	vmr_put_bytes(out, "CDW3", 4);
	vmr_put8(out, AML_LOCAL0);
	put_update(out, AML_OR, "CDW1", OSC_MASKED);
	vmr_aml_end(out, start);
}

static void put_osc(struct vmr_encoder *out, uint32_t control)
{
	size_t method, branch, uuid;

	method = vmr_aml_begin(out, AML_METHOD);
	vmr_put_bytes(out, "_OSC", 4);
	vmr_put8(out, 4);		/* arguments */
	put_field(out, 0, "CDW1");

	branch = vmr_aml_begin(out, AML_IF);
	vmr_put8(out, AML_EQUAL);
	vmr_put8(out, AML_ARG0);
	uuid = vmr_aml_begin(out, AML_BUFFER);
	vmr_aml_number(out, sizeof(osc_uuid));
	vmr_put_bytes(out, osc_uuid, sizeof(osc_uuid));
	vmr_aml_end(out, uuid);
	put_osc_request(out, control);
	vmr_put8(out, AML_RETURN);
	vmr_put8(out, AML_ARG3);
	vmr_aml_end(out, branch);

	put_update(out, AML_OR, "CDW1", OSC_UNKNOWN_UUID);
	vmr_put8(out, AML_RETURN);
	vmr_put8(out, AML_ARG3);
	vmr_aml_end(out, method);
}

static void put_host(struct vmr_encoder *out, const struct vmr_system *sys,
		     const struct vmr_acpi_host *host, uint32_t uid)
{
	size_t start = vmr_aml_begin_device(out, host->name);

	if (host->osc_control) {
		vmr_aml_name_id(out, "_HID", "PNP0A08");
		vmr_aml_name_id(out, "_CID", "PNP0A03");
	} else {
		vmr_aml_name_id(out, "_HID", "PNP0A03");
	}
	vmr_aml_name_number(out, "_UID", uid);
	vmr_aml_name_number(out, "_SEG", host->segment);
	vmr_aml_name_number(out, "_BBN", host->first_bus);
	put_host_resources(out, sys, host);
	put_routes(out, host);
	if (host->osc_control)
		put_osc(out, host->osc_control);
	vmr_aml_end(out, start);
}

/* Linux uses configuration space only if a device of the board reserves it. */
static void put_ecam(struct vmr_encoder *out, const struct vmr_acpi *acpi)
{
	size_t start, resources, i;
	const struct vmr_region *ecam;

	start = vmr_aml_begin_device(out, "ECAM");
	vmr_aml_name_id(out, "_HID", "PNP0C02");
	resources = vmr_aml_begin_resources(out);
	for (i = 0; i < acpi->nr_hosts; i++) {
		ecam = acpi->hosts[i].ecam;
		if (ecam)
			vmr_put_memory(out, ecam->range.start,
				       ecam->range.last);
	}
	vmr_aml_end_resources(out, resources);
	vmr_aml_end(out, start);
}

static void put_resource(struct vmr_encoder *out,
			 const struct vmr_resource *res)
{
	switch (res->kind) {
	case VMR_KIND_PIO:
		vmr_put_ports(out, res->start, res->last);
		break;
	case VMR_KIND_MMIO:
		vmr_put_memory(out, res->start, res->last);
		break;
	case VMR_KIND_IRQ:
		vmr_put_interrupt(out, res->start, res->flags & VMR_SHARED);
		break;
	}
}

static void put_device(struct vmr_encoder *out,
		       const struct vmr_acpi_device *device, uint32_t uid)
{
	const struct vmr_resource_set *set = &device->device->resources;
	size_t start, resources, i;

	start = vmr_aml_begin_device(out, device->name);
	vmr_aml_name_id(out, "_HID", device->hid);
	vmr_aml_name_number(out, "_UID", uid);
	resources = vmr_aml_begin_resources(out);
	for (i = 0; i < set->nr; i++)
		put_resource(out, &set->entries[i]);
	vmr_aml_end_resources(out, resources);
	vmr_aml_end(out, start);
}

/* State 5 is off: the type of sleep 5 in the PM1 control register. */
static void put_soft_off(struct vmr_encoder *out)
{
	size_t start;

	vmr_aml_name(out, "_S5_");
	start = vmr_aml_begin(out, AML_PACKAGE);
	vmr_put8(out, 4);
	vmr_aml_number(out, 5);
	vmr_aml_number(out, 5);
	vmr_aml_number(out, 0);
	vmr_aml_number(out, 0);
	vmr_aml_end(out, start);
}

/* The definition block without its header */
void vmr_put_dsdt(struct vmr_encoder *out, const struct vmr_acpi *acpi)
{
	size_t scope, i;

	scope = vmr_aml_begin(out, AML_SCOPE);
	vmr_put_bytes(out, "_SB_", 4);
	for (i = 0; i < acpi->nr_hosts; i++)
		put_host(out, acpi->manager->sys, &acpi->hosts[i], i);
	put_ecam(out, acpi);
	for (i = 0; i < acpi->nr_devices; i++)
		put_device(out, &acpi->devices[i], i);
	vmr_aml_end(out, scope);
	if (acpi->pm_control)
		put_soft_off(out);
}

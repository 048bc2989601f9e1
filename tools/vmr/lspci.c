// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * lspci.c - the devices of a host, from what `lspci -v` and `lspci -vv` print
 *
 * A device has a line that begins with its address, and indented lines about it.
 * Lines that are indented further describe a capability and are ignored. They include
 * the regions of virtual functions, which have lines of their own once they exist.
 */
#include <stdlib.h>
#include <string.h>

#include "vmr.h"

struct reader {
	struct plan	*plan;
	const char	*file;
	unsigned int	line;
	struct plan_device	*device;		/* NULL where it is of no interest */
	bool		any;
	unsigned int	next_bar;	/* where lspci gives no number */
};

static bool hex(const char **text, unsigned int digits, uint32_t *n)
{
	unsigned int i;

	*n = 0;
	for (i = 0; i < digits; i++, (*text)++) {
		const char *set = "0123456789abcdef";
		const char *digit = **text ? strchr(set, **text) : NULL;

		if (!digit)
			return false;
		*n = *n << 4 | (digit - set);
	}
	return true;
}

static bool one_char(const char **text, char c)
{
	if (**text != c)
		return false;
	(*text)++;
	return true;
}

/* [SEGMENT:]BUS:DEVICE.FUNCTION, a space, and behind it what it is */
static const char *parse_address(const char *text, uint32_t *segment,
				 uint32_t *address)
{
	const char *colon = strchr(text, ':');
	uint32_t bus, dev, fn;

	*segment = 0;
	if (colon && colon - text > 2 && colon - text <= 8 &&
	    (!hex(&text, colon - text, segment) || !one_char(&text, ':')))
		return NULL;
	if (!hex(&text, 2, &bus) || !one_char(&text, ':') ||
	    !hex(&text, 2, &dev) || !one_char(&text, '.') ||
	    !hex(&text, 1, &fn) || !one_char(&text, ' ') || dev > 31 || fn > 7)
		return NULL;
	*address = VMR_PCI_BDF(bus, dev, fn);
	return text;
}

bool is_lspci_device(const char *line)
{
	uint32_t segment, address;

	return parse_address(line, &segment, &address);
}

/* Host bridges and the like are the host's, and lead to no bus of PCI's */
static bool is_of_host(const char *what)
{
	static const char *const classes[] = {
		"Host bridge", "ISA bridge", "RAM memory", "System peripheral",
		"Non-Essential Instrumentation", "IOMMU",
	};
	size_t i;

	for (i = 0; i < NR(classes); i++)
		if (!strncmp(what, classes[i], strlen(classes[i])))
			return true;
	return false;
}

static void read_device(struct reader *r, const char *text)
{
	uint32_t segment, address;
	const char *what = parse_address(text, &segment, &address);
	char name[24];

	r->device = NULL;
	r->next_bar = 0;
	if (!what) {
		bad_input(r->plan, r->file, r->line,
			  "no device begins here, and no line about one");
		return;
	}
	r->any = true;
	if (is_of_host(what))
		return;
	snprintf(name, sizeof(name), "%.*s", (int)(what - text - 1), text);
	r->device = add_device(r->plan, name, r->file, r->line);
	r->device->what = xcheck(strdup(what));
	r->device->on_host = true;
	r->device->segment = segment;
	r->device->address = address;
}

/* The size in "[size=16M]" */
static bool read_size(struct reader *r, const char *text, uint64_t max,
		      uint64_t *size)
{
	const char *at = strstr(text, "[size=");
	char number[24];
	size_t len;

	if (!at) {
		note_input(r->file, r->line, "no size: left out");
		return false;
	}
	at += strlen("[size=");
	len = strcspn(at, "]");
	if (at[len] && len < sizeof(number)) {
		memcpy(number, at, len);
		number[len] = 0;
		if (parse_number(number, size) && is_pow2(*size) &&
		    *size <= max)
			return true;
	}
	bad_input(r->plan, r->file, r->line,
		  "no size that a region can have: %.32s", at);
	return false;
}

static void read_region(struct reader *r, const char *text)
{
	bool io = strstr(text, "I/O ports at");
	unsigned int index = r->next_bar;
	struct plan_resource *resource;
	uint64_t size;

	if (!io && !strstr(text, "Memory at"))
		return;
	if (!strncmp(text, "Region ", 7)) {
		index = text[7] - '0';
		if (index > 5 || text[8] != ':') {
			bad_input(r->plan, r->file, r->line,
				  "a region is one of 0 to 5");
			return;
		}
	}
	r->next_bar = index + (strstr(text, "64-bit") ? 2 : 1);
	if (!read_size(r, text, io ? 1 << 16 : 1ull << 62, &size))
		return;
	resource = add_resource(r->plan, r->device,
				io ? VMR_KIND_PIO : VMR_KIND_MMIO, size,
				r->line);
	resource->align = size;
	if (strstr(text, "64-bit"))
		resource->flags |= VMR_64BIT;
	if (strstr(text, "prefetchable") && !strstr(text, "non-prefetchable"))
		resource->flags |= VMR_PREFETCHABLE;
	snprintf(resource->name, sizeof(resource->name), "bar%u", index);
}

static void read_rom(struct reader *r, const char *text)
{
	struct plan_resource *resource;
	uint64_t size;

	if (!read_size(r, text, 1 << 24, &size))
		return;
	resource =
		add_resource(r->plan, r->device, VMR_KIND_MMIO, size, r->line);
	resource->align = size;
	snprintf(resource->name, sizeof(resource->name), "rom");
}

static struct plan_resource *find_vectors(struct plan_device *device)
{
	size_t i;

	for (i = 0; i < device->nr; i++)
		if (device->requested[i].kind == VMR_KIND_MSI ||
		    device->requested[i].kind == VMR_KIND_MSIX)
			return &device->requested[i];
	return NULL;
}

/*
 * "[a4] MSI: Enable- Count=1/16", where the latter is what it can use, or "MSI-X:
 * Enable+ Count=9". A driver uses one of the two, and MSI-X rather.
 */
static void read_capability(struct reader *r, const char *text)
{
	bool msix = strstr(text, "MSI-X: ");
	const char *count = strstr(text, "Count=");
	struct plan_resource *resource;
	uint64_t nr = 0;
	char number[8];
	const char *of;
	size_t len;

	if (!count || (!msix && !strstr(text, "MSI: ")))
		return;
	count += strlen("Count=");
	of = memchr(count, '/', strcspn(count, " "));
	if (of)
		count = of + 1;
	len = strcspn(count, " ");
	if (len < sizeof(number)) {
		memcpy(number, count, len);
		number[len] = 0;
		if (!parse_number(number, &nr))
			nr = 0;
	}
	if (!nr || nr > (msix ? 2048 : 32) || (!msix && !is_pow2(nr))) {
		bad_input(r->plan, r->file, r->line,
			  "no number of vectors: %.16s", count);
		return;
	}
	resource = find_vectors(r->device);
	if (resource && !msix)
		return;
	if (!resource)
		resource = add_resource(r->plan, r->device, 0, nr, r->line);
	resource->kind = msix ? VMR_KIND_MSIX : VMR_KIND_MSI;
	resource->size = nr;
	resource->align = msix ? 1 : nr;
	snprintf(resource->name, sizeof(resource->name), msix ? "msix" : "msi");
}

static void read_pin(struct reader *r)
{
	struct plan_resource *resource =
		add_resource(r->plan, r->device, VMR_KIND_IRQ, 1, r->line);

	resource->flags = VMR_SHARED;
	snprintf(resource->name, sizeof(resource->name), "pin");
}

/* "Bus: primary=00, secondary=01, subordinate=04, sec-latency=0" */
static void read_bus(struct reader *r, const char *text)
{
	const char *at = strstr(text, "secondary=");

	if (at)
		at += strlen("secondary=");
	if (!at || !hex(&at, 2, &r->device->secondary)) {
		bad_input(r->plan, r->file, r->line,
			  "which bus is behind this bridge?");
		return;
	}
	r->device->is_bridge = true;
}

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

static void read_property(struct reader *r, const char *text)
{
	if (begins(text, "Region ") || begins(text, "Memory at ") ||
	    begins(text, "I/O ports at "))
		read_region(r, text);
	else if (begins(text, "Expansion ROM at "))
		read_rom(r, text);
	else if (begins(text, "Interrupt: pin "))
		read_pin(r);
	else if (begins(text, "Bus: "))
		read_bus(r, text);
	else if (begins(text, "Capabilities: ["))
		read_capability(r, text);
}

/* The column that a line's text begins in */
static unsigned int indentation(const char *text)
{
	unsigned int column = 0;

	for (; *text == ' ' || *text == '\t'; text++)
		column = *text == '\t' ? (column | 7) + 1 : column + 1;
	return column;
}

/* A bus is behind the bridge whose secondary bus it is; numbers grow downwards */
static struct plan_device *bridge_to(struct plan *plan,
				     const struct plan_device *device)
{
	struct plan_device *bridge;
	uint32_t bus = device->address >> 8;

	for_each_device(bridge, plan)
		if (bridge->on_host && bridge->is_bridge &&
		    bridge->segment == device->segment &&
		    bridge->secondary == bus && bridge->address >> 8 < bus)
			return bridge;
	return NULL;
}

static void link_buses(struct plan *plan)
{
	struct plan_device *device, *up;

	for_each_device(device, plan)
		if (device->on_host)
			device->behind = bridge_to(plan, device);
	for_each_device(device, plan) {
		if (!device->on_host)
			continue;
		device->depth = 0;
		for (up = device->behind; up; up = up->behind)
			device->depth++;
	}
}

void read_lspci(struct plan *plan, FILE *in, const char *name)
{
	struct reader r = { .plan = plan, .file = name };
	char text[MAX_LINE];
	unsigned int column;

	while (read_line(plan, in, name, ++r.line, text)) {
		column = indentation(text);
		if (!text[strspn(text, " \t")])
			continue;
		if (!column)
			read_device(&r, text);
		else if (!r.any)
			bad_input(plan, name, r.line, "of which device?");
		else if (r.device && column <= 8)
			read_property(&r, text + strspn(text, " \t"));
	}
	link_buses(plan);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * plan.c - a plan and its parts
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "vmr.h"

#define MAX_ERRORS	20
#define MAX_EXACT	1000000	/* longer numbers are rounded */

void plan_init(struct plan *plan)
{
	memset(plan, 0, sizeof(*plan));
	plan->end = &plan->devices;
}

static void free_device(struct plan_device *device)
{
	free(device->name);
	free(device->what);
	free(device->why);
	free(device->requested);
	free(device->constraints);
	free(device->resources);
	free(device);
}

static void free_names(struct config_spans *spans)
{
	size_t i;

	for (i = 0; i < spans->nr; i++)
		free((char *)spans->list[i].span.name);
}

void plan_free(struct plan *plan)
{
	struct plan_device *device, *next;

	for (device = plan->devices; device; device = next) {
		next = device->next;
		free_device(device);
	}
	free_names(&plan->machine.memory);
	free_names(&plan->machine.windows);
	free_names(&plan->machine.platform);
	free_names(&plan->machine.holes);
	free_names(&plan->machine.ports);
}

static void say(const char *file, unsigned int line, const char *sort,
		const char *format, va_list args)
{
	fprintf(stderr, "vmr: %s:%u: %s", file, line, sort);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

void bad_input(struct plan *plan, const char *file, unsigned int line,
	       const char *format, ...)
{
	va_list args;

	if (plan->errors++ >= MAX_ERRORS)
		return;
	va_start(args, format);
	say(file, line, "", format, args);
	va_end(args);
	if (plan->errors == MAX_ERRORS)
		fprintf(stderr, "vmr: %s: more of that\n", file);
}

void note_input(const char *file, unsigned int line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(file, line, "note: ", format, args);
	va_end(args);
}

void *xcheck(void *memory)
{
	if (memory)
		return memory;
	fputs("vmr: out of memory\n", stderr);
	exit(2);
}

struct plan_device *add_device(struct plan *plan, const char *name,
			       const char *file, unsigned int line)
{
	struct plan_device *device = xcheck(calloc(1, sizeof(*device)));

	if (find_device(plan, name))
		bad_input(plan, file, line, "there is a %s already", name);
	if (plan->nr++ == MAX_DEVICES)
		bad_input(plan, file, line, "more than %d devices and bridges",
			  MAX_DEVICES);
	device->name = xcheck(strdup(name));
	device->file = file;
	device->line = line;
	*plan->end = device;
	plan->end = &device->next;
	return device;
}

struct plan_resource *push_resource(struct plan_device *device, uint32_t kind,
				    uint64_t size, unsigned int line)
{
	struct plan_resource *resource;

	if (!device->requested)
		device->requested = xcheck(calloc(MAX_RESOURCES + NR_WINDOWS,
						  sizeof(*resource)));
	resource = &device->requested[device->nr++];
	memset(resource, 0, sizeof(*resource));
	resource->kind = kind;
	resource->size = size;
	resource->align = 1;
	resource->line = line;
	return resource;
}

/* Add a resource of the input; of too many, the last is overwritten */
struct plan_resource *add_resource(struct plan *plan,
				   struct plan_device *device, uint32_t kind,
				   uint64_t size, unsigned int line)
{
	if (device->nr == MAX_RESOURCES) {
		bad_input(plan, device->file, line,
			  "%s has more than %d resources", device->name,
			  MAX_RESOURCES);
		device->nr--;
	}
	return push_resource(device, kind, size, line);
}

struct plan_device *find_device(struct plan *plan, const char *name)
{
	struct plan_device *device;

	for_each_device(device, plan)
		if (!strcmp(device->name, name))
			return device;
	return NULL;
}

/* Digits, decimal or with 0x, and behind them K to E, iB or B or nothing */
bool parse_number(const char *text, uint64_t *n)
{
	static const char units[] = "KMGTPE";
	const char *unit;
	unsigned int base = 10, digit;
	uint64_t value = 0;
	bool any = false;

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
	}
	for (; base == 16 ? isxdigit((unsigned char)*text) :
			    isdigit((unsigned char)*text); text++) {
		digit = isdigit((unsigned char)*text) ? *text - '0' :
			tolower((unsigned char)*text) - 'a' + 10;
		if (value > (VMR_ADDR_MAX - digit) / base)
			return false;
		value = value * base + digit;
		any = true;
	}
	unit = *text ? strchr(units, toupper((unsigned char)*text)) : NULL;
	if (unit) {
		unsigned int shift = 10 * (unit - units + 1);

		if (value > VMR_ADDR_MAX >> shift)
			return false;
		value <<= shift;
		text++;
		if (*text == 'i')
			text += text[1] == 'B' ? 2 : 0;
		else if (*text == 'B')
			text++;
	}
	if (!any || *text)
		return false;
	*n = value;
	return true;
}

/* FIRST-LAST or FIRST+SIZE */
bool parse_span(const char *text, struct vmr_span *span)
{
	size_t at = strcspn(text, "-+");
	char first[64];
	uint64_t n;

	if (!text[at] || at >= sizeof(first))
		return false;
	memcpy(first, text, at);
	first[at] = 0;
	if (!parse_number(first, &span->start) ||
	    !parse_number(text + at + 1, &n))
		return false;
	if (text[at] == '-') {
		span->last = n;
		return n >= span->start;
	}
	span->last = span->start + (n - 1);
	return n && span->last >= span->start;
}

/* One of a few buffers, so that one call may name several sizes */
const char *size_text(uint64_t size)
{
	static const char *const units[] = {
		"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB",
	};
	static char texts[4][48];
	static unsigned int next;
	char *text = texts[next++ % NR(texts)];
	unsigned int unit = 0, exact = 0;
	uint64_t tenths;

	if (!size)	/* all of the domain, which no number of 64 bits says */
		return "16 EiB";
	while (unit + 1 < NR(units) && size >> 10 * (unit + 1))
		unit++;
	while (exact < unit && !(size >> 10 * exact & 1023))
		exact++;
	if (size >> 10 * exact < MAX_EXACT || !unit) {
		snprintf(text, sizeof(texts[0]), "%llu %s",
			 (unsigned long long)(size >> 10 * exact),
			 units[exact]);
		return text;
	}
	tenths = (size >> (10 * unit - 10)) * 10 / 1024;
	snprintf(text, sizeof(texts[0]), "%llu.%llu %s",
		 (unsigned long long)tenths / 10,
		 (unsigned long long)tenths % 10, units[unit]);
	return text;
}

bool is_pow2(uint64_t n)
{
	return n && !(n & (n - 1));
}

bool is_address(uint32_t kind)
{
	return kind == VMR_KIND_PIO || kind == VMR_KIND_MMIO;
}

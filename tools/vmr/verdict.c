// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * verdict.c - the answer, in one word and in one line
 */
#include <stdlib.h>
#include <string.h>

#include "vmr.h"

#define MAX_NAMED	3	/* devices that the line names */

/* Functions of one device count once. */
static bool counts(const struct plan_device *device)
{
	return !device->excluded && !device->is_bridge &&
	       device->lead == device;
}

bool is_unknown(const struct plan_device *device)
{
	const struct plan_device *fn;

	for_each_function(fn, device)
		if (fn->nr_unknown && !fn->excluded)
			return true;
	return false;
}

struct count count_devices(const struct plan *plan)
{
	struct count count = { 0, 0, 0 };
	const struct plan_device *device;

	for_each_device(device, plan) {
		if (device->is_bridge && !device->excluded &&
		    device->nr_unknown)
			count.unknown++;
		if (!counts(device))
			continue;
		count.devices++;
		count.placed += is_placed(device);
		count.unknown += is_unknown(device);
	}
	return count;
}

static bool any_bridge_failed(const struct plan *plan)
{
	const struct plan_device *device;

	for_each_device(device, plan)
		if (device->is_bridge && device->failed && !device->excluded)
			return true;
	return false;
}

/* A device that does not fit by its known part does not fit. */
enum verdict verdict_of(const struct plan *plan)
{
	struct count count = count_devices(plan);

	if (count.placed != count.devices || any_bridge_failed(plan))
		return VERDICT_DOES_NOT;
	if (count.unknown || plan->nr_unknown)
		return VERDICT_CANNOT_SAY;
	return VERDICT_FITS;
}

const char *verdict_word(enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_FITS:
		return "fits";
	case VERDICT_DOES_NOT:
		return "does not fit";
	default:
		return "cannot say";
	}
}

static char *append(char *text, char *more)
{
	char *all = xprintf("%s%s", text, more);

	free(text);
	free(more);
	return all;
}

static const struct plan_device *failed_above(const struct plan_device *device)
{
	while (device && !device->failed)
		device = device->behind;
	return device;
}

static bool same_lack(const struct plan_resource *a,
		      const struct plan_resource *b)
{
	if (!a || !b)
		return !a && !b;
	return a->kind == b->kind &&
	       !((a->flags ^ b->flags) & VMR_64BIT && a->kind == VMR_KIND_MMIO);
}

static char *lack_text(const struct plan_device *first, uint64_t sum)
{
	const struct plan_resource *r = first->failed_resource;

	if (!r)
		return xprintf(": %s", first->why);
	switch (r->kind) {
	case VMR_KIND_MMIO:
		return r->fixed ? xprintf(": %s", first->why) :
		       xprintf(" %s more %s 4 GiB", size_text(sum),
			       r->flags & VMR_64BIT ? "above" : "below");
	case VMR_KIND_PIO:
		return xprintf(" %llu more I/O ports", (unsigned long long)sum);
	case VMR_KIND_IRQ:
		return xprintf(" an interrupt line: %s", first->why);
	default:
		return xprintf(" %llu more interrupt vectors",
			       (unsigned long long)sum);
	}
}

/* "gpu6 and gpu7 need 256 GiB more above 4 GiB", for the first lack and its like */
static char *failure_text(const struct plan *plan)
{
	const struct plan_device *device, *up, *first = NULL;
	char *names = xprintf("%s", "");
	size_t nr = 0;
	uint64_t sum = 0;
	char *lack;

	for_each_device(device, plan) {
		if (!counts(device) && !(device->is_bridge && device->failed))
			continue;
		up = failed_above(device);
		if (!up || device->excluded || (device->is_bridge && nr))
			continue;
		if (first && !same_lack(first->failed_resource,
					up->failed_resource))
			continue;
		first = first ? first : up;
		if (nr++ < MAX_NAMED)
			names = append(names, xprintf("%s%s", nr > 1 ? ", " : "",
						      device->name));
		if (device == up && up->failed_resource)
			sum += up->failed_resource->size;
	}
	if (nr > MAX_NAMED)
		names = append(names, xprintf(" and %zu more", nr - MAX_NAMED));
	if (!first)
		return names;
	lack = lack_text(first, sum ? sum : first->failed_resource ?
			 first->failed_resource->size : 0);
	names = append(names, xprintf(first->failed_resource || *lack != ':' ?
				      nr > 1 ? " need" : " needs" : ""));
	return append(names, lack);
}

static char *unknown_text(const struct plan *plan)
{
	const struct plan_device *device;
	size_t nr = plan->nr_unknown;
	char *text = NULL;

	if (nr)
		text = xprintf("cannot say: %s; %s", plan->unknown[0].what,
			       plan->unknown[0].command);
	for_each_device(device, plan) {
		if (device->excluded || !device->nr_unknown)
			continue;
		nr += device->nr_unknown;
		if (!text)
			text = xprintf("cannot say: %s: unknown is %s; `%s` shows it",
				       device->name, device->unknown[0].what,
				       device->unknown[0].command);
	}
	if (nr > 1)
		text = append(text, xprintf(" (and %zu more below)", nr - 1));
	return text ? text : xprintf("cannot say");
}

char *verdict_text(const struct plan *plan)
{
	struct count count = count_devices(plan);
	char *text, *failure;

	switch (verdict_of(plan)) {
	case VERDICT_CANNOT_SAY:
		return unknown_text(plan);
	case VERDICT_FITS:
		if (!count.devices)
			return xprintf("no devices to place");
		return xprintf(count.devices == 1 ? "%zu of %zu device fits" :
						    "%zu of %zu devices fit",
			       count.placed, count.devices);
	default:
		break;
	}
	failure = failure_text(plan);
	text = xprintf("%zu of %zu device%s fit%s; %s", count.placed,
		       count.devices, count.devices == 1 ? "" : "s",
		       count.devices == 1 ? "s" : "", failure);
	free(failure);
	if (plan->bits_needed)
		text = append(text, xprintf("; %u address bits would do",
					    plan->bits_needed));
	if (count.unknown)
		text = append(text, xprintf("; of %zu not all is known",
					    count.unknown));
	return text;
}

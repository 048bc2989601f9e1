// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * select.c - which devices are planned, as one device or several, and behind what
 */
#include <stdlib.h>
#include <string.h>

#include "place.h"

/* Host bridges and ports by their secondary bus, with open addressing */
struct bus_table {
	struct plan_device	**slots;
	size_t			nr;	/* a power of two, over twice the bridges */
};

static bool matches_only(const struct selection *s,
			 const struct plan_device *device)
{
	size_t i;

	for (i = 0; i < s->nr_only; i++)
		if (!strncmp(device->name, s->only[i], strlen(s->only[i])) ||
		    (device->what && strstr(device->what, s->only[i])))
			return true;
	return !s->nr_only;
}

static size_t bus_key(const struct bus_table *t, uint32_t segment, uint32_t bus)
{
	return (segment * 257 + bus) & (t->nr - 1);
}

static struct plan_device *bridge_to(const struct bus_table *t,
				     const struct plan_device *device)
{
	uint32_t bus = device->address >> 8;
	size_t key = bus_key(t, device->segment, bus);
	struct plan_device *bridge;

	for (; (bridge = t->slots[key]); key = (key + 1) & (t->nr - 1))
		if (bridge->file == device->file &&
		    bridge->segment == device->segment &&
		    bridge->secondary == bus && bridge->address >> 8 < bus)
			return bridge;
	return NULL;
}

static void add_bus(struct bus_table *t, struct plan_device *bridge)
{
	size_t key = bus_key(t, bridge->segment, bridge->secondary);

	while (t->slots[key])
		key = (key + 1) & (t->nr - 1);
	t->slots[key] = bridge;
}

/* A bus is behind the bridge with this secondary bus; numbers grow downwards. */
static void link_host_buses(struct plan *plan)
{
	struct bus_table t = { .nr = 16 };
	struct plan_device *device;
	size_t bridges = 0;

	for_each_device(device, plan)
		bridges += device->on_host && device->is_bridge;
	while (t.nr < 2 * bridges + 1)
		t.nr *= 2;
	t.slots = xcheck(calloc(t.nr, sizeof(*t.slots)));
	for_each_device(device, plan)
		if (device->on_host && device->is_bridge)
			add_bus(&t, device);
	for_each_device(device, plan)
		if (device->on_host)
			device->behind = bridge_to(&t, device);
	free(t.slots);
}

/* Without bridges every device is at the root of its host bridge. */
static void drop_bridges(struct plan *plan, const struct selection *s)
{
	struct plan_device *device, *up;

	for_each_device(device, plan)
		if (device->is_bridge &&
		    (s->flat || (device->on_host && !s->bridges)))
			device->excluded = true;
	for_each_device(device, plan)
		while (device->behind && device->behind->excluded)
			device->behind = device->behind->behind;
	for_each_device(device, plan)
		if (device->is_bridge && device->on_host)
			device->excluded = true;
	for_each_device(device, plan) {
		if (device->excluded)
			continue;
		for (up = device->behind; up; up = up->behind)
			up->excluded = false;
	}
}

/* The function of the same device with a lower number, if it is selected */
static struct plan_device *find_lead(struct plan *plan,
				     const struct plan_device *device)
{
	char name[NAME_SIZE];
	struct plan_device *other;
	size_t len = strcspn(device->name, "#");
	uint32_t fn;

	if (len < 2 || len >= sizeof(name) || device->name[len])
		return NULL;
	memcpy(name, device->name, len);
	name[len] = 0;
	for (fn = 0; fn < (device->address & 7); fn++) {
		name[len - 1] = '0' + fn;
		other = find_device(plan, name);
		if (other && !other->excluded && other->on_host &&
		    other->file == device->file &&
		    other->segment == device->segment &&
		    other->address >> 3 == device->address >> 3 &&
		    other->is_bridge == device->is_bridge)
			return other->lead;
	}
	return NULL;
}

static bool is_virtual(const struct plan_device *device)
{
	return device->what && strstr(device->what, "Virtual Function");
}

static void group_functions(struct plan *plan)
{
	struct plan_device *device, *lead;

	for_each_device(device, plan) {
		if (plan->settings.split || !device->on_host ||
		    device->excluded || is_virtual(device))
			continue;
		lead = find_lead(plan, device);
		if (lead && lead != device && lead->behind == device->behind)
			add_function(lead, device);
	}
}

static void split_functions(struct plan *plan)
{
	struct plan_device *device;

	for_each_device(device, plan) {
		device->lead = device;
		device->next_function = NULL;
	}
}

static char *and_more(size_t nr)
{
	return nr ? xprintf(" and %zu more", nr) : xprintf("%s", "");
}

/* One remark for all the devices that @is_one names */
static void note_devices(struct plan *plan, const char *text,
			 bool (*is_one)(const struct plan_device *device))
{
	const struct plan_device *device, *first = NULL;
	size_t nr = 0;
	char *more;

	for_each_device(device, plan) {
		if (!is_one(device))
			continue;
		if (!first)
			first = device;
		nr++;
	}
	if (!first)
		return;
	more = and_more(nr - 1);
	add_note(plan, xprintf("%s%s: %s", first->name, more, text));
	free(more);
}

static bool is_unplanned(const struct plan_device *device)
{
	return device->is_chipset;
}

static bool lacks_vectors(const struct plan_device *device)
{
	return device->shows_no_vectors && !device->excluded;
}

void select_devices(struct plan *plan, const struct selection *s)
{
	struct plan_device *device;
	bool any = false;

	if (plan->settings.split)
		split_functions(plan);
	link_host_buses(plan);
	for_each_device(device, plan) {
		device->excluded = device->is_host_bridge ||
				   (!device->is_bridge &&
				    !matches_only(s, device));
		any |= !device->excluded && !device->is_bridge;
	}
	if (s->nr_only && !any)
		bad_plan(plan, "no device matches --only %s; without it all are planned",
			 s->only[0]);
	drop_bridges(plan, s);
	group_functions(plan);
	link_children(plan);
	if (!s->nr_only)
		note_devices(plan, "of the chipset, not planned", is_unplanned);
	note_devices(plan, "the log shows no interrupt vectors, none are planned",
		     lacks_vectors);
}

bool is_selected(const struct plan_device *device)
{
	return !device->excluded;
}

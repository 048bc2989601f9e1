// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * plan_device.c - the statements that begin a device, a bridge or a function
 */
#include <stdlib.h>
#include <string.h>

#include "plan_parse.h"

/* The words behind a name */
struct place {
	uint64_t	count;
	const char	*on;
	size_t		on_word;
	uint64_t	reserve[NR_WINDOWS];
	uint64_t	buses;
};

static void push_group(struct parser *p, struct plan_device *device)
{
	if (p->count == p->max) {
		p->max = p->max ? 2 * p->max : 16;
		p->group = xcheck(realloc(p->group,
					  p->max * sizeof(*p->group)));
	}
	p->group[p->count++] = device;
}

/* The bridge above the i-th of a group: a group too, or one for all */
static struct plan_device *bridge_for(struct parser *p,
				      const struct place *place, size_t i)
{
	struct plan_device *bridge = find_device(p->plan, place->on);
	char numbered[2 * NAME_SIZE];

	if (!bridge) {
		snprintf(numbered, sizeof(numbered), "%.*s%zu", NAME_SIZE,
			 place->on, i);
		bridge = find_device(p->plan, numbered);
	}
	if (bridge && bridge->is_bridge)
		return bridge;
	complain(p, place->on_word, "there is no bridge %s above", place->on);
	return NULL;
}

static int host_for(const struct parser *p, const char *on)
{
	size_t i;

	for (i = 1; i < p->plan->nr_hosts; i++)
		if (!strcmp(p->plan->hosts[i].name, on))
			return i;
	return 0;
}

static bool reserve_word(struct parser *p, size_t i, struct place *place)
{
	static const char *const words[NR_WINDOWS] = {
		"io", "reserve", "prefetchable",
	};
	size_t w;

	for (w = 0; w < NR_WINDOWS; w++)
		if (word_is(p, i, words[w]))
			return number_to(p, i + 1, "size", w ? 1 << 20 : 4096,
					 w == 1 ? 1ull << 31 : w ? 1ull << 62 :
					 1 << 16, &place->reserve[w]);
	if (word_is(p, i, "buses"))
		return number_to(p, i + 1, "number of buses", 1, 255,
				 &place->buses);
	return no_more(p, i);
}

static bool read_place(struct parser *p, struct place *place)
{
	bool is_port = word_is(p, 0, "port");
	size_t i;

	*place = (struct place) { 0 };
	for (i = 2; i < p->nr; i += 2) {
		if (word_is(p, i, "count")) {
			if (!number_to(p, i + 1, "count", 1, MAX_COUNT,
				       &place->count))
				return false;
		} else if (word_is(p, i, "on")) {
			if (i + 1 == p->nr) {
				complain(p, i + 1, "on which bridge?");
				return false;
			}
			place->on_word = i + 1;
			place->on = p->words[i + 1];
		} else if (!is_port) {
			return no_more(p, i);
		} else if (!reserve_word(p, i, place)) {
			return false;
		}
	}
	return true;
}

static bool name_is_free(struct parser *p, const char *name)
{
	if (!find_device(p->plan, name))
		return true;
	complain(p, 1, "there is a %s already", name);
	return false;
}

/* A port forwards to device 0 only; a bus has 32 devices. */
static bool take_slot(struct parser *p, const struct place *place,
		      struct plan_device *bridge)
{
	unsigned int max = bridge->is_port ? 1 : 32;

	if (bridge->nr_children++ < max)
		return true;
	complain(p, place->on_word, bridge->is_port ?
		 "port %s has a device already; another one needs its own port" :
		 "bridge %s has 32 devices already", bridge->name);
	return false;
}

static struct plan_device *one_device(struct parser *p,
				      const struct place *place,
				      const char *name, size_t i)
{
	struct plan_device *device, *bridge = NULL;
	int host = place->on ? host_for(p, place->on) : 0;

	if (place->on && !host) {
		bridge = bridge_for(p, place, i);
		if (!bridge || !take_slot(p, place, bridge))
			return NULL;
	}
	if (!name_is_free(p, name))
		return NULL;
	if (p->plan->settings.max_devices &&
	    p->plan->nr >= p->plan->settings.max_devices) {
		complain(p, 1, "more than %zu devices",
			 p->plan->settings.max_devices);
		return NULL;
	}
	device = add_device(p->plan, name, p->file, p->line);
	device->behind = bridge;
	device->host = bridge ? bridge->host : (unsigned int)host;
	return device;
}

static bool read_name(struct parser *p)
{
	if (p->nr < 2)
		complain(p, 1, "%s: its name is missing", p->words[0]);
	else if (strlen(p->words[1]) >= NAME_SIZE)
		complain(p, 1, "a name has at most %d bytes", NAME_SIZE - 1);
	else
		return true;
	return false;
}

static void parse_devices(struct parser *p, bool is_bridge)
{
	struct plan_device *device;
	char name[NAME_SIZE + 24];
	struct place place;
	uint64_t i;

	p->count = 0;
	p->ignores = true;
	if (!read_name(p) || !read_place(p, &place))
		return;
	for (i = 0; i < (place.count ? place.count : 1); i++) {
		snprintf(name, sizeof(name), place.count ? "%s%llu" : "%s",
			 p->words[1], (unsigned long long)i);
		device = one_device(p, &place, name, i);
		if (!device) {
			p->count = 0;
			return;
		}
		if (is_bridge)
			make_bridge(device);
		device->is_port = word_is(p, 0, "port");
		memcpy(device->reserve, place.reserve, sizeof(place.reserve));
		device->reserve_buses = place.buses;
		push_group(p, device);
	}
}

void parse_device(struct parser *p)
{
	parse_devices(p, false);
}

void parse_bridge(struct parser *p)
{
	parse_devices(p, true);
}

/* A further function of each device of the group */
void parse_function(struct parser *p)
{
	struct plan_device *lead, *fn;
	char name[2 * NAME_SIZE + 32];
	unsigned int nr = 1;
	size_t i;

	if (!read_name(p) || !no_more(p, 2))
		return;
	for (fn = p->group[0]->lead; fn->next_function; fn = fn->next_function)
		nr++;
	if (p->group[0]->is_bridge || nr >= 8) {
		complain(p, 0, nr >= 8 ? "a device has at most 8 functions" :
			 "a bridge has no function of this kind");
		return;
	}
	for (i = 0; i < p->count; i++) {
		lead = p->group[i]->lead;
		snprintf(name, sizeof(name), "%s.%s", lead->name, p->words[1]);
		if (!name_is_free(p, name))
			return;
		fn = add_device(p->plan, name, p->file, p->line);
		fn->behind = lead->behind;
		fn->host = lead->host;
		add_function(lead, fn);
		p->group[i] = fn;
	}
}

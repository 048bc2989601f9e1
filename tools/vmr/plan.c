// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * plan.c - a plan and its parts
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "vmr.h"

void *xcheck(void *memory)
{
	if (memory)
		return memory;
	fputs("vmr: out of memory\n", stderr);
	exit(2);
}

char *xprintf(const char *format, ...)
{
	char *text = NULL;
	va_list args;
	int len;

	va_start(args, format);
	len = vasprintf(&text, format, args);
	va_end(args);
	return xcheck(len < 0 ? NULL : text);
}

void plan_init(struct plan *plan)
{
	memset(plan, 0, sizeof(*plan));
	plan->end = &plan->devices;
	plan->messages = stderr;
	plan->hosts[0].last_bus = 255;
	plan->nr_hosts = 1;
}

static void free_unknown(struct plan_unknown *unknown, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		free(unknown[i].what);
		free(unknown[i].command);
	}
	free(unknown);
}

static void free_device(struct plan_device *device)
{
	free_unknown(device->unknown, device->nr_unknown);
	free(device->name);
	free(device->what);
	free(device->why);
	free(device->info);
	free(device->requested);
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
	size_t i;

	for (device = plan->devices; device; device = next) {
		next = device->next;
		free_device(device);
	}
	free_names(&plan->machine.memory);
	free_names(&plan->machine.windows);
	free_names(&plan->machine.platform);
	free_names(&plan->machine.holes);
	free_names(&plan->machine.ports);
	for (i = 0; i < plan->nr_hosts; i++)
		free(plan->hosts[i].name);
	for (i = 0; i < plan->nr_notes; i++)
		free(plan->notes[i]);
	free(plan->notes);
	free_unknown(plan->unknown, plan->nr_unknown);
	free(plan->skipped_text);
}

static struct plan_device **bucket_of(struct plan *plan, const char *name)
{
	uint32_t hash = 2166136261u;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	return &plan->by_name[(hash ^ hash >> 16) % NR_HASH];
}

struct plan_device *add_device(struct plan *plan, const char *name,
			       const char *file, unsigned int line)
{
	struct plan_device *device = xcheck(calloc(1, sizeof(*device)));
	struct plan_device **bucket = bucket_of(plan, name);

	plan->nr++;
	device->name = xcheck(strdup(name));
	device->file = file;
	device->line = line;
	device->lead = device;
	device->hash_next = *bucket;
	*bucket = device;
	*plan->end = device;
	plan->end = &device->next;
	return device;
}

struct plan_device *find_device(struct plan *plan, const char *name)
{
	struct plan_device *device = *bucket_of(plan, name);

	while (device && strcmp(device->name, name))
		device = device->hash_next;
	return device;
}

void add_function(struct plan_device *lead, struct plan_device *fn)
{
	fn->lead = lead;
	while (lead->next_function)
		lead = lead->next_function;
	lead->next_function = fn;
}

struct plan_resource *add_resource(struct plan_device *device, uint32_t kind,
				   uint64_t size, unsigned int line)
{
	struct plan_resource *resource;

	if (device->nr == device->max) {
		device->max = device->max ? 2 * device->max : 4;
		resource = realloc(device->requested,
				   device->max * sizeof(*resource));
		device->requested = xcheck(resource);
	}
	resource = &device->requested[device->nr++];
	memset(resource, 0, sizeof(*resource));
	resource->kind = kind;
	resource->size = size;
	resource->align = 1;
	resource->line = line;
	return resource;
}

/* The windows come first, and have a size once something is behind the bridge. */
void make_bridge(struct plan_device *device)
{
	static const char *const names[NR_WINDOWS] = {
		"i/o window", "window", "prefetchable window",
	};
	size_t i;

	device->is_bridge = true;
	for (i = 0; i < NR_WINDOWS; i++) {
		struct plan_resource *w =
			add_resource(device, i ? VMR_KIND_MMIO : VMR_KIND_PIO,
				     0, device->line);

		w->window = true;
		if (i == 2)
			w->flags = VMR_64BIT | VMR_PREFETCHABLE;
		snprintf(w->name, sizeof(w->name), "%s", names[i]);
	}
}

static void push_unknown(struct plan_unknown **list, size_t *nr,
			 unsigned int line, char *what, char *command)
{
	*list = xcheck(realloc(*list, (*nr + 1) * sizeof(**list)));
	(*list)[(*nr)++] = (struct plan_unknown) { what, line, command };
}

/* Both texts belong to the plan from then on. */
void add_unknown(struct plan_device *device, unsigned int line, char *what,
		 char *command)
{
	push_unknown(&device->unknown, &device->nr_unknown, line, what,
		     command);
}

void add_file_unknown(struct plan *plan, const char *file, unsigned int line,
		      char *what, char *command)
{
	plan->unknown_file = file;
	push_unknown(&plan->unknown, &plan->nr_unknown, line, what, command);
}

void add_note(struct plan *plan, char *text)
{
	plan->notes = xcheck(realloc(plan->notes, (plan->nr_notes + 1) *
						  sizeof(*plan->notes)));
	plan->notes[plan->nr_notes++] = text;
}

bool is_pow2(uint64_t n)
{
	return n && !(n & (n - 1));
}

bool is_address(uint32_t kind)
{
	return kind == VMR_KIND_PIO || kind == VMR_KIND_MMIO;
}

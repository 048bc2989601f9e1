// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * explain.c - for each placement, the reason for it
 */
#include <stdlib.h>

#include "vmr.h"

static const struct vmr_pool *pool_named(const struct plan *plan,
					 const struct plan_resource *r)
{
	size_t i;

	for (i = 0; i < plan->sys.nr_pools; i++)
		if (plan->sys.pools[i].pool.name == r->pool)
			return &plan->sys.pools[i].pool;
	return NULL;
}

static const char *kind_text(const struct plan_resource *r)
{
	if (r->fixed)
		return "its address is fixed";
	if (r->kind == VMR_KIND_PIO)
		return "I/O ports";
	if (r->platform)
		return "an area of the platform";
	if (!(r->flags & VMR_64BIT))
		return "32-bit, which has to be below 4 GiB";
	return r->flags & VMR_PREFETCHABLE ?
	       "64-bit and prefetchable, which may be anywhere" :
	       "64-bit, which may be anywhere";
}

/* The neighbour that the search ran into: above it from the top, else below it */
static char *neighbour(const struct map *map, size_t at, bool top)
{
	const struct map_entry *e = &map->list[at], *other;
	size_t i;

	for (i = top ? at + 1 : at; top ? i < map->nr : i-- > 0; i += top) {
		other = &map->list[i];
		if (other->depth != e->depth)
			continue;
		return xprintf("%s is %s it", other->device ?
			       other->device->name : other->name ?
			       other->name : "memory",
			       top ? "above" : "below");
	}
	return xprintf(top ? "nothing is above it" : "nothing is below it");
}

static const char mirrored[] =
	"; its contents are in reverse order, to share an aligned block with a neighbour";

static char *root_reason(const struct plan *plan, const struct map *map,
			 size_t i)
{
	const struct plan_resource *r = map->list[i].resource;
	const struct vmr_pool *pool = pool_named(plan, r);
	bool top = !pool || pool->policy == VMR_LAST;
	char *near = neighbour(map, i, top), *text;

	if (r->fixed)
		text = xprintf("%s", kind_text(r));
	else
		text = xprintf("%s; the %s free place in %s at a multiple of %s; %s%s",
			       kind_text(r), top ? "highest" : "lowest",
			       r->pool ? r->pool : "its domain",
			       size_text(r->align), near,
			       r->mirrored ? mirrored : "");
	free(near);
	return text;
}

static char *inner_reason(const struct map_entry *e)
{
	const struct plan_resource *r = e->resource;

	return xprintf("%s; behind %s, so in its %s, most aligned first, at a multiple of %s",
		       kind_text(r), e->device->behind->name,
		       r->kind == VMR_KIND_PIO ? "i/o window" :
		       (r->flags & VMR_64BIT && r->flags & VMR_PREFETCHABLE) ?
		       "prefetchable window" : "window", size_text(r->align));
}

static void explain_kind(struct plan *plan, uint32_t kind, FILE *out,
			 unsigned int width)
{
	struct map map = make_map(plan, kind);
	size_t i;

	for (i = 0; i < map.nr; i++) {
		const struct map_entry *e = &map.list[i];
		char *why, *line;

		if (!e->device)
			continue;
		why = e->depth ? inner_reason(e) : root_reason(plan, &map, i);
		line = xprintf("  %s: %s at 0x%llx: %s", e->device->name,
			       e->resource->name,
			       (unsigned long long)e->start, why);
		put_wrapped(out, width, 4, line);
		free(line);
		free(why);
	}
	free(map.list);
}

void show_explanation(struct plan *plan, FILE *out, unsigned int width)
{
	fputs("why there\n", out);
	explain_kind(plan, VMR_KIND_MMIO, out, width);
	explain_kind(plan, VMR_KIND_PIO, out, width);
}

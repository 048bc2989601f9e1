/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * route_loops.h - the loops that dispatch. Each implementation includes this file
 * after it has defined
 *
 *	struct router			with const struct route_map *map
 *	route(r, thread, mmio, addr, data, width, count, write)
 *					returns whether a device responded
 */

static void run_random(struct router *r, unsigned int thread,
		       struct bench_run *run)
{
	uint64_t rng = run->rng, offset, k;
	uint32_t nr = (uint32_t)r->map->nr, value, i;

	for (k = 0; k < run->ops; k++) {
		i = bench_below(&rng, nr);
		offset = rng & (ROUTE_REGISTERS - 4);
		if (!route(r, thread, true,
			   ROUTE_BASE + i * ROUTE_STRIDE + offset, &value,
			   sizeof(value), 1, false) ||
		    value != route_value(i, offset))
			bench_fail("%s: device %u is not found at its address", IMPL, i);
	}
	run->rng = rng;
}

static void run_trace(struct router *r, unsigned int thread,
		      struct bench_run *run)
{
	static uint8_t buffers[ROUTE_THREADS][ROUTE_DATA];
	const struct route_access *a, *end;
	const struct route_region *region;
	uint8_t *data = buffers[thread];
	uint64_t k;

	a = r->map->accesses + run->rng % r->map->nr_accesses;
	end = r->map->accesses + r->map->nr_accesses;
	for (k = 0; k < run->ops; k++) {
		data[0] = 0xff;
		if (!route(r, thread, a->mmio, a->addr, data, a->width,
			   a->count, a->write))
			bench_fail("%s: no device at %#llx", IMPL,
				   (unsigned long long)a->addr);
		region = &r->map->regions[a->region];
		if (!a->write && data[0] !=
		    (uint8_t)route_value(a->region, a->addr - region->start))
			bench_fail("%s: another device at %#llx", IMPL,
				   (unsigned long long)a->addr);
		if (++a == end)
			a = r->map->accesses;
	}
	run->rng = a - r->map->accesses;
}

static void run_route(void *state, unsigned int thread, struct bench_run *run)
{
	struct router *r = (struct router *)state;

	if (r->map->accesses)
		run_trace(r, thread, run);
	else
		run_random(r, thread, run);
}

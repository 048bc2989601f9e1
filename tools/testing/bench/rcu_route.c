// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * rcu_route.c - dispatch as in the kernel's KVM: readers search a sorted array, which
 * is copied for each change. Readers use liburcu.
 */
#define URCU_INLINE_SMALL_FUNCTIONS
#include <urcu/urcu-memb.h>

#include <stdlib.h>

#include "route.h"

#define IMPL	"rcu+bsearch"

struct card {
	uint64_t	start;
	uint64_t	last;
	struct route_device *dev;
};

struct bus {
	size_t		nr;
	struct card	cards[];
};

struct router {
	struct bus		*buses[2];
	const struct route_map	*map;
	uint64_t		restless[ROUTE_RESTLESS];
	struct route_device	*devices;
};

static int compare_cards(const void *a, const void *b)
{
	const struct card *x = a, *y = b;

	if (x->last < y->start)
		return -1;
	return x->start > y->last;
}

static struct bus *bus_alloc(size_t nr)
{
	struct bus *bus = malloc(sizeof(*bus) + nr * sizeof(*bus->cards));

	if (!bus)
		bench_fail("no memory");
	bus->nr = nr;
	return bus;
}

static void *route_create(const struct route_map *map)
{
	struct router *r = calloc(1, sizeof(*r));
	const struct route_region *region;
	uint64_t start;
	struct bus *bus;
	size_t i;

	if (!r)
		bench_fail("no memory");
	r->map = map;
	r->devices = route_devices(map->nr + ROUTE_RESTLESS);
	r->buses[0] = bus_alloc(map->nr);
	r->buses[1] = bus_alloc(map->nr + ROUTE_RESTLESS);
	r->buses[0]->nr = 0;
	r->buses[1]->nr = 0;
	for (i = 0; i < map->nr; i++) {
		region = &map->regions[i];
		bus = r->buses[region->mmio];
		bus->cards[bus->nr++] = (struct card) {
			region->start, region->start + region->size - 1,
			&r->devices[i],
		};
	}
	for (; !map->accesses && i < map->nr + ROUTE_RESTLESS; i++) {
		start = ROUTE_BASE + i * ROUTE_STRIDE + BENCH_PAGE;
		r->restless[i - map->nr] = start;
		bus = r->buses[1];
		bus->cards[bus->nr++] = (struct card) {
			start, start + BENCH_PAGE - 1, &r->devices[i],
		};
	}
	for (i = 0; i < 2; i++)
		qsort(r->buses[i]->cards, r->buses[i]->nr,
		      sizeof(struct card), compare_cards);
	return r;
}

static void route_destroy(void *state)
{
	struct router *r = state;

	free(r->buses[0]);
	free(r->buses[1]);
	free(r->devices);
	free(r);
}

static inline struct card *find(const struct bus *bus, uint64_t addr,
				uint64_t last)
{
	const struct card key = { .start = addr, .last = last };

	return bsearch(&key, bus->cards, bus->nr, sizeof(key), compare_cards);
}

static inline bool route(struct router *r, unsigned int thread, bool mmio,
			 uint64_t addr, void *data, uint32_t width,
			 uint32_t count, bool write)
{
	struct card *card;
	struct bus *bus;
	bool found;

	(void)thread;
	urcu_memb_read_lock();
	bus = rcu_dereference(r->buses[mmio]);
	card = find(bus, addr, addr);
	found = card && card->last - addr >= width - 1;
	if (found && write)
		card->dev->write(card->dev, addr - card->start, data,
				 width * count);
	else if (found)
		card->dev->read(card->dev, addr - card->start, data,
				width * count);
	urcu_memb_read_unlock();
	return found;
}

static void route_disturb(void *state, uint64_t *rng)
{
	struct router *r = state;
	uint64_t to = route_free_page(r->map, rng), from;
	uint32_t i = bench_below(rng, ROUTE_RESTLESS);
	struct bus *old = r->buses[1], *bus;
	struct card *card;

	from = r->restless[i];
	if (find(old, to, to + BENCH_PAGE - 1))
		return;
	bus = bus_alloc(old->nr);
	memcpy(bus->cards, old->cards, old->nr * sizeof(*old->cards));
	card = find(bus, from, from);
	/* Shift the entries in between. */
	for (; card > bus->cards && card[-1].start > to; card--)
		card[0] = card[-1];
	for (; card + 1 < bus->cards + bus->nr && card[1].start < to; card++)
		card[0] = card[1];
	*card = (struct card) {
		to, to + BENCH_PAGE - 1, &r->devices[r->map->nr + i],
	};
	r->restless[i] = to;
	rcu_set_pointer(&r->buses[1], bus);
	urcu_memb_synchronize_rcu();
	free(old);
}

static void route_enter(void *state)
{
	(void)state;
	urcu_memb_register_thread();
}

static void route_leave(void *state)
{
	(void)state;
	urcu_memb_unregister_thread();
}

#include "route_loops.h"

const struct route_impl rcu_route = {
	.name = IMPL, .create = route_create, .destroy = route_destroy,
	.run = run_route, .disturb = route_disturb, .enter = route_enter,
	.leave = route_leave,
};

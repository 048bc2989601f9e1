// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * mutex_route.c - dispatch as in simple VMMs: the kernel's rbtree, and a mutex around
 * every access
 */
#include <linux/rbtree.h>

#include <pthread.h>
#include <stdlib.h>

#include "route.h"

#define IMPL	"mutex+rbtree"

struct card {
	struct rb_node	rb;
	uint64_t	start;
	uint64_t	last;
	struct route_device *dev;
};

struct router {
	pthread_mutex_t		lock;
	struct rb_root		roots[2];
	const struct route_map	*map;
	struct card		*cards;
	struct route_device	*devices;
};

static struct card *find(struct router *r, bool mmio, uint64_t addr)
{
	struct rb_node *rb = r->roots[mmio].rb_node;

	while (rb) {
		struct card *card = rb_entry(rb, struct card, rb);

		if (addr < card->start)
			rb = rb->rb_left;
		else if (addr > card->last)
			rb = rb->rb_right;
		else
			return card;
	}
	return NULL;
}

static bool insert(struct router *r, struct card *card, bool mmio,
		   uint64_t start, uint64_t size)
{
	struct rb_node **link = &r->roots[mmio].rb_node, *parent = NULL;

	card->start = start;
	card->last = start + size - 1;
	while (*link) {
		struct card *at = rb_entry(*link, struct card, rb);

		parent = *link;
		if (card->last < at->start)
			link = &parent->rb_left;
		else if (start > at->last)
			link = &parent->rb_right;
		else
			return false;
	}
	rb_link_node(&card->rb, parent, link);
	rb_insert_color(&card->rb, &r->roots[mmio]);
	return true;
}

static void *route_create(const struct route_map *map)
{
	struct router *r = calloc(1, sizeof(*r));
	size_t i, k;

	if (!r)
		bench_fail("no memory");
	r->map = map;
	r->cards = calloc(map->nr + ROUTE_RESTLESS, sizeof(*r->cards));
	r->devices = route_devices(map->nr + ROUTE_RESTLESS);
	for (i = 0; r->cards && i < map->nr + ROUTE_RESTLESS; i++)
		r->cards[i].dev = &r->devices[i];
	if (!r->cards || pthread_mutex_init(&r->lock, NULL))
		bench_fail("no memory");
	for (i = 0; i < map->nr; i++) {
		const struct route_region *region;

		k = i * 7919 % map->nr;
		region = &map->regions[k];
		if (!insert(r, &r->cards[k], region->mmio, region->start,
			    region->size))
			bench_fail("%s: device %zu cannot be placed", IMPL, k);
	}
	for (; !map->accesses && i < map->nr + ROUTE_RESTLESS; i++)
		insert(r, &r->cards[i], true,
		       ROUTE_BASE + i * ROUTE_STRIDE + BENCH_PAGE, BENCH_PAGE);
	return r;
}

static void route_destroy(void *state)
{
	struct router *r = state;

	pthread_mutex_destroy(&r->lock);
	free(r->cards);
	free(r->devices);
	free(r);
}

static inline bool route(struct router *r, unsigned int thread, bool mmio,
			 uint64_t addr, void *data, uint32_t width,
			 uint32_t count, bool write)
{
	struct card *card;
	bool found;

	(void)thread;
	pthread_mutex_lock(&r->lock);
	card = find(r, mmio, addr);
	found = card && card->last - addr >= width - 1;
	if (found && write)
		card->dev->write(card->dev, addr - card->start, data,
				 width * count);
	else if (found)
		card->dev->read(card->dev, addr - card->start, data,
				width * count);
	pthread_mutex_unlock(&r->lock);
	return found;
}

static void route_disturb(void *state, uint64_t *rng)
{
	struct router *r = state;
	uint64_t to = route_free_page(r->map, rng), from;
	uint32_t i = bench_below(rng, ROUTE_RESTLESS);
	struct card *card = &r->cards[r->map->nr + i];

	pthread_mutex_lock(&r->lock);
	from = card->start;
	rb_erase(&card->rb, &r->roots[true]);
	if (!insert(r, card, true, to, BENCH_PAGE))
		insert(r, card, true, from, BENCH_PAGE);
	pthread_mutex_unlock(&r->lock);
}

#include "route_loops.h"

const struct route_impl mutex_route = {
	.name = IMPL, .create = route_create, .destroy = route_destroy,
	.run = run_route, .disturb = route_disturb,
};

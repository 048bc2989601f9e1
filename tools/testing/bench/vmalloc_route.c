// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * vmalloc_route.c - dispatch with this library
 */
#include <stdlib.h>

#include <vmalloc/device.h>

#include "route.h"

#define IMPL	"vmalloc"

struct card {
	struct vmr_device	dev;
	struct vmr_region	region;
	struct vmr_constraint	constraint;
	struct vmr_resource	resource;
	uint32_t		index;
};

struct thread {
	struct vmr_reader	reader;
	struct vmr_cache_set	*cache;
} __attribute__((__aligned__(128)));

struct router {
	struct thread		threads[ROUTE_THREADS];
	const struct route_map	*map;
	struct card		*cards;
	struct vmr_system	sys;
	struct vmr_manager	manager;
};

static void card_read(struct vmr_device *dev, const struct vmr_access *access,
		      void *data)
{
	struct card *card = (struct card *)dev;

	route_answer(card->index, access->offset, data,
		     access->width * access->count);
}

static void card_write(struct vmr_device *dev, const struct vmr_access *access,
		       const void *data)
{
	(void)dev;
	(void)access;
	(void)data;
}

static const struct vmr_device_ops card_ops = {
	.read = card_read,
	.write = card_write,
};

static bool plug(struct router *r, struct card *card, uint64_t start)
{
	card->constraint.request.addr = start;
	return !vmr_device_register(&r->manager, &card->dev, NULL, NULL);
}

static void add_card(struct router *r, size_t i,
		     const struct route_region *region)
{
	struct card *card = &r->cards[i];

	card->index = (uint32_t)i;
	card->dev.ops = &card_ops;
	card->dev.constraints = &card->constraint;
	card->dev.nr_constraints = 1;
	vmr_resource_set_init(&card->dev.resources, &card->resource, 1);
	vmr_region_init(&card->region, region->mmio ? VMR_MMIO : VMR_PIO,
			VMR_REGION_TRAPPED, region->size, 0, "card");
	vmr_constraint_init_fixed(&card->constraint,
				  region->mmio ? VMR_KIND_MMIO : VMR_KIND_PIO,
			  region->start, region->size, &card->region.range);
	card->constraint.request.align = 1;
	if (vmr_device_add_region(&card->dev, &card->region) ||
	    !plug(r, card, region->start))
		bench_fail("%s: device %zu cannot be registered", IMPL, i);
}

/* A cache with an entry for each device, or none */
static void attach(struct router *r, struct thread *thread, bool cached)
{
	size_t nr = r->map->nr / VMR_CACHE_WAYS;

	if (vmr_reader_attach(&r->manager, &thread->reader))
		bench_fail("%s: no reader", IMPL);
	if (!cached)
		return;
	thread->cache = aligned_alloc(64, nr * sizeof(*thread->cache));
	if (!thread->cache || vmr_reader_set_cache(&thread->reader,
						   thread->cache, (uint32_t)nr))
		bench_fail("%s: no cache", IMPL);
}

static void *create(const struct route_map *map, bool cached)
{
	struct vmr_system_limits limits = {
		.mmio_last = VMR_ADDR_MAX, .irq_last = 4095, .slot_last = 4095,
		.pci_last = 0xff, .id_last = 1000000,
	};
	struct route_region restless = { .size = BENCH_PAGE, .mmio = true };
	struct router *r = aligned_alloc(128, (sizeof(*r) + 127) / 128 * 128);
	size_t i;

	if (!r)
		bench_fail("no memory");
	memset(r, 0, sizeof(*r));
	r->map = map;
	r->cards = calloc(map->nr + ROUTE_RESTLESS, sizeof(*r->cards));
	if (!r->cards || vmr_system_init(&r->sys, &limits) ||
	    vmr_manager_init(&r->manager, &r->sys))
		bench_fail("no memory");
	for (i = 0; i < ROUTE_THREADS; i++)
		attach(r, &r->threads[i], cached);
	/* 7919 is prime and divides no number of devices: register out of order. */
	for (i = 0; i < map->nr; i++)
		add_card(r, i * 7919 % map->nr,
			 &map->regions[i * 7919 % map->nr]);
	for (i = map->nr; !map->accesses && i < map->nr + ROUTE_RESTLESS; i++) {
		restless.start = ROUTE_BASE + i * ROUTE_STRIDE + BENCH_PAGE;
		add_card(r, i, &restless);
	}
	return r;
}

static void *route_create(const struct route_map *map)
{
	return create(map, true);
}

static void *route_create_bare(const struct route_map *map)
{
	return create(map, false);
}

static void route_destroy(void *state)
{
	struct router *r = state;
	size_t i;

	for (i = 0; i < ROUTE_THREADS; i++)
		free(r->threads[i].cache);
	free(r->cards);
	free(r);
}

static inline bool route(struct router *r, unsigned int thread, bool mmio,
			 uint64_t addr, void *data, uint32_t width,
			 uint32_t count, bool write)
{
	struct vmr_reader *reader = &r->threads[thread].reader;
	enum vmr_io io = mmio ? VMR_MMIO : VMR_PIO;

	if (write)
		return !vmr_write(reader, io, addr, data, width, count);
	return !vmr_read(reader, io, addr, data, width, count);
}

/* Odd devices move, even ones are unplugged and plugged. */
static void route_disturb(void *state, uint64_t *rng)
{
	struct router *r = state;
	uint64_t to = route_free_page(r->map, rng);
	uint32_t i = bench_below(rng, ROUTE_RESTLESS);
	struct card *card = &r->cards[r->map->nr + i];

	if (i % 2) {
		vmr_region_move(&r->manager, &card->region, to, NULL);
		return;
	}
	if (vmr_device_unregister(&r->manager, &card->dev) >= 0)
		vmr_device_drain(&r->manager, &card->dev);
	plug(r, card, to);
}

#include "route_loops.h"

const struct route_impl vmalloc_route = {
	.name = IMPL, .create = route_create, .destroy = route_destroy,
	.run = run_route, .disturb = route_disturb,
};

const struct route_impl vmalloc_route_bare = {
	.name = IMPL " without a cache", .create = route_create_bare,
	.destroy = route_destroy, .run = run_route, .disturb = route_disturb,
};

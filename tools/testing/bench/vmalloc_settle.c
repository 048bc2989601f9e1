// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * vmalloc_settle.c - the claims that wait for one place, and trapped parts
 *
 * settle: n ranges of which a tenth waits for one place. The holder leaves, the claims
 * are settled, and the holder waits behind the others. An operation is one claim
 * that the change tests.
 *
 * parts: a read that exits into one of n trapped parts of a memory region, by a reader
 * with an entry for each part and by one without a cache. The peer is a lookup in a tree
 * of n ranges.
 */
#include <stdlib.h>
#include <string.h>

#include <vmalloc/vmalloc.h>

#include "impls.h"

#define PLACE	0

struct settle {
	struct vmr_space	space;
	struct vmr_range	*ranges;
	struct vmr_range	*holder;
	size_t			n;
	size_t			waiting;
};

static void *settle_create(size_t n)
{
	struct settle *s = calloc(1, sizeof(*s));

	if (!s)
		bench_fail("no memory");
	s->n = n;
	s->waiting = n / 10;
	s->ranges = aligned_alloc(64, n * sizeof(*s->ranges));
	if (!s->ranges)
		bench_fail("no memory");
	bench_memory(s->ranges, n * sizeof(*s->ranges), sizeof(*s->ranges));
	return s;
}

static void settle_destroy(void *state)
{
	struct settle *s = state;

	free(s->ranges);
	free(s);
}

static void settle_setup(void *state, const struct bench_place *places)
{
	struct settle *s = state;
	uint64_t start;
	size_t i;

	(void)places;
	memset(s->ranges, 0, s->n * sizeof(*s->ranges));
	vmr_space_init(&s->space, 0, 4 * s->n * BENCH_PAGE - 1);
	for (i = 0; i < s->n - s->waiting; i++) {
		start = i * 7919 % s->n * 2 * BENCH_PAGE;
		if (vmr_reserve(&s->space, &s->ranges[i], start,
				start + BENCH_PAGE - 1, NULL))
			bench_fail("settle: range %zu", i);
	}
	s->holder = &s->ranges[0];
	for (; i < s->n; i++)
		if (vmr_claim(&s->space, &s->ranges[i], PLACE, BENCH_PAGE - 1))
			bench_fail("settle: claim %zu", i);
}

static void settle_run(void *state, struct bench_run *run)
{
	struct settle *s = state;
	uint64_t begin = bench_now(), k;
	struct vmr_range *next, *more;

	for (k = 0; k < run->ops; k += s->waiting) {
		bench_op();
		vmr_free(&s->space, s->holder);
		next = vmr_settle(&s->space, PLACE, BENCH_PAGE - 1);
		more = vmr_settle(&s->space, PLACE, BENCH_PAGE - 1);
		if (!next || more)
			bench_fail("settle: not one claim is settled");
		vmr_claim(&s->space, s->holder, PLACE, BENCH_PAGE - 1);
		s->holder = next;
	}
	run->ns = bench_now() - begin;
	run->ops = k;
}

const struct bench_impl vmalloc_settle = {
	.name = "vmalloc", .create = settle_create, .destroy = settle_destroy,
	.setup = settle_setup, .run = settle_run,
};

struct parts {
	struct vmr_system	sys;
	struct vmr_manager	manager;
	struct vmr_reader	reader;
	struct vmr_device	dev;
	struct vmr_region	memory;
	struct vmr_region	*part;
	struct vmr_space	space;		/* the peer */
	struct vmr_range	*ranges;
	struct vmr_cache_set	*cache;
	size_t			n;
};

static void part_read(struct vmr_device *dev, const struct vmr_access *access,
		      void *data)
{
	(void)dev;
	*(uint8_t *)data = (uint8_t)access->region->index;
}

static const struct vmr_device_ops parts_ops = { .read = part_read };

static void *parts_create(size_t n)
{
	struct parts *s = aligned_alloc(64, sizeof(*s));

	if (!s)
		bench_fail("no memory");
	memset(s, 0, sizeof(*s));
	s->n = n;
	s->part = calloc(n, sizeof(*s->part));
	s->ranges = calloc(n, sizeof(*s->ranges));
	if (!s->part || !s->ranges)
		bench_fail("no memory");
	return s;
}

static void parts_destroy(void *state)
{
	struct parts *s = state;

	free(s->part);
	free(s->ranges);
	free(s->cache);
	free(s);
}

#define PART_ADDR(i)	(2 * (uint64_t)(i) * BENCH_PAGE)

static void parts_setup(void *state, const struct bench_place *places)
{
	const struct vmr_system_limits limits = {
		.mmio_last = ~0ULL, .id_last = 1,
	};
	struct parts *s = state;
	int ret;
	size_t i;

	(void)places;
	s->dev.ops = &parts_ops;
	ret = vmr_system_init(&s->sys, &limits);
	ret |= vmr_manager_init(&s->manager, &s->sys);
	ret |= vmr_reader_attach(&s->manager, &s->reader);
	vmr_region_init(&s->memory, VMR_MMIO, VMR_REGION_MEMORY,
			PART_ADDR(s->n), 0, "memory");
	ret |= vmr_device_add_region(&s->dev, &s->memory);
	for (i = 0; i < s->n; i++) {
		vmr_region_init(&s->part[i], VMR_MMIO, VMR_REGION_TRAPPED,
				BENCH_PAGE, i, "part");
		s->part[i].offset = PART_ADDR(i);
		ret |= vmr_region_add_subregion(&s->memory, &s->part[i]);
	}
	ret |= vmr_device_register(&s->manager, &s->dev, NULL, NULL);
	ret |= vmr_region_move(&s->manager, &s->memory, 0, NULL);
	if (ret)
		bench_fail("parts: setup failed");
}

/* With an entry for each part */
static void parts_setup_cached(void *state, const struct bench_place *places)
{
	struct parts *s = state;
	size_t nr = s->n / VMR_CACHE_WAYS;

	if (nr > VMR_CACHE_SETS_MAX)
		nr = VMR_CACHE_SETS_MAX;
	parts_setup(state, places);
	s->cache = aligned_alloc(64, nr * sizeof(*s->cache));
	if (!s->cache ||
	    vmr_reader_set_cache(&s->reader, s->cache, (uint32_t)nr))
		bench_fail("parts: no cache");
}

static void parts_run(void *state, struct bench_run *run)
{
	uint64_t rng = run->rng, begin = bench_now(), k;
	struct parts *s = state;
	uint8_t byte;

	for (k = 0; k < run->ops; k++) {
		vmr_read(&s->reader, VMR_MMIO,
			 PART_ADDR(bench_below(&rng, (uint32_t)s->n)), &byte, 1,
			 1);
		run->sum = bench_fold(run->sum, byte);
	}
	run->ns = bench_now() - begin;
	run->rng = rng;
}

static void tree_setup(void *state, const struct bench_place *places)
{
	struct parts *s = state;
	size_t i;

	(void)places;
	vmr_space_init(&s->space, 0, ~0ULL);
	for (i = 0; i < s->n; i++)
		if (vmr_reserve(&s->space, &s->ranges[i], PART_ADDR(i),
				PART_ADDR(i) + BENCH_PAGE - 1, NULL))
			bench_fail("parts: setup failed");
}

static void tree_run(void *state, struct bench_run *run)
{
	uint64_t rng = run->rng, begin = bench_now(), k;
	struct parts *s = state;
	const struct vmr_range *found;
	uint32_t i;

	for (k = 0; k < run->ops; k++) {
		i = bench_below(&rng, (uint32_t)s->n);
		found = vmr_find_lockless(&s->space, PART_ADDR(i), NULL, NULL);
		run->sum = bench_fold(run->sum,
				      (uint8_t)(found - s->ranges));
	}
	run->ns = bench_now() - begin;
	run->rng = rng;
}

const struct bench_impl vmalloc_parts = {
	.name = "vmalloc", .create = parts_create, .destroy = parts_destroy,
	.setup = parts_setup_cached, .run = parts_run,
};

const struct bench_impl vmalloc_parts_bare = {
	.name = "vmalloc without a cache", .create = parts_create,
	.destroy = parts_destroy, .setup = parts_setup, .run = parts_run,
};

const struct bench_impl vmalloc_parts_tree = {
	.name = "tree", .create = parts_create, .destroy = parts_destroy,
	.setup = tree_setup, .run = tree_run,
};

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * vmalloc_id.c - ids that lead to their owners, and device slots, with this library
 */
#include <stdlib.h>

#include <vmalloc/id.h>

#include "impls.h"

#define MMIO_START	0xd0000000ULL

static struct vmr_request page_request = {
	.size = BENCH_PAGE, .align = BENCH_PAGE, .max = VMR_ADDR_MAX,
	.policy = VMR_FIRST,
};

/* Ids */

struct owner {
	struct vmr_range	id;
};

struct ids {
	struct vmr_id_pool	ids;
	size_t		n;	/* half of them are in use */
	struct owner	*owners;
	uint32_t	*id_of;
};

static void ids_init(struct ids *s)
{
	vmr_id_pool_init(&s->ids, 0, s->n - 1);
}

static inline struct owner *ids_find(struct ids *s, uint32_t id)
{
	return (struct owner *)vmr_id_find(&s->ids, id);
}

static inline bool ids_take(struct ids *s, struct owner *owner)
{
	return !vmr_id_alloc(&s->ids, &owner->id);
}

static inline bool ids_give(struct ids *s, struct owner *owner)
{
	return !vmr_id_free_range(&s->ids, &owner->id);
}

static inline uint32_t ids_of(const struct owner *owner)
{
	return vmr_id_value(&owner->id);
}

#include "id_loops.h"

static void id_destroy(void *state)
{
	struct ids *s = state;

	free(s->owners);
	free(s->id_of);
	free(s);
}

const struct bench_impl vmalloc_id_churn = {
	.name = "vmalloc", .create = id_create, .destroy = id_destroy,
	.setup = id_setup, .run = id_run, .places = id_places,
	.check = id_check,
};

/* Device slots: an id and a page of addresses, found by the id */

struct slot {
	struct vmr_range	id;
	struct vmr_range	mmio;
};

struct slot_state {
	struct vmr_id_pool		ids;
	struct vmr_space	mmio;
	size_t			n;
	struct slot		*slots;
	uint32_t		*id_of;
};

static void *slot_create(size_t n)
{
	struct slot_state *s = calloc(1, sizeof(*s));

	if (!s)
		bench_fail("no memory");
	s->n = n;
	s->slots = aligned_alloc(64, n * sizeof(*s->slots));
	s->id_of = calloc(n, sizeof(*s->id_of));
	if (!s->slots || !s->id_of)
		bench_fail("no memory");
	return s;
}

static void slot_destroy(void *state)
{
	struct slot_state *s = state;

	free(s->slots);
	free(s->id_of);
	free(s);
}

static bool slot_reserve(struct slot_state *s, struct slot *slot)
{
	return !vmr_alloc(&s->mmio, &slot->mmio, &page_request, NULL) &&
	       !vmr_id_alloc(&s->ids, &slot->id);
}

static struct slot *slot_free(struct slot_state *s, uint32_t id)
{
	struct vmr_range *range = vmr_id_find(&s->ids, id);
	struct slot *slot = (struct slot *)range;

	if (!range || vmr_id_free_range(&s->ids, range) ||
	    vmr_free(&s->mmio, &slot->mmio))
		bench_fail("slots: id %u", id);
	return slot;
}

static void slot_setup(void *state, const struct bench_place *places)
{
	struct slot_state *s = state;
	size_t i;

	(void)places;
	vmr_id_pool_init(&s->ids, 0, 2 * s->n - 1);
	vmr_space_init(&s->mmio, MMIO_START,
		       MMIO_START + 2 * s->n * BENCH_PAGE - 1);
	for (i = 0; i < s->n; i++) {
		s->slots[i] = (struct slot) { 0 };
		if (!slot_reserve(s, &s->slots[i]))
			bench_fail("slots: setup");
		s->id_of[i] = vmr_id_value(&s->slots[i].id);
	}
}

static void slot_run(void *state, struct bench_run *run)
{
	struct slot_state *s = state;
	uint64_t rng = run->rng, sum = run->sum, k;
	uint64_t begin = bench_now();
	struct slot *slot;
	uint32_t *id;

	for (k = 0; k < run->ops; k++) {
		id = &s->id_of[bench_below(&rng, s->n)];
		slot = slot_free(s, *id);
		if (!slot_reserve(s, slot))
			bench_fail("slots: no free slot");
		*id = vmr_id_value(&slot->id);
		sum = bench_fold(sum, *id ^ slot->mmio.start);
	}
	run->ns = bench_now() - begin;
	run->rng = rng;
	run->sum = sum;
}

static size_t slot_places(void *state, struct bench_place *places)
{
	struct slot_state *s = state;
	size_t i;

	for (i = 0; i < s->n; i++)
		places[i] = (struct bench_place) {
			s->slots[i].mmio.start, BENCH_PAGE,
		};
	return s->n;
}

static void slot_check(void *state)
{
	struct slot_state *s = state;

	if (s->ids.space.nr_ranges != s->n || s->mmio.nr_ranges != s->n)
		bench_fail("slots: %zu ids and %zu pages are left",
			   s->ids.space.nr_ranges, s->mmio.nr_ranges);
}

const struct bench_impl vmalloc_slot = {
	.name = "vmalloc", .create = slot_create, .destroy = slot_destroy,
	.setup = slot_setup, .run = slot_run, .places = slot_places,
	.check = slot_check,
};

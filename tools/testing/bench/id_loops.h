/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * id_loops.h - the workload of ids that lead to their owners
 *
 * Each implementation includes this file, as workloads.h, after it has defined
 *
 *	struct owner
 *	struct ids		with size_t n, struct owner *owners, uint32_t *id_of
 *	ids_init(s)		no id is allocated
 *	ids_find(s, id)		the owner, or NULL
 *	ids_take(s, owner)	the lowest free id for an owner without one
 *	ids_give(s, owner)	free the id, if the owner has one
 *	ids_of(owner)		the id
 *
 * ids_take() and ids_give() return whether they succeeded.
 */
#include <stdlib.h>

static void *id_create(size_t n)
{
	struct ids *s = calloc(1, sizeof(*s));

	if (!s)
		bench_fail("no memory");
	s->n = n;
	s->owners = aligned_alloc(64, (n * sizeof(*s->owners) + 63) / 64 * 64);
	s->id_of = calloc(n, sizeof(*s->id_of));
	if (!s->owners || !s->id_of)
		bench_fail("no memory");
	return s;
}

static void id_setup(void *state, const struct bench_place *places)
{
	struct ids *s = state;
	uint64_t rng = BENCH_SEED;
	size_t i, left;

	(void)places;
	ids_init(s);
	for (i = 0; i < s->n; i++) {
		s->owners[i] = (struct owner) { 0 };
		if (!ids_take(s, &s->owners[i]))
			bench_fail("ids: setup");
	}
	/* Equal random numbers free the same half in each implementation. */
	for (left = s->n; left > s->n / 2; )
		left -= ids_give(s, &s->owners[bench_below(&rng, s->n)]);
	for (i = left = 0; i < s->n; i++)
		if (ids_find(s, i))
			s->id_of[left++] = i;
}

static void id_run(void *state, struct bench_run *run)
{
	struct ids *s = state;
	uint64_t rng = run->rng, sum = run->sum, k;
	uint64_t begin = bench_now();
	struct owner *owner;
	uint32_t *id;

	for (k = 0; k < run->ops; k++) {
		id = &s->id_of[bench_below(&rng, s->n / 2)];
		owner = ids_find(s, *id);
		if (!owner || !ids_give(s, owner) || !ids_take(s, owner))
			bench_fail("ids: id %u", *id);
		*id = ids_of(owner);
		sum = bench_fold(sum, *id);
	}
	run->ns = bench_now() - begin;
	run->rng = rng;
	run->sum = sum;
}

static size_t id_places(void *state, struct bench_place *places)
{
	struct ids *s = state;
	size_t i;

	for (i = 0; i < s->n / 2; i++)
		places[i] = (struct bench_place) { s->id_of[i], 1 };
	return s->n / 2;
}

static void id_check(void *state)
{
	struct ids *s = state;
	struct owner *owner;
	size_t i;

	for (i = 0; i < s->n / 2; i++) {
		owner = ids_find(s, s->id_of[i]);
		if (!owner || ids_of(owner) != s->id_of[i])
			bench_fail("ids: %u is not found", s->id_of[i]);
	}
}

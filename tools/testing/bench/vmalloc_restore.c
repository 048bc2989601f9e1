// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * vmalloc_restore.c - save and restore ranges; no peer supports this
 */
#include <stdlib.h>
#include <string.h>

#include <vmalloc/snapshot.h>

#include "impls.h"

struct state {
	struct vmr_snapshot		snap;
	struct vmr_snapshot_space	spaces;
	struct vmr_space		space[2];	/* saved, restored */
	struct vmr_range		*nodes[2];
	size_t				n;
	void				*buf;
	size_t				size;
};

static uint64_t key_of(const struct vmr_snapshot *snap, uint32_t space,
		       const struct vmr_range *range)
{
	const struct state *s = (const struct state *)snap;

	(void)space;
	return range - s->nodes[0];
}

static struct vmr_range *node_of(const struct vmr_snapshot *snap,
				 uint64_t key, uint32_t *space)
{
	const struct state *s = (const struct state *)snap;

	*space = VMR_SNAPSHOT_FIRST_USER;
	return key < s->n ? &s->nodes[1][key] : NULL;
}

static const struct vmr_snapshot_ops ops = {
	.range_to_key = key_of,
	.key_to_range = node_of,
};

static void *create(size_t n)
{
	struct state *s = calloc(1, sizeof(*s));

	if (!s)
		bench_fail("no memory");
	s->n = n;
	s->snap = (struct vmr_snapshot) {
		.ops = &ops, .spaces = &s->spaces, .nr_spaces = 1,
	};
	s->spaces.id = VMR_SNAPSHOT_FIRST_USER;
	s->nodes[0] = aligned_alloc(64, n * sizeof(**s->nodes));
	s->nodes[1] = aligned_alloc(64, n * sizeof(**s->nodes));
	if (!s->nodes[0] || !s->nodes[1])
		bench_fail("no memory");
	return s;
}

static void destroy(void *state)
{
	struct state *s = state;

	free(s->nodes[0]);
	free(s->nodes[1]);
	free(s->buf);
	free(s);
}

static void empty(struct state *s, int which)
{
	memset(s->nodes[which], 0, s->n * sizeof(**s->nodes));
	vmr_space_init(&s->space[which], 0, 4 * s->n * BENCH_PAGE);
	s->spaces.space = &s->space[which];
}

static void setup(void *state, const struct bench_place *places)
{
	struct state *s = state;
	size_t i, k;

	(void)places;
	empty(s, 1);
	empty(s, 0);
	for (i = 0; i < s->n; i++) {
		k = i * 7919 % s->n;
		if (vmr_reserve(&s->space[0], &s->nodes[0][k],
				3 * i * BENCH_PAGE,
				(3 * i + 1 + i % 2) * BENCH_PAGE - 1, NULL))
			bench_fail("restore: node %zu cannot be placed", k);
	}
	if (vmr_snapshot_size(&s->snap, &s->size))
		bench_fail("restore: no size");
	s->buf = realloc(s->buf, s->size);
	if (!s->buf)
		bench_fail("no memory");
}

static void run(void *state, struct bench_run *run)
{
	struct state *s = state;
	uint64_t k, begin;
	size_t written;

	run->ns = 0;
	for (k = 0; k < run->ops; k += s->n) {
		empty(s, 1);
		s->spaces.space = &s->space[0];
		begin = bench_now();
		if (vmr_snapshot_save(&s->snap, s->buf, s->size, &written))
			bench_fail("restore: not saved");
		s->spaces.space = &s->space[1];
		if (vmr_snapshot_restore(&s->snap, s->buf, written))
			bench_fail("restore: not restored");
		run->ns += bench_now() - begin;
	}
	run->ops = k;
}

static size_t places(void *state, struct bench_place *out)
{
	const struct vmr_range *range;
	struct state *s = state;
	size_t i;

	for (i = 0; i < s->n; i++) {
		range = &s->nodes[1][i];
		if (range->start != s->nodes[0][i].start ||
		    range->last != s->nodes[0][i].last)
			bench_fail("restore: node %zu has another address", i);
		out[i].start = range->start;
		out[i].size = range->last - range->start + 1;
	}
	return s->n;
}

const struct bench_impl vmalloc_restore = {
	.name = "vmalloc", .create = create, .destroy = destroy,
	.setup = setup, .run = run, .places = places,
};

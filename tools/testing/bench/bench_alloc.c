// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * bench_alloc.c - measure allocators side by side
 *
 * All implementations of a workload are set up for the same n. First they do the same
 * operations and must have the same results. Then they are measured in turn, in short
 * slices, so other load affects all of them equally. At the end the state of each is
 * checked. The result is the median of the slices; a ratio is the median of the ratios
 * within one turn.
 */
#include <stdlib.h>
#include <string.h>

#include "impls.h"
#include "report.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof(*(a)))

#define MIN_TURNS	5
#define MAX_IMPLS	6
#define MAX_SIZES	8

enum compare {
	SAME,		/* the same operations have the same results */
	OWN,		/* the policies differ: only the states are checked */
};

enum begin {
	SET_UP,		/* the state after the setup */
	AGED,		/* the state after AGE * n operations of the first */
	AGEING,		/* the mean of the first 10 * n operations */
};

#define AGE	20

struct workload {
	const char		*name;
	const struct bench_impl	*impls[MAX_IMPLS];
	uint32_t		sizes[MAX_SIZES];
	enum compare		compare;
	enum begin		begin;
};

#define SIZES	{ 100, 1000, 10000, 100000, 1000000 }

static const struct workload workloads[] = {
	{ "fill", { &vmalloc_fill, &drm_mm_fill }, SIZES, SAME, SET_UP },
	{ "churn", { &vmalloc_churn, &drm_mm_churn }, SIZES, SAME, SET_UP },
	{ "mixed", { &vmalloc_mixed, &drm_mm_mixed }, SIZES, SAME, AGEING },
	{ "aged", { &vmalloc_mixed, &drm_mm_mixed }, SIZES, SAME, AGED },
	{ "last", { &vmalloc_last, &drm_mm_last }, SIZES, SAME, SET_UP },
	{ "best", { &vmalloc_best, &drm_mm_best }, SIZES, SAME, SET_UP },
	{ "exact", { &vmalloc_exact, &drm_mm_exact, &interval_tree_exact }, SIZES,
	  SAME, SET_UP },
	{ "adversarial", { &vmalloc_adversarial, &drm_mm_adversarial }, SIZES,
	  SAME, SET_UP },
	{ "bounded", { &vmalloc_bounded, &drm_mm_bounded }, SIZES, SAME,
	  SET_UP },
	{ "lookup", { &vmalloc_lookup, &drm_mm_lookup, &interval_tree_lookup },
	  SIZES, SAME, SET_UP },
	{ "move", { &vmalloc_move, &drm_mm_move, &interval_tree_move }, SIZES,
	  SAME, SET_UP },
	{ "parked_churn", { &vmalloc_over_churn, &vmalloc_churn }, SIZES, SAME,
	  SET_UP },
	{ "parked_mixed", { &vmalloc_over_mixed, &vmalloc_mixed }, SIZES, SAME,
	  AGEING },
	{ "elsewhere_churn", { &vmalloc_elsewhere_churn, &vmalloc_churn }, SIZES,
	  SAME, SET_UP },
	{ "elsewhere_mixed", { &vmalloc_elsewhere_mixed, &vmalloc_mixed }, SIZES,
	  SAME, AGEING },
	{ "in_the_way", { &vmalloc_way_churn, &vmalloc_churn }, SIZES, OWN,
	  SET_UP },
	{ "settle", { &vmalloc_settle }, SIZES, OWN, SET_UP },
	{ "parts", { &vmalloc_parts, &vmalloc_parts_bare, &vmalloc_parts_tree },
	  { 100, 1000, 10000 }, SAME, SET_UP },
	{ "id_churn", { &vmalloc_id_churn, &set_map_id_churn, &ida_id_churn,
		      &vmalloc_table_id_churn },
	  SIZES, SAME, SET_UP },
	{ "slot", { &vmalloc_slot, &first_match_slot },
	  { 100, 1000, 10000 }, SAME, SET_UP },
	{ "restore", { &vmalloc_restore }, SIZES, OWN, SET_UP },
};

static double budget_ms;	/* for each implementation and n */

/* One implementation in one measurement */
struct lane {
	const struct bench_impl	*impl;
	void			*state;
	uint64_t		ops;
	struct bench_run	run;
	double			ns[REPORT_TURNS];
};

static int compare_places(const void *a, const void *b)
{
	const struct bench_place *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

/* No node is missing, and no two have the same address. */
static void check_lane(struct lane *lane, const char *workload, uint32_t n,
		       struct bench_place *places)
{
	size_t i, live;

	if (lane->impl->places) {
		live = lane->impl->places(lane->state, places);
		qsort(places, live, sizeof(*places), compare_places);
		for (i = 0; i + 1 < live; i++)
			if (places[i].start + places[i].size >
			    places[i + 1].start)
				bench_fail("%s, %s, %u: two at %#llx",
					   lane->impl->name, workload, n,
					   (unsigned long long)
					   places[i + 1].start);
	}
	if (lane->impl->check)
		lane->impl->check(lane->state);
}

static void slice(struct lane *lane, uint64_t ops)
{
	lane->run.ops = ops;
	lane->impl->run(lane->state, &lane->run);
}

/*
 * Run the same operations, more each time, until a slice of the slowest is long
 * enough. Implementations with the same policy must have the same results.
 */
static void warm_up(const struct workload *w, uint32_t n, struct lane *lanes,
		    unsigned int nr, double slice_ns)
{
	uint64_t ops = 1, slowest;
	unsigned int i;

	do {
		slowest = 0;
		for (i = 0; i < nr; i++) {
			slice(&lanes[i], ops);
			if (lanes[i].run.ns > slowest)
				slowest = lanes[i].run.ns;
			if (w->compare == SAME &&
			    lanes[i].run.sum != lanes[0].run.sum)
				bench_fail("%s, %u: results of %s and %s differ",
					   w->name, n, lanes[0].impl->name,
					   lanes[i].impl->name);
			lanes[i].ops = 1 + (uint64_t)
				(slice_ns * lanes[i].run.ops /
				 (lanes[i].run.ns + 1));
		}
		ops *= 2;
	} while (slowest < slice_ns);
}

static void record(const struct workload *w, uint32_t n, struct lane *lanes,
		   unsigned int nr, unsigned int turns)
{
	struct report_lane taken[MAX_IMPLS];
	unsigned int i;

	for (i = 0; i < nr; i++) {
		taken[i].impl = lanes[i].impl->name;
		memcpy(taken[i].ns, lanes[i].ns, sizeof(lanes[i].ns));
	}
	report_add(w->name, n, 1, taken, nr, turns, w->begin == AGEING);
}

static void measure(const struct workload *w, uint32_t n, struct lane *lanes,
		    unsigned int nr)
{
	double slice_ns = budget_ms * 1e6 / REPORT_TURNS, longest = slice_ns;
	unsigned int turns, k, i;

	if (slice_ns > 2e7)
		slice_ns = 2e7;
	warm_up(w, n, lanes, nr, slice_ns);
	for (i = 0; i < nr; i++)
		if (lanes[i].run.ns > longest)
			longest = lanes[i].run.ns;
	turns = budget_ms * 1e6 / longest;
	if (turns < MIN_TURNS)
		turns = MIN_TURNS;
	if (turns > REPORT_TURNS)
		turns = REPORT_TURNS;
	for (k = 0; k < turns; k++)
		for (i = 0; i < nr; i++) {
			/* Another implementation is first in each turn. */
			struct lane *lane = &lanes[(i + k) % nr];

			slice(lane, lane->ops);
			lane->ns[k] = (double)lane->run.ns / lane->run.ops;
		}
	record(w, n, lanes, nr, turns);
}

/* Adjacent nodes of random sizes */
static void begin_ageing(struct lane *lane, uint32_t n,
			 struct bench_place *places)
{
	uint64_t rng = BENCH_SEED + 1, size, end = 0;
	uint32_t i;

	for (i = 0; i < n; i++) {
		size = BENCH_PAGE << bench_below(&rng, 5);
		places[i].start = (end + size - 1) & ~(size - 1);
		places[i].size = size;
		end = places[i].start + size;
	}
	lane->run.rng = rng;
	lane->state = lane->impl->create(n);
	lane->impl->setup(lane->state, places);
}

/* The ranges of the nodes after many operations */
static void age(const struct workload *w, uint32_t n,
		struct bench_place *places)
{
	struct lane lane = { .impl = w->impls[0] };

	begin_ageing(&lane, n, places);
	slice(&lane, AGE * (uint64_t)n);
	lane.impl->places(lane.state, places);
	lane.impl->destroy(lane.state);
}

/*
 * The mean of the first 10 * n operations, from samples. A median would hide the
 * beginning, where misfits are most frequent. The peers would need very long to get
 * there, so for each sample all are set to the state of the first.
 */
static void measure_ageing(const struct workload *w, uint32_t n,
			   struct lane *lanes, unsigned int nr,
			   struct bench_place *places)
{
	const unsigned int turns = n > 100000 ? 6 : n > 10000 ? 11 : 21;
	struct lane old = { .impl = w->impls[0] };
	double slice_ns = 1e7;
	unsigned int k, i;

	begin_ageing(&old, n, places);
	for (k = 0; k < turns; k++) {
		for (i = 0; i < nr; i++)
			lanes[i].impl->setup(lanes[i].state, places);
		warm_up(w, n, lanes, nr, slice_ns);
		for (i = 0; i < nr; i++) {
			slice(&lanes[i], lanes[i].ops);
			lanes[i].ns[k] = (double)lanes[i].run.ns /
					 lanes[i].run.ops;
			lanes[i].run = (struct bench_run) {
				.rng = BENCH_SEED + k,
			};
		}
		slice(&old, 10 * (uint64_t)n / (turns - 1));
		old.impl->places(old.state, places);
	}
	old.impl->destroy(old.state);
	record(w, n, lanes, nr, turns);
}

static void run_workload(const struct workload *w, uint32_t n)
{
	struct lane lanes[MAX_IMPLS] = { 0 };
	struct bench_place *places = calloc(n, sizeof(*places));
	unsigned int nr, i;

	if (!places)
		bench_fail("no memory");
	bench_progress(w->name, n, 1);
	if (w->begin == AGED)
		age(w, n, places);
	for (nr = 0; nr < MAX_IMPLS && w->impls[nr]; nr++) {
		lanes[nr].impl = w->impls[nr];
		lanes[nr].run.rng = BENCH_SEED;
		lanes[nr].state = lanes[nr].impl->create(n);
		if (w->begin != AGEING)
			lanes[nr].impl->setup(lanes[nr].state, places);
	}
	if (w->begin == AGEING)
		measure_ageing(w, n, lanes, nr, places);
	else
		measure(w, n, lanes, nr);
	for (i = 0; i < nr; i++) {
		check_lane(&lanes[i], w->name, n, places);
		lanes[i].impl->destroy(lanes[i].state);
	}
	free(places);
}

void bench_spaces(const struct bench_options *options)
{
	const struct workload *w;
	size_t k;

	budget_ms = options->budget_ms;
	for (w = workloads; w < workloads + ARRAY_SIZE(workloads); w++)
		for (k = 0; k < MAX_SIZES && w->sizes[k]; k++)
			if (bench_wanted(options, w->name, w->sizes[k]))
				run_workload(w, w->sizes[k]);
}

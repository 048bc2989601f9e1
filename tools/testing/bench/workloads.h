/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * workloads.h - the workloads of address allocators
 *
 * Each implementation includes this file after it has defined
 *
 *	struct space			with size_t n, void *memory, uint32_t *pages
 *					and struct bench_place *asked
 *	space_init(s, last)		empty, [0, last]
 *	space_alloc(s, i, size, policy, min, max)
 *					allocate node i, aligned to its size
 *	space_reserve(s, i, start, size)
 *	space_free(s, i)
 *	space_move(s, i, start, size)
 *	space_find(s, addr)		the index of the node there
 *	space_start(s, i), space_size(s, i)
 *	space_bytes(n)			memory of n nodes
 *
 * The loops of an implementation therefore call its functions directly. Only the loop
 * itself is called through a pointer. Equal random numbers give the same operations
 * in each implementation.
 */
#include <stdlib.h>
#include <string.h>

enum { FIRST, LAST, BEST };

#define HOLE_STRIDE	0x4000ULL

static struct space *space_create(size_t n)
{
	struct space *s = calloc(1, sizeof(*s));

	if (!s)
		bench_fail("no memory");
	s->n = n;
	/* n + 1: adversarial has n gaps between n + 1 ranges. */
	s->memory = aligned_alloc(64, (space_bytes(n + 2) + 63) / 64 * 64);
	s->pages = calloc(2 * n, sizeof(*s->pages));
	s->asked = calloc(n + 2, sizeof(*s->asked));
	if (!s->memory || !s->pages || !s->asked)
		bench_fail("no memory");
	bench_memory(s->memory, space_bytes(n + 2), space_bytes(1));
	return s;
}

static void *create(size_t n)
{
	return space_create(n);
}

static void destroy(void *state)
{
	struct space *s = state;

	free(s->memory);
	free(s->pages);
	free(s->asked);
	free(s);
}

static void empty(struct space *s, uint64_t last)
{
	memset(s->memory, 0, space_bytes(s->n + 2));
	space_init(s, last);
}

static void must(bool done, const char *what, size_t i)
{
	if (!done)
		bench_fail("%s: %s of node %zu failed", IMPL, what, i);
}

static void ask(struct space *s, size_t i, uint64_t size)
{
	s->asked[i].size = size;
}

static size_t places(void *state, struct bench_place *out)
{
	struct space *s = state;
	size_t i;

	for (i = 0; i < s->n; i++) {
		out[i].start = space_start(s, i);
		out[i].size = space_size(s, i);
		if (out[i].size != s->asked[i].size)
			bench_fail("%s: node %zu has a wrong size", IMPL, i);
	}
	return s->n;
}

/* A lookup finds each node at its first and its last address. */
static void check(void *state)
{
	struct space *s = state;
	uint64_t rng = BENCH_SEED;
	size_t i, k;

	for (k = 0; k < s->n && k < 100000; k++) {
		i = bench_below(&rng, s->n);
		if (space_find(s, space_start(s, i)) != i ||
		    space_find(s, space_start(s, i) + space_size(s, i) - 1) !=
		    i)
			bench_fail("%s: node %zu is not found", IMPL, i);
	}
}

/* Setting up */

static void setup_empty(void *state, const struct bench_place *places)
{
	(void)places;
	empty(state, ~0ULL >> 1);
}

static void setup_places(void *state, const struct bench_place *places)
{
	struct space *s = state;
	size_t i;

	empty(s, ~0ULL >> 1);
	for (i = 0; i < s->n; i++) {
		must(space_reserve(s, i, places[i].start, places[i].size),
		     "setup", i);
		ask(s, i, places[i].size);
	}
}

static void setup_full(struct space *s, int policy)
{
	size_t i;

	empty(s, 4 * s->n * BENCH_PAGE - 1);
	for (i = 0; i < s->n; i++) {
		must(space_alloc(s, i, BENCH_PAGE, policy, 0, ~0ULL), "setup",
		     i);
		ask(s, i, BENCH_PAGE);
	}
}

static void setup_first(void *state, const struct bench_place *places)
{
	(void)places;
	setup_full(state, FIRST);
}

static void setup_last(void *state, const struct bench_place *places)
{
	(void)places;
	setup_full(state, LAST);
}

static void setup_best(void *state, const struct bench_place *places)
{
	(void)places;
	setup_full(state, BEST);
}

/* n nodes on 2 n random pages; @pages has their pages first, then the free ones. */
static void setup_half(void *state, const struct bench_place *places)
{
	struct space *s = state;
	uint64_t rng = BENCH_SEED;
	uint32_t k, page;
	size_t i;

	(void)places;
	empty(s, 2 * s->n * BENCH_PAGE - 1);
	for (i = 0; i < 2 * s->n; i++)
		s->pages[i] = i;
	for (i = 0; i < 2 * s->n; i++) {
		k = i + bench_below(&rng, 2 * s->n - i);
		page = s->pages[k];
		s->pages[k] = s->pages[i];
		s->pages[i] = page;
	}
	for (i = 0; i < s->n; i++) {
		must(space_reserve(s, i, s->pages[i] * BENCH_PAGE, BENCH_PAGE),
		     "setup", i);
		ask(s, i, BENCH_PAGE);
	}
}

/* Gaps that are longer than a page but contain no aligned page */
static void setup_adversarial(void *state, const struct bench_place *places)
{
	struct space *s = state;
	size_t n = s->n, i, k;
	uint64_t start;

	(void)places;
	empty(s, (n + 16) * HOLE_STRIDE - 1);
	for (i = 0; i < n; i++) {
		/* 7919 is prime and divides no n: visits each k once, out of order. */
		k = i * 7919 % n;
		start = k ? (k - 1) * HOLE_STRIDE + 0x4700 + 0x1800 : 0;
		ask(s, k, k * HOLE_STRIDE + 0x4700 - start);
		must(space_reserve(s, k, start, s->asked[k].size), "setup", k);
	}
	/* Reserve the range after the last gap; all addresses above are free. */
	start = (n - 1) * HOLE_STRIDE + 0x4700 + 0x1800;
	must(space_reserve(s, n, start, HOLE_STRIDE), "setup", n);
}

/* The measured loops */

/* The time to empty the space before each fill is measured and subtracted. */
static void run_fill(void *state, struct bench_run *run)
{
	uint64_t sum = run->sum, begin, emptied, fills, k;
	struct space *s = state;
	size_t i;

	fills = (run->ops + s->n - 1) / s->n;
	begin = bench_now();
	for (k = 0; k < fills; k++)
		empty(s, ~0ULL >> 1);
	emptied = bench_now();
	for (k = 0; k < fills; k++) {
		empty(s, ~0ULL >> 1);
		for (i = 0; i < s->n; i++) {
			bench_op();
			must(space_alloc(s, i, BENCH_PAGE, FIRST, 0, ~0ULL),
			     "fill", i);
			sum = bench_fold(sum, space_start(s, i));
		}
	}
	run->ns = bench_now() - emptied - (emptied - begin);
	run->ops = fills * s->n;
	run->sum = sum;
	for (i = 0; i < s->n; i++)
		ask(s, i, BENCH_PAGE);
}

static inline void churn(struct space *s, struct bench_run *run, int policy)
{
	uint64_t rng = run->rng, sum = run->sum, k;
	uint64_t begin = bench_now();
	size_t i;

	for (k = 0; k < run->ops; k++) {
		bench_op();
		i = bench_below(&rng, s->n);
		space_free(s, i);
		must(space_alloc(s, i, BENCH_PAGE, policy, 0, ~0ULL), "churn",
		     i);
		sum = bench_fold(sum, space_start(s, i));
	}
	run->ns = bench_now() - begin;
	run->rng = rng;
	run->sum = sum;
}

static void run_churn(void *state, struct bench_run *run)
{
	churn(state, run, FIRST);
}

static void run_last(void *state, struct bench_run *run)
{
	churn(state, run, LAST);
}

static void run_best(void *state, struct bench_run *run)
{
	churn(state, run, BEST);
}

static void run_mixed(void *state, struct bench_run *run)
{
	struct space *s = state;
	uint64_t rng = run->rng, sum = run->sum, size, k;
	uint64_t begin = bench_now();
	size_t i;

	for (k = 0; k < run->ops; k++) {
		bench_op();
		i = bench_below(&rng, s->n);
		size = BENCH_PAGE << bench_below(&rng, 5);
		space_free(s, i);
		must(space_alloc(s, i, size, FIRST, 0, ~0ULL), "mixed", i);
		sum = bench_fold(sum, space_start(s, i));
		ask(s, i, size);
	}
	run->ns = bench_now() - begin;
	run->rng = rng;
	run->sum = sum;
}

/* Move to a random free page. The old page becomes free. */
static inline uint64_t other_page(struct space *s, uint64_t *rng, size_t *i)
{
	uint32_t *page, *free_page, to;

	*i = bench_below(rng, s->n);
	page = &s->pages[*i];
	free_page = &s->pages[s->n + bench_below(rng, s->n)];
	to = *free_page;
	*free_page = *page;
	*page = to;
	return to * BENCH_PAGE;
}

static void run_exact(void *state, struct bench_run *run)
{
	struct space *s = state;
	uint64_t rng = run->rng, sum = run->sum, to, k;
	uint64_t begin = bench_now();
	size_t i;

	for (k = 0; k < run->ops; k++) {
		bench_op();
		to = other_page(s, &rng, &i);
		space_free(s, i);
		must(space_reserve(s, i, to, BENCH_PAGE), "exact", i);
		sum = bench_fold(sum, space_start(s, i));
	}
	run->ns = bench_now() - begin;
	run->rng = rng;
	run->sum = sum;
}

static void run_move(void *state, struct bench_run *run)
{
	struct space *s = state;
	uint64_t rng = run->rng, sum = run->sum, to, k;
	uint64_t begin = bench_now();
	size_t i;

	for (k = 0; k < run->ops; k++) {
		bench_op();
		to = other_page(s, &rng, &i);
		must(space_move(s, i, to, BENCH_PAGE), "move", i);
		sum = bench_fold(sum, space_start(s, i));
	}
	run->ns = bench_now() - begin;
	run->rng = rng;
	run->sum = sum;
}

static void run_adversarial(void *state, struct bench_run *run)
{
	struct space *s = state;
	uint64_t begin = bench_now();
	size_t i = s->n + 1;
	uint64_t k;

	for (k = 0; k < run->ops; k++) {
		bench_op();
		must(space_alloc(s, i, BENCH_PAGE, FIRST, 0, ~0ULL),
		     "adversarial", i);
		run->sum = bench_fold(run->sum, space_start(s, i));
		space_free(s, i);
	}
	run->ns = bench_now() - begin;
}

static void run_bounded(void *state, struct bench_run *run)
{
	struct space *s = state;
	uint64_t rng = run->rng, sum = run->sum, min, max, k;
	uint32_t pages = 2 * s->n, window = pages / 16;
	uint64_t begin = bench_now();
	size_t i;

	for (k = 0; k < run->ops; k++) {
		bench_op();
		i = bench_below(&rng, s->n);
		min = bench_below(&rng, pages - window + 1) * BENCH_PAGE;
		max = min + window * BENCH_PAGE - 1;
		space_free(s, i);
		/* If the window is full, which is rare, use any address. */
		if (!space_alloc(s, i, BENCH_PAGE, FIRST, min, max))
			must(space_alloc(s, i, BENCH_PAGE, FIRST, 0, ~0ULL),
			     "bounded", i);
		sum = bench_fold(sum, space_start(s, i));
	}
	run->ns = bench_now() - begin;
	run->rng = rng;
	run->sum = sum;
}

static void run_lookup(void *state, struct bench_run *run)
{
	struct space *s = state;
	uint64_t rng = run->rng, sum = run->sum, at, k;
	uint64_t begin = bench_now();

	for (k = 0; k < run->ops; k++) {
		bench_op();
		/* The address comes from a table, so the node is not accessed before. */
		at = s->pages[bench_below(&rng, s->n)] * BENCH_PAGE;
		at += rng % BENCH_PAGE;
		sum = bench_fold(sum, space_find(s, at));
	}
	run->ns = bench_now() - begin;
	run->rng = rng;
	run->sum = sum;
}

#define WORKLOAD(workload, setup_) \
	{ .name = IMPL, .create = create, .destroy = destroy, \
	  .setup = setup_, .run = run_##workload, .places = places, \
	  .check = check }

#define SPACE_WORKLOADS(prefix) \
	const struct bench_impl prefix##_fill = WORKLOAD(fill, setup_empty); \
	const struct bench_impl prefix##_churn = WORKLOAD(churn, setup_first); \
	const struct bench_impl prefix##_mixed = WORKLOAD(mixed, setup_places); \
	const struct bench_impl prefix##_last = WORKLOAD(last, setup_last); \
	const struct bench_impl prefix##_best = WORKLOAD(best, setup_best); \
	const struct bench_impl prefix##_exact = WORKLOAD(exact, setup_half); \
	const struct bench_impl prefix##_move = WORKLOAD(move, setup_half); \
	const struct bench_impl prefix##_adversarial = \
		WORKLOAD(adversarial, setup_adversarial); \
	const struct bench_impl prefix##_bounded = \
		WORKLOAD(bounded, setup_half); \
	const struct bench_impl prefix##_lookup = WORKLOAD(lookup, setup_half)

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * script.c - a fixed script of operations, for counting its instructions
 *
 *	script [N]
 *
 * Runs each workload N times with N ranges, by default 1000, after an equal number of
 * uncounted runs, and prints the names. The counted instructions are those of
 * counted(), which is called once for each name.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "impls.h"
#include "route.h"

/* Nothing is timed here */
uint64_t bench_now(void)
{
	return 0;
}

void bench_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

static const struct {
	const char		*name;
	const struct bench_impl	*impl;
} script[] = {
	{ "fill", &vmalloc_fill },
	{ "churn", &vmalloc_churn },
	{ "mixed", &vmalloc_mixed },
	{ "last", &vmalloc_last },
	{ "best", &vmalloc_best },
	{ "exact", &vmalloc_exact },
	{ "move", &vmalloc_move },
	{ "adversarial", &vmalloc_adversarial },
	{ "bounded", &vmalloc_bounded },
	{ "lookup", &vmalloc_lookup },
	{ "id_churn", &vmalloc_id_churn },
	{ "id_table_churn", &vmalloc_table_id_churn },
	{ "slot", &vmalloc_slot },
};

__attribute__((__noinline__))
static void counted(void (*run)(void *state, struct bench_run *run),
		    void *state, struct bench_run *r)
{
	run(state, r);
	__asm__ __volatile__("" : : : "memory");
}

static void do_script(const struct bench_impl *impl, size_t n)
{
	struct bench_place *places = calloc(n, sizeof(*places));
	struct bench_run run = { .ops = n, .rng = BENCH_SEED };
	void *state = impl->create(n);
	size_t i;

	if (!places)
		bench_fail("no memory");
	for (i = 0; i < n; i++)
		places[i] = (struct bench_place) {
			i * 16 * BENCH_PAGE, BENCH_PAGE << i % 5,
		};
	impl->setup(state, places);
	impl->run(state, &run);
	run.ops = n;
	counted(impl->run, state, &run);
	if (impl->check)
		impl->check(state);
	impl->destroy(state);
	free(places);
}

static void route_once(void *state, struct bench_run *run)
{
	vmalloc_route.run(state, 0, run);
}

static void do_route(size_t n)
{
	struct bench_run run = { .ops = n, .rng = BENCH_SEED };
	struct route_map map;
	void *state;

	route_map_make(&map, 64);
	state = vmalloc_route.create(&map);
	route_once(state, &run);
	counted(route_once, state, &run);
	vmalloc_route.destroy(state);
	route_map_free(&map);
}

int main(int argc, char **argv)
{
	size_t n = argc > 1 ? strtoul(argv[1], NULL, 0) : 1000, i;

	for (i = 0; i < sizeof(script) / sizeof(*script); i++) {
		do_script(script[i].impl, n);
		puts(script[i].name);
	}
	do_route(n);
	puts("route");
	return 0;
}

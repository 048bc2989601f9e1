// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * bench_dispatch.c - measure implementations of dispatch side by side
 *
 * A single thread is measured by CPU time. Several threads are measured by elapsed
 * time, because a thread that waits for a lock uses no CPU time. So is a reader next
 * to a writer that moves and hot-plugs devices without a pause. With two readers and
 * the writer there may be more threads than CPUs; the times then include scheduling.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "report.h"
#include "route.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof(*(a)))

static const struct route_impl *const impls[] = {
	&vmalloc_route, &vmalloc_route_bare, &mutex_route, &rwlock_route,
#ifdef HAVE_URCU
	&rcu_route,
#endif
};

#define NR_IMPLS	ARRAY_SIZE(impls)

static const uint32_t sizes[] = { 8, 64, 512, 4096 };

/* One slice: data shared by its threads */
struct party {
	const struct route_impl	*impl;
	void			*state;
	unsigned int		threads;
	bool			storm;
	uint64_t		ops;
	uint64_t		seed;
	pthread_barrier_t	there;	/* all threads have started */
	unsigned int		ready;	/* atomic: number of waiting threads */
	bool			over;	/* atomic: the readers are done */
};

struct member {
	struct party	*party;
	unsigned int	number;
	pthread_t	thread;
	uint64_t	ns;
};

/*
 * Give the threads real-time priority, if permitted and each has a CPU. Other load
 * then does not preempt them.
 */
static void before_others(const struct party *p)
{
	const struct sched_param param = { .sched_priority = 1 };
	unsigned int threads = p->threads + p->storm;

	if (threads > 1 && threads <= bench_cpus())
		sched_setscheduler(0, SCHED_FIFO, &param);
}

/* Start all threads at once. No thread spins before all have started. */
static void meet(struct party *p)
{
	pthread_barrier_wait(&p->there);
	before_others(p);
	__atomic_fetch_add(&p->ready, 1, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(&p->ready, __ATOMIC_ACQUIRE) <
	       p->threads + p->storm)
		;
}

static void *reader_main(void *arg)
{
	struct member *m = arg;
	struct party *p = m->party;
	struct bench_run run = { .ops = p->ops, .rng = p->seed + m->number };
	uint64_t (*now)(void) = p->threads + p->storm > 1 ? bench_clock :
							    bench_now;

	bench_pin(m->number);
	if (p->impl->enter)
		p->impl->enter(p->state);
	meet(p);
	m->ns = now();
	p->impl->run(p->state, m->number, &run);
	m->ns = now() - m->ns;
	if (p->impl->leave)
		p->impl->leave(p->state);
	return NULL;
}

static void *writer_main(void *arg)
{
	struct member *m = arg;
	struct party *p = m->party;
	uint64_t rng = p->seed;

	bench_pin(m->number);
	if (p->impl->enter)
		p->impl->enter(p->state);
	meet(p);
	while (!__atomic_load_n(&p->over, __ATOMIC_ACQUIRE))
		p->impl->disturb(p->state, &rng);
	if (p->impl->leave)
		p->impl->leave(p->state);
	return NULL;
}

/* Return: nanoseconds for each access, the mean of the threads */
static double slice(struct party *p)
{
	struct member members[ROUTE_THREADS + 1];
	uint64_t ns = 0;
	unsigned int i;

	pthread_barrier_init(&p->there, NULL, p->threads + p->storm);
	p->ready = 0;
	p->over = false;
	p->seed = bench_rng(&p->seed);
	for (i = 0; i < p->threads + p->storm; i++) {
		members[i] = (struct member) { .party = p, .number = i };
		if (pthread_create(&members[i].thread, NULL,
				   i < p->threads ? reader_main : writer_main,
				   &members[i]))
			bench_fail("no thread");
	}
	for (i = 0; i < p->threads; i++) {
		pthread_join(members[i].thread, NULL);
		ns += members[i].ns;
	}
	__atomic_store_n(&p->over, true, __ATOMIC_RELEASE);
	if (p->storm)
		pthread_join(members[i].thread, NULL);
	return (double)ns / p->threads / p->ops;
}

static void measure(const char *workload, const struct route_map *map,
		    unsigned int threads, bool storm,
		    const struct bench_options *options)
{
	static struct report_lane lanes[NR_IMPLS];
	struct party parties[NR_IMPLS];
	double slice_ns = options->budget_ms * 1e6 / REPORT_TURNS;
	size_t i, at;
	unsigned int k;
	double ns;

	if (slice_ns > 5e6)
		slice_ns = 5e6;
	bench_progress(workload, (uint32_t)map->nr, threads);
	for (i = 0; i < NR_IMPLS; i++) {
		parties[i] = (struct party) {
			.impl = impls[i], .state = impls[i]->create(map),
			.threads = threads, .storm = storm, .ops = 16,
			.seed = BENCH_SEED,
		};
		lanes[i].impl = impls[i]->name;
		do {
			parties[i].ops *= 4;
			ns = slice(&parties[i]);
		} while (ns * parties[i].ops < slice_ns / 4);
		parties[i].ops = 1 + (uint64_t)(slice_ns / ns);
	}
	for (k = 0; k < REPORT_TURNS; k++)
		for (i = 0; i < NR_IMPLS; i++) {
			at = (i + k) % NR_IMPLS;
			lanes[at].ns[k] = slice(&parties[at]);
		}
	report_add(workload, (uint32_t)map->nr, threads, lanes, NR_IMPLS,
		   REPORT_TURNS, false);
	for (i = 0; i < NR_IMPLS; i++)
		impls[i]->destroy(parties[i].state);
}

static void measure_sizes(const char *workload, bool storm,
			  const struct bench_options *options)
{
	struct route_map map;
	unsigned int threads;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		if (!bench_wanted(options, workload, sizes[i]))
			continue;
		route_map_make(&map, sizes[i]);
		for (threads = 1; threads <= ROUTE_THREADS; threads++)
			measure(workload, &map, threads, storm, options);
		route_map_free(&map);
	}
}

void bench_routes(const struct bench_options *options)
{
	struct route_map map;

	measure_sizes("route", false, options);
	measure_sizes("route_storm", true, options);
	if (!options->trace)
		return;
	route_map_load(&map, options->trace);
	if (bench_wanted(options, "route_trace", (uint32_t)map.nr))
		measure("route_trace", &map, 1, false, options);
	route_map_free(&map);
}

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * bench.h - what the benchmark's parts share
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BENCH_PAGE	0x1000ULL
#define BENCH_SEED	88172645463325252ULL

static inline uint64_t bench_rng(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	*state = x;
	return x;
}

/* A number below @n, without a division in the loop that is measured */
static inline uint32_t bench_below(uint64_t *state, uint32_t n)
{
	return (uint32_t)((bench_rng(state) >> 32) * n >> 32);
}

/* Fold a result into the sum that the implementations are compared by */
static inline uint64_t bench_fold(uint64_t sum, uint64_t value)
{
	return (sum << 7 | sum >> 57) ^ value;
}

/*
 * Nanoseconds that this thread has run: what else the machine does is not in them,
 * but for what it does to the caches. And nanoseconds that have passed.
 */
uint64_t bench_now(void);
uint64_t bench_clock(void);

/* End with a message: a result is wrong, so that no time of it means anything */
void bench_fail(const char *format, ...)
	__attribute__((__noreturn__, __format__(__printf__, 1, 2)));

/**
 * struct bench_options - what the command line asks for
 * @workloads: list of names with commas; NULL or empty for all
 * @sizes: list of n; NULL or empty for all
 * @budget_ms: how long to measure each implementation with each n
 * @trace: the recorded trace to route, or NULL
 */
struct bench_options {
	const char	*workloads;
	const char	*sizes;
	double		budget_ms;
	const char	*trace;
};

/* Whether they ask for this */
bool bench_wanted(const struct bench_options *options, const char *workload,
		  uint32_t n);

/* Say on stderr what is being done */
void bench_progress(const char *workload, uint32_t n, unsigned int threads);

/* Let the calling thread run on one CPU, each number on another if possible */
void bench_pin(unsigned int number);
unsigned int bench_cpus(void);

/* The two kinds of workloads */
void bench_spaces(const struct bench_options *options);
void bench_routes(const struct bench_options *options);

/* Bytes for each range and id, as CSV */
void bench_memory_table(const char *path);

/*
 * Where the nodes are and where an operation begins, for the program that counts
 * what is touched; nothing in all others
 */
#ifdef BENCH_TOUCH
void bench_memory(const void *start, size_t bytes, size_t node);
void bench_op(void);
#else
static inline void bench_memory(const void *start, size_t bytes, size_t node)
{
	(void)start;
	(void)bytes;
	(void)node;
}

static inline void bench_op(void)
{
}
#endif

/**
 * struct bench_run - one measured slice
 * @ops: how many operations
 * @rng: the state of the random numbers
 * @sum: what the results come to
 * @ns: how long it took
 */
struct bench_run {
	uint64_t	ops;
	uint64_t	rng;
	uint64_t	sum;
	uint64_t	ns;
};

/* Where a node is: what one allocator is put into and another is checked by */
struct bench_place {
	uint64_t	start;
	uint64_t	size;
};

/**
 * struct bench_impl - one implementation of one workload
 * @name: as it is called in the results
 * @create: memory for @n
 * @destroy: give it back
 * @setup: the state that the workload begins with. @places is where each of the n
 *	nodes shall be, for a workload that says so
 * @run: the loop that is measured
 * @places: say where each node is, and how many there are; NULL if there is
 *	nothing to say
 * @check: look at the state with the means of the implementation and end the
 *	program if it is wrong; may be NULL
 */
struct bench_impl {
	const char	*name;
	void		*(*create)(size_t n);
	void		(*destroy)(void *state);
	void		(*setup)(void *state, const struct bench_place *places);
	void		(*run)(void *state, struct bench_run *run);
	size_t		(*places)(void *state, struct bench_place *places);
	void		(*check)(void *state);
};

#ifdef __cplusplus
}
#endif

#endif /* BENCH_H */

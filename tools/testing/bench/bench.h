/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * bench.h - definitions for all parts of the benchmark
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

/* A number below @n, without a division in the measured loop */
static inline uint32_t bench_below(uint64_t *state, uint32_t n)
{
	return (uint32_t)((bench_rng(state) >> 32) * n >> 32);
}

/* Fold a result into the checksum, which is compared between implementations. */
static inline uint64_t bench_fold(uint64_t sum, uint64_t value)
{
	return (sum << 7 | sum >> 57) ^ value;
}

/*
 * CPU time of this thread in nanoseconds, which excludes other load except for its
 * effect on caches; and elapsed time in nanoseconds.
 */
uint64_t bench_now(void);
uint64_t bench_clock(void);

/* End with a message. Used if a result is wrong: its time has no meaning. */
void bench_fail(const char *format, ...)
	__attribute__((__noreturn__, __format__(__printf__, 1, 2)));

/**
 * struct bench_options - options of the command line
 * @workloads: list of names with commas; NULL or empty for all
 * @sizes: list of n; NULL or empty for all
 * @budget_ms: time for each implementation and n
 * @trace: the recorded trace to dispatch, or NULL
 */
struct bench_options {
	const char	*workloads;
	const char	*sizes;
	double		budget_ms;
	const char	*trace;
};

/* Whether the options select the workload and n */
bool bench_wanted(const struct bench_options *options, const char *workload,
		  uint32_t n);

/* Print the progress to stderr. */
void bench_progress(const char *workload, uint32_t n, unsigned int threads);

/* Bind the calling thread to a CPU, different for each number if possible. */
void bench_pin(unsigned int number);
unsigned int bench_cpus(void);

/* The two kinds of workloads */
void bench_spaces(const struct bench_options *options);
void bench_routes(const struct bench_options *options);

/* Bytes for each range and id, as CSV */
void bench_memory_table(const char *path);

/*
 * Mark the memory of the nodes and the start of an operation, for access_count.c. In other
 * programs these do nothing.
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
 * @ops: number of operations
 * @rng: the state of the random numbers
 * @sum: checksum of the results
 * @ns: duration
 */
struct bench_run {
	uint64_t	ops;
	uint64_t	rng;
	uint64_t	sum;
	uint64_t	ns;
};

/* The range of a node, to copy a state to another allocator or to compare */
struct bench_place {
	uint64_t	start;
	uint64_t	size;
};

/**
 * struct bench_impl - one implementation of one workload
 * @name: name in the results
 * @create: allocate memory for @n
 * @destroy: free it
 * @setup: set up the initial state. @places has the ranges of the n nodes, for
 *	workloads that need them
 * @run: the measured loop
 * @places: store the range of each node and return their number; may be NULL
 * @check: check the state and end the program if it is wrong; may be NULL
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

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * report.h - results, and what they come to
 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "bench.h"

#define REPORT_TURNS	41	/* at most */

/**
 * struct report_lane - what one implementation took
 * @impl: its name
 * @ns: nanoseconds per operation in each turn
 */
struct report_lane {
	const char	*impl;
	double		ns[REPORT_TURNS];
};

/**
 * report_add - add the results of one workload; the first lane is this library
 * @workload: its name
 * @n: how many ranges or devices
 * @threads: how many threads did it
 * @lanes: one for each implementation
 * @nr: how many
 * @turns: how many turns
 * @mean: report means in place of medians
 */
void report_add(const char *workload, uint32_t n, unsigned int threads,
		const struct report_lane *lanes, unsigned int nr,
		unsigned int turns, bool mean);

/* Whether there is anything to report */
bool report_any(void);

void report_csv(const char *path);

/* One table of the ratios, and each target: met or missed */
void report_ratios(const char *path);

#endif /* BENCH_REPORT_H */

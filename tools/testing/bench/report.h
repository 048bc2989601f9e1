/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * report.h - results, ratios and targets
 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "bench.h"

#define REPORT_TURNS	41	/* at most */

/**
 * struct report_lane - times of one implementation
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
 * @n: number of ranges or devices
 * @threads: number of threads
 * @lanes: one for each implementation
 * @nr: number of @lanes
 * @turns: number of turns
 * @mean: report means instead of medians
 */
void report_add(const char *workload, uint32_t n, unsigned int threads,
		const struct report_lane *lanes, unsigned int nr,
		unsigned int turns, bool mean);

/* Whether results exist */
bool report_any(void);

void report_csv(const char *path);

/* One table of the ratios, and each target: met or missed */
void report_ratios(const char *path);

#endif /* BENCH_REPORT_H */

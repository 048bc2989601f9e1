// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * bench.c - measure this library and its peers side by side
 *
 *	bench [-w WORKLOAD,...] [-n N,...] [-t MILLISECONDS] [-T TRACE]
 *	      [-o FILE] [-r FILE] [-m FILE]
 *
 * -o writes the results as CSV, -r the table of ratios and targets, -m the memory use.
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "report.h"

static uint64_t read_clock(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

uint64_t bench_now(void)
{
	return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

uint64_t bench_clock(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

void bench_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("bench: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

void bench_progress(const char *workload, uint32_t n, unsigned int threads)
{
	fprintf(stderr, "%-12s %8u %u ", workload, n, threads);
	fflush(stderr);
}

static bool in_list(const char *list, const char *name)
{
	size_t len = strlen(name);
	const char *at;

	if (!list || !*list)
		return true;
	for (at = list; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (!strncmp(at, name, len) && (!at[len] || at[len] == ','))
			return true;
	}
	return false;
}

bool bench_wanted(const struct bench_options *options, const char *workload,
		  uint32_t n)
{
	char digits[16];

	snprintf(digits, sizeof(digits), "%u", n);
	return in_list(options->workloads, workload) &&
	       in_list(options->sizes, digits);
}

static cpu_set_t allowed;	/* the CPUs of this process */

unsigned int bench_cpus(void)
{
	return (unsigned int)CPU_COUNT(&allowed);
}

/* Start at the last CPU: the first has most interrupts. */
void bench_pin(unsigned int number)
{
	unsigned int i;
	cpu_set_t set;

	number %= bench_cpus();
	for (i = CPU_SETSIZE; i--; )
		if (CPU_ISSET(i, &allowed) && !number--)
			break;
	CPU_ZERO(&set);
	CPU_SET(i, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

int main(int argc, char **argv)
{
	struct bench_options options = { .budget_ms = 1000 };
	const char *csv = NULL, *ratios = NULL, *memory = NULL;
	int opt;

	while ((opt = getopt(argc, argv, "w:n:t:T:o:r:m:")) != -1) {
		switch (opt) {
		case 'w':
			options.workloads = optarg;
			break;
		case 'n':
			options.sizes = optarg;
			break;
		case 't':
			options.budget_ms = atof(optarg);
			break;
		case 'T':
			options.trace = optarg;
			break;
		case 'o':
			csv = optarg;
			break;
		case 'r':
			ratios = optarg;
			break;
		case 'm':
			memory = optarg;
			break;
		default:
			return 2;
		}
	}
	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		CPU_SET(0, &allowed);
	bench_pin(0);
	if (memory)
		bench_memory_table(memory);
	bench_spaces(&options);
	bench_routes(&options);
	if (!report_any())
		bench_fail("unknown workload or n");
	report_csv(csv);
	report_ratios(ratios);
	return 0;
}

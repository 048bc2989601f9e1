// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * report.c - results, ratios and targets
 */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

#define MAX_RESULTS	512
#define MAX_COLUMNS	8

/* A ratio is the time of this library over that of the implementation. */
#define CSV_HEADER \
	"workload,n,threads,impl,ns_per_op,q1,q3,least,turns,ratio,rq1,rq3\n"

struct spread {
	double	middle;
	double	q1;
	double	q3;
	double	least;
};

struct result {
	const char	*workload;
	const char	*impl;
	uint32_t	n;
	unsigned int	threads;
	unsigned int	turns;
	struct spread	ns;
	struct spread	ratio;
};

static struct result results[MAX_RESULTS];
static size_t nr_results;

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static struct spread spread_of(const double *values, unsigned int nr)
{
	double sorted[REPORT_TURNS];

	memcpy(sorted, values, nr * sizeof(*values));
	qsort(sorted, nr, sizeof(*sorted), compare_doubles);
	return (struct spread) {
		.middle = (sorted[nr / 2] + sorted[(nr - 1) / 2]) / 2,
		.q1 = sorted[nr / 4],
		.q3 = sorted[nr - 1 - nr / 4],
		.least = sorted[0],
	};
}

static double mean_of(const double *values, unsigned int nr)
{
	double sum = 0;
	unsigned int i;

	for (i = 0; i < nr; i++)
		sum += values[i];
	return sum / nr;
}

void report_add(const char *workload, uint32_t n, unsigned int threads,
		const struct report_lane *lanes, unsigned int nr,
		unsigned int turns, bool mean)
{
	double ratio[REPORT_TURNS];
	struct result *r;
	unsigned int i, k;

	for (i = 0; i < nr; i++) {
		for (k = 0; k < turns; k++)
			ratio[k] = lanes[0].ns[k] / lanes[i].ns[k];
		if (nr_results == MAX_RESULTS)
			bench_fail("too many results");
		r = &results[nr_results++];
		*r = (struct result) {
			.workload = workload, .impl = lanes[i].impl, .n = n,
			.threads = threads, .turns = turns,
			.ns = spread_of(lanes[i].ns, turns),
			.ratio = spread_of(ratio, turns),
		};
		if (mean) {
			r->ns.middle = mean_of(lanes[i].ns, turns);
			r->ratio.middle = mean_of(lanes[0].ns, turns) /
					  r->ns.middle;
		}
		fprintf(stderr, " %s %.1f", r->impl, r->ns.middle);
		if (i)
			fprintf(stderr, " (%.2f)", r->ratio.middle);
	}
	fputc('\n', stderr);
}

bool report_any(void)
{
	return nr_results;
}

static FILE *open_report(const char *path)
{
	FILE *f = path ? fopen(path, "w") : stdout;

	if (!f)
		bench_fail("%s: %s", path, strerror(errno));
	return f;
}

static void close_report(FILE *f, const char *path)
{
	if (fflush(f) || ferror(f) || (path && fclose(f)))
		bench_fail("%s: %s", path ? path : "stdout", strerror(errno));
}

void report_csv(const char *path)
{
	FILE *f = open_report(path);
	const struct result *r;

	fputs(CSV_HEADER, f);
	for (r = results; r < results + nr_results; r++)
		fprintf(f, "%s,%u,%u,%s,%.2f,%.2f,%.2f,%.2f,%u,%.4f,%.4f,%.4f\n",
			r->workload, r->n, r->threads, r->impl, r->ns.middle,
			r->ns.q1, r->ns.q3, r->ns.least, r->turns,
			r->ratio.middle, r->ratio.q1, r->ratio.q3);
	close_report(f, path);
}

static const struct result *find(const char *workload, uint32_t n,
				 unsigned int threads, const char *impl)
{
	const struct result *r;

	for (r = results; r < results + nr_results; r++)
		if (!strcmp(r->workload, workload) && r->n == n &&
		    r->threads == threads && !strcmp(r->impl, impl))
			return r;
	return NULL;
}

/* A row of the table: one workload against one peer, at every n */
static void put_row(FILE *f, const struct result *first)
{
	const struct result *r;
	char name[32];

	snprintf(name, sizeof(name), "%s%s", first->workload,
		 first->threads > 1 ? ", 2 threads" : "");
	fprintf(f, "%-24s %-13s", name, first->impl);
	for (r = first; r < results + nr_results; r++)
		if (!strcmp(r->workload, first->workload) &&
		    !strcmp(r->impl, first->impl) &&
		    r->threads == first->threads)
			fprintf(f, "  %u: %.*f", r->n,
				r->ratio.middle < 0.01 ? 5 : 2,
				r->ratio.middle);
	fputc('\n', f);
}

static void put_table(FILE *f)
{
	const struct result *r, *before;

	fputs("Time of this library over that of the peer, at each n\n\n", f);
	for (r = results; r < results + nr_results; r++) {
		if (!strcmp(r->impl, results->impl))
			continue;
		for (before = results; before < r; before++)
			if (!strcmp(r->workload, before->workload) &&
			    !strcmp(r->impl, before->impl) &&
			    r->threads == before->threads)
				break;
		if (before == r)
			put_row(f, r);
	}
}

struct verdicts {
	FILE		*f;
	unsigned int	met;
	unsigned int	missed;
};

static void judge(struct verdicts *v, double ratio, double target,
		  const char *format, ...)
	__attribute__((__format__(__printf__, 4, 5)));

static void judge(struct verdicts *v, double ratio, double target,
		  const char *format, ...)
{
	bool met = ratio <= target;
	va_list args;

	fprintf(v->f, "%-7s %8.*f  at most %.*f  ", met ? "met" : "MISSED",
		ratio < 0.01 ? 5 : 3, ratio, target < 1 ? 3 : 2, target);
	va_start(args, format);
	vfprintf(v->f, format, args);
	va_end(args);
	fputc('\n', v->f);
	if (met)
		v->met++;
	else
		v->missed++;
}

/*
 * The mean excludes adversarial: drm_mm is slower by orders of magnitude there, which
 * would dominate the mean.
 */
static void judge_drm_mm(struct verdicts *v)
{
	const struct result *r;
	double logs = 0;
	unsigned int nr = 0;

	for (r = results; r < results + nr_results; r++) {
		if (strcmp(r->impl, "drm_mm"))
			continue;
		judge(v, r->ratio.middle, 1.0, "%s of %u against drm_mm",
		      r->workload, r->n);
		if (!strcmp(r->workload, "adversarial"))
			continue;
		logs += log(r->ratio.middle);
		nr++;
	}
	if (nr)
		judge(v, exp(logs / nr), 0.60,
		      "geometric mean of these, without adversarial");
}

static void judge_peer(struct verdicts *v, const char *workload, uint32_t n,
		       unsigned int threads, const char *impl, double target)
{
	const struct result *r;

	for (r = results; r < results + nr_results; r++)
		if (!strcmp(r->workload, workload) &&
		    !strcmp(r->impl, impl) && r->threads == threads &&
		    (!n || r->n == n))
			judge(v, r->ratio.middle, target,
			      "%s of %u against %s, %u thread%s", workload,
			      r->n, impl, threads, threads > 1 ? "s" : "");
}

/* One result of this library against another */
static void judge_own(struct verdicts *v, const struct result *a,
		      const struct result *b, double target)
{
	if (a && b)
		judge(v, a->ns.middle / b->ns.middle, target,
		      "%s of %u, %u thread%s, %s, against %s of %u, %u thread%s, %s",
		      a->workload, a->n, a->threads, a->threads > 1 ? "s" : "",
		      a->impl, b->workload, b->n, b->threads,
		      b->threads > 1 ? "s" : "", b->impl);
}

static void judge_route(struct verdicts *v)
{
	static const uint32_t sizes[] = { 8, 64, 512, 4096 };
	const struct result *one, *r;
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		bool few = sizes[i] <= 64;

		one = find("route", sizes[i], 1, "vmalloc");
		judge_peer(v, "route", sizes[i], 1, "mutex+rbtree",
			   few ? 0.25 : 0.5);
		judge_peer(v, "route", sizes[i], 2, "mutex+rbtree", 0.1);
		judge_own(v, find("route", sizes[i], 2, "vmalloc"), one, 1.1);
		judge_own(v, find("route_storm", sizes[i], 1, "vmalloc"), one,
			  few ? 1.5 : 2);
		if (!few)
			judge_own(v, find("route", sizes[i], 1,
					  "vmalloc without a cache"),
				  find("route", sizes[i], 1, "mutex+rbtree"),
				  0.9);
	}
	one = find("route", 64, 1, "vmalloc");
	for (r = results; r < results + nr_results; r++)
		if (!strcmp(r->workload, "route_trace") &&
		    !strcmp(r->impl, "vmalloc"))
			judge_own(v, r, one, 0.5);
}

static void judge_ids(struct verdicts *v)
{
	const struct result *r;

	judge_peer(v, "id_churn", 0, 1, "set+map", 1.0);
	for (r = results; r < results + nr_results; r++)
		if (!strcmp(r->impl, "vmalloc with a table"))
			judge_own(v, r, find(r->workload, r->n, 1, "set+map"),
				  0.5);
}

/* Beside parked and claimed ranges, against the same without them */
static void judge_parked(struct verdicts *v)
{
	judge_peer(v, "parked_churn", 0, 1, "vmalloc", 1.5);
	judge_peer(v, "parked_mixed", 0, 1, "vmalloc", 1.5);
	judge_peer(v, "elsewhere_churn", 0, 1, "vmalloc", 1.5);
	judge_peer(v, "elsewhere_mixed", 0, 1, "vmalloc", 1.5);
	judge_peer(v, "parts", 0, 1, "tree", 1.0);
}

void report_ratios(const char *path)
{
	struct verdicts v = { .f = open_report(path) };

	put_table(v.f);
	fputs("\nTargets\n\n", v.f);
	judge_drm_mm(&v);
	judge_ids(&v);
	judge_peer(&v, "slot", 1000, 1, "first-match", 0.1);
	judge_route(&v);
	judge_parked(&v);
	fprintf(v.f, "\n%u met, %u missed\n", v.met, v.missed);
	close_report(v.f, path);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * progress.c - a line on standard error while the planner works for over a second
 */
#include <time.h>

#include "place.h"

static bool shown;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void progress(const struct plan *plan, const char *what, size_t done,
	      size_t all)
{
	static double began, last;
	double time;

	if (!plan->settings.progress || (done & 1023 && done != all))
		return;
	time = now();
	if (!began)
		began = time;
	if (plan->settings.progress == 1 &&
	    (time - began < 1 || time - last < 0.1))
		return;
	last = time;
	shown = true;
	fprintf(stderr, "\rvmr: %s: %zu of %zu ", what, done, all);
	fflush(stderr);
}

void end_progress(void)
{
	if (shown)
		fputs("\r\33[K", stderr);
	shown = false;
}

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * requires.h - features that a test needs and some environments lack
 *
 * The tests run as programs, in the kernel and on bare metal. An environment that lacks
 * a feature defines TEST_LACKS_<feature> as 1. A test that needs it calls NEEDS() first
 * and is skipped there:
 *
 *	threads		threads that run at the same time
 *	page_faults	protected memory and a handler of its faults
 *	own_port	a program that defines the functions of port.h itself
 *	restless_drain	a drain that never sleeps and may be called in a write section
 */
#ifndef VMR_TEST_REQUIRES_H
#define VMR_TEST_REQUIRES_H

#include <stdlib.h>

#ifndef TEST_LACKS_threads
#define TEST_LACKS_threads	0
#endif
#ifndef TEST_LACKS_page_faults
#define TEST_LACKS_page_faults	0
#endif

#ifndef TEST_LACKS_own_port
#define TEST_LACKS_own_port	0
#endif

#ifndef TEST_LACKS_restless_drain
#define TEST_LACKS_restless_drain	0
#endif

#define NEEDS(feature) \
	do { \
		if (TEST_LACKS_##feature) \
			SKIP(return, "%s: not available", #feature); \
	} while (0)

/*
 * A race checker observes the program and derives an order of accesses from all
 * synchronisation. The test must hide its own synchronisation from the checker.
 */
#ifdef __has_feature
#if __has_feature(thread_sanitizer)
#define TEST_LOOKED_AT_FOR_RACES
#endif
#elif defined(__SANITIZE_THREAD__)
#define TEST_LOOKED_AT_FOR_RACES
#endif
#ifdef VMR_CHECK_DRD_H
#define TEST_LOOKED_AT_FOR_RACES
#endif

/*
 * The harness ends a test after this many seconds, 30 by itself. Only a test that hangs
 * may take so long: the result of no other test depends on the load of the machine.
 */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	600

/* A slow environment divides the number of repetitions: VMR_TEST_DIVISOR=16 for a sixteenth. */
static inline unsigned int test_part(void)
{
	const char *given = getenv("VMR_TEST_DIVISOR");
	unsigned int part = given ? (unsigned int)strtoul(given, NULL, 0) : 1;

	return part ? part : 1;
}

#endif /* VMR_TEST_REQUIRES_H */

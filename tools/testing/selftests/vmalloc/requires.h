/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * requires.h - what a test needs that not every environment has
 *
 * The tests run as programs, in the kernel and on bare metal. An environment that
 * lacks something is compiled with TEST_LACKS_ and its name defined as 1; a test
 * that needs it says so first, and skips itself there by name:
 *
 *	threads		two things that happen at the same time
 *	page_faults	memory that can be protected, and a handler that sees why
 *	restless_drain	a drain that never sleeps, so that it may be in a section
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

#ifndef TEST_LACKS_restless_drain
#define TEST_LACKS_restless_drain	0
#endif

#define NEEDS(what) \
	do { \
		if (TEST_LACKS_##what) \
			SKIP(return, "%s: not here", #what); \
	} while (0)

/*
 * Something looks on that takes whatever orders threads for the order of what they
 * access. Where the test itself orders them, it should not be seen.
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
 * What is tried a great many times is tried a part of that where it would take long:
 * VMR_TEST_DIVISOR=16 for a sixteenth.
 */
static inline unsigned int test_part(void)
{
	const char *given = getenv("VMR_TEST_DIVISOR");
	unsigned int part = given ? (unsigned int)strtoul(given, NULL, 0) : 1;

	return part ? part : 1;
}

#endif /* VMR_TEST_REQUIRES_H */

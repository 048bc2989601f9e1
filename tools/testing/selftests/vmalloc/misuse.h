/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * misuse.h - calls that a caller must not make, which a debug build reports
 *
 * The library refuses such a call. A library with VMR_DEBUG also reports it to
 * vmr_port_assert_failed(). A program with this file replaces that function of the
 * port: a report that the test expects is counted, any other ends the test.
 */
#ifndef VMR_TEST_MISUSE_H
#define VMR_TEST_MISUSE_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <vmalloc/port.h>

static __attribute__((__unused__)) bool misuse_expected;
static __attribute__((__unused__)) unsigned int misuse_reports;

#ifdef VMR_DEBUG
#define MISUSE_REPORTS	1u

void vmr_port_assert_failed(const char *what)
{
	if (!misuse_expected) {
		printf("# assertion failed: %s\n", what);
		fflush(stdout);
		abort();
	}
	misuse_reports++;
}
#else
#define MISUSE_REPORTS	0u
#endif

/* @statement checks the result of one call that is reported once. */
#define MISUSE(statement) \
	do { \
		misuse_reports = 0; \
		misuse_expected = true; \
		statement; \
		misuse_expected = false; \
		EXPECT_EQ(MISUSE_REPORTS, misuse_reports); \
	} while (0)

#endif /* VMR_TEST_MISUSE_H */

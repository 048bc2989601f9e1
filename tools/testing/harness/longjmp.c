// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/* longjmp.c - leave a test, for environments with one stack */
#include "kselftest_harness.h"

static void *way_out[5];

__attribute__((__noinline__))
void harness_call(void (*fn)(void *arg), void *arg)
{
	if (!__builtin_setjmp(way_out))
		fn(arg);
}

__attribute__((__noinline__))
void harness_leave(void)
{
	__builtin_longjmp(way_out, 1);
}

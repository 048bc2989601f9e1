// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/* section_end.c - linked after all tests */
#include "kselftest_harness.h"

const struct harness_entry *const harness_last[1]
	__attribute__((__used__, __section__("vmr_tests"))) = { NULL };
char harness_data_last[8] __attribute__((__section__(".data"))) = { 1 };
char harness_bss_last[8] __attribute__((__section__(".bss")));

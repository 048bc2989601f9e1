// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * reset_data.c - reset the variables of the tests
 *
 * Compile without the address sanitizer: the copy includes the red zones.
 */
#include "kselftest_harness.h"

size_t harness_keep(void *copy, size_t size)
{
	size_t need = harness_data_last - harness_data_first;

	if (need <= size)
		memcpy(copy, harness_data_first, need);
	return need;
}

void harness_fresh(const void *copy)
{
	memcpy(harness_data_first, copy, harness_data_last - harness_data_first);
	memset(harness_bss_first, 0, harness_bss_last - harness_bss_first);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/* main.c - the environment of the tests on bare metal */
#include "firmware.h"

#ifndef PARAMETERS
#define PARAMETERS ""
#endif

const char *harness_parameters(void)
{
	return PARAMETERS;
}

void firmware_fault(const char *what)
{
	static const char bail[] = "\nBail out! ";

	harness_write(bail, sizeof(bail) - 1);
	harness_write(what, strlen(what));
	harness_write("\n", 1);
	firmware_exit(1);
}

void firmware_main(void)
{
	firmware_exit(harness_main(heap, heap_end - heap));
}

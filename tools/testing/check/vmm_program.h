/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * vmm_program.h - for programs that are linked with the VMM in place of its main()
 *
 * vmm-program.sh builds them. The first check that does not hold ends the program.
 */
#ifndef VMR_CHECK_VMM_PROGRAM_H
#define VMR_CHECK_VMM_PROGRAM_H

#include <stdarg.h>
#include <stdlib.h>

#include "../../vmm/vmm.h"

static unsigned int checks;
static char said[256];

void vmm_err(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(said, sizeof(said), fmt, args);
	va_end(args);
	printf("said: %s\n", said);
}

#define CHECK(condition) do { \
	checks++; \
	if (!(condition)) { \
		printf("line %d: not so: %s\n", __LINE__, #condition); \
		exit(1); \
	} \
} while (0)

#endif /* VMR_CHECK_VMM_PROGRAM_H */

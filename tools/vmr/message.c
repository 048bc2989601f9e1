// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * message.c - errors in the input: the place, the fault, and a line that is right
 */
#include <stdarg.h>

#include "vmr.h"

#define MAX_ERRORS	20

void bad_input(struct plan *plan, const struct place_in_file *where,
	       const char *example, const char *format, ...)
{
	va_list args;

	if (plan->errors++ >= MAX_ERRORS || !plan->messages)
		return;
	fprintf(plan->messages, "vmr: %s:%u:%u: ", where->file, where->line,
		where->column);
	va_start(args, format);
	vfprintf(plan->messages, format, args);
	va_end(args);
	fputc('\n', plan->messages);
	if (example)
		fprintf(plan->messages, "vmr:   for example: %s\n", example);
	if (plan->errors == MAX_ERRORS)
		fprintf(plan->messages, "vmr: %s: further errors are not shown\n",
			where->file);
}

void bad_plan(struct plan *plan, const char *format, ...)
{
	va_list args;

	if (plan->errors++ >= MAX_ERRORS || !plan->messages)
		return;
	fputs("vmr: ", plan->messages);
	va_start(args, format);
	vfprintf(plan->messages, format, args);
	va_end(args);
	fputc('\n', plan->messages);
}

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * init.h - the parts of the init
 */
#ifndef INIT_H
#define INIT_H

#include <stdbool.h>

#define DEBUGFS	"/sys/kernel/debug"
#define TRACEFS	"/sys/kernel/tracing"

#define TRACEPOINTS_TESTS	3	/* results of tracepoints() */

/* A line in the kernel's log */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The result of a test. Return: @ok */
bool result(bool ok, const char *name);
void skip(const char *name, const char *why);

bool exists(const char *path);

/* The text that slurp() has read */
extern char text[1 << 16];

/* Return: whether the file could be read, into @text */
bool slurp(const char *path);

/* Log the text line by line, with @what in front */
void show(const char *what);

/* Test the tracepoints. vmr_test is loaded and its tests have ended. */
void tracepoints(void);

#endif /* INIT_H */

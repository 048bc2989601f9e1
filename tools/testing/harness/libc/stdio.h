/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* stdio.h - functions that the tests use, on bare metal */
#ifndef VMR_HARNESS_STDIO_H
#define VMR_HARNESS_STDIO_H

#include <stdarg.h>
#include <stddef.h>

int printf(const char *fmt, ...);
int snprintf(char *text, size_t size, const char *fmt, ...);
int vsnprintf(char *text, size_t size, const char *fmt, va_list args);

/* The console has no buffer. */
#define stdout		0
#define fflush(stream)	((void)(stream))

#endif /* VMR_HARNESS_STDIO_H */

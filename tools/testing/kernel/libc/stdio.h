/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* stdio.h - into the kernel's log */
#ifndef VMR_TEST_STDIO_H
#define VMR_TEST_STDIO_H

#include <linux/stdarg.h>
#include <linux/types.h>

int snprintf(char *text, size_t size, const char *fmt, ...);
int vsnprintf(char *text, size_t size, const char *fmt, va_list args);

/* Avoid the compiler replacing printf() by other functions. */
#define printf(...)	test_printf(__VA_ARGS__)
int test_printf(const char *fmt, ...) __attribute__((__format__(printf, 1, 2)));

/* The log has no buffer. */
#define stdout		0
#define fflush(stream)	((void)(stream))

#endif /* VMR_TEST_STDIO_H */

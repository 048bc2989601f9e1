/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* stdlib.h - functions that the tests use, on bare metal */
#ifndef VMR_HARNESS_STDLIB_H
#define VMR_HARNESS_STDLIB_H

#include <stddef.h>

void *malloc(size_t size);
void *calloc(size_t nr, size_t size);
void free(void *p);
int posix_memalign(void **p, size_t align, size_t size);
__attribute__((__noreturn__)) void abort(void);

/* Reads harness_parameters(). */
char *getenv(const char *name);

/* Decimal, or hexadecimal after 0x, without the end pointer */
unsigned long strtoul(const char *text, char **end, int base);
unsigned long long strtoull(const char *text, char **end, int base);

#endif /* VMR_HARNESS_STDLIB_H */

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* string.h - functions that the tests use, on bare metal */
#ifndef VMR_HARNESS_STRING_H
#define VMR_HARNESS_STRING_H

#include <stddef.h>

void *memset(void *s, int c, size_t n);
void *memcpy(void *dest, const void *src, size_t n);
void *memmove(void *dest, const void *src, size_t n);
int memcmp(const void *s1, const void *s2, size_t n);
size_t strlen(const char *s);
int strcmp(const char *s1, const char *s2);
int strncmp(const char *s1, const char *s2, size_t n);

#endif /* VMR_HARNESS_STRING_H */

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* string.h - the kernel's functions, without <linux/string.h> */
#ifndef VMR_TEST_STRING_H
#define VMR_TEST_STRING_H

#include <linux/types.h>

/* Not if <linux/string.h> is included */
#ifndef _LINUX_STRING_H_

void *memset(void *s, int c, size_t n);
void *memcpy(void *dest, const void *src, size_t n);
void *memmove(void *dest, const void *src, size_t n);
int memcmp(const void *s1, const void *s2, size_t n);
size_t strlen(const char *s);
int strcmp(const char *s1, const char *s2);
int strncmp(const char *s1, const char *s2, size_t n);
char *strchr(const char *s, int c);
char *strstr(const char *s1, const char *s2);

#endif

#endif /* VMR_TEST_STRING_H */

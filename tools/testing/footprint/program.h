/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* program.h - the least that a program must have to be linked; it is never run */
#ifndef VMR_FOOTPRINT_PROGRAM_H
#define VMR_FOOTPRINT_PROGRAM_H

#include <stddef.h>

int use(void);
void start(void);
void *memcpy(void *dest, const void *src, size_t n);
void *memmove(void *dest, const void *src, size_t n);
void *memset(void *s, int c, size_t n);
int memcmp(const void *s1, const void *s2, size_t n);

void start(void)
{
	use();
}

void *memcpy(void *dest, const void *src, size_t n)
{
	(void)src;
	(void)n;
	return dest;
}

void *memmove(void *dest, const void *src, size_t n)
{
	(void)src;
	(void)n;
	return dest;
}

void *memset(void *s, int c, size_t n)
{
	(void)c;
	(void)n;
	return s;
}

int memcmp(const void *s1, const void *s2, size_t n)
{
	(void)s1;
	(void)s2;
	(void)n;
	return 0;
}

#endif /* VMR_FOOTPRINT_PROGRAM_H */

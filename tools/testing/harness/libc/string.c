// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * string.c - memory and strings, a byte at a time
 *
 * Compiled without the replacement of loops by calls of these functions.
 */
#include <stdint.h>
#include <string.h>

void *memset(void *s, int c, size_t n)
{
	char *p = s;

	while (n--)
		*p++ = c;
	return s;
}

/* By words if both are aligned, because the tests copy and compare much */
void *memcpy(void *dest, const void *src, size_t n)
{
	unsigned long *dw = dest;
	const unsigned long *sw = src;
	char *d;
	const char *s;

	if (!(((uintptr_t)dest | (uintptr_t)src) % sizeof(long)))
		for (; n >= sizeof(long); n -= sizeof(long))
			*dw++ = *sw++;
	d = (char *)dw;
	s = (const char *)sw;
	while (n--)
		*d++ = *s++;
	return dest;
}

void *memmove(void *dest, const void *src, size_t n)
{
	char *d = dest;
	const char *s = src;

	if (d <= s)
		while (n--)
			*d++ = *s++;
	else
		while (n--)
			d[n] = s[n];
	return dest;
}

int memcmp(const void *s1, const void *s2, size_t n)
{
	const unsigned long *aw = s1, *bw = s2;
	const unsigned char *a, *b;

	if (!(((uintptr_t)s1 | (uintptr_t)s2) % sizeof(long)))
		for (; n >= sizeof(long) && *aw == *bw; n -= sizeof(long)) {
			aw++;
			bw++;
		}
	a = (const unsigned char *)aw;
	b = (const unsigned char *)bw;
	for (; n--; a++, b++)
		if (*a != *b)
			return *a - *b;
	return 0;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

int strcmp(const char *s1, const char *s2)
{
	while (*s1 && *s1 == *s2) {
		s1++;
		s2++;
	}
	return *(const unsigned char *)s1 - *(const unsigned char *)s2;
}

int strncmp(const char *s1, const char *s2, size_t n)
{
	while (n && *s1 && *s1 == *s2) {
		s1++;
		s2++;
		n--;
	}
	return n ? *(const unsigned char *)s1 - *(const unsigned char *)s2 : 0;
}

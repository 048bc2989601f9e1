// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * stdlib.c - memory, parameters and numbers
 *
 * malloc() cuts blocks from one piece of memory. Freed blocks are reused for the same
 * size. Each test starts with all memory free.
 */
#include "../kselftest_harness.h"

#define ALIGN	64

struct block {
	size_t		size;
	struct block	*next;		/* in the list of free blocks */
};

static char *unused, *end;
static struct block *freed;

void harness_memory(void *memory, size_t size)
{
	unused = memory;
	end = unused + size;
	freed = NULL;
}

/* The header is padded, so the block after it is aligned. */
void *malloc(size_t size)
{
	struct block **link, *block;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + ALIGN - 1) / ALIGN * ALIGN;
	for (link = &freed; *link; link = &(*link)->next)
		if ((*link)->size == size) {
			block = *link;
			*link = block->next;
			return (char *)block + ALIGN;
		}
	if (size + ALIGN > (size_t)(end - unused))
		return NULL;
	block = (struct block *)unused;
	block->size = size;
	unused += size + ALIGN;
	return (char *)block + ALIGN;
}

void *calloc(size_t nr, size_t size)
{
	void *p = NULL;

	if (!size || nr <= SIZE_MAX / size)
		p = malloc(nr * size);
	if (p)
		memset(p, 0, nr * size);
	return p;
}

int posix_memalign(void **p, size_t align, size_t size)
{
	void *new = align <= ALIGN ? malloc(size) : NULL;

	if (!new)
		return ENOMEM;
	*p = new;
	return 0;
}

void free(void *p)
{
	struct block *block;

	if (!p)
		return;
	block = (struct block *)((char *)p - ALIGN);
	block->next = freed;
	freed = block;
}

void abort(void)
{
	harness_leave();
}

/* A value ends at a space or the end of the string, as for strtoul(). */
char *getenv(const char *name)
{
	const char *at = harness_parameters();
	size_t n = strlen(name);

	while (*at) {
		if (!strncmp(at, name, n) && at[n] == '=')
			return (char *)at + n + 1;
		while (*at && *at != ' ')
			at++;
		while (*at == ' ')
			at++;
	}
	return NULL;
}

unsigned long long strtoull(const char *text, char **rest, int base)
{
	unsigned long long n = 0;
	unsigned int digit;

	(void)rest;
	base = 10;
	if (text[0] == '0' && text[1] == 'x') {
		base = 16;
		text += 2;
	}
	for (;; text++) {
		if (*text >= '0' && *text <= '9')
			digit = *text - '0';
		else if (base == 16 && *text >= 'a' && *text <= 'f')
			digit = *text - 'a' + 10;
		else
			return n;
		n = n * base + digit;
	}
}

unsigned long strtoul(const char *text, char **rest, int base)
{
	return strtoull(text, rest, base);
}

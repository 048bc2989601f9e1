/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* stdlib.h - functions that the tests use, in the kernel */
#ifndef VMR_TEST_STDLIB_H
#define VMR_TEST_STDLIB_H

#include <linux/compiler.h>
#include <linux/panic.h>
#include <linux/types.h>

/* The end of a test frees all of its memory. */
void *test_alloc(size_t align, size_t size);
void *test_zalloc(size_t nr, size_t size);
void test_free(void *p);
int test_memalign(void **p, size_t align, size_t size);

#define malloc		test_malloc
#define calloc		test_zalloc
#define free		test_free
#define posix_memalign	test_memalign

static inline void *test_malloc(size_t size)
{
	return test_alloc(sizeof(long), size);
}

/*
 * These do not return. Every file has its own copy, because objtool detects that only
 * in the same file or by its own list of names.
 */
static inline __noreturn void test_abort(void)
{
	panic("vmr_test: a test has given up\n");
}

void env_leave(void);

static noinline __noreturn __maybe_unused void test_leave(void)
{
	env_leave();
	unreachable();
}

#define abort		test_abort
#define harness_leave	test_leave

/* Reads the parameters of the module. */
char *getenv(const char *name);

/* Without the end pointer */
unsigned long strtoul(const char *text, char **end, int base);
unsigned long long strtoull(const char *text, char **end, int base);

#endif /* VMR_TEST_STDLIB_H */

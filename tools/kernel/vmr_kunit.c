// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * vmr_kunit.c - what all suites of the library use
 */
#include <linux/mm.h>
#include <linux/module.h>

#include "vmr_kunit.h"

/* The signedness is not known here. Small negative numbers are printed as errors. */
static void number(char *text, size_t size, const void *value, unsigned int bytes)
{
	unsigned int shift = 64 - 8 * bytes;
	u64 bits = 0;
	s64 error;

	if (bytes == 1)
		bits = *(const u8 *)value;
	else if (bytes == 2)
		bits = *(const u16 *)value;
	else if (bytes == 4)
		bits = *(const u32 *)value;
	else
		memcpy(&bits, value, sizeof(bits));
	error = (s64)(bits << shift) >> shift;
	if (bytes >= 4 && error < 0 && error >= -4095)
		snprintf(text, size, "%lld", error);
	else if (bits < 10)
		snprintf(text, size, "%llu", bits);
	else
		snprintf(text, size, "%llu, %#llx", bits, bits);
}

void vmr_kunit_differs(struct kunit *test, const struct vmr_kunit_check *check,
		       const void *expected, const void *seen)
{
	char e[48], s[48];

	number(e, sizeof(e), expected, check->expected_size);
	number(s, sizeof(s), seen, check->seen_size);
	kunit_set_failure(test);
	kunit_err(test, "%s:%u: expected %s (%s) %s %s (%s)\n", check->file,
		  check->line, check->expected, e, check->op, check->seen, s);
}

void vmr_kunit_strings(struct kunit *test, const struct vmr_kunit_check *check,
		       const char *expected, const char *seen)
{
	kunit_set_failure(test);
	kunit_err(test, "%s:%u: expected '%s' %s '%s'\n", check->file,
		  check->line, expected, check->op, seen);
}

int vmr_kunit_begin(struct vmr_kunit_vars *vars)
{
	size_t i, at = 0, size = 0;

	if (vars->begun)
		return -EALREADY;
	for (i = 0; i < vars->nr; i++)
		size += vars->var[i].size;
	vars->image = kvmalloc(size, GFP_KERNEL);
	if (!vars->image)
		return -ENOMEM;
	vars->begun = true;
	for (i = 0; i < vars->nr; i++) {
		memcpy(vars->image + at, vars->var[i].start, vars->var[i].size);
		at += vars->var[i].size;
	}
	return 0;
}

void vmr_kunit_restore(const struct vmr_kunit_vars *vars)
{
	size_t i, at = 0;

	for (i = 0; i < vars->nr; i++) {
		memcpy(vars->var[i].start, vars->image + at, vars->var[i].size);
		at += vars->var[i].size;
	}
}

void vmr_kunit_end(struct vmr_kunit_vars *vars)
{
	kvfree(vars->image);
	vars->image = NULL;
}

MODULE_DESCRIPTION("KUnit tests of the library for resources of virtual machines");
MODULE_LICENSE("Dual BSD/GPL");

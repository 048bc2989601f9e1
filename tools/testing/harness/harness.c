// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * harness.c - run the tests of one image and print KTAP
 *
 * harness_fresh() does not reset the static variables of this file.
 */
#include "kselftest_harness.h"

/* A test and its variant */
struct run {
	const struct harness_entry	*test;
	const struct harness_entry	*variant;	/* or NULL */
	void				*self;
	struct __test_metadata		metadata;
	char				name[160];
};

static struct run run;
static const void *copy;		/* initial .data of the tests */

/* The memory for malloc() */
static struct {
	void	*start;
	size_t	size;
} heap;

static void vprint(const char *fmt, va_list args)
{
	char line[320];
	int n = vsnprintf(line, sizeof(line), fmt, args);

	/* A truncated line ends with a newline too. */
	if (n >= (int)sizeof(line)) {
		n = sizeof(line) - 1;
		line[n - 1] = '\n';
	}
	harness_write(line, n);
}

static void print(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vprint(fmt, args);
	va_end(args);
}

static const char *base_name(const char *path)
{
	const char *base = path;

	for (; *path; path++)
		if (*path == '/')
			base = path + 1;
	return base;
}

void harness_log(const struct __test_metadata *metadata, const char *file,
		 unsigned int line, const char *fmt, ...)
{
	char text[224];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	print("# %s:%u:%s:%s\n", base_name(file), line, metadata->name, text);
}

void harness_skip(struct __test_metadata *metadata, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(metadata->reason, sizeof(metadata->reason), fmt, args);
	va_end(args);
	metadata->skipped = true;
}

/*
 * The signedness is not known here. Small negative numbers are printed as errors.
 */
static void number(char *text, size_t size, const void *value,
		   unsigned int bytes)
{
	unsigned long long bits = 0;
	unsigned int shift = 64 - 8 * bytes;
	long long error;

	if (bytes == 1)
		bits = *(const uint8_t *)value;
	else if (bytes == 2)
		bits = *(const uint16_t *)value;
	else if (bytes == 4)
		bits = *(const uint32_t *)value;
	else
		memcpy(&bits, value, sizeof(bits));
	error = (long long)(bits << shift) >> shift;
	if (bytes >= 4 && error < 0 && error >= -4095)
		snprintf(text, size, "%lld", error);
	else if (bits < 10)
		snprintf(text, size, "%llu", bits);
	else
		snprintf(text, size, "%llu, %#llx", bits, bits);
}

void harness_differs(struct __test_metadata *metadata,
		     const struct harness_check *check, const void *expected,
		     const void *seen)
{
	char e[48], s[48];

	number(e, sizeof(e), expected, check->expected_size);
	number(s, sizeof(s), seen, check->seen_size);
	harness_log(metadata, check->file, check->line,
		    "Expected %s (%s) %s %s (%s)", check->expected, e,
		    check->op, check->seen, s);
	metadata->exit_code = 1;
}

void harness_strings(struct __test_metadata *metadata,
		     const struct harness_check *check, const char *expected,
		     const char *seen)
{
	harness_log(metadata, check->file, check->line,
		    "Expected '%s' %s '%s'", expected, check->op, seen);
	metadata->exit_code = 1;
}

static void test(void *arg)
{
	struct run *r = arg;
	const struct harness_fixture *fixture = r->test->fixture;
	const void *values = r->variant ? r->variant->variant : NULL;

	if (fixture) {
		fixture->setup(&r->metadata, r->self, values);
		if (r->metadata.exit_code || r->metadata.skipped)
			return;
	}
	r->metadata.set_up = true;
	r->test->test(&r->metadata, r->self, values);
}

/* Also after an ASSERT has ended the test */
static void teardown(void *arg)
{
	struct run *r = arg;

	r->test->fixture->teardown(&r->metadata, r->self,
				   r->variant ? r->variant->variant : NULL);
}

/* "file.fixture.variant.test", the file without the common prefix */
static void name_it(struct run *r)
{
	const struct harness_entry *t = r->test;
	const char *file = base_name(t->file), *dot = file;

	while (*dot && *dot != '.')
		dot++;
	snprintf(r->name, sizeof(r->name), "%.*s.%s%s%s.%s",
		 (int)(dot - file), file,
		 t->fixture ? t->fixture->name : "global",
		 r->variant ? "." : "", r->variant ? r->variant->name : "",
		 t->name);
}

static void run_one(unsigned int n)
{
	const struct harness_fixture *fixture = run.test->fixture;

	memset(&run.metadata, 0, sizeof(run.metadata));
	run.metadata.name = run.test->name;
	run.self = fixture ? fixture->self : NULL;
	name_it(&run);
	harness_fresh(copy);
	harness_memory(heap.start, heap.size);

	print("#  RUN           %s ...\n", run.name);
	harness_call(test, &run);
	if (fixture && run.metadata.set_up)
		harness_call(teardown, &run);
	print("#          %s  %s\n", run.metadata.exit_code ? "FAIL" : "  OK",
	      run.name);
	if (run.metadata.exit_code)
		print("not ok %u %s\n", n, run.name);
	else if (run.metadata.skipped)
		print("ok %u %s # SKIP %s\n", n, run.name,
		      run.metadata.reason);
	else
		print("ok %u %s\n", n, run.name);
}

/* The next variant of the same fixture, from @at on */
static const struct harness_entry *const *
next_variant(const struct harness_entry *test,
	     const struct harness_entry *const *at)
{
	for (; at < harness_last; at++)
		if ((*at)->variant && test->fixture == (*at)->fixture)
			break;
	return at;
}

/*
 * Lists each test with each variant of its fixture, or once without variants.
 *
 * Return: the number of entries.
 */
static unsigned int for_each(void (*fn)(unsigned int n))
{
	const struct harness_entry *const *t = harness_first + 1, *const *v;
	unsigned int n = 0;

	for (; t < harness_last; t++) {
		if (!(*t)->test)
			continue;
		run.test = *t;
		v = harness_last;
		if ((*t)->fixture)
			v = next_variant(*t, harness_first + 1);
		do {
			run.variant = v < harness_last ? *v : NULL;
			n++;
			if (fn)
				fn(n);
			if (v < harness_last)
				v = next_variant(*t, v + 1);
		} while (v < harness_last);
	}
	return n;
}

static struct {
	unsigned int passed;
	unsigned int failed;
	unsigned int skipped;
} total;

static void run_and_count(unsigned int n)
{
	memset(&run.metadata, 0, sizeof(run.metadata));
	run_one(n);
	if (run.metadata.exit_code)
		total.failed++;
	else if (run.metadata.skipped)
		total.skipped++;
	else
		total.passed++;
}

int harness_main(void *memory, size_t size)
{
	size_t kept = harness_keep(memory, size);
	unsigned int nr = for_each(NULL);

	memset(&total, 0, sizeof(total));
	copy = memory;
	print("TAP version 13\n");
	if (kept > size) {
		print("Bail out! %zu bytes of memory are too few\n", size);
		return 1;
	}
	/* The rest has the alignment of the whole. */
	kept = (kept + 63) & ~(size_t)63;
	heap.start = (char *)memory + kept;
	heap.size = size > kept ? size - kept : 0;
	print("1..%u\n", nr);
	for_each(run_and_count);
	print("# %s: %u / %u tests passed.\n",
	      total.failed || !nr ? "FAILED" : "PASSED",
	      total.passed + total.skipped, nr);
	print("# Totals: pass:%u fail:%u xfail:0 xpass:0 skip:%u error:0\n",
	      total.passed, total.failed, total.skipped);
	return total.failed || !nr;
}

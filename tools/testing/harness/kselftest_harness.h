/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * kselftest_harness.h - the macros of kernel selftests without processes
 *
 * The tests of this library use the macros of the kernel's kselftest_harness.h. Hosted
 * builds use that file. A kernel module and bare metal have neither processes nor
 * constructors. They use this file, which has the same macros and prints the same
 * KTAP.
 *
 * All test files are linked into one image, section_start.o before them and
 * section_end.o after them. Every test puts a pointer to its description into the
 * section "vmr_tests", between the pointers of section_start.o and section_end.o.
 * This needs no constructors and no linker script, and also works in the relocatable
 * link of a kernel module. section_start.o and section_end.o enclose .data and .bss of
 * the tests in the same way. reset_data.c resets them before each test, so a test
 * starts as in its own process.
 *
 * An environment supplies four functions and one call:
 *
 *   harness_write()		write characters to the console
 *   harness_call()		call a function, and return when it returns or when
 *				harness_leave() was called below it
 *   harness_leave()		see there; it does not return
 *   harness_parameters()	"NAME=VALUE NAME=VALUE", for getenv()
 *   harness_main()		the call: runs all tests in the given memory
 *
 * longjmp.c has harness_call() and harness_leave() for environments with one stack. An
 * environment with threads can use one thread for each call. The tests also use some
 * functions of the C library. libc/ has them for bare metal; other environments supply
 * their own headers. -DTEST_LACKS_threads=1 and similar macros declare missing
 * features (requires.h). Tests that need a missing feature are skipped.
 *
 * The environment must end a test that hangs or crashes.
 */
#ifndef VMR_KSELFTEST_HARNESS_H
#define VMR_KSELFTEST_HARNESS_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#endif

/* The state of the current test */
struct __test_metadata {
	const char	*name;
	int		exit_code;	/* 1: a comparison failed */
	bool		skipped;
	bool		set_up;
	char		reason[128];	/* reason of a skip */
};

/* The fixture of a test and one of its variants */
typedef void harness_fn(struct __test_metadata *_metadata, void *self,
			const void *variant);

struct harness_fixture {
	const char	*name;
	void		*self;
	harness_fn	*setup;
	harness_fn	*teardown;
};

/* A test, or with @variant a set of values for the tests of its fixture */
struct harness_entry {
	const char			*file;
	const char			*name;
	const struct harness_fixture	*fixture;
	harness_fn			*test;
	const void			*variant;
};

/* A comparison in the source, and the number of compared bytes */
struct harness_check {
	const char	*file;
	const char	*expected;
	const char	*op;
	const char	*seen;
	unsigned int	line;
	unsigned char	expected_size;
	unsigned char	seen_size;
};

void harness_write(const char *text, size_t length);
void harness_call(void (*fn)(void *arg), void *arg);
__attribute__((__noreturn__)) void harness_leave(void);
const char *harness_parameters(void);

/*
 * Run all tests. @memory has the largest alignment. It holds a copy of .data, and the
 * tests allocate from the rest.
 *
 * Return: 0, or 1 if a test failed or no test exists.
 */
int harness_main(void *memory, size_t size);

void harness_log(const struct __test_metadata *_metadata, const char *file,
		 unsigned int line, const char *fmt, ...);
void harness_skip(struct __test_metadata *_metadata, const char *fmt, ...);
void harness_differs(struct __test_metadata *_metadata,
		     const struct harness_check *check, const void *expected,
		     const void *seen);
void harness_strings(struct __test_metadata *_metadata,
		     const struct harness_check *check, const char *expected,
		     const char *seen);

/* stdlib.c: set the memory of malloc(), all of it free */
void harness_memory(void *memory, size_t size);

/* The sections between section_start.c and section_end.c */
extern const struct harness_entry *const harness_first[], *const harness_last[];
extern char harness_data_first[], harness_data_last[];
extern char harness_bss_first[], harness_bss_last[];

/* reset_data.c: save .data of the tests to @copy if it fits; restore it */
size_t harness_keep(void *copy, size_t size);
void harness_fresh(const void *copy);

/* In source order, if the compiler supports that */
#if defined(__has_attribute)
#if __has_attribute(__no_reorder__)
#define HARNESS_IN_ORDER	__attribute__((__no_reorder__))
#endif
#endif
#ifndef HARNESS_IN_ORDER
#define HARNESS_IN_ORDER
#endif

#define HARNESS_SECTION \
	HARNESS_IN_ORDER __attribute__((__used__, __section__("vmr_tests")))

#define HARNESS_ENTRY(id, ...) \
	static const struct harness_entry harness_##id = { \
		.file = __FILE__, __VA_ARGS__ \
	}; \
	static const struct harness_entry *const harness_at_##id \
		HARNESS_SECTION = &harness_##id

#define TEST(name_) \
	static void name_(struct __test_metadata *_metadata); \
	static void harness_run_##name_(struct __test_metadata *_metadata, \
					void *self, const void *variant) \
	{ \
		(void)self; \
		(void)variant; \
		name_(_metadata); \
	} \
	HARNESS_ENTRY(name_, .name = #name_, .test = harness_run_##name_); \
	static void name_(struct __test_metadata *_metadata \
			  __attribute__((__unused__)))

/* Wrappers call the functions of a fixture with their own types. */
#define FIXTURE_DATA(name_)	struct harness_data_##name_
#define FIXTURE_VARIANT(name_)	struct harness_variant_##name_

#define FIXTURE_ARGS(name_) \
	struct __test_metadata *_metadata __attribute__((__unused__)), \
	struct harness_data_##name_ *self __attribute__((__unused__)), \
	const struct harness_variant_##name_ *variant \
		__attribute__((__unused__))

#define FIXTURE(name_) \
	FIXTURE_VARIANT(name_); \
	static const struct harness_fixture harness_fixture_##name_; \
	FIXTURE_DATA(name_)

#define FIXTURE_SETUP(name_) \
	static void name_##_setup(FIXTURE_ARGS(name_)); \
	static void harness_setup_##name_(struct __test_metadata *_metadata, \
					  void *self, const void *variant) \
	{ \
		name_##_setup(_metadata, self, variant); \
	} \
	static void name_##_setup(FIXTURE_ARGS(name_))

/* The last of the three macros: the fixture is complete here. */
#define FIXTURE_TEARDOWN(name_) \
	static void name_##_teardown(FIXTURE_ARGS(name_)); \
	static void harness_teardown_##name_(struct __test_metadata *_metadata, \
					     void *self, const void *variant) \
	{ \
		name_##_teardown(_metadata, self, variant); \
	} \
	static FIXTURE_DATA(name_) harness_self_##name_; \
	static const struct harness_fixture harness_fixture_##name_ = { \
		.name = #name_, \
		.self = &harness_self_##name_, \
		.setup = harness_setup_##name_, \
		.teardown = harness_teardown_##name_, \
	}; \
	static void name_##_teardown(FIXTURE_ARGS(name_))

#define FIXTURE_VARIANT_ADD(fixture_, name_) \
	static const FIXTURE_VARIANT(fixture_) \
		harness_values_##fixture_##_##name_; \
	HARNESS_ENTRY(fixture_##_variant_##name_, .name = #name_, \
		      .fixture = &harness_fixture_##fixture_, \
		      .variant = &harness_values_##fixture_##_##name_); \
	static const FIXTURE_VARIANT(fixture_) \
		harness_values_##fixture_##_##name_ =

#define TEST_F(fixture_, name_) \
	static void fixture_##_##name_(FIXTURE_ARGS(fixture_)); \
	static void harness_run_##fixture_##_##name_( \
		struct __test_metadata *_metadata, void *self, \
		const void *variant) \
	{ \
		fixture_##_##name_(_metadata, self, variant); \
	} \
	HARNESS_ENTRY(fixture_##_##name_, .name = #name_, \
		      .fixture = &harness_fixture_##fixture_, \
		      .test = harness_run_##fixture_##_##name_); \
	static void fixture_##_##name_(FIXTURE_ARGS(fixture_))

#define TEST_F_TIMEOUT(fixture_, name_, seconds_)	TEST_F(fixture_, name_)

#define TEST_HARNESS_MAIN

#define TH_LOG(...)	harness_log(_metadata, __FILE__, __LINE__, __VA_ARGS__)

#define SKIP(statement, ...) \
	do { \
		harness_skip(_metadata, __VA_ARGS__); \
		statement; \
	} while (0)

/*
 * If the comparison fails, the block after it runs once. Then an ASSERT ends the test.
 */
#define HARNESS_CHECK(wrong, end) \
	for (bool harness_wrong_ = (wrong); harness_wrong_; \
	     harness_wrong_ = (end) ? (harness_leave(), false) : false)

#define HARNESS_COMPARE(expected_, op_, seen_, end) \
	HARNESS_CHECK(({ \
		__typeof__(expected_) harness_e_ = (expected_); \
		__typeof__(seen_) harness_s_ = (seen_); \
		bool harness_w_ = !(harness_e_ op_ harness_s_); \
		static const struct harness_check harness_c_ = { \
			.file = __FILE__, .line = __LINE__, \
			.expected = #expected_, .op = #op_, .seen = #seen_, \
			.expected_size = sizeof(harness_e_), \
			.seen_size = sizeof(harness_s_), \
		}; \
		if (harness_w_) \
			harness_differs(_metadata, &harness_c_, \
					(const void *)&harness_e_, \
					(const void *)&harness_s_); \
		harness_w_; \
	}), end)

#define HARNESS_STRINGS(expected_, op_, seen_, end) \
	HARNESS_CHECK(({ \
		const char *harness_e_ = (expected_); \
		const char *harness_s_ = (seen_); \
		bool harness_w_ = !(strcmp(harness_e_, harness_s_) op_ 0); \
		static const struct harness_check harness_c_ = { \
			.file = __FILE__, .line = __LINE__, \
			.expected = #expected_, .op = #op_, .seen = #seen_, \
		}; \
		if (harness_w_) \
			harness_strings(_metadata, &harness_c_, harness_e_, \
					harness_s_); \
		harness_w_; \
	}), end)

#define EXPECT_EQ(expected, seen)	HARNESS_COMPARE(expected, ==, seen, false)
#define EXPECT_NE(expected, seen)	HARNESS_COMPARE(expected, !=, seen, false)
#define EXPECT_LT(expected, seen)	HARNESS_COMPARE(expected, <, seen, false)
#define EXPECT_LE(expected, seen)	HARNESS_COMPARE(expected, <=, seen, false)
#define EXPECT_GT(expected, seen)	HARNESS_COMPARE(expected, >, seen, false)
#define EXPECT_GE(expected, seen)	HARNESS_COMPARE(expected, >=, seen, false)
#define EXPECT_NULL(seen)		EXPECT_EQ(NULL, seen)
#define EXPECT_TRUE(seen)		EXPECT_NE(0, seen)
#define EXPECT_FALSE(seen)		EXPECT_EQ(0, seen)
#define EXPECT_STREQ(expected, seen)	HARNESS_STRINGS(expected, ==, seen, false)
#define EXPECT_STRNE(expected, seen)	HARNESS_STRINGS(expected, !=, seen, false)

#define ASSERT_EQ(expected, seen)	HARNESS_COMPARE(expected, ==, seen, true)
#define ASSERT_NE(expected, seen)	HARNESS_COMPARE(expected, !=, seen, true)
#define ASSERT_LT(expected, seen)	HARNESS_COMPARE(expected, <, seen, true)
#define ASSERT_LE(expected, seen)	HARNESS_COMPARE(expected, <=, seen, true)
#define ASSERT_GT(expected, seen)	HARNESS_COMPARE(expected, >, seen, true)
#define ASSERT_GE(expected, seen)	HARNESS_COMPARE(expected, >=, seen, true)
#define ASSERT_NULL(seen)		ASSERT_EQ(NULL, seen)
#define ASSERT_TRUE(seen)		ASSERT_NE(0, seen)
#define ASSERT_FALSE(seen)		ASSERT_EQ(0, seen)
#define ASSERT_STREQ(expected, seen)	HARNESS_STRINGS(expected, ==, seen, true)
#define ASSERT_STRNE(expected, seen)	HARNESS_STRINGS(expected, !=, seen, true)

#endif /* VMR_KSELFTEST_HARNESS_H */

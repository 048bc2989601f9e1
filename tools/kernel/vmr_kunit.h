/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * vmr_kunit.h - the macros of kernel selftests, over KUnit
 *
 * The tests are those of the library's selftests, so a fault is found in the same lines
 * in every environment. A comparison may have a block after it, which runs if the
 * comparison fails.
 *
 * Each selftest is a process of its own with new variables. A suite saves its variables
 * when it begins and restores them before each test. A variable inside a function is
 * not restored, so a suite runs once after the kernel has booted or the module was
 * loaded.
 */
#ifndef VMR_KUNIT_H
#define VMR_KUNIT_H

#include <kunit/test-bug.h>
#include <kunit/test.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/types.h>

#define UINT8_MAX	U8_MAX
#define UINT16_MAX	U16_MAX
#define UINT32_MAX	U32_MAX
#define UINT64_MAX	U64_MAX
#define INT32_MIN	S32_MIN
#define INT32_MAX	S32_MAX
#define UINT64_C(n)	n ## ull

/* Memory until the end of the test */
#define malloc(size)	kunit_kmalloc(kunit_get_current_test(), size, GFP_KERNEL)
#define calloc(nr, size) \
	kunit_kcalloc(kunit_get_current_test(), nr, size, GFP_KERNEL)
#define free(memory)	kunit_kfree(kunit_get_current_test(), memory)

/* No parameters: each test has its default. */
static inline const char *getenv(const char *name)
{
	return NULL;
}

static inline unsigned long strtoul(const char *text, char **end, int base)
{
	unsigned long n;

	return kstrtoul(text, base, &n) ? 0 : n;
}

/* For tests with threads, which are skipped */
#define pthread_t	int

static inline int pthread_create(pthread_t *thread, const void *attr,
				 void *(*start)(void *arg), void *arg)
{
	return -EAGAIN;
}

static inline int pthread_join(pthread_t thread, void **result)
{
	return -EINVAL;
}

static inline int sched_yield(void)
{
	return -EINVAL;
}

/* A comparison in the source, and the number of compared bytes */
struct vmr_kunit_check {
	const char	*file;
	const char	*expected;
	const char	*op;
	const char	*seen;
	unsigned int	line;
	unsigned char	expected_size;
	unsigned char	seen_size;
};

/* A variable of a suite */
struct vmr_kunit_var {
	void	*start;
	size_t	size;
};

struct vmr_kunit_vars {
	const struct vmr_kunit_var	*var;
	size_t				nr;
	void				*image;		/* the initial values */
	bool				begun;
};

/* Mark @test as failed and log the two values. */
void vmr_kunit_differs(struct kunit *test, const struct vmr_kunit_check *check,
		       const void *expected, const void *seen);
void vmr_kunit_strings(struct kunit *test, const struct vmr_kunit_check *check,
		       const char *expected, const char *seen);

/* The init and exit of a suite, and the init of a test */
int vmr_kunit_begin(struct vmr_kunit_vars *vars);
void vmr_kunit_restore(const struct vmr_kunit_vars *vars);
void vmr_kunit_end(struct vmr_kunit_vars *vars);

#define TEST(name)	static void name(struct kunit *test)

/* A test of a fixture runs if the setup has not skipped it. */
#define FIXTURE(name)		struct vmr_fixture_##name
#define FIXTURE_SETUP(name) \
	static void name##_setup(struct kunit *test, struct vmr_fixture_##name *self)
#define FIXTURE_TEARDOWN(name) \
	static void name##_teardown(struct kunit *test, struct vmr_fixture_##name *self)

#define TEST_F(fixture, name) \
	static void fixture##_##name##_body(struct kunit *test, \
					    struct vmr_fixture_##fixture *self); \
	static void fixture##_##name(struct kunit *test) \
	{ \
		struct vmr_fixture_##fixture *self; \
		\
		self = kunit_kzalloc(test, sizeof(*self), GFP_KERNEL); \
		ASSERT_NE(NULL, self); \
		fixture##_setup(test, self); \
		if (test->status != KUNIT_SKIPPED) \
			fixture##_##name##_body(test, self); \
		fixture##_teardown(test, self); \
	} \
	static void fixture##_##name##_body(struct kunit *test, struct vmr_fixture_##fixture *self)

#define TH_LOG(fmt, ...)	kunit_err(test, fmt "\n", ##__VA_ARGS__)

#define SKIP(statement, ...) \
	do { \
		kunit_mark_skipped(test, __VA_ARGS__); \
		statement; \
	} while (0)

/* Not here: the tests with threads and with protected memory run as programs. */
#define NEEDS_threads		false
#define NEEDS_page_faults	false
#define NEEDS_own_port		false
#define NEEDS_restless_drain	false

#define NEEDS(feature) \
	do { \
		if (!NEEDS_##feature) \
			SKIP(return, "%s: not available", #feature); \
	} while (0)

/* The number by which a test divides its repetitions */
static inline unsigned int test_part(void)
{
	return 8;
}

/* If the comparison fails, the block after it runs once. Then an ASSERT ends the test. */
#define VMR_CHECK(wrong, end) \
	for (bool vmr_wrong_ = (wrong); vmr_wrong_; \
	     vmr_wrong_ = (end) ? (__kunit_abort(test), false) : false)

#define VMR_COMPARE(expected_, op_, seen_, end) \
	VMR_CHECK(({ \
		__typeof__(expected_) vmr_e_ = (expected_); \
		__typeof__(seen_) vmr_s_ = (seen_); \
		bool vmr_w_ = !(vmr_e_ op_ vmr_s_); \
		static const struct vmr_kunit_check vmr_c_ = { \
			.file = __FILE__, .line = __LINE__, \
			.expected = #expected_, .op = #op_, .seen = #seen_, \
			.expected_size = sizeof(vmr_e_), \
			.seen_size = sizeof(vmr_s_), \
		}; \
		if (vmr_w_) \
			vmr_kunit_differs(test, &vmr_c_, &vmr_e_, &vmr_s_); \
		vmr_w_; \
	}), end)

#define VMR_STRINGS(expected_, op_, seen_, end) \
	VMR_CHECK(({ \
		const char *vmr_e_ = (expected_); \
		const char *vmr_s_ = (seen_); \
		bool vmr_w_ = !(strcmp(vmr_e_, vmr_s_) op_ 0); \
		static const struct vmr_kunit_check vmr_c_ = { \
			.file = __FILE__, .line = __LINE__, \
			.expected = #expected_, .op = #op_, .seen = #seen_, \
		}; \
		if (vmr_w_) \
			vmr_kunit_strings(test, &vmr_c_, vmr_e_, vmr_s_); \
		vmr_w_; \
	}), end)

#define EXPECT_EQ(expected, seen)	VMR_COMPARE(expected, ==, seen, false)
#define EXPECT_NE(expected, seen)	VMR_COMPARE(expected, !=, seen, false)
#define EXPECT_LT(expected, seen)	VMR_COMPARE(expected, <, seen, false)
#define EXPECT_LE(expected, seen)	VMR_COMPARE(expected, <=, seen, false)
#define EXPECT_GT(expected, seen)	VMR_COMPARE(expected, >, seen, false)
#define EXPECT_GE(expected, seen)	VMR_COMPARE(expected, >=, seen, false)
#define EXPECT_NULL(seen)		EXPECT_EQ(NULL, seen)
#define EXPECT_TRUE(seen)		EXPECT_NE(0, seen)
#define EXPECT_FALSE(seen)		EXPECT_EQ(0, seen)
#define EXPECT_STREQ(expected, seen)	VMR_STRINGS(expected, ==, seen, false)
#define EXPECT_STRNE(expected, seen)	VMR_STRINGS(expected, !=, seen, false)

#define ASSERT_EQ(expected, seen)	VMR_COMPARE(expected, ==, seen, true)
#define ASSERT_NE(expected, seen)	VMR_COMPARE(expected, !=, seen, true)
#define ASSERT_LT(expected, seen)	VMR_COMPARE(expected, <, seen, true)
#define ASSERT_LE(expected, seen)	VMR_COMPARE(expected, <=, seen, true)
#define ASSERT_GT(expected, seen)	VMR_COMPARE(expected, >, seen, true)
#define ASSERT_GE(expected, seen)	VMR_COMPARE(expected, >=, seen, true)
#define ASSERT_NULL(seen)		ASSERT_EQ(NULL, seen)
#define ASSERT_TRUE(seen)		ASSERT_NE(0, seen)
#define ASSERT_FALSE(seen)		ASSERT_EQ(0, seen)
#define ASSERT_STREQ(expected, seen)	VMR_STRINGS(expected, ==, seen, true)
#define ASSERT_STRNE(expected, seen)	VMR_STRINGS(expected, !=, seen, true)

#define VMR_VAR(name)	{ &(name), sizeof(name) }

/* The suite @name_ of the cases[] and vars[] of the file */
#define VMR_KUNIT_SUITE(name_) \
	static struct vmr_kunit_vars vmr_vars = { \
		.var = vars, .nr = ARRAY_SIZE(vars), \
	}; \
	static int vmr_suite_init(struct kunit_suite *suite) \
	{ \
		return vmr_kunit_begin(&vmr_vars); \
	} \
	static void vmr_suite_exit(struct kunit_suite *suite) \
	{ \
		vmr_kunit_end(&vmr_vars); \
	} \
	static int vmr_test_init(struct kunit *test) \
	{ \
		vmr_kunit_restore(&vmr_vars); \
		return 0; \
	} \
	static struct kunit_suite vmr_suite = { \
		.name = name_, \
		.suite_init = vmr_suite_init, \
		.suite_exit = vmr_suite_exit, \
		.init = vmr_test_init, \
		.test_cases = cases, \
	}; \
	kunit_test_suite(vmr_suite)

#endif /* VMR_KUNIT_H */

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * harness.h - replaces kselftest_harness.h in targets that include a selftest
 *
 * The target has its own loop. The tests are compiled but not called.
 */
#ifndef VMR_FUZZ_HARNESS_H
#define VMR_FUZZ_HARNESS_H

#include "fuzz.h"

struct __test_metadata {
	int	unused;
};

#define TEST(name) \
	static __attribute__((__unused__)) void \
	name(struct __test_metadata *_metadata)

#define TH_LOG(fmt, ...) \
	((void)_metadata, fprintf(stderr, "# " fmt "\n", ##__VA_ARGS__))

/* The caller may append a block. */
#define FUZZ_EXPECT(cond) \
	while (!(cond) && harness_fails(#cond))

static inline bool harness_fails(const char *what)
{
	fuzz_fail("%s", what);
	return true;
}

#define EXPECT_EQ(a, b)		FUZZ_EXPECT((a) == (b))
#define EXPECT_NE(a, b)		FUZZ_EXPECT((a) != (b))
#define EXPECT_LT(a, b)		FUZZ_EXPECT((a) < (b))
#define EXPECT_GT(a, b)		FUZZ_EXPECT((a) > (b))
#define EXPECT_LE(a, b)		FUZZ_EXPECT((a) <= (b))
#define EXPECT_GE(a, b)		FUZZ_EXPECT((a) >= (b))
#define EXPECT_TRUE(a)		FUZZ_EXPECT(a)
#define EXPECT_FALSE(a)		FUZZ_EXPECT(!(a))
#define EXPECT_NULL(a)		FUZZ_EXPECT(!(a))
#define EXPECT_STREQ(a, b)	FUZZ_EXPECT(!strcmp(a, b))
#define ASSERT_EQ		EXPECT_EQ
#define ASSERT_NE		EXPECT_NE
#define ASSERT_GT		EXPECT_GT
#define ASSERT_LT		EXPECT_LT
#define ASSERT_NULL		EXPECT_NULL
#define ASSERT_STREQ		EXPECT_STREQ
#define ASSERT_TRUE		EXPECT_TRUE

#define TEST_HARNESS_MAIN

#endif /* VMR_FUZZ_HARNESS_H */

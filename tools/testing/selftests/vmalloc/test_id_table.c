// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_id_table.c - ids in a table: the rules of id.h
 */
#include "../kselftest_harness.h"
#include "fixture.h"

#define NR	4226u		/* three levels, the last word of each is not full */
#define BASE	7u
#define LAST	(BASE + NR - 1)
#define GUARD	0x5a5a5a5a5a5a5a5aULL

static struct vmr_id_table table;
static void *owners[NR + 1];
static uint64_t words[VMR_ID_TABLE_WORDS(NR) + 1];
static char owner[NR];
static uint32_t id;

static void some_table(struct __test_metadata *_metadata, uint32_t base,
		       uint32_t last)
{
	memset(owners, 0xa5, sizeof(owners));
	memset(words, 0x5a, sizeof(words));
	memset(&table, 0xa5, sizeof(table));
	EXPECT_OK(vmr_id_table_init(&table, base, last, owners, words));
	EXPECT_EQ((uint64_t)0, table.nr_ids);
	EXPECT_EQ((uint64_t)0, table.high_watermark);
}

/* Both bounds of a table are inclusive, and the first must not exceed the last. */
TEST(id_table_bounds_inclusive_and_ordered)
{
	EXPECT_EQ(-EINVAL, vmr_id_table_init(NULL, 0, 1, owners, words));
	EXPECT_EQ(-EINVAL, vmr_id_table_init(&table, 0, 1, NULL, words));
	EXPECT_EQ(-EINVAL, vmr_id_table_init(&table, 0, 1, owners, NULL));
	EXPECT_EQ(-EINVAL, vmr_id_table_init(&table, 1, 0, owners, words));
	some_table(_metadata, UINT32_MAX - 1, UINT32_MAX);
	EXPECT_OK(vmr_id_table_alloc(&table, &owner[0], &id));
	EXPECT_EQ(UINT32_MAX - 1, id);
	EXPECT_OK(vmr_id_table_alloc(&table, &owner[1], &id));
	EXPECT_EQ(UINT32_MAX, id);
	EXPECT_EQ((uint64_t)1 << 32, table.high_watermark);
	EXPECT_EQ(-ENOSPC, vmr_id_table_alloc(&table, &owner[2], &id));
	EXPECT_EQ(UINT32_MAX, id);
	EXPECT_EQ((uint64_t)2, table.nr_ids);
}

/* A table of any number of ids fits in VMR_ID_TABLE_WORDS(), and fills in order. */
TEST(id_table_words_suffice)
{
	static const uint32_t sizes[] = { 1, 2, 63, 64, 65, 4095, 4096, 4097, NR };
	uint32_t i, nr, size;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size = sizes[i];
		some_table(_metadata, 0, size - 1);
		EXPECT_EQ(GUARD, words[VMR_ID_TABLE_WORDS(size)]);
		for (nr = 0; nr < size; nr++) {
			ASSERT_EQ(0, vmr_id_table_alloc(&table, &owner[nr], &id));
			ASSERT_EQ(nr, id);
			ASSERT_TRUE(vmr_id_table_find(&table, id) == &owner[nr]);
		}
		EXPECT_EQ(-ENOSPC, vmr_id_table_alloc(&table, owner, &id));
		EXPECT_EQ(GUARD, words[VMR_ID_TABLE_WORDS(size)]);
	}
	EXPECT_TRUE(VMR_ID_TABLE_WORDS(1ULL << 32) ==
		    (1u << 26) - 1 + (1u << 20) - 1 + (1u << 14) - 1 +
		    (1u << 8) - 1 + 3 + VMR_ID_TABLE_LEVELS);
}

/* Each argument is checked in the order of the documentation. */
TEST(id_table_errors_in_order)
{
	void *conflict = &table, *freed = &table;

	some_table(_metadata, BASE, LAST);
	EXPECT_EQ(-EINVAL, vmr_id_table_alloc(NULL, owner, &id));
	EXPECT_EQ(-EINVAL, vmr_id_table_alloc(&table, NULL, &id));
	EXPECT_EQ(-EINVAL, vmr_id_table_alloc(&table, owner, NULL));
	EXPECT_EQ(-EINVAL, vmr_id_table_reserve(NULL, owner, BASE, NULL));
	EXPECT_EQ(-EINVAL, vmr_id_table_reserve(&table, NULL, BASE, NULL));
	EXPECT_EQ(-ERANGE, vmr_id_table_reserve(&table, owner, BASE - 1, NULL));
	EXPECT_EQ(-ERANGE, vmr_id_table_reserve(&table, owner, LAST + 1, NULL));
	EXPECT_EQ(-EINVAL, vmr_id_table_free(NULL, BASE, &freed));
	EXPECT_EQ(-ERANGE, vmr_id_table_free(&table, BASE - 1, &freed));
	EXPECT_EQ(-ERANGE, vmr_id_table_free(&table, LAST + 1, &freed));
	EXPECT_EQ(-ENOENT, vmr_id_table_free(&table, BASE, &freed));
	EXPECT_TRUE(!vmr_id_table_find(NULL, BASE));
	EXPECT_TRUE(!vmr_id_table_find(&table, BASE - 1));
	EXPECT_TRUE(!vmr_id_table_find(&table, LAST + 1));
	EXPECT_TRUE(!vmr_id_table_find(&table, BASE));

	EXPECT_OK(vmr_id_table_reserve(&table, &owner[1], BASE + 9, &conflict));
	EXPECT_EQ((uint64_t)BASE + 10, table.high_watermark);
	EXPECT_EQ(-EALREADY, vmr_id_table_free(&table, BASE + 8, &freed));
	EXPECT_EQ(-ENOENT, vmr_id_table_free(&table, BASE + 10, &freed));
	EXPECT_EQ(-EBUSY, vmr_id_table_reserve(&table, owner, BASE + 9, NULL));
	EXPECT_TRUE(conflict == &table && freed == &table);
	EXPECT_EQ(-EBUSY, vmr_id_table_reserve(&table, owner, BASE + 9,
					       &conflict));
	EXPECT_TRUE(conflict == &owner[1]);
	EXPECT_EQ((uint64_t)1, table.nr_ids);
	EXPECT_OK(vmr_id_table_free(&table, BASE + 9, &freed));
	EXPECT_TRUE(freed == &owner[1]);
	EXPECT_EQ(-EALREADY, vmr_id_table_free(&table, BASE + 9, NULL));
	EXPECT_EQ((uint64_t)BASE + 10, table.high_watermark);
	EXPECT_OK(vmr_id_table_reserve(&table, owner, BASE + 9, NULL));
	EXPECT_OK(vmr_id_table_free(&table, BASE + 9, NULL));
	/* The last id is one of the table */
	EXPECT_OK(vmr_id_table_reserve(&table, owner, LAST, NULL));
	EXPECT_OK(vmr_id_table_free(&table, LAST, NULL));
	EXPECT_EQ((uint64_t)0, table.nr_ids);
}

/* Random calls return what a scan of all ids returns. */
TEST(id_table_smallest_free_of_random_ids)
{
	uint32_t i, k, free, rng = 1, nr = 0;
	uint64_t watermark = 0;
	int ret, expected;

	some_table(_metadata, BASE, LAST);
	for (k = 0; k < 6 * NR; k++) {
		rng = rng * 1664525 + 1013904223;
		i = (rng >> 8) % NR;
		/* The table fills up, and after a while it empties. */
		if (k < 4 * NR ? rng >> 30 == 3 : rng >> 31) {
			expected = BASE + i >= watermark ? -ENOENT :
				   owners[i] ? 0 : -EALREADY;
			ret = vmr_id_table_free(&table, BASE + i, NULL);
			ASSERT_EQ(expected, ret);
			nr -= !ret;
		} else if (rng >> 29 & 1) {
			ret = vmr_id_table_reserve(&table, &owner[i], BASE + i,
						   NULL);
			nr += !ret;
			if (!ret && watermark <= BASE + i)
				watermark = BASE + i + 1;
		} else {
			for (free = 0; free < NR && owners[free];)
				free++;
			ret = vmr_id_table_alloc(&table, &owner[0], &id);
			ASSERT_EQ(free < NR ? 0 : -ENOSPC, ret);
			if (!ret) {
				ASSERT_EQ(BASE + free, id);
				nr++;
				if (watermark <= id)
					watermark = (uint64_t)id + 1;
			}
		}
		ASSERT_EQ(nr, table.nr_ids);
		ASSERT_EQ(watermark, table.high_watermark);
	}
	EXPECT_EQ(GUARD, words[VMR_ID_TABLE_WORDS(NR)]);
}

TEST_HARNESS_MAIN

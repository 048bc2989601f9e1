// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_id.c - id pools: the rules of id.h and cases from the id allocators of VMMs
 */
#include "../kselftest_harness.h"
#include "fixture.h"
#include "misuse.h"

#define LOW	5u
#define HIGH	23u

static void some_ids(struct __test_metadata *_metadata)
{
	EXPECT_OK(vmr_id_pool_init(&w.ids, LOW, HIGH));
	EXPECT_OK(vmr_space_init(&w.b, LOW, HIGH));
}

/*
 * Both bounds of an id pool are inclusive, and the first must not exceed the last.
 */
TEST(id_pool_bounds_inclusive_and_ordered)
{
	EXPECT_FAIL(-EINVAL, vmr_id_pool_init(NULL, 0, 1));
	EXPECT_FAIL(-EINVAL, vmr_id_pool_init(&w.ids, 1, 0));
	EXPECT_FAIL(-EINVAL, vmr_id_pool_init(&w.ids, UINT32_MAX, 0));
	memset(&w.ids, 0xa5, sizeof(w.ids));
	EXPECT_OK(vmr_id_pool_init(&w.ids, 3, 4));
	EXPECT_EQ((uint64_t)0, w.ids.high_watermark);
	EXPECT_OK(vmr_id_alloc(&w.ids, &w.r[0]));
	EXPECT_EQ(3u, vmr_id_value(&w.r[0]));
	EXPECT_OK(vmr_id_alloc(&w.ids, &w.r[1]));
	EXPECT_EQ(4u, vmr_id_value(&w.r[1]));
	EXPECT_FAIL(-ENOSPC, vmr_id_alloc(&w.ids, &w.r[2]));
	EXPECT_VALID(&w.ids.space);
}

/* vmr_id_alloc() takes the smallest free id. */
TEST(id_alloc_takes_smallest_free)
{
	uint32_t i;

	some_ids(_metadata);
	for (i = 0; i < 6; i++) {
		EXPECT_OK(vmr_id_alloc(&w.ids, &w.r[i]));
		EXPECT_EQ(LOW + i, vmr_id_value(&w.r[i]));
	}
	EXPECT_OK(vmr_id_free(&w.ids, LOW + 4, NULL));
	EXPECT_OK(vmr_id_free(&w.ids, LOW + 1, NULL));
	EXPECT_OK(vmr_id_alloc(&w.ids, &w.r[1]));
	EXPECT_EQ(LOW + 1, vmr_id_value(&w.r[1]));
	EXPECT_OK(vmr_id_alloc(&w.ids, &w.r[4]));
	EXPECT_EQ(LOW + 4, vmr_id_value(&w.r[4]));
	EXPECT_OK(vmr_id_alloc(&w.ids, &w.r[6]));
	EXPECT_EQ(LOW + 6, vmr_id_value(&w.r[6]));
	/* A reserved high id does not change which id is the smallest. */
	EXPECT_OK(vmr_id_reserve(&w.ids, &w.r[7], HIGH, NULL));
	EXPECT_OK(vmr_id_alloc(&w.ids, &w.r[8]));
	EXPECT_EQ(LOW + 7, vmr_id_value(&w.r[8]));
	EXPECT_VALID(&w.ids.space);
}

/*
 * If the highest id is allocated, an allocation fails with -ENOSPC and does not wrap
 * to 0.
 */
TEST(id_alloc_at_uint32_max_no_wrap)
{
	EXPECT_OK(vmr_id_pool_init(&w.ids, UINT32_MAX - 1, UINT32_MAX));
	EXPECT_OK(vmr_id_alloc(&w.ids, &w.r[0]));
	EXPECT_EQ(UINT32_MAX - 1, vmr_id_value(&w.r[0]));
	EXPECT_OK(vmr_id_alloc(&w.ids, &w.r[1]));
	EXPECT_EQ(UINT32_MAX, vmr_id_value(&w.r[1]));
	EXPECT_FAIL(-ENOSPC, vmr_id_alloc(&w.ids, &w.r[2]));
	EXPECT_EQ((uint64_t)UINT32_MAX + 1, w.ids.high_watermark);
	EXPECT_OK(vmr_id_free(&w.ids, UINT32_MAX, &w.freed));
	EXPECT_EQ(&w.r[1], w.freed);
	EXPECT_FAIL(-EALREADY, vmr_id_free(&w.ids, UINT32_MAX, &w.freed));
	EXPECT_VALID(&w.ids.space);
}

/* A pool can manage all ids from 0 to UINT32_MAX. */
TEST(id_pool_covers_32_bits)
{
	EXPECT_OK(vmr_id_pool_init(&w.ids, 0, UINT32_MAX));
	EXPECT_OK(vmr_id_reserve(&w.ids, &w.r[0], UINT32_MAX, NULL));
	EXPECT_OK(vmr_id_alloc_block(&w.ids, &w.r[1],
				     REQ(VMR_FIRST, UINT32_MAX, 1), NULL));
	EXPECT_EQ(0u, vmr_id_value(&w.r[1]));
	EXPECT_FAIL(-ENOSPC, vmr_id_alloc(&w.ids, &w.r[2]));
	EXPECT_EQ(&w.r[1], vmr_id_find(&w.ids, UINT32_MAX - 1));
	EXPECT_OK(vmr_id_free_block(&w.ids, 0, UINT32_MAX, &w.freed));
	EXPECT_EQ(&w.r[1], w.freed);
	EXPECT_OK(vmr_id_alloc(&w.ids, &w.r[2]));
	EXPECT_EQ(0u, vmr_id_value(&w.r[2]));
}

/* vmr_id_alloc() checks for errors in the order of the table in id.h. */
TEST(id_alloc_error_precedence)
{
	EXPECT_OK(vmr_id_pool_init(&w.ids, 7, 7));
	EXPECT_OK(vmr_space_init(&w.b, 0, 9));
	EXPECT_FAIL(-EINVAL, vmr_id_alloc(NULL, &w.r[0]));
	EXPECT_FAIL(-EINVAL, vmr_id_alloc(&w.ids, NULL));
	EXPECT_OK(vmr_id_alloc(&w.ids, &w.r[0]));
	/* The range is in use, and the pool is full: -EEXIST comes first. */
	EXPECT_FAIL(-EEXIST, vmr_id_alloc(&w.ids, &w.r[0]));
	EXPECT_OK(vmr_reserve(&w.b, &w.r[1], 1, 1, NULL));
	EXPECT_FAIL(-EEXIST, vmr_id_alloc(&w.ids, &w.r[1]));
	EXPECT_FAIL(-ENOSPC, vmr_id_alloc(&w.ids, &w.r[2]));
}

/* vmr_id_reserve() checks for errors in the order of the table in id.h. */
TEST(id_reserve_error_precedence)
{
	some_ids(_metadata);
	EXPECT_OK(vmr_id_reserve(&w.ids, &w.r[0], 10, &conflict));
	EXPECT_EQ(10u, vmr_id_value(&w.r[0]));
	EXPECT_OK(vmr_id_alloc_block(&w.ids, &w.r[1], REQ_AT(12, 3, 1), NULL));
	EXPECT_FAIL(-EINVAL, vmr_id_reserve(NULL, &w.r[2], 11, &conflict));
	EXPECT_FAIL(-EINVAL, vmr_id_reserve(&w.ids, NULL, 4, &conflict));
	EXPECT_FAIL(-EEXIST, vmr_id_reserve(&w.ids, &w.r[0], 4, &conflict));
	EXPECT_FAIL(-ERANGE, vmr_id_reserve(&w.ids, &w.r[2], 4, &conflict));
	EXPECT_FAIL(-ERANGE, vmr_id_reserve(&w.ids, &w.r[2], 24, &conflict));
	EXPECT_FAIL(-ERANGE, vmr_id_reserve(&w.ids, &w.r[2], UINT32_MAX,
					    &conflict));
	EXPECT_BUSY(&w.r[0], vmr_id_reserve(&w.ids, &w.r[2], 10, &conflict));
	EXPECT_BUSY(&w.r[1], vmr_id_reserve(&w.ids, &w.r[2], 14, &conflict));
	EXPECT_OK(vmr_id_reserve(&w.ids, &w.r[2], 11, &conflict));
	EXPECT_OK(vmr_id_reserve(&w.ids, &w.r[3], LOW, &conflict));
	EXPECT_OK(vmr_id_reserve(&w.ids, &w.r[4], HIGH, NULL));
	EXPECT_EQ(-EBUSY, vmr_id_reserve(&w.ids, &w.r[5], HIGH, NULL));
	EXPECT_VALID(&w.ids.space);
}

/* vmr_id_alloc_block() checks for errors in the order of the table in id.h. */
TEST(id_block_error_precedence)
{
	struct vmr_request req = { .size = 2, .align = 2, .policy = VMR_EXACT,
				   .max = VMR_ADDR_MAX, .addr = 0x1000000001 };

	EXPECT_OK(vmr_id_pool_init(&w.ids, 16, UINT32_MAX));
	EXPECT_OK(vmr_id_reserve(&w.ids, &w.r[0], 21, NULL));
#define BLOCK(range, req) \
	vmr_id_alloc_block(&w.ids, range, req, &conflict)
	EXPECT_FAIL(-EINVAL, vmr_id_alloc_block(NULL, &w.r[1], &req, &conflict));
	EXPECT_FAIL(-EINVAL, BLOCK(NULL, &req));
	EXPECT_FAIL(-EINVAL, BLOCK(&w.r[1], NULL));
	EXPECT_FAIL(-EINVAL, BLOCK(&w.r[0], &req));
	EXPECT_FAIL(-EINVAL, BLOCK(&w.r[0], REQ(VMR_FIRST, 0, 1)));
	EXPECT_FAIL(-EINVAL, BLOCK(&w.r[0], REQ(VMR_FIRST, 1, 3)));
	EXPECT_FAIL(-EINVAL, BLOCK(&w.r[0], REQ(VMR_DEFAULT, 1, 1)));
	/* The domain of ids ends at 2^32 - 1. */
	req.addr = 0x1000000000;
	EXPECT_FAIL(-EOVERFLOW, BLOCK(&w.r[0], &req));
	req.align = 1;
	req.addr = UINT32_MAX;
	EXPECT_FAIL(-EOVERFLOW, BLOCK(&w.r[0], &req));
	req.addr = 14;
	req.size = UINT32_MAX;
	EXPECT_FAIL(-EOVERFLOW, BLOCK(&w.r[0], &req));
	req.size = 2;
	EXPECT_FAIL(-EEXIST, BLOCK(&w.r[0], &req));
	EXPECT_FAIL(-ERANGE, BLOCK(&w.r[1], &req));
	req.addr = 15;
	EXPECT_FAIL(-ERANGE, BLOCK(&w.r[1], &req));
	req.addr = 20;
	EXPECT_BUSY(&w.r[0], BLOCK(&w.r[1], &req));
	EXPECT_FAIL(-ERANGE, BLOCK(&w.r[1], REQ_IN(VMR_FIRST, 1, 1, 0, 15)));
	EXPECT_FAIL(-ERANGE, BLOCK(&w.r[1],
				   REQ_IN(VMR_LAST, 1, 1, 1ULL << 32, VMR_ADDR_MAX)));
	EXPECT_FAIL(-ENOSPC, BLOCK(&w.r[1], REQ(VMR_FIRST, 1ULL << 32, 1)));
	EXPECT_FAIL(-ENOSPC, BLOCK(&w.r[1], REQ_IN(VMR_FIRST, 1, 1, 21, 21)));
	EXPECT_EQ((uint64_t)22, w.ids.high_watermark);
	req.addr = UINT32_MAX - 1;
	EXPECT_OK(BLOCK(&w.r[1], &req));
	EXPECT_EQ((uint64_t)UINT32_MAX + 1, w.ids.high_watermark);
	EXPECT_VALID(&w.ids.space);
#undef BLOCK
}

/*
 * A block has the alignment of its request: MSI blocks are aligned, other blocks
 * need not be.
 */
TEST(id_block_alignment_as_requested)
{
	EXPECT_OK(vmr_id_pool_init(&w.ids, 24, 1023));
	EXPECT_OK(vmr_id_alloc(&w.ids, &w.r[0]));
	EXPECT_OK(vmr_id_alloc_block(&w.ids, &w.r[1], REQ(VMR_FIRST, 4, 4), NULL));
	EXPECT_AT(28, 31, &w.r[1]);
	EXPECT_OK(vmr_id_alloc_block(&w.ids, &w.r[2], REQ(VMR_FIRST, 32, 32),
				     NULL));
	EXPECT_AT(32, 63, &w.r[2]);
	EXPECT_OK(vmr_id_alloc_block(&w.ids, &w.r[3], REQ(VMR_FIRST, 3, 1), NULL));
	EXPECT_AT(25, 27, &w.r[3]);
	EXPECT_OK(vmr_id_alloc_block(&w.ids, &w.r[4], REQ(VMR_FIRST, 33, 1), NULL));
	EXPECT_AT(64, 96, &w.r[4]);
	EXPECT_OK(vmr_id_alloc_block(&w.ids, &w.r[5], REQ(VMR_LAST, 1, 1), NULL));
	EXPECT_AT(1023, 1023, &w.r[5]);
	EXPECT_OK(vmr_id_alloc_block(&w.ids, &w.r[6],
				     REQ_IN(VMR_FIRST, 2, 1, 100, 200), NULL));
	EXPECT_AT(100, 101, &w.r[6]);
	EXPECT_VALID(&w.ids.space);
}

/* Ids that are not allocated */

/* Freeing an id at or above the watermark fails with -ENOENT. */
TEST(id_free_never_allocated_is_enoent)
{
	some_ids(_metadata);
	EXPECT_FAIL(-ENOENT, vmr_id_free(&w.ids, LOW, &w.freed));
	EXPECT_FAIL(-ENOENT, vmr_id_free(&w.ids, HIGH, &w.freed));
	EXPECT_OK(vmr_id_alloc(&w.ids, &w.r[0]));
	/* The watermark itself is not allocated. */
	EXPECT_FAIL(-ENOENT, vmr_id_free(&w.ids, LOW + 1, &w.freed));
	EXPECT_OK(vmr_id_free(&w.ids, LOW, &w.freed));
	EXPECT_EQ(&w.r[0], w.freed);
	EXPECT_FAIL(-ENOENT, vmr_id_free(&w.ids, LOW + 1, &w.freed));
	/* The failed calls changed nothing: each id is allocated once. */
	EXPECT_OK(vmr_id_alloc(&w.ids, &w.r[0]));
	EXPECT_OK(vmr_id_alloc(&w.ids, &w.r[1]));
	EXPECT_OK(vmr_id_alloc(&w.ids, &w.r[2]));
	EXPECT_EQ(LOW, vmr_id_value(&w.r[0]));
	EXPECT_EQ(LOW + 1, vmr_id_value(&w.r[1]));
	EXPECT_EQ(LOW + 2, vmr_id_value(&w.r[2]));
}

/* Freeing an id that is free again fails with -EALREADY. */
TEST(id_free_twice_is_ealready)
{
	some_ids(_metadata);
	EXPECT_OK(vmr_id_alloc(&w.ids, &w.r[0]));
	EXPECT_OK(vmr_id_alloc(&w.ids, &w.r[1]));
	EXPECT_OK(vmr_id_free(&w.ids, LOW, NULL));
	EXPECT_FAIL(-EALREADY, vmr_id_free(&w.ids, LOW, &w.freed));
	EXPECT_OK(vmr_id_free(&w.ids, LOW + 1, NULL));
	EXPECT_FAIL(-EALREADY, vmr_id_free(&w.ids, LOW + 1, &w.freed));
	EXPECT_EQ((size_t)0, w.ids.space.nr_ranges);
}

/*
 * An id that a pool on the same space allocated is freed as any other, and counts as
 * allocated once.
 */
TEST(id_free_of_id_from_plain_pool)
{
	struct vmr_pool pool;

	some_ids(_metadata);
	EXPECT_OK(vmr_pool_init_span(&pool, &w.ids.space, LOW, HIGH, "plain"));
	EXPECT_OK(vmr_pool_reserve(&pool, &w.r[0], HIGH - 3, 1, 1, NULL));
	/* Below it, ids count as freed; above it, as never allocated. */
	EXPECT_FAIL(-EALREADY, vmr_id_free(&w.ids, LOW, &w.freed));
	EXPECT_FAIL(-ENOENT, vmr_id_free(&w.ids, HIGH - 2, &w.freed));
	EXPECT_OK(vmr_id_free(&w.ids, HIGH - 3, &w.freed));
	EXPECT_EQ(&w.r[0], w.freed);
	w.freed = NULL;
	EXPECT_FAIL(-EALREADY, vmr_id_free(&w.ids, HIGH - 3, &w.freed));
	EXPECT_FAIL(-ENOENT, vmr_id_free(&w.ids, HIGH - 2, &w.freed));
	EXPECT_EQ((uint64_t)HIGH - 2, w.ids.high_watermark);
	/* A block, up to the last id */
	EXPECT_OK(vmr_pool_reserve(&pool, &w.r[1], HIGH - 1, 2, 1, NULL));
	EXPECT_FAIL(-ENOENT, vmr_id_free(&w.ids, HIGH, &w.freed));
	EXPECT_EQ((uint64_t)HIGH - 2, w.ids.high_watermark);
	EXPECT_OK(vmr_id_free_block(&w.ids, HIGH - 1, 2, &w.freed));
	EXPECT_EQ(&w.r[1], w.freed);
	w.freed = NULL;
	EXPECT_FAIL(-EALREADY, vmr_id_free(&w.ids, HIGH, &w.freed));
	EXPECT_EQ((uint64_t)HIGH + 1, w.ids.high_watermark);
	EXPECT_VALID(&w.ids.space);
}

/* Blocks and fixed ids raise the watermark too. It never falls. */
TEST(id_watermark_never_falls)
{
	some_ids(_metadata);
	EXPECT_EQ((uint64_t)0, w.ids.high_watermark);
	EXPECT_OK(vmr_id_reserve(&w.ids, &w.r[0], 9, NULL));
	EXPECT_EQ((uint64_t)10, w.ids.high_watermark);
	/* Below the watermark an id that was never allocated counts as freed. */
	EXPECT_FAIL(-EALREADY, vmr_id_free(&w.ids, LOW, &w.freed));
	EXPECT_FAIL(-ENOENT, vmr_id_free(&w.ids, 10, &w.freed));
	EXPECT_OK(vmr_id_alloc_block(&w.ids, &w.r[1], REQ_AT(12, 4, 4), NULL));
	EXPECT_EQ((uint64_t)16, w.ids.high_watermark);
	EXPECT_OK(vmr_id_free_block(&w.ids, 12, 4, NULL));
	EXPECT_OK(vmr_id_free(&w.ids, 9, NULL));
	EXPECT_EQ((uint64_t)16, w.ids.high_watermark);
	EXPECT_FAIL(-EALREADY, vmr_id_free(&w.ids, 15, &w.freed));
	EXPECT_FAIL(-ENOENT, vmr_id_free(&w.ids, 16, &w.freed));
	EXPECT_OK(vmr_id_alloc(&w.ids, &w.r[0]));
	EXPECT_EQ((uint64_t)16, w.ids.high_watermark);
	EXPECT_OK(vmr_id_free_range(&w.ids, &w.r[0]));
	EXPECT_EQ((uint64_t)16, w.ids.high_watermark);
	/* A request that fails does not move the watermark. */
	EXPECT_FAIL(-EINVAL, vmr_id_alloc_block(&w.ids, &w.r[0],
						REQ_AT(21, 2, 2), &conflict));
	EXPECT_FAIL(-ERANGE, vmr_id_reserve(&w.ids, &w.r[0], 99, &conflict));
	EXPECT_EQ((uint64_t)16, w.ids.high_watermark);
}

/* Freeing an id outside the bounds of the pool fails with -ERANGE. */
TEST(id_free_outside_pool_is_erange)
{
	some_ids(_metadata);
	EXPECT_FAIL(-EINVAL, vmr_id_free(NULL, LOW, &w.freed));
	EXPECT_FAIL(-ERANGE, vmr_id_free(&w.ids, LOW - 1, &w.freed));
	EXPECT_FAIL(-ERANGE, vmr_id_free(&w.ids, HIGH + 1, &w.freed));
	EXPECT_FAIL(-ERANGE, vmr_id_free(&w.ids, 0, &w.freed));
	EXPECT_FAIL(-ERANGE, vmr_id_free(&w.ids, UINT32_MAX, &w.freed));
}

/* Blocks */

/* A block is freed only by exactly its first id and its size. */
TEST(id_block_freed_only_as_a_whole)
{
	some_ids(_metadata);
	EXPECT_OK(vmr_id_alloc_block(&w.ids, &w.r[0], REQ(VMR_FIRST, 4, 4), NULL));
	EXPECT_AT(8, 11, &w.r[0]);
	/* A single id, a part, or a larger interval does not match the block. */
	EXPECT_FAIL(-ENOENT, vmr_id_free(&w.ids, 8, &w.freed));
	EXPECT_FAIL(-ENOENT, vmr_id_free(&w.ids, 10, &w.freed));
	EXPECT_FAIL(-ENOENT, vmr_id_free(&w.ids, 11, &w.freed));
	EXPECT_FAIL(-ENOENT, vmr_id_free_block(&w.ids, 8, 3, &w.freed));
	EXPECT_FAIL(-ENOENT, vmr_id_free_block(&w.ids, 9, 3, &w.freed));
	EXPECT_FAIL(-ENOENT, vmr_id_free_block(&w.ids, 8, 5, &w.freed));
	EXPECT_FAIL(-ENOENT, vmr_id_free_block(&w.ids, 7, 2, &w.freed));
	EXPECT_OK(vmr_id_free_block(&w.ids, 8, 4, &w.freed));
	EXPECT_EQ(&w.r[0], w.freed);
	EXPECT_FAIL(-EALREADY, vmr_id_free_block(&w.ids, 8, 4, &w.freed));
	EXPECT_FAIL(-EALREADY, vmr_id_free(&w.ids, 9, &w.freed));
	EXPECT_VALID(&w.ids.space);
}

/* One call cannot free two adjacent blocks. */
TEST(id_block_free_spanning_two_is_enoent)
{
	some_ids(_metadata);
	EXPECT_OK(vmr_id_alloc_block(&w.ids, &w.r[0], REQ_AT(8, 2, 1), NULL));
	EXPECT_OK(vmr_id_alloc_block(&w.ids, &w.r[1], REQ_AT(10, 2, 1), NULL));
	EXPECT_FAIL(-ENOENT, vmr_id_free_block(&w.ids, 8, 4, &w.freed));
	EXPECT_OK(vmr_id_free_block(&w.ids, 8, 2, NULL));
	/* Half of the interval is free, the other half is a block. */
	EXPECT_FAIL(-ENOENT, vmr_id_free_block(&w.ids, 8, 4, &w.freed));
	EXPECT_OK(vmr_id_free_block(&w.ids, 10, 2, NULL));
	EXPECT_FAIL(-EALREADY, vmr_id_free_block(&w.ids, 8, 4, &w.freed));
}

/* vmr_id_free_block() checks for errors in the order of the table in id.h. */
TEST(id_block_free_error_precedence)
{
	EXPECT_OK(vmr_id_pool_init(&w.ids, 5, UINT32_MAX - 1));
	EXPECT_OK(vmr_id_alloc_block(&w.ids, &w.r[0], REQ_AT(8, 4, 1), NULL));
	EXPECT_FAIL(-EINVAL, vmr_id_free_block(NULL, 8, 4, &w.freed));
	EXPECT_FAIL(-EINVAL, vmr_id_free_block(&w.ids, UINT32_MAX, 0, &w.freed));
	EXPECT_FAIL(-EOVERFLOW, vmr_id_free_block(&w.ids, UINT32_MAX, 2, &w.freed));
	EXPECT_FAIL(-EOVERFLOW, vmr_id_free_block(&w.ids, 8, UINT32_MAX, &w.freed));
	EXPECT_FAIL(-ERANGE, vmr_id_free_block(&w.ids, UINT32_MAX, 1, &w.freed));
	EXPECT_FAIL(-ERANGE, vmr_id_free_block(&w.ids, 4, 8, &w.freed));
	EXPECT_FAIL(-ERANGE, vmr_id_free_block(&w.ids, UINT32_MAX - 1, 2,
					       &w.freed));
	/* Above the watermark */
	EXPECT_FAIL(-ENOENT, vmr_id_free_block(&w.ids, 12, 4, &w.freed));
	/* Free ids on both sides of the watermark */
	EXPECT_OK(vmr_id_free_block(&w.ids, 8, 4, NULL));
	EXPECT_FAIL(-EALREADY, vmr_id_free_block(&w.ids, 11, 4, &w.freed));
}

/* A block of one id and an id from vmr_id_alloc() can be freed by either call. */
TEST(id_block_of_one_equals_id)
{
	some_ids(_metadata);
	EXPECT_OK(vmr_id_alloc_block(&w.ids, &w.r[0], REQ(VMR_FIRST, 1, 1), NULL));
	EXPECT_OK(vmr_id_alloc(&w.ids, &w.r[1]));
	EXPECT_OK(vmr_id_free(&w.ids, LOW, NULL));
	EXPECT_OK(vmr_id_free_block(&w.ids, LOW + 1, 1, NULL));
	EXPECT_EQ((size_t)0, w.ids.space.nr_ranges);
}

/* Freeing by node */

/* vmr_id_free_range() frees a range of this pool only, and only once. */
TEST(id_free_range_requires_own_node)
{
	some_ids(_metadata);
	EXPECT_OK(vmr_id_alloc(&w.ids, &w.r[0]));
	EXPECT_OK(vmr_id_alloc_block(&w.ids, &w.r[1], REQ(VMR_FIRST, 4, 4), NULL));
	EXPECT_OK(vmr_reserve(&w.b, &w.r[2], LOW, LOW, NULL));
	EXPECT_FAIL(-EINVAL, vmr_id_free_range(NULL, &w.r[0]));
	EXPECT_FAIL(-EINVAL, vmr_id_free_range(&w.ids, NULL));
	MISUSE(EXPECT_FAIL(-ENOENT, vmr_id_free_range(&w.ids, &w.r[2])));
	EXPECT_FAIL(-ENOENT, vmr_id_free_range(&w.ids, &w.r[3]));
	EXPECT_OK(vmr_id_free_range(&w.ids, &w.r[1]));
	EXPECT_FAIL(-ENOENT, vmr_id_free_range(&w.ids, &w.r[1]));
	EXPECT_OK(vmr_id_free_range(&w.ids, &w.r[0]));
	EXPECT_VALID(&w.ids.space);
}

/* From the id to its owner */

struct owner {
	char			name[8];
	struct vmr_range	id;
};

/* vmr_id_find() returns the range, which leads to the struct that embeds it. */
TEST(id_find_leads_to_owner)
{
	static struct owner disk = { .name = "disk" }, nic = { .name = "nic" };
	struct vmr_range *range;
	struct owner *owner;

	some_ids(_metadata);
	EXPECT_OK(vmr_id_alloc(&w.ids, &disk.id));
	EXPECT_OK(vmr_id_alloc_block(&w.ids, &nic.id, REQ(VMR_FIRST, 4, 4), NULL));
	range = vmr_id_find(&w.ids, LOW);
	ASSERT_EQ(&disk.id, range);
	range = vmr_id_find(&w.ids, 10);
	ASSERT_NE(NULL, range);
	owner = (struct owner *)((char *)range - offsetof(struct owner, id));
	EXPECT_STREQ("nic", owner->name);
	EXPECT_EQ(8u, vmr_id_value(range));
	EXPECT_TRUE(vmr_id_is_allocated(&w.ids, LOW));
	EXPECT_TRUE(vmr_id_is_allocated(&w.ids, 11));
	EXPECT_FALSE(vmr_id_is_allocated(&w.ids, LOW + 1));
	EXPECT_FALSE(vmr_id_is_allocated(&w.ids, 12));
	EXPECT_FALSE(vmr_id_is_allocated(&w.ids, LOW - 1));
	EXPECT_FALSE(vmr_id_is_allocated(&w.ids, HIGH + 1));
	EXPECT_EQ(NULL, vmr_id_find(&w.ids, LOW + 1));
	EXPECT_EQ(NULL, vmr_id_find(&w.ids, UINT32_MAX));
	EXPECT_OK(vmr_id_free(&w.ids, LOW, NULL));
	EXPECT_FALSE(vmr_id_is_allocated(&w.ids, LOW));
	EXPECT_EQ(NULL, vmr_id_find(&w.ids, LOW));
}

/*
 * The example of rust-vmm's vm-allocator: a device slot is an id and a page of
 * addresses, and is freed by its id. The example keeps a map from ids to slots; here
 * the range leads to the slot.
 */
#define FIRST_ADDR_PAST_32BITS	0x100000000ULL
#define MEM_32BIT_GAP_SIZE	(768ULL << 20)
#define MMIO_MEM_START		(FIRST_ADDR_PAST_32BITS - MEM_32BIT_GAP_SIZE)
#define PAGE			0x1000

struct device_slot {
	struct vmr_range	id;
	struct vmr_range	mmio;
};

static int reserve_device_slot(struct device_slot *slot)
{
	int ret;

	ret = vmr_pool_alloc(&w.pool, &slot->mmio, PAGE, PAGE, VMR_FIRST);
	if (ret)
		return ret;
	ret = vmr_id_alloc(&w.ids, &slot->id);
	if (ret)
		vmr_free(w.pool.space, &slot->mmio);
	return ret;
}

static int free_device_slot(uint32_t id)
{
	struct device_slot *slot;
	struct vmr_range *range;
	int ret;

	ret = vmr_id_free(&w.ids, id, &range);
	if (ret)
		return ret;
	slot = (struct device_slot *)((char *)range -
				      offsetof(struct device_slot, id));
	return vmr_free(w.pool.space, &slot->mmio);
}

/* A device slot is allocated with both numbers and freed by its id. */
TEST(id_pool_device_slot_example)
{
	static struct device_slot slot[102];
	uint32_t i;

	EXPECT_OK(vmr_id_pool_init(&w.ids, 0, 100));
	EXPECT_OK(vmr_space_init(&w.a, MMIO_MEM_START, FIRST_ADDR_PAST_32BITS - 1));
	EXPECT_OK(vmr_pool_init(&w.pool, &w.a, MMIO_MEM_START, MEM_32BIT_GAP_SIZE,
				"mmio"));
	for (i = 0; i < 101; i++) {
		EXPECT_OK(reserve_device_slot(&slot[i]));
		EXPECT_EQ(i, vmr_id_value(&slot[i].id));
		EXPECT_AT(MMIO_MEM_START + i * PAGE,
			  MMIO_MEM_START + i * PAGE + PAGE - 1, &slot[i].mmio);
	}
	EXPECT_EQ(-ENOSPC, reserve_device_slot(&slot[101]));
	EXPECT_EQ((size_t)101, w.a.nr_ranges);
	EXPECT_OK(free_device_slot(40));
	EXPECT_EQ(-EALREADY, free_device_slot(40));
	EXPECT_EQ(-ERANGE, free_device_slot(101));
	EXPECT_EQ((size_t)100, w.a.nr_ranges);
	EXPECT_OK(reserve_device_slot(&slot[101]));
	EXPECT_EQ(40u, vmr_id_value(&slot[101].id));
	EXPECT_EQ(MMIO_MEM_START + 40 * PAGE, slot[101].mmio.start);
	EXPECT_VALID(&w.a);
	EXPECT_VALID(&w.ids.space);
}

/*
 * vmr_id_alloc() takes the smallest free id whether the gap of the last free, whose
 * update is deferred, is below the other gaps, above them, or one of them.
 */
TEST(id_alloc_beside_a_deferred_gap)
{
	static const uint32_t freed[][3] = {
		{ 9, 3, 3 }, { 3, 9, 3 }, { 3, 4, 3 }, { 4, 3, 3 }, { 7, 8, 7 },
	};
	uint32_t i, k;

	for (k = 0; k < ARRAY_SIZE(freed); k++) {
		memset(&w, 0, sizeof(w));
		EXPECT_OK(vmr_id_pool_init(&w.ids, 0, 15));
		for (i = 0; i < 16; i++)
			EXPECT_OK(vmr_id_alloc(&w.ids, &w.r[i]));
		EXPECT_OK(vmr_id_free(&w.ids, freed[k][0], NULL));
		EXPECT_OK(vmr_id_free(&w.ids, freed[k][1], NULL));
		EXPECT_OK(vmr_id_alloc(&w.ids, &w.r[freed[k][2]]));
		EXPECT_EQ(freed[k][2], vmr_id_value(&w.r[freed[k][2]]));
		EXPECT_VALID(&w.ids.space);
	}
}

/* vmr_id_alloc() avoids ids that are claimed, and takes parked ones last. */
TEST(id_alloc_avoids_claims)
{
	some_ids(_metadata);
	EXPECT_OK(vmr_claim(&w.ids.space, &w.r[0], LOW, LOW + 1));
	EXPECT_OK(vmr_park(&w.ids.space, &w.r[1], LOW + 2, HIGH));
	EXPECT_OK(vmr_id_alloc(&w.ids, &w.r[2]));
	EXPECT_EQ(LOW + 2, vmr_id_value(&w.r[2]));
	EXPECT_VALID(&w.ids.space);
}

/*
 * Best fit takes the gap of the last free at once only if no other gap is as good: not
 * if there is one in front, at the bounds, of the same order, or if a claim wants it.
 */
TEST(id_alloc_best_beside_a_deferred_gap)
{
	struct vmr_request best = VMR_REQUEST(1, 1);
	uint32_t i, k;

	best.policy = VMR_BEST;
	for (k = 0; k < 7; k++) {
		memset(&w, 0, sizeof(w));
		EXPECT_OK(vmr_id_pool_init(&w.ids, 0, 15));
		for (i = 0; i < 16; i++)
			EXPECT_OK(vmr_id_alloc(&w.ids, &w.r[i]));
		best.min = k == 5 ? 8 : 0;
		best.max = k == 6 ? 7 : VMR_ADDR_MAX;
		/* Another gap: of a higher order, of the same one, at an end, ... */
		if (k == 1) {
			EXPECT_OK(vmr_id_free(&w.ids, 2, NULL));
			EXPECT_OK(vmr_id_free(&w.ids, 3, NULL));
		}
		if (k == 2 || k == 6)
			EXPECT_OK(vmr_id_free(&w.ids, 3, NULL));
		if (k == 3)
			EXPECT_OK(vmr_id_free(&w.ids, 0, NULL));
		if (k == 5)
			EXPECT_OK(vmr_id_free(&w.ids, 15, NULL));
		EXPECT_OK(vmr_id_free(&w.ids, k == 5 ? 3 : 9, NULL));
		if (k == 4)
			EXPECT_OK(vmr_claim(&w.ids.space, &w.r[20], 9, 9));
		i = vmr_id_alloc_block(&w.ids, &w.r[21], &best, NULL);
		EXPECT_EQ(k == 4 ? -ENOSPC : 0, (int)i);
		if (k != 4)
			EXPECT_EQ(k == 2 || k == 6 ? 3 : k == 3 ? 0 :
				  k == 5 ? 15 : 9, vmr_id_value(&w.r[21]));
		EXPECT_VALID(&w.ids.space);
	}
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_id.c - ids: what id.h promises and what VMMs know of id allocators
 *
 * Each test is named for the rule it states.
 */
#include "../kselftest_harness.h"
#include "fixture.h"

#define LOW	5u
#define HIGH	23u

static void some_ids(struct __test_metadata *_metadata)
{
	EXPECT_OK(vmr_id_pool_init(&w.ids, LOW, HIGH));
	EXPECT_OK(vmr_space_init(&w.b, LOW, HIGH));
}

TEST(bounds_are_inclusive_and_not_reversed)
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

TEST(the_smallest_free_id_is_allocated)
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
	/* Above ids that were never handed out, the smallest is below. */
	EXPECT_OK(vmr_id_reserve(&w.ids, &w.r[7], HIGH, NULL));
	EXPECT_OK(vmr_id_alloc(&w.ids, &w.r[8]));
	EXPECT_EQ(LOW + 7, vmr_id_value(&w.r[8]));
	EXPECT_VALID(&w.ids.space);
}

TEST(the_highest_ids_end_in_enospc_and_not_in_a_wrap)
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

TEST(all_of_32_bits_can_be_managed)
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

TEST(alloc_errors_come_in_the_order_of_the_table)
{
	EXPECT_OK(vmr_id_pool_init(&w.ids, 7, 7));
	EXPECT_OK(vmr_space_init(&w.b, 0, 9));
	EXPECT_FAIL(-EINVAL, vmr_id_alloc(NULL, &w.r[0]));
	EXPECT_FAIL(-EINVAL, vmr_id_alloc(&w.ids, NULL));
	EXPECT_OK(vmr_id_alloc(&w.ids, &w.r[0]));
	/* Taken already, and nothing is free. */
	EXPECT_FAIL(-EEXIST, vmr_id_alloc(&w.ids, &w.r[0]));
	EXPECT_OK(vmr_reserve(&w.b, &w.r[1], 1, 1, NULL));
	EXPECT_FAIL(-EEXIST, vmr_id_alloc(&w.ids, &w.r[1]));
	EXPECT_FAIL(-ENOSPC, vmr_id_alloc(&w.ids, &w.r[2]));
}

TEST(exact_id_errors_come_in_the_order_of_the_table)
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

TEST(block_errors_come_in_the_order_of_the_table)
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

TEST(msi_blocks_are_aligned_and_others_need_not_be)
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

/* Never allocated, or released already. */

TEST(free_of_an_id_never_issued_is_enoent)
{
	some_ids(_metadata);
	EXPECT_FAIL(-ENOENT, vmr_id_free(&w.ids, LOW, &w.freed));
	EXPECT_FAIL(-ENOENT, vmr_id_free(&w.ids, HIGH, &w.freed));
	EXPECT_OK(vmr_id_alloc(&w.ids, &w.r[0]));
	/* The next that would be issued is not issued. */
	EXPECT_FAIL(-ENOENT, vmr_id_free(&w.ids, LOW + 1, &w.freed));
	EXPECT_OK(vmr_id_free(&w.ids, LOW, &w.freed));
	EXPECT_EQ(&w.r[0], w.freed);
	EXPECT_FAIL(-ENOENT, vmr_id_free(&w.ids, LOW + 1, &w.freed));
	/* So it is handed out once. */
	EXPECT_OK(vmr_id_alloc(&w.ids, &w.r[0]));
	EXPECT_OK(vmr_id_alloc(&w.ids, &w.r[1]));
	EXPECT_OK(vmr_id_alloc(&w.ids, &w.r[2]));
	EXPECT_EQ(LOW, vmr_id_value(&w.r[0]));
	EXPECT_EQ(LOW + 1, vmr_id_value(&w.r[1]));
	EXPECT_EQ(LOW + 2, vmr_id_value(&w.r[2]));
}

TEST(free_of_an_id_released_already_is_ealready)
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

TEST(the_highest_ever_issued_counts_blocks_and_exact_ids_and_never_falls)
{
	some_ids(_metadata);
	EXPECT_EQ((uint64_t)0, w.ids.high_watermark);
	EXPECT_OK(vmr_id_reserve(&w.ids, &w.r[0], 9, NULL));
	EXPECT_EQ((uint64_t)10, w.ids.high_watermark);
	/* At or below it, and free: never asked for, but below the mark. */
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
	/* A refused request issues nothing. */
	EXPECT_FAIL(-EINVAL, vmr_id_alloc_block(&w.ids, &w.r[0],
					   REQ_AT(21, 2, 2), &conflict));
	EXPECT_FAIL(-ERANGE, vmr_id_reserve(&w.ids, &w.r[0], 99, &conflict));
	EXPECT_EQ((uint64_t)16, w.ids.high_watermark);
}

TEST(free_outside_what_is_managed_is_erange)
{
	some_ids(_metadata);
	EXPECT_FAIL(-EINVAL, vmr_id_free(NULL, LOW, &w.freed));
	EXPECT_FAIL(-ERANGE, vmr_id_free(&w.ids, LOW - 1, &w.freed));
	EXPECT_FAIL(-ERANGE, vmr_id_free(&w.ids, HIGH + 1, &w.freed));
	EXPECT_FAIL(-ERANGE, vmr_id_free(&w.ids, 0, &w.freed));
	EXPECT_FAIL(-ERANGE, vmr_id_free(&w.ids, UINT32_MAX, &w.freed));
}

/* Blocks. */

TEST(a_block_is_freed_whole)
{
	some_ids(_metadata);
	EXPECT_OK(vmr_id_alloc_block(&w.ids, &w.r[0], REQ(VMR_FIRST, 4, 4), NULL));
	EXPECT_AT(8, 11, &w.r[0]);
	/* None of its ids alone, not even the first, nor a part, nor more. */
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

TEST(two_blocks_side_by_side_are_not_one)
{
	some_ids(_metadata);
	EXPECT_OK(vmr_id_alloc_block(&w.ids, &w.r[0], REQ_AT(8, 2, 1), NULL));
	EXPECT_OK(vmr_id_alloc_block(&w.ids, &w.r[1], REQ_AT(10, 2, 1), NULL));
	EXPECT_FAIL(-ENOENT, vmr_id_free_block(&w.ids, 8, 4, &w.freed));
	EXPECT_OK(vmr_id_free_block(&w.ids, 8, 2, NULL));
	/* Half of it is free. */
	EXPECT_FAIL(-ENOENT, vmr_id_free_block(&w.ids, 8, 4, &w.freed));
	EXPECT_OK(vmr_id_free_block(&w.ids, 10, 2, NULL));
	EXPECT_FAIL(-EALREADY, vmr_id_free_block(&w.ids, 8, 4, &w.freed));
}

TEST(free_block_errors_come_in_the_order_of_the_table)
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
	/* Above the highest ever handed out. */
	EXPECT_FAIL(-ENOENT, vmr_id_free_block(&w.ids, 12, 4, &w.freed));
	/* From below it to above it, and all of it free. */
	EXPECT_OK(vmr_id_free_block(&w.ids, 8, 4, NULL));
	EXPECT_FAIL(-EALREADY, vmr_id_free_block(&w.ids, 11, 4, &w.freed));
}

TEST(a_block_of_one_is_an_id)
{
	some_ids(_metadata);
	EXPECT_OK(vmr_id_alloc_block(&w.ids, &w.r[0], REQ(VMR_FIRST, 1, 1), NULL));
	EXPECT_OK(vmr_id_alloc(&w.ids, &w.r[1]));
	EXPECT_OK(vmr_id_free(&w.ids, LOW, NULL));
	EXPECT_OK(vmr_id_free_block(&w.ids, LOW + 1, 1, NULL));
	EXPECT_EQ((size_t)0, w.ids.space.nr_ranges);
}

/* By node. */

TEST(release_by_node_cannot_miss)
{
	some_ids(_metadata);
	EXPECT_OK(vmr_id_alloc(&w.ids, &w.r[0]));
	EXPECT_OK(vmr_id_alloc_block(&w.ids, &w.r[1], REQ(VMR_FIRST, 4, 4), NULL));
	EXPECT_OK(vmr_reserve(&w.b, &w.r[2], LOW, LOW, NULL));
	EXPECT_FAIL(-EINVAL, vmr_id_free_range(NULL, &w.r[0]));
	EXPECT_FAIL(-EINVAL, vmr_id_free_range(&w.ids, NULL));
	EXPECT_FAIL(-ENOENT, vmr_id_free_range(&w.ids, &w.r[2]));
	EXPECT_FAIL(-ENOENT, vmr_id_free_range(&w.ids, &w.r[3]));
	EXPECT_OK(vmr_id_free_range(&w.ids, &w.r[1]));
	EXPECT_FAIL(-ENOENT, vmr_id_free_range(&w.ids, &w.r[1]));
	EXPECT_OK(vmr_id_free_range(&w.ids, &w.r[0]));
	EXPECT_VALID(&w.ids.space);
}

/* From the id to its owner. */

struct owner {
	char			name[8];
	struct vmr_range	id;
};

TEST(the_id_leads_to_its_owner)
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
 * addresses, and is freed by its id. Here the slot is found from the id, where the
 * example needs a map beside the allocators.
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

TEST(example_of_a_device_slot)
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

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_pool.c - pools, and the address allocator that a VMM knows
 *
 * The rules are those of rust-vmm's AddressAllocator, where it kept them, and of
 * address.h. Each test is named for the rule it states.
 */
#include "../kselftest_harness.h"
#include "fixture.h"

#define BASE	0x1000ULL
#define SIZE	0x1000ULL

/* An allocator as rust-vmm makes one: a pool that is all of a space. */
static void allocator(struct __test_metadata *_metadata, uint64_t base,
		      uint64_t size)
{
	GRANT(vmr_space_init(&w.a, base, base + (size - 1)));
	GRANT(vmr_pool_init(&w.pool, &w.a, base, size, "test"));
}

/* A pool of 0x2000-0x5fff in a space of 0x0000-0xffff. */
static void pool_inside(struct __test_metadata *_metadata)
{
	GRANT(vmr_space_init(&w.a, 0, 0xffff));
	GRANT(vmr_space_init(&w.b, 0, 0xffff));
	GRANT(vmr_pool_init(&w.pool, &w.a, 0x2000, 0x4000, "inside"));
}

/* The pool itself. */

TEST(pool_init_errors_come_in_the_order_of_the_table)
{
	GRANT(vmr_space_init(&w.a, 0x1000, 0x1fff));
	REFUSE(-EINVAL, vmr_pool_init(NULL, &w.a, 0x1000, 0x10, NULL));
	REFUSE(-EINVAL, vmr_pool_init(&w.pool, NULL, VMR_MAX, 2, NULL));
	REFUSE(-EOVERFLOW, vmr_pool_init(&w.pool, &w.a, VMR_MAX, 2, NULL));
	REFUSE(-EOVERFLOW, vmr_pool_init(&w.pool, &w.a, 2, VMR_MAX, NULL));
	REFUSE(-ERANGE, vmr_pool_init(&w.pool, &w.a, VMR_MAX, 1, NULL));
	REFUSE(-ERANGE, vmr_pool_init(&w.pool, &w.a, 0xfff, 2, NULL));
	REFUSE(-ERANGE, vmr_pool_init(&w.pool, &w.a, 0x1fff, 2, NULL));
	REFUSE(-ERANGE, vmr_pool_init(&w.pool, &w.a, 0xfff, 0, NULL));
	REFUSE(-ERANGE, vmr_pool_init(&w.pool, &w.a, 0x2000, 0, NULL));
	GRANT(vmr_pool_init(&w.pool, &w.a, 0x1fff, 1, NULL));
}

TEST(pool_init_means_alignment_1_and_first_fit)
{
	memset(&w.pool, 0xa5, sizeof(w.pool));
	GRANT(vmr_space_init(&w.a, 0x1000, 0x1fff));
	GRANT(vmr_pool_init(&w.pool, &w.a, 0x1100, 0x200, "io"));
	EXPECT_EQ(&w.a, w.pool.space);
	EXPECT_EQ((uint64_t)0x1100, w.pool.start);
	EXPECT_EQ((uint64_t)0x12ff, w.pool.last);
	EXPECT_EQ((uint64_t)1, w.pool.align);
	EXPECT_EQ(VMR_FIRST, w.pool.policy);
	EXPECT_STREQ("io", w.pool.name);
}

TEST(pool_size_0_is_all_up_to_the_end_of_the_space)
{
	GRANT(vmr_space_init(&w.a, 0, VMR_MAX));
	GRANT(vmr_pool_init(&w.pool, &w.a, 0, 0, NULL));
	EXPECT_EQ((uint64_t)0, w.pool.start);
	EXPECT_EQ(VMR_MAX, w.pool.last);
	GRANT(vmr_pool_init(&w.pool, &w.a, VMR_MAX, 0, NULL));
	EXPECT_EQ(VMR_MAX, w.pool.start);
	EXPECT_EQ(VMR_MAX, w.pool.last);
	GRANT(vmr_pool_alloc_at(&w.pool, &w.r[0], VMR_MAX, 1, 0, NULL));
	EXPECT_AT(VMR_MAX, VMR_MAX, &w.r[0]);
}

/* Errors of allocation. */

TEST(pool_alloc_errors_come_in_the_order_of_the_table)
{
	pool_inside(_metadata);
	GRANT(vmr_reserve(&w.b, &w.r[0], 0, 0xfff, NULL));
	REFUSE(-EINVAL, vmr_pool_alloc(NULL, &w.r[1], 1, 1, VMR_FIRST));
	REFUSE(-EINVAL, vmr_pool_alloc(&w.pool, NULL, 1, 1, VMR_FIRST));
	/* Each also with a node that is taken. */
	REFUSE(-EINVAL, vmr_pool_alloc(&w.pool, &w.r[0], 0, 1, VMR_FIRST));
	REFUSE(-EINVAL, vmr_pool_alloc(&w.pool, &w.r[0], 1, 3, VMR_FIRST));
	REFUSE(-EINVAL, vmr_pool_alloc(&w.pool, &w.r[0], 1, 1, VMR_EXACT));
	REFUSE(-EINVAL, vmr_pool_alloc(&w.pool, &w.r[0], 1, 1,
				       (enum vmr_policy)99));
	/* And each with a size that fits nowhere. */
	REFUSE(-EEXIST, vmr_pool_alloc(&w.pool, &w.r[0], 0x4001, 1, VMR_FIRST));
	REFUSE(-ENOSPC, vmr_pool_alloc(&w.pool, &w.r[1], 0x4001, 1, VMR_FIRST));
	REFUSE(-ENOSPC, vmr_pool_alloc(&w.pool, &w.r[1], 0x4001, 1, VMR_LAST));
	REFUSE(-ENOSPC, vmr_pool_alloc(&w.pool, &w.r[1], 0x4001, 1, VMR_BEST));
	REFUSE(-ENOSPC, vmr_pool_alloc(&w.pool, &w.r[1], VMR_MAX, 1,
				       VMR_LAST));
	GRANT(vmr_pool_alloc(&w.pool, &w.r[1], 0x4000, 0x2000, VMR_FIRST));
	EXPECT_AT(0x2000, 0x5fff, &w.r[1]);
}

TEST(pool_alloc_at_errors_come_in_the_order_of_the_table)
{
	pool_inside(_metadata);
	GRANT(vmr_reserve(&w.b, &w.r[0], 0, 0xfff, NULL));
	GRANT(vmr_reserve(&w.a, &w.r[2], 0x2800, 0x28ff, NULL));
	GRANT(vmr_reserve(&w.a, &w.r[3], 0x1800, 0x20ff, NULL));
#define AT(range, start, size, align) \
	vmr_pool_alloc_at(&w.pool, range, start, size, align, &conflict)
	REFUSE(-EINVAL, vmr_pool_alloc_at(NULL, &w.r[1], 0x3000, 1, 1,
					  &conflict));
	REFUSE(-EINVAL, AT(NULL, 0x3000, 1, 1));
	REFUSE(-EINVAL, AT(&w.r[0], 0x3000, 0, 1));
	REFUSE(-EINVAL, AT(&w.r[0], 0x3000, 1, 3));
	REFUSE(-EINVAL, AT(&w.r[0], VMR_MAX, 2, 2));
	REFUSE(-EOVERFLOW, AT(&w.r[0], VMR_MAX, 2, 1));
	REFUSE(-EEXIST, AT(&w.r[0], 0, 1, 1));
	REFUSE(-ERANGE, AT(&w.r[1], 0x1800, 0x1000, 1));
	REFUSE(-ERANGE, AT(&w.r[1], 0x5fff, 2, 1));
	REFUSE(-ERANGE, AT(&w.r[1], 0x6000, 1, 1));
	REFUSE(-ERANGE, AT(&w.r[1], 0x1fff, 1, 1));
	REFUSE_BUSY(&w.r[2], AT(&w.r[1], 0x2800, 0x100, 1));
	/* The lowest in the way may begin outside the pool. */
	REFUSE_BUSY(&w.r[3], AT(&w.r[1], 0x2000, 0x1000, 1));
	GRANT(AT(&w.r[1], 0x2100, 0x700, 0x100));
	EXPECT_AT(0x2100, 0x27ff, &w.r[1]);
	EXPECT_VALID(&w.a);
#undef AT
}

TEST(pool_request_is_bounded_by_the_pool_and_the_request)
{
	struct vmr_request req = VMR_REQUEST(0x100, 0x100);

	pool_inside(_metadata);
	REFUSE(-EINVAL, vmr_pool_request(NULL, &w.r[0], &req, &conflict));
	REFUSE(-EINVAL, vmr_pool_request(&w.pool, NULL, &req, &conflict));
	REFUSE(-EINVAL, vmr_pool_request(&w.pool, &w.r[0], NULL, &conflict));
	GRANT(vmr_pool_request(&w.pool, &w.r[0], &req, NULL));
	EXPECT_AT(0x2000, 0x20ff, &w.r[0]);
	req.policy = VMR_LAST;
	GRANT(vmr_pool_request(&w.pool, &w.r[1], &req, NULL));
	EXPECT_AT(0x5f00, 0x5fff, &w.r[1]);
	req.min = 0x3000;
	req.max = 0x30ff;
	GRANT(vmr_pool_request(&w.pool, &w.r[2], &req, NULL));
	EXPECT_AT(0x3000, 0x30ff, &w.r[2]);
	REFUSE(-ENOSPC, vmr_pool_request(&w.pool, &w.r[3], &req, &conflict));
	/* Inside the space, outside the pool. */
	req.min = 0x6000;
	req.max = 0xffff;
	REFUSE(-ERANGE, vmr_pool_request(&w.pool, &w.r[3], &req, &conflict));
	req.min = 0;
	req.max = 0x1fff;
	REFUSE(-ERANGE, vmr_pool_request(&w.pool, &w.r[3], &req, &conflict));
	req.policy = VMR_EXACT;
	req.addr = 0x1000;
	req.max = VMR_MAX;
	REFUSE(-ERANGE, vmr_pool_request(&w.pool, &w.r[3], &req, &conflict));
	req.addr = 0x3000;
	REFUSE_BUSY(&w.r[2], vmr_pool_request(&w.pool, &w.r[3], &req,
					      &conflict));
	EXPECT_VALID(&w.a);
}

TEST(what_a_request_leaves_open_the_pool_decides)
{
	struct vmr_request req = VMR_REQUEST(0x10, 0);

	pool_inside(_metadata);
	w.pool.align = 0x1000;
	w.pool.policy = VMR_LAST;
	req.policy = VMR_DEFAULT;
	GRANT(vmr_pool_request(&w.pool, &w.r[0], &req, NULL));
	EXPECT_AT(0x5000, 0x500f, &w.r[0]);
	GRANT(vmr_pool_alloc(&w.pool, &w.r[1], 0x10, 0, VMR_DEFAULT));
	EXPECT_AT(0x4000, 0x400f, &w.r[1]);
	GRANT(vmr_pool_alloc(&w.pool, &w.r[2], 0x10, 0x10, VMR_DEFAULT));
	EXPECT_AT(0x5ff0, 0x5fff, &w.r[2]);
	GRANT(vmr_pool_alloc(&w.pool, &w.r[3], 0x10, 0, VMR_FIRST));
	EXPECT_AT(0x2000, 0x200f, &w.r[3]);
	REFUSE(-EINVAL, vmr_pool_alloc_at(&w.pool, &w.r[4], 0x3010, 0x10, 0,
					  &conflict));
	GRANT(vmr_pool_alloc_at(&w.pool, &w.r[4], 0x3010, 0x10, 1, &conflict));
	EXPECT_VALID(&w.a);
}

TEST(pools_on_one_space_see_each_others_ranges)
{
	struct vmr_pool low, high;

	GRANT(vmr_space_init(&w.a, 0, 0xffff));
	GRANT(vmr_pool_init(&low, &w.a, 0, 0x9000, "low"));
	GRANT(vmr_pool_init(&high, &w.a, 0x8000, 0, "high"));
	GRANT(vmr_pool_alloc(&high, &w.r[0], 0x1000, 0x1000, VMR_FIRST));
	EXPECT_AT(0x8000, 0x8fff, &w.r[0]);
	GRANT(vmr_pool_alloc(&low, &w.r[1], 0x1000, 0x1000, VMR_LAST));
	EXPECT_AT(0x7000, 0x7fff, &w.r[1]);
	/* What was allocated through one may move to the other. */
	GRANT(vmr_move(&w.a, &w.r[1], 0xf000, NULL));
	REFUSE(-ENOSPC, vmr_pool_alloc(&high, &w.r[2], 0x7000, 1, VMR_FIRST));
	GRANT(vmr_pool_free(&low, 0x8000, 0x1000, &w.freed));
	EXPECT_EQ(&w.r[0], w.freed);
	GRANT(vmr_pool_alloc(&high, &w.r[2], 0x7000, 1, VMR_FIRST));
	EXPECT_AT(0x8000, 0xefff, &w.r[2]);
	EXPECT_VALID(&w.a);
}

/* Freeing. */

TEST(pool_free_must_name_one_range_exactly)
{
	pool_inside(_metadata);
	GRANT(vmr_reserve(&w.a, &w.r[0], 0x2000, 0x2fff, NULL));
	GRANT(vmr_reserve(&w.a, &w.r[1], 0x1000, 0x1fff, NULL));
	REFUSE(-EINVAL, vmr_pool_free(NULL, 0x2000, 0x1000, &w.freed));
	REFUSE(-EINVAL, vmr_pool_free(&w.pool, VMR_MAX, 0, &w.freed));
	REFUSE(-EOVERFLOW, vmr_pool_free(&w.pool, VMR_MAX, 2, &w.freed));
	/* Allocated, but not of this pool. */
	REFUSE(-ERANGE, vmr_pool_free(&w.pool, 0x1000, 0x1000, &w.freed));
	REFUSE(-ERANGE, vmr_pool_free(&w.pool, 0x1fff, 0x1001, &w.freed));
	REFUSE(-ERANGE, vmr_pool_free(&w.pool, 0x5fff, 2, &w.freed));
	REFUSE(-ENOENT, vmr_pool_free(&w.pool, 0x2000, 0xfff, &w.freed));
	REFUSE(-ENOENT, vmr_pool_free(&w.pool, 0x2001, 0xfff, &w.freed));
	REFUSE(-ENOENT, vmr_pool_free(&w.pool, 0x2000, 0x1001, &w.freed));
	REFUSE(-ENOENT, vmr_pool_free(&w.pool, 0x3000, 0x1000, &w.freed));
	GRANT(vmr_pool_free(&w.pool, 0x2000, 0x1000, &w.freed));
	EXPECT_EQ(&w.r[0], w.freed);
	REFUSE(-ENOENT, vmr_pool_free(&w.pool, 0x2000, 0x1000, &w.freed));
	EXPECT_VALID(&w.a);
}

TEST(a_range_can_be_freed_by_any_of_its_addresses)
{
	static const uint64_t addr[] = { 0x2100, 0x2180, 0x21ff };
	size_t i;

	pool_inside(_metadata);
	for (i = 0; i < ARRAY_SIZE(addr); i++) {
		GRANT(vmr_pool_alloc_at(&w.pool, &w.r[0], 0x2100, 0x100, 0,
					NULL));
		REFUSE(-ENOENT, vmr_pool_free_containing(&w.pool, 0x20ff,
							 &w.freed));
		REFUSE(-ENOENT, vmr_pool_free_containing(&w.pool, 0x2200,
							 &w.freed));
		w.freed = NULL;
		GRANT(vmr_pool_free_containing(&w.pool, addr[i], &w.freed));
		EXPECT_EQ(&w.r[0], w.freed);
		EXPECT_EQ(VMR_FREE, vmr_range_state(&w.r[0]));
	}
	REFUSE(-EINVAL, vmr_pool_free_containing(NULL, 0x2000, &w.freed));
	GRANT(vmr_reserve(&w.a, &w.r[0], 0x6000, 0x6fff, NULL));
	REFUSE(-ERANGE, vmr_pool_free_containing(&w.pool, 0x6000, &w.freed));
	REFUSE(-ERANGE, vmr_pool_free_containing(&w.pool, 0x1fff, &w.freed));
	GRANT(vmr_pool_alloc_at(&w.pool, &w.r[1], 0x5fff, 1, 0, NULL));
	GRANT(vmr_pool_free_containing(&w.pool, 0x5fff, NULL));
	EXPECT_VALID(&w.a);
}

/* Questions. */

TEST(the_highest_free_address_is_the_pools)
{
	pool_inside(_metadata);
	REFUSE(-EINVAL, vmr_pool_highest_free(NULL, &w.addr));
	REFUSE(-EINVAL, vmr_pool_highest_free(&w.pool, NULL));
	GRANT(vmr_pool_highest_free(&w.pool, &w.addr));
	EXPECT_EQ((uint64_t)0x5fff, w.addr);
	GRANT(vmr_reserve(&w.a, &w.r[0], 0x5800, 0x67ff, NULL));
	GRANT(vmr_pool_highest_free(&w.pool, &w.addr));
	EXPECT_EQ((uint64_t)0x57ff, w.addr);
	GRANT(vmr_reserve(&w.a, &w.r[1], 0x2001, 0x57ff, NULL));
	GRANT(vmr_pool_highest_free(&w.pool, &w.addr));
	EXPECT_EQ((uint64_t)0x2000, w.addr);
	/* Full, with free addresses on both sides of the pool. */
	GRANT(vmr_reserve(&w.a, &w.r[2], 0x2000, 0x2000, NULL));
	REFUSE(-ENOSPC, vmr_pool_highest_free(&w.pool, &w.addr));

	allocator(_metadata, 0, 0);
	GRANT(vmr_pool_highest_free(&w.pool, &w.addr));
	EXPECT_EQ(VMR_MAX, w.addr);
	memset(w.r, 0, sizeof(w.r));
	GRANT(vmr_pool_alloc(&w.pool, &w.r[0], VMR_MAX, 1, VMR_LAST));
	GRANT(vmr_pool_highest_free(&w.pool, &w.addr));
	EXPECT_EQ((uint64_t)0, w.addr);
}

TEST(an_offset_is_an_address_only_inside_its_live_range)
{
	pool_inside(_metadata);
	GRANT(vmr_reserve(&w.a, &w.r[0], 0x2000, 0x2fff, NULL));
#define OFF(range, offset, size) \
	vmr_offset_to_addr(range, offset, size, &w.addr)
	REFUSE(-EINVAL, OFF(NULL, 0, 1));
	REFUSE(-EINVAL, vmr_offset_to_addr(&w.r[0], 0, 1, NULL));
	REFUSE(-EINVAL, OFF(&w.r[0], VMR_MAX, 0));
	REFUSE(-EOVERFLOW, OFF(&w.r[9], VMR_MAX, 2));
	REFUSE(-EOVERFLOW, OFF(&w.r[0], 2, VMR_MAX));
	REFUSE(-ENOENT, OFF(&w.r[9], VMR_MAX, 1));
	REFUSE(-ERANGE, OFF(&w.r[0], VMR_MAX, 1));
	REFUSE(-ERANGE, OFF(&w.r[0], 0x1000, 1));
	REFUSE(-ERANGE, OFF(&w.r[0], 0xfff, 2));
	REFUSE(-ERANGE, OFF(&w.r[0], 0, 0x1001));
	GRANT(OFF(&w.r[0], 0, 0x1000));
	EXPECT_EQ((uint64_t)0x2000, w.addr);
	GRANT(OFF(&w.r[0], 0xfff, 1));
	EXPECT_EQ((uint64_t)0x2fff, w.addr);
	GRANT(OFF(&w.r[0], 0x400, 4));
	EXPECT_EQ((uint64_t)0x2400, w.addr);
	/* What does not answer has no addresses. */
	GRANT(vmr_claim(&w.a, &w.r[0], 0x3000, 0x3fff));
	REFUSE(-ENOENT, OFF(&w.r[0], 0, 1));
	GRANT(vmr_park(&w.a, &w.r[0], 0x3000, 0x3fff));
	REFUSE(-ENOENT, OFF(&w.r[0], 0, 1));
	GRANT(vmr_free(&w.a, &w.r[0]));
	REFUSE(-ENOENT, OFF(&w.r[0], 0, 1));
#undef OFF
}

/* The address allocator of rust-vmm: what must hold. */

TEST(example_last_first_in_0x1000)
{
	allocator(_metadata, BASE, SIZE);
	GRANT(vmr_pool_alloc(&w.pool, &w.r[0], 0x800, 0x100, VMR_LAST));
	EXPECT_AT(0x1800, 0x1fff, &w.r[0]);
	REFUSE(-ENOSPC, vmr_pool_alloc(&w.pool, &w.r[1], 0x900, 0x100,
				       VMR_FIRST));
	GRANT(vmr_pool_alloc(&w.pool, &w.r[1], 0x400, 0x100, VMR_FIRST));
	EXPECT_AT(0x1000, 0x13ff, &w.r[1]);
	EXPECT_VALID(&w.a);
}

TEST(example_last_aligned_in_0x10000)
{
	allocator(_metadata, BASE, 0x10000);
	GRANT(vmr_pool_alloc(&w.pool, &w.r[0], 0x110, 0x100, VMR_LAST));
	EXPECT_AT(0x10e00, 0x10f0f, &w.r[0]);
	GRANT(vmr_pool_alloc(&w.pool, &w.r[1], 0x100, 0x100, VMR_LAST));
	EXPECT_AT(0x10d00, 0x10dff, &w.r[1]);
	EXPECT_VALID(&w.a);
}

TEST(base_and_end_are_inclusive)
{
	allocator(_metadata, BASE, SIZE);
	EXPECT_EQ(BASE, w.pool.start);
	EXPECT_EQ(BASE + SIZE - 1, w.pool.last);
	GRANT(vmr_pool_alloc(&w.pool, &w.r[0], SIZE, 1, VMR_FIRST));
	EXPECT_AT(BASE, BASE + SIZE - 1, &w.r[0]);
	REFUSE(-ENOSPC, vmr_pool_alloc(&w.pool, &w.r[1], 1, 1, VMR_FIRST));
	GRANT(vmr_pool_free(&w.pool, BASE, SIZE, NULL));
	REFUSE(-ENOSPC, vmr_pool_alloc(&w.pool, &w.r[0], SIZE + 1, 1,
				       VMR_FIRST));
}

/* The address allocator of rust-vmm: what it got wrong. */

TEST(exact_inside_an_allocated_range_is_refused)
{
	allocator(_metadata, BASE, SIZE);
	GRANT(vmr_pool_alloc_at(&w.pool, &w.r[0], 0x1000, 0x800, 1, NULL));
	REFUSE_BUSY(&w.r[0], vmr_pool_alloc_at(&w.pool, &w.r[1], 0x1100, 0x100,
					       1, &conflict));
	/* And the rest of it is not handed out again. */
	GRANT(vmr_pool_alloc(&w.pool, &w.r[1], 0x100, 0x100, VMR_FIRST));
	EXPECT_AT(0x1800, 0x18ff, &w.r[1]);
	REFUSE_BUSY(&w.r[0], vmr_pool_alloc_at(&w.pool, &w.r[2], 0x17ff, 1, 1,
					       &conflict));
	REFUSE_BUSY(&w.r[0], vmr_pool_alloc_at(&w.pool, &w.r[2], 0x1000, 0x1000,
					       1, &conflict));
	EXPECT_VALID(&w.a);
}

TEST(exact_takes_the_last_byte_of_a_gap)
{
	allocator(_metadata, BASE, SIZE);
	GRANT(vmr_pool_alloc_at(&w.pool, &w.r[0], 0x1800, 0x100, 1, NULL));
	GRANT(vmr_pool_alloc_at(&w.pool, &w.r[1], 0x17ff, 1, 1, NULL));
	EXPECT_AT(0x17ff, 0x17ff, &w.r[1]);
	GRANT(vmr_pool_alloc_at(&w.pool, &w.r[2], 0x1fff, 1, 1, NULL));
	EXPECT_AT(0x1fff, 0x1fff, &w.r[2]);
	EXPECT_VALID(&w.a);
}

TEST(last_match_takes_a_gap_that_starts_at_0)
{
	allocator(_metadata, 0, 0x10000);
	GRANT(vmr_pool_alloc_at(&w.pool, &w.r[0], 0x100, 0xff00, 1, NULL));
	GRANT(vmr_pool_alloc(&w.pool, &w.r[1], 0x100, 0x100, VMR_LAST));
	EXPECT_AT(0, 0xff, &w.r[1]);
	EXPECT_VALID(&w.a);
}

TEST(freeing_a_free_range_is_an_error)
{
	allocator(_metadata, BASE, SIZE);
	REFUSE(-ENOENT, vmr_pool_free(&w.pool, 0x1000, 0x100, &w.freed));
	GRANT(vmr_pool_alloc(&w.pool, &w.r[0], 0x100, 1, VMR_FIRST));
	GRANT(vmr_pool_free(&w.pool, 0x1000, 0x100, NULL));
	REFUSE(-ENOENT, vmr_pool_free(&w.pool, 0x1000, 0x100, &w.freed));
}

TEST(ranges_beside_both_ends_of_the_domain_can_be_freed)
{
	allocator(_metadata, 0, 0);
	GRANT(vmr_pool_alloc_at(&w.pool, &w.r[0], 1, 1, 1, NULL));
	GRANT(vmr_pool_alloc_at(&w.pool, &w.r[1], VMR_MAX - 1, 1, 1, NULL));
	GRANT(vmr_pool_free(&w.pool, 1, 1, NULL));
	EXPECT_VALID(&w.a);
	GRANT(vmr_pool_free(&w.pool, VMR_MAX - 1, 1, NULL));
	EXPECT_VALID(&w.a);
	EXPECT_TRUE(vmr_first_gap(&w.a, &w.gap));
	EXPECT_EQ((uint64_t)0, w.gap.start);
	EXPECT_EQ(VMR_MAX, w.gap.last);
}

TEST(freed_neighbours_of_one_unit_merge)
{
	allocator(_metadata, BASE, 4);
	GRANT(vmr_pool_alloc(&w.pool, &w.r[0], 1, 1, VMR_FIRST));
	GRANT(vmr_pool_alloc(&w.pool, &w.r[1], 1, 1, VMR_FIRST));
	GRANT(vmr_pool_alloc(&w.pool, &w.r[2], 1, 1, VMR_FIRST));
	GRANT(vmr_pool_alloc(&w.pool, &w.r[3], 1, 1, VMR_FIRST));
	GRANT(vmr_pool_free(&w.pool, BASE, 1, NULL));
	GRANT(vmr_pool_free(&w.pool, BASE + 1, 1, NULL));
	GRANT(vmr_pool_alloc(&w.pool, &w.r[0], 2, 1, VMR_FIRST));
	EXPECT_AT(BASE, BASE + 1, &w.r[0]);
	GRANT(vmr_pool_free(&w.pool, BASE + 3, 1, NULL));
	GRANT(vmr_pool_free(&w.pool, BASE + 2, 1, NULL));
	GRANT(vmr_pool_alloc(&w.pool, &w.r[1], 2, 1, VMR_LAST));
	EXPECT_AT(BASE + 2, BASE + 3, &w.r[1]);
	EXPECT_VALID(&w.a);
}

TEST(all_of_64_bits_can_be_one_allocator)
{
	allocator(_metadata, 0, 0);
	EXPECT_EQ(VMR_MAX, w.pool.last);
	GRANT(vmr_pool_alloc(&w.pool, &w.r[0], 0x1000, 0x1000, VMR_LAST));
	EXPECT_AT(VMR_MAX - 0xfff, VMR_MAX, &w.r[0]);
	GRANT(vmr_pool_alloc(&w.pool, &w.r[1], 0x1000, 0x1000, VMR_FIRST));
	EXPECT_AT(0, 0xfff, &w.r[1]);
	GRANT(vmr_pool_alloc_at(&w.pool, &w.r[2], 0x1000, VMR_MAX - 0x1fff, 1,
				NULL));
	REFUSE(-ENOSPC, vmr_pool_alloc(&w.pool, &w.r[3], 1, 1, VMR_FIRST));
	EXPECT_EQ((uint64_t)1, vmr_used(&w.a).high);
	EXPECT_VALID(&w.a);
}

/* Constraints of dbs-allocator and crosvm. */

TEST(a_maximum_address_and_top_down_placement_go_together)
{
	struct vmr_request req = VMR_REQUEST(0x1000, 0x1000);

	GRANT(vmr_space_init(&w.a, 0, VMR_MAX));
	GRANT(vmr_pool_init(&w.pool, &w.a, 0xc0000000, 0, "mmio"));
	req.policy = VMR_LAST;
	req.max = 0xffffffff;
	req.prefer_align = 0x200000;
	GRANT(vmr_pool_request(&w.pool, &w.r[0], &req, NULL));
	EXPECT_AT(0xffe00000, 0xffe00fff, &w.r[0]);
	req.max = VMR_MAX;
	GRANT(vmr_pool_request(&w.pool, &w.r[1], &req, NULL));
	EXPECT_AT(VMR_MAX - 0x1fffff, VMR_MAX - 0x1ff000, &w.r[1]);
	EXPECT_VALID(&w.a);
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_pool.c - pools, and the rules of rust-vmm's AddressAllocator
 */
#include "../kselftest_harness.h"
#include "fixture.h"

#define BASE	0x1000ULL
#define SIZE	0x1000ULL

/* An allocator like that of rust-vmm: a pool that covers a space. */
static void allocator(struct __test_metadata *_metadata, uint64_t base,
		      uint64_t size)
{
	EXPECT_OK(vmr_space_init(&w.a, base, base + (size - 1)));
	EXPECT_OK(vmr_pool_init_span(&w.pool, &w.a, base, base + (size - 1),
				     "test"));
}

/* A pool [0x2000, 0x5fff] in a space [0, 0xffff]. */
static void pool_inside(struct __test_metadata *_metadata)
{
	EXPECT_OK(vmr_space_init(&w.a, 0, 0xffff));
	EXPECT_OK(vmr_space_init(&w.b, 0, 0xffff));
	EXPECT_OK(vmr_pool_init(&w.pool, &w.a, 0x2000, 0x4000, "inside"));
}

/* The pool itself. */

/*
 * If several errors apply, vmr_pool_init() returns the one that is documented
 * first.
 */
TEST(pool_init_error_precedence)
{
	EXPECT_OK(vmr_space_init(&w.a, 0x1000, 0x1fff));
	EXPECT_FAIL(-EINVAL, vmr_pool_init(NULL, &w.a, 0x1000, 0x10, NULL));
	EXPECT_FAIL(-EINVAL, vmr_pool_init(&w.pool, NULL, VMR_ADDR_MAX, 2, NULL));
	EXPECT_FAIL(-EOVERFLOW, vmr_pool_init(&w.pool, &w.a, VMR_ADDR_MAX, 2, NULL));
	EXPECT_FAIL(-EOVERFLOW, vmr_pool_init(&w.pool, &w.a, 2, VMR_ADDR_MAX, NULL));
	EXPECT_FAIL(-ERANGE, vmr_pool_init(&w.pool, &w.a, VMR_ADDR_MAX, 1, NULL));
	EXPECT_FAIL(-ERANGE, vmr_pool_init(&w.pool, &w.a, 0xfff, 2, NULL));
	EXPECT_FAIL(-ERANGE, vmr_pool_init(&w.pool, &w.a, 0x1fff, 2, NULL));
	EXPECT_OK(vmr_pool_init(&w.pool, &w.a, 0x1fff, 1, NULL));
}

/* The same for vmr_pool_init_span(). */
TEST(pool_init_span_error_precedence)
{
	EXPECT_OK(vmr_space_init(&w.a, 0x1000, 0x1fff));
	EXPECT_FAIL(-EINVAL, vmr_pool_init_span(NULL, &w.a, 0x1000, 0x10ff, NULL));
	EXPECT_FAIL(-EINVAL, vmr_pool_init_span(&w.pool, NULL, 0, 0, NULL));
	EXPECT_FAIL(-EINVAL, vmr_pool_init_span(&w.pool, &w.a, 0x2001, 0x2000, NULL));
	EXPECT_FAIL(-ERANGE, vmr_pool_init_span(&w.pool, &w.a, 0xfff, 0x1fff, NULL));
	EXPECT_FAIL(-ERANGE, vmr_pool_init_span(&w.pool, &w.a, 0x1000, 0x2000, NULL));
	EXPECT_FAIL(-ERANGE, vmr_pool_init_span(&w.pool, &w.a, VMR_ADDR_MAX, VMR_ADDR_MAX,
						NULL));
	EXPECT_OK(vmr_pool_init_span(&w.pool, &w.a, 0x1000, 0x1fff, NULL));
	EXPECT_OK(vmr_pool_init_span(&w.pool, &w.a, 0x1fff, 0x1fff, "last"));
	EXPECT_EQ((uint64_t)0x1fff, w.pool.start);
	EXPECT_EQ((uint64_t)0x1fff, w.pool.last);
	EXPECT_EQ((uint64_t)1, w.pool.align);
	EXPECT_STREQ("last", w.pool.name);
}

/* A new pool has alignment 1 and first fit. */
TEST(pool_init_default_alignment_and_policy)
{
	memset(&w.pool, 0xa5, sizeof(w.pool));
	EXPECT_OK(vmr_space_init(&w.a, 0x1000, 0x1fff));
	EXPECT_OK(vmr_pool_init(&w.pool, &w.a, 0x1100, 0x200, "io"));
	EXPECT_EQ(&w.a, w.pool.space);
	EXPECT_EQ((uint64_t)0x1100, w.pool.start);
	EXPECT_EQ((uint64_t)0x12ff, w.pool.last);
	EXPECT_EQ((uint64_t)1, w.pool.align);
	EXPECT_EQ(VMR_FIRST, w.pool.policy);
	EXPECT_STREQ("io", w.pool.name);
}

/* A pool of size 0 is refused, also at a start outside the space. */
TEST(pool_size_zero_einval)
{
	EXPECT_OK(vmr_space_init(&w.a, 0x1000, VMR_ADDR_MAX));
	EXPECT_FAIL(-EINVAL, vmr_pool_init(&w.pool, &w.a, 0x1000, 0, NULL));
	EXPECT_FAIL(-EINVAL, vmr_pool_init(&w.pool, &w.a, VMR_ADDR_MAX, 0, NULL));
	EXPECT_FAIL(-EINVAL, vmr_pool_init(&w.pool, &w.a, 0, 0, NULL));
}

/* A pool can extend over all 2^64 addresses. */
TEST(pool_span_covers_whole_domain)
{
	EXPECT_OK(vmr_space_init(&w.a, 0, VMR_ADDR_MAX));
	EXPECT_OK(vmr_pool_init_span(&w.pool, &w.a, 0, VMR_ADDR_MAX, NULL));
	EXPECT_EQ((uint64_t)0, w.pool.start);
	EXPECT_EQ(VMR_ADDR_MAX, w.pool.last);
	EXPECT_OK(vmr_pool_init_span(&w.pool, &w.a, VMR_ADDR_MAX, VMR_ADDR_MAX, NULL));
	EXPECT_EQ(VMR_ADDR_MAX, w.pool.start);
	EXPECT_EQ(VMR_ADDR_MAX, w.pool.last);
	EXPECT_OK(vmr_pool_reserve(&w.pool, &w.r[0], VMR_ADDR_MAX, 1, 0, NULL));
	EXPECT_AT(VMR_ADDR_MAX, VMR_ADDR_MAX, &w.r[0]);
}

/* Errors of allocation. */

/*
 * If several errors apply, vmr_pool_alloc() returns the one that is documented
 * first.
 */
TEST(pool_alloc_error_precedence)
{
	pool_inside(_metadata);
	EXPECT_OK(vmr_reserve(&w.b, &w.r[0], 0, 0xfff, NULL));
	EXPECT_FAIL(-EINVAL, vmr_pool_alloc(NULL, &w.r[1], 1, 1, VMR_FIRST));
	EXPECT_FAIL(-EINVAL, vmr_pool_alloc(&w.pool, NULL, 1, 1, VMR_FIRST));
	/* Each error also with a linked node. */
	EXPECT_FAIL(-EINVAL, vmr_pool_alloc(&w.pool, &w.r[0], 0, 1, VMR_FIRST));
	EXPECT_FAIL(-EINVAL, vmr_pool_alloc(&w.pool, &w.r[0], 1, 3, VMR_FIRST));
	EXPECT_FAIL(-EINVAL, vmr_pool_alloc(&w.pool, &w.r[0], 1, 1, VMR_EXACT));
	EXPECT_FAIL(-EINVAL, vmr_pool_alloc(&w.pool, &w.r[0], 1, 1,
					    (enum vmr_policy)99));
	/* Each error also with a size that does not fit. */
	EXPECT_FAIL(-EEXIST, vmr_pool_alloc(&w.pool, &w.r[0], 0x4001, 1, VMR_FIRST));
	EXPECT_FAIL(-ENOSPC, vmr_pool_alloc(&w.pool, &w.r[1], 0x4001, 1, VMR_FIRST));
	EXPECT_FAIL(-ENOSPC, vmr_pool_alloc(&w.pool, &w.r[1], 0x4001, 1, VMR_LAST));
	EXPECT_FAIL(-ENOSPC, vmr_pool_alloc(&w.pool, &w.r[1], 0x4001, 1, VMR_BEST));
	EXPECT_FAIL(-ENOSPC, vmr_pool_alloc(&w.pool, &w.r[1], VMR_ADDR_MAX, 1,
					    VMR_LAST));
	EXPECT_OK(vmr_pool_alloc(&w.pool, &w.r[1], 0x4000, 0x2000, VMR_FIRST));
	EXPECT_AT(0x2000, 0x5fff, &w.r[1]);
}

/*
 * If several errors apply, the reservation in a pool returns the one that is
 * documented first.
 */
TEST(pool_reserve_error_precedence)
{
	pool_inside(_metadata);
	EXPECT_OK(vmr_reserve(&w.b, &w.r[0], 0, 0xfff, NULL));
	EXPECT_OK(vmr_reserve(&w.a, &w.r[2], 0x2800, 0x28ff, NULL));
	EXPECT_OK(vmr_reserve(&w.a, &w.r[3], 0x1800, 0x20ff, NULL));
#define AT(range, start, size, align) \
	vmr_pool_reserve(&w.pool, range, start, size, align, &conflict)
	EXPECT_FAIL(-EINVAL, vmr_pool_reserve(NULL, &w.r[1], 0x3000, 1, 1,
					      &conflict));
	EXPECT_FAIL(-EINVAL, AT(NULL, 0x3000, 1, 1));
	EXPECT_FAIL(-EINVAL, AT(&w.r[0], 0x3000, 0, 1));
	EXPECT_FAIL(-EINVAL, AT(&w.r[0], 0x3000, 1, 3));
	EXPECT_FAIL(-EINVAL, AT(&w.r[0], VMR_ADDR_MAX, 2, 2));
	EXPECT_FAIL(-EOVERFLOW, AT(&w.r[0], VMR_ADDR_MAX, 2, 1));
	EXPECT_FAIL(-EEXIST, AT(&w.r[0], 0, 1, 1));
	EXPECT_FAIL(-ERANGE, AT(&w.r[1], 0x1800, 0x1000, 1));
	EXPECT_FAIL(-ERANGE, AT(&w.r[1], 0x5fff, 2, 1));
	EXPECT_FAIL(-ERANGE, AT(&w.r[1], 0x6000, 1, 1));
	EXPECT_FAIL(-ERANGE, AT(&w.r[1], 0x1fff, 1, 1));
	EXPECT_BUSY(&w.r[2], AT(&w.r[1], 0x2800, 0x100, 1));
	/* The conflict may begin outside the pool. */
	EXPECT_BUSY(&w.r[3], AT(&w.r[1], 0x2000, 0x1000, 1));
	EXPECT_OK(AT(&w.r[1], 0x2100, 0x700, 0x100));
	EXPECT_AT(0x2100, 0x27ff, &w.r[1]);
	EXPECT_VALID(&w.a);
#undef AT
}

/* A request is placed within the bounds of the pool and of the request. */
TEST(pool_request_within_both_bounds)
{
	struct vmr_request req = VMR_REQUEST(0x100, 0x100);

	pool_inside(_metadata);
	EXPECT_FAIL(-EINVAL, vmr_pool_request(NULL, &w.r[0], &req, &conflict));
	EXPECT_FAIL(-EINVAL, vmr_pool_request(&w.pool, NULL, &req, &conflict));
	EXPECT_FAIL(-EINVAL, vmr_pool_request(&w.pool, &w.r[0], NULL, &conflict));
	EXPECT_OK(vmr_pool_request(&w.pool, &w.r[0], &req, NULL));
	EXPECT_AT(0x2000, 0x20ff, &w.r[0]);
	req.policy = VMR_LAST;
	EXPECT_OK(vmr_pool_request(&w.pool, &w.r[1], &req, NULL));
	EXPECT_AT(0x5f00, 0x5fff, &w.r[1]);
	req.min = 0x3000;
	req.max = 0x30ff;
	EXPECT_OK(vmr_pool_request(&w.pool, &w.r[2], &req, NULL));
	EXPECT_AT(0x3000, 0x30ff, &w.r[2]);
	EXPECT_FAIL(-ENOSPC, vmr_pool_request(&w.pool, &w.r[3], &req, &conflict));
	/* Inside the space, outside the pool. */
	req.min = 0x6000;
	req.max = 0xffff;
	EXPECT_FAIL(-ERANGE, vmr_pool_request(&w.pool, &w.r[3], &req, &conflict));
	req.min = 0;
	req.max = 0x1fff;
	EXPECT_FAIL(-ERANGE, vmr_pool_request(&w.pool, &w.r[3], &req, &conflict));
	req.policy = VMR_EXACT;
	req.addr = 0x1000;
	req.max = VMR_ADDR_MAX;
	EXPECT_FAIL(-ERANGE, vmr_pool_request(&w.pool, &w.r[3], &req, &conflict));
	req.addr = 0x3000;
	EXPECT_BUSY(&w.r[2], vmr_pool_request(&w.pool, &w.r[3], &req,
					      &conflict));
	EXPECT_VALID(&w.a);
}

/* The pool supplies the alignment and the policy that a request leaves open. */
TEST(pool_request_defaults_from_pool)
{
	struct vmr_request req = VMR_REQUEST(0x10, 0);

	pool_inside(_metadata);
	w.pool.align = 0x1000;
	w.pool.policy = VMR_LAST;
	req.policy = VMR_DEFAULT;
	EXPECT_OK(vmr_pool_request(&w.pool, &w.r[0], &req, NULL));
	EXPECT_AT(0x5000, 0x500f, &w.r[0]);
	EXPECT_OK(vmr_pool_alloc(&w.pool, &w.r[1], 0x10, 0, VMR_DEFAULT));
	EXPECT_AT(0x4000, 0x400f, &w.r[1]);
	EXPECT_OK(vmr_pool_alloc(&w.pool, &w.r[2], 0x10, 0x10, VMR_DEFAULT));
	EXPECT_AT(0x5ff0, 0x5fff, &w.r[2]);
	EXPECT_OK(vmr_pool_alloc(&w.pool, &w.r[3], 0x10, 0, VMR_FIRST));
	EXPECT_AT(0x2000, 0x200f, &w.r[3]);
	EXPECT_FAIL(-EINVAL, vmr_pool_reserve(&w.pool, &w.r[4], 0x3010, 0x10, 0,
					      &conflict));
	EXPECT_OK(vmr_pool_reserve(&w.pool, &w.r[4], 0x3010, 0x10, 1, &conflict));
	EXPECT_VALID(&w.a);
}

/* Pools on one space do not allocate each other's ranges. */
TEST(pools_share_ranges_of_space)
{
	struct vmr_pool low, high;

	EXPECT_OK(vmr_space_init(&w.a, 0, 0xffff));
	EXPECT_OK(vmr_pool_init(&low, &w.a, 0, 0x9000, "low"));
	EXPECT_OK(vmr_pool_init_span(&high, &w.a, 0x8000, 0xffff, "high"));
	EXPECT_OK(vmr_pool_alloc(&high, &w.r[0], 0x1000, 0x1000, VMR_FIRST));
	EXPECT_AT(0x8000, 0x8fff, &w.r[0]);
	EXPECT_OK(vmr_pool_alloc(&low, &w.r[1], 0x1000, 0x1000, VMR_LAST));
	EXPECT_AT(0x7000, 0x7fff, &w.r[1]);
	/* A range of one pool may move to the other. */
	EXPECT_OK(vmr_move(&w.a, &w.r[1], 0xf000, NULL));
	EXPECT_FAIL(-ENOSPC, vmr_pool_alloc(&high, &w.r[2], 0x7000, 1, VMR_FIRST));
	EXPECT_OK(vmr_pool_free(&low, 0x8000, 0x1000, &w.freed));
	EXPECT_EQ(&w.r[0], w.freed);
	EXPECT_OK(vmr_pool_alloc(&high, &w.r[2], 0x7000, 1, VMR_FIRST));
	EXPECT_AT(0x8000, 0xefff, &w.r[2]);
	EXPECT_VALID(&w.a);
}

/* Freeing. */

/* vmr_pool_free() fails unless the start and the size match one range. */
TEST(pool_free_needs_exact_range)
{
	pool_inside(_metadata);
	EXPECT_OK(vmr_reserve(&w.a, &w.r[0], 0x2000, 0x2fff, NULL));
	EXPECT_OK(vmr_reserve(&w.a, &w.r[1], 0x1000, 0x1fff, NULL));
	EXPECT_FAIL(-EINVAL, vmr_pool_free(NULL, 0x2000, 0x1000, &w.freed));
	EXPECT_FAIL(-EINVAL, vmr_pool_free(&w.pool, VMR_ADDR_MAX, 0, &w.freed));
	EXPECT_FAIL(-EOVERFLOW, vmr_pool_free(&w.pool, VMR_ADDR_MAX, 2, &w.freed));
	/* Allocated outside this pool. */
	EXPECT_FAIL(-ERANGE, vmr_pool_free(&w.pool, 0x1000, 0x1000, &w.freed));
	EXPECT_FAIL(-ERANGE, vmr_pool_free(&w.pool, 0x1fff, 0x1001, &w.freed));
	EXPECT_FAIL(-ERANGE, vmr_pool_free(&w.pool, 0x5fff, 2, &w.freed));
	EXPECT_FAIL(-ENOENT, vmr_pool_free(&w.pool, 0x2000, 0xfff, &w.freed));
	EXPECT_FAIL(-ENOENT, vmr_pool_free(&w.pool, 0x2001, 0xfff, &w.freed));
	EXPECT_FAIL(-ENOENT, vmr_pool_free(&w.pool, 0x2000, 0x1001, &w.freed));
	EXPECT_FAIL(-ENOENT, vmr_pool_free(&w.pool, 0x3000, 0x1000, &w.freed));
	EXPECT_OK(vmr_pool_free(&w.pool, 0x2000, 0x1000, &w.freed));
	EXPECT_EQ(&w.r[0], w.freed);
	EXPECT_FAIL(-ENOENT, vmr_pool_free(&w.pool, 0x2000, 0x1000, &w.freed));
	EXPECT_VALID(&w.a);
}

/* A range is freed by any of its addresses. */
TEST(pool_free_by_any_address)
{
	static const uint64_t addr[] = { 0x2100, 0x2180, 0x21ff };
	size_t i;

	pool_inside(_metadata);
	for (i = 0; i < ARRAY_SIZE(addr); i++) {
		EXPECT_OK(vmr_pool_reserve(&w.pool, &w.r[0], 0x2100, 0x100, 0,
					   NULL));
		EXPECT_FAIL(-ENOENT, vmr_pool_free_containing(&w.pool, 0x20ff,
							      &w.freed));
		EXPECT_FAIL(-ENOENT, vmr_pool_free_containing(&w.pool, 0x2200,
							      &w.freed));
		w.freed = NULL;
		EXPECT_OK(vmr_pool_free_containing(&w.pool, addr[i], &w.freed));
		EXPECT_EQ(&w.r[0], w.freed);
		EXPECT_EQ(VMR_FREE, vmr_range_state(&w.r[0]));
	}
	EXPECT_FAIL(-EINVAL, vmr_pool_free_containing(NULL, 0x2000, &w.freed));
	EXPECT_OK(vmr_reserve(&w.a, &w.r[0], 0x6000, 0x6fff, NULL));
	EXPECT_FAIL(-ERANGE, vmr_pool_free_containing(&w.pool, 0x6000, &w.freed));
	EXPECT_FAIL(-ERANGE, vmr_pool_free_containing(&w.pool, 0x1fff, &w.freed));
	EXPECT_OK(vmr_pool_reserve(&w.pool, &w.r[1], 0x5fff, 1, 0, NULL));
	EXPECT_OK(vmr_pool_free_containing(&w.pool, 0x5fff, NULL));
	EXPECT_VALID(&w.a);
}

/*
 * A pool does not free a range that is partly outside of it. A range that ends at a
 * bound of the pool is inside.
 */
TEST(pool_frees_no_range_across_bounds)
{
	pool_inside(_metadata);
	EXPECT_OK(vmr_reserve(&w.a, &w.r[0], 0x1fff, 0x2000, NULL));
	EXPECT_OK(vmr_reserve(&w.a, &w.r[1], 0x5fff, 0x6000, NULL));
	EXPECT_FAIL(-ERANGE, vmr_pool_free_containing(&w.pool, 0x2000, &w.freed));
	EXPECT_FAIL(-ERANGE, vmr_pool_free_containing(&w.pool, 0x5fff, &w.freed));
	EXPECT_FAIL(-ERANGE, vmr_pool_free(&w.pool, 0x1fff, 2, &w.freed));
	EXPECT_FAIL(-ERANGE, vmr_pool_free(&w.pool, 0x5fff, 2, &w.freed));
	EXPECT_OK(vmr_free(&w.a, &w.r[0]));
	EXPECT_OK(vmr_free(&w.a, &w.r[1]));
	EXPECT_OK(vmr_reserve(&w.a, &w.r[0], 0x2000, 0x2000, NULL));
	EXPECT_OK(vmr_reserve(&w.a, &w.r[1], 0x5fff, 0x5fff, NULL));
	EXPECT_OK(vmr_pool_free_containing(&w.pool, 0x2000, &w.freed));
	EXPECT_EQ(&w.r[0], w.freed);
	EXPECT_OK(vmr_pool_free_containing(&w.pool, 0x5fff, &w.freed));
	EXPECT_EQ(&w.r[1], w.freed);
	/* A range that covers the whole pool and more */
	EXPECT_OK(vmr_reserve(&w.a, &w.r[2], 0x1000, 0x7000, NULL));
	w.freed = NULL;
	EXPECT_FAIL(-ERANGE, vmr_pool_free_containing(&w.pool, 0x3000, &w.freed));
}

/* Queries. */

/* The highest free address is within the pool. */
TEST(pool_highest_free_within_pool)
{
	pool_inside(_metadata);
	EXPECT_FAIL(-EINVAL, vmr_pool_highest_free(NULL, &w.addr));
	EXPECT_FAIL(-EINVAL, vmr_pool_highest_free(&w.pool, NULL));
	EXPECT_OK(vmr_pool_highest_free(&w.pool, &w.addr));
	EXPECT_EQ((uint64_t)0x5fff, w.addr);
	EXPECT_OK(vmr_reserve(&w.a, &w.r[0], 0x5800, 0x67ff, NULL));
	EXPECT_OK(vmr_pool_highest_free(&w.pool, &w.addr));
	EXPECT_EQ((uint64_t)0x57ff, w.addr);
	EXPECT_OK(vmr_reserve(&w.a, &w.r[1], 0x2001, 0x57ff, NULL));
	EXPECT_OK(vmr_pool_highest_free(&w.pool, &w.addr));
	EXPECT_EQ((uint64_t)0x2000, w.addr);
	/* The pool is full; addresses on both sides of it are free. */
	EXPECT_OK(vmr_reserve(&w.a, &w.r[2], 0x2000, 0x2000, NULL));
	EXPECT_FAIL(-ENOSPC, vmr_pool_highest_free(&w.pool, &w.addr));

	allocator(_metadata, 0, 0);
	EXPECT_OK(vmr_pool_highest_free(&w.pool, &w.addr));
	EXPECT_EQ(VMR_ADDR_MAX, w.addr);
	memset(w.r, 0, sizeof(w.r));
	EXPECT_OK(vmr_pool_alloc(&w.pool, &w.r[0], VMR_ADDR_MAX, 1, VMR_LAST));
	EXPECT_OK(vmr_pool_highest_free(&w.pool, &w.addr));
	EXPECT_EQ((uint64_t)0, w.addr);
}

/* An offset is translated only within a live range. */
TEST(offset_to_addr_needs_live_range)
{
	pool_inside(_metadata);
	EXPECT_OK(vmr_reserve(&w.a, &w.r[0], 0x2000, 0x2fff, NULL));
#define OFF(range, offset, size) \
	vmr_range_offset_to_addr(range, offset, size, &w.addr)
	EXPECT_FAIL(-EINVAL, OFF(NULL, 0, 1));
	EXPECT_FAIL(-EINVAL, vmr_range_offset_to_addr(&w.r[0], 0, 1, NULL));
	EXPECT_FAIL(-EINVAL, OFF(&w.r[0], VMR_ADDR_MAX, 0));
	EXPECT_FAIL(-EOVERFLOW, OFF(&w.r[9], VMR_ADDR_MAX, 2));
	EXPECT_FAIL(-EOVERFLOW, OFF(&w.r[0], 2, VMR_ADDR_MAX));
	EXPECT_FAIL(-ENOENT, OFF(&w.r[9], VMR_ADDR_MAX, 1));
	EXPECT_FAIL(-ERANGE, OFF(&w.r[0], VMR_ADDR_MAX, 1));
	EXPECT_FAIL(-ERANGE, OFF(&w.r[0], 0x1000, 1));
	EXPECT_FAIL(-ERANGE, OFF(&w.r[0], 0xfff, 2));
	EXPECT_FAIL(-ERANGE, OFF(&w.r[0], 0, 0x1001));
	EXPECT_OK(OFF(&w.r[0], 0, 0x1000));
	EXPECT_EQ((uint64_t)0x2000, w.addr);
	EXPECT_OK(OFF(&w.r[0], 0xfff, 1));
	EXPECT_EQ((uint64_t)0x2fff, w.addr);
	EXPECT_OK(OFF(&w.r[0], 0x400, 4));
	EXPECT_EQ((uint64_t)0x2400, w.addr);
	/* A range that is not live has no addresses. */
	EXPECT_OK(vmr_claim(&w.a, &w.r[0], 0x3000, 0x3fff));
	EXPECT_FAIL(-ENOENT, OFF(&w.r[0], 0, 1));
	EXPECT_OK(vmr_park(&w.a, &w.r[0], 0x3000, 0x3fff));
	EXPECT_FAIL(-ENOENT, OFF(&w.r[0], 0, 1));
	EXPECT_OK(vmr_free(&w.a, &w.r[0]));
	EXPECT_FAIL(-ENOENT, OFF(&w.r[0], 0, 1));
#undef OFF
}

/* The address allocator of rust-vmm: its rules. */

/*
 * The example of rust-vmm in a space of 0x1000: from the top, then from the
 * bottom.
 */
TEST(example_high_then_low_in_0x1000)
{
	allocator(_metadata, BASE, SIZE);
	EXPECT_OK(vmr_pool_alloc(&w.pool, &w.r[0], 0x800, 0x100, VMR_LAST));
	EXPECT_AT(0x1800, 0x1fff, &w.r[0]);
	EXPECT_FAIL(-ENOSPC, vmr_pool_alloc(&w.pool, &w.r[1], 0x900, 0x100,
					    VMR_FIRST));
	EXPECT_OK(vmr_pool_alloc(&w.pool, &w.r[1], 0x400, 0x100, VMR_FIRST));
	EXPECT_AT(0x1000, 0x13ff, &w.r[1]);
	EXPECT_VALID(&w.a);
}

/* The example of rust-vmm in a space of 0x10000: aligned, from the top. */
TEST(example_high_aligned_in_0x10000)
{
	allocator(_metadata, BASE, 0x10000);
	EXPECT_OK(vmr_pool_alloc(&w.pool, &w.r[0], 0x110, 0x100, VMR_LAST));
	EXPECT_AT(0x10e00, 0x10f0f, &w.r[0]);
	EXPECT_OK(vmr_pool_alloc(&w.pool, &w.r[1], 0x100, 0x100, VMR_LAST));
	EXPECT_AT(0x10d00, 0x10dff, &w.r[1]);
	EXPECT_VALID(&w.a);
}

/* The base and the end of an allocator are inclusive. */
TEST(allocator_ends_inclusive)
{
	allocator(_metadata, BASE, SIZE);
	EXPECT_EQ(BASE, w.pool.start);
	EXPECT_EQ(BASE + SIZE - 1, w.pool.last);
	EXPECT_OK(vmr_pool_alloc(&w.pool, &w.r[0], SIZE, 1, VMR_FIRST));
	EXPECT_AT(BASE, BASE + SIZE - 1, &w.r[0]);
	EXPECT_FAIL(-ENOSPC, vmr_pool_alloc(&w.pool, &w.r[1], 1, 1, VMR_FIRST));
	EXPECT_OK(vmr_pool_free(&w.pool, BASE, SIZE, NULL));
	EXPECT_FAIL(-ENOSPC, vmr_pool_alloc(&w.pool, &w.r[0], SIZE + 1, 1,
					    VMR_FIRST));
}

/* The address allocator of rust-vmm: its known bugs. */

/* A fixed request inside a live range fails with -EBUSY. */
TEST(fixed_inside_live_range_ebusy)
{
	allocator(_metadata, BASE, SIZE);
	EXPECT_OK(vmr_pool_reserve(&w.pool, &w.r[0], 0x1000, 0x800, 1, NULL));
	EXPECT_BUSY(&w.r[0], vmr_pool_reserve(&w.pool, &w.r[1], 0x1100, 0x100,
					      1, &conflict));
	/* The rest of the range is not allocated again. */
	EXPECT_OK(vmr_pool_alloc(&w.pool, &w.r[1], 0x100, 0x100, VMR_FIRST));
	EXPECT_AT(0x1800, 0x18ff, &w.r[1]);
	EXPECT_BUSY(&w.r[0], vmr_pool_reserve(&w.pool, &w.r[2], 0x17ff, 1, 1,
					      &conflict));
	EXPECT_BUSY(&w.r[0], vmr_pool_reserve(&w.pool, &w.r[2], 0x1000, 0x1000,
					      1, &conflict));
	EXPECT_VALID(&w.a);
}

/* A fixed request may use the last byte of a gap. */
TEST(fixed_at_last_byte_of_gap)
{
	allocator(_metadata, BASE, SIZE);
	EXPECT_OK(vmr_pool_reserve(&w.pool, &w.r[0], 0x1800, 0x100, 1, NULL));
	EXPECT_OK(vmr_pool_reserve(&w.pool, &w.r[1], 0x17ff, 1, 1, NULL));
	EXPECT_AT(0x17ff, 0x17ff, &w.r[1]);
	EXPECT_OK(vmr_pool_reserve(&w.pool, &w.r[2], 0x1fff, 1, 1, NULL));
	EXPECT_AT(0x1fff, 0x1fff, &w.r[2]);
	EXPECT_VALID(&w.a);
}

/* A search from the top uses a gap that starts at address 0. */
TEST(high_policy_uses_gap_at_zero)
{
	allocator(_metadata, 0, 0x10000);
	EXPECT_OK(vmr_pool_reserve(&w.pool, &w.r[0], 0x100, 0xff00, 1, NULL));
	EXPECT_OK(vmr_pool_alloc(&w.pool, &w.r[1], 0x100, 0x100, VMR_LAST));
	EXPECT_AT(0, 0xff, &w.r[1]);
	EXPECT_VALID(&w.a);
}

/* Freeing a range that is not allocated fails. */
TEST(free_of_free_range_enoent)
{
	allocator(_metadata, BASE, SIZE);
	EXPECT_FAIL(-ENOENT, vmr_pool_free(&w.pool, 0x1000, 0x100, &w.freed));
	EXPECT_OK(vmr_pool_alloc(&w.pool, &w.r[0], 0x100, 1, VMR_FIRST));
	EXPECT_OK(vmr_pool_free(&w.pool, 0x1000, 0x100, NULL));
	EXPECT_FAIL(-ENOENT, vmr_pool_free(&w.pool, 0x1000, 0x100, &w.freed));
}

/* Ranges at both ends of the domain can be freed. */
TEST(free_at_domain_ends)
{
	allocator(_metadata, 0, 0);
	EXPECT_OK(vmr_pool_reserve(&w.pool, &w.r[0], 1, 1, 1, NULL));
	EXPECT_OK(vmr_pool_reserve(&w.pool, &w.r[1], VMR_ADDR_MAX - 1, 1, 1, NULL));
	EXPECT_OK(vmr_pool_free(&w.pool, 1, 1, NULL));
	EXPECT_VALID(&w.a);
	EXPECT_OK(vmr_pool_free(&w.pool, VMR_ADDR_MAX - 1, 1, NULL));
	EXPECT_VALID(&w.a);
	EXPECT_TRUE(vmr_first_gap(&w.a, &w.gap));
	EXPECT_EQ((uint64_t)0, w.gap.start);
	EXPECT_EQ(VMR_ADDR_MAX, w.gap.last);
}

/* Freed neighbours of one address merge into one gap. */
TEST(freed_unit_neighbours_merge)
{
	allocator(_metadata, BASE, 4);
	EXPECT_OK(vmr_pool_alloc(&w.pool, &w.r[0], 1, 1, VMR_FIRST));
	EXPECT_OK(vmr_pool_alloc(&w.pool, &w.r[1], 1, 1, VMR_FIRST));
	EXPECT_OK(vmr_pool_alloc(&w.pool, &w.r[2], 1, 1, VMR_FIRST));
	EXPECT_OK(vmr_pool_alloc(&w.pool, &w.r[3], 1, 1, VMR_FIRST));
	EXPECT_OK(vmr_pool_free(&w.pool, BASE, 1, NULL));
	EXPECT_OK(vmr_pool_free(&w.pool, BASE + 1, 1, NULL));
	EXPECT_OK(vmr_pool_alloc(&w.pool, &w.r[0], 2, 1, VMR_FIRST));
	EXPECT_AT(BASE, BASE + 1, &w.r[0]);
	EXPECT_OK(vmr_pool_free(&w.pool, BASE + 3, 1, NULL));
	EXPECT_OK(vmr_pool_free(&w.pool, BASE + 2, 1, NULL));
	EXPECT_OK(vmr_pool_alloc(&w.pool, &w.r[1], 2, 1, VMR_LAST));
	EXPECT_AT(BASE + 2, BASE + 3, &w.r[1]);
	EXPECT_VALID(&w.a);
}

/* An allocator can span all 64-bit addresses. */
TEST(allocator_spans_64_bits)
{
	EXPECT_OK(vmr_space_init(&w.a, 0, VMR_ADDR_MAX));
	EXPECT_OK(vmr_pool_init_span(&w.pool, &w.a, 0, VMR_ADDR_MAX, "test"));
	EXPECT_EQ(VMR_ADDR_MAX, w.pool.last);
	EXPECT_OK(vmr_pool_alloc(&w.pool, &w.r[0], 0x1000, 0x1000, VMR_LAST));
	EXPECT_AT(VMR_ADDR_MAX - 0xfff, VMR_ADDR_MAX, &w.r[0]);
	EXPECT_OK(vmr_pool_alloc(&w.pool, &w.r[1], 0x1000, 0x1000, VMR_FIRST));
	EXPECT_AT(0, 0xfff, &w.r[1]);
	EXPECT_OK(vmr_pool_reserve(&w.pool, &w.r[2], 0x1000, VMR_ADDR_MAX - 0x1fff, 1,
				   NULL));
	EXPECT_FAIL(-ENOSPC, vmr_pool_alloc(&w.pool, &w.r[3], 1, 1, VMR_FIRST));
	EXPECT_EQ((uint64_t)1, vmr_space_used(&w.a).high);
	EXPECT_VALID(&w.a);
}

/* Constraints of dbs-allocator and crosvm. */

/* A maximum address can be combined with a search from the top. */
TEST(max_address_with_high_policy)
{
	struct vmr_request req = VMR_REQUEST(0x1000, 0x1000);

	EXPECT_OK(vmr_space_init(&w.a, 0, VMR_ADDR_MAX));
	EXPECT_OK(vmr_pool_init_span(&w.pool, &w.a, 0xc0000000, w.a.last,
				     "mmio"));
	req.policy = VMR_LAST;
	req.max = 0xffffffff;
	req.prefer_align = 0x200000;
	EXPECT_OK(vmr_pool_request(&w.pool, &w.r[0], &req, NULL));
	EXPECT_AT(0xffe00000, 0xffe00fff, &w.r[0]);
	req.max = VMR_ADDR_MAX;
	EXPECT_OK(vmr_pool_request(&w.pool, &w.r[1], &req, NULL));
	EXPECT_AT(VMR_ADDR_MAX - 0x1fffff, VMR_ADDR_MAX - 0x1ff000, &w.r[1]);
	EXPECT_VALID(&w.a);
}

TEST_HARNESS_MAIN

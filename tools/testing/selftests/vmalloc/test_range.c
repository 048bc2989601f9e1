// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_range.c - ranges, spaces and error texts: the rules of range.h and error.h
 */
#include <pthread.h>

#include "../kselftest_harness.h"
#include "requires.h"
#include "fixture.h"
#include "misuse.h"

#define BAD_POLICY	((enum vmr_policy)99)

/* A space of 64 KiB with three ranges. */
#define LOW	0x10000ULL
#define HIGH	0x1ffffULL

static void three_ranges(struct __test_metadata *_metadata)
{
	EXPECT_OK(vmr_space_init(&w.a, LOW, HIGH));
	EXPECT_OK(vmr_space_init(&w.b, LOW, HIGH));
	EXPECT_OK(vmr_reserve(&w.a, &w.r[0], 0x12000, 0x12fff, NULL));
	EXPECT_OK(vmr_reserve(&w.a, &w.r[1], 0x14000, 0x15fff, NULL));
	EXPECT_OK(vmr_reserve(&w.a, &w.r[2], 0x18000, 0x18fff, NULL));
	EXPECT_VALID(&w.a);
}

/* Reserve @space except for the gaps, which are pairs of start and last. */
static void leave_gaps(struct __test_metadata *_metadata,
		       struct vmr_space *space, struct vmr_range *range,
		       const uint64_t (*gaps)[2], size_t nr)
{
	uint64_t from = space->start;
	size_t i;

	for (i = 0; i < nr; i++) {
		if (gaps[i][0] > from)
			EXPECT_OK(vmr_reserve(space, range++, from, gaps[i][0] - 1,
					      NULL));
		from = gaps[i][1] + 1;
	}
	if (from && from <= space->last)
		EXPECT_OK(vmr_reserve(space, range, from, space->last, NULL));
	EXPECT_VALID(space);
}

#define LEAVE_GAPS(space, range, ...) \
	do { \
		const uint64_t gaps_[][2] = { __VA_ARGS__ }; \
		leave_gaps(_metadata, space, range, gaps_, \
			   ARRAY_SIZE(gaps_)); \
	} while (0)

/* The structs. */

/* struct vmr_range has at most 64 bytes, one cache line. */
TEST(range_size_at_most_64_bytes)
{
	EXPECT_GE((size_t)64, sizeof(struct vmr_range));
}

/* A zeroed struct vmr_range is a free range. */
TEST(range_zeroed_is_free)
{
	three_ranges(_metadata);
	EXPECT_EQ(VMR_FREE, vmr_range_state(&w.r[9]));
	EXPECT_EQ(VMR_FREE, vmr_range_state(NULL));
	EXPECT_FALSE(vmr_in_space(&w.a, &w.r[9]));
	EXPECT_FALSE(vmr_in_space(&w.a, NULL));
	EXPECT_FALSE(vmr_in_space(NULL, &w.r[0]));
	EXPECT_OK(vmr_alloc(&w.a, &w.r[9], REQ(VMR_FIRST, 1, 1), NULL));
}

/* VMR_REQUEST() sets no bounds and first fit. */
TEST(request_initialiser_defaults)
{
	struct vmr_request req = VMR_REQUEST(0x30, 0x10);

	EXPECT_EQ((uint64_t)0x30, req.size);
	EXPECT_EQ((uint64_t)0x10, req.align);
	EXPECT_EQ((uint64_t)0, req.prefer_align);
	EXPECT_EQ((uint64_t)0, req.min);
	EXPECT_EQ(VMR_ADDR_MAX, req.max);
	EXPECT_EQ(VMR_FIRST, req.policy);
}

/* vmr_space_init() fails with NULL and with reversed bounds. */
TEST(space_init_invalid_einval)
{
	EXPECT_FAIL(-EINVAL, vmr_space_init(NULL, 0, 1));
	EXPECT_FAIL(-EINVAL, vmr_space_init(&w.a, 1, 0));
	EXPECT_FAIL(-EINVAL, vmr_space_init(&w.a, VMR_ADDR_MAX, 0));
}

/* vmr_space_init() initialises an empty space, whatever the memory contains. */
TEST(space_init_ignores_old_content)
{
	memset(&w.a, 0xa5, sizeof(w.a));
	EXPECT_OK(vmr_space_init(&w.a, 7, 7));
	EXPECT_VALID(&w.a);
	EXPECT_EQ((size_t)0, w.a.nr_ranges);
	EXPECT_EQ((size_t)0, w.a.nr_claims);
	EXPECT_EQ(NULL, vmr_first_range(&w.a));
	EXPECT_EQ(NULL, vmr_last_range(&w.a));
	EXPECT_EQ(NULL, vmr_first_claim(&w.a, 0, VMR_ADDR_MAX));
	EXPECT_EQ(NULL, vmr_find(&w.a, 7));
	EXPECT_EQ(NULL, vmr_find_lockless(&w.a, 7, NULL, NULL));
	EXPECT_TRUE(vmr_first_gap(&w.a, &w.gap));
	EXPECT_EQ((uint64_t)7, w.gap.start);
	EXPECT_EQ((uint64_t)7, w.gap.last);
	EXPECT_EQ(NULL, w.gap.next);
}

/* Errors of vmr_alloc(). */

/* vmr_alloc() fails with NULL arguments. */
TEST(alloc_null_einval)
{
	three_ranges(_metadata);
	EXPECT_FAIL(-EINVAL, vmr_alloc(NULL, &w.r[9], REQ(VMR_FIRST, 1, 1),
				       &conflict));
	EXPECT_FAIL(-EINVAL, vmr_alloc(&w.a, NULL, REQ(VMR_FIRST, 1, 1), &conflict));
	EXPECT_FAIL(-EINVAL, vmr_alloc(&w.a, &w.r[9], NULL, &conflict));
}

/* vmr_alloc() fails with size 0. */
TEST(alloc_size_zero_einval)
{
	int policy;

	three_ranges(_metadata);
	for (policy = VMR_FIRST; policy <= VMR_EXACT; policy++)
		EXPECT_FAIL(-EINVAL, vmr_alloc(&w.a, &w.r[9], REQ(policy, 0, 1),
					       &conflict));
}

/* vmr_alloc() fails with an alignment that is no power of two. */
TEST(alloc_bad_alignment_einval)
{
	static const uint64_t bad[] = { 3, 6, 0x1001, 0xc000, VMR_ADDR_MAX };
	int policy;
	size_t i;

	three_ranges(_metadata);
	for (policy = VMR_FIRST; policy <= VMR_EXACT; policy++) {
		EXPECT_FAIL(-EINVAL, vmr_alloc(&w.a, &w.r[9], REQ(policy, 1, 0),
					       &conflict));
		for (i = 0; i < ARRAY_SIZE(bad); i++) {
			EXPECT_FAIL(-EINVAL,
				    vmr_alloc(&w.a, &w.r[9], REQ(policy, 1, bad[i]),
					      &conflict));
			EXPECT_FAIL(-EINVAL,
				    vmr_alloc(&w.a, &w.r[9],
					      REQ_PREFER(policy, 1, 1, bad[i]),
					 &conflict));
		}
	}
}

/* vmr_alloc() fails with reversed bounds. */
TEST(alloc_reversed_bounds_einval)
{
	three_ranges(_metadata);
	EXPECT_FAIL(-EINVAL, vmr_alloc(&w.a, &w.r[9],
				       REQ_IN(VMR_FIRST, 1, 1, 0x11001, 0x11000),
				  &conflict));
	EXPECT_FAIL(-EINVAL, vmr_alloc(&w.a, &w.r[9],
				       REQ_IN(VMR_LAST, 1, 1, VMR_ADDR_MAX, 0),
				  &conflict));
}

/* vmr_alloc() fails with an unknown policy. */
TEST(alloc_bad_policy_einval)
{
	three_ranges(_metadata);
	EXPECT_FAIL(-EINVAL, vmr_alloc(&w.a, &w.r[9], REQ(BAD_POLICY, 1, 1),
				       &conflict));
	/* VMR_DEFAULT is for pools only. */
	EXPECT_FAIL(-EINVAL, vmr_alloc(&w.a, &w.r[9], REQ(VMR_DEFAULT, 1, 1),
				       &conflict));
}

/* A fixed request fails if the address is not aligned. */
TEST(fixed_unaligned_einval)
{
	three_ranges(_metadata);
	EXPECT_FAIL(-EINVAL, vmr_alloc(&w.a, &w.r[9], REQ_AT(0x11008, 0x10, 0x10),
				       &conflict));
	EXPECT_OK(vmr_alloc(&w.a, &w.r[9], REQ_AT(0x11008, 0x10, 8), &conflict));
	EXPECT_AT(0x11008, 0x11017, &w.r[9]);
}

/* A fixed request fails with -EOVERFLOW if its end exceeds the domain. */
TEST(fixed_beyond_domain_eoverflow)
{
	EXPECT_OK(vmr_space_init(&w.a, 0, VMR_ADDR_MAX));
	EXPECT_FAIL(-EOVERFLOW, vmr_alloc(&w.a, &w.r[0],
					  REQ_AT(VMR_ADDR_MAX, 2, 1), &conflict));
	EXPECT_FAIL(-EOVERFLOW, vmr_alloc(&w.a, &w.r[0],
					  REQ_AT(2, VMR_ADDR_MAX, 1), &conflict));
	EXPECT_OK(vmr_alloc(&w.a, &w.r[0], REQ_AT(VMR_ADDR_MAX, 1, 1), &conflict));
	EXPECT_AT(VMR_ADDR_MAX, VMR_ADDR_MAX, &w.r[0]);
	EXPECT_OK(vmr_free(&w.a, &w.r[0]));
	EXPECT_OK(vmr_alloc(&w.a, &w.r[0], REQ_AT(1, VMR_ADDR_MAX, 1), &conflict));
	EXPECT_AT(1, VMR_ADDR_MAX, &w.r[0]);
	EXPECT_VALID(&w.a);
}

/* A node that is in a space cannot be allocated again. */
TEST(alloc_linked_node_eexist)
{
	int policy;

	three_ranges(_metadata);
	EXPECT_OK(vmr_claim(&w.a, &w.r[3], 0x14000, 0x14fff));
	EXPECT_OK(vmr_park(&w.a, &w.r[4], 0x11000, 0x11fff));
	for (policy = VMR_FIRST; policy < VMR_EXACT; policy++) {
		EXPECT_FAIL(-EEXIST, vmr_alloc(&w.a, &w.r[0], REQ(policy, 1, 1),
					       &conflict));
		EXPECT_FAIL(-EEXIST, vmr_alloc(&w.a, &w.r[3], REQ(policy, 1, 1),
					       &conflict));
		EXPECT_FAIL(-EEXIST, vmr_alloc(&w.a, &w.r[4], REQ(policy, 1, 1),
					       &conflict));
		/* In another space, too. */
		EXPECT_FAIL(-EEXIST, vmr_alloc(&w.b, &w.r[0], REQ(policy, 1, 1),
					       &conflict));
	}
	EXPECT_FAIL(-EEXIST, vmr_alloc(&w.a, &w.r[0], REQ_AT(0x12000, 0x1000, 1),
				       &conflict));
	EXPECT_FAIL(-EEXIST, vmr_alloc(&w.b, &w.r[0], REQ_AT(0x12000, 0x1000, 1),
				       &conflict));
	/* The only node of a tree has neither a parent nor children. */
	EXPECT_OK(vmr_reserve(&w.b, &w.r[5], LOW, LOW, NULL));
	EXPECT_FAIL(-EEXIST, vmr_alloc(&w.b, &w.r[5], REQ(VMR_FIRST, 1, 1),
				       &conflict));
}

/* A request fails with -ERANGE if its bounds and the space are disjoint. */
TEST(alloc_bounds_outside_space_erange)
{
	int policy;

	three_ranges(_metadata);
	for (policy = VMR_FIRST; policy < VMR_EXACT; policy++) {
		EXPECT_FAIL(-ERANGE,
			    vmr_alloc(&w.a, &w.r[9],
				      REQ_IN(policy, 1, 1, 0, LOW - 1), &conflict));
		EXPECT_FAIL(-ERANGE,
			    vmr_alloc(&w.a, &w.r[9],
				      REQ_IN(policy, 1, 1, HIGH + 1, VMR_ADDR_MAX),
				 &conflict));
		/* With one common address the gap is too small. */
		EXPECT_FAIL(-ENOSPC,
			    vmr_alloc(&w.a, &w.r[9],
				      REQ_IN(policy, 2, 1, 0, LOW), &conflict));
		EXPECT_OK(vmr_alloc(&w.a, &w.r[9],
				    REQ_IN(policy, 1, 1, 0, LOW), &conflict));
		EXPECT_AT(LOW, LOW, &w.r[9]);
		EXPECT_OK(vmr_free(&w.a, &w.r[9]));
		EXPECT_OK(vmr_alloc(&w.a, &w.r[9],
				    REQ_IN(policy, 1, 1, HIGH, VMR_ADDR_MAX),
				&conflict));
		EXPECT_AT(HIGH, HIGH, &w.r[9]);
		EXPECT_OK(vmr_free(&w.a, &w.r[9]));
	}
}

/* A fixed request fails with -ERANGE outside the space. */
TEST(fixed_outside_space_erange)
{
	three_ranges(_metadata);
	EXPECT_FAIL(-ERANGE, vmr_alloc(&w.a, &w.r[9], REQ_AT(0, 1, 1), &conflict));
	EXPECT_FAIL(-ERANGE, vmr_alloc(&w.a, &w.r[9], REQ_AT(LOW - 1, 1, 1),
				       &conflict));
	EXPECT_FAIL(-ERANGE, vmr_alloc(&w.a, &w.r[9], REQ_AT(LOW - 1, 2, 1),
				       &conflict));
	EXPECT_FAIL(-ERANGE, vmr_alloc(&w.a, &w.r[9], REQ_AT(HIGH, 2, 1),
				       &conflict));
	EXPECT_FAIL(-ERANGE, vmr_alloc(&w.a, &w.r[9], REQ_AT(HIGH + 1, 1, 1),
				       &conflict));
	EXPECT_FAIL(-ERANGE, vmr_alloc(&w.a, &w.r[9], REQ_AT(0, VMR_ADDR_MAX, 1),
				       &conflict));
}

/* A fixed request fails with -ERANGE outside its own bounds. */
TEST(fixed_outside_bounds_erange)
{
	struct vmr_request req = { .size = 0x100, .align = 1, .addr = 0x11000,
				   .policy = VMR_EXACT };

	three_ranges(_metadata);
	req.min = 0x11001;
	req.max = VMR_ADDR_MAX;
	EXPECT_FAIL(-ERANGE, vmr_alloc(&w.a, &w.r[9], &req, &conflict));
	req.min = 0;
	req.max = 0x110fe;
	EXPECT_FAIL(-ERANGE, vmr_alloc(&w.a, &w.r[9], &req, &conflict));
	req.min = 0x11000;
	req.max = 0x110ff;
	EXPECT_OK(vmr_alloc(&w.a, &w.r[9], &req, &conflict));
	EXPECT_AT(0x11000, 0x110ff, &w.r[9]);
}

/*
 * A fixed request that overlaps live ranges fails and reports the lowest one.
 */
TEST(fixed_busy_reports_lowest_conflict)
{
	three_ranges(_metadata);
	/* Inside, around, over the start, over the end, and over several. */
	EXPECT_BUSY(&w.r[0], vmr_alloc(&w.a, &w.r[9],
				       REQ_AT(0x12800, 0x100, 1), &conflict));
	EXPECT_BUSY(&w.r[0], vmr_alloc(&w.a, &w.r[9],
				       REQ_AT(0x11000, 0x3000, 1), &conflict));
	EXPECT_BUSY(&w.r[1], vmr_alloc(&w.a, &w.r[9],
				       REQ_AT(0x13fff, 2, 1), &conflict));
	EXPECT_BUSY(&w.r[1], vmr_alloc(&w.a, &w.r[9],
				       REQ_AT(0x15fff, 2, 1), &conflict));
	EXPECT_BUSY(&w.r[0], vmr_alloc(&w.a, &w.r[9],
				       REQ_AT(LOW, HIGH - LOW + 1, 1),
				       &conflict));
	EXPECT_BUSY(&w.r[1], vmr_alloc(&w.a, &w.r[9],
				       REQ_AT(0x13000, 0xa000, 1), &conflict));
	EXPECT_BUSY(&w.r[2], vmr_alloc(&w.a, &w.r[9],
				       REQ_AT(0x16000, 0x3000, 1), &conflict));
	/* @conflict may be NULL. */
	world_save();
	EXPECT_EQ(-EBUSY, vmr_alloc(&w.a, &w.r[9], REQ_AT(0x12000, 1, 1),
				    NULL));
	EXPECT_EQ(0, world_changed());
}

/* A request fails with -ENOSPC if no gap fits. */
TEST(alloc_without_gap_enospc)
{
	int policy;

	three_ranges(_metadata);
	for (policy = VMR_FIRST; policy < VMR_EXACT; policy++) {
		/* The longest gap has 0x7000. */
		EXPECT_FAIL(-ENOSPC, vmr_alloc(&w.a, &w.r[9], REQ(policy, 0x7001, 1),
					       &conflict));
		EXPECT_FAIL(-ENOSPC, vmr_alloc(&w.a, &w.r[9],
					       REQ(policy, VMR_ADDR_MAX, 1), &conflict));
		EXPECT_FAIL(-ENOSPC, vmr_alloc(&w.a, &w.r[9],
					       REQ(policy, 0x4000, 0x8000),
					  &conflict));
		/* The only multiple of this alignment is outside the space. */
		EXPECT_FAIL(-ENOSPC, vmr_alloc(&w.a, &w.r[9],
					       REQ(policy, 1, 1ULL << 63),
					  &conflict));
		EXPECT_FAIL(-ENOSPC,
			    vmr_alloc(&w.a, &w.r[9],
				      REQ_IN(policy, 0x1000, 1, 0x12000, 0x12fff),
				 &conflict));
		EXPECT_OK(vmr_alloc(&w.a, &w.r[9], REQ(policy, 0x7000, 1),
				    &conflict));
		EXPECT_AT(0x19000, HIGH, &w.r[9]);
		EXPECT_OK(vmr_free(&w.a, &w.r[9]));
	}
}

/*
 * If several errors apply, vmr_alloc() returns the one that is documented first.
 * Each step removes the reported error.
 */
TEST(range_alloc_error_precedence)
{
	struct vmr_request req = {
		.size = 0x2000, .align = 0x1000, .addr = VMR_ADDR_MAX - 0x7ff,
		.min = 0x12000, .max = 0x14fff, .policy = VMR_EXACT,
	};

	three_ranges(_metadata);
	/* Unaligned, beyond the domain, already linked, outside. */
	EXPECT_FAIL(-EINVAL, vmr_alloc(&w.a, &w.r[0], &req, &conflict));
	req.addr = VMR_ADDR_MAX - 0xfff;
	EXPECT_FAIL(-EOVERFLOW, vmr_alloc(&w.a, &w.r[0], &req, &conflict));
	req.addr = 0x14000;
	EXPECT_FAIL(-EEXIST, vmr_alloc(&w.a, &w.r[0], &req, &conflict));
	/* Outside the bounds, and in use. */
	EXPECT_FAIL(-ERANGE, vmr_alloc(&w.a, &w.r[9], &req, &conflict));
	req.max = 0x15fff;
	EXPECT_BUSY(&w.r[1], vmr_alloc(&w.a, &w.r[9], &req, &conflict));
	/* Outside the space, and over live ranges. */
	req.addr = 0x18000;
	req.size = 0x9000;
	req.max = VMR_ADDR_MAX;
	EXPECT_FAIL(-ERANGE, vmr_alloc(&w.a, &w.r[9], &req, &conflict));

	/* Automatic: invalid, already linked, outside, no gap. */
	req.policy = VMR_FIRST;
	req.min = 2;
	req.max = 1;
	EXPECT_FAIL(-EINVAL, vmr_alloc(&w.a, &w.r[0], &req, &conflict));
	req.min = 0;
	EXPECT_FAIL(-EEXIST, vmr_alloc(&w.a, &w.r[0], &req, &conflict));
	EXPECT_FAIL(-ERANGE, vmr_alloc(&w.a, &w.r[9], &req, &conflict));
	req.max = VMR_ADDR_MAX;
	EXPECT_FAIL(-ENOSPC, vmr_alloc(&w.a, &w.r[9], &req, &conflict));
}

/* Only the policy VMR_EXACT reads the address of a request. */
TEST(alloc_addr_ignored_by_other_policies)
{
	struct vmr_request req = VMR_REQUEST(0x1000, 0x1000);

	three_ranges(_metadata);
	req.addr = VMR_ADDR_MAX;
	EXPECT_OK(vmr_alloc(&w.a, &w.r[9], &req, NULL));
	EXPECT_AT(LOW, LOW + 0xfff, &w.r[9]);
}

/* Policies. */

/* First fit uses the lowest aligned address in the lowest gap that fits. */
TEST(first_fit_lowest_aligned_address)
{
	EXPECT_OK(vmr_space_init(&w.a, 0, 0xffff));
	LEAVE_GAPS(&w.a, &w.r[10], { 0x0800, 0x0fff }, { 0x2100, 0x30ff },
		   { 0x5000, 0x8fff });
	EXPECT_OK(vmr_alloc(&w.a, &w.r[0], REQ(VMR_FIRST, 0x800, 1), NULL));
	EXPECT_AT(0x0800, 0x0fff, &w.r[0]);
	/* The second gap is long enough but misaligned. */
	EXPECT_OK(vmr_alloc(&w.a, &w.r[1], REQ(VMR_FIRST, 0x1000, 0x1000), NULL));
	EXPECT_AT(0x5000, 0x5fff, &w.r[1]);
	EXPECT_OK(vmr_alloc(&w.a, &w.r[2], REQ(VMR_FIRST, 0x100, 0x1000), NULL));
	EXPECT_AT(0x3000, 0x30ff, &w.r[2]);
	EXPECT_OK(vmr_alloc(&w.a, &w.r[3], REQ(VMR_FIRST, 0xf00, 1), NULL));
	EXPECT_AT(0x2100, 0x2fff, &w.r[3]);
	EXPECT_VALID(&w.a);
}

/* Last fit uses the highest aligned address in the highest gap that fits. */
TEST(last_fit_highest_aligned_address)
{
	EXPECT_OK(vmr_space_init(&w.a, 0, 0xffff));
	LEAVE_GAPS(&w.a, &w.r[10], { 0x0000, 0x1fff }, { 0x2100, 0x30ff },
		   { 0xf100, 0xf8fe });
	/* The highest gap is one address too short for 0x800. */
	EXPECT_OK(vmr_alloc(&w.a, &w.r[0], REQ(VMR_LAST, 0x800, 1), NULL));
	EXPECT_AT(0x2900, 0x30ff, &w.r[0]);
	EXPECT_OK(vmr_alloc(&w.a, &w.r[1], REQ(VMR_LAST, 0x700, 0x100), NULL));
	EXPECT_AT(0xf100, 0xf7ff, &w.r[1]);
	EXPECT_OK(vmr_alloc(&w.a, &w.r[2], REQ(VMR_LAST, 0x800, 0x1000), NULL));
	EXPECT_AT(0x1000, 0x17ff, &w.r[2]);
	EXPECT_OK(vmr_alloc(&w.a, &w.r[3], REQ(VMR_LAST, 0x100, 0x1000), NULL));
	EXPECT_AT(0x0000, 0x00ff, &w.r[3]);
	EXPECT_VALID(&w.a);
}

/* Best fit uses the lowest gap of the least natural order that fits. */
TEST(best_fit_least_natural_order)
{
	EXPECT_OK(vmr_space_init(&w.a, 0, 0xfffff));
	/* Orders 14, 11 (longer than 0x1000, but misaligned), 12, 11. */
	LEAVE_GAPS(&w.a, &w.r[10], { 0x00000, 0x07fff }, { 0x14700, 0x15eff },
		   { 0x20000, 0x20fff }, { 0x30000, 0x307ff });
	EXPECT_OK(vmr_alloc(&w.a, &w.r[0], REQ(VMR_BEST, 0x1000, 0x1000), NULL));
	EXPECT_AT(0x20000, 0x20fff, &w.r[0]);
	/* The lowest of equal gaps, and its lowest aligned address. */
	EXPECT_OK(vmr_alloc(&w.a, &w.r[1], REQ(VMR_BEST, 0x800, 0x800), NULL));
	EXPECT_AT(0x14800, 0x14fff, &w.r[1]);
	/* 0x14700 + 0x100, 0x15000 + 0xf00 (order 11), 0x30000 + 0x800. */
	EXPECT_OK(vmr_alloc(&w.a, &w.r[2], REQ(VMR_BEST, 0x100, 0x100), NULL));
	EXPECT_AT(0x14700, 0x147ff, &w.r[2]);
	EXPECT_OK(vmr_alloc(&w.a, &w.r[3], REQ(VMR_BEST, 0x100, 0x100), NULL));
	EXPECT_AT(0x15000, 0x150ff, &w.r[3]);
	/* A size that is no power of two uses the same orders. */
	EXPECT_OK(vmr_alloc(&w.a, &w.r[4], REQ(VMR_BEST, 0xd01, 1), NULL));
	EXPECT_AT(0x15100, 0x15e00, &w.r[4]);
	EXPECT_OK(vmr_alloc(&w.a, &w.r[5], REQ(VMR_BEST, 0xd01, 1), NULL));
	EXPECT_AT(0x00000, 0x00d00, &w.r[5]);
	EXPECT_VALID(&w.a);
}

/*
 * Best fit uses the natural order of the part of a gap that is within the bounds.
 */
TEST(best_fit_order_within_bounds)
{
	EXPECT_OK(vmr_space_init(&w.a, 0, 0xffff));
	/* Orders 13 and 12; cut at 0x0800 and 0x1fff the first has order 12. */
	LEAVE_GAPS(&w.a, &w.r[10], { 0x0000, 0x1fff }, { 0x4000, 0x4fff });
	EXPECT_OK(vmr_alloc(&w.a, &w.r[0], REQ(VMR_BEST, 0x800, 0x800), NULL));
	EXPECT_AT(0x4000, 0x47ff, &w.r[0]);
	EXPECT_OK(vmr_free(&w.a, &w.r[0]));
	EXPECT_OK(vmr_alloc(&w.a, &w.r[0],
			    REQ_IN(VMR_BEST, 0x800, 0x800, 0x0800, 0xffff), NULL));
	EXPECT_AT(0x0800, 0x0fff, &w.r[0]);
	EXPECT_OK(vmr_free(&w.a, &w.r[0]));
	EXPECT_OK(vmr_alloc(&w.a, &w.r[0],
			    REQ_IN(VMR_BEST, 0x800, 0x800, 0x0000, 0x47ff), NULL));
	EXPECT_AT(0x4000, 0x47ff, &w.r[0]);
	EXPECT_VALID(&w.a);
}

/* Both bounds of a request are inclusive. */
TEST(alloc_bounds_inclusive)
{
	int policy;

	EXPECT_OK(vmr_space_init(&w.a, 0, 0xffff));
	EXPECT_OK(vmr_reserve(&w.a, &w.r[1], 0x8000, 0x8fff, NULL));
	for (policy = VMR_FIRST; policy < VMR_EXACT; policy++) {
		EXPECT_OK(vmr_alloc(&w.a, &w.r[0],
				    REQ_IN(policy, 0x100, 1, 0x1234, 0x1333),
				NULL));
		EXPECT_AT(0x1234, 0x1333, &w.r[0]);
		EXPECT_OK(vmr_free(&w.a, &w.r[0]));
		EXPECT_FAIL(-ENOSPC,
			    vmr_alloc(&w.a, &w.r[0],
				      REQ_IN(policy, 0x100, 1, 0x1235, 0x1333),
				 &conflict));
		EXPECT_FAIL(-ENOSPC,
			    vmr_alloc(&w.a, &w.r[0],
				      REQ_IN(policy, 0x100, 1, 0x1234, 0x1332),
				 &conflict));
		/* Bounds inside one gap, and around a range. */
		EXPECT_OK(vmr_alloc(&w.a, &w.r[0],
				    REQ_IN(policy, 1, 1, 0x7fff, 0x8fff), NULL));
		EXPECT_AT(0x7fff, 0x7fff, &w.r[0]);
		EXPECT_OK(vmr_free(&w.a, &w.r[0]));
		EXPECT_OK(vmr_alloc(&w.a, &w.r[0],
				    REQ_IN(policy, 1, 1, 0x8000, 0x9000), NULL));
		EXPECT_AT(0x9000, 0x9000, &w.r[0]);
		EXPECT_OK(vmr_free(&w.a, &w.r[0]));
	}
	EXPECT_OK(vmr_alloc(&w.a, &w.r[0],
			    REQ_IN(VMR_LAST, 0x10, 0x10, 0x100, 0x20e), NULL));
	EXPECT_AT(0x1f0, 0x1ff, &w.r[0]);
	EXPECT_OK(vmr_alloc(&w.a, &w.r[2],
			    REQ_IN(VMR_FIRST, 0x10, 0x10, 0x101, 0x20f), NULL));
	EXPECT_AT(0x110, 0x11f, &w.r[2]);
	EXPECT_VALID(&w.a);
}

/* The preferred alignment is tried before the required one. */
TEST(preferred_alignment_tried_first)
{
	EXPECT_OK(vmr_space_init(&w.a, 0x100, 0x2fff));
	EXPECT_OK(vmr_alloc(&w.a, &w.r[0],
			    REQ_PREFER(VMR_FIRST, 0x100, 0x100, 0x1000), NULL));
	EXPECT_AT(0x1000, 0x10ff, &w.r[0]);
	EXPECT_OK(vmr_alloc(&w.a, &w.r[1],
			    REQ_PREFER(VMR_LAST, 0x100, 0x100, 0x1000), NULL));
	EXPECT_AT(0x2000, 0x20ff, &w.r[1]);
	/* No gap with the preferred alignment is left. */
	EXPECT_OK(vmr_alloc(&w.a, &w.r[2],
			    REQ_PREFER(VMR_FIRST, 0x100, 0x100, 0x1000), NULL));
	EXPECT_AT(0x100, 0x1ff, &w.r[2]);
	EXPECT_OK(vmr_alloc(&w.a, &w.r[3],
			    REQ_PREFER(VMR_LAST, 0x100, 0x100, 0x1000), NULL));
	EXPECT_AT(0x2f00, 0x2fff, &w.r[3]);
	EXPECT_FAIL(-ENOSPC, vmr_alloc(&w.a, &w.r[4],
				       REQ_PREFER(VMR_FIRST, 0x4000, 1, 0x1000),
				  &conflict));
	EXPECT_VALID(&w.a);
}

/* A preferred alignment below the required one has no effect. */
TEST(smaller_preferred_alignment_ignored)
{
	EXPECT_OK(vmr_space_init(&w.a, 0x100, 0x2fff));
	EXPECT_OK(vmr_alloc(&w.a, &w.r[0],
			    REQ_PREFER(VMR_FIRST, 0x100, 0x1000, 0x100), NULL));
	EXPECT_AT(0x1000, 0x10ff, &w.r[0]);
	/* A fixed request ignores the preferred alignment. */
	w.addr = 0x2100;
	EXPECT_OK(vmr_alloc(&w.a, &w.r[1],
			    (&(struct vmr_request){ .size = 1, .align = 0x100,
						.prefer_align = 0x1000,
						.max = VMR_ADDR_MAX, .addr = 0x2100,
						.policy = VMR_EXACT }), NULL));
	EXPECT_AT(0x2100, 0x2100, &w.r[1]);
}

/* The whole domain. */

/* A space can span all 64-bit addresses. */
TEST(space_spans_64_bits)
{
	int policy;

	EXPECT_OK(vmr_space_init(&w.a, 0, VMR_ADDR_MAX));
	for (policy = VMR_FIRST; policy < VMR_EXACT; policy++) {
		EXPECT_OK(vmr_alloc(&w.a, &w.r[0], REQ(policy, 1, 1), NULL));
		w.addr = policy == VMR_LAST ? VMR_ADDR_MAX : 0;
		EXPECT_AT(w.addr, w.addr, &w.r[0]);
		EXPECT_EQ(&w.r[0], vmr_find(&w.a, w.addr));
		EXPECT_VALID(&w.a);
		EXPECT_OK(vmr_free(&w.a, &w.r[0]));

		EXPECT_OK(vmr_alloc(&w.a, &w.r[0], REQ(policy, VMR_ADDR_MAX, 1), NULL));
		w.addr = policy == VMR_LAST ? 1 : 0;
		EXPECT_AT(w.addr, w.addr + (VMR_ADDR_MAX - 1), &w.r[0]);
		EXPECT_VALID(&w.a);
		EXPECT_OK(vmr_free(&w.a, &w.r[0]));

		EXPECT_OK(vmr_alloc(&w.a, &w.r[0],
				    REQ(policy, 1ULL << 63, 1ULL << 63), NULL));
		w.addr = policy == VMR_LAST ? 1ULL << 63 : 0;
		EXPECT_EQ(w.addr, w.r[0].start);
		/* The other half is one block, too. */
		EXPECT_OK(vmr_alloc(&w.a, &w.r[1],
				    REQ(policy, 1ULL << 63, 1ULL << 63), NULL));
		EXPECT_EQ((1ULL << 63) - w.addr, w.r[1].start);
		EXPECT_FALSE(vmr_first_gap(&w.a, &w.gap));
		EXPECT_VALID(&w.a);
		EXPECT_FAIL(-ENOSPC, vmr_alloc(&w.a, &w.r[2], REQ(policy, 1, 1),
					       &conflict));
		EXPECT_OK(vmr_free(&w.a, &w.r[0]));
		EXPECT_OK(vmr_free(&w.a, &w.r[1]));
	}
}

/* One range can span the whole domain. */
TEST(range_spans_whole_domain)
{
	EXPECT_OK(vmr_space_init(&w.a, 0, VMR_ADDR_MAX));
	EXPECT_OK(vmr_reserve(&w.a, &w.r[0], 0, VMR_ADDR_MAX, NULL));
	EXPECT_VALID(&w.a);
	EXPECT_EQ(&w.r[0], vmr_find(&w.a, 0));
	EXPECT_EQ(&w.r[0], vmr_find(&w.a, VMR_ADDR_MAX));
	EXPECT_EQ(&w.r[0], vmr_find_overlap(&w.a, VMR_ADDR_MAX, VMR_ADDR_MAX));
	EXPECT_FALSE(vmr_first_gap(&w.a, &w.gap));
	EXPECT_FALSE(vmr_largest_gap(&w.a, &w.gap));
	EXPECT_FAIL(-ENOSPC, vmr_alloc(&w.a, &w.r[1], REQ(VMR_FIRST, 1, 1),
				       &conflict));
	EXPECT_BUSY(&w.r[0], vmr_reserve(&w.a, &w.r[1], VMR_ADDR_MAX, VMR_ADDR_MAX,
					 &conflict));
	/* The range fits nowhere else: its size does not fit into 64 bits. */
	EXPECT_OK(vmr_move(&w.a, &w.r[0], 0, &conflict));
	EXPECT_FAIL(-EOVERFLOW, vmr_move(&w.a, &w.r[0], 1, &conflict));
	EXPECT_AT(0, VMR_ADDR_MAX, &w.r[0]);
	EXPECT_OK(vmr_free(&w.a, &w.r[0]));
	EXPECT_VALID(&w.a);
}

static void totals(struct __test_metadata *_metadata, uint64_t used_high,
		   uint64_t used_low, uint64_t unused_high, uint64_t unused_low)
{
	struct vmr_total used = vmr_space_used(&w.a), unused = vmr_space_unused(&w.a);

	EXPECT_EQ(used_high, used.high);
	EXPECT_EQ(used_low, used.low);
	EXPECT_EQ(unused_high, unused.high);
	EXPECT_EQ(unused_low, unused.low);
}

/* The used and unused totals represent 2^64. */
TEST(totals_represent_2_to_the_64)
{
	EXPECT_OK(vmr_space_init(&w.a, 0, VMR_ADDR_MAX));
	totals(_metadata, 0, 0, 1, 0);
	EXPECT_OK(vmr_reserve(&w.a, &w.r[0], 5, 5, NULL));
	totals(_metadata, 0, 1, 0, VMR_ADDR_MAX);
	EXPECT_OK(vmr_reserve(&w.a, &w.r[1], 6, VMR_ADDR_MAX, NULL));
	totals(_metadata, 0, VMR_ADDR_MAX - 4, 0, 5);
	EXPECT_OK(vmr_reserve(&w.a, &w.r[2], 0, 4, NULL));
	totals(_metadata, 1, 0, 0, 0);
	EXPECT_OK(vmr_free(&w.a, &w.r[0]));
	totals(_metadata, 0, VMR_ADDR_MAX, 0, 1);
	EXPECT_OK(vmr_free(&w.a, &w.r[1]));
	EXPECT_OK(vmr_free(&w.a, &w.r[2]));
	EXPECT_OK(vmr_reserve(&w.a, &w.r[0], 0, VMR_ADDR_MAX, NULL));
	totals(_metadata, 1, 0, 0, 0);

	EXPECT_OK(vmr_space_init(&w.a, 1, VMR_ADDR_MAX));
	totals(_metadata, 0, 0, 0, VMR_ADDR_MAX);
	EXPECT_OK(vmr_reserve(&w.a, &w.r[1], 1, VMR_ADDR_MAX, NULL));
	totals(_metadata, 0, VMR_ADDR_MAX, 0, 0);
}

/*
 * Ranges at the first and at the last byte of the domain behave like all others.
 */
TEST(ranges_at_domain_ends)
{
	EXPECT_OK(vmr_space_init(&w.a, 0, VMR_ADDR_MAX));
	EXPECT_OK(vmr_reserve(&w.a, &w.r[0], 0, 0, NULL));
	EXPECT_OK(vmr_reserve(&w.a, &w.r[1], VMR_ADDR_MAX, VMR_ADDR_MAX, NULL));
	EXPECT_VALID(&w.a);
	EXPECT_EQ(&w.r[0], vmr_find(&w.a, 0));
	EXPECT_EQ(&w.r[1], vmr_find(&w.a, VMR_ADDR_MAX));
	EXPECT_EQ(NULL, vmr_find(&w.a, 1));
	EXPECT_EQ(NULL, vmr_find(&w.a, VMR_ADDR_MAX - 1));
	EXPECT_EQ(NULL, vmr_find_overlap(&w.a, 1, VMR_ADDR_MAX - 1));
	EXPECT_EQ(&w.r[0], vmr_find_overlap(&w.a, 0, VMR_ADDR_MAX));
	EXPECT_TRUE(vmr_first_gap(&w.a, &w.gap));
	EXPECT_EQ((uint64_t)1, w.gap.start);
	EXPECT_EQ(VMR_ADDR_MAX - 1, w.gap.last);
	EXPECT_FALSE(vmr_next_gap(&w.a, &w.gap));

	EXPECT_OK(vmr_move(&w.a, &w.r[0], VMR_ADDR_MAX - 1, NULL));
	EXPECT_OK(vmr_move(&w.a, &w.r[1], 0, NULL));
	EXPECT_OK(vmr_move(&w.a, &w.r[0], VMR_ADDR_MAX, NULL));
	EXPECT_EQ(&w.r[1], vmr_find(&w.a, 0));
	EXPECT_EQ(&w.r[0], vmr_find(&w.a, VMR_ADDR_MAX));
	EXPECT_VALID(&w.a);
	EXPECT_OK(vmr_free_at(&w.a, VMR_ADDR_MAX, 1, &w.freed));
	EXPECT_EQ(&w.r[0], w.freed);
	EXPECT_OK(vmr_free_at(&w.a, 0, 1, &w.freed));
	EXPECT_EQ(&w.r[1], w.freed);
	EXPECT_VALID(&w.a);
}

/* Reserving. */

/*
 * If several errors apply, vmr_reserve() returns the one that is documented first.
 */
TEST(reserve_error_precedence)
{
	three_ranges(_metadata);
	EXPECT_FAIL(-EINVAL, vmr_reserve(NULL, &w.r[9], 1, 2, &conflict));
	EXPECT_FAIL(-EINVAL, vmr_reserve(&w.a, NULL, 1, 2, &conflict));
	/* Reversed, already linked, outside, in use. */
	EXPECT_FAIL(-EINVAL, vmr_reserve(&w.a, &w.r[0], 0x12001, 0x12000,
					 &conflict));
	EXPECT_FAIL(-EEXIST, vmr_reserve(&w.a, &w.r[0], 0, 0x12000, &conflict));
	EXPECT_FAIL(-EEXIST, vmr_reserve(&w.b, &w.r[0], LOW, LOW, &conflict));
	EXPECT_FAIL(-ERANGE, vmr_reserve(&w.a, &w.r[9], LOW - 1, 0x12000,
					 &conflict));
	EXPECT_FAIL(-ERANGE, vmr_reserve(&w.a, &w.r[9], 0x12000, HIGH + 1,
					 &conflict));
	EXPECT_FAIL(-ERANGE, vmr_reserve(&w.a, &w.r[9], 0, 0, &conflict));
	EXPECT_FAIL(-ERANGE, vmr_reserve(&w.a, &w.r[9], 0, VMR_ADDR_MAX, &conflict));
	EXPECT_BUSY(&w.r[0], vmr_reserve(&w.a, &w.r[9], LOW, HIGH, &conflict));
	EXPECT_BUSY(&w.r[0], vmr_reserve(&w.a, &w.r[9], 0x12fff, 0x14000,
					 &conflict));
	EXPECT_BUSY(&w.r[1], vmr_reserve(&w.a, &w.r[9], 0x13000, 0x14000,
					 &conflict));
	EXPECT_OK(vmr_reserve(&w.a, &w.r[9], 0x13000, 0x13fff, &conflict));
	EXPECT_AT(0x13000, 0x13fff, &w.r[9]);
	EXPECT_VALID(&w.a);
}

/* Moving. */

/* A move keeps the size of a range. */
TEST(move_keeps_size)
{
	three_ranges(_metadata);
	EXPECT_OK(vmr_move(&w.a, &w.r[1], 0x1a001, &conflict));
	EXPECT_AT(0x1a001, 0x1c000, &w.r[1]);
	EXPECT_EQ(NULL, vmr_find(&w.a, 0x14000));
	EXPECT_EQ(NULL, vmr_find(&w.a, 0x15fff));
	EXPECT_EQ(&w.r[1], vmr_find(&w.a, 0x1a001));
	EXPECT_EQ(&w.r[1], vmr_find(&w.a, 0x1c000));
	EXPECT_EQ((size_t)3, w.a.nr_ranges);
	EXPECT_VALID(&w.a);
}

/* A range may move to addresses that overlap its old ones. */
TEST(move_may_overlap_old_addresses)
{
	static const int64_t by[] = { 1, -1, 0xfff, -0xfff, 0x1000, -0x1000 };
	size_t i;

	three_ranges(_metadata);
	for (i = 0; i < ARRAY_SIZE(by); i++) {
		w.addr = 0x14000 + by[i];
		EXPECT_OK(vmr_move(&w.a, &w.r[1], w.addr, &conflict));
		EXPECT_AT(w.addr, w.addr + 0x1fff, &w.r[1]);
		EXPECT_VALID(&w.a);
		EXPECT_OK(vmr_move(&w.a, &w.r[1], 0x14000, &conflict));
		EXPECT_AT(0x14000, 0x15fff, &w.r[1]);
		EXPECT_VALID(&w.a);
	}
	/* Adjacent to both neighbours. */
	EXPECT_OK(vmr_move(&w.a, &w.r[1], 0x13000, &conflict));
	EXPECT_VALID(&w.a);
	EXPECT_BUSY(&w.r[0], vmr_move(&w.a, &w.r[1], 0x12fff, &conflict));
	EXPECT_OK(vmr_move(&w.a, &w.r[1], 0x16000, &conflict));
	EXPECT_VALID(&w.a);
	EXPECT_BUSY(&w.r[2], vmr_move(&w.a, &w.r[1], 0x16001, &conflict));
}

/* A move to the present address succeeds. */
TEST(move_to_same_address_succeeds)
{
	three_ranges(_metadata);
	EXPECT_OK(vmr_move(&w.a, &w.r[1], 0x14000, &conflict));
	EXPECT_AT(0x14000, 0x15fff, &w.r[1]);
	EXPECT_VALID(&w.a);
}

/* A move that overlaps other ranges fails and reports the lowest one. */
TEST(move_busy_reports_lowest_conflict)
{
	three_ranges(_metadata);
	EXPECT_BUSY(&w.r[0], vmr_move(&w.a, &w.r[1], 0x11000, &conflict));
	EXPECT_BUSY(&w.r[0], vmr_move(&w.a, &w.r[1], 0x12fff, &conflict));
	EXPECT_BUSY(&w.r[2], vmr_move(&w.a, &w.r[1], 0x16001, &conflict));
	/* The new addresses overlap the range itself, too. */
	EXPECT_OK(vmr_reserve(&w.a, &w.r[3], 0x16000, 0x16fff, NULL));
	EXPECT_BUSY(&w.r[3], vmr_move(&w.a, &w.r[1], 0x15000, &conflict));
	world_save();
	EXPECT_EQ(-EBUSY, vmr_move(&w.a, &w.r[1], 0x11000, NULL));
	EXPECT_EQ(0, world_changed());
}

/*
 * A range moves across its neighbour only if it does not overlap it afterwards.
 */
TEST(move_across_neighbour_needs_gap)
{
	EXPECT_OK(vmr_space_init(&w.a, 0, 99));
	EXPECT_OK(vmr_reserve(&w.a, &w.r[0], 0, 29, NULL));
	EXPECT_OK(vmr_reserve(&w.a, &w.r[1], 40, 41, NULL));
	EXPECT_BUSY(&w.r[1], vmr_move(&w.a, &w.r[0], 11, &conflict));
	EXPECT_BUSY(&w.r[1], vmr_move(&w.a, &w.r[0], 41, &conflict));
	EXPECT_OK(vmr_move(&w.a, &w.r[0], 42, &conflict));
	EXPECT_AT(42, 71, &w.r[0]);
	EXPECT_OK(vmr_move(&w.a, &w.r[0], 70, &conflict));
	EXPECT_AT(70, 99, &w.r[0]);
	EXPECT_OK(vmr_move(&w.a, &w.r[0], 10, &conflict));
	EXPECT_AT(10, 39, &w.r[0]);
	EXPECT_VALID(&w.a);
}

/*
 * If several errors apply, vmr_move() returns the one that is documented first.
 */
TEST(move_error_precedence)
{
	three_ranges(_metadata);
	EXPECT_OK(vmr_claim(&w.a, &w.r[3], 0x14000, 0x15fff));
	EXPECT_OK(vmr_park(&w.a, &w.r[4], 0x16000, 0x17fff));
	EXPECT_OK(vmr_reserve(&w.b, &w.r[5], 0x16000, 0x16fff, NULL));

	EXPECT_FAIL(-EINVAL, vmr_move(NULL, &w.r[0], 0x11000, &conflict));
	EXPECT_FAIL(-EINVAL, vmr_move(&w.a, NULL, 0x11000, &conflict));
	EXPECT_FAIL(-EOVERFLOW, vmr_move(&w.a, &w.r[0], VMR_ADDR_MAX, &conflict));
	EXPECT_FAIL(-EOVERFLOW, vmr_move(&w.a, &w.r[0], VMR_ADDR_MAX - 0xffe, &conflict));
	EXPECT_FAIL(-ERANGE, vmr_move(&w.a, &w.r[0], VMR_ADDR_MAX - 0xfff, &conflict));
	/* A range of another space, beyond the domain. */
	EXPECT_FAIL(-EOVERFLOW, vmr_move(&w.a, &w.r[5], VMR_ADDR_MAX, &conflict));
	/* Not live in this space: free, another space, claimed, parked. */
	EXPECT_FAIL(-ENOENT, vmr_move(&w.a, &w.r[9], 0x16000, &conflict));
	EXPECT_FAIL(-ENOENT, vmr_move(&w.a, &w.r[5], 0x16000, &conflict));
	EXPECT_FAIL(-ENOENT, vmr_move(&w.a, &w.r[3], 0x16000, &conflict));
	EXPECT_FAIL(-ENOENT, vmr_move(&w.a, &w.r[4], 0x16000, &conflict));
	/* The same, outside the space. */
	EXPECT_FAIL(-ENOENT, vmr_move(&w.a, &w.r[5], 0, &conflict));
	EXPECT_FAIL(-ERANGE, vmr_move(&w.a, &w.r[0], LOW - 1, &conflict));
	EXPECT_FAIL(-ERANGE, vmr_move(&w.a, &w.r[0], HIGH - 0xffe, &conflict));
	/* Outside, and over another range. */
	EXPECT_OK(vmr_reserve(&w.a, &w.r[6], HIGH, HIGH, NULL));
	EXPECT_FAIL(-ERANGE, vmr_move(&w.a, &w.r[0], HIGH - 0xffe, &conflict));
	EXPECT_BUSY(&w.r[6], vmr_move(&w.a, &w.r[0], HIGH - 0xfff, &conflict));
	EXPECT_OK(vmr_move(&w.a, &w.r[0], LOW, &conflict));
	EXPECT_OK(vmr_free(&w.a, &w.r[6]));
	EXPECT_OK(vmr_move(&w.a, &w.r[0], HIGH - 0xfff, &conflict));
	EXPECT_AT(HIGH - 0xfff, HIGH, &w.r[0]);
	EXPECT_VALID(&w.a);
}

/* Bulk moves. */

static struct vmr_move_op step_to(struct vmr_space *space, struct vmr_range *range,
				  struct vmr_space *to, uint64_t start)
{
	return (struct vmr_move_op){ .space = space, .range = range, .to_space = to,
				  .start = start };
}

/*
 * A failed bulk move leaves the ranges and the results of lookups unchanged. The shape of
 * the trees may differ and is not compared.
 */
struct sight {
	uint64_t		start;
	uint64_t		last;
	enum vmr_state		state;
	const struct vmr_range	*found;
};

static void look(struct sight *sight)
{
	size_t i;

	for (i = 0; i < WORLD_NODES; i++) {
		sight[i].start = w.r[i].start;
		sight[i].last = w.r[i].last;
		sight[i].state = vmr_range_state(&w.r[i]);
		sight[i].found = vmr_find(&w.a, LOW + i * 0x800);
	}
}

#define REFUSE_SET(err, step_, responder, steps, nr) \
	do { \
		struct sight before_[WORLD_NODES], after_[WORLD_NODES]; \
		struct vmr_range *who_ = (responder); \
		size_t failed_ = 77; \
		memset(before_, 0, sizeof(before_)); \
		memset(after_, 0, sizeof(after_)); \
		look(before_); \
		conflict = &no_range; \
		EXPECT_EQ((err), vmr_move_bulk(steps, nr, &failed_, &conflict)); \
		EXPECT_EQ((size_t)(step_), failed_); \
		EXPECT_EQ(who_ ? who_ : &no_range, conflict); \
		look(after_); \
		EXPECT_EQ(0, memcmp(before_, after_, sizeof(before_))); \
		EXPECT_VALID(&w.a); \
		EXPECT_VALID(&w.b); \
	} while (0)

/* A bulk move of one range has the effect of vmr_move(). */
TEST(bulk_move_of_one_equals_move)
{
	struct vmr_move_op s[1];

	three_ranges(_metadata);
	s[0] = step_to(&w.a, &w.r[1], &w.a, 0x15000);
	EXPECT_OK(vmr_move_bulk(s, 1, NULL, NULL));
	EXPECT_AT(0x15000, 0x16fff, &w.r[1]);
	s[0].start = 0x15000;
	EXPECT_OK(vmr_move_bulk(s, 1, NULL, NULL));
	EXPECT_AT(0x15000, 0x16fff, &w.r[1]);
	EXPECT_VALID(&w.a);
}

/* A bulk move can swap two ranges. */
TEST(bulk_move_swaps_two)
{
	struct vmr_move_op s[2];

	three_ranges(_metadata);
	s[0] = step_to(&w.a, &w.r[0], &w.a, 0x18000);
	s[1] = step_to(&w.a, &w.r[2], &w.a, 0x12000);
	EXPECT_OK(vmr_move_bulk(s, 2, NULL, NULL));
	EXPECT_AT(0x18000, 0x18fff, &w.r[0]);
	EXPECT_AT(0x12000, 0x12fff, &w.r[2]);
	EXPECT_EQ(&w.r[0], vmr_find(&w.a, 0x18000));
	EXPECT_EQ(&w.r[2], vmr_find(&w.a, 0x12000));
	EXPECT_VALID(&w.a);
}

/* A bulk move can rotate ranges and swap ranges of different sizes. */
TEST(bulk_move_rotates_and_swaps_sizes)
{
	struct vmr_move_op s[3];

	three_ranges(_metadata);
	s[0] = step_to(&w.a, &w.r[0], &w.a, 0x15000);
	s[1] = step_to(&w.a, &w.r[1], &w.a, 0x17800);
	s[2] = step_to(&w.a, &w.r[2], &w.a, 0x12000);
	EXPECT_OK(vmr_move_bulk(s, 3, NULL, NULL));
	EXPECT_AT(0x15000, 0x15fff, &w.r[0]);
	EXPECT_AT(0x17800, 0x197ff, &w.r[1]);
	EXPECT_AT(0x12000, 0x12fff, &w.r[2]);
	EXPECT_VALID(&w.a);

	/* Adjacent ranges of 1 and 2 addresses that swap. */
	EXPECT_OK(vmr_space_init(&w.b, 0, 2));
	EXPECT_OK(vmr_reserve(&w.b, &w.r[5], 0, 0, NULL));
	EXPECT_OK(vmr_reserve(&w.b, &w.r[6], 1, 2, NULL));
	s[0] = step_to(&w.b, &w.r[5], &w.b, 2);
	s[1] = step_to(&w.b, &w.r[6], &w.b, 0);
	EXPECT_OK(vmr_move_bulk(s, 2, NULL, NULL));
	EXPECT_AT(2, 2, &w.r[5]);
	EXPECT_AT(0, 1, &w.r[6]);
	EXPECT_VALID(&w.b);
}

/* A bulk move can move ranges between spaces that share a sequence count. */
TEST(bulk_move_between_sharing_spaces)
{
	static struct vmr_seqcount seq;
	struct vmr_move_op s[2];

	EXPECT_OK(vmr_space_init(&w.a, LOW, HIGH));
	EXPECT_OK(vmr_space_init(&w.b, 0, 0x1fff));
	EXPECT_OK(vmr_space_set_seqcount(&w.a, &seq));
	EXPECT_OK(vmr_space_set_seqcount(&w.b, &seq));
	EXPECT_OK(vmr_reserve(&w.a, &w.r[0], 0x12000, 0x12fff, NULL));
	EXPECT_OK(vmr_reserve(&w.b, &w.r[1], 0x1000, 0x1fff, NULL));
	s[0] = step_to(&w.a, &w.r[0], &w.b, 0x1000);
	s[1] = step_to(&w.b, &w.r[1], &w.a, 0x12000);
	EXPECT_OK(vmr_move_bulk(s, 2, NULL, NULL));
	EXPECT_EQ(&w.r[1], vmr_find(&w.a, 0x12000));
	EXPECT_EQ(&w.r[0], vmr_find(&w.b, 0x1000));
	EXPECT_TRUE(vmr_in_space(&w.b, &w.r[0]));
	EXPECT_FALSE(vmr_in_space(&w.a, &w.r[0]));
	EXPECT_VALID(&w.a);
	EXPECT_VALID(&w.b);

	/* Outside the target space. */
	s[0] = step_to(&w.b, &w.r[0], &w.a, 0x13000);
	s[1] = step_to(&w.a, &w.r[1], &w.b, 0x1001);
	REFUSE_SET(-ERANGE, 1, NULL, s, 2);
	/* Source and target exchanged. */
	s[1] = step_to(&w.b, &w.r[1], &w.a, 0x13000);
	REFUSE_SET(-ENOENT, 1, NULL, s, 2);
}

/*
 * A bulk move that fails changes nothing and reports the operation and the
 * conflict.
 */
TEST(bulk_move_failure_changes_nothing)
{
	struct vmr_move_op s[3];
	size_t failed = 77;

	three_ranges(_metadata);
	EXPECT_OK(vmr_reserve(&w.a, &w.r[3], 0x1c000, 0x1cfff, NULL));
	EXPECT_OK(vmr_claim(&w.a, &w.r[4], 0x1c000, 0x1cfff));

	/* A range that does not move conflicts with the first operation. */
	s[0] = step_to(&w.a, &w.r[0], &w.a, 0x1c800);
	s[1] = step_to(&w.a, &w.r[2], &w.a, 0x12000);
	REFUSE_SET(-EBUSY, 0, &w.r[3], s, 2);
	/* With the second, after an operation that is possible. */
	s[0] = step_to(&w.a, &w.r[0], &w.a, 0x18000);
	s[1] = step_to(&w.a, &w.r[2], &w.a, 0x1c800);
	REFUSE_SET(-EBUSY, 1, &w.r[3], s, 2);
	/* Two operations with the same target. */
	s[0] = step_to(&w.a, &w.r[0], &w.a, 0x16000);
	s[1] = step_to(&w.a, &w.r[2], &w.a, 0x16fff);
	REFUSE_SET(-EBUSY, 1, &w.r[0], s, 2);
	/* With the third. */
	s[0] = step_to(&w.a, &w.r[0], &w.a, 0x18000);
	s[1] = step_to(&w.a, &w.r[2], &w.a, 0x1d000);
	s[2] = step_to(&w.a, &w.r[1], &w.a, 0x13000);
	EXPECT_OK(vmr_reserve(&w.a, &w.r[5], 0x13800, 0x13fff, NULL));
	REFUSE_SET(-EBUSY, 2, &w.r[5], s, 3);
	/* An invalid operation is reported before a conflict. */
	s[0] = step_to(&w.a, &w.r[0], &w.a, 0x1c800);
	s[1] = step_to(&w.a, &w.r[9], &w.a, 0x12000);
	REFUSE_SET(-ENOENT, 1, NULL, s, 2);
	/* Of several invalid operations, the first is reported. */
	s[0] = step_to(&w.a, &w.r[0], &w.a, 0x13000);
	s[1] = step_to(&w.a, &w.r[0], &w.a, 0x12000);
	s[2] = step_to(&w.a, &w.r[9], &w.a, 0x12000);
	REFUSE_SET(-EINVAL, 1, NULL, s, 3);
	s[0] = step_to(&w.a, &w.r[0], &w.a, 0x1c800);
	s[1] = step_to(&w.a, &w.r[2], &w.a, 0);
	s[2] = step_to(&w.a, &w.r[0], &w.a, 0x12000);
	REFUSE_SET(-ERANGE, 1, NULL, s, 3);

	s[0] = step_to(&w.a, &w.r[0], &w.a, 0x18000);
	s[1] = step_to(&w.a, &w.r[2], &w.a, VMR_ADDR_MAX);
	REFUSE_SET(-EOVERFLOW, 1, NULL, s, 2);
	s[1] = step_to(&w.a, &w.r[2], &w.a, HIGH);
	REFUSE_SET(-ERANGE, 1, NULL, s, 2);
	s[1] = step_to(&w.a, &w.r[9], &w.a, 0x16000);
	REFUSE_SET(-ENOENT, 1, NULL, s, 2);
	s[1] = step_to(&w.a, &w.r[4], &w.a, 0x16000);
	REFUSE_SET(-ENOENT, 1, NULL, s, 2);
	s[1] = step_to(&w.b, &w.r[2], &w.b, 0x16000);
	EXPECT_GT(0, vmr_move_bulk(s, 2, &failed, NULL));
	EXPECT_EQ((size_t)1, failed);
	EXPECT_AT(0x12000, 0x12fff, &w.r[0]);
	EXPECT_AT(0x18000, 0x18fff, &w.r[2]);
}

/*
 * A bulk move fails with NULL, with no operations, with a range twice, and between
 * spaces with separate sequence counts.
 */
TEST(bulk_move_invalid_einval)
{
	struct vmr_move_op s[2];

	three_ranges(_metadata);
	s[0] = step_to(&w.a, &w.r[0], &w.a, 0x18000);
	s[1] = step_to(&w.a, &w.r[2], &w.a, 0x12000);
	EXPECT_EQ(-EINVAL, vmr_move_bulk(NULL, 1, NULL, NULL));
	EXPECT_EQ(-EINVAL, vmr_move_bulk(s, 0, NULL, NULL));
	s[1].range = NULL;
	REFUSE_SET(-EINVAL, 1, NULL, s, 2);
	s[1].range = &w.r[2];
	s[1].space = NULL;
	REFUSE_SET(-EINVAL, 1, NULL, s, 2);
	s[1].space = &w.a;
	s[1].to_space = NULL;
	REFUSE_SET(-EINVAL, 1, NULL, s, 2);
	s[1].to_space = &w.b;
	REFUSE_SET(-EINVAL, 1, NULL, s, 2);
	s[1].to_space = &w.a;
	s[1].range = &w.r[0];
	s[1].start = 0x16000;
	REFUSE_SET(-EINVAL, 1, NULL, s, 2);
	s[1].range = &w.r[2];
	EXPECT_OK(vmr_move_bulk(s, 2, NULL, NULL));
	EXPECT_AT(0x16000, 0x16fff, &w.r[2]);
}

/* Freeing. */

/* A freed node has a zeroed link and keeps its start and last address. */
TEST(freed_node_zero_keeps_addresses)
{
	static const struct vmr_node zero;

	three_ranges(_metadata);
	EXPECT_OK(vmr_free(&w.a, &w.r[1]));
	EXPECT_EQ(0, memcmp(&zero, &w.r[1].node, sizeof(zero)));
	EXPECT_EQ((uint64_t)0x14000, w.r[1].start);
	EXPECT_EQ((uint64_t)0x15fff, w.r[1].last);
	EXPECT_EQ(VMR_FREE, vmr_range_state(&w.r[1]));
	EXPECT_EQ(NULL, vmr_find(&w.a, 0x14000));
	EXPECT_EQ((size_t)2, w.a.nr_ranges);
	EXPECT_VALID(&w.a);
	EXPECT_OK(vmr_alloc(&w.a, &w.r[1], REQ(VMR_LAST, 1, 1), NULL));
	EXPECT_AT(HIGH, HIGH, &w.r[1]);
	EXPECT_OK(vmr_free(&w.a, &w.r[1]));
	/* The node may be linked in another space. */
	EXPECT_OK(vmr_alloc(&w.b, &w.r[1], REQ(VMR_LAST, 1, 1), NULL));
	EXPECT_TRUE(vmr_in_space(&w.b, &w.r[1]));
}

/* vmr_free() fails for a range that is not in the space. */
TEST(free_wrong_space_enoent)
{
	three_ranges(_metadata);
	EXPECT_OK(vmr_claim(&w.a, &w.r[3], 0x14000, 0x14fff));
	EXPECT_OK(vmr_reserve(&w.b, &w.r[4], 0x14000, 0x14fff, NULL));
	EXPECT_FAIL(-EINVAL, vmr_free(NULL, &w.r[0]));
	EXPECT_FAIL(-EINVAL, vmr_free(&w.a, NULL));
	/* Never allocated, of another space, a claim in another space. */
	EXPECT_FAIL(-ENOENT, vmr_free(&w.a, &w.r[9]));
	MISUSE(EXPECT_FAIL(-ENOENT, vmr_free(&w.b, &w.r[0])));
	MISUSE(EXPECT_FAIL(-ENOENT, vmr_free(&w.a, &w.r[4])));
	MISUSE(EXPECT_FAIL(-ENOENT, vmr_free(&w.b, &w.r[3])));
	/* Twice. */
	EXPECT_OK(vmr_free(&w.a, &w.r[0]));
	EXPECT_FAIL(-ENOENT, vmr_free(&w.a, &w.r[0]));
	EXPECT_OK(vmr_free(&w.a, &w.r[3]));
	EXPECT_FAIL(-ENOENT, vmr_free(&w.a, &w.r[3]));
	/* In an empty space, and the same address in another space. */
	EXPECT_OK(vmr_free(&w.b, &w.r[4]));
	MISUSE(EXPECT_FAIL(-ENOENT, vmr_free(&w.b, &w.r[1])));
	EXPECT_VALID(&w.a);
	EXPECT_VALID(&w.b);
}

/* vmr_free() also frees claimed and parked ranges. */
TEST(free_accepts_claimed_and_parked)
{
	static const struct vmr_node zero;

	three_ranges(_metadata);
	EXPECT_OK(vmr_claim(&w.a, &w.r[3], 0x14000, 0x14fff));
	EXPECT_OK(vmr_park(&w.a, &w.r[4], 0x14000, 0x14fff));
	EXPECT_EQ((size_t)2, w.a.nr_claims);
	EXPECT_OK(vmr_free(&w.a, &w.r[3]));
	EXPECT_EQ(0, memcmp(&zero, &w.r[3].node, sizeof(zero)));
	EXPECT_EQ(VMR_FREE, vmr_range_state(&w.r[3]));
	EXPECT_EQ((uint64_t)0x14000, w.r[3].start);
	EXPECT_EQ((uint64_t)0x14fff, w.r[3].last);
	EXPECT_OK(vmr_free(&w.a, &w.r[4]));
	EXPECT_EQ((size_t)0, w.a.nr_claims);
	EXPECT_EQ((size_t)3, w.a.nr_ranges);
	EXPECT_VALID(&w.a);
	EXPECT_OK(vmr_alloc(&w.a, &w.r[3], REQ(VMR_FIRST, 1, 1), NULL));
}

/* vmr_free_at() fails unless the start and the size match one live range. */
TEST(free_at_needs_exact_range)
{
	three_ranges(_metadata);
	EXPECT_OK(vmr_reserve(&w.a, &w.r[3], 0x13000, 0x13fff, NULL));
	EXPECT_OK(vmr_claim(&w.a, &w.r[4], 0x1a000, 0x1afff));
	EXPECT_FAIL(-ENOENT, vmr_free_at(&w.a, 0x12000, 0x0fff, &w.freed));
	EXPECT_FAIL(-ENOENT, vmr_free_at(&w.a, 0x12000, 0x1001, &w.freed));
	EXPECT_FAIL(-ENOENT, vmr_free_at(&w.a, 0x12001, 0x0fff, &w.freed));
	EXPECT_FAIL(-ENOENT, vmr_free_at(&w.a, 0x11fff, 0x1001, &w.freed));
	/* Two adjacent ranges are not one. */
	EXPECT_FAIL(-ENOENT, vmr_free_at(&w.a, 0x12000, 0x2000, &w.freed));
	/* A gap, and addresses that are only claimed. */
	EXPECT_FAIL(-ENOENT, vmr_free_at(&w.a, 0x10000, 0x1000, &w.freed));
	EXPECT_FAIL(-ENOENT, vmr_free_at(&w.a, 0x1a000, 0x1000, &w.freed));
	EXPECT_OK(vmr_free_at(&w.a, 0x12000, 0x1000, &w.freed));
	EXPECT_EQ(&w.r[0], w.freed);
	EXPECT_EQ(VMR_FREE, vmr_range_state(&w.r[0]));
	EXPECT_FAIL(-ENOENT, vmr_free_at(&w.a, 0x12000, 0x1000, &w.freed));
	EXPECT_OK(vmr_free_at(&w.a, 0x13000, 0x1000, NULL));
	EXPECT_EQ(VMR_FREE, vmr_range_state(&w.r[3]));
	EXPECT_VALID(&w.a);
}

/*
 * If several errors apply, vmr_free_at() returns the one that is documented first.
 */
TEST(free_at_error_precedence)
{
	three_ranges(_metadata);
	EXPECT_FAIL(-EINVAL, vmr_free_at(NULL, 0x12000, 0x1000, &w.freed));
	EXPECT_FAIL(-EINVAL, vmr_free_at(&w.a, VMR_ADDR_MAX, 0, &w.freed));
	EXPECT_FAIL(-EOVERFLOW, vmr_free_at(&w.a, VMR_ADDR_MAX, 2, &w.freed));
	EXPECT_FAIL(-EOVERFLOW, vmr_free_at(&w.a, 0x12000, VMR_ADDR_MAX, &w.freed));
	EXPECT_FAIL(-ERANGE, vmr_free_at(&w.a, VMR_ADDR_MAX, 1, &w.freed));
	EXPECT_FAIL(-ERANGE, vmr_free_at(&w.a, LOW - 1, 1, &w.freed));
	EXPECT_FAIL(-ERANGE, vmr_free_at(&w.a, LOW - 1, 2, &w.freed));
	EXPECT_FAIL(-ERANGE, vmr_free_at(&w.a, HIGH, 2, &w.freed));
	EXPECT_FAIL(-ENOENT, vmr_free_at(&w.a, HIGH, 1, &w.freed));
}

/* Adjacent gaps merge, also gaps of one address. */
TEST(adjacent_gaps_merge)
{
	size_t i;

	EXPECT_OK(vmr_space_init(&w.a, 0, 7));
	for (i = 0; i < 8; i++)
		EXPECT_OK(vmr_reserve(&w.a, &w.r[i], i, i, NULL));
	EXPECT_FALSE(vmr_first_gap(&w.a, &w.gap));
	/* The order merges to the left, to the right and on both sides. */
	EXPECT_OK(vmr_free(&w.a, &w.r[3]));
	EXPECT_OK(vmr_free(&w.a, &w.r[4]));
	EXPECT_OK(vmr_free(&w.a, &w.r[2]));
	EXPECT_OK(vmr_free(&w.a, &w.r[6]));
	EXPECT_OK(vmr_free(&w.a, &w.r[5]));
	EXPECT_TRUE(vmr_first_gap(&w.a, &w.gap));
	EXPECT_EQ((uint64_t)2, w.gap.start);
	EXPECT_EQ((uint64_t)6, w.gap.last);
	EXPECT_FALSE(vmr_next_gap(&w.a, &w.gap));
	EXPECT_OK(vmr_alloc(&w.a, &w.r[9], REQ(VMR_FIRST, 5, 1), NULL));
	EXPECT_AT(2, 6, &w.r[9]);
	EXPECT_VALID(&w.a);
}

/* Finding. */

/* vmr_find() is correct for every address of a space. */
TEST(find_covers_every_address)
{
	uint64_t addr, start, last;
	struct vmr_range *want;

	three_ranges(_metadata);
	for (addr = LOW - 2; addr <= HIGH + 2; addr++) {
		want = NULL;
		if (addr >= 0x12000 && addr <= 0x12fff)
			want = &w.r[0];
		if (addr >= 0x14000 && addr <= 0x15fff)
			want = &w.r[1];
		if (addr >= 0x18000 && addr <= 0x18fff)
			want = &w.r[2];
		ASSERT_EQ(want, vmr_find(&w.a, addr));
		start = 0;
		last = 0;
		ASSERT_EQ(want, vmr_find_lockless(&w.a, addr, &start, &last));
		if (want) {
			ASSERT_EQ(want->start, start);
			ASSERT_EQ(want->last, last);
		}
	}
	EXPECT_EQ(NULL, vmr_find(&w.a, 0));
	EXPECT_EQ(NULL, vmr_find(&w.a, VMR_ADDR_MAX));
	EXPECT_EQ(&w.r[0], vmr_find_lockless(&w.a, 0x12000, NULL, NULL));
}

/* vmr_find_overlap() returns the lowest overlapping range. */
TEST(find_overlap_returns_lowest)
{
	three_ranges(_metadata);
	EXPECT_EQ(&w.r[0], vmr_find_overlap(&w.a, 0, VMR_ADDR_MAX));
	EXPECT_EQ(&w.r[0], vmr_find_overlap(&w.a, 0x12fff, 0x18000));
	EXPECT_EQ(&w.r[1], vmr_find_overlap(&w.a, 0x13000, 0x18000));
	EXPECT_EQ(NULL, vmr_find_overlap(&w.a, 0x13000, 0x13fff));
	EXPECT_EQ(&w.r[1], vmr_find_overlap(&w.a, 0x13000, 0x14000));
	EXPECT_EQ(&w.r[1], vmr_find_overlap(&w.a, 0x14800, 0x14800));
	EXPECT_EQ(NULL, vmr_find_overlap(&w.a, 0x19000, VMR_ADDR_MAX));
	EXPECT_EQ(NULL, vmr_find_overlap(&w.a, 0, 0x11fff));
	/* Reversed. */
	EXPECT_EQ(NULL, vmr_find_overlap(&w.a, 0x15000, 0x14000));
	EXPECT_EQ(NULL, vmr_find_overlap(&w.a, VMR_ADDR_MAX, 0));
}

/* Ranges are iterated by address in both directions. */
TEST(range_iteration_by_address)
{
	struct vmr_range *range, *tmp;
	int i = 0;

	three_ranges(_metadata);
	vmr_for_each_range(range, &w.a)
		EXPECT_EQ(&w.r[i++], range);
	EXPECT_EQ(3, i);
	EXPECT_EQ(&w.r[0], vmr_first_range(&w.a));
	EXPECT_EQ(&w.r[2], vmr_last_range(&w.a));
	for (range = vmr_last_range(&w.a); range; range = vmr_prev_range(range))
		EXPECT_EQ(&w.r[--i], range);
	EXPECT_EQ(0, i);
	vmr_for_each_range_safe(range, tmp, &w.a) {
		EXPECT_EQ(&w.r[i++], range);
		EXPECT_OK(vmr_free(&w.a, range));
	}
	EXPECT_EQ(3, i);
	EXPECT_EQ((size_t)0, w.a.nr_ranges);
	EXPECT_VALID(&w.a);
}

/* Gap iteration visits each gap once. */
TEST(gap_iteration_visits_each_gap_once)
{
	static const uint64_t want[][2] = {
		{ 0x10000, 0x11fff }, { 0x13000, 0x13fff },
		{ 0x16000, 0x17fff }, { 0x19000, HIGH },
	};
	struct vmr_gap gap;
	size_t i = 0;

	three_ranges(_metadata);
	vmr_for_each_gap(&gap, &w.a) {
		ASSERT_GT(ARRAY_SIZE(want), i);
		EXPECT_EQ(want[i][0], gap.start);
		EXPECT_EQ(want[i][1], gap.last);
		EXPECT_EQ(i < 3 ? &w.r[i] : NULL, gap.next);
		i++;
	}
	EXPECT_EQ(ARRAY_SIZE(want), i);

	/* No gap at the start or the end, and adjacent ranges. */
	EXPECT_OK(vmr_reserve(&w.a, &w.r[3], LOW, 0x11fff, NULL));
	EXPECT_OK(vmr_reserve(&w.a, &w.r[4], 0x13000, 0x13fff, NULL));
	EXPECT_OK(vmr_reserve(&w.a, &w.r[5], 0x19000, HIGH, NULL));
	ASSERT_TRUE(vmr_first_gap(&w.a, &w.gap));
	EXPECT_EQ((uint64_t)0x16000, w.gap.start);
	EXPECT_EQ((uint64_t)0x17fff, w.gap.last);
	EXPECT_EQ(&w.r[2], w.gap.next);
	world_save();
	EXPECT_FALSE(vmr_next_gap(&w.a, &w.gap));
	EXPECT_EQ(0, world_changed());

	EXPECT_OK(vmr_reserve(&w.a, &w.r[6], 0x16000, 0x17fff, NULL));
	world_save();
	EXPECT_FALSE(vmr_first_gap(&w.a, &w.gap));
	EXPECT_FALSE(vmr_largest_gap(&w.a, &w.gap));
	EXPECT_EQ(0, world_changed());
}

/* Of several largest gaps, the lowest one is returned. */
TEST(largest_gap_lowest_of_equals)
{
	EXPECT_OK(vmr_space_init(&w.a, 0, 99));
	EXPECT_TRUE(vmr_largest_gap(&w.a, &w.gap));
	EXPECT_EQ((uint64_t)0, w.gap.start);
	EXPECT_EQ((uint64_t)99, w.gap.last);
	EXPECT_EQ(NULL, w.gap.next);
	/* Gaps of 5, 10, 10, and of 10 at the end. */
	LEAVE_GAPS(&w.a, &w.r[0], { 0, 4 }, { 20, 29 }, { 50, 59 }, { 90, 99 });
	EXPECT_TRUE(vmr_largest_gap(&w.a, &w.gap));
	EXPECT_EQ((uint64_t)20, w.gap.start);
	EXPECT_EQ((uint64_t)29, w.gap.last);
	EXPECT_EQ(&w.r[1], w.gap.next);
	/* A longer gap at the end. */
	EXPECT_OK(vmr_free_at(&w.a, 60, 30, &w.freed));
	EXPECT_TRUE(vmr_largest_gap(&w.a, &w.gap));
	EXPECT_EQ((uint64_t)50, w.gap.start);
	EXPECT_EQ((uint64_t)99, w.gap.last);
	EXPECT_EQ(NULL, w.gap.next);
	EXPECT_OK(vmr_reserve(&w.a, w.freed, 60, 88, NULL));
	EXPECT_TRUE(vmr_largest_gap(&w.a, &w.gap));
	EXPECT_EQ((uint64_t)89, w.gap.start);
	EXPECT_EQ((uint64_t)99, w.gap.last);
}

/* Claims. */

/*
 * If several errors apply, vmr_claim() returns the one that is documented first.
 */
TEST(claim_error_precedence)
{
	three_ranges(_metadata);
	EXPECT_OK(vmr_reserve(&w.b, &w.r[3], 0x14000, 0x14fff, NULL));
	EXPECT_OK(vmr_claim(&w.b, &w.r[4], 0x14000, 0x14fff));
	EXPECT_OK(vmr_claim(&w.a, &w.r[5], 0x14000, 0x14fff));

	EXPECT_FAIL(-EINVAL, vmr_claim(NULL, &w.r[0], LOW, LOW));
	EXPECT_FAIL(-EINVAL, vmr_claim(&w.a, NULL, LOW, LOW));
	EXPECT_FAIL(-EINVAL, vmr_claim(&w.a, &w.r[3], 1, 0));
	EXPECT_FAIL(-EEXIST, vmr_claim(&w.a, &w.r[3], 0, 1));
	EXPECT_FAIL(-EEXIST, vmr_claim(&w.a, &w.r[4], LOW, LOW));
	EXPECT_FAIL(-ERANGE, vmr_claim(&w.a, &w.r[0], LOW - 1, LOW));
	EXPECT_FAIL(-ERANGE, vmr_claim(&w.a, &w.r[5], HIGH, HIGH + 1));
	EXPECT_FAIL(-ERANGE, vmr_claim(&w.a, &w.r[9], 0, 0));

	EXPECT_FAIL(-EINVAL, vmr_park(NULL, &w.r[0], LOW, LOW));
	EXPECT_FAIL(-EINVAL, vmr_park(&w.a, NULL, LOW, LOW));
	EXPECT_FAIL(-EINVAL, vmr_park(&w.a, &w.r[3], 1, 0));
	EXPECT_FAIL(-EEXIST, vmr_park(&w.a, &w.r[3], 0, 1));
	EXPECT_FAIL(-EEXIST, vmr_park(&w.a, &w.r[4], LOW, LOW));
	EXPECT_FAIL(-ERANGE, vmr_park(&w.a, &w.r[0], LOW - 1, LOW));
	EXPECT_FAIL(-ERANGE, vmr_park(&w.a, &w.r[5], HIGH, HIGH + 1));
	EXPECT_FAIL(-ERANGE, vmr_park(&w.a, &w.r[9], 0, 0));

	EXPECT_EQ(VMR_LIVE, vmr_range_state(&w.r[0]));
	EXPECT_EQ(VMR_CLAIMED, vmr_range_state(&w.r[5]));
}

/*
 * A live range that becomes a claim frees its addresses at once, and no lookup
 * finds it.
 */
TEST(claim_frees_old_addresses_at_once)
{
	three_ranges(_metadata);
	EXPECT_OK(vmr_claim(&w.a, &w.r[0], 0x14800, 0x157ff));
	EXPECT_EQ(VMR_CLAIMED, vmr_range_state(&w.r[0]));
	EXPECT_TRUE(vmr_in_space(&w.a, &w.r[0]));
	EXPECT_EQ((uint64_t)0x14800, w.r[0].start);
	EXPECT_EQ((uint64_t)0x157ff, w.r[0].last);
	EXPECT_EQ(NULL, vmr_find(&w.a, 0x12000));
	/* Lookups still find the present owner. */
	EXPECT_EQ(&w.r[1], vmr_find(&w.a, 0x14800));
	EXPECT_EQ(&w.r[1], vmr_find_overlap(&w.a, 0, 0x14800));
	EXPECT_EQ((size_t)2, w.a.nr_ranges);
	EXPECT_EQ((size_t)1, w.a.nr_claims);
	EXPECT_EQ((uint64_t)0x3000, vmr_space_used(&w.a).low);
	EXPECT_EQ(&w.r[0], vmr_first_claim(&w.a, 0, VMR_ADDR_MAX));
	EXPECT_EQ(&w.r[1], vmr_first_range(&w.a));
	EXPECT_EQ(&w.r[2], vmr_next_range(&w.r[1]));
	EXPECT_VALID(&w.a);
	/* On free addresses, too, until vmr_settle(). */
	EXPECT_OK(vmr_claim(&w.a, &w.r[0], 0x12000, 0x12fff));
	EXPECT_EQ(NULL, vmr_find(&w.a, 0x12000));
	EXPECT_VALID(&w.a);
}

/* vmr_settle() makes a claim live only if all of its addresses are free. */
TEST(settle_needs_all_addresses_free)
{
	three_ranges(_metadata);
	EXPECT_OK(vmr_claim(&w.a, &w.r[3], 0x12800, 0x147ff));
	EXPECT_EQ(NULL, vmr_settle(&w.a, 0, VMR_ADDR_MAX));
	EXPECT_OK(vmr_free(&w.a, &w.r[0]));
	world_save();
	EXPECT_EQ(NULL, vmr_settle(&w.a, 0, VMR_ADDR_MAX));
	EXPECT_EQ(0, world_changed());
	EXPECT_OK(vmr_move(&w.a, &w.r[1], 0x14800, NULL));
	EXPECT_EQ(&w.r[3], vmr_settle(&w.a, 0x14000, 0x14000));
	EXPECT_AT(0x12800, 0x147ff, &w.r[3]);
	EXPECT_EQ((size_t)0, w.a.nr_claims);
	EXPECT_EQ((size_t)3, w.a.nr_ranges);
	EXPECT_EQ(NULL, vmr_settle(&w.a, 0, VMR_ADDR_MAX));
	EXPECT_EQ(&w.r[3], vmr_find(&w.a, 0x13000));
	EXPECT_VALID(&w.a);
}

/* vmr_settle() considers only the claims that overlap the addresses. */
TEST(settle_considers_overlapping_claims)
{
	three_ranges(_metadata);
	EXPECT_OK(vmr_claim(&w.a, &w.r[3], 0x1a000, 0x1afff));
	EXPECT_EQ(NULL, vmr_settle(&w.a, 0, 0x19fff));
	EXPECT_EQ(NULL, vmr_settle(&w.a, 0x1b000, VMR_ADDR_MAX));
	EXPECT_EQ(NULL, vmr_settle(&w.a, 0x1afff, 0x1a000));
	EXPECT_EQ(VMR_CLAIMED, vmr_range_state(&w.r[3]));
	EXPECT_EQ(&w.r[3], vmr_settle(&w.a, 0x1afff, 0x1b000));
	EXPECT_OK(vmr_claim(&w.a, &w.r[3], 0x1a000, 0x1afff));
	EXPECT_EQ(&w.r[3], vmr_settle(&w.a, 0x19000, 0x1a000));
	EXPECT_EQ(NULL, vmr_settle(NULL, 0, VMR_ADDR_MAX));
}

/* Of several claims, the oldest becomes live first. */
TEST(settle_oldest_claim_first)
{
	three_ranges(_metadata);
	EXPECT_OK(vmr_claim(&w.a, &w.r[3], 0x14800, 0x14fff));
	EXPECT_OK(vmr_claim(&w.a, &w.r[4], 0x14000, 0x14fff));
	EXPECT_OK(vmr_claim(&w.a, &w.r[5], 0x14000, 0x14fff));
	EXPECT_VALID(&w.a);
	/* A repeated vmr_claim() makes a claim the youngest. */
	EXPECT_OK(vmr_claim(&w.a, &w.r[3], 0x14800, 0x14fff));
	EXPECT_VALID(&w.a);
	EXPECT_OK(vmr_free(&w.a, &w.r[1]));
	EXPECT_EQ(&w.r[4], vmr_settle(&w.a, 0x14000, 0x15fff));
	EXPECT_EQ(NULL, vmr_settle(&w.a, 0x14000, 0x15fff));
	EXPECT_OK(vmr_free(&w.a, &w.r[4]));
	EXPECT_EQ(&w.r[5], vmr_settle(&w.a, 0x14000, 0x15fff));
	/* A range that claims its own addresses is younger than the waiting claim. */
	EXPECT_OK(vmr_claim(&w.a, &w.r[5], 0x14000, 0x14fff));
	EXPECT_EQ(&w.r[3], vmr_settle(&w.a, 0x14000, 0x15fff));
	EXPECT_EQ(NULL, vmr_settle(&w.a, 0x14000, 0x15fff));
	EXPECT_OK(vmr_free(&w.a, &w.r[3]));
	EXPECT_EQ(&w.r[5], vmr_settle(&w.a, 0x14000, 0x15fff));
	EXPECT_VALID(&w.a);
}

/* An older claim that must wait does not delay a younger one. */
TEST(settle_skips_blocked_older_claim)
{
	three_ranges(_metadata);
	EXPECT_OK(vmr_claim(&w.a, &w.r[3], 0x12000, 0x15fff));
	EXPECT_OK(vmr_claim(&w.a, &w.r[4], 0x14000, 0x14fff));
	EXPECT_OK(vmr_free(&w.a, &w.r[1]));
	EXPECT_EQ(&w.r[4], vmr_settle(&w.a, 0x14000, 0x15fff));
	EXPECT_EQ(NULL, vmr_settle(&w.a, 0x14000, 0x15fff));
	EXPECT_EQ(VMR_CLAIMED, vmr_range_state(&w.r[3]));
}

/* Claims by age, whatever the order of their places, and each once in a loop */
TEST(settle_order_of_many_claims)
{
	static struct vmr_range many[150];
	const size_t nr = ARRAY_SIZE(many);
	size_t i, at;

	EXPECT_OK(vmr_space_init(&w.a, 0, VMR_ADDR_MAX));
	memset(many, 0, sizeof(many));
	for (i = 0; i < nr; i++) {
		/* Runs of places that ascend, and places that do not; no two equal. */
		at = i < 40 ? i : 40 + (i - 40) * 67 % 110;
		EXPECT_OK(vmr_claim(&w.a, &many[i], 0x20000 + at * 0x100,
				    0x200ff + at * 0x100));
	}
	for (i = 0; i < nr; i++)
		EXPECT_EQ(&many[i], vmr_settle(&w.a, 0, VMR_ADDR_MAX));
	EXPECT_NULL(vmr_settle(&w.a, 0, VMR_ADDR_MAX));
	EXPECT_VALID(&w.a);
}

/* A claim that a loop over vmr_settle() has yet to test is in its space. */
TEST(claim_in_loop_over_settle)
{
	three_ranges(_metadata);
	EXPECT_OK(vmr_claim(&w.a, &w.r[3], 0x1a000, 0x1afff));
	EXPECT_OK(vmr_claim(&w.a, &w.r[4], 0x1b000, 0x1bfff));
	EXPECT_OK(vmr_claim(&w.a, &w.r[5], 0x1c000, 0x1cfff));
	EXPECT_EQ(&w.r[3], vmr_settle(&w.a, 0, VMR_ADDR_MAX));
	EXPECT_TRUE(vmr_in_space(&w.a, &w.r[4]));
	EXPECT_TRUE(vmr_in_space(&w.a, &w.r[5]));
	EXPECT_OK(vmr_space_init(&w.b, 0, VMR_ADDR_MAX));
	EXPECT_FALSE(vmr_in_space(&w.b, &w.r[4]));
	EXPECT_EQ(VMR_CLAIMED, vmr_range_state(&w.r[4]));
	EXPECT_EQ(&w.r[4], vmr_first_claim(&w.a, 0, VMR_ADDR_MAX));
	EXPECT_EQ(&w.r[5], vmr_next_claim(&w.r[4], 0, VMR_ADDR_MAX));
	/* A claim that is freed there is not settled later. */
	EXPECT_EQ(&w.r[4], vmr_settle(&w.a, 0, VMR_ADDR_MAX));
	EXPECT_OK(vmr_free(&w.a, &w.r[5]));
	EXPECT_NULL(vmr_settle(&w.a, 0, VMR_ADDR_MAX));
	EXPECT_VALID(&w.a);
}

/* Two ranges that claim each other's addresses swap. */
TEST(mutual_claims_swap)
{
	three_ranges(_metadata);
	EXPECT_OK(vmr_claim(&w.a, &w.r[0], 0x18000, 0x18fff));
	EXPECT_EQ(NULL, vmr_settle(&w.a, 0x12000, 0x12fff));
	EXPECT_OK(vmr_claim(&w.a, &w.r[2], 0x12000, 0x12fff));
	EXPECT_EQ(&w.r[0], vmr_settle(&w.a, 0, VMR_ADDR_MAX));
	EXPECT_EQ(&w.r[2], vmr_settle(&w.a, 0, VMR_ADDR_MAX));
	EXPECT_EQ(NULL, vmr_settle(&w.a, 0, VMR_ADDR_MAX));
	EXPECT_AT(0x18000, 0x18fff, &w.r[0]);
	EXPECT_AT(0x12000, 0x12fff, &w.r[2]);
	EXPECT_VALID(&w.a);
}

/* A parked range does not become live by itself. */
TEST(parked_range_never_settles)
{
	three_ranges(_metadata);
	EXPECT_OK(vmr_park(&w.a, &w.r[0], 0x12000, 0x12fff));
	EXPECT_EQ(VMR_PARKED, vmr_range_state(&w.r[0]));
	EXPECT_TRUE(vmr_in_space(&w.a, &w.r[0]));
	EXPECT_FALSE(vmr_in_space(&w.b, &w.r[0]));
	EXPECT_EQ(NULL, vmr_find(&w.a, 0x12000));
	EXPECT_EQ(NULL, vmr_settle(&w.a, 0, VMR_ADDR_MAX));
	EXPECT_EQ(VMR_PARKED, vmr_range_state(&w.r[0]));
	EXPECT_EQ((size_t)1, w.a.nr_claims);
	EXPECT_VALID(&w.a);
	/* From parked to claimed to parked, and live again. */
	EXPECT_OK(vmr_claim(&w.a, &w.r[0], 0x12000, 0x12fff));
	EXPECT_EQ(VMR_CLAIMED, vmr_range_state(&w.r[0]));
	EXPECT_EQ((size_t)1, w.a.nr_claims);
	EXPECT_OK(vmr_park(&w.a, &w.r[0], 0x13000, 0x13fff));
	EXPECT_EQ(VMR_PARKED, vmr_range_state(&w.r[0]));
	EXPECT_OK(vmr_claim(&w.a, &w.r[0], 0x12000, 0x12fff));
	EXPECT_EQ(&w.r[0], vmr_settle(&w.a, 0, VMR_ADDR_MAX));
	EXPECT_VALID(&w.a);
}

/* Automatic placement never uses the addresses of a claim. */
TEST(alloc_never_uses_claimed_addresses)
{
	int policy;

	EXPECT_OK(vmr_space_init(&w.a, 0, 0x2fff));
	EXPECT_OK(vmr_claim(&w.a, &w.r[0], 0x0800, 0x1fff));
	for (policy = VMR_FIRST; policy < VMR_EXACT; policy++) {
		EXPECT_FAIL(-ENOSPC, vmr_alloc(&w.a, &w.r[1],
					       REQ(policy, 0x1001, 1), &conflict));
		/* In the same gap next to the claim. */
		EXPECT_OK(vmr_alloc(&w.a, &w.r[1], REQ(policy, 0x1000, 1), NULL));
		EXPECT_AT(0x2000, 0x2fff, &w.r[1]);
		EXPECT_OK(vmr_alloc(&w.a, &w.r[2], REQ(policy, 0x800, 0x800),
				    NULL));
		EXPECT_AT(0x0000, 0x07ff, &w.r[2]);
		EXPECT_FAIL(-ENOSPC, vmr_alloc(&w.a, &w.r[3], REQ(policy, 1, 1),
					       &conflict));
		/* A fixed request may use them. */
		EXPECT_OK(vmr_alloc(&w.a, &w.r[3], REQ_AT(0x1000, 0x100, 1), NULL));
		EXPECT_AT(0x1000, 0x10ff, &w.r[3]);
		EXPECT_VALID(&w.a);
		EXPECT_OK(vmr_free(&w.a, &w.r[1]));
		EXPECT_OK(vmr_free(&w.a, &w.r[2]));
		EXPECT_OK(vmr_free(&w.a, &w.r[3]));
	}
	EXPECT_OK(vmr_reserve(&w.a, &w.r[4], 0x0800, 0x0fff, NULL));
	EXPECT_EQ(NULL, vmr_settle(&w.a, 0, VMR_ADDR_MAX));
}

/*
 * Automatic placement uses the addresses of a parked range only if no other gap
 * fits.
 */
TEST(alloc_uses_parked_addresses_last)
{
	int policy;

	EXPECT_OK(vmr_space_init(&w.a, 0, 0x3fff));
	for (policy = VMR_FIRST; policy < VMR_EXACT; policy++) {
		EXPECT_OK(vmr_park(&w.a, &w.r[0], 0x0000, 0x0fff));
		EXPECT_OK(vmr_park(&w.a, &w.r[1], 0x3000, 0x3fff));
		EXPECT_OK(vmr_claim(&w.a, &w.r[5], 0x0f00, 0x0fff));
		w.addr = policy == VMR_LAST ? 0x2000 : 0x1000;
		EXPECT_OK(vmr_alloc(&w.a, &w.r[2], REQ(policy, 0x1000, 0x1000),
				    NULL));
		EXPECT_AT(w.addr, w.addr + 0xfff, &w.r[2]);
		EXPECT_OK(vmr_alloc(&w.a, &w.r[3], REQ(policy, 0x1000, 0x1000),
				    NULL));
		EXPECT_AT(0x3000 - w.addr, 0x3fff - w.addr, &w.r[3]);
		/* No other gap is left; claimed addresses stay unused. */
		EXPECT_OK(vmr_alloc(&w.a, &w.r[4], REQ(policy, 0x1000, 0x1000),
				    NULL));
		EXPECT_AT(0x3000, 0x3fff, &w.r[4]);
		EXPECT_FAIL(-ENOSPC, vmr_alloc(&w.a, &w.r[6],
					       REQ(policy, 0x1000, 0x1000),
					  &conflict));
		EXPECT_EQ(VMR_PARKED, vmr_range_state(&w.r[1]));
		EXPECT_OK(vmr_free(&w.a, &w.r[2]));
		EXPECT_OK(vmr_free(&w.a, &w.r[3]));
		EXPECT_OK(vmr_free(&w.a, &w.r[4]));
		/* A fixed request may use them at any time. */
		EXPECT_OK(vmr_alloc(&w.a, &w.r[4], REQ_AT(0x3000, 0x1000, 0x1000),
				    NULL));
		EXPECT_OK(vmr_free(&w.a, &w.r[4]));
		EXPECT_VALID(&w.a);
	}
}

/* Avoiding parked ranges has priority over the preferred alignment. */
TEST(alloc_avoids_parked_before_alignment)
{
	EXPECT_OK(vmr_space_init(&w.a, 0x0100, 0x1fff));
	EXPECT_OK(vmr_park(&w.a, &w.r[0], 0x1000, 0x1fff));
	EXPECT_OK(vmr_alloc(&w.a, &w.r[1],
			    REQ_PREFER(VMR_FIRST, 0x100, 0x100, 0x1000), NULL));
	EXPECT_AT(0x0100, 0x01ff, &w.r[1]);
	EXPECT_OK(vmr_reserve(&w.a, &w.r[2], 0x0200, 0x0fff, NULL));
	/* Only parked addresses are left; one of them has the preferred alignment. */
	EXPECT_OK(vmr_alloc(&w.a, &w.r[3],
			    REQ_PREFER(VMR_LAST, 0x100, 0x100, 0x1000), NULL));
	EXPECT_AT(0x1000, 0x10ff, &w.r[3]);
}

/* Iteration finds the claims that overlap the addresses. */
TEST(claim_iteration_by_overlap)
{
	struct vmr_range *range;
	int n = 0;

	three_ranges(_metadata);
	EXPECT_EQ(NULL, vmr_first_claim(&w.a, 0, VMR_ADDR_MAX));
	EXPECT_OK(vmr_claim(&w.a, &w.r[3], 0x10000, 0x1ffff));
	EXPECT_OK(vmr_claim(&w.a, &w.r[4], 0x12000, 0x12fff));
	EXPECT_OK(vmr_park(&w.a, &w.r[5], 0x18000, 0x18fff));
	EXPECT_EQ(&w.r[3], vmr_first_claim(&w.a, 0, VMR_ADDR_MAX));
	EXPECT_EQ(&w.r[4], vmr_next_claim(&w.r[3], 0, VMR_ADDR_MAX));
	EXPECT_EQ(&w.r[5], vmr_next_claim(&w.r[4], 0, VMR_ADDR_MAX));
	EXPECT_EQ(NULL, vmr_next_claim(&w.r[5], 0, VMR_ADDR_MAX));
	EXPECT_EQ(&w.r[5], vmr_next_claim(&w.r[3], 0x18fff, 0x18fff));
	EXPECT_EQ(NULL, vmr_next_claim(&w.r[4], 0x13000, 0x17fff));
	EXPECT_EQ(&w.r[3], vmr_first_claim(&w.a, 0x18000, 0x18000));
	EXPECT_OK(vmr_free(&w.a, &w.r[3]));
	EXPECT_EQ(&w.r[5], vmr_first_claim(&w.a, 0x13000, 0x18000));
	EXPECT_EQ(NULL, vmr_first_claim(&w.a, 0x13000, 0x17fff));
	EXPECT_EQ(NULL, vmr_first_claim(&w.a, 0x19000, VMR_ADDR_MAX));
	EXPECT_EQ(NULL, vmr_first_claim(&w.a, 0, 0x11fff));
	EXPECT_EQ(NULL, vmr_first_claim(&w.a, 1, 0));
	EXPECT_EQ(NULL, vmr_first_claim(NULL, 0, VMR_ADDR_MAX));
	vmr_for_each_claim(range, &w.a) {
		/* The range that blocks it. */
		EXPECT_EQ(n ? &w.r[2] : &w.r[0],
			  vmr_find_overlap(&w.a, range->start, range->last));
		n++;
	}
	EXPECT_EQ(2, n);
	EXPECT_VALID(&w.a);
}

/* Claims work at both ends of the domain. */
TEST(claims_at_domain_ends)
{
	EXPECT_OK(vmr_space_init(&w.a, 0, VMR_ADDR_MAX));
	EXPECT_OK(vmr_claim(&w.a, &w.r[0], 0, 0));
	EXPECT_OK(vmr_claim(&w.a, &w.r[1], VMR_ADDR_MAX, VMR_ADDR_MAX));
	EXPECT_VALID(&w.a);
	EXPECT_OK(vmr_alloc(&w.a, &w.r[2], REQ(VMR_FIRST, 1, 1), NULL));
	EXPECT_AT(1, 1, &w.r[2]);
	EXPECT_OK(vmr_alloc(&w.a, &w.r[3], REQ(VMR_LAST, 1, 1), NULL));
	EXPECT_AT(VMR_ADDR_MAX - 1, VMR_ADDR_MAX - 1, &w.r[3]);
	EXPECT_FAIL(-ENOSPC, vmr_alloc(&w.a, &w.r[4], REQ(VMR_FIRST, VMR_ADDR_MAX, 1),
				       &conflict));
	EXPECT_EQ(&w.r[1], vmr_settle(&w.a, VMR_ADDR_MAX, VMR_ADDR_MAX));
	EXPECT_EQ(&w.r[0], vmr_settle(&w.a, 0, 0));
	EXPECT_OK(vmr_claim(&w.a, &w.r[0], 0, VMR_ADDR_MAX));
	EXPECT_VALID(&w.a);
	/* All addresses are claimed. */
	EXPECT_FAIL(-ENOSPC, vmr_alloc(&w.a, &w.r[4], REQ(VMR_FIRST, 1, 1),
				       &conflict));
	EXPECT_FAIL(-ENOSPC, vmr_alloc(&w.a, &w.r[4], REQ(VMR_LAST, 1, 1),
				       &conflict));
	EXPECT_FAIL(-ENOSPC, vmr_alloc(&w.a, &w.r[4], REQ(VMR_BEST, 1, 1),
				       &conflict));
	EXPECT_OK(vmr_free(&w.a, &w.r[1]));
	EXPECT_OK(vmr_free(&w.a, &w.r[2]));
	EXPECT_EQ(NULL, vmr_settle(&w.a, 0, VMR_ADDR_MAX));
	EXPECT_OK(vmr_free(&w.a, &w.r[3]));
	EXPECT_EQ(&w.r[0], vmr_settle(&w.a, 0, VMR_ADDR_MAX));
	EXPECT_EQ((uint64_t)1, vmr_space_used(&w.a).high);
	EXPECT_VALID(&w.a);
}

/* States and spaces. */

/* vmr_in_space() is true for one space only. */
TEST(range_in_one_space_only)
{
	three_ranges(_metadata);
	EXPECT_OK(vmr_claim(&w.a, &w.r[3], LOW, LOW));
	EXPECT_OK(vmr_park(&w.a, &w.r[4], LOW, LOW));
	EXPECT_TRUE(vmr_in_space(&w.a, &w.r[0]));
	EXPECT_TRUE(vmr_in_space(&w.a, &w.r[3]));
	EXPECT_TRUE(vmr_in_space(&w.a, &w.r[4]));
	EXPECT_FALSE(vmr_in_space(&w.b, &w.r[0]));
	EXPECT_FALSE(vmr_in_space(&w.b, &w.r[3]));
	EXPECT_OK(vmr_space_init(&w.b, 0, VMR_ADDR_MAX));
	EXPECT_FALSE(vmr_in_space(&w.b, &w.r[4]));
	/* Also if the other space has ranges and claims. */
	EXPECT_OK(vmr_reserve(&w.b, &w.r[5], 0x12000, 0x12fff, NULL));
	EXPECT_OK(vmr_claim(&w.b, &w.r[6], LOW, LOW));
	EXPECT_FALSE(vmr_in_space(&w.b, &w.r[0]));
	EXPECT_FALSE(vmr_in_space(&w.b, &w.r[3]));
	EXPECT_FALSE(vmr_in_space(&w.a, &w.r[5]));
	EXPECT_FALSE(vmr_in_space(&w.a, &w.r[6]));
	EXPECT_TRUE(vmr_in_space(&w.b, &w.r[5]));
	EXPECT_TRUE(vmr_in_space(&w.b, &w.r[6]));
	/* A range behind a gap does not name its space: its root decides. */
	EXPECT_TRUE(vmr_in_space(&w.a, &w.r[2]));
	EXPECT_FALSE(vmr_in_space(&w.b, &w.r[2]));
	MISUSE(EXPECT_FAIL(-ENOENT, vmr_free(&w.b, &w.r[2])));
}

/* A copy of a range is in no space, whatever its state is. */
TEST(range_copy_in_no_space)
{
	size_t i;

	three_ranges(_metadata);
	EXPECT_OK(vmr_claim(&w.a, &w.r[3], LOW, LOW));
	EXPECT_OK(vmr_claim(&w.a, &w.r[4], HIGH, HIGH));
	EXPECT_OK(vmr_park(&w.a, &w.r[5], LOW, LOW));
	for (i = 0; i < 6; i++) {
		w.r[9] = w.r[i];
		EXPECT_TRUE(vmr_in_space(&w.a, &w.r[i]));
		EXPECT_FALSE(vmr_in_space(&w.a, &w.r[9]));
		EXPECT_FAIL(-ENOENT, vmr_move(&w.a, &w.r[9], HIGH - 0x1fff,
					      &conflict));
		EXPECT_FAIL(-EEXIST, vmr_claim(&w.a, &w.r[9], LOW, LOW));
		MISUSE(EXPECT_FAIL(-ENOENT, vmr_free(&w.a, &w.r[9])));
	}
	EXPECT_VALID(&w.a);
}

/*
 * A range of a space that was initialised again is in no space. A debug build detects
 * this of each, any build of those that do not name their space.
 */
TEST(range_of_space_initialised_again)
{
	three_ranges(_metadata);
	EXPECT_OK(vmr_reserve(&w.a, &w.r[3], 0x19000, 0x19fff, NULL));
	EXPECT_OK(vmr_space_init(&w.a, LOW, HIGH));
	EXPECT_FALSE(vmr_in_space(&w.a, &w.r[2]));
	MISUSE(EXPECT_FAIL(-ENOENT, vmr_free(&w.a, &w.r[2])));
#ifdef VMR_DEBUG
	misuse_reports = 0;
	misuse_expected = true;
	EXPECT_FALSE(vmr_in_space(&w.a, &w.r[3]));
	misuse_expected = false;
	EXPECT_EQ(1U, misuse_reports);
#endif
	EXPECT_VALID(&w.a);
}

/* A domain of typed ranges accepts no range of another type. */
TEST(typed_space_refuses_other_types)
{
	struct vmr_move_op s[1];
	int policy;

	EXPECT_OK(vmr_space_init(&w.a, LOW, HIGH));
	EXPECT_OK(vmr_space_init(&w.b, LOW, HIGH));
	EXPECT_OK(vmr_space_set_seqcount(&w.b, w.a.seq));
	w.a.type = 1;
	w.r[0].type = 1;
	w.r[1].type = 2;
	for (policy = VMR_FIRST; policy < VMR_EXACT; policy++) {
		EXPECT_FAIL(-EINVAL, vmr_alloc(&w.a, &w.r[1], REQ(policy, 1, 1),
					       &conflict));
		EXPECT_FAIL(-EINVAL, vmr_alloc(&w.a, &w.r[2], REQ(policy, 1, 1),
					       &conflict));
	}
	EXPECT_FAIL(-EINVAL, vmr_alloc(&w.a, &w.r[1], REQ_AT(0, 1, 1), &conflict));
	EXPECT_FAIL(-EINVAL, vmr_reserve(&w.a, &w.r[1], 0, 0, &conflict));
	EXPECT_FAIL(-EINVAL, vmr_claim(&w.a, &w.r[1], 0, 0));
	EXPECT_FAIL(-EINVAL, vmr_park(&w.a, &w.r[2], 0, 0));

	/* A range keeps its type while it changes its state. */
	EXPECT_OK(vmr_reserve(&w.a, &w.r[0], LOW, LOW, NULL));
	EXPECT_OK(vmr_claim(&w.a, &w.r[0], LOW, LOW));
	EXPECT_OK(vmr_free(&w.a, &w.r[0]));
	EXPECT_OK(vmr_alloc(&w.a, &w.r[0], REQ(VMR_FIRST, 1, 1), NULL));
	EXPECT_AT(LOW, LOW, &w.r[0]);
	/* A space without a type accepts every range, but takes none from the domain. */
	EXPECT_OK(vmr_reserve(&w.b, &w.r[1], HIGH, HIGH, NULL));
	s[0] = step_to(&w.a, &w.r[0], &w.b, LOW);
	REFUSE_SET(-EINVAL, 0, NULL, s, 1);
	s[0] = step_to(&w.b, &w.r[1], &w.a, HIGH);
	REFUSE_SET(-EINVAL, 0, NULL, s, 1);
}

/* Adjacent live ranges are not mistaken for claims. */
TEST(adjacent_live_ranges_are_not_claims)
{
	EXPECT_OK(vmr_space_init(&w.a, 0, 2));
	EXPECT_OK(vmr_reserve(&w.a, &w.r[0], 0, 0, NULL));
	EXPECT_OK(vmr_reserve(&w.a, &w.r[1], 1, 1, NULL));
	EXPECT_OK(vmr_reserve(&w.a, &w.r[2], 2, 2, NULL));
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&w.r[0]));
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&w.r[1]));
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&w.r[2]));
	EXPECT_OK(vmr_claim(&w.a, &w.r[1], 0, 0));
	EXPECT_EQ(VMR_CLAIMED, vmr_range_state(&w.r[1]));
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&w.r[2]));
	EXPECT_VALID(&w.a);
}

/* Only an empty space can share a sequence count. */
TEST(seqcount_share_needs_empty_space)
{
	static struct vmr_seqcount seq;

	three_ranges(_metadata);
	EXPECT_FAIL(-EINVAL, vmr_space_set_seqcount(NULL, &seq));
	world_save();
	EXPECT_EQ(-EBUSY, vmr_space_set_seqcount(&w.a, &seq));
	EXPECT_EQ(0, world_changed());
	EXPECT_OK(vmr_claim(&w.b, &w.r[5], LOW, LOW));
	world_save();
	EXPECT_EQ(-EBUSY, vmr_space_set_seqcount(&w.b, &seq));
	EXPECT_EQ(0, world_changed());
	EXPECT_OK(vmr_free(&w.b, &w.r[5]));
	EXPECT_OK(vmr_space_set_seqcount(&w.b, &seq));
	EXPECT_OK(vmr_reserve(&w.b, &w.r[5], LOW, LOW, NULL));
	EXPECT_NE((uint32_t)0, seq.sequence);
	EXPECT_VALID(&w.b);
	EXPECT_OK(vmr_free(&w.b, &w.r[5]));
	/* Back to its own sequence count. */
	EXPECT_OK(vmr_space_set_seqcount(&w.b, NULL));
	seq.sequence = 0;
	EXPECT_OK(vmr_reserve(&w.b, &w.r[5], LOW, LOW, NULL));
	EXPECT_EQ((uint32_t)0, seq.sequence);
	EXPECT_VALID(&w.b);
}

/* Write sections nest; the outermost one ends the section. */
TEST(write_sections_nest)
{
	uint32_t count;

	three_ranges(_metadata);
	count = w.a.seq->sequence;
	EXPECT_EQ((uint32_t)0, count & 1);
	vmr_seqcount_write_begin(w.a.seq);
	EXPECT_EQ((uint32_t)1, w.a.seq->sequence & 1);
	EXPECT_OK(vmr_free(&w.a, &w.r[0]));
	EXPECT_EQ((uint32_t)1, w.a.seq->sequence & 1);
	vmr_seqcount_write_begin(w.a.seq);
	EXPECT_OK(vmr_free(&w.a, &w.r[1]));
	vmr_seqcount_write_end(w.a.seq);
	EXPECT_EQ((uint32_t)1, w.a.seq->sequence & 1);
	vmr_seqcount_write_end(w.a.seq);
	EXPECT_EQ((uint32_t)0, w.a.seq->sequence & 1);
	/* The next section may be another thread's, and this thread waits then. */
	EXPECT_EQ((uintptr_t)0, w.a.seq->writer);
	EXPECT_NE(count, w.a.seq->sequence);
	EXPECT_VALID(&w.a);
}

/* A lookup inside the own write section finds the changes made so far. */
TEST(lookup_inside_own_section)
{
	uint64_t start = 0, last = 0;

	three_ranges(_metadata);
	vmr_seqcount_write_begin(w.a.seq);
	EXPECT_EQ(&w.r[1], vmr_find_lockless(&w.a, 0x15fff, &start, &last));
	EXPECT_EQ((uint64_t)0x14000, start);
	EXPECT_EQ((uint64_t)0x15fff, last);
	EXPECT_OK(vmr_move(&w.a, &w.r[1], 0x1a000, NULL));
	EXPECT_EQ(NULL, vmr_find_lockless(&w.a, 0x15fff, &start, &last));
	EXPECT_EQ(&w.r[1], vmr_find_lockless(&w.a, 0x1a000, &start, &last));
	EXPECT_EQ((uint64_t)0x1a000, start);
	vmr_seqcount_write_end(w.a.seq);
	EXPECT_EQ(&w.r[1], vmr_find_lockless(&w.a, 0x1bfff, NULL, NULL));
}

/* Every change that a lookup can observe advances the sequence count. */
TEST(changes_advance_seqcount)
{
	struct vmr_move_op s[1];
	uint32_t count;

	three_ranges(_metadata);
#define COUNTED(call) \
	do { \
		count = w.a.seq->sequence; \
		EXPECT_OK(call); \
		EXPECT_NE(count, w.a.seq->sequence) { \
			TH_LOG("%s", #call); \
		} \
	} while (0)
	COUNTED(vmr_alloc(&w.a, &w.r[5], REQ(VMR_FIRST, 1, 1), NULL));
	COUNTED(vmr_reserve(&w.a, &w.r[6], HIGH, HIGH, NULL));
	COUNTED(vmr_move(&w.a, &w.r[6], HIGH - 1, NULL));
	s[0] = step_to(&w.a, &w.r[6], &w.a, HIGH);
	COUNTED(vmr_move_bulk(s, 1, NULL, NULL));
	COUNTED(vmr_free(&w.a, &w.r[6]));
	COUNTED(vmr_free_at(&w.a, 0x12000, 0x1000, NULL));
	COUNTED(vmr_claim(&w.a, &w.r[1], 0x14000, 0x14fff));
	COUNTED(vmr_settle(&w.a, 0, VMR_ADDR_MAX) != &w.r[1]);
	COUNTED(vmr_park(&w.a, &w.r[1], 0x14000, 0x14fff));
#undef COUNTED
}

/* Lookups during changes. */

#define NR_LOOPS	20000

static void *move_thread(void *done)
{
	struct vmr_move_op s[2];
	int i;

	for (i = 0; i < NR_LOOPS; i++) {
		/* Half of the 0x2000 addresses stay mapped. */
		vmr_move(&w.a, &w.r[1], i & 1 ? 0x13000 : 0x14000, NULL);
		/* Two adjacent ranges swap. */
		s[0] = step_to(&w.a, &w.r[3], &w.a, i & 1 ? 0x1a000 : 0x1b000);
		s[1] = step_to(&w.a, &w.r[4], &w.a, i & 1 ? 0x1b000 : 0x1a000);
		vmr_move_bulk(s, 2, NULL, NULL);
		/* Other changes rotate the tree. */
		if (i & 1)
			vmr_free(&w.a, &w.r[5 + i % 8]);
		else
			vmr_reserve(&w.a, &w.r[5 + (i + 1) % 8],
				    0x10000 + i % 8, 0x10000 + i % 8, NULL);
	}
	__atomic_store_n((int *)done, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* A lookup during moves finds the range at its old or at its new addresses. */
TEST(lookup_during_move_consistent)
{
	unsigned long misses = 0, bad_results = 0;
	struct vmr_range *range;
	uint64_t start, last;
	pthread_t thread;
	int done = 0;

	NEEDS(threads);
	three_ranges(_metadata);
	EXPECT_OK(vmr_reserve(&w.a, &w.r[3], 0x1a000, 0x1afff, NULL));
	EXPECT_OK(vmr_reserve(&w.a, &w.r[4], 0x1b000, 0x1bfff, NULL));
	ASSERT_EQ(0, pthread_create(&thread, NULL, move_thread, &done));
	while (!__atomic_load_n(&done, __ATOMIC_ACQUIRE)) {
		/* In use before and after, and so all the time. */
		range = vmr_find_lockless(&w.a, 0x14800, &start, &last);
		if (range != &w.r[1])
			misses++;
		else if ((start != 0x13000 && start != 0x14000) ||
			 last != start + 0x1fff)
			bad_results++;
		range = vmr_find_lockless(&w.a, 0x1a800, &start, &last);
		if (range != &w.r[3] && range != &w.r[4])
			misses++;
		else if (start != 0x1a000 || last != 0x1afff)
			bad_results++;
		if (vmr_find_lockless(&w.a, 0x16800, NULL, NULL))
			bad_results++;
	}
	pthread_join(thread, NULL);
	EXPECT_EQ(0UL, misses);
	EXPECT_EQ(0UL, bad_results);
	EXPECT_VALID(&w.a);
}

/*
 * The tree is valid after every change, in all cases of red-black rebalancing.
 */
TEST(tree_valid_after_every_change)
{
	unsigned int order, i, n;

	for (order = 0; order < 4; order++) {
		EXPECT_OK(vmr_space_init(&w.a, 0, 1023));
		for (i = 0; i < WORLD_NODES; i++) {
			n = order & 1 ? WORLD_NODES - 1 - i : i;
			EXPECT_OK(vmr_reserve(&w.a, &w.r[n], n * 25,
					      n * 25 + n % 25, NULL));
			ASSERT_STREQ(VERIFY_OK, verify_space(&w.a));
		}
		for (i = 0; i < WORLD_NODES; i++) {
			n = order & 2 ? i * 7 % WORLD_NODES : i;
			EXPECT_OK(vmr_free(&w.a, &w.r[n]));
			ASSERT_STREQ(VERIFY_OK, verify_space(&w.a));
		}
		EXPECT_EQ((size_t)0, w.a.nr_ranges);
	}
}

/* Errors as text. */

/* Each error number has a text of its own. */
TEST(error_texts_distinct)
{
	static const int errors[] = {
		0, EINVAL, EOVERFLOW, EEXIST, ERANGE, EBUSY, ENOSPC, ENOENT,
		EALREADY, EMSGSIZE, ENXIO, EDEADLK, EAGAIN, EBADMSG, ENODEV,
		EOPNOTSUPP,
	};
	size_t i, j, len;

	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		const char *text = vmr_strerror(-errors[i]);

		ASSERT_NE(NULL, text);
		len = strlen(text);
		EXPECT_LT((size_t)0, len);
		EXPECT_NE('.', text[len - 1]);
		EXPECT_STREQ(text, vmr_strerror(errors[i]));
		for (j = 0; j < i; j++)
			EXPECT_STRNE(vmr_strerror(-errors[j]), text);
		EXPECT_STRNE(vmr_strerror(-4095), text);
	}
	EXPECT_NE(NULL, vmr_strerror(-4095));
	EXPECT_NE(NULL, vmr_strerror(INT32_MIN));
	EXPECT_NE(NULL, vmr_strerror(INT32_MAX));
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_range.c - the engine: what range.h and error.h promise
 *
 * Each test is named for the rule it states.
 */
#include <pthread.h>

#include "../kselftest_harness.h"
#include "requires.h"
#include "fixture.h"

#define BAD_POLICY	((enum vmr_policy)99)

/* A space of 64 KiB with three ranges and the gaps between them. */
#define LOW	0x10000ULL
#define HIGH	0x1ffffULL

static void three_ranges(struct __test_metadata *_metadata)
{
	GRANT(vmr_space_init(&w.a, LOW, HIGH));
	GRANT(vmr_space_init(&w.b, LOW, HIGH));
	GRANT(vmr_reserve(&w.a, &w.r[0], 0x12000, 0x12fff, NULL));
	GRANT(vmr_reserve(&w.a, &w.r[1], 0x14000, 0x15fff, NULL));
	GRANT(vmr_reserve(&w.a, &w.r[2], 0x18000, 0x18fff, NULL));
	EXPECT_VALID(&w.a);
}

/* Reserve all of @space but the gaps given as pairs of start and last. */
static void leave_gaps(struct __test_metadata *_metadata,
		       struct vmr_space *space, struct vmr_range *range,
		       const uint64_t (*gaps)[2], size_t nr)
{
	uint64_t from = space->start;
	size_t i;

	for (i = 0; i < nr; i++) {
		if (gaps[i][0] > from)
			GRANT(vmr_reserve(space, range++, from, gaps[i][0] - 1,
					  NULL));
		from = gaps[i][1] + 1;
	}
	if (from && from <= space->last)
		GRANT(vmr_reserve(space, range, from, space->last, NULL));
	EXPECT_VALID(space);
}

#define LEAVE_GAPS(space, range, ...) \
	do { \
		const uint64_t gaps_[][2] = { __VA_ARGS__ }; \
		leave_gaps(_metadata, space, range, gaps_, \
			   ARRAY_SIZE(gaps_)); \
	} while (0)

/* The structs. */

TEST(a_range_is_at_most_one_cache_line)
{
	EXPECT_GE((size_t)64, sizeof(struct vmr_range));
}

TEST(zeroed_memory_is_an_unallocated_range)
{
	three_ranges(_metadata);
	EXPECT_EQ(VMR_FREE, vmr_range_state(&w.r[9]));
	EXPECT_EQ(VMR_FREE, vmr_range_state(NULL));
	EXPECT_FALSE(vmr_in_space(&w.a, &w.r[9]));
	EXPECT_FALSE(vmr_in_space(&w.a, NULL));
	EXPECT_FALSE(vmr_in_space(NULL, &w.r[0]));
	GRANT(vmr_alloc(&w.a, &w.r[9], REQ(VMR_FIRST, 1, 1), NULL));
}

TEST(request_initialiser_has_no_bounds_and_first_fit)
{
	struct vmr_request req = VMR_REQUEST(0x30, 0x10);

	EXPECT_EQ((uint64_t)0x30, req.size);
	EXPECT_EQ((uint64_t)0x10, req.align);
	EXPECT_EQ((uint64_t)0, req.prefer_align);
	EXPECT_EQ((uint64_t)0, req.min);
	EXPECT_EQ(VMR_MAX, req.max);
	EXPECT_EQ(VMR_FIRST, req.policy);
}

TEST(init_refuses_null_and_reversed_bounds)
{
	REFUSE(-EINVAL, vmr_space_init(NULL, 0, 1));
	REFUSE(-EINVAL, vmr_space_init(&w.a, 1, 0));
	REFUSE(-EINVAL, vmr_space_init(&w.a, VMR_MAX, 0));
}

TEST(init_makes_an_empty_space_of_whatever_was_there)
{
	memset(&w.a, 0xa5, sizeof(w.a));
	GRANT(vmr_space_init(&w.a, 7, 7));
	EXPECT_VALID(&w.a);
	EXPECT_EQ((size_t)0, w.a.nr_ranges);
	EXPECT_EQ((size_t)0, w.a.nr_claims);
	EXPECT_EQ(NULL, vmr_first_range(&w.a));
	EXPECT_EQ(NULL, vmr_last_range(&w.a));
	EXPECT_EQ(NULL, vmr_first_claim(&w.a, 0, VMR_MAX));
	EXPECT_EQ(NULL, vmr_find(&w.a, 7));
	EXPECT_EQ(NULL, vmr_lookup(&w.a, 7, NULL, NULL));
	EXPECT_TRUE(vmr_first_gap(&w.a, &w.gap));
	EXPECT_EQ((uint64_t)7, w.gap.start);
	EXPECT_EQ((uint64_t)7, w.gap.last);
	EXPECT_EQ(NULL, w.gap.next);
}

/* Errors of vmr_alloc(), row by row. */

TEST(alloc_refuses_null)
{
	three_ranges(_metadata);
	REFUSE(-EINVAL, vmr_alloc(NULL, &w.r[9], REQ(VMR_FIRST, 1, 1),
				  &conflict));
	REFUSE(-EINVAL, vmr_alloc(&w.a, NULL, REQ(VMR_FIRST, 1, 1), &conflict));
	REFUSE(-EINVAL, vmr_alloc(&w.a, &w.r[9], NULL, &conflict));
}

TEST(alloc_refuses_size_0)
{
	int policy;

	three_ranges(_metadata);
	for (policy = VMR_FIRST; policy <= VMR_EXACT; policy++)
		REFUSE(-EINVAL, vmr_alloc(&w.a, &w.r[9], REQ(policy, 0, 1),
					  &conflict));
}

TEST(alloc_refuses_alignment_that_is_no_power_of_two)
{
	static const uint64_t bad[] = { 3, 6, 0x1001, 0xc000, VMR_MAX };
	int policy;
	size_t i;

	three_ranges(_metadata);
	for (policy = VMR_FIRST; policy <= VMR_EXACT; policy++) {
		REFUSE(-EINVAL, vmr_alloc(&w.a, &w.r[9], REQ(policy, 1, 0),
					  &conflict));
		for (i = 0; i < ARRAY_SIZE(bad); i++) {
			REFUSE(-EINVAL,
			       vmr_alloc(&w.a, &w.r[9], REQ(policy, 1, bad[i]),
					 &conflict));
			REFUSE(-EINVAL,
			       vmr_alloc(&w.a, &w.r[9],
					 REQ_PREFER(policy, 1, 1, bad[i]),
					 &conflict));
		}
	}
}

TEST(alloc_refuses_reversed_bounds)
{
	three_ranges(_metadata);
	REFUSE(-EINVAL, vmr_alloc(&w.a, &w.r[9],
				  REQ_IN(VMR_FIRST, 1, 1, 0x11001, 0x11000),
				  &conflict));
	REFUSE(-EINVAL, vmr_alloc(&w.a, &w.r[9],
				  REQ_IN(VMR_LAST, 1, 1, VMR_MAX, 0),
				  &conflict));
}

TEST(alloc_refuses_what_is_no_policy)
{
	three_ranges(_metadata);
	REFUSE(-EINVAL, vmr_alloc(&w.a, &w.r[9], REQ(BAD_POLICY, 1, 1),
				  &conflict));
	/* Only a pool has a default. */
	REFUSE(-EINVAL, vmr_alloc(&w.a, &w.r[9], REQ(VMR_DEFAULT, 1, 1),
				  &conflict));
}

TEST(exact_refuses_unaligned_address)
{
	three_ranges(_metadata);
	REFUSE(-EINVAL, vmr_alloc(&w.a, &w.r[9], REQ_AT(0x11008, 0x10, 0x10),
				  &conflict));
	GRANT(vmr_alloc(&w.a, &w.r[9], REQ_AT(0x11008, 0x10, 8), &conflict));
	EXPECT_AT(0x11008, 0x11017, &w.r[9]);
}

TEST(exact_beyond_the_domain_is_overflow)
{
	GRANT(vmr_space_init(&w.a, 0, VMR_MAX));
	REFUSE(-EOVERFLOW, vmr_alloc(&w.a, &w.r[0],
				     REQ_AT(VMR_MAX, 2, 1), &conflict));
	REFUSE(-EOVERFLOW, vmr_alloc(&w.a, &w.r[0],
				     REQ_AT(2, VMR_MAX, 1), &conflict));
	GRANT(vmr_alloc(&w.a, &w.r[0], REQ_AT(VMR_MAX, 1, 1), &conflict));
	EXPECT_AT(VMR_MAX, VMR_MAX, &w.r[0]);
	GRANT(vmr_free(&w.a, &w.r[0]));
	GRANT(vmr_alloc(&w.a, &w.r[0], REQ_AT(1, VMR_MAX, 1), &conflict));
	EXPECT_AT(1, VMR_MAX, &w.r[0]);
	EXPECT_VALID(&w.a);
}

TEST(a_linked_node_cannot_be_allocated_again)
{
	int policy;

	three_ranges(_metadata);
	GRANT(vmr_claim(&w.a, &w.r[3], 0x14000, 0x14fff));
	GRANT(vmr_park(&w.a, &w.r[4], 0x11000, 0x11fff));
	for (policy = VMR_FIRST; policy < VMR_EXACT; policy++) {
		REFUSE(-EEXIST, vmr_alloc(&w.a, &w.r[0], REQ(policy, 1, 1),
					  &conflict));
		REFUSE(-EEXIST, vmr_alloc(&w.a, &w.r[3], REQ(policy, 1, 1),
					  &conflict));
		REFUSE(-EEXIST, vmr_alloc(&w.a, &w.r[4], REQ(policy, 1, 1),
					  &conflict));
		/* Nor into another space. */
		REFUSE(-EEXIST, vmr_alloc(&w.b, &w.r[0], REQ(policy, 1, 1),
					  &conflict));
	}
	REFUSE(-EEXIST, vmr_alloc(&w.a, &w.r[0], REQ_AT(0x12000, 0x1000, 1),
				  &conflict));
	REFUSE(-EEXIST, vmr_alloc(&w.b, &w.r[0], REQ_AT(0x12000, 0x1000, 1),
				  &conflict));
	/* The only node of a tree has neither a parent nor children. */
	GRANT(vmr_reserve(&w.b, &w.r[5], LOW, LOW, NULL));
	REFUSE(-EEXIST, vmr_alloc(&w.b, &w.r[5], REQ(VMR_FIRST, 1, 1),
				  &conflict));
}

TEST(bounds_outside_the_space_are_erange)
{
	int policy;

	three_ranges(_metadata);
	for (policy = VMR_FIRST; policy < VMR_EXACT; policy++) {
		REFUSE(-ERANGE,
		       vmr_alloc(&w.a, &w.r[9],
				 REQ_IN(policy, 1, 1, 0, LOW - 1), &conflict));
		REFUSE(-ERANGE,
		       vmr_alloc(&w.a, &w.r[9],
				 REQ_IN(policy, 1, 1, HIGH + 1, VMR_MAX),
				 &conflict));
		/* One address in common is a place that may be too small. */
		REFUSE(-ENOSPC,
		       vmr_alloc(&w.a, &w.r[9],
				 REQ_IN(policy, 2, 1, 0, LOW), &conflict));
		GRANT(vmr_alloc(&w.a, &w.r[9],
				REQ_IN(policy, 1, 1, 0, LOW), &conflict));
		EXPECT_AT(LOW, LOW, &w.r[9]);
		GRANT(vmr_free(&w.a, &w.r[9]));
		GRANT(vmr_alloc(&w.a, &w.r[9],
				REQ_IN(policy, 1, 1, HIGH, VMR_MAX),
				&conflict));
		EXPECT_AT(HIGH, HIGH, &w.r[9]);
		GRANT(vmr_free(&w.a, &w.r[9]));
	}
}

TEST(exact_outside_the_space_is_erange)
{
	three_ranges(_metadata);
	REFUSE(-ERANGE, vmr_alloc(&w.a, &w.r[9], REQ_AT(0, 1, 1), &conflict));
	REFUSE(-ERANGE, vmr_alloc(&w.a, &w.r[9], REQ_AT(LOW - 1, 1, 1),
				  &conflict));
	REFUSE(-ERANGE, vmr_alloc(&w.a, &w.r[9], REQ_AT(LOW - 1, 2, 1),
				  &conflict));
	REFUSE(-ERANGE, vmr_alloc(&w.a, &w.r[9], REQ_AT(HIGH, 2, 1),
				  &conflict));
	REFUSE(-ERANGE, vmr_alloc(&w.a, &w.r[9], REQ_AT(HIGH + 1, 1, 1),
				  &conflict));
	REFUSE(-ERANGE, vmr_alloc(&w.a, &w.r[9], REQ_AT(0, VMR_MAX, 1),
				  &conflict));
}

TEST(exact_outside_the_bounds_is_erange)
{
	struct vmr_request req = { .size = 0x100, .align = 1, .addr = 0x11000,
				   .policy = VMR_EXACT };

	three_ranges(_metadata);
	req.min = 0x11001;
	req.max = VMR_MAX;
	REFUSE(-ERANGE, vmr_alloc(&w.a, &w.r[9], &req, &conflict));
	req.min = 0;
	req.max = 0x110fe;
	REFUSE(-ERANGE, vmr_alloc(&w.a, &w.r[9], &req, &conflict));
	req.min = 0x11000;
	req.max = 0x110ff;
	GRANT(vmr_alloc(&w.a, &w.r[9], &req, &conflict));
	EXPECT_AT(0x11000, 0x110ff, &w.r[9]);
}

TEST(exact_on_what_is_taken_names_the_lowest_in_the_way)
{
	three_ranges(_metadata);
	/* Inside, around, over the start, over the end, and over several. */
	REFUSE_BUSY(&w.r[0], vmr_alloc(&w.a, &w.r[9],
				       REQ_AT(0x12800, 0x100, 1), &conflict));
	REFUSE_BUSY(&w.r[0], vmr_alloc(&w.a, &w.r[9],
				       REQ_AT(0x11000, 0x3000, 1), &conflict));
	REFUSE_BUSY(&w.r[1], vmr_alloc(&w.a, &w.r[9],
				       REQ_AT(0x13fff, 2, 1), &conflict));
	REFUSE_BUSY(&w.r[1], vmr_alloc(&w.a, &w.r[9],
				       REQ_AT(0x15fff, 2, 1), &conflict));
	REFUSE_BUSY(&w.r[0], vmr_alloc(&w.a, &w.r[9],
				       REQ_AT(LOW, HIGH - LOW + 1, 1),
				       &conflict));
	REFUSE_BUSY(&w.r[1], vmr_alloc(&w.a, &w.r[9],
				       REQ_AT(0x13000, 0xa000, 1), &conflict));
	REFUSE_BUSY(&w.r[2], vmr_alloc(&w.a, &w.r[9],
				       REQ_AT(0x16000, 0x3000, 1), &conflict));
	/* Who does not want to know need not. */
	world_save();
	EXPECT_EQ(-EBUSY, vmr_alloc(&w.a, &w.r[9], REQ_AT(0x12000, 1, 1),
				    NULL));
	EXPECT_EQ(0, world_changed());
}

TEST(no_gap_is_enospc)
{
	int policy;

	three_ranges(_metadata);
	for (policy = VMR_FIRST; policy < VMR_EXACT; policy++) {
		/* The longest gap has 0x7000. */
		REFUSE(-ENOSPC, vmr_alloc(&w.a, &w.r[9], REQ(policy, 0x7001, 1),
					  &conflict));
		REFUSE(-ENOSPC, vmr_alloc(&w.a, &w.r[9],
					  REQ(policy, VMR_MAX, 1), &conflict));
		REFUSE(-ENOSPC, vmr_alloc(&w.a, &w.r[9],
					  REQ(policy, 0x4000, 0x8000),
					  &conflict));
		/* Free is only one multiple of this, and it is not here. */
		REFUSE(-ENOSPC, vmr_alloc(&w.a, &w.r[9],
					  REQ(policy, 1, 1ULL << 63),
					  &conflict));
		REFUSE(-ENOSPC,
		       vmr_alloc(&w.a, &w.r[9],
				 REQ_IN(policy, 0x1000, 1, 0x12000, 0x12fff),
				 &conflict));
		GRANT(vmr_alloc(&w.a, &w.r[9], REQ(policy, 0x7000, 1),
				&conflict));
		EXPECT_AT(0x19000, HIGH, &w.r[9]);
		GRANT(vmr_free(&w.a, &w.r[9]));
	}
}

/*
 * Two reasons at once: the row of the table that comes first is the answer. Each
 * step repairs the reason found before, and the next row shows.
 */
TEST(alloc_errors_come_in_the_order_of_the_table)
{
	struct vmr_request req = {
		.size = 0x2000, .align = 0x1000, .addr = VMR_MAX - 0x7ff,
		.min = 0x12000, .max = 0x14fff, .policy = VMR_EXACT,
	};

	three_ranges(_metadata);
	/* Unaligned, beyond the domain, linked already, outside. */
	REFUSE(-EINVAL, vmr_alloc(&w.a, &w.r[0], &req, &conflict));
	req.addr = VMR_MAX - 0xfff;
	REFUSE(-EOVERFLOW, vmr_alloc(&w.a, &w.r[0], &req, &conflict));
	req.addr = 0x14000;
	REFUSE(-EEXIST, vmr_alloc(&w.a, &w.r[0], &req, &conflict));
	/* Outside the bounds, and taken. */
	REFUSE(-ERANGE, vmr_alloc(&w.a, &w.r[9], &req, &conflict));
	req.max = 0x15fff;
	REFUSE_BUSY(&w.r[1], vmr_alloc(&w.a, &w.r[9], &req, &conflict));
	/* Outside the space, and over what is taken. */
	req.addr = 0x18000;
	req.size = 0x9000;
	req.max = VMR_MAX;
	REFUSE(-ERANGE, vmr_alloc(&w.a, &w.r[9], &req, &conflict));

	/* Automatic: invalid, linked already, outside, no gap. */
	req.policy = VMR_FIRST;
	req.min = 2;
	req.max = 1;
	REFUSE(-EINVAL, vmr_alloc(&w.a, &w.r[0], &req, &conflict));
	req.min = 0;
	REFUSE(-EEXIST, vmr_alloc(&w.a, &w.r[0], &req, &conflict));
	REFUSE(-ERANGE, vmr_alloc(&w.a, &w.r[9], &req, &conflict));
	req.max = VMR_MAX;
	REFUSE(-ENOSPC, vmr_alloc(&w.a, &w.r[9], &req, &conflict));
}

TEST(an_exact_address_is_only_read_under_the_exact_policy)
{
	struct vmr_request req = VMR_REQUEST(0x1000, 0x1000);

	three_ranges(_metadata);
	req.addr = VMR_MAX;
	GRANT(vmr_alloc(&w.a, &w.r[9], &req, NULL));
	EXPECT_AT(LOW, LOW + 0xfff, &w.r[9]);
}

/* Policies. */

TEST(first_is_the_lowest_aligned_address_in_the_lowest_gap_that_fits)
{
	GRANT(vmr_space_init(&w.a, 0, 0xffff));
	LEAVE_GAPS(&w.a, &w.r[10], { 0x0800, 0x0fff }, { 0x2100, 0x30ff },
		   { 0x5000, 0x8fff });
	GRANT(vmr_alloc(&w.a, &w.r[0], REQ(VMR_FIRST, 0x800, 1), NULL));
	EXPECT_AT(0x0800, 0x0fff, &w.r[0]);
	/* The second gap is long enough and holds no aligned place. */
	GRANT(vmr_alloc(&w.a, &w.r[1], REQ(VMR_FIRST, 0x1000, 0x1000), NULL));
	EXPECT_AT(0x5000, 0x5fff, &w.r[1]);
	GRANT(vmr_alloc(&w.a, &w.r[2], REQ(VMR_FIRST, 0x100, 0x1000), NULL));
	EXPECT_AT(0x3000, 0x30ff, &w.r[2]);
	GRANT(vmr_alloc(&w.a, &w.r[3], REQ(VMR_FIRST, 0xf00, 1), NULL));
	EXPECT_AT(0x2100, 0x2fff, &w.r[3]);
	EXPECT_VALID(&w.a);
}

TEST(last_is_the_highest_aligned_address_in_the_highest_gap_that_fits)
{
	GRANT(vmr_space_init(&w.a, 0, 0xffff));
	LEAVE_GAPS(&w.a, &w.r[10], { 0x0000, 0x1fff }, { 0x2100, 0x30ff },
		   { 0xf100, 0xf8fe });
	/* One address too few for 0x800 in the highest. */
	GRANT(vmr_alloc(&w.a, &w.r[0], REQ(VMR_LAST, 0x800, 1), NULL));
	EXPECT_AT(0x2900, 0x30ff, &w.r[0]);
	GRANT(vmr_alloc(&w.a, &w.r[1], REQ(VMR_LAST, 0x700, 0x100), NULL));
	EXPECT_AT(0xf100, 0xf7ff, &w.r[1]);
	GRANT(vmr_alloc(&w.a, &w.r[2], REQ(VMR_LAST, 0x800, 0x1000), NULL));
	EXPECT_AT(0x1000, 0x17ff, &w.r[2]);
	GRANT(vmr_alloc(&w.a, &w.r[3], REQ(VMR_LAST, 0x100, 0x1000), NULL));
	EXPECT_AT(0x0000, 0x00ff, &w.r[3]);
	EXPECT_VALID(&w.a);
}

TEST(best_is_the_gap_of_least_sufficient_natural_order)
{
	GRANT(vmr_space_init(&w.a, 0, 0xfffff));
	/* Orders 14, 11 (longer than 0x1000, but misaligned), 12, 11. */
	LEAVE_GAPS(&w.a, &w.r[10], { 0x00000, 0x07fff }, { 0x14700, 0x15eff },
		   { 0x20000, 0x20fff }, { 0x30000, 0x307ff });
	GRANT(vmr_alloc(&w.a, &w.r[0], REQ(VMR_BEST, 0x1000, 0x1000), NULL));
	EXPECT_AT(0x20000, 0x20fff, &w.r[0]);
	/* The lowest among equals, and the lowest aligned address in it. */
	GRANT(vmr_alloc(&w.a, &w.r[1], REQ(VMR_BEST, 0x800, 0x800), NULL));
	EXPECT_AT(0x14800, 0x14fff, &w.r[1]);
	/* 0x14700 + 0x100, 0x15000 + 0xf00 (order 11), 0x30000 + 0x800. */
	GRANT(vmr_alloc(&w.a, &w.r[2], REQ(VMR_BEST, 0x100, 0x100), NULL));
	EXPECT_AT(0x14700, 0x147ff, &w.r[2]);
	GRANT(vmr_alloc(&w.a, &w.r[3], REQ(VMR_BEST, 0x100, 0x100), NULL));
	EXPECT_AT(0x15000, 0x150ff, &w.r[3]);
	/* What is no power of two goes by the same orders. */
	GRANT(vmr_alloc(&w.a, &w.r[4], REQ(VMR_BEST, 0xd01, 1), NULL));
	EXPECT_AT(0x15100, 0x15e00, &w.r[4]);
	GRANT(vmr_alloc(&w.a, &w.r[5], REQ(VMR_BEST, 0xd01, 1), NULL));
	EXPECT_AT(0x00000, 0x00d00, &w.r[5]);
	EXPECT_VALID(&w.a);
}

TEST(best_goes_by_the_gaps_as_the_bounds_cut_them)
{
	GRANT(vmr_space_init(&w.a, 0, 0xffff));
	/* Orders 13 and 12; cut at 0x0800 and 0x1fff the first has order 12. */
	LEAVE_GAPS(&w.a, &w.r[10], { 0x0000, 0x1fff }, { 0x4000, 0x4fff });
	GRANT(vmr_alloc(&w.a, &w.r[0], REQ(VMR_BEST, 0x800, 0x800), NULL));
	EXPECT_AT(0x4000, 0x47ff, &w.r[0]);
	GRANT(vmr_free(&w.a, &w.r[0]));
	GRANT(vmr_alloc(&w.a, &w.r[0],
			REQ_IN(VMR_BEST, 0x800, 0x800, 0x0800, 0xffff), NULL));
	EXPECT_AT(0x0800, 0x0fff, &w.r[0]);
	GRANT(vmr_free(&w.a, &w.r[0]));
	GRANT(vmr_alloc(&w.a, &w.r[0],
			REQ_IN(VMR_BEST, 0x800, 0x800, 0x0000, 0x47ff), NULL));
	EXPECT_AT(0x4000, 0x47ff, &w.r[0]);
	EXPECT_VALID(&w.a);
}

TEST(both_bounds_are_inclusive)
{
	int policy;

	GRANT(vmr_space_init(&w.a, 0, 0xffff));
	GRANT(vmr_reserve(&w.a, &w.r[1], 0x8000, 0x8fff, NULL));
	for (policy = VMR_FIRST; policy < VMR_EXACT; policy++) {
		GRANT(vmr_alloc(&w.a, &w.r[0],
				REQ_IN(policy, 0x100, 1, 0x1234, 0x1333),
				NULL));
		EXPECT_AT(0x1234, 0x1333, &w.r[0]);
		GRANT(vmr_free(&w.a, &w.r[0]));
		REFUSE(-ENOSPC,
		       vmr_alloc(&w.a, &w.r[0],
				 REQ_IN(policy, 0x100, 1, 0x1235, 0x1333),
				 &conflict));
		REFUSE(-ENOSPC,
		       vmr_alloc(&w.a, &w.r[0],
				 REQ_IN(policy, 0x100, 1, 0x1234, 0x1332),
				 &conflict));
		/* Bounds inside one gap, and around a range. */
		GRANT(vmr_alloc(&w.a, &w.r[0],
				REQ_IN(policy, 1, 1, 0x7fff, 0x8fff), NULL));
		EXPECT_AT(0x7fff, 0x7fff, &w.r[0]);
		GRANT(vmr_free(&w.a, &w.r[0]));
		GRANT(vmr_alloc(&w.a, &w.r[0],
				REQ_IN(policy, 1, 1, 0x8000, 0x9000), NULL));
		EXPECT_AT(0x9000, 0x9000, &w.r[0]);
		GRANT(vmr_free(&w.a, &w.r[0]));
	}
	GRANT(vmr_alloc(&w.a, &w.r[0],
			REQ_IN(VMR_LAST, 0x10, 0x10, 0x100, 0x20e), NULL));
	EXPECT_AT(0x1f0, 0x1ff, &w.r[0]);
	GRANT(vmr_alloc(&w.a, &w.r[2],
			REQ_IN(VMR_FIRST, 0x10, 0x10, 0x101, 0x20f), NULL));
	EXPECT_AT(0x110, 0x11f, &w.r[2]);
	EXPECT_VALID(&w.a);
}

TEST(preferred_alignment_is_tried_before_the_required_one)
{
	GRANT(vmr_space_init(&w.a, 0x100, 0x2fff));
	GRANT(vmr_alloc(&w.a, &w.r[0],
			REQ_PREFER(VMR_FIRST, 0x100, 0x100, 0x1000), NULL));
	EXPECT_AT(0x1000, 0x10ff, &w.r[0]);
	GRANT(vmr_alloc(&w.a, &w.r[1],
			REQ_PREFER(VMR_LAST, 0x100, 0x100, 0x1000), NULL));
	EXPECT_AT(0x2000, 0x20ff, &w.r[1]);
	/* Nothing preferable is left. */
	GRANT(vmr_alloc(&w.a, &w.r[2],
			REQ_PREFER(VMR_FIRST, 0x100, 0x100, 0x1000), NULL));
	EXPECT_AT(0x100, 0x1ff, &w.r[2]);
	GRANT(vmr_alloc(&w.a, &w.r[3],
			REQ_PREFER(VMR_LAST, 0x100, 0x100, 0x1000), NULL));
	EXPECT_AT(0x2f00, 0x2fff, &w.r[3]);
	REFUSE(-ENOSPC, vmr_alloc(&w.a, &w.r[4],
				  REQ_PREFER(VMR_FIRST, 0x4000, 1, 0x1000),
				  &conflict));
	EXPECT_VALID(&w.a);
}

TEST(a_smaller_preferred_alignment_lowers_nothing)
{
	GRANT(vmr_space_init(&w.a, 0x100, 0x2fff));
	GRANT(vmr_alloc(&w.a, &w.r[0],
			REQ_PREFER(VMR_FIRST, 0x100, 0x1000, 0x100), NULL));
	EXPECT_AT(0x1000, 0x10ff, &w.r[0]);
	/* It does not bind an exact request. */
	w.addr = 0x2100;
	GRANT(vmr_alloc(&w.a, &w.r[1],
			(&(struct vmr_request){ .size = 1, .align = 0x100,
						.prefer_align = 0x1000,
						.max = VMR_MAX, .addr = 0x2100,
						.policy = VMR_EXACT }), NULL));
	EXPECT_AT(0x2100, 0x2100, &w.r[1]);
}

/* The whole domain. */

TEST(all_of_64_bits_can_be_managed)
{
	int policy;

	GRANT(vmr_space_init(&w.a, 0, VMR_MAX));
	for (policy = VMR_FIRST; policy < VMR_EXACT; policy++) {
		GRANT(vmr_alloc(&w.a, &w.r[0], REQ(policy, 1, 1), NULL));
		w.addr = policy == VMR_LAST ? VMR_MAX : 0;
		EXPECT_AT(w.addr, w.addr, &w.r[0]);
		EXPECT_EQ(&w.r[0], vmr_find(&w.a, w.addr));
		EXPECT_VALID(&w.a);
		GRANT(vmr_free(&w.a, &w.r[0]));

		GRANT(vmr_alloc(&w.a, &w.r[0], REQ(policy, VMR_MAX, 1), NULL));
		w.addr = policy == VMR_LAST ? 1 : 0;
		EXPECT_AT(w.addr, w.addr + (VMR_MAX - 1), &w.r[0]);
		EXPECT_VALID(&w.a);
		GRANT(vmr_free(&w.a, &w.r[0]));

		GRANT(vmr_alloc(&w.a, &w.r[0],
				REQ(policy, 1ULL << 63, 1ULL << 63), NULL));
		w.addr = policy == VMR_LAST ? 1ULL << 63 : 0;
		EXPECT_EQ(w.addr, w.r[0].start);
		/* The other half is one block too. */
		GRANT(vmr_alloc(&w.a, &w.r[1],
				REQ(policy, 1ULL << 63, 1ULL << 63), NULL));
		EXPECT_EQ((1ULL << 63) - w.addr, w.r[1].start);
		EXPECT_FALSE(vmr_first_gap(&w.a, &w.gap));
		EXPECT_VALID(&w.a);
		REFUSE(-ENOSPC, vmr_alloc(&w.a, &w.r[2], REQ(policy, 1, 1),
					  &conflict));
		GRANT(vmr_free(&w.a, &w.r[0]));
		GRANT(vmr_free(&w.a, &w.r[1]));
	}
}

TEST(the_whole_domain_can_be_one_range)
{
	GRANT(vmr_space_init(&w.a, 0, VMR_MAX));
	GRANT(vmr_reserve(&w.a, &w.r[0], 0, VMR_MAX, NULL));
	EXPECT_VALID(&w.a);
	EXPECT_EQ(&w.r[0], vmr_find(&w.a, 0));
	EXPECT_EQ(&w.r[0], vmr_find(&w.a, VMR_MAX));
	EXPECT_EQ(&w.r[0], vmr_find_overlap(&w.a, VMR_MAX, VMR_MAX));
	EXPECT_FALSE(vmr_first_gap(&w.a, &w.gap));
	EXPECT_FALSE(vmr_largest_gap(&w.a, &w.gap));
	REFUSE(-ENOSPC, vmr_alloc(&w.a, &w.r[1], REQ(VMR_FIRST, 1, 1),
				  &conflict));
	REFUSE_BUSY(&w.r[0], vmr_reserve(&w.a, &w.r[1], VMR_MAX, VMR_MAX,
					 &conflict));
	/* It fits nowhere else: its size is not even a number. */
	GRANT(vmr_move(&w.a, &w.r[0], 0, &conflict));
	REFUSE(-EOVERFLOW, vmr_move(&w.a, &w.r[0], 1, &conflict));
	EXPECT_AT(0, VMR_MAX, &w.r[0]);
	GRANT(vmr_free(&w.a, &w.r[0]));
	EXPECT_VALID(&w.a);
}

static void totals(struct __test_metadata *_metadata, uint64_t used_high,
		   uint64_t used_low, uint64_t unused_high, uint64_t unused_low)
{
	struct vmr_total used = vmr_used(&w.a), unused = vmr_unused(&w.a);

	EXPECT_EQ(used_high, used.high);
	EXPECT_EQ(used_low, used.low);
	EXPECT_EQ(unused_high, unused.high);
	EXPECT_EQ(unused_low, unused.low);
}

TEST(totals_can_say_2_to_the_64)
{
	GRANT(vmr_space_init(&w.a, 0, VMR_MAX));
	totals(_metadata, 0, 0, 1, 0);
	GRANT(vmr_reserve(&w.a, &w.r[0], 5, 5, NULL));
	totals(_metadata, 0, 1, 0, VMR_MAX);
	GRANT(vmr_reserve(&w.a, &w.r[1], 6, VMR_MAX, NULL));
	totals(_metadata, 0, VMR_MAX - 4, 0, 5);
	GRANT(vmr_reserve(&w.a, &w.r[2], 0, 4, NULL));
	totals(_metadata, 1, 0, 0, 0);
	GRANT(vmr_free(&w.a, &w.r[0]));
	totals(_metadata, 0, VMR_MAX, 0, 1);
	GRANT(vmr_free(&w.a, &w.r[1]));
	GRANT(vmr_free(&w.a, &w.r[2]));
	GRANT(vmr_reserve(&w.a, &w.r[0], 0, VMR_MAX, NULL));
	totals(_metadata, 1, 0, 0, 0);

	GRANT(vmr_space_init(&w.a, 1, VMR_MAX));
	totals(_metadata, 0, 0, 0, VMR_MAX);
	GRANT(vmr_reserve(&w.a, &w.r[1], 1, VMR_MAX, NULL));
	totals(_metadata, 0, VMR_MAX, 0, 0);
}

TEST(the_first_and_last_byte_are_like_any_other)
{
	GRANT(vmr_space_init(&w.a, 0, VMR_MAX));
	GRANT(vmr_reserve(&w.a, &w.r[0], 0, 0, NULL));
	GRANT(vmr_reserve(&w.a, &w.r[1], VMR_MAX, VMR_MAX, NULL));
	EXPECT_VALID(&w.a);
	EXPECT_EQ(&w.r[0], vmr_find(&w.a, 0));
	EXPECT_EQ(&w.r[1], vmr_find(&w.a, VMR_MAX));
	EXPECT_EQ(NULL, vmr_find(&w.a, 1));
	EXPECT_EQ(NULL, vmr_find(&w.a, VMR_MAX - 1));
	EXPECT_EQ(NULL, vmr_find_overlap(&w.a, 1, VMR_MAX - 1));
	EXPECT_EQ(&w.r[0], vmr_find_overlap(&w.a, 0, VMR_MAX));
	EXPECT_TRUE(vmr_first_gap(&w.a, &w.gap));
	EXPECT_EQ((uint64_t)1, w.gap.start);
	EXPECT_EQ(VMR_MAX - 1, w.gap.last);
	EXPECT_FALSE(vmr_next_gap(&w.a, &w.gap));

	GRANT(vmr_move(&w.a, &w.r[0], VMR_MAX - 1, NULL));
	GRANT(vmr_move(&w.a, &w.r[1], 0, NULL));
	GRANT(vmr_move(&w.a, &w.r[0], VMR_MAX, NULL));
	EXPECT_EQ(&w.r[1], vmr_find(&w.a, 0));
	EXPECT_EQ(&w.r[0], vmr_find(&w.a, VMR_MAX));
	EXPECT_VALID(&w.a);
	GRANT(vmr_free_at(&w.a, VMR_MAX, 1, &w.freed));
	EXPECT_EQ(&w.r[0], w.freed);
	GRANT(vmr_free_at(&w.a, 0, 1, &w.freed));
	EXPECT_EQ(&w.r[1], w.freed);
	EXPECT_VALID(&w.a);
}

/* Reserving. */

TEST(reserve_errors_come_in_the_order_of_the_table)
{
	three_ranges(_metadata);
	REFUSE(-EINVAL, vmr_reserve(NULL, &w.r[9], 1, 2, &conflict));
	REFUSE(-EINVAL, vmr_reserve(&w.a, NULL, 1, 2, &conflict));
	/* Reversed, linked already, outside, taken. */
	REFUSE(-EINVAL, vmr_reserve(&w.a, &w.r[0], 0x12001, 0x12000,
				    &conflict));
	REFUSE(-EEXIST, vmr_reserve(&w.a, &w.r[0], 0, 0x12000, &conflict));
	REFUSE(-EEXIST, vmr_reserve(&w.b, &w.r[0], LOW, LOW, &conflict));
	REFUSE(-ERANGE, vmr_reserve(&w.a, &w.r[9], LOW - 1, 0x12000,
				    &conflict));
	REFUSE(-ERANGE, vmr_reserve(&w.a, &w.r[9], 0x12000, HIGH + 1,
				    &conflict));
	REFUSE(-ERANGE, vmr_reserve(&w.a, &w.r[9], 0, 0, &conflict));
	REFUSE(-ERANGE, vmr_reserve(&w.a, &w.r[9], 0, VMR_MAX, &conflict));
	REFUSE_BUSY(&w.r[0], vmr_reserve(&w.a, &w.r[9], LOW, HIGH, &conflict));
	REFUSE_BUSY(&w.r[0], vmr_reserve(&w.a, &w.r[9], 0x12fff, 0x14000,
					 &conflict));
	REFUSE_BUSY(&w.r[1], vmr_reserve(&w.a, &w.r[9], 0x13000, 0x14000,
					 &conflict));
	GRANT(vmr_reserve(&w.a, &w.r[9], 0x13000, 0x13fff, &conflict));
	EXPECT_AT(0x13000, 0x13fff, &w.r[9]);
	EXPECT_VALID(&w.a);
}

/* Moving. */

TEST(a_move_keeps_the_size)
{
	three_ranges(_metadata);
	GRANT(vmr_move(&w.a, &w.r[1], 0x1a001, &conflict));
	EXPECT_AT(0x1a001, 0x1c000, &w.r[1]);
	EXPECT_EQ(NULL, vmr_find(&w.a, 0x14000));
	EXPECT_EQ(NULL, vmr_find(&w.a, 0x15fff));
	EXPECT_EQ(&w.r[1], vmr_find(&w.a, 0x1a001));
	EXPECT_EQ(&w.r[1], vmr_find(&w.a, 0x1c000));
	EXPECT_EQ((size_t)3, w.a.nr_ranges);
	EXPECT_VALID(&w.a);
}

TEST(a_move_may_overlap_its_own_old_place)
{
	static const int64_t by[] = { 1, -1, 0xfff, -0xfff, 0x1000, -0x1000 };
	size_t i;

	three_ranges(_metadata);
	for (i = 0; i < ARRAY_SIZE(by); i++) {
		w.addr = 0x14000 + by[i];
		GRANT(vmr_move(&w.a, &w.r[1], w.addr, &conflict));
		EXPECT_AT(w.addr, w.addr + 0x1fff, &w.r[1]);
		EXPECT_VALID(&w.a);
		GRANT(vmr_move(&w.a, &w.r[1], 0x14000, &conflict));
		EXPECT_AT(0x14000, 0x15fff, &w.r[1]);
		EXPECT_VALID(&w.a);
	}
	/* To both neighbours, with nothing between. */
	GRANT(vmr_move(&w.a, &w.r[1], 0x13000, &conflict));
	EXPECT_VALID(&w.a);
	REFUSE_BUSY(&w.r[0], vmr_move(&w.a, &w.r[1], 0x12fff, &conflict));
	GRANT(vmr_move(&w.a, &w.r[1], 0x16000, &conflict));
	EXPECT_VALID(&w.a);
	REFUSE_BUSY(&w.r[2], vmr_move(&w.a, &w.r[1], 0x16001, &conflict));
}

TEST(a_move_to_where_it_is_succeeds)
{
	three_ranges(_metadata);
	GRANT(vmr_move(&w.a, &w.r[1], 0x14000, &conflict));
	EXPECT_AT(0x14000, 0x15fff, &w.r[1]);
	EXPECT_VALID(&w.a);
}

TEST(a_move_over_others_is_refused_and_names_the_lowest)
{
	three_ranges(_metadata);
	REFUSE_BUSY(&w.r[0], vmr_move(&w.a, &w.r[1], 0x11000, &conflict));
	REFUSE_BUSY(&w.r[0], vmr_move(&w.a, &w.r[1], 0x12fff, &conflict));
	REFUSE_BUSY(&w.r[2], vmr_move(&w.a, &w.r[1], 0x16001, &conflict));
	/* Between the new place's ends lies also the range itself. */
	GRANT(vmr_reserve(&w.a, &w.r[3], 0x16000, 0x16fff, NULL));
	REFUSE_BUSY(&w.r[3], vmr_move(&w.a, &w.r[1], 0x15000, &conflict));
	world_save();
	EXPECT_EQ(-EBUSY, vmr_move(&w.a, &w.r[1], 0x11000, NULL));
	EXPECT_EQ(0, world_changed());
}

TEST(a_long_range_can_move_across_a_neighbour_only_as_a_whole)
{
	GRANT(vmr_space_init(&w.a, 0, 99));
	GRANT(vmr_reserve(&w.a, &w.r[0], 0, 29, NULL));
	GRANT(vmr_reserve(&w.a, &w.r[1], 40, 41, NULL));
	REFUSE_BUSY(&w.r[1], vmr_move(&w.a, &w.r[0], 11, &conflict));
	REFUSE_BUSY(&w.r[1], vmr_move(&w.a, &w.r[0], 41, &conflict));
	GRANT(vmr_move(&w.a, &w.r[0], 42, &conflict));
	EXPECT_AT(42, 71, &w.r[0]);
	GRANT(vmr_move(&w.a, &w.r[0], 70, &conflict));
	EXPECT_AT(70, 99, &w.r[0]);
	GRANT(vmr_move(&w.a, &w.r[0], 10, &conflict));
	EXPECT_AT(10, 39, &w.r[0]);
	EXPECT_VALID(&w.a);
}

TEST(move_errors_come_in_the_order_of_the_table)
{
	three_ranges(_metadata);
	GRANT(vmr_claim(&w.a, &w.r[3], 0x14000, 0x15fff));
	GRANT(vmr_park(&w.a, &w.r[4], 0x16000, 0x17fff));
	GRANT(vmr_reserve(&w.b, &w.r[5], 0x16000, 0x16fff, NULL));

	REFUSE(-EINVAL, vmr_move(NULL, &w.r[0], 0x11000, &conflict));
	REFUSE(-EINVAL, vmr_move(&w.a, NULL, 0x11000, &conflict));
	REFUSE(-EOVERFLOW, vmr_move(&w.a, &w.r[0], VMR_MAX, &conflict));
	REFUSE(-EOVERFLOW, vmr_move(&w.a, &w.r[0], VMR_MAX - 0xffe, &conflict));
	REFUSE(-ERANGE, vmr_move(&w.a, &w.r[0], VMR_MAX - 0xfff, &conflict));
	/* A range of another space, beyond the domain. */
	REFUSE(-EOVERFLOW, vmr_move(&w.a, &w.r[5], VMR_MAX, &conflict));
	/* Not live here: in no space, another space, claimed, parked. */
	REFUSE(-ENOENT, vmr_move(&w.a, &w.r[9], 0x16000, &conflict));
	REFUSE(-ENOENT, vmr_move(&w.a, &w.r[5], 0x16000, &conflict));
	REFUSE(-ENOENT, vmr_move(&w.a, &w.r[3], 0x16000, &conflict));
	REFUSE(-ENOENT, vmr_move(&w.a, &w.r[4], 0x16000, &conflict));
	/* The same, and outside. */
	REFUSE(-ENOENT, vmr_move(&w.a, &w.r[5], 0, &conflict));
	REFUSE(-ERANGE, vmr_move(&w.a, &w.r[0], LOW - 1, &conflict));
	REFUSE(-ERANGE, vmr_move(&w.a, &w.r[0], HIGH - 0xffe, &conflict));
	/* Outside and over another. */
	GRANT(vmr_reserve(&w.a, &w.r[6], HIGH, HIGH, NULL));
	REFUSE(-ERANGE, vmr_move(&w.a, &w.r[0], HIGH - 0xffe, &conflict));
	REFUSE_BUSY(&w.r[6], vmr_move(&w.a, &w.r[0], HIGH - 0xfff, &conflict));
	GRANT(vmr_move(&w.a, &w.r[0], LOW, &conflict));
	GRANT(vmr_free(&w.a, &w.r[6]));
	GRANT(vmr_move(&w.a, &w.r[0], HIGH - 0xfff, &conflict));
	EXPECT_AT(HIGH - 0xfff, HIGH, &w.r[0]);
	EXPECT_VALID(&w.a);
}

/* Sets of moves. */

static struct vmr_step step_to(struct vmr_space *space, struct vmr_range *range,
			       struct vmr_space *to, uint64_t start)
{
	return (struct vmr_step){ .space = space, .range = range, .to = to,
				  .start = start };
}

/*
 * A set that cannot be done leaves every range where it was and every lookup as
 * it was. The trees may have been taken apart and put together meanwhile, so that
 * only what they say is compared.
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

#define REFUSE_SET(err, step_, who, steps, nr) \
	do { \
		struct sight before_[WORLD_NODES], after_[WORLD_NODES]; \
		struct vmr_range *who_ = (who); \
		size_t failed_ = 77; \
		memset(before_, 0, sizeof(before_)); \
		memset(after_, 0, sizeof(after_)); \
		look(before_); \
		conflict = &nobody; \
		EXPECT_EQ((err), vmr_move_set(steps, nr, &failed_, &conflict)); \
		EXPECT_EQ((size_t)(step_), failed_); \
		EXPECT_EQ(who_ ? who_ : &nobody, conflict); \
		look(after_); \
		EXPECT_EQ(0, memcmp(before_, after_, sizeof(before_))); \
		EXPECT_VALID(&w.a); \
		EXPECT_VALID(&w.b); \
	} while (0)

TEST(a_set_of_one_is_a_move)
{
	struct vmr_step s[1];

	three_ranges(_metadata);
	s[0] = step_to(&w.a, &w.r[1], &w.a, 0x15000);
	GRANT(vmr_move_set(s, 1, NULL, NULL));
	EXPECT_AT(0x15000, 0x16fff, &w.r[1]);
	s[0].start = 0x15000;
	GRANT(vmr_move_set(s, 1, NULL, NULL));
	EXPECT_AT(0x15000, 0x16fff, &w.r[1]);
	EXPECT_VALID(&w.a);
}

TEST(a_set_can_swap_two_ranges)
{
	struct vmr_step s[2];

	three_ranges(_metadata);
	s[0] = step_to(&w.a, &w.r[0], &w.a, 0x18000);
	s[1] = step_to(&w.a, &w.r[2], &w.a, 0x12000);
	GRANT(vmr_move_set(s, 2, NULL, NULL));
	EXPECT_AT(0x18000, 0x18fff, &w.r[0]);
	EXPECT_AT(0x12000, 0x12fff, &w.r[2]);
	EXPECT_EQ(&w.r[0], vmr_find(&w.a, 0x18000));
	EXPECT_EQ(&w.r[2], vmr_find(&w.a, 0x12000));
	EXPECT_VALID(&w.a);
}

TEST(a_set_can_rotate_ranges_and_swap_different_sizes)
{
	struct vmr_step s[3];

	three_ranges(_metadata);
	s[0] = step_to(&w.a, &w.r[0], &w.a, 0x15000);
	s[1] = step_to(&w.a, &w.r[1], &w.a, 0x17800);
	s[2] = step_to(&w.a, &w.r[2], &w.a, 0x12000);
	GRANT(vmr_move_set(s, 3, NULL, NULL));
	EXPECT_AT(0x15000, 0x15fff, &w.r[0]);
	EXPECT_AT(0x17800, 0x197ff, &w.r[1]);
	EXPECT_AT(0x12000, 0x12fff, &w.r[2]);
	EXPECT_VALID(&w.a);

	/* Adjoining ranges of 1 and of 2 that change sides. */
	GRANT(vmr_space_init(&w.b, 0, 2));
	GRANT(vmr_reserve(&w.b, &w.r[5], 0, 0, NULL));
	GRANT(vmr_reserve(&w.b, &w.r[6], 1, 2, NULL));
	s[0] = step_to(&w.b, &w.r[5], &w.b, 2);
	s[1] = step_to(&w.b, &w.r[6], &w.b, 0);
	GRANT(vmr_move_set(s, 2, NULL, NULL));
	EXPECT_AT(2, 2, &w.r[5]);
	EXPECT_AT(0, 1, &w.r[6]);
	EXPECT_VALID(&w.b);
}

TEST(a_set_moves_between_spaces_that_share_a_counter)
{
	static struct vmr_seq seq;
	struct vmr_step s[2];

	GRANT(vmr_space_init(&w.a, LOW, HIGH));
	GRANT(vmr_space_init(&w.b, 0, 0x1fff));
	GRANT(vmr_space_share(&w.a, &seq));
	GRANT(vmr_space_share(&w.b, &seq));
	GRANT(vmr_reserve(&w.a, &w.r[0], 0x12000, 0x12fff, NULL));
	GRANT(vmr_reserve(&w.b, &w.r[1], 0x1000, 0x1fff, NULL));
	s[0] = step_to(&w.a, &w.r[0], &w.b, 0x1000);
	s[1] = step_to(&w.b, &w.r[1], &w.a, 0x12000);
	GRANT(vmr_move_set(s, 2, NULL, NULL));
	EXPECT_EQ(&w.r[1], vmr_find(&w.a, 0x12000));
	EXPECT_EQ(&w.r[0], vmr_find(&w.b, 0x1000));
	EXPECT_TRUE(vmr_in_space(&w.b, &w.r[0]));
	EXPECT_FALSE(vmr_in_space(&w.a, &w.r[0]));
	EXPECT_VALID(&w.a);
	EXPECT_VALID(&w.b);

	/* Outside the space that it would move to. */
	s[0] = step_to(&w.b, &w.r[0], &w.a, 0x13000);
	s[1] = step_to(&w.a, &w.r[1], &w.b, 0x1001);
	REFUSE_SET(-ERANGE, 1, NULL, s, 2);
	/* The wrong way round. */
	s[1] = step_to(&w.b, &w.r[1], &w.a, 0x13000);
	REFUSE_SET(-ENOENT, 1, NULL, s, 2);
}

TEST(a_set_that_cannot_be_done_changes_nothing)
{
	struct vmr_step s[3];
	size_t failed = 77;

	three_ranges(_metadata);
	GRANT(vmr_reserve(&w.a, &w.r[3], 0x1c000, 0x1cfff, NULL));
	GRANT(vmr_claim(&w.a, &w.r[4], 0x1c000, 0x1cfff));

	/* Something that does not move is in the way of the first. */
	s[0] = step_to(&w.a, &w.r[0], &w.a, 0x1c800);
	s[1] = step_to(&w.a, &w.r[2], &w.a, 0x12000);
	REFUSE_SET(-EBUSY, 0, &w.r[3], s, 2);
	/* Of the second, after one that could be done. */
	s[0] = step_to(&w.a, &w.r[0], &w.a, 0x18000);
	s[1] = step_to(&w.a, &w.r[2], &w.a, 0x1c800);
	REFUSE_SET(-EBUSY, 1, &w.r[3], s, 2);
	/* Two that would come to the same place. */
	s[0] = step_to(&w.a, &w.r[0], &w.a, 0x16000);
	s[1] = step_to(&w.a, &w.r[2], &w.a, 0x16fff);
	REFUSE_SET(-EBUSY, 1, &w.r[0], s, 2);
	/* Of the third. */
	s[0] = step_to(&w.a, &w.r[0], &w.a, 0x18000);
	s[1] = step_to(&w.a, &w.r[2], &w.a, 0x1d000);
	s[2] = step_to(&w.a, &w.r[1], &w.a, 0x13000);
	GRANT(vmr_reserve(&w.a, &w.r[5], 0x13800, 0x13fff, NULL));
	REFUSE_SET(-EBUSY, 2, &w.r[5], s, 3);
	/* A step that is wrong in itself is found before a place is taken. */
	s[0] = step_to(&w.a, &w.r[0], &w.a, 0x1c800);
	s[1] = step_to(&w.a, &w.r[9], &w.a, 0x12000);
	REFUSE_SET(-ENOENT, 1, NULL, s, 2);
	/* Of several the first counts, whatever it is. */
	s[0] = step_to(&w.a, &w.r[0], &w.a, 0x13000);
	s[1] = step_to(&w.a, &w.r[0], &w.a, 0x12000);
	s[2] = step_to(&w.a, &w.r[9], &w.a, 0x12000);
	REFUSE_SET(-EINVAL, 1, NULL, s, 3);
	s[0] = step_to(&w.a, &w.r[0], &w.a, 0x1c800);
	s[1] = step_to(&w.a, &w.r[2], &w.a, 0);
	s[2] = step_to(&w.a, &w.r[0], &w.a, 0x12000);
	REFUSE_SET(-ERANGE, 1, NULL, s, 3);

	s[0] = step_to(&w.a, &w.r[0], &w.a, 0x18000);
	s[1] = step_to(&w.a, &w.r[2], &w.a, VMR_MAX);
	REFUSE_SET(-EOVERFLOW, 1, NULL, s, 2);
	s[1] = step_to(&w.a, &w.r[2], &w.a, HIGH);
	REFUSE_SET(-ERANGE, 1, NULL, s, 2);
	s[1] = step_to(&w.a, &w.r[9], &w.a, 0x16000);
	REFUSE_SET(-ENOENT, 1, NULL, s, 2);
	s[1] = step_to(&w.a, &w.r[4], &w.a, 0x16000);
	REFUSE_SET(-ENOENT, 1, NULL, s, 2);
	s[1] = step_to(&w.b, &w.r[2], &w.b, 0x16000);
	EXPECT_GT(0, vmr_move_set(s, 2, &failed, NULL));
	EXPECT_EQ((size_t)1, failed);
	EXPECT_AT(0x12000, 0x12fff, &w.r[0]);
	EXPECT_AT(0x18000, 0x18fff, &w.r[2]);
}

TEST(a_set_refuses_null_nothing_twice_and_counters_of_their_own)
{
	struct vmr_step s[2];

	three_ranges(_metadata);
	s[0] = step_to(&w.a, &w.r[0], &w.a, 0x18000);
	s[1] = step_to(&w.a, &w.r[2], &w.a, 0x12000);
	EXPECT_EQ(-EINVAL, vmr_move_set(NULL, 1, NULL, NULL));
	EXPECT_EQ(-EINVAL, vmr_move_set(s, 0, NULL, NULL));
	s[1].range = NULL;
	REFUSE_SET(-EINVAL, 1, NULL, s, 2);
	s[1].range = &w.r[2];
	s[1].space = NULL;
	REFUSE_SET(-EINVAL, 1, NULL, s, 2);
	s[1].space = &w.a;
	s[1].to = NULL;
	REFUSE_SET(-EINVAL, 1, NULL, s, 2);
	s[1].to = &w.b;
	REFUSE_SET(-EINVAL, 1, NULL, s, 2);
	s[1].to = &w.a;
	s[1].range = &w.r[0];
	s[1].start = 0x16000;
	REFUSE_SET(-EINVAL, 1, NULL, s, 2);
	s[1].range = &w.r[2];
	GRANT(vmr_move_set(s, 2, NULL, NULL));
	EXPECT_AT(0x16000, 0x16fff, &w.r[2]);
}

/* Freeing. */

TEST(a_freed_node_is_zero_and_remembers_its_place)
{
	static const struct vmr_node zero;

	three_ranges(_metadata);
	GRANT(vmr_free(&w.a, &w.r[1]));
	EXPECT_EQ(0, memcmp(&zero, &w.r[1].node, sizeof(zero)));
	EXPECT_EQ((uint64_t)0x14000, w.r[1].start);
	EXPECT_EQ((uint64_t)0x15fff, w.r[1].last);
	EXPECT_EQ(VMR_FREE, vmr_range_state(&w.r[1]));
	EXPECT_EQ(NULL, vmr_find(&w.a, 0x14000));
	EXPECT_EQ((size_t)2, w.a.nr_ranges);
	EXPECT_VALID(&w.a);
	GRANT(vmr_alloc(&w.a, &w.r[1], REQ(VMR_LAST, 1, 1), NULL));
	EXPECT_AT(HIGH, HIGH, &w.r[1]);
	GRANT(vmr_free(&w.a, &w.r[1]));
	/* And may go into another space. */
	GRANT(vmr_alloc(&w.b, &w.r[1], REQ(VMR_LAST, 1, 1), NULL));
	EXPECT_TRUE(vmr_in_space(&w.b, &w.r[1]));
}

TEST(a_wrong_free_is_refused)
{
	three_ranges(_metadata);
	GRANT(vmr_claim(&w.a, &w.r[3], 0x14000, 0x14fff));
	GRANT(vmr_reserve(&w.b, &w.r[4], 0x14000, 0x14fff, NULL));
	REFUSE(-EINVAL, vmr_free(NULL, &w.r[0]));
	REFUSE(-EINVAL, vmr_free(&w.a, NULL));
	/* Never allocated, of another space, a claim of another. */
	REFUSE(-ENOENT, vmr_free(&w.a, &w.r[9]));
	REFUSE(-ENOENT, vmr_free(&w.b, &w.r[0]));
	REFUSE(-ENOENT, vmr_free(&w.a, &w.r[4]));
	REFUSE(-ENOENT, vmr_free(&w.b, &w.r[3]));
	/* Twice. */
	GRANT(vmr_free(&w.a, &w.r[0]));
	REFUSE(-ENOENT, vmr_free(&w.a, &w.r[0]));
	GRANT(vmr_free(&w.a, &w.r[3]));
	REFUSE(-ENOENT, vmr_free(&w.a, &w.r[3]));
	/* From an empty space, and the same address in another. */
	GRANT(vmr_free(&w.b, &w.r[4]));
	REFUSE(-ENOENT, vmr_free(&w.b, &w.r[1]));
	EXPECT_VALID(&w.a);
	EXPECT_VALID(&w.b);
}

TEST(free_takes_out_claimed_and_parked_ranges)
{
	static const struct vmr_node zero;

	three_ranges(_metadata);
	GRANT(vmr_claim(&w.a, &w.r[3], 0x14000, 0x14fff));
	GRANT(vmr_park(&w.a, &w.r[4], 0x14000, 0x14fff));
	EXPECT_EQ((size_t)2, w.a.nr_claims);
	GRANT(vmr_free(&w.a, &w.r[3]));
	EXPECT_EQ(0, memcmp(&zero, &w.r[3].node, sizeof(zero)));
	EXPECT_EQ(VMR_FREE, vmr_range_state(&w.r[3]));
	EXPECT_EQ((uint64_t)0x14000, w.r[3].start);
	EXPECT_EQ((uint64_t)0x14fff, w.r[3].last);
	GRANT(vmr_free(&w.a, &w.r[4]));
	EXPECT_EQ((size_t)0, w.a.nr_claims);
	EXPECT_EQ((size_t)3, w.a.nr_ranges);
	EXPECT_VALID(&w.a);
	GRANT(vmr_alloc(&w.a, &w.r[3], REQ(VMR_FIRST, 1, 1), NULL));
}

TEST(free_by_place_must_name_one_range_exactly)
{
	three_ranges(_metadata);
	GRANT(vmr_reserve(&w.a, &w.r[3], 0x13000, 0x13fff, NULL));
	GRANT(vmr_claim(&w.a, &w.r[4], 0x1a000, 0x1afff));
	REFUSE(-ENOENT, vmr_free_at(&w.a, 0x12000, 0x0fff, &w.freed));
	REFUSE(-ENOENT, vmr_free_at(&w.a, 0x12000, 0x1001, &w.freed));
	REFUSE(-ENOENT, vmr_free_at(&w.a, 0x12001, 0x0fff, &w.freed));
	REFUSE(-ENOENT, vmr_free_at(&w.a, 0x11fff, 0x1001, &w.freed));
	/* Two that adjoin are not one. */
	REFUSE(-ENOENT, vmr_free_at(&w.a, 0x12000, 0x2000, &w.freed));
	/* Free space, and a place that is only claimed. */
	REFUSE(-ENOENT, vmr_free_at(&w.a, 0x10000, 0x1000, &w.freed));
	REFUSE(-ENOENT, vmr_free_at(&w.a, 0x1a000, 0x1000, &w.freed));
	GRANT(vmr_free_at(&w.a, 0x12000, 0x1000, &w.freed));
	EXPECT_EQ(&w.r[0], w.freed);
	EXPECT_EQ(VMR_FREE, vmr_range_state(&w.r[0]));
	REFUSE(-ENOENT, vmr_free_at(&w.a, 0x12000, 0x1000, &w.freed));
	GRANT(vmr_free_at(&w.a, 0x13000, 0x1000, NULL));
	EXPECT_EQ(VMR_FREE, vmr_range_state(&w.r[3]));
	EXPECT_VALID(&w.a);
}

TEST(free_by_place_errors_come_in_the_order_of_the_table)
{
	three_ranges(_metadata);
	REFUSE(-EINVAL, vmr_free_at(NULL, 0x12000, 0x1000, &w.freed));
	REFUSE(-EINVAL, vmr_free_at(&w.a, VMR_MAX, 0, &w.freed));
	REFUSE(-EOVERFLOW, vmr_free_at(&w.a, VMR_MAX, 2, &w.freed));
	REFUSE(-EOVERFLOW, vmr_free_at(&w.a, 0x12000, VMR_MAX, &w.freed));
	REFUSE(-ERANGE, vmr_free_at(&w.a, VMR_MAX, 1, &w.freed));
	REFUSE(-ERANGE, vmr_free_at(&w.a, LOW - 1, 1, &w.freed));
	REFUSE(-ERANGE, vmr_free_at(&w.a, LOW - 1, 2, &w.freed));
	REFUSE(-ERANGE, vmr_free_at(&w.a, HIGH, 2, &w.freed));
	REFUSE(-ENOENT, vmr_free_at(&w.a, HIGH, 1, &w.freed));
}

TEST(neighbouring_gaps_become_one_also_of_one_address)
{
	size_t i;

	GRANT(vmr_space_init(&w.a, 0, 7));
	for (i = 0; i < 8; i++)
		GRANT(vmr_reserve(&w.a, &w.r[i], i, i, NULL));
	EXPECT_FALSE(vmr_first_gap(&w.a, &w.gap));
	/* In an order that merges to the left, to the right and to both. */
	GRANT(vmr_free(&w.a, &w.r[3]));
	GRANT(vmr_free(&w.a, &w.r[4]));
	GRANT(vmr_free(&w.a, &w.r[2]));
	GRANT(vmr_free(&w.a, &w.r[6]));
	GRANT(vmr_free(&w.a, &w.r[5]));
	EXPECT_TRUE(vmr_first_gap(&w.a, &w.gap));
	EXPECT_EQ((uint64_t)2, w.gap.start);
	EXPECT_EQ((uint64_t)6, w.gap.last);
	EXPECT_FALSE(vmr_next_gap(&w.a, &w.gap));
	GRANT(vmr_alloc(&w.a, &w.r[9], REQ(VMR_FIRST, 5, 1), NULL));
	EXPECT_AT(2, 6, &w.r[9]);
	EXPECT_VALID(&w.a);
}

/* Finding. */

TEST(find_knows_every_address)
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
		ASSERT_EQ(want, vmr_lookup(&w.a, addr, &start, &last));
		if (want) {
			ASSERT_EQ(want->start, start);
			ASSERT_EQ(want->last, last);
		}
	}
	EXPECT_EQ(NULL, vmr_find(&w.a, 0));
	EXPECT_EQ(NULL, vmr_find(&w.a, VMR_MAX));
	EXPECT_EQ(&w.r[0], vmr_lookup(&w.a, 0x12000, NULL, NULL));
}

TEST(find_overlap_names_the_lowest_range)
{
	three_ranges(_metadata);
	EXPECT_EQ(&w.r[0], vmr_find_overlap(&w.a, 0, VMR_MAX));
	EXPECT_EQ(&w.r[0], vmr_find_overlap(&w.a, 0x12fff, 0x18000));
	EXPECT_EQ(&w.r[1], vmr_find_overlap(&w.a, 0x13000, 0x18000));
	EXPECT_EQ(NULL, vmr_find_overlap(&w.a, 0x13000, 0x13fff));
	EXPECT_EQ(&w.r[1], vmr_find_overlap(&w.a, 0x13000, 0x14000));
	EXPECT_EQ(&w.r[1], vmr_find_overlap(&w.a, 0x14800, 0x14800));
	EXPECT_EQ(NULL, vmr_find_overlap(&w.a, 0x19000, VMR_MAX));
	EXPECT_EQ(NULL, vmr_find_overlap(&w.a, 0, 0x11fff));
	/* Reversed. */
	EXPECT_EQ(NULL, vmr_find_overlap(&w.a, 0x15000, 0x14000));
	EXPECT_EQ(NULL, vmr_find_overlap(&w.a, VMR_MAX, 0));
}

TEST(iteration_goes_by_address_both_ways)
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
		GRANT(vmr_free(&w.a, range));
	}
	EXPECT_EQ(3, i);
	EXPECT_EQ((size_t)0, w.a.nr_ranges);
	EXPECT_VALID(&w.a);
}

TEST(gap_iteration_finds_every_gap_once)
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

	/* No gap in front, none behind, and ranges that adjoin. */
	GRANT(vmr_reserve(&w.a, &w.r[3], LOW, 0x11fff, NULL));
	GRANT(vmr_reserve(&w.a, &w.r[4], 0x13000, 0x13fff, NULL));
	GRANT(vmr_reserve(&w.a, &w.r[5], 0x19000, HIGH, NULL));
	ASSERT_TRUE(vmr_first_gap(&w.a, &w.gap));
	EXPECT_EQ((uint64_t)0x16000, w.gap.start);
	EXPECT_EQ((uint64_t)0x17fff, w.gap.last);
	EXPECT_EQ(&w.r[2], w.gap.next);
	world_save();
	EXPECT_FALSE(vmr_next_gap(&w.a, &w.gap));
	EXPECT_EQ(0, world_changed());

	GRANT(vmr_reserve(&w.a, &w.r[6], 0x16000, 0x17fff, NULL));
	world_save();
	EXPECT_FALSE(vmr_first_gap(&w.a, &w.gap));
	EXPECT_FALSE(vmr_largest_gap(&w.a, &w.gap));
	EXPECT_EQ(0, world_changed());
}

TEST(the_largest_gap_is_the_lowest_among_equals)
{
	GRANT(vmr_space_init(&w.a, 0, 99));
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
	/* One longer at the end. */
	GRANT(vmr_free_at(&w.a, 60, 30, &w.freed));
	EXPECT_TRUE(vmr_largest_gap(&w.a, &w.gap));
	EXPECT_EQ((uint64_t)50, w.gap.start);
	EXPECT_EQ((uint64_t)99, w.gap.last);
	EXPECT_EQ(NULL, w.gap.next);
	GRANT(vmr_reserve(&w.a, w.freed, 60, 88, NULL));
	EXPECT_TRUE(vmr_largest_gap(&w.a, &w.gap));
	EXPECT_EQ((uint64_t)89, w.gap.start);
	EXPECT_EQ((uint64_t)99, w.gap.last);
}

/* Claims. */

TEST(claim_errors_come_in_the_order_of_the_table)
{
	three_ranges(_metadata);
	GRANT(vmr_reserve(&w.b, &w.r[3], 0x14000, 0x14fff, NULL));
	GRANT(vmr_claim(&w.b, &w.r[4], 0x14000, 0x14fff));
	GRANT(vmr_claim(&w.a, &w.r[5], 0x14000, 0x14fff));

	REFUSE(-EINVAL, vmr_claim(NULL, &w.r[0], LOW, LOW));
	REFUSE(-EINVAL, vmr_claim(&w.a, NULL, LOW, LOW));
	REFUSE(-EINVAL, vmr_claim(&w.a, &w.r[3], 1, 0));
	REFUSE(-EEXIST, vmr_claim(&w.a, &w.r[3], 0, 1));
	REFUSE(-EEXIST, vmr_claim(&w.a, &w.r[4], LOW, LOW));
	REFUSE(-ERANGE, vmr_claim(&w.a, &w.r[0], LOW - 1, LOW));
	REFUSE(-ERANGE, vmr_claim(&w.a, &w.r[5], HIGH, HIGH + 1));
	REFUSE(-ERANGE, vmr_claim(&w.a, &w.r[9], 0, 0));

	REFUSE(-EINVAL, vmr_park(NULL, &w.r[0], LOW, LOW));
	REFUSE(-EINVAL, vmr_park(&w.a, NULL, LOW, LOW));
	REFUSE(-EINVAL, vmr_park(&w.a, &w.r[3], 1, 0));
	REFUSE(-EEXIST, vmr_park(&w.a, &w.r[3], 0, 1));
	REFUSE(-EEXIST, vmr_park(&w.a, &w.r[4], LOW, LOW));
	REFUSE(-ERANGE, vmr_park(&w.a, &w.r[0], LOW - 1, LOW));
	REFUSE(-ERANGE, vmr_park(&w.a, &w.r[5], HIGH, HIGH + 1));
	REFUSE(-ERANGE, vmr_park(&w.a, &w.r[9], 0, 0));

	EXPECT_EQ(VMR_LIVE, vmr_range_state(&w.r[0]));
	EXPECT_EQ(VMR_CLAIMED, vmr_range_state(&w.r[5]));
}

TEST(a_claim_leaves_its_old_place_at_once_and_answers_nowhere)
{
	three_ranges(_metadata);
	GRANT(vmr_claim(&w.a, &w.r[0], 0x14800, 0x157ff));
	EXPECT_EQ(VMR_CLAIMED, vmr_range_state(&w.r[0]));
	EXPECT_TRUE(vmr_in_space(&w.a, &w.r[0]));
	EXPECT_EQ((uint64_t)0x14800, w.r[0].start);
	EXPECT_EQ((uint64_t)0x157ff, w.r[0].last);
	EXPECT_EQ(NULL, vmr_find(&w.a, 0x12000));
	/* The present holder keeps answering. */
	EXPECT_EQ(&w.r[1], vmr_find(&w.a, 0x14800));
	EXPECT_EQ(&w.r[1], vmr_find_overlap(&w.a, 0, 0x14800));
	EXPECT_EQ((size_t)2, w.a.nr_ranges);
	EXPECT_EQ((size_t)1, w.a.nr_claims);
	EXPECT_EQ((uint64_t)0x3000, vmr_used(&w.a).low);
	EXPECT_EQ(&w.r[0], vmr_first_claim(&w.a, 0, VMR_MAX));
	EXPECT_EQ(&w.r[1], vmr_first_range(&w.a));
	EXPECT_EQ(&w.r[2], vmr_next_range(&w.r[1]));
	EXPECT_VALID(&w.a);
	/* On a free place too, until it is settled. */
	GRANT(vmr_claim(&w.a, &w.r[0], 0x12000, 0x12fff));
	EXPECT_EQ(NULL, vmr_find(&w.a, 0x12000));
	EXPECT_VALID(&w.a);
}

TEST(a_claim_settles_when_all_of_its_place_is_free)
{
	three_ranges(_metadata);
	GRANT(vmr_claim(&w.a, &w.r[3], 0x12800, 0x147ff));
	EXPECT_EQ(NULL, vmr_settle(&w.a, 0, VMR_MAX));
	GRANT(vmr_free(&w.a, &w.r[0]));
	world_save();
	EXPECT_EQ(NULL, vmr_settle(&w.a, 0, VMR_MAX));
	EXPECT_EQ(0, world_changed());
	GRANT(vmr_move(&w.a, &w.r[1], 0x14800, NULL));
	EXPECT_EQ(&w.r[3], vmr_settle(&w.a, 0x14000, 0x14000));
	EXPECT_AT(0x12800, 0x147ff, &w.r[3]);
	EXPECT_EQ((size_t)0, w.a.nr_claims);
	EXPECT_EQ((size_t)3, w.a.nr_ranges);
	EXPECT_EQ(NULL, vmr_settle(&w.a, 0, VMR_MAX));
	EXPECT_EQ(&w.r[3], vmr_find(&w.a, 0x13000));
	EXPECT_VALID(&w.a);
}

TEST(settle_tests_only_claims_that_touch_the_place)
{
	three_ranges(_metadata);
	GRANT(vmr_claim(&w.a, &w.r[3], 0x1a000, 0x1afff));
	EXPECT_EQ(NULL, vmr_settle(&w.a, 0, 0x19fff));
	EXPECT_EQ(NULL, vmr_settle(&w.a, 0x1b000, VMR_MAX));
	EXPECT_EQ(NULL, vmr_settle(&w.a, 0x1afff, 0x1a000));
	EXPECT_EQ(VMR_CLAIMED, vmr_range_state(&w.r[3]));
	EXPECT_EQ(&w.r[3], vmr_settle(&w.a, 0x1afff, 0x1b000));
	GRANT(vmr_claim(&w.a, &w.r[3], 0x1a000, 0x1afff));
	EXPECT_EQ(&w.r[3], vmr_settle(&w.a, 0x19000, 0x1a000));
	EXPECT_EQ(NULL, vmr_settle(NULL, 0, VMR_MAX));
}

TEST(among_several_claims_the_oldest_goes_first)
{
	three_ranges(_metadata);
	GRANT(vmr_claim(&w.a, &w.r[3], 0x14800, 0x14fff));
	GRANT(vmr_claim(&w.a, &w.r[4], 0x14000, 0x14fff));
	GRANT(vmr_claim(&w.a, &w.r[5], 0x14000, 0x14fff));
	EXPECT_VALID(&w.a);
	/* Claiming anew makes a claim the youngest. */
	GRANT(vmr_claim(&w.a, &w.r[3], 0x14800, 0x14fff));
	EXPECT_VALID(&w.a);
	GRANT(vmr_free(&w.a, &w.r[1]));
	EXPECT_EQ(&w.r[4], vmr_settle(&w.a, 0x14000, 0x15fff));
	EXPECT_EQ(NULL, vmr_settle(&w.a, 0x14000, 0x15fff));
	GRANT(vmr_free(&w.a, &w.r[4]));
	EXPECT_EQ(&w.r[5], vmr_settle(&w.a, 0x14000, 0x15fff));
	/* Claiming its own place, it stands behind the one that waits. */
	GRANT(vmr_claim(&w.a, &w.r[5], 0x14000, 0x14fff));
	EXPECT_EQ(&w.r[3], vmr_settle(&w.a, 0x14000, 0x15fff));
	EXPECT_EQ(NULL, vmr_settle(&w.a, 0x14000, 0x15fff));
	GRANT(vmr_free(&w.a, &w.r[3]));
	EXPECT_EQ(&w.r[5], vmr_settle(&w.a, 0x14000, 0x15fff));
	EXPECT_VALID(&w.a);
}

TEST(an_old_claim_that_must_wait_does_not_hold_up_a_younger)
{
	three_ranges(_metadata);
	GRANT(vmr_claim(&w.a, &w.r[3], 0x12000, 0x15fff));
	GRANT(vmr_claim(&w.a, &w.r[4], 0x14000, 0x14fff));
	GRANT(vmr_free(&w.a, &w.r[1]));
	EXPECT_EQ(&w.r[4], vmr_settle(&w.a, 0x14000, 0x15fff));
	EXPECT_EQ(NULL, vmr_settle(&w.a, 0x14000, 0x15fff));
	EXPECT_EQ(VMR_CLAIMED, vmr_range_state(&w.r[3]));
}

TEST(two_ranges_that_claim_each_others_place_swap)
{
	three_ranges(_metadata);
	GRANT(vmr_claim(&w.a, &w.r[0], 0x18000, 0x18fff));
	EXPECT_EQ(NULL, vmr_settle(&w.a, 0x12000, 0x12fff));
	GRANT(vmr_claim(&w.a, &w.r[2], 0x12000, 0x12fff));
	EXPECT_EQ(&w.r[0], vmr_settle(&w.a, 0, VMR_MAX));
	EXPECT_EQ(&w.r[2], vmr_settle(&w.a, 0, VMR_MAX));
	EXPECT_EQ(NULL, vmr_settle(&w.a, 0, VMR_MAX));
	EXPECT_AT(0x18000, 0x18fff, &w.r[0]);
	EXPECT_AT(0x12000, 0x12fff, &w.r[2]);
	EXPECT_VALID(&w.a);
}

TEST(a_parked_range_waits_for_nothing)
{
	three_ranges(_metadata);
	GRANT(vmr_park(&w.a, &w.r[0], 0x12000, 0x12fff));
	EXPECT_EQ(VMR_PARKED, vmr_range_state(&w.r[0]));
	EXPECT_TRUE(vmr_in_space(&w.a, &w.r[0]));
	EXPECT_FALSE(vmr_in_space(&w.b, &w.r[0]));
	EXPECT_EQ(NULL, vmr_find(&w.a, 0x12000));
	EXPECT_EQ(NULL, vmr_settle(&w.a, 0, VMR_MAX));
	EXPECT_EQ(VMR_PARKED, vmr_range_state(&w.r[0]));
	EXPECT_EQ((size_t)1, w.a.nr_claims);
	EXPECT_VALID(&w.a);
	/* From parked to claimed to parked, and live again. */
	GRANT(vmr_claim(&w.a, &w.r[0], 0x12000, 0x12fff));
	EXPECT_EQ(VMR_CLAIMED, vmr_range_state(&w.r[0]));
	EXPECT_EQ((size_t)1, w.a.nr_claims);
	GRANT(vmr_park(&w.a, &w.r[0], 0x13000, 0x13fff));
	EXPECT_EQ(VMR_PARKED, vmr_range_state(&w.r[0]));
	GRANT(vmr_claim(&w.a, &w.r[0], 0x12000, 0x12fff));
	EXPECT_EQ(&w.r[0], vmr_settle(&w.a, 0, VMR_MAX));
	EXPECT_VALID(&w.a);
}

TEST(automatic_placement_never_takes_a_claimed_place)
{
	int policy;

	GRANT(vmr_space_init(&w.a, 0, 0x2fff));
	GRANT(vmr_claim(&w.a, &w.r[0], 0x0800, 0x1fff));
	for (policy = VMR_FIRST; policy < VMR_EXACT; policy++) {
		REFUSE(-ENOSPC, vmr_alloc(&w.a, &w.r[1],
					  REQ(policy, 0x1001, 1), &conflict));
		/* In the same gap beside the claim. */
		GRANT(vmr_alloc(&w.a, &w.r[1], REQ(policy, 0x1000, 1), NULL));
		EXPECT_AT(0x2000, 0x2fff, &w.r[1]);
		GRANT(vmr_alloc(&w.a, &w.r[2], REQ(policy, 0x800, 0x800),
				NULL));
		EXPECT_AT(0x0000, 0x07ff, &w.r[2]);
		REFUSE(-ENOSPC, vmr_alloc(&w.a, &w.r[3], REQ(policy, 1, 1),
					  &conflict));
		/* Only the exact request may. */
		GRANT(vmr_alloc(&w.a, &w.r[3], REQ_AT(0x1000, 0x100, 1), NULL));
		EXPECT_AT(0x1000, 0x10ff, &w.r[3]);
		EXPECT_VALID(&w.a);
		GRANT(vmr_free(&w.a, &w.r[1]));
		GRANT(vmr_free(&w.a, &w.r[2]));
		GRANT(vmr_free(&w.a, &w.r[3]));
	}
	GRANT(vmr_reserve(&w.a, &w.r[4], 0x0800, 0x0fff, NULL));
	EXPECT_EQ(NULL, vmr_settle(&w.a, 0, VMR_MAX));
}

TEST(automatic_placement_takes_a_parked_place_last)
{
	int policy;

	GRANT(vmr_space_init(&w.a, 0, 0x3fff));
	for (policy = VMR_FIRST; policy < VMR_EXACT; policy++) {
		GRANT(vmr_park(&w.a, &w.r[0], 0x0000, 0x0fff));
		GRANT(vmr_park(&w.a, &w.r[1], 0x3000, 0x3fff));
		GRANT(vmr_claim(&w.a, &w.r[5], 0x0f00, 0x0fff));
		w.addr = policy == VMR_LAST ? 0x2000 : 0x1000;
		GRANT(vmr_alloc(&w.a, &w.r[2], REQ(policy, 0x1000, 0x1000),
				NULL));
		EXPECT_AT(w.addr, w.addr + 0xfff, &w.r[2]);
		GRANT(vmr_alloc(&w.a, &w.r[3], REQ(policy, 0x1000, 0x1000),
				NULL));
		EXPECT_AT(0x3000 - w.addr, 0x3fff - w.addr, &w.r[3]);
		/* Nothing else is left; what is claimed still is not. */
		GRANT(vmr_alloc(&w.a, &w.r[4], REQ(policy, 0x1000, 0x1000),
				NULL));
		EXPECT_AT(0x3000, 0x3fff, &w.r[4]);
		REFUSE(-ENOSPC, vmr_alloc(&w.a, &w.r[6],
					  REQ(policy, 0x1000, 0x1000),
					  &conflict));
		EXPECT_EQ(VMR_PARKED, vmr_range_state(&w.r[1]));
		GRANT(vmr_free(&w.a, &w.r[2]));
		GRANT(vmr_free(&w.a, &w.r[3]));
		GRANT(vmr_free(&w.a, &w.r[4]));
		/* An exact request may at any time. */
		GRANT(vmr_alloc(&w.a, &w.r[4], REQ_AT(0x3000, 0x1000, 0x1000),
				NULL));
		GRANT(vmr_free(&w.a, &w.r[4]));
		EXPECT_VALID(&w.a);
	}
}

TEST(a_parked_place_counts_more_than_a_preferred_alignment)
{
	GRANT(vmr_space_init(&w.a, 0x0100, 0x1fff));
	GRANT(vmr_park(&w.a, &w.r[0], 0x1000, 0x1fff));
	GRANT(vmr_alloc(&w.a, &w.r[1],
			REQ_PREFER(VMR_FIRST, 0x100, 0x100, 0x1000), NULL));
	EXPECT_AT(0x0100, 0x01ff, &w.r[1]);
	GRANT(vmr_reserve(&w.a, &w.r[2], 0x0200, 0x0fff, NULL));
	/* Only parked places are left, and among them one is preferable. */
	GRANT(vmr_alloc(&w.a, &w.r[3],
			REQ_PREFER(VMR_LAST, 0x100, 0x100, 0x1000), NULL));
	EXPECT_AT(0x1000, 0x10ff, &w.r[3]);
}

TEST(claims_are_found_by_the_place_they_touch)
{
	struct vmr_range *range;
	int n = 0;

	three_ranges(_metadata);
	EXPECT_EQ(NULL, vmr_first_claim(&w.a, 0, VMR_MAX));
	GRANT(vmr_claim(&w.a, &w.r[3], 0x10000, 0x1ffff));
	GRANT(vmr_claim(&w.a, &w.r[4], 0x12000, 0x12fff));
	GRANT(vmr_park(&w.a, &w.r[5], 0x18000, 0x18fff));
	EXPECT_EQ(&w.r[3], vmr_first_claim(&w.a, 0, VMR_MAX));
	EXPECT_EQ(&w.r[4], vmr_next_claim(&w.r[3], 0, VMR_MAX));
	EXPECT_EQ(&w.r[5], vmr_next_claim(&w.r[4], 0, VMR_MAX));
	EXPECT_EQ(NULL, vmr_next_claim(&w.r[5], 0, VMR_MAX));
	EXPECT_EQ(&w.r[5], vmr_next_claim(&w.r[3], 0x18fff, 0x18fff));
	EXPECT_EQ(NULL, vmr_next_claim(&w.r[4], 0x13000, 0x17fff));
	EXPECT_EQ(&w.r[3], vmr_first_claim(&w.a, 0x18000, 0x18000));
	GRANT(vmr_free(&w.a, &w.r[3]));
	EXPECT_EQ(&w.r[5], vmr_first_claim(&w.a, 0x13000, 0x18000));
	EXPECT_EQ(NULL, vmr_first_claim(&w.a, 0x13000, 0x17fff));
	EXPECT_EQ(NULL, vmr_first_claim(&w.a, 0x19000, VMR_MAX));
	EXPECT_EQ(NULL, vmr_first_claim(&w.a, 0, 0x11fff));
	vmr_for_each_claim(range, &w.a) {
		/* What it waits for. */
		EXPECT_EQ(n ? &w.r[2] : &w.r[0],
			  vmr_find_overlap(&w.a, range->start, range->last));
		n++;
	}
	EXPECT_EQ(2, n);
	EXPECT_VALID(&w.a);
}

TEST(claims_live_at_both_ends_of_the_domain)
{
	GRANT(vmr_space_init(&w.a, 0, VMR_MAX));
	GRANT(vmr_claim(&w.a, &w.r[0], 0, 0));
	GRANT(vmr_claim(&w.a, &w.r[1], VMR_MAX, VMR_MAX));
	EXPECT_VALID(&w.a);
	GRANT(vmr_alloc(&w.a, &w.r[2], REQ(VMR_FIRST, 1, 1), NULL));
	EXPECT_AT(1, 1, &w.r[2]);
	GRANT(vmr_alloc(&w.a, &w.r[3], REQ(VMR_LAST, 1, 1), NULL));
	EXPECT_AT(VMR_MAX - 1, VMR_MAX - 1, &w.r[3]);
	REFUSE(-ENOSPC, vmr_alloc(&w.a, &w.r[4], REQ(VMR_FIRST, VMR_MAX, 1),
				  &conflict));
	EXPECT_EQ(&w.r[1], vmr_settle(&w.a, VMR_MAX, VMR_MAX));
	EXPECT_EQ(&w.r[0], vmr_settle(&w.a, 0, 0));
	GRANT(vmr_claim(&w.a, &w.r[0], 0, VMR_MAX));
	EXPECT_VALID(&w.a);
	/* All of it is claimed, so there is no other place. */
	REFUSE(-ENOSPC, vmr_alloc(&w.a, &w.r[4], REQ(VMR_FIRST, 1, 1),
				  &conflict));
	REFUSE(-ENOSPC, vmr_alloc(&w.a, &w.r[4], REQ(VMR_LAST, 1, 1),
				  &conflict));
	REFUSE(-ENOSPC, vmr_alloc(&w.a, &w.r[4], REQ(VMR_BEST, 1, 1),
				  &conflict));
	GRANT(vmr_free(&w.a, &w.r[1]));
	GRANT(vmr_free(&w.a, &w.r[2]));
	EXPECT_EQ(NULL, vmr_settle(&w.a, 0, VMR_MAX));
	GRANT(vmr_free(&w.a, &w.r[3]));
	EXPECT_EQ(&w.r[0], vmr_settle(&w.a, 0, VMR_MAX));
	EXPECT_EQ((uint64_t)1, vmr_used(&w.a).high);
	EXPECT_VALID(&w.a);
}

/* States and spaces. */

TEST(a_range_is_in_one_space_only)
{
	three_ranges(_metadata);
	GRANT(vmr_claim(&w.a, &w.r[3], LOW, LOW));
	GRANT(vmr_park(&w.a, &w.r[4], LOW, LOW));
	EXPECT_TRUE(vmr_in_space(&w.a, &w.r[0]));
	EXPECT_TRUE(vmr_in_space(&w.a, &w.r[3]));
	EXPECT_TRUE(vmr_in_space(&w.a, &w.r[4]));
	EXPECT_FALSE(vmr_in_space(&w.b, &w.r[0]));
	EXPECT_FALSE(vmr_in_space(&w.b, &w.r[3]));
	EXPECT_FALSE(vmr_in_space(&w.b, &w.r[4]));
	/* Also if the other one has ranges and claims. */
	GRANT(vmr_reserve(&w.b, &w.r[5], 0x12000, 0x12fff, NULL));
	GRANT(vmr_claim(&w.b, &w.r[6], LOW, LOW));
	EXPECT_FALSE(vmr_in_space(&w.b, &w.r[0]));
	EXPECT_FALSE(vmr_in_space(&w.b, &w.r[3]));
	EXPECT_FALSE(vmr_in_space(&w.a, &w.r[5]));
	EXPECT_FALSE(vmr_in_space(&w.a, &w.r[6]));
	EXPECT_TRUE(vmr_in_space(&w.b, &w.r[5]));
	EXPECT_TRUE(vmr_in_space(&w.b, &w.r[6]));
}

TEST(live_ranges_without_a_gap_are_not_taken_for_claims)
{
	GRANT(vmr_space_init(&w.a, 0, 2));
	GRANT(vmr_reserve(&w.a, &w.r[0], 0, 0, NULL));
	GRANT(vmr_reserve(&w.a, &w.r[1], 1, 1, NULL));
	GRANT(vmr_reserve(&w.a, &w.r[2], 2, 2, NULL));
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&w.r[0]));
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&w.r[1]));
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&w.r[2]));
	GRANT(vmr_claim(&w.a, &w.r[1], 0, 0));
	EXPECT_EQ(VMR_CLAIMED, vmr_range_state(&w.r[1]));
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&w.r[2]));
	EXPECT_VALID(&w.a);
}

TEST(only_an_empty_space_can_share_a_counter)
{
	static struct vmr_seq seq;

	three_ranges(_metadata);
	REFUSE(-EINVAL, vmr_space_share(NULL, &seq));
	world_save();
	EXPECT_EQ(-EBUSY, vmr_space_share(&w.a, &seq));
	EXPECT_EQ(0, world_changed());
	GRANT(vmr_claim(&w.b, &w.r[5], LOW, LOW));
	world_save();
	EXPECT_EQ(-EBUSY, vmr_space_share(&w.b, &seq));
	EXPECT_EQ(0, world_changed());
	GRANT(vmr_free(&w.b, &w.r[5]));
	GRANT(vmr_space_share(&w.b, &seq));
	GRANT(vmr_reserve(&w.b, &w.r[5], LOW, LOW, NULL));
	EXPECT_NE((uint32_t)0, seq.count);
	EXPECT_VALID(&w.b);
	GRANT(vmr_free(&w.b, &w.r[5]));
	/* And back to its own. */
	GRANT(vmr_space_share(&w.b, NULL));
	seq.count = 0;
	GRANT(vmr_reserve(&w.b, &w.r[5], LOW, LOW, NULL));
	EXPECT_EQ((uint32_t)0, seq.count);
	EXPECT_VALID(&w.b);
}

TEST(write_sections_nest)
{
	uint32_t count;

	three_ranges(_metadata);
	count = w.a.seq->count;
	EXPECT_EQ((uint32_t)0, count & 1);
	vmr_write_begin(w.a.seq);
	EXPECT_EQ((uint32_t)1, w.a.seq->count & 1);
	GRANT(vmr_free(&w.a, &w.r[0]));
	EXPECT_EQ((uint32_t)1, w.a.seq->count & 1);
	vmr_write_begin(w.a.seq);
	GRANT(vmr_free(&w.a, &w.r[1]));
	vmr_write_end(w.a.seq);
	EXPECT_EQ((uint32_t)1, w.a.seq->count & 1);
	vmr_write_end(w.a.seq);
	EXPECT_EQ((uint32_t)0, w.a.seq->count & 1);
	EXPECT_NE(count, w.a.seq->count);
	EXPECT_VALID(&w.a);
}

/* Every change that a lookup could see is announced to lookups. */
TEST(every_change_moves_the_counter)
{
	struct vmr_step s[1];
	uint32_t count;

	three_ranges(_metadata);
#define COUNTED(call) \
	do { \
		count = w.a.seq->count; \
		GRANT(call); \
		EXPECT_NE(count, w.a.seq->count) { \
			TH_LOG("%s", #call); \
		} \
	} while (0)
	COUNTED(vmr_alloc(&w.a, &w.r[5], REQ(VMR_FIRST, 1, 1), NULL));
	COUNTED(vmr_reserve(&w.a, &w.r[6], HIGH, HIGH, NULL));
	COUNTED(vmr_move(&w.a, &w.r[6], HIGH - 1, NULL));
	s[0] = step_to(&w.a, &w.r[6], &w.a, HIGH);
	COUNTED(vmr_move_set(s, 1, NULL, NULL));
	COUNTED(vmr_free(&w.a, &w.r[6]));
	COUNTED(vmr_free_at(&w.a, 0x12000, 0x1000, NULL));
	COUNTED(vmr_claim(&w.a, &w.r[1], 0x14000, 0x14fff));
	COUNTED(vmr_settle(&w.a, 0, VMR_MAX) != &w.r[1]);
	COUNTED(vmr_park(&w.a, &w.r[1], 0x14000, 0x14fff));
#undef COUNTED
}

/* Lookups beside a writer. */

#define NR_LOOPS	20000

static void *move_to_and_fro(void *done)
{
	struct vmr_step s[2];
	int i;

	for (i = 0; i < NR_LOOPS; i++) {
		/* 0x2000 addresses, half of which stay. */
		vmr_move(&w.a, &w.r[1], i & 1 ? 0x13000 : 0x14000, NULL);
		/* Two that adjoin change places. */
		s[0] = step_to(&w.a, &w.r[3], &w.a, i & 1 ? 0x1a000 : 0x1b000);
		s[1] = step_to(&w.a, &w.r[4], &w.a, i & 1 ? 0x1b000 : 0x1a000);
		vmr_move_set(s, 2, NULL, NULL);
		/* Enough around it for the tree to turn. */
		if (i & 1)
			vmr_free(&w.a, &w.r[5 + i % 8]);
		else
			vmr_reserve(&w.a, &w.r[5 + (i + 1) % 8],
				    0x10000 + i % 8, 0x10000 + i % 8, NULL);
	}
	__atomic_store_n((int *)done, 1, __ATOMIC_RELEASE);
	return NULL;
}

TEST(a_lookup_sees_a_moving_range_at_one_place)
{
	unsigned long gone = 0, wrong = 0;
	struct vmr_range *range;
	uint64_t start, last;
	pthread_t thread;
	int done = 0;

	NEEDS(threads);
	three_ranges(_metadata);
	GRANT(vmr_reserve(&w.a, &w.r[3], 0x1a000, 0x1afff, NULL));
	GRANT(vmr_reserve(&w.a, &w.r[4], 0x1b000, 0x1bfff, NULL));
	ASSERT_EQ(0, pthread_create(&thread, NULL, move_to_and_fro, &done));
	while (!__atomic_load_n(&done, __ATOMIC_ACQUIRE)) {
		/* Held before, after, and so all the time. */
		range = vmr_lookup(&w.a, 0x14800, &start, &last);
		if (range != &w.r[1])
			gone++;
		else if ((start != 0x13000 && start != 0x14000) ||
			 last != start + 0x1fff)
			wrong++;
		range = vmr_lookup(&w.a, 0x1a800, &start, &last);
		if (range != &w.r[3] && range != &w.r[4])
			gone++;
		else if (start != 0x1a000 || last != 0x1afff)
			wrong++;
		if (vmr_lookup(&w.a, 0x16800, NULL, NULL))
			wrong++;
	}
	pthread_join(thread, NULL);
	EXPECT_EQ(0UL, gone);
	EXPECT_EQ(0UL, wrong);
	EXPECT_VALID(&w.a);
}

/* Enough ranges for every case of a red-black tree's rebalancing. */
TEST(the_tree_stays_valid_whatever_is_linked_and_freed)
{
	unsigned int order, i, n;

	for (order = 0; order < 4; order++) {
		GRANT(vmr_space_init(&w.a, 0, 1023));
		for (i = 0; i < WORLD_NODES; i++) {
			n = order & 1 ? WORLD_NODES - 1 - i : i;
			GRANT(vmr_reserve(&w.a, &w.r[n], n * 25,
					  n * 25 + n % 25, NULL));
			ASSERT_STREQ(VERIFY_OK, verify_space(&w.a));
		}
		for (i = 0; i < WORLD_NODES; i++) {
			n = order & 2 ? i * 7 % WORLD_NODES : i;
			GRANT(vmr_free(&w.a, &w.r[n]));
			ASSERT_STREQ(VERIFY_OK, verify_space(&w.a));
		}
		EXPECT_EQ((size_t)0, w.a.nr_ranges);
	}
}

/* Errors as text. */

TEST(every_error_has_a_text_of_its_own)
{
	static const int errors[] = {
		0, EINVAL, EOVERFLOW, EEXIST, ERANGE, EBUSY, ENOSPC, ENOENT,
		EALREADY, EMSGSIZE, ENXIO, EDEADLK, EAGAIN, EBADMSG, EOPNOTSUPP,
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

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_complexity.c - upper bounds of the nodes that a call visits
 *
 * Each node is on a page of its own, and no page is accessible when a call begins. Each
 * page fault is therefore one visited node.
 *
 * The height of a red-black tree of n nodes is at most 2 log2(n + 1). A call follows a
 * few paths down and up and reads the children of their nodes. LIMIT allows for that;
 * a walk along the thousands of ranges exceeds it.
 */
#include "../kselftest_harness.h"
#include "requires.h"
#include "node_watch.h"
#include "fixture.h"

#define MEMORY		0x1000000u	/* for the nodes, in bytes */
#define LIMIT(log)	(5 * (log) + 16)
#define NR_CALLS	(test_part() < 4 ? 60 : 15)

static size_t nr;		/* nodes in the space, without the spare ones */
static unsigned int log_nr;

static struct vmr_space space;

/* @call visits at most LIMIT nodes. */
#define LIMITED(call) \
	do { \
		size_t nodes_; \
		pages_watch(); \
		(void)(call); \
		nodes_ = pages_unwatch(); \
		EXPECT_GE((size_t)LIMIT(log_nr), nodes_) { \
			TH_LOG("%s", #call); \
		} \
		if (nodes_ > max_nodes) \
			max_nodes = nodes_; \
	} while (0)

static uint64_t rng_state = 88172645463325252ULL;

static uint64_t rng(void)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return rng_state;
}

FIXTURE(cost) {
	int unused;
};

FIXTURE_SETUP(cost)
{
	NEEDS(page_faults);
	ASSERT_EQ(0, pages_init(MEMORY));
	/* 64 spare nodes are for the calls. */
	nr = MEMORY / page_size - 64;
	for (log_nr = 0; nr >> (log_nr + 1); )
		log_nr++;
	ASSERT_LT(LIMIT(log_nr), nr);
}

FIXTURE_TEARDOWN(cost)
{
	pages_exit();
}

static struct vmr_range *spare(size_t i)
{
	return node(nr + i);
}

/*
 * Gap i has @length addresses from @start + i * 0x4000; range i fills the rest up to the
 * next gap. The ranges are linked in a scattered order.
 */
static void init_gaps(struct __test_metadata *_metadata, uint64_t start,
		      uint64_t length)
{
	size_t i, n;

	EXPECT_OK(vmr_space_init(&space, start, start + nr * 0x4000 - 1));
	for (i = 0; i < nr; i++) {
		/* The prime does not divide nr: each range once. */
		n = i * 7919 % nr;
		EXPECT_OK(vmr_reserve(&space, node(n),
				      start + n * 0x4000 + length,
				  start + n * 0x4000 + 0x3fff, NULL));
	}
	ASSERT_EQ(nr, space.nr_ranges);
}

/* Each gap is longer than a page, and none contains an aligned page. */
static void init_misaligned_gaps(struct __test_metadata *_metadata)
{
	init_gaps(_metadata, 0x4700, 0x1800);
}

/* Each page fault counts one node, and a linear walk counts all nodes. */
TEST_F(cost, page_fault_counts_one_node)
{
	size_t max_nodes = 0, i;

	for (i = 0; i < 10; i++) {
		pages_watch();
		node(i * 3)->start = 1;
		node(i * 3)->last = 1;
		node(i * 5 + 1)->start = 1;
		EXPECT_EQ((size_t)2, pages_unwatch());
	}
	/* A linear walk visits all nodes. */
	init_gaps(_metadata, 0, 0x1000);
	pages_watch();
	for (i = 0; i < nr; i++)
		max_nodes += node(i)->last != 0;
	EXPECT_EQ(nr, pages_unwatch());
	EXPECT_EQ(nr, max_nodes);
}

/* Allocation of aligned blocks skips misaligned gaps in O(log n). */
TEST_F(cost, natural_blocks_in_misaligned_gaps)
{
	struct vmr_range *range = spare(0);
	size_t max_nodes = 0;
	int policy, i;
	uint64_t at;

	init_misaligned_gaps(_metadata);
	for (policy = VMR_FIRST; policy <= VMR_BEST; policy++) {
		/* No gap fits. */
		LIMITED(vmr_alloc(&space, range, REQ(policy, 0x1000, 0x1000),
				  NULL));
		ASSERT_EQ(VMR_FREE, vmr_range_state(range));
		/* One gap fits, at a random address. */
		for (i = 0; i < NR_CALLS; i++) {
			struct vmr_range *freed = node(rng() % nr);

			at = freed->start;
			LIMITED(vmr_free(&space, freed));
			LIMITED(vmr_alloc(&space, range,
					  REQ(policy, 0x1000, 0x1000), NULL));
			ASSERT_EQ(VMR_LIVE, vmr_range_state(range));
			LIMITED(vmr_free(&space, range));
			LIMITED(vmr_reserve(&space, freed, at, freed->last, NULL));
		}
	}
	TH_LOG("at most %zu of %zu nodes", max_nodes, nr);
}

/* Allocation of aligned blocks within bounds visits O(log n) nodes. */
TEST_F(cost, natural_blocks_within_bounds_log_n)
{
	struct vmr_range *range = spare(0), *freed;
	size_t max_nodes = 0, first, n;
	uint64_t min, max, at;
	int policy, i;

	init_misaligned_gaps(_metadata);
	for (policy = VMR_FIRST; policy <= VMR_BEST; policy++) {
		for (i = 0; i < NR_CALLS; i++) {
			/* Bounds of a sixteenth of the space. */
			first = rng() % (nr - nr / 16);
			min = node(first)->start - rng() % 0x4000;
			max = min + nr / 16 * 0x4000;
			/* A gap before, within or after the bounds. */
			n = i % 3 ? rng() % nr : first + 2 + rng() % (nr / 20);
			freed = node(n);
			at = freed->start;
			LIMITED(vmr_free(&space, freed));
			LIMITED(vmr_alloc(&space, range,
					  REQ_IN(policy, 0x1000, 0x1000, min,
						 max), NULL));
			if (vmr_range_state(range) == VMR_LIVE)
				LIMITED(vmr_free(&space, range));
			else
				ASSERT_NE(0, i % 3);
			LIMITED(vmr_reserve(&space, freed, at, freed->last, NULL));
		}
	}
	TH_LOG("at most %zu of %zu nodes", max_nodes, nr);
}

/*
 * A search reaches the bounds of a request in O(log n), although gaps elsewhere
 * fit.
 */
TEST_F(cost, alloc_bounds_reached_in_log_n)
{
	struct vmr_range *range = spare(0), *neighbour;
	size_t max_nodes = 0, n;
	uint64_t min, max;
	int policy, i;

	init_gaps(_metadata, 0, 0x1000);
	for (policy = VMR_FIRST; policy <= VMR_BEST; policy++) {
		for (i = 0; i < NR_CALLS; i++) {
			n = 1 + rng() % (nr - 2);
			neighbour = node(n);
			min = neighbour->start;
			max = neighbour->last;
			/* No gap within the bounds. */
			LIMITED(vmr_alloc(&space, range,
					  REQ_IN(policy, 0x1000, 0x1000, min,
						 max), NULL));
			ASSERT_EQ(VMR_FREE, vmr_range_state(range));
			/* One whole gap within the bounds. */
			LIMITED(vmr_alloc(&space, range,
					  REQ_IN(policy, 0x1000, 0x1000,
						 min - 0x2000, max), NULL));
			ASSERT_EQ(min - 0x1000, range->start);
			LIMITED(vmr_free(&space, range));
			/* Gaps that the bounds shorten, alone and with many more. */
			LIMITED(vmr_alloc(&space, range,
					  REQ_IN(policy, 0x1000, 0x1000,
						 min - 0x800, max + 0x800),
					NULL));
			ASSERT_EQ(VMR_FREE, vmr_range_state(range));
			LIMITED(vmr_alloc(&space, range,
					  REQ_IN(policy, 0x1000, 0x1000,
						 min - 0x800, VMR_ADDR_MAX), NULL));
			ASSERT_EQ(VMR_LIVE, vmr_range_state(range));
			LIMITED(vmr_free(&space, range));
			LIMITED(vmr_alloc(&space, range,
					  REQ_IN(policy, 0x1000, 0x1000, 0,
						 max + 0x800), NULL));
			ASSERT_EQ(VMR_LIVE, vmr_range_state(range));
			LIMITED(vmr_free(&space, range));
		}
	}
	TH_LOG("at most %zu of %zu nodes", max_nodes, nr);
}

/*
 * A request of another size may visit misaligned gaps, but no gap that is too
 * short.
 */
TEST_F(cost, odd_sizes_skip_short_gaps)
{
	static const struct {
		uint64_t	size;
		uint64_t	align;
	} req[] = {
		{ 0x1001, 1 }, { 0x1800, 1 }, { 0x1800, 0x800 },
		{ 0x1800, 0x1000 }, { 0x2100, 0x100 },
	};
	struct vmr_range *range = spare(0), *freed;
	size_t max_nodes = 0, i;
	uint64_t at, last;
	int policy, k;

	init_gaps(_metadata, 0, 0x1000);
	for (policy = VMR_FIRST; policy <= VMR_BEST; policy++) {
		for (i = 0; i < ARRAY_SIZE(req); i++) {
			LIMITED(vmr_alloc(&space, range,
					  REQ(policy, req[i].size, req[i].align),
					NULL));
			ASSERT_EQ(VMR_FREE, vmr_range_state(range));
			for (k = 0; k < 10; k++) {
				freed = node(rng() % nr);
				at = freed->start;
				last = freed->last;
				LIMITED(vmr_free(&space, freed));
				LIMITED(vmr_alloc(&space, range,
						  REQ(policy, req[i].size,
						      req[i].align), NULL));
				ASSERT_EQ(VMR_LIVE, vmr_range_state(range));
				LIMITED(vmr_free(&space, range));
				LIMITED(vmr_reserve(&space, freed, at, last,
						    NULL));
			}
		}
	}
	TH_LOG("at most %zu of %zu nodes", max_nodes, nr);
}

/*
 * A size that is no power of two is placed without a visit to the gaps that are too
 * short. Best fit is excluded: the order of a gap does not say whether the size fits.
 */
TEST_F(cost, odd_sizes_in_gaps_of_two_lengths)
{
	static const uint64_t size[] = { 0x1001, 0x1800, 0x2001, 0x2fff };
	struct vmr_range *range = spare(0);
	size_t max_nodes = 0, i;
	uint64_t at;
	int policy;

	/* Short gaps of order 12, long ones of order 13. */
	init_gaps(_metadata, 0, 0x1000);
	for (i = 0; i < nr; i += 2) {
		at = node(i)->start;
		EXPECT_OK(vmr_free(&space, node(i)));
		EXPECT_OK(vmr_reserve(&space, node(i), at + 0x2000, at + 0x2fff,
				      NULL));
	}
	for (policy = VMR_FIRST; policy <= VMR_LAST; policy++) {
		for (i = 0; i < ARRAY_SIZE(size); i++) {
			LIMITED(vmr_alloc(&space, range, REQ(policy, size[i], 1),
					  NULL));
			ASSERT_EQ(VMR_LIVE, vmr_range_state(range));
			LIMITED(vmr_free(&space, range));
		}
	}
	TH_LOG("at most %zu of %zu nodes", max_nodes, nr);
}

/* Allocation visits O(log n) nodes in a space with gaps of all orders. */
TEST_F(cost, natural_blocks_in_fragmented_space)
{
	struct vmr_range *range;
	size_t max_nodes = 0, i;
	uint64_t size;
	int policy;

	/* A host with large pages has few nodes: leave room for the largest blocks. */
	EXPECT_OK(vmr_space_init(&space, 0, nr * 0x4000 + 0x100000 - 1));
	for (i = 0; i < nr; i++) {
		size = 0x1000ULL << rng() % 3;
		EXPECT_OK(vmr_alloc(&space, node(i), REQ(VMR_FIRST, size, size),
				    NULL));
	}
	for (i = 0; i < 4 * nr; i++) {
		range = node(rng() % nr);
		EXPECT_OK(vmr_free(&space, range));
		size = 0x1000ULL << rng() % 3;
		EXPECT_OK(vmr_alloc(&space, range, REQ(i & 1 ? VMR_FIRST : VMR_BEST,
						       size, size), NULL));
	}
	for (policy = VMR_FIRST; policy <= VMR_BEST; policy++) {
		for (i = 0; i < NR_CALLS; i++) {
			range = node(rng() % nr);
			LIMITED(vmr_free(&space, range));
			size = 0x1000ULL << rng() % 6;
			LIMITED(vmr_alloc(&space, range, REQ(policy, size, size),
					  NULL));
			ASSERT_EQ(VMR_LIVE, vmr_range_state(range));
		}
	}
	EXPECT_STREQ(VERIFY_OK, verify_space(&space));
	TH_LOG("at most %zu of %zu nodes", max_nodes, nr);
}

/* Fixed requests, lookups, frees and moves visit O(log n) nodes. */
TEST_F(cost, fixed_find_free_move_log_n)
{
	struct vmr_range *range = spare(0), *neighbour;
	struct vmr_range *out = NULL;
	size_t max_nodes = 0, n;
	uint64_t at;
	int i;

	init_gaps(_metadata, 0, 0x1000);
	for (i = 0; i < NR_CALLS; i++) {
		n = rng() % nr;
		at = n * 0x4000;
		neighbour = node(n);
		LIMITED(vmr_alloc(&space, range, REQ_AT(at, 0x1000, 0x1000),
				  &out));
		LIMITED(vmr_find(&space, at));
		LIMITED(vmr_find_lockless(&space, at, NULL, NULL));
		LIMITED(vmr_find_overlap(&space, at, at + 0x4000));
		LIMITED(vmr_in_space(&space, range));
		LIMITED(vmr_range_state(range));
		/* In use; moves to itself and to other addresses. */
		LIMITED(vmr_reserve(&space, spare(1), at, at + 0x4000, &out));
		LIMITED(vmr_move(&space, range, at + 1, &out));
		LIMITED(vmr_move(&space, range, rng() % nr * 0x4000, &out));
		LIMITED(vmr_free_at(&space, range->start, 0x1000, &out));
		ASSERT_EQ(VMR_FREE, vmr_range_state(range));
		LIMITED(vmr_free(&space, neighbour));
		LIMITED(vmr_reserve(&space, neighbour, at + 0x1000, at + 0x3fff,
				    NULL));
		ASSERT_EQ(VMR_LIVE, vmr_range_state(neighbour));
		LIMITED(vmr_next_range(neighbour));
		LIMITED(vmr_prev_range(neighbour));
	}
	LIMITED(vmr_first_range(&space));
	LIMITED(vmr_last_range(&space));
	TH_LOG("at most %zu of %zu nodes", max_nodes, nr);
}

/* Searches for gaps skip adjacent ranges in O(log n). */
TEST_F(cost, gap_search_skips_adjacent_ranges)
{
	size_t max_nodes = 0, gap_index[4], i, n;
	struct vmr_gap gap;

	/* Almost all ranges are adjacent, with a few distant gaps. */
	init_gaps(_metadata, 0, 0);
	for (i = 0; i < 4; i++) {
		gap_index[i] = nr / 5 * (i + 1) + i;
		LIMITED(vmr_free(&space, node(gap_index[i])));
	}
	LIMITED(vmr_first_gap(&space, &gap));
	for (i = 0; i < 4; i++) {
		ASSERT_EQ((uint64_t)gap_index[i] * 0x4000, gap.start);
		LIMITED(vmr_next_gap(&space, &gap));
	}
	LIMITED(vmr_largest_gap(&space, &gap));
	EXPECT_EQ((uint64_t)gap_index[0] * 0x4000, gap.start);
	for (n = 0; n < NR_CALLS; n++)
		LIMITED(vmr_alloc(&space, spare(0), REQ(VMR_LAST, 1, 1), NULL));
	TH_LOG("at most %zu of %zu nodes", max_nodes, nr);
}

/* Inactive range @i, claimed or parked, covers its own 40th part of the gaps. */
static int inactive_up(size_t i)
{
	uint64_t start = i * (nr / 40) * 0x4000;
	uint64_t last = start + nr / 40 * 0x4000 - 1;

	return i & 1 ? vmr_claim(&space, spare(1 + i), start, last) :
		       vmr_park(&space, spare(1 + i), start, last);
}

/*
 * A search with m inactive ranges in the way visits at most 2 (1 + m) log2 n nodes,
 * however many gaps these ranges cover.
 */
TEST_F(cost, inactive_ranges_in_the_way)
{
	struct vmr_range *range = spare(0);
	size_t nodes, most, m, i = 0;
	int policy;

	init_gaps(_metadata, 0, 0x1000);
	for (m = 1; m <= 32; m *= 2) {
		for (; i < m; i++)
			ASSERT_EQ(0, inactive_up(i));
		for (policy = VMR_FIRST; policy <= VMR_BEST; policy++) {
			pages_watch();
			EXPECT_EQ(0, vmr_alloc(&space, range,
					       REQ(policy, 0x1000, 0x1000),
					       NULL));
			nodes = pages_unwatch();
			EXPECT_LE(m * (nr / 40) * 0x4000, range->start);
			most = 2 * (1 + m) * log_nr;
			EXPECT_GE(most, nodes);
			TH_LOG("policy %d, %zu in the way: %zu of %zu nodes",
			       policy, m, nodes, nr);
			EXPECT_OK(vmr_free(&space, range));
		}
	}
}

/*
 * Inactive ranges elsewhere do not lengthen a search: the places below them are free.
 */
TEST_F(cost, inactive_ranges_elsewhere)
{
	struct vmr_range *range = spare(0);
	size_t max_nodes = 0, i;
	int policy;

	init_gaps(_metadata, 0, 0x1000);
	/* Every second range becomes inactive in the middle half of the space. */
	for (i = nr / 4; i < nr / 4 * 3; i += 2) {
		uint64_t start = node(i)->start - 0x1000;

		EXPECT_OK(i & 2 ? vmr_claim(&space, node(i), start, start + 0xfff) :
				  vmr_park(&space, node(i), start, start + 0xfff));
	}
	for (policy = VMR_FIRST; policy <= VMR_LAST; policy++) {
		LIMITED(vmr_alloc(&space, range, REQ(policy, 0x1000, 0x1000),
				  NULL));
		ASSERT_EQ(VMR_LIVE, vmr_range_state(range));
		LIMITED(vmr_free(&space, range));
	}
	TH_LOG("at most %zu of %zu nodes", max_nodes, nr);
}

/* vmr_settle() visits only the claims that overlap the addresses. */
TEST_F(cost, settle_visits_overlapping_claims)
{
	size_t max_nodes = 0, n, i;
	uint64_t at;

	EXPECT_OK(vmr_space_init(&space, 0, nr * 0x4000 - 1));
	/* Half of the ranges are live; a claim overlaps each of them. */
	for (i = 0; i < nr / 2; i++) {
		n = i * 7919 % (nr / 2);
		at = n * 0x4000;
		EXPECT_OK(vmr_reserve(&space, node(n), at, at + 0xfff, NULL));
		EXPECT_OK(vmr_claim(&space, node(nr / 2 + n), at, at + 0x1fff));
	}
	for (i = 0; i < NR_CALLS; i++) {
		n = rng() % (nr / 2);
		at = n * 0x4000;
		LIMITED(vmr_settle(&space, at, at + 0x3fff));
		LIMITED(vmr_first_claim(&space, at + 0x2000, at + 0x3fff));
		LIMITED(vmr_free(&space, node(n)));
		LIMITED(vmr_settle(&space, at, at + 0xfff));
		ASSERT_EQ(VMR_LIVE, vmr_range_state(node(nr / 2 + n)));
		LIMITED(vmr_claim(&space, node(nr / 2 + n), at, at + 0x1fff));
		LIMITED(vmr_park(&space, node(nr / 2 + n), at, at + 0x1fff));
		LIMITED(vmr_claim(&space, node(nr / 2 + n), at, at + 0x1fff));
		LIMITED(vmr_reserve(&space, node(n), at, at + 0xfff, NULL));
		ASSERT_EQ(VMR_LIVE, vmr_range_state(node(n)));
		LIMITED(vmr_next_claim(node(nr / 2 + n), 0, VMR_ADDR_MAX));
	}
	TH_LOG("at most %zu of %zu nodes", max_nodes, nr);
}

/* The calls of id.h visit O(log n) nodes. */
TEST_F(cost, id_calls_visit_log_n_nodes)
{
	static struct vmr_id_pool ids;
	struct vmr_range *range;
	size_t max_nodes = 0, i;

	EXPECT_OK(vmr_id_pool_init(&ids, 0, 2 * nr));
	for (i = 0; i < nr; i++)
		EXPECT_OK(vmr_id_alloc(&ids, node(i)));
	for (i = 0; i < nr / 2; i++)
		EXPECT_OK(vmr_id_free_range(&ids, node(i * 2)));
	for (i = 0; i < NR_CALLS; i++) {
		range = node((rng() % nr) | 1);
		LIMITED(vmr_id_find(&ids, vmr_id_value(range)));
		LIMITED(vmr_id_free(&ids, vmr_id_value(range), NULL));
		LIMITED(vmr_id_alloc(&ids, range));
		ASSERT_EQ(VMR_LIVE, vmr_range_state(range));
		LIMITED(vmr_id_reserve(&ids, spare(0), 2 * nr - i, NULL));
		LIMITED(vmr_id_free_range(&ids, spare(0)));
		LIMITED(vmr_id_alloc_block(&ids, spare(0), REQ(VMR_FIRST, 8, 8),
					   NULL));
		ASSERT_EQ(VMR_LIVE, vmr_range_state(spare(0)));
		LIMITED(vmr_id_free_range(&ids, spare(0)));
	}
	TH_LOG("at most %zu of %zu nodes", max_nodes, nr);
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_complexity.c - how many nodes a call visits, however many there are
 *
 * Counted from outside: each node has a page of its own, and no page may be
 * accessed when a call begins, so that each fault is one node more that it looked
 * at.
 *
 * A red-black tree of n nodes is at most 2 log2(n + 1) high. A call goes down and up
 * a few paths and looks at the children beside them. LIMIT leaves room for all of
 * that and none for a walk along the ranges: there are thousands.
 */
#include "../kselftest_harness.h"
#include "requires.h"
#include "node_watch.h"
#include "fixture.h"

#define MEMORY		0x1000000u	/* for the nodes, in bytes */
#define LIMIT(log)	(5 * (log) + 16)
#define NR_CALLS	60

static size_t nr;		/* nodes in the space; more are spare */
static unsigned int log_nr;

static struct vmr_space space;

/* @call visits no more nodes than a logarithmic one can. */
#define CHEAP(call) \
	do { \
		size_t visited_; \
		pages_watch(); \
		(void)(call); \
		visited_ = pages_unwatch(); \
		EXPECT_GE((size_t)LIMIT(log_nr), visited_) { \
			TH_LOG("%s", #call); \
		} \
		if (visited_ > most) \
			most = visited_; \
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
	/* All but a few, which the calls are made with. */
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
 * Range i fills what is between gap i and gap i + 1, which begin at @start and
 * @start + 0x4000. They are linked in an order without one.
 */
static void gaps_of(struct __test_metadata *_metadata, uint64_t start,
		    uint64_t length)
{
	size_t i, n;

	GRANT(vmr_space_init(&space, start, start + nr * 0x4000 - 1));
	for (i = 0; i < nr; i++) {
		/* A prime that does not divide nr: each once. */
		n = i * 7919 % nr;
		GRANT(vmr_reserve(&space, node(n),
				  start + n * 0x4000 + length,
				  start + n * 0x4000 + 0x3fff, NULL));
	}
	ASSERT_EQ(nr, space.nr_ranges);
}

/* Each long enough for a page, and none with an aligned one in it. */
static void misaligned_gaps(struct __test_metadata *_metadata)
{
	gaps_of(_metadata, 0x4700, 0x1800);
}

TEST_F(cost, a_fault_is_a_node)
{
	size_t most = 0, i;

	for (i = 0; i < 10; i++) {
		pages_watch();
		node(i * 3)->start = 1;
		node(i * 3)->last = 1;
		node(i * 5 + 1)->start = 1;
		EXPECT_EQ((size_t)2, pages_unwatch());
	}
	/* What is linear is seen to be. */
	gaps_of(_metadata, 0, 0x1000);
	pages_watch();
	for (i = 0; i < nr; i++)
		most += node(i)->last != 0;
	EXPECT_EQ(nr, pages_unwatch());
	EXPECT_EQ(nr, most);
}

TEST_F(cost, natural_blocks_among_misaligned_gaps)
{
	struct vmr_range *range = spare(0);
	size_t most = 0;
	int policy, i;
	uint64_t at;

	misaligned_gaps(_metadata);
	for (policy = VMR_FIRST; policy <= VMR_BEST; policy++) {
		/* There is no place. */
		CHEAP(vmr_alloc(&space, range, REQ(policy, 0x1000, 0x1000),
				NULL));
		ASSERT_EQ(VMR_FREE, vmr_range_state(range));
		/* There is one, anywhere. */
		for (i = 0; i < NR_CALLS; i++) {
			struct vmr_range *gone = node(rng() % nr);

			at = gone->start;
			CHEAP(vmr_free(&space, gone));
			CHEAP(vmr_alloc(&space, range,
					REQ(policy, 0x1000, 0x1000), NULL));
			ASSERT_EQ(VMR_LIVE, vmr_range_state(range));
			CHEAP(vmr_free(&space, range));
			CHEAP(vmr_reserve(&space, gone, at, gone->last, NULL));
		}
	}
	TH_LOG("at most %zu of %zu nodes", most, nr);
}

TEST_F(cost, natural_blocks_within_bounds)
{
	struct vmr_range *range = spare(0), *gone;
	size_t most = 0, first, n;
	uint64_t min, max, at;
	int policy, i;

	misaligned_gaps(_metadata);
	for (policy = VMR_FIRST; policy <= VMR_BEST; policy++) {
		for (i = 0; i < NR_CALLS; i++) {
			/* A sixteenth of the space, cut anywhere. */
			first = rng() % (nr - nr / 16);
			min = node(first)->start - rng() % 0x4000;
			max = min + nr / 16 * 0x4000;
			/* In front of, inside and behind the bounds. */
			n = i % 3 ? rng() % nr : first + 2 + rng() % (nr / 20);
			gone = node(n);
			at = gone->start;
			CHEAP(vmr_free(&space, gone));
			CHEAP(vmr_alloc(&space, range,
					REQ_IN(policy, 0x1000, 0x1000, min,
					       max), NULL));
			if (vmr_range_state(range) == VMR_LIVE)
				CHEAP(vmr_free(&space, range));
			else
				ASSERT_NE(0, i % 3);
			CHEAP(vmr_reserve(&space, gone, at, gone->last, NULL));
		}
	}
	TH_LOG("at most %zu of %zu nodes", most, nr);
}

/* Gaps that fit are everywhere but where the request may go. */
TEST_F(cost, bounds_are_gone_to_and_not_walked_to)
{
	struct vmr_range *range = spare(0), *there;
	size_t most = 0, n;
	uint64_t min, max;
	int policy, i;

	gaps_of(_metadata, 0, 0x1000);
	for (policy = VMR_FIRST; policy <= VMR_BEST; policy++) {
		for (i = 0; i < NR_CALLS; i++) {
			n = 1 + rng() % (nr - 2);
			there = node(n);
			min = there->start;
			max = there->last;
			/* Nothing between the bounds. */
			CHEAP(vmr_alloc(&space, range,
					REQ_IN(policy, 0x1000, 0x1000, min,
					       max), NULL));
			ASSERT_EQ(VMR_FREE, vmr_range_state(range));
			/* One gap, whole. */
			CHEAP(vmr_alloc(&space, range,
					REQ_IN(policy, 0x1000, 0x1000,
					       min - 0x2000, max), NULL));
			ASSERT_EQ(min - 0x1000, range->start);
			CHEAP(vmr_free(&space, range));
			/* Some that the bounds cut too short, and many. */
			CHEAP(vmr_alloc(&space, range,
					REQ_IN(policy, 0x1000, 0x1000,
					       min - 0x800, max + 0x800),
					NULL));
			ASSERT_EQ(VMR_FREE, vmr_range_state(range));
			CHEAP(vmr_alloc(&space, range,
					REQ_IN(policy, 0x1000, 0x1000,
					       min - 0x800, VMR_MAX), NULL));
			ASSERT_EQ(VMR_LIVE, vmr_range_state(range));
			CHEAP(vmr_free(&space, range));
			CHEAP(vmr_alloc(&space, range,
					REQ_IN(policy, 0x1000, 0x1000, 0,
					       max + 0x800), NULL));
			ASSERT_EQ(VMR_LIVE, vmr_range_state(range));
			CHEAP(vmr_free(&space, range));
		}
	}
	TH_LOG("at most %zu of %zu nodes", most, nr);
}

/*
 * Other requests may visit gaps that are long enough and misaligned, but none that
 * is too short, whatever its order.
 */
TEST_F(cost, other_sizes_among_gaps_that_are_too_short)
{
	static const struct {
		uint64_t	size;
		uint64_t	align;
	} req[] = {
		{ 0x1001, 1 }, { 0x1800, 1 }, { 0x1800, 0x800 },
		{ 0x1800, 0x1000 }, { 0x2100, 0x100 },
	};
	struct vmr_range *range = spare(0), *gone;
	size_t most = 0, i;
	uint64_t at, last;
	int policy, k;

	gaps_of(_metadata, 0, 0x1000);
	for (policy = VMR_FIRST; policy <= VMR_BEST; policy++) {
		for (i = 0; i < ARRAY_SIZE(req); i++) {
			CHEAP(vmr_alloc(&space, range,
					REQ(policy, req[i].size, req[i].align),
					NULL));
			ASSERT_EQ(VMR_FREE, vmr_range_state(range));
			for (k = 0; k < 10; k++) {
				gone = node(rng() % nr);
				at = gone->start;
				last = gone->last;
				CHEAP(vmr_free(&space, gone));
				CHEAP(vmr_alloc(&space, range,
						REQ(policy, req[i].size,
						    req[i].align), NULL));
				ASSERT_EQ(VMR_LIVE, vmr_range_state(range));
				CHEAP(vmr_free(&space, range));
				CHEAP(vmr_reserve(&space, gone, at, last,
						  NULL));
			}
		}
	}
	TH_LOG("at most %zu of %zu nodes", most, nr);
}

/*
 * The same where those that fit are between those that do not. Best fit goes by
 * order alone there, which for a size that is no power of two does not say whether
 * a gap is long enough.
 */
TEST_F(cost, other_sizes_among_gaps_of_two_lengths)
{
	static const uint64_t size[] = { 0x1001, 0x1800, 0x2001, 0x2fff };
	struct vmr_range *range = spare(0);
	size_t most = 0, i;
	uint64_t at;
	int policy;

	/* Short gaps of order 12, long ones of order 13. */
	gaps_of(_metadata, 0, 0x1000);
	for (i = 0; i < nr; i += 2) {
		at = node(i)->start;
		GRANT(vmr_free(&space, node(i)));
		GRANT(vmr_reserve(&space, node(i), at + 0x2000, at + 0x2fff,
				  NULL));
	}
	for (policy = VMR_FIRST; policy <= VMR_LAST; policy++) {
		for (i = 0; i < ARRAY_SIZE(size); i++) {
			CHEAP(vmr_alloc(&space, range, REQ(policy, size[i], 1),
					NULL));
			ASSERT_EQ(VMR_LIVE, vmr_range_state(range));
			CHEAP(vmr_free(&space, range));
		}
	}
	TH_LOG("at most %zu of %zu nodes", most, nr);
}

/* Gaps of all orders, made by pages and larger blocks that come and go. */
TEST_F(cost, natural_blocks_in_a_space_long_in_use)
{
	struct vmr_range *range;
	size_t most = 0, i;
	uint64_t size;
	int policy;

	GRANT(vmr_space_init(&space, 0, nr * 0x4000 - 1));
	for (i = 0; i < nr; i++) {
		size = 0x1000ULL << rng() % 3;
		GRANT(vmr_alloc(&space, node(i), REQ(VMR_FIRST, size, size),
				NULL));
	}
	for (i = 0; i < 4 * nr; i++) {
		range = node(rng() % nr);
		GRANT(vmr_free(&space, range));
		size = 0x1000ULL << rng() % 3;
		GRANT(vmr_alloc(&space, range, REQ(i & 1 ? VMR_FIRST : VMR_BEST,
						   size, size), NULL));
	}
	for (policy = VMR_FIRST; policy <= VMR_BEST; policy++) {
		for (i = 0; i < NR_CALLS; i++) {
			range = node(rng() % nr);
			CHEAP(vmr_free(&space, range));
			size = 0x1000ULL << rng() % 6;
			CHEAP(vmr_alloc(&space, range, REQ(policy, size, size),
					NULL));
			ASSERT_EQ(VMR_LIVE, vmr_range_state(range));
		}
	}
	EXPECT_STREQ(VERIFY_OK, verify_space(&space));
	TH_LOG("at most %zu of %zu nodes", most, nr);
}

TEST_F(cost, exact_places_lookup_free_and_move)
{
	struct vmr_range *range = spare(0), *there;
	struct vmr_range *out = NULL;
	size_t most = 0, n;
	uint64_t at;
	int i;

	gaps_of(_metadata, 0, 0x1000);
	for (i = 0; i < NR_CALLS; i++) {
		n = rng() % nr;
		at = n * 0x4000;
		there = node(n);
		CHEAP(vmr_alloc(&space, range, REQ_AT(at, 0x1000, 0x1000),
				&out));
		CHEAP(vmr_find(&space, at));
		CHEAP(vmr_lookup(&space, at, NULL, NULL));
		CHEAP(vmr_find_overlap(&space, at, at + 0x4000));
		CHEAP(vmr_in_space(&space, range));
		CHEAP(vmr_range_state(range));
		/* Taken, to there and over itself. */
		CHEAP(vmr_reserve(&space, spare(1), at, at + 0x4000, &out));
		CHEAP(vmr_move(&space, range, at + 1, &out));
		CHEAP(vmr_move(&space, range, rng() % nr * 0x4000, &out));
		CHEAP(vmr_free_at(&space, range->start, 0x1000, &out));
		ASSERT_EQ(VMR_FREE, vmr_range_state(range));
		CHEAP(vmr_free(&space, there));
		CHEAP(vmr_reserve(&space, there, at + 0x1000, at + 0x3fff,
				  NULL));
		ASSERT_EQ(VMR_LIVE, vmr_range_state(there));
		CHEAP(vmr_next_range(there));
		CHEAP(vmr_prev_range(there));
	}
	CHEAP(vmr_first_range(&space));
	CHEAP(vmr_last_range(&space));
	TH_LOG("at most %zu of %zu nodes", most, nr);
}

TEST_F(cost, gaps_behind_ranges_that_adjoin)
{
	size_t most = 0, hole[4], i, n;
	struct vmr_gap gap;

	/* Almost all adjoin, with a few holes far apart. */
	gaps_of(_metadata, 0, 0);
	for (i = 0; i < 4; i++) {
		hole[i] = nr / 5 * (i + 1) + i;
		CHEAP(vmr_free(&space, node(hole[i])));
	}
	CHEAP(vmr_first_gap(&space, &gap));
	for (i = 0; i < 4; i++) {
		ASSERT_EQ((uint64_t)hole[i] * 0x4000, gap.start);
		CHEAP(vmr_next_gap(&space, &gap));
	}
	CHEAP(vmr_largest_gap(&space, &gap));
	EXPECT_EQ((uint64_t)hole[0] * 0x4000, gap.start);
	for (n = 0; n < NR_CALLS; n++)
		CHEAP(vmr_alloc(&space, spare(0), REQ(VMR_LAST, 1, 1), NULL));
	TH_LOG("at most %zu of %zu nodes", most, nr);
}

/* That is said of those claims that touch the place, not of all there are. */
TEST_F(cost, a_settle_tests_the_claims_that_touch_the_place)
{
	size_t most = 0, n, i;
	uint64_t at;

	GRANT(vmr_space_init(&space, 0, nr * 0x4000 - 1));
	/* Half of all live, and a claim on the place of each. */
	for (i = 0; i < nr / 2; i++) {
		n = i * 7919 % (nr / 2);
		at = n * 0x4000;
		GRANT(vmr_reserve(&space, node(n), at, at + 0xfff, NULL));
		GRANT(vmr_claim(&space, node(nr / 2 + n), at, at + 0x1fff));
	}
	for (i = 0; i < NR_CALLS; i++) {
		n = rng() % (nr / 2);
		at = n * 0x4000;
		CHEAP(vmr_settle(&space, at, at + 0x3fff));
		CHEAP(vmr_first_claim(&space, at + 0x2000, at + 0x3fff));
		CHEAP(vmr_free(&space, node(n)));
		CHEAP(vmr_settle(&space, at, at + 0xfff));
		ASSERT_EQ(VMR_LIVE, vmr_range_state(node(nr / 2 + n)));
		CHEAP(vmr_claim(&space, node(nr / 2 + n), at, at + 0x1fff));
		CHEAP(vmr_park(&space, node(nr / 2 + n), at, at + 0x1fff));
		CHEAP(vmr_claim(&space, node(nr / 2 + n), at, at + 0x1fff));
		CHEAP(vmr_reserve(&space, node(n), at, at + 0xfff, NULL));
		ASSERT_EQ(VMR_LIVE, vmr_range_state(node(n)));
		CHEAP(vmr_next_claim(node(nr / 2 + n), 0, VMR_MAX));
	}
	TH_LOG("at most %zu of %zu nodes", most, nr);
}

TEST_F(cost, ids)
{
	static struct vmr_ids ids;
	struct vmr_range *range;
	size_t most = 0, i;

	GRANT(vmr_ids_init(&ids, 0, 2 * nr));
	for (i = 0; i < nr; i++)
		GRANT(vmr_id_alloc(&ids, node(i)));
	for (i = 0; i < nr / 2; i++)
		GRANT(vmr_id_release(&ids, node(i * 2)));
	for (i = 0; i < NR_CALLS; i++) {
		range = node((rng() % nr) | 1);
		CHEAP(vmr_id_find(&ids, vmr_id(range)));
		CHEAP(vmr_id_free(&ids, vmr_id(range), NULL));
		CHEAP(vmr_id_alloc(&ids, range));
		ASSERT_EQ(VMR_LIVE, vmr_range_state(range));
		CHEAP(vmr_id_alloc_at(&ids, spare(0), 2 * nr - i, NULL));
		CHEAP(vmr_id_release(&ids, spare(0)));
		CHEAP(vmr_id_alloc_block(&ids, spare(0), REQ(VMR_FIRST, 8, 8),
					 NULL));
		ASSERT_EQ(VMR_LIVE, vmr_range_state(spare(0)));
		CHEAP(vmr_id_release(&ids, spare(0)));
	}
	TH_LOG("at most %zu of %zu nodes", most, nr);
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_lookup_interleaving.c - lookups during a change, in every order
 *
 * Each node is on a page of its own. The test stops the lookup at each visited node in
 * turn, and makes the whole change in the handler of the page fault. The result must be
 * correct before or after the change.
 */
#include "../kselftest_harness.h"
#include "requires.h"
#include "node_watch.h"
#include "fixture.h"

#define NR	30

static struct vmr_space space;
static struct vmr_move_op step[2];

/* The range that contains an address, by value. */
struct mapping {
	struct vmr_range	*range;
	uint64_t		start;
	uint64_t		last;
};

static struct mapping mapping(uint64_t addr)
{
	struct mapping t = { vmr_find(&space, addr), 0, 0 };

	if (t.range) {
		t.start = t.range->start;
		t.last = t.range->last;
	}
	return t;
}

static int mapping_same(const struct mapping *a, const struct mapping *b)
{
	return a->range == b->range && a->start == b->start &&
	       a->last == b->last;
}

/* Range i is [i * 0x100, i * 0x100 + 0x3f], with gaps on both sides. */
static void new_space(struct __test_metadata *_metadata)
{
	size_t i, n;

	EXPECT_OK(vmr_space_init(&space, 0, 0xffff));
	memset(pages, 0, pages_bytes);
	for (i = 0; i < NR; i++) {
		n = i * 7 % NR;
		EXPECT_OK(vmr_reserve(&space, node(n), n * 0x100, n * 0x100 + 0x3f,
				      NULL));
	}
}

/*
 * Look up @addr and call @change at the k-th visited node, for each k. The first change
 * precedes the first node; the last lookup is without a change.
 */
static void lookup_with_change(struct __test_metadata *_metadata, uint64_t addr,
			       void (*change)(void))
{
	struct mapping before, after, seen;
	int changed = 1;
	size_t k;

	for (k = 0; changed; k++) {
		new_space(_metadata);
		before = mapping(addr);
		memset(&seen, 0, sizeof(seen));
		pages_hook_at = k;
		pages_hook = change;
		pages_watch();
		seen.range = vmr_find_lockless(&space, addr, &seen.start, &seen.last);
		pages_unwatch();
		changed = !pages_hook;
		pages_hook = NULL;
		after = mapping(addr);
		EXPECT_NE(0, mapping_same(&seen, &before) || mapping_same(&seen, &after)) {
			TH_LOG("%#llx, changed at node %zu",
			       (unsigned long long)addr, k);
		}
		if (!changed)
			EXPECT_NE(0, mapping_same(&before, &after));
		EXPECT_STREQ(VERIFY_OK, verify_space(&space));
		ASSERT_GT((size_t)NR, k);
	}
	/* At least one node was visited. */
	EXPECT_LT((size_t)1, k);
}

/* Addresses inside and outside of the ranges, before and after the change. */
static void lookup_all_with_change(struct __test_metadata *_metadata, void (*change)(void))
{
	uint64_t addr;

	for (addr = 0; addr < NR * 0x100; addr += 0x20)
		lookup_with_change(_metadata, addr, change);
}

FIXTURE(lookup) {
	int unused;
};

FIXTURE_SETUP(lookup)
{
	NEEDS(page_faults);
	ASSERT_EQ(0, pages_init(NR * 2 * pages_one()));
}

FIXTURE_TEARDOWN(lookup)
{
	pages_exit();
}

static void move_over_itself(void)
{
	vmr_move(&space, node(11), 0x0b20, NULL);
}

/*
 * A lookup during a move finds the addresses that the range covers before and
 * after.
 */
TEST_F(lookup, move_overlap_always_found)
{
	lookup_all_with_change(_metadata, move_over_itself);
}

static void move_far(void)
{
	vmr_move(&space, node(11), 0x1b80, NULL);
	vmr_move(&space, node(20), 0x0380, NULL);
}

/* A lookup during a move finds the range at its old or at its new addresses. */
TEST_F(lookup, move_far_found_once)
{
	lookup_all_with_change(_metadata, move_far);
}

static void move_and_return(void)
{
	vmr_move(&space, node(11), 0x1b80, NULL);
	vmr_move(&space, node(11), 0x0b00, NULL);
}

/*
 * A range that moves and returns does not disturb the lookup of other ranges.
 */
TEST_F(lookup, move_and_return_others_found)
{
	/* Two changes: only ranges that stay have one valid result. */
	lookup_with_change(_metadata, 0x0c00, move_and_return);
	lookup_with_change(_metadata, 0x1a00, move_and_return);
	lookup_with_change(_metadata, 0x1c00, move_and_return);
}

static void swap(void)
{
	step[0] = (struct vmr_move_op){ .space = &space, .range = node(3),
				     .to_space = &space, .start = 0x1700 };
	step[1] = (struct vmr_move_op){ .space = &space, .range = node(23),
				     .to_space = &space, .start = 0x0300 };
	vmr_move_bulk(step, 2, NULL, NULL);
}

/* A lookup during a swap finds one of the two ranges. */
TEST_F(lookup, swap_leaves_no_gap)
{
	lookup_all_with_change(_metadata, swap);
}

static void swap_then_fail(void)
{
	swap();
	swap();
	step[0] = (struct vmr_move_op){ .space = &space, .range = node(3),
				     .to_space = &space, .start = 0x1700 };
	step[1] = (struct vmr_move_op){ .space = &space, .range = node(23),
				     .to_space = &space, .start = 0x0500 };
	vmr_move_bulk(step, 2, NULL, NULL);
}

/* A lookup never observes a bulk move that fails. */
TEST_F(lookup, failed_bulk_move_not_observed)
{
	uint64_t addr;

	/* All addresses but those of the two ranges that move for a moment. */
	for (addr = 0x400; addr < 0x1700; addr += 0x20)
		lookup_with_change(_metadata, addr, swap_then_fail);
}

static void free_many(void)
{
	size_t i;

	for (i = 1; i < NR; i += 2)
		vmr_free(&space, node(i));
}

/* Ranges that stay are found while others are freed. */
TEST_F(lookup, lookup_valid_during_frees)
{
	lookup_all_with_change(_metadata, free_many);
}

static void allocate_many(void)
{
	size_t i;

	for (i = 0; i < NR; i++)
		vmr_alloc(&space, node(NR + i), REQ(VMR_FIRST, 0x40, 0x40),
			  NULL);
}

/* Ranges that stay are found while others are allocated. */
TEST_F(lookup, lookup_valid_during_allocs)
{
	lookup_all_with_change(_metadata, allocate_many);
}

static void settle_claim(void)
{
	vmr_seqcount_write_begin(space.seq);
	vmr_claim(&space, node(12), 0x1520, 0x155f);
	vmr_free(&space, node(21));
	vmr_settle(&space, 0, VMR_ADDR_MAX);
	vmr_seqcount_write_end(space.seq);
}

/* A lookup finds a claim that becomes live at its new addresses only. */
TEST_F(lookup, settled_claim_found_once)
{
	lookup_all_with_change(_metadata, settle_claim);
}

static void relink_nodes(void)
{
	/* Link the node elsewhere, and another node at its old addresses. */
	vmr_seqcount_write_begin(space.seq);
	vmr_free(&space, node(9));
	vmr_reserve(&space, node(NR), 0x0900, 0x091f, NULL);
	vmr_reserve(&space, node(9), 0x1980, 0x19ff, NULL);
	vmr_seqcount_write_end(space.seq);
}

/*
 * A lookup does not mistake a node that is freed and linked elsewhere at once.
 */
TEST_F(lookup, relinked_node_found_once)
{
	lookup_all_with_change(_metadata, relink_nodes);
}

TEST_HARNESS_MAIN

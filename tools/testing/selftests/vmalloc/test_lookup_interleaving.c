// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_lookup_interleaving.c - lookups beside a writer, in every order that there is
 *
 * Two threads show few of the ways in which a lookup and a change can fall
 * together. Here the lookup is stopped at each node it visits, in turn, and the
 * whole change is made there: each node is on a page of its own, and the writer
 * runs in the handler of the fault. What the lookup then says must have been true
 * before the change or after it.
 */
#include "../kselftest_harness.h"
#include "requires.h"
#include "node_watch.h"
#include "fixture.h"

#define NR	30

static struct vmr_space space;
static struct vmr_step step[2];

/* What was true of an address. */
struct truth {
	struct vmr_range	*range;
	uint64_t		start;
	uint64_t		last;
};

static struct truth truth(uint64_t addr)
{
	struct truth t = { vmr_find(&space, addr), 0, 0 };

	if (t.range) {
		t.start = t.range->start;
		t.last = t.range->last;
	}
	return t;
}

static int same(const struct truth *a, const struct truth *b)
{
	return a->range == b->range && a->start == b->start &&
	       a->last == b->last;
}

/* Range i at [i * 0x100, + 0x40), which leaves room in front and behind. */
static void new_space(struct __test_metadata *_metadata)
{
	size_t i, n;

	GRANT(vmr_space_init(&space, 0, 0xffff));
	memset(pages, 0, pages_bytes);
	for (i = 0; i < NR; i++) {
		n = i * 7 % NR;
		GRANT(vmr_reserve(&space, node(n), n * 0x100, n * 0x100 + 0x3f,
				  NULL));
	}
}

/*
 * Look @addr up and make @change at the k-th node that it visits, for each k. Once
 * @change is made before the first node, and once not at all.
 */
static void at_every_node(struct __test_metadata *_metadata, uint64_t addr,
			  void (*change)(void))
{
	struct truth before, after, seen;
	int changed = 1;
	size_t k;

	for (k = 0; changed; k++) {
		new_space(_metadata);
		before = truth(addr);
		memset(&seen, 0, sizeof(seen));
		pages_hook_at = k;
		pages_hook = change;
		pages_watch();
		seen.range = vmr_lookup(&space, addr, &seen.start, &seen.last);
		pages_unwatch();
		changed = !pages_hook;
		pages_hook = NULL;
		after = truth(addr);
		EXPECT_NE(0, same(&seen, &before) || same(&seen, &after)) {
			TH_LOG("%#llx, changed at node %zu",
			       (unsigned long long)addr, k);
		}
		if (!changed)
			EXPECT_NE(0, same(&before, &after));
		EXPECT_STREQ(VERIFY_OK, verify_space(&space));
		ASSERT_GT((size_t)NR, k);
	}
	/* At least one node was visited, or nothing was tried. */
	EXPECT_LT((size_t)1, k);
}

/* Every address where something is or comes, and some between. */
static void everywhere(struct __test_metadata *_metadata, void (*change)(void))
{
	uint64_t addr;

	for (addr = 0; addr < NR * 0x100; addr += 0x20)
		at_every_node(_metadata, addr, change);
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

TEST_F(lookup, a_range_that_moves_over_its_old_place_is_always_there)
{
	everywhere(_metadata, move_over_itself);
}

static void move_far(void)
{
	vmr_move(&space, node(11), 0x1b80, NULL);
	vmr_move(&space, node(20), 0x0380, NULL);
}

TEST_F(lookup, a_range_that_moves_far_is_at_one_of_its_places)
{
	everywhere(_metadata, move_far);
}

static void move_to_and_fro(void)
{
	vmr_move(&space, node(11), 0x1b80, NULL);
	vmr_move(&space, node(11), 0x0b00, NULL);
}

TEST_F(lookup, a_range_that_came_back_was_never_gone)
{
	/* Both places were true, so only what stays is asked for. */
	at_every_node(_metadata, 0x0c00, move_to_and_fro);
	at_every_node(_metadata, 0x1a00, move_to_and_fro);
	at_every_node(_metadata, 0x1c00, move_to_and_fro);
}

static void swap(void)
{
	step[0] = (struct vmr_step){ .space = &space, .range = node(3),
				     .to = &space, .start = 0x1700 };
	step[1] = (struct vmr_step){ .space = &space, .range = node(23),
				     .to = &space, .start = 0x0300 };
	vmr_move_set(step, 2, NULL, NULL);
}

TEST_F(lookup, ranges_that_swap_leave_no_hole)
{
	everywhere(_metadata, swap);
}

static void fail_to_swap(void)
{
	swap();
	swap();
	step[0] = (struct vmr_step){ .space = &space, .range = node(3),
				     .to = &space, .start = 0x1700 };
	step[1] = (struct vmr_step){ .space = &space, .range = node(23),
				     .to = &space, .start = 0x0500 };
	vmr_move_set(step, 2, NULL, NULL);
}

TEST_F(lookup, a_set_that_fails_is_never_seen)
{
	uint64_t addr;

	/* All but the two that were elsewhere for a moment. */
	for (addr = 0x400; addr < 0x1700; addr += 0x20)
		at_every_node(_metadata, addr, fail_to_swap);
}

static void free_many(void)
{
	size_t i;

	for (i = 1; i < NR; i += 2)
		vmr_free(&space, node(i));
}

TEST_F(lookup, ranges_that_stay_are_found_while_others_go)
{
	everywhere(_metadata, free_many);
}

static void allocate_many(void)
{
	size_t i;

	for (i = 0; i < NR; i++)
		vmr_alloc(&space, node(NR + i), REQ(VMR_FIRST, 0x40, 0x40),
			  NULL);
}

TEST_F(lookup, ranges_that_stay_are_found_while_others_come)
{
	everywhere(_metadata, allocate_many);
}

static void claim_and_settle(void)
{
	vmr_write_begin(space.seq);
	vmr_claim(&space, node(12), 0x1520, 0x155f);
	vmr_free(&space, node(21));
	vmr_settle(&space, 0, VMR_MAX);
	vmr_write_end(space.seq);
}

TEST_F(lookup, a_claim_that_settles_answers_at_one_place)
{
	everywhere(_metadata, claim_and_settle);
}

static void reuse(void)
{
	/* The node at once elsewhere, and another where it was. */
	vmr_write_begin(space.seq);
	vmr_free(&space, node(9));
	vmr_reserve(&space, node(NR), 0x0900, 0x091f, NULL);
	vmr_reserve(&space, node(9), 0x1980, 0x19ff, NULL);
	vmr_write_end(space.seq);
}

TEST_F(lookup, a_node_linked_again_at_once_is_not_mistaken)
{
	everywhere(_metadata, reuse);
}

TEST_HARNESS_MAIN

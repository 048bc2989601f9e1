// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_lookup_steps.c - upper bounds of a lookup and of a write section
 *
 * Counted in nodes, as in test_complexity.c: each device is on a page of its own.
 * The documented bounds are O(log n) for a lookup and O(k log n) for a section that
 * changes k ranges. They do not depend on the devices behind a window.
 */
#include "../kselftest_harness.h"

#include "section.h"

/* The height of a red-black tree is at most 2 log2(n + 1). */
#define LOOKUP_LIMIT(log)	(2 * ((log) + 1))
/* A path down and up, with the children of its nodes. */
#define CHANGE_LIMIT(log)	(5 * (log) + 16)

#define SECTION(most, call) \
	do { \
		size_t nodes_; \
		counting = true; \
		(void)(call); \
		nodes_ = take_longest(); \
		EXPECT_GE((size_t)(most), nodes_) { \
			TH_LOG("%zu items: %s", nr, #call); \
		} \
		if (nodes_ > max) \
			max = nodes_; \
	} while (0)

FIXTURE(bounds) {
	int unused;
};

FIXTURE_VARIANT(bounds) {
	size_t nr;
};

FIXTURE_VARIANT_ADD(bounds, few) { .nr = 64 };
FIXTURE_VARIANT_ADD(bounds, many) { .nr = 512 };
FIXTURE_VARIANT_ADD(bounds, most) { .nr = MAX_ITEMS - 64 };

FIXTURE_SETUP(bounds)
{
	NEEDS(page_faults);
	ASSERT_EQ(0, pages_init(MAX_ITEMS * pages_one()));
	ASSERT_EQ(0, up());
}

FIXTURE_TEARDOWN(bounds)
{
	pages_exit();
}

static size_t lookup(uint64_t addr, int *ret)
{
	uint8_t byte;

	pages_watch();
	*ret = vmr_read(&m.reader, VMR_MMIO, addr, &byte, 1, 1);
	return pages_unwatch();
}

/* A lookup visits O(log n) nodes. */
TEST_F(bounds, lookup_nodes_logarithmic)
{
	size_t nr = variant->nr, i, nodes, max = 0;
	unsigned int log = log_of(nr);
	int ret;

	ASSERT_EQ(0, items_up(nr, NULL));
	for (i = 0; i < nr; i += 1 + nr / 200) {
		nodes = lookup(ITEM_ADDR(i) + 0xfff, &ret);
		EXPECT_EQ(0, ret);
		max = nodes > max ? nodes : max;
		nodes = lookup(ITEM_ADDR(i) + 0x1000, &ret);
		EXPECT_EQ(-ENXIO, ret);
		max = nodes > max ? nodes : max;
	}
	EXPECT_GE((size_t)LOOKUP_LIMIT(log), max);
	TH_LOG("%zu items: at most %zu nodes, limit %u", nr, max,
	       LOOKUP_LIMIT(log));
}

/* A lookup through a window visits O(log n) nodes. */
TEST_F(bounds, window_lookup_nodes_logarithmic)
{
	size_t nr = variant->nr, i, nodes, max = 0;
	int ret;

	ASSERT_EQ(0, bus_up(BASE, ITEM_ADDR(2 * MAX_ITEMS)));
	ASSERT_EQ(0, items_up(nr, &bus));
	for (i = 0; i < nr; i += 1 + nr / 200) {
		nodes = lookup(ITEM_ADDR(i), &ret);
		EXPECT_EQ(0, ret);
		max = nodes > max ? nodes : max;
	}
	EXPECT_GE((size_t)LOOKUP_LIMIT(log_of(nr)), max);
}

/*
 * A cached lookup visits one node, whatever other items have changed, even if they
 * share the generation slot of the item or of its window.
 */
static void check_lookup_cache(struct __test_metadata *_metadata, size_t nr)
{
	size_t i, k, unrelated = 0;
	int ret;

	for (i = 0; i < nr; i += 1 + nr / 20) {
		lookup(ITEM_ADDR(i), &ret);
		ASSERT_EQ(0, ret);
		for (k = 0; k < nr; k++) {
			if (k == i)
				continue;
			ASSERT_EQ(0, vmr_region_move(&m.manager, &item(k)->region,
						     ITEM_ADDR(MAX_ITEMS + k), NULL));
			ASSERT_EQ(0, vmr_region_move(&m.manager, &item(k)->region,
						     ITEM_ADDR(k), NULL));
			unrelated++;
			if (k % 16)
				continue;
			EXPECT_EQ((size_t)1, lookup(ITEM_ADDR(i) + 1, &ret));
			EXPECT_EQ(0, ret);
		}
		EXPECT_EQ((size_t)1, lookup(ITEM_ADDR(i) + 1, &ret));
		EXPECT_EQ(0, vmr_region_move(&m.manager, &item(i)->region,
					     ITEM_ADDR(MAX_ITEMS + i), NULL));
		lookup(ITEM_ADDR(i), &ret);
		EXPECT_EQ(-ENXIO, ret);
		lookup(ITEM_ADDR(MAX_ITEMS + i), &ret);
		EXPECT_EQ(0, ret);
	}
	EXPECT_LT((size_t)1000, unrelated);
}

/* A cached lookup visits only the node of the result. */
TEST_F(bounds, cached_lookup_visits_one_node)
{
	ASSERT_EQ(0, items_up(variant->nr, NULL));
	check_lookup_cache(_metadata, variant->nr);
}

/* A cached lookup through a window visits only the node of the result. */
TEST_F(bounds, window_cached_lookup_visits_one_node)
{
	ASSERT_EQ(0, bus_up(BASE, ITEM_ADDR(2 * MAX_ITEMS)));
	ASSERT_EQ(0, items_up(variant->nr, &bus));
	check_lookup_cache(_metadata, variant->nr);
}

/* A window that leaves its addresses ends all cached lookups through it. */
TEST_F(bounds, window_move_ends_cached_lookups)
{
	const size_t i = 7;
	int ret;

	ASSERT_EQ(0, bus_up(BASE, ITEM_ADDR(2 * MAX_ITEMS)));
	ASSERT_EQ(0, items_up(variant->nr, &bus));
	lookup(ITEM_ADDR(i), &ret);
	EXPECT_EQ((size_t)1, lookup(ITEM_ADDR(i), &ret));
	ASSERT_EQ(0, vmr_window_program(&m.manager, &window, 0x40000000,
					0x4fffffff));
	lookup(ITEM_ADDR(i), &ret);
	EXPECT_EQ(-ENXIO, ret);
	ASSERT_EQ(0, vmr_window_program(&m.manager, &window, BASE,
					ITEM_ADDR(2 * MAX_ITEMS)));
	lookup(ITEM_ADDR(i), &ret);
	EXPECT_EQ((size_t)1, lookup(ITEM_ADDR(i), &ret));
	EXPECT_EQ(0, ret);
	ASSERT_EQ(0, vmr_region_park(&m.manager, &window, BASE));
	lookup(ITEM_ADDR(i), &ret);
	EXPECT_EQ(-ENXIO, ret);
}

/*
 * The write section of a move visits O(log n) nodes of the trees of live ranges
 * and of claims.
 */
TEST_F(bounds, region_move_section_logarithmic)
{
	size_t nr = variant->nr, i, k, max = 0;
	unsigned int log = log_of(nr);
	struct vmr_region *region;

	ASSERT_EQ(0, items_up(nr, NULL));
	for (k = 0; k < 40; k++) {
		i = k * 1021 % nr;
		region = &item(i)->region;
		SECTION(4 * CHANGE_LIMIT(log),
			vmr_region_program(&m.manager, region,
					   ITEM_ADDR((i + 7) % nr) + 0x4000));
		ASSERT_EQ(VMR_LIVE, vmr_range_state(&region->range));
		SECTION(2 * CHANGE_LIMIT(log),
			vmr_region_move(&m.manager, region,
					ITEM_ADDR((i + 9) % nr) + 0x6000, NULL));
		SECTION(2 * CHANGE_LIMIT(log),
			vmr_region_park(&m.manager, region, ITEM_ADDR(i)));
		SECTION(4 * CHANGE_LIMIT(log),
			vmr_region_program(&m.manager, region, ITEM_ADDR(i)));
		SECTION(2 * CHANGE_LIMIT(log), vmr_region_unmap(&m.manager, region));
		SECTION(2 * CHANGE_LIMIT(log),
			vmr_region_move(&m.manager, region, ITEM_ADDR(i), NULL));
	}
	EXPECT_LT((size_t)0, max);
	TH_LOG("%zu items: at most %zu nodes in a section", nr, max);
}

/*
 * The write sections of registration and unregistration visit O(log n) nodes.
 */
TEST_F(bounds, register_section_logarithmic)
{
	size_t nr = variant->nr, i, k, max = 0;
	unsigned int log = log_of(nr);

	ASSERT_EQ(0, items_up(nr, NULL));
	for (k = 0; k < 40; k++) {
		i = k * 1021 % nr;
		SECTION(4 * CHANGE_LIMIT(log),
			vmr_device_unregister(&m.manager, &item(i)->dev));
		SECTION(4 * CHANGE_LIMIT(log), vmr_device_register(&m.manager, &item(i)->dev,
								   NULL, NULL));
		ASSERT_EQ(0, vmr_region_move(&m.manager, &item(i)->region,
					     ITEM_ADDR(i), NULL));
	}
}

/*
 * The write section of a window does not depend on the number of devices behind
 * it.
 */
TEST_F(bounds, window_move_section_constant)
{
	size_t nr = variant->nr, i, max = 0;

	ASSERT_EQ(0, bus_up(BASE, ITEM_ADDR(2 * MAX_ITEMS)));
	ASSERT_EQ(0, items_up(nr, &bus));
	for (i = 0; i < 8; i++) {
		SECTION(CHANGE_LIMIT(1),
			vmr_window_program(&m.manager, &window, 0x40000000,
					   0x4fffffff));
		SECTION(CHANGE_LIMIT(1),
			vmr_window_program(&m.manager, &window, BASE,
					   ITEM_ADDR(2 * MAX_ITEMS)));
		SECTION(CHANGE_LIMIT(1), vmr_region_unmap(&m.manager, &window));
	}
	/* The window is on no page; check that sections are counted. */
	SECTION(CHANGE_LIMIT(log_of(nr)), vmr_device_unregister(&m.manager, &item(0)->dev));
	EXPECT_LT((size_t)0, max);
}

/*
 * The write section in which a claimed window becomes live does not depend on the
 * devices behind it.
 */
TEST_F(bounds, claimed_window_section_constant)
{
	size_t nr = variant->nr, max = 0, holder = MAX_ITEMS - 1;

	ASSERT_EQ(0, item_up(holder, NULL, BASE, 0x1000));
	ASSERT_EQ(0, bus_up(BASE, ITEM_ADDR(2 * MAX_ITEMS)));
	ASSERT_EQ(VMR_CLAIMED, vmr_range_state(&window.range));
	ASSERT_EQ(0, items_up(nr, &bus));
	SECTION(CHANGE_LIMIT(1), vmr_region_program(&m.manager, &item(holder)->region,
						    0x1000));
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&window.range));
	ASSERT_EQ(0, vmr_window_program(&m.manager, &window, 0x20000000,
					0x2fffffff));
	ASSERT_EQ(0, vmr_region_move(&m.manager, &item(holder)->region,
				     BASE, NULL));
	ASSERT_EQ(0, vmr_window_program(&m.manager, &window, BASE,
					ITEM_ADDR(2 * MAX_ITEMS)));
	ASSERT_EQ(VMR_CLAIMED, vmr_range_state(&window.range));
	/* The id of @holder is in a tree of all ids. */
	SECTION(CHANGE_LIMIT(log_of(nr)),
		vmr_device_unregister(&m.manager, &item(holder)->dev));
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&window.range));
}

/* The write section that settles k claims visits O(k log n) nodes. */
TEST_F(bounds, claims_section_k_log_n)
{
	size_t nr = variant->nr, max = 0, holder = MAX_ITEMS - 1, i, k;
	unsigned int log = log_of(nr);

	ASSERT_EQ(0, items_up(nr, NULL));
	ASSERT_EQ(0, item_up(holder, NULL, 0x10000000, 0x100000));
	for (k = 1; k <= 32; k *= 2) {
		for (i = 0; i < k; i++)
			ASSERT_EQ(0, vmr_region_program(&m.manager,
							&item(i)->region,
							0x10000000 +
							0x1000 * i));
		SECTION((k + 1) * 2 * CHANGE_LIMIT(log),
			vmr_region_program(&m.manager, &item(holder)->region,
					   0x20000000));
		for (i = 0; i < k; i++) {
			ASSERT_EQ(VMR_LIVE,
				  vmr_range_state(&item(i)->region.range));
			ASSERT_EQ(0, vmr_region_move(&m.manager,
						     &item(i)->region,
						      ITEM_ADDR(i), NULL));
		}
		ASSERT_EQ(0, vmr_region_move(&m.manager, &item(holder)->region,
					     0x10000000, NULL));
	}
	TH_LOG("%zu items: at most %zu nodes for 32 claims", nr, max);
}

/* With a listener, a change of a region that is no window visits O(log n) nodes. */
TEST_F(bounds, notified_move_logarithmic)
{
	struct vmr_listener listener = { .region_changed = ignore_change };
	size_t nr = variant->nr, i, nodes, max = 0;

	ASSERT_EQ(0, vmr_listener_register(&m.manager, &listener));
	ASSERT_EQ(0, items_up(nr, NULL));
	for (i = 0; i < nr; i += 1 + nr / 20) {
		pages_watch();
		vmr_region_program(&m.manager, &item(i)->region,
				   ITEM_ADDR(i) + 0x8000);
		nodes = pages_unwatch();
		max = nodes > max ? nodes : max;
	}
	EXPECT_LT((size_t)0, max);
	EXPECT_GE((size_t)(2 * CHANGE_LIMIT(log_of(nr))), max);
	TH_LOG("%zu items: at most %zu nodes", nr, max);
	vmr_listener_unregister(&m.manager, &listener);
}

TEST_HARNESS_MAIN

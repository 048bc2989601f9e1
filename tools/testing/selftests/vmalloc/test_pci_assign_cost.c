// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_pci_assign_cost.c - the growth of the steps of an assignment
 *
 * The items are in memory that is not accessible: each page fault is one visit. Few pages
 * stay accessible at a time, so that a later visit counts again. A call for n items
 * makes O(n log n) visits: four times as many items make about five times as many
 * visits. A call that looked at each item for each other one would make sixteen times
 * as many.
 */
#include "../kselftest_harness.h"

#include "assign_machine.h"
#include "node_watch.h"

#define MAX_NODES	256
#define GROWTH		8
#define WINDOW		4
#define MAX_CARDS	192	/* the machine has 256 device ids */

FIXTURE(assign_cost) {
	int unused;
};

FIXTURE_SETUP(assign_cost)
{
	NEEDS(page_faults);
	ASSERT_EQ(0, pages_init(MAX_NODES * pages_one()));
}

FIXTURE_TEARDOWN(assign_cost)
{
	pages_exit();
}

#define EXPECT_GROWTH(nr, call) \
	do { \
		size_t few_ = call((nr) / 4), many_ = call(nr); \
		EXPECT_LT(0U, few_); \
		EXPECT_GE(GROWTH * few_, many_); \
		TH_LOG("%s: %zu and %zu visits", #call, few_, many_); \
	} while (0)

static struct vmr_pci_item *item_at(size_t i)
{
	return (struct vmr_pci_item *)(pages + i * page_size + i % 8 * 256);
}

static void watch(void)
{
	pages_window = WINDOW;
	pages_watch();
}

/* Items of sizes in a bad order: each list to be merged has both large and small. */
static struct vmr_pci_item *items_up(size_t nr, bool windows)
{
	struct vmr_pci_item *list = NULL;
	size_t i;

	for (i = 0; i < nr; i++) {
		struct vmr_pci_item *item = item_at(i);

		memset(item, 0, sizeof(*item));
		item->align = MIB << i * 7 % 5;
		item->size = windows ? item->align + MIB : item->align;
		item->window = windows;
		item->flags = VMR_64BIT | VMR_PREFETCHABLE;
		item->io = VMR_MMIO;
		item->next = list;
		list = item;
	}
	return list;
}

static size_t sort_visits(size_t nr)
{
	struct vmr_pci_item *list = items_up(nr, false);

	watch();
	vmr_pci_sort_items(list);
	return pages_unwatch();
}

TEST_F(assign_cost, sort_steps_n_log_n)
{
	struct vmr_pci_item *item = vmr_pci_sort_items(items_up(99, false));
	size_t nr = 0;

	for (; item; item = item->next, nr++)
		EXPECT_TRUE(!item->next || item->align > item->next->align ||
			    (item->align == item->next->align &&
			     item > item->next));
	EXPECT_EQ(99U, nr);
	EXPECT_GROWTH(MAX_NODES, sort_visits);
}

/* Windows in a window */
static size_t size_visits(size_t nr)
{
	struct vmr_pci_item window = { .io = VMR_MMIO };

	window.contents = items_up(nr, true);
	watch();
	vmr_pci_size_window(&window, 0);
	return pages_unwatch();
}

TEST_F(assign_cost, window_size_steps_n_log_n)
{
	EXPECT_GROWTH(MAX_NODES, size_visits);
}

/* Windows between obstacles, most of whose gaps are too short */
static size_t place_visits(size_t nr)
{
	static struct vmr_range obstacle[MAX_NODES];
	static struct vmr_space space;
	const struct vmr_pool pool = {
		.space = &space, .start = MIB, .last = VMR_ADDR_MAX - 1,
		.policy = VMR_FIRST,
	};
	const struct vmr_pci_item *beside = NULL;
	struct vmr_pci_item *item;
	size_t i;

	memset(obstacle, 0, sizeof(obstacle));
	vmr_space_init(&space, 0, VMR_ADDR_MAX);
	for (i = 0; i < nr; i++)
		vmr_reserve(&space, &obstacle[i], i * 2 * MIB, i * 2 * MIB, NULL);
	item = vmr_pci_sort_items(items_up(nr, true));
	watch();
	for (; item; item = item->next) {
		if (vmr_pci_place_in_pool(&pool, item, beside))
			break;
		beside = item;
	}
	nr = pages_unwatch();
	return item ? 0 : nr;
}

TEST_F(assign_cost, place_steps_n_log_n)
{
	EXPECT_GROWTH(MAX_NODES, place_visits);
}

/* A whole machine, each of whose functions is on a page, eight behind each bridge */
static size_t assign_visits(size_t nr)
{
	size_t i;
	int ret = assign_host_up((1ull << 40) - 1);

	memset(pages, 0, pages_bytes);
	for (i = 0; i < nr / 8 && !ret; i++)
		ret = root_bridge(&bridges[i]);
	for (i = 0; i < nr && !ret; i++)
		ret = gpu_behind(&bridges[i / 8],
				 (void *)(pages + i * page_size),
				 MIB << i % 3, 0);
	if (!ret)
		ret = gpu_init(&cards[0], GIB, 0);
	if (!ret)
		ret = vmr_pci_host_plug(&host, &cards[0], 31 << 3);
	assign_memory();
	watch();
	if (!ret)
		ret = vmr_pci_assign(&m.manager, &assign);
	nr = pages_unwatch();
	memset(&host, 0, sizeof(host));
	memset(&m, 0, sizeof(m));
	return ret ? 0 : nr;
}

TEST_F(assign_cost, assign_steps_n_log_n)
{
	ASSERT_GE(page_size, sizeof(struct vmr_pci_function));
	ASSERT_EQ(NR_BRIDGES, MAX_CARDS / 8);
	EXPECT_GROWTH(MAX_CARDS, assign_visits);
}

TEST_HARNESS_MAIN

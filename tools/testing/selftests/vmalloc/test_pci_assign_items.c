// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_pci_assign_items.c - the steps of an assignment, with items of no function
 */
#include "../kselftest_harness.h"

#include "pci_machine.h"

#define MIB		0x100000ull
#define A		(128 * GIB)

static struct vmr_space space, ports;
static struct vmr_range taken[16];

static struct vmr_pci_item window_item(uint64_t size, uint64_t align)
{
	return (struct vmr_pci_item) {
		.size = size, .align = align, .io = VMR_MMIO, .window = true,
		.flags = VMR_64BIT | VMR_PREFETCHABLE,
	};
}

static struct vmr_pool pool_of(uint64_t start, uint64_t last,
			       enum vmr_policy policy)
{
	return (struct vmr_pool) {
		.space = &space, .start = start, .last = last, .policy = policy,
	};
}

static void spaces_up(void)
{
	memset(taken, 0, sizeof(taken));
	vmr_space_init(&space, 0, VMR_ADDR_MAX);
	vmr_space_init(&ports, 0, 0xffff);
}

/* From the top down: the neighbours below share the alignment. */
TEST(items_share_alignment_from_top)
{
	const struct vmr_pool pool = pool_of(GIB, 8 * A - 1, VMR_LAST);
	struct vmr_pci_item list[6];
	const struct vmr_pci_item *beside = NULL;
	unsigned int i;

	spaces_up();
	for (i = 0; i < 5; i++) {
		list[i] = window_item(A + 32 * MIB, A);
		EXPECT_EQ(0, vmr_pci_place_in_pool(&pool, &list[i], beside));
		beside = &list[i];
	}
	/* The first is at the top, with its large part */
	EXPECT_EQ(8 * A - 1, list[0].range.last);
	EXPECT_TRUE(list[0].mirrored);
	EXPECT_EQ(6 * A + 32 * MIB - 1, list[1].range.last);
	EXPECT_FALSE(list[1].mirrored);
	list[5] = window_item(A + 32 * MIB, A);
	EXPECT_EQ(-ENOSPC, vmr_pci_place_in_pool(&pool, &list[5], beside));
	/* An item that is refused is as it was, also one without a remainder */
	list[5] = window_item(8 * A, A);
	list[5].mirrored = true;
	EXPECT_EQ(-ENOSPC, vmr_pci_place_in_pool(&pool, &list[5], beside));
	EXPECT_TRUE(list[5].mirrored);
	EXPECT_EQ(0U, list[5].start);
	EXPECT_EQ(VMR_FREE, vmr_range_state(&list[5].range));
}

/* Whether the first places of the core have no room beside it. */
static int place_after_obstacles(unsigned int nr, enum vmr_policy policy,
				 uint64_t last, struct vmr_pci_item *item)
{
	const struct vmr_pool pool = pool_of(A, last, policy);
	unsigned int i;

	spaces_up();
	/* Both neighbours of each free multiple of A are taken as a whole */
	for (i = 0; i < nr; i++)
		vmr_reserve(&space, &taken[i], 2 * i * A + A,
			    2 * i * A + 2 * A - 1, NULL);
	*item = window_item(A + 32 * MIB, A);
	return vmr_pci_place_in_pool(&pool, item, NULL);
}

TEST(items_core_without_room_beside)
{
	struct vmr_pci_item item;

	/* A second or a later place of the core */
	EXPECT_EQ(0, place_after_obstacles(3, VMR_FIRST, 20 * A, &item));
	EXPECT_EQ(6 * A, item.start);
	/* After as many as are tried, in a gap for all of it */
	EXPECT_EQ(0, place_after_obstacles(9, VMR_FIRST, 40 * A, &item));
	EXPECT_EQ(18 * A, item.start);
	/* From the top down there is room at once, or nowhere */
	EXPECT_EQ(0, place_after_obstacles(3, VMR_LAST, 20 * A - 1, &item));
	EXPECT_EQ(20 * A - 1, item.range.last);
	EXPECT_EQ(-ENOSPC, place_after_obstacles(9, VMR_LAST, 18 * A - 1, &item));
	EXPECT_EQ(0U, item.start);
	EXPECT_EQ(-ENOSPC, place_after_obstacles(2, VMR_LAST, 4 * A - 1, &item));
	EXPECT_EQ(-ENOSPC, place_after_obstacles(2, VMR_FIRST, 4 * A - 1, &item));
	EXPECT_EQ(-ENOSPC, place_after_obstacles(1, VMR_FIRST, 3 * A - 1, &item));
}

/* The second place of the core has room for the head alone, and no gap holds more. */
TEST(items_second_core_with_head)
{
	const struct vmr_pool pool = pool_of(A, 6 * A - 1, VMR_FIRST);
	struct vmr_pci_item item = window_item(A + 32 * MIB, A);

	spaces_up();
	ASSERT_EQ(0, vmr_reserve(&space, &taken[0], A, 2 * A - 1, NULL));
	ASSERT_EQ(0, vmr_reserve(&space, &taken[1], 3 * A, 5 * A - 32 * MIB - 1,
				 NULL));
	ASSERT_EQ(0, vmr_pci_place_in_pool(&pool, &item, NULL));
	EXPECT_EQ(5 * A - 32 * MIB, item.start);
}

/* The same from the top down. */
TEST(items_second_core_from_top)
{
	const struct vmr_pool pool = pool_of(A, 7 * A - 1, VMR_LAST);
	struct vmr_pci_item item = window_item(A + 32 * MIB, A);

	spaces_up();
	ASSERT_EQ(0, vmr_reserve(&space, &taken[0], A, 2 * A - 32 * MIB - 1,
				 NULL));
	ASSERT_EQ(0, vmr_reserve(&space, &taken[1], 3 * A, 5 * A - 1, NULL));
	ASSERT_EQ(0, vmr_reserve(&space, &taken[2], 6 * A, 7 * A - 1, NULL));
	ASSERT_EQ(0, vmr_pci_place_in_pool(&pool, &item, NULL));
	EXPECT_EQ(2 * A - 32 * MIB, item.start);
}

/* A list of items of which each has a half of the domain */
static void link_halves(struct vmr_pci_item *in, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		in[i] = (struct vmr_pci_item) {
			.size = 1ull << 63, .align = 1ull << 63, .io = VMR_MMIO,
			.flags = VMR_64BIT,
			.next = i + 1 < nr ? &in[i + 1] : NULL,
		};
}

/* Contents that no space holds: a size that no pool has. */
TEST(items_too_large_for_any_window)
{
	struct vmr_pci_item in[3], window = window_item(0, 1), outer;
	struct vmr_pci_pools pools;

	spaces_up();
	ASSERT_EQ(0, pci_machine_up(63));
	link_halves(in, 3);
	window.contents = in;
	vmr_pci_size_window(&window, 0);
	EXPECT_EQ(~(uint64_t)(MIB - 1), window.size);
	outer = window_item(0, 1);
	outer.contents = &window;
	vmr_pci_size_window(&outer, 0);
	EXPECT_EQ(~(uint64_t)(MIB - 1), outer.size);
	ASSERT_EQ(0, vmr_pci_pools_init(&pools, &m.sys, NULL, &space, &ports));
	EXPECT_EQ(0U, pools.nr);
	EXPECT_EQ(-ENOSPC, vmr_pci_place_item(&pools, &outer));
}

/* Two halves of the domain end at 2^64: the window has the largest size, not a half */
TEST(items_window_of_whole_domain)
{
	struct vmr_pci_item in[2], window = window_item(0, 1);

	spaces_up();
	link_halves(in, 2);
	window.contents = in;
	vmr_pci_size_window(&window, 0);
	EXPECT_EQ(1ull << 63, in[1].offset);
	EXPECT_EQ(~(uint64_t)(MIB - 1), window.size);
}

/* Without a host bridge: the pools of the system, as far as the spaces have them. */
TEST(items_pools_of_system)
{
	const struct vmr_system_pool pool = {
		.pool = { .start = 0xf0000000, .last = 0x1ffffffff, .align = 1,
			  .policy = VMR_FIRST },
		.kinds = 1u << VMR_KIND_MMIO | 1u << VMR_KIND_MEM,
	};
	struct vmr_pci_pools pools;

	spaces_up();
	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, vmr_system_add_pool(&m.sys, &pool));
	ASSERT_EQ(0, vmr_pci_pools_init(&pools, &m.sys, NULL, &space, &ports));
	EXPECT_EQ(2U, pools.nr);
	EXPECT_EQ(0x100000000ull, pools.list[0].pool.start);
	EXPECT_EQ((uint32_t)VMR_64BIT, pools.list[0].flags);
	EXPECT_EQ(0xfffffffeull, pools.list[1].pool.last);
	EXPECT_EQ(0U, pools.list[1].flags);
	vmr_space_init(&space, 0, 0xf7ffffff);
	ASSERT_EQ(0, vmr_pci_pools_init(&pools, &m.sys, NULL, &space, &ports));
	EXPECT_EQ(1U, pools.nr);
	EXPECT_EQ(0xf7ffffffull, pools.list[0].pool.last);
	vmr_space_init(&space, 0x180000000, VMR_ADDR_MAX);
	ASSERT_EQ(0, vmr_pci_pools_init(&pools, &m.sys, NULL, &space, &ports));
	EXPECT_EQ(1U, pools.nr);
	EXPECT_EQ(0x180000000ull, pools.list[0].pool.start);
	/* One address of each pool */
	vmr_space_init(&space, 0x1ffffffff, VMR_ADDR_MAX);
	ASSERT_EQ(0, vmr_pci_pools_init(&pools, &m.sys, NULL, &space, &ports));
	EXPECT_EQ(1U, pools.nr);
	EXPECT_EQ(0x1ffffffffull, pools.list[0].pool.start);
	vmr_space_init(&space, 0, 0xf0000000);
	ASSERT_EQ(0, vmr_pci_pools_init(&pools, &m.sys, NULL, &space, &ports));
	EXPECT_EQ(1U, pools.nr);
	EXPECT_EQ(0xf0000000ull, pools.list[0].pool.last);
}

/* Ports below 0x1000 are a pool of their own, behind the others; port 0 is in none. */
TEST(items_pools_of_ports)
{
	const struct vmr_system_pool pool = {
		.pool = { .start = 0, .last = 0xffff, .align = 1,
			  .policy = VMR_FIRST },
		.kinds = 1u << VMR_KIND_PIO,
	};
	struct vmr_pci_pools pools;

	spaces_up();
	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, vmr_system_add_pool(&m.sys, &pool));
	ASSERT_EQ(0, vmr_pci_pools_init(&pools, &m.sys, NULL, &space, &ports));
	ASSERT_EQ(2U, pools.nr);
	EXPECT_EQ(0x1000U, pools.list[0].pool.start);
	EXPECT_EQ(0xffffU, pools.list[0].pool.last);
	EXPECT_EQ(1U, pools.list[1].pool.start);
	EXPECT_EQ(0xfffU, pools.list[1].pool.last);
}

/* The contents of a window in reverse order are where those of its mirror image are. */
TEST(items_contents_in_reverse_order)
{
	struct vmr_pci_item in[2], window = window_item(0, 1);
	unsigned int mirrored;

	memset(in, 0, sizeof(in));
	in[0] = (struct vmr_pci_item) {
		.size = 32 * MIB, .align = 32 * MIB, .io = VMR_MMIO,
		.next = &in[1],
	};
	in[1] = (struct vmr_pci_item) {
		.size = A, .align = A, .io = VMR_MMIO,
	};
	window.contents = in;
	vmr_pci_size_window(&window, 0);
	EXPECT_EQ(A + 32 * MIB, window.size);
	EXPECT_EQ(&in[1], window.contents);
	for (mirrored = 0; mirrored < 2; mirrored++) {
		window.mirrored = mirrored;
		window.start = mirrored ? 3 * A - 32 * MIB : 3 * A;
		vmr_pci_place_contents(&window);
		EXPECT_EQ(3 * A, in[1].start);
		EXPECT_EQ(mirrored ? window.start : 4 * A, in[0].start);
	}
}

/* Items that are shorter than their alignments are aligned in either order. */
TEST(items_short_in_reverse_order)
{
	struct vmr_pci_item in[3], window = window_item(0, 1);
	unsigned int i, mirrored;

	memset(in, 0, sizeof(in));
	for (i = 0; i < 3; i++)
		in[i] = (struct vmr_pci_item) {
			.size = 3 + 0x1000 * i, .align = 0x1000 << i,
			.io = VMR_MMIO, .next = i < 2 ? &in[i + 1] : NULL,
		};
	window.contents = in;
	vmr_pci_size_window(&window, 0);
	EXPECT_EQ(MIB, window.size);
	EXPECT_EQ(0x1000U, in[0].size);
	EXPECT_EQ(0x2000U, in[1].size);
	EXPECT_EQ(0x4000U, in[2].size);
	window.start = 5 * MIB;
	for (mirrored = 0; mirrored < 2; mirrored++) {
		window.mirrored = mirrored;
		vmr_pci_place_contents(&window);
		for (i = 0; i < 3; i++)
			EXPECT_EQ(0U, in[i].start & (in[i].align - 1));
		EXPECT_EQ(mirrored ? 6 * MIB - 0x4000 : 5 * MIB, in[2].start);
	}
}

TEST_HARNESS_MAIN

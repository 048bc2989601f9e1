// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_pci_assign_keep.c - assignment of machines that have addresses, and of any
 */
#include "../kselftest_harness.h"

#include "assign_machine.h"

#define LAST_42		((1ull << 42) - 1)

static unsigned int writes;

static void count_write(struct vmr_pci_function *fn,
			const struct vmr_pci_write *write)
{
	(void)fn;
	(void)write;
	writes++;
}

static const struct vmr_pci_events counting = { .config_written = count_write };

/* A bridge with a card and a bridge behind it, that one with a card too. */
static int two_levels_up(void)
{
	int ret = assign_host_up(LAST_42);

	if (!ret)
		ret = root_bridge(&bridges[0]);
	if (!ret)
		ret = bridge_behind(&bridges[0], &bridges[1]);
	if (!ret)
		ret = gpu_behind(&bridges[0], &cards[0], 64 * MIB, 0);
	if (!ret)
		ret = gpu_behind(&bridges[1], &cards[1], 16 * MIB, 64 * KIB);
	if (!ret)
		ret = gpu_init(&cards[2], 4 * MIB, 0);
	if (!ret)
		ret = add_bar(&cards[2], 4, VMR_PCI_BAR_IO, 64);
	return ret ? ret : vmr_pci_host_plug(&host, &cards[2], 8 << 3);
}

static void count_writes(void)
{
	struct vmr_pci_function *fn = NULL;

	writes = 0;
	while ((fn = vmr_pci_next_function(&host, NULL, fn)))
		fn->events = &counting;
}

/* An assigned machine is assigned again: no register is written. */
TEST(assign_keeps_all_that_is_valid)
{
	ASSERT_EQ(0, two_levels_up());
	ASSERT_EQ(0, assign_all());
	count_writes();
	EXPECT_EQ(0, assign_all());
	EXPECT_EQ(0U, writes);
}

/* A card behind an open window gets a place there, and only it is written. */
TEST(assign_adds_card_in_open_window)
{
	uint64_t at[2];

	ASSERT_EQ(0, two_levels_up());
	ASSERT_EQ(0, assign_all());
	at[0] = bar_at(&cards[0], 0);
	at[1] = bar_at(&cards[1], 0);
	count_writes();
	ASSERT_EQ(0, gpu_behind(&bridges[1], &cards[3], 256 * KIB, 0));
	EXPECT_EQ(0, assign_all());
	EXPECT_EQ(0U, writes);
	EXPECT_TRUE(is_mapped(&cards[3], 0));
	EXPECT_EQ(at[0], bar_at(&cards[0], 0));
	EXPECT_EQ(at[1], bar_at(&cards[1], 0));
}

/* The card is beside a bridge whose window stays, and gets addresses outside of it. */
TEST(assign_adds_card_beside_open_window)
{
	unsigned int others;
	uint64_t at;

	ASSERT_EQ(0, two_levels_up());
	bridges[0].reserve.pref = 256 * MIB;
	ASSERT_EQ(0, assign_all());
	at = bar_at(&cards[1], 0);
	count_writes();
	ASSERT_EQ(0, gpu_behind(&bridges[0], &cards[3], 16 * MIB, 0));
	EXPECT_EQ(0, assign_all());
	EXPECT_EQ(0U, writes);
	EXPECT_EQ(at, bar_at(&cards[1], 0));
	EXPECT_LT(bridges[1].pref.range.last, bar_at(&cards[3], 0));
	EXPECT_EQ(6U, count_mapped(&others));
	EXPECT_EQ(0U, others);
}

/* A card that does not fit the open window: the windows above it are made anew. */
TEST(assign_enlarges_window)
{
	unsigned int others;
	uint64_t at;

	ASSERT_EQ(0, two_levels_up());
	ASSERT_EQ(0, assign_all());
	at = bar_at(&cards[2], 0);
	ASSERT_EQ(0, gpu_behind(&bridges[1], &cards[3], GIB, 0));
	EXPECT_EQ(0, assign_all());
	EXPECT_EQ(5U, count_mapped(&others) - 1);
	EXPECT_EQ(0U, others);
	EXPECT_EQ(at, bar_at(&cards[2], 0));
	/* A reserve that the window does not have */
	bridges[0].reserve.pref = 8 * GIB;
	EXPECT_EQ(0, assign_all());
	EXPECT_LE(8 * GIB - 1, bridges[0].pref.range.last -
			       bridges[0].pref.range.start);
	EXPECT_EQ(6U, count_mapped(&others));
}

/* Closed: the windows behind it lead nowhere and are made anew. */
TEST(assign_reopens_closed_window)
{
	unsigned int others;
	uint64_t at;

	ASSERT_EQ(0, two_levels_up());
	ASSERT_EQ(0, assign_all());
	at = bar_at(&cards[2], 0);
	reg_write(&bridges[0].fn, PCI_PREF_MEMORY_BASE, 0x0000fff0, 4);
	reg_write(&bridges[0].fn, PCI_PREF_BASE_UPPER32, 0xffffffff, 4);
	EXPECT_EQ(2U, count_mapped(&others));
	EXPECT_EQ(0, assign_all());
	EXPECT_EQ(5U, count_mapped(&others));
	EXPECT_EQ(at, bar_at(&cards[2], 0));
	/* The inner one alone: the outer one stays and has room for it */
	at = bar_at(&cards[0], 0);
	reg_write(&bridges[1].fn, PCI_PREF_MEMORY_BASE, 0x0000fff0, 4);
	reg_write(&bridges[1].fn, PCI_PREF_BASE_UPPER32, 0xffffffff, 4);
	EXPECT_EQ(0, assign_all());
	EXPECT_EQ(5U, count_mapped(&others));
	EXPECT_EQ(at, bar_at(&cards[0], 0));
	/* The inner one outside of the outer one */
	reg_write(&bridges[1].fn, PCI_PREF_MEMORY_BASE, 0x00000000, 4);
	reg_write(&bridges[1].fn, PCI_PREF_BASE_UPPER32, 0x20, 4);
	reg_write(&bridges[1].fn, PCI_PREF_LIMIT_UPPER32, 0x20, 4);
	EXPECT_EQ(0, assign_all());
	EXPECT_EQ(5U, count_mapped(&others));
	/* A window of the outer one that is closed, around an open one */
	open_mem_window(&bridges[1], 0xc0000000, 0xc00fffff);
	EXPECT_EQ(0, assign_all());
	EXPECT_EQ(0x0000fff0U, reg_read(&bridges[1].fn, PCI_MEMORY_BASE, 4));
}

/* Registers that differ in the upper halves alone: base above limit, both ways. */
TEST(assign_upper_halves_of_window)
{
	unsigned int others;
	uint64_t at;

	ASSERT_EQ(0, two_levels_up());
	ASSERT_EQ(0, assign_all());
	at = bar_at(&cards[0], 0);
	reg_write(&bridges[0].fn, PCI_PREF_BASE_UPPER32, 0x10, 4);
	EXPECT_EQ(0, assign_all());
	EXPECT_EQ(5U, count_mapped(&others));
	EXPECT_EQ(at, bar_at(&cards[0], 0));
	reg_write(&bridges[0].fn, PCI_PREF_LIMIT_UPPER32, 0, 4);
	EXPECT_EQ(0, assign_all());
	EXPECT_EQ(5U, count_mapped(&others));
	EXPECT_EQ(at, bar_at(&cards[0], 0));
}

/* Between two open windows, one that is closed: the outer one is made anew. */
TEST(assign_closed_window_between_open_ones)
{
	unsigned int others;

	ASSERT_EQ(0, assign_host_up(LAST_42));
	ASSERT_EQ(0, root_bridge(&bridges[0]));
	ASSERT_EQ(0, bridge_behind(&bridges[0], &bridges[1]));
	ASSERT_EQ(0, bridge_behind(&bridges[1], &bridges[2]));
	ASSERT_EQ(0, gpu_behind(&bridges[2], &cards[0], MIB, 0));
	ASSERT_EQ(0, gpu_behind(&bridges[1], &cards[1], MIB, 0));
	ASSERT_EQ(0, assign_all());
	reg_write(&bridges[1].fn, PCI_PREF_BASE_UPPER32, 0x10, 4);
	EXPECT_EQ(0U, count_mapped(&others));
	EXPECT_EQ(0, assign_all());
	EXPECT_EQ(2U, count_mapped(&others));
}

/* Windows at one address, at the end of a pool, and outside of all: one is valid. */
TEST(assign_windows_at_invalid_places)
{
	unsigned int i, others;

	ASSERT_EQ(0, assign_host_up(LAST_42));
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, root_bridge(&bridges[i]));
		ASSERT_EQ(0, card_init(&cards[i]));
		ASSERT_EQ(0, add_bar(&cards[i], 0, VMR_PCI_BAR_MEM32, MIB));
		ASSERT_EQ(0, vmr_pci_bridge_plug(&bridges[i], &cards[i], 0));
	}
	open_mem_window(&bridges[0], 0xc8000000, 0xc83fffff);
	open_mem_window(&bridges[1], 0xc8000000, 0xc83fffff);
	open_mem_window(&bridges[2], 0xdff00000, 0xe01fffff);
	open_mem_window(&bridges[3], 0x80000000, 0x801fffff);
	EXPECT_EQ(0, assign_all());
	EXPECT_EQ(4U, count_mapped(&others));
	EXPECT_EQ(0xc8000000ull, bridges[0].mem.range.start);
	EXPECT_EQ(0xc83fffffull, bridges[0].mem.range.last);
	EXPECT_EQ(MIB - 1, bridges[2].mem.range.last - bridges[2].mem.range.start);
	EXPECT_LE(0xc0000000ull, bridges[3].mem.range.start);
}

/* A window with an offset: outside of it, and too little aligned for what is new. */
TEST(assign_windows_with_offset)
{
	const struct vmr_pci_window windows[] = {
		{ VMR_MMIO, 0, 0x200100000, 0x20fffffff, 0x40000000, "odd" },
		{ VMR_MMIO, 0, 0x600000000, 0x60fffffff, 0xe0000000, "even" },
	};
	const struct vmr_pci_host_config config = {
		.bus_last = 31, .windows = windows, .nr_windows = 2,
	};
	unsigned int others;

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, vmr_pci_host_register(&m.manager, &host, &config));
	ASSERT_EQ(0, root_bridge(&bridges[0]));
	ASSERT_EQ(0, gpu_behind(&bridges[0], &cards[0], MIB, 0));
	ASSERT_EQ(0, card_init(&cards[1]));
	ASSERT_EQ(0, add_bar(&cards[1], 0, VMR_PCI_BAR_MEM32, MIB));
	ASSERT_EQ(0, vmr_pci_bridge_plug(&bridges[0], &cards[1], 1 << 3));
	open_mem_window(&bridges[0], 0x70000000, 0x701fffff);
	EXPECT_EQ(0, assign_all());
	EXPECT_EQ(2U, count_mapped(&others));
	open_mem_window(&bridges[0], 0x40000000, 0x41ffffff);
	EXPECT_EQ(0, assign_all());
	EXPECT_GT(0x600000000ull, bar_at(&cards[1], 0));
	ASSERT_EQ(0, card_init(&cards[2]));
	ASSERT_EQ(0, add_bar(&cards[2], 0, VMR_PCI_BAR_MEM32, 4 * MIB));
	ASSERT_EQ(0, vmr_pci_bridge_plug(&bridges[0], &cards[2], 2 << 3));
	EXPECT_EQ(0, assign_all());
	EXPECT_EQ(3U, count_mapped(&others));
	EXPECT_LE(0x600000000ull, bar_at(&cards[2], 0));
}

/* Two of one address, one in no pool, one without an address, one being sized. */
TEST(assign_moves_only_invalid_bars)
{
	unsigned int i, others;
	uint64_t at;

	ASSERT_EQ(0, assign_host_up(LAST_42));
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, card_init(&cards[i]));
		ASSERT_EQ(0, add_bar(&cards[i], 0, VMR_PCI_BAR_MEM32, MIB));
		ASSERT_EQ(0, vmr_pci_host_plug(&host, &cards[i], (i + 1) << 3));
	}
	bar_on(&cards[0], 0xc8000000);
	bar_on(&cards[1], 0xc8000000);
	bar_on(&cards[2], 0x80000000);
	bar_on(&cards[4], 0xd0000000);
	bar_write(&cards[4], 0, 0xffffffff);
	EXPECT_EQ(0, assign_all());
	EXPECT_EQ(5U, count_mapped(&others));
	EXPECT_EQ(0U, others);
	at = bar_at(&cards[0], 0);
	EXPECT_EQ(0xc8000000ull, at);
	for (i = 1; i < 5; i++) {
		EXPECT_NE(at, bar_at(&cards[i], 0));
		EXPECT_LE(0xc0000000ull, bar_at(&cards[i], 0));
	}
}

/* A BAR that stays is in the way of a new one: all is assigned anew. */
TEST(assign_moves_valid_if_it_must)
{
	unsigned int others;

	ASSERT_EQ(0, assign_host_up(LAST_42));
	ASSERT_EQ(0, card_init(&cards[0]));
	ASSERT_EQ(0, add_bar(&cards[0], 0, VMR_PCI_BAR_MEM32, MIB));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &cards[0], 1 << 3));
	bar_on(&cards[0], 0xd0000000);
	ASSERT_EQ(0, card_init(&cards[1]));
	ASSERT_EQ(0, add_bar(&cards[1], 0, VMR_PCI_BAR_MEM32, 256 * MIB));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &cards[1], 2 << 3));
	ASSERT_EQ(0, assign_all());
	EXPECT_EQ(0xd0000000ull, bar_at(&cards[0], 0));
	ASSERT_EQ(0, card_init(&cards[2]));
	ASSERT_EQ(0, add_bar(&cards[2], 0, VMR_PCI_BAR_MEM32, 128 * MIB));
	ASSERT_EQ(0, add_bar(&cards[2], 1, VMR_PCI_BAR_MEM32, 64 * MIB));
	ASSERT_EQ(0, add_bar(&cards[2], 2, VMR_PCI_BAR_MEM32, 32 * MIB));
	ASSERT_EQ(0, add_bar(&cards[2], 3, VMR_PCI_BAR_MEM32, 16 * MIB));
	ASSERT_EQ(0, add_bar(&cards[2], 4, VMR_PCI_BAR_MEM32, 8 * MIB));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &cards[2], 3 << 3));
	EXPECT_EQ(0, assign_all());
	EXPECT_EQ(7U, count_mapped(&others));
	bar_on(&cards[0], 0xd7f00000);
	bar_on(&cards[1], 0xc0000000);
	reg_write(&cards[2], COMMAND, 0, 2);
	bar_write(&cards[2], 0, 0);
	EXPECT_EQ(0, assign_all());
	EXPECT_EQ(7U, count_mapped(&others));
	EXPECT_EQ(0U, others);
}

/* Valid bus numbers stay, with gaps; others are given anew. */
TEST(assign_keeps_valid_bus_numbers)
{
	ASSERT_EQ(0, two_levels_up());
	ASSERT_EQ(0, root_bridge(&bridges[2]));
	number_bridge(&bridges[0], 4, 9);
	number_bridge(&bridges[1], 6, 8);
	number_bridge(&bridges[2], 10, 12);
	EXPECT_EQ(0, assign_all());
	EXPECT_EQ(4U, secondary(&bridges[0]));
	EXPECT_EQ(9U, subordinate(&bridges[0]));
	EXPECT_EQ(8U, subordinate(&bridges[1]));
	EXPECT_EQ(10U, secondary(&bridges[2]));
	EXPECT_EQ(4U, bridges[1].fn.config[PCI_PRIMARY_BUS]);
	/* The subordinate number is below that of the bridge behind */
	number_bridge(&bridges[0], 4, 7);
	EXPECT_EQ(0, assign_all());
	EXPECT_EQ(1U, secondary(&bridges[0]));
	EXPECT_EQ(2U, subordinate(&bridges[0]));
	EXPECT_EQ(3U, secondary(&bridges[2]));
	/* Two with one number */
	number_bridge(&bridges[2], 2, 3);
	EXPECT_EQ(0, assign_all());
	EXPECT_EQ(3U, secondary(&bridges[2]));
	EXPECT_EQ(3U, subordinate(&bridges[2]));
	/* A number behind the last one of the host bridge */
	host.bus_last = 31;
	number_bridge(&bridges[2], 40, 41);
	EXPECT_EQ(0, assign_all());
	EXPECT_EQ(3U, secondary(&bridges[2]));
}

/* Two host bridges without windows share the pools; other devices are in the way. */
TEST(assign_around_other_devices)
{
	static struct vmr_pci_host second;
	const struct vmr_system_pool low = {
		.pool = { .start = 0x80000000, .last = 0x803fffff, .align = 1,
			  .policy = VMR_LAST, .name = "low" },
		.kinds = 1u << VMR_KIND_MMIO | 1u << VMR_KIND_MEM,
	};
	const struct vmr_system_pool wide = {
		.pool = { .start = 0xf0000000, .last = 0x10fffffff, .align = 1,
			  .policy = VMR_BEST, .name = "wide" },
		.kinds = 1u << VMR_KIND_MMIO,
		.flags = VMR_PREFETCHABLE,
	};
	static struct probe probe;
	unsigned int i, others;

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, vmr_system_add_pool(&m.sys, &low));
	ASSERT_EQ(0, vmr_system_add_pool(&m.sys, &wide));
	ASSERT_EQ(0, host_up(&host, 0, 0, 15));
	ASSERT_EQ(0, host_up(&second, 0, 16, 31));
	ASSERT_EQ(0, leaf_at(&probe, "probe", NULL, VMR_MMIO, 0x80200000,
			     0x1000, false));
	/* A function at the root of a segment without a host bridge */
	ASSERT_EQ(0, card_with_bar(&cards[10]));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &cards[10],
				  VMR_PCI_ADDRESS(1, 0, 1, 0)));
	bar_on(&cards[10], 0x80100000);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, card_init(&cards[i]));
		ASSERT_EQ(0, add_bar(&cards[i], 0, VMR_PCI_BAR_MEM32, MIB));
		ASSERT_EQ(0, vmr_pci_host_plug(i ? &second : &host, &cards[i],
					       1 << 3));
	}
	ASSERT_EQ(0, gpu_init(&cards[2], 64 * MIB, 0));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &cards[2], 2 << 3));
	EXPECT_EQ(0, assign_all());
	EXPECT_EQ(0x80300000ull, bar_at(&cards[0], 0));
	EXPECT_EQ(0x80000000ull, bar_at(&cards[1], 0));
	EXPECT_EQ(0x80100000ull, bar_at(&cards[10], 0));
	EXPECT_EQ(0x100000000ull, bar_at(&cards[2], 0));
	EXPECT_EQ(2U, count_mapped(&others));
	EXPECT_TRUE(is_mapped(&cards[1], 0));
	EXPECT_TRUE(is_mapped(&cards[10], 0));
}

/*
 * The places of the core that are tried have devices on both sides. The addresses that
 * the answer names are still enough, and one less is not: a BAR has no window beside it.
 */
TEST(assign_needed_around_other_devices)
{
	static struct probe probes[8];
	const uint64_t part = 128 * GIB;
	uint64_t needed;
	unsigned int i;

	ASSERT_EQ(0, assign_host_up(12 * part - 1));
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, leaf_at(&probes[2 * i], "below", NULL, VMR_MMIO,
				     (2 * i + 1) * part - 0x1000, 0x1000, false));
		ASSERT_EQ(0, leaf_at(&probes[2 * i + 1], "above", NULL, VMR_MMIO,
				     (2 * i + 2) * part, 0x1000, false));
	}
	ASSERT_EQ(0, root_bridge(&bridges[0]));
	ASSERT_EQ(0, gpu_behind(&bridges[0], &cards[0], part, 32 * MIB));
	ASSERT_EQ(0, gpu_init(&cards[1], 2 * part, 0));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &cards[1], 8 << 3));
	ASSERT_EQ(-ENOSPC, assign_all());
	EXPECT_EQ(&bridges[0].fn, assign.fn);
	needed = assign.last_needed;
	EXPECT_LT(12 * part, needed);
	host.windows[2].last = needed - 1;
	EXPECT_EQ(-ENOSPC, assign_all());
	host.windows[2].last = needed;
	EXPECT_EQ(0, assign_all());
	EXPECT_EQ(10 * part, bar_at(&cards[1], 0));
	EXPECT_TRUE(is_mapped(&cards[0], 0));
}

/* A pool without a window is filled by its policy. */
TEST(assign_by_policy_of_pool)
{
	const struct vmr_system_pool pool = {
		.pool = { .start = 0xf0000000, .last = 0xf07fffff, .align = 1,
			  .policy = VMR_BEST, .name = "best" },
		.kinds = 1u << VMR_KIND_MMIO,
	};
	static struct probe probe;

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, vmr_system_add_pool(&m.sys, &pool));
	ASSERT_EQ(0, host_up(&host, 0, 0, 15));
	ASSERT_EQ(0, leaf_at(&probe, "probe", NULL, VMR_MMIO, 0xf0600000,
			     0x1000, false));
	ASSERT_EQ(0, card_init(&cards[0]));
	ASSERT_EQ(0, add_bar(&cards[0], 0, VMR_PCI_BAR_MEM32, MIB));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &cards[0], 1 << 3));
	EXPECT_EQ(0, assign_all());
	EXPECT_EQ(0xf0700000ull, bar_at(&cards[0], 0));
}

/* Two devices side by side both keep their addresses. */
TEST(assign_beside_adjacent_devices)
{
	const struct vmr_system_pool pool = {
		.pool = { .start = 0xf0000000, .last = 0xf0003fff, .align = 1,
			  .policy = VMR_FIRST, .name = "first" },
		.kinds = 1u << VMR_KIND_MMIO,
	};
	static struct probe probes[2];

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, vmr_system_add_pool(&m.sys, &pool));
	ASSERT_EQ(0, host_up(&host, 0, 0, 15));
	ASSERT_EQ(0, leaf_at(&probes[0], "one", NULL, VMR_MMIO, 0xf0000000,
			     0x1000, false));
	ASSERT_EQ(0, leaf_at(&probes[1], "two", NULL, VMR_MMIO, 0xf0001000,
			     0x2000, false));
	ASSERT_EQ(0, card_init(&cards[0]));
	ASSERT_EQ(0, add_bar(&cards[0], 0, VMR_PCI_BAR_MEM32, 4 * KIB));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &cards[0], 1 << 3));
	EXPECT_EQ(0, assign_all());
	EXPECT_EQ(0xf0003000ull, bar_at(&cards[0], 0));
}

/* A tree of bridges and cards of any size. */
static int any_tree(unsigned int *nr_cards, unsigned int *nr_bridges)
{
	unsigned int i;
	int ret = 0;

	*nr_bridges = 1 + dice(NR_BRIDGES / 2);
	*nr_cards = 1 + dice(30);
	for (i = 0; i < *nr_bridges && !ret; i++)
		ret = i && dice(2) ? bridge_behind(&bridges[dice(i)],
						   &bridges[i]) :
				     root_bridge(&bridges[i]);
	for (i = 0; i < *nr_cards && !ret; i++) {
		ret = gpu_init(&cards[i], MIB << dice(16), dice(2) ?
			       4 * KIB << dice(20) : 0);
		if (!ret && dice(2))
			ret = add_bar(&cards[i], 4, VMR_PCI_BAR_MEM32,
				      4 * KIB << dice(12));
		if (!ret && !dice(8))
			ret = add_bar(&cards[i], 5, VMR_PCI_BAR_IO, 64);
		if (!ret)
			ret = vmr_pci_bridge_plug(&bridges[dice(*nr_bridges)],
						  &cards[i], VMR_PCI_ANY_DEVICE);
	}
	return ret;
}

static void remove_all(unsigned int nr_cards, unsigned int nr_bridges)
{
	while (nr_cards--)
		vmr_pci_unplug(&cards[nr_cards]);
	while (nr_bridges--)
		vmr_pci_unplug(&bridges[nr_bridges].fn);
}

/*
 * Any tree is assigned with all BARs mapped, or nothing is written. The addresses that
 * the answer of a failure names do.
 */
TEST(assign_any_tree)
{
	unsigned int round, nr_cards, nr_bridges, others, fits = 0, fails = 0;
	uint64_t before;
	int ret;

	chance_state = 20;
	ASSERT_EQ(0, assign_host_up(LAST_42));
	for (round = 0; round < 200; round++) {
		ASSERT_EQ(0, any_tree(&nr_cards, &nr_bridges));
		host.windows[2].last = (1ull << (33 + dice(10))) - 1;
		before = registers_sum();
		ret = assign_all();
		if (ret) {
			fails++;
			EXPECT_EQ(before, registers_sum());
			if (assign.index == VMR_PCI_ASSIGN_WINDOW(VMR_PCI_ASSIGN_PREF))
				host.windows[2].last = assign.last_needed;
			ret = assign_all();
		}
		if (!ret) {
			fits++;
			count_mapped(&others);
			EXPECT_EQ(0U, others) {
				TH_LOG("round %u", round);
			}
			/* And so is the same once more */
			before = registers_sum();
			EXPECT_EQ(0, assign_all());
			EXPECT_EQ(before, registers_sum());
		}
		remove_all(nr_cards, nr_bridges);
	}
	EXPECT_LT(100U, fits);
	EXPECT_LT(20U, fails);
	TH_LOG("%u trees fit, %u did not at first", fits, fails);
}

TEST_HARNESS_MAIN

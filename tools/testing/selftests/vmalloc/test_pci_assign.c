// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_pci_assign.c - bus numbers and addresses without firmware
 */
#include "../kselftest_harness.h"

#include "assign_machine.h"
#include "sriov_machine.h"

#define LAST_40		((1ull << 40) - 1)

/* Each kind of BAR has an address and is mapped; the ROM has one and is disabled. */
TEST(assign_maps_all_kinds_of_bars)
{
	struct vmr_pci_function *fn = &cards[0];
	uint64_t addr;

	ASSERT_EQ(0, assign_host_up(LAST_40));
	ASSERT_EQ(0, card_init(fn));
	ASSERT_EQ(0, add_bar(fn, 0, VMR_PCI_BAR_MEM32, 64 * KIB));
	ASSERT_EQ(0, add_bar(fn, 1, VMR_PCI_BAR_IO, 32));
	ASSERT_EQ(0, add_bar(fn, 2, VMR_PCI_BAR_MEM64, 8 * GIB));
	ASSERT_EQ(0, add_bar(fn, VMR_PCI_ROM, VMR_PCI_BAR_ROM, 64 * KIB));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, fn, 1 << 3));
	ASSERT_EQ(0, vmr_pci_assign_count(&m.manager, &assign));
	EXPECT_EQ(4U, assign.nr_items);
	ASSERT_EQ(0, assign_all());
	EXPECT_EQ(4U, assign.nr_items);
	EXPECT_EQ(1U, assign.nr_buses);
	EXPECT_EQ(DECODE_IO | DECODE_MEM, reg_read(fn, COMMAND, 2));
	EXPECT_TRUE(is_mapped(fn, 0));
	EXPECT_TRUE(is_mapped(fn, 1));
	EXPECT_TRUE(is_mapped(fn, 2));
	EXPECT_EQ(0x1000U, bar_at(fn, 1));
	EXPECT_EQ(0x200000000ull, bar_at(fn, 2));
	addr = reg_read(fn, PCI_ROM_ADDRESS, 4);
	EXPECT_LE(0xc0000000ull, addr);
	EXPECT_EQ(0U, addr & 0xffff);
	EXPECT_NE(bar_at(fn, 0), addr);
}

/* A prefetchable BAR is in a prefetchable window if it has room. */
TEST(assign_prefetchable_window_first)
{
	ASSERT_EQ(0, assign_host_up(LAST_40));
	ASSERT_EQ(0, gpu_init(&cards[0], 64 * MIB, 0));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &cards[0], 1 << 3));
	ASSERT_EQ(0, assign_all());
	EXPECT_EQ(0x100000000ull, bar_at(&cards[0], 0));
}

/* Depth first; behind a bridge everything is mapped through its windows. */
TEST(assign_numbers_buses_depth_first)
{
	unsigned int others;

	ASSERT_EQ(0, assign_host_up(LAST_40));
	ASSERT_EQ(0, root_bridge(&bridges[0]));
	ASSERT_EQ(0, root_bridge(&bridges[1]));
	ASSERT_EQ(0, bridge_behind(&bridges[0], &bridges[2]));
	ASSERT_EQ(0, bridge_behind(&bridges[0], &bridges[3]));
	ASSERT_EQ(0, bridge_behind(&bridges[2], &bridges[4]));
	ASSERT_EQ(0, gpu_behind(&bridges[4], &cards[0], GIB, 4 * MIB));
	ASSERT_EQ(0, gpu_behind(&bridges[1], &cards[1], 256 * MIB, 0));
	ASSERT_EQ(0, gpu_behind(&bridges[0], &cards[2], 64 * KIB, 0));
	ASSERT_EQ(0, assign_all());
	EXPECT_EQ(6U, assign.nr_buses);
	EXPECT_EQ(1U, secondary(&bridges[0]));
	EXPECT_EQ(4U, subordinate(&bridges[0]));
	EXPECT_EQ(2U, secondary(&bridges[2]));
	EXPECT_EQ(3U, subordinate(&bridges[2]));
	EXPECT_EQ(3U, secondary(&bridges[4]));
	EXPECT_EQ(4U, secondary(&bridges[3]));
	EXPECT_EQ(5U, secondary(&bridges[1]));
	EXPECT_EQ(2U, bridges[4].fn.config[PCI_PRIMARY_BUS]);
	EXPECT_EQ(&cards[0], vmr_pci_find_function(&m.manager,
						   VMR_PCI_BDF(3, 0, 0)));
	EXPECT_EQ(4U, count_mapped(&others));
	EXPECT_EQ(0U, others);
	EXPECT_EQ(DECODE_IO | DECODE_MEM | PCI_COMMAND_MASTER,
		  reg_read(&bridges[3].fn, COMMAND, 2));
	/* Nothing is behind it: its windows are closed */
	EXPECT_EQ(0x0000fff0U, reg_read(&bridges[3].fn, PCI_MEMORY_BASE, 4));
}

/* A reserve opens windows and keeps bus numbers free, also behind an empty bridge. */
TEST(assign_reserve_for_later_devices)
{
	struct vmr_pci_bridge *bridge = &bridges[0];

	ASSERT_EQ(0, assign_host_up(LAST_40));
	ASSERT_EQ(0, root_bridge(bridge));
	ASSERT_EQ(0, root_bridge(&bridges[1]));
	bridge->reserve = (struct vmr_pci_reserve) {
		.io = 0x1000, .mem = 2 * MIB, .pref = 32 * GIB, .buses = 4,
	};
	ASSERT_EQ(0, assign_all());
	EXPECT_EQ(4U, subordinate(bridge));
	EXPECT_EQ(5U, secondary(&bridges[1]));
	EXPECT_EQ(VMR_LIVE, state_of(&bridge->pref));
	EXPECT_EQ(0U, bridge->pref.range.start & (32 * GIB - 1));
	EXPECT_EQ(32 * GIB - 1, bridge->pref.range.last -
				bridge->pref.range.start);
	EXPECT_EQ(2 * MIB - 1, bridge->mem.range.last - bridge->mem.range.start);
	EXPECT_EQ(0xfffu, bridge->io.range.last - bridge->io.range.start);
	/* A card that is added later has a place, and nothing else changes */
	ASSERT_EQ(0, gpu_behind(bridge, &cards[0], 16 * GIB, 0));
	ASSERT_EQ(0, assign_all());
	EXPECT_TRUE(is_mapped(&cards[0], 0));
	EXPECT_EQ(32 * GIB - 1, bridge->pref.range.last -
				bridge->pref.range.start);
}

static int ports_with_gpus(unsigned int nr)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < nr && !ret; i++) {
		ret = root_bridge(&bridges[i]);
		if (!ret)
			ret = gpu_behind(&bridges[i], &cards[i], 128 * GIB,
					 32 * MIB);
	}
	return ret;
}

/*
 * A window of 128 GiB and 32 MiB shares the second 128 GiB with its neighbour: five
 * fit in 40 bits. Of eight, one more bit is what is missing.
 */
TEST(assign_neighbours_share_alignment)
{
	unsigned int others;

	ASSERT_EQ(0, assign_host_up(LAST_40));
	ASSERT_EQ(0, ports_with_gpus(5));
	ASSERT_EQ(0, assign_all());
	EXPECT_EQ(10U, count_mapped(&others));
	EXPECT_EQ(0U, others);
}

TEST(assign_failure_says_what_would_do)
{
	uint64_t needed, before;
	unsigned int others;

	ASSERT_EQ(0, assign_host_up(LAST_40));
	ASSERT_EQ(0, ports_with_gpus(8));
	before = registers_sum();
	PCI_REFUSED(-ENOSPC, assign_all());
	EXPECT_EQ(before, registers_sum());
	ASSERT_NE(NULL, assign.fn);
	EXPECT_NE(NULL, assign.fn->bridge);
	EXPECT_EQ((unsigned int)VMR_PCI_ASSIGN_WINDOW(VMR_PCI_ASSIGN_PREF),
		  assign.index);
	EXPECT_EQ(128 * GIB + 32 * MIB, assign.size);
	EXPECT_EQ(3 * assign.size, assign.missing);
	EXPECT_GT(assign.size, assign.largest_gap);
	needed = assign.last_needed;
	EXPECT_LT(LAST_40, needed);
	EXPECT_GE((1ull << 41) - 1, needed);
	/* That is the least, and it does */
	host.windows[2].last = needed - 1;
	EXPECT_EQ(-ENOSPC, assign_all());
	host.windows[2].last = needed;
	EXPECT_EQ(0, assign_all());
	EXPECT_EQ(16U, count_mapped(&others));
	EXPECT_EQ(0U, others);
}

/* A failure for memory below 4 GiB, for ports, and where there is no pool at all. */
TEST(assign_failure_of_each_kind)
{
	const struct vmr_pci_window none = { VMR_PIO, 0, 0x1000, 0x10ff, 0x1000,
					     "few" };

	ASSERT_EQ(0, assign_host_up(LAST_40));
	ASSERT_EQ(0, card_init(&cards[0]));
	ASSERT_EQ(0, add_bar(&cards[0], 0, VMR_PCI_BAR_MEM32, GIB));
	ASSERT_EQ(0, add_bar(&cards[0], 1, VMR_PCI_BAR_IO, 256));
	ASSERT_EQ(0, add_bar(&cards[0], 2, VMR_PCI_BAR_IO, 256));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &cards[0], 1 << 3));
	EXPECT_EQ(-ENOSPC, assign_all());
	EXPECT_EQ(&cards[0], assign.fn);
	EXPECT_EQ(0U, assign.index);
	EXPECT_EQ(GIB, assign.missing);
	EXPECT_EQ(512 * MIB, assign.largest_gap);
	EXPECT_EQ(0xffffffffull, assign.last_needed);
	/* Ports */
	host.windows[1].start = 0x40000000;
	host.windows[1].bus_start = 0x40000000;
	host.windows[0] = none;
	EXPECT_EQ(-ENOSPC, assign_all());
	EXPECT_EQ(2U, assign.index);
	EXPECT_EQ(256U, assign.missing);
	EXPECT_EQ(0U, assign.largest_gap);
	EXPECT_EQ(0x11ffU, assign.last_needed);
	/* A window that only prefetchable memory may use is no pool for others */
	host.windows[0].start = 0x1000;
	host.windows[0].last = 0xffff;
	host.windows[1].flags = VMR_PREFETCHABLE;
	EXPECT_EQ(-ENOSPC, assign_all());
	EXPECT_EQ(0U, assign.index);
	EXPECT_EQ(0U, assign.largest_gap);
	EXPECT_EQ(0U, assign.last_needed);
}

/* Memory on both sides of 4 GiB is missing, more of it than all addresses. */
TEST(assign_failure_beyond_all_addresses)
{
	unsigned int i;

	ASSERT_EQ(0, assign_host_up(LAST_40));
	for (i = 0; i < 6; i++) {
		ASSERT_EQ(0, gpu_init(&cards[i], 1ull << 62, 0));
		ASSERT_EQ(0, add_bar(&cards[i], 2, VMR_PCI_BAR_MEM32, GIB));
		ASSERT_EQ(0, vmr_pci_host_plug(&host, &cards[i],
					       VMR_PCI_ANY_DEVICE));
	}
	EXPECT_EQ(-ENOSPC, assign_all());
	EXPECT_EQ(0U, assign.index);
	EXPECT_EQ(1ull << 62, assign.size);
	EXPECT_EQ(VMR_ADDR_MAX, assign.missing);
	EXPECT_EQ(VMR_ADDR_MAX, assign.last_needed);
}

/* A host bridge with too few bus numbers: the bridge, and how many are missing. */
TEST(assign_failure_of_bus_numbers)
{
	uint64_t before;

	ASSERT_EQ(0, assign_host_up(LAST_40));
	host.bus_last = 3;
	ASSERT_EQ(0, root_bridge(&bridges[0]));
	ASSERT_EQ(0, bridge_behind(&bridges[0], &bridges[1]));
	ASSERT_EQ(0, root_bridge(&bridges[2]));
	ASSERT_EQ(0, root_bridge(&bridges[3]));
	ASSERT_EQ(0, root_bridge(&bridges[4]));
	before = registers_sum();
	EXPECT_EQ(-ENOSPC, assign_all());
	EXPECT_EQ(&bridges[3].fn, assign.fn);
	EXPECT_EQ((unsigned int)VMR_PCI_ASSIGN_BUSES, assign.index);
	EXPECT_EQ(2U, assign.missing);
	EXPECT_EQ(1U, assign.size);
	EXPECT_EQ(5U, assign.last_needed);
	EXPECT_EQ(before, registers_sum());
	/* A reserve that is larger than any number of buses */
	bridges[1].reserve.buses = ~0u;
	host.bus_last = 255;
	EXPECT_EQ(-ENOSPC, assign_all());
	EXPECT_EQ((unsigned int)VMR_PCI_ASSIGN_BUSES, assign.index);
	/* The last bridge has a number, and its reserve has none */
	bridges[1].reserve.buses = 0;
	bridges[4].reserve.buses = 300;
	/* Memory of the caller beyond the buses of the machine is not read */
	memset(buses, 0xff, sizeof(buses));
	EXPECT_EQ(-ENOSPC, assign_all());
	EXPECT_EQ(&bridges[4].fn, assign.fn);
	EXPECT_EQ(300U, assign.size);
	bridges[4].reserve.buses = 0;
	bridges[1].reserve.buses = 251;
	EXPECT_EQ(0, assign_all());
	EXPECT_EQ(252U, subordinate(&bridges[1]));
	EXPECT_EQ(255U, subordinate(&bridges[4]));
}

/* Each invalid argument is refused, in the order of the list of errors. */
TEST(assign_invalid_arguments_refused)
{
	ASSERT_EQ(0, assign_host_up(LAST_40));
	ASSERT_EQ(0, root_bridge(&bridges[0]));
	ASSERT_EQ(0, gpu_behind(&bridges[0], &cards[0], GIB, 0));
	assign_memory();
	PCI_REFUSED(-EINVAL, vmr_pci_assign_count(NULL, &assign));
	PCI_REFUSED(-EINVAL, vmr_pci_assign_count(&m.manager, NULL));
	PCI_REFUSED(-EINVAL, vmr_pci_assign(NULL, &assign));
	PCI_REFUSED(-EINVAL, vmr_pci_assign(&m.manager, NULL));
	assign.nr_items = 77;
	assign.flags = 2;
	PCI_REFUSED(-EINVAL, vmr_pci_assign(&m.manager, &assign));
	assign.flags = 0;
	assign.page_size = 3;
	PCI_REFUSED(-EINVAL, vmr_pci_assign(&m.manager, &assign));
	assign.page_size = 0;
	assign.items = NULL;
	PCI_REFUSED(-EINVAL, vmr_pci_assign(&m.manager, &assign));
	assign.items = items;
	assign.buses = NULL;
	PCI_REFUSED(-EINVAL, vmr_pci_assign(&m.manager, &assign));
	EXPECT_EQ(77U, assign.nr_items);
	/* Without memory the call counts what it needs */
	assign.max_buses = 0;
	PCI_REFUSED(-ERANGE, vmr_pci_assign(&m.manager, &assign));
	assign.buses = buses;
	assign.max_buses = NR(buses);
	assign.items = NULL;
	assign.max_items = 0;
	PCI_REFUSED(-ERANGE, vmr_pci_assign(&m.manager, &assign));
	assign.items = items;
	EXPECT_EQ(1U, assign.nr_items);
	EXPECT_EQ(2U, assign.nr_buses);
	assign.max_items = 1;
	assign.max_buses = 1;
	PCI_REFUSED(-ERANGE, vmr_pci_assign(&m.manager, &assign));
	assign.max_buses = 2;
	EXPECT_EQ(0, vmr_pci_assign(&m.manager, &assign));
	EXPECT_EQ(-EINVAL, vmr_pci_pools_init(NULL, &m.sys, &host, &m.sys.mmio,
					      &m.sys.pio));
	EXPECT_EQ(-EINVAL, vmr_pci_pools_init(&assign.pools, NULL, &host,
					      &m.sys.mmio, &m.sys.pio));
	EXPECT_EQ(-EINVAL, vmr_pci_pools_init(&assign.pools, &m.sys, &host, NULL,
					      &m.sys.pio));
	EXPECT_EQ(-EINVAL, vmr_pci_pools_init(&assign.pools, &m.sys, &host,
					      &m.sys.mmio, NULL));
}

/*
 * Ports below 0x1000 come last: Linux gives 0x1f0 to an IDE controller without a BAR
 * there, and then takes the address from the BAR that has it.
 */
TEST(assign_ports_of_isa_last)
{
	ASSERT_EQ(0, assign_host_up(LAST_40));
	host.windows[0].start = 0xf00;
	host.windows[0].bus_start = 0xf00;
	host.windows[0].last = 0x10ff;
	ASSERT_EQ(0, card_init(&cards[0]));
	ASSERT_EQ(0, add_bar(&cards[0], 0, VMR_PCI_BAR_IO, 256));
	ASSERT_EQ(0, add_bar(&cards[0], 1, VMR_PCI_BAR_IO, 128));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &cards[0], 1 << 3));
	ASSERT_EQ(0, assign_all());
	EXPECT_EQ(0x1000U, bar_at(&cards[0], 0));
	EXPECT_EQ(0xf00U, bar_at(&cards[0], 1));
}

/* A machine without host bridges, or without functions, is assigned at once. */
TEST(assign_empty_machine)
{
	ASSERT_EQ(0, pci_machine_up(63));
	EXPECT_EQ(0, vmr_pci_assign(&m.manager, &assign));
	EXPECT_EQ(0U, assign.nr_buses);
	ASSERT_EQ(0, host_up(&host, 0, 0, 255));
	EXPECT_EQ(0, assign_all());
	EXPECT_EQ(1U, assign.nr_buses);
}

/* Virtual functions have bus numbers behind the port, and room in its windows. */
TEST(assign_virtual_functions)
{
	static struct sriov_box box;
	struct vmr_pci_sriov *sriov = &box.pf.sriov;
	unsigned int i;

	const struct vmr_system_pool pool = {
		.pool = { .start = 0x80000000, .last = 0x8fffffff, .align = 1 },
		.kinds = 1u << VMR_KIND_MMIO,
	};

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, vmr_system_add_pool(&m.sys, &pool));
	ASSERT_EQ(0, sriov_box_init(&box, &m.manager, 0xfe, 1,
				    VMR_REGION_TRAPPED));
	ASSERT_EQ(0, sriov_box_plug(&box));
	/* As firmware without VFs would: one bus, and a window in the way */
	number_bridge(&box.port, 1, 1);
	open_mem_window(&box.port, 0x8ff00000, 0x8fffffff);
	ASSERT_EQ(0, assign_all());
	EXPECT_EQ(1U, secondary(&box.port));
	EXPECT_EQ(2U, subordinate(&box.port));
	enable_vfs(&box.pf, NR_VFS, PCI_SRIOV_CTRL_MSE);
	EXPECT_EQ((uint32_t)NR_VFS, vmr_pci_sriov_nr_enabled(sriov));
	EXPECT_TRUE(is_mapped(&box.pf.fn, VMR_PCI_VF_BAR(0)));
	EXPECT_TRUE(is_mapped(&box.pf.fn, VMR_PCI_VF_BAR(2)));
	for (i = 0; i < NR_VFS; i++)
		EXPECT_EQ(&box.pf.vf[i].fn,
			  vmr_pci_find_function(&m.manager, VMR_PCI_ADDRESS(0, 1, 0, 0) +
						0xfe + i));
	/* Enabled ones stay where they are */
	EXPECT_EQ(0, assign_all());
	EXPECT_TRUE(is_mapped(&box.pf.fn, VMR_PCI_VF_BAR(0)));
}

struct resizable {
	struct vmr_pci_function			fn;
	struct vmr_pci_express_config_space	space;
	struct vmr_pci_rebar			rebar;
	int					answer;
};

static int answer_resize(struct vmr_pci_function *fn, unsigned int index,
			 uint64_t size)
{
	(void)index;
	(void)size;
	return owner_of(fn, struct resizable, fn)->answer;
}

static int resizable_up(struct resizable *card)
{
	const struct vmr_pci_rebar_desc desc = {
		2, 256 * MIB + GIB + 16 * GIB
	};
	int ret;

	memset(card, 0, sizeof(*card));
	ret = vmr_pci_function_init_express(&card->fn, &card->space, &card_ids,
					    &card_ops, "card");
	if (!ret)
		ret = add_bar(&card->fn, 2, VMR_PCI_BAR_MEM64, 256 * MIB);
	if (!ret)
		ret = add_bar(&card->fn, 0, VMR_PCI_BAR_MEM32, MIB);
	card->rebar.resize = answer_resize;
	if (!ret)
		ret = vmr_pci_add_rebar(&card->fn, &card->rebar, &desc, 1);
	return ret ? ret : vmr_pci_host_plug(&host, &card->fn, 1 << 3);
}

/* The present size, or the largest one, which the owner may refuse. */
TEST(assign_resizable_bar)
{
	static struct resizable card;

	ASSERT_EQ(0, assign_host_up(LAST_40));
	ASSERT_EQ(0, resizable_up(&card));
	ASSERT_EQ(0, card_with_bar(&cards[0]));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &cards[0], 2 << 3));
	ASSERT_EQ(0, assign_all());
	EXPECT_EQ(256 * MIB, bar(&card.fn, 2)->size);
	EXPECT_TRUE(is_mapped(&card.fn, 2));
	assign.flags = VMR_PCI_ASSIGN_LARGEST;
	card.answer = -1;
	EXPECT_EQ(0, vmr_pci_assign(&m.manager, &assign));
	EXPECT_EQ(256 * MIB, bar(&card.fn, 2)->size);
	EXPECT_EQ(0U, bar_at(&card.fn, 2) & (16 * GIB - 1));
	EXPECT_TRUE(is_mapped(&card.fn, 2));
	card.answer = 0;
	EXPECT_EQ(0, vmr_pci_assign(&m.manager, &assign));
	EXPECT_EQ(16 * GIB, bar(&card.fn, 2)->size);
	EXPECT_TRUE(is_mapped(&card.fn, 2));
	/* Once more changes nothing */
	card.answer = -1;
	EXPECT_EQ(0, vmr_pci_assign(&m.manager, &assign));
	EXPECT_EQ(16 * GIB, bar(&card.fn, 2)->size);
	EXPECT_TRUE(is_mapped(&card.fn, 0));
}

/* BARs of less than a page of the host are each alone in one. */
TEST(assign_spaces_by_page)
{
	ASSERT_EQ(0, assign_host_up(LAST_40));
	ASSERT_EQ(0, root_bridge(&bridges[0]));
	ASSERT_EQ(0, card_init(&cards[0]));
	ASSERT_EQ(0, add_bar(&cards[0], 0, VMR_PCI_BAR_MEM32, 4 * KIB));
	ASSERT_EQ(0, add_bar(&cards[0], 1, VMR_PCI_BAR_MEM32, 4 * KIB));
	ASSERT_EQ(0, add_bar(&cards[0], 2, VMR_PCI_BAR_IO, 16));
	ASSERT_EQ(0, vmr_pci_bridge_plug(&bridges[0], &cards[0], 0));
	assign_memory();
	assign.page_size = 64 * KIB;
	ASSERT_EQ(0, vmr_pci_assign(&m.manager, &assign));
	EXPECT_EQ(0U, bar_at(&cards[0], 0) & 0xffff);
	EXPECT_EQ(0U, bar_at(&cards[0], 1) & 0xffff);
	EXPECT_NE(bar_at(&cards[0], 0), bar_at(&cards[0], 1));
	EXPECT_TRUE(is_mapped(&cards[0], 2));
	/* A place that shares a page is not kept */
	ASSERT_EQ(0, assign_all());
	bar_write(&cards[0], 1, (uint32_t)bar_at(&cards[0], 0) + 0x1000);
	EXPECT_TRUE(is_mapped(&cards[0], 1));
	assign.page_size = 64 * KIB;
	ASSERT_EQ(0, vmr_pci_assign(&m.manager, &assign));
	EXPECT_TRUE(is_mapped(&cards[0], 1));
	EXPECT_EQ(0U, bar_at(&cards[0], 1) & 0xffff);
}

/*
 * A window with an offset: registers have bus addresses. It is not used for an alignment
 * that does not divide the offset.
 */
TEST(assign_host_bridge_with_offset)
{
	const struct vmr_pci_window windows[] = {
		{ VMR_MMIO, 0, 0x200100000, 0x20fffffff, 0x40000000, "odd" },
		{ VMR_MMIO, 0, 0x600000000, 0x61fffffff, 0xe0000000, "even" },
		{ VMR_PIO, 0, 0xf000, 0xffff, 0x1000, "ports" },
	};
	const struct vmr_pci_host_config config = {
		.bus_start = 16, .bus_last = 31, .windows = windows,
		.nr_windows = 3, .name = "host",
	};

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, vmr_pci_host_register(&m.manager, &host, &config));
	ASSERT_EQ(0, root_bridge(&bridges[0]));
	ASSERT_EQ(0, card_init(&cards[0]));
	ASSERT_EQ(0, add_bar(&cards[0], 0, VMR_PCI_BAR_MEM32, 64 * MIB));
	ASSERT_EQ(0, add_bar(&cards[0], 1, VMR_PCI_BAR_MEM32, 64 * KIB));
	ASSERT_EQ(0, add_bar(&cards[0], 2, VMR_PCI_BAR_IO, 16));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &cards[0], 1 << 3));
	ASSERT_EQ(0, gpu_behind(&bridges[0], &cards[1], 32 * MIB, 0));
	ASSERT_EQ(0, assign_all());
	EXPECT_TRUE(is_mapped(&cards[0], 0));
	EXPECT_TRUE(is_mapped(&cards[0], 1));
	EXPECT_TRUE(is_mapped(&cards[0], 2));
	EXPECT_TRUE(is_mapped(&cards[1], 0));
	EXPECT_LE(0x600000000ull, bar_at(&cards[0], 0));
	EXPECT_EQ(0x200100000ull, bar_at(&cards[0], 1));
	EXPECT_EQ(0x40000000U, reg_read(&cards[0], PCI_BASE_ADDRESS_1, 4));
	EXPECT_LE(0x600000000ull, bar_at(&cards[1], 0));
	EXPECT_EQ(17U, secondary(&bridges[0]));
	EXPECT_EQ(16U, bridges[0].fn.config[PCI_PRIMARY_BUS]);
	/* All of it stays */
	EXPECT_EQ(0, assign_all());
	EXPECT_EQ(0x200100000ull, bar_at(&cards[0], 1));
	EXPECT_TRUE(is_mapped(&cards[1], 0));
}

TEST_HARNESS_MAIN

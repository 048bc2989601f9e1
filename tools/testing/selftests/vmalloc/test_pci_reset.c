// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_pci_reset.c - resets of functions, of buses, and of host bridges
 */
#include "../kselftest_harness.h"

#include "pci_machine.h"

static struct vmr_pci_host host, other;
static struct vmr_pci_bridge bridge, inner;

#define NR_CARDS	4
#define ENTRIES		3

/* A card with a BAR for MSI-X, its own BAR, MSI, MSI-X and sticky registers */
struct full_card {
	struct vmr_pci_function		fn;
	struct vmr_pci_msi		msi;
	struct vmr_pci_msix		msix;
	struct vmr_pci_msix_entry	entries[ENTRIES];
	struct vmr_pci_reg_block	block;
	unsigned int			resets;
};

static struct full_card cards[NR_CARDS];
static unsigned int bridge_resets[2];
static struct vmr_pci_function *unplugs;

static void note_reset(struct vmr_pci_function *fn)
{
	if (fn == &bridge.fn)
		bridge_resets[0]++;
	else if (fn == &inner.fn)
		bridge_resets[1]++;
	else
		owner_of(fn, struct full_card, fn)->resets++;
	if (unplugs == fn)
		vmr_pci_unplug(fn);
}

static const struct vmr_pci_events events = { .reset = note_reset };

static const uint8_t ones[4] = { 0, 0, 0xff, 0xff };
static const uint8_t sticky[4] = { 0, 0, 0, 0xff };

static int full_card_init(struct full_card *c)
{
	const struct vmr_pci_msix_layout layout = { 0, 0, 0x400, 0x800 };
	const struct vmr_pci_cap_desc desc = {
		.id = 9, .size = 4, .offset = 0xf0, .wmask = ones,
		.sticky = sticky,
	};
	int ret;

	memset(c, 0, sizeof(*c));
	ret = card_with_bar(&c->fn);
	c->fn.events = &events;
	if (!ret)
		ret = vmr_pci_add_bar(&c->fn, 1, VMR_PCI_BAR_IO, false, 0x20, "io");
	if (!ret)
		ret = vmr_pci_add_msi(&c->fn, &c->msi, 0x40, 2);
	if (!ret)
		ret = vmr_pci_add_msix(&c->fn, &c->msix, 0x60, c->entries, ENTRIES,
				       &layout);
	return ret ? ret : vmr_pci_add_capability(&c->fn, &c->block, &desc);
}

/* Card 0 at the root, 1 behind the bridge, 2 behind the inner bridge behind it */
static int tree_up(void)
{
	int ret = pci_machine_up(63), i;

	if (!ret)
		ret = host_up(&host, 0, 0, 15);
	if (!ret)
		ret = bridge_init(&bridge);
	if (!ret)
		ret = bridge_init(&inner);
	bridge.fn.events = &events;
	inner.fn.events = &events;
	for (i = 0; i < NR_CARDS && !ret; i++)
		ret = full_card_init(&cards[i]);
	if (!ret)
		ret = vmr_pci_host_plug(&host, &cards[0].fn, 1 << 3);
	if (!ret)
		ret = vmr_pci_host_plug(&host, &bridge.fn, 2 << 3);
	if (!ret)
		ret = vmr_pci_bridge_plug(&bridge, &cards[1].fn, 1 << 3);
	if (!ret)
		ret = vmr_pci_bridge_plug(&bridge, &inner.fn, 2 << 3);
	return ret ? ret : vmr_pci_bridge_plug(&inner, &cards[2].fn, 0);
}

/* Use everything: BARs, vectors of both kinds, the pin, sticky registers */
static void use_card(struct full_card *c, uint32_t addr)
{
	uint8_t unmask[4] = { 0 };

	bar_write(&c->fn, 1, 0x1000 + (addr >> 8 & 0xff00));
	bar_on(&c->fn, addr);
	reg_write(&c->fn, 0x42, PCI_MSI_FLAGS_ENABLE | 1 << 4, 2);
	reg_write(&c->fn, 0x62, PCI_MSIX_FLAGS_ENABLE, 2);
	vmr_pci_msix_write(&c->fn, &c->msix, 12, unmask, 4);
	reg_write(&c->fn, 0xf2, 0x1234, 2);
	vmr_pci_notify(&c->fn, 1);
	vmr_pci_intx_set(&c->fn, true);
	/* Begin to size a BAR */
	bar_write(&c->fn, 1, 0xffffffff);
}

static void use_bridges(void)
{
	number_bridge(&bridge, 1, 2);
	open_mem_window(&bridge, 0x80000000, 0x801fffff);
	open_io_window(&bridge, 0, 0xffff);
	reg_write(&bridge.fn, COMMAND, DECODE_MEM | DECODE_IO, 2);
	number_bridge(&inner, 2, 2);
	open_mem_window(&inner, 0x80100000, 0x801fffff);
	reg_write(&inner.fn, COMMAND, DECODE_MEM, 2);
}

static bool is_used(struct full_card *c)
{
	return state_of(bar(&c->fn, 0)) == VMR_LIVE && c->fn.nr_vectors == 3 &&
	       c->fn.sizing && c->fn.intx_level &&
	       vmr_range_state(&c->msi.range) == VMR_LIVE &&
	       vmr_range_state(&c->entries[0].range) == VMR_LIVE;
}

/* The state after a reset, but for @sticky_value */
static bool is_reset(struct full_card *c, uint32_t sticky_value)
{
	uint32_t pending = 1;
	uint8_t control[4] = { 0 };

	vmr_pci_msix_read(&c->msix, 12, control, 4);
	vmr_pci_msix_read_pba(&c->msix, 0, &pending, 4);
	return state_of(bar(&c->fn, 0)) == VMR_FREE &&
	       state_of(bar(&c->fn, 1)) == VMR_FREE && !c->fn.nr_vectors &&
	       !c->fn.sizing && !c->fn.intx_level &&
	       vmr_range_state(&c->msi.range) == VMR_FREE &&
	       vmr_range_state(&c->entries[0].range) == VMR_FREE &&
	       control[0] == PCI_MSIX_ENTRY_CTRL_MASKBIT && !pending &&
	       !(reg_read(&c->fn, PCI_STATUS, 2) & PCI_STATUS_INTERRUPT) &&
	       !reg_read(&c->fn, COMMAND, 2) &&
	       !reg_read(&c->fn, PCI_BASE_ADDRESS_0, 4) &&
	       reg_read(&c->fn, PCI_BASE_ADDRESS_1, 4) == 1 &&
	       !(reg_read(&c->fn, 0x42, 2) & PCI_MSI_FLAGS_ENABLE) &&
	       !(reg_read(&c->fn, 0x62, 2) & PCI_MSIX_FLAGS_ENABLE) &&
	       reg_read(&c->fn, 0xf2, 2) == sticky_value;
}

static bool bridge_is_reset(struct vmr_pci_bridge *b)
{
	return !reg_read(&b->fn, PCI_PRIMARY_BUS, 4) &&
	       !reg_read(&b->fn, COMMAND, 2) &&
	       reg_read(&b->fn, PCI_MEMORY_BASE, 4) == 0x0000fff0 &&
	       !reg_read(&b->fn, PCI_BRIDGE_CONTROL, 2) &&
	       state_of(&b->mem) == VMR_FREE && state_of(&b->io) == VMR_FREE;
}

/* The errors of each call. */
TEST(reset_errors)
{
	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, full_card_init(&cards[0]));
	ASSERT_EQ(0, bridge_init(&bridge));
	PCI_REFUSED(-EINVAL, vmr_pci_function_reset(NULL, VMR_PCI_RESET_BUS));
	PCI_REFUSED(-ENOENT, vmr_pci_function_reset(&cards[0].fn,
						    VMR_PCI_RESET_BUS));
	PCI_REFUSED(-EINVAL, vmr_pci_bus_reset(NULL));
	PCI_REFUSED(-ENOENT, vmr_pci_bus_reset(&bridge));
	PCI_REFUSED(-EINVAL, vmr_pci_host_reset(NULL));
	PCI_REFUSED(-ENOENT, vmr_pci_host_reset(&host));
	EXPECT_EQ(0U, cards[0].resets);
}

/* A reset of one function frees all that the guest gave it, and nothing else. */
TEST(reset_function)
{
	struct full_card *c = &cards[0];

	ASSERT_EQ(0, tree_up());
	use_card(c, 0x90000000);
	use_card(&cards[1], 0x80000000);
	ASSERT_TRUE(is_used(c));
	EXPECT_EQ(0, vmr_pci_function_reset(&c->fn, VMR_PCI_RESET_FUNCTION));
	EXPECT_TRUE(is_reset(c, 0x1200));
	EXPECT_EQ(1U, c->resets);
	EXPECT_EQ(c->fn.manager, &m.manager);
	EXPECT_EQ(&c->fn, vmr_pci_find_function(&m.manager, VMR_PCI_BDF(0, 1, 0)));
	EXPECT_TRUE(is_used(&cards[1]));
	use_card(c, 0x90000000);
	EXPECT_EQ(0, vmr_pci_function_reset(&c->fn, VMR_PCI_RESET_BUS));
	EXPECT_TRUE(is_reset(c, 0));
	EXPECT_EQ(2U, c->resets);
	EXPECT_SOUND();
}

/* A bus reset reaches all that is behind the bridge, and not the bridge itself. */
TEST(reset_bus)
{
	ASSERT_EQ(0, tree_up());
	use_bridges();
	use_card(&cards[0], 0x90000000);
	use_card(&cards[1], 0x80000000);
	use_card(&cards[2], 0x80100000);
	EXPECT_EQ(0, vmr_pci_bus_reset(&bridge));
	EXPECT_TRUE(is_used(&cards[0]));
	EXPECT_TRUE(is_reset(&cards[1], 0));
	EXPECT_TRUE(is_reset(&cards[2], 0));
	EXPECT_TRUE(bridge_is_reset(&inner));
	EXPECT_EQ(0x00020100U, reg_read(&bridge.fn, PCI_PRIMARY_BUS, 4));
	EXPECT_EQ(VMR_LIVE, state_of(&bridge.mem));
	EXPECT_EQ(0U, cards[0].resets);
	EXPECT_EQ(1U, cards[1].resets);
	EXPECT_EQ(1U, cards[2].resets);
	EXPECT_EQ(0U, bridge_resets[0]);
	EXPECT_EQ(1U, bridge_resets[1]);
	EXPECT_EQ(&cards[1].fn, vmr_pci_find_function(&m.manager,
						      VMR_PCI_BDF(1, 1, 0)));
	EXPECT_EQ(NULL, vmr_pci_find_function(&m.manager, VMR_PCI_BDF(2, 0, 0)));
	EXPECT_SOUND();
}

/* A reset of a bridge as a function resets nothing behind it. */
TEST(reset_bridge_function)
{
	ASSERT_EQ(0, tree_up());
	use_bridges();
	use_card(&cards[1], 0x80000000);
	EXPECT_EQ(0, vmr_pci_function_reset(&bridge.fn, VMR_PCI_RESET_FUNCTION));
	EXPECT_TRUE(bridge_is_reset(&bridge));
	EXPECT_EQ(1U, bridge_resets[0]);
	EXPECT_TRUE(is_used(&cards[1]));
	EXPECT_HIDDEN(bar(&cards[1].fn, 0));
	EXPECT_EQ(0U, cards[1].resets);
	use_bridges();
	EXPECT_SEEN(bar(&cards[1].fn, 0), 0x80000000);
	EXPECT_SOUND();
}

/* A reset of the machine reaches each function once, of its host bridge only. */
TEST(reset_host)
{
	ASSERT_EQ(0, tree_up());
	ASSERT_EQ(0, host_up(&other, 0, 16, 31));
	ASSERT_EQ(0, vmr_pci_host_plug(&other, &cards[3].fn, 0));
	use_bridges();
	use_card(&cards[0], 0x90000000);
	use_card(&cards[1], 0x80000000);
	use_card(&cards[2], 0x80100000);
	use_card(&cards[3], 0xa0000000);
	EXPECT_EQ(0, vmr_pci_host_reset(&host));
	EXPECT_TRUE(is_reset(&cards[0], 0));
	EXPECT_TRUE(is_reset(&cards[1], 0));
	EXPECT_TRUE(is_reset(&cards[2], 0));
	EXPECT_TRUE(bridge_is_reset(&bridge));
	EXPECT_TRUE(bridge_is_reset(&inner));
	EXPECT_EQ(1U, cards[0].resets);
	EXPECT_EQ(1U, cards[1].resets);
	EXPECT_EQ(1U, cards[2].resets);
	EXPECT_EQ(1U, bridge_resets[0]);
	EXPECT_EQ(1U, bridge_resets[1]);
	EXPECT_TRUE(is_used(&cards[3]));
	EXPECT_EQ(0U, cards[3].resets);
	EXPECT_EQ(NULL, vmr_pci_find_function(&m.manager, VMR_PCI_BDF(1, 1, 0)));
	EXPECT_EQ(&cards[0].fn, vmr_pci_find_function(&m.manager,
						      VMR_PCI_BDF(0, 1, 0)));
	EXPECT_SOUND();
}

/* The reset bit acts when it rises, by any width, and reads back. */
TEST(reset_by_bridge_control)
{
	ASSERT_EQ(0, tree_up());
	use_bridges();
	use_card(&cards[1], 0x80000000);
	EXPECT_EQ(0, reg_write(&bridge.fn, PCI_BRIDGE_CONTROL,
			       PCI_BRIDGE_CTL_BUS_RESET, 2));
	EXPECT_TRUE(is_reset(&cards[1], 0));
	EXPECT_EQ(1U, cards[1].resets);
	EXPECT_EQ(1U, cards[2].resets);
	EXPECT_EQ(0U, bridge_resets[0]);
	EXPECT_EQ((uint32_t)PCI_BRIDGE_CTL_BUS_RESET,
		  reg_read(&bridge.fn, PCI_BRIDGE_CONTROL, 2));
	/* It is set already, and it falls */
	EXPECT_EQ(0, reg_write(&bridge.fn, PCI_BRIDGE_CONTROL,
			       PCI_BRIDGE_CTL_BUS_RESET | 1, 2));
	EXPECT_EQ(0, reg_write(&bridge.fn, PCI_BRIDGE_CONTROL, 0, 2));
	EXPECT_EQ(1U, cards[1].resets);
	/* In the upper byte there is none, and neither in the command register */
	EXPECT_EQ(0, reg_write(&bridge.fn, PCI_BRIDGE_CONTROL + 1, 0x40, 1));
	EXPECT_EQ(0, reg_write(&bridge.fn, COMMAND, 0x40, 2));
	EXPECT_EQ(1U, cards[1].resets);
	EXPECT_EQ(0, reg_write(&bridge.fn, PCI_INTERRUPT_LINE,
			       PCI_BRIDGE_CTL_BUS_RESET << 16, 4));
	EXPECT_EQ(2U, cards[1].resets);
	EXPECT_EQ(0, reg_write(&bridge.fn, PCI_BRIDGE_CONTROL, 0, 1));
	EXPECT_EQ(0, reg_write(&bridge.fn, PCI_BRIDGE_CONTROL, 0x40, 1));
	EXPECT_EQ(3U, cards[1].resets);
	EXPECT_SOUND();
}

/* Claims are withdrawn: what waited for the addresses of a function gets them. */
TEST(reset_withdraws_claims)
{
	struct event_log log;

	ASSERT_EQ(0, tree_up());
	bar_on(&cards[0].fn, 0x90000000);
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &cards[3].fn, 5 << 3));
	bar_on(&cards[3].fn, 0x90000000);
	EXPECT_EQ(VMR_CLAIMED, state_of(bar(&cards[3].fn, 0)));
	ASSERT_EQ(0, diary_start(&log));
	EXPECT_EQ(0, vmr_pci_function_reset(&cards[0].fn, VMR_PCI_RESET_FUNCTION));
	EXPECT_ANSWERS(bar(&cards[3].fn, 0), 0x90000000);
	EXPECT_EQ(2U, log.nr);
	EXPECT_SAYS(&log, 0, bar(&cards[0].fn, 0), 0x90000000, NOWHERE);
	EXPECT_SAYS(&log, 1, bar(&cards[3].fn, 0), NOWHERE, 0x90000000);
	bar_on(&cards[0].fn, 0x90000000);
	EXPECT_EQ(0, vmr_pci_function_reset(&cards[0].fn, VMR_PCI_RESET_FUNCTION));
	EXPECT_EQ(VMR_FREE, state_of(bar(&cards[0].fn, 0)));
	EXPECT_EQ(0U, m.sys.mmio.nr_claims);
	EXPECT_EQ(2U, log.nr);
}

/* The callback of a function may unplug it, in a walk of a host reset too. */
TEST(reset_callback_unplugs)
{
	ASSERT_EQ(0, tree_up());
	use_bridges();
	use_card(&cards[1], 0x80000000);
	unplugs = &cards[1].fn;
	EXPECT_EQ(0, vmr_pci_host_reset(&host));
	EXPECT_EQ(NULL, cards[1].fn.manager);
	EXPECT_EQ(1U, cards[1].resets);
	EXPECT_EQ(1U, bridge_resets[1]);
	EXPECT_EQ(1U, cards[2].resets);
	unplugs = &cards[0].fn;
	EXPECT_EQ(0, vmr_pci_function_reset(&cards[0].fn, VMR_PCI_RESET_FUNCTION));
	EXPECT_EQ(NULL, cards[0].fn.manager);
	EXPECT_EQ(3U, host.nr_functions);
	EXPECT_SOUND();
}

static void unplug_on_vector(struct vmr_pci_function *fn, uint32_t index,
			     const struct vmr_range *range, int error)
{
	(void)index;
	(void)error;
	if (!range && unplugs == fn) {
		unplugs = NULL;
		vmr_pci_unplug(fn);
	}
}

static const struct vmr_pci_events unplug_events = {
	.reset = note_reset, .vector_changed = unplug_on_vector,
};

/* So may the callback for a vector that the reset frees. */
TEST(reset_vector_callback_unplugs)
{
	ASSERT_EQ(0, tree_up());
	use_card(&cards[0], 0x90000000);
	cards[0].fn.events = &unplug_events;
	unplugs = &cards[0].fn;
	EXPECT_EQ(0, vmr_pci_function_reset(&cards[0].fn, VMR_PCI_RESET_FUNCTION));
	EXPECT_EQ(NULL, cards[0].fn.manager);
	EXPECT_EQ(0U, cards[0].resets);
	EXPECT_TRUE(is_reset(&cards[0], 0));
	EXPECT_EQ(0U, m.sys.irqs.space.nr_ranges);
	EXPECT_SOUND();
}

/* Unplugging and plugging again gives a function in its reset state. */
TEST(reset_by_unplug)
{
	ASSERT_EQ(0, tree_up());
	use_card(&cards[0], 0x90000000);
	EXPECT_EQ(1, vmr_pci_unplug(&cards[0].fn));
	EXPECT_TRUE(is_reset(&cards[0], 0));
	EXPECT_EQ(0, vmr_pci_host_plug(&host, &cards[0].fn, 7 << 3));
	EXPECT_TRUE(is_reset(&cards[0], 0));
	EXPECT_EQ(0U, cards[0].resets);
	EXPECT_EQ(0U, m.sys.irqs.space.nr_ranges);
	EXPECT_SOUND();
}

/* 10,000 resets leak nothing: the machine is as after the first one. */
TEST(reset_many_times)
{
	int i;

	ASSERT_EQ(0, tree_up());
	for (i = 0; i < 10000; i++) {
		use_card(&cards[1], 0x80000000);
		ASSERT_TRUE(is_used(&cards[1]));
		ASSERT_EQ(0, vmr_pci_bus_reset(&bridge));
	}
	EXPECT_TRUE(is_reset(&cards[1], 0));
	EXPECT_EQ(10000U, cards[1].resets);
	EXPECT_EQ(0U, m.sys.irqs.space.nr_ranges);
	EXPECT_SOUND();
}

TEST_HARNESS_MAIN

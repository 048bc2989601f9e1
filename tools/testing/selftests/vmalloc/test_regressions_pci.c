// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_regressions_pci.c - bugs of PCI from public reports, reproduced
 *
 * Each test has the id of a report: ch is cloud-hypervisor, lvu libvfio-user, qubes
 * QubesOS, mu the firmware mu_msvm, mp multipass, edk2 the firmware, acrn
 * acrn-hypervisor, kata kata-containers, rpi the boards of that name. The number is
 * that of the issue or the pull request. A test checks only what its report describes:
 * if one bug is put back, exactly one test fails.
 */
#include "../kselftest_harness.h"

#include "pci_machine.h"

#include <vmalloc/pci_snapshot.h>

#define ENTRIES		4
#define MSI_CAP		0x40
#define MSIX_CAP	0x60

/* A card with a BAR for its MSI-X table, MSI with mask bits, and power management */
struct full_card {
	struct vmr_pci_function		fn;
	struct vmr_pci_msi		msi;
	struct vmr_pci_msix		msix;
	struct vmr_pci_msix_entry	entries[ENTRIES];
	struct vmr_pci_pm		pm;
	unsigned int			delivered[ENTRIES];
	unsigned int			vectors[ENTRIES];	/* vector_changed() */
	unsigned int			messages[ENTRIES];	/* message_changed() */
	unsigned int			resets;
};

static struct full_card cards[4];
static struct vmr_pci_host host, other;
static struct vmr_pci_bridge bridges[3];

static struct full_card *to_card(struct vmr_pci_function *fn)
{
	return owner_of(fn, struct full_card, fn);
}

static void count_delivered(struct vmr_pci_function *fn, uint32_t index)
{
	to_card(fn)->delivered[index]++;
}

static void count_vector(struct vmr_pci_function *fn, uint32_t index,
			 const struct vmr_range *range, int error)
{
	(void)error;
	to_card(fn)->vectors[index] += !!range;
}

static void count_message(struct vmr_pci_function *fn, uint32_t index)
{
	to_card(fn)->messages[index]++;
}

static void count_reset(struct vmr_pci_function *fn)
{
	to_card(fn)->resets++;
}

static const struct vmr_pci_events events = {
	.vector_changed = count_vector, .message_changed = count_message,
	.deliver = count_delivered, .reset = count_reset,
};

static int full_card_init(struct full_card *c, uint32_t bar_size)
{
	const struct vmr_pci_msix_layout layout = { 0, 0, 0x400, 0x800 };
	int ret;

	memset(c, 0, sizeof(*c));
	ret = card_init(&c->fn);
	c->fn.events = &events;
	if (!ret)
		ret = vmr_pci_add_bar(&c->fn, 0, VMR_PCI_BAR_MEM32, false,
				      bar_size, "bar");
	if (!ret)
		ret = vmr_pci_add_msi_maskable(&c->fn, &c->msi, MSI_CAP, 4, true);
	if (!ret)
		ret = vmr_pci_add_msix(&c->fn, &c->msix, MSIX_CAP, c->entries,
				       ENTRIES, &layout);
	return ret ? ret : vmr_pci_add_pm(&c->fn, &c->pm, false);
}

/* A machine with one host bridge, and @nr cards at the root */
static int cards_up(uint32_t irq_last, unsigned int nr)
{
	int ret = pci_machine_up(irq_last);
	unsigned int i;

	if (!ret)
		ret = host_up(&host, 0, 0, 15);
	for (i = 0; i < nr && !ret; i++) {
		ret = full_card_init(&cards[i], 0x1000);
		if (!ret)
			ret = vmr_pci_host_plug(&host, &cards[i].fn,
						(i + 1) << 3);
	}
	return ret;
}

static void msix_flags(struct full_card *c, uint32_t flags)
{
	reg_write(&c->fn, MSIX_CAP + PCI_MSIX_FLAGS, flags, 2);
}

static void entry_write(struct full_card *c, uint32_t offset, uint32_t value)
{
	const uint8_t bytes[4] = {
		(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
		(uint8_t)(value >> 24),
	};

	vmr_pci_msix_write(&c->fn, &c->msix, offset, bytes, 4);
}

static void entry_mask(struct full_card *c, uint32_t index, bool masked)
{
	entry_write(c, 16 * index + PCI_MSIX_ENTRY_VECTOR_CTRL, masked);
}

static uint32_t pending(struct full_card *c)
{
	uint8_t bytes[4] = { 0 };

	vmr_pci_msix_read_pba(&c->msix, 0, bytes, 4);
	return bytes[0];
}

static struct vmr_pci_function *found(uint32_t segment, uint32_t bus, uint32_t dev)
{
	return vmr_pci_find_function(&m.manager,
				     VMR_PCI_ADDRESS(segment, bus, dev, 0));
}

/*
 * Interrupts
 */

/*
 * The guest masked an entry to change its affinity, and the VMM freed the vector. Another
 * function took it, and the entry was dead afterwards.
 */
TEST(ch_795)
{
	ASSERT_EQ(0, cards_up(0, 2));
	msix_flags(&cards[0], PCI_MSIX_FLAGS_ENABLE);
	entry_mask(&cards[0], 0, false);
	msix_flags(&cards[1], PCI_MSIX_FLAGS_ENABLE);
	entry_mask(&cards[1], 0, false);
	EXPECT_EQ(-ENOSPC, cards[1].entries[0].error);

	entry_mask(&cards[0], 0, true);
	entry_write(&cards[0], PCI_MSIX_ENTRY_LOWER_ADDR, 0xfee01000);
	entry_mask(&cards[0], 0, false);
	EXPECT_EQ(0, vmr_pci_notify(&cards[0].fn, 0));
	EXPECT_EQ(1U, cards[0].delivered[0]);

	/* The other function waits until the first one is done with it */
	EXPECT_EQ(-ENOSPC, cards[1].entries[0].error);
	msix_flags(&cards[0], 0);
	EXPECT_EQ(0, cards[1].entries[0].error);
	EXPECT_EQ(0, vmr_pci_notify(&cards[1].fn, 0));
	EXPECT_EQ(1U, cards[1].delivered[0]);
}

/*
 * The guest unmasked an entry while the function mask was set, and cleared the function
 * mask afterwards. The VMM looked at the mask of the entry only and never used it.
 */
TEST(lvu_807)
{
	ASSERT_EQ(0, cards_up(63, 1));
	msix_flags(&cards[0], PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	entry_mask(&cards[0], 1, false);
	EXPECT_EQ(0U, cards[0].vectors[1]);
	msix_flags(&cards[0], PCI_MSIX_FLAGS_ENABLE);
	EXPECT_EQ(1U, cards[0].vectors[1]);
	EXPECT_EQ(1U, cards[0].messages[1]);
	EXPECT_EQ(0, vmr_pci_notify(&cards[0].fn, 1));
	EXPECT_EQ(1U, cards[0].delivered[1]);
}

/* An interrupt that was sent while its entry was masked was lost. */
TEST(ch_7963)
{
	ASSERT_EQ(0, cards_up(63, 1));
	msix_flags(&cards[0], PCI_MSIX_FLAGS_ENABLE);
	EXPECT_EQ(-EAGAIN, vmr_pci_notify(&cards[0].fn, 2));
	EXPECT_EQ(-EAGAIN, vmr_pci_notify(&cards[0].fn, 2));
	EXPECT_EQ(4U, pending(&cards[0]));
	EXPECT_EQ(0U, cards[0].delivered[2]);
	entry_mask(&cards[0], 2, false);
	EXPECT_EQ(0U, pending(&cards[0]));
	EXPECT_EQ(1U, cards[0].delivered[2]);
}

/* The mask bits of MSI had no effect. */
TEST(kata_8662)
{
	const uint32_t mask = MSI_CAP + PCI_MSI_MASK_64;
	struct full_card *c = &cards[0];

	ASSERT_EQ(0, cards_up(63, 1));
	reg_write(&c->fn, mask, 5, 4);
	reg_write(&c->fn, MSI_CAP + PCI_MSI_FLAGS,
		  PCI_MSI_FLAGS_ENABLE | 2 << 4, 2);
	EXPECT_EQ(0, vmr_pci_notify(&c->fn, 1));
	EXPECT_EQ(-EAGAIN, vmr_pci_notify(&c->fn, 2));
	EXPECT_EQ(4U, reg_read(&c->fn, mask + 4, 4));
	EXPECT_EQ(1U, c->delivered[1]);
	EXPECT_EQ(0U, c->delivered[2]);
	reg_write(&c->fn, mask, 1, 4);
	EXPECT_EQ(0U, reg_read(&c->fn, mask + 4, 4));
	EXPECT_EQ(1U, c->delivered[2]);
	EXPECT_EQ(0U, c->delivered[0]);
}

static struct vmr_pci_intx_line lines[8];
static struct vmr_pci_intx intx = { .lines = lines, .nr_lines = NR(lines) };

/* A pin behind bridges led to the line that it has at the root. */
TEST(nemu_207)
{
	const struct vmr_pci_host_config config = {
		.bus_last = 15, .intx = &intx, .name = "host",
	};
	uint32_t line = ~0u;
	unsigned int i;

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, vmr_pci_host_register(&m.manager, &host, &config));
	ASSERT_EQ(0, bridge_init(&bridges[0]));
	ASSERT_EQ(0, bridge_init(&bridges[1]));
	ASSERT_EQ(0, full_card_init(&cards[0], 0x1000));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &bridges[0].fn, 4 << 3));
	ASSERT_EQ(0, vmr_pci_bridge_plug(&bridges[0], &bridges[1].fn, 2 << 3));
	ASSERT_EQ(0, vmr_pci_bridge_plug(&bridges[1], &cards[0].fn, 3 << 3));

	/* INTA# of device 3 is INTD# of device 2, and this INTB# of device 4 */
	ASSERT_EQ(0, vmr_pci_intx_get_line(&cards[0].fn, &line));
	EXPECT_EQ(5U, line);
	ASSERT_EQ(0, vmr_pci_intx_set(&cards[0].fn, true));
	for (i = 0; i < NR(lines); i++)
		EXPECT_EQ(i == 5, lines[i].level);
}

/*
 * Hosts and segments
 */

/* Two segments had the same bus numbers, and a function of one was found in the other. */
TEST(qubes_6932)
{
	struct vmr_pci_host *hosts[] = { &host, &other };
	unsigned int i;

	ASSERT_EQ(0, pci_machine_up(63));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, host_up(hosts[i], i, 0, 15));
		ASSERT_EQ(0, bridge_init(&bridges[i]));
		ASSERT_EQ(0, full_card_init(&cards[i], 0x1000));
		ASSERT_EQ(0, vmr_pci_host_plug(hosts[i], &bridges[i].fn, 1 << 3));
		ASSERT_EQ(0, vmr_pci_bridge_plug(&bridges[i], &cards[i].fn, 0));
		number_bridge(&bridges[i], 1, 1);
	}
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(&bridges[i].fn, found(i, 0, 1));
		EXPECT_EQ(&cards[i].fn, found(i, 1, 0));
		EXPECT_EQ(VMR_PCI_ADDRESS(i, 1, 0, 0),
			  vmr_pci_function_address(&cards[i].fn));
	}
	EXPECT_EQ(NULL, found(2, 1, 0));
}

/*
 * Two host bridges were in one segment. While the firmware scanned the first one, it
 * wrote bus numbers 1 to 255 into a bridge there, and the second one disappeared.
 */
TEST(mu_msvm_87)
{
	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, host_up(&host, 0, 0, 15));
	ASSERT_EQ(0, host_up(&other, 0, 16, 31));
	ASSERT_EQ(0, bridge_init(&bridges[0]));
	ASSERT_EQ(0, bridge_init(&bridges[1]));
	ASSERT_EQ(0, full_card_init(&cards[0], 0x1000));
	ASSERT_EQ(0, full_card_init(&cards[1], 0x1000));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &bridges[0].fn, 1 << 3));
	ASSERT_EQ(0, vmr_pci_host_plug(&other, &bridges[1].fn, 1 << 3));
	ASSERT_EQ(0, vmr_pci_bridge_plug(&bridges[0], &cards[0].fn, 0));
	ASSERT_EQ(0, vmr_pci_bridge_plug(&bridges[1], &cards[1].fn, 0));

	number_bridge(&bridges[0], 1, 255);
	EXPECT_EQ(&cards[0].fn, found(0, 1, 0));
	EXPECT_EQ(&bridges[1].fn, found(0, 16, 1));
	EXPECT_EQ(NULL, found(0, 17, 0));
	number_bridge(&bridges[1], 17, 17);
	EXPECT_EQ(&cards[1].fn, found(0, 17, 0));
	/* A bridge leads to no bus of another host bridge, whatever its numbers */
	number_bridge(&bridges[0], 17, 255);
	EXPECT_EQ(&cards[1].fn, found(0, 17, 0));
	number_bridge(&bridges[1], 18, 18);
	EXPECT_EQ(NULL, found(0, 17, 0));
}

/* A guest that uses ECAM saw 256 bytes of registers, again and again. */
TEST(ch_716)
{
	static struct vmr_pci_express_config_space space;
	static struct vmr_pci_reg_block serial;
	static struct vmr_pci_express express;
	static struct vmr_pci_function fn;
	static struct vmr_pci_ecam ecam;
	const uint8_t wmask[12] = { [4] = 0xff };
	const struct vmr_pci_cap_desc desc = {
		.id = PCI_EXT_CAP_ID_DSN, .version = 1, .size = 12, .wmask = wmask,
	};

	ASSERT_EQ(0, cards_up(63, 1));
	ASSERT_EQ(0, vmr_pci_function_init_express(&fn, &space, &card_ids,
						   &card_ops, "express"));
	ASSERT_EQ(0, vmr_pci_add_express(&fn, &express, VMR_PCI_EXPRESS_ENDPOINT));
	ASSERT_EQ(0, vmr_pci_add_ext_capability(&fn, &serial, &desc));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &fn, 2 << 3));
	ASSERT_EQ(0, vmr_pci_ecam_register(&ecam, &host, ECAM));

	EXPECT_EQ(0x10411af4U, guest_read(VMR_MMIO, ecam_at(0, 2 << 3, 0), 4));
	EXPECT_EQ(0x00010003U, guest_read(VMR_MMIO, ecam_at(0, 2 << 3, 0x100), 4));
	guest_write(VMR_MMIO, ecam_at(0, 2 << 3, 0x104), 0x5a, 4);
	EXPECT_EQ(0x5aU, guest_read(VMR_MMIO, ecam_at(0, 2 << 3, 0x104), 4));
	/* A conventional function has no registers there */
	EXPECT_EQ(0xffffffffU, guest_read(VMR_MMIO, ecam_at(0, 1 << 3, 0x100), 4));
	EXPECT_EQ(0xffffffffU, guest_read(VMR_MMIO, ecam_at(0, 3 << 3, 0), 4));
}

/* Bus addresses were taken for CPU addresses, which differ on the board. */
TEST(rpi_pcie_4)
{
	static const struct vmr_pci_window window = {
		VMR_MMIO, 0, 0x600000000, 0x603ffffff, 0xf8000000, "outbound",
	};
	const struct vmr_pci_host_config config = {
		.bus_last = 1, .windows = &window, .nr_windows = 1,
		.name = "host",
	};
	uint64_t addr = 0;

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, vmr_pci_host_register(&m.manager, &host, &config));
	ASSERT_EQ(0, full_card_init(&cards[0], 0x1000));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &cards[0].fn, 1 << 3));
	bar_on(&cards[0].fn, 0xf8100000);
	EXPECT_EQ(0xf8100000U, reg_read(&cards[0].fn, PCI_BASE_ADDRESS_0, 4));
	EXPECT_TRUE(vmr_pci_bar_addr(&cards[0].fn, 0, &addr));
	EXPECT_EQ(0x600100000U, addr);
	EXPECT_EQ(1U, guest_read(VMR_MMIO, 0x60010040c, 4));
	EXPECT_EQ(VMR_PCI_MAPPED, vmr_pci_bar_hidden(&cards[0].fn, 0, NULL, NULL));
}

/*
 * Functions
 */

/* Device numbers that the caller chose collided with those that the VMM counted. */
TEST(ch_7965)
{
	struct vmr_constraint c;
	struct vmr_resource res;
	struct vmr_resource_set set;

	ASSERT_EQ(0, cards_up(63, 0));
	ASSERT_EQ(0, full_card_init(&cards[0], 0x1000));
	ASSERT_EQ(0, full_card_init(&cards[1], 0x1000));
	ASSERT_EQ(0, full_card_init(&cards[2], 0x1000));
	ASSERT_EQ(0, full_card_init(&cards[3], 0x1000));
	EXPECT_EQ(0, vmr_pci_host_plug(&host, &cards[0].fn, 1 << 3));
	EXPECT_EQ(0, vmr_pci_host_plug(&host, &cards[1].fn, VMR_PCI_ANY_DEVICE));
	EXPECT_EQ(0, vmr_pci_host_plug(&host, &cards[2].fn, VMR_PCI_ANY_DEVICE));
	EXPECT_EQ(&cards[0].fn, found(0, 0, 1));
	EXPECT_EQ(&cards[1].fn, found(0, 0, 0));
	EXPECT_EQ(&cards[2].fn, found(0, 0, 2));

	/* An address that was granted is where the function is plugged */
	vmr_resource_set_init(&set, &res, 1);
	vmr_constraint_init_fixed(&c, VMR_KIND_PCI_BDF, VMR_PCI_BDF(0, 3, 0), 1,
				  &cards[3].fn.address);
	ASSERT_EQ(0, vmr_system_alloc_resources(&m.sys, &c, 1, &set, NULL, NULL));
	EXPECT_EQ(0, vmr_pci_host_plug(&host, &cards[3].fn, 3 << 3));
	EXPECT_EQ(&cards[3].fn, found(0, 0, 3));
}

/*
 * The functions of a card were added one after the other. The guest scanned the first one
 * in between, and a failure left a part of the card.
 */
TEST(kata_12905)
{
	struct vmr_pci_function *fns[] = {
		&cards[0].fn, &cards[1].fn, &cards[2].fn, &cards[3].fn,
	};
	static struct vmr_pci_function holder;
	unsigned int i;

	ASSERT_EQ(0, cards_up(63, 0));
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, full_card_init(&cards[i], 0x1000));
	ASSERT_EQ(0, card_init(&holder));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &holder, 5 << 3 | 3));
	PCI_REFUSED(-EBUSY, vmr_pci_host_plug_card(&host, fns, 4, 5));
	EXPECT_EQ(NULL, found(0, 0, 5));
	EXPECT_EQ(0, vmr_pci_unplug(&holder));

	EXPECT_EQ(0, vmr_pci_host_plug_card(&host, fns, 4, 5));
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(5U << 3 | i, vmr_id_value(&fns[i]->address));
		EXPECT_EQ(0x80U, reg_read(fns[i], PCI_HEADER_TYPE, 1));
	}
}

/* A function in D3hot got a write to its command register and decoded again. */
TEST(openvmm_3609)
{
	struct full_card *c = &cards[0];
	uint32_t ctrl;

	ASSERT_EQ(0, cards_up(63, 1));
	ctrl = c->pm.reg_block.offset + PCI_PM_CTRL;
	bar_on(&c->fn, 0xe0000000);
	EXPECT_ANSWERS(bar(&c->fn, 0), 0xe0000000);
	reg_write(&c->fn, ctrl, 3, 2);
	reg_write(&c->fn, COMMAND, 0, 2);
	reg_write(&c->fn, COMMAND, DECODE_MEM, 2);
	EXPECT_NE(VMR_LIVE, state_of(bar(&c->fn, 0)));
	EXPECT_EQ(VMR_PCI_HIDDEN_POWER,
		  vmr_pci_bar_hidden(&c->fn, 0, NULL, NULL));
	EXPECT_EQ(0xffffffffU, guest_read(VMR_MMIO, 0xe000000c, 4));
	/* The return to D0 resets the function */
	reg_write(&c->fn, ctrl, 0, 2);
	EXPECT_EQ(0U, reg_read(&c->fn, COMMAND, 2));
	bar_on(&c->fn, 0xe0000000);
	EXPECT_ANSWERS(bar(&c->fn, 0), 0xe0000000);
}

/*
 * Bridges
 */

/* A 64-bit BAR that is not prefetchable was hidden in a prefetchable window. */
TEST(edk2_12040)
{
	static struct vmr_pci_function fn;
	struct vmr_pci_bridge *bridge = &bridges[0];

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, bridge_init(bridge));
	ASSERT_EQ(0, card_init(&fn));
	ASSERT_EQ(0, vmr_pci_add_bar(&fn, 0, VMR_PCI_BAR_MEM64, false, 0x4000,
				     "wide"));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &bridge->fn, 8));
	ASSERT_EQ(0, vmr_pci_bridge_plug(bridge, &fn, 0));
	reg_write(&bridge->fn, PCI_PREF_MEMORY_BASE, 0x00100010, 4);
	reg_write(&bridge->fn, PCI_PREF_BASE_UPPER32, 8, 4);
	reg_write(&bridge->fn, PCI_PREF_LIMIT_UPPER32, 8, 4);
	reg_write(&bridge->fn, COMMAND, DECODE_MEM, 2);
	bar_write(&fn, 1, 8);
	bar_on(&fn, 0x00104000);
	EXPECT_EQ(0x800104004U, reg_read(&fn, PCI_BASE_ADDRESS_0, 4) |
				(uint64_t)reg_read(&fn, PCI_BASE_ADDRESS_1, 4) << 32);
	EXPECT_SEEN(bar(&fn, 0), 0x800104000);
	EXPECT_EQ(VMR_PCI_MAPPED, vmr_pci_bar_hidden(&fn, 0, NULL, NULL));
}

/* VGA enable of a bridge read back as one, and nothing was forwarded. */
TEST(dosemu2_1301)
{
	static struct vmr_pci_function vga;
	struct vmr_pci_bridge *bridge = &bridges[0];

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, bridge_init(bridge));
	ASSERT_EQ(0, card_init(&vga));
	ASSERT_EQ(0, vmr_pci_add_bar(&vga, 0, VMR_PCI_BAR_MEM32, false, 0x20000,
				     "frame buffer"));
	ASSERT_EQ(0, vmr_pci_add_bar(&vga, 1, VMR_PCI_BAR_IO, false, 0x20,
				     "registers"));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &bridge->fn, 8));
	ASSERT_EQ(0, vmr_pci_bridge_plug(bridge, &vga, 0));
	bar_write(&vga, 1, 0x3c0);
	bar_on(&vga, 0xa0000);
	reg_write(&bridge->fn, COMMAND, DECODE_MEM | DECODE_IO, 2);
	EXPECT_HIDDEN(bar(&vga, 0));
	reg_write(&bridge->fn, PCI_BRIDGE_CONTROL, PCI_BRIDGE_CTL_VGA, 2);
	EXPECT_EQ((uint32_t)PCI_BRIDGE_CTL_VGA,
		  reg_read(&bridge->fn, PCI_BRIDGE_CONTROL, 2));
	EXPECT_SEEN(bar(&vga, 0), 0xa0000);
	EXPECT_SEEN(bar(&vga, 1), 0x3c0);
}

/*
 * Resets
 */

/* Three of the five numbers, which suffice only if each reset frees them */
static void use_cards(void)
{
	unsigned int i;

	number_bridge(&bridges[0], 1, 2);
	open_mem_window(&bridges[0], 0x80000000, 0x801fffff);
	reg_write(&bridges[0].fn, COMMAND, DECODE_MEM, 2);
	number_bridge(&bridges[1], 2, 2);
	open_mem_window(&bridges[1], 0x80100000, 0x801fffff);
	reg_write(&bridges[1].fn, COMMAND, DECODE_MEM, 2);
	for (i = 0; i < 3; i++) {
		bar_on(&cards[i].fn, i ? 0x80000000 + (i - 1) * 0x100000 :
					 0x90000000);
		msix_flags(&cards[i], PCI_MSIX_FLAGS_ENABLE);
		entry_mask(&cards[i], 0, false);
	}
}

static bool is_used(struct full_card *c)
{
	return state_of(bar(&c->fn, 0)) == VMR_LIVE &&
	       vmr_range_state(&c->entries[0].range) == VMR_LIVE &&
	       !vmr_pci_notify(&c->fn, 0);
}

static bool is_reset(struct full_card *c, unsigned int resets)
{
	return c->resets == resets && state_of(bar(&c->fn, 0)) == VMR_FREE &&
	       vmr_range_state(&c->entries[0].range) == VMR_FREE &&
	       !reg_read(&c->fn, COMMAND, 2) &&
	       vmr_pci_notify(&c->fn, 0) == -ENOENT;
}

/*
 * A function level reset, and a reset of the bus behind a bridge, left vectors and
 * mappings of the functions below.
 */
TEST(acrn_3465)
{
	static struct vmr_pci_af af;
	unsigned int i;

	ASSERT_EQ(0, cards_up(4, 0));
	ASSERT_EQ(0, bridge_init(&bridges[0]));
	ASSERT_EQ(0, bridge_init(&bridges[1]));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, full_card_init(&cards[i], 0x1000));
	ASSERT_EQ(0, vmr_pci_add_af(&cards[0].fn, &af));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &cards[0].fn, 1 << 3));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &bridges[0].fn, 2 << 3));
	ASSERT_EQ(0, vmr_pci_bridge_plug(&bridges[0], &cards[1].fn, 0));
	ASSERT_EQ(0, vmr_pci_bridge_plug(&bridges[0], &bridges[1].fn, 1 << 3));
	ASSERT_EQ(0, vmr_pci_bridge_plug(&bridges[1], &cards[2].fn, 0));
	for (i = 1; i <= 100; i++) {
		use_cards();
		EXPECT_TRUE(is_used(&cards[0]) && is_used(&cards[1]) &&
			    is_used(&cards[2]));
		reg_write(&cards[0].fn, af.reg_block.offset + PCI_AF_CTRL,
			  PCI_AF_CTRL_FLR, 1);
		EXPECT_TRUE(is_reset(&cards[0], i));
		reg_write(&bridges[0].fn, PCI_BRIDGE_CONTROL,
			  PCI_BRIDGE_CTL_BUS_RESET, 2);
		EXPECT_TRUE(is_reset(&cards[1], i) && is_reset(&cards[2], i));
		EXPECT_EQ(VMR_FREE, state_of(&bridges[1].mem));
		EXPECT_EQ(0U, reg_read(&bridges[1].fn, PCI_PRIMARY_BUS, 4));
		reg_write(&bridges[0].fn, PCI_BRIDGE_CONTROL, 0, 2);
		EXPECT_EQ(0U, m.sys.irqs.space.nr_ranges);
	}
	EXPECT_SOUND();
}

/*
 * Snapshots
 */

/* A machine with one card, and a snapshot of it */
struct box {
	struct machine			m;
	struct vmr_pci_host		host;
	struct full_card		card;
	struct vmr_snapshot		snap;
	struct vmr_snapshot_space	spaces[VMR_SNAPSHOT_NR_SPACES];
	struct vmr_snapshot_block	block;
};

static struct box old, new;
static uint8_t saved[1 << 14];
static size_t saved_size;

/* The ranges of the card, and their spaces */
static struct vmr_range *range_of(struct box *b, uint64_t key, uint32_t *space)
{
	static const uint32_t in[] = {
		VMR_SNAPSHOT_PCI, VMR_SNAPSHOT_IDS, VMR_SNAPSHOT_MMIO,
		VMR_SNAPSHOT_IRQS,
	};
	struct vmr_range *ranges[] = {
		&b->card.fn.address, &b->card.fn.dev.id,
		&b->card.fn.bars[0].region.range, &b->card.entries[0].range,
	};

	if (key >= NR(ranges))
		return NULL;
	*space = in[key];
	return ranges[key];
}

static struct box *box_of(const struct vmr_snapshot *snap)
{
	return (struct box *)((char *)snap - offsetof(struct box, snap));
}

static uint64_t to_key(const struct vmr_snapshot *snap, uint32_t space,
		       const struct vmr_range *range)
{
	uint64_t key;

	for (key = 0; range_of(box_of(snap), key, &space); key++)
		if (range_of(box_of(snap), key, &space) == range)
			return key;
	return ~0ull;
}

static struct vmr_range *to_range(const struct vmr_snapshot *snap, uint64_t key,
				  uint32_t *space)
{
	return range_of(box_of(snap), key, space);
}

static const struct vmr_snapshot_ops snapshot_ops = {
	.range_to_key = to_key, .key_to_range = to_range,
};

static int box_init(struct box *b, uint32_t bar_size, uint64_t rom_size)
{
	const struct vmr_system_limits limits = {
		.mmio_last = MACHINE_LAST, .irq_last = 63, .slot_last = 31,
		.pci_last = 0xff, .id_last = 255,
	};
	const struct vmr_pci_host_config config = { .name = "host" };
	int ret;

	memset(b, 0, sizeof(*b));
	ret = vmr_system_init(&b->m.sys, &limits);
	if (!ret)
		ret = vmr_manager_init(&b->m.manager, &b->m.sys);
	if (!ret)
		ret = vmr_pci_host_register(&b->m.manager, &b->host, &config);
	if (!ret)
		ret = full_card_init(&b->card, bar_size);
	if (!ret)
		ret = vmr_pci_add_bar(&b->card.fn, VMR_PCI_ROM, VMR_PCI_BAR_ROM,
				      false, rom_size, "rom");
	if (!ret)
		ret = vmr_snapshot_describe_system(b->spaces, &b->m.sys);
	if (!ret)
		ret = vmr_snapshot_describe_pci(&b->block, 0, &b->card.fn,
						&b->m.sys);
	b->snap = (struct vmr_snapshot){
		.ops = &snapshot_ops, .spaces = b->spaces,
		.nr_spaces = VMR_SNAPSHOT_NR_SPACES, .blocks = &b->block,
		.nr_blocks = 1,
	};
	return ret;
}

static int box_up(struct box *b)
{
	int ret = box_init(b, 0x1000, 0x800);

	return ret ? ret : vmr_pci_host_plug(&b->host, &b->card.fn, 1 << 3);
}

/*
 * The restoring machine had a BAR or a ROM of another size. Before the guest has
 * programmed it, nothing in the snapshot says so but the size.
 */
TEST(mp_5084)
{
	ASSERT_EQ(0, box_up(&old));
	ASSERT_EQ(0, vmr_snapshot_save(&old.snap, saved, sizeof(saved),
				       &saved_size));
	ASSERT_EQ(0, box_init(&new, 0x2000, 0x800));
	EXPECT_EQ(-ENODEV, vmr_snapshot_restore(&new.snap, saved, saved_size));
	EXPECT_EQ(0U, new.m.sys.pci_bdfs.space.nr_ranges);
	ASSERT_EQ(0, box_init(&new, 0x1000, 0x1000));
	EXPECT_EQ(-ENODEV, vmr_snapshot_restore(&new.snap, saved, saved_size));
	EXPECT_EQ(0U, new.m.sys.pci_bdfs.space.nr_ranges);
	ASSERT_EQ(0, box_init(&new, 0x1000, 0x800));
	EXPECT_EQ(0, vmr_snapshot_restore(&new.snap, saved, saved_size));
}

/* MSI-X was on in the snapshot, and the new VMM never set up the routes of the vectors. */
TEST(propolis_730)
{
	struct vmr_pci_message message;

	ASSERT_EQ(0, box_up(&old));
	msix_flags(&old.card, PCI_MSIX_FLAGS_ENABLE);
	entry_write(&old.card, PCI_MSIX_ENTRY_LOWER_ADDR, 0xfee01000);
	entry_write(&old.card, PCI_MSIX_ENTRY_DATA, 0x41);
	entry_mask(&old.card, 0, false);
	ASSERT_EQ(0, vmr_snapshot_save(&old.snap, saved, sizeof(saved),
				       &saved_size));
	ASSERT_EQ(0, box_init(&new, 0x1000, 0x800));
	ASSERT_EQ(0, vmr_snapshot_restore(&new.snap, saved, saved_size));
	ASSERT_EQ(0, vmr_pci_register_restored(&new.m.manager, &new.card.fn,
					       NULL));
	EXPECT_EQ(1U, new.card.vectors[0]);
	EXPECT_EQ(1U, new.card.messages[0]);
	EXPECT_EQ(0U, new.card.vectors[1]);
	EXPECT_EQ(0, vmr_pci_get_message(&new.card.fn, 0, &message));
	EXPECT_EQ(0xfee01000U, message.address);
	EXPECT_EQ(0x41U, message.data);
	EXPECT_EQ(0, vmr_pci_notify(&new.card.fn, 0));
	EXPECT_EQ(1U, new.card.delivered[0]);
}

TEST_HARNESS_MAIN

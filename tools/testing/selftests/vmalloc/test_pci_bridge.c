// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_pci_bridge.c - PCI-to-PCI bridges that the guest programs
 */
#include <stdlib.h>

#include "../kselftest_harness.h"

#include "bus.h"
#include "card.h"

#define LATENCY_TIMER	0x0d
#define BUS_NUMBERS	0x18
#define IO_BASE		0x1c
#define MEM_BASE	0x20
#define PREF_BASE	0x24
#define BASE_UPPER	0x28
#define LIMIT_UPPER	0x2c
#define BRIDGE_ROM	0x38

static const struct vmr_pci_ids bridge_ids = {
	.vendor = 0x1b36,
	.device = 0x0001,
	.class_code = 0x060400,
};

static int bridge_init(struct vmr_pci_bridge *b)
{
	memset(b, 0, sizeof(*b));
	return vmr_pci_bridge_init(b, &m.manager, &bridge_ids, &card_ops,
				   "bridge");
}

/* Plug a bridge as device @slot of bus 0. */
static int bridge_up(struct vmr_pci_bridge *b, uint32_t slot)
{
	int ret = bridge_init(b);

	return ret ? ret : vmr_pci_plug(&m.manager, &b->fn,
					VMR_PCI_BDF(0, slot, 0));
}

/* Plug a bridge as device @slot behind @above. */
static int bridge_behind(struct vmr_pci_bridge *b,
			 struct vmr_pci_bridge *above, uint32_t slot)
{
	int ret = bridge_init(b);

	return ret ? ret : vmr_pci_bridge_plug(above, &b->fn, slot << 3);
}

/* Plug a function with one BAR as device @slot behind @above. */
static int card_behind(struct vmr_pci_function *fn,
		       struct vmr_pci_bridge *above, uint32_t slot,
		       enum vmr_pci_bar_type type, bool prefetchable,
		       uint64_t size)
{
	int ret = card_init(fn, "card");

	if (!ret)
		ret = vmr_pci_add_bar(fn, 0, type, prefetchable, size, "bar");
	return ret ? ret : vmr_pci_bridge_plug(above, fn, slot << 3);
}

/* Registers of the function at the address @at, as the guest numbers buses */

static void number(uint32_t at, uint32_t primary, uint32_t secondary,
		   uint32_t subordinate)
{
	conf_out_at(at, BUS_NUMBERS,
		    primary | secondary << 8 | subordinate << 16, 4);
}

static void open_io(uint32_t at, uint32_t base, uint32_t limit)
{
	conf_out_at(at, IO_BASE, (base >> 8 & 0xf0) | (limit & 0xf000), 2);
}

static void open_mem(uint32_t at, uint32_t base, uint32_t limit)
{
	conf_out_at(at, MEM_BASE, (base >> 16 & 0xfff0) | (limit & 0xfff00000),
		    4);
}

static void open_pref(uint32_t at, uint64_t base, uint64_t limit)
{
	conf_out_at(at, PREF_BASE, ((uint32_t)base >> 16 & 0xfff0) |
		    ((uint32_t)limit & 0xfff00000), 4);
	conf_out_at(at, BASE_UPPER, (uint32_t)(base >> 32), 4);
	conf_out_at(at, LIMIT_UPPER, (uint32_t)(limit >> 32), 4);
}

static void command(uint32_t at, uint32_t bits)
{
	conf_out_at(at, COMMAND, bits, 2);
}

static void bar_at(uint32_t at, unsigned int index, uint32_t value)
{
	conf_out_at(at, bar_offset(index), value, 4);
}

static void bar64_at(uint32_t at, unsigned int index, uint64_t value)
{
	bar_at(at, index, (uint32_t)value);
	bar_at(at, index + 1, (uint32_t)(value >> 32));
}

#define AT_BRIDGE	VMR_PCI_BDF(0, 2, 0)
#define AT_CARD		VMR_PCI_BDF(1, 3, 0)

static struct vmr_pci_bridge bridge;
static struct vmr_pci_function card;

/* Plug a closed bridge with bus number 1, and behind it a card with one BAR. */
static int setup(enum vmr_pci_bar_type type, bool prefetchable, uint64_t size)
{
	int ret = pci_up();

	if (!ret)
		ret = bridge_up(&bridge, 2);
	if (!ret)
		ret = card_behind(&card, &bridge, 3, type, prefetchable, size);
	if (!ret)
		number(AT_BRIDGE, 0, 1, 1);
	return ret;
}

/*
 * Registers
 */

/* A bridge has a type 1 header with the specified writable bits. */
TEST(bridge_header_type_1)
{
	const uint32_t at = AT_BRIDGE;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, bridge_up(&bridge, 2));
	EXPECT_EQ(0x00011b36U, conf_in_at(at, 0, 4));
	EXPECT_EQ(0x060400U, conf_in_at(at, 8, 4) >> 8);
	EXPECT_EQ(1U, conf_in_at(at, 0x0e, 1));
	EXPECT_EQ(0U, conf_in_at(at, BUS_NUMBERS, 4));
	/*
	 * A bridge has no BARs by default, and no subsystem ids at the offsets
	 * of type 0.
	 */
	bar_at(at, 0, 0xffffffff);
	bar_at(at, 1, 0xffffffff);
	EXPECT_EQ(0U, conf_in_at(at, 0x10, 4));
	EXPECT_EQ(0U, conf_in_at(at, 0x14, 4));
	/*
	 * Writable bits of the windows. The prefetchable window is 64 bits
	 * wide.
	 */
	conf_out_at(at, BUS_NUMBERS, 0xffffffff, 4);
	conf_out_at(at, IO_BASE, 0xffff, 2);
	conf_out_at(at, MEM_BASE, 0xffffffff, 4);
	conf_out_at(at, PREF_BASE, 0xffffffff, 4);
	conf_out_at(at, BASE_UPPER, 0xffffffff, 4);
	conf_out_at(at, LIMIT_UPPER, 0xffffffff, 4);
	/* With the latency timer of the secondary bus */
	EXPECT_EQ(0xffffffffU, conf_in_at(at, BUS_NUMBERS, 4));
	conf_out_at(at, LATENCY_TIMER, 0xff, 1);
	EXPECT_EQ(0U, conf_in_at(at, LATENCY_TIMER, 1));
	EXPECT_EQ(0xf0f0U, conf_in_at(at, IO_BASE, 2));
	EXPECT_EQ(0xfff0fff0U, conf_in_at(at, MEM_BASE, 4));
	EXPECT_EQ(0xfff1fff1U, conf_in_at(at, PREF_BASE, 4));
	EXPECT_EQ(0xffffffffU, conf_in_at(at, BASE_UPPER, 4));
	EXPECT_EQ(0xffffffffU, conf_in_at(at, LIMIT_UPPER, 4));
	conf_out_at(at, PREF_BASE, 0, 4);
	EXPECT_EQ(0x00010001U, conf_in_at(at, PREF_BASE, 4));
	EXPECT_SOUND();
}

static bool all_closed(const struct vmr_pci_bridge *b)
{
	return state_of(&b->io) == VMR_FREE && state_of(&b->mem) == VMR_FREE &&
	       state_of(&b->pref) == VMR_FREE;
}

/* All windows are closed after a reset, whatever the command register says. */
TEST(bridge_reset_windows_closed)
{
	uint32_t base, limit;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, bridge_up(&bridge, 2));
	EXPECT_TRUE(all_closed(&bridge));
	/*
	 * With decode on, the windows stay closed: each base is above its
	 * limit.
	 */
	command(AT_BRIDGE, DECODE_IO | DECODE_MEM);
	EXPECT_TRUE(all_closed(&bridge));
	base = conf_in_at(AT_BRIDGE, IO_BASE, 1);
	limit = conf_in_at(AT_BRIDGE, IO_BASE + 1, 1);
	EXPECT_LT(limit & 0xf0, base & 0xf0);
	base = conf_in_at(AT_BRIDGE, MEM_BASE, 2);
	limit = conf_in_at(AT_BRIDGE, MEM_BASE + 2, 2);
	EXPECT_LT(limit, base);
	base = conf_in_at(AT_BRIDGE, PREF_BASE, 2);
	limit = conf_in_at(AT_BRIDGE, PREF_BASE + 2, 2);
	EXPECT_LT(limit, base);

	/* Plugging a function again resets it. */
	open_mem(AT_BRIDGE, 0xe0000000, 0xe0000000);
	number(AT_BRIDGE, 0, 1, 1);
	EXPECT_EQ(VMR_LIVE, state_of(&bridge.mem));
	EXPECT_LE(0, vmr_pci_unplug(&bridge.fn));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &bridge.fn, AT_BRIDGE));
	command(AT_BRIDGE, DECODE_IO | DECODE_MEM);
	EXPECT_TRUE(all_closed(&bridge));
	EXPECT_EQ(0U, conf_in_at(AT_BRIDGE, BUS_NUMBERS, 4));
	EXPECT_EQ(0x01U, conf_in_at(AT_BRIDGE, PREF_BASE, 1) & 0xf);
}

/* A bridge can have two BARs and a ROM of its own. */
TEST(bridge_own_bars_and_rom)
{
	struct vmr_pci_function *fn = &bridge.fn;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, bridge_init(&bridge));
	EXPECT_EQ(-EINVAL, vmr_pci_add_bar(fn, 2, VMR_PCI_BAR_MEM32, false, 0x1000,
					   NULL));
	EXPECT_EQ(-EINVAL, vmr_pci_add_bar(fn, 1, VMR_PCI_BAR_MEM64, false, 0x1000,
					   NULL));
	EXPECT_EQ(0, vmr_pci_add_bar(fn, 0, VMR_PCI_BAR_MEM64, false, 0x1000,
				     NULL));
	EXPECT_EQ(0, vmr_pci_add_bar(fn, VMR_PCI_ROM, VMR_PCI_BAR_ROM, false,
				     0x1000, NULL));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, fn, AT_BRIDGE));
	command(AT_BRIDGE, DECODE_MEM);
	bar64_at(AT_BRIDGE, 0, 0x1e0000000ull);
	EXPECT_BAR(fn, 0, 0x1e0000000ull);
	/*
	 * The ROM register of type 1 has another offset. At the offset of type
	 * 0 is a window register.
	 */
	conf_out_at(AT_BRIDGE, BRIDGE_ROM, 0xe1000001, 4);
	EXPECT_BAR(fn, VMR_PCI_ROM, 0xe1000000);
	conf_out_at(AT_BRIDGE, BRIDGE_ROM, 0xe1000000, 4);
	EXPECT_NO_BAR(fn, VMR_PCI_ROM);
	conf_out_at(AT_BRIDGE, ROM_REG, 0x1, 4);
	EXPECT_NO_BAR(fn, VMR_PCI_ROM);
	conf_out_at(AT_BRIDGE, BRIDGE_ROM, 0xe1000001, 4);
	EXPECT_EQ(2, vmr_pci_unplug(fn));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, fn, AT_BRIDGE));
	EXPECT_EQ(0U, conf_in_at(AT_BRIDGE, BRIDGE_ROM, 4));
	EXPECT_EQ(0U, conf_in_at(AT_BRIDGE, 0x14, 4));
}

/* vmr_pci_bridge_init() refuses invalid arguments. */
TEST(bridge_init_errors)
{
	struct vmr_pci_ids bad = bridge_ids;

	ASSERT_EQ(0, pci_up());
	memset(&bridge, 0, sizeof(bridge));
	EXPECT_EQ(-EINVAL, vmr_pci_bridge_init(NULL, &m.manager, &bridge_ids,
					       &card_ops, "b"));
	EXPECT_EQ(-EINVAL, vmr_pci_bridge_init(&bridge, NULL, &bridge_ids,
					       &card_ops, "b"));
	EXPECT_EQ(-EINVAL, vmr_pci_bridge_init(&bridge, &m.manager, NULL,
					       &card_ops, "b"));
	EXPECT_EQ(-EINVAL, vmr_pci_bridge_init(&bridge, &m.manager,
					       &bridge_ids, NULL, "b"));
	bad.irq_pin = 5;
	EXPECT_EQ(-EINVAL, vmr_pci_bridge_init(&bridge, &m.manager, &bad,
					       &card_ops, "b"));
	/* A failed call leaves the bridge zeroed, ready for another call. */
	EXPECT_NULL(bridge.fn.bridge);
	EXPECT_EQ(0, vmr_pci_bridge_init(&bridge, &m.manager, &bridge_ids,
					 &card_ops, "b"));
}

/*
 * Functions behind a bridge
 */

/* vmr_pci_bridge_plug() refuses invalid arguments and addresses in use. */
TEST(bridge_plug_errors)
{
	struct vmr_pci_bridge off;
	struct vmr_pci_function a, b;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, bridge_up(&bridge, 2));
	ASSERT_EQ(0, bridge_init(&off));
	ASSERT_EQ(0, card_init(&a, "a"));
	ASSERT_EQ(0, card_init(&b, "b"));
	REFUSED(-EINVAL, vmr_pci_bridge_plug(NULL, &a, 0));
	REFUSED(-EINVAL, vmr_pci_bridge_plug(&bridge, NULL, 0));
	REFUSED(-ENOENT, vmr_pci_bridge_plug(&off, &a, 0));
	REFUSED(-ERANGE, vmr_pci_bridge_plug(&bridge, &a, 256));
	ASSERT_EQ(0, vmr_pci_bridge_plug(&bridge, &a, 255));
	REFUSED(-EEXIST, vmr_pci_bridge_plug(&bridge, &a, 1));
	REFUSED(-EEXIST, vmr_pci_bridge_plug(&off, &a, 1));
	REFUSED(-EEXIST, vmr_pci_plug(&m.manager, &a, 0));
	REFUSED(-EBUSY, vmr_pci_bridge_plug(&bridge, &b, 255));
	/* A bridge cannot be behind itself. */
	REFUSED(-EEXIST, vmr_pci_bridge_plug(&bridge, &bridge.fn, 1));
	REFUSED(-ENOENT, vmr_pci_bridge_plug(&off, &off.fn, 1));
	/*
	 * If set_resources() fails, neither the address nor the id stays
	 * allocated.
	 */
	EXPECT_EQ(0, vmr_pci_unplug(&a));
	EXPECT_EQ(0, vmr_pci_unplug(&bridge.fn));
	ASSERT_EQ(0, bridge_up(&bridge, 2));
	ASSERT_EQ(0, vmr_pci_bridge_plug(&bridge, &a, 7));
	card_refuses = -EIO;
	REFUSED(-EIO, vmr_pci_bridge_plug(&bridge, &b, 254));
	EXPECT_EQ(1U, bridge.devfns.space.nr_ranges);
	EXPECT_EQ(8U, bridge.devfns.high_watermark);
	card_refuses = 0;
	EXPECT_NULL(b.upstream_bridge);
	EXPECT_NULL(b.dev.parent_bus);
	EXPECT_EQ(0, vmr_pci_bridge_plug(&bridge, &b, 254));
	EXPECT_EQ(&bridge, b.upstream_bridge);
}

/* A bridge cannot be unplugged while a function is plugged behind it. */
TEST(bridge_unplug_with_children_busy)
{
	struct vmr_pci_bridge inner;

	ASSERT_EQ(0, setup(VMR_PCI_BAR_MEM32, false, 0x1000));
	ASSERT_EQ(0, bridge_behind(&inner, &bridge, 5));
	REFUSED(-EBUSY, vmr_pci_unplug(&bridge.fn));
	EXPECT_EQ(0, vmr_pci_unplug(&card));
	REFUSED(-EBUSY, vmr_pci_unplug(&bridge.fn));
	EXPECT_EQ(&bridge.fn, vmr_pci_find_function(&m.manager, AT_BRIDGE));
	EXPECT_EQ(0, vmr_pci_unplug(&inner.fn));
	EXPECT_EQ(0U, bridge.devfns.space.nr_ranges);
	EXPECT_EQ(0, vmr_pci_unplug(&bridge.fn));
	REFUSED(-ENOENT, vmr_pci_unplug(&bridge.fn));
	REFUSED(-ENOENT, vmr_pci_bridge_plug(&bridge, &card, 0));
	EXPECT_EQ(0, vmr_device_try_drain(&m.manager, &bridge.fn.dev));
	EXPECT_NULL(vmr_pci_find_function(&m.manager, AT_BRIDGE));
	/* Bridge and function can be plugged again. */
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &bridge.fn, AT_BRIDGE));
	ASSERT_EQ(0, vmr_pci_bridge_plug(&bridge, &card, 3 << 3));
	EXPECT_SOUND();
}

/*
 * Configuration space behind bridges
 */

/*
 * Bridges forward configuration accesses by the bus numbers that the guest
 * writes.
 */
TEST(bridge_config_follows_bus_numbers)
{
	struct vmr_pci_bridge b[4];
	struct vmr_pci_function endpoint;
	uint32_t i, bus;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, bridge_up(&b[0], 2));
	for (i = 1; i < 4; i++)
		ASSERT_EQ(0, bridge_behind(&b[i], &b[i - 1], 1));
	ASSERT_EQ(0, card_behind(&endpoint, &b[3], 7, VMR_PCI_BAR_MEM32, false,
				 0x1000));
	/*
	 * Before the bus is numbered, no function behind the first bridge
	 * responds.
	 */
	for (bus = 1; bus < 256; bus++)
		EXPECT_EQ(0xffffffffU, conf_in_at(VMR_PCI_BDF(bus, 1, 0), 0,
						  4));
	/*
	 * The order of firmware: subordinate 255 first, then the highest bus
	 * found.
	 */
	number(AT_BRIDGE, 0, 1, 255);
	EXPECT_EQ(0x00011b36U, conf_in_at(VMR_PCI_BDF(1, 1, 0), 0, 4));
	number(VMR_PCI_BDF(1, 1, 0), 1, 2, 255);
	number(VMR_PCI_BDF(2, 1, 0), 2, 3, 255);
	number(VMR_PCI_BDF(3, 1, 0), 3, 4, 4);
	number(VMR_PCI_BDF(2, 1, 0), 2, 3, 4);
	number(VMR_PCI_BDF(1, 1, 0), 1, 2, 4);
	number(AT_BRIDGE, 0, 1, 4);
	for (i = 1; i < 4; i++)
		EXPECT_EQ(&b[i].fn, vmr_pci_find_function(&m.manager,
							  VMR_PCI_BDF(i, 1, 0)));
	EXPECT_EQ(&endpoint, vmr_pci_find_function(&m.manager,
						   VMR_PCI_BDF(4, 7, 0)));
	EXPECT_EQ(0x10411af4U, conf_in_at(VMR_PCI_BDF(4, 7, 0), 0, 4));
	conf_out_at(VMR_PCI_BDF(4, 7, 0), 0x3c, 0x5a, 1);
	EXPECT_EQ(0x5a, endpoint.config[0x3c]);
	/* Other addresses have no function. */
	EXPECT_NULL(vmr_pci_find_function(&m.manager, VMR_PCI_BDF(3, 7, 0)));
	EXPECT_NULL(vmr_pci_find_function(&m.manager, VMR_PCI_BDF(4, 1, 0)));
	EXPECT_NULL(vmr_pci_find_function(&m.manager, VMR_PCI_BDF(5, 7, 0)));
	EXPECT_NULL(vmr_pci_find_function(&m.manager, VMR_PCI_BDF(0, 7, 0)));

	/* A bridge in the path has a subordinate number that is too low. */
	number(VMR_PCI_BDF(1, 1, 0), 1, 2, 3);
	EXPECT_NULL(vmr_pci_find_function(&m.manager, VMR_PCI_BDF(4, 7, 0)));
	EXPECT_EQ(&b[3].fn, vmr_pci_find_function(&m.manager,
						  VMR_PCI_BDF(3, 1, 0)));
	number(VMR_PCI_BDF(1, 1, 0), 1, 2, 9);
	number(AT_BRIDGE, 0, 1, 9);
	/* After renumbering, the same function is on another bus. */
	number(VMR_PCI_BDF(2, 1, 0), 2, 3, 9);
	number(VMR_PCI_BDF(3, 1, 0), 3, 9, 9);
	EXPECT_EQ(&endpoint, vmr_pci_find_function(&m.manager,
						   VMR_PCI_BDF(9, 7, 0)));
	EXPECT_NULL(vmr_pci_find_function(&m.manager, VMR_PCI_BDF(4, 7, 0)));
}

/* A search with circular bus numbers terminates. */
TEST(bridge_circular_bus_numbers_terminate)
{
	struct vmr_pci_bridge inner;
	uint32_t s, t, bus;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, bridge_up(&bridge, 2));
	ASSERT_EQ(0, bridge_behind(&inner, &bridge, 1));
	/*
	 * For every pair of small numbers the search must end, and find the
	 * right function or none.
	 */
	for (s = 0; s < 6; s++)
		for (t = 0; t < 6; t++) {
			const uint8_t outer_numbers[] = { (uint8_t)s, 255 };
			const uint8_t inner_numbers[] = { (uint8_t)t, 255 };

			vmr_pci_config_write(&bridge.fn, BUS_NUMBERS + 1,
					     outer_numbers, 2);
			vmr_pci_config_write(&inner.fn, BUS_NUMBERS + 1,
					     inner_numbers, 2);
			for (bus = 0; bus < 8; bus++) {
				uint32_t where = VMR_PCI_BDF(bus, 1, 0);
				struct vmr_pci_function *fn =
					vmr_pci_find_function(&m.manager, where);

				EXPECT_TRUE(!fn || (fn == &inner.fn && s &&
						    bus == s));
			}
		}
}

/*
 * Windows
 */

/* The windows follow the base, limit and command registers. */
TEST(bridge_windows_follow_registers)
{
	struct vmr_pci_function port;

	ASSERT_EQ(0, setup(VMR_PCI_BAR_MEM32, false, 0x1000));
	ASSERT_EQ(0, card_behind(&port, &bridge, 4, VMR_PCI_BAR_IO, false, 0x100));
	bar_at(AT_CARD, 0, 0xe0180000);
	bar_at(VMR_PCI_BDF(1, 4, 0), 0, 0x2300);
	command(AT_CARD, DECODE_MEM);
	command(VMR_PCI_BDF(1, 4, 0), DECODE_IO);
	EXPECT_HIDDEN(bar(&card, 0));
	open_mem(AT_BRIDGE, 0xe0100000, 0xe01fffff);
	open_io(AT_BRIDGE, 0x2000, 0x2fff);
	EXPECT_HIDDEN(bar(&card, 0));
	EXPECT_HIDDEN(bar(&port, 0));
	/* Ports and memory have separate decode bits. */
	command(AT_BRIDGE, DECODE_MEM);
	EXPECT_SEEN(bar(&card, 0), 0xe0180000);
	EXPECT_HIDDEN(bar(&port, 0));
	EXPECT_EQ(0xe0100000U, bridge.mem.range.start);
	EXPECT_EQ(0xe01fffffU, bridge.mem.range.last);
	command(AT_BRIDGE, DECODE_IO);
	EXPECT_HIDDEN(bar(&card, 0));
	EXPECT_SEEN(bar(&port, 0), 0x2300);
	EXPECT_EQ(0x2000U, bridge.io.range.start);
	EXPECT_EQ(0x2fffU, bridge.io.range.last);
	command(AT_BRIDGE, DECODE_IO | DECODE_MEM);
	EXPECT_SEEN(bar(&card, 0), 0xe0180000);
	EXPECT_SEEN(bar(&port, 0), 0x2300);
	/* The decode bit of the function itself is required, too. */
	command(AT_CARD, 0);
	EXPECT_NULL(responder(VMR_MMIO, 0xe0180000));
	command(AT_CARD, DECODE_MEM);
	/*
	 * The guest moves the window with decode on, one register after the
	 * other.
	 */
	conf_out_at(AT_BRIDGE, MEM_BASE, 0xe020, 2);
	EXPECT_HIDDEN(bar(&card, 0));
	EXPECT_EQ(VMR_FREE, state_of(&bridge.mem));
	conf_out_at(AT_BRIDGE, MEM_BASE + 2, 0xe020, 2);
	EXPECT_HIDDEN(bar(&card, 0));
	EXPECT_EQ(0xe0200000U, bridge.mem.range.start);
	EXPECT_EQ(0xe02fffffU, bridge.mem.range.last);
	conf_out_at(AT_BRIDGE, MEM_BASE, 0xe010, 2);
	EXPECT_SEEN(bar(&card, 0), 0xe0180000);
	EXPECT_EQ(0xe02fffffU, bridge.mem.range.last);
	/* The guest writes single bytes. */
	conf_out_at(AT_BRIDGE, IO_BASE, 0x30, 1);
	EXPECT_HIDDEN(bar(&port, 0));
	conf_out_at(AT_BRIDGE, IO_BASE + 1, 0x30, 1);
	bar_at(VMR_PCI_BDF(1, 4, 0), 0, 0x3000);
	EXPECT_SEEN(bar(&port, 0), 0x3000);
	EXPECT_SOUND();
}

/* The prefetchable window has 64-bit bounds. */
TEST(bridge_prefetch_window_64_bits)
{
	const uint64_t at = 0x2300000000ull;

	ASSERT_EQ(0, setup(VMR_PCI_BAR_MEM64, true, 0x100000));
	command(AT_BRIDGE, DECODE_MEM);
	command(AT_CARD, DECODE_MEM);
	bar64_at(AT_CARD, 0, at);
	open_pref(AT_BRIDGE, at, at + 0x1fffff);
	EXPECT_SEEN(bar(&card, 0), at);
	EXPECT_EQ(at, bridge.pref.range.start);
	EXPECT_EQ(at + 0x1fffff, bridge.pref.range.last);
	/* A write of one upper half takes effect alone. */
	conf_out_at(AT_BRIDGE, BASE_UPPER, 0x24, 4);
	EXPECT_EQ(VMR_FREE, state_of(&bridge.pref));
	EXPECT_HIDDEN(bar(&card, 0));
	conf_out_at(AT_BRIDGE, LIMIT_UPPER, 0x24, 4);
	EXPECT_EQ(at + (1ull << 32), bridge.pref.range.start);
	bar64_at(AT_CARD, 0, at + (1ull << 32) + 0x100000);
	EXPECT_SEEN(bar(&card, 0), at + (1ull << 32) + 0x100000);
	/* The window crosses 4 GiB. */
	open_pref(AT_BRIDGE, 0xfff00000, 0x1000fffffull);
	EXPECT_EQ(0xfff00000U, bridge.pref.range.start);
	EXPECT_EQ(0x1000fffffull, bridge.pref.range.last);
	bar64_at(AT_CARD, 0, 0x100000000ull);
	EXPECT_SEEN(bar(&card, 0), 0x100000000ull);
	EXPECT_SOUND();
}

/* A window with a base above its limit is closed. */
TEST(bridge_base_above_limit_closed)
{
	ASSERT_EQ(0, setup(VMR_PCI_BAR_MEM32, false, 0x1000));
	command(AT_BRIDGE, DECODE_MEM | DECODE_IO);
	command(AT_CARD, DECODE_MEM);
	bar_at(AT_CARD, 0, 0xe0100000);
	open_mem(AT_BRIDGE, 0xe0100000, 0xe0100000);
	EXPECT_SEEN(bar(&card, 0), 0xe0100000);
	open_mem(AT_BRIDGE, 0xe0200000, 0xe0100000);
	EXPECT_HIDDEN(bar(&card, 0));
	EXPECT_TRUE(all_closed(&bridge));
	open_pref(AT_BRIDGE, 0x100000000ull, 0xfff00000);
	EXPECT_TRUE(all_closed(&bridge));
	open_io(AT_BRIDGE, 0x3000, 0x2000);
	EXPECT_TRUE(all_closed(&bridge));
	/* The smallest and the largest windows that the registers can hold */
	open_io(AT_BRIDGE, 0, 0);
	EXPECT_EQ(0U, bridge.io.range.start);
	EXPECT_EQ(VMR_CLAIMED, state_of(&bridge.io));	/* contains 0xcf8 */
	open_mem(AT_BRIDGE, 0, 0xfff00000);
	EXPECT_EQ(0U, bridge.mem.range.start);
	EXPECT_EQ(0xffffffffU, bridge.mem.range.last);
	EXPECT_SEEN(bar(&card, 0), 0xe0100000);
	EXPECT_SOUND();
}

/* A BAR is mapped only while a window contains all of it. */
TEST(bridge_bar_outside_window_unmapped)
{
	struct event_log d;

	ASSERT_EQ(0, setup(VMR_PCI_BAR_MEM32, false, 0x200000));
	command(AT_BRIDGE, DECODE_MEM);
	command(AT_CARD, DECODE_MEM);
	open_mem(AT_BRIDGE, 0xe0000000, 0xe03fffff);
	bar_at(AT_CARD, 0, 0xe0000000);
	EXPECT_SEEN(bar(&card, 0), 0xe0000000);
	ASSERT_EQ(0, diary_start(&d));
	/* The register keeps the address. */
	bar_at(AT_CARD, 0, 0xd0000000);
	EXPECT_HIDDEN(bar(&card, 0));
	EXPECT_EQ(0xd0000000U, conf_in_at(AT_CARD, 0x10, 4));
	EXPECT_SAYS(&d, 0, bar(&card, 0), 0xe0000000, NOWHERE);
	/* The BAR is back in the window at another address. */
	bar_at(AT_CARD, 0, 0xe0200000);
	EXPECT_SEEN(bar(&card, 0), 0xe0200000);
	EXPECT_SAYS(&d, 1, bar(&card, 0), NOWHERE, 0xe0200000);
	/* Half of the BAR is outside the window. */
	open_mem(AT_BRIDGE, 0xe0000000, 0xe02fffff);
	EXPECT_HIDDEN(bar(&card, 0));
	EXPECT_NULL(responder(VMR_MMIO, 0xe0200000));
	EXPECT_EQ(4U, d.nr);
	open_mem(AT_BRIDGE, 0xe0200000, 0xe03fffff);
	EXPECT_SEEN(bar(&card, 0), 0xe0200000);
	command(AT_BRIDGE, 0);
	EXPECT_HIDDEN(bar(&card, 0));
	command(AT_BRIDGE, DECODE_MEM);
	EXPECT_SEEN(bar(&card, 0), 0xe0200000);
	EXPECT_SOUND();
}

/* A window at an allocated range becomes a claim until the range is free. */
TEST(bridge_window_busy_becomes_claim)
{
	struct vmr_pci_function holder;

	ASSERT_EQ(0, setup(VMR_PCI_BAR_MEM32, false, 0x1000));
	ASSERT_EQ(0, card_up(&holder, 5, VMR_PCI_BAR_MEM32, 0x1000));
	set_bar(&holder, 0, 0xe01ff000);
	decode(&holder, DECODE_MEM);
	command(AT_CARD, DECODE_MEM);
	bar_at(AT_CARD, 0, 0xe0100000);
	command(AT_BRIDGE, DECODE_MEM);
	open_mem(AT_BRIDGE, 0xe0100000, 0xe0100000);
	EXPECT_EQ(VMR_CLAIMED, state_of(&bridge.mem));
	EXPECT_HIDDEN(bar(&card, 0));
	EXPECT_BAR(&holder, 0, 0xe01ff000);
	EXPECT_EQ(0xe010e010U, conf_in_at(AT_BRIDGE, MEM_BASE, 4));
	/* A write that changes no bit does not make the claim younger. */
	command(AT_BRIDGE, DECODE_MEM);
	EXPECT_SOUND();
	set_bar(&holder, 0, 0xe0200000);
	EXPECT_EQ(VMR_LIVE, state_of(&bridge.mem));
	EXPECT_SEEN(bar(&card, 0), 0xe0100000);
	EXPECT_BAR(&holder, 0, 0xe0200000);
	/* A BAR at the range of the window becomes a claim, too. */
	set_bar(&holder, 0, 0xe0180000);
	EXPECT_CLAIM(&holder, 0, 0xe0180000);
	EXPECT_SEEN(bar(&card, 0), 0xe0100000);
	command(AT_BRIDGE, 0);
	EXPECT_BAR(&holder, 0, 0xe0180000);
	EXPECT_SOUND();
}

/*
 * If two windows of one bridge overlap, one is live and the other is a claim.
 */
TEST(bridge_windows_overlap_one_live)
{
	ASSERT_EQ(0, setup(VMR_PCI_BAR_MEM64, true, 0x1000));
	command(AT_CARD, DECODE_MEM);
	bar64_at(AT_CARD, 0, 0xe0100000);
	open_mem(AT_BRIDGE, 0xe0100000, 0xe01fffff);
	open_pref(AT_BRIDGE, 0xe0000000, 0xe01fffff);
	command(AT_BRIDGE, DECODE_MEM);
	/* Which window becomes live is an implementation detail. */
	EXPECT_EQ(VMR_LIVE, state_of(&bridge.mem));
	EXPECT_EQ(VMR_CLAIMED, state_of(&bridge.pref));
	EXPECT_SEEN(bar(&card, 0), 0xe0100000);
	EXPECT_SOUND();
	open_mem(AT_BRIDGE, 0xe0300000, 0xe0200000);
	EXPECT_EQ(VMR_LIVE, state_of(&bridge.pref));
	EXPECT_SEEN(bar(&card, 0), 0xe0100000);
	EXPECT_SOUND();
}

/*
 * A write of the command register notifies once of each region behind the
 * bridge.
 */
TEST(bridge_command_notifies_each_once)
{
	struct vmr_pci_bridge inner;
	struct vmr_pci_function far;
	const uint32_t at_inner = VMR_PCI_BDF(1, 1, 0);
	const uint32_t at_far = VMR_PCI_BDF(2, 1, 0);
	unsigned int i, of_card = 0, of_far = 0;
	struct event_log d;

	ASSERT_EQ(0, setup(VMR_PCI_BAR_MEM32, false, 0x1000));
	ASSERT_EQ(0, bridge_behind(&inner, &bridge, 1));
	ASSERT_EQ(0, card_behind(&far, &inner, 1, VMR_PCI_BAR_MEM32, false,
				 0x1000));
	number(AT_BRIDGE, 0, 1, 2);
	number(at_inner, 1, 2, 2);
	command(AT_CARD, DECODE_MEM);
	command(at_inner, DECODE_MEM);
	command(at_far, DECODE_MEM);
	bar_at(AT_CARD, 0, 0xe0000000);
	bar_at(at_far, 0, 0xe0100000);
	open_mem(AT_BRIDGE, 0xe0000000, 0xe01fffff);
	open_mem(at_inner, 0xe0100000, 0xe01fffff);
	ASSERT_EQ(0, diary_start(&d));
	command(AT_BRIDGE, DECODE_MEM);
	EXPECT_SEEN(bar(&card, 0), 0xe0000000);
	EXPECT_SEEN(bar(&far, 0), 0xe0100000);
	EXPECT_EQ(4U, d.nr);	/* two windows and two BARs */
	for (i = 0; i < d.nr; i++) {
		of_card += event_equals(&d, i, bar(&card, 0), NOWHERE, 0xe0000000);
		of_far += event_equals(&d, i, bar(&far, 0), NOWHERE, 0xe0100000);
	}
	EXPECT_EQ(1U, of_card);
	EXPECT_EQ(1U, of_far);
	command(AT_BRIDGE, DECODE_MEM);
	EXPECT_EQ(4U, d.nr);
	command(AT_BRIDGE, 0);
	EXPECT_EQ(8U, d.nr);
	EXPECT_SOUND();
}

/* Functions behind different bridges can have equal addresses. */
TEST(bridge_equal_bases_behind_two_bridges)
{
	struct vmr_pci_bridge other;
	struct vmr_pci_function b;
	const uint32_t at_other = VMR_PCI_BDF(0, 4, 0);
	const uint32_t at_b = VMR_PCI_BDF(2, 3, 0);

	ASSERT_EQ(0, setup(VMR_PCI_BAR_MEM32, false, 0x1000));
	ASSERT_EQ(0, bridge_up(&other, 4));
	number(at_other, 0, 2, 2);
	ASSERT_EQ(0, card_behind(&b, &other, 3, VMR_PCI_BAR_MEM32, false, 0x1000));
	command(AT_CARD, DECODE_MEM);
	command(at_b, DECODE_MEM);
	bar_at(AT_CARD, 0, 0xe0000000);
	bar_at(at_b, 0, 0xe0000000);
	command(AT_BRIDGE, DECODE_MEM);
	command(at_other, DECODE_MEM);
	open_mem(AT_BRIDGE, 0xe0000000, 0xe00fffff);
	EXPECT_SEEN(bar(&card, 0), 0xe0000000);
	/*
	 * The window of the other bridge becomes a claim. The regions behind
	 * it stay unmapped.
	 */
	open_mem(at_other, 0xe0000000, 0xe00fffff);
	EXPECT_SEEN(bar(&card, 0), 0xe0000000);
	EXPECT_HIDDEN(bar(&b, 0));
	command(AT_BRIDGE, 0);
	EXPECT_SEEN(bar(&b, 0), 0xe0000000);
	EXPECT_HIDDEN(bar(&card, 0));
	EXPECT_SOUND();
}

/* A bridge forwards by address alone, whatever the types of its windows and of BARs. */
TEST(bridge_forwards_by_address)
{
	uint32_t at = AT_CARD;

	ASSERT_EQ(0, setup(VMR_PCI_BAR_MEM64, false, 0x4000));
	command(AT_BRIDGE, DECODE_MEM);
	command(at, DECODE_MEM);
	open_mem(AT_BRIDGE, 0xe0000000, 0xe00fffff);
	open_pref(AT_BRIDGE, 0x800000000ull, 0x80fffffffull);
	/* The firmware chooses the prefetchable window above 4 GiB. */
	bar64_at(at, 0, 0x800000000ull);
	EXPECT_SEEN(bar(&card, 0), 0x800000000ull);
	EXPECT_EQ(0x00000004U, conf_in_at(at, 0x10, 4));
	EXPECT_EQ(0x00000008U, conf_in_at(at, 0x14, 4));
	/* No window contains the address. */
	bar64_at(at, 0, 0x900000000ull);
	EXPECT_HIDDEN(bar(&card, 0));
	/* The memory window contains the address. */
	bar64_at(at, 0, 0xe0000000);
	EXPECT_SEEN(bar(&card, 0), 0xe0000000);
	/* The window moves away, then closes. */
	open_mem(AT_BRIDGE, 0xe0100000, 0xe01fffff);
	EXPECT_HIDDEN(bar(&card, 0));
	open_mem(AT_BRIDGE, 0xe0100000, 0xe0000000);
	EXPECT_HIDDEN(bar(&card, 0));
	EXPECT_SOUND();
}

/*
 * Firmware placed what is not prefetchable in a prefetchable window. Automatic placement
 * never uses that window for it.
 */
TEST(edk2_13104)
{
	static struct vmr_region area;
	struct vmr_device *dev = &card.dev;
	struct vmr_constraint want;
	struct vmr_resource got;

	ASSERT_EQ(0, setup(VMR_PCI_BAR_MEM64, false, 0x4000));
	command(AT_BRIDGE, DECODE_MEM);
	open_mem(AT_BRIDGE, 0xe0100000, 0xe0000000);
	open_pref(AT_BRIDGE, 0x800000000ull, 0x80fffffffull);
	EXPECT_EQ(0, vmr_pci_unplug(&card));
	ASSERT_EQ(0, card_init(&card, "placed"));
	vmr_region_init(&area, VMR_MMIO, VMR_REGION_TRAPPED, 0x4000, 0, "area");
	ASSERT_EQ(0, vmr_device_add_region(dev, &area));
	vmr_constraint_init(&want, VMR_KIND_MMIO, 0x4000, &area.range);
	want.flags = VMR_64BIT;
	vmr_resource_set_init(&dev->resources, &got, 1);
	dev->constraints = &want;
	dev->nr_constraints = 1;
	REFUSED(-ENOSPC, vmr_pci_bridge_plug(&bridge, &card, 3 << 3));
	want.flags = VMR_64BIT | VMR_PREFETCHABLE;
	REFUSED(-EINVAL, vmr_pci_bridge_plug(&bridge, &card, 3 << 3));
	want.flags = VMR_64BIT;
	open_mem(AT_BRIDGE, 0xe0000000, 0xe00fffff);
	EXPECT_EQ(0, vmr_pci_bridge_plug(&bridge, &card, 3 << 3));
	EXPECT_SEEN(&area, 0xe0000000);
	EXPECT_SOUND();
}

/* Registers place a BAR: no constraint may name its region. */
TEST(bar_constraint_refused)
{
	static struct vmr_resource got;
	struct vmr_constraint want;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_init(&card, "placed"));
	ASSERT_EQ(0, vmr_pci_add_bar(&card, 0, VMR_PCI_BAR_MEM32, false, 0x1000,
				     "bar"));
	vmr_constraint_init_bounded(&want, VMR_KIND_MMIO, 0x1000, 0x1000,
				    0xe0000000, 0xefffffff,
				    &bar(&card, 0)->range);
	vmr_resource_set_init(&card.dev.resources, &got, 1);
	card.dev.constraints = &want;
	card.dev.nr_constraints = 1;
	REFUSED(-EINVAL, vmr_pci_plug(&m.manager, &card, 8));
	EXPECT_EQ(VMR_FREE, state_of(bar(&card, 0)));
	card.dev.nr_constraints = 0;
	EXPECT_EQ(0, vmr_pci_plug(&m.manager, &card, 8));
}

static struct vmr_pci_bridge notified_bridge;

static void unplug_on_map(struct vmr_listener *listener,
			  struct vmr_region *region,
			   const struct vmr_mapping *old,
			   const struct vmr_mapping *new_)
{
	if (new_->mapped)
		vmr_pci_unplug(&notified_bridge.fn);
}

/* A listener can unplug a bridge during the notification of its BAR. */
TEST(bridge_unplug_by_listener)
{
	struct vmr_listener listener = { .region_changed = unplug_on_map };

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, bridge_init(&notified_bridge));
	ASSERT_EQ(0, vmr_pci_add_bar(&notified_bridge.fn, 0, VMR_PCI_BAR_MEM32, false,
				     0x1000, "bar"));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &notified_bridge.fn, AT_BRIDGE));
	conf_out_at(AT_BRIDGE, 0x10, 0xe0000000, 4);
	open_mem(AT_BRIDGE, 0xe0100000, 0xe01fffff);
	ASSERT_EQ(0, vmr_listener_register(&m.manager, &listener));
	command(AT_BRIDGE, DECODE_MEM);
	EXPECT_NULL(notified_bridge.fn.manager);
	EXPECT_TRUE(all_closed(&notified_bridge));
	EXPECT_EQ(0U, m.sys.mmio.nr_ranges);
	EXPECT_SOUND();
}

/* A prefetchable BAR can move between both memory windows. */
TEST(bridge_bar_moves_between_windows)
{
	struct event_log d;

	ASSERT_EQ(0, setup(VMR_PCI_BAR_MEM64, true, 0x4000));
	command(AT_BRIDGE, DECODE_MEM);
	open_mem(AT_BRIDGE, 0xe0000000, 0xe00fffff);
	open_pref(AT_BRIDGE, 0x800000000ull, 0x80fffffffull);
	bar64_at(AT_CARD, 0, 0xe0000000);
	command(AT_CARD, DECODE_MEM);
	EXPECT_SEEN(bar(&card, 0), 0xe0000000);
	ASSERT_EQ(0, diary_start(&d));
	/* One guest switches decode off before the move. */
	command(AT_CARD, 0);
	bar64_at(AT_CARD, 0, 0x800004000ull);
	command(AT_CARD, DECODE_MEM);
	EXPECT_SEEN(bar(&card, 0), 0x800004000ull);
	EXPECT_NULL(responder(VMR_MMIO, 0xe0000000));
	EXPECT_EQ(2U, d.nr);
	/*
	 * Another guest moves with decode on. Between its writes the BAR is
	 * unmapped.
	 */
	bar_at(AT_CARD, 1, 0);
	EXPECT_NULL(responder(VMR_MMIO, 0x4000));
	bar_at(AT_CARD, 0, 0xe0008000);
	EXPECT_SEEN(bar(&card, 0), 0xe0008000);
	EXPECT_SOUND();
}

/* A device that is no function may be on the bus, and keeps the bridge. */
TEST(bridge_unplug_with_plain_device)
{
	static struct vmr_pci_bridge plain;
	static struct probe p;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, vmr_pci_bridge_init(&plain, &m.manager,
					 &(struct vmr_pci_ids) {
						 .class_code = 0x060400 },
					 &card_ops, "plain"));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &plain.fn, VMR_PCI_BDF(0, 9, 0)));
	ASSERT_EQ(0, leaf_up(&p, "leaf", &plain.bus, VMR_MMIO, 0x1000, false));
	EXPECT_EQ(-EBUSY, vmr_pci_unplug(&plain.fn));
	EXPECT_EQ(&m.manager, plain.fn.manager);
	EXPECT_EQ(0, vmr_device_unregister(&m.manager, &p.dev));
	EXPECT_EQ(0, vmr_pci_unplug(&plain.fn));
}

TEST_HARNESS_MAIN

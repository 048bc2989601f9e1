// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_pci_forward.c - what a bridge forwards: ISA enable and VGA enable
 */
#include "../kselftest_harness.h"

#include "pci_machine.h"

static struct vmr_pci_bridge bridge, inner;
static struct vmr_pci_function ports[3], card;

static void control(struct vmr_pci_bridge *b, uint32_t bits)
{
	reg_write(&b->fn, PCI_BRIDGE_CONTROL, bits, 2);
}

static int ports_init(struct vmr_pci_function *fn, uint32_t size)
{
	int ret = card_init(fn);

	return ret ? ret : vmr_pci_add_bar(fn, 0, VMR_PCI_BAR_IO, false, size,
					   "ports");
}

/* A bridge with open windows, and functions with 16, 256 and 4 ports behind it */
static int setup(void)
{
	static const uint32_t sizes[] = { 16, 256, 4 };
	int ret = pci_machine_up(63), i;

	if (!ret)
		ret = bridge_init(&bridge);
	if (!ret)
		ret = vmr_pci_plug(&m.manager, &bridge.fn, 8);
	for (i = 0; i < 3 && !ret; i++) {
		ret = ports_init(&ports[i], sizes[i]);
		if (!ret)
			ret = vmr_pci_bridge_plug(&bridge, &ports[i], i << 3);
	}
	if (!ret)
		ret = card_with_bar(&card);
	if (!ret)
		ret = vmr_pci_bridge_plug(&bridge, &card, 5 << 3);
	number_bridge(&bridge, 1, 2);
	return ret;
}

/* With ISA enable only the lower 256 ports of each 1024 are forwarded. */
TEST(bridge_isa_enable)
{
	uint32_t port;

	ASSERT_EQ(0, setup());
	open_io_window(&bridge, 0x4000, 0x5fff);
	reg_write(&bridge.fn, COMMAND, DECODE_IO, 2);
	control(&bridge, PCI_BRIDGE_CTL_ISA);
	for (port = 0x4000; port < 0x6000; port += 0x80) {
		bar_on(&ports[0], port);
		if (port % 1024 < 256)
			EXPECT_SEEN(bar(&ports[0], 0), port);
		else
			EXPECT_HIDDEN(bar(&ports[0], 0));
	}
	/* The last ports that are forwarded, and the first that are not */
	bar_on(&ports[0], 0x40f0);
	EXPECT_SEEN(bar(&ports[0], 0), 0x40f0);
	bar_on(&ports[0], 0x4100);
	EXPECT_HIDDEN(bar(&ports[0], 0));
	EXPECT_EQ(VMR_PCI_HIDDEN_WINDOW, vmr_pci_bar_hidden(&ports[0], 0, NULL,
							    NULL));
	bar_on(&ports[1], 0x5c00);
	EXPECT_SEEN(bar(&ports[1], 0), 0x5c00);
	/* The bit acts when it is written, on the window that stays where it is */
	control(&bridge, 0);
	EXPECT_SEEN(bar(&ports[0], 0), 0x4100);
	control(&bridge, PCI_BRIDGE_CTL_ISA);
	EXPECT_HIDDEN(bar(&ports[0], 0));
	EXPECT_EQ((uint32_t)PCI_BRIDGE_CTL_ISA,
		  reg_read(&bridge.fn, PCI_BRIDGE_CONTROL, 2));
	EXPECT_EQ(0, vmr_pci_function_reset(&bridge.fn, VMR_PCI_RESET_BUS));
	open_io_window(&bridge, 0x4000, 0x5fff);
	reg_write(&bridge.fn, COMMAND, DECODE_IO, 2);
	EXPECT_SEEN(bar(&ports[0], 0), 0x4100);
	EXPECT_SOUND();
}

/* ISA enable of the upper bridge counts for what is behind the lower one. */
TEST(bridge_isa_enable_nested)
{
	static struct vmr_pci_function deep;

	ASSERT_EQ(0, setup());
	ASSERT_EQ(0, bridge_init(&inner));
	ASSERT_EQ(0, vmr_pci_bridge_plug(&bridge, &inner.fn, 7 << 3));
	ASSERT_EQ(0, ports_init(&deep, 16));
	ASSERT_EQ(0, vmr_pci_bridge_plug(&inner, &deep, 0));
	open_io_window(&bridge, 0x4000, 0x5fff);
	open_io_window(&inner, 0x4000, 0x4fff);
	reg_write(&bridge.fn, COMMAND, DECODE_IO, 2);
	reg_write(&inner.fn, COMMAND, DECODE_IO, 2);
	bar_on(&deep, 0x4100);
	EXPECT_SEEN(bar(&deep, 0), 0x4100);
	control(&bridge, PCI_BRIDGE_CTL_ISA);
	EXPECT_HIDDEN(bar(&deep, 0));
	control(&bridge, 0);
	control(&inner, PCI_BRIDGE_CTL_ISA);
	EXPECT_HIDDEN(bar(&deep, 0));
	bar_on(&deep, 0x4400);
	EXPECT_SEEN(bar(&deep, 0), 0x4400);
	control(&bridge, PCI_BRIDGE_CTL_ISA);
	EXPECT_SEEN(bar(&deep, 0), 0x4400);
	EXPECT_SOUND();
}

/* ISA enable restricts no memory. */
TEST(bridge_isa_enable_memory)
{
	ASSERT_EQ(0, setup());
	open_mem_window(&bridge, 0x80000000, 0x800fffff);
	reg_write(&bridge.fn, COMMAND, DECODE_MEM, 2);
	control(&bridge, PCI_BRIDGE_CTL_ISA);
	bar_on(&card, 0x80001000);
	EXPECT_SEEN(bar(&card, 0), 0x80001000);
}

/* VGA enable forwards the memory and the ports of VGA, as the decode bits say. */
TEST(bridge_vga_enable)
{
	ASSERT_EQ(0, setup());
	bar_on(&card, 0xa0000);
	bar_on(&ports[0], 0x3b0);
	bar_on(&ports[2], 0x3b8);
	reg_write(&bridge.fn, COMMAND, DECODE_IO | DECODE_MEM, 2);
	EXPECT_HIDDEN(bar(&card, 0));
	control(&bridge, PCI_BRIDGE_CTL_VGA);
	EXPECT_SEEN(bar(&card, 0), 0xa0000);
	bar_on(&card, 0xbf000);
	EXPECT_SEEN(bar(&card, 0), 0xbf000);
	bar_on(&card, 0xc0000);
	EXPECT_HIDDEN(bar(&card, 0));
	bar_on(&card, 0x9f000);
	EXPECT_HIDDEN(bar(&card, 0));
	bar_on(&card, 0xa0000);
	/* 0x3b0 to 0x3bb and 0x3c0 to 0x3df */
	EXPECT_HIDDEN(bar(&ports[0], 0));
	bar_on(&ports[0], 0x3e0);
	EXPECT_HIDDEN(bar(&ports[0], 0));
	EXPECT_SEEN(bar(&ports[2], 0), 0x3b8);
	bar_on(&ports[2], 0x3bc);
	EXPECT_HIDDEN(bar(&ports[2], 0));
	bar_on(&ports[0], 0x3c0);
	EXPECT_SEEN(bar(&ports[0], 0), 0x3c0);
	bar_on(&ports[0], 0x3d0);
	EXPECT_SEEN(bar(&ports[0], 0), 0x3d0);
	/* Aliases are not forwarded, and no bit selects them */
	bar_on(&ports[0], 0x7c0);
	EXPECT_HIDDEN(bar(&ports[0], 0));
	control(&bridge, PCI_BRIDGE_CTL_VGA | 0x10);
	EXPECT_HIDDEN(bar(&ports[0], 0));
	EXPECT_EQ((uint32_t)PCI_BRIDGE_CTL_VGA,
		  reg_read(&bridge.fn, PCI_BRIDGE_CONTROL, 2));
	bar_on(&ports[0], 0x3c0);
	/* The decode bits of the bridge apply */
	reg_write(&bridge.fn, COMMAND, DECODE_MEM, 2);
	EXPECT_SEEN(bar(&card, 0), 0xa0000);
	EXPECT_HIDDEN(bar(&ports[0], 0));
	reg_write(&bridge.fn, COMMAND, DECODE_IO, 2);
	EXPECT_HIDDEN(bar(&card, 0));
	EXPECT_SEEN(bar(&ports[0], 0), 0x3c0);
	control(&bridge, 0x10);
	EXPECT_HIDDEN(bar(&ports[0], 0));
	EXPECT_SOUND();
}

/* ISA enable keeps back nothing of what VGA enable forwards. */
TEST(bridge_vga_and_isa_enable)
{
	ASSERT_EQ(0, setup());
	open_io_window(&bridge, 0x1000, 0x1fff);
	reg_write(&bridge.fn, COMMAND, DECODE_IO, 2);
	control(&bridge, PCI_BRIDGE_CTL_VGA | PCI_BRIDGE_CTL_ISA);
	bar_on(&ports[0], 0x3d0);
	EXPECT_SEEN(bar(&ports[0], 0), 0x3d0);
	bar_on(&ports[0], 0x13d0);
	EXPECT_HIDDEN(bar(&ports[0], 0));
	bar_on(&ports[0], 0x1000);
	EXPECT_SEEN(bar(&ports[0], 0), 0x1000);
}

/* An I/O window over VGA ports, and VGA ports that are in use at the root. */
TEST(bridge_vga_ports_in_window)
{
	static struct vmr_pci_function root;

	ASSERT_EQ(0, setup());
	bar_on(&ports[0], 0x3c0);
	open_io_window(&bridge, 0, 0x0fff);
	reg_write(&bridge.fn, COMMAND, DECODE_IO, 2);
	EXPECT_SEEN(bar(&ports[0], 0), 0x3c0);
	control(&bridge, PCI_BRIDGE_CTL_VGA);
	EXPECT_SEEN(bar(&ports[0], 0), 0x3c0);
	control(&bridge, 0);
	EXPECT_SEEN(bar(&ports[0], 0), 0x3c0);
	/* The ports belong to a function at the root: the window waits */
	open_io_window(&bridge, 0xf000, 0);
	ASSERT_EQ(0, ports_init(&root, 16));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &root, 16));
	bar_on(&root, 0x3d0);
	control(&bridge, PCI_BRIDGE_CTL_VGA);
	EXPECT_SEEN(bar(&root, 0), 0x3d0);
	EXPECT_HIDDEN(bar(&ports[0], 0));
	EXPECT_EQ(1, vmr_pci_unplug(&root));
	EXPECT_SEEN(bar(&ports[0], 0), 0x3c0);
	EXPECT_SOUND();
}

/* Windows end with the domain: one that leaves it is clipped, not closed. */
TEST(bridge_window_clipped_to_domain)
{
	ASSERT_EQ(0, setup());
	reg_write(&bridge.fn, COMMAND, DECODE_MEM, 2);
	reg_write(&bridge.fn, PCI_PREF_BASE_UPPER32, 0x3fff, 4);
	reg_write(&bridge.fn, PCI_PREF_LIMIT_UPPER32, 0xffffffff, 4);
	reg_write(&bridge.fn, PCI_PREF_MEMORY_BASE, 0xfff0fff0, 4);
	EXPECT_EQ(VMR_LIVE, state_of(&bridge.pref));
	EXPECT_EQ(0x3ffffff00000u, bridge.pref.range.start);
	EXPECT_EQ(MACHINE_LAST, bridge.pref.range.last);
	reg_write(&bridge.fn, PCI_PREF_BASE_UPPER32, 0x4000, 4);
	EXPECT_EQ(VMR_FREE, state_of(&bridge.pref));
}

/* A window that begins at the last address of the domain has one address. */
TEST(bridge_window_of_last_address)
{
	const struct vmr_system_limits limits = {
		.mmio_last = 0x300000, .irq_last = 63, .slot_last = 31,
		.pci_last = 0xffff, .id_last = 255,
	};

	ASSERT_EQ(0, vmr_system_init(&m.sys, &limits));
	ASSERT_EQ(0, vmr_manager_init(&m.manager, &m.sys));
	ASSERT_EQ(0, bridge_init(&bridge));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &bridge.fn, 8));
	open_mem_window(&bridge, 0x300000, 0x3fffff);
	reg_write(&bridge.fn, COMMAND, DECODE_MEM, 2);
	EXPECT_EQ(VMR_LIVE, state_of(&bridge.mem));
	EXPECT_EQ(0x300000U, bridge.mem.range.start);
	EXPECT_EQ(0x300000U, bridge.mem.range.last);
	open_mem_window(&bridge, 0x400000, 0x4fffff);
	EXPECT_EQ(VMR_FREE, state_of(&bridge.mem));
}

/* An Express bridge is a bridge with 4096 bytes of registers. */
TEST(bridge_express)
{
	static struct vmr_pci_express_config_space space;
	static struct vmr_pci_express express;

	ASSERT_EQ(0, pci_machine_up(63));
	EXPECT_EQ(-EINVAL, vmr_pci_bridge_init_express(NULL, &space, &m.manager,
						       &bridge_ids, &card_ops, "b"));
	EXPECT_EQ(-EINVAL, vmr_pci_bridge_init_express(&bridge, &space, NULL,
						       &bridge_ids, &card_ops, "b"));
	EXPECT_EQ(-EINVAL, vmr_pci_bridge_init_express(&bridge, NULL, &m.manager,
						       &bridge_ids, &card_ops, "b"));
	EXPECT_EQ(NULL, bridge.fn.bridge);
	ASSERT_EQ(0, vmr_pci_bridge_init_express(&bridge, &space, &m.manager,
						 &bridge_ids, &card_ops, "b"));
	ASSERT_EQ(0, vmr_pci_add_express(&bridge.fn, &express,
					 VMR_PCI_EXPRESS_ROOT_PORT));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &bridge.fn, 8));
	ASSERT_EQ(0, card_with_bar(&card));
	ASSERT_EQ(0, vmr_pci_bridge_plug(&bridge, &card, 0));
	number_bridge(&bridge, 1, 1);
	EXPECT_EQ(&card, vmr_pci_find_function(&m.manager, VMR_PCI_BDF(1, 0, 0)));
	EXPECT_EQ(1U, reg_read(&bridge.fn, PCI_HEADER_TYPE, 1));
	EXPECT_EQ(0U, reg_read(&bridge.fn, 0x100, 4));
	EXPECT_EQ(0, vmr_pci_function_reset(&bridge.fn, VMR_PCI_RESET_FUNCTION));
	EXPECT_EQ(0x0000fff0U, reg_read(&bridge.fn, PCI_MEMORY_BASE, 4));
}

TEST_HARNESS_MAIN

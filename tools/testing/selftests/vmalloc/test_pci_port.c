// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_pci_port.c - ports of PCI Express: types, links, switches
 */
#include "../kselftest_harness.h"

#include "port_machine.h"

static struct vmr_pci_port upstream, downstream[2], pcie_pci;
static struct vmr_pci_function express_card;
static struct vmr_pci_express_config_space express_space;
static struct vmr_pci_express express;

static int init_type(enum vmr_pci_express_type type, uint32_t speed,
		     uint32_t width)
{
	struct vmr_pci_port_config config = port_config(type);

	config.speed = (uint8_t)speed;
	config.width = (uint8_t)width;
	return port_init(&port, &config);
}

/* Each type of port says what it is, and has the registers of its type. */
TEST(port_registers_of_each_type)
{
	static const enum vmr_pci_express_type types[] = {
		VMR_PCI_EXPRESS_ROOT_PORT, VMR_PCI_EXPRESS_UPSTREAM_PORT,
		VMR_PCI_EXPRESS_DOWNSTREAM_PORT, VMR_PCI_EXPRESS_PCI_BRIDGE,
	};
	unsigned int i;

	ASSERT_EQ(0, port_host_up());
	for (i = 0; i < NR(types); i++) {
		const struct vmr_pci_port_config config = port_config(types[i]);
		uint32_t slot = config.has_slot ? PCI_EXP_FLAGS_SLOT : 0;
		struct vmr_pci_function *fn = &port.bridge.fn;

		ASSERT_EQ(0, port_init(&port, &config));
		ASSERT_EQ(0, vmr_pci_host_plug(&host, fn, 8));
		EXPECT_EQ(2 | types[i] << 4 | slot,
			  port_read(&port, PCI_EXP_FLAGS));
		EXPECT_EQ(1U, reg_read(fn, PCI_HEADER_TYPE, 1));
		/* Port 3, four lanes of 8 GT/s */
		EXPECT_EQ(3U, reg_read(fn, port_reg(&port, PCI_EXP_LNKCAP), 4) >> 24);
		EXPECT_EQ(0x43U, port_read(&port, PCI_EXP_LNKCAP) & 0x3ff);
		EXPECT_EQ(0xeU, port_read(&port, PCI_EXP_LNKCAP2));
		EXPECT_EQ(3U, port_read(&port, PCI_EXP_LNKCTL2));
		EXPECT_EQ(X1, port_read(&port, PCI_EXP_LNKSTA));
		EXPECT_EQ(config.has_slot ? 0x2007bU : 0,
			  reg_read(fn, port_reg(&port, PCI_EXP_SLTCAP), 4) &
				  0x7ffff);
		EXPECT_EQ(config.has_slot ? 5U : 0,
			  reg_read(fn, port_reg(&port, PCI_EXP_SLTCAP), 4) >> 19);
		EXPECT_EQ(config.has_slot, !!fn->msi);
		port_write(&port, PCI_EXP_RTCTL, 0xffff);
		EXPECT_EQ(i ? 0U : 0xfU, port_read(&port, PCI_EXP_RTCTL));
		port_write(&port, PCI_EXP_LNKCTL, 0xffff);
		EXPECT_EQ(config.has_slot ? 0xdbU : 0xcbU,
			  port_read(&port, PCI_EXP_LNKCTL));
		EXPECT_FALSE(vmr_pci_port_link_active(&port));
		ASSERT_LE(0, vmr_pci_unplug(fn));
	}
	EXPECT_FALSE(vmr_pci_port_link_active(NULL));
}

/* A port without a speed and a width has the least ones. */
TEST(port_least_link)
{
	ASSERT_EQ(0, port_host_up());
	ASSERT_EQ(0, init_type(VMR_PCI_EXPRESS_ROOT_PORT, 0, 0));
	EXPECT_EQ(1U | 1 << 4, reg_read(&port.bridge.fn,
					port.express.reg_block.offset +
						PCI_EXP_LNKCAP, 4) & 0x3ff);
	EXPECT_EQ(2U, reg_read(&port.bridge.fn, port.express.reg_block.offset +
			       PCI_EXP_LNKCAP2, 4));
	EXPECT_EQ(1U, port_read(&port, PCI_EXP_LNKCTL2));
}

/* Descriptions that no port can have are refused. */
TEST(port_init_arguments)
{
	const struct vmr_pci_port_config good =
		port_config(VMR_PCI_EXPRESS_ROOT_PORT);
	struct vmr_pci_port_config bad = good;

	ASSERT_EQ(0, port_host_up());
	EXPECT_EQ(-EINVAL, vmr_pci_port_init(NULL, &m.manager, &good));
	EXPECT_EQ(-EINVAL, vmr_pci_port_init(&port, NULL, &good));
	EXPECT_EQ(-EINVAL, vmr_pci_port_init(&port, &m.manager, NULL));
	EXPECT_EQ(-EINVAL, init_type(VMR_PCI_EXPRESS_ENDPOINT, 1, 1));
	EXPECT_EQ(-EINVAL, init_type(VMR_PCI_EXPRESS_INTEGRATED, 1, 1));
	EXPECT_EQ(-EINVAL, init_type(VMR_PCI_EXPRESS_ROOT_PORT, 7, 1));
	EXPECT_EQ(-EINVAL, init_type(VMR_PCI_EXPRESS_ROOT_PORT, 1, 3));
	EXPECT_EQ(-EINVAL, init_type(VMR_PCI_EXPRESS_ROOT_PORT, 1, 64));
	EXPECT_EQ(0, init_type(VMR_PCI_EXPRESS_ROOT_PORT, 6, 12));
	EXPECT_EQ(0, init_type(VMR_PCI_EXPRESS_ROOT_PORT, 1, 32));
	bad.ids = NULL;
	EXPECT_EQ(-EINVAL, port_init(&port, &bad));
	bad = good;
	bad.slot_number = 8192;
	EXPECT_EQ(-EINVAL, port_init(&port, &bad));
	bad = good;
	bad.slot_flags |= 0x80;
	EXPECT_EQ(-EINVAL, port_init(&port, &bad));
	bad = good;
	bad.released = NULL;
	EXPECT_EQ(-EINVAL, port_init(&port, &bad));
	bad = good;
	bad.type = VMR_PCI_EXPRESS_UPSTREAM_PORT;
	EXPECT_EQ(-EINVAL, port_init(&port, &bad));
	bad.has_slot = false;
	EXPECT_EQ(0, port_init(&port, &bad));
	/* A button asks for a removal: something must show that it is over */
	bad = good;
	bad.slot_flags = VMR_PCI_SLOT_BUTTON;
	EXPECT_EQ(-EINVAL, port_init(&port, &bad));
	bad.slot_flags |= VMR_PCI_SLOT_POWER;
	EXPECT_EQ(0, port_init(&port, &bad));
}

/* Only device 0 is possible behind a root port, of up to eight functions. */
TEST(port_device_0_only)
{
	ASSERT_EQ(0, root_port_up());
	PCI_REFUSED(-ERANGE, vmr_pci_bridge_plug(&port.bridge, &cards[0], 8));
	PCI_REFUSED(-ERANGE, vmr_pci_bridge_plug_card(&port.bridge, card_list,
						      1, 1));
	EXPECT_EQ(0, vmr_pci_bridge_plug(&port.bridge, &cards[0],
					 VMR_PCI_ANY_DEVICE));
	EXPECT_EQ(&cards[0], found(1, 0));
	/* There is no other device */
	PCI_REFUSED(-ENOSPC, vmr_pci_bridge_plug(&port.bridge, &cards[1],
						 VMR_PCI_ANY_DEVICE));
	EXPECT_EQ(0, vmr_pci_bridge_plug(&port.bridge, &cards[1], 7));
	EXPECT_EQ(&cards[1], found(1, 7));
	EXPECT_SOUND();
}

static int express_card_init(struct vmr_pci_function *fn,
			     enum vmr_pci_express_type type)
{
	int ret = vmr_pci_function_init_express(fn, &express_space, &card_ids,
						&card_ops, "card");

	return ret ? ret : vmr_pci_add_express(fn, &express, type);
}

/* The link of a port follows the function behind it, at the lesser speed and width. */
TEST(port_link_follows_function)
{
	struct vmr_pci_port_config config =
		port_config(VMR_PCI_EXPRESS_ROOT_PORT);

	config.has_slot = false;
	ASSERT_EQ(0, root_port_up_with(&config));
	EXPECT_FALSE(link_up(&port));
	/* A conventional function has no limits of its own */
	ASSERT_EQ(0, vmr_pci_bridge_plug(&port.bridge, &cards[0], 0));
	EXPECT_EQ(ACTIVE | 0x43, port_read(&port, PCI_EXP_LNKSTA));
	EXPECT_TRUE(vmr_pci_port_link_active(&port));
	ASSERT_LE(0, vmr_pci_unplug(&cards[0]));
	EXPECT_EQ(0x43U, port_read(&port, PCI_EXP_LNKSTA));
	ASSERT_EQ(0, express_card_init(&express_card, VMR_PCI_EXPRESS_ENDPOINT));
	ASSERT_EQ(0, vmr_pci_bridge_plug(&port.bridge, &express_card, 0));
	EXPECT_EQ(ACTIVE | X1, port_read(&port, PCI_EXP_LNKSTA));
	ASSERT_LE(0, vmr_pci_unplug(&express_card));
	EXPECT_FALSE(link_up(&port));
	/* An integrated end point has no link */
	memset(&express_card, 0, sizeof(express_card));
	memset(&express_space, 0, sizeof(express_space));
	memset(&express, 0, sizeof(express));
	ASSERT_EQ(0, express_card_init(&express_card, VMR_PCI_EXPRESS_INTEGRATED));
	ASSERT_EQ(0, vmr_pci_bridge_plug(&port.bridge, &express_card, 0));
	EXPECT_EQ(ACTIVE | 0x43, port_read(&port, PCI_EXP_LNKSTA));
	EXPECT_SOUND();
}

/* While the guest disables the link it finds nothing, and functions are reset. */
TEST(port_link_disable)
{
	ASSERT_EQ(0, root_port_up());
	ASSERT_EQ(0, vmr_pci_slot_add(&port, card_list, 1));
	EXPECT_EQ(&cards[0], found(1, 0));
	reg_write(&cards[0], PCI_CACHE_LINE_SIZE, 16, 1);
	clear_events(&port);
	port_write(&port, PCI_EXP_LNKCTL, PCI_EXP_LNKCTL_LD);
	EXPECT_FALSE(link_up(&port));
	EXPECT_EQ(PCI_EXP_SLTSTA_PDS | PCI_EXP_SLTSTA_DLLSC, status(&port));
	EXPECT_EQ(NULL, found(1, 0));
	EXPECT_EQ(0U, reg_read(&cards[0], PCI_CACHE_LINE_SIZE, 1));
	clear_events(&port);
	port_write(&port, PCI_EXP_LNKCTL, 0);
	EXPECT_TRUE(link_up(&port));
	EXPECT_EQ(PCI_EXP_SLTSTA_PDS | PCI_EXP_SLTSTA_DLLSC, status(&port));
	EXPECT_EQ(&cards[0], found(1, 0));
	/* To retrain the link changes nothing, and the bit reads 0 */
	port_write(&port, PCI_EXP_LNKCTL, PCI_EXP_LNKCTL_RL);
	EXPECT_EQ(0U, port_read(&port, PCI_EXP_LNKCTL));
	EXPECT_TRUE(link_up(&port));
	/* A reset of the host bridge enables it */
	port_write(&port, PCI_EXP_LNKCTL, PCI_EXP_LNKCTL_LD);
	ASSERT_EQ(0, vmr_pci_host_reset(&host));
	EXPECT_TRUE(link_up(&port));
	EXPECT_EQ(PCI_EXP_SLTSTA_PDS, status(&port));
	EXPECT_SOUND();
}

/* Root port, upstream port with bus 2, downstream ports with buses 3 and 4. */
static int switch_up(void)
{
	struct vmr_pci_port_config config =
		port_config(VMR_PCI_EXPRESS_UPSTREAM_PORT);
	struct vmr_pci_function *const fns[] = { &upstream.bridge.fn };
	unsigned int i;
	int ret = root_port_up();

	config.speed = 2;
	config.width = 16;
	if (!ret)
		ret = port_init(&upstream, &config);
	config = port_config(VMR_PCI_EXPRESS_DOWNSTREAM_PORT);
	for (i = 0; !ret && i < 2; i++)
		ret = port_init(&downstream[i], &config);
	if (!ret)
		ret = vmr_pci_slot_add(&port, fns, 1);
	for (i = 0; !ret && i < 2; i++)
		ret = vmr_pci_bridge_plug(&upstream.bridge,
					  &downstream[i].bridge.fn, i << 3);
	return ret;
}

static void number_switch(void)
{
	number_bridge(&port.bridge, 1, 8);
	number_bridge(&upstream.bridge, 2, 8);
	number_bridge(&downstream[0].bridge, 3, 3);
	number_bridge(&downstream[1].bridge, 4, 4);
}

/*
 * A switch has device 0 behind the port above, and any device number on its own bus.
 * The link above it has the lesser speed and width, at both ends.
 */
TEST(port_switch)
{
	ASSERT_EQ(0, switch_up());
	number_switch();
	EXPECT_EQ(ACTIVE | 0x42, port_read(&port, PCI_EXP_LNKSTA));
	EXPECT_EQ(0x42U, port_read(&upstream, PCI_EXP_LNKSTA));
	EXPECT_FALSE(vmr_pci_port_link_active(&upstream));
	EXPECT_EQ(&upstream.bridge.fn, found(1, 0));
	EXPECT_EQ(&downstream[1].bridge.fn, found(2, 1 << 3));
	EXPECT_EQ(NULL, found(3, 0));
	ASSERT_EQ(0, vmr_pci_slot_add(&downstream[0], card_list, 1));
	EXPECT_EQ(&cards[0], found(3, 0));
	EXPECT_EQ(NULL, found(4, 0));
	/* The whole switch is out of reach */
	port_write(&port, PCI_EXP_LNKCTL, PCI_EXP_LNKCTL_LD);
	EXPECT_EQ(NULL, found(1, 0));
	EXPECT_EQ(NULL, found(2, 1 << 3));
	EXPECT_EQ(NULL, found(3, 0));
	EXPECT_EQ(0U, reg_read(&upstream.bridge.fn, PCI_SECONDARY_BUS, 1));
	port_write(&port, PCI_EXP_LNKCTL, 0);
	number_switch();
	EXPECT_EQ(&cards[0], found(3, 0));
	EXPECT_SOUND();
}

/* To pull a switch unplugs all behind it. */
TEST(port_switch_pulled)
{
	ASSERT_EQ(0, switch_up());
	number_switch();
	ASSERT_EQ(0, vmr_pci_slot_add(&downstream[1], card_list, 2));
	ASSERT_EQ(0, vmr_pci_slot_pull(&port));
	EXPECT_EQ(NULL, cards[0].manager);
	EXPECT_EQ(NULL, cards[1].manager);
	EXPECT_EQ(NULL, downstream[0].bridge.fn.manager);
	EXPECT_EQ(NULL, downstream[1].bridge.fn.manager);
	EXPECT_EQ(NULL, upstream.bridge.fn.manager);
	EXPECT_EQ(0U, status(&downstream[1]) & PCI_EXP_SLTSTA_PDS);
	EXPECT_FALSE(link_up(&downstream[1]));
	EXPECT_EQ(NULL, found(1, 0));
	/* And all of it can be plugged again */
	ASSERT_EQ(0, vmr_pci_bridge_plug(&port.bridge, &upstream.bridge.fn, 0));
	ASSERT_EQ(0, vmr_pci_bridge_plug(&upstream.bridge,
					 &downstream[0].bridge.fn, 0));
	ASSERT_EQ(0, vmr_pci_slot_add(&downstream[0], card_list, 2));
	EXPECT_SOUND();
}

/* A bridge to conventional PCI has any devices behind it, and no slot. */
TEST(port_bridge_to_pci)
{
	const struct vmr_pci_port_config config =
		port_config(VMR_PCI_EXPRESS_PCI_BRIDGE);
	struct vmr_pci_function *const fns[] = { &pcie_pci.bridge.fn };

	ASSERT_EQ(0, root_port_up());
	ASSERT_EQ(0, port_init(&pcie_pci, &config));
	ASSERT_EQ(0, vmr_pci_slot_add(&port, fns, 1));
	number_bridge(&port.bridge, 1, 2);
	number_bridge(&pcie_pci.bridge, 2, 2);
	ASSERT_EQ(0, vmr_pci_bridge_plug(&pcie_pci.bridge, &cards[0], 31 << 3));
	EXPECT_EQ(&cards[0], found(2, 31 << 3));
	EXPECT_EQ(ACTIVE | 0x43, port_read(&port, PCI_EXP_LNKSTA));
	PCI_REFUSED(-EOPNOTSUPP, vmr_pci_slot_add(&pcie_pci, card_list, 2));
	port_write(&pcie_pci, PCI_EXP_SLTCTL, 0xffff);
	EXPECT_EQ(0U, port_read(&pcie_pci, PCI_EXP_SLTCTL));
	EXPECT_SOUND();
}

/* Interrupt pins of cards rotate at the switch, not behind a link. */
TEST(port_interrupt_pins)
{
	uint32_t line = 9;

	ASSERT_EQ(0, switch_up());
	ASSERT_EQ(0, vmr_pci_slot_add(&downstream[1], card_list, 1));
	/* Device 0, device 1 of the switch, device 0, device 1 of the root bus */
	ASSERT_EQ(0, vmr_pci_intx_get_line(&cards[0], &line));
	EXPECT_EQ(2U, line);
}

/*
 * PCI Express wires master abort mode, fast back-to-back and the discard timers of
 * PCI_BRIDGE_CONTROL to 0 (section 7.5.3.6). A bridge to conventional PCI has them.
 */
TEST(port_bridge_control)
{
	static const enum vmr_pci_express_type types[] = {
		VMR_PCI_EXPRESS_ROOT_PORT, VMR_PCI_EXPRESS_UPSTREAM_PORT,
		VMR_PCI_EXPRESS_DOWNSTREAM_PORT, VMR_PCI_EXPRESS_PCI_BRIDGE,
	};
	unsigned int i;

	ASSERT_EQ(0, port_host_up());
	for (i = 0; i < NR(types); i++) {
		const struct vmr_pci_port_config config = port_config(types[i]);
		struct vmr_pci_function *fn = &port.bridge.fn;

		ASSERT_EQ(0, port_init(&port, &config));
		ASSERT_EQ(0, vmr_pci_host_plug(&host, fn, 8));
		reg_write(fn, PCI_BRIDGE_CONTROL, 0xffff & ~0x40, 2);
		EXPECT_EQ(types[i] == VMR_PCI_EXPRESS_PCI_BRIDGE ? 0xbafU :
								   0x0fU,
			  reg_read(fn, PCI_BRIDGE_CONTROL, 2));
		EXPECT_EQ(0, vmr_pci_unplug(fn));
	}
}

/* The owner says where the capabilities of a port are; a wrong place is refused. */
TEST(port_capabilities_placed)
{
	const struct vmr_pci_port_config config =
		port_config(VMR_PCI_EXPRESS_ROOT_PORT);

	ASSERT_EQ(0, port_host_up());
	memset(&port, 0, sizeof(port));
	port.express.reg_block.offset = 0x54;
	port.msi.reg_block.offset = 0xe0;
	ASSERT_EQ(0, vmr_pci_port_init(&port, &m.manager, &config));
	EXPECT_EQ(PCI_CAP_ID_EXP | 0U, reg_read(&port.bridge.fn, 0x54, 2));
	EXPECT_EQ(PCI_CAP_ID_MSI | 0x5400U, reg_read(&port.bridge.fn, 0xe0, 2));
	memset(&port, 0, sizeof(port));
	port.express.reg_block.offset = 0xe0;
	EXPECT_EQ(-EINVAL, vmr_pci_port_init(&port, &m.manager, &config));
	memset(&port, 0, sizeof(port));
	port.msi.reg_block.offset = 0x60;
	EXPECT_EQ(-EEXIST, vmr_pci_port_init(&port, &m.manager, &config));
}

TEST_HARNESS_MAIN

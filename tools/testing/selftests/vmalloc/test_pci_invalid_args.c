// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_pci_invalid_args.c - NULL, and numbers out of range, for each call of PCI
 */
#include "../kselftest_harness.h"

#include "pci_machine.h"

static struct vmr_pci_host host;
static struct vmr_pci_function card, other;
static struct vmr_pci_bridge bridge;
static struct vmr_pci_express_config_space space;
static struct vmr_pci_msi msi;
static struct vmr_pci_msix msix;
static struct vmr_pci_msix_entry entries[4];

/* A function is initialised with valid ids and callbacks, or not at all. */
TEST(pci_invalid_init)
{
	struct vmr_pci_ids ids = card_ids;
	struct vmr_pci_bridge zero = { 0 };

	ASSERT_EQ(0, pci_machine_up(63));
	EXPECT_EQ(-EINVAL, vmr_pci_function_init(NULL, &ids, &card_ops, "c"));
	EXPECT_EQ(-EINVAL, vmr_pci_function_init(&card, NULL, &card_ops, "c"));
	EXPECT_EQ(-EINVAL, vmr_pci_function_init(&card, &ids, NULL, "c"));
	EXPECT_EQ(-EINVAL, vmr_pci_function_init_express(NULL, &space, &ids,
							 &card_ops, "c"));
	EXPECT_EQ(-EINVAL, vmr_pci_function_init_express(&card, NULL, &ids,
							 &card_ops, "c"));
	EXPECT_EQ(-EINVAL, vmr_pci_function_init_express(&card, &space, NULL,
							 &card_ops, "c"));
	EXPECT_EQ(-EINVAL, vmr_pci_function_init_express(&card, &space, &ids, NULL,
							 "c"));
	EXPECT_EQ(-EINVAL, vmr_pci_bridge_init(NULL, &m.manager, &ids, &card_ops, "b"));
	EXPECT_EQ(-EINVAL, vmr_pci_bridge_init(&bridge, NULL, &ids, &card_ops, "b"));
	EXPECT_EQ(-EINVAL, vmr_pci_bridge_init(&bridge, &m.manager, NULL, &card_ops,
					       "b"));
	EXPECT_EQ(-EINVAL, vmr_pci_bridge_init(&bridge, &m.manager, &ids, NULL, "b"));
	ids.irq_pin = 5;
	EXPECT_EQ(-EINVAL, vmr_pci_function_init(&card, &ids, &card_ops, "c"));
	ids.irq_pin = 4;
	ids.header_type = 1;
	EXPECT_EQ(-EINVAL, vmr_pci_function_init(&card, &ids, &card_ops, "c"));
	EXPECT_EQ(-EINVAL, vmr_pci_bridge_init(&bridge, &m.manager, &ids, &card_ops,
					       "b"));
	EXPECT_EQ(0, memcmp(&bridge, &zero, sizeof(zero)));
	ids.header_type = 0x80;
	EXPECT_EQ(0, vmr_pci_function_init(&card, &ids, &card_ops, NULL));
}

/* An end point is a function with 4096 bytes of registers and the capability. */
TEST(pci_endpoint_init)
{
	static struct vmr_pci_endpoint ep;

	ASSERT_EQ(0, pci_machine_up(63));
	EXPECT_EQ(-EINVAL, vmr_pci_endpoint_init(NULL, &card_ids, &card_ops, "e"));
	EXPECT_EQ(-EINVAL, vmr_pci_endpoint_init(&ep, NULL, &card_ops, "e"));
	EXPECT_EQ(-EINVAL, vmr_pci_endpoint_init(&ep, &card_ids, NULL, "e"));
	ep.express.reg_block.offset = 0x42;
	EXPECT_EQ(-EINVAL, vmr_pci_endpoint_init(&ep, &card_ids, &card_ops, "e"));
	memset(&ep, 0, sizeof(ep));
	ASSERT_EQ(0, vmr_pci_endpoint_init(&ep, &card_ids, &card_ops, "e"));
	EXPECT_EQ(0, vmr_pci_plug(&m.manager, &ep.fn, 0));
	EXPECT_EQ((uint32_t)PCI_CAP_ID_EXP,
		  reg_read(&ep.fn, ep.express.reg_block.offset, 1));
	EXPECT_EQ((uint32_t)VMR_PCI_EXPRESS_ENDPOINT << 4,
		  reg_read(&ep.fn, ep.express.reg_block.offset + PCI_EXP_FLAGS, 2) &
			  PCI_EXP_FLAGS_TYPE);
	EXPECT_EQ(0U, reg_read(&ep.fn, 0x100, 4));
}

/* Plugging and unplugging. */
TEST(pci_invalid_plug)
{
	struct vmr_pci_function *fns[] = { &card };

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, host_up(&host, 0, 0, 15));
	ASSERT_EQ(0, card_init(&card));
	ASSERT_EQ(0, bridge_init(&bridge));
	PCI_REFUSED(-EINVAL, vmr_pci_plug(NULL, &card, 0));
	PCI_REFUSED(-EINVAL, vmr_pci_plug(&m.manager, NULL, 0));
	PCI_REFUSED(-ERANGE, vmr_pci_plug(&m.manager, &card, 0x30000));
	PCI_REFUSED(-EINVAL, vmr_pci_unplug(NULL));
	PCI_REFUSED(-ENOENT, vmr_pci_unplug(&card));
	PCI_REFUSED(-EINVAL, vmr_pci_bridge_plug(NULL, &card, 0));
	PCI_REFUSED(-EINVAL, vmr_pci_bridge_plug(&bridge, NULL, 0));
	PCI_REFUSED(-ENOENT, vmr_pci_bridge_plug(&bridge, &card, 0));
	PCI_REFUSED(-ENOENT, vmr_pci_bridge_plug(&bridge, &card,
						 VMR_PCI_ANY_DEVICE));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &bridge.fn, 0));
	PCI_REFUSED(-ERANGE, vmr_pci_bridge_plug(&bridge, &card, 0x100));
	PCI_REFUSED(-EINVAL, vmr_pci_bridge_plug_card(&bridge, NULL, 1, 0));
	PCI_REFUSED(-EEXIST, vmr_pci_bridge_plug(&bridge, &bridge.fn, 0));
	PCI_REFUSED(-EINVAL, vmr_pci_register_restored(NULL, &card, NULL));
	PCI_REFUSED(-EINVAL, vmr_pci_register_restored(&m.manager, NULL, NULL));
	PCI_REFUSED(-EEXIST, vmr_pci_register_restored(&m.manager, &bridge.fn, NULL));
	PCI_REFUSED(-ENOENT, vmr_pci_register_restored(&m.manager, &card, NULL));
	EXPECT_EQ(0, vmr_pci_bridge_plug_card(&bridge, fns, 1, VMR_PCI_ANY_DEVICE));
	PCI_REFUSED(-EBUSY, vmr_pci_unplug(&bridge.fn));
	PCI_REFUSED(-EEXIST, vmr_pci_bridge_plug(&bridge, &card, VMR_PCI_ANY_DEVICE));
}

/* Configuration space. */
TEST(pci_invalid_config_access)
{
	uint8_t data[8];

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, card_init(&card));
	EXPECT_EQ(-EINVAL, vmr_pci_config_read(NULL, 0, data, 4));
	EXPECT_EQ(-EINVAL, vmr_pci_config_read(&card, 0, NULL, 4));
	memset(data, 0x11, sizeof(data));
	EXPECT_EQ(-EMSGSIZE, vmr_pci_config_read(&card, 0, data, 0));
	EXPECT_EQ(-EMSGSIZE, vmr_pci_config_read(&card, 0, data, 3));
	EXPECT_EQ(-EMSGSIZE, vmr_pci_config_read(&card, 0, data, 8));
	EXPECT_EQ(0x11U, data[0]);
	EXPECT_EQ(-ERANGE, vmr_pci_config_read(&card, 0x100, data, 1));
	EXPECT_EQ(0xffU, data[0]);
	EXPECT_EQ(0x11U, data[1]);
	EXPECT_EQ(-ERANGE, vmr_pci_config_read(&card, 3, data, 2));
	EXPECT_EQ(-ERANGE, vmr_pci_config_read(&card, ~0u, data, 1));
	EXPECT_EQ(-EINVAL, vmr_pci_config_write(NULL, 0, data, 4));
	EXPECT_EQ(-EINVAL, vmr_pci_config_write(&card, 0, NULL, 4));
	EXPECT_EQ(-EMSGSIZE, vmr_pci_config_write(&card, 0, data, 3));
	EXPECT_EQ(-ERANGE, vmr_pci_config_write(&card, 2, data, 4));
	EXPECT_EQ(-ERANGE, vmr_pci_config_write(&card, 0x100, data, 4));
	EXPECT_EQ(-ENOENT, vmr_pci_config_write(&card, 4, data, 4));
	EXPECT_EQ(0U, reg_read(&card, COMMAND, 2));
}

/* BARs. */
TEST(pci_invalid_bars)
{
	uint64_t addr = 7;

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, card_with_bar(&card));
	EXPECT_EQ(-EINVAL, vmr_pci_add_bar(NULL, 1, VMR_PCI_BAR_MEM32, false, 16, "b"));
	EXPECT_EQ(-EINVAL, vmr_pci_add_bar(&card, 1, VMR_PCI_BAR_NONE, false, 16, "b"));
	EXPECT_EQ(-EINVAL, vmr_pci_add_bar(&card, 1, (enum vmr_pci_bar_type)5, false,
					   16, "b"));
	EXPECT_EQ(-EINVAL, vmr_pci_add_bar(&card, 1, VMR_PCI_BAR_MEM32, false, 0, "b"));
	EXPECT_EQ(-EINVAL, vmr_pci_add_bar(&card, 7, VMR_PCI_BAR_MEM32, false, 16,
					   "b"));
	EXPECT_EQ(-EINVAL, vmr_pci_add_bar(&card, 5, VMR_PCI_BAR_MEM64, false, 16,
					   "b"));
	EXPECT_EQ(-EEXIST, vmr_pci_add_bar(&card, 0, VMR_PCI_BAR_MEM32, false, 16,
					   "b"));
	EXPECT_EQ(VMR_PCI_HIDDEN_NONE, vmr_pci_bar_hidden(NULL, 0, NULL, NULL));
	EXPECT_EQ(VMR_PCI_HIDDEN_NONE, vmr_pci_bar_hidden(&card, 0, NULL, NULL));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &card, 8));
	EXPECT_EQ(-EBUSY, vmr_pci_add_bar(&card, 1, VMR_PCI_BAR_MEM32, false, 16,
					  "b"));
	EXPECT_EQ(VMR_PCI_HIDDEN_NONE, vmr_pci_bar_hidden(&card, 7, NULL, NULL));
	EXPECT_EQ(VMR_PCI_HIDDEN_NONE, vmr_pci_bar_hidden(&card, 1, NULL, NULL));
	EXPECT_FALSE(vmr_pci_bar_addr(NULL, 0, &addr));
	EXPECT_FALSE(vmr_pci_bar_addr(&card, 7, &addr));
	EXPECT_FALSE(vmr_pci_bar_addr(&card, 0, NULL));
	EXPECT_FALSE(vmr_pci_bar_addr(&card, 0, &addr));
	EXPECT_EQ(7U, addr);
}

/* Each reason why a BAR is not mapped is found, with what causes it. */
TEST(pci_bar_hidden_reasons)
{
	struct vmr_pci_bridge *blocking = NULL;
	struct vmr_range *conflict = NULL;
	static struct vmr_pci_function behind;
	static struct vmr_pci_pm pm;

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, card_with_bar(&card));
	ASSERT_EQ(0, vmr_pci_add_pm(&card, &pm, true));
	ASSERT_EQ(0, card_with_bar(&other));
	ASSERT_EQ(0, bridge_init(&bridge));
	ASSERT_EQ(0, card_with_bar(&behind));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &card, 8));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &other, 16));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &bridge.fn, 24));
	ASSERT_EQ(0, vmr_pci_bridge_plug(&bridge, &behind, 0));
	EXPECT_EQ(VMR_PCI_HIDDEN_DECODE, vmr_pci_bar_hidden(&card, 0, NULL, NULL));
	reg_write(&card, COMMAND, DECODE_MEM, 2);
	EXPECT_EQ(VMR_PCI_HIDDEN_ADDRESS, vmr_pci_bar_hidden(&card, 0, NULL, NULL));
	bar_on(&card, 0x80000000);
	EXPECT_EQ(VMR_PCI_MAPPED, vmr_pci_bar_hidden(&card, 0, &conflict, &blocking));
	bar_on(&other, 0x80000000);
	EXPECT_EQ(VMR_PCI_HIDDEN_CLAIM, vmr_pci_bar_hidden(&other, 0, NULL, NULL));
	EXPECT_EQ(VMR_PCI_HIDDEN_CLAIM,
		  vmr_pci_bar_hidden(&other, 0, &conflict, &blocking));
	EXPECT_EQ(&bar(&card, 0)->range, conflict);
	EXPECT_EQ(NULL, blocking);
	bar_on(&behind, 0x90000000);
	EXPECT_EQ(VMR_PCI_HIDDEN_WINDOW, vmr_pci_bar_hidden(&behind, 0, NULL, NULL));
	EXPECT_EQ(VMR_PCI_HIDDEN_WINDOW,
		  vmr_pci_bar_hidden(&behind, 0, NULL, &blocking));
	EXPECT_EQ(&bridge, blocking);
	bar_write(&card, 0, 0xffffffff);
	EXPECT_EQ(VMR_PCI_HIDDEN_SIZING, vmr_pci_bar_hidden(&card, 0, NULL, NULL));
	reg_write(&card, pm.reg_block.offset + 4, 3, 1);
	EXPECT_EQ(VMR_PCI_HIDDEN_POWER, vmr_pci_bar_hidden(&card, 0, NULL, NULL));
}

/* Each reason why a window is closed is found, from the BAR that it hides upwards. */
TEST(pci_window_hidden_reasons)
{
	static struct vmr_pci_bridge inner;
	static struct vmr_pci_function behind;
	static struct vmr_pci_pm pm;
	struct vmr_pci_bridge *blocking = NULL;
	struct vmr_range *conflict = NULL;

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, card_with_bar(&card));
	ASSERT_EQ(0, bridge_init(&bridge));
	ASSERT_EQ(0, vmr_pci_add_bar(&bridge.fn, 0, VMR_PCI_BAR_MEM32, false,
				     0x1000, "bar 0"));
	ASSERT_EQ(0, vmr_pci_add_pm(&bridge.fn, &pm, true));
	ASSERT_EQ(0, bridge_init(&inner));
	ASSERT_EQ(0, card_with_bar(&behind));
	EXPECT_EQ(VMR_PCI_HIDDEN_NONE,
		  vmr_pci_window_hidden(&bridge, &bridge.mem, NULL, NULL));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &card, 8));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &bridge.fn, 24));
	ASSERT_EQ(0, vmr_pci_bridge_plug(&bridge, &inner.fn, 0));
	ASSERT_EQ(0, vmr_pci_bridge_plug(&inner, &behind, 0));
	EXPECT_EQ(VMR_PCI_HIDDEN_NONE,
		  vmr_pci_window_hidden(NULL, &bridge.mem, NULL, NULL));
	EXPECT_EQ(VMR_PCI_HIDDEN_NONE,
		  vmr_pci_window_hidden(&bridge, NULL, NULL, NULL));
	EXPECT_EQ(VMR_PCI_HIDDEN_NONE,
		  vmr_pci_window_hidden(&bridge, &inner.mem, NULL, NULL));
	EXPECT_EQ(VMR_PCI_HIDDEN_NONE,
		  vmr_pci_window_hidden(&bridge, bar(&bridge.fn, 0), NULL, NULL));
	bar_on(&behind, 0x80100000);
	EXPECT_EQ(VMR_PCI_HIDDEN_WINDOW,
		  vmr_pci_bar_hidden(&behind, 0, NULL, &blocking));
	ASSERT_EQ(&inner, blocking);
	EXPECT_EQ(VMR_PCI_HIDDEN_DECODE,
		  vmr_pci_window_hidden(&inner, &inner.mem, NULL, NULL));
	reg_write(&inner.fn, COMMAND, DECODE_MEM | DECODE_IO, 2);
	EXPECT_EQ(VMR_PCI_HIDDEN_ADDRESS,
		  vmr_pci_window_hidden(&inner, &inner.mem, NULL, NULL));
	EXPECT_EQ(VMR_PCI_HIDDEN_DECODE,
		  vmr_pci_window_hidden(&inner, &inner.vga_mem, NULL, NULL));
	open_mem_window(&inner, 0x80100000, 0x801fffff);
	EXPECT_EQ(VMR_PCI_HIDDEN_WINDOW,
		  vmr_pci_window_hidden(&inner, &inner.mem, NULL, &blocking));
	ASSERT_EQ(&bridge, blocking);
	bar_on(&card, 0x80000000);
	reg_write(&bridge.fn, COMMAND, DECODE_MEM | DECODE_IO, 2);
	open_mem_window(&bridge, 0x80000000, 0x801fffff);
	EXPECT_EQ(VMR_PCI_HIDDEN_CLAIM,
		  vmr_pci_window_hidden(&bridge, &bridge.mem, &conflict, NULL));
	EXPECT_EQ(&bar(&card, 0)->range, conflict);
	reg_write(&card, COMMAND, 0, 2);
	EXPECT_EQ(VMR_PCI_MAPPED,
		  vmr_pci_window_hidden(&bridge, &bridge.mem, NULL, NULL));
	EXPECT_EQ(VMR_PCI_MAPPED,
		  vmr_pci_window_hidden(&inner, &inner.mem, NULL, NULL));
	EXPECT_EQ(VMR_PCI_MAPPED, vmr_pci_bar_hidden(&behind, 0, NULL, NULL));
	reg_write(&bridge.fn, pm.reg_block.offset + 4, 3, 1);
	EXPECT_EQ(VMR_PCI_HIDDEN_POWER,
		  vmr_pci_window_hidden(&bridge, &bridge.mem, NULL, NULL));
}

/* MSI and MSI-X. */
TEST(pci_invalid_msi)
{
	struct vmr_pci_msix_layout l = { 0, 0, 0, 0x800 };
	struct vmr_pci_msix_layout bad;
	uint8_t data[8] = { 0 };

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, card_with_bar(&card));
	ASSERT_EQ(0, vmr_pci_add_bar(&card, 1, VMR_PCI_BAR_IO, false, 0x100, "io"));
	EXPECT_EQ(-EINVAL, vmr_pci_add_msi(NULL, &msi, 0, 1));
	EXPECT_EQ(-EINVAL, vmr_pci_add_msi(&card, NULL, 0, 1));
	EXPECT_EQ(-EINVAL, vmr_pci_add_msi(&card, &msi, 0, 0));
	EXPECT_EQ(-EINVAL, vmr_pci_add_msi(&card, &msi, 0, 3));
	EXPECT_EQ(-EINVAL, vmr_pci_add_msi(&card, &msi, 0, 64));
	EXPECT_EQ(-EINVAL, vmr_pci_add_msi(&card, &msi, 0x3c, 1));
	EXPECT_EQ(-EINVAL, vmr_pci_add_msi_maskable(NULL, &msi, 0, 1, true));
	EXPECT_EQ(-EINVAL, vmr_pci_add_msi_maskable(&card, NULL, 0, 1, true));
	EXPECT_EQ(-EINVAL, vmr_pci_add_msi_maskable(&card, &msi, 0, 12, true));
	EXPECT_EQ(NULL, card.msi);
	EXPECT_EQ(0, vmr_pci_add_msi(&card, &msi, 0, 32));
	EXPECT_EQ(-EEXIST, vmr_pci_add_msi(&card, &msi, 0, 1));
	EXPECT_EQ(-EEXIST, vmr_pci_add_msi_maskable(&card, &msi, 0, 1, true));
	EXPECT_EQ(-EINVAL, vmr_pci_add_msix(NULL, &msix, 0, entries, 4, &l));
	EXPECT_EQ(-EINVAL, vmr_pci_add_msix(&card, NULL, 0, entries, 4, &l));
	EXPECT_EQ(-EINVAL, vmr_pci_add_msix(&card, &msix, 0, NULL, 4, &l));
	EXPECT_EQ(-EINVAL, vmr_pci_add_msix(&card, &msix, 0, entries, 4, NULL));
	EXPECT_EQ(-EINVAL, vmr_pci_add_msix(&card, &msix, 0, entries, 0, &l));
	EXPECT_EQ(-EINVAL, vmr_pci_add_msix(&card, &msix, 0, entries, 2049, &l));
	EXPECT_EQ(-EINVAL, vmr_pci_add_msix(&card, &msix, 0x3c, entries, 4, &l));
	bad = l;
	bad.table_bar = 6;
	EXPECT_EQ(-EINVAL, vmr_pci_add_msix(&card, &msix, 0, entries, 4, &bad));
	bad = l;
	bad.pba_bar = 7;
	EXPECT_EQ(-EINVAL, vmr_pci_add_msix(&card, &msix, 0, entries, 4, &bad));
	bad = l;
	bad.table_offset = 4;
	EXPECT_EQ(-EINVAL, vmr_pci_add_msix(&card, &msix, 0, entries, 4, &bad));
	bad = l;
	bad.pba_offset = 0x804;
	EXPECT_EQ(-EINVAL, vmr_pci_add_msix(&card, &msix, 0, entries, 4, &bad));
	bad = l;
	bad.table_bar = 1;
	EXPECT_EQ(-ERANGE, vmr_pci_add_msix(&card, &msix, 0, entries, 4, &bad));
	bad = l;
	bad.pba_bar = 2;
	EXPECT_EQ(-ERANGE, vmr_pci_add_msix(&card, &msix, 0, entries, 4, &bad));
	bad = l;
	bad.table_offset = 0xfc8;
	EXPECT_EQ(-ERANGE, vmr_pci_add_msix(&card, &msix, 0, entries, 4, &bad));
	bad = l;
	bad.pba_offset = 0x1000;
	EXPECT_EQ(-ERANGE, vmr_pci_add_msix(&card, &msix, 0, entries, 4, &bad));
	bad.pba_offset = 0x38;
	EXPECT_EQ(-ERANGE, vmr_pci_add_msix(&card, &msix, 0, entries, 4, &bad));
	EXPECT_EQ(-ERANGE, vmr_pci_add_msix(&card, &msix, 0, entries, 2048, &l));
	EXPECT_EQ(NULL, card.msix);
	bad.pba_offset = 0x40;
	EXPECT_EQ(0, vmr_pci_add_msix(&card, &msix, 0, entries, 4, &bad));
	EXPECT_EQ(-EEXIST, vmr_pci_add_msix(&card, &msix, 0, entries, 4, &l));

	EXPECT_EQ(-EINVAL, vmr_pci_msix_read(NULL, 0, data, 4));
	EXPECT_EQ(-EINVAL, vmr_pci_msix_read(&msix, 0, NULL, 4));
	EXPECT_EQ(-EMSGSIZE, vmr_pci_msix_read(&msix, 0, data, 2));
	EXPECT_EQ(0U, data[0]);
	EXPECT_EQ(-ERANGE, vmr_pci_msix_read(&msix, 64, data, 4));
	EXPECT_EQ(0xffU, data[0]);
	EXPECT_EQ(-ERANGE, vmr_pci_msix_read(&msix, 4, data, 8));
	EXPECT_EQ(-EINVAL, vmr_pci_msix_write(NULL, &msix, 0, data, 4));
	EXPECT_EQ(-EINVAL, vmr_pci_msix_write(&card, NULL, 0, data, 4));
	EXPECT_EQ(-EINVAL, vmr_pci_msix_write(&card, &msix, 0, NULL, 4));
	EXPECT_EQ(-EMSGSIZE, vmr_pci_msix_write(&card, &msix, 0, data, 16));
	EXPECT_EQ(-ERANGE, vmr_pci_msix_write(&card, &msix, ~7ull, data, 8));
	EXPECT_EQ(-ENOENT, vmr_pci_msix_write(&card, &msix, 0, data, 4));
}

/* Nothing is added to a function that is plugged. */
TEST(pci_msi_add_to_plugged)
{
	struct vmr_pci_msix_layout l = { 0, 0, 0, 0x800 };

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, card_with_bar(&card));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &card, 8));
	EXPECT_EQ(-EBUSY, vmr_pci_add_msi(&card, &msi, 0, 1));
	EXPECT_EQ(-EBUSY, vmr_pci_add_msix(&card, &msix, 0, entries, 4, &l));
	EXPECT_EQ(NULL, card.msi);
	EXPECT_EQ(NULL, card.msix);
}

/* Text of addresses, both ways. */
TEST(pci_address_text)
{
	static const struct {
		const char	*text;
		int		ret;
		uint32_t	address;
	} cases[] = {
		{ "0001:3b:00.1", 0, VMR_PCI_ADDRESS(1, 0x3b, 0, 1) },
		{ "3b:1F.7", 0, VMR_PCI_BDF(0x3b, 31, 7) },
		{ "FFFF:ff:1f.7", 0, ~0u },
		{ "0:0:0.0", 0, 0 },
		{ "000000000:3:0.0", 0, VMR_PCI_BDF(3, 0, 0) },
		{ "", -EINVAL, 0 }, { "3b", -EINVAL, 0 }, { "3b.1", -EINVAL, 0 },
		{ "3b:00", -EINVAL, 0 }, { "3b:00.", -EINVAL, 0 },
		{ "3b:00.1x", -EINVAL, 0 }, { "3b:00.1.1", -EINVAL, 0 },
		{ "0:0:0:0.1", -EINVAL, 0 }, { ":00.1", -EINVAL, 0 },
		{ "3b:.1", -EINVAL, 0 }, { "3g:00.1", -EINVAL, 0 },
		{ "10000:00:00.0", -ERANGE, 0 }, { "100:00.0", -ERANGE, 0 },
		{ "00:20.0", -ERANGE, 0 }, { "00:00.8", -ERANGE, 0 },
		{ "100000000:00:00.0", -ERANGE, 0 },
	};
	char text[VMR_PCI_ADDRESS_TEXT];
	uint32_t address, want;
	size_t i;

	for (i = 0; i < NR(cases); i++) {
		address = 0x77;
		EXPECT_EQ(cases[i].ret, vmr_pci_parse_address(cases[i].text,
							      &address)) {
			TH_LOG("%s", cases[i].text);
		}
		want = 0x77;
		if (!cases[i].ret)
			want = cases[i].address;
		EXPECT_EQ(want, address);
	}
	EXPECT_EQ(-EINVAL, vmr_pci_parse_address(NULL, &address));
	EXPECT_EQ(-EINVAL, vmr_pci_parse_address("00:00.0", NULL));
	vmr_pci_format_address(VMR_PCI_ADDRESS(1, 0x3b, 0, 1), text);
	EXPECT_STREQ("0001:3b:00.1", text);
	vmr_pci_format_address(~0u, text);
	EXPECT_STREQ("ffff:ff:1f.7", text);
}

TEST_HARNESS_MAIN

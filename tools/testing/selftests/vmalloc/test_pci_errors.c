// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_pci_errors.c - the order of the errors of PCI, and what a failure leaves alone
 */
#include "../kselftest_harness.h"

#include "sriov_machine.h"

#define REFUSED_BY_OWNER	(-1234)

static struct sriov_box b;
static struct vmr_pci_function card, other;
static struct vmr_pci_bridge bridge;
static struct vmr_pci_express_config_space space;

static void nothing(struct vmr_pci_slots *slots, uint32_t device)
{
	(void)slots;
	(void)device;
}

/* A PF at 00:01.0, whose VFs begin @offset functions behind it. */
static int pf_at_root_with(uint16_t offset)
{
	int ret = pci_machine_up(63);

	if (!ret)
		ret = sriov_box_init(&b, &m.manager, offset, 1, VMR_REGION_TRAPPED);
	return ret ? ret : vmr_pci_host_plug(&b.host, &b.pf.fn, 1 << 3);
}

/* The VFs are the functions of device 2. */
static int pf_at_root(void)
{
	return pf_at_root_with(8);
}

/*
 * VFs at another device number are part of the card of their PF. Their number is in
 * use, and has no card of its own.
 */
TEST(pci_slots_of_vfs)
{
	static const struct vmr_pci_slots_ops ops = { .added = nothing };
	struct vmr_pci_slots slots = {
		.ops = &ops, .host = &b.host, .released = nothing,
	};
	struct vmr_pci_function *fns[] = { &card };

	ASSERT_EQ(0, pf_at_root());
	ASSERT_EQ(0, card_init(&card));
	ASSERT_EQ((uint32_t)PCI_SRIOV_CTRL_VFE, enable_vfs(&b.pf, 3, 0));
	EXPECT_EQ(1U << 1, vmr_pci_slots_occupied(&slots));
	PCI_REFUSED(-ENOENT, vmr_pci_slots_request_removal(&slots, 2));
	EXPECT_EQ(VMR_DEVICE_REGISTERED, b.pf.vf[0].fn.dev.state);
	PCI_REFUSED(-ENOENT, vmr_pci_slots_let_go(&slots, 2));
	PCI_REFUSED(-ENOENT, vmr_pci_slots_keep(&slots, 2));
	PCI_REFUSED(-EBUSY, vmr_pci_slots_add(&slots, fns, 1, 2));
	PCI_REFUSED(-ENOENT, vmr_pci_slots_pull(&slots, 2));
	EXPECT_EQ(3U, vmr_pci_sriov_nr_enabled(&b.pf.sriov));
	EXPECT_EQ(0, vmr_pci_slots_pull(&slots, 1));
	EXPECT_EQ(NULL, b.pf.vf[0].fn.manager);
	EXPECT_EQ(0, vmr_pci_slots_add(&slots, fns, 1, 2));
	EXPECT_SOUND();
}

/* VFs at the device number of their PF are asked for and pulled with it. */
TEST(pci_slots_of_vfs_at_pf)
{
	static const struct vmr_pci_slots_ops ops = { .added = nothing };
	struct vmr_pci_slots slots = {
		.ops = &ops, .host = &b.host, .released = nothing,
	};

	ASSERT_EQ(0, pf_at_root_with(1));
	ASSERT_EQ((uint32_t)PCI_SRIOV_CTRL_VFE, enable_vfs(&b.pf, 3, 0));
	EXPECT_EQ(1U << 1, vmr_pci_slots_occupied(&slots));
	EXPECT_EQ(0, vmr_pci_slots_request_removal(&slots, 1));
	EXPECT_EQ(VMR_DEVICE_REMOVAL_REQUESTED, b.pf.vf[2].fn.dev.state);
	EXPECT_EQ(0, vmr_pci_slots_keep(&slots, 1));
	EXPECT_EQ(VMR_DEVICE_REGISTERED, b.pf.vf[2].fn.dev.state);
	EXPECT_EQ(0, vmr_pci_slots_pull(&slots, 1));
	EXPECT_EQ(NULL, b.pf.vf[2].fn.manager);
	EXPECT_EQ(0U, vmr_pci_slots_occupied(&slots));
	EXPECT_SOUND();
}

static int refused[4];

/* The owner plugs a VF of its own while the guest enables VFs. */
static int plug_vf(struct vmr_pci_function *fn, uint32_t nr)
{
	struct vmr_pci_function *vf = &b.pf.vf[NR_VFS - 1].fn;

	(void)fn;
	(void)nr;
	refused[0] = vmr_pci_plug(&m.manager, vf, 0x18);
	refused[1] = vmr_pci_host_plug(&b.host, vf, 0x18);
	refused[2] = vmr_pci_host_plug_card(&b.host, &vf, 1, 3);
	refused[3] = vmr_pci_bridge_plug(&b.port, vf, 0x18);
	return 0;
}

/* No call of the owner plugs a VF, neither in a callback of its PF. */
TEST(pci_vf_plugged_by_owner)
{
	struct vmr_pci_function *vf = &b.pf.vf[0].fn;
	unsigned int i;

	ASSERT_EQ(0, pf_at_root());
	b.pf.sriov.enable = plug_vf;
	ASSERT_EQ((uint32_t)PCI_SRIOV_CTRL_VFE, enable_vfs(&b.pf, 3, 0));
	for (i = 0; i < NR(refused); i++)
		EXPECT_EQ(-EINVAL, refused[i]);
	EXPECT_EQ(NULL, b.pf.vf[NR_VFS - 1].fn.manager);
	/* Before it is said that a VF is plugged, or that the bus is another one */
	PCI_REFUSED(-EINVAL, vmr_pci_plug(&m.manager, vf, 0x18));
	PCI_REFUSED(-EINVAL, vmr_pci_plug(&m.manager, &b.pf.vf[3].fn, 0x518));
	PCI_REFUSED(-EINVAL, vmr_pci_bridge_plug(&b.port, vf, 0));
	PCI_REFUSED(-EINVAL, vmr_pci_host_plug(&b.host, vf, 0));
	EXPECT_SOUND();
}

/* The errors of a card: first its functions, then the bus, then the place. */
TEST(pci_card_error_order)
{
	struct vmr_pci_function *fns[] = { &card, NULL, &other };
	struct vmr_pci_function *twice[] = { &card, &other, &card };
	struct vmr_pci_function *vf[] = { &b.pf.fn, &b.pf.vf[0].fn };
	struct vmr_pci_host none = { 0 };

	ASSERT_EQ(0, pf_at_root());
	ASSERT_EQ(0, card_init(&card));
	ASSERT_EQ(0, card_init(&other));
	ASSERT_EQ(0, bridge_init(&bridge));
	PCI_REFUSED(-EINVAL, vmr_pci_bridge_plug_card(NULL, fns, 3, 0));
	PCI_REFUSED(-EINVAL, vmr_pci_bridge_plug_card(&bridge, NULL, 1, 0));
	PCI_REFUSED(-EINVAL, vmr_pci_bridge_plug_card(&bridge, fns, 0, 0));
	PCI_REFUSED(-EINVAL, vmr_pci_bridge_plug_card(&bridge, fns, 9, 0));
	PCI_REFUSED(-EINVAL, vmr_pci_bridge_plug_card(&bridge, &fns[1], 2, 0));
	PCI_REFUSED(-EINVAL, vmr_pci_bridge_plug_card(&bridge, twice, 3, 0));
	/* One function is plugged, and the other one is a VF */
	PCI_REFUSED(-EINVAL, vmr_pci_bridge_plug_card(&bridge, vf, 2, 0));
	PCI_REFUSED(-EEXIST, vmr_pci_bridge_plug_card(&bridge, vf, 1, 0));
	PCI_REFUSED(-ENOENT, vmr_pci_bridge_plug_card(&bridge, fns, 3, 32));
	PCI_REFUSED(-EINVAL, vmr_pci_host_plug_card(&none, NULL, 1, 0));
	PCI_REFUSED(-EEXIST, vmr_pci_host_plug_card(&none, vf, 1, 0));
	PCI_REFUSED(-ENOENT, vmr_pci_host_plug_card(&none, fns, 3, 32));
	PCI_REFUSED(-ERANGE, vmr_pci_host_plug_card(&b.host, fns, 3, 32));
	PCI_REFUSED(-EBUSY, vmr_pci_host_plug_card(&b.host, fns, 3, 1));
	EXPECT_EQ(0, vmr_pci_host_plug_card(&b.host, fns, 3, 2));
}

/* A window that is wrong is found before the rest. */
TEST(pci_host_error_order)
{
	struct vmr_pci_window w = { .io = VMR_MMIO, .start = 1 };
	struct vmr_pci_host_config config = {
		.segment = 0x10000, .bus_last = 256, .windows = &w,
		.nr_windows = 1,
	};
	struct vmr_pci_host host = { 0 };

	ASSERT_EQ(0, pf_at_root());
	PCI_REFUSED(-EINVAL, vmr_pci_host_register(&m.manager, &b.host, &config));
	PCI_REFUSED(-EINVAL, vmr_pci_host_register(&m.manager, &host, &config));
	w.last = 1;
	PCI_REFUSED(-EEXIST, vmr_pci_host_register(&m.manager, &b.host, &config));
	PCI_REFUSED(-ERANGE, vmr_pci_host_register(&m.manager, &host, &config));
	config.segment = 0;
	PCI_REFUSED(-ERANGE, vmr_pci_host_register(&m.manager, &host, &config));
	config.bus_last = 0;
	PCI_REFUSED(-EBUSY, vmr_pci_host_register(&m.manager, &host, &config));
	config.bus_start = 16;
	config.bus_last = 16;
	EXPECT_EQ(0, vmr_pci_host_register(&m.manager, &host, &config));
}

/* A capability that cannot be added, also one of another function, is as before. */
TEST(pci_capability_left_alone)
{
	static struct vmr_pci_rebar rebar, rebar_before;
	static struct vmr_pci_sriov sriov, sriov_before;
	static struct vmr_pci_pm pm;
	const struct vmr_pci_rebar_desc bars = { 1, 0x300000 };
	const struct vmr_pci_sriov_config config = {
		.vfs = b.pf.vfs, .total_vfs = 1, .first_offset = 1,
	};

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, card_init(&other));
	memset(&card, 0, sizeof(card));
	memset(&space, 0, sizeof(space));
	ASSERT_EQ(0, vmr_pci_function_init_express(&card, &space, &card_ids,
						   &card_ops, "card"));
	ASSERT_EQ(0, vmr_pci_add_bar(&card, 1, VMR_PCI_BAR_MEM32, false, 0x100000,
				     "bar 1"));
	ASSERT_EQ(0, vmr_pci_add_bar(&other, 1, VMR_PCI_BAR_MEM32, false, 0x100000,
				     "bar 1"));
	ASSERT_EQ(0, vf_init(&b.pf.vf[0]));
	b.pf.vfs[0] = &b.pf.vf[0].fn;
	/* 256 bytes of registers */
	EXPECT_EQ(-EINVAL, vmr_pci_add_rebar(&other, &rebar, &bars, 1));
	EXPECT_EQ(0, memcmp(&rebar, &rebar_before, sizeof(rebar)));
	EXPECT_EQ(-EINVAL, vmr_pci_add_sriov(&other, &sriov, &config));
	EXPECT_EQ(0, memcmp(&sriov, &sriov_before, sizeof(sriov)));
	EXPECT_EQ(NULL, b.pf.vf[0].fn.pf);
	EXPECT_EQ(0U, reg_read(&b.pf.vf[0].fn, PCI_VENDOR_ID, 2));
	/* A plugged function */
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &card, 8));
	EXPECT_EQ(-EBUSY, vmr_pci_add_rebar(&card, &rebar, &bars, 1));
	EXPECT_EQ(0, memcmp(&rebar, &rebar_before, sizeof(rebar)));
	EXPECT_EQ(-EBUSY, vmr_pci_add_sriov(&card, &sriov, &config));
	EXPECT_EQ(0, memcmp(&sriov, &sriov_before, sizeof(sriov)));
	ASSERT_EQ(0, vmr_pci_unplug(&card));
	/* A capability of another function */
	ASSERT_EQ(0, vmr_pci_add_pm(&card, &pm, true));
	EXPECT_EQ(-EEXIST, vmr_pci_add_pm(&other, &pm, true));
	EXPECT_EQ(NULL, other.reg_blocks);
	EXPECT_EQ(0, vmr_pci_add_rebar(&card, &rebar, &bars, 1));
	EXPECT_EQ(0, vmr_pci_add_sriov(&card, &sriov, &config));
	/* The capability of the function is found before a VF that is wrong */
	EXPECT_EQ(-EEXIST, vmr_pci_add_sriov(&card, &sriov, &config));
}

/* A reason of before is not kept, whatever the reason is now. */
TEST(pci_hidden_clears_results)
{
	struct vmr_range *conflict = &card.address;
	struct vmr_pci_bridge *above = &bridge;

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, card_with_bar(&card));
	ASSERT_EQ(0, bridge_init(&bridge));
	EXPECT_EQ(VMR_PCI_HIDDEN_NONE,
		  vmr_pci_bar_hidden(&card, 0, &conflict, &above));
	EXPECT_EQ(NULL, conflict);
	EXPECT_EQ(NULL, above);
	conflict = &card.address;
	above = &bridge;
	EXPECT_EQ(VMR_PCI_HIDDEN_NONE,
		  vmr_pci_window_hidden(&bridge, &bridge.mem, &conflict, &above));
	EXPECT_EQ(NULL, conflict);
	EXPECT_EQ(NULL, above);
}

/* A VF that cannot be registered after a restore does not get the bridge of its PF. */
TEST(pci_restored_vf_left_alone)
{
	struct vmr_pci_function *vf = &b.pf.vf[0].fn;

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, sriov_box_init(&b, &m.manager, 8, 1, VMR_REGION_TRAPPED));
	PCI_REFUSED(-ENOENT, vmr_pci_register_restored(&m.manager, vf, NULL));
	ASSERT_EQ(0, sriov_box_plug(&b));
	PCI_REFUSED(-ENOENT, vmr_pci_register_restored(&m.manager, vf, NULL));
	EXPECT_EQ(NULL, vf->upstream_bridge);
	ASSERT_EQ(0, vmr_id_reserve(&b.port.devfns, &vf->address, 8, NULL));
	ASSERT_EQ(0, vmr_device_reserve_id(&m.manager, &vf->dev, 5, NULL));
	b.pf.vf[0].refuses = REFUSED_BY_OWNER;
	PCI_REFUSED(REFUSED_BY_OWNER, vmr_pci_register_restored(&m.manager, vf, NULL));
	EXPECT_EQ(NULL, vf->upstream_bridge);
}

TEST_HARNESS_MAIN

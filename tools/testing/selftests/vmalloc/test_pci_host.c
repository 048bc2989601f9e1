// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_pci_host.c - host bridges, segments, and finding functions by their address
 */
#include "../kselftest_harness.h"

#include "pci_machine.h"

static struct vmr_pci_host host, other;
static struct vmr_pci_function card, cards[12];
static struct vmr_pci_bridge bridge, bridges[4];

static struct vmr_pci_function *found(uint32_t segment, uint32_t bus,
				      uint32_t dev, uint32_t fn)
{
	return vmr_pci_find_function(&m.manager,
				     VMR_PCI_ADDRESS(segment, bus, dev, fn));
}

/*
 * Register and unregister
 */

/* Each invalid description is refused, in the order of the list of errors. */
TEST(host_invalid_descriptions_refused)
{
	const struct vmr_pci_window good = { VMR_MMIO, 0, 0x1000, 0x1fff,
					     0x1000, "w" };
	const struct vmr_pci_window bad[] = {
		{ VMR_MMIO, 0, 0x2000, 0x1fff, 0x2000, "reversed" },
		{ VMR_MMIO, 0, 0x1000, 0x1fff, VMR_ADDR_MAX - 0xffe, "wraps" },
		{ 7, 0, 0x1000, 0x1fff, 0x1000, "no bus" },
	};
	struct vmr_pci_intx no_lines = { .nr_lines = 4 }, none = { .nr_lines = 0 };
	struct vmr_pci_host_config config = { .bus_last = 255 };
	size_t i;

	ASSERT_EQ(0, pci_machine_up(63));
	config.intx = &no_lines;
	PCI_REFUSED(-EINVAL, vmr_pci_host_register(&m.manager, &host, &config));
	config.intx = &none;
	PCI_REFUSED(-EINVAL, vmr_pci_host_register(NULL, &host, &config));
	PCI_REFUSED(-EINVAL, vmr_pci_host_register(&m.manager, NULL, &config));
	PCI_REFUSED(-EINVAL, vmr_pci_host_register(&m.manager, &host, NULL));
	config.bus_start = 2;
	config.bus_last = 1;
	PCI_REFUSED(-EINVAL, vmr_pci_host_register(&m.manager, &host, &config));
	config.bus_last = 256;
	PCI_REFUSED(-ERANGE, vmr_pci_host_register(&m.manager, &host, &config));
	config.bus_last = 255;
	config.segment = 0x10000;
	PCI_REFUSED(-ERANGE, vmr_pci_host_register(&m.manager, &host, &config));
	config.segment = 0;
	config.nr_windows = 1;
	PCI_REFUSED(-EINVAL, vmr_pci_host_register(&m.manager, &host, &config));
	for (i = 0; i < NR(bad); i++) {
		config.windows = &bad[i];
		PCI_REFUSED(-EINVAL, vmr_pci_host_register(&m.manager, &host,
							   &config));
	}
	config.windows = &good;
	config.nr_windows = VMR_PCI_HOST_MAX_WINDOWS + 1;
	PCI_REFUSED(-EINVAL, vmr_pci_host_register(&m.manager, &host, &config));
	EXPECT_EQ(NULL, host.manager);
	config.nr_windows = 1;
	EXPECT_EQ(0, vmr_pci_host_register(&m.manager, &host, &config));
	PCI_REFUSED(-EEXIST, vmr_pci_host_register(&m.manager, &host, &config));
}

/* The largest and the smallest window that the bus has addresses for are accepted. */
TEST(host_window_at_the_ends)
{
	const struct vmr_pci_window windows[VMR_PCI_HOST_MAX_WINDOWS] = {
		{ VMR_MMIO, 0, 0, VMR_ADDR_MAX, 0, "all" },
		{ VMR_MMIO, 0, 0, 0, VMR_ADDR_MAX, "last" },
		{ VMR_PIO, 0, 0x10, 0x1f, VMR_ADDR_MAX - 0xf, "io" },
	};
	const struct vmr_pci_host_config config = {
		.windows = windows, .nr_windows = 3, .bus_last = 0,
	};

	ASSERT_EQ(0, pci_machine_up(63));
	EXPECT_EQ(0, vmr_pci_host_register(&m.manager, &host, &config));
	EXPECT_EQ(3U, host.nr_windows);
	EXPECT_EQ(VMR_ADDR_MAX, host.windows[1].bus_start);
}

/*
 * Host bridges share a segment with disjoint buses; other segments repeat the numbers.
 */
TEST(host_bus_ranges_disjoint)
{
	struct vmr_pci_host hosts[4] = { 0 };

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, host_up(&hosts[0], 0, 0, 15));
	ASSERT_EQ(0, host_up(&hosts[1], 0, 32, 47));
	PCI_REFUSED(-EBUSY, host_up(&hosts[2], 0, 15, 20));
	PCI_REFUSED(-EBUSY, host_up(&hosts[2], 0, 20, 32));
	PCI_REFUSED(-EBUSY, host_up(&hosts[2], 0, 0, 255));
	PCI_REFUSED(-EBUSY, host_up(&hosts[2], 0, 40, 41));
	EXPECT_EQ(0, host_up(&hosts[2], 0, 16, 31));
	EXPECT_EQ(0, host_up(&hosts[3], 1, 0, 255));

	EXPECT_EQ(&hosts[0], vmr_pci_find_host(&m.manager, 0, 0));
	EXPECT_EQ(&hosts[0], vmr_pci_find_host(&m.manager, 0, 15));
	EXPECT_EQ(&hosts[2], vmr_pci_find_host(&m.manager, 0, 16));
	EXPECT_EQ(&hosts[1], vmr_pci_find_host(&m.manager, 0, 47));
	EXPECT_EQ(NULL, vmr_pci_find_host(&m.manager, 0, 48));
	EXPECT_EQ(&hosts[3], vmr_pci_find_host(&m.manager, 1, 255));
	EXPECT_EQ(NULL, vmr_pci_find_host(&m.manager, 2, 0));
	EXPECT_EQ(NULL, vmr_pci_find_host(&m.manager, 0x10000, 0));
	EXPECT_EQ(NULL, vmr_pci_find_host(&m.manager, 0, 256));
	EXPECT_EQ(NULL, vmr_pci_find_host(NULL, 0, 0));
}

/* The last segment has buses as the others, even if the machine has none of its functions. */
TEST(host_last_segment)
{
	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, host_up(&host, 0xffff, 0, 255));
	EXPECT_EQ(&host, vmr_pci_find_host(&m.manager, 0xffff, 255));
	ASSERT_EQ(0, card_init(&card));
	PCI_REFUSED(-ERANGE, vmr_pci_host_plug(&host, &card, 0));
	PCI_REFUSED(-ENOSPC, vmr_pci_host_plug(&host, &card, VMR_PCI_ANY_DEVICE));
}

/* A host bridge with functions stays. Without them it leaves, and can come back. */
TEST(host_unregister)
{
	ASSERT_EQ(0, pci_machine_up(63));
	PCI_REFUSED(-EINVAL, vmr_pci_host_unregister(NULL));
	PCI_REFUSED(-ENOENT, vmr_pci_host_unregister(&host));
	ASSERT_EQ(0, host_up(&host, 0, 0, 15));
	ASSERT_EQ(0, card_init(&card));
	ASSERT_EQ(0, bridge_init(&bridge));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &bridge.fn, 0));
	ASSERT_EQ(0, vmr_pci_bridge_plug(&bridge, &card, 0));
	PCI_REFUSED(-EBUSY, vmr_pci_host_unregister(&host));
	EXPECT_EQ(0, vmr_pci_unplug(&card));
	PCI_REFUSED(-EBUSY, vmr_pci_host_unregister(&host));
	EXPECT_EQ(0, vmr_pci_unplug(&bridge.fn));
	EXPECT_EQ(0, vmr_pci_host_unregister(&host));
	EXPECT_EQ(NULL, vmr_pci_find_host(&m.manager, 0, 0));
	PCI_REFUSED(-ENOENT, vmr_pci_host_unregister(&host));
	PCI_REFUSED(-ENOENT, vmr_pci_host_plug(&host, &card, 0));
	EXPECT_EQ(0, host_up(&host, 1, 3, 4));
	EXPECT_EQ(0, vmr_pci_host_plug(&host, &card, 0));
	EXPECT_EQ(&card, found(1, 3, 0, 0));
	EXPECT_SOUND();
}

/* A host bridge cannot come below functions that are plugged on one of its buses. */
TEST(host_register_after_functions)
{
	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, card_init(&card));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &card, VMR_PCI_ADDRESS(1, 4, 31, 7)));
	PCI_REFUSED(-EBUSY, host_up(&host, 1, 0, 255));
	PCI_REFUSED(-EBUSY, host_up(&host, 1, 4, 4));
	PCI_REFUSED(-EBUSY, host_up(&host, 1, 0, 4));
	EXPECT_EQ(0, host_up(&host, 1, 5, 255));
	EXPECT_EQ(0, host_up(&other, 1, 0, 3));
}

/*
 * Plugging
 */

/* vmr_pci_plug() uses the root bus of the host bridge that has the bus. */
TEST(host_plug_by_address)
{
	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, host_up(&host, 0, 8, 15));
	ASSERT_EQ(0, card_init(&card));
	PCI_REFUSED(-ERANGE, vmr_pci_plug(&m.manager, &card, VMR_PCI_BDF(9, 0, 0)));
	EXPECT_EQ(0, vmr_pci_plug(&m.manager, &card, VMR_PCI_BDF(8, 0, 0)));
	EXPECT_EQ(&host, card.host);
	PCI_REFUSED(-EBUSY, vmr_pci_host_unregister(&host));
	PCI_REFUSED(-EEXIST, vmr_pci_plug(&m.manager, &card, VMR_PCI_BDF(8, 1, 0)));
	PCI_REFUSED(-EEXIST, vmr_pci_host_plug(&host, &card, 8));
	/* No host bridge has this bus */
	ASSERT_EQ(0, card_init(&cards[0]));
	EXPECT_EQ(0, vmr_pci_plug(&m.manager, &cards[0], VMR_PCI_BDF(3, 0, 0)));
	EXPECT_EQ(NULL, cards[0].host);
	EXPECT_EQ(&cards[0], found(0, 3, 0, 0));
}

/* The errors of vmr_pci_host_plug() leave no trace. */
TEST(host_plug_refused)
{
	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, card_with_bar(&card));
	ASSERT_EQ(0, card_init(&cards[0]));
	PCI_REFUSED(-EINVAL, vmr_pci_host_plug(NULL, &card, 0));
	PCI_REFUSED(-EINVAL, vmr_pci_host_plug(&host, NULL, 0));
	PCI_REFUSED(-ENOENT, vmr_pci_host_plug(&host, &card, 0));
	ASSERT_EQ(0, host_up(&host, 0, 0, 15));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &cards[0], 3 << 3));
	PCI_REFUSED(-ERANGE, vmr_pci_host_plug(&host, &card, 256));
	PCI_REFUSED(-EBUSY, vmr_pci_host_plug(&host, &card, 3 << 3));
	card_refuses = -ENOMEM;
	PCI_REFUSED(-ENOMEM, vmr_pci_host_plug(&host, &card, 4 << 3));
	EXPECT_EQ(NULL, card.host);
	EXPECT_EQ(NULL, card.manager);
	EXPECT_EQ(NULL, found(0, 0, 4, 0));
	card_refuses = 0;
	EXPECT_EQ(0, vmr_pci_host_plug(&host, &card, 4 << 3));
	EXPECT_EQ(0, vmr_pci_unplug(&cards[0]));
	EXPECT_EQ(0, vmr_pci_unplug(&card));
	EXPECT_EQ(0, vmr_pci_host_unregister(&host));
}

/* Any device is the lowest one whose functions are all free. */
TEST(host_any_device_lowest_free)
{
	uint32_t i;

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, host_up(&host, 2, 5, 15));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, card_init(&cards[i]));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &cards[0], 0 << 3));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &cards[1], 1 << 3 | 7));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &cards[2], VMR_PCI_ANY_DEVICE));
	EXPECT_EQ(&cards[2], found(2, 5, 2, 0));
	EXPECT_EQ(0, vmr_pci_unplug(&cards[0]));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &cards[0], VMR_PCI_ANY_DEVICE));
	EXPECT_EQ(&cards[0], found(2, 5, 0, 0));
}

/* A bus has 32 devices, at the root as behind a bridge. */
TEST(host_any_device_full)
{
	static struct vmr_pci_function full[64];
	struct vmr_pci_function *fns[] = { &card };
	uint32_t i;

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, host_up(&host, 0, 0, 15));
	ASSERT_EQ(0, bridge_init(&bridge));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &bridge.fn, VMR_PCI_ANY_DEVICE));
	ASSERT_EQ(0, card_init(&card));
	for (i = 0; i < 31; i++) {
		ASSERT_EQ(0, card_init(&full[i]));
		ASSERT_EQ(0, vmr_pci_host_plug(&host, &full[i], VMR_PCI_ANY_DEVICE));
	}
	PCI_REFUSED(-ENOSPC, vmr_pci_host_plug(&host, &card, VMR_PCI_ANY_DEVICE));
	PCI_REFUSED(-ENOSPC, vmr_pci_host_plug_card(&host, fns, 1,
						    VMR_PCI_ANY_DEVICE));
	for (i = 31; i < 63; i++) {
		ASSERT_EQ(0, card_init(&full[i]));
		ASSERT_EQ(0, vmr_pci_bridge_plug(&bridge, &full[i],
						 VMR_PCI_ANY_DEVICE));
	}
	PCI_REFUSED(-ENOSPC, vmr_pci_bridge_plug(&bridge, &card,
						 VMR_PCI_ANY_DEVICE));
	PCI_REFUSED(-ENOSPC, vmr_pci_bridge_plug_card(&bridge, fns, 1,
						      VMR_PCI_ANY_DEVICE));
	EXPECT_SOUND();
}

/*
 * Cards of several functions
 */

/* The functions of a card appear together, and say that there are several. */
TEST(host_card_multifunction_bit)
{
	struct vmr_pci_function *fns[8] = { &cards[0], NULL, &cards[2] };
	struct vmr_pci_function *one[8] = { &cards[3] };

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, host_up(&host, 0, 0, 15));
	ASSERT_EQ(0, card_with_bar(&cards[0]));
	ASSERT_EQ(0, card_with_bar(&cards[2]));
	ASSERT_EQ(0, card_init(&cards[3]));
	ASSERT_EQ(0, vmr_pci_host_plug_card(&host, fns, 8, 4));
	EXPECT_EQ(&cards[0], found(0, 0, 4, 0));
	EXPECT_EQ(NULL, found(0, 0, 4, 1));
	EXPECT_EQ(&cards[2], found(0, 0, 4, 2));
	EXPECT_EQ(0x80U, reg_read(&cards[0], PCI_HEADER_TYPE, 1));
	EXPECT_EQ(0x80U, reg_read(&cards[2], PCI_HEADER_TYPE, 1));
	EXPECT_EQ(&host, cards[2].host);
	ASSERT_EQ(0, vmr_pci_host_plug_card(&host, one, 8, VMR_PCI_ANY_DEVICE));
	EXPECT_EQ(&cards[3], found(0, 0, 0, 0));
	EXPECT_EQ(0U, reg_read(&cards[3], PCI_HEADER_TYPE, 1));
	/* Each function leaves alone */
	EXPECT_EQ(0, vmr_pci_unplug(&cards[0]));
	EXPECT_EQ(&cards[2], found(0, 0, 4, 2));
	EXPECT_EQ(0, vmr_pci_unplug(&cards[2]));
	EXPECT_SOUND();
}

/* A function that was part of a card and is plugged alone is a single one again. */
TEST(host_card_bit_cleared_after_unplug)
{
	struct vmr_pci_function *fns[] = { &cards[0], &cards[1] };
	struct vmr_pci_ids ids = card_ids;

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, host_up(&host, 0, 0, 15));
	ASSERT_EQ(0, card_init(&cards[0]));
	ids.header_type = 0x80;
	memset(&cards[1], 0, sizeof(cards[1]));
	ASSERT_EQ(0, vmr_pci_function_init(&cards[1], &ids, &card_ops, "own"));
	ASSERT_EQ(0, vmr_pci_host_plug_card(&host, fns, 2, 4));
	EXPECT_EQ(0, vmr_pci_unplug(&cards[0]));
	EXPECT_EQ(0, vmr_pci_unplug(&cards[1]));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &cards[0], 5 << 3));
	EXPECT_EQ(0U, reg_read(&cards[0], PCI_HEADER_TYPE, 1));
	/* The owner's bit stays */
	EXPECT_EQ(0x80U, reg_read(&cards[1], PCI_HEADER_TYPE, 1));
}

/* Each invalid card is refused. */
TEST(host_card_invalid_refused)
{
	struct vmr_pci_function *fns[9] = { &cards[0], &cards[1] };

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, card_init(&cards[0]));
	ASSERT_EQ(0, card_init(&cards[1]));
	PCI_REFUSED(-EINVAL, vmr_pci_host_plug_card(NULL, fns, 2, 0));
	PCI_REFUSED(-ENOENT, vmr_pci_host_plug_card(&host, fns, 2, 0));
	ASSERT_EQ(0, host_up(&host, 0, 0, 15));
	PCI_REFUSED(-EINVAL, vmr_pci_host_plug_card(&host, NULL, 2, 0));
	PCI_REFUSED(-EINVAL, vmr_pci_host_plug_card(&host, fns, 0, 0));
	PCI_REFUSED(-EINVAL, vmr_pci_host_plug_card(&host, fns, 9, 0));
	PCI_REFUSED(-ERANGE, vmr_pci_host_plug_card(&host, fns, 2, 32));
	fns[0] = NULL;
	PCI_REFUSED(-EINVAL, vmr_pci_host_plug_card(&host, fns, 2, 0));
	fns[0] = fns[1];
	PCI_REFUSED(-EINVAL, vmr_pci_host_plug_card(&host, fns, 2, 0));
	fns[0] = &cards[0];
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &cards[1], 8));
	PCI_REFUSED(-EEXIST, vmr_pci_host_plug_card(&host, fns, 2, 0));
	fns[1] = NULL;
	PCI_REFUSED(-EBUSY, vmr_pci_host_plug_card(&host, fns, 2, 1));

	ASSERT_EQ(0, bridge_init(&bridge));
	PCI_REFUSED(-EINVAL, vmr_pci_bridge_plug_card(NULL, fns, 1, 0));
	PCI_REFUSED(-ENOENT, vmr_pci_bridge_plug_card(&bridge, fns, 1, 0));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &bridge.fn, 16));
	PCI_REFUSED(-ERANGE, vmr_pci_bridge_plug_card(&bridge, fns, 1, 32));
	EXPECT_EQ(0, vmr_pci_bridge_plug_card(&bridge, fns, 1, 31));
	EXPECT_EQ(31U << 3, cards[0].address.start);
}

/* A card whose third function cannot be plugged leaves no trace of the first two. */
TEST(host_card_failure_undoes_all)
{
	struct vmr_pci_function *fns[] = { &cards[0], &cards[1], &cards[2] };
	struct probe want_irq;
	unsigned int i;

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, host_up(&host, 0, 0, 15));
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, card_with_bar(&cards[i]));
	/* The address of the third is taken */
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &cards[3], 6 << 3 | 2));
	PCI_REFUSED(-EBUSY, vmr_pci_host_plug_card(&host, fns, 3, 6));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(NULL, cards[i].manager);
		EXPECT_EQ(NULL, cards[i].host);
		EXPECT_EQ(NULL, cards[i].dev.transaction);
		EXPECT_EQ(0U, cards[i].config[PCI_HEADER_TYPE]);
	}
	/* Its resources are not there */
	probe_init(&want_irq, "irq");
	vmr_constraint_init_fixed(&want_irq.want[0], VMR_KIND_IRQ, 64, 1,
				  &want_irq.node[0]);
	cards[2].dev.constraints = want_irq.want;
	cards[2].dev.nr_constraints = 1;
	vmr_resource_set_init(&cards[2].dev.resources, want_irq.got, 1);
	PCI_REFUSED(-ERANGE, vmr_pci_host_plug_card(&host, fns, 3, 7));
	/* Its owner refuses it, and so all */
	cards[2].dev.nr_constraints = 0;
	card_refuses = -EIO;
	PCI_REFUSED(-EIO, vmr_pci_host_plug_card(&host, fns, 3, 31));
	card_refuses = 0;
	EXPECT_EQ(1U, host.nr_functions);
	EXPECT_EQ(0, vmr_pci_host_plug_card(&host, fns, 3, 7));
	EXPECT_EQ(4U, host.nr_functions);
	EXPECT_SOUND();
}

/* A card without function 1 whose function 2 cannot be added: nothing remains. */
TEST(host_card_gap_undone)
{
	struct vmr_pci_function *fns[] = { &cards[0], NULL, &cards[1] };
	size_t i;

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, host_up(&host, 0, 0, 15));
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, card_with_bar(&cards[i]));
	ASSERT_EQ(0, card_init(&card));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &card, 3 << 3 | 2));
	PCI_REFUSED(-EBUSY, vmr_pci_host_plug_card(&host, fns, 3, 3));
	EXPECT_EQ(NULL, found(0, 0, 3, 0));
	EXPECT_EQ(1U, host.nr_functions);
	EXPECT_EQ(0, vmr_pci_unplug(&card));
	EXPECT_EQ(0, vmr_pci_host_plug_card(&host, fns, 3, 3));
	EXPECT_EQ(&cards[1], found(0, 0, 3, 2));
}

/* An address that the owner holds remains its own after a plug that fails. */
TEST(host_held_address_after_failure)
{
	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, host_up(&host, 0, 0, 15));
	ASSERT_EQ(0, card_init(&card));
	ASSERT_EQ(0, vmr_id_reserve(&m.sys.pci_bdfs, &card.address, 8, NULL));
	card_refuses = -EIO;
	PCI_REFUSED(-EIO, vmr_pci_host_plug(&host, &card, 8));
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&card.address));
	card_refuses = 0;
	EXPECT_EQ(0, vmr_pci_host_plug(&host, &card, 8));
	EXPECT_EQ(0, vmr_pci_unplug(&card));
	/* A parked address is not held. */
	ASSERT_EQ(0, vmr_park(&m.sys.pci_bdfs.space, &card.address, 8, 8));
	PCI_REFUSED(-EEXIST, vmr_pci_host_plug(&host, &card, 8));
	EXPECT_EQ(0, vmr_free(&m.sys.pci_bdfs.space, &card.address));
}

/* An address that the owner holds is accepted where it is, and only there. */
TEST(host_plug_held_address)
{
	struct vmr_pci_function *fns[] = { &cards[0], &cards[1] };

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, host_up(&host, 0, 0, 15));
	ASSERT_EQ(0, card_init(&cards[0]));
	ASSERT_EQ(0, card_init(&cards[1]));
	ASSERT_EQ(0, vmr_id_reserve(&m.sys.pci_bdfs, &cards[1].address,
				    VMR_PCI_BDF(0, 9, 1), NULL));
	PCI_REFUSED(-EEXIST, vmr_pci_host_plug_card(&host, fns, 2, 8));
	PCI_REFUSED(-EEXIST, vmr_pci_host_plug(&host, &cards[1], 0));
	card_refuses = -EIO;
	PCI_REFUSED(-EIO, vmr_pci_host_plug_card(&host, fns, 2, 9));
	card_refuses = 0;
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&cards[1].address));
	EXPECT_EQ(0, vmr_pci_host_plug_card(&host, fns, 2, 9));
	EXPECT_EQ(&cards[1], found(0, 0, 9, 1));
}

/* The guest finds a function when it is plugged, not when its address is held. */
TEST(host_held_address_is_no_function)
{
	const uint32_t at = VMR_PCI_BDF(0, 9, 0);
	struct vmr_pci_function *next;

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, host_up(&host, 0, 0, 15));
	ASSERT_EQ(0, card_init(&cards[0]));
	ASSERT_EQ(0, card_init(&cards[1]));
	ASSERT_EQ(0, bridge_init(&bridge));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &bridge.fn, 8));
	number_bridge(&bridge, 1, 1);
	ASSERT_EQ(0, vmr_id_reserve(&m.sys.pci_bdfs, &cards[0].address, at, NULL));
	ASSERT_EQ(0, vmr_id_reserve(&bridge.devfns, &cards[1].address, 8, NULL));
	EXPECT_EQ(NULL, vmr_pci_find_function(&m.manager, at));
	EXPECT_EQ(NULL, found(0, 1, 1, 0));
	next = vmr_pci_next_function(&host, NULL, NULL);
	EXPECT_EQ(&bridge.fn, next);
	EXPECT_EQ(NULL, vmr_pci_next_function(&host, NULL, &bridge.fn));
	EXPECT_EQ(NULL, vmr_pci_next_function(NULL, &bridge, NULL));
	EXPECT_EQ(0, vmr_pci_host_reset(&host));
	ASSERT_EQ(0, card_init(&cards[2]));
	ASSERT_EQ(0, vmr_pci_bridge_plug(&bridge, &cards[2], 16));
	EXPECT_EQ(&cards[2], vmr_pci_next_function(&host, NULL, &bridge.fn));
	EXPECT_EQ(&cards[2], vmr_pci_next_function(NULL, &bridge, NULL));
	EXPECT_EQ(0, vmr_pci_plug(&m.manager, &cards[0], at));
	EXPECT_EQ(&cards[0], vmr_pci_find_function(&m.manager, at));
	EXPECT_EQ(&cards[0], vmr_pci_next_function(&host, NULL, &cards[2]));
}

/*
 * Lookups through bridges
 */

/* Root bus 8: bridges 0 and 1 at devices 1 and 2; behind bridge 0 bridge 2. */
static int tree_up(void)
{
	unsigned int i;
	int ret = pci_machine_up(63);

	if (!ret)
		ret = host_up(&host, 1, 8, 31);
	for (i = 0; i < NR(bridges) && !ret; i++)
		ret = bridge_init(&bridges[i]);
	for (i = 0; i < NR(cards) && !ret; i++)
		ret = card_init(&cards[i]);
	if (!ret)
		ret = vmr_pci_host_plug(&host, &bridges[0].fn, 1 << 3);
	if (!ret)
		ret = vmr_pci_host_plug(&host, &bridges[1].fn, 2 << 3);
	if (!ret)
		ret = vmr_pci_bridge_plug(&bridges[0], &bridges[2].fn, 4 << 3);
	if (!ret)
		ret = vmr_pci_bridge_plug(&bridges[0], &cards[0], 3 << 3);
	if (!ret)
		ret = vmr_pci_bridge_plug(&bridges[1], &cards[1], 3 << 3);
	if (!ret)
		ret = vmr_pci_bridge_plug(&bridges[2], &cards[2], 3 << 3);
	if (!ret)
		ret = vmr_pci_host_plug(&host, &cards[3], 3 << 3);
	return ret;
}

/* A lookup follows the bus numbers of the guest, in its segment only. */
TEST(host_find_through_bridges)
{
	ASSERT_EQ(0, tree_up());
	EXPECT_EQ(NULL, found(1, 9, 3, 0));
	number_bridge(&bridges[0], 9, 10);
	number_bridge(&bridges[1], 11, 11);
	number_bridge(&bridges[2], 10, 10);
	EXPECT_EQ(&cards[0], found(1, 9, 3, 0));
	EXPECT_EQ(&cards[1], found(1, 11, 3, 0));
	EXPECT_EQ(&cards[2], found(1, 10, 3, 0));
	EXPECT_EQ(&cards[3], found(1, 8, 3, 0));
	EXPECT_EQ(&bridges[2].fn, found(1, 9, 4, 0));
	EXPECT_EQ(NULL, found(1, 10, 4, 0));
	EXPECT_EQ(NULL, found(1, 12, 3, 0));
	EXPECT_EQ(NULL, found(1, 0, 3, 0));
	EXPECT_EQ(NULL, found(0, 9, 3, 0));
	EXPECT_EQ(NULL, found(2, 9, 3, 0));
	EXPECT_EQ(NULL, vmr_pci_find_function(NULL, VMR_PCI_BDF(8, 3, 0)));
	EXPECT_EQ(VMR_PCI_ADDRESS(1, 10, 3, 0), vmr_pci_function_address(&cards[2]));
	EXPECT_EQ(VMR_PCI_ADDRESS(1, 8, 3, 0), vmr_pci_function_address(&cards[3]));
	/* The numbers of a bridge are gone with it */
	EXPECT_EQ(0, vmr_pci_unplug(&cards[1]));
	EXPECT_EQ(0, vmr_pci_unplug(&bridges[1].fn));
	EXPECT_EQ(NULL, found(1, 11, 3, 0));
	EXPECT_SOUND();
}

/* Of equal numbers the lowest bridge counts, of overlapping ones the lowest number. */
TEST(host_find_equal_and_overlapping)
{
	ASSERT_EQ(0, tree_up());
	number_bridge(&bridges[1], 9, 9);
	EXPECT_EQ(&cards[1], found(1, 9, 3, 0));
	number_bridge(&bridges[0], 9, 9);
	EXPECT_EQ(&cards[0], found(1, 9, 3, 0));
	number_bridge(&bridges[0], 10, 20);
	EXPECT_EQ(&cards[1], found(1, 9, 3, 0));
	/* Bridge 1 has the lower number, and nothing behind it leads to bus 10 */
	number_bridge(&bridges[1], 9, 20);
	EXPECT_EQ(NULL, found(1, 10, 3, 0));
	number_bridge(&bridges[1], 11, 20);
	EXPECT_EQ(&cards[0], found(1, 10, 3, 0));
	EXPECT_EQ(NULL, found(1, 11, 3, 0));
}

/* Of bridges with equal secondary numbers the lowest on the bus leads to the bus. */
TEST(host_find_equal_numbers_lowest)
{
	unsigned int i, first;

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, host_up(&host, 0, 0, 15));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, bridge_init(&bridges[i]));
		ASSERT_EQ(0, vmr_pci_host_plug(&host, &bridges[i].fn, (i + 1) << 3));
		ASSERT_EQ(0, card_init(&cards[i]));
		ASSERT_EQ(0, vmr_pci_bridge_plug(&bridges[i], &cards[i], 0));
	}
	/* In each order of the writes */
	for (first = 0; first < 3; first++) {
		for (i = 0; i < 3; i++)
			number_bridge(&bridges[i], 0, 0);
		for (i = 0; i < 3; i++)
			number_bridge(&bridges[(first + i) % 3], 5, 5);
		EXPECT_EQ(&cards[0], found(0, 5, 0, 0));
		for (i = 3; i--; )
			number_bridge(&bridges[(first + i) % 3], 6, 6);
		EXPECT_EQ(&cards[0], found(0, 6, 0, 0));
	}
}

/* Numbers that do not ascend, and those of other host bridges, lead nowhere. */
TEST(host_find_nonsense_numbers)
{
	ASSERT_EQ(0, tree_up());
	ASSERT_EQ(0, host_up(&other, 1, 32, 63));
	ASSERT_EQ(0, card_init(&card));
	ASSERT_EQ(0, vmr_pci_host_plug(&other, &card, 3 << 3));
	/* The root bus itself, and buses below it */
	number_bridge(&bridges[0], 8, 31);
	EXPECT_EQ(&cards[3], found(1, 8, 3, 0));
	EXPECT_EQ(NULL, found(1, 9, 3, 0));
	number_bridge(&bridges[0], 7, 31);
	EXPECT_EQ(NULL, found(1, 9, 3, 0));
	EXPECT_EQ(NULL, found(1, 7, 3, 0));
	/* Reversed */
	number_bridge(&bridges[0], 10, 9);
	EXPECT_EQ(NULL, found(1, 10, 3, 0));
	/* The numbers of the other host bridge, whole and in part */
	number_bridge(&bridges[0], 32, 32);
	EXPECT_EQ(&card, found(1, 32, 3, 0));
	number_bridge(&bridges[0], 33, 33);
	EXPECT_EQ(NULL, found(1, 33, 3, 0));
	number_bridge(&bridges[0], 31, 255);
	EXPECT_EQ(&cards[0], found(1, 31, 3, 0));
	EXPECT_EQ(&card, found(1, 32, 3, 0));
	EXPECT_EQ(NULL, found(1, 33, 3, 0));
	/* A bridge behind it with its number, or a lower one */
	number_bridge(&bridges[0], 20, 30);
	number_bridge(&bridges[2], 20, 30);
	EXPECT_EQ(&cards[0], found(1, 20, 3, 0));
	EXPECT_EQ(NULL, found(1, 21, 3, 0));
	number_bridge(&bridges[2], 10, 30);
	EXPECT_EQ(NULL, found(1, 21, 3, 0));
	number_bridge(&bridges[2], 30, 255);
	EXPECT_EQ(&cards[2], found(1, 30, 3, 0));
	EXPECT_EQ(NULL, found(1, 31, 3, 0));
	EXPECT_SOUND();
}

/* A bridge that no host bridge has cannot lead into the buses of one. */
TEST(host_find_not_from_outside)
{
	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, bridge_init(&bridge));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &bridge.fn, VMR_PCI_BDF(0, 1, 0)));
	ASSERT_EQ(0, card_init(&card));
	ASSERT_EQ(0, vmr_pci_bridge_plug(&bridge, &card, 0));
	number_bridge(&bridge, 33, 34);
	EXPECT_EQ(&card, found(0, 33, 0, 0));
	ASSERT_EQ(0, host_up(&host, 0, 32, 63));
	EXPECT_EQ(NULL, found(0, 33, 0, 0));
	/* The bridge of the host bridge has the number, and not the lowest one */
	ASSERT_EQ(0, bridge_init(&bridges[0]));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &bridges[0].fn, 5 << 3));
	ASSERT_EQ(0, card_init(&cards[0]));
	ASSERT_EQ(0, vmr_pci_bridge_plug(&bridges[0], &cards[0], 0));
	number_bridge(&bridges[0], 33, 33);
	EXPECT_EQ(&cards[0], found(0, 33, 0, 0));
	number_bridge(&bridge, 1, 31);
	EXPECT_EQ(&card, found(0, 1, 0, 0));
}

/* Numbers remain reachable at the ends of a segment. */
TEST(host_find_last_bus)
{
	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, host_up(&host, 1, 0, 255));
	ASSERT_EQ(0, bridge_init(&bridge));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &bridge.fn, 0xff));
	ASSERT_EQ(0, card_init(&card));
	ASSERT_EQ(0, vmr_pci_bridge_plug(&bridge, &card, 0xff));
	number_bridge(&bridge, 255, 255);
	EXPECT_EQ(&card, found(1, 255, 31, 7));
	number_bridge(&bridge, 1, 255);
	EXPECT_EQ(&card, found(1, 1, 31, 7));
	EXPECT_EQ(NULL, found(1, 255, 31, 7));
	EXPECT_EQ(NULL, found(2, 1, 31, 7));
}

/*
 * Iteration
 */

/* A bridge comes before the functions behind it, these before the next on its bus. */
TEST(host_next_function_depth_first)
{
	struct vmr_pci_function *order[] = {
		&bridges[0].fn, &cards[0], &bridges[2].fn, &cards[2],
		&bridges[1].fn, &cards[1], &cards[3],
	};
	struct vmr_pci_function *fn = NULL;
	unsigned int i;

	ASSERT_EQ(0, tree_up());
	for (i = 0; i < NR(order); i++) {
		fn = vmr_pci_next_function(&host, NULL, fn);
		EXPECT_EQ(order[i], fn);
	}
	EXPECT_EQ(NULL, vmr_pci_next_function(&host, NULL, fn));
	fn = NULL;
	for (i = 1; i < 4; i++) {
		fn = vmr_pci_next_function(NULL, &bridges[0], fn);
		EXPECT_EQ(order[i], fn);
	}
	EXPECT_EQ(NULL, vmr_pci_next_function(NULL, &bridges[0], fn));
	EXPECT_EQ(NULL, vmr_pci_next_function(NULL, &bridges[3], NULL));
	EXPECT_EQ(NULL, vmr_pci_next_function(NULL, NULL, NULL));
	EXPECT_EQ(NULL, vmr_pci_next_function(&other, NULL, NULL));
}

/* Functions of other host bridges, before and behind, are not visited. */
TEST(host_next_function_own_bus_only)
{
	struct vmr_pci_host hosts[3] = { 0 };
	unsigned int i;

	ASSERT_EQ(0, pci_machine_up(63));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, host_up(&hosts[i], 1, 4 * i, 4 * i + 3));
		ASSERT_EQ(0, card_init(&cards[i]));
	}
	EXPECT_EQ(NULL, vmr_pci_next_function(&hosts[1], NULL, NULL));
	ASSERT_EQ(0, vmr_pci_host_plug(&hosts[0], &cards[0], 0xff));
	ASSERT_EQ(0, vmr_pci_host_plug(&hosts[2], &cards[2], 0));
	EXPECT_EQ(NULL, vmr_pci_next_function(&hosts[1], NULL, NULL));
	ASSERT_EQ(0, vmr_pci_host_plug(&hosts[1], &cards[1], 0xff));
	EXPECT_EQ(&cards[1], vmr_pci_next_function(&hosts[1], NULL, NULL));
	EXPECT_EQ(NULL, vmr_pci_next_function(&hosts[1], NULL, &cards[1]));
}

/* A restored function that fails to register has the host that it had before. */
TEST(host_of_refused_restored_function)
{
	static struct vmr_pci_host host;
	static struct vmr_pci_function fn;

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, host_up(&host, 0, 0, 255));
	ASSERT_EQ(0, card_init(&fn));
	ASSERT_EQ(0, vmr_id_reserve(&m.sys.pci_bdfs, &fn.address, 8, NULL));
	EXPECT_EQ(-ENOENT, vmr_pci_register_restored(&m.manager, &fn, NULL));
	EXPECT_EQ(NULL, fn.host);
	ASSERT_EQ(0, device_id_alloc(&fn.dev));
	ASSERT_EQ(0, vmr_id_free_range(&m.sys.pci_bdfs, &fn.address));
	ASSERT_EQ(0, vmr_reserve(&m.sys.pci_bdfs.space, &fn.address, 8, 9, NULL));
	EXPECT_EQ(-ENOENT, vmr_pci_register_restored(&m.manager, &fn, NULL));
	ASSERT_EQ(0, vmr_id_free_range(&m.sys.pci_bdfs, &fn.address));
	ASSERT_EQ(0, vmr_id_reserve(&m.sys.pci_bdfs, &fn.address, 0x108, NULL));
	EXPECT_EQ(-ERANGE, vmr_pci_register_restored(&m.manager, &fn, NULL));
	ASSERT_EQ(0, vmr_id_free_range(&m.sys.pci_bdfs, &fn.address));
	ASSERT_EQ(0, vmr_id_reserve(&m.sys.pci_bdfs, &fn.address, 8, NULL));
	EXPECT_EQ(NULL, fn.host);
	EXPECT_EQ(0, vmr_pci_register_restored(&m.manager, &fn, NULL));
	EXPECT_EQ(&host, fn.host);
}

TEST_HARNESS_MAIN

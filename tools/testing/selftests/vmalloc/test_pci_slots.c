// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_pci_slots.c - hot-plug on conventional buses, by a front end like that of ACPI
 */
#include "../kselftest_harness.h"

#include "port_machine.h"

/* The registers of the front end: devices that came, and that shall go */
static uint32_t up, down, gone;

static void front_added(struct vmr_pci_slots *slots, uint32_t device)
{
	(void)slots;
	up |= 1u << device;
}

static void front_requested(struct vmr_pci_slots *slots, uint32_t device)
{
	(void)slots;
	down |= 1u << device;
}

static void front_pulled(struct vmr_pci_slots *slots, uint32_t device)
{
	(void)slots;
	gone |= 1u << device;
}

static void let_go(struct vmr_pci_slots *slots, uint32_t device)
{
	released++;
	if (pull_when_released)
		pull_result = vmr_pci_slots_pull(slots, device);
}

static const struct vmr_pci_slots_ops front_end = {
	.added = front_added, .removal_requested = front_requested,
	.pulled = front_pulled,
};

static const struct vmr_pci_slots_ops no_front_end;

static struct vmr_pci_bridge bridge, inner;
static struct vmr_pci_slots root_slots = {
	.ops = &front_end, .host = &host, .released = let_go,
};

static struct vmr_pci_slots bridge_slots = {
	.ops = &front_end, .bridge = &bridge, .released = let_go,
};

/* A bridge at 00:02.0 with bus 1 behind it, and cards that are not plugged. */
static int slots_up(void)
{
	int ret = port_host_up();

	if (!ret)
		ret = bridge_init(&bridge);
	if (!ret)
		ret = vmr_pci_host_plug(&host, &bridge.fn, 2 << 3);
	number_bridge(&bridge, 1, 1);
	if (!ret)
		ret = card_with_bar(&cards[0]);
	return ret ? ret : card_with_bar(&cards[1]);
}

/* The life of a card: added, asked for, let go by the guest, pulled. */
static void life_of_card(struct __test_metadata *_metadata,
			 struct vmr_pci_slots *slots, uint32_t bus,
			 uint32_t device)
{
	const uint32_t bit = 1u << device;
	uint32_t occupied = vmr_pci_slots_occupied(slots);

	ASSERT_EQ(0, vmr_pci_slots_add(slots, card_list, 2, device));
	EXPECT_EQ(bit, up);
	EXPECT_EQ(occupied | bit, vmr_pci_slots_occupied(slots));
	EXPECT_EQ(&cards[1], found(bus, device << 3 | 1));
	PCI_REFUSED(-EBUSY, vmr_pci_slots_add(slots, card_list, 2, device));
	EXPECT_EQ(0U, vmr_pci_slots_pending(slots));
	ASSERT_EQ(0, vmr_pci_slots_request_removal(slots, device));
	EXPECT_EQ(bit, down);
	EXPECT_EQ(bit, vmr_pci_slots_pending(slots));
	PCI_REFUSED(-EALREADY, vmr_pci_slots_request_removal(slots, device));
	ASSERT_EQ(0, vmr_pci_slots_keep(slots, device));
	EXPECT_EQ(0U, vmr_pci_slots_pending(slots));
	ASSERT_EQ(0, vmr_pci_slots_request_removal(slots, device));
	ASSERT_EQ(0, vmr_pci_slots_let_go(slots, device));
	EXPECT_EQ(1U, released);
	EXPECT_EQ(bit, vmr_pci_slots_pending(slots));
	ASSERT_EQ(0, vmr_pci_slots_pull(slots, device));
	EXPECT_EQ(bit, gone);
	EXPECT_EQ(occupied, vmr_pci_slots_occupied(slots));
	EXPECT_EQ(NULL, found(bus, device << 3));
	PCI_REFUSED(-ENOENT, vmr_pci_slots_request_removal(slots, device));
	PCI_REFUSED(-ENOENT, vmr_pci_slots_pull(slots, device));
	PCI_REFUSED(-ENOENT, vmr_pci_slots_let_go(slots, device));
	PCI_REFUSED(-ENOENT, vmr_pci_slots_keep(slots, device));
	PCI_REFUSED(-ERANGE, vmr_pci_slots_request_removal(slots, 32));
	PCI_REFUSED(-ERANGE, vmr_pci_slots_add(slots, card_list, 2, 32));
	EXPECT_SOUND();
}

/* Behind a bridge. */
TEST(slots_behind_bridge)
{
	ASSERT_EQ(0, slots_up());
	ASSERT_EQ(0, vmr_pci_slots_init(&bridge_slots));
	life_of_card(_metadata, &bridge_slots, 1, 31);
}

/* On the root bus, beside devices that no slot has brought. */
TEST(slots_at_root)
{
	ASSERT_EQ(0, slots_up());
	ASSERT_EQ(0, vmr_pci_slots_init(&root_slots));
	EXPECT_EQ(1U << 2, vmr_pci_slots_occupied(&root_slots));
	life_of_card(_metadata, &root_slots, 0, 1);
}

/* The front end learns which device number was free. */
TEST(slots_any_device)
{
	ASSERT_EQ(0, slots_up());
	ASSERT_EQ(0, vmr_pci_slots_add(&root_slots, card_list, 1,
				       VMR_PCI_ANY_DEVICE));
	EXPECT_EQ(1U, up);
	ASSERT_EQ(0, vmr_pci_slots_add(&bridge_slots, card_list + 1, 1, 3));
	EXPECT_EQ(9U, up);
}

/* The last function of a device belongs to its card. */
TEST(slots_card_with_function_7)
{
	struct vmr_pci_function *fns[8] = { &cards[0], [7] = &cards[1] };

	ASSERT_EQ(0, slots_up());
	ASSERT_EQ(0, vmr_pci_slots_add(&bridge_slots, fns, 8, 3));
	EXPECT_EQ(&cards[1], found(1, 3 << 3 | 7));
	ASSERT_EQ(0, vmr_pci_slots_request_removal(&bridge_slots, 3));
	EXPECT_EQ(VMR_DEVICE_REMOVAL_REQUESTED, cards[1].dev.state);
	ASSERT_EQ(0, vmr_pci_slots_pull(&bridge_slots, 3));
	EXPECT_EQ(NULL, cards[1].manager);
	EXPECT_SOUND();
}

/* Pulling a bridge takes all behind it, or nothing if something must remain. */
TEST(slots_pull_bridge)
{
	struct vmr_pci_function *fns[] = { &inner.fn };
	struct vmr_transaction t;

	ASSERT_EQ(0, slots_up());
	ASSERT_EQ(0, bridge_init(&inner));
	ASSERT_EQ(0, vmr_pci_slots_add(&bridge_slots, fns, 1, 4));
	ASSERT_EQ(0, vmr_pci_bridge_plug(&inner, &cards[0], 0));
	ASSERT_EQ(0, vmr_pci_bridge_plug(&inner, &cards[1], 8));
	ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &t));
	ASSERT_EQ(0, vmr_transaction_remove(&t, &cards[1].dev));
	PCI_REFUSED(-EBUSY, vmr_pci_slots_pull(&bridge_slots, 4));
	EXPECT_EQ(0U, gone);
	ASSERT_EQ(0, vmr_transaction_abort(&t));
	pull_when_released = true;
	ASSERT_EQ(0, vmr_pci_slots_let_go(&bridge_slots, 4));
	EXPECT_EQ(0, pull_result);
	EXPECT_EQ(NULL, cards[0].manager);
	EXPECT_EQ(NULL, cards[1].manager);
	EXPECT_EQ(1U << 4, gone);
	EXPECT_SOUND();
}

/* A front end may leave out every callback. */
TEST(slots_without_front_end)
{
	ASSERT_EQ(0, slots_up());
	bridge_slots.ops = &no_front_end;
	ASSERT_EQ(0, vmr_pci_slots_init(&bridge_slots));
	ASSERT_EQ(0, vmr_pci_slots_add(&bridge_slots, card_list, 1, 0));
	ASSERT_EQ(0, vmr_pci_slots_request_removal(&bridge_slots, 0));
	ASSERT_EQ(0, vmr_pci_slots_pull(&bridge_slots, 0));
	EXPECT_EQ(0U, up | down | gone);
}

/* Slots without a bus, or of a link, are refused, as are calls for no slots. */
TEST(slots_invalid_calls)
{
	struct vmr_pci_slots bad = bridge_slots;

	EXPECT_EQ(-EINVAL, vmr_pci_slots_init(NULL));
	bad.host = &host;
	EXPECT_EQ(-EINVAL, vmr_pci_slots_init(&bad));
	bad.host = NULL;
	bad.bridge = NULL;
	EXPECT_EQ(-EINVAL, vmr_pci_slots_init(&bad));
	bad = bridge_slots;
	bad.ops = NULL;
	EXPECT_EQ(-EINVAL, vmr_pci_slots_init(&bad));
	bad = bridge_slots;
	bad.released = NULL;
	EXPECT_EQ(-EINVAL, vmr_pci_slots_init(&bad));
	EXPECT_EQ(-EINVAL, vmr_pci_slots_add(NULL, card_list, 1, 0));
	EXPECT_EQ(-EINVAL, vmr_pci_slots_request_removal(NULL, 0));
	EXPECT_EQ(-EINVAL, vmr_pci_slots_pull(NULL, 0));
	EXPECT_EQ(-EINVAL, vmr_pci_slots_let_go(NULL, 0));
	EXPECT_EQ(-EINVAL, vmr_pci_slots_keep(NULL, 0));
	EXPECT_EQ(0U, vmr_pci_slots_occupied(NULL));
	EXPECT_EQ(0U, vmr_pci_slots_pending(NULL));
	EXPECT_EQ(-ENOENT, vmr_pci_slots_add(&bridge_slots, card_list, 1, 0));
	EXPECT_EQ(-ENOENT, vmr_pci_slots_add(&root_slots, card_list, 1, 0));
	EXPECT_EQ(0U, vmr_pci_slots_occupied(&root_slots));
	ASSERT_EQ(0, root_port_up());
	bad = bridge_slots;
	bad.bridge = &port.bridge;
	EXPECT_EQ(-EINVAL, vmr_pci_slots_init(&bad));
	PCI_REFUSED(-EINVAL, vmr_pci_slots_add(&root_slots, NULL, 1, 0));
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_vector_wait.c - requests for interrupt vectors that wait
 */
#include "../kselftest_harness.h"

#include "pci_machine.h"

static unsigned int nr_served;
static struct vmr_vector_waiter *last_served;
static uint32_t nesting_when_served;

static void note_served(struct vmr_vector_waiter *waiter)
{
	nr_served++;
	last_served = waiter;
	nesting_when_served = m.sys.seq.nesting;
}

static void request(struct vmr_vector_waiter *waiter, struct vmr_range *range,
		    uint32_t nr)
{
	*waiter = (struct vmr_vector_waiter) {
		.range = range, .kind = VMR_KIND_MSI, .nr = nr,
		.served = note_served,
	};
}

/* Each argument that is invalid, and a request that waits or has its vectors. */
TEST(vector_wait_errors)
{
	struct vmr_vector_waiter waiter;
	struct vmr_range range = { 0 };

	ASSERT_EQ(0, pci_machine_up(31));
	request(&waiter, &range, 4);
	REFUSED(-EINVAL, vmr_system_wait_for_vectors(NULL, &waiter));
	REFUSED(-EINVAL, vmr_system_wait_for_vectors(&m.sys, NULL));
	waiter.range = NULL;
	REFUSED(-EINVAL, vmr_system_wait_for_vectors(&m.sys, &waiter));
	request(&waiter, &range, 4);
	waiter.served = NULL;
	REFUSED(-EINVAL, vmr_system_wait_for_vectors(&m.sys, &waiter));
	request(&waiter, &range, 4);
	waiter.kind = VMR_KIND_PIO;
	REFUSED(-EINVAL, vmr_system_wait_for_vectors(&m.sys, &waiter));
	request(&waiter, &range, 0);
	REFUSED(-EINVAL, vmr_system_wait_for_vectors(&m.sys, &waiter));
	request(&waiter, &range, 3);
	REFUSED(-EINVAL, vmr_system_wait_for_vectors(&m.sys, &waiter));
	request(&waiter, &range, 64);
	REFUSED(-EINVAL, vmr_system_wait_for_vectors(&m.sys, &waiter));
	request(&waiter, &range, 32);
	waiter.kind = VMR_KIND_MSI_GENERIC;
	EXPECT_EQ(0, vmr_system_wait_for_vectors(&m.sys, &waiter));
	REFUSED(-EEXIST, vmr_system_wait_for_vectors(&m.sys, &waiter));
	vmr_system_stop_waiting(NULL, &waiter);
	vmr_system_stop_waiting(&m.sys, NULL);
	REFUSED(-EEXIST, vmr_system_wait_for_vectors(&m.sys, &waiter));
	vmr_system_stop_waiting(&m.sys, &waiter);
	vmr_system_stop_waiting(&m.sys, &waiter);
	ASSERT_EQ(0, vmr_reserve(&m.sys.irqs.space, &range, 0, 1, NULL));
	REFUSED(-EEXIST, vmr_system_wait_for_vectors(&m.sys, &waiter));
	REFUSED(-EINVAL, vmr_system_free_vectors(NULL, VMR_KIND_MSI, &range));
	REFUSED(-EINVAL, vmr_system_free_vectors(&m.sys, VMR_KIND_MSI, NULL));
	REFUSED(-EINVAL, vmr_system_free_vectors(&m.sys, VMR_KIND_IRQ, &range));
	EXPECT_EQ(0, vmr_system_free_vectors(&m.sys, VMR_KIND_MSI, &range));
	REFUSED(-ENOENT, vmr_system_free_vectors(&m.sys, VMR_KIND_MSI, &range));
	EXPECT_EQ(0U, nr_served);
}

/* The requests are served after the section of vmr_device_unregister() */
static void check_unregistered(struct __test_metadata *_metadata,
			       struct vmr_listener *listener)
{
	struct vmr_vector_waiter waiter;
	struct vmr_range range = { 0 }, held = { 0 };
	struct vmr_device dev = { .ops = &card_ops, .name = "holder" };
	struct vmr_constraint c;
	struct vmr_resource res;

	ASSERT_EQ(0, pci_machine_up(31));
	if (listener)
		ASSERT_EQ(0, vmr_listener_register(&m.manager, listener));
	vmr_constraint_init(&c, VMR_KIND_MSI, 32, &held);
	dev.constraints = &c;
	dev.nr_constraints = 1;
	vmr_resource_set_init(&dev.resources, &res, 1);
	ASSERT_EQ(0, vmr_device_register(&m.manager, &dev, NULL, NULL));
	request(&waiter, &range, 16);
	ASSERT_EQ(0, vmr_system_wait_for_vectors(&m.sys, &waiter));
	EXPECT_EQ(0, vmr_device_unregister(&m.manager, &dev));
	EXPECT_EQ(1U, nr_served);
	EXPECT_EQ(0U, nesting_when_served);
	EXPECT_TRUE(last_served == &waiter);
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&range));
	EXPECT_EQ(0, vmr_device_drain(&m.manager, &dev));
	EXPECT_EQ(0, vmr_system_free_vectors(&m.sys, VMR_KIND_MSI, &range));
	EXPECT_SOUND();
}

/*
 * A device that is unregistered frees its vectors in a write section. The requests are
 * served after it, since no callback runs in a section. The delivery of notifications,
 * which a program without listeners does not have, serves them too.
 */
TEST(vector_wait_device_unregistered)
{
	check_unregistered(_metadata, NULL);
}

TEST(vector_wait_unregistered_with_listener)
{
	struct vmr_listener listener = { .region_changed = ignore_change };

	check_unregistered(_metadata, &listener);
}

/* The oldest request that fits is first; a list whose first does not fit is skipped. */
TEST(vector_wait_oldest_first)
{
	struct vmr_vector_waiter big, old, young;
	struct vmr_range big_range = { 0 }, old_range = { 0 }, young_range = { 0 };
	struct vmr_range all = { 0 }, one = { 0 };

	ASSERT_EQ(0, pci_machine_up(31));
	ASSERT_EQ(0, vmr_reserve(&m.sys.irqs.space, &all, 1, 31, NULL));
	ASSERT_EQ(0, vmr_reserve(&m.sys.irqs.space, &one, 0, 0, NULL));
	request(&big, &big_range, 32);
	request(&old, &old_range, 1);
	request(&young, &young_range, 1);
	ASSERT_EQ(0, vmr_system_wait_for_vectors(&m.sys, &big));
	ASSERT_EQ(0, vmr_system_wait_for_vectors(&m.sys, &old));
	ASSERT_EQ(0, vmr_system_wait_for_vectors(&m.sys, &young));
	EXPECT_EQ(0, vmr_system_free_vectors(&m.sys, VMR_KIND_MSI, &one));
	EXPECT_EQ(1U, nr_served);
	EXPECT_TRUE(last_served == &old);
	EXPECT_EQ(0, vmr_system_free_vectors(&m.sys, VMR_KIND_MSI, &old_range));
	EXPECT_TRUE(last_served == &young);
	EXPECT_EQ(0, vmr_system_free_vectors(&m.sys, VMR_KIND_MSI, &young_range));
	EXPECT_EQ(2U, nr_served);
	EXPECT_EQ(0, vmr_system_free_vectors(&m.sys, VMR_KIND_MSI, &all));
	EXPECT_EQ(3U, nr_served);
	EXPECT_TRUE(last_served == &big);
	EXPECT_EQ(0U, big_range.start);
}

TEST_HARNESS_MAIN

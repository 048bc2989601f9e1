// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_kvm_irqs.c - KVM's interrupt routes and irqfds follow vectors and lines
 */
#include "../kselftest_harness.h"
#include "fake_kvm.h"

static struct vmr_kvm_vector vector[FAKE_ROUTES + 1];
static const struct vmr_kvm_message message = {
	.address = 0x1fee00000, .data = 0x41,
};

static int vector_up(unsigned int i)
{
	vector[i].fd = 100 + (int)i;
	return vmr_kvm_vector_set(&kvm, &vector[i], 24 + i, &message);
}

/* Any number of changes makes one call for the routes. */
TEST(kvm_routes_in_one_call)
{
	const struct kvm_irq_routing_entry *route;
	unsigned int i;

	ASSERT_EQ(0, kvm_up());
	ASSERT_EQ(0, vmr_kvm_commit(&kvm));
	EXPECT_EQ(0u, fake.calls);
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, vector_up(i));
	EXPECT_EQ(0u, fake.calls);
	ASSERT_EQ(0, vmr_kvm_commit(&kvm));
	EXPECT_EQ(1u, fake.routings);
	EXPECT_EQ(3u, fake.nr_routes);
	EXPECT_EQ(3u, fake.nr_irqfds);
	route = fake_route(25);
	ASSERT_NE(NULL, route);
	EXPECT_EQ((uint32_t)KVM_IRQ_ROUTING_MSI, route->type);
	EXPECT_EQ(0xfee00000u, route->u.msi.address_lo);
	EXPECT_EQ(1u, route->u.msi.address_hi);
	EXPECT_EQ(0x41u, route->u.msi.data);
	EXPECT_EQ(0u, route->flags);
	ASSERT_NE(NULL, fake_irqfd_of(101));
	EXPECT_EQ(25u, fake_irqfd_of(101)->gsi);
	ASSERT_EQ(0, vmr_kvm_commit(&kvm));
	EXPECT_EQ(1u, fake.routings);
	EXPECT_EQ(4u, fake.calls);
}

/* A vector with a device id has it in its route. */
TEST(kvm_route_with_device_id)
{
	struct vmr_kvm_message with_id = message;

	with_id.device_id = 0x108;
	with_id.has_device_id = true;
	ASSERT_EQ(0, kvm_up());
	ASSERT_EQ(0, vmr_kvm_vector_set(&kvm, &vector[0], 24, &with_id));
	ASSERT_EQ(0, vmr_kvm_commit(&kvm));
	ASSERT_NE(NULL, fake_route(24));
	EXPECT_EQ((uint32_t)KVM_MSI_VALID_DEVID, fake_route(24)->flags);
	EXPECT_EQ(0x108u, fake_route(24)->u.msi.devid);
}

/* The guest gives a bus another number: the route changes, and the irqfd stays. */
TEST(kvm_route_with_another_device_id)
{
	struct vmr_kvm_message with_id = message;

	with_id.device_id = 0x108;
	with_id.has_device_id = true;
	vector[0].fd = 100;
	ASSERT_EQ(0, kvm_up());
	ASSERT_EQ(0, vmr_kvm_vector_set(&kvm, &vector[0], 24, &with_id));
	ASSERT_EQ(0, vmr_kvm_commit(&kvm));
	with_id.device_id = 0x208;
	ASSERT_EQ(0, vmr_kvm_vector_set(&kvm, &vector[0], 24, &with_id));
	EXPECT_EQ(0x108u, fake_route(24)->u.msi.devid);
	ASSERT_EQ(0, vmr_kvm_commit(&kvm));
	EXPECT_EQ(2u, fake.routings);
	EXPECT_EQ(1u, fake.nr_routes);
	EXPECT_EQ(0x208u, fake_route(24)->u.msi.devid);
	EXPECT_EQ((uint32_t)KVM_MSI_VALID_DEVID, fake_route(24)->flags);
	ASSERT_NE(NULL, fake_irqfd_of(100));
	EXPECT_EQ(24u, fake_irqfd_of(100)->gsi);
	/* the commits of the route, and the irqfd of the first */
	EXPECT_EQ(3u, fake.calls);
}

/* A masked vector has no irqfd, and has it again after the commit. */
TEST(kvm_vector_masked)
{
	ASSERT_EQ(0, kvm_up());
	ASSERT_EQ(0, vector_up(0));
	ASSERT_EQ(0, vmr_kvm_vector_mask(&kvm, &vector[0], true));
	ASSERT_EQ(0, vmr_kvm_commit(&kvm));
	EXPECT_EQ(0u, fake.nr_irqfds);
	EXPECT_EQ(1u, fake.nr_routes);
	ASSERT_EQ(0, vmr_kvm_vector_mask(&kvm, &vector[0], false));
	EXPECT_EQ(0u, fake.nr_irqfds);
	ASSERT_EQ(0, vmr_kvm_commit(&kvm));
	EXPECT_EQ(1u, fake.nr_irqfds);
	EXPECT_EQ(1u, fake.routings);
	ASSERT_EQ(0, vmr_kvm_vector_mask(&kvm, &vector[0], true));
	EXPECT_EQ(0u, fake.nr_irqfds);
}

/* A new message keeps the irqfd, another number moves it. */
TEST(kvm_vector_changed)
{
	struct vmr_kvm_message other = message;

	other.data = 0x42;
	ASSERT_EQ(0, kvm_up());
	ASSERT_EQ(0, vector_up(0));
	ASSERT_EQ(0, vmr_kvm_commit(&kvm));
	ASSERT_EQ(0, vmr_kvm_vector_set(&kvm, &vector[0], 24, &other));
	EXPECT_EQ(1u, fake.nr_irqfds);
	ASSERT_EQ(0, vmr_kvm_commit(&kvm));
	EXPECT_EQ(0x42u, fake_route(24)->u.msi.data);
	EXPECT_EQ(3u, fake.calls);
	ASSERT_EQ(0, vmr_kvm_vector_set(&kvm, &vector[0], 30, &other));
	EXPECT_EQ(0u, fake.nr_irqfds);
	ASSERT_EQ(0, vmr_kvm_commit(&kvm));
	EXPECT_EQ(NULL, fake_route(24));
	ASSERT_NE(NULL, fake_irqfd_of(100));
	EXPECT_EQ(30u, fake_irqfd_of(100)->gsi);
}

/* A cleared vector has neither irqfd nor route, and can be set again. */
TEST(kvm_vector_cleared)
{
	unsigned int i;

	ASSERT_EQ(0, kvm_up());
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, vector_up(i));
	ASSERT_EQ(0, vmr_kvm_commit(&kvm));
	ASSERT_EQ(0, vmr_kvm_vector_clear(&kvm, &vector[0]));
	EXPECT_EQ(2u, fake.nr_irqfds);
	EXPECT_EQ(3u, fake.nr_routes);
	ASSERT_EQ(0, vmr_kvm_vector_clear(&kvm, &vector[1]));
	ASSERT_EQ(0, vmr_kvm_commit(&kvm));
	EXPECT_EQ(1u, fake.nr_routes);
	EXPECT_EQ(-ENOENT, vmr_kvm_vector_clear(&kvm, &vector[0]));
	EXPECT_EQ(-ENOENT, vmr_kvm_vector_mask(&kvm, &vector[0], true));
	ASSERT_EQ(0, vector_up(0));
	ASSERT_EQ(0, vmr_kvm_commit(&kvm));
	EXPECT_EQ(2u, fake.nr_irqfds);
}

/* A refused call changes nothing, and the next commit tries it again. */
TEST(kvm_commit_refused)
{
	ASSERT_EQ(0, kvm_up());
	ASSERT_EQ(0, vector_up(0));
	ASSERT_EQ(0, vector_up(1));
	ASSERT_EQ(0, vector_up(2));
	fake_fail_in(1);
	EXPECT_EQ(-EIO, vmr_kvm_commit(&kvm));
	EXPECT_EQ(0u, fake.nr_irqfds);
	fake.fail_from = fake.calls + 3;
	EXPECT_EQ(-EIO, vmr_kvm_commit(&kvm));
	EXPECT_EQ(3u, fake.nr_routes);
	EXPECT_EQ(1u, fake.nr_irqfds);
	fake.fail_from = 0;
	ASSERT_EQ(0, vmr_kvm_commit(&kvm));
	EXPECT_EQ(3u, fake.nr_irqfds);
	EXPECT_EQ(2u, fake.routings);
}

/* A vector that KVM does not detach keeps its number, route and mask. */
TEST(kvm_detach_refused)
{
	ASSERT_EQ(0, kvm_up());
	ASSERT_EQ(0, vector_up(0));
	ASSERT_EQ(0, vmr_kvm_commit(&kvm));
	fake.fail_from = fake.calls + 1;
	EXPECT_EQ(-EIO, vmr_kvm_vector_set(&kvm, &vector[0], 30, &message));
	EXPECT_EQ(-EIO, vmr_kvm_vector_mask(&kvm, &vector[0], true));
	EXPECT_EQ(-EIO, vmr_kvm_vector_clear(&kvm, &vector[0]));
	fake.fail_from = 0;
	ASSERT_EQ(0, vmr_kvm_commit(&kvm));
	EXPECT_EQ(24u, fake_irqfd_of(100)->gsi);
	EXPECT_NE(NULL, fake_route(24));
	EXPECT_EQ(1u, fake.routings);
}

/* Routes of lines and of vectors are in one table, which may be full. */
TEST(kvm_table_full)
{
	static struct vmr_kvm_route line, other;
	unsigned int i;

	ASSERT_EQ(0, kvm_up());
	line.entry.gsi = 4;
	line.entry.type = KVM_IRQ_ROUTING_IRQCHIP;
	line.entry.u.irqchip.pin = 4;
	ASSERT_EQ(0, vmr_kvm_add_route(&kvm, &line));
	EXPECT_EQ(-EEXIST, vmr_kvm_add_route(&kvm, &line));
	for (i = 0; i < FAKE_ROUTES - 1; i++)
		ASSERT_EQ(0, vector_up(i));
	EXPECT_EQ(-ENOSPC, vector_up(i));
	EXPECT_EQ(-ENOSPC, vmr_kvm_add_route(&kvm, &other));
	ASSERT_EQ(0, vmr_kvm_commit(&kvm));
	ASSERT_NE(NULL, fake_route(4));
	EXPECT_EQ((uint32_t)KVM_IRQ_ROUTING_IRQCHIP, fake_route(4)->type);
	ASSERT_EQ(0, vmr_kvm_remove_route(&kvm, &line));
	EXPECT_EQ(-ENOENT, vmr_kvm_remove_route(&kvm, &line));
	ASSERT_EQ(0, vector_up(i));
	ASSERT_EQ(0, vmr_kvm_commit(&kvm));
	EXPECT_EQ(NULL, fake_route(4));
	EXPECT_EQ((uint32_t)FAKE_ROUTES, fake.nr_routes);
}

/* A line has an irqfd with its end of interrupt, and moves to another number. */
TEST(kvm_line_attached)
{
	struct vmr_kvm_line line = { .fd = 7, .resample_fd = 8 };

	ASSERT_EQ(0, kvm_up());
	EXPECT_EQ(-ENOENT, vmr_kvm_line_detach(&kvm, &line));
	ASSERT_EQ(0, vmr_kvm_line_attach(&kvm, &line, 16));
	ASSERT_NE(NULL, fake_irqfd_of(7));
	EXPECT_EQ((uint32_t)KVM_IRQFD_FLAG_RESAMPLE, fake_irqfd_of(7)->flags);
	EXPECT_EQ(8u, fake_irqfd_of(7)->resamplefd);
	ASSERT_EQ(0, vmr_kvm_line_attach(&kvm, &line, 16));
	EXPECT_EQ(1u, fake.calls);
	ASSERT_EQ(0, vmr_kvm_line_attach(&kvm, &line, 17));
	EXPECT_EQ(17u, fake_irqfd_of(7)->gsi);
	ASSERT_EQ(0, vmr_kvm_line_detach(&kvm, &line));
	EXPECT_EQ(0u, fake.nr_irqfds);
	line.resample_fd = -1;
	ASSERT_EQ(0, vmr_kvm_line_attach(&kvm, &line, 0));
	EXPECT_EQ(0u, fake_irqfd_of(7)->flags);
}

/* A refused move leaves a line where it was. */
TEST(kvm_line_refused)
{
	struct vmr_kvm_line line = { .fd = 7, .resample_fd = 8 };

	ASSERT_EQ(0, kvm_up());
	fake_fail_in(1);
	EXPECT_EQ(-EIO, vmr_kvm_line_attach(&kvm, &line, 16));
	EXPECT_EQ(-ENOENT, vmr_kvm_line_detach(&kvm, &line));
	ASSERT_EQ(0, vmr_kvm_line_attach(&kvm, &line, 16));
	fake_fail_in(1);
	EXPECT_EQ(-EIO, vmr_kvm_line_attach(&kvm, &line, 17));
	fake_fail_in(2);
	EXPECT_EQ(-EIO, vmr_kvm_line_attach(&kvm, &line, 17));
	EXPECT_EQ(16u, fake_irqfd_of(7)->gsi);
	fake_fail_in(1);
	EXPECT_EQ(-EIO, vmr_kvm_line_detach(&kvm, &line));
	fake.fail_from = fake.calls + 2;
	EXPECT_EQ(-EIO, vmr_kvm_line_attach(&kvm, &line, 17));
	EXPECT_EQ(0u, fake.nr_irqfds);
	EXPECT_EQ(-ENOENT, vmr_kvm_line_detach(&kvm, &line));
}

/* NULL is -EINVAL, and so are routes without memory for them. */
TEST(kvm_irq_invalid_arguments)
{
	struct vmr_kvm_line line = { .fd = 7 };
	struct vmr_kvm_route route = { .added = false };

	ASSERT_EQ(0, kvm_up());
	EXPECT_EQ(-EINVAL, vmr_kvm_add_route(NULL, &route));
	EXPECT_EQ(-EINVAL, vmr_kvm_add_route(&kvm, NULL));
	EXPECT_EQ(-EINVAL, vmr_kvm_remove_route(NULL, &route));
	EXPECT_EQ(-EINVAL, vmr_kvm_remove_route(&kvm, NULL));
	EXPECT_EQ(-EINVAL, vmr_kvm_vector_set(NULL, &vector[0], 24, &message));
	EXPECT_EQ(-EINVAL, vmr_kvm_vector_set(&kvm, NULL, 24, &message));
	EXPECT_EQ(-EINVAL, vmr_kvm_vector_set(&kvm, &vector[0], 24, NULL));
	EXPECT_EQ(-EINVAL, vmr_kvm_vector_mask(NULL, &vector[0], true));
	EXPECT_EQ(-EINVAL, vmr_kvm_vector_mask(&kvm, NULL, true));
	EXPECT_EQ(-EINVAL, vmr_kvm_vector_clear(NULL, &vector[0]));
	EXPECT_EQ(-EINVAL, vmr_kvm_vector_clear(&kvm, NULL));
	EXPECT_EQ(-EINVAL, vmr_kvm_commit(NULL));
	EXPECT_EQ(-EINVAL, vmr_kvm_line_attach(NULL, &line, 16));
	EXPECT_EQ(-EINVAL, vmr_kvm_line_attach(&kvm, NULL, 16));
	EXPECT_EQ(-EINVAL, vmr_kvm_line_detach(NULL, &line));
	EXPECT_EQ(-EINVAL, vmr_kvm_line_detach(&kvm, NULL));
	kvm.routing = NULL;
	EXPECT_EQ(-EINVAL, vmr_kvm_add_route(&kvm, &route));
	EXPECT_EQ(-EINVAL, vmr_kvm_vector_set(&kvm, &vector[0], 24, &message));
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_notify.c - notifications of listeners
 */
#include "../kselftest_harness.h"
#include "machine.h"

/*
 * A listener is called once for each change of a mapping, until it is
 * unregistered.
 */
TEST(listener_called_once_per_change)
{
	struct probe p;
	struct event_log d;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, diary_start(&d));
	EXPECT_EQ(-EEXIST, vmr_listener_register(&m.manager, &d.listener));
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	EXPECT_SAYS(&d, 0, &p.region[0], NOWHERE, 0x1000);
	EXPECT_EQ(0, vmr_region_move(&m.manager, &p.region[0], 0x2000, NULL));
	EXPECT_SAYS(&d, 1, &p.region[0], 0x1000, 0x2000);
	EXPECT_EQ(0, vmr_region_program(&m.manager, &p.region[0], 0x2800));
	EXPECT_SAYS(&d, 2, &p.region[0], 0x2000, 0x2800);
	EXPECT_EQ(0, vmr_region_park(&m.manager, &p.region[0], 0x2800));
	EXPECT_SAYS(&d, 3, &p.region[0], 0x2800, NOWHERE);
	EXPECT_EQ(0, vmr_region_program(&m.manager, &p.region[0], 0x3000));
	EXPECT_SAYS(&d, 4, &p.region[0], NOWHERE, 0x3000);
	EXPECT_EQ(0, vmr_region_unmap(&m.manager, &p.region[0]));
	EXPECT_SAYS(&d, 5, &p.region[0], 0x3000, NOWHERE);
	EXPECT_EQ(0, vmr_region_move(&m.manager, &p.region[0], 0x4000, NULL));
	EXPECT_SAYS(&d, 6, &p.region[0], NOWHERE, 0x4000);
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &p.dev));
	EXPECT_SAYS(&d, 7, &p.region[0], 0x4000, NOWHERE);
	EXPECT_EQ(8U, d.nr);

	EXPECT_EQ(0, vmr_listener_unregister(&m.manager, &d.listener));
	EXPECT_EQ(-ENOENT, vmr_listener_unregister(&m.manager, &d.listener));
	EXPECT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_EQ(8U, d.nr);
}

/* A listener is not called if no mapping changes. */
TEST(listener_not_called_without_change)
{
	struct probe p, q;
	struct event_log d;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_up(&q, "q", VMR_MMIO, 0x2000, 0x1000));
	ASSERT_EQ(0, diary_start(&d));
	/* The same address again. */
	EXPECT_EQ(0, vmr_region_move(&m.manager, &p.region[0], 0x1000, NULL));
	EXPECT_EQ(0, vmr_region_program(&m.manager, &p.region[0], 0x1000));
	/* Calls that fail. */
	EXPECT_EQ(-EBUSY, vmr_region_move(&m.manager, &p.region[0], 0x2000,
					  NULL));
	EXPECT_EQ(-ERANGE, vmr_region_move(&m.manager, &p.region[0],
					   MACHINE_LAST, NULL));
	EXPECT_EQ(-EEXIST, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_EQ(0U, d.nr);
	/* Changes between states that are not mapped. */
	EXPECT_EQ(0, vmr_region_unmap(&m.manager, &p.region[0]));
	EXPECT_EQ(1U, d.nr);
	EXPECT_EQ(0, vmr_region_park(&m.manager, &p.region[0], 0x5000));
	EXPECT_EQ(0, vmr_region_program(&m.manager, &p.region[0], 0x2000));
	EXPECT_EQ(0, vmr_region_unmap(&m.manager, &p.region[0]));
	EXPECT_EQ(0, vmr_device_unregister(&m.manager, &p.dev));
	EXPECT_EQ(1U, d.nr);
}

/*
 * The notification of a settled claim follows that of the change that freed its
 * addresses.
 */
TEST(listener_claim_after_its_cause)
{
	struct probe holder, c[2];
	struct event_log d;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, claims_up(&holder, c, 2));
	ASSERT_EQ(0, diary_start(&d));
	EXPECT_EQ(0, vmr_region_program(&m.manager, &holder.region[0], 0x5000));
	EXPECT_SAYS(&d, 0, &holder.region[0], 0x1000, 0x5000);
	EXPECT_SAYS(&d, 1, &c[0].region[0], NOWHERE, 0x1000);
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &c[0].dev));
	EXPECT_SAYS(&d, 2, &c[0].region[0], 0x1000, NOWHERE);
	EXPECT_SAYS(&d, 3, &c[1].region[0], NOWHERE, 0x1000);
	EXPECT_EQ(4U, d.nr);
}

/* A listener is called for all regions of a device, in their order. */
TEST(listener_called_for_all_regions)
{
	struct probe p;
	struct event_log d;
	int i;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, diary_start(&d));
	probe_init(&p, "p");
	for (i = 0; i < PROBE_REGIONS; i++)
		ASSERT_EQ(0, probe_region_at(&p, i, i & 1 ? VMR_PIO : VMR_MMIO,
					     0x1000 * (i + 1), 0x10));
	ASSERT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_EQ((unsigned int)PROBE_REGIONS, d.nr);
	for (i = 0; i < PROBE_REGIONS; i++)
		EXPECT_SAYS(&d, i, &p.region[i], NOWHERE, 0x1000U * (i + 1));
	EXPECT_EQ(PROBE_REGIONS, vmr_device_unregister(&m.manager, &p.dev));
	EXPECT_EQ(2U * PROBE_REGIONS, d.nr);
	for (i = 0; i < PROBE_REGIONS; i++)
		EXPECT_SAYS(&d, PROBE_REGIONS + i, &p.region[i],
			    0x1000U * (i + 1), NOWHERE);
}

static struct probe *other_probe;

/* Move another region from a notification, as a VMM may do. */
static void move_other(struct event_log *d, struct vmr_region *region)
{
	(void)region;
	d->inside = NULL;
	vmr_region_program(&m.manager, &other_probe->region[0], 0x9000);
	/* The nested call has delivered its notification. */
	if (d->nr != 2)
		d->nr = DIARY_MAX;
}

/*
 * A listener may call update-side functions; their notifications precede their
 * return.
 */
TEST(listener_may_change_other_region)
{
	struct probe p, q;
	struct event_log d;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&q, "q", VMR_MMIO, 0x8000, 0x1000));
	ASSERT_EQ(0, diary_start(&d));
	other_probe = &q;
	d.inside = move_other;
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	EXPECT_EQ(2U, d.nr);
	EXPECT_SAYS(&d, 0, &p.region[0], NOWHERE, 0x1000);
	EXPECT_SAYS(&d, 1, &q.region[0], 0x8000, 0x9000);
	EXPECT_SOUND();
}

static void move_again(struct event_log *d, struct vmr_region *region)
{
	d->inside = NULL;
	vmr_region_program(&m.manager, region, 0x9000);
}

/*
 * All listeners receive the notifications in the same order, also those of nested
 * changes.
 */
TEST(listeners_same_notification_order)
{
	struct event_log first, second, third;
	struct probe p;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, diary_start(&first));
	ASSERT_EQ(0, diary_start(&second));
	ASSERT_EQ(0, diary_start(&third));
	first.inside = move_again;
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	EXPECT_EQ(2U, first.nr);
	EXPECT_EQ(2U, second.nr);
	EXPECT_EQ(2U, third.nr);
	EXPECT_SAYS(&first, 0, &p.region[0], NOWHERE, 0x1000);
	EXPECT_SAYS(&first, 1, &p.region[0], 0x1000, 0x9000);
	/* The region has moved again: compare the mappings only. */
	EXPECT_TRUE(mapping_equals(&p.region[0], &second.entry[0].new_, 0x1000));
	EXPECT_TRUE(mapping_equals(&p.region[0], &second.entry[1].old, 0x1000));
	EXPECT_SAYS(&second, 1, &p.region[0], 0x1000, 0x9000);
	EXPECT_TRUE(mapping_equals(&p.region[0], &third.entry[0].new_, 0x1000));
	EXPECT_SAYS(&third, 1, &p.region[0], 0x1000, 0x9000);
}

static void unregister_listener(struct event_log *d, struct vmr_region *region)
{
	(void)region;
	vmr_listener_unregister(&m.manager, &d->listener);
}

/* A listener may unregister itself during a notification. */
TEST(listener_unregisters_itself)
{
	struct event_log first, second, third;
	struct probe p;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, diary_start(&first));
	ASSERT_EQ(0, diary_start(&second));
	ASSERT_EQ(0, diary_start(&third));
	second.inside = unregister_listener;
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &p.dev));
	EXPECT_EQ(2U, first.nr);
	EXPECT_EQ(1U, second.nr);
	EXPECT_EQ(2U, third.nr);
}

static void unregister_device(struct event_log *d, struct vmr_region *region)
{
	d->inside = NULL;
	vmr_device_unregister(&m.manager, region->device);
}

/* A listener may unregister the device of the region that it is called for. */
TEST(listener_unregisters_reported_device)
{
	struct event_log first, second;
	struct probe p;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, diary_start(&first));
	ASSERT_EQ(0, diary_start(&second));
	probe_init(&p, "p");
	ASSERT_EQ(0, probe_region_at(&p, 0, VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_region_at(&p, 1, VMR_MMIO, 0x2000, 0x1000));
	first.inside = unregister_device;
	EXPECT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_NULL(responder(VMR_MMIO, 0x1000));
	EXPECT_NULL(responder(VMR_MMIO, 0x2000));
	/* The second region was mapped and unmapped before any notification. */
	EXPECT_EQ(2U, first.nr);
	EXPECT_EQ(2U, second.nr);
	EXPECT_SAYS(&second, 1, &p.region[0], 0x1000, NOWHERE);
	EXPECT_EQ(0, vmr_device_drain(&m.manager, &p.dev));
	EXPECT_SOUND();
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_barriers.c - full and asymmetric barriers of lookups and drains
 *
 * The program has a port of its own, which counts the barriers of drains.
 */
#include "../kselftest_harness.h"

#include "machine.h"

static bool has_barrier, barrier_fails;
static unsigned int nr_inits, nr_barriers, nr_waits;
static void (*while_waiting)(void);

#if !TEST_LACKS_own_port

unsigned long vmr_port_write_begin(void)
{
	return 0;
}

void vmr_port_write_end(unsigned long state)
{
	(void)state;
}

void vmr_port_reader_wait(unsigned int spins)
{
	(void)spins;
}

void vmr_port_drain_wait(void)
{
	nr_waits++;
	if (while_waiting)
		while_waiting();
}

uintptr_t vmr_port_thread_id(void)
{
	return 1;
}

bool vmr_port_barrier_init(void)
{
	nr_inits++;
	return has_barrier;
}

bool vmr_port_barrier_all(void)
{
	nr_barriers++;
	return !barrier_fails;
}

void vmr_port_assert_failed(const char *what)
{
	fprintf(stderr, "# %s\n", what);
	abort();
}

#endif

static struct probe p;

/* A machine with an unregistered device, and a reader that may still access it */
static int up(bool asymmetric)
{
	int ret;

	has_barrier = asymmetric;
	nr_inits = 0;
	nr_barriers = 0;
	nr_waits = 0;
	ret = machine_up();
	if (!ret)
		ret = probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000);
	if (!ret && vmr_device_unregister(&m.manager, &p.dev) != 1)
		ret = -EINVAL;
	return ret;
}

/* The reader is in a lookup that is older than the removal of the device */
static void begin_lookup(void)
{
	m.reader.epoch = m.manager.epoch - 1;
}

static void end_lookup(void)
{
	if (nr_waits == 3)
		m.reader.epoch = 0;
}

static void register_again(void)
{
	if (nr_waits == 2)
		vmr_device_register(&m.manager, &p.dev, NULL, NULL);
}

/* The manager asks the port once, and a drain has one barrier however long it waits. */
TEST(barrier_once_for_each_drain)
{
	NEEDS(own_port);
	ASSERT_EQ(0, up(true));
	EXPECT_EQ(1U, nr_inits);
	EXPECT_EQ(0U, nr_barriers);
	EXPECT_EQ(0, vmr_device_try_drain(&m.manager, &p.dev));
	EXPECT_EQ(1U, nr_barriers);
	begin_lookup();
	EXPECT_EQ(-EAGAIN, vmr_device_try_drain(&m.manager, &p.dev));
	EXPECT_EQ(2U, nr_barriers);
	while_waiting = end_lookup;
	EXPECT_EQ(0, vmr_device_drain(&m.manager, &p.dev));
	EXPECT_EQ(3U, nr_waits);
	EXPECT_EQ(3U, nr_barriers);
	EXPECT_EQ(1U, nr_inits);
}

/* Without asymmetric barriers a drain never calls the port for one. */
TEST(barriers_of_lookups)
{
	NEEDS(own_port);
	ASSERT_EQ(0, up(false));
	begin_lookup();
	EXPECT_EQ(-EAGAIN, vmr_device_try_drain(&m.manager, &p.dev));
	while_waiting = end_lookup;
	EXPECT_EQ(0, vmr_device_drain(&m.manager, &p.dev));
	EXPECT_EQ(0U, nr_barriers);
}

/* A drain whose barrier is refused has not drained, and works when it is permitted. */
TEST(barrier_refused_eperm)
{
	NEEDS(own_port);
	ASSERT_EQ(0, up(true));
	barrier_fails = true;
	EXPECT_EQ(-EPERM, vmr_device_try_drain(&m.manager, &p.dev));
	EXPECT_EQ(-EPERM, vmr_device_drain(&m.manager, &p.dev));
	EXPECT_EQ(0U, nr_waits);
	barrier_fails = false;
	EXPECT_EQ(0, vmr_device_drain(&m.manager, &p.dev));
}

/* A device that is registered again during a drain is not drained. */
TEST(drain_of_device_registered_again)
{
	NEEDS(own_port);
	ASSERT_EQ(0, up(true));
	begin_lookup();
	while_waiting = register_again;
	EXPECT_EQ(-EBUSY, vmr_device_drain(&m.manager, &p.dev));
	EXPECT_EQ(2U, nr_waits);
	m.reader.epoch = 0;
}

/* The barriers are chosen before readers are attached. */
TEST(barriers_chosen_by_the_caller)
{
	NEEDS(own_port);
	EXPECT_EQ(-EINVAL, vmr_manager_set_asymmetric(NULL, false));
	ASSERT_EQ(0, up(true));
	EXPECT_EQ(-EBUSY, vmr_manager_set_asymmetric(&m.manager, false));
	ASSERT_EQ(0, vmr_reader_detach(&m.reader));
	EXPECT_EQ(0, vmr_manager_set_asymmetric(&m.manager, false));
	EXPECT_EQ(0, vmr_device_drain(&m.manager, &p.dev));
	EXPECT_EQ(0U, nr_barriers);
	EXPECT_EQ(0, vmr_manager_set_asymmetric(&m.manager, true));
	EXPECT_EQ(0, vmr_device_drain(&m.manager, &p.dev));
	EXPECT_EQ(1U, nr_barriers);
	has_barrier = false;
	EXPECT_EQ(-EOPNOTSUPP, vmr_manager_set_asymmetric(&m.manager, true));
	EXPECT_EQ(0, vmr_device_drain(&m.manager, &p.dev));
	EXPECT_EQ(2U, nr_barriers);
}

TEST_HARNESS_MAIN

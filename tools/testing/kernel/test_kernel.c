// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_kernel.c - callbacks that sleep, and callers with a mutex
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/mutex.h>
#include <linux/sched.h>

#include <vmalloc/vmalloc.h>

#include "../harness/kselftest_harness.h"

#include <pthread.h>
#include <sched.h>

struct sleeper {
	struct vmr_device	dev;
	struct vmr_region	region;
	struct vmr_constraint	want;
	struct vmr_resource	has;
	bool			inside;
	bool			wake;
	bool			awake;
	struct mutex		*lock;		/* update-side lock, or NULL */
};

struct caller {
	struct vmr_reader	reader;
	uint64_t		addr;
	int			ret;
};

static struct vmr_system sys;
static struct vmr_manager manager;

static void sleeper_read(struct vmr_device *dev,
			 const struct vmr_access *access, void *data)
{
	struct sleeper *s = container_of(dev, struct sleeper, dev);

	WRITE_ONCE(s->inside, true);
	do {
		msleep(20);
	} while (!READ_ONCE(s->wake));
	if (s->lock) {
		mutex_lock(s->lock);
		mutex_unlock(s->lock);
	}
	memset(data, 0x5a, access->width);
	WRITE_ONCE(s->awake, true);
}

static const struct vmr_device_ops sleeper_ops = { .read = sleeper_read };

static int plug(struct sleeper *s, uint64_t addr)
{
	memset(s, 0, sizeof(*s));
	s->dev.ops = &sleeper_ops;
	vmr_region_init(&s->region, VMR_MMIO, VMR_REGION_TRAPPED, 0x1000, 0,
			"sleeper");
	vmr_device_add_region(&s->dev, &s->region);
	vmr_constraint_init_bounded(&s->want, VMR_KIND_MMIO, 0x1000, 0x1000, addr,
				    addr + 0xfff, &s->region.range);
	s->dev.constraints = &s->want;
	s->dev.nr_constraints = 1;
	vmr_resource_set_init(&s->dev.resources, &s->has, 1);
	return vmr_device_register(&manager, &s->dev, NULL, NULL);
}

static int machine_up(void)
{
	const struct vmr_system_limits limits = {
		.mmio_last = 0xffffffff, .irq_last = 23, .id_last = 99,
	};
	int ret = vmr_system_init(&sys, &limits);

	return ret ? ret : vmr_manager_init(&manager, &sys);
}

static void *call(void *arg)
{
	struct caller *c = arg;
	uint32_t word = 0;

	/* The CPU of the draining thread */
	set_cpus_allowed_ptr(current, cpumask_of(0));
	c->ret = vmr_read(&c->reader, VMR_MMIO, c->addr, &word, 4, 1);
	if (!c->ret && word != 0x5a5a5a5a)
		c->ret = -EIO;
	return NULL;
}

/* A drain waits for a callback that sleeps on the CPU of the draining thread. */
TEST(drain_waits_for_sleeper_on_same_cpu)
{
	struct caller c = { .addr = 0x1000 };
	struct sleeper s;
	pthread_t thread;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, plug(&s, 0x1000));
	ASSERT_EQ(0, vmr_reader_attach(&manager, &c.reader));
	ASSERT_EQ(0, pthread_create(&thread, NULL, call, &c));
	while (!READ_ONCE(s.inside))
		sched_yield();
	EXPECT_EQ(1, vmr_device_unregister(&manager, &s.dev));
	EXPECT_EQ(-EAGAIN, vmr_device_try_drain(&manager, &s.dev));
	WRITE_ONCE(s.wake, true);
	EXPECT_EQ(0, vmr_device_drain(&manager, &s.dev));
	EXPECT_TRUE(READ_ONCE(s.awake));
	pthread_join(thread, NULL);
	EXPECT_EQ(0, c.ret);
	EXPECT_EQ(0, vmr_reader_detach(&c.reader));
}

/* A callback may take the update-side mutex if the drain does not hold it. */
TEST(callback_may_take_update_lock)
{
	struct caller c = { .addr = 0x1000 };
	struct sleeper s, other;
	struct mutex lock;		/* update-side lock */
	pthread_t thread;

	mutex_init(&lock);
	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, plug(&s, 0x1000));
	ASSERT_EQ(0, plug(&other, 0x2000));
	s.lock = &lock;
	s.wake = true;
	ASSERT_EQ(0, vmr_reader_attach(&manager, &c.reader));
	mutex_lock(&lock);
	ASSERT_EQ(0, pthread_create(&thread, NULL, call, &c));
	while (!READ_ONCE(s.inside))
		sched_yield();
	EXPECT_EQ(1, vmr_device_unregister(&manager, &other.dev));
	EXPECT_EQ(1, vmr_device_unregister(&manager, &s.dev));
	EXPECT_EQ(0, vmr_device_try_drain(&manager, &other.dev));
	EXPECT_EQ(-EAGAIN, vmr_device_try_drain(&manager, &s.dev));
	EXPECT_FALSE(READ_ONCE(s.awake));
	mutex_unlock(&lock);
	EXPECT_EQ(0, vmr_device_drain(&manager, &s.dev));
	EXPECT_TRUE(READ_ONCE(s.awake));
	pthread_join(thread, NULL);
	EXPECT_EQ(0, c.ret);
	EXPECT_EQ(0, vmr_reader_detach(&c.reader));
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_drain.c - the drain under adverse conditions
 *
 * A drain waits only for callbacks of its device, and never ends before they return.
 * No result depends on time: threads synchronise on flags and do a number of
 * operations. VMR_TEST_ROUNDS is the number of drains under readers.
 */
#include <pthread.h>
#include <sched.h>

#include "../kselftest_harness.h"

#include "bus.h"
#include "requires.h"

#define DEVICES		12
#define THREADS		4
#define ADDR(i)		(0x10000 + 0x1000 * (uint64_t)(i))

struct test_device {
	struct vmr_device	dev;
	struct vmr_region	region;
	struct vmr_constraint	want;
	struct vmr_resource	got;
	void			(*inside)(struct test_device *t,
					  const struct vmr_access *access);
	unsigned int		number;
	/* Not atomic, written after a drain. */
	unsigned int		first, second;
	unsigned int		visits;
	unsigned int		calls;		/* in progress */
	unsigned int		poisoned;	/* the device is drained */
	unsigned int		stray_calls;	/* callbacks in a drained device */
};

static struct test_device test_devices[DEVICES];
static struct vmr_reader readers[THREADS];
static pthread_mutex_t writers = PTHREAD_MUTEX_INITIALIZER;

static unsigned int get(const unsigned int *flag)
{
	return __atomic_load_n(flag, __ATOMIC_ACQUIRE);
}

static void set(unsigned int *flag, unsigned int value)
{
	__atomic_store_n(flag, value, __ATOMIC_RELEASE);
}

static void add(unsigned int *flag, unsigned int value)
{
	__atomic_fetch_add(flag, value, __ATOMIC_ACQ_REL);
}

static void wait_for(const unsigned int *flag, unsigned int value)
{
	while (get(flag) != value)
		sched_yield();
}

static void wait_for_other(const unsigned int *flag, unsigned int value)
{
	while (get(flag) == value)
		sched_yield();
}

static struct test_device *to_test_device(struct vmr_device *dev)
{
	return owner_of(dev, struct test_device, dev);
}

/* A callback that runs in a drained device is counted as stray. */
static void device_read(struct vmr_device *dev, const struct vmr_access *access,
			void *data)
{
	struct test_device *t = to_test_device(dev);

	add(&t->calls, 1);
	add(&t->visits, 1);
	if (get(&t->poisoned))
		add(&t->stray_calls, 1);
	memset(data, (int)t->number, access->width);
	if (t->inside)
		t->inside(t, access);
	if (t->first != t->second)
		add(&t->stray_calls, 1);
	if (get(&t->poisoned))
		add(&t->stray_calls, 1);
	add(&t->calls, -1u);
}

static const struct vmr_device_ops device_ops = { .read = device_read };

static int device_init(unsigned int i)
{
	struct test_device *t = &test_devices[i];

	memset(t, 0, sizeof(*t));
	t->number = i;
	t->dev.ops = &device_ops;
	t->dev.constraints = &t->want;
	t->dev.nr_constraints = 1;
	vmr_resource_set_init(&t->dev.resources, &t->got, 1);
	vmr_region_init(&t->region, VMR_MMIO, VMR_REGION_TRAPPED, 0x1000, 0,
			"test");
	vmr_constraint_init_fixed(&t->want, VMR_KIND_MMIO, ADDR(i), 0x1000,
				  &t->region.range);
	return vmr_device_add_region(&t->dev, &t->region);
}

static int up(unsigned int nr)
{
	unsigned int i;
	int ret = machine_up();

	for (i = 0; i < nr && !ret; i++) {
		ret = device_init(i);
		if (!ret)
			ret = vmr_device_register(&m.manager, &test_devices[i].dev, NULL,
						  NULL);
	}
	for (i = 0; i < THREADS && !ret; i++)
		ret = reader_attach(&readers[i]);
	return ret;
}

static int read_device(struct vmr_reader *reader, unsigned int i)
{
	uint8_t byte;

	return vmr_read(reader, VMR_MMIO, ADDR(i), &byte, 1, 1);
}

static int unregister_device(unsigned int i)
{
	int ret;

	pthread_mutex_lock(&writers);
	ret = vmr_device_unregister(&m.manager, &test_devices[i].dev);
	pthread_mutex_unlock(&writers);
	return ret;
}

static int try_drain(unsigned int i)
{
	return vmr_device_try_drain(&m.manager, &test_devices[i].dev);
}

/* One thread */

static unsigned int max_depth, innermost_calls, errors;

/* The innermost callback unregisters all devices. */
static void nest_and_unregister(struct test_device *t, const struct vmr_access *access)
{
	unsigned int i;

	if (t->number + 1 < max_depth) {
		errors += read_device(access->reader, t->number + 1) != 0;
	} else {
		innermost_calls++;
		for (i = 0; i < max_depth; i++)
			errors += vmr_device_unregister(&m.manager, &test_devices[i].dev) != 1;
	}
	/*
	 * Outer callbacks still run, inner ones have returned. If the nesting is deeper
	 * than the hazards of a reader, no device is drained.
	 */
	for (i = 0; i < max_depth; i++) {
		int want = i <= t->number ||
			   t->number + 1 > VMR_READER_HAZARDS ? -EAGAIN : 0;

		errors += try_drain(i) != want;
		errors += vmr_device_drain(&m.manager, &test_devices[i].dev) != -EDEADLK;
	}
}

/*
 * Nested callbacks unregister all devices; each device is drained when its
 * callbacks return.
 */
TEST(nested_callbacks_unregister_all)
{
	unsigned int i;

	for (max_depth = 1; max_depth <= DEVICES; max_depth++) {
		ASSERT_EQ(0, up(max_depth));
		for (i = 0; i < max_depth; i++)
			test_devices[i].inside = nest_and_unregister;
		EXPECT_EQ(0, read_device(&m.reader, 0));
		for (i = 0; i < max_depth; i++)
			EXPECT_EQ(0, vmr_device_drain(&m.manager, &test_devices[i].dev));
		EXPECT_EQ(max_depth, innermost_calls);
		EXPECT_EQ(0U, errors) {
			TH_LOG("nesting depth %u", max_depth);
		}
		memset(&m, 0, sizeof(m));
		memset(readers, 0, sizeof(readers));
	}
}

/* Call the device recursively; unregister and register it at each level. */
static void call_recursively(struct test_device *t, const struct vmr_access *access)
{
	if (++innermost_calls == max_depth)
		return;
	errors += vmr_device_unregister(&m.manager, &t->dev) != 1;
	errors += try_drain(0) != -EAGAIN;
	errors += vmr_device_register(&m.manager, &t->dev, NULL, NULL) != 0;
	errors += try_drain(0) != -EBUSY;
	errors += read_device(access->reader, 0) != 0;
	/* This callback still runs, whatever the inner one did. */
	if (t->dev.state == VMR_DEVICE_UNREGISTERED)
		errors += try_drain(0) != -EAGAIN;
}

/*
 * A device that is called recursively cannot be drained before the outermost call
 * returns.
 */
TEST(recursive_callback_blocks_drain)
{
	ASSERT_EQ(0, up(1));
	test_devices[0].dev.reentrant = true;
	test_devices[0].inside = call_recursively;
	max_depth = DEVICES;
	EXPECT_EQ(0, read_device(&m.reader, 0));
	EXPECT_EQ((unsigned int)DEVICES, innermost_calls);
	EXPECT_EQ(0U, errors);
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &test_devices[0].dev));
	EXPECT_EQ(0, vmr_device_drain(&m.manager, &test_devices[0].dev));
}

/* The drain orders lookups and unregistrations also when the epoch wraps. */
TEST(drain_across_epoch_wrap)
{
	unsigned int i;

	ASSERT_EQ(0, up(2));
	test_devices[0].inside = NULL;
	m.manager.epoch = (unsigned long)-3;
	for (i = 0; i < 6; i++) {
		/* The epoch of a lookup that began before the unregistration. */
		unsigned long before = m.manager.epoch;

		EXPECT_EQ(1, vmr_device_unregister(&m.manager, &test_devices[0].dev));
		EXPECT_NE(0UL, m.manager.epoch);
		readers[0].epoch = before;
		EXPECT_EQ(-EAGAIN, try_drain(0));
		readers[0].epoch = m.manager.epoch;
		EXPECT_EQ(0, try_drain(0));
		readers[0].epoch = 0;
		EXPECT_EQ(0, try_drain(0));
		EXPECT_EQ(0, vmr_device_register(&m.manager, &test_devices[0].dev, NULL,
						 NULL));
		EXPECT_EQ(0, read_device(&m.reader, 0));
	}
}

/* Several threads */

struct visit {
	struct vmr_reader	*reader;
	unsigned int		number;
	unsigned int		times;
	int			ret;
	unsigned int		hits;
};

static unsigned int inside, release, stop;

static void *read_thread(void *arg)
{
	struct visit *v = arg;
	unsigned int i;

	for (i = 0; i < v->times && !get(&stop); i++) {
		v->ret = read_device(v->reader, v->number);
		v->hits += !v->ret;
		/* Let drains also run between two accesses. */
		if (!(i % 16))
			sched_yield();
	}
	return NULL;
}

static void block_until_release(struct test_device *t, const struct vmr_access *access)
{
	(void)t;
	(void)access;
	add(&inside, 1);
	wait_for(&release, 1);
}

/* A callback that does not return delays the drain of its own device only. */
TEST(drain_ignores_other_device_callback)
{
	struct visit v = { &readers[0], 0, 1, 77, 0 };
	struct vmr_device *first = &test_devices[0].dev;
	pthread_t thread;
	unsigned int i;

	NEEDS(threads);
	ASSERT_EQ(0, up(3));
	test_devices[0].inside = block_until_release;
	ASSERT_EQ(0, pthread_create(&thread, NULL, read_thread, &v));
	wait_for(&inside, 1);
	EXPECT_EQ(1, unregister_device(0));
	for (i = 0; i < 1000; i++) {
		/* Another device is replaced, also at the old address. */
		EXPECT_EQ(1, vmr_device_unregister(&m.manager, &test_devices[1].dev));
		EXPECT_EQ(0, vmr_device_drain(&m.manager, &test_devices[1].dev));
		test_devices[1].want.request.addr = i % 2 ? ADDR(1) : ADDR(0);
		EXPECT_EQ(0, vmr_device_register(&m.manager, &test_devices[1].dev, NULL,
						 NULL));
		EXPECT_EQ(-EAGAIN, vmr_device_try_drain(&m.manager, first));
	}
	/* Registration at once does not drain the device. */
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &test_devices[1].dev));
	EXPECT_EQ(0, vmr_device_register(&m.manager, first, NULL, NULL));
	EXPECT_EQ(-EBUSY, vmr_device_try_drain(&m.manager, first));
	EXPECT_EQ(1, unregister_device(0));
	EXPECT_EQ(-EAGAIN, vmr_device_try_drain(&m.manager, first));
	/* Its reader cannot be detached. */
	EXPECT_EQ(-EDEADLK, vmr_reader_detach(&readers[0]));
	set(&release, 1);
	EXPECT_EQ(0, vmr_device_drain(&m.manager, first));
	pthread_join(thread, NULL);
	EXPECT_EQ(0, v.ret);
	EXPECT_EQ(0, vmr_reader_detach(&readers[0]));
}

/* All callbacks run; then each unregisters the next device, in a ring. */
static unsigned int unregistered, cannot_drain;

static void unregister_next(struct test_device *t, const struct vmr_access *access)
{
	unsigned int next = (t->number + 1) % THREADS, i;

	(void)access;
	add(&inside, 1);
	wait_for(&inside, THREADS);
	add(&unregistered, (unsigned int)(unregister_device(next) == 1));
	wait_for(&unregistered, THREADS);
	for (i = 0; i < THREADS; i++) {
		add(&cannot_drain, try_drain(i) == -EAGAIN);
		add(&cannot_drain,
		    vmr_device_drain(&m.manager, &test_devices[i].dev) == -EDEADLK);
	}
	/* No callback returns before all have tried to drain. */
	wait_for(&cannot_drain, 2 * THREADS * THREADS);
	wait_for(&release, 1);
}

/* Callbacks on several threads unregister each other's devices, in a ring. */
TEST(callbacks_on_threads_unregister_ring)
{
	struct visit v[THREADS];
	pthread_t thread[THREADS];
	unsigned int i;

	NEEDS(threads);
	ASSERT_EQ(0, up(THREADS));
	for (i = 0; i < THREADS; i++) {
		test_devices[i].inside = unregister_next;
		v[i] = (struct visit){ &readers[i], i, 1, 77, 0 };
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, read_thread, &v[i]));
	}
	wait_for(&cannot_drain, 2 * THREADS * THREADS);
	for (i = 0; i < THREADS; i++)
		EXPECT_EQ(-EAGAIN, try_drain(i));
	set(&release, 1);
	for (i = 0; i < THREADS; i++) {
		EXPECT_EQ(0, vmr_device_drain(&m.manager, &test_devices[i].dev));
		EXPECT_EQ(0U, get(&test_devices[i].calls));
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(thread[i], NULL);
		EXPECT_EQ(0, v[i].ret);
	}
}

/* Every sixteenth callback yields to other threads. */
static void yield_sometimes(struct test_device *t, const struct vmr_access *access)
{
	(void)access;
	if (!(get(&t->visits) % 16))
		sched_yield();
}

static int wait_until_drained(unsigned int i)
{
	int ret;

	while ((ret = try_drain(i)) == -EAGAIN)
		sched_yield();
	return ret;
}

/* Write a drained device: a callback that still runs observes it. */
static void write_drained(struct test_device *t)
{
	t->first++;
	set(&t->poisoned, 1);
	sched_yield();
	t->second++;
	set(&t->poisoned, 0);
}

/* Wait for a new callback, which may still run afterwards. */
static void wait_for_visit(const struct test_device *t)
{
	unsigned int before = get(&t->visits);

	wait_for_other(&t->visits, before);
}

/* VMR_TEST_ROUNDS may exceed the default time limit of a test. */
FIXTURE(long_form)
{
};

FIXTURE_SETUP(long_form)
{
}

FIXTURE_TEARDOWN(long_form)
{
}

/* A drain ends although readers call the device all the time. */
TEST_F_TIMEOUT(long_form, drain_ends_under_constant_readers,
	       36000)
{
	struct visit v[THREADS];
	pthread_t thread[THREADS];
	unsigned long rounds = env_number("VMR_TEST_ROUNDS",
					  1 + 64 / test_part()), round;
	unsigned long hits = 0, waits = 0;
	unsigned int i;

	NEEDS(threads);
	ASSERT_EQ(0, up(2));
	test_devices[0].inside = yield_sometimes;
	test_devices[1].inside = yield_sometimes;
	for (i = 0; i < THREADS; i++) {
		v[i] = (struct visit){ &readers[i], i % 2, -1u, 0, 0 };
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, read_thread, &v[i]));
	}
	for (round = 0; round < rounds; round++) {
		struct test_device *t = &test_devices[round % 2];

		wait_for_visit(t);
		EXPECT_EQ(1, vmr_device_unregister(&m.manager, &t->dev));
		waits += try_drain(t->number) == -EAGAIN;
		/* Mostly yield: on a shared CPU a spinning drain is slow. */
		EXPECT_EQ(0, round % 8 ? wait_until_drained(t->number) :
					 vmr_device_drain(&m.manager, &t->dev));
		write_drained(t);
		EXPECT_EQ(0U, get(&t->calls));
		EXPECT_EQ(0, vmr_device_register(&m.manager, &t->dev, NULL, NULL));
	}
	set(&stop, 1);
	for (i = 0; i < THREADS; i++) {
		pthread_join(thread[i], NULL);
		hits += v[i].hits;
	}
	TH_LOG("%lu drains under constant readers, %lu of them waited, %lu hits",
	       rounds, waits, hits);
	EXPECT_EQ(0U, get(&test_devices[0].stray_calls) + get(&test_devices[1].stray_calls));
}

/* Attach and detach a reader after each access. */
static void *reattach_thread(void *arg)
{
	struct visit *v = arg;
	unsigned int i;

	for (i = 0; i < v->times || !get(&release); i++) {
		v->hits += !read_device(v->reader, v->number);
		pthread_mutex_lock(&writers);
		v->ret |= vmr_reader_detach(v->reader);
		v->ret |= vmr_reader_attach(&m.manager, v->reader);
		pthread_mutex_unlock(&writers);
		/* The lock is not fair. */
		sched_yield();
	}
	v->times = i;
	add(&stop, 1);
	return NULL;
}

/* A drain ends while readers are attached and detached. */
TEST_F_TIMEOUT(long_form,
	       drain_ends_while_readers_reattach,
	       36000)
{
	unsigned long rounds = env_number("VMR_TEST_ROUNDS",
					  1 + 64 / test_part()), drains = 0;
	unsigned long hits = 0, waits = 0, times = 0;
	struct visit v[THREADS];
	pthread_t thread[THREADS];
	unsigned int i;

	NEEDS(threads);
	ASSERT_EQ(0, up(1));
	test_devices[0].inside = yield_sometimes;
	for (i = 0; i < THREADS; i++) {
		v[i] = (struct visit){ &readers[i], 0,
				       5 * (unsigned int)rounds, 0, 0 };
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, reattach_thread,
					    &v[i]));
	}
	while (get(&stop) != THREADS) {
		/* No reader thread ends before @rounds drains are done. */
		if (drains < rounds)
			wait_for_visit(&test_devices[0]);
		else
			set(&release, 1);
		EXPECT_EQ(1, unregister_device(0));
		waits += try_drain(0) == -EAGAIN;
		/* Without the lock: a drain waits for readers that may need it. */
		EXPECT_EQ(0, vmr_device_drain(&m.manager, &test_devices[0].dev));
		drains++;
		write_drained(&test_devices[0]);
		pthread_mutex_lock(&writers);
		EXPECT_EQ(0, vmr_device_register(&m.manager, &test_devices[0].dev, NULL,
						 NULL));
		pthread_mutex_unlock(&writers);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(thread[i], NULL);
		EXPECT_EQ(0, v[i].ret);
		hits += v[i].hits;
		times += v[i].times;
	}
	TH_LOG("%lu drains, %lu of them waited, readers reattached %lu times, %lu hits",
	       drains, waits, times, hits);
	EXPECT_EQ(0U, get(&test_devices[0].stray_calls));
}

TEST_HARNESS_MAIN

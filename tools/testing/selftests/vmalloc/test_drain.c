// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_drain.c - the drain attacked
 *
 * Readers that never leave, callbacks inside callbacks that take each other's
 * devices away, readers that come faster than they go. A drain may wait for those
 * only that are inside its device, and must never say that it is over too soon.
 * Nothing is decided by time: threads meet at flags and run for a number of
 * operations. VMR_TEST_ROUNDS says how often devices are drained under readers.
 */
#include <pthread.h>
#include <sched.h>

#include "../kselftest_harness.h"

#include "bus.h"
#include "requires.h"

#define DEVICES		12
#define THREADS		4
#define ADDR(i)		(0x10000 + 0x1000 * (uint64_t)(i))

struct toy {
	struct vmr_device	dev;
	struct vmr_region	region;
	struct vmr_constraint	want;
	struct vmr_resource	got;
	void			(*inside)(struct toy *t,
					  const struct vmr_access *access);
	unsigned int		number;
	/* Plain, and written by whoever has drained it */
	unsigned int		first, second;
	unsigned int		visits;
	unsigned int		calls;		/* under way */
	unsigned int		poisoned;	/* it has been drained */
	unsigned int		strangers;	/* callbacks after that */
};

static struct toy toys[DEVICES];
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

static struct toy *toy_of(struct vmr_device *dev)
{
	return owner_of(dev, struct toy, dev);
}

/* Whoever is here while it is drained is where nobody may be. */
static void toy_read(struct vmr_device *dev, const struct vmr_access *access,
		     void *data)
{
	struct toy *t = toy_of(dev);

	add(&t->calls, 1);
	add(&t->visits, 1);
	if (get(&t->poisoned))
		add(&t->strangers, 1);
	memset(data, (int)t->number, access->width);
	if (t->inside)
		t->inside(t, access);
	if (t->first != t->second)
		add(&t->strangers, 1);
	if (get(&t->poisoned))
		add(&t->strangers, 1);
	add(&t->calls, -1u);
}

static const struct vmr_device_ops toy_ops = { .read = toy_read };

static int toy_up(unsigned int i)
{
	struct toy *t = &toys[i];

	memset(t, 0, sizeof(*t));
	t->number = i;
	t->dev.ops = &toy_ops;
	t->dev.constraints = &t->want;
	t->dev.nr_constraints = 1;
	vmr_set_init(&t->dev.resources, &t->got, 1);
	vmr_region_init(&t->region, VMR_MMIO, VMR_REGION_TRAPPED, 0x1000, 0,
			"toy");
	vmr_constraint_at(&t->want, VMR_KIND_MMIO, ADDR(i), 0x1000,
			  &t->region.range);
	return vmr_add_region(&t->dev, &t->region);
}

static int up(unsigned int nr)
{
	unsigned int i;
	int ret = machine_up();

	for (i = 0; i < nr && !ret; i++) {
		ret = toy_up(i);
		if (!ret)
			ret = vmr_register(&m.manager, &toys[i].dev, NULL,
					   NULL);
	}
	for (i = 0; i < THREADS && !ret; i++)
		ret = vmr_reader_attach(&m.manager, &readers[i]);
	return ret;
}

static int read_toy(struct vmr_reader *reader, unsigned int i)
{
	uint8_t byte;

	return vmr_read(reader, VMR_MMIO, ADDR(i), &byte, 1, 1);
}

static int unlink_toy(unsigned int i)
{
	int ret;

	pthread_mutex_lock(&writers);
	ret = vmr_unlink(&m.manager, &toys[i].dev);
	pthread_mutex_unlock(&writers);
	return ret;
}

static int drained(unsigned int i)
{
	return vmr_drained(&m.manager, &toys[i].dev);
}

/* One thread */

static unsigned int deepest, at_the_bottom, wrong;

/* Every one of them takes away all, from inside of all of them. */
static void go_down(struct toy *t, const struct vmr_access *access)
{
	unsigned int i;

	if (t->number + 1 < deepest) {
		wrong += read_toy(access->reader, t->number + 1) != 0;
	} else {
		at_the_bottom++;
		for (i = 0; i < deepest; i++)
			wrong += vmr_unlink(&m.manager, &toys[i].dev) != 1;
	}
	/*
	 * On the way up: those above are still inside, those below have left,
	 * unless there are more inside than have names.
	 */
	for (i = 0; i < deepest; i++) {
		int want = i <= t->number ||
			   t->number + 1 > VMR_READER_NESTING ? -EAGAIN : 0;

		wrong += drained(i) != want;
		wrong += vmr_drain(&m.manager, &toys[i].dev) != -EDEADLK;
	}
}

TEST(callbacks_inside_each_other_unlink_all_of_them)
{
	unsigned int i;

	for (deepest = 1; deepest <= DEVICES; deepest++) {
		ASSERT_EQ(0, up(deepest));
		for (i = 0; i < deepest; i++)
			toys[i].inside = go_down;
		EXPECT_EQ(0, read_toy(&m.reader, 0));
		for (i = 0; i < deepest; i++)
			EXPECT_EQ(0, vmr_drain(&m.manager, &toys[i].dev));
		EXPECT_EQ(deepest, at_the_bottom);
		EXPECT_EQ(0U, wrong) {
			TH_LOG("%u deep", deepest);
		}
		memset(&m, 0, sizeof(m));
		memset(readers, 0, sizeof(readers));
	}
}

/* Inside itself, again and again, unlinked and registered again each time. */
static void come_again(struct toy *t, const struct vmr_access *access)
{
	if (++at_the_bottom == deepest)
		return;
	wrong += vmr_unlink(&m.manager, &t->dev) != 1;
	wrong += drained(0) != -EAGAIN;
	wrong += vmr_register(&m.manager, &t->dev, NULL, NULL) != 0;
	wrong += drained(0) != -EBUSY;
	wrong += read_toy(access->reader, 0) != 0;
	/* Unlinked by the inner one or not, this one is inside. */
	if (t->dev.state == VMR_DEVICE_ABSENT)
		wrong += drained(0) != -EAGAIN;
}

TEST(a_device_inside_itself_is_inside_until_the_last_has_left)
{
	ASSERT_EQ(0, up(1));
	toys[0].inside = come_again;
	deepest = DEVICES;
	EXPECT_EQ(0, read_toy(&m.reader, 0));
	EXPECT_EQ((unsigned int)DEVICES, at_the_bottom);
	EXPECT_EQ(0U, wrong);
	EXPECT_EQ(1, vmr_unlink(&m.manager, &toys[0].dev));
	EXPECT_EQ(0, vmr_drain(&m.manager, &toys[0].dev));
}

/* The time of the unlinking goes past its largest number. */
TEST(a_drain_across_the_end_of_time)
{
	unsigned int i;

	ASSERT_EQ(0, up(2));
	toys[0].inside = NULL;
	m.manager.epoch = (unsigned long)-3;
	for (i = 0; i < 6; i++) {
		/* A lookup that began before, as the drain sees it. */
		unsigned long before = m.manager.epoch;

		EXPECT_EQ(1, vmr_unlink(&m.manager, &toys[0].dev));
		EXPECT_NE(0UL, m.manager.epoch);
		readers[0].epoch = before;
		EXPECT_EQ(-EAGAIN, drained(0));
		readers[0].epoch = m.manager.epoch;
		EXPECT_EQ(0, drained(0));
		readers[0].epoch = 0;
		EXPECT_EQ(0, drained(0));
		EXPECT_EQ(0, vmr_register(&m.manager, &toys[0].dev, NULL,
					  NULL));
		EXPECT_EQ(0, read_toy(&m.reader, 0));
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

static unsigned int inside, may_leave, stop;

static void *visitor(void *arg)
{
	struct visit *v = arg;
	unsigned int i;

	for (i = 0; i < v->times && !get(&stop); i++) {
		v->ret = read_toy(v->reader, v->number);
		v->hits += !v->ret;
		/* So that drains find it between two of them, too */
		if (!(i % 16))
			sched_yield();
	}
	return NULL;
}

static void stay(struct toy *t, const struct vmr_access *access)
{
	(void)t;
	(void)access;
	add(&inside, 1);
	wait_for(&may_leave, 1);
}

TEST(one_that_never_leaves_holds_up_nobody_else)
{
	struct visit v = { &readers[0], 0, 1, 77, 0 };
	struct vmr_device *first = &toys[0].dev;
	pthread_t thread;
	unsigned int i;

	NEEDS(threads);
	ASSERT_EQ(0, up(3));
	toys[0].inside = stay;
	ASSERT_EQ(0, pthread_create(&thread, NULL, visitor, &v));
	wait_for(&inside, 1);
	EXPECT_EQ(1, unlink_toy(0));
	for (i = 0; i < 1000; i++) {
		/* Others come and go meanwhile, also at its old address. */
		EXPECT_EQ(1, vmr_unlink(&m.manager, &toys[1].dev));
		EXPECT_EQ(0, vmr_drain(&m.manager, &toys[1].dev));
		toys[1].want.req.addr = i % 2 ? ADDR(1) : ADDR(0);
		EXPECT_EQ(0, vmr_register(&m.manager, &toys[1].dev, NULL,
					  NULL));
		EXPECT_EQ(-EAGAIN, vmr_drained(&m.manager, first));
	}
	/* It may come back at once, and is not drained by that. */
	EXPECT_EQ(1, vmr_unlink(&m.manager, &toys[1].dev));
	EXPECT_EQ(0, vmr_register(&m.manager, first, NULL, NULL));
	EXPECT_EQ(-EBUSY, vmr_drained(&m.manager, first));
	EXPECT_EQ(1, unlink_toy(0));
	EXPECT_EQ(-EAGAIN, vmr_drained(&m.manager, first));
	/* Nor may its reader be taken from under it. */
	EXPECT_EQ(-EDEADLK, vmr_reader_detach(&readers[0]));
	set(&may_leave, 1);
	EXPECT_EQ(0, vmr_drain(&m.manager, first));
	pthread_join(thread, NULL);
	EXPECT_EQ(0, v.ret);
	EXPECT_EQ(0, vmr_reader_detach(&readers[0]));
}

/* All are inside, then each unlinks the next, in a ring. */
static unsigned int unlinked, cannot_drain;

static void unlink_the_next(struct toy *t, const struct vmr_access *access)
{
	unsigned int next = (t->number + 1) % THREADS, i;

	(void)access;
	add(&inside, 1);
	wait_for(&inside, THREADS);
	add(&unlinked, (unsigned int)(unlink_toy(next) == 1));
	wait_for(&unlinked, THREADS);
	for (i = 0; i < THREADS; i++) {
		add(&cannot_drain, drained(i) == -EAGAIN);
		add(&cannot_drain,
		    vmr_drain(&m.manager, &toys[i].dev) == -EDEADLK);
	}
	/* Nobody leaves before all have asked. */
	wait_for(&cannot_drain, 2 * THREADS * THREADS);
	wait_for(&may_leave, 1);
}

TEST(callbacks_on_several_threads_unlink_each_other)
{
	struct visit v[THREADS];
	pthread_t thread[THREADS];
	unsigned int i;

	NEEDS(threads);
	ASSERT_EQ(0, up(THREADS));
	for (i = 0; i < THREADS; i++) {
		toys[i].inside = unlink_the_next;
		v[i] = (struct visit){ &readers[i], i, 1, 77, 0 };
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, visitor, &v[i]));
	}
	wait_for(&cannot_drain, 2 * THREADS * THREADS);
	for (i = 0; i < THREADS; i++)
		EXPECT_EQ(-EAGAIN, drained(i));
	set(&may_leave, 1);
	for (i = 0; i < THREADS; i++) {
		EXPECT_EQ(0, vmr_drain(&m.manager, &toys[i].dev));
		EXPECT_EQ(0U, get(&toys[i].calls));
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(thread[i], NULL);
		EXPECT_EQ(0, v[i].ret);
	}
}

/* Now and then it is inside for so long that others run. */
static void linger(struct toy *t, const struct vmr_access *access)
{
	(void)access;
	if (!(get(&t->visits) % 16))
		sched_yield();
}

static int wait_until_drained(unsigned int i)
{
	int ret;

	while ((ret = drained(i)) == -EAGAIN)
		sched_yield();
	return ret;
}

/* It has been drained, so its memory is the caller's. */
static void write_to(struct toy *t)
{
	t->first++;
	set(&t->poisoned, 1);
	sched_yield();
	t->second++;
	set(&t->poisoned, 0);
}

/* Until somebody comes, who may still be there. */
static void wait_for_a_visit(const struct toy *t)
{
	unsigned int before = get(&t->visits);

	wait_for_other(&t->visits, before);
}

/* VMR_TEST_ROUNDS may take longer than a test has otherwise. */
FIXTURE(long_form)
{
};

FIXTURE_SETUP(long_form)
{
}

FIXTURE_TEARDOWN(long_form)
{
}

/* Somebody is always on the way in, and yet a drain ends. */
TEST_F_TIMEOUT(long_form, readers_that_never_stop_coming_do_not_hold_up_a_drain,
	       36000)
{
	struct visit v[THREADS];
	pthread_t thread[THREADS];
	unsigned long rounds = env_number("VMR_TEST_ROUNDS", 100), round;
	unsigned long hits = 0, waits = 0;
	unsigned int i;

	NEEDS(threads);
	ASSERT_EQ(0, up(2));
	toys[0].inside = linger;
	toys[1].inside = linger;
	for (i = 0; i < THREADS; i++) {
		v[i] = (struct visit){ &readers[i], i % 2, -1u, 0, 0 };
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, visitor, &v[i]));
	}
	for (round = 0; round < rounds; round++) {
		struct toy *t = &toys[round % 2];

		wait_for_a_visit(t);
		EXPECT_EQ(1, vmr_unlink(&m.manager, &t->dev));
		waits += drained(t->number) == -EAGAIN;
		/* Who shares a CPU with those it waits for had better not spin. */
		EXPECT_EQ(0, round % 8 ? wait_until_drained(t->number) :
					 vmr_drain(&m.manager, &t->dev));
		write_to(t);
		EXPECT_EQ(0U, get(&t->calls));
		EXPECT_EQ(0, vmr_register(&m.manager, &t->dev, NULL, NULL));
	}
	set(&stop, 1);
	for (i = 0; i < THREADS; i++) {
		pthread_join(thread[i], NULL);
		hits += v[i].hits;
	}
	TH_LOG("%lu drains of what is never left alone, %lu of them waited, %lu hits",
	       rounds, waits, hits);
	EXPECT_EQ(0U, get(&toys[0].strangers) + get(&toys[1].strangers));
}

/* Readers come and go themselves while others are drained. */
static void *come_and_go(void *arg)
{
	struct visit *v = arg;
	unsigned int i;

	for (i = 0; i < v->times || !get(&may_leave); i++) {
		v->hits += !read_toy(v->reader, v->number);
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

TEST_F_TIMEOUT(long_form,
	       readers_are_attached_and_detached_while_devices_are_drained,
	       36000)
{
	unsigned long rounds = env_number("VMR_TEST_ROUNDS", 100), drains = 0;
	unsigned long hits = 0, waits = 0, times = 0;
	struct visit v[THREADS];
	pthread_t thread[THREADS];
	unsigned int i;

	NEEDS(threads);
	ASSERT_EQ(0, up(1));
	toys[0].inside = linger;
	for (i = 0; i < THREADS; i++) {
		v[i] = (struct visit){ &readers[i], 0,
				       5 * (unsigned int)rounds, 0, 0 };
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, come_and_go,
					    &v[i]));
	}
	while (get(&stop) != THREADS) {
		/* Nobody leaves for good before there were enough drains. */
		if (drains < rounds)
			wait_for_a_visit(&toys[0]);
		else
			set(&may_leave, 1);
		EXPECT_EQ(1, unlink_toy(0));
		waits += drained(0) == -EAGAIN;
		/* Without the lock: a drain waits for who may want it. */
		EXPECT_EQ(0, vmr_drain(&m.manager, &toys[0].dev));
		drains++;
		write_to(&toys[0]);
		pthread_mutex_lock(&writers);
		EXPECT_EQ(0, vmr_register(&m.manager, &toys[0].dev, NULL,
					  NULL));
		pthread_mutex_unlock(&writers);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(thread[i], NULL);
		EXPECT_EQ(0, v[i].ret);
		hits += v[i].hits;
		times += v[i].times;
	}
	TH_LOG("%lu drains, %lu of them waited, while readers come and go %lu times, %lu hits",
	       drains, waits, times, hits);
	EXPECT_EQ(0U, get(&toys[0].strangers));
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_stress.c - readers route accesses while a writer changes everything
 *
 * Nothing here depends on time: a test does so many changes as it is told, goes on
 * until enough accesses met one, and fails if they never do. For the long form:
 *
 *	VMR_TEST_STRESS_CYCLES	hot-plug cycles, default 20000
 *	VMR_TEST_STRESS_MOVES	moves of regions, default 200000
 *	VMR_TEST_STRESS_READERS	threads that route, default 2
 *
 * and for programs that slow it down a hundred times:
 *
 *	VMR_TEST_STRESS_MET	accesses that have to meet a change, default 2000
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "../kselftest_harness.h"
#include "requires.h"
#include "machine.h"

/*
 * The test's own books. A program that looks for races must not take their order
 * for the library's, so there they are kept in order by barriers, which no such
 * program knows.
 */
#ifdef TEST_LOOKED_AT_FOR_RACES
#define load(p) \
	__extension__({ \
		__auto_type loaded_ = __atomic_load_n(p, __ATOMIC_RELAXED); \
		__sync_synchronize(); \
		loaded_; \
	})
#define store(p, v) \
	do { \
		__sync_synchronize(); \
		__atomic_store_n(p, v, __ATOMIC_RELAXED); \
	} while (0)
#else
#define load(p)		__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define store(p, v)	__atomic_store_n(p, v, __ATOMIC_RELEASE)
#endif

static unsigned int from_env(const char *name, unsigned int otherwise)
{
	const char *given = getenv(name);

	return given ? (unsigned int)strtoul(given, NULL, 0) : otherwise;
}

/* No order to be relied on, and the same each time. */
static uint32_t mix(uint32_t n)
{
	n = (n ^ n >> 16) * 0x45d9f3bu;
	n = (n ^ n >> 16) * 0x45d9f3bu;
	return n ^ n >> 16;
}

/*
 * Slots are where a device is plugged in, and each has its own part of the
 * addresses. Regions are two units long and move by one, so that the old and the
 * new place may overlap. Two neighbours of a pair have one part together.
 */
#define UNIT		0x800u
#define SIZE		(2 * UNIT)
#define ARENA		0x100000u
#define PART		8u		/* units */
#define NO_UNIT		0xffffu

enum way {
	MOVES,		/* to a free place that may overlap the old one */
	SWAPS,		/* with its neighbour, in one step */
	CLAIMS,		/* its neighbour's place, which then takes its own */
	PLUGS,		/* comes and goes */
};

#define EACH		16u
#define SLOTS		(4 * EACH)

static enum way way_of(unsigned int slot)
{
	return (enum way)(slot / EACH);
}

/* A part is for one, or for two neighbours. */
static uint32_t unit_of(unsigned int slot, unsigned int place)
{
	if (way_of(slot) == SWAPS || way_of(slot) == CLAIMS)
		slot &= ~1u;
	return slot * PART + place;
}

/*
 * The log of where a slot's device is. An entry is written before the change that
 * makes it true: in the change of that number, the slot's device comes to be at
 * this unit, or nowhere. It is true until the next entry is.
 */
#define STAMPS		2048u

struct stamp {
	uint32_t	change;
	uint32_t	unit;
};

static struct history {
	uint32_t	count;
	struct stamp	stamps[STAMPS];
} histories[SLOTS];

static uint32_t changes_over;	/* the number of the last one that is over */

static struct stamp stamp_at(const struct history *h, uint32_t n)
{
	return (struct stamp) {
		.change = load(&h->stamps[n % STAMPS].change),
		.unit = load(&h->stamps[n % STAMPS].unit),
	};
}

static void note(unsigned int slot, uint32_t unit)
{
	struct history *h = &histories[slot];

	store(&h->stamps[h->count % STAMPS].change, changes_over + 1);
	store(&h->stamps[h->count % STAMPS].unit, unit);
	store(&h->count, h->count + 1);
}

/* The only writer, who holds the lock. */
static void change_is_over(void)
{
	store(&changes_over, changes_over + 1);
}

static uint32_t now_at(unsigned int slot)
{
	const struct history *h = &histories[slot];

	return h->count ? stamp_at(h, h->count - 1).unit : NO_UNIT;
}

enum verdict { WRONG, RIGHT, TOO_LONG_AGO };

/* Whether the slot's device was at a unit at a moment since @over changes were. */
static enum verdict was_at(unsigned int slot, uint32_t unit, uint32_t over)
{
	const struct history *h = &histories[slot];
	uint32_t n = load(&h->count), k;

	for (k = n; k--; ) {
		struct stamp e = stamp_at(h, k);

		if (load(&h->count) - k >= STAMPS)
			return TOO_LONG_AGO;
		if (e.unit == unit)
			return RIGHT;
		if (e.change <= over)	/* those before were over by then */
			return WRONG;
	}
	return WRONG;
}

/*
 * The devices
 */
#define MAGIC		0x600dbeefu
#define REFUSE		(-EBUSY)

struct gadget {
	struct vmr_device	dev;
	struct vmr_region	region;
	struct vmr_constraint	want;
	struct vmr_resource	got;
	uint32_t		magic;
	unsigned int		slot;
	int			refuse;
	uint32_t		prepared;	/* by set_resources() */
	uint32_t		writes_begun;
	uint32_t		writes;
	struct gadget		*next;
};

struct router {
	struct vmr_reader	reader;
	pthread_t		thread;
	uint32_t		random;
	uint32_t		over;	/* when its call began */
	const struct gadget	*hit;
	/* What it saw. */
	uint32_t		hits;
	uint32_t		hits_in_change;
	uint32_t		calls_in_change;
	uint32_t		waits;
	uint32_t		writes;
	uint32_t		too_long_ago;
	uint32_t		wrong;
};

static pthread_mutex_t writers = PTHREAD_MUTEX_INITIALIZER;
static struct gadget *plugged[SLOTS];
static uint32_t routers_end, living, moves, cycles, refusals, from_inside;
static unsigned long total_writes;	/* of those that are gone */

/* The first thing that went wrong. */
static const char *first_wrong;

static void wrong(struct router *r, const char *what)
{
	if (!r->wrong++ && !load(&first_wrong))
		store(&first_wrong, what);
}

static void check_access(struct gadget *g, const struct vmr_access *access)
{
	struct router *r = owner_of(access->reader, struct router, reader);
	uint64_t unit = (access->base - ARENA) / UNIT;

	if (g->magic != MAGIC)
		wrong(r, "a device that is gone");
	else if (!g->prepared)
		wrong(r, "a device that was not told its resources");
	else if (access->region != &g->region)
		wrong(r, "another region");
	else if (access->base % UNIT || access->offset >= SIZE)
		wrong(r, "no such place");
	else
		switch (was_at(g->slot, (uint32_t)unit, r->over)) {
		case WRONG:
			wrong(r, "a place where it was not");
			break;
		case TOO_LONG_AGO:
			r->too_long_ago++;
			break;
		case RIGHT:
			break;
		}
	r->hit = g;
}

static void gadget_read(struct vmr_device *dev, const struct vmr_access *access,
			void *data)
{
	struct gadget *g = owner_of(dev, struct gadget, dev);
	struct router *r = owner_of(access->reader, struct router, reader);

	check_access(g, access);
	*(uint8_t *)data = (uint8_t)g->slot;
	/* Stay for a while, so that it goes while somebody is inside. */
	if (!(r->random & 0x3f0000))
		sched_yield();
	if (g->magic != MAGIC)
		wrong(r, "a device that went meanwhile");
}

static void move_one(unsigned int slot, uint32_t random);

static void gadget_write(struct vmr_device *dev,
			 const struct vmr_access *access, const void *data)
{
	struct gadget *g = owner_of(dev, struct gadget, dev);
	struct router *r = owner_of(access->reader, struct router, reader);

	__atomic_fetch_add(&g->writes_begun, 1, __ATOMIC_RELAXED);
	check_access(g, access);
	if (*(const uint8_t *)data != (uint8_t)r->random)
		wrong(r, "other data");
	if (!(r->random & 0x1f0000))
		sched_yield();
	/* A callback may call writers, if it gets the lock. */
	if (way_of(g->slot) == MOVES && !(r->random & 0xff0000) &&
	    !pthread_mutex_trylock(&writers)) {
		if (plugged[g->slot] == g) {
			move_one(g->slot, r->random);
			from_inside++;
		}
		pthread_mutex_unlock(&writers);
	}
	if (g->magic != MAGIC)
		wrong(r, "a device that went meanwhile");
	__atomic_fetch_add(&g->writes, 1, __ATOMIC_RELAXED);
}

static int gadget_set_resources(struct vmr_device *dev,
				const struct vmr_resource_set *set)
{
	struct gadget *g = owner_of(dev, struct gadget, dev);

	if (set->nr != dev->nr_constraints)
		return -EINVAL;
	if (g->refuse)
		return g->refuse;
	/* If it comes again at once, somebody may still be inside. */
	if (!g->prepared)
		g->prepared = 1;
	return 0;
}

static const struct vmr_device_ops gadget_ops = {
	.read = gadget_read,
	.write = gadget_write,
	.set_resources = gadget_set_resources,
};

static struct gadget *gadget_new(unsigned int slot)
{
	struct gadget *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->slot = slot;
	g->magic = MAGIC;
	g->dev.ops = &gadget_ops;
	vmr_region_init(&g->region, VMR_MMIO, VMR_REGION_TRAPPED, SIZE, 0,
			"gadget");
	vmr_set_init(&g->dev.resources, &g->got, 1);
	if (vmr_add_region(&g->dev, &g->region)) {
		free(g);
		return NULL;
	}
	__atomic_fetch_add(&living, 1, __ATOMIC_RELAXED);
	return g;
}

/* Drained: nobody is inside, and all that was written in it is there. */
static int gadget_gone(struct gadget *g)
{
	int lost = g->writes_begun != g->writes;

	__atomic_fetch_add(&total_writes, g->writes, __ATOMIC_RELAXED);
	__atomic_fetch_sub(&living, 1, __ATOMIC_RELAXED);
	memset(g, 0xdd, sizeof(*g));
	free(g);
	return lost;
}

static int gadget_register(struct gadget *g, uint32_t unit)
{
	g->dev.constraints = &g->want;
	g->dev.nr_constraints = 1;
	vmr_constraint_at(&g->want, VMR_KIND_MMIO, ARENA + unit * UNIT, SIZE,
			  &g->region.range);
	return vmr_register(&m.manager, &g->dev, NULL, NULL);
}

/*
 * The writer's side; all of it with the lock. What goes wrong is counted.
 */
static uint32_t failed;

static void must(int ok, const char *what)
{
	if (!ok && !failed++ && !load(&first_wrong))
		store(&first_wrong, what);
}

static void move_one(unsigned int slot, uint32_t random)
{
	struct vmr_region *region = &plugged[slot]->region;
	uint32_t unit = unit_of(slot, random % (PART - 1));
	uint64_t start = ARENA + unit * UNIT;

	note(slot, unit);
	if (random & 0x100)
		must(!vmr_region_place(&m.manager, region, start, NULL),
		     "to place");
	else
		must(!vmr_region_program(&m.manager, region, start),
		     "to program");
	must(region->range.start == start &&
	     vmr_range_state(&region->range) == VMR_LIVE, "to be there");
	change_is_over();
	store(&moves, moves + 1);
}

static void swap_two(unsigned int slot)
{
	unsigned int a = slot & ~1u, b = a + 1;
	uint32_t at_a = now_at(a), at_b = now_at(b);
	struct vmr_step steps[] = {
		{ .range = &plugged[a]->region.range,
		  .start = ARENA + at_b * UNIT },
		{ .range = &plugged[b]->region.range,
		  .start = ARENA + at_a * UNIT },
	};

	note(a, at_b);
	note(b, at_a);
	must(!vmr_region_move_set(&m.manager, steps, 2, NULL, NULL), "to swap");
	change_is_over();
	store(&moves, moves + 2);
}

/*
 * As a guest does it, one register after the other. The second write frees what
 * the first one claimed, so both come to be where they should in one step.
 */
static void claim_other(unsigned int slot)
{
	unsigned int a = slot & ~1u, b = a + 1;
	uint32_t at_a = now_at(a), at_b = now_at(b);

	note(a, NO_UNIT);
	must(!vmr_region_program(&m.manager, &plugged[a]->region,
				 ARENA + at_b * UNIT), "to claim");
	change_is_over();
	note(a, at_b);
	note(b, at_a);
	must(!vmr_region_program(&m.manager, &plugged[b]->region,
				 ARENA + at_a * UNIT), "to make way");
	must(vmr_range_state(&plugged[a]->region.range) == VMR_LIVE,
	     "to take a place that was claimed");
	change_is_over();
	store(&moves, moves + 2);
}

/* Those who wait to be drained by a thread that is not the writer. */
static struct gadget *leaving;
static pthread_mutex_t leaving_lock = PTHREAD_MUTEX_INITIALIZER;
static uint32_t nr_leaving, drainer_ends, lost_writes;

static void hand_over(struct gadget *g)
{
	pthread_mutex_lock(&leaving_lock);
	g->next = leaving;
	leaving = g;
	store(&nr_leaving, nr_leaving + 1);
	pthread_mutex_unlock(&leaving_lock);
}

static struct gadget *take_over(void)
{
	struct gadget *g;

	pthread_mutex_lock(&leaving_lock);
	g = leaving;
	if (g) {
		leaving = g->next;
		store(&nr_leaving, nr_leaving - 1);
	}
	pthread_mutex_unlock(&leaving_lock);
	return g;
}

static void drain_and_free(struct gadget *g)
{
	int ret;

	while ((ret = vmr_drained(&m.manager, &g->dev)) == -EAGAIN)
		sched_yield();
	/* Asked in the other way, it has nothing to wait for any more. */
	if (!ret)
		ret = vmr_drain(&m.manager, &g->dev);
	if (ret || gadget_gone(g))
		__atomic_fetch_add(&lost_writes, 1, __ATOMIC_RELAXED);
}

static void *drainer_thread(void *arg)
{
	struct gadget *g;

	for (;;) {
		uint32_t ends = load(&drainer_ends);

		g = take_over();
		if (g)
			drain_and_free(g);
		else if (!ends)
			sched_yield();
		else
			break;
	}
	return arg;
}

/* One that refuses its resources leaves no trace, and nobody gets in. */
static void refuse_one(unsigned int slot, uint32_t unit)
{
	struct gadget *g = gadget_new(slot);

	if (!g) {
		must(0, "to get memory");
		return;
	}
	g->refuse = REFUSE;
	must(gadget_register(g, unit) == REFUSE, "to refuse");
	must(!g->region.range.node.link, "to leave no trace");
	refusals++;
	hand_over(g);
}

static void plug(unsigned int slot, struct gadget *g, uint32_t unit)
{
	if (!g)
		g = gadget_new(slot);
	if (!g) {
		must(0, "to get memory");
		return;
	}
	plugged[slot] = g;
	note(slot, unit);
	must(!gadget_register(g, unit), "to register");
	change_is_over();
}

static void unplug(unsigned int slot)
{
	note(slot, NO_UNIT);
	must(vmr_unlink(&m.manager, &plugged[slot]->dev) == 1, "to unlink");
	change_is_over();
	plugged[slot] = NULL;
}

static void cycle(unsigned int slot, uint32_t random)
{
	uint32_t unit = unit_of(slot, random % (PART - 1));
	struct gadget *g = plugged[slot];

	unplug(slot);
	switch (random >> 8 & 3) {
	case 0:		/* again at once, with nobody drained */
		break;
	case 1:		/* drained by the writer */
		drain_and_free(g);
		g = NULL;
		break;
	default:	/* or by another thread, while a new one comes */
		hand_over(g);
		g = NULL;
	}
	if (!(random >> 10 & 7))
		refuse_one(slot, unit);
	plug(slot, g, unit);
	cycles++;
}

static void change(uint32_t random)
{
	unsigned int slot = random % SLOTS;

	pthread_mutex_lock(&writers);
	random = mix(random);
	switch (way_of(slot)) {
	case MOVES:
		move_one(slot, random);
		break;
	case SWAPS:
		swap_two(slot);
		break;
	case CLAIMS:
		claim_other(slot);
		break;
	case PLUGS:
		cycle(slot, random);
		break;
	}
	pthread_mutex_unlock(&writers);
}

/*
 * The readers
 */

/* Whether someone must answer: what is swapped is never away. */
static int never_empty(unsigned int slot)
{
	return way_of(slot) == SWAPS;
}

static void route_one(struct router *r)
{
	unsigned int slot = r->random % SLOTS;
	const struct history *h = &histories[slot];
	uint32_t count, before, settled;
	struct stamp at;
	uint64_t addr;
	uint8_t byte;
	int ret;

	r->over = load(&changes_over);
	count = load(&h->count);
	if (!count)
		return;
	at = stamp_at(h, count - 1);
	if (at.unit == NO_UNIT)
		return;
	addr = ARENA + (uint64_t)at.unit * UNIT + (r->random >> 8 & (SIZE - 1));
	byte = (uint8_t)r->random;
	r->hit = NULL;

	before = load(&m.sys.seq.count);
	if (r->random & 0x80)
		ret = vmr_read(&r->reader, VMR_MMIO, addr, &byte, 1, 1);
	else
		ret = vmr_write(&r->reader, VMR_MMIO, addr, &byte, 1, 1);
	r->waits += before & 1;
	if (load(&m.sys.seq.count) != before) {
		r->hits_in_change += !ret;
		store(&r->calls_in_change, r->calls_in_change + 1);
	}

	/* Nothing happened to the slot, and the last that did was over before. */
	settled = load(&h->count) == count && at.change <= r->over;
	if (ret == 0) {
		r->hits++;
		r->writes += !(r->random & 0x80);
		if (!r->hit)
			wrong(r, "a hit without a callback");
		if (r->random & 0x80 && byte >= SLOTS)
			wrong(r, "no data");
	} else if (ret != -ENXIO || r->hit) {
		wrong(r, "a miss that is none");
	} else if (r->random & 0x80 && byte != 0xff) {
		wrong(r, "a miss that is not all ones");
	}
	if (ret && (settled || never_empty(slot)))
		wrong(r, "nobody, where somebody is");
	if (!ret && settled && r->random & 0x80 && byte != slot)
		wrong(r, "somebody else");
}

static void *router_thread(void *arg)
{
	struct router *r = arg;

	while (!load(&routers_end)) {
		r->random = mix(r->random + 0x9e3779b9u);
		route_one(r);
		/* So that drains find it between two of them, too */
		if (!(r->random >> 27))
			sched_yield();
	}
	return NULL;
}

#define ROUTERS		64u
#define PATIENCE	200u	/* times the changes that were asked for */

static struct router *routers;
static unsigned int nr_routers;

static uint32_t met_changes(void)
{
	uint32_t i, sum = 0;

	for (i = 0; i < nr_routers; i++)
		sum += load(&routers[i].calls_in_change);
	return sum;
}

static int start_routers(void)
{
	unsigned int i;
	int ret = 0;

	nr_routers = from_env("VMR_TEST_STRESS_READERS", 2);
	if (nr_routers < 2 || nr_routers > ROUTERS)
		nr_routers = 2;
	if (posix_memalign((void **)&routers, 64, nr_routers * sizeof(*routers)))
		return -ENOMEM;
	memset(routers, 0, nr_routers * sizeof(*routers));
	for (i = 0; i < nr_routers; i++) {
		routers[i].random = i + 1;
		ret |= vmr_reader_attach(&m.manager, &routers[i].reader);
		ret |= pthread_create(&routers[i].thread, NULL, router_thread,
				      &routers[i]);
	}
	return ret;
}

static int plug_all(void)
{
	unsigned int slot;

	for (slot = 0; slot < SLOTS; slot++)
		plug(slot, NULL, unit_of(slot, 2 * (slot & 1)));
	return failed ? -ENODEV : 0;
}

static uint32_t ids_in_use(void)
{
	return (uint32_t)m.sys.ids.space.nr_ranges;
}

FIXTURE(stress)
{
	pthread_t	drainer;
};

FIXTURE_SETUP(stress)
{
	NEEDS(threads);
	ASSERT_EQ(0, machine_up_to(MACHINE_LAST, 0xffff));
	ASSERT_EQ(0, plug_all());
	ASSERT_EQ(0, pthread_create(&self->drainer, NULL, drainer_thread,
				    NULL));
	ASSERT_EQ(0, start_routers());
}

FIXTURE_TEARDOWN(stress)
{
}

TEST_F_TIMEOUT(stress, no_access_goes_astray_and_nothing_leaks, 36000)
{
	uint32_t want_cycles = from_env("VMR_TEST_STRESS_CYCLES", 20000);
	uint32_t want_moves = from_env("VMR_TEST_STRESS_MOVES", 200000);
	uint32_t want_met = from_env("VMR_TEST_STRESS_MET", 2000);
	uint64_t n, cap = PATIENCE * ((uint64_t)want_cycles + want_moves + 100);
	uint32_t hits = 0, in_change = 0, met, waits = 0, unsure = 0, moved, i;
	uint64_t writes = 0;

	for (n = 0; n < cap; n++) {
		moved = load(&moves);
		if (cycles >= want_cycles && moved >= want_moves &&
		    !(n % 64) && met_changes() >= want_met)
			break;
		/* What is not enough yet is what is done. */
		i = mix((uint32_t)n);
		if (cycles >= want_cycles && moved < want_moves)
			i = i % (3 * EACH);
		else if (moved >= want_moves && cycles < want_cycles)
			i = 3 * EACH + i % EACH;
		change(i);
		if (!(n % 16) || load(&nr_leaving) > 256)
			sched_yield();
	}
	met = met_changes();
	store(&routers_end, 1);
	for (i = 0; i < nr_routers; i++) {
		struct router *r = &routers[i];

		pthread_join(r->thread, NULL);
		EXPECT_EQ(0, vmr_reader_detach(&r->reader));
		EXPECT_EQ(0U, r->wrong);
		EXPECT_LT(0U, r->hits);
		hits += r->hits;
		in_change += r->hits_in_change;
		waits += r->waits;
		unsure += r->too_long_ago;
		writes += r->writes;
	}
	for (i = 0; i < SLOTS; i++) {
		struct gadget *g = plugged[i];

		ASSERT_NE(NULL, g);
		unplug(i);
		hand_over(g);
	}
	store(&drainer_ends, 1);
	pthread_join(self->drainer, NULL);

	TH_LOG("%u moves, %u cycles, %u refusals, %u moves from callbacks",
	       moves, cycles, refusals, from_inside);
	TH_LOG("%u hits; %u accesses during a change, %u of them hits",
	       hits, met, in_change);
	TH_LOG("%u began in a write section, %u are unsure", waits, unsure);
	EXPECT_STREQ("", first_wrong ? first_wrong : "");
	EXPECT_EQ(0U, failed);
	EXPECT_LE(want_cycles, cycles);
	EXPECT_LE(want_moves, moves);
	EXPECT_LE(want_met, met);
	EXPECT_LE(want_met / 4, in_change);
	EXPECT_GE(hits / 4, unsure);
	/* Each write that was answered is in the device that answered it. */
	EXPECT_EQ(0U, lost_writes);
	EXPECT_TRUE(writes == total_writes);
	/* Nothing is left of any of them. */
	EXPECT_EQ(0U, living);
	EXPECT_EQ(0U, ids_in_use());
	EXPECT_EQ(0U, (unsigned int)m.sys.mmio.nr_ranges);
	EXPECT_EQ(0U, (unsigned int)m.sys.mmio.nr_claims);
	EXPECT_EQ(NULL, vmr_next_device(&m.manager, NULL));
	EXPECT_SOUND();
	free(routers);
}

/*
 * A lookup that is stopped by an open write section, so that what happens to it
 * does not depend on time.
 */
struct stopped {
	struct vmr_reader	reader;
	pthread_t		thread;
	int			ret;
};

static void *stopped_thread(void *arg)
{
	struct stopped *s = arg;
	uint8_t byte;

	s->ret = vmr_read(&s->reader, VMR_MMIO, ARENA, &byte, 1, 1);
	return NULL;
}

static int begin_stopped(struct stopped *s)
{
	int ret = vmr_reader_attach(&m.manager, &s->reader);

	vmr_write_begin(&m.sys.seq);
	ret |= pthread_create(&s->thread, NULL, stopped_thread, s);
	while (!load(&s->reader.epoch))
		sched_yield();
	return ret;
}

static void end_stopped(struct stopped *s)
{
	vmr_write_end(&m.sys.seq);
	pthread_join(s->thread, NULL);
}

TEST(a_device_that_could_not_be_registered_is_drained_like_any_other)
{
	struct stopped s = { .ret = 0 };
	struct gadget *g;

	NEEDS(threads);
	ASSERT_EQ(0, machine_up());
	g = gadget_new(0);
	ASSERT_NE(NULL, g);
	g->refuse = REFUSE;
	ASSERT_EQ(0, begin_stopped(&s));
	EXPECT_EQ(REFUSE, gadget_register(g, 0));
	EXPECT_EQ(-EAGAIN, vmr_drained(&m.manager, &g->dev));
	end_stopped(&s);
	EXPECT_EQ(-ENXIO, s.ret);
	EXPECT_EQ(0, vmr_drained(&m.manager, &g->dev));
	gadget_gone(g);
}

TEST(a_device_of_a_transaction_that_was_cancelled_is_drained_too)
{
	struct vmr_transaction t;
	struct stopped s = { .ret = 0 };
	struct gadget *g;

	NEEDS(threads);
	ASSERT_EQ(0, machine_up());
	g = gadget_new(0);
	ASSERT_NE(NULL, g);
	g->dev.constraints = &g->want;
	g->dev.nr_constraints = 1;
	vmr_constraint_at(&g->want, VMR_KIND_MMIO, ARENA, SIZE,
			  &g->region.range);
	ASSERT_EQ(0, vmr_begin(&m.manager, &t));
	ASSERT_EQ(0, vmr_transaction_add(&t, &g->dev, NULL, NULL));
	EXPECT_EQ(-EBUSY, vmr_drained(&m.manager, &g->dev));
	ASSERT_EQ(0, begin_stopped(&s));
	EXPECT_EQ(0, vmr_cancel(&t));
	EXPECT_EQ(-EAGAIN, vmr_drained(&m.manager, &g->dev));
	end_stopped(&s);
	EXPECT_EQ(-ENXIO, s.ret);
	EXPECT_EQ(0, vmr_drained(&m.manager, &g->dev));
	gadget_gone(g);
}

TEST_HARNESS_MAIN

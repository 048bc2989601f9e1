// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_stress.c - dispatch by readers during all kinds of changes
 *
 * No result depends on time: the test makes the requested changes, continues until
 * enough accesses overlap a change, and fails if they do not. For the long form:
 *
 *	VMR_TEST_STRESS_CYCLES	hot-plug cycles, default 5000
 *	VMR_TEST_STRESS_MOVES	moves of regions, default 50000
 *	VMR_TEST_STRESS_READERS	reader threads, default 2
 *
 * For checkers that slow the test down by a factor of 100:
 *
 *	VMR_TEST_STRESS_MET		required accesses that overlap a change, default 500
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "../kselftest_harness.h"
#include "requires.h"
#include "machine.h"

/*
 * Accesses to the test's own log. A race checker must not derive the order of the
 * library's accesses from the log. The checkers do not know barriers, so barriers order
 * the log there.
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

static unsigned int env_or_default(const char *name, unsigned int otherwise)
{
	const char *given = getenv(name);

	return given ? (unsigned int)strtoul(given, NULL, 0) : otherwise;
}

/* A deterministic hash that scatters the sequence of changes. */
static uint32_t mix(uint32_t n)
{
	n = (n ^ n >> 16) * 0x45d9f3bu;
	n = (n ^ n >> 16) * 0x45d9f3bu;
	return n ^ n >> 16;
}

/*
 * A slot holds one device and has its own part of the addresses. A region has two units
 * and moves by units: its old and new addresses may overlap. The two slots of a pair
 * share one part.
 */
#define UNIT		0x800u
#define SIZE		(2 * UNIT)
#define ARENA		0x100000u
#define PART		8u		/* units */
#define NO_UNIT		0xffffu

enum change_kind {
	MOVES,		/* to free addresses that may overlap the old ones */
	SWAPS,		/* with its neighbour, in one write section */
	CLAIMS,		/* swaps with its neighbour through a claim */
	PLUGS,		/* is unregistered and registered */
};

#define EACH		16u
#define SLOTS		(4 * EACH)

static enum change_kind kind_of_slot(unsigned int slot)
{
	return (enum change_kind)(slot / EACH);
}

/* A part belongs to one slot or to a pair. */
static uint32_t unit_of(unsigned int slot, unsigned int place)
{
	if (kind_of_slot(slot) == SWAPS || kind_of_slot(slot) == CLAIMS)
		slot &= ~1u;
	return slot * PART + place;
}

/*
 * The log of the positions of a slot's device. An entry is written before its change: the
 * change of that number maps the device at the unit, or unmaps it. The entry is valid
 * until the next entry is.
 */
#define LOG_ENTRIES		2048u

struct log_entry {
	uint32_t	change;
	uint32_t	unit;
};

static struct history {
	uint32_t	count;
	struct log_entry	entries[LOG_ENTRIES];
} histories[SLOTS];

static uint32_t changes_completed;	/* number of the last completed change */

static struct log_entry log_entry_at(const struct history *h, uint32_t n)
{
	return (struct log_entry) {
		.change = load(&h->entries[n % LOG_ENTRIES].change),
		.unit = load(&h->entries[n % LOG_ENTRIES].unit),
	};
}

static void log_position(unsigned int slot, uint32_t unit)
{
	struct history *h = &histories[slot];

	store(&h->entries[h->count % LOG_ENTRIES].change, changes_completed + 1);
	store(&h->entries[h->count % LOG_ENTRIES].unit, unit);
	store(&h->count, h->count + 1);
}

/* Caller holds the update-side lock. */
static void change_complete(void)
{
	store(&changes_completed, changes_completed + 1);
}

static uint32_t current_unit(unsigned int slot)
{
	const struct history *h = &histories[slot];

	return h->count ? log_entry_at(h, h->count - 1).unit : NO_UNIT;
}

enum verdict { WRONG, RIGHT, UNDECIDED };

/* Was the slot's device at @unit at some moment after @over changes were complete? */
static enum verdict check_position(unsigned int slot, uint32_t unit, uint32_t over)
{
	const struct history *h = &histories[slot];
	uint32_t n = load(&h->count), k;

	for (k = n; k--; ) {
		struct log_entry e = log_entry_at(h, k);

		if (load(&h->count) - k >= LOG_ENTRIES)
			return UNDECIDED;
		if (e.unit == unit)
			return RIGHT;
		if (e.change <= over)	/* earlier entries were replaced by then */
			return WRONG;
	}
	return WRONG;
}

/*
 * The devices
 */
#define MAGIC		0x600dbeefu
#define REGISTER_ERROR	(-EBUSY)

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
	uint32_t		over;	/* changes completed when its call began */
	const struct gadget	*hit;
	/* Results. */
	uint32_t		hits;
	uint32_t		hits_in_change;
	uint32_t		calls_in_change;
	uint32_t		waits;
	uint32_t		writes;
	uint32_t		undecided;
	uint32_t		wrong;
};

static pthread_mutex_t writers = PTHREAD_MUTEX_INITIALIZER;
static struct gadget *plugged[SLOTS];
static uint32_t routers_stop, nr_gadgets, moves, cycles, refusals, callback_moves;
static unsigned long total_writes;	/* of all freed devices */

/* The first error. */
static const char *first_error;

static void wrong(struct router *r, const char *what)
{
	if (!r->wrong++ && !load(&first_error))
		store(&first_error, what);
}

static void check_access(struct gadget *g, const struct vmr_access *access)
{
	struct router *r = owner_of(access->reader, struct router, reader);
	uint64_t unit = (access->base - ARENA) / UNIT;

	if (g->magic != MAGIC)
		wrong(r, "device is unregistered and drained");
	else if (!g->prepared)
		wrong(r, "device has no resources");
	else if (access->region != &g->region)
		wrong(r, "wrong region");
	else if (access->base % UNIT || access->offset >= SIZE)
		wrong(r, "address outside of the region");
	else
		switch (check_position(g->slot, (uint32_t)unit, r->over)) {
		case WRONG:
			wrong(r, "device was not at this address");
			break;
		case UNDECIDED:
			r->undecided++;
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
	/* Yield: the device may be unregistered while the callback runs. */
	if (!(r->random & 0x3f0000))
		sched_yield();
	if (g->magic != MAGIC)
		wrong(r, "device drained while its callback runs");
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
		wrong(r, "wrong data");
	if (!(r->random & 0x1f0000))
		sched_yield();
	/* A callback may call update-side functions if it gets the lock. */
	if (kind_of_slot(g->slot) == MOVES && !(r->random & 0xff0000) &&
	    !pthread_mutex_trylock(&writers)) {
		if (plugged[g->slot] == g) {
			move_one(g->slot, r->random);
			callback_moves++;
		}
		pthread_mutex_unlock(&writers);
	}
	if (g->magic != MAGIC)
		wrong(r, "device drained while its callback runs");
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
	/* If the device was not drained, a callback may still run. */
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
	vmr_resource_set_init(&g->dev.resources, &g->got, 1);
	if (vmr_device_add_region(&g->dev, &g->region)) {
		free(g);
		return NULL;
	}
	__atomic_fetch_add(&nr_gadgets, 1, __ATOMIC_RELAXED);
	return g;
}

/* Free a drained device. Return: 1 if a write to it is incomplete. */
static int gadget_free(struct gadget *g)
{
	int lost = g->writes_begun != g->writes;

	__atomic_fetch_add(&total_writes, g->writes, __ATOMIC_RELAXED);
	__atomic_fetch_sub(&nr_gadgets, 1, __ATOMIC_RELAXED);
	memset(g, 0xdd, sizeof(*g));
	free(g);
	return lost;
}

static int gadget_register(struct gadget *g, uint32_t unit)
{
	g->dev.constraints = &g->want;
	g->dev.nr_constraints = 1;
	vmr_constraint_init_fixed(&g->want, VMR_KIND_MMIO, ARENA + unit * UNIT, SIZE,
				  &g->region.range);
	return vmr_device_register(&m.manager, &g->dev, NULL, NULL);
}

/*
 * The update side. Caller holds the lock. Failures are counted.
 */
static uint32_t failed;

static void expect_ok(int ok, const char *what)
{
	if (!ok && !failed++ && !load(&first_error))
		store(&first_error, what);
}

static void move_one(unsigned int slot, uint32_t random)
{
	struct vmr_region *region = &plugged[slot]->region;
	uint32_t unit = unit_of(slot, random % (PART - 1));
	uint64_t start = ARENA + unit * UNIT;

	log_position(slot, unit);
	if (random & 0x100)
		expect_ok(!vmr_region_move(&m.manager, region, start, NULL),
			  "move failed");
	else
		expect_ok(!vmr_region_program(&m.manager, region, start),
			  "program failed");
	expect_ok(region->range.start == start &&
		  vmr_range_state(&region->range) == VMR_LIVE, "region is not live at its address");
	change_complete();
	store(&moves, moves + 1);
}

static void swap_two(unsigned int slot)
{
	unsigned int a = slot & ~1u, b = a + 1;
	uint32_t at_a = current_unit(a), at_b = current_unit(b);
	struct vmr_move_op steps[] = {
		{ .range = &plugged[a]->region.range,
		  .start = ARENA + at_b * UNIT },
		{ .range = &plugged[b]->region.range,
		  .start = ARENA + at_a * UNIT },
	};

	log_position(a, at_b);
	log_position(b, at_a);
	expect_ok(!vmr_region_move_bulk(&m.manager, steps, 2, NULL, NULL), "swap failed");
	change_complete();
	store(&moves, moves + 2);
}

/*
 * Swap as a guest does, one register after the other. The second write frees the
 * addresses of the claim; both regions are mapped in one write section.
 */
static void swap_by_claim(unsigned int slot)
{
	unsigned int a = slot & ~1u, b = a + 1;
	uint32_t at_a = current_unit(a), at_b = current_unit(b);

	log_position(a, NO_UNIT);
	expect_ok(!vmr_region_program(&m.manager, &plugged[a]->region,
				      ARENA + at_b * UNIT), "claim failed");
	change_complete();
	log_position(a, at_b);
	log_position(b, at_a);
	expect_ok(!vmr_region_program(&m.manager, &plugged[b]->region,
				      ARENA + at_a * UNIT), "move of the neighbour failed");
	expect_ok(vmr_range_state(&plugged[a]->region.range) == VMR_LIVE,
		  "claim did not become live");
	change_complete();
	store(&moves, moves + 2);
}

/* Devices that another thread than the update side drains. */
static struct gadget *drain_queue;
static pthread_mutex_t drain_queue_lock = PTHREAD_MUTEX_INITIALIZER;
static uint32_t nr_queued, drainer_stop, lost_writes;

static void queue_drain(struct gadget *g)
{
	pthread_mutex_lock(&drain_queue_lock);
	g->next = drain_queue;
	drain_queue = g;
	store(&nr_queued, nr_queued + 1);
	pthread_mutex_unlock(&drain_queue_lock);
}

static struct gadget *dequeue_drain(void)
{
	struct gadget *g;

	pthread_mutex_lock(&drain_queue_lock);
	g = drain_queue;
	if (g) {
		drain_queue = g->next;
		store(&nr_queued, nr_queued - 1);
	}
	pthread_mutex_unlock(&drain_queue_lock);
	return g;
}

static void drain_and_free(struct gadget *g)
{
	int ret;

	while ((ret = vmr_device_try_drain(&m.manager, &g->dev)) == -EAGAIN)
		sched_yield();
	/* The waiting form returns at once. */
	if (!ret)
		ret = vmr_device_drain(&m.manager, &g->dev);
	if (ret || gadget_free(g))
		__atomic_fetch_add(&lost_writes, 1, __ATOMIC_RELAXED);
}

static void *drainer_thread(void *arg)
{
	struct gadget *g;

	for (;;) {
		uint32_t ends = load(&drainer_stop);

		g = dequeue_drain();
		if (g)
			drain_and_free(g);
		else if (!ends)
			sched_yield();
		else
			break;
	}
	return arg;
}

/* A registration whose set_resources() fails changes nothing and maps nothing. */
static void refuse_one(unsigned int slot, uint32_t unit)
{
	struct gadget *g = gadget_new(slot);

	if (!g) {
		expect_ok(0, "out of memory");
		return;
	}
	g->refuse = REGISTER_ERROR;
	expect_ok(gadget_register(g, unit) == REGISTER_ERROR, "registration did not fail");
	expect_ok(!g->region.range.node.link, "failed registration left a range");
	refusals++;
	queue_drain(g);
}

static void plug(unsigned int slot, struct gadget *g, uint32_t unit)
{
	if (!g)
		g = gadget_new(slot);
	if (!g) {
		expect_ok(0, "out of memory");
		return;
	}
	plugged[slot] = g;
	log_position(slot, unit);
	expect_ok(!gadget_register(g, unit), "registration failed");
	change_complete();
}

static void unplug(unsigned int slot)
{
	log_position(slot, NO_UNIT);
	expect_ok(vmr_device_unregister(&m.manager, &plugged[slot]->dev) == 1,
		  "unregistration failed");
	change_complete();
	plugged[slot] = NULL;
}

static void cycle(unsigned int slot, uint32_t random)
{
	uint32_t unit = unit_of(slot, random % (PART - 1));
	struct gadget *g = plugged[slot];

	unplug(slot);
	switch (random >> 8 & 3) {
	case 0:		/* register again at once, without a drain */
		break;
	case 1:		/* drained by the update side */
		drain_and_free(g);
		g = NULL;
		break;
	default:	/* drained by another thread, while a new device is registered */
		queue_drain(g);
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
	switch (kind_of_slot(slot)) {
	case MOVES:
		move_one(slot, random);
		break;
	case SWAPS:
		swap_two(slot);
		break;
	case CLAIMS:
		swap_by_claim(slot);
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

/* A slot that only swaps is always mapped. */
static int always_mapped(unsigned int slot)
{
	return kind_of_slot(slot) == SWAPS;
}

static void route_one(struct router *r)
{
	unsigned int slot = r->random % SLOTS;
	const struct history *h = &histories[slot];
	uint32_t count, before, settled;
	struct log_entry at;
	uint64_t addr;
	uint8_t byte;
	int ret;

	r->over = load(&changes_completed);
	count = load(&h->count);
	if (!count)
		return;
	at = log_entry_at(h, count - 1);
	if (at.unit == NO_UNIT)
		return;
	addr = ARENA + (uint64_t)at.unit * UNIT + (r->random >> 8 & (SIZE - 1));
	byte = (uint8_t)r->random;
	r->hit = NULL;

	before = load(&m.sys.seq.sequence);
	if (r->random & 0x80)
		ret = vmr_read(&r->reader, VMR_MMIO, addr, &byte, 1, 1);
	else
		ret = vmr_write(&r->reader, VMR_MMIO, addr, &byte, 1, 1);
	r->waits += before & 1;
	if (load(&m.sys.seq.sequence) != before) {
		r->hits_in_change += !ret;
		store(&r->calls_in_change, r->calls_in_change + 1);
	}

	/* The slot did not change, and its last change was complete before. */
	settled = load(&h->count) == count && at.change <= r->over;
	if (ret == 0) {
		store(&r->hits, r->hits + 1);
		r->writes += !(r->random & 0x80);
		if (!r->hit)
			wrong(r, "access succeeded without a callback");
		if (r->random & 0x80 && byte >= SLOTS)
			wrong(r, "read returned no data");
	} else if (ret != -ENXIO || r->hit) {
		wrong(r, "access failed after a callback");
	} else if (r->random & 0x80 && byte != 0xff) {
		wrong(r, "failed read is not all ones");
	}
	if (ret && (settled || always_mapped(slot)))
		wrong(r, "no device at a mapped address");
	if (!ret && settled && r->random & 0x80 && byte != slot)
		wrong(r, "wrong device");
}

static void *router_thread(void *arg)
{
	struct router *r = arg;

	while (!load(&routers_stop)) {
		r->random = mix(r->random + 0x9e3779b9u);
		route_one(r);
		/* Let drains also run between two accesses. */
		if (!(r->random >> 27))
			sched_yield();
	}
	return NULL;
}

#define ROUTERS		64u
#define MAX_ATTEMPTS	200u	/* times the requested changes */

static struct router *routers;
static unsigned int nr_routers;

static uint32_t calls_in_change_total(void)
{
	uint32_t i, sum = 0;

	for (i = 0; i < nr_routers; i++)
		sum += load(&routers[i].calls_in_change);
	return sum;
}

static int all_routers_hit(void)
{
	unsigned int i;

	for (i = 0; i < nr_routers; i++)
		if (!load(&routers[i].hits))
			return 0;
	return 1;
}

static int start_routers(void)
{
	unsigned int i;
	int ret = 0;

	nr_routers = env_or_default("VMR_TEST_STRESS_READERS", 2);
	if (nr_routers < 2 || nr_routers > ROUTERS)
		nr_routers = 2;
	if (posix_memalign((void **)&routers, 64, nr_routers * sizeof(*routers)))
		return -ENOMEM;
	memset(routers, 0, nr_routers * sizeof(*routers));
	for (i = 0; i < nr_routers; i++) {
		routers[i].random = i + 1;
		ret |= reader_attach(&routers[i].reader);
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
	return (uint32_t)m.sys.device_ids.space.nr_ranges;
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

/*
 * Every access during changes has a correct result, and no device or id leaks.
 */
TEST_F_TIMEOUT(stress, dispatch_correct_and_no_leaks, 36000)
{
	uint32_t want_cycles = env_or_default("VMR_TEST_STRESS_CYCLES",
					      5000 / test_part());
	uint32_t want_moves = env_or_default("VMR_TEST_STRESS_MOVES",
					     50000 / test_part());
	uint32_t want_met = env_or_default("VMR_TEST_STRESS_MET",
					   500 / test_part());
	uint64_t n, cap = MAX_ATTEMPTS * ((uint64_t)want_cycles + want_moves + 100);
	uint32_t hits = 0, in_change = 0, met, waits = 0, unsure = 0, moved, i;
	uint64_t writes = 0;

	for (n = 0; n < cap; n++) {
		moved = load(&moves);
		if (cycles >= want_cycles && moved >= want_moves &&
		    !(n % 64) && calls_in_change_total() >= want_met &&
		    all_routers_hit())
			break;
		/* Make changes of the kind that is still missing. */
		i = mix((uint32_t)n);
		if (cycles >= want_cycles && moved < want_moves)
			i = i % (3 * EACH);
		else if (moved >= want_moves && cycles < want_cycles)
			i = 3 * EACH + i % EACH;
		change(i);
		if (!(n % 16) || load(&nr_queued) > 256)
			sched_yield();
	}
	met = calls_in_change_total();
	store(&routers_stop, 1);
	for (i = 0; i < nr_routers; i++) {
		struct router *r = &routers[i];

		pthread_join(r->thread, NULL);
		EXPECT_EQ(0, vmr_reader_detach(&r->reader));
		EXPECT_EQ(0U, r->wrong);
		EXPECT_LT(0U, r->hits);
		hits += r->hits;
		in_change += r->hits_in_change;
		waits += r->waits;
		unsure += r->undecided;
		writes += r->writes;
	}
	for (i = 0; i < SLOTS; i++) {
		struct gadget *g = plugged[i];

		ASSERT_NE(NULL, g);
		unplug(i);
		queue_drain(g);
	}
	store(&drainer_stop, 1);
	pthread_join(self->drainer, NULL);

	TH_LOG("%u moves, %u cycles, %u refusals, %u moves from callbacks",
	       moves, cycles, refusals, callback_moves);
	TH_LOG("%u hits; %u accesses during a change, %u of them hits",
	       hits, met, in_change);
	TH_LOG("%u began in a write section, %u are undecided", waits, unsure);
	EXPECT_STREQ("", first_error ? first_error : "");
	EXPECT_EQ(0U, failed);
	EXPECT_LE(want_cycles, cycles);
	EXPECT_LE(want_moves, moves);
	EXPECT_LE(want_met, met);
	EXPECT_LE(want_met / 4, in_change);
	EXPECT_GE(hits / 4, unsure);
	/* The devices received all successful writes. */
	EXPECT_EQ(0U, lost_writes);
	EXPECT_TRUE(writes == total_writes);
	/* All devices, ids and ranges are freed. */
	EXPECT_EQ(0U, nr_gadgets);
	EXPECT_EQ(0U, ids_in_use());
	EXPECT_EQ(0U, (unsigned int)m.sys.mmio.nr_ranges);
	EXPECT_EQ(0U, (unsigned int)m.sys.mmio.nr_claims);
	EXPECT_EQ(NULL, vmr_next_device(&m.manager, NULL));
	EXPECT_SOUND();
	free(routers);
}

/*
 * A lookup that an open write section blocks, so its progress does not depend on time.
 */
struct blocked_lookup {
	struct vmr_reader	reader;
	pthread_t		thread;
	int			ret;
};

static void *blocked_lookup_thread(void *arg)
{
	struct blocked_lookup *s = arg;
	uint8_t byte;

	s->ret = vmr_read(&s->reader, VMR_MMIO, ARENA, &byte, 1, 1);
	return NULL;
}

static int blocked_lookup_begin(struct blocked_lookup *s)
{
	int ret = reader_attach(&s->reader);

	vmr_seqcount_write_begin(&m.sys.seq);
	ret |= pthread_create(&s->thread, NULL, blocked_lookup_thread, s);
	while (!load(&s->reader.epoch))
		sched_yield();
	return ret;
}

static void blocked_lookup_end(struct blocked_lookup *s)
{
	vmr_seqcount_write_end(&m.sys.seq);
	pthread_join(s->thread, NULL);
}

/* A device whose registration failed is drained like a registered one. */
TEST(failed_registration_blocks_drain)
{
	struct blocked_lookup s = { .ret = 0 };
	struct gadget *g;

	NEEDS(threads);
	ASSERT_EQ(0, machine_up());
	g = gadget_new(0);
	ASSERT_NE(NULL, g);
	g->refuse = REGISTER_ERROR;
	ASSERT_EQ(0, blocked_lookup_begin(&s));
	EXPECT_EQ(REGISTER_ERROR, gadget_register(g, 0));
	EXPECT_EQ(-EAGAIN, vmr_device_try_drain(&m.manager, &g->dev));
	blocked_lookup_end(&s);
	EXPECT_EQ(-ENXIO, s.ret);
	EXPECT_EQ(0, vmr_device_try_drain(&m.manager, &g->dev));
	gadget_free(g);
}

/* A device of an aborted transaction is drained like a registered one. */
TEST(aborted_transaction_blocks_drain)
{
	struct vmr_transaction t;
	struct blocked_lookup s = { .ret = 0 };
	struct gadget *g;

	NEEDS(threads);
	ASSERT_EQ(0, machine_up());
	g = gadget_new(0);
	ASSERT_NE(NULL, g);
	g->dev.constraints = &g->want;
	g->dev.nr_constraints = 1;
	vmr_constraint_init_fixed(&g->want, VMR_KIND_MMIO, ARENA, SIZE,
				  &g->region.range);
	ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &t));
	ASSERT_EQ(0, vmr_transaction_add(&t, &g->dev, NULL, NULL));
	EXPECT_EQ(-EBUSY, vmr_device_try_drain(&m.manager, &g->dev));
	ASSERT_EQ(0, blocked_lookup_begin(&s));
	EXPECT_EQ(0, vmr_transaction_abort(&t));
	EXPECT_EQ(-EAGAIN, vmr_device_try_drain(&m.manager, &g->dev));
	blocked_lookup_end(&s);
	EXPECT_EQ(-ENXIO, s.ret);
	EXPECT_EQ(0, vmr_device_try_drain(&m.manager, &g->dev));
	gadget_free(g);
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_fault_injection.c - each step of each call that has several, made to fail in
 * turn
 *
 * Nothing is injected: a step fails since somebody has its place, since there are no
 * more ids, since a device refuses. Afterwards the machine has to be the one that it
 * was before: every range, claim, age and mark, as numbers and as a snapshot, every
 * device's state, and nobody was told of anything.
 */
#include "../kselftest_harness.h"

#include "unchanged.h"

/* What is in the way */

#define PLACES		8
#define REFUSED_BY_DEV	(-1234)

static struct vmr_region blocker[PLACES];
static struct vmr_range blocked[PLACES];
static struct vmr_shared_irq line;
static struct vmr_irq_share sharer;
static struct probe holder, waiter, others[3], subject;
static struct bridge_dev bridge_dev;

/*
 * What the device asks for, by index, then its id and its own word. Each has a way
 * to fail.
 */
enum {
	PORT,		/* exactly here */
	EXACT,		/* memory, exactly here */
	ANYWHERE,	/* memory, anywhere within bounds that have one place */
	LINE,		/* exactly this interrupt */
	MESSAGES,	/* four vectors where there are four */
	SHARE,		/* of one line */
	NUMBER,		/* one memory slot */
	ID,
	DEVICE,
	NR_STEPS,
};

#define NR_WANTS	ID

/* In the order in which they are granted: fixed, then by alignment and size */
static const uint8_t order[NR_STEPS] = {
	EXACT, PORT, LINE, SHARE, ANYWHERE, MESSAGES, NUMBER, ID, DEVICE,
};

/* A machine in which something is going on: a claim, a parked region, a bus. */
static void up(struct __test_metadata *_metadata)
{
	ASSERT_EQ(0, machine_up_to(MACHINE_LAST, 5));
	ASSERT_EQ(0, diary_start(&event_log));
	ASSERT_EQ(0, vmr_system_add_shared_irq(&m.sys, &line, 9, "line", NULL));
	ASSERT_EQ(0, probe_up(&holder, "holder", VMR_MMIO, 0xc0000000, 0x2000));
	ASSERT_EQ(0, probe_up_unmapped(&waiter, "waiter", VMR_MMIO, 0x1000));
	ASSERT_EQ(0, program(&waiter.region[0], 0xc0001000));
	ASSERT_EQ(VMR_CLAIMED, state_of(&waiter.region[0]));
	ASSERT_EQ(0, hub_up(&bridge_dev, "bus", NULL));
	ASSERT_EQ(0, watch_bus(&bridge_dev.bus));
	ASSERT_EQ(0, hub_open(&bridge_dev, PORTS, 0x3000, 0x3fff));
	ASSERT_EQ(0, hub_open(&bridge_dev, MEMORY, 0xd0000000, 0xdfffffff));
}

/* All that it asks for; where, depends on whose it is. */
static void want_all(struct __test_metadata *_metadata, struct probe *p,
		     struct vmr_bus *parent)
{
	uint64_t base = parent ? 0xd0000000 : 0xe0000000;
	uint64_t port = parent ? 0x3000 : 0x2000;
	struct vmr_constraint *c;
	int i;

	probe_init(p, "subject");
	p->dev.parent_bus = parent;
	ASSERT_EQ(0, probe_region_at(p, 0, VMR_PIO, port, 0x10));
	ASSERT_EQ(0, probe_region_at(p, 1, VMR_MMIO, base, 0x4000));
	ASSERT_EQ(0, probe_region(p, 2, VMR_MMIO, VMR_REGION_TRAPPED, 0x1000));
	vmr_constraint_init_bounded(probe_want(p), VMR_KIND_MMIO, 0x1000, 0x1000,
			      base + 0x8000, base + 0x8fff,
			      &p->region[2].range);
	vmr_constraint_init_fixed(probe_want(p), VMR_KIND_IRQ, 5, 1, &p->node[LINE]);
	vmr_constraint_init_bounded(probe_want(p), VMR_KIND_MSI, 4, 4, 32, 35,
			      &p->node[MESSAGES]);
	memset(&sharer, 0, sizeof(sharer));
	c = probe_want(p);
	vmr_constraint_init_fixed(c, VMR_KIND_IRQ, 9, 1, &sharer.range);
	c->flags = VMR_SHARED;
	c->name = "share";
	vmr_constraint_init_bounded(probe_want(p), VMR_KIND_MEM_SLOT, 1, 1, 7, 7,
			      &p->node[NUMBER]);
	ASSERT_EQ((size_t)NR_WANTS, p->dev.nr_constraints);
	for (i = 0; i < PLACES; i++) {
		vmr_region_init(&blocker[i], i ? VMR_MMIO : VMR_PIO,
				VMR_REGION_RESERVED, 1, 0, "in the way");
		memset(&blocked[i], 0, sizeof(blocked[i]));
	}
}

/* The range in the way of a step; NULL if it is another reason. */
static struct vmr_range *who_blocks(int step)
{
	switch (step) {
	case PORT:
	case EXACT:
		return &blocker[step].range;
	case LINE:
		return &blocked[step];
	default:
		return NULL;
	}
}

static int why(int step)
{
	switch (step) {
	case SHARE:
		return -ENOENT;
	case DEVICE:
		return REFUSED_BY_DEV;
	default:
		return who_blocks(step) ? -EBUSY : -ENOSPC;
	}
}

static int id_probe(struct probe *p)
{
	probe_init(p, "one of many");
	return vmr_device_register(&m.manager, &p->dev, NULL, NULL);
}

static int take_ids(void)
{
	size_t i = 0;
	int ret;

	do {
		ret = id_probe(&others[i++]);
	} while (!ret && i < NR(others));
	return ret && ret != -ENOSPC ? ret : 0;
}

static void give_ids(void)
{
	size_t i;

	for (i = 0; i < NR(others); i++)
		vmr_device_unregister(&m.manager, &others[i].dev);
}

/* Let a step fail; its last address is enough. */
static int block(struct probe *p, int step)
{
	struct vmr_space *pio = &m.sys.pio, *mmio = &m.sys.mmio;
	const struct vmr_request *req = NULL;

	if (p->dev.parent_bus) {
		pio = &p->dev.parent_bus->pio;
		mmio = &p->dev.parent_bus->mmio;
	}
	if (step < PROBE_WANTS)
		req = &p->want[step].request;
	switch (step) {
	case PORT:
		return vmr_reserve(pio, &blocker[step].range, req->addr + 15,
				   req->addr + 15, NULL);
	case EXACT:
		return vmr_reserve(mmio, &blocker[step].range,
				   req->addr + 0x3fff, req->addr + 0x3fff,
				   NULL);
	case ANYWHERE:
		return vmr_reserve(mmio, &blocker[step].range, req->max,
				   req->max, NULL);
	case LINE:
		return vmr_id_reserve(&m.sys.irqs, &blocked[step], 5, NULL);
	case MESSAGES:
		return vmr_id_reserve(&m.sys.irqs, &blocked[step], 35, NULL);
	case SHARE:
		return vmr_system_remove_shared_irq(&m.sys, &line);
	case NUMBER:
		return vmr_id_reserve(&m.sys.mem_slots, &blocked[step], 7, NULL);
	case ID:
		return take_ids();
	default:
		p->refuse = REFUSED_BY_DEV;
		return 0;
	}
}

static void unblock(struct probe *p, int step)
{
	switch (step) {
	case PORT:
		vmr_free(p->dev.parent_bus ? &p->dev.parent_bus->pio : &m.sys.pio,
			 &blocker[step].range);
		break;
	case EXACT:
	case ANYWHERE:
		vmr_free(p->dev.parent_bus ? &p->dev.parent_bus->mmio : &m.sys.mmio,
			 &blocker[step].range);
		break;
	case LINE:
	case MESSAGES:
		vmr_id_free_range(&m.sys.irqs, &blocked[step]);
		break;
	case SHARE:
		vmr_system_add_shared_irq(&m.sys, &line, 9, "line", NULL);
		break;
	case NUMBER:
		vmr_id_free_range(&m.sys.mem_slots, &blocked[step]);
		break;
	case ID:
		give_ids();
		break;
	default:
		p->refuse = 0;
	}
}

/* Where what a step is granted is. */
static struct vmr_space *space_of(int step, struct vmr_bus *parent)
{
	if (parent && step == PORT)
		return &parent->pio;
	if (parent && (step == EXACT || step == ANYWHERE))
		return &parent->mmio;
	return vmr_system_space(&m.sys, step == ID ? VMR_KIND_DEVICE_ID :
				subject.want[step].kind);
}

/* The first of the blocked steps that is come to. */
static int first_of(unsigned int mask)
{
	size_t i;

	for (i = 0; i < NR(order); i++)
		if (mask & 1u << order[i])
			return order[i];
	return NR_STEPS;
}

static int ways;		/* in which something was made to fail */

/* Every set of steps blocked: what fails is the first that is come to. */
static void every_set(struct __test_metadata *_metadata, unsigned int steps,
		      int (*call)(size_t *failed, struct vmr_range **conflict),
		      void (*undo)(void))
{
	struct vmr_range *conflict, no_range;
	unsigned int mask;
	size_t failed;
	int step, first;

	for (mask = 1; mask < 1u << NR_STEPS; mask++) {
		if (mask & ~steps)
			continue;
		keep_marks();
		for (step = 0; step < NR_STEPS; step++)
			if (mask & 1u << step)
				ASSERT_EQ(0, block(&subject, step));
		put_marks_back();
		first = first_of(mask);
		failed = 77;
		conflict = &no_range;
		FAILS(why(first), call(&failed, &conflict));
		EXPECT_EQ((size_t)(first == DEVICE ? 77 : first), failed);
		EXPECT_EQ(who_blocks(first) ? who_blocks(first) : &no_range,
			  conflict);
		ways++;
		for (step = 0; step < NR_STEPS; step++)
			if (mask & 1u << step)
				unblock(&subject, step);
	}
	/* And with nothing in the way it works. */
	EXPECT_EQ(0, call(&failed, &conflict));
	undo();
}

#define ALL_STEPS	((1u << NR_STEPS) - 1)

static int register_it(size_t *failed, struct vmr_range **conflict)
{
	return vmr_device_register(&m.manager, &subject.dev, failed, conflict);
}

static struct vmr_transaction transaction;

static int add_it(size_t *failed, struct vmr_range **conflict)
{
	return vmr_transaction_add(&transaction, &subject.dev, failed,
				   conflict);
}

static void unlink_it(void)
{
	vmr_device_unregister(&m.manager, &subject.dev);
}

TEST(register_at_the_root)
{
	up(_metadata);
	want_all(_metadata, &subject, NULL);
	every_set(_metadata, ALL_STEPS, register_it, unlink_it);
	EXPECT_EQ(511, ways);
}

TEST(register_on_a_bus)
{
	up(_metadata);
	want_all(_metadata, &subject, &bridge_dev.bus);
	every_set(_metadata, ALL_STEPS, register_it, unlink_it);
	EXPECT_EQ(511, ways);
}

/* Nor is there anything left of it if its bus is not there, or about to leave. */
TEST(register_on_no_bus)
{
	size_t failed = 77;

	up(_metadata);
	want_all(_metadata, &subject, &bridge_dev.bus);
	ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &transaction));
	ASSERT_EQ(0, vmr_transaction_remove(&transaction, &bridge_dev.p.dev));
	FAILS(-ENOENT, register_it(&failed, NULL));
	FAILS(-ENOENT, add_it(&failed, NULL));
	FAILS(-ENOENT, vmr_device_register_restored(&m.manager, &subject.dev, &failed));
	ASSERT_EQ(0, vmr_transaction_commit(&transaction));
	ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &transaction));
	FAILS(-ENOENT, register_it(&failed, NULL));
	FAILS(-ENOENT, add_it(&failed, NULL));
	FAILS(-ENOENT, vmr_device_register_restored(&m.manager, &subject.dev, &failed));
	EXPECT_EQ((size_t)77, failed);
	EXPECT_EQ(0U, subject.granted);
}

/* Also when some of its places are claimed, which exact requests may take. */
TEST(register_where_others_wait)
{
	up(_metadata);
	want_all(_metadata, &subject, NULL);
	ASSERT_EQ(0, vmr_region_park(&m.manager, &waiter.region[0],
				     0xe0000000));
	every_set(_metadata, 1u << PORT | 1u << ANYWHERE | 1u << NUMBER |
		  1u << DEVICE, register_it, unlink_it);
	EXPECT_EQ(15, ways);
}

static void cancel_it(void)
{
	vmr_transaction_abort(&transaction);
}

/* A transaction that has begun, adds one and removes one. */
static void add_on(struct __test_metadata *_metadata, struct vmr_bus *parent)
{
	static struct probe before;

	up(_metadata);
	want_all(_metadata, &subject, parent);
	ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &transaction));
	probe_init(&before, "before");
	ASSERT_EQ(0, probe_region_at(&before, 0, VMR_MMIO, 0xf0000000, 0x1000));
	ASSERT_EQ(0, vmr_transaction_add(&transaction, &before.dev, NULL,
					 NULL));
	ASSERT_EQ(0, vmr_transaction_remove(&transaction, &holder.dev));
	every_set(_metadata, ALL_STEPS, add_it, cancel_it);
	EXPECT_EQ(511, ways);
	EXPECT_EQ((uint32_t)VMR_DEVICE_UNREGISTERED, before.dev.state);
	EXPECT_EQ((uint32_t)VMR_DEVICE_REGISTERED, holder.dev.state);
	EXPECT_NULL(holder.dev.transaction);
}

TEST(transaction_add_at_the_root)
{
	add_on(_metadata, NULL);
}

TEST(transaction_add_on_a_bus)
{
	add_on(_metadata, &bridge_dev.bus);
}

static int grant_it(size_t *failed, struct vmr_range **conflict)
{
	return vmr_system_alloc_resources(&m.sys, subject.want, NR_WANTS,
				&subject.dev.resources, failed, conflict);
}

static void release_it(void)
{
	vmr_system_free_resources(&m.sys, &subject.dev.resources);
}

TEST(system_grant)
{
	up(_metadata);
	want_all(_metadata, &subject, NULL);
	memset(subject.got, 0x5a, sizeof(subject.got));
	every_set(_metadata, (1u << NR_WANTS) - 1, grant_it, release_it);
	EXPECT_EQ(127, ways);
}

/* What was not granted has not been written to the set either. */
TEST(a_set_is_not_half_filled)
{
	size_t i;
	int step;

	up(_metadata);
	want_all(_metadata, &subject, NULL);
	for (step = 0; step < NR_WANTS; step++) {
		memset(subject.got, 0x5a, sizeof(subject.got));
		ASSERT_EQ(0, block(&subject, step));
		EXPECT_EQ(why(step), grant_it(NULL, NULL));
		for (i = 0; i < sizeof(subject.got); i++)
			ASSERT_EQ(0x5a, ((uint8_t *)subject.got)[i]);
		EXPECT_EQ((size_t)0, subject.dev.resources.nr);
		unblock(&subject, step);
	}
}

/* Each resource in turn is to become another that it cannot be. */
TEST(system_update)
{
	struct vmr_resource was[NR_WANTS];
	struct vmr_constraint c;
	int step;

	up(_metadata);
	want_all(_metadata, &subject, NULL);
	ASSERT_EQ(0, grant_it(NULL, NULL));
	memcpy(was, subject.got, sizeof(was));
	for (step = 0; step < NR_WANTS; step++) {
		c = subject.want[step];
		c.name = "in vain";
		c.request.policy = VMR_EXACT;
		c.request.size = c.flags & VMR_SHARED ? 1 : c.request.size + 1;
		c.request.align = 1;
		c.request.min = 0;
		c.request.max = VMR_ADDR_MAX;
		c.request.addr = subject.got[step].start;
		if (step == EXACT || step == ANYWHERE) {
			ASSERT_EQ(0, vmr_reserve(&m.sys.mmio,
						 &blocker[step].range,
						 subject.got[step].last + 1,
						 subject.got[step].last + 1,
						 NULL));
		} else {
			c.request.addr = VMR_ADDR_MAX - c.request.size + 1;
		}
		FAILS(step == EXACT || step == ANYWHERE ? -EBUSY :
		      step == PORT ? -ERANGE : -EOVERFLOW,
		      vmr_system_update_resource(&m.sys, &subject.got[step], &c, NULL));
		EXPECT_EQ(0, memcmp(was, subject.got, sizeof(was)));
	}
	release_it();
}

/* As a restore leaves it: with all that it asks for, and not registered. */
static void put_back(struct __test_metadata *_metadata, struct vmr_bus *parent)
{
	const struct vmr_constraint *c = subject.want;
	struct vmr_resource_set set;
	struct vmr_resource res;
	uint64_t start;
	int step;

	vmr_resource_set_init(&set, &res, 1);
	for (step = 0; step < NR_WANTS; step++, c++) {
		start = c->request.policy == VMR_EXACT ? c->request.addr : c->request.min;
		ASSERT_EQ(0, step == SHARE ?
			  vmr_system_alloc_resources(&m.sys, c, 1, &set, NULL, NULL) :
			  vmr_reserve(space_of(step, parent), c->range, start,
				      start + c->request.size - 1, NULL));
	}
	ASSERT_EQ(0, vmr_id_alloc(&m.sys.device_ids, &subject.dev.id));
}

/* What is adopted has been restored; each of its places in turn was not. */
static void adopt_on(struct __test_metadata *_metadata, struct vmr_bus *parent)
{
	struct vmr_space *space;
	struct vmr_range *range;
	uint64_t start, last;
	size_t failed;
	int step;

	up(_metadata);
	want_all(_metadata, &subject, parent);
	put_back(_metadata, parent);
	for (step = 0; step <= ID; step++) {
		if (step == SHARE)
			continue;
		range = step == ID ? &subject.dev.id :
			subject.want[step].range;
		space = space_of(step, parent);
		start = range->start;
		last = range->last;
		ASSERT_EQ(0, vmr_free(space, range));
		failed = 77;
		FAILS(-ENOENT, vmr_device_register_restored(&m.manager, &subject.dev, &failed));
		EXPECT_EQ((size_t)step, failed);
		/* In the way of itself, one too short. */
		if (last > start) {
			ASSERT_EQ(0, vmr_reserve(space, range, start, last - 1,
						 NULL));
			FAILS(-ENOENT, vmr_device_register_restored(&m.manager, &subject.dev,
						 &failed));
			ASSERT_EQ(0, vmr_free(space, range));
		}
		/* There, and not live. */
		ASSERT_EQ(0, vmr_park(space, range, start, last));
		FAILS(-ENOENT, vmr_device_register_restored(&m.manager, &subject.dev, &failed));
		EXPECT_EQ((size_t)step, failed);
		ASSERT_EQ(0, vmr_free(space, range));
		ASSERT_EQ(0, vmr_reserve(space, range, start, last, NULL));
	}
	subject.refuse = REFUSED_BY_DEV;
	FAILS(REFUSED_BY_DEV, vmr_device_register_restored(&m.manager, &subject.dev, &failed));
	subject.refuse = 0;
	EXPECT_EQ(0, vmr_device_register_restored(&m.manager, &subject.dev, &failed));
}

TEST(adopt_at_the_root)
{
	adopt_on(_metadata, NULL);
}

TEST(adopt_on_a_bus)
{
	adopt_on(_metadata, &bridge_dev.bus);
}

/* A line that it shared before, and shares no more. */
TEST(adopt_without_its_share)
{
	size_t failed = 77;

	up(_metadata);
	probe_init(&subject, "subject");
	memset(&sharer, 0, sizeof(sharer));
	vmr_constraint_init_fixed(probe_want(&subject), VMR_KIND_IRQ, 9, 1,
			  &sharer.range);
	subject.want[0].flags = VMR_SHARED;
	ASSERT_EQ(0, vmr_id_alloc(&m.sys.device_ids, &subject.dev.id));
	FAILS(-ENOENT, vmr_device_register_restored(&m.manager, &subject.dev, &failed));
	EXPECT_EQ((size_t)0, failed);
	ASSERT_EQ(0, vmr_system_alloc_resources(&m.sys, subject.want, 1,
				      &subject.dev.resources, NULL, NULL));
	subject.dev.resources.nr = 0;
	subject.refuse = REFUSED_BY_DEV;
	FAILS(REFUSED_BY_DEV, vmr_device_register_restored(&m.manager, &subject.dev, &failed));
	subject.refuse = 0;
	EXPECT_EQ(0, vmr_device_register_restored(&m.manager, &subject.dev, &failed));
}

/* A transaction of several, in which the last is refused, and then all are. */
TEST(transaction_cancelled)
{
	static struct probe first[3];
	struct vmr_region *region;
	size_t i;

	up(_metadata);
	want_all(_metadata, &subject, NULL);
	/* What was ever handed out stays known: so let all of it have been. */
	ASSERT_EQ(0, register_it(NULL, NULL));
	unlink_it();
	ASSERT_EQ(0, take_ids());
	give_ids();
	ASSERT_EQ(0, state_save());
	ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &transaction));
	ASSERT_EQ(0, vmr_transaction_remove(&transaction, &holder.dev));
	for (i = 0; i < NR(first); i++) {
		probe_init(&first[i], "first");
		first[i].dev.parent_bus = i ? &bridge_dev.bus : NULL;
		ASSERT_EQ(0, probe_region_at(&first[i], 0, VMR_MMIO,
					     0xd0100000 + 0x1000 * i, 0x1000));
		region = &first[i].region[0];
		if (!i)
			first[i].want[0].request.addr = 0xf0000000;
		ASSERT_EQ(0, vmr_transaction_add(&transaction, &first[i].dev,
						 NULL, NULL));
		ASSERT_EQ(VMR_LIVE, state_of(region));
	}
	EXPECT_EQ(-ENOSPC, add_it(NULL, NULL));
	subject.refuse = REFUSED_BY_DEV;
	EXPECT_EQ(-ENOSPC, add_it(NULL, NULL));
	EXPECT_EQ(0, vmr_transaction_abort(&transaction));
	EXPECT_TRUE(state_is_unchanged());
	for (i = 0; i < NR(first); i++)
		EXPECT_EQ((uint32_t)VMR_DEVICE_UNREGISTERED, first[i].dev.state);
	EXPECT_NULL(holder.dev.transaction);
}

/* What is in use goes neither by itself nor in a transaction. */
TEST(removals)
{
	static struct probe endpoint, guest;
	struct vmr_device *dev = NULL;

	up(_metadata);
	ASSERT_EQ(0, leaf_at(&endpoint, "leaf", &bridge_dev.bus, VMR_MMIO, 0xd0000000,
			     0x1000, false));
	probe_init(&guest, "guest");
	ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &transaction));
	FAILS(-EBUSY, vmr_device_unregister(&m.manager, &bridge_dev.p.dev));
	FAILS(-EBUSY, vmr_transaction_remove(&transaction, &bridge_dev.p.dev));
	FAILS(-ENOENT, vmr_device_unregister(&m.manager, &guest.dev));
	FAILS(-ENOENT, vmr_transaction_remove(&transaction, &guest.dev));
	FAILS(-ENOENT, vmr_device_unregister_at(&m.manager, VMR_MMIO, 0xd0001000, &dev));
	FAILS(-ENOENT, vmr_device_unregister_at(&m.manager, VMR_PIO, 0x3000, &dev));
	ASSERT_EQ(0, vmr_transaction_remove(&transaction, &endpoint.dev));
	FAILS(-EBUSY, vmr_transaction_remove(&transaction, &endpoint.dev));
	FAILS(-EBUSY, vmr_device_unregister(&m.manager, &endpoint.dev));
	FAILS(-EBUSY, vmr_device_unregister_at(&m.manager, VMR_MMIO, 0xd0000fff, &dev));
	FAILS(-EBUSY, vmr_device_unregister(&m.manager, &bridge_dev.p.dev));
	guest.dev.parent_bus = &bridge_dev.bus;
	ASSERT_EQ(0, vmr_transaction_add(&transaction, &guest.dev, NULL, NULL));
	FAILS(-EBUSY, vmr_transaction_remove(&transaction, &bridge_dev.p.dev));
	FAILS(-EBUSY, vmr_transaction_remove(&transaction, &guest.dev));
	EXPECT_NULL(dev);
	EXPECT_EQ(0, vmr_transaction_abort(&transaction));
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &endpoint.dev));
}

/* Whatever a region is, it stays that if the place it is given is not free. */
TEST(region_place)
{
	static struct vmr_region in_way;
	struct vmr_region *r = &others[0].region[0];
	struct vmr_range *conflict, no_range;
	uint64_t at = 0xe8000000;
	int state, way;

	up(_metadata);
	ASSERT_EQ(0, probe_up_unmapped(&others[0], "mover", VMR_MMIO, 0x3000));
	/* Something behind it in the line for its place */
	ASSERT_EQ(0, vmr_reserve(&m.sys.mmio, &in_way.range, at + 0x2fff,
				 at + 0x2fff, NULL));
	for (state = 0; state < 4; state++) {
		if (state == 0)
			ASSERT_EQ(0, program(r, 0xe1000000));
		if (state == 1)
			ASSERT_EQ(0, program(r, 0xc0000000));
		if (state == 2)
			ASSERT_EQ(0, vmr_region_park(&m.manager, r,
						     0xe1000000));
		if (state == 3)
			ASSERT_EQ(0, vmr_region_unmap(&m.manager, r));
		for (way = 0; way < 3; way++) {
			conflict = &no_range;
			FAILS(-EBUSY, vmr_region_move(&m.manager, r,
						       at + 0x17ff * way,
						       &conflict));
			EXPECT_EQ(&in_way.range, conflict);
		}
		conflict = &no_range;
		FAILS(-ERANGE, vmr_region_move(&m.manager, r,
						MACHINE_LAST - 0x2ffe,
						&conflict));
		FAILS(-EOVERFLOW, vmr_region_move(&m.manager, r,
						   VMR_ADDR_MAX - 0x2ffe,
						   &conflict));
		EXPECT_EQ(&no_range, conflict);
	}
	EXPECT_EQ(0, vmr_region_move(&m.manager, r, at - 1, NULL));
}

/* By the interface that is for allocators of any kind */

/* It fails so, and what the resource says is what it said. */
static int update_fails(struct vmr_allocator *a, struct vmr_resource *res,
			struct vmr_constraint *c, int want)
{
	struct vmr_resource was = *res;
	int ret;

	c->name = "in vain";
	ret = vmr_allocator_update(a, res, c, NULL);
	return ret == want && !memcmp(&was, res, sizeof(was)) ? 0 : -1;
}

TEST(update_by_an_allocator)
{
	static struct vmr_region mine, in_way;
	static struct vmr_range number, other;
	struct vmr_pool_allocator pools;
	struct vmr_id_allocator ids;
	struct vmr_resource res;
	struct vmr_constraint c;
	struct vmr_pool pool;

	up(_metadata);
	ASSERT_EQ(0, vmr_pool_init(&pool, &m.sys.mmio, 0xe0000000, 0x10000,
				   "pool"));
	vmr_pool_allocator_init(&pools, &pool);
	vmr_id_allocator_init(&ids, &m.sys.irqs);
	ASSERT_EQ(0, vmr_reserve(&m.sys.mmio, &in_way.range, 0xe0004000,
				 0xe0004fff, NULL));
	vmr_constraint_init_fixed(&c, VMR_KIND_MMIO, 0xe0000000, 0x2000, &mine.range);
	ASSERT_EQ(0, vmr_allocator_alloc(&pools.allocator, &c, &res, NULL));
	/* Its old place is claimed by another, who must not get it. */
	ASSERT_EQ(0, program(&waiter.region[0], 0xe0001000));
	ASSERT_EQ(VMR_CLAIMED, state_of(&waiter.region[0]));
	vmr_constraint_init_fixed(&c, VMR_KIND_MMIO, 0xe0003000, 0x2000, &mine.range);
	FAILS(0, update_fails(&pools.allocator, &res, &c, -EBUSY));
	vmr_constraint_init_fixed(&c, VMR_KIND_MMIO, 0xe000f000, 0x2000, &mine.range);
	FAILS(0, update_fails(&pools.allocator, &res, &c, -ERANGE));
	vmr_constraint_init_fixed(&c, VMR_KIND_MMIO, VMR_ADDR_MAX, 0x2000, &mine.range);
	FAILS(0, update_fails(&pools.allocator, &res, &c, -EOVERFLOW));
	vmr_constraint_init(&c, VMR_KIND_MMIO, 0xc000, &mine.range);
	FAILS(0, update_fails(&pools.allocator, &res, &c, -ENOSPC));
	c.request.align = 3;
	FAILS(0, update_fails(&pools.allocator, &res, &c, -EINVAL));
	FAILS(0, update_fails(&ids.allocator, &res, &c, -ENOENT));

	ASSERT_EQ(0, vmr_id_reserve(&m.sys.irqs, &other, 20, NULL));
	vmr_constraint_init_fixed(&c, VMR_KIND_IRQ, 16, 4, &number);
	ASSERT_EQ(0, vmr_allocator_alloc(&ids.allocator, &c, &res, NULL));
	vmr_constraint_init_fixed(&c, VMR_KIND_IRQ, 17, 4, &number);
	FAILS(0, update_fails(&ids.allocator, &res, &c, -EBUSY));
	vmr_constraint_init_fixed(&c, VMR_KIND_IRQ, 62, 4, &number);
	FAILS(0, update_fails(&ids.allocator, &res, &c, -ERANGE));
	vmr_constraint_init_fixed(&c, VMR_KIND_IRQ, 0xffffffff, 4, &number);
	FAILS(0, update_fails(&ids.allocator, &res, &c, -EOVERFLOW));
	vmr_constraint_init(&c, VMR_KIND_IRQ, 60, &number);
	FAILS(0, update_fails(&ids.allocator, &res, &c, -ENOSPC));
	EXPECT_EQ(0, vmr_allocator_free(&ids.allocator, &res));
	FAILS(-ENOENT, vmr_allocator_free(&ids.allocator, &res));
	/* What is in no space is granted anew, or not. */
	FAILS(0, update_fails(&ids.allocator, &res, &c, -ENOSPC));
}

/* A number is taken, and the mark of what was ever handed out goes with it. */
TEST(ids)
{
	struct vmr_request req = VMR_REQUEST(4, 4);
	static struct vmr_range seven, all, none, node;
	struct vmr_range *conflict = &none;

	up(_metadata);
	/* Where a range that is in no space was means nothing. */
	node.start = 30;
	node.last = 30;
	ASSERT_EQ(0, vmr_id_reserve(&m.sys.mem_slots, &seven, 7, NULL));
	FAILS(-EBUSY, vmr_id_reserve(&m.sys.mem_slots, &node, 7, &conflict));
	EXPECT_EQ(&seven, conflict);
	FAILS(-ERANGE, vmr_id_reserve(&m.sys.mem_slots, &node, 32, NULL));
	FAILS(-EEXIST, vmr_id_reserve(&m.sys.mem_slots, &seven, 9, NULL));
	FAILS(-EEXIST, vmr_id_alloc(&m.sys.mem_slots, &seven));
	FAILS(-EALREADY, vmr_id_free(&m.sys.mem_slots, 3, NULL));
	FAILS(-ENOENT, vmr_id_free(&m.sys.mem_slots, 8, NULL));
	FAILS(-ENOENT, vmr_id_free_block(&m.sys.mem_slots, 6, 2, NULL));
	FAILS(-ENOENT, vmr_id_free_range(&m.sys.irqs, &seven));
	req.size = 25;
	FAILS(-ENOSPC, vmr_id_alloc_block(&m.sys.mem_slots, &node, &req, NULL));
	req.size = 24;
	req.policy = VMR_EXACT;
	req.addr = 4;
	FAILS(-EBUSY, vmr_id_alloc_block(&m.sys.mem_slots, &node, &req, NULL));
	req.addr = 12;
	FAILS(-ERANGE, vmr_id_alloc_block(&m.sys.mem_slots, &node, &req, NULL));
	req.addr = 0xfffffff0;
	FAILS(-EOVERFLOW, vmr_id_alloc_block(&m.sys.mem_slots, &node, &req, NULL));
	req.addr = 8;
	EXPECT_EQ(0, vmr_id_alloc_block(&m.sys.mem_slots, &all, &req, NULL));
	FAILS(-ENOENT, vmr_id_free(&m.sys.mem_slots, 8, NULL));
	FAILS(-ENOENT, vmr_id_free_block(&m.sys.mem_slots, 8, 23, NULL));
}

/* Sets of moves */

#define MOVERS		6

static struct probe mover[MOVERS];
static struct vmr_move_op step_of[MOVERS];

/* Each one place on, in a circle, half of them on a bus. */
static void movers_up(struct __test_metadata *_metadata)
{
	int i;

	up(_metadata);
	for (i = 0; i < MOVERS; i++) {
		probe_init(&mover[i], "mover");
		mover[i].dev.parent_bus = i % 2 ? &bridge_dev.bus : NULL;
		ASSERT_EQ(0, probe_region(&mover[i], 0, VMR_MMIO,
					  VMR_REGION_TRAPPED, 0x1000));
	}
	give_ids();
	/* There are ids for two only, so these are not registered. */
	for (i = 0; i < MOVERS; i++)
		ASSERT_EQ(0, vmr_reserve(vmr_region_space(&m.manager,
							  &mover[i].region[0]),
					 &mover[i].region[0].range,
					 0xa4000000 + 0x10000 * i,
					 0xa4000fff + 0x10000 * i, NULL));
}

static void steps_in_a_circle(void)
{
	int i;

	for (i = 0; i < MOVERS; i++) {
		int next = (i + 2) % MOVERS;

		step_of[i].range = &mover[i].region[0].range;
		step_of[i].space = vmr_region_space(&m.manager,
						    &mover[i].region[0]);
		step_of[i].to_space = step_of[i].space;
		step_of[i].start = mover[next].region[0].range.start;
	}
}

TEST(move_set_where_a_place_is_taken)
{
	static struct vmr_region in_way;
	struct vmr_range *conflict, no_range;
	size_t failed, nr;
	uint64_t at;
	int k;

	movers_up(_metadata);
	for (nr = 1; nr <= MOVERS; nr++)
		for (k = 0; k < (int)nr; k++) {
			steps_in_a_circle();
			/* Step k goes where nobody leaves. */
			at = 0xa5000000 + 0x1000 * k;
			step_of[k].start = at;
			/* A part of a circle: the others go to new places. */
			for (size_t i = 0; i < nr; i++)
				if ((i + 2) % MOVERS >= nr && (int)i != k)
					step_of[i].start = 0xa6000000 +
							   0x1000 * i;
			ASSERT_EQ(0, vmr_reserve(step_of[k].to_space, &in_way.range,
						 at + 0xfff, at + 0xfff, NULL));
			failed = 77;
			conflict = &no_range;
			FAILS(-EBUSY, vmr_move_bulk(step_of, nr, &failed,
						   &conflict));
			EXPECT_EQ((size_t)k, failed);
			EXPECT_EQ(&in_way.range, conflict);
			ASSERT_EQ(0, vmr_free(step_of[k].to_space, &in_way.range));
		}
	steps_in_a_circle();
	EXPECT_EQ(0, vmr_move_bulk(step_of, MOVERS, &failed, &conflict));
}

/* Each step in turn makes no sense, in each way that it can. */
TEST(move_set_with_a_bad_step)
{
	static struct vmr_space stranger;
	static struct vmr_range loose;
	size_t failed;
	int k, way;

	movers_up(_metadata);
	ASSERT_EQ(0, vmr_space_init(&stranger, 0, VMR_ADDR_MAX));
	for (k = 0; k < MOVERS; k++)
		for (way = 0; way < 8; way++) {
			int want = -EINVAL;

			steps_in_a_circle();
			switch (way) {
			case 0:
				step_of[k].space = NULL;
				break;
			case 1:
				step_of[k].range = NULL;
				break;
			case 2:
				step_of[k].to_space = NULL;
				break;
			case 3:
				step_of[k].to_space = &stranger;
				/* One alone shares with itself. */
				break;
			case 4:
				if (!k)
					continue;
				step_of[k] = step_of[k - 1];
				break;
			case 5:
				want = -EOVERFLOW;
				step_of[k].start = VMR_ADDR_MAX - 0xffe;
				break;
			case 6:
				want = -ERANGE;
				step_of[k].start = MACHINE_LAST - 0xffe;
				break;
			default:
				want = -ENOENT;
				step_of[k].range = &loose;
			}
			failed = 77;
			FAILS(want, vmr_move_bulk(step_of, MOVERS, &failed,
						 NULL));
			EXPECT_EQ((size_t)k, failed) {
				TH_LOG("step %d, way %d", k, way);
			}
		}
}

/* Regions of devices: also one whose device is gone. */
TEST(region_move_set)
{
	static struct probe two[2];
	static struct vmr_region in_way;
	struct vmr_move_op step[3];
	size_t failed = 77;
	int k;

	up(_metadata);
	ASSERT_EQ(0, leaf_at(&two[0], "a", &bridge_dev.bus, VMR_MMIO, 0xd0000000,
			     0x1000, false));
	ASSERT_EQ(0, leaf_at(&two[1], "b", &bridge_dev.bus, VMR_MMIO, 0xd0002000,
			     0x1000, false));
	for (k = 0; k < 3; k++) {
		memset(step, 0, sizeof(step));
		step[0].range = &two[0].region[0].range;
		step[0].start = 0xd0002000;
		step[1].range = &two[1].region[0].range;
		step[1].start = 0xd0000000;
		step[2].range = &holder.region[0].range;
		step[2].start = 0xc0004000;
		step[k].start = 0xc8000000;
		ASSERT_EQ(0, vmr_reserve(k == 2 ? &m.sys.mmio : &bridge_dev.bus.mmio,
					 &in_way.range, 0xc8000000,
					 0xc8000000, NULL));
		FAILS(-EBUSY, vmr_region_move_bulk(&m.manager, step, 3, &failed,
						  NULL));
		EXPECT_EQ((size_t)k, failed);
		ASSERT_EQ(0, vmr_free(k == 2 ? &m.sys.mmio : &bridge_dev.bus.mmio,
				      &in_way.range));
		/* One that waits, one that is nobody's. */
		step[k].range = &waiter.region[0].range;
		FAILS(-ENOENT, vmr_region_move_bulk(&m.manager, step, 3, &failed,
						   NULL));
		EXPECT_EQ((size_t)k, failed);
		vmr_region_init(&blocker[5], VMR_MMIO, VMR_REGION_TRAPPED, 1,
				0, "nobody's");
		step[k].range = &blocker[5].range;
		FAILS(-ENOENT, vmr_region_move_bulk(&m.manager, step, 3, &failed,
						   NULL));
		EXPECT_EQ((size_t)k, failed);
	}
}

/* With a window go all that are behind it: they stay, and hear of nothing. */
TEST(region_move_set_of_windows)
{
	static struct probe behind[3];
	static struct vmr_region in_way;
	struct vmr_range *conflict, no_range;
	struct vmr_move_op step[3];
	size_t failed, i, k;

	up(_metadata);
	for (i = 0; i < NR(behind); i++)
		ASSERT_EQ(0, leaf_at(&behind[i], "behind", &bridge_dev.bus,
				     i ? VMR_MMIO : VMR_PIO,
				     i ? 0xd0001000 * i : 0x3000, 0x100,
				     false));
	/* One who waits for the window's place, which it must not get. */
	ASSERT_EQ(0, program(&waiter.region[0], 0xd8000000));
	ASSERT_EQ(VMR_CLAIMED, state_of(&waiter.region[0]));
	for (k = 0; k < 2 * NR(step); k++) {
		struct vmr_space *space = k == 1 ? &m.sys.pio : &m.sys.mmio;
		bool beyond = k >= NR(step);
		uint64_t at;

		memset(step, 0, sizeof(step));
		step[0].range = &bridge_dev.p.region[MEMORY].range;
		step[0].start = 0xe0000000;
		step[1].range = &bridge_dev.p.region[PORTS].range;
		step[1].start = 0x5000;
		step[2].range = &holder.region[0].range;
		step[2].start = 0xc8000000;
		/* In the way is an address in the middle of the new place */
		at = beyond ? 0 : step[k].start + 0x800;
		if (beyond)
			step[k - NR(step)].start = MACHINE_LAST;
		ASSERT_EQ(0, vmr_reserve(space, &in_way.range, at, at, NULL));
		failed = 77;
		conflict = &no_range;
		FAILS(beyond ? -ERANGE : -EBUSY,
		      vmr_region_move_bulk(&m.manager, step, NR(step), &failed,
					  &conflict));
		EXPECT_EQ(k % NR(step), failed);
		EXPECT_EQ(beyond ? &no_range : &in_way.range, conflict);
		ASSERT_EQ(0, vmr_free(space, &in_way.range));
	}
}

/* Restoring */

#define NODES		24

static struct vmr_system restored, restored_before;
static struct vmr_range saved_node[NODES], node[NODES], node_before[NODES];
static uint8_t registers[3][8], registers_before[3][8];
static size_t asked, refuse_at;
static uint64_t refuse_block;

static uint64_t saved_key(const struct vmr_snapshot *snap, uint32_t space,
			  const struct vmr_range *range)
{
	(void)snap;
	(void)space;
	if (range >= node && range < node + NODES)
		return (uint64_t)(range - node);
	return (uint64_t)(range - saved_node);
}

static struct vmr_range *give_node(const struct vmr_snapshot *snap,
				   uint32_t space, uint64_t key)
{
	(void)snap;
	(void)space;
	return asked++ == refuse_at || key >= NODES ? NULL : &node[key];
}

static bool check_block(const struct vmr_snapshot_block *block,
			const uint8_t *saved,
			const struct vmr_restore_ctx *view)
{
	(void)saved;
	(void)view;
	return block->key != refuse_block;
}

static const struct vmr_snapshot_ops restore_ops = {
	.range_to_key = saved_key,
	.key_to_range = give_node,
};

/* Live ranges and claims in the spaces of a system. */
static void fill_saved(struct __test_metadata *_metadata)
{
	int i;

	for (i = 0; i < 6; i++) {
		ASSERT_EQ(0, vmr_reserve(&m.sys.mmio, &saved_node[i],
					 0x10000 * i, 0x10000 * i + 0xfff,
					 NULL));
		ASSERT_EQ(0, vmr_claim(&m.sys.mmio, &saved_node[6 + i],
				       0x10000 * i, 0x10000 * i + 0x1fff));
		ASSERT_EQ(0, vmr_id_alloc(&m.sys.irqs, &saved_node[12 + i]));
		ASSERT_EQ(0, vmr_park(&m.sys.pio, &saved_node[18 + i],
				      0x100 * i, 0x100 * i + 7));
	}
}

static int restore_refused(const struct vmr_snapshot *snap, size_t size)
{
	asked = 0;
	memcpy(node_before, node, sizeof(node));
	memcpy(&restored_before, &restored, sizeof(restored));
	memcpy(registers_before, registers, sizeof(registers));
	return vmr_snapshot_restore(snap, bytes_before, size) == -EBADMSG &&
	       !memcmp(node_before, node, sizeof(node)) &&
	       !memcmp(&restored_before, &restored, sizeof(restored)) &&
	       !memcmp(registers_before, registers, sizeof(registers));
}

TEST(restore)
{
	const struct vmr_system_limits limits = {
		.mmio_last = MACHINE_LAST, .irq_last = 63, .slot_last = 31,
		.pci_last = 0xff, .id_last = 255,
	};
	struct vmr_snapshot_space spaces[VMR_SNAPSHOT_NR_SPACES];
	struct vmr_snapshot_block blocks[3];
	struct vmr_snapshot snap = {
		&restore_ops, spaces, VMR_SNAPSHOT_NR_SPACES, blocks, NR(blocks),
	};
	size_t size = 0, i;

	ASSERT_EQ(0, machine_up());
	fill_saved(_metadata);
	memset(blocks, 0, sizeof(blocks));
	for (i = 0; i < NR(blocks); i++) {
		blocks[i].key = i + 1;
		blocks[i].bytes = registers[i];
		blocks[i].size = sizeof(registers[i]);
		blocks[i].check = check_block;
		memset(registers[i], (int)i + 1, sizeof(registers[i]));
	}
	ASSERT_EQ(0, vmr_snapshot_describe_system(spaces, &m.sys));
	ASSERT_EQ(0, vmr_snapshot_save(&snap, bytes_before, sizeof(bytes_before),
			      &size));

	/* Something else there, to see that it is not written. */
	memset(registers, 0x5a, sizeof(registers));
	memset(node, 0, sizeof(node));
	ASSERT_EQ(0, vmr_system_init(&restored, &limits));
	ASSERT_EQ(0, vmr_snapshot_describe_system(spaces, &restored));
	for (refuse_at = 0; refuse_at < NODES; refuse_at++) {
		EXPECT_TRUE(restore_refused(&snap, size)) {
			TH_LOG("node %zu", refuse_at);
		}
		EXPECT_EQ(refuse_at + 1, asked);
	}
	for (refuse_block = 1; refuse_block <= NR(blocks); refuse_block++)
		EXPECT_TRUE(restore_refused(&snap, size)) {
			TH_LOG("block %d", (int)refuse_block);
		}
	/* Each node in turn is in use already, or comes a second time. */
	for (i = 0; i < NODES; i++) {
		node[i].node.link = 1;
		EXPECT_TRUE(restore_refused(&snap, size));
		node[i].node.link = 0;
	}
	asked = 0;
	EXPECT_EQ(0, vmr_snapshot_restore(&snap, bytes_before, size));
	EXPECT_EQ(0, vmr_snapshot_save(&snap, bytes_after, sizeof(bytes_after), &i));
	EXPECT_EQ(size, i);
	EXPECT_EQ(0, memcmp(bytes_before, bytes_after, size));
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_fault_injection.c - calls with several steps: each step fails in turn
 *
 * No fault is injected: a range is in use, ids are exhausted, or a device returns an
 * error. After a failure the machine must equal its state before: ranges, claims,
 * tickets, watermarks, device states, snapshot, and no notification.
 */
#include "../kselftest_harness.h"

#include "unchanged.h"
#include "misuse.h"

/* Obstacles */

#define PLACES		8
#define REFUSED_BY_DEV	(-1234)

static struct vmr_region blocker[PLACES];
static struct vmr_range blocked[PLACES];
static struct vmr_shared_irq line;
static struct vmr_irq_share share;
static struct probe holder, waiter, others[3], subject;
static struct bridge_dev bridge_dev;

/*
 * The constraints of the device by index, then its id and its set_resources().
 * block() makes each of them fail.
 */
enum {
	PORT,		/* fixed */
	EXACT,		/* memory, fixed */
	ANYWHERE,	/* memory, within bounds that fit once */
	LINE,		/* one interrupt, fixed */
	MESSAGES,	/* four vectors, within bounds of four */
	SHARE,		/* a share of a line */
	NUMBER,		/* one memory slot */
	ID,
	DEVICE,
	NR_STEPS,
};

#define NR_WANTS	ID

/* The order of allocation: fixed first, then by alignment and size */
static const uint8_t order[NR_STEPS] = {
	EXACT, PORT, LINE, SHARE, ANYWHERE, MESSAGES, NUMBER, ID, DEVICE,
};

/* A machine with a claim and a bus */
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

/* Add all constraints. The addresses depend on @parent. */
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
	memset(&share, 0, sizeof(share));
	c = probe_want(p);
	vmr_constraint_init_fixed(c, VMR_KIND_IRQ, 9, 1, &share.range);
	c->flags = VMR_SHARED;
	c->name = "share";
	vmr_constraint_init_bounded(probe_want(p), VMR_KIND_MEM_SLOT, 1, 1, 7, 7,
				    &p->node[NUMBER]);
	ASSERT_EQ((size_t)NR_WANTS, p->dev.nr_constraints);
	for (i = 0; i < PLACES; i++) {
		vmr_region_init(&blocker[i], i ? VMR_MMIO : VMR_PIO,
				VMR_REGION_RESERVED, 1, 0, "blocker");
		memset(&blocked[i], 0, sizeof(blocked[i]));
	}
}

/* The conflict that a step reports; NULL if it fails for another reason. */
static struct vmr_range *conflict_of(int step)
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

static int error_of(int step)
{
	switch (step) {
	case SHARE:
		return -ENOENT;
	case DEVICE:
		return REFUSED_BY_DEV;
	default:
		return conflict_of(step) ? -EBUSY : -ENOSPC;
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

/* Make a step fail by taking its last address. */
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

/* The space of the resource of a step */
static struct vmr_space *space_of(int step, struct vmr_bus *parent)
{
	if (parent && step == PORT)
		return &parent->pio;
	if (parent && (step == EXACT || step == ANYWHERE))
		return &parent->mmio;
	return vmr_system_space(&m.sys, step == ID ? VMR_KIND_DEVICE_ID :
				subject.want[step].kind);
}

/* The first blocked step in the order of allocation */
static int first_of(unsigned int mask)
{
	size_t i;

	for (i = 0; i < NR(order); i++)
		if (mask & 1u << order[i])
			return order[i];
	return NR_STEPS;
}

static int ways;		/* number of failures tried */

/* Block every subset of @steps: the call fails at the first blocked step. */
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
		FAILS(error_of(first), call(&failed, &conflict));
		EXPECT_EQ((size_t)(first == DEVICE ? 77 : first), failed);
		EXPECT_EQ(conflict_of(first) ? conflict_of(first) : &no_range,
			  conflict);
		ways++;
		for (step = 0; step < NR_STEPS; step++)
			if (mask & 1u << step)
				unblock(&subject, step);
	}
	/* Without obstacles the call succeeds. */
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

static void unregister_it(void)
{
	vmr_device_unregister(&m.manager, &subject.dev);
}

/* A registration at the root fails at its first failing step and changes nothing. */
TEST(register_at_root_failure_unchanged)
{
	up(_metadata);
	want_all(_metadata, &subject, NULL);
	every_set(_metadata, ALL_STEPS, register_it, unregister_it);
	EXPECT_EQ(511, ways);
}

/* A registration on a bus fails at its first failing step and changes nothing. */
TEST(register_on_bus_failure_unchanged)
{
	up(_metadata);
	want_all(_metadata, &subject, &bridge_dev.bus);
	every_set(_metadata, ALL_STEPS, register_it, unregister_it);
	EXPECT_EQ(511, ways);
}

/*
 * A registration on a bus that is not registered or is being removed fails and
 * changes nothing.
 */
TEST(register_on_missing_bus_unchanged)
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

/*
 * A failed registration changes nothing if one of its fixed ranges is parked by
 * another region.
 */
TEST(register_over_parked_unchanged)
{
	up(_metadata);
	want_all(_metadata, &subject, NULL);
	ASSERT_EQ(0, vmr_region_park(&m.manager, &waiter.region[0],
				     0xe0000000));
	every_set(_metadata, 1u << PORT | 1u << ANYWHERE | 1u << NUMBER |
		  1u << DEVICE, register_it, unregister_it);
	EXPECT_EQ(15, ways);
}

static void abort_it(void)
{
	vmr_transaction_abort(&transaction);
}

/* Add to a transaction that already adds one device and removes one. */
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
	every_set(_metadata, ALL_STEPS, add_it, abort_it);
	EXPECT_EQ(511, ways);
	EXPECT_EQ((uint32_t)VMR_DEVICE_UNREGISTERED, before.dev.state);
	EXPECT_EQ((uint32_t)VMR_DEVICE_REGISTERED, holder.dev.state);
	EXPECT_NULL(holder.dev.transaction);
}

/*
 * An addition to a transaction at the root fails at its first failing step and
 * changes nothing.
 */
TEST(transaction_add_at_root_unchanged)
{
	add_on(_metadata, NULL);
}

/*
 * An addition to a transaction on a bus fails at its first failing step and changes
 * nothing.
 */
TEST(transaction_add_on_bus_unchanged)
{
	add_on(_metadata, &bridge_dev.bus);
}

static int alloc_it(size_t *failed, struct vmr_range **conflict)
{
	return vmr_system_alloc_resources(&m.sys, subject.want, NR_WANTS,
				&subject.dev.resources, failed, conflict);
}

static void free_it(void)
{
	vmr_system_free_resources(&m.sys, &subject.dev.resources);
}

/*
 * vmr_system_alloc_resources() fails at its first failing step and changes nothing.
 */
TEST(system_alloc_failure_unchanged)
{
	up(_metadata);
	want_all(_metadata, &subject, NULL);
	memset(subject.got, 0x5a, sizeof(subject.got));
	every_set(_metadata, (1u << NR_WANTS) - 1, alloc_it, free_it);
	EXPECT_EQ(127, ways);
}

/* A failed allocation does not write to the resource set. */
TEST(system_alloc_failure_set_unwritten)
{
	size_t i;
	int step;

	up(_metadata);
	want_all(_metadata, &subject, NULL);
	for (step = 0; step < NR_WANTS; step++) {
		memset(subject.got, 0x5a, sizeof(subject.got));
		ASSERT_EQ(0, block(&subject, step));
		EXPECT_EQ(error_of(step), alloc_it(NULL, NULL));
		for (i = 0; i < sizeof(subject.got); i++)
			ASSERT_EQ(0x5a, ((uint8_t *)subject.got)[i]);
		EXPECT_EQ((size_t)0, subject.dev.resources.nr);
		unblock(&subject, step);
	}
}

/* A failed update of each resource in turn changes nothing. */
TEST(system_update_failure_unchanged)
{
	struct vmr_resource was[NR_WANTS];
	struct vmr_constraint c;
	int step;

	up(_metadata);
	want_all(_metadata, &subject, NULL);
	ASSERT_EQ(0, alloc_it(NULL, NULL));
	memcpy(was, subject.got, sizeof(was));
	for (step = 0; step < NR_WANTS; step++) {
		c = subject.want[step];
		c.name = "unused";
		c.request.policy = VMR_EXACT;
		c.request.size = c.flags & VMR_SHARED ? 1 :
				 c.kind == VMR_KIND_MSI ? 2 * c.request.size :
							  c.request.size + 1;
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
	free_it();
}

/* The state after a restore: all resources are live, the device is not registered. */
static void restore_resources(struct __test_metadata *_metadata, struct vmr_bus *parent)
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
	ASSERT_EQ(0, device_id_alloc(&subject.dev));
}

/* Register a restored device of which one range in turn is not live. */
static void register_restored_on(struct __test_metadata *_metadata, struct vmr_bus *parent)
{
	struct vmr_space *space;
	struct vmr_range *range;
	uint64_t start, last;
	size_t failed;
	int step;

	up(_metadata);
	want_all(_metadata, &subject, parent);
	restore_resources(_metadata, parent);
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
		/* The range is live but one address too short. */
		if (last > start) {
			ASSERT_EQ(0, vmr_reserve(space, range, start, last - 1,
						 NULL));
			FAILS(-ENOENT, vmr_device_register_restored(&m.manager, &subject.dev,
								    &failed));
			ASSERT_EQ(0, vmr_free(space, range));
		}
		/* The range is parked. */
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

/*
 * Registering a restored device at the root fails if one range is not live, and
 * changes nothing.
 */
TEST(register_restored_at_root_unchanged)
{
	register_restored_on(_metadata, NULL);
}

/*
 * Registering a restored device on a bus fails if one range is not live, and changes
 * nothing.
 */
TEST(register_restored_on_bus_unchanged)
{
	register_restored_on(_metadata, &bridge_dev.bus);
}

/*
 * Registering a restored device fails if its share of a line is not allocated, and
 * changes nothing.
 */
TEST(register_restored_no_share_unchanged)
{
	size_t failed = 77;

	up(_metadata);
	probe_init(&subject, "subject");
	memset(&share, 0, sizeof(share));
	vmr_constraint_init_fixed(probe_want(&subject), VMR_KIND_IRQ, 9, 1,
				  &share.range);
	subject.want[0].flags = VMR_SHARED;
	ASSERT_EQ(0, device_id_alloc(&subject.dev));
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

/*
 * If the last addition of a transaction fails and the transaction is aborted,
 * nothing changes.
 */
TEST(abort_after_failed_add_unchanged)
{
	static struct probe first[3];
	struct vmr_region *region;
	size_t i;

	up(_metadata);
	want_all(_metadata, &subject, NULL);
	/* Raise all watermarks first: an abort does not lower them. */
	ASSERT_EQ(0, register_it(NULL, NULL));
	unregister_it();
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

/*
 * A device in use cannot be removed by itself or in a transaction, and nothing
 * changes.
 */
TEST(removal_failure_unchanged)
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

/*
 * If the new address of a region is in use, the region keeps its state, whatever
 * that is.
 */
TEST(region_move_failure_keeps_state)
{
	static struct vmr_region obstacle;
	struct vmr_region *r = &others[0].region[0];
	struct vmr_range *conflict, no_range;
	uint64_t at = 0xe8000000;
	int state, way;

	up(_metadata);
	ASSERT_EQ(0, probe_up_unmapped(&others[0], "mover", VMR_MMIO, 0x3000));
	/* The last address of the target is in use. */
	ASSERT_EQ(0, vmr_reserve(&m.sys.mmio, &obstacle.range, at + 0x2fff,
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
			EXPECT_EQ(&obstacle.range, conflict);
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

/* Through struct vmr_allocator */

/* The update fails with @want and leaves @res unchanged. */
static int update_fails(struct vmr_allocator *a, struct vmr_resource *res,
			struct vmr_constraint *c, int want)
{
	struct vmr_resource was = *res;
	int ret;

	c->name = "unused";
	ret = vmr_allocator_update(a, res, c, NULL);
	return ret == want && !memcmp(&was, res, sizeof(was)) ? 0 : -1;
}

/* A failed update through struct vmr_allocator changes nothing. */
TEST(allocator_update_failure_unchanged)
{
	static struct vmr_region mine, obstacle;
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
	ASSERT_EQ(0, vmr_reserve(&m.sys.mmio, &obstacle.range, 0xe0004000,
				 0xe0004fff, NULL));
	vmr_constraint_init_fixed(&c, VMR_KIND_MMIO, 0xe0000000, 0x2000, &mine.range);
	ASSERT_EQ(0, vmr_allocator_alloc(&pools.allocator, &c, &res, NULL));
	/* A claim waits for the old range and must not go live. */
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
	/* For a range in no space the update allocates, which fails here. */
	FAILS(0, update_fails(&ids.allocator, &res, &c, -ENOSPC));
}

/* A failed call of an id pool changes nothing, not even the watermark. */
TEST(id_call_failure_unchanged)
{
	struct vmr_request req = VMR_REQUEST(4, 4);
	static struct vmr_range seven, all, none, node;
	struct vmr_range *conflict = &none;

	up(_metadata);
	/* start and last of a free range have no meaning. */
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
	MISUSE(FAILS(-ENOENT, vmr_id_free_range(&m.sys.irqs, &seven)));
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

/* Bulk moves */

#define MOVERS		6

static struct probe mover[MOVERS];
static struct vmr_move_op step_of[MOVERS];

/* Ranges for rotations, half of them on a bus */
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
	/* Ids suffice for two devices only, so these are not registered. */
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

/* A bulk move fails if one target is in use. No range moves. */
TEST(move_bulk_busy_moves_nothing)
{
	static struct vmr_region obstacle;
	struct vmr_range *conflict, no_range;
	size_t failed, nr;
	uint64_t at;
	int k;

	movers_up(_metadata);
	for (nr = 1; nr <= MOVERS; nr++)
		for (k = 0; k < (int)nr; k++) {
			steps_in_a_circle();
			/* Step k goes to an address that no step leaves. */
			at = 0xa5000000 + 0x1000 * k;
			step_of[k].start = at;
			/* In a part of the rotation the other steps go to new addresses. */
			for (size_t i = 0; i < nr; i++)
				if ((i + 2) % MOVERS >= nr && (int)i != k)
					step_of[i].start = 0xa6000000 +
							   0x1000 * i;
			ASSERT_EQ(0, vmr_reserve(step_of[k].to_space, &obstacle.range,
						 at + 0xfff, at + 0xfff, NULL));
			failed = 77;
			conflict = &no_range;
			FAILS(-EBUSY, vmr_move_bulk(step_of, nr, &failed,
						    &conflict));
			EXPECT_EQ((size_t)k, failed);
			EXPECT_EQ(&obstacle.range, conflict);
			ASSERT_EQ(0, vmr_free(step_of[k].to_space, &obstacle.range));
		}
	steps_in_a_circle();
	EXPECT_EQ(0, vmr_move_bulk(step_of, MOVERS, &failed, &conflict));
}

/* A bulk move fails if one step is invalid, for each step and each kind of error. */
TEST(move_bulk_bad_step_moves_nothing)
{
	static struct vmr_space foreign;
	static struct vmr_range loose;
	size_t failed;
	int k, way;

	movers_up(_metadata);
	ASSERT_EQ(0, vmr_space_init(&foreign, 0, VMR_ADDR_MAX));
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
				step_of[k].to_space = &foreign;
				/* A space with its own sequence count */
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

/* A bulk move of regions fails if one target is in use or one region is not live. */
TEST(region_move_bulk_failure_unchanged)
{
	static struct probe two[2];
	static struct vmr_region obstacle;
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
					 &obstacle.range, 0xc8000000,
					 0xc8000000, NULL));
		FAILS(-EBUSY, vmr_region_move_bulk(&m.manager, step, 3, &failed,
						   NULL));
		EXPECT_EQ((size_t)k, failed);
		ASSERT_EQ(0, vmr_free(k == 2 ? &m.sys.mmio : &bridge_dev.bus.mmio,
				      &obstacle.range));
		/* A claimed region, and a region without a device */
		step[k].range = &waiter.region[0].range;
		FAILS(-ENOENT, vmr_region_move_bulk(&m.manager, step, 3, &failed,
						    NULL));
		EXPECT_EQ((size_t)k, failed);
		vmr_region_init(&blocker[5], VMR_MMIO, VMR_REGION_TRAPPED, 1,
				0, "no device");
		step[k].range = &blocker[5].range;
		FAILS(-ENOENT, vmr_region_move_bulk(&m.manager, step, 3, &failed,
						    NULL));
		EXPECT_EQ((size_t)k, failed);
	}
}

/*
 * If a bulk move of windows fails, the regions behind them stay mapped without
 * notification.
 */
TEST(window_move_bulk_failure_unchanged)
{
	static struct probe behind[3];
	static struct vmr_region obstacle;
	struct vmr_range *conflict, no_range;
	struct vmr_move_op step[3];
	size_t failed, i, k;

	up(_metadata);
	for (i = 0; i < NR(behind); i++)
		ASSERT_EQ(0, leaf_at(&behind[i], "behind", &bridge_dev.bus,
				     i ? VMR_MMIO : VMR_PIO,
				     i ? 0xd0001000 * i : 0x3000, 0x100,
				     false));
	/* A claim waits for a range of the window and must not go live. */
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
		/* One address in the middle of the new range is in use. */
		at = beyond ? 0 : step[k].start + 0x800;
		if (beyond)
			step[k - NR(step)].start = MACHINE_LAST;
		ASSERT_EQ(0, vmr_reserve(space, &obstacle.range, at, at, NULL));
		failed = 77;
		conflict = &no_range;
		FAILS(beyond ? -ERANGE : -EBUSY,
		      vmr_region_move_bulk(&m.manager, step, NR(step), &failed,
					   &conflict));
		EXPECT_EQ(k % NR(step), failed);
		EXPECT_EQ(beyond ? &no_range : &obstacle.range, conflict);
		ASSERT_EQ(0, vmr_free(space, &obstacle.range));
	}
}

/* Restoring */

#define NODES		24

static struct vmr_system restored, restored_before;
static struct vmr_range saved_node[NODES], node[NODES], node_before[NODES];
static uint8_t registers[3][8], registers_before[3][8];
static size_t nr_calls, fail_at;
static uint64_t fail_block;

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
				   uint64_t key, uint32_t *space)
{
	static const uint32_t by_six[] = {
		VMR_SNAPSHOT_MMIO, VMR_SNAPSHOT_MMIO, VMR_SNAPSHOT_IRQS,
		VMR_SNAPSHOT_PIO,
	};

	(void)snap;
	*space = by_six[key / 6 % NR(by_six)];
	return nr_calls++ == fail_at || key >= NODES ? NULL : &node[key];
}

static bool check_block(const struct vmr_snapshot_block *block,
			const uint8_t *saved,
			const struct vmr_restore_ctx *view)
{
	(void)saved;
	(void)view;
	return block->key != fail_block;
}

static const struct vmr_snapshot_ops restore_ops = {
	.range_to_key = saved_key,
	.key_to_range = give_node,
};

/* Live, claimed and parked ranges in the spaces of a system */
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

static int restore_fails(const struct vmr_snapshot *snap, size_t size, int err)
{
	nr_calls = 0;
	memcpy(node_before, node, sizeof(node));
	memcpy(&restored_before, &restored, sizeof(restored));
	memcpy(registers_before, registers, sizeof(registers));
	return vmr_snapshot_restore(snap, bytes_before, size) == err &&
	       !memcmp(node_before, node, sizeof(node)) &&
	       !memcmp(&restored_before, &restored, sizeof(restored)) &&
	       !memcmp(registers_before, registers, sizeof(registers));
}

/* A restore that fails at any node or block writes nothing. */
TEST(restore_failure_writes_nothing)
{
	const struct vmr_system_limits limits = {
		.mmio_last = MACHINE_LAST, .irq_last = 63, .slot_last = 31,
		.pci_last = 0xff, .id_last = 255,
	};
	struct vmr_snapshot_space spaces[VMR_SNAPSHOT_NR_SPACES];
	struct vmr_snapshot_block blocks[3];
	struct vmr_snapshot snap = {
		&restore_ops, spaces, VMR_SNAPSHOT_NR_SPACES, blocks, NR(blocks),
		NULL, 0,
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

	/* Other contents, to detect a write */
	memset(registers, 0x5a, sizeof(registers));
	memset(node, 0, sizeof(node));
	ASSERT_EQ(0, vmr_system_init(&restored, &limits));
	ASSERT_EQ(0, vmr_snapshot_describe_system(spaces, &restored));
	for (fail_at = 0; fail_at < NODES; fail_at++) {
		EXPECT_TRUE(restore_fails(&snap, size, -ENODEV)) {
			TH_LOG("node %zu", fail_at);
		}
		EXPECT_EQ(fail_at + 1, nr_calls);
	}
	for (fail_block = 1; fail_block <= NR(blocks); fail_block++)
		EXPECT_TRUE(restore_fails(&snap, size, -EBADMSG)) {
			TH_LOG("block %d", (int)fail_block);
		}
	/* Each node in turn is already in use. */
	for (i = 0; i < NODES; i++) {
		node[i].node.link = 1;
		EXPECT_TRUE(restore_fails(&snap, size, -ENODEV));
		node[i].node.link = 0;
	}
	nr_calls = 0;
	EXPECT_EQ(0, vmr_snapshot_restore(&snap, bytes_before, size));
	EXPECT_EQ(0, vmr_snapshot_save(&snap, bytes_after, sizeof(bytes_after), &i));
	EXPECT_EQ(size, i);
	EXPECT_EQ(0, memcmp(bytes_before, bytes_after, size));
}

TEST_HARNESS_MAIN

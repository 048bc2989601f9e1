// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_bus.c - buses: what is behind windows, where it is placed, and who is told
 */
#include <stdlib.h>

#include "../kselftest_harness.h"
#include "requires.h"

#include "bus.h"
#include "node_watch.h"
#include "reference.h"

/*
 * Routing
 */

#define LEVELS	40

static struct hub chain[LEVELS];

/* Buses one below the other, each window a page less on both sides. */
#define LEVEL_START(i)	(0x10000000ull + 0x1000 * (uint64_t)(i))
#define LEVEL_LAST(i)	(0x1fffffffull - 0x1000 * (uint64_t)(i))

static int chain_up(unsigned int levels)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < levels && !ret; i++) {
		ret = hub_up(&chain[i], "level", i ? &chain[i - 1].bus : NULL);
		if (!ret)
			ret = hub_open(&chain[i], MEMORY, LEVEL_START(i),
				       LEVEL_LAST(i));
		if (!ret)
			ret = hub_open(&chain[i], PORTS, 0x1000 + i,
				       0x1fff - i);
	}
	return ret;
}

TEST(an_access_is_routed_through_windows_to_any_depth)
{
	struct probe mem, port;
	struct vmr_bus *deepest = &chain[LEVELS - 1].bus;
	uint8_t data[4];

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, chain_up(LEVELS));
	ASSERT_EQ(0, leaf_at(&mem, "mem", deepest, VMR_MMIO, 0x18000000, 0x4000,
			     false));
	ASSERT_EQ(0, leaf_at(&port, "port", deepest, VMR_PIO, 0x1800, 0x10,
			     false));
	EXPECT_SEEN(&mem.region[0], 0x18000000);
	EXPECT_SEEN(&port.region[0], 0x1800);

	/* The device sees what it would see at the root. */
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, 0x18000123, data, 4, 1));
	EXPECT_EQ(&mem.dev, seen.dev);
	EXPECT_EQ(0x18000000U, seen.access.base);
	EXPECT_EQ(0x123U, seen.access.offset);
	EXPECT_EQ(4U, seen.access.width);
	EXPECT_EQ(0, vmr_write(&m.reader, VMR_PIO, 0x1804, "ab", 1, 2));
	EXPECT_EQ(&port.dev, seen.dev);
	EXPECT_EQ(4U, seen.access.offset);
	EXPECT_EQ(2U, seen.access.count);
	EXPECT_SOUND();
}

TEST(a_window_alone_answers_nothing)
{
	struct hub h;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, hub_up(&h, "hub", NULL));
	ASSERT_EQ(0, hub_open(&h, MEMORY, 0x10000, 0x1ffff));
	EXPECT_NULL(who(VMR_MMIO, 0x10000));
	EXPECT_NULL(who(VMR_MMIO, 0x1ffff));
}

/* Each level's window in turn is cut so that it just does not hold the region. */
TEST(a_region_is_inside_every_window_above_or_answers_nowhere)
{
	struct vmr_region *region;
	struct probe leaf;
	unsigned int i;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, chain_up(7));
	ASSERT_EQ(0, leaf_at(&leaf, "leaf", &chain[6].bus, VMR_MMIO, 0x18000000,
			     0x4000, false));
	region = &leaf.region[0];
	for (i = 0; i < 7; i++) {
		EXPECT_SEEN(region, 0x18000000);
		/* Not the last byte, */
		EXPECT_EQ(0, hub_open(&chain[i], MEMORY, 0x18000000,
				      0x18003ffe));
		EXPECT_HIDDEN(region);
		EXPECT_NULL(who(VMR_MMIO, 0x18001000));
		/* not the first, */
		EXPECT_EQ(0, hub_open(&chain[i], MEMORY, 0x18000001,
				      0x18003fff));
		EXPECT_HIDDEN(region);
		EXPECT_NULL(who(VMR_MMIO, 0x18001000));
		/* not at all, */
		EXPECT_EQ(0, hub_open(&chain[i], MEMORY, 0x30000000,
				      0x3fffffff));
		EXPECT_HIDDEN(region);
		EXPECT_EQ(0, vmr_region_unmap(&m.manager,
					      &chain[i].p.region[MEMORY]));
		EXPECT_HIDDEN(region);
		/* and exactly. */
		EXPECT_EQ(0, hub_open(&chain[i], MEMORY, 0x18000000,
				      0x18003fff));
		EXPECT_SEEN(region, 0x18000000);
		EXPECT_EQ(0, hub_open(&chain[i], MEMORY, LEVEL_START(i),
				      LEVEL_LAST(i)));
	}
	EXPECT_EQ(VMR_LIVE, state_of(region));
	EXPECT_SOUND();
}

TEST(an_access_lies_inside_one_region_behind_a_window_too)
{
	struct probe a, b;
	uint8_t data[8];
	struct hub h;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, hub_up(&h, "hub", NULL));
	ASSERT_EQ(0, hub_open(&h, MEMORY, 0x10000, 0x11fff));
	ASSERT_EQ(0, leaf_at(&a, "a", &h.bus, VMR_MMIO, 0x10000, 0x1000, false));
	ASSERT_EQ(0, leaf_at(&b, "b", &h.bus, VMR_MMIO, 0x11000, 0x1000, false));
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, 0x10ff8, data, 8, 1));
	EXPECT_EQ(-ENXIO, vmr_read(&m.reader, VMR_MMIO, 0x10ff9, data, 8, 1));
	EXPECT_EQ(-ENXIO, vmr_write(&m.reader, VMR_MMIO, 0x10fff, data, 2, 1));
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, 0x11fff, data, 1, 1));
	EXPECT_EQ(-ENXIO, vmr_read(&m.reader, VMR_MMIO, 0x11fff, data, 2, 1));
	EXPECT_EQ(0xff, data[0]);
}

TEST(windows_are_typed)
{
	struct probe plain, pref;
	struct hub h;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, hub_up(&h, "hub", NULL));
	ASSERT_EQ(0, hub_open(&h, MEMORY, 0x100000, 0x1fffff));
	ASSERT_EQ(0, hub_open(&h, PREFETCH, 0x200000, 0x2fffff));
	ASSERT_EQ(0, leaf_at(&plain, "plain", &h.bus, VMR_MMIO, 0x100000,
			     0x1000, false));
	ASSERT_EQ(0, leaf_at(&pref, "pref", &h.bus, VMR_MMIO, 0x200000, 0x1000,
			     true));
	EXPECT_SEEN(&plain.region[0], 0x100000);
	EXPECT_SEEN(&pref.region[0], 0x200000);
	/* A read through a prefetching window may have effects twice. */
	EXPECT_EQ(0, program(&plain.region[0], 0x210000));
	EXPECT_HIDDEN(&plain.region[0]);
	/* No harm the other way round. */
	EXPECT_EQ(0, program(&pref.region[0], 0x110000));
	EXPECT_SEEN(&pref.region[0], 0x110000);
	EXPECT_EQ(0, program(&plain.region[0], 0x120000));
	EXPECT_SEEN(&plain.region[0], 0x120000);
}

/* One prefetchable window on the way is enough. */
TEST(the_type_of_every_window_above_counts)
{
	struct probe plain, pref;
	unsigned int bad;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, chain_up(6));
	ASSERT_EQ(0, leaf_at(&plain, "plain", &chain[5].bus, VMR_MMIO,
			     0x18000000, 0x1000, false));
	ASSERT_EQ(0, leaf_at(&pref, "pref", &chain[5].bus, VMR_MMIO,
			     0x18001000, 0x1000, true));
	for (bad = 0; bad < 6; bad++) {
		EXPECT_SEEN(&plain.region[0], 0x18000000);
		EXPECT_SEEN(&pref.region[0], 0x18001000);
		EXPECT_EQ(0, vmr_region_unmap(&m.manager,
					      &chain[bad].p.region[MEMORY]));
		EXPECT_HIDDEN(&pref.region[0]);
		EXPECT_EQ(0, hub_open(&chain[bad], PREFETCH, LEVEL_START(bad),
				      LEVEL_LAST(bad)));
		EXPECT_HIDDEN(&plain.region[0]);
		EXPECT_SEEN(&pref.region[0], 0x18001000);
		EXPECT_EQ(0, vmr_region_unmap(&m.manager,
					      &chain[bad].p.region[PREFETCH]));
		EXPECT_EQ(0, hub_open(&chain[bad], MEMORY, LEVEL_START(bad),
				      LEVEL_LAST(bad)));
	}
}

TEST(ports_and_memory_have_windows_of_their_own)
{
	struct probe mem, port;
	struct hub h;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, hub_up(&h, "hub", NULL));
	ASSERT_EQ(0, leaf_at(&mem, "mem", &h.bus, VMR_MMIO, 0x2000, 0x10, false));
	ASSERT_EQ(0, leaf_at(&port, "port", &h.bus, VMR_PIO, 0x2000, 0x10,
			     false));
	ASSERT_EQ(0, hub_open(&h, PORTS, 0x2000, 0x2fff));
	EXPECT_SEEN(&port.region[0], 0x2000);
	EXPECT_HIDDEN(&mem.region[0]);
	ASSERT_EQ(0, hub_open(&h, MEMORY, 0x2000, 0x2fff));
	EXPECT_SEEN(&mem.region[0], 0x2000);
}

TEST(two_buses_may_have_devices_at_one_address_and_the_window_decides)
{
	struct hub left, right;
	struct probe a, b;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, hub_up(&left, "left", NULL));
	ASSERT_EQ(0, hub_up(&right, "right", NULL));
	ASSERT_EQ(0, leaf_at(&a, "a", &left.bus, VMR_MMIO, 0x10000, 0x1000,
			     false));
	ASSERT_EQ(0, leaf_at(&b, "b", &right.bus, VMR_MMIO, 0x10000, 0x1000,
			     false));
	ASSERT_EQ(0, hub_open(&left, MEMORY, 0x10000, 0x1ffff));
	EXPECT_SEEN(&a.region[0], 0x10000);
	EXPECT_HIDDEN(&b.region[0]);
	ASSERT_EQ(0, hub_open(&left, MEMORY, 0x20000, 0x2ffff));
	ASSERT_EQ(0, hub_open(&right, MEMORY, 0x10000, 0x1ffff));
	EXPECT_HIDDEN(&a.region[0]);
	EXPECT_SEEN(&b.region[0], 0x10000);
	EXPECT_SOUND();
}

TEST(memory_with_a_trapped_part_answers_behind_a_window)
{
	struct vmr_region part = { .offset = 0x800, .size = 0x100 };
	struct probe p;
	struct hub h;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, hub_up(&h, "hub", NULL));
	ASSERT_EQ(0, hub_open(&h, MEMORY, 0x10000, 0x1ffff));
	probe_init(&p, "p");
	p.dev.parent = &h.bus;
	ASSERT_EQ(0, probe_region(&p, 0, VMR_MMIO, VMR_REGION_MEMORY, 0x1000));
	ASSERT_EQ(0, vmr_add_part(&p.region[0], &part));
	ASSERT_EQ(0, vmr_register(&m.manager, &p.dev, NULL, NULL));
	ASSERT_EQ(0, program(&p.region[0], 0x14000));
	EXPECT_EQ(&part, who(VMR_MMIO, 0x14800));
	EXPECT_EQ(&part, who(VMR_MMIO, 0x148ff));
	EXPECT_NULL(who(VMR_MMIO, 0x147ff));
	EXPECT_NULL(who(VMR_MMIO, 0x14900));
	/* The window does not hold all of the memory around the part. */
	ASSERT_EQ(0, hub_open(&h, MEMORY, 0x14800, 0x14fff));
	EXPECT_NULL(who(VMR_MMIO, 0x14800));
}

TEST(the_region_at_an_address_is_found_through_windows)
{
	struct vmr_device *dev = NULL;
	struct probe leaf;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, chain_up(5));
	ASSERT_EQ(0, leaf_at(&leaf, "leaf", &chain[4].bus, VMR_MMIO, 0x18000000,
			     0x1000, false));
	EXPECT_EQ(&leaf.region[0], vmr_region_at(&m.manager, VMR_MMIO,
						 0x18000000));
	EXPECT_EQ(&leaf.region[0], vmr_region_at(&m.manager, VMR_MMIO,
						 0x18000fff));
	EXPECT_NULL(vmr_region_at(&m.manager, VMR_MMIO, 0x18001000));
	EXPECT_NULL(vmr_region_at(&m.manager, VMR_MMIO, LEVEL_START(0)));
	EXPECT_NULL(vmr_region_at(&m.manager, VMR_PIO, 0x1800));
	EXPECT_NULL(vmr_region_at(NULL, VMR_MMIO, 0x18000000));
	EXPECT_NULL(vmr_region_at(&m.manager, (enum vmr_io)2, 0x18000000));
	/* So a device can be unlinked by an address behind windows. */
	REFUSED(-ENOENT, vmr_unlink_at(&m.manager, VMR_MMIO, 0x18001000, &dev));
	EXPECT_EQ(1, vmr_unlink_at(&m.manager, VMR_MMIO, 0x18000800, &dev));
	EXPECT_EQ(&leaf.dev, dev);
	EXPECT_SOUND();
}

/*
 * Placing devices on a bus
 */

static struct vmr_constraint *want_of(struct probe *p, unsigned int index,
				      enum vmr_io io, uint64_t size,
				      uint32_t flags)
{
	struct vmr_constraint *c = probe_want(p);

	probe_region(p, index, io, VMR_REGION_TRAPPED, size);
	p->region[index].prefetchable = flags & VMR_PREFETCHABLE;
	vmr_constraint_init(c, kind_of(&p->region[index]), size,
			    &p->region[index].range);
	c->flags = flags;
	return c;
}

static struct hub bridge;

/* 0x1000-0x10ff ports, a page of 32-bit memory, a page prefetchable. */
static int bridge_up(void)
{
	int ret = machine_up();

	if (!ret)
		ret = hub_up(&bridge, "bridge", NULL);
	if (!ret)
		ret = hub_open(&bridge, PORTS, 0x1000, 0x10ff);
	if (!ret)
		ret = hub_open(&bridge, MEMORY, 0x40000000, 0x40001fff);
	if (!ret)
		ret = hub_open(&bridge, PREFETCH, 0x80000000, 0x80000fff);
	return ret;
}

static int place(struct probe *p, enum vmr_io io, uint64_t size, uint32_t flags)
{
	probe_init(p, "placed");
	p->dev.parent = &bridge.bus;
	want_of(p, 0, io, size, flags);
	return vmr_register(&m.manager, &p->dev, NULL, NULL);
}

TEST(a_device_is_placed_inside_the_windows_of_its_bus)
{
	struct probe mem, port;

	ASSERT_EQ(0, bridge_up());
	EXPECT_EQ(0, place(&mem, VMR_MMIO, 0x1000, 0));
	EXPECT_SEEN(&mem.region[0], 0x40000000);
	EXPECT_EQ(0, place(&port, VMR_PIO, 0x100, 0));
	EXPECT_SEEN(&port.region[0], 0x1000);
	EXPECT_EQ(0x40000000U, mem.got[0].start);
	EXPECT_EQ(0x40000fffU, mem.got[0].last);
	EXPECT_EQ(2U, bridge.bus.nr_devices);
	EXPECT_SOUND();
}

TEST(prefetchable_goes_to_its_window_while_that_has_room_and_then_elsewhere)
{
	struct probe a, b, c, plain;

	ASSERT_EQ(0, bridge_up());
	EXPECT_EQ(0, place(&a, VMR_MMIO, 0x1000, VMR_PREFETCHABLE));
	EXPECT_SEEN(&a.region[0], 0x80000000);
	EXPECT_EQ(0, place(&b, VMR_MMIO, 0x1000, VMR_PREFETCHABLE));
	EXPECT_SEEN(&b.region[0], 0x40000000);
	EXPECT_EQ(0, vmr_unlink(&m.manager, &a.dev) - 1);
	EXPECT_EQ(0, place(&c, VMR_MMIO, 0x1000, VMR_PREFETCHABLE));
	EXPECT_SEEN(&c.region[0], 0x80000000);
	EXPECT_EQ(0, place(&plain, VMR_MMIO, 0x1000, 0));
	EXPECT_SEEN(&plain.region[0], 0x40001000);
}

TEST(what_is_not_prefetchable_never_goes_to_a_prefetchable_window)
{
	struct probe a, b, c;
	size_t failed = 99;

	ASSERT_EQ(0, bridge_up());
	EXPECT_EQ(0, place(&a, VMR_MMIO, 0x2000, 0));
	EXPECT_SEEN(&a.region[0], 0x40000000);
	/* There is room, but only in the wrong window. */
	REFUSED(-ENOSPC, place(&b, VMR_MMIO, 0x1000, 0));
	/* A constraint that says what its region is not would hide the region. */
	probe_init(&c, "c");
	c.dev.parent = &bridge.bus;
	want_of(&c, 0, VMR_MMIO, 0x1000, VMR_PREFETCHABLE);
	c.region[0].prefetchable = false;
	REFUSED(-EINVAL, vmr_register(&m.manager, &c.dev, &failed, NULL));
	EXPECT_EQ(0U, failed);
	EXPECT_SOUND();
}

TEST(a_window_above_4_gib_takes_what_can_be_there)
{
	struct probe a, b;

	ASSERT_EQ(0, bridge_up());
	ASSERT_EQ(0, hub_open(&bridge, PREFETCH, 1ull << 40, (1ull << 40) +
			      0xffffff));
	EXPECT_EQ(0, place(&a, VMR_MMIO, 0x1000, VMR_PREFETCHABLE));
	EXPECT_SEEN(&a.region[0], 0x40000000);
	EXPECT_EQ(0, place(&b, VMR_MMIO, 0x100000,
			   VMR_PREFETCHABLE | VMR_64BIT));
	EXPECT_SEEN(&b.region[0], 1ull << 40);
}

TEST(a_fixed_place_is_inside_a_window_or_refused)
{
	struct vmr_range *conflict = NULL;
	struct probe a, b;
	size_t failed = 99;

	ASSERT_EQ(0, bridge_up());
	probe_init(&a, "a");
	a.dev.parent = &bridge.bus;
	ASSERT_EQ(0, probe_region_at(&a, 0, VMR_MMIO, 0x40001000, 0x1000));
	EXPECT_EQ(0, vmr_register(&m.manager, &a.dev, NULL, NULL));
	EXPECT_SEEN(&a.region[0], 0x40001000);

	probe_init(&b, "b");
	b.dev.parent = &bridge.bus;
	ASSERT_EQ(0, probe_region_at(&b, 0, VMR_MMIO, 0x40000800, 0x1000));
	REFUSED(-EBUSY, vmr_register(&m.manager, &b.dev, &failed, &conflict));
	EXPECT_EQ(&a.region[0].range, conflict);
	EXPECT_EQ(0U, failed);
	b.want[0].req.addr = 0x40001800;	/* beyond the end */
	REFUSED(-ERANGE, vmr_register(&m.manager, &b.dev, NULL, NULL));
	b.want[0].req.addr = 0x50000000;	/* free, and nobody's */
	REFUSED(-ERANGE, vmr_register(&m.manager, &b.dev, NULL, NULL));
	b.want[0].req.addr = 0x80000000;	/* of the wrong type */
	REFUSED(-ERANGE, vmr_register(&m.manager, &b.dev, NULL, NULL));
	b.want[0].req.addr = 0x40000000;
	EXPECT_EQ(0, vmr_register(&m.manager, &b.dev, NULL, NULL));
	EXPECT_SEEN(&b.region[0], 0x40000000);
	EXPECT_SOUND();
}

TEST(a_bus_with_no_room_or_no_open_window_takes_no_device)
{
	struct probe p;
	size_t failed = 99;

	ASSERT_EQ(0, bridge_up());
	REFUSED(-ENOSPC, place(&p, VMR_MMIO, 0x4000, VMR_PREFETCHABLE));
	REFUSED(-ENOSPC, place(&p, VMR_PIO, 0x200, 0));
	/* All or nothing: the first would fit. */
	probe_init(&p, "p");
	p.dev.parent = &bridge.bus;
	want_of(&p, 0, VMR_PIO, 0x10, 0);
	want_of(&p, 1, VMR_MMIO, 0x4000, 0);
	REFUSED(-ENOSPC, vmr_register(&m.manager, &p.dev, &failed, NULL));
	EXPECT_EQ(1U, failed);
	EXPECT_EQ(0U, bridge.bus.nr_devices);

	ASSERT_EQ(0, vmr_region_unmap(&m.manager, &bridge.p.region[PORTS]));
	REFUSED(-ENOSPC, place(&p, VMR_PIO, 0x10, 0));
	/* What asks for no place has no trouble. */
	EXPECT_EQ(0, leaf_up(&p, "p", &bridge.bus, VMR_PIO, 0x10, false));
	EXPECT_SOUND();
}

TEST(a_window_that_cannot_be_reached_takes_no_device)
{
	struct hub inner;
	struct probe p;

	ASSERT_EQ(0, bridge_up());
	ASSERT_EQ(0, hub_up(&inner, "inner", &bridge.bus));
	probe_init(&p, "p");
	p.dev.parent = &inner.bus;
	want_of(&p, 0, VMR_MMIO, 0x1000, 0);
	/* Partly outside the window of the bus above, then in the wrong one. */
	ASSERT_EQ(0, hub_open(&inner, MEMORY, 0x40001000, 0x40002fff));
	REFUSED(-ENOSPC, vmr_register(&m.manager, &p.dev, NULL, NULL));
	ASSERT_EQ(0, hub_open(&inner, MEMORY, 0x80000000, 0x80000fff));
	REFUSED(-ENOSPC, vmr_register(&m.manager, &p.dev, NULL, NULL));
	ASSERT_EQ(0, hub_open(&inner, MEMORY, 0x40001000, 0x40001fff));
	EXPECT_EQ(0, vmr_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_SEEN(&p.region[0], 0x40001000);
	EXPECT_SOUND();
}

/* The documented limit is on placing only. */
TEST(more_windows_than_are_placed_into_still_route)
{
	static struct probe p[VMR_BUS_WINDOWS + 1];
	struct vmr_region fifth = { 0 };
	struct hub h;
	unsigned int i;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, hub_init(&h, "h", NULL));
	for (i = 0; i < VMR_BUS_WINDOWS; i++)
		ASSERT_EQ(0, hub_window(&h, i, VMR_MMIO, false));
	vmr_region_init(&fifth, VMR_MMIO, VMR_REGION_WINDOW, 0x1000, 4, "5th");
	ASSERT_EQ(0, vmr_add_region(&h.p.dev, &fifth));
	ASSERT_EQ(0, vmr_register(&m.manager, &h.p.dev, NULL, NULL));
	for (i = 0; i < VMR_BUS_WINDOWS; i++)
		ASSERT_EQ(0, hub_open(&h, i, 0x10000 * i, 0x10000 * i + 0xfff));
	ASSERT_EQ(0, vmr_window_program(&m.manager, &fifth, 0x80000, 0x80fff));
	for (i = 0; i <= VMR_BUS_WINDOWS; i++) {
		probe_init(&p[i], "p");
		p[i].dev.parent = &h.bus;
		want_of(&p[i], 0, VMR_MMIO, 0x1000, 0);
		if (i == VMR_BUS_WINDOWS)
			break;
		ASSERT_EQ(0, vmr_register(&m.manager, &p[i].dev, NULL, NULL));
		EXPECT_SEEN(&p[i].region[0], 0x10000 * i);
	}
	REFUSED(-ENOSPC, vmr_register(&m.manager, &p[i].dev, NULL, NULL));
	p[i].dev.nr_constraints = 0;
	ASSERT_EQ(0, vmr_register(&m.manager, &p[i].dev, NULL, NULL));
	ASSERT_EQ(0, program(&p[i].region[0], 0x80000));
	EXPECT_SEEN(&p[i].region[0], 0x80000);
}

/*
 * Who is on which bus
 */

TEST(the_parent_is_registered_first)
{
	struct hub h, inner;
	struct probe p;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, hub_init(&h, "h", NULL));
	REFUSED(-ENOENT, leaf_up(&p, "p", &h.bus, VMR_MMIO, 0x1000, false));
	ASSERT_EQ(0, vmr_register(&m.manager, &h.p.dev, NULL, NULL));
	EXPECT_EQ(0, leaf_up(&p, "p", &h.bus, VMR_MMIO, 0x1000, false));
	EXPECT_EQ(0, vmr_unlink(&m.manager, &p.dev));
	EXPECT_EQ(0, vmr_unlink(&m.manager, &h.p.dev));
	/* And it is still so when it has been there before. */
	REFUSED(-ENOENT, leaf_up(&p, "p", &h.bus, VMR_MMIO, 0x1000, false));
	/* Nothing is its own parent. */
	ASSERT_EQ(0, hub_init(&inner, "inner", &inner.bus));
	REFUSED(-ENOENT, vmr_register(&m.manager, &inner.p.dev, NULL, NULL));
}

TEST(a_bus_with_devices_stays)
{
	struct hub outer, inner;
	struct probe p;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, hub_up(&outer, "outer", NULL));
	ASSERT_EQ(0, hub_up(&inner, "inner", &outer.bus));
	ASSERT_EQ(0, hub_open(&outer, MEMORY, 0x10000, 0x1ffff));
	ASSERT_EQ(0, hub_open(&inner, MEMORY, 0x10000, 0x1ffff));
	ASSERT_EQ(0, leaf_at(&p, "p", &inner.bus, VMR_MMIO, 0x10000, 0x1000,
			     false));
	REFUSED(-EBUSY, vmr_unlink(&m.manager, &outer.p.dev));
	REFUSED(-EBUSY, vmr_unlink(&m.manager, &inner.p.dev));
	EXPECT_SEEN(&p.region[0], 0x10000);
	EXPECT_EQ(1, vmr_unlink(&m.manager, &p.dev));
	REFUSED(-EBUSY, vmr_unlink(&m.manager, &outer.p.dev));
	/* The windows are regions, and were visible. */
	EXPECT_EQ(1, vmr_unlink(&m.manager, &inner.p.dev));
	EXPECT_EQ(1, vmr_unlink(&m.manager, &outer.p.dev));
	EXPECT_EQ(0, vmr_drained(&m.manager, &outer.p.dev));
	EXPECT_EQ(0U, m.sys.mmio.nr_ranges);
	EXPECT_SOUND();
}

TEST(the_topology_can_be_walked)
{
	struct hub outer, inner;
	struct probe a, b, c;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, hub_up(&outer, "outer", NULL));
	ASSERT_EQ(0, leaf_up(&a, "a", &outer.bus, VMR_MMIO, 0x1000, false));
	ASSERT_EQ(0, hub_up(&inner, "inner", &outer.bus));
	ASSERT_EQ(0, leaf_up(&b, "b", &inner.bus, VMR_MMIO, 0x1000, false));
	ASSERT_EQ(0, leaf_up(&c, "c", NULL, VMR_MMIO, 0x1000, false));
	EXPECT_EQ(&outer.p.dev, vmr_next_on_bus(&m.manager, NULL, NULL));
	EXPECT_EQ(&c.dev, vmr_next_on_bus(&m.manager, NULL, &outer.p.dev));
	EXPECT_NULL(vmr_next_on_bus(&m.manager, NULL, &c.dev));
	EXPECT_EQ(&a.dev, vmr_next_on_bus(&m.manager, &outer.bus, NULL));
	EXPECT_EQ(&inner.p.dev, vmr_next_on_bus(&m.manager, &outer.bus,
						&a.dev));
	EXPECT_NULL(vmr_next_on_bus(&m.manager, &outer.bus, &inner.p.dev));
	EXPECT_EQ(&b.dev, vmr_next_on_bus(&m.manager, &inner.bus, NULL));
	EXPECT_NULL(vmr_next_on_bus(&m.manager, &inner.bus, &b.dev));
	EXPECT_NULL(vmr_next_on_bus(NULL, NULL, NULL));
	EXPECT_EQ(2U, outer.bus.nr_devices);
	EXPECT_EQ(1U, inner.bus.nr_devices);
	EXPECT_EQ(&inner.bus, inner.p.dev.bus);
	EXPECT_EQ(&inner.bus.mmio, vmr_region_space(&m.manager, &b.region[0]));
	EXPECT_EQ(&m.sys.mmio, vmr_region_space(&m.manager, &c.region[0]));
	EXPECT_EQ(&outer.bus.pio,
		  vmr_region_space(&m.manager, &inner.p.region[PORTS]));
}

TEST(making_a_bus_is_refused)
{
	struct vmr_bus bus;
	struct probe p;

	ASSERT_EQ(0, machine_up());
	probe_init(&p, "p");
	REFUSED(-EINVAL, vmr_bus_init(NULL, &m.manager, &p.dev));
	REFUSED(-EINVAL, vmr_bus_init(&bus, NULL, &p.dev));
	REFUSED(-EINVAL, vmr_bus_init(&bus, &m.manager, NULL));
	ASSERT_EQ(0, vmr_register(&m.manager, &p.dev, NULL, NULL));
	REFUSED(-EBUSY, vmr_bus_init(&bus, &m.manager, &p.dev));
	EXPECT_NULL(p.dev.bus);
}

TEST(a_window_leads_to_a_bus_or_its_device_is_refused)
{
	struct probe p;

	ASSERT_EQ(0, machine_up());
	probe_init(&p, "p");
	ASSERT_EQ(0, probe_region(&p, 0, VMR_MMIO, VMR_REGION_WINDOW, 0x1000));
	REFUSED(-EINVAL, vmr_register(&m.manager, &p.dev, NULL, NULL));
}

/*
 * Windows that move
 */

TEST(programming_a_window_is_refused)
{
	struct vmr_region *window = &bridge.p.region[MEMORY];
	struct probe p;
	struct hub h;

	ASSERT_EQ(0, bridge_up());
	ASSERT_EQ(0, leaf_up(&p, "p", NULL, VMR_MMIO, 0x1000, false));
	REFUSED(-EINVAL, vmr_window_program(NULL, window, 0, 1));
	REFUSED(-EINVAL, vmr_window_program(&m.manager, NULL, 0, 1));
	REFUSED(-EINVAL, vmr_window_program(&m.manager, window, 1, 0));
	REFUSED(-EINVAL, vmr_window_program(&m.manager, &p.region[0], 0, 1));
	ASSERT_EQ(0, hub_init(&h, "h", NULL));
	ASSERT_EQ(0, hub_window(&h, 0, VMR_MMIO, false));
	REFUSED(-ENOENT, hub_open(&h, 0, 0, 1));
	EXPECT_EQ(0x1000U, h.p.region[0].size);
}

TEST(a_window_outside_the_domain_is_closed)
{
	struct probe p;

	ASSERT_EQ(0, bridge_up());
	ASSERT_EQ(0, leaf_at(&p, "p", &bridge.bus, VMR_MMIO, 0x40000000, 0x1000,
			     false));
	EXPECT_SEEN(&p.region[0], 0x40000000);
	EXPECT_EQ(0, hub_open(&bridge, MEMORY, 0x40000000, MACHINE_LAST + 1));
	EXPECT_EQ(VMR_FREE, state_of(&bridge.p.region[MEMORY]));
	EXPECT_HIDDEN(&p.region[0]);
	EXPECT_EQ(0, hub_open(&bridge, MEMORY, 0x40000000, 0x7fffffff));
	EXPECT_SEEN(&p.region[0], 0x40000000);
	EXPECT_EQ(0, hub_open(&bridge, MEMORY, 0, VMR_MAX));
	EXPECT_EQ(VMR_FREE, state_of(&bridge.p.region[MEMORY]));
	/* All of the domain is a window as good as any. */
	EXPECT_EQ(0, vmr_region_unmap(&m.manager, &bridge.p.region[PREFETCH]));
	EXPECT_EQ(0, hub_open(&bridge, MEMORY, 0, MACHINE_LAST));
	EXPECT_SEEN(&p.region[0], 0x40000000);
	EXPECT_SOUND();
}

TEST(a_window_may_be_all_of_64_bits)
{
	struct probe low, high;
	struct hub h;

	ASSERT_EQ(0, machine_up_to(VMR_MAX, 255));
	ASSERT_EQ(0, hub_up(&h, "h", NULL));
	ASSERT_EQ(0, hub_open(&h, MEMORY, 0, VMR_MAX));
	ASSERT_EQ(0, leaf_at(&low, "low", &h.bus, VMR_MMIO, 0, 0x10, false));
	ASSERT_EQ(0, leaf_at(&high, "high", &h.bus, VMR_MMIO, VMR_MAX - 0xf,
			     0x10, false));
	EXPECT_SEEN(&low.region[0], 0);
	EXPECT_SEEN(&high.region[0], VMR_MAX - 0xf);
	EXPECT_SOUND();
}

TEST(a_parked_window_opens_where_it_was_parked)
{
	struct vmr_region *window = &bridge.p.region[MEMORY];
	struct probe p;

	ASSERT_EQ(0, bridge_up());
	ASSERT_EQ(0, leaf_at(&p, "p", &bridge.bus, VMR_MMIO, 0x40000000, 0x1000,
			     false));
	EXPECT_EQ(0, vmr_region_park(&m.manager, window, 0x40000000));
	EXPECT_EQ(VMR_PARKED, state_of(window));
	EXPECT_HIDDEN(&p.region[0]);
	EXPECT_EQ(0, hub_open(&bridge, MEMORY, 0x40000000, 0x40001fff));
	EXPECT_EQ(VMR_LIVE, state_of(window));
	EXPECT_SEEN(&p.region[0], 0x40000000);
}

/* What is behind, and how far: two leaves on each of two nested buses. */
static struct hub upper, lower;
static struct probe leaf[4];

static int family_up(void)
{
	unsigned int i;
	int ret = machine_up();

	if (!ret)
		ret = hub_up(&upper, "upper", NULL);
	if (!ret)
		ret = hub_up(&lower, "lower", &upper.bus);
	for (i = 0; i < 4 && !ret; i++)
		ret = leaf_at(&leaf[i], "leaf", i < 2 ? &upper.bus : &lower.bus,
			      VMR_MMIO, 0x100000 + 0x1000 * (uint64_t)i, 0x1000,
			      false);
	if (!ret)
		ret = hub_open(&upper, MEMORY, 0x100000, 0x10ffff);
	if (!ret)
		ret = hub_open(&lower, MEMORY, 0x102000, 0x103fff);
	return ret;
}

/* @nr reports, and those of the four leaves say this each, in any order. */
static int leaves_say(const struct diary *d, unsigned int first,
		      unsigned int last, bool from, bool to)
{
	unsigned int i, j, found;

	for (i = first; i <= last; i++) {
		uint64_t at = 0x100000 + 0x1000 * (uint64_t)i;

		for (j = 0, found = 0; j < d->nr; j++)
			if (d->entry[j].region == &leaf[i].region[0])
				found += says(d, j, &leaf[i].region[0],
					      from ? at : NOWHERE,
					      to ? at : NOWHERE) ? 1 : 100;
		if (found != 1)
			return 0;
	}
	return 1;
}

TEST(closing_a_window_is_told_of_every_region_behind_it_once)
{
	struct diary d;

	ASSERT_EQ(0, family_up());
	ASSERT_EQ(0, diary_start(&d));
	EXPECT_EQ(0, vmr_region_unmap(&m.manager, &upper.p.region[MEMORY]));
	/* Itself first, the other bus's window and the four leaves. */
	EXPECT_EQ(6U, d.nr);
	EXPECT_EQ(&upper.p.region[MEMORY], d.entry[0].region);
	EXPECT_TRUE(leaves_say(&d, 0, 3, true, false));
	EXPECT_EQ(0, vmr_unlisten(&m.manager, &d.listener));
	/* Closed already: nobody has anything to hear. */
	ASSERT_EQ(0, diary_start(&d));
	EXPECT_EQ(0, vmr_region_unmap(&m.manager, &upper.p.region[MEMORY]));
	EXPECT_EQ(0, vmr_region_unmap(&m.manager, &lower.p.region[MEMORY]));
	EXPECT_EQ(0, program(&leaf[3].region[0], 0x107000));
	EXPECT_EQ(0, program(&leaf[3].region[0], 0x103000));
	EXPECT_EQ(0, hub_open(&lower, MEMORY, 0x102000, 0x103fff));
	EXPECT_EQ(0U, d.nr);
	EXPECT_EQ(0, hub_open(&upper, MEMORY, 0x100000, 0x10ffff));
	EXPECT_EQ(6U, d.nr);
	EXPECT_TRUE(leaves_say(&d, 0, 3, false, true));
	EXPECT_SOUND();
}

TEST(a_window_is_told_with_its_old_and_new_size)
{
	const struct vmr_place *old, *new_;
	struct diary d;

	ASSERT_EQ(0, family_up());
	ASSERT_EQ(0, diary_start(&d));
	EXPECT_EQ(0, hub_open(&upper, MEMORY, 0x100000, 0x101fff));
	ASSERT_NE(0U, d.nr);
	old = &d.entry[0].old;
	new_ = &d.entry[0].new_;
	EXPECT_EQ(&upper.p.region[MEMORY], d.entry[0].region);
	EXPECT_TRUE(old->visible && new_->visible);
	EXPECT_EQ(0x100000U, old->start);
	EXPECT_EQ(0x10ffffU, old->last);
	EXPECT_EQ(0x100000U, new_->start);
	EXPECT_EQ(0x101fffU, new_->last);
	/* The lower bus's window and its leaves are out; the upper's stay. */
	EXPECT_EQ(4U, d.nr);
	EXPECT_TRUE(leaves_say(&d, 2, 3, true, false));
	EXPECT_SEEN(&leaf[1].region[0], 0x101000);
	EXPECT_HIDDEN(&leaf[2].region[0]);
	EXPECT_EQ(0, vmr_unlisten(&m.manager, &d.listener));

	/* Half of the lower window only: it is hidden, one of its leaves not. */
	ASSERT_EQ(0, diary_start(&d));
	EXPECT_EQ(0, hub_open(&upper, MEMORY, 0x100000, 0x102fff));
	EXPECT_EQ(2U, d.nr);
	EXPECT_TRUE(leaves_say(&d, 2, 2, false, true));
	EXPECT_SEEN(&leaf[2].region[0], 0x102000);
	EXPECT_HIDDEN(&leaf[3].region[0]);
	EXPECT_FALSE(vmr_region_visible(&lower.p.region[MEMORY]).visible);
}

TEST(a_window_that_moves_over_its_devices_hides_some_and_shows_others)
{
	struct probe far;
	struct diary d;

	ASSERT_EQ(0, family_up());
	ASSERT_EQ(0, leaf_at(&far, "far", &upper.bus, VMR_MMIO, 0x200000, 0x1000,
			     false));
	EXPECT_HIDDEN(&far.region[0]);
	ASSERT_EQ(0, diary_start(&d));
	EXPECT_EQ(0, hub_open(&upper, MEMORY, 0x200000, 0x20ffff));
	EXPECT_EQ(7U, d.nr);
	EXPECT_TRUE(leaves_say(&d, 0, 3, true, false));
	EXPECT_SEEN(&far.region[0], 0x200000);
	EXPECT_HIDDEN(&leaf[0].region[0]);
	/* To the same place again: nothing. */
	EXPECT_EQ(0, hub_open(&upper, MEMORY, 0x200000, 0x20ffff));
	EXPECT_EQ(7U, d.nr);
	EXPECT_SOUND();
}

static struct {
	struct vmr_listener	listener;
	unsigned int		leaving;
	unsigned int		moved;
	unsigned int		late;	/* leaving after moved */
	unsigned int		untold;	/* moved from a place, not told so */
	struct vmr_region	*who[64];
} order;

static void order_leaving(struct vmr_listener *listener,
			  struct vmr_region *region,
			  const struct vmr_place *old)
{
	order.late += order.moved != 0 || !old->visible;
	if (order.leaving < NR(order.who))
		order.who[order.leaving] = region;
	order.leaving++;
}

static void order_moved(struct vmr_listener *listener,
			struct vmr_region *region, const struct vmr_place *old,
			const struct vmr_place *new_)
{
	unsigned int i, told = 0;

	for (i = 0; i < order.leaving && i < NR(order.who); i++)
		told += order.who[i] == region;
	order.untold += told != old->visible;
	order.moved++;
}

static int order_start(void)
{
	memset(&order, 0, sizeof(order));
	order.listener.moved = order_moved;
	order.listener.leaving = order_leaving;
	return vmr_listen(&m.manager, &order.listener);
}

TEST(all_that_a_window_hides_is_told_to_leave_before_anything_comes)
{
	struct probe far;

	ASSERT_EQ(0, family_up());
	ASSERT_EQ(0, leaf_at(&far, "far", &upper.bus, VMR_MMIO, 0x200000, 0x1000,
			     false));
	ASSERT_EQ(0, order_start());
	EXPECT_EQ(0, hub_open(&upper, MEMORY, 0x200000, 0x20ffff));
	EXPECT_EQ(6U, order.leaving);
	EXPECT_EQ(7U, order.moved);
	EXPECT_EQ(0U, order.late);
	EXPECT_EQ(0U, order.untold);
}

static struct probe aside;

/* Who is told of the first of several moves something else. */
static void order_and_move(struct vmr_listener *listener,
			   struct vmr_region *region,
			   const struct vmr_place *old,
			   const struct vmr_place *new_)
{
	order_moved(listener, region, old, new_);
	if (order.moved == 1)
		program(&aside.region[0], 0x400000);
}

TEST(who_leaves_is_told_so_once_whatever_a_listener_does)
{
	unsigned int i, j;

	ASSERT_EQ(0, family_up());
	ASSERT_EQ(0, leaf_up(&aside, "aside", NULL, VMR_MMIO, 0x1000, false));
	ASSERT_EQ(0, order_start());
	order.listener.moved = order_and_move;
	EXPECT_EQ(0, vmr_region_unmap(&m.manager, &upper.p.region[MEMORY]));
	EXPECT_EQ(6U, order.leaving);
	for (i = 0; i < 6; i++)
		for (j = 0; j < i; j++)
			EXPECT_NE(order.who[i], order.who[j]);
	EXPECT_EQ(7U, order.moved);
	EXPECT_EQ(0U, order.late);
	EXPECT_EQ(0U, order.untold);
	EXPECT_SEEN(&aside.region[0], 0x400000);
}

TEST(a_window_onto_a_taken_place_waits_and_then_all_behind_it_is_there)
{
	struct probe holder;
	struct diary d;

	ASSERT_EQ(0, family_up());
	ASSERT_EQ(0, probe_up(&holder, "holder", VMR_MMIO, 0x30f000, 0x1000));
	ASSERT_EQ(0, program(&leaf[0].region[0], 0x300000));
	EXPECT_EQ(0, hub_open(&upper, MEMORY, 0x300000, 0x30ffff));
	EXPECT_EQ(VMR_CLAIMED, state_of(&upper.p.region[MEMORY]));
	EXPECT_HIDDEN(&leaf[0].region[0]);
	EXPECT_SEEN(&holder.region[0], 0x30f000);
	EXPECT_EQ(&holder.region[0].range,
		  vmr_find_overlap(&m.sys.mmio, 0x300000, 0x30ffff));
	EXPECT_SOUND();

	ASSERT_EQ(0, diary_start(&d));
	EXPECT_EQ(1, vmr_unlink(&m.manager, &holder.dev));
	EXPECT_EQ(VMR_LIVE, state_of(&upper.p.region[MEMORY]));
	EXPECT_SEEN(&leaf[0].region[0], 0x300000);
	EXPECT_EQ(3U, d.nr);
	EXPECT_SAYS(&d, 0, &holder.region[0], 0x30f000, NOWHERE);
	EXPECT_EQ(&upper.p.region[MEMORY], d.entry[1].region);
	EXPECT_SAYS(&d, 2, &leaf[0].region[0], NOWHERE, 0x300000);
	EXPECT_SOUND();
}

/* How deep in write sections the region behind the bus was first looked at. */
static uint32_t depth_when_touched;

static void note_depth(void)
{
	depth_when_touched = m.sys.seq.depth;
}

TEST(what_is_behind_a_window_is_gone_through_outside_the_write_section)
{
	struct probe p, holder;
	struct vmr_region *behind;
	unsigned int i;

	NEEDS(page_faults);
	ASSERT_EQ(0, pages_init(pages_one()));
	behind = (struct vmr_region *)node(0);
	ASSERT_EQ(0, bridge_up());
	probe_init(&p, "p");
	p.dev.parent = &bridge.bus;
	vmr_region_init(behind, VMR_MMIO, VMR_REGION_TRAPPED, 0x1000, 0, "");
	ASSERT_EQ(0, vmr_add_region(&p.dev, behind));
	ASSERT_EQ(0, vmr_register(&m.manager, &p.dev, NULL, NULL));
	ASSERT_EQ(0, program(behind, 0xc0000000));
	/* However the holder of the window's place goes. */
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, vmr_region_unmap(&m.manager,
					      &bridge.p.region[MEMORY]));
		ASSERT_EQ(0, probe_up(&holder, "holder", VMR_MMIO, 0xc0000000,
				      0x1000));
		ASSERT_EQ(0, hub_open(&bridge, MEMORY, 0xc0000000, 0xc00fffff));
		EXPECT_EQ(VMR_CLAIMED, state_of(&bridge.p.region[MEMORY]));
		EXPECT_HIDDEN(behind);
		depth_when_touched = 99;
		pages_hook_at = 0;
		pages_hook = note_depth;
		pages_watch();
		switch (i) {
		case 0:
			vmr_unlink(&m.manager, &holder.dev);
			break;
		case 1:
			vmr_region_unmap(&m.manager, &holder.region[0]);
			break;
		case 2:
			vmr_region_program(&m.manager, &holder.region[0],
					   0xd0000000);
			break;
		default:
			vmr_region_place(&m.manager, &holder.region[0],
					 0xd0000000, NULL);
		}
		pages_unwatch();
		EXPECT_EQ(0U, depth_when_touched) {
			TH_LOG("way %u", i);
		}
		EXPECT_SEEN(behind, 0xc0000000);
		EXPECT_SOUND();
		vmr_unlink(&m.manager, &holder.dev);
	}
	pages_exit();
}

/*
 * What the machine gives back itself: memory that is unplugged, or a reservation
 */
TEST(memory_that_is_given_back_is_a_claims_at_once)
{
	struct vmr_region memory = { .size = 0x2000 };
	struct vmr_resource_set set;
	struct vmr_constraint want;
	struct vmr_resource got;
	struct probe p;
	struct diary d;

	ASSERT_EQ(0, bridge_up());
	vmr_region_init(&memory, VMR_MMIO, VMR_REGION_MEMORY, 0x2000, 0, "ram");
	vmr_constraint_at(&want, VMR_KIND_MEM, 0xa0000000, 0x2000,
			  &memory.range);
	vmr_set_init(&set, &got, 1);
	ASSERT_EQ(0, vmr_system_grant(&m.sys, &want, 1, &set, NULL, NULL));
	ASSERT_EQ(0, leaf_at(&p, "p", NULL, VMR_MMIO, 0xa0001000, 0x1000,
			     false));
	EXPECT_EQ(VMR_CLAIMED, state_of(&p.region[0]));
	ASSERT_EQ(0, diary_start(&d));

	/* Elsewhere. */
	want.req.addr = 0xb0000000;
	EXPECT_EQ(0, vmr_system_update(&m.sys, &got, &want, NULL));
	EXPECT_EQ(1U, d.nr);
	EXPECT_SAYS(&d, 0, &p.region[0], NOWHERE, 0xa0001000);
	EXPECT_SEEN(&p.region[0], 0xa0001000);
	/* A place that is taken leaves all as it is. */
	want.req.addr = 0xa0001000;
	EXPECT_EQ(0, program(&p.region[0], 0xb0000000));
	EXPECT_EQ(VMR_CLAIMED, state_of(&p.region[0]));
	d.nr = 0;
	want.req.addr = VMR_MAX - 0xfff;
	REFUSED(-EOVERFLOW, vmr_system_update(&m.sys, &got, &want, NULL));
	EXPECT_EQ(0U, d.nr);
	EXPECT_SOUND();
	/* All of it. */
	vmr_system_release(&m.sys, &set);
	EXPECT_EQ(1U, d.nr);
	EXPECT_SAYS(&d, 0, &p.region[0], NOWHERE, 0xb0000000);
	EXPECT_SEEN(&p.region[0], 0xb0000000);
	EXPECT_SOUND();
}

TEST(a_window_that_leaves_lets_a_claim_have_its_place)
{
	struct probe waits;
	struct diary d;

	ASSERT_EQ(0, family_up());
	ASSERT_EQ(0, leaf_at(&waits, "waits", NULL, VMR_MMIO, 0x100000, 0x1000,
			     false));
	EXPECT_EQ(VMR_CLAIMED, state_of(&waits.region[0]));
	EXPECT_SEEN(&leaf[0].region[0], 0x100000);
	ASSERT_EQ(0, diary_start(&d));
	/* Its own new place overlaps the old one: only what is left is free. */
	EXPECT_EQ(0, hub_open(&upper, MEMORY, 0x101000, 0x10ffff));
	EXPECT_SEEN(&waits.region[0], 0x100000);
	EXPECT_SEEN(&leaf[1].region[0], 0x101000);
	EXPECT_HIDDEN(&leaf[0].region[0]);
	EXPECT_EQ(3U, d.nr);
	EXPECT_SOUND();
}

TEST(a_claim_behind_a_bus_waits_in_the_space_of_that_bus)
{
	struct diary d;

	ASSERT_EQ(0, family_up());
	EXPECT_EQ(0, program(&leaf[0].region[0], 0x101000));
	EXPECT_EQ(VMR_CLAIMED, state_of(&leaf[0].region[0]));
	/* The lower bus has a space of its own: no conflict there. */
	EXPECT_EQ(0, program(&leaf[2].region[0], 0x101000));
	EXPECT_EQ(VMR_LIVE, state_of(&leaf[2].region[0]));
	EXPECT_HIDDEN(&leaf[2].region[0]);
	ASSERT_EQ(0, diary_start(&d));
	EXPECT_EQ(0, vmr_region_park(&m.manager, &leaf[1].region[0], 0x101000));
	EXPECT_SEEN(&leaf[0].region[0], 0x101000);
	EXPECT_EQ(2U, d.nr);
	EXPECT_SOUND();
}

TEST(registering_and_unlinking_behind_a_window_is_told_if_it_is_seen)
{
	struct probe a, b;
	struct diary d;

	ASSERT_EQ(0, bridge_up());
	ASSERT_EQ(0, diary_start(&d));
	EXPECT_EQ(0, place(&a, VMR_MMIO, 0x1000, 0));
	EXPECT_SAYS(&d, 0, &a.region[0], NOWHERE, 0x40000000);
	EXPECT_EQ(1, vmr_unlink(&m.manager, &a.dev));
	EXPECT_SAYS(&d, 1, &a.region[0], 0x40000000, NOWHERE);
	ASSERT_EQ(0, leaf_at(&b, "b", &bridge.bus, VMR_MMIO, 0x90000000, 0x1000,
			     false));
	/* Not visible, so not counted either. */
	EXPECT_EQ(0, vmr_unlink(&m.manager, &b.dev));
	EXPECT_EQ(2U, d.nr);
}

/*
 * A random tree: what the library says is visible, what a lookup finds, what
 * listeners were told and what follows from the definition are one.
 */

#define HUBS		7
#define LEAVES		10
#define GRAIN		0x10ull
#define GRAINS		96	/* addresses are crowded, so that all happens */

static struct hub wood[HUBS];
static struct probe twig[LEAVES];

static struct {
	struct vmr_listener	listener;
	struct shadow {
		struct vmr_region	*region;
		struct vmr_place	place;
		unsigned int		told;
		unsigned int		left;
	} shadow[HUBS * PROBE_REGIONS + LEAVES * PROBE_REGIONS];
	size_t		nr;
	unsigned int	wrong;
	unsigned int	reports;
	bool		moving;
} witness;

static struct shadow *shadow_of(const struct vmr_region *region)
{
	size_t i;

	for (i = 0; i < witness.nr; i++)
		if (witness.shadow[i].region == region)
			return &witness.shadow[i];
	return NULL;
}

static bool equal(const struct vmr_place *a, const struct vmr_place *b)
{
	return a->visible == b->visible &&
	       (!a->visible || (a->start == b->start && a->last == b->last));
}

static void witness_leaving(struct vmr_listener *listener,
			    struct vmr_region *region,
			    const struct vmr_place *old)
{
	struct shadow *s = shadow_of(region);

	witness.wrong += !s || witness.moving || !old->visible ||
			 !equal(&s->place, old) || s->left++;
}

static void witness_moved(struct vmr_listener *listener,
			  struct vmr_region *region,
			  const struct vmr_place *old,
			  const struct vmr_place *new_)
{
	struct shadow *s = shadow_of(region);

	witness.moving = true;
	witness.reports++;
	witness.wrong += !s || !equal(&s->place, old) || equal(old, new_) ||
			 s->told++ || s->left != old->visible;
	if (s)
		s->place = *new_;
}

static void witness_add(struct probe *p)
{
	struct vmr_region *region;

	for (region = p->dev.regions; region; region = region->next)
		witness.shadow[witness.nr++].region = region;
	naive_add(&p->dev);
}

static void witness_ready(void)
{
	size_t i;

	witness.moving = false;
	for (i = 0; i < witness.nr; i++) {
		witness.shadow[i].told = 0;
		witness.shadow[i].left = 0;
	}
}

/* What is wrong with a region, or NULL. */
static const char *judge(const struct shadow *s)
{
	struct vmr_region *region = s->region;
	enum vmr_io io = (enum vmr_io)region->io;
	struct vmr_place place = vmr_region_visible(region);
	struct vmr_region *at;

	if (place.visible != naive_visible(region))
		return "visible is not what the definition says";
	if (!equal(&place, &s->place))
		return "listeners were told otherwise";
	if (!place.visible || region->type == VMR_REGION_WINDOW)
		return NULL;
	if (place.start != region->range.start ||
	    place.last != region->range.last)
		return "visible elsewhere than live";
	at = who(io, place.start);
	if (at != region)
		return "the first byte is routed elsewhere";
	at = who(io, place.last);
	if (at != region)
		return "the last byte is routed elsewhere";
	return NULL;
}

static uint64_t random_address(void)
{
	return GRAIN * dice(GRAINS);
}

static int wood_up(void)
{
	unsigned int i, j;
	int ret = machine_up_to(GRAIN * (GRAINS + 24), 255);

	for (i = 0; i < HUBS && !ret; i++) {
		ret = hub_up(&wood[i], "hub",
			     i && dice(6) ? &wood[dice(i)].bus : NULL);
		witness_add(&wood[i].p);
	}
	for (i = 0; i < LEAVES && !ret; i++) {
		probe_init(&twig[i], "leaf");
		twig[i].dev.parent = dice(8) ? &wood[dice(HUBS)].bus : NULL;
		for (j = 0; j < 3 && !ret; j++) {
			ret = probe_region(&twig[i], j,
					   j ? VMR_MMIO : VMR_PIO,
					   VMR_REGION_TRAPPED,
					   GRAIN << dice(3));
			twig[i].region[j].prefetchable = j == 2;
		}
		witness_add(&twig[i]);
		if (!ret)
			ret = vmr_register(&m.manager, &twig[i].dev, NULL,
					   NULL);
	}
	return ret;
}

static void wood_step(void)
{
	struct vmr_region *region = witness.shadow[dice(witness.nr)].region;
	struct vmr_device *dev = region->device;
	uint64_t start = random_address();

	switch (dice(16)) {
	case 0:
		vmr_region_unmap(&m.manager, region);
		break;
	case 1:
		vmr_region_park(&m.manager, region, start);
		break;
	case 2:
		vmr_region_place(&m.manager, region, start, NULL);
		break;
	case 3:
		if (dev->bus)
			break;
		if (dev->state == VMR_DEVICE_PRESENT)
			vmr_unlink(&m.manager, dev);
		else
			vmr_register(&m.manager, dev, NULL, NULL);
		break;
	default:
		if (region->type == VMR_REGION_WINDOW)
			vmr_window_program(&m.manager, region, start, start +
					   GRAIN * (1 + dice(GRAINS)) - 1);
		else
			program(region, start);
	}
}

TEST(visible_is_what_is_routed_what_is_told_and_what_the_definition_says)
{
	unsigned long seed = env_number("VMR_TEST_SEED", 20250107);
	unsigned long steps = env_number("VMR_TEST_STEPS", 30000 / test_part()), i;
	unsigned int visible = 0, hidden = 0;
	uint64_t addr;
	size_t j;

	TH_LOG("VMR_TEST_SEED=%lu", seed);
	chance_state = seed | 1;
	ASSERT_EQ(0, wood_up());
	witness.listener.moved = witness_moved;
	witness.listener.leaving = witness_leaving;
	ASSERT_EQ(0, vmr_listen(&m.manager, &witness.listener));

	for (i = 0; i < steps; i++) {
		witness_ready();
		wood_step();
		ASSERT_EQ(0U, witness.wrong) {
			TH_LOG("a report was wrong at step %lu", i);
		}
		for (j = 0; j < witness.nr; j++) {
			const char *what = judge(&witness.shadow[j]);

			ASSERT_NULL(what) {
				TH_LOG("step %lu, region %zu: %s", i, j, what);
			}
			if (witness.shadow[j].region->device->parent &&
			    state_of(witness.shadow[j].region) == VMR_LIVE &&
			    witness.shadow[j].region->type !=
			    VMR_REGION_WINDOW) {
				visible += witness.shadow[j].place.visible;
				hidden += !witness.shadow[j].place.visible;
			}
		}
		addr = random_address() + dice(GRAIN);
		ASSERT_EQ(naive_access(VMR_MMIO, addr, 1), who(VMR_MMIO, addr));
		ASSERT_EQ(naive_access(VMR_PIO, addr, 1), who(VMR_PIO, addr));
		if (i % 64 == 0)
			ASSERT_STREQ(VERIFY_OK, machine_verify());
	}
	/* Both happened often, else this says little. */
	EXPECT_LT(steps / 4, visible);
	EXPECT_LT(steps / 4, hidden);
	EXPECT_LT(steps / 8, witness.reports);
	TH_LOG("%u times visible behind a bus, %u times hidden, %u reports",
	       visible, hidden, witness.reports);
}

TEST_HARNESS_MAIN

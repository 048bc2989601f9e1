// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_bus.c - buses: dispatch through windows, placement behind them,
 * notifications
 */
#include <stdlib.h>

#include "../kselftest_harness.h"
#include "requires.h"

#include "bus.h"
#include "node_watch.h"
#include "reference.h"

/*
 * Dispatch
 */

#define LEVELS	40

static struct bridge_dev chain[LEVELS];

/* Nested buses. The window of each level is one page shorter at both ends. */
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

/* An access is forwarded through windows of any depth. */
TEST(bus_dispatch_any_depth)
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

	/* The access that the device receives is the same as at the root. */
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

/*
 * A cached lookup has the slots of up to three windows, whichever slots the structs have.
 * Behind a fourth window the lookup is not cached.
 */
static void check_cached_behind(struct __test_metadata *_metadata,
				unsigned int windows)
{
	static struct bridge_dev outer[64];
	static struct vmr_cache_set set[1];
	struct vmr_bus *deepest;
	struct probe leaf;
	unsigned int i, k;

	for (i = 0; i < NR(outer); i++) {
		memset(&m, 0, sizeof(m));
		ASSERT_EQ(0, machine_up());
		deepest = &outer[i].bus;
		ASSERT_EQ(0, hub_up(&outer[i], "outer", NULL));
		ASSERT_EQ(0, hub_open(&outer[i], MEMORY, LEVEL_START(0),
				      LEVEL_LAST(0)));
		for (k = 1; k < windows; k++) {
			ASSERT_EQ(0, hub_up(&chain[k], "level", deepest));
			ASSERT_EQ(0, hub_open(&chain[k], MEMORY, LEVEL_START(k),
					      LEVEL_LAST(k)));
			deepest = &chain[k].bus;
		}
		ASSERT_EQ(0, leaf_at(&leaf, "leaf", deepest, VMR_MMIO,
				     0x18000000, 0x1000, false));
		ASSERT_EQ(0, vmr_reader_set_cache(&m.reader, set, 1));
		EXPECT_SEEN(&leaf.region[0], 0x18000000);
		EXPECT_EQ(windows <= 3, !!set[0].entries[0].region);
		EXPECT_SEEN(&leaf.region[0], 0x18000000);
	}
}

TEST(bus_lookup_cached_behind_three_windows)
{
	check_cached_behind(_metadata, 3);
}

TEST(bus_lookup_not_cached_behind_four)
{
	check_cached_behind(_metadata, 4);
}

/* A window without a region behind it does not respond. */
TEST(bus_window_alone_unmapped)
{
	struct bridge_dev h;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, hub_up(&h, "hub", NULL));
	ASSERT_EQ(0, hub_open(&h, MEMORY, 0x10000, 0x1ffff));
	EXPECT_NULL(responder(VMR_MMIO, 0x10000));
	EXPECT_NULL(responder(VMR_MMIO, 0x1ffff));
}

/*
 * A region is mapped only if every window above it contains all of the region.
 * The test shrinks the window of each level in turn until it just does not
 * contain the region.
 */
TEST(bus_region_outside_window_unmapped)
{
	struct vmr_region *region;
	struct probe endpoint;
	unsigned int i;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, chain_up(7));
	ASSERT_EQ(0, leaf_at(&endpoint, "leaf", &chain[6].bus, VMR_MMIO, 0x18000000,
			     0x4000, false));
	region = &endpoint.region[0];
	for (i = 0; i < 7; i++) {
		EXPECT_SEEN(region, 0x18000000);
		/* The window ends before the last byte. */
		EXPECT_EQ(0, hub_open(&chain[i], MEMORY, 0x18000000,
				      0x18003ffe));
		EXPECT_HIDDEN(region);
		EXPECT_NULL(responder(VMR_MMIO, 0x18001000));
		/* The window starts after the first byte. */
		EXPECT_EQ(0, hub_open(&chain[i], MEMORY, 0x18000001,
				      0x18003fff));
		EXPECT_HIDDEN(region);
		EXPECT_NULL(responder(VMR_MMIO, 0x18001000));
		/* The window is elsewhere or closed. */
		EXPECT_EQ(0, hub_open(&chain[i], MEMORY, 0x30000000,
				      0x3fffffff));
		EXPECT_HIDDEN(region);
		EXPECT_EQ(0, vmr_region_unmap(&m.manager,
					      &chain[i].p.region[MEMORY]));
		EXPECT_HIDDEN(region);
		/* The window fits exactly. */
		EXPECT_EQ(0, hub_open(&chain[i], MEMORY, 0x18000000,
				      0x18003fff));
		EXPECT_SEEN(region, 0x18000000);
		EXPECT_EQ(0, hub_open(&chain[i], MEMORY, LEVEL_START(i),
				      LEVEL_LAST(i)));
	}
	EXPECT_EQ(VMR_LIVE, state_of(region));
	EXPECT_SOUND();
}

/* Behind a window, an access must lie inside one region, as at the root. */
TEST(bus_access_across_regions_fails)
{
	struct probe a, b;
	uint8_t data[8];
	struct bridge_dev h;

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

/* A window forwards by address alone, whatever its type and that of the region. */
TEST(bus_window_type_is_no_restriction)
{
	struct probe plain, pref;
	struct bridge_dev h;

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
	EXPECT_EQ(0, program(&plain.region[0], 0x210000));
	EXPECT_SEEN(&plain.region[0], 0x210000);
	EXPECT_EQ(0, program(&pref.region[0], 0x110000));
	EXPECT_SEEN(&pref.region[0], 0x110000);
	EXPECT_EQ(0, program(&plain.region[0], 0x120000));
	EXPECT_SEEN(&plain.region[0], 0x120000);
}

/* Windows of both types on one path forward regions of both types. */
TEST(bus_window_type_at_every_level)
{
	struct probe plain, pref;
	unsigned int other;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, chain_up(6));
	ASSERT_EQ(0, leaf_at(&plain, "plain", &chain[5].bus, VMR_MMIO,
			     0x18000000, 0x1000, false));
	ASSERT_EQ(0, leaf_at(&pref, "pref", &chain[5].bus, VMR_MMIO,
			     0x18001000, 0x1000, true));
	for (other = 0; other < 6; other++) {
		EXPECT_SEEN(&plain.region[0], 0x18000000);
		EXPECT_SEEN(&pref.region[0], 0x18001000);
		EXPECT_EQ(0, vmr_region_unmap(&m.manager,
					      &chain[other].p.region[MEMORY]));
		EXPECT_HIDDEN(&plain.region[0]);
		EXPECT_HIDDEN(&pref.region[0]);
		EXPECT_EQ(0, hub_open(&chain[other], PREFETCH, LEVEL_START(other),
				      LEVEL_LAST(other)));
		EXPECT_SEEN(&plain.region[0], 0x18000000);
		EXPECT_SEEN(&pref.region[0], 0x18001000);
		EXPECT_EQ(0, vmr_region_unmap(&m.manager,
					      &chain[other].p.region[PREFETCH]));
		EXPECT_EQ(0, hub_open(&chain[other], MEMORY, LEVEL_START(other),
				      LEVEL_LAST(other)));
	}
}

/* A window forwards either port accesses or memory accesses. */
TEST(bus_port_memory_windows_separate)
{
	struct probe mem, port;
	struct bridge_dev h;

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

/*
 * If two buses have devices at one address, the open window selects the
 * device.
 */
TEST(bus_same_addr_window_selects)
{
	struct bridge_dev left, right;
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

/*
 * A trapped subregion of memory is mapped if the window contains all of the
 * memory region.
 */
TEST(bus_subregion_mapped_behind_window)
{
	struct vmr_region part = { .offset = 0x800, .size = 0x100 };
	struct probe p;
	struct bridge_dev h;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, hub_up(&h, "hub", NULL));
	ASSERT_EQ(0, hub_open(&h, MEMORY, 0x10000, 0x1ffff));
	probe_init(&p, "p");
	p.dev.parent_bus = &h.bus;
	ASSERT_EQ(0, probe_region(&p, 0, VMR_MMIO, VMR_REGION_MEMORY, 0x1000));
	ASSERT_EQ(0, vmr_region_add_subregion(&p.region[0], &part));
	ASSERT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	ASSERT_EQ(0, program(&p.region[0], 0x14000));
	EXPECT_EQ(&part, responder(VMR_MMIO, 0x14800));
	EXPECT_EQ(&part, responder(VMR_MMIO, 0x148ff));
	EXPECT_EQ(&p.region[0], responder(VMR_MMIO, 0x147ff));
	EXPECT_EQ(&p.region[0], responder(VMR_MMIO, 0x14900));
	/* The window does not contain all of the surrounding memory region. */
	ASSERT_EQ(0, hub_open(&h, MEMORY, 0x14800, 0x14fff));
	EXPECT_NULL(responder(VMR_MMIO, 0x14800));
}

/* vmr_find_region() finds a region behind windows. */
TEST(bus_find_region_through_windows)
{
	struct vmr_device *dev = NULL;
	struct probe endpoint;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, chain_up(5));
	ASSERT_EQ(0, leaf_at(&endpoint, "leaf", &chain[4].bus, VMR_MMIO, 0x18000000,
			     0x1000, false));
	EXPECT_EQ(&endpoint.region[0], vmr_find_region(&m.manager, VMR_MMIO,
						       0x18000000));
	EXPECT_EQ(&endpoint.region[0], vmr_find_region(&m.manager, VMR_MMIO,
						       0x18000fff));
	EXPECT_NULL(vmr_find_region(&m.manager, VMR_MMIO, 0x18001000));
	EXPECT_NULL(vmr_find_region(&m.manager, VMR_MMIO, LEVEL_START(0)));
	EXPECT_NULL(vmr_find_region(&m.manager, VMR_PIO, 0x1800));
	EXPECT_NULL(vmr_find_region(NULL, VMR_MMIO, 0x18000000));
	EXPECT_NULL(vmr_find_region(&m.manager, (enum vmr_io)2, 0x18000000));
	/*
	 * A device can therefore be unregistered by an address behind windows.
	 */
	REFUSED(-ENOENT, vmr_device_unregister_at(&m.manager, VMR_MMIO, 0x18001000, &dev));
	EXPECT_EQ(1, vmr_device_unregister_at(&m.manager, VMR_MMIO, 0x18000800, &dev));
	EXPECT_EQ(&endpoint.dev, dev);
	EXPECT_SOUND();
}

/*
 * Placement of devices on a bus
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

static struct bridge_dev bridge;

/*
 * Windows: ports 0x1000-0x10ff, two pages of 32-bit memory, one prefetchable
 * page.
 */
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
	p->dev.parent_bus = &bridge.bus;
	want_of(p, 0, io, size, flags);
	return vmr_device_register(&m.manager, &p->dev, NULL, NULL);
}

/* Automatic placement puts a device inside the windows of its bus. */
TEST(bus_alloc_inside_windows)
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

/*
 * A prefetchable region is placed in the prefetchable window, or in the other
 * if that is full.
 */
TEST(bus_alloc_prefetch_window_first)
{
	struct probe a, b, c, plain;

	ASSERT_EQ(0, bridge_up());
	EXPECT_EQ(0, place(&a, VMR_MMIO, 0x1000, VMR_PREFETCHABLE));
	EXPECT_SEEN(&a.region[0], 0x80000000);
	EXPECT_EQ(0, place(&b, VMR_MMIO, 0x1000, VMR_PREFETCHABLE));
	EXPECT_SEEN(&b.region[0], 0x40000000);
	EXPECT_EQ(0, vmr_device_unregister(&m.manager, &a.dev) - 1);
	EXPECT_EQ(0, place(&c, VMR_MMIO, 0x1000, VMR_PREFETCHABLE));
	EXPECT_SEEN(&c.region[0], 0x80000000);
	EXPECT_EQ(0, place(&plain, VMR_MMIO, 0x1000, 0));
	EXPECT_SEEN(&plain.region[0], 0x40001000);
}

/*
 * A region that is not prefetchable is never placed in a prefetchable window.
 */
TEST(bus_alloc_plain_avoids_prefetch_window)
{
	struct probe a, b, c;
	size_t failed = 99;

	ASSERT_EQ(0, bridge_up());
	EXPECT_EQ(0, place(&a, VMR_MMIO, 0x2000, 0));
	EXPECT_SEEN(&a.region[0], 0x40000000);
	/* Only the prefetchable window has a gap. */
	REFUSED(-ENOSPC, place(&b, VMR_MMIO, 0x1000, 0));
	/*
	 * If only the constraint is prefetchable, the region would be placed
	 * where it is unmapped.
	 */
	probe_init(&c, "c");
	c.dev.parent_bus = &bridge.bus;
	want_of(&c, 0, VMR_MMIO, 0x1000, VMR_PREFETCHABLE);
	c.region[0].prefetchable = false;
	REFUSED(-EINVAL, vmr_device_register(&m.manager, &c.dev, &failed, NULL));
	EXPECT_EQ(0U, failed);
	EXPECT_SOUND();
}

/* A window above 4 GiB is used only for 64-bit regions. */
TEST(bus_alloc_high_window_64bit_only)
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

/* A fixed request outside every window of the bus is refused. */
TEST(bus_alloc_fixed_outside_window_erange)
{
	struct vmr_range *conflict = NULL;
	struct probe a, b;
	size_t failed = 99;

	ASSERT_EQ(0, bridge_up());
	probe_init(&a, "a");
	a.dev.parent_bus = &bridge.bus;
	ASSERT_EQ(0, probe_region_at(&a, 0, VMR_MMIO, 0x40001000, 0x1000));
	EXPECT_EQ(0, vmr_device_register(&m.manager, &a.dev, NULL, NULL));
	EXPECT_SEEN(&a.region[0], 0x40001000);

	probe_init(&b, "b");
	b.dev.parent_bus = &bridge.bus;
	ASSERT_EQ(0, probe_region_at(&b, 0, VMR_MMIO, 0x40000800, 0x1000));
	REFUSED(-EBUSY, vmr_device_register(&m.manager, &b.dev, &failed, &conflict));
	EXPECT_EQ(&a.region[0].range, conflict);
	EXPECT_EQ(0U, failed);
	b.want[0].request.addr = 0x40001800;	/* beyond the end */
	REFUSED(-ERANGE, vmr_device_register(&m.manager, &b.dev, NULL, NULL));
	b.want[0].request.addr = 0x50000000;	/* free, in no window */
	REFUSED(-ERANGE, vmr_device_register(&m.manager, &b.dev, NULL, NULL));
	b.want[0].request.addr = 0x80000000;	/* of the wrong type */
	REFUSED(-ERANGE, vmr_device_register(&m.manager, &b.dev, NULL, NULL));
	b.want[0].request.addr = 0x40000000;
	EXPECT_EQ(0, vmr_device_register(&m.manager, &b.dev, NULL, NULL));
	EXPECT_SEEN(&b.region[0], 0x40000000);
	EXPECT_SOUND();
}

/* If the windows of a bus are full or closed, a device on it is refused. */
TEST(bus_alloc_full_or_closed_enospc)
{
	struct probe p;
	size_t failed = 99;

	ASSERT_EQ(0, bridge_up());
	REFUSED(-ENOSPC, place(&p, VMR_MMIO, 0x4000, VMR_PREFETCHABLE));
	REFUSED(-ENOSPC, place(&p, VMR_PIO, 0x200, 0));
	/* Nothing is allocated, although the first region would fit. */
	probe_init(&p, "p");
	p.dev.parent_bus = &bridge.bus;
	want_of(&p, 0, VMR_PIO, 0x10, 0);
	want_of(&p, 1, VMR_MMIO, 0x4000, 0);
	REFUSED(-ENOSPC, vmr_device_register(&m.manager, &p.dev, &failed, NULL));
	EXPECT_EQ(1U, failed);
	EXPECT_EQ(0U, bridge.bus.nr_devices);

	ASSERT_EQ(0, vmr_region_unmap(&m.manager, &bridge.p.region[PORTS]));
	REFUSED(-ENOSPC, place(&p, VMR_PIO, 0x10, 0));
	/* A device without a constraint is registered. */
	EXPECT_EQ(0, leaf_up(&p, "p", &bridge.bus, VMR_PIO, 0x10, false));
	EXPECT_SOUND();
}

/* A window that is not mapped itself is not used for placement. */
TEST(bus_alloc_hidden_window_enospc)
{
	struct bridge_dev inner;
	struct probe p;

	ASSERT_EQ(0, bridge_up());
	ASSERT_EQ(0, hub_up(&inner, "inner", &bridge.bus));
	probe_init(&p, "p");
	p.dev.parent_bus = &inner.bus;
	want_of(&p, 0, VMR_MMIO, 0x1000, 0);
	/*
	 * First partly outside the window of the parent bus, then inside its
	 * prefetchable window.
	 */
	ASSERT_EQ(0, hub_open(&inner, MEMORY, 0x40001000, 0x40002fff));
	REFUSED(-ENOSPC, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	ASSERT_EQ(0, hub_open(&inner, MEMORY, 0x80000000, 0x80000fff));
	REFUSED(-ENOSPC, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	ASSERT_EQ(0, hub_open(&inner, MEMORY, 0x40001000, 0x40001fff));
	EXPECT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_SEEN(&p.region[0], 0x40001000);
	EXPECT_SOUND();
}

/*
 * Windows above the documented limit are not used for placement, but forward
 * accesses.
 */
TEST(bus_windows_over_limit_forward)
{
	static struct probe p[VMR_BUS_MAX_WINDOWS + 1];
	struct vmr_region fifth = { 0 };
	struct bridge_dev h;
	unsigned int i;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, hub_init(&h, "h", NULL));
	for (i = 0; i < VMR_BUS_MAX_WINDOWS; i++)
		ASSERT_EQ(0, hub_window(&h, i, VMR_MMIO, false));
	vmr_region_init(&fifth, VMR_MMIO, VMR_REGION_WINDOW, 0x1000, 4, "5th");
	ASSERT_EQ(0, vmr_device_add_region(&h.p.dev, &fifth));
	ASSERT_EQ(0, vmr_device_register(&m.manager, &h.p.dev, NULL, NULL));
	for (i = 0; i < VMR_BUS_MAX_WINDOWS; i++)
		ASSERT_EQ(0, hub_open(&h, i, 0x10000 * i, 0x10000 * i + 0xfff));
	ASSERT_EQ(0, vmr_window_program(&m.manager, &fifth, 0x80000, 0x80fff));
	for (i = 0; i <= VMR_BUS_MAX_WINDOWS; i++) {
		probe_init(&p[i], "p");
		p[i].dev.parent_bus = &h.bus;
		want_of(&p[i], 0, VMR_MMIO, 0x1000, 0);
		if (i == VMR_BUS_MAX_WINDOWS)
			break;
		ASSERT_EQ(0, vmr_device_register(&m.manager, &p[i].dev, NULL, NULL));
		EXPECT_SEEN(&p[i].region[0], 0x10000 * i);
	}
	REFUSED(-ENOSPC, vmr_device_register(&m.manager, &p[i].dev, NULL, NULL));
	p[i].dev.nr_constraints = 0;
	ASSERT_EQ(0, vmr_device_register(&m.manager, &p[i].dev, NULL, NULL));
	ASSERT_EQ(0, program(&p[i].region[0], 0x80000));
	EXPECT_SEEN(&p[i].region[0], 0x80000);
}

/*
 * Topology
 */

/*
 * A device can be registered on a bus only while the device of the bus is
 * registered.
 */
TEST(bus_parent_unregistered_enoent)
{
	struct bridge_dev h, inner;
	struct probe p;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, hub_init(&h, "h", NULL));
	REFUSED(-ENOENT, leaf_up(&p, "p", &h.bus, VMR_MMIO, 0x1000, false));
	ASSERT_EQ(0, vmr_device_register(&m.manager, &h.p.dev, NULL, NULL));
	EXPECT_EQ(0, leaf_up(&p, "p", &h.bus, VMR_MMIO, 0x1000, false));
	EXPECT_EQ(0, vmr_device_unregister(&m.manager, &p.dev));
	EXPECT_EQ(0, vmr_device_unregister(&m.manager, &h.p.dev));
	/* The same holds after the device of the bus has been unregistered. */
	REFUSED(-ENOENT, leaf_up(&p, "p", &h.bus, VMR_MMIO, 0x1000, false));
	/* A bus cannot be its own parent. */
	ASSERT_EQ(0, hub_init(&inner, "inner", &inner.bus));
	REFUSED(-ENOENT, vmr_device_register(&m.manager, &inner.p.dev, NULL, NULL));
}

/* The device of a bus cannot be unregistered while the bus has devices. */
TEST(bus_with_devices_unregister_busy)
{
	struct bridge_dev outer, inner;
	struct probe p;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, hub_up(&outer, "outer", NULL));
	ASSERT_EQ(0, hub_up(&inner, "inner", &outer.bus));
	ASSERT_EQ(0, hub_open(&outer, MEMORY, 0x10000, 0x1ffff));
	ASSERT_EQ(0, hub_open(&inner, MEMORY, 0x10000, 0x1ffff));
	ASSERT_EQ(0, leaf_at(&p, "p", &inner.bus, VMR_MMIO, 0x10000, 0x1000,
			     false));
	REFUSED(-EBUSY, vmr_device_unregister(&m.manager, &outer.p.dev));
	REFUSED(-EBUSY, vmr_device_unregister(&m.manager, &inner.p.dev));
	EXPECT_SEEN(&p.region[0], 0x10000);
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &p.dev));
	REFUSED(-EBUSY, vmr_device_unregister(&m.manager, &outer.p.dev));
	/* The count includes the windows, which are mapped regions. */
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &inner.p.dev));
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &outer.p.dev));
	EXPECT_EQ(0, vmr_device_try_drain(&m.manager, &outer.p.dev));
	EXPECT_EQ(0U, m.sys.mmio.nr_ranges);
	EXPECT_SOUND();
}

/* The devices of each bus can be iterated in order of registration. */
TEST(bus_topology_iteration)
{
	struct bridge_dev outer, inner;
	struct probe a, b, c;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, hub_up(&outer, "outer", NULL));
	ASSERT_EQ(0, leaf_up(&a, "a", &outer.bus, VMR_MMIO, 0x1000, false));
	ASSERT_EQ(0, hub_up(&inner, "inner", &outer.bus));
	ASSERT_EQ(0, leaf_up(&b, "b", &inner.bus, VMR_MMIO, 0x1000, false));
	ASSERT_EQ(0, leaf_up(&c, "c", NULL, VMR_MMIO, 0x1000, false));
	EXPECT_EQ(&outer.p.dev, vmr_next_device_on_bus(&m.manager, NULL, NULL));
	EXPECT_EQ(&c.dev, vmr_next_device_on_bus(&m.manager, NULL, &outer.p.dev));
	EXPECT_NULL(vmr_next_device_on_bus(&m.manager, NULL, &c.dev));
	EXPECT_EQ(&a.dev, vmr_next_device_on_bus(&m.manager, &outer.bus, NULL));
	EXPECT_EQ(&inner.p.dev, vmr_next_device_on_bus(&m.manager, &outer.bus,
						       &a.dev));
	EXPECT_NULL(vmr_next_device_on_bus(&m.manager, &outer.bus, &inner.p.dev));
	EXPECT_EQ(&b.dev, vmr_next_device_on_bus(&m.manager, &inner.bus, NULL));
	EXPECT_NULL(vmr_next_device_on_bus(&m.manager, &inner.bus, &b.dev));
	EXPECT_NULL(vmr_next_device_on_bus(NULL, NULL, NULL));
	EXPECT_EQ(2U, outer.bus.nr_devices);
	EXPECT_EQ(1U, inner.bus.nr_devices);
	EXPECT_EQ(&inner.bus, inner.p.dev.subordinate);
	EXPECT_EQ(&inner.bus.mmio, vmr_region_space(&m.manager, &b.region[0]));
	EXPECT_EQ(&m.sys.mmio, vmr_region_space(&m.manager, &c.region[0]));
	EXPECT_EQ(&outer.bus.pio,
		  vmr_region_space(&m.manager, &inner.p.region[PORTS]));
}

/* vmr_bus_init() refuses invalid arguments and a registered device. */
TEST(bus_init_errors)
{
	struct vmr_bus bus;
	struct probe p;

	ASSERT_EQ(0, machine_up());
	probe_init(&p, "p");
	REFUSED(-EINVAL, vmr_bus_init(NULL, &m.manager, &p.dev));
	REFUSED(-EINVAL, vmr_bus_init(&bus, NULL, &p.dev));
	REFUSED(-EINVAL, vmr_bus_init(&bus, &m.manager, NULL));
	ASSERT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	REFUSED(-EBUSY, vmr_bus_init(&bus, &m.manager, &p.dev));
	EXPECT_NULL(p.dev.subordinate);
}

/* A device with a window but without a bus cannot be registered. */
TEST(bus_window_without_bus_einval)
{
	struct probe p;

	ASSERT_EQ(0, machine_up());
	probe_init(&p, "p");
	ASSERT_EQ(0, probe_region(&p, 0, VMR_MMIO, VMR_REGION_WINDOW, 0x1000));
	REFUSED(-EINVAL, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
}

/*
 * Programmed windows
 */

/* vmr_window_program() refuses invalid arguments and unregistered devices. */
TEST(window_program_errors)
{
	struct vmr_region *window = &bridge.p.region[MEMORY];
	struct probe p;
	struct bridge_dev h;

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

/* A window that extends beyond the address domain is closed. */
TEST(window_outside_domain_closed)
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
	EXPECT_EQ(0, hub_open(&bridge, MEMORY, 0, VMR_ADDR_MAX));
	EXPECT_EQ(VMR_FREE, state_of(&bridge.p.region[MEMORY]));
	/* A window may be as large as the domain. */
	EXPECT_EQ(0, vmr_region_unmap(&m.manager, &bridge.p.region[PREFETCH]));
	EXPECT_EQ(0, hub_open(&bridge, MEMORY, 0, MACHINE_LAST));
	EXPECT_SEEN(&p.region[0], 0x40000000);
	EXPECT_SOUND();
}

/* A window may contain all 64-bit addresses. */
TEST(window_full_64_bits)
{
	struct probe low, high;
	struct bridge_dev h;

	ASSERT_EQ(0, machine_up_to(VMR_ADDR_MAX, 255));
	ASSERT_EQ(0, hub_up(&h, "h", NULL));
	ASSERT_EQ(0, hub_open(&h, MEMORY, 0, VMR_ADDR_MAX));
	ASSERT_EQ(0, leaf_at(&low, "low", &h.bus, VMR_MMIO, 0, 0x10, false));
	ASSERT_EQ(0, leaf_at(&high, "high", &h.bus, VMR_MMIO, VMR_ADDR_MAX - 0xf,
			     0x10, false));
	EXPECT_SEEN(&low.region[0], 0);
	EXPECT_SEEN(&high.region[0], VMR_ADDR_MAX - 0xf);
	EXPECT_SOUND();
}

/* A parked window can be opened again at its address. */
TEST(window_parked_reopens)
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

/* Two devices on each of two nested buses */
static struct bridge_dev upper, lower;
static struct probe endpoint[4];

static int family_up(void)
{
	unsigned int i;
	int ret = machine_up();

	if (!ret)
		ret = hub_up(&upper, "upper", NULL);
	if (!ret)
		ret = hub_up(&lower, "lower", &upper.bus);
	for (i = 0; i < 4 && !ret; i++)
		ret = leaf_at(&endpoint[i], "leaf", i < 2 ? &upper.bus : &lower.bus,
			      VMR_MMIO, 0x100000 + 0x1000 * (uint64_t)i, 0x1000,
			      false);
	if (!ret)
		ret = hub_open(&upper, MEMORY, 0x100000, 0x10ffff);
	if (!ret)
		ret = hub_open(&lower, MEMORY, 0x102000, 0x103fff);
	return ret;
}

/*
 * Each device from @first to @last has one notification with these mappings,
 * in any order.
 */
static int leaves_notified(const struct event_log *d, unsigned int first,
			   unsigned int last, bool from, bool to)
{
	unsigned int i, j, found;

	for (i = first; i <= last; i++) {
		uint64_t at = 0x100000 + 0x1000 * (uint64_t)i;

		for (j = 0, found = 0; j < d->nr; j++)
			if (d->entry[j].region == &endpoint[i].region[0])
				found += event_equals(d, j, &endpoint[i].region[0],
					      from ? at : NOWHERE,
					      to ? at : NOWHERE) ? 1 : 100;
		if (found != 1)
			return 0;
	}
	return 1;
}

/*
 * Closing or opening a window notifies listeners once of each region behind
 * it.
 */
TEST(window_close_notifies_each_region_once)
{
	struct event_log d;

	ASSERT_EQ(0, family_up());
	ASSERT_EQ(0, diary_start(&d));
	EXPECT_EQ(0, vmr_region_unmap(&m.manager, &upper.p.region[MEMORY]));
	/*
	 * The window itself is first. The inner window and the four devices
	 * follow.
	 */
	EXPECT_EQ(6U, d.nr);
	EXPECT_EQ(&upper.p.region[MEMORY], d.entry[0].region);
	EXPECT_TRUE(leaves_notified(&d, 0, 3, true, false));
	EXPECT_EQ(0, vmr_listener_unregister(&m.manager, &d.listener));
	/*
	 * The window is closed already: changes behind it cause no
	 * notification.
	 */
	ASSERT_EQ(0, diary_start(&d));
	EXPECT_EQ(0, vmr_region_unmap(&m.manager, &upper.p.region[MEMORY]));
	EXPECT_EQ(0, vmr_region_unmap(&m.manager, &lower.p.region[MEMORY]));
	EXPECT_EQ(0, program(&endpoint[3].region[0], 0x107000));
	EXPECT_EQ(0, program(&endpoint[3].region[0], 0x103000));
	EXPECT_EQ(0, hub_open(&lower, MEMORY, 0x102000, 0x103fff));
	EXPECT_EQ(0U, d.nr);
	EXPECT_EQ(0, hub_open(&upper, MEMORY, 0x100000, 0x10ffff));
	EXPECT_EQ(6U, d.nr);
	EXPECT_TRUE(leaves_notified(&d, 0, 3, false, true));
	EXPECT_SOUND();
}

/* The notification of a resized window has the old and the new size. */
TEST(window_resize_notifies_both_sizes)
{
	const struct vmr_mapping *old, *new_;
	struct event_log d;

	ASSERT_EQ(0, family_up());
	ASSERT_EQ(0, diary_start(&d));
	EXPECT_EQ(0, hub_open(&upper, MEMORY, 0x100000, 0x101fff));
	ASSERT_NE(0U, d.nr);
	old = &d.entry[0].old;
	new_ = &d.entry[0].new_;
	EXPECT_EQ(&upper.p.region[MEMORY], d.entry[0].region);
	EXPECT_TRUE(old->mapped && new_->mapped);
	EXPECT_EQ(0x100000U, old->start);
	EXPECT_EQ(0x10ffffU, old->last);
	EXPECT_EQ(0x100000U, new_->start);
	EXPECT_EQ(0x101fffU, new_->last);
	/*
	 * The inner window and its devices are unmapped. The devices of the
	 * outer bus stay mapped.
	 */
	EXPECT_EQ(4U, d.nr);
	EXPECT_TRUE(leaves_notified(&d, 2, 3, true, false));
	EXPECT_SEEN(&endpoint[1].region[0], 0x101000);
	EXPECT_HIDDEN(&endpoint[2].region[0]);
	EXPECT_EQ(0, vmr_listener_unregister(&m.manager, &d.listener));

	/*
	 * The outer window contains half of the inner one, which is unmapped.
	 * One of its devices is mapped.
	 */
	ASSERT_EQ(0, diary_start(&d));
	EXPECT_EQ(0, hub_open(&upper, MEMORY, 0x100000, 0x102fff));
	EXPECT_EQ(2U, d.nr);
	EXPECT_TRUE(leaves_notified(&d, 2, 2, false, true));
	EXPECT_SEEN(&endpoint[2].region[0], 0x102000);
	EXPECT_HIDDEN(&endpoint[3].region[0]);
	EXPECT_FALSE(vmr_region_mapping(&lower.p.region[MEMORY]).mapped);
}

/*
 * A moved window unmaps the regions that it no longer contains and maps
 * others.
 */
TEST(window_move_unmaps_and_maps)
{
	struct probe far;
	struct event_log d;

	ASSERT_EQ(0, family_up());
	ASSERT_EQ(0, leaf_at(&far, "far", &upper.bus, VMR_MMIO, 0x200000, 0x1000,
			     false));
	EXPECT_HIDDEN(&far.region[0]);
	ASSERT_EQ(0, diary_start(&d));
	EXPECT_EQ(0, hub_open(&upper, MEMORY, 0x200000, 0x20ffff));
	EXPECT_EQ(7U, d.nr);
	EXPECT_TRUE(leaves_notified(&d, 0, 3, true, false));
	EXPECT_SEEN(&far.region[0], 0x200000);
	EXPECT_HIDDEN(&endpoint[0].region[0]);
	/* The same address again causes no notification. */
	EXPECT_EQ(0, hub_open(&upper, MEMORY, 0x200000, 0x20ffff));
	EXPECT_EQ(7U, d.nr);
	EXPECT_SOUND();
}

static struct {
	struct vmr_listener	listener;
	unsigned int		nr_dels;
	unsigned int		nr_changes;
	unsigned int		del_after_change;	/* del after change */
	unsigned int		del_missing;	/* unmapped without del */
	struct vmr_region	*responder[64];
} order;

static void order_del(struct vmr_listener *listener,
		      struct vmr_region *region,
			  const struct vmr_mapping *old)
{
	order.del_after_change += order.nr_changes != 0 || !old->mapped;
	if (order.nr_dels < NR(order.responder))
		order.responder[order.nr_dels] = region;
	order.nr_dels++;
}

static void order_changed(struct vmr_listener *listener,
			  struct vmr_region *region, const struct vmr_mapping *old,
			const struct vmr_mapping *new_)
{
	unsigned int i, dels = 0;

	for (i = 0; i < order.nr_dels && i < NR(order.responder); i++)
		dels += order.responder[i] == region;
	order.del_missing += dels != old->mapped;
	order.nr_changes++;
}

static int order_start(void)
{
	memset(&order, 0, sizeof(order));
	order.listener.region_changed = order_changed;
	order.listener.region_del = order_del;
	return vmr_listener_register(&m.manager, &order.listener);
}

/*
 * Every region_del() call of a window change precedes its first
 * region_changed() call.
 */
TEST(window_move_region_del_precedes_change)
{
	struct probe far;

	ASSERT_EQ(0, family_up());
	ASSERT_EQ(0, leaf_at(&far, "far", &upper.bus, VMR_MMIO, 0x200000, 0x1000,
			     false));
	ASSERT_EQ(0, order_start());
	EXPECT_EQ(0, hub_open(&upper, MEMORY, 0x200000, 0x20ffff));
	EXPECT_EQ(6U, order.nr_dels);
	EXPECT_EQ(7U, order.nr_changes);
	EXPECT_EQ(0U, order.del_after_change);
	EXPECT_EQ(0U, order.del_missing);
}

static struct probe aside;

/* At the first notification, program another region. */
static void order_changed_and_move(struct vmr_listener *listener,
				   struct vmr_region *region,
			   const struct vmr_mapping *old,
			   const struct vmr_mapping *new_)
{
	order_changed(listener, region, old, new_);
	if (order.nr_changes == 1)
		program(&aside.region[0], 0x400000);
}

/*
 * region_del() is called once for each region, even if a listener programs a
 * region.
 */
TEST(region_del_called_once_when_nested)
{
	unsigned int i, j;

	ASSERT_EQ(0, family_up());
	ASSERT_EQ(0, leaf_up(&aside, "aside", NULL, VMR_MMIO, 0x1000, false));
	ASSERT_EQ(0, order_start());
	order.listener.region_changed = order_changed_and_move;
	EXPECT_EQ(0, vmr_region_unmap(&m.manager, &upper.p.region[MEMORY]));
	EXPECT_EQ(6U, order.nr_dels);
	for (i = 0; i < 6; i++)
		for (j = 0; j < i; j++)
			EXPECT_NE(order.responder[i], order.responder[j]);
	EXPECT_EQ(7U, order.nr_changes);
	EXPECT_EQ(0U, order.del_after_change);
	EXPECT_EQ(0U, order.del_missing);
	EXPECT_SEEN(&aside.region[0], 0x400000);
}

/*
 * A window at an allocated range becomes a claim. Once the claim is settled,
 * the regions behind the window are mapped.
 */
TEST(window_claim_settled_maps_regions)
{
	struct probe holder;
	struct event_log d;

	ASSERT_EQ(0, family_up());
	ASSERT_EQ(0, probe_up(&holder, "holder", VMR_MMIO, 0x30f000, 0x1000));
	ASSERT_EQ(0, program(&endpoint[0].region[0], 0x300000));
	EXPECT_EQ(0, hub_open(&upper, MEMORY, 0x300000, 0x30ffff));
	EXPECT_EQ(VMR_CLAIMED, state_of(&upper.p.region[MEMORY]));
	EXPECT_HIDDEN(&endpoint[0].region[0]);
	EXPECT_SEEN(&holder.region[0], 0x30f000);
	EXPECT_EQ(&holder.region[0].range,
		  vmr_find_overlap(&m.sys.mmio, 0x300000, 0x30ffff));
	EXPECT_SOUND();

	ASSERT_EQ(0, diary_start(&d));
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &holder.dev));
	EXPECT_EQ(VMR_LIVE, state_of(&upper.p.region[MEMORY]));
	EXPECT_SEEN(&endpoint[0].region[0], 0x300000);
	EXPECT_EQ(3U, d.nr);
	EXPECT_SAYS(&d, 0, &holder.region[0], 0x30f000, NOWHERE);
	EXPECT_EQ(&upper.p.region[MEMORY], d.entry[1].region);
	EXPECT_SAYS(&d, 2, &endpoint[0].region[0], NOWHERE, 0x300000);
	EXPECT_SOUND();
}

/* Nesting of write sections at the first access to the region behind the bus */
static uint32_t depth_when_touched;

static void note_depth(void)
{
	depth_when_touched = m.sys.seq.nesting;
}

/*
 * The library walks the regions behind a settled window, for its listeners, outside the
 * write section.
 */
TEST(window_regions_walked_outside_section)
{
	struct probe p, holder;
	struct vmr_region *behind;
	struct event_log d;
	unsigned int i;

	NEEDS(page_faults);
	ASSERT_EQ(0, pages_init(pages_one()));
	behind = (struct vmr_region *)node(0);
	ASSERT_EQ(0, bridge_up());
	ASSERT_EQ(0, diary_start(&d));
	probe_init(&p, "p");
	p.dev.parent_bus = &bridge.bus;
	vmr_region_init(behind, VMR_MMIO, VMR_REGION_TRAPPED, 0x1000, 0, "");
	ASSERT_EQ(0, vmr_device_add_region(&p.dev, behind));
	ASSERT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	ASSERT_EQ(0, program(behind, 0xc0000000));
	/*
	 * The owner of the window's range frees it in each of the possible
	 * ways.
	 */
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
			vmr_device_unregister(&m.manager, &holder.dev);
			break;
		case 1:
			vmr_region_unmap(&m.manager, &holder.region[0]);
			break;
		case 2:
			vmr_region_program(&m.manager, &holder.region[0],
					   0xd0000000);
			break;
		default:
			vmr_region_move(&m.manager, &holder.region[0],
					0xd0000000, NULL);
		}
		pages_unwatch();
		EXPECT_EQ(0U, depth_when_touched) {
			TH_LOG("way of freeing %u", i);
		}
		EXPECT_SEEN(behind, 0xc0000000);
		EXPECT_SOUND();
		vmr_device_unregister(&m.manager, &holder.dev);
	}
	pages_exit();
}

/* Without listeners a change of a window visits no region behind it. */
TEST(no_walk_without_listeners)
{
	struct vmr_region *behind;
	struct probe p;

	NEEDS(page_faults);
	ASSERT_EQ(0, pages_init(pages_one()));
	behind = (struct vmr_region *)node(0);
	ASSERT_EQ(0, bridge_up());
	probe_init(&p, "p");
	p.dev.parent_bus = &bridge.bus;
	vmr_region_init(behind, VMR_MMIO, VMR_REGION_TRAPPED, 0x1000, 0, "");
	ASSERT_EQ(0, vmr_device_add_region(&p.dev, behind));
	ASSERT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	depth_when_touched = 99;
	pages_hook_at = 0;
	pages_hook = note_depth;
	pages_watch();
	vmr_region_unmap(&m.manager, &bridge.p.region[MEMORY]);
	pages_unwatch();
	EXPECT_EQ(99U, depth_when_touched);
	EXPECT_SOUND();
	pages_exit();
}

/*
 * When the caller frees or moves memory of the system, claims on its range are
 * settled.
 */
TEST(bus_memory_freed_settles_claim)
{
	struct vmr_region memory = { .size = 0x2000 };
	struct vmr_resource_set set;
	struct vmr_constraint want;
	struct vmr_resource got;
	struct probe p;
	struct event_log d;

	ASSERT_EQ(0, bridge_up());
	vmr_region_init(&memory, VMR_MMIO, VMR_REGION_MEMORY, 0x2000, 0, "ram");
	vmr_constraint_init_fixed(&want, VMR_KIND_MEM, 0xa0000000, 0x2000,
				  &memory.range);
	vmr_resource_set_init(&set, &got, 1);
	ASSERT_EQ(0, vmr_system_alloc_resources(&m.sys, &want, 1, &set, NULL, NULL));
	ASSERT_EQ(0, leaf_at(&p, "p", NULL, VMR_MMIO, 0xa0001000, 0x1000,
			     false));
	EXPECT_EQ(VMR_CLAIMED, state_of(&p.region[0]));
	ASSERT_EQ(0, diary_start(&d));

	/* The memory moves. */
	want.request.addr = 0xb0000000;
	EXPECT_EQ(0, vmr_system_update_resource(&m.sys, &got, &want, NULL));
	EXPECT_EQ(1U, d.nr);
	EXPECT_SAYS(&d, 0, &p.region[0], NOWHERE, 0xa0001000);
	EXPECT_SEEN(&p.region[0], 0xa0001000);
	/* A failed update causes no notification. */
	want.request.addr = 0xa0001000;
	EXPECT_EQ(0, program(&p.region[0], 0xb0000000));
	EXPECT_EQ(VMR_CLAIMED, state_of(&p.region[0]));
	d.nr = 0;
	want.request.addr = VMR_ADDR_MAX - 0xfff;
	REFUSED(-EOVERFLOW, vmr_system_update_resource(&m.sys, &got, &want, NULL));
	EXPECT_EQ(0U, d.nr);
	EXPECT_SOUND();
	/* The memory is freed. */
	vmr_system_free_resources(&m.sys, &set);
	EXPECT_EQ(1U, d.nr);
	EXPECT_SAYS(&d, 0, &p.region[0], NOWHERE, 0xb0000000);
	EXPECT_SEEN(&p.region[0], 0xb0000000);
	EXPECT_SOUND();
}

/* When a window moves, a claim on the freed addresses is settled. */
TEST(window_move_settles_claim)
{
	struct probe waits;
	struct event_log d;

	ASSERT_EQ(0, family_up());
	ASSERT_EQ(0, leaf_at(&waits, "waits", NULL, VMR_MMIO, 0x100000, 0x1000,
			     false));
	EXPECT_EQ(VMR_CLAIMED, state_of(&waits.region[0]));
	EXPECT_SEEN(&endpoint[0].region[0], 0x100000);
	ASSERT_EQ(0, diary_start(&d));
	/*
	 * The new range overlaps the old one. Only the first page becomes
	 * free.
	 */
	EXPECT_EQ(0, hub_open(&upper, MEMORY, 0x101000, 0x10ffff));
	EXPECT_SEEN(&waits.region[0], 0x100000);
	EXPECT_SEEN(&endpoint[1].region[0], 0x101000);
	EXPECT_HIDDEN(&endpoint[0].region[0]);
	EXPECT_EQ(3U, d.nr);
	EXPECT_SOUND();
}

/* A claim behind a bus conflicts only with ranges on the same bus. */
TEST(bus_claim_in_space_of_bus)
{
	struct event_log d;

	ASSERT_EQ(0, family_up());
	EXPECT_EQ(0, program(&endpoint[0].region[0], 0x101000));
	EXPECT_EQ(VMR_CLAIMED, state_of(&endpoint[0].region[0]));
	/* The inner bus has a space of its own, which has no conflict. */
	EXPECT_EQ(0, program(&endpoint[2].region[0], 0x101000));
	EXPECT_EQ(VMR_LIVE, state_of(&endpoint[2].region[0]));
	EXPECT_HIDDEN(&endpoint[2].region[0]);
	ASSERT_EQ(0, diary_start(&d));
	EXPECT_EQ(0, vmr_region_park(&m.manager, &endpoint[1].region[0], 0x101000));
	EXPECT_SEEN(&endpoint[0].region[0], 0x101000);
	EXPECT_EQ(2U, d.nr);
	EXPECT_SOUND();
}

/*
 * Registering and unregistering a device behind a window notifies only of
 * mapped regions.
 */
TEST(bus_register_notifies_if_mapped)
{
	struct probe a, b;
	struct event_log d;

	ASSERT_EQ(0, bridge_up());
	ASSERT_EQ(0, diary_start(&d));
	EXPECT_EQ(0, place(&a, VMR_MMIO, 0x1000, 0));
	EXPECT_SAYS(&d, 0, &a.region[0], NOWHERE, 0x40000000);
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &a.dev));
	EXPECT_SAYS(&d, 1, &a.region[0], 0x40000000, NOWHERE);
	ASSERT_EQ(0, leaf_at(&b, "b", &bridge.bus, VMR_MMIO, 0x90000000, 0x1000,
			     false));
	/* The region is not mapped and therefore not counted. */
	EXPECT_EQ(0, vmr_device_unregister(&m.manager, &b.dev));
	EXPECT_EQ(2U, d.nr);
}

/*
 * A random tree of buses. For each region four answers must agree:
 * vmr_region_mapping(), the dispatch, the notifications and the definition in
 * reference.h.
 */

#define HUBS		7
#define LEAVES		10
#define GRAIN		0x10ull
#define GRAINS		96	/* few addresses: many conflicts */

static struct bridge_dev wood[HUBS];
static struct probe twig[LEAVES];

static struct {
	struct vmr_listener	listener;
	struct shadow {
		struct vmr_region	*region;
		struct vmr_mapping	mapping;
		unsigned int		nr_changes;
		unsigned int		nr_dels;
	} shadow[HUBS * PROBE_REGIONS + LEAVES * PROBE_REGIONS];
	size_t		nr;
	unsigned int	errors;
	unsigned int	notifications;
	bool		changing;
} witness;

static struct shadow *shadow_of(const struct vmr_region *region)
{
	size_t i;

	for (i = 0; i < witness.nr; i++)
		if (witness.shadow[i].region == region)
			return &witness.shadow[i];
	return NULL;
}

static bool equal(const struct vmr_mapping *a, const struct vmr_mapping *b)
{
	return a->mapped == b->mapped &&
	       (!a->mapped || (a->start == b->start && a->last == b->last));
}

static void witness_del(struct vmr_listener *listener,
			struct vmr_region *region,
			    const struct vmr_mapping *old)
{
	struct shadow *s = shadow_of(region);

	witness.errors += !s || witness.changing || !old->mapped ||
			 !equal(&s->mapping, old) || s->nr_dels++;
}

static void witness_changed(struct vmr_listener *listener,
			    struct vmr_region *region,
			  const struct vmr_mapping *old,
			  const struct vmr_mapping *new_)
{
	struct shadow *s = shadow_of(region);

	witness.changing = true;
	witness.notifications++;
	witness.errors += !s || !equal(&s->mapping, old) || equal(old, new_) ||
			 s->nr_changes++ || s->nr_dels != old->mapped;
	if (s)
		s->mapping = *new_;
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

	witness.changing = false;
	for (i = 0; i < witness.nr; i++) {
		witness.shadow[i].nr_changes = 0;
		witness.shadow[i].nr_dels = 0;
	}
}

/*
 * Compare a region with the definition and the notifications. Return a text or
 * NULL.
 */
static const char *region_mismatch(const struct shadow *s)
{
	struct vmr_region *region = s->region;
	enum vmr_io io = (enum vmr_io)region->io;
	struct vmr_mapping place = vmr_region_mapping(region);
	struct vmr_region *at;

	if (place.mapped != naive_visible(region))
		return "mapped state differs from the definition";
	if (!equal(&place, &s->mapping))
		return "mapping differs from the notifications";
	if (!place.mapped || region->type == VMR_REGION_WINDOW)
		return NULL;
	if (place.start != region->range.start ||
	    place.last != region->range.last)
		return "mapped range differs from the live range";
	at = responder(io, place.start);
	if (at != region)
		return "access to the first byte is dispatched elsewhere";
	at = responder(io, place.last);
	if (at != region)
		return "access to the last byte is dispatched elsewhere";
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
		twig[i].dev.parent_bus = dice(8) ? &wood[dice(HUBS)].bus : NULL;
		for (j = 0; j < 3 && !ret; j++) {
			ret = probe_region(&twig[i], j,
					   j ? VMR_MMIO : VMR_PIO,
					   VMR_REGION_TRAPPED,
					   GRAIN << dice(3));
			twig[i].region[j].prefetchable = j == 2;
		}
		witness_add(&twig[i]);
		if (!ret)
			ret = vmr_device_register(&m.manager, &twig[i].dev, NULL,
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
		vmr_region_move(&m.manager, region, start, NULL);
		break;
	case 3:
		if (dev->subordinate)
			break;
		if (dev->state == VMR_DEVICE_REGISTERED)
			vmr_device_unregister(&m.manager, dev);
		else
			vmr_device_register(&m.manager, dev, NULL, NULL);
		break;
	default:
		if (region->type == VMR_REGION_WINDOW)
			vmr_window_program(&m.manager, region, start, start +
					   GRAIN * (1 + dice(GRAINS)) - 1);
		else
			program(region, start);
	}
}

/*
 * After each random step, mapping, dispatch, notifications and definition
 * agree.
 */
TEST(bus_random_mapping_consistent)
{
	unsigned long seed = env_number("VMR_TEST_SEED", 20250107);
	unsigned long steps = env_number("VMR_TEST_STEPS", 30000 / test_part()), i;
	unsigned int visible = 0, hidden = 0;
	uint64_t addr;
	size_t j;

	TH_LOG("VMR_TEST_SEED=%lu", seed);
	chance_state = seed | 1;
	ASSERT_EQ(0, wood_up());
	witness.listener.region_changed = witness_changed;
	witness.listener.region_del = witness_del;
	ASSERT_EQ(0, vmr_listener_register(&m.manager, &witness.listener));

	for (i = 0; i < steps; i++) {
		witness_ready();
		wood_step();
		ASSERT_EQ(0U, witness.errors) {
			TH_LOG("wrong notification at step %lu", i);
		}
		for (j = 0; j < witness.nr; j++) {
			const char *what = region_mismatch(&witness.shadow[j]);

			ASSERT_NULL(what) {
				TH_LOG("step %lu, region %zu: %s", i, j, what);
			}
			if (witness.shadow[j].region->device->parent_bus &&
			    state_of(witness.shadow[j].region) == VMR_LIVE &&
			    witness.shadow[j].region->type !=
			    VMR_REGION_WINDOW) {
				visible += witness.shadow[j].mapping.mapped;
				hidden += !witness.shadow[j].mapping.mapped;
			}
		}
		addr = random_address() + dice(GRAIN);
		ASSERT_EQ(naive_access(VMR_MMIO, addr, 1), responder(VMR_MMIO, addr));
		ASSERT_EQ(naive_access(VMR_PIO, addr, 1), responder(VMR_PIO, addr));
		if (i % 64 == 0)
			ASSERT_STREQ(VERIFY_OK, machine_verify());
	}
	/* The run must contain many mapped and many unmapped regions. */
	EXPECT_LT(steps / 4, visible);
	EXPECT_LT(steps / 4, hidden);
	EXPECT_LT(steps / 8, witness.notifications);
	TH_LOG("behind a bus: %u mapped, %u unmapped; %u notifications",
	       visible, hidden, witness.notifications);
}

static struct bridge_dev late;

static void open_window_here(struct probe *p)
{
	p->result = hub_open(&late, MEMORY, 0x10000, 0x1ffff);
}

/*
 * The guest opens a window at the addresses of a device that is being registered. When
 * the device refuses its resources, the window has them, and what is behind it is
 * reported.
 */
TEST(bus_window_after_refused_device)
{
	static struct event_log d;
	struct probe behind, p;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, hub_up(&late, "hub", NULL));
	ASSERT_EQ(0, leaf_at(&behind, "behind", &late.bus, VMR_MMIO, 0x12000,
			     0x1000, false));
	ASSERT_EQ(0, diary_start(&d));
	probe_init(&p, "p");
	ASSERT_EQ(0, probe_region_at(&p, 0, VMR_MMIO, 0x10000, 0x1000));
	p.on_grant = open_window_here;
	p.refuse = -EBUSY;
	EXPECT_EQ(-EBUSY, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_EQ(0, p.result);
	EXPECT_ANSWERS(&behind.region[0], 0x12000);
	EXPECT_EQ(2U, d.nr);
	EXPECT_TRUE(event_equals(&d, 0, &behind.region[0], NOWHERE, 0x12000) ||
		    event_equals(&d, 1, &behind.region[0], NOWHERE, 0x12000));
	EXPECT_SOUND();
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_lookup_cache.c - lookup caches of readers
 *
 * A lookup that hits visits the region that it finds. A lookup that misses visits also
 * the nodes above it in the tree. Each device is on a page of its own, which is counted.
 */
#include "../kselftest_harness.h"

#include "machine.h"
#include "node_watch.h"

#define NR_DEVICES	1024
#define HOT		16
#define AT(i)		(0x100000000ull + 0x2000 * (uint64_t)(i))

struct item {
	struct vmr_device	dev;
	struct vmr_region	region;
	struct vmr_constraint	want;
	struct vmr_resource	got;
};

static struct vmr_cache_set sets[NR_DEVICES];

static struct item *item(size_t i)
{
	return (struct item *)node(i);
}

static void item_read(struct vmr_device *dev, const struct vmr_access *access,
		      void *data)
{
	(void)dev;
	memset(data, 0x5a, access->width);
}

static const struct vmr_device_ops item_ops = { .read = item_read };

static int item_up(size_t i)
{
	struct item *it = item(i);

	memset(it, 0, sizeof(*it));
	it->dev.ops = &item_ops;
	vmr_region_init(&it->region, VMR_MMIO, VMR_REGION_TRAPPED, 0x1000, 0,
			"item");
	vmr_constraint_init_fixed(&it->want, VMR_KIND_MMIO, AT(i), 0x1000,
				  &it->region.range);
	it->dev.constraints = &it->want;
	it->dev.nr_constraints = 1;
	vmr_resource_set_init(&it->dev.resources, &it->got, 1);
	vmr_device_add_region(&it->dev, &it->region);
	return vmr_device_register(&m.manager, &it->dev, NULL, NULL);
}

static int machine_with_items(void)
{
	size_t i;
	int ret = machine_up_to(MACHINE_LAST, NR_DEVICES);

	for (i = 0; i < NR_DEVICES && !ret; i++)
		ret = item_up(i * 7 % NR_DEVICES);
	return ret;
}

/* Whether a read of an address hits. The device at the root of the tree always does. */
static bool hits_at(uint64_t addr)
{
	uint8_t byte = 0;
	size_t visits;

	pages_watch();
	vmr_read(&m.reader, VMR_MMIO, addr, &byte, 1, 1);
	visits = pages_unwatch();
	return byte == 0x5a && visits == 1;
}

static bool hits(size_t i)
{
	return hits_at(AT(i));
}

static unsigned int nr_hits(size_t first, size_t nr)
{
	unsigned int found = 0;
	size_t i;

	for (i = first; i < first + nr; i++)
		found += hits(i);
	return found;
}

FIXTURE(lookup_cache) {
	int unused;
};

FIXTURE_SETUP(lookup_cache)
{
	NEEDS(page_faults);
	self->unused = 0;
	ASSERT_EQ(0, pages_init(NR_DEVICES * pages_one()));
	ASSERT_EQ(0, machine_with_items());
}

FIXTURE_TEARDOWN(lookup_cache)
{
	pages_exit();
}

/* Without a cache nothing hits, and with one as large as the machine nearly all does. */
TEST_F(lookup_cache, hits_by_size)
{
	ASSERT_EQ(0, vmr_reader_set_cache(&m.reader, NULL, 0));
	nr_hits(0, NR_DEVICES);
	EXPECT_GE(1U, nr_hits(0, NR_DEVICES));
	ASSERT_EQ(0, vmr_reader_set_cache(&m.reader, sets, NR_DEVICES / 2));
	nr_hits(0, NR_DEVICES);
	EXPECT_EQ((unsigned int)NR_DEVICES, nr_hits(0, NR_DEVICES));
	/* With half as many entries, the first entry of each set remains */
	ASSERT_EQ(0, vmr_reader_set_cache(&m.reader, sets, NR_DEVICES / 4));
	nr_hits(0, NR_DEVICES);
	EXPECT_LE(NR_DEVICES / 4U, nr_hits(0, NR_DEVICES));
}

/* A cache may have any number of sets, and one with a single set serves two addresses. */
TEST_F(lookup_cache, any_number_of_sets)
{
	static const uint32_t sizes[] = { 1, 2, 3, 7, 100, NR_DEVICES };
	size_t i;

	for (i = 0; i < NR(sizes); i++) {
		ASSERT_EQ(0, vmr_reader_set_cache(&m.reader, sets, sizes[i]));
		nr_hits(5, 2);
		EXPECT_EQ(2U, nr_hits(5, 2));
		/* Each address has a set */
		EXPECT_LE((unsigned int)(2 * sizes[i] > NR_DEVICES ?
						 NR_DEVICES : sizes[i]),
			  (nr_hits(0, NR_DEVICES), nr_hits(0, NR_DEVICES)));
	}
}

/* A lookup of one address of a device serves all of its addresses, to the last. */
TEST_F(lookup_cache, first_and_last_address)
{
	ASSERT_EQ(0, vmr_reader_set_cache(&m.reader, sets, 8));
	nr_hits(8, 3);
	EXPECT_EQ(3U, nr_hits(8, 3));
	EXPECT_TRUE(hits_at(AT(8) + 0xfff));
	EXPECT_TRUE(hits_at(AT(9) + 0xfff));
	EXPECT_TRUE(hits_at(AT(10) + 0xfff));
}

/* A scan over the machine, longer than the cache, leaves what was hit often. */
TEST_F(lookup_cache, scan_leaves_hot_entries)
{
	ASSERT_EQ(0, vmr_reader_set_cache(&m.reader, sets, 4 * HOT));
	nr_hits(0, HOT);
	EXPECT_EQ((unsigned int)HOT, nr_hits(0, HOT));
	nr_hits(HOT, NR_DEVICES - HOT);
	EXPECT_LE(HOT * 3U / 4, nr_hits(0, HOT));
	/* And when the guest turns to other devices, they get the places. */
	nr_hits(500, HOT);
	nr_hits(500, HOT);
	nr_hits(500, HOT);
	EXPECT_EQ((unsigned int)HOT, nr_hits(500, HOT));
}

/* A device that moves, leaves or comes is not answered from the cache. */
TEST_F(lookup_cache, changes_are_seen)
{
	uint8_t byte;

	ASSERT_EQ(0, vmr_reader_set_cache(&m.reader, sets, 8));
	nr_hits(8, 3);
	EXPECT_EQ(3U, nr_hits(8, 3));
	ASSERT_EQ(0, vmr_region_move(&m.manager, &item(8)->region, AT(8) + 0x800,
				     NULL));
	EXPECT_EQ(-ENXIO, vmr_read(&m.reader, VMR_MMIO, AT(8), &byte, 1, 1));
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, AT(8) + 0x1000, &byte, 1, 1));
	ASSERT_EQ(1, vmr_device_unregister(&m.manager, &item(9)->dev));
	EXPECT_EQ(-ENXIO, vmr_read(&m.reader, VMR_MMIO, AT(9), &byte, 1, 1));
	EXPECT_TRUE(hits(10));
}

/* A port and a guest physical address with one number are apart. */
TEST(lookup_cache_ports_and_memory)
{
	static struct vmr_cache_set one[1];
	struct probe port, memory;
	uint8_t byte;
	int i;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&port, "port", VMR_PIO, 0, 0x10));
	ASSERT_EQ(0, probe_up(&memory, "memory", VMR_MMIO, 0, 0x1000));
	ASSERT_EQ(0, vmr_reader_set_cache(&m.reader, one, 1));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(&port.region[0], responder(VMR_PIO, 8));
		EXPECT_EQ(&memory.region[0], responder(VMR_MMIO, 8));
		EXPECT_EQ(-ENXIO, vmr_read(&m.reader, VMR_PIO, 0x10, &byte, 1, 1));
	}
}

static int set_inside;

static void set_cache_inside(struct probe *p, const struct vmr_access *access)
{
	(void)p;
	set_inside = vmr_reader_set_cache(access->reader, NULL, 0);
}

/* Each error, in the order of the header; a call that fails leaves the cache. */
TEST(lookup_cache_errors)
{
	struct vmr_cache_set two[2];
	struct vmr_reader other = { 0 };
	struct probe p;
	uint8_t byte;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	memset(two, 0xee, sizeof(two));
	EXPECT_EQ(-EINVAL, vmr_reader_set_cache(NULL, two, 2));
	EXPECT_EQ(-EINVAL, vmr_reader_set_cache(&other, NULL, 2));
	EXPECT_EQ(-EINVAL, vmr_reader_set_cache(&other, two, 0));
	EXPECT_EQ(-EINVAL, vmr_reader_set_cache(&other, two,
						VMR_CACHE_SETS_MAX + 1));
	EXPECT_EQ(-ENOENT, vmr_reader_set_cache(&other, two, 2));
	EXPECT_EQ(0xeeU, *(uint8_t *)two);
	ASSERT_EQ(0, vmr_reader_set_cache(&m.reader, two, 2));
	p.inside = set_cache_inside;
	ASSERT_EQ(0, vmr_read(&m.reader, VMR_MMIO, 0x1000, &byte, 1, 1));
	EXPECT_EQ(-EDEADLK, set_inside);
	EXPECT_EQ((void *)two, (void *)m.reader.cache);
	EXPECT_EQ(2U, m.reader.nr_sets);
	EXPECT_EQ(0, vmr_reader_set_cache(&m.reader, NULL, 0));
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, 0x1000, &byte, 1, 1));
}

TEST_HARNESS_MAIN

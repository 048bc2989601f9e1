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

/* The set of a device among four: the exclusive or of eight pairs of bits of its page */
static unsigned int set_of_four(size_t i)
{
	unsigned int pairs = AT(i) / 0x1000 & 0xffff, set = 0;

	for (; pairs; pairs >>= 2)
		set ^= pairs & 3;
	return set;
}

/* The @n-th device, from 0, in set @set of four */
static size_t in_set(unsigned int set, unsigned int n)
{
	size_t i;

	for (i = 0; set_of_four(i) != set || n--; i++)
		;
	return i;
}

/* A set that does not exist is that without its upper bit: of three, 3 is set 1. */
TEST_F(lookup_cache, absent_set_has_lower_bits)
{
	const size_t devices[] = { in_set(0, 0), in_set(0, 1), in_set(2, 0),
				   in_set(2, 1), in_set(1, 0), in_set(3, 0) };
	unsigned int turn, found = 0;
	size_t i;

	ASSERT_EQ(0, vmr_reader_set_cache(&m.reader, sets, 3));
	for (turn = 0; turn < 3; turn++)
		for (i = 0, found = 0; i < NR(devices); i++)
			found += hits(devices[i]);
	EXPECT_EQ((unsigned int)NR(devices), found);
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

/* Cached lookups survive 10,000 moves and more of other regions. */
TEST_F(lookup_cache, moves_of_others_leave_entries)
{
	size_t i, k;

	ASSERT_EQ(0, vmr_reader_set_cache(&m.reader, sets, NR_DEVICES / 2));
	nr_hits(0, HOT);
	EXPECT_EQ((unsigned int)HOT, nr_hits(0, HOT));
	for (k = 0; k < 10; k++)
		for (i = HOT; i < NR_DEVICES; i++)
			ASSERT_EQ(0, vmr_region_move(&m.manager, &item(i)->region,
						     AT(i) + (k % 2 ? 0 : 0x1000),
						     NULL));
	EXPECT_EQ((unsigned int)HOT, nr_hits(0, HOT));
}

/* Where item 8 was found by the lookup cache, nothing answers after a change. */
#define EXPECT_CHANGE_SEEN(change) \
	do { \
		nr_hits(8, 1); \
		EXPECT_EQ(1U, nr_hits(8, 1)); \
		EXPECT_LE(0, (change)); \
		EXPECT_EQ(-ENXIO, vmr_read(&m.reader, VMR_MMIO, AT(8), &byte, 1, 1)); \
		EXPECT_EQ(0, vmr_region_program(&m.manager, region, AT(8))); \
	} while (0)

/* Each kind of change by which a region leaves its addresses is seen. */
TEST_F(lookup_cache, each_kind_of_change_is_seen)
{
	struct vmr_region *region = &item(8)->region;
	struct vmr_program_op op = { .region = region };
	struct vmr_move_op step = { .range = &region->range,
				    .start = AT(8) + 0x1000 };
	uint8_t byte;

	EXPECT_CHANGE_SEEN(vmr_region_move(&m.manager, region, AT(8) + 0x1000, NULL));
	EXPECT_CHANGE_SEEN(vmr_region_move_bulk(&m.manager, &step, 1, NULL, NULL));
	EXPECT_CHANGE_SEEN(vmr_region_program(&m.manager, region, AT(8) + 0x1000));
	/* A claim, for addresses that item 9 has */
	EXPECT_CHANGE_SEEN(vmr_region_program(&m.manager, region, AT(9) - 0x800));
	EXPECT_CHANGE_SEEN(vmr_region_park(&m.manager, region, AT(8)));
	EXPECT_CHANGE_SEEN(vmr_region_unmap(&m.manager, region));
	/* As a command register that switches decoding off */
	op.placement.state = VMR_PARKED;
	op.placement.start = AT(8);
	EXPECT_CHANGE_SEEN(vmr_region_program_bulk(&m.manager, &item(8)->dev, &op, 1,
						   NULL));
	op.placement.state = VMR_FREE;
	EXPECT_CHANGE_SEEN(vmr_region_program_bulk(&m.manager, &item(8)->dev, &op, 1,
						   NULL));
	/* By the engine, which the device layer does not know of */
	EXPECT_CHANGE_SEEN(vmr_free(&m.sys.mmio, &region->range));
	EXPECT_CHANGE_SEEN(vmr_park(&m.sys.mmio, &region->range, AT(8), AT(8) + 0xfff));
	EXPECT_SOUND();
}

/*
 * The memory of a device that was unregistered and drained is not accessed, whether its
 * region was live or parked. Here another device has got the memory.
 */
static void reuse_after_removal(struct __test_metadata *_metadata, bool parked)
{
	struct item *it = item(8);
	uint8_t byte = 0;

	ASSERT_EQ(0, vmr_reader_set_cache(&m.reader, sets, 8));
	nr_hits(8, 1);
	EXPECT_EQ(1U, nr_hits(8, 1));
	if (parked)
		EXPECT_EQ(0, vmr_region_park(&m.manager, &it->region, AT(8)));
	EXPECT_EQ(!parked, vmr_device_unregister(&m.manager, &it->dev));
	EXPECT_EQ(0, vmr_device_drain(&m.manager, &it->dev));
	it->region.device = &item(9)->dev;
	it->region.generation = 0;
	EXPECT_EQ(-ENXIO, vmr_read(&m.reader, VMR_MMIO, AT(8), &byte, 1, 1));
	EXPECT_EQ(0xffU, byte);
}

TEST_F(lookup_cache, removed_region_not_accessed)
{
	reuse_after_removal(_metadata, false);
}

TEST_F(lookup_cache, removed_parked_region_not_accessed)
{
	reuse_after_removal(_metadata, true);
}

/*
 * The same if the generation of the slot repeats meanwhile: the rollover is tested
 * before the region is accessed.
 */
TEST_F(lookup_cache, removed_region_behind_rollover)
{
	struct vmr_generations before = m.sys.generations;
	struct item *it = item(8);
	uint8_t byte = 0;
	size_t i;

	ASSERT_EQ(0, vmr_reader_set_cache(&m.reader, sets, 8));
	nr_hits(8, 1);
	EXPECT_EQ(1U, nr_hits(8, 1));
	ASSERT_EQ(1, vmr_device_unregister(&m.manager, &it->dev));
	ASSERT_EQ(0, vmr_device_drain(&m.manager, &it->dev));
	before.rollover++;
	m.sys.generations = before;
	pages_window = NR(pages_open);
	pages_watch();
	EXPECT_EQ(-ENXIO, vmr_read(&m.reader, VMR_MMIO, AT(8), &byte, 1, 1));
	EXPECT_LT((size_t)0, pages_unwatch());
	pages_window = 0;
	for (i = 0; i < NR(pages_open); i++)
		EXPECT_NE(pages + 8 * page_size, pages_open[i]);
}

/* The region leaves its addresses for the last time before its generation repeats. */
static void repeat_generation(void)
{
	vmr_region_program(&m.manager, &item(8)->region, AT(8) + 0x1000);
}

/*
 * A generation may repeat while a lookup sleeps, between its first test of the rollover
 * and its load of the region's generation.
 */
TEST_F(lookup_cache, rollover_during_lookup_is_seen)
{
	struct vmr_region *region = &item(8)->region;
	uint8_t byte = 0;
	int ret;

	ASSERT_EQ(0, vmr_reader_set_cache(&m.reader, sets, 8));
	region->generation = 0;
	nr_hits(8, 1);
	EXPECT_EQ(1U, nr_hits(8, 1));
	ASSERT_EQ(0, vmr_region_park(&m.manager, region, AT(8)));
	ASSERT_EQ(0, vmr_region_program(&m.manager, region, AT(8) + 0x800));
	/* The reader observes the rollover of the changes up to here */
	region->generation = 0xffff;
	pages_hook_at = 0;
	pages_hook = repeat_generation;
	pages_watch();
	ret = vmr_read(&m.reader, VMR_MMIO, AT(8), &byte, 1, 1);
	pages_unwatch();
	EXPECT_TRUE(!pages_hook);
	EXPECT_EQ(0U, region->generation);
	EXPECT_EQ(-ENXIO, ret);
	EXPECT_EQ(0xffU, byte);
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

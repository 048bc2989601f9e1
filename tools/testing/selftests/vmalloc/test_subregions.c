// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_subregions.c - accesses to subregions, with lookup caches of several sizes
 *
 * A memory region has subregions at its first and last address, two without a gap
 * between them, one of many pages, and some that are less than a page. Each access is
 * compared with a table of them. The accesses of one run share a lookup cache, and their
 * order is such that each one finds the results of others in its set.
 */
#include "../kselftest_harness.h"

#include "machine.h"
#include "node_watch.h"

#define PAGE		0x1000ull
#define WHOLE		0x20000ull
#define BASE		0x100000ull
#define NR_PARTS	7

/* For ports, offsets and sizes are divided by a scale */
static const struct {
	uint64_t	offset;
	uint64_t	size;
} layout[NR_PARTS] = {
	{ 0x0, 0x1000 },
	{ 0x3000, 0x800 },
	{ 0x4000, 0x8 },
	{ 0x5000, 0x1000 },
	{ 0x6000, 0x4000 },		/* no gap in front of it */
	{ 0xb800, 0x1800 },		/* begins in the middle of a page */
	{ WHOLE - 0x2000, 0x2000 },
};

static struct vmr_region part[NR_PARTS];
static struct vmr_cache_set sets[64];
static uint8_t host[WHOLE];
static struct probe p;

static int whole_up(enum vmr_io io, uint64_t base, uint64_t scale, void *memory)
{
	size_t i;
	int ret;

	memset(part, 0, sizeof(part));
	probe_init(&p, "whole");
	ret = probe_region(&p, 0, io, VMR_REGION_MEMORY, WHOLE / scale);
	p.region[0].host = memory;
	for (i = 0; i < NR_PARTS && !ret; i++) {
		vmr_region_init(&part[i], io, VMR_REGION_TRAPPED,
				layout[i].size < scale ? 1 : layout[i].size / scale,
				10 + (uint32_t)i, "part");
		part[i].offset = layout[i].offset / scale;
		ret = vmr_region_add_subregion(&p.region[0], &part[i]);
	}
	vmr_constraint_init_fixed(probe_want(&p), io == VMR_PIO ? VMR_KIND_PIO :
							      VMR_KIND_MMIO,
				  base, WHOLE / scale, &p.region[0].range);
	return ret ? ret : vmr_device_register(&m.manager, &p.dev, NULL, NULL);
}

/* The region that answers at @offset, from [@first, @last]; @size is that of the whole */
static struct vmr_region *expected(uint64_t offset, uint64_t size, uint64_t *first,
				   uint64_t *last)
{
	struct vmr_region *found = &p.region[0];
	size_t i;

	*first = 0;
	*last = size - 1;
	for (i = 0; i < NR_PARTS; i++) {
		if (part[i].offset > offset) {
			if (part[i].offset - 1 < *last)
				*last = part[i].offset - 1;
		} else if (offset - part[i].offset < part[i].size) {
			found = &part[i];
			*first = part[i].offset;
			if (*first + part[i].size - 1 < *last)
				*last = *first + part[i].size - 1;
		}
	}
	return found;
}

/* Whether one access has the result that the table gives */
static int right(enum vmr_io io, uint64_t base, uint64_t size, uint64_t offset,
		 uint32_t width, int write)
{
	uint64_t first, last;
	struct vmr_region *want = expected(offset, size, &first, &last);
	uint8_t data[8] = { 0 };
	int ret, in_host = want == &p.region[0] && want->host &&
			   !(write && want->read_only);

	memset(&seen, 0, sizeof(seen));
	ret = write ? vmr_write(&m.reader, io, base + offset, data, width, 1) :
		      vmr_read(&m.reader, io, base + offset, data, width, 1);
	if (last - offset < width - 1)
		return ret == -ENXIO && !seen.calls;
	if (ret || seen.calls != !in_host)
		return 0;
	if (in_host)
		return write || data[0] == host[offset];
	return seen.access.region == want && seen.dev == &p.dev &&
	       seen.access.base == base + first &&
	       seen.access.offset == offset - first && seen.wrote == write;
}

static uint64_t wrong_at;

#define EXPECT_ALL_RIGHT(...) \
	EXPECT_TRUE(all_right(__VA_ARGS__)) { \
		TH_LOG("at offset %#llx", (unsigned long long)wrong_at); \
	}

/* The edges of all subregions and of the pages around them, in an order that jumps */
static int all_right(enum vmr_io io, uint64_t base, uint64_t size, uint64_t scale)
{
	uint64_t step = PAGE / 4 / scale, nr = size / step, i, at;
	uint32_t width;
	int near;

	for (i = 0; i < 3 * nr; i++)
		for (near = -4; near <= 4; near++)
			for (width = 1; width <= 8; width *= 2) {
				at = i * 37 % (nr + 1) * step + (uint64_t)near;
				if (at >= size)
					continue;
				if (!right(io, base, size, at, width,
					   (int)(i + width) & 1)) {
					wrong_at = at;
					return 0;
				}
			}
	return 1;
}

static const uint32_t cache_sizes[] = { 0, 1, 2, 7, NR(sets) };

static int set_cache(uint32_t nr)
{
	return vmr_reader_set_cache(&m.reader, nr ? sets : NULL, nr);
}

FIXTURE(subregions) {
	int unused;
};

FIXTURE_SETUP(subregions)
{
	size_t i;

	self->unused = 0;
	for (i = 0; i < sizeof(host); i++)
		host[i] = (uint8_t)(i * 7);
	ASSERT_EQ(0, machine_up());
}

FIXTURE_TEARDOWN(subregions)
{
}

/* With a cache of any size, the subregion or the memory answers from its own start. */
TEST_F(subregions, answers_with_any_cache)
{
	size_t i;

	ASSERT_EQ(0, whole_up(VMR_MMIO, BASE, 1, NULL));
	for (i = 0; i < NR(cache_sizes); i++) {
		ASSERT_EQ(0, set_cache(cache_sizes[i]));
		EXPECT_ALL_RIGHT(VMR_MMIO, BASE, WHOLE, 1);
	}
}

/* The same beside memory that the library serves, also if that is read-only. */
TEST_F(subregions, answers_beside_host_memory)
{
	size_t i;

	ASSERT_EQ(0, whole_up(VMR_MMIO, BASE, 1, host));
	for (i = 0; i < NR(cache_sizes); i++) {
		ASSERT_EQ(0, set_cache(cache_sizes[i]));
		p.region[0].read_only = i & 1;
		EXPECT_ALL_RIGHT(VMR_MMIO, BASE, WHOLE, 1);
	}
}

/* The same for ports, of which a set of the cache has 8 neighbours. */
TEST_F(subregions, answers_at_ports)
{
	const uint64_t scale = 0x200;
	size_t i;

	ASSERT_EQ(0, whole_up(VMR_PIO, 0x1000, scale, NULL));
	for (i = 0; i < NR(cache_sizes); i++) {
		ASSERT_EQ(0, set_cache(cache_sizes[i]));
		EXPECT_ALL_RIGHT(VMR_PIO, 0x1000, WHOLE / scale, scale);
	}
}

/* A region that got smaller while it was unmapped cuts the subregion at its end. */
TEST_F(subregions, cut_by_end_of_region)
{
	const uint64_t size = 0x8000;
	struct probe next;
	size_t i;

	ASSERT_EQ(0, whole_up(VMR_MMIO, BASE, 1, NULL));
	ASSERT_EQ(0, vmr_region_unmap(&m.manager, &p.region[0]));
	p.region[0].size = size;
	ASSERT_EQ(0, vmr_region_program(&m.manager, &p.region[0], BASE));
	ASSERT_EQ(0, probe_up(&next, "next", VMR_MMIO, BASE + size, 0x1000));
	for (i = 0; i < NR(cache_sizes); i++) {
		ASSERT_EQ(0, set_cache(cache_sizes[i]));
		EXPECT_ALL_RIGHT(VMR_MMIO, BASE, size, 1);
		EXPECT_EQ(&next.region[0], responder(VMR_MMIO, BASE + size));
		EXPECT_EQ(&part[4], responder(VMR_MMIO, BASE + size - 1));
		EXPECT_EQ(&next.region[0], responder(VMR_MMIO, BASE + size));
	}
}

/* A cached subregion is valid no longer than its memory region stays where it is. */
TEST_F(subregions, cached_until_region_leaves)
{
	struct probe other;

	ASSERT_EQ(0, whole_up(VMR_MMIO, BASE, 1, NULL));
	ASSERT_EQ(0, set_cache(NR(sets)));
	EXPECT_ALL_RIGHT(VMR_MMIO, BASE, WHOLE, 1);
	ASSERT_EQ(0, vmr_region_program(&m.manager, &p.region[0], BASE + PAGE));
	EXPECT_NULL(responder(VMR_MMIO, BASE));
	EXPECT_ALL_RIGHT(VMR_MMIO, BASE + PAGE, WHOLE, 1);
	ASSERT_EQ(0, vmr_region_unmap(&m.manager, &p.region[0]));
	EXPECT_NULL(responder(VMR_MMIO, BASE + PAGE));
	EXPECT_NULL(responder(VMR_MMIO, BASE + PAGE + 0x6000));
	ASSERT_EQ(0, probe_up(&other, "other", VMR_MMIO, BASE + 0x6000, 0x2000));
	EXPECT_EQ(&other.region[0], responder(VMR_MMIO, BASE + 0x6000));
	ASSERT_EQ(0, vmr_region_program(&m.manager, &p.region[0], 2 * BASE));
	EXPECT_ALL_RIGHT(VMR_MMIO, 2 * BASE, WHOLE, 1);
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &p.dev));
	EXPECT_NULL(responder(VMR_MMIO, 2 * BASE));
	EXPECT_NULL(responder(VMR_MMIO, 2 * BASE + 0x6000));
	EXPECT_EQ(0, vmr_device_drain(&m.manager, &p.dev));
}

/* A subregion is trapped, whatever type its struct has, in the cache and outside it. */
TEST_F(subregions, trapped_whatever_their_type)
{
	ASSERT_EQ(0, whole_up(VMR_MMIO, BASE, 1, host));
	ASSERT_EQ(0, set_cache(NR(sets)));
	part[3].type = VMR_REGION_MEMORY;
	part[4].type = VMR_REGION_RESERVED;
	/* Walks, and then hits */
	EXPECT_ALL_RIGHT(VMR_MMIO, BASE, WHOLE, 1);
	EXPECT_ALL_RIGHT(VMR_MMIO, BASE, WHOLE, 1);
}

#define NR_COUNTED	256

/*
 * A hit of a subregion visits that one and no other, and neither does it visit their
 * memory region. Each is on a page that is counted.
 */
TEST_F(subregions, hit_visits_one)
{
	struct vmr_region *memory, *at;
	size_t i, visits;
	uint8_t byte;

	NEEDS(page_faults);
	ASSERT_EQ(0, pages_init((NR_COUNTED + 1) * pages_one()));
	probe_init(&p, "counted");
	memory = (struct vmr_region *)node(NR_COUNTED);
	memset(memory, 0, sizeof(*memory));
	vmr_region_init(memory, VMR_MMIO, VMR_REGION_MEMORY, NR_COUNTED * 2 * PAGE, 0,
			"memory");
	ASSERT_EQ(0, vmr_device_add_region(&p.dev, memory));
	for (i = 0; i < NR_COUNTED; i++) {
		at = (struct vmr_region *)node(i);
		memset(at, 0, sizeof(*at));
		vmr_region_init(at, VMR_MMIO, VMR_REGION_TRAPPED, PAGE, 1, "part");
		at->offset = 2 * i * PAGE;
		ASSERT_EQ(0, vmr_region_add_subregion(memory, at));
	}
	ASSERT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	ASSERT_EQ(0, vmr_region_program(&m.manager, memory, BASE));
	ASSERT_EQ(0, set_cache(NR(sets)));
	for (i = 0; i < 3 * 32; i++) {
		pages_watch();
		vmr_read(&m.reader, VMR_MMIO, BASE + i % 32 * 8 * 2 * PAGE, &byte,
			 1, 1);
		visits = pages_unwatch();
		EXPECT_EQ((struct vmr_region *)node(i % 32 * 8),
			  seen.access.region);
		if (i >= 32)
			EXPECT_EQ((size_t)1, visits);
	}
	pages_exit();
}

TEST_HARNESS_MAIN

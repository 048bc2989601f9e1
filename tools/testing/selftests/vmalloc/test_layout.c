// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_layout.c - the layouts of the usual machines, window splits, reserved spans
 */
#include "../kselftest_harness.h"
#include "machine.h"

#include <vmalloc/layout.h>

#define MIB	0x100000ull
#define TIB	0x10000000000ull

struct plan {
	struct vmr_layout_config	config;
	struct vmr_layout		layout;
	struct vmr_layout_segment		segments[8];
	struct vmr_region		region[8];
	struct vmr_range		range[8];
	struct vmr_resource		res[8];
	struct vmr_resource_set		set;
	const struct vmr_span		*bad;
};

static struct plan p;
static struct vmr_range *conflict;
static struct vmr_range no_range;

/* Window splits */

static struct vmr_span cuts[100];
static uint32_t weights[100];

static int cut(uint64_t start, uint64_t last, uint64_t grain,
	       const uint32_t *w, size_t nr)
{
	const struct vmr_span window = { start, last, "window" };

	return vmr_window_split(&window, grain, w, nr, cuts);
}

/* The apertures are in order, adjoin, fill the window, and start at grains. */
static int cuts_valid(uint64_t start, uint64_t last, uint64_t grain, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		if (cuts[i].start != (i ? cuts[i - 1].last + 1 : start))
			return 0;
		if (i && cuts[i].start & (grain - 1))
			return 0;
		if (cuts[i].last < cuts[i].start ||
		    strcmp(cuts[i].name, "window"))
			return 0;
	}
	return cuts[nr - 1].last == last;
}

#define REFUSE_CUT(err, call) \
	do { \
		memset(cuts, 0xa5, sizeof(cuts)); \
		EXPECT_EQ((err), (call)) { \
			TH_LOG("%s", #call); \
		} \
		EXPECT_EQ(0xa5, *(unsigned char *)cuts) { \
			TH_LOG("%s failed and wrote the apertures", #call); \
		} \
	} while (0)

#define EXPECT_CUT(i, start_, last_) \
	do { \
		EXPECT_EQ((uint64_t)(start_), cuts[i].start); \
		EXPECT_EQ((uint64_t)(last_), cuts[i].last); \
	} while (0)

/* A window is split in proportion to the weights, at multiples of the grain. */
TEST(window_split_by_weight)
{
	weights[0] = 1;
	weights[1] = 2;
	weights[2] = 1;
	ASSERT_EQ(0, cut(0xc0000000, 0xdfffffff, 0x1000, weights, 3));
	EXPECT_CUT(0, 0xc0000000, 0xc7ffffff);
	EXPECT_CUT(1, 0xc8000000, 0xd7ffffff);
	EXPECT_CUT(2, 0xd8000000, 0xdfffffff);
}

/* The last aperture gets the addresses that the division leaves over. */
TEST(window_split_last_takes_rest)
{
	/* 10 grains / 3: 3, 3 and 4 */
	ASSERT_EQ(0, cut(0x10000, 0x19fff, 0x1000, NULL, 3));
	EXPECT_CUT(0, 0x10000, 0x12fff);
	EXPECT_CUT(1, 0x13000, 0x15fff);
	EXPECT_CUT(2, 0x16000, 0x19fff);
	/* The rest includes a part of a grain. */
	ASSERT_EQ(0, cut(0x10000, 0x19ffe, 0x1000, NULL, 3));
	EXPECT_CUT(2, 0x16000, 0x19ffe);
}

/* A 64-bit window can be split with the grain VMR_WINDOW_ALIGN_64. */
TEST(window_split_64_bit_grain)
{
	const uint64_t last = (1ull << 39) - 1;

	/* 126 grains / 4 */
	ASSERT_EQ(0, cut(2 * VMR_WINDOW_ALIGN_64, last, VMR_WINDOW_ALIGN_64, NULL, 4));
	EXPECT_CUT(0, 2 * VMR_WINDOW_ALIGN_64, 33 * VMR_WINDOW_ALIGN_64 - 1);
	EXPECT_CUT(3, 95 * VMR_WINDOW_ALIGN_64, last);
}

/* The first aperture starts at the start of the window, aligned or not. */
TEST(window_split_unaligned_start)
{
	ASSERT_EQ(0, cut(0x10800, 0x14fff, 0x1000, NULL, 2));
	EXPECT_CUT(0, 0x10800, 0x12fff);
	EXPECT_CUT(1, 0x13000, 0x14fff);
}

/* A window that covers the whole domain can be split. */
TEST(window_split_of_whole_domain)
{
	ASSERT_EQ(0, cut(0, VMR_ADDR_MAX, 1, NULL, 2));
	EXPECT_CUT(0, 0, VMR_ADDR_MAX >> 1);
	EXPECT_CUT(1, (VMR_ADDR_MAX >> 1) + 1, VMR_ADDR_MAX);
	ASSERT_EQ(0, cut(0, VMR_ADDR_MAX, 1, NULL, 1));
	EXPECT_CUT(0, 0, VMR_ADDR_MAX);
	ASSERT_EQ(0, cut(0, VMR_ADDR_MAX, 1, NULL, 3));
	EXPECT_CUT(0, 0, 0x5555555555555554ull);
	EXPECT_CUT(1, 0x5555555555555555ull, 0xaaaaaaaaaaaaaaa9ull);
	EXPECT_CUT(2, 0xaaaaaaaaaaaaaaaaull, VMR_ADDR_MAX);
	ASSERT_EQ(0, cut(0, VMR_ADDR_MAX, 1ull << 63, NULL, 2));
	EXPECT_CUT(1, 1ull << 63, VMR_ADDR_MAX);
	ASSERT_EQ(0, cut(VMR_ADDR_MAX - 1, VMR_ADDR_MAX, 1, NULL, 2));
	EXPECT_CUT(0, VMR_ADDR_MAX - 1, VMR_ADDR_MAX - 1);
	EXPECT_CUT(1, VMR_ADDR_MAX, VMR_ADDR_MAX);
}

/* The sum of the weights does not overflow. */
TEST(window_split_weights_no_overflow)
{
	weights[0] = UINT32_MAX;
	weights[1] = UINT32_MAX;
	weights[2] = UINT32_MAX;
	ASSERT_EQ(0, cut(0, VMR_ADDR_MAX, 1, weights, 3));
	EXPECT_TRUE(cuts_valid(0, VMR_ADDR_MAX, 1, 3));
	/* 2^64 / (3 * (2^32 - 1)) is 1431655765 and 2/3. */
	EXPECT_CUT(0, 0, 1431655765ull * UINT32_MAX - 1);
}

/* A split of several apertures needs at least one grain for each unit of weight. */
TEST(window_split_needs_grain_per_weight)
{
	weights[0] = 3;
	weights[1] = 1;
	ASSERT_EQ(0, cut(0x1000, 0x4fff, 0x1000, weights, 2));
	EXPECT_CUT(0, 0x1000, 0x3fff);
	EXPECT_CUT(1, 0x4000, 0x4fff);
	REFUSE_CUT(-ENOSPC, cut(0x1000, 0x4ffe, 0x1000, weights, 2));
	REFUSE_CUT(-ENOSPC, cut(0x1001, 0x4fff, 0x1000, weights, 2));
	REFUSE_CUT(-ENOSPC, cut(0x1001, 0x1fff, 0x1000, NULL, 2));
	REFUSE_CUT(-ENOSPC, cut(VMR_ADDR_MAX - 5, VMR_ADDR_MAX - 1, 0x1000, NULL, 2));
	/* One aperture needs no grain. */
	ASSERT_EQ(0, cut(0x1001, 0x1002, 0x1000, NULL, 1));
	EXPECT_CUT(0, 0x1001, 0x1002);
}

/* A split fails with -EINVAL for invalid arguments and stores nothing. */
TEST(window_split_invalid_args)
{
	const struct vmr_span window = { 0, 0xffff, NULL };

	weights[0] = 1;
	weights[1] = 0;
	REFUSE_CUT(-EINVAL, vmr_window_split(NULL, 1, NULL, 1, cuts));
	REFUSE_CUT(-EINVAL, vmr_window_split(&window, 1, NULL, 1, NULL));
	REFUSE_CUT(-EINVAL, cut(0, 0xffff, 0x1000, NULL, 0));
	REFUSE_CUT(-EINVAL, cut(0, 0xffff, 0x1000, weights, 2));
	REFUSE_CUT(-EINVAL, cut(0, 0xffff, 0, NULL, 2));
	REFUSE_CUT(-EINVAL, cut(0, 0xffff, 3, NULL, 2));
	REFUSE_CUT(-EINVAL, cut(1, 0, 1, NULL, 1));
}

/* A split writes no more apertures than there are. */
TEST(window_split_writes_nr_apertures)
{
	struct vmr_layout_segment *behind = &p.segments[2];

	memset(cuts, 0xa5, sizeof(cuts));
	ASSERT_EQ(0, cut(0x10000, 0x1ffff, 0x1000, NULL, 2));
	EXPECT_EQ(0xa5, *(unsigned char *)&cuts[2]);
	ASSERT_EQ(0, vmr_layout_x86_64(&p.config, GIB, 0, 0));
	p.config.nr_segments = 2;
	p.config.segments = p.segments;
	memset(p.segments, 0xa5, sizeof(p.segments));
	ASSERT_EQ(0, vmr_layout_init(&p.layout, &m.sys, &p.config, NULL));
	EXPECT_EQ(0xa5, *(unsigned char *)behind);
	EXPECT_EQ(0xa5, *(unsigned char *)&behind->windows[1]);
}

/* The shares equal those of a division with wider numbers. */
TEST(window_split_shares_are_exact)
{
	uint64_t seed = 1, start, last, grain, sum, grains;
	unsigned int round, nr, i;

	for (round = 0; round < 20000; round++) {
		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		nr = 2 + (seed >> 60);
		grain = 1ull << (seed >> 54 & 31);
		start = (seed & 0xffffffffffull) * (seed >> 40 & 3) & -grain;
		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		last = start + (seed >> (seed & 31));
		if (last < start)
			last = VMR_ADDR_MAX;
		for (i = 0, sum = 0; i < nr; i++) {
			weights[i] = 1 + (uint32_t)(seed >> i & 0xff);
			sum += weights[i];
		}
		/* At most 2^64 - 1 addresses, or the next line overflows. */
		last -= last - start == VMR_ADDR_MAX;
		grains = (last - start + 1) / grain;
		if (grains < sum) {
			REFUSE_CUT(-ENOSPC, cut(start, last, grain, weights,
						nr));
			continue;
		}
		ASSERT_EQ(0, cut(start, last, grain, weights, nr));
		ASSERT_TRUE(cuts_valid(start, last, grain, nr));
		for (i = 0; i + 1 < nr; i++)
			ASSERT_EQ(grains / sum * weights[i] * grain,
				  cuts[i].last - cuts[i].start + 1);
	}
}

/* Layouts */

typedef int describe_fn(struct vmr_layout_config *config, uint64_t ram,
			uint64_t ram_max, uint32_t phys_bits);

static describe_fn *const machines[] = {
	vmr_layout_x86_64, vmr_layout_arm64, vmr_layout_riscv64,
};

static int layout_up(void)
{
	int ret = vmr_layout_init(&p.layout, &m.sys, &p.config, &p.bad);

	vmr_resource_set_init(&p.set, p.res, NR(p.res));
	return ret ? ret : vmr_manager_init(&m.manager, &m.sys);
}

static int up(describe_fn *describe, uint64_t ram)
{
	int ret = describe(&p.config, ram, 0, 0);

	return ret ? ret : layout_up();
}

static int want(struct vmr_constraint c)
{
	conflict = &no_range;
	return vmr_system_alloc_resources(&m.sys, &c, 1, &p.set, NULL, &conflict);
}

static struct vmr_constraint any(uint32_t kind, uint64_t size, uint32_t flags,
				 struct vmr_range *range)
{
	struct vmr_constraint c;

	vmr_constraint_init(&c, kind, size, range);
	c.flags = flags;
	return c;
}

static struct vmr_constraint at(uint32_t kind, uint64_t start, uint64_t size,
				struct vmr_range *range)
{
	struct vmr_constraint c;

	vmr_constraint_init_fixed(&c, kind, start, size, range);
	return c;
}

#define EXPECT_RANGE(start_, size_, r) \
	do { \
		EXPECT_EQ((uint64_t)(start_), (r)->start); \
		EXPECT_EQ((uint64_t)(start_) + ((size_) - 1), (r)->last); \
	} while (0)

static const struct vmr_system_pool *pool_named(const char *name)
{
	size_t i;

	for (i = 0; i < m.sys.nr_pools; i++)
		if (!strcmp(m.sys.pools[i].pool.name, name))
			return &m.sys.pools[i];
	return NULL;
}

/* Each machine can be initialised with each size of memory. */
TEST(layout_init_for_each_ram_size)
{
	static const uint64_t sizes[] = {
		1, 128 * MIB, 2 * GIB, 3 * GIB, 3 * GIB + 1, 4 * GIB, 5 * GIB,
		100 * GIB,
	};
	size_t i, j;

	for (i = 0; i < NR(machines); i++)
		for (j = 0; j < NR(sizes); j++) {
			EXPECT_EQ(0, up(machines[i], sizes[j]));
			EXPECT_SOUND();
		}
}

/* A lookup at a reserved span returns its region, which has no device. */
TEST(reserved_spans_found_by_lookup)
{
	struct vmr_region *reserved;
	size_t i, j;

	for (i = 0; i < NR(machines); i++) {
		ASSERT_EQ(0, up(machines[i], GIB));
		EXPECT_LT((size_t)0, p.layout.nr_reserved);
		EXPECT_EQ(p.layout.nr_reserved, m.sys.mmio.nr_ranges);
		for (j = 0; j < p.layout.nr_reserved; j++) {
			reserved = vmr_find_region(&m.manager, VMR_MMIO,
						   p.config.reserved[j].last);
			EXPECT_EQ(&p.layout.reserved[j], reserved);
			EXPECT_EQ(VMR_REGION_RESERVED, reserved->type);
			EXPECT_EQ(NULL, reserved->device);
			EXPECT_STREQ(p.config.reserved[j].name, reserved->name);
			EXPECT_EQ(p.config.reserved[j].last -
				  p.config.reserved[j].start + 1, reserved->size);
		}
	}
}

/* A fixed request in a reserved span fails with -EBUSY and reports its region. */
TEST(alloc_in_reserved_reports_conflict)
{
	ASSERT_EQ(0, up(vmr_layout_x86_64, GIB));
	EXPECT_EQ(-EBUSY, want(at(VMR_KIND_MMIO, 0xfee00000, 0x1000,
				  &p.range[0])));
	EXPECT_EQ(&p.layout.reserved[2].range, conflict);
}

/* The memory of a PC leaves out the addresses from 3 GiB to 4 GiB. */
TEST(pc_ram_split_around_3_to_4_gib)
{
	struct vmr_span pieces[VMR_LAYOUT_MAX_RAM];

	ASSERT_EQ(0, up(vmr_layout_x86_64, 8 * GIB));
	ASSERT_EQ(2, vmr_layout_ram(&p.config, 8 * GIB, pieces));
	EXPECT_EQ((uint64_t)0, pieces[0].start);
	EXPECT_EQ((uint64_t)(3 * GIB - 1), pieces[0].last);
	EXPECT_EQ((uint64_t)(4 * GIB), pieces[1].start);
	EXPECT_EQ((uint64_t)(9 * GIB - 1), pieces[1].last);
	EXPECT_EQ(0, want(at(VMR_KIND_MEM, 0, 3 * GIB, &p.range[0])));
	EXPECT_EQ(0, want(at(VMR_KIND_MEM, 4 * GIB, 5 * GIB, &p.range[1])));
	EXPECT_EQ(-ENOSPC, want(any(VMR_KIND_MEM, 0x1000, 0, &p.range[2])));
	/* The 64-bit window is the next. */
	EXPECT_EQ((uint64_t)(12 * GIB), p.config.windows[0].span.start);
	EXPECT_EQ((1ull << 39) - 1, p.config.windows[0].span.last);
}

/* Memory that fits below 3 GiB is one piece. */
TEST(pc_ram_below_3_gib_is_one_piece)
{
	struct vmr_span pieces[VMR_LAYOUT_MAX_RAM];

	ASSERT_EQ(0, up(vmr_layout_x86_64, GIB));
	EXPECT_EQ((size_t)1, p.config.nr_ram);
	EXPECT_EQ(1, vmr_layout_ram(&p.config, GIB, pieces));
	EXPECT_EQ((uint64_t)(GIB - 1), pieces[0].last);
	EXPECT_EQ((uint64_t)(4 * GIB), p.config.windows[0].span.start);
	EXPECT_EQ(-ENOSPC, vmr_layout_ram(&p.config, GIB + 1, pieces));
	EXPECT_EQ(-EINVAL, vmr_layout_ram(&p.config, 0, pieces));
	EXPECT_EQ(-EINVAL, vmr_layout_ram(NULL, GIB, pieces));
	EXPECT_EQ(-EINVAL, vmr_layout_ram(&p.config, GIB, NULL));
}

/* The windows leave room for memory that may be plugged later. */
TEST(pluggable_ram_has_reserved_addresses)
{
	ASSERT_EQ(0, vmr_layout_x86_64(&p.config, GIB, 16 * GIB, 0));
	ASSERT_EQ(0, layout_up());
	EXPECT_EQ((uint64_t)(17 * GIB - 1), p.config.ram[1].last);
	EXPECT_EQ((uint64_t)(20 * GIB), p.config.windows[0].span.start);
	EXPECT_EQ(0, want(at(VMR_KIND_MEM, 0, GIB, &p.range[0])));
	EXPECT_EQ(0, want(any(VMR_KIND_MEM, 4 * GIB, 0, &p.range[1])));
	EXPECT_RANGE(4 * GIB, 4 * GIB, &p.range[1]);
}

/*
 * A description with invalid arguments fails and does not write the configuration.
 */
TEST(layout_description_invalid_args)
{
	static struct vmr_layout_config before;
	size_t i;

	ASSERT_EQ(0, vmr_layout_arm64(&p.config, GIB, 0, 0));
	before = p.config;
	for (i = 0; i < NR(machines); i++) {
		EXPECT_EQ(-EINVAL, machines[i](NULL, GIB, 0, 0));
		EXPECT_EQ(-EINVAL, machines[i](&p.config, 0, 0, 0));
		EXPECT_EQ(-EINVAL, machines[i](&p.config, GIB, GIB - 1, 0));
		EXPECT_EQ(-EINVAL, machines[i](&p.config, GIB, 0, 32));
		EXPECT_EQ(-EINVAL, machines[i](&p.config, GIB, 0, 65));
		EXPECT_EQ(-ENOSPC, machines[i](&p.config, 1ull << 39, 0, 39));
		EXPECT_EQ(-ENOSPC, machines[i](&p.config, VMR_ADDR_MAX, 0, 64));
		EXPECT_EQ(0, memcmp(&before, &p.config, sizeof(before)));
	}
}

/* If memory leaves no room, the layout has no 64-bit window. */
TEST(layout_without_64_bit_window)
{
	/* Memory reaches into the last 4 GiB. */
	ASSERT_EQ(0, vmr_layout_x86_64(&p.config, 6 * GIB, 0, 33));
	ASSERT_EQ(0, layout_up());
	EXPECT_EQ((size_t)1, p.config.nr_windows);
	EXPECT_EQ(0, want(any(VMR_KIND_MMIO, MIB, VMR_64BIT, &p.range[0])));
	EXPECT_GT(4 * GIB, p.range[0].start);
}

/* A machine may have 64 physical address bits. */
TEST(layout_with_64_address_bits)
{
	size_t i;

	for (i = 0; i < NR(machines); i++) {
		ASSERT_EQ(0, machines[i](&p.config, 8 * TIB, 0,
					 64 | VMR_LAYOUT_WIDE));
		ASSERT_EQ(0, layout_up());
		EXPECT_EQ(VMR_ADDR_MAX, m.sys.mmio.last);
		EXPECT_EQ(0, want(any(VMR_KIND_MMIO, 1ull << 62, VMR_64BIT,
				      &p.range[0])));
		EXPECT_EQ(VMR_ADDR_MAX, p.range[0].last);
		memset(p.range, 0, sizeof(p.range));
	}
}

/* The 64-bit window ends at 46 bits, the domain at the width of the machine. */
TEST(window_ends_at_46_bits)
{
	size_t i;

	for (i = 0; i < NR(machines); i++) {
		ASSERT_EQ(0, machines[i](&p.config, GIB, 0, 52));
		EXPECT_EQ((1ull << 46) - 1, p.config.windows[0].span.last);
		ASSERT_EQ(0, layout_up());
		EXPECT_EQ((1ull << 52) - 1, m.sys.mmio.last);
		ASSERT_EQ(0, machines[i](&p.config, GIB, 0,
					 52 | VMR_LAYOUT_WIDE));
		EXPECT_EQ((uint32_t)52, p.config.phys_bits);
		EXPECT_EQ((1ull << 52) - 1, p.config.windows[0].span.last);
		ASSERT_EQ(0, machines[i](&p.config, GIB, 0, 46));
		EXPECT_EQ((1ull << 46) - 1, p.config.windows[0].span.last);
		ASSERT_EQ(0, machines[i](&p.config, GIB, 0, 45));
		EXPECT_EQ((1ull << 45) - 1, p.config.windows[0].span.last);
		EXPECT_EQ(-EINVAL, machines[i](&p.config, GIB, 0,
					       65 | VMR_LAYOUT_WIDE));
		/* Memory above 46 bits leaves no place for the window. */
		ASSERT_EQ(0, machines[i](&p.config, 1ull << 46, 0, 52));
		EXPECT_EQ((size_t)1, p.config.nr_windows);
		/* Only memory in the last 4 GiB ends the wide one. */
		ASSERT_EQ(0, machines[i](&p.config, 0 - (8ull << 40) - 8 * GIB,
					 0, 64 | VMR_LAYOUT_WIDE));
		EXPECT_EQ((size_t)2, p.config.nr_windows);
	}
}

/* Memory up to the last address leaves no place for a 64-bit window. */
TEST(ram_up_to_last_address)
{
	static const uint64_t unused[] = { TIB - 3 * GIB, GIB, 2 * GIB };
	size_t i;

	for (i = 0; i < NR(machines); i++) {
		ASSERT_EQ(0, machines[i](&p.config, 0 - unused[i], 0,
					 64 | VMR_LAYOUT_WIDE));
		EXPECT_EQ(VMR_ADDR_MAX, p.config.ram[p.config.nr_ram - 1].last);
		EXPECT_EQ((size_t)1, p.config.nr_windows);
		EXPECT_STREQ("mmio32", p.config.windows[0].span.name);
		EXPECT_EQ(0, layout_up());
	}
}

/* The configuration space begins at a multiple of its size. */
TEST(ecam_aligned_to_its_size)
{
	size_t i, j, nr;

	for (i = 0; i < NR(machines); i++) {
		ASSERT_EQ(0, machines[i](&p.config, GIB, 0, 0));
		for (j = 0, nr = 0; j < p.config.nr_platform; j++) {
			if (strcmp(p.config.platform[j].name, "ecam"))
				continue;
			nr++;
			EXPECT_EQ(256 * MIB, p.config.platform[j].last -
					     p.config.platform[j].start + 1);
			EXPECT_EQ((uint64_t)0, p.config.platform[j].start &
						       (256 * MIB - 1));
		}
		EXPECT_EQ((size_t)1, nr);
	}
}

#define HOLE_START	0xfd00000000ull
#define HOLE_LAST	0xffffffffffull

/* A PC has no window and no memory in AMD's HyperTransport hole. */
TEST(pc_avoids_hypertransport_hole)
{
	struct vmr_layout_config *c = &p.config;
	uint32_t bits;

	/* Below the hole, the window ends where it did. */
	ASSERT_EQ(0, vmr_layout_x86_64(c, 8 * GIB, 0, 39));
	EXPECT_EQ((1ull << 39) - 1, c->windows[0].span.last);
	ASSERT_EQ(0, vmr_layout_x86_64(c, 8 * GIB, 0, 40));
	EXPECT_EQ((uint64_t)(12 * GIB), c->windows[0].span.start);
	EXPECT_EQ(HOLE_START - 1, c->windows[0].span.last);
	for (bits = 41; bits <= 64; bits++) {
		ASSERT_EQ(0, vmr_layout_x86_64(c, 8 * GIB, 0, bits));
		EXPECT_EQ((uint64_t)TIB, c->windows[0].span.start);
		EXPECT_EQ((uint64_t)(9 * GIB - 1), c->ram[1].last);
	}
	/* The highest memory below the hole, and one byte more */
	ASSERT_EQ(0, vmr_layout_x86_64(c, HOLE_START - GIB, 0, 40));
	EXPECT_EQ(HOLE_START - 1, c->ram[1].last);
	EXPECT_EQ((size_t)1, c->nr_windows);
	EXPECT_EQ(-ENOSPC, vmr_layout_x86_64(c, HOLE_START - GIB + 1, 0, 40));
	ASSERT_EQ(0, vmr_layout_x86_64(c, HOLE_START - GIB + 1, 0, 42));
	EXPECT_EQ((uint64_t)TIB, c->ram[1].start);
	EXPECT_EQ(TIB + HOLE_START - 4 * GIB, c->ram[1].last);
	EXPECT_EQ(TIB + HOLE_START, c->windows[0].span.start);
	EXPECT_EQ(-ENOSPC, vmr_layout_x86_64(c, VMR_ADDR_MAX - TIB + 8 * GIB, 0,
					     64));
	/* Others have no such hole. */
	ASSERT_EQ(0, vmr_layout_arm64(c, 8 * GIB, 0, 41));
	EXPECT_EQ((uint64_t)(12 * GIB), c->windows[0].span.start);
}

/*
 * Memory blocks of @size, aligned to it, are plugged until all of @max is there.
 * Return what is missing.
 */
static uint64_t plug_blocks(uint64_t ram, uint64_t max, uint64_t size)
{
	static struct vmr_region block[256];
	struct vmr_span spans[VMR_LAYOUT_MAX_RAM];
	size_t nr = 0;
	int i, pieces = vmr_layout_ram(&p.config, ram, spans);

	memset(block, 0, sizeof(block));
	memset(p.range, 0, sizeof(p.range));
	for (i = 0; i < pieces; i++)
		if (want(at(VMR_KIND_MEM, spans[i].start,
			    spans[i].last - spans[i].start + 1, &p.range[i])))
			return max;
	for (max -= ram; max >= size && nr < NR(block); max -= size) {
		struct vmr_constraint c =
			any(VMR_KIND_MEM, size, 0, &block[nr++].range);

		c.request.align = size;
		if (want(c))
			return max;
	}
	return max;
}

/*
 * Memory can be plugged in aligned blocks up to the maximum, whatever the size of
 * the memory at the start.
 */
TEST(ch_1837)
{
	static const uint64_t ram[] = {
		512 * MIB, GIB, GIB + 0x1000, 2 * GIB + 900 * MIB,
		3 * GIB - 0x1000, 3 * GIB, 3 * GIB + 0x1000, 5 * GIB + 77 * MIB,
	};
	static const uint64_t sizes[] = { 128 * MIB, GIB };
	size_t i, j, k;

	for (i = 0; i < NR(machines); i++)
		for (j = 0; j < NR(ram); j++)
			for (k = 0; k < NR(sizes); k++) {
				ASSERT_EQ(0, machines[i](&p.config, ram[j],
							 ram[j] + 8 * GIB, 0));
				ASSERT_EQ(0, layout_up());
				EXPECT_EQ((uint64_t)0,
					  plug_blocks(ram[j], ram[j] + 8 * GIB,
						      sizes[k])) {
					TH_LOG("machine %zu, ram %zu, size %zu",
					       i, j, k);
				}
			}
	/* Without memory to plug, nothing is added. */
	ASSERT_EQ(0, vmr_layout_arm64(&p.config, GIB + 0x1000, 0, 0));
	EXPECT_EQ((uint64_t)(2 * GIB + 0xfff), p.config.ram[0].last);
	/* The room does not fit. */
	EXPECT_EQ(0, vmr_layout_arm64(&p.config, 7 * GIB - 0x1000, 0, 33));
	EXPECT_EQ(0, vmr_layout_arm64(&p.config, GIB, 7 * GIB - 0x1000, 33));
	EXPECT_EQ(-ENOSPC, vmr_layout_arm64(&p.config, GIB, 7 * GIB + 1, 33));
}

/*
 * Automatic placement fills windows from the top; firmware of the guest starts at
 * the bottom.
 */
TEST(windows_are_filled_from_the_top)
{
	size_t i;

	for (i = 0; i < NR(machines); i++) {
		const struct vmr_span *low, *high;

		ASSERT_EQ(0, up(machines[i], GIB));
		high = &p.config.windows[0].span;
		low = &p.config.windows[1].span;
		EXPECT_EQ(0, want(any(VMR_KIND_MMIO, MIB, 0, &p.range[0])));
		EXPECT_LT(low->last - MIB, p.range[0].last);
		EXPECT_EQ(0, want(any(VMR_KIND_MMIO, MIB, VMR_64BIT,
				      &p.range[1])));
		EXPECT_RANGE(high->last - MIB + 1, MIB, &p.range[1]);
		EXPECT_EQ(0, want(at(VMR_KIND_MMIO, low->start, MIB,
				     &p.range[2])));
		memset(p.range, 0, sizeof(p.range));
	}
}

/* The policy of a request overrides that of the window. */
TEST(request_policy_overrides_window)
{
	struct vmr_constraint c;

	ASSERT_EQ(0, up(vmr_layout_x86_64, GIB));
	c = any(VMR_KIND_MMIO, 0x1000, 0, &p.range[0]);
	c.request.policy = VMR_FIRST;
	EXPECT_EQ(0, want(c));
	EXPECT_RANGE(0xd0000000, 0x1000, &p.range[0]);
}

/* Only requests with VMR_64BIT are placed above 4 GiB. */
TEST(only_64_bit_requests_above_4_gib)
{
	ASSERT_EQ(0, up(vmr_layout_x86_64, GIB));
	EXPECT_EQ(-ENOSPC, want(any(VMR_KIND_MMIO, GIB, 0, &p.range[0])));
	EXPECT_EQ(0, want(any(VMR_KIND_MMIO, GIB, VMR_64BIT, &p.range[0])));
	EXPECT_LE(4 * GIB, p.range[0].start);
	EXPECT_EQ(-ERANGE, want(at(VMR_KIND_MMIO, 8 * GIB, MIB, &p.range[1])));
}

/* Only prefetchable requests are placed in a prefetchable window. They prefer it. */
TEST(prefetch_window_takes_only_prefetch)
{
	ASSERT_EQ(0, vmr_layout_x86_64(&p.config, GIB, 0, 0));
	p.config.windows[2] = p.config.windows[1];
	p.config.windows[1].span.last = 0xdfffffff;
	p.config.windows[1].flags = VMR_PREFETCHABLE;
	p.config.windows[1].span.name = "prefetchable";
	p.config.windows[2].span.start = 0xe0000000;
	p.config.nr_windows = 3;
	ASSERT_EQ(0, layout_up());
	EXPECT_EQ(0, want(any(VMR_KIND_MMIO, MIB, VMR_PREFETCHABLE,
			      &p.range[0])));
	EXPECT_RANGE(0xdff00000, MIB, &p.range[0]);
	EXPECT_EQ(0, want(any(VMR_KIND_MMIO, MIB, 0, &p.range[1])));
	EXPECT_RANGE(0xf7f00000, MIB, &p.range[1]);
	/* If this window is full, another one is used. */
	EXPECT_EQ(0, want(any(VMR_KIND_MMIO, 256 * MIB, VMR_PREFETCHABLE,
			      &p.range[2])));
	EXPECT_LE((uint64_t)0xe0000000, p.range[2].start);
}

/* Platform devices have address pools of their own. */
TEST(platform_pool_is_separate)
{
	ASSERT_EQ(0, up(vmr_layout_x86_64, GIB));
	EXPECT_EQ(0, want(any(VMR_KIND_MMIO, 0x1000, VMR_PLATFORM,
			      &p.range[0])));
	EXPECT_RANGE(0xf8000000, 0x1000, &p.range[0]);
	EXPECT_EQ(0, want(at(VMR_KIND_MMIO, 0xc0000000, 256 * MIB,
			     &p.range[1])));
	ASSERT_EQ(0, up(vmr_layout_arm64, GIB));
	memset(p.range, 0, sizeof(p.range));
	EXPECT_EQ(0, want(any(VMR_KIND_MMIO, 0x1000, VMR_PLATFORM,
			      &p.range[0])));
	EXPECT_RANGE(0x0ffff000, 0x1000, &p.range[0]);
	EXPECT_EQ(-ERANGE, want(at(VMR_KIND_MMIO, 0x40000000, 0x1000,
				   &p.range[1])));
}

/* Automatic placement may have a single number of a domain. */
TEST(single_number_for_placement)
{
	ASSERT_EQ(0, vmr_layout_x86_64(&p.config, GIB, 0, 0));
	p.config.io_ports = (struct vmr_span){ 0x1000, 0x1000, "port" };
	p.config.irq_lines = (struct vmr_span){ 23, 23, "line" };
	ASSERT_EQ(0, layout_up());
	EXPECT_EQ(0, want(any(VMR_KIND_PIO, 1, 0, &p.range[0])));
	EXPECT_RANGE(0x1000, 1, &p.range[0]);
	EXPECT_EQ(-ENOSPC, want(any(VMR_KIND_PIO, 1, 0, &p.range[1])));
	EXPECT_EQ(0, want(any(VMR_KIND_IRQ, 1, 0, &p.range[2])));
	EXPECT_RANGE(23, 1, &p.range[2]);
	EXPECT_EQ(-ENOSPC, want(any(VMR_KIND_IRQ, 1, 0, &p.range[3])));
	/* The other numbers are the platform's. */
	EXPECT_EQ(0, want(at(VMR_KIND_PIO, 0x1001, 1, &p.range[4])));
	EXPECT_EQ(0, want(at(VMR_KIND_IRQ, 22, 1, &p.range[5])));
}

/* Automatic placement of I/O ports leaves out the legacy ports. */
TEST(ports_placed_above_legacy)
{
	ASSERT_EQ(0, up(vmr_layout_x86_64, GIB));
	EXPECT_EQ(0, want(any(VMR_KIND_PIO, 0x20, 0, &p.range[0])));
	EXPECT_RANGE(0xffe0, 0x20, &p.range[0]);
	EXPECT_EQ(0, want(at(VMR_KIND_PIO, 0xcf8, 8, &p.range[1])));
	EXPECT_EQ(-ENOSPC, want(any(VMR_KIND_PIO, 0xf001, 0, &p.range[2])));
}

/* Interrupts, memory slots, BDFs */

/* On a PC the lines and the MSI vectors are numbers of one domain. */
TEST(pc_lines_and_vectors_share_domain)
{
	ASSERT_EQ(0, up(vmr_layout_x86_64, GIB));
	EXPECT_FALSE(m.sys.separate_msi_vectors);
	EXPECT_EQ((uint64_t)4095, m.sys.irqs.space.last);
	EXPECT_EQ(0, want(any(VMR_KIND_IRQ, 1, 0, &p.range[0])));
	EXPECT_EQ((uint32_t)5, vmr_id_value(&p.range[0]));
	EXPECT_EQ(0, want(any(VMR_KIND_MSIX, 1, 0, &p.range[1])));
	EXPECT_EQ((uint32_t)24, vmr_id_value(&p.range[1]));
	EXPECT_EQ(0, want(at(VMR_KIND_IRQ, 4, 1, &p.range[2])));
	EXPECT_EQ(-ERANGE, want(at(VMR_KIND_IRQ, 24, 1, &p.range[3])));
	EXPECT_EQ(-ERANGE, want(at(VMR_KIND_MSI, 23, 1, &p.range[3])));
	EXPECT_EQ(0, want(at(VMR_KIND_MSI, 4095, 1, &p.range[3])));
}

/* On arm64 and riscv64 the MSI vectors have a domain of their own. */
TEST(arm_riscv_vectors_are_separate)
{
	ASSERT_EQ(0, up(vmr_layout_arm64, GIB));
	EXPECT_TRUE(m.sys.separate_msi_vectors);
	EXPECT_EQ(0, want(any(VMR_KIND_IRQ, 1, 0, &p.range[0])));
	EXPECT_EQ((uint32_t)32, vmr_id_value(&p.range[0]));
	EXPECT_EQ(0, want(any(VMR_KIND_MSI, 32, 0, &p.range[1])));
	EXPECT_EQ((uint32_t)0, vmr_id_value(&p.range[1]));
	ASSERT_EQ(0, up(vmr_layout_riscv64, GIB));
	memset(p.range, 0, sizeof(p.range));
	EXPECT_EQ(0, want(any(VMR_KIND_IRQ, 1, 0, &p.range[0])));
	EXPECT_EQ((uint32_t)1, vmr_id_value(&p.range[0]));
	EXPECT_EQ(0, want(any(VMR_KIND_MSIX, 2048, 0, &p.range[1])));
	EXPECT_EQ((uint32_t)0, vmr_id_value(&p.range[1]));
}

/* Lines are allocated from the inputs of all interrupt controllers. */
TEST(lines_from_several_controllers)
{
	static const uint32_t lines[] = { 6, 7, 32, 33 };
	size_t i;

	ASSERT_EQ(0, vmr_layout_x86_64(&p.config, GIB, 0, 0));
	p.config.irq_inputs[0] = (struct vmr_span){ 0, 7, "first" };
	p.config.irq_inputs[1] = (struct vmr_span){ 32, 39, "second" };
	p.config.nr_irq_inputs = 2;
	p.config.irq_lines = (struct vmr_span){ 6, 33, "lines" };
	p.config.msi_vectors.start = 40;
	ASSERT_EQ(0, layout_up());
	for (i = 0; i < NR(lines); i++) {
		EXPECT_EQ(0, want(any(VMR_KIND_IRQ, 1, 0, &p.range[i])));
		EXPECT_EQ(lines[i], vmr_id_value(&p.range[i]));
	}
	EXPECT_EQ(-ENOSPC, want(any(VMR_KIND_IRQ, 1, 0, &p.range[4])));
	EXPECT_EQ(0, want(at(VMR_KIND_IRQ, 39, 1, &p.range[4])));
	EXPECT_EQ(-ERANGE, want(at(VMR_KIND_IRQ, 20, 1, &p.range[5])));
}

/*
 * A PC as in Dragonball: lines 6 to 15 for one device each, line 5 for all that
 * share.
 */
TEST(pc_with_few_lines_and_shared_line)
{
	static struct vmr_shared_irq five;
	static struct vmr_irq_share share[2];
	size_t i;

	ASSERT_EQ(0, vmr_layout_x86_64(&p.config, GIB, 0, 0));
	p.config.irq_lines = (struct vmr_span){ 6, 15, "lines" };
	p.config.msi_vectors = (struct vmr_span){ 24, 1023, "gsi" };
	ASSERT_EQ(0, layout_up());
	ASSERT_EQ(0, vmr_system_add_shared_irq(&m.sys, &five, 5, "shared",
					       NULL));
	EXPECT_EQ(0, want(any(VMR_KIND_IRQ, 1, 0, &p.range[0])));
	EXPECT_EQ((uint32_t)6, vmr_id_value(&p.range[0]));
	for (i = 0; i < NR(share); i++) {
		EXPECT_EQ(0, want(any(VMR_KIND_IRQ, 1, VMR_SHARED,
				      &share[i].range)));
		EXPECT_EQ((uint32_t)5, vmr_id_value(&share[i].range));
	}
	EXPECT_EQ((uint64_t)1023, m.sys.irqs.space.last);
}

/* The number of memory slots is that of the configuration. */
TEST(slots_bounded_by_config)
{
	ASSERT_EQ(0, vmr_layout_x86_64(&p.config, GIB, 0, 0));
	p.config.slot_last = 1;
	ASSERT_EQ(0, layout_up());
	EXPECT_EQ(0, want(any(VMR_KIND_MEM_SLOT, 1, 0, &p.range[0])));
	EXPECT_EQ(0, want(any(VMR_KIND_MEM_SLOT, 1, 0, &p.range[1])));
	EXPECT_EQ((uint32_t)1, vmr_id_value(&p.range[1]));
	EXPECT_EQ(-ENOSPC, want(any(VMR_KIND_MEM_SLOT, 1, 0, &p.range[2])));
}

/* Automatic placement leaves out the BDFs of the host bridge. */
TEST(bdf_alloc_skips_host_bridge)
{
	static struct vmr_pci_function fn[4];
	struct vmr_constraint c;

	ASSERT_EQ(0, vmr_layout_x86_64(&p.config, GIB, 0, 0));
	p.config.buses = 1;
	p.config.nr_segments = 2;
	p.config.segments = p.segments;
	ASSERT_EQ(0, layout_up());
	EXPECT_EQ((uint64_t)0x100ff, m.sys.pci_bdfs.space.last);
	EXPECT_EQ(0, want(any(VMR_KIND_PCI_BDF, 8, 0, function_address(&fn[0]))));
	EXPECT_EQ((uint32_t)8, vmr_id_value(&fn[0].address));
	EXPECT_EQ(0, want(at(VMR_KIND_PCI_BDF, 0, 1, function_address(&fn[1]))));
	EXPECT_EQ(-ENOSPC, want(any(VMR_KIND_PCI_BDF, 0x100, 0, function_address(&fn[2]))));
	/* BDFs of another segment need bounds or a fixed request. */
	c = any(VMR_KIND_PCI_BDF, 8, VMR_PLATFORM, function_address(&fn[2]));
	c.request.min = 0x10008;
	EXPECT_EQ(0, want(c));
	EXPECT_EQ((uint32_t)0x10008, vmr_id_value(&fn[2].address));
	EXPECT_EQ(0, want(at(VMR_KIND_PCI_BDF, 0x10000, 1, function_address(&fn[3]))));
}

/* Segments */

/* The windows are split between the segments by weight. */
TEST(segments_share_windows_by_weight)
{
	static const uint32_t by[] = { 1, 2, 1, 4 };
	size_t i, j;

	ASSERT_EQ(0, vmr_layout_x86_64(&p.config, GIB, 0, 0));
	p.config.nr_segments = NR(by);
	p.config.weights = by;
	p.config.segments = p.segments;
	memset(p.segments, 0xa5, sizeof(p.segments));
	ASSERT_EQ(0, layout_up());
	for (i = 0; i < p.config.nr_windows; i++) {
		const struct vmr_layout_window *w = &p.config.windows[i];

		ASSERT_EQ(0, vmr_window_split(&w->span, w->align, by, NR(by),
					      cuts));
		for (j = 0; j < NR(by); j++) {
			const struct vmr_pool *pool = &p.segments[j].windows[i];

			EXPECT_EQ(&m.sys.mmio, pool->space);
			EXPECT_EQ(cuts[j].start, pool->start);
			EXPECT_EQ(cuts[j].last, pool->last);
			EXPECT_EQ(VMR_LAST, pool->policy);
			EXPECT_EQ(w->span.name, pool->name);
		}
	}
	EXPECT_EQ(NULL, p.segments[0].windows[2].space);
	/* 640 MiB / 8 */
	EXPECT_EQ((uint64_t)(0xd0000000 + 80 * MIB - 1),
		  p.segments[0].windows[1].last);
}

/* A description beyond the number of windows gets no pool. */
TEST(windows_up_to_their_number)
{
	struct vmr_layout_window *beyond;

	ASSERT_EQ(0, vmr_layout_x86_64(&p.config, GIB, 0, 0));
	ASSERT_GT((size_t)VMR_LAYOUT_MAX_WINDOWS, p.config.nr_windows);
	beyond = &p.config.windows[p.config.nr_windows];
	*beyond = p.config.windows[0];
	beyond->span.name = "beyond";
	ASSERT_EQ(0, layout_up());
	EXPECT_NE(NULL, pool_named(p.config.windows[0].span.name));
	EXPECT_EQ(NULL, pool_named("beyond"));
}

/* Devices at the root are placed in the windows of segment 0. */
TEST(root_devices_are_in_segment_0)
{
	ASSERT_EQ(0, vmr_layout_x86_64(&p.config, GIB, 0, 0));
	p.config.nr_segments = 2;
	p.config.segments = p.segments;
	ASSERT_EQ(0, layout_up());
	EXPECT_EQ(p.segments[0].windows[1].last,
		  pool_named("mmio32")->pool.last);
	EXPECT_EQ(0, want(any(VMR_KIND_MMIO, MIB, 0, &p.range[0])));
	EXPECT_EQ(p.segments[0].windows[1].last, p.range[0].last);
	EXPECT_EQ(0, vmr_pool_alloc(&p.segments[1].windows[1], &p.range[1],
				    MIB, 0, VMR_DEFAULT));
	EXPECT_EQ((uint64_t)0xf7ffffff, p.range[1].last);
}

/* Checks of the configuration */

/* layout_up() fails with @err, reports @span, and changes nothing. */
#define REFUSE_LAYOUT(err, span_) \
	do { \
		static struct plan before; \
		static struct machine machine; \
		p.bad = NULL; \
		before = p; \
		machine = m; \
		EXPECT_EQ((err), layout_up()); \
		EXPECT_EQ((span_), p.bad); \
		p.bad = NULL; \
		vmr_resource_set_init(&before.set, p.res, NR(p.res)); \
		EXPECT_EQ(0, memcmp(&before, &p, sizeof(p))); \
		EXPECT_EQ(0, memcmp(&machine, &m, sizeof(m))); \
		ASSERT_EQ(0, vmr_layout_x86_64(&p.config, 8 * GIB, 0, 0)); \
	} while (0)

#define NONE	((const struct vmr_span *)NULL)

/* vmr_layout_init() fails with -EINVAL for invalid counts and policies. */
TEST(layout_init_invalid_counts)
{
	struct vmr_layout_config *c = &p.config;

	ASSERT_EQ(0, vmr_layout_x86_64(c, 8 * GIB, 0, 0));
	EXPECT_EQ(-EINVAL, vmr_layout_init(NULL, &m.sys, c, NULL));
	EXPECT_EQ(-EINVAL, vmr_layout_init(&p.layout, NULL, c, NULL));
	EXPECT_EQ(-EINVAL, vmr_layout_init(&p.layout, &m.sys, NULL, NULL));
	c->phys_bits = 0;
	REFUSE_LAYOUT(-EINVAL, NONE);
	c->phys_bits = 65;
	REFUSE_LAYOUT(-EINVAL, NONE);
	c->nr_ram = VMR_LAYOUT_MAX_RAM + 1;
	REFUSE_LAYOUT(-EINVAL, NONE);
	c->nr_windows = VMR_LAYOUT_MAX_WINDOWS + 1;
	REFUSE_LAYOUT(-EINVAL, NONE);
	c->nr_platform = VMR_LAYOUT_MAX_PLATFORM + 1;
	REFUSE_LAYOUT(-EINVAL, NONE);
	c->nr_reserved = VMR_LAYOUT_MAX_RESERVED + 1;
	REFUSE_LAYOUT(-EINVAL, NONE);
	c->nr_irq_inputs = VMR_LAYOUT_MAX_IRQ_INPUTS + 1;
	REFUSE_LAYOUT(-EINVAL, NONE);
	c->platform_policy = VMR_EXACT;
	REFUSE_LAYOUT(-EINVAL, NONE);
	c->nr_segments = 0;
	REFUSE_LAYOUT(-EINVAL, NONE);
	c->nr_segments = 2;	/* and no memory for them */
	REFUSE_LAYOUT(-EINVAL, NONE);
	c->nr_segments = 65537;
	c->segments = p.segments;
	REFUSE_LAYOUT(-EINVAL, NONE);
	c->buses = 0;
	REFUSE_LAYOUT(-EINVAL, NONE);
	c->buses = 257;
	REFUSE_LAYOUT(-EINVAL, NONE);
	c->windows[1].policy = VMR_EXACT;
	REFUSE_LAYOUT(-EINVAL, &c->windows[1].span);
	c->windows[1].align = 0;
	REFUSE_LAYOUT(-EINVAL, &c->windows[1].span);
}

/* vmr_layout_init() reports the span at fault. */
TEST(layout_init_reports_bad_span)
{
	struct vmr_layout_config *c = &p.config;
	static const uint32_t zero[2];

	ASSERT_EQ(0, vmr_layout_x86_64(c, 8 * GIB, 0, 0));
	c->ram[0].start = 4 * GIB;
	REFUSE_LAYOUT(-EINVAL, &c->ram[0]);
	c->msi_vectors.start = 5000;
	REFUSE_LAYOUT(-EINVAL, &c->msi_vectors);
	c->nr_segments = 2;
	c->segments = p.segments;
	c->weights = zero;
	REFUSE_LAYOUT(-EINVAL, &c->windows[0].span);
	c->phys_bits = 38;
	REFUSE_LAYOUT(-ERANGE, &c->windows[0].span);
	c->reserved[1].last = 1ull << 39;
	REFUSE_LAYOUT(-ERANGE, &c->reserved[1]);
	c->io_ports.last = 0x10000;
	REFUSE_LAYOUT(-ERANGE, &c->io_ports);
	c->irq_inputs[0].last = 1ull << 32;
	REFUSE_LAYOUT(-ERANGE, &c->irq_inputs[0]);
	c->msi_vectors.last = 1ull << 32;
	REFUSE_LAYOUT(-ERANGE, &c->msi_vectors);
	c->windows[1].span.start = 0xbfffffff;
	REFUSE_LAYOUT(-EBUSY, &c->windows[1].span);
	c->windows[1].span.start = 0xcfffffff;
	REFUSE_LAYOUT(-EBUSY, &c->platform[1]);
	c->windows[1].span.last = 0xf8000000;
	REFUSE_LAYOUT(-EBUSY, &c->platform[0]);
	c->reserved[0].start = 0xbfffffff;
	REFUSE_LAYOUT(-EBUSY, &c->reserved[0]);
	c->reserved[1].last = 0xfee00000;
	REFUSE_LAYOUT(-EBUSY, &c->reserved[2]);
	c->irq_inputs[1] = c->irq_inputs[0];
	c->nr_irq_inputs = 2;
	REFUSE_LAYOUT(-EBUSY, &c->irq_inputs[1]);
	c->msi_vectors.start = 23;
	REFUSE_LAYOUT(-EBUSY, &c->msi_vectors);
	c->windows[0].span.last = c->windows[0].span.start + 4 * GIB - 1;
	c->nr_segments = 2;
	c->segments = p.segments;
	REFUSE_LAYOUT(-ENOSPC, &c->windows[0].span);
	/* A reserved span may be inside a window or a platform pool. */
	c->reserved[0] = (struct vmr_span){ 0xd0000000, 0xd00fffff, "reserved" };
	EXPECT_EQ(0, layout_up());
}

/* Separate MSI vectors may have the same numbers as inputs. */
TEST(separate_vectors_may_overlap_inputs)
{
	ASSERT_EQ(0, vmr_layout_arm64(&p.config, GIB, 0, 0));
	EXPECT_EQ(0, layout_up());
	p.config.separate_msi_vectors = false;
	EXPECT_EQ(-EBUSY, layout_up());
	EXPECT_EQ(&p.config.msi_vectors, p.bad);
}

/* A layout takes each policy of a pool, and the slots that each KVM has. */
TEST(layout_policies_and_slots)
{
	enum vmr_policy policy;
	size_t i;

	for (policy = VMR_FIRST; policy <= VMR_BEST; policy++) {
		ASSERT_EQ(0, vmr_layout_x86_64(&p.config, GIB, 0, 0));
		EXPECT_EQ(508U, p.config.slot_last);
		p.config.platform_policy = policy;
		for (i = 0; i < p.config.nr_windows; i++)
			p.config.windows[i].policy = policy;
		EXPECT_EQ(0, layout_up());
	}
	p.config.platform_policy = VMR_EXACT;
	EXPECT_EQ(-EINVAL, layout_up());
	p.config.platform_policy = VMR_BEST;
	p.config.windows[0].policy = VMR_EXACT;
	EXPECT_EQ(-EINVAL, layout_up());
}

/* A system has room for the largest counts of each kind of span. */
TEST(layout_with_maximum_counts)
{
	struct vmr_layout_config *c = &p.config;
	size_t i;

	ASSERT_EQ(0, vmr_layout_x86_64(c, 8 * GIB, 0, 0));
	c->windows[2] = c->windows[1];
	c->windows[3] = c->windows[1];
	c->windows[1].span.last = 0xd7ffffff;
	c->windows[2].span.start = 0xd8000000;
	c->windows[2].span.last = 0xdfffffff;
	c->windows[3].span.start = 0xe0000000;
	c->nr_windows = 4;
	c->platform[0].start = 0xfc000000;
	c->platform[2] = (struct vmr_span){ 0xf8000000, 0xf8ffffff, "a" };
	c->platform[3] = (struct vmr_span){ 0xf9000000, 0xf9ffffff, "b" };
	c->nr_platform = 4;
	c->irq_inputs[0] = (struct vmr_span){ 0, 7, "x" };
	c->irq_inputs[1] = (struct vmr_span){ 8, 15, "y" };
	c->irq_inputs[2] = (struct vmr_span){ 16, 23, "z" };
	c->nr_irq_inputs = 3;
	c->irq_lines = (struct vmr_span){ 1, 22, "lines" };
	c->io_ports.last = 0xefff;
	c->nr_segments = 2;
	c->segments = p.segments;
	for (i = c->nr_reserved; i < VMR_LAYOUT_MAX_RESERVED; i++)
		c->reserved[i] = (struct vmr_span){
			0xd0000000 + i * 0x10000, 0xd0000fff + i * 0x10000, "h",
		};
	c->nr_reserved = VMR_LAYOUT_MAX_RESERVED;
	ASSERT_EQ(0, layout_up());
	EXPECT_GE((size_t)VMR_SYSTEM_MAX_POOLS, m.sys.nr_pools);
	EXPECT_TRUE(!!pool_named("pci segments"));
	EXPECT_EQ((size_t)VMR_LAYOUT_MAX_RESERVED, m.sys.mmio.nr_ranges);
}

/* Reserved spans */

static struct vmr_device_ops silent;

/* Claims go live in a range that vmr_region_unreserve() frees. */
TEST(unreserve_settles_claims)
{
	const struct vmr_span span = { 0xd0000000, 0xd0000fff, "reserved" };
	struct vmr_region reserved = { .size = 0 }, claim = { .size = 0 };
	struct vmr_device dev = { .ops = &silent };
	struct event_log d;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, vmr_region_reserve(&m.sys, &reserved, VMR_MMIO, &span, NULL));
	vmr_region_init(&claim, VMR_MMIO, VMR_REGION_TRAPPED, 0x800, 0, "c");
	ASSERT_EQ(0, vmr_device_add_region(&dev, &claim));
	ASSERT_EQ(0, vmr_device_register(&m.manager, &dev, NULL, NULL));
	ASSERT_EQ(0, vmr_region_program(&m.manager, &claim, 0xd0000800));
	EXPECT_EQ(VMR_CLAIMED, vmr_range_state(&claim.range));

	ASSERT_EQ(0, diary_start(&d));
	EXPECT_EQ(-EINVAL, vmr_region_unreserve(NULL, &reserved));
	EXPECT_EQ(-EINVAL, vmr_region_unreserve(&m.sys, NULL));
	EXPECT_EQ(-ENOENT, vmr_region_unreserve(&m.sys, &claim));
	EXPECT_EQ(0U, d.nr);
	EXPECT_EQ(0, vmr_region_unreserve(&m.sys, &reserved));
	EXPECT_EQ(VMR_FREE, vmr_range_state(&reserved.range));
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&claim.range));
	EXPECT_EQ(1U, d.nr);
	EXPECT_EQ(&claim, d.entry[0].region);
	EXPECT_EQ(-ENOENT, vmr_region_unreserve(&m.sys, &reserved));
	EXPECT_SOUND();

	/* A system without a manager can have reserved spans. */
	ASSERT_EQ(0, vmr_device_unregister(&m.manager, &dev) - 1);
	m.sys.free_notifier = NULL;
	ASSERT_EQ(0, vmr_region_reserve(&m.sys, &reserved, VMR_MMIO, &span, NULL));
	EXPECT_EQ(0, vmr_region_unreserve(&m.sys, &reserved));
	EXPECT_EQ(0U, m.sys.mmio.nr_ranges);
}

/*
 * vmr_region_reserve() fails for invalid arguments and leaves the region unchanged.
 */
TEST(region_reserve_errors)
{
	const struct vmr_span good = { 0xd0000000, 0xd0000fff, "reserved" };
	const struct vmr_span back = { 2, 1, "reserved" };
	const struct vmr_span far = { 0, 1ull << 39, "reserved" };
	const struct vmr_span port = { 0, 0x10000, "reserved" };
	const struct vmr_span lapic = { 0xfee00fff, 0xfee10000, "reserved" };
	static const struct vmr_region zero;
	static struct vmr_device dev;
	struct vmr_region *r = &p.region[0];

	ASSERT_EQ(0, up(vmr_layout_x86_64, GIB));
	conflict = &no_range;
	EXPECT_EQ(-EINVAL, vmr_region_reserve(NULL, r, VMR_MMIO, &good, NULL));
	EXPECT_EQ(-EINVAL, vmr_region_reserve(&m.sys, NULL, VMR_MMIO, &good,
					      NULL));
	EXPECT_EQ(-EINVAL, vmr_region_reserve(&m.sys, r, VMR_MMIO, NULL, NULL));
	EXPECT_EQ(-EINVAL, vmr_region_reserve(&m.sys, r, (enum vmr_io)2, &good,
					      NULL));
	EXPECT_EQ(-EINVAL, vmr_region_reserve(&m.sys, r, VMR_MMIO, &back, NULL));
	EXPECT_EQ(-ERANGE, vmr_region_reserve(&m.sys, r, VMR_MMIO, &far,
					      &conflict));
	EXPECT_EQ(-ERANGE, vmr_region_reserve(&m.sys, r, VMR_PIO, &port,
					      &conflict));
	EXPECT_EQ(&no_range, conflict);
	EXPECT_EQ(-EBUSY, vmr_region_reserve(&m.sys, r, VMR_MMIO, &lapic,
					     &conflict));
	EXPECT_EQ(&p.layout.reserved[2].range, conflict);
	EXPECT_EQ(0, memcmp(&zero, r, sizeof(zero)));
	EXPECT_EQ(0, vmr_region_reserve(&m.sys, r, VMR_MMIO, &good, NULL));
	EXPECT_EQ(-EEXIST, vmr_region_reserve(&m.sys, r, VMR_MMIO, &good, NULL));
	p.region[1].device = &dev;
	EXPECT_EQ(-EEXIST, vmr_region_reserve(&m.sys, &p.region[1], VMR_MMIO,
					      &port, NULL));
	EXPECT_EQ(r, vmr_find_region(&m.manager, VMR_MMIO, 0xd0000800));
	EXPECT_EQ(0, vmr_free(&m.sys.mmio, &r->range));
	EXPECT_SOUND();
}

/* A read in a reserved span fails with -ENXIO and returns ones. */
TEST(read_in_reserved_is_enxio)
{
	uint8_t byte = 0;

	ASSERT_EQ(0, up(vmr_layout_x86_64, GIB));
	ASSERT_EQ(0, reader_attach(&m.reader));
	EXPECT_EQ(-ENXIO, vmr_read(&m.reader, VMR_MMIO, 0xfee00000, &byte, 1,
				   1));
	EXPECT_EQ(0xff, byte);
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_fault_injection_layout.c - layouts and holes that cannot be made change nothing
 *
 * Each span of each description is made wrong in turn, in each way that it can be,
 * by whatever may be in its way. The layout is asked for in memory that has another
 * one and over a system that is in use: all of that has to be as it was.
 */
#include "../kselftest_harness.h"

#include "unchanged.h"

#include <vmalloc/layout.h>

#define MIB		0x100000ull
#define ITEMS		32
#define SEGMENTS	4
#define MACHINES	4

struct plan {
	struct vmr_layout_config	config;
	struct vmr_layout		layout;
	struct vmr_layout_segment		segments[SEGMENTS];
	uint32_t			weights[SEGMENTS];
};

static struct plan plan, plan_before, good;
static struct machine layout_before;
static struct probe holder, waiter;
static struct bridge_dev bridge_dev;

/* What is described, in the order in which it is looked at. */
enum sort { RAM, WINDOW, PLATFORM, HOLE, PORT, INPUT, LINE, VECTOR };

static struct item {
	struct vmr_span	*span;
	enum sort	sort;
	uint64_t	limit;	/* of its domain */
} item[ITEMS];

static size_t nr_items;

static void add_item(struct vmr_span *span, enum sort sort, uint64_t limit)
{
	item[nr_items++] = (struct item){ span, sort, limit };
}

static void list_items(void)
{
	struct vmr_layout_config *c = &plan.config;
	const uint64_t phys = VMR_ADDR_MAX >> (64 - c->phys_bits);
	size_t i;

	nr_items = 0;
	for (i = 0; i < c->nr_ram; i++)
		add_item(&c->ram[i], RAM, phys);
	for (i = 0; i < c->nr_windows; i++)
		add_item(&c->windows[i].span, WINDOW, phys);
	for (i = 0; i < c->nr_platform; i++)
		add_item(&c->platform[i], PLATFORM, phys);
	for (i = 0; i < c->nr_reserved; i++)
		add_item(&c->reserved[i], HOLE, phys);
	add_item(&c->io_ports, PORT, 0xffff);
	for (i = 0; i < c->nr_irq_inputs; i++)
		add_item(&c->irq_inputs[i], INPUT, 0xffffffff);
	add_item(&c->irq_lines, LINE, 0xffffffff);
	add_item(&c->msi_vectors, VECTOR, 0xffffffff);
}

/* Whether two of these may not be at one place, as layout.h says. */
static bool excludes(enum sort a, enum sort b)
{
	switch (a) {
	case RAM:
		return b <= HOLE;
	case WINDOW:
	case PLATFORM:
		return b <= PLATFORM;
	case HOLE:
		return b == HOLE || b == RAM;
	case INPUT:
		return b == INPUT || (b == VECTOR && !plan.config.separate_msi_vectors);
	default:
		return false;
	}
}

/* A PC with a second one of all that there may be several of. */
static int describe_much(struct vmr_layout_config *c)
{
	int ret = vmr_layout_x86_64(c, 8 * GIB, 0, 46);

	c->windows[2] = c->windows[1];
	c->windows[2].span.start = 0xd0000000;
	c->windows[1].span.last = 0xcfffffff;
	c->nr_windows = 3;
	c->irq_inputs[1] = (struct vmr_span){ 4096, 4119, "second ioapic" };
	c->nr_irq_inputs = 2;
	c->reserved[c->nr_reserved++] = (struct vmr_span){
		0xc8000000, 0xc8000fff, "hole in a window",
	};
	return ret;
}

/* One of several machines, with @segments segments. */
static int describe(int which, uint32_t segments)
{
	struct vmr_layout_config *c = &plan.config;
	int ret;

	switch (which) {
	case 0:
		ret = vmr_layout_x86_64(c, 8 * GIB, 0, 0);
		break;
	case 1:
		ret = vmr_layout_arm64(c, 8 * GIB, 0, 0);
		break;
	case 2:
		ret = vmr_layout_riscv64(c, 8 * GIB, 0, 0);
		break;
	default:
		ret = describe_much(c);
	}
	c->nr_segments = segments;
	c->segments = plan.segments;
	memcpy(&good, &plan, sizeof(plan));
	list_items();
	return ret;
}

/* A machine that is in use, and memory that something else was in. */
static void up(struct __test_metadata *_metadata)
{
	memset(&plan, 0x5a, sizeof(plan));
	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, diary_start(&event_log));
	ASSERT_EQ(0, probe_up(&holder, "holder", VMR_MMIO, 0xc0000000, 0x2000));
	ASSERT_EQ(0, probe_up_unmapped(&waiter, "waiter", VMR_MMIO, 0x1000));
	ASSERT_EQ(0, program(&waiter.region[0], 0xc0001000));
	ASSERT_EQ(VMR_CLAIMED, state_of(&waiter.region[0]));
	ASSERT_EQ(0, hub_up(&bridge_dev, "bus", NULL));
	ASSERT_EQ(0, hub_open(&bridge_dev, PORTS, 0x3000, 0x3fff));
	ASSERT_EQ(0, watch_bus(&bridge_dev.bus));
}

static const struct vmr_span no_range;
static const struct vmr_span *bad;
static unsigned int ways;	/* in which it could not be made */

/* Why it cannot be made; what it names is in @bad. */
static int make(void)
{
	bad = &no_range;
	memcpy(&plan_before, &plan, sizeof(plan));
	memcpy(&layout_before, &m, sizeof(m));
	return vmr_layout_init(&plan.layout, &m.sys, &plan.config, &bad);
}

static bool untouched(void)
{
	return !memcmp(&plan_before, &plan, sizeof(plan)) &&
	       !memcmp(&layout_before, &m, sizeof(m));
}

#define MISMADE(err, responder) \
	do { \
		ways++; \
		FAILS(err, make()); \
		EXPECT_EQ((responder), bad); \
		EXPECT_TRUE(untouched()) { \
			TH_LOG("a layout is refused and changed something"); \
		} \
		memcpy(&plan, &good, sizeof(plan)); \
	} while (0)

/* It can be made, of other memory. */
static int makes(void)
{
	static struct vmr_layout layout;
	static struct vmr_system sys;
	int ret = vmr_layout_init(&layout, &sys, &plan.config, NULL);

	memcpy(&plan, &good, sizeof(plan));
	return ret;
}

/* A span that ends before it begins, or where its domain has ended. */

static void reverse(const struct item *x)
{
	if (x->span->last < x->limit)
		x->span->start = x->span->last + 1;
	else
		x->span->last = x->span->start - 1;
}

static void exceed(const struct item *x)
{
	x->span->last = x->limit + 1;
}

TEST(layout_with_a_span_that_is_reversed)
{
	size_t i;
	int k;

	up(_metadata);
	for (k = 0; k < MACHINES; k++) {
		ASSERT_EQ(0, describe(k, 1));
		for (i = 0; i < nr_items; i++) {
			reverse(&item[i]);
			MISMADE(-EINVAL, item[i].span);
		}
		EXPECT_EQ(0, makes());
	}
	EXPECT_EQ(55U, ways);
}

TEST(layout_with_a_span_outside_of_its_domain)
{
	size_t i;
	int k;

	up(_metadata);
	for (k = 0; k < MACHINES; k++) {
		ASSERT_EQ(0, describe(k, 1));
		for (i = 0; i < nr_items; i++) {
			exceed(&item[i]);
			MISMADE(-ERANGE, item[i].span);
		}
	}
	EXPECT_EQ(55U, ways);
}

/* Each by each that comes behind it: its first address, its last, all of it. */
static void take_place(struct __test_metadata *_metadata, const struct item *x,
		       const struct item *by)
{
	const uint64_t start = x->span->start, last = x->span->last;
	int way;

	for (way = 0; way < 3; way++) {
		by->span->start = way == 1 ? last : start;
		by->span->last = way == 0 ? start : last;
		MISMADE(-EBUSY, by->span);
	}
}

TEST(layout_with_a_place_that_is_taken)
{
	size_t i, j;
	int k;

	up(_metadata);
	for (k = 0; k < MACHINES; k++) {
		ASSERT_EQ(0, describe(k, 1));
		for (i = 0; i < nr_items; i++)
			for (j = i + 1; j < nr_items; j++)
				if (excludes(item[i].sort, item[j].sort))
					take_place(_metadata, &item[i],
						   &item[j]);
	}
	EXPECT_EQ(324U, ways);
}

/* Neighbours, of which the lower one is longer by one address. */
TEST(layout_with_places_that_overlap_by_one)
{
	size_t i, j;
	int k;

	up(_metadata);
	for (k = 0; k < MACHINES; k++) {
		ASSERT_EQ(0, describe(k, 1));
		for (i = 0; i < nr_items; i++)
			for (j = 0; j < nr_items; j++) {
				struct vmr_span *a = item[i].span;
				struct vmr_span *b = item[j].span;

				if (a->last + 1 != b->start ||
				    !excludes(item[i < j ? i : j].sort,
					      item[i < j ? j : i].sort))
					continue;
				a->last++;
				MISMADE(-EBUSY, i < j ? b : a);
			}
	}
	EXPECT_EQ(20U, ways);
}

TEST(layout_where_what_need_not_exclude_may_overlap)
{
	int k;

	up(_metadata);
	for (k = 0; k < MACHINES; k++) {
		ASSERT_EQ(0, describe(k, 1));
		plan.config.reserved[0] = plan.config.windows[0].span;
		EXPECT_EQ(0, makes());
		plan.config.reserved[0] = plan.config.platform[0];
		plan.config.nr_reserved = 1;
		EXPECT_EQ(0, makes());
		plan.config.separate_msi_vectors = true;
		plan.config.msi_vectors = plan.config.irq_inputs[0];
		EXPECT_EQ(0, makes());
		plan.config.irq_lines = plan.config.msi_vectors;
		EXPECT_EQ(0, makes());
	}
}

/* Of two things that are wrong the one that is looked for first is told. */
TEST(layout_with_two_things_wrong)
{
	const struct vmr_layout_window *w = plan.config.windows;
	size_t i, j;

	up(_metadata);
	ASSERT_EQ(0, describe(3, 2));
	for (i = 0; i < nr_items; i++)
		for (j = 0; j < nr_items; j++) {
			if (i == j)
				continue;
			reverse(&item[i]);
			reverse(&item[j]);
			MISMADE(-EINVAL, item[i < j ? i : j].span);
			reverse(&item[i]);
			exceed(&item[j]);
			MISMADE(-EINVAL, item[i].span);
			exceed(&item[i]);
			exceed(&item[j]);
			MISMADE(-ERANGE, item[i < j ? i : j].span);
		}
	for (i = 0; i < nr_items; i++) {
		/* Later than all spans that are reversed, earlier than others */
		reverse(&item[i]);
		plan.config.windows[1].align = 3;
		MISMADE(-EINVAL, item[i].span);
		exceed(&item[i]);
		plan.config.windows[1].align = 3;
		MISMADE(-EINVAL, &w[1].span);
		if (item[i].sort == WINDOW)
			continue;
		exceed(&item[i]);
		plan.config.windows[1].span.last =
			plan.config.windows[1].span.start;
		MISMADE(-ERANGE, item[i].span);
	}
	plan.config.windows[1].span.last = plan.config.windows[1].span.start;
	plan.config.reserved[1] = plan.config.reserved[0];
	MISMADE(-EBUSY, &plan.config.reserved[1]);
	EXPECT_EQ(865U, ways);
}

/* Give the segments weights, or equal shares; what they come to together. */
static uint64_t weigh(uint32_t segments, bool weighted)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < segments; i++) {
		plan.weights[i] = weighted ? 3 - i % 2 : 1;
		sum += plan.weights[i];
	}
	plan.config.weights = weighted ? plan.weights : NULL;
	memcpy(&good, &plan, sizeof(plan));
	return sum;
}

TEST(layout_with_a_window_that_is_too_small)
{
	uint32_t segments;
	uint64_t need;
	int k, weighted;
	size_t i;

	up(_metadata);
	for (k = 0; k < MACHINES; k++)
		for (segments = 2; segments <= SEGMENTS; segments++)
			for (weighted = 0; weighted < 2; weighted++) {
				struct vmr_layout_window *w = plan.config.windows;

				ASSERT_EQ(0, describe(k, segments));
				need = weigh(segments, weighted);
				for (i = 0; i < plan.config.nr_windows; i++) {
					uint64_t last = w[i].span.start +
						need * w[i].align - 1;

					w[i].span.last = last;
					EXPECT_EQ(0, makes());
					w[i].span.last = last - 1;
					MISMADE(-ENOSPC, &w[i].span);
					w[i].span.last = w[i].span.start;
					MISMADE(-ENOSPC, &w[i].span);
				}
				/* All: then the first. */
				for (i = 0; i < plan.config.nr_windows; i++)
					w[i].span.last = w[i].span.start;
				MISMADE(-ENOSPC, &w[0].span);
			}
	EXPECT_EQ(132U, ways);
}

TEST(layout_with_a_window_that_cannot_be_cut)
{
	struct vmr_layout_window *w = plan.config.windows;
	size_t i;
	int k;

	up(_metadata);
	for (k = 0; k < MACHINES; k++) {
		ASSERT_EQ(0, describe(k, SEGMENTS));
		weigh(SEGMENTS, true);
		for (i = 0; i < SEGMENTS; i++) {
			plan.weights[i] = 0;
			MISMADE(-EINVAL, &w[0].span);
		}
		for (i = 0; i < plan.config.nr_windows; i++) {
			w[i].align = 0;
			MISMADE(-EINVAL, &w[i].span);
			w[i].align = 0x3000;
			MISMADE(-EINVAL, &w[i].span);
			w[i].policy = VMR_EXACT;
			MISMADE(-EINVAL, &w[i].span);
			w[i].policy = VMR_DEFAULT;
			MISMADE(-EINVAL, &w[i].span);
		}
	}
	EXPECT_EQ(52U, ways);
}

/* What is no span is wrong: nobody is named. */
TEST(layout_with_counts_that_make_no_sense)
{
	struct vmr_layout_config *c = &plan.config;
	int k;

	up(_metadata);
	for (k = 0; k < MACHINES; k++) {
		ASSERT_EQ(0, describe(k, 1));
#define WITH(field, value) \
	do { \
		(field) = (value); \
		MISMADE(-EINVAL, &no_range); \
		(field) = (value); \
		reverse(&item[0]);	/* which is not come to */ \
		MISMADE(-EINVAL, &no_range); \
	} while (0)
		WITH(c->phys_bits, 0);
		WITH(c->phys_bits, 65);
		WITH(c->nr_ram, VMR_LAYOUT_MAX_RAM + 1);
		WITH(c->nr_windows, VMR_LAYOUT_MAX_WINDOWS + 1);
		WITH(c->nr_platform, VMR_LAYOUT_MAX_PLATFORM + 1);
		WITH(c->platform_policy, VMR_EXACT);
		WITH(c->nr_reserved, VMR_LAYOUT_MAX_RESERVED + 1);
		WITH(c->nr_irq_inputs, VMR_LAYOUT_MAX_IRQ_INPUTS + 1);
		WITH(c->nr_segments, 0);
		WITH(c->nr_segments, 65537);
		WITH(c->buses, 0);
		WITH(c->buses, 257);
#undef WITH
		c->nr_segments = 2;
		c->segments = NULL;
		MISMADE(-EINVAL, &no_range);
		FAILS(-EINVAL, vmr_layout_init(NULL, &m.sys, c, &bad));
		FAILS(-EINVAL, vmr_layout_init(&plan.layout, NULL, c, &bad));
		FAILS(-EINVAL, vmr_layout_init(&plan.layout, &m.sys, NULL,
					       &bad));
		EXPECT_EQ(&no_range, bad);
		EXPECT_EQ(0, memcmp(&good, &plan, sizeof(plan)));
	}
	EXPECT_EQ(100U, ways);
}

/* Descriptions */

typedef int describe_fn(struct vmr_layout_config *config, uint64_t ram,
			uint64_t ram_max, uint32_t phys_bits);

/* By machine: below which address there is no memory, and how wide it is. */
static const struct {
	describe_fn	*describe;
	uint64_t	no_ram;
	uint32_t	bits;
} machines[] = {
	{ vmr_layout_x86_64, GIB, 39 },
	{ vmr_layout_arm64, GIB, 40 },
	{ vmr_layout_riscv64, 2 * GIB, 41 },
};

#define UNDESCRIBED(err, call) \
	do { \
		memset(&plan, 0x5a, sizeof(plan)); \
		memcpy(&good, &plan, sizeof(plan)); \
		EXPECT_EQ((err), (call)) { \
			TH_LOG("%s", #call); \
		} \
		EXPECT_EQ(0, memcmp(&good, &plan, sizeof(plan))) { \
			TH_LOG("%s failed and changed something", #call); \
		} \
	} while (0)

TEST(descriptions_of_what_cannot_be)
{
	struct vmr_layout_config *c = &plan.config;
	uint32_t bits;
	uint64_t most;
	size_t i;

	for (i = 0; i < NR(machines); i++) {
		describe_fn *of = machines[i].describe;

		UNDESCRIBED(-EINVAL, of(NULL, GIB, 0, 0));
		UNDESCRIBED(-EINVAL, of(c, 0, 0, 0));
		UNDESCRIBED(-EINVAL, of(c, 0, GIB, 0));
		UNDESCRIBED(-EINVAL, of(c, GIB, GIB - 1, 0));
		UNDESCRIBED(-EINVAL, of(c, GIB, 0, 1));
		UNDESCRIBED(-EINVAL, of(c, GIB, 0, 32));
		UNDESCRIBED(-EINVAL, of(c, GIB, 0, 65));
		for (bits = 32; bits <= 64; bits++) {
			/* 32 stands for what the machine has by itself. */
			uint32_t ask = bits == 32 ? 0 : bits;
			uint32_t width = ask ? ask : machines[i].bits;

			most = (VMR_ADDR_MAX >> (64 - width)) - machines[i].no_ram;
			UNDESCRIBED(-ENOSPC, of(c, most + 2, 0, ask));
			UNDESCRIBED(-ENOSPC, of(c, GIB, most + 2, ask));
			EXPECT_EQ(0, of(c, most + 1, 0, ask));
			EXPECT_EQ(0, of(c, GIB, most + 1, ask));
		}
	}
}

TEST(memory_that_has_no_room)
{
	struct vmr_span pieces[VMR_LAYOUT_MAX_RAM], kept[VMR_LAYOUT_MAX_RAM];
	const struct vmr_layout_config *c = &plan.config;
	uint64_t room;
	size_t i, k;

	memset(pieces, 0x5a, sizeof(pieces));
	memcpy(kept, pieces, sizeof(kept));
	for (k = 0; k < MACHINES; k++) {
		ASSERT_EQ(0, describe(k, 1));
		for (room = 0, i = 0; i < c->nr_ram; i++)
			room += c->ram[i].last - c->ram[i].start + 1;
		EXPECT_EQ(-ENOSPC, vmr_layout_ram(c, room + 1, pieces));
		EXPECT_EQ(-ENOSPC, vmr_layout_ram(c, VMR_ADDR_MAX, pieces));
		EXPECT_EQ(-EINVAL, vmr_layout_ram(c, 0, pieces));
		EXPECT_EQ(-EINVAL, vmr_layout_ram(NULL, 1, pieces));
		EXPECT_EQ(-EINVAL, vmr_layout_ram(c, 1, NULL));
		plan.config.nr_ram = VMR_LAYOUT_MAX_RAM + 1;
		EXPECT_EQ(-EINVAL, vmr_layout_ram(c, 1, pieces));
		plan.config.nr_ram = good.config.nr_ram;
		EXPECT_EQ(0, memcmp(kept, pieces, sizeof(kept)));
		EXPECT_EQ((int)c->nr_ram, vmr_layout_ram(c, room, pieces));
		memcpy(pieces, kept, sizeof(kept));
	}
}

/* Cutting */

#define CUTS	7

TEST(windows_that_cannot_be_cut)
{
	struct vmr_span window = { 0x10000, 0x10000 + 8 * 0x1000 - 1, "w" };
	uint32_t weights[CUTS] = { 1, 1, 1, 1, 1, 1, 2 };
	struct vmr_span cuts[CUTS], kept[CUTS];
	size_t i;

	memset(cuts, 0x5a, sizeof(cuts));
	memcpy(kept, cuts, sizeof(kept));
#define UNCUT(err, grain, nr) \
	do { \
		EXPECT_EQ((err), vmr_window_split(&window, grain, weights, nr, \
						cuts)); \
		EXPECT_EQ(0, memcmp(kept, cuts, sizeof(kept))); \
	} while (0)
	for (i = 0; i < CUTS; i++) {
		uint32_t weight = weights[i];

		weights[i] = 0;
		UNCUT(-EINVAL, 0x1000, CUTS);
		weights[i] = weight;
	}
	UNCUT(-EINVAL, 0, CUTS);
	UNCUT(-EINVAL, 0x3000, CUTS);
	UNCUT(-EINVAL, 0x1000, 0);
	/* One grain too few: one more asked for, not aligned, one byte less. */
	weights[3]++;
	UNCUT(-ENOSPC, 0x1000, CUTS);
	weights[3]--;
	window.start++;
	UNCUT(-ENOSPC, 0x1000, CUTS);
	window.start--;
	window.last--;
	UNCUT(-ENOSPC, 0x1000, CUTS);
	window.last++;
	UNCUT(-ENOSPC, 0x10000, CUTS);
	window.start = window.last + 1;
	UNCUT(-EINVAL, 0x1000, CUTS);
	window.start = 0x10000;
	EXPECT_EQ(0, vmr_window_split(&window, 0x1000, weights, CUTS, cuts));
#undef UNCUT
}

/* Holes */

static struct vmr_region hole, hole_before;
static struct vmr_range *conflict, free_range;

static int reserve(enum vmr_io io, uint64_t start, uint64_t last)
{
	const struct vmr_span span = { start, last, "hole" };

	conflict = &free_range;
	memcpy(&hole_before, &hole, sizeof(hole));
	return vmr_region_reserve(&m.sys, &hole, io, &span, &conflict);
}

#define UNRESERVED(err, responder, io, start, last) \
	do { \
		FAILS(err, reserve(io, start, last)); \
		EXPECT_EQ((responder), conflict); \
		EXPECT_EQ(0, memcmp(&hole_before, &hole, sizeof(hole))); \
	} while (0)

/* By a device, by a bus's window, by another hole; by none of these on the bus. */
TEST(holes_that_cannot_be_reserved)
{
	const struct vmr_span other = { 0x5000, 0x5fff, "other" };
	static struct vmr_region second, third;
	struct vmr_region *taken[3];
	size_t i;
	int io;

	up(_metadata);
	ASSERT_EQ(0, hub_open(&bridge_dev, MEMORY, 0xd0000000, 0xdfffffff));
	ASSERT_EQ(0, vmr_region_reserve(&m.sys, &second, VMR_MMIO, &other, NULL));
	ASSERT_EQ(0, vmr_region_reserve(&m.sys, &third, VMR_PIO, &other, NULL));
	for (io = VMR_PIO; io <= VMR_MMIO; io++) {
		uint64_t limit = io == VMR_PIO ? 0xffff : MACHINE_LAST;

		taken[0] = io == VMR_PIO ? &third : &second;
		taken[1] = &bridge_dev.p.region[io == VMR_PIO ? PORTS : MEMORY];
		taken[2] = io == VMR_PIO ? taken[1] : &holder.region[0];
		for (i = 0; i < NR(taken); i++) {
			struct vmr_range *range = &taken[i]->range;

			UNRESERVED(-EBUSY, range, io, range->start - 4,
				   range->start);
			UNRESERVED(-EBUSY, range, io, range->last,
				   range->last + 4);
			UNRESERVED(-EBUSY, range, io, range->start + 1,
				   range->last - 1);
		}
		UNRESERVED(-EBUSY, &taken[1]->range, io,
			   taken[1]->range.last, limit);
		UNRESERVED(-ERANGE, &free_range, io, 0, limit + 1);
		UNRESERVED(-ERANGE, &free_range, io, limit + 1, limit + 2);
		UNRESERVED(-EINVAL, &free_range, io, 9, 8);
		UNRESERVED(-EINVAL, &free_range, (enum vmr_io)2, 8, 9);
	}
	hole.device = &holder.dev;
	UNRESERVED(-EEXIST, &free_range, VMR_MMIO, 0x8000, 0x8fff);
	hole.device = NULL;
	ASSERT_EQ(0, reserve(VMR_MMIO, 0x8000, 0x8fff));
	UNRESERVED(-EEXIST, &free_range, VMR_MMIO, 0x9000, 0x9fff);
	UNRESERVED(-EEXIST, &free_range, VMR_PIO, 0x9000, 0x9fff);
}

TEST(holes_that_are_none)
{
	static struct vmr_system other;
	const struct vmr_system_limits limits = { .mmio_last = MACHINE_LAST };

	up(_metadata);
	ASSERT_EQ(0, vmr_system_init(&other, &limits));
	FAILS(-EINVAL, vmr_region_unreserve(NULL, &hole));
	FAILS(-EINVAL, vmr_region_unreserve(&m.sys, NULL));
	FAILS(-ENOENT, vmr_region_unreserve(&m.sys, &hole));
	FAILS(-ENOENT, vmr_region_unreserve(&m.sys, &holder.region[0]));
	FAILS(-ENOENT, vmr_region_unreserve(&m.sys, &waiter.region[0]));
	FAILS(-ENOENT, vmr_region_unreserve(&m.sys, &bridge_dev.p.region[PORTS]));
	/* In the way of what waits for somebody else too: it must not go live. */
	ASSERT_EQ(0, reserve(VMR_MMIO, 0xc0002000, 0xc0002fff));
	ASSERT_EQ(0, program(&waiter.region[0], 0xc0002000));
	ASSERT_EQ(VMR_CLAIMED, state_of(&waiter.region[0]));
	FAILS(-ENOENT, vmr_region_unreserve(&other, &hole));
	hole.io = VMR_PIO;
	FAILS(-ENOENT, vmr_region_unreserve(&m.sys, &hole));
	hole.io = VMR_MMIO;
	hole.type = VMR_REGION_MEMORY;
	FAILS(-ENOENT, vmr_region_unreserve(&m.sys, &hole));
	hole.type = VMR_REGION_RESERVED;
	EXPECT_EQ(0, vmr_region_unreserve(&m.sys, &hole));
	EXPECT_EQ(VMR_LIVE, state_of(&waiter.region[0]));
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_fault_injection_layout.c - failed layouts and reservations change nothing
 *
 * Each span of each description is invalid in turn, in each possible way. The memory
 * of the layout has other contents and the system is in use; both must not change.
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

/* The spans of a description, in the order of the checks */
enum sort { RAM, WINDOW, PLATFORM, HOLE, PORT, INPUT, LINE, VECTOR };

static struct item {
	struct vmr_span	*span;
	enum sort	sort;
	uint64_t	limit;	/* last value of its domain */
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

/* Whether layout.h forbids an overlap of @a and @b */
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

/* A PC with several spans of each kind that may have several */
static int describe_much(struct vmr_layout_config *c)
{
	int ret = vmr_layout_x86_64(c, 8 * GIB, 0, 46);

	c->windows[2] = c->windows[1];
	c->windows[2].span.start = 0xe0000000;
	c->windows[1].span.last = 0xdfffffff;
	c->nr_windows = 3;
	c->irq_inputs[1] = (struct vmr_span){ 4096, 4119, "second ioapic" };
	c->nr_irq_inputs = 2;
	c->reserved[c->nr_reserved++] = (struct vmr_span){
		0xd8000000, 0xd8000fff, "reserved in a window",
	};
	return ret;
}

/* Describe one of several machines, with @segments segments. */
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

/* A machine in use, and memory with other contents */
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
static unsigned int ways;	/* number of failures tried */

/* Initialise the layout. The span at fault is in @bad. */
static int layout_init(void)
{
	bad = &no_range;
	memcpy(&plan_before, &plan, sizeof(plan));
	memcpy(&layout_before, &m, sizeof(m));
	return vmr_layout_init(&plan.layout, &m.sys, &plan.config, &bad);
}

static bool layout_unchanged(void)
{
	return !memcmp(&plan_before, &plan, sizeof(plan)) &&
	       !memcmp(&layout_before, &m, sizeof(m));
}

#define LAYOUT_FAILS(err, span_) \
	do { \
		ways++; \
		FAILS(err, layout_init()); \
		EXPECT_EQ((span_), bad); \
		EXPECT_TRUE(layout_unchanged()) { \
			TH_LOG("a layout failed and changed something"); \
		} \
		memcpy(&plan, &good, sizeof(plan)); \
	} while (0)

/* Initialise the layout in other memory. */
static int layout_init_other(void)
{
	static struct vmr_layout layout;
	static struct vmr_system sys;
	int ret = vmr_layout_init(&layout, &sys, &plan.config, NULL);

	memcpy(&plan, &good, sizeof(plan));
	return ret;
}

/* A span that ends before it starts, or beyond its domain */

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

/* A layout fails with -EINVAL for each span that ends before it starts. */
TEST(layout_reversed_span_unchanged)
{
	size_t i;
	int k;

	up(_metadata);
	for (k = 0; k < MACHINES; k++) {
		ASSERT_EQ(0, describe(k, 1));
		for (i = 0; i < nr_items; i++) {
			reverse(&item[i]);
			LAYOUT_FAILS(-EINVAL, item[i].span);
		}
		EXPECT_EQ(0, layout_init_other());
	}
	EXPECT_EQ(55U, ways);
}

/* A layout fails with -ERANGE for each span that exceeds its domain. */
TEST(layout_span_out_of_domain_unchanged)
{
	size_t i;
	int k;

	up(_metadata);
	for (k = 0; k < MACHINES; k++) {
		ASSERT_EQ(0, describe(k, 1));
		for (i = 0; i < nr_items; i++) {
			exceed(&item[i]);
			LAYOUT_FAILS(-ERANGE, item[i].span);
		}
	}
	EXPECT_EQ(55U, ways);
}

/* Let @by overlap the first address of @x, its last, and all of it. */
static void overlap(struct __test_metadata *_metadata, const struct item *x,
		    const struct item *by)
{
	const uint64_t start = x->span->start, last = x->span->last;
	int way;

	for (way = 0; way < 3; way++) {
		by->span->start = way == 1 ? last : start;
		by->span->last = way == 0 ? start : last;
		LAYOUT_FAILS(-EBUSY, by->span);
	}
}

/* A layout fails with -EBUSY for each pair of spans that must not overlap. */
TEST(layout_overlapping_spans_unchanged)
{
	size_t i, j;
	int k;

	up(_metadata);
	for (k = 0; k < MACHINES; k++) {
		ASSERT_EQ(0, describe(k, 1));
		for (i = 0; i < nr_items; i++)
			for (j = i + 1; j < nr_items; j++)
				if (excludes(item[i].sort, item[j].sort))
					overlap(_metadata, &item[i],
						&item[j]);
	}
	EXPECT_EQ(324U, ways);
}

/* A layout fails with -EBUSY if two neighbours overlap by one address. */
TEST(layout_overlap_by_one_unchanged)
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
				LAYOUT_FAILS(-EBUSY, i < j ? b : a);
			}
	}
	EXPECT_EQ(20U, ways);
}

/* Spans that need not exclude each other may overlap. */
TEST(layout_allowed_overlaps_succeed)
{
	int k;

	up(_metadata);
	for (k = 0; k < MACHINES; k++) {
		ASSERT_EQ(0, describe(k, 1));
		plan.config.reserved[0] = plan.config.windows[0].span;
		EXPECT_EQ(0, layout_init_other());
		plan.config.reserved[0] = plan.config.platform[0];
		plan.config.nr_reserved = 1;
		EXPECT_EQ(0, layout_init_other());
		plan.config.separate_msi_vectors = true;
		plan.config.msi_vectors = plan.config.irq_inputs[0];
		EXPECT_EQ(0, layout_init_other());
		plan.config.irq_lines = plan.config.msi_vectors;
		EXPECT_EQ(0, layout_init_other());
	}
}

/* Of two errors the layout reports the one that is checked first. */
TEST(layout_error_precedence)
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
			LAYOUT_FAILS(-EINVAL, item[i < j ? i : j].span);
			reverse(&item[i]);
			exceed(&item[j]);
			LAYOUT_FAILS(-EINVAL, item[i].span);
			exceed(&item[i]);
			exceed(&item[j]);
			LAYOUT_FAILS(-ERANGE, item[i < j ? i : j].span);
		}
	for (i = 0; i < nr_items; i++) {
		/* An alignment is checked after reversed spans and before the rest. */
		reverse(&item[i]);
		plan.config.windows[1].align = 3;
		LAYOUT_FAILS(-EINVAL, item[i].span);
		exceed(&item[i]);
		plan.config.windows[1].align = 3;
		LAYOUT_FAILS(-EINVAL, &w[1].span);
		if (item[i].sort == WINDOW)
			continue;
		exceed(&item[i]);
		plan.config.windows[1].span.last =
			plan.config.windows[1].span.start;
		LAYOUT_FAILS(-ERANGE, item[i].span);
	}
	plan.config.windows[1].span.last = plan.config.windows[1].span.start;
	plan.config.reserved[1] = plan.config.reserved[0];
	LAYOUT_FAILS(-EBUSY, &plan.config.reserved[1]);
	EXPECT_EQ(865U, ways);
}

/* Set the weights of the segments, or equal shares. Returns their sum. */
static uint64_t set_weights(uint32_t segments, bool weighted)
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

/* A layout fails with -ENOSPC if a window is too small for its segments. */
TEST(layout_small_window_unchanged)
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
				need = set_weights(segments, weighted);
				for (i = 0; i < plan.config.nr_windows; i++) {
					uint64_t last = w[i].span.start +
						need * w[i].align - 1;

					w[i].span.last = last;
					EXPECT_EQ(0, layout_init_other());
					w[i].span.last = last - 1;
					LAYOUT_FAILS(-ENOSPC, &w[i].span);
					w[i].span.last = w[i].span.start;
					LAYOUT_FAILS(-ENOSPC, &w[i].span);
				}
				/* All windows are too small: the first is reported. */
				for (i = 0; i < plan.config.nr_windows; i++)
					w[i].span.last = w[i].span.start;
				LAYOUT_FAILS(-ENOSPC, &w[0].span);
			}
	EXPECT_EQ(132U, ways);
}

/* A layout fails with -EINVAL for a bad weight, alignment or policy of a window. */
TEST(layout_bad_window_split_unchanged)
{
	struct vmr_layout_window *w = plan.config.windows;
	size_t i;
	int k;

	up(_metadata);
	for (k = 0; k < MACHINES; k++) {
		ASSERT_EQ(0, describe(k, SEGMENTS));
		set_weights(SEGMENTS, true);
		for (i = 0; i < SEGMENTS; i++) {
			plan.weights[i] = 0;
			LAYOUT_FAILS(-EINVAL, &w[0].span);
		}
		for (i = 0; i < plan.config.nr_windows; i++) {
			w[i].align = 0;
			LAYOUT_FAILS(-EINVAL, &w[i].span);
			w[i].align = 0x3000;
			LAYOUT_FAILS(-EINVAL, &w[i].span);
			w[i].policy = VMR_EXACT;
			LAYOUT_FAILS(-EINVAL, &w[i].span);
			w[i].policy = VMR_DEFAULT;
			LAYOUT_FAILS(-EINVAL, &w[i].span);
		}
	}
	EXPECT_EQ(52U, ways);
}

/* A layout fails with -EINVAL for invalid counts and reports no span. */
TEST(layout_bad_counts_unchanged)
{
	struct vmr_layout_config *c = &plan.config;
	int k;

	up(_metadata);
	for (k = 0; k < MACHINES; k++) {
		ASSERT_EQ(0, describe(k, 1));
#define WITH(field, value) \
	do { \
		(field) = (value); \
		LAYOUT_FAILS(-EINVAL, &no_range); \
		(field) = (value); \
		reverse(&item[0]);	/* is not checked */ \
		LAYOUT_FAILS(-EINVAL, &no_range); \
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
		LAYOUT_FAILS(-EINVAL, &no_range);
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

/* For each machine: size of the addresses without memory, default address bits */
static const struct {
	describe_fn	*describe;
	uint64_t	no_ram;
	uint32_t	bits;
} machines[] = {
	{ vmr_layout_x86_64, GIB, 39 },
	{ vmr_layout_arm64, GIB, 40 },
	{ vmr_layout_riscv64, 2 * GIB, 41 },
};

#define DESCRIBE_FAILS(err, call) \
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

/* A description that fails does not write the configuration. */
TEST(layout_description_failure_unchanged)
{
	struct vmr_layout_config *c = &plan.config;
	uint32_t bits;
	uint64_t most;
	size_t i;

	for (i = 0; i < NR(machines); i++) {
		describe_fn *of = machines[i].describe;

		DESCRIBE_FAILS(-EINVAL, of(NULL, GIB, 0, 0));
		DESCRIBE_FAILS(-EINVAL, of(c, 0, 0, 0));
		DESCRIBE_FAILS(-EINVAL, of(c, 0, GIB, 0));
		DESCRIBE_FAILS(-EINVAL, of(c, GIB, GIB - 1, 0));
		DESCRIBE_FAILS(-EINVAL, of(c, GIB, 0, 1));
		DESCRIBE_FAILS(-EINVAL, of(c, GIB, 0, 32));
		DESCRIBE_FAILS(-EINVAL, of(c, GIB, 0, 65));
		for (bits = 32; bits <= 64; bits++) {
			/* 32 stands for the default of the machine. */
			uint32_t phys_bits = bits == 32 ? 0 : bits;
			uint32_t width = phys_bits ? phys_bits : machines[i].bits;

			most = (VMR_ADDR_MAX >> (64 - width)) - machines[i].no_ram;
			/* A PC has no memory in the HyperTransport hole. */
			if (of == vmr_layout_x86_64 && width == 40)
				most -= 12 * GIB;
			else if (of == vmr_layout_x86_64 && width > 40)
				most -= 1020 * GIB;
			DESCRIBE_FAILS(-ENOSPC, of(c, most + 2, 0, phys_bits));
			DESCRIBE_FAILS(-ENOSPC, of(c, GIB, most + 2, phys_bits));
			EXPECT_EQ(0, of(c, most + 1, 0, phys_bits));
			EXPECT_EQ(0, of(c, GIB, most + 1, phys_bits));
		}
	}
}

/* vmr_layout_ram() fails if the memory does not fit, and writes nothing. */
TEST(layout_ram_failure_writes_nothing)
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

/* Window splits */

#define CUTS	7

/*
 * vmr_window_split() fails for invalid arguments and too small windows, and writes
 * nothing.
 */
TEST(window_split_failure_writes_nothing)
{
	struct vmr_span window = { 0x10000, 0x10000 + 8 * 0x1000 - 1, "w" };
	uint32_t weights[CUTS] = { 1, 1, 1, 1, 1, 1, 2 };
	struct vmr_span cuts[CUTS], kept[CUTS];
	size_t i;

	memset(cuts, 0x5a, sizeof(cuts));
	memcpy(kept, cuts, sizeof(kept));
#define SPLIT_FAILS(err, grain, nr) \
	do { \
		EXPECT_EQ((err), vmr_window_split(&window, grain, weights, nr, \
						cuts)); \
		EXPECT_EQ(0, memcmp(kept, cuts, sizeof(kept))); \
	} while (0)
	for (i = 0; i < CUTS; i++) {
		uint32_t weight = weights[i];

		weights[i] = 0;
		SPLIT_FAILS(-EINVAL, 0x1000, CUTS);
		weights[i] = weight;
	}
	SPLIT_FAILS(-EINVAL, 0, CUTS);
	SPLIT_FAILS(-EINVAL, 0x3000, CUTS);
	SPLIT_FAILS(-EINVAL, 0x1000, 0);
	/* One grain too few: larger weight, unaligned start, one address less */
	weights[3]++;
	SPLIT_FAILS(-ENOSPC, 0x1000, CUTS);
	weights[3]--;
	window.start++;
	SPLIT_FAILS(-ENOSPC, 0x1000, CUTS);
	window.start--;
	window.last--;
	SPLIT_FAILS(-ENOSPC, 0x1000, CUTS);
	window.last++;
	SPLIT_FAILS(-ENOSPC, 0x10000, CUTS);
	window.start = window.last + 1;
	SPLIT_FAILS(-EINVAL, 0x1000, CUTS);
	window.start = 0x10000;
	EXPECT_EQ(0, vmr_window_split(&window, 0x1000, weights, CUTS, cuts));
#undef SPLIT_FAILS
}

/* Reserved spans */

static struct vmr_region reserved, reserved_before;
static struct vmr_range *conflict, free_range;

static int reserve(enum vmr_io io, uint64_t start, uint64_t last)
{
	const struct vmr_span span = { start, last, "reserved" };

	conflict = &free_range;
	memcpy(&reserved_before, &reserved, sizeof(reserved));
	return vmr_region_reserve(&m.sys, &reserved, io, &span, &conflict);
}

#define RESERVE_FAILS(err, range_, io, start, last) \
	do { \
		FAILS(err, reserve(io, start, last)); \
		EXPECT_EQ((range_), conflict); \
		EXPECT_EQ(0, memcmp(&reserved_before, &reserved, sizeof(reserved))); \
	} while (0)

/*
 * vmr_region_reserve() fails over a device, a window or a reserved span, and changes
 * nothing.
 */
TEST(region_reserve_failure_unchanged)
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

			RESERVE_FAILS(-EBUSY, range, io, range->start - 4,
				      range->start);
			RESERVE_FAILS(-EBUSY, range, io, range->last,
				      range->last + 4);
			RESERVE_FAILS(-EBUSY, range, io, range->start + 1,
				      range->last - 1);
		}
		RESERVE_FAILS(-EBUSY, &taken[1]->range, io,
			      taken[1]->range.last, limit);
		RESERVE_FAILS(-ERANGE, &free_range, io, 0, limit + 1);
		RESERVE_FAILS(-ERANGE, &free_range, io, limit + 1, limit + 2);
		RESERVE_FAILS(-EINVAL, &free_range, io, 9, 8);
		RESERVE_FAILS(-EINVAL, &free_range, (enum vmr_io)2, 8, 9);
	}
	reserved.device = &holder.dev;
	RESERVE_FAILS(-EEXIST, &free_range, VMR_MMIO, 0x8000, 0x8fff);
	reserved.device = NULL;
	ASSERT_EQ(0, reserve(VMR_MMIO, 0x8000, 0x8fff));
	RESERVE_FAILS(-EEXIST, &free_range, VMR_MMIO, 0x9000, 0x9fff);
	RESERVE_FAILS(-EEXIST, &free_range, VMR_PIO, 0x9000, 0x9fff);
}

/*
 * vmr_region_unreserve() fails for regions that are not reserved, and changes
 * nothing.
 */
TEST(region_unreserve_failure_unchanged)
{
	static struct vmr_system other;
	const struct vmr_system_limits limits = { .mmio_last = MACHINE_LAST };

	up(_metadata);
	ASSERT_EQ(0, vmr_system_init(&other, &limits));
	FAILS(-EINVAL, vmr_region_unreserve(NULL, &reserved));
	FAILS(-EINVAL, vmr_region_unreserve(&m.sys, NULL));
	FAILS(-ENOENT, vmr_region_unreserve(&m.sys, &reserved));
	FAILS(-ENOENT, vmr_region_unreserve(&m.sys, &holder.region[0]));
	FAILS(-ENOENT, vmr_region_unreserve(&m.sys, &waiter.region[0]));
	FAILS(-ENOENT, vmr_region_unreserve(&m.sys, &bridge_dev.p.region[PORTS]));
	/* A claim that waits for the reserved span must not go live. */
	ASSERT_EQ(0, reserve(VMR_MMIO, 0xc0002000, 0xc0002fff));
	ASSERT_EQ(0, program(&waiter.region[0], 0xc0002000));
	ASSERT_EQ(VMR_CLAIMED, state_of(&waiter.region[0]));
	FAILS(-ENOENT, vmr_region_unreserve(&other, &reserved));
	reserved.io = VMR_PIO;
	FAILS(-ENOENT, vmr_region_unreserve(&m.sys, &reserved));
	reserved.io = VMR_MMIO;
	reserved.type = VMR_REGION_MEMORY;
	FAILS(-ENOENT, vmr_region_unreserve(&m.sys, &reserved));
	reserved.type = VMR_REGION_RESERVED;
	EXPECT_EQ(0, vmr_region_unreserve(&m.sys, &reserved));
	EXPECT_EQ(VMR_LIVE, state_of(&waiter.region[0]));
}

TEST_HARNESS_MAIN

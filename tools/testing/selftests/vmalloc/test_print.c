// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_print.c - spaces, ids and systems as text
 */
#include "../kselftest_harness.h"
#include "machine.h"

#include <vmalloc/layout.h>
#include <vmalloc/print.h>

#define NR_LINES	64

struct output {
	size_t	nr;
	char	line[NR_LINES][VMR_PRINT_MAX_LINE + 8];
};

static struct output output;
static struct vmr_printer printer;
static struct vmr_range range[4];
static struct vmr_region reserved[8];
static char text[VMR_PRINT_MAX_LINE];

static void take_line(void *arg, const char *line)
{
	struct output *p = arg;

	if (p->nr < NR_LINES)
		snprintf(p->line[p->nr], sizeof(p->line[0]), "%s", line);
	p->nr++;
}

static const char *name_of(void *arg, const struct vmr_range *r)
{
	static const char *const names[] = { "first", "second", NULL, NULL };

	return r >= range && r < range + NR(range) ? names[r - range] : NULL;
}

/* A machine whose addresses have eight digits. */
static void output_up(struct __test_metadata *_metadata)
{
	ASSERT_EQ(0, machine_up_to(UINT32_MAX, 255));
	printer = (struct vmr_printer){ .line = take_line, .arg = &output };
}

static void reserve_at(struct __test_metadata *_metadata, unsigned int i,
		       uint64_t start, uint64_t last, const char *name)
{
	const struct vmr_span span = { start, last, name };

	ASSERT_EQ(0, vmr_region_reserve(&m.sys, &reserved[i], VMR_MMIO, &span,
					NULL));
}

#define PRINT(call) \
	do { \
		memset(&output, 0, sizeof(output)); \
		EXPECT_EQ(0, (call)); \
	} while (0)

#define EXPECT_OUTPUT(...) \
	do { \
		static const char *const lines_[] = { __VA_ARGS__ }; \
		size_t i_; \
		EXPECT_EQ(NR(lines_), output.nr); \
		for (i_ = 0; i_ < NR(lines_); i_++) \
			EXPECT_STREQ(lines_[i_], output.line[i_]); \
	} while (0)

/* Printing an empty space prints no line. */
TEST(print_empty_space_prints_nothing)
{
	output_up(_metadata);
	PRINT(vmr_print_regions(&printer, &m.sys.mmio));
	EXPECT_EQ((size_t)0, output.nr);
}

/* The print functions fail with -EINVAL for NULL. */
TEST(print_null_is_einval)
{
	const struct vmr_printer no_line = { .manager = &m.manager };

	output_up(_metadata);
	EXPECT_EQ(-EINVAL, vmr_print_regions(NULL, &m.sys.mmio));
	EXPECT_EQ(-EINVAL, vmr_print_regions(&printer, NULL));
	EXPECT_EQ(-EINVAL, vmr_print_regions(&no_line, &m.sys.mmio));
	EXPECT_EQ(-EINVAL, vmr_print_space(NULL, &m.sys.mmio));
	EXPECT_EQ(-EINVAL, vmr_print_space(&printer, NULL));
	EXPECT_EQ(-EINVAL, vmr_print_ids(NULL, &m.sys.device_ids));
	EXPECT_EQ(-EINVAL, vmr_print_ids(&printer, NULL));
	EXPECT_EQ(-EINVAL, vmr_print_system(NULL));
	EXPECT_EQ(-EINVAL, vmr_print_system(&printer));
	EXPECT_EQ(-EINVAL, vmr_print_system(&no_line));
	EXPECT_EQ((size_t)0, output.nr);
}

/* A line has the names of the device and of the region. */
TEST(print_names_device_and_region)
{
	static struct probe a, b;

	output_up(_metadata);
	ASSERT_EQ(0, probe_up(&a, "serial", VMR_MMIO, 0x1000, 0x100));
	a.region[0].name = "registers";
	ASSERT_EQ(0, probe_up(&b, NULL, VMR_MMIO, 0x3000, 1));
	b.region[0].name = NULL;
	reserve_at(_metadata, 0, 0xfee00000, 0xfeefffff, "lapic");
	reserve_at(_metadata, 1, 0xffffffff, 0xffffffff, NULL);
	PRINT(vmr_print_regions(&printer, &m.sys.mmio));
	EXPECT_OUTPUT("00001000-000010ff : serial: registers",
		      "00003000-00003000 : device",
		     "fee00000-feefffff : lapic (reserved)",
		     "ffffffff-ffffffff : ? (reserved)");
}

/* Addresses have as many digits as the last address of the space. */
TEST(print_digits_follow_space_size)
{
	static struct probe a;

	ASSERT_EQ(0, machine_up());
	printer = (struct vmr_printer){ .line = take_line, .arg = &output };
	ASSERT_EQ(0, probe_up(&a, "dev", VMR_PIO, 0x60, 8));
	PRINT(vmr_print_regions(&printer, &m.sys.pio));
	EXPECT_OUTPUT("0060-0067 : dev: region");
	reserve_at(_metadata, 0, 0xa0000, MACHINE_LAST, "rest");
	PRINT(vmr_print_regions(&printer, &m.sys.mmio));
	EXPECT_OUTPUT("0000000a0000-3fffffffffff : rest (reserved)");
}

/* A space that covers the whole domain can be printed. */
TEST(print_whole_domain)
{
	struct vmr_space space;
	struct vmr_region all = { .name = "all" };

	output_up(_metadata);
	printer.flags = VMR_PRINT_ALL;
	ASSERT_EQ(0, vmr_space_init(&space, 0, VMR_ADDR_MAX));
	PRINT(vmr_print_regions(&printer, &space));
	EXPECT_OUTPUT("0000000000000000-ffffffffffffffff : free");
	ASSERT_EQ(0, vmr_reserve(&space, &all.range, 0, VMR_ADDR_MAX, NULL));
	PRINT(vmr_print_regions(&printer, &space));
	EXPECT_OUTPUT("0000000000000000-ffffffffffffffff : all");
	ASSERT_EQ(0, vmr_free(&space, &all.range));
	ASSERT_EQ(0, vmr_reserve(&space, &all.range, VMR_ADDR_MAX, VMR_ADDR_MAX, NULL));
	PRINT(vmr_print_regions(&printer, &space));
	EXPECT_OUTPUT("0000000000000000-fffffffffffffffe : free",
		      "ffffffffffffffff-ffffffffffffffff : all");
}

/*
 * A line names the type of a region other than trapped, and says if the region is
 * not mapped.
 */
TEST(print_region_type_and_visibility)
{
	static struct probe a, b;

	output_up(_metadata);
	ASSERT_EQ(0, probe_up(&a, "ram", VMR_MMIO, 0, 0x1000));
	a.region[0].type = VMR_REGION_MEMORY;
	PRINT(vmr_print_regions(&printer, &m.sys.mmio));
	EXPECT_OUTPUT("00000000-00000fff : ram: region (memory)");
	/* The resources are allocated, the transaction is not committed. */
	probe_init(&b, "later");
	ASSERT_EQ(0, probe_region_at(&b, 0, VMR_MMIO, 0x1000, 0x1000));
	b.dev.state = VMR_DEVICE_UNREGISTERED;
	{
		struct vmr_transaction t;

		ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &t));
		ASSERT_EQ(0, vmr_transaction_add(&t, &b.dev, NULL, NULL));
		PRINT(vmr_print_regions(&printer, &m.sys.mmio));
		EXPECT_STREQ("00001000-00001fff : later: region (not visible)",
			     output.line[1]);
		ASSERT_EQ(0, vmr_transaction_commit(&t));
	}
	PRINT(vmr_print_regions(&printer, &m.sys.mmio));
	EXPECT_STREQ("00001000-00001fff : later: region", output.line[1]);
}

/* Gaps are printed only with VMR_PRINT_GAPS. */
TEST(print_gaps_if_requested)
{
	output_up(_metadata);
	reserve_at(_metadata, 0, 0x1000, 0x1fff, "a");
	reserve_at(_metadata, 1, 0x2000, 0x2fff, "b");
	reserve_at(_metadata, 2, 0xfffff000, 0xffffffff, "c");
	PRINT(vmr_print_regions(&printer, &m.sys.mmio));
	EXPECT_EQ((size_t)3, output.nr);
	printer.flags = VMR_PRINT_GAPS;
	PRINT(vmr_print_regions(&printer, &m.sys.mmio));
	EXPECT_OUTPUT("00000000-00000fff : free",
		      "00001000-00001fff : a (reserved)",
		     "00002000-00002fff : b (reserved)",
		     "00003000-ffffefff : free",
		     "fffff000-ffffffff : c (reserved)");
}

/* Gaps are split at the bounds of pools, and a line names the pool. */
TEST(print_gaps_split_by_pools)
{
	struct vmr_system_pool pool = {
		.pool = { .start = 0x4000, .last = 0x7fff, .align = 1,
			  .name = "low" },
		.kinds = 1u << VMR_KIND_MMIO,
	};

	output_up(_metadata);
	printer.flags = VMR_PRINT_GAPS;
	printer.sys = &m.sys;
	ASSERT_EQ(0, vmr_system_add_pool(&m.sys, &pool));
	pool.pool.start = 0xc000;
	pool.pool.last = 0xffffffff;
	pool.pool.name = NULL;
	ASSERT_EQ(0, vmr_system_add_pool(&m.sys, &pool));
	pool.pool.start = 0;
	pool.pool.last = 9;
	pool.pool.name = "elsewhere";
	pool.kinds = 1u << VMR_KIND_PIO;
	ASSERT_EQ(0, vmr_system_add_pool(&m.sys, &pool));
	reserve_at(_metadata, 0, 0x5000, 0x5fff, "a");
	PRINT(vmr_print_regions(&printer, &m.sys.mmio));
	EXPECT_OUTPUT("00000000-00003fff : free",
		      "00004000-00004fff : free, low",
		     "00005000-00005fff : a (reserved)",
		     "00006000-00007fff : free, low",
		     "00008000-0000bfff : free",
		     "0000c000-ffffffff : free");
}

/* A gap, and a pool, of a single address has a line. */
TEST(print_gap_of_one_address)
{
	struct vmr_system_pool pool = {
		.pool = { .start = 0x4000, .last = 0x4000, .align = 1,
			  .name = "one" },
		.kinds = 1u << VMR_KIND_MMIO,
	};

	output_up(_metadata);
	printer.flags = VMR_PRINT_GAPS;
	printer.sys = &m.sys;
	ASSERT_EQ(0, vmr_system_add_pool(&m.sys, &pool));
	reserve_at(_metadata, 0, 1, 0x3fff, "a");
	reserve_at(_metadata, 1, 0x5000, 0xfffffffe, "b");
	PRINT(vmr_print_regions(&printer, &m.sys.mmio));
	EXPECT_OUTPUT("00000000-00000000 : free",
		      "00000001-00003fff : a (reserved)",
		     "00004000-00004000 : free, one",
		     "00004001-00004fff : free",
		     "00005000-fffffffe : b (reserved)",
		     "ffffffff-ffffffff : free");
}

/* The line of a claim names the range that it waits for. */
TEST(print_claim_with_conflict)
{
	static struct probe a, b, c;

	output_up(_metadata);
	ASSERT_EQ(0, probe_up(&a, "holder", VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_up_unmapped(&b, "waiter", VMR_MMIO, 0x1000));
	ASSERT_EQ(0, probe_up_unmapped(&c, "asleep", VMR_MMIO, 0x1000));
	ASSERT_EQ(0, vmr_region_program(&m.manager, &b.region[0], 0x1000));
	ASSERT_EQ(0, vmr_region_park(&m.manager, &c.region[0], 0x8000));
	PRINT(vmr_print_regions(&printer, &m.sys.mmio));
	EXPECT_EQ((size_t)1, output.nr);
	printer.flags = VMR_PRINT_CLAIMS;
	PRINT(vmr_print_regions(&printer, &m.sys.mmio));
	EXPECT_OUTPUT("00001000-00001fff : holder: region",
		      "00001000-00001fff : waiter: region, claimed, waits for holder: region",
		     "00008000-00008fff : asleep: region, parked");
}

/* Buses */

struct bridge {
	struct probe	probe;
	struct vmr_bus	bus;
};

static struct bridge bridges[3];
static struct probe leaves[3];

static void bridge_up(struct __test_metadata *_metadata, struct bridge *b,
		      const char *name, struct vmr_bus *parent, uint64_t start,
		      uint64_t size)
{
	struct probe *p = &b->probe;

	probe_init(p, name);
	p->dev.parent_bus = parent;
	ASSERT_EQ(0, vmr_bus_init(&b->bus, &m.manager, &p->dev));
	ASSERT_EQ(0, probe_region(p, 0, VMR_MMIO, VMR_REGION_WINDOW, size));
	p->region[0].name = "window";
	vmr_constraint_init_fixed(probe_want(p), VMR_KIND_MMIO, start, size,
				  &p->region[0].range);
	ASSERT_EQ(0, vmr_device_register(&m.manager, &p->dev, NULL, NULL));
}

static void leaf_up(struct __test_metadata *_metadata, struct probe *p,
		    const char *name, struct vmr_bus *parent, uint64_t start,
		    uint64_t size)
{
	probe_init(p, name);
	p->dev.parent_bus = parent;
	ASSERT_EQ(0, probe_region_at(p, 0, VMR_MMIO, start, size));
	ASSERT_EQ(0, vmr_device_register(&m.manager, &p->dev, NULL, NULL));
}

static void two_bridges(struct __test_metadata *_metadata)
{
	output_up(_metadata);
	bridge_up(_metadata, &bridges[0], "outer", NULL, 0x10000, 0x10000);
	bridge_up(_metadata, &bridges[1], "inner", &bridges[0].bus, 0x14000,
		  0x4000);
	leaf_up(_metadata, &leaves[0], "deep", &bridges[1].bus, 0x15000,
		0x1000);
	leaf_up(_metadata, &leaves[1], "shallow", &bridges[0].bus, 0x1f000,
		0x1000);
	reserve_at(_metadata, 0, 0x20000, 0x20fff, "behind");
}

/* The regions behind a window follow its line, indented. */
TEST(print_window_contents_indented)
{
	two_bridges(_metadata);
	PRINT(vmr_print_regions(&printer, &m.sys.mmio));
	EXPECT_OUTPUT("00010000-0001ffff : outer: window (window)",
		      "  00014000-00017fff : inner: window (window)",
		     "    00015000-00015fff : deep: region",
		     "  0001f000-0001ffff : shallow: region",
		     "00020000-00020fff : behind (reserved)");
	printer.depth = 1;
	printer.flags = VMR_PRINT_FLAT;
	PRINT(vmr_print_regions(&printer, &m.sys.mmio));
	EXPECT_OUTPUT("  00010000-0001ffff : outer: window (window)",
		      "  00020000-00020fff : behind (reserved)");
}

/* Gaps and claims behind a window are indented like its regions. */
TEST(print_gaps_and_claims_behind_window)
{
	static struct probe p;

	two_bridges(_metadata);
	probe_init(&p, "waiter");
	p.dev.parent_bus = &bridges[1].bus;
	ASSERT_EQ(0, probe_region(&p, 0, VMR_MMIO, VMR_REGION_TRAPPED, 0x1000));
	ASSERT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	ASSERT_EQ(0, vmr_region_program(&m.manager, &p.region[0], 0x15000));
	printer.flags = VMR_PRINT_ALL;
	PRINT(vmr_print_regions(&printer, &m.sys.mmio));
	EXPECT_OUTPUT("00000000-0000ffff : free",
		      "00010000-0001ffff : outer: window (window)",
		     "  00010000-00013fff : free",
		     "  00014000-00017fff : inner: window (window)",
		     "    00014000-00014fff : free",
		     "    00015000-00015fff : deep: region",
		     "    00016000-00017fff : free",
		     "    00015000-00015fff : waiter: region, claimed, waits for deep: region",
		     "  00018000-0001efff : free",
		     "  0001f000-0001ffff : shallow: region",
		     "00020000-00020fff : behind (reserved)",
		     "00021000-ffffffff : free");
}

/* The space of a bus can be printed by itself. */
TEST(print_space_of_bus)
{
	two_bridges(_metadata);
	PRINT(vmr_print_regions(&printer, &bridges[0].bus.mmio));
	EXPECT_OUTPUT("00014000-00017fff : inner: window (window)",
		      "  00015000-00015fff : deep: region",
		     "0001f000-0001ffff : shallow: region");
}

/* A region that the window does not forward completely is marked as not visible. */
TEST(print_region_beyond_window_end)
{
	two_bridges(_metadata);
	/* The outer window shrinks to a part of the inner window. */
	ASSERT_EQ(0, vmr_window_program(&m.manager, &bridges[0].probe.region[0],
					0x10000, 0x157ff));
	PRINT(vmr_print_regions(&printer, &m.sys.mmio));
	EXPECT_OUTPUT("00010000-000157ff : outer: window (window)",
		      "  00014000-00017fff : inner: window (window) (not visible)",
		     "00020000-00020fff : behind (reserved)");
}

/* Each window is followed by the regions behind that window. */
TEST(print_bus_with_two_windows)
{
	struct probe *p = &bridges[0].probe;

	output_up(_metadata);
	probe_init(p, "outer");
	ASSERT_EQ(0, vmr_bus_init(&bridges[0].bus, &m.manager, &p->dev));
	ASSERT_EQ(0, probe_region(p, 0, VMR_MMIO, VMR_REGION_WINDOW, 0x4000));
	ASSERT_EQ(0, probe_region(p, 1, VMR_MMIO, VMR_REGION_WINDOW, 0x4000));
	vmr_constraint_init_fixed(probe_want(p), VMR_KIND_MMIO, 0x10000, 0x4000,
				  &p->region[0].range);
	vmr_constraint_init_fixed(probe_want(p), VMR_KIND_MMIO, 0x18000, 0x4000,
				  &p->region[1].range);
	ASSERT_EQ(0, vmr_device_register(&m.manager, &p->dev, NULL, NULL));
	leaf_up(_metadata, &leaves[0], "low", &bridges[0].bus, 0x10000,
		0x1000);
	bridge_up(_metadata, &bridges[1], "inner", &bridges[0].bus, 0x18000,
		  0x2000);
	leaf_up(_metadata, &leaves[1], "deep", &bridges[1].bus, 0x18000,
		0x1000);
	PRINT(vmr_print_regions(&printer, &m.sys.mmio));
	EXPECT_OUTPUT("00010000-00013fff : outer: region (window)",
		      "  00010000-00010fff : low: region",
		     "00018000-0001bfff : outer: region (window)",
		     "  00018000-00019fff : inner: window (window)",
		     "    00018000-00018fff : deep: region");
}

/*
 * A window can be as large as the window that it is in, and end where the next one
 * begins.
 */
TEST(print_window_ends_where_next_begins)
{
	struct probe *p = &bridges[0].probe;

	output_up(_metadata);
	probe_init(p, "outer");
	ASSERT_EQ(0, vmr_bus_init(&bridges[0].bus, &m.manager, &p->dev));
	ASSERT_EQ(0, probe_region(p, 0, VMR_MMIO, VMR_REGION_WINDOW, 0x4000));
	ASSERT_EQ(0, probe_region(p, 1, VMR_MMIO, VMR_REGION_WINDOW, 0x4000));
	vmr_constraint_init_fixed(probe_want(p), VMR_KIND_MMIO, 0x14000, 0x4000,
				  &p->region[0].range);
	vmr_constraint_init_fixed(probe_want(p), VMR_KIND_MMIO, 0x10000, 0x4000,
				  &p->region[1].range);
	ASSERT_EQ(0, vmr_device_register(&m.manager, &p->dev, NULL, NULL));
	bridge_up(_metadata, &bridges[1], "low", &bridges[0].bus, 0x10000,
		  0x4000);
	bridge_up(_metadata, &bridges[2], "high", &bridges[0].bus, 0x14000,
		  0x4000);
	leaf_up(_metadata, &leaves[0], "last", &bridges[1].bus, 0x13000,
		0x1000);
	leaf_up(_metadata, &leaves[1], "first", &bridges[2].bus, 0x14000,
		0x1000);
	reserve_at(_metadata, 0, 0x18000, 0x18fff, "behind");
	PRINT(vmr_print_regions(&printer, &m.sys.mmio));
	EXPECT_OUTPUT("00010000-00013fff : outer: region (window)",
		      "  00010000-00013fff : low: window (window)",
		     "    00013000-00013fff : last: region",
		     "00014000-00017fff : outer: region (window)",
		     "  00014000-00017fff : high: window (window)",
		     "    00014000-00014fff : first: region",
		     "00018000-00018fff : behind (reserved)");
}

/* The contents of a window that starts before its parent window are not printed. */
TEST(print_region_before_window_start)
{
	two_bridges(_metadata);
	ASSERT_EQ(0, vmr_window_program(&m.manager, &bridges[0].probe.region[0],
					0x14800, 0x1ffff));
	PRINT(vmr_print_regions(&printer, &m.sys.mmio));
	EXPECT_OUTPUT("00014800-0001ffff : outer: window (window)",
		      "  00014000-00017fff : inner: window (window) (not visible)",
		     "  0001f000-0001ffff : shallow: region",
		     "00020000-00020fff : behind (reserved)");
}

/*
 * After the contents of a window, printing resumes behind that window, whatever
 * others the bridge has.
 */
TEST(print_resumes_after_window)
{
	struct probe *p = &bridges[0].probe;

	output_up(_metadata);
	probe_init(p, "outer");
	ASSERT_EQ(0, vmr_bus_init(&bridges[0].bus, &m.manager, &p->dev));
	ASSERT_EQ(0, probe_region(p, 0, VMR_MMIO, VMR_REGION_TRAPPED, 0x1000));
	ASSERT_EQ(0, probe_region(p, 1, VMR_PIO, VMR_REGION_WINDOW, 0x1000));
	ASSERT_EQ(0, probe_region(p, 2, VMR_MMIO, VMR_REGION_WINDOW, 0x4000));
	ASSERT_EQ(0, probe_region(p, 3, VMR_MMIO, VMR_REGION_WINDOW, 0x4000));
	vmr_constraint_init_fixed(probe_want(p), VMR_KIND_MMIO, 0x10000, 0x4000,
				  &p->region[3].range);
	ASSERT_EQ(0, vmr_device_register(&m.manager, &p->dev, NULL, NULL));
	bridge_up(_metadata, &bridges[1], "inner", &bridges[0].bus, 0x10000,
		  0x2000);
	leaf_up(_metadata, &leaves[0], "shallow", &bridges[0].bus, 0x13000,
		0x1000);
	/* The other window is closed first, then above. */
	PRINT(vmr_print_regions(&printer, &m.sys.mmio));
	EXPECT_OUTPUT("00010000-00013fff : outer: region (window)",
		      "  00010000-00011fff : inner: window (window)",
		     "  00013000-00013fff : shallow: region");
	ASSERT_EQ(0, vmr_window_program(&m.manager, &p->region[2], 0x20000,
					0x23fff));
	PRINT(vmr_print_regions(&printer, &m.sys.mmio));
	EXPECT_OUTPUT("00010000-00013fff : outer: region (window)",
		      "  00010000-00011fff : inner: window (window)",
		     "  00013000-00013fff : shallow: region",
		     "00020000-00023fff : outer: region (window)");
}

/* Ids */

/* Ids are decimal and get their names from the caller. */
TEST(print_ids_decimal_with_caller_names)
{
	const struct vmr_request four = VMR_REQUEST(4, 4);

	output_up(_metadata);
	printer.name = name_of;
	ASSERT_EQ(0, vmr_id_alloc(&m.sys.irqs, &range[0]));
	ASSERT_EQ(0, vmr_id_alloc_block(&m.sys.irqs, &range[1], &four, NULL));
	ASSERT_EQ(0, vmr_id_reserve(&m.sys.irqs, &range[2], 63, NULL));
	PRINT(vmr_print_ids(&printer, &m.sys.irqs));
	EXPECT_OUTPUT("0 : first", "4-7 : second", "63 : ?");
	printer.flags = VMR_PRINT_GAPS;
	PRINT(vmr_print_ids(&printer, &m.sys.irqs));
	EXPECT_OUTPUT("0 : first", "1-3 : free", "4-7 : second", "8-62 : free",
		      "63 : ?");
}

/* The largest id has ten digits. */
TEST(print_largest_id)
{
	struct vmr_id_pool ids;

	output_up(_metadata);
	ASSERT_EQ(0, vmr_id_pool_init(&ids, 0, UINT32_MAX));
	ASSERT_EQ(0, vmr_id_reserve(&ids, &range[0], UINT32_MAX, NULL));
	printer.flags = VMR_PRINT_GAPS;
	PRINT(vmr_print_ids(&printer, &ids));
	EXPECT_OUTPUT("0-4294967294 : free", "4294967295 : ?");
}

/* Ranges that are no regions get their names from the caller. */
TEST(print_space_with_caller_names)
{
	struct vmr_space space;

	output_up(_metadata);
	printer.name = name_of;
	ASSERT_EQ(0, vmr_space_init(&space, 0, 0xffffff));
	ASSERT_EQ(0, vmr_reserve(&space, &range[1], 0x10, 0x1f, NULL));
	ASSERT_EQ(0, vmr_claim(&space, &range[0], 0x1f, 0x20));
	printer.flags = VMR_PRINT_CLAIMS;
	PRINT(vmr_print_space(&printer, &space));
	EXPECT_OUTPUT("000010-00001f : second",
		      "00001f-000020 : first, claimed, waits for second");
}

/* Ids of devices get their names from the manager. */
TEST(print_ids_named_by_manager)
{
	static struct probe a;

	output_up(_metadata);
	printer.manager = &m.manager;
	probe_init(&a, "nvme");
	vmr_constraint_init(probe_want(&a), VMR_KIND_MSIX, 8, &a.node[0]);
	a.want[0].name = "queues";
	ASSERT_EQ(0, vmr_device_register(&m.manager, &a.dev, NULL, NULL));
	PRINT(vmr_print_ids(&printer, &m.sys.irqs));
	EXPECT_OUTPUT("0-7 : nvme: queues");
	PRINT(vmr_print_ids(&printer, &m.sys.device_ids));
	EXPECT_OUTPUT("0 : nvme");
}

/* The shares of an interrupt line follow it. */
TEST(print_irq_shares_follow_line)
{
	static struct vmr_shared_irq five, six;
	static struct vmr_irq_share share[2];
	static struct probe a;
	struct vmr_resource res;
	struct vmr_resource_set set;
	struct vmr_constraint c;

	output_up(_metadata);
	printer.manager = &m.manager;
	ASSERT_EQ(0, vmr_system_add_shared_irq(&m.sys, &five, 5, "intx", NULL));
	ASSERT_EQ(0, vmr_system_add_shared_irq(&m.sys, &six, 6, NULL, NULL));
	probe_init(&a, "nic");
	vmr_constraint_init_fixed(probe_want(&a), VMR_KIND_IRQ, 5, 1,
				  &share[0].range);
	a.want[0].flags = VMR_SHARED;
	a.want[0].name = "irq";
	ASSERT_EQ(0, vmr_device_register(&m.manager, &a.dev, NULL, NULL));
	vmr_constraint_init_fixed(&c, VMR_KIND_IRQ, 5, 1, &share[1].range);
	c.flags = VMR_SHARED;
	c.name = "no device";
	vmr_resource_set_init(&set, &res, 1);
	ASSERT_EQ(0, vmr_system_alloc_resources(&m.sys, &c, 1, &set, NULL, NULL));
	PRINT(vmr_print_ids(&printer, &m.sys.irqs));
	EXPECT_OUTPUT("5 : intx", "  shared by nic: irq",
		      "  shared by no device", "6 : shared");
}

/* vmr_print_system() prints all domains with headings. */
TEST(print_system_by_domain)
{
	static struct vmr_pci_function fn;
	static struct probe a;

	output_up(_metadata);
	printer.manager = &m.manager;
	ASSERT_EQ(0, probe_up(&a, "serial", VMR_PIO, 0x3f8, 8));
	reserve_at(_metadata, 0, 0xfee00000, 0xfeefffff, "lapic");
	ASSERT_EQ(0, vmr_id_reserve(&m.sys.pci_bdfs, function_address(&fn),
				    8, NULL));
	PRINT(vmr_print_system(&printer));
	EXPECT_OUTPUT("i/o ports",
		      "  03f8-03ff : serial: region",
		     "guest physical addresses",
		     "  fee00000-feefffff : lapic (reserved)",
		     "interrupts",
		     "memory slots",
		     "pci addresses",
		     "  0008-0008 : ?",
		     "devices",
		     "  0 : serial");
}

/* Lines and messages */

/* A line that is too long is truncated. */
TEST(print_long_line_is_truncated)
{
	static char name[3 * VMR_PRINT_MAX_LINE];

	output_up(_metadata);
	memset(name, 'x', sizeof(name) - 1);
	reserve_at(_metadata, 0, 0, 0xfff, name);
	PRINT(vmr_print_regions(&printer, &m.sys.mmio));
	EXPECT_EQ((size_t)1, output.nr);
	EXPECT_EQ((size_t)VMR_PRINT_MAX_LINE - 1, strlen(output.line[0]));
	printer.depth = 1000;
	PRINT(vmr_print_regions(&printer, &m.sys.mmio));
	EXPECT_EQ((size_t)VMR_PRINT_MAX_LINE - 1, strlen(output.line[0]));
}

/* vmr_format_range() formats the range of a conflict with its names. */
TEST(format_range_of_conflict)
{
	static struct probe a, b;
	struct vmr_range *conflict = NULL;
	size_t failed = 99, len;

	output_up(_metadata);
	ASSERT_EQ(0, probe_up(&a, "serial", VMR_MMIO, 0x1000, 0x1000));
	probe_init(&b, "other");
	ASSERT_EQ(0, probe_region_at(&b, 0, VMR_MMIO, 0x1800, 0x1000));
	ASSERT_EQ(-EBUSY, vmr_device_register(&m.manager, &b.dev, &failed, &conflict));
	len = vmr_format_range(&m.manager, b.want[failed].kind, conflict,
			       text, sizeof(text));
	EXPECT_STREQ("00001000-00001fff : serial: region", text);
	EXPECT_EQ(strlen(text), len);
	reserve_at(_metadata, 0, 0xfee00000, 0xfeefffff, "lapic");
	vmr_format_range(NULL, VMR_KIND_MEM, &reserved[0].range, text,
			 sizeof(text));
	EXPECT_STREQ("fee00000-feefffff : lapic (reserved)", text);
	vmr_format_range(&m.manager, VMR_KIND_DEVICE_ID, &a.dev.id, text,
			 sizeof(text));
	EXPECT_STREQ("0 : serial", text);
	ASSERT_EQ(0, vmr_id_reserve(&m.sys.irqs, &range[0], 12, NULL));
	vmr_format_range(&m.manager, VMR_KIND_IRQ, &range[0], text,
			 sizeof(text));
	EXPECT_STREQ("12 : ?", text);
}

/* A text that is too long is truncated. The return value is the full length. */
TEST(format_range_truncates_returns_length)
{
	char small[8];

	output_up(_metadata);
	reserve_at(_metadata, 0, 0xfee00000, 0xfeefffff, "lapic");
	memset(small, 'x', sizeof(small));
	EXPECT_EQ(strlen("fee00000-feefffff : lapic (reserved)"),
		  vmr_format_range(NULL, VMR_KIND_MMIO, &reserved[0].range, small,
				   sizeof(small) - 1));
	EXPECT_STREQ("fee000", small);
	EXPECT_EQ('x', small[7]);
	EXPECT_EQ(strlen("fee00000-feefffff : lapic (reserved)"),
		  vmr_format_range(NULL, VMR_KIND_MMIO, &reserved[0].range, NULL,
				   0));
	EXPECT_EQ((size_t)0, vmr_format_range(NULL, VMR_KIND_MMIO, NULL,
					      small, sizeof(small)));
	EXPECT_STREQ("", small);
}

/*
 * With VMR_PRINT_TOTALS the last line has the used and free totals and the largest
 * gap.
 */
TEST(print_totals_are_last_line)
{
	static const char all_free[] =
"used 0x0, free 0x10000000000000000, largest gap 0000000000000000-ffffffffffffffff";
	struct vmr_space space;
	struct vmr_region all = { .name = "all" };

	output_up(_metadata);
	printer.flags = VMR_PRINT_TOTALS;
	reserve_at(_metadata, 0, 0x1000, 0x1fff, "a");
	reserve_at(_metadata, 1, 0x80000000, 0xffffffff, "b");
	PRINT(vmr_print_regions(&printer, &m.sys.mmio));
	EXPECT_OUTPUT("00001000-00001fff : a (reserved)",
		      "80000000-ffffffff : b (reserved)",
		     "used 0x80001000, free 0x7ffff000, largest gap 00002000-7fffffff");
	ASSERT_EQ(0, vmr_id_reserve(&m.sys.irqs, &range[0], 1, NULL));
	PRINT(vmr_print_ids(&printer, &m.sys.irqs));
	EXPECT_STREQ("1 : ?", output.line[0]);
	EXPECT_STREQ("used 0x1, free 0x3f, largest gap 2-63", output.line[1]);
	ASSERT_EQ(0, vmr_space_init(&space, 0, VMR_ADDR_MAX));
	PRINT(vmr_print_regions(&printer, &space));
	EXPECT_OUTPUT(all_free);
	ASSERT_EQ(0, vmr_reserve(&space, &all.range, 0, VMR_ADDR_MAX, NULL));
	PRINT(vmr_print_regions(&printer, &space));
	EXPECT_OUTPUT("0000000000000000-ffffffffffffffff : all",
		      "used 0x10000000000000000, free 0x0");
}

/* Printing does not change the machine. */
TEST(print_changes_nothing)
{
	two_bridges(_metadata);
	printer.manager = &m.manager;
	printer.flags = VMR_PRINT_ALL | VMR_PRINT_TOTALS;
	machine_state_before();
	PRINT(vmr_print_system(&printer));
	EXPECT_TRUE(same_as_before());
	EXPECT_SOUND();
}

TEST_HARNESS_MAIN

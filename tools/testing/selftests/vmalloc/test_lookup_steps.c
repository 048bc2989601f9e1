// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_lookup_steps.c - how long a lookup is, and how long a write section keeps it
 * waiting
 *
 * Counted in nodes, as in test_complexity.c: each device is on a page of its own. The port
 * layer is this program's, so that it knows when a section is open, and no page may
 * be accessed when one opens. What is documented is O(log n) for a lookup and
 * O(k log n) for a section that changes k ranges, whatever is behind a window.
 */
#include "../kselftest_harness.h"

#include "machine.h"
#include "node_watch.h"

#define MOST		2048
/* Of a tree, at most 2 log2(n + 1) high. */
#define LOOKUP(log)	(2 * ((log) + 1))
/* Down and up, with the children beside. */
#define CHANGE(log)	(5 * (log) + 16)

struct item {
	struct vmr_region	region;
	struct vmr_device	dev;
	struct vmr_constraint	want;
	struct vmr_resource	got;
};

static struct vmr_bus bus;
static struct vmr_region window;
static struct vmr_device bridge;
static bool counts;
static size_t longest;

#if !TEST_LACKS_page_faults

/* The port */

unsigned long vmr_port_write_begin(void)
{
	if (counts)
		pages_watch();
	return 0;
}

void vmr_port_write_end(unsigned long state)
{
	size_t seen;

	(void)state;
	if (!counts)
		return;
	seen = pages_unwatch();
	longest = seen > longest ? seen : longest;
}

void vmr_port_relax(void)
{
}

void vmr_port_wait(void)
{
}

uintptr_t vmr_port_self(void)
{
	return 1;
}

void vmr_port_assert_failed(const char *what)
{
	fprintf(stderr, "# %s\n", what);
}

#endif

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

static int item_make(size_t i, struct vmr_bus *parent, uint64_t size)
{
	struct item *it = item(i);

	memset(it, 0, sizeof(*it));
	it->dev.ops = &item_ops;
	it->dev.parent = parent;
	vmr_region_init(&it->region, VMR_MMIO, VMR_REGION_TRAPPED, size, 0,
			"item");
	return vmr_add_region(&it->dev, &it->region);
}

/* Registered, and live at @start. */
static int item_up(size_t i, struct vmr_bus *parent, uint64_t start,
		   uint64_t size)
{
	int ret = item_make(i, parent, size);

	if (!ret)
		ret = vmr_register(&m.manager, &item(i)->dev, NULL, NULL);
	return ret ? ret : vmr_region_place(&m.manager, &item(i)->region,
					    start, NULL);
}

#define BASE		0x100000000ull
#define PLACE(i)	(BASE + 0x10000 * (uint64_t)(i))

/* In an order without one; 1021 is a prime. */
static int items_up(size_t nr, struct vmr_bus *parent)
{
	size_t i, at;
	int ret = 0;

	for (i = 0; i < nr && !ret; i++) {
		at = i * 1021 % nr;
		ret = item_up(at, parent, PLACE(at), 0x1000);
	}
	return ret;
}

static unsigned int log_of(size_t n)
{
	unsigned int log = 0;

	while (n >> (log + 1))
		log++;
	return log;
}

static int up(void)
{
	int ret = machine_up_to(MACHINE_LAST, 2 * MOST);

	counts = false;
	longest = 0;
	memset(&window, 0, sizeof(window));
	memset(&bridge, 0, sizeof(bridge));
	return ret;
}

/* A bus with one window, open at [start, last] or closed. */
static int bus_up(uint64_t start, uint64_t last)
{
	int ret;

	bridge.ops = &item_ops;
	ret = vmr_bus_init(&bus, &m.manager, &bridge);
	vmr_region_init(&window, VMR_MMIO, VMR_REGION_WINDOW, 0x1000, 0,
			"window");
	if (!ret)
		ret = vmr_add_region(&bridge, &window);
	if (!ret)
		ret = vmr_register(&m.manager, &bridge, NULL, NULL);
	return ret ? ret : vmr_window_program(&m.manager, &window, start, last);
}

/* The longest section of a call. */
static size_t section_of(void)
{
	size_t is = longest;

	counts = false;
	longest = 0;
	return is;
}

#define SECTION(most, call) \
	do { \
		size_t is_; \
		counts = true; \
		(void)(call); \
		is_ = section_of(); \
		EXPECT_GE((size_t)(most), is_) { \
			TH_LOG("%zu items: %s", nr, #call); \
		} \
		if (is_ > max) \
			max = is_; \
	} while (0)

FIXTURE(bounds) {
	int unused;
};

FIXTURE_VARIANT(bounds) {
	size_t nr;
};

FIXTURE_VARIANT_ADD(bounds, few) { .nr = 64 };
FIXTURE_VARIANT_ADD(bounds, many) { .nr = 512 };
FIXTURE_VARIANT_ADD(bounds, most) { .nr = MOST - 64 };

FIXTURE_SETUP(bounds)
{
	NEEDS(page_faults);
	ASSERT_EQ(0, pages_init(MOST * pages_one()));
	ASSERT_EQ(0, up());
}

FIXTURE_TEARDOWN(bounds)
{
	pages_exit();
}

static size_t lookup(uint64_t addr, int *ret)
{
	uint8_t byte;

	pages_watch();
	*ret = vmr_read(&m.reader, VMR_MMIO, addr, &byte, 1, 1);
	return pages_unwatch();
}

/* What answers is on a page of its own that was on the way already. */
TEST_F(bounds, lookups)
{
	size_t nr = variant->nr, i, is, max = 0;
	unsigned int log = log_of(nr);
	int ret;

	ASSERT_EQ(0, items_up(nr, NULL));
	for (i = 0; i < nr; i += 1 + nr / 200) {
		is = lookup(PLACE(i) + 0xfff, &ret);
		EXPECT_EQ(0, ret);
		max = is > max ? is : max;
		is = lookup(PLACE(i) + 0x1000, &ret);
		EXPECT_EQ(-ENXIO, ret);
		max = is > max ? is : max;
	}
	EXPECT_GE((size_t)LOOKUP(log), max);
	TH_LOG("%zu items: %zu nodes at most, %u allowed", nr, max,
	       LOOKUP(log));
}

TEST_F(bounds, lookups_behind_a_window)
{
	size_t nr = variant->nr, i, is, max = 0;
	int ret;

	ASSERT_EQ(0, bus_up(BASE, PLACE(2 * MOST)));
	ASSERT_EQ(0, items_up(nr, &bus));
	for (i = 0; i < nr; i += 1 + nr / 200) {
		is = lookup(PLACE(i), &ret);
		EXPECT_EQ(0, ret);
		max = is > max ? is : max;
	}
	EXPECT_GE((size_t)LOOKUP(log_of(nr)), max);
}

/* Which count went up, or none. */
static size_t raised_since(const struct vmr_departures *before)
{
	size_t k = 0;

	while (k < VMR_DEPARTURES &&
	       before->counts[k] == m.sys.departures.counts[k])
		k++;
	return k;
}

/* The one that goes up when an item goes elsewhere and comes back. */
static size_t counted_with(size_t i)
{
	struct vmr_departures before = m.sys.departures;

	if (vmr_region_place(&m.manager, &item(i)->region, PLACE(MOST + i),
			     NULL) ||
	    vmr_region_place(&m.manager, &item(i)->region, PLACE(i), NULL))
		return VMR_DEPARTURES;
	return raised_since(&before);
}

/*
 * Nothing but what answers is looked at, whatever others have done meanwhile, if
 * they are not counted with it or with the window before it.
 */
static void remembers(struct __test_metadata *_metadata, size_t nr,
		      size_t window_with)
{
	size_t i, k, with, other, strangers = 0;
	int ret;

	for (i = 0; i < nr; i += 1 + nr / 20) {
		with = counted_with(i);
		ASSERT_GT((size_t)VMR_DEPARTURES, with);
		lookup(PLACE(i), &ret);
		ASSERT_EQ(0, ret);
		for (k = 0; k < nr; k += 1 + nr / 20) {
			if (k == i)
				continue;
			other = counted_with(k);
			if (other == with || other == window_with) {
				lookup(PLACE(i), &ret);
				continue;
			}
			strangers++;
			EXPECT_EQ((size_t)1, lookup(PLACE(i) + 1, &ret));
			EXPECT_EQ(0, ret);
		}
		EXPECT_EQ(0, vmr_region_place(&m.manager, &item(i)->region,
					      PLACE(MOST + i), NULL));
		lookup(PLACE(i), &ret);
		EXPECT_EQ(-ENXIO, ret);
		lookup(PLACE(MOST + i), &ret);
		EXPECT_EQ(0, ret);
	}
	EXPECT_LT((size_t)100, strangers);
}

TEST_F(bounds, lookups_of_what_is_remembered)
{
	ASSERT_EQ(0, items_up(variant->nr, NULL));
	remembers(_metadata, variant->nr, VMR_DEPARTURES);
}

TEST_F(bounds, lookups_of_what_is_remembered_behind_a_window)
{
	struct vmr_departures before;

	ASSERT_EQ(0, bus_up(0x40000000, 0x4fffffff));
	before = m.sys.departures;
	ASSERT_EQ(0, vmr_window_program(&m.manager, &window, BASE,
					PLACE(2 * MOST)));
	ASSERT_EQ(0, items_up(variant->nr, &bus));
	remembers(_metadata, variant->nr, raised_since(&before));
}

/* A range leaves a tree, enters that of claims, leaves it, enters the other. */
TEST_F(bounds, sections_that_move_a_region)
{
	size_t nr = variant->nr, i, k, max = 0;
	unsigned int log = log_of(nr);
	struct vmr_region *region;

	ASSERT_EQ(0, items_up(nr, NULL));
	for (k = 0; k < 40; k++) {
		i = k * 1021 % nr;
		region = &item(i)->region;
		SECTION(4 * CHANGE(log),
			vmr_region_program(&m.manager, region,
					   PLACE((i + 7) % nr) + 0x4000));
		ASSERT_EQ(VMR_LIVE, vmr_range_state(&region->range));
		SECTION(2 * CHANGE(log),
			vmr_region_place(&m.manager, region,
					 PLACE((i + 9) % nr) + 0x6000, NULL));
		SECTION(2 * CHANGE(log),
			vmr_region_park(&m.manager, region, PLACE(i)));
		SECTION(4 * CHANGE(log),
			vmr_region_program(&m.manager, region, PLACE(i)));
		SECTION(2 * CHANGE(log), vmr_region_unmap(&m.manager, region));
		SECTION(2 * CHANGE(log),
			vmr_region_place(&m.manager, region, PLACE(i), NULL));
	}
	EXPECT_LT((size_t)0, max);
	TH_LOG("%zu items: %zu nodes in a section at most", nr, max);
}

TEST_F(bounds, sections_that_register_and_unlink)
{
	size_t nr = variant->nr, i, k, max = 0;
	unsigned int log = log_of(nr);

	ASSERT_EQ(0, items_up(nr, NULL));
	for (k = 0; k < 40; k++) {
		i = k * 1021 % nr;
		SECTION(4 * CHANGE(log),
			vmr_unlink(&m.manager, &item(i)->dev));
		SECTION(4 * CHANGE(log), vmr_register(&m.manager, &item(i)->dev,
						      NULL, NULL));
		ASSERT_EQ(0, vmr_region_place(&m.manager, &item(i)->region,
					      PLACE(i), NULL));
	}
}

/* However much is behind it: what is behind is told later, out of the section. */
TEST_F(bounds, sections_that_move_a_window)
{
	size_t nr = variant->nr, i, max = 0;

	ASSERT_EQ(0, bus_up(BASE, PLACE(2 * MOST)));
	ASSERT_EQ(0, items_up(nr, &bus));
	for (i = 0; i < 8; i++) {
		SECTION(CHANGE(1),
			vmr_window_program(&m.manager, &window, 0x40000000,
					   0x4fffffff));
		SECTION(CHANGE(1),
			vmr_window_program(&m.manager, &window, BASE,
					   PLACE(2 * MOST)));
		SECTION(CHANGE(1), vmr_region_unmap(&m.manager, &window));
	}
	/* It was looked at: the window itself is on no page. */
	SECTION(CHANGE(log_of(nr)), vmr_unlink(&m.manager, &item(0)->dev));
	EXPECT_LT((size_t)0, max);
}

/* Also if it waits, and goes live since another leaves. */
TEST_F(bounds, sections_in_which_a_claimed_window_goes_live)
{
	size_t nr = variant->nr, max = 0, holder = MOST - 1;

	ASSERT_EQ(0, item_up(holder, NULL, BASE, 0x1000));
	ASSERT_EQ(0, bus_up(BASE, PLACE(2 * MOST)));
	ASSERT_EQ(VMR_CLAIMED, vmr_range_state(&window.range));
	ASSERT_EQ(0, items_up(nr, &bus));
	SECTION(CHANGE(1), vmr_region_program(&m.manager, &item(holder)->region,
					      0x1000));
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&window.range));
	ASSERT_EQ(0, vmr_window_program(&m.manager, &window, 0x20000000,
					0x2fffffff));
	ASSERT_EQ(0, vmr_region_place(&m.manager, &item(holder)->region,
				      BASE, NULL));
	ASSERT_EQ(0, vmr_window_program(&m.manager, &window, BASE,
					PLACE(2 * MOST)));
	ASSERT_EQ(VMR_CLAIMED, vmr_range_state(&window.range));
	/* Its id is one of as many. */
	SECTION(CHANGE(log_of(nr)),
		vmr_unlink(&m.manager, &item(holder)->dev));
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&window.range));
}

/* Claims that touch the place, of which all or one go live. */
TEST_F(bounds, sections_that_resolve_claims)
{
	size_t nr = variant->nr, max = 0, holder = MOST - 1, i, k;
	unsigned int log = log_of(nr);

	ASSERT_EQ(0, items_up(nr, NULL));
	ASSERT_EQ(0, item_up(holder, NULL, 0x10000000, 0x100000));
	for (k = 1; k <= 32; k *= 2) {
		for (i = 0; i < k; i++)
			ASSERT_EQ(0, vmr_region_program(&m.manager,
							&item(i)->region,
							0x10000000 +
							0x1000 * i));
		SECTION((k + 1) * 2 * CHANGE(log),
			vmr_region_program(&m.manager, &item(holder)->region,
					   0x20000000));
		for (i = 0; i < k; i++) {
			ASSERT_EQ(VMR_LIVE,
				  vmr_range_state(&item(i)->region.range));
			ASSERT_EQ(0, vmr_region_place(&m.manager,
						      &item(i)->region,
						      PLACE(i), NULL));
		}
		ASSERT_EQ(0, vmr_region_place(&m.manager, &item(holder)->region,
					      0x10000000, NULL));
	}
	TH_LOG("%zu items: %zu nodes for 32 claims at most", nr, max);
}

TEST_HARNESS_MAIN

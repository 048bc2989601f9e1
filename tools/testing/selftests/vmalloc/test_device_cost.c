// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_device_cost.c - upper bounds of what a call of the device layer visits
 *
 * Counted in nodes, as in test_complexity.c: each device, subregion or shared line is
 * on a page of its own. A call that passes along a list of thousands exceeds LIMIT.
 */
#include "../kselftest_harness.h"

#include "machine.h"
#include "node_watch.h"

#define NR_ITEMS		1500
#define SPARE		8
/* The height of a tree of NR_ITEMS nodes is at most 22; a call follows a few paths. */
#define LIMIT		(6 * 11 + 16)
#define BASE		0x100000000ull
#define AT(i)		(BASE + 0x10000 * (uint64_t)(i))

struct item {
	struct vmr_device	dev;
	struct vmr_region	region;
	struct vmr_shared_irq	line;
	struct vmr_irq_share	share;
	struct vmr_vector_waiter waiter;
	struct vmr_range	vector;
	char			name[16];
};

/* @call visits at most @most nodes. */
#define VISITS(most, call) \
	do { \
		size_t nodes_; \
		pages_watch(); \
		(void)(call); \
		nodes_ = pages_unwatch(); \
		EXPECT_GE((size_t)(most), nodes_) { \
			TH_LOG("%s", #call); \
		} \
	} while (0)

static const struct vmr_device_ops no_callbacks;
static struct vmr_transaction transaction;
static struct vmr_bus bus;
static struct vmr_device bridge;
static struct vmr_region window;

static struct item *item(size_t i)
{
	return (struct item *)node(i);
}

/* Scattered: 1021 is a prime. */
static size_t scattered(size_t i)
{
	return i * 1021 % NR_ITEMS;
}

static struct vmr_device *item_init(size_t i, struct vmr_bus *on)
{
	struct item *it = item(i);
	size_t rest = i, at;

	memset(it, 0, sizeof(*it));
	memcpy(it->name, "dev.....", 9);
	for (at = 7; at > 2; at--, rest /= 10)
		it->name[at] = (char)('0' + rest % 10);
	it->dev.ops = &no_callbacks;
	it->dev.name = it->name;
	it->dev.parent_bus = on;
	vmr_region_init(&it->region, VMR_MMIO, VMR_REGION_TRAPPED, 0x1000, 0,
			it->name);
	vmr_device_add_region(&it->dev, &it->region);
	return &it->dev;
}

static int item_up(size_t i, struct vmr_bus *on)
{
	int ret = vmr_device_register(&m.manager, item_init(i, on), NULL, NULL);

	return ret ? ret :
		     vmr_region_move(&m.manager, &item(i)->region, AT(i), NULL);
}

static int items_up(struct vmr_bus *on)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < NR_ITEMS && !ret; i++)
		ret = item_up(scattered(i), on);
	return ret;
}

static int bus_up(void)
{
	int ret;

	memset(&bridge, 0, sizeof(bridge));
	memset(&window, 0, sizeof(window));
	bridge.ops = &no_callbacks;
	ret = vmr_bus_init(&bus, &m.manager, &bridge);
	vmr_region_init(&window, VMR_MMIO, VMR_REGION_WINDOW, 0x1000, 0, "window");
	if (!ret)
		ret = vmr_device_add_region(&bridge, &window);
	return ret ? ret : vmr_device_register(&m.manager, &bridge, NULL, NULL);
}

FIXTURE(device_cost) {
	int unused;
};

FIXTURE_SETUP(device_cost)
{
	NEEDS(page_faults);
	ASSERT_EQ(0, pages_init((NR_ITEMS + SPARE) * pages_one()));
	ASSERT_EQ(0, machine_up_to(MACHINE_LAST, 2 * NR_ITEMS));
}

FIXTURE_TEARDOWN(device_cost)
{
	pages_exit();
}

/* A device is found by its name in O(log n): present, absent, the first of equals. */
TEST_F(device_cost, device_by_name_logarithmic)
{
	size_t i;

	ASSERT_EQ(0, items_up(NULL));
	for (i = 0; i < NR_ITEMS; i += 97) {
		struct vmr_device *dev = &item(i)->dev;
		char name[16];

		memcpy(name, item(i)->name, sizeof(name));
		VISITS(LIMIT, vmr_find_device_by_name(&m.manager, name));
		EXPECT_EQ(dev, vmr_find_device_by_name(&m.manager, name));
		name[1] = 'z';
		VISITS(LIMIT, vmr_find_device_by_name(&m.manager, name));
		EXPECT_NULL(vmr_find_device_by_name(&m.manager, name));
	}
	/* Of two devices with one name the older is found, then the other. */
	item_init(NR_ITEMS, NULL)->name = item(5)->name;
	ASSERT_EQ(0, vmr_device_register(&m.manager, &item(NR_ITEMS)->dev, NULL, NULL));
	EXPECT_EQ(&item(5)->dev,
		  vmr_find_device_by_name(&m.manager, item(5)->name));
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &item(5)->dev));
	EXPECT_EQ(&item(NR_ITEMS)->dev,
		  vmr_find_device_by_name(&m.manager, item(5)->name));
}

/* Adding to a transaction and removing with it does not walk what is in it. */
TEST_F(device_cost, transaction_join_logarithmic)
{
	size_t i;

	ASSERT_EQ(0, items_up(NULL));
	ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &transaction));
	for (i = 0; i < NR_ITEMS; i++)
		VISITS(LIMIT, vmr_transaction_remove(&transaction, &item(i)->dev));
	for (i = 0; i < NR_ITEMS; i++)
		ASSERT_EQ(&transaction, item(i)->dev.transaction);
	ASSERT_EQ(0, vmr_transaction_commit(&transaction));
	ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &transaction));
	for (i = 0; i < NR_ITEMS; i++) {
		item_init(i, NULL);
		VISITS(LIMIT, vmr_transaction_add(&transaction, &item(i)->dev,
						  NULL, NULL));
		ASSERT_EQ(VMR_DEVICE_PREPARED, item(i)->dev.state);
	}
	ASSERT_EQ(0, vmr_transaction_commit(&transaction));
	EXPECT_SOUND();
}

/* Removing a bridge whose bus is not empty yet takes O(1). */
TEST_F(device_cost, remove_busy_bridge_constant)
{
	ASSERT_EQ(0, bus_up());
	ASSERT_EQ(0, items_up(&bus));
	ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &transaction));
	ASSERT_EQ(0, vmr_transaction_remove(&transaction, &item(3)->dev));
	VISITS(1, vmr_transaction_remove(&transaction, &bridge));
	EXPECT_EQ(-EBUSY, vmr_transaction_remove(&transaction, &bridge));
	ASSERT_EQ(0, vmr_transaction_abort(&transaction));
}

/* A walk of one bus, or of the root, does not pass the devices elsewhere. */
TEST_F(device_cost, walk_of_bus_passes_no_other)
{
	ASSERT_EQ(0, bus_up());
	ASSERT_EQ(0, items_up(NULL));
	ASSERT_EQ(0, item_up(NR_ITEMS, &bus));
	VISITS(1, vmr_next_device_on_bus(&m.manager, &bus, NULL));
	EXPECT_EQ(&item(NR_ITEMS)->dev,
		  vmr_next_device_on_bus(&m.manager, &bus, NULL));
	VISITS(1, vmr_next_device_on_bus(&m.manager, &bus, &item(NR_ITEMS)->dev));
	EXPECT_NULL(vmr_next_device_on_bus(&m.manager, &bus, &item(NR_ITEMS)->dev));
}

/* A change of a window visits what is behind it, and not the other devices. */
TEST_F(device_cost, window_change_visits_behind)
{
	ASSERT_EQ(0, bus_up());
	ASSERT_EQ(0, items_up(NULL));
	ASSERT_EQ(0, item_up(NR_ITEMS, &bus));
	VISITS(LIMIT, vmr_window_program(&m.manager, &window, AT(NR_ITEMS),
					 AT(NR_ITEMS) + 0xffff));
	EXPECT_TRUE(vmr_region_mapping(&item(NR_ITEMS)->region).mapped);
	VISITS(LIMIT, vmr_window_program(&m.manager, &window, AT(NR_ITEMS + 1),
					 AT(NR_ITEMS + 2)));
	EXPECT_FALSE(vmr_region_mapping(&item(NR_ITEMS)->region).mapped);
}

/* Adding a subregion and an access to one of k visit O(log k) of them. */
TEST_F(device_cost, subregion_of_many_logarithmic)
{
	struct probe p;
	uint64_t at;
	uint8_t byte;
	size_t i, k;

	probe_init(&p, "p");
	vmr_region_init(&p.region[0], VMR_MMIO, VMR_REGION_MEMORY, NR_ITEMS * 0x100, 0,
			"memory");
	for (i = 0; i < NR_ITEMS; i++) {
		k = scattered(i);
		memset(item(k), 0, sizeof(*item(k)));
		vmr_region_init(&item(k)->region, VMR_MMIO, VMR_REGION_TRAPPED,
				0x80, (uint32_t)k, "part");
		item(k)->region.offset = 0x100 * k;
		VISITS(LIMIT, vmr_region_add_subregion(&p.region[0],
						       &item(k)->region));
		ASSERT_EQ(-EEXIST, vmr_region_add_subregion(&p.region[0],
							    &item(k)->region));
	}
	ASSERT_EQ(0, vmr_device_add_region(&p.dev, &p.region[0]));
	ASSERT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	ASSERT_EQ(0, vmr_region_move(&m.manager, &p.region[0], BASE, NULL));
	for (k = 0; k < NR_ITEMS; k += 13) {
		at = BASE + 0x100 * k;
		VISITS(LIMIT, vmr_read(&m.reader, VMR_MMIO, at, &byte, 1, 1));
		EXPECT_EQ(&item(k)->region, responder(VMR_MMIO, at));
		EXPECT_EQ(&item(k)->region, responder(VMR_MMIO, at + 0x7f));
		EXPECT_EQ(&p.region[0], responder(VMR_MMIO, at + 0x80));
		EXPECT_EQ(&p.region[0], responder(VMR_MMIO, at + 0xff));
	}
}

/*
 * An access to one of k subregions visits no more nodes than a lookup in a tree of k
 * ranges that were linked in the same order.
 */
TEST_F(device_cost, subregion_costs_one_lookup)
{
	static struct vmr_space tree;
	size_t i, k, lookup;
	struct probe p;
	uint8_t byte;

	probe_init(&p, "p");
	vmr_region_init(&p.region[0], VMR_MMIO, VMR_REGION_MEMORY, NR_ITEMS * 0x100, 0,
			"memory");
	ASSERT_EQ(0, vmr_space_init(&tree, 0, VMR_ADDR_MAX));
	for (i = 0; i < NR_ITEMS; i++) {
		k = scattered(i);
		memset(item(k), 0, sizeof(*item(k)));
		vmr_region_init(&item(k)->region, VMR_MMIO, VMR_REGION_TRAPPED,
				0x80, (uint32_t)k, "part");
		item(k)->region.offset = 0x100 * k;
		ASSERT_EQ(0, vmr_region_add_subregion(&p.region[0],
						      &item(k)->region));
		ASSERT_EQ(0, vmr_reserve(&tree, &item(k)->line.range, 0x100 * k,
					 0x100 * k + 0x7f, NULL));
	}
	ASSERT_EQ(0, vmr_device_add_region(&p.dev, &p.region[0]));
	ASSERT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	ASSERT_EQ(0, vmr_region_move(&m.manager, &p.region[0], BASE, NULL));
	for (k = 0; k < NR_ITEMS; k++) {
		pages_watch();
		vmr_find(&tree, 0x100 * k);
		lookup = pages_unwatch();
		VISITS(lookup, vmr_read(&m.reader, VMR_MMIO, BASE + 0x100 * k,
					&byte, 1, 1));
	}
}

/* A region is added to a device with many in O(1). */
TEST_F(device_cost, region_added_in_constant_steps)
{
	struct vmr_region *region;
	struct probe p;
	size_t i;

	probe_init(&p, "p");
	for (i = 0; i < NR_ITEMS; i++) {
		memset(item(i), 0, sizeof(*item(i)));
		vmr_region_init(&item(i)->region, VMR_MMIO, VMR_REGION_TRAPPED,
				0x1000, (uint32_t)i, "region");
		VISITS(2, vmr_device_add_region(&p.dev, &item(i)->region));
	}
	for (i = 0, region = p.dev.regions; region; region = region->next)
		EXPECT_EQ(&item(i++)->region, region);
	EXPECT_EQ((size_t)NR_ITEMS, i);
}

static struct vmr_shared_irq *naive_least(uint64_t min, uint64_t max,
					  uint64_t align)
{
	struct vmr_shared_irq *best = NULL;
	size_t i;

	for (i = 0; i < NR_ITEMS; i++) {
		struct vmr_shared_irq *line = &item(i)->line;

		if (line->range.start < min || line->range.start > max ||
		    line->range.start & (align - 1))
			continue;
		if (!best || line->nr_sharers < best->nr_sharers ||
		    (line->nr_sharers == best->nr_sharers &&
		     line->range.start < best->range.start))
			best = line;
	}
	return best;
}

/*
 * The line with the fewest sharers in bounds is found in O(log n): the lowest among
 * equals, at the bounds themselves, and none where there is none.
 */
TEST_F(device_cost, least_shared_line_logarithmic)
{
	const struct vmr_system_limits limits = {
		.mmio_last = MACHINE_LAST, .irq_last = 0xffff, .slot_last = 31,
		.pci_last = 0xff, .id_last = 255,
	};
	static struct vmr_irq_share share[2000];
	static struct vmr_system sys;
	struct vmr_resource_set set;
	struct vmr_resource res;
	struct vmr_constraint c;
	uint32_t state = 1;
	size_t i;

	ASSERT_EQ(0, vmr_system_init(&sys, &limits));
	for (i = 0; i < NR_ITEMS; i++) {
		size_t k = scattered(i);

		memset(item(k), 0, sizeof(*item(k)));
		VISITS(LIMIT, vmr_system_add_shared_irq(&sys, &item(k)->line,
							(uint32_t)(10 + 3 * k),
							"line", NULL));
		ASSERT_EQ(&sys, item(k)->line.sys);
	}
	for (i = 0; i < NR(share); i++) {
		struct vmr_shared_irq *least;
		uint64_t min, max, align;
		int ret = 0;

		state = state * 1103515245 + 12345;
		min = state >> 8 & 0xfff;
		state = state * 1103515245 + 12345;
		max = min + (state >> 8 & (i % 2 ? 0xf : 0x7ff));
		align = i % 5 ? 1 : 4;
		least = naive_least(min, max, align);
		vmr_resource_set_init(&set, &res, 1);
		vmr_constraint_init_bounded(&c, VMR_KIND_IRQ, 1, align, min, max,
					    &share[i].range);
		c.flags = VMR_SHARED;
		VISITS(align > 1 ? NR_ITEMS : 2 * LIMIT,
		       ret = vmr_system_alloc_resources(&sys, &c, 1, &set, NULL,
							NULL));
		ASSERT_EQ(least ? 0 : -ENOSPC, ret);
		ASSERT_EQ(least, share[i].irq);
		/* Every third device leaves again. */
		if (least && !(i % 3))
			vmr_system_free_resources(&sys, &set);
	}
	VISITS(2 * LIMIT, vmr_system_remove_shared_irq(&sys, &item(0)->line));
}

static size_t nr_served;
static bool served_in_order;

/* The oldest item is the last one */
static void note_served(struct vmr_vector_waiter *waiter)
{
	nr_served++;
	served_in_order &= waiter == &item(NR_ITEMS - nr_served)->waiter;
}

/*
 * Requests for vectors wait with the tickets of a snapshot, which may come in any order.
 * Each enters and leaves in O(log n), and they are served by age.
 */
TEST_F(device_cost, vectors_awaited_logarithmic)
{
	const struct vmr_system_limits limits = {
		.mmio_last = MACHINE_LAST, .irq_last = 0, .slot_last = 31,
		.pci_last = 0xff, .id_last = 255,
	};
	static struct vmr_system sys;
	struct vmr_range hog = { 0 };
	size_t i;

	ASSERT_EQ(0, vmr_system_init(&sys, &limits));
	ASSERT_EQ(0, vmr_reserve(&sys.irqs.space, &hog, 0, 0, NULL));
	for (i = 0; i < NR_ITEMS; i++) {
		item(i)->vector = (struct vmr_range){ 0 };
		item(i)->waiter = (struct vmr_vector_waiter) {
			.range = &item(i)->vector, .kind = VMR_KIND_MSIX, .nr = 1,
			.served = note_served, .ticket = NR_ITEMS - i,
		};
		VISITS(LIMIT, vmr_system_wait_for_vectors(&sys, &item(i)->waiter));
	}
	nr_served = 0;
	served_in_order = true;
	VISITS(LIMIT, vmr_system_free_vectors(&sys, VMR_KIND_MSIX, &hog));
	for (i = NR_ITEMS; --i > NR_ITEMS / 2; )
		VISITS(LIMIT, vmr_system_free_vectors(&sys, VMR_KIND_MSIX,
						      &item(i)->vector));
	EXPECT_EQ((size_t)NR_ITEMS - NR_ITEMS / 2, nr_served);
	EXPECT_TRUE(served_in_order);
	while (i-- > 0)
		VISITS(LIMIT, vmr_system_stop_waiting(&sys, &item(i)->waiter));
}

TEST_HARNESS_MAIN

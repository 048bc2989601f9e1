// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_invalid_args.c - invalid and missing arguments that no other test covers
 */
#include "../kselftest_harness.h"

#include "bus.h"
#include "card.h"

#include <vmalloc/layout.h>
#include <vmalloc/print.h>
#include <vmalloc/pci_snapshot.h>

static struct probe probe;
static struct vmr_range node;

/* Lookups and iterators return NULL or false if the object to search is NULL. */
TEST(lookup_in_null_finds_nothing)
{
	static struct vmr_space space;
	struct vmr_gap gap;

	EXPECT_NULL(vmr_find(NULL, 0));
	EXPECT_NULL(vmr_find_lockless(NULL, 0, NULL, NULL));
	EXPECT_NULL(vmr_find_overlap(NULL, 0, 1));
	EXPECT_NULL(vmr_first_range(NULL));
	EXPECT_NULL(vmr_last_range(NULL));
	EXPECT_NULL(vmr_id_find(NULL, 0));
	EXPECT_FALSE(vmr_id_is_allocated(NULL, 0));
	EXPECT_FALSE(vmr_region_mapping(NULL).mapped);
	EXPECT_NULL(vmr_region_space(NULL, &probe.region[0]));
	EXPECT_NULL(vmr_region_space(&m.manager, NULL));
	EXPECT_NULL(vmr_resource_set_next(NULL, VMR_KIND_MMIO, NULL));
	ASSERT_EQ(0, vmr_space_init(&space, 0x1000, 0x1fff));
	EXPECT_FALSE(vmr_last_gap_at_or_below(&space, 0xfff, &gap));
	EXPECT_TRUE(vmr_last_gap_at_or_below(&space, 0x1000, &gap));
}

/* A region without a device is not mapped and has no space. */
TEST(region_without_device_is_unmapped)
{
	static struct vmr_region alone;

	EXPECT_FALSE(vmr_region_mapping(&alone).mapped);
	ASSERT_EQ(0, machine_up());
	EXPECT_NULL(vmr_region_space(&m.manager, &alone));
}

/*
 * Calls of an allocator whose ops is NULL fail with -EOPNOTSUPP, after the check of
 * the arguments.
 */
TEST(allocator_null_ops_is_eopnotsupp)
{
	struct vmr_allocator none = { .ops = NULL };
	struct vmr_resource res = { .range = &node };
	struct vmr_constraint c;

	vmr_constraint_init(&c, VMR_KIND_MMIO, 0x1000, &node);
	EXPECT_EQ(-EOPNOTSUPP, vmr_allocator_alloc(&none, &c, &res, NULL));
	EXPECT_EQ(-EOPNOTSUPP, vmr_allocator_free(&none, &res));
	EXPECT_EQ(-EOPNOTSUPP, vmr_allocator_update(&none, &res, &c, NULL));
	c.range = NULL;
	EXPECT_EQ(-EINVAL, vmr_allocator_alloc(&none, &c, &res, NULL));
	EXPECT_EQ(-EINVAL, vmr_allocator_update(&none, &res, &c, NULL));
	res.range = NULL;
	EXPECT_EQ(-EINVAL, vmr_allocator_free(&none, &res));
}

/*
 * vmr_allocator_update() fails if the range is live in the space of another
 * allocator.
 */
TEST(update_range_of_other_space_is_enoent)
{
	static struct vmr_id_pool one, two;
	struct vmr_id_allocator a, b;
	struct vmr_resource res;
	struct vmr_constraint c;

	ASSERT_EQ(0, vmr_id_pool_init(&one, 0, 9));
	ASSERT_EQ(0, vmr_id_pool_init(&two, 0, 9));
	vmr_id_allocator_init(&a, &one);
	vmr_id_allocator_init(&b, &two);
	vmr_constraint_init(&c, VMR_KIND_IRQ, 1, &node);
	ASSERT_EQ(0, vmr_allocator_alloc(&a.allocator, &c, &res, NULL));
	EXPECT_EQ(-ENOENT, vmr_allocator_update(&b.allocator, &res, &c, NULL));
	EXPECT_EQ(&node, vmr_id_find(&one, 0));
}

/* Prepare the probe with one region and one constraint. */
static void probe_prepare(enum vmr_io io, uint32_t kind, struct vmr_range *range)
{
	probe_init(&probe, "probe");
	probe_region(&probe, 0, io, VMR_REGION_TRAPPED, 0x100);
	vmr_constraint_init_bounded(probe_want(&probe), kind, 0x100, 0x100, 0, 0xffff,
				    range);
}

/*
 * The range of an address constraint must belong to a region of the device and of
 * the same kind.
 */
TEST(constraint_must_match_region_kind)
{
	static struct bridge_dev bridge_dev;
	size_t failed = 99;

	ASSERT_EQ(0, machine_up());
	probe_prepare(VMR_PIO, VMR_KIND_PIO, &node);
	EXPECT_EQ(-EINVAL, vmr_device_register(&m.manager, &probe.dev, &failed, NULL));
	EXPECT_EQ((size_t)0, failed);
	probe_prepare(VMR_MMIO, VMR_KIND_PIO, &probe.region[0].range);
	EXPECT_EQ(-EINVAL, vmr_device_register(&m.manager, &probe.dev, NULL, NULL));
	probe_prepare(VMR_PIO, VMR_KIND_MMIO, &probe.region[0].range);
	EXPECT_EQ(-EINVAL, vmr_device_register(&m.manager, &probe.dev, NULL, NULL));
	ASSERT_EQ(0, hub_up(&bridge_dev, "hub", NULL));
	probe_prepare(VMR_MMIO, VMR_KIND_MMIO, &node);
	probe.dev.parent_bus = &bridge_dev.bus;
	EXPECT_EQ(-EINVAL, vmr_device_register(&m.manager, &probe.dev, NULL, NULL));
	probe_prepare(VMR_MMIO, VMR_KIND_MMIO, &probe.region[0].range);
	EXPECT_EQ(0, vmr_device_register(&m.manager, &probe.dev, NULL, NULL));
}

/*
 * A restored device needs operations and an id that is live in the id pool of this
 * system.
 */
TEST(restored_device_needs_ops_and_id)
{
	struct vmr_constraint *c;

	ASSERT_EQ(0, machine_up());
	probe_prepare(VMR_PIO, VMR_KIND_PIO, &probe.region[0].range);
	probe.dev.ops = NULL;
	EXPECT_EQ(-EINVAL, vmr_device_register_restored(&m.manager, &probe.dev, NULL));
	EXPECT_EQ(-EINVAL, vmr_device_register(&m.manager, &probe.dev, NULL, NULL));
	probe.dev.ops = &probe_ops;
	EXPECT_EQ(-ENOENT, vmr_device_register_restored(&m.manager, &probe.dev, NULL));
	c = &probe.want[0];
	c->range->start = 0;
	ASSERT_EQ(0, vmr_reserve(&m.sys.pio, c->range, 0x100, 0x1ff, NULL));
	EXPECT_EQ(-ENOENT, vmr_device_register_restored(&m.manager, &probe.dev, NULL));
	/* The id is live in the pool of the memory slots. */
	ASSERT_EQ(0, vmr_reserve(&m.sys.mem_slots.space, &probe.dev.id, 0, 0, NULL));
	EXPECT_EQ(-ENOENT, vmr_device_register_restored(&m.manager, &probe.dev, NULL));
	ASSERT_EQ(0, vmr_free(&m.sys.mem_slots.space, &probe.dev.id));
	ASSERT_EQ(0, vmr_device_reserve_id(&m.manager, &probe.dev, 0, NULL));
	EXPECT_EQ(-EEXIST, vmr_device_register(&m.manager, &probe.dev, NULL, NULL));
	EXPECT_EQ(0, vmr_device_register_restored(&m.manager, &probe.dev, NULL));
}

/* A subregion cannot be added to a second region. */
TEST(subregion_has_one_region)
{
	static struct vmr_region part;

	ASSERT_EQ(0, machine_up());
	probe_init(&probe, "probe");
	ASSERT_EQ(0, probe_region(&probe, 0, VMR_MMIO, VMR_REGION_MEMORY,
				  0x1000));
	ASSERT_EQ(0, probe_region(&probe, 1, VMR_MMIO, VMR_REGION_MEMORY,
				  0x1000));
	vmr_region_init(&part, VMR_MMIO, VMR_REGION_TRAPPED, 0x100, 2, "part");
	ASSERT_EQ(0, vmr_region_add_subregion(&probe.region[0], &part));
	EXPECT_EQ(-EEXIST, vmr_region_add_subregion(&probe.region[1], &part));
}

/* Another manager cannot cancel a removal. */
TEST(removal_cancel_by_other_manager_fails)
{
	const struct vmr_system_limits limits = { .mmio_last = 0xffffffff, .id_last = 9 };
	static struct machine other;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, vmr_system_init(&other.sys, &limits));
	ASSERT_EQ(0, vmr_manager_init(&other.manager, &other.sys));
	ASSERT_EQ(0, probe_up(&probe, "probe", VMR_PIO, 0x100, 8));
	ASSERT_EQ(0, vmr_device_request_removal(&m.manager, &probe.dev));
	EXPECT_EQ(-ENOENT, vmr_device_cancel_removal(&other.manager, &probe.dev));
	EXPECT_EQ(0, vmr_device_cancel_removal(&m.manager, &probe.dev));
}

/*
 * vmr_region_unreserve() accepts only a region that vmr_region_reserve() reserved.
 */
TEST(unreserve_requires_reserved_region)
{
	const struct vmr_span span = { 0x100, 0x1ff, "reserved" };
	static struct vmr_region reserved;

	ASSERT_EQ(0, machine_up());
	EXPECT_EQ(-EINVAL, vmr_region_unreserve(NULL, &reserved));
	EXPECT_EQ(-EINVAL, vmr_region_unreserve(&m.sys, NULL));
	ASSERT_EQ(0, vmr_region_reserve(&m.sys, &reserved, VMR_PIO, &span, NULL));
	reserved.type = VMR_REGION_TRAPPED;
	EXPECT_EQ(-ENOENT, vmr_region_unreserve(&m.sys, &reserved));
	reserved.type = VMR_REGION_RESERVED;
	EXPECT_EQ(0, vmr_region_unreserve(&m.sys, &reserved));
	EXPECT_EQ(-ENOENT, vmr_region_unreserve(&m.sys, &reserved));
	ASSERT_EQ(0, probe_up(&probe, "probe", VMR_PIO, 0x100, 0x100));
	EXPECT_EQ(-ENOENT, vmr_region_unreserve(&m.sys, &probe.region[0]));
}

/*
 * A restored function needs a live BDF and a live device id, and is registered once.
 */
TEST(restored_function_needs_bdf_and_id)
{
	static struct vmr_pci_function fn;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_init(&fn, "card"));
	EXPECT_EQ(-EINVAL, vmr_pci_register_restored(NULL, &fn, NULL));
	EXPECT_EQ(-EINVAL, vmr_pci_register_restored(&m.manager, NULL, NULL));
	EXPECT_EQ(-ENOENT, vmr_pci_register_restored(&m.manager, &fn, NULL));
	ASSERT_EQ(0, vmr_reserve(&m.sys.pci_bdfs.space, &fn.address, 8, 8, NULL));
	/* The id is not live, so the function gets no manager. */
	EXPECT_EQ(-ENOENT, vmr_pci_register_restored(&m.manager, &fn, NULL));
	EXPECT_NULL(fn.manager);
	ASSERT_EQ(0, vmr_device_reserve_id(&m.manager, &fn.dev, 9, NULL));
	EXPECT_EQ(0, vmr_pci_register_restored(&m.manager, &fn, NULL));
	EXPECT_EQ(-EEXIST, vmr_pci_register_restored(&m.manager, &fn, NULL));
	EXPECT_EQ(0, vmr_pci_unplug(&fn));
}

/* A function that a transaction removes cannot be unplugged meanwhile. */
TEST(unplug_during_transaction_is_ebusy)
{
	static struct vmr_pci_function fn;
	struct vmr_transaction t;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_init(&fn, "card"));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &fn, VMR_PCI_BDF(0, 3, 0)));
	ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &t));
	ASSERT_EQ(0, vmr_transaction_remove(&t, &fn.dev));
	EXPECT_EQ(-EBUSY, vmr_pci_unplug(&fn));
	EXPECT_EQ(&m.manager, fn.manager);
	EXPECT_EQ(0, vmr_transaction_abort(&t));
	EXPECT_EQ(0, vmr_pci_unplug(&fn));
}

static void reset(struct vmr_pci_conf1 *h, uint8_t value)
{
	(void)h;
	(void)value;
}

/*
 * Only a write of one byte to port 0xcf9 resets. Without a reset callback the write
 * succeeds.
 */
TEST(reset_only_by_byte_at_port_0xcf9)
{
	ASSERT_EQ(0, pci_up());
	EXPECT_EQ(0, port_out(0xcf9, 6, 1));
	host.reset = reset;
	EXPECT_EQ(0, port_out(0xcf9, 6, 1));
	EXPECT_EQ(0, port_out(0xcf9, 6, 2));
}

static uint64_t key_of(const struct vmr_snapshot *snap,
		       uint32_t space,
		       const struct vmr_range *range)
{
	(void)snap;
	(void)space;
	(void)range;
	return 0;
}

static struct vmr_range *node_of(const struct vmr_snapshot *snap,
				 uint64_t key, uint32_t *space)
{
	(void)snap;
	(void)space;
	(void)key;
	return NULL;
}

/*
 * A snapshot fails with -EINVAL if a block has no bytes or the counts overflow
 * size_t.
 */
TEST(snapshot_size_overflow_is_einval)
{
	static const struct vmr_snapshot_ops ops = { key_of, node_of };
	static struct vmr_space space;
	static struct vmr_snapshot_space spaces[] = { { .space = &space } };
	static struct vmr_snapshot_block blocks[] = { { .key = 1 } };
	struct vmr_snapshot snap = {
		.ops = &ops,
		.spaces = spaces,
		.nr_spaces = 1,
		.blocks = blocks,
		.nr_blocks = 1,
	};
	uint8_t bytes[256];
	size_t used;

	ASSERT_EQ(0, vmr_space_init(&space, 0, 0xff));
	/* A block may be empty. */
	EXPECT_EQ(0, vmr_snapshot_save(&snap, bytes, sizeof(bytes), &used));
	EXPECT_EQ(0, vmr_snapshot_restore(&snap, bytes, used));
	blocks[0].size = 8;
	EXPECT_EQ(-EINVAL, vmr_snapshot_save(&snap, bytes, sizeof(bytes), &used));
	blocks[0].size = 0;
	if (sizeof(size_t) > 4) {
		snap.nr_blocks = SIZE_MAX;
		EXPECT_EQ(-EINVAL,
			  vmr_snapshot_save(&snap, bytes, sizeof(bytes), &used));
		snap.nr_blocks = 1;
		snap.nr_spaces = SIZE_MAX;
		EXPECT_EQ(-EINVAL,
			  vmr_snapshot_save(&snap, bytes, sizeof(bytes), &used));
	}
}

/*
 * A bad layout fails whether or not the caller passes a pointer for the faulty span.
 */
TEST(layout_error_without_bad_pointer)
{
	static struct vmr_layout_config config;
	static struct vmr_layout layout;
	const struct vmr_span *bad;
	struct vmr_span pieces[VMR_LAYOUT_MAX_RAM];

	ASSERT_EQ(0, vmr_layout_x86_64(&config, GIB, 0, 40));
	config.nr_ram = VMR_LAYOUT_MAX_RAM + 1;
	EXPECT_EQ(-EINVAL, vmr_layout_ram(&config, GIB, pieces));
	ASSERT_EQ(0, vmr_layout_x86_64(&config, GIB, 0, 40));
	config.reserved[1].start = config.reserved[0].start;
	config.reserved[1].last = config.reserved[0].last;
	config.nr_reserved = 2;
	EXPECT_NE(0, vmr_layout_init(&layout, &m.sys, &config, &bad));
	EXPECT_NE(0, vmr_layout_init(&layout, &m.sys, &config, NULL));
}

/* Separate MSI vectors may consist of the single number 0. */
TEST(separate_msi_vectors_may_be_one)
{
	static struct vmr_layout_config config;
	static struct vmr_layout layout;

	ASSERT_EQ(0, vmr_layout_arm64(&config, GIB, 0, 40));
	config.msi_vectors.start = 0;
	config.msi_vectors.last = 0;
	ASSERT_EQ(0, vmr_layout_init(&layout, &m.sys, &config, NULL));
	EXPECT_EQ((uint64_t)1, m.sys.msi_vectors.space.last);
}

/*
 * Enabling MSI allocates the vectors even if the function has no callback for them.
 */
TEST(msi_enable_without_callback_allocates)
{
	static struct vmr_pci_function fn;
	static struct vmr_pci_msi msi;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_init(&fn, "card"));
	ASSERT_EQ(0, vmr_pci_add_msi(&fn, &msi, 0x50, 1));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &fn, VMR_PCI_BDF(0, 3, 0)));
	conf_out_at(VMR_PCI_BDF(0, 3, 0), 0x52, 1, 2);
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&msi.range));
	conf_out_at(VMR_PCI_BDF(0, 3, 0), 0x52, 0, 2);
	EXPECT_EQ(VMR_FREE, vmr_range_state(&msi.range));
}

/* vmr_last_gap_at_or_below() returns false in a full space. */
TEST(last_gap_in_full_space_is_none)
{
	static struct vmr_space space;
	struct vmr_gap gap;

	ASSERT_EQ(0, vmr_space_init(&space, 0, 0xfff));
	ASSERT_EQ(0, vmr_reserve(&space, &node, 0, 0xfff, NULL));
	EXPECT_FALSE(vmr_last_gap_at_or_below(&space, 0xfff, &gap));
}

/* vmr_last_gap_at_or_below() returns false for an address before the space. */
TEST(last_gap_before_space_is_none)
{
	static struct vmr_space space;
	struct vmr_gap gap;

	ASSERT_EQ(0, vmr_space_init(&space, 0x1000, 0x1fff));
	ASSERT_EQ(0, vmr_reserve(&space, &node, 0x1800, 0x1fff, NULL));
	EXPECT_FALSE(vmr_last_gap_at_or_below(&space, 0xfff, &gap));
}

/* A bad step fails with -EINVAL if the caller passes no pointers for the details. */
TEST(move_bulk_error_without_failed)
{
	struct vmr_move_op step = { .range = NULL };

	EXPECT_EQ(-EINVAL, vmr_move_bulk(&step, 1, NULL, NULL));
}

/* vmr_allocator_update() fails for a parked range and leaves it parked. */
TEST(update_parked_range_is_enoent)
{
	static struct vmr_space space;
	struct vmr_pool pool = { .space = &space, .last = 0xffff, .align = 1 };
	struct vmr_pool_allocator a;
	struct vmr_resource res = { .kind = VMR_KIND_MMIO, .range = &node };
	struct vmr_constraint c;

	ASSERT_EQ(0, vmr_space_init(&space, 0, 0xffff));
	ASSERT_EQ(0, vmr_park(&space, &node, 0x1000, 0x1fff));
	vmr_pool_allocator_init(&a, &pool);
	vmr_constraint_init(&c, VMR_KIND_MMIO, 0x1000, &node);
	EXPECT_EQ(-ENOENT, vmr_allocator_update(&a.allocator, &res, &c, NULL));
	EXPECT_EQ(VMR_PARKED, vmr_range_state(&node));
}

/* A shared line is one number, and a fixed share needs no alignment. */
TEST(shared_irq_range_is_one_number)
{
	static struct vmr_shared_irq line;
	static struct vmr_irq_share share;
	struct vmr_resource_set set;
	struct vmr_resource res;
	struct vmr_constraint c;

	vmr_resource_set_init(&set, &res, 1);
	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, vmr_reserve(&m.sys.irqs.space, &line.range, 5, 6, NULL));
	EXPECT_EQ(-EEXIST, vmr_system_add_shared_irq(&m.sys, &line, 5,
						     "line", NULL));
	ASSERT_EQ(0, vmr_free(&m.sys.irqs.space, &line.range));
	ASSERT_EQ(0, vmr_system_add_shared_irq(&m.sys, &line, 5, "line", NULL));
	/* A fixed request without an alignment */
	vmr_constraint_init_fixed(&c, VMR_KIND_IRQ, 5, 1, &share.range);
	c.flags |= VMR_SHARED;
	c.request.align = 0;
	EXPECT_EQ(0, vmr_system_alloc_resources(&m.sys, &c, 1, &set, NULL, NULL));
	EXPECT_EQ(&line, share.irq);
}

/* A system without a manager can update the addresses of a resource. */
TEST(system_update_without_manager)
{
	const struct vmr_system_limits limits = { .mmio_last = 0xffffffff,
					   .id_last = 9 };
	static struct vmr_system sys;
	struct vmr_resource_set set;
	struct vmr_resource res;
	struct vmr_constraint c;

	vmr_resource_set_init(&set, &res, 1);
	ASSERT_EQ(0, vmr_system_init(&sys, &limits));
	vmr_constraint_init_fixed(&c, VMR_KIND_PIO, 0x100, 8, &probe.region[0].range);
	ASSERT_EQ(0, vmr_system_alloc_resources(&sys, &c, 1, &set, NULL, NULL));
	vmr_constraint_init_fixed(&c, VMR_KIND_PIO, 0x200, 8, &probe.region[0].range);
	EXPECT_EQ(0, vmr_system_update_resource(&sys, &res, &c, NULL));
	EXPECT_EQ((uint64_t)0x200, probe.region[0].range.start);
	/* The range is live, but the resource does not name it. */
	res.range = NULL;
	EXPECT_EQ(-EEXIST, vmr_system_update_resource(&sys, &res, &c, NULL));
}

/* A function whose callbacks are all NULL can be plugged and can use vectors. */
TEST(pci_events_are_optional)
{
	static const struct vmr_pci_events none;
	static struct vmr_pci_function fn;
	static struct vmr_pci_msix msix;
	static struct vmr_pci_msix_entry entry[1];
	static struct vmr_pci_msi msi;
	const struct vmr_pci_msix_layout place = {
		.table_offset = 0, .pba_offset = 0x800,
	};

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_init(&fn, "card"));
	fn.events = &none;
	ASSERT_EQ(0, vmr_pci_add_bar(&fn, 0, VMR_PCI_BAR_MEM32, false, 0x1000,
				     "bar"));
	ASSERT_EQ(0, vmr_pci_add_msi(&fn, &msi, 0x70, 1));
	/* At a lower offset than the MSI capability */
	ASSERT_EQ(0, vmr_pci_add_msix(&fn, &msix, 0x50, entry, 1, &place));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &fn, VMR_PCI_BDF(0, 3, 0)));
	conf_out_at(VMR_PCI_BDF(0, 3, 0), 0x72, 1, 2);
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&msi.range));
	EXPECT_EQ(0, vmr_pci_notify(&fn, 0));
	conf_out_at(VMR_PCI_BDF(0, 3, 0), 0x52, 0x8000, 2);
	EXPECT_EQ(0, vmr_pci_msix_write(&fn, &msix, 12, "\0\0\0", 4));
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&entry[0].range));
	EXPECT_EQ(0, vmr_pci_notify(&fn, 0));
	EXPECT_EQ(0, vmr_pci_function_reset(&fn, VMR_PCI_RESET_FUNCTION));
	EXPECT_EQ(VMR_FREE, vmr_range_state(&msi.range));
	EXPECT_EQ(VMR_FREE, vmr_range_state(&entry[0].range));
}

static void count_line(void *arg, const char *line)
{
	unsigned int *nr = arg;

	(void)line;
	++*nr;
}

/* Printing handles regions that are inconsistent, such as a window without a bus. */
TEST(print_of_inconsistent_regions)
{
	static struct vmr_region odd;
	static struct bridge_dev bridge_dev;
	static struct probe deep;
	unsigned int nr = 0;
	struct vmr_printer map = { .line = count_line, .arg = &nr };
	char text[80];

	ASSERT_EQ(0, machine_up());
	map.manager = &m.manager;
	vmr_region_init(&odd, VMR_MMIO, VMR_REGION_WINDOW, 0x100, 0, "odd");
	ASSERT_EQ(0, vmr_reserve(&m.sys.mmio, &odd.range, 0x100, 0x1ff, NULL));
	EXPECT_EQ(0, vmr_print_regions(&map, &m.sys.mmio));
	EXPECT_EQ(1u, nr);
	odd.type = 99;
	EXPECT_EQ(0, vmr_print_regions(&map, &m.sys.mmio));
	EXPECT_EQ(2u, nr);
	/* A window of a device without a bus forwards nothing. */
	odd.type = VMR_REGION_WINDOW;
	odd.device = &probe.dev;
	EXPECT_EQ(0, vmr_print_regions(&map, &m.sys.mmio));
	EXPECT_EQ(3u, nr);
	odd.device = NULL;
	ASSERT_EQ(0, hub_up(&bridge_dev, "hub", NULL));
	ASSERT_EQ(0, hub_open(&bridge_dev, PORTS, 0x1000, 0x1fff));
	ASSERT_EQ(0, hub_open(&bridge_dev, MEMORY, 0x100000, 0x1fffff));
	ASSERT_EQ(0, hub_open(&bridge_dev, PREFETCH, 0x200000, 0x2fffff));
	ASSERT_EQ(0, leaf_at(&probe, "leaf", &bridge_dev.bus, VMR_PIO, 0x1000, 8,
			     false));
	ASSERT_EQ(0, leaf_at(&deep, "deep", &bridge_dev.bus, VMR_MMIO, 0x200000, 0x1000,
			     true));
	nr = 0;
	EXPECT_EQ(0, vmr_print_regions(&map, &m.sys.pio));
	EXPECT_EQ(2u, nr);
	EXPECT_EQ(0, vmr_print_regions(&map, &m.sys.mmio));
	EXPECT_LT((size_t)0,
		  vmr_format_range(&m.manager, VMR_KIND_PIO,
				   &probe.region[0].range, text,
				     sizeof(text)));
	EXPECT_EQ(0, strncmp(text, "1000-1007", 9));
}

/* vmr_print_system() includes MSI vectors that have a domain of their own. */
TEST(print_system_with_separate_vectors)
{
	static struct vmr_layout_config config;
	static struct vmr_layout layout;
	unsigned int nr = 0;
	struct vmr_printer map = { .line = count_line, .arg = &nr };

	ASSERT_EQ(0, vmr_layout_arm64(&config, GIB, 0, 40));
	/* The second span of inputs is outside the lines. */
	config.nr_irq_inputs = 2;
	config.irq_inputs[1].start = config.irq_inputs[0].last + 1;
	config.irq_inputs[1].last = config.irq_inputs[0].last + 8;
	ASSERT_EQ(0, vmr_layout_init(&layout, &m.sys, &config, NULL));
	ASSERT_EQ(0, vmr_manager_init(&m.manager, &m.sys));
	map.manager = &m.manager;
	EXPECT_EQ(0, vmr_print_system(&map));
	EXPECT_LT(6u, nr);
}

TEST_HARNESS_MAIN

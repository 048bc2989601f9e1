// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_device_trust.c - what the device layer refuses, and how accesses nest
 *
 * A caller may confuse managers, copy objects or call back at any time. Each call
 * refuses that and changes nothing.
 */
#include <pthread.h>

#include "../kselftest_harness.h"
#include "bus.h"
#include "misuse.h"
#include "requires.h"

#include <vmalloc/port.h>

static struct vmr_system other_sys;
static struct vmr_manager other;

static int two_managers_up(void)
{
	const struct vmr_system_limits limits = {
		.mmio_last = MACHINE_LAST, .irq_last = 63, .slot_last = 31,
		.pci_last = 0xff, .id_last = 255,
	};
	int ret = machine_up();

	if (!ret)
		ret = vmr_system_init(&other_sys, &limits);
	return ret ? ret : vmr_manager_init(&other, &other_sys);
}

/* Ownership */

/* A drain by another manager than the last one of the device is refused. */
TEST(drain_by_other_manager_refused)
{
	struct probe p, fresh;

	ASSERT_EQ(0, two_managers_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	EXPECT_EQ(-ENOENT, vmr_device_try_drain(&other, &p.dev));
	EXPECT_EQ(-EBUSY, vmr_device_try_drain(&m.manager, &p.dev));
	ASSERT_EQ(1, vmr_device_unregister(&m.manager, &p.dev));
	EXPECT_EQ(-ENOENT, vmr_device_try_drain(&other, &p.dev));
	EXPECT_EQ(-ENOENT, vmr_device_drain(&other, &p.dev));
	EXPECT_EQ(0, vmr_device_drain(&m.manager, &p.dev));
	/* A device that was never registered is in no reader's way. */
	probe_init(&fresh, "fresh");
	EXPECT_EQ(0, vmr_device_drain(&other, &fresh.dev));
}

/* A region and a bridge of another manager are unknown here. */
TEST(region_of_other_manager_refused)
{
	struct vmr_space *space = &m.sys.mmio;
	struct bridge_dev h;
	struct probe p;

	ASSERT_EQ(0, two_managers_up());
	ASSERT_EQ(0, hub_up(&h, "hub", NULL));
	EXPECT_EQ(space, vmr_region_space(&m.manager, &h.p.region[MEMORY]));
	EXPECT_NULL(vmr_region_space(&other, &h.p.region[MEMORY]));
	EXPECT_EQ(-ENOENT, vmr_region_program(&other, &h.p.region[MEMORY], 0));
	probe_init(&p, "p");
	p.dev.parent_bus = &h.bus;
	EXPECT_EQ(-ENOENT, vmr_device_register(&other, &p.dev, NULL, NULL));
	EXPECT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
}

/* A listener is unregistered by its own manager alone. */
TEST(listener_of_other_manager_refused)
{
	static struct event_log d;
	struct probe p;

	ASSERT_EQ(0, two_managers_up());
	ASSERT_EQ(0, diary_start(&d));
	EXPECT_EQ(-EEXIST, vmr_listener_register(&other, &d.listener));
	EXPECT_EQ(-ENOENT, vmr_listener_unregister(&other, &d.listener));
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	EXPECT_EQ(1U, d.nr);
	EXPECT_EQ(0, vmr_listener_unregister(&m.manager, &d.listener));
	EXPECT_EQ(-ENOENT, vmr_listener_unregister(&m.manager, &d.listener));
	EXPECT_EQ(0, vmr_listener_register(&other, &d.listener));
}

/* A copy of an attached reader is not attached. */
TEST(detach_of_reader_copy_refused)
{
	static struct vmr_reader copy;

	ASSERT_EQ(0, machine_up());
	copy = m.reader;
	EXPECT_EQ(-ENOENT, vmr_reader_detach(&copy));
	EXPECT_EQ(0, vmr_reader_detach(&m.reader));
	EXPECT_EQ(-ENOENT, vmr_reader_detach(&m.reader));
}

/*
 * Attaching a reader whose memory was zeroed while it was attached is refused. A debug
 * build reports it.
 */
TEST(attach_of_zeroed_reader_refused)
{
	static struct vmr_reader reader;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, vmr_reader_attach(&m.manager, &reader));
	EXPECT_EQ(-EEXIST, vmr_reader_attach(&m.manager, &reader));
	memset(&reader, 0, sizeof(reader));
	MISUSE(EXPECT_EQ(-EEXIST, vmr_reader_attach(&m.manager, &reader)));
}

#if defined(__linux__) && !defined(__KERNEL__) && \
	(defined(__x86_64__) || defined(__i386__) || defined(__aarch64__) || \
	 (defined(__riscv) && __riscv_xlen == 64)) && !TEST_LACKS_threads
#include <sys/resource.h>

static long switches(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_nvcsw;
}

/*
 * A reader that has spun for a while gives its CPU away, so that a writer that the
 * scheduler stopped inside a section gets on.
 */
TEST(preempted_writer_gets_on)
{
	unsigned int i;
	long before;

	before = switches();
	for (i = 0; i < 20; i++)
		vmr_port_reader_wait((unsigned int)-1);
	EXPECT_LE(before + 20, switches());
}
#endif

/* No plain range gets into the domain of device ids. */
TEST(device_id_domain_takes_devices_only)
{
	struct vmr_system_pool pool = {
		.pool = { .start = 0, .last = 7, .align = 1 },
		.kinds = 1u << VMR_KIND_DEVICE_ID,
	};
	struct vmr_range plain = { .start = 0 };
	struct vmr_range *conflict = NULL;
	struct vmr_resource_set set;
	struct vmr_resource res;
	struct vmr_constraint c;
	struct probe p, q;

	ASSERT_EQ(0, machine_up());
	vmr_resource_set_init(&set, &res, 1);
	vmr_constraint_init(&c, VMR_KIND_DEVICE_ID, 1, &plain);
	REFUSED(-EINVAL, vmr_system_alloc_resources(&m.sys, &c, 1, &set, NULL, NULL));
	REFUSED(-EINVAL, vmr_system_add_pool(&m.sys, &pool));
	REFUSED(-EINVAL, vmr_id_alloc(&m.sys.device_ids, &plain));
	REFUSED(-EINVAL, vmr_id_reserve(&m.sys.device_ids, &plain, 3, NULL));
	vmr_constraint_init(&c, VMR_KIND_PCI_BDF, 1, &plain);
	REFUSED(-EINVAL, vmr_system_alloc_resources(&m.sys, &c, 1, &set, NULL, NULL));
	REFUSED(-EINVAL, vmr_id_reserve(&m.sys.pci_bdfs, &plain, 8, NULL));

	/* The id that a device had is reserved for it by a call of its own. */
	probe_init(&p, "p");
	probe_init(&q, "q");
	REFUSED(-EINVAL, vmr_device_reserve_id(NULL, &p.dev, 0, NULL));
	REFUSED(-EINVAL, vmr_device_reserve_id(&m.manager, NULL, 0, NULL));
	REFUSED(-ERANGE, vmr_device_reserve_id(&m.manager, &p.dev, 256, NULL));
	EXPECT_EQ(0, vmr_device_reserve_id(&m.manager, &p.dev, 255, NULL));
	REFUSED(-EEXIST, vmr_device_reserve_id(&m.manager, &p.dev, 1, NULL));
	REFUSED(-EBUSY, vmr_device_reserve_id(&m.manager, &q.dev, 255, &conflict));
	EXPECT_EQ(&p.dev.id, conflict);
	EXPECT_EQ(0, vmr_device_register_restored(&m.manager, &p.dev, NULL));
	EXPECT_EQ(&p.dev, vmr_find_device_by_id(&m.manager, 255));
}

/* A block of MSI vectors has a power of two as size; a PCI address is a device's. */
TEST(constraint_sizes_of_the_field)
{
	static struct vmr_pci_function fn[2];
	struct vmr_range plain = { .start = 0 };
	struct vmr_resource_set set;
	struct vmr_resource res;
	struct vmr_constraint c;
	uint64_t size;

	ASSERT_EQ(0, machine_up());
	for (size = 0; size <= 17; size++) {
		bool good = size && !(size & (size - 1));

		vmr_resource_set_init(&set, &res, 1);
		vmr_constraint_init(&c, VMR_KIND_MSI, size, &plain);
		c.request.align = 1;
		EXPECT_EQ(good ? 0 : -EINVAL,
			  vmr_system_alloc_resources(&m.sys, &c, 1, &set, NULL, NULL));
		vmr_system_free_resources(&m.sys, &set);
	}
	vmr_resource_set_init(&set, &res, 1);
	vmr_constraint_init(&c, VMR_KIND_PCI_BDF, 1, function_address(&fn[0]));
	ASSERT_EQ(0, vmr_system_alloc_resources(&m.sys, &c, 1, &set, NULL, NULL));
	c.range = function_address(&fn[1]);
	ASSERT_EQ(0, vmr_system_alloc_resources(&m.sys, &c, 1, &set, NULL, NULL));
	EXPECT_EQ((uint32_t)8, vmr_id_value(&fn[1].address));
}

/* An id that a pool on the same space allocated can be freed by its number. */
TEST(id_of_pool_freed_by_number)
{
	struct vmr_range range = { .start = 0 }, *freed = NULL;
	struct vmr_pool pool;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, vmr_pool_init(&pool, &m.sys.irqs.space, 5, 4, "pool"));
	ASSERT_EQ(0, vmr_pool_alloc(&pool, &range, 1, 1, VMR_FIRST));
	EXPECT_EQ(0, vmr_id_free(&m.sys.irqs, 5, &freed));
	EXPECT_EQ(&range, freed);
	EXPECT_EQ(-EALREADY, vmr_id_free(&m.sys.irqs, 5, NULL));
	EXPECT_EQ(-ENOENT, vmr_id_free(&m.sys.irqs, 6, NULL));
}

/* Freeing by an address stays inside the pool. */
TEST(pool_free_containing_stays_inside)
{
	struct vmr_range range = { .start = 0 };
	struct vmr_pool pool;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, vmr_pool_init(&pool, &m.sys.irqs.space, 4, 4, "pool"));
	ASSERT_EQ(0, vmr_reserve(&m.sys.irqs.space, &range, 3, 4, NULL));
	EXPECT_EQ(-ERANGE, vmr_pool_free_containing(&pool, 4, NULL));
	ASSERT_EQ(0, vmr_free(&m.sys.irqs.space, &range));
	ASSERT_EQ(0, vmr_reserve(&m.sys.irqs.space, &range, 7, 8, NULL));
	EXPECT_EQ(-ERANGE, vmr_pool_free_containing(&pool, 7, NULL));
	ASSERT_EQ(0, vmr_free(&m.sys.irqs.space, &range));
	ASSERT_EQ(0, vmr_reserve(&m.sys.irqs.space, &range, 4, 7, NULL));
	EXPECT_EQ(0, vmr_pool_free_containing(&pool, 7, NULL));
}

/* Buses */

static struct bridge_dev hub;

static void unregister_bridge(struct probe *p)
{
	p->result = vmr_device_unregister(&m.manager, &hub.p.dev);
}

/*
 * A child counts on its bus before set_resources() runs: the callback cannot
 * unregister the bridge. The count is undone if the callback fails.
 */
TEST(child_counts_before_its_callback)
{
	struct vmr_transaction t;
	struct probe p;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, hub_up(&hub, "hub", NULL));
	probe_init(&p, "p");
	p.dev.parent_bus = &hub.bus;
	p.on_grant = unregister_bridge;
	p.refuse = -EIO;
	REFUSED(-EIO, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_EQ(-EBUSY, p.result);
	ASSERT_EQ(0, vmr_device_reserve_id(&m.manager, &p.dev, 77, NULL));
	REFUSED(-EIO, vmr_device_register_restored(&m.manager, &p.dev, NULL));
	EXPECT_EQ(-EBUSY, p.result);
	ASSERT_EQ(0, vmr_id_free_range(&m.sys.device_ids, &p.dev.id));
	EXPECT_EQ(0U, hub.bus.nr_devices);
	p.refuse = 0;
	p.result = 0;
	ASSERT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_EQ(-EBUSY, p.result);
	EXPECT_EQ(1U, hub.bus.nr_devices);
	EXPECT_EQ(0, vmr_device_unregister(&m.manager, &p.dev));
	ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &t));
	ASSERT_EQ(0, vmr_transaction_add(&t, &p.dev, NULL, NULL));
	EXPECT_EQ(1U, hub.bus.nr_devices);
	ASSERT_EQ(0, vmr_transaction_abort(&t));
	EXPECT_EQ(0U, hub.bus.nr_devices);
	EXPECT_EQ(0, vmr_device_unregister(&m.manager, &hub.p.dev));
}

/* A bus that is held keeps its bridge, in a transaction too. */
TEST(held_bus_keeps_its_bridge)
{
	struct vmr_transaction t;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, hub_up(&hub, "hub", NULL));
	hub.bus.nr_holds++;	/* as a layer with addresses behind it does */
	REFUSED(-EBUSY, vmr_device_unregister(&m.manager, &hub.p.dev));
	ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &t));
	REFUSED(-EBUSY, vmr_transaction_remove(&t, &hub.p.dev));
	hub.bus.nr_holds--;
	EXPECT_EQ(0, vmr_transaction_remove(&t, &hub.p.dev));
	EXPECT_EQ(0, vmr_transaction_commit(&t));
}

/*
 * Two transactions that share the devices of a bus between them cannot remove its
 * bridge. One of them alone can, after the other has given up.
 */
TEST(bridge_removed_by_one_transaction)
{
	struct vmr_transaction a, b;
	struct probe p, q;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, hub_up(&hub, "hub", NULL));
	ASSERT_EQ(0, leaf_up(&p, "p", &hub.bus, VMR_MMIO, 0x1000, false));
	ASSERT_EQ(0, leaf_up(&q, "q", &hub.bus, VMR_MMIO, 0x1000, false));
	ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &a));
	ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &b));
	ASSERT_EQ(0, vmr_transaction_remove(&a, &p.dev));
	EXPECT_EQ(-EBUSY, vmr_transaction_remove(&a, &hub.p.dev));
	ASSERT_EQ(0, vmr_transaction_remove(&b, &q.dev));
	EXPECT_EQ(-EBUSY, vmr_transaction_remove(&a, &hub.p.dev));
	EXPECT_EQ(-EBUSY, vmr_transaction_remove(&b, &hub.p.dev));
	ASSERT_EQ(0, vmr_transaction_abort(&b));
	EXPECT_EQ(-EBUSY, vmr_transaction_remove(&a, &hub.p.dev));
	ASSERT_EQ(0, vmr_transaction_remove(&a, &q.dev));
	EXPECT_EQ(0, vmr_transaction_remove(&a, &hub.p.dev));
	EXPECT_EQ(0, vmr_transaction_commit(&a));
	EXPECT_EQ(0U, hub.bus.nr_devices);
}

/* Nested accesses */

static struct probe ring[8];
static unsigned int nested_ok, nested_loops;

/* Each device reads the next one of the ring. */
static void read_next(struct probe *p, const struct vmr_access *access)
{
	uint32_t value = 0x5a5a5a5a;
	size_t next = (size_t)(p - ring + 1) % NR(ring);
	int ret = vmr_read(access->reader, VMR_MMIO, 0x1000 + 0x1000 * next,
			   &value, 4, 1);

	nested_ok += !ret;
	nested_loops += ret == -ELOOP && value == 0xffffffff;
}

/*
 * An access that a callback sends back into its device is refused at any depth,
 * deeper than the reader has slots for hazards. Reads are filled with ones.
 */
TEST(access_back_into_device_refused)
{
	uint8_t data[4];
	size_t i;

	ASSERT_EQ(0, machine_up());
	nested_ok = 0;
	nested_loops = 0;
	for (i = 0; i < NR(ring); i++) {
		ASSERT_EQ(0, probe_up(&ring[i], "ring", VMR_MMIO,
				      0x1000 + 0x1000 * i, 0x1000));
		ring[i].inside = read_next;
	}
	ASSERT_LT((size_t)VMR_READER_HAZARDS, NR(ring));
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, 0x1000, data, 4, 1));
	EXPECT_EQ((unsigned int)NR(ring) - 1, nested_ok);
	EXPECT_EQ(1U, nested_loops);
	EXPECT_EQ(0, vmr_write(&m.reader, VMR_MMIO, 0x3000, data, 4, 1));
	EXPECT_EQ(2U, nested_loops);
	/* Afterwards the device answers again. */
	ring[0].inside = NULL;
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, 0x1000, data, 4, 1));
	EXPECT_EQ(0, vmr_device_try_drain(&m.manager, &(struct vmr_device) {
		.manager = &m.manager }));
}

static void read_own_memory(struct probe *p, const struct vmr_access *access)
{
	uint8_t byte = 0;

	p->result = vmr_read(access->reader, VMR_MMIO, 0x8007, &byte, 1, 1);
	nested_ok += byte == 7;
}

/* Memory that a region names calls no callback, so its device may read it. */
TEST(access_to_own_memory_allowed)
{
	static uint8_t own[8] = { 0, 1, 2, 3, 4, 5, 6, 7 };
	struct probe p;
	uint8_t byte;

	ASSERT_EQ(0, machine_up());
	probe_init(&p, "p");
	ASSERT_EQ(0, probe_region_at(&p, 0, VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_region(&p, 1, VMR_MMIO, VMR_REGION_MEMORY, 8));
	p.region[1].host = own;
	ASSERT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	ASSERT_EQ(0, vmr_region_program(&m.manager, &p.region[1], 0x8000));
	p.inside = read_own_memory;
	nested_ok = 0;
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, 0x1000, &byte, 1, 1));
	EXPECT_EQ(0, p.result);
	EXPECT_EQ(1U, nested_ok);
}

static unsigned int depth;

static void call_self(struct probe *p, const struct vmr_access *access)
{
	uint8_t byte;

	(void)p;
	if (depth && depth--)
		nested_ok += !vmr_read(access->reader, VMR_MMIO, 0x1000, &byte, 1,
				       1);
}

/* A device that says it can bear it is called from its own callback. */
TEST(reentrant_device_called_back)
{
	struct probe p;
	uint8_t byte;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	p.dev.reentrant = true;
	p.inside = call_self;
	nested_ok = 0;
	depth = 20;
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, 0x1000, &byte, 1, 1));
	EXPECT_EQ(20U, nested_ok);
}

static struct probe gone;
static int foreign_drain, own_drain;

static void *nested_on_thread(void *reader)
{
	uint8_t byte;

	/* An access with an answer, and one without. */
	vmr_read(reader, VMR_MMIO, 0x2000, &byte, 1, 1);
	vmr_read(reader, VMR_MMIO, 0x9000, &byte, 1, 1);
	foreign_drain = vmr_device_drain(&m.manager, &gone.dev);
	return NULL;
}

static void nest_on_thread(struct probe *p, const struct vmr_access *access)
{
	pthread_t thread;

	(void)p;
	if (pthread_create(&thread, NULL, nested_on_thread, access->reader))
		return;
	pthread_join(thread, NULL);
	own_drain = vmr_device_drain(&m.manager, &gone.dev);
}

/*
 * A nested access on another thread gives the reader back to the thread of the
 * callback around it: that one is inside a callback, and the other is not.
 */
TEST(nested_access_restores_thread)
{
	struct probe p, q;
	uint8_t byte;

	NEEDS(threads);
	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_up(&q, "q", VMR_MMIO, 0x2000, 0x1000));
	ASSERT_EQ(0, probe_up(&gone, "gone", VMR_MMIO, 0x3000, 0x1000));
	ASSERT_EQ(1, vmr_device_unregister(&m.manager, &gone.dev));
	p.inside = nest_on_thread;
	foreign_drain = 77;
	own_drain = 77;
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, 0x1000, &byte, 1, 1));
	EXPECT_EQ(0, foreign_drain);
	EXPECT_EQ(-EDEADLK, own_drain);
}

/* Memory */

static uint8_t memory[0x100];

static const struct vmr_device_ops silent_ops;

static int memory_up(struct probe *p, const struct vmr_device_ops *ops)
{
	size_t i;
	int ret;

	for (i = 0; i < sizeof(memory); i++)
		memory[i] = (uint8_t)i;
	probe_init(p, "memory");
	p->dev.ops = ops;
	ret = probe_region(p, 0, VMR_MMIO, VMR_REGION_MEMORY, sizeof(memory));
	p->region[0].host = memory;
	if (!ret)
		ret = vmr_device_register(&m.manager, &p->dev, NULL, NULL);
	return ret ? ret : vmr_region_program(&m.manager, &p->region[0], 0x1000);
}

/* An exit into memory is served from it: all widths, offsets and repetitions. */
TEST(memory_exit_served_from_host)
{
	uint8_t data[64], offset;
	uint32_t width, i;
	struct probe p;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, memory_up(&p, &silent_ops));
	for (width = 1; width <= 8; width++) {
		for (offset = 0; offset < 9; offset++) {
			memset(data, 0x5a, sizeof(data));
			EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO,
					      0x1000 + offset, data, width, 2));
			for (i = 0; i < 2 * width; i++)
				EXPECT_EQ(offset + i % width, data[i]);
			EXPECT_EQ(0x5a, data[2 * width]);
			for (i = 0; i < 2 * width; i++)
				data[i] = (uint8_t)(0xc0 + i);
			EXPECT_EQ(0, vmr_write(&m.reader, VMR_MMIO,
					       0x1080 + offset, data, width, 2));
			for (i = 0; i < width; i++)
				EXPECT_EQ(0xc0 + width + i,
					  memory[0x80 + offset + i]);
			EXPECT_EQ(0x80 + offset + width,
				  memory[0x80 + offset + width]);
			for (i = 0; i < 16; i++)
				memory[0x80 + i] = (uint8_t)(0x80 + i);
		}
	}
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, 0x10fc, data, 4, 1));
	EXPECT_EQ(-ENXIO, vmr_read(&m.reader, VMR_MMIO, 0x10fd, data, 4, 1));
}

/* A write to read-only memory calls the device, or is ignored. */
TEST(memory_read_only_write_to_callback)
{
	uint8_t byte = 0x77;
	struct probe p;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, memory_up(&p, &probe_ops));
	p.region[0].read_only = true;
	memset(&seen, 0, sizeof(seen));
	EXPECT_EQ(0, vmr_write(&m.reader, VMR_MMIO, 0x1010, &byte, 1, 1));
	EXPECT_EQ(1U, seen.calls);
	EXPECT_EQ(&p.region[0], seen.access.region);
	EXPECT_EQ((uint64_t)0x10, seen.access.offset);
	EXPECT_EQ(0x10, memory[0x10]);
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, 0x1010, &byte, 1, 1));
	EXPECT_EQ(0x10, byte);
	EXPECT_EQ(1U, seen.calls);
	p.dev.ops = &silent_ops;
	EXPECT_EQ(0, vmr_write(&m.reader, VMR_MMIO, 0x1010, &byte, 1, 1));
	EXPECT_EQ(0x10, memory[0x10]);
}

/* Memory without @host is served by the callbacks, each for itself. */
TEST(memory_without_host_by_callbacks)
{
	static const struct vmr_device_ops reads = { .read = probe_read };
	static const struct vmr_device_ops writes = { .write = probe_write };
	uint8_t byte = 0;
	struct probe p;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, memory_up(&p, &probe_ops));
	p.region[0].host = NULL;
	EXPECT_ANSWERS(&p.region[0], 0x1000);
	p.dev.ops = &reads;
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, 0x1000, &byte, 1, 1));
	EXPECT_EQ(-ENXIO, vmr_write(&m.reader, VMR_MMIO, 0x1000, &byte, 1, 1));
	p.dev.ops = &writes;
	EXPECT_EQ(-ENXIO, vmr_read(&m.reader, VMR_MMIO, 0x1000, &byte, 1, 1));
	EXPECT_EQ(0xff, byte);
	EXPECT_EQ(0, vmr_write(&m.reader, VMR_MMIO, 0x1000, &byte, 1, 1));
}

/* An access with bytes in memory and in a subregion has no answer. */
TEST(memory_access_across_subregion_refused)
{
	struct vmr_region part[2];
	uint8_t data[8];
	struct probe p;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, memory_with_subregions_up(&p, part, 0x100000));
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, 0x102ff8, data, 8, 1));
	EXPECT_EQ(&p.region[0], seen.access.region);
	EXPECT_EQ(-ENXIO, vmr_read(&m.reader, VMR_MMIO, 0x102ff9, data, 8, 1));
	EXPECT_EQ(-ENXIO, vmr_read(&m.reader, VMR_MMIO, 0x103ffc, data, 8, 1));
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, 0x103ff8, data, 8, 1));
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, 0x104008, data, 8, 1));
	EXPECT_EQ(-ENXIO, vmr_read(&m.reader, VMR_MMIO, 0x104001, data, 8, 1));
	/* A subregion is no region that a guest could place on its own. */
	REFUSED(-EINVAL, vmr_region_program(&m.manager, &part[0], 0));
	REFUSED(-EINVAL, vmr_region_move(&m.manager, &part[0], 0, NULL));
	EXPECT_FALSE(vmr_region_mapping(&part[0]).mapped);
}

/* Subregions may touch each other and both ends of their region, but not overlap. */
TEST(subregions_side_by_side)
{
	static const struct {
		uint64_t offset, size;
		int err;
	} parts[] = {
		{ 0x8000, 0x100, 0 },
		{ 0x7f00, 0x100, 0 },
		{ 0x8100, 0x100, 0 },
		{ 0x8000, 0x100, -EBUSY },
		{ 0x7e01, 0x100, -EBUSY },
		{ 0x81ff, 0x100, -EBUSY },
		{ 0x7000, 0x9000, -EBUSY },
		{ 0, 1, 0 },
		{ 0xff00, 0x100, 0 },
		{ 0xff00, 0x101, -ERANGE },
		{ 0xfe01, 0x100, -EBUSY },
		{ 0xffff, 2, -ERANGE },
		{ 0x10000, 1, -ERANGE },
		{ 0xfeff, 1, 0 },
		{ 1, VMR_ADDR_MAX, -ERANGE },
	};
	static struct vmr_region region, part[NR(parts)];
	size_t i;

	vmr_region_init(&region, VMR_MMIO, VMR_REGION_MEMORY, 0x10000, 0, "memory");
	for (i = 0; i < NR(parts); i++) {
		vmr_region_init(&part[i], VMR_MMIO, VMR_REGION_TRAPPED,
				parts[i].size, 0, "part");
		part[i].offset = parts[i].offset;
		EXPECT_EQ(parts[i].err, vmr_region_add_subregion(&region, &part[i])) {
			TH_LOG("part %zu", i);
		}
	}
}

/* A subregion is none that a device could have besides, before its region is added. */
TEST(subregion_has_one_owner)
{
	struct vmr_region around = { .size = 0 }, inner = { .size = 0 };
	struct probe q;

	ASSERT_EQ(0, machine_up());
	probe_init(&q, "q");
	vmr_region_init(&around, VMR_MMIO, VMR_REGION_MEMORY, 0x1000, 0, "around");
	vmr_region_init(&inner, VMR_MMIO, VMR_REGION_TRAPPED, 8, 0, "inner");
	ASSERT_EQ(0, vmr_region_add_subregion(&around, &inner));
	EXPECT_EQ(-EEXIST, vmr_device_add_region(&q.dev, &inner));
	EXPECT_EQ(-EEXIST, vmr_region_add_subregion(&around, &inner));
	EXPECT_NULL(q.dev.regions);
	ASSERT_EQ(0, vmr_device_add_region(&q.dev, &around));
	EXPECT_EQ(&q.dev, inner.device);
}

/* Placements */

/* A region that is granted parked has addresses and does not answer yet. */
TEST(granted_region_parked)
{
	struct probe p;

	ASSERT_EQ(0, machine_up());
	probe_init(&p, "p");
	ASSERT_EQ(0, probe_region_at(&p, 0, VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_region(&p, 1, VMR_PIO, VMR_REGION_TRAPPED, 8));
	vmr_constraint_init(probe_want(&p), VMR_KIND_PIO, 8, &p.region[1].range);
	p.want[0].flags = VMR_GRANT_PARKED;
	p.want[1].flags = VMR_GRANT_PARKED;
	ASSERT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_EQ(VMR_PARKED, state_of(&p.region[0]));
	EXPECT_EQ(VMR_PARKED, state_of(&p.region[1]));
	EXPECT_EQ((uint64_t)0x1000, p.got[0].start);
	EXPECT_EQ((uint64_t)0x1fff, p.got[0].last);
	EXPECT_NULL(responder(VMR_MMIO, 0x1000));
	ASSERT_EQ(0, vmr_region_program(&m.manager, &p.region[0], p.got[0].start));
	EXPECT_ANSWERS(&p.region[0], 0x1000);
	EXPECT_SOUND();
	ASSERT_EQ(1, vmr_device_unregister(&m.manager, &p.dev));
	EXPECT_EQ(0U, m.sys.mmio.nr_claims + m.sys.pio.nr_claims);

	/* After a restore such a region may be anywhere. */
	ASSERT_EQ(0, vmr_device_reserve_id(&m.manager, &p.dev, 9, NULL));
	EXPECT_EQ(0, vmr_device_register_restored(&m.manager, &p.dev, NULL));
	EXPECT_EQ(VMR_FREE, state_of(&p.region[0]));
	EXPECT_EQ(0, vmr_device_unregister(&m.manager, &p.dev));

	/* Only regions can be parked. */
	vmr_constraint_init(&p.want[1], VMR_KIND_IRQ, 1, &p.node[0]);
	p.want[1].flags = VMR_GRANT_PARKED;
	REFUSED(-EINVAL, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
}

static struct vmr_program_op place(struct vmr_region *region,
				   enum vmr_state state, uint64_t start)
{
	return (struct vmr_program_op) {
		.region = region, .placement = { .state = state, .start = start },
	};
}

/*
 * All regions of a device are placed in one step: swapped, parked, unmapped and
 * claimed, with one notification for each.
 */
TEST(regions_placed_in_one_step)
{
	static struct event_log d;
	static struct vmr_region part;
	struct vmr_program_op ops[4];
	struct probe p, q;
	uint32_t sections;
	size_t failed = 77, i;

	ASSERT_EQ(0, machine_up());
	probe_init(&p, "p");
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, probe_region_at(&p, (unsigned int)i, VMR_MMIO,
					     0x1000 + 0x1000 * i, 0x1000));
	ASSERT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	ASSERT_EQ(0, probe_up(&q, "q", VMR_MMIO, 0x8000, 0x1000));
	ASSERT_EQ(0, diary_start(&d));
	ops[0] = place(&p.region[0], VMR_LIVE, 0x2000);
	ops[1] = place(&p.region[1], VMR_LIVE, 0x1000);
	ops[2] = place(&p.region[2], VMR_PARKED, 0x3000);
	ops[3] = place(&p.region[3], VMR_LIVE, 0x8000);
	sections = m.sys.seq.sequence;
	ASSERT_EQ(0, vmr_region_program_bulk(&m.manager, &p.dev, ops, 4, &failed));
	EXPECT_EQ(sections + 2, m.sys.seq.sequence);
	EXPECT_ANSWERS(&p.region[0], 0x2000);
	EXPECT_ANSWERS(&p.region[1], 0x1000);
	EXPECT_EQ(VMR_PARKED, state_of(&p.region[2]));
	EXPECT_EQ(VMR_CLAIMED, state_of(&p.region[3]));
	EXPECT_EQ(4U, d.nr);
	/* A region that is there already keeps its age and is not reported. */
	sections = m.sys.seq.sequence;
	EXPECT_EQ(0, vmr_region_program_bulk(&m.manager, &p.dev, ops, 4, NULL));
	EXPECT_EQ(sections, m.sys.seq.sequence);
	EXPECT_EQ(4U, d.nr);
	/* The first region moves, and the second stays */
	ops[0] = place(&p.region[0], VMR_FREE, 0);
	EXPECT_EQ(0, vmr_region_program_bulk(&m.manager, &p.dev, ops, 2, NULL));
	EXPECT_EQ(VMR_FREE, state_of(&p.region[0]));
	EXPECT_EQ(77U, failed);

	/* Errors, and the region that is refused. */
	REFUSED(-EINVAL, vmr_region_program_bulk(NULL, &p.dev, ops, 1, NULL));
	REFUSED(-EINVAL, vmr_region_program_bulk(&m.manager, NULL, ops, 1, NULL));
	REFUSED(-EINVAL, vmr_region_program_bulk(&m.manager, &p.dev, NULL, 1, NULL));
	REFUSED(-EINVAL, vmr_region_program_bulk(&m.manager, &p.dev, ops, 0, NULL));
	ops[3] = place(&p.region[1], VMR_LIVE, 0x9000);
	REFUSED(-EINVAL, vmr_region_program_bulk(&m.manager, &p.dev, ops, 4, &failed));
	EXPECT_EQ(3U, failed);
	ops[2] = place(&q.region[0], VMR_LIVE, 0x9000);
	REFUSED(-EINVAL, vmr_region_program_bulk(&m.manager, &p.dev, ops, 4, &failed));
	EXPECT_EQ(2U, failed);
	ops[1] = place(&p.region[1], VMR_CLAIMED, 0x9000);
	REFUSED(-EINVAL, vmr_region_program_bulk(&m.manager, &p.dev, ops, 4, NULL));
	ops[0] = place(&part, VMR_LIVE, 0x9000);
	part.device = &p.dev;
	part.is_subregion = true;
	REFUSED(-EINVAL, vmr_region_program_bulk(&m.manager, &p.dev, ops, 1, NULL));
	ops[0] = place(NULL, VMR_LIVE, 0x9000);
	REFUSED(-EINVAL, vmr_region_program_bulk(&m.manager, &p.dev, ops, 4, NULL));
	ASSERT_EQ(1, vmr_device_unregister(&m.manager, &p.dev));
	ops[0] = place(&p.region[0], VMR_LIVE, 0x9000);
	REFUSED(-ENOENT, vmr_region_program_bulk(&m.manager, &p.dev, ops, 1, NULL));
	EXPECT_SOUND();
}

/* The placement of a window has its size. */
TEST(windows_placed_in_one_step)
{
	struct vmr_program_op ops[2];

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, hub_up(&hub, "hub", NULL));
	ops[0] = place(&hub.p.region[MEMORY], VMR_LIVE, 0x10000);
	ops[0].placement.last = 0x2ffff;
	ops[1] = place(&hub.p.region[PORTS], VMR_LIVE, 0x1000);
	ops[1].placement.last = 0xfff;
	REFUSED(-EINVAL, vmr_region_program_bulk(&m.manager, &hub.p.dev, ops, 2, NULL));
	ops[1].placement.last = 0x1fff;
	ASSERT_EQ(0, vmr_region_program_bulk(&m.manager, &hub.p.dev, ops, 2, NULL));
	EXPECT_EQ((uint64_t)0x20000, hub.p.region[MEMORY].size);
	EXPECT_EQ((uint64_t)0x2ffff, hub.p.region[MEMORY].range.last);
	/* One address is the least */
	ops[1].placement.last = 0x1000;
	ASSERT_EQ(0, vmr_region_program_bulk(&m.manager, &hub.p.dev, ops, 2, NULL));
	EXPECT_EQ((uint64_t)1, hub.p.region[PORTS].size);
	EXPECT_SOUND();
}

/* Constraints */

/* A constraint names a region of its device, in no space or in one of the device's. */
TEST(constraint_of_foreign_region_refused)
{
	struct probe p, q;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&q, "q", VMR_MMIO, 0x1000, 0x1000));
	probe_init(&p, "p");
	ASSERT_EQ(0, probe_region(&p, 0, VMR_PIO, VMR_REGION_TRAPPED, 8));
	vmr_constraint_init(probe_want(&p), VMR_KIND_MMIO, 0x1000,
			    &q.region[0].range);
	REFUSED(-EINVAL, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	/* A range in a space that is not the device's is in use. */
	vmr_constraint_init(&p.want[0], VMR_KIND_PIO, 8, &p.region[0].range);
	ASSERT_EQ(0, vmr_reserve(&m.sys.irqs.space, &p.region[0].range, 0, 7, NULL));
	REFUSED(-EEXIST, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	ASSERT_EQ(0, vmr_free(&m.sys.irqs.space, &p.region[0].range));
	EXPECT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	/* A device that is not registered has no next one on a bus. */
	ASSERT_EQ(1, vmr_device_unregister(&m.manager, &q.dev));
	EXPECT_NULL(vmr_next_device_on_bus(&m.manager, NULL, &q.dev));
}

/* A share that was granted in a longer call can be granted alone. */
TEST(irq_share_granted_again_alone)
{
	static struct vmr_shared_irq line;
	static struct vmr_irq_share share[4];
	struct vmr_constraint c[4];
	struct vmr_resource res[4];
	struct vmr_resource_set set;
	size_t i;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, vmr_system_add_shared_irq(&m.sys, &line, 5, "line", NULL));
	vmr_resource_set_init(&set, res, 4);
	for (i = 0; i < 4; i++) {
		vmr_constraint_init(&c[i], VMR_KIND_IRQ, 1, &share[i].range);
		c[i].flags = VMR_SHARED;
	}
	ASSERT_EQ(0, vmr_system_alloc_resources(&m.sys, c, 4, &set, NULL, NULL));
	vmr_system_free_resources(&m.sys, &set);
	for (i = 4; i--;) {
		EXPECT_EQ(0, vmr_system_alloc_resources(&m.sys, &c[i], 1, &set,
							NULL, NULL));
		vmr_system_free_resources(&m.sys, &set);
	}
	/* Each was the first of its call, and is not now. */
	EXPECT_EQ(0, vmr_system_alloc_resources(&m.sys, c, 4, &set, NULL, NULL));
	EXPECT_EQ(4U, line.nr_sharers);
}

#define MANY	60

/*
 * Many constraints are granted in the documented order: fixed ones first, then by
 * alignment and size, then as given. The order of the array is random.
 */
TEST(constraints_granted_in_order)
{
	static struct vmr_range range[MANY];
	struct vmr_constraint c[MANY];
	struct vmr_resource res[MANY];
	struct vmr_resource_set set;
	struct vmr_id_pool ids;
	uint32_t state = 7;
	size_t i, j, n, failed;

	ASSERT_EQ(0, machine_up_to(MACHINE_LAST, 255));
	m.sys.irqs.space.last = 0xffff;
	for (n = 0; n < MANY; n++) {
		struct vmr_range expected[MANY] = { { .start = 0 } };
		bool done[MANY] = { false };

		ASSERT_EQ(0, vmr_id_pool_init(&ids, 0, 0xffff));
		for (i = 0; i < n; i++) {
			state = state * 1103515245 + 12345;
			vmr_constraint_init(&c[i], VMR_KIND_MSIX,
					    1 + (state >> 16) % 5, &range[i]);
			c[i].request.align = 1u << (state >> 20) % 4;
			if (state >> 24 & 1) {
				c[i].request.policy = VMR_EXACT;
				c[i].request.addr = 0x1000 + 16 * i;
			}
		}
		/* The same by a search for the next one each time. */
		for (i = 0; i < n; i++) {
			size_t best = MANY;
			const struct vmr_request *a, *b;
			bool a_fixed, b_fixed;

			for (j = 0; j < n; j++) {
				a = &c[j].request;
				b = &c[best % MANY].request;
				if (done[j])
					continue;
				a_fixed = a->policy == VMR_EXACT;
				b_fixed = b->policy == VMR_EXACT;
				if (best == MANY || a_fixed > b_fixed ||
				    (a_fixed == b_fixed &&
				     (a->align > b->align ||
				      (a->align == b->align && a->size > b->size))))
					best = j;
			}
			done[best] = true;
			b = &c[best].request;
			ASSERT_EQ(0, vmr_id_alloc_block(&ids, &expected[best],
							&(struct vmr_request) {
				.size = b->size, .align = b->align, .max = VMR_ADDR_MAX,
				.policy = b->policy == VMR_EXACT ? VMR_EXACT : VMR_FIRST,
				.addr = b->addr }, NULL));
		}
		vmr_resource_set_init(&set, res, MANY);
		ASSERT_EQ(0, vmr_system_alloc_resources(&m.sys, c, n, &set, NULL, NULL));
		for (i = 0; i < n; i++) {
			EXPECT_EQ(expected[i].start, res[i].start);
			EXPECT_EQ(expected[i].last, res[i].last);
		}
		vmr_system_free_resources(&m.sys, &set);
		/* A range that is named twice, and one that is in use. */
		if (n < 2)
			continue;
		c[n - 1].range = c[(state >> 8) % (n - 1)].range;
		REFUSED(-EINVAL, vmr_system_alloc_resources(&m.sys, c, n, &set,
							    &failed, NULL));
		EXPECT_EQ(n - 1, failed);
		for (i = 0; i < n; i++)
			EXPECT_EQ(0ul, range[i].node.link);
	}
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_device.c - registration, unregistration and removal of devices
 */
#include <pthread.h>
#include <sched.h>

#include "../kselftest_harness.h"
#include "call.h"
#include "machine.h"
#include "requires.h"

/* A subregion gets its device also if it is added before the region is. */
TEST(subregion_device_set_either_order)
{
	struct vmr_region part = { .offset = 0x10, .size = 0x10 };
	struct probe p;

	ASSERT_EQ(0, machine_up());
	probe_init(&p, "p");
	vmr_region_init(&p.region[0], VMR_MMIO, VMR_REGION_MEMORY, 0x100, 0,
			NULL);
	ASSERT_EQ(0, vmr_region_add_subregion(&p.region[0], &part));
	ASSERT_EQ(0, vmr_device_add_region(&p.dev, &p.region[0]));
	EXPECT_EQ(&p.dev, part.device);
}

/* Errors of vmr_region_add_subregion(). */
TEST(subregion_add_error_list)
{
	struct vmr_region other = { .size = 0x10 };
	struct vmr_region part[2];
	struct probe p;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, memory_with_subregions_up(&p, part, 0x100000));
	ASSERT_EQ(1, vmr_device_unregister(&m.manager, &p.dev));

	EXPECT_EQ(-EINVAL, vmr_region_add_subregion(NULL, &other));
	EXPECT_EQ(-EINVAL, vmr_region_add_subregion(&p.region[0], NULL));
	other.type = VMR_REGION_MEMORY;
	EXPECT_EQ(-EINVAL, vmr_region_add_subregion(&other, &other));
	other.size = 0;
	EXPECT_EQ(-EINVAL, vmr_region_add_subregion(&p.region[0], &other));
	other.size = 1;
	p.region[0].type = VMR_REGION_TRAPPED;
	EXPECT_EQ(-EINVAL, vmr_region_add_subregion(&p.region[0], &other));
	p.region[0].type = VMR_REGION_MEMORY;
	EXPECT_EQ(-EEXIST, vmr_region_add_subregion(&p.region[0], &part[1]));

	other.offset = 0x8000;
	EXPECT_EQ(-ERANGE, vmr_region_add_subregion(&p.region[0], &other));
	other.offset = 0x7fff;
	other.size = 2;
	EXPECT_EQ(-ERANGE, vmr_region_add_subregion(&p.region[0], &other));
	other.size = VMR_ADDR_MAX;
	EXPECT_EQ(-ERANGE, vmr_region_add_subregion(&p.region[0], &other));
	other.offset = VMR_ADDR_MAX;
	other.size = 2;
	EXPECT_EQ(-ERANGE, vmr_region_add_subregion(&p.region[0], &other));

	other.offset = 0x2fff;
	EXPECT_EQ(-EBUSY, vmr_region_add_subregion(&p.region[0], &other));
	other.offset = 0x37ff;
	EXPECT_EQ(-EBUSY, vmr_region_add_subregion(&p.region[0], &other));
	other.offset = 0x3800;
	ASSERT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_EQ(-EBUSY, vmr_region_add_subregion(&p.region[0], &other));
	EXPECT_NULL(other.device);
	EXPECT_EQ(&p.region[0], responder(VMR_MMIO, 0x103800));
	ASSERT_EQ(1, vmr_device_unregister(&m.manager, &p.dev));
	EXPECT_EQ(0, vmr_region_add_subregion(&p.region[0], &other));
	EXPECT_EQ(-EEXIST, vmr_region_add_subregion(&p.region[0], &other));
}

/*
 * A second addition of a subregion fails, also before the region has a device.
 */
TEST(subregion_readd_eexist_without_device)
{
	struct vmr_region part = { .offset = 0x10, .size = 0x10 };
	struct vmr_region mem = { .size = 0x100, .type = VMR_REGION_MEMORY };

	EXPECT_EQ(0, vmr_region_add_subregion(&mem, &part));
	EXPECT_EQ(-EEXIST, vmr_region_add_subregion(&mem, &part));
	EXPECT_EQ(&part, mem.subregions);
	EXPECT_NULL(part.next);
}

/*
 * Registering
 */

/* Registration assigns an id and all ranges, and calls set_resources() once. */
TEST(register_assigns_id_and_ranges)
{
	struct probe p;

	ASSERT_EQ(0, machine_up());
	probe_init(&p, "p");
	ASSERT_EQ(0, probe_region_at(&p, 0, VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_region(&p, 1, VMR_PIO, VMR_REGION_TRAPPED, 8));
	ASSERT_EQ(0, probe_region(&p, 2, VMR_MMIO, VMR_REGION_TRAPPED, 0x10));
	vmr_constraint_init(probe_want(&p), VMR_KIND_PIO, 8,
			    &p.region[1].range);
	vmr_constraint_init(probe_want(&p), VMR_KIND_MSI, 4, &p.node[0]);
	ASSERT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));

	EXPECT_EQ(1U, p.granted);
	EXPECT_EQ(3U, p.dev.resources.nr);
	EXPECT_EQ(VMR_DEVICE_REGISTERED, (enum vmr_device_state)p.dev.state);
	EXPECT_EQ(0U, vmr_id_value(&p.dev.id));
	EXPECT_ANSWERS(&p.region[0], 0x1000);
	EXPECT_ANSWERS(&p.region[1], 0);
	/* No constraint requests addresses for this region. */
	EXPECT_EQ(VMR_FREE, state_of(&p.region[2]));
	EXPECT_EQ(0, vmr_region_move(&m.manager, &p.region[2], 0x8000, NULL));
	EXPECT_ANSWERS(&p.region[2], 0x8000);
	EXPECT_SOUND();
}

/* A device gets the lowest free device id. */
TEST(device_id_lowest_free)
{
	struct probe p[4];
	unsigned int i;

	ASSERT_EQ(0, machine_up());
	for (i = 0; i < 4; i++) {
		probe_init(&p[i], "p");
		ASSERT_EQ(0, vmr_device_register(&m.manager, &p[i].dev, NULL, NULL));
		EXPECT_EQ(i, vmr_id_value(&p[i].dev.id));
	}
	EXPECT_EQ(0, vmr_device_unregister(&m.manager, &p[1].dev));
	EXPECT_EQ(0, vmr_device_unregister(&m.manager, &p[2].dev));
	ASSERT_EQ(0, vmr_device_register(&m.manager, &p[2].dev, NULL, NULL));
	EXPECT_EQ(1U, vmr_id_value(&p[2].dev.id));
	EXPECT_EQ(&p[2].dev, vmr_find_device_by_id(&m.manager, 1));
	EXPECT_NULL(vmr_find_device_by_id(&m.manager, 2));
}

static uint8_t byte_in_set_resources;

static void read_in_set_resources(struct probe *p)
{
	p->result = vmr_read(&m.reader, VMR_MMIO, p->want[0].range->start,
			     &byte_in_set_resources, 1, 1);
}

/* The regions of a device are not mapped while set_resources() runs. */
TEST(register_set_resources_before_mapping)
{
	struct probe p;

	ASSERT_EQ(0, machine_up());
	probe_init(&p, "p");
	p.on_grant = read_in_set_resources;
	ASSERT_EQ(0, probe_region_at(&p, 0, VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_EQ(1U, p.granted);
	EXPECT_EQ(-ENXIO, p.result);
	EXPECT_EQ(0xff, byte_in_set_resources);
	EXPECT_EQ(0U, seen.calls);
	EXPECT_ANSWERS(&p.region[0], 0x1000);
}

/* A machine whose vectors are numbered apart from its lines */
static int machine_up_with_vectors(void)
{
	const struct vmr_system_limits limits = {
		.mmio_last = MACHINE_LAST, .irq_last = 63, .slot_last = 31,
		.pci_last = 0xff, .id_last = 255, .msi_vector_last = 63,
	};
	int ret = vmr_system_init(&m.sys, &limits);

	return ret ? ret : vmr_manager_init(&m.manager, &m.sys);
}

/* A device with constraints in every domain. */
static int all_domains_init(struct probe *p)
{
	int ret;

	probe_init(p, "all domains");
	ret = probe_region_at(p, 0, VMR_MMIO, 0x10000, 0x1000);
	if (!ret)
		ret = probe_region(p, 1, VMR_PIO, VMR_REGION_TRAPPED, 0x20);
	if (!ret)
		ret = probe_region(p, 2, VMR_MMIO, VMR_REGION_TRAPPED, 0x4000);
	if (!ret)
		ret = probe_region(p, 3, VMR_MMIO, VMR_REGION_MEMORY, 0x20000);
	vmr_constraint_init(probe_want(p), VMR_KIND_PIO, 0x20,
			    &p->region[1].range);
	vmr_constraint_init(probe_want(p), VMR_KIND_MMIO, 0x4000,
			    &p->region[2].range);
	vmr_constraint_init(probe_want(p), VMR_KIND_MEM, 0x20000,
			    &p->region[3].range);
	vmr_constraint_init(probe_want(p), VMR_KIND_IRQ, 1, &p->node[0]);
	vmr_constraint_init(probe_want(p), VMR_KIND_MSI, 8, &p->node[1]);
	vmr_constraint_init(probe_want(p), VMR_KIND_MSIX, 5, &p->node[2]);
	vmr_constraint_init(probe_want(p), VMR_KIND_MEM_SLOT, 1, &p->node[3]);
	return ret;
}

/* Make a constraint of any kind unsatisfiable. */
static void make_unsatisfiable(struct vmr_constraint *c)
{
	c->request.policy = VMR_FIRST;
	c->request.min = VMR_ADDR_MAX - 1;
	c->request.max = VMR_ADDR_MAX;
}

/*
 * A registration that fails at any constraint, or in set_resources(), changes
 * nothing.
 */
TEST(register_failure_changes_nothing)
{
	struct vmr_constraint want[PROBE_WANTS];
	struct probe other, p;
	struct event_log d;
	size_t i, failed;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&other, "other", VMR_MMIO, 0x2000, 0x1000));
	ASSERT_EQ(0, diary_start(&d));
	ASSERT_EQ(0, all_domains_init(&p));
	memcpy(want, p.want, sizeof(want));

	for (i = 0; i < p.dev.nr_constraints; i++) {
		make_unsatisfiable(&p.want[i]);
		failed = 99;
		REFUSED(-ERANGE, vmr_device_register(&m.manager, &p.dev, &failed,
						     NULL));
		EXPECT_EQ(i, failed);
		EXPECT_EQ(VMR_DEVICE_UNREGISTERED,
			  (enum vmr_device_state)p.dev.state);
		EXPECT_EQ(0UL, p.dev.id.node.link);
		EXPECT_EQ(0U, p.dev.resources.nr);
		EXPECT_EQ(0U, p.granted);
		memcpy(p.want, want, sizeof(want));
	}

	/* The last step: set_resources() fails. */
	p.refuse = -EBUSY;
	REFUSED(-EBUSY, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_EQ(1U, p.granted);
	EXPECT_EQ(0U, p.dev.resources.nr);
	EXPECT_EQ(0U, d.nr);

	/* The watermarks of ids are unchanged. */
	EXPECT_EQ(-ENOENT, vmr_id_free(&m.sys.irqs, 0, NULL));
	EXPECT_EQ(-ENOENT, vmr_id_free(&m.sys.mem_slots, 0, NULL));
	EXPECT_EQ(-ENOENT, vmr_id_free(&m.sys.device_ids, 1, NULL));

	p.refuse = 0;
	EXPECT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_EQ(1U, vmr_id_value(&p.dev.id));
	EXPECT_SOUND();
}

static struct vmr_range extra_irq;

static void reserve_extra_irq(struct probe *p)
{
	p->result = vmr_id_reserve(&m.sys.irqs, &extra_irq, 40, NULL);
}

/*
 * An id that set_resources() reserves before it fails is not part of the
 * registration and stays.
 */
TEST(register_failure_keeps_callback_ids)
{
	struct vmr_range *freed = NULL;
	struct probe p;

	ASSERT_EQ(0, machine_up());
	probe_init(&p, "p");
	memset(&extra_irq, 0, sizeof(extra_irq));
	p.on_grant = reserve_extra_irq;
	p.refuse = -EBUSY;
	EXPECT_EQ(-EBUSY, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_EQ(0, p.result);
	EXPECT_EQ(0, vmr_id_free(&m.sys.irqs, 40, &freed));
	EXPECT_EQ(&extra_irq, freed);
	EXPECT_SOUND();
}

#define ID_FOR_A_MOMENT	20

static struct vmr_id_pool *const id_pools[] = {
	&m.sys.irqs, &m.sys.mem_slots, &m.sys.pci_bdfs, &m.sys.device_ids,
	&m.sys.msi_vectors,
};

/* Allocate and free an id of each pool, higher than those of the registration. */
static void take_ids_for_a_moment(struct probe *p)
{
	static struct vmr_pci_function fn;
	static struct vmr_device dev;
	static struct vmr_range plain;
	struct vmr_range *range;
	size_t i;

	function_address(&fn);
	p->result = vmr_device_reserve_id(&m.manager, &dev, ID_FOR_A_MOMENT,
					  NULL);
	for (i = 0; i < NR(id_pools) && !p->result; i++) {
		range = id_pools[i] == &m.sys.pci_bdfs ? &fn.address : &plain;
		if (id_pools[i] == &m.sys.device_ids)
			range = &dev.id;
		else
			p->result = vmr_id_reserve(id_pools[i], range,
						   ID_FOR_A_MOMENT, NULL);
		if (!p->result)
			p->result = vmr_id_free_range(id_pools[i], range);
	}
}

/*
 * Watermarks only rise. A registration keeps those that set_resources() has raised, and
 * adds those of its own ids.
 */
TEST(register_keeps_callback_watermarks)
{
	struct probe p;
	size_t i;

	ASSERT_EQ(0, machine_up_with_vectors());
	ASSERT_EQ(0, all_domains_init(&p));
	p.on_grant = take_ids_for_a_moment;
	ASSERT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	ASSERT_EQ(0, p.result);
	for (i = 0; i < NR(id_pools); i++) {
		EXPECT_EQ(-EALREADY,
			  vmr_id_free(id_pools[i], ID_FOR_A_MOMENT, NULL)) {
			TH_LOG("pool %zu", i);
		}
		EXPECT_EQ(-ENOENT,
			  vmr_id_free(id_pools[i], ID_FOR_A_MOMENT + 1, NULL));
	}
}

/* A registration raises the watermarks to its own ids, which its end leaves. */
TEST(register_raises_watermarks)
{
	struct probe p;

	ASSERT_EQ(0, machine_up_with_vectors());
	ASSERT_EQ(0, all_domains_init(&p));
	ASSERT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	ASSERT_LT(0, vmr_device_unregister(&m.manager, &p.dev));
	EXPECT_EQ(-EALREADY, vmr_id_free(&m.sys.irqs, 0, NULL));
	EXPECT_EQ(-EALREADY, vmr_id_free(&m.sys.mem_slots, 0, NULL));
	EXPECT_EQ(-EALREADY, vmr_id_free(&m.sys.device_ids, 0, NULL));
	EXPECT_EQ(-EALREADY, vmr_id_free(&m.sys.msi_vectors, 0, NULL));
	EXPECT_EQ(-ENOENT, vmr_id_free(&m.sys.pci_bdfs, 0, NULL));
}

/*
 * A registration whose address is in use reports the constraint and the conflict.
 */
TEST(register_busy_reports_constraint)
{
	struct vmr_range block[PROBE_WANTS];
	struct vmr_range *conflict;
	struct probe p;
	size_t i, failed;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, all_domains_init(&p));
	memset(block, 0, sizeof(block));
	ASSERT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	/* Request the same addresses, one of which is in use by another range. */
	for (i = 0; i < p.dev.nr_constraints; i++) {
		p.want[i].request.policy = VMR_EXACT;
		p.want[i].request.addr = p.got[i].start;
	}
	ASSERT_LT(0, vmr_device_unregister(&m.manager, &p.dev));
	for (i = 0; i < p.dev.nr_constraints; i++) {
		struct vmr_space *space = vmr_system_space(&m.sys,
							   p.want[i].kind);
		uint64_t at = p.want[i].request.addr + p.want[i].request.size - 1;

		ASSERT_EQ(0, vmr_reserve(space, &block[i], at, at, NULL));
		conflict = NULL;
		REFUSED(-EBUSY, vmr_device_register(&m.manager, &p.dev, &failed,
						    &conflict));
		EXPECT_EQ(i, failed);
		EXPECT_EQ(&block[i], conflict);
		ASSERT_EQ(0, vmr_free(space, &block[i]));
	}
	EXPECT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_SOUND();
}

/*
 * If no device id is free, registration fails with -ENOSPC and changes nothing.
 */
TEST(register_without_free_id_enospc)
{
	struct probe p[3];
	size_t failed = 99;

	ASSERT_EQ(0, machine_up_to(MACHINE_LAST, 1));
	ASSERT_EQ(0, probe_up(&p[0], "0", VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_up(&p[1], "1", VMR_MMIO, 0x2000, 0x1000));
	probe_init(&p[2], "2");
	ASSERT_EQ(0, probe_region_at(&p[2], 0, VMR_MMIO, 0x3000, 0x1000));
	REFUSED(-ENOSPC, vmr_device_register(&m.manager, &p[2].dev, &failed, NULL));
	EXPECT_EQ(1U, failed);
	EXPECT_EQ(0U, p[2].granted);
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &p[0].dev));
	EXPECT_EQ(0, vmr_device_register(&m.manager, &p[2].dev, NULL, NULL));
	EXPECT_EQ(0U, vmr_id_value(&p[2].dev.id));
}

/*
 * The ranges of 0x1000 and 0x2000 fit into [0, 0x3fff] in one way only. The fixed
 * range must be allocated first.
 */
static int tight_init(struct probe *p, const unsigned int order[3])
{
	static const uint64_t size[3] = { 0x100, 0x1000, 0x2000 };
	int ret = 0;
	size_t i;

	probe_init(p, "tight");
	for (i = 0; i < 3 && !ret; i++)
		ret = probe_region(p, i, VMR_MMIO, VMR_REGION_TRAPPED, size[i]);
	for (i = 0; i < 3; i++) {
		unsigned int k = order[i];
		struct vmr_constraint *c = probe_want(p);

		if (k == 0)
			vmr_constraint_init_fixed(c, VMR_KIND_MMIO, 0, 0x100,
						  &p->region[0].range);
		else
			vmr_constraint_init_bounded(c, VMR_KIND_MMIO, size[k],
						    size[k], 0, 0x3fff,
					      &p->region[k].range);
	}
	return ret;
}

/*
 * Placement does not depend on the order of the constraints; resources keep it.
 */
TEST(register_constraint_order_irrelevant)
{
	static const unsigned int orders[][3] = {
		{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
		{ 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
	};
	static const uint64_t at[3] = { 0, 0x1000, 0x2000 };
	struct probe p;
	size_t i, k;

	ASSERT_EQ(0, machine_up());
	for (i = 0; i < NR(orders); i++) {
		ASSERT_EQ(0, tight_init(&p, orders[i]));
		EXPECT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
		for (k = 0; k < 3; k++) {
			const struct vmr_resource *res = &p.got[k];

			/* The order of allocation differs from that of the resources. */
			EXPECT_ANSWERS(&p.region[k], at[k]);
			EXPECT_EQ(&p.region[orders[i][k]].range, res->range);
			EXPECT_EQ(at[orders[i][k]], res->start);
			EXPECT_EQ(res->range->last, res->last);
		}
		EXPECT_EQ(3, vmr_device_unregister(&m.manager, &p.dev));
	}
}

/* A set without room is found before a wrong id and a wrong parent. */
TEST(device_set_without_room)
{
	struct vmr_bus bus = { 0 };
	struct vmr_device bridge = { .ops = &probe_ops };
	struct probe p;

	ASSERT_EQ(0, machine_up());
	probe_init(&p, "p");
	ASSERT_EQ(0, probe_region_at(&p, 0, VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, vmr_bus_init(&bus, &m.manager, &bridge));
	p.dev.parent_bus = &bus;
	REFUSED(-ENOENT, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	REFUSED(-ENOENT, vmr_device_register_restored(&m.manager, &p.dev, NULL));
	p.dev.resources.max = 0;
	REFUSED(-EINVAL, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	REFUSED(-EINVAL, vmr_device_register_restored(&m.manager, &p.dev, NULL));
	ASSERT_EQ(0, vmr_device_reserve_id(&m.manager, &p.dev, 9, NULL));
	REFUSED(-EINVAL, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
}

/* Errors of vmr_device_register(). */
TEST(register_error_list)
{
	struct vmr_range stray = { .start = 0 };
	struct probe p, q;
	size_t failed;

	ASSERT_EQ(0, machine_up());
	probe_init(&p, "p");
	ASSERT_EQ(0, probe_region_at(&p, 0, VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_region(&p, 1, VMR_PIO, VMR_REGION_TRAPPED, 0x10));

	REFUSED(-EINVAL, vmr_device_register(NULL, &p.dev, NULL, NULL));
	REFUSED(-EINVAL, vmr_device_register(&m.manager, NULL, NULL, NULL));
	p.dev.ops = NULL;
	REFUSED(-EINVAL, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	p.dev.ops = &probe_ops;
	p.dev.constraints = NULL;
	REFUSED(-EINVAL, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	p.dev.constraints = p.want;
	p.dev.resources.max = 0;
	REFUSED(-EINVAL, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	p.dev.resources.max = PROBE_WANTS;
	p.dev.resources.entries = NULL;
	REFUSED(-EINVAL, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	p.dev.resources.entries = p.got;

	/* A second constraint of a kind that is not allowed. */
	p.dev.nr_constraints = 2;
	vmr_constraint_init(&p.want[1], VMR_KIND_DEVICE_ID, 1, &p.node[0]);
	failed = 99;
	REFUSED(-EINVAL, vmr_device_register(&m.manager, &p.dev, &failed, NULL));
	EXPECT_EQ(1U, failed);
	p.want[1].kind = VMR_KIND_PCI_BDF;
	REFUSED(-EINVAL, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	p.want[1].kind = VMR_KIND_MAC;
	REFUSED(-EINVAL, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	p.want[1].kind = VMR_KIND_USER;
	REFUSED(-EINVAL, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	/* No range, no region, another size or domain, the same range twice. */
	vmr_constraint_init(&p.want[1], VMR_KIND_IRQ, 1, NULL);
	REFUSED(-EINVAL, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	vmr_constraint_init(&p.want[1], VMR_KIND_MMIO, 0x1000, &p.node[0]);
	REFUSED(-EINVAL, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	vmr_constraint_init(&p.want[1], VMR_KIND_PIO, 8, &p.region[1].range);
	REFUSED(-EINVAL, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	vmr_constraint_init(&p.want[1], VMR_KIND_MMIO, 0x10,
			    &p.region[1].range);
	REFUSED(-EINVAL, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	vmr_constraint_init(&p.want[1], VMR_KIND_IRQ, 1, &p.region[1].range);
	REFUSED(-EINVAL, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	vmr_constraint_init_fixed(&p.want[1], VMR_KIND_MMIO, 0x4000, 0x1000,
				  &p.region[0].range);
	REFUSED(-EINVAL, vmr_device_register(&m.manager, &p.dev, NULL, NULL));

	/* A range that is already in a space, with and without a constraint. */
	vmr_constraint_init(&p.want[1], VMR_KIND_IRQ, 1, &p.node[0]);
	ASSERT_EQ(0, vmr_id_alloc(&m.sys.irqs, &p.node[0]));
	REFUSED(-EEXIST, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	ASSERT_EQ(0, vmr_id_free_range(&m.sys.irqs, &p.node[0]));
	p.dev.nr_constraints = 1;
	ASSERT_EQ(0, vmr_reserve(&m.sys.pio, &p.region[1].range, 0, 0xf, NULL));
	REFUSED(-EEXIST, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	ASSERT_EQ(0, vmr_free(&m.sys.pio, &p.region[1].range));

	ASSERT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	REFUSED(-EEXIST, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_ANSWERS(&p.region[0], 0x1000);

	/* Errors of vmr_alloc() are returned unchanged. */
	probe_init(&q, "q");
	ASSERT_EQ(0, probe_region_at(&q, 0, VMR_MMIO, VMR_ADDR_MAX - 0xffe, 0x1000));
	REFUSED(-EOVERFLOW, vmr_device_register(&m.manager, &q.dev, NULL, NULL));
	q.want[0].request.addr = MACHINE_LAST;
	REFUSED(-ERANGE, vmr_device_register(&m.manager, &q.dev, NULL, NULL));
	q.want[0].request.align = 3;
	REFUSED(-EINVAL, vmr_device_register(&m.manager, &q.dev, NULL, NULL));
	EXPECT_EQ(0UL, stray.node.link);
}

/*
 * If several errors apply, vmr_device_register() returns the one that is
 * documented first.
 */
TEST(register_error_precedence)
{
	struct probe p, q;

	ASSERT_EQ(0, machine_up_to(MACHINE_LAST, 0));
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));

	/* A registered device with an invalid constraint. */
	p.want[0].request.size = 0x800;
	REFUSED(-EINVAL, vmr_device_register(&m.manager, &p.dev, NULL, NULL));

	/* No id is free, but other errors precede. */
	probe_init(&q, "q");
	ASSERT_EQ(0, probe_region_at(&q, 0, VMR_MMIO, 0x3000, 0x1000));
	vmr_constraint_init(probe_want(&q), VMR_KIND_IRQ, 1, &q.node[0]);
	vmr_constraint_init(probe_want(&q), VMR_KIND_IRQ, 1, &q.node[0]);
	REFUSED(-EINVAL, vmr_device_register(&m.manager, &q.dev, NULL, NULL));
	q.dev.nr_constraints = 2;
	q.dev.resources.max = 1;
	REFUSED(-EINVAL, vmr_device_register(&m.manager, &q.dev, NULL, NULL));
	q.dev.resources.max = PROBE_WANTS;
	ASSERT_EQ(0, vmr_id_alloc(&m.sys.irqs, &q.node[0]));
	REFUSED(-EEXIST, vmr_device_register(&m.manager, &q.dev, NULL, NULL));
	/* A range in use, followed by an invalid constraint. */
	vmr_constraint_init(probe_want(&q), VMR_KIND_IRQ, 1, NULL);
	REFUSED(-EINVAL, vmr_device_register(&m.manager, &q.dev, NULL, NULL));
}

/* Errors of vmr_device_add_region(). */
TEST(region_add_error_list)
{
	struct vmr_region region = { .size = 0 };
	struct probe p, q;

	ASSERT_EQ(0, machine_up());
	probe_init(&q, "q");
	EXPECT_EQ(-EINVAL, vmr_device_add_region(&q.dev, &region));
	region.size = 1;
	EXPECT_EQ(-EINVAL, vmr_device_add_region(NULL, &region));
	EXPECT_EQ(-EINVAL, vmr_device_add_region(&q.dev, NULL));
	ASSERT_EQ(0, vmr_reserve(&m.sys.mmio, &region.range, 0, 0, NULL));
	EXPECT_EQ(-EEXIST, vmr_device_add_region(&q.dev, &region));
	ASSERT_EQ(0, vmr_free(&m.sys.mmio, &region.range));
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	EXPECT_EQ(-EEXIST, vmr_device_add_region(&q.dev, &p.region[0]));
	EXPECT_EQ(-EBUSY, vmr_device_add_region(&p.dev, &region));
	EXPECT_NULL(region.device);
	EXPECT_EQ(0, vmr_device_add_region(&q.dev, &region));
	EXPECT_EQ(-EEXIST, vmr_device_add_region(&q.dev, &region));
}

/* Errors of vmr_manager_init() and of the registration of listeners. */
TEST(manager_and_listener_error_list)
{
	struct vmr_listener mute = { .region_changed = NULL };

	EXPECT_EQ(-EINVAL, vmr_manager_init(NULL, &m.sys));
	EXPECT_EQ(-EINVAL, vmr_manager_init(&m.manager, NULL));
	ASSERT_EQ(0, machine_up());
	EXPECT_EQ(-EINVAL, vmr_listener_register(NULL, &mute));
	EXPECT_EQ(-EINVAL, vmr_listener_register(&m.manager, NULL));
	EXPECT_EQ(-EINVAL, vmr_listener_register(&m.manager, &mute));
	EXPECT_EQ(-EINVAL, vmr_listener_unregister(NULL, &mute));
	EXPECT_EQ(-EINVAL, vmr_listener_unregister(&m.manager, NULL));
	EXPECT_EQ(-ENOENT, vmr_listener_unregister(&m.manager, &mute));
}

/*
 * Unregistration and drain
 */

/*
 * Unregistration frees all resources and returns the number of mapped regions.
 */
TEST(unregister_frees_all_resources)
{
	struct probe p, q;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&q, "q", VMR_PIO, 0x60, 1));
	machine_state_before();
	ASSERT_EQ(0, all_domains_init(&p));
	ASSERT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	/* Four ranges are I/O regions; vectors and slots are not counted. */
	EXPECT_EQ(4, vmr_device_unregister(&m.manager, &p.dev));
	EXPECT_NULL(responder(VMR_MMIO, 0x10000));
	EXPECT_EQ(0, vmr_device_drain(&m.manager, &p.dev));

	/* Only the watermarks of ids differ. */
	m.sys.irqs.high_watermark = 0;
	m.sys.mem_slots.high_watermark = 0;
	m.sys.device_ids.high_watermark = 1;
	EXPECT_TRUE(same_as_before());
	EXPECT_EQ(0U, p.dev.resources.nr);
	EXPECT_SOUND();
}

/* Unregistration counts live regions, not claimed, parked or unmapped ones. */
TEST(unregister_counts_mapped_regions)
{
	struct probe p, q;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&q, "q", VMR_MMIO, 0x1000, 0x1000));
	probe_init(&p, "p");
	ASSERT_EQ(0, probe_region(&p, 0, VMR_MMIO, VMR_REGION_TRAPPED, 0x1000));
	ASSERT_EQ(0, probe_region(&p, 1, VMR_MMIO, VMR_REGION_TRAPPED, 0x1000));
	ASSERT_EQ(0, probe_region(&p, 2, VMR_MMIO, VMR_REGION_TRAPPED, 0x1000));
	ASSERT_EQ(0, probe_region(&p, 3, VMR_MMIO, VMR_REGION_TRAPPED, 0x1000));
	ASSERT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	ASSERT_EQ(0, vmr_region_program(&m.manager, &p.region[0], 0x4000));
	ASSERT_EQ(0, vmr_region_program(&m.manager, &p.region[1], 0x1000));
	ASSERT_EQ(0, vmr_region_park(&m.manager, &p.region[2], 0x6000));
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &p.dev));
	EXPECT_EQ(0U, m.sys.mmio.nr_claims);
	EXPECT_SOUND();
}

/* Errors of vmr_device_unregister() and vmr_device_unregister_at(). */
TEST(unregister_error_list)
{
	struct vmr_device *dev = NULL;
	struct probe p;

	ASSERT_EQ(0, machine_up());
	probe_init(&p, "p");
	REFUSED(-EINVAL, vmr_device_unregister(NULL, &p.dev));
	REFUSED(-EINVAL, vmr_device_unregister(&m.manager, NULL));
	REFUSED(-ENOENT, vmr_device_unregister(&m.manager, &p.dev));
	REFUSED(-EINVAL, vmr_device_unregister_at(NULL, VMR_MMIO, 0, &dev));
	REFUSED(-ENOENT, vmr_device_unregister_at(&m.manager, VMR_MMIO, 0, &dev));
	REFUSED(-ENOENT, vmr_device_unregister_at(&m.manager, (enum vmr_io)7, 0, &dev));
	EXPECT_NULL(dev);
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &p.dev));
	REFUSED(-ENOENT, vmr_device_unregister(&m.manager, &p.dev));
}

/* vmr_device_unregister_at() accepts any address of the device. */
TEST(unregister_at_any_address)
{
	struct vmr_device *dev = NULL;
	struct probe p, q;

	ASSERT_EQ(0, machine_up());
	probe_init(&p, "p");
	ASSERT_EQ(0, probe_region_at(&p, 0, VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_region_at(&p, 1, VMR_PIO, 0x60, 4));
	ASSERT_EQ(0, probe_up(&q, "q", VMR_MMIO, 0x2000, 0x1000));

	ASSERT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_EQ(2, vmr_device_unregister_at(&m.manager, VMR_MMIO, 0x1fff, &dev));
	EXPECT_EQ(&p.dev, dev);
	EXPECT_NULL(responder(VMR_PIO, 0x60));
	ASSERT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_EQ(2, vmr_device_unregister_at(&m.manager, VMR_PIO, 0x63, NULL));
	EXPECT_NULL(responder(VMR_MMIO, 0x1000));
	EXPECT_ANSWERS(&q.region[0], 0x2000);
}

/*
 * Calls with a device of another manager fail with -ENOENT and change nothing.
 */
TEST(other_manager_device_enoent)
{
	static struct vmr_system sys;
	const struct vmr_system_limits limits = { .mmio_last = VMR_ADDR_MAX };
	struct vmr_manager other;
	struct probe p;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, vmr_system_init(&sys, &limits));
	ASSERT_EQ(0, vmr_manager_init(&other, &sys));
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	REFUSED(-ENOENT, vmr_device_unregister(&other, &p.dev));
	REFUSED(-ENOENT, vmr_region_program(&other, &p.region[0], 0x4000));
	REFUSED(-ENOENT, vmr_region_park(&other, &p.region[0], 0x4000));
	REFUSED(-ENOENT, vmr_region_unmap(&other, &p.region[0]));
	REFUSED(-ENOENT, vmr_region_move(&other, &p.region[0], 0x4000, NULL));
	EXPECT_EQ(0U, sys.mmio.nr_ranges);
	EXPECT_EQ(0U, sys.mmio.nr_claims);
	EXPECT_ANSWERS(&p.region[0], 0x1000);
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &p.dev));
}

static void unregister_self(struct probe *p, const struct vmr_access *access)
{
	(void)access;
	p->result = vmr_device_unregister(&m.manager, &p->dev);
}

/* A callback may unregister its own device. */
TEST(callback_unregisters_own_device)
{
	struct probe p;
	uint8_t data;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	p.inside = unregister_self;
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, 0x1000, &data, 1, 1));
	EXPECT_EQ(0x80, data);
	EXPECT_EQ(1, p.result);
	EXPECT_NULL(responder(VMR_MMIO, 0x1000));
	EXPECT_EQ(0, vmr_device_drain(&m.manager, &p.dev));
	EXPECT_SOUND();
}

static int try_drain_result_inside, drain_result_inside;

static void unregister_and_drain_self(struct probe *p, const struct vmr_access *access)
{
	(void)access;
	p->result = vmr_device_unregister(&m.manager, &p->dev);
	try_drain_result_inside = vmr_device_try_drain(&m.manager, &p->dev);
	drain_result_inside = vmr_device_drain(&m.manager, &p->dev);
}

/* A drain of a device inside its own callback fails. */
TEST(drain_in_own_callback_edeadlk)
{
	struct probe p, unregistered;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	p.inside = unregister_and_drain_self;
	EXPECT_EQ(&p.region[0], responder(VMR_MMIO, 0x1000));
	EXPECT_EQ(-EAGAIN, try_drain_result_inside);
	EXPECT_EQ(-EDEADLK, drain_result_inside);
	EXPECT_EQ(0, vmr_device_try_drain(&m.manager, &p.dev));
	EXPECT_EQ(0, vmr_device_drain(&m.manager, &p.dev));
	probe_init(&unregistered, "unregistered");
	EXPECT_EQ(0, vmr_device_drain(&m.manager, &unregistered.dev));
}

static struct probe *other_dev;

static void unregister_and_drain_other(struct probe *p, const struct vmr_access *access)
{
	(void)access;
	p->result = vmr_device_unregister(&m.manager, &other_dev->dev);
	try_drain_result_inside = vmr_device_try_drain(&m.manager, &other_dev->dev);
	drain_result_inside = vmr_device_drain(&m.manager, &other_dev->dev);
}

/*
 * vmr_device_drain() fails inside any callback; vmr_device_try_drain() does not.
 */
TEST(drain_other_in_callback_edeadlk)
{
	struct probe p, q;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_up(&q, "q", VMR_MMIO, 0x2000, 0x1000));
	other_dev = &q;
	p.inside = unregister_and_drain_other;
	EXPECT_EQ(&p.region[0], responder(VMR_MMIO, 0x1000));
	EXPECT_EQ(1, p.result);
	/* No callback of @q runs: only the waiting form fails. */
	EXPECT_EQ(0, try_drain_result_inside);
	EXPECT_EQ(-EDEADLK, drain_result_inside);
}

/* Errors of vmr_device_drain() and vmr_device_try_drain(). */
TEST(drain_error_list)
{
	struct probe p;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	EXPECT_EQ(-EINVAL, vmr_device_drain(NULL, &p.dev));
	EXPECT_EQ(-EINVAL, vmr_device_drain(&m.manager, NULL));
	EXPECT_EQ(-EINVAL, vmr_device_try_drain(NULL, &p.dev));
	EXPECT_EQ(-EINVAL, vmr_device_try_drain(&m.manager, NULL));
	EXPECT_EQ(-EBUSY, vmr_device_drain(&m.manager, &p.dev));
	EXPECT_EQ(-EBUSY, vmr_device_try_drain(&m.manager, &p.dev));
}

#define DEPTH	(VMR_READER_HAZARDS + 3)

static struct probe nested[DEPTH];
static int try_drain_result[DEPTH];

/* The innermost callback unregisters all devices and tries to drain each. */
static void nested_access(struct probe *p, const struct vmr_access *access)
{
	size_t i = p - nested;
	uint8_t byte;

	if (i + 1 < DEPTH) {
		p->result = vmr_read(access->reader, VMR_PIO, i + 1, &byte, 1,
				     1);
		return;
	}
	for (i = 0; i < DEPTH; i++) {
		vmr_device_unregister(&m.manager, &nested[i].dev);
		try_drain_result[i] = vmr_device_try_drain(&m.manager, &nested[i].dev);
	}
	drain_result_inside = vmr_device_drain(&m.manager, &nested[0].dev);
}

/*
 * Nesting beyond the number of hazards of a reader blocks the drains of all
 * devices.
 */
TEST(nesting_beyond_hazards_blocks_drain)
{
	uint8_t byte;
	size_t i;

	ASSERT_EQ(0, machine_up());
	for (i = 0; i < DEPTH; i++) {
		ASSERT_EQ(0, probe_up(&nested[i], "nested", VMR_PIO, i, 1));
		nested[i].inside = nested_access;
	}
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_PIO, 0, &byte, 1, 1));
	for (i = 0; i < DEPTH; i++) {
		EXPECT_EQ(0, nested[i].result);
		EXPECT_EQ(-EAGAIN, try_drain_result[i]);
		EXPECT_EQ(0, vmr_device_drain(&m.manager, &nested[i].dev));
	}
	EXPECT_EQ(-EDEADLK, drain_result_inside);
	EXPECT_EQ((unsigned int)DEPTH, seen.calls);
}

/* An unregistered device may be registered again without a drain. */
TEST(reregister_without_drain)
{
	struct probe p;
	int i;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	for (i = 0; i < 10; i++) {
		EXPECT_EQ(1, vmr_device_unregister(&m.manager, &p.dev));
		p.want[0].request.addr += 0x1000;
		EXPECT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
		EXPECT_ANSWERS(&p.region[0], p.want[0].request.addr);
	}
	EXPECT_SOUND();
}

static void reregister_self(struct probe *p, const struct vmr_access *access)
{
	(void)access;
	p->inside = NULL;
	p->result = vmr_device_unregister(&m.manager, &p->dev);
	p->want[0].request.addr += 0x1000;
	if (p->result == 1)
		p->result = vmr_device_register(&m.manager, &p->dev, NULL, NULL);
	try_drain_result_inside = vmr_device_try_drain(&m.manager, &p->dev);
	/* Unregister again, and try to drain while the callback still runs. */
	if (!p->result)
		p->result = vmr_device_unregister(&m.manager, &p->dev);
	drain_result_inside = vmr_device_try_drain(&m.manager, &p->dev);
}

/* A callback may unregister its device and register it again. */
TEST(callback_reregisters_own_device)
{
	struct probe p;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	p.inside = reregister_self;
	EXPECT_EQ(&p.region[0], responder(VMR_MMIO, 0x1000));
	EXPECT_EQ(1, p.result);
	EXPECT_EQ(-EBUSY, try_drain_result_inside);
	EXPECT_EQ(-EAGAIN, drain_result_inside);
	EXPECT_EQ(0, vmr_device_try_drain(&m.manager, &p.dev));
	EXPECT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_ANSWERS(&p.region[0], 0x2000);
}

/*
 * Finding devices
 */

/* Devices are found by id, by name and by address, and iterated in order. */
TEST(device_find_by_id_name_address)
{
	struct probe a, b, c;

	ASSERT_EQ(0, machine_up());
	EXPECT_NULL(vmr_next_device(&m.manager, NULL));
	ASSERT_EQ(0, probe_up(&a, "disk", VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_up(&b, "net", VMR_PIO, 0x1000, 0x10));
	ASSERT_EQ(0, probe_up(&c, NULL, VMR_MMIO, 0x3000, 0x1000));

	EXPECT_EQ(&a.dev, vmr_find_device_by_id(&m.manager, 0));
	EXPECT_EQ(&c.dev, vmr_find_device_by_id(&m.manager, 2));
	EXPECT_NULL(vmr_find_device_by_id(&m.manager, 3));
	EXPECT_NULL(vmr_find_device_by_id(NULL, 0));
	EXPECT_EQ(&b.dev, vmr_find_device_by_name(&m.manager, "net"));
	EXPECT_NULL(vmr_find_device_by_name(&m.manager, "ne"));
	EXPECT_NULL(vmr_find_device_by_name(&m.manager, "nets"));
	EXPECT_NULL(vmr_find_device_by_name(&m.manager, NULL));
	EXPECT_NULL(vmr_find_device_by_name(NULL, "net"));
	EXPECT_EQ(&b.region[0], vmr_find_region(&m.manager, VMR_PIO, 0x100f));
	EXPECT_NULL(vmr_find_region(&m.manager, VMR_PIO, 0x1010));
	EXPECT_NULL(vmr_find_region(&m.manager, (enum vmr_io)2, 0x1000));
	EXPECT_NULL(vmr_find_region(NULL, VMR_PIO, 0x1000));

	EXPECT_EQ(&a.dev, vmr_next_device(&m.manager, NULL));
	EXPECT_EQ(&b.dev, vmr_next_device(&m.manager, &a.dev));
	EXPECT_EQ(&c.dev, vmr_next_device(&m.manager, &b.dev));
	EXPECT_NULL(vmr_next_device(&m.manager, &c.dev));
	EXPECT_NULL(vmr_next_device(NULL, NULL));

	/* Of several devices with one name, the one registered first. */
	b.dev.name = "disk";
	EXPECT_EQ(&a.dev, vmr_find_device_by_name(&m.manager, "disk"));
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &a.dev));
	EXPECT_EQ(&b.dev, vmr_find_device_by_name(&m.manager, "disk"));
	EXPECT_NULL(vmr_find_device_by_id(&m.manager, 0));
	EXPECT_EQ(&b.dev, vmr_next_device(&m.manager, NULL));
	EXPECT_NULL(vmr_next_device(&m.manager, &a.dev));
}

/*
 * Threads. No result depends on time: threads synchronise on flags, and free-running
 * threads do a number of operations.
 */

static unsigned int callback_entered, callback_release, callback_done;
static unsigned int drain_done, callback_done_first;

static void block_in_callback(struct probe *p, const struct vmr_access *access)
{
	(void)p;
	(void)access;
	set_flag(&callback_entered, 1);
	wait_for(&callback_release, 1);
	set_flag(&callback_done, 1);
}

static void *drain_thread(void *arg)
{
	struct probe *p = arg;

	p->result = vmr_device_drain(&m.manager, &p->dev);
	set_flag(&callback_done_first, get_flag(&callback_done));
	set_flag(&drain_done, 1);
	return NULL;
}

/* A drain waits for a running callback of its device. */
TEST(drain_waits_for_running_callback)
{
	struct call call = { .addr = 0x1000 };
	pthread_t caller, drainer;
	struct probe p;
	int i;

	NEEDS(threads);
	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, reader_attach(&call.reader));
	p.inside = block_in_callback;
	ASSERT_EQ(0, pthread_create(&caller, NULL, call_thread, &call));
	wait_for(&callback_entered, 1);
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &p.dev));
	EXPECT_NULL(responder(VMR_MMIO, 0x1000));
	EXPECT_EQ(-EAGAIN, vmr_device_try_drain(&m.manager, &p.dev));
	ASSERT_EQ(0, pthread_create(&drainer, NULL, drain_thread, &p));
	/* The drain has occasions to end too early. */
	for (i = 0; i < 50; i++)
		sched_yield();
	EXPECT_EQ(0U, get_flag(&drain_done));
	EXPECT_EQ(-EAGAIN, vmr_device_try_drain(&m.manager, &p.dev));
	set_flag(&callback_release, 1);
	pthread_join(drainer, NULL);
	pthread_join(caller, NULL);
	EXPECT_EQ(0, p.result);
	EXPECT_EQ(1U, callback_done_first);
	EXPECT_EQ(0, call.ret);
	EXPECT_EQ(0x80, call.data);
	EXPECT_EQ(0, vmr_device_try_drain(&m.manager, &p.dev));
}

/* A drain does not wait for a callback of another device. */
TEST(drain_ignores_other_callback)
{
	struct call call = { .addr = 0x1000 };
	pthread_t caller;
	struct probe p, q;

	NEEDS(threads);
	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_up(&q, "q", VMR_MMIO, 0x2000, 0x1000));
	ASSERT_EQ(0, reader_attach(&call.reader));
	p.inside = block_in_callback;
	ASSERT_EQ(0, pthread_create(&caller, NULL, call_thread, &call));
	wait_for(&callback_entered, 1);
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &q.dev));
	EXPECT_EQ(0, vmr_device_try_drain(&m.manager, &q.dev));
	EXPECT_EQ(0, vmr_device_drain(&m.manager, &q.dev));
	EXPECT_EQ(0U, get_flag(&callback_done));
	set_flag(&callback_release, 1);
	pthread_join(caller, NULL);
}

/* A drain waits for a lookup that began before the device was unregistered. */
TEST(drain_waits_for_older_lookup)
{
	struct call call = { .addr = 0x1000 };
	pthread_t caller, drainer;
	struct probe p;
	int i;

	NEEDS(threads);
	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, reader_attach(&call.reader));
	vmr_seqcount_write_begin(&m.sys.seq);
	ASSERT_EQ(0, pthread_create(&caller, NULL, call_thread, &call));
	wait_for_lookup(&call.reader);
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &p.dev));
	EXPECT_EQ(-EAGAIN, vmr_device_try_drain(&m.manager, &p.dev));
	ASSERT_EQ(0, pthread_create(&drainer, NULL, drain_thread, &p));
	/* The drain has occasions to end too early. */
	for (i = 0; i < 50; i++)
		sched_yield();
	EXPECT_EQ(0U, get_flag(&drain_done));
	vmr_seqcount_write_end(&m.sys.seq);
	pthread_join(caller, NULL);
	pthread_join(drainer, NULL);
	EXPECT_EQ(-ENXIO, call.ret);
	EXPECT_EQ(0xff, call.data);
	EXPECT_EQ(0, p.result);
}

/*
 * A drain does not wait for a lookup that began after the device was unregistered.
 */
TEST(drain_ignores_younger_lookup)
{
	struct call call = { .addr = 0x2000 };
	pthread_t caller;
	struct probe p, q;

	NEEDS(threads);
	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_up(&q, "q", VMR_MMIO, 0x2000, 0x1000));
	ASSERT_EQ(0, reader_attach(&call.reader));
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &p.dev));
	vmr_seqcount_write_begin(&m.sys.seq);
	ASSERT_EQ(0, pthread_create(&caller, NULL, call_thread, &call));
	wait_for_lookup(&call.reader);
	EXPECT_EQ(0, vmr_device_try_drain(&m.manager, &p.dev));
	if (!TEST_LACKS_restless_drain)
		EXPECT_EQ(0, vmr_device_drain(&m.manager, &p.dev));
	vmr_seqcount_write_end(&m.sys.seq);
	pthread_join(caller, NULL);
	EXPECT_EQ(0, call.ret);
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_examples.c - the examples of the designs that this library is based on, in C
 *
 * Each test is named for its seed: 000, the first design of vm-allocator; 001, its
 * allocator of ids; 002, the documentation of the crate; 003, the design of
 * vm-device; 004, the resources of vm-device. Names of the Rust code are kept where
 * they help to compare.
 */
#include "../kselftest_harness.h"

#include <string.h>

#include <vmalloc/vmalloc.h>

#include "verify.h"

#define NR(array)	(sizeof(array) / sizeof((array)[0]))
#define owner_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

#define PAGE_SIZE	0x1000ull

/*
 * Seed 000: the system allocator is struct vmr_system, and the resources are in the
 * devices.
 */

enum {
	DUMMY_VECTOR = 0,	/* register: the guest selects a vector */
	DUMMY_BAR = 8,		/* register: the guest moves the BAR */
	DUMMY_SIZE = 0x100,
};

struct dummy_pci_device {
	struct vmr_device	dev;
	struct vmr_region	bar;
	struct vmr_range	irq;
	struct vmr_range	vector;
	struct vmr_constraint	needs[2];
	struct vmr_resource	has[2];
	unsigned int		nr_set_resources;
};

struct vmm {
	struct vmr_system	sys_alloc;
	struct vmr_manager	dev_mgr;
	struct vmr_reader	vcpu;
};

static struct vmm vmm;

static int vmm_new(uint64_t guest_size, uint32_t irq_base, uint32_t irq_end)
{
	const struct vmr_system_limits limits = {
		.mmio_last = guest_size - 1,
		.irq_last = 255,
		.id_last = 100,
	};
	const struct vmr_system_pool irqs = {
		.pool = { .start = irq_base, .last = irq_end, .align = 1,
			  .name = "irq" },
		.kinds = 1u << VMR_KIND_IRQ,
	};
	int ret = vmr_system_init(&vmm.sys_alloc, &limits);

	if (!ret)
		ret = vmr_system_add_pool(&vmm.sys_alloc, &irqs);
	if (!ret)
		ret = vmr_manager_init(&vmm.dev_mgr, &vmm.sys_alloc);
	if (!ret)
		ret = vmr_reader_attach(&vmm.dev_mgr, &vmm.vcpu);
	return ret;
}

/* All spaces are empty. */
static int vmm_empty(void)
{
	const struct vmr_system *sys = &vmm.sys_alloc;

	return !sys->pio.nr_ranges && !sys->mmio.nr_ranges &&
	       !sys->irqs.space.nr_ranges && !sys->device_ids.space.nr_ranges;
}

/* The guest writes vectors and addresses to registers of the device. */
static void pci_write(struct vmr_device *dev, const struct vmr_access *access,
		      const void *data)
{
	struct dummy_pci_device *pci =
		owner_of(dev, struct dummy_pci_device, dev);
	uint64_t value = 0;

	memcpy(&value, data, access->width);
	if (access->offset == DUMMY_VECTOR) {
		access->change->type = VMR_CHANGE_IRQ_TAKEN;
		access->change->irq = value;
		access->change->range = &pci->vector;
	} else if (access->offset == DUMMY_BAR) {
		access->change->type = VMR_CHANGE_MOVED;
		access->change->region = &pci->bar;
		access->change->start = value;
	}
}

static int pci_set_resources(struct vmr_device *dev,
			     const struct vmr_resource_set *set)
{
	owner_of(dev, struct dummy_pci_device, dev)->nr_set_resources++;
	return set->nr == 2 ? 0 : -EINVAL;
}

static const struct vmr_device_ops pci_ops = {
	.write = pci_write,
	.set_resources = pci_set_resources,
};

static void pci_new(struct dummy_pci_device *pci, const char *name)
{
	memset(pci, 0, sizeof(*pci));
	pci->dev.ops = &pci_ops;
	pci->dev.name = name;
	pci->dev.constraints = pci->needs;
	pci->dev.nr_constraints = NR(pci->needs);
	vmr_resource_set_init(&pci->dev.resources, pci->has, NR(pci->has));
	vmr_region_init(&pci->bar, VMR_MMIO, VMR_REGION_TRAPPED, DUMMY_SIZE, 0,
			"bar0");
	vmr_device_add_region(&pci->dev, &pci->bar);
	vmr_constraint_init(&pci->needs[0], VMR_KIND_IRQ, 1, &pci->irq);
	vmr_constraint_init(&pci->needs[1], VMR_KIND_MMIO, DUMMY_SIZE,
			    &pci->bar.range);
}

/* One exit of Vcpu::run(): dispatch the write and apply the change it requests. */
static int vcpu_mmio_write(uint64_t addr, uint64_t data)
{
	struct vmr_change change;
	int ret;

	ret = vmr_write_change(&vmm.vcpu, VMR_MMIO, addr, &data, 8, 1, &change);
	if (ret)
		return ret;
	/* A VMM with threads takes its lock here. */
	return vmr_change_apply(&vmm.dev_mgr, &change, NULL);
}

/*
 * Seed 000: a VMM registers devices, applies changes of the guest and frees all
 * resources.
 */
TEST(seed_000_vmm_with_pci_devices)
{
	static struct dummy_pci_device a, b;
	uint64_t addr;

	ASSERT_EQ(0, vmm_new(1ull << 36, 5, 15));
	pci_new(&a, "a");
	pci_new(&b, "b");
	ASSERT_EQ(0, vmr_device_register(&vmm.dev_mgr, &a.dev, NULL, NULL));
	ASSERT_EQ(0, vmr_device_register(&vmm.dev_mgr, &b.dev, NULL, NULL));
	EXPECT_EQ(1u, a.nr_set_resources);
	EXPECT_EQ(0u, vmr_id_value(&a.dev.id));
	EXPECT_EQ(1u, vmr_id_value(&b.dev.id));
	EXPECT_EQ(5u, vmr_id_value(&a.irq));
	EXPECT_EQ(6u, vmr_id_value(&b.irq));
	addr = a.bar.range.start;

	/* ResourceChange::IrqOccupying */
	EXPECT_EQ(0, vcpu_mmio_write(addr + DUMMY_VECTOR, 42));
	EXPECT_EQ(&a.vector, vmr_id_find(&vmm.sys_alloc.irqs, 42));
	EXPECT_EQ(-EBUSY, vcpu_mmio_write(b.bar.range.start + DUMMY_VECTOR,
					  42));
	/* ResourceChange::IoReprogramming, in the allocator and the dispatch at once */
	EXPECT_EQ(0, vcpu_mmio_write(addr + DUMMY_BAR, 0xe0000000));
	EXPECT_EQ(&a.bar, vmr_find_region(&vmm.dev_mgr, VMR_MMIO, 0xe00000ff));
	EXPECT_EQ(NULL, vmr_find_region(&vmm.dev_mgr, VMR_MMIO, addr));
	EXPECT_EQ(-ENXIO, vcpu_mmio_write(addr, 1));
	/* ResourceChange::NoChange */
	EXPECT_EQ(0, vcpu_mmio_write(0xe0000010, 1));
	EXPECT_EQ((uint64_t)0xe0000000, a.bar.range.start);

	/* Unplugging: one call for the device, one for the vector of the guest */
	EXPECT_EQ(1, vmr_device_unregister(&vmm.dev_mgr, &a.dev));
	EXPECT_EQ(0, vmr_id_free_range(&vmm.sys_alloc.irqs, &a.vector));
	EXPECT_EQ(0, vmr_device_drain(&vmm.dev_mgr, &a.dev));
	EXPECT_EQ(NULL, vmr_find_device_by_id(&vmm.dev_mgr, 0));
	EXPECT_EQ(1, vmr_device_unregister(&vmm.dev_mgr, &b.dev));
	EXPECT_TRUE(vmm_empty());
}

static int sys_allocate(uint32_t kind, const uint64_t *at, uint64_t size,
			struct vmr_range *range, struct vmr_resource *res)
{
	struct vmr_resource_set set;
	struct vmr_constraint c;

	vmr_resource_set_init(&set, res, 1);
	if (at)
		vmr_constraint_init_fixed(&c, kind, *at, size, range);
	else
		vmr_constraint_init(&c, kind, size, range);
	return vmr_system_alloc_resources(&vmm.sys_alloc, &c, 1, &set, NULL, NULL);
}

static int sys_update(struct vmr_resource *old, uint64_t start, uint64_t size)
{
	struct vmr_constraint c;

	vmr_constraint_init_fixed(&c, old->kind, start, size, old->range);
	return vmr_system_update_resource(&vmm.sys_alloc, old, &c, NULL);
}

static void sys_free(struct vmr_resource *res)
{
	struct vmr_resource_set set;

	vmr_resource_set_init(&set, res, 1);
	set.nr = 1;
	vmr_system_free_resources(&vmm.sys_alloc, &set);
}

/* Seed 000 without a device manager: allocate_irq(), update_irq() and so on. */
TEST(seed_000_system_allocator)
{
	static struct vmr_range id, irq, mmio, mmio2;
	struct vmr_resource has_id, has_irq, has_mmio, has_mmio2;
	static struct vmr_id_pool ids;
	const uint64_t irq7 = 7;

	ASSERT_EQ(0, vmm_new(1ull << 36, 5, 15));
	/* Instance ids belong to the device layer; a VMM without it has a pool. */
	EXPECT_EQ(-EINVAL,
		  sys_allocate(VMR_KIND_DEVICE_ID, NULL, 1, &id, &has_id));
	ASSERT_EQ(0, vmr_id_pool_init(&ids, 0, 255));
	EXPECT_EQ(0, vmr_id_alloc(&ids, &id));
	EXPECT_EQ(0, sys_allocate(VMR_KIND_IRQ, &irq7, 1, &irq, &has_irq));
	EXPECT_EQ(7u, vmr_id_value(&irq));
	EXPECT_EQ(0, sys_allocate(VMR_KIND_MMIO, NULL, 0x100, &mmio,
				  &has_mmio));
	EXPECT_EQ(0, sys_allocate(VMR_KIND_MMIO, NULL, 0x100, &mmio2,
				  &has_mmio2));
	EXPECT_EQ((uint64_t)0x1000, mmio2.start);
	/* update_irq(), update_mmio_addr(): a failure changes nothing. */
	EXPECT_EQ(0, sys_update(&has_irq, 9, 1));
	EXPECT_FALSE(vmr_id_is_allocated(&vmm.sys_alloc.irqs, 7));
	EXPECT_EQ(-ERANGE, sys_update(&has_irq, 16, 1));
	EXPECT_EQ((uint64_t)9, has_irq.start);
	EXPECT_EQ(-EBUSY, sys_update(&has_mmio, 0xf80, 0x100));
	EXPECT_EQ(&mmio, vmr_find(&vmm.sys_alloc.mmio, 0));
	EXPECT_EQ(0, sys_update(&has_mmio, 0xf00, 0x80));
	EXPECT_EQ((uint64_t)0xf7f, mmio.last);
	EXPECT_EQ(0, vmr_id_free_range(&ids, &id));
	sys_free(&has_irq);
	sys_free(&has_mmio);
	sys_free(&has_mmio2);
	EXPECT_TRUE(vmm_empty());
}

/* Seed 001: an allocator of ids takes the smallest free id. */
TEST(seed_001_id_allocator)
{
	static struct vmr_range id[4];
	struct vmr_id_pool ids;

	EXPECT_EQ(-EINVAL, vmr_id_pool_init(&ids, 7, 5));
	ASSERT_EQ(0, vmr_id_pool_init(&ids, 5, 7));
	/* Never allocated */
	EXPECT_EQ(-ENOENT, vmr_id_free(&ids, 5, NULL));
	EXPECT_EQ(0, vmr_id_alloc(&ids, &id[0]));
	EXPECT_EQ(0, vmr_id_alloc(&ids, &id[1]));
	EXPECT_EQ(5u, vmr_id_value(&id[0]));
	EXPECT_EQ(6u, vmr_id_value(&id[1]));
	/* A freed id is allocated before a higher one. */
	EXPECT_EQ(0, vmr_id_free(&ids, 5, NULL));
	EXPECT_EQ(-EALREADY, vmr_id_free(&ids, 5, NULL));
	EXPECT_EQ(0, vmr_id_alloc(&ids, &id[2]));
	EXPECT_EQ(5u, vmr_id_value(&id[2]));
	EXPECT_EQ(0, vmr_id_alloc(&ids, &id[3]));
	EXPECT_EQ(7u, vmr_id_value(&id[3]));
	EXPECT_EQ(-ENOSPC, vmr_id_alloc(&ids, &id[0]));
	EXPECT_EQ(-ERANGE, vmr_id_free(&ids, 8, NULL));
	EXPECT_EQ(-ERANGE, vmr_id_free(&ids, 4, NULL));
	EXPECT_STREQ(VERIFY_OK, verify_space(&ids.space));
}

/*
 * Seed 002: the range of the id leads to the slot, where the example has a hash map.
 */

#define MEM_32BIT_GAP_SIZE	0x30000000ull
#define MMIO_MEM_START		(0x100000000ull - MEM_32BIT_GAP_SIZE)

struct device_slot {
	struct vmr_range	id;
	struct vmr_range	mmio_range;
};

struct slots {
	struct vmr_id_pool		id_allocator;
	struct vmr_space	mmio;
	struct vmr_pool		mmio_allocator;
};

static int slots_new(struct slots *s)
{
	int ret = vmr_id_pool_init(&s->id_allocator, 0, 100);

	if (!ret)
		ret = vmr_space_init(&s->mmio, 0, UINT32_MAX);
	if (!ret)
		ret = vmr_pool_init(&s->mmio_allocator, &s->mmio,
				    MMIO_MEM_START, MEM_32BIT_GAP_SIZE, "mmio");
	return ret;
}

static int reserve_device_slot(struct slots *s, struct device_slot *slot)
{
	int ret = vmr_pool_alloc(&s->mmio_allocator, &slot->mmio_range,
				 PAGE_SIZE, PAGE_SIZE, VMR_FIRST);

	if (ret)
		return ret;
	ret = vmr_id_alloc(&s->id_allocator, &slot->id);
	if (ret)
		vmr_free(&s->mmio, &slot->mmio_range);
	return ret;
}

static int free_device_slot(struct slots *s, uint32_t id)
{
	struct vmr_range *range;
	int ret = vmr_id_free(&s->id_allocator, id, &range);

	if (ret)
		return ret;
	return vmr_free(&s->mmio,
			&owner_of(range, struct device_slot, id)->mmio_range);
}

/* Seed 002: a slot is an id and a page of addresses, and is freed by its id. */
TEST(seed_002_device_slots)
{
	static struct device_slot slot[102];
	static struct slots s;
	size_t i;

	ASSERT_EQ(0, slots_new(&s));
	for (i = 0; i < 101; i++) {
		ASSERT_EQ(0, reserve_device_slot(&s, &slot[i]));
		EXPECT_EQ((uint32_t)i, vmr_id_value(&slot[i].id));
		EXPECT_EQ(MMIO_MEM_START + i * PAGE_SIZE,
			  slot[i].mmio_range.start);
	}
	/* The example leaks a page here. */
	EXPECT_EQ(-ENOSPC, reserve_device_slot(&s, &slot[101]));
	EXPECT_EQ((size_t)101, s.mmio.nr_ranges);
	EXPECT_EQ(0, free_device_slot(&s, 50));
	EXPECT_EQ(-EALREADY, free_device_slot(&s, 50));
	EXPECT_EQ(-ERANGE, free_device_slot(&s, 101));
	EXPECT_EQ(0, reserve_device_slot(&s, &slot[101]));
	EXPECT_EQ(50u, vmr_id_value(&slot[101].id));
	EXPECT_EQ(MMIO_MEM_START + 50 * PAGE_SIZE, slot[101].mmio_range.start);
	for (i = 0; i < 101; i++)
		EXPECT_EQ(0, free_device_slot(&s, i));
	EXPECT_EQ((size_t)0, s.mmio.nr_ranges);
	EXPECT_STREQ(VERIFY_OK, verify_space(&s.mmio));
}

/*
 * Seed 003: a dummy device at port 0xcf8 that returns config_address on a read and
 * sets it on a write.
 */

struct dummy_device {
	struct vmr_device	dev;
	struct vmr_region	ports;
	struct vmr_range	irq;
	struct vmr_constraint	needs[2];
	struct vmr_resource	has[2];
	uint32_t		config_address;
	uint64_t		irq_start;
};

static struct dummy_device *dummy_of(struct vmr_device *dev)
{
	return owner_of(dev, struct dummy_device, dev);
}

static void dummy_read(struct vmr_device *dev, const struct vmr_access *access,
		       void *data)
{
	uint8_t *bytes = data;
	size_t i;

	if (access->width * access->count > 4) {
		memset(data, 0xff, access->width * access->count);
		return;
	}
	for (i = 0; i < access->width * access->count; i++)
		bytes[i] = dummy_of(dev)->config_address >> (i * 8) & 0xff;
}

static void dummy_write(struct vmr_device *dev, const struct vmr_access *access,
			const void *data)
{
	dummy_of(dev)->config_address = *(const uint8_t *)data;
}

static int dummy_set_resources(struct vmr_device *dev,
			       const struct vmr_resource_set *set)
{
	const struct vmr_resource *irq = vmr_resource_set_next(set, VMR_KIND_IRQ, NULL);

	dummy_of(dev)->irq_start = irq ? irq->start : 0;
	return 0;
}

static const struct vmr_device_ops dummy_ops = {
	.read = dummy_read,
	.write = dummy_write,
	.set_resources = dummy_set_resources,
};

static void dummy_new(struct dummy_device *dummy)
{
	dummy->config_address = 0x1000;
	dummy->dev.ops = &dummy_ops;
	dummy->dev.name = "dummy_device";
	dummy->dev.constraints = dummy->needs;
	dummy->dev.nr_constraints = NR(dummy->needs);
	vmr_resource_set_init(&dummy->dev.resources, dummy->has, NR(dummy->has));
	vmr_region_init(&dummy->ports, VMR_PIO, VMR_REGION_TRAPPED, 8, 0,
			"config");
	vmr_device_add_region(&dummy->dev, &dummy->ports);
	vmr_constraint_init_fixed(&dummy->needs[0], VMR_KIND_PIO, 0xcf8, 8,
				  &dummy->ports.range);
	vmr_constraint_init(&dummy->needs[1], VMR_KIND_IRQ, 1, &dummy->irq);
}

/* Converts the data of an access, which are in the byte order of the guest. */
static uint32_t little(const uint8_t *bytes)
{
	return bytes[0] | bytes[1] << 8 | bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

/* Seed 003: a device manager dispatches port accesses to a dummy device. */
TEST(seed_003_dummy_device)
{
	static struct dummy_device dummy, other;
	struct vmr_range *conflict = NULL;
	uint8_t data[4] = { 0 };
	uint8_t many[8];
	size_t failed = 99;

	ASSERT_EQ(0, vmm_new(1ull << 36, 5, 15));
	dummy_new(&dummy);
	ASSERT_EQ(0, vmr_device_register(&vmm.dev_mgr, &dummy.dev, NULL, NULL));
	EXPECT_EQ((uint64_t)5, dummy.irq_start);
	EXPECT_EQ(&dummy.dev, vmr_find_device_by_id(&vmm.dev_mgr, 0));
	EXPECT_EQ(&dummy.dev, vmr_find_device_by_name(&vmm.dev_mgr, "dummy_device"));

	/* VcpuExit::IoIn, VcpuExit::IoOut */
	EXPECT_EQ(0, vmr_read(&vmm.vcpu, VMR_PIO, 0xcf8, data, 2, 1));
	EXPECT_EQ(0x1000u, little(data));
	memcpy(data, "\x78\x56\x34\x12", 4);
	EXPECT_EQ(0, vmr_write(&vmm.vcpu, VMR_PIO, 0xcfc, data, 4, 1));
	EXPECT_EQ(0x78u, dummy.config_address);
	EXPECT_EQ(0, vmr_read(&vmm.vcpu, VMR_PIO, 0xcf8, data, 4, 1));
	EXPECT_EQ(0x78u, little(data));
	EXPECT_EQ(0, vmr_read(&vmm.vcpu, VMR_PIO, 0xcf8, many, 4, 2));
	EXPECT_EQ(0xff, many[0] & many[7]);
	EXPECT_EQ(-ENXIO, vmr_read(&vmm.vcpu, VMR_PIO, 0xd00, data, 4, 1));
	EXPECT_EQ(UINT32_MAX, little(data));

	/* If one constraint fails, the device gets no resource. */
	dummy_new(&other);
	EXPECT_EQ(-EBUSY, vmr_device_register(&vmm.dev_mgr, &other.dev, &failed,
					      &conflict));
	EXPECT_EQ((size_t)0, failed);
	EXPECT_EQ(&dummy.ports.range, conflict);
	EXPECT_FALSE(vmr_id_is_allocated(&vmm.sys_alloc.irqs, 6));

	EXPECT_EQ(1, vmr_device_unregister(&vmm.dev_mgr, &dummy.dev));
	EXPECT_EQ(0, vmr_device_drain(&vmm.dev_mgr, &dummy.dev));
	EXPECT_EQ(-ENXIO, vmr_read(&vmm.vcpu, VMR_PIO, 0xcf8, data, 4, 1));
	EXPECT_TRUE(vmm_empty());
}

/* Seed 004: constraints and resources, with the numbers of the seed */

static const struct vmr_resource resources[] = {
	{ .kind = VMR_KIND_PIO, .start = 0, .last = 4 },
	{ .kind = VMR_KIND_MMIO, .start = 0x12345678,
	  .last = 0x12345678 + 0x87654321ull - 1 },
	{ .kind = VMR_KIND_IRQ, .start = 0x168, .last = 0x168 },
	{ .kind = VMR_KIND_MSI, .start = 0x6666, .last = 0x6666 + 0x8887 },
	{ .kind = VMR_KIND_MSIX, .start = 0x8888, .last = 0x8888 + 0x16665 },
	{ .kind = VMR_KIND_MSI_GENERIC, .start = 0x16688,
	  .last = 0x16688 + 0x16887 },
	{ .kind = VMR_KIND_MAC,
	  .mac = { 0x00, 0x08, 0x63, 0x66, 0x86, 0x88 } },
	{ .kind = VMR_KIND_MEM_SLOT, .start = 0x100, .last = 0x100 },
};

/* Seed 004: a set of resources is queried by kind. */
TEST(seed_004_resource_set)
{
	struct vmr_resource entries[NR(resources)];
	const struct vmr_resource *res;
	struct vmr_resource_set set;
	size_t i;

	vmr_resource_set_init(&set, entries, NR(entries));
	for (i = 0; i < NR(resources); i++)
		EXPECT_EQ(0, vmr_resource_set_append(&set, &resources[i]));
	/* get_pio_address_ranges() to get_mac_address(), each by its kind. */
	for (i = 0; i < NR(resources); i++) {
		res = vmr_resource_set_next(&set, resources[i].kind, NULL);
		ASSERT_EQ(&entries[i], res);
		EXPECT_EQ(0, memcmp(&resources[i], res, sizeof(*res)));
	}
	res = vmr_resource_set_next(&set, VMR_KIND_MMIO, NULL);
	EXPECT_EQ((uint64_t)0x87654321, vmr_resource_size(res));
	/* get_all_resources() */
	EXPECT_EQ((size_t)8, set.nr);
}

/* Seed 004: the defaults and the bounds of constraints. */
TEST(seed_004_constraints)
{
	static struct vmr_range range;
	struct vmr_constraint c;

	vmr_constraint_init(&c, VMR_KIND_PIO, 2, &range);
	EXPECT_EQ((uint64_t)1, c.request.align);
	EXPECT_EQ((uint64_t)2, c.request.size);
	EXPECT_EQ((uint64_t)0, c.request.min);
	EXPECT_EQ(VMR_ADDR_MAX, c.request.max);
	vmr_constraint_init_bounded(&c, VMR_KIND_PIO, 2, 2, 15, 16, &range);
	EXPECT_EQ((uint64_t)15, c.request.min);
	EXPECT_EQ((uint64_t)16, c.request.max);
	EXPECT_EQ((uint64_t)2, c.request.align);
	EXPECT_EQ((uint64_t)2, c.request.size);
	vmr_constraint_init(&c, VMR_KIND_MMIO, 0x2000, &range);
	EXPECT_EQ(PAGE_SIZE, c.request.align);
	EXPECT_EQ((uint64_t)0x2000, c.request.size);
	vmr_constraint_init_bounded(&c, VMR_KIND_MMIO, 0x2000, 0x2000, 0, 0x2000,
				    &range);
	EXPECT_EQ((uint64_t)0, c.request.min);
	EXPECT_EQ((uint64_t)0x2000, c.request.max);
	EXPECT_EQ((uint64_t)0x2000, c.request.align);
	vmr_constraint_init_fixed(&c, VMR_KIND_IRQ, 0x123, 1, &range);
	EXPECT_EQ((uint64_t)0x123, c.request.addr);
	EXPECT_EQ(VMR_EXACT, c.request.policy);
	vmr_constraint_init_fixed(&c, VMR_KIND_MEM_SLOT, 0x2000, 0x1000, &range);
	EXPECT_EQ((uint64_t)0x2000, c.request.addr);
	EXPECT_EQ((uint64_t)0x1000, c.request.size);
}

/*
 * Seed 004, the flow of its documentation: each resource satisfies its constraint.
 */
TEST(seed_004_alloc_satisfies_constraints)
{
	static struct vmr_range range[7];
	struct vmr_resource entries[NR(range)];
	struct vmr_constraint c[NR(range)];
	const struct vmr_system_limits limits = {
		.mmio_last = (1ull << 40) - 1, .irq_last = 0x1ffff,
		.slot_last = 508,
	};
	struct vmr_resource_set set;
	size_t i;

	ASSERT_EQ(0, vmr_system_init(&vmm.sys_alloc, &limits));
	vmr_resource_set_init(&set, entries, NR(entries));
	vmr_constraint_init_bounded(&c[0], VMR_KIND_PIO, 5, 1, 0x100, 0x1ff,
				    &range[0]);
	vmr_constraint_init(&c[1], VMR_KIND_MMIO, 0x2000, &range[1]);
	vmr_constraint_init_fixed(&c[2], VMR_KIND_IRQ, 0x68, 1, &range[2]);
	vmr_constraint_init(&c[3], VMR_KIND_MSI, 16, &range[3]);
	vmr_constraint_init(&c[4], VMR_KIND_MSIX, 33, &range[4]);
	vmr_constraint_init(&c[5], VMR_KIND_MSI_GENERIC, 3, &range[5]);
	vmr_constraint_init_fixed(&c[6], VMR_KIND_MEM_SLOT, 8, 4, &range[6]);
	ASSERT_EQ(0, vmr_system_alloc_resources(&vmm.sys_alloc, c, NR(c), &set, NULL,
						NULL));
	EXPECT_EQ(-ENOSPC, vmr_resource_set_append_mac(&set, resources[6].mac));
	for (i = 0; i < NR(c); i++) {
		EXPECT_EQ(c[i].kind, entries[i].kind);
		EXPECT_EQ(c[i].request.size, vmr_resource_size(&entries[i]));
		EXPECT_EQ((uint64_t)0, entries[i].start & (c[i].request.align - 1));
	}
	EXPECT_EQ((uint64_t)0x100, entries[0].start);
	EXPECT_EQ((uint64_t)0x68, entries[2].start);
	EXPECT_EQ((uint64_t)8, entries[6].start);
	EXPECT_EQ((uint64_t)11, entries[6].last);
	vmr_system_free_resources(&vmm.sys_alloc, &set);
	EXPECT_TRUE(vmm_empty());
	EXPECT_EQ((size_t)0, vmm.sys_alloc.mem_slots.space.nr_ranges);
}

TEST_HARNESS_MAIN

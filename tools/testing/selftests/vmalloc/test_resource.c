// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_resource.c - constraints, resource sets, and allocators
 *
 * The sets and their queries follow rust-vmm's vm-device; allocate, free and update
 * follow its vm-allocator.
 */
#include "../kselftest_harness.h"
#include "fixture.h"
#include "misuse.h"

#define AS(type, member, ptr) \
	((type *)((char *)(ptr) - offsetof(type, member)))

/* Constraints */

/* vmr_constraint_init() sets the default alignment of the kind and no bounds. */
TEST(constraint_init_sets_kind_defaults)
{
	static const struct {
		uint32_t	kind;
		uint64_t	size;
		uint64_t	align;
	} want[] = {
		{ VMR_KIND_PIO, 2, 1 },
		{ VMR_KIND_MMIO, 0x2000, 0x1000 },
		{ VMR_KIND_MMIO, 1, 0x1000 },
		{ VMR_KIND_MEM, 0x2000, 0x1000 },
		{ VMR_KIND_IRQ, 1, 1 },
		{ VMR_KIND_MSI, 8, 8 },
		{ VMR_KIND_MSIX, 8, 1 },
		{ VMR_KIND_MSI_GENERIC, 8, 1 },
		{ VMR_KIND_MEM_SLOT, 0x1000, 1 },
		{ VMR_KIND_PCI_BDF, 1, 8 },
		{ VMR_KIND_DEVICE_ID, 1, 1 },
		{ VMR_KIND_USER + 3, 7, 1 },
	};
	struct vmr_constraint c;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(want); i++) {
		memset(&c, 0xa5, sizeof(c));
		vmr_constraint_init(&c, want[i].kind, want[i].size, &w.r[i]);
		EXPECT_EQ(want[i].kind, c.kind);
		EXPECT_EQ(0u, c.flags);
		EXPECT_EQ(want[i].size, c.request.size);
		EXPECT_EQ(want[i].align, c.request.align);
		EXPECT_EQ((uint64_t)0, c.request.prefer_align);
		EXPECT_EQ((uint64_t)0, c.request.min);
		EXPECT_EQ(VMR_ADDR_MAX, c.request.max);
		EXPECT_EQ(VMR_DEFAULT, c.request.policy);
		EXPECT_EQ(&w.r[i], c.range);
		EXPECT_EQ(NULL, c.name);
	}
}

/* vmr_constraint_init_bounded() sets the bounds and the alignment. */
TEST(constraint_init_bounded_sets_bounds)
{
	struct vmr_constraint c;

	memset(&c, 0xa5, sizeof(c));
	vmr_constraint_init_bounded(&c, VMR_KIND_PIO, 2, 2, 15, 16, &w.r[0]);
	EXPECT_EQ((uint32_t)VMR_KIND_PIO, c.kind);
	EXPECT_EQ(0u, c.flags);
	EXPECT_EQ((uint64_t)2, c.request.size);
	EXPECT_EQ((uint64_t)2, c.request.align);
	EXPECT_EQ((uint64_t)15, c.request.min);
	EXPECT_EQ((uint64_t)16, c.request.max);
	EXPECT_EQ((uint64_t)0, c.request.prefer_align);
	EXPECT_NE(VMR_EXACT, c.request.policy);
	EXPECT_EQ(&w.r[0], c.range);
	EXPECT_EQ(NULL, c.name);

	vmr_constraint_init_bounded(&c, VMR_KIND_MMIO, 0x2000, 0x2000, 0, 0x2000,
				    &w.r[1]);
	EXPECT_EQ((uint64_t)0x2000, c.request.align);
	EXPECT_EQ((uint64_t)0, c.request.min);
	EXPECT_EQ((uint64_t)0x2000, c.request.max);
}

/*
 * vmr_constraint_init_fixed() requests one address, whatever the default alignment
 * is.
 */
TEST(constraint_init_fixed_sets_address)
{
	struct vmr_constraint c;

	memset(&c, 0xa5, sizeof(c));
	vmr_constraint_init_fixed(&c, VMR_KIND_IRQ, 0x123, 1, &w.r[0]);
	EXPECT_EQ((uint32_t)VMR_KIND_IRQ, c.kind);
	EXPECT_EQ(VMR_EXACT, c.request.policy);
	EXPECT_EQ((uint64_t)0x123, c.request.addr);
	EXPECT_EQ((uint64_t)1, c.request.size);
	EXPECT_EQ(&w.r[0], c.range);

	vmr_constraint_init_fixed(&c, VMR_KIND_MEM_SLOT, 0x2000, 0x1000, &w.r[1]);
	EXPECT_EQ((uint64_t)0x2000, c.request.addr);
	EXPECT_EQ((uint64_t)0x1000, c.request.size);

	/* A fixed address need not have the default alignment of MMIO. */
	EXPECT_OK(vmr_space_init(&w.a, 0, 0xffff));
	vmr_constraint_init_fixed(&c, VMR_KIND_MMIO, 0x1234, 0x10, &w.r[2]);
	EXPECT_OK(vmr_alloc(&w.a, &w.r[2], &c.request, NULL));
	EXPECT_AT(0x1234, 0x1243, &w.r[2]);
}

/* Sets, with the values of vm-device's own test */

#define PIO_ADDRESS_BASE	0
#define PIO_ADDRESS_SIZE	5
#define MMIO_ADDRESS_BASE	0x12345678ULL
#define MMIO_ADDRESS_SIZE	0x87654321ULL
#define LEGACY_IRQ		0x168
#define PCI_MSI_IRQ_BASE	0x6666
#define PCI_MSI_IRQ_SIZE	0x8888
#define PCI_MSIX_IRQ_BASE	0x8888
#define PCI_MSIX_IRQ_SIZE	0x16666
#define GENERIC_MSI_IRQS_BASE	0x16688
#define GENERIC_MSI_IRQS_SIZE	0x16888
#define KVM_SLOT_ID		0x0100

static const uint8_t mac_address[6] = { 0x00, 0x08, 0x63, 0x66, 0x86, 0x88 };

static void append(struct __test_metadata *_metadata, uint32_t kind,
		   uint64_t base, uint64_t size)
{
	struct vmr_resource res = { .kind = kind, .start = base,
				    .last = base + (size - 1) };

	EXPECT_OK(vmr_resource_set_append(&w.set, &res));
}

static void device_resources(struct __test_metadata *_metadata)
{
	vmr_resource_set_init(&w.set, w.res, ARRAY_SIZE(w.res));
	append(_metadata, VMR_KIND_PIO, PIO_ADDRESS_BASE, PIO_ADDRESS_SIZE);
	append(_metadata, VMR_KIND_MMIO, MMIO_ADDRESS_BASE, MMIO_ADDRESS_SIZE);
	append(_metadata, VMR_KIND_IRQ, LEGACY_IRQ, 1);
	append(_metadata, VMR_KIND_MSI, PCI_MSI_IRQ_BASE, PCI_MSI_IRQ_SIZE);
	append(_metadata, VMR_KIND_MSIX, PCI_MSIX_IRQ_BASE, PCI_MSIX_IRQ_SIZE);
	append(_metadata, VMR_KIND_MSI_GENERIC, GENERIC_MSI_IRQS_BASE,
	       GENERIC_MSI_IRQS_SIZE);
	EXPECT_OK(vmr_resource_set_append_mac(&w.set, mac_address));
	append(_metadata, VMR_KIND_MEM_SLOT, KVM_SLOT_ID, 1);
}

static void first_is(struct __test_metadata *_metadata, uint32_t kind,
		     uint64_t base, uint64_t size)
{
	const struct vmr_resource *res = vmr_resource_set_next(&w.set, kind, NULL);

	ASSERT_NE(NULL, res);
	EXPECT_EQ(kind, res->kind);
	EXPECT_EQ(base, res->start);
	EXPECT_EQ(base + (size - 1), res->last);
	EXPECT_EQ(size, vmr_resource_size(res));
	EXPECT_EQ(NULL, vmr_resource_set_next(&w.set, kind, res));
}

/* vmr_resource_set_next() finds the resource of each kind. */
TEST(resource_set_finds_each_kind)
{
	const struct vmr_resource *res;

	device_resources(_metadata);
	first_is(_metadata, VMR_KIND_PIO, PIO_ADDRESS_BASE, PIO_ADDRESS_SIZE);
	first_is(_metadata, VMR_KIND_MMIO, MMIO_ADDRESS_BASE,
		 MMIO_ADDRESS_SIZE);
	first_is(_metadata, VMR_KIND_IRQ, LEGACY_IRQ, 1);
	first_is(_metadata, VMR_KIND_MSI, PCI_MSI_IRQ_BASE, PCI_MSI_IRQ_SIZE);
	first_is(_metadata, VMR_KIND_MSIX, PCI_MSIX_IRQ_BASE,
		 PCI_MSIX_IRQ_SIZE);
	first_is(_metadata, VMR_KIND_MSI_GENERIC, GENERIC_MSI_IRQS_BASE,
		 GENERIC_MSI_IRQS_SIZE);
	first_is(_metadata, VMR_KIND_MEM_SLOT, KVM_SLOT_ID, 1);
	res = vmr_resource_set_next(&w.set, VMR_KIND_MAC, NULL);
	ASSERT_NE(NULL, res);
	EXPECT_EQ(0, memcmp(mac_address, res->mac, sizeof(mac_address)));
	EXPECT_EQ(NULL, res->range);
	EXPECT_EQ(NULL, vmr_resource_set_next(&w.set, VMR_KIND_MAC, res));
	EXPECT_EQ(NULL, vmr_resource_set_next(&w.set, VMR_KIND_DEVICE_ID, NULL));
	/* The set has no other entries. */
	EXPECT_EQ((size_t)8, w.set.nr);
	EXPECT_EQ(&w.res[0], w.set.entries);
}

/*
 * The iteration over one kind returns its resources in the order in which they were
 * appended.
 */
TEST(resource_set_iterates_in_order)
{
	const struct vmr_resource *res;
	uint64_t n = 0;

	vmr_resource_set_init(&w.set, w.res, ARRAY_SIZE(w.res));
	append(_metadata, VMR_KIND_PIO, 0x100, 8);
	append(_metadata, VMR_KIND_MEM_SLOT, 0, 1);
	append(_metadata, VMR_KIND_PIO, 0x80, 8);
	append(_metadata, VMR_KIND_PIO, 0x200, 8);
	append(_metadata, VMR_KIND_MEM_SLOT, 1, 1);
	append(_metadata, VMR_KIND_MEM_SLOT, 2, 1);
	vmr_for_each_resource(res, &w.set, VMR_KIND_MEM_SLOT)
		EXPECT_EQ(n++, res->start);
	EXPECT_EQ((uint64_t)3, n);
	n = 0;
	vmr_for_each_resource(res, &w.set, VMR_KIND_PIO) {
		EXPECT_EQ(n == 0 ? 0x100ULL : n == 1 ? 0x80 : 0x200,
			  res->start);
		n++;
	}
	EXPECT_EQ((uint64_t)3, n);
}

/* Appending to a full set fails with -ENOSPC. */
TEST(resource_set_full_is_enospc)
{
	struct vmr_resource res = { .kind = VMR_KIND_IRQ, .start = 9,
				    .last = 9 };

	device_resources(_metadata);
	EXPECT_FAIL(-ENOSPC, vmr_resource_set_append(&w.set, &res));
	EXPECT_FAIL(-ENOSPC, vmr_resource_set_append_mac(&w.set, mac_address));
	EXPECT_EQ((size_t)8, w.set.nr);

	/* A set without memory is full. */
	vmr_resource_set_init(&w.set, NULL, 0);
	EXPECT_FAIL(-ENOSPC, vmr_resource_set_append(&w.set, &res));
	EXPECT_EQ(NULL, vmr_resource_set_next(&w.set, VMR_KIND_IRQ, NULL));
	vmr_resource_set_init(&w.set, w.res, 1);
	EXPECT_OK(vmr_resource_set_append(&w.set, &res));
	EXPECT_FAIL(-ENOSPC, vmr_resource_set_append(&w.set, &res));

	vmr_resource_set_init(&w.set, w.res, 8);
	EXPECT_EQ(NULL, vmr_resource_set_next(&w.set, VMR_KIND_IRQ, NULL));
	EXPECT_FAIL(-EINVAL, vmr_resource_set_append(NULL, &res));
	EXPECT_FAIL(-EINVAL, vmr_resource_set_append(&w.set, NULL));
	EXPECT_FAIL(-EINVAL, vmr_resource_set_append_mac(NULL, mac_address));
	EXPECT_FAIL(-EINVAL, vmr_resource_set_append_mac(&w.set, NULL));
}

/* A set stores a copy of the resource. */
TEST(resource_set_append_copies)
{
	struct vmr_resource res = { .kind = VMR_KIND_PIO, .flags = VMR_SHARED,
				    .start = 1, .last = 2, .range = &w.r[3],
				    .name = "port" };

	vmr_resource_set_init(&w.set, w.res, 8);
	EXPECT_OK(vmr_resource_set_append(&w.set, &res));
	EXPECT_EQ(0, memcmp(&w.res[0], &res, sizeof(res)));
	res.start = 0;
	EXPECT_EQ((uint64_t)1, w.res[0].start);
}

/* The size of a resource that covers the whole domain is 0. */
TEST(resource_size_of_whole_domain_is_0)
{
	struct vmr_resource res = { .start = 0, .last = VMR_ADDR_MAX };

	EXPECT_EQ((uint64_t)0, vmr_resource_size(&res));
	res.start = 1;
	EXPECT_EQ(VMR_ADDR_MAX, vmr_resource_size(&res));
}

/* The library's own allocators */

static struct vmr_pool_allocator pools;
static struct vmr_id_allocator irqs;
static struct vmr_resource res;

static void allocators(struct __test_metadata *_metadata)
{
	EXPECT_OK(vmr_space_init(&w.a, 0, 0xffff));
	EXPECT_OK(vmr_space_init(&w.b, 0, 0xffff));
	EXPECT_OK(vmr_pool_init(&w.pool, &w.a, 0x1000, 0x8000, "mmio"));
	w.pool.policy = VMR_LAST;
	EXPECT_OK(vmr_id_pool_init(&w.ids, 5, 23));
	vmr_pool_allocator_init(&pools, &w.pool);
	vmr_id_allocator_init(&irqs, &w.ids);
}

/* EXPECT_FAIL() that also compares the file-wide resource */
#define REFUSE_RES(err, call) \
	do { \
		const struct vmr_resource res_before_ = res; \
		EXPECT_FAIL(err, call); \
		EXPECT_EQ(0, memcmp(&res_before_, &res, sizeof(res))) { \
			TH_LOG("%s failed and changed the resource", #call); \
		} \
	} while (0)

/* A pool allocator allocates addresses and fills in the resource. */
TEST(pool_allocator_allocates_addresses)
{
	struct vmr_constraint c;

	allocators(_metadata);
	vmr_constraint_init(&c, VMR_KIND_MMIO, 0x800, &w.r[0]);
	c.flags = VMR_PREFETCHABLE;
	c.name = "bar";
	memset(&res, 0xa5, sizeof(res));
	EXPECT_OK(vmr_allocator_alloc(&pools.allocator, &c, &res, &conflict));
	EXPECT_AT(0x8000, 0x87ff, &w.r[0]);
	EXPECT_EQ((uint32_t)VMR_KIND_MMIO, res.kind);
	EXPECT_EQ(VMR_PREFETCHABLE, res.flags);
	EXPECT_EQ((uint64_t)0x8000, res.start);
	EXPECT_EQ((uint64_t)0x87ff, res.last);
	EXPECT_EQ(&w.r[0], res.range);
	EXPECT_STREQ("bar", res.name);

	/* A fixed address, and one that is in use */
	vmr_constraint_init_fixed(&c, VMR_KIND_MMIO, 0x8800, 0x100, &w.r[1]);
	EXPECT_OK(vmr_allocator_alloc(&pools.allocator, &c, &w.res[1], NULL));
	vmr_constraint_init_fixed(&c, VMR_KIND_MMIO, 0x8700, 0x200, &w.r[2]);
	REFUSE_RES(-EBUSY, vmr_allocator_alloc(&pools.allocator, &c, &res,
					       &conflict));
	EXPECT_EQ(&w.r[0], conflict);
	vmr_constraint_init_fixed(&c, VMR_KIND_MMIO, 0x9000, 0x200, &w.r[2]);
	REFUSE_RES(-ERANGE, vmr_allocator_alloc(&pools.allocator, &c, &res,
						&conflict));
	vmr_constraint_init(&c, VMR_KIND_MMIO, 0x8000, &w.r[2]);
	REFUSE_RES(-ENOSPC, vmr_allocator_alloc(&pools.allocator, &c, &res,
						&conflict));
	vmr_constraint_init(&c, VMR_KIND_MMIO, 0x100, &w.r[0]);
	REFUSE_RES(-EEXIST, vmr_allocator_alloc(&pools.allocator, &c, &res,
						&conflict));
	vmr_constraint_init(&c, VMR_KIND_MMIO, 0, &w.r[2]);
	REFUSE_RES(-EINVAL, vmr_allocator_alloc(&pools.allocator, &c, &res,
						&conflict));
	vmr_constraint_init_fixed(&c, VMR_KIND_MMIO, VMR_ADDR_MAX, 2, &w.r[2]);
	REFUSE_RES(-EOVERFLOW, vmr_allocator_alloc(&pools.allocator, &c, &res,
						   &conflict));
	EXPECT_VALID(&w.a);
}

/* An id allocator allocates ids and fills in the resource. */
TEST(id_allocator_allocates_ids)
{
	struct vmr_constraint c;

	allocators(_metadata);
	vmr_constraint_init(&c, VMR_KIND_IRQ, 1, &w.r[0]);
	c.flags = VMR_SHARED;
	EXPECT_OK(vmr_allocator_alloc(&irqs.allocator, &c, &res, NULL));
	EXPECT_EQ((uint32_t)VMR_KIND_IRQ, res.kind);
	EXPECT_EQ(VMR_SHARED, res.flags);
	EXPECT_EQ((uint64_t)5, res.start);
	EXPECT_EQ((uint64_t)5, res.last);
	EXPECT_EQ(&w.r[0], res.range);
	vmr_constraint_init(&c, VMR_KIND_MSI, 4, &w.r[1]);
	EXPECT_OK(vmr_allocator_alloc(&irqs.allocator, &c, &w.res[1], NULL));
	EXPECT_EQ((uint64_t)8, w.res[1].start);
	EXPECT_EQ((uint64_t)11, w.res[1].last);
	EXPECT_EQ((uint64_t)12, w.ids.high_watermark);
	/* The number of MSI vectors is a power of two, that of MSI-X vectors is not limited so. */
	vmr_constraint_init(&c, VMR_KIND_MSI, 3, &w.r[2]);
	REFUSE_RES(-EINVAL, vmr_allocator_alloc(&irqs.allocator, &c, &res,
						&conflict));
	vmr_constraint_init(&c, VMR_KIND_MSIX, 3, &w.r[2]);
	EXPECT_OK(vmr_allocator_alloc(&irqs.allocator, &c, &w.res[2], NULL));
	EXPECT_EQ((uint64_t)12, w.res[2].start);
	vmr_constraint_init_fixed(&c, VMR_KIND_IRQ, 9, 1, &w.r[3]);
	REFUSE_RES(-EBUSY, vmr_allocator_alloc(&irqs.allocator, &c, &res, &conflict));
	EXPECT_EQ(&w.r[1], conflict);
	vmr_constraint_init_fixed(&c, VMR_KIND_IRQ, 24, 1, &w.r[3]);
	REFUSE_RES(-ERANGE, vmr_allocator_alloc(&irqs.allocator, &c, &res,
						&conflict));
	vmr_constraint_init_fixed(&c, VMR_KIND_IRQ, UINT32_MAX, 2, &w.r[3]);
	REFUSE_RES(-EOVERFLOW, vmr_allocator_alloc(&irqs.allocator, &c, &res,
						   &conflict));
	EXPECT_VALID(&w.ids.space);
}

/* An id allocator uses first fit by default and has no default alignment. */
TEST(id_allocator_defaults_to_first_fit)
{
	struct vmr_constraint c;

	allocators(_metadata);
	vmr_constraint_init(&c, VMR_KIND_IRQ, 2, &w.r[0]);
	c.request.align = 0;
	EXPECT_OK(vmr_allocator_alloc(&irqs.allocator, &c, &res, NULL));
	EXPECT_EQ((uint64_t)5, res.start);
	c.range = &w.r[1];
	c.request.policy = VMR_LAST;
	EXPECT_OK(vmr_allocator_alloc(&irqs.allocator, &c, &res, NULL));
	EXPECT_EQ((uint64_t)22, res.start);
}

/* vmr_allocator_alloc() fails with -EINVAL for NULL. */
TEST(allocator_alloc_null_is_einval)
{
	struct vmr_constraint c;

	allocators(_metadata);
	vmr_constraint_init(&c, VMR_KIND_MMIO, 0x1000, &w.r[0]);
	REFUSE_RES(-EINVAL, vmr_allocator_alloc(NULL, &c, &res, &conflict));
	REFUSE_RES(-EINVAL, vmr_allocator_alloc(&pools.allocator, NULL, &res,
						&conflict));
	REFUSE_RES(-EINVAL, vmr_allocator_alloc(&pools.allocator, &c, NULL,
						&conflict));
	c.range = NULL;
	REFUSE_RES(-EINVAL, vmr_allocator_alloc(&pools.allocator, &c, &res,
						&conflict));
}

/* An allocator frees only resources that it allocated, and only once. */
TEST(allocator_frees_own_resources_only)
{
	struct vmr_constraint c;

	allocators(_metadata);
	vmr_constraint_init(&c, VMR_KIND_MMIO, 0x1000, &w.r[0]);
	EXPECT_OK(vmr_allocator_alloc(&pools.allocator, &c, &res, NULL));
	REFUSE_RES(-EINVAL, vmr_allocator_free(NULL, &res));
	REFUSE_RES(-EINVAL, vmr_allocator_free(&pools.allocator, NULL));
	/* A resource of another allocator */
	MISUSE(REFUSE_RES(-ENOENT, vmr_allocator_free(&irqs.allocator, &res)));
	EXPECT_OK(vmr_allocator_free(&pools.allocator, &res));
	EXPECT_EQ(VMR_FREE, vmr_range_state(&w.r[0]));
	EXPECT_EQ((size_t)0, w.a.nr_ranges);
	/* Freed twice */
	REFUSE_RES(-ENOENT, vmr_allocator_free(&pools.allocator, &res));

	vmr_constraint_init(&c, VMR_KIND_MSI, 4, &w.r[1]);
	EXPECT_OK(vmr_allocator_alloc(&irqs.allocator, &c, &res, NULL));
	EXPECT_OK(vmr_allocator_free(&irqs.allocator, &res));
	REFUSE_RES(-ENOENT, vmr_allocator_free(&irqs.allocator, &res));
	EXPECT_EQ((size_t)0, w.ids.space.nr_ranges);
}

/* Updates */

/* An update replaces the range. The new range may overlap the old one. */
TEST(allocator_update_replaces_range)
{
	struct vmr_constraint c;

	allocators(_metadata);
	vmr_constraint_init(&c, VMR_KIND_MMIO, 0x1000, &w.r[0]);
	EXPECT_OK(vmr_allocator_alloc(&pools.allocator, &c, &res, NULL));
	EXPECT_EQ((uint64_t)0x8000, res.start);
	/* Another address and size, overlapping the old range */
	vmr_constraint_init_fixed(&c, VMR_KIND_MMIO, 0x7800, 0x1400, &w.r[0]);
	c.name = "moved";
	EXPECT_OK(vmr_allocator_update(&pools.allocator, &res, &c, &conflict));
	EXPECT_AT(0x7800, 0x8bff, &w.r[0]);
	EXPECT_EQ((uint64_t)0x7800, res.start);
	EXPECT_EQ((uint64_t)0x8bff, res.last);
	EXPECT_EQ(&w.r[0], res.range);
	EXPECT_STREQ("moved", res.name);
	/* Automatic placement may choose the old range too. */
	vmr_constraint_init(&c, VMR_KIND_MMIO, 0x1000, &w.r[0]);
	EXPECT_OK(vmr_allocator_update(&pools.allocator, &res, &c, NULL));
	EXPECT_AT(0x8000, 0x8fff, &w.r[0]);
	EXPECT_EQ((size_t)1, w.a.nr_ranges);
	EXPECT_VALID(&w.a);
}

/* An update that fails keeps the old range and the old resource. */
TEST(allocator_update_failure_keeps_range)
{
	struct vmr_constraint c;

	allocators(_metadata);
	EXPECT_OK(vmr_reserve(&w.a, &w.r[5], 0x4000, 0x4fff, NULL));
	vmr_constraint_init(&c, VMR_KIND_MMIO, 0x1000, &w.r[0]);
	EXPECT_OK(vmr_allocator_alloc(&pools.allocator, &c, &res, NULL));
#define KEPT(err, call) \
	do { \
		const struct vmr_resource kept_ = res; \
		conflict = &no_range; \
		EXPECT_EQ((err), (call)); \
		EXPECT_EQ((err) == -EBUSY ? &w.r[5] : &no_range, conflict); \
		EXPECT_EQ(0, memcmp(&kept_, &res, sizeof(res))); \
		EXPECT_AT(0x8000, 0x8fff, &w.r[0]); \
		EXPECT_TRUE(vmr_in_space(&w.a, &w.r[0])); \
		EXPECT_EQ(&w.r[0], vmr_find(&w.a, 0x8000)); \
		EXPECT_EQ((size_t)2, w.a.nr_ranges); \
		EXPECT_VALID(&w.a); \
	} while (0)
	vmr_constraint_init_fixed(&c, VMR_KIND_MMIO, 0x3800, 0x1000, &w.r[0]);
	KEPT(-EBUSY, vmr_allocator_update(&pools.allocator, &res, &c, &conflict));
	vmr_constraint_init_fixed(&c, VMR_KIND_MMIO, 0x8800, 0x1000, &w.r[0]);
	KEPT(-ERANGE, vmr_allocator_update(&pools.allocator, &res, &c, &conflict));
	vmr_constraint_init(&c, VMR_KIND_MMIO, 0x8000, &w.r[0]);
	KEPT(-ENOSPC, vmr_allocator_update(&pools.allocator, &res, &c, &conflict));
	vmr_constraint_init_fixed(&c, VMR_KIND_MMIO, VMR_ADDR_MAX, 2, &w.r[0]);
	KEPT(-EOVERFLOW, vmr_allocator_update(&pools.allocator, &res, &c, &conflict));
	vmr_constraint_init(&c, VMR_KIND_MMIO, 0, &w.r[0]);
	KEPT(-EINVAL, vmr_allocator_update(&pools.allocator, &res, &c, &conflict));
	/* NULL, another node, another allocator */
	vmr_constraint_init_fixed(&c, VMR_KIND_MMIO, 0x2000, 0x1000, &w.r[0]);
	KEPT(-EINVAL, vmr_allocator_update(NULL, &res, &c, &conflict));
	KEPT(-EINVAL, vmr_allocator_update(&pools.allocator, NULL, &c, &conflict));
	KEPT(-EINVAL, vmr_allocator_update(&pools.allocator, &res, NULL, &conflict));
	KEPT(-ENOENT, vmr_allocator_update(&irqs.allocator, &res, &c, &conflict));
	c.range = &w.r[1];
	KEPT(-EINVAL, vmr_allocator_update(&pools.allocator, &res, &c, &conflict));
	c.range = NULL;
	KEPT(-EINVAL, vmr_allocator_update(&pools.allocator, &res, &c, &conflict));
	/* The node of the resource is NULL and differs from that of the constraint. */
	c.range = &w.r[0];
	memset(&w.res[0], 0, sizeof(w.res[0]));
	KEPT(-EINVAL, vmr_allocator_update(&pools.allocator, &w.res[0], &c, &conflict));
#undef KEPT
	EXPECT_EQ((uint64_t)0, w.ids.high_watermark);
}

/* An update of a resource whose range is free allocates the range. */
TEST(allocator_update_of_free_allocates)
{
	struct vmr_constraint c;

	allocators(_metadata);
	memset(&res, 0, sizeof(res));
	res.range = &w.r[0];
	vmr_constraint_init_fixed(&c, VMR_KIND_MMIO, 0x2000, 0x1000, &w.r[0]);
	EXPECT_OK(vmr_allocator_update(&pools.allocator, &res, &c, NULL));
	EXPECT_AT(0x2000, 0x2fff, &w.r[0]);
	EXPECT_EQ((uint64_t)0x2000, res.start);
	EXPECT_OK(vmr_allocator_free(&pools.allocator, &res));
	EXPECT_OK(vmr_allocator_update(&pools.allocator, &res, &c, NULL));
	EXPECT_AT(0x2000, 0x2fff, &w.r[0]);

	memset(&res, 0, sizeof(res));
	res.range = &w.r[1];
	vmr_constraint_init_fixed(&c, VMR_KIND_IRQ, 9, 1, &w.r[1]);
	EXPECT_OK(vmr_allocator_update(&irqs.allocator, &res, &c, NULL));
	EXPECT_EQ((uint64_t)9, res.start);
	EXPECT_EQ((uint64_t)10, w.ids.high_watermark);
	EXPECT_VALID(&w.a);
	EXPECT_VALID(&w.ids.space);
}

/* An update of ids frees the old ids and moves the watermark. */
TEST(allocator_update_replaces_ids)
{
	struct vmr_constraint c;

	allocators(_metadata);
	vmr_constraint_init(&c, VMR_KIND_MSI, 4, &w.r[0]);
	EXPECT_OK(vmr_allocator_alloc(&irqs.allocator, &c, &res, NULL));
	EXPECT_EQ((uint64_t)8, res.start);
	/* Twice as many, including the old ids */
	vmr_constraint_init(&c, VMR_KIND_MSI, 8, &w.r[0]);
	EXPECT_OK(vmr_allocator_update(&irqs.allocator, &res, &c, NULL));
	EXPECT_EQ((uint64_t)8, res.start);
	EXPECT_EQ((uint64_t)15, res.last);
	EXPECT_EQ((uint64_t)16, w.ids.high_watermark);
	vmr_constraint_init(&c, VMR_KIND_MSI, 16, &w.r[0]);
	EXPECT_EQ(-ENOSPC, vmr_allocator_update(&irqs.allocator, &res, &c, NULL));
	EXPECT_AT(8, 15, &w.r[0]);
	EXPECT_EQ((uint64_t)8, res.start);
	EXPECT_EQ((uint64_t)16, w.ids.high_watermark);
	/* Ids below the watermark count as freed. */
	vmr_constraint_init_fixed(&c, VMR_KIND_MSI, 5, 1, &w.r[0]);
	EXPECT_OK(vmr_allocator_update(&irqs.allocator, &res, &c, NULL));
	EXPECT_EQ(-EALREADY, vmr_id_free(&w.ids, 15, NULL));
	EXPECT_EQ(-ENOENT, vmr_id_free(&w.ids, 16, NULL));
	EXPECT_VALID(&w.ids.space);
}

/*
 * A kind of resource that the library does not define: lanes of a link, one bit each.
 * They are in no space.
 */
struct lane_allocator {
	unsigned int		taken;
	unsigned int		updates;
	struct vmr_range	*owner[8];
	struct vmr_allocator	allocator;
};

#define KIND_LANE	(VMR_KIND_USER + 1)

static unsigned int lanes_of(const struct vmr_resource *lane)
{
	return ((1u << (lane->last + 1)) - 1) & ~((1u << lane->start) - 1);
}

static int lane_allocate(struct vmr_allocator *a,
			 const struct vmr_constraint *c,
			 struct vmr_resource *lane, struct vmr_range **blocked_by)
{
	struct lane_allocator *lanes = AS(struct lane_allocator, allocator, a);
	struct vmr_resource got = { .kind = c->kind, .range = c->range };
	unsigned int i;

	for (i = 0; i + c->request.size <= 8; i++) {
		if (c->request.policy == VMR_EXACT && c->request.addr != i)
			continue;
		got.start = i;
		got.last = i + c->request.size - 1;
		if (lanes->taken & lanes_of(&got)) {
			if (c->request.policy != VMR_EXACT)
				continue;
			if (blocked_by)
				*blocked_by = lanes->owner[i];
			return -EBUSY;
		}
		lanes->taken |= lanes_of(&got);
		lanes->owner[i] = c->range;
		*lane = got;
		return 0;
	}
	return -ENOSPC;
}

static int lane_free(struct vmr_allocator *a, struct vmr_resource *lane)
{
	struct lane_allocator *lanes = AS(struct lane_allocator, allocator, a);

	if ((lanes->taken & lanes_of(lane)) != lanes_of(lane))
		return -ENOENT;
	lanes->taken &= ~lanes_of(lane);
	return 0;
}

static int lane_update(struct vmr_allocator *a, struct vmr_resource *lane,
		       const struct vmr_constraint *c,
		       struct vmr_range **blocked_by)
{
	struct lane_allocator *lanes = AS(struct lane_allocator, allocator, a);
	unsigned int before = lanes->taken;
	int ret;

	lanes->updates++;
	lanes->taken &= ~lanes_of(lane);
	ret = lane_allocate(a, c, lane, blocked_by);
	if (ret)
		lanes->taken = before;
	return ret;
}

static const struct vmr_allocator_ops lane_ops = {
	.alloc = lane_allocate,
	.free = lane_free,
	.update = lane_update,
};

static const struct vmr_allocator_ops no_ops;

/*
 * An allocator of the caller can implement a kind that the library does not define.
 */
TEST(allocator_of_custom_kind)
{
	static struct lane_allocator lanes = { .allocator.ops = &lane_ops };
	struct vmr_constraint c;

	vmr_constraint_init(&c, KIND_LANE, 4, &w.r[0]);
	EXPECT_OK(vmr_allocator_alloc(&lanes.allocator, &c, &res, &conflict));
	EXPECT_EQ((uint32_t)KIND_LANE, res.kind);
	EXPECT_EQ((uint64_t)0, res.start);
	EXPECT_EQ((uint64_t)3, res.last);
	EXPECT_EQ(0x0fu, lanes.taken);
	vmr_constraint_init_fixed(&c, KIND_LANE, 0, 2, &w.r[1]);
	REFUSE_RES(-EBUSY, vmr_allocator_alloc(&lanes.allocator, &c, &res,
					       &conflict));
	EXPECT_EQ(&w.r[0], conflict);
	vmr_constraint_init(&c, KIND_LANE, 8, &w.r[1]);
	REFUSE_RES(-ENOSPC, vmr_allocator_alloc(&lanes.allocator, &c, &res,
						&conflict));
	/* The node is in no space: only its allocator has its state. */
	vmr_constraint_init(&c, KIND_LANE, 8, &w.r[0]);
	EXPECT_OK(vmr_allocator_update(&lanes.allocator, &res, &c, &conflict));
	EXPECT_EQ(1u, lanes.updates);
	EXPECT_EQ(0xffu, lanes.taken);
	vmr_constraint_init(&c, KIND_LANE, 9, &w.r[0]);
	EXPECT_EQ(-ENOSPC, vmr_allocator_update(&lanes.allocator, &res, &c, &conflict));
	EXPECT_EQ(0xffu, lanes.taken);
	EXPECT_EQ((uint64_t)7, res.last);
	EXPECT_OK(vmr_allocator_free(&lanes.allocator, &res));
	EXPECT_EQ(0u, lanes.taken);
	REFUSE_RES(-ENOENT, vmr_allocator_free(&lanes.allocator, &res));
	/* A resource set holds it like other kinds. */
	vmr_resource_set_init(&w.set, w.res, 8);
	EXPECT_OK(vmr_resource_set_append(&w.set, &res));
	EXPECT_NE(NULL, vmr_resource_set_next(&w.set, KIND_LANE, NULL));
}

/* A missing operation fails with -EOPNOTSUPP, after the check of the arguments. */
TEST(allocator_missing_op_is_eopnotsupp)
{
	static struct lane_allocator lanes = { .allocator.ops = &no_ops };
	struct vmr_constraint c;

	vmr_constraint_init(&c, KIND_LANE, 4, &w.r[0]);
	res.range = &w.r[0];
	REFUSE_RES(-EOPNOTSUPP, vmr_allocator_alloc(&lanes.allocator, &c, &res,
						    &conflict));
	REFUSE_RES(-EOPNOTSUPP, vmr_allocator_update(&lanes.allocator, &res, &c,
						     &conflict));
	REFUSE_RES(-EOPNOTSUPP, vmr_allocator_free(&lanes.allocator, &res));
	/* -EINVAL precedes -EOPNOTSUPP. */
	c.range = NULL;
	REFUSE_RES(-EINVAL, vmr_allocator_alloc(&lanes.allocator, &c, &res,
						&conflict));
	REFUSE_RES(-EINVAL, vmr_allocator_update(&lanes.allocator, &res, &c, &conflict));
}

/*
 * The example of vm-allocator's first design: the allocators of a VMM, devices with
 * their resources, a vector and a BAR that the guest changes, and the release of all
 * resources. The resources are in the devices; the example has a map.
 */
struct pci_dev {
	struct vmr_range	id;
	struct vmr_range	irq;
	struct vmr_range	mmio;
	struct vmr_resource	entries[3];
	struct vmr_resource_set	set;
};

struct system_allocator {
	struct vmr_id_pool			ids;
	struct vmr_id_pool			irqs;
	struct vmr_space		mmio;
	struct vmr_pool			pool;
	struct vmr_id_allocator		instance_id;
	struct vmr_id_allocator		irq;
	struct vmr_pool_allocator	mmio_range;
};

static struct vmr_allocator *allocator_for(struct system_allocator *sys,
					   uint32_t kind)
{
	switch (kind) {
	case VMR_KIND_DEVICE_ID:
		return &sys->instance_id.allocator;
	case VMR_KIND_IRQ:
		return &sys->irq.allocator;
	default:
		return &sys->mmio_range.allocator;
	}
}

/* Allocates all resources of @dev or none. */
static int plug(struct system_allocator *sys, struct pci_dev *dev)
{
	struct vmr_constraint c[3];
	struct vmr_resource got;
	int i, ret;

	vmr_resource_set_init(&dev->set, dev->entries, 3);
	vmr_constraint_init(&c[0], VMR_KIND_DEVICE_ID, 1, &dev->id);
	vmr_constraint_init(&c[1], VMR_KIND_IRQ, 1, &dev->irq);
	vmr_constraint_init(&c[2], VMR_KIND_MMIO, 0x100, &dev->mmio);
	for (i = 0; i < 3; i++) {
		ret = vmr_allocator_alloc(allocator_for(sys, c[i].kind), &c[i], &got,
					  NULL);
		if (ret)
			break;
		vmr_resource_set_append(&dev->set, &got);
	}
	while (ret && i--)
		vmr_allocator_free(allocator_for(sys, dev->entries[i].kind),
				   &dev->entries[i]);
	return ret;
}

static void unplug(struct __test_metadata *_metadata,
		   struct system_allocator *sys, struct pci_dev *dev)
{
	size_t i;

	for (i = 0; i < dev->set.nr; i++)
		EXPECT_OK(vmr_allocator_free(allocator_for(sys, dev->entries[i].kind),
					     &dev->entries[i]));
}

/* The example of vm-allocator's first design, with allocators of the library. */
TEST(allocators_system_example)
{
	static struct system_allocator sys;
	static struct pci_dev dev[4];
	struct vmr_constraint c;

	EXPECT_OK(vmr_id_pool_init(&sys.ids, 0, 100));
	EXPECT_OK(vmr_id_pool_init(&sys.irqs, 5, 7));
	EXPECT_OK(vmr_space_init(&sys.mmio, 0xe0000000, 0xe000ffff));
	EXPECT_OK(vmr_pool_init(&sys.pool, &sys.mmio, 0xe0000000, 0x10000,
				"mmio"));
	vmr_id_allocator_init(&sys.instance_id, &sys.ids);
	vmr_id_allocator_init(&sys.irq, &sys.irqs);
	vmr_pool_allocator_init(&sys.mmio_range, &sys.pool);

	EXPECT_OK(plug(&sys, &dev[0]));
	EXPECT_OK(plug(&sys, &dev[1]));
	EXPECT_EQ(1u, vmr_id_value(&dev[1].id));
	EXPECT_EQ(6u, vmr_id_value(&dev[1].irq));
	EXPECT_AT(0xe0001000, 0xe00010ff, &dev[1].mmio);

	/* update_irq(): the guest chose a vector. */
	vmr_constraint_init_fixed(&c, VMR_KIND_IRQ, 7, 1, &dev[1].irq);
	EXPECT_OK(vmr_allocator_update(&sys.irq.allocator, &dev[1].entries[1], &c, NULL));
	EXPECT_EQ(&dev[1].irq, vmr_id_find(&sys.irqs, 7));
	EXPECT_FALSE(vmr_id_is_allocated(&sys.irqs, 6));
	/* The vector of another device */
	vmr_constraint_init_fixed(&c, VMR_KIND_IRQ, 5, 1, &dev[1].irq);
	EXPECT_EQ(-EBUSY, vmr_allocator_update(&sys.irq.allocator, &dev[1].entries[1], &c,
					       &conflict));
	EXPECT_EQ(&dev[0].irq, conflict);
	EXPECT_EQ(&dev[1].irq, vmr_id_find(&sys.irqs, 7));

	/* update_mmio_addr(): the guest reprogrammed a BAR. */
	vmr_constraint_init_fixed(&c, VMR_KIND_MMIO, 0xe0008000, 0x100, &dev[1].mmio);
	EXPECT_OK(vmr_allocator_update(&sys.mmio_range.allocator, &dev[1].entries[2], &c,
				       NULL));
	EXPECT_EQ(&dev[1].mmio, vmr_find(&sys.mmio, 0xe0008000));
	EXPECT_EQ(NULL, vmr_find(&sys.mmio, 0xe0001000));
	vmr_constraint_init_fixed(&c, VMR_KIND_MMIO, 0xe0000080, 0x100, &dev[1].mmio);
	EXPECT_EQ(-EBUSY, vmr_allocator_update(&sys.mmio_range.allocator,
					       &dev[1].entries[2], &c, NULL));
	EXPECT_EQ(&dev[1].mmio, vmr_find(&sys.mmio, 0xe0008000));

	/* Without a free interrupt the plug fails and leaves nothing allocated. */
	EXPECT_OK(plug(&sys, &dev[2]));
	EXPECT_EQ(-ENOSPC, plug(&sys, &dev[3]));
	EXPECT_EQ((size_t)3, sys.ids.space.nr_ranges);
	EXPECT_EQ((size_t)3, sys.mmio.nr_ranges);
	EXPECT_EQ(VMR_FREE, vmr_range_state(&dev[3].id));

	unplug(_metadata, &sys, &dev[1]);
	EXPECT_OK(plug(&sys, &dev[3]));
	EXPECT_EQ(1u, vmr_id_value(&dev[3].id));
	EXPECT_EQ(7u, vmr_id_value(&dev[3].irq));
	unplug(_metadata, &sys, &dev[0]);
	unplug(_metadata, &sys, &dev[2]);
	unplug(_metadata, &sys, &dev[3]);
	EXPECT_EQ((size_t)0, sys.ids.space.nr_ranges);
	EXPECT_EQ((size_t)0, sys.irqs.space.nr_ranges);
	EXPECT_EQ((size_t)0, sys.mmio.nr_ranges);
	EXPECT_VALID(&sys.mmio);
}

TEST_HARNESS_MAIN

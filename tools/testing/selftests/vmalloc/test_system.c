// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_system.c - the address domains of a system, and requests for several
 * resources
 */
#include "../kselftest_harness.h"

#include "machine.h"

#define WANTS	8

/* A request for several resources, its results, and the outputs of the call */
static struct vmr_constraint want[WANTS];
static struct vmr_range node[WANTS];
static struct vmr_resource got[WANTS];
static struct vmr_resource_set set;
static struct vmr_pci_function function;
static struct vmr_region mmio_node[WANTS];	/* dispatch needs regions */

static struct vmr_range no_range;
static struct vmr_range *conflict = &no_range;
static size_t failed = 99;

static int grant(size_t nr)
{
	conflict = &no_range;
	failed = 99;
	return vmr_system_alloc_resources(&m.sys, want, nr, &set, &failed, &conflict);
}

static int up(void)
{
	vmr_resource_set_init(&set, got, WANTS);
	return machine_up();
}

/* Add a pool on [start, last]. */
static int pool(uint32_t kinds, uint64_t start, uint64_t last, uint32_t flags,
		enum vmr_policy policy, uint64_t align)
{
	const struct vmr_system_pool p = {
		.pool = {
			.start = start,
			.last = last,
			.align = align,
			.policy = policy,
			.name = "pool",
		},
		.kinds = kinds,
		.flags = flags,
	};

	return vmr_system_add_pool(&m.sys, &p);
}

/* Sets of kinds */
enum {
	PIO	= 1 << VMR_KIND_PIO,
	MMIO	= 1 << VMR_KIND_MMIO,
	MEM	= 1 << VMR_KIND_MEM,
	IRQ	= 1 << VMR_KIND_IRQ,
	MSI	= 1 << VMR_KIND_MSI,
	SLOT	= 1 << VMR_KIND_MEM_SLOT,
};

/*
 * The allocation fails with @err, reports the index and the conflict and
 * changes nothing.
 */
#define GRANT_REFUSED(err, count, index, in_way) \
	do { \
		set.nr = 0; \
		memset(got, 0x5a, sizeof(got)); \
		REFUSED(err, grant(count)); \
		EXPECT_EQ((size_t)(index), failed); \
		EXPECT_EQ((struct vmr_range *)(in_way), conflict); \
		EXPECT_EQ(0U, set.nr); \
		EXPECT_EQ(0x5a, *(uint8_t *)got); \
	} while (0)

#define EXPECT_GOT(index, first) \
	do { \
		EXPECT_EQ((uint64_t)(first), got[index].start); \
		EXPECT_EQ(want[index].range, got[index].range); \
		EXPECT_EQ(want[index].kind, got[index].kind); \
		EXPECT_EQ(want[index].range->start, got[index].start); \
		EXPECT_EQ(want[index].range->last, got[index].last); \
		EXPECT_EQ(want[index].request.size, \
			  vmr_resource_size(&got[index])); \
		EXPECT_EQ(VMR_LIVE, vmr_range_state(want[index].range)); \
	} while (0)

/* Each domain of a system ends at the limit that the caller gives. */
TEST(system_domains_have_limits_given)
{
	const struct vmr_system_limits limits = {
		.mmio_last = VMR_ADDR_MAX, .irq_last = 4095, .slot_last = 508,
		.pci_last = 0xffff, .id_last = 0xffffffff,
	};
	static const struct {
		uint32_t	kind;
		uint64_t	last;
	} row[] = {
		{ VMR_KIND_PIO, 0xffff }, { VMR_KIND_MMIO, VMR_ADDR_MAX },
		{ VMR_KIND_MEM, VMR_ADDR_MAX }, { VMR_KIND_IRQ, 4095 },
		{ VMR_KIND_MSI, 4095 }, { VMR_KIND_MSIX, 4095 },
		{ VMR_KIND_MSI_GENERIC, 4095 }, { VMR_KIND_MEM_SLOT, 508 },
		{ VMR_KIND_PCI_BDF, 0xffff }, { VMR_KIND_DEVICE_ID, 0xffffffff },
	};
	size_t i;

	EXPECT_EQ(-EINVAL, vmr_system_init(NULL, &limits));
	EXPECT_EQ(-EINVAL, vmr_system_init(&m.sys, NULL));
	memset(&m.sys, 0x5a, sizeof(m.sys));
	ASSERT_EQ(0, vmr_system_init(&m.sys, &limits));
	for (i = 0; i < NR(row); i++) {
		struct vmr_space *space = vmr_system_space(&m.sys, row[i].kind);

		ASSERT_NE(NULL, space);
		EXPECT_EQ(0U, space->start);
		EXPECT_EQ(row[i].last, space->last);
		EXPECT_EQ(0U, space->nr_ranges);
	}
	EXPECT_NULL(vmr_system_space(&m.sys, VMR_KIND_MAC));
	EXPECT_NULL(vmr_system_space(&m.sys, VMR_NR_KINDS));
	EXPECT_NULL(vmr_system_space(&m.sys, VMR_KIND_USER));
	EXPECT_NULL(vmr_system_space(NULL, VMR_KIND_PIO));
	/*
	 * Both spaces share a sequence count: a lookup observes a change of
	 * both or of neither.
	 */
	EXPECT_EQ(m.sys.pio.seq, m.sys.mmio.seq);
	EXPECT_NE(&m.sys.mmio, vmr_system_space(&m.sys, VMR_KIND_PIO));
}

/*
 * With a limit for vectors, all kinds of vectors are in a domain apart from
 * the lines.
 */
TEST(system_separate_vectors_domain)
{
	const struct vmr_system_limits limits = {
		.mmio_last = VMR_ADDR_MAX, .irq_last = 31, .msi_vector_last = 1023,
	};

	vmr_resource_set_init(&set, got, WANTS);
	ASSERT_EQ(0, vmr_system_init(&m.sys, &limits));
	EXPECT_EQ(&m.sys.irqs.space, vmr_system_space(&m.sys, VMR_KIND_IRQ));
	EXPECT_EQ(&m.sys.msi_vectors.space, vmr_system_space(&m.sys, VMR_KIND_MSI));
	EXPECT_EQ(&m.sys.msi_vectors.space,
		  vmr_system_space(&m.sys, VMR_KIND_MSIX));
	EXPECT_EQ(&m.sys.msi_vectors.space,
		  vmr_system_space(&m.sys, VMR_KIND_MSI_GENERIC));
	vmr_constraint_init(&want[0], VMR_KIND_IRQ, 1, &node[0]);
	vmr_constraint_init(&want[1], VMR_KIND_MSI, 32, &node[1]);
	ASSERT_EQ(0, grant(2));
	EXPECT_GOT(0, 0);
	EXPECT_GOT(1, 0);
}

/* A kind without a pool can use its whole domain. */
TEST(system_kind_without_pool_whole_domain)
{
	static const uint32_t kinds[] = {
		VMR_KIND_PIO, VMR_KIND_IRQ, VMR_KIND_MEM_SLOT, VMR_KIND_PCI_BDF,
	};
	size_t i;

	ASSERT_EQ(0, up());
	ASSERT_EQ(0, pool(MMIO, 0x1000, 0x1fff, 0, VMR_FIRST, 1));
	for (i = 0; i < NR(kinds); i++) {
		struct vmr_space *space = vmr_system_space(&m.sys, kinds[i]);

		vmr_constraint_init(&want[0], kinds[i], space->last + 1,
				    kinds[i] == VMR_KIND_PCI_BDF ?
					    function_address(&function) :
					    &node[0]);
		EXPECT_EQ(0, grant(1));
		EXPECT_GOT(0, 0);
		vmr_system_free_resources(&m.sys, &set);
		want[0].request.size++;
		GRANT_REFUSED(-ENOSPC, 1, 0, &no_range);
	}
	vmr_constraint_init(&want[0], VMR_KIND_MEM, 0x1000,
			    &mmio_node[0].range);
	EXPECT_EQ(0, grant(1));
	EXPECT_GOT(0, 0);
}

/*
 * vmr_system_add_pool() refuses each invalid pool and more pools than the
 * maximum.
 */
TEST(system_add_pool_errors)
{
	struct vmr_system_pool none = { .kinds = 0 };
	unsigned int i;

	ASSERT_EQ(0, up());
	EXPECT_EQ(-EINVAL, vmr_system_add_pool(NULL, &none));
	EXPECT_EQ(-EINVAL, vmr_system_add_pool(&m.sys, NULL));
	EXPECT_EQ(-EINVAL, pool(0, 0, 1, 0, VMR_FIRST, 1));
	EXPECT_EQ(-EINVAL, pool(MMIO | PIO, 0, 1, 0, VMR_FIRST, 1));
	EXPECT_EQ(-EINVAL, pool(IRQ | SLOT, 0, 1, 0, VMR_FIRST, 1));
	EXPECT_EQ(-EINVAL, pool(1u << VMR_KIND_MAC, 0, 1, 0, VMR_FIRST, 1));
	EXPECT_EQ(-EINVAL, pool(1u << 31, 0, 1, 0, VMR_FIRST, 1));
	EXPECT_EQ(-EINVAL, pool(MMIO, 0, 1, 0, VMR_FIRST, 0));
	EXPECT_EQ(-EINVAL, pool(MMIO, 0, 1, 0, VMR_FIRST, 3));
	EXPECT_EQ(-EINVAL, pool(MMIO, 2, 1, 0, VMR_FIRST, 1));
	EXPECT_EQ(-EINVAL, pool(MMIO, 0, 1, 0, VMR_EXACT, 1));
	EXPECT_EQ(-EINVAL, pool(MMIO, 0, 1, 0, VMR_DEFAULT, 1));
	EXPECT_EQ(-ERANGE, pool(MMIO, 0, MACHINE_LAST + 1, 0, VMR_FIRST, 1));
	EXPECT_EQ(-ERANGE, pool(IRQ, 64, 65, 0, VMR_FIRST, 1));
	EXPECT_EQ(0U, m.sys.nr_pools);
	for (i = 0; i < VMR_SYSTEM_MAX_POOLS; i++)
		EXPECT_EQ(0, pool(IRQ | MSI, i, i, 0,
				  (enum vmr_policy)(i % VMR_EXACT), 1));
	EXPECT_EQ(-ENOSPC, pool(IRQ, 0, 1, 0, VMR_FIRST, 1));
	EXPECT_EQ(-ERANGE, pool(IRQ, 64, 65, 0, VMR_FIRST, 1));
	EXPECT_EQ((size_t)VMR_SYSTEM_MAX_POOLS, m.sys.nr_pools);
}

/* Pools are searched in the order in which they were added. */
TEST(system_pools_searched_in_order)
{
	ASSERT_EQ(0, up());
	ASSERT_EQ(0, pool(MMIO, 0x8000, 0x8fff, 0, VMR_FIRST, 1));
	ASSERT_EQ(0, pool(MMIO, 0x2000, 0x3fff, 0, VMR_FIRST, 1));
	ASSERT_EQ(0, pool(MMIO, 0x0000, 0x1fff, 0, VMR_FIRST, 1));
	vmr_constraint_init(&want[0], VMR_KIND_MMIO, 0x1000,
			    &mmio_node[0].range);
	vmr_constraint_init(&want[1], VMR_KIND_MMIO, 0x1000,
			    &mmio_node[1].range);
	vmr_constraint_init(&want[2], VMR_KIND_MMIO, 0x1000,
			    &mmio_node[2].range);
	vmr_constraint_init(&want[3], VMR_KIND_MMIO, 0x1000,
			    &mmio_node[3].range);
	ASSERT_EQ(0, grant(4));
	EXPECT_GOT(0, 0x8000);
	EXPECT_GOT(1, 0x2000);
	EXPECT_GOT(2, 0x3000);
	EXPECT_GOT(3, 0x0000);
	EXPECT_SOUND();
}

/* A pool serves only requests of its kinds. */
TEST(system_pool_only_its_kinds)
{
	ASSERT_EQ(0, up());
	ASSERT_EQ(0, pool(MEM, 0x1000, 0x1fff, 0, VMR_FIRST, 1));
	ASSERT_EQ(0, pool(MMIO, 0x8000, 0x8fff, 0, VMR_FIRST, 1));
	ASSERT_EQ(0, pool(IRQ, 5, 15, 0, VMR_FIRST, 1));
	ASSERT_EQ(0, pool(MSI, 24, 63, 0, VMR_FIRST, 1));
	vmr_constraint_init(&want[0], VMR_KIND_MMIO, 0x1000,
			    &mmio_node[0].range);
	vmr_constraint_init(&want[1], VMR_KIND_MEM, 0x1000,
			    &mmio_node[1].range);
	vmr_constraint_init(&want[2], VMR_KIND_IRQ, 1, &node[2]);
	vmr_constraint_init(&want[3], VMR_KIND_MSI, 16, &node[3]);
	ASSERT_EQ(0, grant(4));
	EXPECT_GOT(0, 0x8000);
	EXPECT_GOT(1, 0x1000);
	EXPECT_GOT(2, 5);
	EXPECT_GOT(3, 32);
}

/* A pool serves a request only if the request has all flags of the pool. */
TEST(system_pool_flags_subset_of_request)
{
	static const struct {
		uint32_t	flags;
		uint64_t	at;
	} row[] = {
		{ 0, 0x1000 },
		{ VMR_PREFETCHABLE, 0x2000 },
		{ VMR_64BIT, 0x100000000 },
		{ VMR_64BIT | VMR_PREFETCHABLE, 0x200000000 },
	};
	size_t i;

	ASSERT_EQ(0, up());
	/* The pool with the most flags comes first. */
	ASSERT_EQ(0, pool(MMIO, 0x200000000, 0x2ffffffff,
			  VMR_64BIT | VMR_PREFETCHABLE, VMR_FIRST, 1));
	ASSERT_EQ(0, pool(MMIO, 0x100000000, 0x1ffffffff, VMR_64BIT, VMR_FIRST,
			  1));
	ASSERT_EQ(0, pool(MMIO, 0x2000, 0x2fff, VMR_PREFETCHABLE, VMR_FIRST,
			  1));
	ASSERT_EQ(0, pool(MMIO, 0x1000, 0x1fff, 0, VMR_FIRST, 1));
	for (i = 0; i < NR(row); i++) {
		vmr_constraint_init(&want[0], VMR_KIND_MMIO, 0x1000,
				    &mmio_node[0].range);
		want[0].flags = row[i].flags;
		ASSERT_EQ(0, grant(1));
		EXPECT_GOT(0, row[i].at);
		EXPECT_EQ(row[i].flags, got[0].flags);
		vmr_system_free_resources(&m.sys, &set);
	}
	/*
	 * A request falls back to a pool with fewer flags, never to one with
	 * more.
	 */
	ASSERT_EQ(0, vmr_reserve(&m.sys.mmio, &mmio_node[7].range, 0x1000,
				 0x1fff, NULL));
	want[0].flags = 0;
	GRANT_REFUSED(-ENOSPC, 1, 0, &no_range);
	ASSERT_EQ(0, vmr_free(&m.sys.mmio, &mmio_node[7].range));
	ASSERT_EQ(0, vmr_reserve(&m.sys.mmio, &mmio_node[7].range, 0x2000,
				 0x2fff, NULL));
	want[0].flags = VMR_PREFETCHABLE;
	ASSERT_EQ(0, grant(1));
	EXPECT_GOT(0, 0x1000);
}

/*
 * If no pool matches the flags of a request, the allocation fails with
 * -ENOSPC.
 */
TEST(system_no_matching_pool_enospc)
{
	ASSERT_EQ(0, up());
	ASSERT_EQ(0, pool(MMIO, 0x100000000, 0x1ffffffff, VMR_64BIT, VMR_FIRST,
			  1));
	vmr_constraint_init(&want[0], VMR_KIND_MMIO, 0x1000,
			    &mmio_node[0].range);
	GRANT_REFUSED(-ENOSPC, 1, 0, &no_range);
}

/* A platform pool serves fixed requests and requests with VMR_PLATFORM only. */
TEST(system_platform_pool_explicit_only)
{
	ASSERT_EQ(0, up());
	ASSERT_EQ(0, pool(MMIO, 0x1000, 0x1fff, VMR_PLATFORM, VMR_FIRST, 1));
	ASSERT_EQ(0, pool(MMIO, 0x8000, 0x8fff, 0, VMR_FIRST, 1));
	vmr_constraint_init(&want[0], VMR_KIND_MMIO, 0x800,
			    &mmio_node[0].range);
	vmr_constraint_init_fixed(&want[1], VMR_KIND_MMIO, 0x1000, 0x800,
				  &mmio_node[1].range);
	vmr_constraint_init(&want[2], VMR_KIND_MMIO, 0x100,
			    &mmio_node[2].range);
	want[2].request.align = 0x100;
	want[2].flags = VMR_PLATFORM;
	ASSERT_EQ(0, grant(3));
	EXPECT_GOT(0, 0x8000);
	EXPECT_GOT(1, 0x1000);
	EXPECT_GOT(2, 0x1800);
}

/* A pool's policy and alignment hold unless the request gives its own. */
TEST(system_request_overrides_pool_policy)
{
	ASSERT_EQ(0, up());
	ASSERT_EQ(0, pool(MMIO, 0x1000, 0xffff, 0, VMR_LAST, 0x2000));
	vmr_constraint_init_bounded(&want[0], VMR_KIND_MMIO, 0x800, 0, 0, VMR_ADDR_MAX,
				    &mmio_node[0].range);
	ASSERT_EQ(0, grant(1));
	EXPECT_GOT(0, 0xe000);
	vmr_system_free_resources(&m.sys, &set);
	want[0].request.align = 0x100;
	ASSERT_EQ(0, grant(1));
	EXPECT_GOT(0, 0xf800);
	vmr_system_free_resources(&m.sys, &set);
	want[0].request.policy = VMR_FIRST;
	ASSERT_EQ(0, grant(1));
	EXPECT_GOT(0, 0x1000);
	vmr_system_free_resources(&m.sys, &set);

	/* The same holds for ids. */
	ASSERT_EQ(0, pool(MSI, 3, 40, 0, VMR_LAST, 4));
	vmr_constraint_init_bounded(&want[0], VMR_KIND_MSI, 2, 0, 0, VMR_ADDR_MAX,
				    &node[0]);
	ASSERT_EQ(0, grant(1));
	EXPECT_GOT(0, 36);
	vmr_system_free_resources(&m.sys, &set);
	want[0].request.align = 1;
	ASSERT_EQ(0, grant(1));
	EXPECT_GOT(0, 39);
	vmr_system_free_resources(&m.sys, &set);
	want[0].request.policy = VMR_FIRST;
	ASSERT_EQ(0, grant(1));
	EXPECT_GOT(0, 3);
}

/* An allocation lies inside the bounds of the pool and of the request. */
TEST(system_bounds_pool_and_request)
{
	ASSERT_EQ(0, up());
	ASSERT_EQ(0, pool(MMIO, 0x4000, 0x7fff, 0, VMR_FIRST, 1));
	vmr_constraint_init_bounded(&want[0], VMR_KIND_MMIO, 0x1000, 0x1000, 0x5001,
				    0xffff, &mmio_node[0].range);
	ASSERT_EQ(0, grant(1));
	EXPECT_GOT(0, 0x6000);
	vmr_constraint_init_bounded(&want[0], VMR_KIND_MMIO, 0x1000, 0x1000, 0x8000,
				    0xffff, &mmio_node[1].range);
	GRANT_REFUSED(-ERANGE, 1, 0, &no_range);
	want[0].request.min = 0x7001;
	GRANT_REFUSED(-ENOSPC, 1, 0, &no_range);
}

/* Request a resource of each domain. */
static void want_all(void)
{
	vmr_constraint_init(&want[0], VMR_KIND_MSI, 4, &node[0]);
	vmr_constraint_init_fixed(&want[1], VMR_KIND_MMIO, 0xfec00000, 0x1000,
				  &mmio_node[1].range);
	vmr_constraint_init(&want[2], VMR_KIND_MEM_SLOT, 2, &node[2]);
	vmr_constraint_init(&want[3], VMR_KIND_PIO, 0x20, &mmio_node[3].range);
	vmr_constraint_init(&want[4], VMR_KIND_MMIO, 0x4000,
			    &mmio_node[4].range);
	vmr_constraint_init_fixed(&want[5], VMR_KIND_IRQ, 9, 1, &node[5]);
	vmr_constraint_init(&want[6], VMR_KIND_MSI_GENERIC, 3, &node[6]);
	vmr_constraint_init(&want[7], VMR_KIND_PCI_BDF, 1,
			    function_address(&function));
}

/* An allocation succeeds for all constraints or changes nothing. */
TEST(system_alloc_all_or_nothing)
{
	struct vmr_constraint good;
	size_t i;

	ASSERT_EQ(0, up());
	want_all();
	for (i = 0; i < WANTS; i++) {
		good = want[i];
		want[i].request.policy = VMR_FIRST;
		want[i].request.min = VMR_ADDR_MAX - 1;
		GRANT_REFUSED(-ERANGE, WANTS, i, &no_range);
		want[i] = good;
	}
	/* The watermarks of the ids are unchanged. */
	EXPECT_EQ(-ENOENT, vmr_id_free(&m.sys.irqs, 0, NULL));
	EXPECT_EQ(-ENOENT, vmr_id_free(&m.sys.mem_slots, 0, NULL));
	EXPECT_EQ(-ENOENT, vmr_id_free(&m.sys.pci_bdfs, 0, NULL));

	ASSERT_EQ(0, grant(WANTS));
	EXPECT_EQ((size_t)WANTS, set.nr);
	EXPECT_GOT(0, 0);
	EXPECT_GOT(1, 0xfec00000);
	EXPECT_GOT(2, 0);
	EXPECT_GOT(3, 0);
	EXPECT_GOT(4, 0);
	EXPECT_GOT(5, 9);
	EXPECT_GOT(6, 4);
	EXPECT_GOT(7, 0);
	EXPECT_SOUND();
}

/* The link alone makes a range free: its other words can have any value. */
TEST(system_alloc_old_word_is_no_index)
{
	ASSERT_EQ(0, up());
	want_all();
	/* The number of the first constraint, which has another range */
	want[1].range->subtree_last = 1;
	ASSERT_EQ(0, grant(WANTS));
	EXPECT_GOT(1, 0xfec00000);
	EXPECT_SOUND();
}

/* A fixed request at an allocated range reports the conflicting range. */
TEST(system_alloc_busy_reports_conflict)
{
	struct vmr_range taken[2] = { { .start = 0 } };

	ASSERT_EQ(0, up());
	want_all();
	ASSERT_EQ(0, vmr_id_reserve(&m.sys.irqs, &taken[0], 9, NULL));
	GRANT_REFUSED(-EBUSY, WANTS, 5, &taken[0]);
	ASSERT_EQ(0, vmr_id_free_range(&m.sys.irqs, &taken[0]));
	ASSERT_EQ(0, vmr_reserve(&m.sys.mmio, &mmio_node[0].range, 0xfec00fff,
				 0xfec01fff, NULL));
	GRANT_REFUSED(-EBUSY, WANTS, 1, &mmio_node[0].range);
	ASSERT_EQ(0, vmr_free(&m.sys.mmio, &mmio_node[0].range));
	/* Two constraints of one request overlap. The later one fails. */
	vmr_constraint_init_fixed(&want[4], VMR_KIND_MMIO, 0xfec00800, 0x1000,
				  &mmio_node[4].range);
	GRANT_REFUSED(-EBUSY, WANTS, 4, &mmio_node[1].range);
}

/* Fixed requests are allocated before automatic placement. */
TEST(system_alloc_fixed_first)
{
	ASSERT_EQ(0, up());
	ASSERT_EQ(0, pool(PIO, 0, 0x1f, 0, VMR_FIRST, 1));
	/* First fit would return 0, which the fixed request needs. */
	vmr_constraint_init(&want[0], VMR_KIND_PIO, 0x10, &mmio_node[0].range);
	want[0].request.align = 0x10;
	vmr_constraint_init_fixed(&want[1], VMR_KIND_PIO, 8, 1, &mmio_node[1].range);
	ASSERT_EQ(0, grant(2));
	EXPECT_GOT(0, 0x10);
	EXPECT_GOT(1, 8);
}

/*
 * Requests are placed in order of decreasing alignment, then of decreasing
 * size.
 */
TEST(system_alloc_order_alignment_size)
{
	static const struct {
		uint64_t	size;
		uint64_t	align;
	} ask[4] = {
		{ 0x10, 1 }, { 0x30, 1 }, { 0x10, 0x40 }, { 0x40, 0x40 },
	};
	static const uint64_t at[4] = { 0x80, 0x50, 0x40, 0 };
	size_t turn, i, k;

	ASSERT_EQ(0, up());
	/* The result does not depend on the order of the constraints. */
	for (turn = 0; turn < 4; turn++) {
		for (i = 0; i < 4; i++) {
			k = (i + turn) % 4;
			vmr_constraint_init_bounded(&want[i], VMR_KIND_PIO,
						    ask[k].size, ask[k].align, 0,
					      VMR_ADDR_MAX, &mmio_node[i].range);
		}
		ASSERT_EQ(0, grant(4));
		for (i = 0; i < 4; i++)
			EXPECT_GOT(i, at[(i + turn) % 4]);
		vmr_system_free_resources(&m.sys, &set);
	}
}

/* Requests of equal alignment and size are placed in the caller's order. */
TEST(system_alloc_order_stable)
{
	size_t i;

	ASSERT_EQ(0, up());
	for (i = 0; i < 4; i++)
		vmr_constraint_init(&want[i], VMR_KIND_IRQ, 1, &node[3 - i]);
	ASSERT_EQ(0, grant(4));
	for (i = 0; i < 4; i++)
		EXPECT_GOT(i, i);
}

/* Only MSI blocks are aligned to their size. */
TEST(system_msi_block_alignment)
{
	ASSERT_EQ(0, up());
	vmr_constraint_init_fixed(&want[0], VMR_KIND_IRQ, 0, 1, &node[0]);
	vmr_constraint_init(&want[1], VMR_KIND_MSI, 8, &node[1]);
	vmr_constraint_init(&want[2], VMR_KIND_MSIX, 5, &node[2]);
	vmr_constraint_init(&want[3], VMR_KIND_MSI_GENERIC, 2, &node[3]);
	ASSERT_EQ(0, grant(4));
	EXPECT_GOT(1, 8);
	EXPECT_GOT(2, 1);
	EXPECT_GOT(3, 6);
}

/*
 * Invalid arguments are reported before ranges in use, and these before engine
 * errors.
 */
TEST(system_alloc_error_precedence)
{
	ASSERT_EQ(0, up());
	want_all();
	EXPECT_EQ(-EINVAL, vmr_system_alloc_resources(NULL, want, 1, &set, NULL, NULL));
	EXPECT_EQ(-EINVAL, vmr_system_alloc_resources(&m.sys, NULL, 1, &set, NULL, NULL));
	EXPECT_EQ(-EINVAL, vmr_system_alloc_resources(&m.sys, want, 1, NULL, NULL, NULL));
	set.max = WANTS - 1;
	GRANT_REFUSED(-EINVAL, WANTS, 99, &no_range);
	set.max = WANTS;
	set.entries = NULL;
	REFUSED(-EINVAL, grant(1));
	set.entries = got;

	want[3].range = NULL;
	GRANT_REFUSED(-EINVAL, WANTS, 3, &no_range);
	want[3].range = want[1].range;
	GRANT_REFUSED(-EINVAL, WANTS, 3, &no_range);
	want_all();
	want[6].kind = VMR_KIND_MAC;
	GRANT_REFUSED(-EINVAL, WANTS, 6, &no_range);
	want[6].kind = VMR_KIND_USER;
	GRANT_REFUSED(-EINVAL, WANTS, 6, &no_range);
	want[6].kind = 33;
	GRANT_REFUSED(-EINVAL, WANTS, 6, &no_range);
	want_all();
	want[6].flags = VMR_SHARED;
	GRANT_REFUSED(-EINVAL, WANTS, 6, &no_range);

	/* A range in use is reported only if no constraint is invalid. */
	want_all();
	ASSERT_EQ(0, vmr_id_alloc(&m.sys.irqs, &node[0]));
	GRANT_REFUSED(-EEXIST, WANTS, 0, &no_range);
	EXPECT_SOUND();
	want[7].range = NULL;
	GRANT_REFUSED(-EINVAL, WANTS, 7, &no_range);
	ASSERT_EQ(0, vmr_id_free_range(&m.sys.irqs, &node[0]));

	/* Errors of the engine for one constraint */
	want_all();
	want[4].request.size = 0;
	GRANT_REFUSED(-EINVAL, WANTS, 4, &no_range);
	want_all();
	want[4].request.align = 0x3000;
	GRANT_REFUSED(-EINVAL, WANTS, 4, &no_range);
	want_all();
	want[1].request.addr = VMR_ADDR_MAX - 0xffe;
	GRANT_REFUSED(-EOVERFLOW, WANTS, 1, &no_range);
	want[1].request.addr = MACHINE_LAST;
	GRANT_REFUSED(-ERANGE, WANTS, 1, &no_range);
	want[1].request.align = 0x1000;
	GRANT_REFUSED(-EINVAL, WANTS, 1, &no_range);
	want_all();
	want[5].request.addr = 0x100000000;
	GRANT_REFUSED(-EOVERFLOW, WANTS, 5, &no_range);
	want[5].request.addr = 64;
	GRANT_REFUSED(-ERANGE, WANTS, 5, &no_range);
}

/* An empty request succeeds with an empty set. */
TEST(system_alloc_empty_request)
{
	ASSERT_EQ(0, up());
	set.nr = 3;
	EXPECT_EQ(0, vmr_system_alloc_resources(&m.sys, NULL, 0, &set, NULL, NULL));
	EXPECT_EQ(0U, set.nr);
	vmr_resource_set_init(&set, NULL, 0);
	EXPECT_EQ(0, vmr_system_alloc_resources(&m.sys, NULL, 0, &set, NULL, NULL));
}

/* If several pools fail, the most specific error is returned. */
TEST(system_pool_errors_most_specific_wins)
{
	ASSERT_EQ(0, up());
	ASSERT_EQ(0, pool(MMIO, 0x1000, 0x1fff, 0, VMR_FIRST, 1));
	ASSERT_EQ(0, pool(MMIO, 0x4000, 0x5fff, 0, VMR_FIRST, 1));
	ASSERT_EQ(0, pool(MMIO, 0x8000, 0x8fff, 0, VMR_FIRST, 1));
	ASSERT_EQ(0, vmr_reserve(&m.sys.mmio, &mmio_node[7].range, 0x4800,
				 0x4fff, NULL));

	/*
	 * The range is in use in the second pool and outside the other pools.
	 */
	vmr_constraint_init_fixed(&want[0], VMR_KIND_MMIO, 0x4000, 0x1000,
				  &mmio_node[0].range);
	GRANT_REFUSED(-EBUSY, 1, 0, &mmio_node[7].range);
	/* The range is outside all pools. */
	want[0].request.addr = 0x2000;
	GRANT_REFUSED(-ERANGE, 1, 0, &no_range);
	want[0].request.addr = 0x1800;
	GRANT_REFUSED(-ERANGE, 1, 0, &no_range);
	/*
	 * The request is too large for the second pool and outside the bounds
	 * of the other pools.
	 */
	vmr_constraint_init_bounded(&want[0], VMR_KIND_MMIO, 0x3000, 1, 0x4000,
				    0x5fff, &mmio_node[0].range);
	GRANT_REFUSED(-ENOSPC, 1, 0, &no_range);
	want[0].request.size = 0x1000;
	ASSERT_EQ(0, grant(1));
	EXPECT_GOT(0, 0x5000);
	/* An invalid request is invalid in every pool. */
	vmr_constraint_init_fixed(&want[0], VMR_KIND_MMIO, VMR_ADDR_MAX, 0x1000,
				  &mmio_node[1].range);
	GRANT_REFUSED(-EOVERFLOW, 1, 0, &no_range);
	want[0].request.size = 0;
	GRANT_REFUSED(-EINVAL, 1, 0, &no_range);
}

/* Freeing a set restores the state before the allocation. */
TEST(system_free_restores_state)
{
	ASSERT_EQ(0, up());
	want_all();
	machine_state_before();
	ASSERT_EQ(0, grant(WANTS - 1));
	/* A MAC address is in no space. */
	ASSERT_EQ(0, vmr_resource_set_append_mac(&set, (const uint8_t *)"\2\0\0\0\0\1"));
	vmr_system_free_resources(&m.sys, &set);
	EXPECT_EQ(0U, set.nr);
	m.sys.irqs.high_watermark = 0;
	m.sys.mem_slots.high_watermark = 0;
	EXPECT_TRUE(same_as_before());
	vmr_system_free_resources(&m.sys, &set);
	ASSERT_EQ(0, grant(WANTS));
	EXPECT_SOUND();
}

/* The watermark of ids survives free and a later failed allocation. */
TEST(system_watermark_survives_free)
{
	ASSERT_EQ(0, up());
	vmr_constraint_init(&want[0], VMR_KIND_MSI, 8, &node[0]);
	ASSERT_EQ(0, grant(1));
	vmr_system_free_resources(&m.sys, &set);
	EXPECT_EQ(-EALREADY, vmr_id_free(&m.sys.irqs, 7, NULL));
	EXPECT_EQ(-ENOENT, vmr_id_free(&m.sys.irqs, 8, NULL));
	/* A later failure does not lower the watermark. */
	vmr_constraint_init(&want[1], VMR_KIND_MEM_SLOT, 99, &node[1]);
	GRANT_REFUSED(-ENOSPC, 2, 1, &no_range);
	EXPECT_EQ(-EALREADY, vmr_id_free(&m.sys.irqs, 7, NULL));
}

/* An update moves a resource to the new range or leaves it unchanged. */
TEST(system_update_moves_or_keeps)
{
	struct vmr_constraint c;

	ASSERT_EQ(0, up());
	vmr_constraint_init_fixed(&want[0], VMR_KIND_MMIO, 0x1000, 0x1000,
				  &mmio_node[0].range);
	vmr_constraint_init_fixed(&want[1], VMR_KIND_MMIO, 0x8000, 0x1000,
				  &mmio_node[1].range);
	vmr_constraint_init_fixed(&want[2], VMR_KIND_IRQ, 5, 1, &node[2]);
	ASSERT_EQ(0, grant(3));

	conflict = &no_range;
	vmr_constraint_init_fixed(&c, VMR_KIND_MMIO, 0x7800, 0x1000,
				  &mmio_node[0].range);
	REFUSED(-EBUSY, vmr_system_update_resource(&m.sys, &got[0], &c, &conflict));
	EXPECT_EQ(&mmio_node[1].range, conflict);
	c.request.addr = VMR_ADDR_MAX;
	REFUSED(-EOVERFLOW, vmr_system_update_resource(&m.sys, &got[0], &c, NULL));
	c.request.addr = MACHINE_LAST;
	REFUSED(-ERANGE, vmr_system_update_resource(&m.sys, &got[0], &c, NULL));
	REFUSED(-EINVAL, vmr_system_update_resource(NULL, &got[0], &c, NULL));
	REFUSED(-EINVAL, vmr_system_update_resource(&m.sys, NULL, &c, NULL));
	REFUSED(-EINVAL, vmr_system_update_resource(&m.sys, &got[0], NULL, NULL));
	REFUSED(-EINVAL, vmr_system_update_resource(&m.sys, &got[1], &c, NULL));
	REFUSED(-EINVAL, vmr_system_update_resource(&m.sys, &got[2], &c, NULL));
	EXPECT_EQ(0x1000U, got[0].start);

	/* The new range may overlap the old one and be larger. */
	c.request.addr = 0x800;
	c.request.size = 0x2000;
	EXPECT_EQ(0, vmr_system_update_resource(&m.sys, &got[0], &c, NULL));
	EXPECT_EQ(0x800U, got[0].start);
	EXPECT_EQ(0x27ffU, got[0].last);
	vmr_constraint_init_fixed(&c, VMR_KIND_IRQ, 6, 1, &node[2]);
	EXPECT_EQ(0, vmr_system_update_resource(&m.sys, &got[2], &c, NULL));
	EXPECT_EQ(6U, got[2].start);
	EXPECT_FALSE(vmr_id_is_allocated(&m.sys.irqs, 5));
	EXPECT_SOUND();
}

/*
 * A system without a manager updates and frees addresses. An id that its owner freed
 * alone is passed by.
 */
TEST(free_and_update_without_manager)
{
	const struct vmr_system_limits limits = {
		.mmio_last = 0xffffff, .irq_last = 23,
	};
	static struct vmr_range range[2];
	static struct vmr_system sys;
	struct vmr_resource_set set;
	struct vmr_resource res[2];
	struct vmr_constraint c[2];

	memset(range, 0, sizeof(range));
	ASSERT_EQ(0, vmr_system_init(&sys, &limits));
	vmr_constraint_init_fixed(&c[0], VMR_KIND_MMIO, 0x1000, 0x1000,
				  &range[0]);
	vmr_constraint_init_fixed(&c[1], VMR_KIND_IRQ, 5, 1, &range[1]);
	vmr_resource_set_init(&set, res, 2);
	ASSERT_EQ(0, vmr_system_alloc_resources(&sys, c, 2, &set, NULL, NULL));
	c[0].request.addr = 0x3000;
	EXPECT_EQ(0, vmr_system_update_resource(&sys, &res[0], &c[0], NULL));
	EXPECT_EQ((uint64_t)0x3000, range[0].start);
	EXPECT_EQ(0, vmr_id_free_range(&sys.irqs, &range[1]));
	vmr_system_free_resources(&sys, &set);
	EXPECT_EQ((size_t)0, set.nr);
	EXPECT_EQ((size_t)0, sys.mmio.nr_ranges);
	EXPECT_EQ((size_t)0, sys.irqs.space.nr_ranges);
}

/* A kind without a pool has alignment 1 if the request has none. */
TEST(whole_domain_without_alignment)
{
	const struct vmr_system_limits limits = {
		.mmio_last = 0xffffffff, .irq_last = 15, .slot_last = 31,
		.pci_last = 0xff, .id_last = 15,
	};
	static struct vmr_system plain;
	struct vmr_resource got[2];
	struct vmr_resource_set set = { .entries = got, .max = 2 };
	struct vmr_range a = { 0 }, b = { 0 };
	struct vmr_constraint c[2];

	ASSERT_EQ(0, vmr_system_init(&plain, &limits));
	vmr_constraint_init(&c[0], VMR_KIND_MMIO, 1, &a);
	vmr_constraint_init(&c[1], VMR_KIND_MMIO, 1, &b);
	c[0].request.align = 0;
	c[1].request.align = 0;
	ASSERT_EQ(0, vmr_system_alloc_resources(&plain, c, 2, &set, NULL, NULL));
	EXPECT_EQ(0U, a.start);
	EXPECT_EQ(1U, b.start);
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_regressions.c - bugs from public reports, reproduced
 *
 * Each test has the id of a report: ch is cloud-hypervisor, fc firecracker, kt
 * kvmtool, rv rust-vmm's vm-allocator, kvm its kvm-ioctls, acrn
 * acrn-hypervisor, edk2 the firmware, cve a public list of vulnerabilities. The
 * number is that of the issue or the pull request. A test checks only what its
 * report describes: if one bug is put back, exactly one test fails.
 */
#include <pthread.h>
#include <sched.h>

#include "../kselftest_harness.h"
#include "requires.h"

#include "card.h"

/*
 * The region that responds at an address. Unlike responder(), at() does not
 * check the data, which is the subject of another report.
 */
static struct vmr_region *at(enum vmr_io io, uint64_t addr)
{
	uint8_t byte;

	memset(&seen, 0, sizeof(seen));
	if (vmr_read(&m.reader, io, addr, &byte, 1, 1))
		return NULL;
	return seen.access.region;
}

static int is_at(const struct vmr_region *region, uint64_t start)
{
	enum vmr_io io = (enum vmr_io)region->io;

	return at(io, start) == region && seen.access.base == start &&
	       at(io, start + region->size - 1) == region;
}

#define EXPECT_IS_AT(region, start) \
	EXPECT_TRUE(is_at(region, start)) { \
		TH_LOG("%s is not mapped at %s", #region, #start); \
	}

static void wait_for(const unsigned int *flag, unsigned int value)
{
	while (__atomic_load_n(flag, __ATOMIC_ACQUIRE) != value)
		sched_yield();
}

static void set_flag(unsigned int *flag, unsigned int value)
{
	__atomic_store_n(flag, value, __ATOMIC_RELEASE);
}

static unsigned int get_flag(const unsigned int *flag)
{
	return __atomic_load_n(flag, __ATOMIC_ACQUIRE);
}

/*
 * A move of a BAR freed the old range before it found the new one in use. The
 * allocator then had the old range as free, but accesses to it were still
 * dispatched.
 */
TEST(ch_8203)
{
	struct vmr_range *conflict = NULL;
	struct probe mover, holder, next;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&mover, "mover", VMR_MMIO, 0xe0000000, 0x1000));
	ASSERT_EQ(0, probe_up(&holder, "holder", VMR_MMIO, 0xe0002000, 0x1000));
	REFUSED(-EBUSY, vmr_region_move(&m.manager, &mover.region[0],
					0xe0001800, &conflict));
	EXPECT_EQ(&holder.region[0].range, conflict);
	EXPECT_IS_AT(&mover.region[0], 0xe0000000);
	EXPECT_IS_AT(&holder.region[0], 0xe0002000);

	/*
	 * The range of the BAR that stayed is not allocated to the next
	 * device.
	 */
	probe_init(&next, "next");
	ASSERT_EQ(0, probe_region(&next, 0, VMR_MMIO, VMR_REGION_TRAPPED,
				  0x1000));
	vmr_constraint_init_bounded(probe_want(&next), VMR_KIND_MMIO, 0x1000, 0x1000,
				    0xe0000000, 0xe000ffff, &next.region[0].range);
	EXPECT_EQ(0, vmr_device_register(&m.manager, &next.dev, NULL, NULL));
	EXPECT_IS_AT(&next.region[0], 0xe0001000);
	EXPECT_SOUND();
}

/*
 * The guest programmed a BAR outside every window. Register and mapping
 * differed, and the activation of the device crashed.
 */
TEST(ch_7938)
{
	struct vmr_pci_function fn;
	uint64_t addr = 0;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_up(&fn, 1, VMR_PCI_BAR_MEM64, 0x4000));
	set_bar64(&fn, 0, (uint64_t)1 << 50);
	decode(&fn, DECODE_MEM);

	/* The register reads back. The BAR is not mapped. */
	EXPECT_EQ(((uint64_t)1 << 50) | 4, get_bar64(&fn, 0));
	EXPECT_FALSE(vmr_pci_bar_addr(&fn, 0, &addr));
	EXPECT_FALSE(vmr_region_mapping(bar(&fn, 0)).mapped);
	EXPECT_EQ(0U, m.sys.mmio.nr_ranges);
	EXPECT_EQ(0U, m.sys.mmio.nr_claims);
	EXPECT_NULL(at(VMR_MMIO, (uint64_t)1 << 50));

	/* The last valid address of the domain */
	set_bar64(&fn, 0, MACHINE_LAST - 0x3fff);
	EXPECT_TRUE(vmr_pci_bar_addr(&fn, 0, &addr));
	EXPECT_EQ(MACHINE_LAST - 0x3fff, addr);
	EXPECT_IS_AT(bar(&fn, 0), addr);
}

/*
 * With decode off, the guest gave the address of one function to another. The
 * old range was still allocated while the new one was deferred.
 */
TEST(ch_8572)
{
	static const uint32_t a1 = 0xe0000000, a2 = 0xe0100000;
	struct vmr_pci_function f[2];
	unsigned int order, k;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_up(&f[0], 1, VMR_PCI_BAR_MEM32, 0x1000));
	ASSERT_EQ(0, card_up(&f[1], 2, VMR_PCI_BAR_MEM32, 0x1000));
	/*
	 * Bit 0: which register is written first. Bit 1: which function is
	 * enabled first.
	 */
	for (order = 0; order < 4; order++) {
		set_bar(&f[0], 0, 0xd0000000);
		set_bar(&f[1], 0, a1);
		decode(&f[0], DECODE_MEM);
		decode(&f[1], DECODE_MEM);
		EXPECT_IS_AT(bar(&f[1], 0), a1);

		decode(&f[0], 0);
		decode(&f[1], 0);
		EXPECT_NULL(at(VMR_MMIO, a1));
		for (k = 0; k < 2; k++) {
			unsigned int i = (k ^ order) & 1;

			set_bar(&f[i], 0, i ? a2 : a1);
		}
		for (k = 0; k < 2; k++)
			decode(&f[(k ^ order >> 1) & 1], DECODE_MEM);
		EXPECT_IS_AT(bar(&f[0], 0), a1);
		EXPECT_IS_AT(bar(&f[1], 0), a2);
		decode(&f[0], 0);
		decode(&f[1], 0);
	}
	EXPECT_SOUND();
}

/*
 * Windows moves a live BAR onto another live one. The VMM refused, and the
 * guest tried again, gave up and hung.
 */
TEST(ch_8202)
{
	struct vmr_pci_function a, b;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_up(&a, 1, VMR_PCI_BAR_MEM32, 0x1000));
	ASSERT_EQ(0, card_up(&b, 2, VMR_PCI_BAR_MEM32, 0x2000));
	set_bar(&a, 0, 0xe0000000);
	set_bar(&b, 0, 0xe0100000);
	decode(&a, DECODE_MEM);
	decode(&b, DECODE_MEM);

	set_bar(&a, 0, 0xe0101000);
	/* The register reads back, so that the guest does not try again. */
	EXPECT_EQ(0xe0101000U, get_bar(&a, 0));
	EXPECT_EQ(VMR_CLAIMED, state_of(bar(&a, 0)));
	EXPECT_NULL(at(VMR_MMIO, 0xe0000000));
	EXPECT_IS_AT(bar(&b, 0), 0xe0100000);
	/* The range that blocks the claim can be found. */
	EXPECT_EQ(&bar(&b, 0)->range,
		  vmr_find_overlap(vmr_region_space(&m.manager, bar(&a, 0)),
				   bar(&a, 0)->range.start,
				   bar(&a, 0)->range.last));

	set_bar(&b, 0, 0xe0200000);
	EXPECT_IS_AT(bar(&b, 0), 0xe0200000);
	EXPECT_IS_AT(bar(&a, 0), 0xe0101000);
	EXPECT_EQ(0U, m.sys.mmio.nr_claims);
	EXPECT_SOUND();
}

/*
 * A driver sizes a BAR with decode on. The intermediate address overlaps other
 * regions or is 0.
 */
TEST(acrn_3208)
{
	struct vmr_pci_function fn;
	struct probe flash, low;
	int i;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, probe_up(&flash, "flash", VMR_MMIO, 0xffc00000, 0x400000));
	ASSERT_EQ(0, probe_up(&low, "low", VMR_MMIO, 0, 0x100000));
	ASSERT_EQ(0, card_up(&fn, 1, VMR_PCI_BAR_MEM32, 0x1000));
	set_bar(&fn, 0, 0xe0000000);
	decode(&fn, DECODE_MEM);
	for (i = 0; i < 2; i++) {
		set_bar(&fn, 0, i ? 0 : 0xffffffff);
		EXPECT_EQ(i ? 0 : 0xfffff000, get_bar(&fn, 0));
		EXPECT_EQ(i ? VMR_FREE : VMR_PARKED, state_of(bar(&fn, 0)));
		EXPECT_NULL(at(VMR_MMIO, 0xe0000000));
		EXPECT_IS_AT(&flash.region[0], 0xffc00000);
		EXPECT_IS_AT(&low.region[0], 0);
		set_bar(&fn, 0, 0xe0000000);
		EXPECT_IS_AT(bar(&fn, 0), 0xe0000000);
	}
	EXPECT_SOUND();
}

/*
 * OpenBSD sizes with 0xfffffff0. The VMM took this value for a move and
 * applied it when decode was switched on.
 */
TEST(ch_8598)
{
	struct vmr_pci_function fn;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_up(&fn, 1, VMR_PCI_BAR_MEM32, 0x1000));
	set_bar(&fn, 0, 0xe0000000);
	set_bar(&fn, 0, 0xfffffff0);
	EXPECT_EQ(0xfffff000U, get_bar(&fn, 0));
	EXPECT_EQ(VMR_PARKED, state_of(bar(&fn, 0)));
	decode(&fn, DECODE_MEM);
	EXPECT_EQ(VMR_PARKED, state_of(bar(&fn, 0)));
	EXPECT_NULL(at(VMR_MMIO, 0xfffff000));
	EXPECT_NULL(at(VMR_MMIO, 0xe0000000));
	set_bar(&fn, 0, 0xe0000000);
	EXPECT_IS_AT(bar(&fn, 0), 0xe0000000);
	set_bar(&fn, 0, 0xfffffff0);
	EXPECT_EQ(VMR_PARKED, state_of(bar(&fn, 0)));
	EXPECT_NULL(at(VMR_MMIO, 0xfffff000));
	EXPECT_NULL(at(VMR_MMIO, 0xe0000000));
	set_bar(&fn, 0, 0xe0000000);
	EXPECT_IS_AT(bar(&fn, 0), 0xe0000000);
}

/* A move of a 64-bit BAR that left the upper half unchanged was missed. */
TEST(ch_2508)
{
	struct vmr_pci_function fn;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_up(&fn, 1, VMR_PCI_BAR_MEM64, 0x4000));
	set_bar64(&fn, 0, 0x1e0000000);
	decode(&fn, DECODE_MEM);
	EXPECT_IS_AT(bar(&fn, 0), 0x1e0000000);
	set_bar(&fn, 0, 0xd0000000);
	EXPECT_IS_AT(bar(&fn, 0), 0x1d0000000);
	EXPECT_NULL(at(VMR_MMIO, 0x1e0000000));
	/* A later write of the unchanged upper half has no effect. */
	set_bar(&fn, 0, 0xc0000000);
	set_bar(&fn, 1, 1);
	EXPECT_IS_AT(bar(&fn, 0), 0x1c0000000);
}

/*
 * The guest writes a 64-bit BAR as two halves. The intermediate address was
 * taken for a move.
 */
TEST(fc_6091)
{
	struct vmr_pci_function fn, other;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_up(&fn, 1, VMR_PCI_BAR_MEM64, 0x4000));
	ASSERT_EQ(0, card_up(&other, 2, VMR_PCI_BAR_MEM64, 0x4000));
	set_bar64(&fn, 0, 0x1e0000000);
	/* The address with the new lower and the old upper half */
	set_bar64(&other, 0, 0x1d0000000);
	decode(&fn, DECODE_MEM);
	decode(&other, DECODE_MEM);

	set_bar(&fn, 0, 0xd0000000);
	EXPECT_IS_AT(bar(&other, 0), 0x1d0000000);
	set_bar(&fn, 1, 2);
	EXPECT_IS_AT(bar(&fn, 0), 0x2d0000000);
	EXPECT_IS_AT(bar(&other, 0), 0x1d0000000);
	EXPECT_NULL(at(VMR_MMIO, 0x1e0000000));
	EXPECT_EQ(0U, m.sys.mmio.nr_claims);
	EXPECT_SOUND();
}

/* Two BARs had one address. The VMM searched the BAR to move by its address. */
TEST(ch_8695)
{
	struct vmr_pci_function a, b;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_up(&a, 1, VMR_PCI_BAR_MEM32, 0x1000));
	ASSERT_EQ(0, card_up(&b, 2, VMR_PCI_BAR_MEM32, 0x1000));
	set_bar(&a, 0, 0xe0000000);
	decode(&a, DECODE_MEM);
	set_bar(&b, 0, 0xe1000000);
	decode(&b, DECODE_MEM);
	set_bar(&b, 0, 0xe0000000);
	EXPECT_IS_AT(bar(&a, 0), 0xe0000000);
	/* The guest moves the second BAR. The first one stays. */
	set_bar(&b, 0, 0xe2000000);
	EXPECT_IS_AT(bar(&a, 0), 0xe0000000);
	EXPECT_IS_AT(bar(&b, 0), 0xe2000000);
	EXPECT_NULL(at(VMR_MMIO, 0xe1000000));
	EXPECT_SOUND();
}

static int add_pool(uint32_t kinds, uint64_t start, uint64_t last,
		    uint32_t flags, enum vmr_policy policy)
{
	const struct vmr_system_pool pool = {
		.pool = {
			.start = start,
			.last = last,
			.align = 0x1000,
			.policy = policy,
		},
		.kinds = kinds,
		.flags = flags,
	};

	return vmr_system_add_pool(&m.sys, &pool);
}

/* A BAR moved between windows that had separate allocators. */
TEST(ch_7010)
{
	const uint32_t kinds = 1u << VMR_KIND_MMIO;
	struct probe p, q;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, add_pool(kinds, 0x800000000, 0xbffffffff, VMR_64BIT,
			      VMR_FIRST));
	ASSERT_EQ(0, add_pool(kinds, 0xe0000000, 0xefffffff, 0, VMR_FIRST));
	ASSERT_EQ(0, probe_up_unmapped(&p, "p", VMR_MMIO, 0x10000000));
	EXPECT_EQ(0, vmr_region_program(&m.manager, &p.region[0], 0xe0000000));
	EXPECT_IS_AT(&p.region[0], 0xe0000000);
	EXPECT_EQ(0, vmr_region_program(&m.manager, &p.region[0], 0x800000000));
	EXPECT_IS_AT(&p.region[0], 0x800000000);
	EXPECT_NULL(at(VMR_MMIO, 0xe0000000));

	/* The range that the BAR has left is free in the lower window only. */
	probe_init(&q, "q");
	ASSERT_EQ(0, probe_region(&q, 0, VMR_MMIO, VMR_REGION_TRAPPED,
				  0x10000000));
	ASSERT_EQ(0, probe_region(&q, 1, VMR_MMIO, VMR_REGION_TRAPPED,
				  0x10000000));
	vmr_constraint_init(probe_want(&q), VMR_KIND_MMIO, 0x10000000,
			    &q.region[0].range);
	vmr_constraint_init(probe_want(&q), VMR_KIND_MMIO, 0x10000000,
			    &q.region[1].range);
	q.want[1].flags = VMR_64BIT;
	EXPECT_EQ(0, vmr_device_register(&m.manager, &q.dev, NULL, NULL));
	EXPECT_IS_AT(&q.region[0], 0xe0000000);
	EXPECT_IS_AT(&q.region[1], 0x810000000);
	EXPECT_SOUND();
}

/*
 * Bottom-up placement put a fixed region at the address to which the guest
 * moved the BAR of a hot-plugged card.
 */
TEST(ch_8195)
{
	const uint32_t kinds = 1u << VMR_KIND_MMIO;
	struct probe card, fixed, other;

	ASSERT_EQ(0, machine_up());
	/* The guest allocates from below and the VMM from above. */
	ASSERT_EQ(0, add_pool(kinds, 0xe0000000, 0xe00fffff, 0, VMR_LAST));
	ASSERT_EQ(0, probe_up_unmapped(&card, "card", VMR_MMIO, 0x10000));
	ASSERT_EQ(0, vmr_region_park(&m.manager, &card.region[0], 0xe0000000));

	probe_init(&fixed, "fixed");
	ASSERT_EQ(0, probe_region(&fixed, 0, VMR_MMIO, VMR_REGION_TRAPPED,
				  0x1000));
	vmr_constraint_init(probe_want(&fixed), VMR_KIND_MMIO, 0x1000,
			    &fixed.region[0].range);
	ASSERT_EQ(0, vmr_device_register(&m.manager, &fixed.dev, NULL, NULL));
	EXPECT_IS_AT(&fixed.region[0], 0xe00ff000);

	/*
	 * Placement from below avoids the address that the guest has written.
	 */
	probe_init(&other, "other");
	ASSERT_EQ(0, probe_region(&other, 0, VMR_MMIO, VMR_REGION_TRAPPED,
				  0x1000));
	vmr_constraint_init(probe_want(&other), VMR_KIND_MMIO, 0x1000,
			    &other.region[0].range);
	other.want[0].request.policy = VMR_FIRST;
	ASSERT_EQ(0, vmr_device_register(&m.manager, &other.dev, NULL, NULL));
	EXPECT_IS_AT(&other.region[0], 0xe0010000);

	EXPECT_EQ(0, vmr_region_program(&m.manager, &card.region[0],
					0xe0000000));
	EXPECT_IS_AT(&card.region[0], 0xe0000000);
}

/*
 * A table of mappings that follows the notifications, as those of KVM and of
 * an IOMMU do
 */
struct mapping {
	struct vmr_listener	listener;
	struct vmr_mapping	current;
	int			stale;	/* old mapping differed */
};

static void mapping_changed(struct vmr_listener *listener,
			    struct vmr_region *region,
			    const struct vmr_mapping *old,
			    const struct vmr_mapping *new_)
{
	struct mapping *map = owner_of(listener, struct mapping, listener);

	(void)region;
	if (old->mapped != map->current.mapped ||
	    (old->mapped && old->start != map->current.start))
		map->stale = 1;
	map->current = *new_;
}

/* A BAR moved, and the mappings of KVM followed, but not those of the IOMMU. */
TEST(ch_7027)
{
	struct mapping kvm = { .listener.region_changed = mapping_changed };
	struct mapping iommu = { .listener.region_changed = mapping_changed };
	struct mapping *map[2] = { &kvm, &iommu };
	uint32_t addr[3] = { 0xe0000000, 0xe0100000, 0xe0200008 };
	struct vmr_pci_function fn;
	int i, k;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, vmr_listener_register(&m.manager, &kvm.listener));
	ASSERT_EQ(0, vmr_listener_register(&m.manager, &iommu.listener));
	ASSERT_EQ(0, card_up(&fn, 1, VMR_PCI_BAR_MEM32, 0x100000));
	bar(&fn, 0)->type = VMR_REGION_MEMORY;
	set_bar(&fn, 0, addr[0]);
	decode(&fn, DECODE_MEM);
	for (i = 0; i < 3; i++) {
		if (i)
			set_bar(&fn, 0, addr[i]);
		for (k = 0; k < 2; k++) {
			EXPECT_TRUE(map[k]->current.mapped);
			EXPECT_EQ(addr[i] & 0xfff00000, map[k]->current.start);
			EXPECT_EQ((addr[i] & 0xfff00000) + 0xfffff,
				  map[k]->current.last);
		}
	}
	EXPECT_EQ(1, vmr_pci_unplug(&fn));
	for (k = 0; k < 2; k++) {
		EXPECT_FALSE(map[k]->current.mapped);
		EXPECT_FALSE(map[k]->stale);
	}
}

static struct probe *plugging;
static int early, partial;

/*
 * The guest scans the bus inside set_resources(), before the device is
 * registered.
 */
static void scan_early(struct probe *p)
{
	int i;

	for (i = 0; i < 3; i++)
		early += at((enum vmr_io)p->region[i].io,
			    p->want[i].range->start) != NULL;
	early += vmr_next_device(&m.manager, NULL) == &p->dev;
}

static void scan_late(struct vmr_listener *listener, struct vmr_region *region,
		      const struct vmr_mapping *old,
		      const struct vmr_mapping *new_)
{
	int i;

	(void)listener;
	(void)region;
	(void)old;
	(void)new_;
	for (i = 0; i < 3; i++)
		partial += !is_at(&plugging->region[i],
				  plugging->region[i].range.start);
}

/*
 * Hot-plug made a device visible before it registered the mapping. The guest
 * scanned the bus in between.
 */
TEST(ch_8369)
{
	struct vmr_listener listener = { .region_changed = scan_late };
	struct probe p;
	int i;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, vmr_listener_register(&m.manager, &listener));
	probe_init(&p, "p");
	p.on_grant = scan_early;
	plugging = &p;
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, probe_region_at(&p, i, i ? VMR_MMIO : VMR_PIO,
					     0x1000 * (i + 1), 0x10));
	ASSERT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
	EXPECT_EQ(1U, p.granted);
	/* The device becomes reachable atomically. */
	EXPECT_EQ(0, early);
	EXPECT_EQ(0, partial);
	for (i = 0; i < 3; i++)
		EXPECT_IS_AT(&p.region[i], 0x1000U * (i + 1));
}

/*
 * A reader that accesses one address all the time. Each dispatched access must
 * reach the only device there.
 */
struct runner {
	struct vmr_reader	reader;
	pthread_t		thread;
	unsigned int		dispatched;
	unsigned int		errors;
	char			pad[64];
};

static unsigned int runners_end;
static struct vmr_pci_function cycled;

static void cycled_read(struct vmr_device *dev, const struct vmr_access *access,
			void *data)
{
	struct runner *r = owner_of(access->reader, struct runner, reader);

	if (dev != &cycled.dev || access->region != &cycled.bars[0].region ||
	    access->base != 0xe0000000)
		r->errors++;
	memset(data, 0, access_bytes(access));
	set_flag(&r->dispatched, r->dispatched + 1);
}

static const struct vmr_device_ops cycled_ops = { .read = cycled_read };

static void *run(void *arg)
{
	struct runner *r = arg;
	uint32_t data;
	int i;

	/*
	 * Yield outside the callback, so that few preemptions happen inside
	 * it.
	 */
	while (!get_flag(&runners_end)) {
		for (i = 0; i < 16; i++)
			vmr_read(&r->reader, VMR_MMIO, 0xe0000800, &data, 4, 1);
		sched_yield();
	}
	return NULL;
}

static unsigned int dispatched_by(const struct runner *r, int nr)
{
	unsigned int dispatched = 0;

	while (nr--)
		dispatched += get_flag(&r[nr].dispatched);
	return dispatched;
}

/*
 * Plug and unplug the card once, without failures or leaks. In between, wait
 * until the readers have made @dispatched accesses in all.
 */
static int cycle(const struct vmr_pci_function *fn, uint32_t address,
		 const struct runner *r, unsigned int dispatched)
{
	const uint8_t low[4] = { 0x00, 0x00, 0x00, 0xe0 }, on[2] = { 2, 0 };

	if (vmr_pci_plug(&m.manager, &cycled, address) ||
	    vmr_id_value(&cycled.dev.id) != 1 || vmr_id_value(&fn->dev.id) ||
	    vmr_pci_find_function(&m.manager, address) != &cycled)
		return -1;
	if (vmr_pci_config_write(&cycled, 0x10, low, 4) ||
	    vmr_pci_config_write(&cycled, COMMAND, on, 2) ||
	    state_of(bar(&cycled, 0)) != VMR_LIVE)
		return -1;
	while (dispatched_by(r, 2) < dispatched)
		sched_yield();
	if (vmr_pci_unplug(&cycled) != 1 ||
	    vmr_device_drain(&m.manager, &cycled.dev))
		return -1;
	return m.sys.mmio.nr_ranges || m.sys.mmio.nr_claims ||
	       m.sys.device_ids.space.nr_ranges != 1 || m.sys.pci_bdfs.space.nr_ranges != 1;
}

FIXTURE(long_run)
{
};

FIXTURE_SETUP(long_run)
{
	NEEDS(threads);
}

FIXTURE_TEARDOWN(long_run)
{
}

#define CYCLES	100000u

/*
 * A device was added and removed in a loop. Ids were not unique, a slot was
 * lost, and finally the interface hung.
 */
TEST_F_TIMEOUT(long_run, ch_8146, 300)
{
	static struct runner r[2];
	unsigned int n, cycles = CYCLES / test_part(), failed = 0;
	struct vmr_pci_function resident;
	int i;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, card_up(&resident, 1, VMR_PCI_BAR_MEM32, 0x1000));
	ASSERT_EQ(0, card_init(&cycled, "cycled"));
	cycled.dev.ops = &cycled_ops;
	ASSERT_EQ(0, vmr_pci_add_bar(&cycled, 0, VMR_PCI_BAR_MEM32, false, 0x1000,
				     "bar"));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, reader_attach(&r[i].reader));
		ASSERT_EQ(0, pthread_create(&r[i].thread, NULL, run, &r[i]));
	}
	/* The readers must make progress even if they share one busy CPU. */
	for (n = 0; !failed && n < cycles; n++)
		failed += cycle(&resident, 8 * (2 + n % 30), r,
				n / 80 * 16) != 0;
	EXPECT_EQ(0U, failed) {
		TH_LOG("cycle %u", n);
	}
	TH_LOG("%u cycles, %u accesses dispatched", n, dispatched_by(r, 2));
	set_flag(&runners_end, 1);
	for (i = 0; i < 2; i++) {
		pthread_join(r[i].thread, NULL);
		EXPECT_EQ(0U, r[i].errors);
		EXPECT_EQ(0, vmr_reader_detach(&r[i].reader));
	}
	EXPECT_SOUND();
}

/*
 * The VMM panicked at a second request to remove a device that the guest had
 * not released.
 */
TEST(ch_8559)
{
	struct probe p, q;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0xe0000000, 0x1000));
	EXPECT_EQ(0, vmr_device_request_removal(&m.manager, &p.dev));
	EXPECT_EQ(-EALREADY, vmr_device_request_removal(&m.manager, &p.dev));
	/* The device stays registered until the guest releases it. */
	EXPECT_IS_AT(&p.region[0], 0xe0000000);
	EXPECT_EQ(&p.dev, vmr_find_device_by_id(&m.manager, 0));
	probe_init(&q, "q");
	ASSERT_EQ(0, probe_region_at(&q, 0, VMR_MMIO, 0xe0000000, 0x1000));
	EXPECT_EQ(-EBUSY, vmr_device_register(&m.manager, &q.dev, NULL, NULL));
	/* The guest can refuse, and the VMM can ask again. */
	EXPECT_EQ(0, vmr_device_cancel_removal(&m.manager, &p.dev));
	EXPECT_EQ(-ENOENT, vmr_device_cancel_removal(&m.manager, &p.dev));
	EXPECT_EQ(0, vmr_device_request_removal(&m.manager, &p.dev));
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &p.dev));
	EXPECT_EQ(-ENOENT, vmr_device_request_removal(&m.manager, &p.dev));
	EXPECT_EQ(-ENOENT, vmr_device_cancel_removal(&m.manager, &p.dev));
	EXPECT_EQ(0, vmr_device_register(&m.manager, &q.dev, NULL, NULL));
	EXPECT_EQ(0U, vmr_id_value(&q.dev.id));
	EXPECT_IS_AT(&q.region[0], 0xe0000000);
}

static unsigned int is_inside, may_leave, has_left;

static void stay_inside(struct probe *p, const struct vmr_access *access)
{
	(void)p;
	(void)access;
	set_flag(&is_inside, 1);
	wait_for(&may_leave, 1);
	set_flag(&has_left, 1);
}

struct call {
	struct vmr_reader	reader;
	pthread_t		thread;
	uint64_t		addr;
	unsigned int		times;
	int			ret;
};

static void *call(void *arg)
{
	struct call *c = arg;
	uint8_t byte;

	while (c->times--)
		c->ret |= vmr_read(&c->reader, VMR_MMIO, c->addr, &byte, 1, 1);
	return NULL;
}

static int start_call(struct call *c)
{
	int ret = reader_attach(&c->reader);

	return ret ? ret : pthread_create(&c->thread, NULL, call, c);
}

/*
 * The VMM paused the machine under a lock that a vCPU needed to complete its
 * access.
 */
TEST(ch_8028)
{
	struct call stuck = { .addr = 0x1000, .times = 1 };
	struct call vcpu = { .addr = 0x2000, .times = 1000 };
	struct probe p, q, added;

	NEEDS(threads);
	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	ASSERT_EQ(0, probe_up(&q, "q", VMR_MMIO, 0x2000, 0x1000));
	p.inside = stay_inside;
	q.dev.ops = &(const struct vmr_device_ops){ .read = NULL };
	ASSERT_EQ(0, start_call(&stuck));
	wait_for(&is_inside, 1);

	/*
	 * While one vCPU is in a callback, other vCPUs and the writer make
	 * progress.
	 */
	EXPECT_EQ(0, start_call(&vcpu));
	pthread_join(vcpu.thread, NULL);
	EXPECT_EQ(0, vcpu.ret);
	EXPECT_EQ(0, vmr_reader_detach(&vcpu.reader));
	EXPECT_EQ(0, probe_up(&added, "added", VMR_MMIO, 0x3000, 0x1000));
	EXPECT_EQ(0, vmr_region_move(&m.manager, &added.region[0], 0x5000,
				     NULL));
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &added.dev));
	EXPECT_EQ(0U, get_flag(&has_left));
	set_flag(&may_leave, 1);
	pthread_join(stuck.thread, NULL);
	EXPECT_EQ(0, stuck.ret);
}

static pthread_mutex_t writers = PTHREAD_MUTEX_INITIALIZER;

/*
 * The guest resets a device, and the device needs the update-side lock for the
 * reset.
 */
static void reset_device(struct probe *p, const struct vmr_access *access)
{
	(void)access;
	set_flag(&is_inside, 1);
	pthread_mutex_lock(&writers);
	p->result = vmr_region_unmap(&m.manager, &p->region[0]);
	pthread_mutex_unlock(&writers);
	set_flag(&has_left, 1);
}

/*
 * Hot-plug took the lock of the allocator before that of the bus. A reset by
 * the guest took them in the opposite order.
 */
TEST(fc_6087)
{
	struct call reset = { .addr = 0x1000, .times = 1 };
	struct probe p, q;

	NEEDS(threads);
	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	p.inside = reset_device;
	pthread_mutex_lock(&writers);
	ASSERT_EQ(0, start_call(&reset));
	wait_for(&is_inside, 1);
	/*
	 * The reset waits for the lock. Calls under the lock do not wait for
	 * the reset.
	 */
	EXPECT_EQ(0, probe_up(&q, "q", VMR_MMIO, 0x2000, 0x1000));
	EXPECT_EQ(0, vmr_region_program(&m.manager, &p.region[0], 0x3000));
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &p.dev));
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &q.dev));
	EXPECT_EQ(0U, get_flag(&has_left));
	pthread_mutex_unlock(&writers);
	pthread_join(reset.thread, NULL);
	/* The device is unregistered already. */
	EXPECT_EQ(-ENOENT, p.result);
	EXPECT_EQ(0, vmr_device_drain(&m.manager, &p.dev));
	EXPECT_EQ(0U, m.sys.mmio.nr_ranges);
}

/*
 * Detach read the address of a BAR, and a vCPU moved the BAR. Removal by the
 * old address then failed for ever.
 */
TEST(fc_6092)
{
	struct probe p, q;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0xe0000000, 0x1000));
	ASSERT_EQ(0, probe_up(&q, "q", VMR_MMIO, 0xe0001000, 0x1000));
	EXPECT_EQ(0xe0000000U, p.got[0].start);
	EXPECT_EQ(0, vmr_region_program(&m.manager, &p.region[0], 0xe0008000));
	EXPECT_EQ(0, vmr_region_program(&m.manager, &q.region[0], 0xe0000000));
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &p.dev));
	EXPECT_EQ(VMR_FREE, state_of(&p.region[0]));
	EXPECT_NULL(at(VMR_MMIO, 0xe0008000));
	/* The device that is now at the old address stays registered. */
	EXPECT_IS_AT(&q.region[0], 0xe0000000);
	EXPECT_EQ(1U, m.sys.mmio.nr_ranges);
	EXPECT_EQ(-ENOENT, vmr_device_unregister(&m.manager, &p.dev));
	EXPECT_SOUND();
}

/* Detach leaked the range of a BAR and the MSI-X vectors. */
TEST(fc_6136)
{
	struct vmr_constraint want;
	struct vmr_resource got;
	struct vmr_pci_function fn;
	struct vmr_range vectors = { .start = 0 };
	int i;

	ASSERT_EQ(0, pci_up());
	ASSERT_EQ(0, card_init(&fn, "fn"));
	ASSERT_EQ(0, vmr_pci_add_bar(&fn, 0, VMR_PCI_BAR_MEM32, false, 0x1000, ""));
	vmr_constraint_init(&want, VMR_KIND_MSIX, 33, &vectors);
	fn.dev.constraints = &want;
	fn.dev.nr_constraints = 1;
	vmr_resource_set_init(&fn.dev.resources, &got, 1);
	/* The machine has vectors for one function at a time. */
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, vmr_pci_plug(&m.manager, &fn, 8));
		EXPECT_EQ(0U, got.start);
		set_bar(&fn, 0, 0xe0000000);
		decode(&fn, DECODE_MEM);
		EXPECT_EQ(1, vmr_pci_unplug(&fn));
		EXPECT_EQ(0U, m.sys.mmio.nr_ranges);
		EXPECT_EQ(0U, m.sys.irqs.space.nr_ranges);
		EXPECT_EQ(0U, m.sys.pci_bdfs.space.nr_ranges);
	}
	EXPECT_SOUND();
}

/* A failed attach leaked its PCI slot. After 32 failures no slot was left. */
TEST(fc_5870)
{
	struct vmr_pci_function fn[32];
	struct vmr_range vectors = { .start = 0 };
	struct vmr_constraint want;
	struct vmr_resource got;
	uint32_t slot;

	ASSERT_EQ(0, machine_up());
	vmr_constraint_init(&want, VMR_KIND_MSI_GENERIC, 65, &vectors);
	for (slot = 0; slot < 32; slot++) {
		ASSERT_EQ(0, card_init(&fn[slot], "fn"));
		/*
		 * First no vectors are free, then the device refuses its
		 * resources.
		 */
		fn[slot].dev.constraints = &want;
		fn[slot].dev.nr_constraints = 1;
		vmr_resource_set_init(&fn[slot].dev.resources, &got, 1);
		EXPECT_EQ(-ENOSPC, vmr_pci_plug(&m.manager, &fn[slot],
						8 * slot));
		fn[slot].dev.nr_constraints = 0;
		card_refuses = -EBUSY;
		EXPECT_EQ(-EBUSY, vmr_pci_plug(&m.manager, &fn[slot],
					       8 * slot));
		card_refuses = 0;
	}
	EXPECT_EQ(0U, m.sys.pci_bdfs.space.nr_ranges);
	EXPECT_EQ(0U, m.sys.device_ids.space.nr_ranges);
	for (slot = 0; slot < 32; slot++) {
		EXPECT_EQ(0, vmr_pci_plug(&m.manager, &fn[slot], 8 * slot));
		EXPECT_EQ(slot, vmr_id_value(&fn[slot].dev.id));
	}
}

static int alloc_one(struct vmr_constraint *want, struct vmr_resource *got,
		     uint32_t kind, struct vmr_range *range)
{
	struct vmr_resource_set set;

	vmr_resource_set_init(&set, got, 1);
	vmr_constraint_init(want, kind, 1, range);
	return vmr_system_alloc_resources(&m.sys, want, 1, &set, NULL, NULL);
}

static void free_one(struct vmr_resource *got)
{
	struct vmr_resource_set set = { .entries = got, .nr = 1, .max = 1 };

	vmr_system_free_resources(&m.sys, &set);
}

/* The numbers of memory slots only increased until KVM refused them. */
TEST(ch_6842)
{
	struct vmr_range slot[33] = { { .start = 0 } };
	struct vmr_resource got[33];
	struct vmr_constraint want;
	unsigned int i;

	ASSERT_EQ(0, machine_up());
	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(0, alloc_one(&want, &got[0], VMR_KIND_MEM_SLOT, &slot[0]));
		EXPECT_EQ(0U, got[0].start);
		free_one(&got[0]);
	}
	for (i = 0; i < 32; i++) {
		ASSERT_EQ(0, alloc_one(&want, &got[i], VMR_KIND_MEM_SLOT, &slot[i]));
		EXPECT_EQ(i, got[i].start);
	}
	EXPECT_EQ(-ENOSPC, alloc_one(&want, &got[32], VMR_KIND_MEM_SLOT, &slot[32]));
	free_one(&got[20]);
	free_one(&got[7]);
	EXPECT_EQ(0, alloc_one(&want, &got[32], VMR_KIND_MEM_SLOT, &slot[32]));
	EXPECT_EQ(7U, got[32].start);
}

#define ENTRIES	2048

/* Mask or unmask an entry of an MSI-X table, as the guest does. */
static void mask(struct vmr_pci_function *fn, struct vmr_pci_msix *msix,
		 uint32_t entry, uint8_t masked)
{
	const uint8_t data[4] = { masked };

	vmr_pci_msix_write(fn, msix, entry * 16 + 12, data, 4);
}

/*
 * The VMM allocated GSIs for every vector that a device advertises. One NVMe
 * drive with 2048 vectors used up all 4096.
 */
TEST(ch_7940)
{
	static struct vmr_pci_msix_entry table[3][ENTRIES];
	const struct vmr_pci_msix_layout layout = { .pba_offset = 0x8000 };
	struct vmr_pci_msix msix[3] = { { .nr = 0 } };
	struct vmr_pci_function fn[3];
	uint32_t i, k;

	ASSERT_EQ(0, pci_up());
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, card_init(&fn[i], "nvme"));
		ASSERT_EQ(0, vmr_pci_add_bar(&fn[i], 0, VMR_PCI_BAR_MEM64, false,
					     0x10000, "table"));
		ASSERT_EQ(0, vmr_pci_add_msix(&fn[i], &msix[i], 0x40, table[i],
					      ENTRIES, &layout));
		ASSERT_EQ(0, vmr_pci_plug(&m.manager, &fn[i], 8 * i));
		/*
		 * MSI-X is enabled with all entries masked: no vector is in
		 * use.
		 */
		for (k = 0; k < ENTRIES; k++)
			mask(&fn[i], &msix[i], k, 1);
		conf_out_at(8 * i, 0x42, 0x8000, 2);
		EXPECT_EQ(0U, m.sys.irqs.space.nr_ranges);
	}
	for (i = 0; i < 3; i++)
		for (k = 0; k < 20; k++)
			mask(&fn[i], &msix[i], k * 100, 0);
	EXPECT_EQ(60U, m.sys.irqs.space.nr_ranges);
	EXPECT_TRUE(vmr_id_is_allocated(&m.sys.irqs,
					vmr_id_value(&table[2][1900].range)));

	/*
	 * The machine has 64 vectors. A failure is reported for its entry
	 * only.
	 */
	for (k = 0; k < 5; k++)
		mask(&fn[0], &msix[0], 1 + k, 0);
	EXPECT_EQ(64U, m.sys.irqs.space.nr_ranges);
	EXPECT_EQ(0, table[0][4].error);
	EXPECT_EQ(-ENOSPC, table[0][5].error);
	EXPECT_EQ(VMR_FREE, vmr_range_state(&table[0][5].range));
	/* Masking an entry keeps its vector. */
	mask(&fn[2], &msix[2], 1900, 1);
	EXPECT_EQ(64U, m.sys.irqs.space.nr_ranges);
	/* Vectors that are freed serve the entry that waits, then others. */
	conf_out_at(16, 0x42, 0, 2);
	EXPECT_EQ(0, table[0][5].error);
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&table[0][5].range));
	EXPECT_EQ(45U, m.sys.irqs.space.nr_ranges);
	mask(&fn[1], &msix[1], 1, 0);
	EXPECT_EQ(0, table[1][1].error);
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&table[1][1].range));
	EXPECT_EQ(0, vmr_pci_unplug(&fn[0]));
	EXPECT_EQ(21U, m.sys.irqs.space.nr_ranges);
	EXPECT_SOUND();
}

/*
 * Freeing an id that had never been allocated was accepted. The id was then
 * allocated twice.
 */
TEST(rv_120)
{
	struct vmr_range id[3] = { { .start = 0 } };
	struct vmr_id_pool ids;

	ASSERT_EQ(0, vmr_id_pool_init(&ids, 5, 10));
	ASSERT_EQ(0, vmr_id_alloc(&ids, &id[0]));
	EXPECT_EQ(-ENOENT, vmr_id_free(&ids, 6, NULL));
	ASSERT_EQ(0, vmr_id_alloc(&ids, &id[1]));
	ASSERT_EQ(0, vmr_id_alloc(&ids, &id[2]));
	EXPECT_EQ(5U, vmr_id_value(&id[0]));
	EXPECT_EQ(6U, vmr_id_value(&id[1]));
	EXPECT_EQ(7U, vmr_id_value(&id[2]));
	EXPECT_EQ(0, vmr_id_free(&ids, 7, NULL));
	EXPECT_EQ(-EALREADY, vmr_id_free(&ids, 7, NULL));
	EXPECT_EQ(-ENOENT, vmr_id_free(&ids, 8, NULL));
	EXPECT_EQ(-ERANGE, vmr_id_free(&ids, 11, NULL));
}

/*
 * A fixed request inside an allocated range succeeded. A fixed request for the
 * last byte of a gap failed. The whole domain could not be managed.
 */
TEST(rv_exact)
{
	struct vmr_range *conflict = NULL;
	struct vmr_range a = { .start = 0 }, b = { .start = 0 };
	struct vmr_space space;
	struct vmr_pool pool;

	ASSERT_EQ(0, vmr_space_init(&space, 0, VMR_ADDR_MAX));
	ASSERT_EQ(0, vmr_pool_init_span(&pool, &space, 0, VMR_ADDR_MAX,
					"all"));
	ASSERT_EQ(0, vmr_pool_reserve(&pool, &a, 0x1000, 0x800, 1, NULL));
	EXPECT_EQ(-EBUSY, vmr_pool_reserve(&pool, &b, 0x1100, 0x100, 1,
					   &conflict));
	EXPECT_EQ(&a, conflict);
	/* The last byte of either gap */
	EXPECT_EQ(0, vmr_pool_reserve(&pool, &b, 0xfff, 1, 1, NULL));
	EXPECT_EQ(0, vmr_free(&space, &b));
	EXPECT_EQ(0, vmr_pool_reserve(&pool, &b, VMR_ADDR_MAX, 1, 1, NULL));
	EXPECT_EQ(0, vmr_free(&space, &b));
	EXPECT_EQ(0, vmr_free(&space, &a));
	EXPECT_EQ(0, vmr_reserve(&space, &a, 0, VMR_ADDR_MAX, NULL));
	EXPECT_EQ(1U, vmr_space_used(&space).high);
	EXPECT_EQ(&a, vmr_find(&space, VMR_ADDR_MAX));
	EXPECT_EQ(-EBUSY, vmr_pool_reserve(&pool, &b, VMR_ADDR_MAX, 1, 1, NULL));
	EXPECT_EQ(0, vmr_free(&space, &a));
	EXPECT_EQ(1U, vmr_space_unused(&space).high);
}

/* `rep ins` has size times count bytes, and failed a check of the size. */
TEST(kvm_371)
{
	struct probe ide;
	uint8_t sector[512];

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&ide, "ide", VMR_PIO, 0x1f0, 8));
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_PIO, 0x1f0, sector, 2, 256));
	EXPECT_EQ(1U, seen.calls);
	EXPECT_EQ(2U, seen.access.width);
	EXPECT_EQ(256U, seen.access.count);
	EXPECT_EQ(0U, seen.access.offset);
	EXPECT_EQ(0xbf, sector[511]);
	EXPECT_EQ(0, vmr_write(&m.reader, VMR_PIO, 0x1f7, sector, 1, 512));
	EXPECT_EQ(1U, seen.access.width);
	EXPECT_EQ(512U, seen.access.count);
}

/* A read from an unmapped address returned the data of the previous access. */
TEST(ch_8237)
{
	struct probe p;
	uint8_t page[8];	/* shared, as KVM's run page */

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, 0x1000, page, 8, 1));
	EXPECT_EQ(0x80, page[0]);
	EXPECT_EQ(-ENXIO, vmr_read(&m.reader, VMR_MMIO, 0x2000, page, 8, 1));
	EXPECT_EQ(0, memcmp(page, "\xff\xff\xff\xff\xff\xff\xff\xff", 8));
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, 0x1000, page, 8, 1));
	/* Half of the access is unmapped. */
	EXPECT_EQ(-ENXIO, vmr_read(&m.reader, VMR_MMIO, 0x1ffc, page, 8, 1));
	EXPECT_EQ(0, memcmp(page, "\xff\xff\xff\xff\xff\xff\xff\xff", 8));
}

/*
 * A vCPU is inside a callback while another thread unregisters the device. For
 * this the VMM counted references under a global mutex, twice for each exit.
 */
TEST(kt_mmio)
{
	struct call vcpu = { .addr = 0x1000, .times = 1 };
	struct probe p;

	NEEDS(threads);
	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	p.inside = stay_inside;
	ASSERT_EQ(0, start_call(&vcpu));
	wait_for(&is_inside, 1);
	/*
	 * The call unmaps the device without waiting. The memory of the device
	 * is still in use.
	 */
	EXPECT_EQ(1, vmr_device_unregister(&m.manager, &p.dev));
	EXPECT_NULL(at(VMR_MMIO, 0x1000));
	EXPECT_EQ(-EAGAIN, vmr_device_try_drain(&m.manager, &p.dev));
	EXPECT_EQ(0U, get_flag(&has_left));
	set_flag(&may_leave, 1);
	EXPECT_EQ(0, vmr_device_drain(&m.manager, &p.dev));
	EXPECT_EQ(1U, get_flag(&has_left));
	/* After the drain the memory can be reused. */
	memset(&p, 0xdd, sizeof(p));
	pthread_join(vcpu.thread, NULL);
	EXPECT_EQ(0, vcpu.ret);
}

/*
 * BARs and interrupt lines were numbered by counters that only increased, one
 * of them with 8 bits.
 */
TEST(kt_bump)
{
	const uint32_t kinds = 1u << VMR_KIND_MMIO;
	struct probe p;
	int i;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, add_pool(kinds, 0xd2000000, 0xd200ffff, 0, VMR_FIRST));
	probe_init(&p, "p");
	ASSERT_EQ(0, probe_region(&p, 0, VMR_MMIO, VMR_REGION_TRAPPED, 0x1000));
	vmr_constraint_init(probe_want(&p), VMR_KIND_MMIO, 0x1000,
			    &p.region[0].range);
	vmr_constraint_init(probe_want(&p), VMR_KIND_IRQ, 1, &p.node[0]);
	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(0, vmr_device_register(&m.manager, &p.dev, NULL, NULL));
		EXPECT_EQ(0xd2000000U, p.got[0].start);
		EXPECT_EQ(0U, p.got[1].start);
		ASSERT_EQ(1, vmr_device_unregister(&m.manager, &p.dev));
		ASSERT_EQ(0, vmr_device_drain(&m.manager, &p.dev));
	}
	EXPECT_EQ(0U, m.sys.mmio.nr_ranges);
	EXPECT_EQ(0U, m.sys.irqs.space.nr_ranges);
}

static unsigned int dma_depth, dma_deepest, dma_refused;

/* A transfer whose target is the device's own doorbell */
static void dma_to_own_doorbell(struct probe *p, const struct vmr_access *access)
{
	uint32_t value = 1;
	int ret;

	dma_depth++;
	if (dma_deepest < dma_depth)
		dma_deepest = dma_depth;
	if (dma_depth < 1000) {
		ret = vmr_write(access->reader, VMR_MMIO, 0x1000, &value, 4, 1);
		dma_refused += ret == -ELOOP;
	}
	dma_depth--;
}

/*
 * The guest programmed a device to write into its own registers. The device entered
 * itself until the stack of the VMM was full.
 */
TEST(cve_2021_3750)
{
	uint32_t value = 1;
	struct probe p;

	ASSERT_EQ(0, machine_up());
	ASSERT_EQ(0, probe_up(&p, "p", VMR_MMIO, 0x1000, 0x1000));
	p.inside = dma_to_own_doorbell;
	EXPECT_EQ(0, vmr_write(&m.reader, VMR_MMIO, 0x1000, &value, 4, 1));
	EXPECT_EQ(1U, dma_deepest);
	EXPECT_EQ(1U, dma_refused);
}

TEST_HARNESS_MAIN

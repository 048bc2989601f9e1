// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_pci_msix_bar.c - the MSI-X table and pending bits in BARs of several kinds
 */
#include "../kselftest_harness.h"

#include "pci_machine.h"

#define ENTRIES		2
#define TABLE_BAR	0x80000000u
#define PBA_BAR		0x90000000u

static struct vmr_pci_host host;
static struct vmr_pci_function card, second;
static struct vmr_pci_msi msi;
static struct vmr_pci_msix msix;
static struct vmr_pci_msix_entry entries[ENTRIES];
static struct counting_lock lock = COUNTING_LOCK;
static unsigned int delivered;
static struct vmr_pci_function *unplugs;
static bool unplug_with_number;

static void count_delivered(struct vmr_pci_function *fn, uint32_t index)
{
	(void)index;
	delivered++;
	if (unplugs == fn) {
		unplugs = NULL;
		vmr_pci_unplug(fn);
	}
}

static void note_vector(struct vmr_pci_function *fn, uint32_t index,
			const struct vmr_range *range, int error)
{
	(void)index;
	(void)error;
	if (unplugs == fn && !!range == unplug_with_number) {
		unplugs = NULL;
		vmr_pci_unplug(fn);
	}
}

static const struct vmr_pci_events events = {
	.deliver = count_delivered, .vector_changed = note_vector,
};

/* A table at 0x100 of BAR 0, and pending bits at 0x200 of BAR 2 */
static int msix_init(const struct vmr_device_ops *ops, bool memory)
{
	const struct vmr_pci_msix_layout layout = { 0, 2, 0x100, 0x200 };
	const struct vmr_pci_host_config config = {
		.bus_last = 15, .lock = &lock.ops, .name = "host",
	};
	int ret = pci_machine_up(0);

	if (!ret)
		ret = vmr_pci_host_register(&m.manager, &host, &config);
	if (!ret)
		ret = vmr_pci_function_init(&card, &card_ids, ops, "card");
	card.events = &events;
	if (!ret)
		ret = vmr_pci_add_bar(&card, 0, VMR_PCI_BAR_MEM32, false, 0x1000,
				      "table");
	if (!ret)
		ret = vmr_pci_add_bar(&card, 1, VMR_PCI_BAR_MEM32, false, 0x1000,
				      "other");
	if (!ret)
		ret = vmr_pci_add_bar(&card, 2, VMR_PCI_BAR_MEM64, false, 0x1000,
				      "pba");
	if (memory) {
		bar(&card, 0)->type = VMR_REGION_MEMORY;
		bar(&card, 2)->type = VMR_REGION_MEMORY;
	}
	if (!ret)
		ret = vmr_pci_add_msi(&card, &msi, 0, 1);
	return ret ? ret : vmr_pci_add_msix(&card, &msix, 0, entries, ENTRIES,
					    &layout);
}

static int msix_up(const struct vmr_device_ops *ops, bool memory)
{
	int ret = msix_init(ops, memory);

	if (!ret)
		ret = vmr_pci_host_plug(&host, &card, 8);
	bar_write(&card, 1, 0xa0000000);
	bar_write(&card, 2, PBA_BAR);
	bar_on(&card, TABLE_BAR);
	reg_write(&card, msix.reg_block.offset + 2, PCI_MSIX_FLAGS_ENABLE, 2);
	return ret;
}

/* Table and pending bits may be in BARs of their own; other BARs are the owner's. */
TEST(msix_bar_two_bars)
{
	ASSERT_EQ(0, msix_up(&card_ops, false));
	EXPECT_EQ(1U, guest_read(VMR_MMIO, TABLE_BAR + 0x10c, 4));
	EXPECT_EQ(-EAGAIN, vmr_pci_notify(&card, 1));
	EXPECT_EQ(2U, guest_read(VMR_MMIO, PBA_BAR + 0x200, 8));
	seen.calls = 0;
	EXPECT_EQ(0x80U, guest_read(VMR_MMIO, TABLE_BAR + 0x200, 1));
	EXPECT_EQ(0x80U, guest_read(VMR_MMIO, PBA_BAR + 0x100, 1));
	EXPECT_EQ(0x80U, guest_read(VMR_MMIO, 0xa0000100, 1));
	EXPECT_EQ(0x80U, guest_read(VMR_MMIO, 0xa0000200, 1));
	EXPECT_EQ(0x80U, guest_read(VMR_MMIO, TABLE_BAR + 0xff, 1));
	EXPECT_EQ(0x80U, guest_read(VMR_MMIO, TABLE_BAR + 0x120, 1));
	guest_write(VMR_MMIO, TABLE_BAR + 0x120, 0, 4);
	EXPECT_EQ(7U, seen.calls);
}

/* Writes of the table acquire the lock once, reads and the owner's accesses never. */
TEST(msix_bar_lock)
{
	ASSERT_EQ(0, msix_up(&card_ops, false));
	guest_read(VMR_MMIO, TABLE_BAR + 0x100, 4);
	guest_read(VMR_MMIO, PBA_BAR + 0x200, 4);
	guest_write(VMR_MMIO, PBA_BAR + 0x200, 0, 4);
	guest_write(VMR_MMIO, TABLE_BAR, 0, 4);
	EXPECT_EQ(0U, lock.acquired);
	guest_write(VMR_MMIO, TABLE_BAR + 0x108, 0x1234, 8);
	EXPECT_EQ(1U, lock.acquired);
	EXPECT_EQ(0U, lock.wrong);
	EXPECT_FALSE(lock.held);
	EXPECT_EQ(0x1234U, guest_read(VMR_MMIO, TABLE_BAR + 0x108, 4));
	EXPECT_EQ(0, vmr_pci_notify(&card, 0));
	EXPECT_EQ(1U, delivered);
}

/* The thread that had the lock before has changed the function */
static void (*before_lock)(void);

static void lock_late(struct vmr_lock_ops *ops)
{
	if (before_lock)
		before_lock();
	counting_lock(ops);
}

static void reset_card(void)
{
	vmr_pci_function_reset(&card, VMR_PCI_RESET_FUNCTION);
}

static void move_table(void)
{
	bar_write(&card, 0, 0xb0000000);
}

static void unplug_card(void)
{
	vmr_pci_unplug(&card);
}

/* A write that waits for the lock is lost if the table has vanished meanwhile. */
TEST(msix_bar_write_after_reset)
{
	static const struct {
		void	(*before)(void);
		bool	written;
	} cases[] = {
		{ NULL, true }, { reset_card, false }, { move_table, true },
		{ unplug_card, false },
	};
	const uint8_t unmask[4] = { 0 };
	size_t i;

	lock.ops.lock = lock_late;
	for (i = 0; i < NR(cases); i++) {
		memset(&m, 0, sizeof(m));
		memset(&host, 0, sizeof(host));
		memset(&card, 0, sizeof(card));
		memset(&msi, 0, sizeof(msi));
		memset(&msix, 0, sizeof(msix));
		memset(entries, 0, sizeof(entries));
		ASSERT_EQ(0, msix_up(&card_ops, false));
		before_lock = cases[i].before;
		vmr_write(&m.reader, VMR_MMIO, TABLE_BAR + 0x10c, unmask, 4, 1);
		before_lock = NULL;
		EXPECT_EQ((unsigned int)!cases[i].written, entries[0].dwords[3]) {
			TH_LOG("case %zu", i);
		}
		EXPECT_EQ(cases[i].written,
			  vmr_range_state(&entries[0].range) == VMR_LIVE);
	}
}

/* A function without a host bridge has no lock. */
TEST(msix_bar_without_host)
{
	ASSERT_EQ(0, msix_init(&card_ops, false));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &card, VMR_PCI_BDF(20, 0, 0)));
	bar_on(&card, TABLE_BAR);
	guest_write(VMR_MMIO, TABLE_BAR + 0x100, 0xfee00000, 4);
	EXPECT_EQ(0xfee00000U, guest_read(VMR_MMIO, TABLE_BAR + 0x100, 4));
	EXPECT_EQ(0U, lock.acquired);
}

/* An owner without callbacks reads ones, and accepts its resources. */
TEST(msix_bar_owner_without_callbacks)
{
	static const struct vmr_device_ops no_ops;

	ASSERT_EQ(0, msix_up(&no_ops, false));
	EXPECT_EQ(0xffffffffU, guest_read(VMR_MMIO, TABLE_BAR, 4));
	guest_write(VMR_MMIO, TABLE_BAR, 0, 4);
	EXPECT_EQ(1U, guest_read(VMR_MMIO, TABLE_BAR + 0x10c, 4));
}

/* In BARs of memory the table and the pending bits trap, and move with them. */
TEST(msix_bar_memory)
{
	ASSERT_EQ(0, msix_up(&card_ops, true));
	EXPECT_EQ(&msix.table, bar(&card, 0)->subregions);
	EXPECT_EQ(&msix.pba, bar(&card, 2)->subregions);
	EXPECT_EQ(-EAGAIN, vmr_pci_notify(&card, 0));
	EXPECT_EQ(1U, guest_read(VMR_MMIO, PBA_BAR + 0x200, 4));
	EXPECT_EQ(0xffffU, guest_read(VMR_MMIO, TABLE_BAR + 0x100, 2));
	bar_write(&card, 0, 0xb0000000);
	guest_write(VMR_MMIO, 0xb000010c, 0, 4);
	EXPECT_EQ(1U, delivered);
	EXPECT_EQ(0U, guest_read(VMR_MMIO, PBA_BAR + 0x200, 4));
	/* Unplugging and plugging again adds nothing twice */
	EXPECT_EQ(3, vmr_pci_unplug(&card));
	EXPECT_EQ(0, vmr_pci_host_plug(&host, &card, 8));
	EXPECT_EQ(&msix.table, bar(&card, 0)->subregions);
	EXPECT_EQ(NULL, msix.table.next);
	EXPECT_SOUND();
}

/* A subregion of the owner over one of the two refuses the function, whole. */
TEST(msix_bar_subregion_overlaps)
{
	static struct vmr_region mine;
	int over_pba;

	for (over_pba = 0; over_pba < 2; over_pba++) {
		struct vmr_region *region;

		memset(&m, 0, sizeof(m));
		memset(&host, 0, sizeof(host));
		memset(&card, 0, sizeof(card));
		memset(&msi, 0, sizeof(msi));
		memset(&msix, 0, sizeof(msix));
		memset(entries, 0, sizeof(entries));
		memset(&mine, 0, sizeof(mine));
		ASSERT_EQ(0, msix_init(&card_ops, true));
		region = bar(&card, over_pba ? 2 : 0);
		vmr_region_init(&mine, VMR_MMIO, VMR_REGION_TRAPPED, 0x10, 9,
				"mine");
		mine.offset = over_pba ? 0x1f8 : 0x11f;
		ASSERT_EQ(0, vmr_region_add_subregion(region, &mine));
		PCI_REFUSED(-ERANGE, vmr_pci_host_plug(&host, &card, 0x100));
		PCI_REFUSED(-EBUSY, vmr_pci_host_plug(&host, &card, 8));
		EXPECT_EQ(&mine, region->subregions);
		EXPECT_EQ(NULL, mine.next);
		EXPECT_EQ(over_pba ? NULL : &mine, bar(&card, 0)->subregions);
		EXPECT_EQ(NULL, msix.table.device);
		EXPECT_EQ(NULL, msix.pba.device);
		EXPECT_EQ(NULL, card.manager);
	}
}

/* Where the pending bits fail alone, a table of an earlier plug remains. */
TEST(msix_pba_overlap_after_unplug)
{
	static struct vmr_region own;

	ASSERT_EQ(0, msix_init(&card_ops, false));
	bar(&card, 0)->type = VMR_REGION_MEMORY;
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &card, 8));
	EXPECT_EQ(&card.dev, msix.table.device);
	EXPECT_EQ(NULL, msix.pba.device);
	EXPECT_EQ(0, vmr_pci_unplug(&card));
	bar(&card, 2)->type = VMR_REGION_MEMORY;
	vmr_region_init(&own, VMR_MMIO, VMR_REGION_TRAPPED, 0x100, 0, "own");
	own.offset = 0x180;
	ASSERT_EQ(0, vmr_region_add_subregion(bar(&card, 2), &own));
	PCI_REFUSED(-EBUSY, vmr_pci_host_plug(&host, &card, 8));
	EXPECT_EQ(&card.dev, msix.table.device);
	EXPECT_EQ(NULL, msix.pba.device);
}

/* Where the pending bits fail and the table has no subregion, there is none to remove. */
TEST(msix_pba_overlap_trapped_table)
{
	static struct vmr_region own;

	ASSERT_EQ(0, msix_init(&card_ops, false));
	bar(&card, 2)->type = VMR_REGION_MEMORY;
	vmr_region_init(&own, VMR_MMIO, VMR_REGION_TRAPPED, 0x100, 0, "own");
	own.offset = 0x180;
	ASSERT_EQ(0, vmr_region_add_subregion(bar(&card, 2), &own));
	PCI_REFUSED(-EBUSY, vmr_pci_host_plug(&host, &card, 8));
	EXPECT_EQ(NULL, msix.table.device);
	EXPECT_EQ(NULL, msix.pba.device);
}

/*
 * Callbacks may unplug the function, wherever the library calls them
 */

static void unmask(uint32_t index)
{
	const uint8_t zero[4] = { 0 };

	vmr_pci_msix_write(&card, &msix, 16 * index + 12, zero, 4);
}

/* While a pending message is delivered, by the entry and by the function mask. */
TEST(msix_unplug_by_deliver)
{
	ASSERT_EQ(0, msix_up(&card_ops, false));
	vmr_pci_notify(&card, 0);
	unplugs = &card;
	unmask(0);
	EXPECT_EQ(NULL, card.manager);
	EXPECT_EQ(1U, delivered);
	EXPECT_EQ(0U, m.sys.irqs.space.nr_ranges);
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &card, 8));
	reg_write(&card, msix.reg_block.offset + 2,
		  PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL, 2);
	unmask(0);
	unmask(1);
	vmr_pci_notify(&card, 0);
	unplugs = &card;
	reg_write(&card, msix.reg_block.offset + 2, PCI_MSIX_FLAGS_ENABLE, 2);
	EXPECT_EQ(NULL, card.manager);
	EXPECT_EQ(2U, delivered);
	EXPECT_EQ(0U, m.sys.irqs.space.nr_ranges);
	EXPECT_SOUND();
}

/* When a vector that waited is served, of MSI-X and of MSI. */
TEST(msix_unplug_when_served)
{
	static struct vmr_pci_msi other;
	int by_msi;

	ASSERT_EQ(0, msix_init(&card_ops, false));
	ASSERT_EQ(0, card_init(&second));
	ASSERT_EQ(0, vmr_pci_add_msi(&second, &other, 0x40, 1));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &second, 16));
	unplug_with_number = true;
	for (by_msi = 0; by_msi < 2; by_msi++) {
		ASSERT_EQ(0, vmr_pci_host_plug(&host, &card, 8));
		reg_write(&second, 0x42, PCI_MSI_FLAGS_ENABLE, 2);
		if (by_msi) {
			reg_write(&card, msi.reg_block.offset + 2,
				  PCI_MSI_FLAGS_ENABLE, 2);
			EXPECT_EQ(-ENOSPC, msi.error);
		} else {
			reg_write(&card, msix.reg_block.offset + 2,
				  PCI_MSIX_FLAGS_ENABLE, 2);
			unmask(0);
			EXPECT_EQ(-ENOSPC, entries[0].error);
		}
		unplugs = &card;
		reg_write(&second, 0x42, 0, 2);
		EXPECT_EQ(NULL, card.manager);
		EXPECT_EQ(0U, m.sys.irqs.space.nr_ranges);
	}
	EXPECT_EQ(0U, delivered);
	EXPECT_SOUND();
}

/* While the function is being unplugged, or reset, and frees the number of MSI. */
TEST(msix_unplug_while_unplugged)
{
	int by_reset;

	ASSERT_EQ(0, msix_init(&card_ops, false));
	unplug_with_number = false;
	for (by_reset = 0; by_reset < 2; by_reset++) {
		ASSERT_EQ(0, vmr_pci_host_plug(&host, &card, 8));
		reg_write(&card, msi.reg_block.offset + 2, PCI_MSI_FLAGS_ENABLE, 2);
		EXPECT_EQ(VMR_LIVE, vmr_range_state(&msi.range));
		unplugs = &card;
		EXPECT_EQ(0, by_reset ? vmr_pci_function_reset(&card,
							       VMR_PCI_RESET_FUNCTION) :
					vmr_pci_unplug(&card));
		EXPECT_EQ(NULL, unplugs);
		EXPECT_EQ(NULL, card.manager);
		EXPECT_EQ(0U, host.nr_functions);
		EXPECT_EQ(0U, m.sys.irqs.space.nr_ranges);
		EXPECT_EQ(0U, m.sys.pci_bdfs.space.nr_ranges);
	}
	EXPECT_SOUND();
}

/* When MSI gets its number, or gives it back. */
TEST(msi_unplug_by_vector)
{
	ASSERT_EQ(0, msix_up(&card_ops, false));
	unplugs = &card;
	unplug_with_number = true;
	reg_write(&card, msi.reg_block.offset + 2, PCI_MSI_FLAGS_ENABLE, 2);
	EXPECT_EQ(NULL, card.manager);
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &card, 8));
	reg_write(&card, msi.reg_block.offset + 2, PCI_MSI_FLAGS_ENABLE, 2);
	unplugs = &card;
	unplug_with_number = false;
	reg_write(&card, msi.reg_block.offset + 2, 0, 2);
	EXPECT_EQ(NULL, card.manager);
	EXPECT_EQ(0U, m.sys.irqs.space.nr_ranges);
	EXPECT_SOUND();
}

TEST_HARNESS_MAIN

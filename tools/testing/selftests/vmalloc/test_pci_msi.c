// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_pci_msi.c - MSI and MSI-X: vectors are allocated while the guest uses
 * them
 */
#include "../kselftest_harness.h"

#include "card.h"

#define CAPS		0x34
#define MSI		0x50	/* offsets of the capabilities in these tests */
#define MSIX		0x70
#define MSI_ENABLE	0x0001u
#define MSIX_ENABLE	0x8000u
#define MSIX_MASK	0x4000u
#define MASKED		1u
#define IN_USE		0u

#define AT		VMR_PCI_BDF(0, 3, 0)

static struct vmr_pci_function fn;
static struct vmr_pci_msi msi;
static struct vmr_pci_msix msix;
static struct vmr_pci_msix_entry entries[2048];

#define BAR_SIZE	0x10000u

static const struct vmr_pci_msix_layout in_bar_0 = {
	.table_bar = 0, .table_offset = 0x1000,
	.pba_bar = 0, .pba_offset = 0xa000,
};

/* The latest call of vector_changed() */
static struct {
	unsigned int		nr;
	uint32_t		index;
	const struct vmr_range	*range;
	int			error;
} notified;

static void note_vector(struct vmr_pci_function *f, uint32_t index,
			const struct vmr_range *range, int error)
{
	notified.nr++;
	notified.index = index;
	notified.range = range;
	notified.error = error;
}

static const struct vmr_pci_events vector_events = {
	.vector_changed = note_vector,
};

#define EXPECT_NOTIFIED(nr_, index_, range_, error_) \
	do { \
		EXPECT_EQ((unsigned int)(nr_), notified.nr); \
		EXPECT_EQ((uint32_t)(index_), notified.index); \
		EXPECT_EQ((const struct vmr_range *)(range_), notified.range); \
		EXPECT_EQ((error_), notified.error); \
		notified.nr = 0; \
	} while (0)

/* A machine with @vectors interrupt numbers */
static int setup(uint32_t vectors)
{
	const struct vmr_system_limits limits = {
		.mmio_last = MACHINE_LAST, .irq_last = vectors - 1,
		.slot_last = 31, .pci_last = 0xff, .id_last = 255,
	};
	int ret;

	memset(&m, 0, sizeof(m));
	memset(&host, 0, sizeof(host));
	memset(&msi, 0, sizeof(msi));
	memset(&msix, 0, sizeof(msix));
	memset(entries, 0, sizeof(entries));
	ret = vmr_system_init(&m.sys, &limits);
	if (!ret)
		ret = vmr_manager_init(&m.manager, &m.sys);
	if (!ret)
		ret = reader_attach(&m.reader);
	if (!ret)
		ret = vmr_pci_conf1_register(&host, &m.manager, NULL);
	if (!ret)
		ret = card_init(&fn, "card");
	if (!ret)
		ret = vmr_pci_add_bar(&fn, 0, VMR_PCI_BAR_MEM32, false,
				      BAR_SIZE, "bar");
	fn.events = &vector_events;
	return ret;
}

static int msi_up(uint32_t vectors, uint32_t can)
{
	int ret = setup(vectors);

	if (!ret)
		ret = vmr_pci_add_msi(&fn, &msi, MSI, can);
	return ret ? ret : vmr_pci_plug(&m.manager, &fn, AT);
}

static int msix_up(uint32_t vectors, uint32_t nr)
{
	int ret = setup(vectors);

	if (!ret)
		ret = vmr_pci_add_msix(&fn, &msix, MSIX, entries, nr,
				       &in_bar_0);
	return ret ? ret : vmr_pci_plug(&m.manager, &fn, AT);
}

static size_t held(void)
{
	return m.sys.irqs.space.nr_ranges;
}

static uint64_t numbers(void)
{
	return vmr_space_used(&m.sys.irqs.space).low;
}

/*
 * @log is the binary logarithm of the number of vectors that the guest
 * enables.
 */
static void msi_control(uint32_t log, bool on)
{
	conf_out_at(AT, MSI + 2, log << 4 | (on ? MSI_ENABLE : 0), 2);
}

static void msix_control(uint32_t bits)
{
	conf_out_at(AT, MSIX + 2, bits, 2);
}

static int table_out(uint64_t offset, uint64_t value, uint32_t width)
{
	uint8_t data[8];
	uint32_t i;

	for (i = 0; i < 8; i++)
		data[i] = (uint8_t)(value >> 8 * i);
	return vmr_pci_msix_write(&fn, &msix, offset, data, width);
}

static uint64_t table_in(uint64_t offset, uint32_t width)
{
	uint64_t value = 0;
	uint8_t data[8];
	uint32_t i;

	if (vmr_pci_msix_read(&msix, offset, data, width))
		return 0x4e4e4e4e4e4e4e4eull;
	for (i = 0; i < width; i++)
		value |= (uint64_t)data[i] << 8 * i;
	return value;
}

static int entry(uint32_t index, uint32_t control)
{
	return table_out(16ull * index + 12, control, 4);
}

/*
 * MSI
 */

/* An MSI capability is in the list and has the specified fields. */
TEST(msi_capability_reads_as_specified)
{
	uint32_t can;

	for (can = 0; can <= 5; can++) {
		ASSERT_EQ(0, msi_up(64, 1u << can));
		EXPECT_EQ(0x10U, conf_in_at(AT, 6, 2) & 0x10);
		EXPECT_EQ((uint32_t)MSI, conf_in_at(AT, CAPS, 1));
		EXPECT_EQ(0x05U, conf_in_at(AT, MSI, 1));
		EXPECT_EQ(0U, conf_in_at(AT, MSI + 1, 1));
		/* 64-bit addresses, no masking, 2^can vectors, none enabled */
		EXPECT_EQ(0x80 | can << 1, conf_in_at(AT, MSI + 2, 2));
		/* Bits that the guest can write */
		conf_out_at(AT, MSI, 0xfffeffff, 4);
		EXPECT_EQ(0xf00005U | can << 17, conf_in_at(AT, MSI, 4));
		conf_out_at(AT, MSI + 4, 0xffffffff, 4);
		conf_out_at(AT, MSI + 8, 0xffffffff, 4);
		conf_out_at(AT, MSI + 12, 0xffffffff, 4);
		EXPECT_EQ(0xfffffffcU, conf_in_at(AT, MSI + 4, 4));
		EXPECT_EQ(0xffffffffU, conf_in_at(AT, MSI + 8, 4));
		EXPECT_EQ(0x0000ffffU, conf_in_at(AT, MSI + 12, 4));
		EXPECT_EQ(0U, held());
		EXPECT_EQ(0U, notified.nr);
	}
}

/* Enabling MSI allocates a block of vectors, disabling MSI frees it. */
TEST(msi_enable_allocs_disable_frees)
{
	ASSERT_EQ(0, msi_up(64, 8));
	EXPECT_EQ(0U, held());
	msi_control(2, false);
	EXPECT_EQ(0U, held());
	msi_control(2, true);
	EXPECT_EQ(1U, held());
	EXPECT_EQ(4U, numbers());
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&msi.range));
	EXPECT_NOTIFIED(1, 0, &msi.range, 0);
	/*
	 * The same value and other registers of the capability change nothing.
	 */
	msi_control(2, true);
	conf_out_at(AT, MSI + 4, 0xfee00000, 4);
	conf_out_at(AT, MSI + 12, 0x4021, 2);
	conf_out_at(AT, COMMAND, DECODE_MEM, 2);
	EXPECT_EQ(0U, notified.nr);
	EXPECT_EQ(4U, numbers());
	/* Another number of vectors */
	msi_control(3, true);
	EXPECT_EQ(8U, numbers());
	EXPECT_NOTIFIED(1, 0, &msi.range, 0);
	msi_control(0, true);
	EXPECT_EQ(1U, numbers());
	EXPECT_NOTIFIED(1, 0, &msi.range, 0);
	msi_control(0, false);
	EXPECT_EQ(0U, held());
	EXPECT_EQ(VMR_FREE, vmr_range_state(&msi.range));
	EXPECT_NOTIFIED(1, 0, NULL, 0);
	msi_control(0, false);
	EXPECT_EQ(0U, notified.nr);
	EXPECT_SOUND();
}

/* A block has at most as many vectors as the capability offers. */
TEST(msi_block_capped_at_capability)
{
	uint32_t wants;

	ASSERT_EQ(0, msi_up(256, 4));
	for (wants = 0; wants < 8; wants++) {
		msi_control(wants, true);
		EXPECT_EQ(wants < 2 ? 1u << wants : 4u, numbers());
		/*
		 * The register reads back the value that the guest has
		 * written.
		 */
		EXPECT_EQ(wants, conf_in_at(AT, MSI + 2, 2) >> 4 & 7);
		EXPECT_EQ(1U, conf_in_at(AT, MSI + 2, 2) & 1);
	}
}

/* An MSI block is aligned to its size. */
TEST(msi_block_naturally_aligned)
{
	struct vmr_range odd = { 0 }, more = { 0 };
	uint32_t log;

	ASSERT_EQ(0, msi_up(256, 32));
	ASSERT_EQ(0, vmr_id_reserve(&m.sys.irqs, &odd, 0, NULL));
	ASSERT_EQ(0, vmr_id_reserve(&m.sys.irqs, &more, 33, NULL));
	for (log = 0; log <= 5; log++) {
		msi_control(log, true);
		EXPECT_EQ(VMR_LIVE, vmr_range_state(&msi.range));
		EXPECT_EQ(0U, msi.range.start & ((1u << log) - 1));
		EXPECT_EQ((1u << log) - 1, msi.range.last - msi.range.start);
	}
	EXPECT_EQ(64U, msi.range.start);
}

/*
 * If no block is free, the function is notified of -ENOSPC and the registers
 * read back.
 */
TEST(msi_alloc_failure_notified)
{
	struct vmr_range all = { 0 };

	ASSERT_EQ(0, msi_up(32, 32));
	ASSERT_EQ(0, vmr_id_reserve(&m.sys.irqs, &all, 7, NULL));
	msi_control(5, true);
	EXPECT_EQ(-ENOSPC, msi.error);
	EXPECT_NOTIFIED(1, 0, NULL, -ENOSPC);
	EXPECT_EQ(0x51U, conf_in_at(AT, MSI + 2, 2) & 0x71);
	EXPECT_EQ(1U, held());
	EXPECT_EQ(VMR_FREE, vmr_range_state(&msi.range));
	/* A smaller block is free. */
	msi_control(4, true);
	EXPECT_EQ(0, msi.error);
	EXPECT_NOTIFIED(1, 0, &msi.range, 0);
	EXPECT_EQ(16U, msi.range.start);
	/* A block that is too large again: the old block is freed. */
	msi_control(5, true);
	EXPECT_NOTIFIED(1, 0, NULL, -ENOSPC);
	EXPECT_EQ(1U, held());
	/* Disabling and enabling MSI retries the allocation. */
	ASSERT_EQ(0, vmr_id_free_range(&m.sys.irqs, &all));
	msi_control(5, false);
	EXPECT_NOTIFIED(1, 0, NULL, 0);
	msi_control(5, true);
	EXPECT_NOTIFIED(1, 0, &msi.range, 0);
	EXPECT_EQ(0, msi.error);
	EXPECT_EQ(32U, numbers());
	EXPECT_SOUND();
}

/*
 * A block that cannot be allocated waits. Writes of the guest do not try again, and
 * vectors that become free serve it.
 */
TEST(msi_alloc_failure_waits)
{
	struct vmr_range all = { 0 };

	ASSERT_EQ(0, msi_up(32, 32));
	ASSERT_EQ(0, vmr_id_reserve(&m.sys.irqs, &all, 7, NULL));
	msi_control(5, true);
	EXPECT_NOTIFIED(1, 0, NULL, -ENOSPC);
	/* The same value, the address, the data and decode cause no retry. */
	msi_control(5, true);
	conf_out_at(AT, MSI + 4, 0xfee00000, 4);
	conf_out_at(AT, MSI + 12, 0x4021, 2);
	conf_out_at(AT, COMMAND, 2, 2);
	EXPECT_EQ(0U, notified.nr);
	EXPECT_EQ(-ENOSPC, msi.error);
	/* The missing vector becomes free. */
	ASSERT_EQ(0, vmr_system_free_vectors(&m.sys, VMR_KIND_MSI, &all));
	EXPECT_NOTIFIED(1, 0, &msi.range, 0);
	EXPECT_EQ(0, msi.error);
	EXPECT_EQ(32U, numbers());
	/* Another number of vectors replaces the block. */
	msi_control(4, true);
	EXPECT_NOTIFIED(1, 0, &msi.range, 0);
	EXPECT_EQ(16U, numbers());
	EXPECT_SOUND();
}

/* A block that waits and is disabled is not served any more. */
TEST(msi_disabled_block_not_served)
{
	struct vmr_range all = { 0 };

	ASSERT_EQ(0, msi_up(32, 32));
	ASSERT_EQ(0, vmr_id_reserve(&m.sys.irqs, &all, 7, NULL));
	msi_control(5, true);
	EXPECT_NOTIFIED(1, 0, NULL, -ENOSPC);
	msi_control(5, false);
	EXPECT_NOTIFIED(1, 0, NULL, 0);
	ASSERT_EQ(0, vmr_system_free_vectors(&m.sys, VMR_KIND_MSI, &all));
	EXPECT_EQ(0U, notified.nr);
	EXPECT_EQ(0U, held());
	/* Neither is that of a function that is unplugged. */
	ASSERT_EQ(0, vmr_id_reserve(&m.sys.irqs, &all, 7, NULL));
	msi_control(5, true);
	EXPECT_NOTIFIED(1, 0, NULL, -ENOSPC);
	EXPECT_EQ(0, vmr_pci_unplug(&fn));
	EXPECT_NOTIFIED(1, 0, NULL, 0);
	ASSERT_EQ(0, vmr_system_free_vectors(&m.sys, VMR_KIND_MSI, &all));
	EXPECT_EQ(0U, notified.nr);
	EXPECT_EQ(0U, held());
	EXPECT_SOUND();
}

/* Disabling MSI clears the error of a failed allocation. */
TEST(msi_disable_clears_error)
{
	struct vmr_range all = { 0 };

	ASSERT_EQ(0, msi_up(1, 1));
	ASSERT_EQ(0, vmr_id_reserve(&m.sys.irqs, &all, 0, NULL));
	msi_control(0, true);
	EXPECT_NOTIFIED(1, 0, NULL, -ENOSPC);
	msi_control(0, false);
	EXPECT_EQ(0, msi.error);
	EXPECT_NOTIFIED(1, 0, NULL, 0);
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&all));
}

/* Unplugging a function frees its MSI block. */
TEST(msi_unplug_frees_block)
{
	ASSERT_EQ(0, msi_up(64, 8));
	msi_control(3, true);
	notified.nr = 0;
	EXPECT_EQ(0, vmr_pci_unplug(&fn));
	EXPECT_EQ(0U, held());
	EXPECT_NOTIFIED(1, 0, NULL, 0);
	/* After the next plugging MSI is disabled. */
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &fn, AT));
	EXPECT_EQ(0U, conf_in_at(AT, MSI + 2, 2) & 0x71);
	EXPECT_EQ(0U, conf_in_at(AT, MSI + 4, 4));
	EXPECT_EQ(0U, held());
	/* If the function has no vectors, unplugging causes no notification. */
	EXPECT_EQ(0, vmr_pci_unplug(&fn));
	EXPECT_EQ(0U, notified.nr);
}

/*
 * vmr_pci_add_msi() refuses invalid arguments and leaves the function
 * unchanged.
 */
TEST(msi_add_errors)
{
	static const uint32_t bad_offset[] = { 0x10, 0x3c, 0x41, 0x42, 0xf4,
					      0x100, 0xfffffffc };
	static const struct vmr_pci_msi zero;
	struct vmr_pci_msi other, before;
	struct vmr_pci_function image;
	uint32_t i;

	ASSERT_EQ(0, setup(64));
	memset(&other, 0, sizeof(other));
	EXPECT_EQ(-EINVAL, vmr_pci_add_msi(NULL, &msi, MSI, 1));
	EXPECT_EQ(-EINVAL, vmr_pci_add_msi(&fn, NULL, MSI, 1));
	for (i = 0; i < 70; i++)
		if (i != 1 && i != 2 && i != 4 && i != 8 && i != 16 && i != 32)
			EXPECT_EQ(-EINVAL, vmr_pci_add_msi(&fn, &msi, MSI, i));
	for (i = 0; i < NR(bad_offset); i++)
		EXPECT_EQ(-EINVAL, vmr_pci_add_msi(&fn, &msi, bad_offset[i],
						   1));
	EXPECT_EQ(0U, fn.config[CAPS]);
	/* Another capability is there, or on either side. */
	ASSERT_EQ(0, vmr_pci_add_msix(&fn, &msix, MSIX, entries, 4, &in_bar_0));
	image = fn;
	EXPECT_EQ(-EEXIST, vmr_pci_add_msi(&fn, &msi, MSIX - 12, 1));
	EXPECT_EQ(-EEXIST, vmr_pci_add_msi(&fn, &msi, MSIX, 1));
	EXPECT_EQ(-EEXIST, vmr_pci_add_msi(&fn, &msi, MSIX + 8, 1));
	/* It is plugged. */
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &fn, AT));
	EXPECT_EQ(-EEXIST, vmr_pci_add_msi(&fn, &msi, MSIX, 1));
	EXPECT_EQ(-EBUSY, vmr_pci_add_msi(&fn, &msi, MSI, 1));
	EXPECT_EQ(-EBUSY, vmr_pci_add_msi(&fn, &msi, 0, 1));
	EXPECT_EQ(0, vmr_pci_unplug(&fn));
	EXPECT_EQ(0, memcmp(image.config, fn.config, fn.config_size));
	EXPECT_EQ(0, memcmp(&zero, &msi, sizeof(msi)));
	EXPECT_EQ(0, vmr_pci_add_msi(&fn, &msi, MSI, 4));

	/* A function has one MSI capability, whatever the place of another. */
	image = fn;
	before = msi;
	EXPECT_EQ(-EINVAL, vmr_pci_add_msi(&fn, &other, 0x41, 1));
	EXPECT_EQ(-EEXIST, vmr_pci_add_msi(&fn, &other, 0x80, 1));
	EXPECT_EQ(-EEXIST, vmr_pci_add_msi(&fn, &other, 0, 1));
	EXPECT_EQ(-EEXIST, vmr_pci_add_msi(&fn, &msi, MSI, 1));
	EXPECT_EQ(-EEXIST, vmr_pci_add_msi(&fn, &msi, 0x80, 1));
	EXPECT_EQ(0, memcmp(&image, &fn, sizeof(fn)));
	EXPECT_EQ(0, memcmp(&before, &msi, sizeof(msi)));
	EXPECT_EQ(0, memcmp(&zero, &other, sizeof(other)));
}

/* The first and the last place for MSI, and any place */
TEST(msi_add_offsets)
{
	ASSERT_EQ(0, setup(64));
	EXPECT_EQ(0, vmr_pci_add_msi(&fn, &msi, 0xf0, 1));
	EXPECT_EQ(0xf0U, fn.config[CAPS]);
	ASSERT_EQ(0, setup(64));
	EXPECT_EQ(0, vmr_pci_add_msi(&fn, &msi, 0, 1));
	EXPECT_EQ(0x40U, fn.config[CAPS]);
	EXPECT_EQ(0x40U, msi.reg_block.offset);
	EXPECT_EQ(0, vmr_pci_add_msix(&fn, &msix, 0, entries, 4, &in_bar_0));
	EXPECT_EQ(0x50U, fn.config[CAPS]);
}

/*
 * MSI-X
 */

/* An MSI-X capability is in the list and has the specified fields. */
TEST(msix_capability_reads_as_specified)
{
	const struct vmr_pci_msix_layout layout = {
		.table_bar = 2, .table_offset = 0x8000,
		.pba_bar = 4, .pba_offset = 0x38,
	};

	ASSERT_EQ(0, setup(64));
	ASSERT_EQ(0, vmr_pci_add_bar(&fn, 2, VMR_PCI_BAR_MEM64, true,
				     BAR_SIZE, "table"));
	ASSERT_EQ(0, vmr_pci_add_bar(&fn, 4, VMR_PCI_BAR_MEM32, false, 0x1000,
				     "pending bits"));
	ASSERT_EQ(0, vmr_pci_add_msi(&fn, &msi, MSI, 1));
	ASSERT_EQ(0, vmr_pci_add_msix(&fn, &msix, MSIX, entries, 2048, &layout));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &fn, AT));
	/* The capability list contains both. */
	EXPECT_EQ((uint32_t)MSIX, conf_in_at(AT, CAPS, 1));
	EXPECT_EQ(0x11U, conf_in_at(AT, MSIX, 1));
	EXPECT_EQ((uint32_t)MSI, conf_in_at(AT, MSIX + 1, 1));
	EXPECT_EQ(0x05U, conf_in_at(AT, MSI, 1));
	EXPECT_EQ(0U, conf_in_at(AT, MSI + 1, 1));
	EXPECT_EQ(2047U, conf_in_at(AT, MSIX + 2, 2));
	EXPECT_EQ(0x8002U, conf_in_at(AT, MSIX + 4, 4));
	EXPECT_EQ(0x3cU, conf_in_at(AT, MSIX + 8, 4));
	conf_out_at(AT, MSIX, 0x7fffffff, 4);
	conf_out_at(AT, MSIX + 4, 0xffffffff, 4);
	conf_out_at(AT, MSIX + 8, 0xffffffff, 4);
	EXPECT_EQ(0x47ff5011U, conf_in_at(AT, MSIX, 4));
	EXPECT_EQ(0x8002U, conf_in_at(AT, MSIX + 4, 4));
	EXPECT_EQ(0x3cU, conf_in_at(AT, MSIX + 8, 4));
}

/*
 * An MSI-X entry gets a vector when it is first used, and keeps it while MSI-X is
 * enabled.
 */
TEST(msix_entry_keeps_vector_from_first_use)
{
	uint64_t number;

	ASSERT_EQ(0, msix_up(64, 8));
	/* After a reset all entries are masked. */
	EXPECT_EQ(MASKED, table_in(12, 4));
	msix_control(MSIX_ENABLE);
	EXPECT_EQ(0U, held());
	EXPECT_EQ(0, entry(5, IN_USE));
	EXPECT_EQ(1U, held());
	EXPECT_EQ(1U, numbers());
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&entries[5].range));
	EXPECT_NOTIFIED(1, 5, &entries[5].range, 0);
	EXPECT_EQ(0, entry(0, IN_USE));
	EXPECT_NOTIFIED(1, 0, &entries[0].range, 0);
	EXPECT_EQ(2U, held());
	/* A change of address or data keeps the vector, and so does a mask. */
	number = entries[5].range.start;
	EXPECT_EQ(0, table_out(5 * 16, 0xfee01000, 4));
	EXPECT_EQ(0, table_out(5 * 16 + 8, 0x31, 4));
	EXPECT_EQ(0, entry(5, IN_USE));
	EXPECT_EQ(0, entry(5, MASKED));
	EXPECT_EQ(0, entry(5, IN_USE));
	EXPECT_EQ(0, entry(5, MASKED));
	EXPECT_EQ(0U, notified.nr);
	EXPECT_EQ(2U, held());
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&entries[5].range));
	EXPECT_EQ(number, entries[5].range.start);
	/*
	 * Disabling MSI-X frees all vectors. Enabling it allocates for the
	 * unmasked entries.
	 */
	msix_control(0);
	EXPECT_EQ(0U, held());
	EXPECT_NOTIFIED(2, 5, NULL, 0);
	EXPECT_EQ(0, entry(3, IN_USE));
	EXPECT_EQ(0U, held());
	msix_control(MSIX_ENABLE);
	EXPECT_EQ(2U, held());
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&entries[0].range));
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&entries[3].range));
	EXPECT_SOUND();
}

/*
 * The function mask keeps the vectors: drivers set it for a short time. An entry that
 * is unmasked meanwhile is first used when the mask is cleared.
 */
TEST(msix_function_mask_keeps_vectors)
{
	uint64_t number;

	ASSERT_EQ(0, msix_up(64, 4));
	msix_control(MSIX_ENABLE);
	EXPECT_EQ(0, entry(1, IN_USE));
	number = entries[1].range.start;
	notified.nr = 0;
	msix_control(MSIX_ENABLE | MSIX_MASK);
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&entries[1].range));
	EXPECT_EQ(number, entries[1].range.start);
	msix_control(MSIX_ENABLE);
	EXPECT_EQ(0U, notified.nr);
	EXPECT_EQ(1U, held());
	/*
	 * Linux enables MSI-X with the function mask set, fills the table and
	 * clears the mask.
	 */
	msix_control(0);
	EXPECT_NOTIFIED(1, 1, NULL, 0);
	msix_control(MSIX_ENABLE | MSIX_MASK);
	EXPECT_EQ(0, entry(2, IN_USE));
	EXPECT_EQ(0U, held());
	EXPECT_EQ(0U, notified.nr);
	msix_control(MSIX_ENABLE);
	EXPECT_EQ(2U, held());
	EXPECT_NOTIFIED(2, 2, &entries[2].range, 0);
}

/* A device with 2048 entries has vectors only for those that were used. */
TEST(msix_2048_entries_only_used_hold)
{
	uint32_t i;

	ASSERT_EQ(0, msix_up(16, 2048));
	msix_control(MSIX_ENABLE);
	EXPECT_EQ(0U, held());
	/* Use 16 entries that are far apart. */
	for (i = 0; i < 16; i++)
		EXPECT_EQ(0, entry(i * 127, IN_USE));
	EXPECT_EQ(16U, numbers());
	EXPECT_EQ(16U, notified.nr);
	notified.nr = 0;
	/* For the next entry no vector is free. The others keep theirs. */
	EXPECT_EQ(0, entry(2047, IN_USE));
	EXPECT_NOTIFIED(1, 2047, NULL, -ENOSPC);
	EXPECT_EQ(-ENOSPC, entries[2047].error);
	EXPECT_EQ(IN_USE, table_in(2047 * 16 + 12, 4));
	for (i = 0; i < 16; i++)
		EXPECT_EQ(VMR_LIVE, vmr_range_state(&entries[i * 127].range));
	/* A masked entry keeps its vector, and the other one waits. */
	EXPECT_EQ(0, entry(127, MASKED));
	EXPECT_EQ(0, entry(2047, MASKED));
	EXPECT_EQ(0, entry(2047, IN_USE));
	EXPECT_EQ(0U, notified.nr);
	EXPECT_EQ(-ENOSPC, entries[2047].error);
	EXPECT_EQ(16U, numbers());
	/* When all are free again, those that are used get theirs. */
	msix_control(0);
	EXPECT_EQ(0U, held());
	EXPECT_EQ(0, entries[2047].error);
	notified.nr = 0;
	msix_control(MSIX_ENABLE);
	EXPECT_EQ(0, entries[2047].error);
	EXPECT_NOTIFIED(16, 2047, &entries[2047].range, 0);
	EXPECT_EQ(VMR_FREE, vmr_range_state(&entries[127].range));
	EXPECT_EQ(16U, numbers());
	EXPECT_SOUND();
}

/* Freed vectors are reused, the lowest first. */
TEST(msix_vectors_reused_lowest_first)
{
	uint32_t round, i;

	ASSERT_EQ(0, msix_up(4096, 2048));
	for (round = 0; round < 1000; round++) {
		msix_control(MSIX_ENABLE);
		for (i = 0; i < 7; i++) {
			uint32_t index = (round * 7 + i) % 2048;

			ASSERT_EQ(0, entry(index, IN_USE));
			ASSERT_EQ(i, entries[index].range.start);
			ASSERT_EQ(0, entry(index, MASKED));
		}
		ASSERT_EQ(7U, numbers());
		msix_control(0);
		ASSERT_EQ(0U, held());
	}
}

/* Entries that wait for vectors are served in the order in which they wait. */
TEST(msix_waiting_entries_served_in_order)
{
	static struct vmr_pci_msix_entry first_entries[4];
	static struct vmr_pci_function first;
	static struct vmr_pci_msix first_msix;
	uint8_t on[2] = { 0, 0x80 }, off[2] = { 0 }, use[4] = { 0 };
	uint32_t i;

	ASSERT_EQ(0, msix_up(4, 8));
	ASSERT_EQ(0, card_init(&first, "first"));
	ASSERT_EQ(0, vmr_pci_add_bar(&first, 0, VMR_PCI_BAR_MEM32, false,
				     BAR_SIZE, "bar"));
	ASSERT_EQ(0, vmr_pci_add_msix(&first, &first_msix, MSIX, first_entries,
				      4, &in_bar_0));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &first, AT + 8));
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, vmr_pci_msix_write(&first, &first_msix,
						16 * i + 12, use, 4));
	ASSERT_EQ(0, vmr_pci_config_write(&first, MSIX + 2, on, 2));
	EXPECT_EQ(4U, numbers());
	/* Five entries wait, for four vectors. */
	msix_control(MSIX_ENABLE);
	EXPECT_EQ(0, entry(6, IN_USE));
	EXPECT_EQ(0, entry(2, IN_USE));
	EXPECT_EQ(0, entry(7, IN_USE));
	EXPECT_EQ(0, entry(0, IN_USE));
	EXPECT_EQ(0, entry(1, IN_USE));
	EXPECT_EQ(5U, notified.nr);
	ASSERT_EQ(0, vmr_pci_config_write(&first, MSIX + 2, off, 2));
	EXPECT_EQ(4U, numbers());
	EXPECT_EQ(0U, entries[6].range.start);
	EXPECT_EQ(1U, entries[2].range.start);
	EXPECT_EQ(2U, entries[7].range.start);
	EXPECT_EQ(3U, entries[0].range.start);
	EXPECT_NOTIFIED(9, 0, &entries[0].range, 0);
	EXPECT_EQ(-ENOSPC, entries[1].error);
	/* The entries of a function that is unplugged no longer wait. */
	EXPECT_EQ(0, vmr_pci_unplug(&fn));
	EXPECT_EQ(0U, held());
	EXPECT_EQ(5U, notified.nr);
	EXPECT_EQ(0, entries[1].error);
	EXPECT_SOUND();
}

/*
 * Enabling MSI-X allocates for all unmasked entries, as far as vectors are
 * free.
 */
TEST(msix_enable_2048_unmasked)
{
	uint32_t i;

	ASSERT_EQ(0, msix_up(2000, 2048));
	for (i = 0; i < 2048; i++)
		ASSERT_EQ(0, entry(i, IN_USE));
	EXPECT_EQ(0U, held());
	msix_control(MSIX_ENABLE);
	EXPECT_EQ(2000U, held());
	EXPECT_EQ(2048U, notified.nr);
	for (i = 0; i < 2048; i++) {
		EXPECT_EQ(i < 2000 ? VMR_LIVE : VMR_FREE,
			  vmr_range_state(&entries[i].range));
		EXPECT_EQ(i < 2000 ? 0 : -ENOSPC, entries[i].error);
	}
	notified.nr = 0;
	msix_control(0);
	EXPECT_EQ(0U, held());
	/*
	 * Entries without a vector are notified as well: they no longer wait, and
	 * do not get the vectors of the others meanwhile.
	 */
	EXPECT_EQ(2048U, notified.nr);
	for (i = 0; i < 2048; i++)
		EXPECT_EQ(0, entries[i].error);
}

/* Unplugging a function frees all its MSI-X vectors. */
TEST(msix_unplug_frees_vectors)
{
	uint32_t i;

	ASSERT_EQ(0, msix_up(64, 32));
	msix_control(MSIX_ENABLE);
	for (i = 0; i < 32; i++)
		ASSERT_EQ(0, entry(i, IN_USE));
	notified.nr = 0;
	EXPECT_EQ(0, vmr_pci_unplug(&fn));
	EXPECT_EQ(0U, held());
	EXPECT_EQ(32U, notified.nr);
	REFUSED(-ENOENT, entry(0, MASKED));
	/* After a reset MSI-X is disabled and every entry is masked. */
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &fn, AT));
	EXPECT_EQ(0U, conf_in_at(AT, MSIX + 2, 2) & 0xc000);
	for (i = 0; i < 32; i++) {
		EXPECT_EQ(0U, table_in(16 * i, 8));
		EXPECT_EQ((uint64_t)MASKED << 32, table_in(16 * i + 8, 8));
	}
	msix_control(MSIX_ENABLE);
	EXPECT_EQ(0U, held());
	EXPECT_SOUND();
}

/* An access to the table must be an aligned dword or qword inside the table. */
TEST(msix_table_access_errors)
{
	uint8_t data[16], ones[16];
	uint64_t offset;
	uint32_t width;

	memset(ones, 0xff, sizeof(ones));
	ASSERT_EQ(0, msix_up(64, 4));
	for (width = 0; width <= 16; width++)
		for (offset = 0; offset < 0x50; offset++) {
			int want = 0;

			if (width != 4 && width != 8)
				want = -EMSGSIZE;
			else if (offset % width || offset >= 0x40)
				want = -ERANGE;
			memset(data, 0x55, sizeof(data));
			EXPECT_EQ(want, vmr_pci_msix_read(&msix, offset, data,
							  width));
			if (want == -ERANGE)
				EXPECT_EQ(0, memcmp(data, ones, width));
			if (want == -EMSGSIZE && width)
				EXPECT_EQ(0x55, data[width - 1]);
			if (width < 16)
				EXPECT_EQ(0x55, data[width]);
			/* A refused write changes nothing. */
			if (want)
				REFUSED(want,
					vmr_pci_msix_write(&fn, &msix, offset,
							   ones, width));
		}
	for (offset = 0; offset < 0x40; offset += 16) {
		EXPECT_EQ(0U, table_in(offset, 8));
		EXPECT_EQ((uint64_t)MASKED << 32, table_in(offset + 8, 8));
	}
	EXPECT_EQ(-ERANGE, vmr_pci_msix_read(&msix, VMR_ADDR_MAX - 7, data, 8));
	EXPECT_EQ(-ERANGE, vmr_pci_msix_read(&msix, 1ull << 40, data, 4));
	EXPECT_EQ(-EINVAL, vmr_pci_msix_read(NULL, 0, data, 4));
	EXPECT_EQ(-EINVAL, vmr_pci_msix_read(&msix, 0, NULL, 4));
	REFUSED(-EINVAL, vmr_pci_msix_write(NULL, &msix, 0, data, 4));
	REFUSED(-EINVAL, vmr_pci_msix_write(&fn, NULL, 0, data, 4));
	REFUSED(-EINVAL, vmr_pci_msix_write(&fn, &msix, 0, NULL, 4));
}

/*
 * The library serves the table in the BAR, and repeats an access that is repeated. The
 * callbacks of the owner serve the rest of the BAR.
 */
TEST(msix_table_in_bar_served)
{
	uint8_t data[8] = { 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88 };
	uint8_t got[8] = { 0 };

	ASSERT_EQ(0, msix_up(64, 4));
	set_bar(&fn, 0, 0xe0000000);
	decode(&fn, DECODE_MEM);
	seen.calls = 0;
	EXPECT_EQ(0, vmr_write(&m.reader, VMR_MMIO, 0xe0001008, data, 4, 2));
	EXPECT_EQ(0x88776655U, entries[0].dwords[2]);
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, 0xe0001008, got, 4, 2));
	EXPECT_EQ(0, memcmp(got, &data[4], 4));
	EXPECT_EQ(0, memcmp(&got[4], &data[4], 4));
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, 0xe000a000, got, 4, 2));
	EXPECT_EQ(0, memcmp(got, "\0\0\0\0\0\0\0", 8));
	EXPECT_EQ(0U, seen.calls);
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, 0xe0000ffc, got, 4, 2));
	EXPECT_EQ(1U, seen.calls);
	EXPECT_EQ(2U, seen.access.count);
	EXPECT_EQ(bar(&fn, 0), seen.access.region);
}

/* An entry reads back the bits that the specification makes writable. */
TEST(msix_entry_writable_bits)
{
	ASSERT_EQ(0, msix_up(64, 4));
	EXPECT_EQ(0, table_out(0x20, 0x1122334455667788ull, 8));
	EXPECT_EQ(0, table_out(0x28, 0x99aabbccddeeff01ull, 8));
	EXPECT_EQ(0x1122334455667788ull, table_in(0x20, 8));
	EXPECT_EQ(0x00000000ddeeff01ull, table_in(0x28, 8));
	EXPECT_EQ(0x55667788U, table_in(0x20, 4));
	EXPECT_EQ(0x11223344U, table_in(0x24, 4));
	EXPECT_EQ(0, table_out(0x20, 0xffffffff, 4));
	EXPECT_EQ(0xfffffffcU, table_in(0x20, 4));
	EXPECT_EQ(0, table_out(0x2c, 0xffffffff, 4));
	EXPECT_EQ(1U, table_in(0x2c, 4));
	/* The neighbouring entries are unchanged. */
	EXPECT_EQ((uint64_t)MASKED << 32, table_in(0x18, 8));
	EXPECT_EQ(0U, table_in(0x30, 8));
	/* One access writes data and control. */
	msix_control(MSIX_ENABLE);
	EXPECT_EQ(0, table_out(0x28, 0x0000000000000041ull, 8));
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&entries[2].range));
	EXPECT_EQ(0, table_out(0x28, 0x0000000100000041ull, 8));
	EXPECT_EQ(1U, held());
}

/*
 * vmr_pci_add_msix() refuses invalid arguments and leaves the function
 * unchanged.
 */
TEST(msix_add_errors)
{
	static const uint32_t bad_offset[] = { 0x3c, 0x41, 0xf8, 0x100,
					      0xfffffffc };
	static struct vmr_pci_msix_entry others[4], zero_entries[8];
	static const struct vmr_pci_msix zero;
	struct vmr_pci_msix other = { 0 }, before;
	struct vmr_pci_msix_layout layout;
	struct vmr_pci_function image;
	uint32_t i;

	ASSERT_EQ(0, setup(64));
	EXPECT_EQ(-EINVAL, vmr_pci_add_msix(NULL, &msix, MSIX, entries, 4,
					    &in_bar_0));
	EXPECT_EQ(-EINVAL, vmr_pci_add_msix(&fn, NULL, MSIX, entries, 4,
					    &in_bar_0));
	EXPECT_EQ(-EINVAL, vmr_pci_add_msix(&fn, &msix, MSIX, NULL, 4,
					    &in_bar_0));
	EXPECT_EQ(-EINVAL, vmr_pci_add_msix(&fn, &msix, MSIX, entries, 4, NULL));
	EXPECT_EQ(-EINVAL, vmr_pci_add_msix(&fn, &msix, MSIX, entries, 0,
					    &in_bar_0));
	EXPECT_EQ(-EINVAL, vmr_pci_add_msix(&fn, &msix, MSIX, entries, 2049,
					    &in_bar_0));
	for (i = 0; i < NR(bad_offset); i++)
		EXPECT_EQ(-EINVAL, vmr_pci_add_msix(&fn, &msix, bad_offset[i],
						    entries, 4, &in_bar_0));
	for (i = 0; i < 4; i++) {
		layout = in_bar_0;
		if (i == 0)
			layout.table_bar = VMR_PCI_ROM;
		if (i == 1)
			layout.pba_bar = VMR_PCI_ROM;
		if (i == 2)
			layout.table_offset |= 4;
		if (i == 3)
			layout.pba_offset |= 2;
		EXPECT_EQ(-EINVAL, vmr_pci_add_msix(&fn, &msix, MSIX, entries,
						    4, &layout));
	}
	EXPECT_EQ(0, memcmp(&zero, &msix, sizeof(msix)));
	ASSERT_EQ(0, vmr_pci_add_msi(&fn, &msi, MSI, 1));
	EXPECT_EQ(-EEXIST, vmr_pci_add_msix(&fn, &msix, MSI + 12, entries, 4,
					    &in_bar_0));
	EXPECT_EQ(-EEXIST, vmr_pci_add_msix(&fn, &msix, MSI - 8, entries, 4,
					    &in_bar_0));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &fn, AT));
	EXPECT_EQ(-EBUSY, vmr_pci_add_msix(&fn, &msix, MSIX, entries, 4,
					   &in_bar_0));
	EXPECT_EQ(-EBUSY, vmr_pci_add_msix(&fn, &msix, 0, entries, 4,
					   &in_bar_0));
	EXPECT_EQ(0, vmr_pci_unplug(&fn));
	EXPECT_EQ(0, memcmp(&zero, &msix, sizeof(msix)));
	EXPECT_EQ(0, memcmp(zero_entries, entries, sizeof(zero_entries)));
	ASSERT_EQ(0, vmr_pci_add_msix(&fn, &msix, MSIX, entries, 8, &in_bar_0));
	image = fn;
	before = msix;
	EXPECT_EQ(-EEXIST, vmr_pci_add_msix(&fn, &other, 0x90, others, 4,
					    &in_bar_0));
	EXPECT_EQ(-EEXIST, vmr_pci_add_msix(&fn, &other, 0, others, 4,
					    &in_bar_0));
	EXPECT_EQ(-EEXIST, vmr_pci_add_msix(&fn, &msix, 0x90, others, 4,
					    &in_bar_0));
	EXPECT_EQ(0, memcmp(&image, &fn, sizeof(fn)));
	EXPECT_EQ(0, memcmp(&before, &msix, sizeof(msix)));
	EXPECT_EQ(0, memcmp(&zero, &other, sizeof(other)));
	EXPECT_EQ(0, memcmp(zero_entries, others, sizeof(others)));
}

/* The table and the pending bits must be inside memory BARs and disjoint. */
TEST(msix_add_outside_bar)
{
	static const struct {
		int				err;
		uint32_t			nr;
		struct vmr_pci_msix_layout	layout;
	} row[] = {
		/* The last place of the table and of the pending bits */
		{ 0, 2048, { 0, 0, BAR_SIZE - 0x8000, 0 } },
		{ 0, 2048, { 0, 0, 0, BAR_SIZE - 256 } },
		{ -ERANGE, 2048, { 0, 0, BAR_SIZE - 0x8000 + 8, 0 } },
		{ -ERANGE, 2048, { 0, 0, 0, BAR_SIZE - 256 + 8 } },
		{ -ERANGE, 1, { 0, 0, BAR_SIZE, 0 } },
		{ -ERANGE, 1, { 0, 0, 0xfffffff8, 0 } },
		{ -ERANGE, 1, { 0, 0, 0, 0xfffffff8 } },
		/* Overlaps at both ends */
		{ 0, 64, { 0, 0, 0x1000, 0x1400 } },
		{ -ERANGE, 64, { 0, 0, 0x1000, 0x13f8 } },
		{ -ERANGE, 65, { 0, 0, 0x1000, 0x1400 } },
		{ 0, 64, { 0, 0, 0x1008, 0x1000 } },
		{ -ERANGE, 65, { 0, 0, 0x1008, 0x1000 } },
		/* Equal offsets in two BARs; ports, and no BAR at all */
		{ 0, 4, { 0, 2, 0, 0 } },
		{ -ERANGE, 4, { 1, 0, 0, 0 } },
		{ -ERANGE, 4, { 0, 1, 0, 0 } },
		{ -ERANGE, 4, { 3, 0, 0, 0 } },
		{ -ERANGE, 4, { 0, 4, 0, 0 } },
		{ -ERANGE, 257, { 2, 0, 0, 0 } },
	};
	size_t i;

	for (i = 0; i < NR(row); i++) {
		ASSERT_EQ(0, setup(64));
		ASSERT_EQ(0, vmr_pci_add_bar(&fn, 1, VMR_PCI_BAR_IO, false,
					     0x100, "ports"));
		ASSERT_EQ(0, vmr_pci_add_bar(&fn, 2, VMR_PCI_BAR_MEM64, true,
					     0x1000, "memory"));
		EXPECT_EQ(row[i].err,
			  vmr_pci_add_msix(&fn, &msix, MSIX, entries, row[i].nr,
					   &row[i].layout)) {
			TH_LOG("row %zu", i);
		}
	}
}

static struct {
	unsigned int	messages;	/* calls of message_changed() */
	unsigned int	deliveries;
	uint32_t	data;		/* of the latest message */
	uint32_t	delivered;	/* the data when it was sent */
} sent;

static void note_message(struct vmr_pci_function *f, uint32_t index)
{
	struct vmr_pci_message message = { .data = 0 };

	sent.messages++;
	if (!vmr_pci_get_message(f, index, &message))
		sent.data = message.data;
}

static void note_delivery(struct vmr_pci_function *f, uint32_t index)
{
	sent.deliveries++;
	sent.delivered = sent.data;
}

static const struct vmr_pci_events sending_events = {
	.message_changed = note_message, .deliver = note_delivery,
};

/*
 * One write changes the data of a pending vector and unmasks it. The owner learns of the
 * new message before the vector sends it.
 */
TEST(msix_message_changed_before_sent)
{
	ASSERT_EQ(0, msix_up(64, 4));
	fn.events = &sending_events;
	msix_control(MSIX_ENABLE);
	EXPECT_EQ(0, table_out(0x28, 0x41, 8));
	EXPECT_EQ(1U, sent.messages);
	EXPECT_EQ(0, vmr_pci_notify(&fn, 2));
	EXPECT_EQ(0x41U, sent.delivered);
	EXPECT_EQ(0, entry(2, MASKED));
	EXPECT_EQ(-EAGAIN, vmr_pci_notify(&fn, 2));
	EXPECT_EQ(1U, sent.deliveries);
	EXPECT_EQ(0, table_out(0x28, 0x42, 8));
	EXPECT_EQ(2U, sent.deliveries);
	EXPECT_EQ(0x42U, sent.delivered);
	/* Disabling MSI-X changes no message that is sent. */
	sent.messages = 0;
	msix_control(0);
	EXPECT_EQ(0U, sent.messages);
}

/* The same for MSI, where a dword has data and no mask, but enables the vectors. */
TEST(msi_message_changed_before_sent)
{
	ASSERT_EQ(0, setup(64));
	ASSERT_EQ(0, vmr_pci_add_msi_maskable(&fn, &msi, MSI, 4, false));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &fn, AT));
	fn.events = &sending_events;
	conf_out_at(AT, MSI + 8, 0x40, 2);
	EXPECT_EQ(0U, sent.messages);
	msi_control(2, true);
	EXPECT_EQ(4U, sent.messages);
	conf_out_at(AT, MSI + 12, 0xf, 4);
	EXPECT_EQ(8U, sent.messages);
	EXPECT_EQ(-EAGAIN, vmr_pci_notify(&fn, 3));
	conf_out_at(AT, MSI + 8, 0x80, 2);
	EXPECT_EQ(12U, sent.messages);
	EXPECT_EQ(0U, sent.deliveries);
	conf_out_at(AT, MSI + 12, 0x7, 4);
	EXPECT_EQ(1U, sent.deliveries);
	EXPECT_EQ(0x83U, sent.delivered);
}

/* MSI and MSI-X of one function do not affect each other. */
TEST(msi_and_msix_independent)
{
	ASSERT_EQ(0, setup(64));
	ASSERT_EQ(0, vmr_pci_add_msi(&fn, &msi, MSI, 4));
	ASSERT_EQ(0, vmr_pci_add_msix(&fn, &msix, MSIX, entries, 4, &in_bar_0));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &fn, AT));
	msi_control(2, true);
	msix_control(MSIX_ENABLE);
	EXPECT_EQ(0, entry(1, IN_USE));
	EXPECT_EQ(5U, numbers());
	msi_control(2, false);
	EXPECT_EQ(1U, numbers());
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&entries[1].range));
	/* The function has no callbacks. */
	fn.events = NULL;
	msi_control(1, true);
	EXPECT_EQ(0, entry(1, MASKED));
	EXPECT_EQ(3U, numbers());
	EXPECT_EQ(0, vmr_pci_unplug(&fn));
	EXPECT_EQ(0U, held());
}

/* Vectors are allocated from the pools of the system. */
TEST(msi_vectors_from_system_pools)
{
	const struct vmr_system_pool pool = {
		.pool = { .start = 24, .last = 39, .align = 1,
			  .policy = VMR_FIRST },
		.kinds = 1u << VMR_KIND_MSI | 1u << VMR_KIND_MSIX,
	};

	ASSERT_EQ(0, setup(64));
	ASSERT_EQ(0, vmr_system_add_pool(&m.sys, &pool));
	ASSERT_EQ(0, vmr_pci_add_msi(&fn, &msi, MSI, 16));
	ASSERT_EQ(0, vmr_pci_add_msix(&fn, &msix, MSIX, entries, 4, &in_bar_0));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &fn, AT));
	msix_control(MSIX_ENABLE);
	EXPECT_EQ(0, entry(0, IN_USE));
	EXPECT_EQ(24U, entries[0].range.start);
	msi_control(3, true);
	EXPECT_EQ(32U, msi.range.start);
	msi_control(4, true);
	EXPECT_EQ(-ENOSPC, msi.error);
}

/*
 * A callback or a listener can unplug the function during its notification.
 */

static unsigned int writes_after_unplug;

static void unplug_on_vector(struct vmr_pci_function *f, uint32_t index,
			     const struct vmr_range *range, int error)
{
	notified.nr++;
	if (range)
		notified.error = vmr_pci_unplug(f);
}

static void note_write(struct vmr_pci_function *f,
		       const struct vmr_pci_write *write)
{
	writes_after_unplug++;
}

static const struct vmr_pci_events unplugging_events = {
	.vector_changed = unplug_on_vector, .config_written = note_write,
};

/* vector_changed() can unplug the function. */
TEST(msix_unplug_by_vector_callback)
{
	ASSERT_EQ(0, msix_up(64, 32));
	ASSERT_EQ(0, entry(3, IN_USE));
	ASSERT_EQ(0, entry(9, IN_USE));
	fn.events = &unplugging_events;
	msix_control(MSIX_ENABLE);
	/*
	 * The first vector is allocated, notified and freed. No second one is
	 * allocated.
	 */
	EXPECT_EQ(2U, notified.nr);
	EXPECT_EQ(0, notified.error);
	EXPECT_EQ(0U, held());
	EXPECT_EQ(0U, writes_after_unplug);
	EXPECT_NULL(fn.manager);
	EXPECT_NULL(vmr_pci_find_function(&m.manager, AT));
	REFUSED(-ENOENT, vmr_pci_unplug(&fn));
	EXPECT_SOUND();
}

static void unplug_on_map(struct vmr_listener *listener,
			  struct vmr_region *region,
			   const struct vmr_mapping *old,
			   const struct vmr_mapping *new_)
{
	if (new_->mapped)
		vmr_pci_unplug(&fn);
}

/* A listener can unplug a function during the notification of its BAR. */
TEST(msi_unplug_by_listener)
{
	struct vmr_listener listener = { .region_changed = unplug_on_map };

	ASSERT_EQ(0, setup(64));
	ASSERT_EQ(0, vmr_pci_add_bar(&fn, 1, VMR_PCI_BAR_MEM32, false, 0x1000,
				     NULL));
	ASSERT_EQ(0, vmr_pci_add_msi(&fn, &msi, MSI, 4));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &fn, AT));
	set_bar(&fn, 0, 0xe0000000);
	set_bar(&fn, 1, 0xe0010000);
	msi_control(2, true);
	fn.events = &unplugging_events;
	writes_after_unplug = 0;
	ASSERT_EQ(0, vmr_listener_register(&m.manager, &listener));
	conf_out_at(AT, COMMAND, DECODE_MEM, 2);
	EXPECT_NULL(fn.manager);
	EXPECT_EQ(0U, held());
	EXPECT_EQ(0U, writes_after_unplug);
	EXPECT_EQ(0U, m.sys.mmio.nr_ranges);
	EXPECT_SOUND();
}

/*
 * After random writes, exactly the entries that were used since MSI-X was enabled have
 * a vector or an error.
 */
TEST(msix_random_writes_vectors_exact)
{
	uint64_t state = 0x9e3779b97f4a7c15ull;
	uint32_t step, i, used, full = 0;
	bool want[64] = { false };

	ASSERT_EQ(0, msix_up(24, 64));
	for (step = 0; step < 20000; step++) {
		uint32_t control;

		state = state * 6364136223846793005ull + 1442695040888963407ull;
		i = (uint32_t)(state >> 33);
		if (i % 64 == 0)
			msix_control((i >> 8 & 3) << 14);
		else if (i % 64 == 1)
			conf_out_at(AT, COMMAND, i >> 8 & 7, 2);
		else
			entry(i >> 8 & 63, i >> 16 & 1);
		control = conf_in_at(AT, MSIX + 2, 2);
		for (i = 0, used = 0; i < 64; i++) {
			bool has = vmr_range_state(&entries[i].range) ==
				   VMR_LIVE;

			want[i] = control & MSIX_ENABLE &&
				  (want[i] || (!(control & MSIX_MASK) &&
					       !(entries[i].dwords[3] & MASKED)));
			ASSERT_EQ(want[i], has || entries[i].error);
			ASSERT_FALSE(has && entries[i].error);
			used += has;
		}
		full += used == 24;
		ASSERT_EQ(used, held());
		ASSERT_EQ(used, numbers());
	}
	/* Entries must have waited. */
	EXPECT_LT(1000U, full);
	EXPECT_SOUND();
}

TEST_HARNESS_MAIN

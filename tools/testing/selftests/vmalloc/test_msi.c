// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_msi.c - MSI and MSI-X: vectors taken when the guest uses them
 */
#include "../kselftest_harness.h"

#include "card.h"

#define CAPS		0x34
#define MSI		0x50	/* where the tests have the capabilities */
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

static const struct vmr_pci_msix_layout in_bar_0 = {
	.table_bar = 0, .table_offset = 0x1000,
	.pba_bar = 0, .pba_offset = 0x1800,
};

/* What the function was told of its vectors. */
static struct {
	unsigned int		nr;
	uint32_t		index;
	const struct vmr_range	*range;
	int			error;
} told;

static void note_vector(struct vmr_pci_function *f, uint32_t index,
			const struct vmr_range *range, int error)
{
	told.nr++;
	told.index = index;
	told.range = range;
	told.error = error;
}

static const struct vmr_pci_ops vector_ops = { .vector_changed = note_vector };

#define EXPECT_TOLD(nr_, index_, range_, error_) \
	do { \
		EXPECT_EQ((unsigned int)(nr_), told.nr); \
		EXPECT_EQ((uint32_t)(index_), told.index); \
		EXPECT_EQ((const struct vmr_range *)(range_), told.range); \
		EXPECT_EQ((error_), told.error); \
		told.nr = 0; \
	} while (0)

/* A machine with @vectors interrupt numbers. */
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
	ret = vmr_system_init(&m.sys, &limits);
	if (!ret)
		ret = vmr_manager_init(&m.manager, &m.sys);
	if (!ret)
		ret = vmr_reader_attach(&m.manager, &m.reader);
	if (!ret)
		ret = vmr_pci_conf1_register(&host, &m.manager, NULL);
	if (!ret)
		ret = card_init(&fn, "card");
	fn.ops = &vector_ops;
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

/* Log2 of how many of MSI's vectors the guest wants, and whether at all. */
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

TEST(an_msi_capability_is_found_and_reads_as_specified)
{
	uint32_t can;

	for (can = 0; can <= 5; can++) {
		ASSERT_EQ(0, msi_up(64, 1u << can));
		EXPECT_EQ(0x10U, conf_in_at(AT, 6, 2) & 0x10);
		EXPECT_EQ((uint32_t)MSI, conf_in_at(AT, CAPS, 1));
		EXPECT_EQ(0x05U, conf_in_at(AT, MSI, 1));
		EXPECT_EQ(0U, conf_in_at(AT, MSI + 1, 1));
		/* 64-bit addresses, no masking, so many vectors, none in use. */
		EXPECT_EQ(0x80 | can << 1, conf_in_at(AT, MSI + 2, 2));
		/* What a guest can write. */
		conf_out_at(AT, MSI, 0xfffeffff, 4);
		EXPECT_EQ(0xf00005U | can << 17, conf_in_at(AT, MSI, 4));
		conf_out_at(AT, MSI + 4, 0xffffffff, 4);
		conf_out_at(AT, MSI + 8, 0xffffffff, 4);
		conf_out_at(AT, MSI + 12, 0xffffffff, 4);
		EXPECT_EQ(0xfffffffcU, conf_in_at(AT, MSI + 4, 4));
		EXPECT_EQ(0xffffffffU, conf_in_at(AT, MSI + 8, 4));
		EXPECT_EQ(0x0000ffffU, conf_in_at(AT, MSI + 12, 4));
		EXPECT_EQ(0U, held());
		EXPECT_EQ(0U, told.nr);
	}
}

TEST(msi_takes_a_block_when_it_is_switched_on_and_gives_it_back)
{
	ASSERT_EQ(0, msi_up(64, 8));
	EXPECT_EQ(0U, held());
	msi_control(2, false);
	EXPECT_EQ(0U, held());
	msi_control(2, true);
	EXPECT_EQ(1U, held());
	EXPECT_EQ(4U, numbers());
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&msi.range));
	EXPECT_TOLD(1, 0, &msi.range, 0);
	/* The same again, and other registers of the capability. */
	msi_control(2, true);
	conf_out_at(AT, MSI + 4, 0xfee00000, 4);
	conf_out_at(AT, MSI + 12, 0x4021, 2);
	conf_out_at(AT, COMMAND, DECODE_MEM, 2);
	EXPECT_EQ(0U, told.nr);
	EXPECT_EQ(4U, numbers());
	/* Another number of them. */
	msi_control(3, true);
	EXPECT_EQ(8U, numbers());
	EXPECT_TOLD(1, 0, &msi.range, 0);
	msi_control(0, true);
	EXPECT_EQ(1U, numbers());
	EXPECT_TOLD(1, 0, &msi.range, 0);
	msi_control(0, false);
	EXPECT_EQ(0U, held());
	EXPECT_EQ(VMR_FREE, vmr_range_state(&msi.range));
	EXPECT_TOLD(1, 0, NULL, 0);
	msi_control(0, false);
	EXPECT_EQ(0U, told.nr);
	EXPECT_SOUND();
}

TEST(msi_gets_no_more_than_the_function_has)
{
	uint32_t wants;

	ASSERT_EQ(0, msi_up(256, 4));
	for (wants = 0; wants < 8; wants++) {
		msi_control(wants, true);
		EXPECT_EQ(wants < 2 ? 1u << wants : 4u, numbers());
		/* What the guest wrote is what it reads. */
		EXPECT_EQ(wants, conf_in_at(AT, MSI + 2, 2) >> 4 & 7);
		EXPECT_EQ(1U, conf_in_at(AT, MSI + 2, 2) & 1);
	}
}

TEST(an_msi_block_is_aligned_to_its_size)
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

TEST(msi_without_vectors_is_told_and_the_registers_read_back)
{
	struct vmr_range all = { 0 };

	ASSERT_EQ(0, msi_up(32, 32));
	ASSERT_EQ(0, vmr_id_reserve(&m.sys.irqs, &all, 7, NULL));
	msi_control(5, true);
	EXPECT_EQ(-ENOSPC, msi.error);
	EXPECT_TOLD(1, 0, NULL, -ENOSPC);
	EXPECT_EQ(0x51U, conf_in_at(AT, MSI + 2, 2) & 0x71);
	EXPECT_EQ(1U, held());
	EXPECT_EQ(VMR_FREE, vmr_range_state(&msi.range));
	/* Fewer of them there are. */
	msi_control(4, true);
	EXPECT_EQ(0, msi.error);
	EXPECT_TOLD(1, 0, &msi.range, 0);
	EXPECT_EQ(16U, msi.range.start);
	/* Too many again: the old block is given back, none is held. */
	msi_control(5, true);
	EXPECT_TOLD(1, 0, NULL, -ENOSPC);
	EXPECT_EQ(1U, held());
	/* Off and on is another try. */
	ASSERT_EQ(0, vmr_id_free_range(&m.sys.irqs, &all));
	msi_control(5, false);
	EXPECT_TOLD(1, 0, NULL, 0);
	msi_control(5, true);
	EXPECT_TOLD(1, 0, &msi.range, 0);
	EXPECT_EQ(0, msi.error);
	EXPECT_EQ(32U, numbers());
	EXPECT_SOUND();
}

TEST(vectors_that_are_not_to_be_had_are_not_asked_for_again_and_again)
{
	struct vmr_range all = { 0 };

	ASSERT_EQ(0, msi_up(32, 32));
	ASSERT_EQ(0, vmr_id_reserve(&m.sys.irqs, &all, 7, NULL));
	msi_control(5, true);
	EXPECT_TOLD(1, 0, NULL, -ENOSPC);
	/* The same, the address, the data, decoding: nothing to say of that. */
	msi_control(5, true);
	conf_out_at(AT, MSI + 4, 0xfee00000, 4);
	conf_out_at(AT, MSI + 12, 0x4021, 2);
	conf_out_at(AT, COMMAND, 2, 2);
	EXPECT_EQ(0U, told.nr);
	EXPECT_EQ(-ENOSPC, msi.error);
	/* Nor though there is room now: the guest goes by what it was told. */
	ASSERT_EQ(0, vmr_id_free_range(&m.sys.irqs, &all));
	conf_out_at(AT, COMMAND, 0, 2);
	EXPECT_EQ(0U, told.nr);
	EXPECT_EQ(0U, held());
	/* Another number is another question. */
	msi_control(4, true);
	EXPECT_TOLD(1, 0, &msi.range, 0);
	EXPECT_EQ(16U, numbers());
	EXPECT_SOUND();
}

TEST(switching_off_forgets_that_there_were_no_vectors)
{
	struct vmr_range all = { 0 };

	ASSERT_EQ(0, msi_up(1, 1));
	ASSERT_EQ(0, vmr_id_reserve(&m.sys.irqs, &all, 0, NULL));
	msi_control(0, true);
	EXPECT_TOLD(1, 0, NULL, -ENOSPC);
	msi_control(0, false);
	EXPECT_EQ(0, msi.error);
	EXPECT_TOLD(1, 0, NULL, 0);
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&all));
}

TEST(unplugging_gives_the_msi_block_back)
{
	ASSERT_EQ(0, msi_up(64, 8));
	msi_control(3, true);
	told.nr = 0;
	EXPECT_EQ(0, vmr_pci_unplug(&fn));
	EXPECT_EQ(0U, held());
	EXPECT_TOLD(1, 0, NULL, 0);
	/* And the next plugging finds it switched off. */
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &fn, AT));
	EXPECT_EQ(0U, conf_in_at(AT, MSI + 2, 2) & 0x71);
	EXPECT_EQ(0U, conf_in_at(AT, MSI + 4, 4));
	EXPECT_EQ(0U, held());
	/* Without any it says nothing. */
	EXPECT_EQ(0, vmr_pci_unplug(&fn));
	EXPECT_EQ(0U, told.nr);
}

TEST(adding_msi_is_refused)
{
	static const uint32_t bad_place[] = { 0, 0x10, 0x3c, 0x41, 0x42, 0xf4,
					      0x100, 0xfffffffc };
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
	for (i = 0; i < NR(bad_place); i++)
		EXPECT_EQ(-EINVAL, vmr_pci_add_msi(&fn, &msi, bad_place[i],
						   1));
	EXPECT_EQ(0U, fn.config[CAPS]);
	EXPECT_EQ(0, vmr_pci_add_msi(&fn, &msi, MSI, 4));

	image = fn;
	before = msi;
	/* Overlapping on either side, and once more. */
	EXPECT_EQ(-EEXIST, vmr_pci_add_msi(&fn, &other, MSI - 12, 1));
	EXPECT_EQ(-EEXIST, vmr_pci_add_msi(&fn, &other, MSI + 12, 1));
	EXPECT_EQ(-EEXIST, vmr_pci_add_msi(&fn, &msi, MSI, 1));
	EXPECT_EQ(-EEXIST, vmr_pci_add_msi(&fn, &msi, 0x80, 1));
	EXPECT_EQ(0, memcmp(&image, &fn, sizeof(fn)));
	EXPECT_EQ(0, memcmp(&before, &msi, sizeof(msi)));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &fn, AT));
	image = fn;
	before = msi;
	EXPECT_EQ(-EBUSY, vmr_pci_add_msi(&fn, &other, 0x80, 1));
	EXPECT_EQ(-EEXIST, vmr_pci_add_msi(&fn, &msi, 0x80, 1));
	EXPECT_EQ(-EEXIST, vmr_pci_add_msi(&fn, &other, MSI, 1));
	EXPECT_EQ(0, memcmp(&image, &fn, sizeof(fn)));
	EXPECT_EQ(0, memcmp(&before, &msi, sizeof(msi)));
	EXPECT_TRUE(!other.reg_block.write);
	/* The last place that there is. */
	EXPECT_EQ(0, vmr_pci_unplug(&fn));
	EXPECT_EQ(0, vmr_pci_add_msi(&fn, &other, 0xf0, 1));
}

/*
 * MSI-X
 */

TEST(an_msix_capability_is_found_and_reads_as_specified)
{
	const struct vmr_pci_msix_layout place = {
		.table_bar = 2, .table_offset = 0x8000,
		.pba_bar = 4, .pba_offset = 0x38,
	};

	ASSERT_EQ(0, setup(64));
	ASSERT_EQ(0, vmr_pci_add_msi(&fn, &msi, MSI, 1));
	ASSERT_EQ(0, vmr_pci_add_msix(&fn, &msix, MSIX, entries, 2048, &place));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &fn, AT));
	/* The guest's list has both. */
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

TEST(an_entry_holds_a_vector_while_it_is_in_use)
{
	ASSERT_EQ(0, msix_up(64, 8));
	/* All masked, as after a reset. */
	EXPECT_EQ(MASKED, table_in(12, 4));
	msix_control(MSIX_ENABLE);
	EXPECT_EQ(0U, held());
	EXPECT_EQ(0, entry(5, IN_USE));
	EXPECT_EQ(1U, held());
	EXPECT_EQ(1U, numbers());
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&entries[5].range));
	EXPECT_TOLD(1, 5, &entries[5].range, 0);
	EXPECT_EQ(0, entry(0, IN_USE));
	EXPECT_TOLD(1, 0, &entries[0].range, 0);
	EXPECT_EQ(2U, held());
	/* Another address or data is none of another vector. */
	EXPECT_EQ(0, table_out(5 * 16, 0xfee01000, 4));
	EXPECT_EQ(0, table_out(5 * 16 + 8, 0x31, 4));
	EXPECT_EQ(0, entry(5, IN_USE));
	EXPECT_EQ(0U, told.nr);
	EXPECT_EQ(0, entry(5, MASKED));
	EXPECT_TOLD(1, 5, NULL, 0);
	EXPECT_EQ(1U, held());
	EXPECT_EQ(VMR_FREE, vmr_range_state(&entries[5].range));
	EXPECT_EQ(0, entry(5, MASKED));
	EXPECT_EQ(0U, told.nr);
	/* Off: all that are left. On again: those that are not masked. */
	msix_control(0);
	EXPECT_EQ(0U, held());
	EXPECT_TOLD(1, 0, NULL, 0);
	EXPECT_EQ(0, entry(3, IN_USE));
	EXPECT_EQ(0U, held());
	msix_control(MSIX_ENABLE);
	EXPECT_EQ(2U, held());
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&entries[0].range));
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&entries[3].range));
	EXPECT_SOUND();
}

/* Drivers mask all of them for a moment and expect nothing to be lost. */
TEST(masking_the_whole_function_keeps_the_vectors)
{
	uint64_t number;

	ASSERT_EQ(0, msix_up(64, 4));
	msix_control(MSIX_ENABLE);
	EXPECT_EQ(0, entry(1, IN_USE));
	number = entries[1].range.start;
	told.nr = 0;
	msix_control(MSIX_ENABLE | MSIX_MASK);
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&entries[1].range));
	EXPECT_EQ(number, entries[1].range.start);
	msix_control(MSIX_ENABLE);
	EXPECT_EQ(0U, told.nr);
	EXPECT_EQ(1U, held());
	/* Linux switches MSI-X on masked, fills the table, and unmasks. */
	msix_control(0);
	msix_control(MSIX_ENABLE | MSIX_MASK);
	EXPECT_EQ(0, entry(2, IN_USE));
	msix_control(MSIX_ENABLE);
	EXPECT_EQ(2U, held());
}

TEST(a_device_with_2048_entries_holds_what_it_uses)
{
	uint32_t i;

	ASSERT_EQ(0, msix_up(16, 2048));
	msix_control(MSIX_ENABLE);
	EXPECT_EQ(0U, held());
	/* A queue here, a queue there. */
	for (i = 0; i < 16; i++)
		EXPECT_EQ(0, entry(i * 127, IN_USE));
	EXPECT_EQ(16U, numbers());
	EXPECT_EQ(16U, told.nr);
	told.nr = 0;
	/* One too many: said so, and the others are not touched. */
	EXPECT_EQ(0, entry(2047, IN_USE));
	EXPECT_TOLD(1, 2047, NULL, -ENOSPC);
	EXPECT_EQ(-ENOSPC, entries[2047].error);
	EXPECT_EQ(IN_USE, table_in(2047 * 16 + 12, 4));
	for (i = 0; i < 16; i++)
		EXPECT_EQ(VMR_LIVE, vmr_range_state(&entries[i * 127].range));
	/* Given back by one, had by the other when it asks again. */
	EXPECT_EQ(0, entry(127, MASKED));
	EXPECT_EQ(0, entry(2047, IN_USE));
	EXPECT_TOLD(1, 127, NULL, 0);
	EXPECT_EQ(0, entry(2047, MASKED));
	EXPECT_EQ(0, entry(2047, IN_USE));
	EXPECT_EQ(0, entries[2047].error);
	EXPECT_TOLD(2, 2047, &entries[2047].range, 0);
	EXPECT_EQ(16U, numbers());
	EXPECT_SOUND();
}

/* The smallest number first, so that they do not climb. */
TEST(vectors_are_used_again)
{
	uint32_t i;

	ASSERT_EQ(0, msix_up(4096, 2048));
	msix_control(MSIX_ENABLE);
	for (i = 0; i < 100000; i++) {
		ASSERT_EQ(0, entry(i % 2048, IN_USE));
		ASSERT_GT(8U, entries[i % 2048].range.start);
		if (i >= 7)
			ASSERT_EQ(0, entry((i - 7) % 2048, MASKED));
	}
	EXPECT_EQ(7U, numbers());
}

TEST(all_2048_entries_at_once)
{
	uint32_t i;

	ASSERT_EQ(0, msix_up(2000, 2048));
	for (i = 0; i < 2048; i++)
		ASSERT_EQ(0, entry(i, IN_USE));
	EXPECT_EQ(0U, held());
	msix_control(MSIX_ENABLE);
	EXPECT_EQ(2000U, held());
	EXPECT_EQ(2048U, told.nr);
	for (i = 0; i < 2048; i++) {
		EXPECT_EQ(i < 2000 ? VMR_LIVE : VMR_FREE,
			  vmr_range_state(&entries[i].range));
		EXPECT_EQ(i < 2000 ? 0 : -ENOSPC, entries[i].error);
	}
	told.nr = 0;
	msix_control(0);
	EXPECT_EQ(0U, held());
	/* Who had none is told too that the error is over. */
	EXPECT_EQ(2048U, told.nr);
	EXPECT_EQ(0, entries[2047].error);
}

TEST(unplugging_gives_every_vector_back)
{
	uint32_t i;

	ASSERT_EQ(0, msix_up(64, 32));
	msix_control(MSIX_ENABLE);
	for (i = 0; i < 32; i++)
		ASSERT_EQ(0, entry(i, IN_USE));
	told.nr = 0;
	EXPECT_EQ(0, vmr_pci_unplug(&fn));
	EXPECT_EQ(0U, held());
	EXPECT_EQ(32U, told.nr);
	REFUSED(-ENOENT, entry(0, MASKED));
	/* A reset: off, and every entry masked. */
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

TEST(a_table_is_accessed_in_aligned_dwords_and_qwords)
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
			if (want)
				EXPECT_EQ(0, memcmp(data, ones, width));
			if (width < 16)
				EXPECT_EQ(0x55, data[width]);
			/* A write that changes nothing, for its answer. */
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

TEST(an_entry_reads_back_what_of_it_can_be_written)
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
	/* The neighbours are as they were. */
	EXPECT_EQ((uint64_t)MASKED << 32, table_in(0x18, 8));
	EXPECT_EQ(0U, table_in(0x30, 8));
	/* Data and control in one access. */
	msix_control(MSIX_ENABLE);
	EXPECT_EQ(0, table_out(0x28, 0x0000000000000041ull, 8));
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&entries[2].range));
	EXPECT_EQ(0, table_out(0x28, 0x0000000100000041ull, 8));
	EXPECT_EQ(0U, held());
}

TEST(adding_msix_is_refused)
{
	static const uint32_t bad_place[] = { 0, 0x3c, 0x41, 0xf8, 0x100,
					      0xfffffffc };
	static struct vmr_pci_msix_entry others[4];
	struct vmr_pci_msix other = { 0 }, before;
	struct vmr_pci_msix_layout place;
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
	for (i = 0; i < NR(bad_place); i++)
		EXPECT_EQ(-EINVAL, vmr_pci_add_msix(&fn, &msix, bad_place[i],
						    entries, 4, &in_bar_0));
	for (i = 0; i < 4; i++) {
		place = in_bar_0;
		if (i == 0)
			place.table_bar = VMR_PCI_ROM;
		if (i == 1)
			place.pba_bar = VMR_PCI_ROM;
		if (i == 2)
			place.table_offset |= 4;
		if (i == 3)
			place.pba_offset |= 2;
		EXPECT_EQ(-EINVAL, vmr_pci_add_msix(&fn, &msix, MSIX, entries,
						    4, &place));
	}
	EXPECT_NULL(msix.entries);
	ASSERT_EQ(0, vmr_pci_add_msix(&fn, &msix, MSIX, entries, 8, &in_bar_0));
	image = fn;
	before = msix;
	EXPECT_EQ(-EEXIST, vmr_pci_add_msix(&fn, &other, MSIX + 8, others, 4,
					    &in_bar_0));
	EXPECT_EQ(-EEXIST, vmr_pci_add_msix(&fn, &msix, 0x90, others, 4,
					    &in_bar_0));
	ASSERT_EQ(0, memcmp(&image, &fn, sizeof(fn)));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &fn, AT));
	EXPECT_EQ(-EEXIST, vmr_pci_add_msix(&fn, &msix, 0x90, others, 4,
					    &in_bar_0));
	EXPECT_EQ(-EBUSY, vmr_pci_add_msix(&fn, &other, 0x90, others, 4,
					   &in_bar_0));
	EXPECT_EQ(0, memcmp(&before, &msix, sizeof(msix)));
	EXPECT_NULL(other.entries);
}

TEST(msi_and_msix_are_apart)
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
	/* Without callbacks all is the same. */
	fn.ops = NULL;
	msi_control(1, true);
	EXPECT_EQ(0, entry(1, MASKED));
	EXPECT_EQ(2U, numbers());
	EXPECT_EQ(0, vmr_pci_unplug(&fn));
	EXPECT_EQ(0U, held());
}

TEST(vectors_come_from_the_domain_and_pool_of_the_machine)
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
 * Who is told may unplug the function there and then.
 */

static unsigned int after;

static void unplug_on_vector(struct vmr_pci_function *f, uint32_t index,
			     const struct vmr_range *range, int error)
{
	told.nr++;
	if (range)
		told.error = vmr_pci_unplug(f);
}

static void note_write(struct vmr_pci_function *f, uint32_t offset,
		       uint32_t width)
{
	after++;
}

static const struct vmr_pci_ops unplugging_ops = {
	.vector_changed = unplug_on_vector, .config_written = note_write,
};

TEST(a_function_may_be_unplugged_by_who_is_told_of_its_vector)
{
	ASSERT_EQ(0, msix_up(64, 32));
	ASSERT_EQ(0, entry(3, IN_USE));
	ASSERT_EQ(0, entry(9, IN_USE));
	fn.ops = &unplugging_ops;
	msix_control(MSIX_ENABLE);
	/* The first is taken, told, and given back; there is no second. */
	EXPECT_EQ(2U, told.nr);
	EXPECT_EQ(0, told.error);
	EXPECT_EQ(0U, held());
	EXPECT_EQ(0U, after);
	EXPECT_NULL(fn.manager);
	EXPECT_NULL(vmr_pci_find_function(&m.manager, AT));
	REFUSED(-ENOENT, vmr_pci_unplug(&fn));
	EXPECT_SOUND();
}

static void unplug_on_move(struct vmr_listener *listener,
			   struct vmr_region *region,
			   const struct vmr_mapping *old,
			   const struct vmr_mapping *new_)
{
	if (new_->mapped)
		vmr_pci_unplug(&fn);
}

TEST(a_function_may_be_unplugged_by_who_is_told_of_its_bar)
{
	struct vmr_listener listener = { .region_changed = unplug_on_move };

	ASSERT_EQ(0, setup(64));
	ASSERT_EQ(0, vmr_pci_add_bar(&fn, 0, VMR_PCI_BAR_MEM32, false, 0x1000,
				     NULL));
	ASSERT_EQ(0, vmr_pci_add_bar(&fn, 1, VMR_PCI_BAR_MEM32, false, 0x1000,
				     NULL));
	ASSERT_EQ(0, vmr_pci_add_msi(&fn, &msi, MSI, 4));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &fn, AT));
	set_bar(&fn, 0, 0xe0000000);
	set_bar(&fn, 1, 0xe0001000);
	msi_control(2, true);
	fn.ops = &unplugging_ops;
	after = 0;
	ASSERT_EQ(0, vmr_listener_register(&m.manager, &listener));
	conf_out_at(AT, COMMAND, DECODE_MEM, 2);
	EXPECT_NULL(fn.manager);
	EXPECT_EQ(0U, held());
	EXPECT_EQ(0U, after);
	EXPECT_EQ(0U, m.sys.mmio.nr_ranges);
	EXPECT_SOUND();
}

/*
 * Random writes: exactly the entries in use hold a vector, or say why not.
 */
TEST(vectors_are_held_exactly_for_what_is_in_use)
{
	uint64_t state = 0x9e3779b97f4a7c15ull;
	uint32_t step, i, used;

	ASSERT_EQ(0, msix_up(24, 64));
	for (step = 0; step < 20000; step++) {
		bool on;

		state = state * 6364136223846793005ull + 1442695040888963407ull;
		i = (uint32_t)(state >> 33);
		if (i % 64 == 0)
			msix_control((i >> 8 & 3) << 14);
		else if (i % 64 == 1)
			conf_out_at(AT, COMMAND, i >> 8 & 7, 2);
		else
			entry(i >> 8 & 63, i >> 16 & 1);
		on = conf_in_at(AT, MSIX + 2, 2) & MSIX_ENABLE;
		for (i = 0, used = 0; i < 64; i++) {
			bool want = on && !(entries[i].dwords[3] & MASKED);
			bool has = vmr_range_state(&entries[i].range) ==
				   VMR_LIVE;

			ASSERT_EQ(want, has || entries[i].error);
			ASSERT_FALSE(has && entries[i].error);
			used += has;
		}
		ASSERT_EQ(used, held());
		ASSERT_EQ(used, numbers());
	}
	EXPECT_SOUND();
}

TEST_HARNESS_MAIN

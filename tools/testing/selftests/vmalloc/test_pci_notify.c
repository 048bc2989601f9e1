// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_pci_notify.c - messages of MSI and MSI-X: delivered, pending, waiting
 */
#include <pthread.h>
#include <sched.h>

#include "../kselftest_harness.h"

#include "pci_machine.h"

#define ENTRIES		70
#define MSI_CAP		0x40
#define MSIX_CAP	0x60
#define TABLE		0x80000000u
#define PBA		(TABLE + 0x800)

/* A function with MSI that can mask, and MSI-X with more entries than PBA dwords */
struct sender {
	struct vmr_pci_function		fn;
	struct vmr_pci_msi		msi;
	struct vmr_pci_msix		msix;
	struct vmr_pci_msix_entry	entries[ENTRIES];
	unsigned int			delivered[ENTRIES];
	uint32_t			last_data;
	unsigned int			changed[ENTRIES];	/* vector_changed() */
	unsigned int			messages[ENTRIES];	/* message_changed() */
	int				error[ENTRIES];
};

static struct sender a, b, c;
static struct vmr_pci_host host;

static struct sender *to_sender(struct vmr_pci_function *fn)
{
	return owner_of(fn, struct sender, fn);
}

/* An owner gets the message in the thread that sends it */
static void count_delivered(struct vmr_pci_function *fn, uint32_t index)
{
	struct vmr_pci_message message;

	if (!vmr_pci_get_message(fn, index, &message))
		__atomic_store_n(&to_sender(fn)->last_data, message.data,
				 __ATOMIC_RELAXED);
	__atomic_fetch_add(&to_sender(fn)->delivered[index], 1, __ATOMIC_SEQ_CST);
}

static void count_changed(struct vmr_pci_function *fn, uint32_t index,
			  const struct vmr_range *range, int error)
{
	(void)range;
	to_sender(fn)->changed[index]++;
	to_sender(fn)->error[index] = error;
}

static void count_message(struct vmr_pci_function *fn, uint32_t index)
{
	to_sender(fn)->messages[index]++;
}

static const struct vmr_pci_events events = {
	.vector_changed = count_changed,
	.message_changed = count_message,
	.deliver = count_delivered,
};

static int sender_init(struct sender *s, bool is_64bit)
{
	const struct vmr_pci_msix_layout layout = { 0, 0, 0, 0x800 };
	int ret;

	memset(s, 0, sizeof(*s));
	ret = card_with_bar(&s->fn);
	s->fn.events = &events;
	if (!ret)
		ret = vmr_pci_add_msi_maskable(&s->fn, &s->msi, MSI_CAP, 4,
					       is_64bit);
	return ret ? ret : vmr_pci_add_msix(&s->fn, &s->msix, MSIX_CAP,
					    s->entries, ENTRIES, &layout);
}

/* Senders a, b and c in a machine with @numbers interrupt numbers */
static int setup(uint32_t numbers)
{
	int ret = pci_machine_up(numbers - 1);

	if (!ret)
		ret = host_up(&host, 0, 0, 15);
	if (!ret)
		ret = sender_init(&a, true);
	if (!ret)
		ret = sender_init(&b, true);
	if (!ret)
		ret = sender_init(&c, false);
	if (!ret)
		ret = vmr_pci_host_plug(&host, &a.fn, 1 << 3);
	if (!ret)
		ret = vmr_pci_host_plug(&host, &b.fn, 2 << 3);
	return ret ? ret : vmr_pci_host_plug(&host, &c.fn, 3 << 3);
}

static void msix_flags(struct sender *s, uint32_t flags)
{
	reg_write(&s->fn, MSIX_CAP + PCI_MSIX_FLAGS, flags, 2);
}

static void enable_msix(struct sender *s)
{
	msix_flags(s, PCI_MSIX_FLAGS_ENABLE);
}

static void entry_mask(struct sender *s, uint32_t index, bool masked)
{
	const uint8_t bytes[4] = { masked };

	vmr_pci_msix_write(&s->fn, &s->msix, 16 * index + 12, bytes, 4);
}

static uint64_t pba(struct sender *s, uint32_t offset, uint32_t width)
{
	uint8_t bytes[8] = { 0 };
	uint64_t value = 0;
	uint32_t i;

	vmr_pci_msix_read_pba(&s->msix, offset, bytes, width);
	for (i = 0; i < sizeof(bytes); i++)
		value |= (uint64_t)bytes[i] << 8 * i;
	return value;
}

static bool has_number(const struct sender *s, uint32_t index)
{
	return vmr_range_state(&s->entries[index].range) == VMR_LIVE;
}

/*
 * MSI-X
 */

/* The errors, and what a function without enabled capability gets. */
TEST(notify_errors)
{
	static struct vmr_pci_function plain;
	struct vmr_pci_message message;

	ASSERT_EQ(0, setup(64));
	EXPECT_EQ(-EINVAL, vmr_pci_notify(NULL, 0));
	EXPECT_EQ(-ENOENT, vmr_pci_notify(&a.fn, 0));
	EXPECT_EQ(-EINVAL, vmr_pci_get_message(NULL, 0, &message));
	EXPECT_EQ(-EINVAL, vmr_pci_get_message(&a.fn, 0, NULL));
	EXPECT_EQ(-ENOENT, vmr_pci_get_message(&a.fn, 0, &message));
	enable_msix(&a);
	EXPECT_EQ(-EINVAL, vmr_pci_notify(&a.fn, ENTRIES));
	EXPECT_EQ(-EINVAL, vmr_pci_get_message(&a.fn, ENTRIES, &message));
	EXPECT_EQ(-EAGAIN, vmr_pci_notify(&a.fn, ENTRIES - 1));
	ASSERT_EQ(0, card_init(&plain));
	EXPECT_EQ(-ENOENT, vmr_pci_notify(&plain, 0));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &plain, 4 << 3));
	EXPECT_EQ(-ENOENT, vmr_pci_notify(&plain, 0));
	EXPECT_EQ(-ENOENT, vmr_pci_get_message(&plain, 0, &message));
	EXPECT_EQ(0, vmr_pci_unplug(&a.fn));
	EXPECT_EQ(-ENOENT, vmr_pci_notify(&a.fn, 0));
	/* A function without callbacks of its owner sends into nothing */
	b.fn.events = NULL;
	enable_msix(&b);
	entry_mask(&b, 0, false);
	EXPECT_EQ(0, vmr_pci_notify(&b.fn, 0));
}

/* While an entry is masked its message is pending; unmasking delivers it once. */
TEST(notify_masked_entry)
{
	ASSERT_EQ(0, setup(64));
	enable_msix(&a);
	EXPECT_EQ(-EAGAIN, vmr_pci_notify(&a.fn, 3));
	EXPECT_EQ(-EAGAIN, vmr_pci_notify(&a.fn, 3));
	EXPECT_EQ(0U, a.delivered[3]);
	EXPECT_EQ(8U, pba(&a, 0, 4));
	EXPECT_FALSE(has_number(&a, 3));
	entry_mask(&a, 3, false);
	EXPECT_EQ(1U, a.delivered[3]);
	EXPECT_EQ(0U, pba(&a, 0, 4));
	EXPECT_TRUE(has_number(&a, 3));
	EXPECT_EQ(0, vmr_pci_notify(&a.fn, 3));
	EXPECT_EQ(2U, a.delivered[3]);
	/* The entry keeps its number while it is masked again */
	entry_mask(&a, 3, true);
	EXPECT_TRUE(has_number(&a, 3));
	EXPECT_EQ(-EAGAIN, vmr_pci_notify(&a.fn, 3));
	entry_mask(&a, 3, false);
	entry_mask(&a, 3, true);
	entry_mask(&a, 3, false);
	EXPECT_EQ(3U, a.delivered[3]);
	EXPECT_EQ(1U, a.changed[3]);
	EXPECT_EQ(0U, a.delivered[2] + a.delivered[4]);
}

/* The pending bits are in dwords, of the entries that exist. */
TEST(notify_pending_bits)
{
	uint8_t bytes[8];

	ASSERT_EQ(0, setup(64));
	enable_msix(&a);
	EXPECT_EQ(-EAGAIN, vmr_pci_notify(&a.fn, 0));
	EXPECT_EQ(-EAGAIN, vmr_pci_notify(&a.fn, 31));
	EXPECT_EQ(-EAGAIN, vmr_pci_notify(&a.fn, 32));
	EXPECT_EQ(-EAGAIN, vmr_pci_notify(&a.fn, 69));
	EXPECT_EQ(0x80000001U, pba(&a, 0, 4));
	EXPECT_EQ(1U, pba(&a, 4, 4));
	EXPECT_EQ(0x180000001U, pba(&a, 0, 8));
	EXPECT_EQ(0x20U, pba(&a, 8, 4));
	EXPECT_EQ(0U, pba(&a, 12, 4));
	EXPECT_EQ(0x20U, pba(&a, 8, 8));
	EXPECT_EQ(-ERANGE, vmr_pci_msix_read_pba(&a.msix, 16, bytes, 4));
	EXPECT_EQ(0xffU, bytes[0]);
	EXPECT_EQ(-ERANGE, vmr_pci_msix_read_pba(&a.msix, 2, bytes, 4));
	EXPECT_EQ(-ERANGE, vmr_pci_msix_read_pba(&a.msix, 4, bytes, 8));
	EXPECT_EQ(-EMSGSIZE, vmr_pci_msix_read_pba(&a.msix, 0, bytes, 2));
	EXPECT_EQ(-EINVAL, vmr_pci_msix_read_pba(NULL, 0, bytes, 4));
	EXPECT_EQ(-EINVAL, vmr_pci_msix_read_pba(&a.msix, 0, NULL, 4));
}

/* The guest accesses table and pending bits in the BAR; the owner sees the rest. */
TEST(notify_through_bar)
{
	uint8_t data[8];

	ASSERT_EQ(0, setup(64));
	bar_on(&a.fn, TABLE);
	enable_msix(&a);
	EXPECT_EQ(-EAGAIN, vmr_pci_notify(&a.fn, 1));
	EXPECT_EQ(2U, guest_read(VMR_MMIO, PBA, 4));
	EXPECT_EQ(2U, guest_read(VMR_MMIO, PBA, 8));
	EXPECT_EQ(1U, guest_read(VMR_MMIO, TABLE + 28, 4));
	guest_write(VMR_MMIO, TABLE + 16, 0xfee0100c, 4);
	guest_write(VMR_MMIO, TABLE + 20, 1, 4);
	EXPECT_EQ(0x1fee0100cU, guest_read(VMR_MMIO, TABLE + 16, 8));
	guest_write(VMR_MMIO, PBA, 0, 4);
	EXPECT_EQ(2U, guest_read(VMR_MMIO, PBA, 4));
	guest_write(VMR_MMIO, TABLE + 24, 0x55, 8);
	EXPECT_EQ(1U, a.delivered[1]);
	EXPECT_EQ(0U, guest_read(VMR_MMIO, PBA, 4));
	/* Not aligned, too narrow, across the end: ones, and nothing written */
	EXPECT_EQ(0xffffU, guest_read(VMR_MMIO, TABLE, 2));
	EXPECT_EQ(0xffffffffU, guest_read(VMR_MMIO, TABLE + 2, 4));
	EXPECT_EQ(0xffffffffU, guest_read(VMR_MMIO, TABLE + 16 * ENTRIES - 2, 4));
	EXPECT_EQ(0xffffffffU, guest_read(VMR_MMIO, PBA + 14, 4));
	EXPECT_EQ(0xffffffffU, guest_read(VMR_MMIO, PBA - 2, 4));
	guest_write(VMR_MMIO, TABLE + 12, 0, 1);
	EXPECT_EQ(1U, guest_read(VMR_MMIO, TABLE + 12, 4));
	/* The owner's part */
	memset(&seen, 0, sizeof(seen));
	EXPECT_EQ(0x83828180U, guest_read(VMR_MMIO, TABLE + 16 * ENTRIES, 4));
	EXPECT_EQ(1U, seen.calls);
	guest_write(VMR_MMIO, PBA + 16, 0, 4);
	EXPECT_EQ(2U, seen.calls);
	/* Repetitions are the same register again */
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, TABLE + 24, data, 4, 2));
	EXPECT_EQ(0, memcmp(data, "\x55\0\0\0\x55\0\0\0", 8));
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, PBA, data, 4, 2));
	EXPECT_EQ(0, memcmp(data, "\0\0\0\0\0\0\0\0", 8));
	EXPECT_EQ(0, vmr_write(&m.reader, VMR_MMIO, TABLE + 24,
			       "\1\0\0\0\2\0\0\0", 4, 2));
	EXPECT_EQ(2U, guest_read(VMR_MMIO, TABLE + 24, 4));
}

/* The function mask is a mask of each entry, and neither frees nor loses anything. */
TEST(notify_function_mask)
{
	struct vmr_pci_message message;

	ASSERT_EQ(0, setup(64));
	msix_flags(&a, PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	entry_mask(&a, 0, false);
	entry_mask(&a, 1, false);
	EXPECT_FALSE(has_number(&a, 0));
	EXPECT_EQ(-EAGAIN, vmr_pci_notify(&a.fn, 0));
	EXPECT_EQ(-EAGAIN, vmr_pci_notify(&a.fn, 2));
	EXPECT_EQ(0, vmr_pci_get_message(&a.fn, 0, &message));
	EXPECT_TRUE(message.masked);
	EXPECT_EQ(0U, a.messages[0]);
	enable_msix(&a);
	EXPECT_TRUE(has_number(&a, 0));
	EXPECT_TRUE(has_number(&a, 1));
	EXPECT_FALSE(has_number(&a, 2));
	EXPECT_EQ(1U, a.delivered[0]);
	EXPECT_EQ(0U, a.delivered[1]);
	EXPECT_EQ(0U, a.delivered[2]);
	EXPECT_EQ(4U, pba(&a, 0, 4));
	EXPECT_EQ(1U, a.messages[0]);
	EXPECT_EQ(0, vmr_pci_get_message(&a.fn, 0, &message));
	EXPECT_FALSE(message.masked);
	msix_flags(&a, PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	EXPECT_EQ(2U, a.messages[0]);
	EXPECT_EQ(-EAGAIN, vmr_pci_notify(&a.fn, 1));
	enable_msix(&a);
	EXPECT_EQ(1U, a.delivered[1]);
	EXPECT_EQ(1U, a.changed[0]);
	/* Disabling frees the numbers; the pending bit of entry 2 waits for its guest */
	msix_flags(&a, 0);
	EXPECT_FALSE(has_number(&a, 0));
	EXPECT_EQ(-ENOENT, vmr_pci_notify(&a.fn, 0));
	EXPECT_EQ(4U, pba(&a, 0, 4));
	enable_msix(&a);
	entry_mask(&a, 2, false);
	EXPECT_EQ(1U, a.delivered[2]);
}

/* Messages are reported when they change, while the entry has a number. */
TEST(notify_message_changed)
{
	struct vmr_pci_message message;
	const uint8_t data[8] = { 0x0c, 0, 0xe0, 0xfe, 1, 0, 0, 0 };
	const uint8_t vector[8] = { 0x41 };

	ASSERT_EQ(0, setup(64));
	enable_msix(&a);
	EXPECT_EQ(0, vmr_pci_msix_write(&a.fn, &a.msix, 16, data, 8));
	EXPECT_EQ(0U, a.messages[1]);
	EXPECT_EQ(0, vmr_pci_msix_write(&a.fn, &a.msix, 24, vector, 8));
	EXPECT_EQ(1U, a.messages[1]);
	EXPECT_EQ(0, vmr_pci_get_message(&a.fn, 1, &message));
	EXPECT_EQ(0x1fee0000cU, message.address);
	EXPECT_EQ(0x41U, message.data);
	EXPECT_FALSE(message.masked);
	EXPECT_EQ(0, vmr_pci_msix_write(&a.fn, &a.msix, 24, vector, 8));
	EXPECT_EQ(1U, a.messages[1]);
	entry_mask(&a, 1, true);
	EXPECT_EQ(2U, a.messages[1]);
	EXPECT_EQ(0, vmr_pci_msix_write(&a.fn, &a.msix, 16, vector, 4));
	EXPECT_EQ(3U, a.messages[1]);
	EXPECT_EQ(0, vmr_pci_get_message(&a.fn, 1, &message));
	EXPECT_EQ(0x100000040U, message.address);
	EXPECT_TRUE(message.masked);
}

/*
 * MSI
 */

static void enable_msi(struct sender *s, uint32_t log)
{
	reg_write(&s->fn, MSI_CAP + PCI_MSI_FLAGS,
		  PCI_MSI_FLAGS_ENABLE | log << 4, 2);
}

/* The mask bits hold back each vector, and the register shows what is pending. */
TEST(notify_msi_mask_bits)
{
	struct sender *senders[] = { &a, &c };
	size_t i;

	ASSERT_EQ(0, setup(64));
	for (i = 0; i < NR(senders); i++) {
		struct sender *s = senders[i];
		uint32_t mask = MSI_CAP + (s == &a ? PCI_MSI_MASK_64 :
						     PCI_MSI_MASK_32);

		EXPECT_EQ(0, reg_write(&s->fn, mask, 0xffffffff, 4));
		EXPECT_EQ(0xfU, reg_read(&s->fn, mask, 4));
		enable_msi(s, 2);
		EXPECT_EQ(-EAGAIN, vmr_pci_notify(&s->fn, 0));
		EXPECT_EQ(-EAGAIN, vmr_pci_notify(&s->fn, 2));
		EXPECT_EQ(-EAGAIN, vmr_pci_notify(&s->fn, 2));
		EXPECT_EQ(5U, reg_read(&s->fn, mask + 4, 4));
		EXPECT_EQ(0, reg_write(&s->fn, mask + 4, 0, 4));
		EXPECT_EQ(5U, reg_read(&s->fn, mask + 4, 1));
		EXPECT_EQ(0, reg_write(&s->fn, mask, 0xb, 1));
		EXPECT_EQ(1U, s->delivered[2]);
		EXPECT_EQ(0U, s->delivered[0]);
		EXPECT_EQ(1U, reg_read(&s->fn, mask + 4, 4));
		EXPECT_EQ(0, vmr_pci_notify(&s->fn, 2));
		EXPECT_EQ(2U, s->delivered[2]);
		EXPECT_EQ(0, reg_write(&s->fn, mask, 0, 4));
		EXPECT_EQ(1U, s->delivered[0]);
		EXPECT_EQ(0U, reg_read(&s->fn, mask + 4, 4));
	}
}

/* The pending bits of the last vectors are read without the others, with either width. */
TEST(notify_msi_last_pending_bit)
{
	struct vmr_pci_function fn[2];
	struct vmr_pci_msi msi[2];
	unsigned int i;

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, host_up(&host, 0, 0, 15));
	memset(msi, 0, sizeof(msi));
	for (i = 0; i < 2; i++) {
		uint32_t mask = MSI_CAP + (i ? PCI_MSI_MASK_64 : PCI_MSI_MASK_32);

		ASSERT_EQ(0, card_init(&fn[i]));
		ASSERT_EQ(0, vmr_pci_add_msi_maskable(&fn[i], &msi[i], MSI_CAP, 32,
						      i));
		ASSERT_EQ(0, vmr_pci_host_plug(&host, &fn[i], (i + 1) << 3));
		EXPECT_EQ(0, reg_write(&fn[i], mask, 0xffffffff, 4));
		EXPECT_EQ(0, reg_write(&fn[i], MSI_CAP + PCI_MSI_FLAGS,
				       PCI_MSI_FLAGS_ENABLE | 5 << 4, 2));
		EXPECT_EQ(-EAGAIN, vmr_pci_notify(&fn[i], 31));
		EXPECT_EQ(0x80U, reg_read(&fn[i], mask + 7, 1));
		EXPECT_EQ(0x8000U, reg_read(&fn[i], mask + 6, 2));
	}
}

/* Vectors above the number that is enabled are sent as the last one. */
TEST(notify_msi_fewer_vectors)
{
	struct vmr_pci_message message;

	ASSERT_EQ(0, setup(64));
	EXPECT_EQ(0, reg_write(&a.fn, MSI_CAP + PCI_MSI_ADDRESS_LO, 0xfee01003, 4));
	EXPECT_EQ(0, reg_write(&a.fn, MSI_CAP + PCI_MSI_ADDRESS_HI, 2, 4));
	EXPECT_EQ(0, reg_write(&a.fn, MSI_CAP + PCI_MSI_DATA_64, 0x4043, 2));
	enable_msi(&a, 1);
	EXPECT_EQ(0, vmr_pci_notify(&a.fn, 3));
	EXPECT_EQ(0, vmr_pci_notify(&a.fn, ~0u));
	EXPECT_EQ(2U, a.delivered[1]);
	EXPECT_EQ(0, vmr_pci_get_message(&a.fn, 0, &message));
	EXPECT_EQ(0x2fee01000U, message.address);
	EXPECT_EQ(0x4042U, message.data);
	EXPECT_FALSE(message.masked);
	EXPECT_EQ(0, vmr_pci_get_message(&a.fn, 1, &message));
	EXPECT_EQ(0x4043U, message.data);
	EXPECT_EQ(-EINVAL, vmr_pci_get_message(&a.fn, 2, &message));
	/* A 32-bit address, and changes of it */
	enable_msi(&c, 0);
	EXPECT_EQ(1U, c.messages[0]);
	EXPECT_EQ(0, reg_write(&c.fn, MSI_CAP + PCI_MSI_ADDRESS_LO, 0xfee02000, 4));
	EXPECT_EQ(0, reg_write(&c.fn, MSI_CAP + PCI_MSI_DATA_32, 0x99, 2));
	EXPECT_EQ(3U, c.messages[0]);
	EXPECT_EQ(0, reg_write(&c.fn, MSI_CAP + PCI_MSI_DATA_32, 0x99, 2));
	EXPECT_EQ(0, reg_write(&c.fn, MSI_CAP + PCI_MSI_MASK_32, 1, 4));
	EXPECT_EQ(4U, c.messages[0]);
	EXPECT_EQ(0, vmr_pci_get_message(&c.fn, 0, &message));
	EXPECT_EQ(0xfee02000U, message.address);
	EXPECT_EQ(0x99U, message.data);
	EXPECT_TRUE(message.masked);
	/* MSI-X has precedence while both are enabled */
	enable_msix(&c);
	EXPECT_EQ(-EAGAIN, vmr_pci_notify(&c.fn, 5));
	EXPECT_EQ(0x20U, pba(&c, 0, 4));
}

/*
 * Numbers
 */

/* Without a number an entry waits, and its message with it; the oldest is served. */
TEST(notify_waits_for_number)
{
	ASSERT_EQ(0, setup(2));
	enable_msix(&a);
	enable_msix(&b);
	enable_msix(&c);
	entry_mask(&a, 0, false);
	entry_mask(&a, 1, false);
	entry_mask(&c, 7, false);
	entry_mask(&b, 9, false);
	entry_mask(&c, 8, false);
	EXPECT_EQ(-ENOSPC, c.error[7]);
	EXPECT_EQ(-ENOSPC, c.entries[7].error);
	EXPECT_EQ(-EAGAIN, vmr_pci_notify(&c.fn, 7));
	EXPECT_EQ(-EAGAIN, vmr_pci_notify(&b.fn, 9));
	EXPECT_EQ(0x80U, pba(&c, 0, 4));
	/* An entry that is masked while it waits is served, and delivers when unmasked */
	entry_mask(&b, 9, true);
	msix_flags(&a, 0);
	EXPECT_TRUE(has_number(&c, 7));
	EXPECT_TRUE(has_number(&b, 9));
	EXPECT_FALSE(has_number(&c, 8));
	EXPECT_EQ(0, c.entries[7].error);
	EXPECT_EQ(0, c.error[7]);
	EXPECT_EQ(2U, c.changed[7]);
	EXPECT_EQ(1U, c.delivered[7]);
	EXPECT_EQ(0U, b.delivered[9]);
	entry_mask(&b, 9, false);
	EXPECT_EQ(1U, b.delivered[9]);
	/* Unplugging serves the next one */
	EXPECT_EQ(0, vmr_pci_unplug(&b.fn));
	EXPECT_TRUE(has_number(&c, 8));
	EXPECT_EQ(0, vmr_pci_notify(&c.fn, 8));
	EXPECT_SOUND();
}

/* A block of MSI waits as a whole, and one that is not wanted any more does not. */
TEST(notify_msi_block_waits)
{
	ASSERT_EQ(0, setup(4));
	enable_msix(&a);
	entry_mask(&a, 0, false);
	enable_msi(&b, 2);
	EXPECT_EQ(-ENOSPC, b.msi.error);
	EXPECT_EQ(-EAGAIN, vmr_pci_notify(&b.fn, 3));
	enable_msi(&c, 2);
	reg_write(&c.fn, MSI_CAP + PCI_MSI_FLAGS, 0, 2);
	EXPECT_EQ(0, c.msi.error);
	msix_flags(&a, 0);
	EXPECT_EQ(0, b.msi.error);
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&b.msi.range));
	EXPECT_EQ(1U, b.delivered[3]);
	EXPECT_EQ(0, vmr_pci_notify(&b.fn, 0));
	EXPECT_EQ(VMR_FREE, vmr_range_state(&c.msi.range));
	/* Reset of the holder serves it */
	enable_msi(&c, 2);
	EXPECT_EQ(0, vmr_pci_function_reset(&b.fn, VMR_PCI_RESET_FUNCTION));
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&c.msi.range));
	EXPECT_SOUND();
}

/* A function holds at most as many vectors as its limit. */
TEST(notify_vector_limit)
{
	ASSERT_EQ(0, setup(64));
	a.fn.vector_limit = 2;
	enable_msix(&a);
	entry_mask(&a, 0, false);
	entry_mask(&a, 1, false);
	entry_mask(&a, 2, false);
	EXPECT_TRUE(has_number(&a, 0));
	EXPECT_TRUE(has_number(&a, 1));
	EXPECT_FALSE(has_number(&a, 2));
	EXPECT_EQ(-ENOSPC, a.entries[2].error);
	EXPECT_EQ(-EAGAIN, vmr_pci_notify(&a.fn, 2));
	enable_msi(&a, 0);
	EXPECT_EQ(-ENOSPC, a.msi.error);
	/* Another function has numbers of its own */
	enable_msi(&b, 2);
	EXPECT_EQ(0, b.msi.error);
	/* A block above the limit is refused as a whole, one within is not */
	msix_flags(&a, 0);
	reg_write(&a.fn, MSI_CAP + PCI_MSI_FLAGS, 0, 2);
	enable_msi(&a, 2);
	EXPECT_EQ(-ENOSPC, a.msi.error);
	enable_msi(&a, 1);
	EXPECT_EQ(0, a.msi.error);
	EXPECT_EQ(2U, a.fn.nr_vectors);
}

/* Waiting is no way around the limit. */
TEST(notify_limit_of_waiting_entries)
{
	uint32_t i, nr = 0;

	ASSERT_EQ(0, setup(4));
	enable_msi(&b, 2);
	a.fn.vector_limit = 2;
	enable_msix(&a);
	for (i = 0; i < 4; i++)
		entry_mask(&a, i, false);
	reg_write(&b.fn, MSI_CAP + PCI_MSI_FLAGS, 0, 2);
	for (i = 0; i < 4; i++)
		nr += has_number(&a, i);
	EXPECT_EQ(2U, nr);
	EXPECT_TRUE(has_number(&a, 0));
	EXPECT_TRUE(has_number(&a, 1));
	/* Disabling gives all of it back */
	msix_flags(&a, 0);
	EXPECT_EQ(0U, m.sys.irqs.space.nr_ranges);
	EXPECT_EQ(0U, a.fn.nr_vectors);
	enable_msix(&a);
	EXPECT_TRUE(has_number(&a, 0));
	EXPECT_TRUE(has_number(&a, 1));
	EXPECT_FALSE(has_number(&a, 2));
	EXPECT_EQ(0, vmr_pci_unplug(&a.fn));
	EXPECT_EQ(0U, m.sys.irqs.space.nr_ranges);
	EXPECT_EQ(0U, a.fn.nr_vectors);
}

/* An entry that waits and is disabled does not count for the limit afterwards. */
TEST(notify_limit_after_waiting)
{
	ASSERT_EQ(0, setup(1));
	enable_msi(&b, 0);
	a.fn.vector_limit = 1;
	enable_msix(&a);
	entry_mask(&a, 0, false);
	EXPECT_EQ(-ENOSPC, a.entries[0].error);
	EXPECT_EQ(1U, a.fn.nr_vectors);
	msix_flags(&a, 0);
	EXPECT_EQ(0U, a.fn.nr_vectors);
	reg_write(&b.fn, MSI_CAP + PCI_MSI_FLAGS, 0, 2);
	enable_msix(&a);
	EXPECT_TRUE(has_number(&a, 0));
}

/* The owner learns of the message of each vector that is allocated, also if late. */
TEST(notify_message_when_served)
{
	ASSERT_EQ(0, setup(4));
	enable_msi(&a, 2);
	EXPECT_EQ(1U, a.messages[0]);
	EXPECT_EQ(1U, a.messages[3]);
	enable_msix(&b);
	entry_mask(&b, 9, false);
	enable_msi(&c, 1);
	EXPECT_EQ(0U, b.messages[9]);
	EXPECT_EQ(0U, c.messages[0]);
	EXPECT_EQ(-EAGAIN, vmr_pci_notify(&b.fn, 9));
	reg_write(&a.fn, MSI_CAP + PCI_MSI_FLAGS, 0, 2);
	EXPECT_TRUE(has_number(&b, 9));
	EXPECT_EQ(1U, b.messages[9]);
	EXPECT_EQ(1U, b.delivered[9]);
	EXPECT_EQ(1U, c.messages[0]);
	EXPECT_EQ(1U, c.messages[1]);
	EXPECT_EQ(0U, c.messages[2]);
}

/* A function that waits and is reset waits no longer. */
TEST(notify_reset_ends_waiting)
{
	ASSERT_EQ(0, setup(1));
	enable_msix(&a);
	entry_mask(&a, 0, false);
	enable_msix(&b);
	entry_mask(&b, 0, false);
	enable_msi(&c, 0);
	EXPECT_EQ(-EAGAIN, vmr_pci_notify(&b.fn, 0));
	EXPECT_EQ(0, vmr_pci_function_reset(&b.fn, VMR_PCI_RESET_FUNCTION));
	EXPECT_EQ(0U, pba(&b, 0, 4));
	EXPECT_EQ(0, vmr_pci_unplug(&a.fn));
	EXPECT_FALSE(has_number(&b, 0));
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&c.msi.range));
	EXPECT_EQ(0U, b.delivered[0]);
	EXPECT_SOUND();
}

/*
 * Threads
 */

#define SENDS	20000

static unsigned int pended, sent_at_once;

static void *send_all(void *unused)
{
	int i, ret;

	for (i = 0; i < SENDS; i++) {
		ret = vmr_pci_notify(&a.fn, 5);
		if (ret == -EAGAIN)
			__atomic_fetch_add(&pended, 1, __ATOMIC_RELAXED);
		else if (!ret)
			__atomic_fetch_add(&sent_at_once, 1, __ATOMIC_RELAXED);
	}
	return unused;
}

/*
 * One thread sends while another masks and unmasks. Each message is delivered, or
 * pending until the next unmasking, where several become one. The last one is not lost.
 */
TEST(notify_threads_lose_nothing)
{
	unsigned int unmasked = 0;
	pthread_t thread;

	NEEDS(threads);
	ASSERT_EQ(0, setup(64));
	enable_msix(&a);
	entry_mask(&a, 5, false);
	ASSERT_EQ(0, pthread_create(&thread, NULL, send_all, NULL));
	while (__atomic_load_n(&sent_at_once, __ATOMIC_RELAXED) +
		       __atomic_load_n(&pended, __ATOMIC_RELAXED) < SENDS) {
		if (unmasked & 1)
			msix_flags(&a, PCI_MSIX_FLAGS_ENABLE |
				       PCI_MSIX_FLAGS_MASKALL);
		else
			entry_mask(&a, 5, true);
		sched_yield();
		if (unmasked & 1)
			enable_msix(&a);
		else
			entry_mask(&a, 5, false);
		unmasked++;
	}
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ((unsigned int)SENDS, pended + sent_at_once);
	EXPECT_EQ(0U, pba(&a, 0, 4));
	EXPECT_LE(sent_at_once, a.delivered[5]);
	EXPECT_LE(a.delivered[5], sent_at_once + pended);
	EXPECT_LE(a.delivered[5], sent_at_once + unmasked);
	/* A pending message was delivered at least once */
	if (pended)
		EXPECT_LT(sent_at_once, a.delivered[5]);
}

static unsigned int stop;

static void *send_until_stopped(void *unused)
{
	while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST))
		vmr_pci_notify(&a.fn, 5);
	return unused;
}

/* A message that is sent in a period of masking is delivered by its end. */
TEST(notify_threads_masked_period)
{
	unsigned int before, i;
	pthread_t thread;

	NEEDS(threads);
	ASSERT_EQ(0, setup(64));
	enable_msix(&a);
	entry_mask(&a, 5, false);
	ASSERT_EQ(0, pthread_create(&thread, NULL, send_until_stopped, NULL));
	for (i = 0; i < 50; i++) {
		entry_mask(&a, 5, true);
		while (!pba(&a, 0, 4))
			sched_yield();
		before = __atomic_load_n(&a.delivered[5], __ATOMIC_SEQ_CST);
		entry_mask(&a, 5, false);
		EXPECT_LT(before, __atomic_load_n(&a.delivered[5],
						  __ATOMIC_SEQ_CST));
	}
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(0U, pba(&a, 0, 4));
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_pci_capability.c - capabilities, their lists and masks, power management
 */
#include "../kselftest_harness.h"

#include "pci_machine.h"

static struct vmr_pci_function card, express;
static struct vmr_pci_express_config_space space;
static struct vmr_pci_bridge bridge;

/* A function that a failed call must not change, with its configuration space */
static struct {
	struct vmr_pci_function			fn;
	struct vmr_pci_express_config_space	space;
	struct vmr_pci_reg_block		block;
} kept;

static void keep(const struct vmr_pci_function *fn,
		 const struct vmr_pci_reg_block *block)
{
	memcpy(&kept.fn, fn, sizeof(*fn));
	memcpy(&kept.space, &space, sizeof(space));
	memcpy(&kept.block, block, sizeof(*block));
}

static bool is_kept(const struct vmr_pci_function *fn,
		    const struct vmr_pci_reg_block *block)
{
	return !memcmp(&kept.fn, fn, sizeof(*fn)) &&
	       !memcmp(&kept.space, &space, sizeof(space)) &&
	       !memcmp(&kept.block, block, sizeof(*block));
}

/* @call on @fn with the block @block fails with @err and changes neither. */
#define CAP_REFUSED(err, fn, block, call) \
	do { \
		keep(fn, block); \
		EXPECT_EQ((err), (call)) { \
			TH_LOG("%s", #call); \
		} \
		EXPECT_TRUE(is_kept(fn, block)) { \
			TH_LOG("%s failed and changed the function", #call); \
		} \
	} while (0)

static int express_init(void)
{
	memset(&express, 0, sizeof(express));
	memset(&space, 0, sizeof(space));
	return vmr_pci_function_init_express(&express, &space, &card_ids,
					     &card_ops, "express");
}

static int add(struct vmr_pci_reg_block *block, uint16_t id, uint32_t size,
	       uint32_t offset)
{
	const struct vmr_pci_cap_desc desc = {
		.id = id, .size = size, .offset = offset,
	};

	return vmr_pci_add_capability(&card, block, &desc);
}

static int add_ext(struct vmr_pci_reg_block *block, uint16_t id, uint8_t version,
		   uint32_t size, uint32_t offset)
{
	const struct vmr_pci_cap_desc desc = {
		.id = id, .version = version, .size = size, .offset = offset,
	};

	return vmr_pci_add_ext_capability(&express, block, &desc);
}

/* The offsets of the list of @fn, the first one first; the number of entries */
static unsigned int walk(const struct vmr_pci_function *fn, uint32_t *at,
			 unsigned int max)
{
	uint32_t next = reg_read(fn, PCI_CAPABILITY_LIST, 1);
	unsigned int nr = 0;

	for (; next && nr < max; next = reg_read(fn, next + 1, 1))
		at[nr++] = next;
	return nr;
}

/*
 * Conventional capabilities
 */

/* Capabilities are placed from 0x40 on, and linked into the list. */
TEST(capability_placed_and_linked)
{
	struct vmr_pci_reg_block blocks[4] = { 0 };
	uint32_t at[8];

	ASSERT_EQ(0, card_init(&card));
	EXPECT_EQ(0U, reg_read(&card, PCI_STATUS, 2));
	EXPECT_EQ(0, add(&blocks[0], 0x09, 6, 0));
	EXPECT_EQ(0x40U, blocks[0].offset);
	EXPECT_EQ((uint32_t)PCI_STATUS_CAP_LIST, reg_read(&card, PCI_STATUS, 2));
	EXPECT_EQ(0, add(&blocks[1], 0x05, 2, 0));
	EXPECT_EQ(0x48U, blocks[1].offset);
	EXPECT_EQ(0, add(&blocks[2], 0x09, 4, 0x60));
	EXPECT_EQ(0, add(&blocks[3], 0x01, 0x14, 0));
	EXPECT_EQ(0x4cU, blocks[3].offset);
	ASSERT_EQ(4U, walk(&card, at, NR(at)));
	EXPECT_EQ(0x4cU, at[0]);
	EXPECT_EQ(0x60U, at[1]);
	EXPECT_EQ(0x48U, at[2]);
	EXPECT_EQ(0x40U, at[3]);
	EXPECT_EQ(0x09U, reg_read(&card, 0x40, 1));
	EXPECT_EQ(0x05U, reg_read(&card, 0x48, 1));
}

/* A gap that is too small is passed over; without any, nothing is added. */
TEST(capability_no_space)
{
	struct vmr_pci_reg_block blocks[5] = { 0 };

	ASSERT_EQ(0, card_init(&card));
	EXPECT_EQ(0, add(&blocks[0], 1, 0x40, 0x48));
	EXPECT_EQ(0, add(&blocks[1], 2, 0x0c, 0));
	EXPECT_EQ(0x88U, blocks[1].offset);
	EXPECT_EQ(0, add(&blocks[2], 3, 8, 0));
	EXPECT_EQ(0x40U, blocks[2].offset);
	CAP_REFUSED(-ENOSPC, &card, &blocks[3], add(&blocks[3], 4, 0x70, 0));
	EXPECT_EQ(0, add(&blocks[3], 4, 0x6c, 0));
	EXPECT_EQ(0x94U, blocks[3].offset);
	CAP_REFUSED(-ENOSPC, &card, &blocks[4], add(&blocks[4], 5, 2, 0));
}

/* The whole space behind the header can be one capability, and no more. */
TEST(capability_sizes)
{
	struct vmr_pci_reg_block block = { 0 };
	static struct vmr_pci_reg_block small[49];
	unsigned int i;

	ASSERT_EQ(0, card_init(&card));
	CAP_REFUSED(-EINVAL, &card, &block, add(&block, 9, 0, 0));
	CAP_REFUSED(-EINVAL, &card, &block, add(&block, 9, 1, 0));
	CAP_REFUSED(-ENOSPC, &card, &block, add(&block, 9, 0xc1, 0));
	CAP_REFUSED(-EINVAL, &card, &block, add(&block, 9, 0xc1, 0x40));
	CAP_REFUSED(-ENOSPC, &card, &block, add(&block, 9, 0x100, 0));
	CAP_REFUSED(-EINVAL, &card, &block, add(&block, 9, 0x101, 0));
	CAP_REFUSED(-EINVAL, &card, &block, add(&block, 9, 0xffffffff, 0));
	CAP_REFUSED(-EINVAL, &card, &block, add(&block, 0x100, 4, 0));
	EXPECT_EQ(0, add(&block, 0xff, 0xc0, 0));
	ASSERT_EQ(0, card_init(&card));
	for (i = 0; i < 48; i++)
		EXPECT_EQ(0, add(&small[i], 9, 2, 0));
	CAP_REFUSED(-ENOSPC, &card, &small[48], add(&small[48], 9, 2, 0));
}

/* An offset is in [0x40, 0xfc], a multiple of 4, and the end inside. */
TEST(capability_offsets)
{
	struct vmr_pci_reg_block block = { 0 }, last = { 0 };

	ASSERT_EQ(0, card_init(&card));
	CAP_REFUSED(-EINVAL, &card, &block, add(&block, 9, 4, 0x3c));
	CAP_REFUSED(-EINVAL, &card, &block, add(&block, 9, 4, 0x42));
	CAP_REFUSED(-EINVAL, &card, &block, add(&block, 9, 4, 0x100));
	CAP_REFUSED(-EINVAL, &card, &block, add(&block, 9, 5, 0xfc));
	CAP_REFUSED(-EINVAL, &card, &block, add(&block, 9, 4, 0xfffffffc));
	EXPECT_EQ(0, add(&last, 9, 4, 0xfc));
	EXPECT_EQ(0, add(&block, 9, 4, 0x40));
}

/* Overlaps, and blocks that are part of a function, are refused. */
TEST(capability_overlap)
{
	struct vmr_pci_reg_block block = { 0 }, other = { 0 };

	ASSERT_EQ(0, card_init(&card));
	ASSERT_EQ(0, add(&block, 9, 0x10, 0x50));
	CAP_REFUSED(-EEXIST, &card, &other, add(&other, 9, 0x10, 0x50));
	CAP_REFUSED(-EEXIST, &card, &other, add(&other, 9, 0x14, 0x40));
	CAP_REFUSED(-EEXIST, &card, &other, add(&other, 9, 4, 0x5c));
	CAP_REFUSED(-EEXIST, &card, &block, add(&block, 9, 4, 0x80));
	EXPECT_EQ(0, add(&other, 9, 0x10, 0x40));
}

/* The rounded end of a capability belongs to no other one. */
TEST(capability_rounded_size)
{
	struct vmr_pci_reg_block block = { 0 }, other = { 0 };
	static const uint8_t bytes[6] = { 0, 0, 1, 2, 3, 4 };
	const struct vmr_pci_cap_desc desc = {
		.id = 9, .size = 6, .offset = 0x40, .contents = bytes,
		.wmask = bytes, .w1cmask = NULL,
	};

	ASSERT_EQ(0, card_init(&card));
	ASSERT_EQ(0, vmr_pci_add_capability(&card, &block, &desc));
	EXPECT_EQ(0x02010009U, reg_read(&card, 0x40, 4));
	EXPECT_EQ(0x0403U, reg_read(&card, 0x44, 4));
	EXPECT_EQ(0, add(&other, 9, 4, 0));
	EXPECT_EQ(0x48U, other.offset);
}

/* A capability that exists once is refused a second time, by any call. */
TEST(capability_single)
{
	struct vmr_pci_reg_block first = { 0 }, second = { 0 };
	struct vmr_pci_cap_desc desc = { .id = 9, .size = 4 };

	ASSERT_EQ(0, card_init(&card));
	ASSERT_EQ(0, vmr_pci_add_capability(&card, &first, &desc));
	desc.single = true;
	CAP_REFUSED(-EEXIST, &card, &second,
		    vmr_pci_add_capability(&card, &second, &desc));
	/* Invalid arguments come first */
	desc.offset = 0x41;
	CAP_REFUSED(-EINVAL, &card, &second,
		    vmr_pci_add_capability(&card, &second, &desc));
	desc.offset = 0;
	desc.id = 10;
	EXPECT_EQ(0, vmr_pci_add_capability(&card, &second, &desc));
}

/* Nothing is added to a function that is plugged, and overlaps come first. */
TEST(capability_plugged)
{
	struct vmr_pci_reg_block first = { 0 }, second = { 0 };

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, card_init(&card));
	ASSERT_EQ(0, add(&first, 9, 4, 0x40));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &card, 8));
	CAP_REFUSED(-EBUSY, &card, &second, add(&second, 9, 4, 0));
	CAP_REFUSED(-EBUSY, &card, &second, add(&second, 9, 4, 0x50));
	CAP_REFUSED(-EBUSY, &card, &second, add(&second, 9, 0x100, 0));
	CAP_REFUSED(-EEXIST, &card, &second, add(&second, 9, 4, 0x40));
	CAP_REFUSED(-EEXIST, &card, &first, add(&first, 9, 4, 0));
	CAP_REFUSED(-EINVAL, &card, &second, add(&second, 9, 4, 0x41));
	EXPECT_EQ(0, vmr_pci_unplug(&card));
	EXPECT_EQ(0, add(&second, 9, 4, 0));
}

static struct vmr_pci_write last_write;
static unsigned int nr_writes, nr_reads, nr_block_resets, nr_removes;

static void block_write(struct vmr_pci_function *fn,
			struct vmr_pci_reg_block *block,
			const struct vmr_pci_write *write)
{
	(void)fn;
	(void)block;
	last_write = *write;
	nr_writes++;
}

/* The last byte of the block is computed */
static void block_read(const struct vmr_pci_function *fn,
		       const struct vmr_pci_reg_block *block, uint32_t offset,
		       uint8_t *bytes, uint32_t width)
{
	uint32_t at = block->offset + 11 - offset;

	(void)fn;
	nr_reads++;
	if (at < width)
		bytes[at] = 0x99;
}

static void block_reset(struct vmr_pci_function *fn,
			struct vmr_pci_reg_block *block)
{
	(void)fn;
	(void)block;
	nr_block_resets++;
}

static void block_remove(struct vmr_pci_function *fn,
			 struct vmr_pci_reg_block *block)
{
	(void)fn;
	(void)block;
	nr_removes++;
}

/* bytes 4 to 7 writable, 8 to 9 write one to clear */
static const uint8_t contents[12] = { 0xaa, 0xaa, 3, 4, 5, 6, 7, 8, 0xff, 0xff };
static const uint8_t wmask[12] = { 0xff, 0xff, 0, 0, 0xff, 0xf0, 0, 0xff };
static const uint8_t w1cmask[12] = { 0xff, 0, 0, 0, 0, 0, 0, 0, 0xff, 0x0f };
static const uint8_t sticky[12] = { 0, 0, 0, 0, 0xff, 0, 0, 0, 0xf0 };

static int masked_up(struct vmr_pci_reg_block *block)
{
	const struct vmr_pci_cap_desc desc = {
		.id = 9, .size = 12, .contents = contents, .wmask = wmask,
		.w1cmask = w1cmask, .sticky = sticky,
	};
	int ret = pci_machine_up(63);

	block->write = block_write;
	block->read = block_read;
	block->reset = block_reset;
	block->remove = block_remove;
	if (!ret)
		ret = card_init(&card);
	if (!ret)
		ret = vmr_pci_add_capability(&card, block, &desc);
	return ret ? ret : vmr_pci_plug(&m.manager, &card, 8);
}

/* Bits are writable, cleared by a one, or constant; the header is constant. */
TEST(capability_masks)
{
	struct vmr_pci_reg_block block = { 0 };

	ASSERT_EQ(0, masked_up(&block));
	EXPECT_EQ(0x04030009U, reg_read(&card, 0x40, 4));
	EXPECT_EQ(0, reg_write(&card, 0x40, 0xffffffff, 4));
	EXPECT_EQ(0x04030009U, reg_read(&card, 0x40, 4));
	EXPECT_EQ(0, reg_write(&card, 0x44, 0, 4));
	EXPECT_EQ(0x00070600U, reg_read(&card, 0x44, 4));
	EXPECT_EQ(0, reg_write(&card, 0x48, 0xffff0f01, 4));
	EXPECT_EQ(0x9900f0feU, reg_read(&card, 0x48, 4));
	EXPECT_EQ(0, reg_write(&card, 0x48, 0, 4));
	EXPECT_EQ(0x9900f0feU, reg_read(&card, 0x48, 4));
}

/* The callback gets offset, width, old value, new value, and what was written. */
TEST(capability_write_callback)
{
	struct vmr_pci_reg_block block = { 0 };

	ASSERT_EQ(0, masked_up(&block));
	EXPECT_EQ(0, reg_write(&card, 0x44, 0x1211, 2));
	EXPECT_EQ(1U, nr_writes);
	EXPECT_EQ(0x44U, last_write.offset);
	EXPECT_EQ(2U, last_write.width);
	EXPECT_EQ(0x0605U, last_write.old_value);
	EXPECT_EQ(0x1611U, last_write.new_value);
	EXPECT_EQ(0x1211U, last_write.written);
	EXPECT_EQ(0, reg_write(&card, 0x49, 0x03, 1));
	EXPECT_EQ(0xffU, last_write.old_value);
	EXPECT_EQ(0xfcU, last_write.new_value);
	EXPECT_EQ(0x03U, last_write.written);
	/* The command register too, and nothing else */
	EXPECT_EQ(0, reg_write(&card, COMMAND, 7, 2));
	EXPECT_EQ(3U, nr_writes);
	EXPECT_EQ(0, reg_write(&card, PCI_INTERRUPT_LINE, 7, 1));
	EXPECT_EQ(0, reg_write(&card, 0x4c, 7, 4));
	EXPECT_EQ(3U, nr_writes);
	/* Reads that overlap the block update it */
	reg_read(&card, 0x4c, 4);
	EXPECT_EQ(0U, nr_reads);
	EXPECT_EQ(0x99U, reg_read(&card, 0x4b, 1));
	EXPECT_EQ(1U, nr_reads);
	EXPECT_EQ(0, vmr_pci_unplug(&card));
	EXPECT_EQ(1U, nr_removes);
	EXPECT_EQ(0U, nr_block_resets);
}

/* A function level reset leaves sticky bits alone, other resets do not. */
TEST(capability_reset_and_sticky)
{
	struct vmr_pci_reg_block block = { 0 };

	ASSERT_EQ(0, masked_up(&block));
	EXPECT_EQ(0, reg_write(&card, 0x44, 0x00002211, 4));
	EXPECT_EQ(0, reg_write(&card, 0x48, 0x0f11, 2));
	EXPECT_EQ(0, vmr_pci_function_reset(&card, VMR_PCI_RESET_FUNCTION));
	EXPECT_EQ(0x08070611U, reg_read(&card, 0x44, 4));
	EXPECT_EQ(0xffefU, reg_read(&card, 0x48, 2));
	EXPECT_EQ(1U, nr_block_resets);
	EXPECT_EQ(0, vmr_pci_function_reset(&card, VMR_PCI_RESET_BUS));
	EXPECT_EQ(0x08070605U, reg_read(&card, 0x44, 4));
	EXPECT_EQ(0xffffU, reg_read(&card, 0x48, 2));
	EXPECT_EQ(2U, nr_block_resets);
	/* Unplugging resets too */
	EXPECT_EQ(0, reg_write(&card, 0x44, 0, 4));
	EXPECT_EQ(0, vmr_pci_unplug(&card));
	EXPECT_EQ(0x08070605U, reg_read(&card, 0x44, 4));
}

/*
 * Extended capabilities
 */

/* The first one is at 0x100, and the list is in the order of adding. */
TEST(ext_capability_list)
{
	struct vmr_pci_reg_block blocks[4] = { 0 };

	ASSERT_EQ(0, express_init());
	CAP_REFUSED(-EINVAL, &express, &blocks[0],
		    add_ext(&blocks[0], 0x000b, 1, 8, 0x104));
	EXPECT_EQ(0, add_ext(&blocks[0], 0x000b, 1, 6, 0));
	EXPECT_EQ(0x100U, blocks[0].offset);
	EXPECT_EQ(0x0001000bU, reg_read(&express, 0x100, 4));
	EXPECT_EQ(0, add_ext(&blocks[1], 0xffff, 0xf, 4, 0xffc));
	EXPECT_EQ(0xffc1000bU, reg_read(&express, 0x100, 4));
	EXPECT_EQ(0x000fffffU, reg_read(&express, 0xffc, 4));
	EXPECT_EQ(0, add_ext(&blocks[2], 0x000b, 2, 0x10, 0));
	EXPECT_EQ(0x108U, blocks[2].offset);
	EXPECT_EQ(0x108fffffU, reg_read(&express, 0xffc, 4));
	EXPECT_EQ(0x0002000bU, reg_read(&express, 0x108, 4));
	/* Conventional capabilities of the same function keep out of it */
	EXPECT_EQ(0U, reg_read(&express, PCI_CAPABILITY_LIST, 1));
}

/* The first one may be given its place. */
TEST(ext_capability_first_explicit)
{
	struct vmr_pci_reg_block block = { 0 };

	ASSERT_EQ(0, express_init());
	EXPECT_EQ(0, add_ext(&block, 1, 2, 0xf00, 0x100));
	EXPECT_EQ(0x00020001U, reg_read(&express, 0x100, 4));
}

/* A null capability begins a list as any other. */
TEST(ext_capability_null_first)
{
	struct vmr_pci_reg_block blocks[2] = { 0 };

	ASSERT_EQ(0, express_init());
	ASSERT_EQ(0, add_ext(&blocks[0], 0, 0, 4, 0));
	ASSERT_EQ(0, add_ext(&blocks[1], 0x000b, 1, 8, 0x200));
	EXPECT_EQ(0x20000000U, reg_read(&express, 0x100, 4));
	EXPECT_EQ(0x0001000bU, reg_read(&express, 0x200, 4));
}

/* Contents that the owner stored at 0x100 are no list. */
TEST(ext_capability_owner_contents)
{
	struct vmr_pci_reg_block block = { 0 };

	ASSERT_EQ(0, express_init());
	space.config[0x100] = 0x0b;
	space.config[0x103] = 0x10;
	ASSERT_EQ(0, add_ext(&block, 3, 1, 8, 0));
	EXPECT_EQ(0x100U, block.offset);
	EXPECT_EQ(0x00010003U, reg_read(&express, 0x100, 4));
}

/* Sizes, offsets, versions, a second one, overlaps and plugged functions. */
TEST(ext_capability_errors)
{
	struct vmr_pci_reg_block blocks[3] = { 0 };
	struct vmr_pci_cap_desc desc = { .id = 11, .size = 8, .single = true };

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, card_init(&card));
	CAP_REFUSED(-EINVAL, &card, &blocks[0],
		    vmr_pci_add_ext_capability(&card, &blocks[0], &desc));
	ASSERT_EQ(0, express_init());
	CAP_REFUSED(-EINVAL, &express, &blocks[0], add_ext(&blocks[0], 1, 1, 3, 0));
	CAP_REFUSED(-EINVAL, &express, &blocks[0], add_ext(&blocks[0], 1, 16, 4, 0));
	CAP_REFUSED(-EINVAL, &express, &blocks[0],
		    add_ext(&blocks[0], 1, 1, 0x1001, 0));
	CAP_REFUSED(-ENOSPC, &express, &blocks[0],
		    add_ext(&blocks[0], 1, 1, 0xf01, 0));
	CAP_REFUSED(-EINVAL, &express, &blocks[0], add_ext(&blocks[0], 1, 1, 4, 0xfc));
	EXPECT_EQ(0, vmr_pci_add_ext_capability(&express, &blocks[0], &desc));
	CAP_REFUSED(-EEXIST, &express, &blocks[1],
		    vmr_pci_add_ext_capability(&express, &blocks[1], &desc));
	desc.offset = 0x102;
	CAP_REFUSED(-EINVAL, &express, &blocks[1],
		    vmr_pci_add_ext_capability(&express, &blocks[1], &desc));
	EXPECT_EQ(0, add_ext(&blocks[1], 4, 1, 4, 0x200));
	desc.offset = 0;
	CAP_REFUSED(-EEXIST, &express, &blocks[2],
		    vmr_pci_add_ext_capability(&express, &blocks[2], &desc));
	CAP_REFUSED(-EEXIST, &express, &blocks[2], add_ext(&blocks[2], 5, 1, 4, 0x104));
	CAP_REFUSED(-EEXIST, &express, &blocks[0], add_ext(&blocks[0], 5, 1, 4, 0x300));
	CAP_REFUSED(-EINVAL, &express, &blocks[2],
		    add_ext(&blocks[2], 5, 1, 4, 0x1000));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &express, 8));
	CAP_REFUSED(-EBUSY, &express, &blocks[2], add_ext(&blocks[2], 5, 1, 4, 0));
}

/* NULL for each pointer. */
TEST(capability_null_arguments)
{
	struct vmr_pci_reg_block block = { 0 };
	const struct vmr_pci_cap_desc desc = { .id = 9, .size = 8 };
	struct vmr_pci_pm pm = { 0 };
	struct vmr_pci_af af = { 0 };
	struct vmr_pci_express exp = { 0 };

	ASSERT_EQ(0, express_init());
	EXPECT_EQ(-EINVAL, vmr_pci_add_capability(NULL, &block, &desc));
	EXPECT_EQ(-EINVAL, vmr_pci_add_capability(&express, NULL, &desc));
	EXPECT_EQ(-EINVAL, vmr_pci_add_capability(&express, &block, NULL));
	EXPECT_EQ(-EINVAL, vmr_pci_add_ext_capability(NULL, &block, &desc));
	EXPECT_EQ(-EINVAL, vmr_pci_add_ext_capability(&express, NULL, &desc));
	EXPECT_EQ(-EINVAL, vmr_pci_add_ext_capability(&express, &block, NULL));
	EXPECT_EQ(-EINVAL, vmr_pci_add_pm(NULL, &pm, false));
	EXPECT_EQ(-EINVAL, vmr_pci_add_pm(&express, NULL, false));
	EXPECT_EQ(-EINVAL, vmr_pci_add_af(NULL, &af));
	EXPECT_EQ(-EINVAL, vmr_pci_add_af(&express, NULL));
	EXPECT_EQ(-EINVAL, vmr_pci_add_express(NULL, &exp, VMR_PCI_EXPRESS_ENDPOINT));
	EXPECT_EQ(-EINVAL, vmr_pci_add_express(&express, NULL,
					       VMR_PCI_EXPRESS_ENDPOINT));
}

/* Fill the place of capabilities but for @left bytes */
static int fill_but(struct vmr_pci_function *fn, struct vmr_pci_reg_block *block,
		    uint32_t left)
{
	const struct vmr_pci_cap_desc desc = {
		.id = 9, .size = VMR_PCI_CONFIG_SIZE - PCI_STD_HEADER_SIZEOF - left,
	};

	return vmr_pci_add_capability(fn, block, &desc);
}

/* A capability that is refused has its memory as it was. */
TEST(capability_refused_untouched)
{
	static struct vmr_pci_express express_cap, zero_express, present_express;
	static struct vmr_pci_pm power, zero_power, present_power;
	static struct vmr_pci_af af, zero_af, present_af;
	struct vmr_pci_reg_block filler = { 0 };
	unsigned int kind;

	ASSERT_EQ(0, pci_machine_up(63));
	/* No place, a second one, and a function that is plugged */
	for (kind = 0; kind < 3; kind++) {
		static const int reasons[] = { -ENOSPC, -EEXIST, -EBUSY };
		int reason = reasons[kind];

		ASSERT_EQ(0, card_init(&card));
		memset(&present_power, 0, sizeof(present_power));
		memset(&present_af, 0, sizeof(present_af));
		memset(&present_express, 0, sizeof(present_express));
		memset(&filler, 0, sizeof(filler));
		if (kind == 0) {
			ASSERT_EQ(0, fill_but(&card, &filler, 4));
		} else if (kind == 1) {
			ASSERT_EQ(0, vmr_pci_add_pm(&card, &present_power, true));
			ASSERT_EQ(0, vmr_pci_add_af(&card, &present_af));
			ASSERT_EQ(0, vmr_pci_add_express(&card, &present_express,
							 VMR_PCI_EXPRESS_ENDPOINT));
		} else {
			ASSERT_EQ(0, vmr_pci_plug(&m.manager, &card, 8));
		}
		EXPECT_EQ(reason, vmr_pci_add_pm(&card, &power, true));
		EXPECT_EQ(reason, vmr_pci_add_af(&card, &af));
		EXPECT_EQ(reason, vmr_pci_add_express(&card, &express_cap,
						      VMR_PCI_EXPRESS_ENDPOINT));
		EXPECT_EQ(0, memcmp(&power, &zero_power, sizeof(power)));
		EXPECT_EQ(0, memcmp(&af, &zero_af, sizeof(af)));
		EXPECT_EQ(0, memcmp(&express_cap, &zero_express,
				    sizeof(express_cap)));
		EXPECT_EQ(kind == 1 ? &present_power : NULL, card.pm);
		EXPECT_EQ(kind == 1 ? &present_express : NULL, card.express);
	}
}

/*
 * Power management
 */

static struct vmr_pci_pm pm;
static unsigned int nr_resets;

static void note_reset(struct vmr_pci_function *fn)
{
	(void)fn;
	nr_resets++;
}

static const struct vmr_pci_events events = { .reset = note_reset };

/* A card with power management and a BAR at 0x80000000 */
static int pm_up(bool no_soft_reset)
{
	int ret = pci_machine_up(63);

	if (!ret)
		ret = card_with_bar(&card);
	card.events = &events;
	if (!ret)
		ret = vmr_pci_add_pm(&card, &pm, no_soft_reset);
	if (!ret)
		ret = vmr_pci_plug(&m.manager, &card, 8);
	bar_on(&card, 0x80000000);
	return ret;
}

static void set_power(struct vmr_pci_function *fn, uint32_t state)
{
	reg_write(fn, fn->pm->reg_block.offset + PCI_PM_CTRL, state, 2);
}

/* The registers of the capability, and its errors. */
TEST(pm_registers)
{
	struct vmr_pci_pm second = { 0 };

	ASSERT_EQ(0, pm_up(true));
	EXPECT_EQ(0x00030001U, reg_read(&card, 0x40, 4));
	EXPECT_EQ((uint32_t)PCI_PM_CTRL_NO_SOFT_RESET, reg_read(&card, 0x44, 4));
	EXPECT_EQ(0, reg_write(&card, 0x44, 0xffffff00, 4));
	EXPECT_EQ(0x108U, reg_read(&card, 0x44, 4));
	CAP_REFUSED(-EEXIST, &card, &second.reg_block,
		    vmr_pci_add_pm(&card, &second, true));
	EXPECT_EQ(1, vmr_pci_unplug(&card));
	CAP_REFUSED(-EEXIST, &card, &second.reg_block,
		    vmr_pci_add_pm(&card, &second, true));
	EXPECT_EQ(&pm, card.pm);
	ASSERT_EQ(0, card_init(&card));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &card, 8));
	CAP_REFUSED(-EBUSY, &card, &second.reg_block,
		    vmr_pci_add_pm(&card, &second, true));
	EXPECT_EQ(NULL, card.pm);
}

/* In D3hot a function answers nowhere, and its BARs stay parked. */
TEST(pm_states_hide_bars)
{
	ASSERT_EQ(0, pm_up(true));
	EXPECT_ANSWERS(bar(&card, 0), 0x80000000);
	set_power(&card, 3);
	EXPECT_EQ(VMR_PARKED, state_of(bar(&card, 0)));
	EXPECT_EQ(0x80000000U, bar(&card, 0)->range.start);
	EXPECT_EQ(VMR_PCI_HIDDEN_POWER,
		  vmr_pci_bar_hidden(&card, 0, NULL, NULL));
	/* Nothing changes by decode bits and addresses */
	bar_on(&card, 0x80010000);
	EXPECT_EQ(VMR_PARKED, state_of(bar(&card, 0)));
	bar_on(&card, 0x80000000);
	set_power(&card, 0);
	EXPECT_ANSWERS(bar(&card, 0), 0x80000000);
	EXPECT_EQ(0U, nr_resets);
	EXPECT_SOUND();
}

/*
 * A write of D1 or D2, which the function does not have, leaves the state as it was. The
 * other bits of the write count, and the callback learns the state that remains.
 */
TEST(pm_states_that_are_absent)
{
	const uint32_t ctrl = 0x44;
	uint32_t state, width;

	ASSERT_EQ(0, pm_up(true));
	EXPECT_EQ(0U, reg_read(&card, 0x42, 2) & (PCI_PM_CAP_D1 | PCI_PM_CAP_D2));
	for (state = 1; state <= 2; state++) {
		for (width = 1; width <= 4; width *= 2) {
			EXPECT_EQ(0, reg_write(&card, ctrl, state, width));
			EXPECT_EQ(8U, reg_read(&card, ctrl, 2));
			EXPECT_ANSWERS(bar(&card, 0), 0x80000000);
			set_power(&card, 3);
			EXPECT_EQ(0, reg_write(&card, ctrl, state, width));
			EXPECT_EQ(0xbU, reg_read(&card, ctrl, 2));
			EXPECT_EQ(VMR_PARKED, state_of(bar(&card, 0)));
			set_power(&card, 0);
		}
		EXPECT_EQ(0, reg_write(&card, ctrl, 0x100 | state, 2));
		EXPECT_EQ(0x108U, reg_read(&card, ctrl, 2));
		EXPECT_EQ(0, reg_write(&card, ctrl, 0, 2));
	}
	EXPECT_EQ(0U, nr_resets);
}

/* A return from D3hot resets the function, once. */
TEST(pm_return_from_d3hot_resets)
{
	ASSERT_EQ(0, pm_up(false));
	set_power(&card, 3);
	EXPECT_EQ(0U, nr_resets);
	EXPECT_EQ(0x80000000U, reg_read(&card, PCI_BASE_ADDRESS_0, 4));
	set_power(&card, 3);
	EXPECT_EQ(0U, nr_resets);
	set_power(&card, 0);
	EXPECT_EQ(1U, nr_resets);
	EXPECT_EQ(0U, reg_read(&card, PCI_BASE_ADDRESS_0, 4));
	EXPECT_EQ(0U, reg_read(&card, COMMAND, 2));
	EXPECT_EQ(VMR_FREE, state_of(bar(&card, 0)));
	bar_on(&card, 0x80000000);
	set_power(&card, 1);
	set_power(&card, 0);
	set_power(&card, 2);
	set_power(&card, 0);
	EXPECT_EQ(1U, nr_resets);
	EXPECT_ANSWERS(bar(&card, 0), 0x80000000);
	/* A write of D1 is no way around the reset */
	set_power(&card, 3);
	set_power(&card, 1);
	set_power(&card, 0);
	EXPECT_EQ(2U, nr_resets);
}

/* The state is in the lower byte: a write of the upper byte changes none. */
TEST(pm_write_of_upper_byte)
{
	ASSERT_EQ(0, pm_up(false));
	set_power(&card, 3);
	EXPECT_EQ(0, reg_write(&card, 0x45, 0, 1));
	EXPECT_EQ(0U, nr_resets);
	EXPECT_EQ(3U, reg_read(&card, 0x44, 1));
	EXPECT_EQ(0, reg_write(&card, 0x40, 0, 4));
	EXPECT_EQ(0U, nr_resets);
	EXPECT_EQ(0, reg_write(&card, 0x44, 0, 1));
	EXPECT_EQ(1U, nr_resets);
}

/* A bridge in D3hot forwards nothing, and returns with or without its registers. */
TEST(pm_bridge_windows)
{
	static struct vmr_pci_function behind;
	int keeps;

	for (keeps = 0; keeps < 2; keeps++) {
		memset(&pm, 0, sizeof(pm));
		memset(&m, 0, sizeof(m));
		ASSERT_EQ(0, pci_machine_up(63));
		ASSERT_EQ(0, bridge_init(&bridge));
		ASSERT_EQ(0, vmr_pci_add_pm(&bridge.fn, &pm, keeps));
		ASSERT_EQ(0, vmr_pci_plug(&m.manager, &bridge.fn, 8));
		ASSERT_EQ(0, card_with_bar(&behind));
		ASSERT_EQ(0, vmr_pci_bridge_plug(&bridge, &behind, 0));
		number_bridge(&bridge, 1, 1);
		open_mem_window(&bridge, 0x80000000, 0x800fffff);
		reg_write(&bridge.fn, COMMAND, DECODE_MEM, 2);
		bar_on(&behind, 0x80000000);
		EXPECT_SEEN(bar(&behind, 0), 0x80000000);
		set_power(&bridge.fn, 3);
		EXPECT_HIDDEN(bar(&behind, 0));
		EXPECT_EQ(VMR_FREE, state_of(&bridge.mem));
		set_power(&bridge.fn, 0);
		if (keeps) {
			EXPECT_SEEN(bar(&behind, 0), 0x80000000);
		} else {
			EXPECT_HIDDEN(bar(&behind, 0));
			EXPECT_EQ(0U, reg_read(&bridge.fn, PCI_PRIMARY_BUS, 4));
			EXPECT_EQ(NULL, vmr_pci_find_function(&m.manager,
							      VMR_PCI_BDF(1, 0, 0)));
			/* The function behind it is not reset */
			EXPECT_EQ(0x80000000U,
				  reg_read(&behind, PCI_BASE_ADDRESS_0, 4));
		}
		EXPECT_SOUND();
	}
}

/*
 * Function level reset
 */

/* The AF capability resets the function, and its bit reads 0. */
TEST(af_reset)
{
	static struct vmr_pci_af af, second;

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, card_with_bar(&card));
	card.events = &events;
	ASSERT_EQ(0, vmr_pci_add_af(&card, &af));
	CAP_REFUSED(-EEXIST, &card, &second.reg_block, vmr_pci_add_af(&card, &second));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &card, 8));
	EXPECT_EQ(0x03060013U, reg_read(&card, 0x40, 4));
	EXPECT_EQ(0U, reg_read(&card, 0x44, 2));
	bar_on(&card, 0x80000000);
	EXPECT_EQ(0, reg_write(&card, 0x45, 0xff, 1));
	EXPECT_EQ(0, reg_write(&card, 0x44, 0xfe, 1));
	EXPECT_EQ(0, reg_write(&card, 0x40, 0xffffffff, 4));
	EXPECT_EQ(0U, nr_resets);
	EXPECT_EQ(0, reg_write(&card, 0x44, PCI_AF_CTRL_FLR, 1));
	EXPECT_EQ(1U, nr_resets);
	EXPECT_EQ(0U, reg_read(&card, 0x44, 2));
	EXPECT_EQ(VMR_FREE, state_of(bar(&card, 0)));
	EXPECT_EQ(0U, reg_read(&card, COMMAND, 2));
	EXPECT_EQ(0, reg_write(&card, 0x44, 0xffff, 2));
	EXPECT_EQ(2U, nr_resets);
}

/* An Express end point has the bit too; payload size and link control are kept. */
TEST(express_reset)
{
	static struct vmr_pci_express exp;
	const uint32_t ctl = 0x40 + PCI_EXP_DEVCTL, link = 0x40 + PCI_EXP_LNKCTL;

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, express_init());
	express.events = &events;
	ASSERT_EQ(0, vmr_pci_add_express(&express, &exp, VMR_PCI_EXPRESS_ENDPOINT));
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &express, 8));
	EXPECT_EQ((uint32_t)PCI_EXP_DEVCAP_FLR,
		  reg_read(&express, 0x40 + PCI_EXP_DEVCAP, 4) & PCI_EXP_DEVCAP_FLR);
	EXPECT_EQ(0, reg_write(&express, ctl, 0x002f, 2));
	EXPECT_EQ(0, reg_write(&express, link, 0x0040, 2));
	EXPECT_EQ(0U, nr_resets);
	EXPECT_EQ(0x002fU, reg_read(&express, ctl, 2));
	EXPECT_EQ(0, reg_write(&express, ctl, PCI_EXP_DEVCTL_BCR_FLR | 0x002f, 2));
	EXPECT_EQ(1U, nr_resets);
	EXPECT_EQ(0x0020U, reg_read(&express, ctl, 2));
	EXPECT_EQ(0x0040U, reg_read(&express, link, 2));
	EXPECT_EQ(0, reg_write(&express, ctl + 1, PCI_EXP_DEVCTL_BCR_FLR >> 8, 1));
	EXPECT_EQ(2U, nr_resets);
	/* Writes beside it do not reset */
	EXPECT_EQ(0, reg_write(&express, ctl, 0xff, 1));
	EXPECT_EQ(0, reg_write(&express, ctl + 2, 0xffff, 2));
	EXPECT_EQ(0, reg_write(&express, COMMAND, 0xffff, 2));
	EXPECT_EQ(2U, nr_resets);
	EXPECT_EQ(0, vmr_pci_function_reset(&express, VMR_PCI_RESET_BUS));
	EXPECT_EQ(0U, reg_read(&express, ctl, 2));
	EXPECT_EQ(0U, reg_read(&express, link, 2));
}

/* Each type has its value in the flags; only end points have a reset of their own. */
TEST(express_types)
{
	static struct vmr_pci_express exp, second;
	uint32_t type, flags;

	ASSERT_EQ(0, pci_machine_up(63));
	for (type = 0; type < 17; type++) {
		bool endpoint = type < 2 || type == 9;
		bool valid = endpoint || (type >= 4 && type <= 7);

		ASSERT_EQ(0, express_init());
		memset(&exp, 0, sizeof(exp));
		express.events = &events;
		nr_resets = 0;
		EXPECT_EQ(valid ? 0 : -EINVAL,
			  vmr_pci_add_express(&express, &exp,
					      (enum vmr_pci_express_type)type));
		if (!valid)
			continue;
		EXPECT_EQ(-EEXIST,
			  vmr_pci_add_express(&express, &second,
					      VMR_PCI_EXPRESS_ENDPOINT));
		flags = reg_read(&express, 0x40 + PCI_EXP_FLAGS, 2);
		EXPECT_EQ(type << 4 | 2, flags);
		EXPECT_EQ(type != 9, !!reg_read(&express, 0x40 + PCI_EXP_LNKCAP, 4));
		ASSERT_EQ(0, vmr_pci_plug(&m.manager, &express, 8));
		reg_write(&express, 0x40 + PCI_EXP_LNKCTL, 0x40, 2);
		EXPECT_EQ(type != 9, !!reg_read(&express, 0x40 + PCI_EXP_LNKCTL, 2));
		reg_write(&express, 0x40 + PCI_EXP_DEVCTL, PCI_EXP_DEVCTL_BCR_FLR, 2);
		EXPECT_EQ(endpoint, nr_resets);
		EXPECT_EQ(0, vmr_pci_unplug(&express));
	}
}

/* An Express capability finds no place, or the function is plugged. */
TEST(express_no_place)
{
	static struct vmr_pci_express exp;
	struct vmr_pci_reg_block block = { 0 };
	struct vmr_pci_af af = { 0 };
	const struct vmr_pci_cap_desc desc = { .id = 9, .size = 0xc0 };

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, express_init());
	ASSERT_EQ(0, vmr_pci_add_capability(&express, &block, &desc));
	EXPECT_EQ(-ENOSPC, vmr_pci_add_express(&express, &exp,
					       VMR_PCI_EXPRESS_ENDPOINT));
	EXPECT_EQ(NULL, express.express);
	ASSERT_EQ(0, express_init());
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &express, 8));
	EXPECT_EQ(-EBUSY, vmr_pci_add_express(&express, &exp,
					      VMR_PCI_EXPRESS_ENDPOINT));
	EXPECT_EQ(-EBUSY, vmr_pci_add_af(&express, &af));
	EXPECT_EQ(NULL, express.express);
}

/*
 * The owner says where the library's own capabilities are: they are there, in the list,
 * and a place that is wrong or in use is refused. Without one it is the first free one.
 */
TEST(capability_of_library_placed)
{
	static struct vmr_pci_express exp, low;
	struct vmr_pci_pm pm = { 0 }, odd = { 0 }, over = { 0 };
	struct vmr_pci_af af = { 0 };

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, express_init());
	pm.reg_block.offset = 0xc8;
	exp.reg_block.offset = 0x80;
	af.reg_block.offset = 0x50;
	odd.reg_block.offset = 0x62;
	EXPECT_EQ(-EINVAL, vmr_pci_add_pm(&express, &odd, false));
	low.reg_block.offset = 0x3c;
	EXPECT_EQ(-EINVAL, vmr_pci_add_express(&express, &low,
					       VMR_PCI_EXPRESS_ENDPOINT));
	EXPECT_EQ(0, vmr_pci_add_express(&express, &exp,
					 VMR_PCI_EXPRESS_ENDPOINT));
	over.reg_block.offset = 0xb8;
	EXPECT_EQ(-EEXIST, vmr_pci_add_pm(&express, &over, false));
	EXPECT_EQ(0, vmr_pci_add_pm(&express, &pm, false));
	EXPECT_EQ(0, vmr_pci_add_af(&express, &af));
	EXPECT_EQ(0x50U, reg_read(&express, PCI_CAPABILITY_LIST, 1));
	EXPECT_EQ(PCI_CAP_ID_AF | 0xc800U, reg_read(&express, 0x50, 2));
	EXPECT_EQ(PCI_CAP_ID_PM | 0x8000U, reg_read(&express, 0xc8, 2));
	EXPECT_EQ(PCI_CAP_ID_EXP | 0U, reg_read(&express, 0x80, 2));
}

TEST_HARNESS_MAIN

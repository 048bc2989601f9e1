// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_pci_rebar.c - resizable BARs
 */
#include "../kselftest_harness.h"

#include "pci_machine.h"

#define MIB		0x100000ull
#define REFUSED_BY_OWNER	(-1234)

/* The registers of the first BAR of the capability, which is at 0x100 */
#define CAP		0x100
#define SIZES		(CAP + PCI_REBAR_CAP)
#define CTRL		(CAP + PCI_REBAR_CTRL)
#define SIZE_FIELD	(CTRL + 1)

/* BAR 0 has 1, 4 or 256 MiB, BAR 2 has 64 bits and 1 MiB, 8 GiB, or 2^62 bytes */
struct card {
	struct vmr_pci_function			fn;
	struct vmr_pci_express_config_space	space;
	struct vmr_pci_rebar			rebar;
	unsigned int				asked, index;
	uint64_t				size;
	int					answer;
	bool					unplugs;
	struct vmr_pci_write			write;
};

static const struct vmr_pci_rebar_desc descs[] = {
	{ 0, MIB + 4 * MIB + 256 * MIB },
	{ 2, MIB + 8192 * MIB + (1ull << 62) },
};

static struct card card;
static struct vmr_pci_host host;

/* The registers still have the old size while the owner is asked. */
static int note_resize(struct vmr_pci_function *fn, unsigned int index,
		       uint64_t size)
{
	struct card *c = owner_of(fn, struct card, fn);

	c->asked++;
	c->index = index;
	c->size = size;
	if (c->unplugs)
		vmr_pci_unplug(fn);
	return c->answer;
}

static void note_write(struct vmr_pci_function *fn,
		       const struct vmr_pci_write *write)
{
	owner_of(fn, struct card, fn)->write = *write;
}

static const struct vmr_pci_events events = { .config_written = note_write };

static int card_bars(struct card *c)
{
	int ret;

	memset(c, 0, sizeof(*c));
	ret = vmr_pci_function_init_express(&c->fn, &c->space, &card_ids,
					    &card_ops, "card");
	if (!ret)
		ret = vmr_pci_add_bar(&c->fn, 0, VMR_PCI_BAR_MEM32, false,
				      4 * MIB, "small");
	if (!ret)
		ret = vmr_pci_add_bar(&c->fn, 1, VMR_PCI_BAR_IO, false, 0x20, "io");
	return ret ? ret : vmr_pci_add_bar(&c->fn, 2, VMR_PCI_BAR_MEM64, true,
					   MIB, "large");
}

static int card_up(void)
{
	int ret = pci_machine_up(63);

	if (!ret)
		ret = host_up(&host, 0, 0, 15);
	if (!ret)
		ret = card_bars(&card);
	card.fn.events = &events;
	card.rebar.resize = note_resize;
	if (!ret)
		ret = vmr_pci_add_rebar(&card.fn, &card.rebar, descs, 2);
	return ret ? ret : vmr_pci_host_plug(&host, &card.fn, 1 << 3);
}

static uint32_t sized(unsigned int index)
{
	bar_write(&card.fn, index, 0xffffffff);
	return reg_read(&card.fn, PCI_BASE_ADDRESS_0 + 4 * index, 4);
}

/* The capability lists the sizes, the BARs and their number. */
TEST(pci_rebar_registers)
{
	ASSERT_EQ(0, card_up());
	EXPECT_EQ(0x00010015U, reg_read(&card.fn, CAP, 4));
	EXPECT_EQ(0x1050U, reg_read(&card.fn, SIZES, 4));
	EXPECT_EQ(0x0240U, reg_read(&card.fn, CTRL, 4));
	EXPECT_EQ(0x20010U, reg_read(&card.fn, SIZES + 8, 4));
	EXPECT_EQ(0x40000002U, reg_read(&card.fn, CTRL + 8, 4));
	/* Only the size can be written */
	EXPECT_EQ(0, reg_write(&card.fn, SIZES, 0xffffffff, 4));
	EXPECT_EQ(0, reg_write(&card.fn, CTRL, 0xffffffff, 4));
	EXPECT_EQ(0x1050U, reg_read(&card.fn, SIZES, 4));
	EXPECT_EQ(0x0240U, reg_read(&card.fn, CTRL, 4));
}

/* The capability ends with its last register, and another one may begin there. */
TEST(pci_rebar_capability_behind)
{
	const struct vmr_pci_cap_desc serial = {
		.id = PCI_EXT_CAP_ID_DSN, .version = 1, .size = 12,
	};
	struct vmr_pci_reg_block reg_block = { 0 };

	ASSERT_EQ(0, card_up());
	ASSERT_LE(0, vmr_pci_unplug(&card.fn));
	ASSERT_EQ(0, vmr_pci_add_ext_capability(&card.fn, &reg_block, &serial));
	EXPECT_EQ(CAP + 20U, reg_block.offset);
}

/* A new size counts at once: for sizing, for the region, and where it is mapped. */
TEST(pci_rebar_takes_new_size)
{
	ASSERT_EQ(0, card_up());
	bar_write(&card.fn, 0, 0x90400000);
	EXPECT_EQ(VMR_PARKED, state_of(bar(&card.fn, 0)));
	EXPECT_EQ(0, reg_write(&card.fn, SIZE_FIELD, 8, 1));
	EXPECT_EQ(1U, card.asked);
	EXPECT_EQ(0U, card.index);
	EXPECT_EQ(256 * MIB, card.size);
	EXPECT_EQ(8U, card.write.new_value);
	EXPECT_EQ(256 * MIB, bar(&card.fn, 0)->size);
	/* The address bits that the size does not leave read 0 */
	EXPECT_EQ(0x90000000U, reg_read(&card.fn, PCI_BASE_ADDRESS_0, 4));
	EXPECT_EQ(0x9fffffffU, bar(&card.fn, 0)->range.last);
	EXPECT_EQ(0xf0000000U, sized(0));
	bar_on(&card.fn, 0xa0000000);
	EXPECT_ANSWERS(bar(&card.fn, 0), 0xa0000000);
	EXPECT_EQ(bar(&card.fn, 0), responder(VMR_MMIO, 0xafffffff));
	/* The same size again is no change */
	reg_write(&card.fn, COMMAND, 0, 2);
	EXPECT_EQ(0, reg_write(&card.fn, CTRL, 0x0800, 4));
	EXPECT_EQ(1U, card.asked);
	EXPECT_EQ(0, reg_write(&card.fn, CTRL, 0x0000, 4));
	EXPECT_EQ(2U, card.asked);
	EXPECT_EQ(0xfff00000U, sized(0));
	EXPECT_EQ(0x040U, reg_read(&card.fn, CTRL, 4));
}

/* 64-bit BARs may be larger than 4 GiB and have bits in both halves wired. */
TEST(pci_rebar_of_64_bits)
{
	ASSERT_EQ(0, card_up());
	bar_write(&card.fn, 2, 0x80100000);
	bar_write(&card.fn, 3, 7);
	EXPECT_EQ(0x780100000u, bar(&card.fn, 2)->range.start);
	EXPECT_EQ(0, reg_write(&card.fn, SIZE_FIELD + 8, 13, 1));
	EXPECT_EQ(2U, card.index);
	EXPECT_EQ(0x600000000u, bar(&card.fn, 2)->range.start);
	EXPECT_EQ(0x7ffffffffu, bar(&card.fn, 2)->range.last);
	EXPECT_EQ(0xcU, sized(2));
	EXPECT_EQ(0xfffffffeU, sized(3));
	EXPECT_EQ(0, reg_write(&card.fn, SIZE_FIELD + 8, 42, 1));
	EXPECT_EQ(0xc0000000U, sized(3));
	/* No such address in the domain */
	bar_write(&card.fn, 3, 0x40000000);
	reg_write(&card.fn, COMMAND, DECODE_MEM, 2);
	EXPECT_EQ(VMR_FREE, state_of(bar(&card.fn, 2)));
}

/*
 * The register keeps the old size, and nothing changes, if memory decode is on, the
 * size is not supported, or the owner refuses it.
 */
TEST(pci_rebar_refused_changes_nothing)
{
	const uint32_t sizes[] = { 1, 3, 9, 12, 43, 44, 63 };
	size_t i;

	ASSERT_EQ(0, card_up());
	bar_on(&card.fn, 0x90400000);
	machine_state_before();
	EXPECT_EQ(0, reg_write(&card.fn, SIZE_FIELD, 8, 1));
	EXPECT_EQ(0U, card.asked);
	EXPECT_EQ(2U, card.write.new_value);
	EXPECT_TRUE(same_as_before());
	EXPECT_EQ(2U, reg_read(&card.fn, SIZE_FIELD, 1));
	reg_write(&card.fn, COMMAND, DECODE_IO, 2);
	machine_state_before();
	for (i = 0; i < NR(sizes); i++) {
		EXPECT_EQ(0, reg_write(&card.fn, SIZE_FIELD, sizes[i], 1));
		EXPECT_EQ(2U, reg_read(&card.fn, SIZE_FIELD, 1));
		EXPECT_EQ(0, reg_write(&card.fn, SIZE_FIELD + 8, sizes[i], 1));
		EXPECT_EQ(0U, reg_read(&card.fn, SIZE_FIELD + 8, 1));
	}
	EXPECT_EQ(0U, card.asked);
	card.answer = REFUSED_BY_OWNER;
	EXPECT_EQ(0, reg_write(&card.fn, SIZE_FIELD, 8, 1));
	EXPECT_EQ(1U, card.asked);
	EXPECT_EQ(2U, reg_read(&card.fn, SIZE_FIELD, 1));
	EXPECT_EQ(0x90400000U, reg_read(&card.fn, PCI_BASE_ADDRESS_0, 4));
	EXPECT_TRUE(same_as_before());
	/* Without a callback the guest decides */
	card.rebar.resize = NULL;
	EXPECT_EQ(0, reg_write(&card.fn, SIZE_FIELD, 8, 1));
	EXPECT_EQ(8U, reg_read(&card.fn, SIZE_FIELD, 1));
	EXPECT_EQ(1U, card.asked);
}

/* A resize by its callback's unplug, and writes of other registers. */
TEST(pci_rebar_callback_unplugs)
{
	ASSERT_EQ(0, card_up());
	card.unplugs = true;
	EXPECT_EQ(0, reg_write(&card.fn, SIZE_FIELD, 8, 1));
	EXPECT_EQ(1U, card.asked);
	EXPECT_EQ(4 * MIB, bar(&card.fn, 0)->size);
	EXPECT_EQ(NULL, card.fn.manager);
	EXPECT_SOUND();
}

/* While a BAR is sized it stays so, and its old address is avoided no longer. */
TEST(pci_rebar_while_sized)
{
	ASSERT_EQ(0, card_up());
	bar_write(&card.fn, 0, 0x90400000);
	EXPECT_EQ(0xffc00000U, sized(0));
	EXPECT_EQ(VMR_PARKED, state_of(bar(&card.fn, 0)));
	EXPECT_EQ(0, reg_write(&card.fn, SIZE_FIELD, 0, 1));
	EXPECT_EQ(VMR_FREE, state_of(bar(&card.fn, 0)));
	EXPECT_EQ(0xffc00000U, reg_read(&card.fn, PCI_BASE_ADDRESS_0, 4));
	reg_write(&card.fn, COMMAND, DECODE_MEM, 2);
	EXPECT_EQ(VMR_FREE, state_of(bar(&card.fn, 0)));
	bar_write(&card.fn, 0, 0x90100000);
	EXPECT_ANSWERS(bar(&card.fn, 0), 0x90100000);
}

/* A reset, and plugging again, give the size of the beginning. */
TEST(pci_rebar_reset)
{
	ASSERT_EQ(0, card_up());
	EXPECT_EQ(0, reg_write(&card.fn, SIZE_FIELD, 8, 1));
	bar_on(&card.fn, 0xa0000000);
	EXPECT_EQ(0, vmr_pci_function_reset(&card.fn, VMR_PCI_RESET_FUNCTION));
	EXPECT_EQ(1U, card.asked);
	EXPECT_EQ(4 * MIB, bar(&card.fn, 0)->size);
	EXPECT_EQ(VMR_FREE, state_of(bar(&card.fn, 0)));
	EXPECT_EQ(0xffc00000U, sized(0));
	EXPECT_EQ(0, reg_write(&card.fn, SIZE_FIELD, 8, 1));
	bar_on(&card.fn, 0xa0000000);
	EXPECT_EQ(1, vmr_pci_unplug(&card.fn));
	EXPECT_EQ(4 * MIB, bar(&card.fn, 0)->size);
	EXPECT_EQ(0, vmr_pci_host_plug(&host, &card.fn, 1 << 3));
	EXPECT_EQ(2U, reg_read(&card.fn, SIZE_FIELD, 1));
	EXPECT_EQ(0xffc00000U, sized(0));
}

/* A subregion beyond the end of a smaller size is unreachable. */
TEST(pci_rebar_subregion_beyond_end)
{
	static struct vmr_region part, other;
	struct vmr_region *region = bar(&card.fn, 0);

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, host_up(&host, 0, 0, 15));
	ASSERT_EQ(0, card_bars(&card));
	region->type = VMR_REGION_MEMORY;
	vmr_region_init(&part, VMR_MMIO, VMR_REGION_TRAPPED, 0x1000, 0, "part");
	part.offset = 2 * MIB;
	ASSERT_EQ(0, vmr_region_add_subregion(region, &part));
	vmr_region_init(&other, VMR_MMIO, VMR_REGION_TRAPPED, 0x2000, 0, "other");
	other.offset = MIB - 0x1000;
	ASSERT_EQ(0, vmr_region_add_subregion(region, &other));
	ASSERT_EQ(0, vmr_pci_add_rebar(&card.fn, &card.rebar, descs, 2));
	ASSERT_EQ(0, vmr_pci_host_plug(&host, &card.fn, 1 << 3));
	bar_on(&card.fn, 0x90400000);
	EXPECT_EQ(&part, responder(VMR_MMIO, 0x90600000));
	EXPECT_EQ(&other, responder(VMR_MMIO, 0x90500000));
	reg_write(&card.fn, COMMAND, 0, 2);
	EXPECT_EQ(0, reg_write(&card.fn, SIZE_FIELD, 0, 1));
	reg_write(&card.fn, COMMAND, DECODE_MEM, 2);
	EXPECT_EQ(&other, responder(VMR_MMIO, 0x904fffff));
	EXPECT_EQ(NULL, responder(VMR_MMIO, 0x90500000));
	EXPECT_EQ(NULL, responder(VMR_MMIO, 0x90600000));
}

/* Each argument that is invalid, in the order of the header. */
TEST(pci_rebar_invalid_arguments)
{
	struct vmr_pci_rebar_desc bad[7];
	struct vmr_pci_rebar other;
	struct vmr_pci_function plain;
	size_t i;
	const struct vmr_pci_rebar_desc bads[][2] = {
		{ descs[1], descs[0] }, { descs[0], descs[0] },
		{ { 1, 32 }, descs[1] }, { { 3, MIB }, descs[1] },
		{ { VMR_PCI_ROM, MIB }, descs[1] },
		{ descs[0], { 2, MIB | (1ull << 63) } },
		{ { 0, 4 * MIB | (1u << 31) }, descs[1] },
		{ { 0, 4 * MIB | MIB / 2 }, descs[1] }, { { 0, MIB }, descs[1] },
	};

	ASSERT_EQ(0, pci_machine_up(63));
	ASSERT_EQ(0, card_bars(&card));
	memset(&other, 0, sizeof(other));
	memset(bad, 0, sizeof(bad));
	EXPECT_EQ(-EINVAL, vmr_pci_add_rebar(NULL, &card.rebar, descs, 2));
	EXPECT_EQ(-EINVAL, vmr_pci_add_rebar(&card.fn, NULL, descs, 2));
	EXPECT_EQ(-EINVAL, vmr_pci_add_rebar(&card.fn, &card.rebar, NULL, 2));
	EXPECT_EQ(-EINVAL, vmr_pci_add_rebar(&card.fn, &card.rebar, descs, 0));
	EXPECT_EQ(-EINVAL, vmr_pci_add_rebar(&card.fn, &card.rebar, bad, 7));
	for (i = 0; i < NR(bads); i++)
		EXPECT_EQ(-EINVAL, vmr_pci_add_rebar(&card.fn, &card.rebar,
						     bads[i], 2)) {
			TH_LOG("descriptions %zu", i);
		}
	/* Conventional functions have no extended capabilities */
	ASSERT_EQ(0, card_init(&plain));
	ASSERT_EQ(0, vmr_pci_add_bar(&plain, 0, VMR_PCI_BAR_MEM32, false, MIB, "b"));
	EXPECT_EQ(-EINVAL, vmr_pci_add_rebar(&plain, &other, descs, 1));
	EXPECT_EQ(NULL, plain.rebar);
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &card.fn, 8));
	EXPECT_EQ(-EBUSY, vmr_pci_add_rebar(&card.fn, &card.rebar, descs, 2));
	EXPECT_EQ(1, vmr_pci_unplug(&card.fn) + 1);
	EXPECT_EQ(0, vmr_pci_add_rebar(&card.fn, &card.rebar, descs, 2));
	EXPECT_EQ(-EEXIST, vmr_pci_add_rebar(&card.fn, &other, descs, 2));
}

/*
 * The guest's driver resizes a BAR: it switches decode off, finds the sizes in the
 * capability, writes one, sizes the BAR, places it and switches decode on.
 */
TEST(rpi_6621)
{
	uint32_t sizes, largest;

	ASSERT_EQ(0, card_up());
	bar_on(&card.fn, 0x90400000);
	EXPECT_ANSWERS(bar(&card.fn, 0), 0x90400000);
	reg_write(&card.fn, COMMAND, 0, 2);
	sizes = reg_read(&card.fn, SIZES, 4) >> 4;
	for (largest = 27; !(sizes >> largest & 1); largest--)
		;
	EXPECT_EQ(8U, largest);
	reg_write(&card.fn, CTRL, reg_read(&card.fn, CTRL, 4) | 0x3f00, 4);
	EXPECT_EQ(2U, reg_read(&card.fn, SIZE_FIELD, 1));
	reg_write(&card.fn, CTRL,
		  (reg_read(&card.fn, CTRL, 4) & ~0x3f00u) | largest << 8, 4);
	EXPECT_EQ(0xf0000000U, sized(0));
	bar_write(&card.fn, 0, 0xb0000000);
	reg_write(&card.fn, COMMAND, DECODE_MEM, 2);
	EXPECT_ANSWERS(bar(&card.fn, 0), 0xb0000000);
	EXPECT_EQ(bar(&card.fn, 0), responder(VMR_MMIO, 0xbfffffff));
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * vfs.c - checks of a resizable BAR and of virtual functions
 *
 * The card is 80:03.0. Its VFs are the functions 1 to 8 from there on.
 */
#include "../devices/irqdev_regs.h"
#include "guest.h"

#define CARD		0x8018
#define CARD_ID		(0x00120000 | IRQDEV_VENDOR)
#define EXTENDED	0x100
#define EXT_REBAR	0x15
#define EXT_SRIOV	0x10
#define DECODE_MEMORY	0x2
#define MIB		0x100000

#define REBAR_SIZES	0x04
#define REBAR_CONTROL	0x08
#define SIZE_4_MIB	0x0200
#define SIZE_8_MIB	0x0300
#define SIZE_FIELD	0x3f00

#define SRIOV_CONTROL	0x08
#define VF_ENABLE	0x1
#define VF_MEMORY	0x8
#define SRIOV_TOTAL	0x0c
#define SRIOV_NUMBER	0x10
#define SRIOV_BAR	0x24

static uint32_t find_extended(uint32_t id)
{
	uint32_t at = EXTENDED, head;

	do {
		head = ecam_read(CARD, at);
		if ((head & 0xffff) == id)
			return at;
		at = head >> 20;
	} while (at);
	return 0;
}

static uint32_t bytes(uint32_t byte)
{
	return byte * 0x01010101u;
}

static void set_size(uint32_t at, uint32_t size)
{
	uint32_t control = ecam_read(CARD, at + REBAR_CONTROL);

	ecam_write(CARD, at + REBAR_CONTROL, (control & ~SIZE_FIELD) | size);
}

static uint32_t get_size(uint32_t at)
{
	return ecam_read(CARD, at + REBAR_CONTROL) & SIZE_FIELD;
}

static void a_resizable_bar(void)
{
	uint32_t command = config_read(CARD, PCI_COMMAND) & 0xffff;
	uint32_t bar = config_read(CARD, PCI_BARS), at = find_extended(EXT_REBAR);

	MUST(config_read(CARD, PCI_ID) == CARD_ID);
	MUST(at && ecam_read(CARD, at + REBAR_SIZES) == 0x70);
	/* Memory decode is on */
	config_write(CARD, PCI_COMMAND, command | DECODE_MEMORY);
	set_size(at, SIZE_4_MIB);
	MUST(!get_size(at));
	config_write(CARD, PCI_COMMAND, command & ~DECODE_MEMORY);
	set_size(at, SIZE_8_MIB);
	MUST(!get_size(at));
	set_size(at, SIZE_4_MIB);
	MUST(get_size(at) == SIZE_4_MIB);
	config_write(CARD, PCI_BARS, ONES);
	MUST(config_read(CARD, PCI_BARS) == ~(4u * MIB - 1));
	config_write(CARD, PCI_BARS, FREE);
	config_write(CARD, PCI_COMMAND, command | DECODE_MEMORY);
	MUST(read32(FREE + 4 * MIB - 4) == bytes(IRQDEV_PF_BYTE));
	MUST(read32(FREE + 4 * MIB) == ONES);
	save_and_restore();
	MUST(read32(FREE + 4 * MIB - 4) == bytes(IRQDEV_PF_BYTE));
	MUST(get_size(at) == SIZE_4_MIB);
	config_write(CARD, PCI_COMMAND, command & ~DECODE_MEMORY);
	set_size(at, 0);
	config_write(CARD, PCI_BARS, bar);
	config_write(CARD, PCI_COMMAND, command);
}

static bool all_vfs_are(bool there, uint32_t number)
{
	uint32_t i;

	for (i = 0; i < IRQDEV_NR_VFS; i++)
		if ((ecam_read(CARD + 1 + i, 8) == 0x02000000) !=
			    (there && i < number) ||
		    ecam_read(CARD + 1 + i, PCI_ID) != ONES)
			return false;
	return true;
}

static bool memory_is_of_vfs(uint32_t number)
{
	uint32_t i;

	for (i = 0; i < IRQDEV_NR_VFS; i++)
		if (read32(FREE + 0x1000 * i + 0x10) !=
		    (i < number ? bytes(IRQDEV_VF_BYTE + i) : ONES))
			return false;
	return true;
}

static void virtual_functions(void)
{
	uint32_t at = find_extended(EXT_SRIOV);

	MUST(at && ecam_read(CARD, at + SRIOV_TOTAL) >> 16 == IRQDEV_NR_VFS);
	MUST(all_vfs_are(false, 0));
	/* Too many: the bit reads 0 */
	ecam_write(CARD, at + SRIOV_NUMBER, IRQDEV_NR_VFS + 1);
	ecam_write(CARD, at + SRIOV_CONTROL, VF_ENABLE);
	MUST(!(ecam_read(CARD, at + SRIOV_CONTROL) & VF_ENABLE));
	ecam_write(CARD, at + SRIOV_NUMBER, IRQDEV_NR_VFS);
	ecam_write(CARD, at + SRIOV_BAR, FREE);
	ecam_write(CARD, at + SRIOV_CONTROL, VF_ENABLE | VF_MEMORY);
	MUST(all_vfs_are(true, IRQDEV_NR_VFS));
	MUST(memory_is_of_vfs(IRQDEV_NR_VFS));
	/* A VF does not vanish with its command register */
	ecam_write(CARD + 3, PCI_COMMAND, 0);
	MUST(memory_is_of_vfs(IRQDEV_NR_VFS));
	ecam_write(CARD, at + SRIOV_CONTROL, 0);
	MUST(all_vfs_are(false, 0));
	MUST(memory_is_of_vfs(0));
}

static void restored_with_virtual_functions(void)
{
	uint32_t at = find_extended(EXT_SRIOV);

	ecam_write(CARD, at + SRIOV_NUMBER, 5);
	ecam_write(CARD, at + SRIOV_CONTROL, VF_ENABLE | VF_MEMORY);
	save_and_restore();
	MUST(all_vfs_are(true, 5));
	MUST(memory_is_of_vfs(5));
	ecam_write(CARD, at + SRIOV_CONTROL, 0);
	ecam_write(CARD, at + SRIOV_BAR, 0);
	MUST(all_vfs_are(false, 0));
}

static const struct {
	const char	*name;
	void		(*run)(void);
} checks[] = {
	{ "a BAR gets another size", a_resizable_bar },
	{ "eight virtual functions", virtual_functions },
	{ "restored with virtual functions", restored_with_virtual_functions },
};

/* @number: how many checks there were before */
void vfs_checks(unsigned int number)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(checks); i++)
		run(number + i + 1, checks[i].name, checks[i].run);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_pci_host_snapshot.c - host bridges and CONFIG_ADDRESS in snapshots
 */
#include "../kselftest_harness.h"

#include "checksum.h"
#include "pci_machine.h"

#include <vmalloc/pci_snapshot.h>

enum { HOST, OTHER, CONF1, NR_BLOCKS };

/* How the host bridge of the restoring machine differs */
enum difference {
	SAME, SEGMENT, BUS_START, BUS_LAST, LINES, NO_LINES, WINDOW_MISSING,
	WINDOW_IO, WINDOW_START, WINDOW_LAST, WINDOW_OFFSET, NR_DIFFERENCES,
};

/* No function is plugged, and no register names an address */
struct box {
	struct vmr_system		sys;
	struct vmr_manager		manager;
	struct vmr_pci_host		host, other;
	struct vmr_pci_intx		intx;
	struct vmr_pci_intx_line	lines[8];
	struct vmr_pci_conf1		conf1;
	struct vmr_snapshot_space	spaces[VMR_SNAPSHOT_NR_SPACES];
	struct vmr_snapshot_block	blocks[NR_BLOCKS];
	struct vmr_snapshot		snap;
};

static struct box old, new;
static uint8_t saved[1 << 12];
static size_t saved_size;

/* The spaces are empty: there is nothing to name. */
static uint64_t no_key(const struct vmr_snapshot *snap, uint32_t space,
		       const struct vmr_range *range)
{
	(void)snap;
	(void)space;
	(void)range;
	return ~0ull;
}

static struct vmr_range *no_range(const struct vmr_snapshot *snap, uint64_t key,
				  uint32_t *space)
{
	(void)snap;
	(void)key;
	(void)space;
	return NULL;
}

static const struct vmr_snapshot_ops snapshot_ops = {
	.range_to_key = no_key, .key_to_range = no_range,
};

static int hosts_up(struct box *b, enum difference d)
{
	struct vmr_pci_window windows[] = {
		{ VMR_PIO, 0, 0x1000, 0x1fff, 0x1000, "io" },
		{ VMR_MMIO, 0, 0x90000000, 0x9fffffff, 0x80000000, "mem" },
	};
	struct vmr_pci_host_config config = {
		.segment = d == SEGMENT, .bus_start = d == BUS_START,
		.bus_last = d == BUS_LAST ? 14 : 15, .windows = windows,
		.nr_windows = d == WINDOW_MISSING ? 1 : 2,
		.intx = d == NO_LINES ? NULL : &b->intx, .name = "host",
	};
	const struct vmr_pci_host_config other = {
		.segment = 2, .bus_start = 0x80, .bus_last = 0xff,
	};
	int ret;

	b->intx.lines = b->lines;
	b->intx.nr_lines = d == LINES ? 4 : 8;
	if (d == WINDOW_IO)
		windows[0].io = VMR_MMIO;
	if (d == WINDOW_START)
		windows[1].start += 0x1000;
	if (d == WINDOW_LAST)
		windows[1].last -= 1;
	if (d == WINDOW_OFFSET)
		windows[1].bus_start += 0x100000000ull;
	ret = vmr_pci_host_register(&b->manager, &b->host, &config);
	return ret ? ret : vmr_pci_host_register(&b->manager, &b->other, &other);
}

static int box_up(struct box *b, enum difference d)
{
	const struct vmr_system_limits limits = {
		.mmio_last = MACHINE_LAST, .irq_last = 63, .slot_last = 31,
		.pci_last = 0x2ffff, .id_last = 255,
	};
	int ret;

	memset(b, 0, sizeof(*b));
	ret = vmr_system_init(&b->sys, &limits);
	if (!ret)
		ret = vmr_manager_init(&b->manager, &b->sys);
	if (!ret)
		ret = hosts_up(b, d);
	if (!ret)
		ret = vmr_pci_conf1_init(&b->conf1, &b->manager, NULL);
	if (!ret)
		ret = vmr_snapshot_describe_system(b->spaces, &b->sys);
	if (!ret)
		ret = vmr_snapshot_describe_host(&b->blocks[HOST], 1, &b->host);
	if (!ret)
		ret = vmr_snapshot_describe_host(&b->blocks[OTHER], 2, &b->other);
	if (!ret)
		ret = vmr_snapshot_describe_conf1(&b->blocks[CONF1], 3, &b->conf1);
	b->snap = (struct vmr_snapshot) {
		.ops = &snapshot_ops, .spaces = b->spaces,
		.nr_spaces = VMR_SNAPSHOT_NR_SPACES, .blocks = b->blocks,
		.nr_blocks = NR_BLOCKS,
	};
	return ret;
}

static int save_old(void)
{
	return vmr_snapshot_save(&old.snap, saved, sizeof(saved), &saved_size);
}

static int restore_new(void)
{
	return vmr_snapshot_restore(&new.snap, saved, saved_size);
}

/* A host bridge with as many windows as there can be is saved within its block. */
TEST(host_snapshot_all_windows)
{
	unsigned int i;

	ASSERT_EQ(0, box_up(&old, SAME));
	for (i = 0; i < VMR_PCI_HOST_MAX_WINDOWS; i++)
		old.host.windows[i] = (struct vmr_pci_window) {
			.io = VMR_MMIO, .start = i + 1, .last = i + 1,
			.bus_start = i + 1,
		};
	old.host.nr_windows = VMR_PCI_HOST_MAX_WINDOWS;
	/* Its block is the last */
	old.snap.nr_blocks = 1;
	memset(saved, 0x5a, sizeof(saved));
	ASSERT_EQ(0, save_old());
	for (i = 0; i < 64; i++)
		EXPECT_EQ(0x5a, saved[saved_size + i]);
}

/* CONFIG_ADDRESS comes back; host bridges are compared. */
TEST(host_snapshot_same_machine)
{
	ASSERT_EQ(0, box_up(&old, SAME));
	old.conf1.config_address = 0x80abcdec;
	ASSERT_EQ(0, save_old());
	ASSERT_EQ(0, box_up(&new, SAME));
	EXPECT_EQ(0, restore_new());
	EXPECT_EQ(0x80abcdecU, new.conf1.config_address);
	EXPECT_EQ(15U, new.host.bus_last);
}

/* Another host bridge is refused, though no register depends on it yet. */
TEST(host_snapshot_other_machine)
{
	int d;

	ASSERT_EQ(0, box_up(&old, SAME));
	old.conf1.config_address = 0x80000000;
	ASSERT_EQ(0, save_old());
	for (d = SAME + 1; d < NR_DIFFERENCES; d++) {
		ASSERT_EQ(0, box_up(&new, (enum difference)d));
		EXPECT_EQ(-ENODEV, restore_new()) {
			TH_LOG("difference %d", d);
		}
		EXPECT_EQ(0U, new.conf1.config_address);
	}
}

/* A host bridge that is not registered can neither be saved nor restored. */
TEST(host_snapshot_not_registered)
{
	ASSERT_EQ(0, box_up(&old, SAME));
	ASSERT_EQ(0, save_old());
	ASSERT_EQ(0, box_up(&new, SAME));
	EXPECT_EQ(0, vmr_pci_host_unregister(&old.host));
	EXPECT_EQ(-EBADMSG, save_old());
	EXPECT_EQ(0, vmr_pci_host_unregister(&new.host));
	EXPECT_EQ(-EBADMSG, restore_new());
}

/* A bit of CONFIG_ADDRESS that no guest can write is refused, others are restored. */
TEST(conf1_snapshot_hostile)
{
	size_t i, at = 0;
	unsigned int bit;

	ASSERT_EQ(0, box_up(&old, SAME));
	old.conf1.config_address = 0x80fedcb8;
	ASSERT_EQ(0, save_old());
	for (i = 0; i + 4 <= saved_size; i++)
		if (!memcmp(&saved[i], "\xb8\xdc\xfe\x80", 4))
			at = i;
	ASSERT_NE(0U, at);
	for (bit = 0; bit < 32; bit++) {
		bool writable = 0x80fffffcu >> bit & 1;

		saved[at + bit / 8] ^= 1u << bit % 8;
		fix_checksum(saved, saved_size);
		ASSERT_EQ(0, box_up(&new, SAME));
		EXPECT_EQ(writable ? 0 : -EBADMSG, restore_new());
		EXPECT_EQ(writable ? 0x80fedcb8u ^ 1u << bit : 0,
			  new.conf1.config_address);
		saved[at + bit / 8] ^= 1u << bit % 8;
	}
}

TEST(host_snapshot_null_arguments)
{
	ASSERT_EQ(0, box_up(&old, SAME));
	EXPECT_EQ(-EINVAL, vmr_snapshot_describe_host(NULL, 0, &old.host));
	EXPECT_EQ(-EINVAL, vmr_snapshot_describe_host(old.blocks, 0, NULL));
	EXPECT_EQ(-EINVAL, vmr_snapshot_describe_conf1(NULL, 0, &old.conf1));
	EXPECT_EQ(-EINVAL, vmr_snapshot_describe_conf1(old.blocks, 0, NULL));
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_kvm_slots.c - KVM's memory slots and ioeventfds follow regions
 */
#include "../kselftest_harness.h"
#include "fake_kvm.h"
#include "node_watch.h"

#include <fcntl.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_PARTS	4

struct card {
	struct vmr_device	dev;
	struct vmr_region	region;
	struct vmr_region	part[MAX_PARTS];
	struct vmr_kvm_memory	memory;
	struct vmr_kvm_slot	slot[MAX_PARTS];
};

static const struct vmr_device_ops ops;
static struct card card[2];
static uint8_t host[0x20000] __attribute__((__aligned__(0x10000)));

/* A card with memory at an address, without slots yet */
static int card_up(struct card *c, uint64_t start, uint64_t size)
{
	int ret;

	c->dev.ops = &ops;
	c->dev.name = "card";
	vmr_region_init(&c->region, VMR_MMIO, VMR_REGION_MEMORY, size, 0, "bar");
	c->memory = (struct vmr_kvm_memory){
		.region = &c->region, .host = host, .slots = c->slot,
		.max_slots = MAX_PARTS,
	};
	ret = vmr_device_add_region(&c->dev, &c->region);
	if (!ret)
		ret = vmr_device_register(&m.manager, &c->dev, NULL, NULL);
	if (!ret && start)
		ret = vmr_region_move(&m.manager, &c->region, start, NULL);
	return ret;
}

/* Trapped subregion @i of a card that is not up yet */
static int trap(struct card *c, unsigned int i, uint64_t offset, uint64_t size)
{
	c->region.type = VMR_REGION_MEMORY;
	c->region.size = sizeof(host);
	vmr_region_init(&c->part[i], VMR_MMIO, VMR_REGION_TRAPPED, size, i,
			"registers");
	c->part[i].offset = offset;
	return vmr_region_add_subregion(&c->region, &c->part[i]);
}

static unsigned int mapped(void)
{
	unsigned int i, nr = 0;

	for (i = 0; i < FAKE_SLOTS; i++)
		nr += fake.slot[i].memory_size != 0;
	return nr;
}

#define EXPECT_SLOT(i, gpa, size, from) \
	do { \
		EXPECT_EQ((uint64_t)(gpa), fake.slot[i].guest_phys_addr); \
		EXPECT_EQ((uint64_t)(size), fake.slot[i].memory_size); \
		EXPECT_EQ((uintptr_t)(from), fake.slot[i].userspace_addr); \
	} while (0)

/* A slot is where its region is, and nowhere while that is unmapped. */
TEST(kvm_slot_follows_region)
{
	ASSERT_EQ(0, kvm_up());
	ASSERT_EQ(0, card_up(&card[0], 0x100000, 0x4000));
	ASSERT_EQ(0, vmr_kvm_add_memory(&kvm, &card[0].memory));
	EXPECT_SLOT(0, 0x100000, 0x4000, host);
	EXPECT_EQ(0u, fake.slot[0].flags);
	ASSERT_EQ(0, vmr_region_move(&m.manager, &card[0].region, 0x200000,
				     NULL));
	EXPECT_SLOT(0, 0x200000, 0x4000, host);
	ASSERT_EQ(0, vmr_region_unmap(&m.manager, &card[0].region));
	EXPECT_EQ(0u, mapped());
	ASSERT_EQ(0, vmr_region_program(&m.manager, &card[0].region, 0x300000));
	EXPECT_SLOT(0, 0x300000, 0x4000, host);
	EXPECT_EQ(0, kvm.error);
}

/* Memory of an unmapped region gets its slot when the region is mapped. */
TEST(kvm_slot_of_unmapped_region)
{
	ASSERT_EQ(0, kvm_up());
	ASSERT_EQ(0, card_up(&card[0], 0, 0x4000));
	ASSERT_EQ(0, vmr_kvm_add_memory(&kvm, &card[0].memory));
	EXPECT_EQ(0u, mapped());
	EXPECT_TRUE(vmr_id_is_allocated(&m.sys.mem_slots, 0));
	ASSERT_EQ(0, vmr_region_program(&m.manager, &card[0].region, 0x100000));
	EXPECT_SLOT(0, 0x100000, 0x4000, host);
}

/* Two regions change places in one step without an overlap of slots. */
TEST(kvm_slots_change_places)
{
	struct vmr_move_op moves[2];

	ASSERT_EQ(0, kvm_up());
	ASSERT_EQ(0, card_up(&card[0], 0x100000, 0x4000));
	ASSERT_EQ(0, card_up(&card[1], 0x200000, 0x4000));
	ASSERT_EQ(0, vmr_kvm_add_memory(&kvm, &card[0].memory));
	ASSERT_EQ(0, vmr_kvm_add_memory(&kvm, &card[1].memory));
	moves[0] = (struct vmr_move_op){ .range = &card[0].region.range,
					 .start = 0x200000 };
	moves[1] = (struct vmr_move_op){ .range = &card[1].region.range,
					 .start = 0x100000 };
	ASSERT_EQ(0, vmr_region_move_bulk(&m.manager, moves, 2, NULL, NULL));
	EXPECT_SLOT(0, 0x200000, 0x4000, host);
	EXPECT_SLOT(1, 0x100000, 0x4000, host);
	EXPECT_EQ(0, kvm.error);
}

#define NR_TRAPPED	256

/* The pages around k trapped subregions, here none, are found in O(k log k). */
TEST(kvm_slots_around_many_subregions)
{
	struct card *c = &card[0];
	struct vmr_region *part;
	size_t i, at, visits;

	NEEDS(page_faults);
	ASSERT_EQ(0, pages_init(NR_TRAPPED * pages_one()));
	pages_window = 8;
	ASSERT_EQ(0, kvm_up());
	for (i = 0; i < NR_TRAPPED; i++) {
		at = i * 101 % NR_TRAPPED;
		part = (struct vmr_region *)node(at);
		vmr_region_init(part, VMR_MMIO, VMR_REGION_TRAPPED,
				0x10000, (uint32_t)at, "registers");
		part->offset = 0x10000 * (uint64_t)at;
		c->region.type = VMR_REGION_MEMORY;
		c->region.size = 0x10000 * NR_TRAPPED;
		ASSERT_EQ(0, vmr_region_add_subregion(&c->region, part));
	}
	ASSERT_EQ(0, card_up(c, 0, 0x10000 * NR_TRAPPED));
	pages_watch();
	EXPECT_EQ(0, vmr_kvm_add_memory(&kvm, &c->memory));
	visits = pages_unwatch();
	EXPECT_EQ(0U, c->memory.nr_slots);
	EXPECT_GE((size_t)NR_TRAPPED * 16, visits);
	pages_exit();
}

/* Slots are whole pages around the trapped subregions, in any order of these. */
TEST(kvm_slots_around_subregions)
{
	ASSERT_EQ(0, kvm_up());
	ASSERT_EQ(0, trap(&card[0], 0, 0x10010, 0x10));
	ASSERT_EQ(0, trap(&card[0], 1, 0x4000, 0x1000));
	ASSERT_EQ(0, trap(&card[0], 2, 0x5800, 0x400));
	ASSERT_EQ(0, card_up(&card[0], 0x100000, sizeof(host)));
	ASSERT_EQ(0, vmr_kvm_add_memory(&kvm, &card[0].memory));
	EXPECT_EQ(3u, card[0].memory.nr_slots);
	EXPECT_SLOT(0, 0x100000, 0x4000, host);
	EXPECT_SLOT(1, 0x106000, 0xa000, host + 0x6000);
	EXPECT_SLOT(2, 0x111000, 0xf000, host + 0x11000);
	EXPECT_EQ(3u, mapped());
}

/* A region that was made smaller while it was unmapped has no slot beyond its end. */
TEST(kvm_slots_of_smaller_region)
{
	ASSERT_EQ(0, kvm_up());
	ASSERT_EQ(0, trap(&card[0], 0, 0x10000, 0x1000));
	ASSERT_EQ(0, trap(&card[0], 1, 0x4000, 0x1000));
	ASSERT_EQ(0, card_up(&card[0], 0x100000, sizeof(host)));
	ASSERT_EQ(0, vmr_kvm_add_memory(&kvm, &card[0].memory));
	EXPECT_EQ(3u, mapped());
	ASSERT_EQ(0, vmr_region_unmap(&m.manager, &card[0].region));
	/* As a resizable BAR does */
	card[0].region.size = 0x8000;
	ASSERT_EQ(0, vmr_region_program(&m.manager, &card[0].region, 0x200000));
	EXPECT_EQ(2u, mapped());
	EXPECT_SLOT(0, 0x200000, 0x4000, host);
	EXPECT_SLOT(1, 0x205000, 0x3000, host + 0x5000);
	ASSERT_EQ(0, vmr_kvm_set_dirty_log(&kvm, &card[0].memory, true));
	EXPECT_SLOT(1, 0x205000, 0x3000, host + 0x5000);
	/* Added again, it has the slots of this size */
	ASSERT_EQ(0, vmr_kvm_remove_memory(&kvm, &card[0].memory));
	ASSERT_EQ(0, vmr_kvm_add_memory(&kvm, &card[0].memory));
	EXPECT_EQ(2u, card[0].memory.nr_slots);
	EXPECT_SLOT(1, 0x205000, 0x3000, host + 0x5000);
}

/* A region that shares a page with its neighbour has no slot. */
TEST(kvm_region_without_whole_page)
{
	ASSERT_EQ(0, kvm_up());
	ASSERT_EQ(0, card_up(&card[0], 0x100800, 0x4000));
	ASSERT_EQ(0, vmr_kvm_add_memory(&kvm, &card[0].memory));
	EXPECT_EQ(0u, mapped());
	ASSERT_EQ(0, vmr_region_move(&m.manager, &card[0].region, 0x101000,
				     NULL));
	EXPECT_EQ(1u, mapped());
}

/*
 * Two BARs share one page of the host. A slot for either would map it through the
 * other. Both answer by exits, and have slots when each has a page of its own.
 */
TEST(ch_7939)
{
	uint8_t byte[2] = { 0 };

	ASSERT_EQ(0, kvm_up());
	kvm.page_size = 0x10000;
	ASSERT_EQ(0, card_up(&card[0], 0x100000, 0x4000));
	ASSERT_EQ(0, card_up(&card[1], 0x104000, 0x4000));
	card[0].region.host = host;
	card[1].region.host = host + 0x10000;
	card[1].memory.host = host + 0x10000;
	host[0x3fff] = 0xa0;
	host[0x10000] = 0xb1;
	ASSERT_EQ(0, vmr_kvm_add_memory(&kvm, &card[0].memory));
	ASSERT_EQ(0, vmr_kvm_add_memory(&kvm, &card[1].memory));
	EXPECT_EQ(0u, mapped());
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, 0x103fff, &byte[0], 1, 1));
	EXPECT_EQ(0, vmr_read(&m.reader, VMR_MMIO, 0x104000, &byte[1], 1, 1));
	EXPECT_EQ(0xa0, byte[0]);
	EXPECT_EQ(0xb1, byte[1]);
	EXPECT_EQ(0, kvm.error);
}

/* Read-only memory and the log of written pages are flags of the slot. */
TEST(kvm_slot_flags)
{
	ASSERT_EQ(0, kvm_up());
	ASSERT_EQ(0, trap(&card[0], 0, 0x4000, 0x1000));
	ASSERT_EQ(0, card_up(&card[0], 0x100000, sizeof(host)));
	card[0].memory.readonly = true;
	ASSERT_EQ(0, vmr_kvm_add_memory(&kvm, &card[0].memory));
	EXPECT_EQ((uint32_t)KVM_MEM_READONLY, fake.slot[0].flags);
	ASSERT_EQ(0, vmr_kvm_set_dirty_log(&kvm, &card[0].memory, true));
	EXPECT_EQ((uint32_t)(KVM_MEM_READONLY | KVM_MEM_LOG_DIRTY_PAGES),
		  fake.slot[1].flags);
	/* It stays on while the region moves. */
	ASSERT_EQ(0, vmr_region_move(&m.manager, &card[0].region, 0x200000,
				     NULL));
	EXPECT_EQ((uint32_t)(KVM_MEM_READONLY | KVM_MEM_LOG_DIRTY_PAGES),
		  fake.slot[0].flags);
	ASSERT_EQ(0, vmr_region_unmap(&m.manager, &card[0].region));
	ASSERT_EQ(0, vmr_kvm_set_dirty_log(&kvm, &card[0].memory, false));
	EXPECT_EQ(0u, mapped());
}

/* A refused change of the log is undone for the slots before. */
TEST(kvm_dirty_log_refused)
{
	ASSERT_EQ(0, kvm_up());
	ASSERT_EQ(0, trap(&card[0], 0, 0x4000, 0x1000));
	ASSERT_EQ(0, card_up(&card[0], 0x100000, sizeof(host)));
	ASSERT_EQ(0, vmr_kvm_add_memory(&kvm, &card[0].memory));
	fake_fail_in(2);
	EXPECT_EQ(-EIO, vmr_kvm_set_dirty_log(&kvm, &card[0].memory, true));
	EXPECT_FALSE(card[0].memory.dirty_log);
	EXPECT_EQ(0u, fake.slot[0].flags);
	EXPECT_EQ(0u, fake.slot[1].flags);
}

/* Removed memory gives its slots and their numbers back. */
TEST(kvm_memory_removed)
{
	ASSERT_EQ(0, kvm_up());
	ASSERT_EQ(0, card_up(&card[0], 0x100000, 0x4000));
	ASSERT_EQ(0, card_up(&card[1], 0x200000, 0x4000));
	ASSERT_EQ(0, vmr_kvm_add_memory(&kvm, &card[0].memory));
	ASSERT_EQ(0, vmr_kvm_add_memory(&kvm, &card[1].memory));
	ASSERT_EQ(0, vmr_kvm_remove_memory(&kvm, &card[0].memory));
	EXPECT_FALSE(vmr_id_is_allocated(&m.sys.mem_slots, 0));
	EXPECT_EQ(1u, mapped());
	EXPECT_EQ(-ENOENT, vmr_kvm_remove_memory(&kvm, &card[0].memory));
	fake_fail_in(1);
	EXPECT_EQ(-EIO, vmr_kvm_remove_memory(&kvm, &card[1].memory));
	EXPECT_TRUE(vmr_id_is_allocated(&m.sys.mem_slots, 1));
	ASSERT_EQ(0, vmr_kvm_remove_memory(&kvm, &card[1].memory));
	EXPECT_EQ(0u, mapped());
	ASSERT_EQ(0, vmr_kvm_add_memory(&kvm, &card[1].memory));
	EXPECT_EQ(1u, mapped());
}

/* Memory that KVM refuses is not added, and has no slot and no number. */
TEST(kvm_memory_refused)
{
	unsigned int i;

	ASSERT_EQ(0, kvm_up());
	ASSERT_EQ(0, trap(&card[0], 0, 0x4000, 0x1000));
	ASSERT_EQ(0, card_up(&card[0], 0x100000, sizeof(host)));
	for (i = 1; i <= 2; i++) {
		fake_fail_in(i);
		EXPECT_EQ(-EIO, vmr_kvm_add_memory(&kvm, &card[0].memory));
		EXPECT_EQ(0u, mapped());
		EXPECT_EQ((uint64_t)0, m.sys.mem_slots.space.nr_ranges);
	}
	ASSERT_EQ(0, vmr_kvm_add_memory(&kvm, &card[0].memory));
	EXPECT_EQ(2u, mapped());
}

/*
 * The third slot is refused, and then the release of the second. The memory is added,
 * since KVM still uses it.
 */
TEST(kvm_refused_memory_not_released)
{
	ASSERT_EQ(0, kvm_up());
	ASSERT_EQ(0, trap(&card[0], 0, 0x4000, 0x1000));
	ASSERT_EQ(0, trap(&card[0], 1, 0x8000, 0x1000));
	ASSERT_EQ(0, card_up(&card[0], 0x100000, sizeof(host)));
	fake.fail_base = fake.calls;
	fake.fail_set = 1u << 2 | 1u << 4;
	EXPECT_EQ(-EIO, vmr_kvm_add_memory(&kvm, &card[0].memory));
	EXPECT_EQ(1u, mapped());
	EXPECT_SLOT(1, 0x105000, 0x3000, host + 0x5000);
	EXPECT_EQ((uint64_t)3, m.sys.mem_slots.space.nr_ranges);
	EXPECT_EQ(0, vmr_kvm_remove_memory(&kvm, &card[0].memory));
	EXPECT_EQ(0u, mapped());
	EXPECT_EQ((uint64_t)0, m.sys.mem_slots.space.nr_ranges);
}

/* The numbers of the machine and the room for slots are limits. */
TEST(kvm_memory_no_room)
{
	const struct vmr_request request = { .size = 31, .align = 1, .max = 31,
					     .policy = VMR_FIRST };
	static struct vmr_range all;

	ASSERT_EQ(0, kvm_up());
	ASSERT_EQ(0, trap(&card[0], 0, 0x4000, 0x1000));
	ASSERT_EQ(0, trap(&card[0], 1, 0x8000, 0x1000));
	ASSERT_EQ(0, card_up(&card[0], 0x100000, sizeof(host)));
	for (card[0].memory.max_slots = 0; card[0].memory.max_slots < 3;
	     card[0].memory.max_slots++)
		EXPECT_EQ(-ENOSPC, vmr_kvm_add_memory(&kvm, &card[0].memory));
	EXPECT_EQ(0u, card[0].memory.nr_slots);
	ASSERT_EQ(0, vmr_id_alloc_block(&m.sys.mem_slots, &all, &request,
					NULL));
	EXPECT_EQ(-ENOSPC, vmr_kvm_add_memory(&kvm, &card[0].memory));
	EXPECT_EQ(0u, card[0].memory.nr_slots);
	/* Number 31 was never allocated */
	EXPECT_EQ(-ENOENT, vmr_id_free(&m.sys.mem_slots, 31, NULL));
	EXPECT_EQ((uint64_t)1, m.sys.mem_slots.space.nr_ranges);
	EXPECT_EQ(0u, fake.calls);
}

/* Numbers that a restore has made live are kept, also by a refused call. */
TEST(kvm_slot_numbers_restored)
{
	ASSERT_EQ(0, kvm_up());
	ASSERT_EQ(0, trap(&card[0], 0, 0x4000, 0x1000));
	ASSERT_EQ(0, card_up(&card[0], 0x100000, sizeof(host)));
	ASSERT_EQ(0, vmr_id_reserve(&m.sys.mem_slots, &card[0].slot[0].number,
				    9, NULL));
	fake_fail_in(1);
	EXPECT_EQ(-EIO, vmr_kvm_add_memory(&kvm, &card[0].memory));
	EXPECT_EQ((uint64_t)1, m.sys.mem_slots.space.nr_ranges);
	ASSERT_EQ(0, vmr_kvm_add_memory(&kvm, &card[0].memory));
	EXPECT_SLOT(9, 0x100000, 0x4000, host);
	EXPECT_EQ(2u, mapped());
	ASSERT_EQ(0, vmr_kvm_remove_memory(&kvm, &card[0].memory));
	EXPECT_EQ((uint64_t)0, m.sys.mem_slots.space.nr_ranges);

	ASSERT_EQ(0, vmr_id_reserve(&m.sys.mem_slots, &card[0].slot[0].number,
				    9, NULL));
	ASSERT_EQ(0, vmr_id_reserve(&m.sys.mem_slots, &card[0].slot[1].number,
				    7, NULL));
	ASSERT_EQ(0, vmr_kvm_add_memory(&kvm, &card[0].memory));
	EXPECT_SLOT(9, 0x100000, 0x4000, host);
	EXPECT_SLOT(7, 0x105000, sizeof(host) - 0x5000, host + 0x5000);
}

/* No number is allocated if a restore has made all of them live. */
TEST(kvm_slot_numbers_all_restored)
{
	ASSERT_EQ(0, kvm_up());
	ASSERT_EQ(0, card_up(&card[0], 0x100000, 0x4000));
	ASSERT_EQ(0, vmr_id_reserve(&m.sys.mem_slots, &card[0].slot[0].number,
				    9, NULL));
	ASSERT_EQ(0, vmr_kvm_add_memory(&kvm, &card[0].memory));
	EXPECT_SLOT(9, 0x100000, 0x4000, host);
	EXPECT_EQ(1u, mapped());
	EXPECT_EQ((uint64_t)1, m.sys.mem_slots.space.nr_ranges);
}

/*
 * The guest's move stays if KVM refuses a slot: the error is stored and reported, and
 * the region has no slot until its next move.
 */
TEST(kvm_move_refused)
{
	ASSERT_EQ(0, kvm_up());
	ASSERT_EQ(0, card_up(&card[0], 0x100000, 0x4000));
	ASSERT_EQ(0, vmr_kvm_add_memory(&kvm, &card[0].memory));
	fake_fail_in(2);
	ASSERT_EQ(0, vmr_region_move(&m.manager, &card[0].region, 0x200000,
				     NULL));
	EXPECT_EQ(-EIO, kvm.error);
	EXPECT_EQ(1u, fake.failures);
	EXPECT_EQ(0u, mapped());
	kvm.error = 0;
	ASSERT_EQ(0, vmr_region_move(&m.manager, &card[0].region, 0x300000,
				     NULL));
	EXPECT_SLOT(0, 0x300000, 0x4000, host);
	EXPECT_EQ(0, kvm.error);
}

/* A slot that KVM does not release is released before the next mapping. */
TEST(kvm_release_refused)
{
	ASSERT_EQ(0, kvm_up());
	ASSERT_EQ(0, card_up(&card[0], 0x100000, 0x4000));
	ASSERT_EQ(0, vmr_kvm_add_memory(&kvm, &card[0].memory));
	fake_fail_in(1);
	ASSERT_EQ(0, vmr_region_move(&m.manager, &card[0].region, 0x200000,
				     NULL));
	EXPECT_EQ(-EIO, kvm.error);
	EXPECT_EQ(1u, fake.failures);
	EXPECT_SLOT(0, 0x200000, 0x4000, host);
	fake.fail_from = fake.calls + 1;
	ASSERT_EQ(0, vmr_region_move(&m.manager, &card[0].region, 0x300000,
				     NULL));
	EXPECT_EQ(3u, fake.failures);
	EXPECT_SLOT(0, 0x200000, 0x4000, host);
}

static struct vmr_kvm_ioeventfd event[2];

/* An ioeventfd is at its offset of the region. */
TEST(kvm_ioeventfd_follows_region)
{
	ASSERT_EQ(0, kvm_up());
	ASSERT_EQ(0, card_up(&card[0], 0x100000, 0x4000));
	event[0] = (struct vmr_kvm_ioeventfd){
		.region = &card[0].region, .offset = 0x10, .width = 4,
		.match = true, .value = 7, .fd = 5,
	};
	ASSERT_EQ(0, vmr_kvm_add_ioeventfd(&kvm, &event[0]));
	event[1] = (struct vmr_kvm_ioeventfd){
		.region = &card[0].region, .offset = 0x14, .fd = 6,
	};
	ASSERT_EQ(0, vmr_kvm_add_ioeventfd(&kvm, &event[1]));
	ASSERT_EQ(2u, fake.nr_events);
	EXPECT_EQ(0x100010u, fake.event[0].addr);
	EXPECT_EQ(4u, fake.event[0].len);
	EXPECT_EQ(7u, fake.event[0].datamatch);
	EXPECT_EQ((uint32_t)KVM_IOEVENTFD_FLAG_DATAMATCH, fake.event[0].flags);
	EXPECT_EQ(0u, fake.event[1].flags);
	ASSERT_EQ(0, vmr_region_unmap(&m.manager, &card[0].region));
	EXPECT_EQ(0u, fake.nr_events);
	ASSERT_EQ(0, vmr_region_program(&m.manager, &card[0].region, 0x200000));
	ASSERT_EQ(2u, fake.nr_events);
	ASSERT_EQ(0, vmr_kvm_remove_ioeventfd(&kvm, &event[0]));
	EXPECT_EQ(-ENOENT, vmr_kvm_remove_ioeventfd(&kvm, &event[0]));
	ASSERT_EQ(1u, fake.nr_events);
	EXPECT_EQ(0x200014u, fake.event[0].addr);
	EXPECT_EQ(0, kvm.error);
}

/* An ioeventfd of ports has the flag for ports. */
TEST(kvm_ioeventfd_of_ports)
{
	static struct vmr_device dev = { .ops = &ops, .name = "ports" };
	static struct vmr_region ports;

	ASSERT_EQ(0, kvm_up());
	vmr_region_init(&ports, VMR_PIO, VMR_REGION_TRAPPED, 8, 0, "ports");
	ASSERT_EQ(0, vmr_device_add_region(&dev, &ports));
	ASSERT_EQ(0, vmr_device_register(&m.manager, &dev, NULL, NULL));
	event[0] = (struct vmr_kvm_ioeventfd){ .region = &ports, .fd = 5 };
	ASSERT_EQ(0, vmr_kvm_add_ioeventfd(&kvm, &event[0]));
	EXPECT_EQ(0u, fake.nr_events);
	ASSERT_EQ(0, vmr_region_program(&m.manager, &ports, 0x1000));
	ASSERT_EQ(1u, fake.nr_events);
	EXPECT_EQ((uint32_t)KVM_IOEVENTFD_FLAG_PIO, fake.event[0].flags);
}

/* While KVM does not release an ioeventfd, it is assigned nowhere else. */
TEST(kvm_ioeventfd_not_released)
{
	ASSERT_EQ(0, kvm_up());
	ASSERT_EQ(0, card_up(&card[0], 0x100000, 0x4000));
	event[0] = (struct vmr_kvm_ioeventfd){ .region = &card[0].region,
					       .fd = 5 };
	ASSERT_EQ(0, vmr_kvm_add_ioeventfd(&kvm, &event[0]));
	fake.fail_base = fake.calls;
	fake.fail_set = 1u << 0 | 1u << 1;
	ASSERT_EQ(0, vmr_region_move(&m.manager, &card[0].region, 0x200000,
				     NULL));
	EXPECT_EQ(2u, fake.injected);
	ASSERT_EQ(1u, fake.nr_events);
	EXPECT_EQ(0x100000u, fake.event[0].addr);
	ASSERT_EQ(0, vmr_region_move(&m.manager, &card[0].region, 0x300000,
				     NULL));
	ASSERT_EQ(1u, fake.nr_events);
	EXPECT_EQ(0x300000u, fake.event[0].addr);
}

/* Each refused call is reported and tried again at the next change. */
TEST(kvm_ioeventfd_refused)
{
	ASSERT_EQ(0, kvm_up());
	ASSERT_EQ(0, card_up(&card[0], 0x100000, 0x4000));
	event[0] = (struct vmr_kvm_ioeventfd){ .region = &card[0].region,
					       .fd = 5 };
	event[1] = (struct vmr_kvm_ioeventfd){ .region = &card[0].region,
					       .offset = 8, .fd = 5 };
	fake_fail_in(1);
	EXPECT_EQ(-EIO, vmr_kvm_add_ioeventfd(&kvm, &event[0]));
	ASSERT_EQ(0, vmr_kvm_add_ioeventfd(&kvm, &event[0]));
	ASSERT_EQ(0, vmr_kvm_add_ioeventfd(&kvm, &event[1]));
	fake_fail_in(1);
	EXPECT_EQ(-EIO, vmr_kvm_remove_ioeventfd(&kvm, &event[0]));
	fake_fail_in(3);
	ASSERT_EQ(0, vmr_region_move(&m.manager, &card[0].region, 0x200000,
				     NULL));
	EXPECT_EQ(1u, fake.failures);
	EXPECT_EQ(1u, fake.nr_events);
	fake.fail_from = fake.calls + 1;
	ASSERT_EQ(0, vmr_region_move(&m.manager, &card[0].region, 0x300000,
				     NULL));
	fake.fail_from = 0;
	ASSERT_EQ(0, vmr_region_move(&m.manager, &card[0].region, 0x400000,
				     NULL));
	EXPECT_EQ(2u, fake.nr_events);
	ASSERT_EQ(0, vmr_kvm_remove_ioeventfd(&kvm, &event[0]));
	ASSERT_EQ(0, vmr_kvm_remove_ioeventfd(&kvm, &event[1]));
	EXPECT_EQ(0u, fake.nr_events);
}

/* A change of a region without memory or ioeventfd makes no call. */
TEST(kvm_other_region)
{
	ASSERT_EQ(0, kvm_up());
	ASSERT_EQ(0, card_up(&card[0], 0x100000, 0x4000));
	ASSERT_EQ(0, card_up(&card[1], 0x200000, 0x4000));
	ASSERT_EQ(0, vmr_kvm_add_memory(&kvm, &card[0].memory));
	event[0] = (struct vmr_kvm_ioeventfd){ .region = &card[0].region };
	ASSERT_EQ(0, vmr_kvm_add_ioeventfd(&kvm, &event[0]));
	EXPECT_EQ(2u, fake.calls);
	ASSERT_EQ(0, vmr_region_move(&m.manager, &card[1].region, 0x300000,
				     NULL));
	EXPECT_EQ(2u, fake.calls);
	ASSERT_EQ(0, vmr_kvm_destroy(&kvm));
	ASSERT_EQ(0, vmr_region_move(&m.manager, &card[0].region, 0x400000,
				     NULL));
	EXPECT_EQ(2u, fake.calls);
}

/* Missing and invalid arguments have the errors that the header documents. */
TEST(kvm_invalid_arguments)
{
	struct vmr_kvm none = { .ops = NULL };
	struct vmr_kvm_memory *memory = &card[0].memory;

	ASSERT_EQ(0, kvm_up());
	EXPECT_EQ(-EINVAL, vmr_kvm_init(NULL));
	EXPECT_EQ(-EINVAL, vmr_kvm_init(&none));
	none.ops = &fake_ops;
	EXPECT_EQ(-EINVAL, vmr_kvm_init(&none));
	none.manager = &m.manager;
	EXPECT_EQ(-EINVAL, vmr_kvm_init(&none));
	none.page_size = 0x1800;
	EXPECT_EQ(-EINVAL, vmr_kvm_init(&none));
	EXPECT_EQ(-EINVAL, vmr_kvm_destroy(NULL));
	EXPECT_EQ(-ENOENT, vmr_kvm_destroy(&none));
	none.manager = NULL;
	EXPECT_EQ(-ENOENT, vmr_kvm_destroy(&none));

	ASSERT_EQ(0, card_up(&card[0], 0x100000, 0x4000));
	EXPECT_EQ(-EINVAL, vmr_kvm_add_memory(NULL, memory));
	EXPECT_EQ(-EINVAL, vmr_kvm_add_memory(&kvm, NULL));
	memory->region = NULL;
	EXPECT_EQ(-EINVAL, vmr_kvm_add_memory(&kvm, memory));
	memory->region = &card[0].region;
	memory->slots = NULL;
	EXPECT_EQ(-EINVAL, vmr_kvm_add_memory(&kvm, memory));
	memory->slots = card[0].slot;
	memory->host = host + 1;
	EXPECT_EQ(-EINVAL, vmr_kvm_add_memory(&kvm, memory));
	memory->host = NULL;
	EXPECT_EQ(-EINVAL, vmr_kvm_add_memory(&kvm, memory));
	memory->host = host;
	card[0].region.type = VMR_REGION_TRAPPED;
	EXPECT_EQ(-EINVAL, vmr_kvm_add_memory(&kvm, memory));
	card[0].region.type = VMR_REGION_MEMORY;
	EXPECT_EQ(-ENOENT, vmr_kvm_set_dirty_log(&kvm, memory, true));
	ASSERT_EQ(0, vmr_kvm_add_memory(&kvm, memory));
	EXPECT_EQ(-EEXIST, vmr_kvm_add_memory(&kvm, memory));
	EXPECT_EQ(-EINVAL, vmr_kvm_remove_memory(NULL, memory));
	EXPECT_EQ(-EINVAL, vmr_kvm_remove_memory(&kvm, NULL));
	EXPECT_EQ(-EINVAL, vmr_kvm_set_dirty_log(NULL, memory, true));
	EXPECT_EQ(-EINVAL, vmr_kvm_set_dirty_log(&kvm, NULL, true));

	EXPECT_EQ(-EINVAL, vmr_kvm_add_ioeventfd(NULL, &event[0]));
	EXPECT_EQ(-EINVAL, vmr_kvm_add_ioeventfd(&kvm, NULL));
	EXPECT_EQ(-EINVAL, vmr_kvm_add_ioeventfd(&kvm, &event[0]));
	event[0].region = &card[0].region;
	event[0].offset = 0x4000;
	EXPECT_EQ(-ERANGE, vmr_kvm_add_ioeventfd(&kvm, &event[0]));
	event[0].offset = 0x3ffe;
	event[0].width = 4;
	EXPECT_EQ(-ERANGE, vmr_kvm_add_ioeventfd(&kvm, &event[0]));
	event[0].offset = 0;
	ASSERT_EQ(0, vmr_kvm_add_ioeventfd(&kvm, &event[0]));
	EXPECT_EQ(-EEXIST, vmr_kvm_add_ioeventfd(&kvm, &event[0]));
	EXPECT_EQ(-EINVAL, vmr_kvm_remove_ioeventfd(NULL, &event[0]));
	EXPECT_EQ(-EINVAL, vmr_kvm_remove_ioeventfd(&kvm, NULL));
}

/* A caller without the callback finds the first error in the struct. */
TEST(kvm_first_error_is_kept)
{
	static struct vmr_kvm_ops quiet;

	quiet = fake_ops;
	quiet.failed = NULL;
	ASSERT_EQ(0, kvm_up());
	kvm.ops = &quiet;
	ASSERT_EQ(0, card_up(&card[0], 0x100000, 0x4000));
	ASSERT_EQ(0, vmr_kvm_add_memory(&kvm, &card[0].memory));
	kvm.error = -EPERM;
	fake_fail_in(1);
	ASSERT_EQ(0, vmr_region_unmap(&m.manager, &card[0].region));
	EXPECT_EQ(-EPERM, kvm.error);
	EXPECT_EQ(0u, fake.failures);
}

/*
 * The calls return the error of the descriptor, which is no virtual machine: -ENOTTY,
 * or what an emulator of user programs returns for all of KVM.
 */
TEST(kvm_ioctl_errors)
{
	const struct kvm_userspace_memory_region slot = { .slot = 0 };
	const struct kvm_ioeventfd e = { .fd = 0 };
	const struct kvm_irqfd irqfd = { .fd = 0 };
	int fd = open("/dev/null", O_RDWR), err;

	ASSERT_GE(fd, 0);
	ASSERT_EQ(-1, syscall(SYS_ioctl, fd, KVM_SET_USER_MEMORY_REGION, &slot));
	err = -errno;
	kvm.vm_fd = fd;
	EXPECT_EQ(err, vmr_kvm_ioctl_ops.set_memory(&kvm, &slot));
	EXPECT_EQ(err, vmr_kvm_ioctl_ops.ioeventfd(&kvm, &e));
	EXPECT_EQ(err, vmr_kvm_ioctl_ops.set_routing(&kvm, &routing.head));
	EXPECT_EQ(err, vmr_kvm_ioctl_ops.irqfd(&kvm, &irqfd));
	close(fd);
}

/* A descriptor that the kernel never gives out: its calls succeed and are recorded. */
#define FAKE_VM_FD	0x7fffffff

static unsigned long last_request;
static const void *last_argument;

/* Instead of the C library's function, which a machine without KVM would refuse */
int ioctl(int fd, unsigned long request, ...)
{
	void *argument;
	va_list args;

	va_start(args, request);
	argument = va_arg(args, void *);
	va_end(args);
	if (fd != FAKE_VM_FD)
		return (int)syscall(SYS_ioctl, fd, request, argument);
	last_request = request;
	last_argument = argument;
	return 0;
}

#define EXPECT_IOCTL(number, argument, call) \
	do { \
		EXPECT_EQ(0, call); \
		EXPECT_EQ((unsigned long)(number), last_request); \
		EXPECT_EQ((const void *)(argument), last_argument); \
	} while (0)

/* Each operation is one system call, with its number and its argument. */
TEST(kvm_ioctl_numbers)
{
	const struct kvm_userspace_memory_region slot = { .slot = 0 };
	const struct kvm_ioeventfd e = { .fd = 0 };
	const struct kvm_irqfd irqfd = { .fd = 0 };
	const struct vmr_kvm_ops *ops = &vmr_kvm_ioctl_ops;

	kvm.vm_fd = FAKE_VM_FD;
	EXPECT_IOCTL(KVM_SET_USER_MEMORY_REGION, &slot,
		     ops->set_memory(&kvm, &slot));
	EXPECT_IOCTL(KVM_IOEVENTFD, &e, ops->ioeventfd(&kvm, &e));
	EXPECT_IOCTL(KVM_SET_GSI_ROUTING, &routing.head,
		     ops->set_routing(&kvm, &routing.head));
	EXPECT_IOCTL(KVM_IRQFD, &irqfd, ops->irqfd(&kvm, &irqfd));
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_fault_injection_msi.c - vectors that are not to be had change nothing
 *
 * Blocks of MSI, MSI-X and generic vectors as resources of a device, and the vectors
 * that a guest takes by writing to MSI and MSI-X capabilities. None are left, or
 * enough are but in pieces, or the device refuses what it was given.
 */
#include "../kselftest_harness.h"

#include "card.h"
#include "unchanged.h"
#include "requires.h"

#define REFUSED_BY_DEV	(-1234)

/*
 * How a machine numbers its vectors: as its lines, apart from them, or apart and
 * placed in a pool that is smaller than their domain.
 */
enum { TOGETHER, APART, POOLED, NUMBERINGS };

static struct vmr_id_pool *vectors;

static int machine_numbered(int how, uint32_t last)
{
	const struct vmr_system_limits limits = {
		.mmio_last = MACHINE_LAST, .slot_last = 31,
		.irq_last = how == TOGETHER ? last : 23, .pci_last = 0xff,
		.id_last = 31, .msi_vector_last = how == TOGETHER ? 0 :
				       how == APART ? last : last + 100,
	};
	const struct vmr_system_pool pool = {
		.pool = { .start = 0, .last = last, .align = 1 },
		.kinds = 1u << VMR_KIND_MSI | 1u << VMR_KIND_MSIX |
			 1u << VMR_KIND_MSI_GENERIC,
	};
	int ret;

	memset(&m, 0, sizeof(m));
	memset(&host, 0, sizeof(host));
	nr_watched = 0;
	vectors = how == TOGETHER ? &m.sys.irqs : &m.sys.msi_vectors;
	ret = vmr_system_init(&m.sys, &limits);
	if (!ret && how == POOLED)
		ret = vmr_system_add_pool(&m.sys, &pool);
	if (!ret)
		ret = vmr_manager_init(&m.manager, &m.sys);
	if (!ret)
		ret = vmr_reader_attach(&m.manager, &m.reader);
	if (!ret)
		ret = vmr_pci_conf1_register(&host, &m.manager, NULL);
	return ret ? ret : diary_start(&event_log);
}

/*
 * As resources of a device
 */

enum { BLOCK, TABLE, GENERIC, WANTS };

/* What is asked for within which numbers, and the one that leaves but pieces. */
static const struct {
	uint32_t	kind;
	uint32_t	nr;
	uint32_t	align;
	uint32_t	min;
	uint32_t	max;
	uint32_t	middle;
} wants[WANTS] = {
	/* 16 to 22 and 24 to 30: enough, and no eight that are aligned */
	[BLOCK] = { VMR_KIND_MSI, 8, 8, 16, 30, 23 },
	[TABLE] = { VMR_KIND_MSIX, 5, 1, 32, 40, 36 },
	[GENERIC] = { VMR_KIND_MSI_GENERIC, 3, 1, 48, 52, 50 },
};

static struct probe subject;
static struct vmr_range blocker[WANTS];
static struct vmr_transaction transaction;

/* Also a port, which is granted before the vectors and has to go again. */
static void want_vectors(struct __test_metadata *_metadata)
{
	int i;

	probe_init(&subject, "subject");
	for (i = 0; i < WANTS; i++)
		vmr_constraint_init_bounded(probe_want(&subject), wants[i].kind,
				      wants[i].nr, wants[i].align, wants[i].min,
				      wants[i].max, &subject.node[i]);
	ASSERT_EQ(0, probe_region_at(&subject, 0, VMR_PIO, 0x2000, 0x10));
}

/* How many of a want's numbers are in the way. */
enum { NONE, ALL, MIDDLE, BLOCKS };

static int block(int want, int how)
{
	uint32_t start = wants[want].middle, last = start;

	if (how == NONE)
		return 0;
	if (how == ALL) {
		start = wants[want].min;
		last = wants[want].max;
	}
	return vmr_reserve(&vectors->space, &blocker[want], start, last, NULL);
}

static int grant_them(size_t *failed)
{
	return vmr_system_alloc_resources(&m.sys, subject.want,
				subject.dev.nr_constraints,
				&subject.dev.resources, failed, NULL);
}

static void release_them(void)
{
	vmr_system_free_resources(&m.sys, &subject.dev.resources);
}

static int register_it(size_t *failed)
{
	return vmr_device_register(&m.manager, &subject.dev, failed, NULL);
}

static void unlink_it(void)
{
	vmr_device_unregister(&m.manager, &subject.dev);
}

static int add_it(size_t *failed)
{
	return vmr_transaction_add(&transaction, &subject.dev, failed, NULL);
}

static void cancel_it(void)
{
	vmr_transaction_abort(&transaction);
}

static unsigned int ways;

/* One set of things that are in the way: the first that is come to is told. */
static void one_set(struct __test_metadata *_metadata, const int *how,
		    bool refuse, int (*call)(size_t *failed))
{
	size_t failed = 77, expected = 77;
	int i;

	keep_marks();
	for (i = 0; i < WANTS; i++)
		ASSERT_EQ(0, block(i, how[i]));
	put_marks_back();
	subject.refuse = refuse ? REFUSED_BY_DEV : 0;
	for (i = WANTS - 1; i >= 0; i--)
		if (how[i] != NONE)
			expected = i;
	FAILS(expected == 77 ? REFUSED_BY_DEV : -ENOSPC, call(&failed));
	EXPECT_EQ(expected, failed);
	EXPECT_EQ(expected == 77 ? 1U : 0U, subject.granted);
	EXPECT_EQ((size_t)0, subject.dev.resources.nr);
	for (i = 0; i < WANTS; i++)
		EXPECT_EQ(VMR_FREE, vmr_range_state(&subject.node[i]));
	subject.granted = 0;
	subject.refuse = 0;
	for (i = 0; i < WANTS; i++)
		vmr_id_free_range(vectors, &blocker[i]);
	ways++;
}

static void every_set(struct __test_metadata *_metadata, bool has_device,
		      int (*call)(size_t *failed), void (*undo)(void))
{
	const int all = BLOCKS * BLOCKS * BLOCKS;
	int set, refuse;

	for (refuse = 0; refuse <= (has_device ? 1 : 0); refuse++)
		for (set = refuse ? 0 : 1; set < all; set++) {
			const int how[WANTS] = {
				set % BLOCKS, set / BLOCKS % BLOCKS,
				set / BLOCKS / BLOCKS,
			};

			one_set(_metadata, how, refuse, call);
		}
	/* And with nothing in the way it works. */
	EXPECT_EQ(0, call(NULL));
	EXPECT_EQ(16U, subject.got[BLOCK].start);
	EXPECT_EQ(36U, subject.got[TABLE].last);
	EXPECT_EQ(48U, subject.got[GENERIC].start);
	undo();
}

TEST(vectors_granted)
{
	int how;

	for (how = 0; how < NUMBERINGS; how++) {
		ASSERT_EQ(0, machine_numbered(how, 63));
		want_vectors(_metadata);
		every_set(_metadata, false, grant_them, release_them);
	}
	EXPECT_EQ(3 * 26U, ways);
}

TEST(vectors_of_a_device_that_is_registered)
{
	int how;

	for (how = 0; how < NUMBERINGS; how++) {
		ASSERT_EQ(0, machine_numbered(how, 63));
		want_vectors(_metadata);
		every_set(_metadata, true, register_it, unlink_it);
	}
	EXPECT_EQ(3 * 53U, ways);
}

TEST(vectors_of_a_device_that_is_added)
{
	int how;

	for (how = 0; how < NUMBERINGS; how++) {
		ASSERT_EQ(0, machine_numbered(how, 63));
		want_vectors(_metadata);
		ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &transaction));
		every_set(_metadata, true, add_it, cancel_it);
	}
	EXPECT_EQ(3 * 53U, ways);
}

/* A pool is full, though its domain is not: nothing is taken elsewhere. */
TEST(vectors_of_a_full_pool)
{
	struct vmr_request all = VMR_REQUEST(64, 64);
	static struct vmr_range full;
	struct vmr_constraint c;
	int i;

	ASSERT_EQ(0, machine_numbered(POOLED, 63));
	ASSERT_EQ(0, vmr_id_alloc_block(vectors, &full, &all, NULL));
	for (i = 0; i < WANTS; i++) {
		probe_init(&subject, "subject");
		vmr_constraint_init(probe_want(&subject), wants[i].kind,
				    wants[i].nr, &subject.node[0]);
		FAILS(-ENOSPC, grant_them(NULL));
		FAILS(-ENOSPC, register_it(NULL));
		/* One that is beyond it, or begins in it. */
		c = subject.want[0];
		c.request.policy = VMR_EXACT;
		c.request.addr = 64;
		subject.want[0] = c;
		FAILS(-ERANGE, grant_them(NULL));
		subject.want[0].request.addr = 56;
		FAILS(wants[i].nr > 8 ? -ERANGE : -EBUSY, grant_them(NULL));
	}
}

/* Each block in turn becomes another that it cannot be, and stays what it is. */
TEST(vectors_updated)
{
	struct vmr_resource was[WANTS + 1];
	struct vmr_constraint c;
	int how, i;

	for (how = 0; how < NUMBERINGS; how++) {
		ASSERT_EQ(0, machine_numbered(how, 63));
		want_vectors(_metadata);
		ASSERT_EQ(0, grant_them(NULL));
		memcpy(was, subject.got, sizeof(was));
		for (i = 0; i < WANTS; i++) {
			/* Twice as many, which the bounds have no room for. */
			c = subject.want[i];
			c.name = "in vain";
			c.request.size = 2 * wants[i].nr;
			FAILS(-ENOSPC, vmr_system_update_resource(&m.sys,
							 &subject.got[i], &c,
							 NULL));
			/* As many, where one that is in the way is the last. */
			ASSERT_EQ(0, vmr_id_reserve(vectors, &blocker[0],
						     wants[i].max, NULL));
			c = subject.want[i];
			c.request.min = wants[i].max - wants[i].nr + 1;
			c.request.max = wants[i].max + 1;
			if (i != BLOCK)
				c.request.max--;
			FAILS(-ENOSPC, vmr_system_update_resource(&m.sys,
							 &subject.got[i], &c,
							 NULL));
			/* At a place that others have. */
			c.request.policy = VMR_EXACT;
			c.request.min = 0;
			c.request.max = VMR_ADDR_MAX;
			c.request.align = 1;
			c.request.addr = wants[i].max;
			c.request.size = 1;
			FAILS(-EBUSY, vmr_system_update_resource(&m.sys,
							&subject.got[i], &c,
							NULL));
			c.request.addr = how == POOLED ? 64 : 63;
			c.request.size = 2;
			FAILS(-ERANGE, vmr_system_update_resource(&m.sys,
							 &subject.got[i], &c,
							 NULL));
			c.request.addr = 0xffffffff;
			FAILS(-EOVERFLOW, vmr_system_update_resource(&m.sys,
							    &subject.got[i],
							    &c, NULL));
			EXPECT_EQ(0, memcmp(was, subject.got, sizeof(was)));
			ASSERT_EQ(0, vmr_id_free_range(vectors, &blocker[0]));
		}
		release_them();
	}
}

/* Each block in turn was not restored, or as numbers of another kind. */
TEST(vectors_adopted)
{
	uint64_t start, last;
	size_t failed;
	int how, i;

	for (how = 0; how < NUMBERINGS; how++) {
		ASSERT_EQ(0, machine_numbered(how, 63));
		want_vectors(_metadata);
		ASSERT_EQ(0, grant_them(NULL));
		subject.dev.resources.nr = 0;
		ASSERT_EQ(0, vmr_id_alloc(&m.sys.device_ids, &subject.dev.id));
		for (i = 0; i < WANTS; i++) {
			struct vmr_range *range = &subject.node[i];
			struct vmr_space *slots = &m.sys.mem_slots.space;

			start = range->start;
			last = range->last;
			ASSERT_EQ(0, vmr_free(&vectors->space, range));
			failed = 77;
			FAILS(-ENOENT, vmr_device_register_restored(&m.manager, &subject.dev,
						 &failed));
			EXPECT_EQ((size_t)i, failed);
			ASSERT_EQ(0, vmr_reserve(slots, range, 0, last - start,
						 NULL));
			FAILS(-ENOENT, vmr_device_register_restored(&m.manager, &subject.dev,
						 &failed));
			ASSERT_EQ(0, vmr_free(slots, range));
			ASSERT_EQ(0, vmr_reserve(&vectors->space, range, start,
						 last, NULL));
		}
		subject.refuse = REFUSED_BY_DEV;
		FAILS(REFUSED_BY_DEV, vmr_device_register_restored(&m.manager, &subject.dev,
						&failed));
		subject.refuse = 0;
		EXPECT_EQ(0, vmr_device_register_restored(&m.manager, &subject.dev, NULL));
		unlink_it();
	}
}

/*
 * As the guest takes them
 */

#define MSI		0x50	/* where the capabilities are */
#define MSIX		0x70
#define MSI_ENABLE	0x0001u
#define MSIX_ENABLE	0x8000u
#define ENTRIES		8
#define MASKED		1u
#define AT		VMR_PCI_BDF(0, 3, 0)
#define NUMBERS		32

static struct vmr_pci_function fn;
static struct vmr_pci_msi msi;
static struct vmr_pci_msix msix;
static struct vmr_pci_msix_entry entries[ENTRIES];
static struct vmr_range taken[NUMBERS + 1];

/* What the function was told, in order. */
#define NOTES	(2 * ENTRIES + 4)

static struct {
	unsigned int	nr;
	struct {
		uint32_t		index;
		const struct vmr_range	*range;
		int			error;
	} note[NOTES];
} told;

static bool unplug_at_error;

static void note_vector(struct vmr_pci_function *f, uint32_t index,
			const struct vmr_range *range, int error)
{
	if (told.nr < NOTES) {
		told.note[told.nr].index = index;
		told.note[told.nr].range = range;
		told.note[told.nr].error = error;
	}
	told.nr++;
	if (error && unplug_at_error)
		vmr_pci_unplug(f);
}

#define EXPECT_NOTE(n, index_, range_, error_) \
	do { \
		EXPECT_LT((unsigned int)(n), told.nr); \
		EXPECT_EQ((uint32_t)(index_), told.note[n].index); \
		EXPECT_EQ((const struct vmr_range *)(range_), \
			  told.note[n].range); \
		EXPECT_EQ((error_), told.note[n].error); \
	} while (0)

static const struct vmr_pci_ops vector_ops = { .vector_changed = note_vector };

static void init_card(struct __test_metadata *_metadata)
{
	const struct vmr_pci_msix_layout place = {
		.table_bar = 0, .pba_bar = 0, .pba_offset = 0x800,
	};

	memset(&msi, 0, sizeof(msi));
	memset(&msix, 0, sizeof(msix));
	memset(entries, 0, sizeof(entries));
	memset(taken, 0, sizeof(taken));
	ASSERT_EQ(0, card_init(&fn, "card"));
	fn.ops = &vector_ops;
	ASSERT_EQ(0, vmr_pci_add_bar(&fn, 0, VMR_PCI_BAR_MEM32, false, 0x1000,
				     "table"));
	ASSERT_EQ(0, vmr_pci_add_msi(&fn, &msi, MSI, 32));
	ASSERT_EQ(0, vmr_pci_add_msix(&fn, &msix, MSIX, entries, ENTRIES,
				      &place));
}

/* A machine with numbers 0 to 31 for vectors, and a function with its BAR on. */
static void card_on(struct __test_metadata *_metadata, int how)
{
	ASSERT_EQ(0, machine_numbered(how, NUMBERS - 1));
	init_card(_metadata);
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &fn, AT));
	set_bar(&fn, 0, 0xe0000000);
	decode(&fn, DECODE_MEM);
	told.nr = 0;
}

static void take(struct __test_metadata *_metadata, uint32_t number)
{
	ASSERT_EQ(0, vmr_id_reserve(vectors, &taken[number], number, NULL));
}

static void give(struct __test_metadata *_metadata, uint32_t number)
{
	ASSERT_EQ(0, vmr_id_free_range(vectors, &taken[number]));
}

/* The lowest aligned block of free numbers, NUMBERS if there is none. */
static uint32_t lowest_block(uint32_t nr)
{
	uint32_t at, i;

	for (at = 0; at < NUMBERS; at += nr) {
		for (i = 0; i < nr && !taken[at + i].node.link; i++)
			;
		if (i == nr)
			break;
	}
	return at;
}

static int msi_control(uint32_t log, bool on)
{
	uint8_t data[2] = { (uint8_t)(log << 4 | (on ? MSI_ENABLE : 0)), 0 };

	return vmr_pci_config_write(&fn, MSI + 2, data, 2);
}

static int msix_control(uint32_t bits)
{
	uint8_t data[2] = { (uint8_t)bits, (uint8_t)(bits >> 8) };

	return vmr_pci_config_write(&fn, MSIX + 2, data, 2);
}

static int entry(uint32_t index, uint32_t control)
{
	uint8_t data[4] = { (uint8_t)control };

	return vmr_pci_msix_write(&fn, &msix, 16 * index + 12, data, 4);
}

/*
 * Numbers that are in the way: of four blocks of eight each those whose bit is set,
 * and in each of these four the numbers whose bit is set.
 */
static void take_pattern(struct __test_metadata *_metadata, uint32_t pattern)
{
	uint32_t i;

	for (i = 0; i < NUMBERS; i++)
		if (pattern & 1u << i / 8 || (pattern >> 4 & 1u << i % 8))
			take(_metadata, i);
}

/*
 * A block that there is not: whatever was taken stays as it is, the register says
 * what was written, and the function is told once. One that there is, is taken.
 */
static void switch_msi_on(struct __test_metadata *_metadata, uint32_t log)
{
	const uint32_t nr = 1u << log, at = lowest_block(nr);

	told.nr = 0;
	if (at < NUMBERS) {
		EXPECT_EQ(0, msi_control(log, true));
		EXPECT_EQ((uint64_t)at, msi.range.start);
		EXPECT_EQ((uint64_t)(at + nr - 1), msi.range.last);
		EXPECT_EQ(VMR_LIVE, vmr_range_state(&msi.range));
		EXPECT_NOTE(0, 0, &msi.range, 0);
		EXPECT_EQ(0, msi_control(log, false));
		return;
	}
	FAILS(0, msi_control(log, true));
	ways++;
	EXPECT_EQ(1U, told.nr);
	EXPECT_NOTE(0, 0, NULL, -ENOSPC);
	EXPECT_EQ(-ENOSPC, msi.error);
	EXPECT_EQ(VMR_FREE, vmr_range_state(&msi.range));
	EXPECT_EQ(log << 4 | MSI_ENABLE, conf_in_at(AT, MSI + 2, 2) & 0x71);
	/* The same once more is no question, and off is told as off. */
	FAILS(0, msi_control(log, true));
	EXPECT_EQ(1U, told.nr);
	FAILS(0, msi_control(log, false));
	EXPECT_EQ(2U, told.nr);
	EXPECT_NOTE(1, 0, NULL, 0);
	EXPECT_EQ(0, msi.error);
}

TEST(msi_blocks_that_there_are_not)
{
	const uint32_t part = test_part(), step = part > 13 ? 91 : 7 * part;
	uint32_t pattern, log, i;
	int how;

	for (how = 0; how < NUMBERINGS; how++)
		for (pattern = 0; pattern < 1u << 12; pattern += step) {
			card_on(_metadata, how);
			take_pattern(_metadata, pattern);
			for (log = 0; log <= 5; log++)
				switch_msi_on(_metadata, log);
			for (i = 0; i < NUMBERS; i++)
				EXPECT_EQ(!!taken[i].node.link,
					  vmr_id_is_allocated(vectors, i));
		}
	EXPECT_LT(4000U / part, ways);
}

/* From a block to one that there is not: the old one is given back, and no more. */
TEST(msi_blocks_that_cannot_be_changed)
{
	uint32_t log, more;
	int how;

	for (how = 0; how < NUMBERINGS; how++)
		for (log = 0; log <= 3; log++)
			for (more = log + 1; more <= 5; more++) {
				card_on(_metadata, how);
				/* The last of each block that is larger. */
				take(_metadata, 15);
				take(_metadata, 31);
				if (more < 5)
					take(_metadata, 7);
				if (more < 5)
					take(_metadata, 23);
				if (lowest_block(1u << more) < NUMBERS ||
				    lowest_block(1u << log) == NUMBERS)
					continue;
				/* As it is without: to be compared with. */
				ASSERT_EQ(0, msi_control(log, true));
				ASSERT_EQ(0, msi_control(log, false));
				ASSERT_EQ(0, state_save());
				ASSERT_EQ(0, msi_control(log, true));
				told.nr = 0;
				EXPECT_EQ(0, msi_control(more, true));
				EXPECT_TRUE(state_is_unchanged());
				EXPECT_EQ(1U, told.nr);
				EXPECT_NOTE(0, 0, NULL, -ENOSPC);
				EXPECT_EQ(VMR_FREE,
					  vmr_range_state(&msi.range));
				/* And back again is another question. */
				EXPECT_EQ(0, msi_control(log, true));
				EXPECT_NOTE(1, 0, &msi.range, 0);
				ways++;
			}
	EXPECT_EQ(30U, ways);
}

/* All entries at once, and vectors for some of them: the first ones get these. */
TEST(msix_tables_that_are_granted_in_part)
{
	uint32_t left, i;
	int how;

	for (how = 0; how < NUMBERINGS; how++)
		for (left = 0; left < ENTRIES; left++) {
			card_on(_metadata, how);
			for (i = 0; i < ENTRIES; i++)
				ASSERT_EQ(0, entry(i, 0));
			for (i = 0; i < NUMBERS; i++)
				take(_metadata, i);
			ASSERT_EQ(0, state_save());
			/* Every third, so that they are in pieces. */
			for (i = 0; i < left; i++)
				give(_metadata, 3 * i + 1);
			EXPECT_EQ(0, msix_control(MSIX_ENABLE));
			EXPECT_EQ((unsigned int)ENTRIES, told.nr);
			for (i = 0; i < ENTRIES; i++) {
				struct vmr_pci_msix_entry *v = &entries[i];

				EXPECT_EQ(i < left ? 0 : -ENOSPC, v->error);
				EXPECT_NOTE(i, i, i < left ? &v->range : NULL,
					    v->error);
				EXPECT_EQ(i < left ? VMR_LIVE : VMR_FREE,
					  vmr_range_state(&v->range));
				if (i < left)
					EXPECT_EQ(3 * i + 1, vmr_id_value(&v->range));
			}
			/* Off, and all is as it was before. */
			EXPECT_EQ(0, msix_control(0));
			EXPECT_EQ(2U * ENTRIES, told.nr);
			for (i = 0; i < ENTRIES; i++)
				EXPECT_NOTE(ENTRIES + i, i, NULL, 0);
			for (i = 0; i < left; i++)
				take(_metadata, 3 * i + 1);
			EXPECT_TRUE(state_is_unchanged());
		}
}

/* Each entry in turn comes into use when all vectors are, the other entries' too. */
TEST(msix_entries_that_come_too_late)
{
	uint32_t late, i;
	int how;

	for (how = 0; how < NUMBERINGS; how++)
		for (late = 0; late < ENTRIES; late++) {
			card_on(_metadata, how);
			ASSERT_EQ(0, msix_control(MSIX_ENABLE));
			for (i = 0; i < ENTRIES; i++)
				if (i != late)
					ASSERT_EQ(0, entry(i, 0));
			for (i = ENTRIES - 1; i < NUMBERS; i++)
				take(_metadata, i);
			told.nr = 0;
			FAILS(0, entry(late, 0));
			EXPECT_EQ(1U, told.nr);
			EXPECT_NOTE(0, late, NULL, -ENOSPC);
			EXPECT_EQ(-ENOSPC, entries[late].error);
			/* Address, data, the command: none of them asks again. */
			FAILS(0, entry(late, 0));
			FAILS(0, msix_control(MSIX_ENABLE));
			EXPECT_EQ(1U, told.nr);
			FAILS(0, entry(late, MASKED));
			EXPECT_NOTE(1, late, NULL, 0);
			/* What is free is had by whoever comes next. */
			give(_metadata, 20);
			EXPECT_EQ(0, entry(late, 0));
			EXPECT_EQ(20U, vmr_id_value(&entries[late].range));
			EXPECT_EQ(3U, told.nr);
		}
}

/* Who is told that there are none unplugs the function: nothing of it is left. */
TEST(functions_that_leave_when_there_are_no_vectors)
{
	uint32_t left, i;
	int how;

	for (how = 0; how < NUMBERINGS; how++)
		for (left = 0; left <= ENTRIES; left++) {
			ASSERT_EQ(0, machine_numbered(how, NUMBERS - 1));
			init_card(_metadata);
			/* What was ever handed out stays known. */
			ASSERT_EQ(0, vmr_pci_plug(&m.manager, &fn, AT));
			ASSERT_EQ(0, vmr_pci_unplug(&fn));
			for (i = left; i < NUMBERS; i++)
				take(_metadata, i);
			if (left)
				take(_metadata, 0);
			if (left)
				give(_metadata, 0);
			ASSERT_EQ(0, state_save());
			ASSERT_EQ(0, vmr_pci_plug(&m.manager, &fn, AT));
			for (i = 0; i < ENTRIES; i++)
				ASSERT_EQ(0, entry(i, 0));
			unplug_at_error = true;
			told.nr = 0;
			/* If there are enough of them, no block of 16. */
			ASSERT_EQ(0, left == ENTRIES ? msi_control(4, true) :
				  msix_control(MSIX_ENABLE));
			unplug_at_error = false;
			EXPECT_NULL(fn.manager);
			EXPECT_TRUE(state_is_unchanged());
			for (i = 0; i < ENTRIES; i++) {
				EXPECT_EQ(VMR_FREE,
					  vmr_range_state(&entries[i].range));
				EXPECT_EQ(0, entries[i].error);
			}
			EXPECT_EQ(0, msi.error);
		}
}

/* Accesses to the table that make no sense. */
TEST(msix_accesses_that_are_refused)
{
	static struct vmr_pci_msix_entry kept[ENTRIES];
	uint8_t data[8] = { 0 };
	uint64_t end = 16 * ENTRIES, offset;
	uint32_t width;

	card_on(_metadata, APART);
	ASSERT_EQ(0, msix_control(MSIX_ENABLE));
	ASSERT_EQ(0, entry(2, 0));
	memcpy(kept, entries, sizeof(kept));
	told.nr = 0;
#define WRITE(offset, width) \
	vmr_pci_msix_write(&fn, &msix, offset, data, width)
	for (offset = 0; offset <= end + 8; offset++)
		for (width = 0; width <= 9; width++) {
			if (width != 4 && width != 8)
				FAILS(-EMSGSIZE, WRITE(offset, width));
			else if (offset % width || offset >= end)
				FAILS(-ERANGE, WRITE(offset, width));
		}
	FAILS(-ERANGE, WRITE(VMR_ADDR_MAX - 7, 8));
	FAILS(-EINVAL, vmr_pci_msix_write(NULL, &msix, 0, data, 4));
	FAILS(-EINVAL, vmr_pci_msix_write(&fn, NULL, 0, data, 4));
	FAILS(-EINVAL, vmr_pci_msix_write(&fn, &msix, 0, NULL, 4));
	EXPECT_EQ(0, memcmp(kept, entries, sizeof(kept)));
	ASSERT_EQ(1, vmr_pci_unplug(&fn));
	memcpy(kept, entries, sizeof(kept));
	told.nr = 0;
	FAILS(-ENOENT, WRITE(12, 4));
	FAILS(-ENOENT, msix_control(MSIX_ENABLE));
	FAILS(-ENOENT, msi_control(2, true));
#undef WRITE
	EXPECT_EQ(0, memcmp(kept, entries, sizeof(kept)));
	EXPECT_EQ(0U, told.nr);
}

TEST_HARNESS_MAIN

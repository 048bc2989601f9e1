// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_fault_injection_msi.c - failed allocations of MSI vectors change nothing
 *
 * MSI, MSI-X and generic vectors as resources of a device, and vectors that a guest
 * allocates through MSI and MSI-X capabilities. The numbers are exhausted or
 * fragmented, or set_resources() of the device fails.
 */
#include "../kselftest_harness.h"

#include "card.h"
#include "unchanged.h"
#include "requires.h"

#define REFUSED_BY_DEV	(-1234)

/*
 * How a machine numbers its vectors: in the domain of its lines, in a separate domain,
 * or in a pool that is smaller than the separate domain.
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
		ret = reader_attach(&m.reader);
	if (!ret)
		ret = vmr_pci_conf1_register(&host, &m.manager, NULL);
	return ret ? ret : diary_start(&event_log);
}

/*
 * Vectors as resources of a device
 */

enum { BLOCK, TABLE, GENERIC, WANTS };

/* The constraints, and the number that splits their bounds into too small pieces */
static const struct {
	uint32_t	kind;
	uint32_t	nr;
	uint32_t	align;
	uint32_t	min;
	uint32_t	max;
	uint32_t	middle;
} wants[WANTS] = {
	/* 16 to 22 and 24 to 30: enough numbers, but no eight that are aligned */
	[BLOCK] = { VMR_KIND_MSI, 8, 8, 16, 30, 23 },
	[TABLE] = { VMR_KIND_MSIX, 5, 1, 32, 40, 36 },
	[GENERIC] = { VMR_KIND_MSI_GENERIC, 3, 1, 48, 52, 50 },
};

static struct probe subject;
static struct vmr_range blocker[WANTS];
static struct vmr_transaction transaction;

/* Also a port, which is allocated before the vectors and must be freed again. */
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

/* Which numbers of a constraint are in use */
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

static int alloc_them(size_t *failed)
{
	return vmr_system_alloc_resources(&m.sys, subject.want,
				subject.dev.nr_constraints,
				&subject.dev.resources, failed, NULL);
}

static void free_them(void)
{
	vmr_system_free_resources(&m.sys, &subject.dev.resources);
}

static int register_it(size_t *failed)
{
	return vmr_device_register(&m.manager, &subject.dev, failed, NULL);
}

static void unregister_it(void)
{
	vmr_device_unregister(&m.manager, &subject.dev);
}

static int add_it(size_t *failed)
{
	return vmr_transaction_add(&transaction, &subject.dev, failed, NULL);
}

static void abort_it(void)
{
	vmr_transaction_abort(&transaction);
}

static unsigned int ways;

/* Block the constraints as in @how: the call reports the first that fails. */
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
	/* Without obstacles the call succeeds. */
	EXPECT_EQ(0, call(NULL));
	EXPECT_EQ(16U, subject.got[BLOCK].start);
	EXPECT_EQ(36U, subject.got[TABLE].last);
	EXPECT_EQ(48U, subject.got[GENERIC].start);
	undo();
}

/*
 * vmr_system_alloc_resources() fails for the first vectors that do not fit, and
 * changes nothing.
 */
TEST(msi_system_alloc_failure_unchanged)
{
	int how;

	for (how = 0; how < NUMBERINGS; how++) {
		ASSERT_EQ(0, machine_numbered(how, 63));
		want_vectors(_metadata);
		every_set(_metadata, false, alloc_them, free_them);
	}
	EXPECT_EQ(3 * 26U, ways);
}

/*
 * A registration fails for the first vectors that do not fit, and changes nothing.
 */
TEST(msi_register_failure_unchanged)
{
	int how;

	for (how = 0; how < NUMBERINGS; how++) {
		ASSERT_EQ(0, machine_numbered(how, 63));
		want_vectors(_metadata);
		every_set(_metadata, true, register_it, unregister_it);
	}
	EXPECT_EQ(3 * 53U, ways);
}

/*
 * An addition to a transaction fails for the first vectors that do not fit, and
 * changes nothing.
 */
TEST(msi_transaction_add_failure_unchanged)
{
	int how;

	for (how = 0; how < NUMBERINGS; how++) {
		ASSERT_EQ(0, machine_numbered(how, 63));
		want_vectors(_metadata);
		ASSERT_EQ(0, vmr_transaction_begin(&m.manager, &transaction));
		every_set(_metadata, true, add_it, abort_it);
	}
	EXPECT_EQ(3 * 53U, ways);
}

/* If the pool is full, an allocation fails although the domain has free numbers. */
TEST(msi_full_pool_failure_unchanged)
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
		FAILS(-ENOSPC, alloc_them(NULL));
		FAILS(-ENOSPC, register_it(NULL));
		/* A fixed block beyond the pool, or across its end */
		c = subject.want[0];
		c.request.policy = VMR_EXACT;
		c.request.addr = 64;
		subject.want[0] = c;
		FAILS(-ERANGE, alloc_them(NULL));
		subject.want[0].request.addr = 56;
		FAILS(wants[i].nr > 8 ? -ERANGE : -EBUSY, alloc_them(NULL));
	}
}

/* A failed update of each block of vectors changes nothing. */
TEST(msi_update_failure_unchanged)
{
	struct vmr_resource was[WANTS + 1];
	struct vmr_constraint c;
	int how, i;

	for (how = 0; how < NUMBERINGS; how++) {
		ASSERT_EQ(0, machine_numbered(how, 63));
		want_vectors(_metadata);
		ASSERT_EQ(0, alloc_them(NULL));
		memcpy(was, subject.got, sizeof(was));
		for (i = 0; i < WANTS; i++) {
			/* Twice as many do not fit the bounds. */
			c = subject.want[i];
			c.name = "unused";
			c.request.size = 2 * wants[i].nr;
			FAILS(-ENOSPC, vmr_system_update_resource(&m.sys,
								  &subject.got[i], &c,
							 NULL));
			/* As many, but the last number is in use. */
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
			/* A number that is in use */
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
		free_them();
	}
}

/*
 * Registering a restored device fails if a block of vectors is free or live in
 * another space.
 */
TEST(msi_restored_failure_unchanged)
{
	uint64_t start, last;
	size_t failed;
	int how, i;

	for (how = 0; how < NUMBERINGS; how++) {
		ASSERT_EQ(0, machine_numbered(how, 63));
		want_vectors(_metadata);
		ASSERT_EQ(0, alloc_them(NULL));
		subject.dev.resources.nr = 0;
		ASSERT_EQ(0, device_id_alloc(&subject.dev));
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
		unregister_it();
	}
}

/*
 * Vectors that the guest allocates
 */

#define MSI		0x50	/* offsets of the capabilities */
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

/* The calls of vector_changed(), in order */
#define NOTES	(2 * ENTRIES + 4)

static struct {
	unsigned int	nr;
	struct {
		uint32_t		index;
		const struct vmr_range	*range;
		int			error;
	} note[NOTES];
} calls;

static bool unplug_at_error;

static void log_vector(struct vmr_pci_function *f, uint32_t index,
		       const struct vmr_range *range, int error)
{
	if (calls.nr < NOTES) {
		calls.note[calls.nr].index = index;
		calls.note[calls.nr].range = range;
		calls.note[calls.nr].error = error;
	}
	calls.nr++;
	if (error && unplug_at_error)
		vmr_pci_unplug(f);
}

#define EXPECT_NOTE(n, index_, range_, error_) \
	do { \
		EXPECT_LT((unsigned int)(n), calls.nr); \
		EXPECT_EQ((uint32_t)(index_), calls.note[n].index); \
		EXPECT_EQ((const struct vmr_range *)(range_), \
			  calls.note[n].range); \
		EXPECT_EQ((error_), calls.note[n].error); \
	} while (0)

static const struct vmr_pci_events vector_events = {
	.vector_changed = log_vector,
};

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
	fn.events = &vector_events;
	ASSERT_EQ(0, vmr_pci_add_bar(&fn, 0, VMR_PCI_BAR_MEM32, false, 0x1000,
				     "table"));
	ASSERT_EQ(0, vmr_pci_add_msi(&fn, &msi, MSI, 32));
	ASSERT_EQ(0, vmr_pci_add_msix(&fn, &msix, MSIX, entries, ENTRIES,
				      &place));
}

/* A machine with the vectors 0 to 31, and a function with its BAR enabled */
static void card_on(struct __test_metadata *_metadata, int how)
{
	ASSERT_EQ(0, machine_numbered(how, NUMBERS - 1));
	init_card(_metadata);
	ASSERT_EQ(0, vmr_pci_plug(&m.manager, &fn, AT));
	set_bar(&fn, 0, 0xe0000000);
	decode(&fn, DECODE_MEM);
	calls.nr = 0;
}

static void take(struct __test_metadata *_metadata, uint32_t number)
{
	ASSERT_EQ(0, vmr_id_reserve(vectors, &taken[number], number, NULL));
}

static void give(struct __test_metadata *_metadata, uint32_t number)
{
	ASSERT_EQ(0, vmr_id_free_range(vectors, &taken[number]));
}

/* Returns the start of the lowest aligned free block, or NUMBERS. */
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
 * Reserve numbers. Bits 0 to 3 of @pattern reserve one of the four blocks of eight
 * each, bits 4 to 11 reserve one number in each block.
 */
static void take_pattern(struct __test_metadata *_metadata, uint32_t pattern)
{
	uint32_t i;

	for (i = 0; i < NUMBERS; i++)
		if (pattern & 1u << i / 8 || (pattern >> 4 & 1u << i % 8))
			take(_metadata, i);
}

/*
 * If a block is free, enabling MSI allocates it. Else nothing is allocated, the
 * register keeps the value written, and the callback is called once.
 */
static void switch_msi_on(struct __test_metadata *_metadata, uint32_t log)
{
	const uint32_t nr = 1u << log, at = lowest_block(nr);

	calls.nr = 0;
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
	EXPECT_EQ(1U, calls.nr);
	EXPECT_NOTE(0, 0, NULL, -ENOSPC);
	EXPECT_EQ(-ENOSPC, msi.error);
	EXPECT_EQ(VMR_FREE, vmr_range_state(&msi.range));
	EXPECT_EQ(log << 4 | MSI_ENABLE, conf_in_at(AT, MSI + 2, 2) & 0x71);
	/* The same write again has no effect. Disabling is reported. */
	FAILS(0, msi_control(log, true));
	EXPECT_EQ(1U, calls.nr);
	FAILS(0, msi_control(log, false));
	EXPECT_EQ(2U, calls.nr);
	EXPECT_NOTE(1, 0, NULL, 0);
	EXPECT_EQ(0, msi.error);
}

/*
 * If no aligned block is free, enabling MSI allocates nothing and reports -ENOSPC
 * once.
 */
TEST(msi_enable_without_block_unchanged)
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

/*
 * If no block of the new size is free, changing the size frees the old block and
 * allocates nothing.
 */
TEST(msi_resize_without_block_frees_old)
{
	uint32_t log, more;
	int how;

	for (how = 0; how < NUMBERINGS; how++)
		for (log = 0; log <= 3; log++)
			for (more = log + 1; more <= 5; more++) {
				card_on(_metadata, how);
				/* Take the last number of each larger block. */
				take(_metadata, 15);
				take(_metadata, 31);
				if (more < 5)
					take(_metadata, 7);
				if (more < 5)
					take(_metadata, 23);
				if (lowest_block(1u << more) < NUMBERS ||
				    lowest_block(1u << log) == NUMBERS)
					continue;
				/* Save the state without the block. */
				ASSERT_EQ(0, msi_control(log, true));
				ASSERT_EQ(0, msi_control(log, false));
				ASSERT_EQ(0, state_save());
				ASSERT_EQ(0, msi_control(log, true));
				calls.nr = 0;
				EXPECT_EQ(0, msi_control(more, true));
				EXPECT_TRUE(state_is_unchanged());
				EXPECT_EQ(1U, calls.nr);
				EXPECT_NOTE(0, 0, NULL, -ENOSPC);
				EXPECT_EQ(VMR_FREE,
					  vmr_range_state(&msi.range));
				/* Going back to the old size allocates again. */
				EXPECT_EQ(0, msi_control(log, true));
				EXPECT_NOTE(1, 0, &msi.range, 0);
				ways++;
			}
	EXPECT_EQ(30U, ways);
}

/* If vectors are short, enabling MSI-X allocates them for the first entries. */
TEST(msix_enable_partial_allocation)
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
			/* Free every third number only. */
			for (i = 0; i < left; i++)
				give(_metadata, 3 * i + 1);
			EXPECT_EQ(0, msix_control(MSIX_ENABLE));
			EXPECT_EQ((unsigned int)ENTRIES, calls.nr);
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
			/* Disabling frees all vectors. */
			EXPECT_EQ(0, msix_control(0));
			EXPECT_EQ(2U * ENTRIES, calls.nr);
			for (i = 0; i < ENTRIES; i++)
				EXPECT_NOTE(ENTRIES + i, i, NULL, 0);
			for (i = 0; i < left; i++)
				take(_metadata, 3 * i + 1);
			EXPECT_TRUE(state_is_unchanged());
		}
}

/*
 * If all vectors are in use, unmasking an entry allocates nothing and reports
 * -ENOSPC once.
 */
TEST(msix_unmask_without_vector_unchanged)
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
			calls.nr = 0;
			FAILS(0, entry(late, 0));
			EXPECT_EQ(1U, calls.nr);
			EXPECT_NOTE(0, late, NULL, -ENOSPC);
			EXPECT_EQ(-ENOSPC, entries[late].error);
			/* Repeated writes do not retry the allocation. */
			FAILS(0, entry(late, 0));
			FAILS(0, msix_control(MSIX_ENABLE));
			EXPECT_EQ(1U, calls.nr);
			FAILS(0, entry(late, MASKED));
			FAILS(0, entry(late, 0));
			EXPECT_EQ(1U, calls.nr);
			/* A number that becomes free serves the entry. */
			ASSERT_EQ(0, vmr_system_free_vectors(&m.sys,
							     VMR_KIND_MSIX,
							     &taken[20]));
			EXPECT_EQ(2U, calls.nr);
			EXPECT_NOTE(1, late, &entries[late].range, 0);
			EXPECT_EQ(20U, vmr_id_value(&entries[late].range));
			EXPECT_EQ(0, entries[late].error);
		}
}

/*
 * If the callback unplugs the function on -ENOSPC, nothing of the function remains.
 */
TEST(callback_may_unplug_without_vectors)
{
	uint32_t left, i;
	int how;

	for (how = 0; how < NUMBERINGS; how++)
		for (left = 0; left <= ENTRIES; left++) {
			ASSERT_EQ(0, machine_numbered(how, NUMBERS - 1));
			init_card(_metadata);
			/* Raise the watermark first: freeing does not lower it. */
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
			calls.nr = 0;
			/* If the entries have enough vectors, ask for an MSI block of 16. */
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

/*
 * A write to the MSI-X table with an invalid width or offset fails and changes
 * nothing.
 */
TEST(msix_write_failure_unchanged)
{
	static struct vmr_pci_msix_entry kept[ENTRIES];
	uint8_t data[8] = { 0 };
	uint64_t end = 16 * ENTRIES, offset;
	uint32_t width;

	card_on(_metadata, APART);
	ASSERT_EQ(0, msix_control(MSIX_ENABLE));
	ASSERT_EQ(0, entry(2, 0));
	memcpy(kept, entries, sizeof(kept));
	calls.nr = 0;
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
	calls.nr = 0;
	FAILS(-ENOENT, WRITE(12, 4));
	FAILS(-ENOENT, msix_control(MSIX_ENABLE));
	FAILS(-ENOENT, msi_control(2, true));
#undef WRITE
	EXPECT_EQ(0, memcmp(kept, entries, sizeof(kept)));
	EXPECT_EQ(0U, calls.nr);
}

TEST_HARNESS_MAIN

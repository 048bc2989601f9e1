// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_snapshot.c - the rules of snapshot.h and Documentation/snapshot.rst
 *
 * Each test is named for its rule, or has the id of a public bug report.
 */
#include <stdlib.h>

#include "../kselftest_harness.h"
#include "checksum.h"
#include "requires.h"
#include "verify.h"

#include <vmalloc/pci_snapshot.h>

#define EXPECT_OK(call)		EXPECT_EQ(0, (call))
#define EXPECT_VALID(space)	EXPECT_STREQ(VERIFY_OK, verify_space(space))

/* Encoding and checksum, independent of the library */

static uint64_t get_le(const uint8_t *p, int size)
{
	uint64_t v = 0;

	while (size--)
		v = v << 8 | p[size];
	return v;
}

static void put_le(uint8_t *p, uint64_t v, int size)
{
	for (; size--; v >>= 8)
		*p++ = (uint8_t)v;
}

static void fix_size(uint8_t *p, size_t size)
{
	if (size >= 24)
		put_le(p + 16, size, 8);
	fix_checksum(p, size);
}

/*
 * A box has two address spaces, a pool of ids and two register blocks. Tests
 * without devices save from one box and restore into another.
 */

#define NODES		48
#define KEY(i)		((uint64_t)(i) * 0x9e3779b97f4a7c15ULL ^ 0xabcd)
#define SPACES		3

struct box {
	struct vmr_snapshot		snap;
	struct vmr_snapshot_space	spaces[SPACES];
	struct vmr_snapshot_block	blocks[2];
	struct vmr_space		small;
	struct vmr_space		all;
	struct vmr_id_pool			ids;
	struct vmr_range		r[NODES];
	uint8_t				regs[13];
	uint8_t				more[16];
	/* the fault of box_node() */
	int				fault;
};

enum { NO_FAULT, NO_NODE, LINKED_NODE, ONE_NODE, NO_SPACE };

/* The space of a node that is not that of the usual state, or 0 */
static uint32_t home[NODES];

static int nr_lookups;

static struct box src, dst, src_before, dst_before;
static struct vmr_space elsewhere;
static struct vmr_range linked;

static struct box *box_of(const struct vmr_snapshot *snap)
{
	return (struct box *)((char *)snap - offsetof(struct box, snap));
}

static uint64_t box_key(const struct vmr_snapshot *snap, uint32_t space,
			const struct vmr_range *range)
{
	return KEY(range - box_of(snap)->r);
}

/* The space of each node in the usual state; the other nodes belong to none */
static const uint32_t usual_space[NODES] = {
	3, 3, 3, 3, 3, 3, 3, 4, 4, 9, 9, 9,
};

static uint32_t home_of(size_t i)
{
	return home[i] ? home[i] : usual_space[i];
}

static struct vmr_range *box_node(const struct vmr_snapshot *snap,
				  uint64_t key, uint32_t *space)
{
	struct box *b = box_of(snap);
	size_t i;

	nr_lookups++;
	for (i = 0; i < NODES; i++)
		if (KEY(i) == key)
			break;
	if (i == NODES)
		return NULL;
	if (b->fault != NO_SPACE)
		*space = home_of(i);
	if (b->fault == NO_NODE && i == 3)
		return NULL;
	if (b->fault == LINKED_NODE && i == 3)
		return &linked;
	if (b->fault == ONE_NODE && i == 3)
		return &b->r[0];
	return &b->r[i];
}

static const struct vmr_snapshot_ops box_ops = {
	.range_to_key = box_key,
	.key_to_range = box_node,
};

static void box_init(struct box *b)
{
	memset(b, 0, sizeof(*b));
	vmr_space_init(&b->small, 0x10, 0x4f);
	vmr_space_init(&b->all, 0, VMR_ADDR_MAX);
	vmr_id_pool_init(&b->ids, 5, 36);
	b->spaces[0] = (struct vmr_snapshot_space){ &b->small, NULL, 3 };
	b->spaces[1] = (struct vmr_snapshot_space){ &b->all, NULL, 4 };
	b->spaces[2] = (struct vmr_snapshot_space){ &b->ids.space,
						    &b->ids.high_watermark, 9 };
	b->blocks[0] = (struct vmr_snapshot_block){ .key = 1, .bytes = b->regs,
						    .size = sizeof(b->regs) };
	b->blocks[1] = (struct vmr_snapshot_block){ .key = ~0ULL,
						    .bytes = b->more,
						    .size = sizeof(b->more) };
	b->snap = (struct vmr_snapshot){ &box_ops, b->spaces, SPACES,
					 b->blocks, 2, NULL, 0 };
}

static void boxes_init(void)
{
	box_init(&src);
	box_init(&dst);
	vmr_space_init(&elsewhere, 0, 9);
	vmr_reserve(&elsewhere, &linked, 1, 2, NULL);
}

static void box_clear(struct box *b)
{
	size_t i, s;

	for (i = 0; i < NODES; i++)
		for (s = 0; s < SPACES; s++)
			if (vmr_in_space(b->spaces[s].space, &b->r[i]))
				vmr_free(b->spaces[s].space, &b->r[i]);
	memset(b->r, 0, sizeof(b->r));
	memset(b->regs, 0, sizeof(b->regs));
	memset(b->more, 0, sizeof(b->more));
	b->ids.high_watermark = 0;
}

static uint8_t buf[1 << 14], again[1 << 14], bad[1 << 14];
static size_t size;

static size_t save(struct box *b, uint8_t *to)
{
	size_t need = 0, got = 0;

	if (vmr_snapshot_size(&b->snap, &need) ||
	    vmr_snapshot_save(&b->snap, to, need, &got) || need != got)
		return 0;
	return got;
}

/* Restoring @bytes into @dst fails and changes nothing. */
static int refused(const uint8_t *bytes, size_t n, int err)
{
	int ret;

	memcpy(&dst_before, &dst, sizeof(dst));
	ret = vmr_snapshot_restore(&dst.snap, bytes, n);
	return ret == err && !memcmp(&dst_before, &dst, sizeof(dst));
}

#define EXPECT_REFUSED(bytes, n) \
	EXPECT_TRUE(refused(bytes, n, -EBADMSG))

/* The bytes are those of another machine. */
#define EXPECT_FOREIGN(bytes, n) \
	EXPECT_TRUE(refused(bytes, n, -ENODEV))

#define EXPECT_SAME_STATE() \
	do { \
		for (size_t i_ = 0; i_ < NODES; i_++) { \
			EXPECT_EQ(vmr_range_state(&src.r[i_]), \
				  vmr_range_state(&dst.r[i_])); \
			if (!vmr_range_state(&src.r[i_])) \
				continue; \
			EXPECT_EQ(src.r[i_].start, dst.r[i_].start); \
			EXPECT_EQ(src.r[i_].last, dst.r[i_].last); \
		} \
		for (size_t i_ = 0; i_ < SPACES; i_++) { \
			EXPECT_EQ(src.spaces[i_].space->nr_ranges, \
				  dst.spaces[i_].space->nr_ranges); \
			EXPECT_EQ(src.spaces[i_].space->nr_claims, \
				  dst.spaces[i_].space->nr_claims); \
			EXPECT_VALID(dst.spaces[i_].space); \
		} \
		EXPECT_EQ(src.ids.high_watermark, dst.ids.high_watermark); \
		EXPECT_EQ(0, memcmp(src.regs, dst.regs, sizeof(src.regs))); \
		EXPECT_EQ(0, memcmp(src.more, dst.more, sizeof(src.more))); \
	} while (0)

/*
 * The usual state, which many tests damage:
 * small: live 10-17 [r0], 20-2f [r1], 40-4f [r2]; claims 14-1f [r3] age 2,
 *	28-2b [r4] age 1, 28-37 [r5] parked, 28-37 [r6] age 3
 * all: live 0-0 [r7], MAX-MAX [r8]
 * ids: 5-5 [r9], 8-11 [r10]; 20 was allocated and freed
 */
#define SMALL		32
#define SMALL_LIVE(i)	(SMALL + 48 + 24 * (i))
#define SMALL_CLAIM(i)	(SMALL_LIVE(3) + 32 * (i))
#define ALL		SMALL_CLAIM(4)
#define ALL_LIVE(i)	(ALL + 48 + 24 * (i))
#define IDS		ALL_LIVE(2)
#define IDS_LIVE(i)	(IDS + 48 + 24 * (i))
#define BLOCK0		IDS_LIVE(2)
#define BLOCK1		(BLOCK0 + 16 + 16)
#define CHECKSUM	(BLOCK1 + 16 + 16)

static void usual_state(struct __test_metadata *_metadata)
{
	size_t i;

	boxes_init();
	EXPECT_OK(vmr_reserve(&src.small, &src.r[0], 0x10, 0x17, NULL));
	EXPECT_OK(vmr_reserve(&src.small, &src.r[1], 0x20, 0x2f, NULL));
	EXPECT_OK(vmr_reserve(&src.small, &src.r[2], 0x40, 0x4f, NULL));
	EXPECT_OK(vmr_claim(&src.small, &src.r[4], 0x28, 0x2b));
	EXPECT_OK(vmr_claim(&src.small, &src.r[3], 0x14, 0x1f));
	EXPECT_OK(vmr_park(&src.small, &src.r[5], 0x28, 0x37));
	EXPECT_OK(vmr_claim(&src.small, &src.r[6], 0x28, 0x37));
	EXPECT_OK(vmr_reserve(&src.all, &src.r[7], 0, 0, NULL));
	EXPECT_OK(vmr_reserve(&src.all, &src.r[8], VMR_ADDR_MAX, VMR_ADDR_MAX, NULL));
	EXPECT_OK(vmr_id_alloc(&src.ids, &src.r[9]));
	EXPECT_OK(vmr_id_reserve(&src.ids, &src.r[11], 20, NULL));
	EXPECT_OK(vmr_id_alloc_block(&src.ids, &src.r[10],
				     &(struct vmr_request){ .size = 4, .align = 4,
				 .max = VMR_ADDR_MAX }, NULL));
	EXPECT_OK(vmr_id_free(&src.ids, 20, NULL));
	for (i = 0; i < sizeof(src.regs); i++)
		src.regs[i] = (uint8_t)(0xa0 + i);
	for (i = 0; i < sizeof(src.more); i++)
		src.more[i] = (uint8_t)(0x10 + i);
	size = save(&src, buf);
	ASSERT_EQ((size_t)CHECKSUM + 4, size);
}

/* Encoding */

/* Each field has its documented offset and value. */
TEST(snapshot_encoding_as_documented)
{
	usual_state(_metadata);
	EXPECT_EQ(0, memcmp(buf, "VMRSNAP", 8));
	EXPECT_EQ(2, get_le(buf + 8, 4));
	EXPECT_EQ(0, get_le(buf + 12, 4));
	EXPECT_EQ(size, get_le(buf + 16, 8));
	EXPECT_EQ(3, get_le(buf + 24, 4));
	EXPECT_EQ(2, get_le(buf + 28, 4));

	EXPECT_EQ(3, get_le(buf + SMALL, 4));
	EXPECT_EQ(0, get_le(buf + SMALL + 4, 4));
	EXPECT_EQ(0x10, get_le(buf + SMALL + 8, 8));
	EXPECT_EQ(0x4f, get_le(buf + SMALL + 16, 8));
	EXPECT_EQ(0, get_le(buf + SMALL + 24, 8));
	EXPECT_EQ(3, get_le(buf + SMALL + 32, 8));
	EXPECT_EQ(4, get_le(buf + SMALL + 40, 8));
	EXPECT_EQ(KEY(1), get_le(buf + SMALL_LIVE(1), 8));
	EXPECT_EQ(0x20, get_le(buf + SMALL_LIVE(1) + 8, 8));
	EXPECT_EQ(0x2f, get_le(buf + SMALL_LIVE(1) + 16, 8));
	EXPECT_EQ(KEY(3), get_le(buf + SMALL_CLAIM(0), 8));
	EXPECT_EQ(0x14, get_le(buf + SMALL_CLAIM(0) + 8, 8));
	EXPECT_EQ(0x1f, get_le(buf + SMALL_CLAIM(0) + 16, 8));
	EXPECT_EQ(2, get_le(buf + SMALL_CLAIM(0) + 24, 8));
	EXPECT_EQ(KEY(4), get_le(buf + SMALL_CLAIM(1), 8));
	EXPECT_EQ(1, get_le(buf + SMALL_CLAIM(1) + 24, 8));
	EXPECT_EQ(KEY(6), get_le(buf + SMALL_CLAIM(2), 8));
	EXPECT_EQ(3, get_le(buf + SMALL_CLAIM(2) + 24, 8));
	EXPECT_EQ(KEY(5), get_le(buf + SMALL_CLAIM(3), 8));
	EXPECT_EQ(0, get_le(buf + SMALL_CLAIM(3) + 24, 8));

	EXPECT_EQ(VMR_ADDR_MAX, get_le(buf + ALL + 16, 8));
	EXPECT_EQ(VMR_ADDR_MAX, get_le(buf + ALL_LIVE(1) + 16, 8));
	EXPECT_EQ(9, get_le(buf + IDS, 4));
	EXPECT_EQ(1, get_le(buf + IDS + 4, 4));
	EXPECT_EQ(21, get_le(buf + IDS + 24, 8));
	EXPECT_EQ(8, get_le(buf + IDS_LIVE(1) + 8, 8));
	EXPECT_EQ(11, get_le(buf + IDS_LIVE(1) + 16, 8));

	EXPECT_EQ(1, get_le(buf + BLOCK0, 8));
	EXPECT_EQ(13, get_le(buf + BLOCK0 + 8, 8));
	EXPECT_EQ(0, memcmp(buf + BLOCK0 + 16, src.regs, 13));
	EXPECT_EQ(0, get_le(buf + BLOCK0 + 16 + 13, 3));
	EXPECT_EQ(VMR_ADDR_MAX, get_le(buf + BLOCK1, 8));
	EXPECT_EQ(16, get_le(buf + BLOCK1 + 8, 8));
	EXPECT_EQ(crc32c(buf, CHECKSUM), get_le(buf + CHECKSUM, 4));
	EXPECT_EQ(0xe3069283, crc32c((const uint8_t *)"123456789", 9));
}

/* A small snapshot consists exactly of these bytes, written by hand. */
TEST(snapshot_small_matches_golden_bytes)
{
	static const uint8_t golden[] = {
		'V', 'M', 'R', 'S', 'N', 'A', 'P', 0, 2, 0, 0, 0, 0, 0, 0, 0,
		0x84, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0,
		9, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0,
		36, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0,
		1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0xcd, 0xab, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0,
		5, 0, 0, 0, 0, 0, 0, 0,
		1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0,
		0x5a, 0xa5, 0, 0, 0, 0, 0, 0,
	};
	uint8_t bytes[sizeof(golden) + 4];

	boxes_init();
	src.snap.spaces = &src.spaces[2];
	dst.snap.spaces = &dst.spaces[2];
	src.snap.nr_spaces = 1;
	dst.snap.nr_spaces = 1;
	src.snap.nr_blocks = 1;
	dst.snap.nr_blocks = 1;
	src.blocks[0].size = 2;
	dst.blocks[0].size = 2;
	home[0] = 9;
	EXPECT_OK(vmr_id_alloc(&src.ids, &src.r[0]));
	src.regs[0] = 0x5a;
	src.regs[1] = 0xa5;
	ASSERT_EQ(sizeof(bytes), save(&src, buf));
	memcpy(bytes, golden, sizeof(golden));
	put_le(bytes + sizeof(golden), crc32c(golden, sizeof(golden)), 4);
	EXPECT_EQ(0, memcmp(bytes, buf, sizeof(bytes)));
	EXPECT_OK(vmr_snapshot_restore(&dst.snap, bytes, sizeof(bytes)));
	EXPECT_EQ(5, vmr_id_value(&dst.r[0]));
	EXPECT_EQ(0xa5, dst.regs[1]);
}

/* A snapshot without spaces and blocks is valid. */
TEST(snapshot_empty_valid)
{
	boxes_init();
	src.snap = (struct vmr_snapshot){ .ops = &box_ops };
	dst.snap = (struct vmr_snapshot){ .ops = &box_ops };
	ASSERT_EQ((size_t)36, save(&src, buf));
	EXPECT_OK(vmr_snapshot_restore(&dst.snap, buf, 36));
}

/* A snapshot can be saved to and restored from an unaligned buffer. */
TEST(snapshot_buffer_unaligned)
{
	size_t got;

	usual_state(_metadata);
	EXPECT_OK(vmr_snapshot_save(&src.snap, again + 3, size, &got));
	EXPECT_EQ(0, memcmp(buf, again + 3, size));
	EXPECT_OK(vmr_snapshot_restore(&dst.snap, again + 3, size));
	EXPECT_SAME_STATE();
}

/* Round trips */

/* The restored state equals the saved one. */
TEST(snapshot_restore_equals_saved)
{
	usual_state(_metadata);
	EXPECT_OK(vmr_snapshot_restore(&dst.snap, buf, size));
	EXPECT_SAME_STATE();
	EXPECT_EQ(size, save(&dst, again));
	EXPECT_EQ(0, memcmp(buf, again, size));
}

/* Restored claims keep their order of age. */
TEST(snapshot_restore_keeps_claim_order)
{
	usual_state(_metadata);
	EXPECT_OK(vmr_snapshot_restore(&dst.snap, buf, size));
	/* Both r4 and r6 start at 0x28. r4 is older and is settled first. */
	EXPECT_OK(vmr_free(&dst.small, &dst.r[1]));
	EXPECT_EQ(&dst.r[4], vmr_settle(&dst.small, 0x20, 0x2f));
	EXPECT_EQ(NULL, vmr_settle(&dst.small, 0x20, 0x2f));
	/* A new claim is younger than every restored one. */
	EXPECT_OK(vmr_claim(&dst.small, &dst.r[20], 0x28, 0x2b));
	EXPECT_OK(vmr_free(&dst.small, &dst.r[4]));
	EXPECT_EQ(&dst.r[6], vmr_settle(&dst.small, 0x28, 0x2b));
	EXPECT_VALID(&dst.small);
}

/* A restored pool of ids keeps its watermark. */
TEST(snapshot_restore_keeps_watermark)
{
	usual_state(_metadata);
	EXPECT_OK(vmr_snapshot_restore(&dst.snap, buf, size));
	EXPECT_EQ(-EALREADY, vmr_id_free(&dst.ids, 20, NULL));
	EXPECT_EQ(-ENOENT, vmr_id_free(&dst.ids, 21, NULL));
	EXPECT_EQ(-ENOENT, vmr_id_free(&dst.ids, 9, NULL));
	EXPECT_OK(vmr_id_free_block(&dst.ids, 8, 4, NULL));
}

/* A restore is one write section for each sequence count. */
TEST(snapshot_restore_atomic_for_lookups)
{
	struct vmr_seqcount seq = { 0 };

	usual_state(_metadata);
	vmr_space_set_seqcount(&dst.small, &seq);
	vmr_space_set_seqcount(&dst.all, &seq);
	EXPECT_OK(vmr_snapshot_restore(&dst.snap, buf, size));
	EXPECT_EQ(2, seq.sequence);
	EXPECT_EQ(0, seq.nesting);
	EXPECT_EQ(2, dst.ids.space.own_seq.sequence);
}

/* Saved ages do not depend on the number of earlier claims. */
TEST(snapshot_claim_ages_normalised)
{
	int i;

	usual_state(_metadata);
	/* Repeat the claims in the same order. */
	for (i = 0; i < 100; i++) {
		EXPECT_OK(vmr_claim(&src.small, &src.r[4], 0x28, 0x2b));
		EXPECT_OK(vmr_claim(&src.small, &src.r[3], 0x14, 0x1f));
		EXPECT_OK(vmr_park(&src.small, &src.r[5], 0x28, 0x37));
		EXPECT_OK(vmr_claim(&src.small, &src.r[6], 0x28, 0x37));
	}
	EXPECT_EQ(size, save(&src, again));
	EXPECT_EQ(0, memcmp(buf, again, size));
}

static uint64_t seed = 88172645463325252ULL;

static uint64_t rnd(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return below ? seed % below : seed;
}

static void settle_all(struct box *b)
{
	struct vmr_range *range;
	size_t s;

	for (s = 0; s < SPACES; s++)
		while (vmr_settle(b->spaces[s].space, 0, VMR_ADDR_MAX))
			;
	/* A settled claim can be above the watermark of the ids. */
	range = vmr_last_range(&b->ids.space);
	if (range && b->ids.high_watermark <= range->last)
		b->ids.high_watermark = range->last + 1;
}

/* Note the space of each node of a box */
static void find_homes(struct box *b)
{
	size_t i, s;

	for (i = 0; i < NODES; i++)
		for (s = 0; s < SPACES; s++)
			if (vmr_in_space(b->spaces[s].space, &b->r[i]))
				home[i] = b->spaces[s].id;
}

static void random_interval(const struct vmr_space *space, uint64_t *start,
			    uint64_t *last)
{
	uint64_t mask = space->last - space->start;
	uint64_t a = rnd(0), b;

	if (mask == VMR_ADDR_MAX && rnd(2))	/* crowded corners */
		a = (rnd(2) ? 0 : VMR_ADDR_MAX - 40) + rnd(41);
	else if (mask != VMR_ADDR_MAX)
		a = space->start + a % (mask + 1);
	b = mask == VMR_ADDR_MAX && !rnd(4) ? rnd(0) : rnd(8);
	*start = a;
	*last = b > space->last - a ? space->last : a + b;
}

static void random_step(struct box *b)
{
	struct vmr_snapshot_space *s = &b->spaces[rnd(SPACES)];
	struct vmr_range *range = &b->r[rnd(NODES)];
	uint64_t start, last;
	size_t i;

	for (i = 0; i < SPACES; i++)
		if (vmr_in_space(b->spaces[i].space, range))
			vmr_free(b->spaces[i].space, range);
	random_interval(s->space, &start, &last);
	switch (rnd(8)) {
	case 0:
		break;
	case 1:
	case 2:
		vmr_claim(s->space, range, start, last);
		break;
	case 3:
		vmr_park(s->space, range, start, last);
		break;
	default:
		if (s->high_watermark)
			vmr_id_alloc_block(&b->ids, range,
					   &(struct vmr_request){ .size =
					   last - start + 1, .align = 1,
					   .max = VMR_ADDR_MAX }, NULL);
		else
			vmr_reserve(s->space, range, start, last, NULL);
	}
	b->regs[rnd(sizeof(b->regs))] = (uint8_t)rnd(256);
}

/*
 * Random states are equal after a restore, and stay equal after the same
 * calls.
 */
TEST(snapshot_random_states_round_trip)
{
	int rounds = 4000 / test_part(), round, i;

	boxes_init();
	for (round = 0; round < rounds; round++) {
		for (i = rnd(60); i > 0; i--)
			random_step(&src);
		settle_all(&src);
		find_homes(&src);
		size = save(&src, buf);
		ASSERT_NE((size_t)0, size);
		box_clear(&dst);
		ASSERT_EQ(0, vmr_snapshot_restore(&dst.snap, buf, size));
		EXPECT_SAME_STATE();
		ASSERT_EQ(size, save(&dst, again));
		ASSERT_EQ(0, memcmp(buf, again, size));

		/* The same calls on both sides have the same results. */
		for (i = 0; i < NODES; i++) {
			size_t s = rnd(SPACES);

			if (!vmr_in_space(src.spaces[s].space, &src.r[i]))
				continue;
			EXPECT_OK(vmr_free(src.spaces[s].space, &src.r[i]));
			EXPECT_OK(vmr_free(dst.spaces[s].space, &dst.r[i]));
			settle_all(&src);
			settle_all(&dst);
		}
		EXPECT_SAME_STATE();
		size = save(&src, buf);
		ASSERT_EQ(size, save(&dst, again));
		ASSERT_EQ(0, memcmp(buf, again, size));
		if (rnd(2))
			box_clear(&src);
	}
}

#define MANY	20000

struct many {
	struct vmr_snapshot		snap;
	struct vmr_snapshot_space	space;
	struct vmr_space		all;
	struct vmr_range		*r;
};

static uint64_t many_key(const struct vmr_snapshot *snap, uint32_t space,
			 const struct vmr_range *range)
{
	const struct many *m = (const struct many *)snap;

	return (uint64_t)(range - m->r) * 0x9e3779b97f4a7c15ULL;
}

static struct vmr_range *many_node(const struct vmr_snapshot *snap,
				   uint64_t key, uint32_t *space)
{
	const struct many *m = (const struct many *)snap;

	/* the inverse of the factor, modulo 2^64 */
	key *= 0xf1de83e19937733dULL;
	*space = 0;
	return key < MANY ? &m->r[key] : NULL;
}

static const struct vmr_snapshot_ops many_ops = {
	.range_to_key = many_key,
	.key_to_range = many_node,
};

static void many_init(struct many *m)
{
	m->r = calloc(MANY, sizeof(*m->r));
	vmr_space_init(&m->all, 0, VMR_ADDR_MAX);
	m->space = (struct vmr_snapshot_space){ .space = &m->all };
	m->snap = (struct vmr_snapshot){ &many_ops, &m->space, 1, NULL, 0,
					 NULL, 0 };
}

/*
 * Saving and restoring takes no quadratic time, even for many claims at one
 * address. Quadratic time would be minutes.
 */
TEST(snapshot_many_claims_not_quadratic)
{
	static struct many from, to;
	uint8_t *bytes[2];
	size_t n, got;
	int i;

	many_init(&from);
	many_init(&to);
	for (i = 0; i < MANY / 2; i++)
		ASSERT_EQ(0, vmr_reserve(&from.all, &from.r[i], i * 16ULL,
					 i * 16ULL + 7, NULL));
	for (; i < MANY; i++)
		ASSERT_EQ(0, vmr_claim(&from.all, &from.r[i],
				       i & 1 ? 0 : rnd(MANY * 8), MANY * 8));
	ASSERT_EQ(0, vmr_snapshot_size(&from.snap, &n));
	bytes[0] = malloc(n);
	bytes[1] = malloc(n);
	ASSERT_EQ(0, vmr_snapshot_save(&from.snap, bytes[0], n, &got));
	ASSERT_EQ(0, vmr_snapshot_restore(&to.snap, bytes[0], n));
	EXPECT_VALID(&to.all);
	ASSERT_EQ(0, vmr_snapshot_save(&to.snap, bytes[1], n, &got));
	EXPECT_EQ(0, memcmp(bytes[0], bytes[1], n));
	/* The last record repeats the key of the claim before it. */
	memcpy(bytes[1] + n - 4 - 32, bytes[1] + n - 4 - 64, 8);
	fix_checksum(bytes[1], n);
	for (i = 0; i < MANY; i++)
		vmr_free(&to.all, &to.r[i]);
	memset(to.r, 0, MANY * sizeof(*to.r));
	EXPECT_EQ(-EBADMSG, vmr_snapshot_restore(&to.snap, bytes[1], n));
	for (i = 0; i < MANY; i++)
		EXPECT_EQ(0, memcmp(&to.r[i], &(struct vmr_range){ 0 },
				    sizeof(to.r[i])));
	free(bytes[0]);
	free(bytes[1]);
	free(from.r);
	free(to.r);
}

/* Damage */

/*
 * Restore @bad, which has a valid checksum. Either the restore fails, or the
 * restored state is saved as exactly these bytes. Return 1 if it was restored.
 */
static int refused_or_exact(struct __test_metadata *_metadata, size_t n)
{
	size_t s;
	int ret;

	memcpy(&dst_before, &dst, sizeof(dst));
	ret = vmr_snapshot_restore(&dst.snap, bad, n);
	if (ret) {
		ASSERT_TRUE(ret == -EBADMSG || ret == -ENODEV);
		ASSERT_EQ(0, memcmp(&dst_before, &dst, sizeof(dst)));
		return 0;
	}
	for (s = 0; s < SPACES; s++)
		ASSERT_STREQ(VERIFY_OK, verify_space(dst.spaces[s].space));
	ASSERT_EQ(n, save(&dst, again));
	ASSERT_EQ(0, memcmp(bad, again, n));
	box_clear(&dst);
	return 1;
}

/* A snapshot with one flipped bit is refused. */
TEST(snapshot_bit_flip_refused)
{
	size_t bit;

	usual_state(_metadata);
	for (bit = 0; bit < 8 * size; bit++) {
		memcpy(bad, buf, size);
		bad[bit / 8] ^= 1 << bit % 8;
		EXPECT_REFUSED(bad, size) {
			TH_LOG("bit %zu", bit);
		}
	}
}

/*
 * A snapshot with one changed byte and a valid checksum is refused or restored
 * exactly.
 */
TEST(snapshot_byte_change_refused_or_exact)
{
	size_t at, restored = 0, refusals = 0;
	unsigned int v, part = test_part();

	usual_state(_metadata);
	for (at = 0; at < CHECKSUM; at++) {
		for (v = at % part; v < 256; v += part) {
			memcpy(bad, buf, size);
			bad[at] = (uint8_t)v;
			fix_checksum(bad, size);
			if (refused_or_exact(_metadata, size))
				restored++;
			else
				refusals++;
		}
	}
	/*
	 * Registers can have any value and a few addresses can change. Most
	 * other changes are refused.
	 */
	EXPECT_GT(restored, (size_t)256 / part * (13 + 16));
	EXPECT_GT(refusals, (size_t)256 / part * CHECKSUM * 3 / 4);
}

/*
 * Damage a snapshot at random and give it a valid checksum, again and again. Part
 * @part of 8 has other random numbers than the rest.
 */
static void random_damage(struct __test_metadata *_metadata, int part)
{
	size_t restored = 0, rounds = 40000 / test_part(), round;
	int i;

	usual_state(_metadata);
	for (i = 0; i < 1000 * part; i++)
		rnd(2);
	for (round = 0; round < rounds; round++) {
		memcpy(bad, buf, size);
		for (i = 1 + rnd(3); i > 0; i--) {
			size_t at = rnd(size / 8) * 8;
			size_t from = rnd(size / 8) * 8;

			switch (rnd(5)) {
			case 0:	/* small changes of numbers */
				put_le(bad + at, get_le(bad + at, 8) +
				       rnd(9) - 4, 8);
				break;
			case 1:
				put_le(bad + at, rnd(64), 8);
				break;
			case 2:
				memmove(bad + at, bad + from, 8);
				break;
			case 3:	/* numbers of records */
				put_le(bad + (rnd(2) ? SMALL : IDS) + 32 +
				       8 * rnd(2), rnd(6), 8);
				break;
			default:
				put_le(bad + SMALL_CLAIM(rnd(4)) + 24, rnd(5),
				       8);
			}
		}
		fix_checksum(bad, size);
		restored += refused_or_exact(_metadata, size);
	}
	EXPECT_GT(restored, rounds / 300);
	EXPECT_GT(rounds - rounds / 30, restored);
}

/*
 * A randomly damaged snapshot with a valid checksum is refused or restored
 * exactly. Several tests, so that each is short.
 */
#define RANDOM_DAMAGE(part) \
	TEST(snapshot_random_damage_##part) \
	{ \
		random_damage(_metadata, part); \
	}

RANDOM_DAMAGE(0)
RANDOM_DAMAGE(1)
RANDOM_DAMAGE(2)
RANDOM_DAMAGE(3)
RANDOM_DAMAGE(4)
RANDOM_DAMAGE(5)
RANDOM_DAMAGE(6)
RANDOM_DAMAGE(7)

/* Every truncated snapshot is refused. */
TEST(snapshot_truncation_refused)
{
	size_t n;

	usual_state(_metadata);
	for (n = 0; n < size; n++) {
		uint8_t *tight = malloc(n ? n : 1);

		/*
		 * A buffer of exact size lets a sanitizer detect reads beyond
		 * the end.
		 */
		memcpy(tight, buf, n);
		EXPECT_REFUSED(tight, n);
		fix_checksum(tight, n);
		EXPECT_REFUSED(tight, n);
		fix_size(tight, n);
		EXPECT_REFUSED(tight, n);
		free(tight);
	}
}

/* A snapshot with additional bytes is refused. */
TEST(snapshot_trailing_bytes_refused)
{
	size_t n;

	usual_state(_metadata);
	for (n = size + 1; n < size + 100; n++) {
		memset(bad, 0, n);
		memcpy(bad, buf, size);
		EXPECT_REFUSED(bad, n);
		fix_checksum(bad, n);
		EXPECT_REFUSED(bad, n);
		fix_size(bad, n);
		EXPECT_REFUSED(bad, n);
	}
}

/* A changed field is refused, even if all else and the checksum are valid. */
#define EXPECT_FIELD_REFUSED(at, v, bytes) \
	do { \
		memcpy(bad, buf, size); \
		put_le(bad + (at), v, bytes); \
		fix_checksum(bad, size); \
		EXPECT_REFUSED(bad, size) { \
			TH_LOG("%s = %s", #at, #v); \
		} \
	} while (0)

/* The same for a field that another machine can have. */
#define EXPECT_FIELD_FOREIGN(at, v, bytes) \
	do { \
		memcpy(bad, buf, size); \
		put_le(bad + (at), v, bytes); \
		fix_checksum(bad, size); \
		EXPECT_FOREIGN(bad, size) { \
			TH_LOG("%s = %s", #at, #v); \
		} \
	} while (0)

/* The undamaged snapshot is restored. */
TEST(snapshot_undamaged_restored)
{
	usual_state(_metadata);
	memcpy(bad, buf, size);
	fix_size(bad, size);
	EXPECT_EQ(1, refused_or_exact(_metadata, size));
}

/* A snapshot with a wrong header field is refused. */
TEST(snapshot_header_errors)
{
	usual_state(_metadata);
	EXPECT_FIELD_REFUSED(0, 'v', 1);
	EXPECT_FIELD_REFUSED(7, 1, 1);
	EXPECT_FIELD_FOREIGN(8, 0, 4);
	EXPECT_FIELD_FOREIGN(8, 1, 4);
	EXPECT_FIELD_FOREIGN(8, 3, 4);
	EXPECT_FIELD_FOREIGN(8, 0x01000000, 4);
	EXPECT_FIELD_REFUSED(12, 1, 4);
	EXPECT_FIELD_REFUSED(16, size - 1, 8);
	EXPECT_FIELD_REFUSED(16, size + 8, 8);
	EXPECT_FIELD_REFUSED(16, size + (1ULL << 32), 8);
	EXPECT_FIELD_FOREIGN(24, 2, 4);
	EXPECT_FIELD_FOREIGN(24, 4, 4);
	EXPECT_FIELD_FOREIGN(28, 1, 4);
	EXPECT_FIELD_FOREIGN(28, 3, 4);
}

/* A snapshot of other spaces is refused. */
TEST(snapshot_space_mismatch_refused)
{
	usual_state(_metadata);
	EXPECT_FIELD_FOREIGN(SMALL, 4, 4);
	EXPECT_FIELD_FOREIGN(SMALL + 4, 1, 4);
	EXPECT_FIELD_REFUSED(SMALL + 4, 2, 4);
	EXPECT_FIELD_REFUSED(SMALL + 8, 0x50, 8);	/* reversed */
	EXPECT_FIELD_REFUSED(IDS + 4, 0, 4);
	EXPECT_FIELD_FOREIGN(SMALL + 8, 0xf, 8);
	EXPECT_FIELD_FOREIGN(SMALL + 8, 0, 8);
	EXPECT_FIELD_FOREIGN(SMALL + 16, 0x50, 8);
	EXPECT_FIELD_FOREIGN(ALL + 16, VMR_ADDR_MAX - 1, 8);
	/* The description of the restoring side differs. */
	dst.small.last++;
	EXPECT_FOREIGN(buf, size);
	dst.small.last--;
	dst.spaces[2].high_watermark = NULL;
	EXPECT_FOREIGN(buf, size);
	dst.spaces[2].high_watermark = &dst.ids.high_watermark;
	dst.spaces[2].id++;
	EXPECT_FOREIGN(buf, size);
	dst.spaces[2].id--;
	dst.snap.nr_spaces--;
	EXPECT_FOREIGN(buf, size);
	dst.snap.nr_spaces++;
	EXPECT_OK(vmr_snapshot_restore(&dst.snap, buf, size));
}

/* A snapshot with an impossible watermark is refused. */
TEST(snapshot_watermark_errors)
{
	usual_state(_metadata);
	EXPECT_FIELD_REFUSED(IDS + 24, 0, 8);	/* ids are live */
	EXPECT_FIELD_REFUSED(IDS + 24, 11, 8);	/* 11 is live */
	EXPECT_FIELD_REFUSED(IDS + 24, 38, 8);	/* there is no 37 */
	EXPECT_FIELD_REFUSED(IDS + 24, VMR_ADDR_MAX, 8);
	EXPECT_FIELD_REFUSED(SMALL + 24, 0x11, 8);
	/* The pool is empty. */
	EXPECT_OK(vmr_id_free_range(&src.ids, &src.r[9]));
	EXPECT_OK(vmr_id_free_range(&src.ids, &src.r[10]));
	size = save(&src, buf);
	EXPECT_FIELD_REFUSED(IDS + 24, 5, 8);	/* there is no 4 */
	EXPECT_FIELD_REFUSED(IDS + 24, 1, 8);
}

/* A snapshot with wrong numbers of records is refused. */
TEST(snapshot_record_count_errors)
{
	int i;

	usual_state(_metadata);
	for (i = 0; i < 10; i++) {
		if (i != 3)
			EXPECT_FIELD_REFUSED(SMALL + 32, i, 8);
		if (i != 4)
			EXPECT_FIELD_REFUSED(SMALL + 40, i, 8);
	}
	EXPECT_FIELD_REFUSED(SMALL + 32, VMR_ADDR_MAX, 8);
	EXPECT_FIELD_REFUSED(SMALL + 32, VMR_ADDR_MAX / 24 + 4, 8);
	EXPECT_FIELD_REFUSED(SMALL + 40, VMR_ADDR_MAX / 32 + 5, 8);
	EXPECT_FIELD_REFUSED(SMALL + 40, 1ULL << 59 | 4, 8);
}

/* Live records outside the space, overlapping or out of order are refused. */
TEST(snapshot_live_record_errors)
{
	usual_state(_metadata);
	EXPECT_FIELD_REFUSED(SMALL_LIVE(0) + 8, 0xf, 8);	/* outside */
	EXPECT_FIELD_REFUSED(SMALL_LIVE(2) + 16, 0x50, 8);
	EXPECT_FIELD_REFUSED(SMALL_LIVE(2) + 16, VMR_ADDR_MAX, 8);
	EXPECT_FIELD_REFUSED(SMALL_LIVE(1) + 8, 0x17, 8);	/* overlap */
	EXPECT_FIELD_REFUSED(SMALL_LIVE(1) + 8, 0x10, 8);	/* equal */
	EXPECT_FIELD_REFUSED(SMALL_LIVE(0) + 16, 0x20, 8);
	EXPECT_FIELD_REFUSED(SMALL_LIVE(1) + 16, 0x1f, 8);	/* reversed */
	EXPECT_FIELD_REFUSED(ALL_LIVE(1) + 8, 0, 8);
	/* No address follows the last one. */
	memcpy(bad, buf, size);
	memcpy(bad + ALL_LIVE(0) + 8, buf + ALL_LIVE(1) + 8, 16);
	fix_checksum(bad, size);
	EXPECT_REFUSED(bad, size);
	/* The records are in descending order. */
	memcpy(bad, buf, size);
	memcpy(bad + SMALL_LIVE(0), buf + SMALL_LIVE(1), 24);
	memcpy(bad + SMALL_LIVE(1), buf + SMALL_LIVE(0), 24);
	fix_checksum(bad, size);
	EXPECT_REFUSED(bad, size);
}

/* Claims outside the space, out of order or without a conflict are refused. */
TEST(snapshot_claim_record_errors)
{
	usual_state(_metadata);
	EXPECT_FIELD_REFUSED(SMALL_CLAIM(0) + 8, 0xf, 8);	/* outside */
	EXPECT_FIELD_REFUSED(SMALL_CLAIM(2) + 16, 0x50, 8);
	EXPECT_FIELD_REFUSED(SMALL_CLAIM(3) + 16, 0x50, 8);	/* parked */
	EXPECT_FIELD_REFUSED(SMALL_CLAIM(0) + 16, 0x13, 8);	/* reversed */
	EXPECT_FIELD_REFUSED(SMALL_CLAIM(0) + 8, 0x29, 8);	/* descending */
	EXPECT_FIELD_REFUSED(SMALL_CLAIM(2) + 8, 0x27, 8);
	EXPECT_FIELD_REFUSED(SMALL_CLAIM(2) + 8, 0x30, 8);	/* free */
	EXPECT_FIELD_REFUSED(SMALL_CLAIM(0) + 8, 0x18, 8);	/* free */
	/* A claim above the last live range, and one that touches this range */
	memcpy(bad, buf, size);
	put_le(bad + SMALL_LIVE(2) + 16, 0x47, 8);
	put_le(bad + SMALL_CLAIM(3) + 8, 0x48, 8);
	put_le(bad + SMALL_CLAIM(3) + 16, 0x4b, 8);
	put_le(bad + SMALL_CLAIM(3) + 24, 4, 8);
	fix_checksum(bad, size);
	EXPECT_REFUSED(bad, size);
	put_le(bad + SMALL_CLAIM(3) + 8, 0x47, 8);
	fix_checksum(bad, size);
	EXPECT_EQ(1, refused_or_exact(_metadata, size));
}

/*
 * Ages that repeat, have gaps or contradict the order of the records are
 * refused.
 */
TEST(snapshot_claim_age_errors)
{
	usual_state(_metadata);
	EXPECT_FIELD_REFUSED(SMALL_CLAIM(0) + 24, 1, 8);	/* twice */
	EXPECT_FIELD_REFUSED(SMALL_CLAIM(0) + 24, 3, 8);
	EXPECT_FIELD_REFUSED(SMALL_CLAIM(2) + 24, 4, 8);	/* a gap */
	EXPECT_FIELD_REFUSED(SMALL_CLAIM(2) + 24, VMR_ADDR_MAX, 8);
	EXPECT_FIELD_REFUSED(SMALL_CLAIM(0) + 24, 0, 8);	/* no 2 */
	/*
	 * Of two claims with the same start, the record of the older one is
	 * first.
	 */
	memcpy(bad, buf, size);
	put_le(bad + SMALL_CLAIM(1) + 24, 3, 8);
	put_le(bad + SMALL_CLAIM(2) + 24, 1, 8);
	fix_checksum(bad, size);
	EXPECT_REFUSED(bad, size);
	/* Claims with different starts can have any order of age. */
	put_le(bad + SMALL_CLAIM(0) + 24, 1, 8);
	put_le(bad + SMALL_CLAIM(1) + 24, 2, 8);
	put_le(bad + SMALL_CLAIM(2) + 24, 3, 8);
	fix_checksum(bad, size);
	EXPECT_EQ(1, refused_or_exact(_metadata, size));
}

/* A snapshot with two records of one key or one node is refused. */
TEST(snapshot_duplicate_key_refused)
{
	usual_state(_metadata);
	EXPECT_FIELD_REFUSED(SMALL_LIVE(1), KEY(0), 8);
	EXPECT_FIELD_REFUSED(SMALL_CLAIM(0), KEY(0), 8);
	EXPECT_FIELD_REFUSED(SMALL_CLAIM(2), KEY(4), 8);
	EXPECT_FIELD_REFUSED(IDS_LIVE(1), KEY(0), 8);	/* of another space */
	EXPECT_FIELD_REFUSED(ALL_LIVE(1), KEY(7), 8);
	EXPECT_OK(vmr_snapshot_restore(&dst.snap, buf, size));
}

/*
 * A number of records whose size overflows to the correct size is refused. The
 * record after the end would look valid.
 */
TEST(snapshot_count_overflow_refused)
{
	boxes_init();
	src.snap.nr_spaces = 1;
	src.snap.nr_blocks = 0;
	dst.snap.nr_spaces = 1;
	dst.snap.nr_blocks = 0;
	EXPECT_OK(vmr_reserve(&src.small, &src.r[0], 0x10, 0x17, NULL));
	size = save(&src, buf);
	put_le(buf + SMALL + 32, (1ULL << 61) + 1, 8);
	fix_checksum(buf, size);
	put_le(buf + size - 4 + 8, 0x20, 8);
	put_le(buf + size - 4 + 16, 0x21, 8);
	nr_lookups = 0;
	EXPECT_REFUSED(buf, size);
	EXPECT_GE(1, nr_lookups);
}

/*
 * A snapshot is refused if a key has no node, a linked node or a node of
 * another key.
 */
TEST(snapshot_unusable_node_refused)
{
	usual_state(_metadata);
	EXPECT_FIELD_FOREIGN(SMALL_LIVE(1), 12345, 8);
	dst.fault = NO_NODE;
	EXPECT_FOREIGN(buf, size);
	dst.fault = LINKED_NODE;
	EXPECT_FOREIGN(buf, size);
	EXPECT_VALID(&elsewhere);
	dst.fault = ONE_NODE;
	EXPECT_FOREIGN(buf, size);
	dst.fault = NO_FAULT;
	EXPECT_OK(vmr_snapshot_restore(&dst.snap, buf, size));
}

/* Swap the keys of two records and restore. */
#define EXPECT_SWAP_FOREIGN(a, b) \
	do { \
		memcpy(bad, buf, size); \
		memcpy(bad + (a), buf + (b), 8); \
		memcpy(bad + (b), buf + (a), 8); \
		fix_checksum(bad, size); \
		EXPECT_FOREIGN(bad, size) { \
			TH_LOG("%s and %s", #a, #b); \
		} \
	} while (0)

/*
 * A record is restored only in the space that the callback names for its node. A
 * callback that names none refuses it.
 */
TEST(snapshot_record_in_other_space_refused)
{
	usual_state(_metadata);
	EXPECT_SWAP_FOREIGN(ALL_LIVE(0), IDS_LIVE(0));
	EXPECT_SWAP_FOREIGN(SMALL_LIVE(0), ALL_LIVE(0));
	EXPECT_SWAP_FOREIGN(SMALL_CLAIM(3), IDS_LIVE(1));
	dst.fault = NO_SPACE;
	EXPECT_FOREIGN(buf, size);
	dst.fault = NO_FAULT;
	EXPECT_OK(vmr_snapshot_restore(&dst.snap, buf, size));
}

/*
 * A node enters a space with a type only if it has this type, whatever the callback
 * says. A refused restore leaves the type of a node in every space.
 */
TEST(snapshot_node_type_checked_and_kept)
{
	usual_state(_metadata);
	/* Without a type only the ids of devices enter their space, which has type 2. */
	dst.ids.space.type = 1;
	EXPECT_FOREIGN(buf, size);
	dst.ids.space.type = 2;
	dst.r[9].type = 2;
	dst.r[10].type = 1;
	EXPECT_FOREIGN(buf, size);
	dst.r[10].type = 2;
	dst.r[0].type = 1;		/* in a space without a type */
	dst.r[3].type = 7;		/* a claim */
	EXPECT_FIELD_FOREIGN(BLOCK1, 5, 8);
	EXPECT_EQ(1, dst.r[0].type);
	EXPECT_EQ(7, dst.r[3].type);
	EXPECT_EQ(2, dst.r[9].type);
	EXPECT_OK(vmr_snapshot_restore(&dst.snap, buf, size));
	EXPECT_SAME_STATE();
}

/*
 * A snapshot is refused unless each fixed range of the restoring machine is live at
 * its place.
 */
TEST(snapshot_without_fixed_range_refused)
{
	struct vmr_snapshot_fixed fixed[3] = {
		{ .key = KEY(2), .start = 0x40, .last = 0x4f, .space = 3 },
		{ .key = KEY(9), .start = 5, .last = 5, .space = 9 },
		{ .key = KEY(7), .start = 0, .last = 0, .space = 4 },
	};
	struct vmr_snapshot_fixed right = fixed[2];

	usual_state(_metadata);
	dst.snap.fixed = fixed;
	dst.snap.nr_fixed = 3;
	fixed[2].start = 1;			/* elsewhere */
	fixed[2].last = 1;
	EXPECT_FOREIGN(buf, size);
	fixed[2] = right;
	fixed[2].last = 1;			/* shorter */
	EXPECT_FOREIGN(buf, size);
	fixed[2] = right;
	fixed[2].space = 3;
	EXPECT_FOREIGN(buf, size);
	fixed[2] = right;
	fixed[2].key = KEY(20);			/* missing */
	EXPECT_FOREIGN(buf, size);
	fixed[2] = (struct vmr_snapshot_fixed){ KEY(4), 0x28, 0x2b, 3 };
	EXPECT_FOREIGN(buf, size);		/* a claim */
	fixed[2] = (struct vmr_snapshot_fixed){ KEY(8), 1, VMR_ADDR_MAX, 4 };
	EXPECT_FOREIGN(buf, size);		/* longer at the start */
	fixed[2] = right;
	EXPECT_OK(vmr_snapshot_restore(&dst.snap, buf, size));
	EXPECT_SAME_STATE();
}

/* A state whose fixed ranges are not at their places is not saved. */
TEST(snapshot_save_fixed_elsewhere_ebadmsg)
{
	static const struct vmr_span spans[] = { { 0x40, 0x4f, "a" } };
	static const struct vmr_span reversed = { 1, 0, "reversed" };
	struct vmr_snapshot_fixed fixed[2];
	size_t got;

	usual_state(_metadata);
	EXPECT_EQ(-EINVAL, vmr_snapshot_describe_fixed(NULL, 3, 0, spans, 1));
	EXPECT_EQ(-EINVAL, vmr_snapshot_describe_fixed(fixed, 3, 0, NULL, 1));
	EXPECT_EQ(-EINVAL, vmr_snapshot_describe_fixed(fixed, 3, 0, &reversed, 1));
	EXPECT_OK(vmr_snapshot_describe_fixed(fixed, 3, KEY(2), spans, 1));
	src.snap.nr_fixed = 1;
	EXPECT_EQ(-EINVAL, vmr_snapshot_save(&src.snap, buf, size, &got));
	src.snap.fixed = fixed;
#define EXPECT_SAVED(err) \
	EXPECT_EQ((err), vmr_snapshot_save(&src.snap, buf, size, &got))
	EXPECT_SAVED(0);
	fixed[0].last--;
	EXPECT_SAVED(-EBADMSG);
	fixed[0].last++;
	fixed[0].start++;
	EXPECT_SAVED(-EBADMSG);
	fixed[0].start--;
	fixed[0].key++;
	EXPECT_SAVED(-EBADMSG);
	fixed[0].key--;
	fixed[0].space = 4;
	EXPECT_SAVED(-EBADMSG);
	fixed[0].space = 2;
	EXPECT_SAVED(-EBADMSG);
	fixed[0].space = 10;
	EXPECT_SAVED(-EBADMSG);
	fixed[0] = (struct vmr_snapshot_fixed){ KEY(7), 0, 0, 4 };
	fixed[1] = (struct vmr_snapshot_fixed){ KEY(10), 8, 11, 9 };
	src.snap.nr_fixed = 2;
	EXPECT_SAVED(0);
	EXPECT_OK(vmr_id_free_range(&src.ids, &src.r[10]));
	EXPECT_SAVED(-EBADMSG);
}

/*
 * A refused restore leaves nodes unchanged, including the bounds of a freed
 * node.
 */
TEST(snapshot_refused_nodes_unchanged)
{
	usual_state(_metadata);
	EXPECT_OK(vmr_reserve(&dst.small, &dst.r[0], 0x33, 0x44, NULL));
	EXPECT_OK(vmr_free(&dst.small, &dst.r[0]));
	EXPECT_FIELD_FOREIGN(BLOCK1, 5, 8);
	EXPECT_EQ(0x33, dst.r[0].start);
	EXPECT_EQ(0x44, dst.r[0].last);
}

/* A snapshot with other register blocks is refused. */
TEST(snapshot_block_errors)
{
	usual_state(_metadata);
	EXPECT_FIELD_FOREIGN(BLOCK0, 2, 8);
	EXPECT_FIELD_REFUSED(BLOCK0 + 8, 12, 8);
	EXPECT_FIELD_FOREIGN(BLOCK0 + 8, 16, 8);
	EXPECT_FIELD_REFUSED(BLOCK0 + 8, VMR_ADDR_MAX, 8);
	EXPECT_FIELD_REFUSED(BLOCK0 + 16 + 13, 1, 1);
	EXPECT_FIELD_REFUSED(BLOCK0 + 16 + 15, 0x80, 1);
	EXPECT_FIELD_FOREIGN(BLOCK1, 1, 8);
	dst.blocks[1].size--;
	EXPECT_FOREIGN(buf, size);
	dst.blocks[1].size++;
	dst.snap.nr_blocks--;
	EXPECT_FOREIGN(buf, size);
}

static int checks;

static bool check_regs(const struct vmr_snapshot_block *block,
		       const uint8_t *saved,
		       const struct vmr_restore_ctx *view)
{
	struct vmr_snapshot_range found = { .space = NULL };

	checks++;
	if (vmr_snapshot_find_range(view, &dst.r[1], &found) != VMR_LIVE ||
	    found.space != &dst.small || found.start != 0x20 ||
	    found.last != 0x2f)
		return false;
	if (vmr_snapshot_find_range(view, &dst.r[6], &found) != VMR_CLAIMED ||
	    found.start != 0x28 || found.last != 0x37)
		return false;
	if (vmr_snapshot_find_range(view, &dst.r[5], NULL) != VMR_PARKED ||
	    vmr_snapshot_find_range(view, &dst.r[10], &found) != VMR_LIVE ||
	    found.space != &dst.ids.space)
		return false;
	found.start = 77;
	return vmr_snapshot_find_range(view, &dst.r[30], &found) == VMR_FREE &&
	       vmr_snapshot_find_range(view, &linked, &found) == VMR_FREE &&
	       vmr_snapshot_find_range(view, NULL, &found) == VMR_FREE &&
	       vmr_snapshot_find_range(NULL, &dst.r[1], &found) == VMR_FREE &&
	       found.start == 77 && saved[3] == 0xa3;
}

/* The owner of a block checks the saved bytes and can refuse them. */
TEST(snapshot_block_check_called)
{
	usual_state(_metadata);
	dst.blocks[0].check = check_regs;
	EXPECT_OK(vmr_snapshot_restore(&dst.snap, buf, size));
	EXPECT_EQ(1, checks);
	box_clear(&dst);
	EXPECT_FIELD_REFUSED(BLOCK0 + 16 + 3, 0xa4, 1);
	EXPECT_EQ(2, checks);
	/* For a malformed snapshot no owner is called. */
	EXPECT_FIELD_REFUSED(SMALL_LIVE(0) + 8, 0xf, 8);
	EXPECT_EQ(2, checks);
}

static bool match_result, check_result;
static int match_calls, check_calls;

static size_t owned_size(const struct vmr_snapshot_block *block)
{
	return 8;
}

static bool owned_consistent(const struct vmr_snapshot_block *block)
{
	return true;
}

static void owned_save(const struct vmr_snapshot_block *block, uint8_t *bytes)
{
	memcpy(bytes, block->owner, 8);
}

static bool owned_match(const struct vmr_snapshot_block *block,
			const uint8_t *saved)
{
	match_calls++;
	return match_result;
}

static bool owned_check(const struct vmr_snapshot_block *block,
			const uint8_t *saved,
			const struct vmr_restore_ctx *view)
{
	check_calls++;
	return check_result;
}

static void owned_restore(const struct vmr_snapshot_block *block,
			  const uint8_t *saved)
{
	memcpy(block->owner, saved, 8);
}

/*
 * A block that does not match its owner is another machine's. A block that the
 * owner's check refuses is damaged. The match is first.
 */
TEST(snapshot_block_match_before_check)
{
	struct vmr_snapshot_block_ops ops = {
		owned_size, owned_consistent, owned_save, owned_match,
		owned_check, owned_restore,
	};

	usual_state(_metadata);
	src.blocks[0] = (struct vmr_snapshot_block){ .key = 1, .ops = &ops,
						     .owner = src.regs };
	dst.blocks[0] = src.blocks[0];
	dst.blocks[0].owner = dst.regs;
	size = save(&src, buf);
	EXPECT_FOREIGN(buf, size);
	EXPECT_EQ(1, match_calls);
	EXPECT_EQ(0, check_calls);
	match_result = true;
	EXPECT_REFUSED(buf, size);
	EXPECT_EQ(2, match_calls);
	EXPECT_EQ(1, check_calls);
	/* Damaged bytes are not shown to the owner. */
	bad[0] = 0;
	memcpy(bad, buf, size);
	bad[BLOCK0 + 16] ^= 1;
	EXPECT_REFUSED(bad, size);
	EXPECT_EQ(2, match_calls);
	check_result = true;
	ops.match = NULL;
	EXPECT_OK(vmr_snapshot_restore(&dst.snap, buf, size));
	EXPECT_EQ(2, match_calls);
	EXPECT_EQ(0, memcmp(src.regs, dst.regs, 8));
}

/* Other errors */

/* All calls refuse an invalid description. */
TEST(snapshot_description_errors)
{
	size_t got = 99, need = 99;
	struct vmr_snapshot snap;
	struct vmr_snapshot_ops none = { NULL, NULL };

	usual_state(_metadata);
	memcpy(again, buf, size);
	snap = src.snap;
#define EXPECT_INVALID() \
	do { \
		EXPECT_EQ(-EINVAL, vmr_snapshot_size(&src.snap, &need)); \
		EXPECT_EQ(-EINVAL, vmr_snapshot_save(&src.snap, buf, size, &got)); \
		EXPECT_EQ(-EINVAL, vmr_snapshot_restore(&src.snap, buf, size)); \
		src.snap = snap; \
	} while (0)
	EXPECT_EQ(-EINVAL, vmr_snapshot_size(NULL, &need));
	EXPECT_EQ(-EINVAL, vmr_snapshot_size(&src.snap, NULL));
	EXPECT_EQ(-EINVAL, vmr_snapshot_save(NULL, buf, size, &got));
	EXPECT_EQ(-EINVAL, vmr_snapshot_save(&src.snap, NULL, size, &got));
	EXPECT_EQ(-EINVAL, vmr_snapshot_save(&src.snap, buf, size, NULL));
	src.snap.ops = NULL;
	EXPECT_INVALID();
	src.snap.spaces = NULL;
	EXPECT_INVALID();
	src.snap.blocks = NULL;
	EXPECT_INVALID();
	src.spaces[1].id = 3;
	EXPECT_INVALID();
	src.spaces[1].id = 10;
	EXPECT_INVALID();
	src.spaces[1].id = 4;
	src.spaces[1].space = NULL;
	EXPECT_INVALID();
	src.spaces[1].space = &src.small;
	EXPECT_INVALID();
	src.spaces[1].space = &src.all;
	src.spaces[2].space = &src.small;
	src.spaces[2].high_watermark = NULL;
	src_before = src;
	EXPECT_INVALID();
	EXPECT_EQ(0, memcmp(&src_before, &src, sizeof(src)));
	src.spaces[2].space = &src.all;
	EXPECT_INVALID();
	src.spaces[2].space = &src.ids.space;
	src.spaces[2].high_watermark = &src.ids.high_watermark;
	src.spaces[1].high_watermark = &src.ids.high_watermark;
	EXPECT_INVALID();
	src.spaces[1].high_watermark = NULL;
	src.blocks[1].key = 1;
	EXPECT_INVALID();
	src.blocks[1].key = 2;
	src.blocks[1].bytes = NULL;
	EXPECT_INVALID();
	src.blocks[1].bytes = src.more;
	src.snap.ops = &none;
	EXPECT_EQ(-EINVAL, vmr_snapshot_save(&src.snap, buf, size, &got));
	EXPECT_EQ(-EINVAL, vmr_snapshot_restore(&src.snap, buf, size));
	src.snap = snap;
	src.blocks[1].size = SIZE_MAX - 3;
	EXPECT_EQ(-EOVERFLOW, vmr_snapshot_size(&src.snap, &need));
	EXPECT_EQ(-EOVERFLOW, vmr_snapshot_save(&src.snap, buf, size, &got));
	src.blocks[1].size = SIZE_MAX - 300;
	EXPECT_EQ(-EOVERFLOW, vmr_snapshot_size(&src.snap, &need));
	EXPECT_EQ(99, need);
	EXPECT_EQ(99, got);
	EXPECT_EQ(0, memcmp(again, buf, size));
}

/* If the buffer is too small, vmr_snapshot_save() leaves it unchanged. */
TEST(snapshot_save_small_buffer_unchanged)
{
	size_t got = 99, n;

	usual_state(_metadata);
	memset(again, 0x55, sizeof(again));
	memset(bad, 0x55, sizeof(bad));
	for (n = 0; n < size; n++)
		EXPECT_EQ(-ENOSPC, vmr_snapshot_save(&src.snap, again, n, &got));
	EXPECT_EQ(99, got);
	EXPECT_EQ(0, memcmp(again, bad, sizeof(bad)));
	EXPECT_OK(vmr_snapshot_save(&src.snap, again, size + 5, &got));
	EXPECT_EQ(size, got);
	EXPECT_EQ(0, memcmp(again, buf, size));
	EXPECT_EQ(0, memcmp(again + size, bad, sizeof(bad) - size));
}

/* A claim without a conflict must be settled before the state is saved. */
TEST(snapshot_save_unsettled_claim_eagain)
{
	size_t got = 99;

	usual_state(_metadata);
	EXPECT_OK(vmr_free(&src.small, &src.r[1]));
	memcpy(again, buf, size);
	EXPECT_EQ(-EAGAIN, vmr_snapshot_save(&src.snap, buf, size, &got));
	EXPECT_EQ(99, got);
	EXPECT_EQ(0, memcmp(again, buf, size));
	EXPECT_EQ(&src.r[4], vmr_settle(&src.small, 0x20, 0x2f));
	EXPECT_OK(vmr_snapshot_save(&src.snap, buf, size, &got));
}

static uint64_t duplicate_key(const struct vmr_snapshot *snap, uint32_t space,
			      const struct vmr_range *range)
{
	size_t i = range - box_of(snap)->r;

	return i == 10 ? 3 : i;
}

/* Two ranges with one key are not saved. */
TEST(snapshot_save_duplicate_key_eexist)
{
	static const struct vmr_snapshot_ops duplicates = {
		duplicate_key, box_node,
	};
	size_t got = 99;

	usual_state(_metadata);
	src.snap.ops = &duplicates;
	EXPECT_EQ(-EEXIST, vmr_snapshot_save(&src.snap, buf, size, &got));
	EXPECT_EQ(99, got);
	memset(bad, 0, size);
	EXPECT_EQ(0, memcmp(bad, buf, size));
	EXPECT_OK(vmr_id_free_range(&src.ids, &src.r[10]));
	EXPECT_OK(vmr_snapshot_save(&src.snap, buf, size, &got));
}

static size_t twin[2];

static uint64_t twin_key(const struct vmr_snapshot *snap, uint32_t space,
			 const struct vmr_range *range)
{
	size_t i = range - box_of(snap)->r;

	return i == twin[0] ? twin[1] : i;
}

/* Two equal keys are found in whichever spaces and records they are. */
TEST(snapshot_save_finds_each_key_twin)
{
	static const struct vmr_snapshot_ops twins = { twin_key, box_node };
	size_t got;

	usual_state(_metadata);
	src.snap.ops = &twins;
	for (twin[0] = 0; twin[0] <= 10; twin[0]++)
		for (twin[1] = 0; twin[1] <= 10; twin[1]++)
			EXPECT_EQ(twin[0] == twin[1] ? 0 : -EEXIST,
				  vmr_snapshot_save(&src.snap, buf, size, &got)) {
				TH_LOG("%zu and %zu", twin[0], twin[1]);
			}
}

/* A restore into spaces that are not empty is refused. */
TEST(snapshot_restore_nonempty_ebusy)
{
	usual_state(_metadata);
	EXPECT_OK(vmr_reserve(&dst.all, &dst.r[40], 5, 6, NULL));
	memcpy(&dst_before, &dst, sizeof(dst));
	EXPECT_EQ(-EBUSY, vmr_snapshot_restore(&dst.snap, buf, size));
	EXPECT_EQ(-EBUSY, vmr_snapshot_restore(&dst.snap, buf, 0));
	EXPECT_EQ(0, memcmp(&dst_before, &dst, sizeof(dst)));
	EXPECT_OK(vmr_claim(&dst.all, &dst.r[40], 5, 6));
	EXPECT_EQ(-EBUSY, vmr_snapshot_restore(&dst.snap, buf, size));
	EXPECT_OK(vmr_free(&dst.all, &dst.r[40]));
	EXPECT_EQ(-EINVAL, vmr_snapshot_restore(NULL, buf, size));
	EXPECT_EQ(-EINVAL, vmr_snapshot_restore(&dst.snap, NULL, size));
	EXPECT_OK(vmr_snapshot_restore(&dst.snap, buf, size));
}

/*
 * An id that was reserved directly in the space is below the saved watermark.
 */
TEST(snapshot_watermark_covers_live_ids)
{
	boxes_init();
	home[0] = 9;
	EXPECT_OK(vmr_reserve(&src.ids.space, &src.r[0], 30, 31, NULL));
	size = save(&src, buf);
	EXPECT_OK(vmr_snapshot_restore(&dst.snap, buf, size));
	EXPECT_EQ(32, dst.ids.high_watermark);
}

/*
 * A machine has a bridge and three functions with all types of BARs, MSI and
 * MSI-X. One of the functions is behind the bridge.
 */

#define CARDS		3
#define ENTRIES		4
#define MSI_CAP		0x50
#define MSIX_CAP	0x70
#define BRIDGE_SPACES	16

struct card {
	struct vmr_pci_function		fn;
	struct vmr_pci_msi		msi;
	struct vmr_pci_msix		msix;
	struct vmr_pci_msix_entry		vectors[ENTRIES];
};

struct machine {
	struct vmr_snapshot		snap;
	struct vmr_snapshot_space	spaces[VMR_SNAPSHOT_NR_SPACES + 3];
	struct vmr_snapshot_block	blocks[CARDS + 1];
	struct vmr_system		sys;
	struct vmr_manager		manager;
	struct vmr_reader		reader;
	struct vmr_listener		listener;
	int				moves;
	struct vmr_pci_bridge		bridge;
	struct card			card[CARDS];
};

static struct machine old, new, new_before;
static uint8_t image[1 << 13], image2[1 << 13];
static size_t image_size;

/* The range number @i of a machine, in the order of the keys, or NULL */
static struct vmr_range *range_nr(struct machine *m, size_t i)
{
	struct vmr_range *of_bridge[] = {
		&m->bridge.fn.dev.id, &m->bridge.fn.address,
		&m->bridge.io.range, &m->bridge.mem.range,
		&m->bridge.pref.range,
	};
	const size_t per_card = 2 + VMR_PCI_NR_BARS + 1 + ENTRIES;
	struct card *c;

	if (i < 5)
		return of_bridge[i];
	i -= 5;
	if (i >= CARDS * per_card)
		return NULL;
	c = &m->card[i / per_card];
	i %= per_card;
	if (i == 0)
		return &c->fn.dev.id;
	if (i == 1)
		return &c->fn.address;
	i -= 2;
	if (i < VMR_PCI_NR_BARS)
		return &c->fn.bars[i].region.range;
	i -= VMR_PCI_NR_BARS;
	return i ? &c->vectors[i - 1].range : &c->msi.range;
}

static struct machine *machine_of(const struct vmr_snapshot *snap)
{
	return (struct machine *)((char *)snap -
				  offsetof(struct machine, snap));
}

static uint64_t machine_key(const struct vmr_snapshot *snap, uint32_t space,
			    const struct vmr_range *range)
{
	uint64_t i;

	for (i = 0; range_nr(machine_of(snap), i) != range; i++)
		;
	return i;
}

static uint64_t lost_key = 1000;	/* this key has no node */

/* The space of the range number @i */
static uint32_t space_nr(const struct machine *m, size_t i)
{
	const size_t per_card = 2 + VMR_PCI_NR_BARS + 1 + ENTRIES;
	const struct vmr_pci_function *fn;
	uint32_t bus = 0;

	if (i < 5)
		return i == 0 ? VMR_SNAPSHOT_IDS :
		       i == 1 ? VMR_SNAPSHOT_PCI :
		       i == 2 ? VMR_SNAPSHOT_PIO : VMR_SNAPSHOT_MMIO;
	i -= 5;
	fn = &m->card[i / per_card].fn;
	if (fn->upstream_bridge)
		bus = BRIDGE_SPACES;
	i %= per_card;
	if (i == 0)
		return VMR_SNAPSHOT_IDS;
	if (i == 1)
		return bus ? bus + 2 : VMR_SNAPSHOT_PCI;
	i -= 2;
	if (i >= VMR_PCI_NR_BARS)
		return VMR_SNAPSHOT_IRQS;
	return bus + (fn->bars[i].type == VMR_PCI_BAR_IO ? VMR_SNAPSHOT_PIO :
							   VMR_SNAPSHOT_MMIO);
}

/* If not NULL, the node for @given_key, and its space */
static struct vmr_range *given_node;
static uint64_t given_key;
static uint32_t given_space;

static struct vmr_range *machine_node(const struct vmr_snapshot *snap,
				      uint64_t key, uint32_t *space)
{
	if (key >= 1000 || key == lost_key ||
	    !range_nr(machine_of(snap), key))
		return NULL;
	if (given_node && key == given_key) {
		*space = given_space;
		return given_node;
	}
	*space = space_nr(machine_of(snap), key);
	return range_nr(machine_of(snap), key);
}

static const struct vmr_snapshot_ops machine_ops = {
	.range_to_key = machine_key,
	.key_to_range = machine_node,
};

static void card_read(struct vmr_device *dev, const struct vmr_access *access,
		      void *data)
{
	memset(data, 0x40 + access->region->index, access->width);
}

static const struct vmr_device_ops card_ops = { .read = card_read };

static void count_move(struct vmr_listener *listener, struct vmr_region *region,
		       const struct vmr_mapping *was, const struct vmr_mapping *is)
{
	((struct machine *)((char *)listener -
			    offsetof(struct machine, listener)))->moves++;
}

static const uint32_t address[CARDS] = {
	VMR_PCI_BDF(0, 2, 0), VMR_PCI_BDF(0, 3, 0), VMR_PCI_BDF(0, 1, 0),
};

static void card_init(struct __test_metadata *_metadata, struct card *c)
{
	const struct vmr_pci_ids ids = { .vendor = 0x1af4, .device = 0x1000,
					 .class_code = 0x020000 };
	const struct vmr_pci_msix_layout layout = { .table_bar = 0,
						  .pba_bar = 0,
						  .pba_offset = 0x800 };

	EXPECT_OK(vmr_pci_function_init(&c->fn, &ids, &card_ops, "card"));
	EXPECT_OK(vmr_pci_add_bar(&c->fn, 0, VMR_PCI_BAR_MEM32, false, 0x1000, "regs"));
	EXPECT_OK(vmr_pci_add_bar(&c->fn, 1, VMR_PCI_BAR_IO, false, 0x20, "ports"));
	EXPECT_OK(vmr_pci_add_bar(&c->fn, 2, VMR_PCI_BAR_MEM64, true, 0x100000,
				  "frames"));
	EXPECT_OK(vmr_pci_add_bar(&c->fn, VMR_PCI_ROM, VMR_PCI_BAR_ROM, false, 0x800,
				  "rom"));
	EXPECT_OK(vmr_pci_add_msi(&c->fn, &c->msi, MSI_CAP, 4));
	EXPECT_OK(vmr_pci_add_msix(&c->fn, &c->msix, MSIX_CAP, c->vectors, ENTRIES,
				   &layout));
}

/* Initialise a machine without devices, the start of both sides. */
static void machine_init(struct __test_metadata *_metadata, struct machine *m)
{
	const struct vmr_system_limits limits = {
		.mmio_last = (1ULL << 46) - 1, .irq_last = 1023,
		.slot_last = 31, .pci_last = 0xff, .id_last = 99,
	};
	const struct vmr_pci_ids ids = { .vendor = 0x1b36, .device = 1,
					 .class_code = 0x060400 };
	int i;

	memset(m, 0, sizeof(*m));
	EXPECT_OK(vmr_system_init(&m->sys, &limits));
	EXPECT_OK(vmr_manager_init(&m->manager, &m->sys));
	EXPECT_OK(vmr_reader_attach(&m->manager, &m->reader));
	m->listener.region_changed = count_move;
	EXPECT_OK(vmr_listener_register(&m->manager, &m->listener));
	EXPECT_OK(vmr_pci_bridge_init(&m->bridge, &m->manager, &ids, &card_ops,
				      "bridge"));
	for (i = 0; i < CARDS; i++)
		card_init(_metadata, &m->card[i]);
	m->card[2].fn.upstream_bridge = &m->bridge;

	EXPECT_OK(vmr_snapshot_describe_system(m->spaces, &m->sys));
	EXPECT_OK(vmr_snapshot_describe_bridge(m->spaces + VMR_SNAPSHOT_NR_SPACES, &m->bridge,
					       BRIDGE_SPACES));
	EXPECT_OK(vmr_snapshot_describe_pci(&m->blocks[0], 0, &m->bridge.fn, &m->sys));
	for (i = 0; i < CARDS; i++)
		EXPECT_OK(vmr_snapshot_describe_pci(&m->blocks[i + 1], i + 1,
						    &m->card[i].fn, &m->sys));
	m->snap = (struct vmr_snapshot){
		&machine_ops, m->spaces, VMR_SNAPSHOT_NR_SPACES + 3,
		m->blocks, CARDS + 1, NULL, 0,
	};
}

static void config_write(struct __test_metadata *_metadata,
			 struct vmr_pci_function *fn, uint32_t offset,
			 uint32_t value, uint32_t width)
{
	uint8_t bytes[4];

	put_le(bytes, value, 4);
	EXPECT_OK(vmr_pci_config_write(fn, offset, bytes, width));
}

static void entry_write(struct __test_metadata *_metadata, struct card *c,
			uint32_t index, uint32_t word, uint32_t value)
{
	uint8_t bytes[4];

	put_le(bytes, value, 4);
	EXPECT_OK(vmr_pci_msix_write(&c->fn, &c->msix, 16 * index + 4 * word,
				     bytes, 4));
}

#define CFG(fn, offset, value, width) \
	config_write(_metadata, fn, offset, value, width)

/*
 * A running machine. All of card 0 is enabled. The memory BAR of card 1 is a
 * claim on the range of card 0. Card 2 is behind the bridge with decode off.
 */
static void machine_run(struct __test_metadata *_metadata)
{
	struct card *c = old.card;

	machine_init(_metadata, &old);
	machine_init(_metadata, &new);
	EXPECT_OK(vmr_pci_plug(&old.manager, &old.bridge.fn,
			       VMR_PCI_BDF(0, 1, 0)));
	EXPECT_OK(vmr_pci_plug(&old.manager, &c[0].fn, address[0]));
	EXPECT_OK(vmr_pci_plug(&old.manager, &c[1].fn, address[1]));
	EXPECT_OK(vmr_pci_bridge_plug(&old.bridge, &c[2].fn, 0));

	CFG(&old.bridge.fn, 0x18, 0x00010100, 4);
	CFG(&old.bridge.fn, 0x20, 0xf0f0e000, 4);	/* e0000000-f0ffffff */
	CFG(&old.bridge.fn, 0x04, 2, 2);

	CFG(&c[0].fn, 0x10, 0xd0000000, 4);
	CFG(&c[0].fn, 0x14, 0xc000, 4);
	CFG(&c[0].fn, 0x18, 0x00000000, 4);
	CFG(&c[0].fn, 0x1c, 0x00000010, 4);
	CFG(&c[0].fn, 0x30, 0xd1000001, 4);
	CFG(&c[0].fn, 0x04, 3, 2);
	CFG(&c[0].fn, MSI_CAP + 2, 0x0021, 2);		/* four vectors */
	CFG(&c[0].fn, MSIX_CAP + 2, 0x8000, 2);
	entry_write(_metadata, &c[0], 2, 0, 0xfee00000);
	entry_write(_metadata, &c[0], 2, 3, 0);

	CFG(&c[1].fn, 0x10, 0xd0000000, 4);		/* of card 0 */
	CFG(&c[1].fn, 0x04, 2, 2);

	CFG(&c[2].fn, 0x10, 0xe0001000, 4);
	CFG(&c[2].fn, 0x14, 0xd000, 4);
}

static size_t machine_save(struct machine *m, uint8_t *to)
{
	size_t need = 0, got = 0;

	if (vmr_snapshot_size(&m->snap, &need) || need > sizeof(image) ||
	    vmr_snapshot_save(&m->snap, to, sizeof(image), &got))
		return 0;
	return got;
}

static void machine_register_restored(struct __test_metadata *_metadata,
				      struct machine *m)
{
	int i;

	EXPECT_OK(vmr_pci_register_restored(&m->manager, &m->bridge.fn, NULL));
	for (i = 0; i < CARDS; i++)
		EXPECT_OK(vmr_pci_register_restored(&m->manager, &m->card[i].fn, NULL));
}

static int machine_fails(const uint8_t *bytes, size_t n, int err)
{
	int ret;

	memcpy(&new_before, &new, sizeof(new));
	ret = vmr_snapshot_restore(&new.snap, bytes, n);
	return ret == err && !memcmp(&new_before, &new, sizeof(new));
}

static int machine_refused(const uint8_t *bytes, size_t n)
{
	return machine_fails(bytes, n, -EBADMSG);
}

static uint64_t mem_read(struct machine *m, uint64_t addr)
{
	uint8_t byte = 0;

	vmr_read(&m->reader, VMR_MMIO, addr, &byte, 1, 1);
	return byte;
}

/*
 * A block is the configuration space, its description, a byte for each MSI vector and
 * 17 bytes for each MSI-X entry.
 */
#define DESCRIPTION	256
#define NR_ENTRIES_AT	(DESCRIPTION + 4)
#define SIZING_AT	(DESCRIPTION + 8)
#define INTX_AT		(DESCRIPTION + 9)
#define BAR_AT(i)	(DESCRIPTION + 12 + 4 * (i))
#define MSI_AT		(DESCRIPTION + 40)
#define ENTRY_AT(i)	(MSI_AT + 32 + 8 + (17 + 8) * (i))
#define CARD_BLOCK	((ENTRY_AT(ENTRIES) + 7) & ~7)
#define BRIDGE_BLOCK	((MSI_AT + 7) & ~7)

/* The offset in @image of the block of card @i; -1 is the bridge */
static size_t block_of_card(int i)
{
	size_t at = image_size - 4;
	int left = CARDS - i;

	while (left--)
		at -= 16 + CARD_BLOCK;
	if (i < 0)
		at += CARD_BLOCK - BRIDGE_BLOCK;
	return at + 16;
}

/* The offset in @image of the record of a range */
static size_t record_of(uint64_t key)
{
	size_t at = 32, s;
	uint64_t i, n;

	for (s = 0; s < VMR_SNAPSHOT_NR_SPACES + 3; s++) {
		n = get_le(image + at + 32, 8);
		i = get_le(image + at + 40, 8);
		at += 48;
		for (; n; n--, at += 24)
			if (get_le(image + at, 8) == key)
				return at;
		for (; i; i--, at += 32)
			if (get_le(image + at, 8) == key)
				return at;
	}
	return 0;
}

static size_t record(struct vmr_range *range)
{
	return record_of(machine_key(&old.snap, 0, range));
}

#define EXPECT_IMAGE_FAILS(at, v, bytes, err) \
	do { \
		memcpy(image2, image, image_size); \
		put_le(image2 + (at), v, bytes); \
		fix_checksum(image2, image_size); \
		EXPECT_TRUE(machine_fails(image2, image_size, err)) { \
			TH_LOG("%s = %s", #at, #v); \
		} \
	} while (0)

#define EXPECT_IMAGE_REFUSED(at, v, bytes) \
	EXPECT_IMAGE_FAILS(at, v, bytes, -EBADMSG)

/* The image is that of another machine. */
#define EXPECT_IMAGE_OF_OTHER(at, v, bytes) \
	EXPECT_IMAGE_FAILS(at, v, bytes, -ENODEV)

/*
 * A machine is restored with its devices, and continues as the saved one
 * would.
 */
TEST(snapshot_machine_round_trip)
{
	struct card *c = new.card;
	int mapped;

	machine_run(_metadata);
	image_size = machine_save(&old, image);
	ASSERT_NE((size_t)0, image_size);
	EXPECT_OK(vmr_snapshot_restore(&new.snap, image, image_size));
	EXPECT_EQ(image_size, machine_save(&new, image2));
	EXPECT_EQ(0, memcmp(image, image2, image_size));
	EXPECT_EQ(0, new.moves);

	machine_register_restored(_metadata, &new);
	EXPECT_EQ(5, new.moves);	/* a window and four BARs of card 0 */
	EXPECT_EQ(image_size, machine_save(&new, image2));
	EXPECT_EQ(0, memcmp(image, image2, image_size));

	EXPECT_EQ(0x40, mem_read(&new, 0xd0000fff));
	/* The library serves the MSI-X table, which has no bytes. */
	EXPECT_EQ(0xff, mem_read(&new, 0xd0000000));
	EXPECT_EQ(0x42, mem_read(&new, 0x1000000000));
	EXPECT_EQ(0x46, mem_read(&new, 0xd1000000));
	EXPECT_EQ(0xff, mem_read(&new, 0xe0001100));
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&c[0].vectors[2].range));
	EXPECT_EQ(0xfee00000, c[0].vectors[2].dwords[0]);
	EXPECT_EQ(old.bridge.mem.size, new.bridge.mem.size);

	/* Enable decode of the card behind the bridge. */
	CFG(&c[2].fn, 0x04, 2, 2);
	EXPECT_EQ(0x40, mem_read(&new, 0xe0001100));
	/* Unplug card 0. The claim of card 1 is settled. */
	mapped = vmr_pci_unplug(&c[0].fn);
	EXPECT_EQ(4, mapped);
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&c[1].fn.bars[0].region.range));
	EXPECT_EQ(0x40, mem_read(&new, 0xd0000100));
	EXPECT_EQ(NULL, vmr_first_range(&new.sys.irqs.space));
}

static bool refuse_block(const struct vmr_snapshot_block *block,
			 const uint8_t *saved,
			 const struct vmr_restore_ctx *view)
{
	return false;
}

/*
 * If one node is missing or in use, or one owner refuses its block, nothing is
 * restored.
 */
TEST(snapshot_machine_refused_whole)
{
	struct vmr_range *range;
	uint64_t key;
	int i, nr = 0;

	machine_run(_metadata);
	image_size = machine_save(&old, image);
	ASSERT_NE((size_t)0, image_size);
	for (key = 0; (range = range_nr(&new, key)); key++) {
		if (!record_of(key))
			continue;
		lost_key = key;
		EXPECT_TRUE(machine_fails(image, image_size, -ENODEV)) {
			TH_LOG("no node for %d", (int)key);
		}
		lost_key = 1000;
		range->node.link = 1;
		EXPECT_TRUE(machine_fails(image, image_size, -ENODEV)) {
			TH_LOG("node %d is in use", (int)key);
		}
		range->node.link = 0;
		nr++;
	}
	/*
	 * Four ids, four addresses, a window, seven BARs, two ranges of
	 * vectors
	 */
	EXPECT_EQ(18, nr);
	for (i = 0; i <= CARDS; i++) {
		new.blocks[i].check = refuse_block;
		EXPECT_TRUE(machine_refused(image, image_size)) {
			TH_LOG("block %d", i);
		}
		new.blocks[i].check = NULL;
	}
	EXPECT_OK(vmr_snapshot_restore(&new.snap, image, image_size));
}

/* A snapshot whose BAR registers contradict its ranges is refused. */
TEST(snapshot_bar_register_mismatch_refused)
{
	size_t config;

	machine_run(_metadata);
	image_size = machine_save(&old, image);
	ASSERT_NE((size_t)0, image_size);
	config = block_of_card(0);
	ASSERT_EQ(0x1af4, get_le(image + config, 2));
	ASSERT_EQ(0x1b36, get_le(image + block_of_card(-1), 2));
	EXPECT_IMAGE_REFUSED(config + 0x10, 0xd0002000, 4);	/* elsewhere */
	EXPECT_IMAGE_REFUSED(config + 0x10, 0, 4);		/* no address */
	EXPECT_IMAGE_REFUSED(config + 0x10, 0xfffff000, 4);	/* sizing */
	EXPECT_IMAGE_REFUSED(config + 0x1c, 0x11, 4);		/* upper half */
	EXPECT_IMAGE_REFUSED(config + 0x1c, 0x10000000, 4);	/* outside */
	EXPECT_IMAGE_REFUSED(config + 0x14, 0xc021, 4);		/* ports */
	EXPECT_IMAGE_REFUSED(config + 0x30, 0xd1000000, 4);	/* ROM off */
	EXPECT_IMAGE_REFUSED(config + 0x04, 1, 2);		/* decode off */
	EXPECT_IMAGE_REFUSED(config + 0x04, 2, 2);
	EXPECT_IMAGE_REFUSED(block_of_card(1) + 0x04, 0, 2);	/* the claim */
	EXPECT_IMAGE_REFUSED(block_of_card(1) + 0x10, 0, 4);
	EXPECT_IMAGE_REFUSED(block_of_card(2) + 0x04, 2, 2);	/* parked */
	EXPECT_IMAGE_REFUSED(block_of_card(2) + 0x04, 1, 2);
	EXPECT_IMAGE_REFUSED(block_of_card(1) + 0x18, 0x1230000c, 4);
	EXPECT_TRUE(!vmr_snapshot_restore(&new.snap, image, image_size));
}

/* A snapshot with other read-only registers is of another machine. */
TEST(snapshot_read_only_mismatch_refused)
{
	size_t config;

	machine_run(_metadata);
	image_size = machine_save(&old, image);
	config = block_of_card(0);
	EXPECT_IMAGE_OF_OTHER(config + 0x00, 0x1af5, 2);
	EXPECT_IMAGE_OF_OTHER(config + 0x0e, 1, 1);
	EXPECT_IMAGE_OF_OTHER(config + 0x10, 0xd0000008, 4);
	EXPECT_IMAGE_OF_OTHER(config + 0x24, 0x10, 4);	/* BAR 5 is absent */
	EXPECT_IMAGE_OF_OTHER(config + 0x34, 0, 1);
	EXPECT_IMAGE_OF_OTHER(config + MSI_CAP + 2, 0x002f, 2);
	EXPECT_IMAGE_OF_OTHER(config + MSIX_CAP + 2, 0x87ff, 2);
	/* An entry cannot have these values on any machine. */
	EXPECT_IMAGE_REFUSED(config + ENTRY_AT(0), 0xfee00001, 4);
	EXPECT_IMAGE_REFUSED(config + ENTRY_AT(0) + 12, 3, 4);
	/* Status bits and registers of the owner can differ. */
	memcpy(image2, image, image_size);
	image2[config + 0x07] ^= 0x20;
	image2[config + 0xf0] ^= 1;
	fix_checksum(image2, image_size);
	EXPECT_OK(vmr_snapshot_restore(&new.snap, image2, image_size));
	EXPECT_EQ(1, new.card[0].fn.config[0xf0]);
}

/* A snapshot of functions with other BARs or another table is of another machine. */
TEST(snapshot_description_mismatch_refused)
{
	size_t config;

	machine_run(_metadata);
	image_size = machine_save(&old, image);
	config = block_of_card(0);
	EXPECT_EQ(256, get_le(image + config + DESCRIPTION, 4));
	EXPECT_EQ(ENTRIES, get_le(image + config + NR_ENTRIES_AT, 4));
	EXPECT_EQ(12 << 16 | VMR_PCI_BAR_MEM32,
		  get_le(image + config + BAR_AT(0), 4));
	EXPECT_IMAGE_OF_OTHER(config + DESCRIPTION, 4096, 4);
	EXPECT_IMAGE_OF_OTHER(config + NR_ENTRIES_AT, ENTRIES - 1, 4);
	EXPECT_IMAGE_OF_OTHER(config + BAR_AT(0), 13 << 16 | VMR_PCI_BAR_MEM32,
			      4);
	EXPECT_IMAGE_OF_OTHER(config + BAR_AT(0), 12 << 16 | VMR_PCI_BAR_MEM64,
			      4);
	EXPECT_IMAGE_OF_OTHER(config + BAR_AT(0),
			      12 << 16 | 1 << 8 | VMR_PCI_BAR_MEM32, 4);
	EXPECT_IMAGE_OF_OTHER(config + BAR_AT(0), 0, 4);
	EXPECT_IMAGE_OF_OTHER(config + BAR_AT(VMR_PCI_ROM), 0, 4);
	EXPECT_IMAGE_OF_OTHER(config + BAR_AT(5), VMR_PCI_BAR_IO, 4);
	EXPECT_OK(vmr_snapshot_restore(&new.snap, image, image_size));
}

/* Values of the description that no function can have are refused. */
TEST(snapshot_function_state_invalid_refused)
{
	size_t config;
	int i;

	machine_run(_metadata);
	image_size = machine_save(&old, image);
	config = block_of_card(0);
	/* BARs 3 to 5 do not exist, but BAR 3 is the upper half of BAR 2. */
	EXPECT_IMAGE_REFUSED(config + SIZING_AT, 0x10, 1);
	EXPECT_IMAGE_REFUSED(config + SIZING_AT, 0x20, 1);
	EXPECT_IMAGE_REFUSED(config + SIZING_AT, 0x80, 1);
	/* BAR 0 is live, and not being sized. */
	EXPECT_IMAGE_REFUSED(config + SIZING_AT, 0x01, 1);
	EXPECT_IMAGE_REFUSED(config + SIZING_AT, 0x08, 1);
	/* The function has no interrupt pin. */
	EXPECT_IMAGE_REFUSED(config + INTX_AT, 1, 1);
	EXPECT_IMAGE_REFUSED(config + 0x06, 0x18, 1);
	EXPECT_IMAGE_REFUSED(config + INTX_AT + 1, 1, 1);
	EXPECT_IMAGE_REFUSED(config + INTX_AT + 2, 1, 1);
	/* A message is pending or not. */
	for (i = 0; i < 32; i += 31)
		EXPECT_IMAGE_REFUSED(config + MSI_AT + i, 2, 1);
	for (i = 0; i < ENTRIES; i++)
		EXPECT_IMAGE_REFUSED(config + ENTRY_AT(i) + 16, 2, 1);
	EXPECT_OK(vmr_snapshot_restore(&new.snap, image, image_size));
}

/* A BAR that the guest sizes is sized after the restore, too. */
TEST(snapshot_keeps_sizing)
{
	struct vmr_range *range = &new.card[0].fn.bars[0].region.range;

	machine_run(_metadata);
	CFG(&old.card[0].fn, 0x10, 0xffffffff, 4);
	image_size = machine_save(&old, image);
	ASSERT_NE((size_t)0, image_size);
	EXPECT_EQ(1, image[block_of_card(0) + SIZING_AT]);
	/* The register alone would be an address at the end of its width. */
	EXPECT_IMAGE_REFUSED(block_of_card(0) + SIZING_AT, 0, 1);
	EXPECT_OK(vmr_snapshot_restore(&new.snap, image, image_size));
	machine_register_restored(_metadata, &new);
	EXPECT_EQ(image_size, machine_save(&new, image2));
	EXPECT_EQ(0, memcmp(image, image2, image_size));
	EXPECT_EQ(VMR_PARKED, vmr_range_state(range));
	EXPECT_EQ(0xd0000000, range->start);
	/* Decode off and on does not map it, and it remains where it was. */
	CFG(&new.card[0].fn, 0x04, 0, 2);
	CFG(&new.card[0].fn, 0x04, 3, 2);
	EXPECT_EQ(VMR_PARKED, vmr_range_state(range));
	EXPECT_EQ(0xd0000000, range->start);
	CFG(&new.card[0].fn, 0x10, 0xd4000000, 4);
	EXPECT_EQ(0x40, mem_read(&new, 0xd4000100));
}

static struct {
	unsigned int	nr;
	uint32_t	index[4];
} delivered;

static void note_delivery(struct vmr_pci_function *fn, uint32_t index)
{
	if (delivered.nr < 4)
		delivered.index[delivered.nr] = index;
	delivered.nr++;
}

/*
 * Messages that are pending are pending after the restore, and an entry that waits for
 * a vector waits again.
 */
TEST(snapshot_keeps_pending_messages)
{
	static const struct vmr_pci_events events = { .deliver = note_delivery };
	struct card *c = new.card;
	uint64_t first;

	machine_run(_metadata);
	entry_write(_metadata, &old.card[0], 2, 3, 1);
	EXPECT_EQ(-EAGAIN, vmr_pci_notify(&old.card[0].fn, 2));
	first = old.card[0].vectors[2].range.start;
	/* Card 1 finds no number. */
	old.sys.irqs.space.last = first;
	CFG(&old.card[1].fn, MSIX_CAP + 2, 0x8000, 2);
	entry_write(_metadata, &old.card[1], 1, 3, 0);
	EXPECT_EQ(-ENOSPC, old.card[1].vectors[1].error);
	EXPECT_EQ(-EAGAIN, vmr_pci_notify(&old.card[1].fn, 1));
	old.sys.irqs.space.last = 1023;
	image_size = machine_save(&old, image);
	ASSERT_NE((size_t)0, image_size);
	EXPECT_EQ(1, image[block_of_card(0) + ENTRY_AT(2) + 16]);
	EXPECT_EQ(1, image[block_of_card(1) + ENTRY_AT(1) + 16]);

	c[0].fn.events = &events;
	c[1].fn.events = &events;
	EXPECT_OK(vmr_snapshot_restore(&new.snap, image, image_size));
	EXPECT_EQ(image_size, machine_save(&new, image2));
	EXPECT_EQ(0, memcmp(image, image2, image_size));
	/* The new machine has a number, and the entry is not masked. */
	machine_register_restored(_metadata, &new);
	EXPECT_EQ(1U, delivered.nr);
	EXPECT_EQ(1U, delivered.index[0]);
	EXPECT_EQ(VMR_LIVE, vmr_range_state(&c[1].vectors[1].range));
	/* The other one is masked, and is delivered when it is unmasked. */
	entry_write(_metadata, &c[0], 2, 3, 0);
	EXPECT_EQ(2U, delivered.nr);
	EXPECT_EQ(2U, delivered.index[1]);
	EXPECT_EQ(first, c[0].vectors[2].range.start);
}

/* A machine with a parked vector is not saved. */
TEST(snapshot_save_parked_vector_fails)
{
	struct vmr_range *range = &old.card[0].msi.range;
	uint64_t at;

	machine_run(_metadata);
	ASSERT_EQ(VMR_LIVE, vmr_range_state(range));
	at = range->start;
	EXPECT_OK(vmr_park(&old.sys.irqs.space, range, at, at + 3));
	EXPECT_EQ((size_t)0, machine_save(&old, image));
}

/* A snapshot whose vectors or windows contradict the registers is refused. */
TEST(snapshot_vector_window_mismatch_refused)
{
	struct card *c = old.card;
	size_t config, bridge, msi, msix, id;

	machine_run(_metadata);
	image_size = machine_save(&old, image);
	config = block_of_card(0);
	bridge = block_of_card(-1);
	EXPECT_IMAGE_REFUSED(config + MSI_CAP + 2, 0x00a4, 2);	/* off */
	EXPECT_IMAGE_REFUSED(config + MSI_CAP + 2, 0x0095, 2);	/* two */
	EXPECT_IMAGE_REFUSED(config + MSIX_CAP + 2, 0x0003, 2);	/* off */
	EXPECT_IMAGE_REFUSED(config + MSIX_CAP + 2, 0x4003, 2);	/* and masked */
	/* Card 1 has the vectors of card 0, although its MSI is disabled. */
	EXPECT_IMAGE_REFUSED(record(&c[0].msi.range),
			     machine_key(&old.snap, 0, &c[1].msi.range), 8);
	/* The four vectors are not aligned to the size of the block. */
	msi = record(&c[0].msi.range);
	msix = record(&c[0].vectors[2].range);
	memcpy(image2, image, image_size);
	put_le(image2 + msi - 48 + 24, 6, 8);
	put_le(image2 + msi + 8, 1, 8);
	put_le(image2 + msi + 16, 4, 8);
	put_le(image2 + msix + 8, 5, 8);
	put_le(image2 + msix + 16, 5, 8);
	fix_checksum(image2, image_size);
	EXPECT_TRUE(machine_refused(image2, image_size));
	/*
	 * The record is in the space of device ids, not in that of interrupts.
	 */
	id = record(&c[0].fn.dev.id);
	memcpy(image2, image, image_size);
	memcpy(image2 + msix, image + id, 8);
	memcpy(image2 + id, image + msix, 8);
	fix_checksum(image2, image_size);
	EXPECT_TRUE(machine_fails(image2, image_size, -ENODEV));

	EXPECT_IMAGE_REFUSED(bridge + 0x22, 0xf100, 2);
	EXPECT_IMAGE_REFUSED(bridge + 0x20, 0xe010, 2);
	EXPECT_IMAGE_REFUSED(bridge + 0x04, 0, 2);
	memcpy(image2, image, image_size);
	put_le(image2 + bridge + 0x04, 3, 2);		/* I/O decode on */
	put_le(image2 + bridge + 0x1c, 0, 1);
	fix_checksum(image2, image_size);
	EXPECT_TRUE(machine_refused(image2, image_size));
	EXPECT_IMAGE_REFUSED(record(&old.bridge.mem.range) + 16, 0xf1ffffff, 8);
	EXPECT_OK(vmr_snapshot_restore(&new.snap, image, image_size));
}

/*
 * The range of a BAR behind a bridge must be in the space of that bus. A range
 * at the same address in the root's space is refused.
 */
TEST(snapshot_bar_in_wrong_space_refused)
{
	const size_t live = 24;
	size_t from, to, root = 32;

	machine_run(_metadata);
	CFG(&old.card[2].fn, 0x10, 0xd8000000, 4);
	CFG(&old.card[2].fn, 0x14, 0, 4);
	CFG(&old.card[2].fn, 0x04, 2, 2);
	image_size = machine_save(&old, image);
	ASSERT_NE((size_t)0, image_size);
	/* Move the record in front of that of the window. */
	from = record(&old.card[2].fn.bars[0].region.range);
	to = record(&old.bridge.mem.range);
	ASSERT_LT(to, from);
	while (get_le(image + root, 4) != VMR_SNAPSHOT_MMIO)
		root += 48 + 24 * get_le(image + root + 32, 8) +
			32 * get_le(image + root + 40, 8);
	memcpy(image2, image, image_size);
	memmove(image2 + to + live, image + to, from - to);
	memcpy(image2 + to, image + from, live);
	put_le(image2 + root + 32, get_le(image + root + 32, 8) + 1, 8);
	/* The space of the bus has no other record. */
	EXPECT_EQ(BRIDGE_SPACES + 1, get_le(image + from - 48, 4));
	put_le(image2 + from - 48 + live + 32, 0, 8);
	fix_checksum(image2, image_size);
	EXPECT_TRUE(machine_fails(image2, image_size, -ENODEV));
	/* A program that is mistaken about the space finds the register check. */
	given_key = get_le(image + from, 8);
	given_node = &new.card[2].fn.bars[0].region.range;
	given_space = VMR_SNAPSHOT_MMIO;
	EXPECT_TRUE(machine_refused(image2, image_size));
	given_node = NULL;
	EXPECT_OK(vmr_snapshot_restore(&new.snap, image, image_size));
}

static struct vmr_snapshot_block device_blocks[CARDS];

/* Add the state of each card's device to the snapshot of a machine. */
static void describe_devices(struct __test_metadata *_metadata,
			     struct machine *m)
{
	size_t i;

	for (i = 0; i < CARDS; i++)
		EXPECT_OK(vmr_snapshot_describe_device(&device_blocks[i], i,
						       &m->card[i].fn.dev));
	m->snap.blocks = device_blocks;
	m->snap.nr_blocks = CARDS;
}

/* A removal that is pending when a machine is saved is pending after a restore. */
TEST(snapshot_keeps_pending_removal)
{
	struct vmr_device *dev = &new.card[1].fn.dev;
	size_t at;

	machine_run(_metadata);
	EXPECT_EQ(-EINVAL, vmr_snapshot_describe_device(NULL, 0, dev));
	EXPECT_EQ(-EINVAL, vmr_snapshot_describe_device(device_blocks, 0, NULL));
	EXPECT_OK(vmr_device_request_removal(&old.manager, &old.card[1].fn.dev));
	describe_devices(_metadata, &old);
	image_size = machine_save(&old, image);
	ASSERT_NE((size_t)0, image_size);
	describe_devices(_metadata, &new);
	at = image_size - 4 - 8;
	ASSERT_EQ(0, get_le(image + at, 8));
	ASSERT_EQ(1, get_le(image + at - 24, 8));
	EXPECT_IMAGE_REFUSED(at, 2, 8);
	EXPECT_IMAGE_REFUSED(at, 1ULL << 32, 8);
	EXPECT_OK(vmr_snapshot_restore(&new.snap, image, image_size));
	EXPECT_EQ(image_size, machine_save(&new, image2));
	EXPECT_EQ(0, memcmp(image, image2, image_size));
	EXPECT_EQ(VMR_DEVICE_UNREGISTERED, dev->state);
	EXPECT_OK(vmr_device_register_restored(&new.manager, dev, NULL));
	EXPECT_EQ(VMR_DEVICE_REMOVAL_REQUESTED, dev->state);
	EXPECT_EQ(-EALREADY, vmr_device_request_removal(&new.manager, dev));
	EXPECT_OK(vmr_device_register_restored(&new.manager,
					       &new.card[0].fn.dev, NULL));
	EXPECT_EQ(VMR_DEVICE_REGISTERED, new.card[0].fn.dev.state);
	EXPECT_EQ(image_size, machine_save(&new, image2));
	EXPECT_EQ(0, memcmp(image, image2, image_size));
	/* A request that is withdrawn does not come back. */
	EXPECT_OK(vmr_device_cancel_removal(&new.manager, dev));
	EXPECT_EQ(image_size, machine_save(&new, image2));
	EXPECT_EQ(0, get_le(image2 + at - 24, 8));
}

/* A function whose registers contradict its ranges is not saved. */
TEST(snapshot_save_bar_mismatch_ebadmsg)
{
	size_t got = 99;

	machine_run(_metadata);
	memset(image, 0x55, sizeof(image));
	memset(image2, 0x55, sizeof(image2));
	/* The owner moves the BAR without a register write. */
	EXPECT_OK(vmr_region_move(&old.manager, &old.card[0].fn.bars[0].region,
				  0xd4000000, NULL));
	EXPECT_EQ(-EBADMSG, vmr_snapshot_save(&old.snap, image, sizeof(image), &got));
	EXPECT_EQ(99, got);
	EXPECT_EQ(0, memcmp(image, image2, sizeof(image)));
}

/* The describe functions refuse NULL and space ids that the system uses. */
TEST(snapshot_describe_errors)
{
	machine_init(_metadata, &old);
	EXPECT_EQ(-EINVAL, vmr_snapshot_describe_system(NULL, &old.sys));
	EXPECT_EQ(-EINVAL, vmr_snapshot_describe_system(old.spaces, NULL));
	EXPECT_EQ(-EINVAL, vmr_snapshot_describe_bus(NULL, &old.bridge.bus, 16));
	EXPECT_EQ(-EINVAL, vmr_snapshot_describe_bus(old.spaces, NULL, 16));
	EXPECT_EQ(-EINVAL, vmr_snapshot_describe_bus(old.spaces, &old.bridge.bus, 15));
	EXPECT_EQ(-EINVAL, vmr_snapshot_describe_bus(old.spaces, &old.bridge.bus, ~0u));
	EXPECT_OK(vmr_snapshot_describe_bus(old.spaces, &old.bridge.bus, ~0u - 1));
	EXPECT_EQ(-EINVAL, vmr_snapshot_describe_bridge(NULL, &old.bridge, 16));
	EXPECT_EQ(-EINVAL, vmr_snapshot_describe_bridge(old.spaces, NULL, 16));
	EXPECT_EQ(-EINVAL, vmr_snapshot_describe_bridge(old.spaces, &old.bridge, 15));
	EXPECT_EQ(-EINVAL, vmr_snapshot_describe_bridge(old.spaces, &old.bridge,
							~0u - 1));
	EXPECT_EQ(-EINVAL, vmr_snapshot_describe_pci(NULL, 0, &old.bridge.fn, &old.sys));
	EXPECT_EQ(-EINVAL, vmr_snapshot_describe_pci(old.blocks, 0, NULL, &old.sys));
	EXPECT_EQ(-EINVAL, vmr_snapshot_describe_pci(old.blocks, 0, &old.bridge.fn,
						     NULL));
	old.blocks[0].sys = NULL;
	EXPECT_EQ(-EINVAL, vmr_snapshot_size(&old.snap, &image_size));
}

/*
 * A machine's snapshot with one flipped bit and a valid checksum is refused or
 * restored exactly.
 */
TEST(snapshot_machine_damage_refused_or_exact)
{
	size_t at, n, restored = 0;
	unsigned int bit, step = test_part() < 8 ? test_part() : 8;

	machine_run(_metadata);
	image_size = machine_save(&old, image);
	ASSERT_NE((size_t)0, image_size);
	for (at = 0; at < image_size - 4; at++) {
		for (bit = at % step; bit < 8; bit += step) {
			int ret;

			memcpy(image2, image, image_size);
			image2[at] ^= 1 << bit;
			fix_checksum(image2, image_size);
			memcpy(&new_before, &new, sizeof(new));
			ret = vmr_snapshot_restore(&new.snap, image2, image_size);
			if (ret) {
				EXPECT_TRUE(ret == -EBADMSG || ret == -ENODEV);
				EXPECT_EQ(0, memcmp(&new_before, &new,
						    sizeof(new)));
				continue;
			}
			restored++;
			EXPECT_EQ(image_size, machine_save(&new, bad)) {
				TH_LOG("byte %zu bit %u", at, bit);
			}
			EXPECT_EQ(0, memcmp(image2, bad, image_size));
			machine_init(_metadata, &new);
		}
	}
	EXPECT_GT(restored, 1000 / step);
	for (n = 0; n < image_size; n++) {
		memcpy(image2, image, n);
		fix_size(image2, n);
		EXPECT_TRUE(machine_refused(image2, n));
	}
}

/* Bug reports */

/*
 * The guest writes a BAR with decode off. After save and restore it switches
 * decode on, and the BAR is at the written address. A BAR at an allocated
 * range is still a claim.
 */
TEST(ch_7945)
{
	struct card *c = new.card;

	machine_init(_metadata, &old);
	machine_init(_metadata, &new);
	EXPECT_OK(vmr_pci_plug(&old.manager, &old.bridge.fn,
			       VMR_PCI_BDF(0, 1, 0)));
	EXPECT_OK(vmr_pci_plug(&old.manager, &old.card[0].fn, address[0]));
	EXPECT_OK(vmr_pci_plug(&old.manager, &old.card[1].fn, address[1]));
	EXPECT_OK(vmr_pci_bridge_plug(&old.bridge, &old.card[2].fn, 0));
	CFG(&old.card[0].fn, 0x10, 0xd0000000, 4);
	CFG(&old.card[0].fn, 0x04, 2, 2);
	EXPECT_EQ(0x40, mem_read(&old, 0xd0000100));
	/* The guest is in the middle of a move. */
	CFG(&old.card[0].fn, 0x04, 0, 2);
	CFG(&old.card[0].fn, 0x10, 0xd8000000, 4);
	/* Another card moves to the new address of the first one. */
	CFG(&old.card[1].fn, 0x10, 0xd9000000, 4);
	CFG(&old.card[1].fn, 0x18, 0xd8000000, 4);
	CFG(&old.card[1].fn, 0x04, 2, 2);
	CFG(&old.card[2].fn, 0x04, 2, 2);

	image_size = machine_save(&old, image);
	ASSERT_NE((size_t)0, image_size);
	EXPECT_OK(vmr_snapshot_restore(&new.snap, image, image_size));
	machine_register_restored(_metadata, &new);
	EXPECT_EQ(0xd8000000, get_le(c[0].fn.config + 0x10, 4));
	EXPECT_EQ(VMR_PARKED, vmr_range_state(&c[0].fn.bars[0].region.range));
	EXPECT_EQ(0x42, mem_read(&new, 0xd8000000));
	EXPECT_EQ(0xff, mem_read(&new, 0xd0000100));

	/*
	 * With decode on, the first card becomes a claim on the range of the
	 * other.
	 */
	CFG(&c[0].fn, 0x04, 2, 2);
	EXPECT_EQ(VMR_CLAIMED, vmr_range_state(&c[0].fn.bars[0].region.range));
	EXPECT_EQ(0x42, mem_read(&new, 0xd8000000));

	/* A second snapshot keeps the claim. */
	image_size = machine_save(&new, image);
	ASSERT_NE((size_t)0, image_size);
	machine_init(_metadata, &old);
	EXPECT_OK(vmr_snapshot_restore(&old.snap, image, image_size));
	machine_register_restored(_metadata, &old);
	CFG(&old.card[1].fn, 0x18, 0xda000000, 4);
	EXPECT_EQ(VMR_LIVE,
		  vmr_range_state(&old.card[0].fn.bars[0].region.range));
	EXPECT_EQ(0x40, mem_read(&old, 0xd8000100));
	EXPECT_EQ(0x42, mem_read(&old, 0xda000000));
}

/*
 * A restore that repeats the allocations loses some and places others
 * elsewhere. Every range must be restored at its address in its space. Later
 * allocations must have the same results on both sides.
 */
TEST(fc_5170)
{
	struct vmr_range more[2] = { { .start = 0 }, { .start = 0 } };
	struct vmr_range *a, *b;
	size_t i;

	machine_run(_metadata);
	/* The watermark matters here: an id in the middle has been freed. */
	EXPECT_OK(vmr_pci_unplug(&old.card[1].fn) < 0);
	EXPECT_OK(vmr_pci_plug(&old.manager, &old.card[1].fn, address[1]));
	CFG(&old.card[1].fn, 0x10, 0xd0000000, 4);
	CFG(&old.card[1].fn, 0x04, 2, 2);
	image_size = machine_save(&old, image);
	ASSERT_NE((size_t)0, image_size);
	EXPECT_OK(vmr_snapshot_restore(&new.snap, image, image_size));
	machine_register_restored(_metadata, &new);

	for (i = 0; (a = range_nr(&old, i)); i++) {
		b = range_nr(&new, i);
		EXPECT_EQ(vmr_range_state(a), vmr_range_state(b)) {
			TH_LOG("range %zu", i);
		}
		if (!vmr_range_state(a))
			continue;
		EXPECT_EQ(a->start, b->start);
		EXPECT_EQ(a->last, b->last);
	}
	for (i = 0; i < VMR_SNAPSHOT_NR_SPACES + 3; i++) {
		const struct vmr_snapshot_space *s = &old.spaces[i];
		const struct vmr_snapshot_space *t = &new.spaces[i];

		more[0].type = s->space->type;
		more[1].type = t->space->type;
		EXPECT_EQ(s->space->nr_ranges, t->space->nr_ranges);
		EXPECT_EQ(s->space->nr_claims, t->space->nr_claims);
		EXPECT_EQ(s->space->used, t->space->used);
		if (s->high_watermark)
			EXPECT_EQ(*s->high_watermark, *t->high_watermark);
		EXPECT_VALID(t->space);
		/* The next automatic placement */
		EXPECT_EQ(vmr_alloc(s->space, &more[0],
				    &(struct vmr_request)VMR_REQUEST(1, 1),
				    NULL),
			  vmr_alloc(t->space, &more[1],
				    &(struct vmr_request)VMR_REQUEST(1, 1),
				    NULL));
		EXPECT_EQ(more[0].start, more[1].start);
		vmr_free(s->space, &more[0]);
		vmr_free(t->space, &more[1]);
	}
	EXPECT_EQ(image_size, machine_save(&new, image2));
	EXPECT_EQ(0, memcmp(image, image2, image_size));
}

/*
 * A snapshot contains impossible interrupt numbers. The restore must refuse it
 * before an unplug can free numbers that were never allocated. The machine is
 * usable afterwards.
 */
TEST(fc_5952)
{
	struct card *c = old.card;
	size_t msi, msix, irqs;

	machine_run(_metadata);
	image_size = machine_save(&old, image);
	ASSERT_NE((size_t)0, image_size);
	msi = record(&c[0].msi.range);
	msix = record(&c[0].vectors[2].range);
	ASSERT_NE((size_t)0, msi);
	ASSERT_NE((size_t)0, msix);
	/* Above the last number */
	EXPECT_IMAGE_REFUSED(msix + 16, 1024, 8);
	EXPECT_IMAGE_REFUSED(msix + 16, VMR_ADDR_MAX, 8);
	memcpy(image2, image, image_size);
	put_le(image2 + msix + 8, 4000, 8);
	put_le(image2 + msix + 16, 4000, 8);
	fix_checksum(image2, image_size);
	EXPECT_TRUE(machine_refused(image2, image_size));
	/* A number of another function, more than one number, none */
	EXPECT_IMAGE_REFUSED(msix + 8, get_le(image + msi + 8, 8), 8);
	EXPECT_IMAGE_REFUSED(msix + 16, get_le(image + msix + 16, 8) + 1, 8);
	EXPECT_IMAGE_REFUSED(msi + 16, get_le(image + msi + 8, 8), 8);
	memcpy(image2, image, image_size);
	put_le(image2 + msi, 5000, 8);
	fix_checksum(image2, image_size);
	EXPECT_TRUE(machine_fails(image2, image_size, -ENODEV));
	/* A number at or above the watermark */
	irqs = msi - 48;
	ASSERT_EQ(VMR_SNAPSHOT_IRQS, get_le(image + irqs, 4));
	EXPECT_IMAGE_REFUSED(irqs + 24, 4, 8);
	EXPECT_IMAGE_REFUSED(irqs + 24, 0, 8);
	/* Fewer numbers than functions use */
	EXPECT_IMAGE_REFUSED(irqs + 32, 1, 8);

	/* The machine is usable. */
	EXPECT_OK(vmr_pci_plug(&new.manager, &new.card[0].fn, address[0]));
	CFG(&new.card[0].fn, MSI_CAP + 2, 1, 2);
	EXPECT_EQ(0, vmr_pci_unplug(&new.card[0].fn));
	EXPECT_EQ(NULL, vmr_first_range(&new.sys.irqs.space));
	/* It accepts the valid snapshot, and its functions can be unplugged. */
	EXPECT_OK(vmr_snapshot_restore(&new.snap, image, image_size));
	machine_register_restored(_metadata, &new);
	EXPECT_EQ(4, vmr_pci_unplug(&new.card[0].fn));
	EXPECT_EQ(NULL, vmr_first_range(&new.sys.irqs.space));
}

/*
 * Firecracker 6136, for snapshots: unplugging leaks nothing, on the saved
 * machine and on the restored one. A snapshot whose BAR register and range
 * differ is refused.
 */
TEST(snapshot_fc_6136_unplug_leaks_nothing)
{
	struct machine *both[2] = { &old, &new };
	uint64_t key;
	int m, i;

	machine_run(_metadata);
	image_size = machine_save(&old, image);
	ASSERT_NE((size_t)0, image_size);
	/* The range differs from the register. */
	memcpy(image2, image, image_size);
	i = record(&old.card[0].fn.bars[1].region.range);
	put_le(image2 + i + 8, 0xc020, 8);
	put_le(image2 + i + 16, 0xc03f, 8);
	fix_checksum(image2, image_size);
	EXPECT_TRUE(machine_refused(image2, image_size));
	/* The register differs from the range. */
	EXPECT_IMAGE_REFUSED(block_of_card(0) + 0x14, 0xc021, 4);
	/* The range is missing. */
	key = machine_key(&old.snap, 0, &old.card[1].fn.bars[1].region.range);
	EXPECT_IMAGE_REFUSED(i, key, 8);

	EXPECT_OK(vmr_snapshot_restore(&new.snap, image, image_size));
	machine_register_restored(_metadata, &new);
	for (m = 0; m < 2; m++) {
		for (i = CARDS - 1; i >= 0; i--)
			EXPECT_LE(0, vmr_pci_unplug(&both[m]->card[i].fn));
		EXPECT_LE(0, vmr_pci_unplug(&both[m]->bridge.fn));
		for (i = 0; i < VMR_SNAPSHOT_NR_SPACES + 3; i++) {
			EXPECT_EQ(0, both[m]->spaces[i].space->nr_ranges) {
				TH_LOG("machine %d, space %d", m, i);
			}
			EXPECT_EQ(0, both[m]->spaces[i].space->nr_claims);
		}
		for (i = 0; range_nr(both[m], i); i++)
			EXPECT_EQ(VMR_FREE,
				  vmr_range_state(range_nr(both[m], i)));
	}
	/* The same addresses can be allocated again. */
	EXPECT_OK(vmr_pci_plug(&new.manager, &new.card[0].fn, address[0]));
	CFG(&new.card[0].fn, 0x10, 0xd0000000, 4);
	CFG(&new.card[0].fn, 0x04, 2, 2);
	EXPECT_EQ(0x40, mem_read(&new, 0xd0000100));
}

TEST_HARNESS_MAIN

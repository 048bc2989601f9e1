// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * snapshot.c - proofs that the check of a snapshot reads nothing outside its bytes
 *
 * The bytes and their number are any. The steps are proved one by one: what one step
 * requires, the one before has established. The tree of keys holds nodes whose records
 * are inside; one node, which is its own child, stands for each of them.
 */
#include "prove.h"

#include "snapshot/snapshot.c"
#include "snapshot/snapshot_check.c"

static struct vmr_restore_ctx ctx;
static struct vmr_records records;
static struct vmr_snapshot snap;
static struct vmr_snapshot_space spaces[1];
static struct vmr_space space;
static struct vmr_range node;
static struct vmr_id_pool pool;

static void any_node(void)
{
	uint64_t at = any_u64();

	assume(at <= ctx.end - LIVE_SIZE);
	node.subtree_orders = at << 1 | any_bool();
	node.node.left = any_bool() ? &node.node : NULL;
	node.node.right = any_bool() ? &node.node : NULL;
}

static void any_snapshot(void)
{
	uint64_t size = any_u64();

	assume(size >= HEAD_SIZE + CHECKSUM_SIZE && size < 1ull << 63);
	ctx.bytes = any_bytes(size);
	ctx.end = size - CHECKSUM_SIZE;
	ctx.at = any_u64();
	assume(ctx.at <= ctx.end);
	ctx.snap = &snap;
	snap.spaces = spaces;
	spaces[0].space = &space;
	spaces[0].high_watermark = any_bool() ? &pool.high_watermark : NULL;
	space.start = any_u64();
	space.last = any_u64();
}

static bool records_are_inside(void)
{
	return records.live <= ctx.at && records.claims <= ctx.at &&
	       ctx.at <= ctx.end &&
	       records.nr_live <= (ctx.end - records.live) / LIVE_SIZE &&
	       records.nr_claims <= (ctx.end - records.claims) / CLAIM_SIZE;
}

static void any_records(void)
{
	any_snapshot();
	records.live = any_u64();
	records.claims = any_u64();
	records.nr_live = any_u64();
	records.nr_claims = any_u64();
	assume(records_are_inside());
}

/* The tree reads the key of a record, and a callback answers */
int stub_add_node(struct vmr_restore_ctx *c, size_t index, bool claim,
		  const uint8_t *record)
{
	(void)get_le64(record + OFF_KEY);
	return any_bool() ? -EBADMSG : 0;
}

/* The first and the last byte of what is compared */
int stub_memcmp(const void *a, const void *b, size_t size)
{
	const uint8_t *bytes = a;

	return bytes[0] + bytes[size - 1];
}

static const uint8_t *summed;
static size_t summed_size;

bool invariant_of_vmr_snapshot_checksum(const uint8_t *bytes, size_t size)
{
	return size <= summed_size && bytes == summed + (summed_size - size);
}

bool invariant_of_all_zero(const uint8_t *bytes, size_t size)
{
	return size <= summed_size && bytes == summed + (summed_size - size);
}

bool invariant_of_find_key(void) { return true; }
bool invariant_of_check_live_records(void) { return true; }
bool invariant_of_check_claim_records(void) { return true; }

/* The first loop counts ages, at most one for each claim */
bool invariant_1_of_check_ages(uint64_t nr, size_t i)
{
	return nr <= i && i <= records.nr_claims;
}

bool invariant_2_of_check_ages(uint64_t nr)
{
	return nr <= records.nr_claims;
}

void prove_snapshot_read_space(void)
{
	size_t at;
	bool inside;

	any_snapshot();
	at = ctx.at;
	inside = vmr_restore_read_space(&ctx, &records);
	prove(ctx.at >= at && ctx.at <= ctx.end, "the position stays inside");
	if (inside) {
		prove(records_are_inside(), "each record is inside");
		prove(ctx.end - at >= SPACE_SIZE, "the header is inside");
	}
}

void prove_snapshot_space_header(void)
{
	any_snapshot();
	assume(ctx.end - ctx.at >= SPACE_SIZE);
	(void)check_space_header(&spaces[0], ctx.bytes + ctx.at);
}

void prove_snapshot_live_records(void)
{
	any_records();
	(void)check_live_records(&ctx, 0, &records, any_u64());
	prove(records_are_inside(), "each record is inside afterwards");
}

void prove_snapshot_claim_records(void)
{
	any_records();
	(void)check_claim_records(&ctx, 0, &records);
	prove(records_are_inside(), "each record is inside afterwards");
}

/* The node of a record that was added */
struct vmr_range *stub_find_key(const struct vmr_restore_ctx *c, uint64_t key)
{
	return &node;
}

void prove_snapshot_ages(void)
{
	any_records();
	any_node();
	(void)check_ages(&ctx, &records);
	prove(records_are_inside(), "each record is inside afterwards");
}

void prove_snapshot_find_key(void)
{
	any_snapshot();
	assume(ctx.end >= LIVE_SIZE);
	any_node();
	ctx.keys.rb_node = any_bool() ? (struct rb_node *)&node.node : NULL;
	(void)find_key(&ctx, any_u64());
}

void prove_snapshot_checksum(void)
{
	summed_size = any_u64();
	summed = any_bytes(summed_size);
	(void)vmr_snapshot_checksum(summed, summed_size);
}

void prove_snapshot_header(void)
{
	uint64_t size = any_u64();

	ctx.bytes = any_bytes(size);
	summed = ctx.bytes;
	summed_size = size - CHECKSUM_SIZE;
	ctx.snap = &snap;
	if (check_header(&ctx, size))
		return;
	prove(ctx.at <= ctx.end && ctx.end == size - CHECKSUM_SIZE && size >= CHECKSUM_SIZE,
	      "the position and the end are inside");
}

void prove_snapshot_block(void)
{
	static struct vmr_snapshot_block block;
	static uint64_t at, size, padding;

	any_snapshot();
	block.key = any_u64();
	block.size = any_u64();
	at = ctx.at;
	if (ctx.end - at >= BLOCK_SIZE) {
		size = get_le64(ctx.bytes + at + 8);
		padding = vmr_block_padding(size);
		summed = ctx.bytes + at + BLOCK_SIZE + size;
		summed_size = padding;
	}
	if (check_block(&ctx, &block))
		return;
	prove(ctx.at == at + BLOCK_SIZE + size + padding && ctx.at <= ctx.end,
	      "the position is behind the padding and inside");
	prove(ctx.end - at - BLOCK_SIZE >= size, "the saved bytes are inside");
}

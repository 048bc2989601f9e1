// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * snapshot_restore.c - the second pass of a restore
 *
 * The pass moves the nodes from the tree of keys into their spaces. It calls no
 * callback of the caller that can refuse, and cannot fail.
 */
#include "snapshot.h"

bool vmr_restore_find_space(const struct vmr_restore_ctx *ctx,
			    const struct vmr_space *space,
			    struct vmr_records *r)
{
	struct vmr_restore_ctx walk = *ctx;
	size_t i;

	/* The spaces have been checked: reading them again does not fail */
	walk.at = HEAD_SIZE;
	for (i = 0; i < ctx->snap->nr_spaces; i++) {
		vmr_restore_read_space(&walk, r);
		if (ctx->snap->spaces[i].space == space)
			return true;
	}
	return false;
}

static void restore_space(struct vmr_restore_ctx *ctx, size_t index)
{
	struct vmr_space *space = ctx->snap->spaces[index].space;
	struct vmr_record record;
	struct vmr_records r;
	size_t i;

	vmr_restore_read_space(ctx, &r);
	for (i = 0; i < r.nr_live; i++) {
		vmr_read_live(ctx, &r, i, &record);
		vmr_restore_live(space,
				 vmr_restore_remove_node(ctx, record.key),
				 record.start, record.last);
	}
	for (i = 0; i < r.nr_claims; i++) {
		vmr_read_claim(ctx, &r, i, &record);
		vmr_restore_claim(space,
				  vmr_restore_remove_node(ctx, record.key),
				  record.start, record.last, record.age);
	}
}

/* One write section for all spaces; sections of a shared sequence count nest */
static void restore_spaces(struct vmr_restore_ctx *ctx)
{
	const struct vmr_snapshot *snap = ctx->snap;
	size_t i;

	for (i = 0; i < snap->nr_spaces; i++)
		vmr_seqcount_write_begin(snap->spaces[i].space->seq);
	for (i = 0; i < snap->nr_spaces; i++) {
		const uint8_t *head = ctx->bytes + ctx->at;

		restore_space(ctx, i);
		if (snap->spaces[i].high_watermark)
			*snap->spaces[i].high_watermark =
				get_le64(head + OFF_MARK);
	}
	for (i = snap->nr_spaces; i-- > 0; )
		vmr_seqcount_write_end(snap->spaces[i].space->seq);
}

static void restore_blocks(struct vmr_restore_ctx *ctx)
{
	const struct vmr_snapshot *snap = ctx->snap;
	size_t i;

	for (i = 0; i < snap->nr_blocks; i++) {
		const struct vmr_snapshot_block *block = &snap->blocks[i];
		size_t size = vmr_block_size(block);

		ctx->at += BLOCK_SIZE;
		if (block->ops)
			block->ops->restore(block, ctx->bytes + ctx->at);
		else if (size)
			memcpy(block->bytes, ctx->bytes + ctx->at, size);
		ctx->at += size + vmr_block_padding(size);
	}
}

static bool all_empty(const struct vmr_snapshot *snap)
{
	size_t i;

	for (i = 0; i < snap->nr_spaces; i++)
		if (snap->spaces[i].space->nr_ranges ||
		    snap->spaces[i].space->nr_claims)
			return false;
	return true;
}

int vmr_snapshot_restore(const struct vmr_snapshot *snap, const void *buf,
			 size_t size)
{
	struct vmr_restore_ctx ctx = { .snap = snap, .bytes = buf };
	int ret;

	if (!vmr_snapshot_valid(snap) || !buf || !snap->ops->key_to_range)
		return -EINVAL;
	if (!all_empty(snap))
		return -EBUSY;
	ret = vmr_restore_check(&ctx, size);
	if (ret) {
		vmr_restore_release_nodes(&ctx);
		return ret;
	}
	ctx.at = HEAD_SIZE;
	restore_spaces(&ctx);
	VMR_ASSERT(!ctx.keys.rb_node);
	restore_blocks(&ctx);
	VMR_ASSERT(ctx.at == ctx.end);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_snapshot_restore);

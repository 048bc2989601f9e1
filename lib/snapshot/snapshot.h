/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * snapshot.h - private declarations of the snapshot layer
 *
 * The format is described in <vmalloc/snapshot.h>.
 */
#ifndef VMR_LIB_SNAPSHOT_SNAPSHOT_H
#define VMR_LIB_SNAPSHOT_SNAPSHOT_H

#include <linux/rbtree.h>

#include "base/unaligned.h"
#include "range/engine.h"

#include <vmalloc/snapshot.h>

#define HEAD_SIZE	32
#define SPACE_SIZE	48
#define LIVE_SIZE	24
#define CLAIM_SIZE	32
#define BLOCK_SIZE	16
#define CHECKSUM_SIZE	4

/* Offsets in the header */
#define OFF_VERSION	8
#define OFF_ZERO	12
#define OFF_TOTAL	16
#define OFF_NR_SPACES	24
#define OFF_NR_BLOCKS	28

/* Offsets in a space */
#define OFF_HAS_MARK	4
#define OFF_FIRST	8
#define OFF_LAST	16
#define OFF_MARK	24
#define OFF_NR_LIVE	32
#define OFF_NR_CLAIMS	40

/* Offsets in a record */
#define OFF_KEY		0
#define OFF_START	8
#define OFF_END		16
#define OFF_AGE		24

/**
 * struct vmr_restore_ctx - a snapshot that is being restored
 * @snap: the caller's description of the contents
 * @bytes: the snapshot
 * @at: offset of the next byte to read
 * @end: offset of the checksum
 * @keys: the nodes that @key_to_range returned, by key
 */
struct vmr_restore_ctx {
	const struct vmr_snapshot	*snap;
	const uint8_t			*bytes;
	size_t				at;
	size_t				end;
	struct rb_root			keys;
};

struct vmr_record {
	uint64_t	key;
	uint64_t	start;
	uint64_t	last;
	uint64_t	age;	/* 0 in a live record */
};

/* The offsets and the numbers of the records of a space */
struct vmr_records {
	size_t	live;
	size_t	nr_live;
	size_t	claims;
	size_t	nr_claims;
};

/* snapshot.c */
extern const uint8_t vmr_snapshot_magic[8];

uint32_t vmr_snapshot_checksum(const uint8_t *bytes, size_t size);
bool vmr_snapshot_valid(const struct vmr_snapshot *snap);
size_t vmr_block_size(const struct vmr_snapshot_block *block);

/* The number of bytes that pad a block of @size bytes to a multiple of 8 */
static inline size_t vmr_block_padding(uint64_t size)
{
	return -size & 7;
}

/*
 * snapshot_check.c, the first pass: check the snapshot and collect the nodes in
 * @ctx->keys. On failure, the caller releases them. Returns 0, -EBADMSG or -ENODEV.
 */
int vmr_restore_check(struct vmr_restore_ctx *ctx, size_t size);
void vmr_restore_release_nodes(struct vmr_restore_ctx *ctx);

/*
 * snapshot_restore.c, snapshot_check.c, for the checks of blocks: the records of a
 * space, false if the snapshot does not have it, and the node of a live record
 */
bool vmr_restore_find_space(const struct vmr_restore_ctx *ctx,
			    const struct vmr_space *space,
			    struct vmr_records *r);
struct vmr_range *vmr_restore_live_node(const struct vmr_restore_ctx *ctx,
					const struct vmr_records *r,
					size_t index);

/*
 * snapshot_check.c, for the second pass: read the records, and remove nodes from
 * @ctx->keys
 */
bool vmr_restore_read_space(struct vmr_restore_ctx *ctx, struct vmr_records *r);
struct vmr_range *vmr_restore_remove_node(struct vmr_restore_ctx *ctx,
					  uint64_t key);
void vmr_read_live(const struct vmr_restore_ctx *ctx,
		   const struct vmr_records *r, size_t index,
		   struct vmr_record *record);
void vmr_read_claim(const struct vmr_restore_ctx *ctx,
		    const struct vmr_records *r, size_t index,
		    struct vmr_record *record);

#endif /* VMR_LIB_SNAPSHOT_SNAPSHOT_H */

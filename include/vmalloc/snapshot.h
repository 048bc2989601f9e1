/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * snapshot.h - the state of spaces as bytes, and back
 *
 * A snapshot holds every range of a set of spaces, how far their ids were handed
 * out, and blocks of registers. It is restored whole or not at all, into spaces
 * with the same bounds and into nodes that the restoring side supplies by key.
 *
 * Who shares an interrupt line is in no space and so in no snapshot; the line is.
 * After a restore a fixed VMR_SHARED request to vmr_system_alloc_resources(), which needs
 * no memory but the sharer's, joins it again, and vmr_device_register_restored() finds it done. In
 * what order they joined makes no difference but to vmr_next_irq_share().
 *
 * Restoring trusts nothing: the bytes may come from anybody. What is not exactly
 * what saving a possible state writes is refused, and then nothing has changed.
 *
 * Locking: all of this is the writer's side. A restore is one step for lookups
 * in spaces that share their counter.
 */
#ifndef VMALLOC_SNAPSHOT_H
#define VMALLOC_SNAPSHOT_H

#include <vmalloc/device.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * DOC: Snapshot format, version 1
 *
 * All numbers are unsigned and little-endian. A snapshot is a header, the
 * spaces, the blocks and a checksum, with nothing in between or behind.
 *
 * The header is 32 bytes: at 0 the 8 bytes "VMRSNAP" and 0; at 8 the version as
 * 32 bits; at 12 32 bits of 0; at 16 the size of the whole snapshot as 64 bits;
 * at 24 the number of spaces and at 28 that of blocks, 32 bits each.
 *
 * A space is 48 bytes and its records. At 0 is its id as 32 bits; at 4 as 32
 * bits 1 if it is a pool of ids with a mark and else 0; then 64 bits each: at 8
 * and 16 its first and last address, at 24 the mark (one more than the highest id
 * ever handed out, 0 if none was), at 32 the number of live records, at 40 that of
 * claims. The live records follow, ascending, each three times 64 bits: key, first
 * and last address. Then the claims, ascending by first address and those with
 * the same one in the order in which they were made, each four times 64 bits: key,
 * first and last wanted address, age. The age counts the claims of the space from
 * 1, the oldest, and is 0 for a parked range.
 *
 * A block is 64 bits of key, 64 bits of size, its bytes, and as many bytes of 0
 * as make that a multiple of 8.
 *
 * The checksum is 32 bits: CRC-32C (Castagnoli, as in iSCSI) of all before it.
 *
 * Spaces ascend by id, blocks by key. No key of a record occurs twice in a
 * snapshot; those of blocks are counted apart. So one state has one snapshot, and
 * two states are equal if their bytes are.
 */

#define VMR_SNAPSHOT_VERSION	1

struct vmr_snapshot;
struct vmr_restore_ctx;

/**
 * struct vmr_snapshot_ops - how ranges and their keys are found
 * @range_to_key: the key of @range, which is live, claimed or parked in the space
 *	that has the id @space. Any number, the same each time it is asked, and
 *	no other range's of the snapshot. Only saving needs it
 * @key_to_range: the node that shall be what the range with this key was. It is in no
 *	space, and if it was in one, drained. NULL if there is no such key here,
 *	which refuses the snapshot. Only restoring needs it
 *
 * They may not change a space or link a node.
 */
struct vmr_snapshot_ops {
	uint64_t (*range_to_key)(const struct vmr_snapshot *snap, uint32_t space,
			   const struct vmr_range *range);
	struct vmr_range *(*key_to_range)(const struct vmr_snapshot *snap,
				     uint32_t space, uint64_t key);
};

/**
 * struct vmr_snapshot_space - a space that is part of a snapshot
 * @space: the space; of a struct vmr_id_pool, its @space
 * @high_watermark: of a struct vmr_id_pool, its @high_watermark; else NULL
 * @id: its number in the snapshot, above the one before
 */
struct vmr_snapshot_space {
	struct vmr_space	*space;
	uint64_t		*high_watermark;
	uint32_t		id;
};

struct vmr_snapshot_block;

/**
 * struct vmr_snapshot_block_ops - operations of a block of registers
 * @size: the number of bytes
 * @consistent: whether the registers agree with the ranges that follow them; a
 *	state that does not is not saved
 * @save: store the registers at @bytes, not aligned
 * @check: whether the saved registers @saved agree with the owner and with the
 *	saved ranges, see vmr_snapshot_find_range()
 * @restore: load the registers, which @check has accepted
 *
 * None of them may change a space or link a node.
 */
struct vmr_snapshot_block_ops {
	size_t (*size)(const struct vmr_snapshot_block *block);
	bool (*consistent)(const struct vmr_snapshot_block *block);
	void (*save)(const struct vmr_snapshot_block *block, uint8_t *bytes);
	bool (*check)(const struct vmr_snapshot_block *block,
		      const uint8_t *saved, const struct vmr_restore_ctx *ctx);
	void (*restore)(const struct vmr_snapshot_block *block,
			const uint8_t *saved);
};

/**
 * struct vmr_snapshot_block - registers that are part of a snapshot
 * @key: its number in the snapshot, above the one before
 * @bytes: the registers; restoring writes them
 * @size: how many bytes; a snapshot with another number is refused
 * @check: whether the saved registers @saved, not aligned, go with where @view
 *	says that ranges were; false refuses the snapshot. Asked when all ranges
 *	have been checked, and only if that went well. May be NULL
 * @ops: the operations of a block whose registers are not @bytes and @size, such as
 *	vmr_snapshot_describe_pci() makes; NULL for @bytes and @size
 * @owner: the object whose registers the operations save; NULL without @ops
 * @sys: the system of @owner; NULL without @ops
 */
struct vmr_snapshot_block {
	uint64_t		key;
	void			*bytes;
	size_t			size;
	bool (*check)(const struct vmr_snapshot_block *block,
		      const uint8_t *saved,
		      const struct vmr_restore_ctx *view);
	const struct vmr_snapshot_block_ops *ops;
	void			*owner;
	struct vmr_system	*sys;
};

/**
 * struct vmr_snapshot - what is in a snapshot, in memory of the caller's
 * @ops: how ranges and their keys are found
 * @spaces: the spaces, by ascending id, none of them twice
 * @nr_spaces: how many; to look for one that is there twice takes the square of
 *	that
 * @blocks: the registers, by ascending key
 * @nr_blocks: how many
 *
 * Where it is embedded is where container_of() leads @ops to. The restoring side
 * describes the same spaces and blocks as the saving side.
 */
struct vmr_snapshot {
	const struct vmr_snapshot_ops	*ops;
	const struct vmr_snapshot_space	*spaces;
	size_t				nr_spaces;
	const struct vmr_snapshot_block	*blocks;
	size_t				nr_blocks;
};

/**
 * struct vmr_snapshot_range - where a snapshot says that a range was
 * @space: the space
 * @start: first address
 * @last: last address, included
 */
struct vmr_snapshot_range {
	const struct vmr_space	*space;
	uint64_t		start;
	uint64_t		last;
};

/**
 * enum vmr_snapshot_id - the ids of the spaces of a struct vmr_system
 * @VMR_SNAPSHOT_PIO: I/O ports
 * @VMR_SNAPSHOT_MMIO: guest physical addresses
 * @VMR_SNAPSHOT_IRQS: interrupt numbers
 * @VMR_SNAPSHOT_SLOTS: KVM memory slots
 * @VMR_SNAPSHOT_PCI: PCI addresses
 * @VMR_SNAPSHOT_IDS: device instance ids
 * @VMR_SNAPSHOT_VECTORS: interrupt numbers for messages, where they are apart
 * @VMR_SNAPSHOT_NR_SPACES: how many there are
 * @VMR_SNAPSHOT_FIRST_USER: first of the ids that a caller gives
 */
enum vmr_snapshot_id {
	VMR_SNAPSHOT_PIO,
	VMR_SNAPSHOT_MMIO,
	VMR_SNAPSHOT_IRQS,
	VMR_SNAPSHOT_SLOTS,
	VMR_SNAPSHOT_PCI,
	VMR_SNAPSHOT_IDS,
	VMR_SNAPSHOT_VECTORS,
	VMR_SNAPSHOT_NR_SPACES,
	VMR_SNAPSHOT_FIRST_USER = 16,
};

/**
 * vmr_snapshot_describe_system - describe all spaces of a system
 * @spaces: where to store VMR_SNAPSHOT_NR_SPACES of them
 * @sys: the system
 *
 * Return: 0, or -EINVAL if a pointer is NULL.
 */
int vmr_snapshot_describe_system(struct vmr_snapshot_space *spaces,
			struct vmr_system *sys);

/**
 * vmr_snapshot_describe_bus - describe the spaces of a bus
 * @spaces: where to store two of them, ports first
 * @bus: the bus
 * @id: the id of the first, from VMR_SNAPSHOT_FIRST_USER; the second has the next
 *
 * Return: 0, or -EINVAL if a pointer is NULL or @id is one of a system's spaces.
 */
int vmr_snapshot_describe_bus(struct vmr_snapshot_space *spaces, struct vmr_bus *bus,
		     uint32_t id);

/**
 * vmr_snapshot_size - how many bytes vmr_snapshot_save() will write
 * @snap: what is to be saved
 * @size: where to store it; the number holds until a range enters or leaves one
 *	of the spaces
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL; the spaces do not ascend by id, one is there
 *    twice, or one with a mark ends at 2^64-1; the blocks do not ascend by key,
 *    or one has no bytes;
 *  - -EOVERFLOW: no memory could hold it.
 */
int vmr_snapshot_size(const struct vmr_snapshot *snap, size_t *size);

/**
 * vmr_snapshot_save - write a snapshot
 * @snap: what is to be saved
 * @buf: where to; not aligned
 * @size: how many bytes there are
 * @written: where to store how many bytes the snapshot has
 *
 * What it writes, vmr_snapshot_restore() takes. It sorts in @buf and so takes
 * O(n log n) for n ranges, and no memory.
 *
 * Return: 0, or
 *  - -EINVAL: as vmr_snapshot_size(), or there is no @key_of;
 *  - -EOVERFLOW: as vmr_snapshot_size();
 *  - -ENOSPC: @size is less than vmr_snapshot_size() says;
 *  - -EAGAIN: all of a claim's place is free; call vmr_settle() first;
 *  - -EBADMSG: the ranges of a PCI function are not where its registers say, so
 *    that the snapshot could not be restored;
 *  - -EEXIST: two ranges have one key. There is no place but @buf to find that
 *    out in, so it is the one failure that leaves its mark there: zeroes.
 */
int vmr_snapshot_save(const struct vmr_snapshot *snap, void *buf, size_t size,
	     size_t *written);

/**
 * vmr_snapshot_restore - make everything as a snapshot says, or change nothing
 * @snap: what is to be restored
 * @buf: the snapshot, which nobody changes meanwhile; not aligned
 * @size: how many bytes it has
 *
 * Afterwards ranges, claims and their order of age, marks of ids and registers
 * are as they were saved, and saving writes the same bytes again. Devices are not
 * part of a snapshot: vmr_device_register_restored() registers them with the places that they have.
 * Nobody is told of anything here; adopting tells. Takes O(n log n) for n ranges.
 *
 * Return: 0, or
 *  - -EINVAL: as vmr_snapshot_size(), or @buf is NULL, or there is no @node_of;
 *  - -EBUSY: one of the spaces is not empty;
 *  - -EBADMSG: the snapshot is malformed, or of a version that is not known, or
 *    of other spaces or blocks; @node_of gave no node, one that is linked, or
 *    one twice; or a check of a block failed. Every node is as before.
 */
int vmr_snapshot_restore(const struct vmr_snapshot *snap, const void *buf, size_t size);

/**
 * vmr_snapshot_find_range - where a range was, for the check of a block
 * @view: what the check was given
 * @range: the node that @node_of gave for it
 * @place: where to store its place, or NULL; left alone for VMR_FREE
 *
 * Return: its state; VMR_FREE if no saved range is restored into @range.
 */
enum vmr_state vmr_snapshot_find_range(const struct vmr_restore_ctx *view,
				  const struct vmr_range *range,
				  struct vmr_snapshot_range *place);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_SNAPSHOT_H */

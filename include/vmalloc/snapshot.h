/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * snapshot.h - save and restore the state of spaces
 */
#ifndef VMALLOC_SNAPSHOT_H
#define VMALLOC_SNAPSHOT_H

#include <vmalloc/device.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * DOC: Overview
 *
 * A snapshot contains every range of a set of spaces, the watermarks of their ids,
 * and blocks of registers. A restore is complete or changes nothing. It restores
 * into spaces with the same bounds, and into nodes that the restoring program
 * supplies by key.
 *
 * The interrupt line of a shared interrupt is in a space and in the snapshot; its
 * shares are not. After a restore, a fixed VMR_SHARED request to
 * vmr_system_alloc_resources() adds a share again, before
 * vmr_device_register_restored(). The order affects only vmr_next_irq_share().
 *
 * The bytes of a snapshot are untrusted input. A restore refuses all bytes that a
 * save of some valid state cannot write. The restoring program decides which space
 * each node enters, and which ranges the machine has at fixed places. The snapshot
 * decides neither.
 *
 * The caller embeds a struct vmr_snapshot in its own struct, and its callbacks
 * return to that struct with container_of(). The caller provides the buffer. The
 * library allocates no memory: it sorts in the buffer that it writes, and links the
 * nodes that it restores.
 *
 * All calls are update-side calls, and the caller serialises them. A restore is
 * atomic for lookups in spaces that share their sequence count.
 *
 * Saving and restoring n ranges takes O(n log n).
 */

/**
 * DOC: Snapshot format, version 2
 *
 * All numbers are unsigned and little-endian. A snapshot is a header, the spaces,
 * the blocks and a checksum, without gaps and without trailing bytes.
 *
 * The header is 32 bytes: at 0 the 8 bytes "VMRSNAP" and 0; at 8 the version as
 * 32 bits; at 12 32 bits of 0; at 16 the size of the whole snapshot as 64 bits;
 * at 24 the number of spaces and at 28 the number of blocks, 32 bits each.
 *
 * A space is 48 bytes and its records. At 0 is its id as 32 bits. At 4 are 32 bits:
 * 1 for a pool of ids with a watermark, else 0. Then follow 64 bits each: at 8 and
 * 16 the first and last address, at 24 the watermark (one more than the highest id
 * ever allocated, or 0), at 32 the number of live records, at 40 the number of
 * claims.
 *
 * The live records follow in ascending order. Each is three times 64 bits: key,
 * first and last address. Then the claims follow, by ascending first address, and
 * for equal addresses from the oldest to the youngest. Each is four times 64 bits:
 * key, first and last requested address, age. The age counts the claims of the
 * space from 1, the oldest. A parked range is a claim of age 0.
 *
 * A block is 64 bits of key, 64 bits of size, its bytes, and bytes of 0 that pad
 * it to a multiple of 8.
 *
 * The checksum is 32 bits: CRC-32C (Castagnoli, as in iSCSI) of all bytes before
 * it.
 *
 * Spaces ascend by id, blocks by key. The keys of the records are unique in a
 * snapshot, and so are the keys of the blocks. A state therefore has exactly one
 * snapshot, and two states are equal if their snapshots are equal.
 */

#define VMR_SNAPSHOT_VERSION	2

struct vmr_snapshot;
struct vmr_restore_ctx;

/**
 * struct vmr_snapshot_ops - translation between ranges and keys
 * @range_to_key: return the key of @range, which is live, claimed or parked in the
 *	space with the id @space. The key is any number that is unique in the
 *	snapshot and does not change between calls. Only saving calls it
 * @key_to_range: return the node to restore the range with the key @key into, and
 *	store at @space the id of the space that the node belongs to. The snapshot
 *	is refused if its record is in another space. The node is in no space; if it
 *	has been in one, it is drained. Return NULL for an unknown key, which
 *	refuses the snapshot. Only restoring calls it
 *
 * The callbacks must neither change a space nor link a node.
 */
struct vmr_snapshot_ops {
	uint64_t (*range_to_key)(const struct vmr_snapshot *snap, uint32_t space,
				 const struct vmr_range *range);
	struct vmr_range *(*key_to_range)(const struct vmr_snapshot *snap,
					  uint64_t key, uint32_t *space);
};

/**
 * struct vmr_snapshot_space - a space in a snapshot
 * @space: the space; for a struct vmr_id_pool, its @space
 * @high_watermark: for a struct vmr_id_pool, its @high_watermark; else NULL
 * @id: its number in the snapshot, in ascending order
 */
struct vmr_snapshot_space {
	struct vmr_space	*space;
	uint64_t		*high_watermark;
	uint32_t		id;
};

struct vmr_snapshot_block;

/**
 * struct vmr_snapshot_block_ops - operations of a block of registers
 * @size: return the number of bytes
 * @consistent: return whether the registers agree with their ranges; if not, the
 *	state cannot be saved
 * @save: store the registers at @bytes, which is not aligned
 * @match: return whether the saved registers @saved belong to an object of the same
 *	kind and sizes as the owner; false is -ENODEV. Called before @check. May be
 *	NULL
 * @check: return whether the saved registers @saved agree with the owner and with
 *	the saved ranges, see vmr_snapshot_find_range()
 * @restore: load the registers, which @check has accepted
 *
 * The operations must neither change a space nor link a node.
 */
struct vmr_snapshot_block_ops {
	size_t (*size)(const struct vmr_snapshot_block *block);
	bool (*consistent)(const struct vmr_snapshot_block *block);
	void (*save)(const struct vmr_snapshot_block *block, uint8_t *bytes);
	bool (*match)(const struct vmr_snapshot_block *block,
		      const uint8_t *saved);
	bool (*check)(const struct vmr_snapshot_block *block,
		      const uint8_t *saved, const struct vmr_restore_ctx *ctx);
	void (*restore)(const struct vmr_snapshot_block *block,
			const uint8_t *saved);
};

/**
 * struct vmr_snapshot_block - registers in a snapshot
 * @key: its number in the snapshot, in ascending order
 * @bytes: the registers; a restore writes them
 * @size: number of bytes; a snapshot with another number is refused
 * @check: return whether the saved registers @saved, not aligned, agree with the
 *	saved ranges in @ctx; false refuses the snapshot. Called after all ranges
 *	have been accepted. May be NULL
 * @ops: the operations of a block whose registers are not @bytes and @size, as set
 *	by vmr_snapshot_describe_pci(); NULL for @bytes and @size
 * @owner: the object whose registers @ops save; NULL without @ops
 * @sys: the system of @owner; NULL without @ops
 */
struct vmr_snapshot_block {
	uint64_t		key;
	void			*bytes;
	size_t			size;
	bool (*check)(const struct vmr_snapshot_block *block,
		      const uint8_t *saved,
		      const struct vmr_restore_ctx *ctx);
	const struct vmr_snapshot_block_ops *ops;
	void			*owner;
	struct vmr_system	*sys;
};

/**
 * struct vmr_snapshot_fixed - a range that each snapshot of this machine contains
 * @key: its key
 * @start: first address
 * @last: last address, inclusive
 * @space: the id of its space
 *
 * Describes a range that the guest cannot move, such as a reserved span of a layout
 * or a shared interrupt line. A snapshot is refused unless the range is live at this
 * place.
 */
struct vmr_snapshot_fixed {
	uint64_t	key;
	uint64_t	start;
	uint64_t	last;
	uint32_t	space;
};

/**
 * struct vmr_snapshot - the contents of a snapshot
 * @ops: translation between ranges and keys
 * @spaces: the spaces, by ascending id, each of them once
 * @nr_spaces: number of spaces
 * @blocks: the registers, by ascending key
 * @nr_blocks: number of blocks
 * @fixed: the ranges at fixed places, in any order; see
 *	vmr_snapshot_describe_fixed()
 * @nr_fixed: number of these ranges
 *
 * The owner embeds it, for container_of() in @ops. The restoring program describes
 * the same spaces and blocks as the saving program.
 */
struct vmr_snapshot {
	const struct vmr_snapshot_ops	*ops;
	const struct vmr_snapshot_space	*spaces;
	size_t				nr_spaces;
	const struct vmr_snapshot_block	*blocks;
	size_t				nr_blocks;
	const struct vmr_snapshot_fixed	*fixed;
	size_t				nr_fixed;
};

/**
 * struct vmr_snapshot_range - a saved range
 * @space: the space
 * @start: first address
 * @last: last address, inclusive
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
 * @VMR_SNAPSHOT_PCI: PCI BDFs
 * @VMR_SNAPSHOT_IDS: device instance ids
 * @VMR_SNAPSHOT_VECTORS: numbers of message-signalled interrupts, if separate
 * @VMR_SNAPSHOT_NR_SPACES: number of spaces
 * @VMR_SNAPSHOT_FIRST_USER: first id for other spaces
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
 * @spaces: receives VMR_SNAPSHOT_NR_SPACES descriptions
 * @sys: the system
 *
 * Return: 0, or -EINVAL if a pointer is NULL.
 */
int vmr_snapshot_describe_system(struct vmr_snapshot_space *spaces,
				 struct vmr_system *sys);

/**
 * vmr_snapshot_describe_bus - describe the spaces of a bus
 * @spaces: receives two descriptions, ports first
 * @bus: the bus
 * @id: the id of the first space, from VMR_SNAPSHOT_FIRST_USER; the second gets the
 *	next
 *
 * Return: 0, or -EINVAL if a pointer is NULL, @id is below VMR_SNAPSHOT_FIRST_USER, or
 * the second id would be above 2^32-1.
 */
int vmr_snapshot_describe_bus(struct vmr_snapshot_space *spaces,
			      struct vmr_bus *bus, uint32_t id);

/**
 * vmr_snapshot_describe_fixed - describe ranges at fixed places
 * @fixed: receives @nr descriptions
 * @space: the id of their space
 * @key: the key of the first range; the others have the next ones
 * @spans: the places, such as @reserved of a struct vmr_layout_config
 * @nr: number of ranges
 *
 * Return: 0, or -EINVAL if a pointer is NULL or a span is reversed.
 */
int vmr_snapshot_describe_fixed(struct vmr_snapshot_fixed *fixed,
				uint32_t space, uint64_t key,
				const struct vmr_span *spans, size_t nr);

/**
 * vmr_snapshot_describe_device - describe the state of a device
 * @block: receives the description
 * @key: its key
 * @dev: the device
 *
 * The block contains whether a removal is pending, see
 * vmr_device_request_removal(). After a restore,
 * vmr_device_register_restored() registers the device with its removal pending.
 * Functions of PCI have this state in @dev of struct vmr_pci_function.
 *
 * Return: 0, or -EINVAL if a pointer is NULL.
 */
int vmr_snapshot_describe_device(struct vmr_snapshot_block *block, uint64_t key,
				 struct vmr_device *dev);

/**
 * vmr_snapshot_size - get the number of bytes of a snapshot
 * @snap: the contents
 * @size: receives the number of bytes; it is valid until a range is added to or
 *	removed from one of the spaces
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, or @fixed is NULL and @nr_fixed is not 0. The spaces
 *    do not ascend by id, one occurs twice, or one with a watermark ends at 2^64-1.
 *    The blocks do not ascend by key, or one has no bytes;
 *  - -EOVERFLOW: the size exceeds SIZE_MAX.
 */
int vmr_snapshot_size(const struct vmr_snapshot *snap, size_t *size);

/**
 * vmr_snapshot_save - write a snapshot
 * @snap: the contents
 * @buf: receives the snapshot; not aligned
 * @size: size of @buf in bytes
 * @written: receives the number of bytes of the snapshot
 *
 * vmr_snapshot_restore() accepts what this call writes. The call sorts in @buf and
 * takes O(n log n) for n ranges.
 *
 * Return: 0, or
 *  - -EINVAL: as vmr_snapshot_size(), or @range_to_key is NULL;
 *  - -EOVERFLOW: as vmr_snapshot_size();
 *  - -ENOSPC: @size is less than vmr_snapshot_size() returns;
 *  - -EAGAIN: all addresses of a claim are free; call vmr_settle() first;
 *  - -EBADMSG: a range of @fixed is not live at its place with its key, or the
 *    ranges of a PCI function do not agree with its registers. A restore would
 *    refuse the snapshot;
 *  - -EEXIST: two ranges have the same key. The search for it uses @buf, which
 *    contains zeroes afterwards. Other failures do not change @buf.
 */
int vmr_snapshot_save(const struct vmr_snapshot *snap, void *buf, size_t size,
		      size_t *written);

/**
 * vmr_snapshot_restore - restore a snapshot, or change nothing
 * @snap: the contents
 * @buf: the snapshot, not aligned; it must not change during the call
 * @size: size of the snapshot in bytes
 *
 * Restores ranges, claims and their ages, watermarks of ids, and registers. Saving
 * then writes the same bytes again. A snapshot contains no devices:
 * vmr_device_register_restored() registers a device with its restored ranges, and
 * notifies listeners. This call does not notify them. It takes O(n log n) for n
 * ranges.
 *
 * Return: 0, or
 *  - -EINVAL: as vmr_snapshot_size(), or @buf is NULL, or @key_to_range is NULL;
 *  - -EBUSY: one of the spaces is not empty;
 *  - -EBADMSG: the bytes are damaged. The checksum or the size is wrong. A record, a
 *    watermark, an age or a padding is none that a save writes. The check of a
 *    block failed;
 *  - -ENODEV: the bytes are intact and belong to another machine. Their version,
 *    spaces or blocks are others. @key_to_range returned NULL, a linked node, one
 *    node twice, or another space than that of the record. A range of @fixed is
 *    missing or elsewhere. A block is of another size or kind.
 *
 * With a wrong checksum the error is -EBADMSG. Otherwise the checks follow the order
 * of the bytes, with @fixed between the spaces and the blocks, and the first that
 * fails decides. After a failure every node is as before the call.
 */
int vmr_snapshot_restore(const struct vmr_snapshot *snap, const void *buf,
			 size_t size);

/**
 * vmr_snapshot_find_range - find the saved range of a node
 * @ctx: the context that the check received
 * @range: the node that @key_to_range returned for the range
 * @saved: receives the addresses, or NULL; unchanged for VMR_FREE
 *
 * Context: Only in the check of a block.
 *
 * Return: the saved state; VMR_FREE if no saved range is restored into @range.
 */
enum vmr_state vmr_snapshot_find_range(const struct vmr_restore_ctx *ctx,
				       const struct vmr_range *range,
				       struct vmr_snapshot_range *saved);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_SNAPSHOT_H */

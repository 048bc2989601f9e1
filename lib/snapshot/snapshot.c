// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * snapshot.c - checksum, and description of the contents
 */
#include "snapshot.h"

const uint8_t vmr_snapshot_magic[8] = { 'V', 'M', 'R', 'S', 'N', 'A', 'P', 0 };

/* CRC-32C; the table has an entry for each value of four bits */
uint32_t vmr_snapshot_checksum(const uint8_t *bytes, size_t size)
{
	static const uint32_t table[16] = {
		0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1,
		0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
		0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
		0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
	};
	uint32_t crc = ~0u;

	while (size--) {
		crc ^= *bytes++;
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return ~crc;
}

int vmr_snapshot_describe_system(struct vmr_snapshot_space *spaces,
				 struct vmr_system *sys)
{
	struct vmr_id_pool *ids[VMR_SNAPSHOT_NR_SPACES] = { NULL };
	uint32_t i;

	if (!spaces || !sys)
		return -EINVAL;
	spaces[VMR_SNAPSHOT_PIO].space = &sys->pio;
	spaces[VMR_SNAPSHOT_MMIO].space = &sys->mmio;
	ids[VMR_SNAPSHOT_IRQS] = &sys->irqs;
	ids[VMR_SNAPSHOT_SLOTS] = &sys->mem_slots;
	ids[VMR_SNAPSHOT_PCI] = &sys->pci_bdfs;
	ids[VMR_SNAPSHOT_IDS] = &sys->device_ids;
	ids[VMR_SNAPSHOT_VECTORS] = &sys->msi_vectors;
	for (i = 0; i < VMR_SNAPSHOT_NR_SPACES; i++) {
		if (ids[i])
			spaces[i].space = &ids[i]->space;
		spaces[i].high_watermark = ids[i] ? &ids[i]->high_watermark :
						    NULL;
		spaces[i].id = i;
	}
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_snapshot_describe_system);

int vmr_snapshot_describe_bus(struct vmr_snapshot_space *spaces,
			      struct vmr_bus *bus, uint32_t id)
{
	if (!spaces || !bus || id < VMR_SNAPSHOT_FIRST_USER || id > U32_MAX - 1)
		return -EINVAL;
	spaces[0] = (struct vmr_snapshot_space) {
		.space = &bus->pio, .id = id,
	};
	spaces[1] = (struct vmr_snapshot_space) {
		.space = &bus->mmio, .id = id + 1,
	};
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_snapshot_describe_bus);

int vmr_snapshot_describe_fixed(struct vmr_snapshot_fixed *fixed,
				uint32_t space, uint64_t key,
				const struct vmr_span *spans, size_t nr)
{
	size_t i;

	if (!fixed || !spans)
		return -EINVAL;
	for (i = 0; i < nr; i++)
		if (spans[i].start > spans[i].last)
			return -EINVAL;
	for (i = 0; i < nr; i++)
		fixed[i] = (struct vmr_snapshot_fixed) {
			.key = key + i,
			.start = spans[i].start,
			.last = spans[i].last,
			.space = space,
		};
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_snapshot_describe_fixed);

size_t vmr_block_size(const struct vmr_snapshot_block *block)
{
	return block->ops ? block->ops->size(block) : block->size;
}

/*
 * Whether each space occurs once. Each space receives the index of its description,
 * and keeps it unless a second description has overwritten it. Both passes and the
 * one that removes the indexes take O(n).
 */
static bool spaces_differ(const struct vmr_snapshot_space *s, size_t nr)
{
	bool differ = true;
	size_t i;

	for (i = 0; i < nr; i++)
		s[i].space->snapshot_index = (uint32_t)i;
	for (i = 0; i < nr; i++)
		if (s[i].space->snapshot_index != i)
			differ = false;
	for (i = 0; i < nr; i++)
		s[i].space->snapshot_index = 0;
	return differ;
}

static bool spaces_valid(const struct vmr_snapshot *snap)
{
	const struct vmr_snapshot_space *s = snap->spaces;
	size_t i;

	if ((snap->nr_spaces && !s) || snap->nr_spaces > U32_MAX)
		return false;
	for (i = 0; i < snap->nr_spaces; i++) {
		if (!s[i].space || (i && s[i].id <= s[i - 1].id))
			return false;
		/* The watermark after the last id would be 2^64 */
		if (s[i].high_watermark && s[i].space->last == VMR_ADDR_MAX)
			return false;
	}
	return spaces_differ(s, snap->nr_spaces);
}

static bool blocks_valid(const struct vmr_snapshot *snap)
{
	const struct vmr_snapshot_block *b = snap->blocks;
	size_t i;

	if ((snap->nr_blocks && !b) || snap->nr_blocks > U32_MAX)
		return false;
	for (i = 0; i < snap->nr_blocks; i++) {
		if (!b[i].ops && b[i].size && !b[i].bytes)
			return false;
		if (i && b[i].key <= b[i - 1].key)
			return false;
	}
	return true;
}

bool vmr_snapshot_valid(const struct vmr_snapshot *snap)
{
	return snap && snap->ops && spaces_valid(snap) && blocks_valid(snap) &&
	       (!snap->nr_fixed || snap->fixed);
}

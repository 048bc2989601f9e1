// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * snapshot_save.c - save a snapshot
 *
 * Saving sorts in the output buffer before it writes the snapshot there: first the
 * keys, to find duplicates, and then the tickets of the claims, to convert them to
 * ages.
 */
#include "snapshot.h"

/* A node is larger than its record, so only blocks can exceed SIZE_MAX */
int vmr_snapshot_size(const struct vmr_snapshot *snap, size_t *size)
{
	uint64_t total = HEAD_SIZE + CHECKSUM_SIZE;
	size_t i;

	if (!size || !vmr_snapshot_valid(snap))
		return -EINVAL;
	for (i = 0; i < snap->nr_spaces; i++) {
		const struct vmr_space *space = snap->spaces[i].space;

		total += SPACE_SIZE;
		total += (uint64_t)space->nr_ranges * LIVE_SIZE;
		total += (uint64_t)space->nr_claims * CLAIM_SIZE;
	}
	for (i = 0; i < snap->nr_blocks; i++) {
		uint64_t block = vmr_block_size(&snap->blocks[i]);

		if (block > SIZE_MAX - BLOCK_SIZE - 7 ||
		    total > SIZE_MAX - BLOCK_SIZE - 7 - block)
			return -EOVERFLOW;
		total += BLOCK_SIZE + block + vmr_block_padding(block);
	}
	if (total > SIZE_MAX)
		return -EOVERFLOW;
	*size = (size_t)total;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_snapshot_size);

static void swap_words(uint8_t *a, uint8_t *b, size_t size)
{
	uint64_t word;

	for (; size; size -= 8, a += 8, b += 8) {
		word = get_le64(a);
		put_le64(a, get_le64(b));
		put_le64(b, word);
	}
}

/*
 * Heapsort of @nr records, which are @stride bytes apart. The first word of a
 * record is the sort key. Only the first @size bytes of a record move.
 */
static void sift_down(uint8_t *base, size_t nr, size_t at, size_t stride,
		      size_t size)
{
	size_t child;

	while ((child = 2 * at + 1) < nr) {
		uint8_t *low = base + at * stride;
		uint8_t *high = base + child * stride;

		if (child + 1 < nr &&
		    get_le64(high) < get_le64(high + stride)) {
			child++;
			high += stride;
		}
		if (get_le64(low) >= get_le64(high))
			return;
		swap_words(low, high, size);
		at = child;
	}
}

static void sort(uint8_t *base, size_t nr, size_t stride, size_t size)
{
	size_t i;

	for (i = nr / 2; i-- > 0; )
		sift_down(base, nr, i, stride, size);
	for (i = nr; i-- > 1; ) {
		swap_words(base, base + i * stride, size);
		sift_down(base, i, 0, stride, size);
	}
}

static uint64_t range_key(const struct vmr_snapshot *snap, size_t space,
			  const struct vmr_range *range)
{
	return snap->ops->range_to_key(snap, snap->spaces[space].id, range);
}

/* Whether all keys differ; @bytes can hold all keys */
static bool keys_are_unique(const struct vmr_snapshot *snap, uint8_t *bytes)
{
	const struct vmr_range *range;
	size_t i, nr = 0;

	for (i = 0; i < snap->nr_spaces; i++) {
		vmr_for_each_range(range, snap->spaces[i].space)
			put_le64(bytes + 8 * nr++, range_key(snap, i, range));
		vmr_for_each_claim(range, snap->spaces[i].space)
			put_le64(bytes + 8 * nr++, range_key(snap, i, range));
	}
	sort(bytes, nr, 8, 8);
	for (i = 1; i < nr; i++)
		if (get_le64(bytes + 8 * i) == get_le64(bytes + 8 * (i - 1)))
			return false;
	return true;
}

/* Whether every claim waits for a live range */
static bool nothing_settleable(const struct vmr_snapshot *snap)
{
	const struct vmr_range *range;
	size_t i;

	for (i = 0; i < snap->nr_spaces; i++)
		vmr_for_each_claim(range, snap->spaces[i].space)
			if (vmr_range_state(range) == VMR_CLAIMED &&
			    !vmr_find_overlap(snap->spaces[i].space,
					      range->start, range->last))
				return false;
	return true;
}

static const struct vmr_space *find_space(const struct vmr_snapshot *snap,
					  uint32_t id, size_t *index)
{
	size_t low = 0, high = snap->nr_spaces;

	while (low < high) {
		*index = low + (high - low) / 2;
		if (snap->spaces[*index].id == id)
			return snap->spaces[*index].space;
		if (snap->spaces[*index].id < id)
			low = *index + 1;
		else
			high = *index;
	}
	return NULL;
}

/* Whether each fixed range is live at its place */
static bool fixed_in_place(const struct vmr_snapshot *snap)
{
	const struct vmr_snapshot_fixed *fixed;
	const struct vmr_space *space;
	const struct vmr_range *range;
	size_t i, index;

	for (i = 0; i < snap->nr_fixed; i++) {
		fixed = &snap->fixed[i];
		space = find_space(snap, fixed->space, &index);
		range = space ? vmr_find(space, fixed->start) : NULL;
		if (!range || range->start != fixed->start ||
		    range->last != fixed->last ||
		    range_key(snap, index, range) != fixed->key)
			return false;
	}
	return true;
}

static bool all_blocks_consistent(const struct vmr_snapshot *snap)
{
	const struct vmr_snapshot_block *block;
	size_t i;

	for (i = 0; i < snap->nr_blocks; i++) {
		block = &snap->blocks[i];
		if (block->ops && !block->ops->consistent(block))
			return false;
	}
	return true;
}

/*
 * Store the age of each claim in the last word of its record. The other words are
 * used to sort pairs of ticket and index. A younger claim has a higher ticket.
 */
static void save_ages(const struct vmr_space *space, uint8_t *claims)
{
	const struct vmr_range *range;
	size_t i = 0, nr = 0;

	vmr_for_each_claim(range, space) {
		put_le64(claims + i * CLAIM_SIZE + OFF_AGE, 0);
		if (vmr_range_state(range) == VMR_CLAIMED) {
			put_le64(claims + nr * CLAIM_SIZE, range->ticket);
			put_le64(claims + nr * CLAIM_SIZE + 8, i);
			nr++;
		}
		i++;
	}
	sort(claims, nr, CLAIM_SIZE, 16);
	for (i = 0; i < nr; i++) {
		uint64_t index = get_le64(claims + i * CLAIM_SIZE + 8);

		put_le64(claims + index * CLAIM_SIZE + OFF_AGE, i + 1);
	}
}

static void save_record(const struct vmr_snapshot *snap, size_t space,
			const struct vmr_range *range, uint8_t *record)
{
	put_le64(record + OFF_KEY, range_key(snap, space, range));
	put_le64(record + OFF_START, range->start);
	put_le64(record + OFF_END, range->last);
}

/* The watermark, raised above ids that were reserved in the space directly */
static uint64_t space_watermark(const struct vmr_snapshot_space *s)
{
	const struct vmr_range *top = vmr_last_range(s->space);

	if (!s->high_watermark)
		return 0;
	return top ? max(*s->high_watermark, top->last + 1) :
		     *s->high_watermark;
}

static uint8_t *save_space(const struct vmr_snapshot *snap, size_t index,
			   uint8_t *bytes)
{
	const struct vmr_snapshot_space *s = &snap->spaces[index];
	const struct vmr_range *range;

	put_le32(bytes, s->id);
	put_le32(bytes + OFF_HAS_MARK, s->high_watermark ? 1 : 0);
	put_le64(bytes + OFF_FIRST, s->space->start);
	put_le64(bytes + OFF_LAST, s->space->last);
	put_le64(bytes + OFF_MARK, space_watermark(s));
	put_le64(bytes + OFF_NR_LIVE, s->space->nr_ranges);
	put_le64(bytes + OFF_NR_CLAIMS, s->space->nr_claims);
	bytes += SPACE_SIZE;
	vmr_for_each_range(range, s->space) {
		save_record(snap, index, range, bytes);
		bytes += LIVE_SIZE;
	}
	save_ages(s->space, bytes);
	vmr_for_each_claim(range, s->space) {
		save_record(snap, index, range, bytes);
		bytes += CLAIM_SIZE;
	}
	return bytes;
}

static uint8_t *save_block(const struct vmr_snapshot_block *block,
			   uint8_t *bytes)
{
	size_t size = vmr_block_size(block);

	put_le64(bytes, block->key);
	put_le64(bytes + 8, size);
	bytes += BLOCK_SIZE;
	if (block->ops)
		block->ops->save(block, bytes);
	else if (size)
		memcpy(bytes, block->bytes, size);
	bytes += size;
	memset(bytes, 0, vmr_block_padding(size));
	return bytes + vmr_block_padding(size);
}

static void save_all(const struct vmr_snapshot *snap, uint8_t *bytes,
		     size_t size)
{
	uint8_t *at = bytes + HEAD_SIZE;
	size_t i;

	memcpy(bytes, vmr_snapshot_magic, sizeof(vmr_snapshot_magic));
	put_le32(bytes + OFF_VERSION, VMR_SNAPSHOT_VERSION);
	put_le32(bytes + OFF_ZERO, 0);
	put_le64(bytes + OFF_TOTAL, size);
	put_le32(bytes + OFF_NR_SPACES, (uint32_t)snap->nr_spaces);
	put_le32(bytes + OFF_NR_BLOCKS, (uint32_t)snap->nr_blocks);
	for (i = 0; i < snap->nr_spaces; i++)
		at = save_space(snap, i, at);
	for (i = 0; i < snap->nr_blocks; i++)
		at = save_block(&snap->blocks[i], at);
	VMR_ASSERT(at == bytes + size - CHECKSUM_SIZE);
	put_le32(at, vmr_snapshot_checksum(bytes, size - CHECKSUM_SIZE));
}

int vmr_snapshot_save(const struct vmr_snapshot *snap, void *buf, size_t size,
		      size_t *written)
{
	size_t need;
	int ret = vmr_snapshot_size(snap, &need);

	if (ret)
		return ret;
	if (!buf || !written || !snap->ops->range_to_key)
		return -EINVAL;
	if (size < need)
		return -ENOSPC;
	if (!nothing_settleable(snap))
		return -EAGAIN;
	if (!fixed_in_place(snap) || !all_blocks_consistent(snap))
		return -EBADMSG;
	if (!keys_are_unique(snap, buf)) {
		memset(buf, 0, need);
		return -EEXIST;
	}
	save_all(snap, buf, need);
	*written = need;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_snapshot_save);

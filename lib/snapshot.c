// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * snapshot.c - the state of spaces as bytes, and back
 *
 * There is no memory to work in, so each direction works in what it was given.
 *
 * Saving sorts in the output buffer before it writes there: the keys, to see
 * that none occurs twice, and then the tickets of the claims, to turn them into
 * ages.
 *
 * Restoring reads the bytes twice. The first pass asks for every node and links
 * it into a tree of its own, by key: so a key or a node that comes twice is met
 * there, and a block's check can tell where a range was. If anything is wrong the
 * tree is dissolved and every node is as it was. The second pass moves the nodes
 * from that tree into their spaces. It asks nobody anything and cannot fail.
 *
 * A node in the tree of keys keeps its @start and @last, which are the caller's
 * until the second pass. What is known of it is in its private words: in @gap the
 * offset of its record, in @max_gap the index of its space, doubled, with bit 0
 * set for a claim, and @orders is set when the age that it stands for was seen.
 */
#include "bytes.h"
#include "pci.h"

#include <vmalloc/snapshot.h>

#define HEAD_SIZE	32
#define SPACE_SIZE	48
#define LIVE_SIZE	24
#define CLAIM_SIZE	32
#define BLOCK_SIZE	16
#define CHECKSUM_SIZE	4

/* In a header */
#define AT_VERSION	8
#define AT_ZERO		12
#define AT_TOTAL	16
#define AT_NR_SPACES	24
#define AT_NR_BLOCKS	28

/* In a space */
#define AT_HAS_MARK	4
#define AT_FIRST	8
#define AT_LAST		16
#define AT_MARK		24
#define AT_NR_LIVE	32
#define AT_NR_CLAIMS	40

/* In a record */
#define AT_KEY		0
#define AT_START	8
#define AT_END		16
#define AT_AGE		24

static const uint8_t magic[8] = { 'V', 'M', 'R', 'S', 'N', 'A', 'P', 0 };

/* CRC-32C, four bits at a time */
static uint32_t checksum(const uint8_t *bytes, size_t size)
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

static size_t padding(uint64_t size)
{
	return -size & 7;
}

/* What a snapshot is of */

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

int vmr_snapshot_describe_bridge(struct vmr_snapshot_space *spaces,
				 struct vmr_pci_bridge *bridge, uint32_t id)
{
	if (!spaces || !bridge || id < VMR_SNAPSHOT_FIRST_USER ||
	    id > U32_MAX - 2)
		return -EINVAL;
	vmr_snapshot_describe_bus(spaces, &bridge->bus, id);
	spaces[2] = (struct vmr_snapshot_space) {
		.space = &bridge->devfns.space,
		.high_watermark = &bridge->devfns.high_watermark,
		.id = id + 2,
	};
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_snapshot_describe_bridge);

int vmr_snapshot_describe_pci(struct vmr_snapshot_block *block, uint64_t key,
			      struct vmr_pci_function *fn,
			      struct vmr_system *sys)
{
	if (!block || !fn || !sys)
		return -EINVAL;
	*block = (struct vmr_snapshot_block) {
		.key = key, .fn = fn, .sys = sys,
	};
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_snapshot_describe_pci);

static size_t block_size(const struct vmr_snapshot_block *block)
{
	return block->fn ? vmr_pci_state_size(block->fn) : block->size;
}

static bool spaces_ok(const struct vmr_snapshot *snap)
{
	const struct vmr_snapshot_space *s = snap->spaces;
	size_t i, j;

	if ((snap->nr_spaces && !s) || snap->nr_spaces > U32_MAX)
		return false;
	for (i = 0; i < snap->nr_spaces; i++) {
		if (!s[i].space || (i && s[i].id <= s[i - 1].id))
			return false;
		/* No mark could be behind the last id */
		if (s[i].high_watermark && s[i].space->last == VMR_ADDR_MAX)
			return false;
		for (j = 0; j < i; j++)
			if (s[j].space == s[i].space)
				return false;
	}
	return true;
}

static bool blocks_ok(const struct vmr_snapshot *snap)
{
	const struct vmr_snapshot_block *b = snap->blocks;
	size_t i;

	if ((snap->nr_blocks && !b) || snap->nr_blocks > U32_MAX)
		return false;
	for (i = 0; i < snap->nr_blocks; i++) {
		if (b[i].fn ? !b[i].sys : b[i].size && !b[i].bytes)
			return false;
		if (i && b[i].key <= b[i - 1].key)
			return false;
	}
	return true;
}

static bool snapshot_ok(const struct vmr_snapshot *snap)
{
	return snap && snap->ops && spaces_ok(snap) && blocks_ok(snap);
}

/* A node takes more memory than its record, so only blocks can be too large */
int vmr_snapshot_size(const struct vmr_snapshot *snap, size_t *size)
{
	uint64_t total = HEAD_SIZE + CHECKSUM_SIZE;
	size_t i;

	if (!size || !snapshot_ok(snap))
		return -EINVAL;
	for (i = 0; i < snap->nr_spaces; i++) {
		const struct vmr_space *space = snap->spaces[i].space;

		total += SPACE_SIZE;
		total += (uint64_t)space->nr_ranges * LIVE_SIZE;
		total += (uint64_t)space->nr_claims * CLAIM_SIZE;
	}
	for (i = 0; i < snap->nr_blocks; i++) {
		uint64_t block = block_size(&snap->blocks[i]);

		if (block > SIZE_MAX - BLOCK_SIZE - 7 ||
		    total > SIZE_MAX - BLOCK_SIZE - 7 - block)
			return -EOVERFLOW;
		total += BLOCK_SIZE + block + padding(block);
	}
	if (total > SIZE_MAX)
		return -EOVERFLOW;
	*size = (size_t)total;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_snapshot_size);

/*
 * A function's registers, and the ranges that follow them
 */

static const struct vmr_space *
space_wanted(const struct vmr_snapshot_block *block, uint32_t kind)
{
	const struct vmr_pci_bridge *behind = block->fn->upstream_bridge;

	if (behind && kind == VMR_KIND_PIO)
		return &behind->bus.pio;
	if (behind && kind == VMR_KIND_MMIO)
		return &behind->bus.mmio;
	return vmr_system_space(block->sys, kind);
}

/*
 * A place that is none, or that does not fit the space, is no place. Every space
 * that is for a BAR or a window begins at 0.
 */
static bool has_place(const struct vmr_placement *goal,
		      const struct vmr_space *space)
{
	return goal->state != VMR_FREE &&
	       goal->start <=
		       goal->last && /* LCOV_EXCL_BR_LINE: BARs are aligned */
	       goal->last <= space->last;
}

/* If there were no vectors left, the guest was told */
static bool unplaced_allowed(const struct vmr_pci_expected *want,
			     const struct vmr_space *space)
{
	return want->kind == VMR_KIND_MSI || !has_place(&want->goal, space);
}

/* Vectors may be anywhere; what finds its place taken waits */
static bool placement_allowed(const struct vmr_pci_expected *want,
			      enum vmr_state state,
			      const struct vmr_snapshot_range *place,
			      const struct vmr_space *space)
{
	const struct vmr_placement *goal = &want->goal;

	if (want->kind == VMR_KIND_MSI)
		return goal->state != VMR_FREE && state == VMR_LIVE &&
		       place->last - place->start == goal->last &&
		       !(place->start & goal->last);
	if (state == VMR_CLAIMED)
		state = VMR_LIVE;
	return has_place(goal, space) && state == goal->state &&
	       place->start == goal->start && place->last == goal->last;
}

/* By the registers and the ranges that are, or, with a @view, the saved ones */
static bool function_matches_ranges(const struct vmr_snapshot_block *block,
				    const struct vmr_restore_ctx *view,
				    const uint8_t *saved)
{
	const struct vmr_space *space;
	struct vmr_snapshot_range place;
	struct vmr_pci_expected want;
	enum vmr_state state;
	uint32_t i;

	for (i = 0; vmr_pci_expected_range(block->fn, saved, i, &want); i++) {
		space = space_wanted(block, want.kind);
		if (view) {
			place.space = NULL;
			state = vmr_snapshot_find_range(view, want.range,
							&place);
		} else {
			place.space = vmr_in_space(space, want.range) ? space :
								       NULL;
			place.start = want.range->start;
			place.last = want.range->last;
			state = vmr_range_state(want.range);
		}
		if (state == VMR_FREE ?
			    !unplaced_allowed(&want, space) :
			    place.space != space ||
				    !placement_allowed(&want, state, &place,
						       space))
			return false;
	}
	return true;
}

/*
 * Saving
 */

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
 * Heapsort of the first @size bytes of each of @nr records, which are @stride
 * bytes apart, by the first word
 */
static void sift(uint8_t *base, size_t nr, size_t at, size_t stride,
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
		sift(base, nr, i, stride, size);
	for (i = nr; i-- > 1; ) {
		swap_words(base, base + i * stride, size);
		sift(base, i, 0, stride, size);
	}
}

static uint64_t key_of(const struct vmr_snapshot *snap, size_t space,
		       const struct vmr_range *range)
{
	return snap->ops->range_to_key(snap, snap->spaces[space].id, range);
}

/* Whether no two ranges have the same key; there is room for all keys at @bytes */
static bool keys_are_unique(const struct vmr_snapshot *snap, uint8_t *bytes)
{
	const struct vmr_range *range;
	size_t i, nr = 0;

	for (i = 0; i < snap->nr_spaces; i++) {
		vmr_for_each_range(range, snap->spaces[i].space)
			put_le64(bytes + 8 * nr++, key_of(snap, i, range));
		vmr_for_each_claim(range, snap->spaces[i].space)
			put_le64(bytes + 8 * nr++, key_of(snap, i, range));
	}
	sort(bytes, nr, 8, 8);
	for (i = 1; i < nr; i++)
		if (get_le64(bytes + 8 * i) == get_le64(bytes + 8 * (i - 1)))
			return false;
	return true;
}

/* A claim that waits for nothing is between two states */
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

static bool all_functions_match(const struct vmr_snapshot *snap)
{
	size_t i;

	for (i = 0; i < snap->nr_blocks; i++)
		if (snap->blocks[i].fn &&
		    !function_matches_ranges(&snap->blocks[i], NULL, NULL))
			return false;
	return true;
}

/*
 * Store the age of each claim in the last word of its record. The other words
 * are room to sort in: of a claim its ticket, which only grows, and its index.
 */
static void save_ages(const struct vmr_space *space, uint8_t *claims)
{
	const struct vmr_range *range;
	size_t i = 0, nr = 0;

	vmr_for_each_claim(range, space) {
		put_le64(claims + i * CLAIM_SIZE + AT_AGE, 0);
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

		put_le64(claims + index * CLAIM_SIZE + AT_AGE, i + 1);
	}
}

static void save_record(const struct vmr_snapshot *snap, size_t space,
			const struct vmr_range *range, uint8_t *record)
{
	put_le64(record + AT_KEY, key_of(snap, space, range));
	put_le64(record + AT_START, range->start);
	put_le64(record + AT_END, range->last);
}

/* A range that was put into the ids past their allocator counts as handed out */
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
	put_le32(bytes + AT_HAS_MARK, s->high_watermark ? 1 : 0);
	put_le64(bytes + AT_FIRST, s->space->start);
	put_le64(bytes + AT_LAST, s->space->last);
	put_le64(bytes + AT_MARK, space_watermark(s));
	put_le64(bytes + AT_NR_LIVE, s->space->nr_ranges);
	put_le64(bytes + AT_NR_CLAIMS, s->space->nr_claims);
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
	size_t size = block_size(block);

	put_le64(bytes, block->key);
	put_le64(bytes + 8, size);
	bytes += BLOCK_SIZE;
	if (block->fn)
		vmr_pci_state_save(block->fn, bytes);
	else if (size)
		memcpy(bytes, block->bytes, size);
	bytes += size;
	memset(bytes, 0, padding(size));
	return bytes + padding(size);
}

static void save_all(const struct vmr_snapshot *snap, uint8_t *bytes,
		     size_t size)
{
	uint8_t *at = bytes + HEAD_SIZE;
	size_t i;

	memcpy(bytes, magic, sizeof(magic));
	put_le32(bytes + AT_VERSION, VMR_SNAPSHOT_VERSION);
	put_le32(bytes + AT_ZERO, 0);
	put_le64(bytes + AT_TOTAL, size);
	put_le32(bytes + AT_NR_SPACES, (uint32_t)snap->nr_spaces);
	put_le32(bytes + AT_NR_BLOCKS, (uint32_t)snap->nr_blocks);
	for (i = 0; i < snap->nr_spaces; i++)
		at = save_space(snap, i, at);
	for (i = 0; i < snap->nr_blocks; i++)
		at = save_block(&snap->blocks[i], at);
	put_le32(at, checksum(bytes, size - CHECKSUM_SIZE));
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
	if (!all_functions_match(snap))
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

/*
 * Restoring
 */

/**
 * struct vmr_restore_ctx - a snapshot that is being restored
 * @snap: what the caller says is in it
 * @bytes: the snapshot
 * @at: how far it has been read
 * @end: where the checksum begins
 * @keys: the nodes that @node_of gave, by key
 */
struct vmr_restore_ctx {
	const struct vmr_snapshot	*snap;
	const uint8_t			*bytes;
	size_t				at;
	size_t				end;
	struct rb_root			keys;
};

struct record {
	uint64_t	key;
	uint64_t	start;
	uint64_t	last;
	uint64_t	age;	/* of a claim */
};

static void read_record(struct record *record, const uint8_t *bytes,
			bool claim)
{
	record->key = get_le64(bytes + AT_KEY);
	record->start = get_le64(bytes + AT_START);
	record->last = get_le64(bytes + AT_END);
	record->age = claim ? get_le64(bytes + AT_AGE) : 0;
}

/* The records of a space: their offsets, and how many there are */
struct records {
	size_t	live;
	size_t	nr_live;
	size_t	claims;
	size_t	nr_claims;
};

static struct vmr_range *tree_to_range(const struct rb_node *rb)
{
	return container_of((struct vmr_node *)rb, struct vmr_range, node);
}

static struct rb_node *range_to_tree(const struct vmr_range *range)
{
	return (struct rb_node *)&range->node;
}

static const uint8_t *record_of(const struct vmr_restore_ctx *view,
				const struct vmr_range *range)
{
	return view->bytes + range->gap;
}

static const uint8_t *live_at(const struct vmr_restore_ctx *view,
			      const struct records *r, size_t index)
{
	return view->bytes + r->live + index * LIVE_SIZE;
}

static const uint8_t *claim_at(const struct vmr_restore_ctx *view,
			       const struct records *r, size_t index)
{
	return view->bytes + r->claims + index * CLAIM_SIZE;
}

static struct vmr_range *find_key(const struct vmr_restore_ctx *view,
				  uint64_t key)
{
	struct rb_node *rb = view->keys.rb_node;

	while (rb) { /* LCOV_EXCL_BR_LINE: the keys were all put there */
		uint64_t has = get_le64(record_of(view, tree_to_range(rb)));

		if (key == has)
			return tree_to_range(rb);
		rb = key < has ? rb->rb_left : rb->rb_right;
	}
	return NULL;		/* LCOV_EXCL_LINE: the same */
}

/* Ask for the node of a record; false if there is none, or it or its key is taken */
static bool add_node(struct vmr_restore_ctx *view, size_t space, bool claim,
		     const uint8_t *record)
{
	const struct vmr_snapshot *snap = view->snap;
	struct rb_node **link = &view->keys.rb_node, *parent = NULL;
	uint64_t key = get_le64(record + AT_KEY);
	struct vmr_range *range;

	range = snap->ops->key_to_range(snap, snap->spaces[space].id, key);
	if (!range || range->node.link)
		return false;
	while (*link) {
		uint64_t has = get_le64(record_of(view, tree_to_range(*link)));

		if (key == has)
			return false;
		parent = *link;
		link = key < has ? &parent->rb_left : &parent->rb_right;
	}
	range->gap = record - view->bytes;
	range->subtree_max_gap = (uint64_t)space << 1 | claim;
	range->subtree_orders = 0;
	rb_link_node(range_to_tree(range), parent, link);
	rb_insert_color(range_to_tree(range), &view->keys);
	return true;
}

static void clear_node(struct vmr_range *range)
{
	memset(&range->node, 0, sizeof(range->node));
	range->gap = 0;
	range->subtree_max_gap = 0;
	range->subtree_orders = 0;
}

static void release_nodes(struct vmr_restore_ctx *view)
{
	struct rb_node *rb, *next;

	for (rb = rb_first_postorder(&view->keys); rb; rb = next) {
		next = rb_next_postorder(rb);
		clear_node(tree_to_range(rb));
	}
}

/* Whether @range is in the tree of keys, and not linked anywhere else */
static bool node_is_ours(const struct vmr_restore_ctx *view,
			 const struct vmr_range *range)
{
	const struct rb_node *rb, *up;

	if (!range->node.link)
		return false;
	for (rb = range_to_tree(range); (up = rb_parent(rb));)
		rb = up;
	return rb == view->keys.rb_node;
}

enum vmr_state vmr_snapshot_find_range(const struct vmr_restore_ctx *view,
				       const struct vmr_range *range,
				       struct vmr_snapshot_range *place)
{
	struct record record;
	bool claim;

	if (!view || !range || !node_is_ours(view, range))
		return VMR_FREE;
	claim = range->subtree_max_gap & 1;
	read_record(&record, record_of(view, range), claim);
	if (place) {
		place->space =
			view->snap->spaces[range->subtree_max_gap >> 1].space;
		place->start = record.start;
		place->last = record.last;
	}
	if (!claim)
		return VMR_LIVE;
	return record.age ? VMR_CLAIMED : VMR_PARKED;
}
EXPORT_SYMBOL_GPL(vmr_snapshot_find_range);

static size_t bytes_left(const struct vmr_restore_ctx *view)
{
	return view->end - view->at;
}

/* Step over @nr records of @size bytes; false if they do not fit */
static bool consume(struct vmr_restore_ctx *view, uint64_t nr, size_t size)
{
	if (nr > bytes_left(view) / size)
		return false;
	view->at += (size_t)nr * size;
	return true;
}

/* Read what is in front of a space's records, and step over these */
static bool read_space(struct vmr_restore_ctx *view, struct records *r)
{
	const uint8_t *head = view->bytes + view->at;

	if (!consume(view, 1, SPACE_SIZE))
		return false;
	r->live = view->at;
	if (!consume(view, get_le64(head + AT_NR_LIVE), LIVE_SIZE))
		return false;
	r->claims = view->at;
	if (!consume(view, get_le64(head + AT_NR_CLAIMS), CLAIM_SIZE))
		return false;
	r->nr_live = (size_t)get_le64(head + AT_NR_LIVE);
	r->nr_claims = (size_t)get_le64(head + AT_NR_CLAIMS);
	return true;
}

static bool check_space_header(const struct vmr_snapshot_space *s,
			       const uint8_t *head)
{
	uint64_t mark = get_le64(head + AT_MARK);

	if (get_le32(head) != s->id ||
	    get_le32(head + AT_HAS_MARK) != (s->high_watermark ? 1 : 0) ||
	    get_le64(head + AT_FIRST) != s->space->start ||
	    get_le64(head + AT_LAST) != s->space->last)
		return false;
	return !mark || (s->high_watermark && mark - 1 >= s->space->start &&
			 mark - 1 <= s->space->last);
}

/* Read a record of a space, and take its node in; false if it cannot be so */
static bool take_record(struct vmr_restore_ctx *view, size_t index,
			const uint8_t *bytes, bool claim, struct record *record)
{
	const struct vmr_space *space = view->snap->spaces[index].space;

	read_record(record, bytes, claim);
	return record->start <= record->last &&
	       record->start >= space->start && record->last <= space->last &&
	       add_node(view, index, claim, bytes);
}

static bool check_live_records(struct vmr_restore_ctx *view, size_t index,
			       const struct records *r, uint64_t mark)
{
	struct record record;
	uint64_t last = 0;
	size_t i;

	for (i = 0; i < r->nr_live; i++) {
		if (!take_record(view, index, live_at(view, r, i), false,
				 &record) ||
		    (i && record.start <= last))
			return false;
		last = record.last;
	}
	/* A live id has been handed out */
	return !r->nr_live || !view->snap->spaces[index].high_watermark ||
	       mark > last;
}

/*
 * The order of the claims, and that each has something to wait for. They ascend
 * as the live records do, so that one walk along both will do.
 */
static bool check_claim_records(struct vmr_restore_ctx *view, size_t index,
				const struct records *r)
{
	struct record claim, live = { .last = 0 };
	uint64_t start = 0, age = 0;
	size_t i, in_way = 0;

	for (i = 0; i < r->nr_claims; i++) {
		if (!take_record(view, index, claim_at(view, r, i), true,
				 &claim) ||
		    claim.start < start)
			return false;
		if (claim.start > start)
			age = 0;
		start = claim.start;
		if (!claim.age)
			continue;
		if (claim.age <= age)
			return false;
		age = claim.age;
		for (; in_way < r->nr_live; in_way++) {
			read_record(&live, live_at(view, r, in_way), false);
			if (live.last >= start)
				break;
		}
		if (in_way == r->nr_live || live.start > claim.last)
			return false;
	}
	return true;
}

/*
 * Each age from 1 to the number of claimed ranges is there once. The node of the
 * n-th claim is where it is noted that the age n has been seen.
 */
static bool check_ages(struct vmr_restore_ctx *view, const struct records *r)
{
	uint64_t age, nr = 0;
	size_t i;

	for (i = 0; i < r->nr_claims; i++)
		if (get_le64(claim_at(view, r, i) + AT_AGE))
			nr++;
	for (i = 0; i < r->nr_claims; i++) {
		struct vmr_range *seen;

		age = get_le64(claim_at(view, r, i) + AT_AGE);
		if (!age)
			continue;
		if (age > nr)
			return false;
		seen = find_key(view, get_le64(claim_at(view, r, age - 1)));
		if (seen->subtree_orders)
			return false;
		seen->subtree_orders = 1;
	}
	return true;
}

static bool check_spaces(struct vmr_restore_ctx *view)
{
	const struct vmr_snapshot *snap = view->snap;
	struct records r;
	size_t i;

	for (i = 0; i < snap->nr_spaces; i++) {
		const uint8_t *head = view->bytes + view->at;

		if (!read_space(view, &r) ||
		    !check_space_header(&snap->spaces[i], head) ||
		    !check_live_records(view, i, &r,
					get_le64(head + AT_MARK)) ||
		    !check_claim_records(view, i, &r) || !check_ages(view, &r))
			return false;
	}
	return true;
}

static bool all_zero(const uint8_t *bytes, size_t size)
{
	while (size--)
		if (*bytes++)
			return false;
	return true;
}

static bool check_block(struct vmr_restore_ctx *view,
			const struct vmr_snapshot_block *block)
{
	const uint8_t *head = view->bytes + view->at;
	size_t size = block_size(block);
	const uint8_t *saved;

	if (!consume(view, 1, BLOCK_SIZE) || get_le64(head) != block->key ||
	    get_le64(head + 8) != size)
		return false;
	saved = view->bytes + view->at;
	if (!consume(view, size, 1) || !consume(view, padding(size), 1) ||
	    !all_zero(saved + size, padding(size)))
		return false;
	if (block->fn && (!vmr_pci_state_valid(block->fn, saved) ||
			  !function_matches_ranges(block, view, saved)))
		return false;
	return !block->check || block->check(block, saved, view);
}

static bool blocks_fit(struct vmr_restore_ctx *view)
{
	size_t i;

	for (i = 0; i < view->snap->nr_blocks; i++)
		if (!check_block(view, &view->snap->blocks[i]))
			return false;
	return view->at == view->end;
}

/* Nothing is believed, the number of bytes included, before the checksum is */
static bool header_fits(struct vmr_restore_ctx *view, size_t size)
{
	const uint8_t *bytes = view->bytes;

	if (size < HEAD_SIZE + CHECKSUM_SIZE)
		return false;
	view->at = HEAD_SIZE;
	view->end = size - CHECKSUM_SIZE;
	return get_le32(bytes + view->end) == checksum(bytes, view->end) &&
	       !memcmp(bytes, magic, sizeof(magic)) &&
	       get_le32(bytes + AT_VERSION) == VMR_SNAPSHOT_VERSION &&
	       !get_le32(bytes + AT_ZERO) &&
	       get_le64(bytes + AT_TOTAL) == size &&
	       get_le32(bytes + AT_NR_SPACES) == view->snap->nr_spaces &&
	       get_le32(bytes + AT_NR_BLOCKS) == view->snap->nr_blocks;
}

static struct vmr_range *remove_node(struct vmr_restore_ctx *view, uint64_t key)
{
	struct vmr_range *range = find_key(view, key);

	rb_erase(range_to_tree(range), &view->keys);
	clear_node(range);
	return range;
}

static void restore_space(struct vmr_restore_ctx *view, size_t index)
{
	struct vmr_space *space = view->snap->spaces[index].space;
	struct record record;
	struct records r;
	size_t i;

	read_space(view, &r);
	for (i = 0; i < r.nr_live; i++) {
		read_record(&record, live_at(view, &r, i), false);
		vmr_restore_live(space, remove_node(view, record.key),
				 record.start, record.last);
	}
	for (i = 0; i < r.nr_claims; i++) {
		read_record(&record, claim_at(view, &r, i), true);
		vmr_restore_claim(space, remove_node(view, record.key),
				  record.start, record.last, record.age);
	}
}

/* One write section over all spaces: they nest where the counter is shared */
static void restore_spaces(struct vmr_restore_ctx *view)
{
	const struct vmr_snapshot *snap = view->snap;
	size_t i;

	for (i = 0; i < snap->nr_spaces; i++)
		vmr_seqcount_write_begin(snap->spaces[i].space->seq);
	for (i = 0; i < snap->nr_spaces; i++) {
		const uint8_t *head = view->bytes + view->at;

		restore_space(view, i);
		if (snap->spaces[i].high_watermark)
			*snap->spaces[i].high_watermark =
				get_le64(head + AT_MARK);
	}
	for (i = snap->nr_spaces; i-- > 0; )
		vmr_seqcount_write_end(snap->spaces[i].space->seq);
}

static void restore_blocks(struct vmr_restore_ctx *view)
{
	const struct vmr_snapshot *snap = view->snap;
	size_t i;

	for (i = 0; i < snap->nr_blocks; i++) {
		const struct vmr_snapshot_block *block = &snap->blocks[i];

		size_t size = block_size(block);

		view->at += BLOCK_SIZE;
		if (block->fn)
			vmr_pci_state_restore(block->fn,
					      view->bytes + view->at);
		else if (size)
			memcpy(block->bytes, view->bytes + view->at, size);
		view->at += size + padding(size);
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
	struct vmr_restore_ctx view = { .snap = snap, .bytes = buf };

	if (!snapshot_ok(snap) || !buf || !snap->ops->key_to_range)
		return -EINVAL;
	if (!all_empty(snap))
		return -EBUSY;
	if (!header_fits(&view, size) || !check_spaces(&view) ||
	    !blocks_fit(&view)) {
		release_nodes(&view);
		return -EBADMSG;
	}
	view.at = HEAD_SIZE;
	restore_spaces(&view);
	restore_blocks(&view);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_snapshot_restore);

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * snapshot_check.c - the first pass of a restore, which checks the snapshot
 *
 * The pass requests a node for every record and links it into a tree by key. A
 * duplicate key or node is found when it is linked. The check of a block looks up
 * saved ranges in the tree. If the snapshot is refused, the tree is dissolved, and
 * every node is as before.
 *
 * A node in the tree keeps its @start and @last, which belong to the caller until
 * the second pass, and its @type. Two members describe its record:
 *
 *  - @subtree_max_gap is the index of the space shifted left by one; bit 0 is set
 *    for a claim;
 *  - @subtree_orders is the offset of the record shifted left by one; bit 0 of the
 *    n-th claim of a space is set when age n has been found, see check_ages().
 *
 * A check returns 0, -EBADMSG if no machine saves such bytes, or -ENODEV if another
 * machine than the restoring one does.
 */
#include "snapshot.h"

static void read_record(struct vmr_record *record, const uint8_t *bytes,
			bool claim)
{
	record->key = get_le64(bytes + OFF_KEY);
	record->start = get_le64(bytes + OFF_START);
	record->last = get_le64(bytes + OFF_END);
	record->age = claim ? get_le64(bytes + OFF_AGE) : 0;
}

static struct vmr_range *tree_to_range(const struct rb_node *rb)
{
	return container_of((struct vmr_node *)rb, struct vmr_range, node);
}

static struct rb_node *range_to_tree(const struct vmr_range *range)
{
	return (struct rb_node *)&range->node;
}

static const uint8_t *record_of(const struct vmr_restore_ctx *ctx,
				const struct vmr_range *range)
{
	return ctx->bytes + (range->subtree_orders >> 1);
}

static const uint8_t *live_at(const struct vmr_restore_ctx *ctx,
			      const struct vmr_records *r, size_t index)
{
	return ctx->bytes + r->live + index * LIVE_SIZE;
}

static const uint8_t *claim_at(const struct vmr_restore_ctx *ctx,
			       const struct vmr_records *r, size_t index)
{
	return ctx->bytes + r->claims + index * CLAIM_SIZE;
}

static struct vmr_range *find_key(const struct vmr_restore_ctx *ctx,
				  uint64_t key)
{
	struct rb_node *rb = ctx->keys.rb_node;

	while (rb) {
		uint64_t has = get_le64(record_of(ctx, tree_to_range(rb)));

		if (key == has)
			return tree_to_range(rb);
		rb = key < has ? rb->rb_left : rb->rb_right;
	}
	return NULL;
}

/* The id of a device that was never registered has no type. Its home decides. */
static bool type_fits(const struct vmr_space *space,
		      const struct vmr_range *range)
{
	return vmr_type_fits(space, range) ||
	       (!range->type && space->type == VMR_TYPE_DEVICE);
}

/*
 * Request the node of a record and link it. The node's own space is the callback's
 * answer, since the record can be in any space.
 */
static int add_node(struct vmr_restore_ctx *ctx, size_t space, bool claim,
		    const uint8_t *record)
{
	const struct vmr_snapshot *snap = ctx->snap;
	const struct vmr_snapshot_space *s = &snap->spaces[space];
	struct rb_node **link = &ctx->keys.rb_node, *parent = NULL;
	uint64_t key = get_le64(record + OFF_KEY);
	uint32_t home = ~s->id; /* refused unless the callback stores an id */
	struct vmr_range *range;

	while (*link) {
		uint64_t has = get_le64(record_of(ctx, tree_to_range(*link)));

		if (key == has)
			return -EBADMSG;
		parent = *link;
		link = key < has ? &parent->rb_left : &parent->rb_right;
	}
	range = snap->ops->key_to_range(snap, key, &home);
	if (!range || range->node.link || home != s->id ||
	    !type_fits(s->space, range))
		return -ENODEV;
	range->subtree_max_gap = (uint64_t)space << 1 | claim;
	range->subtree_orders = (uint64_t)(record - ctx->bytes) << 1;
	rb_link_node(range_to_tree(range), parent, link);
	vmr_plain_insert(range_to_tree(range), &ctx->keys);
	return 0;
}

/* Return a node to the state that the callback handed it over in */
static void clear_node(struct vmr_range *range)
{
	memset(&range->node, 0, sizeof(range->node));
	range->subtree_max_gap = 0;
	range->subtree_orders = 0;
}

void vmr_restore_release_nodes(struct vmr_restore_ctx *ctx)
{
	struct rb_node *rb, *next;

	for (rb = rb_first_postorder(&ctx->keys); rb; rb = next) {
		next = rb_next_postorder(rb);
		clear_node(tree_to_range(rb));
	}
}

/* Whether @range is linked, and its tree is the tree of keys */
static bool node_is_ours(const struct vmr_restore_ctx *ctx,
			 const struct vmr_range *range)
{
	const struct rb_node *rb, *up;

	if (!range->node.link)
		return false;
	for (rb = range_to_tree(range); (up = rb_parent(rb));)
		rb = up;
	return rb == ctx->keys.rb_node;
}

enum vmr_state vmr_snapshot_find_range(const struct vmr_restore_ctx *ctx,
				       const struct vmr_range *range,
				       struct vmr_snapshot_range *saved)
{
	struct vmr_record record;
	bool claim;

	if (!ctx || !range || !node_is_ours(ctx, range))
		return VMR_FREE;
	claim = range->subtree_max_gap & 1;
	read_record(&record, record_of(ctx, range), claim);
	if (saved) {
		saved->space =
			ctx->snap->spaces[range->subtree_max_gap >> 1].space;
		saved->start = record.start;
		saved->last = record.last;
	}
	if (!claim)
		return VMR_LIVE;
	return record.age ? VMR_CLAIMED : VMR_PARKED;
}
EXPORT_SYMBOL_GPL(vmr_snapshot_find_range);

static size_t bytes_left(const struct vmr_restore_ctx *ctx)
{
	return ctx->end - ctx->at;
}

/* Skip @nr records of @size bytes; false if the snapshot is too short */
static bool consume(struct vmr_restore_ctx *ctx, uint64_t nr, size_t size)
{
	if (nr > bytes_left(ctx) / size)
		return false;
	ctx->at += (size_t)nr * size;
	return true;
}

/*
 * Read the header of a space and skip its records. Without a header there are no records: the
 * second walk ignores the result.
 */
bool vmr_restore_read_space(struct vmr_restore_ctx *ctx, struct vmr_records *r)
{
	const uint8_t *head = ctx->bytes + ctx->at;

	memset(r, 0, sizeof(*r));
	if (!consume(ctx, 1, SPACE_SIZE))
		return false;
	r->live = ctx->at;
	if (!consume(ctx, get_le64(head + OFF_NR_LIVE), LIVE_SIZE))
		return false;
	r->claims = ctx->at;
	if (!consume(ctx, get_le64(head + OFF_NR_CLAIMS), CLAIM_SIZE))
		return false;
	r->nr_live = (size_t)get_le64(head + OFF_NR_LIVE);
	r->nr_claims = (size_t)get_le64(head + OFF_NR_CLAIMS);
	return true;
}

/* A watermark outside the pool is damage; another space is another machine */
static int check_space_header(const struct vmr_snapshot_space *s,
			      const uint8_t *head)
{
	uint64_t mark = get_le64(head + OFF_MARK);
	uint64_t start = get_le64(head + OFF_FIRST);
	uint64_t last = get_le64(head + OFF_LAST);
	uint32_t has_mark = get_le32(head + OFF_HAS_MARK);

	if (has_mark > 1 || start > last ||
	    (mark && (!has_mark || mark - 1 < start || mark - 1 > last)))
		return -EBADMSG;
	if (get_le32(head) != s->id ||
	    has_mark != (s->high_watermark ? 1 : 0) ||
	    start != s->space->start || last != s->space->last)
		return -ENODEV;
	return 0;
}

/* Read a record, check that it is inside its space, and add its node */
static int check_record(struct vmr_restore_ctx *ctx, size_t index,
			const uint8_t *bytes, bool claim,
			struct vmr_record *record)
{
	const struct vmr_space *space = ctx->snap->spaces[index].space;

	read_record(record, bytes, claim);
	if (record->start > record->last || record->start < space->start ||
	    record->last > space->last)
		return -EBADMSG;
	return add_node(ctx, index, claim, bytes);
}

static int check_live_records(struct vmr_restore_ctx *ctx, size_t index,
			      const struct vmr_records *r, uint64_t mark)
{
	struct vmr_record record;
	uint64_t last = 0;
	size_t i;
	int ret;

	for (i = 0; i < r->nr_live; i++) {
		ret = check_record(ctx, index, live_at(ctx, r, i), false,
				   &record);
		if (ret)
			return ret;
		if (i && record.start <= last)
			return -EBADMSG;
		last = record.last;
	}
	/* A live id is below the watermark */
	if (r->nr_live && ctx->snap->spaces[index].high_watermark &&
	    mark <= last)
		return -EBADMSG;
	return 0;
}

/*
 * Check the order of the claims, and that a live range overlaps each. Of records with
 * one start the claims precede the parked ranges and ascend by age. Live records and
 * claims ascend, so one pass over both is sufficient. Loop invariant: the live
 * records before @next_live end below @start.
 */
static int check_claim_records(struct vmr_restore_ctx *ctx, size_t index,
			       const struct vmr_records *r)
{
	struct vmr_record claim, live = { .last = 0 };
	uint64_t start = 0, age = 0;
	size_t i, next_live = 0;
	int ret;

	for (i = 0; i < r->nr_claims; i++) {
		ret = check_record(ctx, index, claim_at(ctx, r, i), true,
				   &claim);
		if (ret)
			return ret;
		if (claim.start < start)
			return -EBADMSG;
		if (claim.start > start)
			age = 0;
		start = claim.start;
		if (!claim.age) {
			age = VMR_ADDR_MAX;
			continue;
		}
		if (claim.age <= age)
			return -EBADMSG;
		age = claim.age;
		for (; next_live < r->nr_live; next_live++) {
			read_record(&live, live_at(ctx, r, next_live), false);
			if (live.last >= start)
				break;
		}
		if (next_live == r->nr_live || live.start > claim.last)
			return -EBADMSG;
	}
	return 0;
}

/*
 * Check that each age from 1 to the number of claimed ranges occurs once. The node
 * of the n-th claim is marked when age n has been found.
 */
static int check_ages(struct vmr_restore_ctx *ctx, const struct vmr_records *r)
{
	uint64_t age, nr = 0;
	size_t i;

	for (i = 0; i < r->nr_claims; i++)
		if (get_le64(claim_at(ctx, r, i) + OFF_AGE))
			nr++;
	for (i = 0; i < r->nr_claims; i++) {
		struct vmr_range *marked;

		age = get_le64(claim_at(ctx, r, i) + OFF_AGE);
		if (!age)
			continue;
		if (age > nr)
			return -EBADMSG;
		marked = find_key(ctx, get_le64(claim_at(ctx, r, age - 1)));
		VMR_ASSERT(marked);
		if (marked->subtree_orders & 1)
			return -EBADMSG;
		marked->subtree_orders |= 1;
	}
	return 0;
}

static int check_spaces(struct vmr_restore_ctx *ctx)
{
	const struct vmr_snapshot *snap = ctx->snap;
	struct vmr_records r;
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < snap->nr_spaces; i++) {
		const uint8_t *head = ctx->bytes + ctx->at;

		if (!vmr_restore_read_space(ctx, &r))
			return -EBADMSG;
		ret = check_space_header(&snap->spaces[i], head);
		if (!ret)
			ret = check_live_records(ctx, i, &r,
						 get_le64(head + OFF_MARK));
		if (!ret)
			ret = check_claim_records(ctx, i, &r);
		if (!ret)
			ret = check_ages(ctx, &r);
	}
	return ret;
}

struct vmr_range *vmr_restore_live_node(const struct vmr_restore_ctx *ctx,
					const struct vmr_records *r,
					size_t index)
{
	return find_key(ctx, get_le64(live_at(ctx, r, index) + OFF_KEY));
}

static bool fixed_is_saved(const struct vmr_restore_ctx *ctx,
			   const struct vmr_snapshot_fixed *fixed)
{
	const struct vmr_range *range = find_key(ctx, fixed->key);
	struct vmr_snapshot_range saved;

	return range &&
	       vmr_snapshot_find_range(ctx, range, &saved) == VMR_LIVE &&
	       ctx->snap->spaces[range->subtree_max_gap >> 1].id ==
		       fixed->space &&
	       saved.start == fixed->start && saved.last == fixed->last;
}

static int check_fixed(const struct vmr_restore_ctx *ctx)
{
	size_t i;

	for (i = 0; i < ctx->snap->nr_fixed; i++)
		if (!fixed_is_saved(ctx, &ctx->snap->fixed[i]))
			return -ENODEV;
	return 0;
}

static bool all_zero(const uint8_t *bytes, size_t size)
{
	while (size--)
		if (*bytes++)
			return false;
	return true;
}

static int check_block(struct vmr_restore_ctx *ctx,
		       const struct vmr_snapshot_block *block)
{
	const struct vmr_snapshot_block_ops *ops = block->ops;
	const uint8_t *head = ctx->bytes + ctx->at;
	const uint8_t *saved = head + BLOCK_SIZE;
	uint64_t size, padding;

	if (!consume(ctx, 1, BLOCK_SIZE))
		return -EBADMSG;
	size = get_le64(head + 8);
	padding = vmr_block_padding(size);
	if (!consume(ctx, size, 1) || !consume(ctx, padding, 1) ||
	    !all_zero(saved + size, padding))
		return -EBADMSG;
	if (get_le64(head) != block->key || size != vmr_block_size(block) ||
	    (ops && ops->match && !ops->match(block, saved)))
		return -ENODEV;
	if ((ops && !ops->check(block, saved, ctx)) ||
	    (block->check && !block->check(block, saved, ctx)))
		return -EBADMSG;
	return 0;
}

static int check_blocks(struct vmr_restore_ctx *ctx)
{
	size_t i;
	int ret;

	for (i = 0; i < ctx->snap->nr_blocks; i++) {
		ret = check_block(ctx, &ctx->snap->blocks[i]);
		if (ret)
			return ret;
	}
	return ctx->at == ctx->end ? 0 : -EBADMSG;
}

/* The checksum is the first check; nothing else is read before it */
static int check_header(struct vmr_restore_ctx *ctx, size_t size)
{
	const uint8_t *bytes = ctx->bytes;

	if (size < HEAD_SIZE + CHECKSUM_SIZE)
		return -EBADMSG;
	ctx->at = HEAD_SIZE;
	ctx->end = size - CHECKSUM_SIZE;
	if (get_le32(bytes + ctx->end) !=
		    vmr_snapshot_checksum(bytes, ctx->end) ||
	    memcmp(bytes, vmr_snapshot_magic,
		   sizeof(vmr_snapshot_magic)) != 0)
		return -EBADMSG;
	/* The other fields of another version can have another meaning */
	if (get_le32(bytes + OFF_VERSION) != VMR_SNAPSHOT_VERSION)
		return -ENODEV;
	if (get_le32(bytes + OFF_ZERO) || get_le64(bytes + OFF_TOTAL) != size)
		return -EBADMSG;
	if (get_le32(bytes + OFF_NR_SPACES) != ctx->snap->nr_spaces ||
	    get_le32(bytes + OFF_NR_BLOCKS) != ctx->snap->nr_blocks)
		return -ENODEV;
	return 0;
}

int vmr_restore_check(struct vmr_restore_ctx *ctx, size_t size)
{
	int ret = check_header(ctx, size);

	if (!ret)
		ret = check_spaces(ctx);
	if (!ret)
		ret = check_fixed(ctx);
	return ret ? ret : check_blocks(ctx);
}

struct vmr_range *vmr_restore_remove_node(struct vmr_restore_ctx *ctx,
					  uint64_t key)
{
	struct vmr_range *range = find_key(ctx, key);

	VMR_ASSERT(range);
	vmr_plain_erase(range_to_tree(range), &ctx->keys);
	clear_node(range);
	return range;
}

void vmr_read_live(const struct vmr_restore_ctx *ctx,
		   const struct vmr_records *r, size_t index,
		   struct vmr_record *record)
{
	read_record(record, live_at(ctx, r, index), false);
}

void vmr_read_claim(const struct vmr_restore_ctx *ctx,
		    const struct vmr_records *r, size_t index,
		    struct vmr_record *record)
{
	read_record(record, claim_at(ctx, r, index), true);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * engine.c - operations of range.h and pool.h against bitmap_model.h
 *
 * Two spaces that share a sequence count, and a pool on the first. All results of
 * each operation are compared; at intervals also all nodes, trees, gaps and claims.
 */
#include <vmalloc/pool.h>

#include "../selftests/vmalloc/verify.h"
#include "bitmap_model.h"
#include "fuzz.h"

#define SPACES		2
#define MAX_STEPS	4

static struct vmr_space space[SPACES];
static struct vmr_range range[PIECES];
static struct vmr_range range_before[PIECES];
static struct vmr_space space_before[SPACES];
static struct vmr_pool pool;
static struct vmr_seqcount seq;

/* The latest addresses to settle: a loop repeats them, with other calls in between. */
static struct {
	unsigned int	space;
	uint64_t	start;
	uint64_t	last;
} loop;

static struct cells cells[SPACES];
static struct model_space model_space;

struct answer {
	int	ret;
	int	conflict;
	int	found;
	size_t	failed;
};

static const struct answer nothing = { 0, NONE, NONE, 77 };

static int index_of(const struct vmr_range *r)
{
	return r ? (int)(r - range) : NONE;
}

/* Arguments */

static unsigned int any_space(void)
{
	return fuzz_below(SPACES);
}

/* The start of a cell, sometimes of one that does not exist */
static uint64_t any_start(const struct cells *c)
{
	return cell_addr(c, (int)fuzz_below(CELLS + 4) - 2);
}

static uint64_t any_last(const struct cells *c)
{
	return any_start(c) + ((1ull << c->shift) - 1);
}

static uint64_t any_size(const struct cells *c)
{
	unsigned int n = fuzz_u8();

	/* Powers of two, small numbers, any number */
	if (n < 128)
		n = 1u << (n & 3);
	else if (n < 160)
		n = 1u << (n & 7);
	else if (n < 250)
		n = n % 8 + 1;
	else
		n = n % 70;
	return (uint64_t)n << c->shift;
}

static uint64_t any_align(const struct cells *c, uint64_t size)
{
	unsigned int n = fuzz_u8();

	if (n < 96 && is_power(size))
		return size;
	if (n < 192)
		return 1ull << (c->shift ? n % (c->shift + 1) : 0);
	if (n < 248)
		return c->shift + n % 8 < 64 ? 1ull << (c->shift + n % 8) : 1;
	return n < 252 ? 3ull << (n % 4) : 0;
}

static struct vmr_request any_request(const struct cells *c)
{
	struct vmr_request req = VMR_REQUEST(any_size(c), 1);
	unsigned int how = fuzz_u8();

	req.align = any_align(c, req.size);
	req.policy = (enum vmr_policy)(how & 3);
	if (!(how & 0x70))
		req.policy = (enum vmr_policy)(4 + (how & 3));
	if ((how & 0xe0) == 0xe0)
		req.prefer_align = any_align(c, req.size);
	if (how & 4)
		req.min = any_start(c);
	if (how & 8)
		req.max = any_last(c);
	if (req.policy == VMR_EXACT) {
		req.addr = any_start(c);
		if (how & 0x10 && is_power(req.align))
			req.addr &= ~(req.align - 1);
	}
	return req;
}

/* Operations */

static const char *op_alloc(struct answer *is, struct answer *should)
{
	unsigned int s = any_space(), i = fuzz_below(PIECES);
	struct vmr_request req = any_request(&cells[s]);
	struct vmr_range *conflict = NULL;

	is->ret = vmr_alloc(&space[s], &range[i], &req, &conflict);
	is->conflict = index_of(conflict);
	should->ret = board_alloc(&model_space, (int)i, &cells[s], cells[s].start,
				  cells[s].last, &req, &should->conflict);
	return "alloc";
}

static const char *op_pool_alloc(struct answer *is, struct answer *should)
{
	struct vmr_request req = any_request(&cells[0]);
	unsigned int i = fuzz_below(PIECES), how = fuzz_u8();
	struct vmr_range *conflict = NULL;

	if (how & 1)
		req.align = 0;
	if (how & 2)
		req.policy = VMR_DEFAULT;
	if (how & 4) {
		is->ret = vmr_pool_request(&pool, &range[i], &req, &conflict);
	} else {
		req.min = 0;
		req.max = VMR_ADDR_MAX;
		req.prefer_align = 0;
		is->ret = vmr_pool_alloc(&pool, &range[i], req.size, req.align,
					 req.policy);
		/* The call does not support these. */
		if (req.policy == VMR_EXACT)
			req.size = 0;
	}
	is->conflict = index_of(conflict);
	if (!req.align)
		req.align = pool.align;
	if (req.policy == VMR_DEFAULT)
		req.policy = pool.policy;
	should->ret = board_alloc(&model_space, (int)i, &cells[0], pool.start,
				  pool.last, &req, &should->conflict);
	return "pool_alloc";
}

static const char *op_reserve(struct answer *is, struct answer *should)
{
	unsigned int s = any_space(), i = fuzz_below(PIECES);
	uint64_t start = any_start(&cells[s]);
	uint64_t last = fuzz_one_in(4) ? any_last(&cells[s]) :
			start + (any_size(&cells[s]) - 1);
	struct vmr_range *conflict = NULL;

	is->ret = vmr_reserve(&space[s], &range[i], start, last, &conflict);
	is->conflict = index_of(conflict);
	should->ret = board_reserve(&model_space, (int)i, &cells[s], start, last,
				    &should->conflict);
	return "reserve";
}

/* Most often the space of the range */
static unsigned int space_of(unsigned int i)
{
	if (model_space.model_range[i].state == VMR_FREE || fuzz_one_in(16))
		return any_space();
	return (unsigned int)(model_space.model_range[i].in - cells);
}

static const char *op_move(struct answer *is, struct answer *should)
{
	unsigned int i = fuzz_below(PIECES), s = space_of(i);
	uint64_t start = any_start(&cells[s]);
	struct vmr_range *conflict = NULL;

	is->ret = vmr_move(&space[s], &range[i], start, &conflict);
	is->conflict = index_of(conflict);
	should->ret = board_move(&model_space, (int)i, &cells[s], start,
				 &should->conflict);
	return "move";
}

static const char *op_move_set(struct answer *is, struct answer *should)
{
	struct board_step mine[MAX_STEPS];
	struct vmr_move_op step[MAX_STEPS];
	struct vmr_range *conflict = NULL;
	unsigned int nr = 1 + fuzz_below(MAX_STEPS), i, other;
	bool rotate = fuzz_one_in(2);

	memset(step, 0, sizeof(step));
	memset(mine, 0, sizeof(mine));
	for (i = 0; i < nr; i++) {
		mine[i].model_range = (int)fuzz_below(PIECES);
		mine[i].from = &cells[space_of((unsigned int)mine[i].model_range)];
		mine[i].to = &cells[fuzz_one_in(4) ? any_space() :
				    space_of((unsigned int)mine[i].model_range)];
		if (!rotate)
			mine[i].start = any_start(mine[i].to);
	}
	/* A rotation, which only a bulk move can do */
	for (i = 0; rotate && i < nr; i++) {
		other = (i + 1) % nr;
		mine[i].to = mine[other].from;
		mine[i].start = model_space.model_range[mine[other].model_range].start;
	}
	for (i = 0; i < nr; i++) {
		step[i].space = &space[mine[i].from - cells];
		step[i].to_space = &space[mine[i].to - cells];
		step[i].range = &range[mine[i].model_range];
		step[i].start = mine[i].start;
	}
	is->ret = vmr_move_bulk(step, nr, &is->failed, &conflict);
	is->conflict = index_of(conflict);
	should->ret = board_move_set(&model_space, mine, (int)nr, &should->failed,
				     &should->conflict);
	return "move_bulk";
}

static const char *op_free(struct answer *is, struct answer *should)
{
	unsigned int i = fuzz_below(PIECES), s = space_of(i);

	is->ret = vmr_free(&space[s], &range[i]);
	should->ret = board_free(&model_space, (int)i, &cells[s]);
	return "free";
}

static const char *op_free_at(struct answer *is, struct answer *should)
{
	const struct model_range *p = &model_space.model_range[fuzz_below(PIECES)];
	uint64_t start = p->start, size = p->last - p->start + 1;
	struct vmr_range *freed = NULL;
	unsigned int how = fuzz_u8(), s = how & 1;

	if (!(how & 6))
		start = any_start(&cells[s]);
	if (!(how & 24))
		size = any_size(&cells[s]);
	if (how & 32) {
		is->ret = vmr_pool_free(&pool, start, size, &freed);
		should->ret = board_free_at(&model_space, &cells[0], pool.start,
					    pool.last, start, size,
					    &should->found);
	} else {
		is->ret = vmr_free_at(&space[s], start, size, &freed);
		should->ret = board_free_at(&model_space, &cells[s], cells[s].start,
					    cells[s].last, start, size,
					    &should->found);
	}
	is->found = index_of(freed);
	return "free_at";
}

static const char *op_claim(enum vmr_state state, struct answer *is,
			    struct answer *should)
{
	unsigned int i = fuzz_below(PIECES), s = space_of(i);
	uint64_t start = any_start(&cells[s]);
	uint64_t last = fuzz_one_in(8) ? any_last(&cells[s]) :
			start + (any_size(&cells[s]) - 1);

	if (state == VMR_PARKED)
		is->ret = vmr_park(&space[s], &range[i], start, last);
	else
		is->ret = vmr_claim(&space[s], &range[i], start, last);
	should->ret = board_claim(&model_space, (int)i, &cells[s], start, last,
				  state);
	return state == VMR_PARKED ? "park" : "claim";
}

static const char *op_settle(struct answer *is, struct answer *should)
{
	unsigned int how = fuzz_below(4);

	if (how < 2) {
		loop.space = any_space();
		loop.start = 0;
		loop.last = VMR_ADDR_MAX;
	}
	if (how == 1) {
		loop.start = any_start(&cells[loop.space]);
		loop.last = any_last(&cells[loop.space]);
	}
	is->found = index_of(vmr_settle(&space[loop.space], loop.start,
					loop.last));
	should->found = board_settle(&model_space, &cells[loop.space],
				     loop.start, loop.last);
	return "settle";
}

static void new_pool(void)
{
	unsigned int a = fuzz_below(CELLS), b = fuzz_below(CELLS), how;
	uint64_t start = cell_addr(&cells[0], (int)(a < b ? a : b));
	uint64_t last = cell_addr(&cells[0], (int)(a < b ? b : a)) +
			((1ull << cells[0].shift) - 1);

	if (start < cells[0].start)
		start = cells[0].start;
	if (last > cells[0].last)
		last = cells[0].last;
	if (start > last) {
		start = cells[0].start;
		last = cells[0].last;
	}
	FUZZ_ASSERT(!vmr_pool_init_span(&pool, &space[0], start, last, NULL));
	FUZZ_ASSERT(pool.start == start && pool.last == last);
	how = fuzz_u8();
	pool.align = cells[0].shift + how % 4 < 64 ?
		     1ull << (cells[0].shift + how % 4) : 1;
	pool.policy = (enum vmr_policy)(how / 4 % 3);
}

static const char *any_op(struct answer *is, struct answer *should)
{
	switch (fuzz_u8() & 31) {
	case 0:
	case 1:
	case 2:
	case 3:
	case 4:
	case 5:
	case 6:
	case 7:
		return op_alloc(is, should);
	case 8:
	case 9:
	case 10:
		return op_reserve(is, should);
	case 11:
	case 12:
	case 13:
		return op_move(is, should);
	case 14:
	case 15:
		return op_move_set(is, should);
	case 16:
	case 17:
	case 18:
	case 19:
	case 20:
		return op_free(is, should);
	case 21:
		return op_free_at(is, should);
	case 22:
	case 23:
		return op_claim(VMR_CLAIMED, is, should);
	case 24:
		return op_claim(VMR_PARKED, is, should);
	case 25:
	case 26:
	case 27:
		return op_settle(is, should);
	case 28:
		new_pool();
		return "new_pool";
	default:
		return op_pool_alloc(is, should);
	}
}

/* Lookups */

static uint64_t set_of(const struct cells *c, const struct vmr_range *r)
{
	return cells_touched(c, r->start, r->last);
}

static void check_find(unsigned int s, unsigned int cell)
{
	const struct cells *c = &cells[s];
	uint64_t at = cell_addr(c, (int)cell) + (1ull << c->shift) / 3;
	uint64_t start = 0, last = 0;
	int found = c->owner[cell];
	uint64_t set = cells_in(c, at, VMR_ADDR_MAX) | 1ull << cell;

	FUZZ_ASSERT(index_of(vmr_find(&space[s], at)) == found);
	FUZZ_ASSERT(index_of(vmr_find_lockless(&space[s], at, &start, &last)) == found);
	if (found != NONE)
		FUZZ_ASSERT(start == model_space.model_range[found].start &&
			    last == model_space.model_range[found].last);
	FUZZ_ASSERT(index_of(vmr_find_overlap(&space[s], at, VMR_ADDR_MAX)) ==
		    overlap(c, set, NONE));
}

static void check_node(unsigned int i)
{
	const struct model_range *p = &model_space.model_range[i];
	const struct vmr_range *r = &range[i];

	if (vmr_range_state(r) != p->state || r->start != p->start ||
	    r->last != p->last)
		fuzz_fail("range %u is %d at %" PRIx64 "-%" PRIx64
			  ", not %d at %" PRIx64 "-%" PRIx64, i,
			  (int)vmr_range_state(r), r->start, r->last,
			  (int)p->state, p->start, p->last);
}

static void check_nodes(void)
{
	unsigned int i, s;

	for (i = 0; i < PIECES; i++) {
		check_node(i);
		for (s = 0; s < SPACES; s++)
			FUZZ_ASSERT(vmr_in_space(&space[s], &range[i]) ==
				    (model_space.model_range[i].state != VMR_FREE &&
				     model_space.model_range[i].in == &cells[s]));
	}
}

static void check_trees(void)
{
	const char *what;
	unsigned int s;

	for (s = 0; s < SPACES; s++) {
		what = verify_space(&space[s]);
		if (strcmp(what, VERIFY_OK))
			fuzz_fail("space %u: %s", s, what);
	}
}

static void check_gaps(unsigned int s)
{
	const struct cells *c = &cells[s];
	uint64_t left = c->managed & ~c->live, most = 0, set, largest = 0;
	struct vmr_gap gap;

	vmr_for_each_gap(&gap, &space[s]) {
		set = cells_in(c, gap.start, gap.last);
		/* The gap is free, is the lowest one left, and is maximal. */
		FUZZ_ASSERT(set && !(set & ~left) && lowest(set) == lowest(left));
		FUZZ_ASSERT(!((set << 1) & ~set & left));
		FUZZ_ASSERT(index_of(gap.next) ==
			    overlap(c, ~cell_run(highest(set)), NONE));
		if ((uint64_t)__builtin_popcountll(set) > most) {
			most = (uint64_t)__builtin_popcountll(set);
			largest = set;
		}
		left &= ~set;
	}
	FUZZ_ASSERT(!left);
	FUZZ_ASSERT(vmr_largest_gap(&space[s], &gap) == !!most);
	if (most)
		FUZZ_ASSERT(cells_in(c, gap.start, gap.last) == largest);
}

static void check_order(unsigned int s)
{
	struct vmr_range *r, *prev = NULL;
	uint64_t left = cells[s].live, start = 0;
	uint32_t claims = 0;

	vmr_for_each_range(r, &space[s]) {
		FUZZ_ASSERT(lowest(set_of(&cells[s], r)) == lowest(left));
		FUZZ_ASSERT(vmr_prev_range(r) == prev);
		left &= ~set_of(&cells[s], r);
		prev = r;
	}
	FUZZ_ASSERT(!left && vmr_last_range(&space[s]) == prev);
	vmr_for_each_claim(r, &space[s]) {
		FUZZ_ASSERT(r->start >= start);
		start = r->start;
		claims |= 1u << index_of(r);
	}
	FUZZ_ASSERT(claims == cells[s].waiting);
}

static void check_totals(unsigned int s)
{
	const struct cells *c = &cells[s];
	unsigned int nr = (unsigned int)__builtin_popcountll(c->live);
	struct vmr_total used = vmr_space_used(&space[s]);
	struct vmr_total rest = vmr_space_unused(&space[s]);

	FUZZ_ASSERT(used.low == (uint64_t)nr << c->shift);
	FUZZ_ASSERT(used.high == (nr == CELLS && c->shift == 58));
	nr = (unsigned int)__builtin_popcountll(c->managed & ~c->live);
	FUZZ_ASSERT(rest.low == (uint64_t)nr << c->shift);
	FUZZ_ASSERT(rest.high == (nr == CELLS && c->shift == 58));
}

static void check_highest(void)
{
	uint64_t free = cells_in(&cells[0], pool.start, pool.last) &
			~cells[0].live;
	uint64_t addr = 77;

	FUZZ_ASSERT(vmr_pool_highest_free(&pool, &addr) ==
		    (free ? 0 : -ENOSPC));
	FUZZ_ASSERT(addr == (!free ? 77 : cell_addr(&cells[0],
						    (int)highest(free)) +
		    ((1ull << cells[0].shift) - 1)));
}

/* All comparisons after each operation, for inputs of few bytes */
static void check_all(void)
{
	unsigned int s, cell;

	check_nodes();
	for (s = 0; s < SPACES; s++) {
		for (cell = 0; cell < CELLS; cell++)
			check_find(s, cell);
		check_gaps(s);
		check_order(s);
		check_totals(s);
	}
	check_highest();
	check_trees();
}

/*
 * One kind of lookup at a time: a lookup may apply a deferred update and hide an
 * error from the next. The first kind changes nothing and is done each time.
 */
static void check(uint64_t op)
{
	unsigned int s = op >> 1 & 1;

	check_find(s, op * 29 % CELLS);
	check_node(op % PIECES);
	switch (op % 128) {
	case 13:
		check_nodes();
		break;
	case 31:
	case 33:
		check_gaps(s);
		break;
	case 57:
	case 59:
		check_order(s);
		break;
	case 79:
	case 81:
		check_totals(s);
		break;
	case 97:
		check_highest();
		break;
	case 126:
		check_trees();
		break;
	}
}

static void one_op(uint64_t nr)
{
	struct answer is = nothing, should = nothing;
	/* Save the state that a failed call must not change. This is slow. */
	bool keeps = nr % 16 == 5;
	const char *what;

	if (keeps) {
		/* An iteration over the claims ends a loop over vmr_settle(). */
		for (unsigned int i = 0; i < SPACES; i++)
			vmr_first_claim(&space[i], 0, VMR_ADDR_MAX);
		memcpy(range_before, range, sizeof(range));
		memcpy(space_before, space, sizeof(space));
	}
	what = any_op(&is, &should);
	if (is.ret != should.ret)
		fuzz_fail("%s: %d, not %d", what, is.ret, should.ret);
	if (is.conflict != should.conflict)
		fuzz_fail("%s: %d is in the way, not %d", what, is.conflict,
			  should.conflict);
	if (is.found != should.found)
		fuzz_fail("%s: %d, not %d", what, is.found, should.found);
	if (is.failed != should.failed)
		fuzz_fail("%s: step %zu, not %zu", what, is.failed,
			  should.failed);
	/* A bulk move that failed may have rebuilt the trees. */
	if (keeps && is.ret && strcmp(what, "move_bulk") &&
	    (memcmp(range_before, range, sizeof(range)) ||
	     memcmp(space_before, space, sizeof(space))))
		fuzz_fail("%s: failed and changed something", what);
	check(nr);
}

/* At the bottom, at the top, in between; cells of one address up to 2^58 */
static void start_with(unsigned int how)
{
	static const uint8_t shifts[] = { 0, 0, 4, 12, 12, 30, 50, 58 };
	unsigned int shift = shifts[how & 7], i, first, last;
	uint64_t base = 0;

	switch (how >> 3 & 3) {
	case 1:
		base = VMR_ADDR_MAX << (shift + 5) << 1;
		break;
	case 2:
		base = 0xc0000000ull << shift;
		break;
	}
	if (shift == 58)
		base = 0;
	memset(&model_space, 0, sizeof(model_space));
	memset(range, 0, sizeof(range));
	memset(&seq, 0, sizeof(seq));
	memset(&loop, 0, sizeof(loop));
	for (i = 0; i < SPACES; i++) {
		first = how & 0x20 << i ? fuzz_below(24) : 0;
		last = how & 0x20 << i ? 40 + fuzz_below(24) : CELLS - 1;
		cells_init(&cells[i], base, shift, first, last, VMR_ADDR_MAX);
		FUZZ_ASSERT(!vmr_space_init(&space[i], cells[i].start,
					    cells[i].last));
		FUZZ_ASSERT(!vmr_space_set_seqcount(&space[i], &seq));
	}
	new_pool();
}

static void run(void)
{
	uint64_t nr;

	start_with(fuzz_u8());
	for (nr = 0; fuzz_more(); nr++) {
		one_op(nr);
		if (!fuzz.generates)
			check_nodes();
	}
	check_all();
}

const struct fuzz_target fuzz_engine = { "engine", run };

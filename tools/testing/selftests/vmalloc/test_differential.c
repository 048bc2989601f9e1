// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * test_differential.c - random operations on the library and on a naive model
 *
 * Each operation is applied to both. The error, the conflict, the address and the
 * state of every range must match. A failed call must not change any byte. At
 * intervals the trees are verified and the results of all lookups are compared.
 *
 * Environment:
 *
 *	VMR_TEST_SEED	seed of the random numbers; it is printed
 *	VMR_TEST_OPS		operations per test
 *	VMR_TEST_STRESS	run for this many seconds, with one seed after another
 */
#include <inttypes.h>
#include <stdarg.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "requires.h"

#include <vmalloc/pool.h>
#include <vmalloc/id.h>

#include "misuse.h"
#include "model.h"
#include "verify.h"

#define DEFAULT_SEED	1
#define DEFAULT_OPS	200000
#define NR_TESTS	10	/* a stress run divides its time among them */
#define FOREVER		(1000 * 24 * 3600)
#define MAX_STEPS	5

struct scenario {
	uint64_t	start;
	uint64_t	last;
	uint64_t	start2;		/* of the other space */
	uint64_t	last2;
	uint64_t	grain;		/* most sizes and addresses are multiples */
	int		max_order;	/* of sizes, in grains */
	int		nr;		/* of ranges */
};

static struct model m;
static struct vmr_space space[MODEL_SPACES];
static struct vmr_range range[MODEL_RANGES];
static struct vmr_id_pool ids;
static uint64_t watermark;
static struct vmr_pool pool;
static struct vmr_seqcount seq;

static const struct scenario *sc;
static uint64_t rng_state;
static uint64_t seed, op;
static char why[512];		/* the first difference, or empty */

/* xorshift64*: a seed gives the same numbers on every host. */
static uint64_t rng(void)
{
	rng_state ^= rng_state >> 12;
	rng_state ^= rng_state << 25;
	rng_state ^= rng_state >> 27;
	return rng_state * 0x2545f4914f6cdd1dULL;
}

static unsigned int below(unsigned int n)
{
	return (rng() >> 32) % n;
}

static bool one_in(unsigned int n)
{
	return !below(n);
}

__attribute__((format(printf, 1, 2)))
static void disagree(const char *fmt, ...)
{
	va_list args;

	if (why[0])
		return;
	va_start(args, fmt);
	vsnprintf(why, sizeof(why), fmt, args);
	va_end(args);
}

static int index_of(const struct vmr_range *r)
{
	return r ? (int)(r - range) : -1;
}

/* Random arguments, most of them near the bounds of ranges and gaps */

static uint64_t within(uint64_t start, uint64_t last)
{
	uint64_t size = last - start + 1;

	return start + (size ? rng() % size : rng());
}

static uint64_t any_addr(int s)
{
	const struct model_range *r = &m.range[below(m.nr)];
	uint64_t addr;

	switch (below(16)) {
	case 0:
		return m.space[s].start - one_in(2);
	case 1:
		return m.space[s].last + one_in(2);
	case 2:
		return rng();
	case 3:
	case 4:
	case 5:
		return r->start - below(2);
	case 6:
	case 7:
	case 8:
		return r->last + below(2);
	default:
		addr = within(m.space[s].start, m.space[s].last);
		return one_in(4) ? addr : addr / sc->grain * sc->grain;
	}
}

static uint64_t any_size(int s)
{
	struct model_gap gap[MODEL_RANGES + 1];
	const struct model_gap *g;
	int nr;

	switch (below(32)) {
	case 0:
		return one_in(4) ? 0 : rng();
	case 1:
		return 1;
	case 2:
		/* The size of a gap, or one more or less */
		nr = model_gaps(&m, s, gap);
		if (!nr)
			return 1;
		g = &gap[below(nr)];
		return g->last - g->start + below(3);
	case 3:
	case 4:
		return within(1, sc->grain << below(sc->max_order + 1));
	default:
		return sc->grain << below(sc->max_order + 1);
	}
}

static uint64_t any_align(uint64_t size)
{
	switch (below(16)) {
	case 0:
		return one_in(4) ? rng() : 1ULL << below(64);
	case 1:
	case 2:
	case 3:
		return 1;
	case 4:
	case 5:
	case 6:
		return sc->grain << below(sc->max_order + 1);
	default:
		return model_pow2(size) ? size : sc->grain;
	}
}

static struct vmr_request any_request(int s)
{
	struct vmr_request req = VMR_REQUEST(any_size(s), 1);
	uint64_t swap;

	req.align = any_align(req.size);
	if (one_in(6))
		req.prefer_align = any_align(req.size);
	if (one_in(4)) {
		req.min = any_addr(s);
		req.max = any_addr(s);
		if (req.min > req.max && !one_in(8)) {
			swap = req.min;
			req.min = req.max;
			req.max = swap;
		}
	} else if (one_in(8)) {
		req.min = any_addr(s);
	} else if (one_in(8)) {
		req.max = any_addr(s);
	}
	req.policy = (enum vmr_policy)below(4);
	if (one_in(64))
		req.policy = (enum vmr_policy)(4 + below(3));
	req.addr = any_addr(s);
	if (model_pow2(req.align) && !one_in(8))
		req.addr &= ~(req.align - 1);
	return req;
}

/* A range, preferably one in the state that the operation is for. */
static int any_range(enum vmr_state state)
{
	int i = below(m.nr), tries;

	for (tries = one_in(16) ? m.nr : 0; tries < m.nr; tries++) {
		if (m.range[i].state == state)
			break;
		i = (i + 1) % m.nr;
	}
	return i;
}

static int space_of(int i)
{
	if (m.range[i].state == VMR_FREE || one_in(16))
		return below(MODEL_SPACES);
	return m.range[i].space;
}

/* The results of a call, with indices instead of pointers */
struct answer {
	int	ret;
	int	conflict;
	int	found;
	size_t	failed;
};

#define NOTHING	{ 0, -1, -1, 77 }

static void compare(const char *what, const struct answer *is,
		    const struct answer *should)
{
	if (is->ret != should->ret)
		disagree("%s: %d, not %d", what, is->ret, should->ret);
	if (is->conflict != should->conflict)
		disagree("%s: conflict %d, not %d", what, is->conflict,
			 should->conflict);
	if (is->found != should->found)
		disagree("%s: %d, not %d", what, is->found, should->found);
	if (is->failed != should->failed)
		disagree("%s: step %zu, not %zu", what, is->failed,
			 should->failed);
}

/* The state before a call, which a failing call must not change */
static struct vmr_range range_before[MODEL_RANGES];
static struct vmr_space space_before[MODEL_SPACES];
static struct vmr_id_pool ids_before;

static void keep(void)
{
	size_t i;

	/* An iteration over the claims ends a loop over vmr_settle(). */
	for (i = 0; i < MODEL_SPACES; i++)
		vmr_first_claim(&space[i], 0, VMR_ADDR_MAX);
	memcpy(range_before, range, sizeof(range[0]) * m.nr);
	memcpy(space_before, space, sizeof(space));
	memcpy(&ids_before, &ids, sizeof(ids));
}

static void unchanged(const char *what)
{
	ids_before.space.own_seq.sequence = ids.space.own_seq.sequence;
	if (memcmp(range_before, range, sizeof(range[0]) * m.nr) ||
	    memcmp(space_before, space, sizeof(space)) ||
	    memcmp(&ids_before, &ids, sizeof(ids)))
		disagree("%s: failed and changed something", what);
}

/* Operations */

static const char *op_alloc(int s, struct answer *is, struct answer *should)
{
	struct vmr_request req = any_request(s);
	struct vmr_range *conflict = NULL;
	int i = any_range(VMR_FREE);

	is->ret = vmr_alloc(&space[s], &range[i], &req, &conflict);
	is->conflict = index_of(conflict);
	should->ret = model_alloc(&m, s, m.space[s].start, m.space[s].last,
				  VMR_ADDR_MAX, i, &req, &should->conflict);
	return "alloc";
}

static const char *op_reserve(int s, struct answer *is, struct answer *should)
{
	struct vmr_range *conflict = NULL;
	uint64_t start = any_addr(s);
	uint64_t last = one_in(4) ? any_addr(s) : start + (any_size(s) - 1);
	int i = any_range(VMR_FREE);

	is->ret = vmr_reserve(&space[s], &range[i], start, last, &conflict);
	is->conflict = index_of(conflict);
	should->ret = model_reserve(&m, s, i, start, last, &should->conflict);
	return "reserve";
}

static const char *op_move(struct answer *is, struct answer *should)
{
	struct vmr_range *conflict = NULL;
	int i = any_range(VMR_LIVE);
	int s = space_of(i);
	uint64_t start = any_addr(s);

	if (one_in(2))
		start = m.range[i].start + below(7) * sc->grain -
			3 * sc->grain;
	is->ret = vmr_move(&space[s], &range[i], start, &conflict);
	is->conflict = index_of(conflict);
	should->ret = model_move(&m, s, i, start, &should->conflict);
	return "move";
}

static const char *op_move_bulk(struct answer *is, struct answer *should)
{
	struct model_step mstep[MAX_STEPS];
	struct vmr_move_op step[MAX_STEPS];
	struct vmr_range *conflict = NULL;
	int nr = 1 + below(MAX_STEPS), failed = 77, i;
	bool rotate = one_in(2);

	memset(step, 0, sizeof(step));
	for (i = 0; i < nr; i++) {
		struct model_step *s = &mstep[i];

		s->range = any_range(VMR_LIVE);
		s->space = space_of(s->range);
		s->to = one_in(4) ? (int)below(MODEL_SPACES) : s->space;
		s->start = any_addr(s->to);
	}
	/* A rotation, which only a bulk move can do */
	for (i = 0; rotate && i < nr; i++) {
		mstep[i].to = mstep[(i + 1) % nr].space;
		mstep[i].start = m.range[mstep[(i + 1) % nr].range].start;
	}
	for (i = 0; i < nr; i++) {
		step[i].space = &space[mstep[i].space];
		step[i].range = &range[mstep[i].range];
		step[i].to_space = &space[mstep[i].to];
		step[i].start = mstep[i].start;
	}
	is->ret = vmr_move_bulk(step, nr, &is->failed, &conflict);
	is->conflict = index_of(conflict);
	should->ret = model_move_set(&m, mstep, nr, &failed, &should->conflict);
	should->failed = failed;
	return "move_bulk";
}

static const char *op_free(struct answer *is, struct answer *should)
{
	int i = any_range(one_in(8) ? VMR_CLAIMED : VMR_LIVE);
	int s = space_of(i);

	/* A range of another space */
	misuse_expected = m.range[i].state != VMR_FREE && m.range[i].space != s;
	is->ret = vmr_free(&space[s], &range[i]);
	misuse_expected = false;
	should->ret = model_free(&m, s, i);
	return "free";
}

static const char *op_free_at(int s, struct answer *is, struct answer *should)
{
	const struct model_range *r = &m.range[any_range(VMR_LIVE)];
	uint64_t start = r->start, size = r->last - r->start + 1;
	struct vmr_range *freed = NULL;

	if (one_in(4))
		start = any_addr(s);
	if (one_in(4))
		size = any_size(s);
	is->ret = vmr_free_at(&space[s], start, size, &freed);
	is->found = index_of(freed);
	should->ret = model_free_at(&m, s, m.space[s].start, m.space[s].last,
				    start, size, &should->found);
	return "free_at";
}

static const char *op_claim(int s, bool park, struct answer *is,
			    struct answer *should)
{
	int i = below(m.nr);
	uint64_t start = any_addr(s);
	uint64_t last = one_in(4) ? any_addr(s) : start + (any_size(s) - 1);

	if (one_in(3)) {
		/* The interval of another range */
		const struct model_range *r = &m.range[any_range(VMR_LIVE)];

		start = r->start;
		last = r->last;
	}
	if (park)
		is->ret = vmr_park(&space[s], &range[i], start, last);
	else
		is->ret = vmr_claim(&space[s], &range[i], start, last);
	should->ret = model_claim(&m, s, i, start, last,
				  park ? VMR_PARKED : VMR_CLAIMED);
	return park ? "park" : "claim";
}

static const char *op_settle(int s, struct answer *is, struct answer *should)
{
	uint64_t start = 0, last = VMR_ADDR_MAX;

	if (one_in(2)) {
		start = any_addr(s);
		last = one_in(2) ? any_addr(s) : start;
	}
	is->found = index_of(vmr_settle(&space[s], start, last));
	should->found = model_settle(&m, s, start, last);
	return "settle";
}

static const char *op_pool(struct answer *is, struct answer *should)
{
	struct vmr_request req = any_request(0);
	struct vmr_range *conflict = NULL, *freed = NULL;
	int i = any_range(VMR_FREE);
	uint64_t addr = any_addr(0);

	switch (below(5)) {
	case 0:
		is->ret = vmr_pool_free_containing(&pool, addr, &freed);
		is->found = index_of(freed);
		if (addr < pool.start || addr > pool.last) {
			should->ret = -ERANGE;
		} else {
			int at = model_find(&m, 0, addr);

			should->ret = -ENOENT;
			if (at >= 0 && (m.range[at].start < pool.start ||
					m.range[at].last > pool.last)) {
				should->ret = -ERANGE;
			} else if (at >= 0) {
				should->found = at;
				should->ret = model_free(&m, 0, at);
			}
		}
		return "pool_free_containing";
	case 1:
		if (!one_in(4)) {
			const struct model_range *r =
				&m.range[any_range(VMR_LIVE)];

			addr = r->start;
			req.size = r->last - r->start + 1;
		}
		is->ret = vmr_pool_free(&pool, addr, req.size, &freed);
		is->found = index_of(freed);
		should->ret = model_free_at(&m, 0, pool.start, pool.last, addr,
					    req.size, &should->found);
		return "pool_free";
	case 2:
		req.min = 0;
		req.max = VMR_ADDR_MAX;
		req.prefer_align = 0;
		if (one_in(3))
			req.align = 0;
		req.policy = VMR_EXACT;
		is->ret = vmr_pool_reserve(&pool, &range[i], req.addr,
					   req.size, req.align, &conflict);
		break;
	case 3:
		req.min = 0;
		req.max = VMR_ADDR_MAX;
		req.prefer_align = 0;
		if (one_in(3))
			req.align = 0;
		if (one_in(3))
			req.policy = VMR_DEFAULT;
		is->ret = vmr_pool_alloc(&pool, &range[i], req.size, req.align,
					 req.policy);
		/* vmr_id_reserve() tests fixed requests. */
		if (req.policy == VMR_EXACT)
			req.policy = (enum vmr_policy)99;
		break;
	default:
		if (one_in(3))
			req.align = 0;
		if (one_in(3))
			req.policy = VMR_DEFAULT;
		is->ret = vmr_pool_request(&pool, &range[i], &req, &conflict);
	}
	if (!req.align)
		req.align = pool.align;
	if (req.policy == VMR_DEFAULT)
		req.policy = pool.policy;
	is->conflict = index_of(conflict);
	should->ret = model_alloc(&m, 0, pool.start, pool.last, VMR_ADDR_MAX, i,
				  &req, &should->conflict);
	return "pool_alloc";
}

static void new_pool(void)
{
	uint64_t start = within(m.space[0].start, m.space[0].last);
	uint64_t last = within(start, m.space[0].last);
	bool all = one_in(4);

	if (vmr_pool_init_span(&pool, &space[0], all ? m.space[0].start : start,
			       all ? m.space[0].last : last, NULL))
		disagree("vmr_pool_init() fails");
	pool.align = 1ULL << below(3);
	pool.policy = (enum vmr_policy)below(3);
}

/* Lookups */

static void ask_largest(int s)
{
	struct model_gap gap[MODEL_RANGES + 1];
	int nr = model_gaps(&m, s, gap), largest = 0, i;
	struct vmr_gap g;

	for (i = 1; i < nr; i++)
		if (gap[i].last - gap[i].start >
		    gap[largest].last - gap[largest].start)
			largest = i;
	if (vmr_largest_gap(&space[s], &g) != !!nr)
		disagree("largest_gap: existence differs");
	else if (nr && (g.start != gap[largest].start ||
			g.last != gap[largest].last ||
			index_of(g.next) != gap[largest].next))
		disagree("largest_gap: %" PRIx64 "-%" PRIx64, g.start, g.last);
}

static void ask_gaps(int s)
{
	struct model_gap gap[MODEL_RANGES + 1];
	int nr = model_gaps(&m, s, gap), i = 0;
	struct vmr_gap g;

	vmr_for_each_gap(&g, &space[s]) {
		if (i == nr || g.start != gap[i].start ||
		    g.last != gap[i].last || index_of(g.next) != gap[i].next) {
			disagree("gap %d is %" PRIx64 "-%" PRIx64, i, g.start,
				 g.last);
			return;
		}
		i++;
	}
	if (i != nr)
		disagree("%d gaps, not %d", i, nr);
}

static void ask_places(int s)
{
	uint64_t addr = any_addr(s), last = any_addr(s), from = 0, to = 0;
	struct vmr_range *r = vmr_find(&space[s], addr);
	uint64_t claims = 0, before = 0;
	int i;

	i = model_find(&m, s, addr);
	if (index_of(r) != i)
		disagree("find %" PRIx64 ": %d, not %d", addr, index_of(r), i);
	r = vmr_find_lockless(&space[s], addr, &from, &to);
	if (index_of(r) != i ||
	    (r && (from != m.range[i].start || to != m.range[i].last)))
		disagree("lookup %" PRIx64 ": %d, not %d", addr, index_of(r),
			 i);
	r = vmr_find_overlap(&space[s], addr, last);
	i = addr > last ? -1 : model_lowest(&m, s, addr, last, -1);
	if (index_of(r) != i)
		disagree("find_overlap %" PRIx64 "-%" PRIx64 ": %d, not %d",
			 addr, last, index_of(r), i);

	for (r = vmr_first_claim(&space[s], addr, last); r;
	     r = vmr_next_claim(r, addr, last)) {
		if (r->start < before || claims >> index_of(r) & 1) {
			disagree("claims are not in order");
			break;
		}
		before = r->start;
		claims |= 1ULL << index_of(r);
	}
	if (claims != model_claims(&m, s, addr, last))
		disagree("claims %" PRIx64 "-%" PRIx64 ": %" PRIx64, addr,
			 last, claims);
}

static void ask_pool(void)
{
	struct model_gap gap[MODEL_RANGES + 1];
	int nr = model_gaps(&m, 0, gap);
	uint64_t addr = 77, want = 77;
	int ret, want_ret = -ENOSPC;

	while (nr-- && want_ret) {
		if (gap[nr].start > pool.last || gap[nr].last < pool.start)
			continue;
		want = gap[nr].last < pool.last ? gap[nr].last : pool.last;
		want_ret = 0;
	}
	ret = vmr_pool_highest_free(&pool, &addr);
	if (ret != want_ret || addr != want)
		disagree("highest_free: %d, %" PRIx64 ", not %d, %" PRIx64,
			 ret, addr, want_ret, want);
}

static void ask_totals(int s)
{
	struct vmr_total is = vmr_space_used(&space[s]);
	struct vmr_total should = model_used(&m, s);

	if (is.low != should.low || is.high != should.high)
		disagree("used: %" PRIu64 ":%" PRIu64, is.high, is.low);
	is = vmr_space_unused(&space[s]);
	should = model_unused(&m, s);
	if (is.low != should.low || is.high != should.high)
		disagree("unused: %" PRIu64 ":%" PRIu64, is.high, is.low);
}

static void ask_order(int s)
{
	struct vmr_range *r, *prev = NULL;
	size_t nr = 0;

	vmr_for_each_range(r, &space[s]) {
		if (vmr_prev_range(r) != prev ||
		    (prev && prev->last >= r->start)) {
			disagree("ranges are not in order");
			return;
		}
		prev = r;
		if (++nr > space[s].nr_ranges)
			break;
	}
	if (nr != space[s].nr_ranges || vmr_last_range(&space[s]) != prev)
		disagree("a range is missing");
}

static void same_states(const char *what)
{
	int i, s;

	for (i = 0; i < m.nr; i++) {
		const struct model_range *r = &m.range[i];

		if (vmr_range_state(&range[i]) != r->state ||
		    range[i].start != r->start || range[i].last != r->last) {
			disagree("%s: range %d is %d at %" PRIx64 "-%" PRIx64
				 ", not %d at %" PRIx64 "-%" PRIx64, what, i,
				 vmr_range_state(&range[i]), range[i].start,
				 range[i].last, r->state, r->start, r->last);
			return;
		}
	}
	i = below(m.nr);
	s = below(MODEL_SPACES);
	if (vmr_in_space(&space[s], &range[i]) !=
	    (m.range[i].state != VMR_FREE && m.range[i].space == s))
		disagree("in_space: range %d, space %d", i, s);
}

static void verify(const struct vmr_space *s)
{
	const char *text = verify_space(s);

	if (strcmp(text, VERIFY_OK))
		disagree("%s", text);
}

static const char *any_op(struct answer *is, struct answer *should)
{
	int s = below(MODEL_SPACES);

	switch (below(32)) {
	case 0:
	case 1:
	case 2:
	case 3:
	case 4:
	case 5:
	case 6:
	case 7:
		return op_alloc(s, is, should);
	case 8:
	case 9:
	case 10:
		return op_reserve(s, is, should);
	case 11:
	case 12:
	case 13:
		return op_move(is, should);
	case 14:
	case 15:
		return op_move_bulk(is, should);
	case 16:
	case 17:
	case 18:
	case 19:
	case 20:
		return op_free(is, should);
	case 21:
		return op_free_at(s, is, should);
	case 22:
		return op_claim(s, false, is, should);
	case 23:
		return op_claim(s, true, is, should);
	case 24:
	case 25:
	case 26:
	case 27:
		return op_settle(s, is, should);
	default:
		return op_pool(is, should);
	}
}

static void range_init(void)
{
	int s;

	memset(&m, 0, sizeof(m));
	memset(range, 0, sizeof(range));
	memset(&seq, 0, sizeof(seq));
	m.nr = sc->nr;
	m.space[0].start = sc->start;
	m.space[0].last = sc->last;
	m.space[1].start = sc->start2;
	m.space[1].last = sc->last2;
	for (s = 0; s < MODEL_SPACES; s++) {
		if (vmr_space_init(&space[s], m.space[s].start,
				   m.space[s].last) ||
		    vmr_space_set_seqcount(&space[s], &seq))
			disagree("vmr_space_init() fails");
	}
	new_pool();
}

static void range_op(void)
{
	struct answer is = NOTHING, should = NOTHING;
	const char *what;
	int s;

	keep();
	what = any_op(&is, &should);
	compare(what, &is, &should);
	same_states(what);
	/* A bulk move that failed may have rebuilt the trees. */
	if (is.ret && strcmp(what, "move_bulk"))
		unchanged(what);
	s = below(MODEL_SPACES);
	ask_places(s);
	/* Not both: a lookup may apply a deferred update and hide an error. */
	switch (op % 32) {
	case 0:
		verify(&space[0]);
		verify(&space[1]);
		break;
	case 8:
		ask_gaps(s);
		break;
	case 12:
		ask_largest(s);
		break;
	case 16:
		ask_totals(s);
		ask_order(s);
		break;
	case 24:
		ask_pool();
		break;
	}
	if (one_in(64))
		new_pool();
}

/* Ids: a space of the model with a domain of 32 bits, and a watermark */

static int model_issue(int i, int ret)
{
	if (!ret && m.range[i].last >= watermark)
		watermark = m.range[i].last + 1;
	return ret;
}

static int model_id_free(uint64_t id, uint64_t count, int *freed)
{
	if (!count)
		return -EINVAL;
	if (id + count - 1 > UINT32_MAX)
		return -EOVERFLOW;
	if (id < m.space[0].start || id + count - 1 > m.space[0].last)
		return -ERANGE;
	if (id >= watermark)
		return -ENOENT;
	if (model_lowest(&m, 0, id, id + count - 1, -1) < 0)
		return -EALREADY;
	return model_free_at(&m, 0, 0, VMR_ADDR_MAX, id, count, freed);
}

static const char *id_op(struct answer *is, struct answer *should)
{
	struct vmr_range *conflict = NULL, *freed = NULL;
	struct vmr_request req = any_request(0);
	const struct vmr_request one = VMR_REQUEST(1, 1);
	int i = any_range(VMR_FREE);
	const char *what;
	uint32_t id = any_addr(0), count = any_size(0);

	switch (below(10)) {
	case 0:
	case 1:
		is->ret = vmr_id_alloc(&ids, &range[i]);
		should->ret = model_alloc(&m, 0, m.space[0].start,
					  m.space[0].last, UINT32_MAX, i, &one,
					  &should->conflict);
		model_issue(i, should->ret);
		what = "id_alloc";
		break;
	case 2:
		is->ret = vmr_id_reserve(&ids, &range[i], id, &conflict);
		should->ret = model_reserve(&m, 0, i, id, id,
					    &should->conflict);
		model_issue(i, should->ret);
		what = "id_alloc_at";
		break;
	case 3:
	case 4:
		is->ret = vmr_id_alloc_block(&ids, &range[i], &req, &conflict);
		should->ret = model_alloc(&m, 0, m.space[0].start,
					  m.space[0].last, UINT32_MAX, i, &req,
					  &should->conflict);
		model_issue(i, should->ret);
		what = "id_alloc_block";
		break;
	case 5:
	case 6:
		is->ret = vmr_id_free(&ids, id, &freed);
		should->ret = model_id_free(id, 1, &should->found);
		what = "id_free";
		break;
	case 7:
	case 8:
		i = any_range(VMR_LIVE);
		if (!one_in(4)) {
			id = m.range[i].start;
			count = m.range[i].last - m.range[i].start + 1;
		}
		is->ret = vmr_id_free_block(&ids, id, count, &freed);
		should->ret = model_id_free(id, count, &should->found);
		what = "id_free_block";
		break;
	default:
		i = any_range(VMR_LIVE);
		is->ret = vmr_id_free_range(&ids, &range[i]);
		should->ret = model_free(&m, 0, i);
		what = "id_release";
	}
	is->conflict = index_of(conflict);
	is->found = index_of(freed);
	return what;
}

static void ids_init(void)
{
	memset(&m, 0, sizeof(m));
	memset(range, 0, sizeof(range));
	watermark = 0;
	m.nr = sc->nr;
	m.space[0].start = sc->start;
	m.space[0].last = sc->last;
	/* The other space of the model stays empty. */
	m.space[1] = m.space[0];
	if (vmr_id_pool_init(&ids, sc->start, sc->last))
		disagree("vmr_id_pool_init() fails");
}

static void ids_op(void)
{
	struct answer is = NOTHING, should = NOTHING;
	const char *what;
	uint32_t id;
	bool taken;
	int i;

	keep();
	what = id_op(&is, &should);
	compare(what, &is, &should);
	if (is.ret)
		unchanged(what);
	if (ids.high_watermark != watermark)
		disagree("%s: watermark %" PRIu64 ", not %" PRIu64, what,
			 ids.high_watermark, watermark);
	for (i = 0; i < m.nr; i++)
		if (vmr_range_state(&range[i]) != m.range[i].state ||
		    range[i].start != m.range[i].start ||
		    range[i].last != m.range[i].last ||
		    vmr_id_value(&range[i]) != (uint32_t)m.range[i].start)
			disagree("%s: block %d", what, i);
	id = any_addr(0);
	i = model_find(&m, 0, id);
	taken = i >= 0;
	if (index_of(vmr_id_find(&ids, id)) != i ||
	    vmr_id_is_allocated(&ids, id) != taken)
		disagree("id_find: %" PRIu32, id);
	if (op % 16 == 0)
		verify(&ids.space);
}

/* Running */

static uint64_t from_env(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

static void start(uint64_t from, void (*init)(void))
{
	seed = from;
	/* The state of the generator must not be 0. Adjacent seeds must differ much. */
	rng_state = (seed + 1) * 0x9e3779b97f4a7c15ULL;
	if (!rng_state)
		rng_state = 1;
	rng();
	rng();
	init();
}

static void run(struct __test_metadata *_metadata,
		const struct scenario *scenario, void (*init)(void),
		void (*step)(void))
{
	uint64_t seconds = from_env("VMR_TEST_STRESS", 0) / NR_TESTS;
	uint64_t nr = from_env("VMR_TEST_OPS", DEFAULT_OPS / test_part()), done = 0;
	time_t end = time(NULL) + seconds;
	bool stress = getenv("VMR_TEST_STRESS");

	sc = scenario;
	start(from_env("VMR_TEST_SEED", stress ? (uint64_t)end : DEFAULT_SEED),
	      init);
	do {
		printf("# seed %" PRIu64 ", %" PRIu64 " operations\n", seed,
		       nr);
		fflush(stdout);
		for (op = 0; op < nr && !why[0]; op++)
			step();
		done += op;
		if (!why[0] && stress && time(NULL) < end)
			start(seed + 1, init);
		else
			stress = false;
	} while (stress);
	EXPECT_STREQ("", why) {
		TH_LOG("VMR_TEST_SEED=%" PRIu64 " VMR_TEST_OPS=%" PRIu64, seed, op);
	}
	EXPECT_LT((uint64_t)0, done);
}

FIXTURE(ranges) {
	int unused;
};

FIXTURE_VARIANT(ranges) {
	struct scenario sc;
};

/* So few addresses that nearly all requests conflict */
FIXTURE_VARIANT_ADD(ranges, few) {
	.sc = { 0, 31, 8, 39, 1, 3, 12 },
};

FIXTURE_VARIANT_ADD(ranges, small) {
	.sc = { 0x1001, 0x10fe, 0x1000, 0x10ff, 1, 5, 24 },
};

FIXTURE_VARIANT_ADD(ranges, lowest) {
	.sc = { 0, 0xfff, 0, 0x7ff, 0x10, 5, 48 },
};

FIXTURE_VARIANT_ADD(ranges, highest) {
	.sc = { VMR_ADDR_MAX - 0xfff, VMR_ADDR_MAX, VMR_ADDR_MAX - 0x7fe, VMR_ADDR_MAX, 0x10, 5,
		48 },
};

FIXTURE_VARIANT_ADD(ranges, pages) {
	.sc = { 0xc0000000, 0xffffffff, 0, VMR_ADDR_MAX, 0x1000, 16, 64 },
};

FIXTURE_VARIANT_ADD(ranges, all) {
	.sc = { 0, VMR_ADDR_MAX, 0, VMR_ADDR_MAX, 1ULL << 56, 7, 40 },
};

FIXTURE_VARIANT_ADD(ranges, all_but_the_ends) {
	.sc = { 1, VMR_ADDR_MAX - 1, 0, VMR_ADDR_MAX - 1, 1ULL << 55, 8, 40 },
};

FIXTURE_SETUP(ranges)
{
}

FIXTURE_TEARDOWN(ranges)
{
}

/* Random operations on spaces give the same results as the model. */
TEST_F_TIMEOUT(ranges, match_model, FOREVER)
{
	run(_metadata, &variant->sc, range_init, range_op);
}

FIXTURE(ids) {
	int unused;
};

FIXTURE_VARIANT(ids) {
	struct scenario sc;
};

FIXTURE_VARIANT_ADD(ids, few) {
	.sc = { .start = 5, .last = 36, .grain = 1, .max_order = 3, .nr = 16 },
};

FIXTURE_VARIANT_ADD(ids, highest) {
	.sc = { .start = UINT32_MAX - 63, .last = UINT32_MAX, .grain = 1,
		.max_order = 4, .nr = 24 },
};

FIXTURE_VARIANT_ADD(ids, all) {
	.sc = { .start = 0, .last = UINT32_MAX, .grain = 1, .max_order = 31,
		.nr = 48 },
};

FIXTURE_SETUP(ids)
{
}

FIXTURE_TEARDOWN(ids)
{
}

/* Random operations on an id pool give the same results as the model. */
TEST_F_TIMEOUT(ids, match_model, FOREVER)
{
	run(_metadata, &variant->sc, ids_init, ids_op);
}

/* Tests each address of the request at @at. */
static bool is_free_at(int s, uint64_t at, const struct vmr_request *req,
		       bool parked_too)
{
	uint64_t addr;

	for (addr = at; addr < at + req->size; addr++)
		if (addr < m.space[s].start || addr > m.space[s].last ||
		    addr < req->min || addr > req->max ||
		    model_find(&m, s, addr) >= 0 ||
		    model_avoid(&m, s, addr, addr, parked_too) >= 0)
			return false;
	return true;
}

/*
 * The model, which skips over occupied ranges, agrees with a search that tries every
 * address.
 */
TEST(model_matches_exhaustive_search)
{
	static const struct scenario tiny = { 0, 31, 3, 28, 1, 3, 9 };
	struct answer is, should;
	int done = 0;

	sc = &tiny;
	start(DEFAULT_SEED, range_init);
	while (done < 3000) {
		const struct answer none = NOTHING;
		int s = below(MODEL_SPACES), i = any_range(VMR_FREE), pass;
		struct vmr_request req = any_request(s);
		uint64_t want = VMR_ADDR_MAX, at;
		int conflict = -1;

		is = none;
		should = none;
		any_op(&is, &should);
		if (m.range[i].state != VMR_FREE || req.policy > VMR_LAST ||
		    req.size > 32 || !req.size || !model_pow2(req.align) ||
		    req.align > 32 || req.prefer_align || req.min > req.max)
			continue;
		done++;
		for (pass = 0; pass < 2 && want == VMR_ADDR_MAX; pass++)
			for (at = 0; at < 32; at += req.align)
				if (is_free_at(s, at, &req, !pass)) {
					want = at;
					if (req.policy == VMR_FIRST)
						break;
				}
		if (model_alloc(&m, s, m.space[s].start, m.space[s].last,
				VMR_ADDR_MAX, i, &req, &conflict)) {
			ASSERT_EQ(VMR_ADDR_MAX, want);
			continue;
		}
		ASSERT_EQ(want, m.range[i].start);
		ASSERT_EQ(want + req.size - 1, m.range[i].last);
		/* Only the model allocated: undo it. */
		m.range[i].state = VMR_FREE;
		m.range[i].start = range[i].start;
		m.range[i].last = range[i].last;
	}
	EXPECT_STREQ("", why);
}

TEST_HARNESS_MAIN

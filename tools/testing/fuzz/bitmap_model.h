/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * bitmap_model.h - a model of spaces, pools and ids on 64 cells
 *
 * A space has at most 64 cells of 2^shift addresses each, and one bit for each
 * occupied cell. All ranges start and end at bounds of cells, so bit operations
 * answer every lookup, fast enough for 10^9 operations.
 *
 * Written from range.h, pool.h and id.h alone.
 */
#ifndef VMR_FUZZ_BITMAP_MODEL_H
#define VMR_FUZZ_BITMAP_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <vmalloc/range.h>

#define CELLS		64
#define CELL_ORDERS	8	/* alignments of 1 to 128 cells */
#define PIECES		24
#define NONE		(-1)

struct cells {
	uint64_t	base;		/* address of cell 0 */
	unsigned int	shift;		/* a cell has 2^shift addresses */
	uint64_t	start;		/* bounds of the space */
	uint64_t	last;
	uint64_t	domain;		/* last address of the domain */
	uint64_t	managed;	/* sets of cells: managed, occupied */
	uint64_t	live;
	uint64_t	aligned[CELL_ORDERS];
	int8_t		owner[CELLS];	/* range in an occupied cell */
	uint32_t	waiting;	/* set of ranges: claimed or parked here */
};

struct model_range {
	enum vmr_state	state;
	struct cells	*in;		/* NULL if free */
	uint64_t	start;		/* unchanged when the range becomes free */
	uint64_t	last;
	uint64_t	age;		/* ticket of a claim */
};

/* The ranges of all spaces between which they can move */
struct model_space {
	struct model_range	model_range[PIECES];
	uint64_t	claims;		/* last ticket */
};

static inline bool is_power(uint64_t n)
{
	return n && !(n & (n - 1));
}

static inline uint64_t cell_run(unsigned int n)
{
	return n >= CELLS ? ~0ull : (1ull << n) - 1;
}

/* The cells that are completely inside [start, last] */
static inline uint64_t cells_in(const struct cells *c, uint64_t start,
				uint64_t last)
{
	uint64_t top = c->base + ((((uint64_t)CELLS - 1) << c->shift) |
				  ((1ull << c->shift) - 1));
	uint64_t size = 1ull << c->shift;
	unsigned int from = 0, to = CELLS;	/* one more than the last */

	if (start > last || start > top || last < c->base)
		return 0;
	if (start > c->base)
		from = ((start - c->base) >> c->shift) +
		       !!((start - c->base) & (size - 1));
	if (last < top)
		to = (last - c->base + 1) >> c->shift;
	return from < to ? cell_run(to) & ~cell_run(from) : 0;
}

/* The cells that overlap [start, last] */
static inline uint64_t cells_touched(const struct cells *c, uint64_t start,
				     uint64_t last)
{
	uint64_t top = c->base + ((((uint64_t)CELLS - 1) << c->shift) |
				  ((1ull << c->shift) - 1));
	unsigned int from = 0, to = CELLS - 1;

	if (start > last || start > top || last < c->base)
		return 0;
	if (start > c->base)
		from = (start - c->base) >> c->shift;
	if (last < top)
		to = (last - c->base) >> c->shift;
	return cell_run(to + 1) & ~cell_run(from);
}

static inline uint64_t cell_addr(const struct cells *c, int cell)
{
	return c->base + ((uint64_t)(int64_t)cell << c->shift);
}

/* Manage the cells @first to @last. Cell 0 starts at @base. */
static inline void cells_init(struct cells *c, uint64_t base,
			      unsigned int shift, unsigned int first,
			      unsigned int last, uint64_t domain)
{
	unsigned int k, i;

	memset(c, 0, sizeof(*c));
	c->base = base;
	c->shift = shift;
	c->start = cell_addr(c, (int)first);
	c->last = cell_addr(c, (int)last) + ((1ull << shift) - 1);
	c->domain = domain;
	c->managed = cell_run(last + 1) & ~cell_run(first);
	for (k = 0; k < CELL_ORDERS; k++)
		for (i = 0; i < CELLS; i++)
			if (shift + k < 64 ?
			    !(cell_addr(c, (int)i) & ((1ull << (shift + k)) - 1)) :
			    !cell_addr(c, (int)i))
				c->aligned[k] |= 1ull << i;
	memset(c->owner, NONE, sizeof(c->owner));
}

/* The cells of @set that start a run of @n cells in @set */
static inline uint64_t starts_of(uint64_t set, uint64_t n)
{
	uint64_t have = 1;

	if (n > CELLS)
		return 0;
	while (have < n) {
		uint64_t by = have < n - have ? have : n - have;

		set &= set >> by;
		have += by;
	}
	return set;
}

static inline unsigned int lowest(uint64_t set)
{
	return (unsigned int)__builtin_ctzll(set);
}

static inline unsigned int highest(uint64_t set)
{
	return 63 - (unsigned int)__builtin_clzll(set);
}

/* The cells that start at multiples of @align, a power of two */
static inline uint64_t aligned_cells(const struct cells *c, uint64_t align)
{
	unsigned int log = lowest(align);

	if (log <= c->shift)
		return ~0ull;
	if (log - c->shift < CELL_ORDERS)
		return c->aligned[log - c->shift];
	/* Larger than all cells: only cell 0 can be a multiple. */
	return !(c->base & (align - 1));
}

/* The order of the largest aligned block in a run of cells */
static inline int order_of_row(const struct cells *c, uint64_t row)
{
	int k;

	for (k = 6; k > 0; k--)
		if (starts_of(row, 1ull << k) & c->aligned[k])
			break;
	return k;
}

static inline uint64_t avoided_cells(const struct model_space *b,
				     const struct cells *c, bool parked_too)
{
	uint32_t left = c->waiting;
	uint64_t set = 0;

	for (; left; left &= left - 1) {
		const struct model_range *p = &b->model_range[lowest(left)];

		if (p->state == VMR_CLAIMED || parked_too)
			set |= cells_touched(c, p->start, p->last);
	}
	return set;
}

/* The first cell for a range of @n cells, or -1 */
static inline int place_of(const struct cells *c, uint64_t within,
			   uint64_t avoid, uint64_t n, uint64_t align,
			   enum vmr_policy policy)
{
	uint64_t gaps = within & ~c->live;
	uint64_t fit = starts_of(gaps & ~avoid, n) & aligned_cells(c, align);
	int best = 64, at = -1;

	if (!fit)
		return -1;
	if (policy == VMR_FIRST)
		return (int)lowest(fit);
	if (policy == VMR_LAST)
		return (int)highest(fit);
	while (gaps) {
		/* The lowest run of cells */
		unsigned int from = lowest(gaps);
		uint64_t behind = ~(gaps >> from);
		unsigned int len = behind ? lowest(behind) : CELLS;
		uint64_t row = cell_run(len) << from;
		int order = order_of_row(c, row);

		if (fit & row && order < best) {
			best = order;
			at = (int)lowest(fit & row);
		}
		gaps &= ~row;
	}
	return at;
}

/* The range in the lowest occupied cell of @set, leaving out @except */
static inline int overlap(const struct cells *c, uint64_t set, int except)
{
	set &= c->live;
	while (set && c->owner[lowest(set)] == except)
		set &= set - 1;
	return set ? c->owner[lowest(set)] : NONE;
}

/* Changes */

static inline void piece_out(struct model_space *b, int i)
{
	struct model_range *p = &b->model_range[i];
	uint64_t set;

	if (p->state == VMR_LIVE) {
		set = cells_touched(p->in, p->start, p->last);
		p->in->live &= ~set;
		for (; set; set &= set - 1)
			p->in->owner[lowest(set)] = NONE;
	} else if (p->state != VMR_FREE) {
		p->in->waiting &= ~(1u << i);
	}
	p->state = VMR_FREE;
}

static inline void piece_live(struct model_space *b, int i, struct cells *c,
			      uint64_t start, uint64_t last)
{
	struct model_range *p = &b->model_range[i];
	uint64_t set = cells_touched(c, start, last);

	*p = (struct model_range){ .state = VMR_LIVE, .in = c, .start = start,
			     .last = last };
	c->live |= set;
	for (; set; set &= set - 1)
		c->owner[lowest(set)] = (int8_t)i;
}

/* Calls. @conflict is written only for -EBUSY. */

static inline int board_request(const struct cells *c,
				const struct vmr_request *req)
{
	if (!req->size || !is_power(req->align) || req->min > req->max ||
	    (req->prefer_align && !is_power(req->prefer_align)))
		return -EINVAL;
	if ((unsigned int)req->policy > VMR_EXACT)
		return -EINVAL;
	if (req->policy != VMR_EXACT)
		return 0;
	if (req->addr & (req->align - 1))
		return -EINVAL;
	if (req->addr + (req->size - 1) < req->addr ||
	    req->addr + (req->size - 1) > c->domain)
		return -EOVERFLOW;
	return 0;
}

/* An allocation within [from, to], the bounds of a pool or of the space. */
static inline int board_alloc(struct model_space *b, int i, struct cells *c,
			      uint64_t from, uint64_t to,
			      const struct vmr_request *req, int *conflict)
{
	uint64_t min = req->min > from ? req->min : from;
	uint64_t max = req->max < to ? req->max : to;
	uint64_t last = req->addr + (req->size - 1);
	int ret = board_request(c, req), pass, at, found;

	if (ret)
		return ret;
	if (b->model_range[i].state != VMR_FREE)
		return -EEXIST;
	if (min > max)
		return -ERANGE;
	if (req->policy == VMR_EXACT) {
		if (req->addr < min || last > max)
			return -ERANGE;
		found = overlap(c, cells_touched(c, req->addr, last), NONE);
		if (found != NONE) {
			*conflict = found;
			return -EBUSY;
		}
		piece_live(b, i, c, req->addr, last);
		return 0;
	}
	/* Avoiding parked ranges precedes the preferred alignment. */
	for (pass = 0; pass < 4; pass++) {
		uint64_t align = pass & 1 ? req->align : req->prefer_align;
		uint64_t start;

		if (align < req->align)
			continue;
		at = place_of(c, cells_in(c, min, max) & c->managed,
			      avoided_cells(b, c, pass < 2),
			      ((req->size - 1) >> c->shift) + 1, align,
			      req->policy);
		if (at < 0)
			continue;
		start = cell_addr(c, at);
		piece_live(b, i, c, start, start + (req->size - 1));
		return 0;
	}
	return -ENOSPC;
}

static inline int board_reserve(struct model_space *b, int i, struct cells *c,
				uint64_t start, uint64_t last, int *conflict)
{
	int found;

	if (start > last)
		return -EINVAL;
	if (b->model_range[i].state != VMR_FREE)
		return -EEXIST;
	if (start < c->start || last > c->last)
		return -ERANGE;
	found = overlap(c, cells_touched(c, start, last), NONE);
	if (found != NONE) {
		*conflict = found;
		return -EBUSY;
	}
	piece_live(b, i, c, start, last);
	return 0;
}

static inline int board_move_check(const struct model_space *b, int i,
				   const struct cells *c,
				   const struct cells *to, uint64_t start)
{
	const struct model_range *p = &b->model_range[i];
	uint64_t last = start + (p->last - p->start);

	if (last < start)
		return -EOVERFLOW;
	if (p->state != VMR_LIVE || p->in != c)
		return -ENOENT;
	return start < to->start || last > to->last ? -ERANGE : 0;
}

static inline int board_move(struct model_space *b, int i, struct cells *c,
			     uint64_t start, int *conflict)
{
	struct model_range *p = &b->model_range[i];
	uint64_t last = start + (p->last - p->start);
	int ret = board_move_check(b, i, c, c, start), found;

	if (ret)
		return ret;
	found = overlap(c, cells_touched(c, start, last), i);
	if (found != NONE) {
		*conflict = found;
		return -EBUSY;
	}
	piece_out(b, i);
	piece_live(b, i, c, start, last);
	return 0;
}

struct board_step {
	int		model_range;
	struct cells	*from;
	struct cells	*to;
	uint64_t	start;
	uint64_t	was;	/* the old start */
	uint64_t	size;	/* minus 1 */
};

static inline int board_move_set(struct model_space *b, struct board_step *step,
				 int nr, size_t *failed, int *conflict)
{
	int i, j, ret = 0, found = NONE, in = 0;

	/* Check all steps before the first change. */
	for (i = 0; i < nr; i++) {
		for (j = 0; j < i && !ret; j++)
			if (step[j].model_range == step[i].model_range)
				ret = -EINVAL;
		if (!ret)
			ret = board_move_check(b, step[i].model_range, step[i].from,
					       step[i].to, step[i].start);
		if (ret) {
			*failed = (size_t)i;
			return ret;
		}
	}
	for (i = 0; i < nr; i++) {
		const struct model_range *p = &b->model_range[step[i].model_range];

		step[i].was = p->start;
		step[i].size = p->last - p->start;
		piece_out(b, step[i].model_range);
	}
	for (; in < nr; in++) {
		struct board_step *s = &step[in];

		found = overlap(s->to, cells_touched(s->to, s->start,
						     s->start + s->size), NONE);
		if (found != NONE)
			break;
		piece_live(b, s->model_range, s->to, s->start, s->start + s->size);
	}
	if (found == NONE)
		return 0;
	*failed = (size_t)in;
	*conflict = found;
	for (i = 0; i < in; i++)
		piece_out(b, step[i].model_range);
	for (i = 0; i < nr; i++)
		piece_live(b, step[i].model_range, step[i].from, step[i].was,
			   step[i].was + step[i].size);
	return -EBUSY;
}

static inline int board_free(struct model_space *b, int i, const struct cells *c)
{
	if (b->model_range[i].state == VMR_FREE || b->model_range[i].in != c)
		return -ENOENT;
	piece_out(b, i);
	return 0;
}

/* Free [start, start + size - 1], which must be within [from, to]. */
static inline int board_free_at(struct model_space *b, struct cells *c, uint64_t from,
				uint64_t to, uint64_t start, uint64_t size,
				int *freed)
{
	uint64_t last = start + (size - 1);
	uint64_t set;
	int found;

	if (!size)
		return -EINVAL;
	if (last < start || last > c->domain)
		return -EOVERFLOW;
	if (start < from || last > to)
		return -ERANGE;
	set = cells_touched(c, start, start);
	found = set ? c->owner[lowest(set)] : NONE;
	if (found == NONE || b->model_range[found].start != start ||
	    b->model_range[found].last != last)
		return -ENOENT;
	piece_out(b, found);
	*freed = found;
	return 0;
}

static inline int board_claim(struct model_space *b, int i, struct cells *c,
			      uint64_t start, uint64_t last,
			      enum vmr_state state)
{
	struct model_range *p = &b->model_range[i];

	if (start > last)
		return -EINVAL;
	if (p->state != VMR_FREE && p->in != c)
		return -EEXIST;
	if (start < c->start || last > c->last)
		return -ERANGE;
	piece_out(b, i);
	*p = (struct model_range){ .state = state, .in = c, .start = start,
			     .last = last, .age = ++b->claims };
	c->waiting |= 1u << i;
	return 0;
}

static inline int board_settle(struct model_space *b, struct cells *c, uint64_t start,
			       uint64_t last)
{
	uint64_t where = cells_touched(c, start, last);
	uint32_t left = c->waiting;
	int oldest = NONE;

	for (; left; left &= left - 1) {
		int i = (int)lowest(left);
		const struct model_range *p = &b->model_range[i];
		uint64_t set = cells_touched(c, p->start, p->last);

		if (p->state != VMR_CLAIMED || !(set & where) || set & c->live)
			continue;
		if (oldest == NONE || p->age < b->model_range[oldest].age)
			oldest = i;
	}
	if (oldest != NONE) {
		start = b->model_range[oldest].start;
		last = b->model_range[oldest].last;
		piece_out(b, oldest);
		piece_live(b, oldest, c, start, last);
	}
	return oldest;
}

/* Whether @a is allocated before @b. The order of equals is that of the set. */
static inline bool allocated_before(const struct vmr_request *a,
				    const struct vmr_request *b)
{
	bool a_fixed = a->policy == VMR_EXACT, b_fixed = b->policy == VMR_EXACT;

	if (a_fixed != b_fixed)
		return a_fixed;
	return a->align != b->align ? a->align > b->align : a->size > b->size;
}

#endif /* VMR_FUZZ_BITMAP_MODEL_H */

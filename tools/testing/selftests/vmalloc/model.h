/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * model.h - a simple model of spaces, pools and ids
 *
 * Ranges are in an array, and each query examines all of them. The model is written from
 * range.h, pool.h and id.h alone. A call checks its errors in the documented order.
 *
 * Ranges and spaces are named by their index; -1 is no range.
 */
#ifndef VMR_TEST_MODEL_H
#define VMR_TEST_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <vmalloc/range.h>

#define MODEL_RANGES	64
#define MODEL_SPACES	2

struct model_range {
	enum vmr_state	state;
	int		space;		/* unless the range is free */
	uint64_t	start;		/* kept when the range becomes free */
	uint64_t	last;
	uint64_t	age;		/* of a claim, lower is older */
};

struct model_gap {
	uint64_t	start;
	uint64_t	last;
	int		next;		/* the following range */
};

struct model {
	struct {
		uint64_t	start;
		uint64_t	last;
	}			space[MODEL_SPACES];
	struct model_range	range[MODEL_RANGES];
	int			nr;	/* used elements of the array */
	uint64_t		claims;	/* made so far */
};

static inline bool model_overlap(uint64_t start, uint64_t last, uint64_t start2,
				 uint64_t last2)
{
	return start <= last2 && start2 <= last;
}

static inline bool model_pow2(uint64_t n)
{
	return n && !(n & (n - 1));
}

static inline bool model_is(const struct model *m, int s, int i,
			    enum vmr_state state)
{
	return m->range[i].state == state && m->range[i].space == s;
}

/* The lowest live range that overlaps [start, last]. */
static inline int model_lowest(const struct model *m, int s, uint64_t start,
			       uint64_t last, int except)
{
	int i, found = -1;

	for (i = 0; i < m->nr; i++) {
		const struct model_range *r = &m->range[i];

		if (i == except || !model_is(m, s, i, VMR_LIVE) ||
		    !model_overlap(start, last, r->start, r->last))
			continue;
		if (found < 0 || r->start < m->range[found].start)
			found = i;
	}
	return found;
}

static inline int model_find(const struct model *m, int s, uint64_t addr)
{
	return model_lowest(m, s, addr, addr, -1);
}

/* All gaps by address: at most one more than ranges. */
static inline int model_gaps(const struct model *m, int s,
			     struct model_gap *gap)
{
	uint64_t from = m->space[s].start;
	int sorted[MODEL_RANGES];
	int i, j, n = 0, nr = 0;

	for (i = 0; i < m->nr; i++) {
		if (!model_is(m, s, i, VMR_LIVE))
			continue;
		for (j = n++; j > 0; j--) {
			if (m->range[sorted[j - 1]].start < m->range[i].start)
				break;
			sorted[j] = sorted[j - 1];
		}
		sorted[j] = i;
	}
	for (i = 0; i < n; i++) {
		const struct model_range *r = &m->range[sorted[i]];

		if (r->start > from)
			gap[nr++] = (struct model_gap){ from, r->start - 1,
							sorted[i] };
		if (r->last == m->space[s].last)
			return nr;
		from = r->last + 1;
	}
	gap[nr++] = (struct model_gap){ from, m->space[s].last, -1 };
	return nr;
}

/* The largest k such that an aligned block of 2^k lies inside [start, last]. */
static inline int model_order(uint64_t start, uint64_t last)
{
	int k;

	for (k = 63; k > 0; k--) {
		uint64_t block = (uint64_t)1 << k;
		uint64_t at = (start + block - 1) / block * block;

		if (at >= start && at <= last && last - at >= block - 1)
			break;
	}
	return k;
}

/*
 * Return: a range in [start, last] that automatic placement avoids, or -1. Any one is
 * sufficient: no address up to its end is suitable.
 */
static inline int model_avoid(const struct model *m, int s, uint64_t start,
			      uint64_t last, bool parked_too)
{
	int i;

	for (i = 0; i < m->nr; i++) {
		const struct model_range *r = &m->range[i];

		if ((model_is(m, s, i, VMR_CLAIMED) ||
		     (parked_too && model_is(m, s, i, VMR_PARKED))) &&
		    model_overlap(start, last, r->start, r->last))
			return i;
	}
	return -1;
}

/* The lowest or highest suitable aligned address in [lo, hi]. */
static inline bool model_place(const struct model *m, int s, uint64_t lo,
			       uint64_t hi, uint64_t size, uint64_t align,
			       bool parked_too, bool up, uint64_t *at)
{
	for (;;) {
		int hit;

		if (lo > hi || hi - lo < size - 1)
			return false;
		if (up) {
			*at = lo;
			if (*at % align) {
				*at += align - *at % align;
				if (*at < lo)
					return false;
			}
			if (*at > hi || hi - *at < size - 1)
				return false;
		} else {
			*at = hi - (size - 1);
			*at -= *at % align;
			if (*at < lo)
				return false;
		}
		hit = model_avoid(m, s, *at, *at + (size - 1), parked_too);
		if (hit < 0)
			return true;
		if (up) {
			if (m->range[hit].last >= hi)
				return false;
			lo = m->range[hit].last + 1;
		} else {
			if (m->range[hit].start <= lo)
				return false;
			hi = m->range[hit].start - 1;
		}
	}
}

/* One pass: one alignment, avoiding parked ranges or not. */
static inline bool model_pass(const struct model *m, int s, uint64_t min,
			      uint64_t max, uint64_t size, uint64_t align,
			      enum vmr_policy policy, bool parked_too,
			      uint64_t *at)
{
	struct model_gap gap[MODEL_RANGES + 1];
	int nr = model_gaps(m, s, gap);
	int i, order, best = 64;
	uint64_t here;

	for (i = 0; i < nr; i++) {
		/* A search from the top begins with the last gap. */
		const struct model_gap *g =
			&gap[policy == VMR_LAST ? nr - 1 - i : i];
		uint64_t lo = g->start > min ? g->start : min;
		uint64_t hi = g->last < max ? g->last : max;

		if (!model_place(m, s, lo, hi, size, align, parked_too,
				 policy != VMR_LAST, &here))
			continue;
		order = policy == VMR_BEST ? model_order(lo, hi) : 0;
		if (order >= best)
			continue;
		best = order;
		*at = here;
		if (policy != VMR_BEST)
			break;
	}
	return best < 64;
}

static inline void model_set(struct model *m, int s, int i,
			     enum vmr_state state, uint64_t start,
			     uint64_t last)
{
	m->range[i].state = state;
	m->range[i].space = s;
	m->range[i].start = start;
	m->range[i].last = last;
	m->range[i].age = m->claims;
}

/*
 * vmr_alloc() within [from, to] of space @s. A fixed request is bounded by the domain,
 * which ends at @domain.
 */
static inline int model_alloc(struct model *m, int s, uint64_t from,
			      uint64_t to, uint64_t domain, int i,
			      const struct vmr_request *req, int *conflict)
{
	uint64_t min = req->min > from ? req->min : from;
	uint64_t max = req->max < to ? req->max : to;
	uint64_t last = req->addr + (req->size - 1);
	bool exact = req->policy == VMR_EXACT;
	uint64_t at;
	int pass;

	if (!req->size || !model_pow2(req->align))
		return -EINVAL;
	if (req->prefer_align && !model_pow2(req->prefer_align))
		return -EINVAL;
	if (req->min > req->max || (unsigned int)req->policy > VMR_EXACT)
		return -EINVAL;
	if (exact && req->addr % req->align)
		return -EINVAL;
	if (exact && (last < req->addr || last > domain))
		return -EOVERFLOW;
	if (m->range[i].state != VMR_FREE)
		return -EEXIST;
	if (min > max)
		return -ERANGE;
	if (exact && (req->addr < min || last > max))
		return -ERANGE;
	if (exact) {
		int hit = model_lowest(m, s, req->addr, last, -1);

		if (hit >= 0) {
			*conflict = hit;
			return -EBUSY;
		}
		model_set(m, s, i, VMR_LIVE, req->addr, last);
		return 0;
	}
	/* Avoiding parked ranges has priority over the preferred alignment. */
	for (pass = 0; pass < 4; pass++) {
		uint64_t align = pass & 1 ? req->align : req->prefer_align;

		if (align < req->align)
			continue;
		if (!model_pass(m, s, min, max, req->size, align, req->policy,
				pass < 2, &at))
			continue;
		model_set(m, s, i, VMR_LIVE, at, at + (req->size - 1));
		return 0;
	}
	return -ENOSPC;
}

static inline int model_reserve(struct model *m, int s, int i, uint64_t start,
				uint64_t last, int *conflict)
{
	int hit;

	if (start > last)
		return -EINVAL;
	if (m->range[i].state != VMR_FREE)
		return -EEXIST;
	if (start < m->space[s].start || last > m->space[s].last)
		return -ERANGE;
	hit = model_lowest(m, s, start, last, -1);
	if (hit >= 0) {
		*conflict = hit;
		return -EBUSY;
	}
	model_set(m, s, i, VMR_LIVE, start, last);
	return 0;
}

/* All errors of a move except for conflicts. */
static inline int model_check_move(const struct model *m, int s, int i, int to,
				   uint64_t start)
{
	uint64_t last = start + (m->range[i].last - m->range[i].start);

	if (last < start)
		return -EOVERFLOW;
	if (!model_is(m, s, i, VMR_LIVE))
		return -ENOENT;
	if (start < m->space[to].start || last > m->space[to].last)
		return -ERANGE;
	return 0;
}

static inline int model_move(struct model *m, int s, int i, uint64_t start,
			     int *conflict)
{
	uint64_t last = start + (m->range[i].last - m->range[i].start);
	int ret = model_check_move(m, s, i, s, start);
	int hit;

	if (ret)
		return ret;
	hit = model_lowest(m, s, start, last, i);
	if (hit >= 0) {
		*conflict = hit;
		return -EBUSY;
	}
	model_set(m, s, i, VMR_LIVE, start, last);
	return 0;
}

struct model_step {
	int		space;
	int		range;
	int		to;
	uint64_t	start;
};

static inline int model_move_set(struct model *m, const struct model_step *step,
				 int nr, int *failed, int *conflict)
{
	struct model new = *m;
	int i, j, ret;

	for (i = 0; i < nr; i++) {
		const struct model_step *s = &step[i];

		ret = 0;
		for (j = 0; j < i; j++)
			if (step[j].range == s->range)
				ret = -EINVAL;
		if (!ret)
			ret = model_check_move(m, s->space, s->range, s->to,
					       s->start);
		if (ret) {
			*failed = i;
			return ret;
		}
		new.range[s->range].state = VMR_FREE;
	}
	for (i = 0; i < nr; i++) {
		const struct model_step *s = &step[i];
		const struct model_range *r = &m->range[s->range];
		uint64_t last = s->start + (r->last - r->start);
		int hit = model_lowest(&new, s->to, s->start, last, -1);

		if (hit >= 0) {
			*failed = i;
			*conflict = hit;
			return -EBUSY;
		}
		model_set(&new, s->to, s->range, VMR_LIVE, s->start, last);
	}
	*m = new;
	return 0;
}

static inline int model_free(struct model *m, int s, int i)
{
	if (m->range[i].state == VMR_FREE || m->range[i].space != s)
		return -ENOENT;
	m->range[i].state = VMR_FREE;
	return 0;
}

/* Within [from, to] of space @s. */
static inline int model_free_at(struct model *m, int s, uint64_t from,
				uint64_t to, uint64_t start, uint64_t size,
				int *freed)
{
	uint64_t last = start + (size - 1);
	int i;

	if (!size)
		return -EINVAL;
	if (last < start)
		return -EOVERFLOW;
	if (start < from || last > to)
		return -ERANGE;
	for (i = 0; i < m->nr; i++) {
		if (!model_is(m, s, i, VMR_LIVE) ||
		    m->range[i].start != start || m->range[i].last != last)
			continue;
		m->range[i].state = VMR_FREE;
		*freed = i;
		return 0;
	}
	return -ENOENT;
}

static inline int model_claim(struct model *m, int s, int i, uint64_t start,
			      uint64_t last, enum vmr_state state)
{
	if (start > last)
		return -EINVAL;
	if (m->range[i].state != VMR_FREE && m->range[i].space != s)
		return -EEXIST;
	if (start < m->space[s].start || last > m->space[s].last)
		return -ERANGE;
	m->claims++;
	model_set(m, s, i, state, start, last);
	return 0;
}

static inline int model_settle(struct model *m, int s, uint64_t start,
			       uint64_t last)
{
	int i, oldest = -1;

	if (start > last)
		return -1;
	for (i = 0; i < m->nr; i++) {
		const struct model_range *r = &m->range[i];

		if (!model_is(m, s, i, VMR_CLAIMED) ||
		    !model_overlap(start, last, r->start, r->last) ||
		    model_lowest(m, s, r->start, r->last, -1) >= 0)
			continue;
		if (oldest < 0 || r->age < m->range[oldest].age)
			oldest = i;
	}
	if (oldest >= 0)
		m->range[oldest].state = VMR_LIVE;
	return oldest;
}

/* The claimed and parked ranges that overlap [start, last], as a bit mask. */
static inline uint64_t model_claims(const struct model *m, int s,
				    uint64_t start, uint64_t last)
{
	uint64_t set = 0;
	int i;

	for (i = 0; i < m->nr; i++)
		if ((model_is(m, s, i, VMR_CLAIMED) ||
		     model_is(m, s, i, VMR_PARKED)) && start <= last &&
		    model_overlap(start, last, m->range[i].start,
				  m->range[i].last))
			set |= (uint64_t)1 << i;
	return set;
}

static inline struct vmr_total model_used(const struct model *m, int s)
{
	struct vmr_total total = { 0 };
	int i;

	for (i = 0; i < m->nr; i++) {
		if (!model_is(m, s, i, VMR_LIVE))
			continue;
		/* A sum that wraps to 0 is 2^64, the maximum. */
		total.low += m->range[i].last - m->range[i].start + 1;
		if (!total.low)
			total.high = 1;
	}
	return total;
}

static inline struct vmr_total model_unused(const struct model *m, int s)
{
	struct model_gap gap[MODEL_RANGES + 1];
	struct vmr_total total = { 0 };
	int i, nr = model_gaps(m, s, gap);

	for (i = 0; i < nr; i++) {
		total.low += gap[i].last - gap[i].start + 1;
		if (!total.low)
			total.high = 1;
	}
	return total;
}

#endif /* VMR_TEST_MODEL_H */

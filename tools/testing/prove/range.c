// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * range.c - proofs of the arithmetic of gaps
 */
#include "prove.h"

#include "range/range.c"

/* Whether @a is a multiple of the power of two and [a, a + size - 1] is in [lo, hi] */
static bool is_place(uint64_t a, uint64_t align, uint64_t size, uint64_t lo,
		     uint64_t hi)
{
	return !(a & (align - 1)) && a >= lo && a <= hi && hi - a >= size - 1;
}

/* The first multiple of the power of two from @lo on; 128 bits hold it in any case */
static bool has_block(uint64_t lo, uint64_t hi, uint64_t size)
{
	uint64_t first = (lo + (size - 1)) & -size;

	return first >= lo && is_place(first, size, size, lo, hi);
}

void prove_natural_order(void)
{
	uint64_t lo = any_u64(), hi = any_u64(), a = any_u64();
	uint64_t order;

	assume(lo <= hi);
	/* The boundary that the function looks for; 0 if there is none */
	assume(fls64(hi + 1 ? lo ^ (hi + 1) : 0) == (int)each_of(65));
	order = vmr_natural_order_bit(lo, hi);
	prove(vmr_is_pow2(order), "one bit");
	prove(has_block(lo, hi, order), "a block of the order is in the gap");
	if (order < VMR_GAP_MAX_ORDER_BIT)
		prove(!is_place(a, 2 * order, 2 * order, lo, hi),
		      "no block of the next order is in the gap");
}

void prove_gap_order_bit(void)
{
	struct vmr_range range;
	uint64_t bit;

	assume(range.gap <= range.start);
	bit = vmr_gap_order_bit(&range);
	if (!range.gap) {
		prove(!bit, "no gap has no order");
		return;
	}
	prove(bit && !(bit & (bit - 1)), "one bit");
	prove(bit == vmr_natural_order_bit(range.start - range.gap,
					   range.start - 1),
	      "the natural order of the gap");
}

void prove_least_order(void)
{
	uint64_t size = any_u64(), align = 1ull << each_of(64), a = any_u64();
	unsigned int least;

	assume(size && is_place(a, align, size, 0, VMR_ADDR_MAX));
	least = min_order(size, align);
	prove(least <= 63, "at most the highest order");
	prove(has_block(a, a + (size - 1), 1ull << least),
	      "each place has a block of this order");
}

void prove_gap_fits(void)
{
	struct vmr_gap_search s;
	struct vmr_range range;
	uint64_t a = any_u64(), first = range.start - range.gap, skip;
	bool fits;

	assume(range.gap <= range.start && s.size);
	s.align = 1ull << each_of(64);
	s.exact_order = false;
	skip = -first & (s.align - 1);
	fits = gap_fits(&s, vmr_to_rb(&range));
	if (fits) {
		prove(is_place(first + skip, s.align, s.size, first,
			       range.start - 1),
		      "yes: the lowest place is in the gap");
	} else if (range.gap) {
		prove(!is_place(a, s.align, s.size, first, range.start - 1),
		      "no: no place is in the gap");
	}
	prove(!fits || range.gap, "no gap: no");
}

void prove_gap_outside_bounds(void)
{
	struct vmr_gap_search s;
	struct vmr_range range;
	uint64_t a = any_u64();

	assume(range.gap <= range.start);
	assume(a >= range.start - range.gap && a < range.start);
	if (gap_outside_bounds(&s, &range, true))
		prove(a < s.min, "upwards: each address is below the bounds");
	if (gap_outside_bounds(&s, &range, false))
		prove(a > s.max, "downwards: each address is above the bounds");
}

/* A space with a range @next or none, as the invariants of the range layer say */
struct machine {
	struct vmr_space space;
	struct vmr_range lowest, highest, next;
};

/* The gap in front of the range that is returned is [first, last] unless it is empty */
static struct vmr_range *any_gap(struct machine *m, struct vmr_gap_search *s,
				 uint64_t *first, uint64_t *last)
{
	struct vmr_space *space = &m->space;
	struct vmr_range *next = NULL;

	assume(space->start <= space->last);
	assume(space->start <= s->min && s->min <= s->max &&
	       s->max <= space->last);
	s->space = space;
	*first = space->start;
	*last = space->last;
	space->lowest = NULL;
	space->highest = NULL;
	if (any_bool()) {
		space->lowest = &m->lowest;
		space->highest = &m->highest;
		assume(m->highest.last >= space->start &&
		       m->highest.last <= space->last);
		if (any_bool()) {
			next = &m->next;
			if (any_bool())
				space->lowest = next;
			assume(next->start >= space->start &&
			       next->start <= space->last);
			assume(next->gap <= next->start - space->start);
			if (space->lowest != next)
				*first = next->start - next->gap;
			*last = next->start - 1;
		} else {
			*first = m->highest.last + 1;
		}
	}
	return next;
}

/* Whether an address is in the gap and in the bounds */
static bool is_usable(const struct machine *m, const struct vmr_gap_search *s,
		      const struct vmr_range *next, uint64_t first, uint64_t a)
{
	if (next && a >= next->start)
		return false;
	if (!next && s->space->highest && a <= m->highest.last)
		return false;
	return a >= first && a >= s->min && a <= s->max;
}

void prove_clip_gap(void)
{
	struct machine m;
	struct vmr_gap_search s;
	uint64_t first, last, lo, hi, a = any_u64();
	struct vmr_range *next = any_gap(&m, &s, &first, &last);
	bool some = vmr_clip_gap(&s, next, &lo, &hi);

	prove(!some || lo <= hi, "the part is not empty");
	prove(is_usable(&m, &s, next, first, a) ==
	      (some && a >= lo && a <= hi),
	      "the part has the addresses of the gap within the bounds");
}

void prove_place_in_gap(void)
{
	struct vmr_gap_search s;
	uint64_t a = any_u64(), addr;
	bool ascending = any_bool();

	s.align = 1ull << each_of(64);
	assume(s.size && s.lo <= s.hi);
	if (!vmr_place_in_gap(&s, ascending, &addr)) {
		prove(!is_place(a, s.align, s.size, s.lo, s.hi),
		      "no: there is none");
		return;
	}
	prove(is_place(addr, s.align, s.size, s.lo, s.hi),
	      "aligned and inside");
	prove(addr + (s.size - 1) >= addr, "no wrap");
	if (is_place(a, s.align, s.size, s.lo, s.hi))
		prove(ascending ? addr <= a : addr >= a,
		      "the lowest or the highest");
}

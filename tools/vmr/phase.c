// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * phase.c - places for windows that are no multiple of their alignment
 *
 * A window of 128 GiB and a little more wastes almost all of a second 128 GiB. Its
 * contents may be in either order, with the little part behind or before the large
 * one. Two neighbours in opposite order share the second 128 GiB.
 */
#include "place.h"

bool has_phase(const struct plan_resource *resource)
{
	return resource->window &&
	       (resource->phase || resource->size & (resource->align - 1));
}

/* The remainder of the start by the alignment, in the one or the other order */
uint64_t phase_of(const struct plan_resource *resource, bool mirrored)
{
	if (!mirrored)
		return resource->phase;
	return (0 - resource->phase - resource->size) & (resource->align - 1);
}

static bool fits_upwards(const struct vmr_gap *gap,
			 const struct plan_resource *r, uint64_t phase,
			 uint64_t *start)
{
	*start = gap->start + ((phase - gap->start) & (r->align - 1));
	return *start >= gap->start && gap->last - *start >= r->size - 1 &&
	       *start <= gap->last;
}

static bool fits_downwards(const struct vmr_gap *gap,
			   const struct plan_resource *r, uint64_t phase,
			   uint64_t *start)
{
	uint64_t highest = gap->last - (r->size - 1), back;

	if (gap->last - gap->start < r->size - 1)
		return false;
	back = (highest - phase) & (r->align - 1);
	*start = highest - back;
	return back <= highest - gap->start;
}

/* Within one gap, the better of the two orders */
static bool best_in_gap(const struct vmr_gap *gap,
			const struct plan_resource *r, bool top,
			uint64_t *start, bool *mirrored)
{
	uint64_t at[2];
	bool fits[2];
	int i;

	for (i = 0; i < 2; i++)
		fits[i] = top ? fits_downwards(gap, r, phase_of(r, i), &at[i]) :
				fits_upwards(gap, r, phase_of(r, i), &at[i]);
	*mirrored = fits[1] && (!fits[0] || (top ? at[1] > at[0] :
						   at[1] < at[0]));
	*start = at[*mirrored];
	return fits[0] || fits[1];
}

static bool clip(struct vmr_gap *gap, const struct vmr_pool *pool)
{
	if (gap->start < pool->start)
		gap->start = pool->start;
	if (gap->last > pool->last)
		gap->last = pool->last;
	return gap->start <= gap->last;
}

/* The highest or lowest place in the gaps of a pool */
bool find_phase(const struct vmr_pool *pool, const struct plan_resource *r,
		bool top, uint64_t *start, bool *mirrored)
{
	uint64_t at = pool->last;
	struct vmr_gap gap, part;

	if (!top) {
		vmr_for_each_gap(&gap, pool->space) {
			part = gap;
			if (clip(&part, pool) &&
			    best_in_gap(&part, r, false, start, mirrored))
				return true;
			if (gap.last >= pool->last)
				break;
		}
		return false;
	}
	while (vmr_last_gap_at_or_below(pool->space, at, &gap)) {
		part = gap;
		if (gap.last < pool->start)
			break;
		if (clip(&part, pool) &&
		    best_in_gap(&part, r, true, start, mirrored))
			return true;
		if (!gap.start || gap.start <= pool->start)
			break;
		at = gap.start - 1;
	}
	return false;
}

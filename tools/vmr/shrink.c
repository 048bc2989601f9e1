// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * shrink.c - a window that has no place: which of the devices behind it have one
 *
 * The largest devices are tried first. Devices without a place are held back, and
 * the window is sized without them. Equal devices are tried by halving.
 */
#include <stdlib.h>

#include "place.h"

struct leaf {
	struct plan_device		*lead;
	const struct plan_resource	*largest;
	size_t				order;
};

struct leaves {
	struct plan		*plan;
	struct plan_device	*bridge;
	struct plan_resource	*window;
	unsigned int		index;
	struct leaf		*list;
	size_t			nr;
};

static int compare(const void *a, const void *b)
{
	const struct leaf *x = a, *y = b;

	if (x->largest->size != y->largest->size)
		return x->largest->size > y->largest->size ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static const struct plan_resource *largest_in(struct plan_device *lead,
					      unsigned int window)
{
	const struct plan_resource *r, *largest = NULL;
	struct plan_device *fn;

	for_each_function(fn, lead)
		for_each_resource(r, fn)
			if (is_address(r->kind) && window_of(r) == window &&
			    (!largest || r->size > largest->size))
				largest = r;
	return largest;
}

static void collect(struct leaves *l)
{
	struct plan_device *at;
	const struct plan_resource *largest;
	size_t max = 0;

	for (at = l->bridge; at; at = next_below(at, l->bridge)) {
		if (at->is_bridge || at->lead != at || !is_in(at, false))
			continue;
		largest = largest_in(at, l->index);
		if (!largest)
			continue;
		if (l->nr == max) {
			max = max ? 2 * max : 16;
			l->list = xcheck(realloc(l->list,
						 max * sizeof(*l->list)));
		}
		l->list[l->nr] = (struct leaf) { at, largest, l->nr };
		l->nr++;
	}
	if (l->nr)
		qsort(l->list, l->nr, sizeof(*l->list), compare);
}

static void hold(struct leaves *l, size_t from, size_t to, bool held)
{
	struct plan_device *fn;

	for (; from < to; from++)
		for_each_function(fn, l->list[from].lead)
			fn->held = held;
}

/* Whether the window has a place with [from, to) in addition to what is in it */
static bool fits_with(struct leaves *l, size_t from, size_t to)
{
	bool fits;

	hold(l, from, to, false);
	size_windows_below(l->bridge, l->index, false);
	fits = !l->window->size ||
	       find_place(l->plan, l->window);
	if (!fits)
		hold(l, from, to, true);
	return fits;
}

/* The largest number from @from on that fit; they are in afterwards. */
static size_t add_run(struct leaves *l, size_t from)
{
	size_t step = 1, at = from;

	while (at < l->nr) {
		size_t to = step < l->nr - at ? at + step : l->nr;

		if (fits_with(l, at, to)) {
			at = to;
			step *= 2;
			continue;
		}
		if (step == 1)
			break;
		step = (to - at) / 2 ? (to - at) / 2 : 1;
	}
	return at;
}

static bool same_device(const struct leaf *a, const struct leaf *b)
{
	const struct plan_device *x = a->lead, *y = b->lead;
	size_t i;

	if (x->nr != y->nr || x->behind != y->behind)
		return false;
	for (i = 0; i < x->nr; i++)
		if (x->requested[i].size != y->requested[i].size ||
		    x->requested[i].flags != y->requested[i].flags)
			return false;
	return true;
}

static void drop(struct leaves *l, size_t i)
{
	struct plan_device *fn;

	for_each_function(fn, l->list[i].lead)
		fn->held = false;
	fail_to_place(l->plan, l->list[i].lead, l->list[i].largest, -ENOSPC,
		      NULL);
}

/* Whether the window has a place afterwards, or nothing is left in it */
bool shrink_window(struct plan *plan, struct plan_device *bridge,
		   struct plan_resource *window)
{
	struct leaves l = {
		.plan = plan, .bridge = bridge, .window = window,
		.index = window - bridge->requested,
	};
	size_t i = 0, first;
	bool fits;

	collect(&l);
	hold(&l, 0, l.nr, true);
	while (i < l.nr) {
		i = add_run(&l, i);
		if (i == l.nr)
			break;
		first = i;
		do
			drop(&l, i++);
		while (i < l.nr && same_device(&l.list[first], &l.list[i]));
	}
	fits = fits_with(&l, 0, 0);
	free(l.list);
	return fits;
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * claim.c - proof of the placement beside claims
 *
 * The proof follows one place, which is any. While no claim wants a part of it, it
 * stays between the bounds of the loop, and a refusal of the gap is wrong if it is
 * there. Of vmr_place_in_gap() the proof uses what prove_place_in_gap() proves. All
 * places here are aligned.
 */
#include "prove.h"

#include "range/claim.c"

static struct vmr_gap_search s;
static struct vmr_range claim;
static uint64_t place, first, last;
static bool claimed, is_there, ascending;

static bool is_place(uint64_t a, uint64_t lo, uint64_t hi)
{
	return a >= lo && a <= hi && hi - a >= s.size - 1;
}

static bool wants(uint64_t a)
{
	return claim.start <= a + (s.size - 1) && claim.last >= a;
}

bool stub_vmr_place_in_gap(const struct vmr_gap_search *search, bool upwards,
			   uint64_t *addr)
{
	uint64_t at = any_u64();

	prove(search == &s && s.lo <= s.hi, "the part is not empty");
	prove(upwards == ascending, "in its direction");
	if (any_bool()) {
		assume(!is_place(place, s.lo, s.hi));
		return false;
	}
	assume(is_place(at, s.lo, s.hi));
	if (is_place(place, s.lo, s.hi))
		assume(upwards ? at <= place : at >= place);
	*addr = at;
	return true;
}

/* Any claim that overlaps the place that is asked about, or none */
const struct vmr_range *stub_find_blocking(struct vmr_gap_search *search,
					   struct vmr_range *next, uint64_t addr,
					   bool upwards)
{
	prove(search == &s && is_place(addr, first, last), "asks about places");
	if (any_bool())
		return NULL;
	claim.start = any_u64();
	claim.last = any_u64();
	assume(claim.start <= claim.last && wants(addr));
	assume(is_there ? !wants(place) : true);
	return &claim;
}

bool invariant_of_vmr_place_beside_claims(void)
{
	return s.lo >= first && s.hi <= last && s.lo <= s.hi && !s.beyond &&
	       (!is_there || is_place(place, s.lo, s.hi));
}

void prove_place_beside_claims(void)
{
	bool found;

	s.size = any_u64();
	first = any_u64();
	last = any_u64();
	s.lo = first;
	s.hi = last;
	s.min = any_u64();
	s.max = any_u64();
	place = any_u64();
	ascending = any_bool();
	assume(s.size && s.lo <= s.hi);
	is_there = is_place(place, s.lo, s.hi);

	found = vmr_place_beside_claims(&s, NULL, ascending);
	if (!found) {
		prove(!is_there, "no: a claim wants each place");
		return;
	}
	prove(is_place(s.found_addr, first, last), "inside");
	prove(s.found_addr + (s.size - 1) >= s.found_addr, "no wrap");
	if (is_there)
		prove(ascending ? s.found_addr <= place : s.found_addr >= place,
		      "the lowest or the highest that no claim wants");
}

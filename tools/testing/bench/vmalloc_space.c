// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * vmalloc_space.c - the workloads of address allocators, with this library
 */
#include <vmalloc/range.h>

#include "bench.h"
#include "impls.h"

#define IMPL	"vmalloc"

struct space {
	struct vmr_space	space;
	size_t			n;
	void			*memory;
	uint32_t		*pages;
	struct bench_place	*asked;
	struct vmr_range	*inactive;	/* parked and claimed ranges */
};

static inline struct vmr_range *node(struct space *s, size_t i)
{
	return (struct vmr_range *)s->memory + i;
}

static inline size_t space_bytes(size_t n)
{
	return n * sizeof(struct vmr_range);
}

static inline void space_init(struct space *s, uint64_t last)
{
	vmr_space_init(&s->space, 0, last);
}

static inline bool space_alloc(struct space *s, size_t i, uint64_t size,
			       int policy, uint64_t min, uint64_t max)
{
	const struct vmr_request req = {
		.size = size, .align = size, .min = min, .max = max,
		.policy = (enum vmr_policy)policy,
	};

	return !vmr_alloc(&s->space, node(s, i), &req, NULL);
}

static inline bool space_reserve(struct space *s, size_t i, uint64_t start,
				 uint64_t size)
{
	return !vmr_reserve(&s->space, node(s, i), start, start + size - 1,
			    NULL);
}

static inline void space_free(struct space *s, size_t i)
{
	vmr_free(&s->space, node(s, i));
}

static inline bool space_move(struct space *s, size_t i, uint64_t start,
			      uint64_t size)
{
	(void)size;
	return !vmr_move(&s->space, node(s, i), start, NULL);
}

static inline size_t space_find(struct space *s, uint64_t addr)
{
	return vmr_find(&s->space, addr) - (struct vmr_range *)s->memory;
}

static inline uint64_t space_start(struct space *s, size_t i)
{
	return node(s, i)->start;
}

static inline uint64_t space_size(struct space *s, size_t i)
{
	return node(s, i)->last - node(s, i)->start + 1;
}

#include "workloads.h"

_Static_assert((int)FIRST == (int)VMR_FIRST && (int)LAST == (int)VMR_LAST &&
	       (int)BEST == (int)VMR_BEST, "the policies' names");

SPACE_WORKLOADS(vmalloc);

/* Workloads beside parked and claimed ranges; the same without them is the peer */

#define WAY	32	/* inactive ranges in the way */

static void destroy_parked(void *state)
{
	free(((struct space *)state)->inactive);
	destroy(state);
}

static void new_inactive(struct space *s, size_t nr)
{
	free(s->inactive);
	s->inactive = aligned_alloc(64, nr * sizeof(*s->inactive));
	if (!s->inactive)
		bench_fail("no memory");
	memset(s->inactive, 0, nr * sizeof(*s->inactive));
}

/* Alternately claimed and parked */
static void add_inactive(struct space *s, size_t i, uint64_t start,
			 uint64_t size, bool claims)
{
	uint64_t last = start + (size - 1);
	int ret = claims && i % 2 ?
		  vmr_claim(&s->space, &s->inactive[i], start, last) :
		  vmr_park(&s->space, &s->inactive[i], start, last);

	must(!ret, "an inactive range", i);
}

/* One parked range over all addresses */
static void park_all(struct space *s)
{
	new_inactive(s, 1);
	add_inactive(s, 0, 0, s->space.last + 1, false);
}

/* n / 10 inactive pages above all that a workload allocates */
static void park_elsewhere(struct space *s, uint64_t above)
{
	size_t i, nr = s->n / 10;

	new_inactive(s, nr);
	for (i = 0; i < nr; i++)
		add_inactive(s, i, above + 2 * i * BENCH_PAGE, BENCH_PAGE, true);
}

static void setup_over(void *state, const struct bench_place *places)
{
	setup_first(state, places);
	park_all(state);
}

static void setup_elsewhere(void *state, const struct bench_place *places)
{
	struct space *s = state;

	setup_first(state, places);
	park_elsewhere(s, 2 * s->n * BENCH_PAGE);
}

static void setup_mixed_over(void *state, const struct bench_place *places)
{
	setup_places(state, places);
	park_all(state);
}

static void setup_mixed_elsewhere(void *state, const struct bench_place *places)
{
	setup_places(state, places);
	park_elsewhere(state, 1ULL << 62);
}

/* Inactive ranges, one behind the other, over the lower half of the live pages */
static void setup_way(void *state, const struct bench_place *places)
{
	struct space *s = state;
	size_t size = s->n / 2 / WAY, i;

	setup_first(state, places);
	new_inactive(s, WAY);
	for (i = 0; size && i < WAY; i++)
		add_inactive(s, i, i * size * BENCH_PAGE, size * BENCH_PAGE,
			     true);
}

#define PARKED(name_, run_, setup_) \
	{ .name = name_, .create = create, .destroy = destroy_parked, \
	  .setup = setup_, .run = run_, .places = places, .check = check }

const struct bench_impl vmalloc_over_churn =
	PARKED("parked", run_churn, setup_over);
const struct bench_impl vmalloc_elsewhere_churn =
	PARKED("elsewhere", run_churn, setup_elsewhere);
const struct bench_impl vmalloc_way_churn =
	PARKED("in_the_way", run_churn, setup_way);
const struct bench_impl vmalloc_over_mixed =
	PARKED("parked", run_mixed, setup_mixed_over);
const struct bench_impl vmalloc_elsewhere_mixed =
	PARKED("elsewhere", run_mixed, setup_mixed_elsewhere);

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

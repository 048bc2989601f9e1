// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * drm_mm_space.c - the workloads of address allocators, with the kernel's drm_mm
 *
 * Best fit of drm_mm takes the shortest sufficient gap; best fit of this library takes
 * the gap of the least sufficient order. With pages both take the freed page. A move
 * is a removal and a reservation in drm_mm.
 */
#include <drm/drm_mm.h>

#include "bench.h"
#include "impls.h"

#define IMPL	"drm_mm"

struct space {
	struct drm_mm		mm;
	size_t			n;
	void			*memory;
	uint32_t		*pages;
	struct bench_place	*asked;
};

static const enum drm_mm_insert_mode modes[] = {
	DRM_MM_INSERT_LOW, DRM_MM_INSERT_HIGH, DRM_MM_INSERT_BEST,
};

static inline struct drm_mm_node *node(struct space *s, size_t i)
{
	return (struct drm_mm_node *)s->memory + i;
}

static inline size_t space_bytes(size_t n)
{
	return n * sizeof(struct drm_mm_node);
}

static inline void space_init(struct space *s, uint64_t last)
{
	drm_mm_init(&s->mm, 0, last + 1);
}

static inline bool space_alloc(struct space *s, size_t i, uint64_t size,
			       int policy, uint64_t min, uint64_t max)
{
	return !drm_mm_insert_node_in_range(&s->mm, node(s, i), size, size, 0,
					    min, max + 1 ? max + 1 : max,
					    modes[policy]);
}

static inline bool space_reserve(struct space *s, size_t i, uint64_t start,
				 uint64_t size)
{
	node(s, i)->start = start;
	node(s, i)->size = size;
	return !drm_mm_reserve_node(&s->mm, node(s, i));
}

static inline void space_free(struct space *s, size_t i)
{
	drm_mm_remove_node(node(s, i));
}

static inline bool space_move(struct space *s, size_t i, uint64_t start,
			      uint64_t size)
{
	space_free(s, i);
	return space_reserve(s, i, start, size);
}

static inline size_t space_find(struct space *s, uint64_t addr)
{
	return __drm_mm_interval_first(&s->mm, addr, addr) -
	       (struct drm_mm_node *)s->memory;
}

static inline uint64_t space_start(struct space *s, size_t i)
{
	return node(s, i)->start;
}

static inline uint64_t space_size(struct space *s, size_t i)
{
	return node(s, i)->size;
}

#include "workloads.h"

SPACE_WORKLOADS(drm_mm);

const size_t drm_mm_node_bytes = sizeof(struct drm_mm_node);

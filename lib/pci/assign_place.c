// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * assign_place.c - a place for a BAR or for the window of a bridge
 *
 * A BAR is a power of two, or VFs' share of it, and the engine finds its place. A
 * window may be no multiple of its alignment. It then has a core, which is one, and a
 * head and a tail, which are in the same multiples as those of its neighbours.
 */
#include "assign.h"

/* Places of the core that are tried, with the head and the tail beside it */
#define MAX_CORES	4

struct spot {
	uint64_t	start;
	bool		mirrored;
	bool		found;
};

static bool has_phase(const struct vmr_pci_item *item)
{
	return item->window &&
	       (item->phase || item->size & (item->align - 1));
}

/* Take a place if it is free, and better than the one before */
static void consider(struct spot *spot, const struct vmr_pool *pool,
		     const struct vmr_pci_item *item, uint64_t start,
		     bool mirrored)
{
	uint64_t last = start + (item->size - 1);

	if (start < pool->start || last < start || last > pool->last ||
	    vmr_find_overlap(pool->space, start, last))
		return;
	if (spot->found && (pool->policy == VMR_LAST ? start <= spot->start :
						       start >= spot->start))
		return;
	*spot = (struct spot){
		.start = start, .mirrored = mirrored, .found = true,
	};
}

/* Directly above and below a neighbour */
static void try_beside(struct spot *spot, const struct vmr_pool *pool,
		       const struct vmr_pci_item *item,
		       const struct vmr_pci_item *beside, bool mirrored)
{
	uint64_t phase = vmr_pci_phase(item, mirrored);
	uint64_t mask = item->align - 1;
	uint64_t above = beside->start + beside->size;
	uint64_t below = beside->start - item->size;

	consider(spot, pool, item, above + ((phase - above) & mask), mirrored);
	consider(spot, pool, item, below - ((below - phase) & mask), mirrored);
}

static struct vmr_request request_in(const struct vmr_pool *pool, uint64_t size,
				     uint64_t align)
{
	struct vmr_request req = VMR_REQUEST(size, align);

	req.min = pool->start;
	req.max = pool->last;
	req.policy = pool->policy == VMR_LAST ? VMR_LAST : VMR_FIRST;
	return req;
}

/* Where the engine would put @req */
static bool find_gap(const struct vmr_pool *pool, struct vmr_pci_item *item,
		     const struct vmr_request *req, uint64_t *start)
{
	if (vmr_alloc(pool->space, &item->range, req, NULL))
		return false;
	*start = item->range.start;
	vmr_free(pool->space, &item->range);
	return true;
}

/*
 * Exclude the core at @start. Between bounds that cross there is none, and behind one
 * that wraps there are only cores outside of the pool, or that were tried.
 */
static void move_bound(struct vmr_request *req, uint64_t start)
{
	if (req->policy == VMR_FIRST)
		req->min = start + req->align;
	else
		req->max = start + (req->size - 1) - req->align;
}

/* Where the core fits, if the head and the tail fit beside it */
static void try_core(struct spot *spot, const struct vmr_pool *pool,
		     struct vmr_pci_item *item, bool mirrored)
{
	uint64_t mask = item->align - 1;
	uint64_t head = (0 - vmr_pci_phase(item, mirrored)) & mask;
	struct vmr_request req = request_in(pool, (item->size - head) & ~mask,
					    item->align);
	struct spot found = { .found = false };
	unsigned int i;
	uint64_t start;

	for (i = 0; i < MAX_CORES && find_gap(pool, item, &req, &start); i++) {
		consider(&found, pool, item, start - head, mirrored);
		if (found.found) {
			consider(spot, pool, item, found.start, mirrored);
			return;
		}
		move_bound(&req, start);
	}
}

/* In a gap for the whole multiples of the alignment; a size that wraps is refused */
static void try_whole(struct spot *spot, const struct vmr_pool *pool,
		      struct vmr_pci_item *item, bool mirrored)
{
	uint64_t phase = vmr_pci_phase(item, mirrored);
	struct vmr_request req = request_in(pool, phase + item->size,
					    item->align);
	uint64_t start;

	if (find_gap(pool, item, &req, &start))
		consider(spot, pool, item, start + phase, mirrored);
}

static int place_window(const struct vmr_pool *pool, struct vmr_pci_item *item,
			const struct vmr_pci_item *beside)
{
	struct spot spot = { .found = false };
	int mirrored;

	for (mirrored = 0; mirrored < 2; mirrored++) {
		if (beside)
			try_beside(&spot, pool, item, beside, mirrored);
		try_core(&spot, pool, item, mirrored);
	}
	for (mirrored = 0; mirrored < 2 && !spot.found; mirrored++)
		try_whole(&spot, pool, item, mirrored);
	if (!spot.found)
		return -ENOSPC;
	item->mirrored = spot.mirrored;
	return vmr_reserve(pool->space, &item->range, spot.start,
			   spot.start + (item->size - 1), NULL);
}

int vmr_pci_place_in_pool(const struct vmr_pool *pool, struct vmr_pci_item *item,
			  const struct vmr_pci_item *beside)
{
	struct vmr_request req;
	int ret;

	if (has_phase(item)) {
		ret = place_window(pool, item, beside);
	} else {
		req = request_in(pool, item->size, item->align);
		req.policy = pool->policy;
		ret = vmr_alloc(pool->space, &item->range, &req, NULL);
		if (!ret)
			item->mirrored = false;
	}
	if (!ret)
		item->start = item->range.start;
	return ret;
}
EXPORT_SYMBOL_GPL(vmr_pci_place_in_pool);

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * range.c - allocate, move and free ranges
 *
 * Each call checks its arguments first, then changes the space in one write
 * section. A call that fails leaves the space unchanged.
 */
#include "search.h"
#include "trace.h"

struct vmr_range *vmr_first_candidate(const struct vmr_gap_search *s,
				      bool ascending)
{
	return first_candidate(s, ascending);
}

struct vmr_range *vmr_next_candidate(const struct vmr_gap_search *s,
				     const struct vmr_range *range,
				     bool ascending)
{
	return next_candidate(s, range, ascending);
}

/* Make a free range live */
static VMR_INLINE_FOR_SPEED int
link_range(struct vmr_space *space, struct vmr_range *range, uint64_t start,
	   uint64_t last, struct vmr_range *next)
{
	vmr_section_begin(space->seq);
	vmr_tree_insert(space, range, start, last, next);
	vmr_section_end(space->seq);
	vmr_trace_alloc(space, range);
	return 0;
}

static int check_free(const struct vmr_space *space, const struct vmr_range *range)
{
	if (range->node.link)
		return -EEXIST;
	return vmr_type_fits(space, range) ? 0 : -EINVAL;
}

/* Whether [start, last] is free. Returns the range behind it, or the conflict. */
static int check_overlap(const struct vmr_space *space, uint64_t start,
			 uint64_t last, struct vmr_range **next,
			 struct vmr_range **conflict)
{
	*next = vmr_first_ending_at_or_above(space, start);
	if (!*next || (*next)->start > last)
		return 0;
	if (conflict)
		*conflict = *next;
	return -EBUSY;
}

/* @s has the alignment and the policy */
static int check_request(const struct vmr_gap_search *s,
			 const struct vmr_request *req)
{
	uint64_t domain;

	if (!req->size || !vmr_is_pow2(s->align) || req->min > req->max)
		return -EINVAL;
	if (req->prefer_align && !vmr_is_pow2(req->prefer_align))
		return -EINVAL;
	if (s->policy < VMR_EXACT)
		return 0;
	if (s->policy > VMR_EXACT || req->addr & (s->align - 1))
		return -EINVAL;
	domain = s->is_32bit ? U32_MAX : VMR_ADDR_MAX;
	if (req->addr > domain || req->size - 1 > domain - req->addr)
		return -EOVERFLOW;
	return 0;
}

/* Apart from the search, which goes deep */
static VMR_INLINE_FOR_SPEED int check_search(const struct vmr_gap_search *s,
					     const struct vmr_range *range,
					     const struct vmr_request *req)
{
	int ret = check_request(s, req);

	if (!ret)
		ret = check_free(s->space, range);
	if (ret)
		return ret;
	return s->min > s->max ? -ERANGE : 0;
}

/* Look at the addresses of an exact request, which the domain has */
static VMR_INLINE_FOR_SPEED int find_exact(struct vmr_gap_search *s, uint64_t addr,
					   struct vmr_range **conflict)
{
	uint64_t last = addr + (s->size - 1);

	s->found_addr = addr;
	return addr < s->min || last > s->max ?
		       -ERANGE :
		       check_overlap(s->space, addr, last, &s->found_next,
				     conflict);
}

static VMR_INLINE_FOR_SPEED int link_found(const struct vmr_gap_search *s,
					   struct vmr_range *range)
{
	return link_range(s->space, range, s->found_addr,
			  s->found_addr + (s->size - 1), s->found_next);
}

int vmr_alloc_search(struct vmr_gap_search *s, struct vmr_range *range,
		     const struct vmr_request *req, struct vmr_range **conflict)
{
	int ret = check_search(s, range, req);

	if (ret)
		return ret;
	if (s->policy == VMR_EXACT)
		ret = find_exact(s, req->addr, conflict);
	else if (!vmr_search(s, req->prefer_align))
		ret = -ENOSPC;
	return ret ? ret : link_found(s, range);
}

int vmr_alloc(struct vmr_space *space, struct vmr_range *range,
	      const struct vmr_request *req, struct vmr_range **conflict)
{
	struct vmr_gap_search s;

	if (!space || !range || !req)
		return -EINVAL;
	vmr_begin_search(&s, space, space->start, space->last, req, 0,
			 VMR_DEFAULT);
	s.is_32bit = false;
	return vmr_alloc_search(&s, range, req, conflict);
}
EXPORT_SYMBOL_GPL(vmr_alloc);

int vmr_alloc_lowest(struct vmr_space *space, struct vmr_range *range)
{
	static const struct vmr_request one = VMR_REQUEST(1, 1);
	struct vmr_range *next;
	uint64_t addr;
	int ret;

	if (!VMR_FOR_SPEED || space->nr_claims)
		return vmr_alloc(space, range, &one, NULL);
	ret = check_free(space, range);
	if (ret)
		return ret;
	next = vmr_lowest_gap(space);
	if (!next && !vmr_has_last_gap(space))
		return -ENOSPC;
	addr = vmr_gap_start(space, next);
	return link_range(space, range, addr, addr, next);
}

int vmr_reserve(struct vmr_space *space, struct vmr_range *range,
		uint64_t start, uint64_t last, struct vmr_range **conflict)
{
	struct vmr_range *next;
	int ret;

	if (!space || !range || start > last)
		return -EINVAL;
	ret = check_free(space, range);
	if (ret)
		return ret;
	if (start < space->start || last > space->last)
		return -ERANGE;
	ret = check_overlap(space, start, last, &next, conflict);
	return ret ? ret : link_range(space, range, start, last, next);
}
EXPORT_SYMBOL_GPL(vmr_reserve);

/* The checks of a move, except for overlaps. Its callers share one copy. */
static noinline int check_move(const struct vmr_space *space,
			       const struct vmr_range *range,
			       const struct vmr_space *to, uint64_t start)
{
	uint64_t last = start + (range->last - range->start);

	if (last < start)
		return -EOVERFLOW;
	if (!vmr_is_in_space(space, range) || vmr_is_inactive(range))
		return -ENOENT;
	if (start < to->start || last > to->last)
		return -ERANGE;
	return 0;
}

int vmr_move(struct vmr_space *space, struct vmr_range *range, uint64_t start,
	     struct vmr_range **conflict)
{
	struct vmr_range *next;
	uint64_t last;
	int ret;

	if (!space || !range)
		return -EINVAL;
	ret = check_move(space, range, space, start);
	if (ret)
		return ret;
	last = start + (range->last - range->start);
	next = vmr_first_ending_at_or_above(space, start);
	if (next == range)
		next = vmr_next_range(range);
	if (next && next->start <= last) {
		if (conflict)
			*conflict = next;
		return -EBUSY;
	}
	if (start == range->start)
		return 0;
	vmr_trace_move(space, range, start);
	vmr_section_begin(space->seq);
	vmr_tree_erase(space, range);
	vmr_tree_insert(space, range, start, last, next);
	vmr_section_end(space->seq);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_move);

/*
 * Check move @i. The ranges of the moves before it are removed from their spaces,
 * which shows that a range is named twice.
 */
static int check_move_op(const struct vmr_move_op *steps, size_t i)
{
	const struct vmr_move_op *s = &steps[i];
	size_t j;

	if (!s->space || !s->range || !s->to_space ||
	    s->space->type != s->to_space->type)
		return -EINVAL;
	if (s->space->seq != steps[0].space->seq ||
	    s->to_space->seq != steps[0].space->seq)
		return -EINVAL;
	if (!s->range->node.link)
		for (j = 0; j < i; j++)
			if (steps[j].range == s->range)
				return -EINVAL;
	return check_move(s->space, s->range, s->to_space, s->start);
}

/* Returns the lowest range that is in the way, or NULL */
static struct vmr_range *insert_moved(const struct vmr_move_op *s)
{
	struct vmr_range *next = vmr_first_ending_at_or_above(s->to_space,
							      s->start);
	uint64_t last = s->start + (s->range->last - s->range->start);

	if (next && next->start <= last)
		return next;
	vmr_tree_insert(s->to_space, s->range, s->start, last, next);
	return NULL;
}

int vmr_move_bulk(struct vmr_move_op *steps, size_t nr, size_t *failed,
		  struct vmr_range **conflict)
{
	struct vmr_range *blocker = NULL;
	size_t removed, inserted = 0;
	struct vmr_seqcount *seq;
	int ret;

	if (!steps || !nr)
		return -EINVAL;
	ret = check_move_op(steps, 0);
	if (ret) {
		if (failed)
			*failed = 0;
		return ret;
	}

	seq = steps[0].space->seq;
	vmr_section_begin(seq);
	for (removed = 0; removed < nr; removed++) {
		ret = check_move_op(steps, removed);
		if (ret)
			goto undo;
		steps[removed].old_start = steps[removed].range->start;
		vmr_tree_erase(steps[removed].space, steps[removed].range);
	}
	for (; inserted < nr; inserted++) {
		blocker = insert_moved(&steps[inserted]);
		if (blocker) {
			ret = -EBUSY;
			goto undo;
		}
	}
	vmr_section_end(seq);
	vmr_trace_move_bulk(steps, nr);
	return 0;

undo:
	if (failed)
		*failed = blocker ? inserted : removed;
	if (blocker && conflict)
		*conflict = blocker;
	while (inserted--)
		vmr_tree_erase(steps[inserted].to_space, steps[inserted].range);
	while (removed--)
		vmr_tree_insert_at(steps[removed].space, steps[removed].range,
				   steps[removed].old_start);
	vmr_section_end(seq);
	return ret;
}
EXPORT_SYMBOL_GPL(vmr_move_bulk);

int vmr_free(struct vmr_space *space, struct vmr_range *range)
{
	if (!space || !range)
		return -EINVAL;
	if (!vmr_is_in_space(space, range)) {
		VMR_ASSERT(!range->node.link);	/* in another space */
		return -ENOENT;
	}
	vmr_section_begin(space->seq);
	vmr_erase_linked(space, range);
	vmr_section_end(space->seq);
	vmr_trace_free(space, range);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_free);

int vmr_free_at(struct vmr_space *space, uint64_t start, uint64_t size,
		struct vmr_range **freed)
{
	struct vmr_range *range;
	uint64_t last = start + (size - 1);

	if (!space || !size)
		return -EINVAL;
	if (last < start)
		return -EOVERFLOW;
	if (start < space->start || last > space->last)
		return -ERANGE;
	range = vmr_find(space, start);
	if (!range || range->start != start || range->last != last)
		return -ENOENT;
	vmr_section_begin(space->seq);
	vmr_tree_erase(space, range);
	vmr_section_end(space->seq);
	vmr_trace_free(space, range);
	if (freed)
		*freed = range;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_free_at);

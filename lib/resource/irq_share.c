// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * irq_share.c - interrupt lines that several devices share
 *
 * The node of a share is in no tree. While the share is attached to a line, its
 * node has the value of a root: black, without a parent. vmr_range_state() then
 * returns VMR_LIVE, while no space contains the range.
 */
#include <linux/rbtree_augmented.h>

#include "system.h"

#define NODE_DETACHED	1ul

static struct vmr_shared_irq *to_line(const struct rb_node *rb)
{
	return container_of((struct vmr_node *)rb, struct vmr_shared_irq, node);
}

static struct rb_node *line_rb(struct vmr_shared_irq *line)
{
	return (struct rb_node *)&line->node;
}

static uint32_t subtree_least(const struct rb_node *rb)
{
	return rb ? to_line(rb)->subtree_least : (uint32_t)-1;
}

/* Recompute the least number of sharers below a line; whether it changed */
static bool least_update(struct vmr_shared_irq *line)
{
	const struct rb_node *rb = line_rb(line);
	uint32_t least = min(line->nr_sharers,
			     min(subtree_least(rb->rb_left),
				 subtree_least(rb->rb_right)));

	if (least == line->subtree_least)
		return false;
	line->subtree_least = least;
	return true;
}

static void least_propagate(struct rb_node *rb, struct rb_node *stop)
{
	while (rb != stop && least_update(to_line(rb)))
		rb = rb_parent(rb);
}

static void least_copy(struct rb_node *old, struct rb_node *new)
{
	to_line(new)->subtree_least = to_line(old)->subtree_least;
}

static void least_rotate(struct rb_node *old, struct rb_node *new)
{
	least_copy(old, new);
	least_update(to_line(old));
}

static const struct rb_augment_callbacks least_augment = {
	.propagate = least_propagate,
	.copy = least_copy,
	.rotate = least_rotate,
};

static void link_line(struct vmr_system *sys, struct vmr_shared_irq *line)
{
	struct rb_root *root = (struct rb_root *)&sys->shared_irq_root;
	struct rb_node **link = &root->rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = line->range.start < to_line(parent)->range.start ?
			       &parent->rb_left : &parent->rb_right;
	}
	line->subtree_least = line->nr_sharers;
	rb_link_node(line_rb(line), parent, link);
	least_propagate(parent, NULL);
	rb_insert_augmented(line_rb(line), root, &least_augment);
}

/*
 * The first line at or above @irq whose number of sharers is at most @most, and with
 * @most the largest number the first line of all
 */
static struct vmr_shared_irq *first_line(const struct vmr_system *sys,
					 uint64_t irq, uint32_t most)
{
	const struct rb_node *rb = (const struct rb_node *)sys->shared_irq_root;
	const struct rb_node *from = NULL;	/* it or its right subtree has one */

	while (rb && subtree_least(rb) <= most) {
		if (to_line(rb)->range.start < irq) {
			rb = rb->rb_right;
			continue;
		}
		if (to_line(rb)->nr_sharers <= most ||
		    subtree_least(rb->rb_right) <= most)
			from = rb;
		rb = rb->rb_left;
	}
	if (!from || to_line(from)->nr_sharers <= most)
		return from ? to_line(from) : NULL;
	/* All of the right subtree is at or above @irq */
	rb = from->rb_right;
	while (subtree_least(rb->rb_left) <= most ||
	       to_line(rb)->nr_sharers > most)
		rb = subtree_least(rb->rb_left) <= most ? rb->rb_left :
							  rb->rb_right;
	return to_line(rb);
}

/* The least number of sharers of the lines in [min, max], 2^32-1 without a line */
static uint32_t least_sharers(const struct vmr_system *sys, uint64_t lo,
			      uint64_t hi)
{
	const struct rb_node *rb = (const struct rb_node *)sys->shared_irq_root;
	const struct rb_node *at;
	uint32_t least = (uint32_t)-1;

	/* The highest line with both bounds around it or on it */
	while (rb && (to_line(rb)->range.start < lo ||
		      to_line(rb)->range.start > hi))
		rb = to_line(rb)->range.start < lo ? rb->rb_right : rb->rb_left;
	if (!rb)
		return least;
	least = to_line(rb)->nr_sharers;
	for (at = rb->rb_left; at;) {
		bool inside = to_line(at)->range.start >= lo;

		if (inside)
			least = min(least, min(to_line(at)->nr_sharers,
					       subtree_least(at->rb_right)));
		at = inside ? at->rb_left : at->rb_right;
	}
	for (at = rb->rb_right; at;) {
		bool inside = to_line(at)->range.start <= hi;

		if (inside)
			least = min(least, min(to_line(at)->nr_sharers,
					       subtree_least(at->rb_left)));
		at = inside ? at->rb_right : at->rb_left;
	}
	return least;
}

void vmr_irq_share_attach(struct vmr_shared_irq *line,
			  struct vmr_irq_share *share,
			     struct list_head *behind, const char *name)
{
	VMR_ASSERT(!share->irq && !share->range.node.link);
	VMR_ASSERT(line->range.start == line->range.last);
	share->range.node.link = NODE_DETACHED;
	share->range.start = line->range.start;
	share->range.last = line->range.last;
	share->irq = line;
	share->name = name;
	list_add(vmr_to_list(&share->link), behind);
	line->nr_sharers++;
	least_propagate(line_rb(line), NULL);
}

void vmr_irq_share_detach(struct vmr_irq_share *share)
{
	if (!share->irq)
		return;
	VMR_ASSERT(share->irq->nr_sharers);
	share->irq->nr_sharers--;
	least_propagate(line_rb(share->irq), NULL);
	list_del(vmr_to_list(&share->link));
	share->link.next = NULL;
	share->link.prev = NULL;
	share->irq = NULL;
	share->name = NULL;
	share->range.node.link = 0;
}

/* The checks for -EINVAL, which precede all allocations */
bool vmr_irq_share_invalid(const struct vmr_constraint *c)
{
	const struct vmr_request *req = &c->request;

	if (!(c->flags & VMR_SHARED))
		return false;
	return c->kind != VMR_KIND_IRQ || req->size != 1 ||
	       (req->align && !vmr_is_pow2(req->align)) ||
	       req->min > req->max || req->policy > VMR_DEFAULT ||
	       (req->policy == VMR_EXACT && req->align &&
		req->addr & (req->align - 1));
}

static struct vmr_shared_irq *find_shared_irq(const struct vmr_system *sys,
					      uint64_t irq)
{
	struct vmr_shared_irq *line = first_line(sys, irq, (uint32_t)-1);

	return line && line->range.start == irq ? line : NULL;
}

static int find_fixed_irq(struct vmr_system *sys, const struct vmr_request *req,
			  struct vmr_shared_irq **line,
			  struct vmr_range **conflict)
{
	struct vmr_range *holder;

	if (req->addr > (uint32_t)-1)
		return -EOVERFLOW;
	if (req->addr > sys->irqs.space.last || req->addr < req->min ||
	    req->addr > req->max)
		return -ERANGE;
	*line = find_shared_irq(sys, req->addr);
	if (*line)
		return 0;
	holder = vmr_id_find(&sys->irqs, req->addr);
	if (!holder)
		return -ENOENT;
	*conflict = holder;
	return -EBUSY;
}

/* Of the lines whose number is a multiple of @req->align, pass all */
static struct vmr_shared_irq *least_aligned(const struct vmr_system *sys,
					    const struct vmr_request *req)
{
	struct vmr_shared_irq *line = first_line(sys, req->min, (uint32_t)-1);
	struct vmr_shared_irq *best = NULL;

	for (; line && line->range.start <= req->max;
	     line = first_line(sys, line->range.start + 1, (uint32_t)-1))
		if (!(line->range.start & (req->align - 1)) &&
		    (!best || line->nr_sharers < best->nr_sharers))
			best = line;
	return best;
}

static int find_least_shared_irq(struct vmr_system *sys,
				 const struct vmr_request *req,
				 struct vmr_shared_irq **best)
{
	*best = req->align > 1 ?
			least_aligned(sys, req) :
			first_line(sys, req->min,
				   least_sharers(sys, req->min, req->max));
	return *best && (*best)->range.start <= req->max ? 0 : -ENOSPC;
}

int vmr_irq_share_alloc(struct vmr_system *sys,
			const struct vmr_constraint *c,
			   struct vmr_range **conflict)
{
	struct vmr_shared_irq *line;
	int ret;

	if (c->request.policy == VMR_EXACT)
		ret = find_fixed_irq(sys, &c->request, &line, conflict);
	else
		ret = find_least_shared_irq(sys, &c->request, &line);
	if (!ret)
		vmr_irq_share_attach(line, vmr_to_irq_share(c->range),
				     vmr_to_list(&line->sharers)->prev, c->name);
	return ret;
}

int vmr_system_add_shared_irq(struct vmr_system *sys,
			      struct vmr_shared_irq *line, uint32_t irq,
			      const char *name, struct vmr_range **conflict)
{
	bool has_it;
	int ret;

	if (!sys || !line)
		return -EINVAL;
	has_it = vmr_id_find(&sys->irqs, irq) == &line->range &&
		 line->range.start == line->range.last;
	if (line->sharers.next || (line->range.node.link && !has_it))
		return -EEXIST;
	if (!has_it) {
		ret = vmr_id_reserve(&sys->irqs, &line->range, irq, conflict);
		if (ret)
			return ret;
	}
	line->name = name;
	line->nr_sharers = 0;
	line->sys = sys;
	INIT_LIST_HEAD(vmr_to_list(&line->sharers));
	list_add_tail(vmr_to_list(&line->link),
		      vmr_to_list(&sys->shared_irqs));
	link_line(sys, line);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_system_add_shared_irq);

int vmr_system_remove_shared_irq(struct vmr_system *sys,
				 struct vmr_shared_irq *line)
{
	if (!sys || !line)
		return -EINVAL;
	if (line->sys != sys)
		return -ENOENT;
	if (line->nr_sharers)
		return -EBUSY;
	vmr_erase_node(line_rb(line), (struct rb_root *)&sys->shared_irq_root,
		       &least_augment);
	vmr_list_unlink(&line->link);
	line->sys = NULL;
	line->sharers.next = NULL;
	line->sharers.prev = NULL;
	vmr_id_free_range(&sys->irqs, &line->range);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_system_remove_shared_irq);

struct vmr_shared_irq *vmr_next_shared_irq(const struct vmr_system *sys,
					   const struct vmr_shared_irq *prev)
{
	const struct vmr_list *next;

	if (prev)
		sys = prev->sys;
	if (!sys)
		return NULL;
	next = prev ? prev->link.next : sys->shared_irqs.next;
	if (next == &sys->shared_irqs)
		return NULL;
	return container_of((struct vmr_list *)next, struct vmr_shared_irq,
			    link);
}
EXPORT_SYMBOL_GPL(vmr_next_shared_irq);

struct vmr_irq_share *vmr_next_irq_share(const struct vmr_shared_irq *line,
					 const struct vmr_irq_share *prev)
{
	const struct vmr_list *next;

	if (!line || !line->sharers.next)
		return NULL;
	next = prev ? prev->link.next : line->sharers.next;
	if (next == &line->sharers)
		return NULL;
	return container_of((struct vmr_list *)next, struct vmr_irq_share,
			    link);
}
EXPORT_SYMBOL_GPL(vmr_next_irq_share);

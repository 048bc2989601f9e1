// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * irq_share.c - interrupt lines that several devices share
 *
 * The node of a share is in no tree. While the share is attached to a line, its
 * node has the value of a root: black, without a parent. vmr_range_state() then
 * returns VMR_LIVE, while no space contains the range.
 */
#include "system.h"

#define NODE_DETACHED	1ul

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
}

void vmr_irq_share_detach(struct vmr_irq_share *share)
{
	if (!share->irq)
		return;
	VMR_ASSERT(share->irq->nr_sharers);
	share->irq->nr_sharers--;
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
	struct vmr_shared_irq *line = sys->shared_irqs;

	while (line && line->range.start != irq)
		line = line->next;
	return line;
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

static bool irq_less_shared(const struct vmr_shared_irq *line,
			    const struct vmr_shared_irq *best)
{
	if (!best || line->nr_sharers != best->nr_sharers)
		return !best || line->nr_sharers < best->nr_sharers;
	return line->range.start < best->range.start;
}

static int find_least_shared_irq(struct vmr_system *sys,
				 const struct vmr_request *req,
				 struct vmr_shared_irq **best)
{
	struct vmr_shared_irq *line;

	*best = NULL;
	for (line = sys->shared_irqs; line; line = line->next) {
		uint64_t irq = line->range.start;

		if (irq < req->min || irq > req->max ||
		    (req->align && irq & (req->align - 1)))
			continue;
		if (irq_less_shared(line, *best))
			*best = line;
	}
	return *best ? 0 : -ENOSPC;
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
	struct vmr_shared_irq **end;
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
	line->next = NULL;
	INIT_LIST_HEAD(vmr_to_list(&line->sharers));
	for (end = &sys->shared_irqs; *end; end = &(*end)->next)
		;
	*end = line;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_system_add_shared_irq);

int vmr_system_remove_shared_irq(struct vmr_system *sys,
				 struct vmr_shared_irq *line)
{
	struct vmr_shared_irq **at;

	if (!sys || !line)
		return -EINVAL;
	for (at = &sys->shared_irqs; *at != line; at = &(*at)->next)
		if (!*at)
			return -ENOENT;
	if (line->nr_sharers)
		return -EBUSY;
	*at = line->next;
	line->next = NULL;
	line->sharers.next = NULL;
	line->sharers.prev = NULL;
	vmr_id_free_range(&sys->irqs, &line->range);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_system_remove_shared_irq);

struct vmr_shared_irq *vmr_next_shared_irq(const struct vmr_system *sys,
					   const struct vmr_shared_irq *prev)
{
	if (prev)
		return prev->next;
	return sys ? sys->shared_irqs : NULL;
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

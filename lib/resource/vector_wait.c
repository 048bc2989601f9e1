// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * vector_wait.c - requests for interrupt vectors that wait
 *
 * The requests are in one tree for each size of a block, the oldest first. When
 * vectors become free, the oldest request of all trees is tried. A tree whose first
 * request does not fit is left alone for this change: its others need as much. They are
 * not in lists, because a snapshot may bring tickets in any order.
 */
#include "system.h"

#include <linux/rbtree.h>

static bool is_vector_kind(uint32_t kind)
{
	return kind == VMR_KIND_MSI || kind == VMR_KIND_MSIX ||
	       kind == VMR_KIND_MSI_GENERIC;
}

static struct rb_root *waiters(struct vmr_system *sys, unsigned int size)
{
	return (struct rb_root *)&sys->vector_waiters[size];
}

static struct vmr_vector_waiter *to_waiter(struct rb_node *rb)
{
	return container_of((struct vmr_node *)rb, struct vmr_vector_waiter,
			    node);
}

void vmr_system_stop_waiting(struct vmr_system *sys,
			     struct vmr_vector_waiter *waiter)
{
	if (!sys || !waiter)
		return;
	if (waiter->node.link) {
		vmr_plain_erase((struct rb_node *)&waiter->node,
				waiters(sys, vmr_log2(waiter->nr)));
		waiter->node.link = 0;
	}
	waiter->ticket = 0;
}
EXPORT_SYMBOL_GPL(vmr_system_stop_waiting);

/* The oldest request of the trees whose bit in @sizes is set */
static struct vmr_vector_waiter *oldest_waiter(struct vmr_system *sys,
					       uint32_t sizes)
{
	struct vmr_vector_waiter *oldest = NULL, *waiter;
	unsigned int i;

	for (i = 0; i < VMR_VECTOR_WAITER_SIZES; i++) {
		struct rb_node *rb = rb_first(waiters(sys, i));

		if (!(sizes & 1u << i) || !rb)
			continue;
		waiter = to_waiter(rb);
		if (!oldest || waiter->ticket < oldest->ticket)
			oldest = waiter;
	}
	return oldest;
}

static void serve_vectors(struct vmr_system *sys)
{
	uint32_t sizes = (1u << VMR_VECTOR_WAITER_SIZES) - 1;
	struct vmr_vector_waiter *waiter;
	struct vmr_constraint c;

	/* No callback runs in a write section */
	sys->vectors_freed = sys->seq.nesting;
	if (sys->vectors_freed)
		return;
	while ((waiter = oldest_waiter(sys, sizes))) {
		vmr_constraint_init(&c, waiter->kind, waiter->nr,
				    waiter->range);
		if (vmr_system_alloc_one(sys, NULL, &c, NULL)) {
			sizes &= ~waiter->nr;
			continue;
		}
		vmr_system_stop_waiting(sys, waiter);
		waiter->served(waiter);
	}
}

/*
 * A new request is the youngest. A request with the ticket of a snapshot may be older than
 * those that wait already.
 */
static void enqueue(struct vmr_system *sys, struct vmr_vector_waiter *waiter)
{
	struct rb_root *root = waiters(sys, vmr_log2(waiter->nr));
	struct rb_node **link = &root->rb_node, *parent = NULL;
	struct rb_node *rb = (struct rb_node *)&waiter->node;

	if (!waiter->ticket)
		waiter->ticket = sys->vector_tickets + 1;
	sys->vector_tickets = max(sys->vector_tickets, waiter->ticket);
	while (*link) {
		parent = *link;
		link = waiter->ticket < to_waiter(parent)->ticket ?
			       &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(rb, parent, link);
	vmr_plain_insert(rb, root);
}

int vmr_system_wait_for_vectors(struct vmr_system *sys,
				struct vmr_vector_waiter *waiter)
{
	if (!sys || !waiter || !waiter->range || !waiter->served ||
	    !is_vector_kind(waiter->kind) || !vmr_is_pow2(waiter->nr) ||
	    waiter->nr >= 1u << VMR_VECTOR_WAITER_SIZES)
		return -EINVAL;
	if (waiter->node.link || waiter->range->node.link)
		return -EEXIST;
	sys->serve_vectors = serve_vectors;
	enqueue(sys, waiter);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_system_wait_for_vectors);

int vmr_system_free_vectors(struct vmr_system *sys, uint32_t kind,
			    struct vmr_range *range)
{
	int ret;

	if (!sys || !range || !is_vector_kind(kind))
		return -EINVAL;
	ret = vmr_free(vmr_system_space(sys, kind), range);
	if (!ret)
		vmr_system_serve_vectors(sys);
	return ret;
}
EXPORT_SYMBOL_GPL(vmr_system_free_vectors);

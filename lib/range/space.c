// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * space.c - spaces, and lookups of ranges in them
 */
#include "range.h"

int vmr_space_init(struct vmr_space *space, uint64_t start, uint64_t last)
{
	if (!space || start > last)
		return -EINVAL;
	memset(space, 0, sizeof(*space));
	space->start = start;
	space->last = last;
	space->seq = &space->own_seq;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_space_init);

int vmr_space_set_seqcount(struct vmr_space *space, struct vmr_seqcount *seq)
{
	if (!space)
		return -EINVAL;
	if (space->nr_ranges || space->nr_claims)
		return -EBUSY;
	VMR_ASSERT(!space->root && !space->claims);
	space->seq = seq ? seq : &space->own_seq;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_space_set_seqcount);

void vmr_seqcount_write_begin(struct vmr_seqcount *seq)
{
	vmr_section_begin(seq);
	WRITE_ONCE(seq->writer, vmr_port_thread_id());
}
EXPORT_SYMBOL_GPL(vmr_seqcount_write_begin);

void vmr_seqcount_write_end(struct vmr_seqcount *seq)
{
	if (seq->nesting == 1)
		WRITE_ONCE(seq->writer, 0);
	vmr_section_end(seq);
}
EXPORT_SYMBOL_GPL(vmr_seqcount_write_end);

enum vmr_state vmr_range_state(const struct vmr_range *range)
{
	if (!range || !range->node.link)
		return VMR_FREE;
	if (!vmr_is_inactive(range))
		return VMR_LIVE;
	return range->ticket & VMR_TICKET_PARKED ? VMR_PARKED : VMR_CLAIMED;
}
EXPORT_SYMBOL_GPL(vmr_range_state);

bool vmr_leads_to_root(const struct vmr_space *space,
		       const struct vmr_range *range)
{
	const struct rb_node *rb = vmr_to_rb(range), *up;

	while ((up = rb_parent(rb)))
		rb = up;
	return vmr_is_root(space, rb);
}

bool vmr_in_space(const struct vmr_space *space, const struct vmr_range *range)
{
	return space && range && vmr_is_in_space(space, range);
}
EXPORT_SYMBOL_GPL(vmr_in_space);

/*
 * Descends to a leaf even if the range is above it. A test for the range at each
 * node costs more than the levels that it saves.
 */
struct vmr_range *vmr_find_raw(const struct vmr_space *space, uint64_t addr)
{
	struct rb_node *rb =
		rcu_dereference_raw(vmr_to_root((void *)&space->root)->rb_node);
	struct vmr_range *found = NULL;
	bool right;

	while (rb) {
		right = addr >= READ_ONCE(vmr_to_range(rb)->start);
		found = right ? vmr_to_range(rb) : found;
		rb = rcu_dereference_raw(*vmr_rb_link(rb, right));
	}
	return found && addr <= READ_ONCE(found->last) ? found : NULL;
}

struct vmr_range *vmr_find(const struct vmr_space *space, uint64_t addr)
{
	return space ? vmr_find_raw(space, addr) : NULL;
}
EXPORT_SYMBOL_GPL(vmr_find);

/* Whether the calling thread opened the section that is open */
static bool section_is_own(const struct vmr_seqcount *seq)
{
	return READ_ONCE(seq->sequence) & 1 &&
	       READ_ONCE(seq->writer) == vmr_port_thread_id();
}

struct vmr_range *vmr_find_lockless(const struct vmr_space *space,
				    uint64_t addr, uint64_t *start,
				    uint64_t *last)
{
	struct vmr_range *range;
	uint64_t from = 0, to = 0;
	uint32_t sequence;
	bool own;

	if (!space)
		return NULL;
	do {
		/* A reader would wait for the end of its own section for ever */
		own = section_is_own(space->seq);
		sequence = own ? 0 : vmr_seqcount_read_begin(space->seq);
		range = vmr_find_raw(space, addr);
		if (range) {
			from = READ_ONCE(range->start);
			to = READ_ONCE(range->last);
		}
	} while (!own && vmr_seqcount_read_retry(space->seq, sequence));
	if (range && start)
		*start = from;
	if (range && last)
		*last = to;
	return range;
}
EXPORT_SYMBOL_GPL(vmr_find_lockless);

struct vmr_range *vmr_find_overlap(const struct vmr_space *space,
				   uint64_t start, uint64_t last)
{
	struct vmr_range *found;

	if (!space || start > last)
		return NULL;
	found = vmr_first_ending_at_or_above(space, start);
	return found && found->start <= last ? found : NULL;
}
EXPORT_SYMBOL_GPL(vmr_find_overlap);

struct vmr_total vmr_space_used(const struct vmr_space *space)
{
	return (struct vmr_total) {
		.low = space->used,
		.high = space->root && !space->used,
	};
}
EXPORT_SYMBOL_GPL(vmr_space_used);

struct vmr_total vmr_space_unused(const struct vmr_space *space)
{
	uint64_t size = space->last - space->start + 1;	/* modulo 2^64 */

	return (struct vmr_total) {
		.low = size - space->used,
		.high = !size && !space->root,
	};
}
EXPORT_SYMBOL_GPL(vmr_space_unused);

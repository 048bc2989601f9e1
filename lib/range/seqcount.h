/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * seqcount.h - write sections, and validation by readers
 *
 * The sequence is odd while a write section is open. A reader repeats its lookup if
 * the sequence changed.
 *
 *  - The acquire in vmr_seqcount_read_begin() pairs with the release in
 *    vmr_section_end(). A reader that observes the sequence of a closed section
 *    observes all stores of that section.
 *  - The read barrier in vmr_seqcount_read_retry() pairs with the write barrier
 *    in vmr_section_begin(). A reader that observed a store of a section observes
 *    its odd sequence or a later one, and repeats the lookup.
 */
#ifndef VMR_LIB_RANGE_SEQCOUNT_H
#define VMR_LIB_RANGE_SEQCOUNT_H

#include "base/base.h"

#include <vmalloc/range.h>

static inline uint32_t vmr_seqcount_read_begin(const struct vmr_seqcount *seq)
{
	unsigned int spins = 0;
	uint32_t sequence;

	/* before the loads of the lookup; pairs with vmr_section_end() */
	while ((sequence = smp_load_acquire(&seq->sequence)) & 1) {
		vmr_port_reader_wait(spins);
		spins += spins + 1 > spins;
	}
	return sequence;
}

static inline bool vmr_seqcount_read_retry(const struct vmr_seqcount *seq,
					   uint32_t sequence)
{
	/* loads of the lookup first; pairs with vmr_section_begin() */
	smp_rmb();
	return READ_ONCE(seq->sequence) != sequence;
}

/* vmr_seqcount_write_begin(), inline */
static inline void vmr_section_begin(struct vmr_seqcount *seq)
{
	if (seq->nesting++)
		return;
	VMR_ASSERT(!(seq->sequence & 1));
	seq->flags = vmr_port_write_begin();
	WRITE_ONCE(seq->sequence, seq->sequence + 1);
	/* sequence before all changes; pairs with vmr_seqcount_read_retry() */
	smp_wmb();
}

/* vmr_seqcount_write_end(), inline */
static inline void vmr_section_end(struct vmr_seqcount *seq)
{
	unsigned long flags = seq->flags;

	VMR_ASSERT(seq->nesting && seq->sequence & 1);
	if (--seq->nesting)
		return;
	/* after all changes; pairs with vmr_seqcount_read_begin() */
	smp_store_release(&seq->sequence, seq->sequence + 1);
	vmr_port_write_end(flags);
}

/* The generation slot of a range, in a byte, never 0 */
static inline uint32_t vmr_generation_slot(const struct vmr_range *range)
{
	uint32_t digest = (uint32_t)((uintptr_t)range / sizeof(*range)) *
			  0x9e3779b1u;

	static_assert(VMR_NR_GENERATIONS <= 1 << 8);
	return 1 + (digest >> 16) % (VMR_NR_GENERATIONS - 1);
}

/* Store the rollover counter before a generation may repeat */
static inline void vmr_generation_roll_over(struct vmr_generations *generations)
{
	WRITE_ONCE(generations->rollover, generations->rollover + 1);
	/* rollover before the generation; pairs with smp_rmb() in cache_is_old() */
	smp_wmb();
}

/*
 * Invalidate cached lookups of @range. The caller has opened a write section: a
 * reader that observes its end observes the new generation. Cached lookups have 16 bits
 * of the sum of up to four slots, which repeats after 2^14 increments of each.
 */
static inline void vmr_generation_bump(struct vmr_generations *generations,
				       const struct vmr_range *range)
{
	uint32_t *gen = &generations->gen[vmr_generation_slot(range)];

	if (!((*gen + 1) % (1u << 14)))
		vmr_generation_roll_over(generations);
	WRITE_ONCE(*gen, *gen + 1);
}

#endif /* VMR_LIB_RANGE_SEQCOUNT_H */

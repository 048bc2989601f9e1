/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * internal.h - what the layers share and nobody else sees
 */
#ifndef VMR_INTERNAL_H
#define VMR_INTERNAL_H

#include <linux/bitops.h>
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/processor.h>
#include <linux/rbtree_augmented.h>
#include <linux/string.h>
#include <linux/types.h>
#include <asm/barrier.h>

#include <vmalloc/port.h>
#include <vmalloc/range.h>

#ifdef VMR_DEBUG
#define VMR_ASSERT(cond) \
	do { if (!(cond)) vmr_port_assert_failed(#cond); } while (0)
#else
#define VMR_ASSERT(cond)	((void)sizeof(!(cond)))
#endif

/*
 * The public links are the kernel's structs under other names; the library is
 * compiled with -fno-strict-aliasing, as the kernel is.
 */
static_assert(sizeof(struct vmr_node) == sizeof(struct rb_node));
static_assert(sizeof(struct vmr_list) == sizeof(struct list_head));

static inline struct list_head *to_list(struct vmr_list *list)
{
	return (struct list_head *)list;
}

static inline bool is_pow2(uint64_t n)
{
	return n && !(n & (n - 1));
}

/*
 * Readers validate what they found against the sequence count, which is odd while
 * a write section is open. The acquire in vmr_seqcount_read_begin() pairs with the release
 * in vmr_seqcount_write_end(): who sees the count of a closed section sees all that was
 * done in it. The barrier in vmr_seqcount_read_retry() pairs with the one in
 * vmr_seqcount_write_begin(): who saw anything of a section sees at least its odd count
 * here, and tries again.
 */
static inline uint32_t vmr_seqcount_read_begin(const struct vmr_seqcount *seq)
{
	uint32_t count;

	/* pairs with the release in vmr_seqcount_write_end() */
	while ((count = smp_load_acquire(&seq->sequence)) & 1)
		vmr_port_spin_relax();
	return count;
}

static inline bool vmr_seqcount_read_retry(const struct vmr_seqcount *seq, uint32_t count)
{
	smp_rmb();	/* pairs with the one in vmr_seqcount_write_begin() */
	return READ_ONCE(seq->sequence) != count;
}

/* The count that a range's departures are among */
static inline uint32_t vmr_generation_slot(const struct vmr_range *range)
{
	uint32_t digest = (uint32_t)((uintptr_t)range / sizeof(*range)) *
			  0x9e3779b1u;

	static_assert(VMR_NR_GENERATIONS <= 1 << 8);	/* it fits a byte */
	return 1 + (digest >> 16) % (VMR_NR_GENERATIONS - 1);
}

/*
 * The walk of a reader: beside a writer it ends, and finds something or nothing,
 * either of which is true only if vmr_seqcount_read_retry() then says so.
 */
struct vmr_range *vmr_find_raw(const struct vmr_space *space, uint64_t addr);

/* The halves of vmr_settle(), for who has something to do in between */
struct vmr_range *vmr_oldest_settleable(struct vmr_space *space, uint64_t start,
				  uint64_t last);
void vmr_settle_claim(struct vmr_space *space, struct vmr_range *range);

/*
 * Where a layer above lets vmr_alloc() look: a part [start, last] of the space,
 * in a domain that ends at @domain
 */
struct vmr_bounds {
	uint64_t	start;
	uint64_t	last;
	uint64_t	domain;
};

int vmr_alloc_bounded(struct vmr_space *space, const struct vmr_bounds *part,
		 struct vmr_range *range, const struct vmr_request *req,
		 struct vmr_range **conflict);

struct vmr_id_pool;

/* Note that the ids in a range have been handed out */
void vmr_id_raise_watermark(struct vmr_id_pool *ids, const struct vmr_range *range);

struct vmr_system;

/* Take a range out of a space of @sys's and let claims have its place */
void vmr_system_free_range(struct vmr_system *sys, struct vmr_space *space,
		struct vmr_range *range);

/*
 * The highest ids ever handed out. A call that hands some out and then fails
 * has to leave these as they were too.
 */
struct vmr_watermarks {
	uint64_t	irqs;
	uint64_t	slots;
	uint64_t	pci;
	uint64_t	ids;
	uint64_t	vectors;
};

void vmr_watermarks_save(const struct vmr_system *sys, struct vmr_watermarks *marks);
void vmr_watermarks_restore(struct vmr_system *sys, const struct vmr_watermarks *marks);

/*
 * While somebody is asked who may hand out ids too, and then refuse, the marks are
 * as before: what the other hands out moves them, and stays.
 */
void vmr_watermarks_swap(struct vmr_system *sys, struct vmr_watermarks *marks);
void vmr_watermarks_raise(struct vmr_system *sys, const struct vmr_watermarks *marks);

/*
 * Put back what a snapshot says of an unlinked node, inside a write section. Live
 * ranges come by ascending address. @age counts the claims of the space from 1,
 * the oldest; 0 parks.
 */
void vmr_restore_live(struct vmr_space *space, struct vmr_range *range,
		      uint64_t start, uint64_t last);
void vmr_restore_claim(struct vmr_space *space, struct vmr_range *range,
		       uint64_t start, uint64_t last, uint64_t age);

struct vmr_pci_function;

/* Whether the header in @config is this function's in all that is read-only */
bool vmr_pci_config_matches(const struct vmr_pci_function *fn,
			 const uint8_t *config);

struct vmr_constraint;
struct vmr_resource;
struct vmr_resource_set;
struct vmr_system_pool;

/*
 * The addresses that a device on a bus can be placed at: the windows of the bus
 * in place of the system's pools
 */
struct vmr_pool_set {
	struct vmr_space	*pio;
	struct vmr_space	*mmio;
	struct vmr_system_pool	*pools;
	size_t			nr_pools;
};

/*
 * vmr_system_alloc_resources() from where a device is; @view is NULL for the root. @marks
 * are as they were before
 */
int vmr_system_alloc_in(struct vmr_system *sys, const struct vmr_pool_set *view,
		   const struct vmr_constraint *constraints, size_t nr,
		   struct vmr_resource_set *set, struct vmr_watermarks *marks,
		   size_t *failed, struct vmr_range **conflict);

/* One constraint that has been checked, and whose range is in no space */
int vmr_system_alloc_one(struct vmr_system *sys, const struct vmr_pool_set *view,
		  const struct vmr_constraint *c, struct vmr_range **conflict);

/* Whether a constraint's range has what it asks for, in @space or by sharing */
bool vmr_constraint_is_allocated(const struct vmr_space *space,
		    const struct vmr_constraint *c);

/* Store what the range of a granted constraint says that was granted */
void vmr_resource_from_constraint(struct vmr_resource *res, const struct vmr_constraint *c);
void vmr_resource_set_fill(const struct vmr_constraint *c, size_t nr,
		      struct vmr_resource_set *set);

#endif /* VMR_INTERNAL_H */

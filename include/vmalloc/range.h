/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * range.h - disjoint ranges of a 64-bit domain: the engine
 */
#ifndef VMALLOC_RANGE_H
#define VMALLOC_RANGE_H

#include <vmalloc/error.h>
#include <vmalloc/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * DOC: Overview
 *
 * A space manages the addresses [start, last] of one domain, both inclusive, up
 * to [0, 2^64-1]. A range is an interval of a space that is allocated to an owner.
 * Ranges of one space never overlap. The engine allocates ranges by policy or at
 * a fixed address, moves them, frees them, and finds the range at an address.
 *
 * The owner embeds struct vmr_range in a struct of its own, and container_of()
 * leads from a range to the owner. The library allocates no memory. A range must
 * stay where it is in memory while it is in a space.
 *
 * The caller serialises all calls that change a space or iterate over it (the
 * update side). This includes functions that take a const space, because a search
 * may apply a deferred update. vmr_find_lockless() needs no lock.
 *
 * Live ranges are in a red-black tree ordered by address. Each node has the size
 * of the gap in front of it. For its subtree it has the largest gap and the
 * natural orders of all gaps. The natural order of a gap is the binary logarithm
 * of the largest naturally aligned power-of-two block inside it. This order alone
 * decides whether a BAR, a block of MSI vectors or a page fits.
 *
 * Let n be the number of ranges in the space. Allocation of such a block (lowest,
 * highest or best fit), fixed allocation, lookup, free and move each visit
 * O(log n) nodes, however fragmented the space is. For other pairs of size and
 * alignment, a search may also visit gaps that are long enough but misaligned,
 * in O(log n) each. Best fit then also visits gaps that are too short, if their
 * order fits some sizes only.
 */

/**
 * struct vmr_range - a range of a space, embedded in its owner
 * @start: first address; valid while the range is in a space, read-only
 * @last: last address, inclusive; valid while the range is in a space, read-only
 *
 * Zeroed memory is a valid free range. On 64-bit machines the struct has 64 bytes,
 * one cache line.
 *
 * A live range is in the tree of live ranges of its space. An inactive range is
 * claimed or parked, and is in the space's tree of claimed or of parked ranges.
 * Invariants:
 *
 * 1. Live: the private member gap is the number of free addresses between the
 *    preceding range and @start. It is 0 in the lowest range: the gaps at both
 *    ends belong to the space.
 * 2. Live: subtree_max_gap is the largest gap in the subtree, if there is one.
 *    Bit k of subtree_orders is set if and only if a gap in the subtree has
 *    natural order k, where order 64 counts as 63. While an update is deferred,
 *    the ancestors of one range may hold older values, see struct vmr_space.
 * 3. Live: if the subtree has no gap, subtree_orders is 0 and subtree_max_gap is
 *    the space tag, which is the address of the space. It is 0 if the tag was
 *    overwritten while the subtree had a gap.
 * 4. gap > subtree_max_gap in an inactive range, and in no live one. In an
 *    inactive range these words are ticket, whose bit 63 is set, and space_ref,
 *    which is half of the address of the space. Bit 61 of the ticket is set in a
 *    claim that waits for its test by vmr_settle(): space_ref then is half of the
 *    address of the next such claim.
 * 5. Inactive: subtree_last is the highest @last in the subtree, where a claim
 *    that waits for its test may be left out.
 * 6. node.link is 0 if and only if the range is in no tree. The member type is
 *    then the type of the domain that the range belongs to, 0 for most.
 *
 * Only the update side writes a range. Lockless readers load the links of the
 * node, @start and @last, and validate them against struct vmr_seqcount.
 */
struct vmr_range {
	/* private: link in one of the two trees */
	struct vmr_node	node;
	/* public: */
	uint64_t	start;
	uint64_t	last;
	/* private: the words of a live range, each with that of an inactive one */
	union {
		uint64_t	gap;
		uint64_t	ticket;		/* age, a lower one is older */
		uint64_t	type;		/* of a range in no tree */
	};
	union {
		uint64_t	subtree_max_gap;
		uint64_t	space_ref;
	};
	union {
		uint64_t	subtree_orders;
		uint64_t	subtree_last;
	};
};

#define VMR_NR_GENERATIONS	256

/**
 * struct vmr_generations - counters that validate cached lookups
 *
 * A cached lookup is valid while the generations on its path and the rollover
 * counter are unchanged. Changes of other ranges do not invalidate it, unless
 * they share a generation slot. The slot is a hash of the range's address in
 * memory and is never 0. A region has a generation of its own too, see reader.h: its
 * slot counts only unregistrations, and the changes of windows and of regions with
 * subregions.
 *
 * The writer stores and readers load, both without a lock. The writer increments
 * the generation of a live range inside the write section that removes or moves
 * it. Before a generation can repeat, at the latest after 2^16 increments, the
 * writer stores the rollover counter first and then the generation. A reader
 * loads them in the opposite order: a reader that observes the new generation
 * observes the new rollover counter.
 */
struct vmr_generations {
	/* private: */
	uint32_t	rollover;
	uint32_t	gen[VMR_NR_GENERATIONS];
	/* public: */
};

/**
 * struct vmr_seqcount - sequence count of the changes that readers validate against
 *
 * The writer makes the sequence odd, then stores its changes, then makes the
 * sequence even with release. A reader loads an even sequence with acquire, then
 * the data, then the sequence again. If the two sequences differ, the reader
 * repeats the lookup.
 *
 * The nesting depth, the port's flags and the pointer to the generations belong to the
 * update side alone. The pointer is NULL while a caller counts ranges itself.
 */
struct vmr_seqcount {
	/* private: */
	uint32_t		sequence;	/* odd in a write section */
	uint32_t		nesting;	/* depth of nested write sections */
	unsigned long		flags;		/* of vmr_port_write_begin() */
	uintptr_t		writer;		/* thread of a caller's section, or 0 */
	struct vmr_generations	*generations;	/* or NULL */
	/* public: */
};

/**
 * struct vmr_space - the addresses of one domain and the ranges in them
 * @start: first managed address
 * @last: last managed address, inclusive
 * @nr_ranges: number of live ranges
 * @nr_claims: number of inactive ranges, claimed or parked
 *
 * An initialised space must not be copied or moved in memory.
 *
 * An update of the tree may be deferred for one range, whose gap has grown. The
 * ancestors of this range then hold augmented values of before, see invariant 2
 * of struct vmr_range.
 */
struct vmr_space {
	uint64_t	start;
	uint64_t	last;
	/* private: live ranges by address, inactive ones by wanted address */
	struct vmr_node	*root;
	struct vmr_node	*claims;
	struct vmr_node	*parked;
	struct {
		struct vmr_range *list;		/* claims to test, by space_ref */
		uint64_t	start;		/* of the interval under test */
		uint64_t	last;
		uint64_t	blocked_start;	/* addresses that are in use */
		uint64_t	blocked_last;
		uint8_t		is_blocked;	/* the two above are set */
		uint8_t		is_sorted;	/* the list, by ticket */
		uint8_t		is_open;	/* no change since it was tested */
	} settling;
	struct {
		struct vmr_range	*range;	/* or NULL; its old values: */
		uint64_t		old_gap;
		uint64_t		old_max_gap;
		uint64_t		old_orders;
	} deferred;
	struct vmr_range *lowest;	/* live range or NULL */
	struct vmr_range *highest;	/* live range or NULL */
	uint64_t	used;		/* addresses in live ranges modulo 2^64 */
	/* public: */
	size_t		nr_ranges;
	size_t		nr_claims;
	/* private: */
	uint64_t	last_ticket;	/* of the youngest inactive range */
	uint64_t	type;		/* of the ranges that may enter, 0 for any */
	struct vmr_seqcount	*seq;	/* of the readers: own_seq or a shared one */
	struct vmr_seqcount	own_seq;
	uint32_t	snapshot_index;	/* of a call to the snapshot layer, else 0 */
	/* public: */
};

/**
 * enum vmr_policy - which address an allocation gets
 * @VMR_FIRST: the lowest aligned address in the lowest gap that fits
 * @VMR_LAST: the highest aligned address in the highest gap that fits
 * @VMR_BEST: the lowest aligned address in the gap of the least sufficient
 *	natural order, the lowest gap among equals
 * @VMR_EXACT: the address in the request, or none
 * @VMR_DEFAULT: the policy of the pool; valid only in a request to a pool
 */
enum vmr_policy {
	VMR_FIRST,
	VMR_LAST,
	VMR_BEST,
	VMR_EXACT,
	VMR_DEFAULT,
};

/**
 * struct vmr_request - size, alignment, bounds and policy of an allocation
 * @size: number of addresses, at least 1
 * @align: alignment of the first address, a power of two
 * @prefer_align: a larger power of two that is tried before @align; 0 for none
 * @min: lowest permitted address
 * @max: highest permitted address, inclusive
 * @addr: first address, for %VMR_EXACT
 * @policy: which address, if several satisfy the request
 *
 * VMR_REQUEST() sets no bounds and %VMR_FIRST.
 */
struct vmr_request {
	uint64_t	size;
	uint64_t	align;
	uint64_t	prefer_align;
	uint64_t	min;
	uint64_t	max;
	uint64_t	addr;
	enum vmr_policy	policy;
};

/**
 * VMR_REQUEST() - initialise a struct vmr_request without bounds, first fit
 * @size_: number of addresses
 * @align_: alignment, a power of two
 */
#define VMR_REQUEST(size_, align_) \
	{ (size_), (align_), 0, 0, VMR_ADDR_MAX, 0, VMR_FIRST }

/**
 * enum vmr_state - state of a range
 * @VMR_FREE: in no space
 * @VMR_LIVE: allocated; no other live range overlaps it
 * @VMR_CLAIMED: holds no addresses; waits until all of [start, last] is free
 * @VMR_PARKED: holds no addresses; automatic placement avoids [start, last]
 *	while another gap fits
 */
enum vmr_state {
	VMR_FREE,
	VMR_LIVE,
	VMR_CLAIMED,
	VMR_PARKED,
};

/**
 * struct vmr_gap - a maximal interval of free addresses
 * @start: first free address
 * @last: last free address, inclusive
 * @next: the live range behind the gap, NULL for the gap at the end of the space
 */
struct vmr_gap {
	uint64_t		start;
	uint64_t		last;
	struct vmr_range	*next;
};

/**
 * vmr_space_init - initialise a space without ranges
 * @space: the space
 * @start: first address
 * @last: last address, inclusive
 *
 * The old content of @space has no meaning, so ranges that are still in it are not
 * removed. The caller must zero them before it uses them again. The library takes most of
 * them for ranges of no space, but some for ranges of the new @space. Only a debug build
 * detects these: it reports a call with one, and refuses it.
 *
 * Return: 0, or -EINVAL if @space is NULL or @start is above @last.
 */
int vmr_space_init(struct vmr_space *space, uint64_t start, uint64_t last);

/**
 * vmr_space_set_seqcount - let several spaces share a sequence count
 * @space: an empty space
 * @seq: the sequence count, zeroed before its first use; NULL for the space's own
 *
 * A change of several spaces with one sequence count is atomic for lookups.
 *
 * Return: 0; -EINVAL if @space is NULL; -EBUSY if it is not empty.
 */
int vmr_space_set_seqcount(struct vmr_space *space, struct vmr_seqcount *seq);

/**
 * vmr_alloc - allocate a range
 * @space: the space
 * @range: the range to link, in no space
 * @req: size, alignment, bounds and policy
 * @conflict: receives the lowest overlapping range on -EBUSY, may be NULL
 *
 * Automatic placement (every policy but %VMR_EXACT) always avoids claimed ranges.
 * It avoids parked ranges while another gap fits. %VMR_EXACT avoids neither.
 *
 * Return: 0 and the addresses in @range->start and @range->last, or
 *  - -EINVAL: a pointer is NULL; size or alignment is 0, or an alignment is no
 *    power of two; @req->min is above @req->max; the policy is none; VMR_EXACT
 *    and @req->addr is not aligned;
 *  - -EOVERFLOW: VMR_EXACT and the range would end above 2^64-1;
 *  - -EEXIST: @range is in a space already;
 *  - -EINVAL: @space is a domain of typed ranges, and @range has another type;
 *  - -ERANGE: the bounds and the space have no address in common; VMR_EXACT and
 *    an address is outside the space or the bounds;
 *  - -EBUSY: VMR_EXACT and an address is in use;
 *  - -ENOSPC: no gap satisfies the request.
 */
int vmr_alloc(struct vmr_space *space, struct vmr_range *range,
	      const struct vmr_request *req, struct vmr_range **conflict);

/**
 * vmr_reserve - allocate exactly [start, last]
 * @space: the space
 * @range: the range to link, in no space
 * @start: first address
 * @last: last address, inclusive; the whole domain can be reserved
 * @conflict: receives the lowest overlapping range on -EBUSY, may be NULL
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL or @start is above @last;
 *  - -EEXIST: @range is in a space already;
 *  - -EINVAL: @space is a domain of typed ranges, and @range has another type;
 *  - -ERANGE: an address is outside the space;
 *  - -EBUSY: an address is in use.
 */
int vmr_reserve(struct vmr_space *space, struct vmr_range *range,
		uint64_t start, uint64_t last, struct vmr_range **conflict);

/**
 * vmr_move - move a live range to another address
 * @space: the space that @range is live in
 * @range: the range; its size does not change
 * @start: the new first address; the new interval may overlap the old one
 * @conflict: receives the lowest overlapping range on -EBUSY, may be NULL
 *
 * The move is atomic for lookups: a lookup finds the range at the old address or
 * at the new one.
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL;
 *  - -EOVERFLOW: the range would end above 2^64-1;
 *  - -ENOENT: @range is not live in @space;
 *  - -ERANGE: a new address is outside the space;
 *  - -EBUSY: another range holds a new address.
 */
int vmr_move(struct vmr_space *space, struct vmr_range *range, uint64_t start,
	     struct vmr_range **conflict);

/**
 * struct vmr_move_op - one move of a bulk move
 * @space: the space that @range is live in
 * @range: the range
 * @to_space: the new space, with the sequence count of @space; may be @space
 * @start: the new first address
 */
struct vmr_move_op {
	struct vmr_space	*space;
	struct vmr_range	*range;
	struct vmr_space	*to_space;
	uint64_t		start;
	/* private: first address before the move */
	uint64_t		old_start;
	/* public: */
};

/**
 * vmr_move_bulk - move several ranges, atomic for lookups
 * @steps: the moves; a new address may be the old address of another range
 * @nr: number of moves, at least 1
 * @failed: receives the index of the move that failed, may be NULL
 * @conflict: receives the lowest overlapping range on -EBUSY, may be NULL
 *
 * If a move fails, all ranges stay at their old addresses. All moves are checked
 * on their own before any new address is compared with other ranges.
 *
 * Return: 0, or for the first move that fails
 *  - -EINVAL: a pointer is NULL, @nr is 0, the range is named twice, or the
 *    spaces differ in type or do not share their sequence count;
 *  - -EOVERFLOW, -ENOENT, -ERANGE, -EBUSY: as vmr_move().
 */
int vmr_move_bulk(struct vmr_move_op *steps, size_t nr, size_t *failed,
		  struct vmr_range **conflict);

/**
 * vmr_free - remove a range from its space
 * @space: the space that @range is in
 * @range: the range: live, claimed or parked
 *
 * The range can be allocated again. Its @start and @last keep their values.
 *
 * Return: 0; -EINVAL if a pointer is NULL; -ENOENT if @range is not in @space.
 */
int vmr_free(struct vmr_space *space, struct vmr_range *range);

/**
 * vmr_free_at - free the live range that is exactly [start, start + size - 1]
 * @space: the space
 * @start: first address of the range
 * @size: number of its addresses
 * @freed: receives the range, may be NULL
 *
 * Return: 0, or
 *  - -EINVAL: @space is NULL or @size is 0;
 *  - -EOVERFLOW: the range would end above 2^64-1;
 *  - -ERANGE: an address is outside the space;
 *  - -ENOENT: no live range has exactly these addresses.
 */
int vmr_free_at(struct vmr_space *space, uint64_t start, uint64_t size,
		struct vmr_range **freed);

/**
 * vmr_find - find the live range that holds an address
 * @space: the space
 * @addr: the address
 *
 * Return: the range, NULL if the address is free or outside the space.
 */
struct vmr_range *vmr_find(const struct vmr_space *space, uint64_t addr);

/**
 * vmr_find_overlap - find the lowest live range with an address in [start, last]
 * @space: the space
 * @start: first address
 * @last: last address, inclusive
 *
 * Return: the range, NULL if there is none or @start is above @last.
 */
struct vmr_range *vmr_find_overlap(const struct vmr_space *space,
				   uint64_t start, uint64_t last);

/**
 * vmr_find_lockless - find the live range that holds an address, without a lock
 * @space: the space
 * @addr: the address
 * @start: receives the first address of the range, may be NULL
 * @last: receives its last address, may be NULL
 *
 * The result was true at a moment during the call. If a writer changes the space
 * meanwhile, the walk is repeated. A call waits at most for the end of an open
 * write section.
 *
 * Context: any thread, also while a writer runs. A range that is in the space when
 * the call begins must not be used for another purpose before the call ends. In
 * the spaces of a system the drain of the device guarantees this, see
 * vmr_device_try_drain().
 * Return: the range; the caller may dereference it only if the caller ensures
 * that it still exists. NULL if the address was free.
 */
struct vmr_range *vmr_find_lockless(const struct vmr_space *space,
				    uint64_t addr, uint64_t *start,
				    uint64_t *last);

/**
 * vmr_first_range - find the live range at the lowest address
 * @space: the space
 *
 * Return: the range, NULL in an empty space.
 */
struct vmr_range *vmr_first_range(const struct vmr_space *space);

/**
 * vmr_last_range - find the live range at the highest address
 * @space: the space
 *
 * Return: the range, NULL in an empty space.
 */
struct vmr_range *vmr_last_range(const struct vmr_space *space);

/**
 * vmr_next_range - find the live range behind another
 * @range: a live range
 *
 * Return: the range, NULL behind the last.
 */
struct vmr_range *vmr_next_range(const struct vmr_range *range);

/**
 * vmr_prev_range - find the live range in front of another
 * @range: a live range
 *
 * Return: the range, NULL in front of the first.
 */
struct vmr_range *vmr_prev_range(const struct vmr_range *range);

/**
 * vmr_for_each_range() - iterate over the live ranges of a space by address
 * @range: the struct vmr_range pointer to iterate with
 * @space: the space, which the body must not change
 */
#define vmr_for_each_range(range, space) \
	for ((range) = vmr_first_range(space); (range); \
	     (range) = vmr_next_range(range))

/**
 * vmr_for_each_range_safe() - iterate over live ranges; the body may free @range
 * @range: the struct vmr_range pointer to iterate with
 * @tmp: a second pointer, for the loop itself
 * @space: the space; the body may remove or move @range only
 */
#define vmr_for_each_range_safe(range, tmp, space) \
	for ((range) = vmr_first_range(space); \
	     (range) && ((tmp) = vmr_next_range(range), 1); (range) = (tmp))

/**
 * vmr_first_gap - find the lowest gap of a space
 * @space: the space
 * @gap: receives the gap
 *
 * Return: true, or false and @gap unchanged if there is no gap.
 */
bool vmr_first_gap(const struct vmr_space *space, struct vmr_gap *gap);

/**
 * vmr_next_gap - find the gap behind another
 * @space: the space, unchanged since @gap was found
 * @gap: a gap, receives the next one
 *
 * Visits O(log n) nodes, however many ranges adjoin.
 *
 * Return: true, or false and @gap unchanged behind the last gap.
 */
bool vmr_next_gap(const struct vmr_space *space, struct vmr_gap *gap);

/**
 * vmr_last_gap_at_or_below - find the highest gap at or below an address
 * @space: the space
 * @addr: the address, inclusive
 * @gap: receives the whole gap, which may end above @addr
 *
 * Return: true, or false and @gap unchanged if there is none.
 */
bool vmr_last_gap_at_or_below(const struct vmr_space *space, uint64_t addr,
			      struct vmr_gap *gap);

/**
 * vmr_for_each_gap() - iterate over the gaps of a space by address
 * @gap: pointer to the struct vmr_gap to iterate with
 * @space: the space, which the body must not change
 */
#define vmr_for_each_gap(gap, space) \
	for (int vmr_more_ = vmr_first_gap(space, gap); vmr_more_; \
	     vmr_more_ = vmr_next_gap(space, gap))

/**
 * vmr_largest_gap - find the largest gap of a space, the lowest among equals
 * @space: the space
 * @gap: receives the gap
 *
 * Return: true, or false and @gap unchanged if there is no gap.
 */
bool vmr_largest_gap(const struct vmr_space *space, struct vmr_gap *gap);

/**
 * vmr_space_used - count the addresses of live ranges
 * @space: the space
 *
 * Return: the count, at most 2^64.
 */
struct vmr_total vmr_space_used(const struct vmr_space *space);

/**
 * vmr_space_unused - count the free addresses
 * @space: the space
 *
 * Return: the count, at most 2^64.
 */
struct vmr_total vmr_space_unused(const struct vmr_space *space);

/**
 * vmr_range_state - get the state of a range
 * @range: the range
 *
 * Return: the state; VMR_FREE for NULL.
 */
enum vmr_state vmr_range_state(const struct vmr_range *range);

/**
 * vmr_in_space - test whether a range is in this space
 * @space: the space
 * @range: the range
 *
 * Return: true if @range is live, claimed or parked in @space.
 */
bool vmr_in_space(const struct vmr_space *space, const struct vmr_range *range);

/**
 * DOC: Claims
 *
 * A guest may program a device with addresses that another device holds. Hardware
 * does not refuse this. The engine makes the range a claim: it holds no addresses
 * and no lookup finds it. When all of its addresses are free, vmr_settle() makes
 * it live. A device with decoding disabled parks its ranges. A parked range waits
 * for nothing, but automatic placement avoids its addresses while another gap
 * fits.
 *
 * After each change that frees addresses, the caller calls vmr_settle() until it
 * returns NULL. The device layer does so for its regions.
 */

/**
 * vmr_claim - let a range wait for addresses
 * @space: the space
 * @range: a range in @space, which gives up its state, or in no space
 * @start: first wanted address
 * @last: last wanted address, inclusive
 *
 * The new claim is younger than all others. This also holds if @range had a claim
 * before.
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL or @start is above @last; @range is in no space
 *    and has another type than the ranges of @space;
 *  - -EEXIST: @range is in another space;
 *  - -ERANGE: an address is outside the space.
 */
int vmr_claim(struct vmr_space *space, struct vmr_range *range, uint64_t start,
	      uint64_t last);

/**
 * vmr_park - let automatic placement avoid the addresses of a range
 * @space: the space
 * @range: a range in @space, which gives up its state, or in no space
 * @start: first address
 * @last: last address, inclusive
 *
 * Return: as vmr_claim().
 */
int vmr_park(struct vmr_space *space, struct vmr_range *range, uint64_t start,
	     uint64_t last);

/**
 * vmr_settle - make the oldest claim live whose addresses are free
 * @space: the space
 * @start: first address that may have become free
 * @last: last address that may have become free, inclusive
 *
 * Tests the claims that overlap [start, last], each once in a loop of calls, in
 * O(log n).
 *
 * Return: the range that is live now, NULL if no claim can be settled.
 */
struct vmr_range *vmr_settle(struct vmr_space *space, uint64_t start,
			     uint64_t last);

/**
 * vmr_first_claim - find the first inactive range that overlaps [start, last]
 * @space: the space
 * @start: first address
 * @last: last address, inclusive
 *
 * Return: the claimed or parked range with the lowest wanted address, or NULL.
 */
struct vmr_range *vmr_first_claim(const struct vmr_space *space, uint64_t start,
				  uint64_t last);

/**
 * vmr_next_claim - find the next inactive range that overlaps [start, last]
 * @range: the result of vmr_first_claim() or vmr_next_claim()
 * @start: first address
 * @last: last address, inclusive
 *
 * Return: the next claimed or parked range by wanted address, or NULL.
 */
struct vmr_range *vmr_next_claim(const struct vmr_range *range, uint64_t start,
				 uint64_t last);

/**
 * vmr_for_each_claim() - iterate over all inactive ranges of a space
 * @range: the struct vmr_range pointer to iterate with
 * @space: the space, which the body must not change
 *
 * vmr_find_overlap(@space, @range->start, @range->last) is the live range that a
 * claim @range waits for.
 */
#define vmr_for_each_claim(range, space) \
	for ((range) = vmr_first_claim(space, 0, VMR_ADDR_MAX); (range); \
	     (range) = vmr_next_claim(range, 0, VMR_ADDR_MAX))

/**
 * vmr_seqcount_write_begin - open a write section
 * @seq: the sequence count of the spaces to change
 *
 * Each call that changes a space opens a write section itself. A caller opens one
 * around several calls to make them atomic for lookups. Sections nest. Only calls
 * of this header are permitted inside. Keep a section short: readers wait for its
 * end.
 *
 * Context: update side.
 */
void vmr_seqcount_write_begin(struct vmr_seqcount *seq);

/**
 * vmr_seqcount_write_end - close a write section
 * @seq: the sequence count given to vmr_seqcount_write_begin()
 *
 * Context: update side.
 */
void vmr_seqcount_write_end(struct vmr_seqcount *seq);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_RANGE_H */

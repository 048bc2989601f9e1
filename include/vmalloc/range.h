/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * range.h - the engine: disjoint ranges of a 64-bit domain
 *
 * A space manages the addresses [start, last], both included; [0, 2^64-1] is as
 * good as any. A range is a part of it that somebody holds. It lives in memory
 * of that somebody, normally inside a larger struct that container_of() leads
 * back to, and is linked into the space's tree while it is allocated. The
 * library allocates nothing.
 *
 * The tree is ordered by address. Every node knows the gap in front of it, and
 * the largest gap and the natural orders of all gaps in its subtree. The natural
 * order of a gap is the binary logarithm of the largest naturally aligned
 * power-of-two block inside it, which is exactly what decides whether a BAR,
 * a block of MSI vectors or a page fits. So allocating such a block (first, last
 * or best fit), allocating an exact place, lookup, free and move each visit
 * O(log n) nodes, however fragmented the space is. For other pairs of size and
 * alignment the search may in addition visit gaps that are long enough but
 * misaligned, at O(log n) each; best fit, which then has to look among gaps of an
 * order that only some sizes fit, also ones that are too short.
 *
 * Locking: calls that change a space or iterate over it are serialised by the
 * caller (the writer's side), also those that take a const space: a search may make
 * good what the last free has put off. vmr_find_lockless() needs no lock: see there. What a
 * function says of locking beyond that is said in its own comment.
 */
#ifndef VMALLOC_RANGE_H
#define VMALLOC_RANGE_H

#include <vmalloc/error.h>
#include <vmalloc/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct vmr_range - a range of a space, embedded in what owns it
 * @node: link in the space's tree; private
 * @start: first address; to be read while allocated, never written
 * @last: last address, included; to be read while allocated, never written
 * @gap: free addresses directly in front of @start, 0 in the lowest range; private
 * @subtree_max_gap: the largest @gap in this node's subtree; private
 * @subtree_orders: bit k is set if a gap in the subtree has natural order k; private
 * @ticket: age of a claim, lower is older; private
 * @must_be_zero: always 0 in a claim; private
 * @subtree_last: highest @last in the subtree of claims; private
 *
 * Zeroed memory is a valid unallocated range. It is one cache line of 64 bytes
 * on 64-bit machines.
 *
 * Invariants, where gap order 64 counts as 63:
 *
 *  - live: linked in the space's tree; the gap lies at [@start - @gap, @start - 1];
 *    @subtree_max_gap >= @gap; @subtree_orders == 0 if and only if there is no gap in the subtree,
 *    and then @subtree_max_gap is the space's address, or 0 if that had to be forgotten. The
 *    nodes above the one that is the space's @late may not know that its gap has
 *    grown. The gaps in front of the lowest range and behind the highest are the
 *    space's own: no node knows them.
 *  - claimed or parked: linked in the space's tree of claims, @ticket > 0 and
 *    @must_be_zero == 0. No live range looks so, since @gap <= @subtree_max_gap there: the two
 *    are told apart without knowing the space.
 *  - else @node.link is 0.
 */
struct vmr_range {
	struct vmr_node	node;
	uint64_t	start;
	uint64_t	last;
	union {
		uint64_t	gap;
		uint64_t	ticket;
	};
	union {
		uint64_t	subtree_max_gap;
		uint64_t	must_be_zero;
	};
	union {
		uint64_t	subtree_orders;
		uint64_t	subtree_last;
	};
};

#define VMR_NR_GENERATIONS	256

/**
 * struct vmr_generations - counts how often live ranges have left their places
 * @rollover: raised at the latest when a count has grown by 2^26; private
 * @gen: the departures of the ranges whose addresses in memory have the same
 *	digest, which is never 0; private
 *
 * Who remembers where a range was need not ask again while neither its count nor
 * the era has changed, whatever other ranges did.
 */
struct vmr_generations {
	uint32_t	rollover;
	uint32_t	gen[VMR_NR_GENERATIONS];
};

/**
 * struct vmr_seqcount - counts the changes that lockless readers must not miss
 * @sequence: odd while a write section is open; private
 * @nesting: nesting of write sections; private, of the writer's side
 * @flags: what the port layer keeps over a section; private
 * @generations: where departures are counted, or NULL; private
 */
struct vmr_seqcount {
	uint32_t		sequence;
	uint32_t		nesting;
	unsigned long		flags;
	struct vmr_generations	*generations;
};

/**
 * struct vmr_space - the addresses that one domain has
 * @start: first managed address
 * @last: last managed address, included
 * @root: tree of the live ranges by address; private
 * @claims: tree of the claimed and parked ranges by wanted address; private
 * @deferred: the deferred update of the tree; private
 * @deferred.range: the range whose ancestors do not know its gap yet, or NULL
 * @deferred.old_gap: the gap of that range before
 * @deferred.old_max_gap: the @subtree_max_gap of it that its ancestors know
 * @deferred.old_orders: the @subtree_orders of it that its ancestors know
 * @lowest: the live range at the lowest address, if there is one; private
 * @highest: the live range at the highest address, if there is one; private
 * @used: addresses in live ranges, modulo 2^64; private
 * @nr_ranges: number of live ranges
 * @nr_claims: number of claimed and parked ranges
 * @last_ticket: claims made so far, which is the age of the youngest; private
 * @seq: the counter that readers of this space validate against; private
 * @own_seq: what @seq points to until the space shares one; private
 *
 * Must not be copied or moved in memory once initialised.
 */
struct vmr_space {
	uint64_t	start;
	uint64_t	last;
	struct vmr_node	*root;
	struct vmr_node	*claims;
	struct {
		struct vmr_range	*range;
		uint64_t		old_gap;
		uint64_t		old_max_gap;
		uint64_t		old_orders;
	} deferred;
	struct vmr_range *lowest;
	struct vmr_range *highest;
	uint64_t	used;
	size_t		nr_ranges;
	size_t		nr_claims;
	uint64_t	last_ticket;
	struct vmr_seqcount	*seq;
	struct vmr_seqcount	own_seq;
};

/**
 * enum vmr_policy - which of the places that satisfy a request is taken
 * @VMR_FIRST: the lowest aligned address in the lowest gap that fits
 * @VMR_LAST: the highest aligned address in the highest gap that fits
 * @VMR_BEST: the lowest aligned address in the gap of least sufficient natural
 *	order, the lowest gap among equals
 * @VMR_EXACT: the address that the request names, or none
 * @VMR_DEFAULT: what the pool prefers; only requests to a pool may say so
 */
enum vmr_policy {
	VMR_FIRST,
	VMR_LAST,
	VMR_BEST,
	VMR_EXACT,
	VMR_DEFAULT,
};

/**
 * struct vmr_request - what an allocation asks of its place
 * @size: number of addresses, at least 1
 * @align: the first address is a multiple of this power of two
 * @prefer_align: a larger power of two to try before @align; 0 for none
 * @min: no address below this one
 * @max: no address above this one
 * @addr: the first address, for VMR_EXACT
 * @policy: which place among several
 *
 * VMR_REQUEST() fills in no bounds and first fit.
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
 * VMR_REQUEST() - initialiser of a struct vmr_request without bounds, first fit
 * @size_: number of addresses
 * @align_: alignment, a power of two
 */
#define VMR_REQUEST(size_, align_) \
	{ (size_), (align_), 0, 0, VMR_ADDR_MAX, 0, VMR_FIRST }

/**
 * enum vmr_state - what a range is to its space
 * @VMR_FREE: nothing; it is in no space
 * @VMR_LIVE: it holds its place
 * @VMR_CLAIMED: it holds nothing and waits for its place to become free
 * @VMR_PARKED: it holds nothing, but automatic placement leaves its place alone
 *	while there is another
 */
enum vmr_state {
	VMR_FREE,
	VMR_LIVE,
	VMR_CLAIMED,
	VMR_PARKED,
};

/**
 * struct vmr_gap - free addresses between two live ranges
 * @start: first free address
 * @last: last free address
 * @next: the range behind the gap, NULL for the gap at the end of the space
 */
struct vmr_gap {
	uint64_t		start;
	uint64_t		last;
	struct vmr_range	*next;
};

/**
 * vmr_space_init - make a space of free addresses
 * @space: the space
 * @start: first address
 * @last: last address, included
 *
 * Return: 0, or -EINVAL if @space is NULL or @start is above @last.
 */
int vmr_space_init(struct vmr_space *space, uint64_t start, uint64_t last);

/**
 * vmr_space_set_seqcount - make lookups in several spaces one atomic step
 * @space: an empty space
 * @seq: the counter to validate against, zeroed at first; NULL for the space's
 *	own
 *
 * Return: 0; -EINVAL if @space is NULL; -EBUSY if it is not empty.
 */
int vmr_space_set_seqcount(struct vmr_space *space, struct vmr_seqcount *seq);

/**
 * vmr_alloc - allocate a range under a constraint
 * @space: the space
 * @range: the node to link, unallocated
 * @req: size, alignment, bounds and policy
 * @conflict: where to store the lowest range in the way on -EBUSY, or NULL
 *
 * Automatic placement (every policy but VMR_EXACT) avoids claimed places always
 * and parked ones while another place fits. An exact request may take both.
 *
 * Return: 0 and the place in @range->start and @range->last, or
 *  - -EINVAL: a pointer is NULL; size or alignment is 0, or an alignment is no
 *    power of two; @req->min is above @req->max; the policy is none; VMR_EXACT
 *    and @req->addr is not aligned;
 *  - -EOVERFLOW: VMR_EXACT and the range would end above 2^64-1;
 *  - -EEXIST: @range is in a space already;
 *  - -ERANGE: the bounds and the space have no address in common; VMR_EXACT and
 *    part of the place is outside the space or the bounds;
 *  - -EBUSY: VMR_EXACT and part of the place is taken;
 *  - -ENOSPC: no gap satisfies the request.
 */
int vmr_alloc(struct vmr_space *space, struct vmr_range *range,
	      const struct vmr_request *req, struct vmr_range **conflict);

/**
 * vmr_reserve - allocate exactly [start, last]
 * @space: the space
 * @range: the node to link, unallocated
 * @start: first address
 * @last: last address, included; the whole domain can be reserved
 * @conflict: where to store the lowest range in the way on -EBUSY, or NULL
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL or @start is above @last;
 *  - -EEXIST: @range is in a space already;
 *  - -ERANGE: part of the place is outside the space;
 *  - -EBUSY: part of it is taken.
 */
int vmr_reserve(struct vmr_space *space, struct vmr_range *range,
		uint64_t start, uint64_t last, struct vmr_range **conflict);

/**
 * vmr_move - give a live range another place of the same size
 * @space: the space that @range is live in
 * @range: the range
 * @start: the new first address; the new place may overlap the old one
 * @conflict: where to store the lowest range in the way on -EBUSY, or NULL
 *
 * For a lookup this is one step: it finds the range at one of the two places,
 * never at both or none.
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL;
 *  - -EOVERFLOW: the new place would end above 2^64-1;
 *  - -ENOENT: @range is not live in @space;
 *  - -ERANGE: part of the new place is outside the space;
 *  - -EBUSY: part of it is taken by another range.
 */
int vmr_move(struct vmr_space *space, struct vmr_range *range, uint64_t start,
	     struct vmr_range **conflict);

/**
 * struct vmr_move_op - one range's part in a set of moves
 * @space: the space that @range is live in
 * @range: the range
 * @to_space: the space it moves to, which shares its counter with @space; may be @space
 * @start: its new first address
 * @old_start: its old first address; private
 */
struct vmr_move_op {
	struct vmr_space	*space;
	struct vmr_range	*range;
	struct vmr_space	*to_space;
	uint64_t		start;
	uint64_t		old_start;
};

/**
 * vmr_move_bulk - move several ranges in one step for every lookup
 * @steps: the moves; the places may be each other's, as in a swap
 * @nr: their number, at least 1
 * @failed: where to store the index of the step that cannot be done, or NULL
 * @conflict: where to store the lowest range in the way on -EBUSY, or NULL
 *
 * Either all ranges end at their new places or all stay where they were.
 *
 * What is wrong with a step itself is found for all steps before any new place is
 * looked at.
 *
 * Return: 0, or for the first step that cannot be done
 *  - -EINVAL: a pointer is NULL, @nr is 0, the range is named twice, or the
 *    spaces do not share their counter;
 *  - -EOVERFLOW, -ENOENT, -ERANGE, -EBUSY: as vmr_move().
 */
int vmr_move_bulk(struct vmr_move_op *steps, size_t nr, size_t *failed,
		 struct vmr_range **conflict);

/**
 * vmr_free - take a range out of its space
 * @space: the space it is in
 * @range: the range: live, claimed or parked
 *
 * Its node is zero again afterwards and may be allocated anew. Its @start and
 * @last keep their values.
 *
 * Return: 0; -EINVAL if a pointer is NULL; -ENOENT if @range is not in @space.
 */
int vmr_free(struct vmr_space *space, struct vmr_range *range);

/**
 * vmr_free_at - take out the live range that is exactly at a place
 * @space: the space
 * @start: first address of the range
 * @size: number of its addresses
 * @freed: where to store the range, or NULL
 *
 * Return: 0, or
 *  - -EINVAL: @space is NULL or @size is 0;
 *  - -EOVERFLOW: the range would end above 2^64-1;
 *  - -ERANGE: part of it is outside the space;
 *  - -ENOENT: no live range is exactly there.
 */
int vmr_free_at(struct vmr_space *space, uint64_t start, uint64_t size,
		struct vmr_range **freed);

/**
 * vmr_find - the live range that holds an address
 * @space: the space
 * @addr: the address
 *
 * Return: the range, NULL if the address is free or not managed.
 */
struct vmr_range *vmr_find(const struct vmr_space *space, uint64_t addr);

/**
 * vmr_find_overlap - the lowest live range that has an address in [start, last]
 * @space: the space
 * @start: first address
 * @last: last address, included
 *
 * Return: the range, NULL if there is none or @start is above @last.
 */
struct vmr_range *vmr_find_overlap(const struct vmr_space *space,
				   uint64_t start, uint64_t last);

/**
 * vmr_find_lockless - vmr_find() beside a running writer, without a lock
 * @space: the space
 * @addr: the address
 * @start: where to store the first address of what was found, or NULL
 * @last: where to store its last address, or NULL
 *
 * Walks the tree, and walks again if a writer changed anything meanwhile, so
 * that the result is one that was true at a moment during the call. It waits for
 * at most the write section that is open.
 *
 * Context: any thread. The caller sees to it that no range that was in the space
 * when the call began is reused for anything but the same space before it ends;
 * in a routed space the drain of the device does, see vmr_device_try_drain().
 * Return: the range, not to be dereferenced unless the caller knows that it
 * lives; NULL if the address was free.
 */
struct vmr_range *vmr_find_lockless(const struct vmr_space *space, uint64_t addr,
			     uint64_t *start, uint64_t *last);

/**
 * vmr_first_range - the live range at the lowest address
 * @space: the space
 *
 * Return: the range, NULL in an empty space.
 */
struct vmr_range *vmr_first_range(const struct vmr_space *space);

/**
 * vmr_last_range - the live range at the highest address
 * @space: the space
 *
 * Return: the range, NULL in an empty space.
 */
struct vmr_range *vmr_last_range(const struct vmr_space *space);

/**
 * vmr_next_range - the live range behind another
 * @range: a live range
 *
 * Return: the range, NULL behind the last.
 */
struct vmr_range *vmr_next_range(const struct vmr_range *range);

/**
 * vmr_prev_range - the live range in front of another
 * @range: a live range
 *
 * Return: the range, NULL in front of the first.
 */
struct vmr_range *vmr_prev_range(const struct vmr_range *range);

/**
 * vmr_for_each_range() - iterate over the live ranges of a space by address
 * @range: the struct vmr_range pointer to iterate with
 * @space: the space, not to be changed in the loop
 */
#define vmr_for_each_range(range, space) \
	for ((range) = vmr_first_range(space); (range); \
	     (range) = vmr_next_range(range))

/**
 * vmr_for_each_range_safe() - vmr_for_each_range() whose body may free @range
 * @range: the struct vmr_range pointer to iterate with
 * @tmp: another one, for the loop's own use
 * @space: the space; of its ranges only @range may be taken out or moved
 */
#define vmr_for_each_range_safe(range, tmp, space) \
	for ((range) = vmr_first_range(space); \
	     (range) && ((tmp) = vmr_next_range(range), 1); (range) = (tmp))

/**
 * vmr_first_gap - the lowest gap of a space
 * @space: the space
 * @gap: where to store it
 *
 * Return: true, or false in a space without one (@gap is left alone).
 */
bool vmr_first_gap(const struct vmr_space *space, struct vmr_gap *gap);

/**
 * vmr_next_gap - the gap behind another
 * @space: the space, unchanged since @gap was found
 * @gap: a gap, replaced by the next
 *
 * Visits O(log n) nodes, also where many ranges adjoin.
 *
 * Return: true, or false behind the last (@gap is left alone).
 */
bool vmr_next_gap(const struct vmr_space *space, struct vmr_gap *gap);

/**
 * vmr_last_gap_at_or_below - the highest gap that has an address at or below one
 * @space: the space
 * @addr: the address
 * @gap: where to store it, not cut at @addr
 *
 * Return: true, or false if there is none (@gap is left alone).
 */
bool vmr_last_gap_at_or_below(const struct vmr_space *space, uint64_t addr,
		   struct vmr_gap *gap);

/**
 * vmr_for_each_gap() - iterate over the gaps of a space by address
 * @gap: pointer to the struct vmr_gap to iterate with
 * @space: the space, not to be changed in the loop
 */
#define vmr_for_each_gap(gap, space) \
	for (int vmr_more_ = vmr_first_gap(space, gap); vmr_more_; \
	     vmr_more_ = vmr_next_gap(space, gap))

/**
 * vmr_largest_gap - the longest gap of a space, the lowest among equals
 * @space: the space
 * @gap: where to store it
 *
 * Return: true, or false in a space without a gap (@gap is left alone).
 */
bool vmr_largest_gap(const struct vmr_space *space, struct vmr_gap *gap);

/**
 * vmr_space_used - how many addresses live ranges hold
 * @space: the space
 *
 * Return: the count, in a form that can say 2^64.
 */
struct vmr_total vmr_space_used(const struct vmr_space *space);

/**
 * vmr_space_unused - how many addresses are in gaps
 * @space: the space
 *
 * Return: the count, in a form that can say 2^64.
 */
struct vmr_total vmr_space_unused(const struct vmr_space *space);

/**
 * vmr_range_state - what a range is to its space
 * @range: the range
 *
 * Return: its state; VMR_FREE for NULL.
 */
enum vmr_state vmr_range_state(const struct vmr_range *range);

/**
 * vmr_in_space - whether a range is in this very space
 * @space: the space
 * @range: the range
 *
 * Return: true if it is live, claimed or parked in @space.
 */
bool vmr_in_space(const struct vmr_space *space, const struct vmr_range *range);

/**
 * DOC: Claims
 *
 * A guest may program a device onto addresses that another one holds. Hardware
 * does not refuse that. Here the range becomes a claim: it holds nothing and no
 * lookup finds it, until all of its place is free and vmr_settle() makes it
 * live. A device whose decoding is switched off parks its ranges: they wait for
 * nothing, but automatic placement leaves their places alone while it can.
 *
 * These are the engine's parts. Who uses them calls vmr_settle() after each
 * change that frees a place, until it returns NULL; the device layer does.
 */

/**
 * vmr_claim - let a range wait for a place
 * @space: the space
 * @range: a range in @space, which leaves what it is at once, or in no space
 * @start: first wanted address
 * @last: last wanted address, included
 *
 * The new claim is younger than every other, also than an earlier one of the
 * same range.
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL or @start is above @last;
 *  - -EEXIST: @range is in another space;
 *  - -ERANGE: part of the place is outside the space.
 */
int vmr_claim(struct vmr_space *space, struct vmr_range *range, uint64_t start,
	      uint64_t last);

/**
 * vmr_park - let automatic placement avoid a place that a range may come back to
 * @space: the space
 * @range: a range in @space, which leaves what it is at once, or in no space
 * @start: first address
 * @last: last address, included
 *
 * Return: as vmr_claim().
 */
int vmr_park(struct vmr_space *space, struct vmr_range *range, uint64_t start,
	     uint64_t last);

/**
 * vmr_settle - make live the oldest claim whose place is free
 * @space: the space
 * @start: first address of what may have become free
 * @last: last address of it, included
 *
 * Tests the claims that have an address in [start, last], each in O(log n).
 *
 * Return: the range that is live now, NULL if there was none to settle.
 */
struct vmr_range *vmr_settle(struct vmr_space *space, uint64_t start,
			     uint64_t last);

/**
 * vmr_first_claim - the first claimed or parked range that touches a place
 * @space: the space
 * @start: first address
 * @last: last address, included
 *
 * Return: the one with the lowest wanted address, NULL if there is none.
 */
struct vmr_range *vmr_first_claim(const struct vmr_space *space, uint64_t start,
				  uint64_t last);

/**
 * vmr_next_claim - the next claimed or parked range that touches a place
 * @range: what vmr_first_claim() or vmr_next_claim() returned
 * @start: first address
 * @last: last address, included
 *
 * Return: the next by wanted address, NULL behind the last.
 */
struct vmr_range *vmr_next_claim(const struct vmr_range *range, uint64_t start,
				 uint64_t last);

/**
 * vmr_for_each_claim() - iterate over all claimed and parked ranges of a space
 * @range: the struct vmr_range pointer to iterate with
 * @space: the space, not to be changed in the loop
 *
 * What the claim @range waits for is vmr_find_overlap(@space, @range->start,
 * @range->last).
 */
#define vmr_for_each_claim(range, space) \
	for ((range) = vmr_first_claim(space, 0, VMR_ADDR_MAX); (range); \
	     (range) = vmr_next_claim(range, 0, VMR_ADDR_MAX))

/**
 * vmr_seqcount_write_begin - open a write section
 * @seq: the counter of the spaces to be changed
 *
 * Every call that changes a space opens one itself. A caller opens one around
 * several such calls so that lookups see all of them or none. Sections nest.
 * Nothing but calls of this header may be done inside, and it should be short:
 * readers wait for its end.
 *
 * Context: the writer's side.
 */
void vmr_seqcount_write_begin(struct vmr_seqcount *seq);

/**
 * vmr_seqcount_write_end - close a write section
 * @seq: the counter given to vmr_seqcount_write_begin()
 *
 * Context: the writer's side.
 */
void vmr_seqcount_write_end(struct vmr_seqcount *seq);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_RANGE_H */

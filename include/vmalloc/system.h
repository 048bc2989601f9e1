/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * system.h - every space and id pool of one virtual machine
 *
 * One struct holds the address domains and the id domains of a machine. The two
 * address domains share one change counter, so that a lookup in either sees a
 * change that touches both as one step.
 *
 * layout.h fills one in for the usual machines.
 *
 * Locking: as in range.h; all of this is the writer's side.
 */
#ifndef VMALLOC_SYSTEM_H
#define VMALLOC_SYSTEM_H

#include <vmalloc/resource.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VMR_SYSTEM_MAX_POOLS	32

/**
 * struct vmr_system_pool - where one or several kinds of resource are placed
 * @pool: bounds, alignment and policy
 * @kinds: bit k is set if it serves kind k
 * @flags: what a constraint must allow to be placed here: VMR_PREFETCHABLE for a
 *	prefetchable window, VMR_64BIT for one above 4 GiB, VMR_PLATFORM for where
 *	a machine has its fixed devices. A fixed request says itself where it
 *	belongs and needs no VMR_PLATFORM
 */
struct vmr_system_pool {
	struct vmr_pool	pool;
	uint32_t	kinds;
	uint32_t	flags;
};

/**
 * struct vmr_shared_irq - an interrupt line that devices share
 * @range: the line in the system's @irqs. It stays taken while nobody shares it,
 *	so that no device gets the line for its own
 * @name: name for people, or NULL
 * @nr_sharers: how many devices share it
 * @sharers: who; private, see vmr_next_irq_share()
 * @next: next shared line of the system; private
 *
 * Owned by the caller, in memory that is zeroed at first.
 */
struct vmr_shared_irq {
	struct vmr_range	range;
	const char		*name;
	uint32_t		nr_sharers;
	struct vmr_list		sharers;
	struct vmr_shared_irq	*next;
};

/**
 * struct vmr_irq_share - a device's share in an interrupt line
 * @range: what the constraint for VMR_KIND_IRQ with VMR_SHARED points to. While
 *	it shares, @range.start and @range.last are the line and it reads as live;
 *	it is in no space, since the line is another's. So a snapshot does not
 *	have it: after a restore, a fixed request joins the line again
 * @irq: the line, NULL while it shares none
 * @name: the constraint's
 * @link: entry in the line's list; private
 *
 * Zeroed memory is a valid start.
 */
struct vmr_irq_share {
	struct vmr_range	range;
	struct vmr_shared_irq	*irq;
	const char		*name;
	struct vmr_list		link;
};

/**
 * struct vmr_free_notifier - callback for addresses that became free
 * @range_freed: [@start, @last] of @space, one of the system's I/O spaces, has
 *	become free; called after the change, on the writer's side
 *
 * The layer that owns the system embeds it and finds itself with container_of().
 * A manager uses it to settle claims of regions.
 */
struct vmr_free_notifier {
	void (*range_freed)(struct vmr_free_notifier *notifier,
			    struct vmr_space *space, uint64_t start,
			    uint64_t last);
};

/**
 * struct vmr_system - the domains of one virtual machine
 * @seq: what lookups in @pio and @mmio validate against; private
 * @pio: I/O ports, 0 to 0xffff
 * @mmio: guest physical addresses, devices and memory alike
 * @irqs: interrupt lines; GSIs for message-signalled interrupts too, unless these
 *	have a domain of their own
 * @mem_slots: KVM memory slots
 * @pci_bdfs: PCI addresses, bus << 8 | device << 3 | function
 * @device_ids: device instance ids; the device layer's alone
 * @pools: where what is placed, in the order in which they are tried; a kind
 *	without a pool has all of its domain
 * @nr_pools: how many there are
 * @generations: what readers of @pio and @mmio remember is judged by this; between
 *	fields that are seldom written, since readers share the line; private
 * @msi_vectors: GSIs for message-signalled interrupts where they are numbered apart
 *	from the lines, as on arm64 and riscv64; empty elsewhere
 * @separate_msi_vectors: whether they are
 * @shared_irqs: the shared lines; private, see vmr_next_shared_irq()
 * @free_notifier: called when an I/O range of the system is freed, or NULL; private
 *
 * Must not be copied or moved in memory once initialised.
 */
struct vmr_system {
	struct vmr_seqcount		seq;
	struct vmr_space	pio;
	struct vmr_space	mmio;
	struct vmr_id_pool		irqs;
	struct vmr_id_pool		mem_slots;
	struct vmr_id_pool		pci_bdfs;
	struct vmr_id_pool		device_ids;
	struct vmr_system_pool	pools[VMR_SYSTEM_MAX_POOLS];
	size_t			nr_pools;
	struct vmr_generations	generations;
	struct vmr_id_pool		msi_vectors;
	bool			separate_msi_vectors;
	struct vmr_shared_irq	*shared_irqs;
	struct vmr_free_notifier *free_notifier;
};

/**
 * struct vmr_system_limits - how large the domains of a machine are
 * @mmio_last: last guest physical address
 * @irq_last: last interrupt number
 * @slot_last: last KVM memory slot
 * @pci_last: last PCI address; 0xff for one bus
 * @id_last: last device instance id
 * @msi_vector_last: last GSI for message-signalled interrupts, if these are numbered
 *	apart from the interrupt lines; 0 if both are numbers of one kind, up to
 *	@irq_last
 */
struct vmr_system_limits {
	uint64_t	mmio_last;
	uint32_t	irq_last;
	uint32_t	slot_last;
	uint32_t	pci_last;
	uint32_t	id_last;
	uint32_t	msi_vector_last;
};

/**
 * vmr_system_init - make the domains of a machine, all of them free
 * @sys: the system
 * @limits: their sizes
 *
 * Return: 0, or -EINVAL if a pointer is NULL.
 */
int vmr_system_init(struct vmr_system *sys, const struct vmr_system_limits *limits);

/**
 * vmr_system_add_pool - say where one or several kinds are placed
 * @sys: the system
 * @pool: the pool, which is copied; its @pool.space is found by the kinds
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, @pool->kinds is 0 or has kinds of different
 *    domains or kinds that are not placed, or alignment or policy make no sense;
 *  - -ERANGE: part of it is outside the domain;
 *  - -ENOSPC: there are VMR_SYSTEM_MAX_POOLS already.
 */
int vmr_system_add_pool(struct vmr_system *sys,
			const struct vmr_system_pool *pool);

/**
 * vmr_system_space - the space that a kind of resource is in
 * @sys: the system
 * @kind: enum vmr_kind
 *
 * Return: the space; NULL for a kind that is not placed.
 */
struct vmr_space *vmr_system_space(struct vmr_system *sys, uint32_t kind);

/**
 * vmr_system_alloc_resources - grant all that a device asks for, or nothing
 * @sys: the system
 * @constraints: what it asks for
 * @nr: how many
 * @set: where to store what it got, in the order of @constraints; its earlier
 *	entries are forgotten
 * @failed: where to store the index of the constraint that could not be granted,
 *	or NULL
 * @conflict: where to store the range in the way on -EBUSY, or NULL
 *
 * If it fails, the @start and @last of ranges that were granted for a moment say so
 * still: they mean nothing in a range that is in no space.
 *
 * Fixed requests are granted first, then by falling alignment and size. Another
 * order might still have fitted. For each constraint the pools of its kind that
 * its flags allow are tried in their order.
 *
 * If a manager routes exits by this system, the range of a port or an address is
 * to be the one inside a struct vmr_region, whoever asks for it: a lookup takes
 * what it finds in these two spaces for a region, and nothing tells it otherwise.
 * What is no device's, as memory, is a region of VMR_REGION_RESERVED or
 * VMR_REGION_MEMORY without a device.
 *
 * A constraint of VMR_KIND_IRQ with VMR_SHARED names the range of a struct
 * vmr_irq_share. It joins the shared line that it asks for with VMR_EXACT, else the
 * one with the fewest sharers within its bounds, the lowest among equals. Shared
 * lines are in no pool.
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, a constraint asks for a kind that is not placed
 *    or names no range, two name the same, VMR_SHARED is asked of another kind
 *    or for more than one line, or @set has no room for @nr;
 *  - -EEXIST: a constraint's range is in a space, or shares a line, already;
 *  - what the first constraint that could not be granted met in its pools: see
 *    vmr_pool_request() and vmr_id_alloc_block(); -EBUSY goes before -ENOSPC
 *    and that before -ERANGE;
 *  - for a shared line asked for by its number, in this order, -EOVERFLOW: it is
 *    above 2^32-1; -ERANGE: it is outside the domain or the bounds; -EBUSY: a
 *    device has it for its own; -ENOENT: it is free, and no shared line. Else
 *    -ENOSPC: there is no shared line within the bounds.
 */
int vmr_system_alloc_resources(struct vmr_system *sys,
		     const struct vmr_constraint *constraints, size_t nr,
		     struct vmr_resource_set *set, size_t *failed,
		     struct vmr_range **conflict);

/**
 * vmr_system_free_resources - give back all that a device has
 * @sys: the system
 * @set: what vmr_system_alloc_resources() stored; empty afterwards
 *
 * Regions that claim an address given back go live as when a device is unlinked,
 * and the manager's listeners are told, before this returns. The same goes for
 * vmr_system_update_resource().
 */
void vmr_system_free_resources(struct vmr_system *sys, struct vmr_resource_set *set);

/**
 * vmr_system_update_resource - replace one resource by another place, number or size of it
 * @sys: the system
 * @res: an entry of what vmr_system_alloc_resources() stored; one whose range is in no
 *	space is granted anew
 * @c: what is asked for now, of the same kind and with the same node
 * @conflict: where to store the range in the way on -EBUSY, or NULL
 *
 * The old place counts as free for the new one. For a lookup this is one step.
 * For ranges that vmr_system_alloc_resources() placed; a region of a registered device
 * follows the guest by vmr_region_program(), which also tells who listens.
 *
 * Return: 0 and the new resource in @res, or
 *  - -EINVAL: a pointer is NULL, the kind is another or is not placed, or
 *    @c->range is not @res->range;
 *  - -ENOENT: the range is in another space than the kind's, or not live;
 *  - what vmr_system_alloc_resources() returns for @c. The old resource is as it was.
 */
int vmr_system_update_resource(struct vmr_system *sys, struct vmr_resource *res,
		      const struct vmr_constraint *c,
		      struct vmr_range **conflict);

/**
 * vmr_system_add_shared_irq - let devices share an interrupt line
 * @sys: the system
 * @line: the line, zeroed
 * @irq: its number
 * @name: name for people, or NULL
 * @conflict: where to store the range that has @irq on -EBUSY, or NULL
 *
 * A @line whose range has @irq already, as vmr_snapshot_restore() leaves it, is taken as it
 * is.
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL;
 *  - -EEXIST: @line is shared already, or its range is in another place;
 *  - -ERANGE: @irq is not managed;
 *  - -EBUSY: @irq is taken.
 */
int vmr_system_add_shared_irq(struct vmr_system *sys,
			      struct vmr_shared_irq *line, uint32_t irq,
			      const char *name, struct vmr_range **conflict);

/**
 * vmr_system_remove_shared_irq - free an interrupt line that nobody shares
 * @sys: the system
 * @line: the line
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL;
 *  - -ENOENT: @line is none of the system's;
 *  - -EBUSY: devices share it.
 */
int vmr_system_remove_shared_irq(struct vmr_system *sys,
				 struct vmr_shared_irq *line);

/**
 * vmr_next_shared_irq - iterate over the shared interrupt lines
 * @sys: the system
 * @prev: the one before, NULL for the first
 *
 * Return: the next in the order in which they were added, NULL behind the last.
 */
struct vmr_shared_irq *vmr_next_shared_irq(const struct vmr_system *sys,
					   const struct vmr_shared_irq *prev);

/**
 * vmr_next_irq_share - iterate over who shares an interrupt line
 * @line: the line
 * @prev: the one before, NULL for the first
 *
 * Return: the next in the order in which they joined, NULL behind the last.
 */
struct vmr_irq_share *vmr_next_irq_share(const struct vmr_shared_irq *line,
				   const struct vmr_irq_share *prev);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_SYSTEM_H */

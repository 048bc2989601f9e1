/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * system.h - the address domains and id domains of one virtual machine
 */
#ifndef VMALLOC_SYSTEM_H
#define VMALLOC_SYSTEM_H

#include <vmalloc/resource.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VMR_SYSTEM_MAX_POOLS	32

/**
 * DOC: Overview
 *
 * A system has one space for each address domain of a machine (I/O ports and guest
 * physical addresses) and one id pool for each id domain. Pools on these domains
 * say where each kind of resource is placed. layout.h initialises a system for
 * common machines.
 *
 * The caller supplies the memory of struct vmr_system. Owners embed the ranges.
 * The library allocates no memory.
 *
 * All functions belong to the update side, see range.h. The two address domains
 * share one sequence count: a change of both is atomic for lookups.
 *
 * An allocation costs what range.h states for each pool that it tries. A call for
 * m constraints sorts them in O(m log m). A shared line is found in O(log n) of the
 * n shared lines; a request with an alignment above 1 may pass all of them.
 */

/**
 * struct vmr_system_pool - a pool for one or several kinds of resource
 * @pool: bounds, alignment and policy
 * @kinds: bit k is set if the pool serves kind k
 * @flags: flags that a constraint must have: %VMR_PREFETCHABLE for a prefetchable
 *	window, %VMR_64BIT for a pool above 4 GiB, %VMR_PLATFORM for a pool of
 *	fixed devices. A fixed request does not need %VMR_PLATFORM
 */
struct vmr_system_pool {
	struct vmr_pool	pool;
	uint32_t	kinds;
	uint32_t	flags;
};

/**
 * struct vmr_shared_irq - an interrupt line that devices share
 * @range: the line in the system's @irqs. It stays allocated while no device shares
 *	it, and no device can allocate it for itself
 * @name: name in maps and messages; may be NULL
 * @nr_sharers: number of devices that share the line
 *
 * Owned by the caller, zeroed before its first use.
 */
struct vmr_shared_irq {
	struct vmr_range	range;
	const char		*name;
	uint32_t		nr_sharers;
	/* private: see vmr_next_irq_share() and vmr_next_shared_irq() */
	struct vmr_list		sharers;
	struct vmr_list		link;
	/* the system that it is a line of, or NULL */
	struct vmr_system	*sys;
	/* entry in the system's tree, and the least @nr_sharers below it */
	struct vmr_node		node;
	uint32_t		subtree_least;
	/* public: */
};

/**
 * struct vmr_irq_share - the share of a device in an interrupt line
 * @range: the range of a constraint for %VMR_KIND_IRQ with %VMR_SHARED. While the
 *	device shares a line, @range.start and @range.last are the line and the
 *	state is %VMR_LIVE. No space contains the range, because the line has a
 *	range of its own. A snapshot therefore does not contain it: after a
 *	restore, a fixed request joins the line again
 * @irq: the line, NULL while the device shares none
 * @name: name of the constraint
 *
 * Zero it before its first use.
 */
struct vmr_irq_share {
	struct vmr_range	range;
	struct vmr_shared_irq	*irq;
	const char		*name;
	/* private: entry in the list of the line */
	struct vmr_list		link;
	/* public: */
};

#define VMR_VECTOR_WAITER_SIZES	6	/* blocks of 1 to 32 vectors */

/**
 * struct vmr_vector_waiter - a request for interrupt vectors that waits
 * @range: receives the vectors when they are free
 * @kind: VMR_KIND_MSI, VMR_KIND_MSIX or VMR_KIND_MSI_GENERIC
 * @nr: their number, a power of two up to 32
 * @served: called when @range is live and the request no longer waits, on the update
 *	side
 */
struct vmr_vector_waiter {
	struct vmr_range	*range;
	uint32_t		kind;
	uint32_t		nr;
	void (*served)(struct vmr_vector_waiter *waiter);
	/* private: in the tree of its size */
	struct vmr_node		node;
	/* its age, lowest for the oldest; 0 if it neither waits nor did in a snapshot */
	uint64_t		ticket;
	/* public: */
};

/**
 * struct vmr_free_notifier - callbacks for addresses that become free
 * @before: a call is about to free [@start, @last] of @space, one of the system's I/O
 *	spaces; called for each interval before the write section
 * @settle: the addresses are free, and the claims for them are collected; called once
 *	for each space in the same write section
 * @after: called once when the section is closed, also if the call failed
 *
 * All are called on the update side. The layer above the system embeds the notifier
 * and finds its own struct with container_of(). A manager settles the claims of
 * regions.
 */
struct vmr_free_notifier {
	void (*before)(struct vmr_free_notifier *notifier,
		       struct vmr_space *space, uint64_t start, uint64_t last);
	void (*settle)(struct vmr_free_notifier *notifier,
		       struct vmr_space *space);
	void (*after)(struct vmr_free_notifier *notifier);
};

/**
 * struct vmr_system - the domains of one virtual machine
 * @pio: I/O ports, 0 to 0xffff
 * @mmio: guest physical addresses of devices and memory
 * @irqs: interrupt lines; also GSIs for message-signalled interrupts, unless
 *	@separate_msi_vectors
 * @mem_slots: KVM memory slots
 * @pci_bdfs: PCI functions, bus << 8 | device << 3 | function
 * @device_ids: device instance ids, used only by the device layer
 * @pools: the pools in the order in which they are tried; a kind without a pool
 *	uses its whole domain
 * @nr_pools: number of pools
 * @msi_vectors: GSIs for message-signalled interrupts that are numbered apart from
 *	the lines, as on arm64 and riscv64; empty elsewhere
 * @separate_msi_vectors: whether @msi_vectors is used
 *
 * An initialised system must not be copied or moved in memory.
 *
 * Lockless readers use @pio, @mmio, the sequence count and the generations. The
 * generations are between members that are rarely written, because readers share
 * their cache lines.
 */
struct vmr_system {
	/* private: sequence count of @pio and @mmio */
	struct vmr_seqcount	seq;
	/* public: */
	struct vmr_space	pio;
	struct vmr_space	mmio;
	struct vmr_id_pool	irqs;
	struct vmr_id_pool	mem_slots;
	struct vmr_id_pool	pci_bdfs;
	struct vmr_id_pool	device_ids;
	struct vmr_system_pool	pools[VMR_SYSTEM_MAX_POOLS];
	size_t			nr_pools;
	/* private: of live ranges in @pio and @mmio */
	struct vmr_generations	generations;
	/* public: */
	struct vmr_id_pool	msi_vectors;
	bool			separate_msi_vectors;
	/* private: shared lines in the order of addition, and by number */
	struct vmr_list		shared_irqs;
	struct vmr_node		*shared_irq_root;
	struct vmr_free_notifier *free_notifier;	/* or NULL */
	struct vmr_node		*vector_waiters[VMR_VECTOR_WAITER_SIZES];
	uint64_t		vector_tickets;
	bool			vectors_freed;	/* in a write section */
	/* NULL until a request waits */
	void (*serve_vectors)(struct vmr_system *sys);
	struct vmr_space	pci_buses;
	/* public: */
};

/**
 * struct vmr_system_limits - sizes of the domains of a machine
 * @mmio_last: last guest physical address, inclusive
 * @irq_last: last interrupt number, inclusive
 * @slot_last: last KVM memory slot, inclusive
 * @pci_last: last PCI function, inclusive; 0xff for one bus
 * @id_last: last device instance id, inclusive
 * @msi_vector_last: last GSI for message-signalled interrupts, inclusive, if these
 *	are numbered apart from the interrupt lines. 0 if both have the numbers up
 *	to @irq_last
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
 * vmr_system_init - initialise the domains of a machine, all free
 * @sys: the system
 * @limits: sizes of the domains
 *
 * Return: 0, or -EINVAL if a pointer is NULL.
 */
int vmr_system_init(struct vmr_system *sys, const struct vmr_system_limits *limits);

/**
 * vmr_system_add_pool - add a pool for one or several kinds of resource
 * @sys: the system
 * @pool: the pool to copy; the kinds determine its @pool.space
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, @pool->kinds is 0 or has kinds of different
 *    domains, kinds without a domain or %VMR_KIND_DEVICE_ID, or alignment or
 *    policy is invalid;
 *  - -ERANGE: an address is outside the domain;
 *  - -ENOSPC: the system has VMR_SYSTEM_MAX_POOLS pools.
 */
int vmr_system_add_pool(struct vmr_system *sys,
			const struct vmr_system_pool *pool);

/**
 * vmr_system_space - get the space of a kind of resource
 * @sys: the system
 * @kind: enum vmr_kind
 *
 * Return: the space; NULL for a kind without a domain.
 */
struct vmr_space *vmr_system_space(struct vmr_system *sys, uint32_t kind);

/**
 * vmr_system_alloc_resources - allocate all resources of a device, or none
 * @sys: the system
 * @constraints: the constraints
 * @nr: number of constraints
 * @set: receives the resources in the order of @constraints; its earlier entries
 *	are dropped
 * @failed: receives the index of the constraint that failed, may be NULL
 * @conflict: receives the overlapping range on -EBUSY, may be NULL
 *
 * Fixed requests are allocated first, then by decreasing alignment and size. This
 * order does not find every solution. For each constraint, the pools of its kind
 * that its flags allow are tried in their order. If the call fails, @start and
 * @last of the constraints' ranges are undefined.
 *
 * If a manager dispatches accesses by this system, each range for a port or an
 * address must be the range of a struct vmr_region: a lookup takes each range in
 * these two spaces for a region. For addresses without a device, such as memory,
 * use a region of %VMR_REGION_RESERVED or %VMR_REGION_MEMORY without a device.
 *
 * A constraint of %VMR_KIND_IRQ with %VMR_SHARED has the range of a struct
 * vmr_irq_share. With %VMR_EXACT it joins the shared line with this number. Else it
 * joins the line with the fewest sharers within its bounds, the lowest among
 * equals. Shared lines are in no pool.
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, or @set has no room for @nr. A constraint has no
 *    range, or a kind without a domain. The kind is %VMR_KIND_DEVICE_ID. It is
 *    %VMR_KIND_PCI_BDF, and the range is no function's address. It is
 *    %VMR_KIND_MSI, and the size is no power of two. Two constraints have the same
 *    range in no space. VMR_SHARED is set for another kind or for more than one
 *    line;
 *  - -EEXIST: a constraint's range is in a space, or shares a line, already;
 *  - the error of the first constraint that failed in its pools: see
 *    vmr_pool_request() and vmr_id_alloc_block(); -EBUSY goes before -ENOSPC
 *    and that before -ERANGE;
 *  - for a fixed request of a shared line, in this order, -EOVERFLOW: it is
 *    above 2^32-1; -ERANGE: it is outside the domain or the bounds; -EBUSY: a
 *    device has it for itself; -ENOENT: it is free, and no shared line. Else
 *    -ENOSPC: there is no shared line within the bounds.
 */
int vmr_system_alloc_resources(struct vmr_system *sys,
			       const struct vmr_constraint *constraints, size_t nr,
		     struct vmr_resource_set *set, size_t *failed,
		     struct vmr_range **conflict);

/**
 * vmr_system_free_resources - free all resources of a device
 * @sys: the system
 * @set: the set of vmr_system_alloc_resources(); empty afterwards
 *
 * All addresses are freed in one write section, which also settles the claims of
 * regions for them. Before the call returns, the listeners of the manager are called,
 * as when a device is unregistered. vmr_system_update_resource() does the same. Each
 * id is freed in a section of its own space.
 */
void vmr_system_free_resources(struct vmr_system *sys,
			       struct vmr_resource_set *set);

/**
 * vmr_system_update_resource - replace one resource by other addresses or ids
 * @sys: the system
 * @res: an entry of a set of vmr_system_alloc_resources(); if its range is in no
 *	space, the call only allocates
 * @c: the new constraint, of the same kind and with the same range
 * @conflict: receives the overlapping range on -EBUSY, may be NULL
 *
 * The addresses of the old resource count as free. The change is atomic for
 * lookups. Use vmr_region_program() for a region of a registered device: it also
 * notifies the listeners.
 *
 * Return: 0 and the new resource in @res, or
 *  - -EINVAL: a pointer is NULL, the kind differs or has no domain, or
 *    @c->range is not @res->range;
 *  - -ENOENT: the range is in another space than the kind's, or not live;
 *  - the errors of vmr_system_alloc_resources() for @c. The old resource is
 *    unchanged.
 */
int vmr_system_update_resource(struct vmr_system *sys, struct vmr_resource *res,
			       const struct vmr_constraint *c,
		      struct vmr_range **conflict);

/**
 * vmr_system_wait_for_vectors - wait for interrupt vectors to become free
 * @sys: the system
 * @waiter: the request, zeroed but for its public members; waits for nothing
 *
 * Vectors become free by vmr_system_free_vectors() and vmr_system_free_resources().
 * The request that waits longest is served first; a smaller block may overtake a
 * larger one that does not fit. Costs O(log w) with w requests that wait.
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, @waiter->nr is not a power of two up to 32, or
 *    @waiter->kind is none of vectors;
 *  - -EEXIST: @waiter waits, or its range is in a space.
 */
int vmr_system_wait_for_vectors(struct vmr_system *sys,
				struct vmr_vector_waiter *waiter);

/**
 * vmr_system_stop_waiting - withdraw a request for vectors
 * @sys: the system
 * @waiter: the request; may wait for nothing
 */
void vmr_system_stop_waiting(struct vmr_system *sys,
			     struct vmr_vector_waiter *waiter);

/**
 * vmr_system_free_vectors - free interrupt vectors and serve requests that wait
 * @sys: the system
 * @kind: the kind that they were allocated as
 * @range: the vectors
 *
 * At most VMR_VECTOR_WAITER_SIZES requests are tested beyond those that are served.
 *
 * Return: 0, or -EINVAL if a pointer is NULL or @kind is none of vectors, or -ENOENT
 * if @range is not allocated there.
 */
int vmr_system_free_vectors(struct vmr_system *sys, uint32_t kind,
			    struct vmr_range *range);

/**
 * vmr_system_add_shared_irq - let devices share an interrupt line
 * @sys: the system
 * @line: the line, zeroed
 * @irq: interrupt number of the line
 * @name: name in maps and messages; may be NULL
 * @conflict: receives the range that holds @irq on -EBUSY, may be NULL
 *
 * The range of @line may hold @irq already, as after vmr_snapshot_restore().
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL;
 *  - -EEXIST: @line is shared already, or its range holds another number;
 *  - -ERANGE: @irq is outside the domain;
 *  - -EBUSY: @irq is in use.
 */
int vmr_system_add_shared_irq(struct vmr_system *sys,
			      struct vmr_shared_irq *line, uint32_t irq,
			      const char *name, struct vmr_range **conflict);

/**
 * vmr_system_remove_shared_irq - free an interrupt line without sharers
 * @sys: the system
 * @line: the line
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL;
 *  - -ENOENT: @line is no shared line of @sys;
 *  - -EBUSY: a device shares it.
 */
int vmr_system_remove_shared_irq(struct vmr_system *sys,
				 struct vmr_shared_irq *line);

/**
 * vmr_next_shared_irq - iterate over the shared interrupt lines
 * @sys: the system
 * @prev: the line before, NULL for the first
 *
 * Return: the next line in the order of addition, NULL behind the last.
 */
struct vmr_shared_irq *vmr_next_shared_irq(const struct vmr_system *sys,
					   const struct vmr_shared_irq *prev);

/**
 * vmr_next_irq_share - iterate over the shares of an interrupt line
 * @line: the line
 * @prev: the share before, NULL for the first
 *
 * Return: the next share in the order of joining, NULL behind the last.
 */
struct vmr_irq_share *vmr_next_irq_share(const struct vmr_shared_irq *line,
					 const struct vmr_irq_share *prev);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_SYSTEM_H */

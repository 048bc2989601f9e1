/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * system.h - every space and id pool of one virtual machine
 *
 * One struct holds the address domains and the id domains of a machine. The two
 * address domains share one change counter, so that a lookup in either sees a
 * change that touches both as one step.
 *
 * Locking: as in range.h; all of this is the writer's side.
 */
#ifndef VMALLOC_SYSTEM_H
#define VMALLOC_SYSTEM_H

#include <vmalloc/resource.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VMR_SYSTEM_POOLS	24

/**
 * struct vmr_system_pool - where one or several kinds of resource are placed
 * @pool: bounds, alignment and policy
 * @kinds: bit k is set if it serves kind k
 * @flags: what a constraint must allow to be placed here: VMR_PREFETCHABLE for a
 *	prefetchable window, VMR_64BIT for one above 4 GiB
 */
struct vmr_system_pool {
	struct vmr_pool	pool;
	uint32_t	kinds;
	uint32_t	flags;
};

/**
 * struct vmr_system - the domains of one virtual machine
 * @seq: what lookups in @pio and @mmio validate against; private
 * @pio: I/O ports, 0 to 0xffff
 * @mmio: guest physical addresses, devices and memory alike
 * @irqs: interrupt lines and GSIs, message-signalled ones included
 * @slots: KVM memory slots
 * @pci: PCI addresses, bus << 8 | device << 3 | function
 * @ids: device instance ids; the device layer's alone
 * @pools: where what is placed, in the order in which they are tried; a kind
 *	without a pool has all of its domain
 * @nr_pools: how many there are
 *
 * Must not be copied or moved in memory once initialised.
 */
struct vmr_system {
	struct vmr_seq		seq;
	struct vmr_space	pio;
	struct vmr_space	mmio;
	struct vmr_ids		irqs;
	struct vmr_ids		slots;
	struct vmr_ids		pci;
	struct vmr_ids		ids;
	struct vmr_system_pool	pools[VMR_SYSTEM_POOLS];
	size_t			nr_pools;
};

/**
 * struct vmr_limits - how large the domains of a machine are
 * @mmio_last: last guest physical address
 * @irq_last: last interrupt number
 * @slot_last: last KVM memory slot
 * @pci_last: last PCI address; 0xff for one bus
 * @id_last: last device instance id
 */
struct vmr_limits {
	uint64_t	mmio_last;
	uint32_t	irq_last;
	uint32_t	slot_last;
	uint32_t	pci_last;
	uint32_t	id_last;
};

/**
 * vmr_system_init - make the domains of a machine, all of them free
 * @sys: the system
 * @limits: their sizes
 *
 * Return: 0, or -EINVAL if a pointer is NULL.
 */
int vmr_system_init(struct vmr_system *sys, const struct vmr_limits *limits);

/**
 * vmr_system_add_pool - say where one or several kinds are placed
 * @sys: the system
 * @pool: the pool, which is copied; its @pool.space is found by the kinds
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, @pool->kinds is 0 or has kinds of different
 *    domains or kinds that are not placed, or alignment or policy make no sense;
 *  - -ERANGE: part of it is outside the domain;
 *  - -ENOSPC: there are VMR_SYSTEM_POOLS already.
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
 * vmr_system_grant - grant all that a device asks for, or nothing
 * @sys: the system
 * @constraints: what it asks for
 * @nr: how many
 * @set: where to store what it got, in the order of @constraints; its earlier
 *	entries are forgotten
 * @failed: where to store the index of the constraint that could not be granted,
 *	or NULL
 * @conflict: where to store the range in the way on -EBUSY, or NULL
 *
 * Fixed requests are granted first, then by falling alignment and size. Another
 * order might still have fitted. For each constraint the pools of its kind that
 * its flags allow are tried in their order.
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, a constraint asks for a kind that is not placed
 *    or names no range, two name the same, or @set has no room for @nr;
 *  - what the first constraint that could not be granted met in its pools: see
 *    vmr_pool_request() and vmr_id_alloc_block(); -EBUSY goes before -ENOSPC
 *    and that before -ERANGE.
 */
int vmr_system_grant(struct vmr_system *sys,
		     const struct vmr_constraint *constraints, size_t nr,
		     struct vmr_resource_set *set, size_t *failed,
		     struct vmr_range **conflict);

/**
 * vmr_system_release - give back all that a device has
 * @sys: the system
 * @set: what vmr_system_grant() stored; empty afterwards
 */
void vmr_system_release(struct vmr_system *sys, struct vmr_resource_set *set);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_SYSTEM_H */

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * resource.h - what a device asks for, what it got, and who grants it
 *
 * A device states its needs as an array of struct vmr_constraint, one for each
 * resource, with the node that shall hold the grant. What it got is a struct
 * vmr_resource_set in memory of the same owner. Kinds of resource that this
 * library does not know are granted by allocators of the caller's, through the
 * same interface as the library's own.
 *
 * Locking: as in range.h; all of this is the writer's side.
 */
#ifndef VMALLOC_RESOURCE_H
#define VMALLOC_RESOURCE_H

#include <vmalloc/pool.h>
#include <vmalloc/id.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * enum vmr_kind - kinds of resource
 * @VMR_KIND_PIO: I/O port range
 * @VMR_KIND_MMIO: memory-mapped I/O range of guest physical addresses
 * @VMR_KIND_MEM: guest physical addresses that are backed by memory
 * @VMR_KIND_IRQ: one legacy interrupt line
 * @VMR_KIND_MSI: PCI MSI vectors, a power of two of them, aligned to that
 * @VMR_KIND_MSIX: PCI MSI-X vectors
 * @VMR_KIND_MSI_GENERIC: generic message-signalled interrupts
 * @VMR_KIND_MEM_SLOT: KVM memory slot numbers
 * @VMR_KIND_PCI_BDF: PCI addresses, bus << 8 | device << 3 | function
 * @VMR_KIND_DEVICE_ID: device instance id
 * @VMR_KIND_MAC: MAC address; stated, not allocated
 * @VMR_NR_KINDS: number of the kinds above
 * @VMR_KIND_USER: first of the kinds that a caller defines
 */
enum vmr_kind {
	VMR_KIND_PIO,
	VMR_KIND_MMIO,
	VMR_KIND_MEM,
	VMR_KIND_IRQ,
	VMR_KIND_MSI,
	VMR_KIND_MSIX,
	VMR_KIND_MSI_GENERIC,
	VMR_KIND_MEM_SLOT,
	VMR_KIND_PCI_BDF,
	VMR_KIND_DEVICE_ID,
	VMR_KIND_MAC,
	VMR_NR_KINDS,
	VMR_KIND_USER = 64,
};

#define VMR_SHARED		0x1u	/* an interrupt line that others share */
#define VMR_PREFETCHABLE	0x2u	/* may lie in a prefetchable window */
#define VMR_64BIT		0x4u	/* may lie above 4 GiB */
#define VMR_PLATFORM		0x8u	/* belongs to the machine, not to a slot */

/**
 * struct vmr_constraint - one resource that a device asks for
 * @kind: enum vmr_kind, or VMR_KIND_USER and up
 * @flags: VMR_SHARED, VMR_PREFETCHABLE, VMR_64BIT, VMR_PLATFORM
 * @request: size, alignment, inclusive bounds and policy; VMR_EXACT asks for a fixed
 *	place, alignment 0 and VMR_DEFAULT leave it to the pool
 * @range: the node that shall hold the grant, unallocated; for a PIO or MMIO
 *	range that is routed, the one in its struct vmr_region; for a shared
 *	interrupt line, the one in a struct vmr_irq_share
 * @name: what it is for, in maps and messages; may be NULL
 */
struct vmr_constraint {
	uint32_t		kind;
	uint32_t		flags;
	struct vmr_request	request;
	struct vmr_range	*range;
	const char		*name;
};

/**
 * vmr_constraint_init - ask for any place
 * @c: the constraint
 * @kind: enum vmr_kind, or VMR_KIND_USER and up
 * @size: number of addresses or ids
 * @range: the node that shall hold the grant
 *
 * No bounds; alignment 0x1000 for MMIO and memory, @size for MSI, 1 for all
 * others; the pool's policy. The caller changes what it wants otherwise.
 */
void vmr_constraint_init(struct vmr_constraint *c, uint32_t kind, uint64_t size,
			 struct vmr_range *range);

/**
 * vmr_constraint_init_bounded - ask for a place within bounds
 * @c: the constraint
 * @kind: enum vmr_kind, or VMR_KIND_USER and up
 * @size: number of addresses or ids
 * @align: a power of two
 * @min: lowest address
 * @max: highest address, included
 * @range: the node that shall hold the grant
 */
void vmr_constraint_init_bounded(struct vmr_constraint *c, uint32_t kind,
			   uint64_t size, uint64_t align, uint64_t min,
			   uint64_t max, struct vmr_range *range);

/**
 * vmr_constraint_init_fixed - ask for one place and no other
 * @c: the constraint
 * @kind: enum vmr_kind, or VMR_KIND_USER and up
 * @start: first address or id
 * @size: number of addresses or ids
 * @range: the node that shall hold the grant
 */
void vmr_constraint_init_fixed(struct vmr_constraint *c, uint32_t kind, uint64_t start,
		       uint64_t size, struct vmr_range *range);

/**
 * struct vmr_resource - one resource that a device has
 * @kind: as in the constraint
 * @flags: as in the constraint
 * @start: first address or id
 * @last: last address or id, included
 * @range: the node that holds it, NULL for a MAC address
 * @name: as in the constraint
 * @mac: the address, for VMR_KIND_MAC
 */
struct vmr_resource {
	uint32_t		kind;
	uint32_t		flags;
	uint64_t		start;
	uint64_t		last;
	struct vmr_range	*range;
	const char		*name;
	uint8_t			mac[8];
};

/**
 * struct vmr_resource_set - what one device has, in memory that its owner gave
 * @entries: the resources, in the order of the constraints
 * @nr: how many there are
 * @max: how many fit
 */
struct vmr_resource_set {
	struct vmr_resource	*entries;
	size_t			nr;
	size_t			max;
};

/**
 * vmr_resource_set_init - make an empty set
 * @set: the set
 * @entries: memory for the resources; may be NULL if @max is 0
 * @max: how many fit
 */
void vmr_resource_set_init(struct vmr_resource_set *set, struct vmr_resource *entries,
		  size_t max);

/**
 * vmr_resource_set_append - add a resource to a set
 * @set: the set
 * @res: the resource, which is copied
 *
 * Return: 0; -EINVAL if a pointer is NULL; -ENOSPC if the set is full.
 */
int vmr_resource_set_append(struct vmr_resource_set *set,
		   const struct vmr_resource *res);

/**
 * vmr_resource_set_append_mac - add a MAC address to a set
 * @set: the set
 * @mac: its six bytes
 *
 * Return: as vmr_resource_set_append().
 */
int vmr_resource_set_append_mac(struct vmr_resource_set *set, const uint8_t mac[6]);

/**
 * vmr_resource_set_next - the next resource of a kind
 * @set: the set
 * @kind: the kind
 * @prev: the one before, NULL for the first
 *
 * The first of VMR_KIND_IRQ is the device's interrupt line, the first of
 * VMR_KIND_MSI its block of vectors, and so on.
 *
 * Return: the resource, NULL if there is no more.
 */
const struct vmr_resource *vmr_resource_set_next(const struct vmr_resource_set *set,
					uint32_t kind,
					const struct vmr_resource *prev);

/**
 * vmr_for_each_resource() - iterate over the resources of one kind
 * @res: the const struct vmr_resource pointer to iterate with
 * @set: the set
 * @kind: the kind
 */
#define vmr_for_each_resource(res, set, kind) \
	for ((res) = vmr_resource_set_next(set, kind, NULL); (res); \
	     (res) = vmr_resource_set_next(set, kind, res))

/**
 * vmr_resource_size - number of addresses or ids of a resource
 * @res: the resource
 *
 * Return: last - start + 1, which is 0 for all of the 64-bit domain.
 */
static inline uint64_t vmr_resource_size(const struct vmr_resource *res)
{
	return res->last - res->start + 1;
}

struct vmr_allocator;

/**
 * struct vmr_allocator_ops - how a kind of resource is granted
 * @alloc: grant @c, fill in @res; on -EBUSY say in @conflict what is in the
 *	way, if that is not NULL. An error leaves all as it was
 * @free: take back what @alloc or @update granted
 * @update: replace @res, or grant anew if @res->range is in no space, by what @c
 *	asks for with the same node; an error leaves the old grant in place.
 *	May be NULL if the kind cannot do that
 */
struct vmr_allocator_ops {
	int (*alloc)(struct vmr_allocator *allocator,
			const struct vmr_constraint *c,
			struct vmr_resource *res, struct vmr_range **conflict);
	int (*free)(struct vmr_allocator *allocator, struct vmr_resource *res);
	int (*update)(struct vmr_allocator *allocator, struct vmr_resource *res,
		      const struct vmr_constraint *c,
		      struct vmr_range **conflict);
};

/**
 * struct vmr_allocator - who grants a kind of resource
 * @ops: how
 *
 * Embedded in the allocator's own struct, which container_of() leads to.
 */
struct vmr_allocator {
	const struct vmr_allocator_ops	*ops;
};

/**
 * struct vmr_pool_allocator - grants address ranges of a pool
 * @allocator: the interface
 * @pool: the pool
 */
struct vmr_pool_allocator {
	struct vmr_allocator	allocator;
	struct vmr_pool		*pool;
};

/**
 * struct vmr_id_allocator - grants ids
 * @allocator: the interface
 * @ids: the ids
 */
struct vmr_id_allocator {
	struct vmr_allocator	allocator;
	struct vmr_id_pool		*ids;
};

/**
 * vmr_pool_allocator_init - let a pool grant address ranges
 * @a: the allocator
 * @pool: the pool
 */
void vmr_pool_allocator_init(struct vmr_pool_allocator *a,
			     struct vmr_pool *pool);

/**
 * vmr_id_allocator_init - let an id pool grant ids
 * @a: the allocator
 * @ids: the ids
 */
void vmr_id_allocator_init(struct vmr_id_allocator *a, struct vmr_id_pool *ids);

/**
 * vmr_allocator_alloc - have a resource granted
 * @allocator: who grants it
 * @c: what is asked for
 * @res: where to store what was granted
 * @conflict: where to store the lowest range in the way on -EBUSY, or NULL
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, or @c->range is;
 *  - -EOPNOTSUPP: @allocator has no such operation;
 *  - for the library's allocators, what vmr_pool_request() or
 *    vmr_id_alloc_block() return.
 */
int vmr_allocator_alloc(struct vmr_allocator *allocator,
		 const struct vmr_constraint *c, struct vmr_resource *res,
		 struct vmr_range **conflict);

/**
 * vmr_allocator_free - give a resource back
 * @allocator: who granted it
 * @res: the resource
 *
 * Return: 0; -EINVAL if a pointer is NULL; -EOPNOTSUPP if @allocator has no such
 * operation; -ENOENT if @res is not allocated there.
 */
int vmr_allocator_free(struct vmr_allocator *allocator, struct vmr_resource *res);

/**
 * vmr_allocator_update - replace a resource by another place, number or size of it
 * @allocator: who granted it
 * @res: the resource; one whose range is in no space is granted anew
 * @c: what is asked for now, with the same node
 * @conflict: where to store the lowest range in the way on -EBUSY, or NULL
 *
 * The old place counts as free for the new one. Lookups see the old place or the
 * new one, never both or none.
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, or @c->range is not @res->range;
 *  - -EOPNOTSUPP: @allocator has no such operation;
 *  - -ENOENT: the range is in a space that is not @allocator's;
 *  - else what vmr_allocator_alloc() returns.
 */
int vmr_allocator_update(struct vmr_allocator *allocator, struct vmr_resource *res,
	       const struct vmr_constraint *c, struct vmr_range **conflict);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_RESOURCE_H */

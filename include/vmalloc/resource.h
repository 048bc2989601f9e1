/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * resource.h - resources of devices: constraints, sets and allocators
 */
#ifndef VMALLOC_RESOURCE_H
#define VMALLOC_RESOURCE_H

#include <vmalloc/pool.h>
#include <vmalloc/id.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * DOC: Overview
 *
 * A device states the resources that it requests as an array of struct
 * vmr_constraint, one for each resource. The resources that it has are a struct
 * vmr_resource_set. An allocator maps one kind of constraint to a pool or an id
 * pool. A caller adds kinds of its own by allocators with the same interface.
 *
 * Each constraint points to the range that holds the resource, which is embedded
 * in the owner. The owner also supplies the memory of the set. The library
 * allocates no memory.
 *
 * All functions belong to the update side, see range.h. An allocation costs what
 * the pool or the id pool costs.
 */

/**
 * enum vmr_kind - kinds of resource
 * @VMR_KIND_PIO: I/O port range
 * @VMR_KIND_MMIO: memory-mapped I/O range of guest physical addresses
 * @VMR_KIND_MEM: guest physical addresses that are backed by memory
 * @VMR_KIND_IRQ: one legacy interrupt line
 * @VMR_KIND_MSI: block of PCI MSI vectors, a power of two, aligned to its size
 * @VMR_KIND_MSIX: PCI MSI-X vectors
 * @VMR_KIND_MSI_GENERIC: generic message-signalled interrupts
 * @VMR_KIND_MEM_SLOT: KVM memory slot numbers
 * @VMR_KIND_PCI_BDF: PCI functions, bus << 8 | device << 3 | function. Its range is the
 *	address of a struct vmr_pci_function
 * @VMR_KIND_DEVICE_ID: device instance id; a constraint cannot request it, because
 *	the device layer finds the device of each id
 * @VMR_KIND_MAC: MAC address; recorded, not allocated
 * @VMR_NR_KINDS: number of the kinds above
 * @VMR_KIND_USER: first kind that a caller may define
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

#define VMR_SHARED		0x1u	/* a shared interrupt line */
#define VMR_PREFETCHABLE	0x2u	/* may lie in a prefetchable window */
#define VMR_64BIT		0x4u	/* may lie above 4 GiB */
#define VMR_PLATFORM		0x8u	/* a fixed device of the machine */
#define VMR_GRANT_PARKED	0x10u	/* of a device's region: granted, and parked */

/**
 * struct vmr_constraint - one resource that a device requests
 * @kind: enum vmr_kind, or %VMR_KIND_USER and up
 * @flags: %VMR_SHARED, %VMR_PREFETCHABLE, %VMR_64BIT, %VMR_PLATFORM,
 *	%VMR_GRANT_PARKED
 * @request: size, alignment, inclusive bounds and policy. %VMR_EXACT requests fixed
 *	addresses. Alignment 0 and %VMR_DEFAULT stand for those of the pool
 * @range: the range that receives the resource, in no space. For a PIO or MMIO
 *	range of a device, the one in its struct vmr_region. For a shared
 *	interrupt line, the one in a struct vmr_irq_share; an alignment above 1 then
 *	passes all shared lines within the bounds
 * @name: name in maps and messages; may be NULL
 */
struct vmr_constraint {
	uint32_t		kind;
	uint32_t		flags;
	struct vmr_request	request;
	struct vmr_range	*range;
	const char		*name;
};

/**
 * vmr_constraint_init - initialise a constraint without bounds
 * @c: the constraint
 * @kind: enum vmr_kind, or VMR_KIND_USER and up
 * @size: number of addresses or ids
 * @range: the range that receives the resource
 *
 * Sets alignment 0x1000 for MMIO and memory, @size for MSI, 8 for PCI functions, that
 * is, function 0 of a device, and 1 for all others, and the policy of the pool. The
 * caller may change the members.
 */
void vmr_constraint_init(struct vmr_constraint *c, uint32_t kind, uint64_t size,
			 struct vmr_range *range);

/**
 * vmr_constraint_init_bounded - initialise a constraint with bounds
 * @c: the constraint
 * @kind: enum vmr_kind, or VMR_KIND_USER and up
 * @size: number of addresses or ids
 * @align: alignment, a power of two
 * @min: lowest address or id
 * @max: highest address or id, inclusive
 * @range: the range that receives the resource
 */
void vmr_constraint_init_bounded(struct vmr_constraint *c, uint32_t kind,
				 uint64_t size, uint64_t align, uint64_t min,
			   uint64_t max, struct vmr_range *range);

/**
 * vmr_constraint_init_fixed - initialise a constraint for fixed addresses
 * @c: the constraint
 * @kind: enum vmr_kind, or VMR_KIND_USER and up
 * @start: first address or id
 * @size: number of addresses or ids
 * @range: the range that receives the resource
 */
void vmr_constraint_init_fixed(struct vmr_constraint *c, uint32_t kind,
			       uint64_t start, uint64_t size,
			       struct vmr_range *range);

/**
 * struct vmr_resource - one resource that a device has
 * @kind: as in the constraint
 * @flags: as in the constraint
 * @start: first address or id
 * @last: last address or id, inclusive
 * @range: the range that holds the resource, NULL for a MAC address
 * @name: as in the constraint
 * @mac: six bytes of the address, for %VMR_KIND_MAC
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
 * struct vmr_resource_set - the resources of one device
 * @entries: array of @max resources in the order of the constraints, owned by the
 *	caller
 * @nr: number of resources
 * @max: capacity of @entries
 */
struct vmr_resource_set {
	struct vmr_resource	*entries;
	size_t			nr;
	size_t			max;
};

/**
 * vmr_resource_set_init - initialise an empty set
 * @set: the set
 * @entries: array of @max resources; may be NULL if @max is 0
 * @max: capacity of @entries
 */
void vmr_resource_set_init(struct vmr_resource_set *set,
			   struct vmr_resource *entries, size_t max);

/**
 * vmr_resource_set_append - add a resource to a set
 * @set: the set
 * @res: the resource to copy
 *
 * Return: 0; -EINVAL if a pointer is NULL; -ENOSPC if the set is full.
 */
int vmr_resource_set_append(struct vmr_resource_set *set,
			    const struct vmr_resource *res);

/**
 * vmr_resource_set_append_mac - add a MAC address to a set
 * @set: the set
 * @mac: six bytes of the address
 *
 * Return: as vmr_resource_set_append().
 */
int vmr_resource_set_append_mac(struct vmr_resource_set *set, const uint8_t mac[6]);

/**
 * vmr_resource_set_next - find the next resource of a kind
 * @set: the set
 * @kind: the kind
 * @prev: the resource before, NULL for the first
 *
 * The first resource of %VMR_KIND_IRQ is the interrupt line of the device, and the
 * first one of %VMR_KIND_MSI is its block of vectors.
 *
 * Return: the resource, NULL behind the last.
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
 * vmr_resource_size - get the number of addresses or ids of a resource
 * @res: the resource
 *
 * Return: last - start + 1, which is 0 for the whole 64-bit domain.
 */
static inline uint64_t vmr_resource_size(const struct vmr_resource *res)
{
	return res->last - res->start + 1;
}

struct vmr_allocator;

/**
 * struct vmr_allocator_ops - operations of an allocator
 * @alloc: allocate @c and fill in @res. On -EBUSY store the conflicting range in
 *	@conflict, unless that is NULL. An error changes nothing
 * @free: free a resource of @alloc or @update
 * @update: replace @res by an allocation for @c with the same range. If
 *	@res->range is in no space, allocate only. An error keeps the old resource.
 *	NULL if the kind does not support it
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
 * struct vmr_allocator - allocates resources of one kind
 * @ops: the operations
 *
 * Embedded in the struct of the implementation; container_of() leads to it.
 */
struct vmr_allocator {
	const struct vmr_allocator_ops	*ops;
};

/**
 * struct vmr_pool_allocator - allocates address ranges of a pool
 * @allocator: the interface
 * @pool: the pool
 */
struct vmr_pool_allocator {
	struct vmr_allocator	allocator;
	struct vmr_pool		*pool;
};

/**
 * struct vmr_id_allocator - allocates ids
 * @allocator: the interface
 * @ids: the id pool
 */
struct vmr_id_allocator {
	struct vmr_allocator	allocator;
	struct vmr_id_pool		*ids;
};

/**
 * vmr_pool_allocator_init - initialise an allocator of address ranges
 * @a: the allocator
 * @pool: the pool
 */
void vmr_pool_allocator_init(struct vmr_pool_allocator *a,
			     struct vmr_pool *pool);

/**
 * vmr_id_allocator_init - initialise an allocator of ids
 * @a: the allocator
 * @ids: the id pool
 */
void vmr_id_allocator_init(struct vmr_id_allocator *a, struct vmr_id_pool *ids);

/**
 * vmr_allocator_alloc - allocate a resource
 * @allocator: the allocator
 * @c: the constraint
 * @res: receives the resource
 * @conflict: receives the lowest overlapping range on -EBUSY, may be NULL
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, or @c->range is NULL;
 *  - -EOPNOTSUPP: @allocator has no such operation;
 *  - for the library's allocators, the errors of vmr_pool_request() or
 *    vmr_id_alloc_block().
 */
int vmr_allocator_alloc(struct vmr_allocator *allocator,
			const struct vmr_constraint *c, struct vmr_resource *res,
		 struct vmr_range **conflict);

/**
 * vmr_allocator_free - free a resource
 * @allocator: the allocator that allocated it
 * @res: the resource
 *
 * Return: 0; -EINVAL if a pointer is NULL; -EOPNOTSUPP if @allocator has no such
 * operation; -ENOENT if @res is not allocated in its space.
 */
int vmr_allocator_free(struct vmr_allocator *allocator, struct vmr_resource *res);

/**
 * vmr_allocator_update - replace a resource by other addresses or ids
 * @allocator: the allocator that allocated it
 * @res: the resource; if its range is in no space, the call only allocates
 * @c: the new constraint, with the same range
 * @conflict: receives the lowest overlapping range on -EBUSY, may be NULL
 *
 * The addresses of the old resource count as free. The change is atomic for
 * lookups.
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, or @c->range is not @res->range;
 *  - -EOPNOTSUPP: @allocator has no such operation;
 *  - -ENOENT: the range is in a space that @allocator does not use;
 *  - else the errors of vmr_allocator_alloc().
 */
int vmr_allocator_update(struct vmr_allocator *allocator, struct vmr_resource *res,
			 const struct vmr_constraint *c, struct vmr_range **conflict);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_RESOURCE_H */

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * region.h - regions of devices, and where they are
 */
#ifndef VMALLOC_REGION_H
#define VMALLOC_REGION_H

#include <vmalloc/system.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vmr_device;
struct vmr_manager;

/**
 * enum vmr_io - the two ways to a device
 * @VMR_PIO: an I/O port
 * @VMR_MMIO: a guest physical address
 */
enum vmr_io {
	VMR_PIO,
	VMR_MMIO,
};

/**
 * enum vmr_region_type - what an address in a region means
 * @VMR_REGION_TRAPPED: an access is an exit for the device's callbacks
 * @VMR_REGION_MEMORY: memory is mapped there. The region takes the addresses;
 *	an exit at one of them is an error, except in the region's trapped parts
 * @VMR_REGION_RESERVED: nothing may be placed there and nothing answers
 * @VMR_REGION_WINDOW: accesses go on to the bus of the region's device. What is
 *	behind it answers if all of its region is inside the window
 */
enum vmr_region_type {
	VMR_REGION_TRAPPED,
	VMR_REGION_MEMORY,
	VMR_REGION_RESERVED,
	VMR_REGION_WINDOW,
};

/**
 * struct vmr_mapping - where a region is visible
 * @mapped: whether it is; if not, the other members mean nothing
 * @start: first address
 * @last: last address, included
 */
struct vmr_mapping {
	bool		mapped;
	uint64_t	start;
	uint64_t	last;
};

/**
 * struct vmr_region - a range of addresses of a device
 * @range: its place; live, claimed, parked or free (unmapped)
 * @device: whose it is; NULL for a reservation of the machine's
 * @size: number of addresses
 * @name: what it is for, in maps and messages; may be NULL
 * @index: number within the device, such as the BAR's
 * @io: enum vmr_io
 * @type: enum vmr_region_type
 * @prefetchable: whether reads have no side effects, so that the region may be
 *	behind a prefetchable window; of a window, whether it is one
 * @subregions: the trapped parts inside it, or NULL; a part is a region whose
 *	@offset and @size say where, and is in no space itself
 * @offset: of a part from the start of the region around it
 * @next: next region of the device, or next part; private
 * @notify_link: entry in the manager's list of changes to report; private
 * @notified_mapping: the place when the last report was made; private
 * @del_notified: whether listeners know that it leaves @notified_mapping; private
 *
 * Zeroed memory is a valid start. The owner fills in @size, @index, @io, @type
 * and @name (vmr_region_init() does) before vmr_device_add_region().
 */
struct vmr_region {
	struct vmr_range	range;
	struct vmr_device	*device;
	uint64_t		size;
	const char		*name;
	uint32_t		index;
	uint8_t			io;
	uint8_t			type;
	bool			prefetchable;
	bool			del_notified;
	struct vmr_region	*subregions;
	uint64_t		offset;
	struct vmr_region	*next;
	struct vmr_list		notify_link;
	struct vmr_mapping	notified_mapping;
};

/**
 * enum vmr_change_type - what a write did to a resource
 * @VMR_CHANGE_NONE: nothing
 * @VMR_CHANGE_IRQ_TAKEN: the guest uses an interrupt number from now on
 * @VMR_CHANGE_IRQ_RELEASED: it does not any more
 * @VMR_CHANGE_MOVED: the guest has programmed a region to another address
 * @VMR_CHANGE_UNMAPPED: the guest has switched a region off
 */
enum vmr_change_type {
	VMR_CHANGE_NONE,
	VMR_CHANGE_IRQ_TAKEN,
	VMR_CHANGE_IRQ_RELEASED,
	VMR_CHANGE_MOVED,
	VMR_CHANGE_UNMAPPED,
};

/**
 * struct vmr_change - a change of resources that a write brought about
 * @type: enum vmr_change_type
 * @vector: whether the number is a message-signalled interrupt's; on machines
 *	where these are a domain of their own it makes a difference
 * @irq: the interrupt number taken
 * @range: the node that shall hold it, or that holds it when it is released
 * @region: the region moved or unmapped
 * @start: its new first address
 *
 * A device's write callback runs on a reader's side, where the allocators cannot
 * be changed. It fills this in, vmr_write_change() hands it out, and the caller
 * applies it with vmr_change_apply() under its writer's lock.
 */
struct vmr_change {
	enum vmr_change_type	type;
	bool			vector;
	uint32_t		irq;
	struct vmr_range	*range;
	struct vmr_region	*region;
	uint64_t		start;
};

/**
 * vmr_region_init - describe a region
 * @region: zeroed memory
 * @io: VMR_PIO or VMR_MMIO
 * @type: trapped, memory or reserved
 * @size: number of addresses
 * @index: number within the device
 * @tag: name for people, or NULL
 */
void vmr_region_init(struct vmr_region *region, enum vmr_io io,
		     enum vmr_region_type type, uint64_t size, uint32_t index,
		     const char *tag);

/**
 * vmr_region_add_subregion - trap accesses to a part of a memory region
 * @region: a region of type VMR_REGION_MEMORY, its device not registered yet
 * @part: the part, with @part->offset set; it moves with @region
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, the size is 0, or @region is not memory;
 *  - -EEXIST: @part belongs to a device already;
 *  - -ERANGE: part of it is outside @region;
 *  - -EBUSY: the device is registered, or @part overlaps another part.
 */
int vmr_region_add_subregion(struct vmr_region *region, struct vmr_region *part);

/**
 * vmr_region_move - give a region a free place
 * @manager: the manager
 * @region: a region of a registered device
 * @start: first address
 * @conflict: where to store the lowest range in the way on -EBUSY, or NULL
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL;
 *  - -EOVERFLOW: the place would end above 2^64-1;
 *  - -ENOENT: the region's device is not registered;
 *  - -ERANGE: part of the place is outside the domain;
 *  - -EBUSY: part of it is taken. The region is as before.
 */
int vmr_region_move(struct vmr_manager *manager, struct vmr_region *region,
		     uint64_t start, struct vmr_range **conflict);

/**
 * vmr_region_program - put a region where the guest wants it
 * @manager: the manager
 * @region: a region of a registered device
 * @start: first address
 *
 * As hardware does: the region leaves its old place at once. If the new one is
 * free it is visible there when this returns; if not, it becomes a claim, answers
 * nowhere, and goes live as soon as all of the place is free. If the place is not
 * in the domain, the region is unmapped.
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL;
 *  - -ENOENT: the region's device is not registered.
 */
int vmr_region_program(struct vmr_manager *manager, struct vmr_region *region,
		       uint64_t start);

/**
 * vmr_region_park - let a region answer nothing, with an address to come back to
 * @manager: the manager
 * @region: a region of a registered device
 * @start: the address that automatic placement shall avoid while it can
 *
 * Return: as vmr_region_program().
 */
int vmr_region_park(struct vmr_manager *manager, struct vmr_region *region,
		    uint64_t start);

/**
 * vmr_region_unmap - let a region answer nothing
 * @manager: the manager
 * @region: a region of a registered device
 *
 * Return: as vmr_region_program().
 */
int vmr_region_unmap(struct vmr_manager *manager, struct vmr_region *region);

/**
 * vmr_window_program - open a window of a bus at a place, of any size
 * @manager: the manager
 * @window: a region of type VMR_REGION_WINDOW of a registered bus
 * @start: first address
 * @last: last address, included
 *
 * As vmr_region_program(), with a size. The visibility of every region behind the
 * bus may change; each one whose does is reported.
 *
 * Return: as vmr_region_program(); -EINVAL also if @start is above @last or
 * @window is none.
 */
int vmr_window_program(struct vmr_manager *manager, struct vmr_region *window,
		       uint64_t start, uint64_t last);

/**
 * vmr_region_mapping - where a region is, seen from the root
 * @region: the region
 *
 * Return: its place; not visible if it is not live, its device is not registered,
 * or a bus above has no window around it.
 */
struct vmr_mapping vmr_region_mapping(const struct vmr_region *region);

/**
 * vmr_region_reserve - let nothing be placed somewhere
 * @sys: the system
 * @region: zeroed memory for the reservation, which ends by vmr_region_unreserve()
 * @io: VMR_PIO or VMR_MMIO
 * @hole: from where to where, and what it is
 * @conflict: where to store the lowest range in the way on -EBUSY, or NULL
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, @io is neither, or @hole is reversed;
 *  - -EEXIST: @region is in a space, or a device's, already;
 *  - -ERANGE: part of it is outside the domain;
 *  - -EBUSY: part of it is taken.
 */
int vmr_region_reserve(struct vmr_system *sys, struct vmr_region *region,
		     enum vmr_io io, const struct vmr_span *hole,
		     struct vmr_range **conflict);

/**
 * vmr_region_unreserve - end what vmr_region_reserve() began
 * @sys: the system
 * @region: the reservation
 *
 * Regions that claim part of it go live as when a device is unlinked, and the
 * manager's listeners are told, before this returns.
 *
 * Return: 0; -EINVAL if a pointer is NULL; -ENOENT if @region is no reservation
 * of @sys's.
 */
int vmr_region_unreserve(struct vmr_system *sys, struct vmr_region *region);

/**
 * vmr_region_space - the space that a region is or would be in
 * @manager: the manager
 * @region: the region
 *
 * With it, vmr_for_each_claim() tells what waits, and vmr_find_overlap() for
 * what.
 *
 * Return: the space; NULL if a pointer is NULL or the region is none of a device.
 */
struct vmr_space *vmr_region_space(const struct vmr_manager *manager,
				   const struct vmr_region *region);

/**
 * vmr_change_apply - apply what a write changed, to all that depends on it
 * @manager: the manager
 * @change: as vmr_write_change() returned it
 * @conflict: where to store the range in the way on -EBUSY, or NULL
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, or one that @change->type needs is;
 *  - for an interrupt, what vmr_id_reserve() and vmr_id_free_range() return;
 *  - for a region, what vmr_region_program() returns.
 */
int vmr_change_apply(struct vmr_manager *manager,
		     const struct vmr_change *change,
		     struct vmr_range **conflict);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_REGION_H */

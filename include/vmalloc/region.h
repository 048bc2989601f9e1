/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * region.h - regions of devices, and where they are mapped
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
 * DOC: Overview
 *
 * A region is a range of I/O ports or guest physical addresses that belongs to
 * a device. Allocation and dispatch use one tree: a lookup finds the same struct
 * vmr_range that the allocation placed.
 *
 * A region is live, claimed, parked or unmapped, as its range is. It is mapped
 * if it is live, its device is registered, and every bus above forwards all of
 * its addresses.
 *
 * Embedding: the caller owns a struct vmr_region, usually inside the struct of
 * its device. The library allocates no memory.
 *
 * Locking: all functions here are update side; the caller serialises them. Each
 * change is atomic for lookups.
 *
 * Cost: a change takes O(log n) for n ranges of the space, and as much for each
 * claim that waits for what it frees. A change of a window also walks the devices
 * behind it, to queue the notifications of their regions.
 */

/**
 * enum vmr_io - the address domain of a region or an access
 * @VMR_PIO: I/O ports
 * @VMR_MMIO: guest physical addresses
 */
enum vmr_io {
	VMR_PIO,
	VMR_MMIO,
};

/**
 * enum vmr_region_type - what an access to a region does
 * @VMR_REGION_TRAPPED: it calls the device's callbacks
 * @VMR_REGION_MEMORY: memory is mapped there, and the guest accesses it without
 *	an exit. Exits happen all the same: while a memory slot is moved, where
 *	two regions share a page, for a write to read-only memory. An access in
 *	a subregion calls the device's callbacks. Any other is served from the
 *	region's @host memory, or by the callbacks if there is none
 * @VMR_REGION_RESERVED: nothing may be placed there and no device answers
 * @VMR_REGION_WINDOW: the bridge forwards it to the bus behind it. A region
 *	there answers if all of it is inside the window
 */
enum vmr_region_type {
	VMR_REGION_TRAPPED,
	VMR_REGION_MEMORY,
	VMR_REGION_RESERVED,
	VMR_REGION_WINDOW,
};

/**
 * struct vmr_mapping - where a region is mapped
 * @mapped: whether it is mapped; if not, the other members mean nothing
 * @start: first address
 * @last: last address, inclusive
 */
struct vmr_mapping {
	bool		mapped;
	uint64_t	start;
	uint64_t	last;
};

/**
 * struct vmr_placement - the requested state and addresses of a region
 * @state: VMR_LIVE (a claim, if the addresses are in use), VMR_PARKED, or
 *	VMR_FREE, for which the addresses mean nothing
 * @isa_enable: of a window of I/O ports, whether it forwards only the first 256 of each
 *	1024 ports, as the ISA enable bit of a PCI bridge does; else false
 * @start: first address
 * @last: last address, inclusive; vmr_region_program_bulk() uses it for windows only
 */
struct vmr_placement {
	enum vmr_state	state;
	bool		isa_enable;
	uint64_t	start;
	uint64_t	last;
};

/**
 * struct vmr_program_op - one region of vmr_region_program_bulk()
 * @region: the region
 * @placement: where it is to be
 */
struct vmr_program_op {
	struct vmr_region	*region;
	struct vmr_placement	placement;
};

/**
 * struct vmr_region - a range of addresses of a device
 * @range: its addresses; live, claimed, parked or free (unmapped)
 * @device: the device that it belongs to; NULL for a reservation
 * @size: number of addresses
 * @name: name in printed maps and messages; may be NULL
 * @index: number within the device, such as the BAR's
 * @io: enum vmr_io
 * @type: enum vmr_region_type
 * @prefetchable: whether reads have no side effects, so that the library may place
 *	the region in a prefetchable window; of a window, whether it is prefetchable
 * @by_registers: whether registers place the region, as those of a PCI function
 *	place a BAR. No constraint may name it
 * @read_only: of a memory region with @host memory: a write calls the device's
 *	callback, and is ignored without one
 * @host: of a memory region: @size bytes of memory that accesses outside its
 *	subregions are served from; NULL if the callbacks serve them. It must
 *	exist until the device is drained
 * @subregions: the subregions of a memory region, or NULL. A subregion is a
 *	region at @offset with @size; its @range is in no space
 * @offset: of a subregion, from the start of the region around it
 *
 * Zeroed memory is a valid start. The owner sets @size, @index, @io, @type and
 * @name, for instance with vmr_region_init(), before vmr_device_add_region().
 */
struct vmr_region {
	struct vmr_range	range;
	struct vmr_device	*device;
	uint64_t		size;
	uint64_t		offset;
	/* private: near the two above, for the search of a subregion */
	union {
		/* the mapping when the region was queued */
		struct vmr_mapping	notified_mapping;
		/* of a subregion: entry in @subregion_root */
		struct vmr_node		subregion_node;
	};
	/* public: */
	uint8_t			io;
	uint8_t			type;
	/* private: */
	/*
	 * Counts when the region leaves its addresses, unless it is a window
	 * or has subregions. In the line of @device, which a lookup loads
	 */
	uint16_t		generation;
	/* public: */
	uint32_t		index;
	bool			prefetchable;
	bool			by_registers;
	bool			read_only;
	/* private: a window keeps back ports, see the ISA enable bit of bridges */
	bool			isa_enable;
	/* a window that nothing is placed in automatically */
	bool			no_placement;
	/* region_del() was called for @notified_mapping */
	bool			del_notified;
	bool			was_live : 1;	/* when it was freed */
	bool			mark : 1;	/* of the call in progress */
	bool			is_subregion;
	/* the subregions by offset; constant while the device is registered */
	struct vmr_node		*subregion_root;
	/* public: */
	void			*host;
	const char		*name;
	struct vmr_region	*subregions;
	/* private: next region of the device, or next subregion */
	struct vmr_region	*next;
	/* entry in the manager's queue of notifications */
	struct vmr_list		notify_link;
};

/**
 * enum vmr_change_type - what a write did to a resource
 * @VMR_CHANGE_NONE: nothing
 * @VMR_CHANGE_IRQ_TAKEN: the guest uses an interrupt number from now on
 * @VMR_CHANGE_IRQ_RELEASED: the guest no longer uses the interrupt number
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
 * struct vmr_change - a change of resources that a write requests
 * @type: enum vmr_change_type
 * @vector: whether @irq is a message-signalled interrupt's; used on machines
 *	that number these apart from the interrupt lines
 * @irq: the interrupt number taken
 * @range: the node for the interrupt number that is taken or released
 * @region: the region moved or unmapped
 * @start: its new first address
 *
 * The write callback of a device runs on the read side and must not change
 * spaces. It fills in this struct, vmr_write_change() returns it, and the
 * caller applies it with vmr_change_apply() under its update-side lock.
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
 * vmr_region_init - initialise the description of a region
 * @region: zeroed memory
 * @io: VMR_PIO or VMR_MMIO
 * @type: trapped, memory, reserved or window
 * @size: number of addresses
 * @index: number within the device
 * @name: name for printed maps and messages, or NULL
 */
void vmr_region_init(struct vmr_region *region, enum vmr_io io,
		     enum vmr_region_type type, uint64_t size, uint32_t index,
		     const char *name);

/**
 * vmr_region_add_subregion - trap accesses to a part of a memory region
 * @region: a region of type VMR_REGION_MEMORY of an unregistered device
 * @subregion: the subregion, with @subregion->offset set; it moves with @region
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, both are the same, the size is 0, or @region is not
 *    memory;
 *  - -EEXIST: @subregion belongs to a device or to a region already;
 *  - -ERANGE: part of it is outside @region;
 *  - -EBUSY: the device is registered, or @subregion overlaps another
 *    subregion.
 *
 * Takes O(log k) for k subregions.
 */
int vmr_region_add_subregion(struct vmr_region *region,
			     struct vmr_region *subregion);

/**
 * vmr_region_move - move a region to free addresses
 * @manager: the manager
 * @region: a region of a registered device
 * @start: first address
 * @conflict: where to store the lowest range in the way on -EBUSY, or NULL
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, or @region is a subregion;
 *  - -EOVERFLOW: the region would end above 2^64-1;
 *  - -ENOENT: the region's device is not registered;
 *  - -ERANGE: part of the new range is outside the domain;
 *  - -EBUSY: part of it is in use. The region is as before.
 */
int vmr_region_move(struct vmr_manager *manager, struct vmr_region *region,
		    uint64_t start, struct vmr_range **conflict);

/**
 * vmr_region_program - move a region to the address that the guest wrote
 * @manager: the manager
 * @region: a region of a registered device
 * @start: first address
 *
 * As in hardware, the region leaves its old addresses at once. If the new ones
 * are free, it is live there when this returns. If some are in use, it becomes
 * a claim: it answers nowhere, and is live as soon as all of them are free. If
 * some are outside the domain, the region is unmapped.
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, or @region is a subregion;
 *  - -ENOENT: the region's device is not registered.
 */
int vmr_region_program(struct vmr_manager *manager, struct vmr_region *region,
		       uint64_t start);

/**
 * vmr_region_program_bulk - place several regions of one device in one change
 * @manager: the manager
 * @dev: a registered device
 * @ops: the regions and their placements
 * @nr: number of regions, at least 1
 * @failed: where to store the index of the region that is refused, or NULL
 *
 * For an owner that keeps the registers itself: a write of a command register maps
 * or unmaps all BARs at once. Lookups observe all placements or none. A region may
 * take the addresses that another one leaves. Each region ends as by
 * vmr_region_program(), vmr_region_park() or vmr_region_unmap(), for a window with
 * the size of its placement. If two regions want the same addresses, the first is
 * live and the other is a claim. Takes O(log n) for each region.
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, @nr is 0, a state is VMR_CLAIMED or none, a region
 *    is named twice, is a subregion or belongs to another device, or the placement
 *    of a window ends before it starts;
 *  - -ENOENT: @dev is not registered with @manager.
 */
int vmr_region_program_bulk(struct vmr_manager *manager, struct vmr_device *dev,
			    const struct vmr_program_op *ops, size_t nr,
			    size_t *failed);

/**
 * vmr_region_park - unmap a region and keep its address
 * @manager: the manager
 * @region: a region of a registered device
 * @start: first address, which automatic placement avoids while another gap
 *	fits
 *
 * Return: as vmr_region_program().
 */
int vmr_region_park(struct vmr_manager *manager, struct vmr_region *region,
		    uint64_t start);

/**
 * vmr_region_unmap - unmap a region
 * @manager: the manager
 * @region: a region of a registered device
 *
 * Return: as vmr_region_program().
 */
int vmr_region_unmap(struct vmr_manager *manager, struct vmr_region *region);

/**
 * vmr_window_program - set the addresses of a window
 * @manager: the manager
 * @window: a region of type VMR_REGION_WINDOW of a registered bus
 * @start: first address
 * @last: last address, inclusive
 *
 * As vmr_region_program(), with a size. Listeners are notified of each region
 * behind the bus whose mapping changes.
 *
 * Return: as vmr_region_program(); -EINVAL also if @start is above @last or
 * @window is not a window.
 */
int vmr_window_program(struct vmr_manager *manager, struct vmr_region *window,
		       uint64_t start, uint64_t last);

/**
 * vmr_region_mapping - get the mapping of a region, seen from the root
 * @region: the region
 *
 * Return: its mapping; not mapped if it is not live, its device is not
 * registered, or a bus above does not forward all of its addresses.
 */
struct vmr_mapping vmr_region_mapping(const struct vmr_region *region);

/**
 * vmr_region_reserve - reserve addresses in which nothing may be placed
 * @sys: the system
 * @region: zeroed memory for the reservation, in use until
 *	vmr_region_unreserve()
 * @io: VMR_PIO or VMR_MMIO
 * @span: the addresses and their name
 * @conflict: where to store the lowest range in the way on -EBUSY, or NULL
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, @io is neither, or @span is reversed;
 *  - -EEXIST: @region is in a space, or a device's, already;
 *  - -ERANGE: part of it is outside the domain;
 *  - -EBUSY: part of it is in use.
 */
int vmr_region_reserve(struct vmr_system *sys, struct vmr_region *region,
		       enum vmr_io io, const struct vmr_span *span,
		       struct vmr_range **conflict);

/**
 * vmr_region_unreserve - end a reservation
 * @sys: the system
 * @region: the reservation
 *
 * Before this returns, claims for the addresses are settled as by
 * vmr_device_unregister(), and the manager's listeners are notified.
 *
 * Return: 0; -EINVAL if a pointer is NULL; -ENOENT if @region is not a
 * reservation of @sys.
 */
int vmr_region_unreserve(struct vmr_system *sys, struct vmr_region *region);

/**
 * vmr_region_space - get the space that a region is placed in
 * @manager: the manager
 * @region: the region, in any state
 *
 * With it, vmr_for_each_claim() visits the claims, and vmr_find_overlap() finds
 * the ranges that block them.
 *
 * Return: the space; NULL if a pointer is NULL or the region has no device.
 */
struct vmr_space *vmr_region_space(const struct vmr_manager *manager,
				   const struct vmr_region *region);

/**
 * vmr_change_apply - apply the change that a write requested
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

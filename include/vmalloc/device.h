/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * device.h - devices, their regions, and the routing of exits to them
 *
 * A region is a range of I/O ports or guest physical addresses that belongs to a
 * device. It is in the tree that allocates addresses, and an exit is routed by
 * looking its address up in that same tree, so there is no second book that
 * could disagree.
 *
 * A device is registered whole: its id and every region that asks for a place are
 * granted or none is, the device is told, and then all of it becomes visible in
 * one step. Removing one has two halves: vmr_device_unregister() hides it and gives its
 * places back at once, vmr_device_drain() waits until no reader is inside it any more.
 *
 * Locking: there are two sides.
 *
 *  - Writers register, unlink, place and move, and attach or detach readers. The
 *    caller serialises them, with its own lock or because it has one thread.
 *  - Readers route exits. Any thread may be one, and each owns a struct
 *    vmr_reader. They take no lock, write nothing that other readers write, and
 *    wait at most for the write section that is open.
 *
 * A callback may route a nested access with its reader, and may call writers if
 * the caller's lock allows it.
 *
 * A bus is a device too: one that leads accesses on, through windows of its own
 * in the space above, to the devices behind it. The devices behind a bus are in
 * spaces of the bus, which keep absolute addresses: a window that moves changes
 * what is reachable, not where the devices are.
 */
#ifndef VMALLOC_DEVICE_H
#define VMALLOC_DEVICE_H

#include <vmalloc/system.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vmr_bus;
struct vmr_device;
struct vmr_manager;
struct vmr_reader;
struct vmr_notification;
struct vmr_transaction;

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
 * struct vmr_access - an access as a device sees it
 * @region: the region, or the part of one, that was hit
 * @reader: the reader that routes it, for nested accesses
 * @base: first address of the region when the access was routed; it may have
 *	moved since
 * @offset: first byte of the access, counted from @base
 * @width: bytes at a time
 * @count: how often; more than 1 only for string I/O, which goes to one port
 *	again and again
 * @change: where a write may say that it changes a resource; never NULL
 */
struct vmr_access {
	struct vmr_region	*region;
	struct vmr_reader	*reader;
	uint64_t		base;
	uint64_t		offset;
	uint32_t		width;
	uint32_t		count;
	struct vmr_change	*change;
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
 * struct vmr_device_ops - what a device does
 * @read: fill @data with @width * @count bytes, in guest memory order. NULL reads
 *	as all ones
 * @write: take @data. NULL ignores writes
 * @set_resources: the device has been granted @set and is about to become
 *	visible. An error undoes the registration and is returned by it. May be
 *	NULL
 *
 * @read and @write are called by readers, on any thread and at the same time;
 * @set_resources on the writer's side.
 */
struct vmr_device_ops {
	void (*read)(struct vmr_device *dev, const struct vmr_access *access,
		     void *data);
	void (*write)(struct vmr_device *dev, const struct vmr_access *access,
		      const void *data);
	int (*set_resources)(struct vmr_device *dev,
			     const struct vmr_resource_set *set);
};

/**
 * enum vmr_device_state - how far a device has come
 * @VMR_DEVICE_UNREGISTERED: not registered
 * @VMR_DEVICE_PREPARED: part of a transaction: it has all it asked for and is
 *	not visible yet
 * @VMR_DEVICE_REGISTERED: registered and visible
 * @VMR_DEVICE_REMOVAL_REQUESTED: visible, and the guest has been asked to let go of it
 */
enum vmr_device_state {
	VMR_DEVICE_UNREGISTERED,
	VMR_DEVICE_PREPARED,
	VMR_DEVICE_REGISTERED,
	VMR_DEVICE_REMOVAL_REQUESTED,
};

/**
 * struct vmr_device - a device, embedded in what implements it
 * @ops: what it does
 * @name: what people call it
 * @id: its instance id, given at registration
 * @constraints: what it asks for at registration; its regions by their @range
 * @nr_constraints: how many
 * @resources: what it was granted; the owner gives memory for @nr_constraints
 * @parent_bus: the bus it is on, NULL for the root
 * @subordinate: the bus that it is, NULL if it is none; private, see vmr_bus_init()
 * @regions: all its regions; private, see vmr_device_add_region()
 * @state: enum vmr_device_state; private
 * @retire_epoch: the time of its unlinking, for the drain; private
 * @link: entry in the manager's list; private
 * @transaction: the transaction that it is part of, or NULL; private
 * @next_in_transaction: the next device of that; private
 */
struct vmr_device {
	const struct vmr_device_ops	*ops;
	const char			*name;
	struct vmr_range		id;
	const struct vmr_constraint	*constraints;
	size_t				nr_constraints;
	struct vmr_resource_set		resources;
	struct vmr_bus			*parent_bus;
	struct vmr_bus			*subordinate;
	struct vmr_region		*regions;
	uint32_t			state;
	unsigned long			retire_epoch;
	struct vmr_list			link;
	struct vmr_transaction		*transaction;
	struct vmr_device		*next_in_transaction;
};

#define VMR_BUS_MAX_WINDOWS		4

/**
 * struct vmr_bus - what is behind a device that is a bus
 * @bridge: the device; its regions of type VMR_REGION_WINDOW lead here
 * @pio: the ports of the devices behind it
 * @mmio: their guest physical addresses
 * @nr_devices: how many devices are on it
 * @pools: its windows, for placing devices on it; private
 *
 * Must not be copied or moved in memory once initialised.
 */
struct vmr_bus {
	struct vmr_device	*bridge;
	struct vmr_space	pio;
	struct vmr_space	mmio;
	size_t			nr_devices;
	struct vmr_system_pool	pools[VMR_BUS_MAX_WINDOWS];
};

/**
 * struct vmr_listener - who wants to know where regions are
 * @region_changed: @region was at @old and is at @new_. Called once for each region whose
 *	place or visibility a call changed: in the order of the changes, after
 *	they are visible, before that call returns, never in a write section. It
 *	may call writers
 * @region_del: @region is about to be reported as gone from @old. Called for every
 *	region of a change before @region_changed is called for the first, so that who
 *	cannot have two regions at one place, as KVM with its memory slots, can
 *	take all old ones away before any new one comes. It must not call
 *	writers. May be NULL
 * @link: entry in the manager's list; private
 *
 * ioeventfds, memory slots and IOMMU mappings follow the guest's moves by this.
 * A listener may stop listening in @region_changed; others may not be made to.
 */
struct vmr_listener {
	void (*region_changed)(struct vmr_listener *listener, struct vmr_region *region,
		      const struct vmr_mapping *old,
		      const struct vmr_mapping *new_);
	void (*region_del)(struct vmr_listener *listener,
			struct vmr_region *region,
			const struct vmr_mapping *old);
	struct vmr_list	link;
};

/**
 * struct vmr_manager - the devices of one machine
 * @devices: the registered devices; private
 * @listeners: who is told of changes; private
 * @notify_queue: regions whose change is still to be told; private
 * @notifying: the one that is being told, or NULL; private
 * @readers_lock: held while the list of readers is walked or changed; private
 * @readers: the attached readers; private
 * @free_notifier: settles claims of regions when the system frees a range; private
 * @sys: where their resources come from
 * @epoch: counts unlinkings, from 1; private
 *
 * What every lookup reads is at the end, apart from what every change writes.
 */
struct vmr_manager {
	struct vmr_list		devices;
	struct vmr_list		listeners;
	struct vmr_list		notify_queue;
	struct vmr_notification	*notifying;
	uint32_t		readers_lock;
	struct vmr_reader	*readers;
	struct vmr_free_notifier free_notifier;
	struct vmr_system	*sys;
	unsigned long		epoch;
};

#define VMR_READER_HAZARDS	6
#define VMR_LOOKUP_CACHE_SIZE	64

/**
 * struct vmr_cache_entry - a region that answered a reader lately
 * @region: the region; private
 * @gen_slots: which counts of departures it and the windows on the way to it are among,
 *	a byte for each: what is behind more than three is not remembered; private
 * @gen_sum: the sum of these counts when it answered; private
 *
 * @start: where it answered; private
 * @last: its last address; private
 *
 * While the sum is what it was the region answers there still.
 */
struct vmr_cache_entry {
	uint64_t		start;
	uint64_t		last;
	struct vmr_region	*region;
	uint32_t		gen_slots;
	uint32_t		gen_sum;
};

/**
 * struct vmr_reader - one thread's way into the devices
 * @manager: what it is attached to; private
 * @next: next attached reader; private
 * @epoch: when the lookup that is going on began, 0 if there is none; private
 * @thread: who is in the call, as the port layer tells; private
 * @depth: nested calls; private
 * @rollover: of the departures, when @cache was last empty; private
 * @hazards: the devices whose callbacks are running; deeper ones than that count
 *	as inside every device; private
 * @cache: where exits went lately, by address; private
 *
 * Zeroed memory is a valid reader that is not attached. Two readers should not
 * share a cache line.
 */
struct vmr_reader {
	struct vmr_manager	*manager;
	struct vmr_reader	*next;
	unsigned long		epoch;
	uintptr_t		thread;
	uint32_t		depth;
	uint32_t		rollover;
	struct vmr_device	*hazards[VMR_READER_HAZARDS];
	struct vmr_cache_entry		cache[VMR_LOOKUP_CACHE_SIZE];
};

/**
 * vmr_manager_init - make a manager without devices
 * @manager: the manager
 * @sys: an initialised system, which is this manager's from then on
 *
 * Return: 0, or -EINVAL if a pointer is NULL.
 */
int vmr_manager_init(struct vmr_manager *manager, struct vmr_system *sys);

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
 * vmr_bus_init - make a device a bus
 * @bus: the bus
 * @manager: the manager that the device will be registered with
 * @dev: a device that is not registered
 *
 * The device's windows are regions of type VMR_REGION_WINDOW, added with
 * vmr_device_add_region() as others are. Devices with @parent set to @bus are placed
 * inside these windows when they are registered: a region that is not
 * prefetchable in one that is not either, a prefetchable one, whose
 * constraint says VMR_PREFETCHABLE too, in a prefetchable window if it fits there,
 * else in another. Of more than VMR_BUS_MAX_WINDOWS open windows the others route
 * but nothing is placed in them.
 *
 * Return: 0; -EINVAL if a pointer is NULL; -EBUSY if @dev is registered.
 */
int vmr_bus_init(struct vmr_bus *bus, struct vmr_manager *manager,
		 struct vmr_device *dev);

/**
 * vmr_device_add_region - make a region part of a device that is not registered yet
 * @dev: the device
 * @region: the region
 *
 * A region that one of the device's constraints points to is placed when the
 * device is registered; another stays unmapped until vmr_region_program() or
 * vmr_region_move(), as a PCI BAR does.
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL or the size is 0;
 *  - -EEXIST: @region is in a space or belongs to a device already;
 *  - -EBUSY: @dev is registered.
 */
int vmr_device_add_region(struct vmr_device *dev, struct vmr_region *region);

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
 * vmr_device_register - make a device known, with all that it asks for or not at all
 * @manager: the manager
 * @dev: a device that is not registered
 * @failed: where to store the index of the constraint that could not be granted,
 *	or NULL; @dev->nr_constraints stands for the device id
 * @conflict: where to store the range in the way on -EBUSY, or NULL
 *
 * Fixed requests are granted first, then by falling alignment and size; results
 * are stored in the order of the constraints.
 *
 * If it fails, lookups may still have come by the device's ranges: it can be
 * registered again at once, but its memory is the caller's again only after
 * vmr_device_drain().
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, a constraint asks for a kind that cannot be
 *    asked for, a PIO, MMIO or memory constraint names a range that is in none
 *    of the device's regions, or one of another size, or on a bus says
 *    VMR_PREFETCHABLE of a region that is not, two constraints name one range,
 *    @dev->resources has no room, or @dev has a window and is no bus;
 *  - -EEXIST: @dev is registered, or one of its ranges is in a space already;
 *  - -ENOENT: @dev->parent's device is not registered, or is being removed by a
 *    transaction;
 *  - what the first constraint that could not be granted met: see vmr_alloc()
 *    and vmr_id_alloc_block();
 *  - what set_resources() returned.
 */
int vmr_device_register(struct vmr_manager *manager, struct vmr_device *dev,
		 size_t *failed, struct vmr_range **conflict);

/**
 * vmr_device_unregister - hide a device and take back everything it was granted
 * @manager: the manager
 * @dev: the device
 *
 * Never waits, and is allowed anywhere, in the device's own callback too. Readers
 * may still be inside the device: its memory is the caller's again after
 * vmr_device_drain().
 *
 * Return: the number of I/O regions that were visible, or
 *  - -EINVAL: a pointer is NULL;
 *  - -EBUSY: @dev is a bus that devices are on, those that a transaction adds
 *    included, or part of a transaction;
 *  - -ENOENT: @dev is not registered.
 */
int vmr_device_unregister(struct vmr_manager *manager, struct vmr_device *dev);

/**
 * vmr_device_unregister_at - vmr_device_unregister() by an address of the device's
 * @manager: the manager
 * @io: VMR_PIO or VMR_MMIO
 * @addr: any address in any of its regions
 * @dev: where to store the device, or NULL
 *
 * Return: as vmr_device_unregister(); -ENOENT if no device is at @addr.
 */
int vmr_device_unregister_at(struct vmr_manager *manager, enum vmr_io io, uint64_t addr,
		  struct vmr_device **dev);

/**
 * vmr_device_try_drain - whether no reader is inside an unlinked device any more
 * @manager: the manager
 * @dev: the device; whoever calls has seen vmr_device_unregister() return, or has been told
 *	by somebody who has
 *
 * Context: any thread, without the caller's lock; never waits.
 * Return: 0 if it is drained, or
 *  - -EINVAL: a pointer is NULL;
 *  - -EBUSY: @dev is registered;
 *  - -EAGAIN: not yet.
 */
int vmr_device_try_drain(struct vmr_manager *manager, const struct vmr_device *dev);

/**
 * vmr_device_drain - wait until no reader is inside an unlinked device any more
 * @manager: the manager
 * @dev: the device
 *
 * Context: any thread that is in no callback, without the caller's lock if a
 * callback may want that. It spins with the port layer's relax; a caller with
 * something better to do polls vmr_device_try_drain().
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL;
 *  - -EBUSY: @dev is registered;
 *  - -EDEADLK: this thread is inside a callback of this manager's.
 */
int vmr_device_drain(struct vmr_manager *manager, const struct vmr_device *dev);

/**
 * vmr_device_register_restored - register a device whose id and places are in the spaces already
 * @manager: the manager
 * @dev: a device that is not registered, with its id and the ranges of its
 *	constraints live, as vmr_snapshot_restore() leaves them
 * @failed: where to store the index of the constraint that is not live where it
 *	should be, or NULL; @dev->nr_constraints stands for the device id
 *
 * Return: 0, or
 *  - -EINVAL: as vmr_device_register();
 *  - -EEXIST: @dev is registered;
 *  - -ENOENT: the parent is not registered, or the id or a constraint's range is
 *    not live in its space;
 *  - what set_resources() returned.
 */
int vmr_device_register_restored(struct vmr_manager *manager, struct vmr_device *dev,
	      size_t *failed);

/**
 * vmr_device_request_removal - note that the guest has been asked to let go of a device
 * @manager: the manager
 * @dev: the device
 *
 * The device stays as it is, with all its places and ids, until vmr_device_unregister() or
 * vmr_device_cancel_removal().
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL;
 *  - -ENOENT: @dev is not registered;
 *  - -EALREADY: the guest has been asked before, and has not answered.
 */
int vmr_device_request_removal(struct vmr_manager *manager, struct vmr_device *dev);

/**
 * vmr_device_cancel_removal - take a request for removal back
 * @manager: the manager
 * @dev: the device
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL;
 *  - -ENOENT: no removal is pending.
 */
int vmr_device_cancel_removal(struct vmr_manager *manager, struct vmr_device *dev);

/**
 * struct vmr_transaction - several registrations and removals as one step
 * @manager: whose; private
 * @adds: devices to become visible; private
 * @removes: devices to be unlinked; private
 */
struct vmr_transaction {
	struct vmr_manager	*manager;
	struct vmr_device	*adds;
	struct vmr_device	*removes;
};

/**
 * vmr_transaction_begin - begin a transaction
 * @manager: the manager
 * @transaction: the transaction
 *
 * Return: 0; -EINVAL if a pointer is NULL.
 */
int vmr_transaction_begin(struct vmr_manager *manager,
	      struct vmr_transaction *transaction);

/**
 * vmr_transaction_add - have a device registered by a transaction
 * @transaction: the transaction
 * @dev: as for vmr_device_register()
 * @failed: as for vmr_device_register()
 * @conflict: as for vmr_device_register()
 *
 * It is granted all it asks for and told so, but stays invisible until
 * vmr_transaction_commit(). What devices hold that the same transaction removes is not free
 * before that. If it fails, the transaction is as before.
 *
 * Return: as vmr_device_register().
 */
int vmr_transaction_add(struct vmr_transaction *transaction,
			struct vmr_device *dev, size_t *failed,
			struct vmr_range **conflict);

/**
 * vmr_transaction_remove - have a device unlinked by a transaction
 * @transaction: the transaction
 * @dev: a registered device; a bus only after all devices on it
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL;
 *  - -EBUSY: @dev is part of a transaction already, or a bus with devices that
 *    this transaction does not remove;
 *  - -ENOENT: @dev is not registered.
 */
int vmr_transaction_remove(struct vmr_transaction *transaction,
			   struct vmr_device *dev);

/**
 * vmr_transaction_commit - make a transaction true, in one step for every lookup
 * @transaction: the transaction; it is over
 *
 * The devices removed are to be drained, each.
 *
 * Return: 0; -EINVAL if @transaction is NULL or over.
 */
int vmr_transaction_commit(struct vmr_transaction *transaction);

/**
 * vmr_transaction_abort - undo a transaction
 * @transaction: the transaction; it is over
 *
 * The devices that were added are to be drained, each, as after a vmr_device_register()
 * that failed.
 *
 * Return: 0; -EINVAL if @transaction is NULL or over.
 */
int vmr_transaction_abort(struct vmr_transaction *transaction);

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
 * vmr_region_move_bulk - move several regions in one step for every lookup
 * @manager: the manager
 * @steps: the moves; the caller fills in @range, that of a region, and @start
 * @nr: their number, at least 1
 * @failed: where to store the index of the step that cannot be done, or NULL
 * @conflict: where to store the lowest range in the way on -EBUSY, or NULL
 *
 * A swap or a rebalance: the places may be each other's, and in the spaces of
 * several buses. Either all regions end at their new places or all stay. Each is
 * reported.
 *
 * Return: as vmr_move_bulk(); -ENOENT also if a region's device is not registered.
 */
int vmr_region_move_bulk(struct vmr_manager *manager, struct vmr_move_op *steps,
			size_t nr, size_t *failed,
			struct vmr_range **conflict);

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

/**
 * vmr_find_region - the region that holds an address
 * @manager: the manager
 * @io: VMR_PIO or VMR_MMIO
 * @addr: the address
 *
 * Windows are looked through.
 *
 * Context: the writer's side.
 * Return: the region; NULL if nothing is there, or @io is neither. It may be a
 * reservation, or one whose device is not visible yet.
 */
struct vmr_region *vmr_find_region(const struct vmr_manager *manager,
				 enum vmr_io io, uint64_t addr);

/**
 * vmr_find_device_by_id - the device that has an instance id
 * @manager: the manager
 * @id: the id
 *
 * Return: the device, NULL if there is none.
 */
struct vmr_device *vmr_find_device_by_id(const struct vmr_manager *manager,
				    uint32_t id);

/**
 * vmr_find_device_by_name - the first device that has a name
 * @manager: the manager
 * @name: the name
 *
 * Return: the device, NULL if there is none.
 */
struct vmr_device *vmr_find_device_by_name(const struct vmr_manager *manager,
				      const char *name);

/**
 * vmr_next_device - iterate over the registered devices
 * @manager: the manager
 * @prev: the one before, NULL for the first
 *
 * Return: the next in the order of registration, NULL behind the last.
 */
struct vmr_device *vmr_next_device(const struct vmr_manager *manager,
				   const struct vmr_device *prev);

/**
 * vmr_next_device_on_bus - iterate over the registered devices of one bus
 * @manager: the manager
 * @bus: the bus; NULL for the devices at the root
 * @prev: the one before, NULL for the first
 *
 * With it and @dev->bus the whole topology can be walked.
 *
 * Return: the next in the order of registration, NULL behind the last.
 */
struct vmr_device *vmr_next_device_on_bus(const struct vmr_manager *manager,
				   const struct vmr_bus *bus,
				   const struct vmr_device *prev);

/**
 * vmr_listener_register - tell a listener of every change from now on
 * @manager: the manager
 * @listener: the listener, in no list
 *
 * Return: 0; -EINVAL if a pointer is NULL; -EEXIST if it listens already.
 */
int vmr_listener_register(struct vmr_manager *manager, struct vmr_listener *listener);

/**
 * vmr_listener_unregister - tell a listener no more
 * @manager: the manager
 * @listener: the listener
 *
 * Return: 0; -EINVAL if a pointer is NULL; -ENOENT if it does not listen.
 */
int vmr_listener_unregister(struct vmr_manager *manager, struct vmr_listener *listener);

/**
 * vmr_reader_attach - let a reader route exits
 * @manager: the manager
 * @reader: zeroed or detached
 *
 * Context: the writer's side.
 * Return: 0; -EINVAL if a pointer is NULL; -EEXIST if @reader is attached.
 */
int vmr_reader_attach(struct vmr_manager *manager, struct vmr_reader *reader);

/**
 * vmr_reader_detach - let a reader go; its memory is the caller's again
 * @reader: the reader
 *
 * Context: the writer's side.
 * Return: 0; -EINVAL if @reader is NULL; -ENOENT if it is not attached;
 * -EDEADLK if it is in a call.
 */
int vmr_reader_detach(struct vmr_reader *reader);

/**
 * vmr_read - route a read
 * @reader: the calling thread's reader
 * @io: VMR_PIO or VMR_MMIO
 * @addr: first address
 * @data: where to store @width * @count bytes, in guest memory order
 * @width: bytes at a time: 1, 2 or 4 for PIO, 1 to 8 for MMIO
 * @count: how often; 1 except for string I/O
 *
 * All @width bytes must lie in one region. Whatever it returns but -EINVAL, @data
 * is defined: on failure all its bytes are 0xff.
 *
 * Context: any thread, one at a time for each reader.
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, @reader is not attached, or @io is neither;
 *  - -EMSGSIZE: @width is not one of the bus, or @count is 0;
 *  - -ENXIO: no device answers, or the access leaves its region or the domain.
 */
int vmr_read(struct vmr_reader *reader, enum vmr_io io, uint64_t addr,
	     void *data, uint32_t width, uint32_t count);

/**
 * vmr_write - route a write
 * @reader: the calling thread's reader
 * @io: VMR_PIO or VMR_MMIO
 * @addr: first address
 * @data: @width * @count bytes in guest memory order
 * @width: bytes at a time: 1, 2 or 4 for PIO, 1 to 8 for MMIO
 * @count: how often; 1 except for string I/O
 *
 * Context: as vmr_read().
 * Return: as vmr_read().
 */
int vmr_write(struct vmr_reader *reader, enum vmr_io io, uint64_t addr,
	      const void *data, uint32_t width, uint32_t count);

/**
 * vmr_write_change - vmr_write() for devices that change resources
 * @reader: as for vmr_write()
 * @io: as for vmr_write()
 * @addr: as for vmr_write()
 * @data: as for vmr_write()
 * @width: as for vmr_write()
 * @count: as for vmr_write()
 * @change: where to store what the write changed, VMR_CHANGE_NONE if nothing; to
 *	be applied with vmr_change_apply()
 *
 * Context: as vmr_read().
 * Return: as vmr_read(); -EINVAL also if @change is NULL.
 */
int vmr_write_change(struct vmr_reader *reader, enum vmr_io io, uint64_t addr,
		     const void *data, uint32_t width, uint32_t count,
		     struct vmr_change *change);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_DEVICE_H */

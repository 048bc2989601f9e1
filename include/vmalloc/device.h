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

#include <vmalloc/bus.h>
#include <vmalloc/dispatch.h>
#include <vmalloc/listener.h>
#include <vmalloc/region.h>
#include <vmalloc/transaction.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vmr_bus;
struct vmr_device;
struct vmr_manager;
struct vmr_notification;
struct vmr_reader;
struct vmr_transaction;

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

/**
 * vmr_manager_init - make a manager without devices
 * @manager: the manager
 * @sys: an initialised system, which is this manager's from then on
 *
 * Return: 0, or -EINVAL if a pointer is NULL.
 */
int vmr_manager_init(struct vmr_manager *manager, struct vmr_system *sys);

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

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_DEVICE_H */

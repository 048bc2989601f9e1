/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * device.h - devices and their manager
 *
 * It includes the headers of regions, buses, listeners, transactions and
 * dispatch.
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
 * DOC: Overview
 *
 * A manager holds the devices of one machine, and allocates their resources
 * from a struct vmr_system. A device is registered as a whole: it gets its id
 * and all resources that it requests, or none of them. Its callback
 * set_resources() is called, and then all its regions become reachable in one
 * change.
 *
 * A removal has two steps. vmr_device_unregister() makes the device unreachable
 * and frees its resources at once. vmr_device_drain() waits until no reader can
 * access it.
 *
 * Embedding: the caller owns a struct vmr_device inside the struct of its
 * implementation, and the struct vmr_manager. The library allocates no memory.
 *
 * Locking: there are two sides.
 *
 *  - The update side registers, unregisters and moves, and attaches or detaches
 *    readers. The caller serialises it, with a lock or by using one thread.
 *  - The read side dispatches accesses from any thread, without a lock.
 *
 * Cost: O(log n) to allocate a resource of the usual sizes (see range.h), to
 * find a device by its id or its name, or a region by an address. A registration
 * with r regions and c constraints takes O((r + c) log r + c log c) for its
 * checks. A drain walks all readers, and all listeners are notified.
 */

/**
 * struct vmr_device_ops - the callbacks of a device
 * @read: fill @data with @width * @count bytes, in guest memory order. If NULL,
 *	the device reads as all ones
 * @write: process @data. If NULL, the device ignores writes
 * @set_resources: the device has got @set and is about to become reachable. An
 *	error undoes the registration, which returns it. May be NULL
 *
 * Readers call @read and @write, on any thread and concurrently. The update
 * side calls @set_resources.
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
 * enum vmr_device_state - the state of a device
 * @VMR_DEVICE_UNREGISTERED: not registered
 * @VMR_DEVICE_PREPARED: added to a transaction: it has its resources and is not
 *	reachable yet
 * @VMR_DEVICE_REGISTERED: registered and reachable
 * @VMR_DEVICE_REMOVAL_REQUESTED: reachable; the guest was asked to release it
 */
enum vmr_device_state {
	VMR_DEVICE_UNREGISTERED,
	VMR_DEVICE_PREPARED,
	VMR_DEVICE_REGISTERED,
	VMR_DEVICE_REMOVAL_REQUESTED,
};

/**
 * struct vmr_device - a device, embedded in its implementation
 * @ops: its callbacks
 * @name: its name in messages
 * @id: its instance id, allocated at registration
 * @constraints: the resources that it requests at registration; a constraint
 *	refers to a region by its @range. The library reads the constraints only
 *	during vmr_device_register(), vmr_transaction_add() and
 *	vmr_device_register_restored()
 * @nr_constraints: number of constraints
 * @resources: the resources that it got; the owner provides memory for
 *	@nr_constraints entries, until the device is unregistered
 * @parent_bus: the bus that it is on, NULL for the root
 * @reentrant: whether its callbacks may be called again from inside them. If not,
 *	an access from a callback back into the device is refused with -ELOOP
 *
 * @name, @parent_bus and @resources.entries must not change, and the text of
 * @name must not, while the device is registered or part of a transaction.
 */
struct vmr_device {
	const struct vmr_device_ops	*ops;
	const char			*name;
	struct vmr_range		id;
	const struct vmr_constraint	*constraints;
	size_t				nr_constraints;
	struct vmr_resource_set		resources;
	struct vmr_bus			*parent_bus;
	bool				reentrant;
	/* private: the bus behind it, NULL if none; see vmr_bus_init() */
	struct vmr_bus			*subordinate;
	/* its regions, in the order of vmr_device_add_region() */
	struct vmr_region		*regions;
	struct vmr_region		*last_region;
	/* the manager of its latest registration; a drain compares it */
	struct vmr_manager		*manager;
	/*
	 * enum vmr_device_state. The update side stores it, with release when
	 * the device becomes reachable. Lookups load it with acquire. A drain
	 * loads it before the readers.
	 */
	uint32_t			state;
	/* a restored device whose removal was pending; see snapshot.h */
	bool				removal_restored;
	/*
	 * The manager's epoch at unregistration. The update side stores it
	 * after @state and before the manager's epoch. A drain compares it with
	 * the epochs of readers.
	 */
	unsigned long			retire_epoch;
	/* entry in the manager's list */
	struct vmr_list			link;
	/* entry in the list of its bus, or of the manager if it is at the root */
	struct vmr_list			bus_link;
	/* entry in the manager's tree of names; unused without a name */
	struct vmr_node			name_node;
	/* the transaction that it is part of, or NULL */
	struct vmr_transaction		*transaction;
	/* the next device that the transaction adds, or removes */
	struct vmr_device		*next_in_transaction;
};

/**
 * struct vmr_manager - the devices of one machine
 * @sys: the system that allocates their resources
 */
struct vmr_manager {
	/* private: */
	/*
	 * Only the update side accesses the members in front of @sys, apart from
	 * @readers_lock and @readers. Lookups load the members from @sys on, at
	 * least 64 bytes behind those that every move and every drain stores.
	 */
	/* regions whose notification is pending delivery */
	struct vmr_list		notify_queue;
	/* the notification in progress, or NULL */
	struct vmr_notification	*notifying;
	/* 1 while the list of readers is walked or changed, by any thread */
	uint32_t		readers_lock;
	/* registered devices, in the order of registration */
	struct vmr_list		devices;
	/* those at the root, in the same order */
	struct vmr_list		root_devices;
	/* those with a name, by name and then in the same order */
	struct vmr_node		*names;
	/* registered listeners */
	struct vmr_list		listeners;
	/* attached readers; accessed with readers_lock held */
	struct vmr_reader	*readers;
	/* settles claims of regions when the system frees a range */
	struct vmr_free_notifier free_notifier;
	/* public: */
	struct vmr_system	*sys;
	/* private: */
	/*
	 * Counts retirements, from 1; never 0. The update side stores it with
	 * release, after a device is unreachable. Lookups load it with acquire,
	 * before they search.
	 */
	unsigned long		epoch;
	/*
	 * Whether a drain executes the full barrier of a lookup too. Constant while
	 * readers are attached.
	 */
	bool			asymmetric;
};

/**
 * vmr_manager_init - initialise a manager without devices
 * @manager: the manager
 * @sys: an initialised system, which no other manager may use
 *
 * Calls vmr_port_barrier_init(), which may execute system calls, see port.h.
 *
 * Return: 0, or -EINVAL if a pointer is NULL.
 */
int vmr_manager_init(struct vmr_manager *manager, struct vmr_system *sys);

/**
 * vmr_manager_set_asymmetric - choose the barriers of lookups and drains
 * @manager: the manager, without readers
 * @asymmetric: whether lookups execute a compiler barrier, and drains execute
 *	vmr_port_barrier_all(); else both execute full barriers
 *
 * vmr_manager_init() chooses asymmetric barriers where the port has them. Full ones are
 * needed if readers run in several processes that share the memory of the manager, or
 * if a filter of system calls forbids what port.h names.
 *
 * Context: update side.
 * Return: 0, or
 *  - -EINVAL: @manager is NULL;
 *  - -EBUSY: a reader is attached;
 *  - -EOPNOTSUPP: @asymmetric is true, and the port has no such barrier.
 */
int vmr_manager_set_asymmetric(struct vmr_manager *manager, bool asymmetric);

/**
 * vmr_device_add_region - add a region to an unregistered device
 * @dev: the device
 * @region: the region
 *
 * If one of the device's constraints points to the region, the registration
 * places it. Otherwise the region stays unmapped until vmr_region_program() or
 * vmr_region_move(), as a PCI BAR does. Takes O(1), and O(k) for the k subregions
 * that @region has already.
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL or the size is 0;
 *  - -EEXIST: @region is in a space, belongs to a device, or is a subregion;
 *  - -EBUSY: @dev is registered.
 */
int vmr_device_add_region(struct vmr_device *dev, struct vmr_region *region);

/**
 * vmr_device_register - register a device with all that it requests
 * @manager: the manager
 * @dev: a device that is not registered
 * @failed: where to store the index of the constraint that is not satisfiable,
 *	or NULL; @dev->nr_constraints stands for the device id
 * @conflict: where to store the range in the way on -EBUSY, or NULL
 *
 * Fixed requests are allocated first, then the others by decreasing alignment
 * and size. Results are stored in the order of the constraints. A region whose
 * constraint has VMR_GRANT_PARKED gets addresses and is parked there: it answers when the
 * caller places it.
 *
 * The device counts on its bus before set_resources() is called, which therefore
 * cannot unregister the bridge.
 *
 * If this fails, lookups may still be reading the device's ranges. The caller
 * may register the device again at once, but must call vmr_device_drain()
 * before it reuses the memory.
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL. A constraint requests a kind that devices
 *    cannot request. A PIO, MMIO or memory constraint names no range of the
 *    device's regions, or one of another size, or on a bus has
 *    VMR_PREFETCHABLE while its region is not prefetchable. A constraint names a
 *    region that registers place (@by_registers). Two constraints name one
 *    region. VMR_GRANT_PARKED is set for another kind than PIO, MMIO or memory.
 *    @dev->resources has no room. @dev has a window and is no bus;
 *  - -EEXIST: @dev is registered, or its id or one of its regions is in a space
 *    already;
 *  - -ENOENT: the bridge of @dev->parent_bus is not registered with @manager, or
 *    a transaction is removing it;
 *  - -EINVAL, -EEXIST: of the other ranges, as vmr_system_alloc_resources();
 *  - the error of the first constraint that is not satisfiable: see vmr_alloc()
 *    and vmr_id_alloc_block();
 *  - what set_resources() returned.
 */
int vmr_device_register(struct vmr_manager *manager, struct vmr_device *dev,
			size_t *failed, struct vmr_range **conflict);

/**
 * vmr_device_unregister - make a device unreachable and free its resources
 * @manager: the manager
 * @dev: the device
 *
 * Readers may still access the device. The caller must call vmr_device_drain()
 * before it reuses the memory.
 *
 * Context: update side, also in the device's own callback; never waits.
 * Return: the number of I/O regions that were mapped, or
 *  - -EINVAL: a pointer is NULL;
 *  - -EBUSY: @dev is part of a transaction, or the bridge of a bus that is held
 *    or has devices on it, those that a transaction adds included;
 *  - -ENOENT: @dev is not registered.
 */
int vmr_device_unregister(struct vmr_manager *manager, struct vmr_device *dev);

/**
 * vmr_device_unregister_at - unregister the device at an address
 * @manager: the manager
 * @io: VMR_PIO or VMR_MMIO
 * @addr: any address in any of its regions
 * @dev: where to store the device, or NULL
 *
 * Return: as vmr_device_unregister(); -ENOENT if no device is at @addr.
 */
int vmr_device_unregister_at(struct vmr_manager *manager, enum vmr_io io,
			     uint64_t addr, struct vmr_device **dev);

/**
 * vmr_device_try_drain - check whether a device is drained
 * @manager: the manager
 * @dev: an unregistered device; vmr_device_unregister() must happen before this
 *	call
 *
 * Context: any thread, without the caller's lock; never waits.
 * Return: 0 if no reader can access @dev, or
 *  - -EINVAL: a pointer is NULL;
 *  - -ENOENT: @dev was last registered with another manager;
 *  - -EBUSY: @dev is registered;
 *  - -EPERM: the barriers are asymmetric, and vmr_port_barrier_all() failed;
 *  - -EAGAIN: a reader may still access it.
 */
int vmr_device_try_drain(struct vmr_manager *manager,
			 const struct vmr_device *dev);

/**
 * vmr_device_drain - wait until no reader can access an unregistered device
 * @manager: the manager
 * @dev: as for vmr_device_try_drain()
 *
 * Waits for the callbacks of this device, and for lookups that began before it
 * was unregistered. A caller that must not wait polls vmr_device_try_drain().
 *
 * Context: any thread that is in no callback, without any lock that a callback
 * takes. Waits by the port layer's vmr_port_drain_wait().
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL;
 *  - -ENOENT: @dev was last registered with another manager;
 *  - -EBUSY: @dev is registered;
 *  - -EPERM: as for vmr_device_try_drain();
 *  - -EDEADLK: this thread is inside a callback of this manager's.
 */
int vmr_device_drain(struct vmr_manager *manager, const struct vmr_device *dev);

/**
 * vmr_device_reserve_id - give an unregistered device the instance id that it had
 * @manager: the manager
 * @dev: a device that is not registered and has no id
 * @id: the id
 * @conflict: where to store the id of the device that has @id on -EBUSY, or NULL
 *
 * For a VMM with a snapshot format of its own, before
 * vmr_device_register_restored(). vmr_id_free_range() on the system's @device_ids
 * undoes it. Only ids of devices may be in that domain: the library refuses others.
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL;
 *  - -EEXIST: @dev has an id already;
 *  - -ERANGE: @id is outside the domain;
 *  - -EBUSY: @id is in use.
 */
int vmr_device_reserve_id(struct vmr_manager *manager, struct vmr_device *dev,
			  uint32_t id, struct vmr_range **conflict);

/**
 * vmr_device_register_restored - register a device whose resources are restored
 * @manager: the manager
 * @dev: a device that is not registered, with its id and the ranges of its
 *	constraints live, as vmr_snapshot_restore() leaves them. The region of a
 *	constraint with VMR_GRANT_PARKED may be in any state
 * @failed: where to store the index of the constraint whose range is not live
 *	in its space, or NULL; @dev->nr_constraints stands for the device id
 *
 * If vmr_snapshot_describe_device() has restored a pending removal, it is pending
 * again, see vmr_device_request_removal().
 *
 * Return: 0, or
 *  - -EINVAL: as vmr_device_register();
 *  - -EEXIST: @dev is registered;
 *  - -ENOENT: the parent is not registered, or the id or a constraint's range
 *    is not live in its space. The id is more than one number. The range of a region
 *    is in a space that the region does not belong to, or has another size than the
 *    region;
 *  - what set_resources() returned.
 */
int vmr_device_register_restored(struct vmr_manager *manager,
				 struct vmr_device *dev, size_t *failed);

/**
 * vmr_device_request_removal - record that the removal of a device is pending
 * @manager: the manager
 * @dev: the device
 *
 * For a VMM that has asked the guest to release the device. The device keeps
 * all its resources until vmr_device_unregister(), and stays reachable.
 * vmr_device_cancel_removal() withdraws the request.
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL;
 *  - -ENOENT: @dev is not registered;
 *  - -EALREADY: a removal is pending.
 */
int vmr_device_request_removal(struct vmr_manager *manager,
			       struct vmr_device *dev);

/**
 * vmr_device_cancel_removal - withdraw a request for removal
 * @manager: the manager
 * @dev: the device
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL;
 *  - -ENOENT: no removal is pending.
 */
int vmr_device_cancel_removal(struct vmr_manager *manager,
			      struct vmr_device *dev);

/**
 * vmr_find_region - find the region that contains an address
 * @manager: the manager
 * @io: VMR_PIO or VMR_MMIO
 * @addr: the address
 *
 * At an address in a window, continues on the bus behind the window.
 *
 * Context: update side.
 * Return: the region; NULL if there is none, or @io is neither. The region may
 * be a reservation, or belong to a device that is not reachable yet.
 */
struct vmr_region *vmr_find_region(const struct vmr_manager *manager,
				   enum vmr_io io, uint64_t addr);

/**
 * vmr_find_device_by_id - find the device with an instance id
 * @manager: the manager
 * @id: the id
 *
 * Return: the device, NULL if there is none.
 */
struct vmr_device *vmr_find_device_by_id(const struct vmr_manager *manager,
					 uint32_t id);

/**
 * vmr_find_device_by_name - find the first device with a name
 * @manager: the manager
 * @name: the name
 *
 * Return: the device that was registered first among those with this name, NULL
 * if there is none.
 */
struct vmr_device *vmr_find_device_by_name(const struct vmr_manager *manager,
					   const char *name);

/**
 * vmr_next_device - iterate over the registered devices
 * @manager: the manager
 * @prev: the previous device, NULL for the first
 *
 * Return: the next in the order of registration, NULL after the last.
 */
struct vmr_device *vmr_next_device(const struct vmr_manager *manager,
				   const struct vmr_device *prev);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_DEVICE_H */

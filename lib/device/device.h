/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * device.h - what the files of the device layer share
 *
 * The order of the files, each of which calls only those before it: bus,
 * region, generation, find, bus_pools, notify, settle, manager, check, device, placement,
 * change, transaction, device_restore, reader, copy and dispatch.
 */
#ifndef VMR_LIB_DEVICE_DEVICE_H
#define VMR_LIB_DEVICE_DEVICE_H

#include "resource/system.h"

#include <vmalloc/device.h>

static inline struct vmr_region *vmr_to_region(struct vmr_range *range)
{
	return container_of(range, struct vmr_region, range);
}

/* The space at the root, or NULL if @io is invalid */
static inline struct vmr_space *
vmr_manager_space(const struct vmr_manager *manager, enum vmr_io io)
{
	switch (io) {
	case VMR_PIO:
		return &manager->sys->pio;
	case VMR_MMIO:
		return &manager->sys->mmio;
	default:
		return NULL;
	}
}

static inline struct vmr_space *vmr_bus_space(struct vmr_bus *bus,
					      enum vmr_io io)
{
	return io == VMR_PIO ? &bus->pio : &bus->mmio;
}

/* The space in which the regions of @dev are placed */
static inline struct vmr_space *
vmr_device_space(const struct vmr_manager *manager,
		 const struct vmr_device *dev, enum vmr_io io)
{
	return dev->parent_bus ? vmr_bus_space(dev->parent_bus, io) :
				 vmr_manager_space(manager, io);
}

static inline bool vmr_device_is_registered(const struct vmr_device *dev)
{
	/*
	 * Orders the state before the loads of what set_resources() stored.
	 * Pairs with the store-releases in vmr_device_publish() and
	 * transaction_switch().
	 */
	return smp_load_acquire(&dev->state) >= VMR_DEVICE_REGISTERED;
}

/*
 * Whether a device is registered with this manager, which then has its id. A copy
 * of a device is not: its id is in no tree.
 */
static inline bool vmr_manager_has_device(const struct vmr_manager *manager,
					  const struct vmr_device *dev)
{
	return vmr_device_is_registered(dev) &&
	       vmr_in_space(&manager->sys->device_ids.space, &dev->id);
}

/*
 * Whether a window with the ISA enable bit forwards [start, last]: all of it is in the
 * lowest 256 of 1024 ports
 */
static inline bool vmr_isa_forwards(uint64_t start, uint64_t last)
{
	return (start & 0x3ff) + (last - start) <= 0xff;
}

/* Count a device on its bus, from before its callbacks until it has left */
static inline void vmr_bus_add_device(struct vmr_device *dev)
{
	if (dev->parent_bus)
		dev->parent_bus->nr_devices++;
}

static inline void vmr_bus_remove_device(struct vmr_device *dev)
{
	if (dev->parent_bus) {
		VMR_ASSERT(dev->parent_bus->nr_devices);
		dev->parent_bus->nr_devices--;
	}
}

/*
 * generation.c: count a region that leaves its addresses, or may, and let the engine
 * not count it. In a write section, which ends behind vmr_generation_counted().
 */
void vmr_generation_count(struct vmr_system *sys, struct vmr_region *region);
void vmr_generation_counted(struct vmr_system *sys);

/*
 * generation.c: free a region, and record for vmr_settle_for_devices() whether it held
 * addresses. In a write section.
 */
void vmr_region_free(struct vmr_manager *manager, struct vmr_region *region);

/*
 * generation.c: count the unregistration of a device, after which the memory of its
 * regions is invalid. In a write section.
 */
void vmr_generation_count_device(struct vmr_system *sys,
				 const struct vmr_device *dev);

/* region.c: undo the last vmr_region_add_subregion() */
void vmr_region_remove_last_subregion(struct vmr_region *region);

/* bus.c: the window of a bus that forwards all addresses of @region, or NULL */
const struct vmr_region *vmr_bus_find_window(const struct vmr_bus *bus,
					     const struct vmr_region *region);

/*
 * While a bus is held its bridge cannot be unregistered, with devices on the bus or
 * without. A layer above holds it once for each address behind it.
 */
static inline void vmr_bus_hold(struct vmr_bus *bus)
{
	bus->nr_holds++;
}

static inline void vmr_bus_release(struct vmr_bus *bus)
{
	VMR_ASSERT(bus->nr_holds);
	bus->nr_holds--;
}

/* Whether a bus keeps its bridge registered */
static inline bool vmr_bus_in_use(const struct vmr_bus *bus)
{
	return bus && (bus->nr_devices || bus->nr_holds);
}

/* The registered devices on @bus, or at the root if it is NULL */
static inline struct list_head *
vmr_bus_devices(const struct vmr_manager *manager, const struct vmr_bus *bus)
{
	return vmr_to_list((struct vmr_list *)(bus ? &bus->devices :
						     &manager->root_devices));
}

/* bus.c: whether every bus above @dev forwards all addresses of @region */
bool vmr_region_is_forwarded(const struct vmr_device *dev,
			     const struct vmr_region *region);

/* find.c: add a device to the lists and the tree of registered devices, or remove it */
void vmr_manager_add_device(struct vmr_manager *manager,
			    struct vmr_device *dev);
void vmr_manager_remove_device(struct vmr_manager *manager,
			       struct vmr_device *dev);

/*
 * find.c: the device that follows @dev in a walk of all registered devices behind
 * @bus, a bridge before the devices on its bus; the first one if @dev is NULL
 */
struct vmr_device *vmr_next_device_behind(const struct vmr_manager *manager,
					  const struct vmr_bus *bus,
					  struct vmr_device *dev);

/* bus_pools.c: fill in and return the pools for a device; NULL at the root */
struct vmr_pool_set *vmr_bus_pool_set(const struct vmr_device *dev,
				      struct vmr_pool_set *set);

/*
 * notify.c: before a call changes the mapping of a region, it queues the region
 * with its current mapping. After the change it delivers the queue. A window is
 * queued with all regions behind it, and so are windows whose claims the change
 * may settle. Since this walks all devices behind the window, it happens outside the
 * write section.
 */
void vmr_notify_queue_region(struct vmr_manager *manager,
			     struct vmr_region *region);
void vmr_notify_queue(struct vmr_manager *manager, struct vmr_region *region);

static inline struct vmr_manager *
vmr_to_manager(struct vmr_free_notifier *notifier)
{
	return container_of(notifier, struct vmr_manager, free_notifier);
}

/* Requests for vectors that were freed in a write section are tried after it */
static inline void vmr_serve_freed_vectors(struct vmr_manager *manager)
{
	if (manager->sys->vectors_freed)
		vmr_system_serve_vectors(manager->sys);
}

/*
 * Deliver the queue. vmr_listener_register() links the delivery, so that a program
 * without listeners does not have it.
 */
static inline void vmr_notify_flush(struct vmr_manager *manager)
{
	manager->free_notifier.after(&manager->free_notifier);
}

/*
 * settle.c: settle the claims for addresses that became free, the oldest claim of
 * each space first. vmr_settle_collected() follows vmr_settle_collect(). The last is
 * for the addresses that @first left, the devices after it in its transaction, and
 * @other; each may be NULL. In the write section that freed them.
 */
void vmr_settle_collected(struct vmr_manager *manager, struct vmr_space *space);
void vmr_settle_in(struct vmr_manager *manager, struct vmr_space *space,
		   uint64_t start, uint64_t last);
void vmr_settle_for_devices(struct vmr_manager *manager,
			    const struct vmr_device *first,
			    const struct vmr_device *other);

/* check.c: whether a device is one that can be registered, and its bridge is there */
int vmr_device_check(const struct vmr_manager *manager,
		     const struct vmr_device *dev, size_t *failed);
bool vmr_device_parent_registered(const struct vmr_manager *manager,
				  const struct vmr_device *dev,
				  const struct vmr_transaction *t);

/* device.c: the steps of registering and unregistering */
int vmr_device_set_resources(struct vmr_device *dev);
int vmr_device_prepare(struct vmr_manager *manager, struct vmr_device *dev,
		       const struct vmr_transaction *t, size_t *failed,
		       struct vmr_range **conflict);
void vmr_devices_unprepare(struct vmr_manager *manager, struct vmr_device *dev);
void vmr_device_queue_add(struct vmr_manager *manager, struct vmr_device *dev);
void vmr_device_publish(struct vmr_manager *manager, struct vmr_device *dev);
int vmr_device_queue_del(struct vmr_manager *manager, struct vmr_device *dev);
void vmr_device_hide(struct vmr_manager *manager, struct vmr_device *dev);
void vmr_device_finish_unregister(struct vmr_manager *manager,
				  struct vmr_device *dev);
void vmr_device_retire(struct vmr_manager *manager, struct vmr_device *dev);

#endif /* VMR_LIB_DEVICE_DEVICE_H */

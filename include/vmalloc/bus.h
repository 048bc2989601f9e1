/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * bus.h - buses and their windows
 */
#ifndef VMALLOC_BUS_H
#define VMALLOC_BUS_H

#include <vmalloc/system.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vmr_device;
struct vmr_manager;

/**
 * DOC: Overview
 *
 * A bus has a bridge: a device whose regions of type VMR_REGION_WINDOW forward
 * accesses to the devices on the bus. The devices on the bus are in spaces of
 * the bus, at absolute addresses. Moving a window changes which of them are
 * mapped, and leaves their addresses as they are.
 *
 * Embedding: the caller owns a struct vmr_bus, usually inside the struct of the
 * bridge. The library allocates no memory.
 *
 * Locking: all functions here are update side; the caller serialises them.
 *
 * Cost: a lookup takes O(log n) in each space on the path, and so does the check
 * whether the windows above forward a region. A registration on a bus also walks
 * the regions of its bridge. A change of a window visits the devices behind it.
 */

#define VMR_BUS_MAX_WINDOWS		4

/**
 * struct vmr_bus - the spaces behind a bridge
 * @bridge: the device whose windows forward accesses to this bus
 * @pio: I/O ports of the devices on the bus
 * @mmio: guest physical addresses of the devices on the bus
 * @nr_devices: number of devices on the bus, those included that are being
 *	registered
 *
 * Must not be copied or moved in memory once initialised.
 */
struct vmr_bus {
	struct vmr_device	*bridge;
	struct vmr_space	pio;
	struct vmr_space	mmio;
	size_t			nr_devices;
	/* private: */
	struct vmr_manager	*manager;
	/* registered devices on the bus, in the order of registration */
	struct vmr_list		devices;
	/* devices on it that open transactions remove */
	size_t			nr_removed;
	/* what else keeps the bridge registered, such as addresses behind it */
	size_t			nr_holds;
	/* its windows, as pools for the devices on it */
	struct vmr_system_pool	pools[VMR_BUS_MAX_WINDOWS];
};

/**
 * vmr_bus_init - make a device the bridge of a bus
 * @bus: the bus, on which no device is
 * @manager: the manager that the device will be registered with
 * @dev: a device that is not registered; a bus that it is the bridge of is replaced
 *
 * Add the windows as regions of type VMR_REGION_WINDOW with
 * vmr_device_add_region(). A device whose @parent_bus is @bus is placed inside
 * the windows when it is registered:
 *
 *  - A region that is not prefetchable is placed in a window that is not
 *    prefetchable either.
 *  - A prefetchable region whose constraint has VMR_PREFETCHABLE is placed in a
 *    prefetchable window if it fits there, otherwise in another window.
 *
 * Regions are placed in at most VMR_BUS_MAX_WINDOWS open windows. Further
 * windows forward accesses only.
 *
 * Return: 0; -EINVAL if a pointer is NULL; -EBUSY if @dev is registered or added to a
 * transaction.
 */
int vmr_bus_init(struct vmr_bus *bus, struct vmr_manager *manager,
		 struct vmr_device *dev);

/**
 * vmr_next_device_on_bus - iterate over the registered devices of one bus
 * @manager: the manager
 * @bus: the bus; NULL for the devices at the root
 * @prev: the previous device, NULL for the first
 *
 * With it and @dev->subordinate the caller can walk the whole topology.
 *
 * Return: the next in the order of registration, NULL after the last.
 */
struct vmr_device *vmr_next_device_on_bus(const struct vmr_manager *manager,
					  const struct vmr_bus *bus,
					  const struct vmr_device *prev);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_BUS_H */

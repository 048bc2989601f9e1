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

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_BUS_H */

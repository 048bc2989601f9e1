/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * pci_host.h - host bridges, segments, and accesses to configuration space
 */
#ifndef VMALLOC_PCI_HOST_H
#define VMALLOC_PCI_HOST_H

#include <vmalloc/pci_function.h>
#include <vmalloc/pci_intx.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * DOC: Overview
 *
 * A host bridge has a range of bus numbers in a segment, windows of ports and memory,
 * and interrupt lines. Several host bridges may share a segment; their bus ranges are
 * disjoint. A machine without host bridges has one bus range, 0 to 255, in each
 * segment, and addresses that are the same on the bus and for the CPUs.
 *
 * The guest accesses configuration space through ECAM, a trapped region of 1 MiB for
 * each bus (PCI Express Base Specification, section 7.2.2), and through the ports 0xcf8
 * to 0xcff, for segment 0. Both find the function by the numbers of the guest and
 * stay in the segment and the host bridge.
 *
 * A window has an offset between bus addresses, which registers hold, and CPU
 * addresses, where regions are. If a window of a host bridge has an offset, a BAR
 * outside all of its windows is unmapped; if none has, a guest may put BARs anywhere.
 *
 * The structs are memory of the owner. The library allocates nothing.
 *
 * Locking: the calls are update-side calls. Accesses of the guest run on the read
 * side. Each that reaches a register acquires the lock that the owner supplies, once:
 * a read as a reader, in parallel with other reads, and a write as the writer. No lock
 * is acquired for CONFIG_ADDRESS, for the data ports while its enable bit is off, for
 * ECAM accesses that are not aligned, and for reads of MSI-X tables.
 */

/**
 * struct vmr_lock_ops - the caller's update-side lock
 * @lock: acquire the lock as the writer
 * @unlock: release it
 * @lock_shared: acquire the lock as a reader: @lock waits for all readers, and
 *	readers do not wait for each other. NULL if the lock has one kind of holder:
 *	readers then call @lock
 * @unlock_shared: release it; set if @lock_shared is
 *
 * The library acquires the lock as a reader only for a lookup of a function and a read
 * of its registers. It calls @read of a struct vmr_pci_reg_block meanwhile, and no other
 * callback.
 */
struct vmr_lock_ops {
	void (*lock)(struct vmr_lock_ops *lock);
	void (*unlock)(struct vmr_lock_ops *lock);
	void (*lock_shared)(struct vmr_lock_ops *lock);
	void (*unlock_shared)(struct vmr_lock_ops *lock);
};

/**
 * struct vmr_pci_window - a window of a host bridge
 * @io: enum vmr_io
 * @flags: VMR_PREFETCHABLE for a window that prefetchable BARs are placed in, or 0
 * @start: first CPU address
 * @last: last CPU address, inclusive
 * @bus_start: the bus address of @start
 * @name: name for people, or NULL
 */
struct vmr_pci_window {
	uint8_t		io;
	uint32_t	flags;
	uint64_t	start;
	uint64_t	last;
	uint64_t	bus_start;
	const char	*name;
};

#define VMR_PCI_HOST_MAX_WINDOWS	8

/**
 * struct vmr_pci_host_config - the description of a host bridge
 * @segment: segment, 0 to 65535
 * @bus_start: first bus number: the root bus
 * @bus_last: last bus number, inclusive
 * @windows: the windows; may be NULL if @nr_windows is 0
 * @nr_windows: at most VMR_PCI_HOST_MAX_WINDOWS
 * @intx: the interrupt lines, which the library uses in place; or NULL
 * @lock: the update-side lock, NULL if the program has one thread
 * @name: name for people
 */
struct vmr_pci_host_config {
	uint32_t			segment;
	uint32_t			bus_start;
	uint32_t			bus_last;
	const struct vmr_pci_window	*windows;
	unsigned int			nr_windows;
	struct vmr_pci_intx		*intx;
	struct vmr_lock_ops		*lock;
	const char			*name;
};

/**
 * struct vmr_pci_host - a host bridge
 * @manager: the manager of the functions, NULL if the host bridge is not registered
 * @segment: the segment
 * @bus_start: the root bus
 * @bus_last: the last bus number, inclusive
 * @windows: the windows
 * @nr_windows: their number
 * @intx: the interrupt lines, or NULL
 * @lock: the update-side lock, or NULL
 * @name: name for people
 */
struct vmr_pci_host {
	struct vmr_manager	*manager;
	uint32_t		segment;
	uint32_t		bus_start;
	uint32_t		bus_last;
	struct vmr_pci_window	windows[VMR_PCI_HOST_MAX_WINDOWS];
	unsigned int		nr_windows;
	struct vmr_pci_intx	*intx;
	struct vmr_lock_ops	*lock;
	const char		*name;
	/* private: the buses, in the @pci_buses of the system */
	struct vmr_range	buses;
	size_t			nr_functions;	/* below the host bridge */
	bool			translates;	/* a window has an offset */
	/* public: */
};

/**
 * vmr_pci_host_register - add a host bridge to a machine
 * @manager: the manager
 * @host: zeroed memory, or unregistered
 * @config: the description, copied but for @intx and @lock
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL. The bus range is reversed. There are too many windows,
 *    or one is reversed, has another @io, or ends above 2^64-1 on the bus. The @intx
 *    has a number of lines and no lines;
 *  - -EEXIST: @host is registered;
 *  - -ERANGE: the segment is above 65535 or a bus above 255;
 *  - -EBUSY: an address on one of the buses is in use, or another host bridge has one
 *    of the buses.
 */
int vmr_pci_host_register(struct vmr_manager *manager,
			  struct vmr_pci_host *host,
			  const struct vmr_pci_host_config *config);

/**
 * vmr_pci_host_unregister - remove a host bridge from a machine
 * @host: the host bridge
 *
 * Return: 0, or
 *  - -EINVAL: @host is NULL;
 *  - -ENOENT: @host is not registered;
 *  - -EBUSY: a function below it is plugged.
 */
int vmr_pci_host_unregister(struct vmr_pci_host *host);

/**
 * vmr_pci_host_plug - register a function on the root bus of a host bridge
 * @host: a registered host bridge
 * @fn: the function
 * @devfn: device << 3 | function, or VMR_PCI_ANY_DEVICE
 *
 * Return: as vmr_pci_bridge_plug(), with @host in place of the bridge; -ERANGE also if
 * the machine has no such address.
 */
int vmr_pci_host_plug(struct vmr_pci_host *host, struct vmr_pci_function *fn,
		      uint32_t devfn);

/**
 * vmr_pci_host_plug_card - register the functions of one device in one step
 * @host: a registered host bridge
 * @fns: the functions by their number, NULL for one that the card does not have
 * @nr: the length of @fns, 1 to 8
 * @device: device number, or VMR_PCI_ANY_DEVICE
 *
 * Return: as vmr_pci_bridge_plug_card().
 */
int vmr_pci_host_plug_card(struct vmr_pci_host *host,
			   struct vmr_pci_function *const *fns, unsigned int nr,
			   uint32_t device);

/**
 * vmr_pci_find_host - find the host bridge that has a bus
 * @manager: the manager
 * @segment: the segment
 * @bus: the bus number
 *
 * O(log n) for n host bridges.
 *
 * Return: the host bridge, or NULL.
 */
struct vmr_pci_host *vmr_pci_find_host(const struct vmr_manager *manager,
				       uint32_t segment, uint32_t bus);

/**
 * vmr_pci_next_function - iterate over the functions below a host bridge or bridge
 * @host: the host bridge; may be NULL if @below is not
 * @below: only functions behind this bridge, or NULL
 * @prev: the function before, NULL for the first
 *
 * The order is depth first: a bridge precedes the functions behind it, which precede
 * the next function on its bus. The topology must not change in the loop.
 *
 * Return: the next function, or NULL.
 */
struct vmr_pci_function *
vmr_pci_next_function(const struct vmr_pci_host *host,
		      const struct vmr_pci_bridge *below,
		      const struct vmr_pci_function *prev);

/**
 * struct vmr_pci_ecam - the memory-mapped configuration space of a bus range
 * @dev: the device that owns the addresses
 * @region: its region
 * @constraint: requests the addresses
 * @resource: memory for the allocated addresses
 * @host: the host bridge
 */
struct vmr_pci_ecam {
	struct vmr_device	dev;
	struct vmr_region	region;
	struct vmr_constraint	constraint;
	struct vmr_resource	resource;
	struct vmr_pci_host	*host;
};

/**
 * vmr_pci_ecam_init - initialise the ECAM of a host bridge
 * @ecam: zeroed memory
 * @host: a registered host bridge
 * @addr: the address of the registers of its first bus, a multiple of 1 MiB
 *
 * The region has 1 MiB for each bus of @host. Accesses have 1, 2 or 4 bytes, or 8,
 * which are two accesses. An access that is not aligned reads ones and writes
 * nothing, as do all accesses to functions that do not exist.
 *
 * Does not register the device. A caller that restores a snapshot restores
 * @ecam->dev.id and @ecam->region.range, and then registers @ecam->dev with
 * vmr_device_register_restored().
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL or @addr is not aligned;
 *  - -EEXIST: @ecam is registered;
 *  - -ENOENT: @host is not registered.
 */
int vmr_pci_ecam_init(struct vmr_pci_ecam *ecam, struct vmr_pci_host *host,
		      uint64_t addr);

/**
 * vmr_pci_ecam_register - give the guest the ECAM of a host bridge
 * @ecam: zeroed memory
 * @host: a registered host bridge
 * @addr: as for vmr_pci_ecam_init()
 *
 * If the registration of the device fails, @ecam is as after vmr_pci_ecam_init().
 *
 * Return: as vmr_pci_ecam_init(), or what vmr_device_register() returns.
 */
int vmr_pci_ecam_register(struct vmr_pci_ecam *ecam, struct vmr_pci_host *host,
			  uint64_t addr);

/**
 * struct vmr_pci_conf1 - configuration mechanism #1, ports 0xcf8 to 0xcff
 * @dev: the device that owns the ports
 * @ports: its region
 * @port_constraint: requests the ports
 * @port_resource: memory for the allocated ports
 * @manager: the manager of the functions
 * @lock: the update-side lock, NULL if the program has one thread
 * @config_address: the CONFIG_ADDRESS register at 0xcf8
 * @reset: called when the guest writes a byte to port 0xcf9, the reset control
 *	register inside the ports; may be NULL
 */
struct vmr_pci_conf1 {
	struct vmr_device	dev;
	struct vmr_region	ports;
	struct vmr_constraint	port_constraint;
	struct vmr_resource	port_resource;
	struct vmr_manager	*manager;
	struct vmr_lock_ops	*lock;
	uint32_t		config_address;
	void (*reset)(struct vmr_pci_conf1 *conf1, uint8_t value);
};

/**
 * vmr_pci_conf1_init - initialise configuration mechanism #1
 * @conf1: zeroed memory
 * @manager: the manager
 * @lock: as for vmr_pci_conf1_register()
 *
 * Does not register the device. A caller that restores a snapshot restores
 * @conf1->dev.id and @conf1->ports.range, and then registers @conf1->dev with
 * vmr_device_register_restored().
 *
 * Return: 0, or
 *  - -EINVAL: @conf1 or @manager is NULL;
 *  - -EEXIST: @conf1 is registered.
 */
int vmr_pci_conf1_init(struct vmr_pci_conf1 *conf1, struct vmr_manager *manager,
		       struct vmr_lock_ops *lock);

/**
 * vmr_pci_conf1_register - give the guest configuration mechanism #1
 * @conf1: zeroed memory
 * @manager: the manager
 * @lock: acquired for each access to a register of a function; NULL for none
 *
 * The mechanism reaches all host bridges of segment 0.
 *
 * If the registration of the device fails, @conf1 is as after vmr_pci_conf1_init().
 *
 * Return: as vmr_pci_conf1_init(), or what vmr_device_register() returns.
 */
int vmr_pci_conf1_register(struct vmr_pci_conf1 *conf1,
			   struct vmr_manager *manager,
			   struct vmr_lock_ops *lock);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_PCI_HOST_H */

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * pci.h - PCI functions: what a guest writes to BARs becomes moves
 *
 * The model of a function's configuration header that decides where its BARs
 * are: sizing, 64-bit pairs, the expansion ROM, and the decode bits of the command
 * register (PCI Local Bus Specification 3.0, section 6.2). The registers read back
 * what the guest wrote, and the regions are where these registers say, at once:
 *
 *  - decode off: the BAR answers nothing; its region is parked at the address in
 *    the register;
 *  - decode on: each write of a 32-bit half acts when it is made;
 *  - an address whose writable bits are all zero or all one is no address but
 *    sizing: the BAR is unmapped. So a BAR cannot live at 0 or at the top of its
 *    address width;
 *  - an occupied address makes a claim, one outside the domain unmaps.
 *
 * Locking: all of this is the writer's side, except for what a struct
 * vmr_pci_host does as a device: it is called by readers and takes the lock that
 * the caller gave it.
 */
#ifndef VMALLOC_PCI_H
#define VMALLOC_PCI_H

#include <vmalloc/device.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VMR_PCI_CONFIG_SIZE	256
#define VMR_PCI_NR_BARS		7	/* six and the expansion ROM */
#define VMR_PCI_ROM		6	/* index of the expansion ROM */

/* An address in struct vmr_system's @pci domain */
#define VMR_PCI_ADDR(bus, dev, fn) \
	((uint32_t)(bus) << 8 | (uint32_t)(dev) << 3 | (uint32_t)(fn))

/**
 * enum vmr_pci_bar_type - what a BAR decodes
 * @VMR_BAR_NONE: there is no such BAR
 * @VMR_BAR_IO: I/O ports
 * @VMR_BAR_MEM32: memory below 4 GiB
 * @VMR_BAR_MEM64: memory anywhere; takes the next BAR's register too
 * @VMR_BAR_ROM: the expansion ROM, with an enable bit of its own
 */
enum vmr_pci_bar_type {
	VMR_BAR_NONE,
	VMR_BAR_IO,
	VMR_BAR_MEM32,
	VMR_BAR_MEM64,
	VMR_BAR_ROM,
};

/**
 * struct vmr_pci_bar - a base address register and what is behind it
 * @region: its addresses
 * @type: enum vmr_pci_bar_type
 * @prefetchable: whether the register says so
 */
struct vmr_pci_bar {
	struct vmr_region	region;
	uint8_t			type;
	bool			prefetchable;
};

/**
 * struct vmr_pci_ids - what a function says it is
 * @vendor: vendor id
 * @device: device id
 * @subvendor: subsystem vendor id
 * @subdevice: subsystem id
 * @class_code: class << 16 | subclass << 8 | programming interface
 * @revision: revision id
 * @header_type: 0, or 0x80 for function 0 of several
 * @irq_pin: 0 for none, 1 for INTA# to 4 for INTD#
 */
struct vmr_pci_ids {
	uint16_t	vendor;
	uint16_t	device;
	uint16_t	subvendor;
	uint16_t	subdevice;
	uint32_t	class_code;
	uint8_t		revision;
	uint8_t		header_type;
	uint8_t		irq_pin;
};

struct vmr_pci_function;

/**
 * struct vmr_pci_ops - what a function does beyond the model
 * @config_written: bytes of configuration space have been written; @offset is
 *	the first, @width their number. Called after the model has acted. May be
 *	NULL
 */
struct vmr_pci_ops {
	void (*config_written)(struct vmr_pci_function *fn, uint32_t offset,
			       uint32_t width);
};

/**
 * struct vmr_pci_function - a PCI function with a type 0 header
 * @dev: the device; its regions are the BARs
 * @address: its PCI address, allocated from the system's @pci domain
 * @manager: what it is plugged into, NULL if it is not
 * @ops: what it does beyond the model, or NULL
 * @bars: the BARs
 * @config: configuration space in guest memory order
 * @writable: bit by bit, what the guest may write of @config
 *
 * The owner may change @config and @writable outside the standard header, for
 * capabilities and registers of the device's own.
 */
struct vmr_pci_function {
	struct vmr_device		dev;
	struct vmr_range		address;
	struct vmr_manager		*manager;
	const struct vmr_pci_ops	*ops;
	struct vmr_pci_bar		bars[VMR_PCI_NR_BARS];
	uint8_t				config[VMR_PCI_CONFIG_SIZE];
	uint8_t				writable[VMR_PCI_CONFIG_SIZE];
};

/**
 * vmr_pci_function_init - make a function without BARs
 * @fn: zeroed memory
 * @ids: what it says it is
 * @ops: the callbacks of its BARs
 * @name: name for people
 *
 * Return: 0, or -EINVAL if a pointer is NULL or the pin is above 4.
 */
int vmr_pci_function_init(struct vmr_pci_function *fn,
			  const struct vmr_pci_ids *ids,
			  const struct vmr_device_ops *ops, const char *name);

/**
 * vmr_pci_add_bar - give a function a BAR
 * @fn: a function that is not plugged
 * @index: 0 to 5, or VMR_PCI_ROM
 * @type: what it decodes
 * @prefetchable: whether it has no side effects on reads
 * @size: a power of two: 4 to 256 for I/O, from 16 to 2 GiB for 32-bit memory,
 *	16 to 2^63 for 64-bit memory, 2 KiB to 16 MiB for the ROM
 * @tag: name for people, or NULL
 *
 * The BAR traps; its owner may make @fn->bars[@index].region memory with trapped
 * parts before the function is plugged.
 *
 * Return: 0, or
 *  - -EINVAL: @fn is NULL, the index does not fit the type, or the size is none
 *    of the type's;
 *  - -EEXIST: the register, or the second one of a 64-bit pair, is in use;
 *  - -EBUSY: @fn is plugged.
 */
int vmr_pci_add_bar(struct vmr_pci_function *fn, unsigned int index,
		    enum vmr_pci_bar_type type, bool prefetchable,
		    uint64_t size, const char *tag);

/**
 * vmr_pci_plug - register a function at a PCI address
 * @manager: the manager
 * @fn: the function
 * @address: VMR_PCI_ADDR() of it
 *
 * Takes the address and registers @fn->dev, or does nothing of it. The BARs are
 * unmapped, as after reset.
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL;
 *  - -EEXIST: @fn is plugged;
 *  - -ERANGE: the machine has no such address;
 *  - -EBUSY: another function has it;
 *  - what vmr_register() returns.
 */
int vmr_pci_plug(struct vmr_manager *manager, struct vmr_pci_function *fn,
		 uint32_t address);

/**
 * vmr_pci_unplug - take a function out: registers, regions, address
 * @fn: the function
 *
 * Its memory is the caller's again after vmr_drain() of @fn->dev.
 *
 * Return: the number of regions that were visible; -EINVAL if @fn is NULL;
 * -ENOENT if it is not plugged.
 */
int vmr_pci_unplug(struct vmr_pci_function *fn);

/**
 * vmr_pci_function_at - the function at a PCI address
 * @manager: the manager
 * @address: VMR_PCI_ADDR() of it
 *
 * Return: the function, NULL if there is none.
 */
struct vmr_pci_function *vmr_pci_function_at(const struct vmr_manager *manager,
					     uint32_t address);

/**
 * vmr_pci_config_read - read configuration space
 * @fn: the function
 * @offset: of the first byte
 * @data: where to store @width bytes, in guest memory order
 * @width: 1, 2 or 4
 *
 * Return: 0, or with @data all ones
 *  - -EMSGSIZE: @width is none of these;
 *  - -ERANGE: the access leaves configuration space;
 * or -EINVAL if a pointer is NULL.
 */
int vmr_pci_config_read(const struct vmr_pci_function *fn, uint32_t offset,
			void *data, uint32_t width);

/**
 * vmr_pci_config_write - write configuration space, and act on it
 * @fn: the function, plugged
 * @offset: of the first byte
 * @data: @width bytes in guest memory order
 * @width: 1, 2 or 4
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL;
 *  - -EMSGSIZE: @width is none of these;
 *  - -ERANGE: the access leaves configuration space;
 *  - -ENOENT: the function is not plugged.
 */
int vmr_pci_config_write(struct vmr_pci_function *fn, uint32_t offset,
			 const void *data, uint32_t width);

/**
 * vmr_pci_bar_address - the address that a BAR's registers hold
 * @fn: the function
 * @index: 0 to 5, or VMR_PCI_ROM
 * @addr: where to store it
 *
 * Return: true if the registers hold an address and decoding is on for it (the
 * BAR is live there, or claims the place); false if they do not.
 */
bool vmr_pci_bar_address(const struct vmr_pci_function *fn, unsigned int index,
			 uint64_t *addr);

/**
 * struct vmr_pci_lock - the caller's lock of the writer's side
 * @lock: take it
 * @unlock: release it
 */
struct vmr_pci_lock {
	void (*lock)(struct vmr_pci_lock *lock);
	void (*unlock)(struct vmr_pci_lock *lock);
};

/**
 * struct vmr_pci_host - configuration mechanism #1: ports 0xcf8 to 0xcff
 * @dev: the device that has the ports
 * @ports: its region
 * @port_constraint: where it wants the ports
 * @port_resource: memory for the grant
 * @manager: whose functions it reaches
 * @lock: the caller's writer lock, NULL if there is one thread
 * @latch: the address register at 0xcf8
 */
struct vmr_pci_host {
	struct vmr_device	dev;
	struct vmr_region	ports;
	struct vmr_constraint	port_constraint;
	struct vmr_resource	port_resource;
	struct vmr_manager	*manager;
	struct vmr_pci_lock	*lock;
	uint32_t		latch;
};

/**
 * vmr_pci_host_register - give the guest configuration mechanism #1
 * @host: zeroed memory
 * @manager: the manager
 * @lock: taken around each access to configuration space; NULL for none
 *
 * Return: 0, or -EINVAL if @host or @manager is NULL, or what vmr_register()
 * returns.
 */
int vmr_pci_host_register(struct vmr_pci_host *host,
			  struct vmr_manager *manager,
			  struct vmr_pci_lock *lock);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_PCI_H */

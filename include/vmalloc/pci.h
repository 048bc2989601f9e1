/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * pci.h - PCI functions, bridges, and their interrupt vectors
 */
#ifndef VMALLOC_PCI_H
#define VMALLOC_PCI_H

#include <vmalloc/device.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * DOC: Overview
 *
 * This layer models the registers of a PCI function that determine its addresses:
 * the BARs, the decode bits of the command register, and the windows of a bridge
 * (PCI Local Bus Specification 3.0, section 6.2; PCI-to-PCI Bridge Architecture
 * Specification 1.2). The registers read back what the guest wrote. After each
 * write, the regions are at the addresses in the registers:
 *
 *  - Decoding is off: the BAR is unmapped, and its region is parked at the address
 *    in the register.
 *  - Decoding is on: each write of a 32-bit half takes effect at once.
 *  - A write of the command register moves all BARs of the function. The write is
 *    atomic for lookups, and no BAR takes the addresses that another BAR of the
 *    function is about to free.
 *  - The writable address bits are all zero or all one: the register is being
 *    sized, and the BAR is unmapped. A BAR can therefore be neither at 0 nor at the
 *    top of its address width.
 *  - The addresses are in use: the region claims them.
 *  - The addresses are outside the address domain: the BAR is unmapped.
 *
 * The windows of a bridge follow their registers in the same way. MSI and MSI-X
 * capabilities allocate interrupt vectors while the guest enables them.
 *
 * A struct vmr_pci_function embeds its device, its BARs and its configuration
 * space. The owner embeds the function in its own struct. A struct vmr_pci_bridge
 * embeds a function and the bus behind it. Capabilities are separate structs,
 * which the owner adds to a function.
 *
 * The caller provides all memory. The library allocates none.
 *
 * All calls are update-side calls, and the caller serialises them. Only a struct
 * vmr_pci_conf1 is called by readers: it takes the lock that the caller gave it.
 *
 * A write of configuration space costs one move, in O(log n), for each BAR or
 * window that it changes. A write to an MSI-X capability visits all entries of its
 * table. A lookup of a function visits the functions of each bus on its path.
 */

#define VMR_PCI_CONFIG_SIZE	256
#define VMR_PCI_NR_BARS		7	/* six and the expansion ROM */
#define VMR_PCI_ROM		6	/* index of the expansion ROM */

/**
 * VMR_PCI_BDF() - compose a number of the @pci_bdfs of a struct vmr_system
 * @bus: bus number, 0 to 255
 * @dev: device number, 0 to 31
 * @fn: function number, 0 to 7
 */
#define VMR_PCI_BDF(bus, dev, fn) \
	((uint32_t)(bus) << 8 | (uint32_t)(dev) << 3 | (uint32_t)(fn))

/**
 * enum vmr_pci_bar_type - what a BAR decodes
 * @VMR_PCI_BAR_NONE: no BAR
 * @VMR_PCI_BAR_IO: I/O ports
 * @VMR_PCI_BAR_MEM32: memory below 4 GiB
 * @VMR_PCI_BAR_MEM64: 64-bit memory; uses the register of the next BAR too
 * @VMR_PCI_BAR_ROM: the expansion ROM, which has its own enable bit
 */
enum vmr_pci_bar_type {
	VMR_PCI_BAR_NONE,
	VMR_PCI_BAR_IO,
	VMR_PCI_BAR_MEM32,
	VMR_PCI_BAR_MEM64,
	VMR_PCI_BAR_ROM,
};

/**
 * struct vmr_pci_bar - a base address register and its region
 * @region: the region that the BAR maps
 * @type: enum vmr_pci_bar_type
 * @prefetchable: whether the prefetchable bit of the register is set
 */
struct vmr_pci_bar {
	struct vmr_region	region;
	uint8_t			type;
	bool			prefetchable;
};

/**
 * struct vmr_pci_ids - the identification of a function
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

struct vmr_pci_bridge;
struct vmr_pci_function;

/**
 * struct vmr_pci_reg_block - registers with a write handler
 * @offset: offset of the first byte in configuration space
 * @size: length in bytes
 * @write: called after the guest has written to the block or to the command
 *	register
 * @reset: called after a reset has cleared the writable bits; may be NULL
 * @remove: called before the function is unplugged; frees what the block has
 *	allocated; may be NULL
 */
struct vmr_pci_reg_block {
	uint32_t		offset;
	uint32_t		size;
	void (*write)(struct vmr_pci_function *fn,
		      struct vmr_pci_reg_block *reg_block);
	void (*reset)(struct vmr_pci_function *fn,
		      struct vmr_pci_reg_block *reg_block);
	void (*remove)(struct vmr_pci_function *fn,
		       struct vmr_pci_reg_block *reg_block);
	/* private: the next block of the function */
	struct vmr_pci_reg_block	*next;
};

/**
 * struct vmr_pci_ops - notifications of a function
 * @config_written: called after the guest has written configuration space and the
 *	model has acted on it. @offset is the first byte, @width the number of bytes.
 *	May be NULL
 * @vector_changed: called when interrupt vector @index changes. @range is the
 *	allocated number, or NULL if the vector was freed or could not be allocated;
 *	in the latter case @error is the reason, else 0. For MSI there is one call
 *	for the whole block, with @index 0. May be NULL
 */
struct vmr_pci_ops {
	void (*config_written)(struct vmr_pci_function *fn, uint32_t offset,
			       uint32_t width);
	void (*vector_changed)(struct vmr_pci_function *fn, uint32_t index,
			       const struct vmr_range *range, int error);
};

/**
 * struct vmr_pci_function - a PCI function
 * @dev: the device; its regions are the BARs
 * @address: the BDF in the @pci_bdfs of the system; behind a bridge,
 *	device << 3 | function
 * @manager: the manager that the function is plugged into, or NULL
 * @ops: notifications, or NULL
 * @upstream_bridge: the bridge that the function is behind, NULL at the root
 * @bridge: the bridge that the function belongs to, NULL if it is no bridge
 * @bars: the BARs
 * @config: configuration space in guest memory order
 * @wmask: the bits of @config that the guest may write
 *
 * The owner may change @config and @wmask outside the standard header, for
 * capabilities and registers of its own.
 */
struct vmr_pci_function {
	struct vmr_device		dev;
	struct vmr_range		address;
	struct vmr_manager		*manager;
	const struct vmr_pci_ops	*ops;
	struct vmr_pci_bridge		*upstream_bridge;
	struct vmr_pci_bridge		*bridge;
	/* private: the register blocks, the one added last first */
	struct vmr_pci_reg_block	*reg_blocks;
	/* public: */
	struct vmr_pci_bar		bars[VMR_PCI_NR_BARS];
	uint8_t				config[VMR_PCI_CONFIG_SIZE];
	uint8_t				wmask[VMR_PCI_CONFIG_SIZE];
};

/**
 * vmr_pci_function_init - initialise a function without BARs
 * @fn: zeroed memory
 * @ids: the identification of the function
 * @ops: the callbacks for accesses to its BARs
 * @name: name for people
 *
 * Return: 0, or -EINVAL if a pointer is NULL or the pin is above 4.
 */
int vmr_pci_function_init(struct vmr_pci_function *fn,
			  const struct vmr_pci_ids *ids,
			  const struct vmr_device_ops *ops, const char *name);

/**
 * vmr_pci_add_bar - add a BAR to a function
 * @fn: a function that is not plugged
 * @index: 0 to 5, or VMR_PCI_ROM
 * @type: what the BAR decodes
 * @prefetchable: whether reads have no side effects
 * @size: bytes or ports, a power of two: 4 to 256 for I/O, from 16 to 1 GiB for
 *	32-bit memory, 16 to 2^62 for 64-bit memory, 2 KiB to 16 MiB for the ROM.
 *	A larger BAR would have a single writable bit, whose every value means
 *	sizing
 * @name: name for people, or NULL
 *
 * Every access to the BAR traps. Before the function is plugged, its owner may
 * make @fn->bars[@index].region a memory region with trapped subregions.
 *
 * Return: 0, or
 *  - -EINVAL: @fn is NULL, the index does not fit the type, or the size is invalid
 *    for the type;
 *  - -EEXIST: the register, or the second one of a 64-bit pair, is in use;
 *  - -EBUSY: @fn is plugged.
 */
int vmr_pci_add_bar(struct vmr_pci_function *fn, unsigned int index,
		    enum vmr_pci_bar_type type, bool prefetchable,
		    uint64_t size, const char *name);

/**
 * vmr_pci_plug - register a function at a BDF
 * @manager: the manager
 * @fn: the function
 * @address: its VMR_PCI_BDF()
 *
 * Allocates the BDF and registers @fn->dev; a failure of either undoes both. The
 * BARs are unmapped, as after a reset.
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL;
 *  - -EEXIST: @fn is plugged;
 *  - -ERANGE: the machine has no such BDF;
 *  - -EBUSY: another function has this BDF;
 *  - what vmr_device_register() returns.
 */
int vmr_pci_plug(struct vmr_manager *manager, struct vmr_pci_function *fn,
		 uint32_t address);

/**
 * vmr_pci_register_restored - register a function after a restore
 * @manager: the manager
 * @fn: a function that is not plugged; its configuration space, BDF, device id and
 *	the ranges of its BARs are restored
 * @failed: as for vmr_device_register_restored(), or NULL
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL;
 *  - -EEXIST: @fn is plugged;
 *  - -ENOENT: its address is not live in the @pci_bdfs of the system, or behind its
 *    bridge;
 *  - what vmr_device_register_restored() returns.
 */
int vmr_pci_register_restored(struct vmr_manager *manager,
			      struct vmr_pci_function *fn, size_t *failed);

/**
 * vmr_pci_unplug - unregister a function and free its vectors and BDF
 * @fn: the function
 *
 * The caller may reuse the memory after vmr_device_drain() of @fn->dev. A
 * vmr_device_unregister() of @fn->dev alone removes only the BARs: the function
 * keeps its BDF and its vectors, and the guest can still access its registers. A
 * later vmr_pci_unplug() then frees them.
 *
 * Return: the number of regions that were mapped, or
 *  - -EINVAL: @fn is NULL;
 *  - -ENOENT: @fn is not plugged;
 *  - -EBUSY: @fn is a bridge with functions behind it, or in a transaction.
 */
int vmr_pci_unplug(struct vmr_pci_function *fn);

/**
 * struct vmr_pci_bridge - a PCI-to-PCI bridge and the bus behind it
 * @fn: the bridge as a function, with a type 1 header
 * @bus: the spaces behind the bridge
 * @io: window of I/O ports, in units of 4096 ports
 * @mem: window of memory below 4 GiB, in units of 1 MiB
 * @pref: window of 64-bit prefetchable memory, in units of 1 MiB
 * @devfns: the functions behind the bridge, by device << 3 | function
 * @reg_block: the registers of the windows and bus numbers
 */
struct vmr_pci_bridge {
	struct vmr_pci_function	fn;
	struct vmr_bus		bus;
	struct vmr_region	io;
	struct vmr_region	mem;
	struct vmr_region	pref;
	struct vmr_id_pool	devfns;
	struct vmr_pci_reg_block	reg_block;
};

/**
 * vmr_pci_bridge_init - initialise a bridge with an empty bus
 * @bridge: zeroed memory
 * @manager: the manager that the bridge will be plugged into
 * @ids: the identification of the bridge; the class is usually 0x060400
 * @ops: the callbacks for accesses to its BARs; a bridge has at most two and a ROM
 * @name: name for people
 *
 * The caller plugs &bridge->fn as any function. All windows are closed until the
 * guest programs them.
 *
 * Return: as vmr_pci_function_init().
 */
int vmr_pci_bridge_init(struct vmr_pci_bridge *bridge,
			struct vmr_manager *manager,
			const struct vmr_pci_ids *ids,
			const struct vmr_device_ops *ops, const char *name);

/**
 * vmr_pci_bridge_plug - register a function behind a bridge
 * @bridge: a bridge that is plugged
 * @fn: the function
 * @device: device << 3 | function; the guest assigns the bus number
 *
 * Return: as vmr_pci_plug(); -ENOENT if the bridge is not plugged.
 */
int vmr_pci_bridge_plug(struct vmr_pci_bridge *bridge,
			struct vmr_pci_function *fn, uint32_t device);

/**
 * struct vmr_pci_msi - an MSI capability
 * @reg_block: its registers
 * @range: the block of vectors, live while MSI is enabled
 * @error: why the allocation of the vectors failed, or 0
 */
struct vmr_pci_msi {
	struct vmr_pci_reg_block	reg_block;
	struct vmr_range		range;
	int				error;
};

/**
 * vmr_pci_add_msi - add an MSI capability to a function
 * @fn: a function that is not plugged
 * @msi: zeroed memory
 * @offset: offset in configuration space, from 0x40 in steps of 4; the capability
 *	has 16 bytes
 * @vectors: the number of vectors that it supports: 1, 2, 4, 8, 16 or 32
 *
 * When the guest enables MSI, the library allocates a block of the requested
 * number of vectors, aligned to its size. It frees the block when the guest
 * disables MSI or the function is unplugged. The registers read back what the guest
 * wrote even if the allocation fails. A failure is reported once to
 * @fn->ops->vector_changed. The library tries again when the guest requests another
 * number of vectors, or disables and enables MSI. After a restore it tries again
 * when the guest writes to the capability or the command register.
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, or @offset or @vectors is invalid;
 *  - -EEXIST: the registers overlap another register block, or the capability was
 *    added before;
 *  - -EBUSY: @fn is plugged.
 */
int vmr_pci_add_msi(struct vmr_pci_function *fn, struct vmr_pci_msi *msi,
		    uint32_t offset, uint32_t vectors);

/**
 * struct vmr_pci_msix_entry - an entry of an MSI-X table
 * @range: the vector, live while the entry is enabled
 * @dwords: the entry: address, upper address, data, control
 * @error: why the allocation of the vector failed, or 0
 */
struct vmr_pci_msix_entry {
	struct vmr_range	range;
	uint32_t		dwords[4];
	int			error;
};

/**
 * struct vmr_pci_msix - an MSI-X capability
 * @reg_block: its registers
 * @entries: the table
 * @nr: the number of entries
 */
struct vmr_pci_msix {
	struct vmr_pci_reg_block	reg_block;
	struct vmr_pci_msix_entry	*entries;
	uint32_t			nr;
};

/**
 * struct vmr_pci_msix_layout - the addresses of an MSI-X table and its pending bits
 * @table_bar: index of the BAR with the table
 * @pba_bar: index of the BAR with the pending bits
 * @table_offset: offset of the table in bytes, a multiple of 8
 * @pba_offset: offset of the pending bits in bytes, a multiple of 8
 */
struct vmr_pci_msix_layout {
	uint8_t		table_bar;
	uint8_t		pba_bar;
	uint32_t	table_offset;
	uint32_t	pba_offset;
};

/**
 * vmr_pci_add_msix - add an MSI-X capability to a function
 * @fn: a function that is not plugged
 * @msix: zeroed memory
 * @offset: offset in configuration space, from 0x40 in steps of 4; the capability
 *	has 12 bytes
 * @entries: zeroed memory for the table
 * @nr: number of entries, 1 to 2048
 * @layout: the addresses of the table and the pending bits
 *
 * An entry is enabled while MSI-X is enabled and the entry is not masked. The
 * library allocates one vector for each enabled entry, and frees it when the entry
 * is disabled. A device that advertises 2048 vectors holds only the enabled ones. A
 * failure to allocate is reported once. The library tries again after the entry has
 * been disabled, and after a restore as for MSI. The owner of the BAR passes
 * accesses to the table to vmr_pci_msix_read() and vmr_pci_msix_write().
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, or a number is invalid;
 *  - -EEXIST: the registers overlap another register block, or the capability was
 *    added before;
 *  - -EBUSY: @fn is plugged.
 */
int vmr_pci_add_msix(struct vmr_pci_function *fn, struct vmr_pci_msix *msix,
		     uint32_t offset, struct vmr_pci_msix_entry *entries,
		     uint32_t nr, const struct vmr_pci_msix_layout *layout);

/**
 * vmr_pci_msix_read - read from an MSI-X table
 * @msix: the capability
 * @offset: offset in the table in bytes
 * @data: receives @width bytes in guest memory order
 * @width: 4 or 8
 *
 * Return: 0, or with @data all ones
 *  - -EMSGSIZE: @width is invalid;
 *  - -ERANGE: the access is not aligned or leaves the table;
 * or -EINVAL if a pointer is NULL.
 */
int vmr_pci_msix_read(const struct vmr_pci_msix *msix, uint64_t offset,
		      void *data, uint32_t width);

/**
 * vmr_pci_msix_write - write to an MSI-X table and update the vector
 * @fn: the function
 * @msix: its capability
 * @offset: offset in the table in bytes
 * @data: @width bytes in guest memory order
 * @width: 4 or 8
 *
 * Return: as vmr_pci_msix_read(); -ENOENT if @fn is not plugged.
 */
int vmr_pci_msix_write(struct vmr_pci_function *fn, struct vmr_pci_msix *msix,
		       uint64_t offset, const void *data, uint32_t width);

/**
 * vmr_pci_find_function - find the function at a BDF
 * @manager: the manager
 * @address: its VMR_PCI_BDF(); behind bridges, with the bus number that the guest
 *	assigned
 *
 * Return: the function, or NULL.
 */
struct vmr_pci_function *
vmr_pci_find_function(const struct vmr_manager *manager, uint32_t address);

/**
 * vmr_pci_config_read - read configuration space
 * @fn: the function
 * @offset: offset of the first byte
 * @data: receives @width bytes in guest memory order
 * @width: 1, 2 or 4
 *
 * Return: 0, or with @data all ones
 *  - -EMSGSIZE: @width is invalid;
 *  - -ERANGE: the access leaves configuration space;
 * or -EINVAL if a pointer is NULL.
 */
int vmr_pci_config_read(const struct vmr_pci_function *fn, uint32_t offset,
			void *data, uint32_t width);

/**
 * vmr_pci_config_write - write configuration space and update the function
 * @fn: the function, plugged
 * @offset: offset of the first byte
 * @data: @width bytes in guest memory order
 * @width: 1, 2 or 4
 *
 * Moves the BARs and windows and updates the vectors whose registers are written.
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL;
 *  - -EMSGSIZE: @width is invalid;
 *  - -ERANGE: the access leaves configuration space;
 *  - -ENOENT: the function is not plugged.
 */
int vmr_pci_config_write(struct vmr_pci_function *fn, uint32_t offset,
			 const void *data, uint32_t width);

/**
 * vmr_pci_bar_addr - get the address of a BAR
 * @fn: the function
 * @index: 0 to 5, or VMR_PCI_ROM
 * @addr: receives the first address
 *
 * Return: true if the BAR is live or claimed, that is, decoding is on and the
 * registers hold an address in the domain; else false.
 */
bool vmr_pci_bar_addr(const struct vmr_pci_function *fn, unsigned int index,
		      uint64_t *addr);

/**
 * struct vmr_lock_ops - the caller's update-side lock
 * @lock: acquire the lock
 * @unlock: release the lock
 */
struct vmr_lock_ops {
	void (*lock)(struct vmr_lock_ops *lock);
	void (*unlock)(struct vmr_lock_ops *lock);
};

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
	void (*reset)(struct vmr_pci_conf1 *host, uint8_t value);
};

/**
 * vmr_pci_conf1_init - initialise configuration mechanism #1
 * @host: zeroed memory
 * @manager: the manager
 * @lock: as for vmr_pci_conf1_register()
 *
 * Does not register the device. A caller that restores a snapshot restores
 * @host->dev.id and @host->ports.range, and then registers @host->dev with
 * vmr_device_register_restored().
 *
 * Return: 0, or
 *  - -EINVAL: @host or @manager is NULL;
 *  - -EEXIST: @host is registered.
 */
int vmr_pci_conf1_init(struct vmr_pci_conf1 *host, struct vmr_manager *manager,
		       struct vmr_lock_ops *lock);

/**
 * vmr_pci_conf1_register - register configuration mechanism #1
 * @host: zeroed memory
 * @manager: the manager
 * @lock: acquired around each access to configuration space; NULL for none
 *
 * Context: The device's callbacks run on the read side and acquire @lock. A thread
 * that dispatches an access must not hold @lock, unless it is recursive.
 *
 * Return: 0, or -EINVAL if @host or @manager is NULL, or what vmr_device_register()
 * returns.
 */
int vmr_pci_conf1_register(struct vmr_pci_conf1 *host,
			   struct vmr_manager *manager,
			   struct vmr_lock_ops *lock);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_PCI_H */

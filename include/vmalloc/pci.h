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
 *  - a write of the command register moves all BARs of the function in one step for
 *    every lookup. None of them has for a moment the place that another leaves;
 *  - an address whose writable bits are all zero or all one is no address but
 *    sizing: the BAR is unmapped. So a BAR cannot live at 0 or at the top of its
 *    address width;
 *  - an occupied address makes a claim, one outside the domain unmaps.
 *
 * Bridges (PCI-to-PCI Bridge Architecture Specification 1.2) have a bus behind
 * them, whose windows follow their registers in the same way. MSI and MSI-X
 * capabilities take interrupt vectors when the guest switches them on, and give
 * them back when it switches them off.
 *
 * Locking: all of this is the writer's side, except for what a struct
 * vmr_pci_conf1 does as a device: it is called by readers and takes the lock that
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

/**
 * VMR_PCI_BDF() - an address in the @pci domain of a struct vmr_system
 * @bus: bus number, 0 to 255
 * @dev: device number, 0 to 31
 * @fn: function number, 0 to 7
 */
#define VMR_PCI_BDF(bus, dev, fn) \
	((uint32_t)(bus) << 8 | (uint32_t)(dev) << 3 | (uint32_t)(fn))

/**
 * enum vmr_pci_bar_type - what a BAR decodes
 * @VMR_PCI_BAR_NONE: there is no such BAR
 * @VMR_PCI_BAR_IO: I/O ports
 * @VMR_PCI_BAR_MEM32: memory below 4 GiB
 * @VMR_PCI_BAR_MEM64: memory anywhere; takes the next BAR's register too
 * @VMR_PCI_BAR_ROM: the expansion ROM, with an enable bit of its own
 */
enum vmr_pci_bar_type {
	VMR_PCI_BAR_NONE,
	VMR_PCI_BAR_IO,
	VMR_PCI_BAR_MEM32,
	VMR_PCI_BAR_MEM64,
	VMR_PCI_BAR_ROM,
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

struct vmr_pci_bridge;
struct vmr_pci_function;

/**
 * struct vmr_pci_reg_block - a part of configuration space that something follows
 * @offset: its first byte
 * @size: its length
 * @write: the guest has written some of it, or of the command register. This
 *	and the two below may be NULL
 * @reset: the writable bits have been cleared, as by a reset
 * @remove: the function is leaving: give back what is held
 * @next: the function's next part; private
 */
struct vmr_pci_reg_block {
	uint32_t		offset;
	uint32_t		size;
	void (*write)(struct vmr_pci_function *fn,
			struct vmr_pci_reg_block *part);
	void (*reset)(struct vmr_pci_function *fn, struct vmr_pci_reg_block *part);
	void (*remove)(struct vmr_pci_function *fn,
			  struct vmr_pci_reg_block *part);
	struct vmr_pci_reg_block	*next;
};

/**
 * struct vmr_pci_ops - what a function does beyond the model
 * @config_written: bytes of configuration space have been written; @offset is
 *	the first, @width their number. Called after the model has acted. May be
 *	NULL
 * @vector_changed: interrupt vector @index has been taken, with its number in @range; or
 *	given back, and then @range is NULL; or could not be had, and then @range
 *	is NULL and @error says why. Of MSI there is one call for the whole block,
 *	@index 0. May be NULL
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
 * @address: its PCI address in the system's @pci domain, or device << 3 |
 *	function on the bus behind a bridge
 * @manager: what it is plugged into, NULL if it is not
 * @ops: what it does beyond the model, or NULL
 * @upstream_bridge: the bridge that it is behind, NULL at the root
 * @bridge: the bridge that it is, NULL if it is none
 * @reg_blocks: parts of configuration space that are followed; private
 * @bars: the BARs
 * @config: configuration space in guest memory order
 * @wmask: bit by bit, what the guest may write of @config
 *
 * The owner may change @config and @wmask outside the standard header, for
 * capabilities and registers of the device's own.
 */
struct vmr_pci_function {
	struct vmr_device		dev;
	struct vmr_range		address;
	struct vmr_manager		*manager;
	const struct vmr_pci_ops	*ops;
	struct vmr_pci_bridge		*upstream_bridge;
	struct vmr_pci_bridge		*bridge;
	struct vmr_pci_reg_block		*reg_blocks;
	struct vmr_pci_bar		bars[VMR_PCI_NR_BARS];
	uint8_t				config[VMR_PCI_CONFIG_SIZE];
	uint8_t				wmask[VMR_PCI_CONFIG_SIZE];
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
 * @size: a power of two: 4 to 256 for I/O, from 16 to 1 GiB for 32-bit memory,
 *	16 to 2^62 for 64-bit memory, 2 KiB to 16 MiB for the ROM. Larger ones
 *	have a single writable bit, whose every value looks like sizing
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
 * @address: VMR_PCI_BDF() of it
 *
 * Takes the address and registers @fn->dev, or does nothing of it. The BARs are
 * unmapped, as after reset.
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL;
 *  - -EEXIST: @fn is plugged;
 *  - -ERANGE: the machine has no such address;
 *  - -EBUSY: another function has it;
 *  - what vmr_device_register() returns.
 */
int vmr_pci_plug(struct vmr_manager *manager, struct vmr_pci_function *fn,
		 uint32_t address);

/**
 * vmr_pci_register_restored - take a function over whose state a restore has put back
 * @manager: the manager
 * @fn: a function that is not plugged, with its configuration space, its PCI
 *	address, its device id and the ranges of its BARs restored
 * @failed: as for vmr_device_register_restored(), or NULL
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL;
 *  - -EEXIST: @fn is plugged;
 *  - -ENOENT: its address is not live in the @pci domain, or behind its bridge;
 *  - what vmr_device_register_restored() returns.
 */
int vmr_pci_register_restored(struct vmr_manager *manager, struct vmr_pci_function *fn,
		  size_t *failed);

/**
 * vmr_pci_unplug - take a function out: registers, regions, address
 * @fn: the function
 *
 * Its memory is the caller's again after vmr_device_drain() of @fn->dev. A vmr_device_unregister() of
 * @fn->dev alone takes the BARs out and leaves the function its PCI address and its
 * vectors: the guest still finds its registers. This call gives them back then
 * too.
 *
 * Return: the number of regions that were visible, or
 *  - -EINVAL: @fn is NULL;
 *  - -ENOENT: it is not plugged;
 *  - -EBUSY: it is a bridge with functions behind it, or part of a transaction.
 */
int vmr_pci_unplug(struct vmr_pci_function *fn);

/**
 * struct vmr_pci_bridge - a PCI-to-PCI bridge and the bus behind it
 * @fn: the bridge as a function, with a type 1 header
 * @bus: the addresses behind it
 * @io: its window of I/O ports, 4 KiB grain
 * @mem: its window of memory below 4 GiB, 1 MiB grain
 * @pref: its window of prefetchable memory, 64-bit, 1 MiB grain
 * @devfns: the functions behind it, by device << 3 | function
 * @reg_block: the window and bus number registers
 */
struct vmr_pci_bridge {
	struct vmr_pci_function	fn;
	struct vmr_bus		bus;
	struct vmr_region	io;
	struct vmr_region	mem;
	struct vmr_region	pref;
	struct vmr_id_pool		devfns;
	struct vmr_pci_reg_block	reg_block;
};

/**
 * vmr_pci_bridge_init - make a bridge with nothing behind it
 * @bridge: zeroed memory
 * @manager: the manager that it will be plugged into
 * @ids: what it says it is; the class is usually 0x060400
 * @ops: the callbacks of its BARs; a bridge has at most two and a ROM
 * @name: name for people
 *
 * It is plugged as a function is, and is closed then: its windows have no
 * addresses until the guest gives them some.
 *
 * Return: as vmr_pci_function_init().
 */
int vmr_pci_bridge_init(struct vmr_pci_bridge *bridge,
			struct vmr_manager *manager,
			const struct vmr_pci_ids *ids,
			const struct vmr_device_ops *ops, const char *name);

/**
 * vmr_pci_bridge_plug - vmr_pci_plug() on the bus behind a bridge
 * @bridge: a bridge that is plugged
 * @fn: the function
 * @device: device << 3 | function; the bus number is the guest's business
 *
 * Return: as vmr_pci_plug(); -ENOENT if the bridge is not plugged.
 */
int vmr_pci_bridge_plug(struct vmr_pci_bridge *bridge,
			struct vmr_pci_function *fn, uint32_t device);

/**
 * struct vmr_pci_msi - an MSI capability
 * @reg_block: its registers
 * @range: holds the block of vectors while MSI is on
 * @error: why there are none although it is, or 0
 */
struct vmr_pci_msi {
	struct vmr_pci_reg_block	reg_block;
	struct vmr_range	range;
	int			error;
};

/**
 * vmr_pci_add_msi - give a function an MSI capability
 * @fn: a function that is not plugged
 * @msi: zeroed memory
 * @offset: where in configuration space, from 0x40 in steps of 4; it takes 16
 *	bytes
 * @vectors: how many it can use: 1, 2, 4, 8, 16 or 32
 *
 * When the guest switches MSI on, a block of as many vectors as it asks for is
 * taken, aligned to its size; when it switches it off, or unplugs the function,
 * the block is given back. The registers say what the guest wrote either way. If
 * there are not so many left, the function is told once. It is tried again when
 * the guest asks for another number, or switches MSI off and on, and after a
 * restore when it writes to the capability or the command register.
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, or @offset or @vectors is none of these;
 *  - -EEXIST: the place overlaps another part, or the capability is a part
 *    already;
 *  - -EBUSY: @fn is plugged.
 */
int vmr_pci_add_msi(struct vmr_pci_function *fn, struct vmr_pci_msi *msi,
		    uint32_t offset, uint32_t vectors);

/**
 * struct vmr_pci_msix_entry - an entry of an MSI-X table
 * @range: holds the vector while the entry is in use
 * @dwords: the entry: address, upper address, data, control
 * @error: why there is no vector although the entry is in use, or 0
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
 * @nr: the number of its entries
 */
struct vmr_pci_msix {
	struct vmr_pci_reg_block	reg_block;
	struct vmr_pci_msix_entry	*entries;
	uint32_t		nr;
};

/**
 * struct vmr_pci_msix_layout - where an MSI-X table and its pending bits are
 * @table_bar: the BAR that the table is in
 * @table_offset: its offset there, a multiple of 8
 * @pba_bar: the BAR that the pending bits are in
 * @pba_offset: their offset there, a multiple of 8
 */
struct vmr_pci_msix_layout {
	uint8_t		table_bar;
	uint8_t		pba_bar;
	uint32_t	table_offset;
	uint32_t	pba_offset;
};

/**
 * vmr_pci_add_msix - give a function an MSI-X capability
 * @fn: a function that is not plugged
 * @msix: zeroed memory
 * @offset: where in configuration space, from 0x40 in steps of 4; it takes 12
 *	bytes
 * @vectors: zeroed memory for the table
 * @nr: number of entries, 1 to 2048
 * @place: where table and pending bits are
 *
 * A vector is taken for each entry when it is first in use, that is, MSI-X is on
 * and the entry is not masked; it is given back when it no longer is, one by one.
 * So a device that advertises 2048 vectors holds those that are used. If there is
 * none left for an entry it is told once, and tried again when the entry has been
 * out of use, and after a restore as for MSI. The owner
 * of the BAR hands accesses to the table to vmr_pci_msix_read() and
 * vmr_pci_msix_write().
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, or a number is none of these;
 *  - -EEXIST: the place overlaps another part, or the capability is a part
 *    already;
 *  - -EBUSY: @fn is plugged.
 */
int vmr_pci_add_msix(struct vmr_pci_function *fn, struct vmr_pci_msix *msix,
		     uint32_t offset, struct vmr_pci_msix_entry *vectors,
		     uint32_t nr, const struct vmr_pci_msix_layout *place);

/**
 * vmr_pci_msix_read - read from an MSI-X table
 * @msix: the capability
 * @offset: from the start of the table
 * @data: where to store @width bytes, in guest memory order
 * @width: 4 or 8; the specification has no others
 *
 * Return: 0, or with @data all ones
 *  - -EMSGSIZE: @width is none of these;
 *  - -ERANGE: the access is not aligned or leaves the table;
 * or -EINVAL if a pointer is NULL.
 */
int vmr_pci_msix_read(const struct vmr_pci_msix *msix, uint64_t offset,
		      void *data, uint32_t width);

/**
 * vmr_pci_msix_write - write to an MSI-X table, and act on it
 * @fn: the function
 * @msix: its capability
 * @offset: from the start of the table
 * @data: @width bytes in guest memory order
 * @width: 4 or 8
 *
 * Return: as vmr_pci_msix_read(); -ENOENT if @fn is not plugged.
 */
int vmr_pci_msix_write(struct vmr_pci_function *fn, struct vmr_pci_msix *msix,
		       uint64_t offset, const void *data, uint32_t width);

/**
 * vmr_pci_find_function - the function at a PCI address
 * @manager: the manager
 * @address: VMR_PCI_BDF() of it; behind bridges, by the bus numbers that the
 *	guest gave them
 *
 * Return: the function, NULL if there is none.
 */
struct vmr_pci_function *vmr_pci_find_function(const struct vmr_manager *manager,
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
 * vmr_pci_bar_addr - where the guest has put a BAR
 * @fn: the function
 * @index: 0 to 5, or VMR_PCI_ROM
 * @addr: where to store it
 *
 * Return: true if the registers hold an address in the domain and decoding is on
 * for it (the BAR is live there, or claims the place); false if not.
 */
bool vmr_pci_bar_addr(const struct vmr_pci_function *fn, unsigned int index,
			 uint64_t *addr);

/**
 * struct vmr_lock_ops - the caller's lock of the writer's side
 * @lock: take it
 * @unlock: release it
 */
struct vmr_lock_ops {
	void (*lock)(struct vmr_lock_ops *lock);
	void (*unlock)(struct vmr_lock_ops *lock);
};

/**
 * struct vmr_pci_conf1 - configuration mechanism #1: ports 0xcf8 to 0xcff
 * @dev: the device that has the ports
 * @ports: its region
 * @port_constraint: where it wants the ports
 * @port_resource: memory for the grant
 * @manager: whose functions it reaches
 * @lock: the caller's writer lock, NULL if there is one thread
 * @config_address: the address register at 0xcf8
 * @reset: a byte is written to port 0xcf9, the reset control register that lies
 *	inside; may be NULL
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
 * vmr_pci_conf1_init - describe configuration mechanism #1 without registering it
 * @host: zeroed memory
 * @manager: the manager
 * @lock: as for vmr_pci_conf1_register()
 *
 * For who restores a snapshot: then the restore puts @host->dev.id and
 * @host->ports.range back, and vmr_device_register_restored() of @host->dev registers it.
 *
 * Return: 0, or
 *  - -EINVAL: @host or @manager is NULL;
 *  - -EEXIST: it is registered.
 */
int vmr_pci_conf1_init(struct vmr_pci_conf1 *host, struct vmr_manager *manager,
		      struct vmr_lock_ops *lock);

/**
 * vmr_pci_conf1_register - give the guest configuration mechanism #1
 * @host: zeroed memory
 * @manager: the manager
 * @lock: taken around each access to configuration space; NULL for none
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

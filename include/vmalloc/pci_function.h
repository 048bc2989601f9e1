/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * pci_function.h - PCI functions, their BARs and their configuration space
 */
#ifndef VMALLOC_PCI_FUNCTION_H
#define VMALLOC_PCI_FUNCTION_H

#include <vmalloc/device.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * DOC: Overview
 *
 * A function has configuration space, BARs and an address. The registers read back
 * what the guest wrote, and the regions of the BARs are where the registers say
 * (PCI Local Bus Specification 3.0, section 6.2):
 *
 *  - Decoding is off: the BAR is unmapped, and its region is parked at the address
 *    in the register.
 *  - Decoding is on: each write of a 32-bit half takes effect at once.
 *  - A write of the command register moves all BARs of the function in one step for
 *    every lookup.
 *  - A half is being sized if the guest wrote a one to an address bit that is wired
 *    to zero, or ones to all its writable bits. It remains so until the half is
 *    written again. The lower half of a 64-bit BAR, all of whose writable bits are
 *    one and no others, holds an address: 2^32 minus the size. While a half is being
 *    sized the BAR is unmapped, and its region is parked at the address that it
 *    had before.
 *  - Address 0 and the end of the BAR's address width are no addresses.
 *  - The addresses are in use: the region claims them.
 *  - The addresses are outside the address domain: the BAR is unmapped.
 *
 * Two states with equal registers differ at most in the age of claims.
 *
 * A struct vmr_pci_function embeds its device, its BARs and 256 bytes of
 * configuration space with their masks; a PCI Express function has 4096 bytes in
 * memory of the owner. The owner embeds the function in its own struct. The library
 * allocates nothing.
 *
 * All calls are update-side calls, unless a call says otherwise.
 *
 * A write of configuration space costs one move, in O(log n), for each BAR or
 * window that it changes. It visits each capability of the function, of which
 * configuration space can hold at most 48 and 960 extended ones.
 */

#define VMR_PCI_CONFIG_SIZE		256
#define VMR_PCI_EXPRESS_CONFIG_SIZE	4096
#define VMR_PCI_NR_BARS			7	/* six and the expansion ROM */
#define VMR_PCI_ROM			6	/* index of the expansion ROM */

/**
 * VMR_PCI_BDF() - compose the number of a function on a bus of segment 0
 * @bus: bus number, 0 to 255
 * @dev: device number, 0 to 31
 * @fn: function number, 0 to 7
 */
#define VMR_PCI_BDF(bus, dev, fn) \
	((uint32_t)(bus) << 8 | (uint32_t)(dev) << 3 | (uint32_t)(fn))

/**
 * VMR_PCI_ADDRESS() - compose a number of the @pci_bdfs of a struct vmr_system
 * @segment: segment, 0 to 65535
 * @bus: bus number, 0 to 255
 * @dev: device number, 0 to 31
 * @fn: function number, 0 to 7
 */
#define VMR_PCI_ADDRESS(segment, bus, dev, fn) \
	((uint32_t)(segment) << 16 | VMR_PCI_BDF(bus, dev, fn))

/* Instead of a device number: the lowest device whose functions are all free */
#define VMR_PCI_ANY_DEVICE		((uint32_t)-1)

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
	/* private: the address before sizing, if the region had one */
	bool			has_old_start;
	uint64_t		old_start;
	/* public: */
};

/**
 * struct vmr_pci_ids - the identification of a function
 * @vendor: vendor id
 * @device: device id
 * @subvendor: subsystem vendor id
 * @subdevice: subsystem id
 * @class_code: class << 16 | subclass << 8 | programming interface
 * @revision: revision id
 * @header_type: 0, or 0x80 for a function of several; the library sets the bit for
 *	cards (vmr_pci_host_plug_card()), and the header of a bridge
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
struct vmr_pci_host;
struct vmr_pci_msi;
struct vmr_pci_msix;
struct vmr_pci_express;
struct vmr_pci_pm;
struct vmr_pci_rebar;
struct vmr_pci_ari;
struct vmr_pci_sriov;

/**
 * struct vmr_pci_write - a write to configuration space
 * @offset: offset of the first byte
 * @width: number of bytes: 1, 2 or 4
 * @old_value: the bytes before the write, as a little-endian number
 * @new_value: the bytes after it: what the guest reads back
 * @written: the bytes that the guest wrote
 */
struct vmr_pci_write {
	uint32_t	offset;
	uint32_t	width;
	uint32_t	old_value;
	uint32_t	new_value;
	uint32_t	written;
};

/**
 * struct vmr_pci_reg_block - registers with callbacks
 * @offset: offset of the first byte in configuration space
 * @size: length in bytes
 * @write: called after the guest has written to the block or to PCI_COMMAND; may
 *	be NULL
 * @read: called when the guest reads from the block, or a snapshot saves it, for
 *	registers whose values are computed: @bytes are the @width registers from
 *	@offset of the function on, all inside the block, which the callback may
 *	change. Several readers may call it at a time; it must not change the
 *	function. May be NULL
 * @reset: called after a reset has restored the registers; may be NULL
 * @remove: called before the function is unplugged; frees what the block has
 *	allocated; may be NULL
 */
struct vmr_pci_reg_block {
	uint32_t		offset;
	uint32_t		size;
	void (*write)(struct vmr_pci_function *fn,
		      struct vmr_pci_reg_block *reg_block,
		      const struct vmr_pci_write *write);
	void (*read)(const struct vmr_pci_function *fn,
		     const struct vmr_pci_reg_block *reg_block, uint32_t offset,
		     uint8_t *bytes, uint32_t width);
	void (*reset)(struct vmr_pci_function *fn,
		      struct vmr_pci_reg_block *reg_block);
	void (*remove)(struct vmr_pci_function *fn,
		       struct vmr_pci_reg_block *reg_block);
	/* private: called before the function is registered; may refuse it */
	int (*plug)(struct vmr_pci_function *fn,
		    struct vmr_pci_reg_block *reg_block);
	/* undoes @plug if the function is not registered after all */
	void (*undo_plug)(struct vmr_pci_function *fn,
			  struct vmr_pci_reg_block *reg_block);
	/* called after the function was registered with restored registers */
	void (*restored)(struct vmr_pci_function *fn,
			 struct vmr_pci_reg_block *reg_block);
	/* the reset values, @size bytes, NULL for zeroes */
	const uint8_t		*contents;
	/* bits that a function level reset leaves alone, @size bytes or NULL */
	const uint8_t		*sticky;
	/* the next block of the function */
	struct vmr_pci_reg_block	*next;
	/* public: */
};

/**
 * struct vmr_pci_events - callbacks of a function's owner
 * @config_written: the guest has written configuration space, and the library has
 *	acted on the write
 * @vector_changed: interrupt vector @index has changed. @range is the allocated
 *	number, or NULL if the vector was freed or could not be allocated; in the
 *	latter case @error is the reason, else 0. MSI has one call for the whole
 *	block, with @index 0
 * @message_changed: the address, the data or the mask of vector @index has changed,
 *	or the vector was allocated; see vmr_pci_get_message()
 * @deliver: send the message of vector @index. Called by vmr_pci_notify(), on its
 *	thread and without a lock, and on the update side when the guest unmasks a
 *	pending vector
 * @reset: the function was reset; its registers have their reset values
 *
 * Each may be NULL. All but @deliver are called on the update side.
 */
struct vmr_pci_events {
	void (*config_written)(struct vmr_pci_function *fn,
			       const struct vmr_pci_write *write);
	void (*vector_changed)(struct vmr_pci_function *fn, uint32_t index,
			       const struct vmr_range *range, int error);
	void (*message_changed)(struct vmr_pci_function *fn, uint32_t index);
	void (*deliver)(struct vmr_pci_function *fn, uint32_t index);
	void (*reset)(struct vmr_pci_function *fn);
};

/**
 * struct vmr_pci_config_space - conventional configuration space and its masks
 * @config: the registers
 * @wmask: the bits that the guest may write
 * @w1cmask: the bits that the guest clears by writing a one
 */
struct vmr_pci_config_space {
	uint8_t		config[VMR_PCI_CONFIG_SIZE];
	uint8_t		wmask[VMR_PCI_CONFIG_SIZE];
	uint8_t		w1cmask[VMR_PCI_CONFIG_SIZE];
};

/**
 * struct vmr_pci_express_config_space - PCI Express configuration space and its masks
 * @config: the registers
 * @wmask: the bits that the guest may write
 * @w1cmask: the bits that the guest clears by writing a one
 */
struct vmr_pci_express_config_space {
	uint8_t		config[VMR_PCI_EXPRESS_CONFIG_SIZE];
	uint8_t		wmask[VMR_PCI_EXPRESS_CONFIG_SIZE];
	uint8_t		w1cmask[VMR_PCI_EXPRESS_CONFIG_SIZE];
};

/**
 * struct vmr_pci_function - a PCI function
 * @dev: the device; its regions are the BARs
 * @address: the number in the @pci_bdfs of the system; behind a bridge,
 *	device << 3 | function. A constraint of kind VMR_KIND_PCI_BDF may name it
 *	after vmr_pci_function_init(), and vmr_pci_plug() accepts it where it is
 * @manager: the manager that the function is plugged into, or NULL
 * @host: the host bridge that the function is below, or NULL
 * @events: callbacks of the owner, or NULL
 * @upstream_bridge: the bridge that the function is behind, NULL at the root
 * @bridge: the bridge that the function belongs to, NULL if it is no bridge
 * @bars: the BARs
 * @config: configuration space in guest memory order
 * @wmask: the bits of @config that the guest may write
 * @w1cmask: the bits of @config that the guest clears by writing a one
 * @config_size: bytes of each: 256 or 4096
 * @vector_limit: the number of vectors that the function may hold or wait for, 0 for
 *	no limit
 *
 * The owner may change @config and the masks outside the standard header and the
 * capabilities, while the function is not plugged.
 */
struct vmr_pci_function {
	struct vmr_device		dev;
	struct vmr_range		address;
	struct vmr_manager		*manager;
	struct vmr_pci_host		*host;
	const struct vmr_pci_events	*events;
	struct vmr_pci_bridge		*upstream_bridge;
	struct vmr_pci_bridge		*bridge;
	struct vmr_pci_bar		bars[VMR_PCI_NR_BARS];
	uint8_t				*config;
	uint8_t				*wmask;
	uint8_t				*w1cmask;
	uint32_t			config_size;
	uint32_t			vector_limit;
	/* private: the register blocks, the one added last first */
	struct vmr_pci_reg_block	*reg_blocks;
	/* capabilities that other parts of the library ask for, or NULL */
	struct vmr_pci_msi		*msi;
	struct vmr_pci_msix		*msix;
	struct vmr_pci_express		*express;
	struct vmr_pci_pm		*pm;
	struct vmr_pci_rebar		*rebar;
	struct vmr_pci_ari		*ari;
	struct vmr_pci_sriov		*sriov;
	/* of a virtual function: its physical function, and its number */
	struct vmr_pci_function		*pf;
	uint32_t			vf_index;
	bool				vf_unpowered;	/* readers load it */
	/* the callbacks for accesses, if @dev has those of the library */
	const struct vmr_device_ops	*device_ops;
	uint32_t			nr_vectors;	/* held or waited for */
	uint16_t			sizing;	/* BAR registers being sized */
	bool				intx_level;	/* as the owner set it */
	bool				intx_line;	/* counted on its line */
	bool				address_reserved; /* by vmr_pci_plug() */
	bool				multifunction;	/* a card set the bit */
	struct vmr_pci_config_space	conventional;
	/* public: */
};

/**
 * vmr_pci_function_init - initialise a conventional function without BARs
 * @fn: zeroed memory
 * @ids: the identification of the function
 * @ops: the callbacks for accesses to its BARs
 * @name: name for people
 *
 * Return: 0, or -EINVAL if a pointer but @name is NULL, the pin is above 4 or the header
 * type is neither 0 nor 0x80.
 */
int vmr_pci_function_init(struct vmr_pci_function *fn,
			  const struct vmr_pci_ids *ids,
			  const struct vmr_device_ops *ops, const char *name);

/**
 * vmr_pci_function_init_express - initialise a function with 4096 bytes of registers
 * @fn: zeroed memory
 * @space: zeroed memory for the registers
 * @ids: the identification of the function
 * @ops: the callbacks for accesses to its BARs
 * @name: name for people
 *
 * The caller adds the PCI Express capability with vmr_pci_add_express().
 * vmr_pci_endpoint_init() does both for an end point.
 *
 * Return: as vmr_pci_function_init().
 */
int vmr_pci_function_init_express(struct vmr_pci_function *fn,
				  struct vmr_pci_express_config_space *space,
				  const struct vmr_pci_ids *ids,
				  const struct vmr_device_ops *ops,
				  const char *name);

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
 * make @fn->bars[@index].region a memory region with trapped subregions. The
 * registers alone determine the place of a BAR: a constraint that names its region
 * is refused when the function is plugged.
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
 * vmr_pci_plug - register a function at an address at the root
 * @manager: the manager
 * @fn: the function
 * @address: its VMR_PCI_ADDRESS()
 *
 * Allocates the address, unless @fn->address has it already, and registers
 * @fn->dev. A failure of either undoes both. The registers have their reset values.
 * If a host bridge has the bus, it must be the bus that the host bridge begins with.
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, or @fn is a virtual function;
 *  - -EEXIST: @fn is plugged, or its address is allocated elsewhere;
 *  - -ERANGE: the machine has no such address, or a host bridge has the bus and does
 *    not begin with it;
 *  - -EBUSY: another function has this address, or a subregion of a BAR overlaps the
 *    MSI-X table or the pending bits;
 *  - -EINVAL: a VF BAR that is a memory region is too small, see
 *    vmr_pci_sriov_add_bar();
 *  - what vmr_device_register() returns.
 */
int vmr_pci_plug(struct vmr_manager *manager, struct vmr_pci_function *fn,
		 uint32_t address);

/**
 * vmr_pci_register_restored - register a function after a restore
 * @manager: the manager
 * @fn: a function that is not plugged; its configuration space, address, device id
 *	and the ranges of its BARs are restored
 * @failed: as for vmr_device_register_restored(), or NULL
 *
 * The callbacks of @fn->events learn of each vector that the function holds, as if
 * the guest had just enabled it. A vector that waits for a number waits again, and
 * the level of the interrupt pin is what it was.
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL;
 *  - -EEXIST: @fn is plugged;
 *  - -ENOENT: its address is not live in the @pci_bdfs of the system, or behind its
 *    bridge, or is more than one number. The bridge, or the physical function of a VF,
 *    is not plugged;
 *  - -ERANGE: its address is not on the first bus of the host bridge above it, or it is
 *    another device than 0 behind a root port or a downstream port;
 *  - -EBUSY, -EINVAL: of subregions and VF BARs, as vmr_pci_plug();
 *  - what vmr_device_register_restored() returns.
 */
int vmr_pci_register_restored(struct vmr_manager *manager,
			      struct vmr_pci_function *fn, size_t *failed);

/**
 * vmr_pci_unplug - unregister a function and free its vectors and address
 * @fn: the function
 *
 * The registers have their reset values afterwards. The caller may reuse the memory
 * after vmr_device_drain() of @fn->dev. A vmr_device_unregister() of @fn->dev alone
 * removes only the BARs: the function keeps its address and its vectors, and the
 * guest can still access its registers. A later vmr_pci_unplug() then frees them. A
 * callback for a vector may unplug the function itself; the outer call then returns 0.
 *
 * Return: the number of regions that were mapped, or
 *  - -EINVAL: @fn is NULL;
 *  - -ENOENT: @fn is not plugged;
 *  - -EBUSY: @fn is a bridge and an address behind it is held, in a transaction, or a
 *    virtual function, or it is in a callback of its struct vmr_pci_sriov.
 */
int vmr_pci_unplug(struct vmr_pci_function *fn);

/**
 * vmr_pci_find_function - find the function at an address
 * @manager: the manager
 * @address: its VMR_PCI_ADDRESS(); behind bridges, with the bus number that the
 *	guest assigned
 *
 * The lookup remains in the segment and in the host bridge that has the bus. On each
 * bus the bridge with the lowest secondary bus number whose numbers include the bus
 * is followed, of equal ones the lowest. The secondary bus numbers ascend along the
 * path, so that each lookup ends.
 *
 * O(log n) for n functions on a bus, for each bus of the path.
 *
 * Return: the function, or NULL.
 */
struct vmr_pci_function *
vmr_pci_find_function(const struct vmr_manager *manager, uint32_t address);

/**
 * vmr_pci_function_address - the address of a function as the guest numbers it
 * @fn: a plugged function
 *
 * Return: its VMR_PCI_ADDRESS(), with the secondary bus number of the bridge that
 * the function is behind.
 */
uint32_t vmr_pci_function_address(const struct vmr_pci_function *fn);

/**
 * vmr_pci_config_read - read configuration space
 * @fn: the function
 * @offset: offset of the first byte
 * @data: receives @width bytes in guest memory order
 * @width: 1, 2 or 4
 *
 * Context: any thread, while no update-side call is in progress. Several threads may
 * read at a time.
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL;
 *  - -EMSGSIZE: @width is invalid; @data is not touched;
 *  - -ERANGE: the access leaves configuration space or crosses a dword; @data is all
 *    ones.
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
 *  - -ERANGE: the access leaves configuration space or crosses a dword;
 *  - -ENOENT: the function is not plugged.
 */
int vmr_pci_config_write(struct vmr_pci_function *fn, uint32_t offset,
			 const void *data, uint32_t width);

/**
 * vmr_pci_bar_addr - get the address of a BAR
 * @fn: the function
 * @index: 0 to 5, VMR_PCI_ROM, or VMR_PCI_VF_BAR() of a PF
 * @addr: receives the first address
 *
 * Return: true if the BAR is live or claimed, that is, decoding is on and the
 * registers hold an address in the domain; else false.
 */
bool vmr_pci_bar_addr(const struct vmr_pci_function *fn, unsigned int index,
		      uint64_t *addr);

/**
 * enum vmr_pci_hidden - why a BAR is not mapped
 * @VMR_PCI_MAPPED: it is mapped
 * @VMR_PCI_HIDDEN_NONE: there is no such BAR, or its function is not plugged
 * @VMR_PCI_HIDDEN_DECODE: a decode bit of the function is off
 * @VMR_PCI_HIDDEN_POWER: the function is not in D0
 * @VMR_PCI_HIDDEN_SIZING: the guest is sizing the BAR
 * @VMR_PCI_HIDDEN_ADDRESS: the registers hold no address, or one outside the domain
 * @VMR_PCI_HIDDEN_CLAIM: the addresses are in use
 * @VMR_PCI_HIDDEN_WINDOW: no open window of a bridge includes all of the addresses
 */
enum vmr_pci_hidden {
	VMR_PCI_MAPPED,
	VMR_PCI_HIDDEN_NONE,
	VMR_PCI_HIDDEN_DECODE,
	VMR_PCI_HIDDEN_POWER,
	VMR_PCI_HIDDEN_SIZING,
	VMR_PCI_HIDDEN_ADDRESS,
	VMR_PCI_HIDDEN_CLAIM,
	VMR_PCI_HIDDEN_WINDOW,
};

/**
 * vmr_pci_bar_hidden - find out why a BAR is not mapped
 * @fn: the function
 * @index: 0 to 5, VMR_PCI_ROM, or VMR_PCI_VF_BAR() of a PF
 * @conflict: receives the range that a claim waits for; NULL for other reasons
 * @bridge: receives the bridge that does not forward the addresses; NULL for other
 *	reasons
 *
 * Both pointers to results may be NULL. The first reason that applies is returned, in
 * the order of the enum.
 *
 * Return: the reason.
 */
enum vmr_pci_hidden vmr_pci_bar_hidden(const struct vmr_pci_function *fn,
				       unsigned int index,
				       struct vmr_range **conflict,
				       struct vmr_pci_bridge **bridge);

/* Bytes of an address as text, with its 0 */
#define VMR_PCI_ADDRESS_TEXT	13

/**
 * vmr_pci_format_address - write an address as text
 * @address: a VMR_PCI_ADDRESS()
 * @text: receives text such as 0001:3b:00.1
 */
void vmr_pci_format_address(uint32_t address, char text[VMR_PCI_ADDRESS_TEXT]);

/**
 * vmr_pci_parse_address - read an address from text
 * @text: text such as 0001:3b:00.1, or 3b:00.1 for segment 0; hexadecimal digits of
 *	either case
 * @address: receives the VMR_PCI_ADDRESS()
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, or @text has another form;
 *  - -ERANGE: a number is too large.
 */
int vmr_pci_parse_address(const char *text, uint32_t *address);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_PCI_FUNCTION_H */

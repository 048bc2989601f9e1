/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * pci_capability.h - capabilities, power management, PCI Express end points
 */
#ifndef VMALLOC_PCI_CAPABILITY_H
#define VMALLOC_PCI_CAPABILITY_H

#include <vmalloc/pci_function.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * DOC: Overview
 *
 * A capability is a block of registers with an id in the list of its function. The
 * owner describes its contents and masks; the library places it, links it into the
 * list, checks overlaps, and restores its contents at a reset. The capabilities that
 * the library understands have calls of their own, here and in pci_msi.h.
 *
 * The structs are memory of the owner, which exists as long as the function.
 *
 * All calls are update-side calls on a function that is not plugged.
 *
 * Adding a capability visits the other capabilities of the function.
 */

/**
 * struct vmr_pci_cap_desc - the description of a capability
 * @id: capability id, 8 bits; 16 bits of an extended capability
 * @version: version of an extended capability, 4 bits; else unused
 * @size: length in bytes with the header; the next capability begins at a multiple
 *	of 4
 * @offset: offset in configuration space, a multiple of 4; 0 for the first place
 *	that is free
 * @contents: the reset values of @size bytes; those of the header (2 bytes, 4 of an
 *	extended capability) are ignored. NULL for zeroes. Must remain valid
 * @wmask: the bits that the guest may write, @size bytes or NULL
 * @w1cmask: the bits that the guest clears by writing a one, @size bytes or NULL
 * @sticky: the bits that a function level reset leaves alone, @size bytes or NULL;
 *	must remain valid
 * @single: whether a function has at most one capability of this id
 */
struct vmr_pci_cap_desc {
	uint16_t	id;
	uint8_t		version;
	bool		single;
	uint32_t	size;
	uint32_t	offset;
	const uint8_t	*contents;
	const uint8_t	*wmask;
	const uint8_t	*w1cmask;
	const uint8_t	*sticky;
};

/**
 * vmr_pci_add_capability - add a capability to a function
 * @fn: a function that is not plugged
 * @reg_block: zeroed memory but for the callbacks, which the caller sets
 * @desc: the description
 *
 * Return: 0 and the place in @reg_block->offset, or
 *  - -EINVAL: a pointer is NULL, the size is less than 2 or above 256, or the id is
 *    above 255. The offset is inside the header, not a multiple of 4, or the capability
 *    leaves the first 256 bytes;
 *  - -EEXIST: the capability overlaps another one, @reg_block is part of a function,
 *    or a second capability of this id was refused by @desc->single;
 *  - -EBUSY: @fn is plugged;
 *  - -ENOSPC: no place is free.
 */
int vmr_pci_add_capability(struct vmr_pci_function *fn,
			   struct vmr_pci_reg_block *reg_block,
			   const struct vmr_pci_cap_desc *desc);

/**
 * vmr_pci_add_ext_capability - add an extended capability to a PCI Express function
 * @fn: a function that is not plugged
 * @reg_block: zeroed memory but for the callbacks, which the caller sets
 * @desc: the description
 *
 * The first extended capability is at 0x100, where the list begins.
 *
 * Return: as vmr_pci_add_capability(), for sizes from 4 to 4096 and offsets from 0x100
 * to the end; -EINVAL also if @fn has 256 bytes of configuration space, the version is
 * above 15, or the first extended capability is given another place than 0x100.
 */
int vmr_pci_add_ext_capability(struct vmr_pci_function *fn,
			       struct vmr_pci_reg_block *reg_block,
			       const struct vmr_pci_cap_desc *desc);

/**
 * struct vmr_pci_pm - a power management capability
 * @reg_block: its registers
 *
 * The function has the power states D0 and D3hot. A write of D1 or D2 leaves the state
 * as it was (PCI Bus Power Management Interface Specification 1.2, section 3.2.4). In
 * D3hot the function decodes neither memory nor I/O (section 5.4). A return from D3hot
 * to D0 resets the function, unless PCI_PM_CTRL_NO_SOFT_RESET is set.
 */
struct vmr_pci_pm {
	struct vmr_pci_reg_block	reg_block;
	/* private: the reset values */
	uint8_t				contents[8];
	/* public: */
};

/**
 * vmr_pci_add_pm - add a power management capability to a function
 * @fn: a function that is not plugged
 * @pm: zeroed memory; @pm->reg_block.offset may be the offset in configuration
 *	space, from 0x40 in steps of 4, 0 for any place
 * @no_soft_reset: whether a return from D3hot to D0 keeps the registers
 *
 * Return: as vmr_pci_add_capability().
 */
int vmr_pci_add_pm(struct vmr_pci_function *fn, struct vmr_pci_pm *pm,
		   bool no_soft_reset);

/**
 * struct vmr_pci_af - an Advanced Features capability: reset of a conventional function
 * @reg_block: its registers
 */
struct vmr_pci_af {
	struct vmr_pci_reg_block	reg_block;
};

/**
 * vmr_pci_add_af - add an Advanced Features capability to a function
 * @fn: a function that is not plugged
 * @af: zeroed memory; @af->reg_block.offset may be the offset in configuration
 *	space, from 0x40 in steps of 4, 0 for any place
 *
 * The guest resets the function with PCI_AF_CTRL_FLR.
 *
 * Return: as vmr_pci_add_capability().
 */
int vmr_pci_add_af(struct vmr_pci_function *fn, struct vmr_pci_af *af);

/**
 * enum vmr_pci_express_type - the device or port type of a PCI Express function
 * @VMR_PCI_EXPRESS_ENDPOINT: an end point
 * @VMR_PCI_EXPRESS_LEGACY_ENDPOINT: an end point that may have I/O
 * @VMR_PCI_EXPRESS_ROOT_PORT: a root port
 * @VMR_PCI_EXPRESS_UPSTREAM_PORT: the upstream port of a switch
 * @VMR_PCI_EXPRESS_DOWNSTREAM_PORT: a downstream port of a switch
 * @VMR_PCI_EXPRESS_PCI_BRIDGE: a bridge to conventional PCI
 * @VMR_PCI_EXPRESS_INTEGRATED: an end point integrated into the root complex
 *
 * The values are those of PCI_EXP_FLAGS_TYPE.
 */
enum vmr_pci_express_type {
	VMR_PCI_EXPRESS_ENDPOINT = 0,
	VMR_PCI_EXPRESS_LEGACY_ENDPOINT = 1,
	VMR_PCI_EXPRESS_ROOT_PORT = 4,
	VMR_PCI_EXPRESS_UPSTREAM_PORT = 5,
	VMR_PCI_EXPRESS_DOWNSTREAM_PORT = 6,
	VMR_PCI_EXPRESS_PCI_BRIDGE = 7,
	VMR_PCI_EXPRESS_INTEGRATED = 9,
};

#define VMR_PCI_EXPRESS_CAP_SIZE	60

/**
 * struct vmr_pci_express - a PCI Express capability, version 2
 * @reg_block: its registers
 * @type: enum vmr_pci_express_type
 */
struct vmr_pci_express {
	struct vmr_pci_reg_block	reg_block;
	uint8_t				type;
	/* private: the reset values, and the bits that a reset leaves alone */
	uint8_t				contents[VMR_PCI_EXPRESS_CAP_SIZE];
	uint8_t				sticky[VMR_PCI_EXPRESS_CAP_SIZE];
	/* public: */
};

/**
 * vmr_pci_add_express - add a PCI Express capability to a function
 * @fn: a function that is not plugged
 * @express: zeroed memory; @express->reg_block.offset may be the offset in configuration
 *	space, from 0x40 in steps of 4, 0 for any place
 * @type: the device or port type
 *
 * End points can be reset by the guest (PCI_EXP_DEVCTL_BCR_FLR).
 *
 * Return: as vmr_pci_add_capability(); -EINVAL also if the type is none.
 */
int vmr_pci_add_express(struct vmr_pci_function *fn,
			struct vmr_pci_express *express,
			enum vmr_pci_express_type type);

/**
 * struct vmr_pci_endpoint - an end point of PCI Express
 * @fn: the function; add BARs and capabilities to it, and plug it, as any other
 * @express: its capability
 */
struct vmr_pci_endpoint {
	struct vmr_pci_function			fn;
	struct vmr_pci_express			express;
	/* private: */
	struct vmr_pci_express_config_space	space;
	/* public: */
};

/**
 * vmr_pci_endpoint_init - initialise an end point without BARs
 * @endpoint: zeroed memory; @endpoint->express.reg_block.offset may be the offset in
 *	configuration space, from 0x40 in steps of 4, 0 for any place
 * @ids: the identification of the function
 * @ops: the callbacks for accesses to its BARs
 * @name: name for people
 *
 * Calls vmr_pci_function_init_express(), and vmr_pci_add_express() with
 * VMR_PCI_EXPRESS_ENDPOINT. A caller that needs another type calls these two.
 *
 * Return: 0, or -EINVAL if @endpoint is NULL, or what these two return. After a failure
 * the caller zeroes the memory again.
 */
int vmr_pci_endpoint_init(struct vmr_pci_endpoint *endpoint,
			  const struct vmr_pci_ids *ids,
			  const struct vmr_device_ops *ops, const char *name);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_PCI_CAPABILITY_H */

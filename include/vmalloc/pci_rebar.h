/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * pci_rebar.h - resizable BARs
 */
#ifndef VMALLOC_PCI_REBAR_H
#define VMALLOC_PCI_REBAR_H

#include <vmalloc/pci_function.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * DOC: Overview
 *
 * The guest chooses the size of a memory BAR with the Resizable BAR extended
 * capability (PCI Express Base Specification, section 7.8.6). The capability lists
 * the supported sizes of each BAR. The guest writes a size to PCI_REBAR_CTRL:
 *
 *  - PCI_COMMAND_MEMORY is on, the size is not supported, or the owner refuses: the
 *    register keeps the size of before, and nothing changes.
 *  - Else the BAR has the new size at once. Its address bits below the size read 0,
 *    and sizing the BAR shows the new size. The region has the new size. Its
 *    subregions beyond the end are unreachable.
 *
 * The address that the BAR had before it was sized is avoided no longer. A reset
 * gives each BAR the size of vmr_pci_add_bar(), without a question to the owner.
 *
 * The present size is in the @size of the region. A snapshot holds it in the
 * registers; the machine that restores must support the same sizes.
 *
 * A memory region with @host memory needs memory for its largest size. The slots of
 * a struct vmr_kvm_memory are those of the size that the region had when it was
 * added, and end where the region ends now. The owner adds it again after the region
 * became larger.
 *
 * All calls are update-side calls. A change of a size costs one move, in O(log n).
 */

#define VMR_PCI_REBAR_MAX_BARS	6

/* The bytes of the capability: a header, and two registers for each BAR */
#define VMR_PCI_REBAR_SIZE	(4 + 8 * VMR_PCI_REBAR_MAX_BARS)

/**
 * struct vmr_pci_rebar_desc - the sizes of one BAR
 * @index: the BAR, 0 to 5
 * @sizes: the supported sizes in bytes, added up; each is a power of two
 */
struct vmr_pci_rebar_desc {
	uint32_t	index;
	uint64_t	sizes;
};

/**
 * struct vmr_pci_rebar - a Resizable BAR capability
 * @reg_block: its registers
 * @resize: the guest asks for @size bytes for BAR @index. An error refuses the
 *	change; it may be NULL. The caller sets it. Called on the update side, before
 *	anything changes
 */
struct vmr_pci_rebar {
	struct vmr_pci_reg_block	reg_block;
	int (*resize)(struct vmr_pci_function *fn, unsigned int index,
		      uint64_t size);
	/* private: the BARs in the order of the registers */
	uint32_t			nr;
	struct vmr_pci_rebar_desc	bars[VMR_PCI_REBAR_MAX_BARS];
	/* the reset values */
	uint8_t				contents[VMR_PCI_REBAR_SIZE];
	/* public: */
};

/**
 * vmr_pci_add_rebar - add a Resizable BAR capability to a PCI Express function
 * @fn: a function that is not plugged, with the BARs
 * @rebar: zeroed memory but for @resize
 * @bars: the BARs, by ascending index; copied
 * @nr: their number, 1 to VMR_PCI_REBAR_MAX_BARS
 *
 * The BARs have the sizes of vmr_pci_add_bar() after a reset.
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL, or @nr is invalid. The indexes do not ascend, or one
 *    is no memory BAR. A size is below 1 MiB, or above what vmr_pci_add_bar() allows
 *    for the type. The BAR's own size is not among the sizes;
 *  - what vmr_pci_add_ext_capability() returns; -EEXIST also if @fn has a Resizable
 *    BAR capability.
 */
int vmr_pci_add_rebar(struct vmr_pci_function *fn, struct vmr_pci_rebar *rebar,
		      const struct vmr_pci_rebar_desc *bars, uint32_t nr);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_PCI_REBAR_H */

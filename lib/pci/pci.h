/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * pci.h - what the files of the PCI layer share
 *
 * Registers and their bits have the names of <linux/pci_regs.h>.
 */
#ifndef VMR_LIB_PCI_PCI_H
#define VMR_LIB_PCI_PCI_H

#include <linux/pci_regs.h>

#include "base/unaligned.h"
#include "device/placement.h"

#include <vmalloc/pci.h>

/* Decode, bus master, parity and SERR# response, INTx disable */
#define VMR_PCI_COMMAND_WRITABLE \
	(PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | \
	 PCI_COMMAND_PARITY | PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE)

#define VMR_PCI_NR_WINDOWS	3	/* of a bridge: I/O, memory, prefetchable */

/*
 * Add a register block, which must not overlap another. @reg_block is changed only
 * on success. The caller then sets the callbacks.
 */
int vmr_pci_add_reg_block(struct vmr_pci_function *fn,
			  struct vmr_pci_reg_block *reg_block, uint32_t offset,
			  uint32_t size);

/* Add the capability @id, whose registers are @reg_block, to the guest's list */
void vmr_pci_add_capability(struct vmr_pci_function *fn,
			    struct vmr_pci_reg_block *reg_block, uint8_t id);

/* Whether a capability of @size bytes may be at @offset */
bool vmr_pci_cap_offset_valid(uint32_t offset, uint32_t size);

/* vmr_pci_plug() and vmr_pci_bridge_plug() */
int vmr_pci_plug_at(struct vmr_manager *manager, struct vmr_pci_function *fn,
		    struct vmr_pci_bridge *behind, uint32_t address);

/* bar.c: the offset of a BAR's register, and the number of these in the header */
uint32_t vmr_pci_bar_reg(const struct vmr_pci_function *fn, unsigned int index);
unsigned int vmr_pci_nr_bar_regs(const struct vmr_pci_function *fn);

/* A BAR, or a window of a bridge, and its placement by the registers @config */
struct vmr_region *vmr_pci_bar_placement(struct vmr_pci_function *fn,
					 const uint8_t *config,
					 unsigned int index,
					 struct vmr_placement *placement);
struct vmr_region *vmr_pci_window_placement(struct vmr_pci_function *fn,
					    const uint8_t *config,
					    unsigned int index,
					    struct vmr_placement *placement);

/* Move the BARs whose bit in @mask is set to where their registers say */
void vmr_pci_update_bars(struct vmr_pci_function *fn, uint32_t mask);

/*
 * Make @range hold @nr vectors, or none. A change of the number frees the old
 * ones. Vectors that could not be allocated are not requested again by every write
 * that follows: @range has their number, and the guest asks again by switching
 * off and on, or by asking for another number.
 */
void vmr_pci_update_vectors(struct vmr_pci_function *fn, uint32_t kind,
			    struct vmr_range *range, int *error, uint32_t index,
			    uint32_t nr);

/* The capability that a register block is part of, NULL if it is another one */
struct vmr_pci_msi *vmr_pci_reg_block_msi(struct vmr_pci_reg_block *reg_block);
struct vmr_pci_msix *vmr_pci_reg_block_msix(struct vmr_pci_reg_block *reg_block);

/* The number of vectors that the registers at @cap enable */
uint32_t vmr_pci_msi_nr_enabled(const uint8_t *cap);

/* Whether the registers enable an entry, and whether an entry is possible */
bool vmr_pci_msix_entry_enabled(const uint8_t *cap, const uint32_t *words);
bool vmr_pci_msix_entry_valid(const uint32_t *words);

#endif /* VMR_LIB_PCI_PCI_H */

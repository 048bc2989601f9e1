/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * pci.h - private declarations of the PCI layer
 *
 * Registers and their bits have the names of <linux/pci_regs.h>.
 */
#ifndef VMR_LIB_PCI_PCI_H
#define VMR_LIB_PCI_PCI_H

#include <linux/pci_regs.h>

#include "base/unaligned.h"
#include "device/placement.h"

#include <vmalloc/pci.h>

/* The command register bits that every function has */
#define VMR_PCI_COMMAND_WRITABLE \
	(PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | \
	 PCI_COMMAND_PARITY | PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE)

/* The windows of a bridge: I/O, memory, prefetchable memory */
#define VMR_PCI_NR_WINDOWS	3

/*
 * Add a register block, which must not overlap another. @reg_block is changed only
 * on success. The caller then sets the callbacks; @write is mandatory.
 */
int vmr_pci_add_reg_block(struct vmr_pci_function *fn,
			  struct vmr_pci_reg_block *reg_block, uint32_t offset,
			  uint32_t size);

/* Insert the capability @id with the registers @reg_block into the list */
void vmr_pci_add_capability(struct vmr_pci_function *fn,
			    struct vmr_pci_reg_block *reg_block, uint8_t id);

/* Whether @offset is valid for a capability of @size bytes */
bool vmr_pci_cap_offset_valid(uint32_t offset, uint32_t size);

/* Plug @fn at the root (@upstream is NULL) or behind a bridge */
int vmr_pci_plug_at(struct vmr_manager *manager, struct vmr_pci_function *fn,
		    struct vmr_pci_bridge *upstream, uint32_t address);

/* The offset of a BAR's register; the number of BAR registers without the ROM */
uint32_t vmr_pci_bar_reg(const struct vmr_pci_function *fn, unsigned int index);
unsigned int vmr_pci_nr_bar_regs(const struct vmr_pci_function *fn);

/*
 * Return the region of a BAR, or of a window of a bridge, and store its placement
 * according to the registers @config.
 */
struct vmr_region *vmr_pci_bar_placement(struct vmr_pci_function *fn,
					 const uint8_t *config,
					 unsigned int index,
					 struct vmr_placement *placement);
struct vmr_region *vmr_pci_window_placement(struct vmr_pci_function *fn,
					    const uint8_t *config,
					    unsigned int index,
					    struct vmr_placement *placement);

/* Move the BARs whose bits in @mask are set to the addresses in their registers */
void vmr_pci_update_bars(struct vmr_pci_function *fn, uint32_t mask);

/*
 * Make @range hold @nr vectors, or no range if @nr is 0. A change of the number
 * frees the old vectors. After a failure, [start, last] of the free @range records
 * the requested number: the allocation is tried again only when @nr changes, and
 * not by each later write.
 */
void vmr_pci_update_vectors(struct vmr_pci_function *fn, uint32_t kind,
			    struct vmr_range *range, int *error, uint32_t index,
			    uint32_t nr);

/* The capability with this register block, NULL if it is of another type */
struct vmr_pci_msi *vmr_pci_reg_block_msi(struct vmr_pci_reg_block *reg_block);
struct vmr_pci_msix *vmr_pci_reg_block_msix(struct vmr_pci_reg_block *reg_block);

/* The number of vectors that the guest has enabled in the registers at @cap */
uint32_t vmr_pci_msi_nr_enabled(const uint8_t *cap);

/* Whether an entry is enabled; whether a guest can have written its dwords */
bool vmr_pci_msix_entry_enabled(const uint8_t *cap, const uint32_t *dwords);
bool vmr_pci_msix_entry_valid(const uint32_t *dwords);

#endif /* VMR_LIB_PCI_PCI_H */

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * pci.h - what the files of the PCI layer share
 */
#ifndef VMR_LIB_PCI_H
#define VMR_LIB_PCI_H

#include "bytes.h"
#include "device.h"

#include <vmalloc/pci.h>

#define REG_VENDOR	0x00
#define REG_DEVICE	0x02
#define REG_COMMAND	0x04
#define REG_STATUS	0x06
#define REG_REVISION	0x08
#define REG_CLASS	0x09
#define REG_CACHE_LINE	0x0c
#define REG_LATENCY	0x0d
#define REG_HEADER	0x0e
#define REG_BARS	0x10
#define REG_SECONDARY	0x19
#define REG_SUBORDINATE	0x1a
#define REG_SUBVENDOR	0x2c
#define REG_SUBDEVICE	0x2e
#define REG_ROM		0x30
#define REG_CAPABILITIES 0x34
#define REG_BRIDGE_ROM	0x38
#define REG_IRQ_LINE	0x3c
#define REG_IRQ_PIN	0x3d
#define HEADER_SIZE	0x40

#define COMMAND_IO	0x0001
#define COMMAND_MEMORY	0x0002
#define COMMAND_WRITABLE 0x0547	/* decode, master, parity, SERR#, INTx */

#define STATUS_CAPABILITIES 0x10

#define BAR_IO		0x01
#define BAR_64BIT	0x04
#define BAR_PREFETCH	0x08
#define ROM_ENABLE	0x01

#define MSIX_ENTRY	16	/* bytes of an MSI-X table's entry */
#define VMR_PCI_WINDOWS	3	/* a bridge's: ports, memory, prefetchable */

/*
 * Follow a part of configuration space, which must be free of others. @part is
 * touched only if it is; the caller fills in what shall be called then.
 */
int vmr_pci_add_reg_block(struct vmr_pci_function *fn, struct vmr_pci_reg_block *part,
		     uint32_t offset, uint32_t size);

/* Put a capability's id at @part->offset, and it into the guest's list */
void vmr_pci_add_capability(struct vmr_pci_function *fn,
			    struct vmr_pci_reg_block *part, uint8_t id);

/* vmr_pci_plug() and vmr_pci_bridge_plug() */
int vmr_pci_plug_at(struct vmr_manager *manager, struct vmr_pci_function *fn,
		    struct vmr_pci_bridge *behind, uint32_t address);

/* A BAR, or a window of a bridge, and where registers @config want it */
struct vmr_region *vmr_pci_bar_placement(struct vmr_pci_function *fn,
				    const uint8_t *config, unsigned int index,
				    struct vmr_placement *goal);
struct vmr_region *vmr_pci_window_placement(struct vmr_pci_function *fn,
				       const uint8_t *config,
				       unsigned int index,
				       struct vmr_placement *goal);

/*
 * Put BARs, or windows, where the registers of their function say: those whose
 * bit in @which is set, all of them in one step for lookups
 */
void vmr_pci_update_mappings(struct vmr_pci_function *fn, uint32_t which,
		    struct vmr_region *(*where)(struct vmr_pci_function *fn,
						const uint8_t *config,
						unsigned int index,
						struct vmr_placement *goal));

/* The capability that a part is, NULL if it is another */
struct vmr_pci_msi *vmr_pci_reg_block_msi(struct vmr_pci_reg_block *part);
struct vmr_pci_msix *vmr_pci_reg_block_msix(struct vmr_pci_reg_block *part);

/* How many vectors registers at @cap ask for */
uint32_t vmr_pci_msi_nr_enabled(const uint8_t *cap);

/* Whether they ask for the vector of an entry, and if an entry can be so */
bool vmr_pci_msix_entry_enabled(const uint8_t *cap, const uint32_t *words);
bool vmr_pci_msix_entry_valid(const uint32_t *words);

/*
 * What registers make of one of a function's ranges. Of vectors @last is how many
 * of them, less one, and @start is 0: they may be anywhere, or not to be had.
 */
struct vmr_pci_expected {
	const struct vmr_range	*range;
	uint32_t		kind;	/* VMR_KIND_PIO, _MMIO or _MSI */
	struct vmr_placement		goal;
};

/*
 * The @index-th range of a function as its registers ask for, these being the
 * saved ones if @saved is not NULL; false behind the last
 */
bool vmr_pci_expected_range(struct vmr_pci_function *fn, const uint8_t *saved,
		   uint32_t index, struct vmr_pci_expected *want);

/* The registers as a block of a snapshot, and if a block can be of this function */
size_t vmr_pci_state_size(const struct vmr_pci_function *fn);
void vmr_pci_state_save(const struct vmr_pci_function *fn, uint8_t *bytes);
void vmr_pci_state_restore(struct vmr_pci_function *fn, const uint8_t *bytes);
bool vmr_pci_state_valid(const struct vmr_pci_function *fn,
			const uint8_t *saved);

#endif /* VMR_LIB_PCI_H */

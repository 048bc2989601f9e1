/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * bar.h - BARs, their sizes and their registers, for the files of the PCI layer
 */
#ifndef VMR_LIB_PCI_BAR_H
#define VMR_LIB_PCI_BAR_H

#include <linux/pci_regs.h>

#include "device/placement.h"

#include <vmalloc/pci.h>

/*
 * A BAR of a function. Those of the header come first, then the VF BARs of a physical
 * function.
 */
static inline unsigned int vmr_pci_nr_bars(const struct vmr_pci_function *fn)
{
	return fn->sriov ? VMR_PCI_VF_BAR(VMR_PCI_SRIOV_NR_BARS) :
			   VMR_PCI_NR_BARS;
}

static inline uint32_t vmr_pci_all_bars(const struct vmr_pci_function *fn)
{
	return (1u << vmr_pci_nr_bars(fn)) - 1;
}

static inline struct vmr_pci_bar *vmr_pci_bar(const struct vmr_pci_function *fn,
					      unsigned int index)
{
	return index < VMR_PCI_NR_BARS ?
		       &((struct vmr_pci_function *)fn)->bars[index] :
		       &fn->sriov->bars[index - VMR_PCI_NR_BARS];
}

/* The page size registers count in units of 4 KiB */
#define VMR_PCI_SRIOV_PAGE_SHIFT	12

/* The size field of a resizable BAR counts from 1 MiB */
#define VMR_PCI_REBAR_SHIFT	20

/* The byte of a capability that has the size of the @entry-th resizable BAR */
static inline uint32_t vmr_pci_rebar_size_reg(uint32_t entry)
{
	return PCI_REBAR_CTRL + 8 * entry + 1;
}

/*
 * bar_size.c: the size of the @entry-th resizable BAR by the registers at @cap, and
 * whether the capability supports all sizes there
 */
uint64_t vmr_pci_rebar_size(const uint8_t *cap, uint32_t entry);
bool vmr_pci_rebar_sizes_valid(const struct vmr_pci_rebar *rebar,
			       const uint8_t *cap);

/* bar_size.c: whether the registers at @cap name one page size */
bool vmr_pci_sriov_page_valid(const uint8_t *cap);

/* bar_size.c: whether all sizes that the registers @config name are supported */
bool vmr_pci_sizes_valid(const struct vmr_pci_function *fn,
			 const uint8_t *config);

/* bar_size.c: the size of the @n-th VF BAR of one VF by the registers @config */
uint64_t vmr_pci_vf_bar_size(const struct vmr_pci_function *pf,
			     const uint8_t *config, unsigned int n);

/*
 * bar_size.c: the size of a BAR by the registers @config, that of its region, the
 * address bits of its registers, and its size after a reset
 */
uint64_t vmr_pci_bar_size(const struct vmr_pci_function *fn,
			  const uint8_t *config, unsigned int index);
uint64_t vmr_pci_bar_span(const struct vmr_pci_function *fn,
			  const uint8_t *config, unsigned int index);
uint64_t vmr_pci_bar_mask(const struct vmr_pci_function *fn,
			  const uint8_t *config, unsigned int index);
uint64_t vmr_pci_bar_reset_size(const struct vmr_pci_function *fn,
				unsigned int index);

/* bar.c: the largest size of a BAR of this type */
uint64_t vmr_pci_bar_largest_size(enum vmr_pci_bar_type type);

/* bar.c: whether a BAR may have this size */
bool vmr_pci_bar_size_valid(unsigned int index, enum vmr_pci_bar_type type,
			    uint64_t size);

/* bar.c: vmr_pci_add_bar(), also for VF BARs, with a region of @span bytes */
int vmr_pci_add_bar_at(struct vmr_pci_function *fn, unsigned int index,
		       enum vmr_pci_bar_type type, bool prefetchable,
		       uint64_t size, uint64_t span, const char *name);

/*
 * bar.c: give the regions of BARs the sizes in the registers, and the BAR registers
 * their address bits. The caller moves the regions.
 */
void vmr_pci_update_sizes(struct vmr_pci_function *fn);

/*
 * bar.c: move the BARs whose bit in @mask is set to where their registers say, and a
 * description of that change
 */
void vmr_pci_update_bars(struct vmr_pci_function *fn, uint32_t mask);
struct vmr_placements vmr_pci_bar_placements(struct vmr_pci_function *fn,
					     uint32_t mask);

/* bar.c: the offset of a BAR's register */
uint32_t vmr_pci_bar_reg(const struct vmr_pci_function *fn, unsigned int index);

/*
 * bar.c: record which BAR registers a write begins or ends to size, before and after
 * it changes the registers
 */
void vmr_pci_record_sizing(struct vmr_pci_function *fn,
			   const struct vmr_pci_write *write);

/* bar.c: whether one of the registers of a BAR is being sized, by these bits */
bool vmr_pci_bar_sizing(const struct vmr_pci_function *fn, uint32_t sizing,
			unsigned int index);

/* window.c: the addresses that the registers of a window name; none if start > last */
void vmr_pci_read_window(const uint8_t *config, unsigned int index,
			 uint64_t *start, uint64_t *last);

/*
 * bar.c: a BAR and its placement by the registers @config, unless it is being sized.
 * window.c: a window of a bridge in @space
 */
struct vmr_region *vmr_pci_bar_placement(struct vmr_pci_function *fn,
					 const uint8_t *config,
					 unsigned int index,
					 struct vmr_placement *placement);
struct vmr_region *vmr_pci_window_placement(struct vmr_pci_function *fn,
					    const uint8_t *config,
					    unsigned int index,
					    const struct vmr_space *space,
					    struct vmr_placement *placement);

/*
 * bar.c: why a region that its registers decode is not mapped, as
 * vmr_pci_bar_hidden() says
 */
enum vmr_pci_hidden vmr_pci_region_hidden(const struct vmr_pci_function *fn,
					  const struct vmr_region *region,
					  struct vmr_range **conflict,
					  struct vmr_pci_bridge **bridge);

/* bar.c: store that no range and no bridge is the reason */
void vmr_pci_clear_reason(struct vmr_range **conflict,
			  struct vmr_pci_bridge **bridge);

#endif /* VMR_LIB_PCI_BAR_H */

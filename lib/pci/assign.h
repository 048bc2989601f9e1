/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * assign.h - what the files of the assignment share
 */
#ifndef VMR_LIB_PCI_ASSIGN_H
#define VMR_LIB_PCI_ASSIGN_H

#include "pci.h"

/* The units of windows of bridges */
#define VMR_PCI_IO_GRAIN	0x1000ull
#define VMR_PCI_MEM_GRAIN	0x100000ull

/* The remainder of the start by the alignment, in the one or the other order */
static inline uint64_t vmr_pci_phase(const struct vmr_pci_item *item,
				     bool mirrored)
{
	if (!mirrored)
		return item->phase;
	return (0 - item->phase - item->size) & (item->align - 1);
}

/* The sum of two sizes, VMR_ADDR_MAX if it is larger */
static inline uint64_t vmr_pci_add_sizes(uint64_t a, uint64_t b)
{
	return a > VMR_ADDR_MAX - b ? VMR_ADDR_MAX : a + b;
}

static inline void vmr_pci_push(struct vmr_pci_item **list,
				struct vmr_pci_item *item)
{
	item->next = *list;
	*list = item;
}

/* The space of a copy of what is in use */
static inline struct vmr_space *vmr_pci_taken(struct vmr_pci_assignment *a,
					      enum vmr_io io)
{
	return io == VMR_PIO ? &a->pio : &a->mmio;
}

/* The room that a bridge has for devices that are added later */
static inline uint64_t
vmr_pci_reserve_of(const struct vmr_pci_assign_bus *bus, unsigned int w)
{
	const struct vmr_pci_reserve *room = &bus->bridge->reserve;

	return w == VMR_PCI_ASSIGN_IO ? room->io :
	       w == VMR_PCI_ASSIGN_MEM ? room->mem : room->pref;
}

/* The list that the items of a bus are in, at the root without regard to @w */
static inline struct vmr_pci_item **
vmr_pci_list_of(struct vmr_pci_assign_bus *bus, unsigned int w)
{
	return bus->bridge ? &bus->windows[w].contents : &bus->items;
}

/* assign_pools.c: whether some pool would allow an item to have these addresses */
bool vmr_pci_pools_allow(const struct vmr_pci_pools *pools,
			 const struct vmr_pci_item *item, uint64_t start);

/* assign_pools.c: whether a pool serves an item */
bool vmr_pci_pool_serves(const struct vmr_pci_pools *pools, size_t i,
			 const struct vmr_pci_item *item);

/* assign_collect.c: the buses, the BARs, and what is in use besides them */
void vmr_pci_collect(struct vmr_pci_assignment *a,
		     const struct vmr_manager *manager);

/* assign_collect.c: the copy, with the obstacles only */
void vmr_pci_clear_taken(struct vmr_pci_assignment *a);

/* assign_numbers.c: number the buses. Returns -ENOSPC */
int vmr_pci_assign_numbers(struct vmr_pci_assignment *a);

/*
 * assign_keep.c: which items stay where the registers say, and the sizes of all
 * windows that do not
 */
void vmr_pci_size_all(struct vmr_pci_assignment *a, bool keep);

/* assign_window.c: vmr_pci_size_window() in memory of the caller */
void vmr_pci_size_window_in(struct vmr_space *space, struct vmr_pci_item *window,
			    uint64_t reserve);

/* assign_write.c: write the registers */
void vmr_pci_assign_write(struct vmr_pci_assignment *a);

#endif /* VMR_LIB_PCI_ASSIGN_H */

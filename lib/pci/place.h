/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * place.h - the cards on a bus, for the files of the PCI layer
 */
#ifndef VMR_LIB_PCI_PLACE_H
#define VMR_LIB_PCI_PLACE_H

#include "base/base.h"

#include <vmalloc/pci.h>

/* The numbers of a device, or of all devices behind a link, in the space of a bus */
struct vmr_pci_place {
	const struct vmr_space	*space;
	uint64_t		start;
	uint64_t		last;
};

static inline struct vmr_pci_place
vmr_pci_behind(const struct vmr_pci_bridge *bridge)
{
	return (struct vmr_pci_place){
		.space = &bridge->devfns.space, .last = 0xff,
	};
}

/* place.c: whether a function is plugged there, also a VF of another card */
bool vmr_pci_is_taken(const struct vmr_pci_place *place);

/* place.c: the functions of a card in the order of their numbers; NULL at the end */
struct vmr_pci_function *vmr_pci_next_at(const struct vmr_pci_place *place,
					 const struct vmr_pci_function *fn);

/* place.c: whether the removal of a card is pending, from the one call to the other */
bool vmr_pci_removal_pending(const struct vmr_pci_place *place);
void vmr_pci_request_removal(const struct vmr_pci_place *place);
void vmr_pci_cancel_removal(const struct vmr_pci_place *place);

/* place.c: unplug a card with all behind it. Returns -EBUSY, and unplugs nothing */
int vmr_pci_unplug_all(const struct vmr_pci_place *place);

#endif /* VMR_LIB_PCI_PLACE_H */

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * place.c - the card at a place: its functions, its removal, and all behind it
 *
 * A place is a range of numbers on a bus: those of a device, or of all devices behind
 * a link. Slots of every kind are places.
 */
#include "pci.h"

/* The next plugged function at a place, also a VF of another card */
static struct vmr_pci_function *next_plugged(const struct vmr_pci_place *place,
					     const struct vmr_pci_function *fn)
{
	struct vmr_range *range = fn ? vmr_next_range(&fn->address) :
				       vmr_find_overlap(place->space,
							place->start,
							place->last);

	for (; range && range->start <= place->last;
	     range = vmr_next_range(range))
		if (vmr_pci_to_function(range)->manager)
			return vmr_pci_to_function(range);
	return NULL;
}

bool vmr_pci_is_taken(const struct vmr_pci_place *place)
{
	return next_plugged(place, NULL);
}

/* VFs are part of the card of their PF, whose number is below theirs */
struct vmr_pci_function *vmr_pci_next_at(const struct vmr_pci_place *place,
					 const struct vmr_pci_function *fn)
{
	struct vmr_pci_function *next = next_plugged(place, fn);

	while (next && next->pf && next->pf->address.start < place->start)
		next = next_plugged(place, next);
	return next;
}

/*
 * There is a card. The removal of all its functions is requested and cancelled
 * together.
 */
bool vmr_pci_removal_pending(const struct vmr_pci_place *place)
{
	return vmr_pci_next_at(place, NULL)->dev.state ==
	       VMR_DEVICE_REMOVAL_REQUESTED;
}

void vmr_pci_request_removal(const struct vmr_pci_place *place)
{
	struct vmr_pci_function *fn = NULL;

	while ((fn = vmr_pci_next_at(place, fn)))
		vmr_device_request_removal(fn->manager, &fn->dev);
}

void vmr_pci_cancel_removal(const struct vmr_pci_place *place)
{
	struct vmr_pci_function *fn = NULL;

	while ((fn = vmr_pci_next_at(place, fn)))
		vmr_device_cancel_removal(fn->manager, &fn->dev);
}

/* Whether vmr_pci_unplug() can unplug a function after all behind it */
static bool can_unplug(const struct vmr_pci_function *fn)
{
	struct vmr_pci_function *below = NULL;

	if (!vmr_pci_can_unplug(fn))
		return false;
	while (fn->bridge &&
	       (below = vmr_pci_next_function(NULL, fn->bridge, below)))
		if (!vmr_pci_can_unplug(below))
			return false;
	return true;
}

/* A function of the card, or behind it, that no other one is behind */
static struct vmr_pci_function *last_behind(const struct vmr_pci_place *place)
{
	struct vmr_pci_function *fn, *next = vmr_pci_next_at(place, NULL);

	do {
		fn = next;
		next = fn && fn->bridge ?
			       vmr_pci_next_function(NULL, fn->bridge, NULL) :
			       NULL;
	} while (next);
	return fn;
}

int vmr_pci_unplug_all(const struct vmr_pci_place *place)
{
	struct vmr_pci_function *fn = NULL;
	int ret;

	while ((fn = vmr_pci_next_at(place, fn)))
		if (!can_unplug(fn))
			return -EBUSY;
	while ((fn = last_behind(place))) {
		ret = vmr_pci_unplug(fn);
		VMR_ASSERT(ret >= 0);
	}
	return 0;
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * slots.c - hot-plug on conventional buses
 *
 * The functions on the bus are the only state: whether they are plugged, and whether
 * their removal is pending.
 */
#include "pci.h"

#define DEVICES			32
#define FUNCTIONS_PER_DEVICE	8

int vmr_pci_slots_init(const struct vmr_pci_slots *slots)
{
	if (!slots || !slots->ops || !slots->released ||
	    !slots->host == !slots->bridge ||
	    (slots->bridge && vmr_pci_has_one_device(slots->bridge)))
		return -EINVAL;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_slots_init);

static const struct vmr_manager *manager_of(const struct vmr_pci_slots *slots)
{
	return slots->bridge ? slots->bridge->fn.manager : slots->host->manager;
}

/* The bus is part of a machine */
static struct vmr_pci_place place_of(const struct vmr_pci_slots *slots,
				     uint32_t device)
{
	const struct vmr_pci_host *host = slots->host;
	struct vmr_pci_place place;

	place.space = &vmr_pci_devfns(manager_of(slots), slots->bridge)->space;
	place.start = (uint64_t)device * FUNCTIONS_PER_DEVICE;
	if (host)
		place.start += VMR_PCI_ADDRESS(host->segment, host->bus_start, 0, 0);
	place.last = place.start + FUNCTIONS_PER_DEVICE - 1;
	return place;
}

static int find_card(const struct vmr_pci_slots *slots, uint32_t device,
		     struct vmr_pci_place *place)
{
	if (!slots)
		return -EINVAL;
	if (device >= DEVICES)
		return -ERANGE;
	if (!manager_of(slots))
		return -ENOENT;
	*place = place_of(slots, device);
	return vmr_pci_next_at(place, NULL) ? 0 : -ENOENT;
}

static int plug_card(struct vmr_pci_slots *slots,
		     struct vmr_pci_function *const *fns, unsigned int nr,
		     uint32_t device)
{
	return slots->bridge ?
		       vmr_pci_bridge_plug_card(slots->bridge, fns, nr, device) :
		       vmr_pci_host_plug_card(slots->host, fns, nr, device);
}

/* Apart from adding, which goes deep and need not have the place on its stack */
static noinline bool is_taken(const struct vmr_pci_slots *slots,
			      uint32_t device)
{
	struct vmr_pci_place place;

	if (device >= DEVICES || !manager_of(slots))
		return false;
	place = place_of(slots, device);
	return vmr_pci_is_taken(&place);
}

int vmr_pci_slots_add(struct vmr_pci_slots *slots,
		      struct vmr_pci_function *const *fns, unsigned int nr,
		      uint32_t device)
{
	int ret;

	if (!slots)
		return -EINVAL;
	if (is_taken(slots, device))
		return -EBUSY;
	ret = plug_card(slots, fns, nr, device);
	if (!ret && slots->ops->added)
		slots->ops->added(slots, vmr_pci_devfn(fns[0]) /
						 FUNCTIONS_PER_DEVICE);
	return ret;
}
EXPORT_SYMBOL_GPL(vmr_pci_slots_add);

int vmr_pci_slots_request_removal(struct vmr_pci_slots *slots, uint32_t device)
{
	struct vmr_pci_place place;
	int ret = find_card(slots, device, &place);

	if (ret)
		return ret;
	if (vmr_pci_removal_pending(&place))
		return -EALREADY;
	vmr_pci_request_removal(&place);
	if (slots->ops->removal_requested)
		slots->ops->removal_requested(slots, device);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_slots_request_removal);

int vmr_pci_slots_pull(struct vmr_pci_slots *slots, uint32_t device)
{
	struct vmr_pci_place place;
	int ret = find_card(slots, device, &place);

	if (!ret)
		ret = vmr_pci_unplug_all(&place);
	if (!ret && slots->ops->pulled)
		slots->ops->pulled(slots, device);
	return ret;
}
EXPORT_SYMBOL_GPL(vmr_pci_slots_pull);

int vmr_pci_slots_let_go(struct vmr_pci_slots *slots, uint32_t device)
{
	struct vmr_pci_place place;
	int ret = find_card(slots, device, &place);

	if (!ret)
		slots->released(slots, device);
	return ret;
}
EXPORT_SYMBOL_GPL(vmr_pci_slots_let_go);

int vmr_pci_slots_keep(struct vmr_pci_slots *slots, uint32_t device)
{
	struct vmr_pci_place place;
	int ret = find_card(slots, device, &place);

	if (!ret)
		vmr_pci_cancel_removal(&place);
	return ret;
}
EXPORT_SYMBOL_GPL(vmr_pci_slots_keep);

static uint32_t slots_with_card(const struct vmr_pci_slots *slots, bool pending)
{
	struct vmr_pci_place place;
	uint32_t device, mask = 0;

	for (device = 0; device < DEVICES; device++)
		if (!find_card(slots, device, &place) &&
		    (!pending || vmr_pci_removal_pending(&place)))
			mask |= 1u << device;
	return mask;
}

uint32_t vmr_pci_slots_occupied(const struct vmr_pci_slots *slots)
{
	return slots_with_card(slots, false);
}
EXPORT_SYMBOL_GPL(vmr_pci_slots_occupied);

uint32_t vmr_pci_slots_pending(const struct vmr_pci_slots *slots)
{
	return slots_with_card(slots, true);
}
EXPORT_SYMBOL_GPL(vmr_pci_slots_pending);

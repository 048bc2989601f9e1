/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * pci_slots.h - hot-plug on conventional buses
 */
#ifndef VMALLOC_PCI_SLOTS_H
#define VMALLOC_PCI_SLOTS_H

#include <vmalloc/pci_bridge.h>
#include <vmalloc/pci_host.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * DOC: Overview
 *
 * A bus of conventional PCI, behind a bridge or at the root, has a slot for each device
 * number. The bus itself cannot report a card. A front end does that: registers which
 * the guest reads, such as those of ACPI (PCI Firmware Specification, _EJ0) or of a
 * Standard Hot-Plug Controller. The front end is code of the VMM with two sides:
 *
 *  - The library calls it when a card was added, its removal was requested, or it was
 *    pulled.
 *  - It calls vmr_pci_slots_let_go() when the guest ejects a card, and
 *    vmr_pci_slots_keep() when the guest declines a removal.
 *
 * The rest of the VMM has the same three calls and the same callback as for the slots
 * of pci_port.h. The functions of a card have the state VMR_DEVICE_REMOVAL_REQUESTED
 * while its removal is pending; there is no other state to save.
 *
 * VFs at other device numbers are part of the card of their physical function. Such a
 * number is in use, and its slot has no card.
 *
 * All calls are update-side calls, and the callbacks run on the update side.
 */

struct vmr_pci_slots;

/**
 * struct vmr_pci_slots_ops - a front end
 * @added: a card was added as device @device; its functions are visible
 * @removal_requested: the guest shall let the card at @device go
 * @pulled: the card at @device is gone
 *
 * Each may be NULL. None may add or pull a card.
 */
struct vmr_pci_slots_ops {
	void (*added)(struct vmr_pci_slots *slots, uint32_t device);
	void (*removal_requested)(struct vmr_pci_slots *slots, uint32_t device);
	void (*pulled)(struct vmr_pci_slots *slots, uint32_t device);
};

/**
 * struct vmr_pci_slots - the slots of a conventional bus
 * @ops: the front end
 * @host: the host bridge of a root bus, or NULL
 * @bridge: the bridge of another bus, or NULL
 * @released: the guest has let go of the card at @device; may call
 *	vmr_pci_slots_pull()
 */
struct vmr_pci_slots {
	const struct vmr_pci_slots_ops	*ops;
	struct vmr_pci_host		*host;
	struct vmr_pci_bridge		*bridge;
	void (*released)(struct vmr_pci_slots *slots, uint32_t device);
};

/**
 * vmr_pci_slots_init - give a bus slots
 * @slots: the slots, with the four members set by the caller
 *
 * Return: 0, or -EINVAL if @slots, the front end or @released is NULL, there is not
 * exactly one of @host and @bridge, or @bridge is a root port or a downstream port.
 */
int vmr_pci_slots_init(const struct vmr_pci_slots *slots);

/**
 * vmr_pci_slots_add - put a card into a slot
 * @slots: the slots of a bus
 * @fns: the functions by their number, NULL for one that the card does not have
 * @nr: the length of @fns, 1 to 8
 * @device: device number, or VMR_PCI_ANY_DEVICE
 *
 * Return: 0, or
 *  - -EINVAL: @slots is NULL;
 *  - -EBUSY: a function of this device is plugged;
 *  - what vmr_pci_bridge_plug_card() returns; -ENOENT also if the host bridge is not
 *    registered.
 */
int vmr_pci_slots_add(struct vmr_pci_slots *slots,
		      struct vmr_pci_function *const *fns, unsigned int nr,
		      uint32_t device);

/**
 * vmr_pci_slots_request_removal - ask the guest to let a card go
 * @slots: the slots of a bus
 * @device: device number
 *
 * Return: 0, or
 *  - -EINVAL: @slots is NULL;
 *  - -ERANGE: @device is above 31;
 *  - -ENOENT: the bus is not part of a machine, or no card is there;
 *  - -EALREADY: the removal is pending.
 */
int vmr_pci_slots_request_removal(struct vmr_pci_slots *slots, uint32_t device);

/**
 * vmr_pci_slots_pull - take a card out of its slot
 * @slots: the slots of a bus
 * @device: device number
 *
 * Unplugs all functions of the device, and all behind it.
 *
 * Return: 0, or
 *  - -EINVAL, -ERANGE, -ENOENT: as vmr_pci_slots_request_removal();
 *  - -EBUSY: as vmr_pci_slot_pull().
 */
int vmr_pci_slots_pull(struct vmr_pci_slots *slots, uint32_t device);

/**
 * vmr_pci_slots_let_go - report that the guest ejects a card
 * @slots: the slots of a bus
 * @device: device number
 *
 * For front ends. Calls @slots->released. The removal remains pending until the card
 * is pulled.
 *
 * Return: 0, or -EINVAL, -ERANGE, -ENOENT as vmr_pci_slots_request_removal().
 */
int vmr_pci_slots_let_go(struct vmr_pci_slots *slots, uint32_t device);

/**
 * vmr_pci_slots_keep - report that the guest declines a removal
 * @slots: the slots of a bus
 * @device: device number
 *
 * For front ends. The removal is no longer pending.
 *
 * Return: 0, or -EINVAL, -ERANGE, -ENOENT as vmr_pci_slots_request_removal().
 */
int vmr_pci_slots_keep(struct vmr_pci_slots *slots, uint32_t device);

/**
 * vmr_pci_slots_occupied - get the slots with a card
 * @slots: the slots of a bus, or NULL
 *
 * Return: a bit for each device number.
 */
uint32_t vmr_pci_slots_occupied(const struct vmr_pci_slots *slots);

/**
 * vmr_pci_slots_pending - get the slots whose card the guest was asked to let go
 * @slots: the slots of a bus, or NULL
 *
 * Return: a bit for each device number.
 */
uint32_t vmr_pci_slots_pending(const struct vmr_pci_slots *slots);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_PCI_SLOTS_H */

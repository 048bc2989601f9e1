/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * pci_port.h - ports of PCI Express, and their slots
 */
#ifndef VMALLOC_PCI_PORT_H
#define VMALLOC_PCI_PORT_H

#include <vmalloc/pci_bridge.h>
#include <vmalloc/pci_capability.h>
#include <vmalloc/pci_msi.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * DOC: Overview
 *
 * A port is a bridge with a PCI Express capability: a root port, an upstream or a
 * downstream port of a switch, or a bridge to conventional PCI. A root port and a
 * downstream port have a link to one device, whose number is 0 (PCI Express Base
 * Specification, section 7.3.1). They may have a slot, which takes one card.
 *
 * Topology: an upstream port is plugged as function 0 behind a root port or a
 * downstream port. The downstream ports of the switch are plugged behind the upstream
 * port, each with a device number of its own.
 *
 * Link: the link is active while a function is plugged behind the port, the slot has
 * power, and PCI_EXP_LNKCTL_LD is off. Speed and width are the smaller ones of both
 * ends, and both ends show them. While the link is down the guest finds no function
 * behind the port. When the link goes down, all functions behind it are reset.
 *
 * Slot: the caller has three calls, vmr_pci_slot_add(), vmr_pci_slot_request_removal()
 * and vmr_pci_slot_pull(). The library calls back once, when the guest has let the
 * card go. The guest controls the slot by PCI_EXP_SLTCTL and PCI_EXP_SLTSTA (section
 * 6.7):
 *
 *  - Presence follows the functions behind the port, also if the owner plugs and
 *    unplugs them by other calls. A latch sensor is open while the slot is empty.
 *  - A command is a write of PCI_EXP_SLTCTL. It completes at once.
 *  - Each write of one to PCI_EXP_SLTCTL_EIC toggles the electromechanical interlock.
 *  - After a reset an occupied slot has power and an empty one does not. While
 *    PCI_EXP_SLTCTL_HPIE is off no driver controls the slot, and its power and its
 *    power indicator follow the presence in the same way.
 *  - The guest has let the card go when the power controller and the power indicator
 *    are off, as far as the slot has them.
 *  - After a pull the guest switches the slot off. A card that is added before that is
 *    let go by it: the caller waits until both are off.
 *
 * Interrupt: the port requests service while PCI_EXP_SLTCTL_HPIE is on and an enabled
 * event is set in PCI_EXP_SLTSTA (section 6.7.3). With MSI enabled each beginning of
 * this condition sends vector 0. Without MSI the pin of the port has this level. The
 * caller sets @bridge.fn.events for deliver().
 *
 * The removal of a card is pending from vmr_pci_slot_request_removal() until the card
 * is pulled, or the guest has let it go and takes it back. A reset of the port ends it
 * too. The functions in the slot have the state VMR_DEVICE_REMOVAL_REQUESTED meanwhile,
 * which vmr_snapshot_describe_device() saves. A caller that does not wait any longer
 * calls vmr_device_cancel_removal() for the first function, and may then ask again.
 * The registers of a slot are saved with the registers of its port.
 *
 * All calls are update-side calls.
 */

/**
 * enum vmr_pci_slot_flags - the equipment of a slot
 * @VMR_PCI_SLOT_BUTTON: attention button, by which a removal is requested; needs a
 *	power controller or a power indicator, by which the guest lets a card go
 * @VMR_PCI_SLOT_POWER: power controller
 * @VMR_PCI_SLOT_LATCH: sensor of the manually operated retention latch
 * @VMR_PCI_SLOT_ATTENTION_INDICATOR: attention indicator
 * @VMR_PCI_SLOT_POWER_INDICATOR: power indicator
 * @VMR_PCI_SLOT_SURPRISE: cards may be pulled without a request
 * @VMR_PCI_SLOT_HOTPLUG: the guest's driver may control the slot
 * @VMR_PCI_SLOT_INTERLOCK: electromechanical interlock
 * @VMR_PCI_SLOT_NO_COMMAND_COMPLETED: no event reports the end of a command
 * @VMR_PCI_SLOT_DEFAULT: what most guests expect of a virtual machine
 *
 * The values are those of PCI_EXP_SLTCAP.
 */
enum vmr_pci_slot_flags {
	VMR_PCI_SLOT_BUTTON = 0x1,
	VMR_PCI_SLOT_POWER = 0x2,
	VMR_PCI_SLOT_LATCH = 0x4,
	VMR_PCI_SLOT_ATTENTION_INDICATOR = 0x8,
	VMR_PCI_SLOT_POWER_INDICATOR = 0x10,
	VMR_PCI_SLOT_SURPRISE = 0x20,
	VMR_PCI_SLOT_HOTPLUG = 0x40,
	VMR_PCI_SLOT_INTERLOCK = 0x20000,
	VMR_PCI_SLOT_NO_COMMAND_COMPLETED = 0x40000,
	VMR_PCI_SLOT_DEFAULT = 0x2007b,
};

/**
 * enum vmr_pci_slot_state - the state of a slot
 * @VMR_PCI_SLOT_NONE: the port has no slot, or is not plugged
 * @VMR_PCI_SLOT_EMPTY: no card
 * @VMR_PCI_SLOT_ON: a card that the guest may use
 * @VMR_PCI_SLOT_REMOVAL_REQUESTED: the same, and the guest was asked to let it go
 * @VMR_PCI_SLOT_RELEASED: a card that the guest has let go; it may be pulled
 */
enum vmr_pci_slot_state {
	VMR_PCI_SLOT_NONE,
	VMR_PCI_SLOT_EMPTY,
	VMR_PCI_SLOT_ON,
	VMR_PCI_SLOT_REMOVAL_REQUESTED,
	VMR_PCI_SLOT_RELEASED,
};

struct vmr_pci_port;

/**
 * struct vmr_pci_port_config - the description of a port
 * @type: VMR_PCI_EXPRESS_ROOT_PORT, VMR_PCI_EXPRESS_UPSTREAM_PORT,
 *	VMR_PCI_EXPRESS_DOWNSTREAM_PORT or VMR_PCI_EXPRESS_PCI_BRIDGE
 * @ids: the identification; the class is usually 0x060400
 * @number: port number, 0 to 255
 * @speed: greatest speed of the link, 1 for 2.5 GT/s to 6 for 64 GT/s; 0 for 1
 * @width: greatest number of lanes: 1, 2, 4, 8, 12, 16 or 32; 0 for 1
 * @has_slot: whether a root port or a downstream port has a slot
 * @slot_flags: the equipment of the slot, of enum vmr_pci_slot_flags
 * @slot_number: physical slot number, 0 to 8191, unique in the machine
 * @released: called on the update side when the guest has let a card go, once for each
 *	time. May call vmr_pci_slot_pull(). The guest also lets go of a card that it
 *	was not asked for, and may take it back: for example, after a surprise removal
 *	it finds the next card. A caller that pulls only what it has asked for looks
 *	at the state of its function. NULL if there is no slot
 * @name: name for people
 */
struct vmr_pci_port_config {
	enum vmr_pci_express_type	type;
	const struct vmr_pci_ids	*ids;
	uint8_t				number;
	uint8_t				speed;
	uint8_t				width;
	bool				has_slot;
	uint32_t			slot_flags;
	uint32_t			slot_number;
	void (*released)(struct vmr_pci_port *port);
	const char			*name;
};

/**
 * struct vmr_pci_port - a port of PCI Express
 * @bridge: the bridge; plug @bridge.fn as any function
 * @express: its capability
 * @msi: the vector of a root port or a downstream port
 */
struct vmr_pci_port {
	struct vmr_pci_bridge			bridge;
	struct vmr_pci_express			express;
	struct vmr_pci_msi			msi;
	/* private: */
	struct vmr_pci_express_config_space	space;
	void (*released)(struct vmr_pci_port *port);
	void (*msi_written)(struct vmr_pci_function *fn,
			    struct vmr_pci_reg_block *reg_block,
			    const struct vmr_pci_write *write);
	bool					notified; /* by MSI */
	/* public: */
};

/**
 * vmr_pci_port_init - initialise a port with an empty bus
 * @port: zeroed memory; @port->express.reg_block.offset and
 *	@port->msi.reg_block.offset may be the offsets of these in configuration
 *	space, from 0x40 in steps of 4, 0 for any place
 * @manager: the manager that the port will be plugged into
 * @config: the description, copied but for @name
 *
 * The caller plugs &port->bridge.fn, and functions behind the port with
 * vmr_pci_slot_add(), or with vmr_pci_bridge_plug() and &port->bridge.
 *
 * After a failure the caller zeroes the memory again.
 *
 * Return: 0, or
 *  - -EINVAL: a pointer but @config->name is NULL, or the type, the speed or the width
 *    is invalid. With a slot: the type, a flag, or the slot number is invalid,
 *    @config->released is NULL, or the slot has a button alone;
 *  - what vmr_pci_function_init(), vmr_pci_add_express() and vmr_pci_add_msi() return.
 */
int vmr_pci_port_init(struct vmr_pci_port *port, struct vmr_manager *manager,
		      const struct vmr_pci_port_config *config);

/**
 * vmr_pci_port_link_active - find out whether the link of a port is active
 * @port: the port, or NULL
 *
 * Return: whether the guest can reach functions behind a root port or a downstream
 * port; false for other ports.
 */
bool vmr_pci_port_link_active(const struct vmr_pci_port *port);

/**
 * vmr_pci_slot_add - put a card into a slot
 * @port: a plugged port with an empty slot
 * @fns: the functions by their number, NULL for one that the card does not have
 * @nr: the length of @fns, as for vmr_pci_bridge_plug_card()
 *
 * The functions are plugged in one step, as by vmr_pci_bridge_plug_card(). The guest
 * finds them when the slot has power. If a driver controls the slot and has switched it
 * off, the library presses the attention button also, unless an interrupt is pending
 * for an earlier change of presence.
 *
 * Return: 0, or
 *  - -EINVAL: @port is NULL;
 *  - -EOPNOTSUPP: the port has no slot;
 *  - -ENOENT: the port is not plugged;
 *  - -EBUSY: the slot is occupied, or its interlock is engaged;
 *  - what vmr_pci_bridge_plug_card() returns.
 */
int vmr_pci_slot_add(struct vmr_pci_port *port,
		     struct vmr_pci_function *const *fns, unsigned int nr);

/**
 * vmr_pci_slot_request_removal - ask the guest to let a card go
 * @port: a plugged port with an occupied slot
 *
 * The library presses the attention button. The card remains plugged. If the guest has
 * let it go already, the button is not pressed, which would ask for power, and
 * released() is called before the call returns.
 *
 * Return: 0, or
 *  - -EINVAL: @port is NULL;
 *  - -EOPNOTSUPP: the port has no slot, or the slot no attention button;
 *  - -ENOENT: the port is not plugged, or the slot is empty;
 *  - -EALREADY: the removal is pending.
 */
int vmr_pci_slot_request_removal(struct vmr_pci_port *port);

/**
 * vmr_pci_slot_pull - take the card out of a slot
 * @port: a plugged port with an occupied slot
 *
 * Unplugs all functions behind the port, those behind further bridges first. If the
 * guest has not let the card go, this is a surprise removal. A drain of each function
 * must precede the reuse of its memory, see vmr_pci_unplug().
 *
 * Return: 0, or
 *  - -EINVAL: @port is NULL;
 *  - -EOPNOTSUPP: the port has no slot;
 *  - -ENOENT: the port is not plugged, or the slot is empty;
 *  - -EBUSY: a function behind the port is part of a transaction or in a callback of
 *    its struct vmr_pci_sriov. An address behind a bridge there is held by a device
 *    that is no function, or by a function that is not plugged.
 */
int vmr_pci_slot_pull(struct vmr_pci_port *port);

/**
 * vmr_pci_slot_power_fault - report that the power controller detects a fault
 * @port: a plugged port with a power controller
 *
 * Sets PCI_EXP_SLTSTA_PFD. The library does not switch the power off.
 *
 * Return: 0, or
 *  - -EINVAL: @port is NULL;
 *  - -EOPNOTSUPP: the port has no slot, or the slot no power controller;
 *  - -ENOENT: the port is not plugged.
 */
int vmr_pci_slot_power_fault(struct vmr_pci_port *port);

/**
 * vmr_pci_slot_get_state - get the state of a slot
 * @port: the port, or NULL
 *
 * Return: the state.
 */
enum vmr_pci_slot_state vmr_pci_slot_get_state(const struct vmr_pci_port *port);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_PCI_PORT_H */

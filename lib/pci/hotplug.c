// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * hotplug.c - cards in the slots of ports: adding, asking for them, pulling them
 */
#include "pci.h"

/* Whether a port is plugged and has a slot with @flag, 0 for any */
static int check_slot(const struct vmr_pci_port *port, uint32_t flag)
{
	if (!port)
		return -EINVAL;
	if (!vmr_pci_has_slot(port) || (flag && !vmr_pci_slot_has(port, flag)))
		return -EOPNOTSUPP;
	return port->bridge.fn.manager ? 0 : -ENOENT;
}

static int check_occupied(const struct vmr_pci_port *port, uint32_t flag)
{
	int ret = check_slot(port, flag);

	return ret || vmr_pci_is_occupied(port) ? ret : -ENOENT;
}

int vmr_pci_slot_add(struct vmr_pci_port *port,
		     struct vmr_pci_function *const *fns, unsigned int nr)
{
	int ret = check_slot(port, 0);

	if (ret)
		return ret;
	if (vmr_pci_is_occupied(port) ||
	    vmr_pci_port_reg(port, PCI_EXP_SLTSTA) & PCI_EXP_SLTSTA_EIS)
		return -EBUSY;
	return vmr_pci_bridge_plug_card(&port->bridge, fns, nr, 0);
}
EXPORT_SYMBOL_GPL(vmr_pci_slot_add);

int vmr_pci_slot_request_removal(struct vmr_pci_port *port)
{
	struct vmr_pci_place place;
	int ret = check_occupied(port, PCI_EXP_SLTCAP_ABP);

	if (ret)
		return ret;
	place = vmr_pci_behind(&port->bridge);
	if (vmr_pci_removal_pending(&place))
		return -EALREADY;
	vmr_pci_request_removal(&place);
	if (vmr_pci_slot_is_off(port)) {
		port->released(port);
		return 0;
	}
	vmr_pci_slot_event(port, PCI_EXP_SLTSTA_ABP);
	vmr_pci_port_update_interrupt(port);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_slot_request_removal);

int vmr_pci_slot_pull(struct vmr_pci_port *port)
{
	struct vmr_pci_place place;
	int ret = check_occupied(port, 0);

	if (ret)
		return ret;
	place = vmr_pci_behind(&port->bridge);
	return vmr_pci_unplug_all(&place);
}
EXPORT_SYMBOL_GPL(vmr_pci_slot_pull);

int vmr_pci_slot_power_fault(struct vmr_pci_port *port)
{
	int ret = check_slot(port, PCI_EXP_SLTCAP_PCP);

	if (ret)
		return ret;
	vmr_pci_slot_event(port, PCI_EXP_SLTSTA_PFD);
	vmr_pci_port_update_interrupt(port);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_slot_power_fault);

enum vmr_pci_slot_state vmr_pci_slot_get_state(const struct vmr_pci_port *port)
{
	struct vmr_pci_place place;

	if (check_slot(port, 0))
		return VMR_PCI_SLOT_NONE;
	if (!vmr_pci_is_occupied(port))
		return VMR_PCI_SLOT_EMPTY;
	if (vmr_pci_slot_is_off(port))
		return VMR_PCI_SLOT_RELEASED;
	place = vmr_pci_behind(&port->bridge);
	return vmr_pci_removal_pending(&place) ?
		       VMR_PCI_SLOT_REMOVAL_REQUESTED : VMR_PCI_SLOT_ON;
}
EXPORT_SYMBOL_GPL(vmr_pci_slot_get_state);

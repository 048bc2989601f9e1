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

static bool is_removal_pending(const struct vmr_pci_port *port)
{
	const struct vmr_pci_function *fn =
		vmr_pci_next_on_bus(&port->bridge, NULL);

	return fn->dev.state == VMR_DEVICE_REMOVAL_REQUESTED;
}

int vmr_pci_slot_request_removal(struct vmr_pci_port *port)
{
	struct vmr_pci_function *fn = NULL;
	int ret = check_occupied(port, PCI_EXP_SLTCAP_ABP);

	if (ret)
		return ret;
	if (is_removal_pending(port))
		return -EALREADY;
	while ((fn = vmr_pci_next_on_bus(&port->bridge, fn)))
		vmr_device_request_removal(fn->manager, &fn->dev);
	if (vmr_pci_slot_is_off(port)) {
		port->released(port);
		return 0;
	}
	vmr_pci_slot_event(port, PCI_EXP_SLTSTA_ABP);
	vmr_pci_port_update_interrupt(port);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_slot_request_removal);

/* Whether vmr_pci_unplug() can unplug all functions behind a port */
static bool can_unplug_all(const struct vmr_pci_port *port)
{
	const struct vmr_pci_function *fn = NULL;

	while ((fn = vmr_pci_next_function(NULL, &port->bridge,
					   (struct vmr_pci_function *)fn)))
		if (!vmr_pci_can_unplug(fn))
			return false;
	return true;
}

/* A function behind the port that no other one is behind */
static struct vmr_pci_function *last_behind(const struct vmr_pci_port *port)
{
	const struct vmr_pci_bridge *bridge = &port->bridge;
	struct vmr_pci_function *fn = NULL, *next;

	while (bridge &&
	       (next = vmr_pci_next_function(NULL, bridge, NULL))) {
		fn = next;
		bridge = fn->bridge;
	}
	return fn;
}

int vmr_pci_slot_pull(struct vmr_pci_port *port)
{
	struct vmr_pci_function *fn;
	int ret = check_occupied(port, 0);

	if (ret)
		return ret;
	if (!can_unplug_all(port))
		return -EBUSY;
	while ((fn = last_behind(port))) {
		ret = vmr_pci_unplug(fn);
		VMR_ASSERT(ret >= 0);
	}
	return 0;
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
	if (check_slot(port, 0))
		return VMR_PCI_SLOT_NONE;
	if (!vmr_pci_is_occupied(port))
		return VMR_PCI_SLOT_EMPTY;
	if (vmr_pci_slot_is_off(port))
		return VMR_PCI_SLOT_RELEASED;
	return is_removal_pending(port) ? VMR_PCI_SLOT_REMOVAL_REQUESTED :
					  VMR_PCI_SLOT_ON;
}
EXPORT_SYMBOL_GPL(vmr_pci_slot_get_state);

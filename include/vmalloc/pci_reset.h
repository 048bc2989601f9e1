/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * pci_reset.h - resets
 */
#ifndef VMALLOC_PCI_RESET_H
#define VMALLOC_PCI_RESET_H

#include <vmalloc/pci_function.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * DOC: Overview
 *
 * A reset gives the registers of functions their reset values: BARs and windows leave
 * their addresses, claims are withdrawn, vectors are freed and no longer wait, the
 * interrupt pin is deasserted. Listeners are notified, and the owner's reset()
 * callback is called for each function. The functions remain plugged.
 *
 * The guest resets a function by PCI_EXP_DEVCTL_BCR_FLR, PCI_AF_CTRL_FLR or a return
 * from D3hot, and all functions behind a bridge by PCI_BRIDGE_CTL_BUS_RESET. The
 * owner of the machine resets by the calls here.
 *
 * Readers: an access that begins after the reset finds no BAR of the function until the
 * guest maps it again. A callback of the device that began before may still run, also
 * while reset() is called. vmr_device_drain() waits for it; a caller that holds a lock
 * that callbacks acquire must release it first. A write of the MSI-X table that waited
 * for the lock during the reset changes nothing. A call of vmr_pci_notify() that began
 * before may deliver its message after the reset, or leave it pending.
 *
 * All calls are update-side calls. Their cost is that of the changes, and they visit
 * each function that they reset.
 */

/**
 * enum vmr_pci_reset - the kinds of reset
 * @VMR_PCI_RESET_FUNCTION: of one function, which leaves sticky bits alone
 * @VMR_PCI_RESET_BUS: of all functions behind a bridge, or of a host bridge
 */
enum vmr_pci_reset {
	VMR_PCI_RESET_FUNCTION,
	VMR_PCI_RESET_BUS,
};

/**
 * vmr_pci_function_reset - reset one function
 * @fn: a plugged function
 * @reset: the kind; a bridge that is reset resets nothing behind it
 *
 * Return: 0, or
 *  - -EINVAL: @fn is NULL;
 *  - -ENOENT: @fn is not plugged.
 */
int vmr_pci_function_reset(struct vmr_pci_function *fn,
			   enum vmr_pci_reset reset);

/**
 * vmr_pci_bus_reset - reset all functions behind a bridge
 * @bridge: a plugged bridge
 *
 * Return: 0, or
 *  - -EINVAL: @bridge is NULL;
 *  - -ENOENT: @bridge is not plugged.
 */
int vmr_pci_bus_reset(struct vmr_pci_bridge *bridge);

/**
 * vmr_pci_host_reset - reset all functions below a host bridge
 * @host: a registered host bridge
 *
 * Return: 0, or
 *  - -EINVAL: @host is NULL;
 *  - -ENOENT: @host is not registered.
 */
int vmr_pci_host_reset(struct vmr_pci_host *host);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_PCI_RESET_H */

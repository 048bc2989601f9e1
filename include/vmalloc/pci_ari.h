/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * pci_ari.h - devices with up to 256 functions
 */
#ifndef VMALLOC_PCI_ARI_H
#define VMALLOC_PCI_ARI_H

#include <vmalloc/pci_function.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * DOC: Overview
 *
 * A root port or a downstream port leads to one device, whose number is 0. With
 * Alternative Routing-ID Interpretation (PCI Express Base Specification, section
 * 6.13) that device may have the functions 0 to 255, and the 8 bits of device
 * and function number are the function number.
 *
 *  - A function with the ARI capability may be plugged at any of the 256 numbers behind
 *    such a port. A function without it may have 0 to 7.
 *  - While PCI_EXP_DEVCTL2_ARI of the port is off, the port forwards to the functions 0
 *    to 7 only. The guest does not find the others.
 *  - PCI_ARI_CAP names the next function of the device that has the capability, 0 for
 *    none. The library updates it when functions are plugged and unplugged. Virtual
 *    functions are not in this list.
 *
 * Other bridges have no such limit, and PCI_ARI_CAP of a function behind them names no
 * function. All functions behind a port have device number 0 for interrupt pins.
 *
 * All calls are update-side calls. A change visits all functions on the bus if the
 * function has the capability.
 */

/* The most functions of a device with ARI */
#define VMR_PCI_ARI_MAX_FUNCTIONS	256

/**
 * struct vmr_pci_ari - an ARI capability
 * @reg_block: its registers
 */
struct vmr_pci_ari {
	struct vmr_pci_reg_block	reg_block;
};

/**
 * vmr_pci_add_ari - add an ARI capability to a PCI Express function
 * @fn: a function that is not plugged
 * @ari: zeroed memory; @ari->reg_block.offset may be the offset in configuration
 *	space, 0 for any place
 *
 * Return: -EINVAL if a pointer is NULL; else as vmr_pci_add_ext_capability(), -EEXIST
 * also if @fn has an ARI capability.
 */
int vmr_pci_add_ari(struct vmr_pci_function *fn, struct vmr_pci_ari *ari);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_PCI_ARI_H */

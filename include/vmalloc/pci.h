/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * pci.h - all of the PCI layer
 */
#ifndef VMALLOC_PCI_H
#define VMALLOC_PCI_H

/**
 * DOC: Overview
 *
 * This layer models what a guest does with PCI and PCI Express: configuration
 * space, BARs, bridges, interrupts and resets. Each subject has a header:
 *
 *  - pci_function.h: functions, BARs, plugging, configuration accesses
 *  - pci_capability.h: capabilities, power management, PCI Express end points
 *  - pci_msi.h: MSI and MSI-X
 *  - pci_intx.h: the interrupt pins
 *  - pci_bridge.h: PCI-to-PCI bridges
 *  - pci_port.h: root ports, switches, slots with hot-plug
 *  - pci_slots.h: hot-plug on conventional buses
 *  - pci_host.h: host bridges, segments, ECAM, configuration mechanism #1
 *  - pci_reset.h: resets
 *  - pci_rebar.h: resizable BARs
 *  - pci_ari.h: devices with up to 256 functions
 *  - pci_sriov.h: virtual functions
 *  - pci_assign.h: bus numbers and addresses without firmware
 *  - pci_snapshot.h: functions and bridges in a snapshot; not included here
 *
 * Registers have the names of <linux/pci_regs.h> in all comments.
 */
#include <vmalloc/pci_function.h>
#include <vmalloc/pci_capability.h>
#include <vmalloc/pci_msi.h>
#include <vmalloc/pci_intx.h>
#include <vmalloc/pci_bridge.h>
#include <vmalloc/pci_port.h>
#include <vmalloc/pci_host.h>
#include <vmalloc/pci_slots.h>
#include <vmalloc/pci_reset.h>
#include <vmalloc/pci_rebar.h>
#include <vmalloc/pci_ari.h>
#include <vmalloc/pci_sriov.h>
#include <vmalloc/pci_assign.h>

#endif /* VMALLOC_PCI_H */

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * pci_snapshot.h - bridges and functions as part of a snapshot
 */
#ifndef VMALLOC_PCI_SNAPSHOT_H
#define VMALLOC_PCI_SNAPSHOT_H

#include <vmalloc/pci.h>
#include <vmalloc/snapshot.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * vmr_snapshot_describe_bridge - describe the spaces of the bus behind a PCI bridge
 * @spaces: where to store three of them: ports, memory, functions
 * @bridge: the bridge
 * @id: the id of the first, from VMR_SNAPSHOT_FIRST_USER; the others have the next two
 *
 * Return: 0, or -EINVAL if a pointer is NULL or @id is one of a system's spaces.
 */
int vmr_snapshot_describe_bridge(struct vmr_snapshot_space *spaces,
			struct vmr_pci_bridge *bridge, uint32_t id);

/**
 * vmr_snapshot_describe_pci - describe the registers of a PCI function
 * @block: where to store it
 * @key: its key; the function's PCI address does well
 * @fn: the function, as it is before vmr_pci_register_restored(): with its BARs, its
 *	capabilities and, if it is behind a bridge, its @behind
 * @sys: its system
 *
 * These are its configuration space and its MSI-X tables. Restoring writes them
 * and moves nothing: the ranges of BARs, windows and vectors are restored as
 * such, and must be where the registers say. That is, for
 *
 *  - a BAR without an address, or with one where it cannot be: nowhere; with
 *    decoding off: parked there; with decoding on: live or claimed there;
 *  - a window that is closed: nowhere; else: live or claimed from base to limit;
 *  - vectors that are in use: live, or nowhere if there were none left; that are
 *    not in use: nowhere.
 *
 * What is read-only in the header (but for the status register), in the
 * capabilities and in the tables must be as it is in @fn. What is behind these is
 * the owner's, who may set @block->check.
 *
 * Return: 0, or -EINVAL if a pointer is NULL.
 */
int vmr_snapshot_describe_pci(struct vmr_snapshot_block *block, uint64_t key,
		     struct vmr_pci_function *fn, struct vmr_system *sys);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_PCI_SNAPSHOT_H */

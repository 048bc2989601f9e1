/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * pci_snapshot.h - bridges and functions in a snapshot
 */
#ifndef VMALLOC_PCI_SNAPSHOT_H
#define VMALLOC_PCI_SNAPSHOT_H

#include <vmalloc/pci.h>
#include <vmalloc/snapshot.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * DOC: Overview
 *
 * These calls describe the spaces behind a PCI bridge, the registers of a PCI
 * function, a host bridge and CONFIG_ADDRESS for a struct vmr_snapshot. The caller
 * provides the memory of the descriptions, and the objects must live as long as these.
 * All calls are update-side calls. Each describes in O(1); saving or restoring a
 * function looks up each of its BARs, windows and vectors in O(log n).
 */

/**
 * vmr_snapshot_describe_bridge - describe the spaces behind a PCI bridge
 * @spaces: receives three descriptions: ports, memory, functions
 * @bridge: the bridge
 * @id: the id of the first space, from VMR_SNAPSHOT_FIRST_USER; the others get the
 *	next two
 *
 * Return: 0, or -EINVAL if a pointer is NULL, @id is below VMR_SNAPSHOT_FIRST_USER, or
 * the third id would be above 2^32-1.
 */
int vmr_snapshot_describe_bridge(struct vmr_snapshot_space *spaces,
				 struct vmr_pci_bridge *bridge, uint32_t id);

/**
 * vmr_snapshot_describe_pci - describe the registers of a PCI function
 * @block: receives the description
 * @key: its key, for example the BDF of the function
 * @fn: the function as before vmr_pci_register_restored(): with its BARs, its
 *	capabilities and, if it is behind a bridge, its @upstream_bridge
 * @sys: its system
 *
 * The block begins with the configuration space, which @block->check of the owner may
 * look at. The types and sizes of the BARs, the registers being sized, the pending
 * messages, the level of the interrupt pin and the MSI-X table follow. A restore
 * writes them and moves no range. The ranges of BARs, windows and vectors are
 * restored with their spaces, and must agree with the registers:
 *
 *  - a BAR whose registers hold no address, or one outside its space: free; with
 *    decoding off: parked at the address; with decoding on: live or claimed there;
 *  - a BAR that is being sized: free, or parked anywhere;
 *  - a closed window: free; an open window: live or claimed from base to limit;
 *  - vectors of an enabled capability: live or free; others: free.
 *
 * The constant bits of the header, of the capabilities and of the table, the BARs and
 * the number of entries must be the same as in @fn. The library does not check other
 * registers. The host bridges must be registered, and the check of the block stores
 * the one above in @fn->host.
 *
 * Return: 0, or -EINVAL if a pointer is NULL.
 */
int vmr_snapshot_describe_pci(struct vmr_snapshot_block *block, uint64_t key,
			      struct vmr_pci_function *fn,
			      struct vmr_system *sys);

/**
 * vmr_snapshot_describe_host - describe a host bridge
 * @block: receives the description
 * @key: its key, for example segment << 8 | first bus
 * @host: the host bridge, registered when the machine is saved and restored
 *
 * The block has the segment, the buses, the number of interrupt lines and the windows
 * with their offsets. A restore changes nothing: a snapshot is refused with -ENODEV if
 * one of them differs, also if no register names an address.
 *
 * Return: 0, or -EINVAL if a pointer is NULL.
 */
int vmr_snapshot_describe_host(struct vmr_snapshot_block *block, uint64_t key,
			       struct vmr_pci_host *host);

/**
 * vmr_snapshot_describe_conf1 - describe the CONFIG_ADDRESS register
 * @block: receives the description
 * @key: its key
 * @conf1: configuration mechanism #1, initialised
 *
 * Return: 0, or -EINVAL if a pointer is NULL.
 */
int vmr_snapshot_describe_conf1(struct vmr_snapshot_block *block, uint64_t key,
				struct vmr_pci_conf1 *conf1);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_PCI_SNAPSHOT_H */

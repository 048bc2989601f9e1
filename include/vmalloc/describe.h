/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * describe.h - the memory map and the windows of a machine, for its guest
 */
#ifndef VMALLOC_DESCRIBE_H
#define VMALLOC_DESCRIBE_H

#include <vmalloc/device.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * DOC: Overview
 *
 * A guest learns its memory map, the windows of its host bridges and the devices
 * at fixed addresses from tables. This layer reads them from the spaces that
 * dispatch the guest's accesses. A table therefore never differs from the spaces.
 *
 * The walks return one entry at a time. The encoders stand on them: E820 here,
 * ACPI in acpi.h.
 *
 * The regions of a machine are of two kinds. A region is *fixed* if it is a
 * reservation, or if a constraint of its device requested it. The guest moves all
 * others: the BARs of PCI functions and the windows of bridges. Tables describe the
 * fixed regions, and the windows in which the guest may place the others.
 *
 * The caller provides all memory. The library allocates none.
 *
 * All calls are update-side calls, and the caller serialises them.
 *
 * A step of a walk takes O(log n) for each range that it passes, and visits the
 * constraints of its device.
 */

/**
 * vmr_describe_next_fixed - iterate over the fixed regions of an address domain
 * @manager: the manager
 * @io: VMR_PIO or VMR_MMIO
 * @prev: the region before, NULL for the first
 *
 * Visits the ranges of the root space that are live, the lowest address first.
 *
 * Return: the next region, NULL behind the last or if @manager is NULL.
 */
const struct vmr_region *
vmr_describe_next_fixed(const struct vmr_manager *manager, enum vmr_io io,
			const struct vmr_region *prev);

/**
 * vmr_describe_next_part - iterate over the parts of a pool without fixed regions
 * @pool: a pool on the ports or the addresses of a system with a manager
 * @part: the part before, with @last below @start for the first; receives the next
 *
 * A host bridge forwards these parts of its window.
 *
 * Return: true with the next part in @part, false behind the last.
 */
bool vmr_describe_next_part(const struct vmr_pool *pool, struct vmr_span *part);

/* Types of E820 entries */
#define VMR_E820_NONE		0	/* no entry */
#define VMR_E820_RAM		1
#define VMR_E820_RESERVED	2
#define VMR_E820_ACPI		3
#define VMR_E820_NVS		4

#define VMR_E820_ENTRY_SIZE	20	/* bytes of an entry */

/**
 * struct vmr_e820 - a memory map in the form of the PC's firmware
 * @manager: the manager of the machine
 * @type: returns the type of a fixed region, or %VMR_E820_NONE to omit it. @type_
 *	is what the library would use: %VMR_E820_RAM for memory, %VMR_E820_RESERVED
 *	for a reservation and %VMR_E820_NONE for a device. Called twice for each region
 *	if there is a buffer, and must return the same type again. May be NULL
 */
struct vmr_e820 {
	const struct vmr_manager	*manager;
	uint32_t (*type)(const struct vmr_e820 *e820,
			 const struct vmr_region *region, uint32_t type_);
};

/**
 * vmr_e820_encode - write the memory map of a machine as E820 entries
 * @e820: the machine
 * @buf: receives the entries, of VMR_E820_ENTRY_SIZE bytes; NULL to get the size
 * @size: bytes of @buf, 0 if it is NULL
 * @used: receives the bytes of all entries
 *
 * Entries are in the order of their addresses. Neighbours of the same type are one
 * entry.
 *
 * Return: 0, or
 *  - -EINVAL: @e820, its manager or @used is NULL;
 *  - -ENOSPC: @buf is not NULL and too small.
 */
int vmr_e820_encode(const struct vmr_e820 *e820, void *buf, size_t size,
		    size_t *used);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_DESCRIBE_H */

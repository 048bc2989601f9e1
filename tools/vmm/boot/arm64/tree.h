/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * tree.h - the device tree of the arm64 machine
 */
#ifndef VMM_ARM64_TREE_H
#define VMM_ARM64_TREE_H

#include "../../vmm.h"

/**
 * device_tree_encode - write the device tree of a machine
 * @vmm: the machine
 * @start: its @initrd is the address of the first root file system, 0 without one
 * @buf: receives the tree, aligned to 8 bytes
 * @size: its size in bytes
 * @used: receives the size of the tree; it is changed only on success
 *
 * The bytes behind @size do not change. After a failure those before it have no meaning.
 *
 * Return: 0, or an error of libfdt: -FDT_ERR_NOSPACE if @size is less than the tree needs
 */
int device_tree_encode(const struct vmm *vmm, const struct kernel_start *start,
		       void *buf, int size, size_t *used);

/* The text for an error of libfdt */
const char *device_tree_strerror(int err);

/**
 * next_memory - find the next region of memory
 * @vmm: the machine
 * @reserved: one that Linux must not use; otherwise one that it uses
 * @prev: the region before it, or NULL for the first one
 *
 * Return: the region, or NULL
 */
const struct vmr_region *next_memory(const struct vmm *vmm, bool reserved,
				     const struct vmr_region *prev);

#endif /* VMM_ARM64_TREE_H */

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * capability.c - register blocks and the capability list
 *
 * The register blocks of a function are disjoint.
 */
#include "pci.h"

int vmr_pci_add_reg_block(struct vmr_pci_function *fn,
			  struct vmr_pci_reg_block *reg_block, uint32_t offset,
			  uint32_t size)
{
	const struct vmr_pci_reg_block *other;

	VMR_ASSERT(size && offset <= VMR_PCI_CONFIG_SIZE - size);
	for (other = fn->reg_blocks; other; other = other->next)
		if (other == reg_block ||
		    (offset < other->offset + other->size &&
		     other->offset < offset + size))
			return -EEXIST;
	if (fn->manager)
		return -EBUSY;
	reg_block->offset = offset;
	reg_block->size = size;
	reg_block->next = fn->reg_blocks;
	fn->reg_blocks = reg_block;
	return 0;
}

void vmr_pci_add_capability(struct vmr_pci_function *fn,
			    struct vmr_pci_reg_block *reg_block, uint8_t id)
{
	VMR_ASSERT(reg_block->offset >= PCI_STD_HEADER_SIZEOF);
	fn->config[reg_block->offset] = id;
	fn->config[reg_block->offset + 1] = fn->config[PCI_CAPABILITY_LIST];
	fn->config[PCI_CAPABILITY_LIST] = (uint8_t)reg_block->offset;
	fn->config[PCI_STATUS] |= PCI_STATUS_CAP_LIST;
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * access.c - accesses to configuration space
 *
 * The registers are kept as bytes in guest memory order. They are the only state:
 * after each write, the regions and vectors whose registers are written are
 * updated from them.
 */
#include "pci.h"

static int check_access(uint32_t offset, uint32_t width)
{
	if (width != 1 && width != 2 && width != 4)
		return -EMSGSIZE;
	if (offset > VMR_PCI_CONFIG_SIZE - width)
		return -ERANGE;
	return 0;
}

int vmr_pci_config_read(const struct vmr_pci_function *fn, uint32_t offset,
			void *data, uint32_t width)
{
	int ret;

	if (!fn || !data)
		return -EINVAL;
	ret = check_access(offset, width);
	if (ret)
		memset(data, 0xff, width);
	else
		memcpy(data, &fn->config[offset], width);
	return ret;
}
EXPORT_SYMBOL_GPL(vmr_pci_config_read);

static bool overlaps_register(uint32_t offset, uint32_t width, uint32_t reg,
			      uint32_t size)
{
	return offset < reg + size && reg < offset + width;
}

int vmr_pci_config_write(struct vmr_pci_function *fn, uint32_t offset,
			 const void *data, uint32_t width)
{
	const uint8_t *bytes = data;
	struct vmr_pci_reg_block *reg_block;
	uint32_t i, mask = 0;
	bool command;
	int ret;

	if (!fn || !data)
		return -EINVAL;
	ret = check_access(offset, width);
	if (ret)
		return ret;
	if (!fn->manager)
		return -ENOENT;
	for (i = 0; i < width; i++) {
		uint8_t *byte = &fn->config[offset + i];
		uint8_t writable = fn->wmask[offset + i];

		*byte = (*byte & ~writable) | (bytes[i] & writable);
	}

	command = overlaps_register(offset, width, PCI_COMMAND, 2);
	for (i = 0; i < VMR_PCI_NR_BARS; i++)
		if (command ||
		    overlaps_register(offset, width, vmr_pci_bar_reg(fn, i),
				      fn->bars[i].type == VMR_PCI_BAR_MEM64 ? 8 : 4))
			mask |= 1u << i;
	vmr_pci_update_bars(fn, mask);
	for (reg_block = fn->reg_blocks; reg_block; reg_block = reg_block->next)
		if (command ||
		    overlaps_register(offset, width, reg_block->offset,
				      reg_block->size))
			reg_block->write(fn, reg_block);
	/* A listener may have unplugged the function during the updates */
	if (fn->manager && fn->ops && fn->ops->config_written)
		fn->ops->config_written(fn, offset, width);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_config_write);

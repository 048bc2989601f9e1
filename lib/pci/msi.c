// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * msi.c - MSI capabilities
 *
 * The registers read back what the guest wrote, also if there are no vectors.
 */
#include "pci.h"

#define VMR_PCI_MSI_SIZE	16	/* 64-bit address, no masking */

uint32_t vmr_pci_msi_nr_enabled(const uint8_t *cap)
{
	uint32_t control = get_le16(&cap[PCI_MSI_FLAGS]);
	uint32_t supported = (control & PCI_MSI_FLAGS_QMASK) >> 1;
	uint32_t requested = (control & PCI_MSI_FLAGS_QSIZE) >> 4;

	/* A guest that requests more vectors than are supported gets these */
	return control & PCI_MSI_FLAGS_ENABLE ?
		       1u << min(supported, requested) :
		       0;
}

static struct vmr_pci_msi *to_msi(struct vmr_pci_reg_block *reg_block)
{
	return container_of(reg_block, struct vmr_pci_msi, reg_block);
}

static void msi_written(struct vmr_pci_function *fn,
			struct vmr_pci_reg_block *reg_block)
{
	struct vmr_pci_msi *msi = to_msi(reg_block);

	vmr_pci_update_vectors(fn, VMR_KIND_MSI, &msi->range, &msi->error, 0,
			       vmr_pci_msi_nr_enabled(&fn->config[reg_block->offset]));
}

static void msi_unplugged(struct vmr_pci_function *fn,
			  struct vmr_pci_reg_block *reg_block)
{
	vmr_pci_update_vectors(fn, VMR_KIND_MSI, &to_msi(reg_block)->range,
			       &to_msi(reg_block)->error, 0, 0);
}

struct vmr_pci_msi *vmr_pci_reg_block_msi(struct vmr_pci_reg_block *reg_block)
{
	return reg_block->write == msi_written ? to_msi(reg_block) : NULL;
}

int vmr_pci_add_msi(struct vmr_pci_function *fn, struct vmr_pci_msi *msi,
		    uint32_t offset, uint32_t vectors)
{
	uint8_t *writable;
	int ret;

	if (!fn || !msi || !vmr_is_pow2(vectors) || vectors > 32 ||
	    !vmr_pci_cap_offset_valid(offset, VMR_PCI_MSI_SIZE))
		return -EINVAL;
	ret = vmr_pci_add_reg_block(fn, &msi->reg_block, offset,
				    VMR_PCI_MSI_SIZE);
	if (ret)
		return ret;
	msi->reg_block.write = msi_written;
	msi->reg_block.remove = msi_unplugged;
	vmr_pci_add_capability(fn, &msi->reg_block, PCI_CAP_ID_MSI);
	put_le16(&fn->config[offset + PCI_MSI_FLAGS],
		 PCI_MSI_FLAGS_64BIT | /* LCOV_EXCL_BR_LINE: fls64() of a power of two */
		 (uint32_t)(fls64(vectors) - 1) << 1); /* LCOV_EXCL_BR_LINE: same */
	writable = &fn->wmask[offset];
	put_le16(&writable[PCI_MSI_FLAGS],
		 PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE);
	put_le32(&writable[PCI_MSI_ADDRESS_LO], 0xfffffffc);
	put_le32(&writable[PCI_MSI_ADDRESS_HI], 0xffffffff);
	put_le16(&writable[PCI_MSI_DATA_64], 0xffff);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_add_msi);

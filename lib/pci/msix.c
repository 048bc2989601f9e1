// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * msix.c - MSI-X capabilities and tables
 *
 * The registers and the table read back what the guest wrote. After each write, an
 * entry has a vector if it is enabled, unless the allocation failed.
 */
#include "pci.h"

#define MSIX_MAX_ENTRIES	(PCI_MSIX_FLAGS_QSIZE + 1)
#define ENTRY_CTRL_DWORD	(PCI_MSIX_ENTRY_VECTOR_CTRL / 4)

/* The bits of an entry that a guest can write; the address is a multiple of 4 */
static const uint32_t entry_writable[4] = {
	0xfffffffc, 0xffffffff, 0xffffffff, PCI_MSIX_ENTRY_CTRL_MASKBIT,
};

bool vmr_pci_msix_entry_valid(const uint32_t *dwords)
{
	int i;

	for (i = 0; i < 4; i++)
		if (dwords[i] & ~entry_writable[i])
			return false;
	return true;
}

static struct vmr_pci_msix *to_msix(struct vmr_pci_reg_block *reg_block)
{
	return container_of(reg_block, struct vmr_pci_msix, reg_block);
}

static bool msix_enabled(const struct vmr_pci_function *fn,
			 const struct vmr_pci_msix *msix)
{
	return get_le16(&fn->config[msix->reg_block.offset + PCI_MSIX_FLAGS]) &
	       PCI_MSIX_FLAGS_ENABLE;
}

bool vmr_pci_msix_entry_enabled(const uint8_t *cap, const uint32_t *dwords)
{
	return get_le16(&cap[PCI_MSIX_FLAGS]) & PCI_MSIX_FLAGS_ENABLE &&
	       !(dwords[ENTRY_CTRL_DWORD] & PCI_MSIX_ENTRY_CTRL_MASKBIT);
}

static void update_entry(struct vmr_pci_function *fn,
			 struct vmr_pci_msix *msix, uint32_t index,
			 bool enabled)
{
	struct vmr_pci_msix_entry *entry = &msix->entries[index];

	vmr_pci_update_vectors(fn, VMR_KIND_MSIX, &entry->range, &entry->error,
			       index,
			       enabled &&
				       !(entry->dwords[ENTRY_CTRL_DWORD] &
				       PCI_MSIX_ENTRY_CTRL_MASKBIT));
}

static void msix_written(struct vmr_pci_function *fn,
			 struct vmr_pci_reg_block *reg_block)
{
	struct vmr_pci_msix *msix = to_msix(reg_block);
	uint32_t i;

	for (i = 0; i < msix->nr; i++)
		update_entry(fn, msix, i, msix_enabled(fn, msix));
}

static void msix_reset(struct vmr_pci_function *fn,
		       struct vmr_pci_reg_block *reg_block)
{
	struct vmr_pci_msix *msix = to_msix(reg_block);
	uint32_t i;

	(void)fn;
	for (i = 0; i < msix->nr; i++) {
		memset(msix->entries[i].dwords, 0,
		       sizeof(msix->entries[i].dwords));
		msix->entries[i].dwords[ENTRY_CTRL_DWORD] =
			PCI_MSIX_ENTRY_CTRL_MASKBIT;
	}
}

static void msix_unplugged(struct vmr_pci_function *fn,
			   struct vmr_pci_reg_block *reg_block)
{
	struct vmr_pci_msix *msix = to_msix(reg_block);
	uint32_t i;

	for (i = 0; i < msix->nr; i++)
		update_entry(fn, msix, i, false);
}

struct vmr_pci_msix *vmr_pci_reg_block_msix(struct vmr_pci_reg_block *reg_block)
{
	return reg_block->write == msix_written ? to_msix(reg_block) : NULL;
}

static bool msix_layout_valid(const struct vmr_pci_msix_layout *layout)
{
	return layout->table_bar < VMR_PCI_ROM &&
	       layout->pba_bar < VMR_PCI_ROM &&
	       !(layout->table_offset & 7) && !(layout->pba_offset & 7);
}

int vmr_pci_add_msix(struct vmr_pci_function *fn, struct vmr_pci_msix *msix,
		     uint32_t offset, struct vmr_pci_msix_entry *entries,
		     uint32_t nr, const struct vmr_pci_msix_layout *layout)
{
	uint8_t *cap;
	int ret;

	if (!fn || !msix || !entries || !layout || !nr ||
	    nr > MSIX_MAX_ENTRIES ||
	    !vmr_pci_cap_offset_valid(offset, PCI_CAP_MSIX_SIZEOF) ||
	    !msix_layout_valid(layout))
		return -EINVAL;
	ret = vmr_pci_add_reg_block(fn, &msix->reg_block, offset,
				    PCI_CAP_MSIX_SIZEOF);
	if (ret)
		return ret;
	msix->entries = entries;
	msix->nr = nr;
	msix->reg_block.write = msix_written;
	msix->reg_block.reset = msix_reset;
	msix->reg_block.remove = msix_unplugged;
	vmr_pci_add_capability(fn, &msix->reg_block, PCI_CAP_ID_MSIX);
	cap = &fn->config[offset];
	put_le16(&cap[PCI_MSIX_FLAGS], nr - 1);
	put_le32(&cap[PCI_MSIX_TABLE],
		 layout->table_offset | layout->table_bar);
	put_le32(&cap[PCI_MSIX_PBA], layout->pba_offset | layout->pba_bar);
	put_le16(&fn->wmask[offset + PCI_MSIX_FLAGS],
		 PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	msix_reset(fn, &msix->reg_block);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_add_msix);

static int check_table_access(const struct vmr_pci_msix *msix, uint64_t offset,
			      uint32_t width)
{
	if (width != 4 && width != 8)
		return -EMSGSIZE;
	if (offset & (width - 1) ||
	    offset >= (uint64_t)msix->nr * PCI_MSIX_ENTRY_SIZE)
		return -ERANGE;
	return 0;
}

int vmr_pci_msix_read(const struct vmr_pci_msix *msix, uint64_t offset,
		      void *data, uint32_t width)
{
	uint8_t *bytes = data;
	uint32_t i;
	int ret;

	if (!msix || !data)
		return -EINVAL;
	ret = check_table_access(msix, offset, width);
	if (ret) {
		memset(data, 0xff, width);
		return ret;
	}
	for (i = 0; i < width; i += 4, offset += 4) {
		const struct vmr_pci_msix_entry *entry =
			&msix->entries[offset / PCI_MSIX_ENTRY_SIZE];

		put_le32(&bytes[i], entry->dwords[offset / 4 & 3]);
	}
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_msix_read);

int vmr_pci_msix_write(struct vmr_pci_function *fn, struct vmr_pci_msix *msix,
		       uint64_t offset, const void *data, uint32_t width)
{
	const uint8_t *bytes = data;
	uint32_t index, i, dword;
	int ret;

	if (!fn || !msix || !data)
		return -EINVAL;
	ret = check_table_access(msix, offset, width);
	if (ret)
		return ret;
	if (!fn->manager)
		return -ENOENT;
	index = (uint32_t)(offset / PCI_MSIX_ENTRY_SIZE);
	for (i = 0; i < width; i += 4) {
		dword = (uint32_t)(offset + i) / 4 & 3;
		msix->entries[index].dwords[dword] = get_le32(&bytes[i]) &
						    entry_writable[dword];
	}
	update_entry(fn, msix, index, msix_enabled(fn, msix));
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_msix_write);

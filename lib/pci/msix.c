// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * msix.c - MSI-X: capability and table
 */
#include "pci.h"


#define MSIX_MAX	2048

#define ENTRY_CTRL_DWORD	(PCI_MSIX_ENTRY_VECTOR_CTRL / 4)

/* Which bits of an entry a guest can write: an address of dwords, a mask bit */
static const uint32_t entry_writable[4] = {
	0xfffffffc, 0xffffffff, 0xffffffff, PCI_MSIX_ENTRY_CTRL_MASKBIT,
};

bool vmr_pci_msix_entry_valid(const uint32_t *words)
{
	int i;

	for (i = 0; i < 4; i++)
		if (words[i] & ~entry_writable[i])
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

bool vmr_pci_msix_entry_enabled(const uint8_t *cap, const uint32_t *words)
{
	return get_le16(&cap[PCI_MSIX_FLAGS]) & PCI_MSIX_FLAGS_ENABLE &&
	       !(words[ENTRY_CTRL_DWORD] & PCI_MSIX_ENTRY_CTRL_MASKBIT);
}

static void entry_written(struct vmr_pci_function *fn,
			  struct vmr_pci_msix *msix, uint32_t index, bool on)
{
	struct vmr_pci_msix_entry *v = &msix->entries[index];

	vmr_pci_update_vectors(fn, VMR_KIND_MSIX, &v->range, &v->error, index,
			       on && !(v->dwords[ENTRY_CTRL_DWORD] &
				       PCI_MSIX_ENTRY_CTRL_MASKBIT));
}

static void msix_written(struct vmr_pci_function *fn,
			 struct vmr_pci_reg_block *reg_block)
{
	struct vmr_pci_msix *msix = to_msix(reg_block);
	uint32_t i;

	for (i = 0; i < msix->nr; i++)
		entry_written(fn, msix, i, msix_enabled(fn, msix));
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
		entry_written(fn, msix, i, false);
}

struct vmr_pci_msix *vmr_pci_reg_block_msix(struct vmr_pci_reg_block *reg_block)
{
	return reg_block->write == msix_written ? to_msix(reg_block) : NULL;
}

static bool msix_place_ok(const struct vmr_pci_msix_layout *place)
{
	return place->table_bar < VMR_PCI_ROM &&
	       place->pba_bar < VMR_PCI_ROM &&
	       !(place->table_offset & 7) && !(place->pba_offset & 7);
}

int vmr_pci_add_msix(struct vmr_pci_function *fn, struct vmr_pci_msix *msix,
		     uint32_t offset, struct vmr_pci_msix_entry *vectors,
		     uint32_t nr, const struct vmr_pci_msix_layout *place)
{
	uint8_t *cap;
	int ret;

	if (!fn || !msix || !vectors || !place || !nr || nr > MSIX_MAX ||
	    !vmr_pci_cap_offset_valid(offset, PCI_CAP_MSIX_SIZEOF) ||
	    !msix_place_ok(place))
		return -EINVAL;
	ret = vmr_pci_add_reg_block(fn, &msix->reg_block, offset,
				    PCI_CAP_MSIX_SIZEOF);
	if (ret)
		return ret;
	msix->entries = vectors;
	msix->nr = nr;
	msix->reg_block.write = msix_written;
	msix->reg_block.reset = msix_reset;
	msix->reg_block.remove = msix_unplugged;
	vmr_pci_add_capability(fn, &msix->reg_block, PCI_CAP_ID_MSIX);
	cap = &fn->config[offset];
	put_le16(&cap[PCI_MSIX_FLAGS], nr - 1);
	put_le32(&cap[PCI_MSIX_TABLE], place->table_offset | place->table_bar);
	put_le32(&cap[PCI_MSIX_PBA], place->pba_offset | place->pba_bar);
	put_le16(&fn->wmask[offset + PCI_MSIX_FLAGS],
		 PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	msix_reset(fn, &msix->reg_block);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_add_msix);

static int check_entry(const struct vmr_pci_msix *msix, uint64_t offset,
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
	ret = check_entry(msix, offset, width);
	if (ret) {
		memset(data, 0xff, width);
		return ret;
	}
	for (i = 0; i < width; i += 4, offset += 4) {
		const struct vmr_pci_msix_entry *v =
			&msix->entries[offset / PCI_MSIX_ENTRY_SIZE];

		put_le32(&bytes[i], v->dwords[offset / 4 & 3]);
	}
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_msix_read);

int vmr_pci_msix_write(struct vmr_pci_function *fn, struct vmr_pci_msix *msix,
		       uint64_t offset, const void *data, uint32_t width)
{
	const uint8_t *bytes = data;
	uint32_t index, i, word;
	int ret;

	if (!fn || !msix || !data)
		return -EINVAL;
	ret = check_entry(msix, offset, width);
	if (ret)
		return ret;
	if (!fn->manager)
		return -ENOENT;
	index = (uint32_t)(offset / PCI_MSIX_ENTRY_SIZE);
	for (i = 0; i < width; i += 4) {
		word = (uint32_t)(offset + i) / 4 & 3;
		msix->entries[index].dwords[word] = get_le32(&bytes[i]) &
						    entry_writable[word];
	}
	entry_written(fn, msix, index, msix_enabled(fn, msix));
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_msix_write);

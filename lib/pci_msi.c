// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * pci_msi.c - MSI and MSI-X: vectors taken when the guest uses them
 *
 * The registers are the guest's and always read back. Whether vectors are held
 * follows from them: after each write, what is held is compared with what is in
 * use, and the difference is taken or given back.
 */
#include "pci.h"

#define CAP_MSI		0x05
#define CAP_MSIX	0x11
#define FIRST_CAP	0x40

#define MSI_SIZE	16	/* 64-bit address, no masking */
#define MSI_CONTROL	2
#define MSI_ADDRESS	4
#define MSI_UPPER	8
#define MSI_DATA	12
#define MSI_ENABLE	0x0001
#define MSI_64BIT	0x0080

#define MSIX_SIZE	12
#define MSIX_CONTROL	2
#define MSIX_TABLE	4
#define MSIX_PBA	8
#define MSIX_ENABLE	0x8000
#define MSIX_MASK_ALL	0x4000
#define MSIX_MAX	2048

#define ENTRY_CONTROL	3
#define ENTRY_MASKED	1u

/* Which bits of an entry a guest can write: an address of dwords, a mask bit */
static const uint32_t entry_writable[4] = {
	0xfffffffc, 0xffffffff, 0xffffffff, ENTRY_MASKED,
};

bool vmr_pci_msix_entry_valid(const uint32_t *words)
{
	int i;

	for (i = 0; i < 4; i++)
		if (words[i] & ~entry_writable[i])
			return false;
	return true;
}

static bool cap_place_ok(uint32_t offset, uint32_t size)
{
	return offset >= FIRST_CAP && !(offset & 3) &&
	       offset <= VMR_PCI_CONFIG_SIZE - size;
}

static void report(struct vmr_pci_function *fn, uint32_t index,
		   const struct vmr_range *range, int error)
{
	if (fn->ops && fn->ops->vector_changed)
		fn->ops->vector_changed(fn, index, range, error);
}

/*
 * Take @nr vectors, or none: a change of the number gives the old ones back. What
 * could not be had is not asked for again by every write that follows: @range
 * says how many it was, and the guest wants another try if it wants another
 * number, which it does by switching off and on, too.
 */
static void update_vectors(struct vmr_pci_function *fn, uint32_t kind,
			   struct vmr_range *range, int *error, uint32_t index,
			   uint32_t nr)
{
	uint32_t has = range->node.link || *error ?
		       (uint32_t)(range->last - range->start + 1) : 0;
	struct vmr_constraint c;
	struct vmr_system *sys;

	/* Who was told of an earlier vector may have unplugged the function */
	if (nr == has ||
	    !fn->manager) /* LCOV_EXCL_BR_LINE: and so wants none */
		return;
	sys = fn->manager->sys;
	vmr_free(vmr_system_space(sys, kind), range);
	*error = 0;
	if (nr) {
		vmr_constraint_init(&c, kind, nr, range);
		*error = vmr_system_alloc_one(sys, NULL, &c, NULL);
	}
	if (*error) {
		range->start = 0;
		range->last = nr - 1;
	}
	report(fn, index, range->node.link ? range : NULL, *error);
}

uint32_t vmr_pci_msi_nr_enabled(const uint8_t *cap)
{
	uint32_t control = get_le16(&cap[MSI_CONTROL]);
	uint32_t can = control >> 1 & 7, wants = control >> 4 & 7;

	/* More than there are is a guest's error; it gets what there is */
	return control & MSI_ENABLE ? 1u << min(can, wants) : 0;
}

static struct vmr_pci_msi *to_msi(struct vmr_pci_reg_block *reg_block)
{
	return container_of(reg_block, struct vmr_pci_msi, reg_block);
}

static void msi_written(struct vmr_pci_function *fn,
			struct vmr_pci_reg_block *reg_block)
{
	struct vmr_pci_msi *msi = to_msi(reg_block);

	update_vectors(fn, VMR_KIND_MSI, &msi->range, &msi->error, 0,
		       vmr_pci_msi_nr_enabled(&fn->config[reg_block->offset]));
}

static void msi_unplugged(struct vmr_pci_function *fn,
			  struct vmr_pci_reg_block *reg_block)
{
	update_vectors(fn, VMR_KIND_MSI, &to_msi(reg_block)->range,
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

	if (!fn || !msi || !is_pow2(vectors) || vectors > 32 ||
	    !cap_place_ok(offset, MSI_SIZE))
		return -EINVAL;
	ret = vmr_pci_add_reg_block(fn, &msi->reg_block, offset, MSI_SIZE);
	if (ret)
		return ret;
	msi->reg_block.write = msi_written;
	msi->reg_block.remove = msi_unplugged;
	vmr_pci_add_capability(fn, &msi->reg_block, CAP_MSI);
	put_le16(&fn->config[offset + MSI_CONTROL],
		 MSI_64BIT | /* LCOV_EXCL_BR_LINE: fls64() of what is not 0 */
			 (uint32_t)(fls64(vectors) - 1)
				 << 1); /* LCOV_EXCL_BR_LINE: same */
	writable = &fn->wmask[offset];
	put_le16(&writable[MSI_CONTROL], MSI_ENABLE | 7 << 4);
	put_le32(&writable[MSI_ADDRESS], 0xfffffffc);
	put_le32(&writable[MSI_UPPER], 0xffffffff);
	put_le16(&writable[MSI_DATA], 0xffff);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_add_msi);

static struct vmr_pci_msix *to_msix(struct vmr_pci_reg_block *reg_block)
{
	return container_of(reg_block, struct vmr_pci_msix, reg_block);
}

static bool msix_enabled(const struct vmr_pci_function *fn,
			 const struct vmr_pci_msix *msix)
{
	return get_le16(&fn->config[msix->reg_block.offset + MSIX_CONTROL]) &
	       MSIX_ENABLE;
}

bool vmr_pci_msix_entry_enabled(const uint8_t *cap, const uint32_t *words)
{
	return get_le16(&cap[MSIX_CONTROL]) & MSIX_ENABLE &&
	       !(words[ENTRY_CONTROL] & ENTRY_MASKED);
}

static void entry_written(struct vmr_pci_function *fn,
			  struct vmr_pci_msix *msix, uint32_t index, bool on)
{
	struct vmr_pci_msix_entry *v = &msix->entries[index];

	update_vectors(fn, VMR_KIND_MSIX, &v->range, &v->error, index,
		       on && !(v->dwords[ENTRY_CONTROL] & ENTRY_MASKED));
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
		msix->entries[i].dwords[ENTRY_CONTROL] = ENTRY_MASKED;
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
	    !cap_place_ok(offset, MSIX_SIZE) || !msix_place_ok(place))
		return -EINVAL;
	ret = vmr_pci_add_reg_block(fn, &msix->reg_block, offset, MSIX_SIZE);
	if (ret)
		return ret;
	msix->entries = vectors;
	msix->nr = nr;
	msix->reg_block.write = msix_written;
	msix->reg_block.reset = msix_reset;
	msix->reg_block.remove = msix_unplugged;
	vmr_pci_add_capability(fn, &msix->reg_block, CAP_MSIX);
	cap = &fn->config[offset];
	put_le16(&cap[MSIX_CONTROL], nr - 1);
	put_le32(&cap[MSIX_TABLE], place->table_offset | place->table_bar);
	put_le32(&cap[MSIX_PBA], place->pba_offset | place->pba_bar);
	put_le16(&fn->wmask[offset + MSIX_CONTROL],
		 MSIX_ENABLE | MSIX_MASK_ALL);
	msix_reset(fn, &msix->reg_block);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_add_msix);

static int check_entry(const struct vmr_pci_msix *msix, uint64_t offset,
		       uint32_t width)
{
	if (width != 4 && width != 8)
		return -EMSGSIZE;
	if (offset & (width - 1) || offset >= (uint64_t)msix->nr * MSIX_ENTRY)
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
			&msix->entries[offset / MSIX_ENTRY];

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
	index = (uint32_t)(offset / MSIX_ENTRY);
	for (i = 0; i < width; i += 4) {
		word = (uint32_t)(offset + i) / 4 & 3;
		msix->entries[index].dwords[word] = get_le32(&bytes[i]) &
						    entry_writable[word];
	}
	entry_written(fn, msix, index, msix_enabled(fn, msix));
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_msix_write);

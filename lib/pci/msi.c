// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * msi.c - MSI, and sending interrupts
 *
 * The block of vectors is live while MSI is enabled. A block that cannot be allocated
 * waits. After each write, the number of vectors that are held or requested is
 * compared with the number that the registers enable.
 */
#include "pci.h"

/* The offsets that depend on the width of the address */
static uint32_t msi_data(const struct vmr_pci_msi *msi)
{
	return msi->contents[PCI_MSI_FLAGS] & PCI_MSI_FLAGS_64BIT ?
		       PCI_MSI_DATA_64 : PCI_MSI_DATA_32;
}

static uint32_t msi_mask(const struct vmr_pci_msi *msi)
{
	return msi->contents[PCI_MSI_FLAGS] & PCI_MSI_FLAGS_64BIT ?
		       PCI_MSI_MASK_64 : PCI_MSI_MASK_32;
}

uint32_t vmr_pci_msi_pending_reg(const struct vmr_pci_msi *msi)
{
	return msi->maskable ? msi->reg_block.offset + msi_mask(msi) + 4 : 0;
}

static uint32_t log2_field(uint32_t control, uint32_t field)
{
	return (control & field) / (field & -field);
}

/* A guest that enables more vectors than there are gets those that there are */
uint32_t vmr_pci_msi_nr_enabled(const uint8_t *cap)
{
	uint32_t control = get_le16(&cap[PCI_MSI_FLAGS]);

	if (!(control & PCI_MSI_FLAGS_ENABLE))
		return 0;
	return 1u << min(log2_field(control, PCI_MSI_FLAGS_QMASK),
			 log2_field(control, PCI_MSI_FLAGS_QSIZE));
}

static struct vmr_pci_msi *to_msi(const struct vmr_pci_reg_block *reg_block)
{
	return container_of((struct vmr_pci_reg_block *)reg_block,
			    struct vmr_pci_msi, reg_block);
}

static uint8_t *msi_config(const struct vmr_pci_msi *msi)
{
	return &msi->fn->config[msi->reg_block.offset];
}

static bool is_masked(const struct vmr_pci_msi *msi, uint32_t index)
{
	return READ_ONCE(msi->masked) >> index & 1;
}

/* Copy the registers to where the threads of the device read them */
static void publish(struct vmr_pci_msi *msi)
{
	const uint8_t *cap = msi_config(msi);
	bool is_64bit = get_le16(&cap[PCI_MSI_FLAGS]) & PCI_MSI_FLAGS_64BIT;

	WRITE_ONCE(msi->nr_enabled, vmr_pci_msi_nr_enabled(cap));
	WRITE_ONCE(msi->address[0], get_le32(&cap[PCI_MSI_ADDRESS_LO]));
	WRITE_ONCE(msi->address[1],
		   is_64bit ? get_le32(&cap[PCI_MSI_ADDRESS_HI]) : 0);
	WRITE_ONCE(msi->data, get_le16(&cap[msi_data(msi)]));
	WRITE_ONCE(msi->masked,
		   msi->maskable ? get_le32(&cap[msi_mask(msi)]) : 0);
}

/* Block or unblock each vector, and deliver what was pending */
static void update_blocked(struct vmr_pci_msi *msi)
{
	uint32_t i, nr = msi->range.node.link ? msi->waiter.nr : 0;

	for (i = 0; i < VMR_PCI_MSI_MAX_VECTORS; i++) {
		if (i >= nr || is_masked(msi, i))
			vmr_pci_vector_block(&msi->vectors[i]);
		else if (vmr_pci_vector_unblock(&msi->vectors[i]))
			vmr_pci_deliver(msi->fn, i);
	}
}

static void report_messages(struct vmr_pci_msi *msi)
{
	uint32_t i;

	/* A callback may unplug the function, which frees the block */
	for (i = 0; msi->range.node.link && i < msi->waiter.nr; i++)
		vmr_pci_report_message(msi->fn, i);
}

/* A block that waited was allocated */
static void msi_served(struct vmr_vector_waiter *waiter)
{
	struct vmr_pci_msi *msi =
		container_of(waiter, struct vmr_pci_msi, waiter);

	msi->error = 0;
	vmr_pci_report_vector(msi->fn, 0, &msi->range, 0);
	report_messages(msi);
	if (msi->fn->manager)	/* a callback may have unplugged the function */
		update_blocked(msi);
}

/* Hold @nr vectors, or none. Returns whether the function had another number. */
static bool set_nr_vectors(struct vmr_pci_msi *msi, uint32_t nr)
{
	bool had = msi->range.node.link || msi->error;

	if (nr == (had ? msi->waiter.nr : 0))
		return false;
	if (had) {
		vmr_pci_free_vectors(msi->fn, &msi->waiter);
		msi->error = 0;
	}
	if (nr) {
		msi->waiter.nr = nr;
		msi->error = vmr_pci_alloc_vectors(msi->fn, &msi->waiter);
	}
	vmr_pci_report_vector(msi->fn, 0,
			      msi->range.node.link ? &msi->range : NULL,
			      msi->error);
	return true;
}

/* Whether a write touches address, data or mask bits */
static bool writes_message(const struct vmr_pci_msi *msi,
			   const struct vmr_pci_write *write)
{
	uint32_t begin = msi->reg_block.offset + PCI_MSI_ADDRESS_LO;

	return vmr_pci_writes(write, begin,
			      msi->reg_block.offset + msi->reg_block.size -
				      begin) &&
	       write->old_value != write->new_value;
}

/* Act on the registers. The owner learns of a message before it is sent. */
static void update(struct vmr_pci_function *fn, bool message)
{
	struct vmr_pci_msi *msi = fn->msi;

	/* A callback for an earlier change may have unplugged the function */
	if (!fn->manager)
		return;
	publish(msi);
	if (set_nr_vectors(msi, msi->nr_enabled) || message)
		report_messages(msi);
	if (fn->manager)
		update_blocked(msi);
}

static void msi_written(struct vmr_pci_function *fn,
			struct vmr_pci_reg_block *reg_block,
			const struct vmr_pci_write *write)
{
	update(fn, writes_message(to_msi(reg_block), write));
}

static uint32_t pending_bits(const struct vmr_pci_msi *msi)
{
	uint32_t i, pending = 0;

	for (i = 0; i < VMR_PCI_MSI_MAX_VECTORS; i++)
		if (vmr_pci_vector_pending(&msi->vectors[i]))
			pending |= 1u << i;
	return pending;
}

/* The pending bits are computed, since the threads of the device change them */
static void msi_read(const struct vmr_pci_function *fn,
		     const struct vmr_pci_reg_block *reg_block, uint32_t offset,
		     uint8_t *bytes, uint32_t width)
{
	const struct vmr_pci_msi *msi = to_msi(reg_block);
	uint32_t i, at, reg = vmr_pci_msi_pending_reg(msi), pending;

	(void)fn;
	if (!reg || !vmr_pci_overlaps(offset, width, reg, 4))
		return;
	pending = pending_bits(msi);
	for (i = 0; i < width; i++) {
		at = offset + i - reg;
		if (at < 4)
			bytes[i] = (uint8_t)(pending >> 8 * at);
	}
}

static void msi_clear(struct vmr_pci_function *fn,
		      struct vmr_pci_reg_block *reg_block)
{
	struct vmr_pci_msi *msi = to_msi(reg_block);
	uint32_t i;

	WRITE_ONCE(msi->nr_enabled, 0);
	for (i = 0; i < VMR_PCI_MSI_MAX_VECTORS; i++)
		vmr_pci_vector_clear(&msi->vectors[i]);
	if (fn->manager)
		set_nr_vectors(msi, 0);
}

/*
 * After a restore: a live block is the one that the registers enable, and is reported
 * as if the guest had just enabled it. If there is none, it is requested again.
 */
static void msi_restored(struct vmr_pci_function *fn,
			 struct vmr_pci_reg_block *reg_block)
{
	struct vmr_pci_msi *msi = to_msi(reg_block);

	publish(msi);
	if (msi->range.node.link) {
		msi->waiter.nr =
			(uint32_t)(msi->range.last - msi->range.start + 1);
		vmr_pci_report_vector(fn, 0, &msi->range, 0);
		report_messages(msi);
	}
	update(fn, false);
}

/* Only maskable capabilities have mask bits, one for each vector that exists */
static void init_masks(const struct vmr_pci_msi *msi, uint32_t vectors,
		       uint8_t *wmask)
{
	bool is_64bit = msi->contents[PCI_MSI_FLAGS] & PCI_MSI_FLAGS_64BIT;

	put_le16(&wmask[PCI_MSI_FLAGS],
		 PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE);
	put_le32(&wmask[PCI_MSI_ADDRESS_LO], 0xfffffffc);
	if (is_64bit)
		put_le32(&wmask[PCI_MSI_ADDRESS_HI], 0xffffffff);
	put_le16(&wmask[msi_data(msi)], 0xffff);
	if (msi->maskable)
		put_le32(&wmask[msi_mask(msi)], ~0u >> (32 - vectors));
}

static void init_msi(struct vmr_pci_function *fn, struct vmr_pci_msi *msi)
{
	msi->reg_block.write = msi_written;
	msi->reg_block.read = msi_read;
	msi->reg_block.reset = msi_clear;
	msi->reg_block.remove = msi_clear;
	msi->reg_block.restored = msi_restored;
	msi->waiter.range = &msi->range;
	msi->waiter.kind = VMR_KIND_MSI;
	msi->waiter.served = msi_served;
	msi->fn = fn;
	fn->msi = msi;
	msi_clear(fn, &msi->reg_block);
}

static int add_msi(struct vmr_pci_function *fn, struct vmr_pci_msi *msi,
		   uint32_t offset, uint32_t vectors, uint16_t flags,
		   uint32_t size)
{
	uint8_t wmask[24] = { 0 };
	struct vmr_pci_cap_desc desc = {
		.id = PCI_CAP_ID_MSI, .single = true, .size = size,
		.offset = offset, .wmask = wmask,
	};
	uint32_t place;
	int ret;

	if (!fn || !msi || !vmr_is_pow2(vectors) ||
	    vectors > VMR_PCI_MSI_MAX_VECTORS)
		return -EINVAL;
	ret = vmr_pci_check_capability(fn, &msi->reg_block, &desc, &place);
	if (ret)
		return ret;
	put_le16(&msi->contents[PCI_MSI_FLAGS],
		 flags | vmr_log2(vectors) << 1);
	msi->maskable = flags & PCI_MSI_FLAGS_MASKBIT;
	init_masks(msi, vectors, wmask);
	init_msi(fn, msi);
	desc.contents = msi->contents;
	return vmr_pci_add_capability(fn, &msi->reg_block, &desc);
}

int vmr_pci_add_msi(struct vmr_pci_function *fn, struct vmr_pci_msi *msi,
		    uint32_t offset, uint32_t vectors)
{
	return add_msi(fn, msi, offset, vectors, PCI_MSI_FLAGS_64BIT, 16);
}
EXPORT_SYMBOL_GPL(vmr_pci_add_msi);

int vmr_pci_add_msi_maskable(struct vmr_pci_function *fn,
			     struct vmr_pci_msi *msi, uint32_t offset,
			     uint32_t vectors, bool is_64bit)
{
	return add_msi(fn, msi, offset, vectors,
		       PCI_MSI_FLAGS_MASKBIT |
			       (is_64bit ? PCI_MSI_FLAGS_64BIT : 0),
		       is_64bit ? 24 : 20);
}
EXPORT_SYMBOL_GPL(vmr_pci_add_msi_maskable);

static int notify_msi(struct vmr_pci_function *fn, uint32_t index)
{
	uint32_t nr = READ_ONCE(fn->msi->nr_enabled);

	if (!nr)
		return -ENOENT;
	index = min(index, nr - 1);
	if (!vmr_pci_vector_send(&fn->msi->vectors[index]))
		return -EAGAIN;
	vmr_pci_deliver(fn, index);
	return 0;
}

static bool uses_msix(const struct vmr_pci_function *fn)
{
	return fn->msix && vmr_pci_msix_enabled(fn->msix);
}

int vmr_pci_notify(struct vmr_pci_function *fn, uint32_t index)
{
	if (!fn)
		return -EINVAL;
	if (!uses_msix(fn))
		return fn->msi ? notify_msi(fn, index) : -ENOENT;
	if (index >= fn->msix->nr)
		return -EINVAL;
	if (!vmr_pci_vector_send(&fn->msix->entries[index].vector))
		return -EAGAIN;
	vmr_pci_deliver(fn, index);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_notify);

static int msi_message(const struct vmr_pci_msi *msi, uint32_t index,
		       struct vmr_pci_message *message)
{
	uint32_t nr = READ_ONCE(msi->nr_enabled);

	if (!nr)
		return -ENOENT;
	if (index >= nr)
		return -EINVAL;
	message->address = READ_ONCE(msi->address[0]) |
			   (uint64_t)READ_ONCE(msi->address[1]) << 32;
	/* The number of the vector is in the low bits of the data */
	message->data = (READ_ONCE(msi->data) & ~(nr - 1)) | index;
	message->masked = is_masked(msi, index);
	return 0;
}

int vmr_pci_get_message(const struct vmr_pci_function *fn, uint32_t index,
			struct vmr_pci_message *message)
{
	const uint32_t *dwords;

	if (!fn || !message)
		return -EINVAL;
	if (!uses_msix(fn))
		return fn->msi ? msi_message(fn->msi, index, message) : -ENOENT;
	if (index >= fn->msix->nr)
		return -EINVAL;
	dwords = fn->msix->entries[index].dwords;
	message->address = READ_ONCE(dwords[0]) |
			   (uint64_t)READ_ONCE(dwords[1]) << 32;
	message->data = READ_ONCE(dwords[2]);
	message->masked = vmr_pci_msix_entry_masked(fn->msix, index);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_get_message);

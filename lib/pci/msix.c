// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * msix.c - MSI-X: capability, table and pending bits
 *
 * An entry is used while MSI-X is enabled and neither the entry nor the function is
 * masked. It allocates its vector at its first use, and keeps it until MSI-X is
 * disabled. The vector is blocked while the entry is not used or has no vector.
 */
#include "pci.h"

#define ENTRY_CTRL_DWORD	(PCI_MSIX_ENTRY_VECTOR_CTRL / 4)

/* The bits of an entry that the guest can write */
static const uint32_t entry_wmask[PCI_MSIX_ENTRY_SIZE / 4] = {
	0xfffffffc, 0xffffffff, 0xffffffff, PCI_MSIX_ENTRY_CTRL_MASKBIT,
};

bool vmr_pci_msix_entry_valid(const uint32_t *dwords)
{
	int i;

	for (i = 0; i < PCI_MSIX_ENTRY_SIZE / 4; i++)
		if (dwords[i] & ~entry_wmask[i])
			return false;
	return true;
}

bool vmr_pci_msix_enabled(const struct vmr_pci_msix *msix)
{
	return READ_ONCE(msix->flags) & PCI_MSIX_FLAGS_ENABLE;
}

/* Copy the flags to where the threads of the device read them */
static void publish(struct vmr_pci_msix *msix)
{
	uint32_t reg = msix->reg_block.offset + PCI_MSIX_FLAGS;

	WRITE_ONCE(msix->flags, get_le16(&msix->fn->config[reg]));
}

bool vmr_pci_msix_entry_masked(const struct vmr_pci_msix *msix, uint32_t index)
{
	return READ_ONCE(msix->flags) & PCI_MSIX_FLAGS_MASKALL ||
	       READ_ONCE(msix->entries[index].dwords[ENTRY_CTRL_DWORD]) &
		       PCI_MSIX_ENTRY_CTRL_MASKBIT;
}

static struct vmr_pci_msix *to_msix(struct vmr_pci_reg_block *reg_block)
{
	return container_of(reg_block, struct vmr_pci_msix, reg_block);
}

static uint32_t entry_index(const struct vmr_pci_msix_entry *entry)
{
	return (uint32_t)(entry - entry->msix->entries);
}

/* Block or unblock the vector of an entry, and deliver what was pending */
static void update_blocked(struct vmr_pci_msix *msix, uint32_t index, bool used)
{
	struct vmr_pci_msix_entry *entry = &msix->entries[index];

	if (!used || !entry->range.node.link)
		vmr_pci_vector_block(&entry->vector);
	else if (vmr_pci_vector_unblock(&entry->vector))
		vmr_pci_deliver(msix->fn, index);
}

static bool is_used(const struct vmr_pci_msix *msix, uint32_t index)
{
	return vmr_pci_msix_enabled(msix) &&
	       !vmr_pci_msix_entry_masked(msix, index);
}

/* If MSI-X is disabled, free_vectors() follows */
static void report_message(struct vmr_pci_msix *msix, uint32_t index)
{
	/* A callback may have unplugged the function, which frees the vector */
	if (msix->entries[index].range.node.link && vmr_pci_msix_enabled(msix))
		vmr_pci_report_message(msix->fn, index);
}

/* An entry that waited has a vector */
static void entry_served(struct vmr_vector_waiter *waiter)
{
	struct vmr_pci_msix_entry *entry =
		container_of(waiter, struct vmr_pci_msix_entry, waiter);
	struct vmr_pci_msix *msix = entry->msix;
	uint32_t index = entry_index(entry);

	entry->error = 0;
	vmr_pci_report_vector(msix->fn, index, &entry->range, 0);
	report_message(msix, index);
	if (msix->fn->manager)	/* a callback may have unplugged the function */
		update_blocked(msix, index, is_used(msix, index));
}

static void free_vector(struct vmr_pci_msix *msix, uint32_t index)
{
	struct vmr_pci_msix_entry *entry = &msix->entries[index];

	if (!entry->range.node.link && !entry->error)
		return;
	vmr_pci_free_vectors(msix->fn, &entry->waiter);
	entry->error = 0;
	vmr_pci_report_vector(msix->fn, index, NULL, 0);
}

/* First let no entry wait, or it would get the vector of another one */
static void free_vectors(struct vmr_pci_msix *msix)
{
	struct vmr_pci_function *fn = msix->fn;
	uint32_t i;

	for (i = 0; i < msix->nr; i++)
		vmr_pci_stop_waiting(fn, &msix->entries[i].waiter);
	/* A callback may unplug the function */
	for (i = 0; fn->manager && i < msix->nr; i++)
		free_vector(msix, i);
}

/*
 * Act on the registers of one entry, of which the message may have @changed. The owner
 * learns of a message before it is sent. An entry that waited when a snapshot was saved
 * waits again although it is masked.
 */
static void update_entry(struct vmr_pci_msix *msix, uint32_t index,
			 bool changed)
{
	struct vmr_pci_msix_entry *entry = &msix->entries[index];
	bool used = is_used(msix, index);

	if ((used || entry->waiter.ticket) && !entry->range.node.link &&
	    !entry->error) {
		entry->waiter.nr = 1;
		entry->error = vmr_pci_alloc_vectors(msix->fn, &entry->waiter);
		vmr_pci_report_vector(msix->fn, index,
				      entry->error ? NULL : &entry->range,
				      entry->error);
		changed = true;
	}
	if (changed)
		report_message(msix, index);
	if (msix->fn->manager)
		update_blocked(msix, index, used);
}

static void update_entries(struct vmr_pci_msix *msix, bool changed)
{
	struct vmr_pci_function *fn = msix->fn;
	uint32_t i;

	publish(msix);
	/* A callback may unplug the function */
	for (i = 0; fn->manager && i < msix->nr; i++)
		update_entry(msix, i, changed);
	if (fn->manager && !vmr_pci_msix_enabled(msix))
		free_vectors(msix);
}

/* The function mask is a mask of each vector */
static void msix_written(struct vmr_pci_function *fn,
			 struct vmr_pci_reg_block *reg_block,
			 const struct vmr_pci_write *write)
{
	if (vmr_pci_writes(write, reg_block->offset, reg_block->size) &&
	    write->old_value != write->new_value)
		update_entries(fn->msix, true);
}

static void clear_entries(struct vmr_pci_msix *msix)
{
	uint32_t i, j;

	WRITE_ONCE(msix->flags, 0);
	for (i = 0; i < msix->nr; i++) {
		for (j = 0; j < ENTRY_CTRL_DWORD; j++)
			WRITE_ONCE(msix->entries[i].dwords[j], 0);
		WRITE_ONCE(msix->entries[i].dwords[ENTRY_CTRL_DWORD],
			   PCI_MSIX_ENTRY_CTRL_MASKBIT);
		vmr_pci_vector_clear(&msix->entries[i].vector);
	}
}

static void msix_clear(struct vmr_pci_function *fn,
		       struct vmr_pci_reg_block *reg_block)
{
	struct vmr_pci_msix *msix = to_msix(reg_block);

	(void)fn;
	clear_entries(msix);
	free_vectors(msix);
}

static void msix_restored(struct vmr_pci_function *fn,
			  struct vmr_pci_reg_block *reg_block)
{
	struct vmr_pci_msix *msix = to_msix(reg_block);
	uint32_t i;

	publish(msix);
	for (i = 0; fn->manager && i < msix->nr; i++) {
		struct vmr_pci_msix_entry *entry = &msix->entries[i];

		if (!entry->range.node.link)
			continue;
		entry->waiter.nr = 1;
		vmr_pci_report_vector(fn, i, &entry->range, 0);
		vmr_pci_report_message(fn, i);
	}
	update_entries(msix, false);
}

static void init_entries(struct vmr_pci_msix *msix)
{
	uint32_t i;

	for (i = 0; i < msix->nr; i++) {
		struct vmr_pci_msix_entry *entry = &msix->entries[i];

		entry->msix = msix;
		entry->waiter.range = &entry->range;
		entry->waiter.kind = VMR_KIND_MSIX;
		entry->waiter.served = entry_served;
	}
	clear_entries(msix);
}

/* The registers and the entries of a capability that was added to @fn */
void vmr_pci_msix_init(struct vmr_pci_function *fn, struct vmr_pci_msix *msix)
{
	msix->reg_block.write = msix_written;
	msix->reg_block.reset = msix_clear;
	msix->reg_block.remove = msix_clear;
	msix->reg_block.restored = msix_restored;
	msix->fn = fn;
	init_entries(msix);
	fn->msix = msix;
}

static int check_table_access(uint64_t offset, uint32_t width, uint64_t size)
{
	if (width != 4 && width != 8)
		return -EMSGSIZE;
	if (offset & (width - 1) || offset >= size)
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
	ret = check_table_access(offset, width, vmr_pci_msix_table_size(msix->nr));
	if (ret == -ERANGE)
		memset(data, 0xff, width);
	for (i = 0; !ret && i < width; i += 4, offset += 4)
		put_le32(&bytes[i],
			 READ_ONCE(msix->entries[offset / PCI_MSIX_ENTRY_SIZE]
					   .dwords[offset / 4 & 3]));
	return ret;
}
EXPORT_SYMBOL_GPL(vmr_pci_msix_read);

int vmr_pci_msix_read_pba(const struct vmr_pci_msix *msix, uint64_t offset,
			  void *data, uint32_t width)
{
	uint8_t *bytes = data;
	uint64_t i, first;
	int ret;

	if (!msix || !data)
		return -EINVAL;
	ret = check_table_access(offset, width, vmr_pci_msix_pba_size(msix->nr));
	if (ret == -EMSGSIZE)
		return ret;
	memset(data, ret ? 0xff : 0, width);
	first = 8 * offset;
	for (i = 0; !ret && i < 8ULL * width && first + i < msix->nr; i++)
		if (vmr_pci_vector_pending(&msix->entries[first + i].vector))
			bytes[i / 8] |= 1u << i % 8;
	return ret;
}
EXPORT_SYMBOL_GPL(vmr_pci_msix_read_pba);

int vmr_pci_msix_write(struct vmr_pci_function *fn, struct vmr_pci_msix *msix,
		       uint64_t offset, const void *data, uint32_t width)
{
	const uint8_t *bytes = data;
	struct vmr_pci_msix_entry *entry;
	uint32_t i, dword, value;
	bool changed = false;
	int ret;

	if (!fn || !msix || !data)
		return -EINVAL;
	ret = check_table_access(offset, width, vmr_pci_msix_table_size(msix->nr));
	if (ret)
		return ret;
	if (!fn->manager)
		return -ENOENT;
	entry = &msix->entries[offset / PCI_MSIX_ENTRY_SIZE];
	for (i = 0; i < width; i += 4) {
		dword = (uint32_t)(offset + i) / 4 & 3;
		value = get_le32(&bytes[i]) & entry_wmask[dword];
		changed = changed || value != entry->dwords[dword];
		WRITE_ONCE(entry->dwords[dword], value);
	}
	if (!changed)
		return 0;
	update_entry(msix, entry_index(entry), true);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_msix_write);

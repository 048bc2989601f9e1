// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * pci_snapshot.c - the registers of PCI functions in a snapshot
 *
 * A function's block is its configuration space and, for each MSI-X capability,
 * the table. Everything that follows registers (the places of BARs and windows,
 * the vectors held) is in the snapshot too, as ranges, and is not derived from
 * the registers again. So here it is said what the registers ask for, and the
 * restore compares.
 */
#include "pci.h"

static uint64_t tables_size(const struct vmr_pci_function *fn)
{
	struct vmr_pci_reg_block *reg_block;
	uint64_t size = 0;

	for (reg_block = fn->reg_blocks; reg_block; reg_block = reg_block->next)
		if (vmr_pci_reg_block_msix(reg_block))
			size += (uint64_t)vmr_pci_reg_block_msix(reg_block)->nr *
				MSIX_ENTRY;
	return size;
}

size_t vmr_pci_state_size(const struct vmr_pci_function *fn)
{
	return VMR_PCI_CONFIG_SIZE + (size_t)tables_size(fn);
}

static void get_words(const uint8_t *entry, uint32_t *words)
{
	int i;

	for (i = 0; i < MSIX_ENTRY / 4; i++)
		words[i] = get_le32(&entry[4 * i]);
}

static void put_words(uint8_t *entry, const uint32_t *words)
{
	int i;

	for (i = 0; i < MSIX_ENTRY / 4; i++)
		put_le32(&entry[4 * i], words[i]);
}

void vmr_pci_state_save(const struct vmr_pci_function *fn, uint8_t *bytes)
{
	struct vmr_pci_reg_block *reg_block;
	uint32_t i;

	memcpy(bytes, fn->config, VMR_PCI_CONFIG_SIZE);
	bytes += VMR_PCI_CONFIG_SIZE;
	for (reg_block = fn->reg_blocks; reg_block;
	     reg_block = reg_block->next) {
		struct vmr_pci_msix *msix = vmr_pci_reg_block_msix(reg_block);

		for (i = 0; msix && i < msix->nr; i++, bytes += MSIX_ENTRY)
			put_words(bytes, msix->entries[i].dwords);
	}
}

/* A window's region is as large as its registers say, unlike a BAR's */
static void restore_windows(struct vmr_pci_bridge *bridge)
{
	struct vmr_region *window;
	struct vmr_placement goal;
	unsigned int i;

	for (i = 0; i < VMR_PCI_WINDOWS; i++) {
		window = vmr_pci_window_placement(&bridge->fn,
						  bridge->fn.config, i, &goal);
		if (goal.state == VMR_LIVE)
			window->size = goal.last - goal.start + 1;
	}
}

void vmr_pci_state_restore(struct vmr_pci_function *fn, const uint8_t *bytes)
{
	struct vmr_pci_reg_block *reg_block;
	uint32_t i;

	memcpy(fn->config, bytes, VMR_PCI_CONFIG_SIZE);
	bytes += VMR_PCI_CONFIG_SIZE;
	if (fn->bridge)
		restore_windows(fn->bridge);
	for (reg_block = fn->reg_blocks; reg_block;
	     reg_block = reg_block->next) {
		struct vmr_pci_msix *msix = vmr_pci_reg_block_msix(reg_block);

		for (i = 0; msix && i < msix->nr; i++, bytes += MSIX_ENTRY)
			get_words(bytes, msix->entries[i].dwords);
	}
}

bool vmr_pci_state_valid(const struct vmr_pci_function *fn,
			 const uint8_t *saved)
{
	const uint8_t *entry = saved + VMR_PCI_CONFIG_SIZE;
	const uint8_t *end = entry + tables_size(fn);
	uint32_t words[MSIX_ENTRY / 4];

	if (!vmr_pci_config_matches(fn, saved))
		return false;
	for (; entry < end; entry += MSIX_ENTRY) {
		get_words(entry, words);
		if (!vmr_pci_msix_entry_valid(words))
			return false;
	}
	return true;
}

static void want_vectors(struct vmr_pci_expected *expected,
			 const struct vmr_range *range, uint32_t nr)
{
	expected->range = range;
	expected->kind = VMR_KIND_MSI;
	expected->goal.state = nr ? VMR_LIVE : VMR_FREE;
	expected->goal.start = 0;
	expected->goal.last = nr - 1;
}

static void want_entry(struct vmr_pci_expected *expected,
		       const struct vmr_pci_msix_entry *vector,
		       const uint8_t *cap, const uint8_t *entry)
{
	uint32_t words[MSIX_ENTRY / 4];

	if (entry)
		get_words(entry, words);
	else
		memcpy(words, vector->dwords, sizeof(words));
	want_vectors(expected, &vector->range,
		     vmr_pci_msix_entry_enabled(cap, words));
}

static bool expected_from_reg_block(const struct vmr_pci_function *fn,
				    const uint8_t *saved, uint32_t index,
				    struct vmr_pci_expected *expected)
{
	const uint8_t *config = saved ? saved : fn->config;
	const uint8_t *table = saved ? saved + VMR_PCI_CONFIG_SIZE : NULL;
	struct vmr_pci_reg_block *reg_block;

	for (reg_block = fn->reg_blocks; reg_block;
	     reg_block = reg_block->next) {
		struct vmr_pci_msi *msi = vmr_pci_reg_block_msi(reg_block);
		struct vmr_pci_msix *msix = vmr_pci_reg_block_msix(reg_block);
		uint32_t nr = msi ? 1 : msix ? msix->nr : 0;
		const uint8_t *cap = config + reg_block->offset;

		if (index < nr && msi)
			want_vectors(expected, &msi->range,
				     vmr_pci_msi_nr_enabled(cap));
		else if (index < nr)
			want_entry(expected, &msix->entries[index], cap,
				   table ? table + index * MSIX_ENTRY : NULL);
		if (index < nr)
			return true;
		index -= nr;
		if (msix && table)
			table += nr * MSIX_ENTRY;
	}
	return false;
}

bool vmr_pci_expected_range(struct vmr_pci_function *fn, const uint8_t *saved,
			    uint32_t index, struct vmr_pci_expected *expected)
{
	const uint8_t *config = saved ? saved : fn->config;
	uint32_t windows = fn->bridge ? VMR_PCI_WINDOWS : 0;
	const struct vmr_region *region;

	if (index >= VMR_PCI_NR_BARS + windows)
		return expected_from_reg_block(
			fn, saved, index - VMR_PCI_NR_BARS - windows, expected);
	if (index < VMR_PCI_NR_BARS)
		region = vmr_pci_bar_placement(fn, config, index,
					       &expected->goal);
	else
		region = vmr_pci_window_placement(
			fn, config, index - VMR_PCI_NR_BARS, &expected->goal);
	expected->range = &region->range;
	expected->kind = region->io == VMR_PIO ? VMR_KIND_PIO : VMR_KIND_MMIO;
	return true;
}

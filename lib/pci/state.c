// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * state.c - the registers of functions in a snapshot
 *
 * A block is the configuration space, followed by the MSI-X tables in the order of
 * the register blocks. The registers determine the range of each BAR, window and
 * vector. Saving compares them with the current ranges, restoring with the saved
 * ranges.
 */
#include "pci.h"

#include <vmalloc/pci_snapshot.h>

/*
 * The placement of a range of a function according to the registers. Vectors may
 * have any numbers: @start is 0, and @last is their number minus one.
 */
struct expected_range {
	const struct vmr_range	*range;
	uint32_t		kind;	/* VMR_KIND_PIO, _MMIO or _MSI */
	struct vmr_placement	placement;
};

static bool readonly_bytes_match(const struct vmr_pci_function *fn,
				 const uint8_t *config, uint32_t offset,
				 uint32_t size)
{
	for (; size--; offset++)
		if ((config[offset] ^ fn->config[offset]) & ~fn->wmask[offset])
			return false;
	return true;
}

/*
 * Compare the read-only bits of the header and of the register blocks. The status
 * register is excluded, since it records events. The owner checks other bytes.
 */
static bool config_matches(const struct vmr_pci_function *fn,
			   const uint8_t *config)
{
	const struct vmr_pci_reg_block *reg_block;

	if (!readonly_bytes_match(fn, config, 0, PCI_STATUS) ||
	    !readonly_bytes_match(fn, config, PCI_REVISION_ID,
				  PCI_STD_HEADER_SIZEOF - PCI_REVISION_ID))
		return false;
	for (reg_block = fn->reg_blocks; reg_block; reg_block = reg_block->next)
		if (!readonly_bytes_match(fn, config, reg_block->offset,
					  reg_block->size))
			return false;
	return true;
}

static uint64_t tables_size(const struct vmr_pci_function *fn)
{
	struct vmr_pci_reg_block *reg_block;
	uint64_t size = 0;

	for (reg_block = fn->reg_blocks; reg_block; reg_block = reg_block->next)
		if (vmr_pci_reg_block_msix(reg_block))
			size += (uint64_t)vmr_pci_reg_block_msix(reg_block)->nr *
				PCI_MSIX_ENTRY_SIZE;
	return size;
}

static size_t state_size(const struct vmr_pci_function *fn)
{
	return VMR_PCI_CONFIG_SIZE + (size_t)tables_size(fn);
}

static void get_dwords(const uint8_t *entry, uint32_t *dwords)
{
	int i;

	for (i = 0; i < PCI_MSIX_ENTRY_SIZE / 4; i++)
		dwords[i] = get_le32(&entry[4 * i]);
}

static void put_dwords(uint8_t *entry, const uint32_t *dwords)
{
	int i;

	for (i = 0; i < PCI_MSIX_ENTRY_SIZE / 4; i++)
		put_le32(&entry[4 * i], dwords[i]);
}

static void state_save(const struct vmr_pci_function *fn, uint8_t *bytes)
{
	struct vmr_pci_reg_block *reg_block;
	uint32_t i;

	memcpy(bytes, fn->config, VMR_PCI_CONFIG_SIZE);
	bytes += VMR_PCI_CONFIG_SIZE;
	for (reg_block = fn->reg_blocks; reg_block;
	     reg_block = reg_block->next) {
		struct vmr_pci_msix *msix = vmr_pci_reg_block_msix(reg_block);

		for (i = 0; msix && i < msix->nr;
		     i++, bytes += PCI_MSIX_ENTRY_SIZE)
			put_dwords(bytes, msix->entries[i].dwords);
	}
}

/* The registers determine the size of a window, but not that of a BAR */
static void restore_windows(struct vmr_pci_bridge *bridge)
{
	struct vmr_region *window;
	struct vmr_placement placement;
	unsigned int i;

	for (i = 0; i < VMR_PCI_NR_WINDOWS; i++) {
		window = vmr_pci_window_placement(&bridge->fn, bridge->fn.config,
						  i, &placement);
		if (placement.state == VMR_LIVE)
			window->size = placement.last - placement.start + 1;
	}
}

static void state_restore(struct vmr_pci_function *fn, const uint8_t *bytes)
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

		for (i = 0; msix && i < msix->nr;
		     i++, bytes += PCI_MSIX_ENTRY_SIZE)
			get_dwords(bytes, msix->entries[i].dwords);
	}
}

static bool state_valid(const struct vmr_pci_function *fn,
			const uint8_t *saved)
{
	const uint8_t *entry = saved + VMR_PCI_CONFIG_SIZE;
	const uint8_t *end = entry + tables_size(fn);
	uint32_t dwords[PCI_MSIX_ENTRY_SIZE / 4];

	if (!config_matches(fn, saved))
		return false;
	for (; entry < end; entry += PCI_MSIX_ENTRY_SIZE) {
		get_dwords(entry, dwords);
		if (!vmr_pci_msix_entry_valid(dwords))
			return false;
	}
	return true;
}

static void expect_vectors(struct expected_range *expected,
			   const struct vmr_range *range, uint32_t nr)
{
	expected->range = range;
	expected->kind = VMR_KIND_MSI;
	expected->placement.state = nr ? VMR_LIVE : VMR_FREE;
	expected->placement.start = 0;
	expected->placement.last = nr - 1;
}

/* The entry is saved at @entry, or else current */
static void expect_entry(struct expected_range *expected,
			 const struct vmr_pci_msix_entry *vector,
			 const uint8_t *cap, const uint8_t *entry)
{
	uint32_t dwords[PCI_MSIX_ENTRY_SIZE / 4];

	if (entry)
		get_dwords(entry, dwords);
	else
		memcpy(dwords, vector->dwords, sizeof(dwords));
	expect_vectors(expected, &vector->range,
		       vmr_pci_msix_entry_enabled(cap, dwords));
}

/* The @index-th vector; by the registers @saved, or the current ones if NULL */
static bool expected_from_reg_block(const struct vmr_pci_function *fn,
				    const uint8_t *saved, uint32_t index,
				    struct expected_range *expected)
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
			expect_vectors(expected, &msi->range,
				       vmr_pci_msi_nr_enabled(cap));
		else if (index < nr)
			expect_entry(expected, &msix->entries[index], cap,
				     table ? table + index *
							     PCI_MSIX_ENTRY_SIZE :
					     NULL);
		if (index < nr)
			return true;
		index -= nr;
		if (msix && table)
			table += nr * PCI_MSIX_ENTRY_SIZE;
	}
	return false;
}

/* The @index-th range: BARs, windows, vectors; false if there is none */
static bool expected_range_at(struct vmr_pci_function *fn, const uint8_t *saved,
			      uint32_t index, struct expected_range *expected)
{
	const uint8_t *config = saved ? saved : fn->config;
	uint32_t windows = fn->bridge ? VMR_PCI_NR_WINDOWS : 0;
	const struct vmr_region *region;

	if (index >= VMR_PCI_NR_BARS + windows)
		return expected_from_reg_block(fn, saved,
					       index - VMR_PCI_NR_BARS - windows,
					       expected);
	if (index < VMR_PCI_NR_BARS)
		region = vmr_pci_bar_placement(fn, config, index,
					       &expected->placement);
	else
		region = vmr_pci_window_placement(fn, config,
						  index - VMR_PCI_NR_BARS,
						  &expected->placement);
	expected->range = &region->range;
	expected->kind = region->io == VMR_PIO ? VMR_KIND_PIO : VMR_KIND_MMIO;
	return true;
}

static struct vmr_pci_function *
to_function(const struct vmr_snapshot_block *block)
{
	return block->owner;
}

/* The space for a range of this kind */
static const struct vmr_space *
expected_space(const struct vmr_snapshot_block *block, uint32_t kind)
{
	const struct vmr_pci_bridge *upstream =
		to_function(block)->upstream_bridge;

	if (upstream && kind == VMR_KIND_PIO)
		return &upstream->bus.pio;
	if (upstream && kind == VMR_KIND_MMIO)
		return &upstream->bus.mmio;
	return vmr_system_space(block->sys, kind);
}

/*
 * Whether the placement has addresses in @space. Every space of BARs and windows
 * begins at 0.
 */
static bool has_addresses(const struct vmr_placement *placement,
			  const struct vmr_space *space)
{
	return placement->state != VMR_FREE &&
	       placement->start <=
		       placement->last && /* LCOV_EXCL_BR_LINE: BARs are aligned */
	       placement->last <= space->last;
}

/* Vectors may be free although they are enabled: their allocation can fail */
static bool unplaced_allowed(const struct expected_range *expected,
			     const struct vmr_space *space)
{
	return expected->kind == VMR_KIND_MSI ||
	       !has_addresses(&expected->placement, space);
}

/*
 * Vectors may have any aligned numbers. A BAR or a window claims its addresses if
 * they are in use.
 */
static bool placement_allowed(const struct expected_range *expected,
			      enum vmr_state state,
			      const struct vmr_snapshot_range *range,
			      const struct vmr_space *space)
{
	const struct vmr_placement *placement = &expected->placement;

	if (expected->kind == VMR_KIND_MSI)
		return placement->state != VMR_FREE && state == VMR_LIVE &&
		       range->last - range->start == placement->last &&
		       !(range->start & placement->last);
	if (state == VMR_CLAIMED)
		state = VMR_LIVE;
	return has_addresses(placement, space) && state == placement->state &&
	       range->start == placement->start &&
	       range->last == placement->last;
}

/* Compare the current registers and ranges, or, with @ctx, the saved ones */
static bool function_matches_ranges(const struct vmr_snapshot_block *block,
				    const struct vmr_restore_ctx *ctx,
				    const uint8_t *saved)
{
	const struct vmr_space *space;
	struct vmr_snapshot_range range;
	struct vmr_pci_function *fn = to_function(block);
	struct expected_range expected;
	enum vmr_state state;
	uint32_t i;

	for (i = 0; expected_range_at(fn, saved, i, &expected); i++) {
		space = expected_space(block, expected.kind);
		if (ctx) {
			range.space = NULL;
			state = vmr_snapshot_find_range(ctx, expected.range,
							&range);
		} else {
			range.space = vmr_in_space(space, expected.range) ?
					      space :
					      NULL;
			range.start = expected.range->start;
			range.last = expected.range->last;
			state = vmr_range_state(expected.range);
		}
		if (state == VMR_FREE ?
			    !unplaced_allowed(&expected, space) :
			    range.space != space ||
				    !placement_allowed(&expected, state, &range,
						       space))
			return false;
	}
	return true;
}

static size_t pci_block_size(const struct vmr_snapshot_block *block)
{
	return state_size(to_function(block));
}

static bool pci_block_consistent(const struct vmr_snapshot_block *block)
{
	return function_matches_ranges(block, NULL, NULL);
}

static void pci_block_save(const struct vmr_snapshot_block *block,
			   uint8_t *bytes)
{
	state_save(to_function(block), bytes);
}

static bool pci_block_check(const struct vmr_snapshot_block *block,
			    const uint8_t *saved,
			    const struct vmr_restore_ctx *ctx)
{
	return state_valid(to_function(block), saved) &&
	       function_matches_ranges(block, ctx, saved);
}

static void pci_block_restore(const struct vmr_snapshot_block *block,
			      const uint8_t *saved)
{
	state_restore(to_function(block), saved);
}

static const struct vmr_snapshot_block_ops pci_block_ops = {
	.size = pci_block_size,
	.consistent = pci_block_consistent,
	.save = pci_block_save,
	.check = pci_block_check,
	.restore = pci_block_restore,
};

int vmr_snapshot_describe_bridge(struct vmr_snapshot_space *spaces,
				 struct vmr_pci_bridge *bridge, uint32_t id)
{
	if (!spaces || !bridge || id < VMR_SNAPSHOT_FIRST_USER ||
	    id > U32_MAX - 2)
		return -EINVAL;
	vmr_snapshot_describe_bus(spaces, &bridge->bus, id);
	spaces[2] = (struct vmr_snapshot_space) {
		.space = &bridge->devfns.space,
		.high_watermark = &bridge->devfns.high_watermark,
		.id = id + 2,
	};
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_snapshot_describe_bridge);

int vmr_snapshot_describe_pci(struct vmr_snapshot_block *block, uint64_t key,
			      struct vmr_pci_function *fn,
			      struct vmr_system *sys)
{
	if (!block || !fn || !sys)
		return -EINVAL;
	*block = (struct vmr_snapshot_block) {
		.key = key, .ops = &pci_block_ops, .owner = fn, .sys = sys,
	};
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_snapshot_describe_pci);

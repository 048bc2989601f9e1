// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * state_ranges.c - the registers of a function compared with its ranges
 *
 * The registers determine the range of each BAR, window and vector. Saving compares
 * them with the current ranges, restoring with the saved ranges.
 */
#include "pci.h"

#include <vmalloc/pci_snapshot.h>

/*
 * The placement of a range of a function according to the registers. Vectors may
 * have any numbers, and a BAR that is being sized may be parked anywhere: @start is 0,
 * and @last is their size minus one.
 */
struct expected_range {
	const struct vmr_range	*range;
	const struct vmr_space	*space;
	struct vmr_placement	placement;
	bool			is_vector;
	bool			is_sizing;
};

static void expect_vectors(struct expected_range *expected,
			   const struct vmr_range *range, uint32_t nr)
{
	expected->range = range;
	expected->is_vector = true;
	expected->placement.state = nr ? VMR_LIVE : VMR_FREE;
	expected->placement.last = nr - 1;
}

/* The @index-th vector by the registers @config */
static bool expect_vector(const struct vmr_pci_function *fn,
			  struct vmr_system *sys, const uint8_t *config,
			  uint32_t index, struct expected_range *expected)
{
	const struct vmr_pci_msi *msi = fn->msi;
	const struct vmr_pci_msix *msix = fn->msix;

	expected->space = vmr_system_space(sys, VMR_KIND_MSI);
	if (msi && !index--) {
		config += msi->reg_block.offset;
		expect_vectors(expected, &msi->range,
			       vmr_pci_msi_nr_enabled(config));
		return true;
	}
	if (!msix || index >= msix->nr)
		return false;
	config += msix->reg_block.offset;
	expect_vectors(expected, &msix->entries[index].range,
		       get_le16(&config[PCI_MSIX_FLAGS]) &
			       PCI_MSIX_FLAGS_ENABLE ? 1 : 0);
	return true;
}

/*
 * The @index-th range: BARs, windows, vectors; false if there is none. The registers
 * are the current ones and @config; @sizing are the BAR registers that are sized.
 */
static bool expect_range(struct vmr_pci_function *fn, struct vmr_system *sys,
			 const uint8_t *config, uint32_t sizing, uint32_t index,
			 struct expected_range *expected)
{
	uint32_t nr_bars = vmr_pci_nr_bars(fn);
	uint32_t regions = nr_bars +
			   (fn->bridge ? VMR_PCI_BRIDGE_WINDOWS : 0);
	struct vmr_region *region;

	memset(expected, 0, sizeof(*expected));
	if (index >= regions)
		return expect_vector(fn, sys, config, index - regions,
				     expected);
	if (index < nr_bars) {
		region = vmr_pci_bar_placement(fn, config, index,
					       &expected->placement);
		expected->space = vmr_pci_space(fn, sys, region->io);
		expected->is_sizing = vmr_pci_bar_sizing(fn, sizing, index);
		if (expected->is_sizing)
			expected->placement.last =
				vmr_pci_bar_span(fn, config, index) - 1;
	} else {
		region = vmr_pci_window(fn->bridge, index - nr_bars);
		expected->space = vmr_pci_space(fn, sys, region->io);
		vmr_pci_window_placement(fn, config, index - nr_bars,
					 expected->space, &expected->placement);
	}
	expected->range = &region->range;
	return true;
}

/*
 * Whether the placement has addresses in its space. Every space of BARs and windows
 * begins at 0.
 */
static bool has_addresses(const struct expected_range *expected)
{
	return expected->placement.state != VMR_FREE &&
	       expected->placement.last <= expected->space->last;
}

/* Vectors may be free although they are enabled: they may wait, or not be used yet */
static bool may_be_free(const struct expected_range *expected)
{
	return expected->is_vector || expected->is_sizing ||
	       !has_addresses(expected);
}

static bool vectors_allowed(const struct vmr_placement *placement,
			    enum vmr_state state,
			    const struct vmr_snapshot_range *range)
{
	return placement->state != VMR_FREE && state == VMR_LIVE &&
	       range->last - range->start == placement->last &&
	       !(range->start & placement->last);
}

/* A BAR or a window claims its addresses if they are in use */
static bool placement_allowed(const struct expected_range *expected,
			      enum vmr_state state,
			      const struct vmr_snapshot_range *range)
{
	const struct vmr_placement *placement = &expected->placement;

	if (range->space != expected->space)
		return false;
	if (expected->is_vector)
		return vectors_allowed(placement, state, range);
	if (expected->is_sizing)
		return state == VMR_PARKED && range->last - range->start ==
						      placement->last;
	if (state == VMR_CLAIMED)
		state = VMR_LIVE;
	return has_addresses(expected) && state == placement->state &&
	       range->start == placement->start &&
	       range->last == placement->last;
}

/* The state of a range, and where it is: saved in @ctx, or now */
static enum vmr_state find_range(const struct vmr_restore_ctx *ctx,
				 const struct expected_range *expected,
				 struct vmr_snapshot_range *found)
{
	const struct vmr_range *range = expected->range;

	found->space = NULL;
	if (ctx)
		return vmr_snapshot_find_range(ctx, range, found);
	if (vmr_in_space(expected->space, range))
		found->space = expected->space;
	found->start = range->start;
	found->last = range->last;
	return vmr_range_state(range);
}

/* The vectors of a range of these; 0 for BARs and windows */
static uint64_t nr_vectors(const struct expected_range *expected,
			   enum vmr_state state,
			   const struct vmr_snapshot_range *range)
{
	return expected->is_vector && state == VMR_LIVE ?
		       range->last - range->start + 1 : 0;
}

/*
 * Compare registers and current ranges, or, with @ctx, the saved ones. The owner may
 * lower the limit of vectors while the function holds more; a restore observes it.
 */
bool vmr_pci_matches_ranges(struct vmr_pci_function *fn, struct vmr_system *sys,
			    const struct vmr_restore_ctx *ctx,
			    const uint8_t *config, uint32_t sizing)
{
	struct vmr_snapshot_range range;
	struct expected_range expected;
	enum vmr_state state;
	uint64_t vectors = 0;
	uint32_t i;

	for (i = 0; expect_range(fn, sys, config, sizing, i, &expected); i++) {
		state = find_range(ctx, &expected, &range);
		if (state == VMR_FREE ? !may_be_free(&expected) :
					!placement_allowed(&expected, state,
							   &range))
			return false;
		vectors += nr_vectors(&expected, state, &range);
	}
	return !ctx || !fn->vector_limit || vectors <= fn->vector_limit;
}

/* The addresses on the bus of a PF; NULL if it is not plugged */
static const struct vmr_space *bus_of(const struct vmr_pci_function *pf)
{
	return pf->manager ?
		       &vmr_pci_devfns(pf->manager, pf->upstream_bridge)->space :
		       NULL;
}

static enum vmr_state find_address(const struct vmr_pci_function *fn,
				   const struct vmr_space *space,
				   const struct vmr_restore_ctx *ctx,
				   struct vmr_snapshot_range *found)
{
	if (ctx)
		return vmr_snapshot_find_range(ctx, &fn->address, found);
	found->space = space && vmr_in_space(space, &fn->address) ? space : NULL;
	found->start = fn->address.start;
	return vmr_range_state(&fn->address);
}

/* A VF has an address if and only if it is enabled */
bool vmr_pci_sriov_matches(const struct vmr_pci_sriov *sriov,
			   const uint8_t *config,
			   const struct vmr_restore_ctx *ctx)
{
	const uint8_t *cap = &config[sriov->reg_block.offset];
	struct vmr_snapshot_range pf = { 0 }, vf;
	uint32_t i, nr = cap[PCI_SRIOV_CTRL] & PCI_SRIOV_CTRL_VFE ?
				 get_le16(&cap[PCI_SRIOV_NUM_VF]) : 0;
	const struct vmr_space *space = bus_of(sriov->pf);
	enum vmr_state state = find_address(sriov->pf, space, ctx, &pf);

	if (nr > sriov->total_vfs || (nr && state != VMR_LIVE))
		return false;
	for (i = 0; i < sriov->total_vfs; i++) {
		state = find_address(sriov->vfs[i], space, ctx, &vf);
		if (state != (i < nr ? VMR_LIVE : VMR_FREE))
			return false;
		if (i < nr && (vf.space != pf.space ||
			       vf.start != vmr_pci_vf_address(sriov, pf.start, i)))
			return false;
	}
	return true;
}

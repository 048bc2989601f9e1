// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * pci_state.c - proofs that the checks of a saved function read nothing outside its block
 *
 * The function has any number of registers, BARs and vectors. Its register blocks are
 * inside its configuration space, as vmr_pci_add_reg_block() requires.
 */
#include "prove.h"

#include "pci/state.c"

static struct vmr_pci_function fn;
static struct vmr_pci_msi msi;
static struct vmr_pci_msix msix;
static struct vmr_pci_sriov sriov;
static const uint8_t *saved;

static void any_function(void)
{
	fn.config_size = any_bool() ? 256 : 4096;
	fn.msi = any_bool() ? &msi : NULL;
	fn.msix = any_bool() ? &msix : NULL;
	fn.sriov = any_bool() ? &sriov : NULL;
	msix.nr = any_u32();
	assume(msix.nr <= 2048);
	saved = any_bytes(entry_at(&fn, nr_entries(&fn)));
}

bool stub_vmr_pci_msix_entry_valid(const uint32_t *dwords)
{
	return any_bool();
}

enum vmr_state stub_vmr_snapshot_find_range(const struct vmr_restore_ctx *ctx,
					    const struct vmr_range *range,
					    struct vmr_snapshot_range *found)
{
	return any_u32();
}

unsigned int stub_vmr_pci_msi_nr_enabled(const uint8_t *cap)
{
	return get_le16(cap + PCI_MSI_FLAGS);
}

uint32_t stub_describe_bar(const struct vmr_pci_function *function,
			   unsigned int index)
{
	return any_u32();
}

bool invariant_of_vectors_valid(void) { return true; }
bool invariant_of_tickets_valid(void) { return true; }
bool invariant_of_description_matches(void) { return true; }

void prove_pci_state_vectors(void)
{
	any_function();
	(void)vectors_valid(&fn, saved);
}

void prove_pci_state_tickets(void)
{
	any_function();
	msi.reg_block.offset = any_u32();
	msix.reg_block.offset = any_u32();
	assume(msi.reg_block.offset <= fn.config_size - 4);
	assume(msix.reg_block.offset <= fn.config_size - 4);
	msix.entries = NULL;
	(void)tickets_valid(&fn, saved, NULL);
}

void prove_pci_state_description(void)
{
	any_function();
	(void)description_matches(&fn, &saved[fn.config_size]);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * bar_size.c - the size of a BAR by registers
 *
 * The registers are the current ones or those of a snapshot. A size field must be
 * valid: the guest cannot write another one, and a restore checks it first.
 */
#include "pci.h"

#define SIZE_FIELD	0x3f
#define LARGEST_FIELD	(63 - VMR_PCI_REBAR_SHIFT)

/* The number of the registers of a BAR in the capability; false if it is fixed */
static bool find_resizable(const struct vmr_pci_function *fn,
			   unsigned int index, uint32_t *entry)
{
	const struct vmr_pci_rebar *rebar = fn->rebar;
	uint32_t i;

	for (i = 0; rebar && i < rebar->nr; i++)
		if (rebar->bars[i].index == index) {
			*entry = i;
			return true;
		}
	return false;
}

uint64_t vmr_pci_rebar_size(const uint8_t *cap, uint32_t entry)
{
	uint8_t field = cap[vmr_pci_rebar_size_reg(entry)] & SIZE_FIELD;

	return 1ull << (VMR_PCI_REBAR_SHIFT + field);
}

bool vmr_pci_rebar_sizes_valid(const struct vmr_pci_rebar *rebar,
			       const uint8_t *cap)
{
	uint32_t i;

	for (i = 0; i < rebar->nr; i++)
		if ((cap[vmr_pci_rebar_size_reg(i)] & SIZE_FIELD) > LARGEST_FIELD ||
		    !(rebar->bars[i].sizes & vmr_pci_rebar_size(cap, i)))
			return false;
	return true;
}

static bool is_vf_bar(unsigned int index)
{
	return index >= VMR_PCI_NR_BARS;
}

uint64_t vmr_pci_vf_bar_size(const struct vmr_pci_function *pf,
			     const uint8_t *config, unsigned int n)
{
	const struct vmr_pci_sriov *sriov = pf->sriov;
	uint32_t reg = sriov->reg_block.offset + PCI_SRIOV_SYS_PGSIZE;
	uint64_t page_size = (uint64_t)get_le32(&config[reg])
			     << VMR_PCI_SRIOV_PAGE_SHIFT;

	return max(sriov->sizes[n], page_size);
}

/* Bits of other page sizes cannot be written, and a restore refuses them */
bool vmr_pci_sriov_page_valid(const uint8_t *cap)
{
	return vmr_is_pow2(get_le32(&cap[PCI_SRIOV_SYS_PGSIZE]));
}

bool vmr_pci_sizes_valid(const struct vmr_pci_function *fn,
			 const uint8_t *config)
{
	return (!fn->rebar ||
		vmr_pci_rebar_sizes_valid(fn->rebar,
					  &config[fn->rebar->reg_block.offset])) &&
	       (!fn->sriov ||
		vmr_pci_sriov_page_valid(&config[fn->sriov->reg_block.offset]));
}

uint64_t vmr_pci_bar_size(const struct vmr_pci_function *fn,
			  const uint8_t *config, unsigned int index)
{
	uint32_t entry;

	if (is_vf_bar(index))
		return vmr_pci_vf_bar_size(fn, config, index - VMR_PCI_NR_BARS);
	if (find_resizable(fn, index, &entry))
		return vmr_pci_rebar_size(&config[fn->rebar->reg_block.offset],
					  entry);
	return fn->bars[index].region.size;
}

uint64_t vmr_pci_bar_span(const struct vmr_pci_function *fn,
			  const uint8_t *config, unsigned int index)
{
	uint64_t size = vmr_pci_bar_size(fn, config, index);

	return is_vf_bar(index) ? size * fn->sriov->total_vfs : size;
}

uint64_t vmr_pci_bar_reset_size(const struct vmr_pci_function *fn,
				unsigned int index)
{
	uint32_t entry;

	if (is_vf_bar(index))
		return fn->sriov->sizes[index - VMR_PCI_NR_BARS];
	if (find_resizable(fn, index, &entry))
		return vmr_pci_rebar_size(fn->rebar->contents, entry);
	return fn->bars[index].region.size;
}

uint64_t vmr_pci_bar_mask(const struct vmr_pci_function *fn,
			  const uint8_t *config, unsigned int index)
{
	uint64_t size = vmr_pci_bar_size(fn, config, index);

	VMR_ASSERT(vmr_is_pow2(size));
	return vmr_pci_bar(fn, index)->type == VMR_PCI_BAR_MEM64 ?
		       ~(size - 1) : ~(size - 1) & 0xffffffffu;
}

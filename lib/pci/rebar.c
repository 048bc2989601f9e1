// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * rebar.c - resizable BARs
 *
 * The size of a BAR is in a control register, and bar_size.c reads it there. A write
 * that is not accepted leaves the register as it was.
 */
#include "pci.h"

#define LEAST_SIZE	((uint64_t)1 << VMR_PCI_REBAR_SHIFT)

/*
 * The owner is asked while the register has the old size. The callback may unplug the
 * function.
 */
static void resize(struct vmr_pci_function *fn, struct vmr_pci_rebar *rebar,
		   uint32_t entry, const struct vmr_pci_write *write)
{
	uint8_t *cap = &fn->config[rebar->reg_block.offset];
	uint32_t reg = vmr_pci_rebar_size_reg(entry);
	unsigned int index = rebar->bars[entry].index;
	uint8_t new_byte = cap[reg];
	uint64_t size;
	bool valid = vmr_pci_rebar_sizes_valid(rebar, cap);

	size = valid ? vmr_pci_rebar_size(cap, entry) : 0;
	cap[reg] = (uint8_t)(write->old_value >>
			     8 * (rebar->reg_block.offset + reg - write->offset));
	if (!valid || cap[reg] == new_byte ||
	    vmr_pci_command(fn->config) & PCI_COMMAND_MEMORY ||
	    (rebar->resize && rebar->resize(fn, index, size)) || !fn->manager)
		return;
	cap[reg] = new_byte;
	vmr_pci_update_sizes(fn);
	vmr_pci_update_bars(fn, 1u << index);
}

static void rebar_written(struct vmr_pci_function *fn,
			  struct vmr_pci_reg_block *reg_block,
			  const struct vmr_pci_write *write)
{
	struct vmr_pci_rebar *rebar =
		container_of(reg_block, struct vmr_pci_rebar, reg_block);
	uint32_t i;

	/* An access does not cross a dword: it writes to at most one register */
	for (i = 0; i < rebar->nr; i++)
		if (vmr_pci_writes(write, reg_block->offset +
					  vmr_pci_rebar_size_reg(i), 1))
			resize(fn, rebar, i, write);
}

static int check_bar(const struct vmr_pci_function *fn,
		     const struct vmr_pci_rebar_desc *desc)
{
	const struct vmr_pci_bar *bar;
	uint64_t largest;

	if (desc->index >= VMR_PCI_ROM)
		return -EINVAL;
	bar = &fn->bars[desc->index];
	if (bar->type != VMR_PCI_BAR_MEM32 && bar->type != VMR_PCI_BAR_MEM64)
		return -EINVAL;
	largest = vmr_pci_bar_largest_size(bar->type);
	if (desc->sizes & ~(2 * largest - 1) || desc->sizes & (LEAST_SIZE - 1) ||
	    !(desc->sizes & bar->region.size))
		return -EINVAL;
	return 0;
}

static int check_args(const struct vmr_pci_function *fn,
		      const struct vmr_pci_rebar *rebar,
		      const struct vmr_pci_rebar_desc *bars, uint32_t nr)
{
	uint32_t i;

	if (!fn || !rebar || !bars || !nr || nr > VMR_PCI_REBAR_MAX_BARS)
		return -EINVAL;
	for (i = 0; i < nr; i++)
		if (check_bar(fn, &bars[i]) ||
		    (i && bars[i].index <= bars[i - 1].index))
			return -EINVAL;
	return 0;
}

/*
 * The sizes from 1 MiB to 128 TiB are in the upper 28 bits of PCI_REBAR_CAP, the
 * larger ones in the upper 16 bits of PCI_REBAR_CTRL.
 */
static void init_entry(struct vmr_pci_function *fn, struct vmr_pci_rebar *rebar,
		       uint8_t *wmask, uint32_t i)
{
	uint64_t sizes = rebar->bars[i].sizes >> VMR_PCI_REBAR_SHIFT;
	uint64_t size = fn->bars[rebar->bars[i].index].region.size;
	uint32_t ctrl = rebar->bars[i].index |
			(i ? 0 : rebar->nr << PCI_REBAR_CTRL_NBAR_SHIFT);

	ctrl |= (vmr_log2(size) - VMR_PCI_REBAR_SHIFT)
		<< PCI_REBAR_CTRL_BAR_SHIFT;
	put_le32(&rebar->contents[PCI_REBAR_CAP + 8 * i], (uint32_t)sizes << 4);
	put_le32(&rebar->contents[PCI_REBAR_CTRL + 8 * i],
		 ctrl | (uint32_t)(sizes >> 28) << 16);
	wmask[vmr_pci_rebar_size_reg(i)] = 0x3f;
}

int vmr_pci_add_rebar(struct vmr_pci_function *fn, struct vmr_pci_rebar *rebar,
		      const struct vmr_pci_rebar_desc *bars, uint32_t nr)
{
	uint8_t wmask[VMR_PCI_REBAR_SIZE] = { 0 };
	struct vmr_pci_cap_desc desc = {
		.id = PCI_EXT_CAP_ID_REBAR, .version = 1, .single = true,
		.size = 4 + 8 * nr, .wmask = wmask,
	};
	uint32_t i;
	int ret = check_args(fn, rebar, bars, nr);

	if (ret)
		return ret;
	if (fn->rebar)
		return -EEXIST;
	ret = vmr_pci_check_ext_capability(fn, &rebar->reg_block, &desc);
	if (ret)
		return ret;
	rebar->nr = nr;
	for (i = 0; i < nr; i++)
		rebar->bars[i] = bars[i];
	for (i = 0; i < nr; i++)
		init_entry(fn, rebar, wmask, i);
	desc.contents = rebar->contents;
	rebar->reg_block.write = rebar_written;
	fn->rebar = rebar;
	return vmr_pci_add_ext_capability(fn, &rebar->reg_block, &desc);
}
EXPORT_SYMBOL_GPL(vmr_pci_add_rebar);

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * pm.c - power management, and function level reset of conventional functions
 *
 * The power state is in PCI_PM_CTRL. A function that is not in D0 decodes nothing. The
 * states are D0 and D3hot; access.c discards a write of another one.
 */
#include "pci.h"

static void pm_written(struct vmr_pci_function *fn,
		       struct vmr_pci_reg_block *reg_block,
		       const struct vmr_pci_write *write)
{
	uint32_t ctrl = reg_block->offset + PCI_PM_CTRL;
	uint32_t old_state, new_state;

	/* The state is in the first byte of a dword, which the write may not include */
	if (write->offset != ctrl)
		return;
	old_state = write->old_value & PCI_PM_CTRL_STATE_MASK;
	new_state = write->new_value & PCI_PM_CTRL_STATE_MASK;
	if (old_state == new_state)
		return;
	if (new_state == VMR_PCI_D0 &&
	    !(fn->config[ctrl] & PCI_PM_CTRL_NO_SOFT_RESET)) {
		vmr_pci_reset(fn, VMR_PCI_RESET_FUNCTION);
		return;
	}
	vmr_pci_update_bars(fn, vmr_pci_all_bars(fn));
	if (fn->bridge)
		vmr_pci_update_windows(fn->bridge);
}

int vmr_pci_add_pm(struct vmr_pci_function *fn, struct vmr_pci_pm *pm,
		   bool no_soft_reset)
{
	static const uint8_t wmask[PCI_PM_SIZEOF] = {
		[PCI_PM_CTRL] = PCI_PM_CTRL_STATE_MASK,
		[PCI_PM_CTRL + 1] = PCI_PM_CTRL_PME_ENABLE >> 8,
	};
	static const uint8_t w1cmask[PCI_PM_SIZEOF] = {
		[PCI_PM_CTRL + 1] = PCI_PM_CTRL_PME_STATUS >> 8,
	};
	struct vmr_pci_cap_desc desc = {
		.id = PCI_CAP_ID_PM, .single = true, .size = PCI_PM_SIZEOF,
		.wmask = wmask, .w1cmask = w1cmask,
	};
	uint32_t place;
	int ret;

	if (!fn || !pm)
		return -EINVAL;
	ret = vmr_pci_check_capability(fn, &pm->reg_block, &desc, &place);
	if (ret)
		return ret;
	put_le16(&pm->contents[PCI_PM_PMC], 3);	/* version 1.2 */
	pm->contents[PCI_PM_CTRL] =
		no_soft_reset ? PCI_PM_CTRL_NO_SOFT_RESET : 0;
	desc.offset = pm->reg_block.offset;
	desc.contents = pm->contents;
	pm->reg_block.write = pm_written;
	fn->pm = pm;
	return vmr_pci_add_capability(fn, &pm->reg_block, &desc);
}
EXPORT_SYMBOL_GPL(vmr_pci_add_pm);

static void af_written(struct vmr_pci_function *fn,
		       struct vmr_pci_reg_block *reg_block,
		       const struct vmr_pci_write *write)
{
	uint32_t ctrl = reg_block->offset + PCI_AF_CTRL;
	uint32_t flr = PCI_AF_CTRL_FLR;

	/* The bit reads 0: it is not stored */
	if (vmr_pci_writes(write, ctrl, 1) &&
	    write->written >> 8 * (ctrl - write->offset) & flr)
		vmr_pci_reset(fn, VMR_PCI_RESET_FUNCTION);
}

int vmr_pci_add_af(struct vmr_pci_function *fn, struct vmr_pci_af *af)
{
	static const uint8_t contents[PCI_CAP_AF_SIZEOF] = {
		[PCI_AF_LENGTH] = PCI_CAP_AF_SIZEOF,
		[PCI_AF_CAP] = PCI_AF_CAP_TP | PCI_AF_CAP_FLR,
	};
	struct vmr_pci_cap_desc desc = {
		.id = PCI_CAP_ID_AF, .single = true, .size = PCI_CAP_AF_SIZEOF,
		.contents = contents,
	};
	int ret;

	if (!fn || !af)
		return -EINVAL;
	desc.offset = af->reg_block.offset;
	ret = vmr_pci_add_capability(fn, &af->reg_block, &desc);
	if (!ret)
		af->reg_block.write = af_written;
	return ret;
}
EXPORT_SYMBOL_GPL(vmr_pci_add_af);

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * ari.c - devices with up to 256 functions
 *
 * lookup.c applies the forwarding bit of the port.
 */
#include "pci.h"

#define ARI_SIZE	8

static void set_next(struct vmr_pci_function *fn, uint32_t devfn)
{
	fn->config[fn->ari->reg_block.offset + VMR_PCI_ARI_NEXT] = (uint8_t)devfn;
}

void vmr_pci_ari_update(struct vmr_pci_function *fn)
{
	struct vmr_pci_bridge *upstream = fn->upstream_bridge;
	struct vmr_pci_function *prev = NULL;
	struct vmr_range *range;

	/* VFs are found by their offset and stride */
	if (!fn->ari || fn->pf)
		return;
	/* The function may be gone */
	set_next(fn, 0);
	if (!upstream || !vmr_pci_has_one_device(upstream))
		return;
	for (range = vmr_first_range(&upstream->devfns.space); range;
	     range = vmr_next_range(range)) {
		fn = vmr_pci_to_function(range);
		if (!fn->manager || !fn->ari || fn->pf)
			continue;
		set_next(fn, 0);
		if (prev)
			set_next(prev, vmr_pci_devfn(fn));
		prev = fn;
	}
}

int vmr_pci_add_ari(struct vmr_pci_function *fn, struct vmr_pci_ari *ari)
{
	struct vmr_pci_cap_desc desc = {
		.id = PCI_EXT_CAP_ID_ARI, .version = 1, .single = true,
		.size = ARI_SIZE,
	};
	int ret;

	if (!fn || !ari)
		return -EINVAL;
	desc.offset = ari->reg_block.offset;
	ret = vmr_pci_add_ext_capability(fn, &ari->reg_block, &desc);
	if (!ret)
		fn->ari = ari;
	return ret;
}
EXPORT_SYMBOL_GPL(vmr_pci_add_ari);

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * reset.c - resets
 *
 * The registers of a function get their reset values first. Then its regions follow
 * them, its register blocks free what they hold, and its owner is called.
 */
#include "pci.h"

void vmr_pci_reset(struct vmr_pci_function *fn, enum vmr_pci_reset reset)
{
	struct vmr_pci_reg_block *reg_block;

	vmr_pci_reset_registers(fn, reset);
	/* VFs leave together with their BARs */
	if (fn->sriov)
		fn->sriov->reg_block.reset(fn, &fn->sriov->reg_block);
	vmr_pci_update_bars(fn, vmr_pci_all_bars(fn));
	/* No BAR is mapped now: a reader finds the part of a VF by the size */
	vmr_pci_update_sizes(fn);
	/* A callback may unplug the function */
	for (reg_block = fn->reg_blocks; fn->manager && reg_block;
	     reg_block = reg_block->next)
		if (reg_block->reset)
			reg_block->reset(fn, reg_block);
	fn->intx_level = false;
	vmr_pci_intx_update(fn);
	if (fn->manager && fn->events && fn->events->reset)
		fn->events->reset(fn);
}

/*
 * The callback of a function may unplug that function alone, since the walk is at the
 * next one by then.
 */
static struct vmr_pci_function *
next_to_reset(struct vmr_pci_host *host, struct vmr_pci_bridge *below,
	      struct vmr_pci_function *fn)
{
	/* The reset of a PF unplugs its VFs */
	do {
		fn = vmr_pci_next_function(host, below, fn);
	} while (fn && fn->pf);
	return fn;
}

static void reset_all(struct vmr_pci_host *host, struct vmr_pci_bridge *below)
{
	struct vmr_pci_function *fn, *next;

	for (fn = next_to_reset(host, below, NULL); fn; fn = next) {
		next = next_to_reset(host, below, fn);
		vmr_pci_reset(fn, VMR_PCI_RESET_BUS);
	}
}

void vmr_pci_reset_behind(struct vmr_pci_bridge *bridge)
{
	reset_all(bridge->fn.host, bridge);
}

int vmr_pci_function_reset(struct vmr_pci_function *fn,
			   enum vmr_pci_reset reset)
{
	if (!fn)
		return -EINVAL;
	if (!fn->manager)
		return -ENOENT;
	vmr_pci_reset(fn, reset);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_function_reset);

int vmr_pci_bus_reset(struct vmr_pci_bridge *bridge)
{
	if (!bridge)
		return -EINVAL;
	if (!bridge->fn.manager)
		return -ENOENT;
	vmr_pci_reset_behind(bridge);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_bus_reset);

int vmr_pci_host_reset(struct vmr_pci_host *host)
{
	if (!host)
		return -EINVAL;
	if (!host->manager)
		return -ENOENT;
	reset_all(host, NULL);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_host_reset);

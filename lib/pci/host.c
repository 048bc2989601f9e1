// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * host.c - host bridges
 *
 * The buses of a host bridge are live in the @pci_buses of the system, where lookup.c
 * looks for them.
 */
#include "pci.h"

static int check_windows(const struct vmr_pci_host_config *config)
{
	const struct vmr_pci_window *w = config->windows;
	unsigned int i;

	if (config->nr_windows > VMR_PCI_HOST_MAX_WINDOWS ||
	    (config->nr_windows && !w))
		return -EINVAL;
	for (i = 0; i < config->nr_windows; i++, w++)
		if ((w->io != VMR_PIO && w->io != VMR_MMIO) ||
		    w->start > w->last ||
		    w->bus_start > U64_MAX - (w->last - w->start))
			return -EINVAL;
	return 0;
}

static int check_config(const struct vmr_manager *manager,
			const struct vmr_pci_host *host,
			const struct vmr_pci_host_config *config)
{
	if (!manager || !host || !config ||
	    config->bus_start > config->bus_last || check_windows(config) ||
	    (config->intx && config->intx->nr_lines && !config->intx->lines))
		return -EINVAL;
	if (host->manager)
		return -EEXIST;
	if (config->segment > 0xffff || config->bus_last > 0xff)
		return -ERANGE;
	return 0;
}

/* Whether a function is plugged at the root on one of the buses */
static bool has_functions(const struct vmr_manager *manager,
			  const struct vmr_pci_host_config *config)
{
	uint64_t base = (uint64_t)config->segment << 16;

	return vmr_find_overlap(&manager->sys->pci_bdfs.space,
				base | config->bus_start << 8,
				base | config->bus_last << 8 | 0xff);
}

static void init_host(struct vmr_pci_host *host,
		      const struct vmr_pci_host_config *config)
{
	unsigned int i;

	host->segment = config->segment;
	host->bus_start = config->bus_start;
	host->bus_last = config->bus_last;
	host->nr_windows = config->nr_windows;
	host->intx = config->intx;
	host->lock = config->lock;
	host->name = config->name;
	host->nr_functions = 0;
	host->translates = false;
	for (i = 0; i < config->nr_windows; i++) {
		host->windows[i] = config->windows[i];
		host->translates = host->translates ||
				   config->windows[i].start !=
					   config->windows[i].bus_start;
	}
}

int vmr_pci_host_register(struct vmr_manager *manager,
			  struct vmr_pci_host *host,
			  const struct vmr_pci_host_config *config)
{
	int ret = check_config(manager, host, config);
	uint64_t base;

	if (ret)
		return ret;
	if (has_functions(manager, config))
		return -EBUSY;
	base = (uint64_t)config->segment << 8;
	ret = vmr_reserve(&manager->sys->pci_buses, &host->buses,
			  base + config->bus_start, base + config->bus_last,
			  NULL);
	if (ret)
		return ret;
	init_host(host, config);
	host->manager = manager;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_host_register);

int vmr_pci_host_unregister(struct vmr_pci_host *host)
{
	if (!host)
		return -EINVAL;
	if (!host->manager)
		return -ENOENT;
	if (host->nr_functions)
		return -EBUSY;
	vmr_free(&host->manager->sys->pci_buses, &host->buses);
	host->manager = NULL;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_pci_host_unregister);

int vmr_pci_host_plug(struct vmr_pci_host *host, struct vmr_pci_function *fn,
		      uint32_t devfn)
{
	if (!host || !fn || fn->pf)
		return -EINVAL;
	if (fn->manager)
		return -EEXIST;
	if (!host->manager)
		return -ENOENT;
	return vmr_pci_plug_devfn(host->manager, host, NULL, fn, devfn);
}
EXPORT_SYMBOL_GPL(vmr_pci_host_plug);

int vmr_pci_host_plug_card(struct vmr_pci_host *host,
			   struct vmr_pci_function *const *fns, unsigned int nr,
			   uint32_t device)
{
	if (!host)
		return -EINVAL;
	return vmr_pci_plug_card_at(host->manager, host, NULL, fns, nr, device);
}
EXPORT_SYMBOL_GPL(vmr_pci_host_plug_card);

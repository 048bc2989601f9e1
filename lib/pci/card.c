// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * card.c - functions that are plugged together, and device numbers that are free
 */
#include "pci.h"

#include "resource/system.h"

#define DEVICES_PER_BUS		32

/* The number of function 0 of device 0 on a bus */
static uint32_t bus_base(const struct vmr_pci_host *host,
			 const struct vmr_pci_bridge *upstream)
{
	return upstream ? 0 : host->segment << 16 | host->bus_start << 8;
}

/* A link leads to one device */
static uint32_t nr_devices(const struct vmr_pci_bridge *upstream)
{
	return upstream && vmr_pci_has_one_device(upstream) ? 1 :
							      DEVICES_PER_BUS;
}

static int find_free_device(const struct vmr_manager *manager,
			    const struct vmr_pci_host *host,
			    const struct vmr_pci_bridge *upstream,
			    uint32_t *device)
{
	const struct vmr_space *space =
		&vmr_pci_devfns(manager, upstream)->space;
	uint64_t start = bus_base(host, upstream);
	uint32_t i;

	for (i = 0; i < nr_devices(upstream); i++, start += VMR_PCI_FUNCTIONS)
		if (start + (VMR_PCI_FUNCTIONS - 1) <= space->last &&
		    !vmr_find_overlap(space, start,
				      start + (VMR_PCI_FUNCTIONS - 1))) {
			*device = i;
			return 0;
		}
	return -ENOSPC;
}

int vmr_pci_plug_devfn(struct vmr_manager *manager, struct vmr_pci_host *host,
		       struct vmr_pci_bridge *upstream,
		       struct vmr_pci_function *fn, uint32_t devfn)
{
	uint32_t device;
	int ret;

	if (devfn == VMR_PCI_ANY_DEVICE) {
		ret = find_free_device(manager, host, upstream, &device);
		if (ret)
			return ret;
		devfn = device * VMR_PCI_FUNCTIONS;
	}
	if (devfn >= DEVICES_PER_BUS * VMR_PCI_FUNCTIONS)
		return -ERANGE;
	return vmr_pci_plug_at(manager, fn, host, upstream,
			       bus_base(host, upstream) + devfn);
}

static int check_card(const struct vmr_pci_bridge *upstream,
		      struct vmr_pci_function *const *fns, unsigned int nr)
{
	unsigned int i, j, most = VMR_PCI_FUNCTIONS;
	int ret = 0;

	if (!fns || !nr || !fns[0])
		return -EINVAL;
	if (nr_devices(upstream) == 1 && fns[0]->ari)
		most = VMR_PCI_ARI_MAX_FUNCTIONS;
	if (nr > most)
		return -EINVAL;
	for (i = 0; i < nr; i++) {
		if (!fns[i])
			continue;
		for (j = 0; j < i; j++)
			if (fns[j] == fns[i])
				return -EINVAL;
		if (fns[i]->pf)
			return -EINVAL;
		if (fns[i]->manager)
			ret = -EEXIST;
	}
	return ret;
}

static int attach_and_add(struct vmr_transaction *t,
			  const struct vmr_pci_batch *b, uint32_t i)
{
	struct vmr_pci_function *fn = b->fns[i];
	int ret = vmr_pci_attach(t->manager, fn, b->host, b->upstream,
				 b->address + i * b->stride);

	if (ret)
		return ret;
	ret = vmr_transaction_add(t, &fn->dev, NULL, NULL);
	if (ret)
		vmr_pci_detach(fn);
	return ret;
}

int vmr_pci_attach_batch(struct vmr_manager *manager,
			 const struct vmr_pci_batch *b,
			 struct vmr_transaction *t)
{
	struct vmr_watermarks marks;
	uint32_t i;
	int ret;

	vmr_watermarks_save(manager->sys, &marks);
	vmr_transaction_begin(manager, t);
	for (i = 0; i < b->nr; i++) {
		ret = b->fns[i] ? attach_and_add(t, b, i) : 0;
		if (ret)
			goto undo;
	}
	while (i--)
		if (b->fns[i])
			vmr_pci_attached(b->fns[i]);
	return 0;

undo:
	vmr_transaction_abort(t);
	while (i--)
		if (b->fns[i])
			vmr_pci_detach(b->fns[i]);
	vmr_watermarks_restore(manager->sys, &marks);
	return ret;
}

/* Each function of a card says that it is one of several */
static noinline void publish_card(const struct vmr_pci_batch *b,
				  struct vmr_transaction *t)
{
	unsigned int i, present = 0;

	for (i = 0; i < b->nr; i++)
		present += !!b->fns[i];
	for (i = 0; present > 1 && i < b->nr; i++)
		if (b->fns[i])
			vmr_pci_set_multifunction(b->fns[i]);
	vmr_transaction_commit(t);
	vmr_pci_bus_changed(b->upstream);
}

/*
 * Check a card, and find its address. This and the publication are apart from plugging,
 * which goes deep.
 */
static noinline int find_place(const struct vmr_manager *manager,
			       struct vmr_pci_batch *b, uint32_t device)
{
	int ret = check_card(b->upstream, b->fns, b->nr);

	if (!ret && !manager)
		return -ENOENT;
	if (!ret && device == VMR_PCI_ANY_DEVICE)
		ret = find_free_device(manager, b->host, b->upstream, &device);
	if (ret)
		return ret;
	if (device >= nr_devices(b->upstream))
		return -ERANGE;
	b->address = bus_base(b->host, b->upstream) +
		     device * VMR_PCI_FUNCTIONS;
	return 0;
}

int vmr_pci_plug_card_at(struct vmr_manager *manager,
			 struct vmr_pci_host *host,
			 struct vmr_pci_bridge *upstream,
			 struct vmr_pci_function *const *fns, unsigned int nr,
			 uint32_t device)
{
	struct vmr_pci_batch batch = {
		.host = host, .upstream = upstream, .fns = fns, .nr = nr,
		.stride = 1,
	};
	struct vmr_transaction t;
	int ret = find_place(manager, &batch, device);

	if (!ret)
		ret = vmr_pci_attach_batch(manager, &batch, &t);
	if (!ret)
		publish_card(&batch, &t);
	return ret;
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * vfcard.c - a card with a resizable BAR and eight virtual functions
 *
 * It is 80:03.0, below the second host bridge, or in the slot of a root port if the
 * machine boots a kernel. A read of its BAR returns one byte everywhere, a read of the
 * memory of a VF another one for each VF.
 */
#include <string.h>

#include "../vmm.h"

static void card_read(struct vmr_device *dev, const struct vmr_access *access,
		      void *data)
{
	(void)dev;
	memset(data, IRQDEV_PF_BYTE, (size_t)access->width * access->count);
}

static void vf_read(struct vmr_device *dev, const struct vmr_access *access,
		    void *data)
{
	const struct vfcard_vf *vf = container_of(dev, struct vfcard_vf, fn.dev);

	memset(data, (int)(IRQDEV_VF_BYTE + vf->number),
	       (size_t)access->width * access->count);
}

static int vf_init(struct vfcard_vf *vf, unsigned int number,
		   enum vmr_pci_express_type type)
{
	static const struct vmr_pci_ids ids = { .class_code = 0x020000 };
	static const struct vmr_device_ops ops = { .read = vf_read };
	int err;

	vf->number = number;
	err = vmr_pci_function_init_express(&vf->fn, &vf->space, &ids, &ops,
					    "virtual function");
	return err ? err : vmr_pci_add_express(&vf->fn, &vf->express, type);
}

static int add_vfs(struct vfcard *card, enum vmr_pci_express_type type)
{
	const struct vmr_pci_sriov_config config = {
		.vfs		= card->vfs,
		.total_vfs	= IRQDEV_NR_VFS,
		.first_offset	= 1,
		.stride		= 1,
		.vf_device	= Q35_VF_DEVICE,
	};
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < IRQDEV_NR_VFS; i++) {
		card->vfs[i] = &card->vf[i].fn;
		err = vf_init(&card->vf[i], i, type);
	}
	if (!err)
		err = vmr_pci_add_sriov(&card->fn, &card->sriov, &config);
	return err ? err : vmr_pci_sriov_add_bar(&card->sriov, 0,
						 VMR_PCI_BAR_MEM32, false, 0x1000,
						 "memory of VFs");
}

/*
 * Linux moves a window only if nothing is in it but what it resizes. Behind a port the
 * BAR is prefetchable, and so in another window than the memory of the VFs.
 */
static int add_bar(struct vfcard *card, bool prefetchable)
{
	const struct vmr_pci_rebar_desc sizes = {
		.index	= 0,
		.sizes	= MIB + 2 * MIB + 4 * MIB,
	};
	int err = vmr_pci_add_bar(&card->fn, 0,
				  prefetchable ? VMR_PCI_BAR_MEM64 :
						 VMR_PCI_BAR_MEM32,
				  prefetchable, MIB, "resizable");

	return err ? err : vmr_pci_add_rebar(&card->fn, &card->rebar, &sizes, 1);
}

static int plug(struct vmm *vmm, struct vmr_pci_function *fn)
{
	if (vmm->kernel)
		return pci_plug(vmm, fn,
				&vmm->q35.ports[EXPRESS_VFCARD_PORT].bridge, 0);
	return pci_plug(vmm, fn, NULL, VMR_PCI_BDF(Q35_FAR_BUS, 3, 0));
}

int vfcard_register(struct vmm *vmm)
{
	enum vmr_pci_express_type type = vmm->kernel ?
						 VMR_PCI_EXPRESS_ENDPOINT :
						 VMR_PCI_EXPRESS_INTEGRATED;
	static const struct vmr_pci_ids ids = {
		.vendor		= IRQDEV_VENDOR,
		.device		= Q35_VFCARD_DEVICE,
		.class_code	= 0x020000,
	};
	static const struct vmr_device_ops ops = { .read = card_read };
	struct vfcard *card = &vmm->q35.vfcard;
	int err;

	err = vmr_pci_function_init_express(&card->fn, &card->space, &ids, &ops,
					    "card with VFs");
	if (!err)
		err = vmr_pci_add_express(&card->fn, &card->express, type);
	/* The last VF has a number that only ARI reaches behind a port. */
	if (!err && vmm->kernel)
		err = vmr_pci_add_ari(&card->fn, &card->ari);
	if (!err)
		err = add_bar(card, vmm->kernel);
	if (!err)
		err = add_vfs(card, type);
	if (err) {
		vmm_err("card with VFs: %s", vmr_strerror(err));
		return err;
	}
	return plug(vmm, &card->fn);
}

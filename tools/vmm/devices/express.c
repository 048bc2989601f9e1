// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * express.c - the PCI Express host bridge of a machine that boots a kernel
 *
 * Its configuration space is where the layout has it. The tables of the machine name
 * the place, so that no register of a chipset is needed. With firmware the host bridge
 * is that of a Q35, and the firmware places the configuration space by its register.
 */
#include "../vmm.h"

static void set_line(struct vmr_pci_host *host, uint32_t index, bool high)
{
	struct vmm *vmm = container_of(host, struct vmm, pci_root);

	kvm_irq(vmm, vmr_id_value(&vmm->pci_lines[index].range), high);
}

static int ecam_register(struct vmm *vmm)
{
	int err = vmr_pci_ecam_init(&vmm->ecam, &vmm->pci_root,
				    vmm_pool(vmm, "ecam")->start);

	if (err)
		return err;
	if (vmm->config.firmware_size)
		vmm->ecam.dev.nr_constraints = 0;
	return vmm_register(vmm, &vmm->ecam.dev);
}

static int host_function_register(struct vmm *vmm)
{
	static const struct vmr_pci_ids ids = {
		.vendor		= IRQDEV_VENDOR,
		.device		= EXPRESS_HOST_DEVICE,
		.class_code	= 0x060000,
	};
	static const struct vmr_device_ops no_ops;

	if (vmm->config.firmware_size)
		return q35_mch_register(vmm);
	if (vmr_pci_function_init(&vmm->host_bridge, &ids, &no_ops,
				  "host bridge"))
		return -1;
	return pci_plug(vmm, &vmm->host_bridge, NULL, VMR_PCI_BDF(0, 0, 0));
}

int express_register(struct vmm *vmm)
{
	struct vmr_pci_window windows[VMR_PCI_HOST_MAX_WINDOWS];
	const struct vmr_pci_host_config root = {
		.bus_last	= EXPRESS_LAST_BUS,
		.windows	= windows,
		.nr_windows	= board.windows ? board.windows(vmm, windows) : 0,
		.intx		= &vmm->intx,
		.lock		= &vmm->pci_lock,
		.name		= "PCI Express",
	};
	int err;

	vmm->intx.lines = vmm->intx_lines;
	vmm->intx.nr_lines = NR_PCI_LINES;
	vmm->intx.set_line = set_line;
	err = vmr_pci_host_register(&vmm->manager, &vmm->pci_root, &root);
	if (!err)
		err = ecam_register(vmm);
	if (err) {
		vmm_err("PCI Express: %s", vmr_strerror(err));
		return err;
	}
	return host_function_register(vmm);
}

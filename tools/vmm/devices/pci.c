// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * pci.c - the PCI bus of a PC with an 82440FX: host bridge, ISA bridge, a bridge
 * to a second bus, and whatever else is plugged. See q35.c and express.c for the other
 * machines.
 */
#include <string.h>

#include "../vmm.h"

/* Registers of the host bridge that decide what is at 0xa0000 to 0xfffff */
#define PAM_FIRST	0x59
#define PAM_LAST	0x5f
#define SMRAM		0x72

/* Registers of the ISA bridge that connect interrupt pins to lines */
#define PIRQ_FIRST	0x60
#define PIRQ_LAST	0x63

static const struct vmr_device_ops no_ops;

/* Plug a function at the root, or behind a bridge. */
int pci_plug(struct vmm *vmm, struct vmr_pci_function *fn,
	     struct vmr_pci_bridge *behind, uint32_t address)
{
	int err;

	vmm->functions[vmm->nr_functions++] = fn;
	if (vmm->restoring) {
		fn->upstream_bridge = behind;
		return 0;
	}
	if (behind)
		err = vmr_pci_bridge_plug(behind, fn, address & 0xff);
	else
		err = vmr_pci_plug(&vmm->manager, fn, address);
	if (err) {
		vmm_err("%s: cannot plug it at %02x.%x: %s", fn->dev.name,
			address >> 3 & 0x1f, address & 7, vmr_strerror(err));
		vmm->nr_functions--;
	}
	return err;
}

/* A function was unplugged */
void pci_forget(struct vmm *vmm, const struct vmr_pci_function *fn)
{
	unsigned int i, n = 0;

	for (i = 0; i < vmm->nr_functions; i++)
		if (vmm->functions[i] != fn)
			vmm->functions[n++] = vmm->functions[i];
	vmm->nr_functions = n;
}

/* Plug the functions of one device at the root of a host bridge. */
int pci_plug_card(struct vmm *vmm, struct vmr_pci_host *host,
		  struct vmr_pci_function *const *fns, unsigned int nr,
		  uint32_t device)
{
	unsigned int i;
	int err = 0;

	if (!vmm->restoring)
		err = vmr_pci_host_plug_card(host, fns, nr, device);
	if (err) {
		vmm_err("%s: cannot plug the card as %02x: %s",
			fns[0]->dev.name, device, vmr_strerror(err));
		return err;
	}
	for (i = 0; i < nr; i++)
		vmm->functions[vmm->nr_functions++] = fns[i];
	return 0;
}

/*
 * The firmware detects by the subsystem id a virtual machine of QEMU's kind. The RAM
 * below 1 MiB is always writable; the PAM registers have no effect.
 */
static int host_bridge_register(struct vmm *vmm)
{
	static const struct vmr_pci_ids ids = {
		.vendor		= 0x8086,
		.device		= 0x1237,
		.subvendor	= 0x1af4,
		.subdevice	= 0x1100,
		.class_code	= 0x060000,
		.revision	= 0x02,
	};
	struct vmr_pci_function *fn = &vmm->host_bridge;
	unsigned int i;

	if (vmr_pci_function_init(fn, &ids, &no_ops, "host bridge"))
		return -1;
	for (i = PAM_FIRST; i <= PAM_LAST; i++)
		fn->wmask[i] = 0x33;
	fn->wmask[SMRAM] = 0x7f;
	fn->config[SMRAM] = 0x02;
	return pci_plug(vmm, fn, NULL, VMR_PCI_BDF(0, 0, 0));
}

/* No pin is connected to a line. */
static void isa_bridge_reset(struct vmr_pci_function *fn)
{
	memset(fn->config + PIRQ_FIRST, 0x80, PIRQ_LAST - PIRQ_FIRST + 1);
}

static int isa_bridge_register(struct vmm *vmm)
{
	static const struct vmr_pci_ids ids = {
		.vendor		= 0x8086,
		.device		= 0x7000,
		.subvendor	= 0x1af4,
		.subdevice	= 0x1100,
		.class_code	= 0x060100,
		.header_type	= 0x80,
	};
	static const struct vmr_pci_events events = {
		.reset	= isa_bridge_reset,
	};
	struct vmr_pci_function *fn = &vmm->isa_bridge;

	if (vmr_pci_function_init(fn, &ids, &no_ops, "ISA bridge"))
		return -1;
	fn->events = &events;
	memset(fn->wmask + PIRQ_FIRST, 0x8f, PIRQ_LAST - PIRQ_FIRST + 1);
	isa_bridge_reset(fn);
	return pci_plug(vmm, fn, NULL, VMR_PCI_BDF(0, 1, 0));
}

/* Its bus number and its windows are the firmware's to give. */
int pci_bridge_register(struct vmm *vmm)
{
	static const struct vmr_pci_ids ids = {
		.vendor		= 0xfffe,
		.device		= 0x0100,
		.class_code	= 0x060400,
	};

	if (vmr_pci_bridge_init(&vmm->pci_bridge, &vmm->manager, &ids, &no_ops,
				"PCI bridge"))
		return -1;
	return pci_plug(vmm, &vmm->pci_bridge.fn, NULL, VMR_PCI_BDF(0, 7, 0));
}

/* A machine that boots a kernel: the ISA bridge has no power management */
static int kernel_pci_register(struct vmm *vmm)
{
	int err = express_register(vmm);

	return err ? err : isa_bridge_register(vmm);
}

/* The host bridge, the ISA bridge and power management of a PC with an 82440FX */
static int i440fx_register(struct vmm *vmm)
{
	const struct vmr_pci_host_config root = {
		.bus_last	= 255,
		.lock		= &vmm->pci_lock,
		.name		= "PCI",
	};
	int err;

	err = vmr_pci_host_register(&vmm->manager, &vmm->pci_root, &root);
	if (!err)
		err = host_bridge_register(vmm);
	if (!err)
		err = isa_bridge_register(vmm);
	if (!err)
		err = piix4_pm_register(vmm);
	return err;
}

static int root_register(struct vmm *vmm)
{
	if (vmm->kernel)
		return kernel_pci_register(vmm);
	return vmm->config.machine == MACHINE_Q35 ? q35_register(vmm) :
						    i440fx_register(vmm);
}

int pci_register(struct vmm *vmm)
{
	bool q35 = vmm->config.machine == MACHINE_Q35;
	int err;

	err = vmr_pci_conf1_init(&vmm->pci_host, &vmm->manager, &vmm->pci_lock);
	if (!err)
		err = vmm_register(vmm, &vmm->pci_host.dev);
	if (!err)
		err = root_register(vmm);
	if (!err)
		err = pci_bridge_register(vmm);
	if (!err)
		err = testdevs_register(vmm);
	if (!err && q35)
		err = irqdevs_register(vmm);
	if (!err && (q35 || vmm->kernel))
		err = q35_ports_register(vmm);
	if (!err && (q35 || vmm->kernel))
		err = vfcard_register(vmm);
	if (!err && vmm->kernel)
		err = slot_cards_init(vmm);
	return err;
}

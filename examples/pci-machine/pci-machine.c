// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * A whole PCI machine: two host bridges, a root port with a slot, a disk with MSI-X, and
 * a network card with virtual functions, which is plugged and pulled while it runs
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmalloc/vmalloc.h>

#define ECAM(bdf)	(UINT64_C(0xb0000000) + ((uint64_t)(bdf) << 12))
#define PORT		VMR_PCI_BDF(0x00, 1, 0)
#define NIC		VMR_PCI_BDF(0x01, 0, 0)	/* behind the port */
#define DISK		VMR_PCI_BDF(0x80, 2, 0)
#define NR_VFS		2

static struct vmr_system sys;
static struct vmr_manager manager;
static struct vmr_reader vcpu;
static struct vmr_pci_host hosts[2];
static struct vmr_pci_ecam ecam[2];
static struct vmr_pci_port port;
static struct vmr_pci_endpoint disk, nic, vf[NR_VFS];
static struct vmr_pci_msix msix;
static struct vmr_pci_msix_entry entries[4];
static struct vmr_pci_sriov sriov;
static struct vmr_pci_function *const vfs[NR_VFS] = { &vf[0].fn, &vf[1].fn };
static struct vmr_pci_function *const card[] = { &nic.fn };

static void must(int err)
{
	if (err < 0) {
		puts(vmr_strerror(err));
		exit(1);
	}
}

static void read_register(struct vmr_device *dev,
			  const struct vmr_access *access, void *data)
{
	printf("  %s: read at %#" PRIx64 "\n", dev->name, access->offset);
	memset(data, 0x42, access->width);
}

static void deliver(struct vmr_pci_function *fn, uint32_t index)
{
	struct vmr_pci_message message;

	must(vmr_pci_get_message(fn, index, &message));
	printf("  %s: message %#x to %#" PRIx64 "\n", fn->dev.name, message.data,
	       message.address);
}

static void released(struct vmr_pci_port *slot)
{
	puts("  the guest has let the card go");
	must(vmr_pci_slot_pull(slot));
}

static const struct vmr_device_ops ops = { .read = read_register };
static const struct vmr_pci_events events = { .deliver = deliver };

static void init(struct vmr_pci_endpoint *ep, uint32_t class_code, const char *name)
{
	const struct vmr_pci_ids ids = { .vendor = 0x1234, .class_code = class_code };

	must(vmr_pci_endpoint_init(ep, &ids, &ops, name));
	ep->fn.events = &events;
}

static void init_devices(void)
{
	const struct vmr_pci_msix_layout layout = { .pba_offset = 0x1000 };
	const struct vmr_pci_sriov_config config = {
		.vfs = vfs, .total_vfs = NR_VFS, .first_offset = 1, .stride = 1,
	};

	init(&disk, 0x010802, "disk");
	must(vmr_pci_add_bar(&disk.fn, 0, VMR_PCI_BAR_MEM32, false, 0x4000, "bar"));
	must(vmr_pci_add_msix(&disk.fn, &msix, 0, entries, 4, &layout));
	init(&nic, 0x020000, "nic");
	init(&vf[0], 0x020000, "vf 0");
	init(&vf[1], 0x020000, "vf 1");
	must(vmr_pci_add_sriov(&nic.fn, &sriov, &config));
	must(vmr_pci_sriov_add_bar(&sriov, 0, VMR_PCI_BAR_MEM32, false, 0x1000, "bar"));
}

static void init_port(void)
{
	const struct vmr_pci_ids ids = { .vendor = 0x1234, .class_code = 0x060400 };
	const struct vmr_pci_port_config config = {
		.type = VMR_PCI_EXPRESS_ROOT_PORT, .ids = &ids, .has_slot = true,
		.slot_flags = VMR_PCI_SLOT_DEFAULT, .released = released,
	};

	must(vmr_pci_port_init(&port, &manager, &config));
}

/* The machine: two host bridges with 128 buses each */
static void build(void)
{
	const struct vmr_system_limits limits = {
		.mmio_last = UINT64_C(0xffffffffff), .irq_last = 63,
		.slot_last = 31, .pci_last = 0xffff, .id_last = 255,
	};

	must(vmr_system_init(&sys, &limits));
	must(vmr_manager_init(&manager, &sys));
	must(vmr_reader_attach(&manager, &vcpu));
	for (uint32_t i = 0; i < 2; i++) {
		const struct vmr_pci_host_config config = {
			.bus_start = 0x80 * i, .bus_last = 0x80 * i + 0x7f,
		};

		must(vmr_pci_host_register(&manager, &hosts[i], &config));
		must(vmr_pci_ecam_register(&ecam[i], &hosts[i], ECAM(0x8000 * i)));
	}
	init_port();
	init_devices();
	must(vmr_pci_host_plug(&hosts[0], &port.bridge.fn, PORT));
	must(vmr_pci_host_plug(&hosts[1], &disk.fn, DISK & 0xff));
}

/* The guest */
static void store(uint64_t addr, uint32_t value, uint32_t width)
{
	must(vmr_write_le(&vcpu, VMR_MMIO, addr, value, width));
}

/* A VF has no ids, but a class */
static void scan(const char *when)
{
	printf("%s the guest finds\n", when);
	for (uint32_t bdf = 0; bdf < 0x10000; bdf++) {
		uint64_t class_code = vmr_read_le(&vcpu, VMR_MMIO, ECAM(bdf) + 8, 4);

		if (class_code != 0xffffffff)
			printf("  %02x:%02x.%x class %06" PRIx64 "\n", bdf >> 8,
			       bdf >> 3 & 31, bdf & 7, class_code >> 8);
	}
}

int main(void)
{
	uint64_t cap, slot;

	build();
	store(ECAM(PORT) + 0x18, 0x010100, 4);		/* bus numbers */
	scan("at first");

	store(ECAM(DISK) + 0x10, 0xe0000000, 4);
	store(ECAM(DISK) + 0x04, 2, 2);
	store(ECAM(DISK) + msix.reg_block.offset + 2, 0x8000, 2);
	store(0xe0000000, 0xfee00000, 4);		/* address, data, mask */
	store(0xe0000008, 0x31, 4);
	store(0xe000000c, 0, 4);
	vmr_pci_notify(&disk.fn, 0);

	must(vmr_pci_slot_add(&port, card, 1));
	scan("with a card in the slot");
	store(ECAM(PORT) + 0x20, 0xd000d000, 4);	/* a window of 1 MiB */
	store(ECAM(PORT) + 0x04, 2, 2);
	cap = ECAM(NIC) + sriov.reg_block.offset;
	store(cap + 0x10, NR_VFS, 2);
	store(cap + 0x24, 0xd0000000, 4);
	store(cap + 0x08, 9, 2);			/* VFs and their memory */
	scan("with virtual functions");
	vmr_read_le(&vcpu, VMR_MMIO, 0xd0001020, 4);

	/* The driver of the slot is there, and switches power and indicator off */
	slot = ECAM(PORT) + port.express.reg_block.offset + 0x18;
	store(slot, 0x120, 2);
	must(vmr_pci_slot_request_removal(&port));
	store(slot, 0x720, 2);
	scan("in the end");
	must(vmr_device_drain(&manager, &nic.fn.dev));
	return 0;
}

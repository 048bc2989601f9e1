// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * A whole PCI machine: two host bridges, a root port with a slot, a disk with MSI-X, and
 * a network card with virtual functions, which is plugged and pulled while it runs
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <vmalloc/vmalloc.h>

#define ECAM	UINT64_C(0xb0000000)
#define NR_VFS	2
#define PORT	0x0008		/* 00:01.0 */
#define DISK	0x8010		/* 80:02.0 */
#define NIC	0x0100		/* 01:00.0, behind the port */

struct function {
	struct vmr_pci_function			fn;
	struct vmr_pci_express_config_space	registers;
	struct vmr_pci_express			express;
};

static struct vmr_system sys;
static struct vmr_manager manager;
static struct vmr_reader vcpu;
static struct vmr_pci_host hosts[2];
static struct vmr_pci_ecam ecam[2];
static struct vmr_pci_port port;
static struct function disk, nic, vf[NR_VFS];
static struct vmr_pci_msix msix;
static struct vmr_pci_msix_entry entries[4];
static struct vmr_pci_sriov sriov;
static struct vmr_pci_function *const vfs[NR_VFS] = { &vf[0].fn, &vf[1].fn };
static struct vmr_pci_function *const card[] = { &nic.fn };

/*
 * The devices
 */

static void read_register(struct vmr_device *dev,
			  const struct vmr_access *access, void *data)
{
	printf("  %s: read at %#" PRIx64 "\n", dev->name, access->offset);
	memset(data, 0x42, access->width);
}

static const struct vmr_device_ops ops = { .read = read_register };

static void deliver(struct vmr_pci_function *fn, uint32_t index)
{
	struct vmr_pci_message message;

	if (!vmr_pci_get_message(fn, index, &message))
		printf("  %s: message %#x to %#" PRIx64 "\n", fn->dev.name,
		       message.data, message.address);
}

static const struct vmr_pci_events events = { .deliver = deliver };

static void released(struct vmr_pci_port *slot)
{
	int err = vmr_pci_slot_pull(slot);

	printf("  the guest has let the card go: %s\n",
	       err ? vmr_strerror(err) : "pulled");
}

static void init_function(struct function *f, uint16_t id, uint32_t class_code,
			  const char *name)
{
	const struct vmr_pci_ids ids = {
		.vendor = 0x1234, .device = id, .class_code = class_code,
	};

	vmr_pci_function_init_express(&f->fn, &f->registers, &ids, &ops, name);
	vmr_pci_add_express(&f->fn, &f->express, VMR_PCI_EXPRESS_ENDPOINT);
	f->fn.events = &events;
}

static int build_disk(void)
{
	const struct vmr_pci_msix_layout layout = { 0, 0, 0x2000, 0x3000 };
	int err;

	init_function(&disk, 1, 0x010802, "disk");
	err = vmr_pci_add_bar(&disk.fn, 0, VMR_PCI_BAR_MEM32, false, 0x4000, "bar");
	return err ? err : vmr_pci_add_msix(&disk.fn, &msix, 0, entries, 4, &layout);
}

static int build_nic(void)
{
	const struct vmr_pci_sriov_config config = {
		.vfs = vfs, .total_vfs = NR_VFS, .first_offset = 1, .stride = 1,
		.vf_device = 3,
	};
	int err;

	init_function(&nic, 2, 0x020000, "nic");
	init_function(&vf[0], 0, 0x020000, "vf 0");
	init_function(&vf[1], 0, 0x020000, "vf 1");
	err = vmr_pci_add_sriov(&nic.fn, &sriov, &config);
	return err ? err : vmr_pci_sriov_add_bar(&sriov, 0, VMR_PCI_BAR_MEM32, false,
						 0x1000, "VF registers");
}

/*
 * The machine
 */

static int build_host(unsigned int i)
{
	const struct vmr_pci_host_config config = {
		.bus_start = 0x80 * i, .bus_last = 0x80 * i + 0x7f,
	};
	int err = vmr_pci_host_register(&manager, &hosts[i], &config);

	return err ? err : vmr_pci_ecam_register(&ecam[i], &hosts[i],
						 ECAM + 0x8000000 * i);
}

static int build(void)
{
	static const struct vmr_system_limits limits = {
		.mmio_last = UINT64_C(0xffffffffff), .irq_last = 63,
		.slot_last = 31, .pci_last = 0xffff, .id_last = 255,
	};
	static const struct vmr_pci_ids ids = {
		.vendor = 0x1234, .device = 4, .class_code = 0x060400,
	};
	const struct vmr_pci_port_config config = {
		.type = VMR_PCI_EXPRESS_ROOT_PORT, .ids = &ids, .speed = 1,
		.width = 1, .has_slot = true, .slot_number = 1,
		.slot_flags = VMR_PCI_SLOT_DEFAULT, .released = released,
		.name = "root port",
	};
	int err = vmr_system_init(&sys, &limits);

	err = err ? err : vmr_manager_init(&manager, &sys);
	err = err ? err : vmr_reader_attach(&manager, &vcpu);
	err = err ? err : build_host(0);
	err = err ? err : build_host(1);
	err = err ? err : vmr_pci_port_init(&port, &manager, &config);
	err = err ? err : vmr_pci_host_plug(&hosts[0], &port.bridge.fn, PORT);
	err = err ? err : build_disk();
	err = err ? err : vmr_pci_host_plug(&hosts[1], &disk.fn, DISK & 0xff);
	return err ? err : build_nic();
}

/*
 * The guest
 */

static void store(uint64_t addr, uint32_t value, uint32_t width)
{
	const uint8_t bytes[4] = {
		(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
		(uint8_t)(value >> 24),
	};

	vmr_write(&vcpu, VMR_MMIO, addr, bytes, width, 1);
}

static uint32_t load(uint64_t addr)
{
	uint8_t b[4] = { 0 };

	vmr_read(&vcpu, VMR_MMIO, addr, b, 4, 1);
	return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 |
	       (uint32_t)b[3] << 24;
}

static void config(uint32_t bdf, uint32_t reg, uint32_t value, uint32_t width)
{
	store(ECAM + ((uint64_t)bdf << 12) + reg, value, width);
}

/* A VF has no ids, but a class */
static void scan(const char *when)
{
	uint32_t bdf, class_code;

	printf("%s the guest finds\n", when);
	for (bdf = 0; bdf < 0x10000; bdf++) {
		class_code = load(ECAM + ((uint64_t)bdf << 12) + 8);
		if (class_code != 0xffffffff)
			printf("  %02x:%02x.%x class %06x\n", bdf >> 8,
			       bdf >> 3 & 31, bdf & 7, class_code >> 8);
	}
}

static void use_disk(void)
{
	puts("the guest uses the disk");
	config(DISK, 0x10, 0xe0000000, 4);
	config(DISK, 0x04, 2, 2);
	config(DISK, msix.reg_block.offset + 2, 0x8000, 2);
	store(0xe0002000, 0xfee00000, 4);
	store(0xe0002008, 0x31, 4);
	store(0xe000200c, 0, 4);
	load(0xe0000010);
	vmr_pci_notify(&disk.fn, 0);
}

static void use_nic(void)
{
	uint32_t cap = sriov.reg_block.offset;

	puts("the guest enables the virtual functions");
	config(PORT, 0x20, 0xd000d000, 4);	/* window: 0xd0000000, 1 MiB */
	config(PORT, 0x04, 2, 2);
	config(NIC, cap + 0x10, NR_VFS, 2);
	config(NIC, cap + 0x24, 0xd0000000, 4);
	config(NIC, cap + 0x08, 9, 2);		/* functions and memory */
	load(0xd0001020);
}

/* The slot's driver: power and power indicator off, when the button is pressed */
static void let_go(void)
{
	uint32_t slot = port.express.reg_block.offset + 0x18;

	puts("the VMM asks for the card");
	config(PORT, slot, 0x120, 2);		/* the driver controls the slot */
	if (vmr_pci_slot_request_removal(&port))
		return;
	config(PORT, slot, 0x720, 2);
}

int main(void)
{
	int err = build();

	if (!err) {
		config(PORT, 0x18, 0x010100, 4);	/* bus numbers */
		scan("at first");
		use_disk();
		err = vmr_pci_slot_add(&port, card, 1);
	}
	if (err) {
		printf("%s\n", vmr_strerror(err));
		return 1;
	}
	scan("with a card in the slot");
	use_nic();
	scan("then");
	let_go();
	scan("in the end");
	return vmr_device_drain(&manager, &nic.fn.dev);
}

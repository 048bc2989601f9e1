// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * Resets: of a function, of all functions behind a bridge, of the machine
 *
 * The program plugs a network card behind a bridge. The guest uses the card and then
 * resets it in each of the three ways. After each reset the program prints what is left.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <vmalloc/vmalloc.h>

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

#define ECAM	0xe0000000u

static struct vmr_system sys;
static struct vmr_manager manager;
static struct vmr_reader vcpu;
static struct vmr_pci_host host;
static struct vmr_pci_ecam ecam;
static struct vmr_pci_conf1 conf1;
static struct vmr_pci_bridge bridge;

/* [nic] */
struct nic {
	struct vmr_pci_function			fn;
	struct vmr_pci_express_config_space	space;
	struct vmr_pci_express			express;
	struct vmr_pci_msi			msi;
	uint32_t				packets;	/* state of the device */
};

static void nic_write(struct vmr_device *dev, const struct vmr_access *access,
		      const void *data)
{
	(void)access;
	(void)data;
	container_of(dev, struct nic, fn.dev)->packets++;
}

/* The registers of PCI have their reset values already */
static void nic_reset(struct vmr_pci_function *fn)
{
	struct nic *nic = container_of(fn, struct nic, fn);

	printf("  nic: reset after %u packets\n", nic->packets);
	nic->packets = 0;
}

static const struct vmr_device_ops nic_ops = { .write = nic_write };
static const struct vmr_pci_events nic_events = { .reset = nic_reset };

static int nic_plug(struct nic *nic)
{
	static const struct vmr_pci_ids ids = {
		.vendor = 0x1234, .device = 0x0002, .class_code = 0x020000,
	};
	struct vmr_pci_function *fn = &nic->fn;

	if (vmr_pci_function_init_express(fn, &nic->space, &ids, &nic_ops, "nic") ||
	    vmr_pci_add_bar(fn, 0, VMR_PCI_BAR_MEM32, false, 0x1000, "bar0") ||
	    vmr_pci_add_express(fn, &nic->express, VMR_PCI_EXPRESS_ENDPOINT) ||
	    vmr_pci_add_msi(fn, &nic->msi, 0, 1))
		return -1;
	fn->events = &nic_events;
	return vmr_pci_bridge_plug(&bridge, fn, VMR_PCI_ANY_DEVICE);
}

/* [end of nic] */

/* [machine] */
/* The guest writes to port 0xcf9, with the lock of @conf1 held */
static void machine_reset(struct vmr_pci_conf1 *c, uint8_t value)
{
	(void)c;
	if (!(value & 4))
		return;
	puts("  machine: reset");
	vmr_pci_host_reset(&host);
}

static int machine_up(void)
{
	static const struct vmr_system_limits limits = {
		.mmio_last = (1ull << 46) - 1,
		.irq_last = 255, .pci_last = 0xffff, .id_last = 255,
	};
	static const struct vmr_pci_host_config config = {
		.bus_last = 15, .name = "PCI Express",
	};
	static const struct vmr_pci_ids ids = {
		.vendor = 0x1234, .device = 0x0003, .class_code = 0x060400,
	};
	static const struct vmr_device_ops no_ops;

	conf1.reset = machine_reset;
	if (vmr_system_init(&sys, &limits) ||
	    vmr_manager_init(&manager, &sys) ||
	    vmr_reader_attach(&manager, &vcpu) ||
	    vmr_pci_host_register(&manager, &host, &config) ||
	    vmr_pci_ecam_register(&ecam, &host, ECAM) ||
	    vmr_pci_conf1_register(&conf1, &manager, NULL) ||
	    vmr_pci_bridge_init(&bridge, &manager, &ids, &no_ops, "bridge"))
		return -1;
	return vmr_pci_host_plug(&host, &bridge.fn, VMR_PCI_ANY_DEVICE);
}

/* [end of machine] */

/* [guest] */
static uint32_t get(uint64_t addr, uint32_t width)
{
	return (uint32_t)vmr_read_le(&vcpu, VMR_MMIO, addr, width);
}

static void put(uint64_t addr, uint32_t value, uint32_t width)
{
	vmr_write_le(&vcpu, VMR_MMIO, addr, value, width);
}

#define BRIDGE	ECAM			/* bus 0, device 0, function 0 */
#define NIC	(ECAM + 0x100000)	/* bus 1 */
#define BAR	0xc0000000u

static uint64_t find_capability(uint32_t id)
{
	uint32_t at = get(NIC + 0x34, 1);

	while (at && get(NIC + at, 1) != id)
		at = get(NIC + at + 1, 1);
	return NIC + at;
}

static void use_bridge(void)
{
	put(BRIDGE + 0x18, 0x00010100, 4);	/* bus 1 is behind it */
	put(BRIDGE + 0x20, 0xc000c000, 4);	/* a window of 1 MiB */
	put(BRIDGE + 0x04, 0x6, 2);
}

static void use_nic(void)
{
	put(NIC + 0x10, BAR, 4);
	put(NIC + 0x04, 0x6, 2);
	put(find_capability(0x05) + 2, 1, 2);	/* MSI */
	put(find_capability(0x10) + 8, 0x20, 2);	/* payloads of 256 bytes */
	put(BAR, 1, 4);
	put(BAR, 1, 4);
}

static void show(const struct nic *nic)
{
	printf("  vendor %04x, BAR %08x, command %x, vector %s, payload %u\n",
	       get(NIC, 2), get(NIC + 0x10, 4), get(NIC + 0x04, 2),
	       vmr_range_state(&nic->msi.range) == VMR_LIVE ? "allocated" : "free",
	       128u << (get(find_capability(0x10) + 8, 2) >> 5 & 7));
}

int main(void)
{
	static struct nic nic;

	if (machine_up() || nic_plug(&nic))
		return 1;
	use_bridge();

	puts("The guest uses the card:");
	use_nic();
	show(&nic);

	puts("It resets the function, which keeps the size of payloads:");
	put(find_capability(0x10) + 8, 0x8020, 2);
	show(&nic);

	puts("It uses the card again, and resets all behind the bridge:");
	use_nic();
	put(BRIDGE + 0x3e, 0x40, 2);
	put(BRIDGE + 0x3e, 0, 2);
	show(&nic);

	puts("It uses the card again, and resets the machine:");
	use_nic();
	vmr_write(&vcpu, VMR_PIO, 0xcf9, &(uint8_t) { 6 }, 1, 1);
	printf("  bus 1 is behind no bridge: %08x\n", get(NIC, 4));
	use_bridge();
	show(&nic);
	return 0;
}

/* [end of guest] */

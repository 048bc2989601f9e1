// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * A PCI device from nothing: MSI-X, a vendor capability, power management
 *
 * The program plugs a random number generator into a host bridge. Then it does what a
 * guest does through ECAM: it finds the device, enables an interrupt, switches the
 * power off and on, and resets the device.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <vmalloc/vmalloc.h>

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

static struct vmr_system sys;
static struct vmr_manager manager;
static struct vmr_reader vcpu;

/* [owner] */
static void deliver(struct vmr_pci_function *fn, uint32_t index)
{
	struct vmr_pci_message message;

	if (!vmr_pci_get_message(fn, index, &message))
		printf("  %s: writes %#x to %#" PRIx64 "\n", fn->dev.name,
		       message.data, message.address);
}

static void reset(struct vmr_pci_function *fn)
{
	printf("  %s: back to its first state\n", fn->dev.name);
}

static const struct vmr_pci_events events = {
	.deliver = deliver, .reset = reset,
};

/* [end of owner] */

/* [device] */
#define NR_VECTORS	4
#define TABLE		0x2000		/* offsets in BAR 0 */
#define PENDING		0x3000

struct rng {
	struct vmr_pci_function			fn;
	struct vmr_pci_express_config_space	space;
	struct vmr_pci_express			express;
	struct vmr_pci_pm			pm;
	struct vmr_pci_reg_block		vendor;
	struct vmr_pci_msix			msix;
	struct vmr_pci_msix_entry		vectors[NR_VECTORS];
};

static void rng_read(struct vmr_device *dev, const struct vmr_access *access,
		     void *data)
{
	memset(data, 4, (size_t)access->width * access->count);
	vmr_pci_notify(&container_of(dev, struct rng, fn.dev)->fn, 0);
}

static int rng_plug(struct rng *rng, struct vmr_pci_host *host)
{
	static const struct vmr_pci_ids ids = {
		.vendor = 0x1234, .device = 0x0001, .class_code = 0x108000,
	};
	static const struct vmr_device_ops ops = { .read = rng_read };
	static const uint8_t contents[8] = { [2] = 8, [4] = 'r', 'n', 'g' };
	static const struct vmr_pci_cap_desc vendor = {
		.id = 0x09, .size = 8, .contents = contents,
	};
	static const struct vmr_pci_msix_layout layout = {
		.table_offset = TABLE, .pba_offset = PENDING,
	};
	struct vmr_pci_function *fn = &rng->fn;

	if (vmr_pci_function_init_express(fn, &rng->space, &ids, &ops, "rng") ||
	    vmr_pci_add_bar(fn, 0, VMR_PCI_BAR_MEM64, false, 0x4000, "bar0") ||
	    vmr_pci_add_express(fn, &rng->express, VMR_PCI_EXPRESS_INTEGRATED) ||
	    vmr_pci_add_pm(fn, &rng->pm, false) ||
	    vmr_pci_add_capability(fn, &rng->vendor, &vendor) ||
	    vmr_pci_add_msix(fn, &rng->msix, 0, rng->vectors, NR_VECTORS, &layout))
		return -1;
	fn->events = &events;
	return vmr_pci_host_plug(host, fn, VMR_PCI_ANY_DEVICE);
}

/* [end of device] */

/* [host] */
#define ECAM	0xe0000000u

static struct vmr_pci_host host;
static struct vmr_pci_ecam ecam;

static int host_register(void)
{
	static const struct vmr_pci_window windows[] = {
		{ VMR_PIO, 0, 0x1000, 0xffff, 0x1000, "ports" },
		{ VMR_MMIO, 0, 0xc0000000, 0xdfffffff, 0xc0000000, "memory" },
	};
	const struct vmr_pci_host_config config = {
		.bus_last = 15, .windows = windows, .nr_windows = 2,
		.name = "PCI Express",
	};
	int err = vmr_pci_host_register(&manager, &host, &config);

	return err ? err : vmr_pci_ecam_register(&ecam, &host, ECAM);
}

/* [end of host] */

/* [guest] */
static uint32_t get(uint64_t addr, uint32_t width)
{
	return (uint32_t)vmr_read_le(&vcpu, VMR_MMIO, addr, width);
}

static void put(uint64_t addr, uint32_t value, uint32_t width)
{
	vmr_write_le(&vcpu, VMR_MMIO, addr, value, width);
}

static void show_capabilities(uint64_t fn)
{
	uint32_t at;

	for (at = get(fn + 0x34, 1); at; at = get(fn + at + 1, 1))
		printf("  capability %#x at %#x\n", get(fn + at, 1), at);
}

static uint64_t find_capability(uint64_t fn, uint32_t id)
{
	uint32_t at = get(fn + 0x34, 1);

	while (at && get(fn + at, 1) != id)
		at = get(fn + at + 1, 1);
	return fn + at;
}

static void enable_interrupt(uint64_t fn, uint64_t bar)
{
	uint64_t msix = find_capability(fn, 0x11);

	put(msix + 2, 0x8000, 2);
	put(bar + TABLE, 0xfee00000, 4);
	put(bar + TABLE + 8, 0x41, 4);
	put(bar + TABLE + 12, 0, 4);		/* not masked */
}

int main(void)
{
	static const struct vmr_system_limits limits = {
		.mmio_last = (1ull << 46) - 1,
		.irq_last = 255, .pci_last = 0xffff, .id_last = 255,
	};
	static struct rng rng;
	const uint64_t fn = ECAM, bar = 0xc0000000;
	uint64_t pm;

	vmr_system_init(&sys, &limits);
	vmr_manager_init(&manager, &sys);
	vmr_reader_attach(&manager, &vcpu);
	if (host_register() || rng_plug(&rng, &host))
		return 1;

	puts("The guest finds the device:");
	printf("  %08x at %" PRIx64 "\n", get(fn, 4), fn);
	show_capabilities(fn);

	puts("It places the BAR and enables an interrupt:");
	put(fn + 0x10, (uint32_t)bar, 4);
	put(fn + 0x14, 0, 4);
	put(fn + 0x04, 0x6, 2);
	enable_interrupt(fn, bar);
	printf("  a random number: %#x\n", get(bar, 4));

	puts("It masks the vector, reads, and unmasks:");
	put(bar + TABLE + 12, 1, 4);
	printf("  a random number: %#x\n", get(bar, 4));
	printf("  pending bits: %#x\n", get(bar + PENDING, 4));
	put(bar + TABLE + 12, 0, 4);

	puts("It switches the power off and on:");
	pm = find_capability(fn, 0x01);
	put(pm + 4, 3, 2);
	printf("  the BAR is hidden: %#x\n", get(bar, 4));
	put(pm + 4, 0, 2);
	printf("  the BAR register: %#x\n", get(fn + 0x10, 4));
	return 0;
}

/* [end of guest] */

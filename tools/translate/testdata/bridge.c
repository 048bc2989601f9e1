// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * A PCI bridge: what is behind it answers through its windows
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <vmalloc/vmalloc.h>

static struct vmr_system sys;
static struct vmr_manager manager;
static struct vmr_reader vcpu;

/* [plug] */
static void nic_read(struct vmr_device *dev, const struct vmr_access *access,
		     void *data)
{
	(void)dev;
	memset(data, 0x42, access->width);
}

static const struct vmr_device_ops nic_ops = { .read = nic_read };

static const struct vmr_device_ops bridge_ops = { 0 };

static struct vmr_pci_bridge bridge;
static struct vmr_pci_function nic;

static int plug(void)
{
	static const struct vmr_pci_ids bridge_ids = {
		.vendor = 0x1234, .device = 0x0001, .class_code = 0x060400,
	};
	static const struct vmr_pci_ids nic_ids = {
		.vendor = 0x1234, .device = 0x0002, .class_code = 0x020000,
	};
	int err;

	vmr_pci_bridge_init(&bridge, &manager, &bridge_ids, &bridge_ops,
			    "bridge");
	err = vmr_pci_plug(&manager, &bridge.fn, VMR_PCI_ADDR(0, 1, 0));
	if (err)
		return err;

	vmr_pci_function_init(&nic, &nic_ids, &nic_ops, "nic");
	vmr_pci_add_bar(&nic, 0, VMR_BAR_MEM32, false, 0x1000, "registers");
	return vmr_pci_plug_behind(&bridge, &nic, 0 << 3 | 0);
}

/* [end of plug] */

/* [guest] */
static void config(struct vmr_pci_function *fn, uint32_t offset,
		   uint32_t value, uint32_t width)
{
	uint8_t bytes[4] = {
		(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
		(uint8_t)(value >> 24),
	};

	vmr_pci_config_write(fn, offset, bytes, width);
}

static void look(const char *when)
{
	struct vmr_place place = vmr_region_visible(&nic.bars[0].region);
	uint8_t byte;
	int err;

	err = vmr_read(&vcpu, VMR_MMIO, 0xe0100000, &byte, 1, 1);
	printf("%s: the nic is %svisible, a read finds %#x: %s\n", when,
	       place.visible ? "" : "not ", byte, vmr_strerror(err));
}

static void print_line(void *arg, const char *line)
{
	(void)arg;
	puts(line);
}

int main(void)
{
	const struct vmr_limits limits = {
		.mmio_last = 0xffffffff, .irq_last = 23, .slot_last = 31,
		.pci_last = 0xff, .id_last = 99,
	};
	struct vmr_map map = { .line = print_line, .manager = &manager };

	vmr_system_init(&sys, &limits);
	vmr_manager_init(&manager, &sys);
	vmr_reader_attach(&manager, &vcpu);
	if (plug())
		return 1;

	config(&nic, 0x10, 0xe0100000, 4);		/* BAR 0 */
	config(&nic, 0x04, 2, 2);			/* decode memory */
	look("with the bridge closed");

	config(&bridge.fn, 0x18, 0x00010100, 4);	/* bus 1 behind bus 0 */
	config(&bridge.fn, 0x20, 0xe010e000, 4);	/* e0000000-e01fffff */
	config(&bridge.fn, 0x04, 2, 2);
	look("with its window open");
	vmr_map_regions(&map, &sys.mmio);

	config(&bridge.fn, 0x20, 0xe000e000, 4);	/* e0000000-e00fffff */
	look("with a smaller window");

	/* The guest finds it by the bus number that it gave */
	return vmr_pci_function_at(&manager, VMR_PCI_ADDR(1, 0, 0)) != &nic;
}

/* [end of guest] */

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * lspci.c - configuration spaces of the library as text that lspci reads
 *
 * One function for each kind that the library has, with every capability and the
 * registers as a guest sets them. The text that lspci must print is in lspci.expected.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/pci_regs.h>

#include <vmalloc/pci.h>
#include <vmalloc/pci_port.h>
#include <vmalloc/pci_rebar.h>
#include <vmalloc/system.h>

#define NR_ENTRIES	16

static struct vmr_system sys;
static struct vmr_manager manager;
static struct vmr_pci_host host;

static const struct vmr_device_ops ops;

static void check(int ret, const char *what)
{
	if (ret >= 0)
		return;
	fprintf(stderr, "lspci: %s: %d\n", what, ret);
	exit(1);
}

static void write_reg(struct vmr_pci_function *fn, uint32_t offset,
		      uint32_t value, uint32_t width)
{
	const uint8_t bytes[4] = {
		(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
		(uint8_t)(value >> 24),
	};

	check(vmr_pci_config_write(fn, offset, bytes, width), "a write");
}

static void print_function(const struct vmr_pci_function *fn)
{
	uint32_t address = vmr_pci_function_address(fn), offset, i;
	char text[VMR_PCI_ADDRESS_TEXT];
	uint8_t bytes[4];

	vmr_pci_format_address(address, text);
	printf("%s %s\n", text + 5, fn->dev.name);
	for (offset = 0; offset < fn->config_size; offset += 4) {
		if (!(offset & 15))
			printf("%02x:", offset);
		check(vmr_pci_config_read(fn, offset, bytes, 4), "a read");
		for (i = 0; i < 4; i++)
			printf(" %02x", bytes[i]);
		if ((offset & 15) == 12)
			printf("\n");
	}
	printf("\n");
}

static const struct vmr_pci_ids card_ids = {
	.vendor = 0x1af4, .device = 0x1041, .subvendor = 0xabcd,
	.subdevice = 0x1234, .class_code = 0x020000, .revision = 7,
	.irq_pin = 1,
};

static const struct vmr_pci_ids bridge_ids = {
	.vendor = 0x1b36, .device = 0x000c, .class_code = 0x060400,
	.irq_pin = 1,
};

/* A conventional function with each kind of BAR, MSI, PM and AF */
static void add_card(void)
{
	static struct vmr_pci_function fn;
	static struct vmr_pci_msi msi;
	static struct vmr_pci_pm pm;
	static struct vmr_pci_af af;
	static struct vmr_pci_reg_block vendor;
	static const uint8_t contents[12] = { 0, 0, 12, 0xaa };
	const struct vmr_pci_cap_desc desc = {
		.id = PCI_CAP_ID_VNDR, .size = 12, .contents = contents,
	};

	check(vmr_pci_function_init(&fn, &card_ids, &ops, "card"), "a card");
	check(vmr_pci_add_bar(&fn, 0, VMR_PCI_BAR_IO, false, 32, NULL), "BAR 0");
	check(vmr_pci_add_bar(&fn, 1, VMR_PCI_BAR_MEM32, false, 0x1000, NULL),
	      "BAR 1");
	check(vmr_pci_add_bar(&fn, 2, VMR_PCI_BAR_MEM64, true, 1 << 20, NULL),
	      "BAR 2");
	check(vmr_pci_add_bar(&fn, VMR_PCI_ROM, VMR_PCI_BAR_ROM, false, 0x10000,
			      NULL), "the ROM");
	check(vmr_pci_add_pm(&fn, &pm, true), "PM");
	check(vmr_pci_add_msi(&fn, &msi, 0, 8), "MSI");
	check(vmr_pci_add_af(&fn, &af), "AF");
	check(vmr_pci_add_capability(&fn, &vendor, &desc), "a capability");
	check(vmr_pci_host_plug(&host, &fn, 1 << 3), "the card");
	write_reg(&fn, PCI_BASE_ADDRESS_0, 0xc000, 4);
	write_reg(&fn, PCI_BASE_ADDRESS_0 + 4, 0xf0000000, 4);
	write_reg(&fn, PCI_BASE_ADDRESS_0 + 8, 0x00000000, 4);
	write_reg(&fn, PCI_BASE_ADDRESS_0 + 12, 0x8, 4);
	write_reg(&fn, PCI_ROM_ADDRESS, 0xf0100001, 4);
	write_reg(&fn, PCI_COMMAND, 0x407, 2);
	write_reg(&fn, PCI_INTERRUPT_LINE, 11, 1);
	write_reg(&fn, msi.reg_block.offset + PCI_MSI_ADDRESS_LO, 0xfee01000, 4);
	write_reg(&fn, msi.reg_block.offset + PCI_MSI_DATA_64, 0x4021, 2);
	write_reg(&fn, msi.reg_block.offset + PCI_MSI_FLAGS, 0x21, 2);
	write_reg(&fn, pm.reg_block.offset + PCI_PM_CTRL, 0x103, 2);
	print_function(&fn);
}

static void init_express_card(struct vmr_pci_function *fn,
			      struct vmr_pci_express_config_space *space,
			      struct vmr_pci_express *express,
			      enum vmr_pci_express_type type, const char *name)
{
	check(vmr_pci_function_init_express(fn, space, &card_ids, &ops, name),
	      name);
	check(vmr_pci_add_express(fn, express, type), "PCI Express");
}

/* An end point with maskable MSI, MSI-X, and extended capabilities */
static void add_end_point(struct vmr_pci_bridge *up)
{
	static struct vmr_pci_function fn;
	static struct vmr_pci_express_config_space space;
	static struct vmr_pci_express express;
	static struct vmr_pci_msi msi;
	static struct vmr_pci_msix msix;
	static struct vmr_pci_msix_entry entries[NR_ENTRIES];
	static struct vmr_pci_rebar rebar;
	static struct vmr_pci_reg_block serial;
	static const uint8_t number[12] = { 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8 };
	const struct vmr_pci_cap_desc desc = {
		.id = PCI_EXT_CAP_ID_DSN, .version = 1, .size = 12,
		.contents = number,
	};
	const struct vmr_pci_msix_layout layout = {
		.table_bar = 0, .pba_bar = 0, .table_offset = 0x1000,
		.pba_offset = 0x1800,
	};
	const struct vmr_pci_rebar_desc bars[] = {
		{ .index = 2, .sizes = 7ull << 20 },
	};

	init_express_card(&fn, &space, &express, VMR_PCI_EXPRESS_ENDPOINT,
			  "end point");
	check(vmr_pci_add_bar(&fn, 0, VMR_PCI_BAR_MEM32, false, 0x4000, NULL),
	      "BAR 0");
	check(vmr_pci_add_bar(&fn, 2, VMR_PCI_BAR_MEM64, true, 1 << 20, NULL),
	      "BAR 2");
	check(vmr_pci_add_msi_maskable(&fn, &msi, 0, 4, false), "MSI");
	check(vmr_pci_add_msix(&fn, &msix, 0, entries, NR_ENTRIES, &layout),
	      "MSI-X");
	check(vmr_pci_add_ext_capability(&fn, &serial, &desc), "a number");
	check(vmr_pci_add_rebar(&fn, &rebar, bars, 1), "resizable BARs");
	check(vmr_pci_bridge_plug(up, &fn, 0), "the end point");
	write_reg(&fn, msix.reg_block.offset + PCI_MSIX_FLAGS,
		  PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL, 2);
	write_reg(&fn, msi.reg_block.offset + PCI_MSI_MASK_32, 0xa, 4);
	write_reg(&fn, express.reg_block.offset + PCI_EXP_DEVCTL, 0x2810, 2);
	print_function(&fn);
}

static void add_integrated(void)
{
	static struct vmr_pci_function fn;
	static struct vmr_pci_express_config_space space;
	static struct vmr_pci_express express;

	init_express_card(&fn, &space, &express, VMR_PCI_EXPRESS_INTEGRATED,
			  "integrated");
	check(vmr_pci_host_plug(&host, &fn, 2 << 3), "integrated");
	print_function(&fn);
}

static void add_bridge(void)
{
	static struct vmr_pci_bridge bridge;

	check(vmr_pci_bridge_init(&bridge, &manager, &bridge_ids, &ops,
				  "bridge"), "a bridge");
	check(vmr_pci_host_plug(&host, &bridge.fn, 3 << 3), "a bridge");
	write_reg(&bridge.fn, PCI_PRIMARY_BUS, 0x00101000, 4);
	write_reg(&bridge.fn, PCI_IO_BASE, 0xd0d0, 2);
	write_reg(&bridge.fn, PCI_MEMORY_BASE, 0xe010e000, 4);
	write_reg(&bridge.fn, PCI_COMMAND, 7, 2);
	write_reg(&bridge.fn, PCI_BRIDGE_CONTROL, PCI_BRIDGE_CTL_ISA, 2);
	print_function(&bridge.fn);
}

static void released(struct vmr_pci_port *port)
{
	(void)port;
}

static void init_port(struct vmr_pci_port *port, enum vmr_pci_express_type type,
		      bool slot, const char *name)
{
	const struct vmr_pci_port_config config = {
		.type = type, .ids = &bridge_ids, .number = 3, .speed = 3,
		.width = 4, .has_slot = slot, .slot_number = 17,
		.slot_flags = slot ? VMR_PCI_SLOT_DEFAULT : 0,
		.released = released, .name = name,
	};

	check(vmr_pci_port_init(port, &manager, &config), name);
}

static void number(struct vmr_pci_port *port, uint32_t first, uint32_t last)
{
	write_reg(&port->bridge.fn, PCI_PRIMARY_BUS, first << 8 | last << 16, 4);
}

static void add_ports(void)
{
	static struct vmr_pci_port root, upstream, downstream, other, to_pci;

	init_port(&root, VMR_PCI_EXPRESS_ROOT_PORT, true, "root port");
	check(vmr_pci_host_plug(&host, &root.bridge.fn, 4 << 3), "a root port");
	number(&root, 1, 4);
	init_port(&upstream, VMR_PCI_EXPRESS_UPSTREAM_PORT, false, "upstream");
	check(vmr_pci_bridge_plug(&root.bridge, &upstream.bridge.fn, 0),
	      "an upstream port");
	number(&upstream, 2, 4);
	init_port(&downstream, VMR_PCI_EXPRESS_DOWNSTREAM_PORT, true,
		  "downstream");
	check(vmr_pci_bridge_plug(&upstream.bridge, &downstream.bridge.fn, 0),
	      "a downstream port");
	number(&downstream, 3, 3);
	init_port(&to_pci, VMR_PCI_EXPRESS_PCI_BRIDGE, false, "to PCI");
	init_port(&other, VMR_PCI_EXPRESS_ROOT_PORT, false, "other port");
	check(vmr_pci_host_plug(&host, &other.bridge.fn, 5 << 3), "a port");
	number(&other, 5, 6);
	check(vmr_pci_bridge_plug(&other.bridge, &to_pci.bridge.fn, 0),
	      "a bridge to PCI");
	number(&to_pci, 6, 6);
	add_end_point(&downstream.bridge);
	print_function(&root.bridge.fn);
	print_function(&upstream.bridge.fn);
	print_function(&downstream.bridge.fn);
	print_function(&other.bridge.fn);
	print_function(&to_pci.bridge.fn);
}

int main(void)
{
	static const struct vmr_system_limits limits = {
		.mmio_last = (1ull << 40) - 1, .irq_last = 255, .slot_last = 31,
		.pci_last = 0xffff, .id_last = 255,
	};
	static const struct vmr_pci_host_config config = {
		.bus_last = 255, .name = "host",
	};

	check(vmr_system_init(&sys, &limits), "the system");
	check(vmr_manager_init(&manager, &sys), "the manager");
	check(vmr_pci_host_register(&manager, &host, &config), "the host bridge");
	add_card();
	add_integrated();
	add_bridge();
	add_ports();
	return 0;
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * A slot of a root port: a card is added, asked for and pulled, with the steps that a
 * guest's driver takes
 */
#include <stdio.h>
#include <string.h>
#include <linux/pci_regs.h>
#include <vmalloc/vmalloc.h>

static struct vmr_system sys;
static struct vmr_manager manager;
static struct vmr_pci_host host;
static struct vmr_pci_port port;
static struct vmr_pci_function nic;

/* [machine] */
static void nic_read(struct vmr_device *dev, const struct vmr_access *access,
		     void *data)
{
	(void)dev;
	memset(data, 0x42, access->width);
}

static const struct vmr_device_ops nic_ops = { .read = nic_read };

/* The guest has let the card go. Nothing of it is in use any more */
static void released(struct vmr_pci_port *p)
{
	bool asked = nic.dev.state == VMR_DEVICE_REMOVAL_REQUESTED;

	printf("  monitor: the guest lets the card go, %s\n",
	       asked ? "as it was asked" : "by itself");
	if (asked)
		vmr_pci_slot_pull(p);
}

static void send_message(struct vmr_pci_function *fn, uint32_t index)
{
	(void)fn;
	(void)index;
	puts("  monitor: the port sends an interrupt");
}

static const struct vmr_pci_events port_events = { .deliver = send_message };

static int build(void)
{
	static const struct vmr_pci_ids port_ids = {
		.vendor = 0x1234, .device = 0x0003, .class_code = 0x060400,
	};
	static const struct vmr_pci_ids nic_ids = {
		.vendor = 0x1234, .device = 0x0002, .class_code = 0x020000,
	};
	const struct vmr_pci_host_config host_config = {
		.bus_last = 255, .name = "host bridge",
	};
	const struct vmr_pci_port_config port_config = {
		.type = VMR_PCI_EXPRESS_ROOT_PORT, .ids = &port_ids,
		.number = 1, .speed = 3, .width = 4, .has_slot = true,
		.slot_flags = VMR_PCI_SLOT_DEFAULT, .slot_number = 1,
		.released = released, .name = "root port",
	};
	int err;

	err = vmr_pci_host_register(&manager, &host, &host_config);
	if (err)
		return err;
	err = vmr_pci_port_init(&port, &manager, &port_config);
	if (err)
		return err;
	port.bridge.fn.events = &port_events;
	err = vmr_pci_host_plug(&host, &port.bridge.fn, 1 << 3);
	if (err)
		return err;
	err = vmr_pci_function_init(&nic, &nic_ids, &nic_ops, "nic");
	if (err)
		return err;
	return vmr_pci_add_bar(&nic, 0, VMR_PCI_BAR_MEM32, false, 0x1000,
			       "registers");
}

/* [end of machine] */

/* [guest] */
static void write16(uint32_t offset, uint32_t value)
{
	const uint8_t bytes[2] = { (uint8_t)value, (uint8_t)(value >> 8) };

	vmr_pci_config_write(&port.bridge.fn, offset, bytes, 2);
}

static uint32_t read16(uint32_t offset)
{
	uint8_t bytes[2];

	vmr_pci_config_read(&port.bridge.fn, offset, bytes, 2);
	return bytes[0] | (uint32_t)bytes[1] << 8;
}

/* A driver learns what has happened, and clears it */
static void look(void)
{
	uint32_t express = port.express.reg_block.offset;
	uint32_t status = read16(express + PCI_EXP_SLTSTA);

	printf("  guest: %s%s%sslot %s, link %s, %s at 01:00.0\n",
	       status & PCI_EXP_SLTSTA_ABP ? "button pressed, " : "",
	       status & PCI_EXP_SLTSTA_PDC ? "presence changed, " : "",
	       status & PCI_EXP_SLTSTA_DLLSC ? "link changed, " : "",
	       status & PCI_EXP_SLTSTA_PDS ? "occupied" : "empty",
	       read16(express + PCI_EXP_LNKSTA) & PCI_EXP_LNKSTA_DLLLA ?
		       "active" : "down",
	       vmr_pci_find_function(&manager, VMR_PCI_BDF(1, 0, 0)) ?
		       "a function" : "nothing");
	write16(express + PCI_EXP_SLTSTA, status);
}

static void command(uint32_t power_and_indicator)
{
	write16(port.express.reg_block.offset + PCI_EXP_SLTCTL,
		PCI_EXP_SLTCTL_HPIE | PCI_EXP_SLTCTL_ABPE |
			PCI_EXP_SLTCTL_PDCE | PCI_EXP_SLTCTL_DLLSCE |
			PCI_EXP_SLTCTL_ATTN_IND_OFF | power_and_indicator);
}

/* Bus 1 behind the port, one interrupt vector, and an empty slot that is off */
static void start_driver(void)
{
	write16(PCI_SECONDARY_BUS, 0x0101);
	write16(port.msi.reg_block.offset + PCI_MSI_FLAGS,
		PCI_MSI_FLAGS_ENABLE);
	command(PCI_EXP_SLTCTL_PWR_OFF | PCI_EXP_SLTCTL_PWR_IND_OFF);
}

static void switch_on(void)
{
	command(PCI_EXP_SLTCTL_PWR_IND_BLINK);
	command(PCI_EXP_SLTCTL_PWR_IND_ON);
}

static void switch_off(void)
{
	command(PCI_EXP_SLTCTL_PWR_IND_BLINK);
	command(PCI_EXP_SLTCTL_PWR_OFF | PCI_EXP_SLTCTL_PWR_IND_BLINK);
	command(PCI_EXP_SLTCTL_PWR_OFF | PCI_EXP_SLTCTL_PWR_IND_OFF);
}

/* [end of guest] */

/* [monitor] */
int main(void)
{
	const struct vmr_system_limits limits = {
		.mmio_last = 0xffffffff, .irq_last = 23, .slot_last = 31,
		.pci_last = 0xff, .id_last = 99,
	};
	struct vmr_pci_function *const card[] = { &nic };

	vmr_system_init(&sys, &limits);
	vmr_manager_init(&manager, &sys);
	if (build())
		return 1;
	start_driver();

	puts("A card is added");
	if (vmr_pci_slot_add(&port, card, 1))
		return 1;
	look();
	switch_on();
	look();

	puts("Its removal is requested");
	if (vmr_pci_slot_request_removal(&port))
		return 1;
	if (vmr_pci_slot_request_removal(&port) == -EALREADY)
		puts("  monitor: it is pending, and is not requested twice");
	look();
	switch_off();
	look();

	puts("It is added, and pulled without a request");
	if (vmr_pci_slot_add(&port, card, 1))
		return 1;
	look();
	switch_on();
	if (vmr_pci_slot_pull(&port))
		return 1;
	look();
	return vmr_device_drain(&manager, &nic.dev);
}

/* [end of monitor] */

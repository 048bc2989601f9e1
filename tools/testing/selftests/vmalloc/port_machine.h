/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * port_machine.h - ports and slots in the machine of pci_machine.h
 */
#ifndef VMR_TEST_PORT_MACHINE_H
#define VMR_TEST_PORT_MACHINE_H

#include "pci_machine.h"

/* Commands of the guest, and the states that it reads */
#define POWER_OFF	PCI_EXP_SLTCTL_PCC
#define LED_ON		PCI_EXP_SLTCTL_PWR_IND_ON
#define LED_BLINK	PCI_EXP_SLTCTL_PWR_IND_BLINK
#define LED_OFF		PCI_EXP_SLTCTL_PWR_IND_OFF
#define ATTENTION_OFF	PCI_EXP_SLTCTL_ATTN_IND_OFF
#define INTERRUPTS	PCI_EXP_SLTCTL_HPIE

#define ACTIVE		PCI_EXP_LNKSTA_DLLLA
#define X1		0x11	/* one lane of 2.5 GT/s */

#define PORT_LINES	4

static struct vmr_pci_host host;
static struct vmr_pci_intx_line port_lines[PORT_LINES];
static struct vmr_pci_intx port_intx = {
	.lines = port_lines, .nr_lines = PORT_LINES,
};

static struct vmr_pci_port port;
static struct vmr_pci_function cards[4];
static struct vmr_pci_function *const card_list[] = { &cards[0], &cards[1] };

static unsigned int delivered, released;
static bool pull_when_released;
static int pull_result;

static const struct vmr_pci_ids port_ids = {
	.vendor = 0x1b36, .device = 0x000c, .class_code = 0x060400,
	.irq_pin = 1,
};

static inline void count_delivered(struct vmr_pci_function *fn, uint32_t index)
{
	(void)fn;
	(void)index;
	delivered++;
}

static const struct vmr_pci_events port_events = {
	.deliver = count_delivered,
};

static inline void count_released(struct vmr_pci_port *p)
{
	released++;
	if (pull_when_released)
		pull_result = vmr_pci_slot_pull(p);
}

static inline struct vmr_pci_port_config
port_config(enum vmr_pci_express_type type)
{
	return (struct vmr_pci_port_config) {
		.type = type, .ids = &port_ids, .number = 3, .speed = 3,
		.width = 4, .has_slot = type == VMR_PCI_EXPRESS_ROOT_PORT ||
			type == VMR_PCI_EXPRESS_DOWNSTREAM_PORT,
		.slot_flags = VMR_PCI_SLOT_DEFAULT, .slot_number = 5,
		.released = count_released, .name = "port",
	};
}

static inline int port_init(struct vmr_pci_port *p,
			    const struct vmr_pci_port_config *config)
{
	int ret;

	memset(p, 0, sizeof(*p));
	ret = vmr_pci_port_init(p, &m.manager, config);
	p->bridge.fn.events = &port_events;
	return ret;
}

static inline int port_host_up(void)
{
	const struct vmr_pci_host_config config = {
		.bus_last = 255, .intx = &port_intx, .name = "host",
	};
	int ret = pci_machine_up(63);

	return ret ? ret : vmr_pci_host_register(&m.manager, &host, &config);
}

/* A root port at 00:01.0 with bus 1 behind it. */
static inline int port_up(const struct vmr_pci_port_config *config)
{
	int ret = port_init(&port, config);

	if (!ret)
		ret = vmr_pci_host_plug(&host, &port.bridge.fn, 1 << 3);
	number_bridge(&port.bridge, 1, 1);
	return ret;
}

/* Another one in its place, which has nothing behind it. */
static inline int port_replace(const struct vmr_pci_port_config *config)
{
	int ret = vmr_pci_unplug(&port.bridge.fn);

	return ret < 0 ? ret : port_up(config);
}

/* A machine with a root port, and cards that are not plugged. */
static inline int root_port_up_with(const struct vmr_pci_port_config *config)
{
	int ret = port_host_up();

	if (!ret)
		ret = port_up(config);
	if (!ret)
		ret = card_with_bar(&cards[0]);
	return ret ? ret : card_with_bar(&cards[1]);
}

static inline int root_port_up(void)
{
	const struct vmr_pci_port_config config =
		port_config(VMR_PCI_EXPRESS_ROOT_PORT);

	return root_port_up_with(&config);
}

static inline uint32_t port_reg(const struct vmr_pci_port *p, uint32_t reg)
{
	return p->express.reg_block.offset + reg;
}

static inline uint32_t port_read(const struct vmr_pci_port *p, uint32_t reg)
{
	return reg_read(&p->bridge.fn, port_reg(p, reg), 2);
}

static inline void port_write(struct vmr_pci_port *p, uint32_t reg,
			      uint32_t value)
{
	reg_write(&p->bridge.fn, port_reg(p, reg), value, 2);
}

static inline uint32_t status(const struct vmr_pci_port *p)
{
	return port_read(p, PCI_EXP_SLTSTA);
}

static inline void command(struct vmr_pci_port *p, uint32_t value)
{
	port_write(p, PCI_EXP_SLTCTL, value);
}

/* Clear all events, as a driver does. */
static inline void clear_events(struct vmr_pci_port *p)
{
	port_write(p, PCI_EXP_SLTSTA, 0xffff);
}

static inline bool link_up(const struct vmr_pci_port *p)
{
	return port_read(p, PCI_EXP_LNKSTA) & ACTIVE;
}

static inline void enable_msi(struct vmr_pci_port *p)
{
	reg_write(&p->bridge.fn, p->msi.reg_block.offset + PCI_MSI_FLAGS,
		  PCI_MSI_FLAGS_ENABLE, 2);
}

/* The function that the guest finds at an address of segment 0. */
static inline struct vmr_pci_function *found(uint32_t bus, uint32_t devfn)
{
	return vmr_pci_find_function(&m.manager,
				     VMR_PCI_BDF(bus, 0, 0) | devfn);
}

/* A driver that takes charge of an occupied slot: everything is on. */
static inline void driver_up(struct vmr_pci_port *p)
{
	clear_events(p);
	command(p, INTERRUPTS | PCI_EXP_SLTCTL_ABPE | PCI_EXP_SLTCTL_PDCE |
		   PCI_EXP_SLTCTL_DLLSCE | ATTENTION_OFF |
		   (status(p) & PCI_EXP_SLTSTA_PDS ? LED_ON :
						     LED_OFF | POWER_OFF));
	clear_events(p);
}

#endif /* VMR_TEST_PORT_MACHINE_H */

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * ports.c - four root ports, a switch below the first one, and a card for a slot
 *
 *	00:18.0  root port, to the upstream port of the switch, to two downstream ports
 *	00:19.0  root port, whose slot the scenario puts a card into
 *	00:1a.0  root port, empty
 *	00:1b.0  root port, empty: the guest program tries its registers
 */
#include <linux/pci_regs.h>
#include <string.h>

#include "../vmm.h"

#define ROOT_DEVICE	0x18

/* Of a plugged port */
static struct vmm *vmm_of(const struct vmr_pci_port *port)
{
	return container_of(port->bridge.fn.manager, struct vmm, manager);
}

/* The card for the slot of a port */
static struct vmr_pci_function *card_of(const struct vmr_pci_port *port)
{
	struct vmm *vmm = vmm_of(port);

	return vmm->kernel ? &vmm->q35.cards[port - vmm->q35.ports].fn :
			     &vmm->q35.slot_card;
}

/* The guest has let go of the card, which was requested. */
static void released(struct vmr_pci_port *port)
{
	struct vmr_pci_function *fn = card_of(port);

	if (fn->upstream_bridge != &port->bridge ||
	    fn->dev.state != VMR_DEVICE_REMOVAL_REQUESTED)
		return;
	if (!vmr_pci_slot_pull(port))
		pci_forget(vmm_of(port), fn);
}

/*
 * The vector of a port, which KVM delivers
 */

static struct messages *messages_of(struct vmr_pci_function *fn)
{
	struct vmm *vmm = container_of(fn->manager, struct vmm, manager);

	return &vmm->q35.messages[fn->bridge->port - vmm->q35.ports];
}

static void vector_changed(struct vmr_pci_function *fn, uint32_t index,
			   const struct vmr_range *range, int error)
{
	messages_vector_changed(messages_of(fn), index, range, error);
}

static void message_changed(struct vmr_pci_function *fn, uint32_t index)
{
	messages_message_changed(messages_of(fn), index);
}

static void deliver(struct vmr_pci_function *fn, uint32_t index)
{
	messages_deliver(messages_of(fn), index);
}

/* A message has the address of its function, and so the number of its bus. */
static void config_written(struct vmr_pci_function *fn,
			   const struct vmr_pci_write *write)
{
	struct q35 *q35 = &container_of(fn->manager, struct vmm, manager)->q35;
	unsigned int i;

	if (!board.has_msi_ids ||
	    write->offset > PCI_SECONDARY_BUS ||
	    write->offset + write->width <= PCI_SECONDARY_BUS)
		return;
	for (i = 0; i < Q35_NR_PORTS; i++)
		if (q35->messages[i].ranges[0])
			messages_message_changed(&q35->messages[i], 0);
}

static const struct vmr_pci_events kernel_events = {
	.config_written		= config_written,
	.vector_changed		= vector_changed,
	.message_changed	= message_changed,
	.deliver		= deliver,
};

static int port_init(struct vmm *vmm, unsigned int index)
{
	static const struct vmr_pci_ids ids = {
		.vendor		= IRQDEV_VENDOR,
		.device		= Q35_PORT_DEVICE,
		.class_code	= 0x060400,
		.irq_pin	= 1,
	};
	enum vmr_pci_express_type type = VMR_PCI_EXPRESS_ROOT_PORT;
	struct vmr_pci_port_config config = {
		.ids		= &ids,
		.number		= (uint8_t)(index + 1),
		.speed		= 3,
		.width		= 4,
		.has_slot	= index != Q35_UPSTREAM,
		.slot_flags	= VMR_PCI_SLOT_DEFAULT,
		.slot_number	= index + 1,
		.released	= released,
		.name		= "root port",
	};
	struct vmr_pci_port *port = &vmm->q35.ports[index];
	int err;

	if (index == Q35_UPSTREAM) {
		type = VMR_PCI_EXPRESS_UPSTREAM_PORT;
		config.name = "upstream port";
	} else if (index > Q35_UPSTREAM) {
		type = VMR_PCI_EXPRESS_DOWNSTREAM_PORT;
		config.name = "downstream port";
	}
	config.type = type;
	err = vmr_pci_port_init(port, &vmm->manager, &config);
	if (err || !vmm->kernel)
		return err;
	port->bridge.fn.events = &kernel_events;
	/*
	 * A card in a root port is larger than the window, which Linux moves. The windows of
	 * the switch cannot move while the other slot is in use, and have room.
	 */
	port->bridge.reserve = (struct vmr_pci_reserve) {
		.io	= config.has_slot ? 4 * KIB : 0,
		.mem	= config.has_slot ? 2 * MIB : 0,
		.pref	= !config.has_slot ? 0 :
			  index > Q35_UPSTREAM ? 4 * MIB : 2 * MIB,
	};
	return messages_init(&vmm->q35.messages[index], vmm, &port->bridge.fn);
}

static int port_plug(struct vmm *vmm, unsigned int index)
{
	struct vmr_pci_port *ports = vmm->q35.ports;
	struct vmr_pci_function *fn = &ports[index].bridge.fn;

	if (index < Q35_UPSTREAM)
		return pci_plug(vmm, fn, NULL,
				VMR_PCI_BDF(0, ROOT_DEVICE + index, 0));
	if (index == Q35_UPSTREAM)
		return pci_plug(vmm, fn, &ports[0].bridge, 0);
	return pci_plug(vmm, fn, &ports[Q35_UPSTREAM].bridge,
			(index - Q35_UPSTREAM - 1) << 3);
}

static void card_read(struct vmr_device *dev, const struct vmr_access *access,
		      void *data)
{
	(void)dev;
	memset(data, Q35_CARD_BYTE, (size_t)access->width * access->count);
}

static int card_init(struct vmr_pci_function *fn)
{
	static const struct vmr_pci_ids ids = {
		.vendor		= IRQDEV_VENDOR,
		.device		= Q35_CARD_DEVICE,
		.class_code	= 0xff0000,
	};
	static const struct vmr_device_ops card_ops = { .read = card_read };
	int err = vmr_pci_function_init(fn, &ids, &card_ops, "card in a slot");

	return err ? err : vmr_pci_add_bar(fn, 0, VMR_PCI_BAR_MEM32, false,
					   0x1000, "registers");
}

int q35_ports_register(struct vmm *vmm)
{
	unsigned int i;
	int err = card_init(&vmm->q35.slot_card);

	for (i = 0; !err && i < Q35_NR_PORTS; i++) {
		err = port_init(vmm, i);
		if (!err)
			err = port_plug(vmm, i);
	}
	return err;
}

/* The slot that the scenario uses */
struct vmr_pci_port *q35_slot(struct vmm *vmm)
{
	return &vmm->q35.ports[Q35_SLOT_PORT];
}

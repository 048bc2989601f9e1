// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * irqdev.c - PCI functions that raise an interrupt when a register is written
 *
 * A function records the address and the data of each message that it sends. The guest
 * reads them from registers, and the levels of the lines of the machine. No interrupt
 * reaches a CPU.
 */
#include <errno.h>
#include <string.h>

#include "../vmm.h"

/**
 * struct irqdev_desc - description of a function
 * @address: its address; the bus after a root bus stands for the one behind the bridge
 * @express: whether it is a PCI Express function, with a reset by that capability
 * @af: whether it can be reset by an Advanced Features capability
 * @msix: entries of its MSI-X table, 0 for none
 * @msi: MSI vectors, 0 for none
 */
struct irqdev_desc {
	const char	*name;
	uint32_t	address;
	uint16_t	device;
	uint8_t		irq_pin;
	bool		express;
	bool		af;
	uint32_t	msix;
	uint32_t	msi;
};

static const struct irqdev_desc descs[NR_IRQDEVS] = {
	{
		.name		= "card, MSI-X",
		.address	= VMR_PCI_BDF(0, 9, 0),
		.device		= IRQDEV_MSIX,
		.irq_pin	= 1,
		.express	= true,
		.msix		= 4,
	}, {
		.name		= "card, MSI",
		.address	= VMR_PCI_BDF(0, 9, 1),
		.device		= IRQDEV_MSI,
		.irq_pin	= 2,
		.af		= true,
		.msi		= 4,
	}, {
		.name		= "card, pin",
		.address	= VMR_PCI_BDF(0, 9, 2),
		.device		= IRQDEV_PIN,
		.irq_pin	= 3,
	}, {
		.name		= "pin behind a bridge",
		.address	= VMR_PCI_BDF(1, 3, 0),
		.device		= IRQDEV_BEHIND,
		.irq_pin	= 2,
		.af		= true,
	}, {
		.name		= "card of the second host",
		.address	= VMR_PCI_BDF(Q35_FAR_BUS, 1, 0),
		.device		= IRQDEV_FAR,
		.irq_pin	= 1,
		.express	= true,
		.msix		= 2,
	}, {
		.name		= "card behind the second bridge",
		.address	= VMR_PCI_BDF(Q35_FAR_BUS + 1, 4, 0),
		.device		= IRQDEV_FARTHER,
		.irq_pin	= 3,
		.af		= true,
		.msix		= 3,
	},
};

static struct irqdev *to_irqdev(struct vmr_pci_function *fn)
{
	return container_of(fn, struct irqdev, fn);
}

/* On the thread that raised it, or on the one that unmasks it with the lock held */
static void irqdev_deliver(struct vmr_pci_function *fn, uint32_t index)
{
	struct irqdev *irqdev = to_irqdev(fn);
	struct vmr_pci_message message;

	if (vmr_pci_get_message(fn, index, &message)) {
		irqdev->vmm->failed = true;
		return;
	}
	pthread_mutex_lock(&irqdev->mutex);
	irqdev->state.count++;
	irqdev->state.vector = index;
	irqdev->state.address = (uint32_t)message.address;
	irqdev->state.data = message.data;
	pthread_mutex_unlock(&irqdev->mutex);
}

static void irqdev_reset(struct vmr_pci_function *fn)
{
	struct irqdev *irqdev = to_irqdev(fn);

	pthread_mutex_lock(&irqdev->mutex);
	irqdev->state.resets++;
	irqdev->state.level = 0;
	pthread_mutex_unlock(&irqdev->mutex);
}

static uint32_t irqdev_reg(const struct irqdev *irqdev, uint64_t reg)
{
	switch (reg) {
	case IRQDEV_ID:
		return IRQDEV_MAGIC | irqdev->device;
	case IRQDEV_NOTIFY:
		return irqdev->state.result;
	case IRQDEV_LEVEL:
		return irqdev->state.level;
	case IRQDEV_COUNT:
		return irqdev->state.count;
	case IRQDEV_VECTOR:
		return irqdev->state.vector;
	case IRQDEV_ADDRESS:
		return irqdev->state.address;
	case IRQDEV_DATA:
		return irqdev->state.data;
	case IRQDEV_LINES:
		return q35_lines(irqdev->vmm);
	case IRQDEV_RESETS:
		return irqdev->state.resets;
	default:
		return 0;
	}
}

static void irqdev_read(struct vmr_device *dev,
			const struct vmr_access *access, void *data)
{
	struct irqdev *irqdev = container_of(dev, struct irqdev, fn.dev);
	uint8_t *byte = data;
	uint64_t at;
	uint32_t n, i;

	pthread_mutex_lock(&irqdev->mutex);
	for (n = 0; n < access->count; n++)
		for (i = 0; i < access->width; i++) {
			at = access->offset + i;
			*byte++ = (uint8_t)(irqdev_reg(irqdev, at & ~3ULL) >>
					    (at & 3) * 8);
		}
	pthread_mutex_unlock(&irqdev->mutex);
}

static uint32_t result_of(int err)
{
	switch (err) {
	case 0:
		return IRQDEV_SENT;
	case -EAGAIN:
		return IRQDEV_WAITS;
	case -ENOENT:
		return IRQDEV_OFF;
	default:
		return IRQDEV_NONE;
	}
}

static void raise_vector(struct irqdev *irqdev, uint32_t vector)
{
	uint32_t result = result_of(vmr_pci_notify(&irqdev->fn, vector));

	pthread_mutex_lock(&irqdev->mutex);
	irqdev->state.result = result;
	pthread_mutex_unlock(&irqdev->mutex);
}

/* A line is counted on the update side, and the level with it. */
static void set_level(struct irqdev *irqdev, bool high)
{
	struct vmr_lock_ops *lock = &irqdev->vmm->pci_lock;

	lock->lock(lock);
	pthread_mutex_lock(&irqdev->mutex);
	irqdev->state.level = high;
	pthread_mutex_unlock(&irqdev->mutex);
	if (vmr_pci_intx_set(&irqdev->fn, high))
		irqdev->vmm->failed = true;
	lock->unlock(lock);
}

static void irqdev_write(struct vmr_device *dev,
			 const struct vmr_access *access, const void *data)
{
	struct irqdev *irqdev = container_of(dev, struct irqdev, fn.dev);
	const uint8_t *byte = data;
	uint32_t value;

	if (access->width != 4 || access->count != 1)
		return;
	value = byte[0] | (uint32_t)byte[1] << 8 | (uint32_t)byte[2] << 16 |
		(uint32_t)byte[3] << 24;
	if (access->offset == IRQDEV_NOTIFY)
		raise_vector(irqdev, value);
	else if (access->offset == IRQDEV_LEVEL)
		set_level(irqdev, value & 1);
	else if (access->offset == IRQDEV_RESTORE)
		irqdev->vmm->scenario.restore = true;
}

static const struct vmr_device_ops irqdev_ops = {
	.read	= irqdev_read,
	.write	= irqdev_write,
};

static int add_express(struct irqdev *irqdev)
{
	static const uint8_t contents[8] = { [4] = 0x31, 0x35, 0x33, 0x35 };
	static const struct vmr_pci_cap_desc vendor = {
		.id		= IRQDEV_EXT_ID,
		.version	= 1,
		.size		= sizeof(contents),
		.contents	= contents,
	};
	int err;

	err = vmr_pci_add_express(&irqdev->fn, &irqdev->express,
				  VMR_PCI_EXPRESS_INTEGRATED);
	if (!err)
		err = vmr_pci_add_ext_capability(&irqdev->fn, &irqdev->vendor,
						 &vendor);
	return err;
}

static int add_capabilities(struct irqdev *irqdev,
			    const struct irqdev_desc *desc)
{
	static const struct vmr_pci_msix_layout layout = {
		.table_offset	= IRQDEV_TABLE,
		.pba_offset	= IRQDEV_PENDING,
	};
	struct vmr_pci_function *fn = &irqdev->fn;
	int err = 0;

	if (desc->express)
		err = add_express(irqdev);
	if (!err && desc->af)
		err = vmr_pci_add_af(fn, &irqdev->af);
	if (!err)
		err = vmr_pci_add_pm(fn, &irqdev->pm, false);
	if (!err && desc->msix)
		err = vmr_pci_add_msix(fn, &irqdev->msix, 0, irqdev->entries,
				       desc->msix, &layout);
	if (!err && desc->msi)
		err = vmr_pci_add_msi_maskable(fn, &irqdev->msi, 0, desc->msi,
					       true);
	return err;
}

/* The far card has BARs of each kind, for what the second host bridge forwards. */
static int add_bars(struct vmr_pci_function *fn, const struct irqdev_desc *desc)
{
	int err = vmr_pci_add_bar(fn, 0, VMR_PCI_BAR_MEM32, false, IRQDEV_SIZE,
				  "registers");

	if (err || desc->device != IRQDEV_FAR)
		return err;
	err = vmr_pci_add_bar(fn, 1, VMR_PCI_BAR_IO, false, 32, "ports");
	if (!err)
		err = vmr_pci_add_bar(fn, 2, VMR_PCI_BAR_MEM64, true, MIB,
				      "copies of the registers");
	return err;
}

static int irqdev_init(struct vmm *vmm, struct irqdev *irqdev,
		       const struct irqdev_desc *desc)
{
	static const struct vmr_pci_events events = {
		.deliver	= irqdev_deliver,
		.reset		= irqdev_reset,
	};
	const struct vmr_pci_ids ids = {
		.vendor		= IRQDEV_VENDOR,
		.device		= desc->device,
		.subvendor	= IRQDEV_VENDOR,
		.subdevice	= desc->device,
		.class_code	= 0x088000,
		.irq_pin	= desc->irq_pin,
	};
	struct vmr_pci_function *fn = &irqdev->fn;
	int err;

	irqdev->vmm = vmm;
	irqdev->device = desc->device;
	irqdev->nr_entries = desc->msix;
	pthread_mutex_init(&irqdev->mutex, NULL);
	if (desc->express)
		err = vmr_pci_function_init_express(fn, &irqdev->space, &ids,
						    &irqdev_ops, desc->name);
	else
		err = vmr_pci_function_init(fn, &ids, &irqdev_ops, desc->name);
	fn->events = &events;
	if (!err)
		err = add_bars(fn, desc);
	if (!err)
		err = add_capabilities(irqdev, desc);
	if (err)
		vmm_err("%s: %s", desc->name, vmr_strerror(err));
	return err;
}

static struct vmr_pci_bridge *bridge_of(struct vmm *vmm, uint32_t address)
{
	switch (address >> 8) {
	case 1:
		return &vmm->pci_bridge;
	case Q35_FAR_BUS + 1:
		return &vmm->q35.bridge;
	default:
		return NULL;
	}
}

/* The first three are the functions of one card. */
int irqdevs_register(struct vmm *vmm)
{
	struct irqdev *irqdevs = vmm->q35.irqdevs;
	struct vmr_pci_function *card[3];
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < NR_IRQDEVS; i++)
		err = irqdev_init(vmm, &irqdevs[i], &descs[i]);
	if (err)
		return err;
	for (i = 0; i < ARRAY_SIZE(card); i++)
		card[i] = &irqdevs[i].fn;
	err = pci_plug_card(vmm, &vmm->pci_root, card, ARRAY_SIZE(card),
			    descs[0].address >> 3 & 0x1f);
	for (; !err && i < NR_IRQDEVS; i++)
		err = pci_plug(vmm, &irqdevs[i].fn,
			       bridge_of(vmm, descs[i].address),
			       descs[i].address);
	return err;
}

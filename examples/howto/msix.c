// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * MSI-X: a vector for each entry that the guest uses, a route for each vector
 *
 * A disk advertises 64 vectors, the guest uses two. The program prints the entries of
 * KVM's routing table, and the interrupts that the disk sends.
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

/* [disk] */
#define NR_VECTORS	64
#define TABLE		0x2000		/* offset in BAR 0 */
#define PENDING		0x3000
#define CAPABILITY	0x40		/* offset in configuration space */

struct disk {
	struct vmr_pci_function	fn;
	struct vmr_pci_msix	msix;
	struct vmr_pci_msix_entry	vectors[NR_VECTORS];
};

/* The registers of the disk; accesses to the table do not come here */
static void disk_read(struct vmr_device *dev, const struct vmr_access *access,
		      void *data)
{
	(void)dev;
	memset(data, 0, access->width);
}

static const struct vmr_device_ops disk_ops = { .read = disk_read };

/* [end of disk] */

/* [routes] */
/* A GSI was taken or given back */
static void vector(struct vmr_pci_function *fn, uint32_t index,
		   const struct vmr_range *range, int error)
{
	(void)fn;
	if (range)
		printf("  entry %u has GSI %u\n", index, vmr_id_value(range));
	else if (error)
		printf("  entry %u: %s\n", index, vmr_strerror(error));
	else
		printf("  entry %u has no GSI any more\n", index);
}

/* The route of a GSI, or whether it is masked, has changed */
static void message(struct vmr_pci_function *fn, uint32_t index)
{
	struct disk *disk = container_of(fn, struct disk, fn);
	struct vmr_pci_message route;

	if (vmr_pci_get_message(fn, index, &route))
		return;
	printf("  GSI %u: address %#" PRIx64 ", data %#x%s\n",
	       vmr_id_value(&disk->vectors[index].range), route.address,
	       route.data, route.masked ? ", masked" : "");
}

/* With KVM this is a write to the eventfd of the GSI */
static void deliver(struct vmr_pci_function *fn, uint32_t index)
{
	struct disk *disk = container_of(fn, struct disk, fn);

	printf("  interrupt: GSI %u\n",
	       vmr_id_value(&disk->vectors[index].range));
}

static const struct vmr_pci_events disk_events = {
	.vector_changed = vector,
	.message_changed = message,
	.deliver = deliver,
};

static int plug(struct disk *disk)
{
	static const struct vmr_pci_ids ids = {
		.vendor = 0x1234, .device = 0x5678, .class_code = 0x010802,
	};
	const struct vmr_pci_msix_layout place = {
		.table_bar = 0, .table_offset = TABLE,
		.pba_bar = 0, .pba_offset = PENDING,
	};
	int err;

	vmr_pci_function_init(&disk->fn, &ids, &disk_ops, "disk");
	disk->fn.events = &disk_events;
	vmr_pci_add_bar(&disk->fn, 0, VMR_PCI_BAR_MEM32, false, 0x4000, "bar0");
	err = vmr_pci_add_msix(&disk->fn, &disk->msix, CAPABILITY,
			       disk->vectors, NR_VECTORS, &place);
	if (err)
		return err;
	return vmr_pci_plug(&manager, &disk->fn, VMR_PCI_BDF(0, 4, 0));
}

/* [end of routes] */

/* [send] */
/* A request of the guest is done; the disk calls this from any thread */
static void done(struct disk *disk, uint32_t index)
{
	int err = vmr_pci_notify(&disk->fn, index);

	if (err)
		printf("  entry %u is held back: %s\n", index,
		       vmr_strerror(err));
}

/* [end of send] */

/* [guest] */
static void config(struct disk *disk, uint32_t offset, uint32_t value,
		   uint32_t width)
{
	uint8_t bytes[4] = {
		(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
		(uint8_t)(value >> 24),
	};

	vmr_pci_config_write(&disk->fn, offset, bytes, width);
}

/* One word of an entry: address, upper address, data, control */
static void table(uint32_t entry, uint32_t word, uint32_t value)
{
	uint8_t bytes[4] = {
		(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
		(uint8_t)(value >> 24),
	};

	vmr_write(&vcpu, VMR_MMIO,
		  0xe0000000 + TABLE + entry * 16 + word * 4, bytes, 4, 1);
}

static void use(uint32_t entry, uint32_t data)
{
	table(entry, 0, 0xfee00000);
	table(entry, 1, 0);
	table(entry, 2, data);
	table(entry, 3, 0);		/* not masked */
}

int main(void)
{
	static struct disk disk;
	struct vmr_layout_config machine;
	static struct vmr_layout layout;

	vmr_layout_x86_64(&machine, 1ull << 30, 0, 0);
	if (vmr_layout_init(&layout, &sys, &machine, NULL))
		return 1;
	vmr_manager_init(&manager, &sys);
	vmr_reader_attach(&manager, &vcpu);
	if (plug(&disk))
		return 1;

	config(&disk, 0x10, 0xe0000000, 4);	/* BAR 0 */
	config(&disk, 0x04, 2, 2);		/* decode memory */
	puts("the guest fills in two entries, MSI-X is off:");
	use(0, 0x41);
	use(1, 0x42);
	puts("it switches MSI-X on:");
	config(&disk, CAPABILITY + 2, 0x8000, 2);
	puts("the disk is done with a request of each:");
	done(&disk, 0);
	done(&disk, 1);
	puts("the guest masks the second, and the disk is done again:");
	table(1, 3, 1);
	done(&disk, 1);
	puts("the guest unmasks it:");
	table(1, 3, 0);
	puts("the disk is unplugged:");
	if (vmr_pci_unplug(&disk.fn) < 0)
		return 1;
	return vmr_device_drain(&manager, &disk.fn.dev);
}

/* [end of guest] */

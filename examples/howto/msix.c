// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * MSI-X: a vector for each entry that the guest uses, a route for each vector
 *
 * A disk advertises 64 vectors, the guest uses two. The program prints the entries of
 * KVM's routing table.
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

/* The table is in a BAR: what the guest does there, the model does */
static void disk_read(struct vmr_device *dev, const struct vmr_access *access,
		      void *data)
{
	struct disk *disk = container_of(dev, struct disk, fn.dev);

	if (access->offset >= TABLE && access->offset < PENDING)
		vmr_pci_msix_read(&disk->msix, access->offset - TABLE, data,
				  access->width);
	else
		memset(data, 0, access->width);
}

/*
 * The vectors are the writer's side: with several vCPUs, your lock of the writers is
 * taken around this call.
 */
static void disk_write(struct vmr_device *dev, const struct vmr_access *access,
		       const void *data)
{
	struct disk *disk = container_of(dev, struct disk, fn.dev);

	if (access->offset >= TABLE && access->offset < PENDING)
		vmr_pci_msix_write(&disk->fn, &disk->msix,
				   access->offset - TABLE, data, access->width);
}

static const struct vmr_device_ops disk_ops = {
	.read = disk_read, .write = disk_write,
};

/* [end of disk] */

/* [routes] */
static void vector(struct vmr_pci_function *fn, uint32_t index,
		   const struct vmr_range *range, int error)
{
	struct disk *disk = container_of(fn, struct disk, fn);
	const uint32_t *words = disk->vectors[index].dwords;

	if (range)
		printf("  GSI %u: address %#x, data %#x\n", vmr_id_value(range),
		       words[0], words[2]);
	else if (error)
		printf("  entry %u: %s\n", index, vmr_strerror(error));
	else
		printf("  entry %u has no GSI any more\n", index);
}

static const struct vmr_pci_ops disk_pci_ops = { .vector_changed = vector };

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
	disk->fn.ops = &disk_pci_ops;
	vmr_pci_add_bar(&disk->fn, 0, VMR_PCI_BAR_MEM32, false, 0x4000, "bar0");
	err = vmr_pci_add_msix(&disk->fn, &disk->msix, CAPABILITY,
			       disk->vectors, NR_VECTORS, &place);
	if (err)
		return err;
	return vmr_pci_plug(&manager, &disk->fn, VMR_PCI_BDF(0, 4, 0));
}

/* [end of routes] */

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
	puts("it masks the second:");
	table(1, 3, 1);
	puts("the disk is unplugged:");
	if (vmr_pci_unplug(&disk.fn) < 0)
		return 1;
	return vmr_device_drain(&manager, &disk.fn.dev);
}

/* [end of guest] */

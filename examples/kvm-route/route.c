// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * Interrupts of a PCI device to KVM's routes
 *
 * The calls to KVM are printed instead of made, so that the example runs without
 * /dev/kvm. A VMM uses vmr_kvm_ioctl_ops and its descriptor.
 */
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <vmalloc/kvm.h>
#include <vmalloc/vmalloc.h>

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

static int print_routing(struct vmr_kvm *kvm, const struct kvm_irq_routing *table)
{
	uint32_t i;

	(void)kvm;
	printf("  KVM_SET_GSI_ROUTING: %u routes\n", table->nr);
	for (i = 0; i < table->nr; i++)
		printf("    GSI %u: data %#x to %#x\n", table->entries[i].gsi,
		       table->entries[i].u.msi.data,
		       table->entries[i].u.msi.address_lo);
	return 0;
}

static int print_irqfd(struct vmr_kvm *kvm, const struct kvm_irqfd *irqfd)
{
	(void)kvm;
	printf("  KVM_IRQFD: GSI %u %s\n", irqfd->gsi,
	       irqfd->flags & KVM_IRQFD_FLAG_DEASSIGN ? "off" : "on");
	return 0;
}

static const struct vmr_kvm_ops print_ops = {
	.set_routing = print_routing,
	.irqfd = print_irqfd,
};

static struct vmr_system sys;
static struct vmr_manager manager;
static struct vmr_kvm kvm = {
	.ops = &print_ops, .manager = &manager, .vm_fd = -1, .page_size = 0x1000,
};

/* [device] */
#define NR_VECTORS	8
#define TABLE		0x0		/* offsets in BAR 0 */
#define PENDING		0x800

struct disk {
	struct vmr_pci_function		fn;
	struct vmr_pci_msix		msix;
	struct vmr_pci_msix_entry	entries[NR_VECTORS];
	struct vmr_kvm_vector		vectors[NR_VECTORS];
};

static struct disk *to_disk(struct vmr_pci_function *fn)
{
	return container_of(fn, struct disk, fn);
}

/* [end of device] */

/* [events] */
/* An entry has no GSI any more: its route and its irqfd leave KVM */
static void vector_changed(struct vmr_pci_function *fn, uint32_t index,
			   const struct vmr_range *range, int error)
{
	if (error)
		printf("  entry %u waits: %s\n", index, vmr_strerror(error));
	if (range || error)
		return;
	vmr_kvm_vector_clear(&kvm, &to_disk(fn)->vectors[index]);
	vmr_kvm_commit(&kvm);
}

/* Address, data or mask of an entry with a GSI have changed */
static void message_changed(struct vmr_pci_function *fn, uint32_t index)
{
	struct disk *disk = to_disk(fn);
	struct vmr_kvm_vector *vector = &disk->vectors[index];
	uint32_t gsi = vmr_id_value(&disk->entries[index].range);
	struct vmr_pci_message message;
	struct vmr_kvm_message route = { 0 };

	if (vmr_pci_get_message(fn, index, &message))
		return;
	route.address = message.address;
	route.data = message.data;
	vmr_kvm_vector_set(&kvm, vector, gsi, &route);
	vmr_kvm_vector_mask(&kvm, vector, message.masked);
	vmr_kvm_commit(&kvm);
}

/* The vector is not masked: the eventfd is attached to its GSI */
static void deliver(struct vmr_pci_function *fn, uint32_t index)
{
	const uint64_t one = 1;

	if (write(to_disk(fn)->vectors[index].fd, &one, sizeof(one)) > 0)
		printf("  entry %u: signals its eventfd\n", index);
}

static const struct vmr_pci_events disk_events = {
	.vector_changed = vector_changed,
	.message_changed = message_changed,
	.deliver = deliver,
};

/* [end of events] */

static int disk_plug(struct disk *disk)
{
	static const struct vmr_pci_ids ids = {
		.vendor = 0x1234, .device = 0x5678, .class_code = 0x010802,
	};
	static const struct vmr_pci_msix_layout layout = {
		.table_offset = TABLE, .pba_offset = PENDING,
	};
	static const struct vmr_device_ops ops;
	uint32_t i;

	for (i = 0; i < NR_VECTORS; i++)
		disk->vectors[i].fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (vmr_pci_function_init(&disk->fn, &ids, &ops, "disk") ||
	    vmr_pci_add_bar(&disk->fn, 0, VMR_PCI_BAR_MEM32, false, 0x1000, "bar0") ||
	    vmr_pci_add_msix(&disk->fn, &disk->msix, 0, disk->entries, NR_VECTORS,
			     &layout))
		return -1;
	disk->fn.events = &disk_events;
	return vmr_pci_plug(&manager, &disk->fn, VMR_PCI_BDF(0, 4, 0));
}

/* [kvm] */
static int kvm_up(void)
{
	static union {
		struct kvm_irq_routing	table;
		uint8_t			bytes[sizeof(struct kvm_irq_routing) +
					      64 * sizeof(struct kvm_irq_routing_entry)];
	} routing;

	kvm.routing = &routing.table;
	kvm.max_routes = 64;
	return vmr_kvm_init(&kvm);
}

/* [end of kvm] */

/* [guest] */
static void put(uint8_t *bytes, uint32_t value)
{
	uint32_t i;

	for (i = 0; i < 4; i++)
		bytes[i] = (uint8_t)(value >> 8 * i);
}

static void msix_flags(struct disk *disk, uint32_t flags)
{
	uint8_t bytes[4];

	put(bytes, flags);
	vmr_pci_config_write(&disk->fn, disk->msix.reg_block.offset + 2, bytes, 2);
}

static void table(struct disk *disk, uint32_t entry, uint32_t word,
		  uint32_t value)
{
	uint8_t bytes[4];

	put(bytes, value);
	vmr_pci_msix_write(&disk->fn, &disk->msix, entry * 16 + word * 4, bytes, 4);
}

int main(void)
{
	const struct vmr_system_limits limits = {
		.mmio_last = 0xffffffff, .irq_last = 63, .slot_last = 31,
		.pci_last = 0xff, .id_last = 99,
	};
	static struct disk disk;

	vmr_system_init(&sys, &limits);
	vmr_manager_init(&manager, &sys);
	if (kvm_up() || disk_plug(&disk))
		return 1;

	puts("The guest enables MSI-X and uses entry 2:");
	msix_flags(&disk, 0x8000);
	table(&disk, 2, 0, 0xfee00000);
	table(&disk, 2, 2, 0x41);
	table(&disk, 2, 3, 0);
	puts("The disk is done with a request:");
	vmr_pci_notify(&disk.fn, 2);
	puts("The guest masks the entry; a message becomes pending:");
	table(&disk, 2, 3, 1);
	vmr_pci_notify(&disk.fn, 2);
	puts("The guest moves the vector to another CPU, and unmasks it:");
	table(&disk, 2, 0, 0xfee01000);
	table(&disk, 2, 3, 0);
	puts("The disk is unplugged:");
	return vmr_pci_unplug(&disk.fn) < 0;
}

/* [end of guest] */

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * virtio_msix.c - the interrupt vectors of a virtio device
 *
 * KVM delivers a vector when its eventfd is signalled. Its route follows the vector by
 * libvmalloc-kvm.
 */
#include <sys/eventfd.h>
#include <unistd.h>

#include "../vmm.h"

#define MSIX_BAR	1
#define MSIX_BAR_SIZE	4096
#define MSIX_OFFSET	0xa0
#define PBA_OFFSET	0x800

/* The route of a vector that has a number, by the message in the table */
static int set_route(struct virtio *virtio, uint32_t index)
{
	const struct vmr_range *range = &virtio->entries[index].range;
	struct vmr_pci_message message;
	struct vmr_kvm_message route;
	int err = vmr_pci_get_message(&virtio->fn, index, &message);

	if (err)
		return err;
	route = (struct vmr_kvm_message) {
		.address	= message.address,
		.data		= message.data,
		.device_id	= vmr_pci_function_address(&virtio->fn),
		.has_device_id	= board.has_msi_ids,
	};
	return vmr_kvm_vector_set(&virtio->vmm->kvm, &virtio->vectors[index],
				  vmr_id_value(range), &route);
}

static void commit_route(struct virtio *virtio, uint32_t index, int err)
{
	if (!err)
		err = vmr_kvm_commit(&virtio->vmm->kvm);
	if (err && err != -ENOENT)
		vmm_err("%s: vector %u: %s", virtio->fn.dev.name, index,
			vmr_strerror(err));
}

static void vector_changed(struct vmr_pci_function *fn, uint32_t index,
			   const struct vmr_range *range, int error)
{
	struct virtio *virtio = container_of(fn, struct virtio, fn);

	if (error)
		vmm_err("%s: no vector %u: %s", fn->dev.name, index,
			vmr_strerror(error));
	commit_route(virtio, index,
		     range ? set_route(virtio, index) :
			     vmr_kvm_vector_clear(&virtio->vmm->kvm,
						  &virtio->vectors[index]));
}

static void message_changed(struct vmr_pci_function *fn, uint32_t index)
{
	struct virtio *virtio = container_of(fn, struct virtio, fn);

	commit_route(virtio, index, set_route(virtio, index));
}

/* The library holds back the messages of a vector that the guest masks */
static void deliver(struct vmr_pci_function *fn, uint32_t index)
{
	struct virtio *virtio = container_of(fn, struct virtio, fn);
	uint64_t one = 1;

	if (write(virtio->vectors[index].fd, &one, sizeof(one)) < 0)
		vmm_err("%s: no interrupt", fn->dev.name);
}

int virtio_msix_init(struct virtio *virtio)
{
	static const struct vmr_pci_msix_layout layout = {
		.table_bar	= MSIX_BAR,
		.pba_bar	= MSIX_BAR,
		.pba_offset	= PBA_OFFSET,
	};
	static const struct vmr_pci_events events = {
		.vector_changed		= vector_changed,
		.message_changed	= message_changed,
		.deliver		= deliver,
	};
	unsigned int i;
	int err;

	virtio->fn.events = &events;
	for (i = 0; i < VIRTIO_VECTORS; i++) {
		virtio->vectors[i].fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (virtio->vectors[i].fd < 0) {
			vmm_err("no eventfd");
			return -ENOSPC;
		}
	}
	err = vmr_pci_add_bar(&virtio->fn, MSIX_BAR, VMR_PCI_BAR_MEM32, false,
			      MSIX_BAR_SIZE, "vectors");
	if (err)
		return err;
	return vmr_pci_add_msix(&virtio->fn, &virtio->msix, MSIX_OFFSET,
				virtio->entries, VIRTIO_VECTORS, &layout);
}

void virtio_notify(struct virtio *virtio, uint16_t vector)
{
	if (vector < VIRTIO_VECTORS)
		vmr_pci_notify(&virtio->fn, vector);
}

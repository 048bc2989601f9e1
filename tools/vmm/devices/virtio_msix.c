// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * virtio_msix.c - the interrupt vectors of a virtio device
 */
#include "../vmm.h"

#define MSIX_BAR	1
#define MSIX_BAR_SIZE	4096
#define MSIX_OFFSET	0xa0
#define PBA_OFFSET	0x800

static struct messages *messages_of(struct vmr_pci_function *fn)
{
	return &container_of(fn, struct virtio, fn)->messages;
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
		.reset			= virtio_reset,
	};
	int err = messages_init(&virtio->messages, virtio->vmm, &virtio->fn);

	virtio->fn.events = &events;
	if (!err)
		err = vmr_pci_add_bar(&virtio->fn, MSIX_BAR, VMR_PCI_BAR_MEM32,
				      false, MSIX_BAR_SIZE, "vectors");
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

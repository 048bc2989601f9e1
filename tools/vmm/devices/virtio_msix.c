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

static void vector_changed(struct vmr_pci_function *fn, uint32_t index,
			   const struct vmr_range *range, int error)
{
	struct virtio *virtio = container_of(fn, struct virtio, fn);
	struct vmr_kvm_vector *vector = &virtio->vectors[index];
	const uint32_t *entry = virtio->entries[index].dwords;
	const struct vmr_kvm_message message = {
		.address	= entry[0] | (uint64_t)entry[1] << 32,
		.data		= entry[2],
	};
	struct vmr_kvm *kvm = &virtio->vmm->kvm;
	int err;

	if (error)
		vmm_err("%s: no vector %u: %s", fn->dev.name, index,
			vmr_strerror(error));
	err = range ? vmr_kvm_vector_set(kvm, vector, vmr_id_value(range),
					 &message) :
		      vmr_kvm_vector_clear(kvm, vector);
	if (!err)
		err = vmr_kvm_commit(kvm);
	if (err && err != -ENOENT)
		vmm_err("%s: vector %u: %s", fn->dev.name, index,
			vmr_strerror(err));
}

int virtio_msix_init(struct virtio *virtio)
{
	static const struct vmr_pci_msix_layout layout = {
		.table_bar	= MSIX_BAR,
		.pba_bar	= MSIX_BAR,
		.pba_offset	= PBA_OFFSET,
	};
	static const struct vmr_pci_ops ops = {
		.vector_changed	= vector_changed,
	};
	unsigned int i;
	int err;

	virtio->fn.ops = &ops;
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
	uint64_t one = 1;

	if (vector < VIRTIO_VECTORS &&
	    write(virtio->vectors[vector].fd, &one, sizeof(one)) < 0)
		vmm_err("%s: no interrupt", virtio->fn.dev.name);
}

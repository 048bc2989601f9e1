/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * virtio.h - virtio devices on PCI, version 1 of the specification
 */
#ifndef VMM_VIRTIO_H
#define VMM_VIRTIO_H

#include <pthread.h>
#include <stdint.h>

#include <vmalloc/vmalloc.h>

#include "messages.h"

struct vmm;
struct virtio;

#define VIRTIO_QUEUE_SIZE	64
#define VIRTIO_BLOCKS		4	/* of registers, each with a capability */
#define VIRTIO_CAP_SIZE		20
#define VIRTIO_VECTORS		MAX_MESSAGES	/* configuration, and the queue */
#define VIRTIO_NO_VECTOR	0xffff

/**
 * struct virtio_queue - a split queue; each device here has one
 * @size: number of descriptors
 * @enabled: the driver has set the addresses
 * @next: the next entry of the ring of available buffers
 */
struct virtio_queue {
	uint16_t	size;
	uint16_t	vector;
	bool		enabled;
	uint16_t	next;
	uint64_t	descriptors;
	uint64_t	available;
	uint64_t	used;
};

/**
 * struct virtio_buffer - a part of a request in the guest's memory
 * @writable: the device writes to it
 */
struct virtio_buffer {
	void		*at;
	uint32_t	size;
	bool		writable;
};

/**
 * struct virtio_ops - what a device does
 * @type: its number in the specification
 * @class_code: its class as a PCI function
 * @handle: serve a request of @nr parts. Return the bytes written
 */
struct virtio_ops {
	const char	*name;
	uint16_t	type;
	uint32_t	class_code;
	uint32_t	(*handle)(struct virtio *virtio,
				  struct virtio_buffer *buffers,
				  unsigned int nr);
};

/**
 * struct virtio_state - the registers of a virtio device
 * @config: its own configuration
 */
struct virtio_state {
	struct virtio_queue		queue;
	uint64_t			driver_features;
	uint32_t			feature_select;
	uint32_t			driver_select;
	uint16_t			queue_select;
	uint16_t			config_vector;
	uint8_t				status;
	uint8_t				isr;
	uint8_t				config[8];
};

/**
 * struct virtio - a virtio device
 * @lock: protects @state
 * @state: its registers, which a snapshot has
 * @messages: its vectors as KVM has them
 * @fd: the file of a disk
 */
struct virtio {
	struct vmr_pci_function		fn;
	const struct virtio_ops		*ops;
	struct vmm			*vmm;
	pthread_mutex_t			lock;
	struct vmr_pci_reg_block	blocks[VIRTIO_BLOCKS];
	uint8_t				capabilities[VIRTIO_BLOCKS][VIRTIO_CAP_SIZE];
	struct vmr_pci_msix		msix;
	struct vmr_pci_msix_entry	entries[VIRTIO_VECTORS];
	struct messages			messages;
	struct virtio_state		state;
	int				fd;
	uint64_t			sectors;
};

/* virtio.c */
int virtio_plug(struct vmm *vmm, struct virtio *virtio,
		const struct virtio_ops *ops, uint32_t address);
void virtio_reset(struct vmr_pci_function *fn);

/* virtio_queue.c */
bool virtio_queue_run(struct virtio *virtio);

/* virtio_msix.c */
int virtio_msix_init(struct virtio *virtio);
void virtio_notify(struct virtio *virtio, uint16_t vector);

#endif /* VMM_VIRTIO_H */

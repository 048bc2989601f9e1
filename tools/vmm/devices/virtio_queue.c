// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * virtio_queue.c - the split queue of a virtio device
 *
 * The guest may write anything there. A part outside of RAM, or a chain of more
 * descriptors than the queue has, ends the request.
 */
#include <string.h>

#include "../vmm.h"

#define DESC_NEXT	1
#define DESC_WRITE	2
#define NO_INTERRUPT	1
#define MAX_PARTS	VIRTIO_QUEUE_SIZE

struct descriptor {
	uint64_t	address;
	uint32_t	length;
	uint16_t	flags;
	uint16_t	next;
};

struct available {
	uint16_t	flags;
	uint16_t	index;
	uint16_t	ring[VIRTIO_QUEUE_SIZE];
};

struct used {
	uint16_t	flags;
	uint16_t	index;
	struct {
		uint32_t	id;
		uint32_t	length;
	} ring[VIRTIO_QUEUE_SIZE];
};

/* The parts of a request, or 0 if the guest's chain is invalid */
static unsigned int collect(struct vmm *vmm, const struct virtio_queue *q,
			    const struct descriptor *table, uint16_t head,
			    struct virtio_buffer *buffers)
{
	struct descriptor d;
	unsigned int nr = 0;

	for (;;) {
		if (head >= q->size || nr == MAX_PARTS)
			return 0;
		memcpy(&d, &table[head], sizeof(d));
		buffers[nr].at = ram_at(vmm, d.address, d.length);
		buffers[nr].size = d.length;
		buffers[nr].writable = d.flags & DESC_WRITE;
		if (!buffers[nr++].at)
			return 0;
		if (!(d.flags & DESC_NEXT))
			return nr;
		head = d.next;
	}
}

/* Serve all requests. Return whether the driver wants an interrupt for them. */
bool virtio_queue_run(struct virtio *virtio)
{
	struct virtio_buffer buffers[MAX_PARTS];
	struct virtio_queue *q = &virtio->state.queue;
	const struct descriptor *table;
	const struct available *available;
	struct used *used;
	unsigned int nr;
	uint32_t length;
	uint16_t head, at;
	bool any = false;

	table = ram_at(virtio->vmm, q->descriptors, q->size * sizeof(*table));
	available = ram_at(virtio->vmm, q->available, 4 + 2 * q->size);
	used = ram_at(virtio->vmm, q->used, 4 + 8 * q->size);
	if (!q->enabled || !table || !available || !used)
		return false;
	while (q->next != __atomic_load_n(&available->index,
					  __ATOMIC_ACQUIRE)) {
		head = available->ring[q->next++ % q->size];
		nr = collect(virtio->vmm, q, table, head, buffers);
		length = nr ? virtio->ops->handle(virtio, buffers, nr) : 0;
		at = used->index;
		used->ring[at % q->size].id = head;
		used->ring[at % q->size].length = length;
		__atomic_store_n(&used->index, (uint16_t)(at + 1),
				 __ATOMIC_RELEASE);
		any = true;
	}
	/* The driver sets the flag, then looks for used buffers once more. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return any && !(__atomic_load_n(&available->flags, __ATOMIC_RELAXED) &
			NO_INTERRUPT);
}

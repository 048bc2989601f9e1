// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * virtio.c - the registers of a virtio device on PCI
 *
 * Four blocks of registers are in BAR 0: common ones, the interrupt status, those of the
 * device, and the doorbell of the queue. A capability for each has its offset.
 * The thread that writes the doorbell serves the queue.
 */
#include <string.h>

#include "../vmm.h"

#define VIRTIO_VENDOR	0x1af4
#define VIRTIO_DEVICE	0x1040	/* and the type */
#define REGISTERS	0
#define BLOCK		0x1000	/* bytes from one block to the next */

#define CAP_VENDOR	0x09

/* The types of the blocks, in the order of the BAR */
enum {
	CFG_COMMON	= 1,
	CFG_NOTIFY	= 2,
	CFG_ISR		= 3,
	CFG_DEVICE	= 4,
};

enum common {
	FEATURE_SELECT	= 0,
	FEATURE		= 4,
	DRIVER_SELECT	= 8,
	DRIVER_FEATURE	= 12,
	MSIX_CONFIG	= 16,
	NUM_QUEUES	= 18,
	STATUS		= 20,
	GENERATION	= 21,
	QUEUE_SELECT	= 22,
	QUEUE_SIZE	= 24,
	QUEUE_VECTOR	= 26,
	QUEUE_ENABLE	= 28,
	QUEUE_NOTIFY	= 30,
	QUEUE_DESC	= 32,
	QUEUE_AVAIL	= 40,
	QUEUE_USED	= 48,
};

#define FEATURE_VERSION_1	1	/* in the second word of features */

static void set32(uint8_t *bytes, uint32_t value)
{
	bytes[0] = (uint8_t)value;
	bytes[1] = (uint8_t)(value >> 8);
	bytes[2] = (uint8_t)(value >> 16);
	bytes[3] = (uint8_t)(value >> 24);
}

/* The capability of a block; the last word is the multiplier of doorbells, 0. */
static int add_capability(struct virtio *virtio, unsigned int nr)
{
	uint8_t *cap = virtio->capabilities[nr];
	const struct vmr_pci_cap_desc desc = {
		.id		= CAP_VENDOR,
		.size		= VIRTIO_CAP_SIZE,
		.contents	= cap,
	};

	cap[2] = VIRTIO_CAP_SIZE;
	cap[3] = (uint8_t)(CFG_COMMON + nr);
	cap[4] = REGISTERS;
	set32(cap + 8, nr * BLOCK);
	set32(cap + 12, BLOCK);
	return vmr_pci_add_capability(&virtio->fn, &virtio->blocks[nr], &desc);
}

static void reset(struct virtio *virtio)
{
	virtio->state.queue = (struct virtio_queue){
		.size	= VIRTIO_QUEUE_SIZE,
		.vector	= VIRTIO_NO_VECTOR,
	};
	virtio->state.config_vector = VIRTIO_NO_VECTOR;
	virtio->state.driver_features = 0;
	virtio->state.status = 0;
	virtio->state.isr = 0;
}

/* A reset of the function by its configuration space, or of the machine */
void virtio_reset(struct vmr_pci_function *fn)
{
	struct virtio *virtio = container_of(fn, struct virtio, fn);

	pthread_mutex_lock(&virtio->lock);
	reset(virtio);
	pthread_mutex_unlock(&virtio->lock);
}

static uint64_t common_read(const struct virtio *virtio, uint64_t offset)
{
	const struct virtio_queue *q = &virtio->state.queue;
	bool there = virtio->state.queue_select == 0;

	switch (offset) {
	case FEATURE_SELECT:
		return virtio->state.feature_select;
	case FEATURE:
		return virtio->state.feature_select == 1 ? FEATURE_VERSION_1 : 0;
	case DRIVER_SELECT:
		return virtio->state.driver_select;
	case MSIX_CONFIG:
		return virtio->state.config_vector;
	case NUM_QUEUES:
		return 1;
	case STATUS:
		return virtio->state.status;
	case QUEUE_SELECT:
		return virtio->state.queue_select;
	case QUEUE_SIZE:
		return there ? q->size : 0;
	case QUEUE_VECTOR:
		return q->vector;
	case QUEUE_ENABLE:
		return there && q->enabled;
	default:
		return 0;
	}
}

static void set_address(uint64_t *address, bool high, uint64_t value)
{
	if (high)
		*address = (*address & 0xffffffff) | value << 32;
	else
		*address = (*address & ~0xffffffffULL) | (uint32_t)value;
}

static void queue_write(struct virtio_queue *q, uint64_t offset, uint64_t value)
{
	switch (offset) {
	case QUEUE_SIZE:
		if (value && value <= VIRTIO_QUEUE_SIZE &&
		    !(value & (value - 1)))
			q->size = (uint16_t)value;
		break;
	case QUEUE_VECTOR:
		q->vector = value < VIRTIO_VECTORS ? (uint16_t)value :
						     VIRTIO_NO_VECTOR;
		break;
	case QUEUE_ENABLE:
		q->enabled = value == 1;
		break;
	case QUEUE_DESC:
	case QUEUE_DESC + 4:
		set_address(&q->descriptors, offset & 4, value);
		break;
	case QUEUE_AVAIL:
	case QUEUE_AVAIL + 4:
		set_address(&q->available, offset & 4, value);
		break;
	case QUEUE_USED:
	case QUEUE_USED + 4:
		set_address(&q->used, offset & 4, value);
		break;
	}
}

static void common_write(struct virtio *virtio, uint64_t offset, uint64_t value)
{
	switch (offset) {
	case FEATURE_SELECT:
		virtio->state.feature_select = (uint32_t)value;
		break;
	case DRIVER_SELECT:
		virtio->state.driver_select = (uint32_t)value;
		break;
	case DRIVER_FEATURE:
		set_address(&virtio->state.driver_features,
			    virtio->state.driver_select == 1, value);
		break;
	case MSIX_CONFIG:
		virtio->state.config_vector = value < VIRTIO_VECTORS ?
						(uint16_t)value :
						VIRTIO_NO_VECTOR;
		break;
	case STATUS:
		virtio->state.status = (uint8_t)value;
		if (!value)
			reset(virtio);
		break;
	case QUEUE_SELECT:
		virtio->state.queue_select = (uint16_t)value;
		break;
	default:
		if (virtio->state.queue_select == 0)
			queue_write(&virtio->state.queue, offset, value);
	}
}

static uint64_t block_read(struct virtio *virtio, uint64_t offset,
			   uint32_t width)
{
	uint64_t at = offset % BLOCK, value = 0;

	switch (CFG_COMMON + offset / BLOCK) {
	case CFG_COMMON:
		return common_read(virtio, at);
	case CFG_ISR:
		value = virtio->state.isr;
		virtio->state.isr = 0;
		return value;
	case CFG_DEVICE:
		if (at + width <= sizeof(virtio->state.config))
			memcpy(&value, virtio->state.config + at, width);
		return value;
	default:
		return 0;
	}
}

/* The lock is not held where the interrupt is raised: KVM takes it at once. */
static void virtio_write(struct virtio *virtio, uint64_t offset, uint64_t value)
{
	uint16_t vector = VIRTIO_NO_VECTOR;

	pthread_mutex_lock(&virtio->lock);
	if (offset < BLOCK) {
		common_write(virtio, offset, value);
	} else if (CFG_COMMON + offset / BLOCK == CFG_NOTIFY &&
		   virtio_queue_run(virtio)) {
		virtio->state.isr |= 1;
		vector = virtio->state.queue.vector;
	}
	pthread_mutex_unlock(&virtio->lock);
	virtio_notify(virtio, vector);
}

static void bar_read(struct vmr_device *dev, const struct vmr_access *access,
		     void *data)
{
	struct virtio *virtio = container_of(dev, struct virtio, fn.dev);
	uint64_t value;

	/* The library serves the table of vectors; nothing is beside it */
	if (access->region->index != REGISTERS) {
		memset(data, 0xff, (size_t)access->width * access->count);
		return;
	}
	pthread_mutex_lock(&virtio->lock);
	value = block_read(virtio, access->offset, access->width);
	pthread_mutex_unlock(&virtio->lock);
	memcpy(data, &value, access->width);
}

static void bar_write(struct vmr_device *dev, const struct vmr_access *access,
		      const void *data)
{
	struct virtio *virtio = container_of(dev, struct virtio, fn.dev);
	uint64_t value = 0;

	if (access->region->index != REGISTERS)
		return;
	memcpy(&value, data, access->width);
	virtio_write(virtio, access->offset, value);
}

/* A disk of another size is another device */
bool virtio_check(const struct vmr_snapshot_block *block,
		  const uint8_t *saved, const struct vmr_restore_ctx *ctx)
{
	const struct virtio_state *now = block->bytes;
	struct virtio_state state;
	const struct virtio_queue *q = &state.queue;

	(void)ctx;
	memcpy(&state, saved, sizeof(state));
	return q->size && q->size <= VIRTIO_QUEUE_SIZE &&
	       !(q->size & (q->size - 1)) && is_bool(&q->enabled) &&
	       (q->vector < VIRTIO_VECTORS || q->vector == VIRTIO_NO_VECTOR) &&
	       (state.config_vector < VIRTIO_VECTORS ||
		state.config_vector == VIRTIO_NO_VECTOR) &&
	       !memcmp(state.config, now->config, sizeof(state.config));
}

int virtio_plug(struct vmm *vmm, struct virtio *virtio,
		const struct virtio_ops *ops, uint32_t address)
{
	static const struct vmr_device_ops dev_ops = {
		.read	= bar_read,
		.write	= bar_write,
	};
	const struct vmr_pci_ids ids = {
		.vendor		= VIRTIO_VENDOR,
		.device		= (uint16_t)(VIRTIO_DEVICE + ops->type),
		.subvendor	= VIRTIO_VENDOR,
		.subdevice	= VIRTIO_VENDOR,
		.class_code	= ops->class_code,
		.revision	= 1,
	};
	unsigned int i;
	int err;

	virtio->ops = ops;
	virtio->vmm = vmm;
	pthread_mutex_init(&virtio->lock, NULL);
	reset(virtio);
	err = vmr_pci_function_init(&virtio->fn, &ids, &dev_ops, ops->name);
	if (!err)
		err = vmr_pci_add_bar(&virtio->fn, REGISTERS,
				      VMR_PCI_BAR_MEM32, false,
				      VIRTIO_BLOCKS * BLOCK, "registers");
	if (!err)
		err = virtio_msix_init(virtio);
	for (i = 0; !err && i < VIRTIO_BLOCKS; i++)
		err = add_capability(virtio, i);
	return err ? err : pci_plug(vmm, &virtio->fn, NULL, address);
}

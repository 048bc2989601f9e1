// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * snapshot_device.c - the state of a device in a snapshot
 *
 * A block is 64 bits: 1 if a removal is pending, else 0.
 */
#include "snapshot.h"

#define DEVICE_SIZE	8

static struct vmr_device *to_device(const struct vmr_snapshot_block *block)
{
	return block->owner;
}

static size_t device_size(const struct vmr_snapshot_block *block)
{
	(void)block;
	return DEVICE_SIZE;
}

static bool device_consistent(const struct vmr_snapshot_block *block)
{
	(void)block;
	return true;
}

/* A restored device that is not registered yet is saved as it was restored */
static void device_save(const struct vmr_snapshot_block *block, uint8_t *bytes)
{
	const struct vmr_device *dev = to_device(block);
	bool pending = dev->removal_restored ||
		       dev->state == VMR_DEVICE_REMOVAL_REQUESTED;

	put_le64(bytes, pending);
}

static bool device_check(const struct vmr_snapshot_block *block,
			 const uint8_t *saved,
			 const struct vmr_restore_ctx *ctx)
{
	(void)ctx;
	(void)block;
	return get_le64(saved) <= 1;
}

static void device_restore(const struct vmr_snapshot_block *block,
			   const uint8_t *saved)
{
	to_device(block)->removal_restored = get_le64(saved);
}

static const struct vmr_snapshot_block_ops device_block_ops = {
	.size = device_size,
	.consistent = device_consistent,
	.save = device_save,
	.check = device_check,
	.restore = device_restore,
};

int vmr_snapshot_describe_device(struct vmr_snapshot_block *block, uint64_t key,
				 struct vmr_device *dev)
{
	if (!block || !dev)
		return -EINVAL;
	*block = (struct vmr_snapshot_block) {
		.key = key, .ops = &device_block_ops, .owner = dev,
	};
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_snapshot_describe_device);

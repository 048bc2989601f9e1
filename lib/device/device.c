// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * device.c - registering and unregistering devices
 */
#include "device.h"
#include "trace.h"

static bool any_region_linked(const struct vmr_device *dev)
{
	const struct vmr_region *region;

	for (region = dev->regions; region; region = region->next)
		if (region->range.node.link)
			return true;
	return false;
}

/* Free all resources of a device except the device id */
static void device_free_resources(struct vmr_manager *manager,
				  struct vmr_device *dev)
{
	struct vmr_region *region;

	for (region = dev->regions; region; region = region->next)
		vmr_region_free(manager, region);
	vmr_system_free_resources(manager->sys, &dev->resources);
}

/*
 * Free the resources of prepared devices, linked by next_in_transaction, and
 * settle claims for them. Reverts vmr_device_prepare() except for the device
 * id.
 */
void vmr_devices_unprepare(struct vmr_manager *manager, struct vmr_device *dev)
{
	struct vmr_region *region;
	struct vmr_device *d;

	for (d = dev; d; d = d->next_in_transaction)
		for (region = d->regions; region; region = region->next)
			vmr_notify_queue(manager, region);
	vmr_seqcount_write_begin(&manager->sys->seq);
	for (d = dev; d; d = d->next_in_transaction)
		device_free_resources(manager, d);
	vmr_settle_for_devices(manager, dev, NULL);
	vmr_seqcount_write_end(&manager->sys->seq);
}

/*
 * Record the epoch after which no new lookup can find the device. Its ranges
 * must be in no tree. The epoch skips 0 when it wraps, since 0 in a reader
 * means that there is no lookup.
 */
void vmr_device_retire(struct vmr_manager *manager, struct vmr_device *dev)
{
	VMR_ASSERT(dev->state == VMR_DEVICE_UNREGISTERED);
	dev->retire_epoch = manager->epoch + 1 ? manager->epoch + 1 : 1;
	/*
	 * Orders the removal of the ranges before the new epoch. Pairs with the
	 * load-acquire of the manager's epoch in reader_lookup_begin().
	 */
	smp_store_release(&manager->epoch, dev->retire_epoch);
}

/* Park the regions whose constraints say so. They keep their addresses. */
static void park_granted(struct vmr_manager *manager, struct vmr_device *dev)
{
	size_t i;

	for (i = 0; i < dev->nr_constraints; i++) {
		struct vmr_range *range = dev->constraints[i].range;

		/* The check allows the flag for ranges of regions only */
		if (dev->constraints[i].flags & VMR_GRANT_PARKED)
			vmr_park(vmr_region_space(manager, vmr_to_region(range)),
				 range, range->start, range->last);
	}
}

/*
 * Call set_resources(). The device counts on its bus before, so that the callback
 * cannot unregister the bridge.
 */
int vmr_device_set_resources(struct vmr_device *dev)
{
	int ret = 0;

	vmr_bus_add_device(dev);
	if (dev->ops->set_resources)
		ret = dev->ops->set_resources(dev, &dev->resources);
	if (ret)
		vmr_bus_remove_device(dev);
	return ret;
}

/*
 * Check a device, allocate its resources and call set_resources(). The device
 * is not reachable yet. If this fails, all is as before, but lookups may have
 * read the device's ranges, so it is retired.
 */
int vmr_device_prepare(struct vmr_manager *manager, struct vmr_device *dev,
		       const struct vmr_transaction *t, size_t *failed,
		       struct vmr_range **conflict)
{
	struct vmr_pool_set set;
	struct vmr_watermarks marks;
	int ret;

	if (!manager || !dev || !dev->ops)
		return -EINVAL;
	ret = vmr_device_check(manager, dev, failed);
	if (ret)
		return ret;
	if (dev->id.node.link || any_region_linked(dev))
		return -EEXIST;
	if (!vmr_device_parent_registered(manager, dev, t))
		return -ENOENT;
	dev->manager = manager;
	vmr_range_set_type(&dev->id, VMR_TYPE_DEVICE);

	/* The id comes last, so that errors of constraints come first. */
	ret = vmr_system_alloc_in(manager->sys, vmr_bus_pool_set(dev, &set),
				  dev->constraints, dev->nr_constraints,
				  &dev->resources, &marks, failed, conflict);
	if (ret)
		goto retire;
	ret = vmr_id_alloc(&manager->sys->device_ids, &dev->id);
	if (ret) {
		if (failed)
			*failed = dev->nr_constraints;
		vmr_watermarks_restore(manager->sys, &marks);
		goto free_resources;
	}
	vmr_watermarks_swap(manager->sys, &marks);
	park_granted(manager, dev);
	/* Lookups ignore the linked ranges until @dev->state changes. */
	ret = vmr_device_set_resources(dev);
	if (!ret) {
		vmr_watermarks_raise(manager->sys, &marks);
		return 0;
	}
	vmr_id_free_range(&manager->sys->device_ids, &dev->id);
free_resources:
	vmr_devices_unprepare(manager, dev);
	vmr_notify_flush(manager); /* of claims that were settled */
retire:
	/* Lookups may have read the ranges, so the caller has to drain. */
	vmr_device_retire(manager, dev);
	return ret;
}

/* Queue the notifications of all regions, and add the device to the lists */
void vmr_device_queue_add(struct vmr_manager *manager, struct vmr_device *dev)
{
	struct vmr_region *region;

	for (region = dev->regions; region; region = region->next)
		vmr_notify_queue(manager, region);
	vmr_manager_add_device(manager, dev);
}

void vmr_device_publish(struct vmr_manager *manager, struct vmr_device *dev)
{
	VMR_ASSERT(dev->state == VMR_DEVICE_UNREGISTERED);
	vmr_device_queue_add(manager, dev);
	vmr_seqcount_write_begin(&manager->sys->seq);
	/*
	 * Orders the stores of set_resources() before the state. Pairs with the
	 * load-acquire in vmr_device_is_registered().
	 */
	smp_store_release(&dev->state, VMR_DEVICE_REGISTERED);
	vmr_seqcount_write_end(&manager->sys->seq);
	vmr_trace_register(manager, dev);
	vmr_notify_flush(manager);
}

int vmr_device_register(struct vmr_manager *manager, struct vmr_device *dev,
			size_t *failed, struct vmr_range **conflict)
{
	int ret = vmr_device_prepare(manager, dev, NULL, failed, conflict);

	if (ret)
		return ret;
	vmr_device_publish(manager, dev);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_device_register);

/* Queue the notifications of all regions; returns the number that are mapped */
int vmr_device_queue_del(struct vmr_manager *manager, struct vmr_device *dev)
{
	struct vmr_region *region;
	int nr_mapped = 0;

	for (region = dev->regions; region; region = region->next) {
		nr_mapped += vmr_region_mapping(region).mapped;
		vmr_notify_queue(manager, region);
	}
	return nr_mapped;
}

/* Make the device unreachable and free its resources. In a write section. */
void vmr_device_hide(struct vmr_manager *manager, struct vmr_device *dev)
{
	VMR_ASSERT(manager->sys->seq.nesting);
	WRITE_ONCE(dev->state, VMR_DEVICE_UNREGISTERED);
	vmr_generation_count_device(manager->sys, dev);
	device_free_resources(manager, dev);
}

/* Free the id of a hidden device, remove it from the lists, and retire it */
void vmr_device_finish_unregister(struct vmr_manager *manager,
				  struct vmr_device *dev)
{
	vmr_id_free_range(&manager->sys->device_ids, &dev->id);
	vmr_manager_remove_device(manager, dev);
	vmr_bus_remove_device(dev);
	vmr_device_retire(manager, dev);
	vmr_trace_unregister(manager, dev);
}

int vmr_device_unregister(struct vmr_manager *manager, struct vmr_device *dev)
{
	int nr_mapped;

	if (!manager || !dev)
		return -EINVAL;
	if (dev->transaction || vmr_bus_in_use(dev->subordinate))
		return -EBUSY;
	if (!vmr_manager_has_device(manager, dev))
		return -ENOENT;
	nr_mapped = vmr_device_queue_del(manager, dev);
	vmr_seqcount_write_begin(&manager->sys->seq);
	vmr_device_hide(manager, dev);
	vmr_settle_for_devices(manager, NULL, dev);
	vmr_seqcount_write_end(&manager->sys->seq);
	vmr_device_finish_unregister(manager, dev);
	vmr_notify_flush(manager);
	return nr_mapped;
}
EXPORT_SYMBOL_GPL(vmr_device_unregister);

int vmr_device_unregister_at(struct vmr_manager *manager, enum vmr_io io,
			     uint64_t addr, struct vmr_device **dev)
{
	struct vmr_region *region;
	struct vmr_device *found;
	int ret;

	if (!manager)
		return -EINVAL;
	region = vmr_find_region(manager, io, addr);
	if (!region || !region->device)
		return -ENOENT;
	found = region->device;
	ret = vmr_device_unregister(manager, found);
	if (ret >= 0 && dev)
		*dev = found;
	return ret;
}
EXPORT_SYMBOL_GPL(vmr_device_unregister_at);

int vmr_device_request_removal(struct vmr_manager *manager,
			       struct vmr_device *dev)
{
	if (!manager || !dev)
		return -EINVAL;
	if (!vmr_manager_has_device(manager, dev))
		return -ENOENT;
	if (dev->state == VMR_DEVICE_REMOVAL_REQUESTED)
		return -EALREADY;
	WRITE_ONCE(dev->state, VMR_DEVICE_REMOVAL_REQUESTED);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_device_request_removal);

int vmr_device_cancel_removal(struct vmr_manager *manager,
			      struct vmr_device *dev)
{
	if (!manager || !dev)
		return -EINVAL;
	if (dev->state != VMR_DEVICE_REMOVAL_REQUESTED ||
	    !vmr_manager_has_device(manager, dev))
		return -ENOENT;
	WRITE_ONCE(dev->state, VMR_DEVICE_REGISTERED);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_device_cancel_removal);

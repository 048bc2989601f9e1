// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * manager.c - the manager of the devices of one machine
 */
#include "device.h"

/* Settle the claims for a range that the system freed */
static void range_freed(struct vmr_free_notifier *notifier,
			struct vmr_space *space, uint64_t start, uint64_t last)
{
	struct vmr_manager *manager =
		container_of(notifier, struct vmr_manager, free_notifier);

	vmr_notify_queue_claims(manager, space, start, last);
	vmr_seqcount_write_begin(space->seq);
	vmr_settle_in(manager, space, start, last);
	vmr_seqcount_write_end(space->seq);
	vmr_notify_flush(manager);
}

int vmr_manager_init(struct vmr_manager *manager, struct vmr_system *sys)
{
	if (!manager || !sys)
		return -EINVAL;
	memset(manager, 0, sizeof(*manager));
	manager->sys = sys;
	manager->epoch = 1;
	INIT_LIST_HEAD(vmr_to_list(&manager->devices));
	INIT_LIST_HEAD(vmr_to_list(&manager->root_devices));
	INIT_LIST_HEAD(vmr_to_list(&manager->listeners));
	INIT_LIST_HEAD(vmr_to_list(&manager->notify_queue));
	manager->free_notifier.range_freed = range_freed;
	sys->free_notifier = &manager->free_notifier;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_manager_init);

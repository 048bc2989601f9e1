// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * manager.c - the manager of the devices of one machine
 */
#include "device.h"

#include <vmalloc/port.h>

/* Without listeners no notifications are queued (notify.c) */
static void queue_nothing(struct vmr_free_notifier *notifier,
			  struct vmr_space *space, uint64_t start, uint64_t last)
{
	(void)notifier;
	(void)space;
	(void)start;
	(void)last;
}

static void settle_freed(struct vmr_free_notifier *notifier,
			 struct vmr_space *space)
{
	vmr_settle_collected(vmr_to_manager(notifier), space);
}

static void serve_vectors(struct vmr_free_notifier *notifier)
{
	vmr_serve_freed_vectors(vmr_to_manager(notifier));
}

int vmr_manager_init(struct vmr_manager *manager, struct vmr_system *sys)
{
	if (!manager || !sys)
		return -EINVAL;
	memset(manager, 0, sizeof(*manager));
	manager->sys = sys;
	manager->epoch = 1;
	manager->asymmetric = vmr_port_barrier_init();
	INIT_LIST_HEAD(vmr_to_list(&manager->devices));
	INIT_LIST_HEAD(vmr_to_list(&manager->root_devices));
	INIT_LIST_HEAD(vmr_to_list(&manager->listeners));
	INIT_LIST_HEAD(vmr_to_list(&manager->notify_queue));
	manager->free_notifier.before = queue_nothing;
	manager->free_notifier.settle = settle_freed;
	manager->free_notifier.after = serve_vectors;
	sys->free_notifier = &manager->free_notifier;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_manager_init);

int vmr_manager_set_asymmetric(struct vmr_manager *manager, bool asymmetric)
{
	if (!manager)
		return -EINVAL;
	if (manager->readers)
		return -EBUSY;
	if (asymmetric && !vmr_port_barrier_init())
		return -EOPNOTSUPP;
	manager->asymmetric = asymmetric;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_manager_set_asymmetric);

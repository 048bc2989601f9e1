// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * transaction.c - several registrations and removals as one change
 */
#include "placement.h"
#include "trace.h"

int vmr_transaction_begin(struct vmr_manager *manager,
			  struct vmr_transaction *transaction)
{
	if (!manager || !transaction)
		return -EINVAL;
	transaction->manager = manager;
	transaction->adds = NULL;
	transaction->last_add = NULL;
	transaction->removes = NULL;
	transaction->last_remove = NULL;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_transaction_begin);

static void transaction_append(struct vmr_transaction *t,
			       struct vmr_device **first,
			       struct vmr_device **last, struct vmr_device *dev)
{
	VMR_ASSERT(!dev->transaction);
	if (*last)
		(*last)->next_in_transaction = dev;
	else
		*first = dev;
	*last = dev;
	dev->transaction = t;
	dev->next_in_transaction = NULL;
}

static struct vmr_device *transaction_pop(struct vmr_device **list)
{
	struct vmr_device *dev = *list;

	*list = dev->next_in_transaction;
	dev->transaction = NULL;
	dev->next_in_transaction = NULL;
	return dev;
}

static struct vmr_device *transaction_pop_removed(struct vmr_transaction *t)
{
	struct vmr_device *dev = transaction_pop(&t->removes);

	if (dev->parent_bus)
		dev->parent_bus->nr_removed--;
	return dev;
}

int vmr_transaction_add(struct vmr_transaction *transaction,
			struct vmr_device *dev, size_t *failed,
			struct vmr_range **conflict)
{
	int ret;

	if (!transaction || !transaction->manager)
		return -EINVAL;
	ret = vmr_device_prepare(transaction->manager, dev, transaction, failed,
				 conflict);
	if (ret)
		return ret;
	WRITE_ONCE(dev->state, VMR_DEVICE_PREPARED);
	transaction_append(transaction, &transaction->adds,
			   &transaction->last_add, dev);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_transaction_add);

/*
 * Whether the transaction removes all devices on @bus. The walk begins only when
 * open transactions remove all of them, so that it visits devices that were added
 * to a transaction before.
 */
static bool transaction_empties_bus(const struct vmr_transaction *t,
				    const struct vmr_bus *bus)
{
	const struct vmr_device *dev = NULL;

	if (bus->nr_holds || bus->nr_devices != bus->nr_removed)
		return false;
	while ((dev = vmr_next_device_on_bus(t->manager, bus, dev)))
		if (dev->transaction != t)
			return false;
	return true;
}

int vmr_transaction_remove(struct vmr_transaction *transaction,
			   struct vmr_device *dev)
{
	if (!transaction || !transaction->manager || !dev)
		return -EINVAL;
	if (dev->transaction ||
	    (dev->subordinate &&
	     !transaction_empties_bus(transaction, dev->subordinate)))
		return -EBUSY;
	if (!vmr_manager_has_device(transaction->manager, dev))
		return -ENOENT;
	transaction_append(transaction, &transaction->removes,
			   &transaction->last_remove, dev);
	if (dev->parent_bus)
		dev->parent_bus->nr_removed++;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_transaction_remove);

/* The change itself. In a write section. */
static void transaction_switch(const struct vmr_transaction *t,
			       const struct vmr_placements *placements)
{
	struct vmr_device *dev;

	for (dev = t->removes; dev; dev = dev->next_in_transaction)
		vmr_device_hide(t->manager, dev);
	if (placements)
		vmr_placements_free(t->manager, placements);
	for (dev = t->adds; dev; dev = dev->next_in_transaction)
		/*
		 * Orders the stores of set_resources() before the state. Pairs
		 * with the load-acquire in vmr_device_is_registered().
		 */
		smp_store_release(&dev->state, VMR_DEVICE_REGISTERED);
	vmr_settle_for_devices(t->manager, t->removes,
			       placements ? placements->dev : NULL);
	if (placements)
		vmr_placements_apply(t->manager, placements);
}

void vmr_transaction_commit_and_place(struct vmr_transaction *t,
				      const struct vmr_placements *placements)
{
	struct vmr_manager *manager = t->manager;
	struct vmr_device *dev;

	for (dev = t->removes; dev; dev = dev->next_in_transaction)
		vmr_device_queue_del(manager, dev);
	for (dev = t->adds; dev; dev = dev->next_in_transaction)
		vmr_device_queue_add(manager, dev);
	if (placements && !vmr_placements_prepare(manager, placements))
		placements = NULL;

	vmr_seqcount_write_begin(&manager->sys->seq);
	transaction_switch(t, placements);
	vmr_seqcount_write_end(&manager->sys->seq);

	while (t->adds)
		vmr_trace_register(manager, transaction_pop(&t->adds));
	while (t->removes)
		vmr_device_finish_unregister(manager,
					     transaction_pop_removed(t));
	t->manager = NULL;
	vmr_notify_flush(manager);
}

int vmr_transaction_commit(struct vmr_transaction *transaction)
{
	if (!transaction || !transaction->manager)
		return -EINVAL;
	vmr_transaction_commit_and_place(transaction, NULL);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_transaction_commit);

int vmr_transaction_abort(struct vmr_transaction *transaction)
{
	struct vmr_manager *manager;
	struct vmr_device *dev;

	if (!transaction || !transaction->manager)
		return -EINVAL;
	manager = transaction->manager;
	while (transaction->removes)
		transaction_pop_removed(transaction);
	vmr_devices_unprepare(manager, transaction->adds);
	while (transaction->adds) {
		dev = transaction_pop(&transaction->adds);
		vmr_bus_remove_device(dev);
		vmr_id_free_range(&manager->sys->device_ids, &dev->id);
		WRITE_ONCE(dev->state, VMR_DEVICE_UNREGISTERED);
		vmr_device_retire(manager, dev);
	}
	transaction->manager = NULL;
	vmr_notify_flush(manager);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_transaction_abort);

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * transaction.h - several changes as one step
 */
#ifndef VMALLOC_TRANSACTION_H
#define VMALLOC_TRANSACTION_H

#include <vmalloc/region.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vmr_device;
struct vmr_manager;

/**
 * struct vmr_transaction - several registrations and removals as one step
 * @manager: whose; private
 * @adds: devices to become visible; private
 * @removes: devices to be unlinked; private
 */
struct vmr_transaction {
	struct vmr_manager	*manager;
	struct vmr_device	*adds;
	struct vmr_device	*removes;
};

/**
 * vmr_transaction_begin - begin a transaction
 * @manager: the manager
 * @transaction: the transaction
 *
 * Return: 0; -EINVAL if a pointer is NULL.
 */
int vmr_transaction_begin(struct vmr_manager *manager,
	      struct vmr_transaction *transaction);

/**
 * vmr_transaction_add - have a device registered by a transaction
 * @transaction: the transaction
 * @dev: as for vmr_device_register()
 * @failed: as for vmr_device_register()
 * @conflict: as for vmr_device_register()
 *
 * It is granted all it asks for and told so, but stays invisible until
 * vmr_transaction_commit(). What devices hold that the same transaction removes is not free
 * before that. If it fails, the transaction is as before.
 *
 * Return: as vmr_device_register().
 */
int vmr_transaction_add(struct vmr_transaction *transaction,
			struct vmr_device *dev, size_t *failed,
			struct vmr_range **conflict);

/**
 * vmr_transaction_remove - have a device unlinked by a transaction
 * @transaction: the transaction
 * @dev: a registered device; a bus only after all devices on it
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL;
 *  - -EBUSY: @dev is part of a transaction already, or a bus with devices that
 *    this transaction does not remove;
 *  - -ENOENT: @dev is not registered.
 */
int vmr_transaction_remove(struct vmr_transaction *transaction,
			   struct vmr_device *dev);

/**
 * vmr_transaction_commit - make a transaction true, in one step for every lookup
 * @transaction: the transaction; it is over
 *
 * The devices removed are to be drained, each.
 *
 * Return: 0; -EINVAL if @transaction is NULL or over.
 */
int vmr_transaction_commit(struct vmr_transaction *transaction);

/**
 * vmr_transaction_abort - undo a transaction
 * @transaction: the transaction; it is over
 *
 * The devices that were added are to be drained, each, as after a vmr_device_register()
 * that failed.
 *
 * Return: 0; -EINVAL if @transaction is NULL or over.
 */
int vmr_transaction_abort(struct vmr_transaction *transaction);

/**
 * vmr_region_move_bulk - move several regions in one step for every lookup
 * @manager: the manager
 * @steps: the moves; the caller fills in @range, that of a region, and @start
 * @nr: their number, at least 1
 * @failed: where to store the index of the step that cannot be done, or NULL
 * @conflict: where to store the lowest range in the way on -EBUSY, or NULL
 *
 * A swap or a rebalance: the places may be each other's, and in the spaces of
 * several buses. Either all regions end at their new places or all stay. Each is
 * reported.
 *
 * Return: as vmr_move_bulk(); -ENOENT also if a region's device is not registered.
 */
int vmr_region_move_bulk(struct vmr_manager *manager, struct vmr_move_op *steps,
			size_t nr, size_t *failed,
			struct vmr_range **conflict);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_TRANSACTION_H */

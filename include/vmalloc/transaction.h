/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * transaction.h - several registrations, removals or moves as one change
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
 * DOC: Overview
 *
 * A transaction registers and unregisters several devices in one change that is
 * atomic for lookups. vmr_transaction_add() allocates the resources of a device
 * at once, and vmr_transaction_commit() makes all of them reachable.
 * vmr_region_move_bulk() does the same for moves of regions.
 *
 * Embedding: the caller owns the struct vmr_transaction, and keeps it until the
 * commit or the abort. The library allocates no memory.
 *
 * Locking: all functions here are update side; the caller serialises them.
 * Other update-side calls may come between the begin and the end of a
 * transaction.
 *
 * Cost: a commit takes as long as the calls that it replaces; lookups wait for
 * one write section. Adding or removing a device takes O(1) beyond what it
 * allocates and checks. Removing a bridge also visits the devices on its bus, once
 * all of them are being removed.
 */

/**
 * struct vmr_transaction - registrations and removals that become one change
 */
struct vmr_transaction {
	/* private: the manager; NULL if the transaction is over */
	struct vmr_manager	*manager;
	/* devices to register, linked by next_in_transaction */
	struct vmr_device	*adds;
	struct vmr_device	*last_add;
	/* devices to unregister, linked by next_in_transaction */
	struct vmr_device	*removes;
	struct vmr_device	*last_remove;
};

/**
 * vmr_transaction_begin - begin a transaction
 * @manager: the manager
 * @transaction: the transaction, new or over
 *
 * Return: 0; -EINVAL if a pointer is NULL.
 */
int vmr_transaction_begin(struct vmr_manager *manager,
			  struct vmr_transaction *transaction);

/**
 * vmr_transaction_add - prepare the registration of a device
 * @transaction: the transaction
 * @dev: as for vmr_device_register()
 * @failed: as for vmr_device_register()
 * @conflict: as for vmr_device_register()
 *
 * Allocates all that the device requests and calls its set_resources(). The
 * device stays unreachable until vmr_transaction_commit(). Resources of devices
 * that the same transaction removes are in use until then. If this fails, the
 * transaction is as before.
 *
 * Return: as vmr_device_register().
 */
int vmr_transaction_add(struct vmr_transaction *transaction,
			struct vmr_device *dev, size_t *failed,
			struct vmr_range **conflict);

/**
 * vmr_transaction_remove - prepare the removal of a device
 * @transaction: the transaction
 * @dev: a registered device; a bus only after all devices on it
 *
 * Return: 0, or
 *  - -EINVAL: a pointer is NULL;
 *  - -EBUSY: @dev is part of a transaction already, or the bridge of a bus that
 *    is held or has devices that this transaction does not remove;
 *  - -ENOENT: @dev is not registered.
 */
int vmr_transaction_remove(struct vmr_transaction *transaction,
			   struct vmr_device *dev);

/**
 * vmr_transaction_commit - apply a transaction in one change
 * @transaction: the transaction; it is over
 *
 * The caller must drain each removed device before it reuses the memory.
 *
 * Return: 0; -EINVAL if @transaction is NULL or over.
 */
int vmr_transaction_commit(struct vmr_transaction *transaction);

/**
 * vmr_transaction_abort - undo a transaction
 * @transaction: the transaction; it is over
 *
 * The caller must drain each added device before it reuses the memory, as after
 * a vmr_device_register() that failed.
 *
 * Return: 0; -EINVAL if @transaction is NULL or over.
 */
int vmr_transaction_abort(struct vmr_transaction *transaction);

/**
 * vmr_region_move_bulk - move several regions in one change
 * @manager: the manager
 * @steps: the moves; the caller sets @range, that of a region, and @start
 * @nr: number of moves, at least 1
 * @failed: where to store the index of the move that is not possible, or NULL
 * @conflict: where to store the lowest range in the way on -EBUSY, or NULL
 *
 * For swaps and rebalancing: a region may move to the addresses that another
 * one leaves, and the regions may be in the spaces of several buses. Either all
 * regions move or none. Listeners are notified of each region that moved.
 *
 * Return: as vmr_move_bulk(); -ENOENT also if a region's device is not
 * registered.
 */
int vmr_region_move_bulk(struct vmr_manager *manager, struct vmr_move_op *steps,
			 size_t nr, size_t *failed,
			 struct vmr_range **conflict);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_TRANSACTION_H */

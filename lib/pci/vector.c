// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * vector.c - the vectors of MSI and MSI-X: numbers and pending messages
 *
 * A vector is blocked while the guest masks it or it has no number. The device's
 * threads and the update side change its state by atomic operations only:
 *
 *  - The device finds it not blocked, and delivers the message.
 *  - The device finds it blocked, and makes it pending by compare-and-exchange. If
 *    the update side unblocked it meanwhile, the exchange fails, and the device looks
 *    again.
 *  - The update side unblocks it by an exchange, which returns whether it was pending,
 *    and delivers the message then.
 *
 * Each message is therefore delivered or pending, and the thread that unblocks the
 * vector delivers a pending one. tools/testing/spin/notify.pml has a model of this.
 */
#include "pci.h"

#include <linux/atomic.h>

void vmr_pci_vector_block(struct vmr_pci_vector *vector)
{
	uint32_t old = READ_ONCE(vector->state), seen;

	for (;;) {
		seen = cmpxchg(&vector->state, old,
			       old | VMR_PCI_VECTOR_BLOCKED);
		if (seen == old) /* LCOV_EXCL_BR_LINE: a device's thread came between */
			return;
		old = seen; /* LCOV_EXCL_LINE: the same */
	}
}

/* Returns whether a message was pending, which the caller delivers */
bool vmr_pci_vector_unblock(struct vmr_pci_vector *vector)
{
	return xchg(&vector->state, 0) & VMR_PCI_VECTOR_PENDING;
}

/* Returns whether the caller delivers the message; else it is pending */
bool vmr_pci_vector_send(struct vmr_pci_vector *vector)
{
	uint32_t old = READ_ONCE(vector->state), seen;

	for (;;) {
		if (!(old & VMR_PCI_VECTOR_BLOCKED))
			return true;
		seen = cmpxchg(&vector->state, old,
			       old | VMR_PCI_VECTOR_PENDING);
		if (seen == old)
			return false;
		old = seen; /* LCOV_EXCL_LINE: the update side came between */
	}
}

bool vmr_pci_vector_pending(const struct vmr_pci_vector *vector)
{
	return READ_ONCE(vector->state) & VMR_PCI_VECTOR_PENDING;
}

/* Block a vector and discard its message, as a reset does */
void vmr_pci_vector_clear(struct vmr_pci_vector *vector)
{
	xchg(&vector->state, VMR_PCI_VECTOR_BLOCKED);
}

/*
 * Allocate the vectors of @waiter, or let it wait for them, which counts as if it had
 * them. A limit of the function is an error and not waited for: only the function
 * itself can free vectors of its own. A request that waited when a snapshot was saved
 * has its ticket, which is dropped if it waits no longer.
 */
int vmr_pci_alloc_vectors(struct vmr_pci_function *fn,
			  struct vmr_vector_waiter *waiter)
{
	struct vmr_system *sys = fn->manager->sys;
	struct vmr_constraint c;
	int ret;

	if (fn->vector_limit && (fn->nr_vectors >= fn->vector_limit ||
				 waiter->nr > fn->vector_limit - fn->nr_vectors)) {
		vmr_system_stop_waiting(sys, waiter);
		return -ENOSPC;
	}
	vmr_constraint_init(&c, waiter->kind, waiter->nr, waiter->range);
	ret = vmr_system_alloc_one(sys, NULL, &c, NULL);
	if (ret)
		vmr_system_wait_for_vectors(sys, waiter);
	else
		vmr_system_stop_waiting(sys, waiter);
	fn->nr_vectors += waiter->nr;
	return ret;
}

void vmr_pci_stop_waiting(struct vmr_pci_function *fn,
			  struct vmr_vector_waiter *waiter)
{
	/* A request that the limit had refused waits for nothing */
	if (waiter->node.link)
		fn->nr_vectors -= waiter->nr;
	vmr_system_stop_waiting(fn->manager->sys, waiter);
}

/* Free the vectors of @waiter, or let it wait no longer */
void vmr_pci_free_vectors(struct vmr_pci_function *fn,
			  struct vmr_vector_waiter *waiter)
{
	vmr_pci_stop_waiting(fn, waiter);
	if (!waiter->range->node.link)
		return;
	fn->nr_vectors -= waiter->nr;
	vmr_system_free_vectors(fn->manager->sys, waiter->kind, waiter->range);
}

void vmr_pci_report_vector(struct vmr_pci_function *fn, uint32_t index,
			   const struct vmr_range *range, int error)
{
	if (fn->events && fn->events->vector_changed)
		fn->events->vector_changed(fn, index, range, error);
}

void vmr_pci_report_message(struct vmr_pci_function *fn, uint32_t index)
{
	if (fn->events && fn->events->message_changed)
		fn->events->message_changed(fn, index);
}

void vmr_pci_deliver(struct vmr_pci_function *fn, uint32_t index)
{
	if (fn->events && fn->events->deliver)
		fn->events->deliver(fn, index);
}

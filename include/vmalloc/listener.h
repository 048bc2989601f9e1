/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * listener.h - listeners for changes of mappings
 */
#ifndef VMALLOC_LISTENER_H
#define VMALLOC_LISTENER_H

#include <vmalloc/region.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vmr_manager;

/**
 * DOC: Overview
 *
 * A listener has callbacks for changes of the mappings of regions. ioeventfds,
 * KVM memory slots and IOMMU mappings follow the guest's moves with it.
 *
 * Every update-side function that changes a mapping notifies all listeners
 * after the change and before it returns, outside any write section. All
 * listeners observe the changes in the order in which they were made.
 *
 * Embedding: the caller owns a struct vmr_listener, and finds its own struct
 * with container_of(). The library allocates no memory.
 *
 * Locking: callbacks and functions are update side; the caller serialises them.
 *
 * Cost: one call for each listener and each region whose mapping changed.
 */

/**
 * struct vmr_listener - callbacks for changes of mappings
 * @region_changed: the mapping of @region changed from @old to @new_. Called
 *	once for each region whose mapping the change affected, in the order of
 *	the changes. It may call update-side functions, and may unregister this
 *	listener, but no other
 * @region_del: @region left its mapping @old. Called for every region of a
 *	change before the first call of @region_changed. A listener that cannot
 *	map two regions at one address, such as one that manages KVM memory
 *	slots, removes the old mappings here. It must not call update-side
 *	functions. May be NULL
 */
struct vmr_listener {
	void (*region_changed)(struct vmr_listener *listener,
			       struct vmr_region *region,
			       const struct vmr_mapping *old,
			       const struct vmr_mapping *new_);
	void (*region_del)(struct vmr_listener *listener,
			   struct vmr_region *region,
			   const struct vmr_mapping *old);
	/* private: entry in the list of @manager */
	struct vmr_list		link;
	struct vmr_manager	*manager;
};

/**
 * vmr_listener_register - notify a listener of every change from now on
 * @manager: the manager
 * @listener: the listener, in no list
 *
 * Return: 0; -EINVAL if a pointer is NULL; -EEXIST if it is registered.
 */
int vmr_listener_register(struct vmr_manager *manager,
			  struct vmr_listener *listener);

/**
 * vmr_listener_unregister - end the notifications of a listener
 * @manager: the manager
 * @listener: the listener
 *
 * Return: 0; -EINVAL if a pointer is NULL; -ENOENT if it is not registered with
 * @manager.
 */
int vmr_listener_unregister(struct vmr_manager *manager,
			    struct vmr_listener *listener);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_LISTENER_H */

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
 * struct vmr_listener - who wants to know where regions are
 * @region_changed: @region was at @old and is at @new_. Called once for each region whose
 *	place or visibility a call changed: in the order of the changes, after
 *	they are visible, before that call returns, never in a write section. It
 *	may call writers
 * @region_del: @region is about to be reported as gone from @old. Called for every
 *	region of a change before @region_changed is called for the first, so that who
 *	cannot have two regions at one place, as KVM with its memory slots, can
 *	take all old ones away before any new one comes. It must not call
 *	writers. May be NULL
 * @link: entry in the manager's list; private
 *
 * ioeventfds, memory slots and IOMMU mappings follow the guest's moves by this.
 * A listener may stop listening in @region_changed; others may not be made to.
 */
struct vmr_listener {
	void (*region_changed)(struct vmr_listener *listener, struct vmr_region *region,
		      const struct vmr_mapping *old,
		      const struct vmr_mapping *new_);
	void (*region_del)(struct vmr_listener *listener,
			struct vmr_region *region,
			const struct vmr_mapping *old);
	struct vmr_list	link;
};

/**
 * vmr_listener_register - tell a listener of every change from now on
 * @manager: the manager
 * @listener: the listener, in no list
 *
 * Return: 0; -EINVAL if a pointer is NULL; -EEXIST if it listens already.
 */
int vmr_listener_register(struct vmr_manager *manager, struct vmr_listener *listener);

/**
 * vmr_listener_unregister - tell a listener no more
 * @manager: the manager
 * @listener: the listener
 *
 * Return: 0; -EINVAL if a pointer is NULL; -ENOENT if it does not listen.
 */
int vmr_listener_unregister(struct vmr_manager *manager, struct vmr_listener *listener);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_LISTENER_H */

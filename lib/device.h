/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * device.h - what the files of the device layer share
 */
#ifndef VMR_LIB_DEVICE_H
#define VMR_LIB_DEVICE_H

#include "internal.h"

#include <vmalloc/device.h>

static inline struct vmr_region *to_region(struct vmr_range *range)
{
	return container_of(range, struct vmr_region, range);
}

static inline struct vmr_space *manager_space(const struct vmr_manager *manager,
					   enum vmr_io io)
{
	switch (io) {
	case VMR_PIO:
		return &manager->sys->pio;
	case VMR_MMIO:
		return &manager->sys->mmio;
	default:
		return NULL;
	}
}

static inline struct vmr_space *bus_space(struct vmr_bus *bus, enum vmr_io io)
{
	return io == VMR_PIO ? &bus->pio : &bus->mmio;
}

/* The space that a device's regions are in */
static inline struct vmr_space *device_space(const struct vmr_manager *manager,
					 const struct vmr_device *dev,
					 enum vmr_io io)
{
	return dev->parent_bus ? bus_space(dev->parent_bus, io) :
			     manager_space(manager, io);
}

/* Readers ask too, and see all that was done before the state said so */
static inline bool vmr_device_is_registered(const struct vmr_device *dev)
{
	/* pairs with the releases in vmr_device_publish() and change_sides() */
	return smp_load_acquire(&dev->state) >= VMR_DEVICE_REGISTERED;
}

/* Registered, and with this manager: no other has its id */
static inline bool vmr_manager_has_device(const struct vmr_manager *manager,
			      const struct vmr_device *dev)
{
	return vmr_device_is_registered(dev) && vmr_in_space(&manager->sys->device_ids.space, &dev->id);
}

/* An entry of a list is in one if its links are not zero */
static inline void vmr_list_unlink(struct vmr_list *entry)
{
	list_del(to_list(entry));
	entry->next = NULL;
	entry->prev = NULL;
}

static inline void vmr_bus_add_device(struct vmr_device *dev)
{
	if (dev->parent_bus)
		dev->parent_bus->nr_devices++;
}

static inline void vmr_bus_remove_device(struct vmr_device *dev)
{
	if (dev->parent_bus)
		dev->parent_bus->nr_devices--;
}

/*
 * Being told, in changes.c: what a call is about to change is noted before it
 * does, and told when all is done. With a window goes all that is behind it, and
 * that may be much, so that nothing of it is done in a write section: a place that
 * is about to become free is looked at for windows that claim it.
 */
void vmr_notify_queue(struct vmr_manager *manager, struct vmr_region *region);
void vmr_notify_queue_claims(struct vmr_manager *manager, struct vmr_space *space,
		 uint64_t start, uint64_t last);
void vmr_notify_flush(struct vmr_manager *manager);

/*
 * Where a region shall be: VMR_LIVE, or claimed, or VMR_PARKED at a place, or
 * VMR_FREE. Getting there is noted before, and is then, inside one write section
 * for all regions that go together, taking them out, letting claims have what
 * they leave, and putting them.
 */
struct vmr_placement {
	enum vmr_state	state;
	uint64_t	start;
	uint64_t	last;
};

bool vmr_region_is_placed(const struct vmr_region *region, const struct vmr_placement *goal);
void vmr_region_set_placement(struct vmr_manager *manager, struct vmr_region *region,
	     const struct vmr_placement *goal);

/*
 * Claims have what became free; the oldest first, one after the other. Where
 * several places became free at once, the next is the oldest of all of them.
 */
struct vmr_claim_ref {
	struct vmr_space	*space;
	struct vmr_range	*range;
};

void vmr_claim_ref_oldest(struct vmr_claim_ref *heir, struct vmr_space *space,
		  uint64_t start, uint64_t last);
bool vmr_claim_ref_settle(struct vmr_manager *manager, const struct vmr_claim_ref *heir);
void vmr_settle_in(struct vmr_manager *manager, struct vmr_space *space,
			uint64_t start, uint64_t last);

/* Whether every bus above has a window around a region of @dev's: bus.c */
bool vmr_region_is_forwarded(const struct vmr_device *dev,
			const struct vmr_region *region);

/* Where a device can be placed, NULL at the root; @view is the memory for it */
struct vmr_pool_set *vmr_bus_pool_set(const struct vmr_device *dev,
				struct vmr_pool_set *view);

/* The steps of registering and unlinking, in device.c */
int vmr_device_check(const struct vmr_device *dev, size_t *failed);
bool vmr_device_parent_registered(const struct vmr_device *dev,
		   const struct vmr_transaction *t);
int vmr_device_prepare(struct vmr_manager *manager, struct vmr_device *dev,
		const struct vmr_transaction *t, size_t *failed,
		struct vmr_range **conflict);
void vmr_device_queue_add(struct vmr_manager *manager, struct vmr_device *dev);
void vmr_device_publish(struct vmr_manager *manager, struct vmr_device *dev);
int vmr_device_queue_del(struct vmr_manager *manager, struct vmr_device *dev);
void vmr_device_hide(struct vmr_manager *manager, struct vmr_device *dev);
void vmr_device_finish_unregister(struct vmr_manager *manager, struct vmr_device *dev);
void vmr_settle_for_devices(struct vmr_manager *manager, struct vmr_device *dev);
void vmr_devices_unprepare(struct vmr_manager *manager, struct vmr_device *dev);
void vmr_device_retire(struct vmr_manager *manager, struct vmr_device *dev);

#endif /* VMR_LIB_DEVICE_H */

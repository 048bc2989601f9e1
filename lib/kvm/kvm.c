// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * kvm.c - follow the changes of a machine
 *
 * KVM refuses a slot that overlaps another one. Of several regions that change places
 * all therefore leave KVM before the first one enters it.
 */
#include "kvm.h"

static struct vmr_kvm *to_kvm(struct vmr_listener *listener)
{
	return (struct vmr_kvm *)((char *)listener -
				  offsetof(struct vmr_kvm, listener));
}

static void leave(struct vmr_kvm *kvm, const struct vmr_region *region)
{
	struct vmr_kvm_ioeventfd *ioeventfd;
	struct vmr_kvm_memory *memory;

	for (memory = kvm->memories; memory; memory = memory->next)
		if (memory->region == region)
			vmr_kvm_report(kvm, region,
				       vmr_kvm_unmap_memory(kvm, memory));
	for (ioeventfd = kvm->ioeventfds; ioeventfd;
	     ioeventfd = ioeventfd->next)
		if (ioeventfd->region == region)
			vmr_kvm_report(kvm, region,
				       vmr_kvm_deassign(kvm, ioeventfd));
}

static void enter(struct vmr_kvm *kvm, const struct vmr_region *region,
		  uint64_t start)
{
	struct vmr_kvm_ioeventfd *ioeventfd;
	struct vmr_kvm_memory *memory;

	for (memory = kvm->memories; memory; memory = memory->next)
		if (memory->region == region)
			vmr_kvm_report(kvm, region,
				       vmr_kvm_map_memory(kvm, memory, start));
	for (ioeventfd = kvm->ioeventfds; ioeventfd;
	     ioeventfd = ioeventfd->next)
		if (ioeventfd->region == region)
			vmr_kvm_report(kvm, region,
				       vmr_kvm_assign(kvm, ioeventfd, start));
}

static void region_del(struct vmr_listener *listener, struct vmr_region *region,
		       const struct vmr_mapping *old)
{
	(void)old;
	leave(to_kvm(listener), region);
}

static void region_changed(struct vmr_listener *listener,
			   struct vmr_region *region,
			   const struct vmr_mapping *old,
			   const struct vmr_mapping *new_)
{
	(void)old;
	if (new_->mapped)
		enter(to_kvm(listener), region, new_->start);
}

int vmr_kvm_init(struct vmr_kvm *kvm)
{
	if (!kvm || !kvm->ops || !kvm->manager || !kvm->page_size ||
	    kvm->page_size & (kvm->page_size - 1))
		return -EINVAL;
	kvm->listener.region_del = region_del;
	kvm->listener.region_changed = region_changed;
	return vmr_listener_register(kvm->manager, &kvm->listener);
}

int vmr_kvm_destroy(struct vmr_kvm *kvm)
{
	if (!kvm)
		return -EINVAL;
	if (!kvm->manager)
		return -ENOENT;
	return vmr_listener_unregister(kvm->manager, &kvm->listener);
}

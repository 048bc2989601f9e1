// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * ioeventfd.c - ioeventfds that follow regions
 */
#include "kvm.h"

static bool is_added(const struct vmr_kvm *kvm,
		     const struct vmr_kvm_ioeventfd *ioeventfd)
{
	const struct vmr_kvm_ioeventfd *e;

	for (e = kvm->ioeventfds; e; e = e->next)
		if (e == ioeventfd)
			return true;
	return false;
}

static int set(struct vmr_kvm *kvm, const struct vmr_kvm_ioeventfd *ioeventfd,
	       uint64_t addr, uint32_t flags)
{
	struct kvm_ioeventfd e = {
		.datamatch	= ioeventfd->value,
		.addr		= addr,
		.len		= ioeventfd->width,
		.fd		= ioeventfd->fd,
		.flags		= flags,
	};

	if (ioeventfd->match)
		e.flags |= KVM_IOEVENTFD_FLAG_DATAMATCH;
	if (ioeventfd->region->io == VMR_PIO)
		e.flags |= KVM_IOEVENTFD_FLAG_PIO;
	return kvm->ops->ioeventfd(kvm, &e);
}

int vmr_kvm_deassign(struct vmr_kvm *kvm, struct vmr_kvm_ioeventfd *ioeventfd)
{
	int err;

	if (!ioeventfd->assigned)
		return 0;
	err = set(kvm, ioeventfd, ioeventfd->addr,
		  KVM_IOEVENTFD_FLAG_DEASSIGN);
	if (!err)
		ioeventfd->assigned = false;
	return err;
}

int vmr_kvm_assign(struct vmr_kvm *kvm, struct vmr_kvm_ioeventfd *ioeventfd,
		   uint64_t start)
{
	/* KVM has refused to release it, and is asked again. */
	int err = vmr_kvm_deassign(kvm, ioeventfd);

	if (!err)
		err = set(kvm, ioeventfd, start + ioeventfd->offset, 0);
	if (err)
		return err;
	ioeventfd->assigned = true;
	ioeventfd->addr = start + ioeventfd->offset;
	return 0;
}

int vmr_kvm_add_ioeventfd(struct vmr_kvm *kvm,
			  struct vmr_kvm_ioeventfd *ioeventfd)
{
	struct vmr_mapping mapping;
	uint64_t size;
	int err = 0;

	if (!kvm || !ioeventfd || !ioeventfd->region)
		return -EINVAL;
	size = ioeventfd->region->size;
	if (ioeventfd->offset >= size ||
	    ioeventfd->width > size - ioeventfd->offset)
		return -ERANGE;
	if (is_added(kvm, ioeventfd))
		return -EEXIST;
	mapping = vmr_region_mapping(ioeventfd->region);
	if (mapping.mapped)
		err = vmr_kvm_assign(kvm, ioeventfd, mapping.start);
	if (err)
		return err;
	ioeventfd->next = kvm->ioeventfds;
	kvm->ioeventfds = ioeventfd;
	return 0;
}

int vmr_kvm_remove_ioeventfd(struct vmr_kvm *kvm,
			     struct vmr_kvm_ioeventfd *ioeventfd)
{
	struct vmr_kvm_ioeventfd **link;
	int err;

	if (!kvm || !ioeventfd)
		return -EINVAL;
	if (!is_added(kvm, ioeventfd))
		return -ENOENT;
	err = vmr_kvm_deassign(kvm, ioeventfd);
	if (err)
		return err;
	link = &kvm->ioeventfds;
	while (*link != ioeventfd)
		link = &(*link)->next;
	*link = ioeventfd->next;
	return 0;
}

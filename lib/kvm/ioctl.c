// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * ioctl.c - the system calls of KVM
 */
#include "kvm.h"

#include <sys/ioctl.h>

static int call(const struct vmr_kvm *kvm, unsigned long request,
		const void *argument)
{
	return ioctl(kvm->vm_fd, request, argument) < 0 ? -errno : 0;
}

static int set_memory(struct vmr_kvm *kvm,
		      const struct kvm_userspace_memory_region *slot)
{
	return call(kvm, KVM_SET_USER_MEMORY_REGION, slot);
}

static int set_ioeventfd(struct vmr_kvm *kvm,
			 const struct kvm_ioeventfd *ioeventfd)
{
	return call(kvm, KVM_IOEVENTFD, ioeventfd);
}

static int set_routing(struct vmr_kvm *kvm,
		       const struct kvm_irq_routing *routing)
{
	return call(kvm, KVM_SET_GSI_ROUTING, routing);
}

static int set_irqfd(struct vmr_kvm *kvm, const struct kvm_irqfd *irqfd)
{
	return call(kvm, KVM_IRQFD, irqfd);
}

const struct vmr_kvm_ops vmr_kvm_ioctl_ops = {
	.set_memory	= set_memory,
	.ioeventfd	= set_ioeventfd,
	.set_routing	= set_routing,
	.irqfd		= set_irqfd,
};

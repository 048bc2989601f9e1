/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * arch.h - what each architecture has of the interface to KVM
 */
#ifndef VMM_KVM_ARCH_H
#define VMM_KVM_ARCH_H

#include "../vmm.h"

#define KVM_DEVICE	"/dev/kvm"

/* A capability that a machine cannot do without */
struct kvm_capability {
	int		number;
	const char	*name;
};

/* Ends in an entry without a name */
extern const struct kvm_capability kvm_arch_capabilities[];

/* The reason why KVM of this architecture cannot run such a machine, or NULL */
const char *kvm_arch_refuses(const struct vmm *vmm);

/* The type of virtual machine that KVM_CREATE_VM gets */
unsigned long kvm_arch_vm_type(struct vmm *vmm);

/* Prepare a new virtual machine. Store the width of its addresses. */
int kvm_arch_open(struct vmm *vmm);

/* Prepare a new processor. */
int kvm_arch_add_cpu(struct vmm *vmm, struct vmm_cpu *cpu);

#endif /* VMM_KVM_ARCH_H */

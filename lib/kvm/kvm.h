/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * kvm.h - declarations that the files of lib/kvm/ share
 */
#ifndef VMR_LIB_KVM_H
#define VMR_LIB_KVM_H

#include <errno.h>
#include <stddef.h>

#include <vmalloc/kvm.h>

/* report.c */
void vmr_kvm_report(struct vmr_kvm *kvm, const struct vmr_region *region,
		    int err);

/* memory.c */
int vmr_kvm_map_memory(struct vmr_kvm *kvm, struct vmr_kvm_memory *memory,
		       uint64_t start);
int vmr_kvm_unmap_memory(struct vmr_kvm *kvm, struct vmr_kvm_memory *memory);

/* ioeventfd.c */
int vmr_kvm_assign(struct vmr_kvm *kvm, struct vmr_kvm_ioeventfd *ioeventfd,
		   uint64_t start);
int vmr_kvm_deassign(struct vmr_kvm *kvm, struct vmr_kvm_ioeventfd *ioeventfd);

#endif /* VMR_LIB_KVM_H */

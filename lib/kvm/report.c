// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * report.c - report a call of KVM that failed
 *
 * A listener returns no error. The first one is kept, and the owner is called for each.
 */
#include "kvm.h"

void vmr_kvm_report(struct vmr_kvm *kvm, const struct vmr_region *region,
		    int err)
{
	if (!err)
		return;
	if (!kvm->error)
		kvm->error = err;
	if (kvm->ops->failed)
		kvm->ops->failed(kvm, region, err);
}

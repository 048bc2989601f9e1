// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * kernel.c - boot a Linux kernel, and wait for its end
 */
#include "../vmm.h"

static int start(struct vmm *vmm)
{
	struct kernel_start begin;
	unsigned int i;

	for (i = 0; i < vmm->kernel->nr_cpus; i++)
		if (kvm_add_cpu(vmm, &vmm->cpus[i]))
			return -1;
	if (kvm_route_chips(vmm) || tables_load(vmm) ||
	    kernel_load(vmm, &begin) ||
	    kvm_start_kernel(&vmm->cpus[0], &begin))
		return -1;
	return vcpus_start(vmm);
}

static enum vmm_status status_of(enum guest_end end)
{
	switch (end) {
	case GUEST_OFF:
	case GUEST_RESET:
	case GUEST_STOPPED:
		return VMM_OK;
	case GUEST_REFUSED:
		return VMM_NO_KVM;
	default:
		return VMM_GUEST_FAILED;
	}
}

/* Wait until the guest has ended. */
static void wait_for_end(struct vmm *vmm)
{
	pthread_mutex_lock(&vmm->run_lock);
	while (vmm->end == GUEST_RUNS)
		pthread_cond_wait(&vmm->run_changed, &vmm->run_lock);
	pthread_mutex_unlock(&vmm->run_lock);
}

static enum vmm_status run(struct vmm *vmm)
{
	const char *path = vmm->kernel->control;
	struct control *control = NULL;
	enum vmm_status status = VMM_OK;

	if (path) {
		control = control_start(vmm, path);
		if (!control)
			return VMM_BAD_FILE;
	}
	if (start(vmm))
		status = VMM_FAILED;
	else if (vmm->kernel->verify)
		status = verify(vmm);
	else
		wait_for_end(vmm);
	vcpus_stop(vmm, GUEST_STOPPED);
	control_stop(control);
	return status == VMM_OK ? status_of(vmm->end) : status;
}

enum vmm_status kernel_run(const struct kernel *kernel)
{
	enum vmm_status status = VMM_NO_KVM;
	struct vmm *vmm = vmm_alloc();

	if (!vmm)
		return VMM_FAILED;
	vmm->kernel = kernel;
	if (!kvm_open(vmm))
		status = vmm_init(vmm) ? VMM_BAD_FILE : run(vmm);
	vmm_free(vmm);
	return status;
}

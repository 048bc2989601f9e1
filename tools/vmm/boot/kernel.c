// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * kernel.c - boot a Linux kernel, and wait for its end
 */
#include <stdlib.h>

#include "../vmm.h"

/* Of a machine that does not run */
#define DEFAULT_PHYS_BITS	40
#define DEFAULT_SLOTS		32

static int load_tables(struct vmm *vmm, struct kernel_start *begin)
{
	size_t size = 0;
	void *tables = tables_make(vmm, begin, &size);
	int err = tables ? ram_load(vmm, begin->tables, tables, size) : -1;

	if (tables && err)
		vmm_err("tables: there is no memory for them");
	free(tables);
	return err;
}

/* Write the tables of a machine to a file. It needs no KVM. */
static enum vmm_status dump_tables(struct vmm *vmm, const char *path)
{
	struct kernel_start begin = { .entry = 0 };
	enum vmm_status status = VMM_BAD_FILE;
	size_t size = 0;
	void *tables;
	FILE *file;

	vmm->config.phys_bits = DEFAULT_PHYS_BITS;
	vmm->config.nr_slots = DEFAULT_SLOTS;
	if (vmm_init(vmm))
		return VMM_FAILED;
	tables = tables_make(vmm, &begin, &size);
	file = tables ? fopen(path, "wb") : NULL;
	if (file && fwrite(tables, 1, size, file) == size)
		status = VMM_OK;
	if (file && fclose(file))
		status = VMM_BAD_FILE;
	if (status != VMM_OK)
		vmm_err("--dump-tables %s: cannot be written", path);
	free(tables);
	return status;
}

static int begin(struct vmm *vmm)
{
	struct kernel_start start = { .entry = 0 };

	if (machine_assign(vmm) || kernel_load(vmm, &start) ||
	    load_tables(vmm, &start) ||
	    kvm_start_kernel(&vmm->cpus[0], &start))
		return -1;
	return vcpus_start(vmm);
}

static int start(struct vmm *vmm)
{
	unsigned int i;

	for (i = 0; i < vmm->kernel->nr_cpus; i++)
		if (kvm_add_cpu(vmm, &vmm->cpus[i]))
			return -1;
	if (kvm_init_chips(vmm) || machine_switched_on(vmm))
		return -1;
	return begin(vmm);
}

/* Boot again after the guest has reset the machine. */
int kernel_restart(struct vmm *vmm)
{
	vcpus_stop(vmm, GUEST_RESET);
	if (machine_reset(vmm))
		return -1;
	vmm->end = GUEST_RUNS;
	vmm->keep = true;
	return begin(vmm);
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
	machine_switched_off(vmm);
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
	/* In a run with comparisons the first boot has what Linux assigns itself. */
	vmm->keep = !kernel->verify;
	if (kernel->dump_tables)
		status = dump_tables(vmm, kernel->dump_tables);
	else if (!kvm_open(vmm))
		status = vmm_init(vmm) ? VMM_BAD_FILE : run(vmm);
	vmm_free(vmm);
	return status;
}

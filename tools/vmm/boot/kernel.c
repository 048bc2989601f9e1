// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * kernel.c - boot a Linux kernel, and wait for its end
 */
#include <stdlib.h>

#include "../machine/snapshot.h"
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

/* Write the tables of a machine to a file. */
static enum vmm_status dump_tables(struct vmm *vmm, const char *path)
{
	struct kernel_start begin = { .entry = 0 };
	enum vmm_status status = VMM_BAD_FILE;
	size_t size = 0;
	void *tables;
	FILE *file;

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

static enum vmm_status snapshot_fault(const char *path, const char *fault)
{
	if (!fault)
		return VMM_OK;
	vmm_err("snapshot %s: %s", path, fault);
	return VMM_BAD_FILE;
}

/* Write what there is of a machine that does not run. It needs no KVM. */
static enum vmm_status dump(struct vmm *vmm)
{
	const char *path = vmm->kernel->dump_snapshot;

	vmm->config.phys_bits = DEFAULT_PHYS_BITS;
	vmm->config.nr_slots = DEFAULT_SLOTS;
	if (vmm_init(vmm))
		return VMM_FAILED;
	if (path)
		return snapshot_fault(path, machine_save(vmm, path));
	return dump_tables(vmm, vmm->kernel->dump_tables);
}

static int begin(struct vmm *vmm)
{
	struct kernel_start start = { .entry = 0 };

	if (vmm->config.firmware_size)
		return firmware_begin(vmm) ? -1 : vcpus_start(vmm);
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
	if (vmm->kernel->bios)
		ram_load_firmware(vmm, vmm->kernel->bios);
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

/* Run a machine, @started: from the state that it was restored to. */
static enum vmm_status run(struct vmm *vmm, bool started)
{
	const char *path = vmm->kernel->control;
	struct control *control = NULL;
	struct console *console = NULL;
	enum vmm_status status = VMM_OK;

	if (path) {
		control = control_start(vmm, path);
		if (!control)
			return VMM_BAD_FILE;
	}
	if (vmm->kernel->console)
		console = console_start(vmm);
	if ((vmm->kernel->console && !console) ||
	    (started ? vcpus_start(vmm) : start(vmm)))
		status = VMM_FAILED;
	else if (vmm->kernel->verify)
		status = verify(vmm);
	else
		wait_for_end(vmm);
	vcpus_stop(vmm, GUEST_STOPPED);
	console_stop(console);
	/* A command may save the machine until now. */
	control_stop(control);
	machine_switched_off(vmm);
	return status == VMM_OK ? status_of(vmm->end) : status;
}

/* Run the machine of a snapshot, or print its map. */
static enum vmm_status restore(struct vmm *vmm, struct snapshot_file *file,
			       const struct machine_record *record)
{
	const char *again = vmm->kernel->dump_snapshot;
	bool dump_map = vmm->kernel->dump_map;
	enum vmm_status status;

	if (!dump_map && !again && kvm_open(vmm))
		return VMM_NO_KVM;
	status = snapshot_fault(vmm->kernel->restore,
				machine_load(vmm, file, record));
	if (status == VMM_OK && dump_map)
		print_map(vmm);
	if (status == VMM_OK && again)
		status = snapshot_fault(again, machine_save(vmm, again));
	else if (status == VMM_OK && !dump_map)
		status = run(vmm, true);
	machine_switched_off(vmm);
	return status;
}

static enum vmm_status open_and_restore(struct vmm *vmm, struct kernel *kernel)
{
	struct machine_record *record = NULL;
	struct snapshot_file file;
	enum vmm_status status;

	status = snapshot_fault(kernel->restore,
				snapshot_open(&file, kernel->restore));
	if (status != VMM_OK)
		return status;
	status = snapshot_fault(kernel->restore,
				snapshot_get_machine(&file, &record, kernel));
	if (status == VMM_OK)
		status = restore(vmm, &file, record);
	snapshot_close(&file);
	free(record);
	return status;
}

static bool is_unfit(const struct kernel *kernel)
{
	const char *fault = kernel_fault(kernel);

	if (fault)
		vmm_err("kernel: %s", fault);
	return fault;
}

enum vmm_status kernel_run(struct kernel *kernel)
{
	enum vmm_status status = VMM_NO_KVM;
	struct vmm *vmm = vmm_alloc();

	if (!vmm)
		return VMM_FAILED;
	vmm->kernel = kernel;
	vmm->config.firmware_size = kernel->bios_size;
	/* In a run with comparisons the first boot has what Linux assigns itself. */
	vmm->keep = !kernel->verify || kernel->restore;
	if (kernel->restore)
		status = kernel->image && is_unfit(kernel) ?
				 VMM_BAD_FILE : open_and_restore(vmm, kernel);
	else if (kernel->dump_tables || kernel->dump_snapshot)
		status = dump(vmm);
	else if (is_unfit(kernel))
		status = VMM_BAD_FILE;
	else if (!kvm_open(vmm))
		status = vmm_init(vmm) ? VMM_BAD_FILE : run(vmm, false);
	vmm_free(vmm);
	return status;
}

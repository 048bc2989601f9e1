/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * snapshot.h - save a machine that boots a kernel in a file, and make it anew from that
 */
#ifndef VMM_MACHINE_SNAPSHOT_H
#define VMM_MACHINE_SNAPSHOT_H

#include "../vmm.h"
#include "snapshot_file.h"

struct machine_record;

/* All of these return NULL, or what is wrong. */

/* Save a machine whose processors do not run. A file of that name is replaced. */
const char *machine_save(struct vmm *vmm, const char *path);

/*
 * Get the description of the machine, which the caller frees, and set the processors and
 * the memory of @kernel by it.
 */
const char *snapshot_get_machine(struct snapshot_file *file,
				 struct machine_record **record,
				 struct kernel *kernel);

/* The items of fw_cfg, by which the firmware boots the kernel */
void items_save(struct snapshot_writer *writer, struct vmm *vmm);
const char *items_load(struct vmm *vmm, struct snapshot_file *file);

/*
 * Make the machine of a file; without a virtual machine of KVM its maps alone. All else
 * in @vmm but the kernel and the file descriptors is zero. After a failure the caller
 * frees it.
 */
const char *machine_load(struct vmm *vmm, struct snapshot_file *file,
			 const struct machine_record *record);

#endif /* VMM_MACHINE_SNAPSHOT_H */

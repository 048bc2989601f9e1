// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * snapshot_steps.c - save a machine whose guest is in the middle of its work
 */
#include "control.h"
#include "../machine/snapshot.h"

/* Pause the guest, save the machine, and let the guest go on unless it was paused. */
const char *snapshot_save(struct vmm *vmm, const char *path)
{
	bool paused = vmm->pause;
	const char *fault = "the guest has ended";

	if (!*path)
		return "it needs the name of a file";
	vcpus_pause(vmm);
	if (vmm->end == GUEST_RUNS)
		fault = machine_save(vmm, path);
	if (!paused)
		vcpus_resume(vmm);
	return fault;
}

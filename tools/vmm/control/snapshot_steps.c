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

/*
 * Cards and virtual functions that a new process must have again. There is no rescan
 * here: Linux would assign windows of ports without a write of their registers.
 */
int steps_before_snapshot(struct comparison *c)
{
	if (guest_has_vfs(c) && vfs_before_snapshot(c))
		return -1;
	if (guest_compare(c, "before the snapshot"))
		return -1;
	return guest_has_slots(c) ? slots_before_snapshot(c) : 0;
}

/*
 * The guest does not know that another process runs it. A removal that was asked for is
 * still pending, and a process of the guest still uses a card.
 */
int steps_after_restore(struct comparison *c)
{
	bool has_slots = guest_has_slots(c);

	/* The guest may take a card out of its report at any time until it is gone. */
	if ((has_slots && slot_after_restore(c)) ||
	    guest_compare(c, "after the restore") || compare_disk(c) ||
	    interrupt_steps(c) || (has_slots && slots_after_restore(c)))
		return -1;
	if (vfs_after_restore(c))
		return -1;
	if (!machine_has_reset(c->vmm))
		return 0;
	return guest_reboot(c) || move_cycle(c) || long_steps(c);
}

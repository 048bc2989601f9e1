// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * long_steps.c - many hot-plugs, moves and reboots of a Linux guest
 */
#include "control.h"

#define REMOVE	"write /sys/bus/pci/devices/0000:00:%02x.0/remove 1"
#define PROGRESS	50	/* one line for so many rounds */

static int progress(struct comparison *c, const char *what, unsigned int round)
{
	int err;

	c->quiet = round % PROGRESS;
	err = guest_compare(c, what);
	c->quiet = false;
	return err;
}

/*
 * Cards in all slots of this program come at once. Most are pulled; one slot is
 * switched off by the guest in every fourth round, and one card asked for in every
 * sixteenth.
 */
static int many_plugs(struct comparison *c, unsigned int wanted)
{
	unsigned int round, end = c->plugs + wanted;

	for (round = 1; c->plugs < end; round++)
		if (slot_round(c, round) ||
		    progress(c, "cards came and went in all slots", round))
			return -1;
	return 0;
}

/*
 * Functions leave the guest, and come back in two groups, which change places from round
 * to round. Linux places the second group in the gaps that the first one leaves.
 */
static const uint32_t groups[2][2] = {
	{ VMR_PCI_BDF(0, 2, 0), VMR_PCI_BDF(0, 6, 0) },
	{ VMR_PCI_BDF(0, 3, 0), VMR_PCI_BDF(0, 5, 0) },
};

static int remove_all(struct comparison *c)
{
	static const unsigned int devices[] = { 2, 3, 5, 6 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(devices); i++)
		if (guest_command(c->vmm, REMOVE, devices[i]))
			return -1;
	return remove_bridges(c->vmm);
}

static int move_round(struct comparison *c, const uint32_t *late)
{
	struct vmr_pci_function *fns[2];
	unsigned int i;
	int err = remove_all(c);

	for (i = 0; !err && i < 2; i++) {
		fns[i] = vmr_pci_find_function(&c->vmm->manager, late[i]);
		err = fns[i] ? function_unplug(c->vmm, fns[i]) : -ENOENT;
	}
	if (!err)
		err = guest_command(c->vmm, "write /sys/bus/pci/rescan 1");
	for (i = 0; !err && i < 2; i++) {
		err = function_plug(c->vmm, fns[i], late[i]);
		c->plugs++;
	}
	if (!err)
		err = guest_command(c->vmm, "write /sys/bus/pci/rescan 1");
	return err;
}

static int many_moves(struct comparison *c, unsigned int wanted)
{
	unsigned int round, end = c->moves + wanted, before;

	for (round = 1; c->moves < end; round++) {
		before = c->moves;
		if (move_round(c, groups[round % 2]) ||
		    progress(c, "Linux places all anew", round))
			return -1;
		if (round > 2 && c->moves == before) {
			vmm_err("nothing moves");
			return -1;
		}
	}
	return 0;
}

static int many_reboots(struct comparison *c, unsigned int wanted)
{
	unsigned int round;

	for (round = 1; round <= wanted; round++) {
		c->quiet = round % 10;
		if (guest_reboot(c))
			return -1;
	}
	c->quiet = false;
	return 0;
}

int long_steps(struct comparison *c)
{
	const struct kernel *kernel = c->vmm->kernel;

	/*
	 * Moves come first: where Linux has given up a window of a port in use, a later
	 * rescan assigns it without a write of its registers.
	 */
	return many_moves(c, kernel->moves) || many_plugs(c, kernel->plugs) ||
	       many_reboots(c, kernel->reboots);
}

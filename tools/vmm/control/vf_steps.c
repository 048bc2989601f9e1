// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * vf_steps.c - a Linux guest enables virtual functions, resizes a BAR, and resets
 */
#include <linux/pci_regs.h>
#include <stdlib.h>

#include "control.h"

#define PF		"/sys/bus/pci/devices/0000:%02x:00.0"
#define DRIVER		"/sys/bus/pci/drivers/pci-pf-stub"
#define TWO_MIB		"1"	/* as the exponent of a number of MiB */
#define FOUR_MIB	"2"
#define ONE_MIB		"0"

static unsigned int pf_bus(struct vmm *vmm)
{
	return vmr_pci_function_address(&vmm->q35.vfcard.fn) >> 8 & 0xff;
}

static int write_pf(struct comparison *c, const char *file, const char *value)
{
	return guest_command(c->vmm, "write " PF "/%s %s", pf_bus(c->vmm), file,
			     value);
}

static uint32_t nr_enabled(struct comparison *c)
{
	uint32_t nr;

	c->vmm->pci_lock.lock(&c->vmm->pci_lock);
	nr = vmr_pci_sriov_nr_enabled(&c->vmm->q35.vfcard.sriov);
	c->vmm->pci_lock.unlock(&c->vmm->pci_lock);
	return nr;
}

static int drive(struct comparison *c, const char *how)
{
	return guest_command(c->vmm, "write " DRIVER "/%s 0000:%02x:00.0", how,
			     pf_bus(c->vmm));
}

static int number_is(struct comparison *c, uint32_t wanted)
{
	uint32_t nr = nr_enabled(c);

	if (nr == wanted)
		return 0;
	vmm_err("there are %u virtual functions, and not %u", nr, wanted);
	return -1;
}

/* All of them, none, some, and none */
static int virtual_functions(struct comparison *c)
{
	if (guest_command(c->vmm, "write " DRIVER "/new_id %x %x",
			  IRQDEV_VENDOR, Q35_VFCARD_DEVICE) ||
	    write_pf(c, "sriov_numvfs", "8") || number_is(c, IRQDEV_NR_VFS) ||
	    guest_compare(c, "eight virtual functions are there") ||
	    write_pf(c, "sriov_numvfs", "0") || number_is(c, 0) ||
	    guest_compare(c, "they are gone") ||
	    write_pf(c, "sriov_numvfs", "3") || number_is(c, 3) ||
	    guest_compare(c, "three virtual functions are there") ||
	    write_pf(c, "sriov_numvfs", "0"))
		return -1;
	return drive(c, "unbind");
}

static int resize(struct comparison *c, const char *exponent, uint64_t size)
{
	struct vmr_region *region = &c->vmm->q35.vfcard.fn.bars[0].region;

	if (write_pf(c, "resource0_resize", exponent) ||
	    guest_compare(c, "a BAR has another size"))
		return -1;
	if (region->size == size)
		return 0;
	vmm_err("the BAR has %#" PRIx64 " bytes, and not %#" PRIx64,
		region->size, size);
	return -1;
}

/* A BAR of another size than after a reset, and some virtual functions */
int vfs_before_snapshot(struct comparison *c)
{
	if (resize(c, TWO_MIB, 2 * MIB) || drive(c, "bind") ||
	    write_pf(c, "sriov_numvfs", "3"))
		return -1;
	return number_is(c, 3);
}

int vfs_after_restore(struct comparison *c)
{
	if (!nr_enabled(c))	/* the guest has no driver for them */
		return 0;
	if (number_is(c, 3) || write_pf(c, "sriov_numvfs", "0") ||
	    number_is(c, 0) || drive(c, "unbind"))
		return -1;
	return resize(c, FOUR_MIB, 4 * MIB) || resize(c, ONE_MIB, MIB);
}

int vf_steps(struct comparison *c)
{
	if (virtual_functions(c) || resize(c, FOUR_MIB, 4 * MIB) ||
	    resize(c, TWO_MIB, 2 * MIB) || write_pf(c, "reset", "1") ||
	    guest_compare(c, "a function was reset"))
		return -1;
	return resize(c, ONE_MIB, MIB);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * firmware.c - what the firmware of a machine that boots a kernel reads about it
 *
 * The firmware assigns the PCI functions and places the ECAM. So the ACPI tables, which
 * have the addresses, are made when the firmware asks for them. They are in memory that
 * the memory map reserves; the firmware copies the first table to where a kernel looks
 * for it.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "../../vmm.h"

#define RSDP_FILE	"etc/acpi/rsdp"

/* A command of the loader: allocate memory for a file, and read the file into it */
#define ALLOCATE	1
#define ZONE_LOW	2	/* in front of 1 MiB, where a kernel looks */

static void tables_fail(struct vmm *vmm, const char *why)
{
	vmm_err("tables: %s", why);
	vcpus_end(vmm, GUEST_CRASHED);
}

/* The firmware is to read the first table: now all have their addresses. */
static void make_tables(struct vmm *vmm)
{
	struct firmware_boot *boot = &vmm->firmware_boot;
	struct kernel_start start = { .entry = 0 };
	size_t size = 0;
	void *tables;

	vmm->pci_lock.lock(&vmm->pci_lock);
	tables = tables_make(vmm, &start, &size);
	vmm->pci_lock.unlock(&vmm->pci_lock);
	if (!tables)
		tables_fail(vmm, "the firmware has not placed what they name");
	else if (ram_load(vmm, start.tables, tables, size))
		tables_fail(vmm, "there is no memory for them");
	else
		memcpy(boot->rsdp, tables, sizeof(boot->rsdp));
	free(tables);
}

/* The firmware is done, and loads the kernel. */
static void note_assigned(struct vmm *vmm)
{
	vmm->pci_lock.lock(&vmm->pci_lock);
	machine_note_assigned(vmm);
	vmm->pci_lock.unlock(&vmm->pci_lock);
}

static void make_loader(uint8_t loader[128])
{
	uint32_t command = htole32(ALLOCATE), align = htole32(16);

	memset(loader, 0, 128);
	memcpy(loader, &command, sizeof(command));
	memcpy(loader + 4, RSDP_FILE, sizeof(RSDP_FILE));
	memcpy(loader + 60, &align, sizeof(align));
	loader[64] = ZONE_LOW;
}

/* Have the firmware in memory, and all that it reads. No processor runs. */
int firmware_begin(struct vmm *vmm)
{
	struct firmware_boot *boot = &vmm->firmware_boot;
	struct fw_cfg *cfg = &vmm->fw_cfg;
	size_t size;

	vmm->nr_assigned = 0;
	ram_shadow_firmware(vmm);
	size = e820_entries(vmm, boot->memory, sizeof(boot->memory));
	if (!size)
		return -1;
	fw_cfg_begin(vmm, boot->memory, size);
	fw_cfg_file(cfg, "etc/boot-cpus", cfg->cpus, sizeof(cfg->cpus));
	make_loader(boot->loader);
	fw_cfg_file(cfg, RSDP_FILE, boot->rsdp, sizeof(boot->rsdp))->prepare =
		make_tables;
	fw_cfg_file(cfg, "etc/table-loader", boot->loader,
		    sizeof(boot->loader));
	return kernel_offer(vmm, note_assigned);
}

/*
 * The items are those of a snapshot. Return false unless they have what this program
 * changes while the firmware runs.
 */
bool firmware_restored(struct vmm *vmm)
{
	struct firmware_boot *boot = &vmm->firmware_boot;
	struct fw_cfg_item *rsdp = fw_cfg_find_file(&vmm->fw_cfg, RSDP_FILE);
	struct fw_cfg_item *setup = fw_cfg_find(&vmm->fw_cfg, KEY_SETUP);

	if (!rsdp || rsdp->size != sizeof(boot->rsdp) || !setup)
		return false;
	memcpy(boot->rsdp, rsdp->data, sizeof(boot->rsdp));
	rsdp->data = boot->rsdp;
	rsdp->prepare = make_tables;
	setup->prepare = note_assigned;
	return true;
}

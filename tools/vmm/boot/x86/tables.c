// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * tables.c - what the guest reads about its machine: E820 and ACPI
 *
 * All addresses come from the spaces that route the guest's exits. The only one here
 * is the one at which a guest searches the tables.
 */
#include <stdlib.h>
#include <string.h>

#include "../../vmm.h"

#define TABLES_ADDRESS	0xe0000

/* Firmware needs that memory itself: the tables are in a part at the end of the RAM. */
static uint64_t tables_address(const struct vmm *vmm)
{
	return vmm->config.firmware_size ? vmm->config.ram_low - TABLES_RAM :
					   TABLES_ADDRESS;
}

/* The RAM that has the tables is not for the guest's own use, nor is the firmware. */
uint32_t e820_type(const struct vmr_e820 *e820,
		   const struct vmr_region *region, uint32_t type)
{
	const struct vmm *vmm = container_of(e820->manager, struct vmm, manager);
	uint64_t tables = tables_address(vmm);

	if (region->range.start <= tables && region->range.last >= tables)
		return VMR_E820_RESERVED;
	if (region->device == &vmm->ram.dev &&
	    vmm->ram.banks[region->index].kvm.readonly)
		return VMR_E820_RESERVED;
	return type;
}

void *tables_make(struct vmm *vmm, struct kernel_start *start, size_t *size)
{
	const struct vmr_acpi_host host = {
		.name		= "PCI0",
		.last_bus	= EXPRESS_LAST_BUS,
		.ecam		= &vmm->ecam.region,
		.config_ports	= &vmm->pci_host.ports,
		.gsi = {
			vmr_id_value(&vmm->pci_lines[0].range),
			vmr_id_value(&vmm->pci_lines[1].range),
			vmr_id_value(&vmm->pci_lines[2].range),
			vmr_id_value(&vmm->pci_lines[3].range),
		},
		.osc_control	= VMR_ACPI_OSC_HOTPLUG | VMR_ACPI_OSC_PME |
				  VMR_ACPI_OSC_AER | VMR_ACPI_OSC_CAPABILITY,
	};
	const struct vmr_acpi_device devices[] = {
		{ "COM1", "PNP0501", &vmm->serial.platform.dev },
		{ "RTC0", "PNP0B00", &vmm->cmos.platform.dev },
	};
	const struct vmr_acpi acpi = {
		.manager	= &vmm->manager,
		.oem_id		= "VMR   ",
		.oem_table_id	= "VMM     ",
		.nr_cpus	= vmm->kernel->nr_cpus,
		.lapic		= vmm_reserved(vmm, "lapic"),
		.ioapic		= vmm_reserved(vmm, "ioapic"),
		.sci		= vmr_id_value(&vmm->acpi_pm.platform.irq),
		.pm_event	= &vmm->acpi_pm.platform.regions[0],
		.pm_control	= &vmm->acpi_pm.platform.regions[1],
		.hosts		= &host,
		.nr_hosts	= 1,
		.devices	= devices,
		.nr_devices	= ARRAY_SIZE(devices),
	};
	void *buf;
	int err;

	start->tables = tables_address(vmm);
	err = vmr_acpi_encode(&acpi, start->tables, NULL, 0, size);
	buf = err ? NULL : malloc(*size);
	if (buf)
		err = vmr_acpi_encode(&acpi, start->tables, buf, *size, size);
	if (!err && buf)
		return buf;
	vmm_err("ACPI tables: %s", err ? vmr_strerror(err) : "no memory");
	free(buf);
	return NULL;
}

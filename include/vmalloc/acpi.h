/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * acpi.h - the ACPI tables of a machine
 */
#ifndef VMALLOC_ACPI_H
#define VMALLOC_ACPI_H

#include <vmalloc/describe.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * DOC: Overview
 *
 * The encoder writes the ACPI tables of a PC into a buffer of the caller: RSDP,
 * XSDT, FADT, FACS, MADT, MCFG and DSDT (Advanced Configuration and Power Interface
 * Specification 5.0). All addresses come from the spaces of the machine, see
 * describe.h: the caller names regions, devices and pools, and no addresses.
 *
 * The DSDT has the host bridges, with their windows and interrupt routes, and the
 * devices at fixed addresses. A guest with Linux uses its own drivers for hot-plug
 * if @osc_control of the host bridge permits it.
 *
 * The caller provides all memory. The library allocates none.
 *
 * All calls are update-side calls, and the caller serialises them. An encoding
 * takes two passes over the machine, the first to get the size.
 */

/* Bits of @osc_control: what the guest controls by drivers of its own */
#define VMR_ACPI_OSC_HOTPLUG	0x01u	/* native hot-plug of PCI Express */
#define VMR_ACPI_OSC_SHPC	0x02u
#define VMR_ACPI_OSC_PME	0x04u
#define VMR_ACPI_OSC_AER	0x08u
#define VMR_ACPI_OSC_CAPABILITY	0x10u	/* the Express capability */

/**
 * struct vmr_acpi_host - a host bridge
 * @name: four capital letters or digits, such as "PCI0"
 * @segment: segment, 0 to 65535
 * @first_bus: its first bus
 * @last_bus: its last bus
 * @ecam: the region with its configuration space, from @first_bus; NULL without one
 * @config_ports: the region with the ports 0xcf8 to 0xcff; NULL without them
 * @pools: bit n is set if pool n of the system has addresses for its windows. 0 for
 *	all pools of ports and addresses that are not the platform's
 * @gsi: the interrupt inputs. INTA# of device n is gsi[n % 4], INTB# is the next
 * @osc_control: what the guest may control, VMR_ACPI_OSC_HOTPLUG and others; 0 for
 *	a host bridge without PCI Express
 */
struct vmr_acpi_host {
	const char			*name;
	uint16_t			segment;
	uint8_t				first_bus;
	uint8_t				last_bus;
	const struct vmr_region		*ecam;
	const struct vmr_region		*config_ports;
	uint32_t			pools;
	uint32_t			gsi[4];
	uint32_t			osc_control;
};

/**
 * struct vmr_acpi_device - a device at fixed addresses
 * @name: four capital letters or digits, such as "COM1"
 * @hid: its id, such as "PNP0501"
 * @device: the device; its ports, addresses and interrupt lines are described
 */
struct vmr_acpi_device {
	const char			*name;
	const char			*hid;
	const struct vmr_device		*device;
};

/**
 * struct vmr_acpi - what the tables describe
 * @manager: the manager of the machine
 * @oem_id: six characters
 * @oem_table_id: eight characters
 * @nr_cpus: number of processors, 1 to 255; processor n has the APIC id n
 * @lapic: the region of the local APICs
 * @ioapic: the region of the I/O APIC
 * @sci: interrupt line of ACPI events
 * @pm_event: the region of the PM1 event registers, 4 ports; NULL without them
 * @pm_control: the region of the PM1 control register, 2 ports; NULL without it.
 *	With it, the guest switches the machine off by state 5
 * @pm_timer: the region of the power management timer, 4 ports; NULL without it
 * @reset: the region whose first port resets the machine; NULL without it
 * @reset_value: the byte that does
 * @hosts: the host bridges
 * @nr_hosts: number of host bridges
 * @devices: the devices at fixed addresses
 * @nr_devices: number of devices
 */
struct vmr_acpi {
	const struct vmr_manager	*manager;
	const char			*oem_id;
	const char			*oem_table_id;
	uint32_t			nr_cpus;
	const struct vmr_region		*lapic;
	const struct vmr_region		*ioapic;
	uint32_t			sci;
	const struct vmr_region		*pm_event;
	const struct vmr_region		*pm_control;
	const struct vmr_region		*pm_timer;
	const struct vmr_region		*reset;
	uint8_t				reset_value;
	const struct vmr_acpi_host	*hosts;
	size_t				nr_hosts;
	const struct vmr_acpi_device	*devices;
	size_t				nr_devices;
};

/**
 * vmr_acpi_encode - write the ACPI tables of a machine
 * @acpi: the machine
 * @base: guest physical address of the tables, a multiple of 64. A guest without
 *	firmware searches the RSDP from 0xe0000 to 0xfffff
 * @buf: receives the tables, the RSDP first; NULL to get the size
 * @size: bytes of @buf, 0 if it is NULL
 * @used: receives the bytes of all tables
 *
 * Return: 0, or
 *  - -EINVAL: @acpi or @used is NULL. A member that the description does not allow
 *    to be NULL is NULL. An array with entries is NULL. @base is not aligned. The
 *    number of processors is invalid;
 *  - -ENOENT: a region of the tables is not live, or a device not registered;
 *  - -ERANGE: the tables would end above 4 GiB, where the FADT cannot name the FACS
 *    (section 5.2.9);
 *  - -ENOSPC: @buf is not NULL and too small.
 */
int vmr_acpi_encode(const struct vmr_acpi *acpi, uint64_t base, void *buf,
		    size_t size, size_t *used);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_ACPI_H */

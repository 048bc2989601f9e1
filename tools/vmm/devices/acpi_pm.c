// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * acpi_pm.c - the fixed registers of ACPI: events, of which there are none, and the
 * register with which the guest switches the machine off
 */
#include "../vmm.h"

enum {
	EVENT_REGION,
	CONTROL_REGION,
};

#define EVENT_STATUS_SIZE	2	/* written ones clear; then come the enables */
#define CONTROL_SCI		0x01	/* ACPI is on, and no call switches it off */
#define CONTROL_SLEEP		0x20	/* in the second byte, with the type of sleep */
#define SLEEP_TYPE(value)	((value) >> 2 & 7)
#define SLEEP_OFF		5

static uint8_t acpi_pm_read(struct platform *p, uint32_t region,
			    uint32_t offset)
{
	struct acpi_pm *pm = container_of(p, struct acpi_pm, platform);

	if (region == EVENT_REGION)
		return pm->event[offset];
	return pm->control[offset] | (offset ? 0 : CONTROL_SCI);
}

static void acpi_pm_write(struct platform *p, uint32_t region, uint32_t offset,
			  uint8_t value)
{
	struct acpi_pm *pm = container_of(p, struct acpi_pm, platform);

	if (region == EVENT_REGION) {
		if (offset >= EVENT_STATUS_SIZE)
			pm->event[offset] = value;
		return;
	}
	pm->control[offset] = value & (uint8_t)~(offset ? CONTROL_SLEEP : 0);
	if (offset && value & CONTROL_SLEEP && SLEEP_TYPE(value) == SLEEP_OFF)
		vcpus_end(p->vmm, GUEST_OFF);
}

int acpi_pm_register(struct vmm *vmm)
{
	struct platform *p = &vmm->acpi_pm.platform;

	platform_init(p, vmm, "ACPI");
	p->read8 = acpi_pm_read;
	p->write8 = acpi_pm_write;
	if (platform_region(p, VMR_PIO, 0x600, 4, "PM1 events") ||
	    platform_region(p, VMR_PIO, 0x604, 2, "PM1 control"))
		return -1;
	platform_irq(p, 9);
	return platform_register(p);
}

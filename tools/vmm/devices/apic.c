// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * apic.c - the windows of the local APIC and of the I/O APIC
 *
 * Firmware enables the first and sends start-up messages that no further CPU
 * hears. There is no interrupt to deliver.
 */
#include <string.h>

#include "../vmm.h"

#define APIC_BASE	0xfee00000
#define APIC_VERSION	0x30
#define APIC_ICR	0x300
#define ICR_PENDING	0x10	/* in its second byte */

#define IOAPIC_BASE	0xfec00000
#define IOAPIC_INDEX	0x00
#define IOAPIC_DATA	0x10

static uint8_t apic_read(struct platform *p, uint32_t region, uint32_t offset)
{
	struct apic *apic = container_of(p, struct apic, platform);

	(void)region;
	if (offset == APIC_ICR + 1)	/* every message has arrived */
		return apic->regs[offset] & (uint8_t)~ICR_PENDING;
	return apic->regs[offset];
}

static void apic_write(struct platform *p, uint32_t region, uint32_t offset,
		       uint8_t value)
{
	struct apic *apic = container_of(p, struct apic, platform);

	(void)region;
	if (offset / 4 != APIC_VERSION / 4)
		apic->regs[offset] = value;
}

static uint8_t ioapic_read(struct platform *p, uint32_t region,
			   uint32_t offset)
{
	struct ioapic *ioapic = container_of(p, struct ioapic, platform);

	(void)region;
	if (offset == IOAPIC_INDEX)
		return ioapic->index;
	if (offset / 4 != IOAPIC_DATA / 4)
		return 0;
	return ioapic->regs[ioapic->index % 64][offset % 4];
}

static void ioapic_write(struct platform *p, uint32_t region, uint32_t offset,
			 uint8_t value)
{
	struct ioapic *ioapic = container_of(p, struct ioapic, platform);

	(void)region;
	if (offset == IOAPIC_INDEX)
		ioapic->index = value;
	else if (offset / 4 == IOAPIC_DATA / 4 && ioapic->index != 1)
		ioapic->regs[ioapic->index % 64][offset % 4] = value;
}

/* The guest cannot write the version, which says how many entries there are. */
bool apic_check(const struct vmr_snapshot_block *block,
		const uint8_t *saved, const struct vmr_restore_ctx *ctx)
{
	const struct apic *apic = container_of(block->bytes, struct apic, regs);

	(void)ctx;
	return !memcmp(saved + APIC_VERSION, apic->regs + APIC_VERSION, 4);
}

int apic_register(struct vmm *vmm)
{
	struct platform *p = &vmm->apic.platform;

	vmm->apic.regs[APIC_VERSION] = 0x14;
	vmm->apic.regs[APIC_VERSION + 2] = 5;	/* entries of the LVT, less 1 */
	platform_init(p, vmm, "local APIC");
	p->read8 = apic_read;
	p->write8 = apic_write;
	if (platform_region(p, VMR_MMIO, APIC_BASE, 4 * KIB, NULL) ||
	    platform_register(p))
		return -1;

	p = &vmm->ioapic.platform;
	vmm->ioapic.regs[1][0] = 0x20;		/* version */
	vmm->ioapic.regs[1][2] = 23;		/* inputs, less 1 */
	platform_init(p, vmm, "I/O APIC");
	p->read8 = ioapic_read;
	p->write8 = ioapic_write;
	if (platform_region(p, VMR_MMIO, IOAPIC_BASE, 4 * KIB, NULL))
		return -1;
	return platform_register(p);
}

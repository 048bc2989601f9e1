// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * cmos.c - MC146818 clock and its battery-backed RAM, ports 0x70 and 0x71
 *
 * The date on which a machine is switched on is always the same, so that a
 * replay reads what was recorded.
 */
#include "../vmm.h"

enum {
	CMOS_SECONDS	= 0x00,
	CMOS_MINUTES	= 0x02,
	CMOS_HOURS	= 0x04,
	CMOS_WEEKDAY	= 0x06,
	CMOS_DAY	= 0x07,
	CMOS_MONTH	= 0x08,
	CMOS_YEAR	= 0x09,
	CMOS_A		= 0x0a,
	CMOS_B		= 0x0b,
	CMOS_C		= 0x0c,
	CMOS_D		= 0x0d,
	CMOS_BASE_KB	= 0x15,		/* two bytes */
	CMOS_CENTURY	= 0x32,
	CMOS_EXT_64KB	= 0x34,		/* above 16 MiB, two bytes */
	CMOS_HIGH_64KB	= 0x5b,		/* above 4 GiB, three bytes */
};

#define CMOS_A_32KHZ	0x26	/* the oscillator runs, no update going on */
#define CMOS_B_24H	0x02	/* and decimal */
#define CMOS_D_VALID	0x80

static uint8_t bcd(uint64_t value)
{
	return (uint8_t)(value / 10 << 4 | value % 10);
}

/* 1 January 2026 was a Thursday. No run lasts until February. */
static uint8_t cmos_value(struct cmos *cmos)
{
	uint64_t seconds = vmm_ticks(cmos->platform.vmm, 1);
	uint64_t days = seconds / 86400;

	switch (cmos->index) {
	case CMOS_SECONDS:
		return bcd(seconds % 60);
	case CMOS_MINUTES:
		return bcd(seconds / 60 % 60);
	case CMOS_HOURS:
		return bcd(seconds / 3600 % 24);
	case CMOS_WEEKDAY:
		return bcd((4 + days) % 7 + 1);
	case CMOS_DAY:
		return bcd(days % 31 + 1);
	case CMOS_MONTH:
		return bcd(1);
	case CMOS_YEAR:
		return bcd(26);
	case CMOS_CENTURY:
		return bcd(20);
	default:
		return cmos->regs[cmos->index];
	}
}

static uint8_t cmos_read(struct platform *p, uint32_t region, uint32_t offset)
{
	(void)region;
	if (offset == 0)
		return 0xff;
	return cmos_value(container_of(p, struct cmos, platform));
}

static void cmos_write(struct platform *p, uint32_t region, uint32_t offset,
		       uint8_t value)
{
	struct cmos *cmos = container_of(p, struct cmos, platform);

	(void)region;
	if (offset == 0)
		cmos->index = value & 0x7f;	/* bit 7 masks the NMI */
	else if (cmos->index != CMOS_C && cmos->index != CMOS_D)
		cmos->regs[cmos->index] = value;
}

static void cmos_size(struct cmos *cmos, unsigned int reg, unsigned int bytes,
		      uint64_t value)
{
	while (bytes--) {
		cmos->regs[reg++] = (uint8_t)value;
		value >>= 8;
	}
}

bool cmos_check(const struct vmr_snapshot_block *block,
		const uint8_t *saved, const struct vmr_restore_ctx *ctx)
{
	struct cmos state;

	(void)block;
	(void)ctx;
	platform_load(&state, sizeof(state), saved);
	return state.index < ARRAY_SIZE(state.regs);
}

int cmos_register(struct vmm *vmm)
{
	const struct vmm_config *config = &vmm->config;
	struct cmos *cmos = &vmm->cmos;
	struct platform *p = &cmos->platform;

	cmos->regs[CMOS_A] = CMOS_A_32KHZ;
	cmos->regs[CMOS_B] = CMOS_B_24H;
	cmos->regs[CMOS_D] = CMOS_D_VALID;
	cmos_size(cmos, CMOS_BASE_KB, 2, 640);
	if (config->ram_low > 16 * MIB)
		cmos_size(cmos, CMOS_EXT_64KB, 2,
			  (config->ram_low - 16 * MIB) / (64 * KIB));
	cmos_size(cmos, CMOS_HIGH_64KB, 3, config->ram_high / (64 * KIB));

	platform_init(p, vmm, "cmos");
	p->read8 = cmos_read;
	p->write8 = cmos_write;
	if (platform_region(p, VMR_PIO, 0x70, 2, "clock and settings"))
		return -1;
	platform_irq(p, 8);
	return platform_register(p);
}

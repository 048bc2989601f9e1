// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * scratch_regs.c - ports that firmware sets up and never looks at again
 *
 * They read back what was written. That is all that is asked of a DMA
 * controller without a floppy drive, say.
 */
#include "../vmm.h"

static uint8_t scratch_read(struct platform *p, uint32_t region,
			    uint32_t offset)
{
	(void)region;
	return container_of(p, struct scratch_regs, platform)->regs[offset];
}

static void scratch_write(struct platform *p, uint32_t region, uint32_t offset,
			  uint8_t value)
{
	(void)region;
	container_of(p, struct scratch_regs, platform)->regs[offset] = value;
}

int scratch_regs_register(struct vmm *vmm)
{
	static const struct {
		uint16_t	start;
		uint16_t	size;
		const char	*name;
	} scratch_regs[NR_SCRATCH_REGS] = {
		{ 0x00, 0x10, "dma1" },
		{ 0x80, 0x10, "dma pages and POST code" },
		{ 0x92, 0x01, "A20 gate" },
		{ 0xb2, 0x02, "apm" },
		{ 0xc0, 0x20, "dma2" },
		{ 0xf0, 0x02, "coprocessor" },
		{ 0x4d0, 0x02, "interrupt trigger modes" },
	};
	struct platform *p;
	unsigned int i;
	int err;

	/* The A20 gate is open: KVM has no other. */
	vmm->scratch_regs[2].regs[0] = 0x02;
	for (i = 0; i < NR_SCRATCH_REGS; i++) {
		p = &vmm->scratch_regs[i].platform;
		platform_init(p, vmm, scratch_regs[i].name);
		p->read8 = scratch_read;
		p->write8 = scratch_write;
		err = platform_region(p, VMR_PIO, scratch_regs[i].start,
				      scratch_regs[i].size, NULL);
		if (!err)
			err = platform_register(p);
		if (err)
			return err;
	}
	return 0;
}

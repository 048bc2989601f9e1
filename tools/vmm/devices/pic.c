// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * pic.c - the two i8259 interrupt controllers, as far as firmware sets them up
 *
 * No interrupt is ever pending, so only the mask is stored.
 */
#include "../vmm.h"

#define OCW_ICW1	0x10	/* this is no command but the start of a set-up */
#define ICW1_ICW4	0x01	/* ICW4 follows */
#define ICW1_SINGLE	0x02	/* no ICW3 follows */

static uint8_t pic_read(struct platform *p, uint32_t region, uint32_t offset)
{
	struct pic *pic = container_of(p, struct pic, platform);

	return offset ? pic->imr[region] : 0;
}

static void pic_write(struct platform *p, uint32_t region, uint32_t offset,
		      uint8_t value)
{
	struct pic *pic = container_of(p, struct pic, platform);
	uint8_t *next = &pic->icw[region];

	if (!offset) {
		if (value & OCW_ICW1) {
			/* The number of initialisation words that follow */
			*next = 1 + !(value & ICW1_SINGLE) +
				!!(value & ICW1_ICW4);
			pic->imr[region] = 0;
		}
	} else if (*next) {
		--*next;
	} else {
		pic->imr[region] = value;
	}
}

/* At most ICW2 to ICW4 follow the first word */
bool pic_check(const struct vmr_snapshot_block *block,
	       const uint8_t *saved, const struct vmr_restore_ctx *ctx)
{
	struct pic state;

	(void)block;
	(void)ctx;
	platform_load(&state, sizeof(state), saved);
	return state.icw[0] <= 3 && state.icw[1] <= 3;
}

int pic_register(struct vmm *vmm)
{
	struct platform *p = &vmm->pic.platform;

	platform_init(p, vmm, "pic");
	p->read8 = pic_read;
	p->write8 = pic_write;
	if (platform_region(p, VMR_PIO, 0x20, 2, "first controller") ||
	    platform_region(p, VMR_PIO, 0xa0, 2, "second controller"))
		return -1;
	platform_irq(p, 2);
	return platform_register(p);
}

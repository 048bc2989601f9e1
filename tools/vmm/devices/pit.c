// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * pit.c - i8254 interval timer, ports 0x40 to 0x43, and its gate at 0x61
 *
 * Counters run with the exits of the guest. They raise no interrupt: firmware
 * that gets as far as waiting for one has nothing left to do here.
 */
#include "../vmm.h"

#define PIT_HZ		1193182
#define GATE_ENABLE	0x01
#define GATE_WRITABLE	0x0f
#define GATE_REFRESH	0x10
#define GATE_OUTPUT	0x20

enum {
	PIT_REGION,
	GATE_REGION,
};

static uint64_t pit_elapsed(struct pit *pit, struct pit_channel *ch)
{
	return vmm_ticks(pit->platform.vmm, PIT_HZ) - ch->start;
}

static uint16_t pit_count(struct pit *pit, struct pit_channel *ch)
{
	uint64_t elapsed = pit_elapsed(pit, ch);
	uint32_t period = ch->reload ? ch->reload : 0x10000;

	switch (ch->mode) {
	case 2:
		return (uint16_t)(period - elapsed % period);
	case 3:
		return (uint16_t)(period - 2 * elapsed % period);
	default:
		return (uint16_t)(period - elapsed);
	}
}

static bool pit_output(struct pit *pit, struct pit_channel *ch)
{
	uint64_t elapsed = pit_elapsed(pit, ch);
	uint32_t period = ch->reload ? ch->reload : 0x10000;

	switch (ch->mode) {
	case 2:
		return elapsed % period != period - 1;
	case 3:
		return elapsed % period < period / 2;
	default:
		return elapsed >= period;
	}
}

static uint8_t pit_read_channel(struct pit *pit, struct pit_channel *ch)
{
	uint16_t count = ch->latched ? ch->latch : pit_count(pit, ch);
	bool high = ch->access == 2 || (ch->access == 3 && ch->read_second);

	if (ch->access == 3)
		ch->read_second = !ch->read_second;
	if (ch->access != 3 || !ch->read_second)
		ch->latched = false;
	return (uint8_t)(high ? count >> 8 : count);
}

static void pit_write_channel(struct pit *pit, struct pit_channel *ch,
			      uint8_t value)
{
	if (ch->access == 1)
		ch->reload = value;
	else if (ch->access == 2)
		ch->reload = (uint32_t)value << 8;
	else if (!ch->second)
		ch->reload = (ch->reload & 0xff00) | value;
	else
		ch->reload = (ch->reload & 0xff) | (uint32_t)value << 8;
	if (ch->access == 3)
		ch->second = !ch->second;
	ch->start = vmm_ticks(pit->platform.vmm, PIT_HZ);
}

static void pit_control(struct pit *pit, uint8_t value)
{
	struct pit_channel *ch;
	uint8_t access = value >> 4 & 3;

	if (value >> 6 == 3)	/* read-back, which PC firmware does not use */
		return;
	ch = &pit->channels[value >> 6];
	if (!access) {
		ch->latch = pit_count(pit, ch);
		ch->latched = true;
		return;
	}
	ch->access = access;
	ch->mode = value >> 1 & 7;
	if (ch->mode > 5)	/* bit 2 is ignored in modes 2 and 3 */
		ch->mode &= 3;
	ch->second = false;
	ch->read_second = false;
	ch->latched = false;
	ch->start = vmm_ticks(pit->platform.vmm, PIT_HZ);
}

static uint8_t pit_read(struct platform *p, uint32_t region, uint32_t offset)
{
	struct pit *pit = container_of(p, struct pit, platform);

	if (region == GATE_REGION) {
		pit->refresh ^= GATE_REFRESH;
		return pit->gate | pit->refresh |
		       (pit_output(pit, &pit->channels[2]) ? GATE_OUTPUT : 0);
	}
	if (offset == 3)
		return 0xff;
	return pit_read_channel(pit, &pit->channels[offset]);
}

static void pit_write(struct platform *p, uint32_t region, uint32_t offset,
		      uint8_t value)
{
	struct pit *pit = container_of(p, struct pit, platform);

	if (region == GATE_REGION) {
		/* A rising gate starts the count anew. */
		if (value & ~pit->gate & GATE_ENABLE)
			pit->channels[2].start =
				vmm_ticks(p->vmm, PIT_HZ);
		pit->gate = value & GATE_WRITABLE;
	} else if (offset == 3) {
		pit_control(pit, value);
	} else {
		pit_write_channel(pit, &pit->channels[offset], value);
	}
}

static bool channel_valid(const struct pit_channel *ch)
{
	return ch->reload <= 0xffff && ch->mode <= 5 && ch->access >= 1 &&
	       ch->access <= 3 && is_bool(&ch->second) &&
	       is_bool(&ch->read_second) && is_bool(&ch->latched);
}

bool pit_check(const struct vmr_snapshot_block *block,
	       const uint8_t *saved, const struct vmr_restore_ctx *ctx)
{
	struct pit state;
	unsigned int i;

	(void)block;
	(void)ctx;
	platform_load(&state, sizeof(state), saved);
	for (i = 0; i < ARRAY_SIZE(state.channels); i++)
		if (!channel_valid(&state.channels[i]))
			return false;
	return !(state.gate & ~GATE_WRITABLE) &&
	       !(state.refresh & ~GATE_REFRESH);
}

int pit_register(struct vmm *vmm)
{
	struct platform *p = &vmm->pit.platform;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vmm->pit.channels); i++)
		vmm->pit.channels[i].access = 3;
	platform_init(p, vmm, "pit");
	p->read8 = pit_read;
	p->write8 = pit_write;
	if (platform_region(p, VMR_PIO, 0x40, 4, "timer") ||
	    platform_region(p, VMR_PIO, 0x61, 1, "timer gate"))
		return -1;
	platform_irq(p, 0);
	return platform_register(p);
}

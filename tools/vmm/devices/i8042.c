// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * i8042.c - keyboard controller, ports 0x60 and 0x64, with a keyboard that sends no
 * keys, and no mouse
 */
#include "../vmm.h"

enum {
	DATA_REGION,
	STATUS_REGION,
};

#define STATUS_OUTPUT_FULL	0x01
#define STATUS_SYSTEM		0x04	/* the self-test was passed */
#define STATUS_UNLOCKED		0x10

#define CTL_READ_CONFIG		0x20
#define CTL_WRITE_CONFIG	0x60
#define CTL_AUX_DISABLE		0xa7
#define CTL_AUX_ENABLE		0xa8
#define CTL_AUX_TEST		0xa9
#define CTL_SELF_TEST		0xaa
#define CTL_KBD_TEST		0xab
#define CTL_KBD_DISABLE		0xad
#define CTL_KBD_ENABLE		0xae
#define CTL_READ_OUTPORT	0xd0
#define CTL_WRITE_OUTPORT	0xd1
#define CTL_WRITE_AUX		0xd4

#define CTL_RESET		0xfe

#define CONFIG_KBD_DISABLE	0x10
#define CONFIG_AUX_DISABLE	0x20
#define OUTPORT_A20		0x03	/* and the reset line at rest */

#define KBD_ACK			0xfa
#define KBD_PASSED		0xaa
#define KBD_SET_LEDS		0xed
#define KBD_SCANCODES		0xf0
#define KBD_IDENTIFY		0xf2
#define KBD_RATE		0xf3
#define KBD_RESET		0xff

static void i8042_push(struct i8042 *kbc, uint8_t value)
{
	if (kbc->head - kbc->tail < ARRAY_SIZE(kbc->queue))
		kbc->queue[kbc->head++ % ARRAY_SIZE(kbc->queue)] = value;
}

static void keyboard(struct i8042 *kbc, uint8_t value)
{
	i8042_push(kbc, KBD_ACK);
	if (kbc->argument) {
		kbc->argument = 0;
		return;
	}
	switch (value) {
	case KBD_SET_LEDS:
	case KBD_SCANCODES:
	case KBD_RATE:
		kbc->argument = value;
		break;
	case KBD_IDENTIFY:
		i8042_push(kbc, 0xab);
		i8042_push(kbc, 0x83);
		break;
	case KBD_RESET:
		i8042_push(kbc, KBD_PASSED);
		break;
	}
}

static void i8042_command(struct i8042 *kbc, uint8_t value)
{
	kbc->command = 0;
	switch (value) {
	case CTL_READ_CONFIG:
		i8042_push(kbc, kbc->config);
		break;
	case CTL_WRITE_CONFIG:
	case CTL_WRITE_OUTPORT:
	case CTL_WRITE_AUX:
		kbc->command = value;
		break;
	case CTL_AUX_DISABLE:
		kbc->config |= CONFIG_AUX_DISABLE;
		break;
	case CTL_AUX_ENABLE:
		kbc->config &= (uint8_t)~CONFIG_AUX_DISABLE;
		break;
	case CTL_SELF_TEST:
		i8042_push(kbc, 0x55);
		break;
	case CTL_AUX_TEST:
	case CTL_KBD_TEST:
		i8042_push(kbc, 0);
		break;
	case CTL_KBD_DISABLE:
		kbc->config |= CONFIG_KBD_DISABLE;
		break;
	case CTL_KBD_ENABLE:
		kbc->config &= (uint8_t)~CONFIG_KBD_DISABLE;
		break;
	case CTL_READ_OUTPORT:
		i8042_push(kbc, kbc->outport);
		break;
	case CTL_RESET:
		vcpus_end(kbc->platform.vmm, GUEST_RESET);
		break;
	}
}

static uint8_t i8042_read(struct platform *p, uint32_t region, uint32_t offset)
{
	struct i8042 *kbc = container_of(p, struct i8042, platform);
	uint8_t value;

	(void)offset;
	if (region == STATUS_REGION) {
		value = STATUS_SYSTEM | STATUS_UNLOCKED;
		if (kbc->head != kbc->tail)
			value |= STATUS_OUTPUT_FULL;
		return value;
	}
	if (kbc->head == kbc->tail)
		return 0;
	return kbc->queue[kbc->tail++ % ARRAY_SIZE(kbc->queue)];
}

static void i8042_write(struct platform *p, uint32_t region, uint32_t offset,
			uint8_t value)
{
	struct i8042 *kbc = container_of(p, struct i8042, platform);
	uint8_t command = kbc->command;

	(void)offset;
	if (region == STATUS_REGION) {
		i8042_command(kbc, value);
		return;
	}
	kbc->command = 0;
	if (command == CTL_WRITE_CONFIG)
		kbc->config = value;
	else if (command == CTL_WRITE_OUTPORT)
		kbc->outport = value;
	else if (command != CTL_WRITE_AUX)
		keyboard(kbc, value);
}

/* The queue has room for as many bytes as it can count, whatever the indexes are */
bool i8042_check(const struct vmr_snapshot_block *block,
		 const uint8_t *saved, const struct vmr_restore_ctx *ctx)
{
	struct i8042 state;

	(void)block;
	(void)ctx;
	platform_load(&state, sizeof(state), saved);
	return state.head - state.tail <= ARRAY_SIZE(state.queue);
}

int i8042_register(struct vmm *vmm)
{
	struct platform *p = &vmm->i8042.platform;

	vmm->i8042.config = CONFIG_AUX_DISABLE;
	vmm->i8042.outport = OUTPORT_A20;
	platform_init(p, vmm, "i8042");
	p->read8 = i8042_read;
	p->write8 = i8042_write;
	if (platform_region(p, VMR_PIO, 0x60, 1, "keyboard data") ||
	    platform_region(p, VMR_PIO, 0x64, 1, "keyboard status"))
		return -1;
	platform_irq(p, 1);
	return platform_register(p);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * serial.c - 16550 at port 0x3f8, output only
 *
 * It never receives. It prints whole lines, which do not cut those of the firmware's
 * log.
 */
#include <string.h>

#include "../vmm.h"

enum {
	SERIAL_DATA,
	SERIAL_IER,
	SERIAL_IIR,
	SERIAL_LCR,
	SERIAL_MCR,
	SERIAL_LSR,
	SERIAL_MSR,
	SERIAL_SCRATCH,
};

#define SERIAL_IRQ	4

#define IER_THRE	0x02
#define IIR_NONE	0x01
#define IIR_THRE	0x02
#define LCR_DLAB	0x80
#define LSR_EMPTY	0x60	/* holding and shift register */
#define MSR_READY	0xb0	/* carrier, data set ready, clear to send */

static void serial_flush(struct serial *serial)
{
	if (serial->length) {
		printf("serial: %.*s\n", (int)serial->length, serial->line);
		fflush(stdout);
	}
	serial->length = 0;
}

static void serial_send(struct serial *serial, uint8_t value)
{
	if (value == '\n' || serial->length == sizeof(serial->line))
		serial_flush(serial);
	if (value != '\n' && value != '\r')
		serial->line[serial->length++] = (char)value;
}

/* The transmitter is always empty: an interrupt follows each byte. */
static void serial_irq(struct serial *serial, bool thre)
{
	serial->thre = thre;
	kvm_irq(serial->platform.vmm, vmr_id_value(&serial->platform.irq),
		thre && serial->regs[SERIAL_IER] & IER_THRE);
}

/* The level of the line is what it was. */
void serial_restored(struct vmm *vmm)
{
	serial_irq(&vmm->serial, vmm->serial.thre);
}

static uint8_t serial_iir(struct serial *serial)
{
	if (!(serial->regs[SERIAL_IER] & IER_THRE))
		return IIR_NONE;
	/* Firmware polls, and finds the transmitter empty each time. */
	if (!serial->platform.vmm->kernel)
		return IIR_THRE;
	if (!serial->thre)
		return IIR_NONE;
	serial_irq(serial, false);
	return IIR_THRE;
}

static uint8_t serial_read(struct platform *p, uint32_t region,
			   uint32_t offset)
{
	struct serial *serial = container_of(p, struct serial, platform);

	(void)region;
	if (offset < 2 && serial->regs[SERIAL_LCR] & LCR_DLAB)
		return serial->divisor[offset];
	switch (offset) {
	case SERIAL_DATA:
		return 0;
	case SERIAL_IIR:
		return serial_iir(serial);
	case SERIAL_LSR:
		return LSR_EMPTY;
	case SERIAL_MSR:
		return MSR_READY;
	default:
		return serial->regs[offset];
	}
}

static void serial_write(struct platform *p, uint32_t region, uint32_t offset,
			 uint8_t value)
{
	struct serial *serial = container_of(p, struct serial, platform);

	(void)region;
	if (offset < 2 && serial->regs[SERIAL_LCR] & LCR_DLAB)
		serial->divisor[offset] = value;
	else
		serial->regs[offset] = offset == SERIAL_IER ? value & 0x0f :
							      value;
	if (serial->regs[SERIAL_LCR] & LCR_DLAB)
		return;
	if (offset == SERIAL_DATA)
		serial_send(serial, value);
	if (offset == SERIAL_DATA || offset == SERIAL_IER)
		serial_irq(serial, true);
}

bool serial_check(const struct vmr_snapshot_block *block,
		  const uint8_t *saved, const struct vmr_restore_ctx *ctx)
{
	struct serial state;

	(void)block;
	(void)ctx;
	platform_load(&state, sizeof(state), saved);
	return state.length <= sizeof(state.line) && is_bool(&state.thre);
}

int serial_register(struct vmm *vmm)
{
	struct platform *p = &vmm->serial.platform;

	platform_init(p, vmm, "serial");
	p->read8 = serial_read;
	p->write8 = serial_write;
	if (platform_port(p, 0x3f8, 8, "16550"))
		return -1;
	platform_line(p, SERIAL_IRQ);
	return platform_register(p);
}

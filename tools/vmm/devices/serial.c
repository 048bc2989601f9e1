// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * serial.c - 8250 at port 0x3f8
 *
 * It prints whole lines, which do not cut those of the firmware's log. With --console it
 * prints each byte at once, and receives what is typed.
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

#define IER_RECEIVED	0x01
#define IER_THRE	0x02
#define IIR_NONE	0x01
#define IIR_THRE	0x02
#define IIR_RECEIVED	0x04
#define LCR_DLAB	0x80
#define LSR_RECEIVED	0x01
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
	const struct kernel *kernel = serial->platform.vmm->kernel;

	if (kernel && kernel->console) {
		putchar(value);
		fflush(stdout);
		return;
	}
	if (value == '\n' || serial->length == sizeof(serial->line))
		serial_flush(serial);
	if (value != '\n' && value != '\r')
		serial->line[serial->length++] = (char)value;
}

/* The transmitter is always empty: an interrupt follows each byte. */
static void serial_irq(struct serial *serial, bool thre)
{
	uint8_t reasons = thre ? IER_THRE : 0;

	if (serial->nr_received)
		reasons |= IER_RECEIVED;
	serial->thre = thre;
	kvm_irq(serial->platform.vmm, vmr_id_value(&serial->platform.irq),
		serial->regs[SERIAL_IER] & reasons);
}

/* A byte comes over the line. Return false if there is no room for it. */
bool serial_receive(struct vmm *vmm, uint8_t byte)
{
	struct serial *serial = &vmm->serial;
	bool room;

	pthread_mutex_lock(&serial->platform.lock);
	room = serial->nr_received < sizeof(serial->received);
	if (room) {
		serial->received[serial->nr_received++] = byte;
		serial_irq(serial, serial->thre);
	}
	pthread_mutex_unlock(&serial->platform.lock);
	return room;
}

static uint8_t serial_take(struct serial *serial)
{
	uint8_t byte = serial->received[0];

	if (!serial->nr_received)
		return 0;
	serial->nr_received--;
	memmove(serial->received, serial->received + 1, serial->nr_received);
	serial_irq(serial, serial->thre);
	return byte;
}

/* The level of the line is what it was. */
void serial_restored(struct vmm *vmm)
{
	serial_irq(&vmm->serial, vmm->serial.thre);
}

static uint8_t serial_iir(struct serial *serial)
{
	if (serial->nr_received && serial->regs[SERIAL_IER] & IER_RECEIVED)
		return IIR_RECEIVED;
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
		return serial_take(serial);
	case SERIAL_IIR:
		return serial_iir(serial);
	case SERIAL_LSR:
		return LSR_EMPTY | (serial->nr_received ? LSR_RECEIVED : 0);
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
	return state.length <= sizeof(state.line) &&
	       state.nr_received <= sizeof(state.received) &&
	       is_bool(&state.thre);
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

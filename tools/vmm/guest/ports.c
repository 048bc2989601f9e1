// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * ports.c - checks of the ports of PCI Express: root ports, a switch, slots
 *
 * The registers are accessed as dwords: a write of zeroes to the status in the upper
 * half clears nothing.
 */
#include "../devices/irqdev_regs.h"
#include "guest.h"

#define PORT_ID		(0x00100000 | IRQDEV_VENDOR)
#define SWITCH_PORT	0x00c0	/* 00:18.0 */
#define EMPTY_PORT	0x00d8	/* 00:1b.0 */

#define CAP_EXPRESS	0x10
#define LINK_CONTROL	0x10
#define LINK_DISABLE	0x10
#define LINK_ACTIVE	0x20000000
#define LINK_STATE	0x03ff0000
#define SLOT_CAP	0x14
#define SLOT_CONTROL	0x18	/* and the status in the upper half */
#define COMMAND_EVENT	0x0010
#define INTERRUPTS	0x0020
#define INDICATOR_BLINK	0x0200
#define INDICATOR_OFF	0x0300
#define POWER_OFF	0x0400
#define INTERLOCK	0x0800
#define ATTENTION_OFF	0x00c0
#define SLOT_OFF	(ATTENTION_OFF | INDICATOR_OFF | POWER_OFF)
#define COMMAND_DONE	0x00100000
#define PRESENT		0x00400000
#define LOCKED		0x00800000
#define CLEAR_EVENTS	0x011f0000

#define STATUS_INTX	0x00080000	/* in the upper half of PCI_COMMAND */
#define TYPE_SHIFT	20
#define SLOT_IMPLEMENTED	0x01000000

enum { TYPE_ROOT = 4, TYPE_UPSTREAM = 5, TYPE_DOWNSTREAM = 6 };

static uint32_t express(uint32_t bdf)
{
	return find_capability(bdf, CAP_EXPRESS);
}

static uint32_t bus_behind(uint32_t bdf)
{
	return config_read(bdf, PCI_BUSES) & 0xff00;
}

static bool is_port(uint32_t bdf, uint32_t type, bool slot)
{
	uint32_t head = config_read(bdf, express(bdf));

	return config_read(bdf, PCI_ID) == PORT_ID &&
	       (head >> TYPE_SHIFT & 0xf) == type &&
	       !!(head & SLOT_IMPLEMENTED) == slot;
}

static void root_ports(void)
{
	uint32_t i, bdf;

	for (i = 0; i < 4; i++) {
		bdf = SWITCH_PORT + 8 * i;
		MUST(is_port(bdf, TYPE_ROOT, true));
		MUST(config_read(bdf, express(bdf) + SLOT_CAP) >> 19 == i + 1);
		MUST(bus_behind(bdf));
	}
}

static void a_switch(void)
{
	uint32_t outer = bus_behind(SWITCH_PORT), inner = bus_behind(outer);
	uint32_t link = config_read(SWITCH_PORT,
				    express(SWITCH_PORT) + LINK_CONTROL);

	MUST(is_port(outer, TYPE_UPSTREAM, false));
	MUST(config_read(outer | 8, PCI_ID) == ONES);
	MUST(is_port(inner, TYPE_DOWNSTREAM, true));
	MUST(is_port(inner | 8, TYPE_DOWNSTREAM, true));
	MUST(link & LINK_ACTIVE);
	MUST((link & LINK_STATE) ==
	     (config_read(outer, express(outer) + LINK_CONTROL) & LINK_STATE));
	/* Nothing is in its slots */
	MUST(!(config_read(inner, express(inner) + LINK_CONTROL) & LINK_ACTIVE));
	MUST(config_read(bus_behind(inner), PCI_ID) == ONES);
}

static uint32_t slot(void)
{
	return config_read(EMPTY_PORT, express(EMPTY_PORT) + SLOT_CONTROL);
}

static void set_slot(uint32_t value)
{
	config_write(EMPTY_PORT, express(EMPTY_PORT) + SLOT_CONTROL, value);
}

static void an_empty_slot(void)
{
	MUST((slot() & 0xffff) == SLOT_OFF);
	MUST(!(slot() & PRESENT));
	MUST(config_read(bus_behind(EMPTY_PORT), PCI_ID) == ONES);
	/* A command completes at once, and its event is cleared by a one */
	set_slot(CLEAR_EVENTS | (SLOT_OFF & ~INDICATOR_OFF) | INDICATOR_BLINK);
	MUST((slot() & 0xffff) ==
	     ((SLOT_OFF & ~INDICATOR_OFF) | INDICATOR_BLINK));
	MUST(slot() & COMMAND_DONE);
	/* The bit of the interlock is a command, and reads 0 */
	set_slot(SLOT_OFF | INTERLOCK);
	MUST((slot() & 0xffff) == SLOT_OFF);
	MUST(slot() & LOCKED);
	set_slot(SLOT_OFF | INTERLOCK);
	MUST(!(slot() & LOCKED));
	set_slot(CLEAR_EVENTS | SLOT_OFF);
}

static void a_slot_asks_for_service(void)
{
	uint32_t command = config_read(EMPTY_PORT, PCI_COMMAND);

	MUST(!(command & STATUS_INTX));
	set_slot(CLEAR_EVENTS | SLOT_OFF | INTERRUPTS);
	MUST(!(config_read(EMPTY_PORT, PCI_COMMAND) & STATUS_INTX));
	set_slot(SLOT_OFF | INTERRUPTS | COMMAND_EVENT);
	MUST(config_read(EMPTY_PORT, PCI_COMMAND) & STATUS_INTX);
	set_slot(CLEAR_EVENTS | SLOT_OFF);
	MUST(!(config_read(EMPTY_PORT, PCI_COMMAND) & STATUS_INTX));
}

/* The bus numbers and windows of a bridge, which a reset takes */
static void save_bridge(uint32_t bdf, uint32_t saved[8])
{
	uint32_t i;

	saved[0] = config_read(bdf, PCI_COMMAND) & 0xffff;
	for (i = 1; i < 7; i++)
		saved[i] = config_read(bdf, PCI_BUSES + 4 * (i - 1));
	saved[2] &= 0xffff;	/* the upper half is status */
	saved[7] = config_read(bdf, 0x3c);
}

static void restore_bridge(uint32_t bdf, const uint32_t saved[8])
{
	uint32_t i;

	for (i = 1; i < 7; i++)
		config_write(bdf, PCI_BUSES + 4 * (i - 1), saved[i]);
	config_write(bdf, 0x3c, saved[7]);
	config_write(bdf, PCI_COMMAND, saved[0]);
}

static void a_disabled_link(void)
{
	uint32_t at = express(SWITCH_PORT) + LINK_CONTROL;
	uint32_t outer = bus_behind(SWITCH_PORT), inner = bus_behind(outer);
	uint32_t saved[3][8];

	save_bridge(outer, saved[0]);
	save_bridge(inner, saved[1]);
	save_bridge(inner | 8, saved[2]);
	config_write(SWITCH_PORT, at, LINK_DISABLE);
	MUST(!(config_read(SWITCH_PORT, at) & LINK_ACTIVE));
	MUST(config_read(outer, PCI_ID) == ONES);
	MUST(config_read(inner, PCI_ID) == ONES);
	config_write(SWITCH_PORT, at, 0);
	MUST(config_read(SWITCH_PORT, at) & LINK_ACTIVE);
	/* It was reset: its bus numbers are gone */
	MUST(config_read(outer, PCI_ID) == PORT_ID);
	MUST(!bus_behind(outer));
	MUST(config_read(inner, PCI_ID) == ONES);
	restore_bridge(outer, saved[0]);
	restore_bridge(inner, saved[1]);
	restore_bridge(inner | 8, saved[2]);
	MUST(config_read(inner | 8, PCI_ID) == PORT_ID);
}

static const struct {
	const char	*name;
	void		(*run)(void);
} checks[] = {
	{ "four root ports with slots", root_ports },
	{ "a switch below a root port", a_switch },
	{ "an empty slot", an_empty_slot },
	{ "a slot asks for service", a_slot_asks_for_service },
	{ "a link is disabled", a_disabled_link },
};

/* @number: how many checks there were before. Return: how many there are now */
unsigned int ports_checks(unsigned int number)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(checks); i++)
		run(number + i + 1, checks[i].name, checks[i].run);
	return number + i;
}

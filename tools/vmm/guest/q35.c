// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * q35.c - checks of what only the machine with a Q35 has: ECAM, a second host
 * bridge, messages, lines, and resets
 *
 * The functions of the VMM that raise interrupts record what they send; see
 * devices/irqdev_regs.h.
 */
#include "../devices/irqdev_regs.h"
#include "guest.h"

#define HOST_BRIDGE	0x0000	/* 00:00.0 */
#define HOST_BRIDGE_ID	0x29c08086
#define PCIEXBAR	0x60
#define PCIEXBAR_HIGH	0x64
#define PCIEXBAR_ENABLE	0x1
#define ISA_BRIDGE	0x00f8	/* 00:1f.0 */
#define PIRQ_A		0x60
#define PIRQ_E		0x68
#define PIRQ_OFF	0x80
#define FAR_BRIDGE	0x8010	/* 80:02.0 */
#define NO_LINE		32

#define PCI_STATUS_INTX	0x00080000	/* in the upper half of PCI_COMMAND */
#define COMMAND_NO_INTX	0x400
#define PCI_CAPS	0x34
#define PCI_INTERRUPT	0x3c		/* line, pin, and of a bridge: */
#define BUS_RESET	0x00400000
#define EXTENDED	0x100

#define CAP_PM		0x01
#define PM_CONTROL	4
#define PM_D3HOT	3
#define CAP_MSI		0x05
#define MSI_ENABLE	0x00010000
#define MSI_FOUR	0x00200000
#define MSI_ADDRESS	4
#define MSI_DATA	12
#define MSI_MASK	16
#define MSI_PENDING	20
#define CAP_EXPRESS	0x10
#define EXPRESS_CONTROL	8
#define EXPRESS_FLR	0x8000
#define CAP_MSIX	0x11
#define MSIX_ENABLE	0x80000000
#define MSIX_MASK_ALL	0x40000000
#define CAP_AF		0x13
#define AF_CONTROL	4
#define AF_FLR		0x1

#define MESSAGE		0xfee00000
#define NR_VECTORS	4

/**
 * struct irqdev - a function that raises interrupts
 * @regs: the address of its registers
 * @msi: where the capability is, 0 if there is none
 * @msix: the same
 */
struct irqdev {
	uint32_t	bdf;
	uint32_t	id;
	uint32_t	regs;
	uint32_t	command;
	uint32_t	interrupt;
	uint32_t	msi;
	uint32_t	msix;
};

static struct irqdev irqdevs[NR_IRQDEVS];
static unsigned int nr_irqdevs;
static uint32_t ecam;

static const uint32_t buses[] = { 0x00, 0x01, 0x80, 0x81 };

static uint32_t ecam_at(uint32_t bdf, uint32_t reg)
{
	return ecam + (bdf << 12) + reg;
}

uint32_t ecam_read(uint32_t bdf, uint32_t reg)
{
	return read32(ecam_at(bdf, reg));
}

void ecam_write(uint32_t bdf, uint32_t reg, uint32_t value)
{
	write32(ecam_at(bdf, reg), value);
}

uint32_t find_capability(uint32_t bdf, uint32_t id)
{
	uint32_t at = config_read(bdf, PCI_CAPS) & 0xfc, head;

	while (at) {
		head = config_read(bdf, at);
		if ((head & 0xff) == id)
			return at;
		at = head >> 8 & 0xfc;
	}
	return 0;
}

static struct irqdev *find(uint32_t id)
{
	unsigned int i;

	for (i = 0; i < nr_irqdevs; i++)
		if (irqdevs[i].id == id)
			return &irqdevs[i];
	return &irqdevs[0];	/* a check says that it is not there */
}

static uint32_t reg(const struct irqdev *dev, uint32_t offset)
{
	return read32(dev->regs + offset);
}

static void set_reg(const struct irqdev *dev, uint32_t offset, uint32_t value)
{
	write32(dev->regs + offset, value);
}

/* The VMM saves the machine, and continues with a restored one */
void save_and_restore(void)
{
	set_reg(find(IRQDEV_MSIX), IRQDEV_RESTORE, 1);
}

static bool answers_at(const struct irqdev *dev, uint32_t addr)
{
	return read32(addr) == (IRQDEV_MAGIC | dev->id);
}

/*
 * Looking around, and putting everything back
 */

static void look_at(uint32_t bdf)
{
	uint32_t id = config_read(bdf, PCI_ID);
	struct irqdev *dev;

	if ((id & 0xffff) != IRQDEV_VENDOR || id >> 16 < IRQDEV_MSIX ||
	    nr_irqdevs == NR_IRQDEVS)
		return;		/* a bridge, for one */
	dev = &irqdevs[nr_irqdevs++];
	dev->bdf = bdf;
	dev->id = id >> 16;
	dev->regs = config_read(bdf, PCI_BARS) & ~0xfu;
	dev->command = config_read(bdf, PCI_COMMAND) & 0xffff;
	dev->interrupt = config_read(bdf, PCI_INTERRUPT);
	dev->msi = find_capability(bdf, CAP_MSI);
	dev->msix = find_capability(bdf, CAP_MSIX);
}

/* Return: whether this is the machine */
bool q35_look_around(void)
{
	uint32_t i, devfn;

	if (config_read(HOST_BRIDGE, PCI_ID) != HOST_BRIDGE_ID)
		return false;
	ecam = config_read(HOST_BRIDGE, PCIEXBAR) & 0xf0000000;
	for (i = 0; i < ARRAY_SIZE(buses); i++)
		for (devfn = 0; devfn < 0x100; devfn++)
			look_at(buses[i] << 8 | devfn);
	return true;
}

bool q35_all_answer(void)
{
	unsigned int i;

	for (i = 0; i < nr_irqdevs; i++)
		if (!answers_at(&irqdevs[i], irqdevs[i].regs) ||
		    reg(&irqdevs[i], IRQDEV_LINES))
			return false;
	return true;
}

/* As the firmware left it, through the ports */
void q35_put_back(void)
{
	const struct irqdev *dev;
	unsigned int i;

	for (i = 0; i < nr_irqdevs; i++) {
		dev = &irqdevs[i];
		config_write(dev->bdf, PCI_BARS, dev->regs);
		config_write(dev->bdf, PCI_COMMAND, dev->command);
		config_write(dev->bdf, PCI_INTERRUPT, dev->interrupt);
		if (dev->msi)
			config_write(dev->bdf, dev->msi, 0);
		if (dev->msix)
			config_write(dev->bdf, dev->msix, 0);
		set_reg(dev, IRQDEV_LEVEL, 0);
	}
}

/*
 * Configuration space
 */

static void both_ways_read_the_same(void)
{
	uint32_t i, bdf, at, id;

	MUST(nr_irqdevs == NR_IRQDEVS);
	MUST(!config_read(HOST_BRIDGE, PCIEXBAR_HIGH));
	for (i = 0; i < ARRAY_SIZE(buses); i++) {
		for (bdf = buses[i] << 8; bdf < (buses[i] + 1) << 8; bdf++) {
			id = config_read(bdf, PCI_ID);
			MUST(ecam_read(bdf, PCI_ID) == id);
			for (at = 4; id != ONES && at < EXTENDED; at += 4)
				MUST(ecam_read(bdf, at) ==
				     config_read(bdf, at));
		}
	}
	/* Buses without a function, and one without a host bridge */
	MUST(ecam_read(0x7000, PCI_ID) == ONES);
	MUST(ecam_read(0x8f00, PCI_ID) == ONES);
	MUST(ecam_read(0x9000, PCI_ID) == ONES);
	MUST(config_read(0x9000, PCI_ID) == ONES);
}

static void bytes_and_words(void)
{
	const struct irqdev *dev = find(IRQDEV_MSIX);
	uint32_t at = ecam_at(dev->bdf, PCI_INTERRUPT);
	uint32_t id = ecam_at(dev->bdf, PCI_ID);

	MUST(read8(id) == (IRQDEV_VENDOR & 0xff));
	MUST(read8(id + 1) == IRQDEV_VENDOR >> 8);
	MUST(read16(id + 2) == IRQDEV_MSIX);
	write8(at, 0x5a);
	MUST((config_read(dev->bdf, PCI_INTERRUPT) & 0xff) == 0x5a);
	write16(at, 0xffa5);
	MUST((config_read(dev->bdf, PCI_INTERRUPT) & 0xffff) ==
	     ((dev->interrupt & 0xff00) | 0xa5));
}

static void extended_registers(void)
{
	const struct irqdev *express = find(IRQDEV_MSIX);

	MUST((ecam_read(express->bdf, EXTENDED) & 0xffff) == IRQDEV_EXT_ID);
	MUST(ecam_read(express->bdf, EXTENDED + 4) == IRQDEV_EXT_DATA);
	MUST(ecam_read(express->bdf, 0xffc) == 0);
	MUST(ecam_read(find(IRQDEV_MSI)->bdf, EXTENDED) == ONES);
}

static void sizing_through_ecam(void)
{
	const struct irqdev *dev = find(IRQDEV_MSIX);

	ecam_write(dev->bdf, PCI_BARS, ONES);
	MUST(config_read(dev->bdf, PCI_BARS) == (uint32_t)-IRQDEV_SIZE);
	MUST(nobody(dev->regs));
	ecam_write(dev->bdf, PCI_BARS, FREE);
	MUST(config_read(dev->bdf, PCI_BARS) == FREE);
	MUST(answers_at(dev, FREE));
	ecam_write(dev->bdf, PCI_BARS, dev->regs);
	MUST(answers_at(dev, dev->regs));
	MUST(nobody(FREE));
}

/* There and back, the second time through itself */
static void ecam_moves(void)
{
	uint32_t old = config_read(HOST_BRIDGE, PCIEXBAR);

	config_write(HOST_BRIDGE, PCIEXBAR, FREE | PCIEXBAR_ENABLE);
	MUST(nobody(ecam));
	MUST(nobody(ecam_at(find(IRQDEV_FAR)->bdf, PCI_ID)));
	MUST(read32(FREE) == HOST_BRIDGE_ID);
	MUST(read32(FREE + (find(IRQDEV_FAR)->bdf << 12)) ==
	     (IRQDEV_FAR << 16 | IRQDEV_VENDOR));
	write32(FREE + PCIEXBAR, old);
	MUST(nobody(FREE));
	MUST(ecam_read(HOST_BRIDGE, PCI_ID) == HOST_BRIDGE_ID);
	config_write(HOST_BRIDGE, PCIEXBAR, old & ~(uint32_t)PCIEXBAR_ENABLE);
	MUST(nobody(ecam));
	config_write(HOST_BRIDGE, PCIEXBAR, old);
	MUST(ecam_read(HOST_BRIDGE, PCI_ID) == HOST_BRIDGE_ID);
}

static void functions_of_a_card(void)
{
	uint32_t bdf = find(IRQDEV_MSIX)->bdf, i;

	for (i = 0; i < 3; i++) {
		MUST(ecam_read(bdf + i, PCI_ID) ==
		     ((IRQDEV_MSIX + i) << 16 | IRQDEV_VENDOR));
		MUST(ecam_read(bdf + i, PCI_HEADER) & MULTIFUNCTION);
	}
	MUST(ecam_read(bdf + 3, PCI_ID) == ONES);
	MUST(!(ecam_read(find(IRQDEV_FAR)->bdf, PCI_HEADER) & MULTIFUNCTION));
}

static void below_the_second_host(void)
{
	const struct irqdev *dev = find(IRQDEV_FAR);
	uint32_t ports = config_read(dev->bdf, PCI_BARS + 4) & ~0x3u;

	MUST(dev->bdf >> 8 == 0x80);
	MUST(in32((uint16_t)ports) == (IRQDEV_MAGIC | IRQDEV_FAR));
	ecam_write(dev->bdf, PCI_BARS + 4, FREE_PORTS);
	MUST(in32(FREE_PORTS) == (IRQDEV_MAGIC | IRQDEV_FAR));
	MUST(no_port(ports));
	config_write(dev->bdf, PCI_BARS + 4, ports);
	MUST(in32((uint16_t)ports) == (IRQDEV_MAGIC | IRQDEV_FAR));
	config_write(dev->bdf, PCI_BARS, FREE);
	MUST(answers_at(dev, FREE));
	MUST(nobody(dev->regs));
}

/*
 * Messages
 */

static uint32_t entry_at(const struct irqdev *dev, uint32_t entry)
{
	return dev->regs + IRQDEV_TABLE + 16 * entry;
}

static void set_entry(const struct irqdev *dev, uint32_t entry, uint32_t data)
{
	write32(entry_at(dev, entry), MESSAGE | entry << 12);
	write32(entry_at(dev, entry) + 4, 0);
	write32(entry_at(dev, entry) + 8, data);
	write32(entry_at(dev, entry) + 12, 0);
}

/* Raise a vector. Return: whether this very message was sent */
static bool sends(const struct irqdev *dev, uint32_t vector, uint32_t address,
		  uint32_t data)
{
	uint32_t count = reg(dev, IRQDEV_COUNT);

	set_reg(dev, IRQDEV_NOTIFY, vector);
	return reg(dev, IRQDEV_NOTIFY) == IRQDEV_SENT &&
	       reg(dev, IRQDEV_COUNT) == count + 1 &&
	       reg(dev, IRQDEV_VECTOR) == vector &&
	       reg(dev, IRQDEV_ADDRESS) == address &&
	       reg(dev, IRQDEV_DATA) == data;
}

/* Raise a vector. Return: whether nothing was sent, for this reason */
static bool sends_nothing(const struct irqdev *dev, uint32_t vector,
			  uint32_t why)
{
	uint32_t count = reg(dev, IRQDEV_COUNT);

	set_reg(dev, IRQDEV_NOTIFY, vector);
	return reg(dev, IRQDEV_NOTIFY) == why &&
	       reg(dev, IRQDEV_COUNT) == count;
}

static void msix_of(const struct irqdev *dev, uint32_t nr)
{
	uint32_t i;

	MUST(sends_nothing(dev, 0, IRQDEV_OFF));
	ecam_write(dev->bdf, dev->msix, MSIX_ENABLE);
	for (i = 0; i < nr; i++)
		set_entry(dev, i, 0x40 + i);
	for (i = 0; i < nr; i++)
		MUST(sends(dev, i, MESSAGE | i << 12, 0x40 + i));
	MUST(sends_nothing(dev, nr, IRQDEV_NONE));
	set_entry(dev, 1, 0x77);
	MUST(sends(dev, 1, MESSAGE | 1 << 12, 0x77));
	ecam_write(dev->bdf, dev->msix, 0);
	MUST(sends_nothing(dev, 1, IRQDEV_OFF));
}

static void msix_messages(void)
{
	msix_of(find(IRQDEV_MSIX), NR_VECTORS);
}

static void msix_of_the_second_host(void)
{
	msix_of(find(IRQDEV_FAR), 2);
	msix_of(find(IRQDEV_FARTHER), 3);
}

static void msix_masked(void)
{
	const struct irqdev *dev = find(IRQDEV_MSIX);
	uint32_t count;

	config_write(dev->bdf, dev->msix, MSIX_ENABLE);
	set_entry(dev, 2, 0x52);
	set_entry(dev, 3, 0x53);
	write32(entry_at(dev, 2) + 12, 1);
	MUST(sends_nothing(dev, 2, IRQDEV_WAITS));
	MUST(sends_nothing(dev, 2, IRQDEV_WAITS));
	MUST(reg(dev, IRQDEV_PENDING) == 1 << 2);
	MUST(sends(dev, 3, MESSAGE | 3 << 12, 0x53));
	/* The message is that of the moment when it is sent, and it is one. */
	write32(entry_at(dev, 2) + 8, 0x62);
	count = reg(dev, IRQDEV_COUNT);
	write32(entry_at(dev, 2) + 12, 0);
	MUST(reg(dev, IRQDEV_COUNT) == count + 1);
	MUST(reg(dev, IRQDEV_VECTOR) == 2);
	MUST(reg(dev, IRQDEV_DATA) == 0x62);
	MUST(!reg(dev, IRQDEV_PENDING));
}

static void msix_all_masked(void)
{
	const struct irqdev *dev = find(IRQDEV_MSIX);
	uint32_t count;

	set_entry(dev, 0, 0x50);
	set_entry(dev, 1, 0x51);
	config_write(dev->bdf, dev->msix, MSIX_ENABLE | MSIX_MASK_ALL);
	MUST(sends_nothing(dev, 0, IRQDEV_WAITS));
	MUST(sends_nothing(dev, 1, IRQDEV_WAITS));
	MUST(reg(dev, IRQDEV_PENDING) == 3);
	count = reg(dev, IRQDEV_COUNT);
	config_write(dev->bdf, dev->msix, MSIX_ENABLE);
	MUST(reg(dev, IRQDEV_COUNT) == count + 2);
	MUST(!reg(dev, IRQDEV_PENDING));
}

static void msi_messages(void)
{
	const struct irqdev *dev = find(IRQDEV_MSI);
	uint32_t msi = dev->msi, count;

	MUST(sends_nothing(dev, 0, IRQDEV_OFF));
	ecam_write(dev->bdf, msi + MSI_ADDRESS, MESSAGE);
	ecam_write(dev->bdf, msi + MSI_ADDRESS + 4, 0);
	ecam_write(dev->bdf, msi + MSI_DATA, 0x30);
	ecam_write(dev->bdf, msi, MSI_ENABLE | MSI_FOUR);
	MUST(sends(dev, 0, MESSAGE, 0x30));
	MUST(sends(dev, 3, MESSAGE, 0x33));
	ecam_write(dev->bdf, msi + MSI_MASK, 1 << 2);
	MUST(sends_nothing(dev, 2, IRQDEV_WAITS));
	MUST(ecam_read(dev->bdf, msi + MSI_PENDING) == 1 << 2);
	MUST(sends(dev, 1, MESSAGE, 0x31));
	count = reg(dev, IRQDEV_COUNT);
	ecam_write(dev->bdf, msi + MSI_MASK, 0);
	MUST(reg(dev, IRQDEV_COUNT) == count + 1);
	MUST(reg(dev, IRQDEV_DATA) == 0x32);
	MUST(!ecam_read(dev->bdf, msi + MSI_PENDING));
}

/*
 * Pins and lines
 */

static uint32_t route(uint32_t at)
{
	uint32_t value = config_read(ISA_BRIDGE, at & ~3u) >> (at & 3) * 8;

	return value & PIRQ_OFF ? NO_LINE : value & 0xf;
}

/* By the rules of a bridge and of the ISA bridge; @pin counts from 0 */
static uint32_t pirq_of(const struct irqdev *dev)
{
	uint32_t pin = (dev->interrupt >> 8 & 0xff) - 1;
	uint32_t device = dev->bdf >> 3 & 0x1f;

	if (dev->bdf >> 8 & 1) {
		pin = (pin + device) & 3;
		device = (dev->bdf >> 8 == 1 ? bridge : FAR_BRIDGE) >> 3 & 0x1f;
	}
	return PIRQ_E + ((pin + device) & 3);
}

static uint32_t line_of(const struct irqdev *dev)
{
	return 1u << route(pirq_of(dev));
}

static void one_pin(const struct irqdev *dev)
{
	uint32_t line = line_of(dev);

	MUST(route(pirq_of(dev)) == (dev->interrupt & 0xff));
	MUST(!reg(dev, IRQDEV_LINES));
	set_reg(dev, IRQDEV_LEVEL, 1);
	MUST(reg(dev, IRQDEV_LINES) == line);
	MUST(ecam_read(dev->bdf, PCI_COMMAND) & PCI_STATUS_INTX);
	config_write(dev->bdf, PCI_COMMAND, dev->command | COMMAND_NO_INTX);
	MUST(!reg(dev, IRQDEV_LINES));
	MUST(ecam_read(dev->bdf, PCI_COMMAND) & PCI_STATUS_INTX);
	config_write(dev->bdf, PCI_COMMAND, dev->command);
	MUST(reg(dev, IRQDEV_LINES) == line);
	set_reg(dev, IRQDEV_LEVEL, 0);
	MUST(!reg(dev, IRQDEV_LINES));
	MUST(!(ecam_read(dev->bdf, PCI_COMMAND) & PCI_STATUS_INTX));
}

static void a_pin_of_a_card(void)
{
	one_pin(find(IRQDEV_MSIX));
	one_pin(find(IRQDEV_MSI));
	one_pin(find(IRQDEV_PIN));
}

static void a_pin_behind_a_bridge(void)
{
	one_pin(find(IRQDEV_BEHIND));
}

static void a_pin_of_the_second_host(void)
{
	one_pin(find(IRQDEV_FAR));
	one_pin(find(IRQDEV_FARTHER));
}

static void two_pins_on_a_line(void)
{
	const struct irqdev *one = find(IRQDEV_PIN), *two = find(IRQDEV_BEHIND);
	uint32_t line = line_of(one);

	MUST(line_of(two) == line);
	set_reg(one, IRQDEV_LEVEL, 1);
	set_reg(two, IRQDEV_LEVEL, 1);
	MUST(reg(one, IRQDEV_LINES) == line);
	set_reg(one, IRQDEV_LEVEL, 0);
	MUST(reg(one, IRQDEV_LINES) == line);
	set_reg(two, IRQDEV_LEVEL, 0);
	MUST(!reg(one, IRQDEV_LINES));
}

/* One is below each host bridge. */
static void a_line_follows_its_route(void)
{
	const struct irqdev *near = find(IRQDEV_BEHIND);
	const struct irqdev *far = find(IRQDEV_FAR);
	uint32_t old = config_read(ISA_BRIDGE, PIRQ_E);

	set_reg(near, IRQDEV_LEVEL, 1);
	set_reg(far, IRQDEV_LEVEL, 1);
	MUST(reg(near, IRQDEV_LINES) == (line_of(near) | line_of(far)));
	config_write(ISA_BRIDGE, PIRQ_E, 0x0c070605);
	MUST(line_of(near) != line_of(far));
	MUST(reg(near, IRQDEV_LINES) == (line_of(near) | line_of(far)));
	config_write(ISA_BRIDGE, PIRQ_E, 0x80808080);
	MUST(!reg(near, IRQDEV_LINES));
	config_write(ISA_BRIDGE, PIRQ_E, 0x09090909);
	MUST(reg(near, IRQDEV_LINES) == 1 << 9);
	set_reg(near, IRQDEV_LEVEL, 0);
	MUST(reg(near, IRQDEV_LINES) == 1 << 9);
	config_write(ISA_BRIDGE, PIRQ_E, old);
	MUST(reg(near, IRQDEV_LINES) == line_of(far));
	set_reg(far, IRQDEV_LEVEL, 0);
	MUST(!reg(near, IRQDEV_LINES));
}

/*
 * Resets
 */

/* Whether a function that was reset is as after power on; it is put back then. */
static bool was_reset(const struct irqdev *dev, uint32_t resets)
{
	bool so;

	so = !config_read(dev->bdf, PCI_BARS) &&
	     !(config_read(dev->bdf, PCI_COMMAND) & 0xffff) &&
	     config_read(dev->bdf, PCI_ID) == (dev->id << 16 | IRQDEV_VENDOR) &&
	     nobody(dev->regs);
	q35_put_back();
	return so && answers_at(dev, dev->regs) &&
	       reg(dev, IRQDEV_RESETS) == resets + 1;
}

static bool lines_low(void)
{
	return !reg(find(IRQDEV_FAR), IRQDEV_LINES);
}

static void express_reset(void)
{
	const struct irqdev *dev = find(IRQDEV_MSIX);
	uint32_t resets = reg(dev, IRQDEV_RESETS);
	uint32_t express = find_capability(dev->bdf, CAP_EXPRESS);

	MUST(express);
	config_write(dev->bdf, dev->msix, MSIX_ENABLE);
	set_entry(dev, 0, 0x50);
	set_reg(dev, IRQDEV_LEVEL, 1);
	MUST(!lines_low());
	ecam_write(dev->bdf, express + EXPRESS_CONTROL, EXPRESS_FLR);
	MUST(lines_low());
	MUST(!(config_read(dev->bdf, dev->msix) & MSIX_ENABLE));
	MUST(was_reset(dev, resets));
	MUST(read32(entry_at(dev, 0) + 12) & 1);
	MUST(answers_at(find(IRQDEV_MSI), find(IRQDEV_MSI)->regs));
}

static void conventional_reset(void)
{
	const struct irqdev *dev = find(IRQDEV_MSI);
	uint32_t resets = reg(dev, IRQDEV_RESETS);
	uint32_t af = find_capability(dev->bdf, CAP_AF);

	MUST(af);
	config_write(dev->bdf, dev->msi, MSI_ENABLE | MSI_FOUR);
	config_write(dev->bdf, af + AF_CONTROL, AF_FLR);
	MUST(!(config_read(dev->bdf, dev->msi) & MSI_ENABLE));
	MUST(was_reset(dev, resets));
}

static void power_off_and_on(void)
{
	const struct irqdev *dev = find(IRQDEV_PIN);
	uint32_t resets = reg(dev, IRQDEV_RESETS);
	uint32_t pm = find_capability(dev->bdf, CAP_PM);

	MUST(pm);
	config_write(dev->bdf, pm + PM_CONTROL, PM_D3HOT);
	MUST(nobody(dev->regs));
	MUST((config_read(dev->bdf, PCI_BARS) & ~0xfu) == dev->regs);
	config_write(dev->bdf, pm + PM_CONTROL, 0);
	MUST(was_reset(dev, resets));
}

static void reset_behind(uint32_t bdf, const struct irqdev *dev)
{
	uint32_t resets = reg(dev, IRQDEV_RESETS);
	uint32_t old = ecam_read(bdf, PCI_INTERRUPT);

	set_reg(dev, IRQDEV_LEVEL, 1);
	MUST(!lines_low());
	ecam_write(bdf, PCI_INTERRUPT, old | BUS_RESET);
	MUST(lines_low());
	ecam_write(bdf, PCI_INTERRUPT, old);
	MUST(was_reset(dev, resets));
}

static void bus_reset(void)
{
	reset_behind(bridge, find(IRQDEV_BEHIND));
	reset_behind(FAR_BRIDGE, find(IRQDEV_FARTHER));
	MUST(answers_at(find(IRQDEV_FAR), find(IRQDEV_FAR)->regs));
	MUST(answers_at(find(IRQDEV_PIN), find(IRQDEV_PIN)->regs));
}

/*
 * Snapshots
 */

/* Of either kind: enabled, the third vector masked and waiting */
static void begin_waiting(const struct irqdev *msix, const struct irqdev *msi)
{
	config_write(msix->bdf, msix->msix, MSIX_ENABLE);
	set_entry(msix, 1, 0x51);
	set_entry(msix, 2, 0x52);
	write32(entry_at(msix, 2) + 12, 1);
	MUST(sends_nothing(msix, 2, IRQDEV_WAITS));
	config_write(msi->bdf, msi->msi + MSI_ADDRESS, MESSAGE);
	config_write(msi->bdf, msi->msi + MSI_DATA, 0x30);
	config_write(msi->bdf, msi->msi + MSI_MASK, 1 << 2);
	config_write(msi->bdf, msi->msi, MSI_ENABLE | MSI_FOUR);
	MUST(sends_nothing(msi, 2, IRQDEV_WAITS));
}

static void end_waiting(const struct irqdev *msix, const struct irqdev *msi)
{
	uint32_t count = reg(msix, IRQDEV_COUNT);

	MUST(sends(msix, 1, MESSAGE | 1 << 12, 0x51));
	MUST(reg(msix, IRQDEV_PENDING) == 1 << 2);
	write32(entry_at(msix, 2) + 12, 0);
	MUST(reg(msix, IRQDEV_COUNT) == count + 2);
	MUST(reg(msix, IRQDEV_DATA) == 0x52);
	count = reg(msi, IRQDEV_COUNT);
	MUST(sends(msi, 1, MESSAGE, 0x31));
	MUST(ecam_read(msi->bdf, msi->msi + MSI_PENDING) == 1 << 2);
	ecam_write(msi->bdf, msi->msi + MSI_MASK, 0);
	MUST(reg(msi, IRQDEV_COUNT) == count + 2);
	MUST(reg(msi, IRQDEV_DATA) == 0x32);
}

static void a_machine_restored(void)
{
	const struct irqdev *msix = find(IRQDEV_MSIX), *far = find(IRQDEV_FAR);
	const struct irqdev *behind = find(IRQDEV_BEHIND);
	uint32_t old = config_read(HOST_BRIDGE, PCIEXBAR);

	begin_waiting(msix, find(IRQDEV_MSI));
	set_reg(behind, IRQDEV_LEVEL, 1);
	set_reg(far, IRQDEV_LEVEL, 1);
	config_write(far->bdf, PCI_BARS, FREE);
	ecam = FREE + 0x10000000;
	config_write(HOST_BRIDGE, PCIEXBAR, ecam | PCIEXBAR_ENABLE);
	set_reg(msix, IRQDEV_RESTORE, 1);
	MUST(ecam_read(far->bdf, PCI_BARS) == FREE);
	MUST(answers_at(far, FREE));
	MUST(reg(msix, IRQDEV_LINES) == (line_of(behind) | line_of(far)));
	set_reg(behind, IRQDEV_LEVEL, 0);
	MUST(reg(msix, IRQDEV_LINES) == line_of(far));
	end_waiting(msix, find(IRQDEV_MSI));
	config_write(HOST_BRIDGE, PCIEXBAR, old);
	ecam = old & 0xf0000000;
}

/* The part of the first host bridge waits for a BAR that is in its place. */
static void restored_while_ecam_waits(void)
{
	const struct irqdev *msix = find(IRQDEV_MSIX), *far = find(IRQDEV_FAR);
	uint32_t old = config_read(HOST_BRIDGE, PCIEXBAR);

	config_write(far->bdf, PCI_BARS, FREE);
	config_write(HOST_BRIDGE, PCIEXBAR, FREE | PCIEXBAR_ENABLE);
	set_reg(msix, IRQDEV_RESTORE, 1);
	MUST(answers_at(far, FREE));
	MUST(nobody(FREE + IRQDEV_SIZE));
	MUST(read32(FREE + (far->bdf << 12)) ==
	     (IRQDEV_FAR << 16 | IRQDEV_VENDOR));
	config_write(far->bdf, PCI_BARS, far->regs);
	MUST(read32(FREE) == HOST_BRIDGE_ID);
	config_write(HOST_BRIDGE, PCIEXBAR, 0);
	set_reg(msix, IRQDEV_RESTORE, 1);
	MUST(nobody(FREE) && nobody(ecam));
	config_write(HOST_BRIDGE, PCIEXBAR, old);
	MUST(ecam_read(HOST_BRIDGE, PCI_ID) == HOST_BRIDGE_ID);
}

static const struct {
	const char	*name;
	void		(*run)(void);
} checks[] = {
	{ "ECAM and ports read the same", both_ways_read_the_same },
	{ "ECAM has bytes and words", bytes_and_words },
	{ "registers above 256 through ECAM", extended_registers },
	{ "a BAR is sized and moved through ECAM", sizing_through_ecam },
	{ "the ECAM moves", ecam_moves },
	{ "a card of three functions", functions_of_a_card },
	{ "BARs below the second host bridge", below_the_second_host },
	{ "MSI-X sends what the table says", msix_messages },
	{ "MSI-X below the second host bridge", msix_of_the_second_host },
	{ "a masked vector of MSI-X waits", msix_masked },
	{ "all vectors of MSI-X wait", msix_all_masked },
	{ "MSI sends, and masked vectors wait", msi_messages },
	{ "pins of a card raise their lines", a_pin_of_a_card },
	{ "a pin behind a bridge", a_pin_behind_a_bridge },
	{ "a pin below the second host bridge", a_pin_of_the_second_host },
	{ "two pins share a line", two_pins_on_a_line },
	{ "lines follow their routes", a_line_follows_its_route },
	{ "a reset by PCI Express", express_reset },
	{ "a reset by Advanced Features", conventional_reset },
	{ "a reset by power off and on", power_off_and_on },
	{ "a reset of the bus behind a bridge", bus_reset },
	{ "restored while messages wait", a_machine_restored },
	{ "restored while the ECAM waits", restored_while_ecam_waits },
};

/* @number: how many checks there were before */
void q35_checks(unsigned int number)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(checks); i++)
		run(number + i + 1, checks[i].name, checks[i].run);
	vfs_checks(ports_checks(number + i));
}

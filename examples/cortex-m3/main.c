// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * Modules on a backplane, managed by a microcontroller without a libc
 *
 * Three modules get places in one window and are found there by address. While the
 * main loop moves one of them to and fro, a timer interrupt reads through the same
 * tree: it finds the module at exactly one of its two places, always.
 */
#include <vmalloc/vmalloc.h>

#include "board.h"

#define WINDOW		0x60000000u
#define WINDOW_SIZE	0x00100000u
#define MOVES		20000
#define TICKS		20	/* at least, before the moving ends */

/* [modules] */
struct module {
	struct vmr_device	dev;
	struct vmr_region	regs;
	struct vmr_constraint	wants;
	struct vmr_resource	has;
};

static void module_read(struct vmr_device *dev,
			const struct vmr_access *access, void *data)
{
	uint8_t *bytes = data;
	uint32_t i;

	for (i = 0; i < access->width; i++)
		bytes[i] = (uint8_t)dev->name[0];
}

static const struct vmr_device_ops module_ops = { .read = module_read };

static struct module modules[] = {
	{ .dev = { .ops = &module_ops, .name = "analog input" } },
	{ .dev = { .ops = &module_ops, .name = "motor" } },
	{ .dev = { .ops = &module_ops, .name = "display" } },
};

static struct vmr_system sys;
static struct vmr_manager manager;
static struct vmr_reader interrupt_reader;

static int plug(struct module *m, uint32_t size)
{
	vmr_region_init(&m->regs, VMR_MMIO, VMR_REGION_TRAPPED, size, 0,
			"registers");
	vmr_device_add_region(&m->dev, &m->regs);
	vmr_constraint_init_bounded(&m->wants, VMR_KIND_MMIO, size, size,
				    WINDOW, WINDOW + WINDOW_SIZE - 1,
				    &m->regs.range);
	m->dev.constraints = &m->wants;
	m->dev.nr_constraints = 1;
	vmr_resource_set_init(&m->dev.resources, &m->has, 1);
	return vmr_device_register(&manager, &m->dev, NULL, NULL);
}

/* [end of modules] */

/* [interrupt] */
static const uint32_t places[2] = { WINDOW + 0x40000, WINDOW + 0x80000 };

static volatile uint32_t ticks;
static volatile uint32_t wrong;

void tick_handler(void)
{
	uint32_t value, found = 0, i;

	for (i = 0; i < 2; i++)
		found += !vmr_read(&interrupt_reader, VMR_MMIO, places[i],
				   &value, 4, 1);
	if (found != 1)
		wrong++;
	ticks++;
}

/* [end of interrupt] */

/* [main] */
static void print_line(void *arg, const char *line)
{
	(void)arg;
	board_print(line);
	board_print("\n");
}

int main(void)
{
	const struct vmr_system_limits limits = {
		.mmio_last = 0xffffffff, .irq_last = 31, .slot_last = 0,
		.pci_last = 0, .id_last = 15,
	};
	struct vmr_printer map = { .line = print_line, .manager = &manager };
	uint32_t i;
	int err;

	vmr_system_init(&sys, &limits);
	vmr_manager_init(&manager, &sys);
	vmr_reader_attach(&manager, &interrupt_reader);
	err = plug(&modules[0], 0x1000);
	if (!err)
		err = plug(&modules[1], 0x10000);
	if (!err)
		err = plug(&modules[2], 0x400);
	if (!err)
		err = vmr_region_move(&manager, &modules[0].regs, places[0],
				      NULL);
	if (err) {
		print_line(NULL, vmr_strerror(err));
		return 1;
	}
	vmr_print_regions(&map, &sys.mmio);

	board_start_ticks(1000);
	for (i = 1; i <= MOVES || ticks < TICKS; i++)
		vmr_region_program(&manager, &modules[0].regs, places[i % 2]);
	board_stop_ticks();
	board_print(wrong ? "a tick met no module, or two\n" :
		    "every tick met the module at one place\n");

	/* One CPU and no handler running: drained at once, without waiting */
	vmr_device_unregister(&manager, &modules[1].dev);
	if (vmr_device_try_drain(&manager, &modules[1].dev))
		return 1;
	board_print("the motor is gone\n");
	return wrong != 0;
}

/* [end of main] */

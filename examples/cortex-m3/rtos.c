// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * Modules on a backplane, managed by tasks that preempt each other
 *
 * A task of low priority moves a module to and fro, and removes and adds another. A task of
 * high priority preempts it at any instruction and reads: the first module answers at
 * exactly one of its two addresses. The callback of the second module sleeps, and the
 * drain of the module waits until the callback has returned.
 */
#include <vmalloc/vmalloc.h>

#include "board.h"
#include "scheduler.h"

#define WINDOW		0x60000000u
#define CYCLES		997	/* in a tick: a prime meets each instruction in time */
#define MOVES		300	/* for each removal */
#define REMOVALS	40

struct module {
	struct vmr_device	dev;
	struct vmr_region	regs;
	struct vmr_constraint	wants;
	struct vmr_resource	has;
};

static struct vmr_system sys;
static struct vmr_manager manager;
static struct vmr_reader reader;

static volatile uint32_t reads, wrong, inside, waited;

static void motor_read(struct vmr_device *dev, const struct vmr_access *access,
		       void *data)
{
	(void)dev;
	*(uint32_t *)data = access->width;
}

static void slow_read(struct vmr_device *dev, const struct vmr_access *access,
		      void *data)
{
	inside = 1;
	scheduler_sleep(3);
	motor_read(dev, access, data);
	inside = 0;
}

static const struct vmr_device_ops motor_ops = { .read = motor_read };
static const struct vmr_device_ops slow_ops = { .read = slow_read };

static struct module motor = { .dev = { .ops = &motor_ops, .name = "motor" } };
static struct module slow = { .dev = { .ops = &slow_ops, .name = "slow" } };

static const uint32_t places[2] = { WINDOW + 0x40000, WINDOW + 0x80000 };

static int plug(struct module *m, uint32_t addr)
{
	vmr_region_init(&m->regs, VMR_MMIO, VMR_REGION_TRAPPED, 0x1000, 0,
			"registers");
	vmr_device_add_region(&m->dev, &m->regs);
	vmr_constraint_init_fixed(&m->wants, VMR_KIND_MMIO, addr, 0x1000,
				  &m->regs.range);
	m->dev.constraints = &m->wants;
	m->dev.nr_constraints = 1;
	vmr_resource_set_init(&m->dev.resources, &m->has, 1);
	return vmr_device_register(&manager, &m->dev, NULL, NULL);
}

static void stop(const char *why)
{
	board_stop_ticks();
	board_print(why);
	board_exit(1);
}

/* High priority: preempts the other task each second tick */
static void read_modules(void)
{
	uint32_t value, found, i;

	for (;;) {
		found = 0;
		for (i = 0; i < 2; i++)
			found += !vmr_read(&reader, VMR_MMIO, places[i], &value,
					   4, 1);
		if (found != 1)
			wrong++;
		reads++;
		if (reads % 8 == 0)
			vmr_read(&reader, VMR_MMIO, WINDOW, &value, 4, 1);
		scheduler_sleep(2);
	}
}

static void remove_slow(void)
{
	if (vmr_device_unregister(&manager, &slow.dev) < 0)
		stop("the module was not registered\n");
	waited += inside;
	if (vmr_device_drain(&manager, &slow.dev))
		stop("the drain failed\n");
	if (inside)
		stop("the drain did not wait for the callback\n");
}

/* Low priority */
static void change_modules(void)
{
	uint32_t i, k;

	/* Go on until a drain has met a callback, for ever if none can. */
	for (k = 0; k < REMOVALS || !waited; k++) {
		if (plug(&slow, WINDOW))
			stop("no place for the module\n");
		for (i = 1; i <= MOVES || (reads % 8 && !inside); i++)
			vmr_region_program(&manager, &motor.regs, places[i % 2]);
		remove_slow();
	}
	board_stop_ticks();
	board_print(wrong ? "a read met no module, or two\n" :
		    "every read met the module at one address\n");
	board_print("a drain waited for a callback\n");
	board_exit(wrong != 0);
}

static void idle(void)
{
	for (;;)
		__asm__ volatile("wfi");
}

int main(void)
{
	static struct task tasks[] = {
		{ .run = read_modules }, { .run = change_modules }, { .run = idle },
	};
	const struct vmr_system_limits limits = {
		.mmio_last = 0xffffffff, .irq_last = 31, .slot_last = 0,
		.pci_last = 0, .id_last = 15,
	};

	vmr_system_init(&sys, &limits);
	vmr_manager_init(&manager, &sys);
	vmr_reader_attach(&manager, &reader);
	if (plug(&motor, places[0]))
		return 1;
	scheduler_start(tasks, 3, CYCLES);
	return 1;
}

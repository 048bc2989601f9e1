// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * A kernel user of the library: one emulated device, and a thread that reads it
 *
 * The thread stands for the code of yours that handles exits, and takes no lock. A
 * write of an address to the parameter "place" moves the device. The handler of the
 * parameter holds a mutex, as every writer does.
 */
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <vmalloc/vmalloc.h>

#define WINDOW		0xe0000000ull
#define WINDOW_LAST	0xe000ffffull
#define SIZE		0x1000

/* [device] */
static void timer_read(struct vmr_device *dev, const struct vmr_access *access,
		       void *data)
{
	/* A callback may sleep: the drain waits for it, nothing else does */
	memset(data, 0x40 + (int)access->offset, access->width);
}

static const struct vmr_device_ops timer_ops = { .read = timer_read };

static struct vmr_system sys;
static struct vmr_manager manager;
static struct vmr_device timer = { .ops = &timer_ops, .name = "timer" };
static struct vmr_region regs;
static struct vmr_constraint wants;
static struct vmr_resource has;

/* Writers: one at a time. Readers never take it */
static DEFINE_MUTEX(writers);

/* [end of device] */

/* [reader] */
static struct vmr_reader reader;
static struct task_struct *thread;
static unsigned long hits, misses;

static int read_all(void *unused)
{
	u64 addr;
	u8 byte;

	while (!kthread_should_stop()) {
		for (addr = WINDOW; addr < WINDOW_LAST; addr += SIZE) {
			if (vmr_read(&reader, VMR_MMIO, addr, &byte, 1, 1))
				misses++;
			else
				hits++;
		}
		schedule_timeout_interruptible(1);
	}
	return 0;
}

/* [end of reader] */

/* [move] */
static int set_place(const char *text, const struct kernel_param *kp)
{
	struct vmr_range *conflict;
	u64 place;
	int err;

	err = kstrtou64(text, 0, &place);
	if (err)
		return err;
	mutex_lock(&writers);
	err = vmr_region_move(&manager, &regs, place, &conflict);
	mutex_unlock(&writers);
	return err;
}

static int get_place(char *text, const struct kernel_param *kp)
{
	int ret;

	mutex_lock(&writers);
	ret = sysfs_emit(text, "%#llx\n", (unsigned long long)regs.range.start);
	mutex_unlock(&writers);
	return ret;
}

static const struct kernel_param_ops place_ops = {
	.set = set_place, .get = get_place,
};

module_param_cb(place, &place_ops, NULL, 0644);
MODULE_PARM_DESC(place, "where the device is");

/* [end of move] */

/* [init] */
static void print_line(void *arg, const char *line)
{
	pr_info("%s\n", line);
}

static void print_map(void)
{
	struct vmr_printer map = { .line = print_line, .manager = &manager };

	vmr_print_regions(&map, &sys.mmio);
}

static int __init example_init(void)
{
	const struct vmr_system_limits limits = {
		.mmio_last = 0xffffffff, .irq_last = 23, .slot_last = 31,
		.pci_last = 0xff, .id_last = 99,
	};
	int err;

	vmr_system_init(&sys, &limits);
	vmr_manager_init(&manager, &sys);
	vmr_reader_attach(&manager, &reader);

	vmr_region_init(&regs, VMR_MMIO, VMR_REGION_TRAPPED, SIZE, 0,
			"registers");
	vmr_device_add_region(&timer, &regs);
	vmr_constraint_init_bounded(&wants, VMR_KIND_MMIO, SIZE, SIZE, WINDOW,
				    WINDOW_LAST, &regs.range);
	timer.constraints = &wants;
	timer.nr_constraints = 1;
	vmr_resource_set_init(&timer.resources, &has, 1);
	err = vmr_device_register(&manager, &timer, NULL, NULL);
	if (err)
		return err;
	print_map();

	thread = kthread_run(read_all, NULL, "vmr_example");
	if (!IS_ERR(thread))
		return 0;
	vmr_device_unregister(&manager, &timer);
	WARN_ON(vmr_device_drain(&manager, &timer));
	return PTR_ERR(thread);
}

static void __exit example_exit(void)
{
	print_map();
	mutex_lock(&writers);
	vmr_device_unregister(&manager, &timer);
	mutex_unlock(&writers);

	/* Not under the mutex: a callback might want it */
	WARN_ON(vmr_device_drain(&manager, &timer));
	kthread_stop(thread);
	vmr_reader_detach(&reader);
	pr_info("%lu reads met the timer, %lu met nothing\n", hits, misses);
}

/* [end of init] */

module_init(example_init);
module_exit(example_exit);
MODULE_DESCRIPTION("Example of a user of vmr");
MODULE_LICENSE("Dual BSD/GPL");

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * machine.c - a small machine of the test module, for debugfs
 */
#include <linux/debugfs.h>
#include <linux/mutex.h>

#include <vmalloc/kernel/seq_file.h>
#include <vmalloc/vmalloc.h>

#include "vmr_test.h"

#define REGISTERS	0xe0000000

struct disk {
	struct vmr_device	dev;
	struct vmr_region	registers;
	struct vmr_region	ring;
	struct vmr_region	port;
	struct vmr_constraint	wants[2];
	struct vmr_resource	has[2];
};

static const struct vmr_device_ops disk_ops;		/* reads as ones */

static DEFINE_MUTEX(lock);	/* held to change or print the machine */
static struct dentry *dir;
static struct vmr_system sys;
static struct vmr_manager manager;
static struct disk disk = { .dev = { .ops = &disk_ops, .name = "disk" } };
static struct vmr_debugfs_entry view = {
	.manager = &manager,
	.lock = &lock,
	.flags = VMR_PRINT_CLAIMS,
};

static int plug(void)
{
	struct vmr_device *dev = &disk.dev;
	int ret;

	vmr_region_init(&disk.registers, VMR_MMIO, VMR_REGION_TRAPPED, 0x1000,
			0, "registers");
	vmr_region_init(&disk.ring, VMR_MMIO, VMR_REGION_TRAPPED, 0x1000, 1,
			"ring");
	vmr_region_init(&disk.port, VMR_PIO, VMR_REGION_TRAPPED, 8, 2, "port");
	vmr_device_add_region(dev, &disk.registers);
	vmr_device_add_region(dev, &disk.ring);
	vmr_device_add_region(dev, &disk.port);
	vmr_constraint_init_bounded(&disk.wants[0], VMR_KIND_MMIO, 0x1000, 0x1000,
				    REGISTERS, REGISTERS + 0xfff,
			      &disk.registers.range);
	vmr_constraint_init(&disk.wants[1], VMR_KIND_PIO, 8, &disk.port.range);
	dev->constraints = disk.wants;
	dev->nr_constraints = ARRAY_SIZE(disk.wants);
	vmr_resource_set_init(&dev->resources, disk.has, ARRAY_SIZE(disk.has));
	ret = vmr_device_register(&manager, dev, NULL, NULL);
	if (ret)
		return ret;
	/* The address is in use: the region becomes claimed. */
	return vmr_region_program(&manager, &disk.ring, REGISTERS);
}

int machine_init(void)
{
	const struct vmr_system_limits limits = {
		.mmio_last = 0xffffffff, .irq_last = 23,
		.slot_last = 31, .pci_last = 0xff, .id_last = 99,
	};
	int ret;

	vmr_system_init(&sys, &limits);
	vmr_manager_init(&manager, &sys);
	mutex_lock(&lock);
	ret = plug();
	mutex_unlock(&lock);
	if (ret) {
		pr_err("no machine: %s\n", vmr_strerror(ret));
		return ret;
	}
	dir = debugfs_create_dir("vmr_test", NULL);
	vmr_debugfs_create("machine", dir, &view);
	events_init(dir);
	return 0;
}

void machine_exit(void)
{
	debugfs_remove(dir);
}

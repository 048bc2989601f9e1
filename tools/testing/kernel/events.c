// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * events.c - trigger every tracepoint of the library once
 *
 * A write to "events" in debugfs triggers them. init_events.c expects these operations
 * in tracefs, in this order and at these addresses.
 */
#include <linux/debugfs.h>
#include <linux/errno.h>
#include <linux/mutex.h>
#include <linux/string.h>

#include <vmalloc/vmalloc.h>

#include "vmr_test.h"

struct traced {
	struct vmr_device	dev;
	struct vmr_region	regs;
	struct vmr_constraint	want;
	struct vmr_resource	has;
};

static DEFINE_MUTEX(lock);		/* protects all data below */
static struct vmr_system sys;
static struct vmr_manager manager;
static struct vmr_reader reader;
static struct vmr_space space;
static struct vmr_range a, b;
static struct traced nameless;
static struct traced wordy = {
	.dev = { .name = "a name of more than thirty-one characters" },
};

static int ranges(void)
{
	const struct vmr_request req = VMR_REQUEST(0x1000, 0x1000);
	struct vmr_move_op steps[] = {
		{ .space = &space, .range = &a, .to_space = &space, .start = 0x9000 },
	};

	vmr_space_init(&space, 0x1000, 0xffffffff);
	if (vmr_alloc(&space, &a, &req, NULL) ||
	    vmr_move(&space, &a, 0x3000, NULL) ||
	    vmr_move_bulk(steps, 1, NULL, NULL) ||
	    vmr_claim(&space, &b, 0x9000, 0x9fff) ||
	    vmr_free(&space, &a) ||
	    vmr_settle(&space, 0x9000, 0x9fff) != &b ||
	    vmr_free_at(&space, 0x9000, 0x1000, NULL) ||
	    vmr_park(&space, &b, 0x5000, 0x5fff) ||
	    vmr_free(&space, &b))
		return -EIO;
	return 0;
}

/* The callback unregisters its device and drains it, which fails. */
static void traced_read(struct vmr_device *dev, const struct vmr_access *access,
			void *data)
{
	u32 ok = vmr_device_unregister(&manager, dev) == 1 &&
		 vmr_device_try_drain(&manager, dev) == -EAGAIN &&
		 vmr_device_drain(&manager, dev) == -EDEADLK;

	memcpy(data, &ok, sizeof(ok));
}

static const struct vmr_device_ops traced_ops = { .read = traced_read };

static void describe(struct traced *t, uint64_t addr)
{
	const char *name = t->dev.name;

	memset(t, 0, sizeof(*t));
	t->dev.name = name;
	t->dev.ops = &traced_ops;
	vmr_region_init(&t->regs, VMR_MMIO, VMR_REGION_TRAPPED, 0x1000, 0,
			"regs");
	vmr_device_add_region(&t->dev, &t->regs);
	vmr_constraint_init_fixed(&t->want, VMR_KIND_MMIO, addr, 0x1000,
				  &t->regs.range);
	t->dev.constraints = &t->want;
	t->dev.nr_constraints = 1;
	vmr_resource_set_init(&t->dev.resources, &t->has, 1);
}

/* Register one device directly and the other in a transaction. */
static int plug(void)
{
	struct vmr_transaction t;
	int ret;

	ret = vmr_device_register(&manager, &nameless.dev, NULL, NULL);
	if (ret)
		return ret;
	if (vmr_transaction_begin(&manager, &t) ||
	    vmr_transaction_add(&t, &wordy.dev, NULL, NULL))
		return -EIO;
	return vmr_transaction_commit(&t);
}

static int devices(void)
{
	u32 word = 0;

	if (vmr_read(&reader, VMR_MMIO, 0xe0000010, &word, 4, 1) || word != 1 ||
	    vmr_read(&reader, VMR_MMIO, 0xd0000010, &word, 2, 1) != -ENXIO ||
	    vmr_device_drain(&manager, &nameless.dev) ||
	    vmr_device_unregister(&manager, &wordy.dev) != 1 ||
	    vmr_device_drain(&manager, &wordy.dev))
		return -EIO;
	return 0;
}

static int come_by(void)
{
	const struct vmr_system_limits limits = {
		.mmio_last = 0xffffffff, .id_last = 99,
	};

	vmr_system_init(&sys, &limits);
	vmr_manager_init(&manager, &sys);
	memset(&reader, 0, sizeof(reader));
	describe(&nameless, 0xe0000000);
	describe(&wordy, 0xe0001000);
	if (vmr_reader_attach(&manager, &reader) || ranges() || plug() ||
	    devices())
		return -EIO;
	return vmr_reader_detach(&reader);
}

static int events_set(void *data, u64 value)
{
	int ret;

	mutex_lock(&lock);
	ret = come_by();
	mutex_unlock(&lock);
	return ret;
}
DEFINE_DEBUGFS_ATTRIBUTE(events_fops, NULL, events_set, "%llu\n");

void events_init(struct dentry *dir)
{
	debugfs_create_file("events", 0200, dir, NULL, &events_fops);
}

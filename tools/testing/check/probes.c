// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * probes.c - come by every static tracepoint, as often as the argument says
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vmalloc/vmalloc.h>

static struct vmr_system sys;
static struct vmr_manager manager;
static struct vmr_reader reader;
static struct vmr_device probed;
static struct vmr_region regs;
static struct vmr_constraint want;
static struct vmr_resource has;
static struct vmr_space space;
static struct vmr_range a, b;

static void take(struct vmr_device *d, const struct vmr_access *access,
		 void *data)
{
	(void)d;
	memset(data, 0, access->width);
}

static const struct vmr_device_ops ops = { .read = take };

static void ranges(void)
{
	const struct vmr_request req = VMR_REQUEST(0x1000, 0x1000);
	struct vmr_move_op steps[] = {
		{ .space = &space, .range = &a, .to_space = &space, .start = 0x9000 },
	};

	vmr_alloc(&space, &a, &req, NULL);		/* alloc */
	vmr_move(&space, &a, 0x3000, NULL);		/* move */
	vmr_move_bulk(steps, 1, NULL, NULL);		/* move_bulk */
	vmr_claim(&space, &b, 0x9000, 0x9fff);		/* claim */
	vmr_free(&space, &a);				/* free */
	vmr_settle(&space, 0x9000, 0x9fff);		/* settle */
	vmr_free_at(&space, 0x9000, 0x1000, NULL);	/* free */
	vmr_park(&space, &b, 0x5000, 0x5fff);		/* claim */
	vmr_free(&space, &b);				/* free */
}

static void devices(void)
{
	uint32_t data;

	vmr_device_register(&manager, &probed, NULL,
			    NULL); /* alloc, 2; register */
	vmr_read(&reader, VMR_MMIO, 0xe0000010, &data, 4, 1); /* dispatch */
	vmr_read(&reader, VMR_MMIO, 0xd0000010, &data, 2, 1);	/* _miss */
	vmr_device_unregister(&manager, &probed); /* free, 2; unregister */
	vmr_device_drain(&manager, &probed); /* drain */
}

#define POINTS	(9 + 9)	/* that one round comes by */

int main(int argc, char **argv)
{
	const struct vmr_system_limits limits = { .mmio_last = 0xffffffff };
	long i, rounds = argc > 1 ? atol(argv[1]) : 1;

	vmr_space_init(&space, 0, 0xffffffff);
	vmr_system_init(&sys, &limits);
	vmr_manager_init(&manager, &sys);
	vmr_reader_attach(&manager, &reader);
	probed.ops = &ops;
	probed.name = "probed";
	vmr_region_init(&regs, VMR_MMIO, VMR_REGION_TRAPPED, 0x1000, 0, "regs");
	vmr_device_add_region(&probed, &regs);
	vmr_constraint_init_fixed(&want, VMR_KIND_MMIO, 0xe0000000, 0x1000,
				  &regs.range);
	probed.constraints = &want;
	probed.nr_constraints = 1;
	vmr_resource_set_init(&probed.resources, &has, 1);
	for (i = 0; i < rounds; i++) {
		ranges();
		devices();
	}
	printf("%ld\n", rounds * POINTS);
	return 0;
}

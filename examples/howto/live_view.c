// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * Print allocated, free and claimed ranges, for a monitor's console
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <vmalloc/vmalloc.h>

static struct vmr_system sys;
static struct vmr_manager manager;
static struct vmr_layout layout;

/* [print] */
static void print_line(void *arg, const char *line)
{
	fprintf(arg, "%s\n", line);
}

static void print_machine(FILE *out)
{
	struct vmr_printer map = {
		.line = print_line, .arg = out, .manager = &manager,
		.flags = VMR_PRINT_ALL,
	};

	vmr_print_system(&map);
}

/* [end of print] */

/* [numbers] */
static void print_fragmentation(const struct vmr_space *space)
{
	struct vmr_total unused = vmr_space_unused(space);
	struct vmr_gap gap, largest;
	unsigned int gaps = 0;

	vmr_for_each_gap(&gap, space)
		gaps++;
	if (!vmr_largest_gap(space, &largest))
		return;
	printf("%" PRIu64 " MiB free in %u gaps, the largest at %#" PRIx64 "\n",
	       unused.low >> 20, gaps, largest.start);
}

/* [end of numbers] */

/* [claims] */
static void print_claims(const struct vmr_space *space)
{
	char who[80], whom[80];
	struct vmr_range *claim;

	vmr_for_each_claim(claim, space) {
		if (vmr_range_state(claim) != VMR_CLAIMED)
			continue;
		vmr_format_range(&manager, VMR_KIND_MMIO, claim, who,
				 sizeof(who));
		vmr_format_range(&manager, VMR_KIND_MMIO,
				 vmr_find_overlap(space, claim->start,
						  claim->last),
				 whom, sizeof(whom));
		printf("%s waits for %s\n", who, whom);
	}
}

/* [end of claims] */

static const struct vmr_device_ops no_ops = { 0 };

struct device {
	struct vmr_device	dev;
	struct vmr_region	region;
	struct vmr_constraint	wants;
	struct vmr_resource	has;
};

static int add(struct device *d, const char *name, uint64_t size)
{
	d->dev.ops = &no_ops;
	d->dev.name = name;
	vmr_region_init(&d->region, VMR_MMIO, VMR_REGION_TRAPPED, size, 0,
			"bar0");
	vmr_device_add_region(&d->dev, &d->region);
	vmr_constraint_init(&d->wants, VMR_KIND_MMIO, size, &d->region.range);
	d->wants.request.align = size;
	d->dev.constraints = &d->wants;
	d->dev.nr_constraints = 1;
	vmr_resource_set_init(&d->dev.resources, &d->has, 1);
	return vmr_device_register(&manager, &d->dev, NULL, NULL);
}

int main(void)
{
	static struct device nvme, nic, gpu;
	struct vmr_layout_config machine;

	vmr_layout_x86_64(&machine, 1ull << 30, 0, 0);
	if (vmr_layout_init(&layout, &sys, &machine, NULL))
		return 1;
	vmr_manager_init(&manager, &sys);
	if (add(&nvme, "nvme", 0x4000) || add(&nic, "nic", 0x1000) ||
	    add(&gpu, "gpu", 0x1000000))
		return 1;
	vmr_region_program(&manager, &nic.region, nvme.region.range.start);

	print_machine(stdout);
	print_fragmentation(&sys.mmio);
	print_claims(&sys.mmio);
	return 0;
}

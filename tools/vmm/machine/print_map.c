// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * print_map.c - the address map of the running machine, as the library has it
 *
 * In the manner of /proc/ioports and /proc/iomem. There is no other list to
 * print: these are the trees that exits are routed by.
 */
#include "../vmm.h"

static void print_range(int digits, unsigned int indent, uint64_t start,
			uint64_t last)
{
	printf("  %*s%0*" PRIx64 "-%0*" PRIx64 " : ", (int)indent, "", digits,
	       start, digits, last);
}

static void print_owner(const struct vmm *vmm,
			const struct vmr_region *region)
{
	const struct vmr_pci_function *fn;
	uint32_t address;
	unsigned int i;

	for (i = 0; i < vmm->nr_functions; i++) {
		fn = vmm->functions[i];
		if (region->device != &fn->dev)
			continue;
		address = vmr_pci_function_address(fn);
		printf("%02x:%02x.%x ", address >> 8, address >> 3 & 0x1f,
		       address & 7);
	}
	printf("%s", region->device ? region->device->name : "reserved");
	if (region->name)
		printf(": %s", region->name);
	putchar('\n');
}

static const struct vmr_space *behind(const struct vmr_region *window)
{
	const struct vmr_bus *bus = window->device->subordinate;

	return window->io == VMR_PIO ? &bus->pio : &bus->mmio;
}

/* A part of a space; what is behind windows in it further to the right */
static void print_space(const struct vmm *vmm, const struct vmr_space *space,
			int digits, unsigned int indent,
			const struct vmr_range *within)
{
	const struct vmr_region *region, *part;
	struct vmr_range *range;

	vmr_for_each_range(range, space) {
		if (within && (range->start < within->start ||
			       range->last > within->last))
			continue;
		region = container_of(range, struct vmr_region, range);
		print_range(digits, indent, range->start, range->last);
		print_owner(vmm, region);
		for (part = region->subregions; part; part = part->next) {
			print_range(digits, indent + 2,
				    range->start + part->offset,
				    range->start + part->offset +
				    part->size - 1);
			print_owner(vmm, part);
		}
		if (region->type == VMR_REGION_WINDOW)
			print_space(vmm, behind(region), digits, indent + 2,
				    range);
	}
	vmr_for_each_claim(range, space) {
		if (within && (range->start < within->start ||
			       range->last > within->last))
			continue;
		region = container_of(range, struct vmr_region, range);
		print_range(digits, indent, range->start, range->last);
		printf("(%s) ", vmr_range_state(range) == VMR_PARKED ?
		       "not decoded" : "waiting");
		print_owner(vmm, region);
	}
}

void print_map(const struct vmm *vmm)
{
	printf("\nI/O ports:\n");
	print_space(vmm, &vmm->sys.pio, 4, 0, NULL);
	printf("\nguest physical addresses:\n");
	print_space(vmm, &vmm->sys.mmio, 8, 0, NULL);
	putchar('\n');
}

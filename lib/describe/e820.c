// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * e820.c - the memory map as E820 entries
 */
#include "describe/encoder.h"

#include <vmalloc/describe.h>

/* The entry that is not written yet, since the next region may continue it */
struct e820_entry {
	uint64_t	start;
	uint64_t	last;
	uint32_t	type;
};

static uint32_t type_of(const struct vmr_e820 *e820,
			const struct vmr_region *region)
{
	uint32_t type = VMR_E820_NONE;

	if (region->type == VMR_REGION_MEMORY)
		type = VMR_E820_RAM;
	else if (region->type == VMR_REGION_RESERVED)
		type = VMR_E820_RESERVED;
	return e820->type ? e820->type(e820, region, type) : type;
}

static void put_entry(struct vmr_encoder *out, const struct e820_entry *entry)
{
	if (entry->type == VMR_E820_NONE)
		return;
	vmr_put64(out, entry->start);
	vmr_put64(out, entry->last - entry->start + 1);
	vmr_put32(out, entry->type);
}

static void put_entries(struct vmr_encoder *out, const struct vmr_e820 *e820)
{
	struct e820_entry entry = { .type = VMR_E820_NONE };
	const struct vmr_region *region = NULL;
	uint32_t type;

	while ((region = vmr_describe_next_fixed(e820->manager, VMR_MMIO,
						 region))) {
		type = type_of(e820, region);
		if (type == VMR_E820_NONE)
			continue;
		if (type != entry.type ||
		    entry.last + 1 != region->range.start) {
			put_entry(out, &entry);
			entry.start = region->range.start;
			entry.type = type;
		}
		entry.last = region->range.last;
	}
	put_entry(out, &entry);
}

int vmr_e820_encode(const struct vmr_e820 *e820, void *buf, size_t size,
		    size_t *used)
{
	struct vmr_encoder out = { .buf = NULL };

	if (!e820 || !e820->manager || !used)
		return -EINVAL;
	put_entries(&out, e820);
	if (buf) {
		if (out.len > size)
			return -ENOSPC;
		out = (struct vmr_encoder){ .buf = buf };
		put_entries(&out, e820);
	}
	*used = out.len;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_e820_encode);

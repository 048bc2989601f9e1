// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * dispatch.c - proofs of the offsets on an exit
 */
#include "prove.h"

#include "device/dispatch.c"

static struct vmr_region region, part;
static struct vmr_device device;
static struct vmr_device_ops ops;
static uint64_t part_offset, gap_first, gap_last;
static bool is_in_part;

/* The part around the offset, or the bytes between the parts around it */
struct vmr_region *stub_subregion_at(const struct vmr_region *whole, uint64_t offset,
				     uint64_t *first, uint64_t *last)
{
	is_in_part = any_bool();
	gap_first = any_u64();
	gap_last = any_u64();
	assume(gap_first <= offset && offset <= gap_last && gap_last <= *last);
	*first = gap_first;
	*last = gap_last;
	part.offset = gap_first;
	return is_in_part ? &part : NULL;
}

void prove_resolve_access(void)
{
	struct vmr_dispatch target;
	struct vmr_cache_entry entry;
	uint64_t start = any_u64(), last = any_u64(), addr = any_u64(), end;
	int ret;

	region.type = any_u32();
	region.is_subregion = any_bool();
	region.device = &device;
	region.read_only = any_bool();
	region.host = any_bool() ? &region : NULL;
	part.size = any_u64();
	device.ops = &ops;
	target.access.width = any_u32();
	target.write = any_bool();
	assume(target.access.width >= 1 && target.access.width <= MAX_WIDTH);
	assume(start <= addr && addr <= last);
	entry.start = start;
	entry.last = last;
	entry.region = (char *)&region;
	/* A region begins with a word, so the lowest bits of its address are 0 */
	assume(!entry_flags(&entry));
	ret = resolve_access(&target, &entry, addr);
	end = addr + (target.access.width - 1);
	prove(!ret || ret == -ENXIO, "0 or -ENXIO");
	prove(entry.start >= start && entry.start <= addr,
	      "the entry begins in the region, at the address or before it");
	prove(entry.last <= last && entry.last >= addr,
	      "the entry ends in the region, at the address or behind it");
	if (ret) {
		if (region.type == VMR_REGION_TRAPPED || region.is_subregion)
			prove(end < addr || end > last,
			      "a trapped region refuses what is not inside");
		return;
	}
	prove(end >= addr && end <= last, "each byte is in the region");
	prove(target.access.base + target.access.offset == addr,
	      "base and offset are the address");
	prove(target.access.base >= start, "the base is in the region");
	if (region.type == VMR_REGION_TRAPPED || region.is_subregion)
		return;
	prove(region.type != VMR_REGION_WINDOW, "a window does not answer");
	prove(end - start <= gap_last, "each byte is in the part");
	if (is_in_part)
		prove(target.access.region == &part && !target.host &&
		      target.access.base == start + gap_first,
		      "the part answers, from its own start");
	else
		prove(target.access.base == start,
		      "memory counts from its start");
	if (entry.region != (char *)&region)
		prove(is_in_part && entry.region == (char *)&part &&
		      entry.start == start + gap_first &&
		      entry.last == start + gap_last,
		      "the entry of a part has the addresses of the part");
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * The operations of the kernel's drm_mm, with this library
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <vmalloc/vmalloc.h>

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

/* [object] */
struct object {
	const char		*name;
	struct vmr_range	range;		/* struct drm_mm_node */
};

static void must(int err)
{
	if (!err)
		return;
	puts(vmr_strerror(err));
	exit(1);
}

/* [end of object] */

int main(void)
{
	struct object ring = { .name = "ring" };
	struct object fb = { .name = "frame buffer" };
	struct object batch = { .name = "batch" };
	struct object stolen = { .name = "stolen" };
	struct vmr_request req;
	struct vmr_range *range, *tmp;
	struct vmr_space mm;
	struct vmr_gap gap;

	/* [insert] */
	/* drm_mm_init(&mm, 0, 1 << 20): first and last here, start and size there */
	must(vmr_space_init(&mm, 0, (1 << 20) - 1));

	/* drm_mm_reserve_node() */
	must(vmr_reserve(&mm, &stolen.range, 0, 0xffff, NULL));

	/* drm_mm_insert_node(): the tightest hole */
	req = (struct vmr_request)VMR_REQUEST(0x4000, 0x1000);
	req.policy = VMR_BEST;
	must(vmr_alloc(&mm, &ring.range, &req, NULL));

	/* drm_mm_insert_node_in_range(..., DRM_MM_INSERT_HIGH) */
	req = (struct vmr_request)VMR_REQUEST(0x40000, 0x10000);
	req.min = 0x20000;
	req.max = 0x9ffff;
	req.policy = VMR_LAST;
	must(vmr_alloc(&mm, &fb.range, &req, NULL));

	/* ... DRM_MM_INSERT_LOW */
	req = (struct vmr_request)VMR_REQUEST(0x3000, 1);
	must(vmr_alloc(&mm, &batch.range, &req, NULL));
	/* [end of insert] */

	/* [iterate] */
	/* drm_mm_for_each_node() */
	vmr_for_each_range(range, &mm)
		printf("%#7" PRIx64 " - %#7" PRIx64 "  %s\n", range->start,
		       range->last,
		       container_of(range, struct object, range)->name);

	/* drm_mm_for_each_hole() */
	vmr_for_each_gap(&gap, &mm)
		printf("%#7" PRIx64 " - %#7" PRIx64 "  (hole)\n", gap.start,
		       gap.last);

	/* drm_mm_for_each_node_in_range() begins with the first that overlaps */
	range = vmr_find_overlap(&mm, 0x60000, 0x60fff);
	printf("at 0x60000: %s\n",
	       container_of(range, struct object, range)->name);

	/* drm_mm_remove_node() */
	vmr_for_each_range_safe(range, tmp, &mm)
		must(vmr_free(&mm, range));
	/* [end of iterate] */

	return mm.nr_ranges != 0;	/* drm_mm_clean() */
}

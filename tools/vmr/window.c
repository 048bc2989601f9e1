// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * window.c - the sizes of bridge windows, from the innermost bridge outwards
 *
 * The library says how large each window is. Memory that is 64-bit and prefetchable is
 * in the prefetchable window. All other memory is in the window below 4 GiB.
 */
#include <stdlib.h>
#include <string.h>

#include "place.h"

void size_window(struct plan_device *bridge, unsigned int w, bool failed_too)
{
	struct plan_resource *window = &bridge->requested[w];
	struct vmr_pci_item *item = &window->item;

	memset(item, 0, sizeof(*item));
	item->io = w ? VMR_MMIO : VMR_PIO;
	item->flags = window->flags;
	item->contents = list_window_items(bridge, w, failed_too);
	vmr_pci_size_window(item, bridge->reserve[w]);
	window->size = item->size;
	window->align = item->align;
}

/* From the innermost bridges outwards: their windows are in the others'. */
void size_windows_below(struct plan_device *top, unsigned int window,
			bool failed_too)
{
	struct plan_device *at, **list = NULL;
	size_t nr = 0, max = 0;

	for (at = top; at; at = next_below(at, top)) {
		if (!at->is_bridge)
			continue;
		if (nr == max) {
			max = max ? 2 * max : 16;
			list = xcheck(realloc(list, max * sizeof(*list)));
		}
		list[nr++] = at;
	}
	while (nr--)
		size_window(list[nr], window, failed_too);
	free(list);
}

void size_all_windows(struct plan *plan, bool failed_too)
{
	struct plan_device *device;
	unsigned int w;

	for_each_device(device, plan)
		if (device->is_bridge && !device->behind && !device->excluded)
			for (w = 0; w < NR_WINDOWS; w++)
				size_windows_below(device, w, failed_too);
}

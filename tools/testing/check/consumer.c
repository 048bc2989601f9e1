// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * The least that a program can do with the library, compiled by several checks
 * as C and as C++ to see that it builds, links and runs where they put it.
 */
#include <stdio.h>

#include <vmalloc/vmalloc.h>

int main(void)
{
	static struct vmr_space space;
	static struct vmr_range range[3];
	struct vmr_request req = VMR_REQUEST(0x1000, 0x1000);
	int i;

	if (vmr_space_init(&space, 0xc0000000, 0xffffffff))
		return 1;
	/* Taking one out from between two others calls the rbtree too. */
	for (i = 0; i < 3; i++) {
		if (vmr_alloc(&space, &range[i], &req, NULL))
			return 1;
	}
	if (vmr_free(&space, &range[1]))
		return 1;
	if (vmr_find(&space, 0xc0000fff) != &range[0] ||
	    vmr_find(&space, 0xc0001000) ||
	    vmr_find(&space, 0xc0002000) != &range[2])
		return 1;
	puts("consumer: ok");
	return 0;
}

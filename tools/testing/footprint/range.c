// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/* range.c - a program that uses ranges and nothing else */
#include <vmalloc/range.h>

#include "program.h"

static struct vmr_space space;
static struct vmr_range range;

int use(void)
{
	struct vmr_request req = { .size = 0x1000,
				   .align = 0x1000,
				   .max = VMR_ADDR_MAX };

	return vmr_space_init(&space, 0, VMR_ADDR_MAX) ||
	       vmr_alloc(&space, &range, &req, NULL) ||
	       vmr_find(&space, 0) != &range || vmr_free(&space, &range);
}

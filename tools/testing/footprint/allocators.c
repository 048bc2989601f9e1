// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/* allocators.c - a program that allocates addresses and ids, and routes nothing */
#include <vmalloc/pool.h>
#include <vmalloc/id.h>

#include "program.h"

static struct vmr_space space;
static struct vmr_pool pool;
static struct vmr_id_pool ids;
static struct vmr_range range, id;

int use(void)
{
	return vmr_space_init(&space, 0, VMR_ADDR_MAX) ||
	       vmr_pool_init(&pool, &space, 0x1000, 0x100000, 0) ||
	       vmr_pool_alloc(&pool, &range, 0x1000, 0x1000, VMR_FIRST) ||
	       vmr_pool_free(&pool, range.start, 0x1000, NULL) ||
	       vmr_id_pool_init(&ids, 0, 99) || vmr_id_alloc(&ids, &id) ||
	       vmr_id_free(&ids, vmr_id_value(&id), NULL);
}

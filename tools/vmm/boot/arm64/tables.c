// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * tables.c - where the guest reads about its machine
 */
#include <stdlib.h>
#include <string.h>

#include "../../machine/arm64/board.h"
#include "tree.h"

#define TREE_SIZE	(64 * KIB)

void *tables_make(struct vmm *vmm, struct kernel_start *start, size_t *size)
{
	void *buf = malloc(TREE_SIZE);
	int err;

	if (!buf) {
		vmm_err("device tree: no memory");
		return NULL;
	}
	err = device_tree_encode(vmm, start, buf, TREE_SIZE, size);
	if (err) {
		vmm_err("device tree: %s", device_tree_strerror(err));
		free(buf);
		return NULL;
	}
	start->params = next_memory(vmm, true, NULL)->range.start;
	start->tables = start->params;
	return buf;
}

/* Linux does not use the reserved memory: it makes no difference here. */
uint32_t e820_type(const struct vmr_e820 *e820,
		   const struct vmr_region *region, uint32_t type)
{
	(void)e820;
	if (type == VMR_E820_RAM && !strcmp(region->name, RESERVED_MEMORY))
		return VMR_E820_RESERVED;
	return type;
}

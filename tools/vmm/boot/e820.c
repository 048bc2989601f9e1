// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * e820.c - the memory map for the guest
 */
#include "../vmm.h"

/* The bytes of all entries, 0 on failure */
size_t e820_entries(struct vmm *vmm, void *buf, size_t size)
{
	const struct vmr_e820 e820 = {
		.manager	= &vmm->manager,
		.type		= e820_type,
	};
	size_t used;
	int err = vmr_e820_encode(&e820, buf, size, &used);

	if (!err)
		return used;
	vmm_err("memory map: %s", vmr_strerror(err));
	return 0;
}

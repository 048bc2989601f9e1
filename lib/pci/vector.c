// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * vector.c - the interrupt vectors of a function
 */
#include "pci.h"

bool vmr_pci_cap_offset_valid(uint32_t offset, uint32_t size)
{
	return offset >= PCI_STD_HEADER_SIZEOF && !(offset & 3) &&
	       offset <= VMR_PCI_CONFIG_SIZE - size;
}

static void report(struct vmr_pci_function *fn, uint32_t index,
		   const struct vmr_range *range, int error)
{
	if (fn->ops && fn->ops->vector_changed)
		fn->ops->vector_changed(fn, index, range, error);
}

/*
 * Take @nr vectors, or none: a change of the number gives the old ones back. What
 * could not be had is not asked for again by every write that follows: @range
 * says how many it was, and the guest wants another try if it wants another
 * number, which it does by switching off and on, too.
 */
void vmr_pci_update_vectors(struct vmr_pci_function *fn, uint32_t kind,
			   struct vmr_range *range, int *error, uint32_t index,
			   uint32_t nr)
{
	uint32_t has = range->node.link || *error ?
		       (uint32_t)(range->last - range->start + 1) : 0;
	struct vmr_constraint c;
	struct vmr_system *sys;

	/* Who was told of an earlier vector may have unplugged the function */
	if (nr == has ||
	    !fn->manager) /* LCOV_EXCL_BR_LINE: and so wants none */
		return;
	sys = fn->manager->sys;
	vmr_free(vmr_system_space(sys, kind), range);
	*error = 0;
	if (nr) {
		vmr_constraint_init(&c, kind, nr, range);
		*error = vmr_system_alloc_one(sys, NULL, &c, NULL);
	}
	if (*error) {
		range->start = 0;
		range->last = nr - 1;
	}
	report(fn, index, range->node.link ? range : NULL, *error);
}

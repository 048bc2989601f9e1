// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * vector.c - allocation of the interrupt vectors of a function
 *
 * After each write, the number of vectors that are held is compared with the
 * number that the registers enable. The registers do not depend on the result.
 */
#include "pci.h"

bool vmr_pci_cap_offset_valid(uint32_t offset, uint32_t size)
{
	return offset >= PCI_STD_HEADER_SIZEOF && !(offset & 3) &&
	       offset <= VMR_PCI_CONFIG_SIZE - size;
}

static void report_vector(struct vmr_pci_function *fn, uint32_t index,
			  const struct vmr_range *range, int error)
{
	if (fn->ops && fn->ops->vector_changed)
		fn->ops->vector_changed(fn, index, range, error);
}

void vmr_pci_update_vectors(struct vmr_pci_function *fn, uint32_t kind,
			    struct vmr_range *range, int *error, uint32_t index,
			    uint32_t nr)
{
	/* The number held, or requested when the last allocation failed */
	uint32_t old_nr = range->node.link || *error ?
				  (uint32_t)(range->last - range->start + 1) :
				  0;
	struct vmr_constraint c;
	struct vmr_system *sys;

	/* The callback for an earlier vector may have unplugged the function */
	if (nr == old_nr ||
	    !fn->manager) /* LCOV_EXCL_BR_LINE: unplugging freed the vectors */
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
	VMR_ASSERT(!*error || !range->node.link);
	report_vector(fn, index, range->node.link ? range : NULL, *error);
}

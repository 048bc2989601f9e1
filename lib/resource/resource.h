/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * resource.h - functions shared by pools, ids, constraints and the system
 */
#ifndef VMR_LIB_RESOURCE_RESOURCE_H
#define VMR_LIB_RESOURCE_RESOURCE_H

#include "range/engine.h"

#include <vmalloc/resource.h>

/* Raise the watermark of a pool to the ids in an allocated range */
void vmr_id_raise_watermark(struct vmr_id_pool *ids,
			    const struct vmr_range *range);

/* Describe in @res the allocated range of a constraint */
void vmr_resource_from_constraint(struct vmr_resource *res,
				  const struct vmr_constraint *c);

/* Fill @set with the resources of @nr allocated constraints */
void vmr_resource_set_fill(const struct vmr_constraint *c, size_t nr,
			   struct vmr_resource_set *set);

#endif /* VMR_LIB_RESOURCE_RESOURCE_H */

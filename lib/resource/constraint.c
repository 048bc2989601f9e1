// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * constraint.c - constraints and sets of resources
 */
#include "resource.h"

static uint64_t default_align(uint32_t kind, uint64_t size)
{
	switch (kind) {
	case VMR_KIND_MMIO:
	case VMR_KIND_MEM:
		return 0x1000;
	case VMR_KIND_MSI:
		return size;
	case VMR_KIND_PCI_BDF:
		return 8;	/* a device, not the next function of one */
	default:
		return 1;
	}
}

void vmr_constraint_init_bounded(struct vmr_constraint *c, uint32_t kind,
				 uint64_t size, uint64_t align, uint64_t min,
				 uint64_t max, struct vmr_range *range)
{
	*c = (struct vmr_constraint) {
		.kind = kind,
		.request = {
			.size = size,
			.align = align,
			.min = min,
			.max = max,
			.policy = VMR_DEFAULT,
		},
		.range = range,
	};
}
EXPORT_SYMBOL_GPL(vmr_constraint_init_bounded);

void vmr_constraint_init(struct vmr_constraint *c, uint32_t kind, uint64_t size,
			 struct vmr_range *range)
{
	vmr_constraint_init_bounded(c, kind, size, default_align(kind, size), 0,
				    VMR_ADDR_MAX, range);
}
EXPORT_SYMBOL_GPL(vmr_constraint_init);

void vmr_constraint_init_fixed(struct vmr_constraint *c, uint32_t kind,
			       uint64_t start, uint64_t size,
			       struct vmr_range *range)
{
	vmr_constraint_init_bounded(c, kind, size, 1, 0, VMR_ADDR_MAX, range);
	c->request.policy = VMR_EXACT;
	c->request.addr = start;
}
EXPORT_SYMBOL_GPL(vmr_constraint_init_fixed);

void vmr_resource_set_init(struct vmr_resource_set *set,
			   struct vmr_resource *entries, size_t max)
{
	set->entries = entries;
	set->nr = 0;
	set->max = max;
}
EXPORT_SYMBOL_GPL(vmr_resource_set_init);

int vmr_resource_set_append(struct vmr_resource_set *set,
			    const struct vmr_resource *res)
{
	if (!set || !res)
		return -EINVAL;
	if (set->nr >= set->max)
		return -ENOSPC;
	set->entries[set->nr++] = *res;
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_resource_set_append);

int vmr_resource_set_append_mac(struct vmr_resource_set *set,
				const uint8_t mac[6])
{
	struct vmr_resource res = { .kind = VMR_KIND_MAC };

	if (!mac)
		return -EINVAL;
	memcpy(res.mac, mac, 6);
	return vmr_resource_set_append(set, &res);
}
EXPORT_SYMBOL_GPL(vmr_resource_set_append_mac);

const struct vmr_resource *
vmr_resource_set_next(const struct vmr_resource_set *set, uint32_t kind,
		      const struct vmr_resource *prev)
{
	const struct vmr_resource *res, *end;

	if (!set || !set->nr)
		return NULL;
	end = set->entries + set->nr;
	for (res = prev ? prev + 1 : set->entries; res < end; res++)
		if (res->kind == kind)
			return res;
	return NULL;
}
EXPORT_SYMBOL_GPL(vmr_resource_set_next);

void vmr_resource_from_constraint(struct vmr_resource *res,
				  const struct vmr_constraint *c)
{
	VMR_ASSERT(c->range->node.link);
	*res = (struct vmr_resource) {
		.kind = c->kind,
		.flags = c->flags,
		.start = c->range->start,
		.last = c->range->last,
		.range = c->range,
		.name = c->name,
	};
}

void vmr_resource_set_fill(const struct vmr_constraint *c, size_t nr,
			   struct vmr_resource_set *set)
{
	size_t i;

	VMR_ASSERT(nr <= set->max);
	for (i = 0; i < nr; i++)
		vmr_resource_from_constraint(&set->entries[i], &c[i]);
	set->nr = nr;
}

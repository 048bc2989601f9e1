// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * layout.c - a system made from a configuration
 */
#include "layout.h"
#define PCI_BUS		0x100u
#define PCI_SLOT	8

/*
 * Making the system
 */

struct pool_template {
	uint32_t	kinds;
	uint32_t	flags;
	enum vmr_policy	policy;
};

static void add_pool(struct vmr_system *sys, const struct pool_template *what,
		     uint64_t start, uint64_t last, const char *name)
{
	const bool pages = what->kinds & (1u << VMR_KIND_MMIO |
					  1u << VMR_KIND_MEM);
	const struct vmr_system_pool pool = {
		.pool = {
			.start = start, .last = last, .policy = what->policy,
			.align = pages ? VMR_WINDOW_ALIGN_32 : 1, .name = name,
		},
		.kinds = what->kinds,
		.flags = what->flags,
	};
	int ret = vmr_system_add_pool(sys, &pool);

	VMR_ASSERT(!ret);
	(void)ret;
}

static void add_pools(struct vmr_system *sys, const struct pool_template *what,
		      const struct vmr_span *spans, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		add_pool(sys, what, spans[i].start, spans[i].last,
			 spans[i].name);
}

/* Automatic placement in @here only; the rest of @all is the platform's */
static void add_split_pools(struct vmr_system *sys, uint32_t kind,
			    enum vmr_policy policy, const struct vmr_span *all,
			    const struct vmr_span *here)
{
	const struct pool_template any = { 1u << kind, 0, policy };
	const struct pool_template own = { 1u << kind, VMR_PLATFORM, policy };
	uint64_t start = max(all->start, here->start);
	uint64_t last = min(all->last, here->last);

	if (start > last) {
		add_pools(sys, &own, all, 1);
		return;
	}
	if (all->start < start)
		add_pool(sys, &own, all->start, start - 1, all->name);
	add_pool(sys, &any, start, last, here->name);
	if (last < all->last)
		add_pool(sys, &own, last + 1, all->last, all->name);
}

static uint32_t pci_last_of(const struct vmr_layout_config *config)
{
	return (config->nr_segments - 1) * VMR_PCI_SEGMENT_SIZE +
	       (config->buses * PCI_BUS - 1);
}

static void init_domains(struct vmr_system *sys,
			 const struct vmr_layout_config *config)
{
	struct vmr_system_limits limits = {
		.mmio_last = vmr_phys_last(config->phys_bits),
		.slot_last = config->slot_last,
		.pci_last = pci_last_of(config),
		.id_last = config->id_last,
	};
	uint64_t last = 0;
	size_t i;

	for (i = 0; i < config->nr_irq_inputs; i++)
		last = max(last, config->irq_inputs[i].last);
	if (!config->separate_msi_vectors)
		last = max(last, config->msi_vectors.last);
	else if (config->msi_vectors.last)
		limits.msi_vector_last = config->msi_vectors.last;
	else
		limits.msi_vector_last = 1;	/* 0 would say that they are not apart */
	limits.irq_last = last;
	vmr_system_init(sys, &limits);
}

static void add_windows(struct vmr_system *sys,
			const struct vmr_layout_config *config)
{
	struct vmr_span root;
	struct vmr_split split;
	size_t i;

	for (i = 0; i < config->nr_windows; i++) {
		const struct vmr_layout_window *w = &config->windows[i];
		const struct pool_template what = {
			1u << VMR_KIND_MMIO, w->flags, w->policy,
		};

		vmr_split_for_window(config, i, &split);
		root = vmr_split_next(&split, 0);
		add_pools(sys, &what, &root, 1);
	}
}

static void add_addr_pools(struct vmr_system *sys,
			   const struct vmr_layout_config *config)
{
	const struct pool_template ram = { 1u << VMR_KIND_MEM, 0, VMR_FIRST };
	const struct pool_template platform = {
		1u << VMR_KIND_MMIO, VMR_PLATFORM, config->platform_policy,
	};
	const struct vmr_span ports = { 0, VMR_PORT_LAST, "legacy ports" };

	add_pools(sys, &ram, config->ram, config->nr_ram);
	/* Before the windows: who may be here would be placed there else */
	add_pools(sys, &platform, config->platform, config->nr_platform);
	add_windows(sys, config);
	add_split_pools(sys, VMR_KIND_PIO, VMR_LAST, &ports, &config->io_ports);
}

static void add_id_pools(struct vmr_system *sys,
			 const struct vmr_layout_config *config)
{
	const struct pool_template vectors = {
		1u << VMR_KIND_MSI | 1u << VMR_KIND_MSIX |
		1u << VMR_KIND_MSI_GENERIC, 0, VMR_FIRST,
	};
	const struct pool_template segments = {
		1u << VMR_KIND_PCI_BDF, VMR_PLATFORM, VMR_FIRST,
	};
	const struct vmr_span pci = { 0, config->buses * PCI_BUS - 1, "pci" };
	const struct vmr_span slots = { PCI_SLOT, pci.last, "pci" };
	size_t i;

	for (i = 0; i < config->nr_irq_inputs; i++)
		add_split_pools(sys, VMR_KIND_IRQ, VMR_FIRST, &config->irq_inputs[i],
			    &config->irq_lines);
	add_pools(sys, &vectors, &config->msi_vectors, 1);
	add_split_pools(sys, VMR_KIND_PCI_BDF, VMR_FIRST, &pci, &slots);
	if (config->nr_segments > 1)
		add_pool(sys, &segments, VMR_PCI_SEGMENT_SIZE, pci_last_of(config),
			 "pci segments");
}

static void fill_segments(struct vmr_system *sys,
			  const struct vmr_layout_config *config)
{
	struct vmr_span span;
	struct vmr_split split;
	size_t i, j;

	memset(config->segments, 0,
	       config->nr_segments * sizeof(*config->segments));
	for (i = 0; i < config->nr_windows; i++) {
		vmr_split_for_window(config, i, &split);
		for (j = 0; j < config->nr_segments; j++) {
			span = vmr_split_next(&split, j);
			config->segments[j].windows[i] = (struct vmr_pool) {
				.space = &sys->mmio,
				.start = span.start,
				.last = span.last,
				.align = VMR_WINDOW_ALIGN_32,
				.policy = config->windows[i].policy,
				.name = span.name,
			};
		}
	}
}

int vmr_layout_init(struct vmr_layout *layout, struct vmr_system *sys,
		    const struct vmr_layout_config *config,
		    const struct vmr_span **invalid)
{
	const struct vmr_span *wrong = NULL;
	size_t i;
	int ret;

	if (!layout || !sys || !config)
		return -EINVAL;
	ret = vmr_layout_check(config, &wrong);
	if (ret) {
		if (wrong && invalid)
			*invalid = wrong;
		return ret;
	}
	init_domains(sys, config);
	add_addr_pools(sys, config);
	add_id_pools(sys, config);
	memset(layout, 0, sizeof(*layout));
	layout->sys = sys;
	layout->nr_reserved = config->nr_reserved;
	for (i = 0; i < config->nr_reserved; i++)
		vmr_region_reserve(sys, &layout->reserved[i], VMR_MMIO,
				   &config->reserved[i], NULL);
	if (config->segments)
		fill_segments(sys, config);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_layout_init);

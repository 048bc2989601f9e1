// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * layout.c - initialise a system from a configuration
 *
 * The configuration is checked before the system is changed, so no later step can
 * fail.
 */
#include "layout.h"

#define PCI_BUS_SIZE	0x100u	/* BDFs of a bus */
#define PCI_SLOT_SIZE	8	/* BDFs of a device */

struct pool_template {
	uint32_t	kinds;
	uint32_t	flags;
	enum vmr_policy	policy;
};

static void add_pool(struct vmr_system *sys,
		     const struct pool_template *template, uint64_t start,
		     uint64_t last, const char *name)
{
	const bool pages = template->kinds & (1u << VMR_KIND_MMIO |
					      1u << VMR_KIND_MEM);
	const struct vmr_system_pool pool = {
		.pool = {
			.start = start, .last = last,
			.policy = template->policy,
			.align = pages ? VMR_WINDOW_ALIGN_32 : 1, .name = name,
		},
		.kinds = template->kinds,
		.flags = template->flags,
	};
	int ret = vmr_system_add_pool(sys, &pool);

	VMR_ASSERT(!ret);
	(void)ret;
}

static void add_span(struct vmr_system *sys,
		     const struct pool_template *template,
		     const struct vmr_span *span)
{
	add_pool(sys, template, span->start, span->last, span->name);
}

static void add_spans(struct vmr_system *sys,
		      const struct pool_template *template,
		      const struct vmr_span *spans, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		add_span(sys, template, &spans[i]);
}

/* Automatic placement of @domain is in @dynamic; the rest is the platform's */
static void add_split_pools(struct vmr_system *sys, uint32_t kind,
			    enum vmr_policy policy,
			    const struct vmr_span *domain,
			    const struct vmr_span *dynamic)
{
	const struct pool_template any = { 1u << kind, 0, policy };
	const struct pool_template platform = {
		1u << kind, VMR_PLATFORM, policy,
	};
	uint64_t start = max(domain->start, dynamic->start);
	uint64_t last = min(domain->last, dynamic->last);

	if (start > last) {
		add_span(sys, &platform, domain);
		return;
	}
	if (domain->start < start)
		add_pool(sys, &platform, domain->start, start - 1,
			 domain->name);
	add_pool(sys, &any, start, last, dynamic->name);
	if (last < domain->last)
		add_pool(sys, &platform, last + 1, domain->last, domain->name);
}

static uint32_t pci_last(const struct vmr_layout_config *config)
{
	return (config->nr_segments - 1) * VMR_PCI_SEGMENT_SIZE +
	       (config->buses * PCI_BUS_SIZE - 1);
}

static void init_domains(struct vmr_system *sys,
			 const struct vmr_layout_config *config)
{
	struct vmr_system_limits limits = {
		.mmio_last = vmr_phys_last(config->phys_bits),
		.slot_last = config->slot_last,
		.pci_last = pci_last(config),
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
		limits.msi_vector_last = 1; /* 0 means no separate vectors */
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
		const struct pool_template template = {
			1u << VMR_KIND_MMIO, w->flags, w->policy,
		};

		vmr_split_for_window(config, i, &split);
		root = vmr_split_next(&split, 0);
		add_span(sys, &template, &root);
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

	add_spans(sys, &ram, config->ram, config->nr_ram);
	/* Before the windows, which would satisfy a platform request first */
	add_spans(sys, &platform, config->platform, config->nr_platform);
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
	const struct vmr_span pci = { 0, config->buses * PCI_BUS_SIZE - 1, "pci" };
	const struct vmr_span slots = { PCI_SLOT_SIZE, pci.last, "pci" };
	size_t i;

	for (i = 0; i < config->nr_irq_inputs; i++)
		add_split_pools(sys, VMR_KIND_IRQ, VMR_FIRST,
				&config->irq_inputs[i], &config->irq_lines);
	add_span(sys, &vectors, &config->msi_vectors);
	add_split_pools(sys, VMR_KIND_PCI_BDF, VMR_FIRST, &pci, &slots);
	if (config->nr_segments > 1)
		add_pool(sys, &segments, VMR_PCI_SEGMENT_SIZE, pci_last(config),
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
	const struct vmr_span *found = NULL;
	size_t i;
	int ret;

	if (!layout || !sys || !config)
		return -EINVAL;
	ret = vmr_layout_check(config, &found);
	if (ret) {
		if (found && invalid)
			*invalid = found;
		return ret;
	}
	init_domains(sys, config);
	add_addr_pools(sys, config);
	add_id_pools(sys, config);
	memset(layout, 0, sizeof(*layout));
	layout->sys = sys;
	layout->nr_reserved = config->nr_reserved;
	for (i = 0; i < config->nr_reserved; i++) {
		ret = vmr_region_reserve(sys, &layout->reserved[i], VMR_MMIO,
					 &config->reserved[i], NULL);
		VMR_ASSERT(!ret);
	}
	if (config->segments)
		fill_segments(sys, config);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_layout_init);

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * machine.c - the machine of a plan, as the library describes it
 */
#include <string.h>

#include "place.h"

#define LINE_MAX_IDS	4095

static void describe_custom(struct vmr_layout_config *config, uint32_t bits)
{
	*config = (struct vmr_layout_config) {
		.phys_bits = bits ? bits : 39,
		.io_ports = { 0x1000, 0xffff, "ports" },
		.nr_segments = 1,
		.buses = 256,
		.irq_inputs = { { 0, 23, "ioapic" } },
		.nr_irq_inputs = 1,
		.irq_lines = { 5, 23, "irq" },
		.msi_vectors = { 24, LINE_MAX_IDS, "gsi" },
		.slot_last = 508,
		.id_last = 0xffff,
	};
}

/*
 * Only AMD's processors reserve the addresses for HyperTransport. Elsewhere the window
 * begins behind the memory, as with 40 bits, and has the addresses of the hole too.
 */
static void fill_hole(struct vmr_layout_config *config, const struct machine *m)
{
	struct vmr_layout_config low;
	size_t i;

	if (m->amd || config->phys_bits < 40 ||
	    vmr_layout_x86_64(&low, m->ram, m->ram_max, 40) ||
	    low.nr_ram != config->nr_ram)
		return;
	for (i = 0; i < low.nr_ram; i++)
		if (low.ram[i].last != config->ram[i].last)
			return;
	for (i = 0; i < config->nr_windows; i++) {
		struct vmr_span *span = &config->windows[i].span;

		if (!(config->windows[i].flags & VMR_64BIT))
			continue;
		span->start = low.windows[i].span.start;
		if (span->last == HT_HOLE_START - 1)
			span->last = HT_HOLE_LAST;
	}
}

static int describe_ready(struct vmr_layout_config *config,
			  const struct machine *m, uint32_t bits)
{
	int err;

	if (bits > 46)
		bits |= VMR_LAYOUT_WIDE;
	if (!strcmp(m->name, "arm64"))
		return vmr_layout_arm64(config, m->ram, m->ram_max, bits);
	if (!strcmp(m->name, "riscv64"))
		return vmr_layout_riscv64(config, m->ram, m->ram_max, bits);
	err = vmr_layout_x86_64(config, m->ram, m->ram_max, bits);
	if (!err)
		fill_hole(config, m);
	return err;
}

static void copy_spans(const struct config_spans *from, struct vmr_span *to,
		       size_t *nr)
{
	size_t i;

	if (!from->nr)
		return;
	for (i = 0; i < from->nr; i++)
		to[i] = from->list[i].span;
	*nr = from->nr;
}

static void take_config_spans(struct vmr_layout_config *config,
			      const struct machine *m)
{
	size_t i;

	copy_spans(&m->memory, config->ram, &config->nr_ram);
	copy_spans(&m->platform, config->platform, &config->nr_platform);
	for (i = 0; i < m->windows.nr; i++) {
		const struct config_span *w = &m->windows.list[i];

		config->windows[i] = (struct vmr_layout_window) {
			.span = w->span,
			.flags = w->flags,
			.policy = w->policy,
			.align = VMR_WINDOW_ALIGN_32,
		};
		config->nr_windows = i + 1;
	}
	for (i = 0; i < m->holes.nr; i++)
		config->reserved[config->nr_reserved++] = m->holes.list[i].span;
	if (m->ports.nr)
		config->io_ports = m->ports.list[0].span;
}

static unsigned int line_of(const struct config_spans *spans,
			    const struct vmr_span *bad)
{
	size_t i;

	for (i = 0; i < spans->nr; i++)
		if (spans->list[i].span.start == bad->start &&
		    spans->list[i].span.last == bad->last)
			return spans->list[i].line;
	return 0;
}

static void bad_machine(struct plan *plan, const struct vmr_span *bad, int err)
{
	const struct machine *m = &plan->machine;
	const struct config_spans *sorts[] = {
		&m->memory, &m->windows, &m->platform, &m->holes, &m->ports,
	};
	unsigned int line = 0;
	size_t i;

	for (i = 0; i < NR(sorts) && bad && !line; i++)
		line = line_of(sorts[i], bad);
	if (line)
		bad_input(plan, &(struct place_in_file) { m->file, line, 1 },
			  NULL, "%s: %s", bad->name,
			  err == -ERANGE ? "not all of it is an address" :
			  err == -EBUSY ? "part of it is another's" :
			  vmr_strerror(err));
	else if (bad)
		bad_plan(plan, "machine: %s at 0x%llx: %s",
			 bad->name ? bad->name : "?",
			 (unsigned long long)bad->start, vmr_strerror(err));
	else
		bad_plan(plan, "machine %s: %s", m->name, vmr_strerror(err));
}

int make_machine(struct plan *plan, uint32_t bits,
		 const struct vmr_span **bad)
{
	struct machine *m = &plan->machine;
	int err = 0;

	if (!strcmp(m->name, "custom"))
		describe_custom(&plan->config, bits);
	else
		err = describe_ready(&plan->config, m, bits);
	if (err)
		return err;
	take_config_spans(&plan->config, m);
	memset(&plan->layout, 0, sizeof(plan->layout));
	err = vmr_layout_init(&plan->layout, &plan->sys, &plan->config, bad);
	if (!err)
		vmr_manager_init(&plan->manager, &plan->sys);
	return err;
}

/* Check the machine once before placing, and report faults with the line */
bool describe_machine(struct plan *plan, uint32_t bits)
{
	const struct vmr_span *bad = NULL;
	struct vmr_span pieces[VMR_LAYOUT_MAX_RAM];
	int err = make_machine(plan, bits, &bad);

	if (err == -ENOSPC && !bad) {
		bad_plan(plan, bits ? "%s has no room for %s of memory with %u-bit addresses" :
			 "%s has no room for %s of memory", plan->machine.name,
			 size_text(plan->machine.ram_max ?
				   plan->machine.ram_max : plan->machine.ram),
			 bits);
	} else if (err) {
		bad_machine(plan, bad, err);
	} else if (plan->config.nr_ram &&
		   vmr_layout_ram(&plan->config, plan->machine.ram,
				  pieces) < 0) {
		bad_plan(plan, "the machine's areas have no room for %s of memory",
			 size_text(plan->machine.ram));
	}
	return !plan->errors;
}

const struct vmr_device_ops no_ops;

void fill_memory(struct plan *plan)
{
	struct vmr_span pieces[VMR_LAYOUT_MAX_RAM];
	struct vmr_device *dev = &plan->ram;
	int i, nr = 0;

	memset(dev, 0, sizeof(*dev));
	memset(plan->ram_regions, 0, sizeof(plan->ram_regions));
	if (plan->config.nr_ram)
		nr = vmr_layout_ram(&plan->config, plan->machine.ram, pieces);
	plan->nr_ram = nr > 0 ? nr : 0;
	if (nr <= 0)
		return;
	dev->ops = &no_ops;
	dev->name = "ram";
	for (i = 0; i < nr; i++) {
		uint64_t size = pieces[i].last - pieces[i].start + 1;

		vmr_region_init(&plan->ram_regions[i], VMR_MMIO,
				VMR_REGION_MEMORY, size, i, pieces[i].name);
		vmr_device_add_region(dev, &plan->ram_regions[i]);
		vmr_constraint_init_fixed(&plan->ram_constraints[i],
					  VMR_KIND_MEM, pieces[i].start, size,
					  &plan->ram_regions[i].range);
	}
	dev->constraints = plan->ram_constraints;
	dev->nr_constraints = nr;
	vmr_resource_set_init(&dev->resources, plan->ram_resources, nr);
	vmr_device_register(&plan->manager, dev, NULL, NULL);
}

/* Lines that devices with a pin share: the highest there are */
void share_lines(struct plan *plan)
{
	static const char *const names[NR_INTX] = {
		"intx d", "intx c", "intx b", "intx a",
	};
	const struct vmr_span *lines = &plan->config.irq_lines;
	uint32_t i;

	memset(plan->intx, 0, sizeof(plan->intx));
	for (i = 0; i < NR_INTX && lines->last - lines->start >= i; i++)
		vmr_system_add_shared_irq(&plan->sys, &plan->intx[i],
					  lines->last - i, names[i], NULL);
}

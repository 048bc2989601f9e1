// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * machines.c - the address maps of common machines
 *
 * The tables contain what differs between machines, which is all below 4 GiB. The
 * end of the last area of memory and the start of the 64-bit window depend on the
 * size of the memory.
 */
#include "layout.h"

#define FIRST_DYNAMIC_PORT	0x1000	/* legacy devices are below */
#define LAST_VECTOR		4095

/* Every version of KVM supports this number on every architecture */
#define KVM_MIN_MEM_SLOTS	509

struct span32 {
	uint32_t	start;
	uint32_t	last;
	const char	*name;
};

/*
 * AMD's processors with an IOMMU do not pass these addresses on to memory or to
 * devices. A guest of such a host has the same hole.
 */
#define HT_HOLE_START		((uint64_t)0xfd00000000)
#define HT_HOLE_LAST		((uint64_t)0xffffffffff)

/* Guests with four levels of page tables map up to here */
#define MAX_WINDOW_BITS		46

/* The largest block of memory that a guest plugs, with its alignment */
#define MEM_BLOCK_SIZE		0x40000000ull

/*
 * If @low_ram is not 0, memory ends there and continues at 4 GiB. If @ht_hole is
 * true, no memory and no window are in the HyperTransport hole.
 */
struct machine_desc {
	uint32_t	ram;
	uint32_t	low_ram;
	bool		ht_hole;
	uint8_t		phys_bits;
	uint8_t		platform_policy;
	bool		separate_msi_vectors;
	uint8_t		nr_platform;
	uint8_t		nr_reserved;
	struct span32	window;
	struct span32	platform[3];
	struct span32	reserved[4];
	struct span32	irq_inputs;
	uint32_t	first_irq_line;
	uint32_t	first_msi_vector;
};

static const struct machine_desc x86_64 = {
	.phys_bits = 39,
	.low_ram = 0xbfffffff,
	.ht_hole = true,
	.window = { 0xd0000000, 0xf7ffffff, "mmio32" },
	.platform = {
		{ 0xf8000000, 0xffffffff, "platform" },
		{ 0xc0000000, 0xcfffffff, "ecam" },
	},
	.nr_platform = 2,
	.platform_policy = VMR_FIRST,
	.reserved = {
		{ 0xfec00000, 0xfec00fff, "ioapic" },
		{ 0xfed00000, 0xfed00fff, "hpet" },
		{ 0xfee00000, 0xfeefffff, "lapic" },
		{ 0xfeffc000, 0xfeffffff, "kvm identity map and tss" },
	},
	.nr_reserved = 4,
	.irq_inputs = { 0, 23, "ioapic" },
	.first_irq_line = 5,
	.first_msi_vector = 24,
};

static const struct machine_desc arm64 = {
	.phys_bits = 40,
	.ram = 0x40000000,
	.window = { 0x10000000, 0x2ffeffff, "mmio32" },
	.platform = {
		{ 0, 0x0fffffff, "platform" },
		{ 0x2fff0000, 0x2fffffff, "io ports" },
		{ 0x30000000, 0x3fffffff, "ecam" },
	},
	.nr_platform = 3,
	.platform_policy = VMR_LAST,	/* firmware begins at 0 */
	.reserved = {
		{ 0x08000000, 0x0800ffff, "gic distributor" },
		{ 0x08080000, 0x0809ffff, "gic its" },
		{ 0x080a0000, 0x08ffffff, "gic redistributors" },
	},
	.nr_reserved = 3,
	.irq_inputs = { 32, 255, "gic" },
	.first_irq_line = 32,
	.separate_msi_vectors = true,
};

static const struct machine_desc riscv64 = {
	.phys_bits = 41,
	.ram = 0x80000000,
	.window = { 0x40000000, 0x7fffffff, "mmio32" },
	.platform = {
		{ 0, 0x2fffffff, "platform" },
		{ 0x30000000, 0x3fffffff, "ecam" },
	},
	.nr_platform = 2,
	.platform_policy = VMR_LAST,	/* firmware begins at 0 */
	.reserved = {
		{ 0x0d000000, 0x0d007fff, "aplic" },
		{ 0x28000000, 0x2bffffff, "imsic" },
	},
	.nr_reserved = 2,
	.irq_inputs = { 1, 95, "aplic" },
	.first_irq_line = 1,
	.separate_msi_vectors = true,
};

/*
 * Fill @size bytes into the areas, the lowest first. Return the number of spans, or
 * 0 if the areas are too small.
 */
static size_t split_ram(const struct vmr_span *areas, size_t nr, uint64_t size,
			struct vmr_span *spans)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		spans[i] = areas[i];
		if (size - 1 <= vmr_span_last_offset(&areas[i])) {
			spans[i].last = areas[i].start + (size - 1);
			return i + 1;
		}
		size -= vmr_span_last_offset(&areas[i]) + 1;
	}
	return 0;
}

int vmr_layout_ram(const struct vmr_layout_config *config, uint64_t size,
		   struct vmr_span *spans)
{
	struct vmr_span found[VMR_LAYOUT_MAX_RAM];
	size_t nr;

	if (!config || !size || !spans || config->nr_ram > VMR_LAYOUT_MAX_RAM)
		return -EINVAL;
	nr = split_ram(config->ram, config->nr_ram, size, found);
	if (!nr)
		return -ENOSPC;
	memcpy(spans, found, nr * sizeof(*found));
	return nr;
}
EXPORT_SYMBOL_GPL(vmr_layout_ram);

static void set_span(struct vmr_span *span, uint64_t start, uint64_t last,
		     const char *name)
{
	span->start = start;
	span->last = last;
	span->name = name;
}

static void set_spans(struct vmr_span *spans, const struct span32 *desc,
		      size_t nr)
{
	for (; nr--; spans++, desc++)
		set_span(spans, desc->start, desc->last, desc->name);
}

static void add_window(struct vmr_layout_config *config, uint64_t start,
		       uint64_t last, uint64_t align, uint32_t flags,
		       const char *name)
{
	struct vmr_layout_window *window =
		&config->windows[config->nr_windows++];

	set_span(&window->span, start, last, name);
	window->policy = VMR_LAST;
	window->align = align;
	window->flags = flags;
}

/*
 * The 64-bit window begins after the memory, at a multiple of 4 GiB, if it fits. It
 * is on one side of the HyperTransport hole: above it if the machine has addresses
 * there, else below.
 */
static void set_windows(struct vmr_layout_config *config,
			const struct machine_desc *machine, uint64_t ram_last,
			bool wide)
{
	const struct span32 *low = &machine->window;
	uint64_t last = vmr_phys_last(config->phys_bits);
	uint64_t start = (ram_last | (VMR_4_GIB - 1)) + 1;

	if (!wide)
		last = min(last, vmr_phys_last(MAX_WINDOW_BITS));
	/* @start is 0 if the memory ends in the last 4 GiB of the domain */
	if (machine->ht_hole && start && last > HT_HOLE_LAST)
		start = max(start, HT_HOLE_LAST + 1);
	else if (machine->ht_hole)
		last = min(last, HT_HOLE_START - 1);
	if (start && start <= last)
		add_window(config, start, last, VMR_WINDOW_ALIGN_64, VMR_64BIT,
			   "mmio64");
	add_window(config, low->start, low->last, VMR_WINDOW_ALIGN_32, 0,
		   low->name);
}

/*
 * Find the areas for @size bytes of memory. Memory that is plugged later comes in
 * blocks of up to MEM_BLOCK_SIZE, aligned to their size. Blocks that a first-fit
 * search places leave gaps of less than one such block in all, so that an end at a
 * multiple of it is sufficient. Return the number of areas, or 0 if the areas are
 * too small.
 */
static size_t find_ram(const struct machine_desc *machine, uint64_t size,
		       bool pluggable, struct vmr_span *spans)
{
	size_t nr = machine->low_ram ? 2 : 1;
	uint64_t *last;

	set_span(&spans[0], machine->ram,
		 nr == 2 ? machine->low_ram : VMR_ADDR_MAX, "memory");
	set_span(&spans[1], VMR_4_GIB, VMR_ADDR_MAX, "memory above 4 GiB");
	nr = split_ram(spans, nr, size, spans);
	if (!nr)
		return 0;
	last = &spans[nr - 1].last;
	if (pluggable)
		*last |= MEM_BLOCK_SIZE - 1;
	if (machine->ht_hole && *last >= HT_HOLE_START) {
		/* Memory above 4 GiB is in one piece, above the hole */
		if (*last > VMR_ADDR_MAX - (HT_HOLE_LAST + 1 - VMR_4_GIB))
			return 0;
		*last += HT_HOLE_LAST + 1 - VMR_4_GIB;
		spans[nr - 1].start = HT_HOLE_LAST + 1;
	}
	return nr;
}

static int fill_config(struct vmr_layout_config *config,
		       const struct machine_desc *machine, uint64_t ram,
		       uint64_t ram_max, uint32_t phys_bits)
{
	struct vmr_span spans[VMR_LAYOUT_MAX_RAM];
	bool wide = phys_bits & VMR_LAYOUT_WIDE;
	size_t nr;

	phys_bits &= ~VMR_LAYOUT_WIDE;
	if (!ram_max)
		ram_max = ram;
	if (!phys_bits)
		phys_bits = machine->phys_bits;
	if (!config || !ram || ram_max < ram || phys_bits < 33 ||
	    phys_bits > 64)
		return -EINVAL;
	nr = find_ram(machine, ram_max, ram_max > ram, spans);
	if (!nr || spans[nr - 1].last > vmr_phys_last(phys_bits))
		return -ENOSPC;

	memset(config, 0, sizeof(*config));
	config->phys_bits = phys_bits;
	memcpy(config->ram, spans, nr * sizeof(*spans));
	config->nr_ram = nr;
	set_windows(config, machine, spans[nr - 1].last, wide);
	set_spans(config->platform, machine->platform, machine->nr_platform);
	config->nr_platform = machine->nr_platform;
	config->platform_policy = machine->platform_policy;
	set_spans(config->reserved, machine->reserved, machine->nr_reserved);
	config->nr_reserved = machine->nr_reserved;
	set_span(&config->io_ports, FIRST_DYNAMIC_PORT, VMR_PORT_LAST, "ports");
	config->nr_segments = 1;
	config->buses = 256;
	set_span(config->irq_inputs, machine->irq_inputs.start,
		 machine->irq_inputs.last, machine->irq_inputs.name);
	config->nr_irq_inputs = 1;
	set_span(&config->irq_lines, machine->first_irq_line,
		 machine->irq_inputs.last, "irq");
	set_span(&config->msi_vectors, machine->first_msi_vector, LAST_VECTOR,
		 "gsi");
	config->separate_msi_vectors = machine->separate_msi_vectors;
	config->slot_last = KVM_MIN_MEM_SLOTS - 1;
	config->id_last = 0xffff;
	return 0;
}

int vmr_layout_x86_64(struct vmr_layout_config *config, uint64_t ram,
		      uint64_t ram_max, uint32_t phys_bits)
{
	return fill_config(config, &x86_64, ram, ram_max, phys_bits);
}
EXPORT_SYMBOL_GPL(vmr_layout_x86_64);

int vmr_layout_arm64(struct vmr_layout_config *config, uint64_t ram,
		     uint64_t ram_max, uint32_t phys_bits)
{
	return fill_config(config, &arm64, ram, ram_max, phys_bits);
}
EXPORT_SYMBOL_GPL(vmr_layout_arm64);

int vmr_layout_riscv64(struct vmr_layout_config *config, uint64_t ram,
		       uint64_t ram_max, uint32_t phys_bits)
{
	return fill_config(config, &riscv64, ram, ram_max, phys_bits);
}
EXPORT_SYMBOL_GPL(vmr_layout_riscv64);

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * layout.c - where things are in the usual machines
 */
#include "internal.h"

#include <vmalloc/layout.h>

#define FOUR_GIB	0x100000000ull
#define FIRST_DYNAMIC_PORT	0x1000	/* of those that are nobody's by tradition */
#define PORT_LAST	0xffff
#define LAST_VECTOR	4095
#define PCI_SEGMENT	0x10000u
#define PCI_BUS		0x100u
#define PCI_SLOT	8

/*
 * Cutting a window
 */

struct window_split {
	const struct vmr_span	*window;
	const uint32_t		*weights;
	size_t			nr;
	unsigned int		align_shift;
	uint64_t		share;	/* grains for a weight of 1 */
	uint64_t		next_start;	/* where the next aperture would begin */
};

/*
 * A division for machines that have none of 64 bits, and no library for it. A sum
 * of weights is far below 2^63, so that the rest has room to be doubled.
 */
static uint64_t div_u64_rem(uint64_t n, uint64_t by, uint64_t *rest)
{
	uint64_t quotient = 0, r = 0;
	int i;

	for (i = 63; i >= 0; i--) {
		r = r << 1 | (n >> i & 1);
		quotient <<= 1;
		if (r >= by) {
			r -= by;
			quotient |= 1;
		}
	}
	*rest = r;
	return quotient;
}

static int sum_weights(const uint32_t *weights, size_t nr, uint64_t *sum)
{
	size_t i;

	*sum = nr;
	if (!weights)
		return 0;
	for (*sum = 0, i = 0; i < nr; i++) {
		if (!weights[i])
			return -EINVAL;
		*sum += weights[i];
	}
	return 0;
}

static uint64_t span_last_offset(const struct vmr_span *span)
{
	return span->last - span->start;
}

/*
 * The number of grains may be 2^64, so it is one less that is reckoned with: with
 * n = m + 1 grains, n / sum is m / sum, and one more if the rest is sum - 1.
 */
static int split_begin(struct window_split *window_split,
		       const struct vmr_span *window, uint64_t align,
		       const uint32_t *weights, size_t nr)
{
	uint64_t mask = align - 1, size = span_last_offset(window);
	uint64_t head = -window->start & mask;
	uint64_t sum, m, rest;

	if (!nr || !is_pow2(align) || window->start > window->last ||
	    sum_weights(weights, nr, &sum))
		return -EINVAL;
	*window_split = (struct window_split) {
		.window = window,
		.weights = weights,
		.nr = nr,
		.align_shift = fls64(align) - 1,
		.next_start = window->start + head,
	};
	if (nr == 1)
		return 0;
	if (size < head || size - head < mask)
		return -ENOSPC;
	m = (size - head - mask) >> window_split->align_shift;
	if (m < sum - 1)
		return -ENOSPC;
	window_split->share = div_u64_rem(m, sum, &rest);
	window_split->share += rest == sum - 1;
	return 0;
}

/* Aperture @i, after those before it */
static struct vmr_span split_next(struct window_split *window_split, size_t i)
{
	struct vmr_span aperture = *window_split->window;
	uint64_t weight = window_split->weights ? window_split->weights[i] : 1;

	if (i)
		aperture.start = window_split->next_start;
	if (i == window_split->nr - 1)
		return aperture;
	window_split->next_start += weight * window_split->share
				    << window_split->align_shift;
	aperture.last = window_split->next_start - 1;
	return aperture;
}

int vmr_window_split(const struct vmr_span *window, uint64_t align,
		     const uint32_t *weights, size_t nr,
		     struct vmr_span *apertures)
{
	struct window_split window_split;
	size_t i;
	int ret;

	if (!window || !apertures)
		return -EINVAL;
	ret = split_begin(&window_split, window, align, weights, nr);
	for (i = 0; !ret && i < nr; i++)
		apertures[i] = split_next(&window_split, i);
	return ret;
}
EXPORT_SYMBOL_GPL(vmr_window_split);

/*
 * Descriptions
 *
 * The tables have what machines differ in, and all of that is below 4 GiB. The
 * last area of memory has no end, and the 64-bit window no place: they depend on
 * how much memory there is.
 */

/* What KVM has had for every architecture and in every version */
#define KVM_MIN_MEM_SLOTS	509

struct span32 {
	uint32_t	start;
	uint32_t	last;
	const char	*name;
};

/* @low_ram is the end of an area below another at 4 GiB, if there are two */
struct machine_desc {
	uint32_t	ram;
	uint32_t	low_ram;
	uint8_t		phys_bits;
	uint8_t		platform_policy;
	bool		vectors_apart;
	uint8_t		nr_platform;
	uint8_t		nr_holes;
	struct span32	window;
	struct span32	platform[3];
	struct span32	reserved[4];
	struct span32	inputs;
	uint32_t	first_line;
	uint32_t	first_vector;
};

static const struct machine_desc x86_64 = {
	.phys_bits = 39,
	.low_ram = 0xbfffffff,
	.window = { 0xc0000000, 0xe7ffffff, "mmio32" },
	.platform = {
		{ 0xf8000000, 0xffffffff, "platform" },
		{ 0xe8000000, 0xf7ffffff, "ecam" },
	},
	.nr_platform = 2,
	.platform_policy = VMR_FIRST,
	.reserved = {
		{ 0xfec00000, 0xfec00fff, "ioapic" },
		{ 0xfed00000, 0xfed00fff, "hpet" },
		{ 0xfee00000, 0xfeefffff, "lapic" },
		{ 0xfeffc000, 0xfeffffff, "kvm identity map and tss" },
	},
	.nr_holes = 4,
	.inputs = { 0, 23, "ioapic" },
	.first_line = 5,
	.first_vector = 24,
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
	.nr_holes = 3,
	.inputs = { 32, 255, "gic" },
	.first_line = 32,
	.vectors_apart = true,
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
	.platform_policy = VMR_LAST,	/* firmware begins at the bottom */
	.reserved = {
		{ 0x0d000000, 0x0d007fff, "aplic" },
		{ 0x28000000, 0x2bffffff, "imsic" },
	},
	.nr_holes = 2,
	.inputs = { 1, 95, "aplic" },
	.first_line = 1,
	.vectors_apart = true,
};

static uint64_t phys_last(uint32_t bits)
{
	return VMR_ADDR_MAX >> (64 - bits);
}

/* Put so many bytes into the areas, the lowest first; how many it takes, or 0 */
static size_t split_ram(const struct vmr_span *areas, size_t nr, uint64_t size,
			struct vmr_span *pieces)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		pieces[i] = areas[i];
		if (size - 1 <= span_last_offset(&areas[i])) {
			pieces[i].last = areas[i].start + (size - 1);
			return i + 1;
		}
		size -= span_last_offset(&areas[i]) + 1;
	}
	return 0;
}

int vmr_layout_ram(const struct vmr_layout_config *config, uint64_t size,
		   struct vmr_span *pieces)
{
	struct vmr_span found[VMR_LAYOUT_MAX_RAM];
	size_t nr;

	if (!config || !size || !pieces || config->nr_ram > VMR_LAYOUT_MAX_RAM)
		return -EINVAL;
	nr = split_ram(config->ram, config->nr_ram, size, found);
	if (!nr)
		return -ENOSPC;
	memcpy(pieces, found, nr * sizeof(*found));
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

static void set_spans(struct vmr_span *spans,
		      const struct span32 *pool_template, size_t nr)
{
	for (; nr--; spans++, pool_template++)
		set_span(spans, pool_template->start, pool_template->last,
			 pool_template->name);
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

/* The window above 4 GiB begins behind the memory, if anything is left there */
static void set_windows(struct vmr_layout_config *config,
			const struct span32 *low, uint64_t ram_last)
{
	uint64_t last = phys_last(config->phys_bits);
	uint64_t grains = (ram_last >> 32) + 1;

	if (grains <= last >> 32)
		add_window(config, grains << 32, last, VMR_WINDOW_ALIGN_64,
			   VMR_64BIT, "mmio64");
	add_window(config, low->start, low->last, VMR_WINDOW_ALIGN_32, 0,
		   low->name);
}

static int fill_config(struct vmr_layout_config *config,
		       const struct machine_desc *machine_desc, uint64_t ram,
		       uint64_t ram_max, uint32_t phys_bits)
{
	struct vmr_span pieces[VMR_LAYOUT_MAX_RAM];
	size_t nr = machine_desc->low_ram ? 2 : 1;

	if (!ram_max)
		ram_max = ram;
	if (!phys_bits)
		phys_bits = machine_desc->phys_bits;
	if (!config || !ram || ram_max < ram || phys_bits < 33 ||
	    phys_bits > 64)
		return -EINVAL;
	set_span(&pieces[0], machine_desc->ram,
		 nr == 2 ? machine_desc->low_ram : VMR_ADDR_MAX, "memory");
	set_span(&pieces[1], FOUR_GIB, VMR_ADDR_MAX, "memory above 4 GiB");
	nr = split_ram(pieces, nr, ram_max, pieces);
	if (!nr || pieces[nr - 1].last > phys_last(phys_bits))
		return -ENOSPC;

	memset(config, 0, sizeof(*config));
	config->phys_bits = phys_bits;
	memcpy(config->ram, pieces, nr * sizeof(*pieces));
	config->nr_ram = nr;
	set_windows(config, &machine_desc->window, pieces[nr - 1].last);
	set_spans(config->platform, machine_desc->platform,
		  machine_desc->nr_platform);
	config->nr_platform = machine_desc->nr_platform;
	config->platform_policy = machine_desc->platform_policy;
	set_spans(config->reserved, machine_desc->reserved,
		  machine_desc->nr_holes);
	config->nr_reserved = machine_desc->nr_holes;
	set_span(&config->io_ports, FIRST_DYNAMIC_PORT, PORT_LAST, "ports");
	config->nr_segments = 1;
	config->buses = 256;
	set_spans(config->irq_inputs, &machine_desc->inputs, 1);
	config->nr_irq_inputs = 1;
	set_span(&config->irq_lines, machine_desc->first_line,
		 machine_desc->inputs.last, "irq");
	set_span(&config->msi_vectors, machine_desc->first_vector, LAST_VECTOR,
		 "gsi");
	config->separate_msi_vectors = machine_desc->vectors_apart;
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

/*
 * Checking a description
 *
 * All is checked before anything is touched, so that making the system cannot
 * fail.
 */

#define SPAN_PLACED	0x1u	/* memory, windows, the platform's places */
#define SPAN_RAM	0x2u	/* memory, which has no holes */
#define SPAN_RESERVED		0x4u
#define SPAN_IRQ_INPUT	0x8u

/*
 * Spans of one sort: where they are in a description and how many (1 if that is
 * no member), how wide their domain is, what they are, what is not theirs
 */
struct span_rule {
	uint16_t	first;
	uint16_t	stride;
	uint16_t	nr;
	uint8_t		bits;
	uint8_t		is;
	uint8_t		conflicts_with;
};

#define PHYS_BITS	0	/* as the description says */

#define SPAN_ARRAY(member, member_nr, ...) \
	{ \
		offsetof(struct vmr_layout_config, member), \
		sizeof(((struct vmr_layout_config *)0)->member[0]), \
		offsetof(struct vmr_layout_config, member_nr), __VA_ARGS__ \
	}
#define SPAN_SINGLE(member, ...) \
	{ offsetof(struct vmr_layout_config, member), 0, 0, __VA_ARGS__ }

static const struct span_rule span_rules[] = {
	SPAN_ARRAY(ram, nr_ram, PHYS_BITS, SPAN_PLACED | SPAN_RAM, SPAN_PLACED),
	SPAN_ARRAY(windows, nr_windows, PHYS_BITS, SPAN_PLACED, SPAN_PLACED),
	SPAN_ARRAY(platform, nr_platform, PHYS_BITS, SPAN_PLACED, SPAN_PLACED),
	SPAN_ARRAY(reserved, nr_reserved, PHYS_BITS, SPAN_RESERVED, SPAN_RESERVED | SPAN_RAM),
	SPAN_SINGLE(io_ports, 16, 0, 0),
	SPAN_ARRAY(irq_inputs, nr_irq_inputs, 32, SPAN_IRQ_INPUT, SPAN_IRQ_INPUT),
	SPAN_SINGLE(irq_lines, 32, 0, 0),
	SPAN_SINGLE(msi_vectors, 32, 0, SPAN_IRQ_INPUT),
};

static_assert(sizeof(struct vmr_layout_config) <= U16_MAX);
static_assert(!offsetof(struct vmr_layout_window, span));

static const void *member(const struct vmr_layout_config *config,
			  size_t next_start)
{
	return (const char *)config + next_start;
}

static size_t nr_of(const struct vmr_layout_config *config,
		    const struct span_rule *span_rule)
{
	return span_rule->nr ? *(const size_t *)member(config, span_rule->nr) :
			       1;
}

static const struct vmr_span *span_at(const struct vmr_layout_config *config,
				      const struct span_rule *span_rule,
				      size_t i)
{
	return member(config, span_rule->first + i * span_rule->stride);
}

/* Whether a span that comes before @span has part of its place */
static bool span_overlaps(const struct vmr_layout_config *config,
			  const struct span_rule *span_rule,
			  const struct vmr_span *span)
{
	uint8_t conflicts_with = span_rule->conflicts_with;
	const struct vmr_span *other;
	const struct span_rule *s;
	size_t i, nr;

	if (span_rule->first ==
		    offsetof(struct vmr_layout_config, msi_vectors) &&
	    config->separate_msi_vectors)
		return false;
	for (s = span_rules; s <= span_rule; s++) {
		nr = s->is & conflicts_with ? nr_of(config, s) : 0;
		for (i = 0; i < nr; i++) {
			other = span_at(config, s, i);
			if (other == span)
				break;
			if (other->start <= span->last &&
			    span->start <= other->last)
				return true;
		}
	}
	return false;
}

/* Whether @err is what is to be said of a span */
static bool span_invalid(const struct vmr_layout_config *config,
			 const struct span_rule *span_rule,
			 const struct vmr_span *span, int err)
{
	uint32_t bits = span_rule->bits == PHYS_BITS ? config->phys_bits :
						       span_rule->bits;

	switch (err) {
	case -EINVAL:
		return span->start > span->last;
	case -ERANGE:
		return span->last > phys_last(bits);
	default:
		return span_overlaps(config, span_rule, span);
	}
}

static const struct vmr_span *
find_invalid_span(const struct vmr_layout_config *config, int err)
{
	const struct vmr_span *span;
	const struct span_rule *s;
	size_t i;

	for (s = span_rules; s < span_rules + ARRAY_SIZE(span_rules); s++)
		for (i = 0; i < nr_of(config, s); i++) {
			span = span_at(config, s, i);
			if (span_invalid(config, s, span, err))
				return span;
		}
	return NULL;
}

static bool counts_invalid(const struct vmr_layout_config *config)
{
	return config->phys_bits < 1 || config->phys_bits > 64 ||
	       config->nr_ram > VMR_LAYOUT_MAX_RAM ||
	       config->nr_windows > VMR_LAYOUT_MAX_WINDOWS ||
	       config->nr_platform > VMR_LAYOUT_MAX_PLATFORM ||
	       config->platform_policy > VMR_BEST ||
	       config->nr_reserved > VMR_LAYOUT_MAX_RESERVED ||
	       config->nr_irq_inputs > VMR_LAYOUT_MAX_IRQ_INPUTS ||
	       config->nr_segments < 1 || config->nr_segments > PCI_SEGMENT ||
	       (config->nr_segments > 1 && !config->segments) ||
	       config->buses < 1 || config->buses > 256;
}

static int split_for_window(const struct vmr_layout_config *config,
			    size_t window, struct window_split *window_split)
{
	return split_begin(window_split, &config->windows[window].span,
			   config->windows[window].align, config->weights,
			   config->nr_segments);
}

/* The first window that cannot be cut, for that reason */
static const struct vmr_span *
find_invalid_window(const struct vmr_layout_config *config, int reason)
{
	struct window_split window_split;
	size_t i;

	for (i = 0; i < config->nr_windows; i++)
		if (split_for_window(config, i, &window_split) == reason ||
		    (reason == -EINVAL && config->windows[i].policy > VMR_BEST))
			return &config->windows[i].span;
	return NULL;
}

static int check_config(const struct vmr_layout_config *config,
			const struct vmr_span **invalid)
{
	static const int8_t order[] = { -EINVAL, -ERANGE, -EBUSY, -ENOSPC };
	size_t i;

	if (counts_invalid(config))
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		*invalid = order[i] == -ENOSPC ?
				   NULL :
				   find_invalid_span(config, order[i]);
		if (!*invalid)
			*invalid = find_invalid_window(config, order[i]);
		if (*invalid)
			return order[i];
	}
	return 0;
}

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
	return (config->nr_segments - 1) * PCI_SEGMENT +
	       (config->buses * PCI_BUS - 1);
}

static void init_domains(struct vmr_system *sys,
			 const struct vmr_layout_config *config)
{
	struct vmr_system_limits limits = {
		.mmio_last = phys_last(config->phys_bits),
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
	struct window_split window_split;
	size_t i;

	for (i = 0; i < config->nr_windows; i++) {
		const struct vmr_layout_window *w = &config->windows[i];
		const struct pool_template what = {
			1u << VMR_KIND_MMIO, w->flags, w->policy,
		};

		split_for_window(config, i, &window_split);
		root = split_next(&window_split, 0);
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
	const struct vmr_span ports = { 0, PORT_LAST, "legacy ports" };

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
		add_pool(sys, &segments, PCI_SEGMENT, pci_last_of(config),
			 "pci segments");
}

static void fill_segments(struct vmr_system *sys,
			  const struct vmr_layout_config *config)
{
	struct vmr_span span;
	struct window_split window_split;
	size_t i, j;

	memset(config->segments, 0,
	       config->nr_segments * sizeof(*config->segments));
	for (i = 0; i < config->nr_windows; i++) {
		split_for_window(config, i, &window_split);
		for (j = 0; j < config->nr_segments; j++) {
			span = split_next(&window_split, j);
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
	ret = check_config(config, &wrong);
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

int vmr_region_reserve(struct vmr_system *sys, struct vmr_region *region,
		       enum vmr_io io, const struct vmr_span *hole,
		       struct vmr_range **conflict)
{
	int ret;

	if (!sys || !region || !hole || hole->start > hole->last ||
	    (io != VMR_PIO && io != VMR_MMIO))
		return -EINVAL;
	if (region->device)
		return -EEXIST;
	/* Who finds it shall find it whole */
	vmr_seqcount_write_begin(&sys->seq);
	ret = vmr_reserve(io == VMR_PIO ? &sys->pio : &sys->mmio,
			  &region->range, hole->start, hole->last, conflict);
	if (!ret)
		vmr_region_init(region, io, VMR_REGION_RESERVED,
				hole->last - hole->start + 1, 0, hole->name);
	vmr_seqcount_write_end(&sys->seq);
	return ret;
}
EXPORT_SYMBOL_GPL(vmr_region_reserve);

int vmr_region_unreserve(struct vmr_system *sys, struct vmr_region *region)
{
	struct vmr_space *space;

	if (!sys || !region)
		return -EINVAL;
	space = region->io == VMR_PIO ? &sys->pio : &sys->mmio;
	if (region->device || region->type != VMR_REGION_RESERVED ||
	    !vmr_in_space(space, &region->range))
		return -ENOENT;
	vmr_system_free_range(sys, space, &region->range);
	return 0;
}
EXPORT_SYMBOL_GPL(vmr_region_unreserve);

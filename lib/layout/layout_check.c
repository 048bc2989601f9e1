// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * layout_check.c - check a configuration
 *
 * A table has a rule for each member of the configuration that contains spans. For
 * each error, all members are checked in the order of the table.
 */
#include "layout.h"

/* Classes of spans */
#define SPAN_PLACED	0x1u	/* memory, windows, platform */
#define SPAN_RAM	0x2u	/* memory, which has no reserved spans */
#define SPAN_RESERVED	0x4u
#define SPAN_IRQ_INPUT	0x8u

/**
 * struct span_rule - the rule for a member of the configuration
 * @first: offset of the first span
 * @stride: bytes from one span to the next
 * @nr: offset of the number of spans; 0 for a single span
 * @bits: width of an address in bits, or PHYS_BITS
 * @classes: the classes of the spans
 * @conflicts_with: the classes with which the spans must not overlap
 */
struct span_rule {
	uint16_t	first;
	uint16_t	stride;
	uint16_t	nr;
	uint8_t		bits;
	uint8_t		classes;
	uint8_t		conflicts_with;
};

#define PHYS_BITS	0	/* the width in the configuration */

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
	SPAN_ARRAY(reserved, nr_reserved, PHYS_BITS, SPAN_RESERVED,
		   SPAN_RESERVED | SPAN_RAM),
	SPAN_SINGLE(io_ports, 16, 0, 0),
	SPAN_ARRAY(irq_inputs, nr_irq_inputs, 32, SPAN_IRQ_INPUT,
		   SPAN_IRQ_INPUT),
	SPAN_SINGLE(irq_lines, 32, 0, 0),
	SPAN_SINGLE(msi_vectors, 32, 0, SPAN_IRQ_INPUT),
};

static_assert(sizeof(struct vmr_layout_config) <= U16_MAX);
static_assert(!offsetof(struct vmr_layout_window, span));

static const void *member(const struct vmr_layout_config *config,
			  size_t offset)
{
	return (const char *)config + offset;
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

/* Whether a span before @span overlaps it and conflicts with it */
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
		nr = s->classes & conflicts_with ? nr_of(config, s) : 0;
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

/* Whether the check for the error @err fails for a span */
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
		return span->last > vmr_phys_last(bits);
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
	       config->nr_segments < 1 ||
	       config->nr_segments > VMR_PCI_SEGMENT_SIZE ||
	       (config->nr_segments > 1 && !config->segments) ||
	       config->buses < 1 || config->buses > 256;
}

/* The first window that cannot be split, for the error @err */
static const struct vmr_span *
find_invalid_window(const struct vmr_layout_config *config, int err)
{
	struct vmr_split split;
	size_t i;

	for (i = 0; i < config->nr_windows; i++)
		if (vmr_split_for_window(config, i, &split) == err ||
		    (err == -EINVAL && config->windows[i].policy > VMR_BEST))
			return &config->windows[i].span;
	return NULL;
}

int vmr_layout_check(const struct vmr_layout_config *config,
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

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * layout.h - private declarations of the layout layer
 */
#ifndef VMR_LIB_LAYOUT_LAYOUT_H
#define VMR_LIB_LAYOUT_LAYOUT_H

#include "base/base.h"

#include <vmalloc/layout.h>

#define VMR_4_GIB		0x100000000ull
#define VMR_PORT_LAST		0xffff
#define VMR_PCI_SEGMENT_SIZE	0x10000u	/* BDFs of a segment */

static inline uint64_t vmr_span_last_offset(const struct vmr_span *span)
{
	return span->last - span->start;
}

/**
 * struct vmr_split - the state of splitting a window into apertures
 * @window: the window
 * @weights: the weight of each aperture, or NULL if all are 1
 * @nr: number of apertures
 * @align_shift: binary logarithm of the alignment of apertures
 * @share: multiples of the alignment for a weight of 1
 * @next_start: first address of the next aperture
 */
struct vmr_split {
	const struct vmr_span	*window;
	const uint32_t		*weights;
	size_t			nr;
	unsigned int		align_shift;
	uint64_t		share;
	uint64_t		next_start;
};

/* Return 0, -EINVAL or -ENOSPC, as vmr_window_split() */
int vmr_split_begin(struct vmr_split *split, const struct vmr_span *window,
		    uint64_t align, const uint32_t *weights, size_t nr);

/* Return aperture @i; the calls must be in the order of the apertures */
struct vmr_span vmr_split_next(struct vmr_split *split, size_t i);

/* vmr_split_begin() for a window of a configuration */
int vmr_split_for_window(const struct vmr_layout_config *config, size_t window,
			 struct vmr_split *split);

/* Check a configuration; @invalid receives the first invalid span, or NULL */
int vmr_layout_check(const struct vmr_layout_config *config,
		     const struct vmr_span **invalid);

/* The last address of a machine with @bits address bits */
static inline uint64_t vmr_phys_last(uint32_t bits)
{
	return VMR_ADDR_MAX >> (64 - bits);
}

#endif /* VMR_LIB_LAYOUT_LAYOUT_H */

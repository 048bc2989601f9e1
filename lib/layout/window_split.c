// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * window_split.c - split a window by weight
 */
#include "layout.h"

/*
 * 64-bit division for machines without one in hardware or in a library. The
 * divisor, a sum of weights, is below 2^63, so doubling the remainder does not
 * overflow.
 */
static uint64_t divide_u64(uint64_t n, uint64_t divisor, uint64_t *rem)
{
	uint64_t quotient = 0, r = 0;
	int i;

	VMR_ASSERT(divisor && divisor < 1ull << 63);

	for (i = 63; i >= 0; i--) {
		r = r << 1 | (n >> i & 1);
		quotient <<= 1;
		if (r >= divisor) {
			r -= divisor;
			quotient |= 1;
		}
	}
	*rem = r;
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

/*
 * The number n of aligned blocks can be 2^64, so the computation uses m = n - 1:
 * n / sum is m / sum, plus one if the remainder is sum - 1.
 */
int vmr_split_begin(struct vmr_split *split, const struct vmr_span *window,
		    uint64_t align, const uint32_t *weights, size_t nr)
{
	uint64_t mask = align - 1, size = vmr_span_last_offset(window);
	uint64_t head = -window->start & mask;
	uint64_t sum, m, rem;

	if (!nr || !vmr_is_pow2(align) || window->start > window->last ||
	    sum_weights(weights, nr, &sum))
		return -EINVAL;
	*split = (struct vmr_split) {
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
	m = (size - head - mask) >> split->align_shift;
	if (m < sum - 1)
		return -ENOSPC;
	split->share = divide_u64(m, sum, &rem);
	split->share += rem == sum - 1;
	return 0;
}

struct vmr_span vmr_split_next(struct vmr_split *split, size_t i)
{
	struct vmr_span aperture = *split->window;
	uint64_t weight = split->weights ? split->weights[i] : 1;

	VMR_ASSERT(i < split->nr);
	if (i)
		aperture.start = split->next_start;
	if (i == split->nr - 1)
		return aperture;
	split->next_start += weight * split->share << split->align_shift;
	aperture.last = split->next_start - 1;
	return aperture;
}

int vmr_window_split(const struct vmr_span *window, uint64_t align,
		     const uint32_t *weights, size_t nr,
		     struct vmr_span *apertures)
{
	struct vmr_split split;
	size_t i;
	int ret;

	if (!window || !apertures)
		return -EINVAL;
	ret = vmr_split_begin(&split, window, align, weights, nr);
	for (i = 0; !ret && i < nr; i++)
		apertures[i] = vmr_split_next(&split, i);
	return ret;
}
EXPORT_SYMBOL_GPL(vmr_window_split);

int vmr_split_for_window(const struct vmr_layout_config *config, size_t window,
			 struct vmr_split *split)
{
	return vmr_split_begin(split, &config->windows[window].span,
			       config->windows[window].align, config->weights,
			       config->nr_segments);
}

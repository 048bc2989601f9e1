/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * impls.h - the implementations of the workloads
 */
#ifndef BENCH_IMPLS_H
#define BENCH_IMPLS_H

#include "bench.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SPACE_IMPLS(prefix) \
	extern const struct bench_impl prefix##_fill, prefix##_churn, \
		prefix##_mixed, prefix##_last, prefix##_best, prefix##_exact, \
		prefix##_move, prefix##_adversarial, prefix##_bounded, \
		prefix##_lookup

SPACE_IMPLS(vmalloc);
SPACE_IMPLS(drm_mm);

/* Beside parked and claimed ranges */
extern const struct bench_impl vmalloc_over_churn, vmalloc_elsewhere_churn,
	vmalloc_way_churn, vmalloc_over_mixed, vmalloc_elsewhere_mixed;
extern const struct bench_impl vmalloc_settle, vmalloc_parts,
	vmalloc_parts_bare, vmalloc_parts_tree;

extern const struct bench_impl vmalloc_id_churn, set_map_id_churn,
	ida_id_churn, vmalloc_table_id_churn;
extern const struct bench_impl vmalloc_slot, first_match_slot;
extern const struct bench_impl vmalloc_restore;

extern const struct bench_impl interval_tree_exact, interval_tree_move,
	interval_tree_lookup;

extern const size_t drm_mm_node_bytes, interval_tree_node_bytes;

#ifdef __cplusplus
}
#endif

#endif /* BENCH_IMPLS_H */

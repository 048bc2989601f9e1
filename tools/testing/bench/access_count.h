/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * access_count.h - functions that code compiled for the address sanitizer calls for each load
 * and store
 */
#ifndef BENCH_ACCESS_COUNT_H
#define BENCH_ACCESS_COUNT_H

#include <stddef.h>
#include <stdint.h>

void __asan_load1_noabort(uintptr_t addr);
void __asan_load2_noabort(uintptr_t addr);
void __asan_load4_noabort(uintptr_t addr);
void __asan_load8_noabort(uintptr_t addr);
void __asan_load16_noabort(uintptr_t addr);
void __asan_loadN_noabort(uintptr_t addr, size_t size);
void __asan_store1_noabort(uintptr_t addr);
void __asan_store2_noabort(uintptr_t addr);
void __asan_store4_noabort(uintptr_t addr);
void __asan_store8_noabort(uintptr_t addr);
void __asan_store16_noabort(uintptr_t addr);
void __asan_storeN_noabort(uintptr_t addr, size_t size);
void __asan_handle_no_return(void);

#endif /* BENCH_ACCESS_COUNT_H */

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
#ifndef VMR_SHIM_ASM_PROCESSOR_H
#define VMR_SHIM_ASM_PROCESSOR_H

#include <linux/compiler.h>

#if defined(__i386__) || defined(__x86_64__)
#define cpu_relax()	__asm__ __volatile__("pause" : : : "memory")
#elif defined(__aarch64__)
#define cpu_relax()	__asm__ __volatile__("yield" : : : "memory")
#else
#define cpu_relax()	barrier()
#endif

#endif /* VMR_SHIM_ASM_PROCESSOR_H */

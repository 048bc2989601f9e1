/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Outside the kernel the linker decides what is seen: tools/libvmalloc.map. */
#ifndef VMR_SHIM_LINUX_EXPORT_H
#define VMR_SHIM_LINUX_EXPORT_H

/* Not empty: a semicolon alone at file scope is no ISO C. */
#define EXPORT_SYMBOL(sym)	struct vmr_shim_export
#define EXPORT_SYMBOL_GPL(sym)	struct vmr_shim_export

#endif /* VMR_SHIM_LINUX_EXPORT_H */

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Outside the kernel the linker map selects the exported symbols */
#ifndef VMR_SHIM_LINUX_EXPORT_H
#define VMR_SHIM_LINUX_EXPORT_H

/* Not empty: ISO C has no single semicolon at file scope */
#define EXPORT_SYMBOL(sym)	struct vmr_shim_export
#define EXPORT_SYMBOL_GPL(sym)	struct vmr_shim_export

#endif /* VMR_SHIM_LINUX_EXPORT_H */

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
#ifndef VMR_SHIM_LINUX_PROCESSOR_H
#define VMR_SHIM_LINUX_PROCESSOR_H

#include <asm/processor.h>

#endif /* VMR_SHIM_LINUX_PROCESSOR_H */

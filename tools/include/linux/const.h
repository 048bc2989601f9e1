/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* list.h includes this header and uses none of it */
#ifndef VMR_SHIM_LINUX_CONST_H
#define VMR_SHIM_LINUX_CONST_H
#endif /* VMR_SHIM_LINUX_CONST_H */

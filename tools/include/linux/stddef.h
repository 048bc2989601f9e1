/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
#ifndef VMR_SHIM_LINUX_STDDEF_H
#define VMR_SHIM_LINUX_STDDEF_H

#include <stddef.h>

#define sizeof_field(type, member)	sizeof(((type *)0)->member)
#define offsetofend(type, member) \
	(offsetof(type, member) + sizeof_field(type, member))

#endif /* VMR_SHIM_LINUX_STDDEF_H */

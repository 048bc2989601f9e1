/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
#ifndef VMR_SHIM_LINUX_CONTAINER_OF_H
#define VMR_SHIM_LINUX_CONTAINER_OF_H

#include <linux/build_bug.h>
#include <linux/stddef.h>

/* Through a constant expression of zero, so that a wrong type is refused. */
#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member) + \
		  0 * sizeof((ptr) == &((type *)0)->member)))

#endif /* VMR_SHIM_LINUX_CONTAINER_OF_H */

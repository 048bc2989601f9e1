/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
#ifndef VMR_SHIM_LINUX_CONTAINER_OF_H
#define VMR_SHIM_LINUX_CONTAINER_OF_H

#include <linux/build_bug.h>
#include <linux/stddef.h>

/* The term with the value 0 makes a wrong type a compile error */
#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member) + \
		  0 * sizeof((ptr) == &((type *)0)->member)))

#endif /* VMR_SHIM_LINUX_CONTAINER_OF_H */

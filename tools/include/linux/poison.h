/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Odd addresses in the first page. No object has such an address, and an access
 * faults if the first page is not mapped.
 */
#ifndef VMR_SHIM_LINUX_POISON_H
#define VMR_SHIM_LINUX_POISON_H

#define LIST_POISON1	((void *)0x101)
#define LIST_POISON2	((void *)0x103)

#endif /* VMR_SHIM_LINUX_POISON_H */

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* stddef.h - the kernel's */
#ifndef VMR_TEST_STDDEF_H
#define VMR_TEST_STDDEF_H

#include <linux/stddef.h>
#include <linux/types.h>

#endif /* VMR_TEST_STDDEF_H */

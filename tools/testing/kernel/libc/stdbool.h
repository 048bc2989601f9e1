/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* stdbool.h - the kernel's */
#ifndef VMR_TEST_STDBOOL_H
#define VMR_TEST_STDBOOL_H

#include <linux/stddef.h>
#include <linux/types.h>

#endif /* VMR_TEST_STDBOOL_H */

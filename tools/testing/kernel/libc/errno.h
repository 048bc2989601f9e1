/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* errno.h - the numbers, without the variable */
#ifndef VMR_TEST_ERRNO_H
#define VMR_TEST_ERRNO_H

#include <linux/errno.h>

#endif /* VMR_TEST_ERRNO_H */

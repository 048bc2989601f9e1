/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* stdarg.h - the kernel's */
#ifndef VMR_TEST_STDARG_H
#define VMR_TEST_STDARG_H

#include <linux/stdarg.h>

#endif /* VMR_TEST_STDARG_H */

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * These only return their condition. The library refuses a programming error with
 * an errno. In a debug build the port reports it too.
 */
#ifndef VMR_SHIM_LINUX_BUG_H
#define VMR_SHIM_LINUX_BUG_H

#include <linux/build_bug.h>
#include <linux/compiler.h>

#define WARN_ON(cond)		unlikely(!!(cond))
#define WARN_ON_ONCE(cond)	unlikely(!!(cond))

#endif /* VMR_SHIM_LINUX_BUG_H */

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * The library refuses a programmer's error with an errno; what a debug build
 * does beyond that is the port's business. So these only give their condition.
 */
#ifndef VMR_SHIM_LINUX_BUG_H
#define VMR_SHIM_LINUX_BUG_H

#include <linux/build_bug.h>
#include <linux/compiler.h>

#define WARN_ON(cond)		unlikely(!!(cond))
#define WARN_ON_ONCE(cond)	unlikely(!!(cond))

#endif /* VMR_SHIM_LINUX_BUG_H */

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * error.h - error codes and their text
 */
#ifndef VMALLOC_ERROR_H
#define VMALLOC_ERROR_H

/**
 * DOC: Overview
 *
 * Every call that can fail returns 0 or one negative errno value. A call that fails
 * changes nothing. Each call lists its errors in the order in which it checks them. If
 * several apply, it returns the first one of its list. The usual order is:
 *
 * ============== =========================================================
 * -EINVAL        null argument, size 0, alignment 0 or no power of two,
 *                start above last, fixed address not aligned
 * -EOVERFLOW     start + size - 1 does not fit the domain
 * -EEXIST        the range is in a space already
 * -ERANGE        an address or id is outside the space or pool
 * -EBUSY         an address or id of a fixed request is in use
 * -ENOSPC        no gap satisfies the request
 * -ENOENT        the argument names nothing that is allocated
 * -EALREADY      the id was allocated once and is free now
 * -EMSGSIZE      an access has a width that the bus does not have
 * -ENXIO         no device is mapped at all addresses of the access
 * -ELOOP         an access from a device's callback back into that device
 * -EDEADLK       the call would wait for its own caller
 * -EAGAIN        not yet; call again
 * -EBADMSG       a snapshot is malformed
 * -ENODEV        a snapshot is intact and belongs to another machine
 * -EOPNOTSUPP    the object has no such operation
 * -EPERM         the environment refuses a system call
 * ============== =========================================================
 *
 * The text of an error is constant. vmr_strerror() needs no lock and no memory.
 */

#ifdef __KERNEL__
#include <linux/errno.h>
#elif defined(__has_include)
#if __has_include("errno.h")
#include <errno.h>
#endif
#endif

/*
 * Firmware often has no <errno.h>, or one without these names. The numbers are
 * those of Linux on most architectures.
 */
#ifndef EPERM
#define EPERM		1
#endif
#ifndef ENOENT
#define ENOENT		2
#endif
#ifndef ENXIO
#define ENXIO		6
#endif
#ifndef EAGAIN
#define EAGAIN		11
#endif
#ifndef EBUSY
#define EBUSY		16
#endif
#ifndef EEXIST
#define EEXIST		17
#endif
#ifndef ENODEV
#define ENODEV		19
#endif
#ifndef EINVAL
#define EINVAL		22
#endif
#ifndef ENOSPC
#define ENOSPC		28
#endif
#ifndef ERANGE
#define ERANGE		34
#endif
#ifndef EDEADLK
#define EDEADLK		35
#endif
#ifndef ELOOP
#define ELOOP		40
#endif
#ifndef EBADMSG
#define EBADMSG		74
#endif
#ifndef EOVERFLOW
#define EOVERFLOW	75
#endif
#ifndef EMSGSIZE
#define EMSGSIZE	90
#endif
#ifndef EOPNOTSUPP
#define EOPNOTSUPP	95
#endif
#ifndef EALREADY
#define EALREADY	114
#endif

#ifdef __cplusplus
extern "C" {
#endif

/**
 * vmr_strerror - describe an error of this library in a few words
 * @err: return value of a call: 0 or an errno value, negative or positive
 *
 * Context: any; the text is constant.
 * Return: English text without a full stop; never NULL.
 */
const char *vmr_strerror(int err);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_ERROR_H */

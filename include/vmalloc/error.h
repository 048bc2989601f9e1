/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * error.h - the error codes and their text
 *
 * Every call that can fail returns 0 or one negative errno value, and a call
 * that failed has changed nothing. Where several reasons hold at once, the one
 * named first in this table is returned:
 *
 * ============== =========================================================
 * -EINVAL        null argument, size 0, alignment 0 or no power of two,
 *                start above last, exact address not aligned
 * -EOVERFLOW     start + size - 1 does not fit the domain
 * -EEXIST        the node is in a space already
 * -ERANGE        an address, range or id outside what is managed
 * -EBUSY         the exact place is taken, wholly or in part
 * -ENOSPC        no gap satisfies the request
 * -ENOENT        nothing allocated is named by the argument
 * -EALREADY      the id was handed out once and is free now
 * -EMSGSIZE      an access of a width that the bus does not have
 * -ENXIO         no device answers all of the access
 * -EDEADLK       the call would wait for its own caller
 * -EAGAIN        not yet; ask again
 * -EBADMSG       a snapshot is malformed
 * -EOPNOTSUPP    the object has no such operation
 * ============== =========================================================
 */
#ifndef VMALLOC_ERROR_H
#define VMALLOC_ERROR_H

#ifdef __KERNEL__
#include <linux/errno.h>
#elif defined(__has_include)
#if __has_include("errno.h")
#include <errno.h>
#endif
#endif

/*
 * Firmware often has no <errno.h>, or one without these names. The numbers are
 * the ones that Linux uses on most architectures.
 */
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
 * @err: what a call returned: 0 or a negative errno value; a positive one is
 *	taken as its negative
 *
 * Context: any; the text is constant.
 * Return: English text without a full stop; never NULL.
 */
const char *vmr_strerror(int err);

#ifdef __cplusplus
}
#endif

#endif /* VMALLOC_ERROR_H */

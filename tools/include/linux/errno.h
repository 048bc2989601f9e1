/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Firmware has no errno.h. The numbers are those of Linux and of hosted libcs. */
#ifndef VMR_SHIM_LINUX_ERRNO_H
#define VMR_SHIM_LINUX_ERRNO_H

#define EPERM		1
#define ENOENT		2
#define EIO		5
#define ENXIO		6
#define EAGAIN		11
#define ENOMEM		12
#define EFAULT		14
#define EBUSY		16
#define EEXIST		17
#define ENODEV		19
#define EINVAL		22
#define ENOSPC		28
#define ERANGE		34
#define EDEADLK		35
#define ELOOP		40
#define EBADMSG		74
#define EOVERFLOW	75
#define EMSGSIZE	90
#define EOPNOTSUPP	95
#define EALREADY	114
#define EINPROGRESS	115

#endif /* VMR_SHIM_LINUX_ERRNO_H */

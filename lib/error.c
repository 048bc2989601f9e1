// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * error.c - the error codes' text
 */
#include <linux/export.h>

#include <vmalloc/error.h>

const char *vmr_strerror(int err)
{
	switch (err < 0 ? err : -err) {
	case 0:
		return "success";
	case -EINVAL:
		return "invalid argument";
	case -EOVERFLOW:
		return "range does not fit the domain";
	case -EEXIST:
		return "already in use";
	case -ERANGE:
		return "outside of what is managed";
	case -EBUSY:
		return "place is taken";
	case -ENOSPC:
		return "no space satisfies the request";
	case -ENOENT:
		return "not allocated";
	case -EALREADY:
		return "already released";
	case -EMSGSIZE:
		return "access has a wrong width";
	case -ENXIO:
		return "no device answers";
	case -EDEADLK:
		return "would wait for its own caller";
	case -EAGAIN:
		return "not yet";
	case -EBADMSG:
		return "snapshot is malformed";
	case -EOPNOTSUPP:
		return "operation is not supported";
	default:
		return "unknown error";
	}
}
EXPORT_SYMBOL_GPL(vmr_strerror);

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * error.c - text of the error codes
 */
#include "base/base.h"

#include <vmalloc/error.h>

/* An array, not a pointer: the table needs no relocation */
static const struct {
	uint8_t	err;
	char	text[31];
} errors[] = {
	{ 0, "success" },
	{ EINVAL, "invalid argument" },
	{ EOVERFLOW, "range does not fit the domain" },
	{ EEXIST, "already in use" },
	{ ERANGE, "outside of what is managed" },
	{ EBUSY, "place is taken" },
	{ ENOSPC, "no space satisfies the request" },
	{ ENOENT, "not allocated" },
	{ EALREADY, "already released" },
	{ EMSGSIZE, "access has a wrong width" },
	{ ENXIO, "no device answers" },
	{ ELOOP, "access loops back to a device" },
	{ EDEADLK, "would wait for its own caller" },
	{ EAGAIN, "not yet" },
	{ EBADMSG, "snapshot is malformed" },
	{ ENODEV, "snapshot of another machine" },
	{ EOPNOTSUPP, "operation is not supported" },
	{ EPERM, "system call is refused" },
};

const char *vmr_strerror(int err)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(errors); i++)
		if (err == errors[i].err || err == -errors[i].err)
			return errors[i].text;
	return "unknown error";
}
EXPORT_SYMBOL_GPL(vmr_strerror);

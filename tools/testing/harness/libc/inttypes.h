/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* inttypes.h - formats that the tests use, on bare metal */
#ifndef VMR_HARNESS_INTTYPES_H
#define VMR_HARNESS_INTTYPES_H

#include <stdint.h>

#if __SIZEOF_LONG__ == 8
#define PRId64	"ld"
#define PRIu64	"lu"
#define PRIx64	"lx"
#define PRIu32	"u"
#define PRIx32	"x"
#else
#define PRId64	"lld"
#define PRIu64	"llu"
#define PRIx64	"llx"
#define PRIu32	"lu"
#define PRIx32	"lx"
#endif

#endif /* VMR_HARNESS_INTTYPES_H */

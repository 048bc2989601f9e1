/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* inttypes.h - formats that the tests use, in the kernel */
#ifndef VMR_TEST_INTTYPES_H
#define VMR_TEST_INTTYPES_H

#include <stdint.h>

#define PRId64	"lld"
#define PRIu64	"llu"
#define PRIx64	"llx"
#define PRIu32	"u"
#define PRIx32	"x"

#endif /* VMR_TEST_INTTYPES_H */

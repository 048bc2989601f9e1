/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* time.h - seconds */
#ifndef VMR_TEST_TIME_H
#define VMR_TEST_TIME_H

#include <linux/types.h>

#define time_t		long long
#define time		test_time
long long test_time(long long *now);

#endif /* VMR_TEST_TIME_H */

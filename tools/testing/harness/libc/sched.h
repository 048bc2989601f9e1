/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* sched.h - yielding has no effect */
#ifndef VMR_HARNESS_SCHED_H
#define VMR_HARNESS_SCHED_H

static inline int sched_yield(void)
{
	return 0;
}

#endif /* VMR_HARNESS_SCHED_H */

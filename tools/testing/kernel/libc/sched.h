/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* sched.h - yield the CPU */
#ifndef VMR_TEST_SCHED_H
#define VMR_TEST_SCHED_H

int sched_yield(void);

#endif /* VMR_TEST_SCHED_H */

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* unistd.h - an alarm without effect */
#ifndef VMR_HARNESS_UNISTD_H
#define VMR_HARNESS_UNISTD_H

static inline unsigned int alarm(unsigned int seconds)
{
	(void)seconds;
	return 0;
}

#endif /* VMR_HARNESS_UNISTD_H */
